"""What people order of cases, and what they answer to tasks: each becomes a message to the number's actor.

`control` takes the calls and logs them, `wishes` has the cases that somebody asks for.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from numtrustd.actors.control import arguments
from numtrustd.actors.control.case_facts import goes_after
from numtrustd.actors.control.views import Sight
from numtrustd.actors.control.views_case import COOLING, lacking, policy_of
from numtrustd.actors.control.views_leaving import cancellation_of, open_parts
from numtrustd.actors.mailbox import Reply
from numtrustd.actors.messages import Cancel, NumberMessage, Order, Release, TaskAnswer, Told
from numtrustd.api import control, errors, instant, when
from numtrustd.domain.case import Case
from numtrustd.domain.task import ANSWERS, ERRANDS, HAND_INS, Task, TaskKind, TaskState
from numtrustd.domain.workflow import Event
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import RequestData
from numtrustd.store import records
from numtrustd.varlink.interface import Call, CallError

Act = Callable[[Any, Call], Awaitable[tuple[Struct, str]]]
"""Does what was asked; returns the answer, and what came of it in a word for the log."""

Ask = Callable[[str, Callable[[Reply[Told]], NumberMessage]], Awaitable[Told]]
"""Posts to a number's actor, and waits until its step is stored."""


GOES_OUT = "nothing keeps it back: it goes out at once, or to a person as a task"


class CaseDesk:
    """One per control socket."""

    def __init__(self, sight: Sight, ask: Ask) -> None:
        self._sight = sight
        self._ask = ask

    def order(self, event: Callable[[Any, str], Event]) -> Act:
        async def act(params: Any, call: Call) -> tuple[Struct, str]:
            case, by = arguments.case(self._sight, params.case), arguments.by(params, call)
            told = await self._ask(case.number, lambda reply: Order(case.id, event(params, by), by, reply))
            change = self._change(case.id, told)
            return control.CaseChange(**change), f"{change['old']} -> {change['new']}"

        return act

    def held(self, params: control.Hold, by: str) -> Event:
        """A hold, by the daemon's clock."""
        now = self._sight.now()
        if params.until is not None and params.seconds is not None:
            raise CallError(errors.InvalidArgument("until", "give an instant or a time in seconds, not both"))
        until = None if params.until is None else instant(params.until)
        if params.seconds is not None:
            until = now + params.seconds
        if until is not None and until <= now:
            raise CallError(errors.InvalidArgument("until", "it is over already: name a time that is still to come"))
        return a.Hold(params.reason or "", by, until, params.seconds)

    async def reject(self, params: control.Reject, call: Call) -> tuple[Struct, str]:
        case, by = arguments.case(self._sight, params.case), arguments.by(params, call)
        vouched = self._trusted((params.reason,), params.vouch, case.platform, case.number, case.id, by)
        answer, result = await self.order(lambda p, _: a.Rejected(p.reason))(params, call)
        return answer, result + _vouched(vouched)

    async def cancel(self, params: control.Cancel, call: Call) -> tuple[Struct, str]:
        number, by = arguments.watched(self._sight, params.number).number, arguments.by(params, call)
        told = await self._ask(number, lambda reply: Cancel(params.reason, params.note or "", by, reply))
        change = self._change(told.case, told)
        return control.CaseChange(**change), f"case {told.case} opened"

    async def release(self, params: control.Release, call: Call) -> tuple[Struct, str]:
        number, by, why = (
            arguments.watched(self._sight, params.number).number,
            arguments.by(params, call),
            params.reason or "",
        )
        if params.force and not why.strip():
            raise CallError(errors.InvalidArgument("reason", "forcing is recorded with its reason: give one"))
        told = await self._ask(number, lambda reply: Release(params.force, why, by, reply))
        gone = self._sight.record(number).released
        assert gone is not None, number  # what was just stored
        newest = cancellation_of(self._sight, self._sight.record(number)) if gone.case else None
        answer = control.ReleaseResult(
            now=when(self._sight.now()),
            number=number,
            old=told.old,
            new=told.new,
            forced=gone.forced,
            waits_for=() if newest is None else open_parts(self._sight, newest[1]),
            case=gone.case or None,
        )
        return answer, "released, forced" if gone.forced else "released"

    def _trusted(
        self, texts: tuple[str, ...], vouch: str | None, platform: str, number: str, case: str, by: str
    ) -> str:
        """Refuse what is suspicious in the platform's name; answers why a person vouches for it, empty if it is not."""
        safety = self._sight.house.safety
        suspicious = safety.refuses(texts, platform)
        if suspicious and not vouch:
            safety.refused(texts, platform, number=number, case=case, by=by)
            raise CallError(errors.SuspectedPhishing(platform=platform, why=suspicious))
        return (vouch or "") if suspicious else ""

    def _change(self, identity: str, told: Told) -> dict[str, Any]:
        case = records.get_case(self._sight.house.store, identity)
        assert case is not None, identity  # what was just stored
        deadline, ready = case.due, self._goes_out(case)
        return {
            "now": when(self._sight.now()),
            "case": case.id,
            "number": case.number,
            "platform": case.platform,
            "old": told.old or case.snapshot.state,
            "new": told.new or case.snapshot.state,
            "meaning": GOES_OUT if ready else case.meaning,
            "then": None if ready else case.then or None,
            "due": None if deadline is None else when(deadline),
            "lacking": (lacking(self._sight, case) or None) if case.snapshot.state == COOLING else None,
        }

    def _goes_out(self, case: Case) -> bool:
        """Whether somebody has just approved what nothing else keeps back: the list of what it may wait for in general
        says nothing to him then."""
        if case.snapshot.state != "waiting" or not isinstance(case.data, RequestData) or not case.data.approved_by:
            return False
        policy, deadline = policy_of(self._sight, case), case.snapshot.deadline
        waits = policy.slot > self._sight.now() and not case.data.hurried
        return not (waits or goes_after(policy)) and deadline is not None and deadline <= self._sight.now() + 1.0

    async def _answer(
        self, text: str, outcome: str, by: str, *, receipt: str = "", reason: str = "", note: str = "", vouch: str = ""
    ) -> tuple[Struct, str]:
        task = arguments.task(self._sight, text)
        if task.numbers:
            return await self._answer_look(task, outcome, by, note=reason or note)
        told = await self._ask(
            task.number, lambda reply: TaskAnswer(task.id, outcome, receipt, reason, note, by, reply, vouch)
        )
        after = records.get_task(self._sight.house.store, task.id)
        assert after is not None, task.id
        change = self._change(task.case, told)
        said = after.outcome or outcome
        answer = control.TaskChange(**change, task=task.id, outcome=said)
        result = f"{said}, case {change['old']} -> {change['new']}"
        return answer, result + _vouched(vouch)

    async def _answer_look(self, task: Task, outcome: str, by: str, *, note: str) -> tuple[Struct, str]:
        assert self._sight.house.hands is not None
        with arguments.refusing():
            told = await self._sight.house.hands.answer(task.id, outcome, note, by)
        after = records.get_task(self._sight.house.store, task.id)
        assert after is not None, task.id
        answer = control.TaskChange(
            now=when(self._sight.now()),
            case="",
            number="",
            platform=task.platform,
            old=told.old,
            new=told.new,
            meaning="each look that was asked for is wanted again later" if outcome == "failed" else "all is reported",
            task=task.id,
            outcome=after.outcome,
        )
        return answer, f"{after.outcome}, {told.old} -> {told.new}"

    async def task_done(self, params: control.TaskDone, call: Call) -> tuple[Struct, str]:
        if params.outcome == "failed":
            raise CallError(errors.InvalidArgument("outcome", "a task that cannot be done is `task fail`"))
        task, by = arguments.task(self._sight, params.task), arguments.by(params, call)
        receipt, reason, note = params.receipt or "", params.reason or "", params.note or ""
        outcome = _brought(task, params)
        texts = (receipt, reason, note)
        vouch = ""
        if task.kind not in ERRANDS | {TaskKind.RELEASE_NUMBER}:  # which are done in no platform's name
            vouch = self._trusted(texts, params.vouch, task.platform, task.number, task.case, by)
        return await self._answer(params.task, outcome, by, receipt=receipt, reason=reason, note=note, vouch=vouch)

    async def task_fail(self, params: control.TaskFail, call: Call) -> tuple[Struct, str]:
        return await self._answer(params.task, "failed", arguments.by(params, call), reason=params.why)


def _brought(task: Task, params: control.TaskDone) -> str:
    """The outcome. Refuses what was handed in without what the platform gives for it, by which it is asked later."""
    outcome = params.outcome or ""
    if params.receipt and params.no_receipt:
        raise CallError(errors.InvalidArgument("no_receipt", "give the receipt or say that there is none, not both"))
    if task.kind not in HAND_INS or task.state is not TaskState.OPEN or task.packet is None:
        return outcome
    handed_in = ANSWERS[task.kind][0]
    if outcome == handed_in and task.packet.bring_back and not (params.receipt or params.no_receipt):
        why = f"bring what the platform gave for it ({task.packet.bring_back}) with --receipt"
        raise CallError(errors.Refused(f"{why}, or say --no-receipt if it gave nothing"))
    return handed_in if params.no_receipt and not outcome else outcome


def _vouched(vouch: str) -> str:
    return f"; something suspicious vouched for: {vouch}" if vouch else ""
