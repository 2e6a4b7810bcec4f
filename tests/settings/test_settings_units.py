"""Quantities as people write them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.settings import units

UNIT = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("6h", 21_600), ("3d", 259_200), ("1w", 604_800), ("1d12h", 129_600),
     ("500ms", 0.5),
     ("1.5h", 5_400), (" 1 d 12 h ", 129_600), (90, 90), (0.25, 0.25), (0, 0), ("0s", 0)],
)  # fmt: skip
def test_durations(text: object, seconds: float) -> None:
    assert units.duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "6", "h", "6x", "6H", "-6h", "6h!", "1d-2h", "½h", "1e3s", -1, True, math.inf, math.nan, None, []],
)
def test_what_is_no_duration(text: object) -> None:
    assert units.duration(text) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(sorted(UNIT))), min_size=1, max_size=5))
def test_parts_of_a_duration_add_up(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{n}{unit}" for n, unit in parts)
    assert units.duration(text) == sum(n * UNIT[unit] for n, unit in parts)


@settings(deadline=None)
@given(st.text(max_size=12))
def test_no_text_makes_a_duration_raise_or_negative(text: str) -> None:
    seconds = units.duration(text)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


@pytest.mark.parametrize(
    ("text", "size"),
    [("1 GiB", 1 << 30), ("256KiB", 262_144), ("10 MB", 10_000_000),
     ("1.5 KiB", 1_536), ("512", 512), (7, 7),
     ("512 B", 512), ("0", None), (-1, None), ("1 gib", None), ("1 XiB", None), (True, None), (1.0, None),
     ("", None), ("0.3 B", None)],
)  # fmt: skip
def test_sizes(text: object, size: int | None) -> None:
    assert units.size(text) == size


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("0660", 0o660),
        ("660", 0o660),
        ("0o666", 0o666),
        (0o600, 0o600),
        ("0888", None),
        ("rw", None),
        (0o1777, None),
    ],
)
def test_modes(text: object, mode: int | None) -> None:
    assert units.mode(text) == mode


def test_instants() -> None:
    assert units.instant("2026-01-05T09:00:00+08:00") == 1_767_574_800.0
    assert units.instant(1_767_574_800) == 1_767_574_800.0
    assert units.instant("2026-01-05T09:00:00") is None
    assert units.instant("soon") is None
