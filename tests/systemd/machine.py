"""A booted systemd that tests can talk to: `run-in-systemd.sh` with an agent in it, or the reason why there is none.

It is this machine's own, unless NUMTRUSTD_TEST_TREE names the root of another Debian (as mmdebstrap makes one, with
systemd, dbus, python3, passwd and procps) and NUMTRUSTD_TEST_DEB a package that was built for its Python.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec import Struct

from tests.processes import until

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PYTHON = Path("/usr/bin/python3")
"""The system's own: one below a home directory cannot be seen with ProtectHome=."""

TOOLS = {
    "bash": "bash",
    "mount": "mount",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "systemctl": "systemd",
    "systemd-analyze": "systemd",
    "dbus-daemon": "dbus",
    "dpkg-deb": "dpkg",
    "make": "make",
}
"""What the tests here call, and the Debian package that brings it."""


def missing(wanted: Mapping[str, str] = TOOLS) -> list[str]:
    """Everything that this machine lacks, each with what brings it."""
    lacks = [f"{tool} (package {package})" for tool, package in wanted.items() if not shutil.which(tool)]
    if not PYTHON.exists():
        lacks.append(f"{PYTHON} (package python3)")
    if os.geteuid() != 0:
        lacks.append("root")
    if " cgroup2 " not in Path("/proc/mounts").read_text():
        lacks.append("a mounted cgroup2")
    return lacks


def need(wanted: Mapping[str, str] = TOOLS) -> None:
    """Fail in CI, skip elsewhere, where the machine cannot do this."""
    if lacks := missing(wanted):
        what = f"a real systemd needs {', '.join(lacks)}"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)


class Done(Struct, frozen=True):
    """A command that has run."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both outputs, for messages."""
        return f"status {self.status}\n{self.out}{self.err}"


class Machine:
    """One booted system. `path` is the directory that both sides see under the same name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = path / "agent.sock"

    def run(
        self,
        *words: str,
        user: str = "",
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> Done:
        """Run a command inside, as root if nobody else is named."""
        request = {"argv": words, "user": user, "input": stdin, "env": env or {}, "timeout": timeout}
        return Done(**self._ask(request, timeout + 10.0))

    def ok(self, *words: str, user: str = "", stdin: str = "", timeout: float = 60.0) -> str:
        """Run a command that has to end well; its standard output."""
        done = self.run(*words, user=user, stdin=stdin, timeout=timeout)
        assert done.status == 0, f"{' '.join(words)}: {done.said}"
        return done.out

    def sh(self, script: str, **values: str) -> str:
        """A few lines of shell that have to end well."""
        return self.ok("/bin/sh", "-euc", script.format(**values) if values else script)

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """A file inside, with the directories above it."""
        self.ok(
            "/bin/sh", "-euc", 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"', "sh", path, mode, stdin=text
        )

    def show(self, unit: str, *names: str) -> list[str]:
        """Properties of a unit, in the order asked for."""
        shown = dict(
            line.split("=", 1) for line in self.ok("systemctl", "show", unit, "-p", ",".join(names)).splitlines()
        )
        return [shown[name] for name in names]

    def journal(self, *words: str) -> list[dict[str, str]]:
        """Entries of the journal, oldest first."""
        self.ok("journalctl", "--sync")
        lines = self.ok("journalctl", "-o", "json", "--all", "--no-pager", *words).splitlines()
        return [json.loads(line) for line in lines]

    def stop(self) -> None:
        """End the agent, and with it the system."""
        self._ask({"stop": True}, 10.0)

    def _ask(self, request: Mapping[str, object], timeout: float) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(timeout)
            channel.connect(str(self._socket))
            channel.sendall(json.dumps(request).encode() + b"\n")
            with channel.makefile("rb") as reader:
                reply: dict[str, object] = json.loads(reader.readline())
        return reply


@contextlib.contextmanager
def booted(path: Path, *, limits: bool = False) -> Iterator[Machine]:
    """A system that runs for the length of the block. `path` has to be short: a socket lies in it. With `limits` it has
    the controllers that count processes and memory.
    """
    shutil.copy(HERE / "agent.py", path)
    machine = Machine(path)
    command = [
        HERE / "run-in-systemd.sh",
        *(["--limits"] if limits else []),
        "--tree",
        os.environ.get("NUMTRUSTD_TEST_TREE", "host"),
        # It stands until the last test of its worker has run, whatever that is.
        "--timeout",
        "1500",
        path,
        PYTHON,
        "-I",
        path / "agent.py",
        path / "agent.sock",
    ]
    # It must not outlive a test run that is killed.
    with (path / "boot.log").open("wb") as log:
        child = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "bash", *command], stdout=log, stderr=log)
    try:
        up = until(lambda: (path / "agent.sock").exists() or child.poll() is not None, 60.0)
        said = (path / "boot.log").read_text(errors="replace")
        assert up, f"no system came up:\n{said}"
        assert child.poll() is None, f"the system did not stay up:\n{said}"
        yield machine
        machine.stop()
        assert child.wait(30.0) == 0, (path / "boot.log").read_text(errors="replace")
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait(30.0)
