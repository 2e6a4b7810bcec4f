"""The tasks as a list: the open ones by urgency, then the others by their ids; of a number, platform or kind only."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator

from numtrustd.actors.control import arguments, views
from numtrustd.actors.control.list_places import BREATH, start_of
from numtrustd.actors.control.views import Sight
from numtrustd.actors.control.views_case import task_row
from numtrustd.api import status
from numtrustd.api.errors import InvalidArgument
from numtrustd.api.rows import TaskRow
from numtrustd.domain.observation import Instant
from numtrustd.domain.task import Task
from numtrustd.store import records
from numtrustd.varlink.interface import CallError


def task_rows(sight: Sight, params: status.ListTasks) -> Iterator[tuple[str, TaskRow] | None]:
    """(cursor, row) of the open tasks by urgency, and then, where they are wanted, of the others by id; `None` is a
    place to let others go first. Raises `CallError`.
    """
    store, wanted = sight.house.store, _wanted(sight, params)
    urgent = views.open_tasks(sight)
    due, after = _read_cursor(params.after)
    for n, (at, identity) in enumerate(urgent[0 if after is None else bisect_right(urgent, (due, after)) :], 1):
        if n % BREATH == 0:
            yield None
        task = records.get_task(store, identity)
        if task is not None and wanted(task):
            yield _cursor(at, identity), task_row(sight, task)
    if params.open_only:
        return
    shown = {identity for _, identity in urgent}
    last = start_of(after) if due == math.inf else None
    for n, task in enumerate(records.all_tasks(store, "", last), 1):
        if n % BREATH == 0:
            yield None
        if task.id not in shown and wanted(task):
            yield _cursor(math.inf, task.id), task_row(sight, task)


def _wanted(sight: Sight, params: status.ListTasks) -> Callable[[Task], bool]:
    """Whether a task is one of those that were asked for."""
    number = None if params.number is None else arguments.recorded(sight, params.number)
    platform = arguments.platform_or_none(sight, params.platform)
    kind = None if params.kind is None else arguments.task_kind(params.kind)

    def wanted(task: Task) -> bool:
        of_number = number is None or number == task.number or number in task.numbers
        return of_number and platform in (None, task.platform) and kind in (None, task.kind)

    return wanted


def _cursor(due: Instant, task: str) -> str:
    return f"{due!r} {task}"


def _read_cursor(text: str | None) -> tuple[Instant, str | None]:
    """(due, id) of the last task of the page before; an infinite due stands for all that are not open."""
    if text is None:
        return 0.0, None
    due, _, task = text.partition(" ")
    try:
        return float(due), task
    except ValueError:
        raise CallError(InvalidArgument("after", "it is not the `next` of a page of tasks")) from None
