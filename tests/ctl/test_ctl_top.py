"""`numtrustctl top` without a terminal: Textual's own pilot presses the keys, the daemon's answers are canned."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from rich.cells import cell_len
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import OptionList

from numtrustd.api import errors, rows, status
from numtrustd.ctl import top_view
from numtrustd.ctl.cli import main
from numtrustd.ctl.document import Cell, cell
from numtrustd.ctl.session import Session
from numtrustd.ctl.text import escape
from numtrustd.ctl.top import Top, look
from numtrustd.ctl.top_screens import Paper, Platforms, Tasks
from numtrustd.ctl.top_view import Listing, Row, heights, in_a_row, lay_out, picked
from numtrustd.varlink.client import ClientError, Disconnected
from tests.ctl.conftest import CASE, NASTY, NOW, TASK, number_row


def at_the_screen(
    play: Callable[[Top, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 24), every: float = 0.05
) -> None:
    """Run `top` without a terminal."""
    kept = Session().keep(5.0)

    async def whole() -> None:
        top = Top(kept, look(kept, None), every)
        async with top.run_test(size=size) as pilot:
            await pilot.pause()
            try:
                await play(top, pilot)
            finally:
                top.exit()
        assert not top.return_code

    try:
        asyncio.run(whole())
    finally:
        kept.close()


def screen(top: Top) -> str:
    """What is to be seen, line by line."""
    return "\n".join("".join(s.text for s in strip).rstrip() for strip in top.screen._compositor.render_strips())


async def until(pilot: Pilot[None], top: Top, pattern: str) -> str:
    for _ in range(400):
        if re.search(pattern, shown := screen(top), re.MULTILINE):
            return shown
        await pilot.pause(0.02)
    raise AssertionError(f"no {pattern!r} on the screen:\n{screen(top)}")


ONE, OTHER = "+8613800138000", "+8613800138001"


@pytest.fixture
def busy(daemon: Any) -> Any:
    """Two labelled numbers, whose names and platforms are not what they seem."""
    page = daemon.answers["ListNumbers"][1]
    numbers = (
        number_row(ONE, labelled=("so360",), name=NASTY, open_cases=1),
        number_row(OTHER, labelled=("so360", "sogou"), name="[bold]老王[/bold]", parked=True),
    )
    daemon.answers["ListNumbers"] = [structs.replace(page, numbers=numbers)]
    case = daemon.answers["ListCases"][0].cases[0]
    late = structs.replace(case, case=f"{OTHER}/sogou/2", due=NOW - timedelta(hours=2), waits_for="platform")
    never = structs.replace(case, case=f"{ONE}/so360/3", due=None)
    daemon.answers["ListCases"] = [status.CasePage(now=NOW, cases=(case, late, never))]
    return daemon


def test_the_first_screen(busy: Any) -> None:
    async def play(top: Top, pilot: Pilot[None]) -> None:
        lines = screen(top).splitlines()
        assert lines[0] == "numtrustd 0.1.0                                       2026-11-20 18:00:00 ×20000"
        assert lines[1] == "24 numbers watched · labelled 2 · open cases 1 · tasks 1 · looks 31.2/s"
        assert lines[2] == "2 overdue by 2 min 10 s · spent ¥300.50 of ¥1000 · ¥700 planned"
        assert lines[3] == " Labelled numbers (2), most labels first"
        assert lines[5].startswith(f"{OTHER}  so360 sogou  [bold]老王[/bold]")  # no markup
        assert lines[5].endswith("parked")
        assert "\\x1b[31m" in lines[6]
        cases = [line for line in lines if re.match(r"\+\d+/", line)]
        assert [line.split()[0] for line in cases] == [f"{OTHER}/sogou/2", CASE, f"{ONE}/so360/3"]
        assert "overdue by 2 h" in cases[0]
        assert re.search("^sogou.search +down +10 +9 +4 ", screen(top), re.MULTILINE)
        assert max(map(cell_len, lines)) <= 80
        assert not {"\x1b", "\u202e", "\x07"} & set(screen(top))
        for size in ((120, 40), (40, 12), (20, 5), (80, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, top, rf"\A(?=.{{{size[0]}}}\n).*0$")
            assert max(map(cell_len, screen(top).splitlines())) <= size[0]
        assert screen(top).splitlines() == lines

    at_the_screen(play)
    assert status.ListNumbers(labelled=True, limit=200) in busy.asked
    assert status.ListCases(by_deadline=True, limit=200) in busy.asked


def test_every_table_is_sorted_in_its_ways(busy: Any) -> None:
    def first(top: Top, table: str) -> str:
        return "".join(str(top.screen.query_one(f"#{table} OptionList", OptionList).options[0].prompt)).split()[0]

    async def play(top: Top, pilot: Pilot[None]) -> None:
        assert first(top, "labelled") == OTHER
        await pilot.press("s")
        assert first(top, "labelled") == ONE
        await pilot.press("s", "s")
        assert first(top, "labelled") == OTHER
        await pilot.press("tab", "s")
        assert first(top, "cases") == f"{ONE}/so360/3"
        await pilot.press("s")
        assert first(top, "cases") == CASE  # a person's move, and soon
        assert "a person's moves first" in screen(top)

    at_the_screen(play)


def test_the_filter(busy: Any) -> None:
    async def play(top: Top, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"SOGOU 8001")
        shown = await until(pilot, top, "^SOGOU 8001")
        assert ONE not in shown
        assert OTHER in shown
        assert CASE not in shown
        await pilot.press("enter", "down", "enter")
        assert isinstance(top.screen, Paper)
        await pilot.press("escape")
        await pilot.press("slash", *"/so")
        assert "nothing has “SOGOU 8001/so” in it" in screen(top)
        await pilot.press("escape")
        await until(pilot, top, f"^{re.escape(ONE)} ")

    at_the_screen(play)


def test_the_row_that_was_chosen_stays_so(busy: Any) -> None:
    async def play(top: Top, pilot: Pilot[None]) -> None:
        await pilot.press("down")
        panel = top.screen.query_one("#labelled")
        assert panel.key == ("number", ONE)  # type: ignore[attr-defined]
        page = busy.answers["ListNumbers"][0]
        more = (*(number_row(f"+86139000000{n:02}", labelled=("a", "b")) for n in range(30)), *page.numbers)
        busy.answers["ListNumbers"] = [structs.replace(page, numbers=more)]
        await until(pilot, top, r"^ Labelled numbers \(32\)")
        assert panel.key == ("number", ONE)  # type: ignore[attr-defined]
        busy.answers["ListNumbers"] = [structs.replace(page, numbers=())]
        await until(pilot, top, "^no number is labelled")
        assert panel.key is None  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert not isinstance(top.screen, Paper)

    at_the_screen(play)


def test_the_pages(busy: Any) -> None:
    async def play(top: Top, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        shown = await until(pilot, top, "^PLATFORM +VERDICT")
        assert shown.startswith(f"number {OTHER}")
        assert "\\x1b[31m" in shown
        for key, title in (
            ("e", f"why it is so: {OTHER}"), ("1", f"number {OTHER}"), ("h", f"history of {OTHER}"),
            ("1", f"number {OTHER}"), ("3", f"case {CASE}"), ("3", f"task {CASE}/3.0"), ("1", f"case {CASE}"),
            ("2", "platform so360"), ("1", f"case {CASE}"),
        ):  # fmt: skip
            await pilot.press(key)
            await until(pilot, top, f"^{re.escape(title)}")
            await until(pilot, top, "^1 ")
        await pilot.press("h", "9")  # nothing there
        await pilot.press("tab", "end", "enter")
        await until(pilot, top, f"^task {re.escape(CASE)}/3.0")
        deep = len(top.screen_stack)
        for _ in range(deep - 1):
            await pilot.press("backspace")
        await until(pilot, top, "^ Labelled numbers")
        await pilot.press("tab", "tab", "enter")
        await until(pilot, top, "^source sogou.search")
        await until(pilot, top, "^1 platform sogou")
        await pilot.press("escape", "p")
        await until(pilot, top, r"^ Platforms \(4\)")
        assert isinstance(top.screen, Platforms)
        await pilot.press("enter")
        await until(pilot, top, "^platform so360")
        await pilot.press("escape", "escape", "t")
        await until(pilot, top, r"^ Tasks \(\d+\), next deadline first")
        assert isinstance(top.screen, Tasks)
        await pilot.press("enter")
        await until(pilot, top, f"^task {re.escape(TASK)}")
        await pilot.press("escape", "escape", "question_mark")
        await until(pilot, top, "^keys")
        await pilot.press("escape", "z")
        await until(pilot, top, "^ Sources in use")
        assert "Open cases (" not in screen(top)
        await pilot.press("z", "r", "q")

    at_the_screen(play, every=0.3)


def test_a_case_waits_for_whom_the_list_of_cases_says(busy: Any) -> None:
    """In review at the platform, with a task for a person: `cases` says that it is a person's move."""
    world = look(kept := Session().keep(5.0), None)
    kept.close()
    reviewed = structs.replace(busy.answers["ListCases"][0].cases[0], waits_for="platform")
    task = busy.answers["ListTasks"][0].tasks[0]
    order = top_view.orders()["cases"][0]
    for tasks, who in (((task,), "person"), ((), "platform")):
        made = replace(world, cases=(reviewed,), tasks=tasks)
        [row] = top_view.cases(made, order).rows
        assert cell(row.cells[3]).text == who
    assert {task.case} <= {c.case for c in world.cases}, "the screen asks for the tasks"
    assert world.tasks


def test_what_is_refused_is_said_on_its_page(busy: Any) -> None:
    busy.answers["GetNumber"] = errors.UnknownNumber(number=OTHER, why="it is not\x1b[31m watched")
    busy.refuse("GetNumber", busy.answers["GetNumber"])

    async def play(top: Top, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        shown = await until(pilot, top, "it is not")
        assert "\\x1b[31m watched" in shown

    at_the_screen(play)


def test_a_daemon_that_is_not_ready_and_a_network_that_is_down(busy: Any) -> None:
    whole = busy.answers["GetStatus"]

    async def play(top: Top, pilot: Pilot[None]) -> None:
        busy.refuse("GetStatus", errors.NotReady("starting"))
        shown = await until(pilot, top, "^not ready: starting")
        assert "NO ANSWER for" in shown
        assert f"{OTHER}  so360 sogou" in shown
        full = structs.replace(whole.store, nearly_full=True)
        busy.answers["GetStatus"] = structs.replace(
            whole, network_down_since=NOW, store=full, parked=3, stalled=("timers for 2 min",)
        )
        await until(pilot, top, "^nobody can be reached since 18:00")
        shown = await until(pilot, top, "parked 3")  # the head has grown by then
        assert "held up by the daemon itself: timers for 2 min" in shown
        assert "the store is nearly full: nothing new is submitted" in shown
        full = structs.replace(full, trouble="disk_full")
        busy.answers["GetStatus"] = structs.replace(whole, store=full)
        await until(pilot, top, "^the disk is full and nothing is stored: make room on it")
        busy.answers["GetStatus"] = structs.replace(whole, parked=3)
        shown = await until(pilot, top, "parked 3")
        assert "parked 3" in shown
        assert "NO ANSWER" not in shown

    at_the_screen(play)


def test_a_connection_is_kept_and_made_anew(busy: Any) -> None:
    kept = Session().keep(5.0)
    kept.ask(status.GetStatus())
    first = kept._connection
    kept.ask(status.ListSources())
    assert kept._connection is first
    assert first is not None
    first.abort()  # as a daemon that was started anew does
    assert kept.ask(status.GetStatus()).pid == 4711
    assert kept._connection is not first
    kept.end()
    with pytest.raises(Disconnected):
        kept.ask(status.GetStatus())
    kept.close()


@pytest.mark.parametrize("arguments", [["top"], ["top", "--json"], ["top", "--every", "soon"]])
def test_it_is_a_screen_for_people(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 64
    said = capsys.readouterr().err
    assert "top needs a terminal" in said or "top is a screen for people" in said or "no length of time" in said


def test_nobody_there_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMTRUSTD_SOCKET_DIR", str(tmp_path))
    with pytest.raises(ClientError):
        look(Session().keep(1.0), None)


# ----------------------------------------------------------------------------------------------------------- lines

texts = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=25)


@given(st.lists(st.lists(texts, min_size=4, max_size=4), max_size=6), st.integers(20, 130))
def test_a_row_is_one_harmless_line_that_fits(cells: list[list[str]], columns: int) -> None:
    table = Listing("t", ("A", "号码", "C", ""), tuple(Row(("number", row[0]), tuple(row)) for row in cells), "none")
    names, lines = lay_out(table, columns)
    for line in (names, *lines):
        assert cell_len(line.plain) <= columns
        assert escape(line.plain) == line.plain
    assert len(lines) == len(cells)


@given(st.lists(st.integers(2, 40), min_size=3, max_size=3), st.integers(-5, 60), st.integers(0, 2))
def test_all_lines_are_shared_out(needs: list[int], room: int, chosen: int) -> None:
    given = heights(needs, room, chosen)
    if room < 9:
        assert given[chosen] == max(room, 1)
        assert sum(given) == given[chosen]
    else:
        assert sum(given) == room
        assert min(given) >= 3
        if sum(max(need, 3) for need in needs) <= room:
            assert all(lines >= need for lines, need in zip(given, needs, strict=True))


def test_pieces_stand_in_a_row() -> None:
    pieces = [Text(word) for word in ("numbers", "四个号码", "x", "much-too-long-for-this")]
    assert [line.plain for line in in_a_row(pieces, Text(" · "), 18)] == [
        "numbers · 四个号码",
        "x",
        "much-too-long-for…",
    ]


def test_pieces_keep_their_own_colours() -> None:
    [line] = in_a_row([Text("a", style="bold"), Text("b", style="red"), Text("c")], Text("·", style="dim"), 80)
    assert not line.style
    assert [(line.plain[s.start : s.end], s.style) for s in line.spans] == [
        ("a", "bold"), ("·", "dim"), ("b", "red"), ("·", "dim"),
    ]  # fmt: skip


def test_rows_are_picked_by_words() -> None:
    rows_ = (Row(("case", "a/Sogou/1"), ("x", Cell("held"), None)), Row(("case", "b/so360/1"), ("y", 3, "due")))
    table = Listing("t", ("A", "B", "C"), rows_, "none")
    assert picked(table, "  ") is table
    assert [row.key[1] for row in picked(table, "SOGOU held").rows] == ["a/Sogou/1"]
    assert [row.key[1] for row in picked(table, "due").rows] == ["b/so360/1"]
    assert picked(table, "sogou due").rows == ()


def test_sources_in_trouble_come_first_and_those_that_are_off_not_at_all(busy: Any) -> None:
    world = look(kept := Session().keep(5.0), None)
    kept.close()
    states = ("ok", "off", "limited", "unheard-of", "failing", "quarantined")
    each = tuple(structs.replace(world.sources[0], source=state, state=state) for state in states)
    order = top_view.orders()["sources"][0]
    shown = top_view.sources(top_view.World(world.status, (), (), each, world.ledger, NOW), order)
    assert {row.key[1] for row in shown.rows[:2]} == {"unheard-of", "quarantined"}
    assert [row.key[1] for row in shown.rows[2:]] == ["failing", "limited", "ok"]


def test_platforms_with_labels_come_first(busy: Any) -> None:
    kept = Session().keep(5.0)
    known: tuple[rows.PlatformRow, ...] = kept.ask(status.ListPlatforms()).platforms
    kept.close()
    assert [row.key[1] for row in top_view.platforms(known).rows] == ["so360", "telnyx", "baidu", "sogou"]


def test_how_many_are_shown_of_how_many_there_are(busy: Any) -> None:
    """So that nobody takes the first of them for all, also when he looks for one of the others."""
    whole = busy.answers["GetStatus"]
    busy.answers["GetStatus"] = structs.replace(whole, numbers_labelled=1234, open_cases=3)

    async def play(top: Top, pilot: Pilot[None]) -> None:
        shown = await until(pilot, top, r"^ Labelled numbers \(2 of 1234 shown\)")
        assert " Open cases (3), " in shown
        listing = top_view.labelled(top.world, top_view.orders()["labelled"][0])
        assert picked(listing, "nowhere").empty == "nothing of what is shown has “nowhere” in it"

    at_the_screen(play)
