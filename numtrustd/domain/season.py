"""Which days are good to hand something in: away from the first of the month and the ends of quarters, when platforms
are busy with themselves. Pure. `calendar` beside this module knows working days; an emergency waits for neither.
"""

from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from numtrustd.domain.calendar import local_date, zone_of
from numtrustd.domain.observation import Instant

Days = Annotated[int, Meta(ge=0, le=14)]


class SeasonPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[calendar]`: on so many first days of a month and last days of a quarter nothing is handed in that can wait;
    what can be planned, on the `good_day` of a month.
    """

    avoid_first_days: Days = 1
    avoid_quarter_end_days: Days = 3
    good_day: Annotated[int, Meta(ge=1, le=28)] = 20


def avoided(day: date, policy: SeasonPolicy) -> str:
    """Why nothing that can wait is handed in on that day; empty if it is as good as any."""
    if day.day <= policy.avoid_first_days:
        return f"the first {policy.avoid_first_days} days of a month" if day.day > 1 else "the first of the month"
    if day.month % 3 == 0 and (day + timedelta(days=policy.avoid_quarter_end_days)).month != day.month:
        return "the end of a quarter"
    return ""


def _begin(day: date, country: str) -> Instant:
    return datetime.combine(day, time_of_day.min, ZoneInfo(zone_of(country))).astimezone(UTC).timestamp()


def next_good_day(now: Instant, country: str, policy: SeasonPolicy, *, urgent: bool = False) -> Instant:
    """When something may be handed in in that country: `now`, or the beginning of the first day that is not avoided."""
    day = local_date(now, country)
    if urgent or not avoided(day, policy):
        return now
    while avoided(day, policy):
        day += timedelta(days=1)
    return _begin(day, country)


def planned_day(now: Instant, latest: Instant, country: str, policy: SeasonPolicy) -> Instant:
    """The best day for something that can be planned and has to be handed in by `latest`: the beginning of the last
    `good_day` of a month before it; without one, of the last day that is not avoided; without that, `now`.
    """
    first, day = local_date(now, country), local_date(latest, country)
    days = [day - timedelta(days=n) for n in range((day - first).days)]
    good = [d for d in days if not avoided(d, policy)]
    best = next((d for d in good if d.day == policy.good_day), good[0] if good else None)
    return now if best is None else max(now, _begin(best, country))
