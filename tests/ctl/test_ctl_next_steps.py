"""Lists and answers end with what can be typed next, with the ids that they show."""

from typing import Any

import pytest
from msgspec import structs
from rich.cells import cell_len

from numtrustd.api import control, rows, silence, status
from numtrustd.ctl import calls, plain, render, render_detail, render_world, terminal
from numtrustd.ctl import silence as silences
from numtrustd.ctl.document import Document
from tests.ctl.conftest import CASE, NOW, TASK


def typed(document: Document) -> list[str]:
    return [command for command, _ in document.hints]


def test_a_list_names_one_of_its_rows(daemon: Any) -> None:
    pages: list[status.NumberPage] = daemon.answers["ListNumbers"]
    labelled = next(r.number for page in pages for r in page.numbers if r.labelled)
    assert typed(render.numbers(pages)) == [f"explain {labelled}"]
    clean = [structs.replace(p, numbers=tuple(structs.replace(r, labelled=()) for r in p.numbers)) for p in pages]
    assert typed(render.numbers(clean)) == [f"number {pages[0].numbers[0].number}"]
    assert typed(render.numbers([structs.replace(pages[0], numbers=())])) == []
    cases: list[status.CasePage] = daemon.answers["ListCases"]
    assert typed(render.cases(cases)) == [f"case {cases[0].cases[0].case}"]
    assert typed(render.cases([structs.replace(cases[0], cases=())])) == []
    incidents = daemon.answers["ListIncidents"]
    assert typed(render_world.incidents(incidents)) == [f"case {incidents[0].incidents[0].incident}"]


def test_a_list_of_numbers_says_what_is_wrong_and_the_worst_first_where_room_is_scarce(daemon: Any) -> None:
    row = structs.replace(
        daemon.answers["ListNumbers"][0].numbers[0],
        number="+8613900010001",
        name="示例科技客服热线",
        findings=("mislabel", "display_missing"),
        labelled=("huawei", "sogou"),
        open_cases=2,
        last_look=NOW,
    )
    doc = render.numbers([structs.replace(daemon.answers["ListNumbers"][0], numbers=(row,))])
    assert "mislabel, display_missing" in "\n".join(plain.lines(doc))
    narrow = [line.plain for line in terminal.lines(doc, 80)]
    assert "FINDING" in narrow[0]
    assert "mislabel +1" in "\n".join(narrow)
    assert max(map(cell_len, narrow)) <= 80


def test_what_nobody_told_yet_says_how_it_is_told(daemon: Any) -> None:
    assert typed(silences.shown(silence.SilenceList(now=NOW, silences=()))) == [
        "silence add TARGET --for 2h --reason WORDS"
    ]
    held: silence.SilenceList = daemon.answers["ListSilences"]
    assert typed(silences.shown(held)) == [f"silence remove {held.silences[0].silence}"]
    assert typed(calls.shown(structs.replace(daemon.answers["GetCalls"], days=()))) == ["calls add FILE"]


def test_a_maintenance_without_an_end_says_how_it_is_ended(daemon: Any) -> None:
    started: control.MaintenanceChange = daemon.answers["MaintenanceStart"]
    assert typed(render_world.maintenance(started)) == [], "it ends by itself"
    assert typed(render_world.maintenance(structs.replace(started, until=None))) == ["maintenance end so360"]
    assert typed(render_world.maintenance(daemon.answers["MaintenanceEnd"])) == []


@pytest.mark.parametrize(
    ("outcome", "new", "said"), [("submitted", "in_review", True), ("submitted", "cleared", False), ("x", "y", False)]
)
def test_what_was_handed_in_says_how_its_receipt_is_corrected(daemon: Any, outcome: str, new: str, said: bool) -> None:
    change = structs.replace(daemon.answers["TaskDone"], task=TASK, case=CASE, outcome=outcome, new=new)
    assert typed(render.task_change(change)) == ([f"task done {TASK} --receipt NUMBER"] if said else [])


def test_a_rejection_names_the_papers_that_the_next_attempt_lacks(daemon: Any) -> None:
    paper = rows.Paper(kind="recordings", title="通话录音", held=False, why="none is on file")
    change = structs.replace(daemon.answers["TaskDone"], outcome="rejected", new="cooling", lacking=(paper,))
    assert "  missing for the next attempt: 通话录音 (recordings): none is on file" in plain.lines(
        render.task_change(change)
    )
    assert typed(render.task_change(change)) == [f"evidence add recordings FILE --number {change.number}"]


@pytest.mark.parametrize(("looks", "offered"), [("daemon", True), (None, True), ("people", False), ("nobody", False)])
def test_a_look_is_offered_where_the_daemon_can_make_one(daemon: Any, looks: str | None, offered: bool) -> None:
    view = structs.replace(daemon.answers["GetNumber"], looks_by=looks)
    assert (f"look {view.number}" in typed(render_detail.number(view))) is offered
