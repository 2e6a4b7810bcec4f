"""A damaged file is refused or its records are named; what is read from it after that is right."""

import os
import re
import subprocess
import sys

import pytest

STATES = int(os.environ.get("NUMTRUST_DAMAGES", "160"))


@pytest.mark.covers("S6", "S7")
@pytest.mark.process
def test_no_damage_is_silent() -> None:
    command = [sys.executable, "-m", "tests.disk", "damage", f"--states={STATES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = sum(int(n) for n in re.findall(r"(\d+) (?:refused|damaged)", done.stdout))
    assert found > STATES // 3, done.stdout
