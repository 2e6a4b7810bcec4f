"""Moves the cases of one number: events go through the workflow tables, effects become tasks and actions. Pure."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from numtrustd.actors import incidents, spending
from numtrustd.actors.context import Context
from numtrustd.actors.decision import Decision
from numtrustd.actors.messages import Told
from numtrustd.actors.packets import Packets
from numtrustd.actors.policy import cancellation_policy, policy_for, spending_of
from numtrustd.actors.present import Present
from numtrustd.actors.task_book import TaskBook, Tasks
from numtrustd.domain import ledger, set_back
from numtrustd.domain.case import Action, ActionKind, Case, CaseData, Move, case_id, reference
from numtrustd.domain.cause import Cause
from numtrustd.domain.finding import Finding
from numtrustd.domain.ledger import Charge, May, Standing
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import Task, TaskKind
from numtrustd.domain.verdict import Verdict
from numtrustd.domain.workflow import Effect, Event, Step, TimedOut, start, step
from numtrustd.domain.workflows import REGISTRY
from numtrustd.domain.workflows import leaving as c
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.certificate import Renew
from numtrustd.domain.workflows.incident import ChaseAll, IncidentData
from numtrustd.domain.workflows.request.data import CommonData
from numtrustd.domain.workflows.request.holding import over
from numtrustd.events import (
    ActionPlanned,
    BudgetExceeded,
    CaseClosed,
    CaseJoined,
    CaseMoved,
    CaseOpened,
    DeadlineCorrected,
    NumberReleased,
)
from numtrustd.wire.template import number_values

MOVES_KEPT = 200
"""A case that was reopened for years keeps its newest moves; the history beside it keeps all."""


class CaseBook:
    """The cases of one number while one message is decided."""

    def __init__(
        self,
        context: Context,
        owned: Owned,
        cases: Callable[[str], Case | None],
        tasks: Tasks,
        now: Instant,
        made: Decision,
        present: Present,
        record: Callable[[], NumberRecord],
    ) -> None:
        self._context = context
        self._owned = owned
        self._cases = cases
        self._now = now
        self._made = made
        self._present = present
        self._record = record
        self._packets = Packets(context, owned, now, self._policy_of)
        self.tasks = TaskBook(context, tasks, now, made, self._packets)

    def _policy(self, platform: str, kind: str, data: CommonData, opened_at: Instant) -> Any:
        if isinstance(data, c.CancellationData):
            return cancellation_policy(self._context, data, self.states(data.children))
        return policy_for(
            self._context,
            self._owned,
            self._record(),
            platform,
            kind,
            data,
            self._now,
            self._present,
            opened_at=opened_at,
        )

    def states(self, cases: Iterable[str]) -> dict[str, str]:
        """Where some cases stand within this decision."""
        return {name: case.snapshot.state for name in cases if (case := self.get(name)) is not None}

    def _policy_of(self, case: Case) -> Any:
        return self._policy(case.platform, case.workflow, case.data, case.opened_at)

    def settle(self, record: NumberRecord) -> None:
        """All is decided: let go of who decided it, so that neither waits for the garbage collector."""
        self._record = lambda: record
        self._packets.settle()

    def get(self, identity: str) -> Case | None:
        """A case as it stands within this decision."""
        return self._made.cases.get(identity) or self._cases(identity)

    def open_appeal(self, platform: str, n: int, found: Finding, seen: Verdict, likely: tuple[Cause, ...]) -> Case:
        """Start an appeal at `platform`, which may be another than the one that shows the label."""
        data = a.AppealData(
            finding=found.kind,
            category=found.category,
            words=(seen.belief.words if seen.belief else None) or found.category,
            causes=tuple(c.kind for c in likely),
            facts=tuple(f for c in likely for f in c.facts),
            not_before=self._now,
            displays=() if seen.platform == platform else (seen.platform,),
        )
        return self.open("appeal", platform, n, data, f"{found.kind}: {found.why}")

    def open(self, kind: str, platform: str, n: int, data: CaseData, why: str) -> Case:
        """Start a case of this kind, the `n`th at the platform. `why` is told to people."""
        table = REGISTRY[kind]
        snapshot = start(table, data, self._now, self._policy(platform, kind, data, self._now))
        identity = case_id(self._owned.number, platform or kind, n)
        case = Case(
            id=identity,
            number=self._owned.number,
            platform=platform,
            workflow=table.name,
            version=table.version,
            snapshot=snapshot,
            data=data,
            opened_at=self._now,
            moves=(Move(self._now, "", snapshot.state, why),),
        )
        self._made.cases[identity] = case
        self._made.durable = True
        self._made.set_timer(identity, None, snapshot.deadline, snapshot.seq)
        self._made.say(
            CaseOpened(
                case=identity,
                number=case.number,
                platform=platform or None,
                incident=self._incident(table.name),
                kind=table.name,
                to=snapshot.state,
                reason=data.finding,
                displays=data.displays or None,
                deadline=snapshot.deadline,
                next=case.then,
            ),
            self._now,
        )
        self._say_incident(None, case)
        return case

    def _charge(self, before: Case, after: Case) -> None:
        """What a request costs or counts for is entered with the step that hands it in."""
        if before.snapshot.state == after.snapshot.state:
            return
        known = {charge.id: charge for charge in self._present.charges()} | self._made.charges
        made = spending.charge_of(self._context, before, after, tuple(known.values()), self._now)
        if made is not None and known.get(made.id) != made:
            self._enter(made)

    def _hurried(self, case: Case) -> None:
        """Somebody has paid for a quicker review."""
        if (made := spending.hurried(self._context, case, self._now)) is not None:
            self._enter(made)

    def handed_in_late(self, task: Task, case: Case) -> None:
        """What was given up since a task was opened went out all the same."""
        attempt = task.attempt or case.data.attempt  # one of an older version does not tell
        for charge in self._present.charges():
            if charge.id == f"{task.case}/{attempt}" and charge.standing is Standing.VOID:
                self._enter(ledger.went_out_after_all(charge, self._now))

    def _enter(self, charge: Charge) -> None:
        self._made.charge(charge)
        if charge.standing is Standing.COMMITTED:
            self._made.say(spending.charged(charge), self._now)

    def _incident(self, kind: str) -> str | None:
        """The emergency that a case of the number belongs to."""
        return None if kind == "incident" else incidents.running(self._record())

    def _say_incident(self, before: Case | None, after: Case) -> None:
        if isinstance(after.data, IncidentData):
            for event in incidents.said(before, after, self._policy_of(after)):
                self._made.say(event, self._now)

    def join(self, case: Case, display: str) -> None:
        """The label of an open case is shown by one platform more, which has to let it go, too."""
        data = structs.replace(case.data, displays=(*case.data.displays, display))
        self._made.cases[case.id] = structs.replace(case, data=data)
        self._made.durable = True
        event = CaseJoined(case=case.id, number=case.number, platform=case.platform, display=display)
        self._made.say(event, self._now)

    def put_right(self, case: Case) -> None:
        """The clock was set back since it set the case's wait: the case waits as long as it was to, and no longer."""
        set_at = case.snapshot.set_at or case.snapshot.entered_at
        tasks = [made for task in self.tasks.of(case.id) if (made := set_back.task(task, self._now, set_at))]
        mended = set_back.case(case, self._now, self._waits)
        if mended is None and not tasks:
            return
        new = mended or case
        self._made.durable = True
        self._made.cases[case.id] = new
        self._made.tasks |= {task.id: task for task in tasks}
        old, deadline = case.snapshot.deadline, new.snapshot.deadline
        self._made.set_timer(case.id, old, deadline, new.snapshot.seq)
        self._made.say(
            DeadlineCorrected(
                earlier_seconds=max(0.0, (old or 0.0) - (deadline or 0.0)),
                case=case.id,
                number=case.number,
                platform=case.platform or None,
                kind=case.workflow,
                deadline=deadline,
            ),
            self._now,
        )

    def _waits(self, case: Case) -> Instant | None:
        """Until when its table has a case wait from now on."""
        deadline = case.row.deadline
        return None if deadline is None else deadline(case.data, self._now, self._policy_of(case))

    def happen(self, identity: str, event: Event, by: str = "") -> bool:
        """Feed one event to a case. False when it changes nothing."""
        case = self.get(identity)
        if case is None:
            return False
        table = REGISTRY[case.workflow]
        policy = self._policy_of(case)
        if isinstance(event, TimedOut) and case.row.in_flight:
            policy = structs.replace(policy, queued=self._present.queued(identity))
        if isinstance(policy, a.RequestPolicy) and policy.mark:
            policy = structs.replace(policy, deadline=case.snapshot.deadline or 0.0)
        made = step(table, case.snapshot, case.data, event, self._now, policy)
        if made is None:
            return False
        if case.held is not None and isinstance(event, TimedOut) and made.snapshot.state != case.snapshot.state:
            made = structs.replace(made, reason=over(case.held))
        self._store(case, made, by)
        if isinstance(event, a.Expedited):
            self._hurried(self._made.cases[case.id])
        return True

    def _store(self, case: Case, made: Step, by: str) -> None:
        table = REGISTRY[case.workflow]
        moved = made.old != made.snapshot.state
        moves = case.moves
        if moved:
            moves = (*moves, Move(self._now, made.old, made.snapshot.state, made.reason, by))[-MOVES_KEPT:]
        row = table.rows[table.states(made.snapshot.state)]
        new = structs.replace(
            case,
            snapshot=made.snapshot,
            data=made.data,
            moves=moves,
            closed_at=self._now if row.final else None,
            outcome=made.snapshot.state if row.final else "",
        )
        self._made.cases[case.id] = new
        self._made.durable = True
        self._made.set_timer(case.id, case.snapshot.deadline, made.snapshot.deadline, made.snapshot.seq)
        if moved:
            self._made.say(
                CaseMoved(
                    case=case.id,
                    number=case.number,
                    platform=case.platform or None,
                    incident=self._incident(case.workflow),
                    kind=case.workflow,
                    from_=made.old,
                    to=made.snapshot.state,
                    reason=made.reason,
                    attempt=made.data.attempt,
                    deadline=made.snapshot.deadline,
                    next=row.then or None,
                ),
                self._now,
                by,
            )
        for n, effect in enumerate(made.effects):
            self._effect(new, effect, f"{case.id}/{made.snapshot.seq}.{n}")
        if row.final:
            self._made.say(
                CaseClosed(
                    case=case.id,
                    number=case.number,
                    platform=case.platform or None,
                    incident=self._incident(case.workflow),
                    kind=case.workflow,
                    from_=made.old,
                    to=new.snapshot.state,
                    took_seconds=self._now - case.opened_at,
                    outcome=new.outcome,
                    reason=made.reason,
                    attempt=made.data.attempt,
                ),
                self._now,
                by,
            )
        self._charge(case, new)
        self._say_incident(case, new)
        if isinstance(made.data, a.RemovalData) and made.data.parent and moved:
            self._tell_parent(new, made.data.parent)
        self._made.told = Told(case.id, made.old, made.snapshot.state)

    # ---------------------------------------------------------------------------------------------------- effects

    def _effect(self, case: Case, effect: Effect, identity: str) -> None:
        match effect:
            case a.Submit(attempt):
                self._plan(case, ActionKind.SUBMIT, attempt, identity, {})
            case a.Query(receipt):
                self._plan(case, ActionKind.QUERY, case.data.attempt, identity, {"receipt": receipt})
            case a.LookUp(attempt):
                self._plan(case, ActionKind.LOOK_UP, attempt, identity, {})
            case a.OpenTask(kind, due, detail):
                if kind == TaskKind.APPROVE:
                    detail = (*detail, *self._budget(case))
                self.tasks.open(case, TaskKind(kind), due, detail, identity)
            case c.AskErrands(tasks):
                for m, each in enumerate(tasks):
                    self.tasks.open(case, TaskKind(each.kind), each.due, each.detail, f"{identity}.{m}")
            case a.CloseTasks():
                self.tasks.close(case.id)
            case c.CloseKind(kind):
                self.tasks.close(case.id, TaskKind(kind))
            case c.TellChildren():
                self._tell_children(case, effect)
            case c.SayReleased():
                data = case.data
                assert isinstance(data, c.CancellationData)
                by, why = data.released_by or None, data.why or None
                event = NumberReleased(number=case.number, by=by, why=why, forced=data.forced, case=case.id)
                self._made.say(event, self._now, data.released_by)
            case Renew():
                self._made.wanted.append(("certification", case.platform, "the certificate is to be renewed"))
            case ChaseAll():
                self._made.chase = True
            case _:
                raise TypeError(f"{type(effect).__name__} has no way to happen")

    def _budget(self, case: Case) -> tuple[str, ...]:
        """Why money is the reason for which somebody is asked; said once when the budget does not cover it, not again
        with every reminder."""
        asked = spending_of(self._context, case.workflow, case.platform, case.number, self._now, self._present)
        if asked is None or asked.may is May.OK:
            return ()
        reminded = any(task.kind is TaskKind.APPROVE for task in self.tasks.of(case.id))
        if asked.may is May.OVER_BUDGET and not reminded:
            event = BudgetExceeded(
                kind=case.workflow,
                platform=case.platform,
                why=asked.why,
                budget=asked.budget / 100,
                spent=asked.spent / 100,
                case=case.id,
                number=case.number,
            )
            self._made.say(event, self._now)
        return (asked.why,)

    def _tell_parent(self, child: Case, parent: str) -> None:
        """A removal moved. One that could not be stopped when its cancellation was withdrawn is, as soon as it can."""
        self.happen(parent, c.ChildMoved(child.id, child.snapshot.state))
        over = self.get(parent)
        if over is not None and over.outcome == c.GIVEN_UP and child.open:
            self.happen(child.id, a.Withdraw(f"the {over.workflow} {parent} was withdrawn"))

    def _tell_children(self, parent: Case, told: c.TellChildren) -> None:
        """Give a cancellation's removals an order, as far as they take it: what is on its way is not stopped."""
        assert isinstance(parent.data, c.CancellationData)
        why = f"the {parent.workflow} {parent.id} says so"
        for name in parent.data.children:
            child = self.get(name)
            if child is None:
                continue
            match told.order:
                case "hold" if child.held is None:
                    self.happen(name, a.Hold(why))
                case "advance" if child.snapshot.state == "held":
                    self.happen(name, a.Advance(why))
                case "withdraw" if child.open:
                    self.happen(name, a.Withdraw(why))
                case "reopen" if child.outcome == c.GIVEN_UP or (told.cleared and not child.open):
                    self.happen(name, a.Reopen(why))

    def _plan(self, case: Case, kind: ActionKind, attempt: int, identity: str, more: dict[str, str]) -> None:
        ref = reference(self._context.store, case.id, attempt)
        if kind is ActionKind.SUBMIT:
            values = self._packets.values(case, ref)
        else:
            values = {**number_values(self._packets.number), "ref": ref, **more}
        action = Action(
            id=identity,
            case=case.id,
            number=case.number,
            platform=case.platform,
            kind=kind,
            attempt=attempt,
            ref=ref,
            values=values,
            planned_at=self._now,
        )
        self._made.actions.append(action)
        if kind is ActionKind.SUBMIT:
            self._made.say(
                ActionPlanned(
                    action_id=identity,
                    case=case.id,
                    number=case.number,
                    platform=case.platform,
                    kind=kind,
                    channel="http",
                    ref=ref,
                ),
                self._now,
            )
