"""The days of the regular inspection."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.workflows.inspection import InspectionPolicy, next_day

CHINA = ZoneInfo("Asia/Shanghai")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp()


@pytest.mark.parametrize(
    ("after", "policy", "expected"),
    [
        ("2026-11-05 12:00", InspectionPolicy(), "2026-11-20 09:00"),
        ("2026-11-20 09:00", InspectionPolicy(), "2026-12-20 09:00"),
        ("2026-12-24 09:00", InspectionPolicy(), "2027-01-20 09:00"),
        ("2026-11-05 12:00", InspectionPolicy(day=31), "2026-11-30 09:00"),
        ("2027-01-31 09:00", InspectionPolicy(day=31), "2027-02-28 09:00"),
        ("2026-11-05 12:00", InspectionPolicy(every="two_weekly"), "2026-11-19 09:00"),
        ("2026-12-28 09:00", InspectionPolicy(every="two_weekly"), "2027-01-11 09:00"),
    ],
)
def test_it_has_its_day(after: str, policy: InspectionPolicy, expected: str) -> None:
    assert next_day(at(after), policy) == at(expected)


@given(st.floats(0, 4e9), st.integers(1, 31), st.sampled_from(["monthly", "two_weekly"]))
def test_the_next_one_is_later_and_within_two_months(after: float, day: int, every: str) -> None:
    policy = InspectionPolicy(every=every, day=day)  # type: ignore[arg-type]  # one of them
    assert after - 86_400 < next_day(after, policy) < after + 63 * 86_400
    assert next_day(next_day(after, policy), policy) > next_day(after, policy) + 86_400
