"""Which numbers may call for one whose certification is paused: those of its group that people would trust. Only reads.

Asked whenever somebody looks, so that no task names a number that was labelled since. `pauses` tells of the pause.
"""

from numtrustd.actors.control.views import Sight
from numtrustd.domain import wording
from numtrustd.domain.case import Case
from numtrustd.domain.number import from_canonical
from numtrustd.domain.owned import Watch
from numtrustd.domain.task import Task, TaskKind, TaskState
from numtrustd.domain.wording import Fitness
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.store.errors import DamagedRecord

MOST = 3
"""Numbers that are named."""

WORDS = {
    Fitness.CERTIFIED_THERE: "certified there",
    Fitness.CERTIFIED_ELSEWHERE: "certified elsewhere",
    Fitness.CLEAN_THERE: "clean there",
}


def told(sight: Sight, case: Case) -> str:
    """Who may call while this certificate is paused; empty while it is not."""
    data = case.data
    if not isinstance(data, CertificateData) or not case.open or not data.pauses or data.pauses[-1].until is not None:
        return ""
    each = [f"{number} ({WORDS[fitness]})" for number, fitness in _named(sight, case.number, case.platform)]
    return ", ".join(each) or "none of its group is certified, or clean there"


def steps(sight: Sight, task: Task) -> tuple[str, ...]:
    """What is to be done for a task, with the numbers by their name where it says that others are to call."""
    given = () if task.packet is None else task.packet.steps
    if task.kind is not TaskKind.FIND_CAUSE or task.state is not TaskState.OPEN:
        return given
    named = wording.backup_step(_named(sight, task.number, task.platform))
    return tuple(named if step == wording.CALL_FROM_BACKUP else step for step in given)


def _named(sight: Sight, number: str, platform: str) -> list[tuple[str, Fitness]]:
    """(number as people write it, why it may), the best first."""
    group, board = sight.owned(number).group, sight.house.board
    known: dict[object, Fitness | None] = {}  # there may be a hundred thousand in the group, and few kinds of them
    fit = []
    for other, owned in sight.context.numbers.items():
        if owned.group != group or other == number or owned.watch is not Watch.YES or other in sight.parked:
            continue
        alike = board.alike(other)
        if alike not in known:
            known[alike] = _fitness(sight, other, platform)
        if (fitness := known[alike]) is not None:
            fit.append((fitness, other))
    named: list[tuple[str, Fitness]] = []
    for fitness, other in sorted(fit):
        if len(named) == MOST:
            break
        if not _given_up(sight, other):
            named.append((from_canonical(other).dashed, fitness))
    return named


def _fitness(sight: Sight, number: str, platform: str) -> Fitness | None:
    """`None` for a number that nobody is to call from: labelled anywhere, or not known."""
    board = sight.house.board
    everywhere, there = board.line(number), board.line_at(number, platform)
    if everywhere.labelled:
        return None
    if there.certified:
        return Fitness.CERTIFIED_THERE
    if everywhere.certified:
        return Fitness.CERTIFIED_ELSEWHERE
    return Fitness.CLEAN_THERE if there.clean else None


def _given_up(sight: Sight, number: str) -> bool:
    """Whether it is no longer ours; one of which that cannot be read is not recommended."""
    try:
        return sight.record(number).released is not None
    except DamagedRecord:
        return True
