"""Users without rights who misuse the sockets of the service as hard as they can: whoever has business there is served.

The service's `PrivateUsers=` makes all of them look like one user, so what is kept free is kept for root.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from numtrustd.clock import Clock
from tests.processes import until
from tests.systemd.installed import UNIT, Installed, event

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("systemd")]

SECONDS = 5.0
PATIENCE = 8.0
"""Seconds in which a call of root's has to be answered meanwhile, its own start of Python among them; two cores are
shared with the abuse itself."""

ROOM = 150
"""Descriptors that all connections of both sockets may cost: 32 each, and what it takes to throw the next ones out."""

MEMORY = 64 << 10
"""KiB by which the daemon may grow."""

CONNECT = """
import socket, sys
with socket.socket(socket.AF_UNIX) as channel:
    channel.connect(sys.argv[1])
"""


def descriptors(daemon: Installed) -> int:
    return len(daemon.machine.ok("ls", f"/proc/{daemon.pid()}/fd").split())


def resident(daemon: Installed) -> int:
    """KiB."""
    status = daemon.machine.ok("cat", f"/proc/{daemon.pid()}/status")
    found = re.search(r"^VmRSS:\s*(\d+) kB$", status, re.MULTILINE)
    assert found, status
    return int(found[1])


@pytest.mark.covers("L2")
@pytest.mark.parametrize(
    ("user", "path"),
    [("bob", "/run/numtrustd/status.sock"), ("alice", "/run/numtrustd/control.sock")],
    ids=["who may look", "who may act"],
)
def test_whoever_misuses_a_socket_keeps_nobody_else_from_it(daemon: Installed, user: str, path: str) -> None:
    machine, clock = daemon.machine, Clock()
    machine.write("/run/abuser.py", (Path(__file__).parent / "abuser.py").read_text())
    assert machine.ok("id", "-u", user).strip() not in ("0", machine.ok("stat", "-c", "%u", f"/proc/{daemon.pid()}"))
    daemon.ask()
    pid, open_before, memory_before = daemon.pid(), descriptors(daemon), resident(daemon)
    took: list[float] = []
    most = 0
    with ThreadPoolExecutor(1) as pool:
        abuse = pool.submit(
            machine.run, "/usr/bin/python3", "-I", "/run/abuser.py", path, str(SECONDS), user=user, timeout=30.0
        )
        while not abuse.done():
            began = clock.monotonic()
            done = machine.run("numtrustctl", "--socket", path, "status", "--json", timeout=20.0)
            took.append(clock.monotonic() - began)
            assert done.status == 0, done.said
            most = max(most, descriptors(daemon))
        done = abuse.result()
    assert done.status == 0, done.said
    tried = json.loads(done.out)
    assert len(tried) >= 10, f"a vice was never tried: {tried}"
    assert tried["flood"] > 100, tried
    assert len(took) >= 3
    assert max(took) < PATIENCE, took
    assert open_before < most < open_before + ROOM, "they were let in, and no more of them than there is room for"
    assert until(lambda: descriptors(daemon) <= open_before + 2, 15.0, 0.2), "what they held is given back"
    assert resident(daemon) < memory_before + MEMORY
    assert daemon.pid() == pid, "it was not restarted"
    denied = [json.loads(e["MESSAGE"]) for e in machine.journal("-u", UNIT) if event(e) == "control.denied"]
    why = {record["numtrust.why"] for record in denied}
    assert {"too many connections of this user", "what it sent is no Varlink message"} <= why
    assert "its request is too large" in why
    said = [event(e) for e in machine.journal("-u", UNIT)]
    assert "control.failed" not in said, "none of it is a defect of ours"


@pytest.mark.covers("L1")
def test_whoever_is_in_no_group_cannot_even_connect_to_act(daemon: Installed) -> None:
    machine = daemon.machine
    for user, path, may in (
        ("bob", "control", False),
        ("alice", "control", True),
        ("nobody", "control", False),
        ("nobody", "status", True),
    ):
        done = machine.run("/usr/bin/python3", "-I", "-c", CONNECT, f"/run/numtrustd/{path}.sock", user=user)
        assert (done.status == 0) is may, (user, path, done.said)
        assert may or "Permission denied" in done.err
    assert machine.run("rm", "/run/numtrustd/control.sock", user="bob").status != 0
    assert machine.run("rm", "/run/numtrustd/control.sock", user="alice").status != 0, "nor put another in its place"


@pytest.mark.covers("L1")
def test_looking_can_be_kept_to_a_group_too(daemon: Installed) -> None:
    machine = daemon.machine
    folder = "/etc/systemd/system/numtrustd-status.socket.d"
    machine.write(f"{folder}/group.conf", "[Socket]\nSocketMode=0660\nSocketGroup=numtrustd-ctl\n")
    try:
        machine.sh(f"systemctl daemon-reload; systemctl stop {UNIT}; systemctl restart numtrustd-status.socket")
        machine.ok("systemctl", "start", UNIT)
        refused = machine.run("numtrustctl", "status", user="bob")
        assert refused.status == 77, refused.said
        assert machine.run("numtrustctl", "status", user="alice").status == 0
    finally:
        machine.sh(
            f"rm -r {folder}; systemctl daemon-reload; systemctl stop {UNIT}; systemctl restart numtrustd-status.socket"
        )
        machine.ok("systemctl", "start", UNIT)
