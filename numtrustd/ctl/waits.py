"""What cases wait for, where that is something that a person has to do: the task, by its id and its name.

A case names its own task alone. An emergency, and a case that stands still for one, wait for people without it: whoever
reads "daemon" there would wait as well.
"""

import re
from collections.abc import Iterable

from numtrustd.api.rows import CaseRow, TaskRow
from numtrustd.ctl import names
from numtrustd.ctl.document import Cell, Tone
from numtrustd.ctl.lang import tr, trn, word
from numtrustd.domain.leaving import PLACE
from numtrustd.domain.task import ERRANDS, TITLES, TaskKind

_TONES = {"person": Tone.WARN}

INCIDENT = "incident"
"""Stands in the id of an emergency in the platform's place."""


class Waits:
    """What cases wait for, where that is something that a person has to do: its task, by id and name. `tasks` are the
    open ones.
    """

    def __init__(self, tasks: Iterable[TaskRow]) -> None:
        self._of_case: dict[str, list[TaskRow]] = {}
        self._of_number: dict[str, list[TaskRow]] = {}
        for task in tasks:
            if task.state == "open" and task.case:
                self._of_case.setdefault(task.case, []).append(task)
                self._of_number.setdefault(task.number, []).append(task)

    def tasks(self, case: str, number: str, platform: str, waits_for: str) -> list[TaskRow]:
        """The tasks of a case. One of no platform (an emergency, a cancellation) waits for those of all cases of its
        number, and a case that waits for no one else for those of its emergency.
        """
        own = self._of_case.get(case, [])
        if own:
            return own
        others = self._of_number.get(number, [])
        if not platform or is_incident(case):
            return others
        return [task for task in others if is_incident(task.case)] if waits_for == "daemon" else []

    def of(self, r: CaseRow) -> tuple[Cell, Cell | None]:
        """Who has to do something, and of people the most urgent task."""
        if r.rests:
            return Cell(word(r.waits_for), Tone.WARN), Cell(tr("rests: put its number back, then reload"), Tone.WARN)
        tasks = [] if r.closed_at is not None else self.tasks(r.case, r.number, r.platform, r.waits_for)
        if not tasks:
            return Cell(word(r.waits_for), _TONES.get(r.waits_for, Tone.PLAIN)), None
        first = min(tasks, key=lambda task: task.due)
        return Cell(word("person"), Tone.WARN), Cell(task_said(first, len(tasks) - 1), Tone.WARN)


def is_incident(case: str) -> bool:
    """Whether a case is an emergency."""
    return case.split("/")[1:2] == [INCIDENT]


def task_said(task: TaskRow, more: int = 0) -> str:
    """A task by its id and what is to be done, and how many others there are."""
    said = tr("{title}: {task}").format(title=tr(task.title), task=task.task)
    return said + trn("; and {n} more task", "; and {n} more tasks", more) if more else said


_PART = re.compile(r"(?:case )?(?P<case>(?P<number>[^/\s]+)/(?P<platform>[^/\s]+)/\d+) is (?P<state>[\w ]+)")
_ERRAND = re.compile(r"(?P<kind>\w+) is to be done")


def part_said(part: str) -> str:
    """What a cancellation still waits for, as the daemon names it by the id of a case or the kind of a task: what is
    asked for where, and how far that is.
    """
    found = _PART.fullmatch(part)
    if found and found["platform"] == PLACE:
        return tr("{kind} of {number}: {state} (case {case})").format(
            kind=word("cancellation"), number=found["number"], state=word(found["state"]), case=found["case"]
        )
    if found:
        return tr("{kind} of {number} at {platform}: {state} (case {case})").format(
            kind=word("removal"),
            number=found["number"],
            platform=names.both(found["platform"], found["platform"]),
            state=word(found["state"]),
            case=found["case"],
        )
    if (found := _ERRAND.fullmatch(part)) and found["kind"] in ERRANDS:
        return tr("{title}: is to be done").format(title=tr(TITLES[TaskKind(found["kind"])]))
    return part
