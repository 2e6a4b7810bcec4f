"""This machine: its cores, what a process used of them, and what it ran."""

import contextlib
import os
import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

_CORES = sorted(os.sched_getaffinity(0))
MEASURED = _CORES[0]
"""The core that whatever is measured has to itself."""
OTHER = _CORES[-1]
"""The core of servers and load generators; on a machine of one core it is the same one."""

_TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """Processes and threads started within the block run on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def facts() -> str:
    """One line about the machine and the versions that matter."""
    names = ("trio", "httpx", "httptools", "lmdb", "msgspec", "selectolax")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    load = os.getloadavg()[0]
    peers = ", ".join(f"{name} {debian_version(name)}" for name in ("nginx-light", "prometheus-blackbox-exporter"))
    return (
        f"{len(_CORES)} cores ({platform.machine()}), Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, {packages}, {peers}; load average {load:.1f}"
    )


def debian_version(package: str) -> str:
    """The installed version of a Debian package, `?` where dpkg does not know."""
    try:
        asked = ["dpkg-query", "-W", "-f=${Version}", package]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "?"
