"""What a disk may hold after the power went: replays recorded calls up to a cut, then loses some of them.

The disk honours flushes, and nothing else is taken for granted. What was written before the last fsync or fdatasync of
its file is there, and what an O_DSYNC descriptor wrote, once the call returned. Of everything else, the call under way
included, any part may be missing: each sector of a write by itself, each change of a length, each change of a directory
that was not flushed (a rename as a whole). Which of two writes to one sector survives covers every order in which a
disk could have done them.

`lock.mdb` is written through a map and not replayed; LMDB makes it anew when nobody holds it.
"""

import os
import random
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from tests.disk.record import Kind, Op

SECTORS = (512, 4096)
"""Bytes that a disk writes whole, of old and of new ones."""

UNSEEN = "lock.mdb"


class _File:
    """One inode: what is sure to be there, and what was written since."""

    def __init__(self) -> None:
        self.sure = bytearray()
        self.pending: list[Op] = []

    def take(self, op: Op) -> None:
        if op.dsync:
            # Sure by itself: it carries nothing else along, and what was to be written there before is void.
            self.pending = [part for old in self.pending for part in _without(old, op)]
            _apply(self.sure, op, op.data)
        else:
            self.pending.append(op)

    def flush(self) -> None:
        for op in self.pending:
            _apply(self.sure, op, op.data)
        self.pending.clear()

    def whole(self) -> bytes:
        """As a program sees it while the machine runs."""
        seen = bytearray(self.sure)
        for op in self.pending:
            _apply(seen, op, op.data)
        return bytes(seen)

    def torn(self, draw: random.Random, chance: float, sector: int, last: Op | None) -> bytes:
        """As it may come back, `last` being the call under way: of what is not sure each sector survives by chance."""
        left = bytearray(self.sure)
        for op in [*self.pending, *([last] if last else [])]:
            if op.kind is Kind.TRUNCATE:
                if draw.random() < chance:
                    _apply(left, op, b"")
                continue
            at = op.offset
            end = op.offset + len(op.data)
            while at < end:
                stop = min(end, (at // sector + 1) * sector)
                if draw.random() < chance:
                    _put(left, at, op.data[at - op.offset : stop - op.offset])
                at = stop
        return bytes(left)


class Disk:
    """The files below the root while calls are replayed."""

    def __init__(self, directories: Mapping[str, int]) -> None:
        """`directories` were there before: path to inode, the root being ""."""
        self._files: dict[int, _File] = {}
        self._inodes = dict(directories)  # as a running program sees it
        self._sure = {path: inode for path, inode in directories.items() if path}
        self._pending: list[Op] = []  # of directories
        self.said: list[str] = []
        """What was acknowledged, line by line."""

    def take(self, op: Op) -> None:
        """Replay one call."""
        match op.kind:
            case Kind.ACK:
                self.said += op.data.decode().splitlines()
            case Kind.CREATE | Kind.MKDIR | Kind.RENAME | Kind.UNLINK:
                if op.kind is Kind.CREATE:
                    self._files[op.inode] = _File()
                _name(self._inodes, op)
                self._pending.append(op)
            case Kind.SYNC if op.inode in self._files:
                self._files[op.inode].flush()
            case Kind.SYNC:
                self._flush_directory(op.inode)
            case Kind.WRITE | Kind.TRUNCATE:
                self._files[op.inode].take(op)
            case Kind.MSYNC:
                raise ValueError("a write through a map cannot be replayed")

    def _flush_directory(self, inode: int) -> None:
        path = next((path for path, known in self._inodes.items() if known == inode), "")
        kept = []
        for op in self._pending:
            if path in (_parent(op.path), _parent(op.to) if op.to else None):
                _name(self._sure, op)
            else:
                kept.append(op)
        self._pending = kept

    def seen(self) -> dict[str, bytes]:
        """Every file as a running program sees it."""
        return {path: self._files[i].whole() for path, i in self._inodes.items() if i in self._files}

    def crash(self, where: Path, draw: random.Random, under_way: Op | None = None) -> None:
        """Lay out below `where` what may be left. Different each time that `draw` is."""
        # A disk that lost everything, one that lost nothing, and what lies between.
        chance = draw.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        sector = draw.choice(SECTORS)
        names = dict(self._sure)
        pending = list(self._pending)
        if under_way is not None and under_way.kind in (Kind.MKDIR, Kind.RENAME, Kind.UNLINK):
            pending.append(under_way)
        for op in pending:
            if draw.random() < chance:
                _name(names, op)
        for path in sorted(names):
            if not all(str(above) in names for above in list(Path(path).parents)[:-1]):
                continue  # in a directory that is not there
            target = where / path
            file = self._files.get(names[path])
            if file is None:
                target.mkdir(exist_ok=True)
            elif target.name == UNSEEN:
                target.write_bytes(draw.choice((b"", bytes(8192), draw.randbytes(8192))))
            else:
                last = under_way if under_way is not None and under_way.inode == names[path] else None
                target.write_bytes(file.torn(draw, chance, sector, last))
            os.chmod(target, 0o600 if file else 0o700)


def _name(names: dict[str, int], op: Op) -> None:
    """One change of directories. What a rename moves or an unlink removes may never have reached the disk."""
    match op.kind:
        case Kind.CREATE | Kind.MKDIR:
            names[op.path] = op.inode
        case Kind.UNLINK:
            names.pop(op.path, None)
        case _:
            below = op.path + "/"
            for path in [path for path in names if path == op.path or path.startswith(below)]:
                names[op.to + path[len(op.path) :]] = names.pop(path)


def _apply(content: bytearray, op: Op, data: bytes) -> None:
    if op.kind is Kind.TRUNCATE:
        if op.offset < len(content):
            del content[op.offset :]
        else:
            content.extend(bytes(op.offset - len(content)))
    else:
        _put(content, op.offset, data)


def _put(content: bytearray, at: int, data: bytes) -> None:
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data


def _without(old: Op, new: Op) -> list[Op]:
    """What of an older write lies beside a newer one."""
    if old.kind is not Kind.WRITE:
        return [old]
    before = max(0, min(len(old.data), new.offset - old.offset))
    after = max(0, min(len(old.data), new.offset + len(new.data) - old.offset))
    parts = ((old.offset, old.data[:before]), (old.offset + after, old.data[after:]))
    return [structs.replace(old, offset=offset, data=data) for offset, data in parts if data]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
