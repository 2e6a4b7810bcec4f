"""What both READMEs show of the demo is what the demo does: it is run as it is, for as long as the example takes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_readme import NAMES, block, blocks

pytestmark = pytest.mark.process

SECONDS = 30
"""Real ones; a day of the demo is five. The example ends within the fourth day."""

CASE = "+14155552671/telnyx/1"
TIMES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d\d-\d\d \d\d:\d\d:\d\d|[\d.]+ (?:ms|s)\b")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the demo writes for eyes."""
    state = tmp_path_factory.mktemp("demo") / "s"
    words = ["demo", "--for", str(SECONDS), "--state", str(state), "--log-format", "console"]
    done = subprocess.run(
        [sys.executable, "-m", "numtrustd", *words],
        capture_output=True,
        timeout=SECONDS + 60,
        check=True,
        env={"PYTHONUTF8": "1", "TZ": "UTC", "PATH": str(Path(sys.executable).parent)},
    )
    return (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("name", NAMES)
def test_the_case_moves_as_it_is_shown(name: str, log: str) -> None:
    table = block(name, "text", "done to the outside").partition("history\n")[2].splitlines()
    columns = [table[0].index(word) for word in ("FROM", "TO", "BY")]
    told = [(row[columns[0] : columns[1]].strip(), row[columns[1] : columns[2]].strip()) for row in table[1:]]
    moved = re.findall(rf"appeal case {re.escape(CASE)}: (\w+) → (\w+)", log)
    assert [("", "waiting"), *moved[: len(told) - 1]] == told


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_are_those_that_it_writes(name: str, log: str) -> None:
    sample = next(body for body in blocks(name, "text") if " ×17280 " in body)
    said = [TIMES.sub("T", line) for line in log.splitlines()]
    lines = [line for line in sample.splitlines() if line < "03-05 "]
    assert len(lines) > 5
    for line in lines:
        # Who tells first that it was rejected, the platform or the demo's people, is a matter of moments.
        line = line.partition("(rejected: ")[0]
        pieces = TIMES.sub("T", line).split("…")
        pattern = ".*".join(re.escape(piece.strip()) for piece in pieces)
        assert any(re.match(pattern, other) for other in said), line
