"""An upgrade and the way back, by real processes: the state of the version before, a later program, this one again."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import varlink  # type: ignore[import-untyped]  # ships no types

from numtrustd.store.migrations import MIGRATIONS, current
from tests.logcheck import check_lines
from tests.processes import Process, daemon
from tests.store import golden
from tests.virtual import write_config

pytestmark = pytest.mark.process

PRESENT = current(MIGRATIONS)
ROOT = Path(__file__).parent.parent

SETTINGS = """
[clock]
origin = 2026-03-05T13:00:00Z  # where the stored state ends: nothing has become due since
[daemon]
state_dir = "state"
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
[source."contract_aggregator.query"]
base_url = "http://127.0.0.1:1"
[source."telnyx.reputation"]
base_url = "http://127.0.0.1:1"
[platform.telnyx.appeal]
base_url = "http://127.0.0.1:1"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    golden.unpack(PRESENT, tmp_path / "state")
    return write_config(tmp_path, golden.NUMBERS, golden.SOURCES, SETTINGS)


def later(config: Path) -> Process:
    """The program of the next version."""
    return Process(["tests.later", "run", "--config", str(config), "--log-format", "json"], {"PYTHONPATH": str(ROOT)})


def cases(config: Path) -> dict[str, str]:
    """The open cases, as the running daemon tells them, and where they stand."""
    with (
        varlink.Client(address=f"unix:{config.parent}/status.sock") as client,
        client.open("io.numtrust.Status") as connection,
    ):
        return {row["case"]: row["state"] for row in connection.ListCases()["cases"]}


def refusal(config: Path) -> tuple[int, dict[str, Any]]:
    """How this version ends on a state that it cannot use: exit status and last record."""
    process = daemon(config)
    try:
        status = process.child.wait(60.0)
    finally:
        process.close()
    return status, check_lines(process.lines)[-1]


@pytest.mark.covers("S11")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_an_upgrade_keeps_what_was_before_and_the_refusal_says_how_to_go_back(config: Path) -> None:
    state = config.parent / "state"
    process = later(config)
    try:
        migrated = process.wait_for("store.migrated")
        assert (migrated["numtrust.from_version"], migrated["numtrust.to_version"]) == (PRESENT, PRESENT + 1)
        copy = Path(migrated["numtrust.path"])
        assert (copy / "data.mdb").is_file()
        assert str(copy) in migrated["message"]
        assert migrated["numtrust.records"] >= 1
        assert migrated["numtrust.took_seconds"] > 0.0
        process.wait_for("daemon.ready")
        assert cases(config) == golden.STATES
        assert process.end() == 0
    finally:
        process.close()
    check_lines(process.lines)

    data = (state / "data.mdb").read_bytes()
    status, said = refusal(config)
    assert status == 78
    assert said["event.action"] == "daemon.refused"
    assert said["error.type"] == "SchemaNewer"
    assert f"schema {PRESENT + 1}, but this numtrustd knows {PRESENT}: install the later version" in said["message"]
    assert (state / "data.mdb").read_bytes() == data, "a refusal leaves it alone"
    assert not list(copy.glob("lock*")), "and the copy too"

    command = re.search(r"lose what was stored since: (mv .* && cp .*)$", said["numtrust.why"])
    assert command, said["numtrust.why"]
    subprocess.run(["sh", "-c", command[1]], check=True)
    assert (state / f"data.mdb.schema-{PRESENT + 1}").read_bytes() == data, "what the later version wrote is kept"
    process = daemon(config)
    try:
        assert process.wait_for("store.restored")["numtrust.records"] == len(golden.STATES)
        process.wait_for("daemon.ready")
        # As after every restore each of them makes sure of its submission before anything is sent.
        assert cases(config).keys() == golden.STATES.keys()
        assert process.end() == 0
    finally:
        process.close()


def test_create_state_says_that_it_migrated(config: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.later", "create-state", "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"was migrated from schema {PRESENT} to {PRESENT + 1}; as it was before it is in" in done.stdout
