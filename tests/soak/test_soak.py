"""A daemon that has been running for forty days holds no more than it did after thirteen; and a leak would be seen."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.flat import FEWEST, Bound, leaks, rise
from tests.soak.world import BOUNDS, BYTES_A_LINE, Sample, Samples, soak

SECONDS = 60.0
"""Real ones; a day passes in each."""

COUNT = 80
MIB = float(1 << 20)
CHANCE = random.Random(20260302)


def noise(size: float) -> float:
    return CHANCE.uniform(-size, size)


FLAT: dict[str, Callable[[int], float]] = {
    "constant": lambda n: 60 * MIB,
    "noise": lambda n: 60 * MIB + noise(4 * MIB),
    "saw teeth": lambda n: 60 * MIB + n % 7 * MIB,
    "a start that takes its time": lambda n: 60 * MIB + min(n, COUNT // 4) * MIB,
    "single peaks": lambda n: 60 * MIB + (200 * MIB if n % 9 == 4 else 0),
    "falling": lambda n: 90 * MIB - n * MIB / 10,
    "creeping below the bound": lambda n: 60 * MIB + n * MIB / 20,
}
LEAKING: dict[str, Callable[[int], float]] = {
    "a steady leak": lambda n: 60 * MIB + n * MIB / 8,
    "a steady leak in much noise": lambda n: 60 * MIB + n * MIB / 4 + noise(4 * MIB),
    "a leak that collections hide for a while": lambda n: 60 * MIB + n * MIB / 6 + n % 5 * MIB,
    "a leak in jumps": lambda n: 60 * MIB + n // 10 * 2 * MIB,
    "a leak that begins late": lambda n: 60 * MIB + max(0, n - COUNT // 2) * MIB / 4,
    "a leak that grows": lambda n: 60 * MIB + n * n * MIB / 1_000,
}


@pytest.mark.parametrize("name", FLAT)
def test_what_stays_flat_is_let_go(name: str) -> None:
    assert rise([FLAT[name](n) for n in range(COUNT)], BOUNDS["private"]).flat


@pytest.mark.covers("P6")
@pytest.mark.parametrize("name", LEAKING)
def test_a_leak_is_seen(name: str) -> None:
    series = [LEAKING[name](n) for n in range(COUNT)]
    assert leaks({"private": series}, {"private": BOUNDS["private"]}) != []


@pytest.mark.covers("P6")
@pytest.mark.parametrize(("name", "each"), [("descriptors", 9), ("threads", 12), ("tasks", 6)])
def test_a_leak_of_few_is_seen(name: str, each: int) -> None:
    """One more every few samples, among the connections and clients that come and go."""
    bound = {name: BOUNDS[name]}
    assert leaks({name: [24.0 + CHANCE.randint(-2, 2) for _ in range(COUNT)]}, bound) == []
    assert leaks({name: [24.0 + n // each + CHANCE.randint(-1, 1) for n in range(COUNT)]}, bound) != []


@pytest.mark.covers("S9", "P6")
def test_the_store_may_grow_by_what_is_kept_and_no_more() -> None:
    """A reader that is forgotten makes each commit take new pages."""

    def samples(page_leak: int) -> Samples:
        return Samples(Sample(n, 0, 0, 0, 0, n * (40 * 700 + page_leak), n * 40, 0, 0) for n in range(COUNT))

    bound = {"store": BOUNDS["store"]}
    assert leaks(samples(0).figures(), bound) == []
    assert leaks(samples(40 * 4 * 4_096).figures(), bound) != []
    assert samples(0).figures()["store"][10] == 10 * 40 * (700 - BYTES_A_LINE)


def test_too_short_a_series_says_nothing() -> None:
    with pytest.raises(ValueError, match=f"at least {FEWEST}"):
        rise([1.0] * (FEWEST - 1), Bound(0))
    assert rise([1.0] * FEWEST, Bound(0)).flat


@pytest.mark.covers("P6", "S9", "L2")
@pytest.mark.process
def test_forty_days_under_load_leave_nothing_behind(tmp_path: Path) -> None:
    found = soak(tmp_path, SECONDS)
    said = found.daemon.said
    assert found.status == 0, found.daemon.bad
    assert not found.daemon.bad
    assert len(found.samples) > SECONDS, "too few samples"
    assert leaks(found.samples.figures(), BOUNDS) == []
    # Without work nothing leaks.
    assert found.samples[-1].looks > 1_000
    assert min(said[kind] for kind in ("case.opened", "case.closed", "action.sent", "task.done", "verdict.changed")) > 5
    assert said["config.reloaded"] > 3
    assert sum(found.nuisance.done.values()) > 30
    assert len(found.nuisance.failed) < 5, found.nuisance.failed
