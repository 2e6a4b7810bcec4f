"""Hours of the day and days of the year, as an operator writes them: when to look, and when business is at its peak.

Hours are "08:00-22:00", several with commas, over midnight where the end comes before the beginning. Days are
"mon-fri", "sat", or days of the year such as "11-01..11-12", with commas between them; nothing is every day. `cadence`
goes by both.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from numtrustd.domain.observation import Instant

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_DATES = re.compile(r"(\d{2})-(\d{2})(?:\s*\.\.\s*(\d{2})-(\d{2}))?")
_WEEKDAYS = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)(?:\s*-\s*(mon|tue|wed|thu|fri|sat|sun))?")
MINUTES = 24 * 60
LEAP_YEAR = 2024


@lru_cache(maxsize=256)
def parse_hours(text: str) -> tuple[tuple[int, int], ...]:
    """The spans in minutes of the day, none over midnight. Raises `ValueError` with what is wrong."""
    spans: list[tuple[int, int]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _SPAN.fullmatch(part)
        if found is None:
            raise ValueError(f'"{part}" is no span of hours')
        h1, m1, h2, m2 = map(int, found.groups())
        if m1 > 59 or m2 > 59 or h1 > 23 or h2 * 60 + m2 > MINUTES:
            raise ValueError(f'"{part}" names a time that no day has')
        begin, end = h1 * 60 + m1, h2 * 60 + m2
        if begin == end:
            raise ValueError(f'"{part}" is no time at all')
        spans += [(begin, end)] if begin < end else [(begin, MINUTES), *([(0, end)] if end else [])]
    return tuple(sorted(spans))


@lru_cache(maxsize=256)
def parse_days(text: str) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    """(weekdays with Monday as 0, days of the year as month and day). Raises `ValueError` with what is wrong."""
    weekdays: set[int] = set()
    dates: set[tuple[int, int]] = set()
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        if named := _WEEKDAYS.fullmatch(part):
            first = WEEK.index(named[1])
            last = first if named[2] is None else WEEK.index(named[2])
            weekdays |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
        elif dated := _DATES.fullmatch(part):
            month, day, until_month, until_day = (None if g is None else int(g) for g in dated.groups())
            assert month is not None
            assert day is not None
            begin = _date(part, month, day)
            end = begin if until_month is None or until_day is None else _date(part, until_month, until_day)
            if end < begin:  # over the turn of the year
                end = end.replace(year=LEAP_YEAR + 1)
            dates |= {((begin + timedelta(n)).month, (begin + timedelta(n)).day) for n in range((end - begin).days + 1)}
        else:
            raise ValueError(f'"{part}" is neither a day of the week nor one of the year')
    return frozenset(weekdays), frozenset(dates)


def _date(part: str, month: int, day: int) -> datetime:
    try:
        return datetime(LEAP_YEAR, month, day, tzinfo=UTC)
    except ValueError:
        raise ValueError(f'"{part}" names a day that no year has') from None


def holds(at: Instant, hours: str, days: str, zone: str) -> bool:
    """Whether an instant lies within the hours of one of the days there. Nothing said means all of them."""
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    weekdays, dates = parse_days(days)
    if (weekdays or dates) and local.weekday() not in weekdays and (local.month, local.day) not in dates:
        return False
    minute = local.hour * 60 + local.minute
    spans = parse_hours(hours)
    return not spans or any(begin <= minute < end for begin, end in spans)


def next_open(at: Instant, hours: str, zone: str) -> Instant:
    """The first instant from `at` on that lies within the hours; `at` itself where they name none."""
    spans = parse_hours(hours)
    if not spans or holds(at, hours, "", zone):
        return at
    where = ZoneInfo(zone)
    today = datetime.fromtimestamp(at, UTC).astimezone(where).replace(hour=0, minute=0, second=0, microsecond=0)
    openings = (
        (today + timedelta(days=day)).replace(hour=begin // 60, minute=begin % 60).timestamp()
        for day in range(3)
        for begin, _ in spans
    )
    # In the hour that a clock set forward leaves out there is no opening: it then opens when that hour is over.
    return min((opening for opening in openings if opening > at), default=at)
