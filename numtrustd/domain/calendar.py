"""Working days, as a platform's reviewers count them: public holidays off, China's make-up weekends on.

Appeals are reviewed in working days of the platform's country, while everything else in the daemon runs
on real time. The `holidays` package knows the calendars. China's is decreed each November for the next
year; before that the package knows the festivals but not the make-up days, so such a year is counted
plainly Monday to Friday, and `unknown_years` says so to whoever has to tell people.
"""

from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from numtrustd.domain.observation import Instant

CLOSE = time_of_day(18)
"""When a working day ends, local time."""

_ZONES = {
    "AU": "Australia/Sydney",
    "CA": "America/Toronto",
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "HK": "Asia/Hong_Kong",
    "ID": "Asia/Jakarta",
    "IE": "Europe/Dublin",
    "IL": "Asia/Jerusalem",
    "IN": "Asia/Kolkata",
    "IT": "Europe/Rome",
    "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul",
    "MO": "Asia/Macau",
    "MY": "Asia/Kuala_Lumpur",
    "NL": "Europe/Amsterdam",
    "PH": "Asia/Manila",
    "SE": "Europe/Stockholm",
    "SG": "Asia/Singapore",
    "TH": "Asia/Bangkok",
    "TW": "Asia/Taipei",
    "US": "America/New_York",
    "VN": "Asia/Ho_Chi_Minh",
}
COUNTRIES = frozenset(_ZONES)
"""The countries (ISO 3166) whose working days can be counted; any other raises `KeyError` below."""

_MAX_DAYS = 3_660


@lru_cache(maxsize=256)
def _year(year: int, country: str) -> tuple[bool, bytes]:
    """Whether the calendar of that year is known, and one byte per day: 1 for a working day."""
    zone_known = country in _ZONES
    if not zone_known:
        raise KeyError(country)
    calendar = holidays.country_holidays(country, years=year)
    known = calendar.start_year <= year <= calendar.end_year
    if calendar.has_substituted_holidays and known:
        # The festivals are computed for any year; only a decreed year also has its make-up days on file.
        known = year in calendar.special_public_holidays
    make_up = calendar.weekend_workdays if known else set()
    days = []
    day = date(year, 1, 1)
    while day.year == year:
        weekend = day.weekday() in calendar.weekend
        off = weekend or (known and day in calendar)
        days.append(not off or day in make_up)
        day += timedelta(days=1)
    return known, bytes(days)


def zone_of(country: str) -> str:
    """The time zone in which that country's days are counted."""
    return _ZONES[country]


def knows_year(year: int, country: str = "CN") -> bool:
    """Whether that country's calendar of that year is on file, make-up days included."""
    return _year(year, country)[0]


def unknown_years(start: Instant, end: Instant, country: str = "CN") -> tuple[int, ...]:
    """The years between two instants that were counted plainly Monday to Friday."""
    zone = ZoneInfo(_ZONES[country])
    first, last = (datetime.fromtimestamp(at, zone).year for at in (start, end))
    return tuple(year for year in range(first, last + 1) if not knows_year(year, country))


def is_working_day(day: date, country: str = "CN") -> bool:
    """Whether people who review appeals in that country work on that day."""
    return bool(_year(day.year, country)[1][day.timetuple().tm_yday - 1])


def add_working_days(instant: Instant, days: int, country: str = "CN") -> Instant:
    """The end of the `days`-th working day after the (local) day of `instant`.

    0 is the end of the same day, or of the next working day if that one is none or already over; the
    answer is always later than `instant`. `unknown_years(instant, answer, country)` names the years that
    were guessed.
    """
    if not 0 <= days <= _MAX_DAYS:
        raise ValueError(f"working days must be between 0 and {_MAX_DAYS}, not {days}")
    zone = ZoneInfo(_ZONES[country])
    local = datetime.fromtimestamp(instant, zone)
    day = local.date()
    if days == 0:
        if local.time() >= CLOSE:
            day += timedelta(days=1)
        while not is_working_day(day, country):
            day += timedelta(days=1)
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day, country)
    return datetime.combine(day, CLOSE, zone).astimezone(UTC).timestamp()


def end_of_day(day: date, country: str = "CN") -> Instant:
    """When a day is over there."""
    return datetime.combine(day + timedelta(days=1), time_of_day.min, ZoneInfo(_ZONES[country])).timestamp()


def local_date(instant: Instant, country: str = "CN") -> date:
    """The calendar day there."""
    return datetime.fromtimestamp(instant, ZoneInfo(_ZONES[country])).date()
