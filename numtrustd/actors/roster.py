"""All number actors and their guards: starts them, parks them, ends them, and applies a reload as a diff.

A parked actor stays listed, refuses messages, and comes back by `unpark` or with the next restart's operator; the
reason is stored, so a restart does not quietly run into the same wall again.
"""

import contextlib
from collections.abc import Iterable, Iterator

import msgspec
import trio

from numtrustd.actors.decision import entry_of
from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError, Reply
from numtrustd.actors.messages import NumberMessage, Refresh, RefusedError, Retire, Stop
from numtrustd.actors.number import NumberActor
from numtrustd.actors.supervisor import Supervisor
from numtrustd.clock import Random
from numtrustd.domain.observation import Instant
from numtrustd.events import ActorCrashed, ActorParked, ActorUnparked, Event, NumberAdded, NumberRemoved
from numtrustd.log import error_fields
from numtrustd.store import Batch, Table, records
from numtrustd.store.errors import DamagedRecord
from numtrustd.store.records import ParkedRecord

STOP_TIME = 2.0
"""Real seconds that a removed number's actor has to finish the message in hand."""

GONE = "no longer watched"

BESIDE = (0, 0xFFFF)
"""Where a line of history stands among those that the number's own actor writes in the same millisecond."""

START_BATCH = 500
"""Actors started before others get a turn: starting a hundred thousand must not look like a hang."""


async def _insist(actor: NumberActor, message: NumberMessage) -> None:
    """Post a message as soon as there is room for it. Raises `ClosedError` when the actor takes no more."""
    pause = 0.01
    while True:
        try:
            actor.post(message)
            return
        except ClosedError:
            raise
        except BusyError:
            await trio.sleep(pause)
            pause = min(2 * pause, 1.0)


class Roster:
    """One guard a number, in one nursery."""

    def __init__(self, house: House, random: Random) -> None:
        self._house = house
        self._nursery: trio.Nursery | None = None
        self._actors: dict[str, NumberActor] = {}
        self._moving: set[str] = set()
        self._ending: dict[str, list[tuple[NumberActor, trio.Event]]] = {}
        self._refreshing: set[str] = set()
        self.parked: dict[str, ParkedRecord] = {}
        self.supervisor = Supervisor(
            house.clock,
            random,
            on_crash=self._crashed,
            on_park=self.park_after_crashes,
            hopeless=(DamagedRecord,),
        )

    def __len__(self) -> int:
        return len(self._actors)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start an actor for every number of the context, then keep them."""
        self.parked = {p.actor: p for p in records.all_parked(self._house.store)}
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self.start(self._house.context.numbers)
            task_status.started()
            await trio.sleep_forever()

    async def start(self, numbers: Iterable[str]) -> None:
        """Start actors; a number that was parked stays so."""
        assert self._nursery is not None
        for n, number in enumerate(numbers):
            actor = NumberActor(number, self._house)
            self._actors[number] = actor
            self._house.numbers[number] = actor
            self._house.board.resting.pop(number, None)
            if number in self.parked:
                actor.close(BusyError("parked"))
                self._count_parked(number)
            elif number in self._ending:
                self._nursery.start_soon(self._guard_after, self._ending[number][-1][1], number, actor, name=number)
            else:
                self._nursery.start_soon(self.supervisor.guard, number, actor.run, name=number)
            if n % START_BATCH == START_BATCH - 1:
                await trio.lowlevel.checkpoint()

    def _count_parked(self, number: str) -> None:
        """What is known of a parked number stays in the totals."""
        # Its record being damaged may be why it is parked; it is then counted as never seen.
        with contextlib.suppress(DamagedRecord, msgspec.MsgspecError):
            packed = self._house.store.get(Table.NUMBER, records.key(number))
            if packed is not None:
                self._house.board.update(number, records.decode_number(packed))

    async def retire(self, numbers: Iterable[str]) -> None:
        """Give up the open cases of numbers that are about to leave the configuration; those that have none begin
        nothing new from now on, the others once they have given theirs up."""
        leaving = [actor for number in numbers if (actor := self._actors.get(number)) is not None]
        at_work: list[NumberActor] = []
        for actor in leaving:
            actor.leaving, actor.retired = True, not (actor.busy or self._house.board.cases(actor.number))
            if not actor.retired:
                at_work.append(actor)
        try:
            for actor in at_work:
                await self._retire(actor)
        except BaseException:
            for actor in leaving:  # they stay configured
                actor.leaving = False
            raise

    async def _retire(self, actor: NumberActor) -> None:
        if actor.number in self.parked:
            return
        reply: Reply[None] = Reply()
        # One that is too busy keeps its cases; they are given up when the number is configured and removed again.
        with contextlib.suppress(BusyError), trio.move_on_after(STOP_TIME):
            self._house.post(actor.number, Retire(reply))
            await reply.wait()

    async def apply(self, added: Iterable[str], removed: Iterable[str], changed: Iterable[str]) -> None:
        """A reload as a diff; numbers that did not change are left alone."""
        for number in removed:
            await self._end(number)
            self._tell(NumberRemoved(number=number, why="no longer configured; its records are kept"))
        added = list(added)
        for number in added:
            owned = self._house.context.numbers[number]
            self._tell(NumberAdded(number=number, kind=owned.kind, name=owned.name or None))
        await self.start(added)
        for number in changed:
            self.refresh(number)

    def _tell(self, event: NumberAdded | NumberRemoved) -> None:
        """That a number came or went, in its history, too: a gap in watching is to be seen there."""
        batch = Batch()
        self._note(batch, event.number, event, self._house.clock.now(), "configuration")
        if self._house.store.trouble is None:  # a reload does not wait for a disk that is full
            self._house.store.commit_soon(batch)
        self._house.log.emit(event)

    def refresh(self, number: str) -> None:
        """Let a number look at its configuration anew; one that is too busy for it now is told when it has room."""
        actor = self._actors.get(number)
        if actor is None or number in self.parked or number in self._refreshing:
            return
        try:
            actor.post(Refresh())
        except BusyError as error:
            if not isinstance(error, ClosedError):  # else it has ended, or is about to be parked
                assert self._nursery is not None
                self._refreshing.add(number)
                self._nursery.start_soon(self._refresh_later, number, actor)

    async def _refresh_later(self, number: str, actor: NumberActor) -> None:
        # Closed: it was parked or removed meanwhile.
        with contextlib.suppress(ClosedError):
            await _insist(actor, Refresh())
        self._refreshing.discard(number)

    async def _end(self, number: str) -> None:
        actor = self._actors.pop(number, None)
        self._house.numbers.pop(number, None)
        # One that is just being parked has not ended: whoever parks it waits for that, and here nobody else knows it.
        if actor is not None and (number not in self.parked or not actor.closed):
            assert self._nursery is not None
            ended = trio.Event()
            self._ending.setdefault(number, []).append((actor, ended))
            self._nursery.start_soon(self._see_off, number, actor, ended)
            with trio.move_on_after(STOP_TIME):
                await ended.wait()
        # Only now: the message that it had in hand may have asked for a look.
        for source in self._house.sources.values():
            source.forget(number)
        self._house.board.forget(number)

    async def _see_off(self, number: str, actor: NumberActor, ended: trio.Event) -> None:
        """Wait for the end of an actor that may be long in coming: what it has in hand waits for a full disk, say."""
        await self._stop(actor, GONE)
        actor.close(BusyError(GONE))
        ended.set()
        self._ending[number].remove((actor, ended))
        if not self._ending[number]:
            del self._ending[number]

    async def _guard_after(self, ended: trio.Event, number: str, actor: NumberActor) -> None:
        """Start an actor once the one before it has ended: two of one number would be two writers of its records."""
        await ended.wait()
        await self.supervisor.guard(number, actor.run)

    async def _stop(self, actor: NumberActor, why: str) -> None:
        """Return once the actor has finished the message in hand and ended."""
        reply: Reply[None] = Reply()
        try:
            await _insist(actor, Stop(reply, why))
        except ClosedError:
            return
        # Refused: it ended by itself meanwhile, or was parked for its crashes.
        with contextlib.suppress(BusyError):
            await reply.wait()

    # ----------------------------------------------------------------------------------------------------- parking

    def _crashed(self, name: str, error: BaseException, crashes: int) -> None:
        self._house.log.emit(ActorCrashed(actor=name, crashes=crashes, **error_fields(error)))

    async def park_after_crashes(self, name: str, error: BaseException, crashes: int) -> None:
        """The supervisor gives up on an actor: stored, said once."""
        record = ParkedRecord(name, self._house.clock.now(), crashes, **error_fields(error))
        event = ActorParked(
            actor=name, crashes=crashes, error_type=record.error_type, error_message=record.error_message
        )
        await self._park(record, event)
        if name in self._ending:  # it was to end, and now nobody answers those that wait for that
            self._ending[name][0][0].close(BusyError(GONE))
        self._house.log.emit(event)

    async def park(self, number: str, by: str, why: str) -> None:
        """An operator takes a number out of work."""
        if number in self.parked:
            raise RefusedError(f"{number} is parked already: `numtrustctl unpark {number}` sets it going again")
        event = ActorParked(actor=number, why=f"by {by}: {why}")
        with self._changing(number):
            record = ParkedRecord(number, self._house.clock.now(), 0, "", f"parked by {by}: {why}")
            await self._park(record, event, by)
        self._house.log.emit(event)

    async def _park(self, record: ParkedRecord, event: ActorParked, by: str = "") -> None:
        batch = Batch()
        records.put_parked(batch, record)
        self._note(batch, record.actor, event, record.at, by)
        await self._house.store.commit(batch)
        self.parked[record.actor] = record
        actor = self._actors.get(record.actor)
        if actor is not None:
            if not record.crashes:
                await self._stop(actor, "parked")
            actor.close(BusyError("parked"))
        for source in self._house.sources.values():
            source.forget(record.actor)

    def _note(self, batch: Batch, number: str, event: Event, at: Instant, by: str) -> None:
        """A line of the number's history, although its own actor, which writes the others, is not at work."""
        records.put_entry(batch, number, entry_of(event, at, by), *BESIDE)

    @contextlib.contextmanager
    def _changing(self, number: str) -> Iterator[None]:
        """One order at a time: two guards of one actor would be two writers of its records."""
        if number in self._moving:
            raise RefusedError(f"{number} is just being parked or unparked: try again")
        self._moving.add(number)
        try:
            yield
        finally:
            self._moving.discard(number)

    async def unpark(self, number: str, by: str) -> None:
        """Let a parked actor run again; raises `RefusedError` when it is not parked."""
        if number not in self.parked:
            raise RefusedError(f"{number} is not parked: nothing is left to do")
        with self._changing(number):
            event = ActorUnparked(actor=number, by=by)
            batch = Batch().delete(Table.PARKED, records.key(number))
            self._note(batch, number, event, self._house.clock.now(), by)
            await self._house.store.commit(batch)
            del self.parked[number]
        self._house.log.emit(event)
        actor = self._actors.get(number)
        if actor is not None:
            assert self._nursery is not None
            actor.reopen()
            self._nursery.start_soon(self.supervisor.guard, number, actor.run, name=number)
