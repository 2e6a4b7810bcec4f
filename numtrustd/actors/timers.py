"""Wakes cases when their time is over. Holds no truth: the store does, and a stale timer is void.

A timer that went off is tried again after `AGAIN` until its case has moved: a busy or crashed actor loses no deadline.
"""

import heapq
import math

import trio

from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError
from numtrustd.actors.messages import TimerDue
from numtrustd.domain.case import number_of
from numtrustd.domain.observation import Instant
from numtrustd.events import ClockJumped
from numtrustd.store import records

AGAIN = 60.0
"""Real seconds until a timer that nobody acted on is tried again."""

JUMP = 5.0
"""A wall clock that gained or lost more than this against the monotonic one has been stepped, or the machine slept."""


class Timers:
    """One heap of (due, case); the newest entry of a case is the only one that counts."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._current: dict[str, tuple[Instant, int]] = {}
        self._heap: list[tuple[Instant, str]] = []
        self._unanswered: dict[str, Instant] = {}
        self._wake = trio.Event()

    def load(self) -> None:
        """Take over the stored timers, before any actor runs."""
        for due, case, seq in records.all_timers(self._house.store):
            # A number that is no longer configured has nobody to wake; its actor brings its timers if it ever returns.
            if number_of(case) in self._house.context.numbers:
                self.set(case, due, seq)

    def set(self, case: str, due: Instant, seq: int) -> None:
        """A case waits until `due`; its earlier timer is void."""
        self._current[case] = (due, seq)
        self._unanswered.pop(case, None)
        heapq.heappush(self._heap, (due, case))
        if self._heap[0][1] == case:
            self._wake.set()
        # What is void would else stay until its time comes, and that may be half a year away.
        if len(self._heap) > 2 * len(self._current) + 64:
            self._heap = [(due, case) for case, (due, _) in self._current.items()]
            heapq.heapify(self._heap)

    def clear(self, case: str) -> None:
        """A case waits no more."""
        self._current.pop(case, None)
        self._unanswered.pop(case, None)

    def __len__(self) -> int:
        return len(self._current)

    def lag(self, now: Instant) -> float:
        """By how many seconds the case is late whose time has been over for longest: 0 when none is."""
        waiting = min(self._unanswered.values(), default=now)
        while self._heap and self._void(*self._heap[0]):
            heapq.heappop(self._heap)
        return max(0.0, now - min([waiting, *(due for due, _ in self._heap[:1])]))

    def _void(self, due: Instant, case: str) -> bool:
        current = self._current.get(case)
        return current is None or current[0] != due

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Fire for ever, overdue ones first and in order."""
        task_status.started()
        clock = self._house.clock
        while True:
            self._wake = trio.Event()
            due = self._fire(clock.now())
            before = (clock.now(), clock.monotonic())
            await clock.rest(math.inf if due is None else clock.left(due), self._wake)
            self._notice_jump(*before)

    def _fire(self, now: Instant) -> Instant | None:
        """Send what is due; returns when the next one is."""
        while self._heap:
            due, case = self._heap[0]
            if self._void(due, case):
                heapq.heappop(self._heap)  # moved or cleared since
                continue
            if due > now:
                return due
            heapq.heappop(self._heap)
            again, seq = now + AGAIN * self._house.clock.speed, self._current[case][1]
            self._current[case] = (again, seq)
            self._unanswered.setdefault(case, due)
            heapq.heappush(self._heap, (again, case))
            try:
                self._house.post(number_of(case), TimerDue(case, seq))
            except BusyError as error:
                # One busier than its box is deep is told again; one that is parked or gone sets it anew if it ever
                # goes on.
                if isinstance(error, ClosedError) or number_of(case) not in self._house.numbers:
                    self.clear(case)
        return None

    def _notice_jump(self, wall: Instant, monotonic: float) -> None:
        clock = self._house.clock
        gained = (clock.now() - wall) - (clock.monotonic() - monotonic) * clock.speed
        if abs(gained) > JUMP * clock.speed:
            self._house.log.emit(ClockJumped(seconds=gained))
