"""The daemon's sentences in Chinese: what the demo said comes out without English, the phrases are those that the
daemon says, and no text takes long however it was made up.
"""

import ast
import json
import re
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import lmdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numtrustd
from docs import catalogue
from numtrustd.api import incidents, rows, status
from numtrustd.ctl import lang, names, plain, refusal, render, render_case, render_detail, render_task, render_world
from numtrustd.ctl.document import Document
from numtrustd.ctl.phrases import PHRASES
from numtrustd.ctl.sentences import LONGEST, pattern, said, shown
from numtrustd.store import environment, preflight

PACKAGE = Path(numtrustd.__file__).parent
NAMES = (
    rows.PlatformRow(
        platform="baidu", name="百度", name_en="Baidu", kind="search_engine", importance=0.5, grade="B",
        checked="2026-11", sources=(), appeal="manual", numbers=0, labelled=0, clean=0, certified=0, unknown=0,
        blind=0, open_cases=0,
    ),
)  # fmt: skip


@pytest.fixture
def chinese() -> None:
    """The other fixtures put it back."""
    lang.use("zh", {})
    names.use(NAMES)


# ------------------------------------------------------------------------------------------------ what the demo said

ANSWERS: dict[str, tuple[type[Any], Callable[[Any], Document]]] = {
    "Explain": (status.Explanation, render_detail.explanation),
    "GetNumber": (status.NumberView, render_detail.number),
    "GetCase": (status.CaseView, render_case.case),
    "GetTask": (status.TaskView, render_task.task),
    "ListTasks": (status.TaskPage, lambda page: render.tasks([page])),
    "ListCases": (status.CasePage, lambda page: render.cases([page])),
    "ListIncidents": (incidents.IncidentPage, lambda page: render_world.incidents([page])),
    "ListSources": (status.SourceList, render_world.sources),
    "ListPlatforms": (status.PlatformList, render_world.platforms),
    "GetStatus": (status.Status, render.overview),
}
"""How each answer is shown. They were recorded in a demo, one of each shape of what its daemon said."""

_IDS = re.compile(
    r"`[^`]*`"  # commands
    r"|\S+@\S+|https?://\S+|/srv/\S+"
    r"|\+?\d{4,}[\w./-]*"  # numbers, cases, tasks
    r"|[A-Za-z_][\w-]*(?:[./][\w-]+)+(?:/[\w-]+)*"  # sources and their views, hosts
    r"|[a-z]+(?:-[a-z]+)+"  # credentials
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z0-9]+-[0-9A-F]{6,}"  # receipts, references
    r"|[（(]\w+[）)]|“[^”\n]*”"  # what is named by its id behind its name; a platform's words
)

_LEFT = {
    "numtrustd": "the program's name",
    "pid": "what every system calls it",
    "the demo": "who said so, as it calls itself",
    "once more, by hand": "a note of who answered a task",
    "Telemarketing": "a label in the platform's words",
    "Telnyx Number Reputation": "a platform that has no Chinese name",
    "Example Inc. sales": "a number's name",
    "Example Inc. support": "a number's name",
    "default": "a group's and a surface's name",
    "sales": "a group's name",
    "KiB": "a unit", "MiB": "a unit", "GiB": "a unit",
    "SPNS": "a product", "Twilio": "a product", "Telnyx": "a product", "CAIH": "a product",
    "API": "a word of the trade",
    "Lookup": "of a platform's name",
    "HTTP": "a word of the trade", "service": "a group's name",
    "QQ": "a field's name", "code": "a field's name", "contactOther": "a field's name", "file": "a field's name",
    "contactPhone": "a field's name", "name": "a field's name", "phone": "a field's name", "reason": "a field's name",
    "search": "a surface's name", "engine": "a surface's name",
    "host": "a variable of the settings", "vars": "a table of the settings", "source": "a table of the settings",
    "budget": "a table of the settings", "fresh": "a part of a source's name", "callback_url": "a variable",
    "result_host": "a variable", "enterprise_id": "a variable", "contact_email": "a variable",
    "sign_search": "a method of that interface", "platform_…_name": "a member of that answer",
    "licence": "a paper's id", "screenshots": "a paper's id", "number_ownership": "a paper's id",
    "legal_person_id": "a paper's id", "call_records": "a paper's id",
}  # fmt: skip
"""What may stay as it is in a Chinese output, and why."""


@cache
def answers() -> dict[str, list[Any]]:
    recorded = json.loads(Path(__file__).with_name("demo_answers.json").read_text(encoding="utf-8"))
    return {name: [msgspec.convert(each, ANSWERS[name][0]) for each in many] for name, many in recorded.items()}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_the_demo_said_is_chinese(name: str) -> None:
    lang.use("zh", {})
    platforms = answers()["ListPlatforms"][0].platforms
    names.use(platforms)
    ids = sorted({n for r in platforms for n in (r.platform, r.name)} | set(_LEFT), key=len, reverse=True)
    allowed = re.compile("|".join(map(re.escape, ids)))
    left = []
    for answer in answers()[name]:
        for line in plain.lines(ANSWERS[name][1](answer)):
            rest = allowed.sub("", _IDS.sub("", line))
            if re.search(r"[A-Za-z]{3}", rest) and not line.startswith("可选结果"):  # which is typed as it stands
                left.append(line)
    assert left == []


@pytest.mark.parametrize("name", ANSWERS)
def test_in_english_it_is_left_as_it_was_said(name: str) -> None:
    """Only the names of platforms are exchanged for their English ones."""
    names.use(NAMES)
    assert said("百度: clean for 1.2 d") == "Baidu: clean for 1.2 d"
    for line in (line for answer in answers()["Explain"] for line in answer.lines):
        for text in (line.fact, line.why, line.next):
            assert said(text).partition(": ")[2] == text.partition(": ")[2]


# ------------------------------------------------------------------------------------------------------- one by one


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("百度: clean for 1.2 d", "百度：干净，已有 1.2 天"),
        (
            "so360.onebox/search said marked, 广告推销 (marketing), 12 marks, 5.2 h ago",
            "so360.onebox/search 5.2 小时前看到 广告推销 (营销)，12 次标记",
        ),
        (
            "rejected, as li reported: 缺少材料; 详见附件, 3.7 h ago",
            "被驳回（li 报告）：缺少材料; 详见附件，3.7 小时前",
        ),
        (
            "probably propagated: so360 feeds teddy and was marked 0.8 d earlier; reports: 4 marks counted by the "
            "platform, 0.9 more a day since they were first seen",
            "很可能：由他平台同步：so360 向 teddy 提供数据，且早 0.8 天被标记；用户举报：平台计有 4 次标记，"
            "首次看到以来每天增加 0.9 次",
        ),
        (
            "+8613900010007/teddy/1 is overdue, teddy shown as 骚扰电话, which costs answered calls",
            "+8613900010007/teddy/1 处于“已逾期”，teddy 显示为“骚扰电话”，会减少接通",
        ),
        ("so360.page/search still shows the old name 甲 instead of 乙", "so360.page/search 仍显示旧名称 甲，应为 乙"),
        ("so360.onebox/search said clean just now", "so360.onebox/search 刚才看到干净"),
        ("2 looks, the first just now", "2 次查看，首次：刚才"),
        ("the number is new: every 4 h", "号码是新的：每 4 小时一次"),
        ("until 2026-11-20 10:00:00 UTC", "直到 2026-11-20 18:00"),
        ("info requested: 请提供授权书", "要求补充：请提供授权书"),
        ("closed by person: a person gave it up", "由人结束：由人放弃"),
        ("outcome unknown: timeout: the batch never arrived", "结果不明：超时：批次没有送到"),
        ("child moved: +8613800138000/so360/1 is cleared", "下属案件有进展：+8613800138000/so360/1 处于“已解决”"),
        (
            "so360.page/search: marked:fraud, against sogou.vr/search: no label, for 1 d",
            "so360.page/search：已标记（诈骗），与之相反的是 sogou.vr/search：没有标记，已有 1 天",
        ),
        (
            "connect rate, paused from 2026-09-22 to 2026-09-25: 60% before, 20% during, no statistics after yet",
            "接通率，2026-09-22 至 2026-09-25 暂停：之前 60%，期间 20%，之后还没有统计",
        ),
        (
            "13800138002 (certified there), 13800138003 (clean there)",
            "13800138002（在该平台已认证），13800138003（在该平台干净）",
        ),
        (
            "nobody looks: so360.api is parked for 55 s (ZeroDivisionError: a defect)",
            "没人查看：so360.api 已搁置，已有 55 秒（ZeroDivisionError: a defect）",
        ),
        (
            "recordings /srv/a b/r.wav: changed since it was registered",
            "通话录音（recordings） /srv/a b/r.wav：登记之后有变动",
        ),
        (
            "so360: appeals: used up by 2 numbers, nearly used up by 1 number (5 each)",
            "so360：“申诉次数”2 个号码已用完，1 个号码快用完了（每个号码 5）",
        ),
        (
            "tencent: looks of caih.marks this day: used up, 5 of 5",
            "tencent：caih.marks 今天的查看已用完，5 次用了 5 次",
        ),
        ("the certificate is renewed: the provider's fee", "认证续期：服务商的费用"),
        ("STATUS is marked (add --words as shown)", "STATUS is marked (add --words as shown)"),
        (
            "'13x' has 'x' in it: write digits, such as 95588, 4008101234",
            "'13x' 里有 'x'：请写数字，例如 95588，4008101234",
        ),
        (
            "rows[1].answered: 101 is more than the 100 calls: correct one of them",
            "rows[1].answered：101 多于通话总数 100：请改正其中一个",
        ),
        (
            "haoma.so.com.evil.example only begins like so.com: it belongs to evil.example",
            "haoma.so.com.evil.example 只是开头像 so.com：实际属于 evil.example",
        ),
        ("a note: {n} and {0}", "a note: {n} and {0}"),
        ("somebody wrote this, which is no sentence of the daemon's", None),
        ("called them; they said it is due", None),
        ("", ""),
    ],
)  # fmt: skip
def test_values_are_carried_over(chinese: None, text: str, wanted: str | None) -> None:
    known = said(text)
    if wanted is None:
        assert known.startswith(text.partition(";")[0])
    elif "由他平台" in wanted:  # the words of a cause are the catalogue's
        assert known.startswith("很可能：")
        assert "so360 向 teddy 提供数据，且早 0.8 天被标记；" in known
        assert known.endswith("平台计有 4 次标记，首次看到以来每天增加 0.9 次")
    else:
        assert known == wanted


def test_what_is_shown_keeps_the_platforms_words(chinese: None) -> None:
    assert shown("广告推销 (marketing)") == "广告推销 (营销)"
    assert shown("certified as 示例科技") == "已认证为 示例科技"
    assert shown("骚扰, 2 marks, too few to be displayed") == "骚扰，2 次标记，太少而不显示"
    lang.use("en", {})
    assert shown("广告推销 (marketing)") == "广告推销 (marketing)"


# -------------------------------------------------------------------------------------------- what the daemon composes

_SENTENCES = (
    "control/explain",
    "control/explain_looks",
    "control/explain_display",
    "control/views_leaving",
    "control/views_world",
    "control/case_desk",
    "control/silence_desk",
    "control/maintenance_desk",
    "control/wishes",
    "control/evidence_desk",
    "leave",
    "kin",
)
"""Modules of the actors that compose what people read in `explain`, `case`, `sources` and in refusals."""

_NOT_READ = {
    " is not stepped with ": "a bug of ours",
    "the cases of ": "a bug of ours",
    " set each other going for ever: ": "a bug of ours",
    "; something suspicious vouched for: ": "the log's",
    "; `numtrustctl reopen ": "split at the semicolon",
    "nothing of it": "the log's",
    "all is reported": "the log's",
    "each look that was asked for is wanted again later": "the log's",
    "part of ": "the log's",
}


def _pieces(module: Path) -> Iterator[tuple[int, str]]:
    """The fixed words of what a module composes, its docstrings apart."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in loose and text.count(" ") >= 2:
                if re.search("[a-z]{3}", text):
                    yield node.lineno, text


def test_all_that_the_daemon_composes_has_a_phrase() -> None:
    known = "\n".join(key[0] for key in catalogue.texts() if isinstance(key[0], str))
    lacking = [
        f"{name}.py:{line}: {text!r}"
        for name in _SENTENCES
        for line, text in _pieces(PACKAGE / "actors" / f"{name}.py")
        if text not in _NOT_READ and text.strip(" ;:,()") not in known
    ]
    assert lacking == [], "write it into ctl/phrases.py, and its Chinese into the catalogue"


@cache
def _daemon() -> str:
    """All string literals of what the daemon is made of."""
    files = [
        f
        for folder in ("actors", "channels", "domain", "probes", "settings", "store")
        for f in (PACKAGE / folder).rglob("*.py")
    ]
    literals = (
        node.value
        for file in (*files, PACKAGE / "events" / "base.py", PACKAGE / "start.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return "\n".join(literals)


def test_every_phrase_is_still_said_by_the_daemon() -> None:
    """So that a sentence that is worded anew does not go on here unseen."""
    stale = []
    for phrase in PHRASES:
        for words in pattern(phrase).words:
            # The daemon puts a sentence together of pieces: each run of plain words has to be in one of them.
            for run in re.split(r"[;:,()`\"]", words):
                parts = [run.strip()] if run.strip() in _daemon() else run.split()
                stale += [f"{phrase}: {part}" for part in parts if len(part) > 3 and part not in _daemon()]
    assert stale == []


def test_phrases_are_taken_apart_without_loss() -> None:
    assert len(set(PHRASES)) == len(PHRASES)
    for phrase in PHRASES:
        made = pattern(phrase)
        assert len(made.words) == len(made.places) + 1
        whole = made.words[0]
        for place, words in zip(made.places, made.words[1:], strict=True):
            whole += "{" + place + "}" + words
        assert whole == phrase
        assert len(set(made.places)) == len(made.places), f"{phrase}: a place is named twice"
        assert "" not in made.words[1:-1], f"{phrase}: nothing tells where one value ends and the next begins"


def _forms(node: ast.expr) -> list[str]:
    """The sentences that an expression makes, with a number for each value; none of what is made elsewhere."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)]
        case ast.IfExp(body=one, orelse=other):
            return _forms(one) + _forms(other)
        case _:
            return []


def test_the_reason_of_safe_mode_is_chinese(chinese: None) -> None:
    """Whatever is wrong with the state, as the store says it."""
    path = Path("/var/lib/numtrustd")
    tree = ast.parse((PACKAGE / "store" / "preflight.py").read_text(encoding="utf-8"))
    whats = [
        what
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "damaged"
        for what in _forms(call.args[1])
    ]
    assert len(whats) >= 6
    errors = [*map(partial(preflight.damaged, path), whats)]
    errors.append(environment.explain(lmdb.CorruptedError("MDB_CORRUPTED: Located page was wrong type"), path))
    errors.append(preflight.damaged(Path("state"), whats[0]))
    for error in errors:
        [line] = refusal.words("io.numtrust.Status.NotReady", {"why": f"safe mode: {error}"})
        assert line.startswith(
            ("尚未就绪：安全模式：/var/lib/numtrustd", "尚未就绪：安全模式：state/data.mdb 已损坏")
        ), line
        assert re.search("请移走 /\\S+，再把备份放到原处$", line), line
        if "MDB_" not in line:  # LMDB's own words
            assert re.search("[a-z]{3} [a-z]{2}", line) is None, line


# ---------------------------------------------------------------------------------------------------- hostile words

_bits = st.sampled_from([
    *{part for phrase in PHRASES for part in pattern(phrase).words if part},
    "; ", ", ", ": ", "1 h ago", "just now", "3", "x", "clean", "marked", "{said}", "{", "}", "广告", "\x1b[31m",
])  # fmt: skip


@given(st.lists(_bits, max_size=60).map("".join) | st.text(max_size=200))
def test_any_text_comes_out_as_a_text_soon(text: str) -> None:
    lang.use("zh", {})
    begun = time.perf_counter()
    known = said(text)
    assert time.perf_counter() - begun < 1.0
    assert bool(known) == bool(text)


@pytest.mark.parametrize("bit", ["; ", ", ", " said ", ": ", " is ", " of ", "a said clean 1 h ago; ", "1 of 2, "])
def test_the_worst_of_the_greatest_length_is_done_soon(chinese: None, bit: str) -> None:
    text = (bit * LONGEST)[:LONGEST]
    begun = time.perf_counter()
    assert said(text)
    assert time.perf_counter() - begun < 2.0
    assert said(text + "x") == text + "x", "a longer one is left as it is"
