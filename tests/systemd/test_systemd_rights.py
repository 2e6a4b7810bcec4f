"""What the service may do, what others may do to it, and where its secrets go: proved by running, not by reading."""

import base64
import json
import re

import pytest

from tests.processes import until
from tests.systemd.installed import NUMBERS, OURS, SECRET, SETTINGS, UNIT, Installed, event
from tests.systemd.machine import ROOT

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("systemd")]

UNITS = ("numtrustd.service", "numtrustd-create-state.service", "numtrustd-status.socket", "numtrustd-control.socket")

LISTENER = """
import http.server, sys
class Listener(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1], "a") as file:
            file.write(self.headers.get("Authorization", "nothing") + "\\n")
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8098), Listener).serve_forever()
"""
"""A platform that only keeps who said he was asking."""

PACK = """
[platform]
id = "acme"
name = "Acme"
class = "handset_vendor"
[[source]]
id = "acme.farm"
title = "our handsets"
kinds = ["foreign"]
interval = "1m"
[source.command]
argv = ["/opt/handsets/look"]
deadline = "60s"
[[source.reading]]
platform = "acme"
"""
PROGRAM = """#!/bin/sh
trap '' TERM
echo "at work as $(id -u), in $PWD" >&2
touch here || echo "cannot write here" >&2
touch /opt/handsets/there 2>/dev/null && echo "can write anywhere" >&2
sleep 60
"""


# ------------------------------------------------------------------------------------------------------ on paper


def test_the_units_are_clean(installed: Installed) -> None:
    for words in (["--recursive-errors=yes"], []):
        done = installed.machine.run("systemd-analyze", "verify", "--man=no", *words, *UNITS)
        assert (done.status, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    ("unit", "line", "most"),
    [
        ("numtrustd.service", "", "11"),
        ("numtrustd.service", "IPAddressDeny=any\nIPAddressAllow=localhost", "10"),
        ("numtrustd.service", "PrivateUsers=no", "13"),
        ("numtrustd-create-state.service", "", "2"),
    ],
)
def test_the_units_are_as_tight_as_they_say(installed: Installed, unit: str, line: str, most: str) -> None:
    path = f"/run/tight/{unit}"
    shipped = installed.machine.ok("cat", f"/usr/lib/systemd/system/{unit}")
    installed.machine.write(path, shipped.replace("[Install]", f"{line}\n[Install]") if line else shipped)
    done = installed.machine.run("systemd-analyze", "security", "--offline=yes", f"--threshold={most}", path)
    assert done.status == 0, done.said


def test_each_line_that_is_left_open_is_explained(installed: Installed) -> None:
    path = f"/usr/lib/systemd/system/{UNIT}"
    shown = installed.machine.ok("systemd-analyze", "security", "--offline=yes", "--json=short", path)
    rows = json.loads(shown)
    open_lines = {row["name"].rstrip("=").split("=")[0] for row in rows if row["exposure"]}
    assert "PrivateNetwork" in open_lines
    readme = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")
    left_open = readme.partition("## What is left open")[2].partition("\n## ")[0]
    assert not [name for name in open_lines if f"`{name}" not in left_open]


def test_both_services_have_the_same_walls(installed: Installed) -> None:
    walls = [
        set(
            (ROOT / "systemd" / unit)
            .read_text()
            .partition("CapabilityBoundingSet=")[2]
            .partition("\n[Install]")[0]
            .split("\n")
        )
        for unit in UNITS[:2]
    ]
    assert {line.partition("=")[0] for line in walls[0] ^ walls[1] if line} == {
        "RestrictAddressFamilies",
        "IPAddressDeny",
        "PrivateNetwork",
    }, "the one that makes the state has no network, and else nothing differs"


# ----------------------------------------------------------------------------------------------------- by running


@pytest.mark.covers("L4")
def test_the_process_has_no_rights_and_sees_no_more_than_it_must(daemon: Installed) -> None:
    machine, pid = daemon.machine, daemon.pid()
    status = dict(
        line.split(":\t", 1) for line in machine.ok("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line
    )
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert int(status["Uid"].split()[0]) >= 61_184, "a user that exists only while it runs"

    # As root, so that only the walls are in the way, and no mode of a file.
    def inside(script: str) -> int:
        return machine.run("nsenter", "-t", pid, "-m", "--", "/bin/sh", "-c", script).status

    state = "/var/lib/numtrustd"
    assert inside(f"touch {state}/x && rm {state}/x") == 0
    for place in ("/etc/numtrustd", "/usr/lib/numtrustd", "/usr/bin", "/var/lib", "/run/numtrustd", "/run/lock"):
        assert inside(f"touch {place}/x") != 0, place
    for place in ("/tmp", "/var/tmp", "/dev/shm", state, f"{state}-backup"):
        assert inside(f"cp /bin/true {place}/x && {{ {place}/x; s=$?; rm {place}/x; exit $s; }}") == 126, place
    assert inside('test -z "$(ls -A /root)$(ls -A /home)"') == 0
    assert inside("test -e /dev/kmsg || test -e /dev/fuse") != 0
    mounts = dict(line.split()[4:6] for line in machine.ok("cat", f"/proc/{pid}/mountinfo").splitlines())
    loose = {
        place
        for place, options in mounts.items()
        if {"rw", "noexec"} & {*options.split(",")} == {"rw"} and not place.startswith((str(machine.path), "/dev/pts"))
    }
    assert not loose, "what can be written there can be run"
    environ = machine.ok("cat", f"/proc/{pid}/environ")
    assert "CREDENTIALS_DIRECTORY=" in environ
    assert SECRET not in environ


@pytest.mark.covers("L1", "L3")
def test_who_may_look_and_who_may_act(daemon: Installed) -> None:
    machine = daemon.machine
    assert machine.run("numtrustctl", "status", user="bob").status == 0
    number = OURS[-1]
    refused = machine.run("numtrustctl", "park", number, user="bob")
    assert refused.status == 77, refused.said
    assert "control.sock" in refused.err
    # By the socket that is open to him it is no method at all.
    around = machine.run("numtrustctl", "--socket", "/run/numtrustd/status.sock", "park", number, user="bob")
    assert around.status not in (0, 77), around.said
    assert not daemon_parked(daemon)
    for path in ("/var/lib/numtrustd/", "/var/lib/private/numtrustd/", "/etc/numtrustd/credentials/"):
        assert machine.run("ls", path, user="bob").status != 0, path
    assert machine.run("kill", "-TERM", daemon.pid(), user="bob").status != 0
    assert machine.run("numtrustctl", "park", number, user="alice").status == 0
    assert daemon_parked(daemon)
    assert machine.run("numtrustctl", "unpark", number, user="alice").status == 0
    acted = [json.loads(e["MESSAGE"]) for e in machine.journal("-u", UNIT) if event(e) == "control.acted"]
    assert [r["numtrust.method"] for r in acted][-2:] == ["Park", "Unpark"], "what was done is in the journal"
    assert acted[-1]["numtrust.peer_uid"] == 65_534, "what PrivateUsers= costs"


def daemon_parked(daemon: Installed) -> bool:
    return bool(json.loads(daemon.machine.ok("numtrustctl", "number", OURS[-1], "--json")).get("parked"))


def test_settings_need_not_be_readable_by_all(daemon: Installed) -> None:
    daemon.machine.sh("chgrp -R numtrustd-ctl /etc/numtrustd; chmod -R o-rwx /etc/numtrustd")
    try:
        daemon.machine.ok("systemctl", "restart", UNIT)
        daemon.machine.ok("systemctl", "reload", UNIT)
        assert daemon.machine.run("cat", NUMBERS, user="bob").status != 0
    finally:
        daemon.machine.sh(
            "chgrp -R root /etc/numtrustd; chmod -R o+rX /etc/numtrustd; chmod 700 /etc/numtrustd/credentials"
        )


def test_a_backup_has_a_directory_of_its_own(daemon: Installed) -> None:
    machine = daemon.machine
    assert machine.run("numtrustctl", "backup", "/srv/copy").status != 0, "elsewhere it cannot write"
    for own in ("/tmp", "/var/tmp"):
        done = machine.run("numtrustctl", "backup", f"{own}/copy")
        assert (done.status, f"path: {own} is the service's own" in " ".join(done.err.split())) == (1, True), done.said
    machine.ok("numtrustctl", "backup", "/var/lib/numtrustd-backup/copy")
    machine.sh("test -s /var/lib/numtrustd-backup/copy/data.mdb; rm -r /var/lib/numtrustd-backup/copy")


# -------------------------------------------------------------------------------------------------------- credentials


def arrives(daemon: Installed, place: str, secret: str) -> bool:
    """Whether a request carries the secret now."""
    encoded = {secret, base64.b64encode(secret.encode()).decode()}
    return until(lambda: any(text in daemon.machine.run("cat", place).out for text in encoded), 15.0, 0.2)


def test_a_credential_reaches_the_request_and_nothing_else(daemon: Installed) -> None:
    machine = daemon.machine
    heard = "/run/heard"
    machine.write("/run/listener.py", LISTENER)
    machine.ok("systemd-run", "--quiet", "--unit=listener", "/usr/bin/python3", "/run/listener.py", heard)
    try:
        machine.write("/etc/numtrustd/numtrustd.toml", SETTINGS.replace(":8099", ":8098"))
        machine.ok("systemctl", "restart", UNIT)
        assert arrives(daemon, heard, SECRET), "a file in the directory of credentials"
        # The other ways in, each with a secret of its own. Both go before the directory's.
        sealed = machine.sh(
            """mkdir -p /etc/numtrustd/encrypted
            cd /etc/numtrustd/encrypted
            printf sealed-in-a-file | systemd-creds encrypt --name=telnyx-api-key - telnyx-api-key
            printf sealed-in-the-unit | systemd-creds encrypt --pretty --name=telnyx-api-key - -"""
        )
        daemon.dropin(
            "credential", "[Service]\nLoadCredentialEncrypted=telnyx-api-key:/etc/numtrustd/encrypted/telnyx-api-key\n"
        )
        machine.ok("systemctl", "restart", UNIT)
        assert arrives(daemon, heard, "sealed-in-a-file")
        daemon.dropin("credential", f"[Service]\n{sealed}")
        assert "SetCredentialEncrypted=telnyx-api-key:" in sealed
        machine.ok("systemctl", "restart", UNIT)
        assert arrives(daemon, heard, "sealed-in-the-unit")
    finally:
        machine.ok("systemctl", "stop", "listener")
    secrets = (SECRET, "sealed-in-a-file", "sealed-in-the-unit")
    seen = {
        "the journal": machine.ok("journalctl", "--no-pager", "-o", "json", "--all"),
        "the unit": machine.ok("systemctl", "show", UNIT) + machine.ok("systemctl", "cat", UNIT),
        "what is told": "".join(
            machine.ok("numtrustctl", *words, "--json") for words in (["status"], ["sources"], ["history", OURS[0]])
        ),
    }
    for name, text in seen.items():
        for secret in secrets:
            assert secret not in text, f"{secret} is in {name}"
    raw = machine.run(
        "grep", "-rlaF", *(word for secret in secrets for word in ("-e", secret)), "/var/lib/private/numtrustd"
    )
    assert raw.status == 1, raw.said


def test_check_sees_the_secrets_that_the_service_sees(daemon: Installed) -> None:
    machine = daemon.machine
    seen = machine.run("numtrustd", "check")
    assert seen.status == 0, seen.said
    unseen = machine.run("numtrustd", "check", user="bob")
    assert unseen.status == 78
    assert "/etc/numtrustd/credentials/telnyx-api-key: permission denied: do this as root" in unseen.out


def test_a_credential_that_is_missing_is_named(daemon: Installed) -> None:
    machine = daemon.machine
    machine.sh("mv /etc/numtrustd/credentials/telnyx-api-key /etc/numtrustd/elsewhere")
    try:
        assert machine.run("systemctl", "restart", UNIT).status != 0
        assert machine.show(UNIT, "ExecMainStatus", "NRestarts") == ["78", "0"]
        rejected = [e["MESSAGE"] for e in machine.journal("-u", UNIT) if event(e) == "config.rejected"]
        assert "telnyx-api-key" in rejected[-1]
    finally:
        machine.sh("mv /etc/numtrustd/elsewhere /etc/numtrustd/credentials/telnyx-api-key")


# ------------------------------------------------------------------------------------------------ an operator's program


def test_a_program_of_the_operators_runs_once_the_unit_allows_it(daemon: Installed) -> None:
    machine = daemon.machine
    machine.write("/opt/handsets/look", PROGRAM, "755")
    machine.write("/etc/numtrustd/platforms.d/acme.toml", PACK)
    machine.write("/etc/numtrustd/numtrustd.toml", SETTINGS + '[platforms]\nenable = ["acme.farm"]\n')

    def heard(text: str) -> bool:
        return text in machine.ok("journalctl", "-u", UNIT, "-o", "cat", "--no-pager")

    try:
        refused = machine.run("systemctl", "restart", UNIT)
        assert refused.status != 0
        assert heard("ExecPaths=/opt/handsets"), "what would help is said"
        daemon.dropin("handsets", dropin_of_the_readme())
        machine.ok("systemctl", "restart", UNIT)
        assert until(lambda: heard("at work as "), 15.0, 0.3)
        said = machine.ok("journalctl", "-u", UNIT, "-o", "cat", "--no-pager")
        assert (
            f"at work as {machine.ok('stat', '-c', '%u', f'/proc/{daemon.pid()}').strip()}, in /tmp/numtrustd-" in said
        )
        assert "cannot write here" not in said
        assert "can write anywhere" not in said
        # It does not end when it is asked to. The daemon does, and takes it along.
        machine.ok("timeout", "5", "systemctl", "stop", UNIT)
        assert machine.show(UNIT, "Result", "ExecMainStatus") == ["success", "0"]
        assert machine.run("/bin/sh", "-c", "grep -l handsets/loo[k] /proc/[0-9]*/cmdline").status == 1
    finally:
        machine.sh("rm -rf /etc/numtrustd/platforms.d /opt/handsets")


def dropin_of_the_readme() -> str:
    """The drop-in that systemd/README.md gives for programs."""
    readme = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```ini\n(\[Service\]\nExecPaths=/opt/handsets\n.*?)```", readme, re.DOTALL)
    assert found, "the README does not say how to allow a program"
    return found[1]
