"""A bounded inbox for one reader, and the reply that a sender may wait for.

Cheap on purpose: an idle mailbox is two slots and no list, since there may be a million of them
(a memory channel costs 5 KiB, `performance` in the docs).
"""

from collections import deque
from typing import Any, Generic, TypeVar

import trio
from trio.lowlevel import Abort, Task, current_task, reschedule, wait_task_rescheduled

T = TypeVar("T")
R = TypeVar("R")

CAPACITY = 64
"""More than any number's sources together can have under way; more than this is a stuck actor."""


class BusyError(Exception):
    """The mailbox is full or its reader is parked; nothing was queued."""


class ClosedError(BusyError):
    """The reader is parked or gone: trying again helps only once somebody has opened the box again."""


class Reply(Generic[R]):
    """Where the answer to one message arrives: a value, or the exception that ended the attempt."""

    __slots__ = ("_error", "_event", "_failed", "_value")

    def __init__(self) -> None:
        self._event = trio.Event()
        self._value: R | None = None
        self._error: BaseException | None = None
        self._failed = False

    def set(self, value: R) -> None:
        """Answer; a second answer is ignored, since the first one has been acted on."""
        if not self._event.is_set():
            self._value = value
            self._event.set()

    def fail(self, error: BaseException) -> None:
        """Answer with an exception."""
        if not self._event.is_set():
            self._error, self._failed = error, True
            self._event.set()

    async def wait(self) -> R:
        """The answer, or raise its exception, which only one who waits may have."""
        await self._event.wait()
        if self._failed:
            error, self._error = self._error, None
            if error is None:
                raise RuntimeError("the exception of this reply has been raised before")
            try:
                raise error
            finally:
                # An exception holds the frames that it came through. Were it held by one of them, or by a reply that
                # one of them holds, all that they had in hand would stay until everything is collected.
                del error
        return self._value  # type: ignore[return-value]  # set() was called, R may itself be None


class Mailbox(Generic[T]):
    """First in, first out, one reader. `post` never waits: a full box is `BusyError` at once."""

    __slots__ = ("_queue", "_reader", "closed")

    def __init__(self) -> None:
        self._queue: deque[T] | None = None
        self._reader: Task | None = None
        self.closed = False

    def __len__(self) -> int:
        return 0 if self._queue is None else len(self._queue)

    def post(self, message: T) -> None:
        """Queue a message and wake the reader."""
        if self.closed:
            raise ClosedError("parked")
        if len(self) >= CAPACITY:
            raise BusyError("mailbox is full")
        if self._queue is None:
            self._queue = deque()
        self._queue.append(message)
        if self._reader is not None:
            reader, self._reader = self._reader, None
            reschedule(reader)

    async def take(self) -> T:
        """The next message; waits for one."""
        if self._queue is None:
            self._reader = current_task()
            await wait_task_rescheduled(self._abort)
            assert self._queue is not None
        else:
            await trio.lowlevel.checkpoint()
        message = self._queue.popleft()
        if not self._queue:
            self._queue = None  # an empty deque is 760 bytes
        return message

    def _abort(self, _: Any) -> Abort:
        self._reader = None
        return Abort.SUCCEEDED

    def drain(self) -> list[T]:
        """Take all that is queued, for a reader that ends."""
        left = list(self._queue or ())
        self._queue = None
        return left
