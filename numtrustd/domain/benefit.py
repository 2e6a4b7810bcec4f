"""What a label costs and what an action against it brought, from a number's own calls. Pure.

Shares are of answered calls; where there was no call to take one of, or nothing was told, there is none. Days are the
company's own. `call_stats` has the figures, `ledger` what was paid.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from numtrustd.domain import call_stats
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.identity import Version, current
from numtrustd.domain.ledger import Charge, Fen, Standing, Yuan, fen

Share = Annotated[float, Meta(ge=0, le=1, extra={"unit": "number"})]


class BenefitPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[benefit]`: what an answered call is worth (yuan; 0 where nobody says), how many days before and after a case
    are looked at, and which share of answered calls a label costs, from the least to the most, where nothing was told.
    """

    answered_call: Yuan = 0.0
    window_days: Annotated[int, Meta(ge=1, le=180)] = 14
    label_costs: tuple[Share, Share] = (0.4, 0.6)


class Rate(Struct, frozen=True):
    """Some days together: how many, their calls, and how many of these were answered."""

    days: int
    calls: int
    answered: int

    @property
    def share(self) -> float | None:
        """The connect rate."""
        return self.answered / self.calls if self.calls else None

    @property
    def calls_a_day(self) -> float:
        return self.calls / self.days if self.days else 0.0


class Phases(Struct, frozen=True):
    """The connect rate before, during and after something; `None` where nothing was told."""

    before: Rate | None
    during: Rate | None
    after: Rate | None

    @property
    def gain(self) -> float | None:
        """By how much the rate rose from during to after; below nothing if it fell."""
        if self.during is None or self.after is None or self.during.share is None or self.after.share is None:
            return None
        return self.after.share - self.during.share


class Loss(Struct, frozen=True):
    """Answered calls that a label costs in a day, and what they are worth (fen), from the least to the most. `measured`
    says that it was seen in the calls; else it is what a label usually costs.
    """

    least: float
    most: float
    least_fen: Fen
    most_fen: Fen
    measured: bool


class CaseSpan(Struct, frozen=True):
    """A case as far as it counts here: from the day it was opened to the day it ended, which is one of its days."""

    id: str
    kind: str
    platform: str
    opened: date
    closed: date | None = None


class Row(Struct, frozen=True):
    """One line of the table of benefits: an action, what was paid for it, and what the calls say of it."""

    case: CaseSpan
    paid: Fen
    phases: Phases
    loss: Loss | None


def rate(days: Iterable[DayCalls]) -> Rate | None:
    """The days together; `None` of none."""
    each = list(days)
    return Rate(len(each), sum(d.calls for d in each), sum(d.answered for d in each)) if each else None


def phases(days: Sequence[DayCalls], first: date, last: date | None, today: date, window: int) -> Phases:
    """The rates of the `window` days before `first`, of the days from `first` to `last` (to `today` if it goes on), and
    of the `window` days after `last`.
    """
    one = timedelta(days=1)
    before = call_stats.between(days, first - window * one, first - one)
    during = call_stats.between(days, first, today if last is None else last)
    after = [] if last is None else call_stats.between(days, last + one, last + window * one)
    return Phases(rate(before), rate(during), rate(after))


def around(
    days: Sequence[DayCalls], spans: Sequence[tuple[date, date | None]], today: date, window: int
) -> tuple[Phases, ...]:
    """The rates before, during and after each of some times, given as (first day, last day) with the oldest first;
    only the last of them may go on (`None`). A day of one time is not before or after another.
    """
    one = timedelta(days=1)
    found = []
    for n, (first, last) in enumerate(spans):
        earlier = spans[n - 1][1] if n else None
        later = spans[n + 1][0] if n + 1 < len(spans) else None
        since = first - window * one if earlier is None else max(first - window * one, earlier + one)
        near = call_stats.between(days, since, first - one) + call_stats.between(days, first, last or today)
        if last is not None:
            until = last + window * one if later is None else min(last + window * one, later - one)
            near += call_stats.between(days, last + one, until)
        found.append(phases(near, first, last, today, window))
    return tuple(found)


def by_tag(days: Iterable[DayCalls], tags: Sequence[Version], zone: str) -> tuple[tuple[str, Rate], ...]:
    """The rate under each tag that was wanted, the oldest first; "" are the days without one. A day is of the tag that
    is wanted at its noon.
    """
    found: dict[str, list[DayCalls]] = {}
    for day in sorted(days, key=lambda day: day.day):
        noon = datetime.combine(date.fromisoformat(day.day), time(12), ZoneInfo(zone)).timestamp()
        wanted = current(tags, noon)
        over = wanted is None or (wanted.until is not None and noon >= wanted.until)
        found.setdefault("" if over or wanted is None else wanted.text, []).append(day)
    return tuple((text, told) for text, each in found.items() if (told := rate(each)) is not None)


def loss(before: Rate | None, during: Rate | None, policy: BenefitPolicy) -> Loss | None:
    """What a label costs in a day: the answered calls that the rate before it would have brought beyond those that
    there were; without calls under the label, what a label usually costs of those before. `None` if nothing is known.
    """
    if before is None or before.share is None:
        return None
    if during is not None and during.share is not None:
        lost = max(0.0, before.share - during.share) * during.calls_a_day
        return Loss(lost, lost, _worth(lost, policy), _worth(lost, policy), True)
    answered = before.share * before.calls_a_day
    least, most = (share * answered for share in policy.label_costs)
    return Loss(least, most, _worth(least, policy), _worth(most, policy), False)


def _worth(calls: float, policy: BenefitPolicy) -> Fen:
    return round(calls * fen(policy.answered_call))


def table(
    cases: Iterable[CaseSpan], days: Sequence[DayCalls], charges: Iterable[Charge], today: date, policy: BenefitPolicy
) -> tuple[Row, ...]:
    """What each case cost and brought, in the order in which they were opened. Paid is what is committed."""
    paid: dict[str, Fen] = {}
    for charge in charges:
        if charge.standing is Standing.COMMITTED:
            paid[charge.case] = paid.get(charge.case, 0) + charge.fen
    rows = []
    for case in sorted(cases, key=lambda case: (case.opened, case.id)):
        seen = phases(days, case.opened, case.closed, today, policy.window_days)
        rows.append(Row(case, paid.get(case.id, 0), seen, loss(seen.before, seen.during, policy)))
    return tuple(rows)
