"""The daemon as a process, with an operator's program at work in it that does not want to end."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import daemon, until

pytestmark = pytest.mark.process

CONFIG = """
[daemon]
state_dir = "state"
[platforms]
shipped = false
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
"""
PACK = """
[platform]
id = "acme"
name = "Acme"
class = "handset_vendor"
[[source]]
id = "acme.farm"
title = "our farm"
kinds = ["mobile"]
interval = "100ms"
[source.command]
argv = ["{program}"]
deadline = "60s"
{user}
[[source.reading]]
platform = "acme"
"""
HANGS = """#!/bin/sh
trap '' TERM
echo "at work as $$" >&2
sleep 61 &
wait
sleep 60
"""


@pytest.fixture
def everywhere() -> Iterator[Path]:
    """A directory into which everybody can look, as the program's user must."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        yield Path(place)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_that_does_not_end_ends_with_the_daemon(tmp_path: Path, everywhere: Path) -> None:
    program = everywhere / "look"
    program.write_text(HANGS)
    program.chmod(0o755)
    (tmp_path / "numbers.csv").write_text("number,name\n13910000007,test\n")
    (tmp_path / "platforms.d").mkdir()
    user = 'user = "nobody"' if os.geteuid() == 0 else ""
    (tmp_path / "platforms.d" / "acme.toml").write_text(PACK.format(program=program, user=user))
    config = tmp_path / "numtrustd.toml"
    config.write_text(CONFIG)
    process = daemon(config, "--init")
    try:
        said = process.wait_for("source.said")
        pid = int(said["message"].rpartition(" ")[2])
        assert alive(pid)
        assert process.end() == 0
        assert until(lambda: not alive(pid), 5.0), "deaf to SIGTERM, and gone all the same"
    finally:
        process.close()
