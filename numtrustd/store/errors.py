"""Everything that can be wrong with the state directory, one class each.

    StoreError                  exit 74 (I/O)
    ├── DirectoryMissing        exit 78
    ├── DirectoryUnusable       exit 77, not a directory, or may not be read and written
    ├── WrongOwner              exit 77
    ├── DatabaseMissing         exit 78, no database
    ├── DatabaseInUse           exit 75, another process holds it
    ├── DatabaseDamaged         the file cannot be trusted: it is empty, cut or altered
    ├── SchemaNewer             exit 78, written by a later numtrustd
    ├── SchemaUnknown           exit 78, older than any migration, or not ours
    ├── MigrationFailed
    ├── MapFull                 the map is full and may not grow
    ├── DiskFull
    ├── BackupFailed
    ├── DamagedRecord           one record; the rest is fine
    ├── StoreFatal              the environment is poisoned: end the process
    └── StoreClosed             a write after (or before) the writer ran

Messages are one line, name the path and say what to do about it.
"""

import errno
import os
from pathlib import Path
from typing import ClassVar, Final

NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when a disk is full, or a quota used up."""


class StoreError(Exception):
    """The state directory or a record in it is not usable. `exit_status` follows sysexits."""

    exit_status: ClassVar[int] = os.EX_IOERR


class DirectoryMissing(StoreError):
    exit_status = os.EX_CONFIG


class DirectoryUnusable(StoreError):
    exit_status = os.EX_NOPERM


class WrongOwner(StoreError):
    exit_status = os.EX_NOPERM


class DatabaseMissing(StoreError):
    exit_status = os.EX_CONFIG


class DatabaseInUse(StoreError):
    """`pid` is the holder's, where its lock file tells."""

    exit_status = os.EX_TEMPFAIL

    def __init__(self, message: str, pid: int | None) -> None:
        super().__init__(message)
        self.pid = pid


class DatabaseDamaged(StoreError):
    pass


class SchemaNewer(StoreError):
    exit_status = os.EX_CONFIG


class SchemaUnknown(StoreError):
    exit_status = os.EX_CONFIG


class MigrationFailed(StoreError):
    pass


class MapFull(StoreError):
    pass


class DiskFull(StoreError):
    pass


class BackupFailed(StoreError):
    pass


class DamagedRecord(StoreError):
    """The checksum of one record does not hold. Quarantine what it belongs to; never read it as "nothing
    there".
    """

    def __init__(self, table: str, key: bytes) -> None:
        super().__init__(f"record {key!r} of table {table} is damaged: its checksum does not hold")
        self.table = table
        self.key = key


class StoreFatal(StoreError):
    """LMDB can no longer be trusted in this process. Everything acknowledged is on disk: exit and start
    again.
    """


class StoreClosed(StoreError):
    pass


def restore_hint(path: Path) -> str:
    """The remedy that every kind of damage shares. Under systemd the path that is configured is a link, and what it
    leads to is what has to be moved."""
    return f"move {path.resolve()} away and put a backup in its place"


def unusable(error: OSError, what: str, remedy: str) -> StoreError:
    """The refusal for `what` could not be done in the state directory; `remedy` is for when the disk is well."""
    if error.errno in NO_SPACE:
        return DiskFull(f"{what} ({error.strerror}): make room and start again")
    if error.errno == errno.EIO:
        return StoreError(f"{what} ({error.strerror}): look at the disk and its mount")
    return DirectoryUnusable(f"{what} ({error.strerror}): {remedy}")
