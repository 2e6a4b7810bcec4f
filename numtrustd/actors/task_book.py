"""The tasks of a number's cases while one message is decided: opened, reminded of, answered, no longer needed. Pure.

`hands` has the tasks that ask for looks, which are no case's.
"""

from collections.abc import Callable, Mapping

from msgspec import structs

from numtrustd.actors.context import Context
from numtrustd.actors.decision import Decision
from numtrustd.actors.packets import Packets
from numtrustd.domain.case import Case
from numtrustd.domain.evidence import why_missing
from numtrustd.domain.observation import Instant
from numtrustd.domain.task import Task, TaskKind, TaskState
from numtrustd.events import EvidenceMissing, TaskDone, TaskOpened, TaskReminded

Tasks = Callable[[str], Mapping[str, Task]]
"""The stored tasks whose ids begin with this; a case's tasks begin with the case's id."""


class TaskBook:
    """The tasks of one number's cases. `tasks` only reads."""

    def __init__(self, context: Context, tasks: Tasks, now: Instant, made: Decision, packets: Packets) -> None:
        self._context = context
        self._tasks = tasks
        self._now = now
        self._made = made
        self._packets = packets

    def get(self, identity: str) -> Task | None:
        """A task as it stands within this decision."""
        return self._made.tasks.get(identity) or self._tasks(identity).get(identity)

    def of(self, case: str) -> list[Task]:
        """The open tasks of a case."""
        merged = {**self._tasks(f"{case}/"), **self._made.tasks}
        return [t for t in merged.values() if t.case == case and t.state is TaskState.OPEN]

    def open(self, case: Case, kind: TaskKind, due: Instant, detail: tuple[str, ...], identity: str) -> None:
        """Ask a person for something, or remind him of it."""
        for task in self.of(case.id):
            if task.kind is kind:
                self._made.tasks[task.id] = structs.replace(task, due=due)
                self._made.say(
                    TaskReminded(
                        task=task.id,
                        case=case.id,
                        number=case.number,
                        platform=case.platform or None,
                        kind=kind,
                        title=task.title,
                        due=due,
                    ),
                    self._now,
                )
                return
        task = Task(
            id=identity,
            case=case.id,
            number=case.number,
            platform=case.platform,
            kind=kind,
            opened_at=self._now,
            due=due,
            detail=detail,
            packet=self._packets.of(case, kind),
            attempt=case.data.attempt,
        )
        self._made.tasks[identity] = task
        if kind is TaskKind.SUPPLY_EVIDENCE:
            today = self._packets.today(case.platform)
            for lacking in detail:
                self._made.say(
                    EvidenceMissing(
                        case=case.id,
                        number=case.number,
                        platform=case.platform,
                        kind=lacking,
                        why=why_missing(
                            self._context.documents,
                            lacking,
                            today,
                            case.platform,
                            case.workflow,
                            self._context.agents.get(case.platform, ""),
                            case.number,
                        ),
                        deadline=due,
                    ),
                    self._now,
                )
        self._made.say(
            TaskOpened(
                task=identity,
                case=case.id,
                number=case.number,
                platform=case.platform or None,
                kind=kind,
                title=task.title,
                due=due,
            ),
            self._now,
        )

    def close(self, case: str, kind: TaskKind | None = None) -> None:
        """A case's open tasks, or those of a kind, are no longer needed."""
        for task in self.of(case):
            if kind in (None, task.kind):
                self._made.tasks[task.id] = structs.replace(task, state=TaskState.CLOSED, closed_at=self._now)

    def answered(self, task: Task, outcome: str, note: str, by: str) -> None:
        """A person answered: the task is done or failed, whatever its case makes of the answer."""
        state = TaskState.FAILED if outcome == "failed" else TaskState.DONE
        self._made.tasks[task.id] = structs.replace(
            task, state=state, closed_at=self._now, outcome=outcome, note=note, by=by
        )
        self._made.durable = True
        self._made.say(
            TaskDone(
                task=task.id,
                case=task.case,
                number=task.number,
                platform=task.platform or None,
                kind=task.kind,
                title=task.title,
                result=outcome,
                by=by,
            ),
            self._now,
            by,
        )
