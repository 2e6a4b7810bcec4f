"""A benchmark that measures more than was promised fails and says by how much."""

import math
import sys

import pytest
from msgspec import structs

import benchmarks.__main__ as program
from benchmarks import cases, questions
from benchmarks.bounds import Held, judged
from benchmarks.cases import Listing
from benchmarks.questions import Told

TOLD = Told(
    p50=7.0, p99=41.0, worst=178.0, idle_p50=1.0, idle_p99=9.0, asked=1_000, looks=99.0, watched=3_000, silent=0,
    slow_watched=700, slow_missed=2_000, slow_silent=0,
)  # fmt: skip
LISTING = Listing(
    ready=3.7, listed=1.9, pages=50, p99_before=11.0, p99=29.0, worst=60.0, looks_before=200.0, looks=198.0
)


@pytest.mark.parametrize(
    ("figure", "over"),
    [
        (Held("x", 50.0, "ms", most=50.0), ""),
        (Held("x", 50.1, "ms", most=50.0), "x: 50.1 ms, where 50 is the most"),
        (Held("x", 0.79, "of 1", least=0.8), "x: 0.79 of 1, where 0.8 is the least"),
        (Held("x", 0.8, "of 1", least=0.8), ""),
        (Held("x", math.nan, "ms", most=50.0), "x: nan ms, where 50 is the most"),
    ],
)
def test_a_figure_is_held_to_its_bound(figure: Held, over: str) -> None:
    assert figure.over == over


def test_what_was_measured_here_is_within_its_bounds() -> None:
    assert questions.report([TOLD]).over == ()
    assert cases.report([LISTING]).over == ()


@pytest.mark.parametrize("field", ["p99", "silent", "slow_silent"])
def test_questions_that_take_too_long_or_miss_lines_fail(field: str) -> None:
    bad = structs.replace(TOLD, **{field: 61.0})
    [over] = questions.report([bad, bad]).over
    assert "61" in over or "122" in over


@pytest.mark.parametrize(("field", "value"), [("ready", 10.5), ("p99", 250.0), ("looks", 20.0)])
def test_cases_that_start_late_or_stall_the_looks_fail(field: str, value: float) -> None:
    [over] = cases.report([structs.replace(LISTING, **{field: value})]).over
    assert over


def test_one_round_that_was_disturbed_is_not_what_counts() -> None:
    assert questions.report([TOLD, structs.replace(TOLD, p99=400.0), TOLD]).over == ()


@pytest.mark.parametrize(("measured", "status"), [(41.0, 0), (61.0, 1)])
def test_the_program_fails_with_the_figure(
    measured: float, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def part(*, quick: bool) -> object:
        assert quick
        return judged("| a table |", [Held("`status`", measured, "ms", most=50.0)])

    monkeypatch.setitem(program.PARTS, "questions", part)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "questions", "--quick"])
    monkeypatch.setattr(program.signal, "signal", lambda *_: None)
    assert program.main() == status
    out, err = capsys.readouterr()
    assert "| a table |" in out
    assert err == ("over its bound: `status`: 61 ms, where 50 is the most\n" if status else "")
