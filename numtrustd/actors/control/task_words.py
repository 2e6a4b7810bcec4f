"""What a task that only names its subject tells whoever does it besides: why it was asked for, and what comes of it."""

from collections.abc import Iterator

from numtrustd.domain.case import Case
from numtrustd.domain.task import Task, TaskKind
from numtrustd.domain.workflows.incident import IncidentData, Trigger
from numtrustd.domain.workflows.leaving import CancellationData
from numtrustd.domain.workflows.request import RequestData

REQUEST = (
    "retry: it is asked for once more, with the papers and words that there are by then",
    "abandon: the case is given up; `numtrustctl reopen` starts it again",
)
INCIDENT = (
    "retry: what is reviewed is chased once more; you are asked again if that comes to nothing",
    "abandon: the emergency is given up; its cases go on by themselves",
)
CANCELLATION = (
    "retry: what has come to nothing is done once more",
    "abandon: the cancellation is given up, with what it asks of each platform",
)
PROOF = (
    "put each on file, for the platforms that ask for it: `numtrustctl evidence add recordings FILE`, "
    "`numtrustctl evidence add order_screenshots FILE`"
)
COMPLAINTS = "look into the complaints: `numtrustctl calls` has their number by day"


def told(task: Task, case: Case) -> Iterator[str]:
    """The lines of an open task, behind its own."""
    if task.kind is TaskKind.DECIDE:
        move = next((m for m in reversed(case.moves) if m.new == case.snapshot.state and m.old != m.new), None)
        if move is not None and move.reason:
            yield f"why it came to this: {move.reason}"
        if isinstance(case.data, RequestData):
            yield from REQUEST
        elif isinstance(case.data, IncidentData):
            yield from INCIDENT
        elif isinstance(case.data, CancellationData):
            yield from CANCELLATION
    elif task.kind is TaskKind.GATHER_PROOF:
        yield PROOF
        if isinstance(case.data, IncidentData) and case.data.trigger is Trigger.COMPLAINTS:
            yield COMPLAINTS
