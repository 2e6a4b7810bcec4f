"""How much of each quota is used, for those who plan ahead: what is used up, and what nearly is. Pure.

`ledger.next_free` says when one more may be handed in, `budget.again` when a source may look again; here stands what
the regular inspection tells of both, one short sentence for each quota.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from numtrustd.domain.budget import Budget, Spent, spent_by
from numtrustd.domain.ledger import Charge, Standing, What
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import Platform, Quota

NEARLY = 0.8
"""The share of a quota from which on it is nearly used up."""


class Use(Struct, frozen=True):
    """How much of one quota is used; `number` where it is one number's own."""

    platform: str
    what: str
    used: int
    most: int
    number: str = ""

    @property
    def tight(self) -> bool:
        """Whether it is used up, or nearly."""
        return self.used >= self.most * NEARLY


def counted(platforms: Mapping[str, Platform]) -> dict[tuple[str, What], list[tuple[Quota, float]]]:
    """The quotas that the ledger counts, with their seconds, by platform and what is charged."""
    found: dict[tuple[str, What], list[tuple[Quota, float]]] = {}
    for identity, platform in platforms.items():
        for quota in platform.quotas:
            if quota.per is not None and quota.counts is not None:
                found.setdefault((identity, quota.counts), []).append((quota, quota.per))
    return found


def of_charges(platforms: Mapping[str, Platform], charges: Iterable[Charge], now: Instant) -> Iterator[Use]:
    """What was handed in, held against the platforms' quotas."""
    quotas, used = counted(platforms), Counter[tuple[str, str, int, str]]()
    for charge in charges:
        if charge.standing is Standing.VOID:
            continue
        for quota, per in quotas.get((charge.platform, charge.what), ()):
            if charge.counted_at > now - per:
                number = charge.number if quota.each == "number" else ""
                used[charge.platform, quota.what, quota.most, number] += 1
    for (platform, what, most, number), n in used.items():
        yield Use(platform, what, n, most, number)


def of_looks(platforms: Collection[str], source: str, budget: Budget, spent: Spent, now: Instant) -> Iterator[Use]:
    """The looks of a source at these platforms, held against its day and month."""
    current = spent_by(spent, budget, now)
    for most, used, time in (
        (budget.per_day, current.day_looks, "day"),
        (budget.looks_a_month, current.month_looks, "month"),
    ):
        if most is not None:
            yield Use(", ".join(platforms), f"looks of {source} this {time}", used, most)


def told(uses: Iterable[Use]) -> tuple[str, ...]:
    """One sentence for each quota of which too little is left; those of single numbers are counted together."""
    one: list[str] = []
    up, nearly = Counter[tuple[str, str, int]](), Counter[tuple[str, str, int]]()
    for use in uses:
        if not use.tight:
            continue
        if use.number:
            (up if use.used >= use.most else nearly)[use.platform, use.what, use.most] += 1
        else:
            state = "used up" if use.used >= use.most else "nearly used up"
            one.append(f"{use.platform}: {use.what}: {state}, {use.used} of {use.most}")
    for key in up | nearly:
        platform, what, most = key
        parts = [
            f"{state} by {n} {'number' if n == 1 else 'numbers'}"
            for n, state in ((up[key], "used up"), (nearly[key], "nearly used up"))
            if n
        ]
        one.append(f"{platform}: {what}: {', '.join(parts)} ({most} each)")
    return tuple(sorted(one))
