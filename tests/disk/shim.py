"""Compiles the shim (`shim.c`) and says how a process is started under it."""

import ctypes
import enum
import hashlib
import os
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COMMAND = ("gcc", "-O1", "-Wall", "-U_FORTIFY_SOURCE", "-shared", "-fPIC")
"""Without _FORTIFY_SOURCE, which makes functions such as `open` something that cannot be defined again."""


class Fault(enum.IntEnum):
    """How calls fail: with this errno, by writing only half, or not at all because the process is killed.

    META is ENOSPC for the write that makes a transaction the last one, and for no other call.
    """

    EIO = 1
    ENOSPC = 2
    SHORT = 3
    KILL = 4
    META = 5


@lru_cache(maxsize=1)
def library() -> Path:
    """The compiled shim, made once for each content. Raises RuntimeError with the compiler's words."""
    name = hashlib.sha256(" ".join(COMMAND).encode() + SOURCE.read_bytes()).hexdigest()[:16]
    made = Path(tempfile.gettempdir()) / f"numtrust-disk-shim-{os.getuid()}-{name}.so"
    if not made.exists():
        part = made.with_suffix(f".{os.getpid()}")
        try:
            done = subprocess.run([*COMMAND, "-o", part, SOURCE], capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise RuntimeError("no gcc: install gcc and libc6-dev, the shim under the tests is written in C") from error
        if done.returncode != 0:
            raise RuntimeError(f"the shim does not compile (is libc6-dev installed?):\n{done.stderr}")
        part.rename(made)
    return made


def environment(root: Path, *, log: Path | None = None, ack: int | None = None, fault: str = "") -> dict[str, str]:
    """The environment of a process whose calls below `root` are recorded in `log` or fail as `fault` says."""
    told = {"LD_PRELOAD": str(library()), "DISK_SHIM_ROOT": os.path.realpath(root)}
    if log is not None:
        told["DISK_SHIM_LOG"] = str(log)
    if ack is not None:
        told["DISK_SHIM_ACK"] = str(ack)
    if fault:
        told["DISK_SHIM_FAULT"] = fault
    return {**os.environ, **told}


class Shim:
    """The shim inside this process, which must have been started under it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.disk_shim_fired.restype = ctypes.c_long

    def arm(self, fault: Fault, first: int, last: int) -> None:
        """Let the calls `first` to `last`, counted from now, fail."""
        self._library.disk_shim_arm(ctypes.c_int(fault), ctypes.c_long(first), ctypes.c_long(last))

    def disarm(self) -> int:
        """Let nothing fail any more. How many calls did since `arm`."""
        fired = int(self._library.disk_shim_fired())
        self._library.disk_shim_arm(ctypes.c_int(0), ctypes.c_long(0), ctypes.c_long(0))
        return fired
