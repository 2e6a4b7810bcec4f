"""Problems of a configuration in Chinese: each sentence that the daemon makes of one has its phrase, and a line is
taken apart without losing a character of what stands in it.
"""

import ast
import errno
import os
import re
import string
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import numtrustd
from numtrustd.ctl import lang, phrases_packs, phrases_settings, problems, refusal, system_errors
from numtrustd.ctl.sentences import LONGEST, pattern, said
from numtrustd.settings import hand_looks
from numtrustd.settings.document import _SPOKEN
from numtrustd.settings.problem import Problem

PACKAGE = Path(numtrustd.__file__).parent
PHRASES = (*phrases_settings.PHRASES, *phrases_packs.PHRASES)

SAYS = (
    *sorted(f"settings/{file.name}" for file in (PACKAGE / "settings").glob("*.py")),
    *(f"wire/{name}.py" for name in ("address", "auth", "derived", "letter", "lint", "multipart", "parts", "signing")),
    "wire/template.py",
    "wire/document.py",
    "channels/answer.py",
    *(f"probes/{name}.py" for name in ("batch_lint", "command", "lint")),
    "domain/hours.py",
    "domain/wording_rules.py",
)
"""Modules whose sentences come to stand in a problem."""

_OTHER = {
    "channels/answer.py": ("no reason given", "HTTP ", "{rule.name}: accepted, but", "{outcome."),
    "probes/command.py": ("line {n}", "the run failed", "no line about", "its line contra", "is no JSON", "is not as"),
    "settings/lint.py": ("unknown placeholder (?P<name>",),
    "wire/document.py": ("<(?:",),
}
"""What these modules say at work, of an answer and not of a pack, in events whose sentences have other phrases; and the
patterns that they look for.
"""

_WHOLE = "of a sentence that is known as a whole"
_JOINED = "what is joined here stands in other modules that are read"
_STAYS = {
    **dict.fromkeys(
        (r"Cannot declare \((?P<path>.*?),?\) twice", ", at the end", *_SPOKEN),
        "the parser's own words, which are looked for",
    ),
    " (at end of document)": "the parser's own words",
    " \\(at line (\\d+), column \\d+\\)$": "the parser's own words, which are looked for",
    ", at the end of the file": "added to the parser's own words",
    "field larger": "the parser's own words, which are looked for",
    "unexpected end of data": "the parser's own words, which are looked for",
    **dict.fromkeys(("plain http", "unknown placeholder \\{(sign|sealed)\\}"), "what another sentence begins with"),
    **dict.fromkeys(
        (
            ", but there is [{kind}.{expected}]", " (written {other})", " to {platform}", " ({one_of(KINDS)})",
            ": nothing can be where it lies (mounted noexec)", "is no HTTP request",
            "is told, and looks at nothing by itself", "at least", "at most", "more than", "less than", "give ",
            "{word} {bound}", "has no effect: {source.id} {why}",
            "the rights to edit for {days} day{'' if days == '1' else 's'}",
            'no pack has the {what} "{name}"',
            "leaves no time at which anything may be submitted{f' to {platform}' if platform else ''}",
            "no program can tell apart what it took in from what it did not", "is not {encoding}",
            "has a colon, which ends the name in Basic; give the name alone",
            "has {len(raw)} bytes instead of {wanted}; see that key_encoding ({encoding}) is right",
        ),
        _WHOLE,
    ),
    **dict.fromkeys((" and ", " or ", "one of "), "between what there is to choose from"),
    **dict.fromkeys(("what a handset shows", "what the page shows a person"), "a title"),
    **dict.fromkeys(hand_looks.WHY_OFF.values(), "shown of a source, and in the catalogue by itself"),
    **dict.fromkeys(("{name}'s appeal", "the way {name}"), "who needs something"),
    **dict.fromkeys(("the line", "url ", "header {name}", "{where}.{key}: "), "where something stands"),
    **dict.fromkeys(
        (
            "{user}: {what}", "{where}: {who}", "{where} {error}", "{where}.{line}", "{name}.{line}",
            "{where}.steps[{n}].callback: {said}", "request{'.' if placed(line) else ': '}{line}",
            "{self.file}:{self.line}: {_short(self.key) or '-'}: {_short(self.what)}: {self.remedy}",
        ),
        _JOINED,
    ),
    **dict.fromkeys(("k = {raw}", "Secrets({', '.join(sorted(self))})"), "read by no person"),
    **dict.fromkeys(("~header ", "Basic ", "Bearer ", "multipart/form-data; boundary=", '; filename="'), "sent"),
    **dict.fromkeys(("text/html; charset=utf-8", "text/plain; charset=utf-8"), "a media type"),
    '"\r\nContent-Type: {file.type}\r\n\r\n': "sent",
    '\r\nContent-Disposition: form-data; name="{escaped}"': "sent",
}  # fmt: skip
"""What needs no phrase of its own, and why."""


@pytest.fixture
def chinese() -> None:
    """The other fixtures put it back."""
    lang.use("zh", {})


def _texts(tree: ast.AST) -> Iterator[tuple[int, ast.Constant | ast.JoinedStr]]:
    """Every text of a module that is no docstring, in which a person might read."""
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    inner -= {id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in loose | inner:
            yield node.lineno, node


def _raw(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(_raw, parts))
        case ast.FormattedValue(value=value):
            return f"{{{ast.unparse(value)}}}"
        case _:
            return ""


def _sample(node: ast.expr) -> str:
    """A text as it might be said."""
    match node:
        case ast.JoinedStr(values=parts):
            return "".join(map(_sample, parts))
        case ast.FormattedValue(value=value, conversion=conversion):
            made = next((as_said for name, as_said in _AS_SAID.items() if name in ast.unparse(value)), "x1")
            return repr(made) if conversion == ord("r") else made
        case _:
            return _raw(node)


_AS_SAID: Mapping[str, str] = {
    "_describe": '"x1"',
    "canonical": "+8613800138000",
    "why": "is no HTTP request",
    "self.wanted(": "a string",
    "one_of": 'one of "a", "b"',
    "suggest": 'did you mean "x1"?',
    "_group_remedy": 'did you mean "x1"?',
    "strerror": "permission denied",
    "_SAVE_AS_UTF8": "save it as “CSV UTF-8 (comma delimited)”",
    "NAME_HELP": "write at most 64 letters, digits, dots, hyphens and underscores",
    "NOBODY": "asks about no number",
    "_NOWHERE": "no program can tell apart what it took in from what it did not",
    "line": "is empty; write the text itself",
    "_code": "U+0007",
    "parsed.kind": "mobile",
    "verb": "needs",
    "said(rule)": "clean",
    "_HINTS.get": "there are x1, x2",
    "there": "write the text itself",
    "costs": "the rights to edit for 30 days",
    "problem": "not a regular expression: x1",
    "remedy": "write {secret:NAME} and put the secret into the credential NAME",
    "encoding": "hex",
    "expires": "2026-11-23",
    **dict.fromkeys(("len(", "_LONGEST_SOCKET", "map_size", "_MAX_DAYS", "days", "MOST", "_LEAST", "price"), "5"),
    **dict.fromkeys(("money", "bound", "count", "limit", "width", "MAX_", "emergency", "least", "most"), "5"),
    **dict.fromkeys(("confirm", "raw", "wanted", "SOCKS5_TEXT", "version", "size", "share", "concurrency"), "5"),
    **dict.fromkeys(("importance", "jitter", "rise", "unbounded", "number"), "5"),
}
"""What stands in a sentence for what is put into it, by a part of the expression."""


@cache
def _modules() -> dict[str, ast.Module]:
    return {name: ast.parse((PACKAGE / name).read_text(encoding="utf-8")) for name in SAYS}


def _is_said(text: str) -> bool:
    """Whether it is known as it stands, or as a line of a lint: `key: what; remedy`."""
    if problems.known(text) is not None:
        return True
    key, colon, rest = text.partition(": ")
    if not colon or " " in key:
        return False
    what, _, remedy = rest.partition("; ")
    return problems.known(what) is not None and (not remedy or problems.known(remedy) is not None)


def test_every_problem_that_settings_finds_has_its_phrase(chinese: None) -> None:
    lacking = []
    for name, tree in _modules().items():
        for line, node in _texts(tree):
            raw, sample = _raw(node), _sample(node)
            if not re.search(r"[a-z]{2}", raw) or " " not in sample or raw in _STAYS:
                continue
            if any(raw.startswith(begins) for begins in _OTHER.get(name, ())):
                continue
            if not _is_said(sample):
                lacking.append(f"{name}:{line}: {raw!r} {sample!r}")
    assert lacking == [], "write it into ctl/phrases_settings.py or phrases_packs.py, its Chinese into the catalogue"


def test_every_phrase_is_still_said() -> None:
    """So that a sentence that is worded anew does not go on here unseen."""
    literals = "\n".join(_raw(node) for tree in _modules().values() for _, node in _texts(tree))
    pages = (PACKAGE / "settings" / "blocked_pages.toml").read_text(encoding="utf-8")
    daemon = re.sub(r"\{[^{}]*\}", "\0", literals) + literals + pages
    stale = []
    for phrase in PHRASES:
        for words in pattern(phrase).words:
            for run in re.split(r"[;:,()`\"\[\]]", words):
                parts = [run.strip()] if run.strip() in daemon else run.split()
                stale += [f"{phrase}: {part}" for part in parts if len(part) > 3 and part not in daemon]
    assert stale == []


def test_every_phrase_can_be_taken_apart_and_is_in_the_catalogue(chinese: None) -> None:
    assert len(set(PHRASES)) == len(PHRASES)
    for phrase in PHRASES:
        made = pattern(phrase)
        assert len(set(made.places)) == len(made.places), f"{phrase}: a place is named twice"
        assert "" not in made.words[1:-1], f"{phrase}: nothing tells where one value ends and the next begins"
        told = {place for _, place, _, _ in string.Formatter().parse(lang.tr(phrase)) if place}
        assert told == set(made.places), phrase


# ---------------------------------------------------------------------------------------------------------- a line


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            '/etc/numtrustd/numtrustd.toml:12: cadence.interval: is "abc": write a duration such as "90s", "15m", '
            '"6h", "3d", "1w" or "1d12h"',
            '/etc/numtrustd/numtrustd.toml:12: cadence.interval: 现为 "abc"：请写时长，例如 "90s"、"15m"、"6h"、"3d"、'
            '"1w" 或 "1d12h"',
        ),
        (
            'n.toml:3: control."a: b": unknown key: did you mean "ab: c"?',
            'n.toml:3: control."a: b": 没有这个键：是不是想写“ab: c”？',
        ),
        (
            'n.toml:3: platform: is "x: give a string", not a table: write it as [platform] or { … }',
            'n.toml:3: platform: 现为 "x: give a string"，不是表：请写成 [platform] 或 { … }',
        ),
        (
            "n.toml:1: -: cannot be read: /srv/a: b/n.toml: permission denied: let the daemon's user read it",
            "n.toml:1: -: 无法读取 /srv/a: b/n.toml：权限不足：请让守护进程的用户能够读取",
        ),
        (
            "numbers.csv:4: number: '13x' has 'x' in it: write digits, such as 95588, 4008101234",
            "numbers.csv:4: number: '13x' 里有 'x'：请写数字，例如 95588，4008101234",
        ),
        (
            "acme.toml:9: source[0].request.auth.key: acme.query: key is empty: put the key into its credential",
            "acme.toml:9: source[0].request.auth.key: acme.query：key 为空：请把密钥放进凭据",
        ),
        (
            "acme.toml:9: vars.host: acme.query and acme's appeal need it: "
            '[platform.acme.vars] host = "…"',
            'acme.toml:9: vars.host: acme.query，acme 的申诉需要它：[platform.acme.vars] host = "…"',
        ),
        (
            "n.toml:2: -: is not TOML: expected '=' after a key: correct the line, see https://toml.io",
            "n.toml:2: -: 不是合法的 TOML：expected '=' after a key：请改正这一行，写法见 https://toml.io",
        ),
        ("n.toml:2: key: a new sentence: leave it out", "n.toml:2: key: a new sentence：请删去这一项"),
        ("n.toml:2: key: a new sentence: a new remedy", None),
        ("no problem at all: is empty: leave it out: x", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_line_is_told_in_chinese(chinese: None, line: str, wanted: str | None) -> None:
    assert problems.told(line) == (line if wanted is None else wanted)


def test_in_english_a_line_is_left_as_it_came() -> None:
    lang.use("en", {})
    line = str(Problem("n.toml", 3, "key", "is empty", "leave it out"))
    assert problems.told(line) == line
    [first, *_] = refusal.words("x.ConfigRejected", {"problems": [line]})
    assert first == line


def test_a_refused_reload_is_told_in_chinese(chinese: None) -> None:
    line = str(Problem("n.toml", 3, "key", "is empty", "leave it out"))
    first, *rest = refusal.words("x.ConfigRejected", {"problems": [line]})
    assert first == "n.toml:3: key: 为空：请删去这一项"
    assert rest
    assert all(re.search("[一-鿿]", text) for text in rest)


_bits = st.sampled_from([
    *{part for phrase in PHRASES for part in pattern(phrase).words if part},
    ": ", "n.toml:3: ", "; ", '"', "'", "3", "a string", "{", "}", "{said}", "permission denied", " or ", "给",
])  # fmt: skip


@given(st.lists(_bits, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_comes_out_as_a_text(text: str) -> None:
    lang.use("zh", {})
    for line in (text, f"n.toml:3: key: {text}"):
        assert bool(problems.told(line)) == bool(line)


@pytest.mark.parametrize("bit", [": ", "; ", " or ", "is ", "give a string or ", " and ", "x "])
def test_the_worst_of_the_greatest_length_is_done_soon(chinese: None, bit: str) -> None:
    line = ("n.toml:3: key: is " + bit * LONGEST)[:LONGEST]
    begun = time.perf_counter()
    assert problems.told(line)
    assert time.perf_counter() - begun < 2.0


# ---------------------------------------------------------------------------------------------- the system's errors


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Permission denied", "权限不足"),
        ("no space left on device", "磁盘空间不足"),
        ("[Errno 28] No space left on device", "磁盘空间不足（错误号 28）"),
        ("[Errno 2] No such file or directory: '/srv/x: y'", "没有这个文件或目录（错误号 2）：'/srv/x: y'"),
        ("mdb_txn_commit: Input/output error", "mdb_txn_commit: 输入/输出错误"),
        ("mdb_txn_commit: MDB_BAD_TXN: Transaction must abort", None),
        ("[Errno 999] Something quite new", None),
        ("permission denied by li", None),
    ],
)
def test_what_the_system_says_is_chinese(chinese: None, text: str, wanted: str | None) -> None:
    assert system_errors.told(text) == wanted
    assert said(text) == (wanted or text)
    lang.use("en", {})
    assert said(text) == text


def test_the_errors_are_worded_as_the_system_words_them() -> None:
    words = {os.strerror(number) for number in errno.errorcode}
    assert set(system_errors.SYSTEM) <= words
