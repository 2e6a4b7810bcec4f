"""Call statistics: what cannot be so is named, and what they say of a time."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain import call_stats
from numtrustd.domain.call_stats import DayCalls

TODAY = date(2026, 11, 23)
GOOD = DayCalls("2026-11-22", calls=100, answered=40, short=10, complaints=1, off_hours=5)


def test_a_good_day_has_no_fault() -> None:
    assert call_stats.faults(GOOD, TODAY) == []


@pytest.mark.parametrize(
    ("day", "field"),
    [
        (DayCalls("22.11.2026"), "day"),
        (DayCalls("2026-11-24"), "day"),
        (DayCalls("2024-11-24"), "day"),
        (DayCalls("2026-11-22", calls=-1), "calls"),
        (DayCalls("2026-11-22", calls=10**8), "calls"),
        (DayCalls("2026-11-22", calls=5, answered=6), "answered"),
        (DayCalls("2026-11-22", calls=5, answered=3, short=4), "short"),
        (DayCalls("2026-11-22", calls=5, off_hours=6), "off_hours"),
    ],
)
def test_what_cannot_be_so_is_named(day: DayCalls, field: str) -> None:
    assert field in [name for name, _ in call_stats.faults(day, TODAY)]


CALLS = st.integers(0, 500)


@given(st.lists(st.tuples(CALLS, CALLS, CALLS, st.integers(0, 9)), min_size=1, max_size=9))
def test_a_load_is_a_mean_and_shares_are_shares(rows: list[tuple[int, int, int, int]]) -> None:
    days = [
        DayCalls(f"2026-11-{n + 1:02}", calls=a + b + c, answered=a + b, short=a, complaints=d)
        for n, (a, b, c, d) in enumerate(rows)
    ]
    load = call_stats.load(days)
    assert load is not None
    assert load.calls * len(days) == pytest.approx(sum(d.calls for d in days))
    for share in (load.answered, load.short, load.off_hours):
        assert share is None or 0.0 <= share <= 1.0
    assert call_stats.load([]) is None


def test_the_day_is_that_of_the_zone() -> None:
    evening = datetime(2026, 9, 21, 18, tzinfo=UTC).timestamp()
    assert call_stats.day_of(evening, "Asia/Shanghai") == date(2026, 9, 22)
    assert call_stats.day_of(evening, "America/New_York") == date(2026, 9, 21)
