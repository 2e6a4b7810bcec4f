"""Planted bugs of looks, beliefs, actors, timers and people. `mutants` has the others and says what they are for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import trio
from msgspec import structs

from numtrustd.actors import weigh
from numtrustd.actors.cases import CaseBook
from numtrustd.actors.decide import Decider
from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import NumberMessage, Order, Reported, TaskAnswer
from numtrustd.actors.number import NumberActor
from numtrustd.actors.roster import Roster
from numtrustd.actors.source import SourceActor
from numtrustd.actors.supervisor import Finished, Supervisor
from numtrustd.actors.timers import Timers
from numtrustd.domain import verdict
from numtrustd.domain.budget import Spent
from numtrustd.domain.observation import Status
from numtrustd.domain.workflow import TimedOut
from numtrustd.domain.workflows import appeal
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.appeal import S
from numtrustd.store import Store, Table
from numtrustd.wire import retry_after
from tests.simulation.mutant import mutant

# ------------------------------------------------------------------------------------------------ looks and beliefs


@mutant
def retry_after_unclamped() -> Iterator[None]:
    """A platform may ask for any pause: thirty thousand years, for example."""
    with mock.patch.object(retry_after, "_clamped", lambda seconds: seconds):
        yield


@mutant
def slots_not_stored() -> Iterator[None]:
    """The pace of a source is forgotten when the process dies."""
    save = SourceActor._save

    async def _save(self: SourceActor, **changes: Any) -> None:
        if set(changes) == {"slots_until"}:
            self.record = structs.replace(self.record, **changes)
            await trio.lowlevel.checkpoint()
        else:
            await save(self, **changes)

    with mock.patch.object(SourceActor, "_save", _save):
        yield


@mutant
def spending_not_stored() -> Iterator[None]:
    """What looks have cost is forgotten when the process dies."""
    save = SourceActor._save

    async def _save(self: SourceActor, **changes: Any) -> None:
        if set(changes) == {"spent"}:
            self.record = structs.replace(self.record, **changes)
            await trio.lowlevel.checkpoint()
        else:
            spent, self.record = self.record.spent, structs.replace(self.record, spent=Spent())
            await save(self, **changes)
            self.record = structs.replace(self.record, spent=spent)

    with mock.patch.object(SourceActor, "_save", _save):
        yield


@mutant
def budget_by_the_run() -> Iterator[None]:
    """Each process may spend the whole budget."""
    init = SourceActor.__init__

    def __init__(self: SourceActor, *args: Any, **named: Any) -> None:
        init(self, *args, **named)
        self.record = structs.replace(self.record, spent=Spent())

    with mock.patch.object(SourceActor, "__init__", __init__):
        yield


@mutant
def quarantine_is_only_said() -> Iterator[None]:
    """What a source says that is not believed moves verdicts all the same."""
    with mock.patch.object(weigh, "kept_back", lambda observation: observation):
        yield


@mutant
def quarantine_ends_with_the_process() -> Iterator[None]:
    """A quarantine is not stored."""
    with mock.patch.object(SourceActor, "_keep_trust", lambda self, trust: None):
        yield


@mutant
def unknown_is_clean() -> Iterator[None]:
    """A look that could not see counts as one that saw nothing."""
    fold = Decider._fold

    def _fold(self: Decider, observation: Any, said: Any) -> None:
        if not observation.known:
            observation = structs.replace(observation, status=Status.CLEAN, reason=None)
        fold(self, observation, said)

    with mock.patch.object(Decider, "_fold", _fold):
        yield


@mutant
def hysteresis_one_way() -> Iterator[None]:
    """A label is believed after several looks, and believed gone after a single one."""
    demanded = verdict.demanded

    def _demanded(old: Any, run: Any, policy: Any) -> tuple[int, float]:
        return demanded(old, run, policy) if run.shown.marked else (1, 0.0)

    with mock.patch.object(verdict, "demanded", _demanded):
        yield


@mutant
def one_look_clears() -> Iterator[None]:
    """An appeal is cleared by the first clean look."""

    def clean_enough(data: Any, event: Any, now: float, policy: Any) -> bool:
        return a.looked_clean(data, event, now, policy)

    old = appeal.ROWS[S.VERIFYING]
    cleared, counted = _ways(old.on[a.Looked])
    row = replace(old, on={**old.on, a.Looked: (replace(cleared, when=clean_enough), counted)})
    with mock.patch.dict(appeal.ROWS, {S.VERIFYING: row}):
        yield


@mutant
def approval_is_proof() -> Iterator[None]:
    """The platform's word is enough to clear an appeal."""
    old = appeal.ROWS[S.IN_REVIEW]
    [granted] = _ways(old.on[a.Approved])
    row = replace(old, on={**old.on, a.Approved: replace(granted, state=S.CLEARED)})
    with mock.patch.dict(appeal.ROWS, {S.IN_REVIEW: row}):
        yield


# ------------------------------------------------------------------------------------------------ actors and timers


@mutant
def stale_timer_fires() -> Iterator[None]:
    """A timer counts even if its case has moved since it was set."""

    def _timer(self: Decider, message: Any) -> None:
        case = self.book.get(message.case)
        if case is not None:
            self._happen(message.case, TimedOut(case.snapshot.seq))

    with mock.patch.object(Decider, "timer", _timer):
        yield


@mutant
def timers_forgotten() -> Iterator[None]:
    """Timers are not taken over by the next process."""
    with (
        mock.patch.object(Timers, "load", lambda self: None),
        mock.patch.object(NumberActor, "_set_timer", lambda self, case: None),
    ):
        yield


@mutant
def set_back_keeps_waiting() -> Iterator[None]:
    """What a clock that was ahead has set stays as it is when that is set back."""
    with mock.patch.object(CaseBook, "put_right", lambda self, case: None):
        yield


@mutant
def reload_loses_cases() -> Iterator[None]:
    """A number whose configuration changed begins anew, and its cases are nobody's."""
    refresh = Decider.refresh

    def _refresh(self: Decider) -> None:
        refresh(self)
        self.made.cases.clear()
        self.record = structs.replace(self.record, cases={})
        self.made.durable = True

    with mock.patch.object(Decider, "refresh", _refresh):
        yield


@mutant
def removed_actor_goes_on() -> Iterator[None]:
    """The actor of a number that is no longer configured is not stopped."""

    async def _stop(self: Roster, actor: NumberActor, why: str) -> None:
        await trio.lowlevel.checkpoint()

    with mock.patch.object(Roster, "_stop", _stop), mock.patch.object(NumberActor, "close", lambda self, error: None):
        yield


@mutant
def parked_without_record() -> Iterator[None]:
    """An actor that crashes too often is parked, and only this process knows."""

    async def _park(self: Roster, record: Any, *_: Any) -> None:
        self.parked[record.actor] = record
        actor = self._actors.get(record.actor)
        if actor is not None:
            actor.close(BusyError("parked"))
        await trio.lowlevel.checkpoint()

    with mock.patch.object(Roster, "_park", _park):
        yield


@mutant
def crashed_actor_stays_down() -> Iterator[None]:
    """An actor that crashed is not started again."""

    async def _guard(self: Supervisor, name: str, run: Any) -> None:
        try:
            await run()
        except Finished:
            return
        except Exception as error:
            self._on_crash(name, error, 1)

    with mock.patch.object(Supervisor, "guard", _guard):
        yield


@mutant
def report_said_before_stored() -> Iterator[None]:
    """Who reports what a handset shows is thanked before the report is on disk."""
    handle, commit = NumberActor._handle, Store.commit
    hasty: set[Any] = set()

    async def _handle(self: NumberActor, message: NumberMessage) -> None:
        task = trio.lowlevel.current_task()
        if isinstance(message, Reported):
            hasty.add(task)
        try:
            await handle(self, message)
        finally:
            hasty.discard(task)

    async def _commit(self: Store, batch: Any, *, now: float | None = None) -> None:
        if trio.lowlevel.current_task() in hasty:
            self.commit_soon(batch)
            await trio.lowlevel.checkpoint()
        else:
            await commit(self, batch, now=now)

    with mock.patch.object(NumberActor, "_handle", _handle), mock.patch.object(Store, "commit", _commit):
        yield


@mutant
def answer_not_kept() -> Iterator[None]:
    """A person's answer moves the case, but the task stays open in the store."""
    handle, batch = NumberActor._handle, NumberActor._batch
    answering: set[str] = set()

    async def _handle(self: NumberActor, message: NumberMessage) -> None:
        if isinstance(message, Order | TaskAnswer):
            answering.add(self.number)
        try:
            await handle(self, message)
        finally:
            answering.discard(self.number)

    def _batch(self: NumberActor, made: Any, packed: bytes) -> Any:
        found = batch(self, made, packed)
        if self.number in answering:
            for key in [key for key in found.ops if key[0] is Table.TASK]:
                del found.ops[key]
        return found

    with mock.patch.object(NumberActor, "_handle", _handle), mock.patch.object(NumberActor, "_batch", _batch):
        yield


def _ways(on: Any) -> tuple[Any, ...]:
    return on if isinstance(on, tuple) else (on,)
