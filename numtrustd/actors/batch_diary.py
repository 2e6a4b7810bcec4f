"""What a source that takes batches keeps of numbers: those that gather for the next batch, and those that are in one.

The diary of a `BatchActor`, on top of every source's own. A number in a batch is in no diary: whatever it wants
meanwhile waits until its answer has been taken, so nothing is handed in a second time before the first one is over.
"""

import heapq
import math

from numtrustd.actors.house import House
from numtrustd.actors.source import SourceActor
from numtrustd.actors.trust import CONTROL
from numtrustd.clock import Random
from numtrustd.domain import batch as domain
from numtrustd.domain import budget
from numtrustd.domain.batch import OpenBatch, Terms
from numtrustd.domain.observation import Instant
from numtrustd.probes.spec import Source
from numtrustd.store import records


class BatchDiary(SourceActor):
    """A source's diary with gathering numbers (`_ripe`), open batches, and who is in which (`_awaited`)."""

    def __init__(self, source: Source, house: House, random: Random) -> None:
        super().__init__(source, None, house, random)
        assert source.batch is not None
        self.spec = spec = source.batch
        self._terms = Terms(spec.ready_after, spec.poll, spec.give_up, spec.settle, spec.look_up is not None)
        self._ripe: dict[str, Instant] = {}
        self._ripe_since: float | None = None
        self._after: dict[str, Instant] = {}
        self._open: dict[str, OpenBatch] = {}
        self._awaited: dict[str, str] = {}
        self._load()

    def _load(self) -> None:
        """Take over what is stored."""
        now = self._house.clock.now()
        found = (domain.resumed(b, now, self._terms) for b in records.open_batches(self._house.store, self.source.id))
        self._open = {batch.id: batch for batch in sorted(found, key=lambda b: (b.sent_at, b.id))}
        self._awaited = {n: b.id for b in self._open.values() for n in (*b.numbers, *b.tell)}
        self._hold_awaited()

    def _hold_awaited(self) -> None:
        """What is in a batch is not in the diary: a crash may have come between the one and the other."""
        for number in self._awaited:
            self._ripe.pop(number, None)
            if (due := self._due.pop(number, None)) is not None:
                self._after.setdefault(number, due)

    def want(self, number: str, due: Instant) -> None:
        """As in `SourceActor`; while an answer about the number is awaited, what it wants is kept for afterwards."""
        if number in self._awaited:
            self._after[number] = due
            return
        if number in self._asked and due > self._due.get(number, due):
            return
        self._ripe.pop(number, None)
        super().want(number, due)
        if due <= self._house.clock.now():
            self._wake.set()  # it may be the one that fills a batch

    def ask(self, number: str) -> None:
        """A person wants this number looked at now: it goes with the next batch, unless it is in one already."""
        if number not in self._awaited:
            super().ask(number)

    def rest(self, number: str) -> None:
        """As in `SourceActor`; what was handed in is paid for, and its answer is taken."""
        if number not in self._asked:
            self._ripe.pop(number, None)
            self._after.pop(number, None)
        super().rest(number)

    def forget(self, number: str) -> None:
        """This number is no longer to be looked at; what was handed in stays so, and blocks handing it in again."""
        super().forget(number)
        self._ripe.pop(number, None)
        self._after.pop(number, None)

    def due_of(self, number: str) -> Instant | None:
        """As in `SourceActor`; nothing is due while the number is in a batch."""
        return None if number in self._awaited else super().due_of(number)

    def overdue(self, now: Instant) -> tuple[int, float]:
        """As in `SourceActor`; numbers that gather for a batch are not late."""
        late = [now - self.spec.gather - due for due in self._due.values() if due < now - self.spec.gather]
        return len(late), max(late, default=0.0)

    @property
    def _oldest(self) -> Instant:
        """As in `SourceActor`; what gathers for a batch does not wait yet."""
        return min(self._due.values(), default=math.inf) + self.spec.gather

    def gathers_until(self, number: str) -> Instant | None:
        """Until when this number, which is due, waits for others to go with."""
        clock = self._house.clock
        due = self._due.get(number)
        if due is None or due > clock.now() or number in self._awaited:
            return None
        return clock.now() + min(self._leaves_in(), self.spec.gather / clock.speed) * clock.speed

    def batch_of(self, number: str) -> OpenBatch | None:
        """The batch in which this number waits for an answer."""
        identity = self._awaited.get(number)
        return None if identity is None else self._open.get(identity)

    @property
    def batches(self) -> tuple[OpenBatch, ...]:
        """What was handed in and is not over, oldest first."""
        return tuple(self._open.values())

    def _ripen(self, now: Instant) -> None:
        """What is due waits for its batch."""
        while self._heap and self._heap[0][0] <= now:
            due, number = heapq.heappop(self._heap)
            if self._due.get(number) == due:
                self._ripe.setdefault(number, due)
        if not self._ripe:
            self._ripe_since = None
        elif self._ripe_since is None:
            # Not since it was due: after a restart all of them are, and come one by one.
            self._ripe_since = self._house.clock.monotonic()

    def _leaves_in(self) -> float:
        """Real seconds until the next batch leaves, if pace and budget allow."""
        if self._ripe_since is None:
            return math.inf
        if len(self._ripe) >= self.spec.most:
            return 0.0
        clock = self._house.clock
        return max(0.0, self._ripe_since + self.spec.gather / clock.speed - clock.monotonic())

    def _gathered(self, now: Instant) -> list[str]:
        """The names of the next batch: what is due, and what would be before the one after it could leave."""
        left = budget.left(self.record.spent, self.source.budget, now)
        most = self.spec.most if left is None else min(self.spec.most, left)
        numbers: set[str] = set()
        names: list[str] = []
        soon = heapq.nsmallest(most, self._heap) if len(self._ripe) < most else []
        early = (n for due, n in soon if due <= now + self.spec.gather and self._due.get(n) == due)
        for name in dict.fromkeys((*self._ripe, *early)):
            number = name.removeprefix(CONTROL)
            if len(numbers) < most or number in numbers:
                numbers.add(number)
                names.append(name)
        return names
