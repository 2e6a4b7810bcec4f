"""Calls that fail, one after another: what was acknowledged is there, what failed did not happen."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from numtrustd.exit_status import IO
from tests.disk import faults, shim
from tests.disk.shim import Fault
from tests.logcheck import check_lines
from tests.processes import daemon, platforms

EVERY = int(os.environ.get("NUMTRUST_FAULT_EVERY", "16"))
"""Every so many calls fail; 1 tries each."""


@pytest.mark.covers("S1", "S3", "S5")
@pytest.mark.process
def test_whichever_call_fails_nothing_acknowledged_is_lost_and_nothing_is_half_done() -> None:
    results = {result.plan: result for result in faults.campaign(EVERY)}
    assert results.keys() == faults.PLANS.keys()
    assert not [f"{result.plan}: {fault}" for result in results.values() for fault in result.faults]
    assert all(result.tried >= 30 // EVERY for result in results.values())
    # A full disk passes; a broken one, or a commit that nobody can know the end of, ends the process.
    assert results["ENOSPC once"].ends[faults.FINISHED] > results["ENOSPC once"].tried // 2
    assert results["EIO once"].ends["StoreFatal"] > results["EIO once"].tried // 2
    assert results["ENOSPC for a meta page"].ends["StoreFatal"] > 0
    assert results["kill -9"].ends == {faults.KILLED: results["kill -9"].tried}


# The meta page of its 30th transaction is not written; LMDB then calls the environment poisoned.
CONFIG = """
[daemon]
state_dir = "state"
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
[source."so360.onebox"]
enabled = true
base_url = "{address}/so360"
interval = "10ms"
"""


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    process, address = platforms("--seed", "1", "--exit-with-parent")
    (tmp_path / "numbers.csv").write_text("number\n" + "".join(f"139100{n:05}\n" for n in range(60)))
    path = tmp_path / "numtrustd.toml"
    path.write_text(CONFIG.format(address=address))
    yield path
    process.close()


@pytest.mark.covers("S3")
@pytest.mark.process
@pytest.mark.parametrize(("fault", "said"), [(Fault.META, "MDB_PANIC"), (Fault.EIO, "Input/output error")])
def test_a_daemon_whose_disk_fails_ends_with_74_and_starts_again(config: Path, fault: Fault, said: str) -> None:
    environ = shim.environment(config.parent, fault=f"{fault:d} 40 {1 << 30}")
    failing = daemon(config, "--init", environ=environ)
    try:
        failing.wait_for("daemon.ready")
        assert failing.child.wait(20.0) == IO
    finally:
        failing.close()
    records = check_lines(failing.lines)
    assert any(said in record.get("error.message", "") for record in records), "the reason is in the log"
    assert records[-1]["event.action"] == "daemon.stopped"
    assert records[-1]["process.exit_code"] == IO
    again = daemon(config)
    try:
        again.wait_for("daemon.ready")
        assert again.end() == 0
    finally:
        again.close()
