"""CI says what each of its steps took, and fails for one that works far too long; a slow machine is no failure."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STEP = ROOT / ".ci" / "step"

WORKS = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"
"""Shell that keeps a processor busy for some hundredths of a second, and hardly for more."""


def step(tmp_path: Path, budget: str, *command: str, **environ: str) -> tuple[int, str, str]:
    """The exit status of one step, its output, and what is noted of it."""
    noted = tmp_path / "steps"
    done = subprocess.run(
        [STEP, "a step", budget, *command],
        env={**os.environ, "CI_STEPS": str(noted), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, noted.read_text()


def test_what_a_step_took_is_noted_and_its_output_is_not_touched(tmp_path: Path) -> None:
    status, said, noted = step(tmp_path, "30", "sh", "-c", "echo out; echo err >&2")
    assert status == 0
    assert re.fullmatch(r"a step +\d+\.\d s, +\d+\.\d s of work, of 30 s\n", noted)
    assert "out\n" in said
    assert "err\n" in said


def test_a_step_that_fails_fails(tmp_path: Path) -> None:
    status, _, noted = step(tmp_path, "30", "sh", "-c", "exit 3")
    assert status == 3
    assert noted.endswith(": failed (3)\n")


def test_a_step_that_waits_for_others_is_told_and_is_no_failure(tmp_path: Path) -> None:
    status, said, noted = step(tmp_path, "0.1", "sleep", "0.3")
    assert status == 0
    assert noted.endswith(": SLOW\n")
    assert "*** a step took longer than it may" in said


def test_a_step_that_works_far_too_long_fails_with_the_figure(tmp_path: Path) -> None:
    status, _, noted = step(tmp_path, "0.0001", "sh", "-c", WORKS)
    assert status == 1
    assert re.search(r"\d+\.\d s of work, of 0\.0001 s: TOO MUCH WORK, 0\.0004 s is the most$", noted)


def test_a_step_that_hangs_is_ended(tmp_path: Path) -> None:
    status, _, noted = step(tmp_path, "30", "sleep", "60", CI_HANGS="0.2")
    assert status == 124
    assert noted.endswith(": HANGS, was ended\n")


@pytest.mark.parametrize("command", ["make deb", "make check", "make simulate FIRST=100 SEEDS=400"])
def test_ci_runs_each_command_as_a_step(command: str) -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(rf'^\.ci/step "\w+" \d+ {re.escape(command)}\b', run, re.MULTILINE)
