"""Bugs planted where a scenario shows them: each must change what is said, or the scenario could not find it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
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


PLANTED: list[tuple[Planted, str]] = [
    (plain_days, "golden_week"),
    (forbidden_word_sent, "forbidden_tag"),
    (early_release, "number_retired"),
]


@pytest.mark.parametrize(("planted", "scene"), PLANTED, ids=[bug.__name__ for bug, _ in PLANTED])
def test_a_planted_bug_is_found_by_its_scenario(planted: Planted, scene: str) -> None:
    scenario = read(SCENES / f"{scene}.toml")
    with planted():
        try:
            said = play(scenario)
        except* AssertionError:  # an order of the scenario was not refused
            said = []
    assert said != scenario.expected.log.splitlines()
