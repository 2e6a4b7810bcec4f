"""Hours and days as operators write them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain import hours

CHINA = "Asia/Shanghai"


def at(text: str, zone: str = CHINA) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", ()),
        ("08:00-22:00", ((480, 1320),)),
        ("22:00-06:30", ((0, 390), (1320, 1440))),
        ("20:00-24:00", ((1200, 1440),)),
        ("20:00-00:00", ((1200, 1440),)),
        ("13:00-18:00, 9:00-12:00", ((540, 720), (780, 1080))),
    ],
)
def test_hours_are_read(text: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert hours.parse_hours(text) == spans


@pytest.mark.parametrize(
    "text", ["8-22", "08:00-25:00", "24:00-08:00", "08:60-09:00", "08:00-08:00", "always", "08:00-24:01"]
)
def test_hours_that_are_none_say_so(text: str) -> None:
    with pytest.raises(ValueError, match=r'".*" (is no|names a)'):
        hours.parse_hours(text)


def test_days_are_read() -> None:
    assert hours.parse_days("mon-fri")[0] == {0, 1, 2, 3, 4}
    assert hours.parse_days("sat-mon, WED")[0] == {5, 6, 0, 2}
    assert hours.parse_days("11-01..11-12")[1] == {(11, n) for n in range(1, 13)}
    assert hours.parse_days("12-30..01-02")[1] == {(12, 30), (12, 31), (1, 1), (1, 2)}
    assert hours.parse_days("02-29")[1] == {(2, 29)}


@pytest.mark.parametrize("text", ["monday", "13-01", "02-30", "11-01-11-12", "11/01"])
def test_days_that_are_none_say_so(text: str) -> None:
    with pytest.raises(ValueError, match=r'".*" (is neither|names a day)'):
        hours.parse_days(text)


def test_a_peak_holds_on_its_days_in_its_hours() -> None:
    assert hours.holds(at("2026-11-02T10:00"), "09:00-12:00", "mon-fri", CHINA)
    assert not hours.holds(at("2026-11-01T10:00"), "09:00-12:00", "mon-fri", CHINA)
    assert hours.holds(at("2026-11-01T10:00"), "09:00-12:00", "mon-fri, 11-01", CHINA)
    assert not hours.holds(at("2026-11-02T12:00"), "09:00-12:00", "mon-fri", CHINA)
    assert hours.holds(at("2026-11-02T03:00"), "", "", CHINA)


def test_a_look_waits_for_its_hours() -> None:
    assert hours.next_open(at("2026-11-02T07:10"), "08:00-22:00", CHINA) == at("2026-11-02T08:00")
    assert hours.next_open(at("2026-11-02T22:00"), "08:00-22:00", CHINA) == at("2026-11-03T08:00")
    assert hours.next_open(at("2026-11-02T12:00"), "08:00-22:00", CHINA) == at("2026-11-02T12:00")
    assert hours.next_open(at("2026-11-02T12:00"), "22:00-06:00", CHINA) == at("2026-11-02T22:00")
    assert hours.next_open(5.0, "", CHINA) == 5.0


@given(
    st.floats(1.7e9, 2.0e9),
    st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59)).filter(
        lambda t: t[:2] != t[2:]
    ),
    st.sampled_from([CHINA, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_next_opening_is_open_soon_and_never_before(instant: float, span: tuple[int, ...], zone: str) -> None:
    text = "{:02}:{:02}-{:02}:{:02}".format(*span)
    opens = hours.next_open(instant, text, zone)
    assert instant <= opens <= instant + 50 * 3_600.0
    # Where a clock set forward leaves out the opening, it opens within the hour after.
    assert hours.holds(opens, text, "", zone) or any(
        hours.holds(opens + n * 900.0, text, "", zone) for n in range(-8, 9)
    )
