"""One number's actor: the only writer of its records. Every message is one step: decide, commit, act.

It must stay cheap: no nursery, no channel, and its state packed as bytes while idle, since there may be a million.
"""

from collections.abc import Mapping

from msgspec import structs

from numtrustd.actors.decide import Decider
from numtrustd.actors.decision import Decision
from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, Mailbox, Reply
from numtrustd.actors.messages import (
    Answered,
    Asked,
    Begin,
    Cancel,
    Complained,
    NumberMessage,
    Observed,
    Order,
    Refresh,
    RefusedError,
    Release,
    Reported,
    Retire,
    SetIdentity,
    Stop,
    TaskAnswer,
    TimerDue,
)
from numtrustd.actors.pace import is_asked, looked_at, pace_of
from numtrustd.actors.present import Present
from numtrustd.actors.supervisor import Finished
from numtrustd.actors.weigh import new_of
from numtrustd.domain import cadence
from numtrustd.domain.case import Action, ActionKind, ActionState, Case, Done
from numtrustd.domain.identity import joined
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import Task
from numtrustd.domain.workflow import reason_of
from numtrustd.domain.workflows.request import Restored
from numtrustd.events import ObservationRecorded, ObservationReported, PlatformMaintenance
from numtrustd.probes.spec import Source
from numtrustd.store import Batch, Table, records
from numtrustd.store.records import WordRecord


class NumberActor:
    """Start `run` under a supervisor; talk to it through `post`. One that is `leaving` the configuration begins nothing
    new once it has `retired`: given up its cases, where it had any."""

    __slots__ = ("_box", "_busy", "_house", "_packed", "leaving", "number", "retired")

    def __init__(self, number: str, house: House) -> None:
        self.number = number
        self._house = house
        self._box: Mailbox[NumberMessage] = Mailbox()
        self._packed: bytes | None = None
        self._busy = False
        self.leaving = self.retired = False

    @property
    def busy(self) -> bool:
        """Whether it has a message in hand, or waiting."""
        return self._busy or len(self._box) > 0

    @property
    def packed(self) -> bytes | None:
        """The record as it was stored or is about to be; `None` before the actor has run."""
        return self._packed

    @property
    def closed(self) -> bool:
        """Whether it takes no messages: parked, or ended."""
        return self._box.closed

    def post(self, message: NumberMessage) -> None:
        """Queue a message; `BusyError` when the box is full or the actor is parked."""
        self._box.post(message)

    def close(self, error: BusyError) -> None:
        """Take no more messages, and answer those that wait: the actor is parked, or ends."""
        self._box.closed = True
        for message in self._box.drain():
            if isinstance(message, Asked | Retire | Stop):
                message.reply.fail(error)

    def reopen(self) -> None:
        """Take messages again, after `unpark`."""
        self._box.closed = False

    async def run(self) -> None:
        """Handle messages until told to stop. Raises what a damaged record or a bug of ours raises."""
        # Always from the store: after a crash the copy in memory is the one thing not to be trusted.
        again = self._packed is not None
        self._packed = self._house.store.get(Table.NUMBER, records.key(self.number))
        if self._resume(again=again):
            await self._reconcile()
            await self._step(Refresh())
        while True:
            if self.closed:
                raise Finished("parked, or no longer watched")
            # The message lives in the step's frame only: in this one it would stay as long as the number is idle.
            await self._step(await self._box.take())

    async def _step(self, message: NumberMessage) -> None:
        self._busy = True
        try:
            await self._handle(message)
        except RefusedError as error:
            assert isinstance(message, Asked)
            message.reply.fail(error)
        except Finished as end:
            gone = BusyError(str(end))
            if isinstance(message, Asked | Retire):
                message.reply.fail(gone)
            self.close(gone)
            raise
        except Exception as error:
            # The sender must not wait for ever for an answer that died with this attempt.
            if isinstance(message, Asked):
                message.reply.fail(error)
            elif isinstance(message, Retire | Stop):  # part of a reload, which goes on with the other numbers
                message.reply.fail(BusyError("its actor crashed"))
            raise
        finally:
            self._busy = False

    def _resume(self, *, again: bool) -> bool:
        """Do again what follows from what is stored: the attempt before may have ended between its commit and its acts.

        All of it may be done twice: what is set already stays as it is. `again`: this is not the first attempt of this
        process, so the board has not just loaded the tasks. Returns whether anything may have to be weighed anew: what
        is configured may have changed while nobody was at work here.
        """
        house, record = self._house, self._record()
        if record.number != self.number:
            raise ValueError(f"the record of {self.number} is one of {record.number}")
        if self.closed or self.number not in house.context.numbers:
            return False
        house.board.update(self.number, record)
        house.board.recall(record)
        assert house.outbox is not None
        house.outbox.offer(self.number)
        for ref in record.every_case:
            if again:
                house.board.note_tasks(self._tasks(f"{ref.id}/").values())
            if ref.open and (case := self._case(ref.id)) is not None:
                self._set_timer(case)
        # Those of closed cases as well: a question that was on its way when its case ended still has its row.
        house.outbox.add(records.all_actions(house.store, f"{self.number}/"))
        self._plan(record)
        return (
            bool(record.findings or record.flaws)
            or any(ref.open for ref in record.every_case)
            or any(verdict.marked for verdict in record.verdicts.values())
            or self._complained_of(record)
        )

    def _complained_of(self, record: NumberRecord) -> bool:
        """Whether so many people complained that it was said, and this actor may not have heard of it: complaints are
        stored, and their caller is answered, before it takes them in."""
        store = self._house.store
        if not store.count(Table.WATCHED):
            return False
        return not records.get_watched(store, self.number).complaints.keys() <= set(record.complained)

    async def _reconcile(self) -> None:
        """After a backup was put back: each open case makes sure of its submission before anything else is done."""
        house = self._house
        if not house.unsure:
            return
        for case in [ref.id for ref in self._record().every_case if ref.id in house.unsure]:
            # A case whose state has nothing to make sure of refuses.
            await self._step(Order(case, Restored(), "restore", Reply()))
            done = Batch()
            records.delete_unsure(done, case)
            await house.store.commit(done)  # dying before it only means to make sure once more
            house.unsure.discard(case)

    def _set_timer(self, case: Case) -> None:
        assert self._house.timers is not None
        if case.snapshot.deadline is None:
            self._house.timers.clear(case.id)
        else:
            self._house.timers.set(case.id, case.snapshot.deadline, case.snapshot.seq)

    def _record(self) -> NumberRecord:
        if self._packed is None:
            return NumberRecord(self.number, added_at=self._house.clock.now())
        return records.decode_number(self._packed)

    # ------------------------------------------------------------------------------------------------- one message

    async def _handle(self, message: NumberMessage) -> None:
        house = self._house
        owned = house.context.numbers.get(self.number)
        if isinstance(message, Stop):
            message.reply.set(None)
            raise Finished(message.why)
        if owned is None:
            house.board.forget(self.number)
            raise Finished("no longer watched")
        if self.leaving and self.retired and not isinstance(message, Retire | Answered | TimerDue):
            # What came of what is on its way is taken in; nothing new is begun that nobody would end.
            if isinstance(message, Asked):
                raise RefusedError(f"{self.number} is no longer watched: put it back into the numbers, then reload")
            return
        now, record = house.clock.now(), self._record()
        if record.wanted is not None:
            owned = structs.replace(owned, wanted=joined(owned.wanted, record.wanted))
        if isinstance(message, Observed) and message.batch:
            fresh, _ = new_of(message, record.looks.get(message.source))
            message = structs.replace(message, observations=tuple(fresh))
        decider = Decider(
            house.context,
            owned,
            record,
            self._case,
            self._tasks,
            now,
            Present(
                declared=house.maintenance,
                queued=self._queued,
                calls=lambda: records.calls(house.store, self.number),
                charges=lambda: tuple(records.charges(house.store, self.number)),
                paid=house.book.charges.values,
                uses=house.book.uses,
                no_room=house.store.nearly_full,
                restored_at=house.store.restored_at,
            ),
        )
        action: Action | None = None
        match message:
            case Observed():
                decider.observe(message)
                if house.log.wants(ObservationRecorded):
                    self._log_observations(message)
            case TimerDue():
                decider.timer(message)
            case Answered():
                action = records.get_action(house.store, message.action)
                decider.answered(message, action)
            case Order():
                decider.order(message)
            case TaskAnswer():
                decider.answer(message)
            case Cancel():
                decider.cancel(message)
            case Release():
                decider.release(message)
            case Reported():
                decider.report(message)
            case Complained():
                decider.complained(message.day)
            case Begin():
                decider.begin(message)
            case SetIdentity():
                decider.set_identity(message)
            case Refresh():
                decider.refresh()
            case Retire():
                decider.retire()
        words = [w for w in decider.made.words if house.new_word(w.event.platform, w.key)]
        for word in words:
            decider.made.note(word.event, now)
            decider.made.durable = True  # said once: what is said must outlive a crash
        made = decider.finish()
        assert made.record is not None
        house.book.note(made.charges.values())  # before it is stored: no two numbers may spend the same yuan
        packed = records.encode_number(made.record)
        batch = self._batch(made, packed)
        if isinstance(message, Answered) and action is not None and action.kind is ActionKind.SUBMIT:
            self._keep_done(batch, action, message, now)
        for word in words:
            event = word.event
            records.put_word(batch, WordRecord(event.platform, word.key, now, self.number, event.source))
        if made.durable:
            await house.store.commit(batch, now=now)
        else:
            house.store.note_time(now)
            house.store.commit_soon(batch)
        # From here to the end nothing waits: what is stored, believed and said stays one thing.
        self._packed = packed
        for word in words:
            if house.new_word(word.event.platform, word.key):  # another number may have brought it meanwhile
                house.words.setdefault(word.event.platform, set()).add(word.key)
                house.log.emit(word.event)
        self._act(made, owned, message)

    def _case(self, identity: str) -> Case | None:
        return records.get_case(self._house.store, identity)

    def _tasks(self, prefix: str) -> Mapping[str, Task]:
        return records.tasks_of(self._house.store, prefix)

    def _queued(self, case: str) -> bool:
        actions = records.all_actions(self._house.store, f"{case}/")
        return any(a.kind is ActionKind.SUBMIT and a.state is ActionState.PLANNED for a in actions)

    def _batch(self, made: Decision, packed: bytes) -> Batch:
        batch = Batch().put(Table.NUMBER, records.key(self.number), packed)
        for case in made.cases.values():
            records.put_case(batch, case)
        for task in made.tasks.values():
            records.put_task(batch, task)
        for charge in made.charges.values():
            records.put_charge(batch, charge)
        for action in made.actions:
            records.put_action(batch, action)
        for identity in made.done_actions:
            batch.delete(Table.OUTBOX, records.key(identity))
        for case_id, (old, new, seq) in made.timers.items():
            if old is not None:
                batch.delete(Table.TIMER, records.timer_key(old, case_id))
            if new is not None:
                records.put_timer(batch, new, case_id, seq)
        assert made.record is not None
        for n, entry in enumerate(made.entries):
            records.put_entry(batch, self.number, entry, made.record.seq, n)
        return batch

    def _keep_done(self, batch: Batch, action: Action, message: Answered, now: Instant) -> None:
        """What was submitted and what came of it is kept for people; queries come and go."""
        done = Done(
            action.id,
            action.attempt,
            action.ref,
            action.planned_at,
            now,
            reason_of(message.event),
            action.sent_at,
            action.digest,
            getattr(message.event, "receipt", ""),
        )
        records.put_done(batch, done)

    def _act(self, made: Decision, owned: Owned, message: NumberMessage) -> None:
        house = self._house
        assert made.record is not None
        assert house.timers is not None
        assert house.outbox is not None
        for event in made.events:
            house.log.emit(event)
        for case, (_, new, seq) in made.timers.items():
            if new is None:
                house.timers.clear(case)
            else:
                house.timers.set(case, new, seq)
        if isinstance(message, TimerDue) and message.case not in made.timers:
            # Stale: the case has moved since, and has its own timer, if any.
            if (moved := self._case(message.case)) is None:
                house.timers.clear(message.case)
            else:
                self._set_timer(moved)
        if isinstance(message, Answered):
            house.outbox.done(message.action)
        if made.actions:
            house.outbox.add(made.actions)
        for platform, began in house.board.update(self.number, made.record):
            house.log.emit(PlatformMaintenance(platform=platform, state="seen" if began else "over"))
        house.board.note_tasks(made.tasks.values())
        if isinstance(message, Observed):
            known = any(seen.known for seen in message.observations)
            if message.observations and not message.missed:  # else nothing new was seen
                house.board.looked(message.at, house.clock.monotonic(), known=known)
                house.lookout.tell(self.number, message)
            if made.answers and (diary := house.sources.get(message.source)) is not None:
                diary.heard(self.number, message.at, turned=2 * made.turned > made.answers)
            if message.batch and (diary := house.sources.get(message.source)) is not None:
                diary.taken(self.number, message.batch)
        if made.durable or made.plan or isinstance(message, Refresh):
            self._plan(made.record)
        elif isinstance(message, Observed) and (source := house.context.sources.get(message.source)):
            self._want(made.record, owned, source)
        if isinstance(message, Reported):
            if any(isinstance(event, ObservationReported) for event in made.events):  # else it was told before
                seen = message.observation
                house.board.told(seen.source, seen.at, known=seen.known)
            if house.hands is not None:
                house.hands.poke(self.number)
        if isinstance(message, Retire):
            self.retired = True
            message.reply.set(None)
        if isinstance(message, Asked):
            assert made.told is not None
            message.reply.set(made.told)

    def _log_observations(self, message: Observed) -> None:
        for seen in message.observations:
            self._house.log.emit(
                ObservationRecorded(
                    number=self.number,
                    platform=seen.platform,
                    source=seen.source,
                    surface=seen.surface,
                    status=seen.status,
                    category=seen.category,
                    words=seen.words,
                    marks=seen.marks,
                    name=seen.name,
                    reason=seen.reason,
                    rule=seen.rule,
                    digest=seen.digest,
                    quarantined=message.quarantined or None,
                )
            )

    # ------------------------------------------------------------------------------------------------------- pace

    def _plan(self, record: NumberRecord) -> None:
        """Ask every source that can look at this number for its next look."""
        owned = self._house.context.numbers.get(self.number)
        if owned is not None:
            for source in self._house.context.sources_for(owned):
                self._want(record, owned, source)

    def _want(self, record: NumberRecord, owned: Owned, source: Source) -> None:
        diary = self._house.sources.get(source.id)
        if diary is None:
            return
        context = self._house.context
        if not is_asked(context, owned, record, source):
            diary.rest(self.number)
            return
        # A look in the future is of a clock that has been set back since: it must not put off the next one.
        now = self._house.clock.now()
        pace, at = pace_of(record, source, context.platforms, now), min(looked_at(record, source), now)
        own, within = context.cadence_of(owned, source), context.hours_of(owned, source)
        due = cadence.next_look(context.cadence, own, pace, at, self.number, source.id, now, within)
        diary.want(self.number, due)
