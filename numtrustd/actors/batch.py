"""The actor of a source that takes numbers in batches: gathers them, hands them in once, and collects the answers.

Its diary, pace, breaker, budget and trust are those of every `SourceActor`. What becomes of a batch is `domain.batch`,
what its answers say `probes.collect`; beside this `batch_diary` gathers, `batch_answers` brings the answers to the
numbers. A batch and its price are stored before it leaves, and what came of it is stored before anything else is done,
so that neither a restart nor a reload hands one in twice or forgets it.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import trio
from msgspec import structs

from numtrustd.actors.batch_answers import Answers
from numtrustd.actors.batch_diary import BatchDiary
from numtrustd.actors.batch_news import event_of, over
from numtrustd.actors.glance import home_of, host_of, sight_of
from numtrustd.actors.house import House
from numtrustd.actors.moment import moment
from numtrustd.actors.source import STORE_PAUSE, SourceActor
from numtrustd.actors.trust import CONTROL
from numtrustd.clock import Random
from numtrustd.domain import batch as domain
from numtrustd.domain import budget
from numtrustd.domain.batch import BatchState, Moved, News, OpenBatch, Submitted, Taken
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant, Observation, UnknownReason
from numtrustd.probes import collect
from numtrustd.probes.batch import SubmitCall
from numtrustd.probes.extract import FAILURES, unread
from numtrustd.probes.spec import Source
from numtrustd.store import Batch, records
from numtrustd.wire.exchange import Fetcher, Outcome, Reply
from numtrustd.wire.parts import cut, join
from numtrustd.wire.secrecy import without
from numtrustd.wire.template import NUMBER_LIST, Template, number_values

GRACE = 5.0
"""Real seconds that a batch on its way may still take for its answer when the daemon is told to end."""


class BatchActor(BatchDiary):
    """Looks through one source that takes batches. `templates` are its requests by the name of the call."""

    def __init__(
        self, source: Source, templates: Mapping[str, Template], fetcher: Fetcher, house: House, random: Random
    ) -> None:
        super().__init__(source, house, random)
        self._templates = templates
        self._fetcher = fetcher
        self._host = host_of(source)
        self._cut_off = False
        self._written = cut(self.spec.number, str, [], "number")
        self._before: BatchActor | None = None
        self._idle = trio.Event()
        self._idle.set()
        self._sending: trio.CancelScope | None = None
        self._refused = False
        self._answers = Answers(source, house, self._over)

    def take_over(self, before: SourceActor) -> None:
        """As in `SourceActor`. What is on its way ends first: see `run`."""
        super().take_over(before)
        self._hold_awaited()
        if isinstance(before, BatchActor):
            self._before = before
            self._after = {**before._after, **self._after}
            self._ripe_since = before._ripe_since
            self._refused = before._refused

    def taken(self, number: str, batch: str) -> None:
        """What a batch said of a number is stored, or about to be."""
        self._answers.taken(number, batch)

    # ------------------------------------------------------------------------------------------------------- work

    async def run(self) -> None:
        """Gather, hand in and collect for ever, one request at a time."""
        await self.settled()
        # Always from the store: after a crash the copy in memory is the one thing not to be trusted.
        await self._house.store.flush()
        held = self._awaited
        self._load()
        for number in held.keys() - self._awaited.keys() - self._due.keys():  # in a batch that was never stored
            self.want(number, self._after.pop(number, self._house.clock.now()))
        self._probing = False
        self.trust.begin()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.trust.tell)
            nursery.start_soon(self._answers.offer_again)
            nursery.start_soon(self._hurry)
            for batch in self.batches:
                if batch.state is BatchState.SENDING:
                    await self._move(domain.submitted(batch, domain.INTERRUPTED, self._house.clock.now(), self._terms))
                else:
                    self._tell(batch)
            while True:
                await self._turn_once()

    async def settled(self) -> None:
        """Return once nothing of this actor, or of one before it, is on its way any more, and take that over."""
        if (before := self._before) is not None:
            await before.settled()
            self.record = structs.replace(before.record, trust=self.record.trust)
            self._pause = max(self._pause, before._pause)
            self._awaited = {**before._awaited, **self._awaited}
            self._before = None
        await self._idle.wait()

    async def _hurry(self) -> None:
        """When we are to end, a batch that is on its way has little time left to be answered."""
        try:
            await trio.sleep_forever()
        finally:
            if self._sending is not None:
                self._sending.deadline = trio.current_time() + GRACE

    async def _turn_once(self) -> None:
        """Wait for whatever comes first, and do it."""
        clock = self._house.clock
        now = clock.now()
        self._follow(now)
        self._store_taken()
        for batch in self.batches:
            if (moved := domain.expired(batch, now, self._terms)) is not None:
                await self._move(moved)
        self._ripen(now)
        asked = min((b for b in self.batches if b.next_at and (b.numbers or b.late)), key=_next, default=None)
        leaves = self._leaves_in()
        wait = leaves if asked is None else min(leaves, (asked.next_at - now) / clock.speed)
        if wait < math.inf:
            wait = max(wait, max(self._slot, self._pause) - clock.monotonic())
            if self._house.store.trouble is not None:
                wait = max(wait, STORE_PAUSE / clock.speed)  # what is seen could not be kept
        if wait <= 0:
            if asked is not None and asked.next_at <= now:
                await self._working(self._ask_after, asked)
                return
            used_up = budget.again(self.record.spent, self.source.budget, now)
            if used_up is None:
                await self._working(self._hand_in)
                return
            self._say_used_up(*used_up)
            wait = (used_up[0] - now) / clock.speed
            if asked is not None:
                wait = min(wait, (asked.next_at - now) / clock.speed)
        ends = [b.sent_at + n * self.spec.give_up - now for b in self.batches for n in (1, 2)]
        soon = [self._heap[0][0] - now] if self._heap else []
        await clock.rest(min([wait, *(s / clock.speed for s in (*ends, *soon) if s > 0)]), self._wake)
        self._wake = trio.Event()

    async def _working(self, do: Any, *args: Any) -> None:
        self._probing = self.down
        under_way = self._begin()
        try:
            await do(*args)
        finally:
            self._end(under_way)
            self._probing = False

    def _follow(self, now: Instant) -> None:
        """As in `SourceActor`; a clock that was set back makes no wait for an answer longer than it can be."""
        before = self.record
        super()._follow(now)
        if self.record is not before:
            self._ripe.clear()
            self._open = {b.id: domain.resumed(b, now, self._terms) for b in self.batches}

    # -------------------------------------------------------------------------------------------------- handing in

    async def _hand_in(self) -> None:
        """Hand one batch in. Once it is stored it ends in a stored outcome, whoever tells us to end meanwhile."""
        if self.source.pause > 0:
            await self._reserve()
        self._idle = trio.Event()
        try:
            with trio.CancelScope(shield=True) as self._sending:
                await self._send()
        finally:
            self._sending = None
            self._idle.set()

    async def _send(self) -> None:
        house, clock = self._house, self._house.clock
        now = clock.now()
        names = self._gathered(now)
        if not names:  # they were forgotten while the pace was waited for
            return
        numbers = list(dict.fromkeys(name.removeprefix(CONTROL) for name in names))
        # Never one that was used before, also when the clock was set back since: a vendor knows a batch by it.
        stamp = max(math.floor(now * 1000), self.record.batch_stamp + 1)
        ref = f"{house.context.store[:8]}-{stamp:x}"
        batch = domain.begin(f"{self.source.id}/{ref}", self.source.id, ref, names, now, len(numbers))
        forms = [join(self._written, number_values(from_canonical(number))) for number in numbers]
        values = {"ref": ref, "numbers": self.spec.separator.join(forms), NUMBER_LIST: "\n".join(forms)}
        fetch = self._request("submit", values)
        write = Batch()
        spent = self.record.spent
        if self.source.budget.bounded:
            spent = budget.spend(spent, self.source.budget, now, len(numbers))
        self.record = structs.replace(self.record, spent=spent, batch_stamp=stamp)
        records.put_source(write, self.record)
        records.put_open_batch(write, batch)
        self._open[batch.id] = batch
        for name in names:
            self._awaited[name] = batch.id
            self._due.pop(name, None)
            self._ripe.pop(name, None)
            self._asked.discard(name)
        self._ripe_since = None
        await house.store.commit(write)
        outcome = await fetch()
        await self._heard_back(batch, self.spec.submit, outcome)

    async def _heard_back(self, batch: OpenBatch, call: SubmitCall, outcome: Outcome) -> None:
        """What came of a submission, or of a look-up: stored first."""
        now = self._house.clock.now()
        said: Submitted = collect.submitted(call, outcome, batch.ref)
        await self._move(
            domain.submitted(batch, said, now, self._terms), outcome.status if isinstance(outcome, Reply) else None
        )
        reason, detail = UnknownReason.PENDING, ""
        if not isinstance(said, Taken | domain.Absent):
            reason, detail = said.reason, said.detail
        await self._weigh(outcome, unread(self.source, now, reason, detail), now)

    def _request(self, name: str, values: Mapping[str, str]) -> Callable[[], Awaitable[Outcome]]:
        """A request, filled in; what can go wrong with that has gone wrong before it is sent."""
        template = self._templates[name]
        request = template.fill({**values, **moment(template, self._house.clock, self._random)})

        async def fetch() -> Outcome:
            outcome = await self._fetcher.fetch(request)
            self._cut_off = self._house.network.heard(self._host, outcome)
            outcome = without(outcome, template.hidden, request.private)
            self._house.safety.redirected(home_of(self.source), request, outcome)
            return outcome

        return fetch

    async def _weigh(self, outcome: Outcome, seen: tuple[Observation, ...], at: Instant) -> None:
        """Take an answer into the source's health, unless it is our own network that is down."""
        if not self._cut_off:
            await self._judge(sight_of(outcome, at, {"": seen}), 1, probing=self._probing)

    async def aclose(self) -> None:
        """As in `SourceActor`."""
        await self._fetcher.aclose()

    # -------------------------------------------------------------------------------------------------- collecting

    async def _ask_after(self, batch: OpenBatch) -> None:
        """Ask after a batch: for its answers, or whether it arrived at all."""
        # Whatever comes of it, not at once again: an answer that crashes us must not keep the others from being read.
        self._open[batch.id] = batch = structs.replace(batch, next_at=self._house.clock.now() + self.spec.poll)
        if self.source.pause > 0:
            await self._reserve()
        if batch.state is BatchState.UNCERTAIN:
            assert self.spec.look_up is not None
            outcome = await self._request("look_up", {"ref": batch.ref})()
            await self._heard_back(self._open[batch.id], self.spec.look_up, outcome)
            return
        outcome = await self._request("collect", {"task": batch.task, "ref": batch.ref})()
        at = self._house.clock.now()
        if not isinstance(outcome, Reply):
            detail = outcome.detail or str(outcome.failure)
            await self._weigh(outcome, unread(self.source, at, FAILURES[outcome.failure], detail), at)
            await self._collected(batch.id, (), at)
            return
        read = collect.collected(self.spec, self.source.echo, self.source.views, outcome, batch.task)
        found = await self._answers.read(batch, read, at)
        seen = tuple(o for _, observations in found for o in observations)
        if read.reason is not None or not seen:
            seen = unread(self.source, at, read.reason or UnknownReason.PENDING, read.detail, read.rule)
        await self._weigh(outcome, seen, at)
        await self._collected(batch.id, [name for name, _ in found], at, done=read.done, gone=read.gone)
        for name, observations in found:
            self._answers.give(batch, name, observations, at, self.trust, last=read.done)

    async def _collected(
        self, identity: str, named: Any, at: Instant, *, done: bool = False, gone: bool = False
    ) -> None:
        self._store_taken()
        batch = self._open.get(identity)  # it may be over by now
        if batch is not None:
            await self._move(domain.collected(batch, named, at, self._terms, done=done, gone=gone))

    # ------------------------------------------------------------------------------------------------------ keeping

    def _put(self, batch: OpenBatch) -> None:
        """The batch as it is stored now."""
        self._open[batch.id] = batch
        if batch.over:
            del self._open[batch.id]
            if batch.task:
                self._house.log.emit(over(batch, self._house.clock.now()))

    async def _move(self, moved: Moved, status: int | None = None) -> None:
        """Store a step, then say and tell what follows from it."""
        batch = moved.batch
        write = Batch()
        if moved.refund and self.source.budget.bounded:
            now = self._house.clock.now()
            spent = budget.give_back(self.record.spent, self.source.budget, now, batch.sent_at, batch.size)
            self.record = structs.replace(self.record, spent=spent)
            records.put_source(write, self.record)
        records.put_open_batch(write, batch)
        await self._house.store.commit(write)
        if moved.news is News.SUBMITTED:
            self._refused = False
        event = None if moved.news is News.DECLINED and self._refused else event_of(moved, self._terms, status)
        self._refused = self._refused or moved.news is News.DECLINED
        if event is not None:
            self._house.log.emit(event)
        self._put(batch)
        self._tell(batch)

    def _tell(self, batch: OpenBatch) -> None:
        """Those of its numbers that nothing was seen of hear so."""
        if batch.tell:
            assert batch.reason is not None
            at = self._house.clock.now()
            seen = unread(self.source, at, batch.reason, batch.detail)
            for name in batch.tell:
                self._answers.give(batch, name, seen, at, self.trust, last=True, told=True)

    def _over(self, number: str, batch: str) -> None:
        """This number leaves its batch: it may be handed in again when it wants to."""
        self._wake.set()
        if self._awaited.get(number) != batch:
            return
        del self._awaited[number]
        if (due := self._after.pop(number, None)) is not None:
            self.want(number, due)

    def _store_taken(self) -> None:
        """Store what was taken, many numbers at a time. Lost in a crash it is read again, and counts once."""
        write = Batch()
        for identity, (answered, told) in self._answers.drain().items():
            if (before := self._open.get(identity)) is None:
                continue
            for batch in self.batches:  # an answer that is older than this one is none any more
                if batch is before or (batch.sent_at < before.sent_at and not answered.isdisjoint(batch.late)):
                    left = domain.taken(batch, answered, told if batch is before else ())
                    records.put_open_batch(write, left)
                    self._put(left)
        if write:
            self._house.store.commit_soon(write)


def _next(batch: OpenBatch) -> Instant:
    return batch.next_at
