"""One source's actor: keeps its diary of looks, its pace, its breaker, and makes the looks.

A number asks "look at me by then"; the source decides when. Slots are reserved in the store before they are used, so
a restart is no stampede; while it runs it waits on monotonic time, so a stepped clock neither hurries nor stops it.
What the platform does is a value here; only bugs of ours raise. It is long because diary, pace, breaker and budget are
one state: each decides when the next look leaves.
"""

import heapq
import math
from typing import Any

import trio
from msgspec import structs

from numtrustd.actors.glance import Glance, Sight
from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError
from numtrustd.actors.messages import Observed
from numtrustd.actors.overdue import late_looks
from numtrustd.actors.trust import CONTROL, SourceTrust
from numtrustd.clock import Random
from numtrustd.domain import budget
from numtrustd.domain.batch import OpenBatch
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant, Observation, Status, UnknownReason
from numtrustd.domain.trust import Trust
from numtrustd.events import SourceFailed, SourceLimited, SourceRecovered
from numtrustd.probes.spec import Source
from numtrustd.store import Batch, records
from numtrustd.store.records import ParkedRecord
from numtrustd.wire.retry_after import LONGEST
from numtrustd.wire.template import placeholders

RESERVE = 2.0
"""Real seconds of slots that a durable reservation adds to the one at hand; so much pace is given away at a restart.

Real ones: on a fast clock the storing itself takes longer than a few of its seconds.
"""

SET_BACK = 60.0
"""Seconds by which the wall clock must lose against the monotonic one to count as set back."""

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
        UnknownReason.FAILED,
    }
)
"""Reasons that speak against the source; the others (no card, maintenance, pending) are answers about a number."""

KEY_REFUSED = frozenset({401, 403})
"""HTTP statuses by which a platform says of a request with a key that it is not let in."""

SECRET = "secret:"
"""How the name of a credential begins where it stands in a request."""

MAX_DOUBLINGS = 16

SLACK = 60.0
"""Real seconds that a look may take beyond what its request or program is given: it is read, judged and stored too."""

MISSED = "not looked: the source is down"
MISSED_AT_ONCE = 1_000
"""Numbers that are told in one go that nobody looked; the loop goes on between."""

STORE_PAUSE = 5.0
"""Seconds between two looks at whether the store can be written again."""


class SourceActor:
    """Looks through one source. `glance` makes a look and reads what it saw; a source that looks in another way than
    number by number has none.
    """

    def __init__(self, source: Source, glance: Glance | None, house: House, random: Random) -> None:
        self.source = source
        self._glance = glance
        self._house = house
        self._random = random
        self._due: dict[str, Instant] = {}
        self._heap: list[tuple[Instant, str]] = []
        self._wake = trio.Event()
        self._turn = trio.Lock()
        self._probing = False
        self._under_way: set[str] = set()
        self._asked: set[str] = set()
        self.record = records.get_source(house.store, source.id)
        now, self._checked = house.clock.now(), house.clock.monotonic()
        self._checked_at = now
        # The stored times are of the wall clock, which may have been set since: no wait is longer than it can be, and
        # what was spent on a day that is still to come was spent today.
        self.record = structs.replace(self.record, spent=budget.spent_by(self.record.spent, source.budget, now))
        self._slot = self._monotonic(min(self.record.slots_until - now, source.pause + RESERVE * house.clock.speed))
        self._pause = self._monotonic(min(self.record.retry_at - now, max(LONGEST, source.backoff[1])))
        self._used_up_until: Instant | None = None
        self._tell_at = 0.0
        self.looking = 0
        self.unasked = True
        """Whether no look was made yet since the start, or since a reload changed its settings or a credential."""
        self._begun: dict[object, float] = {}
        self.begun = 0
        """Looks that were begun since the start: whether it gets on at all."""
        self.looks = 0
        self.failed = 0
        self.parked: ParkedRecord | None = None
        self.trust = SourceTrust(source, house, self.record.trust, self._keep_trust, self.want)

    # ------------------------------------------------------------------------------------------------------- diary

    def want(self, number: str, due: Instant) -> None:
        """Look at this number at `due`; a later wish replaces an earlier one, but for a person's."""
        if number in self._asked and due > self._due.get(number, due):
            return
        self._due[number] = due
        heapq.heappush(self._heap, (due, number))
        if self._heap[0][1] == number:
            self._wake.set()
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(due, number) for number, due in self._due.items()]
            heapq.heapify(self._heap)

    def ask(self, number: str) -> None:
        """A person wants this number looked at now; no plan made meanwhile puts it off."""
        self.want(number, self._house.clock.now())
        self._asked.add(number)

    def rest(self, number: str) -> None:
        """Nobody but a person wants this number looked at for now: what was planned is not, what he asked for is."""
        if number not in self._asked:
            self._due.pop(number, None)

    def forget(self, number: str) -> None:
        """This number is no longer to be looked at."""
        self._asked.discard(number)
        self._due.pop(number, None)
        self._under_way.discard(number)

    def due_of(self, number: str) -> Instant | None:
        """When this number is to be looked at next; `None` while it is being looked at, or not at all."""
        return self._due.get(number)

    def overdue(self, now: Instant) -> tuple[int, float]:
        """(how many looks are late, by how many seconds the latest)."""
        if (oldest := self._oldest) >= now:
            return 0, 0.0
        return late_looks(self._heap, self._due, now), now - oldest

    def take_over(self, before: "SourceActor") -> None:
        """Go on with the diary and the health of the actor that had this source before a reload."""
        now = self._house.clock.now()
        self._due = dict.fromkeys(before._under_way, now) | before._due
        self._heap = [(due, number) for number, due in self._due.items()]
        heapq.heapify(self._heap)
        self._slot, self._pause, self.record = before._slot, before._pause, before.record
        if before.refused:  # it may have a valid key now
            self._pause = self._house.clock.monotonic()
        self.trust = SourceTrust(self.source, self._house, self.record.trust, self._keep_trust, self.want)
        self.trust.take_over(before.trust)
        self.looks, self.failed = before.looks, before.failed

    def owes(self, now: Instant) -> bool:
        """Whether a look is late and none is under way, although nothing but ourselves keeps it from being made."""
        if self.looking or self._excused or self.next_slot > now or self._oldest > now:
            return False
        return budget.again(self.record.spent, self.source.budget, now) is None

    def overrun(self) -> float:
        """Real seconds by which a look under way has taken longer than any look can; 0 when none has."""
        if not self._begun or self._excused:
            return 0.0
        return max(0.0, self._house.clock.monotonic() - min(self._begun.values()) - self._longest)

    @property
    def _excused(self) -> bool:
        """Whether something that is told elsewhere keeps all looks from being made."""
        house = self._house
        return self.parked is not None or house.network.down_since is not None or house.store.trouble is not None

    @property
    def _oldest(self) -> Instant:
        """When the look was due that has waited longest."""
        self._tidy()
        return self._heap[0][0] if self._heap else math.inf

    @property
    def _longest(self) -> float:
        """Real seconds that a look may take: what its request or program is given, and the storing of it."""
        command = self.source.command
        return SLACK + (self.source.limits.deadline if command is None else command.deadline)

    @property
    def next_slot(self) -> Instant:
        """When this source may be asked again at the soonest: its own pace, its breaker, the platform's wish."""
        clock = self._house.clock
        return clock.now() + (max(self._slot, self._pause) - clock.monotonic()) * clock.speed

    @property
    def free_at(self) -> Instant:
        """When it looks again at the soonest: not before its next slot, nor while what it may ask is used up."""
        used_up = budget.again(self.record.spent, self.source.budget, self._house.clock.now())
        return self.next_slot if used_up is None else max(self.next_slot, used_up[0])

    @property
    def down(self) -> bool:
        return self.record.down_since is not None

    @property
    def refused(self) -> tuple[str, ...]:
        """The credentials, by name, without which the platform does not let us in: it answered the last look so."""
        record = self.record
        if not record.failures or record.http_status not in KEY_REFUSED:
            return ()
        names = {name for _, request in self.source.requests for name in placeholders(request)}
        return tuple(sorted(name.removeprefix(SECRET) for name in names if name.startswith(SECRET)))

    # ------------------------------------------------------------------------------------------------------- looks

    async def run(self) -> None:
        """Make looks for ever, `concurrency` at a time."""
        self._probing = False
        # What was being looked at beside a look that crashed us is not lost.
        for number in self._under_way:
            self.want(number, self._due.get(number, self._house.clock.now()))
        self._under_way.clear()
        self.trust.begin()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.trust.tell)
            for _ in range(self.source.concurrency):
                nursery.start_soon(self._work)

    async def aclose(self) -> None:
        """Let go of its connections."""
        if self._glance is not None:
            await self._glance.aclose()

    async def _work(self) -> None:
        while True:
            async with self._turn:
                numbers, probing = await self._next()
            look = self._begin()
            try:
                await self._look(numbers, probing=probing)
                self._under_way.difference_update(numbers)
            except Exception:
                # Not at once again, lest it crash us again and keep those beside it from being looked at.
                self._under_way.difference_update(numbers)
                for number in numbers:
                    self.want(number, self._house.clock.now() + self._house.context.cadence.retry_interval)
                raise
            finally:
                self._end(look)
                if probing:
                    self._probing = False
                    self._wake.set()

    def _begin(self) -> object:
        """A look is under way from now on, until `_end`."""
        look = object()
        self._begun[look] = self._house.clock.monotonic()
        self.begun += 1
        self.looking += 1
        return look

    def _end(self, look: object) -> None:
        del self._begun[look]
        self.looking -= 1
        self.unasked = False

    async def _next(self) -> tuple[tuple[str, ...], bool]:
        """The next numbers whose time has come, once the pace and the breaker allow; and whether it is a probe."""
        clock = self._house.clock
        while True:
            now = clock.now()
            self._follow(now)
            self._tell_missed(now)
            self._tidy()
            wait = math.inf
            if self._heap and not (self.down and self._probing):  # one look at a time finds out whether it is back
                held = max(self._slot, self._pause) - clock.monotonic()
                wait = max((self._heap[0][0] - now) / clock.speed, held)
                if self.source.requests:
                    wait = max(wait, self._house.network.wait() / clock.speed)
                if self._house.store.trouble is not None:
                    wait = max(wait, STORE_PAUSE / clock.speed)  # what is seen could not be kept
                if wait <= 0 and (used_up := budget.again(self.record.spent, self.source.budget, now)) is not None:
                    wait = (used_up[0] - now) / clock.speed
                    self._say_used_up(*used_up)
            if wait <= 0:
                break
            self._wake = trio.Event()
            await clock.rest(wait, self._wake)
        probing = self.down
        self._probing = self._probing or probing
        if self.source.requests:
            self._house.network.take_probe()
        numbers = self._take(1 if probing or self._glance is None else self._glance.most, now)
        if self.source.budget.bounded:
            # Stored before it leaves: nobody pays for, or is refused because of, a look that was forgotten.
            await self._save(spent=budget.spend(self.record.spent, self.source.budget, clock.now(), len(numbers)))
        if self.source.pause > 0:
            await self._reserve()
        return numbers, probing

    def _take(self, most: int, now: Instant) -> tuple[str, ...]:
        """The numbers whose time has come, at least the first of the diary, as many as the look and the budget take."""
        room = budget.left(self.record.spent, self.source.budget, now)
        most = most if room is None else max(1, min(most, room))
        taken: list[str] = []
        while self._heap and len(taken) < most and (not taken or self._heap[0][0] <= now):
            _, number = heapq.heappop(self._heap)
            del self._due[number]
            self._asked.discard(number)
            self._under_way.add(number)
            taken.append(number)
            self._tidy()
        return tuple(taken)

    def _tell_missed(self, now: Instant) -> None:
        """Nobody sees through a source that is down: numbers whose look is overdue for that are told so, and ask anew.

        Else those that are not among its few probes would go on as if they had been seen yesterday. One stays, to be
        the next probe.
        """
        clock = self._house.clock
        if not self.down or self.record.reason not in SOURCE_FAULTS or clock.monotonic() < self._tell_at:
            return
        self._tell_at = clock.monotonic() + max(1.0, 60.0 / clock.speed)
        late = now - self._house.context.cadence.retry_interval
        reason, quarantined = UnknownReason(self.record.reason), self.trust.trust.quarantined
        seen = tuple(
            Observation(
                r.platform, self.source.id, now, Status.UNKNOWN, r.surface, reason=reason, detail=MISSED, missed=True
            )
            for r in self.source.readings
        )
        kept: list[tuple[Instant, str]] = []
        told = 0
        while self._heap and self._heap[0][0] <= late and told < MISSED_AT_ONCE:
            due, number = heapq.heappop(self._heap)
            if self._due.get(number) != due:
                continue
            if not kept or number.startswith(CONTROL) or number in self._asked:
                kept.append((due, number))
                continue
            told += 1
            del self._due[number]
            try:
                self._house.post(number, Observed(self.source.id, now, seen, quarantined, missed=True))
            except ClosedError:
                pass  # parked: it asks anew when it is let go on
            except BusyError:
                if number in self._house.numbers:
                    self.want(number, now)
        for entry in kept:
            heapq.heappush(self._heap, entry)
        if told == MISSED_AT_ONCE:
            self._tell_at = clock.monotonic()  # more are waiting: as soon as others had their turn

    def _tidy(self) -> None:
        """Let the diary begin with a wish that still stands."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)

    async def _reserve(self) -> None:
        """Use one slot; the store knows of it before the platform does."""
        clock = self._house.clock
        gap = self.source.pause / clock.speed
        self._slot = max(clock.monotonic(), self._slot) + gap
        # Counted from when it leaves: storing it may have waited for room on the disk, and then it is stored once more.
        while (until := self.next_slot) > self.record.slots_until:
            await self._save(slots_until=until + RESERVE * clock.speed)
            self._slot = max(self._slot, clock.monotonic() + gap)

    def _monotonic(self, seconds: float) -> float:
        """The monotonic time that many seconds of the clock from now."""
        return self._house.clock.monotonic() + max(0.0, seconds) / self._house.clock.speed

    def _follow(self, now: Instant) -> None:
        """A wall clock that was set back takes the diary along: nobody is left out for as long as it had been wrong."""
        clock, before = self._house.clock, (self._checked_at, self._checked)
        self._checked_at, self._checked = now, clock.monotonic()
        gained = (now - before[0]) - (self._checked - before[1]) * clock.speed
        if gained < -SET_BACK * clock.speed:
            record = self.record
            self.record = structs.replace(
                record,
                slots_until=max(0.0, record.slots_until + gained),
                retry_at=max(0.0, record.retry_at + gained),
                spent=budget.spent_by(record.spent, self.source.budget, now),
            )
            self._due = {number: due + gained for number, due in self._due.items()}
            self._heap = [(due, number) for number, due in self._due.items()]
            heapq.heapify(self._heap)

    async def _save(self, **changes: Any) -> None:
        self.record = structs.replace(self.record, **changes)
        batch = Batch()
        records.put_source(batch, self.record)
        await self._house.store.commit(batch)

    def network_back(self) -> None:
        """A pause that was for our own network's sake alone is over."""
        if self.record.reason == UnknownReason.UNREACHABLE and self.down:
            self._pause = self._house.clock.monotonic()
        self._wake.set()

    def heard(self, number: str, at: Instant, *, turned: bool) -> None:
        """What was said of a number was held against what is believed of it; `turned` when it contradicts that."""
        self.trust.heard(number, at, turned=turned)

    def taken(self, number: str, batch: str) -> None:
        """What a batch said of a number is stored: one of before a reload, which made another source of this."""

    def gathers_until(self, number: str) -> Instant | None:
        """Until when this number, which is due, waits for others to go with; `None` where it does not."""
        return None

    def batch_of(self, number: str) -> OpenBatch | None:
        """The batch in which this number waits for an answer; `None` where there is none."""
        return None

    @property
    def batches(self) -> tuple[OpenBatch, ...]:
        """What was handed in and is not over, oldest first."""
        return ()

    def _keep_trust(self, trust: Trust) -> None:
        self.record = structs.replace(self.record, trust=trust)
        batch = Batch()
        records.put_source(batch, self.record)
        self._house.store.commit_soon(batch)

    async def _look(self, entries: tuple[str, ...], *, probing: bool) -> None:
        asked = {entry: from_canonical(entry.removeprefix(CONTROL)) for entry in entries}
        assert self._glance is not None
        sight = await self._glance.look(tuple({n.canonical: n for n in asked.values()}.values()))
        at = sight.at
        if not sight.cut_off:
            await self._judge(sight, len(entries), probing=probing)
        for entry, number in asked.items():
            seen = sight.seen[number.canonical]
            if entry.startswith(CONTROL):
                self.trust.control(number.canonical, seen, at)
                continue
            try:
                self._house.post(entry, Observed(self.source.id, at, seen, self.trust.trust.quarantined))
            except ClosedError:
                pass  # parked: it asks anew when it is let go on
            except BusyError:
                if entry in self._house.numbers:
                    self.want(entry, at + self._house.context.cadence.retry_interval)

    # ------------------------------------------------------------------------------------------------------ health

    async def _judge(self, sight: Sight, looks: int, *, probing: bool) -> None:
        """Take a look's outcome into the source's health: failures in a row open the breaker, a probe closes it.

        Once it is open only the probe counts, not what had left before.
        """
        at, each = sight.at, [o for seen in sight.seen.values() for o in seen]
        known = any(o.known for o in each)
        fault = None if known else next((o for o in each if o.reason in SOURCE_FAULTS), None)
        wait = None if known else sight.wait
        self.looks += looks
        if known:
            self.record = structs.replace(self.record, seen_at=at)  # stored with whatever is next
        if wait is not None:
            self._hold(wait)
        if fault is None:
            if probing or (self.record.failures and not self.down):
                await self._recovered(at)
            if wait is not None:
                await self._save(retry_at=max(self.record.retry_at, at + wait))
                self._say_limited(sight.http_status, at + wait)
            return
        assert fault.reason is not None
        self.failed += looks
        failures = self.record.failures + 1
        retry_at = self.record.retry_at if wait is None else max(self.record.retry_at, at + wait)
        trips = self.record.trips
        newly_down = failures >= self.source.trip and not self.down
        if newly_down or probing:
            low, high = self.source.backoff
            backoff = min(high, low * 2 ** min(trips, MAX_DOUBLINGS))
            # Full jitter above half: sources that went down together do not come back in step.
            backoff *= 0.5 + 0.5 * self._random.random()
            retry_at = max(retry_at, at + backoff)
            self._hold(backoff)
            trips += 1
        down_since = self.record.down_since if not newly_down else at
        await self._save(
            failures=failures,
            trips=trips,
            retry_at=retry_at,
            down_since=down_since,
            reason=str(fault.reason),
            http_status=sight.http_status,
        )
        if newly_down:
            self._house.log.emit(
                SourceFailed(
                    source=self.source.id,
                    reason=fault.reason,
                    failures=failures,
                    detail=fault.detail,
                    # On a fast clock storing this took longer than the wait, and it was said later than it ended.
                    retry_at=max(retry_at, self._house.clock.now()),
                    http_status=sight.http_status,
                )
            )
        elif wait is not None:
            self._say_limited(sight.http_status, at + wait)

    def _say_used_up(self, until: Instant, why: str) -> None:
        if until != self._used_up_until:
            self._used_up_until = until
            self._house.log.emit(SourceLimited(source=self.source.id, until=until, why=why))

    def _hold(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._pause = max(self._pause, self._monotonic(seconds))

    def _say_limited(self, http_status: int | None, until: Instant) -> None:
        self._house.log.emit(
            SourceLimited(
                source=self.source.id,
                until=until,
                why="the platform asked for a pause (Retry-After)",
                http_status=http_status,
            )
        )

    async def _recovered(self, at: Instant) -> None:
        since, failures = self.record.down_since, self.record.failures
        # A pause that the platform asked for lasts, whatever the looks beside it saw.
        await self._save(failures=0, trips=0, down_since=None, reason="", http_status=None)
        self._wake.set()
        if since is not None:
            self._house.log.emit(
                SourceRecovered(source=self.source.id, down_seconds=max(0.0, at - since), failures=failures)
            )
