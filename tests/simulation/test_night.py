"""What a night's run says of the pairs of state and fault, and when it fails. The counts are made up here."""

from collections.abc import Iterable, Iterator

import pytest

from tests.simulation import __main__ as program
from tests.simulation import coverage
from tests.simulation.coverage import Pair
from tests.simulation.plan import EVERY_COMMIT
from tests.simulation.promises import Promise
from tests.simulation.run import Played, Violation

DEMANDED = [pair for pair in coverage.pairs() if pair not in coverage.CANNOT_MEET]


class Night:
    """Stands in for the runs: each seed met the same."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.met: dict[Pair, int] = dict.fromkeys(DEMANDED, 1)
        self.seeds: list[int] = []
        self.broken: Violation | None = None
        monkeypatch.setattr(program, "run_seeds", self._run)
        monkeypatch.setattr(program, "digests", lambda seeds, hash_seeds: [["same"], ["same"]])
        monkeypatch.setattr(program, "tell", lambda played: print(f"told {played.seed}"))

    def _run(self, seeds: Iterable[int], *, workers: int) -> Iterator[Played]:
        self.seeds = list(seeds)
        for seed in self.seeds:
            yield Played(seed, self.broken, "", 1, {"deaths": 2}, self.met, [])


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Night:
    return Night(monkeypatch)


def test_it_is_fine_when_each_pair_was_met(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--nightly", "--seeds", "3"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("3 seeds in ")
    assert "0 broken promises" in said
    assert "never met" not in said
    assert "impossible" not in said
    cells = [cell for line in said.splitlines()[1:] for cell in line.split()[1:]]
    assert "3" in cells
    assert "-" not in cells
    assert "." in cells, "what cannot meet"


def test_it_demands_every_pair_of_every_workflow(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    night.met = {}
    assert program.main(["--nightly", "--seeds", "1"]) == 1
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("never met: ")]
    assert line.removeprefix("never met: ").split(", ") == [f"{state} × {kind}" for state, kind in DEMANDED]


@pytest.mark.parametrize(
    "pair", [("waiting", "hold"), ("certificate chasing", "restored"), ("batch open", "batch_gone")]
)
def test_it_names_what_was_never_met_and_fails(pair: Pair, night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    assert pair in night.met
    del night.met[pair]
    assert program.main(["--nightly", "--seeds", "2"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert f"never met: {pair[0]} × {pair[1]}" in said
    assert sum(line.split()[1:].count("-") for line in said) == 1, "and in its table's cell"


def test_it_names_what_was_met_although_declared_impossible(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    night.met["cooling", "late"] = 1
    assert program.main(["--nightly", "--seeds", "2"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert "met, although declared impossible: cooling × late" in said
    assert not [line for line in said if line.startswith("never met")]


def test_it_tells_every_broken_promise(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    night.broken = Violation(86_400.0, Promise.GOES_ON, "it fell over")
    assert program.main(["--nightly", "--seeds", "5"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith("told ")] == [f"told {EVERY_COMMIT + n}" for n in range(3)]
    assert [f"seed {seed}: {night.broken}" in said for seed in night.seeds] == [True] * 5


def test_it_is_three_thousand_seeds_beyond_those_of_every_commit(night: Night) -> None:
    assert program.main(["--nightly"]) == 0
    assert night.seeds == list(range(EVERY_COMMIT, EVERY_COMMIT + 3_000))
    assert program.main(["--nightly", "--seeds", "10", "--first", "7"]) == 0
    assert night.seeds == list(range(7, 17))
    assert program.main(["--seeds", "4"]) == 0
    assert night.seeds == [0, 1, 2, 3]
