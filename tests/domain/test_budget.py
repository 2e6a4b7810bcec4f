"""Quotas and money by calendar day and month, at the platform's midnight."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.budget import Budget, Spent, again, give_back, left, spend, spent_by

CHINA = "+08:00"


def at(text: str) -> float:
    return datetime.fromisoformat(text + CHINA).timestamp()


NOON = at("2026-11-22T12:00")


def test_without_bounds_nothing_is_ever_used_up() -> None:
    spent = spend(Spent(), Budget(), NOON, 10**9)
    assert left(spent, Budget(), NOON) is None
    assert again(spent, Budget(), NOON) is None


def test_a_days_quota_begins_anew_at_the_platforms_midnight() -> None:
    budget = Budget(per_day=3)
    spent = spend(Spent(), budget, NOON, 3)
    assert left(spent, budget, NOON) == 0
    assert again(spent, budget, NOON) == (at("2026-11-23T00:00"), "the 3 looks of this day are used up")
    assert again(spent, budget, at("2026-11-22T23:59:59")) is not None
    assert again(spent, budget, at("2026-11-23T00:00")) is None
    assert left(spent, budget, at("2026-11-23T00:00")) == 3
    assert spent_by(spent, budget, at("2026-11-23T00:00")) == Spent("2026-11-23", 0, "2026-11", 3)


def test_a_month_ends_at_its_own_end() -> None:
    budget = Budget(per_month=5)
    december = spend(Spent(), budget, at("2026-12-31T23:00"), 5)
    assert again(december, budget, at("2026-12-31T23:30")) == (
        at("2027-01-01T00:00"),
        "the 5 looks of this month are used up",
    )
    assert again(december, budget, at("2027-01-01T00:00")) is None


@pytest.mark.parametrize(
    ("money", "price", "looks"), [(10.0, 0.1, 100), (1.0, 0.3, 3), (0.0, 0.5, 0), (5.0, 0.0, None)]
)
def test_money_is_looks(money: float, price: float, looks: int | None) -> None:
    budget = Budget(money=money, price=price)
    assert budget.looks_a_month == looks
    assert left(Spent(), budget, NOON) == looks


def test_the_tighter_of_quota_and_money_holds_and_is_named() -> None:
    paid = Budget(per_month=100, money=2.0, price=0.1)
    assert again(spend(Spent(), paid, NOON, 20), paid, NOON) == (
        at("2026-12-01T00:00"),
        "the 2 yuan of this month are used up",
    )
    quota = Budget(per_month=10, money=2.0, price=0.1)
    found = again(spend(Spent(), quota, NOON, 10), quota, NOON)
    assert found is not None
    assert found[1] == "the 10 looks of this month are used up"


def test_what_was_spent_while_the_clock_was_ahead_is_spent_once() -> None:
    budget = Budget(per_day=10)
    spent = spend(Spent(), budget, at("2027-06-01T12:00"), 4)
    assert left(spent, budget, NOON) == 6
    later = spend(spent, budget, NOON, 6)
    assert again(later, budget, NOON) == (at("2026-11-23T00:00"), "the 10 looks of this day are used up")


@given(
    st.lists(st.tuples(st.floats(0, 200_000), st.integers(1, 3)), max_size=60),
    st.integers(1, 10),
    st.integers(1, 40),
)
def test_whoever_asks_before_each_look_never_passes_a_bound(
    steps: list[tuple[float, int]], per_day: int, per_month: int
) -> None:
    budget = Budget(per_day=per_day, per_month=per_month)
    spent, now = Spent(), NOON
    days: dict[str, int] = {}
    months: dict[str, int] = {}
    for pause, wanted in steps:
        now += pause
        for _ in range(wanted):
            rest = left(spent, budget, now)
            assert rest is not None
            assert (rest == 0) == (again(spent, budget, now) is not None)
            if rest == 0:
                until = again(spent, budget, now)
                assert until is not None
                assert until[0] > now
                break
            spent = spend(spent, budget, now)
            current = spent_by(spent, budget, now)
            days[current.day] = days.get(current.day, 0) + 1
            months[current.month] = months.get(current.month, 0) + 1
    assert all(n <= per_day for n in days.values())
    assert all(n <= per_month for n in months.values())


def test_what_was_refused_is_paid_back_to_the_day_and_month_it_was_taken_from() -> None:
    budget = Budget(per_day=100, price=0.5, money=100)
    spent = spend(spend(Spent(), budget, NOON, 7), budget, NOON, 20)
    assert give_back(spent, budget, NOON + 60, NOON, 20) == spend(Spent(), budget, NOON, 7)
    tomorrow = give_back(spent, budget, at("2026-11-23T01:00"), NOON, 20)
    assert (tomorrow.day_looks, tomorrow.month_looks) == (0, 7)
    next_month = give_back(spent, budget, at("2026-12-01T01:00"), NOON, 20)
    assert (next_month.day_looks, next_month.month_looks) == (0, 0)


@given(first=st.integers(0, 50), batch=st.integers(0, 50), hours=st.floats(0, 2_000))
def test_nothing_is_paid_back_that_was_not_spent(first: int, batch: int, hours: float) -> None:
    budget = Budget(per_day=100, per_month=1_000)
    spent = spend(spend(Spent(), budget, NOON, first), budget, NOON, batch)
    back = give_back(spent, budget, NOON + hours * 3_600, NOON, batch)
    kept = spent_by(spend(Spent(), budget, NOON, first), budget, NOON + hours * 3_600)
    assert back == kept
