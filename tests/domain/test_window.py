"""Windows in which nothing is submitted: the next instant that is open, exactly."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.window import Window, closing, open_at

HOUR, DAY = 3_600.0, 86_400.0


def at(text: str, offset: str = "+08:00") -> float:
    return datetime.fromisoformat(text + offset).timestamp()


NOON = at("2026-11-23T12:00")  # a Monday
NIGHT = Window("night", hours="20:00-08:00")
WEEKEND = Window("weekend", days="sat,sun")


@pytest.mark.parametrize(
    ("windows", "now", "opens"),
    [
        ([], "2026-11-23T12:00", "2026-11-23T12:00"),
        ([NIGHT], "2026-11-23T12:00", "2026-11-23T12:00"),
        ([NIGHT], "2026-11-23T20:00", "2026-11-24T08:00"),
        ([NIGHT], "2026-11-24T07:59", "2026-11-24T08:00"),
        ([NIGHT], "2026-11-24T08:00", "2026-11-24T08:00"),
        ([WEEKEND], "2026-11-28T00:00", "2026-11-30T00:00"),
        ([WEEKEND, NIGHT], "2026-11-27T21:00", "2026-11-30T08:00"),
        (
            [Window("end", since=at("2026-12-28T18:00"), until=at("2027-01-04T09:30"))],
            "2026-12-30T00:00",
            "2027-01-04T09:30",
        ),
        (
            [Window("end", since=at("2026-12-28T18:00"), until=at("2027-01-04T09:30"))],
            "2026-12-28T17:59",
            "2026-12-28T17:59",
        ),
        ([Window("feast", days="10-01..10-07")], "2026-10-01T10:00", "2026-10-08T00:00"),
        ([Window("other", platforms=("beta",), days="mon-sun")], "2026-11-23T12:00", "2026-11-23T12:00"),
        ([Window("late", hours="22:00-24:00")], "2026-11-23T23:00", "2026-11-24T00:00"),
    ],
)
def test_the_next_opening(windows: list[Window], now: str, opens: str) -> None:
    assert open_at(windows, "alpha", at(now)) == at(opens)


def test_windows_without_any_opening_have_none() -> None:
    assert open_at([Window("for ever", days="mon-sun")], "alpha", NOON) is None
    assert (
        open_at([Window("by day", hours="08:00-20:00"), Window("by night", hours="20:00-08:00")], "alpha", NOON) is None
    )
    assert open_at([Window("for ever", until=NOON + 399 * DAY)], "alpha", NOON) == NOON + 399 * DAY


def test_the_windows_that_close_are_named() -> None:
    saturday = at("2026-11-28T22:00")
    assert [w.name for w in closing([NIGHT, WEEKEND, Window("b", platforms=("beta",))], "alpha", saturday)] == [
        "night",
        "weekend",
    ]
    assert closing([NIGHT], "alpha", NOON) == ()


def test_an_hour_that_comes_twice_is_closed_twice() -> None:
    # Berlin sets its clocks back at 03:00 on 2026-10-25; from 02:00 to 03:00 comes twice.
    window = Window("hour", hours="02:00-03:00", zone="Europe/Berlin")
    first = at("2026-10-25T02:30", "+02:00")
    opens = open_at([window], "alpha", first)
    assert opens is not None
    assert not window.closed(opens)
    assert all(window.closed(first + n * 60) for n in range(int((opens - first) // 60)))


spans = st.sampled_from(["", "08:00-12:00", "20:00-08:00", "00:00-06:00,13:00-14:00"])
days = st.sampled_from(["", "mon-fri", "sat", "11-20..11-30", "mon,wed"])


@given(
    st.lists(st.builds(Window, name=st.just("w"), hours=spans, days=days), max_size=3),
    st.integers(0, 14 * 24 * 4),
)
def test_nothing_before_the_opening_is_open_and_the_opening_is(windows: list[Window], quarters: int) -> None:
    now = NOON + quarters * 900.0
    opens = open_at(windows, "alpha", now)
    if opens is None:
        assert any(not w.hours for w in windows)
        return
    assert not closing(windows, "alpha", opens)
    steps = [now + n * 900.0 for n in range(int((opens - now) // 900) + 1)]
    assert all(closing(windows, "alpha", step) for step, _ in pairwise([*steps, opens]) if step < opens)
