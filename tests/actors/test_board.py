"""The board's running sums against sums made anew from the records, and what little it keeps."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.actors.board import QUIET, Board, Line, key_of
from numtrustd.domain.finding import Finding, FindingKind
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Status, UnknownReason
from numtrustd.domain.record import CaseRef, NumberRecord
from numtrustd.domain.task import Task, TaskKind, TaskState
from numtrustd.domain.verdict import Verdict
from numtrustd.domain.view import Shown, ViewState

PLATFORMS = ("alpha", "beta", "gamma")
NUMBERS = tuple(f"+861380013{n:04}" for n in range(4))

statuses = st.sampled_from([None, Status.MARKED, Status.CLEAN, Status.CERTIFIED])
reasons = st.sampled_from([None, UnknownReason.BLOCKED, UnknownReason.MAINTENANCE])


@st.composite
def places(draw: st.DrawFn) -> NumberRecord:
    record = NumberRecord("", 0.0)
    for platform in draw(st.sets(st.sampled_from(PLATFORMS))):
        status, reason = draw(statuses), draw(reasons)
        at = draw(st.floats(1.0, 100.0))
        view = ViewState(at, Status.UNKNOWN, at, reason) if reason else ViewState(at, status or Status.UNKNOWN)
        record.verdicts[platform] = Verdict(platform, status and Shown(status), views={"s/default": view})
        if draw(st.booleans()):
            record.cases[platform] = CaseRef(f"+86/{platform}/1", "waiting", draw(st.booleans()))
        if status is Status.MARKED and draw(st.booleans()):
            record.findings[platform] = Finding(FindingKind.MISLABEL, Category.FRAUD, "shown")
    return record


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(NUMBERS), st.none() | places()), max_size=30))
def test_sums_are_what_the_present_records_add_up_to(steps: list[tuple[str, NumberRecord | None]]) -> None:
    board = Board()
    present: dict[str, NumberRecord] = {}
    under: dict[str, bool] = {}
    for number, record in steps:
        if record is None:
            board.forget(number)
            present.pop(number, None)
            changes: tuple[tuple[str, bool], ...] = ()
        else:
            changes = board.update(number, record)
            present[number] = record
        for platform in PLATFORMS:
            seen = any((v := r.verdicts.get(platform)) and v.maintenance for r in present.values())
            assert (board.maintenance_since(platform) is not None) == seen
            if record is not None:
                assert ((platform, seen) in changes) == (under.get(platform, False) != seen)
            under[platform] = seen
    for platform in PLATFORMS:
        lines = [line for r in present.values() for p, line in key_of(r) if p == platform]
        assert board.at(platform) == sum(lines, QUIET)
    totals = board.totals()
    everything = sum((board.at(p) for p in PLATFORMS), QUIET)
    assert (totals.labelled, totals.clean, totals.certified) == (
        everything.labelled,
        everything.clean,
        everything.certified,
    )
    assert (totals.open_cases, totals.blind, totals.findings) == (
        everything.open_cases,
        everything.blind,
        everything.findings,
    )
    marked = [r for r in present.values() if any(v.marked for v in r.verdicts.values())]
    assert totals.labelled_numbers == len(marked)
    only = board.totals({"alpha"})
    assert only.labelled == only.labelled_numbers == board.at("alpha").labelled
    assert board.cases() == sorted(c.id for r in present.values() for c in r.cases.values() if c.open)


def test_forgotten_numbers_leave_nothing() -> None:
    board = Board()
    clean = NumberRecord("", 0.0, verdicts={"alpha": Verdict("alpha", Shown(Status.CLEAN))})
    for number in NUMBERS:
        board.update(number, clean)
    assert board.line(NUMBERS[0]) == Line(clean=1)
    for number in NUMBERS:
        board.forget(number)
        board.forget(number)
    assert board.platforms() == {}
    assert board.line(NUMBERS[0]) is QUIET


def test_alike_numbers_share_what_is_kept_of_them() -> None:
    board = Board()
    for number in NUMBERS:
        board.update(number, NumberRecord(number, 0.0, verdicts={"alpha": Verdict("alpha", Shown(Status.CLEAN))}))
    shapes = {id(shape) for shape in board._numbers.values()}
    assert len(shapes) == 1
    big: dict[str, object] = dict.fromkeys(map(str, range(100_000)))
    assert sys.getsizeof(big) / len(big) < 120  # all that one more number costs


def test_tasks_are_given_by_urgency() -> None:
    board = Board()
    tasks = [
        Task(f"+86/alpha/1/{n}.0", "+86/alpha/1", "+86", "alpha", TaskKind.APPROVE, 0.0, due)
        for n, due in enumerate((9.0, 3.0, 6.0))
    ]
    board.note_tasks(tasks)
    assert board.tasks() == [(3.0, tasks[1].id), (6.0, tasks[2].id), (9.0, tasks[0].id)]
    assert board.tasks_of("+86/alpha/1") == [tasks[1].id, tasks[2].id, tasks[0].id]
    assert board.tasks_of("+86/alpha/2") == []
    for task in tasks:
        board.note_tasks([Task(task.id, task.case, "+86", "alpha", task.kind, 0.0, 1.0, state=TaskState.DONE)])
    assert (board.tasks(), board.tasks_open) == ([], 0)


def test_the_rate_of_looks_is_that_of_the_last_minute() -> None:
    board = Board()
    assert board.rate(1_000.0) == 0.0
    for n in range(300):  # ten a second for 30 s
        board.looked(0.0, 1_000.0 + n / 10, known=n % 2 == 0)
    assert board.rate(1_030.0) == pytest.approx(10.0, rel=0.05)
    assert board.rate(1_045.0) == pytest.approx(300 / 45, rel=0.05)
    assert board.rate(2_000.0) < 0.5
    assert (board.looks, board.known_looks, board.last_look_at) == (300, 150, 0.0)
