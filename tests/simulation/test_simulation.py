"""The simulated world with every commit: some seeds, every planted bug. `make simulate SEEDS=n` runs more seeds.

Everything is run at once when the first test asks for it; each test looks at its part.
"""

import os
import re
from collections import Counter
from unittest import mock

import pytest
import trio
from msgspec import structs

from numtrustd.domain.workflows import REGISTRY
from tests.simulation import caught, coverage
from tests.simulation.__main__ import main, tell
from tests.simulation.drawing import draw_plan
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import BATCHES, KINDS, SIMULATED, Calm, Plan
from tests.simulation.promises import CRASHES, Promise
from tests.simulation.run import Played, Run
from tests.simulation.suite import WORKERS, digests, make_deterministic, regressions, run_jobs, run_seed

SEEDS = range(100)

NAMED = frozenset(
    {
        "no_durable_intent",
        "retry_on_unknown",
        "resend_at_restart",
        "no_settle_time",
        "monotonic_time_stored",
        "retry_after_unclamped",
        "last_commit_lost",
        "unknown_is_clean",
        "hysteresis_one_way",
        "stale_timer_fires",
        "reload_loses_cases",
        "parked_without_record",
        "batch_intent_not_stored",
        "batch_resent_at_restart",
        "batches_forgotten",
        "pending_is_clean",
        "report_said_before_stored",
        "mark_met_unsent",
        "mark_in_working_days",
        "window_ignored",
        "maintenance_ignored",
        "over_budget_sent",
        "charge_not_entered",
        "charge_never_settled",
        "identity_not_stored",
        "pause_not_chased",
        "early_release",
        "errands_forgotten",
        "force_not_recorded",
        "cancelled_twice",
        "asked_while_leaving",
        "residual_at_once",
        "residual_everywhere",
        "forbidden_word_sent",
        "stale_wish_sent",
        "tags_always_free",
        "plain_days",
        "inspection_not_stored",
        "backup_not_marked",
        "restored_goes_on",
    }
)
"""Mutants that there have to be, whatever else there is."""

Runs = dict[tuple[int, str], Played]


@pytest.fixture(scope="module")
def runs() -> Runs:
    """Every seed's run; and of each mutant's seeds as many as it takes until one catches it."""
    # Beside other processes of tests it takes its own share and no more: some hold a clock against the machine.
    workers = 1 if "PYTEST_XDIST_WORKER" in os.environ else WORKERS
    jobs = [(seed, "") for seed in sorted({*SEEDS, *regressions()})]
    known = {name: list(seeds) for name, seeds in caught.seeds().items() if name in MUTANTS}
    found: Runs = {}
    while jobs := [*jobs, *((seeds.pop(0), name) for name, seeds in known.items() if seeds)]:
        found.update(zip(jobs, run_jobs(jobs, workers), strict=True))
        for name in [name for seed, name in jobs if name and _catches(found[seed, name])]:
            del known[name]
        jobs = []
    return found


def _catches(played: Played) -> bool:
    return played.violation is not None and played.violation.promise not in CRASHES


def _broken(runs: Runs, seeds: set[int]) -> list[str]:
    return [f"seed {s}: {p.violation}" for (s, mutant), p in runs.items() if s in seeds and not mutant and p.violation]


@pytest.mark.covers("W1", "W2", "W3", "W4", "W5", "W6", "W10", "W11", "P1", "P10", "S4", "S5", "S10")
def test_every_promise_holds_in_every_seed(runs: Runs) -> None:
    assert not _broken(runs, set(SEEDS))


def test_what_once_was_wrong_is_right(runs: Runs) -> None:
    assert not _broken(runs, set(regressions()))


@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_planted_bug_is_caught(mutant: str, runs: Runs) -> None:
    again = f"python -m tests.simulation --mutant {mutant} --keep"
    seeds = caught.seeds().get(mutant)
    assert seeds, f"no seed is known that catches {mutant}: look for some with `{again}`"
    said = {seed: str(played.violation) for (seed, name), played in runs.items() if name == mutant}
    assert any(_catches(p) for (_, name), p in runs.items() if name == mutant), (
        f"{said}: look for others with `{again}`"
    )


def test_the_planted_bugs_are_those_that_there_have_to_be() -> None:
    assert not NAMED - set(MUTANTS)
    assert set(caught.seeds()) <= set(MUTANTS), "caught.toml speaks of mutants that there are no more"
    promises = {promise for seeds in caught.seeds().values() for promise in seeds.values()}
    assert promises <= {str(promise) for promise in Promise if promise not in CRASHES}


def test_enough_goes_wrong_to_prove_anything(runs: Runs) -> None:
    plain = [played for (_, mutant), played in runs.items() if not mutant]
    met = Counter(kind for played in plain for (_, kind) in played.met)
    assert not [kind for kind in (*KINDS, *BATCHES) if not met[kind]], "never met"
    assert sum(p.counts.get("deaths", 0) for p in plain) > len(SEEDS)
    assert sum(p.counts.get("action.sent", 0) for p in plain) > len(SEEDS)
    assert sum(p.counts.get("case.closed", 0) for p in plain) > len(SEEDS)
    assert sum(p.counts.get("batches", 0) for p in plain) > len(SEEDS)
    assert sum(p.counts.get("reports", 0) for p in plain) > len(SEEDS)
    assert sum(p.counts.get("restores", 0) for p in plain) > 5
    for what in ("tags asked for", "removals asked for", "numbers given up", "inspections"):
        assert sum(p.counts.get(what, 0) for p in plain) > 5, what


def test_what_is_declared_impossible_never_happens(runs: Runs) -> None:
    met: Counter[coverage.Pair] = Counter()
    for (_, mutant), played in runs.items():
        met.update({} if mutant else played.met)
    assert not coverage.misjudged(met)
    assert all(coverage.CANNOT_MEET.values()), "each needs its reason"
    assert set(SIMULATED) == set(REGISTRY), "every workflow happens in runs"


def test_a_seed_gives_one_run_whatever_the_hash_seed() -> None:
    one, other = digests((0, 1, 2), (1, 2))
    assert one == other
    assert len(set(one)) == 3, "different seeds, different runs"


class _Steps(trio.abc.Instrument):
    """Notes which task has a step, for as long as it takes to see an order."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if len(self.names) < 5_000:
            self.names.append(task.name)


def _steps(plan: Plan, shuffle: int) -> list[str]:
    run, steps = Run(plan, shuffle=shuffle), _Steps()
    with mock.patch.object(run.mishaps, "instruments", return_value=[steps]):
        assert run.play().violation is None
    return steps.names


def test_the_order_in_which_things_run_is_shuffled_from_a_seed() -> None:
    """One plan, in which nothing goes wrong, run in the order of one seed, of the same one again, and of others."""
    make_deterministic()
    drawn = draw_plan(3)
    calm = tuple(entry for entry in drawn.agenda if isinstance(entry.what, Calm))
    plan = structs.replace(drawn, agenda=calm, deaths=(), bugs=(), lies=())
    one, again, *others = (_steps(plan, shuffle) for shuffle in (1, 1, 2, 3))
    assert len(one) > 1_000
    assert one == again
    for other in others:
        at = next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        assert one[at] in other[at : at + 50], "it has its step there as well, and not at once"


def test_a_plan_is_drawn_from_its_seed_alone() -> None:
    assert draw_plan(7) == draw_plan(7)
    assert draw_plan(7) != draw_plan(8)


def test_a_broken_promise_is_told_with_its_seed_and_a_trace_that_can_be_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Through the command's own functions: what a person gets to see who has to mend what broke."""
    mutant = "no_durable_intent"
    seed, promise = next(iter(caught.seeds()[mutant].items()))
    played = run_seed(seed, mutant)
    with MUTANTS[mutant].patch():  # what is told is run again, with its trace
        tell(played)
    first, *lines, last, again = capsys.readouterr().out.strip().splitlines()
    assert first == last == f"=== seed {seed}: {played.violation}"
    assert promise in first
    assert again.endswith(f"python -m tests.simulation --trace {seed}")
    trace = [line for line in lines if line]
    plan = [line for line in draw_plan(seed).lines() if line]
    assert trace[: len(plan)] == plan, "what was to happen comes first"
    *happened, broken = trace[len(plan) :]
    assert len(happened) > 10
    for line in happened:
        assert re.match(r" *\d+\.\d{5}  (-----|[a-z_.]+) +\S", line), "the day, what, and a sentence"
    days = [float(line.split()[0]) for line in happened]
    assert days == sorted(days)
    assert f"BROKEN: {promise}" in broken
    assert main(["--trace", str(seed), "--mutant", mutant]) == 1
    *same, said = capsys.readouterr().out.strip().splitlines()
    assert [line for line in same if line] == trace, "the seed alone brings it back"
    assert said == str(played.violation)
