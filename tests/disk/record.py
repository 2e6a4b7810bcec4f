"""What a process did to the files below a directory, read from the shim's log."""

import enum
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from tests.disk import shim, writer
from tests.disk.shim import Fault

_HEAD = struct.Struct("=BBHHHQQQ")


class Kind(enum.IntEnum):
    """As in shim.c."""

    CREATE = 1
    MKDIR = 2
    RENAME = 3
    UNLINK = 4
    WRITE = 5
    TRUNCATE = 6
    SYNC = 7
    ACK = 8
    MSYNC = 9


class Op(Struct, frozen=True):
    """One call that succeeded. `path` and `to` are relative to the root, `offset` is the new length of a TRUNCATE."""

    kind: Kind
    dsync: bool
    inode: int
    offset: int
    path: str
    to: str
    data: bytes

    def shape(self) -> tuple[object, ...]:
        """The call without what differs from run to run (inodes, random names, contents)."""
        return (self.kind, self.dsync, self.offset, len(self.data))


def read(log: Path) -> list[Op]:
    """All calls in their order. Raises ValueError where something was written through a map: no replay could tell."""
    ops = list(_parse(log.read_bytes()))
    if any(op.kind is Kind.MSYNC for op in ops):
        raise ValueError("msync was called: the store writes through its map, which no log of calls can show")
    return ops


def _parse(raw: bytes) -> Iterator[Op]:
    at = 0
    while at < len(raw):
        kind, flags, path, to, _, inode, offset, size = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        names = raw[at : at + path + to]
        at += path + to
        data = raw[at : at + size]
        at += size
        yield Op(Kind(kind), bool(flags), inode, offset, names[:path].decode(), names[path:].decode(), data)


def prepare(root: Path) -> dict[str, int]:
    """Make the directory for the writer, with one for backups in it; path to inode of what is there."""
    backups = root / writer.BACKUPS
    backups.mkdir(parents=True)
    return {"": root.stat().st_ino, writer.BACKUPS: backups.stat().st_ino}


def record(root: Path, log: Path, *arguments: str, killed_at: int | None = None) -> list[Op]:
    """Run the writer on the prepared directory `root`; what it did. `killed_at`: a first run is killed at this call."""
    if killed_at is not None:
        fault = f"{Fault.KILL:d} {killed_at} {killed_at}"
        status = _run(shim.environment(root, log=log, ack=1, fault=fault), root, arguments)
        if status != -signal.SIGKILL:
            raise ValueError(f"the writer made no {killed_at} calls: it ended with {status}")
    if status := _run(shim.environment(root, log=log, ack=1), root, arguments):
        raise RuntimeError(f"the writer failed with {status}: see its words above")
    return read(log)


def _run(environment: dict[str, str], root: Path, arguments: Iterable[str]) -> int:
    command = [sys.executable, "-m", "tests.disk.writer", str(root), *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
