"""How many looks a source may make: the platform's quota and the owner's money, by calendar day and month. Pure.

A look counts before it is made, and stays counted whatever came of it: a platform that bills counts requests.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from numtrustd.domain.observation import Instant

AtLeastOne = Annotated[int, Meta(ge=1)]
Yuan = Annotated[float, Meta(ge=0)]


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds; `None` is none. `price` is what one look costs and `money` what a month's looks may cost, in yuan.

    Days and months are those of `zone`: quotas begin anew at the platform's midnight.
    """

    per_minute: AtLeastOne | None = None
    per_day: AtLeastOne | None = None
    per_month: AtLeastOne | None = None
    price: Yuan = 0.0
    money: Yuan | None = None
    zone: str = "Asia/Shanghai"

    @property
    def bounded(self) -> bool:
        """Whether looks are counted."""
        return self.per_day is not None or self.looks_a_month is not None

    @property
    def looks_a_month(self) -> int | None:
        """The looks that quota and money allow in a month."""
        paid = None if self.money is None or not self.price else int(self.money / self.price + 1e-9)
        bounds = [bound for bound in (self.per_month, paid) if bound is not None]
        return min(bounds) if bounds else None


class Spent(Struct, frozen=True, omit_defaults=True):
    """Looks made in a calendar day (`2026-11-22`) and month (`2026-11`)."""

    day: str = ""
    day_looks: int = 0
    month: str = ""
    month_looks: int = 0


def _local(budget: Budget, now: Instant) -> datetime:
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(budget.zone))


def spent_by(spent: Spent, budget: Budget, now: Instant) -> Spent:
    """The same count as of `now`: a day or month that has passed no longer counts.

    One in the future does, as of today: the clock was set back, and what was spent meanwhile is spent.
    """
    local = _local(budget, now)
    day, month = f"{local:%Y-%m-%d}", f"{local:%Y-%m}"
    return Spent(
        day,
        spent.day_looks if spent.day >= day else 0,
        month,
        spent.month_looks if spent.month >= month else 0,
    )


def spend(spent: Spent, budget: Budget, now: Instant, looks: int = 1) -> Spent:
    """So many looks more."""
    current = spent_by(spent, budget, now)
    return Spent(current.day, current.day_looks + looks, current.month, current.month_looks + looks)


def give_back(spent: Spent, budget: Budget, now: Instant, at: Instant, looks: int) -> Spent:
    """So many looks of `at` less, since they were certainly not made: a batch that was refused. What was counted in a
    day or month that has passed is gone with it."""
    current, then = spent_by(spent, budget, now), _local(budget, at)
    day = looks if current.day == f"{then:%Y-%m-%d}" else 0
    month = looks if current.month == f"{then:%Y-%m}" else 0
    return Spent(current.day, max(0, current.day_looks - day), current.month, max(0, current.month_looks - month))


def left(spent: Spent, budget: Budget, now: Instant) -> int | None:
    """How many looks may still be made today; `None` is no bound."""
    if not budget.bounded:
        return None
    current = spent_by(spent, budget, now)
    each = [(budget.per_day, current.day_looks), (budget.looks_a_month, current.month_looks)]
    bounds = [max(0, bound - used) for bound, used in each if bound is not None]
    return min(bounds) if bounds else None


def again(spent: Spent, budget: Budget, now: Instant) -> tuple[Instant, str] | None:
    """(when looks may be made again, what is used up); `None` while they may be made now."""
    if not budget.bounded:
        return None
    current = spent_by(spent, budget, now)
    month = budget.looks_a_month
    if month is not None and current.month_looks >= month:
        paid = budget.per_month is None or month < budget.per_month
        what = f"{budget.money:g} yuan" if paid else f"{month} looks"
        return _start_of_next_month(current.month, budget), f"the {what} of this month are used up"
    if budget.per_day is not None and current.day_looks >= budget.per_day:
        return _start_of_next_day(current.day, budget), f"the {budget.per_day} looks of this day are used up"
    return None


def _start_of_next_day(day: str, budget: Budget) -> Instant:
    midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=ZoneInfo(budget.zone))
    return (midnight + timedelta(days=1)).timestamp()


def _start_of_next_month(month: str, budget: Budget) -> Instant:
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZoneInfo(budget.zone))
    return (first + timedelta(days=32)).replace(day=1).timestamp()
