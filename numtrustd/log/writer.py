"""The thread that hands lines to a file descriptor: a reader who stalls stops nobody but this thread.

Lines wait in a bounded queue. What does not fit, or what the descriptor refuses (a full disk, a closed pipe),
is counted, and one line says how much was lost once lines get through again.
"""

import os
import queue
import select
import threading
from collections.abc import Callable
from itertools import accumulate

BATCH_BYTES = 1_048_576
"""The most written at once. A busy loop lets this thread run every 5 ms, so a turn must be worth it."""


class Writer:
    """Writes lines to a duplicate of `fd`: closing or re-using the original cannot send them elsewhere.

    At most `lines` lines and `size` bytes wait. The duplicate stays open after `stop`: a crash during
    shutdown still has somewhere to go (`start` again).
    """

    def __init__(self, fd: int, *, lines: int = 10_000, size: int = 16_777_216) -> None:
        self._max_lines = lines
        self._max_bytes = size
        try:
            self._fd = os.dup(fd)
        except OSError:
            self._fd = -1  # started without a standard error: there is no reader, and no harm
        self._queue: queue.SimpleQueue[bytes | threading.Event | None] = queue.SimpleQueue()
        # Re-entrant, because a finaliser or signal handler may log while its own thread is in here
        self._lock = threading.RLock()
        self._waiting = 0
        self._waiting_bytes = 0
        self._lost = 0
        self._unsaid = 0
        self._torn = False
        self._thread: threading.Thread | None = None
        self.notice: Callable[[int], bytes | None] | None = None
        """Makes the line that says how many lines were lost; called in the writer's thread."""

    @property
    def lost(self) -> int:
        """How many lines were lost since the start."""
        return self._lost

    def put(self, line: bytes) -> None:
        """Take one whole line, or count it as lost; at once, from any thread."""
        with self._lock:
            if self._fd < 0 or self._waiting >= self._max_lines or self._waiting_bytes + len(line) > self._max_bytes:
                self._lose(1)
                return
            self._waiting += 1
            self._waiting_bytes += len(line)
        self._queue.put(line)

    def start(self) -> None:
        """Begin to write; no-op while running."""
        if self._fd >= 0 and not (self._thread and self._thread.is_alive()):
            # A daemon thread: a reader who never reads again must not keep the process alive
            self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
            self._thread.start()

    def flush(self, timeout: float) -> bool:
        """Wait up to `timeout` real seconds until all that was put so far is written or lost. Blocks."""
        if not (self._thread and self._thread.is_alive()):
            return self._waiting == 0
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(timeout)

    def stop(self, timeout: float) -> bool:
        """Write what waits, end the thread; False if that took longer than `timeout` real seconds. Blocks."""
        if not (self._thread and self._thread.is_alive()):
            return self._waiting == 0
        self._queue.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _lose(self, lines: int) -> None:
        self._lost += lines
        self._unsaid += lines

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            batch: list[bytes] = []
            size = 0
            while isinstance(item, bytes):
                batch.append(item)
                size += len(item)
                if size >= BATCH_BYTES:
                    break
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._write_batch(batch, size)
            if isinstance(item, threading.Event):
                item.set()
            elif item is None:
                return

    def _write_batch(self, batch: list[bytes], size: int) -> None:
        written = self._write(batch)
        with self._lock:
            self._waiting -= len(batch)
            self._waiting_bytes -= size
            self._lose(len(batch) - written)
            unsaid = self._unsaid if written == len(batch) and not self._waiting else 0
        if unsaid and self.notice and (line := self.notice(unsaid)):
            said = self._write([line])
            with self._lock:
                if said:
                    self._unsaid -= unsaid
                else:
                    self._lose(1)

    def _write(self, batch: list[bytes]) -> int:
        """Write lines; how many got through whole. A line torn by an error is ended before the next."""
        data = memoryview((b"\n" if self._torn else b"") + b"".join(batch))
        offset = len(data) - sum(map(len, batch))
        done = 0
        while done < len(data):
            try:
                done += os.write(self._fd, data[done:])
            except BlockingIOError:
                self._wait_until_writable()
            except OSError:
                break
        ends = list(accumulate(map(len, batch), initial=offset))
        whole = sum(end <= done for end in ends) - 1
        if done:
            self._torn = done not in ends
        return max(whole, 0)

    def _wait_until_writable(self) -> None:
        """Somebody who shares the descriptor made it non-blocking."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.poll(1000)
