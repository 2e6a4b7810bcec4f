"""Bugs planted where a scenario shows them: each must change what is said, or the scenario could not find it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from numtrustd.actors import policy
from numtrustd.domain import calendar
from numtrustd.domain.workflow import To
from numtrustd.domain.workflows import cancellation
from numtrustd.domain.workflows import leaving as c
from numtrustd.domain.workflows import request as a
from tests.scenarios.play import SCENES, play, read

Planted = Callable[[], AbstractContextManager[Any]]


def _plain_days(instant: float, days: int, country: str = "CN") -> float:
    """Every day counts, weekends and holidays too."""
    local = calendar.local_date(instant, country) + timedelta(days=days)
    return calendar.end_of_day(local, country) - 6 * 3_600


def plain_days() -> AbstractContextManager[Any]:
    """A review's deadline is counted in plain days."""
    return mock.patch.object(calendar, "add_working_days", _plain_days)


def forbidden_word_sent() -> AbstractContextManager[Any]:
    """A tag with a forbidden word goes out like any other."""
    return mock.patch.object(policy, "_forbidden", return_value=())


def early_release() -> AbstractContextManager[Any]:
    """A number is given up whoever still shows something of it."""
    rows = cancellation.ROWS
    row = rows[cancellation.C.CANCELLING]
    given_up = To(cancellation.C.RELEASED, (a.close_tasks, c.say_released), update=c.note_given_up)
    free = replace(row, on={**row.on, c.GivenUp: given_up}, ignore=row.ignore - {c.GivenUp})
    return mock.patch.dict(rows, {cancellation.C.CANCELLING: free})


@dataclass(frozen=True)
class Shows:
    """How a bug shows itself: by a line that is said and was not to be, or by an order that was to be refused."""

    line: str = ""
    order: str = ""


PLANTED: list[tuple[Planted, str, Shows]] = [
    (plain_days, "golden_week", Shows(line="task.opened: shield | kind=report_answer | due=2026-09-30 18:00")),
    (forbidden_word_sent, "forbidden_tag", Shows(line="2026-06-09 Tue 20:01 task.done: carrier | kind=submit_tag")),
    (
        early_release,
        "number_retired",
        Shows(order="Release at 2026-03-05 10:00:00 was not refused: it is not safe to release"),
    ),
]


def _what_failed(group: BaseExceptionGroup[AssertionError]) -> list[str]:
    said: list[str] = []
    for error in group.exceptions:
        said += _what_failed(error) if isinstance(error, BaseExceptionGroup) else [str(error)]
    return said


@pytest.mark.parametrize(("planted", "scene", "shows"), PLANTED, ids=[bug.__name__ for bug, _, _ in PLANTED])
def test_a_planted_bug_is_found_by_its_scenario(planted: Planted, scene: str, shows: Shows) -> None:
    scenario = read(SCENES / f"{scene}.toml")
    wanted = scenario.expected.log.splitlines()
    said: list[str] = []
    failed: list[str] = []
    with planted():
        try:
            said = play(scenario)
        except* AssertionError as group:  # an order of the scenario was not refused
            failed = _what_failed(group)
    if shows.order:
        assert failed == [shows.order]
        return
    assert failed == []
    assert not [line for line in wanted if shows.line in line], "what the bug says is not what is right"
    assert [line for line in said if shows.line in line]
