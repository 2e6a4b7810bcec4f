"""All source actors and their guards, and a reload's differences applied to them."""

from collections.abc import Callable, Iterable

import trio

from numtrustd.actors.house import House
from numtrustd.actors.source import SourceActor
from numtrustd.actors.supervisor import Supervisor
from numtrustd.clock import Random
from numtrustd.domain.observation import Instant
from numtrustd.events import ActorCrashed, ActorParked, ActorUnparked
from numtrustd.log import error_fields
from numtrustd.store import Batch, Table, records
from numtrustd.store.records import ParkedRecord

PREFIX = "source "
"""What a source's actor is called in the log and when it is parked, beside numbers."""


class Sources:
    """One guard a source. `make` builds an actor from the present configuration."""

    def __init__(self, house: House, random: Random, make: Callable[[str], SourceActor]) -> None:
        self._house = house
        self._make = make
        self._nursery: trio.Nursery | None = None
        self._scopes: dict[str, trio.CancelScope] = {}
        self.actors: dict[str, SourceActor] = {}
        self._supervisor = Supervisor(house.clock, random, on_crash=self._crashed, on_park=self._parked)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start an actor for every source of the context, then keep them."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            for source, spec in self._house.context.sources.items():
                if spec.report is None:  # nobody looks through it: it is told
                    self._start(source)
            # A source that was parked is tried again: nothing else would ever take it up, and a fault parks it anew.
            for record in list(records.all_parked(self._house.store)):
                if record.actor.startswith(PREFIX):
                    self._unparked(record.actor, "the start of the daemon")
            task_status.started()
            await trio.sleep_forever()

    def _start(self, source: str) -> None:
        assert self._nursery is not None
        actor = self._make(source)
        before = self.actors.get(source)
        self.actors[source] = actor
        self._house.sources[source] = actor
        if before is not None:
            actor.take_over(before)
        scope = trio.CancelScope()
        self._scopes[source] = scope
        self._nursery.start_soon(self._guard, source, actor, scope)

    async def _guard(self, source: str, actor: SourceActor, scope: trio.CancelScope) -> None:
        with scope:
            await self._supervisor.guard(PREFIX + source, actor.run)
        if scope.cancelled_caught:  # a reload took its place
            await actor.aclose()

    def apply(self, added: Iterable[str], removed: Iterable[str], changed: Iterable[str]) -> None:
        """A reload as a diff. A changed source keeps its diary, pace and health; a look under way is given up."""
        for source in removed:
            self._scopes.pop(source).cancel()
            self._house.sources.pop(source)
            if self.actors.pop(source).parked is not None:
                self._unparked(PREFIX + source, "reload")
        for source in changed:
            self._scopes.pop(source).cancel()
            if self.actors[source].parked is not None:
                self._unparked(PREFIX + source, "reload")
            self._start(source)
        for source in added:
            self._start(source)

    def overdue(self, now: Instant) -> tuple[int, float]:
        """(late looks, seconds by which the latest is late), over all sources."""
        each = [actor.overdue(now) for actor in self.actors.values()]
        return sum(n for n, _ in each), max((late for _, late in each), default=0.0)

    def _unparked(self, name: str, by: str) -> None:
        self._house.store.commit_soon(Batch().delete(Table.PARKED, records.key(name)))
        self._house.log.emit(ActorUnparked(actor=name, by=by))

    def _crashed(self, name: str, error: BaseException, crashes: int) -> None:
        self._house.log.emit(ActorCrashed(actor=name, crashes=crashes, **error_fields(error)))

    async def _parked(self, name: str, error: BaseException, crashes: int) -> None:
        record = ParkedRecord(name, self._house.clock.now(), crashes, **error_fields(error))
        batch = Batch()
        records.put_parked(batch, record)
        await self._house.store.commit(batch)
        if actor := self.actors.get(name.removeprefix(PREFIX)):
            actor.parked = record
        self._house.log.emit(
            ActorParked(actor=name, crashes=crashes, error_type=record.error_type, error_message=record.error_message)
        )
