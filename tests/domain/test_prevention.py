"""Habits that get a number marked, and complaints: from which figures on, and each said once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.prevention import (
    Alarm,
    Habit,
    PreventionPolicy,
    Watched,
    complaints_level,
    news,
    purposes,
    warnings,
)

TODAY = date(2026, 11, 23)
POLICY = PreventionPolicy()


def day(ago: int, calls: int = 50, **more: object) -> DayCalls:
    values: dict[str, object] = {"calls": calls, "answered": calls // 2}
    return DayCalls((TODAY - timedelta(days=ago)).isoformat(), **values | more)  # type: ignore[arg-type]  # by name


def habits(days: list[DayCalls], policy: PreventionPolicy = POLICY) -> dict[str, tuple[str, ...]]:
    return {warned.habit: warned.facts for warned in warnings(days, TODAY, policy)}


QUIET = [day(n) for n in range(14)]


def test_ordinary_calls_warn_of_nothing() -> None:
    assert habits(QUIET) == {}
    assert habits([]) == {}


def test_a_number_of_two_purposes() -> None:
    days = [day(1, purpose="回访"), day(0, purpose="销售；回访")]
    assert habits(days) == {Habit.MIXED: ("used for 回访, 销售",)}
    assert habits([day(9, purpose="销售"), day(0, purpose="回访")]) == {}, "longer ago than the window"
    assert habits(days, structs.replace(POLICY, purposes=3)) == {}
    assert purposes(day(0, purpose=" a, b;a、 ")) == ("a", "b")


def test_calls_outside_hours() -> None:
    days = [day(0, 100, off_hours=5)]
    assert habits(days) == {Habit.OFF_HOURS: ("5% of the calls outside the hours in which people expect them",)}
    assert habits([day(0, 100, off_hours=4)]) == {}
    assert habits(days, structs.replace(POLICY, off_hours_share=0.06)) == {}
    assert habits(days, structs.replace(POLICY, least_calls=101)) == {}
    assert habits([day(0, 100)], structs.replace(POLICY, off_hours_share=0.0)) == {}


def test_calls_like_a_robots() -> None:
    days = [day(n, 150, answered=100, short=50) for n in range(7)]
    assert habits(days) == {Habit.ROBOT: ("150 calls a day, of which 50% of the answered ones end within seconds",)}
    assert habits(days, structs.replace(POLICY, calls_a_day=151.0)) == {}
    assert habits(days, structs.replace(POLICY, short_share=0.51)) == {}


def test_a_burst() -> None:
    days = [*QUIET[1:], day(0, 300)]
    assert habits(days) == {Habit.ROBOT: ("300 calls on 2026-11-23, after 50 a day before it",)}
    assert habits(days, structs.replace(POLICY, burst_calls=301)) == {}
    assert habits(days, structs.replace(POLICY, burst_rise=6.1)) == {}
    assert habits([day(0, 300)]) == {}, "nothing to compare with"


def test_what_was_told_late_counts_and_what_is_old_does_not() -> None:
    assert Habit.OFF_HOURS in habits([day(7, 100, off_hours=50)])
    assert habits([day(8, 100, off_hours=50)]) == {}
    assert habits([day(3, 100, off_hours=50), day(-1)]) != {}, "a day to come says nothing"
    assert habits([day(0), day(6, 100, off_hours=90)], structs.replace(POLICY, window_days=3)) == {}


@pytest.mark.parametrize(
    ("complaints", "level"),
    [(0, Alarm.NONE), (2, Alarm.NONE), (3, Alarm.EMERGENCY), (4, Alarm.EMERGENCY), (5, Alarm.ALARM), (99, Alarm.ALARM)],
)
def test_three_complaints_are_an_emergency_and_five_an_alarm(complaints: int, level: Alarm) -> None:
    assert complaints_level(day(0, complaints=complaints), POLICY) is level


def test_both_figures_can_be_changed() -> None:
    policy = structs.replace(POLICY, complaints_emergency=1, complaints_alarm=2)
    assert [complaints_level(day(0, complaints=n), policy) for n in (0, 1, 2)] == [0, 1, 2]


def test_complaints_are_said_once_a_day_and_level() -> None:
    found = news([day(0, complaints=3)], Watched(), TODAY, POLICY)
    assert [(d.complaints, level) for d, level in found.complaints] == [(3, Alarm.EMERGENCY)]
    again = news([day(0, complaints=4)], found.watched, TODAY, POLICY)
    assert again.complaints == ()
    worse = news([day(0, complaints=5)], again.watched, TODAY, POLICY)
    assert [level for _, level in worse.complaints] == [Alarm.ALARM]
    tomorrow = TODAY + timedelta(days=1)
    next_day = news([day(0, complaints=5), day(-1, complaints=3)], worse.watched, tomorrow, POLICY)
    assert [d.day for d, _ in next_day.complaints] == [tomorrow.isoformat()]
    much_later = news([day(0, complaints=5)], next_day.watched, TODAY + timedelta(days=30), POLICY)
    assert (much_later.complaints, much_later.watched.complaints) == ((), {})


def test_complaints_of_days_long_gone_are_only_kept() -> None:
    assert news([day(2, complaints=9)], Watched(), TODAY, POLICY).complaints == ()
    longer = structs.replace(POLICY, complaints_days=3)
    assert len(news([day(2, complaints=9)], Watched(), TODAY, longer).complaints) == 1


def test_a_habit_is_said_once_an_episode() -> None:
    days, watched, said = [], Watched(), []
    for n in range(40):
        today = TODAY + timedelta(days=n)
        bad = n < 10 or n >= 30
        days.append(DayCalls(today.isoformat(), 100, 50, off_hours=20 if bad else 0))
        found = news(days, watched, today, POLICY)
        watched = found.watched
        said += [n for _ in found.warned]
    assert said == [0, 31], "one day in seven is not enough of them"


@given(st.lists(st.integers(0, 12), max_size=20))
def test_no_level_of_a_day_is_ever_said_twice(counts: list[int]) -> None:
    watched, said = Watched(), []
    for count in counts:
        found = news([day(0, complaints=count)], watched, TODAY, POLICY)
        watched = found.watched
        said += [level for _, level in found.complaints]
    assert said == sorted(set(said))
    assert max(said, default=Alarm.NONE) == max(
        (complaints_level(day(0, complaints=count), POLICY) for count in counts), default=Alarm.NONE
    )
