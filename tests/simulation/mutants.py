"""Bugs planted into the daemon, one at a time: each has to be caught, or the invariants do not see what they should.

Here are those of submissions, batches and the store; `mutants_at_work`, `mutants_of_slots` and `mutants_of_leaving`
have the others. Each is a small patch of production code, as easily made by mistake. `caught.toml` beside this says
which seeds caught each one when that was last looked for; a test runs those, and some more should plans or code have
changed since.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest import mock

import trio
from msgspec import structs

from numtrustd.actors import batch as batch_actors
from numtrustd.actors import outbox as outboxes
from numtrustd.actors.batch_diary import BatchDiary
from numtrustd.actors.cases import CaseBook
from numtrustd.actors.messages import Answered
from numtrustd.actors.number import NumberActor
from numtrustd.actors.outbox import Outbox
from numtrustd.actors.timers import Timers
from numtrustd.domain import batch as batches
from numtrustd.domain.batch import BatchState
from numtrustd.domain.case import ActionState
from numtrustd.domain.observation import Status, UnknownReason
from numtrustd.domain.workflows import appeal
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.appeal import S
from numtrustd.probes.extract import unread
from numtrustd.store import Store, meta, records
from numtrustd.store.batch import Batch
from numtrustd.store.environment import Environment
from numtrustd.store.writer import Writer
from tests.simulation import mutants_at_work as mutants_at_work  # plants its own
from tests.simulation import mutants_of_leaving as mutants_of_leaving  # and so does this
from tests.simulation import mutants_of_slots as mutants_of_slots  # and this
from tests.simulation.mutant import MUTANTS as MUTANTS
from tests.simulation.mutant import mutant

# ------------------------------------------------------------------------------------------------------ submissions


@mutant
def no_durable_intent() -> Iterator[None]:
    """A submission leaves without the store knowing that it has begun."""
    forgetful = SimpleNamespace(**{**vars(records), "put_action": lambda batch, action: None})
    with mock.patch.object(outboxes, "records", forgetful):
        yield


@mutant
def retry_on_unknown() -> Iterator[None]:
    """A submission whose outcome is unknown counts as not sent."""

    def _uncertain(self: Outbox, action: Any, detail: str, status: int | None = None) -> None:
        self._deliver(action, a.NotSent(detail))

    with mock.patch.object(Outbox, "_uncertain", _uncertain):
        yield


@mutant
def resend_at_restart() -> Iterator[None]:
    """What had begun when the process died is sent again."""
    add = Outbox.add

    def _add(self: Outbox, actions: Any) -> None:
        add(self, [structs.replace(action, state=ActionState.PLANNED) for action in actions])

    with mock.patch.object(Outbox, "add", _add):
        yield


@mutant
def no_settle_time() -> Iterator[None]:
    """An unknown submission is looked up while it may still be on its way."""
    row = replace(appeal.ROWS[S.UNCERTAIN], deadline=lambda data, now, policy: now)
    with mock.patch.dict(appeal.ROWS, {S.UNCERTAIN: row}):
        yield


@mutant
def outcome_offered_once() -> Iterator[None]:
    """The outcome of an action is told to its actor once, whether or not that takes it in."""

    def _deliver(self: Outbox, action: Any, event: Any) -> None:
        self._offer(action.number, Answered(action.id, action.case, event))

    with mock.patch.object(Outbox, "_deliver", _deliver):
        yield


# ---------------------------------------------------------------------------------------------------------- batches


@mutant
def batch_intent_not_stored() -> Iterator[None]:
    """A batch leaves without the store knowing that it has begun."""

    def put_open_batch(batch: Any, record: Any) -> None:
        if record.state is not BatchState.SENDING:
            records.put_open_batch(batch, record)

    forgetful = SimpleNamespace(**{**vars(records), "put_open_batch": put_open_batch})
    with mock.patch.object(batch_actors, "records", forgetful):
        yield


@mutant
def batch_resent_at_restart() -> Iterator[None]:
    """A batch that was on its way when the process died counts as never sent."""
    never = batches.Declined(UnknownReason.UNREACHABLE, "it never left")
    with mock.patch.object(batches, "INTERRUPTED", never):
        yield


@mutant
def batch_retried_on_unknown() -> Iterator[None]:
    """A batch whose outcome is unknown counts as not taken in."""
    submitted = batches.submitted

    def _submitted(batch: Any, said: Any, now: float, terms: Any) -> Any:
        if isinstance(said, batches.Unclear) and batch.state is BatchState.SENDING:
            said = batches.Declined(said.reason, said.detail)
        return submitted(batch, said, now, terms)

    with mock.patch.object(batches, "submitted", _submitted):
        yield


@mutant
def batches_forgotten() -> Iterator[None]:
    """The next process does not know which batches are open."""
    with mock.patch.object(BatchDiary, "_load", lambda self: None):
        yield


@mutant
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


@mutant
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


@mutant
def backup_not_marked() -> Iterator[None]:
    """A backup that is put back passes for the state as it was."""
    with mock.patch.object(meta, "mark", lambda now: Batch()):
        yield


@mutant
def restored_goes_on() -> Iterator[None]:
    """It is known that a backup was put back, and no case makes sure of what was sent since."""

    async def _reconcile(self: NumberActor) -> None:
        await trio.lowlevel.checkpoint()

    with mock.patch.object(NumberActor, "_reconcile", _reconcile):
        yield


@mutant
def said_before_stored() -> Iterator[None]:
    """A commit returns before it is on disk."""

    async def _commit(self: Store, batch: Any, *, now: float | None = None) -> None:
        self.commit_soon(batch)
        await trio.lowlevel.checkpoint()

    with mock.patch.object(Store, "commit", _commit):
        yield


@mutant
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


@mutant
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
