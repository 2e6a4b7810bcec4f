"""The LMDB environment: how it is opened, read and written. Synchronous; `writer` beside it adds the waiting.

Flags are LMDB's defaults and stay so: in the power-cut simulation only they lost nothing, and only they
report a full disk as an exception instead of SIGBUS. One transaction lives in one function on one thread: a
commit from another thread than its begin succeeds and then hangs every later writer.
"""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final, Self

import lmdb

from numtrustd.store.batch import Batch, Ops
from numtrustd.store.errors import (
    NO_SPACE,
    BackupFailed,
    DamagedRecord,
    DatabaseDamaged,
    DirectoryUnusable,
    DiskFull,
    MapFull,
    StoreError,
    StoreFatal,
    restore_hint,
)
from numtrustd.store.statedir import DATA_FILE, sync_directory
from numtrustd.store.tables import Table, unseal

OnDamaged = Callable[[DamagedRecord], None]
Failpoint = Callable[[str], None]
"""Called in the writer as `pre_commit` and `post_commit`, where tests let the process die."""

_ROOM_FOR_MARKS: Final = 1 << 20  # bytes of map beyond a copy's own size, to write its mark into
_PAGE: Final = 4096  # about what one write to a random key takes in the file


class Environment:
    """An open environment and its tables. Reads belong to the loop's thread, so that the map can grow between
    them.
    """

    def __init__(self, env: lmdb.Environment, path: Path) -> None:
        self._env = env
        self._tables: dict[Table, lmdb._Database] = {}
        self._page: int = env.stat()["psize"]
        self.path = path

    @classmethod
    def open(cls, path: Path, map_size: int) -> Self:
        """Open an existing, checked database; its tables are not open yet. Raises StoreError."""
        with told(path):
            return cls(_open(path, map_size, subdir=True), path)

    @classmethod
    def peek(cls, path: Path) -> Self:
        """Open a whole database to read META and nothing else: no lock, nothing is written. Raises StoreError."""
        with told(path):
            return cls(
                lmdb.open(str(path), create=False, readonly=True, lock=False, max_dbs=len(Table), lib_version=0), path
            )

    @staticmethod
    def create(path: Path, map_size: int, first: Batch) -> None:
        """Make `path`/data.mdb with every table and `first` in it, all or nothing; its name is not on disk yet.

        Raises StoreError.
        """
        new = path / f"{DATA_FILE}.new"
        with told(path):
            new.unlink(missing_ok=True)
            env = Environment(_open(new, map_size, subdir=False, lock=False), path)
            try:
                env.open_tables()
                env.write(first.ops)
            finally:
                env.close()
            new.rename(path / DATA_FILE)

    def close(self) -> None:
        self._env.close()

    def has_table(self, table: Table) -> bool:
        """Whether the database knows this table at all."""
        with self._env.begin() as txn:
            return txn.get(table.value.encode()) is not None

    def _names(self) -> set[bytes]:
        with self._env.begin() as txn:
            return set(txn.cursor().iternext(keys=True, values=False))

    def open_tables(self, *only: Table) -> None:
        """Open these tables or, by default, all, making those that are not there yet.

        Raises DatabaseDamaged, when all are opened, for a table that is none of ours: one whose name rotted would
        otherwise be made anew, empty, and what it held be forgotten.
        """
        wanted = only or tuple(Table)
        with told(self.path):
            if not only and (strange := sorted(self._names() - {table.value.encode() for table in Table})):
                name = strange[0].decode(errors="backslashreplace")
                raise DatabaseDamaged(
                    f"{self.path / DATA_FILE}: damaged: it has a table {name!r}, which this numtrustd does not know "
                    f"(a newer one may): {restore_hint(self.path)}"
                )
            missing = {table for table in wanted if not self.has_table(table)}
            if missing:
                with self._env.begin(write=True) as txn:  # one for all of them: each costs an fsync
                    for table in missing:
                        self._env.open_db(table.value.encode(), txn=txn)
            for table in wanted:
                self._tables[table] = self._env.open_db(table.value.encode(), create=False)

    # -- reading -----------------------------------------------------------------------------------

    def get(self, table: Table, key: bytes) -> bytes | None:
        """One payload. Raises DamagedRecord, or StoreError when the file cannot be read."""
        try:
            with self._env.begin(db=self._tables[table]) as txn:
                value = txn.get(key)
        except lmdb.Error as error:
            raise explain(error, self.path) from error
        return None if value is None else unseal(table, key, value)

    def scan(
        self,
        table: Table,
        *,
        prefix: bytes,
        after: bytes | None,
        limit: int,
        reverse: bool,
        on_damaged: OnDamaged | None,
    ) -> list[tuple[bytes, bytes]]:
        """One page; see `Store.scan`."""
        page: list[tuple[bytes, bytes]] = []
        if limit <= 0:
            return page
        with told(self.path), self._env.begin() as txn:
            cursor = txn.cursor(self._tables[table])
            steps = _backward(cursor, prefix, after) if reverse else _forward(cursor, prefix, after)
            for key, value in steps:
                if not key.startswith(prefix):
                    break
                try:
                    page.append((key, unseal(table, key, value)))
                except DamagedRecord as damaged:
                    if on_damaged is None:
                        raise
                    on_damaged(damaged)
                    continue
                if len(page) == limit:
                    break
        return page

    def count(self, table: Table) -> int:
        """Records in a table."""
        with told(self.path), self._env.begin() as txn:
            return txn.stat(self._tables[table])["entries"]

    # -- writing -----------------------------------------------------------------------------------

    def write(self, ops: Ops, failpoint: Failpoint | None = None) -> None:
        """One transaction, on disk when this returns. Raises lmdb.Error or DiskFull: then nothing of it
        happened.

        Values go over in key order by `putmulti`: on a busy loop a put for each would wait for the GIL each
        time.
        """
        puts: dict[Table, list[tuple[bytes, bytes]]] = {}
        deletes: list[tuple[Table, bytes]] = []
        for (table, key), value in sorted(ops.items(), key=itemgetter(0)):
            if value is None:
                deletes.append((table, key))
            else:
                puts.setdefault(table, []).append((key, value))
        try:
            with self._env.begin(write=True) as txn:
                for table, items in puts.items():
                    txn.cursor(self._tables[table]).putmulti(items)
                for table, key in deletes:
                    txn.delete(key, db=self._tables[table])
                if failpoint is not None:
                    failpoint("pre_commit")
        except lmdb.Error as error:
            if full(error) or (error.code == errno.EIO and self._no_room(ops)):
                raise DiskFull(f"{self.path}: the disk is full: make room") from error
            raise
        if failpoint is not None:
            failpoint("post_commit")

    def apply(self, batch: Batch) -> None:
        """`write` outside the writer, before it runs. Raises StoreError."""
        with told(self.path):
            self.write(batch.ops)

    def _no_room(self, ops: Ops) -> bool:
        """Whether the disk is what stands in the way of these writes.

        When a disk fills up in the middle of a write, LMDB reports EIO like for a broken one. So ask for the
        room.
        """
        need = sum(_PAGE + len(value or b"") for value in ops.values())
        probe = self.path / "room.probe"
        try:
            fd = os.open(probe, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(fd, 0, need)
            finally:
                os.close(fd)
                probe.unlink(missing_ok=True)
        except OSError as error:
            return error.errno in NO_SPACE
        return False

    # -- housekeeping ------------------------------------------------------------------------------

    @property
    def map_size(self) -> int:
        """Bytes that the database may grow to before the map must."""
        return self._env.info()["map_size"]

    @property
    def used(self) -> int:
        """Bytes in pages that hold something (not in those freed since, which the file keeps)."""
        with told(self.path), self._env.begin() as txn:
            stats = [self._env.stat(), *(txn.stat(db) for db in self._tables.values())]
        pages = sum(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"] for stat in stats)
        return pages * stats[0]["psize"]

    @property
    def extent(self) -> int:
        """Bytes of the file up to its last page: never less than `used`, and known without a transaction."""
        return (self._env.info()["last_pgno"] + 1) * self._page

    def grow(self, map_size: int) -> None:
        """Enlarge the map. Only while no transaction is open in any thread."""
        with told(self.path):
            self._env.set_mapsize(map_size)

    def reader_check(self) -> int:
        """Free the slots of readers that died; how many there were."""
        with told(self.path):
            return self._env.reader_check()

    def copy(self, target: Path, marks: Batch) -> None:
        """Write a compact, consistent copy, with `marks` added to it, as the new directory `target`.

        Raises BackupFailed; then there is nothing at `target` that was not there before.
        """
        if os.path.lexists(target):
            raise BackupFailed(f"{target}: exists already: name a directory that does not")
        try:
            part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        except OSError as error:
            raise BackupFailed(
                f"{target}: cannot be made ({error.strerror}): choose another place "
                "(under systemd: below /var/lib/numtrustd-backup)"
            ) from error
        at = part
        try:
            self._env.copy(str(part), compact=True)
            data = part / DATA_FILE
            data.chmod(0o600)
            copy = Environment(_open(data, data.stat().st_size + _ROOM_FOR_MARKS, subdir=False, lock=False), part)
            try:
                copy.open_tables(*{table for table, _ in marks.ops})
                copy.write(marks.ops)
            finally:
                copy.close()
            with data.open("rb") as stream:
                os.fsync(stream.fileno())
            sync_directory(part)
            at = part.rename(target)
            sync_directory(target.parent)
        except (lmdb.Error, OSError, StoreError) as error:
            shutil.rmtree(at, ignore_errors=True)  # it has its name already when only the last flush failed
            raise BackupFailed(
                f"{target}: the backup failed ({error}): free some space or choose another place"
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _open(path: Path, map_size: int, *, subdir: bool, lock: bool = True) -> lmdb.Environment:
    return lmdb.open(
        str(path),
        map_size=map_size,
        subdir=subdir,
        lock=lock,
        create=not subdir,
        mode=0o600,
        max_dbs=len(Table),
        max_spare_txns=1,  # py-lmdb keeps one read transaction to reset and renew: a sixth off each read
        lib_version=0,  # the 0.9 engine whatever the library's default becomes: 1.0 files are another format
    )


def _forward(cursor: "lmdb.Cursor[bytes]", prefix: bytes, after: bytes | None) -> Iterator[tuple[bytes, bytes]]:
    start = prefix if after is None or after < prefix else after
    # An empty key cannot be looked for; the first one can be gone to.
    found = cursor.set_range(start) if start else cursor.first()
    if found and after is not None and cursor.key() == after:
        found = cursor.next()
    return cursor.iternext() if found else iter(())


def _backward(cursor: "lmdb.Cursor[bytes]", prefix: bytes, before: bytes | None) -> Iterator[tuple[bytes, bytes]]:
    end = _next_prefix(prefix)
    stop = end if before is None or (end is not None and before > end) else before
    found = cursor.last() if stop is None or not cursor.set_range(stop) else cursor.prev()
    return cursor.iterprev() if found else iter(())


def _next_prefix(prefix: bytes) -> bytes | None:
    """The least key greater than every key with this prefix; None when there is none such."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def full(error: lmdb.Error | OSError) -> bool:
    """Whether the file system has no room (or no quota) left."""
    return (error.errno if isinstance(error, OSError) else error.code) in NO_SPACE


def explain(error: lmdb.Error | OSError, path: Path) -> StoreError:
    """The StoreError for what LMDB or the system raised: it names the path and the remedy."""
    if isinstance(error, lmdb.MapFullError):
        return MapFull(f"{path}: the map is full: allow the store a larger size in the settings")
    if isinstance(error, (lmdb.InvalidError, lmdb.CorruptedError, lmdb.PageNotFoundError)):
        return DatabaseDamaged(f"{path}: damaged ({error}): {restore_hint(path)}")
    if isinstance(error, lmdb.PanicError):  # reading ends with it too
        return StoreFatal(f"{path}: poisoned ({error}): look at the disk and its mount, start again")
    code = error.errno if isinstance(error, OSError) else error.code
    if full(error):
        return DiskFull(f"{path}: the disk is full: make room and start again")
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DirectoryUnusable(f"{path}: cannot be written ({error}): give it to uid {os.geteuid()}, mode 0700")
    return StoreError(f"{path}: {error}: look at the disk and its mount")


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Let what LMDB and the system raise inside come out as a StoreError."""
    try:
        yield
    except (lmdb.Error, OSError) as error:
        raise explain(error, path) from error
