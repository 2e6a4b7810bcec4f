"""What people see of a number that leaves: what is still open and why, and that it was given up.

Made from the number's record and its cases; `workflows.cancellation` decides, nothing here does.
"""

from numtrustd.actors.control.views import Sight, shown_at
from numtrustd.actors.judge import ago
from numtrustd.api import when
from numtrustd.api.rows import ExplainLine, LeavingRow
from numtrustd.domain.case import Case, track
from numtrustd.domain.leaving import PLACE
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.workflow import Who
from numtrustd.domain.workflows import leaving as c
from numtrustd.store import records


def cancellation_of(sight: Sight, record: NumberRecord) -> tuple[Case, c.CancellationData] | None:
    """A number's newest cancellation."""
    ref = record.tracks.get(track("", PLACE))
    case = records.get_case(sight.house.store, ref.id) if ref is not None else None
    return (case, case.data) if case is not None and isinstance(case.data, c.CancellationData) else None


def open_parts(sight: Sight, data: c.CancellationData) -> tuple[str, ...]:
    """What a cancellation still waits for, in words."""
    cases = {name: records.get_case(sight.house.store, name) for name in data.children}
    states = {name: case.snapshot.state for name, case in cases.items() if case is not None}
    left = [f"{name} is {states.get(name, 'lost')}" for name in c.unproved(data, states)]
    return (*left, *(f"{kind} is to be done" for kind in data.errands_left))


def leaving_row(sight: Sight, record: NumberRecord) -> LeavingRow | None:
    """Where a number stands that leaves or has left; `None` for all others."""
    newest, gone = cancellation_of(sight, record), record.released
    if gone is None and (newest is None or not newest[0].open):
        return None
    case, data = newest if newest is not None else (None, None)
    return LeavingRow(
        case=None if case is None else case.id,
        reason=None if data is None else data.reason,
        state="released" if gone is not None else "" if case is None else case.snapshot.state,
        safe_to_release=case is not None and case.snapshot.state == "safe_to_release",
        waits_for=() if case is None or data is None or not case.open else open_parts(sight, data),
        released_at=None if gone is None else shown_at(gone.at),
        released_by=None if gone is None else gone.by,
        forced=None if gone is None else gone.forced,
        why=(gone.why or None) if gone is not None else None,
    )


def explained(sight: Sight, record: NumberRecord) -> list[ExplainLine]:
    """That a number leaves or was given up, why, and what is still open."""
    lines = []
    if (gone := record.released) is not None:
        how = ", by force: not every platform was verified gone" if gone.forced else ""
        back = f"`numtrustctl reopen {gone.case}` takes it back" if gone.case else ""
        lines.append(
            ExplainLine(
                fact=f"given up {ago(gone.at, sight.now())} by {gone.by}{how}; it is on farewell watch",
                why=gone.why or "its owner said so",
                next=f"what is still shown of ours is found{f'; {back}' if back else ''}",
                who=Who.DAEMON,
                case=gone.case or None,
            )
        )
    newest = cancellation_of(sight, record)
    if newest is not None and newest[0].open:
        lines.append(_open(sight, *newest))
    return lines


def _open(sight: Sight, case: Case, data: c.CancellationData) -> ExplainLine:
    left, tasks, due = open_parts(sight, data), sight.house.board.tasks_of(case.id), case.snapshot.deadline
    then = f"the daemon {case.then}"
    if tasks and (task := records.get_task(sight.house.store, tasks[0])) is not None:
        then = f"{task.title}: type `numtrustctl task show {task.id}`; the daemon {case.then}"
    return ExplainLine(
        fact=f"{case.workflow} {case.id} ({data.reason}) is {case.snapshot.state}: {case.meaning}",
        why=f"not safe to release yet: {'; '.join(left)}" if left else "nothing of ours is shown anywhere",
        next=then,
        who=Who.PERSON if tasks else case.who,
        case=case.id,
        task=tasks[0] if tasks else None,
        when=None if due is None else when(due),
    )
