"""Bugs planted into the daemon, one at a time: each has to be caught, or the invariants do not see what they should.

Each is a small patch of production code, as easily made by mistake. `caught.toml` beside this says which seeds caught
each one when that was last looked for; a test runs those, and some more should plans or code have changed since.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest import mock

import trio
from msgspec import Struct, structs

from numtrustd.actors import batch as batch_actors
from numtrustd.actors import outbox as outboxes
from numtrustd.actors import weigh
from numtrustd.actors.batch_diary import BatchDiary
from numtrustd.actors.cases import CaseBook
from numtrustd.actors.decide import Decider
from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import Answered, NumberMessage, Order, Reported, TaskAnswer
from numtrustd.actors.number import NumberActor
from numtrustd.actors.outbox import Outbox
from numtrustd.actors.roster import Roster
from numtrustd.actors.source import SourceActor
from numtrustd.actors.supervisor import Finished, Supervisor
from numtrustd.actors.timers import Timers
from numtrustd.domain import batch as batches
from numtrustd.domain import verdict
from numtrustd.domain.batch import BatchState
from numtrustd.domain.budget import Spent
from numtrustd.domain.case import ActionState
from numtrustd.domain.observation import Status, UnknownReason
from numtrustd.domain.workflow import TimedOut
from numtrustd.domain.workflows import appeal
from numtrustd.domain.workflows import appeal_parts as a
from numtrustd.domain.workflows.appeal import S
from numtrustd.probes.extract import unread
from numtrustd.store import Store, Table, records
from numtrustd.store.environment import Environment
from numtrustd.store.writer import Writer
from numtrustd.wire import retry_after


class Mutant(Struct, frozen=True):
    """A planted bug: what it is, and how it is patched in."""

    about: str
    patch: Callable[[], contextlib.AbstractContextManager[object]]


MUTANTS: dict[str, Mutant] = {}


def _mutant(patches: Callable[[], Iterator[None]]) -> None:
    assert patches.__doc__ is not None
    MUTANTS[patches.__name__] = Mutant(patches.__doc__, contextlib.contextmanager(patches))


# ------------------------------------------------------------------------------------------------------ submissions


@_mutant
def no_durable_intent() -> Iterator[None]:
    """A submission leaves without the store knowing that it has begun."""
    forgetful = SimpleNamespace(**{**vars(records), "put_action": lambda batch, action: None})
    with mock.patch.object(outboxes, "records", forgetful):
        yield


@_mutant
def retry_on_unknown() -> Iterator[None]:
    """A submission whose outcome is unknown counts as not sent."""

    def _uncertain(self: Outbox, action: Any, detail: str, status: int | None = None) -> None:
        self._deliver(action, a.NotSent(detail))

    with mock.patch.object(Outbox, "_uncertain", _uncertain):
        yield


@_mutant
def resend_at_restart() -> Iterator[None]:
    """What had begun when the process died is sent again."""
    add = Outbox.add

    def _add(self: Outbox, actions: Any) -> None:
        add(self, [structs.replace(action, state=ActionState.PLANNED) for action in actions])

    with mock.patch.object(Outbox, "add", _add):
        yield


@_mutant
def no_settle_time() -> Iterator[None]:
    """An unknown submission is looked up while it may still be on its way."""
    row = replace(appeal.ROWS[S.UNCERTAIN], deadline=lambda data, now, policy: now)
    with mock.patch.dict(appeal.ROWS, {S.UNCERTAIN: row}):
        yield


@_mutant
def outcome_offered_once() -> Iterator[None]:
    """The outcome of an action is told to its actor once, whether or not that takes it in."""

    def _deliver(self: Outbox, action: Any, event: Any) -> None:
        self._offer(action.number, Answered(action.id, action.case, event))

    with mock.patch.object(Outbox, "_deliver", _deliver):
        yield


# ---------------------------------------------------------------------------------------------------------- batches


@_mutant
def batch_intent_not_stored() -> Iterator[None]:
    """A batch leaves without the store knowing that it has begun."""

    def put_open_batch(batch: Any, record: Any) -> None:
        if record.state is not BatchState.SENDING:
            records.put_open_batch(batch, record)

    forgetful = SimpleNamespace(**{**vars(records), "put_open_batch": put_open_batch})
    with mock.patch.object(batch_actors, "records", forgetful):
        yield


@_mutant
def batch_resent_at_restart() -> Iterator[None]:
    """A batch that was on its way when the process died counts as never sent."""
    never = batches.Declined(UnknownReason.UNREACHABLE, "it never left")
    with mock.patch.object(batches, "INTERRUPTED", never):
        yield


@_mutant
def batch_retried_on_unknown() -> Iterator[None]:
    """A batch whose outcome is unknown counts as not taken in."""
    submitted = batches.submitted

    def _submitted(batch: Any, said: Any, now: float, terms: Any) -> Any:
        if isinstance(said, batches.Unclear) and batch.state is BatchState.SENDING:
            said = batches.Declined(said.reason, said.detail)
        return submitted(batch, said, now, terms)

    with mock.patch.object(batches, "submitted", _submitted):
        yield


@_mutant
def batches_forgotten() -> Iterator[None]:
    """The next process does not know which batches are open."""
    with mock.patch.object(BatchDiary, "_load", lambda self: None):
        yield


@_mutant
def pending_is_clean() -> Iterator[None]:
    """A number whose batch brings no answer in time reads clean."""

    def _unread(source: Any, at: float, reason: Any, detail: str, rule: str | None = None) -> Any:
        seen = unread(source, at, reason, detail, rule)
        if reason is not UnknownReason.PENDING:
            return seen
        return tuple(structs.replace(one, status=Status.CLEAN, reason=None) for one in seen)

    with mock.patch.object(batch_actors, "unread", _unread):
        yield


# -------------------------------------------------------------------------------------------------------- the store


@_mutant
def last_commit_lost() -> Iterator[None]:
    """A commit is on disk only when the next one is, so that a death takes the last one along."""
    from tests.simulation.run import Run

    write = Environment.write
    undo: dict[Any, bytes | None] = {}

    def _write(self: Environment, ops: Any, failpoint: Any = None) -> None:
        with self._env.begin() as txn:
            before = {(table, key): txn.get(key, db=self._tables[table]) for table, key in ops}
        write(self, ops, failpoint)
        undo.clear()
        undo.update(before)

    def _lose(self: Run, state: Any) -> None:
        if undo:
            with Store.open(state, init=False, map_size=1 << 24, now=0.0, inline=True) as store:
                write(store._environment, dict(undo))
            undo.clear()

    with mock.patch.object(Environment, "write", _write), mock.patch.object(Run, "after_death", _lose):
        yield


@_mutant
def said_before_stored() -> Iterator[None]:
    """A commit returns before it is on disk."""

    async def _commit(self: Store, batch: Any, *, now: float | None = None) -> None:
        self.commit_soon(batch)
        await trio.lowlevel.checkpoint()

    with mock.patch.object(Store, "commit", _commit):
        yield


@_mutant
def full_disk_drops_writes() -> Iterator[None]:
    """What cannot be written for want of room is given up instead of kept waiting."""
    write_group = Writer._write_group

    async def _write_group(self: Writer) -> None:
        try:
            await write_group(self)
        except Exception:
            for item in self._queue:
                item.done.set()
            self._queue.clear()
            self._waiters = self._backlog = 0

    with mock.patch.object(Writer, "_write_group", _write_group):
        yield


@_mutant
def monotonic_time_stored() -> Iterator[None]:
    """Deadlines are stored in monotonic time, which the next process counts from somewhere else."""
    store, set_ = CaseBook._store, Timers.set

    def _store(self: CaseBook, case: Any, made: Any, by: str) -> None:
        due = made.snapshot.deadline
        if due is not None:
            stored = structs.replace(made.snapshot, deadline=due - self._now + trio.current_time())
            made = structs.replace(made, snapshot=stored)
        store(self, case, made, by)

    def _set(self: Timers, case: str, due: float, seq: int) -> None:
        clock = self._house.clock
        set_(self, case, due if due > 1e9 else due + clock.now() - clock.monotonic(), seq)

    with mock.patch.object(CaseBook, "_store", _store), mock.patch.object(Timers, "set", _set):
        yield


# ------------------------------------------------------------------------------------------------ looks and beliefs


@_mutant
def retry_after_unclamped() -> Iterator[None]:
    """A platform may ask for any pause: thirty thousand years, for example."""
    with mock.patch.object(retry_after, "_clamped", lambda seconds: seconds):
        yield


@_mutant
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


@_mutant
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


@_mutant
def budget_by_the_run() -> Iterator[None]:
    """Each process may spend the whole budget."""
    init = SourceActor.__init__

    def __init__(self: SourceActor, *args: Any, **named: Any) -> None:
        init(self, *args, **named)
        self.record = structs.replace(self.record, spent=Spent())

    with mock.patch.object(SourceActor, "__init__", __init__):
        yield


@_mutant
def quarantine_is_only_said() -> Iterator[None]:
    """What a source says that is not believed moves verdicts all the same."""
    with mock.patch.object(weigh, "kept_back", lambda observation: observation):
        yield


@_mutant
def quarantine_ends_with_the_process() -> Iterator[None]:
    """A quarantine is not stored."""
    with mock.patch.object(SourceActor, "_keep_trust", lambda self, trust: None):
        yield


@_mutant
def unknown_is_clean() -> Iterator[None]:
    """A look that could not see counts as one that saw nothing."""
    fold = Decider._fold

    def _fold(self: Decider, observation: Any, said: Any) -> None:
        if not observation.known:
            observation = structs.replace(observation, status=Status.CLEAN, reason=None)
        fold(self, observation, said)

    with mock.patch.object(Decider, "_fold", _fold):
        yield


@_mutant
def hysteresis_one_way() -> Iterator[None]:
    """A label is believed after several looks, and believed gone after a single one."""
    demanded = verdict.demanded

    def _demanded(old: Any, run: Any, policy: Any) -> tuple[int, float]:
        return demanded(old, run, policy) if run.shown.marked else (1, 0.0)

    with mock.patch.object(verdict, "demanded", _demanded):
        yield


@_mutant
def one_look_clears() -> Iterator[None]:
    """An appeal is cleared by the first clean look."""

    def clean_enough(data: Any, event: Any, now: float, policy: Any) -> bool:
        return a.looked_clean(data, event, now, policy)

    old = appeal.ROWS[S.VERIFYING]
    cleared, counted = _ways(old.on[a.Looked])
    row = replace(old, on={**old.on, a.Looked: (replace(cleared, when=clean_enough), counted)})
    with mock.patch.dict(appeal.ROWS, {S.VERIFYING: row}):
        yield


@_mutant
def approval_is_proof() -> Iterator[None]:
    """The platform's word is enough to clear an appeal."""
    old = appeal.ROWS[S.IN_REVIEW]
    [granted] = _ways(old.on[a.Approved])
    row = replace(old, on={**old.on, a.Approved: replace(granted, state=S.CLEARED)})
    with mock.patch.dict(appeal.ROWS, {S.IN_REVIEW: row}):
        yield


# ------------------------------------------------------------------------------------------------ actors and timers


@_mutant
def stale_timer_fires() -> Iterator[None]:
    """A timer counts even if its case has moved since it was set."""

    def _timer(self: Decider, message: Any) -> None:
        case = self.book.get(message.case)
        if case is not None:
            self._happen(message.case, TimedOut(case.snapshot.seq))

    with mock.patch.object(Decider, "timer", _timer):
        yield


@_mutant
def timers_forgotten() -> Iterator[None]:
    """Timers are not taken over by the next process."""
    with (
        mock.patch.object(Timers, "load", lambda self: None),
        mock.patch.object(NumberActor, "_set_timer", lambda self, case: None),
    ):
        yield


@_mutant
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


@_mutant
def removed_actor_goes_on() -> Iterator[None]:
    """The actor of a number that is no longer configured is not stopped."""

    async def _stop(self: Roster, actor: NumberActor, why: str) -> None:
        await trio.lowlevel.checkpoint()

    with mock.patch.object(Roster, "_stop", _stop), mock.patch.object(NumberActor, "close", lambda self, error: None):
        yield


@_mutant
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


@_mutant
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


@_mutant
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


@_mutant
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
