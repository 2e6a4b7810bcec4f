"""Wakes cases when their time is over. Holds no truth: the store does, and a stale timer is void.

A timer that went off is tried again after `AGAIN` until its case has moved: a busy or crashed actor loses no deadline.
What came due in a time that passed us by (suspend, clock step, long stop) is spread: a burst of it would fall on the
platforms and on the store at once. An emergency's clock is never kept waiting for that.
"""

import heapq
import math

import trio

from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError
from numtrustd.actors.messages import TimerDue
from numtrustd.clock import Random
from numtrustd.domain.case import number_of, place_of
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflows.incident import INCIDENT
from numtrustd.events import ClockJumped
from numtrustd.store import records

AGAIN = 60.0
"""Real seconds until a timer that nobody acted on is tried again."""

JUMP = 5.0
"""A wall clock that gained or lost more than this against the monotonic one has been stepped, or the machine slept."""

MISSED = 60.0
"""Real seconds of lateness from which on a timer came due in a time that passed us by: at work, none is so late."""

EACH = 0.1
"""Real seconds that each missed timer gets on average, as long as there are not too many of them."""

SPREAD = 300.0
"""Real seconds after which all that was missed has gone off, however many there are."""


class Timers:
    """One heap of (due, case); the newest entry of a case is the only one that counts. `_missed` is another, of (at,
    due, case): what came due in a time that passed us by, each with a moment of its own at which it goes off."""

    def __init__(self, house: House, random: Random) -> None:
        self._house = house
        self._random = random
        self._current: dict[str, tuple[Instant, int]] = {}
        self._heap: list[tuple[Instant, str]] = []
        self._missed: list[tuple[Instant, Instant, str]] = []
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
        if self._current.get(case) == (due, seq):
            return  # it waits already; an actor that begins tells so again
        self._current[case] = (due, seq)
        self._unanswered.pop(case, None)
        heapq.heappush(self._heap, (due, case))
        if self._heap[0][1] == case:
            self._wake.set()
        # What is void would else stay until its time comes, and that may be half a year away.
        if len(self._heap) > 2 * len(self._current) + 64:
            missed = {(due, case) for _, due, case in self._missed}
            self._heap = [(due, case) for case, (due, _) in self._current.items() if (due, case) not in missed]
            heapq.heapify(self._heap)

    def clear(self, case: str) -> None:
        """A case waits no more."""
        self._current.pop(case, None)
        self._unanswered.pop(case, None)

    def __len__(self) -> int:
        return len(self._current)

    def lag(self, now: Instant) -> float:
        """By how many seconds the case is late whose time has been over for longest: 0 when none is. The time that
        passed us by does not count: nothing was held up in it."""
        waiting = min(self._unanswered.values(), default=now)
        while self._heap and self._void(*self._heap[0]):
            heapq.heappop(self._heap)
        return max(0.0, now - min([waiting, *(due for due, _ in self._heap[:1]), *(at for at, *_ in self._missed[:1])]))

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
        missed: list[tuple[Instant, str]] = []
        if self._missed and self._missed[0][0] > now + SPREAD * self._house.clock.speed:
            # The clock was set back since: what is still due is spread anew.
            for _, due, case in self._missed:
                heapq.heappush(self._heap, (due, case))
            self._missed.clear()
        while self._heap and (self._heap[0][0] <= now or self._void(*self._heap[0])):
            due, case = heapq.heappop(self._heap)
            if self._void(due, case):
                continue  # moved or cleared since
            if now - due > MISSED * self._house.clock.speed and not _urgent(case):
                missed.append((due, case))
            else:
                self._tell(case, now)
        self._spread(missed, now)
        while self._missed and self._missed[0][0] <= now:
            _, due, case = heapq.heappop(self._missed)
            if not self._void(due, case):
                self._tell(case, now)
        ahead = [due for due, _ in self._heap[:1]] + [at for at, *_ in self._missed[:1]]
        return min(ahead, default=None)

    def _spread(self, missed: list[tuple[Instant, str]], now: Instant) -> None:
        """Give each a moment of its own, in order, somewhere in its share of the span."""
        if not missed:
            return
        share = min(EACH, SPREAD / len(missed)) * self._house.clock.speed
        for n, (due, case) in enumerate(missed):
            heapq.heappush(self._missed, (now + (n + self._random.random()) * share, due, case))

    def _tell(self, case: str, now: Instant) -> None:
        """Have a case's actor know that its time is over, and again later should it not act on it."""
        again, seq = now + AGAIN * self._house.clock.speed, self._current[case][1]
        self._current[case] = (again, seq)
        self._unanswered.setdefault(case, now)
        heapq.heappush(self._heap, (again, case))
        try:
            self._house.post(number_of(case), TimerDue(case, seq))
        except BusyError as error:
            # One busier than its box is deep is told again; one that is parked or gone sets it anew if it ever
            # goes on.
            if isinstance(error, ClosedError) or number_of(case) not in self._house.numbers:
                self.clear(case)

    def _notice_jump(self, wall: Instant, monotonic: float) -> None:
        clock = self._house.clock
        gained = (clock.now() - wall) - (clock.monotonic() - monotonic) * clock.speed
        if abs(gained) > JUMP * clock.speed:
            self._house.log.emit(ClockJumped(seconds=gained))
            if gained < 0:
                self._house.set_back.set()


def _urgent(case: str) -> bool:
    """Whether it is an emergency itself, whose marks are hours."""
    return place_of(case) == INCIDENT.name
