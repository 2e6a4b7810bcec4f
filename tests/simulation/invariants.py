"""What must hold, whatever happens: checked throughout a run and at its end.

The oracle does not ask the daemon. It goes by what the world really did, by what each look was answered and each actor
was told, by the log, and by what is in the store, which it reads with functions that mutants do not reach.
"""

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import trio
from msgspec import Struct

from numtrustd import events as e
from numtrustd.actors.messages import NumberMessage, Observed, TimerDue
from numtrustd.domain.case import Action, ActionState, Case, Move
from numtrustd.domain.label import classify
from numtrustd.domain.observation import Status
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import Task, TaskState
from numtrustd.domain.workflows import REGISTRY
from numtrustd.sim.service import Answer, Result
from numtrustd.store import Store, Table, records
from numtrustd.store.errors import StoreFatal
from numtrustd.wire.exchange import Outcome, Reply, Request
from numtrustd.wire.retry_after import retry_after
from tests.simulation import seams
from tests.simulation.plan import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from tests.simulation.run import Run
    from tests.simulation.seams import Line, SimDaemon

# Taken before any mutant is patched in.
_get_case, _all_cases, _all_tasks = records.get_case, records.all_cases, records.all_tasks
_all_actions, _all_timers, _all_parked = records.all_actions, records.all_timers, records.all_parked
_decode_number, _timer_key, _key = records.decode_number, records.timer_key, records.key
_clamp = retry_after

IN_FLIGHT = frozenset({"submitting", "uncertain", "looking_up"})
PERSONS = frozenset({"gathering", "asking", "at_person", "overdue", "escalated"})
"""States in which there has to be a task for somebody."""

GRACE = 15 * MINUTE
"""Seconds by which a deadline may be late: a crashed actor's back-off, and the timer's own second try."""

ENOUGH = 3.0 * DAY
"""Seconds of calm after the last label or return by which every case has come to its end."""


class Seen(Struct, frozen=True):
    """One look that was taken in: what it said of each platform, by view. `at` is the daemon's time, `true` true."""

    at: float
    true: float
    source: str
    said: tuple[tuple[str, str, Status, str], ...]  # platform, view, status, category


class Asked(Struct, frozen=True):
    """One look that was answered, and what it ought to have read."""

    at: float
    truth: dict[str, str]


class Oracle:
    """Watches one run over all its lives."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self.met: Counter[tuple[str, str]] = Counter()
        self.states: dict[str, str] = {}
        self._seqs: dict[str, int] = {}
        self._number_seqs: dict[str, int] = {}
        self._moved_at: dict[tuple[str, float], float] = {}
        self._tasks_done: dict[str, str] = {}
        self._now_taking: dict[str, NumberMessage] = {}
        self._stale: dict[str, tuple[str, int]] = {}
        self._looks: dict[str, list[Seen]] = defaultdict(list)
        self._asked: dict[tuple[str, str], list[Asked]] = defaultdict(list)
        self._left: dict[str, tuple[float, float]] = {}
        self._pauses: dict[str, tuple[float, float]] = {}
        self._crashes: Counter[str] = Counter()
        self._injected_at: dict[str, float] = {}
        self._trouble_at = -1e18
        self._born_at = 0.0
        self._tasks_at_birth = 0
        self._store: Store | None = None
        self._daemon: SimDaemon | None = None

    # ------------------------------------------------------------------------------------------------- small helpers

    def broke(self, invariant: str, what: str) -> None:
        self._run.broke(invariant, what)

    def expect(self, holds: object, invariant: str, what: str) -> None:
        if not holds:
            self.broke(invariant, what)

    @property
    def store(self) -> Store:
        assert self._store is not None
        return self._store

    @property
    def wall(self) -> float:
        return self._run.wall.now()

    def record(self, number: str) -> NumberRecord | None:
        packed = self.store.get(Table.NUMBER, _key(number))
        return None if packed is None else _decode_number(packed)

    def _seen(self, message: Observed) -> Seen:
        said = tuple((o.platform, o.view, o.status, str(o.category or "")) for o in message.observations)
        return Seen(message.at, self._run.true_time(message.at), message.source, said)

    def _looks_so_far(self, number: str) -> list[Seen]:
        """Those taken in, and the one that is being taken in."""
        message = self._now_taking.get(number)
        return [*self._looks[number], *([self._seen(message)] if isinstance(message, Observed) else [])]

    def _true_of(self, case: str, move: Move) -> float:
        """The true time of a move; asked early, since a stepped clock says some times twice."""
        return self._moved_at.setdefault((case, move.at), self._run.true_time(move.at))

    # ------------------------------------------------------------------------------------------------------ coverage

    def meets(self, kind: str, number: str = "", *, case: str = "", platforms: tuple[str, ...] = ()) -> None:
        """A fault happens: count it for each case that it meets, or for the newest ones (of a number, at platforms)."""
        if case:
            if case in self.states:
                self.met[self.states[case], kind] += 1
            return
        newest: dict[tuple[str, str], tuple[int, str]] = {}
        for identity, state in self.states.items():
            owner, platform, n = identity.split("/")
            if (not number or owner == number) and (not platforms or platform in platforms):
                newest[owner, platform] = max(newest.get((owner, platform), (0, "")), (int(n), state))
        for _, state in newest.values():
            self.met[state, kind] += 1

    def full(self, kind: str) -> None:
        """A write is refused for want of room."""
        self._trouble_at = self._run.now
        self.meets(kind)

    # --------------------------------------------------------------------------------------------------- life, death

    def born(self, daemon: "SimDaemon", store: Store) -> None:
        """A process starts on what the last one left."""
        self._daemon, self._store = daemon, store
        self._born_at = self._run.now
        for number in list(self._looks):
            self._forget_unstored(number)
        self._now_taking.clear()
        self._stale.clear()
        self._crashes.clear()
        for case in _all_cases(store):
            self._check_case(case)
        self._nothing_lost()

    def _forget_unstored(self, number: str) -> None:
        """A look that changed nothing may be lost in a crash: the daemon then cannot count it."""
        record, looks = self.record(number), self._looks[number]
        message = self._now_taking.get(number)
        if isinstance(message, Observed):
            looks.append(self._seen(message))
        stored = {} if record is None else {source: look.at for source, look in record.looks.items()}
        for source in {look.source for look in looks}:
            last = next((n for n in range(len(looks) - 1, -1, -1) if looks[n].at == stored.get(source)), None)
            if last is not None or source not in stored:
                keep = -1 if last is None else last
                looks[:] = [look for n, look in enumerate(looks) if look.source != source or n <= keep]

    def _nothing_lost(self) -> None:
        for identity, seq in self._seqs.items():
            case = _get_case(self.store, identity)
            if case is None:
                self.broke("nothing acknowledged is lost", f"case {identity} is no longer in the store")
            elif case.snapshot.seq < seq:
                what = f"case {identity} is at step {case.snapshot.seq}, and was at {seq}"
                self.broke("nothing acknowledged is lost", what)
        for task, outcome in self._tasks_done.items():
            found = records.get_task(self.store, task)
            if found is None or found.state is TaskState.OPEN:
                self.broke("nothing acknowledged is lost", f"task {task} was {outcome} and is open again")
        for number, seq in self._number_seqs.items():
            record = self.record(number)
            if record is None or record.seq < seq:
                self.broke("nothing acknowledged is lost", f"{number} is back at an earlier step")

    # ----------------------------------------------------------------------------------------------------- the actors

    def taking(self, number: str, message: NumberMessage) -> None:
        """A number's actor begins a step."""
        if number in self._now_taking:  # the step before did not come to its end
            self._forget_unstored(number)
        self._now_taking[number] = message
        self._stale.pop(number, None)
        if isinstance(message, TimerDue):
            case = _get_case(self.store, message.case)
            if case is None:
                return
            early = case.snapshot.deadline is not None and case.snapshot.deadline > self.wall + 0.01
            if early or case.snapshot.seq != message.seq:  # the clock may have been set back since it went off
                self._stale[number] = (case.id, case.snapshot.seq)

    def taken(self, number: str, message: NumberMessage) -> None:
        """A number's actor has done a step."""
        self._now_taking.pop(number, None)
        if isinstance(message, Observed):
            looks = self._looks[number]
            looks.append(self._seen(message))
            del looks[:-400]
        stale = self._stale.pop(number, None)
        if stale is not None:
            case = _get_case(self.store, stale[0])
            moved = case is None or case.snapshot.seq != stale[1]
            self.expect(
                not moved, "no timer fires early, none that is stale", f"a stale or early timer moved {stale[0]}"
            )
        self._check_cases_of(number)

    def _check_cases_of(self, number: str) -> None:
        record = self.record(number)
        if record is None:
            return
        before = self._number_seqs.get(number, 0)
        self.expect(record.seq >= before, "nothing acknowledged is lost", f"{number} went back to step {record.seq}")
        self._number_seqs[number] = max(before, record.seq)
        for ref in record.cases.values():
            case = _get_case(self.store, ref.id)
            if case is None:
                self.broke("nothing acknowledged is lost", f"{number} names case {ref.id}, which is not there")
                return
            same = (ref.state, ref.open) == (case.snapshot.state, case.open)
            self.expect(same, "every open case has its timer", f"{number} has {ref}, stored is {case.snapshot.state}")
            self._check_case(case)

    def _check_case(self, case: Case) -> None:
        snapshot, before = case.snapshot, self._seqs.get(case.id, 0)
        self.expect(snapshot.seq >= before, "nothing acknowledged is lost", f"{case.id} went back to {snapshot.seq}")
        self._seqs[case.id] = max(before, snapshot.seq)
        self.states[case.id] = snapshot.state
        if case.moves[-1].new == "verifying":
            self._true_of(case.id, case.moves[-1])
        table = REGISTRY[case.workflow]
        final = table.rows[table.states(snapshot.state)].final
        if case.open == final:
            self.broke("every open case has its timer", f"{case.id} is {snapshot.state} and open is {case.open}")
        if final:
            return
        if snapshot.deadline is None:
            self.broke("every open case has its timer", f"{case.id} is {snapshot.state} without a deadline")
            return
        row = self.store.get(Table.TIMER, _timer_key(snapshot.deadline, case.id))
        if row is None or int.from_bytes(row, "big") != snapshot.seq:
            what = "no timer" if row is None else f"a timer of step {int.from_bytes(row, 'big')}"
            self.broke("every open case has its timer", f"{case.id} at step {snapshot.seq} has {what}")

    # -------------------------------------------------------------------------------------------------------- the log

    def said(self, event: Any) -> None:
        """The daemon logged an event."""
        match event:
            case e.CaseOpened() | e.CaseMoved():
                self._moved(event)
            case e.CaseClosed():
                self._closed(event)
            case e.ObservationRecorded():
                self._observed(event)
            case e.VerdictChanged() | e.VerdictBaseline():
                self._believed(event)
            case e.ActionSent():
                self._sent(event)
            case e.ActorCrashed():
                self._crashed(event)
            case e.ActorParked():
                self._parked(event)
            case e.ActorUnparked():
                self._injected_at[event.actor] = self._run.now
            case (
                e.PythonCrashed()
                | e.PythonIgnored()
                | e.ControlFailed()
                | e.LogFailed()
                | e.StoreDamaged()
                | e.ConfigRejected()
            ):
                self.broke("only planted bugs crash", str(event))

    def _moved(self, event: Any) -> None:
        case = _get_case(self.store, event.case)
        if case is None:
            self.broke("nothing acknowledged is lost", f"{event.case} was said to be {event.to} and is not stored")
            return
        old = "" if isinstance(event, e.CaseOpened) else event.from_
        stored = any((move.old, move.new) == (old, event.to) for move in case.moves[-4:])
        self.expect(stored, "nothing acknowledged is lost", f"{event.case}: {old} → {event.to} was said, not stored")
        self.states[case.id] = event.to

    def _sent(self, event: e.ActionSent) -> None:
        case = _get_case(self.store, event.case)
        state = None if case is None else case.snapshot.state
        self.expect(
            state == "submitting", "only what is decided is sent", f"{event.ref} is sent, {event.case} is {state}"
        )

    def _closed(self, event: e.CaseClosed) -> None:
        if event.outcome != "cleared":
            return
        assert self._daemon is not None
        context = self._daemon.house.context
        owned = context.numbers[event.number]
        case = _get_case(self.store, event.case)
        begun = None if case is None else next((m for m in reversed(case.moves) if m.new == "verifying"), None)
        if begun is None:
            self.broke("cleared only when seen clean", f"{event.case} is cleared and was never verifying")
            return
        looks = self._looks_so_far(event.number)
        start = self._true_of(event.case, begun)
        if begun.reason.startswith("looked"):  # the look that began it counts
            start = max((look.true for look in looks if look.true <= start), default=start)
        runs = _clean_runs(looks, event.platform, start)
        policy = context.verdict
        for view in context.views(owned, event.platform):
            times = runs.get(view, [0.0])
            stepped = self._run.last_jump > min(times)  # then the daemon measures another time between them
            if len(times) < policy.clear or (max(times) - min(times) < policy.clear_spread and not stepped):
                over = f"{len(times)} clean looks in a row over {max(times) - min(times):.0f} s through {view}"
                self.broke("cleared only when seen clean", f"{event.case} is cleared with {over}")

    def _observed(self, event: e.ObservationRecorded) -> None:
        if event.status is Status.UNKNOWN:
            return
        asked = self._asked[event.number, event.source][-3:]
        ought = {each.truth.get(event.platform, "unknown") for each in asked}
        if str(event.status) not in ought:
            what = f"{event.number} at {event.platform} is read as {event.status}, shown was {', '.join(ought)}"
            self.broke("what is read is what is shown", what)

    def _believed(self, event: Any) -> None:
        """A belief moved: enough looks that could see have said so."""
        assert self._daemon is not None
        policy = self._daemon.house.context.verdict
        looks = self._looks_so_far(event.number)
        known = [
            (look.true, look.source, status, category)
            for look in looks
            for platform, _, status, category in look.said
            if platform == event.platform and status is not Status.UNKNOWN
        ]
        marked = event.to.startswith("marked")
        baseline = isinstance(event, e.VerdictBaseline)
        invariant = "no belief without its looks"
        if marked:
            end = known[-1][0] if known else 0.0
            window = policy.confirm_window + (2 * DAY if self._run.last_jump > 0 else 0.0)
            votes = [k for k in known if k[2] is Status.MARKED and abs(end - k[0]) <= window]
            sources = {k[1] for k in votes}
            spread = max((k[0] for k in votes), default=0.0) - min((k[0] for k in votes), default=0.0)
            was = (event.from_ or "") if not baseline else ""
            stepped = bool(votes) and self._run.last_jump > min(k[0] for k in votes)
            wide = len(sources) > 1 or spread >= policy.confirm_spread or stepped
            enough = len(votes) >= policy.confirm and wide
            if not enough and not was.startswith("marked"):
                self.broke(invariant, f"{event.number} at {event.platform}: {event.to} after {len(votes)} marked looks")
            return
        run = 0
        for _, _, status, _ in reversed(known):
            if status is Status.MARKED:
                break
            run += 1
        need = policy.clear if not baseline and (event.from_ or "").startswith("marked") else 1
        if run < need:
            what = f"{event.number} at {event.platform}: {event.to} after {run} looks in a row"
            self.broke(invariant, what)

    def _crashed(self, event: e.ActorCrashed) -> None:
        self._crashes[event.actor] += 1
        self._injected_at[event.actor] = self._run.now
        name = (event.error_type or "").rpartition(".")[2]
        expected = name == seams.InjectedBug.__name__ or (
            self._run.poisoned is not None and name == StoreFatal.__name__
        )
        if not expected:
            what = f"{event.actor}: {event.error_type}: {event.error_message}"
            self.broke("only planted bugs crash", f"{what}\n{event.stack_trace or ''}")

    def _parked(self, event: e.ActorParked) -> None:
        row = next((p for p in _all_parked(self.store) if p.actor == event.actor), None)
        self.expect(row is not None, "parked with a record", f"{event.actor} is parked and no record says so")
        why = self._crashes[event.actor] > 0 or (event.why or "").startswith("by operator")
        self.expect(why, "parked with a record", f"{event.actor} is parked without a crash")

    # ------------------------------------------------------------------------------------------------------- people

    def acknowledged(self, case: str, new: str) -> None:
        """A person was told that a case moved."""
        stored = _get_case(self.store, case)
        if stored is None:
            self.broke("nothing acknowledged is lost", f"{case} was said to be {new} and is not stored")
            return
        self._seqs[case] = max(self._seqs.get(case, 0), stored.snapshot.seq)

    def acknowledged_task(self, task: str, outcome: str) -> None:
        """A person was told that a task is done."""
        if outcome == "still_waiting":
            return
        stored = records.get_task(self.store, task)
        done = stored is not None and stored.state is not TaskState.OPEN
        self.expect(done, "nothing acknowledged is lost", f"task {task} was said to be {outcome} and is open")
        self._tasks_done[task] = outcome

    # ---------------------------------------------------------------------------------------------------- the network

    def leaving(self, line: "Line", request: Request) -> None:
        """A request is about to leave: is it too soon?"""
        source = line.source
        if not source:
            return
        assert self._daemon is not None
        run, now = self._run, self._run.now
        spec = self._daemon.house.context.sources.get(source)
        (last, interval), pause = self._left.get(source, (-math.inf, 0.0)), self._pauses.get(source)
        own = 0.0 if spec is None else spec.interval
        self._left[source] = (now, own)
        interval = min(interval, own)
        if run.last_jump < last and now - last < interval - 0.002:
            what = f"{source} is asked {now - last:.3f} s after the last time, its interval is {interval:g} s"
            self.broke("the pace of a source holds", what)
        if pause is not None and run.last_jump < pause[0] and now < pause[1] - 0.5:
            what = f"{source} is asked {pause[1] - now:.0f} s before the pause it asked for is over"
            self.broke("a pause that was asked for is kept", what)

    def came_back(self, line: "Line", outcome: Outcome) -> None:
        """A request came to an end."""
        if line.source and isinstance(outcome, Reply) and outcome.status == 429:
            wait = _clamp(outcome, self.wall)
            if wait is not None:
                now = self._run.now
                until = max(now + wait, self._pauses.get(line.source, (0.0, 0.0))[1])
                self._pauses[line.source] = (now, until)

    def arriving(self, line: "Line", request: Request) -> None:
        """A request reaches the platforms: a submission's intent is in the store by now."""
        ref = seams.reference_of(request)
        if not ref:
            return
        rows = [action for action in _all_actions(self.store) if action.ref == ref]
        begun = any(action.state is ActionState.SENDING for action in rows)
        self.expect(begun, "the intent is stored before the effect", f"{ref} arrives, and the store does not know")

    def answered(self, line: "Line", result: Result) -> None:
        """The platforms answered."""
        run, service = self._run, self._run.service
        call = service.call
        if call is None:
            return
        number = call.number or ""
        platforms = service.platforms(call)
        if service.what:
            self.meets(service.what, number, platforms=platforms)
        for platform in platforms:
            window = run.world.weather(run.now, platform, number, kinds=tuple(seams.Weather))
            if window is not None:
                self.meets(str(window.kind), number, platforms=(platform,))
        lag = run.world.state.faults.listing_lag
        if lag and call.path.endswith("/remediation") and call.method == "GET" and isinstance(result, Answer):
            self.met["looking_up", "listing_lag"] += 1
        if line.source:
            answered = self._asked[number, line.source]
            answered.append(Asked(run.now, service.truth(call, run.now)))
            del answered[:-3]
        if run.world.duplicates() or run.world.state.repeats:
            self.broke("no submission twice", f"{dict(run.world.duplicates())} {run.world.state.repeats} repeats")

    # ------------------------------------------------------------------------------------------------------ audits

    def audit(self) -> None:
        """The whole store, every few hours."""
        run, store, daemon = self._run, self.store, self._daemon
        assert daemon is not None
        self._nothing_lost()
        cases = list(_all_cases(store))
        timers = Counter(case for _, case, _ in _all_timers(store))
        for case in cases:
            self._check_case(case)
            self.expect(
                timers.pop(case.id, 0) == case.open, "every open case has its timer", f"{case.id} has too many timers"
            )
        self.expect(not timers, "every open case has its timer", f"timers of no case: {timers}")
        quiet = run.now - max(self._born_at, run.last_jump, self._trouble_at) > GRACE
        parked = {p.actor for p in _all_parked(store)}
        known = set(daemon.roster.parked)
        self.expect(known <= parked, "parked with a record", f"parked without a record: {known - parked}")
        for case in cases:
            self._check_open_case(case, parked, quiet=quiet)
        self._check_numbers(daemon, parked)
        if run.world.duplicates() or run.world.state.repeats:
            self.broke("no submission twice", f"{dict(run.world.duplicates())} {run.world.state.repeats} repeats")

    def _check_open_case(self, case: Case, parked: set[str], *, quiet: bool) -> None:
        run, deadline = self._run, case.snapshot.deadline
        if not case.open or case.number not in run.knobs.numbers or case.number in parked:
            return
        record = self.record(case.number)
        newest = None if record is None else record.cases.get(case.platform)
        if newest is None or newest.id != case.id:
            self.broke("every open case has its timer", f"{case.number} no longer knows its open case {case.id}")
        well = run.now - self._injected_at.get(case.number, -1e18) > GRACE
        if quiet and well and deadline is not None and self.wall - deadline > GRACE:
            late = self.wall - deadline
            self.broke("no deadline is lost", f"{case.id} is {case.snapshot.state} {late:.0f} s after its time")
        if quiet and well and case.snapshot.state in PERSONS and not self._task_of(case):
            self.broke("a person is asked", f"{case.id} is {case.snapshot.state} and there is no task for it")

    def _task_of(self, case: Case) -> bool:
        return any(t.state is TaskState.OPEN for t in _all_tasks(self.store, f"{case.id}/"))

    def _check_numbers(self, daemon: "SimDaemon", parked: set[str]) -> None:
        """Nobody is out of work unless a record says why."""
        for number in self._run.knobs.numbers:
            actor = daemon.house.numbers.get(number)
            if actor is not None and actor.closed and number not in parked:
                self.broke("parked with a record", f"{number} takes no messages, and no record says why")

    # ---------------------------------------------------------------------------------------------------- at the end

    async def at_the_end(self, daemon: "SimDaemon", store: Store, *, last: bool) -> None:
        """After the calm part (and, with `last`, after one more start)."""
        await trio.sleep(GRACE)
        while any(actor.looking for actor in daemon.sources.actors.values()):
            await trio.sleep(1.0)
        await store.flush()
        self.audit()
        self._all_given_back(daemon, store)
        tasks = trio.lowlevel.current_statistics().tasks_living - len(daemon.outbox._queues)
        if not last:
            self._tasks_at_the_end = tasks
            self._everything_came_to_its_end(store)
            return
        # Without the clerk's task, the director's (its agenda is empty), and the one that sets right.
        before, now = self._tasks_at_the_end - self._people(), tasks
        self.expect(before == now, "everything is given back", f"{before} tasks after the calm, {now} after a start")

    def _people(self) -> int:
        return 2

    def _all_given_back(self, daemon: "SimDaemon", store: Store) -> None:
        invariant = "everything is given back"
        run = self._run
        self.expect(store.backlog == 0, invariant, f"{store.backlog} writes wait")
        self.expect(not daemon.outbox._unstored, invariant, f"outcomes that nobody stored: {daemon.outbox._unstored}")
        rows = {action.id for action in _all_actions(store)}
        working = {a for a in rows if a.split("/")[0] in run.knobs.numbers}
        self.expect(not working, invariant, f"actions that were never done: {working}")
        self.expect(daemon.outbox._in_hand <= rows, invariant, f"actions in hand: {daemon.outbox._in_hand - rows}")
        self.expect(not daemon.house.lookout._watchers, invariant, "somebody still waits for looks")
        for name, actor in daemon.sources.actors.items():
            self.expect(not actor._under_way, invariant, f"{name} still looks at {actor._under_way}")
        open_cases = {c.id for c in _all_cases(store) if c.open}
        timers = set(daemon.timers._current)
        self.expect(timers == open_cases, invariant, f"timers {timers} of open cases {open_cases}")
        watched = sorted(c for c in open_cases if c.split("/")[0] in run.knobs.numbers)
        board = daemon.house.board
        self.expect(board.cases() == watched, "the board is right", f"{board.cases()} are not {watched}")
        tasks = sorted(t.id for t in _all_tasks(store) if t.state is TaskState.OPEN)
        said = sorted(identity for _, identity in board.tasks())
        self.expect(said == tasks, "the board is right", f"tasks {said} are not {tasks}")

    def _everything_came_to_its_end(self, store: Store) -> None:
        run = self._run
        labelled: dict[tuple[str, str], float] = {}
        for line in run.world.state.chronicle:
            if line.what in ("labelled", "cleared"):
                labelled[line.number, line.platform] = line.at
        for case in _all_cases(store):
            if not case.open:
                continue
            since = max(labelled.get((case.number, case.platform), 0.0), run.plan.calm + run.world.state.origin)
            if case.snapshot.state in IN_FLIGHT:
                self.broke("nothing is stuck", f"{case.id} is still {case.snapshot.state}")
            elif run.now - since > ENOUGH and case.number in run.knobs.numbers:
                days = (run.now - since) / DAY
                self.broke("nothing is stuck", f"{case.id} is {case.snapshot.state} after {days:.1f} calm days")
        for number in run.knobs.numbers:
            record = self.record(number)
            for platform, verdict in (record.verdicts if record else {}).items():
                since = max(labelled.get((number, platform), 0.0), run.plan.calm + run.world.state.origin)
                face = run.world.face(platform, number, run.now)
                if run.now - since > 2 * DAY and verdict.marked != (face.words is not None):
                    belief = "marked" if verdict.marked else "not marked"
                    what = f"{number} at {platform} is believed {belief}, shown is {face.words}"
                    self.broke("belief follows truth", what)
            if record is None or not record.verdicts:
                self.broke("belief follows truth", f"nothing was ever seen of {number}")
                continue
            for platform in record.verdicts:
                since = max(labelled.get((number, platform), 0.0), run.plan.calm + run.world.state.origin)
                shown = run.world.face(platform, number, run.now).words
                if shown is not None and run.now - since > ENOUGH:
                    self._given_up_by_a_person(number, platform, shown, record)

    def _given_up_by_a_person(self, number: str, platform: str, shown: str, record: NumberRecord) -> None:
        ref = record.cases.get(platform)
        case = None if ref is None else _get_case(self.store, ref.id)
        what = f"{platform} still shows {shown} of {number}"
        facts = self._run.configuration().platforms[platform].appeal
        if facts is None or classify(shown)[0] not in facts.takes:
            return
        if case is None:
            self.broke("no label without a case", f"{what}, and there never was a case")
        elif not case.open and (case.outcome != "withdrawn" or case.moves[-1].by in ("", "configuration")):
            self.broke("no label without a case", f"{what}, and case {case.id} is {case.outcome}")


def _clean_runs(looks: list[Seen], platform: str, start: float) -> dict[str, list[float]]:
    """Per view, the times of the clean looks in a row since `start`; a marked one through any view ends all."""
    runs: dict[str, list[float]] = defaultdict(list)
    for look in reversed(looks):
        if look.true < start:
            break
        for where, view, status, _ in look.said:
            if where != platform or status is Status.UNKNOWN:
                continue
            if status is Status.MARKED:
                return runs
            runs[view].append(look.true)
    return runs


__all__ = ["HOUR", "Action", "Oracle", "Task", "math"]
