"""The daemon as a process: what systemd, signals, operators and bad surroundings do to it."""

import contextlib
import gc
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import varlink  # type: ignore[import-untyped]  # ships no types

from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.store import Store
from tests.logcheck import check_lines
from tests.processes import Process, ctl, daemon, platforms, until
from tests.root import needs_root

pytestmark = pytest.mark.process

NUMBERS = ["13910000007", "021-51288888", "95588"]

CONFIG = """
[daemon]
state_dir = "state"
heartbeat = "1s"
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
[source."so360.onebox"]
enabled = true
base_url = "{address}/so360"
interval = "10ms"
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process, where = platforms("--seed", "1", "--exit-with-parent")
    yield where
    process.close()


@pytest.fixture
def config(tmp_path: Path, address: str) -> Path:
    (tmp_path / "numbers.csv").write_text("number,name\n" + "".join(f"{n},test\n" for n in NUMBERS))
    path = tmp_path / "numtrustd.toml"
    path.write_text(CONFIG.format(address=address))
    return path


@pytest.fixture
def running(config: Path) -> Iterator[Process]:
    process = daemon(config, "--init")
    process.wait_for("daemon.ready")
    yield process
    process.close()


class NotifySocket:
    """Plays systemd's end of sd_notify."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(10.0)
        self.seen: list[str] = []

    def until(self, text: str) -> str:
        while True:
            message = self.socket.recv(4096).decode()
            self.seen.append(message)
            if text in message:
                return message


def call(path: Path, method: str, **parameters: Any) -> dict[str, Any]:
    """One call through a Varlink client that is not ours."""
    interface = method.rpartition(".")[0]
    with varlink.Client(address=f"unix:{path}") as client, client.open(interface) as connection:
        result: dict[str, Any] = getattr(connection, method.rpartition(".")[2])(**parameters)
        return result


# ------------------------------------------------------------------------------------------------------- life


@pytest.mark.covers("P7")
def test_it_says_ready_status_watchdog_reloading_and_stopping_to_systemd(config: Path, tmp_path: Path) -> None:
    systemd = NotifySocket(tmp_path / "notify")
    process = daemon(config, "--init", environ={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"})
    try:
        ready = systemd.until("READY=1")
        assert re.search(r"^STATUS=3 numbers on 1 of \d+ platforms, 0 labelled, 0 open cases, ", ready, re.MULTILINE)
        assert not any("WATCHDOG" in m for m in systemd.seen[:-1])
        for name in ("status.sock", "control.sock"):
            assert call(tmp_path / name, "io.numtrust.Status.GetStatus")["numbers"] == 3, "READY only when they answer"
        systemd.until("WATCHDOG=1")
        process.child.send_signal(signal.SIGHUP)
        reloading = systemd.until("RELOADING=1")
        assert "MONOTONIC_USEC=" in reloading, "in the same datagram"
        systemd.until("READY=1")
        (tmp_path / "numbers.csv").write_text("number,name\n13910000007,test\n")
        assert ctl(config.parent, "reload").returncode == 0
        systemd.until("STATUS=1 number on ")
        process.child.send_signal(signal.SIGTERM)
        systemd.until("STOPPING=1")
        assert process.child.wait(5.0) == 0
    finally:
        process.close()
        systemd.socket.close()


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal."""
    found = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> (number - 1) & 1)


def test_a_question_that_comes_before_it_is_ready_does_not_end_it(config: Path, tmp_path: Path) -> None:
    rows = "".join(f"139{n:08d},test\n" for n in range(2_000))
    (tmp_path / "numbers.csv").write_text("number,name\n" + rows)
    process = daemon(config, "--init")
    try:
        # What is said of crashes is set up first of all: from then on it reads the numbers for a while.
        assert until(lambda: catches(process.child.pid, signal.SIGABRT), 20.0, 0.001)
        process.child.send_signal(signal.SIGHUP)
        process.child.send_signal(signal.SIGUSR1)
        assert process.wait_for("daemon.ready")["numtrust.numbers"] == 2_000
        assert process.end() == 0
    finally:
        process.close()


def test_a_question_does_not_end_safe_mode(config: Path, running: Process, tmp_path: Path) -> None:
    running.end()
    (tmp_path / "state" / "data.mdb").write_bytes(b"not a database" * 1000)
    process = daemon(config)
    try:
        process.wait_for("daemon.safe_mode")
        assert until((tmp_path / "status.sock").exists, 10.0)
        process.child.send_signal(signal.SIGHUP)
        process.child.send_signal(signal.SIGUSR1)
        assert "safe mode" in ctl(config.parent, "status").stderr
        assert process.end() == 0
        stopping, stopped = process.records()[-2:]
        assert (stopping["event.action"], stopped["event.action"]) == ("daemon.stopping", "daemon.stopped")
        assert stopped["process.exit_code"] == 0
    finally:
        process.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_five_seconds_and_leaves_a_clean_place(running: Process, tmp_path: Path, number: int) -> None:
    running.child.send_signal(number)
    assert running.child.wait(5.0) == 0
    running.close()
    assert not (tmp_path / "status.sock").exists()
    said = check_lines(running.lines)
    assert [r["event.action"] for r in said][-1] == "daemon.stopped"
    sequence = [r["event.sequence"] for r in said]
    assert sequence == list(range(1, len(said) + 1)), "every line is there, in order"


def test_every_line_is_json_and_looks_are_made(running: Process, tmp_path: Path) -> None:
    assert running.wait_for("daemon.heartbeat")["numtrust.numbers"] == 3
    assert until(lambda: sum(r["event.action"] == "verdict.baseline" for r in running.records()) == 3, 10.0)
    assert running.end() == 0
    check_lines(running.lines)


def test_a_dump_is_given_on_sigusr1(running: Process) -> None:
    running.child.send_signal(signal.SIGUSR1)
    running.wait_for("daemon.dumped")


def test_a_restart_on_the_same_state_says_no_baseline_twice(config: Path, running: Process, tmp_path: Path) -> None:
    path = tmp_path / "status.sock"
    assert until(lambda: call(path, "io.numtrust.Status.GetStatus")["clean"] == 3, 10.0)
    running.end()
    again = daemon(config)
    try:
        again.wait_for("daemon.ready")
        again.wait_for("daemon.heartbeat")
        assert again.end() == 0
        assert "verdict.baseline" not in [r["event.action"] for r in again.records()]
    finally:
        again.close()


# ----------------------------------------------------------------------------------------------------- reload


def test_a_reload_is_a_diff_and_a_bad_file_changes_nothing(config: Path, running: Process, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("number,name\n13910000007,test\n4008101234,new\n021-51288888,renamed\n")
    result = ctl(config.parent, "reload", "--json")
    assert result.returncode == 0, result.stderr
    said = running.wait_for("config.reloaded")
    counts = [said[f"numtrust.{x}"] for x in ("added", "removed", "changed", "unchanged")]
    assert counts == [1, 1, 1, 1]
    numbers.write_text("number,name\n1391000000,short\n")
    result = ctl(config.parent, "reload")
    assert result.returncode == 1
    assert f"{numbers}:2:" in result.stderr + result.stdout
    rejected = running.wait_for("config.rejected")
    assert any(f"{numbers}:2:" in p for p in rejected["numtrust.problems"])
    running.child.send_signal(signal.SIGHUP)
    running.wait_for("config.rejected")
    assert call(tmp_path / "status.sock", "io.numtrust.Status.GetStatus")["numbers"] == 3


def test_it_stops_at_once_also_amidst_a_reload_that_hangs(config: Path, tmp_path: Path) -> None:
    systemd = NotifySocket(tmp_path / "notify")
    process = daemon(config, "--init", environ={"NOTIFY_SOCKET": str(tmp_path / "notify")})
    try:
        process.wait_for("daemon.ready")
        config.write_text('[numbers]\nfiles = ["/dev/stdin"]\n' + config.read_text())  # where nothing ever comes
        for _ in range(2):
            process.child.send_signal(signal.SIGHUP)
        systemd.until("RELOADING=1")
        process.child.send_signal(signal.SIGUSR1)
        process.wait_for("daemon.dumped")
        process.child.send_signal(signal.SIGTERM)
        systemd.until("STOPPING=1")
        assert process.child.wait(5.0) == 0
        assert not [r for r in process.records() if r["event.action"].startswith("config.re")]
    finally:
        process.close()
        systemd.socket.close()


# ------------------------------------------------------------------------------------------------ control sockets


@pytest.mark.covers("L1", "L3")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_foreign_client_introspects_and_calls_both_sockets(running: Process, tmp_path: Path) -> None:
    status, control = tmp_path / "status.sock", tmp_path / "control.sock"
    assert stat.S_IMODE(status.stat().st_mode) == 0o666
    assert stat.S_IMODE(control.stat().st_mode) == 0o660
    for path, interfaces in (
        (status, {"io.numtrust.Status"}),
        (control, {"io.numtrust.Status", "io.numtrust.Control"}),
    ):
        with varlink.Client(address=f"unix:{path}") as client:
            offered = set(client.get_interfaces())
            assert interfaces <= offered
            assert ("io.numtrust.Control" in offered) == ("io.numtrust.Control" in interfaces)
            for name in interfaces:
                assert client.get_interface(name).members
    found = call(control, "io.numtrust.Status.GetNumber", number="139 1000 0007")
    assert found["number"] == "+8613910000007"
    looked = call(control, "io.numtrust.Control.Look", number="13910000007")
    assert looked["sources"] == ["so360.onebox"]
    assert looked["observations"][0]["status"] == "clean"
    with pytest.raises(varlink.VarlinkError, match="UnknownNumber"):
        call(status, "io.numtrust.Status.GetNumber", number="110")
    with pytest.raises(varlink.VarlinkError):
        call(status, "io.numtrust.Control.Look", number="13910000007")
    gc.collect()  # that client leaves its sockets to the collector; here it is known and ignored


@pytest.mark.covers("L1")
def test_acting_is_logged_with_the_peer(running: Process, config: Path) -> None:
    assert ctl(config.parent, "park", "13910000007").returncode == 0
    acted = running.wait_for("control.acted")
    assert acted["numtrust.method"].endswith("Park")
    assert acted["numtrust.peer_uid"] == os.getuid()
    assert ctl(config.parent, "park", "13910000007").returncode == 1
    assert ctl(config.parent, "unpark", "13910000007").returncode == 0


def test_a_backup_is_a_state_that_a_daemon_starts_on(running: Process, config: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    result = ctl(config.parent, "backup", str(copy))
    assert result.returncode == 0, result.stderr
    running.wait_for("store.backed_up")
    with Store.open(copy, init=False, map_size=1 << 28, now=DEMO_ORIGIN) as store:
        assert store.restored_from is not None
    assert ctl(config.parent, "backup", str(copy)).returncode == 1, "never over an existing one"


@pytest.mark.covers("L2")
@pytest.mark.parametrize(
    "garbage",
    [b"hello\0", b"\xff\xfe\0", b"{" * 1000 + b"\0", b'{"method":', b"\0\0\0", b'{"method": 5}\0', b"x" * 100_000],
    ids=["text", "not utf-8", "deep", "half a message", "nothing", "wrong type", "no end"],
)
def test_a_client_that_sends_garbage_disturbs_nobody(running: Process, tmp_path: Path, garbage: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(tmp_path / "status.sock"))
        rude.settimeout(5.0)
        with contextlib.suppress(BrokenPipeError):
            rude.sendall(garbage)
        assert call(tmp_path / "status.sock", "io.numtrust.Status.GetStatus")["numbers"] == 3


@pytest.mark.covers("L2")
def test_a_client_that_sends_a_gigabyte_is_dropped(running: Process, tmp_path: Path) -> None:
    sent = 0
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(tmp_path / "status.sock"))
        rude.settimeout(5.0)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 1 << 30:
                sent += rude.send(b"x" * 65_536)
    assert sent < 1 << 24
    assert call(tmp_path / "status.sock", "io.numtrust.Status.GetStatus")["numbers"] == 3


# ------------------------------------------------------------------------------------------------- bad surroundings


def refused(config: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the last record of a daemon that will not start."""
    process = daemon(config, *more)
    try:
        process.child.wait(20.0)
        process.close()
        said = check_lines(process.lines)
        assert said, "it ended without a word"
        return process.child.returncode, said[-1]
    finally:
        process.close()


def test_a_state_that_is_missing_is_not_made_quietly(config: Path) -> None:
    status, said = refused(config)
    assert status == 78
    assert str(config.parent / "state") in said["message"]
    assert "`numtrustd create-state`" in said["message"], "the remedy is named"


@pytest.mark.covers("S8")
def test_a_state_in_use_is_refused(config: Path, running: Process) -> None:
    status, said = refused(config)
    assert status == 75
    assert str(running.child.pid) in said["message"]


@pytest.mark.covers("S6", "P8")
@pytest.mark.parametrize("damage", ["truncated", "empty", "text"])
def test_a_damaged_database_is_refused_and_left_alone(
    config: Path, running: Process, tmp_path: Path, damage: str
) -> None:
    running.end()
    data = tmp_path / "state" / "data.mdb"
    whole = data.read_bytes()
    broken = {"truncated": whole[: len(whole) // 2], "empty": b"", "text": b"not a database" * 1000}[damage]
    data.write_bytes(broken)
    # --init never starts afresh over what is there; and the sockets say what is wrong
    process = daemon(config, "--init")
    try:
        said = process.wait_for("daemon.safe_mode")
        assert str(tmp_path / "state") in said["numtrust.why"]
        assert "put a backup in its place" in said["numtrust.why"]
        assert until((tmp_path / "status.sock").exists, 10.0)
        shown = ctl(config.parent, "status")
        assert shown.returncode != 0
        assert "safe mode" in shown.stderr + shown.stdout
        assert ctl(config.parent, "look", "13910000007").returncode != 0
        assert process.end() == 0
        assert not [r for r in process.records() if r["event.action"].startswith(("verdict.", "action."))]
    finally:
        process.close()
    assert data.read_bytes() == broken
    created = subprocess.run(
        [sys.executable, "-m", "numtrustd", "create-state", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert created.returncode != 0, created.stdout
    assert "put a backup in its place" in created.stderr
    assert data.read_bytes() == broken


@pytest.mark.covers("S11")
def test_a_newer_schema_is_refused(config: Path, running: Process, tmp_path: Path) -> None:
    running.end()
    script = (
        "import lmdb,sys\nfrom numtrustd.store import meta\nfrom numtrustd.store.tables import Table, seal\n"
        "e=lmdb.open(sys.argv[1],max_dbs=16)\ndb=e.open_db(b'meta')\n"
        "with e.begin(write=True,db=db) as t:\n"
        " key=meta.SCHEMA\n t.put(key, seal(Table.META, key, b'99'))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "state")], check=True)
    status, said = refused(config)
    assert status == 78
    assert "99" in said["message"]


@needs_root
def test_a_state_of_somebody_else_is_refused_by_name(config: Path, running: Process, tmp_path: Path) -> None:
    running.end()
    os.chown(tmp_path / "state", 12345, 12345)
    status, said = refused(config)
    assert status == 77
    assert "12345" in said["message"]


def test_every_problem_of_a_bad_configuration_is_said_at_once(config: Path, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("number,name\n13910000007,a\n+86 139-1000-0007,twice\n1391,short\n")
    config.write_text(config.read_text() + "\n[cadance]\ninterval = '6h'\n[verdict]\nconfirm = 'two'\n")
    status, said = refused(config, "--init")
    assert status == 78
    assert said["event.action"] == "config.rejected"
    problems = said["numtrust.problems"]
    text = "\n".join(problems)
    assert said["numtrust.count"] == len(problems) == 4
    for where in ("numbers.csv:3:", "numbers.csv:4:", "cadance", "verdict.confirm"):
        assert where in text
    checked = subprocess.run(
        [sys.executable, "-m", "numtrustd", "check", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 78
    assert checked.stdout.splitlines() == problems


# -------------------------------------------------------------------------------------------------------- look


def test_look_shows_request_answer_rule_and_observation(config: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "numtrustd",
        "look",
        "139 1000 0007",
        "--platform",
        "so360",
        "--verbose",
        "--config",
        str(config),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for part in ("> GET http://127.0.0.1", "query=13910000007", "< 200", "callback(", "clean", "so360/"):
        assert part in result.stdout
    assert not (tmp_path / "state").exists(), "a look touches no state"


def test_look_names_the_source_that_would_do_when_none_is_on(config: Path) -> None:
    command = [sys.executable, "-m", "numtrustd", "look", "13910000007", "--platform", "sogou", "--config", str(config)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 69
    assert "sogou.search" in result.stderr


def test_status_is_the_same_for_people_and_programs(running: Process, config: Path) -> None:
    shown = ctl(config.parent, "status")
    assert shown.returncode == 0
    machine = json.loads(ctl(config.parent, "status", "--json").stdout)
    assert machine["numbers"] == 3
    assert machine["stalled"] == []
    assert "3 numbers" in shown.stdout or "3" in shown.stdout
