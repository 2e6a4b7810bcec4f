"""What the work costs: every fee and every use of a quota, and whether one more may be paid. Pure.

Money is kept in fen (a hundredth of a yuan) as whole numbers, so that sums are exact; settings and sentences say yuan.
`budget` beside this module counts the looks of a source; here are the things that are done for a number: appeals,
changes of a tag, expedites, certifications. `actors.book` keeps the entries, over all numbers.

A charge is `planned` from the moment at which it is decided on, `committed` once it went out, `void` if it certainly
did not. A planned one is money that is spoken for: it weighs on the month in which it is asked about.
"""

import enum
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, structs

from numtrustd.domain.observation import Instant

Fen = int
"""A hundredth of a yuan."""

Yuan = Annotated[float, Meta(ge=0, le=1e9, extra={"unit": "number"})]
Share = Annotated[float, Meta(ge=0, le=10, extra={"unit": "number"})]


class What(enum.StrEnum):
    """What is paid for, or counted."""

    APPEAL = "appeal"
    TAG_CHANGE = "tag_change"
    EXPEDITE = "expedite"
    CERTIFICATION = "certification"
    CORRECTION = "correction"
    CANCELLATION = "cancellation"
    AGENT = "agent"
    OTHER = "other"


class Way(enum.StrEnum):
    """Through whom: the platform's own channel, or an agent, who takes more."""

    OFFICIAL = "official"
    AGENT = "agent"


class Standing(enum.StrEnum):
    """How a charge stands."""

    PLANNED = "planned"
    COMMITTED = "committed"
    VOID = "void"


class Charge(Struct, frozen=True, omit_defaults=True):
    """One fee, or one use of a quota (`fen` is 0). `id` is that of the action, or of whatever else is done once: the
    same charge entered twice is one. `at` is when it was planned, `settled_at` when it went out or was given up.
    """

    id: str
    at: Instant
    what: What
    number: str = ""
    platform: str = ""
    case: str = ""
    fen: Fen = 0
    way: Way = Way.OFFICIAL
    standing: Standing = Standing.PLANNED
    settled_at: Instant | None = None
    by: str = ""
    note: str = ""

    @property
    def counted_at(self) -> Instant:
        """When it counts: when it went out, else when it was planned."""
        return self.at if self.settled_at is None else self.settled_at


class LedgerPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[ledger]`; yuan. Without a `monthly_budget` nothing that costs goes out unless a person approves it.

    Whatever costs more than `approve_over` waits for approval within the budget, too. Of the fees, each from the least
    to the most, the most is held against the budget. Months and years are those of `zone`.
    """

    monthly_budget: Yuan = 0.0
    approve_over: Yuan = 500.0
    agent_surcharge: Share = 0.4
    free_tag_changes: Annotated[int, Meta(ge=0, le=10_000)] = 3
    tag_change: tuple[Yuan, Yuan] = (50.0, 100.0)
    expedite: tuple[Yuan, Yuan] = (200.0, 500.0)
    certification: tuple[Yuan, Yuan] = (0.0, 0.0)
    certification_expedite: tuple[Yuan, Yuan] = (300.0, 300.0)
    zone: str = "Asia/Shanghai"


class Cost(Struct, frozen=True):
    """What something will cost: fen, from the least to the most, and why it is so."""

    what: What
    least: Fen = 0
    most: Fen = 0
    why: str = ""
    way: Way = Way.OFFICIAL

    @property
    def free(self) -> bool:
        """Whether it certainly costs nothing."""
        return self.most == 0


class Plan(Struct, frozen=True):
    """Something that is going to cost money and is not entered yet, and why."""

    cost: Cost
    number: str
    platform: str
    why: str
    case: str = ""


class May(enum.StrEnum):
    """Whether something may be paid."""

    OK = "ok"
    NEEDS_APPROVAL = "needs_approval"
    OVER_BUDGET = "over_budget"


class Spending(Struct, frozen=True):
    """The answer: whether, why not at once, and the month it was held against (fen). A person may approve both of the
    answers that are not `ok`; `over_budget` is the one of which `budget.exceeded` tells.
    """

    may: May
    why: str
    spent: Fen
    reserved: Fen
    budget: Fen


class Month(Struct, frozen=True):
    """One calendar month: fen committed in it, planned for it, given up in it, and how many charges each are."""

    month: str
    committed: Fen = 0
    planned: Fen = 0
    void: Fen = 0
    entries: int = 0


class Forecast(Struct, frozen=True):
    """What the present month will have cost at its end: what went out, what is planned, and what open plans that are
    not entered yet will cost, from the least to the most; `over` is by how much the most is above the budget.
    """

    month: str
    committed: Fen
    planned: Fen
    open_least: Fen
    open_most: Fen
    budget: Fen

    @property
    def least(self) -> Fen:
        return self.committed + self.planned + self.open_least

    @property
    def most(self) -> Fen:
        return self.committed + self.planned + self.open_most

    @property
    def over(self) -> Fen:
        return max(0, self.most - self.budget)


def fen(yuan: float) -> Fen:
    """Yuan as settings and people write them, in fen; a part of a fen is rounded as banks do for people, half up."""
    return int((Decimal(str(yuan)) * 100).to_integral_value(ROUND_HALF_UP))


def yuan(amount: Fen) -> str:
    """Fen in a sentence: ¥12.30, ¥500, -¥0.05."""
    sign, whole, rest = "-" * (amount < 0), *divmod(abs(amount), 100)
    return f"{sign}¥{whole}" + (f".{rest:02d}" if rest else "")


def _local(at: Instant, zone: str) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))


def month_of(at: Instant, zone: str) -> str:
    """The calendar month there: `2026-11`."""
    return f"{_local(at, zone):%Y-%m}"


def _month_begins(at: Instant, zone: str) -> Instant:
    return _local(at, zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def month_ends(at: Instant, zone: str) -> Instant:
    """When the calendar month of an instant is over there."""
    first = _local(at, zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = first.replace(year=first.year + (first.month == 12), month=first.month % 12 + 1)
    return after.timestamp()


def is_month(text: str) -> bool:
    """Whether it is written like one of `month_of`."""
    return re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) is not None


# ----------------------------------------------------------------------------------------------------------- entries


def commit(charge: Charge, now: Instant, amount: Fen | None = None) -> Charge:
    """It went out, for this much where that is known better now. One that is settled stays as it is."""
    return _settle(charge, Standing.COMMITTED, now, charge.fen if amount is None else amount)


def give_up(charge: Charge, now: Instant) -> Charge:
    """It certainly did not go out, and never will. One that is settled stays as it is."""
    return _settle(charge, Standing.VOID, now, charge.fen)


def went_out_after_all(charge: Charge, now: Instant) -> Charge:
    """It was given up, and somebody says that it had gone out before that. One that was not given up stays as it is."""
    if charge.standing is not Standing.VOID:
        return charge
    return structs.replace(charge, standing=Standing.COMMITTED, settled_at=now)


def _settle(charge: Charge, standing: Standing, now: Instant, amount: Fen) -> Charge:
    if charge.standing is not Standing.PLANNED:
        return charge
    if amount < 0:
        raise ValueError(f"a charge is not below nothing: {amount}")
    fields = {name: getattr(charge, name) for name in Charge.__struct_fields__}
    return Charge(**fields | {"standing": standing, "settled_at": now, "fen": amount})


# ---------------------------------------------------------------------------------------------------------- questions


def within(charges: Iterable[Charge], month: str, zone: str, now: Instant) -> list[Charge]:
    """The charges of a calendar month, in the order in which they count. Those still planned are of the month of `now`
    or of their own, whichever is later: that is when they will be paid.
    """
    present = month_of(now, zone)
    found = [c for c in charges if _month_of(c, present, zone) == month]
    return sorted(found, key=lambda c: (c.counted_at, c.id))


def _month_of(charge: Charge, present: str, zone: str) -> str:
    own = month_of(charge.counted_at, zone)
    return max(own, present) if charge.standing is Standing.PLANNED else own


def month(charges: Iterable[Charge], which: str, zone: str, now: Instant) -> Month:
    """The sums of a calendar month; those of `within` for the same month, and of nothing else."""
    found = within(charges, which, zone, now)
    sums = {standing: sum(c.fen for c in found if c.standing is standing) for standing in Standing}
    return Month(which, sums[Standing.COMMITTED], sums[Standing.PLANNED], sums[Standing.VOID], len(found))


def used(
    charges: Iterable[Charge],
    what: What,
    number: str,
    now: Instant,
    zone: str,
    *,
    platform: str = "",
    year: bool = True,
) -> int:
    """How many of a kind were used, or are planned, for a number in the calendar year of `now` (or its month), at one
    platform or at all.
    """
    pattern = "%Y" if year else "%Y-%m"
    present = f"{_local(now, zone):{pattern}}"
    return sum(
        charge.what is what
        and charge.number == number
        and charge.standing is not Standing.VOID
        and (not platform or charge.platform == platform)
        # What the clock, set back since, now calls the future was used all the same.
        and f"{_local(charge.counted_at, zone):{pattern}}" >= present
        for charge in charges
    )


def next_free(
    charges: Iterable[Charge], what: What, most: int, per: float, now: Instant, *, number: str = "", platform: str = ""
) -> Instant:
    """When one more of a kind may be used, under a quota of `most` within any `per` seconds: `now`, or the instant at
    which enough of those before have passed out of that time. Without a number or platform, over all of them. What a
    clock that was set back since has dated in the future counts as of now; `set_back` has it dated so for good.
    """
    if most < 1 or per <= 0:
        raise ValueError(f"a quota is at least one within some time, not {most} within {per:g} s")
    at = sorted(
        min(charge.counted_at, now)
        for charge in charges
        if charge.what is what
        and charge.standing is not Standing.VOID
        and (not number or charge.number == number)
        and (not platform or charge.platform == platform)
        and charge.counted_at > now - per
    )
    return now if len(at) < most else at[-most] + per


def price(what: What, policy: LedgerPolicy, *, used_this_year: int = 0, agent: bool = False) -> Cost:
    """What one more of a kind costs by the settings. An agent takes his share on top, of whatever it is."""
    least, most, why = 0.0, 0.0, "free of charge"
    match what:
        case What.TAG_CHANGE if used_this_year < policy.free_tag_changes:
            why = f"free change {used_this_year + 1} of {policy.free_tag_changes} this year"
        case What.TAG_CHANGE:
            (least, most), why = policy.tag_change, f"the {policy.free_tag_changes} free changes of this year are used"
        case What.EXPEDITE:
            (least, most), why = policy.expedite, "the platform's fee for an expedite"
        case What.CERTIFICATION:
            (least, most), why = policy.certification, "the provider's fee"
    return _through(Cost(what, fen(least), fen(most), why), policy, agent=agent)


def certification_expedite(policy: LedgerPolicy, *, agent: bool = False) -> Cost:
    """What it costs to have a certification hurried through."""
    least, most = map(fen, policy.certification_expedite)
    return _through(Cost(What.EXPEDITE, least, most, "the provider's fee for hurrying"), policy, agent=agent)


def _through(cost: Cost, policy: LedgerPolicy, *, agent: bool) -> Cost:
    if not agent:
        return cost
    share = 1 + Decimal(str(policy.agent_surcharge))
    least, most = (int((amount * share).to_integral_value(ROUND_HALF_UP)) for amount in (cost.least, cost.most))
    return Cost(cost.what, least, most, f"{cost.why}, and {policy.agent_surcharge:.0%} for the agent", Way.AGENT)


def may_spend(charges: Iterable[Charge], policy: LedgerPolicy, cost: Cost, now: Instant) -> Spending:
    """Whether this may go out now without asking anybody. `charges` are all that are known, of all numbers; what is
    free always may.
    """
    begin, budget = _month_begins(now, policy.zone), fen(policy.monthly_budget)
    spent = reserved = 0
    for charge in charges:
        if charge.standing is Standing.PLANNED:
            reserved += charge.fen
        elif charge.standing is Standing.COMMITTED and charge.counted_at >= begin:
            spent += charge.fen
    if cost.free:
        return Spending(May.OK, cost.why, spent, reserved, budget)
    if spent + reserved + cost.most > budget:
        spoken = f" and {yuan(reserved)} spoken for" if reserved else ""
        why = f"{yuan(cost.most)} on top of {yuan(spent)} spent{spoken} is more than the {yuan(budget)} of this month"
        return Spending(May.OVER_BUDGET, why, spent, reserved, budget)
    if cost.most > fen(policy.approve_over):
        why = f"{yuan(cost.most)} is more than {yuan(fen(policy.approve_over))}, over which a person approves"
        return Spending(May.NEEDS_APPROVAL, why, spent, reserved, budget)
    return Spending(May.OK, f"{cost.why}: within the {yuan(budget)} of this month", spent, reserved, budget)


def forecast(charges: Iterable[Charge], plans: Iterable[Cost], policy: LedgerPolicy, now: Instant) -> Forecast:
    """The present month at its end. `plans` are the costs of what is intended and not entered as a charge yet."""
    which = month_of(now, policy.zone)
    sums, costs = month(charges, which, policy.zone, now), list(plans)
    return Forecast(
        which,
        sums.committed,
        sums.planned,
        sum(cost.least for cost in costs),
        sum(cost.most for cost in costs),
        fen(policy.monthly_budget),
    )
