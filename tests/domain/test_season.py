"""Good days to hand something in."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain.calendar import local_date
from numtrustd.domain.season import SeasonPolicy, avoided, next_good_day, planned_day

PLAIN = SeasonPolicy()
DAY = 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


@pytest.mark.parametrize(
    ("now", "good"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-30T23:59", "2026-11-30T23:59"),  # no quarter ends with November
        ("2026-12-01T00:00", "2026-12-02T00:00"),
        ("2026-12-28T23:59", "2026-12-28T23:59"),
        ("2026-12-29T00:00", "2027-01-02T00:00"),  # the end of the quarter, then the first of the month
        ("2026-06-30T09:00", "2026-07-02T00:00"),
    ],
)
def test_the_first_and_the_ends_of_quarters_are_left_out(now: str, good: str) -> None:
    assert next_good_day(at(now), "CN", PLAIN) == at(good)
    assert next_good_day(at(now), "CN", PLAIN, urgent=True) == at(now)


def test_each_rule_can_be_changed() -> None:
    first, end = at("2026-12-02T10:00"), at("2026-12-27T10:00")
    assert next_good_day(first, "CN", structs.replace(PLAIN, avoid_first_days=3)) == at("2026-12-04T00:00")
    assert next_good_day(end, "CN", structs.replace(PLAIN, avoid_quarter_end_days=5)) == at("2027-01-02T00:00")
    never = SeasonPolicy(avoid_first_days=0, avoid_quarter_end_days=0)
    assert next_good_day(at("2026-10-01T00:00"), "CN", never) == at("2026-10-01T00:00")
    why = avoided(date(2026, 12, 3), structs.replace(PLAIN, avoid_first_days=3))
    assert why == "the first 3 days of a month"


def test_the_days_are_the_countrys_own() -> None:
    midnight = at("2026-12-01T00:30")
    assert next_good_day(midnight, "US", PLAIN) == midnight  # there it is still November
    assert next_good_day(midnight, "CN", PLAIN) > midnight


@given(st.floats(at("2026-01-01T00:00"), at("2028-01-01T00:00")))
def test_the_next_good_day_is_the_first_that_is_not_avoided(now: float) -> None:
    good = next_good_day(now, "CN", PLAIN)
    assert now <= good < now + 6 * DAY
    day = local_date(now, "CN")
    while day < local_date(good, "CN"):
        assert avoided(day, PLAIN)
        day += timedelta(days=1)
    assert not avoided(local_date(good, "CN"), PLAIN)


@pytest.mark.parametrize(
    ("latest", "best"),
    [
        ("2027-01-10T12:00", "2026-12-20T00:00"),
        ("2026-12-15T12:00", "2026-12-15T00:00"),
        ("2026-12-01T12:00", "2026-11-30T00:00"),
        ("2026-11-23T18:00", "2026-11-23T10:00"),
        ("2026-11-01T18:00", "2026-11-23T10:00"),
    ],
)
def test_what_can_be_planned_goes_on_the_20th(latest: str, best: str) -> None:
    assert planned_day(at("2026-11-23T10:00"), at(latest), "CN", PLAIN) == at(best)


def test_the_good_day_can_be_another() -> None:
    policy = structs.replace(PLAIN, good_day=10)
    assert planned_day(at("2026-11-23T10:00"), at("2027-01-05T12:00"), "CN", policy) == at("2026-12-10T00:00")
