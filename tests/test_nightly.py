"""Each command of `make nightly` works: it is run as the Makefile has it, with its sizes made small.

The commands are what `make` itself would run. One that has no small size here fails, and so does one that is misspelt.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import TARGETS

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent

SMALL = {
    "tests.simulation": (("--seeds", "1"),),
    "tests.disk power-cut": (("--states", "4"), ("--rounds", "2"), ("--lives", "1")),
    "tests.disk faults": (("--every", "300"),),
    "tests.disk damage": (("--states", "2"),),
    "tests.fuzz": (("--seconds", "1"),),
    "tests.soak": (("--for", "7"),),
}
"""What is small of each: options that take the place of those in the Makefile, or are added."""

PROVES = {
    "tests.simulation": r"1 seeds in .*, 0 broken promises\n(.*\n)*never met: ",
    "tests.disk power-cut": r"calls, \d+ transactions flushed, 4 states:\n(.*\n)*.*sound",
    "tests.disk faults": r"^kill -9: \d+ tried",
    "tests.disk damage": r"stale page: ",
    "tests.fuzz": r"\d+ runs, nothing found",
    "tests.soak": r"^private: Rise\(.*\n(.*\n)*nuisances: ",
}
"""What it says when it has done its work."""

ENDS = {"tests.simulation": {1}, "tests.soak": {0, 1}}
"""The exit statuses, where they are not 0: one seed cannot meet all that a night has to, and has to say so; a daemon
that has just begun still grows.
"""


def commands() -> list[str]:
    """What `make nightly` runs, each loop as one command for each of what it goes over."""
    assert shutil.which("make"), "make is what runs it"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    # As if the environment were made: whether it is, is another matter.
    asked = ["make", "--no-print-directory", "-n", "-o", ".venv/.dev", "nightly"]
    done = subprocess.run(asked, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    found = []
    for line in done.stdout.replace("\\\n", " ").splitlines():
        loop = re.fullmatch(r"for target in (?P<over>[\w ]+); do\s+(?P<body>.*) \|\| exit 1; done", line)
        if loop is None:
            found.append(line.partition("  #")[0].strip())
        else:
            found += [loop["body"].replace("$target", each) for each in loop["over"].split()]
    return found


COMMANDS = commands()


def kind(command: str) -> str:
    """Which of `SMALL` it is."""
    [found] = [each for each in SMALL if f"-m {each}" in command] or [""]
    assert found, f"no small size is known of {command!r}"
    return found


def small(command: str) -> list[str]:
    """The same with its sizes made small, under this interpreter."""
    program, *words = command.split()
    assert program == ".venv/bin/python", "another program than the tests have"
    for option, value in SMALL[kind(command)]:
        if option in words:
            words[words.index(option) + 1] = value
        else:
            words += [option, value]
    return [sys.executable, *words]


# A target of the fuzzer takes seconds to begin; `tests/fuzz` runs each of them, and here one of them stands for all.
ONE_OF_EACH = [c for c in COMMANDS if "tests.fuzz" not in c] + [c for c in COMMANDS if "tests.fuzz" in c][-1:]


@pytest.mark.parametrize("command", ONE_OF_EACH)
def test_a_command_of_the_night_works(command: str) -> None:
    if "tests.fuzz" in command:
        pytest.importorskip("atheris", reason="no atheris: install the extra `fuzz`")
    done = subprocess.run(small(command), cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    said = done.stdout + done.stderr
    assert re.search(PROVES[kind(command)], done.stdout, re.MULTILINE), said[-4000:]
    assert done.returncode in ENDS.get(kind(command), {0}), said[-4000:]
    assert "Traceback" not in said


def test_the_night_leaves_nothing_out() -> None:
    assert {kind(command) for command in COMMANDS} == set(SMALL)
    fuzzed = {command.split("tests.fuzz ")[1].split()[0] for command in COMMANDS if "tests.fuzz" in command}
    assert fuzzed == {*TARGETS} - {"planted"}
    for command in COMMANDS:
        assert small(command) != [sys.executable, *command.split()[1:]], "it is as large as it was"


def test_a_line_that_nobody_made_small_is_found() -> None:
    with pytest.raises(AssertionError, match="no small size is known"):
        kind(".venv/bin/python -m tests.unheard --of 1000")
