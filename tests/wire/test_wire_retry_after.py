"""Retry-After: both forms, and nothing hostile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.wire.exchange import Reply
from numtrustd.wire.retry_after import LONGEST, SHORTEST, retry_after

NOW = 1_795_000_000.0  # Wed, 18 Nov 2026 11:06:40 GMT


def asked(value: str) -> float | None:
    return retry_after(Reply(429, (("retry-after", value),), b""), NOW)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", 120.0),
        (" 30 ", 30.0),
        ("0", SHORTEST),
        ("86400", LONGEST),
        ("999999999999", LONGEST),
        ("99999999999999999999", LONGEST),
        ("Wed, 18 Nov 2026 11:08:40 GMT", 120.0),
        ("Wednesday, 18-Nov-26 11:08:40 GMT", 120.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", SHORTEST),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
    ],
)
def test_waits(value: str, wait: float) -> None:
    assert asked(value) == wait


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-1",
        "abc",
        "1e12",
        "1.5",
        "inf",
        "nan",
        "٣٠",
        "1" * 21,
        "Wed, 99 Nov 2026 11:08:40 GMT",
        "soon " * 999,
    ],
)
def test_believes_nothing_else(value: str) -> None:
    assert asked(value) is None


def test_no_header() -> None:
    assert retry_after(Reply(429, (), b""), NOW) is None


@pytest.mark.covers("W6")
@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_never_raises_and_never_leaves_the_bounds(value: str) -> None:
    wait = asked(value)
    assert wait is None or SHORTEST <= wait <= LONGEST
