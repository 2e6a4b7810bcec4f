"""The store as the rest of the daemon sees it: open, read, commit, back up.

Every deed rests on `commit`: it returns after the fsync, so what it was called with survives kill -9 and a
power cut. `writer` beside this module groups commits, `environment` talks to LMDB, `records` gives the
payloads types.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final, Self

import trio
from msgspec import Struct

from numtrustd.domain.observation import Instant
from numtrustd.store import meta, preflight
from numtrustd.store.batch import Batch, Ops
from numtrustd.store.environment import Environment, Failpoint, OnDamaged, told
from numtrustd.store.errors import (
    BackupFailed,
    DamagedRecord,
    DatabaseMissing,
    DirectoryUnusable,
    SchemaUnknown,
)
from numtrustd.store.migrations import MIGRATIONS, Migrated, Migration, current, migrate
from numtrustd.store.statedir import StateDir
from numtrustd.store.tables import Table
from numtrustd.store.writer import Trouble, Writer

READER_CHECK: Final = 3600.0
"""Seconds between two looks for reader slots of dead processes (an administrator's mdb_stat, say)."""

NEARLY_FULL: Final = 0.9
"""Share of the largest map beyond which no new intent should be taken on; the rest is for finishing what is
open.
"""


LAST_WAIT: Final = 1.0
"""Real seconds that a copy which nobody waits for any more is given to end, and to clear up after itself."""


class Stats(Struct, frozen=True):
    """Figures for a heartbeat. Sizes in bytes; `backlog` counts writes that are not on disk yet."""

    transactions: int
    written: int
    backlog: int
    used: int
    map_size: int
    max_map_size: int
    trouble: Trouble | None


class Store:
    """One LMDB environment and its writer. Made by `open`; everything but `open` belongs to the thread of the
    loop.
    """

    def __init__(
        self,
        directory: StateDir,
        environment: Environment,
        found: meta.Meta,
        *,
        max_map_size: int,
        inline: bool,
        failpoints: Failpoint | None,
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._found = found
        self._max_map_size = max_map_size
        self._failpoints = failpoints
        self._writer = Writer(self._write, self._grow, self._probe, inline=inline)
        self._inline = inline
        self._high_water = found.high_water
        self._copy_limiter = trio.CapacityLimiter(1)
        self.uuid = found.uuid
        self.created_at = found.created_at
        self.generation = found.generation + 1
        self.restored_from = found.backup_of
        """When the backup was made that this state comes from: what was done since is forgotten, so reconcile
        every open case, each of which `acknowledge_restore` marks. None when it is not a restored state.
        """
        self.restored_at = found.restored_at
        """When a backup was last put back here and acknowledged; None when none ever was."""
        self.migrated: Migrated | None = None
        """What `open` did to bring an older schema to this one; None when that was not needed."""
        self.damaged: Sequence[DamagedRecord] = ()
        """Records found damaged at open. Reading one raises; a large file is not searched, so there may be
        more.
        """

    # -- open and close ----------------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        init: bool,
        map_size: int,
        now: Instant,
        max_map_size: int | None = None,
        inline: bool = False,
        failpoints: Failpoint | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> Self:
        """Open the state directory `path`; with `init` make what is absent. Blocks (some 50 ms): call it
        before the loop.

        `map_size` is in bytes and grows to `max_map_size` when need be. `inline` writes without a thread and
        skips the child process that walks the file: for virtual time. Raises one of `errors`, and then holds
        nothing.
        """
        directory = StateDir.claim(path, init=init)
        try:
            return cls._open(
                directory,
                init=init,
                map_size=map_size,
                max_map_size=max(map_size, max_map_size or 0),
                now=now,
                inline=inline,
                failpoints=failpoints,
                migrations=migrations,
            )
        except BaseException:
            directory.release()
            raise

    @classmethod
    def _open(
        cls,
        directory: StateDir,
        *,
        init: bool,
        map_size: int,
        max_map_size: int,
        now: Instant,
        inline: bool,
        failpoints: Failpoint | None,
        migrations: Sequence[Migration],
    ) -> Self:
        path = directory.path
        fresh = _absent(directory)
        if fresh:
            if not init:
                # LMDB would open an empty database here: "nothing was ever sent".
                raise DatabaseMissing(
                    f"{directory.data_file}: missing, and with it every case: put a backup there, "
                    "or begin anew with `numtrustd create-state` "
                    "(under systemd: `systemctl start numtrustd-create-state`)"
                )
            Environment.create(path, map_size, meta.first(current(migrations), now))
        with told(path):
            directory.settle()
        head, damaged = preflight.check(path, child=not (inline or fresh))
        # A map that had grown before stays as large.
        size = max(map_size, min(head.map_size, max_map_size), head.file_size)
        environment = Environment.open(path, size)
        try:
            found = _read_meta(environment)
            backup = meta.mark(now)
            migrated = migrate(environment, found, migrations, max_map_size=max_map_size, backup=backup)
            environment.open_tables()
            environment.reader_check()
            store = cls(directory, environment, found, max_map_size=max_map_size, inline=inline, failpoints=failpoints)
        except BaseException:
            environment.close()
            raise
        store.damaged = damaged
        store.migrated = migrated
        store._ride(Batch().put(Table.META, meta.GENERATION, b"%d" % store.generation))
        store.note_time(now)
        return store

    def close(self) -> None:
        """Give up the environment and the directory. After `run` has ended."""
        if not self._copying:
            # A copy that was given up may go on reading for as long as its disk hangs: the end of the process ends it.
            self._environment.close()
        self._directory.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The state directory."""
        return self._directory.path

    # -- read --------------------------------------------------------------------------------------

    def get(self, table: Table, key: bytes) -> bytes | None:
        """One payload as last written to disk, None when there is none. Raises DamagedRecord or StoreError.

        What is committed but not yet written is not seen: an actor keeps its own state in memory.
        """
        return self._environment.get(table, key)

    def scan(
        self,
        table: Table,
        *,
        prefix: bytes = b"",
        after: bytes | None = None,
        limit: int = 1000,
        reverse: bool = False,
        on_damaged: OnDamaged | None = None,
    ) -> list[tuple[bytes, bytes]]:
        """Up to `limit` (key, payload) pairs in key order, of keys that start with `prefix` and come after
        `after`.

        `reverse` goes down from the last, or from before `after`. A page shorter than `limit` is the last;
        the next starts `after` this one's last key, and sees what was committed in between. A damaged record
        is handed to `on_damaged` and left out; without that it raises DamagedRecord.
        """
        return self._environment.scan(
            table, prefix=prefix, after=after, limit=limit, reverse=reverse, on_damaged=on_damaged
        )

    def count(self, table: Table) -> int:
        """Records in the table; costs nothing."""
        return self._environment.count(table)

    # -- write -------------------------------------------------------------------------------------

    async def commit(self, batch: Batch, *, now: Instant | None = None) -> None:
        """Return when the whole batch is on disk, in one transaction. `now` goes to `note_time`.

        Uncancellable while it can be written, then a checkpoint: on Cancelled the disk tells what happened.
        While there is `trouble` it waits, and a cancellation takes the batch back. Raises StoreFatal or
        StoreClosed.
        """
        if now is not None:
            self.note_time(now)
        if not batch:
            await trio.lowlevel.checkpoint()
            return
        await self._writer.commit(batch.ops)

    def commit_soon(self, batch: Batch) -> None:
        """Write the batch with the next durable one, or within about a second; a crash before that loses it
        whole.

        Batches, of either kind, are written in the order of the calls; of several puts to a key that are
        still queued only the last may reach the disk. There is no bound but `backlog`: a caller looks at
        `trouble` before it adds.
        """
        if batch:
            self._writer.soon(batch.ops)

    def patience(self, seconds: float) -> AbstractContextManager[None]:
        """A block that is left, as by a time-out, when nothing could be written for so long (real seconds). What it
        had not stored by then it takes back; what others store for it may still be.
        """
        return self._writer.patience(seconds)

    async def flush(self) -> None:
        """Return when everything queued so far is on disk."""
        await self._writer.commit({})

    def note_time(self, now: Instant) -> None:
        """Raise the high-water clock; the new value goes along with the next transaction."""
        if now > self._high_water:
            self._set_high_water(now)

    async def reset_high_water(self, now: Instant) -> None:
        """Lower the high-water clock, durably: for an operator who says that the clock had been wrong."""
        self._set_high_water(now)
        await self.flush()

    async def acknowledge_restore(self, marks: Batch, now: Instant) -> None:
        """What was open in the backup is marked for its reconciliation by `marks`: all that is left of it is when that
        was."""
        marks.delete(Table.META, meta.BACKUP_OF).put(Table.META, meta.RESTORED_AT, meta.encode_instant(now))
        await self.commit(marks)
        self.restored_from, self.restored_at = None, now

    async def run(
        self,
        *,
        on_trouble: Callable[[Trouble], None] = lambda _: None,
        on_recovered: Callable[[], None] = lambda: None,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """The writer. Runs until cancelled, then writes what is queued. Start it before and end it after all
        callers.

        `on_trouble` is called when writing starts to fail and when the reason changes, `on_recovered` when it
        works again. Raises StoreFatal when LMDB is poisoned: end the process, everything acknowledged is on
        disk.
        """
        await self._writer.run(
            on_trouble=on_trouble,
            on_recovered=on_recovered,
            housekeeping=self._check_readers,
            every=READER_CHECK,
            started=task_status.started,
        )

    def _write(self, ops: Ops) -> None:
        self._environment.write(ops, self._failpoints)

    def _ride(self, batch: Batch) -> None:
        self._writer.riders.update(batch.ops)

    def _set_high_water(self, now: Instant) -> None:
        self._high_water = now
        self._ride(Batch().put(Table.META, meta.HIGH_WATER, meta.encode_instant(now)))

    def _probe(self) -> None:
        self._set_high_water(self._high_water)

    def _grow(self) -> bool:
        # In the loop's thread while the writer's is idle, so no transaction is open, unless a copy is being
        # made: then the failed write is tried again until it is done.
        size = self._environment.map_size
        if size >= self._max_map_size or self._copying:
            return False
        self._environment.grow(min(2 * size, self._max_map_size))
        return True

    def _check_readers(self) -> None:
        self._environment.reader_check()

    # -- look after --------------------------------------------------------------------------------

    async def backup(self, path: Path, *, now: Instant | None = None) -> None:
        """Write a consistent, compact copy as the new directory `path` while everything runs. Raises
        BackupFailed.

        It is a state directory marked with the time `now` (the high-water clock by default), so that a daemon
        started on it knows that it was restored. Cancelling waits `LAST_WAIT` for the copy to end, then leaves it to
        itself: its disk may hang, and then so would whoever is to stop.
        """
        copy = partial(self._environment.copy, path, meta.mark(self._high_water if now is None else now))
        if self._inline:
            await trio.lowlevel.checkpoint()
            copy()
            return
        failure: BackupFailed | None = None
        patience = trio.CancelScope(shield=True)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_lose_patience, patience)
            with patience:
                try:
                    await trio.to_thread.run_sync(copy, abandon_on_cancel=True, limiter=self._copy_limiter)
                except BackupFailed as error:
                    failure = error
            await trio.lowlevel.checkpoint_if_cancelled()
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure

    @property
    def _copying(self) -> bool:
        """Whether a thread is at work on a copy, also on one that nobody waits for any more."""
        return self._copy_limiter.borrowed_tokens > 0

    @property
    def high_water(self) -> Instant:
        """The latest time that was ever committed with, or noted since."""
        return self._high_water

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing can be written just now."""
        return self._writer.trouble

    @property
    def backlog(self) -> int:
        """Writes that are not on disk yet."""
        return self._writer.backlog

    @property
    def waiting(self) -> float:
        """Real seconds for which the oldest of these has waited; 0 when there is none."""
        return self._writer.waiting

    @property
    def idle(self) -> float | None:
        """Real seconds since the last transaction; `None` before the first."""
        return self._writer.idle

    @property
    def nearly_full(self) -> bool:
        """Whether to refuse new intents: 90 % of the largest map hold records, or nothing can be written at
        all.
        """
        if self.trouble is not None:
            return True
        # Asked at every step of every number: what the records take is only added up once the file is that large.
        limit = NEARLY_FULL * self._max_map_size
        return self._environment.extent >= limit and self._environment.used >= limit

    def stats(self) -> Stats:
        """Figures for a heartbeat."""
        return Stats(
            transactions=self._writer.transactions,
            written=self._writer.written,
            backlog=self._writer.backlog,
            used=self._environment.used,
            map_size=self._environment.map_size,
            max_map_size=self._max_map_size,
            trouble=self._writer.trouble,
        )


async def _lose_patience(patience: trio.CancelScope) -> None:
    """Once cancelled, let what is shielded by `patience` go on for `LAST_WAIT`."""
    try:
        await trio.sleep_forever()
    finally:
        patience.deadline = trio.current_time() + LAST_WAIT


def _absent(directory: StateDir) -> bool:
    """Whether there is no database. An empty file is a damaged one: `create` puts none in place that is not whole."""
    try:
        directory.data_file.stat()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise DirectoryUnusable(f"{directory.data_file}: {error.strerror}: remove what is there") from error
    return False


def _read_meta(environment: Environment) -> meta.Meta:
    strange = SchemaUnknown(f"{environment.path}: not a database of numtrustd's: name another state directory")
    if not environment.has_table(Table.META):
        raise strange
    environment.open_tables(Table.META)
    try:
        return meta.read(partial(environment.get, Table.META))
    except (KeyError, ValueError) as error:
        raise strange from error
