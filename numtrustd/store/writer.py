"""Group commit: the steps of many actors share a transaction, and each waits for its own.

One queue in the order of the calls, one task, one thread. What was queued while a transaction was being
written goes into the next one, so the more there is to do the fewer fsyncs it takes. `environment` beside
this module is what the thread runs; `store` is what callers see.
"""

import contextlib
import enum
import errno
import math
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import lmdb
import trio

from numtrustd.store.batch import Ops
from numtrustd.store.errors import DiskFull, StoreClosed, StoreError, StoreFatal

MAX_OPS: Final = 1000
"""Writes in one transaction, unless a single batch has more: it takes a few milliseconds."""

SOON: Final = 1.0
"""Seconds that a write which may be lost waits for a durable one to share its fsync."""

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0  # after failures: 0.2, 0.4, 0.8, 1.6, 3.2 s (6.2 s in all), then every 5 s


class Trouble(enum.StrEnum):
    """Why nothing can be written just now. Nothing is lost by it; writing is tried again until it works."""

    MAP_FULL = "map_full"
    DISK_FULL = "disk_full"
    NO_MEMORY = "no_memory"


class _Item:
    """Writes that go into one transaction together, and who waits for them (no `scope`: nobody)."""

    __slots__ = ("done", "failure", "ops", "scope", "since")

    def __init__(self, ops: Ops, scope: trio.CancelScope | None) -> None:
        self.ops = ops
        self.scope = scope
        self.done = trio.Event()
        self.failure: StoreError | None = None
        self.since = trio.current_time()


class Writer:
    """Owns the queue. `write` does one transaction or raises lmdb.Error or DiskFull, `grow` enlarges the map
    if that is allowed, `probe` puts something among the `riders` to try with whether writing works again where nobody
    else has anything to write; all synchronous.
    """

    def __init__(
        self, write: Callable[[Ops], None], grow: Callable[[], bool], probe: Callable[[], None], *, inline: bool
    ) -> None:
        self._write = write
        self._grow = grow
        self._probe = probe
        self._inline = inline
        self._limiter = trio.CapacityLimiter(1)  # its own: forty hanging look-ups must not keep a commit waiting
        self._queue: deque[_Item] = deque()
        self._waiters = 0  # items of the queue that somebody waits for
        self._backlog = 0  # writes in the queue
        self._in_flight = 0  # items at the head of the queue that are being written
        self._landed = trio.Event()  # set, and replaced, when they are no longer
        self._work = trio.Event()
        self._paused = False
        self._pause = FIRST_PAUSE
        self._running = False
        self._ended: StoreError | None = None
        self.riders: Ops = {}
        """Writes that go along with the next transaction but are no reason for one."""
        self.trouble: Trouble | None = None
        self._impatient: dict[trio.CancelScope, float] = {}
        self.transactions = 0
        self.written = 0
        self._wrote_at: float | None = None

    @property
    def backlog(self) -> int:
        """Writes that are not on disk yet."""
        return self._backlog

    @property
    def waiting(self) -> float:
        """Real seconds for which the oldest write has waited to be on disk; 0 when there is none."""
        return trio.current_time() - self._queue[0].since if self._queue else 0.0

    @property
    def idle(self) -> float | None:
        """Real seconds since something was last written; `None` before that."""
        return None if self._wrote_at is None else trio.current_time() - self._wrote_at

    # -- callers -----------------------------------------------------------------------------------

    async def commit(self, ops: Ops) -> None:
        """Return once `ops` are on disk. See `Store.commit`."""
        if not self._running:
            raise self._ended_copy() or StoreClosed("the store's writer does not run yet")
        # Shielded, or a cancelled caller would not know what happened. Only while nothing can be written at
        # all may it leave, and takes its writes along: otherwise nothing could be stopped as long as a disk
        # is full.
        scope = trio.CancelScope(shield=not self._paused)
        item = _Item(ops, scope)
        self._queue.append(item)
        self._waiters += 1
        self._backlog += len(ops)
        self._work.set()
        try:
            with scope:
                await item.done.wait()
        except trio.Cancelled:
            await self._withdraw(item)
            raise
        await trio.lowlevel.checkpoint_if_cancelled()
        if item.failure is not None:
            raise item.failure

    @contextlib.contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """See `Store.patience`."""
        scope = trio.CancelScope()
        self._impatient[scope] = seconds
        if self.trouble is not None:
            scope.deadline = trio.current_time() + seconds
        try:
            with scope:
                yield
        finally:
            del self._impatient[scope]

    def soon(self, ops: Ops) -> None:
        """Queue `ops` to share somebody's transaction. See `Store.commit_soon`."""
        if self._ended is not None:
            raise type(self._ended)(str(self._ended))
        last = self._queue[-1] if len(self._queue) > self._in_flight else None
        if last is not None and last.scope is None and len(last.ops) + len(ops) <= MAX_OPS:
            self._backlog -= len(last.ops)
            last.ops.update(ops)
        else:
            last = _Item(dict(ops), None)
            self._queue.append(last)
            if len(self._queue) == 1:
                self._work.set()  # its second begins
        self._backlog += len(last.ops)
        if self._backlog >= MAX_OPS:
            self._work.set()

    async def _withdraw(self, item: _Item) -> None:
        """Take back what was not written; if it is being tried again right now, see first how that ends."""
        with trio.CancelScope(shield=True):
            while item in islice(self._queue, self._in_flight):
                await self._landed.wait()
        if item in self._queue:
            self._queue.remove(item)
            self._left(item)

    def _left(self, item: _Item) -> None:
        """Account for an item that is no longer in the queue."""
        self._backlog -= len(item.ops)
        self._waiters -= item.scope is not None

    # -- the writer --------------------------------------------------------------------------------

    async def run(
        self,
        *,
        on_trouble: Callable[[Trouble], None],
        on_recovered: Callable[[], None],
        housekeeping: Callable[[], None],
        every: float,
        started: Callable[[], None],
    ) -> None:
        """Write until cancelled, then write what is left. Raises StoreFatal when LMDB is poisoned."""
        if self._running or self._ended is not None:
            raise RuntimeError("a store's writer runs once")
        self._running = True
        started()
        next_check = trio.current_time() + every
        ending: StoreError = StoreClosed("the store's writer has stopped")
        try:
            while True:
                await self._until_work(next_check)
                if trio.current_time() >= next_check:
                    housekeeping()
                    next_check = trio.current_time() + every
                if self._due():
                    await self._write_next(on_trouble, on_recovered)
        except trio.Cancelled:
            with trio.CancelScope(shield=True):
                await self._write_rest()
            raise
        except StoreFatal as fatal:
            ending = fatal
            raise
        finally:
            self._end(ending)

    def _due(self) -> bool:
        if self.trouble is not None:
            return True  # also when those who waited have left: what rests until it is over would rest for ever
        return bool(self._queue) and (
            self._waiters > 0 or self._backlog >= MAX_OPS or trio.current_time() >= self._queue[0].since + SOON
        )

    async def _until_work(self, until: float) -> None:
        """Wait for something due, or for that time."""
        while not self._due() and trio.current_time() < until:
            self._work = trio.Event()
            with trio.move_on_at(min(until, self._queue[0].since + SOON) if self._queue else until):
                await self._work.wait()

    async def _write_next(self, on_trouble: Callable[[Trouble], None], on_recovered: Callable[[], None]) -> None:
        """One transaction, or one failed attempt and the pause after it."""
        if self.trouble is not None and not self._queue:
            self._probe()
        try:
            await self._write_group()
        except (lmdb.Error, DiskFull) as error:
            if isinstance(error, lmdb.MapFullError) and self._grow():
                return
            kind = _trouble(error)
            if kind is None:
                raise StoreFatal(
                    f"the database can no longer be written ({error}): look at the disk and its mount, start again"
                ) from error
        else:
            self._pause = FIRST_PAUSE
            if self.trouble is not None:
                self.trouble = None
                for scope in self._impatient:
                    scope.deadline = math.inf
                on_recovered()
            return
        if self.trouble is None:
            for scope, seconds in self._impatient.items():
                scope.deadline = trio.current_time() + seconds
        if kind is not self.trouble:
            self.trouble = kind
            on_trouble(kind)
        self._let_go(paused=True)
        await trio.sleep(self._pause)
        self._let_go(paused=False)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _let_go(self, *, paused: bool) -> None:
        """Let waiting callers be cancelled, or no longer."""
        self._paused = paused
        for item in self._queue:
            if item.scope is not None:
                item.scope.shield = not paused

    async def _write_group(self) -> None:
        """Write the head of the queue in one transaction. What `write` raises leaves it all queued."""
        riders = dict(self.riders)
        ops: Ops = dict(riders)
        count = 0
        for item in self._queue:
            if count and len(ops) + len(item.ops) > MAX_OPS:
                break
            ops.update(item.ops)
            count += 1
        self._in_flight = count
        try:
            if ops:
                await self._transact(ops)
        finally:
            self._in_flight = 0
            self._landed.set()
            self._landed = trio.Event()
        for _ in range(count):
            item = self._queue.popleft()
            self._left(item)
            item.done.set()
        for key, value in riders.items():
            if self.riders[key] is value:
                del self.riders[key]

    async def _transact(self, ops: Ops) -> None:
        # Either way the checkpoint comes before the write, so no cancellation hides one that was made.
        if self._inline:
            await trio.lowlevel.checkpoint()
            self._write(ops)
        else:
            await trio.to_thread.run_sync(self._write, ops, limiter=self._limiter)
        self._wrote_at = trio.current_time()
        self.transactions += 1
        self.written += len(ops)

    async def _write_rest(self) -> None:
        """At the end: write what is queued, once; what then fails nobody was promised."""
        while self._queue:
            try:
                await self._write_group()
            except (lmdb.Error, DiskFull) as error:
                if not (isinstance(error, lmdb.MapFullError) and self._grow()):
                    return

    def _end(self, ending: StoreError) -> None:
        """Tell everybody who still waits."""
        self._running = False
        self._ended = ending
        for item in self._queue:
            item.failure = self._ended_copy()
            if item.scope is not None:
                item.scope.shield = False
            item.done.set()
        self._queue.clear()
        self._waiters = self._backlog = 0

    def _ended_copy(self) -> StoreError | None:
        """One exception for each who is told: a shared one would collect everybody's traceback."""
        return None if self._ended is None else type(self._ended)(str(self._ended))


def _trouble(error: lmdb.Error | DiskFull) -> Trouble | None:
    """What passes by itself or by an administrator's hand; None for what only a restart can cure."""
    if isinstance(error, DiskFull):
        return Trouble.DISK_FULL
    if isinstance(error, lmdb.MapFullError):
        return Trouble.MAP_FULL
    if error.code == errno.ENOMEM:
        return Trouble.NO_MEMORY
    return None
