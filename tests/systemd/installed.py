"""The daemon as an administrator has it: installed from the package, configured, started, against simulated platforms.

How the first hours went (`story`) is kept for the tests of it; `settle` brings everything back to where they ended.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from numtrustd.clock import Clock
from numtrustd.sim.stories import DEMO_ORIGIN
from tests import telnyx
from tests.logcheck import check_lines
from tests.processes import until
from tests.systemd.machine import Done, Machine

UNIT = "numtrustd.service"
PYTHON = "/usr/lib/numtrustd/bin/python3"
CONFIG = "/etc/numtrustd/numtrustd.toml"
NUMBERS = "/etc/numtrustd/numbers.csv"
SECRET = "s3cr3t-k3y-that-nobody-may-read"
PLATFORMS = "http://127.0.0.1:8099"
SPEED = 14_400.0
OURS = [f"+1415555{2000 + n}" for n in range(12)]

SETTINGS = '[numbers]\nfiles = ["numbers.csv"]\n' + telnyx.SETTINGS.format(speed=SPEED, address=PLATFORMS)


def hurry(base: float) -> str:
    """What differs from the unit as it is shipped: the same, only sooner. `base` is when the fast clock began."""
    return f"""
[Service]
RestartSec=100ms
Environment="NUMTRUSTD_CLOCK={base!r} {DEMO_ORIGIN!r}"
"""


ASK = """
import json, socket, sys, time
with socket.socket(socket.AF_UNIX) as channel:
    channel.connect("/run/numtrustd/status.sock")
    channel.sendall(b'{"method": "io.numtrust.Status.GetStatus"}\\0')
    said = b""
    while not said.endswith(b"\\0"):
        said += channel.recv(65536) or sys.exit("no answer")
print(json.dumps({"at": time.monotonic(), **json.loads(said[:-1])["parameters"]}))
"""
"""One call by hand, and when it was answered."""


class Installed:
    """What is installed in one machine. Made once; takes some seconds."""

    def __init__(self, machine: Machine, package: Path) -> None:
        self.machine = machine
        self.base = Clock().monotonic()
        self.story: dict[str, Done] = {}
        shutil.copy(package, machine.path / "numtrustd.deb")
        self._keep("install", "dpkg", "-i", str(machine.path / "numtrustd.deb"))
        assert self.story["install"].status == 0, self.story["install"].said
        self._keep("active after install", "systemctl", "is-active", UNIT)
        self._keep("check without numbers", "numtrustd", "check")
        self._configure()
        self.dropin("hurry", hurry(self.base))
        self._keep("start without state", "systemctl", "start", UNIT)
        self._keep("create state", "systemctl", "start", "numtrustd-create-state")
        self._keep("enable", "systemctl", "enable", "--now", UNIT)

    def _keep(self, name: str, *words: str) -> None:
        self.story[name] = self.machine.run(*words)

    def _configure(self) -> None:
        machine = self.machine
        machine.write(CONFIG, SETTINGS)
        machine.write(NUMBERS, "number\n" + "\n".join(OURS) + "\n")
        machine.write("/etc/numtrustd/paper.txt", "proof of ownership")
        machine.write("/etc/numtrustd/credentials/telnyx-api-key", SECRET, "600")
        world = telnyx.simulated(base=self.base, speed=SPEED, numbers=NUMBERS, label_rate=0.3)
        machine.sh(
            f"""systemd-run --quiet --unit=platforms {PYTHON} -I -m numtrustd.sim --port 8099 {" ".join(world)}
            useradd --groups numtrustd-ctl alice
            useradd bob"""
        )
        assert until(lambda: machine.run(PYTHON, "-c", _GET, "/").status == 0, 20.0, 0.2), "no simulated platforms"

    def dropin(self, name: str, text: str) -> None:
        """What `systemctl edit` would make; in force with the next start."""
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/{name}.conf", text)
        self.machine.ok("systemctl", "daemon-reload")

    def settle(self) -> None:
        """Settings, drop-ins and service as they were after the installation."""
        machine = self.machine
        folder = f"/etc/systemd/system/{UNIT}.d"
        more = machine.ok("find", folder, "-name", "*.conf", "!", "-name", "hurry.conf").split()
        changed = machine.ok("cat", CONFIG, NUMBERS) != SETTINGS + "number\n" + "\n".join(OURS) + "\n"
        if changed:
            machine.write(CONFIG, SETTINGS)
            machine.write(NUMBERS, "number\n" + "\n".join(OURS) + "\n")
        if more:
            machine.ok("rm", *more)
            machine.ok("systemctl", "daemon-reload")
        machine.ok("systemctl", "reset-failed")
        if more:
            machine.ok("systemctl", "restart", UNIT)
        elif changed and machine.show(UNIT, "ActiveState") == ["active"]:
            machine.ok("systemctl", "reload", UNIT)
        machine.ok("systemctl", "start", "numtrustd-status.socket", "numtrustd-control.socket", UNIT)

    def pid(self) -> str:
        """The main process, `0` where there is none."""
        return self.machine.show(UNIT, "MainPID")[0]

    def ask(self) -> dict[str, Any]:
        """GetStatus by hand. Starts a daemon that is not running."""
        answer: dict[str, Any] = json.loads(self.machine.ok(PYTHON, "-c", ASK))
        return answer

    def comes_back(self, before: str) -> bool:
        """Whether another process is at work in the place of `before`, within reason."""

        def back() -> bool:
            state, pid = self.machine.show(UNIT, "ActiveState", "MainPID")
            return state == "active" and pid not in ("0", before)

        return until(back, 30.0, 0.2)

    def said(self) -> list[dict[str, Any]]:
        """Every record that the daemon wrote, each held against the schema."""
        lines = [e["MESSAGE"] for e in self.machine.journal("-u", UNIT) if e.get("_TRANSPORT") == "stdout"]
        return check_lines(f"{line}\n".encode() for line in lines if line.startswith("{"))

    def truth(self) -> dict[str, Any]:
        """What the simulated platforms know."""
        known: dict[str, Any] = json.loads(self.machine.ok(PYTHON, "-c", _GET, "/truth"))
        return known

    def nothing_is_lost(self) -> None:
        """Every case that was ever said to be open is known, and nothing was sent twice."""
        opened = {r["numtrust.case"] for r in self.said() if r["event.action"] == "case.opened"}
        cases = {case["case"] for case in json.loads(self.machine.ok("numtrustctl", "cases", "--json"))}
        assert opened <= cases, "a case is lost"
        truth = self.truth()
        assert truth["duplicates"] == []
        assert truth["overlaps"] == 0

    def works(self) -> bool:
        """Whether appeals are under way: enough to lose something."""
        return until(lambda: len(self.truth()["submissions"]) >= 3, 30.0, 0.3)


_GET = f"""
import sys, urllib.error, urllib.request
try:
    with urllib.request.urlopen("{PLATFORMS}" + sys.argv[1], timeout=30) as answer:
        print(answer.read().decode())
except urllib.error.HTTPError:
    pass
"""


def event(entry: dict[str, str]) -> str:
    """The `event.action` of an entry of the journal, empty where it is none of our records."""
    found = re.search(r'"event\.action":"([a-z_.]+)"', entry.get("MESSAGE") or "")
    return found[1] if found else ""
