"""Another receipt for what a person has handed in already: he mistyped the first, or the platform sent a better one.
Pure.

Nothing is handed in again by that. The case goes on where it stands, with the new receipt; the old one stands in its
history. `decide` beside this module asks here when a task that is done is answered once more.
"""

from msgspec import structs

from numtrustd.actors.cases import MOVES_KEPT
from numtrustd.actors.messages import TaskAnswer
from numtrustd.domain.case import Case, Move
from numtrustd.domain.observation import Instant
from numtrustd.domain.task import ANSWERS, HAND_INS, Task, TaskKind, TaskState
from numtrustd.domain.workflows.request import RequestData
from numtrustd.events import CaseMoved

GIVES = HAND_INS | {TaskKind.DID_IT_ARRIVE}
"""The kinds of tasks whose usual answer comes with the platform's receipt."""

REVIEWED = frozenset({"in_review", "overdue"})
"""The states of a case whose review goes on: later the receipt is of no more use."""


def corrected(task: Task, case: Case | None, message: TaskAnswer, now: Instant) -> Case | None:
    """The case with the other receipt; `None` where the answer is none: another outcome, an attempt long past, a
    review that is over, or the receipt that is known.
    """
    if case is None or not isinstance(case.data, RequestData) or case.snapshot.state not in REVIEWED:
        return None
    usual = ANSWERS[task.kind][0]
    if task.kind not in GIVES or task.state is not TaskState.DONE or task.outcome != usual:
        return None
    known = case.data.receipt or ""
    if message.outcome not in ("", usual) or message.receipt in ("", known) or task.attempt != case.data.attempt:
        return None
    reason = f"receipt {message.receipt} instead of {known}" if known else f"receipt {message.receipt}, told later"
    move = Move(now, case.snapshot.state, case.snapshot.state, reason, message.by)
    data = structs.replace(case.data, receipt=message.receipt)
    return structs.replace(case, data=data, moves=(*case.moves, move)[-MOVES_KEPT:])


def too_late(task: Task, case: Case | None) -> bool:
    """Whether the review that a task's receipt was of is over."""
    over = case is None or case.snapshot.state not in REVIEWED
    return over and task.kind in GIVES and task.state is TaskState.DONE


def news(case: Case) -> CaseMoved:
    """What the log and the number's history say of it: the case stays where it is."""
    move = case.moves[-1]
    return CaseMoved(
        case=case.id,
        number=case.number,
        platform=case.platform or None,
        kind=case.workflow,
        from_=move.old,
        to=move.new,
        reason=move.reason,
        attempt=case.data.attempt,
        deadline=case.snapshot.deadline,
        next=case.then or None,
    )
