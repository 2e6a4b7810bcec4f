"""A few seeds of the simulated world with every commit; `make simulate SEEDS=n` runs more, and says what broke."""

import pytest

from tests.simulation.suite import run_jobs

SEEDS = range(24)


@pytest.mark.covers("W1", "W2", "W3", "W5", "W6", "P1", "P10", "S4", "S5")
def test_every_promise_holds_in_every_seed() -> None:
    played = list(run_jobs([(seed, "") for seed in SEEDS]))
    assert [p.seed for p in played] == list(SEEDS)
    assert not [f"seed {p.seed}: {p.violation}" for p in played if p.violation is not None]
    assert sum(p.counts.get("deaths", 0) for p in played) > len(SEEDS) / 2, "too few deaths to prove anything"
    assert sum(p.counts.get("action.sent", 0) for p in played) > 0
