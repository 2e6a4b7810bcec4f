"""What must hold, whatever happens: checked throughout a run and at its end.

The oracle does not ask the daemon. It goes by what the world really did, by what each look was answered and each actor
was told, by the log, and by what is in the store, which it reads with functions that mutants do not reach. Here are
cases, timers, actors and people; `beliefs`, `traffic` and `ending` beside this module look at the rest.
"""

from collections import Counter
from typing import TYPE_CHECKING, Any

from numtrustd import events as e
from numtrustd.actors.messages import NumberMessage, TimerDue
from numtrustd.domain import device_test as plan
from numtrustd.domain.case import Case
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.set_back import SLACK
from numtrustd.domain.task import TaskState
from numtrustd.domain.workflows import REGISTRY
from numtrustd.store import Store, Table, records
from numtrustd.store.errors import StoreFatal
from tests.simulation.batches import BatchWatch
from tests.simulation.beliefs import Beliefs
from tests.simulation.displays import Displays
from tests.simulation.emergencies import Emergencies
from tests.simulation.ending import Ending
from tests.simulation.inspections import Inspections
from tests.simulation.leavings import Leavings
from tests.simulation.mishaps import InjectedBug
from tests.simulation.money import Money
from tests.simulation.plan import MINUTE, state_of
from tests.simulation.promises import Promise
from tests.simulation.reviews import Reviews
from tests.simulation.slots import Slots
from tests.simulation.tags import Tags
from tests.simulation.traffic import Traffic

if TYPE_CHECKING:
    from tests.simulation.run import Run
    from tests.simulation.seams import SimDaemon

# Taken before any mutant is patched in.
_get_case, _all_cases, _all_tasks = records.get_case, records.all_cases, records.all_tasks
_all_timers, _all_parked, _get_task = records.all_timers, records.all_parked, records.get_task
_decode_number, _timer_key, _key = records.decode_number, records.timer_key, records.key

PERSONS = frozenset({"gathering", "asking", "at_person", "overdue", "escalated", "chasing"})
"""States in which there has to be a task for somebody."""

GRACE = 15 * MINUTE
"""Seconds by which a deadline may be late: a crashed actor's back-off, and the timer's own second try."""


class Oracle:
    """Watches one run over all its lives."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.met: Counter[tuple[str, str]] = Counter()
        self.states: dict[str, str] = {}
        self.beliefs = Beliefs(self)
        self.traffic = Traffic(self)
        self.batches = BatchWatch(self)
        self.ending = Ending(self)
        self.emergencies = Emergencies(self)
        self.slots = Slots(self)
        self.money = Money(self)
        self.displays = Displays(self)
        self.tags = Tags(self)
        self.reviews = Reviews(self)
        self.leavings = Leavings(self)
        self.inspections = Inspections(self)
        self._seqs: dict[str, int] = {}
        self._closed: dict[str, Case] = {}
        self._number_seqs: dict[str, int] = {}
        self._tasks_done: dict[str, str] = {}
        self._reports: dict[str, str] = {}
        self._stale: dict[str, tuple[str, int]] = {}
        self._crashes: Counter[str] = Counter()
        self._upset_at: dict[str, float] = {}
        self.trouble_at = -1e18
        self._born_at = 0.0
        self._store: Store | None = None
        self._daemon: SimDaemon | None = None

    # ------------------------------------------------------------------------------------------------- small helpers

    def broke(self, promise: Promise, what: str) -> None:
        self.run.broke(promise, what)

    def expect(self, holds: object, promise: Promise, what: str) -> None:
        if not holds:
            self.broke(promise, what)

    @property
    def store(self) -> Store:
        assert self._store is not None
        return self._store

    @property
    def daemon(self) -> "SimDaemon":
        assert self._daemon is not None
        return self._daemon

    @property
    def wall(self) -> float:
        return self.run.wall.now()

    def record(self, number: str) -> NumberRecord | None:
        packed = self.store.get(Table.NUMBER, _key(number))
        return None if packed is None else _decode_number(packed)

    # ------------------------------------------------------------------------------------------------------ coverage

    def meets(self, kind: str, number: str = "", *, case: str = "", platforms: tuple[str, ...] = ()) -> None:
        """A fault happens: count it for each case that it meets, or for the newest ones (of a number, at platforms)."""
        if case:
            if case in self.states:
                self.met[self.states[case], kind] += 1
            return
        newest: dict[tuple[str, str, str], tuple[int, str]] = {}
        for identity, state in self.states.items():
            owner, platform, n = identity.split("/")
            if (not number or owner == number) and (not platforms or platform in platforms):
                track = owner, platform, state.rpartition(" ")[0]
                newest[track] = max(newest.get(track, (0, "")), (int(n), state))
        for _, state in newest.values():
            self.met[state, kind] += 1
        if not number and not platforms:
            self.batches.meets(kind)
            self.inspections.meets(kind)

    def look_again(self, number: str) -> None:
        """See in the store where the cases of a number stand."""
        cases = _all_cases(self.store, f"{number}/")
        self.states.update((case.id, state_of(case.workflow, case.snapshot.state)) for case in cases)

    def full(self, kind: str) -> None:
        """A write is refused for want of room."""
        self.trouble_at = self.run.now
        self.meets(kind)

    # --------------------------------------------------------------------------------------------------- life, death

    def born(self, daemon: "SimDaemon", store: Store) -> None:
        """A process starts on what the last one left."""
        self._daemon, self._store = daemon, store
        self._born_at = self.run.now
        self.beliefs.born()
        self.traffic.born()
        self._stale.clear()
        self._crashes.clear()
        for case in _all_cases(store):
            self._check_case(case)
        self.run.backups.born()
        self._nothing_lost()

    def _nothing_lost(self) -> None:
        self.batches.nothing_lost()
        self.inspections.nothing_lost()
        self.leavings.nothing_lost()
        source = self.beliefs.quarantine_lost()
        self.expect(source is None, Promise.NOTHING_LOST, f"the quarantine of {source} is not stored")
        for identity, seq in self._seqs.items():
            case = _get_case(self.store, identity)
            now = None if case is None else case.snapshot.seq
            what = f"case {identity} was at step {seq}, in the store it is at {now}"
            self.expect(now is not None and now >= seq, Promise.NOTHING_LOST, what)
        for task, outcome in self._tasks_done.items():
            found = _get_task(self.store, task)
            done = found is not None and found.state is not TaskState.OPEN
            self.expect(done, Promise.NOTHING_LOST, f"task {task} was {outcome} and is open again")
        for key, number in self._reports.items():
            told = self.record(number)
            kept = told is not None and key in told.reported
            self.expect(kept, Promise.NOTHING_LOST, f"report {key} was acknowledged and is not stored")
        for number, seq in self._number_seqs.items():
            record = self.record(number)
            kept = record is not None and record.seq >= seq
            self.expect(kept, Promise.NOTHING_LOST, f"{number} is back at an earlier step")

    # ----------------------------------------------------------------------------------------------------- the actors

    def taking(self, number: str, message: NumberMessage) -> None:
        """A number's actor begins a step."""
        self.beliefs.taking(number, message)
        self._stale.pop(number, None)
        if isinstance(message, TimerDue) and (case := _get_case(self.store, message.case)) is not None:
            early = case.snapshot.deadline is not None and case.snapshot.deadline > self.wall + 0.01
            if early or case.snapshot.seq != message.seq:  # the clock may have been set back since it went off
                self._stale[number] = (case.id, case.snapshot.seq)

    def taken(self, number: str) -> None:
        """A number's actor has done a step."""
        self.beliefs.taken(number)
        stale = self._stale.pop(number, None)
        if stale is not None:
            case = _get_case(self.store, stale[0])
            moved = case is None or case.snapshot.seq != stale[1]
            self.expect(not moved, Promise.NO_FALSE_TIMER, f"a stale or early timer moved {stale[0]}")
        self._check_cases_of(number)

    def _check_cases_of(self, number: str) -> None:
        record = self.record(number)
        if record is None:
            return
        before = self._number_seqs.get(number, 0)
        self.expect(record.seq >= before, Promise.NOTHING_LOST, f"{number} went back to step {record.seq}")
        self._number_seqs[number] = max(before, record.seq)
        for ref in record.every_case:
            case = _get_case(self.store, ref.id)
            if case is None:
                self.broke(Promise.NOTHING_LOST, f"{number} names case {ref.id}, which is not there")
                return
            if not case.open and self._closed.get(case.id) is case:
                continue  # as it was when it was looked at last
            self._closed[case.id] = case
            same = (ref.state, ref.open) == (case.snapshot.state, case.open)
            self.expect(same, Promise.HAS_TIMER, f"{number} has {ref}, stored is {case.snapshot.state}")
            self._check_case(case)

    def _check_case(self, case: Case) -> None:
        """A case as it is stored: it went forward, and while it is open it has a deadline, its timer, a next step."""
        snapshot, before = case.snapshot, self._seqs.get(case.id, 0)
        self.expect(snapshot.seq >= before, Promise.NOTHING_LOST, f"{case.id} went back to {snapshot.seq}")
        self._seqs[case.id] = max(before, snapshot.seq)
        self.states[case.id] = state_of(case.workflow, snapshot.state)
        if case.moves[-1].new == "verifying":
            self.beliefs.begins_verifying(case.id, case.moves[-1])
        table = REGISTRY[case.workflow]
        final = table.rows[table.states(snapshot.state)].final
        here = f"{case.id} is {snapshot.state}"
        self.expect(case.open != final, Promise.HAS_TIMER, f"{here}, and open is {case.open}")
        if final:
            return
        self.expect(case.then, Promise.HAS_TIMER, f"{here} without a next step")
        if snapshot.deadline is None:
            self.broke(Promise.HAS_TIMER, f"{here} without a deadline")
            return
        row = self.store.get(Table.TIMER, _timer_key(snapshot.deadline, case.id))
        step = None if row is None else int.from_bytes(row, "big")
        self.expect(step == snapshot.seq, Promise.HAS_TIMER, f"{here} at step {snapshot.seq}, its timer's is {step}")

    # -------------------------------------------------------------------------------------------------------- the log

    def said(self, event: Any) -> None:
        """The daemon logged an event."""
        match event:
            case e.CaseOpened() | e.CaseMoved():
                self._moved(event)
            case e.CaseClosed(outcome="cleared", kind="appeal"):
                self.beliefs.cleared(event)
            case e.CaseClosed(outcome="cleared", kind="correction" | "certification" | "tag" | "removal"):
                self.displays.closed(event)
            case e.ObservationRecorded():
                self.beliefs.observed(event)
            case e.VerdictChanged() | e.VerdictBaseline():
                self.beliefs.believed(event)
            case e.ActionSent():
                case = _get_case(self.store, event.case)
                state = None if case is None else case.snapshot.state
                what = f"{event.ref} is sent, {event.case} is {state}"
                self.expect(state == "submitting", Promise.ONLY_DECIDED, what)
            case e.TaskOpened():
                self.leavings.asked(event)
            case e.NumberReleased():
                self.leavings.released(event)
            case e.IdentityWanted():
                self.tags.told(event)
            case e.InspectionOpened():
                self.inspections.opened(event)
            case e.InspectionClosed():
                self.inspections.closed(event)
            case e.IncidentMilestone():
                self.emergencies.marked(event)
            case e.IncidentClosed():
                self.emergencies.closed(event)
            case e.SourceQuarantined():
                self.beliefs.quarantined(event.source)
            case e.SourceReleased():
                self.beliefs.released(event.source)
            case e.SourceLimited() if "used up" in (event.why or ""):
                readings = self.daemon.house.context.sources[event.source].readings
                self.meets("used_up", platforms=tuple(reading.platform for reading in readings))
            case e.ActorCrashed():
                self._crashed(event)
            case e.ActorParked():
                self._parked(event)
            case e.ActorUnparked():
                self._upset_at[event.actor] = self.run.now
            case (
                e.PythonCrashed()
                | e.PythonIgnored()
                | e.ControlFailed()
                | e.LogFailed()
                | e.StoreDamaged()
                | e.ConfigRejected()
            ):
                self.broke(Promise.NO_CRASH, str(event))

    def _moved(self, event: Any) -> None:
        case = _get_case(self.store, event.case)
        old = "" if isinstance(event, e.CaseOpened) else event.from_
        stored = case is not None and any((move.old, move.new) == (old, event.to) for move in case.moves[-4:])
        self.expect(stored, Promise.NOTHING_LOST, f"{event.case}: {old} → {event.to} was said, not stored")
        self.states[event.case] = state_of(event.kind, event.to)
        if isinstance(event, e.CaseMoved):
            self.slots.moved(event)
            self.money.moved(event)
            self.tags.moved(event)
            self.leavings.moved(event)
            self.reviews.moved(event)
            self.run.backups.moved(event)

    def _crashed(self, event: e.ActorCrashed) -> None:
        self._crashes[event.actor] += 1
        self._upset_at[event.actor] = self.run.now
        name = (event.error_type or "").rpartition(".")[2]
        poisoned = self.run.mishaps.poisoned is not None and name == StoreFatal.__name__
        what = f"{event.actor}: {event.error_type}: {event.error_message}\n{event.stack_trace or ''}"
        self.expect(name == InjectedBug.__name__ or poisoned, Promise.NO_CRASH, what)

    def _parked(self, event: e.ActorParked) -> None:
        stored = any(parked.actor == event.actor for parked in _all_parked(self.store))
        self.expect(stored, Promise.PARKED_WITH_RECORD, f"{event.actor} is parked and no record says so")
        why = self._crashes[event.actor] > 0 or (event.why or "").startswith("by operator")
        self.expect(why, Promise.PARKED_WITH_RECORD, f"{event.actor} is parked without a crash")

    # ------------------------------------------------------------------------------------------------------- people

    def acknowledged(self, case: str, new: str) -> None:
        """A person was told that a case moved."""
        stored = _get_case(self.store, case)
        if stored is None:
            self.broke(Promise.NOTHING_LOST, f"{case} was said to be {new} and is not stored")
            return
        self._seqs[case] = max(self._seqs.get(case, 0), stored.snapshot.seq)
        so = new in ("", stored.snapshot.state) or any(move.new == new for move in stored.moves)
        self.expect(so, Promise.NOTHING_LOST, f"{case} was said to be {new}, and never was")

    def acknowledged_task(self, task: str, outcome: str) -> None:
        """A person was told that a task is done."""
        if outcome == "still_waiting":
            return
        stored = _get_task(self.store, task)
        done = stored is not None and stored.state is not TaskState.OPEN
        self.expect(done, Promise.NOTHING_LOST, f"task {task} was said to be {outcome} and is open")
        self._tasks_done[task] = outcome

    def acknowledged_report(self, number: str, key: str) -> None:
        """A person was told that a report of what they saw is taken."""
        self._reports[key] = number

    # ------------------------------------------------------------------------------------------------------ audits

    def audit(self) -> None:
        """The whole store, every few hours."""
        run, store, daemon = self.run, self.store, self.daemon
        self._nothing_lost()
        cases = list(_all_cases(store))
        timers = Counter(case for _, case, _ in _all_timers(store))
        for case in cases:
            self._check_case(case)
            self.expect(timers.pop(case.id, 0) == case.open, Promise.HAS_TIMER, f"{case.id} has too many timers")
        self.expect(not timers, Promise.HAS_TIMER, f"timers of no case: {timers}")
        quiet = run.now - max(self._born_at, run.last_jump, self.trouble_at) > GRACE
        parked = {p.actor for p in _all_parked(store)}
        unknown = set(daemon.roster.parked) - parked
        self.expect(not unknown, Promise.PARKED_WITH_RECORD, f"parked without a record: {unknown}")
        for case in cases:
            if case.open and case.number in run.knobs.numbers and case.number not in parked:
                self._check_open_case(case, quiet=quiet)
        for task in _all_tasks(store, plan.PREFIX):
            late = self.wall - task.due
            fine = task.state is not TaskState.OPEN or not quiet or late <= GRACE
            self.expect(fine, Promise.NO_DEADLINE_LOST, f"{task.id} is open {late:.0f} s after its time")
        for number in run.knobs.numbers:
            actor = daemon.house.numbers.get(number)
            works = actor is None or not actor.closed or number in parked
            self.expect(works, Promise.PARKED_WITH_RECORD, f"{number} takes no messages, and no record says why")
        self.traffic.none_twice()
        self.money.audit()
        self.tags.audit()
        if quiet:
            self.inspections.audit()

    def _check_open_case(self, case: Case, *, quiet: bool) -> None:
        record, deadline = self.record(case.number), case.snapshot.deadline
        known = record is not None and any(ref.id == case.id for ref in record.every_case)
        self.expect(known, Promise.HAS_TIMER, f"{case.number} no longer knows its open case {case.id}")
        if not quiet or self.run.now - self._upset_at.get(case.number, -1e18) <= GRACE:
            return
        here = f"{case.id} is {case.snapshot.state}"
        late = 0.0 if deadline is None else self.wall - deadline
        self.expect(late <= GRACE, Promise.NO_DEADLINE_LOST, f"{here} {late:.0f} s after its time")
        # A wait that was set in the future lasts for as much longer as the clock was ahead.
        ahead = case.snapshot.set_at - self.wall
        what = f"{here} until a time that a clock has set which was {ahead:.0f} s ahead of the one that it has now"
        self.expect(ahead <= SLACK, Promise.NO_DEADLINE_LOST, what)
        tasks = _all_tasks(self.store, f"{case.id}/")
        self.emergencies.audit(case)
        self.money.pause(case)
        asked = case.snapshot.state not in PERSONS or any(t.state is TaskState.OPEN for t in tasks)
        self.expect(asked, Promise.PERSON_ASKED, f"{here} and there is no task for it")
