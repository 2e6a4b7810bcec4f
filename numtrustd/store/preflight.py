"""Whether a database file can be opened at all, found out before LMDB maps it.

A truncated file does not raise, it kills (SIGBUS), and some damaged pages abort. So the head of the file is
read here with plain reads, and the whole of a small file, or of one that looks cut, is walked by a child
process (`walk`). One damaged *record* stops nothing: it is reported, and whoever it belongs to is
quarantined.
"""

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from numtrustd.store.errors import (
    DamagedRecord,
    DatabaseDamaged,
    DirectoryUnusable,
    SchemaNewer,
    StoreError,
    restore_hint,
)
from numtrustd.store.statedir import DATA_FILE

WALK_BELOW: Final = 64 << 20
"""Bytes of file up to which everything is walked at start: about 0.6 s at this size."""

PATIENCE: Final = 300.0
"""Seconds that the child may take."""

# MDB_page head (pgno, pad, flags, bounds) and MDB_meta of LMDB 0.9 on 64 bit: magic, version, address, map
# size, free db (its pad is the page size) and main db with their flags, last page, transaction id.
_META: Final = struct.Struct("=QHHI II QQ IH42x 4xH42x QQ")
_MAGIC: Final = 0xBEEFC0DE
_P_META: Final = 0x08
_DATA_VERSION: Final = 1
_KEY_ORDER: Final = 0x7E
"""The flags of a table that say how its keys are ordered; those of the environment beside them are none of them."""
_INTEGER_KEY: Final = 0x08
_KILLED_BY_DAMAGE: Final = (signal.SIGBUS, signal.SIGSEGV, signal.SIGABRT)
_MAGIC_OF_1_0: Final = slice(24, 28)  # LMDB 1.0 has a page head of 24 bytes


class Head(Struct, frozen=True):
    """What the newer of the two meta pages says. Sizes in bytes."""

    page_size: int
    map_size: int
    last_page: int
    transaction: int
    file_size: int

    @property
    def whole(self) -> bool:
        """Whether every page ever allocated is in the file. LMDB may leave free pages at its end unwritten,
        so a file that is not whole is suspect, not proved damaged.
        """
        return self.file_size >= (self.last_page + 1) * self.page_size


def read_head(directory: Path) -> Head:
    """Read both meta pages. Raises DatabaseDamaged, DirectoryUnusable, or SchemaNewer for LMDB's own newer
    format.
    """
    file = directory / DATA_FILE
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            first = _read_meta(stream.read(_META.size), directory, 0, size)
            stream.seek(first.page_size)
            second = _read_meta(stream.read(_META.size), directory, 1, size)
    except OSError as error:
        raise DirectoryUnusable(f"{file}: cannot be read ({error.strerror}): give it to uid {os.geteuid()}") from error
    return max(first, second, key=lambda head: head.transaction)


def _read_meta(data: bytes, directory: Path, number: int, file_size: int) -> Head:
    if len(data) < _META.size:
        raise damaged(directory, f"it is only {file_size} bytes long" if file_size else "it is empty")
    _, _, flags, _, magic, version, _, map_size, page_size, free, main, last_page, transaction = _META.unpack(data)
    newer = data[_MAGIC_OF_1_0] == _MAGIC.to_bytes(4, sys.byteorder)
    if newer or (magic == _MAGIC and version != _DATA_VERSION):
        raise SchemaNewer(f"{directory / DATA_FILE}: in another LMDB's format: use the numtrustd that wrote it")
    if magic != _MAGIC or not flags & _P_META:
        raise damaged(directory, f"meta page {number} is not one of LMDB's")
    if page_size.bit_count() != 1 or not 256 <= page_size <= 65536:
        raise damaged(directory, f"meta page {number} names an impossible page size of {page_size} bytes")
    # Reading its records does not show this: LMDB aborts only when it comes to use a page that was freed.
    if free & _KEY_ORDER != _INTEGER_KEY or main & _KEY_ORDER:
        raise damaged(directory, f"meta page {number} gives its own tables impossible flags")
    return Head(
        page_size=page_size,
        map_size=map_size,
        last_page=last_page,
        transaction=transaction,
        file_size=file_size,
    )


def damaged(directory: Path, what: str) -> DatabaseDamaged:
    """The refusal, in the words that every kind of damage shares."""
    return DatabaseDamaged(f"{directory / DATA_FILE}: damaged: {what}: {restore_hint(directory)}")


def check(directory: Path, *, child: bool) -> tuple[Head, list[DamagedRecord]]:
    """Look before LMDB does. Returns the head and the records whose seal is broken (only a walked file can
    tell).

    Raises DatabaseDamaged, DirectoryUnusable, SchemaNewer, or StoreError when it cannot be told. Without
    `child` only the head is read: for simulations, which start a hundred times a second.
    """
    head = read_head(directory)
    if not child or (head.whole and head.file_size > WALK_BELOW):
        return head, []
    what = "records" if head.file_size <= WALK_BELOW else "pages"
    command = [sys.executable, "-P", "-m", "numtrustd.store.walk", str(directory), what]
    # The child finds this package wherever the parent did.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise StoreError(
            f"{directory / DATA_FILE}: not checked within {PATIENCE:.0f} s: look at the disk, start again"
        ) from error
    if -done.returncode in _KILLED_BY_DAMAGE:
        raise damaged(directory, f"reading it kills the reader ({signal.Signals(-done.returncode).name})")
    if done.returncode == os.EX_DATAERR:
        raise damaged(directory, done.stdout.decode(errors="backslashreplace").strip())
    if done.returncode != 0:
        last = done.stderr.decode(errors="backslashreplace").strip().splitlines()[-1:] or [f"{done.returncode}"]
        raise StoreError(f"{directory / DATA_FILE}: could not be checked ({last[0]}): cure that and start again")
    # In a damaged page a key may have no bytes left.
    pairs = (line.partition(" ") for line in done.stdout.decode().splitlines())
    return head, [DamagedRecord(table, bytes.fromhex(key)) for table, _, key in pairs]
