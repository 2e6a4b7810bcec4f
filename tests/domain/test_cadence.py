"""When the next look comes: sooner where more is at stake, never outside its hours, spread but not at random."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain import cadence
from numtrustd.domain.cadence import CadencePolicy, Pace, Peak

HOUR, DAY = 3_600.0, 86_400.0
POLICY = CadencePolicy()
NOW = datetime(2026, 11, 5, 2, 0, tzinfo=UTC).timestamp()  # ten in the morning in China
OWN = 6 * HOUR


def every(pace: Pace, policy: CadencePolicy = POLICY, own: float = OWN) -> float:
    return cadence.interval(policy, own, pace, NOW)


@pytest.mark.parametrize(
    ("pace", "hours"),
    [
        (Pace(), 6),
        (Pace(age=6.9 * DAY), 3),
        (Pace(age=7 * DAY), 6),
        (Pace(confirming=True), 0.5),
        (Pace(verifying=True), 6),
        (Pace(expected=True), 2),
        (Pace(quiet=90 * DAY), 12),
        (Pace(quiet=89 * DAY), 6),
        (Pace(age=DAY, confirming=True), 0.5),
        (Pace(quiet=90 * DAY, expected=True), 2),
    ],
)
def test_what_is_at_stake_sets_the_pace(pace: Pace, hours: float) -> None:
    assert every(pace) == hours * HOUR


def test_a_cases_pace_counts_where_the_usual_one_is_slower() -> None:
    assert every(Pace(verifying=True), own=2 * DAY) == POLICY.verify_interval
    assert every(Pace(verifying=True), own=HOUR) == HOUR, "never slower for it"


def test_a_peak_of_business_shortens_what_is_usual() -> None:
    peaks = (Peak("双十一", days="11-01..11-12", hours="09:00-22:00"), Peak("noon", hours="10:00-11:00", factor=0.25))
    busy = structs.replace(POLICY, peak=peaks)
    assert every(Pace(), busy) == OWN * 0.25, "the sharpest of several"
    assert every(Pace(), structs.replace(POLICY, peak=peaks[:1])) == OWN * 0.5
    assert every(Pace(quiet=90 * DAY), structs.replace(POLICY, peak=peaks[:1])) == OWN * 0.5
    assert cadence.interval(busy, OWN, Pace(), NOW + 13 * HOUR) == OWN, "late in the evening"


@given(st.integers(1, 40))
def test_a_look_that_saw_nothing_is_made_again_soon_and_then_ever_later(failures: int) -> None:
    found = every(Pace(failures=failures))
    assert found == min(OWN, POLICY.retry_interval * 2 ** min(failures - 1, 10))
    assert every(Pace(failures=failures, confirming=True)) <= POLICY.confirm_interval


PACES = st.builds(
    Pace,
    confirming=st.booleans(),
    verifying=st.booleans(),
    failures=st.integers(0, 20),
    age=st.floats(0, 400 * DAY),
    expected=st.booleans(),
    quiet=st.floats(0, 400 * DAY),
)
NUMBERS = st.integers(10**9, 10**10 - 1).map(lambda n: f"+861{n}")


@given(PACES, NUMBERS, st.floats(60, 30 * DAY))
def test_the_spread_is_a_share_of_the_interval_and_the_same_after_a_restart(
    pace: Pace, number: str, own: float
) -> None:
    due = cadence.next_look(POLICY, own, pace, NOW, number, "a.s", NOW)
    wait = every(pace, own=own)
    assert abs(due - NOW - wait) <= wait * POLICY.jitter / 2 + 1e-3
    assert due == cadence.next_look(POLICY, own, pace, NOW, number, "a.s", NOW)


@given(PACES, NUMBERS, st.sampled_from(["08:00-22:00", "22:00-06:00", "09:30-09:31", "00:00-06:00, 12:00-13:00"]))
def test_a_look_lies_within_its_hours(pace: Pace, number: str, text: str) -> None:
    policy = structs.replace(POLICY, hours="06:00-23:30")
    due = cadence.next_look(policy, OWN, pace, NOW, number, "a.s", NOW, within=(text,))
    local = datetime.fromtimestamp(due + 0.001, UTC).astimezone(ZoneInfo(policy.zone))
    assert cadence.hours.holds(due + 0.001, text, "", policy.zone), local
    assert cadence.hours.holds(due + 0.001, policy.hours, "", policy.zone), local


def test_a_number_that_was_never_seen_is_looked_at_at_once() -> None:
    assert cadence.next_look(POLICY, OWN, Pace(unseen=True, age=0), NOW, "+8613800138000", "a.s", NOW) == NOW
