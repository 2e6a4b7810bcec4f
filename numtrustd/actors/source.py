"""One source's actor: keeps its diary of looks, its pace, its breaker, and makes the looks.

A number asks "look at me by then"; the source decides when. Slots are reserved in the store before they are used, so
a restart is no stampede. What the platform does is a value here; only bugs of ours raise.
"""

import heapq
from typing import Any

import trio
from msgspec import structs

from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError
from numtrustd.actors.messages import Observed
from numtrustd.clock import Random
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant, Observation, UnknownReason
from numtrustd.events import SourceFailed, SourceLimited, SourceRecovered
from numtrustd.probes.extract import extract
from numtrustd.probes.spec import Source
from numtrustd.store import Batch, records
from numtrustd.store.records import ParkedRecord
from numtrustd.wire.exchange import Fetcher, Outcome, Reply
from numtrustd.wire.retry_after import retry_after
from numtrustd.wire.template import Template, number_values

RESERVE = 2.0
"""Seconds of slots that one durable reservation covers; so much pace is given away at a restart, at most."""

SOURCE_FAULTS = frozenset(
    {
        UnknownReason.BLOCKED,
        UnknownReason.RATE_LIMITED,
        UnknownReason.LOGIN,
        UnknownReason.EMPTY,
        UnknownReason.BAD_SHAPE,
        UnknownReason.REFUSED,
        UnknownReason.TIMEOUT,
        UnknownReason.UNREACHABLE,
        UnknownReason.TLS,
        UnknownReason.TOO_LARGE,
        UnknownReason.HTTP_ERROR,
    }
)
"""Reasons that speak against the source; the others (no card, maintenance, pending) are answers about a number."""

MAX_DOUBLINGS = 16

STORE_PAUSE = 5.0
"""Seconds between two looks at whether the store can be written again."""


class SourceActor:
    """Looks through one source. `fetcher` is its way out, `template` its request, all filled in but the number."""

    def __init__(self, source: Source, template: Template, fetcher: Fetcher, house: House, random: Random) -> None:
        self.source = source
        self._template = template
        self._fetcher = fetcher
        self._house = house
        self._random = random
        self._due: dict[str, Instant] = {}
        self._heap: list[tuple[Instant, str]] = []
        self._wake = trio.Event()
        self._turn = trio.Lock()
        self._probing = False
        self.record = records.get_source(house.store, source.id)
        self._next_slot = self.record.slots_until
        self.looking = 0
        self.looks = 0
        self.failed = 0
        self.parked: ParkedRecord | None = None

    # ------------------------------------------------------------------------------------------------------- diary

    def want(self, number: str, due: Instant) -> None:
        """Look at this number at `due`; a later wish replaces an earlier one."""
        self._due[number] = due
        heapq.heappush(self._heap, (due, number))
        if self._heap[0][1] == number:
            self._wake.set()
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(due, number) for number, due in self._due.items()]
            heapq.heapify(self._heap)

    def forget(self, number: str) -> None:
        """This number is no longer to be looked at."""
        self._due.pop(number, None)

    def due_of(self, number: str) -> Instant | None:
        """When this number is to be looked at next; `None` while it is being looked at, or not at all."""
        return self._due.get(number)

    def overdue(self, now: Instant) -> tuple[int, float]:
        """(how many looks are late, by how many seconds the latest)."""
        if not self._heap or self._heap[0][0] >= now:
            return 0, 0.0
        late = [now - due for due in self._due.values() if due < now]
        return len(late), max(late, default=0.0)

    def take_over(self, before: "SourceActor") -> None:
        """Go on with the diary and the health of the actor that had this source before a reload."""
        self._due = dict(before._due)
        self._heap = [(due, number) for number, due in self._due.items()]
        heapq.heapify(self._heap)
        self._next_slot, self.record = before._next_slot, before.record
        self.looks, self.failed = before.looks, before.failed

    def stuck(self, now: Instant, limit: float) -> bool:
        """Whether a look is late by more than `limit` although nothing keeps this source from making it."""
        if self.looking or self.down or self._next_slot > now or self.record.retry_at > now or not self._due:
            return False
        return now - min(self._due.values()) > limit

    @property
    def next_slot(self) -> Instant:
        """When this source may be asked again at the soonest: its own pace, its breaker, the platform's wish."""
        return max(self._next_slot, self.record.retry_at)

    @property
    def down(self) -> bool:
        return self.record.down_since is not None

    # ------------------------------------------------------------------------------------------------------- looks

    async def run(self) -> None:
        """Make looks for ever, `concurrency` at a time."""
        self._probing, self.looking = False, 0
        async with trio.open_nursery() as nursery:
            for _ in range(self.source.concurrency):
                nursery.start_soon(self._work)

    async def _work(self) -> None:
        while True:
            async with self._turn:
                number, probing = await self._next()
            self.looking += 1
            try:
                await self._look(number)
            finally:
                self.looking -= 1
                if probing:
                    self._probing = False
                    self._wake.set()

    async def _next(self) -> tuple[str, bool]:
        """The next number whose time has come, once the pace and the breaker allow; and whether it is a probe."""
        clock = self._house.clock
        while True:
            now = clock.now()
            while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
                heapq.heappop(self._heap)
            at = max(self._heap[0][0], self._next_slot, self.record.retry_at) if self._heap else None
            if self.down and self._probing:
                at = None  # one look at a time finds out whether it is back
            if self._house.store.trouble is not None and at is not None:
                at = max(at, now + STORE_PAUSE)  # what is seen could not be kept
            if at is not None and at <= now:
                break
            self._wake = trio.Event()
            wait = clock.recheck if at is None else min((at - now) / clock.speed, clock.recheck)
            with trio.move_on_after(wait):
                await self._wake.wait()
        _, number = heapq.heappop(self._heap)
        del self._due[number]
        probing = self.down
        self._probing = self._probing or probing
        if self.source.interval > 0:
            await self._reserve(now)
        return number, probing

    async def _reserve(self, now: Instant) -> None:
        """Use one slot; the store knows of it before the platform does."""
        self._next_slot = max(now, self._next_slot) + self.source.interval
        if self._next_slot > self.record.slots_until:
            until = self._next_slot + (RESERVE if self.source.interval < RESERVE else 0.0)
            await self._save(slots_until=until)

    async def _save(self, **changes: Any) -> None:
        self.record = structs.replace(self.record, looks=self.record.looks, **changes)
        batch = Batch()
        records.put_source(batch, self.record)
        await self._house.store.commit(batch)

    async def _look(self, number: str) -> None:
        parsed = from_canonical(number)
        outcome = await self._fetcher.fetch(self._template.fill(number_values(parsed)))
        at = self._house.clock.now()
        seen = extract(self.source, parsed, outcome, at, self._house.context.words)
        await self._judge(outcome, seen, at)
        try:
            self._house.post(number, Observed(self.source.id, at, seen))
        except ClosedError:
            pass  # parked: it asks anew when it is let go on
        except BusyError:
            if number in self._house.numbers:
                self.want(number, at + self._house.context.cadence.retry_interval)

    # ------------------------------------------------------------------------------------------------------ health

    async def _judge(self, outcome: Outcome, seen: tuple[Observation, ...], at: Instant) -> None:
        """Take a look's outcome into the source's health: failures in a row open the breaker, one success closes it."""
        fault = next((o for o in seen if o.reason in SOURCE_FAULTS), None)
        self.looks += 1
        if fault is None or any(o.known for o in seen):
            if self.record.failures or self.down:
                await self._recovered(at)
            return
        assert fault.reason is not None
        self.failed += 1
        wait = retry_after(outcome, at) if isinstance(outcome, Reply) else None
        failures = self.record.failures + 1
        retry_at = self.record.retry_at
        if wait is not None:
            retry_at = max(retry_at, at + wait)
        trips = self.record.trips
        if failures >= self.source.trip:
            low, high = self.source.backoff
            backoff = min(high, low * 2 ** min(trips, MAX_DOUBLINGS))
            # Full jitter above half: sources that went down together do not come back in step.
            retry_at = max(retry_at, at + backoff * (0.5 + 0.5 * self._random.random()))
            trips += 1
        newly_down = failures >= self.source.trip and not self.down
        down_since = self.record.down_since if not newly_down else at
        await self._save(
            failures=failures, trips=trips, retry_at=retry_at, down_since=down_since, reason=str(fault.reason)
        )
        status = outcome.status if isinstance(outcome, Reply) else None
        if newly_down:
            self._house.log.emit(
                SourceFailed(
                    source=self.source.id,
                    reason=fault.reason,
                    failures=failures,
                    detail=fault.detail,
                    retry_at=retry_at,
                    http_status=status,
                )
            )
        elif wait is not None:
            self._house.log.emit(
                SourceLimited(
                    source=self.source.id,
                    until=at + wait,
                    why="the platform asked for a pause (Retry-After)",
                    http_status=status,
                )
            )

    async def _recovered(self, at: Instant) -> None:
        since, failures = self.record.down_since, self.record.failures
        await self._save(failures=0, trips=0, retry_at=0.0, down_since=None, reason="", seen_at=at)
        self._wake.set()
        if since is not None:
            self._house.log.emit(
                SourceRecovered(source=self.source.id, down_seconds=max(0.0, at - since), failures=failures)
            )
