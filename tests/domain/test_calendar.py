"""Working days against the calendars that the State Council published for 2025 and 2026."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.domain.calendar import COUNTRIES, add_working_days, is_working_day, knows_year, unknown_years

CHINA = ZoneInfo("Asia/Shanghai")

OFF = {
    2025: "01-01 01-28 01-29 01-30 01-31 02-01 02-02 02-03 02-04 04-04 05-01 05-02 05-05 06-02 "
    "10-01 10-02 10-03 10-06 10-07 10-08",
    2026: "01-01 01-02 01-03 02-15 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 "
    "09-25 10-01 10-02 10-05 10-06 10-07",
}
MAKE_UP = {
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}


def days(table: dict[int, str]) -> list[date]:
    return [date.fromisoformat(f"{year}-{day}") for year, text in table.items() for day in text.split()]


@pytest.mark.parametrize("day", days(OFF), ids=str)
def test_public_holidays_are_off(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.covers("P12")
@pytest.mark.parametrize("day", days(MAKE_UP), ids=str)
def test_make_up_weekends_are_on(day: date) -> None:
    assert day.weekday() >= 5
    assert is_working_day(day)


def test_everything_else_of_a_known_year_is_monday_to_friday() -> None:
    special = {*days(OFF), *days(MAKE_UP)}
    day = date(2025, 1, 1)
    while day.year < 2027:
        if day not in special:
            assert is_working_day(day) == (day.weekday() < 5), day
        day += timedelta(days=1)


def test_a_year_without_its_decree_is_counted_plainly_and_said() -> None:
    assert [knows_year(year) for year in (2024, 2025, 2026)] == [True, True, True]
    assert not knows_year(2099)
    assert is_working_day(date(2099, 10, 1))  # a Thursday
    assert not is_working_day(date(2099, 10, 3))
    start = datetime(2098, 12, 30, tzinfo=UTC).timestamp()
    assert unknown_years(start, add_working_days(start, 5)) == (2098, 2099)
    known = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
    assert unknown_years(known, add_working_days(known, 5)) == ()
    assert knows_year(2099, "US")  # rules, not decrees


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-03-02 10:00", 5, "2026-03-09 18:00"),  # Monday to Monday
        ("2026-02-13 10:00", 1, "2026-02-14 18:00"),  # Saturday, but a make-up day
        ("2026-02-13 10:00", 2, "2026-02-24 18:00"),  # over the Spring Festival
        ("2025-09-26 23:59", 3, "2025-09-30 18:00"),  # Sunday the 28th works
        ("2025-09-30 09:00", 1, "2025-10-09 18:00"),
        ("2026-03-07 12:00", 1, "2026-03-09 18:00"),  # from a Saturday
        ("2026-03-06 10:00", 0, "2026-03-06 18:00"),
        ("2026-03-06 18:00", 0, "2026-03-09 18:00"),
    ],
)
def test_adding_working_days(start: str, count: int, end: str) -> None:
    instant = datetime.fromisoformat(start).replace(tzinfo=CHINA).timestamp()
    reached = datetime.fromtimestamp(add_working_days(instant, count), CHINA)
    assert f"{reached:%Y-%m-%d %H:%M}" == end


@pytest.mark.covers("P12")
def test_days_begin_at_local_midnight() -> None:
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC).timestamp()  # Tuesday 00:30 in China, Monday in the USA
    assert datetime.fromtimestamp(add_working_days(late, 1, "CN"), CHINA).date() == date(2026, 3, 4)
    american = datetime.fromtimestamp(add_working_days(late, 1, "US"), ZoneInfo("America/New_York"))
    assert (american.date(), american.hour) == (date(2026, 3, 3), 18)


@settings(deadline=None)
@given(st.floats(1.6e9, 1.85e9), st.integers(1, 60), st.sampled_from(sorted(COUNTRIES)))
def test_more_days_are_later_and_end_on_a_working_day(start: float, count: int, country: str) -> None:
    end = add_working_days(start, count, country)
    assert end > start
    assert add_working_days(start, 0, country) <= end < add_working_days(start, count + 1, country)


@pytest.mark.parametrize("count", [-1, 10**9])
def test_a_senseless_count_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        add_working_days(0.0, count)


def test_an_unknown_country_is_an_error() -> None:
    with pytest.raises(KeyError):
        is_working_day(date(2026, 1, 1), "XX")
    with pytest.raises(KeyError):
        add_working_days(0.0, 1, "XX")
