"""Tables in as many columns as a terminal has: no line is wider, no word is broken that fits, nothing is lost."""

import io
import re
import sys
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from numtrustd.api import rows
from numtrustd.ctl import lang, render, terminal
from numtrustd.ctl.cli import main
from numtrustd.ctl.document import Cell, Column, Document, Table
from numtrustd.ctl.fit import GAP, GLUE, fit, glued, longest_word, one_line
from numtrustd.ctl.text import escape
from tests.ctl.conftest import CASE, NOW, NUMBER

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


def pieces(text: str) -> set[str]:
    """The words, without the brackets of an age, which stands alone where room is scarce; without what says which
    columns had no room."""
    said = re.sub(r"^no room for [^:]*:[^:]*all$", "", text, flags=re.MULTILINE)
    return {word.strip("()") for word in re.findall(r"[^\s─]+", said)}


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_list_fits_and_breaks_no_word(daemon: Any, monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    unbroken = plain(shown(monkeypatch, verb, 1000))
    whole = pieces(unbroken)
    for columns in WIDTHS:
        text = plain(shown(monkeypatch, verb, columns))
        body, _, _ = text.partition("\n\n  numtrustctl ")
        assert max(map(cell_len, body.splitlines())) <= columns
        table, _, _ = body.partition("timeline\n")  # which is another drawing at each width
        assert not {w for w in pieces(table) if w.isascii()} - whole - {"late"}  # short for "overdue by"
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


# ---------------------------------------------------------------------------------------------- lists of one line a row


@st.composite
def lists(draw: st.DrawFn) -> tuple[tuple[Column, ...], list[list[Cell]]]:
    """A list that begins with an id, and may end in prose."""
    many = draw(st.integers(0, 6))
    between = [
        Column(draw(words), drop=draw(st.integers(1, 5)), cut=draw(st.sampled_from([0, 0, 6]))) for _ in range(many)
    ]
    prose = [Column("WHY", prose=True, cut=draw(st.sampled_from([0, 40])))] if draw(st.booleans()) else []
    columns = (Column("ID"), *between, *prose)
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        row = [Cell("i" * draw(st.integers(1, 18)))]
        for _ in between:
            text = draw(cells)
            row.append(Cell(text, short=text[: draw(st.integers(0, 8))] if draw(st.booleans()) else None))
        rows.append(row + [Cell(" ".join(draw(st.lists(words, max_size=20)))) for _ in prose])
    return columns, rows


@given(lists(), st.integers(20, 120))
def test_a_list_has_one_line_a_row_its_prose_apart(
    made: tuple[tuple[Column, ...], list[list[Cell]]], columns: int
) -> None:
    names, rows = made
    doc = Document()
    doc.table(names, rows)
    lines = [line.plain for line in terminal.lines(doc, columns)]
    assert max(map(cell_len, lines)) <= columns
    assert all(any(line.split(" ")[0] == row[0].text for line in lines) for row in rows), "an id is always whole"
    if not any(column.prose for column in names):
        said = [line for line in lines if not line.startswith("no room for")]
        assert len([line for line in said if line.startswith("i")]) == len(rows)
    plan = one_line(*[list(part) for part in (names, rows)], columns)  # type: ignore[arg-type]  # both lists, each of its
    assert plan is not None, "of these, only the id has to stay"
    assert not {i for i in plan.dropped if not names[i].drop}


def test_the_greatest_drop_goes_first_and_is_named() -> None:
    doc = Document()
    at = Cell("11-20 18:00 (2 h 10 min ago)", short="2 h ago")
    doc.table(
        ("ID", Column("GROUP", drop=2), Column("OPENED", drop=1), Column("WHY", prose=True)),
        [("+8613800138000/so360/1", "sales", at, "one two three four five six")],
    )
    assert [line.plain for line in terminal.lines(doc, 56)] == [
        "ID                      OPENED   WHY",
        "────────────────────────────────────────────────────────",
        "+8613800138000/so360/1  2 h ago  one two three four five",
        "                                 six",
        "no room for GROUP: --wide shows all",
    ]
    assert [line.plain for line in terminal.lines(doc, 56, wide=True)] == [
        "ID                      GROUP  OPENED                        WHY",
        "─" * 88,
        "+8613800138000/so360/1  sales  11-20 18:00 (2 h 10 min ago)  one two three four five six",
    ]


@pytest.mark.parametrize("verb", [["tasks"], ["cases", "--open"], ["numbers"], ["history", NUMBER]], ids=" ".join)
def test_rows_of_the_lists_are_single_lines_at_80_columns(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    """But for the words of the last column, which may go on below."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    body, _, _ = plain(shown(monkeypatch, verb, 80)).partition("\n\n")
    rows = body.splitlines()[body.splitlines().index(next(r for r in body.splitlines() if r.startswith("──"))) + 1 :]
    begun = [row for row in rows if not row.startswith(" ") and not row.startswith("no room")]
    more = {"tasks": 1, "cases": 1, "numbers": 3, "history": 2}[verb[0]]
    assert len(begun) == more, body
    monkeypatch.setenv("NO_COLOR", "1")
    wide = plain(shown(monkeypatch, [*verb, "--wide"], 80))
    assert "no room for" not in wide


def test_whose_move_it_is_stays_together() -> None:
    assert glued("goes on [by itself] (in 6 d)") == f"goes on [by{GLUE}itself] (in{GLUE}6{GLUE}d)"


_OVER, _REVIEW = (
    "asks once more, then a person has to decide",
    "asks for the answer, or chases a review that is overdue",
)
_CASES = (
    ("+14155552671/incident/1", "resolving", "platform", "a person has to decide", 4),
    ("+14155552671/telnyx/1", "in_review", "platform", _REVIEW, 4),
    ("+8613900010007/incident/1", "resolving", "platform", "a person has to decide", 20),
    ("+8613900010007/teddy/1", "propagating", "platform", "starts counting clean looks", 100),
    ("+8613900020014/sogou/1", "propagating", "platform", "starts counting clean looks", 46),
    ("+8613900030021/dianhuabang/1", "overdue", "person", _OVER, 9),
    ("+8613900030021/incident/1", "resolving", "platform", "a person has to decide", 9),
    ("+8613900040028/baidu/1", "overdue", "person", _OVER, 18),
    ("+8613900040028/incident/1", "resolving", "platform", "a person has to decide", 18),
    ("+8613900050035/tencent/1", "in_review", "platform", _REVIEW, 143),
)
"""(case, state, who it waits for, what follows, hours until it is due), as they stood on the fifth day of a demo."""

_TASKS = (
    ("+8613900040028/baidu/1/5.1", "Chase the overdue review", 18),
    ("+8613900050035/tencent/1/3.1", "Report the platform's answer", 143),
)


def columns_of_cases(language: str, columns: int) -> set[int]:
    """The columns of ten cases that are shown, by their places."""
    lang.use(language, {})
    cases = [
        rows.CaseRow(
            case=case, kind="incident" if "incident" in case else "appeal", number=case.partition("/")[0],
            platform=case.split("/")[1].replace("incident", ""), state=state, meaning="", waits_for=waits, attempt=2,
            opened_at=NOW - timedelta(days=3), moved_at=NOW, then=then, due=NOW + timedelta(hours=due),
        )
        for case, state, waits, then, due in _CASES
    ]  # fmt: skip
    tasks = [
        rows.TaskRow(
            task=task, kind="", title=title, state="open", case=task.rpartition("/")[0],
            number=task.partition("/")[0], platform="", platform_name="", opened_at=NOW,
            due=NOW + timedelta(hours=due), answers=(),
        )
        for task, title, due in _TASKS
    ]  # fmt: skip
    doc = Document()
    render.case_table(doc, [(case, NOW) for case in cases], "", tasks)
    [table] = [block for block in doc.blocks if isinstance(block, Table)]
    plan = one_line(*table.used(), columns)
    assert plan is not None
    return {i for i, _ in plan.beside} | ({plan.below} - {None})


@pytest.mark.parametrize("columns", [100, 110, 120, 130, 140, 160, 200])
def test_ten_cases_show_in_chinese_what_they_show_in_english(columns: int) -> None:
    english = columns_of_cases("en", columns)
    chinese = columns_of_cases("zh", columns)
    lang.use("en", {})
    assert english <= chinese


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        ("报告平台的答复：+8613900050035/tencent/1/3.1", 28),
        ("看 SIM 卡", 3),
        ("示例物流有限公司的号码", 12),
        ("外呼", 4),
    ],
)
def test_a_line_may_end_between_chinese_and_an_id(text: str, longest: int) -> None:
    assert longest_word(text) == longest
