"""What `numtrustctl report` says: golden files, months of which something is missing, hostile words.

The page in a browser is `test_report_page`.
"""

import gettext
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec import structs
from selectolax.lexbor import LexborHTMLParser

from numtrustd.api.evidence import Lacking
from numtrustd.api.report import BenefitMonth, GetReport
from numtrustd.ctl import lang, plain
from numtrustd.ctl.cli import main
from numtrustd.ctl.report import charts, page, writing
from numtrustd.ctl.report.charts import Bar, Bars, Line, OverDays, Part, cut, svg, ticks
from numtrustd.ctl.report.sections import told
from numtrustd.domain.display import width
from tests.ctl.report_sample import GOLDEN, NOW, markdown, sample, spoilt, text

NASTY = (
    '<script>window.pwned=1</script>"><img src=x onerror=window.pwned=1>'
    "</style></title></svg>' onload='pwned' [x](javascript:alert(1)) https://evil.example www.evil.example "
    "`|` **b** <http://evil.example> \x1b[31m\u202egnp.exe\u200b\nnext"
)
Capture = pytest.CaptureFixture[str]

AGAIN = "python -m tests.ctl.report_sample"


def plain_text(**more: Any) -> str:
    return "\n".join(plain.lines(writing.document(told(sample(**more)))))


# ------------------------------------------------------------------------------------------------------ golden files


def test_the_text_is_the_golden_one() -> None:
    assert text() == (GOLDEN / "month.txt").read_text(encoding="utf-8"), AGAIN


def test_the_markdown_is_the_golden_one() -> None:
    assert markdown() == (GOLDEN / "month.md").read_text(encoding="utf-8"), AGAIN


def test_the_markdown_is_read_as_headings_and_whole_tables() -> None:
    kinds = [token.type for token in MarkdownIt("commonmark").enable("table").parse(markdown())]
    assert kinds.count("heading_open") > 15
    whole_tables(kinds, markdown())


def whole_tables(kinds: list[str], source: str) -> None:
    """Every line of a table is a row of it, and has as many cells as the head."""
    tables = [(a, b) for a, b in zip(_places(kinds, "table_open"), _places(kinds, "table_close"), strict=True)]
    assert len(tables) == kinds.count("table_open") > 10
    for first, last in tables:
        rows = kinds[first:last].count("tr_open")
        cells = kinds[first:last].count("td_open") + kinds[first:last].count("th_open")
        assert cells % rows == 0
    assert source.count("\n|") == kinds.count("tr_open") + len(tables)


def _places(kinds: list[str], kind: str) -> list[int]:
    return [n for n, each in enumerate(kinds) if each == kind]


# ------------------------------------------------------------------------------------------------- what is not known


def test_a_month_before_all_records_says_so_and_how_to_ask_for_another() -> None:
    said = plain_text(recorded_from=NOW - timedelta(days=5))
    assert said.splitlines() == [
        "Our telephone numbers in 2026-10",
        "Nothing was recorded in 2026-10: the records begin on 2026-11-18 16:00 (Asia/Shanghai).",
        "There are records of 2026-11: numtrustctl report --month 2026-11",
    ]
    assert "There are records of 2026-11 to 2027-02: numtrustctl report --month 2026-11" in plain_text(
        recorded_from=NOW - timedelta(days=5), now=datetime(2027, 2, 10, tzinfo=UTC)
    )
    html = page.html(told(sample(recorded_from=NOW - timedelta(days=5))))
    assert "<svg" not in html
    assert "<table" not in html


def test_a_month_that_goes_on_is_said_to_be_partial() -> None:
    said = plain_text(whole=False)
    assert "This month has not ended: it is told until 2026-11-23 16:00 (Asia/Shanghai)." in said


def test_records_that_begin_within_the_month_are_said_to() -> None:
    said = plain_text(recorded_from=sample().since + timedelta(days=9, hours=2), unwatched=1, unreadable=2)
    assert "The records begin on 2026-10-10 02:00 (Asia/Shanghai); nothing is known of the days before." in said
    assert "1 number is no longer watched" in said
    assert "2 records cannot be read" in said


def test_calls_that_were_not_told_are_named_with_their_command_and_never_zero() -> None:
    days = tuple(_without_calls(day) for day in sample().days)
    benefit = tuple(_without_rates(row) for row in sample().benefit)
    report = sample(days=days, benefit=benefit, callers=0)
    sections = {section.title: section for section in told(report).sections}
    for title in ("Connect rate", "What the actions cost and brought"):
        [note] = sections[title].notes
        assert "`numtrustctl calls add FILE`" in note
        assert sections[title].charts == []
    assert sections["Connect rate"].figures == []
    assert dict(told(report).glance)["connect rate"] == "–"
    [figures] = sections["What the actions cost and brought"].figures
    assert all(set(row[4:]) == {"–"} for row in figures.texts)


def _without_calls(day: Any) -> Any:
    return structs.replace(day, calls=None, answered=None, callers=None)


def _without_rates(row: Any) -> Any:
    return BenefitMonth(
        kind=row.kind, platform=row.platform, cases=row.cases, ended=row.ended, paid=row.paid, compared=0
    )


def test_days_that_were_not_told_are_gaps() -> None:
    sections = {section.title: section for section in told(sample()).sections}
    [chart] = sections["Connect rate"].charts
    assert isinstance(chart, OverDays)
    assert [n for n, value in enumerate(chart.lines[0].values) if value is None] == [10, 11]
    assert "Told are 20 of 24 numbers and 29 of 31 days" in sections["Connect rate"].notes[0]


def test_days_of_which_nothing_is_believed_are_gaps_too() -> None:
    days = tuple(structs.replace(d, known=0, labels=0, numbers=0) if n < 4 else d for n, d in enumerate(sample().days))
    [chart] = told(sample(days=days)).sections[0].charts
    assert isinstance(chart, OverDays)
    assert chart.lines[0].values[:5] == [None, None, None, None, 4]
    nothing = tuple(structs.replace(d, known=0, labels=0, numbers=0) for d in days)
    section = told(sample(days=nothing, labels=())).sections[0]
    assert section.charts == []
    assert "`numtrustctl sources`" in section.notes[0]


def test_a_month_in_which_nothing_was_done_says_so() -> None:
    said = plain_text(
        labels=(),
        cases=(),
        marks=(),
        missed=(),
        benefit=(),
        spend=(),
        budget=0,
        open_count=0,
        open_cases=(),
        inspections=(),
        inspection_every="off",
        inspection_since=NOW,
        call_worth=None,
        parked=3,
        work=(),
        tasks=(),
        papers=("licence /l.pdf: expired",),
    )
    for sentence in (
        "There was no case in this month.",
        "There was no emergency in this month.",
        "No action was under way in this month.",
        "There is no budget: `monthly_budget`",
        "`numtrustctl charge`",
        "No case was open.",
        "None ended in this month.",
        "Inspections are switched off",
        "One is under way since 2026-11-23 16:00 (Asia/Shanghai).",
        "3 numbers are parked",
        "licence /l.pdf: expired",
    ):
        assert sentence in said


def test_what_an_answered_call_is_worth_is_asked_for() -> None:
    assert "`answered_call` in `[benefit]`" in plain_text(call_worth=None)
    assert "`answered_call`" not in plain_text()


def test_a_spend_over_the_budget_is_told() -> None:
    said = plain_text(budget=60_000)
    assert "¥500 paid and ¥250 planned, of a budget of ¥600." in said
    assert "That is ¥150 over the budget." in said


# ------------------------------------------------------------------------------------------------- what others wrote


def test_nothing_that_others_wrote_acts_in_the_page() -> None:
    html = page.html(told(spoilt(NASTY)))
    tree = LexborHTMLParser(html)
    assert tree.css("script, img, a, iframe, object, embed, link, base, form, input") == []
    allowed = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "p",
        "code",
        "dl",
        "div",
        "dt",
        "dd",
    }
    allowed |= {"section", "figure", "figcaption", "svg", "desc", "text", "rect", "line", "circle", "ul", "li"}
    allowed |= {"table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "-text"}
    nodes = list(tree.root.traverse()) if tree.root is not None else []
    assert {node.tag for node in nodes} <= allowed
    for node in nodes:
        assert not [name for name in node.attributes or {} if name.startswith("on") or name in ("href", "src", "style")]
    assert len(tree.css("style")) == len(tree.css("head > title")) == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", html)
    assert html.count("&lt;script&gt;") > 20


def test_nothing_that_others_wrote_acts_in_markdown() -> None:
    found = writing.markdown(told(spoilt(NASTY)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b]", found)
    parser = MarkdownIt("commonmark", {"linkify": False}).enable("table")
    kinds = {child.type for token in parser.parse(found) for child in (token, *(token.children or ()))}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "strong_open", "em_open", "fence"}
    # What a site that makes links of bare addresses would find.
    assert not re.search(r"https?://|www\.", found)
    whole_tables([token.type for token in parser.parse(found)], found)


def test_nothing_that_others_wrote_acts_on_a_terminal() -> None:
    lines = list(plain.lines(writing.document(told(spoilt(NASTY)))))
    assert not any(re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u200b]", line) for line in lines)


@given(st.text(max_size=30))
def test_any_text_stands_for_itself(words: str) -> None:
    tree = LexborHTMLParser(f"<p title='{charts.attribute(words)}'>{charts.attribute(words)}</p>")
    [node] = tree.css("p")
    assert node.text() == (node.attributes["title"] or "")
    assert [child.tag for child in node.traverse(include_text=False)] == ["p"]


# -------------------------------------------------------------------------------------------------------- the charts


@given(st.floats(0, 1e9))
def test_a_scale_is_round_and_reaches_the_most(most: float) -> None:
    scale = ticks(most)
    assert scale[0] == 0.0
    assert scale[-1] >= most * (1 - 1e-9)
    assert 2 <= len(scale) <= 7
    assert all(tick == round(tick) for tick in scale), "what is counted is whole"


def test_a_chart_of_nothing_can_be_drawn() -> None:
    for chart in (
        OverDays("t", "a", ["2026-10-01"], [Line("l", [None])]),
        Bars("t", "a", []),
        Bars("t", "a", [_zero()]),
    ):
        assert "nan" not in svg(chart, "c")
        assert svg(chart, "c").startswith("<svg")


def _zero() -> Bar:
    return Bar("label", "0", [Part(0, "c1")], (0.0, 0.0))


def test_a_gap_is_not_bridged() -> None:
    drawn = svg(OverDays("t", "a", [f"2026-10-0{n}" for n in range(1, 6)], [Line("l", [1, 2, None, 3, 4])]), "c")
    assert drawn.count('class="stroke') == 2
    assert drawn.count("<circle") == 4


@given(st.text(max_size=80), st.integers(2, 40))
def test_a_label_is_cut_to_the_room_that_it_has(words: str, room: int) -> None:
    assert width(cut(words, room)) <= room
    assert cut(words, 10_000) == words


def test_every_chart_is_told_in_words_and_has_its_figures() -> None:
    tree = LexborHTMLParser(page.html(told(sample())))
    drawn = tree.css("figure > svg")
    assert len(drawn) == 6
    identities = [node.attributes.get("id") for node in tree.css("[id]")]
    assert len(identities) == len(set(identities))
    for node in drawn:
        assert node.attributes["role"] == "img"
        for identity in (node.attributes["aria-labelledby"] or "").split():
            assert tree.css_first(f"#{identity}").text()
    for section in tree.css("section"):
        assert not section.css("figure") or section.css("table"), "a table behind each chart"
    for table in tree.css("table"):
        assert table.css("caption")
        assert table.css("thead th[scope=col]")
        assert len(table.css("tbody tr")) == len(table.css("tbody tr > th[scope=row]:first-child"))


# -------------------------------------------------------------------------------------------------------- language


class Marked(gettext.NullTranslations):
    """A language in which every text stands in brackets."""

    def info(self) -> dict[str, str]:
        return {"language": "zh_CN"}

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def test_every_text_of_ours_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lang, "_texts", Marked())
    tree = LexborHTMLParser(page.html(told(sample(whole=False, budget=0, inspection_every="off", unwatched=1))))
    assert (tree.css_first("html").attributes["lang"]) == "zh-CN"
    ours = "h1, h2, p, figcaption, caption, summary, thead th, dt, svg > desc, .legend li"
    for node in tree.css(ours):
        assert node.text().startswith("⟦"), node.text()
    assert "腾讯手机管家 (tencent)" in tree.css_first("main").text()
    monkeypatch.undo()
    assert "Tencent" in page.html(told(sample()))


def test_papers_and_quotas_are_said_in_the_readers_language() -> None:
    paper, quota = "licence /srv/papers/l.pdf: expires on 2026-12-01", "tencent: appeals a day: used up, 5 of 5"
    (inspection,) = sample().inspections
    some = structs.replace(inspection, papers=(paper, "nobody knows this"), quotas=(quota,))
    english = plain_text(inspections=(some,), papers=(paper,))
    assert f"{paper}; nobody knows this" in english
    assert quota in english
    lang.use("zh", {})
    chinese = plain_text(inspections=(some,), papers=(paper,))
    assert "营业执照（licence） /srv/papers/l.pdf：2026-12-01 到期；nobody knows this" in chinese
    assert "tencent：“appeals a day”已用完，5 中用了 5" in chinese
    assert paper not in chinese


def test_the_papers_that_open_cases_lack_stand_beside_those_that_are_amiss() -> None:
    row = Lacking(
        kind="call_records", title="通话详单", platform="sogou", why="none is on file", needed=2, needed_by=("a", "b")
    )
    english = plain_text(lacking=(row,))
    assert "Papers that open cases lack" in english
    assert re.search(r"通话详单 \(call_records\) +.*sogou.* +none is on file +2", english)
    lang.use("zh", {})
    assert "未结案件缺少的材料" in plain_text(lacking=(row,))


# ------------------------------------------------------------------------------------------------------ the command


def test_the_command_asks_for_a_month_and_writes_where_it_is_told(daemon: Any, tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", "--month", "2026-10"]) == 0
    assert daemon.asked[-1] == GetReport(month="2026-10")
    assert capsys.readouterr().out == text()
    for form, begins in (("text", "Our telephone"), ("markdown", "# Our telephone"), ("html", "<!DOCTYPE html>")):
        target = tmp_path / f"month.{form}"
        assert main(["report", "--format", form, "-o", str(target)]) == 0
        assert daemon.asked[-1] == GetReport()
        assert capsys.readouterr().out == ""
        assert target.read_text(encoding="utf-8").startswith(begins)
        assert main(["report", "--format", form]) == 0
        shown = capsys.readouterr().out
        if form == "text":
            title, other, *rest = shown.splitlines(keepends=True)
            assert other.startswith("2026-10 is the last month that is over; of the present one, so far:")
            assert other.endswith("numtrustctl report --month 2026-11\n")
            shown = "".join((title, *rest))
        assert shown == target.read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_told(daemon: Any, tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", "-o", str(tmp_path / "none" / "month.txt")]) == 64
    assert "cannot be written" in capsys.readouterr().err
    assert main(["report", "--json", "-o", "x.json"]) == 64
    assert "redirect it" in capsys.readouterr().err


def test_where_nothing_is_believed_no_label_is_counted_as_zero() -> None:
    days = tuple(structs.replace(day, known=0, labels=0, numbers=0) for day in sample().days)
    glance = dict(told(sample(days=days, labels=())).glance)
    assert glance["wrong labels at the end"] == glance["numbers with a label"] == "–"


def test_states_are_told_in_the_readers_language() -> None:
    lang.use("zh", {})
    try:
        said = plain_text(open_cases=tuple(structs.replace(c, state="verifying") for c in sample().open_cases))
    finally:
        lang.use("en", {})
    assert "verifying" not in said
    assert "验证中" in said


def test_a_month_without_records_is_answered_with_one_that_has_some(daemon: Any, capsys: Any) -> None:
    daemon.answers["GetReport"] = sample(recorded_from=NOW - timedelta(days=5))
    assert main(["report"]) == 0
    out = capsys.readouterr().out
    assert "There are records of 2026-11: numtrustctl report --month 2026-11" in out
    assert "is the last month that is over" not in out
