"""A calendar month as a report tells of it: its days, and how much of it is over. Pure.

`ledger` counts money by the same months; here are the instants at which one begins and ends.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from numtrustd.domain.observation import Instant

ONE_DAY = timedelta(days=1)


class Period(Struct, frozen=True):
    """A month `2026-11` of a zone. It is told `until` its end, or now if that is still to come. `days` are those that
    have begun by then, `day_ends` when each is over (the last: `until`).
    """

    month: str
    zone: str
    begins: Instant
    ends: Instant
    until: Instant
    days: tuple[date, ...]
    day_ends: tuple[Instant, ...]

    @property
    def whole(self) -> bool:
        """Whether the month is over."""
        return self.until == self.ends

    def has(self, at: Instant | None) -> bool:
        """Whether something that happened then belongs to what is told."""
        return at is not None and self.begins <= at < self.until

    def day_of(self, at: Instant) -> int:
        """Which of the days an instant of the period lies in."""
        return min(bisect_right(self.day_ends, at), len(self.days) - 1)


def month_of(at: Instant, zone: str) -> str:
    """The month in which an instant lies there."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)):%Y-%m}"


def last_whole(now: Instant, zone: str) -> str:
    """The month before that of `now`."""
    first = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone)).date().replace(day=1)
    return f"{first - ONE_DAY:%Y-%m}"


def period(month: str, zone: str, now: Instant) -> Period:
    """The month as far as it is over at `now`. Raises `ValueError` for one that is no month, or has not begun."""
    try:
        first = date.fromisoformat(f"{month}-01")
        following = (first + 31 * ONE_DAY).replace(day=1)
        begins, ends = _midnight(first, zone), _midnight(following, zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{month!r} is no month: write 2026-11") from None
    if begins >= now:
        raise ValueError(f"{month} has not begun yet: name {month_of(now, zone)} or one before it")
    until = min(now, ends)
    days, ended, day = [], [], first
    while day < following and _midnight(day, zone) < until:
        days.append(day)
        ended.append(min(_midnight(day + ONE_DAY, zone), until))
        day += ONE_DAY
    return Period(month, zone, begins, ends, until, tuple(days), tuple(ended))


def _midnight(day: date, zone: str) -> Instant:
    return datetime.combine(day, time(0), ZoneInfo(zone)).timestamp()
