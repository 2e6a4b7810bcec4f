"""A new user's first days, told once from the beginning to the end in a real systemd, with what README says to type.

Its system is booted for it alone: nobody who has numbers and a state is new. The platforms are simulated ones on
loopback, and the clock runs fast, so that the days take seconds.
"""

import json
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from numtrustd.clock import Clock
from numtrustd.sim.stories import DEMO_ORIGIN
from tests.processes import until
from tests.systemd.installed import CONFIG, PLATFORMS, PYTHON, UNIT, hurry
from tests.systemd.machine import ROOT, Done, Machine, booted

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("systemd")]

OURS = [f"1390001{n:04d}" for n in range(10)]
NUMBER, CASE = f"+86{OURS[3]}", f"+86{OURS[3]}/sogou/1"
SOURCES = ("sogou.search", "so360.onebox")
SPEED = 14_400.0
PAPER = "/etc/numtrustd/papers/number-ownership.pdf"

REHEARSAL = f"""
[clock]
speed = {SPEED}
origin = 2026-03-02T01:00:00Z
[cadence]
new_number_interval = "4h"
interval = "4h"
confirm_interval = "1h"
verify_interval = "2h"
[source."sogou.search"]
base_url = "{PLATFORMS}/sogou"
[source."so360.onebox"]
base_url = "{PLATFORMS}/so360"
[platform.sogou.appeal]
propagation = "4h"
"""
"""What is added to the settings of a new user, so that days take seconds and nobody real is asked."""

LABEL = [
    {"do": "label", "number": NUMBER, "platform": "sogou", "words": "营销推广", "marks": 9, "spreads": False},
    {"do": "review", "platform": "sogou", "moods": ["approve"], "number": NUMBER, "took": 7_200.0, "cache": 86_400.0},
]
"""The platform begins to show a label, and takes two hours over an appeal. It shows it for a day yet, so that whoever
reports the answer is not overtaken by a look that sees that it is gone."""

WEB = f"""
import sys, urllib.request
with urllib.request.urlopen("{PLATFORMS}" + sys.argv[1], data=sys.stdin.buffer.read() or None, timeout=30) as answer:
    print(answer.read().decode())
"""


class Newcomer:
    """Somebody before a machine of their own: root, and alice, who may act."""

    def __init__(self, machine: Machine, package: Path) -> None:
        self.machine = machine
        self.base = Clock().monotonic()
        shutil.copy(package, machine.path / "numtrustd.deb")

    def ctl(self, *words: str) -> str:
        """`numtrustctl` as alice types it."""
        return self.machine.ok("numtrustctl", *words, user="alice")

    def asked(self, *words: str) -> Any:
        """The same, as a program reads it."""
        return json.loads(self.ctl(*words, "--json"))

    def task(self, kind: str) -> dict[str, Any]:
        """The one open task of this kind about the case, once it is there."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [t for t in self.asked("tasks") if t["kind"] == kind and t["case"] == CASE]
            return bool(found)

        assert until(there, 40.0, 0.2), f"no task {kind}:\n{self.ctl('explain', NUMBER)}"
        [task] = found
        return task

    def comes(self, state: str) -> None:
        """Wait until the case is in a state."""
        assert until(lambda: self.asked("case", CASE)["state"] == state, 40.0, 0.2), self.ctl("explain", NUMBER)

    def platform(self, path: str, data: str = "") -> Any:
        """What a browser would do at a simulated platform."""
        return json.loads(self.machine.ok(PYTHON, "-c", WEB, path, stdin=data))


@pytest.fixture
def newcomer(package: Path) -> Iterator[Newcomer]:
    """Before a machine on which nothing of ours was ever installed."""
    with tempfile.TemporaryDirectory(prefix="numtrustd-") as place, booted(Path(place)) as machine:
        yield Newcomer(machine, package)


def test_the_first_days_of_a_new_user(newcomer: Newcomer) -> None:
    typed = install(newcomer)
    rehearse(newcomer)
    for command in typed:
        newcomer.machine.sh(command)
    see_a_label(newcomer)
    appeal(newcomer)
    read_the_report(newcomer)
    break_and_recover(newcomer)


def install(newcomer: Newcomer) -> list[str]:
    """Install the package and answer `init`; the commands that it says to type next."""
    machine = newcomer.machine
    said = machine.ok("dpkg", "-i", str(machine.path / "numtrustd.deb"))
    numbers = [word for number in OURS for word in ("--number", number)]
    sources = [word for source in SOURCES for word in ("--enable", source)]
    made = machine.ok(
        "numtrustd", "init", "--company", "示例科技有限公司", "--display-name", "示例科技", *numbers, *sources
    )
    typed = [line.strip() for line in made.partition("next:\n")[2].splitlines()]
    assert typed[0] == "numtrustd check"
    assert typed[-1] == "numtrustctl status"
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Under systemd")[2].partition("\n## ")[0]
    for command in typed:
        assert f"\n{command}" in readme, "README, the package and `init` say the same"
        assert command in said or command == "numtrustctl status"
    return typed


def rehearse(newcomer: Newcomer) -> None:
    """What a real user does not have: platforms on this machine, and a clock that runs."""
    machine = newcomer.machine
    settings = machine.ok("cat", CONFIG)
    machine.write(CONFIG, settings + REHEARSAL)
    machine.write(PAPER, "proof of ownership")
    machine.write("/root/numbers", "number\n" + "\n".join(OURS) + "\n")
    machine.write(f"/etc/systemd/system/{UNIT}.d/hurry.conf", hurry(newcomer.base))
    world = ("--seed", "5", "--speed", SPEED, "--clock-base", repr(newcomer.base), "--clock-origin", repr(DEMO_ORIGIN))
    words = shlex.join(map(str, ("--port", 8099, "--numbers", "/root/numbers", *world)))
    machine.sh(
        f"""systemctl daemon-reload
        systemd-run --quiet --unit=platforms {PYTHON} -I -m numtrustd.sim {words}
        useradd alice"""
    )
    assert until(lambda: machine.run(PYTHON, "-c", WEB, "/truth").status == 0, 40.0, 0.2), "no simulated platforms"


def see_a_label(newcomer: Newcomer) -> None:
    """Join the group, and see a wrong label as soon as a platform shows one."""
    newcomer.machine.ok("usermod", "-aG", "numtrustd-ctl", "alice")
    assert "10 numbers" in newcomer.ctl("status")
    newcomer.platform("/script", json.dumps(LABEL))
    labelled: Callable[[], bool] = lambda: bool(newcomer.asked("numbers", "--finding", "mislabel"))  # noqa: E731
    assert until(labelled, 40.0, 0.2), newcomer.ctl("explain", NUMBER)
    [row] = newcomer.asked("numbers", "--finding", "mislabel")
    assert row["number"] == NUMBER
    assert "营销推广" in newcomer.ctl("number", OURS[3])
    assert "shown as 营销推广" in newcomer.ctl("explain", OURS[3], "sogou")


def appeal(newcomer: Newcomer) -> None:
    """Bring the paper, allow the submission, hand it in, report the answer; the daemon sees that the label is gone."""
    shown = newcomer.ctl("task", "show", newcomer.task("supply_evidence")["task"])
    assert "\n  numtrustctl evidence add number_ownership PATH\n" in shown
    newcomer.ctl("evidence", "add", "number_ownership", PAPER, "--expires", "2028-12-31")
    newcomer.task("approve")  # it went on by itself
    newcomer.ctl("approve", CASE)
    task = newcomer.task("submit_appeal")["task"]
    shown = newcomer.ctl("task", "show", task)
    assert "示例科技有限公司" in shown, "in the company's name"
    packet = newcomer.asked("task", "show", task)
    assert [paper["kind"] for paper in packet["evidence"] if paper["held"]] == ["number_ownership"]
    ref = packet["letter"].rsplit("申诉编号：", 1)[-1].strip()
    form = {"number": NUMBER, "ref": ref, "letter": packet["letter"], "evidence": "number_ownership"}
    receipt = newcomer.platform("/forms/sogou/appeal", urlencode(form))["receipt"]
    bare = newcomer.machine.run("numtrustctl", "task", "done", task, "--outcome", "submitted", user="alice")
    assert (bare.status, "--no-receipt" in bare.err) == (1, True), bare.said
    newcomer.ctl("task", "done", task, "--outcome", "submitted", "--receipt", receipt)
    newcomer.comes("in_review")
    message: Callable[[], Any] = lambda: newcomer.platform(f"/forms/sogou/appeal/{receipt}")["state"]  # noqa: E731
    assert until(lambda: message() == "approved", 40.0, 0.2)
    newcomer.ctl("task", "done", newcomer.task("report_answer")["task"], "--outcome", "approved")
    newcomer.comes("cleared")
    assert newcomer.asked("numbers", "--finding", "mislabel") == []
    assert "clean" in newcomer.ctl("explain", OURS[3], "sogou")


def read_the_report(newcomer: Newcomer) -> None:
    """The month, on a terminal and as a file for a manager."""
    text = newcomer.ctl("report", "--month", "2026-03")
    assert "1 appeared, 0 were found at the first look, 1 went." in text
    assert "Sogou: appeal" in text
    newcomer.ctl("report", "--month", "2026-03", "--format", "html", "-o", "/tmp/month.html")
    assert newcomer.machine.ok("cat", "/tmp/month.html").startswith("<!DOCTYPE html>")


def break_and_recover(newcomer: Newcomer) -> None:
    """A bad edit is refused, and put right; a daemon that is killed is back, and knows all that it knew."""
    machine = newcomer.machine
    good = machine.ok("cat", CONFIG)
    machine.write(CONFIG, good.replace("[appeal]", "[apeal]"))
    refused: Done = machine.run("systemctl", "reload", UNIT)
    assert refused.status == 1, refused.said
    assert "THE CHANGED CONFIGURATION WAS REFUSED" in machine.ok("systemctl", "status", UNIT)
    for command in ("journalctl -u numtrustd -n 20 --no-pager", "numtrustctl reload", "numtrustd check"):
        said = machine.run("/bin/sh", "-c", command).said
        assert CONFIG in said, command
        assert "apeal" in said, command
    assert newcomer.asked("status")["numbers"] == len(OURS), "the one that was in use still is"
    machine.write(CONFIG, good)
    machine.ok("systemctl", "reload", UNIT)
    before = machine.show(UNIT, "MainPID")[0]
    machine.ok("systemctl", "kill", "--kill-whom=main", "--signal=KILL", UNIT)
    # Nothing is typed but the question: the call waits for the daemon, or starts it.
    assert until(
        lambda: machine.show(UNIT, "ActiveState", "MainPID") not in (["active", before], ["active", "0"]), 20.0
    )
    assert newcomer.asked("case", CASE)["state"] == "cleared"
    assert [paper["kind"] for paper in newcomer.asked("evidence", "list")["papers"]] == ["number_ownership"]
    assert machine.show(UNIT, "ActiveState")[0] == "active"
