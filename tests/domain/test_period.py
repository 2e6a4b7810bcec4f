"""Months as a report tells of them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain import ledger
from numtrustd.domain.period import last_whole, month_of, period

ZONE = "Asia/Shanghai"
ZONES = st.sampled_from([ZONE, "UTC", "America/New_York", "Pacific/Apia"])
INSTANTS = st.floats(1.2e9, 2.5e9)


def at(text: str, zone: str = ZONE) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_a_month_that_is_over_is_told_whole() -> None:
    seen = period("2026-10", ZONE, at("2026-11-23T15:00"))
    assert seen.whole
    assert (seen.begins, seen.ends, seen.until) == (at("2026-10-01"), at("2026-11-01"), at("2026-11-01"))
    assert (seen.days[0], seen.days[-1], len(seen.days)) == (date(2026, 10, 1), date(2026, 10, 31), 31)
    assert seen.day_ends[0] == at("2026-10-02")
    assert seen.has(seen.begins)
    assert not seen.has(seen.ends)
    assert not seen.has(None)


def test_a_month_that_goes_on_is_told_until_now() -> None:
    now = at("2026-11-23T15:00")
    seen = period("2026-11", ZONE, now)
    assert not seen.whole
    assert (seen.until, len(seen.days), seen.day_ends[-1]) == (now, 23, now)


def test_the_month_before_is_the_last_whole_one() -> None:
    assert last_whole(at("2027-01-01T00:00:01"), ZONE) == "2026-12"
    assert last_whole(at("2026-11-30T23:59"), ZONE) == "2026-10"
    assert month_of(at("2026-11-30T23:59"), ZONE) == "2026-11"


@pytest.mark.parametrize("text", ["2026-13", "2026", "november", "", "2026-11-01", "0000-01", "10000-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no month: write 2026-11"):
        period(text, ZONE, at("2026-11-23"))


def test_a_month_to_come_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-12 has not begun yet: name 2026-11 or one before it"):
        period("2026-12", ZONE, at("2026-11-23"))
    with pytest.raises(ValueError, match="has not begun"):
        period("2026-12", ZONE, at("2026-12-01"))


def test_days_have_the_length_that_they_have_there() -> None:
    seen = period("2026-03", "America/New_York", at("2026-05-01"))
    lengths = {round(end - begin) for begin, end in zip(seen.day_ends, seen.day_ends[1:], strict=False)}
    assert lengths == {86_400, 82_800}


@given(INSTANTS, ZONES)
def test_days_follow_each_other_and_every_instant_has_its_own(now: float, zone: str) -> None:
    for month in (month_of(now, zone), last_whole(now, zone)):
        try:
            seen = period(month, zone, now)
        except ValueError:
            assert now == at(f"{month}-01", zone)
            continue
        assert seen.day_ends[-1] == seen.until <= seen.ends
        assert len(seen.days) == len(seen.day_ends)
        assert list(seen.day_ends) == sorted(set(seen.day_ends))
        assert {f"{day:%Y-%m}" for day in seen.days} == {month} == {ledger.month_of(seen.begins, zone)}
        begin = seen.begins
        for n, end in enumerate(seen.day_ends):
            assert seen.day_of(begin) == seen.day_of((begin + end) / 2) == n
            begin = end
    assert seen.whole, "the last whole one"
