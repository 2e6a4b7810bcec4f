"""The Debian package over its life: what it holds, an upgrade, a removal, a purge; and an environment elsewhere."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.links import dead_links
from tests.processes import until
from tests.systemd.installed import CONFIG, NUMBERS, PYTHON, UNIT
from tests.systemd.machine import ROOT, Machine, booted

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("systemd_package")]

NUMBER = "+14155552671"
STATE = "/var/lib/private/numtrustd"
LIMITS = "NUMTRUSTD_TEST_TREE" not in os.environ
"""Another system may be one that refuses the controllers of an older kernel's kind, which may be all that there are."""


@pytest.fixture(scope="module")
def machine(package: Path) -> Iterator[Machine]:
    """A system of its own, for what is done to the package here; the daemon runs in it."""
    with tempfile.TemporaryDirectory(prefix="numtrustd-") as place, booted(Path(place), limits=LIMITS) as machine:
        shutil.copy(package, machine.path / "numtrustd.deb")
        machine.ok("dpkg", "-i", f"{place}/numtrustd.deb")
        made = machine.ok("numtrustd", "init", "--company", "Example Ltd.", "--number", NUMBER, "--enable", "huawei")
        for file in (NUMBERS, CONFIG):
            assert f"wrote {file} over the one of the package, which nobody had edited\n" in made
        machine.write("/etc/numtrustd/credentials/some-key", "secret", "600")
        for command in made.partition("next:\n")[2].splitlines():
            machine.sh(command)
        machine.ok("numtrustctl", "park", NUMBER)
        yield machine


def told(machine: Machine) -> bool:
    """Whether the daemon still knows what it was told in the beginning."""
    return bool(json.loads(machine.ok("numtrustctl", "number", NUMBER, "--json"))["parked"])


def deb(package: Path, *words: str) -> str:
    return subprocess.run(["dpkg-deb", *words, package], capture_output=True, text=True, check=True).stdout


def test_it_has_units_pages_and_completions_where_debian_has_them(package: Path) -> None:
    held = set(re.findall(r"\./(\S*[^/\s])(?: -> \S+)?$", deb(package, "--contents"), re.MULTILINE))
    places = {
        "usr/bin/numtrustd",
        "usr/bin/numtrustctl",
        "usr/lib/sysusers.d/numtrustd.conf",
        "etc/numtrustd/numtrustd.toml",
        "etc/numtrustd/numbers.csv",
        "usr/share/doc/numtrustd/copyright",
        "usr/share/doc/numtrustd/changelog.gz",
        "usr/share/doc/numtrustd/systemd/README.md",
        "usr/share/doc/numtrustd/config/numbers.csv",
    }
    places |= {f"usr/lib/systemd/system/{unit.name}" for unit in (ROOT / "systemd").glob("*.s[eo][rc]*[et]")}
    places |= {f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz" for page in (ROOT / "man").glob("*.[158]")}
    shells = {
        "bash": "usr/share/bash-completion/completions",
        "fish": "usr/share/fish/vendor_completions.d",
        "zsh": "usr/share/zsh/vendor-completions",
    }
    for script in (ROOT / "completions").rglob("*"):
        if script.is_file():
            places.add(f"{shells[script.parent.name]}/{script.name}")
    assert places <= held, places - held
    assert not [path for path in held if path.startswith("usr/lib/numtrustd/share")]
    assert "root/root" in deb(package, "--contents")


def test_every_link_of_its_documents_leads_somewhere(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    assert dead_links(tmp_path / "usr/share/doc/numtrustd") == []


def test_what_the_administrator_edits_is_his(package: Path) -> None:
    assert deb(package, "--info").count("conffiles") == 1
    conffiles = subprocess.run(
        ["dpkg-deb", "--info", package, "conffiles"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert conffiles == [NUMBERS, CONFIG]
    fields = deb(package, "--field")
    assert "python3 (>= 3." in fields
    assert "systemd (>= 252)" in fields


def test_an_upgrade_restarts_it_on_the_same_state(machine: Machine) -> None:
    before = machine.show(UNIT, "MainPID")
    edited = machine.ok("cat", NUMBERS, CONFIG)
    assert NUMBER in edited
    machine.ok("dpkg", "-i", str(machine.path / "numtrustd.deb"))
    assert machine.show(UNIT, "ActiveState") == ["active"]
    assert machine.show(UNIT, "MainPID") != before
    assert told(machine)
    assert machine.ok("cat", NUMBERS, CONFIG) == edited, "what was edited is kept"
    changed = machine.run("dpkg", "--verify", "numtrustd").out.splitlines()
    assert [line.split() for line in changed] in ([], [["??5??????", "c", file] for file in (NUMBERS, CONFIG)])


GREEDY = """
import os, signal, sys
for group in ("", "pids/", "memory/"):
    procs = f"/sys/fs/cgroup/{group}system.slice/numtrustd.service/cgroup.procs"
    if os.path.exists(procs):
        with open(procs, "w") as file:
            file.write(str(os.getpid()))
if sys.argv[1] == "memory":
    held = bytearray(int(sys.argv[2]) << 20)
    sys.exit("it was all there")
children = []
try:
    for _ in range(int(sys.argv[2])):
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
except BlockingIOError:
    print(len(children))
finally:
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.wait()
"""
"""Somebody who joins the service and takes processes, or MiB of memory."""


@pytest.mark.skipif(not LIMITS, reason="another system's systemd may not take this kernel's controllers")
def test_what_takes_too_much_fails_and_the_daemon_goes_on(machine: Machine) -> None:
    machine.write(f"/etc/systemd/system/{UNIT}.d/less.conf", "[Service]\nMemoryMax=400M\n")  # sooner than with 2 GiB
    machine.sh(f"systemctl daemon-reload; systemctl restart {UNIT}")
    try:
        before = machine.show(UNIT, "MainPID", "TasksMax")
        assert before[1] == "256", "as the unit is shipped"
        forked = int(machine.ok(PYTHON, "-c", GREEDY, "processes", "400"))
        assert 200 < forked < 256, "the daemon's own threads count, too"
        greedy = machine.run(PYTHON, "-c", GREEDY, "memory", "800")
        assert greedy.status == -9, greedy.said
        assert machine.show(UNIT, "MainPID", "TasksMax") == before
        assert machine.show(UNIT, "ActiveState") == ["active"]
        assert told(machine)
    finally:
        machine.sh(f"rm -r /etc/systemd/system/{UNIT}.d; systemctl daemon-reload; systemctl restart {UNIT}")


def test_an_environment_elsewhere_works_by_the_drop_in_that_is_told(machine: Machine) -> None:
    machine.sh(
        """cp -a /usr/lib/numtrustd /opt/numtrustd
        sed -i 's#/usr/lib/numtrustd#/opt/numtrustd#' /opt/numtrustd/bin/numtrustd /opt/numtrustd/bin/numtrustctl"""
    )
    readme = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```ini\n(\[Service\]\nExecStart=\n.*?)```", readme, re.DOTALL)
    assert found
    machine.write(f"/etc/systemd/system/{UNIT}.d/elsewhere.conf", found[1])
    machine.sh("systemctl daemon-reload; systemctl restart numtrustd; systemctl reload numtrustd")
    [pid] = machine.show(UNIT, "MainPID")
    assert "/opt/numtrustd/bin/python3" in machine.ok("cat", f"/proc/{pid}/cmdline")
    machine.sh("rm -r /etc/systemd/system/numtrustd.service.d; systemctl daemon-reload; systemctl restart numtrustd")


@pytest.mark.covers("S10")
def test_a_backup_is_put_back_as_it_is_told(machine: Machine) -> None:
    readme = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")
    made = re.search(r"`(numtrustctl backup /\S+)`", readme)
    steps = re.search(r"```sh\n(systemctl stop .*?)```", readme, re.DOTALL)
    assert made
    assert steps
    machine.sh(made[1])
    machine.ok("numtrustctl", "unpark", NUMBER)
    machine.sh(steps[1])
    assert told(machine), "what was told after the backup is forgotten"
    assert any("store.restored" in entry["MESSAGE"] for entry in machine.journal("-u", UNIT))


def test_it_goes_and_leaves_the_state_until_it_is_asked(machine: Machine) -> None:
    machine.ok("numtrustctl", "backup", "/var/lib/numtrustd-backup/kept")
    machine.ok("dpkg", "--remove", "numtrustd")
    assert machine.run("systemctl", "is-active", UNIT).out.strip() == "inactive"
    assert not until(lambda: machine.run("test", "-e", "/run/numtrustd/status.sock").status == 0, 0.3)
    purged = machine.run("dpkg", "--purge", "numtrustd")
    assert purged.status == 0, purged.said
    for place in (STATE, f"{STATE}-backup", "/etc/numtrustd/credentials"):
        assert f"left where it is: {place} (" in purged.err, "that it is left is said"
    assert machine.run("test", "-e", CONFIG).status == 1
    assert machine.ok("cat", "/etc/numtrustd/credentials/some-key") == "secret", "what was put there stays"
    assert not machine.run("find", "/usr/lib/numtrustd", "/etc/systemd/system", "-name", "*numtrustd*").out.split()
    # Back again, it goes on where it was.
    machine.ok("dpkg", "-i", str(machine.path / "numtrustd.deb"))
    machine.write(NUMBERS, f"number\n{NUMBER}\n")
    machine.ok("systemctl", "start", UNIT)
    assert told(machine)
    machine.ok("env", "NUMTRUSTD_PURGE_STATE=yes", "dpkg", "--purge", "numtrustd")
    assert machine.run("ls", "-d", STATE, "/var/lib/numtrustd", f"{STATE}-backup").out == ""
