"""rsyslog and syslog-ng from Debian, each with the configuration that we ship, in a directory of its own."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from tests.processes import until

ROOT = Path(__file__).parent.parent.parent
PIPELINES = ROOT / "pipelines"
UNPACKED = ROOT / ".tools" / "syslog-ng"
"""Where `.ci/syslog-ng` unpacks it: Debian does not have it installed beside rsyslog."""

PATIENCE = 60.0


def need(name: str, *more: Path) -> str:
    """The path of a program; without it the test is skipped, but in CI it fails."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or next(
        (str(path) for path in more if path.exists()), None
    )
    if found is None:
        if "CI" in os.environ:
            pytest.fail(f"{name} is missing: .ci/run names what is to be installed")
        pytest.skip(f"{name} is not installed")
    return found


class Collector(Struct):
    """One that runs: its syslog socket, the file that it follows, and the files that it writes."""

    root: Path

    @property
    def socket(self) -> Path:
        return self.root / "log"

    @property
    def file(self) -> Path:
        return self.root / "numtrustd.log"

    def lines(self, name: str) -> list[bytes]:
        """What it has written into one of its files so far."""
        path = self.root / "out" / name
        return path.read_bytes().splitlines() if path.exists() else []

    def wait_for(self, name: str, count: int) -> list[bytes]:
        """The lines of a file once there are so many; what there is when patience is over."""
        path, seen, at = self.root / "out" / name, 0, 0

        def enough() -> bool:
            nonlocal seen, at
            if path.exists():
                with path.open("rb") as file:
                    file.seek(at)
                    new = file.read()
                seen, at = seen + new.count(b"\n"), at + len(new)
            return seen >= count

        until(enough, PATIENCE, 0.1)
        return self.lines(name)


def shipped(name: str, root: Path) -> str:
    """A configuration of ours with its places under `root` instead of /var/log."""
    text = (PIPELINES / name).read_text(encoding="utf-8")
    moved = text.replace("/var/log/numtrustd/", f"{root}/out/").replace(
        "/var/log/numtrustd.log", f"{root}/numtrustd.log"
    )
    assert "/var/log" not in re.sub(r"#.*", "", moved)
    return moved


@contextlib.contextmanager
def _running(root: Path, command: list[str], environ: dict[str, str]) -> Iterator[Collector]:
    made = Collector(root)
    with (root / "said").open("wb") as said:
        child = subprocess.Popen(command, env={**os.environ, **environ}, stdout=said, stderr=said)
        try:
            assert until(made.socket.exists, PATIENCE), (root / "said").read_text()
            yield made
        finally:
            child.terminate()
            child.wait(PATIENCE)
    assert not re.search(r"(?i)error|warning", (root / "said").read_text()), (root / "said").read_text()


@contextlib.contextmanager
def rsyslog() -> Iterator[Collector]:
    """With a main file that is Debian's in what matters: the socket first, then rsyslog.d."""
    program = need("rsyslogd")
    with tempfile.TemporaryDirectory(prefix="nt-") as name:
        root = Path(name)
        for part in ("spool", "out", "rsyslog.d"):
            (root / part).mkdir()
        for file in sorted((PIPELINES / "rsyslog").glob("*.conf")):
            (root / "rsyslog.d" / file.name).write_text(shipped(f"rsyslog/{file.name}", root), encoding="utf-8")
        main = root / "rsyslog.conf"
        main.write_text(
            f'global(maxMessageSize="64k" workDirectory="{root}/spool")\n'
            f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{root}/log")\n'
            f'include(file="{root}/rsyslog.d/*.conf")\n'
            f'*.* action(type="omfile" file="{root}/out/syslog")\n'
        )
        checked = subprocess.run([program, "-N1", "-f", str(main)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        with _running(root, [program, "-n", "-f", str(main), "-i", str(root / "pid")], {}) as made:
            yield made


@contextlib.contextmanager
def syslog_ng() -> Iterator[Collector]:
    """With a main file that is Debian's in what matters: `s_src`, then conf.d, then the rest into one file."""
    program = need("syslog-ng", UNPACKED / "usr/sbin/syslog-ng")
    libraries = next(iter(UNPACKED.glob("usr/lib/syslog-ng")), Path("/nonexistent"))
    unpacked = program.startswith(str(UNPACKED))
    environ = {"LD_LIBRARY_PATH": str(libraries)} if unpacked else {}
    version = subprocess.run(
        [program, "-V"], env={**os.environ, **environ}, capture_output=True, text=True, check=True
    ).stdout
    (release,) = re.findall(r"^Config version: (\S+)$", version, re.MULTILINE)
    with tempfile.TemporaryDirectory(prefix="nt-") as name:
        root = Path(name)
        (root / "out").mkdir()
        ours = shipped("syslog-ng/numtrustd.conf", root).replace(
            "source(s_src);", "source(s_src); source(s_numtrustd_file);"
        )
        (root / "numtrustd.conf").write_text(ours, encoding="utf-8")
        main = root / "syslog-ng.conf"
        main.write_text(
            f"@version: {release}\noptions {{ stats-freq(0); time-reopen(1); }};\n"
            f'source s_src {{ unix-dgram("{root}/log"); }};\n@include "{root}/numtrustd.conf"\n'
            f'log {{ source(s_src); destination {{ file("{root}/out/syslog"); }}; }};\n'
        )
        command = [program, "-F", "--no-caps", "--stderr", "-f", str(main)]
        command += [f"--{part}={root}/{part}" for part in ("persist-file", "pidfile", "control")]
        if unpacked:
            command.append(f"--module-path={next(libraries.glob('[0-9]*'))}")
        with _running(root, command, environ) as made:
            yield made


def as_the_journal(lines: Iterable[bytes], to: Path) -> None:
    """Hand lines on as journald does with ForwardToSyslog=: their `<N>` becomes the datagram's priority."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(to))
        for line in lines:
            prefix = re.match(rb"<(\d)>", line)
            level, text = (int(prefix[1]), line[prefix.end() :]) if prefix else (6, line)
            sender.send(b"<%d>Nov 23 07:00:00 numtrustd[4711]: %s" % (3 * 8 + level, text.rstrip(b"\n")))
