"""What was meant by a mistyped id or number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.near import near, near_number

NUMBER = "+8613800138000"
NUMBERS = st.text("0123456789", min_size=3, max_size=15).map("+".__add__)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("huawie", "huawei"),
        ("HUAWEI", "huawei"),
        ("sogou.serch", "sogou.search"),
        ("sogou", None),
        ("", None),
        ("z" * 5_000, None),
    ],
)
def test_the_nearest_id_is_meant(word: str, meant: str | None) -> None:
    assert near(word, ("huawei", "sogou.search", "xiaomi")) == meant


@pytest.mark.parametrize(
    "slip", ["+8613800138001", "+861380013800", "+86138000138000", "+8613080138000", "+8631800138000"]
)
def test_a_number_is_meant_that_is_one_slip_away(slip: str) -> None:
    assert near_number(slip, {NUMBER, "95588"}) == NUMBER


def test_nothing_is_guessed_between_two_numbers_or_from_afar() -> None:
    assert near_number("+8613800138001", {NUMBER, "+8613800138002"}) is None
    assert near_number("+8613800138011", {NUMBER}) is None
    assert near_number(NUMBER, {NUMBER}) is None


@given(NUMBERS, NUMBERS)
def test_what_is_meant_is_known_and_no_more_than_a_digit_longer_or_shorter(number: str, other: str) -> None:
    meant = near_number(number, {other})
    assert meant in (None, other)
    assert meant is None or abs(len(meant) - len(number)) <= 1
