"""Tables in as many columns as a terminal has: no line is wider, no word is broken that fits, nothing is lost."""

import io
import re
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from numtrustd.ctl import terminal
from numtrustd.ctl.cli import main
from numtrustd.ctl.document import Document
from numtrustd.ctl.fit import GAP, fit, longest_word
from numtrustd.ctl.text import escape
from tests.ctl.conftest import CASE, NUMBER

WIDTHS = (80, 100, 120)
words = st.text(alphabet="abcdef()0123:", min_size=1, max_size=18) | st.text(alphabet="号码外呼示例物流", max_size=6)
cells = st.lists(words, max_size=6).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    many = draw(st.integers(1, 9))
    names = draw(st.lists(words.filter(bool), min_size=many, max_size=many))
    return names, draw(st.lists(st.lists(cells, min_size=many, max_size=many), min_size=1, max_size=5))


@given(tables(), st.integers(20, 140))
def test_a_plan_has_room_for_every_word_and_loses_no_column(
    table: tuple[list[str], list[list[str]]], columns: int
) -> None:
    names, rows = table
    plan = fit(names, rows, columns)
    assert sorted([i for i, _ in plan.beside] + list(plan.below)) == list(range(len(names)))
    assert plan.beside[0][0] == 0
    assert sum(wide for _, wide in plan.beside) + GAP * (len(plan.beside) - 1) <= columns
    for i, wide in plan.beside:
        longest = max(longest_word(text) for text in (names[i], *(row[i] for row in rows)))
        assert wide >= min(longest, columns)


@given(tables(), st.integers(20, 140))
def test_a_table_says_everything_within_the_terminal(table: tuple[list[str], list[list[str]]], columns: int) -> None:
    names, rows = table
    doc = Document()
    doc.table(names, rows)
    lines = [line.plain for line in terminal.lines(doc, columns)]
    assert max(map(cell_len, lines), default=0) <= columns
    # Characters, since a Chinese word may be broken anywhere.
    said = [c for row in rows for cell in row for c in cell if not c.isspace()]
    rest = [c for line in lines for c in line]
    for c in said:
        rest.remove(c)


def test_what_fits_is_left_as_it_is() -> None:
    doc = Document()
    doc.table(("NUMBER", "NAME", "GONE"), [("+8613800138000", "老王", None), ("95588", "上海客服中心", None)])
    assert [line.plain for line in terminal.lines(doc, 80)] == [
        "NUMBER          NAME",
        "────────────────────────────",
        "+8613800138000  老王",
        "95588           上海客服中心",
    ]


def test_the_widest_columns_are_told_below_their_row() -> None:
    doc = Document()
    why = "it is off until somebody has read the terms and has agreed to them"
    doc.table(("SOURCE", "STATE", "PLATFORMS", "WHY"), [("so360.onebox", "off", "so360", why), ("b", "ok", None, "")])
    assert [line.plain for line in terminal.lines(doc, 40)] == [
        "SOURCE        STATE  PLATFORMS",
        "────────────────────────────────────────",
        "so360.onebox  off    so360",
        "    WHY it is off until somebody has",
        "    read the terms and has agreed to",
        "    them",
        "b             ok",
    ]


def test_what_stands_below_is_not_in_the_colour_of_its_name() -> None:
    doc = Document()
    doc.table(("A", "WHY"), [("x", "one two three four five six seven eight nine ten"), ("y", "")])
    [below] = [line for line in terminal.lines(doc, 24) if "WHY " in line.plain]
    dim = [below.plain[span.start : span.end] for span in below.spans if span.style == "dim"]
    assert dim == ["WHY "]
    assert not below.style


def test_a_date_and_an_age_are_not_broken() -> None:
    doc = Document()
    doc.table(("A", "WHEN"), [("x" * 20, "11-23 18:00 (20 d ago)")])
    assert [line.plain for line in terminal.lines(doc, 36)][2:] == [
        "xxxxxxxxxxxxxxxxxxxx  11-23 18:00",
        "                      (20 d ago)",
    ]
    doc = Document()
    doc.table(("A", "WHEN"), [("x" * 20, "11-23 18:00 (2 h 30 min ago)")])
    assert [line.plain for line in terminal.lines(doc, 40)][2:] == [
        "xxxxxxxxxxxxxxxxxxxx",
        "    WHEN 11-23 18:00 (2 h 30 min ago)",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


COMMAND = re.compile(r"^  (numtrustctl \S+(?: \S+)*)", re.M)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


VERBS = (
    ["numbers"],
    ["number", NUMBER],
    ["platforms"],
    ["platform", "xiaomi"],
    ["sources"],
    ["cases"],
    ["case", CASE],
    ["incidents", "--all"],
    ["tasks"],
    ["history", NUMBER],
    ["explain", NUMBER],
    ["evidence", "list"],
    ["ledger"],
    ["look", NUMBER],
    ["status"],
)


def shown(monkeypatch: pytest.MonkeyPatch, verb: list[str], columns: int) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal.console.cache_clear()
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    assert main(verb) == 0
    return out.getvalue()


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_list_fits_and_breaks_no_word(daemon: Any, monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    unbroken = plain(shown(monkeypatch, verb, 1000))
    whole = set(re.findall(r"[^\s─]+", unbroken))
    for columns in WIDTHS:
        text = plain(shown(monkeypatch, verb, columns))
        body, _, _ = text.partition("\n\n  numtrustctl ")
        assert max(map(cell_len, body.splitlines())) <= columns
        table, _, _ = body.partition("timeline\n")  # which is another drawing at each width
        assert not {w for w in re.findall(r"[^\s─]+", table) if w.isascii()} - whole
        # Commands are to be copied: they are never broken.
        assert COMMAND.findall(text) == COMMAND.findall(unbroken)


@pytest.mark.parametrize(("term", "no_colour"), [("xterm-256color", True), ("dumb", False), ("xterm-256color", False)])
def test_colour_only_where_it_is_wanted(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, term: str, no_colour: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(monkeypatch, ["number", NUMBER], 80)
    coloured = re.search(r"\x1b\[[\d;]*3[1-3]m", text)
    assert bool(coloured) == (term != "dumb" and not no_colour)
    assert "·MM" in plain(text)  # the letters say it, too


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=60), st.integers(20, 60))
def test_nothing_hostile_gets_into_a_wrapped_line(text: str, columns: int) -> None:
    doc = Document()
    doc.line(text)
    doc.facts((text[:5], text))
    doc.table(("A", "B"), [(text, text[::-1])])
    for line in terminal.lines(doc, columns):
        assert not {unicodedata.category(c) for c in line.plain} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        assert escape(line.plain) == line.plain


def test_a_hint_that_does_not_fit_keeps_its_command_whole() -> None:
    doc = Document()
    doc.line("x")
    doc.hint("task show +14155552671/incident/1/37.1", "the packet of the task")
    out = io.StringIO()
    terminal.write(doc, Console(file=out, width=60))
    assert out.getvalue() == (
        "x\n\n  numtrustctl task show +14155552671/incident/1/37.1\n      the packet of the task\n"
    )
