"""One case on a page of 80 columns: what looks it counts stands in a table of its own, since views have long names."""

from typing import Any

import pytest
from msgspec import structs

from numtrustd.api import rows, status
from numtrustd.ctl import lang, render_case, terminal
from numtrustd.domain.display import width
from tests.ctl.conftest import NOW

VIEWS = ("xiaomi:xiaomi.device/incoming_call", "xiaomi:xiaomi.device/call_log")


@pytest.fixture
def counting(daemon: Any) -> status.CaseView:
    looks = tuple(rows.Fact(name=f"clean looks of {view}", value=f"{n} of 3") for n, view in enumerate(VIEWS))
    last = rows.Fact(name="last counted look not before", value=NOW.isoformat())
    view: status.CaseView = structs.replace(
        daemon.answers["GetCase"], state="verifying", waits_for="person", task=None, data=(*looks, last)
    )
    return view


@pytest.mark.parametrize("language", lang.SPEAKS)
def test_the_looks_that_are_counted_stand_in_a_table(counting: status.CaseView, language: str) -> None:
    lang.use(language, {})
    try:
        page = [line.plain for line in terminal.lines(render_case.case(counting), 80)]
    finally:
        lang.use("en", {})
    assert all(width(line) <= 80 for line in page)
    for n, view in enumerate(VIEWS):
        [line] = [line for line in page if line.startswith(f"{view} ")]
        assert str(n) in line.removeprefix(view)
    facts = page[1 : page.index("")]
    assert max(len(line) - len(line.lstrip()) for line in facts) <= 20, "a narrow column of names"
    assert not any("xiaomi.device" in line for line in facts)


def test_its_last_look_and_who_is_asked_are_said(counting: status.CaseView) -> None:
    doc = render_case.case(counting)
    page = [line.plain for line in terminal.lines(doc, 80)]
    assert any(line.startswith("last counted look not before  ") and "(now)" in line for line in page)
    assert (f"explain {counting.number} {counting.platform}", "why it is so, and what happens next") in doc.hints
    closed = structs.replace(counting, closed_at=NOW)
    assert not any(command.startswith("explain") for command, _ in render_case.case(closed).hints)


def test_what_waits_for_approval_says_how_it_is_given(counting: status.CaseView) -> None:
    waiting = structs.replace(counting, state="waiting")
    task = rows.TaskRow(
        task=f"{counting.case}/2.0",
        kind="approve",
        title="Approve the submission",
        state="open",
        case=counting.case,
        number=counting.number,
        platform=counting.platform,
        platform_name=counting.platform_name,
        opened_at=NOW,
        due=NOW,
        answers=("approved",),
    )
    assert (f"approve {counting.case}", "let it go out") in render_case.case(waiting, [task]).hints
    assert not any(command.startswith("approve") for command, _ in render_case.case(waiting).hints)


@pytest.mark.parametrize("state", ["asking", "uncertain"])
def test_nothing_is_offered_that_does_nothing_there(state: str, counting: status.CaseView) -> None:
    offered = {command.split()[0] for command, _ in render_case.case(structs.replace(counting, state=state)).hints}
    assert not offered & {"hold", "withdraw"}
    offered = {command.split()[0] for command, _ in render_case.case(structs.replace(counting, state="cooling")).hints}
    assert {"hold", "withdraw"} <= offered
