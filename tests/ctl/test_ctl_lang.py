"""What people read, in two languages: the catalogues are whole and hold nothing else, and programs read the same."""

import ast
import io
import json
import os
import re
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from babel.messages.catalog import Message
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from docs import catalogue
from numtrustd import ctl
from numtrustd.ctl import lang, plain, speak, terminal
from numtrustd.ctl.cli import CLICK, main, program
from numtrustd.ctl.document import Document
from numtrustd.domain.display import width
from tests.ctl.test_ctl_commands import NUMBER, VERBS, commands

Capture = pytest.CaptureFixture[str]
HAN = re.compile(r"[\u4e00-\u9fff]")
DOMAINS = [(language, domain) for language in catalogue.LANGUAGES for domain in (lang.DOMAIN, CLICK)]


def messages(language: str, domain: str) -> list[Message]:
    return [m for m in catalogue.read(language, domain) if m.id]


def test_nothing_waits_to_be_translated() -> None:
    for language in catalogue.LANGUAGES:
        assert not catalogue.untranslated(catalogue.read(language, lang.DOMAIN))


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_the_catalogue_holds_every_text_and_no_other(language: str) -> None:
    file = catalogue.po(language, lang.DOMAIN)
    assert {(m.id, m.context) for m in messages(language, lang.DOMAIN)} == set(catalogue.texts())
    wanted = catalogue.written(catalogue.catalogues(language)[lang.DOMAIN])
    assert file.read_bytes() == wanted, "run python -m docs.catalogue"


@pytest.mark.parametrize(("language", "domain"), DOMAINS)
def test_what_is_compiled_is_what_is_written(language: str, domain: str) -> None:
    compiled = catalogue.po(language, domain).with_suffix(".mo").read_bytes()
    assert compiled == catalogue.compiled(catalogue.read(language, domain)), "run python -m docs.catalogue"


def _placeholders(text: str) -> set[str]:
    return {
        *(name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
          for _, name, spec, conversion in string.Formatter().parse(text) if name is not None),
        *re.findall(r"%\(\w+\)s", text),
    }  # fmt: skip


@pytest.mark.parametrize(("language", "domain"), DOMAINS)
def test_placeholders_are_the_same_on_both_sides(language: str, domain: str) -> None:
    for m in messages(language, domain):
        for said in filter(None, m.string if isinstance(m.string, tuple) else (m.string,)):
            forms = [_placeholders(form) for form in (m.id if isinstance(m.id, tuple) else (m.id,))]
            # Of one and of many: Chinese has one form, with what both have.
            assert set.intersection(*forms) <= _placeholders(said) <= forms[-1], m.id


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_what_people_type_is_the_same_on_both_sides(language: str) -> None:
    for m in messages(language, lang.DOMAIN):
        (said,) = m.string if isinstance(m.string, tuple) else (m.string,)
        text = m.id[-1] if isinstance(m.id, tuple) else m.id
        for typed in re.findall(r"(?<![\w-])--[a-z-]+|`[^`]+`|(?<=numtrustctl )[a-z-]+|(?:/[a-z]+){2,}", text):
            assert typed.strip("`") in said, m.id


def test_chinese_is_chinese() -> None:
    """With Chinese punctuation, and no English left in a sentence but names of things."""
    for m in messages("zh", lang.DOMAIN):
        (said,) = m.string if isinstance(m.string, tuple) else (m.string,)
        plain = re.sub(r"\{[^}]*\}|`[^`]*`", "", said)
        assert HAN.search(plain) or not re.search(r"[a-z]{3}", plain), m.id
        assert not re.search(r"[\u4e00-\u9fff][,:;?!(](?!\w*')", plain), m.id


# -------------------------------------------------------------------------------------- which language is spoken


@pytest.mark.parametrize(
    ("arguments", "environ", "chinese"),
    [
        ([], {}, False),
        ([], {"LC_ALL": "zh_CN.UTF-8"}, True),
        ([], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, True),
        ([], {"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_GB"}, True),
        ([], {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
        ([], {"LC_ALL": "fr_FR.UTF-8"}, False),
        (["--lang", "en"], {"LC_ALL": "zh_CN.UTF-8"}, False),
        (["--lang=zh"], {}, True),
        (["--lang", "zh", "--lang", "en"], {}, False),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_the_option_decides_then_the_locale(
    daemon: Any, capsys: Capture, monkeypatch: Any, arguments: list[str], environ: dict[str, str], chinese: bool,
    after: bool,
) -> None:  # fmt: skip
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    line = ["tasks", *arguments] if after else [*arguments, "tasks"]
    assert main(line) == 0
    assert ("任务" in capsys.readouterr().out) is chinese


def test_a_language_that_is_not_spoken_is_refused(capsys: Capture) -> None:
    assert main(["--lang", "fr", "status"]) == 64
    assert "'fr' is not one of 'en', 'zh'" in capsys.readouterr().err


@given(st.lists(st.text(max_size=6) | st.sampled_from(["--lang", "--lang=zh", "zh", "--", "en"]), max_size=6))
def test_no_command_line_is_too_strange(arguments: list[str]) -> None:
    said = lang.wanted(arguments)
    assert said is None or any(said in argument for argument in [*arguments, ""])


# ------------------------------------------------------------------------------------------------ what is put out


@pytest.mark.parametrize("arguments", [v[0] for v in VERBS], ids=lambda a: " ".join(a)[:40])
def test_every_verb_is_chinese_for_people_and_the_same_for_programs(
    daemon: Any, capsys: Capture, arguments: list[str]
) -> None:
    english = main(["--json", "--lang", "en", *arguments]), capsys.readouterr()
    chinese = main(["--json", "--lang", "zh", *arguments]), capsys.readouterr()
    assert chinese == english
    json.loads(chinese[1].out)
    code = main(["--lang", "zh", *arguments])
    said = capsys.readouterr()
    assert code == english[0]
    sentences = [m.id for m in messages("zh", lang.DOMAIN) if isinstance(m.id, str) and m.id.count(" ") > 2]
    assert not [text for text in sentences if text in said.out + said.err]
    assert HAN.search(said.out + said.err)


def test_lines_of_reports_are_the_same_for_programs(daemon: Any, capsys: Capture, monkeypatch: Any) -> None:
    said = []
    for language in ("en", "zh"):
        lines = io.BytesIO(f'nonsense\n{{"number":"{NUMBER}","rehearse":true}}\n'.encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines))
        assert main(["--json", "--lang", language, "observe"]) == 1
        said.append(capsys.readouterr())
    assert said[0].out == said[1].out
    assert "is no JSON" in said[0].out
    assert "2 of 2 lines" in said[0].err
    assert "2 行中有 2 行未存入" in said[1].err


def test_tables_have_words_where_english_has_identifiers(daemon: Any, capsys: Capture) -> None:
    assert main(["--lang", "zh", "number", NUMBER]) == 0
    shown = capsys.readouterr().out
    assert "已标记" in shown
    assert "平台" in shown.splitlines()[3]
    main(["--lang", "zh", "cases"])
    shown = capsys.readouterr().out
    assert "申诉" in shown
    assert "待人提交" in shown
    assert f"{NUMBER}/so360/1" in shown


def test_what_happened_is_named_in_words(daemon: Any, capsys: Capture) -> None:
    case = daemon.answers["GetCase"]
    moves = (
        structs.replace(case.history[0], reason="mislabel: shown as 广告推销"),
        structs.replace(case.history[1], reason="its time came"),
    )
    daemon.answers["GetCase"] = structs.replace(case, history=moves)
    english: list[str] = []
    chinese: list[str] = []
    for language, shown in (("en", english), ("zh", chinese)):
        for arguments in (["history", NUMBER], ["case", f"{NUMBER}/so360/1"]):
            assert main(["--lang", language, *arguments]) == 0
            shown.append(capsys.readouterr().out)
    assert "verdict.changed" in english[0]
    assert "verdict.changed" not in chinese[0]
    assert "判定变化" in chinese[0]
    assert "时间到了" in chinese[1]
    assert "its time came" in english[1]
    assert "误标：shown as 广告推销" in chinese[1], "what was told with a move is left as it was told"


def test_clicks_own_words_are_translated(capsys: Capture) -> None:
    assert main(["--lang", "zh", "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("用法：")
    for word in ("Usage", "Options", "Commands", "Show this", "default"):
        assert word not in shown
    for arguments, words in (
        (["statu"], "没有命令 'statu'"),
        (["status", "--nonsense"], "没有选项 '--nonsense'"),
        (["number"], "缺少参数 'NUMBER'"),
        (["number", "1", "2"], "多余的参数（2）"),
        (["log-level", "loud"], "'loud' 不可用，可选：'debug'"),
        (["history", "1", "--limit", "0"], "0 不在范围 1<=x<=1000 之内"),
        (["history", "1", "--limit", "x"], "'x' 不是有效的"),
        (["history", "1", "--limit"], "选项 '--limit' 需要一个值"),
    ):
        assert main(["--lang", "zh", *arguments]) == 64
        said = capsys.readouterr().err
        assert words in said
        assert "错误：" in said
        assert "Error" not in said


@pytest.mark.process
def test_the_program_itself_goes_by_the_locale(daemon: Any) -> None:
    for environ, word in (({"LANG": "zh_CN.UTF-8"}, "平台"), ({"LANG": "C.UTF-8"}, "PLATFORM")):
        done = subprocess.run(
            [sys.executable, "-m", "numtrustd.ctl", "platforms"],
            env={"NUMTRUSTD_SOCKET_DIR": os.environ["NUMTRUSTD_SOCKET_DIR"], "PYTHONUTF8": "1", **environ},
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        assert word in done.stdout.decode()


# ------------------------------------------------------------------------------------------------------ the helps


@pytest.mark.parametrize(("path", "command"), commands(program), ids=[path for path, _ in commands(program)])
@pytest.mark.parametrize("columns", [80, 120])
def test_every_help_fits_and_is_in_the_language(path: str, command: click.Command, columns: int) -> None:
    assert isinstance(command, speak.Command)
    for language in lang.SPEAKS:
        lang.use(language, {})
        above = speak.Context(program, info_name="numtrustctl")
        context = speak.Context(command, parent=above, info_name=path, terminal_width=columns)
        text = command.get_help(context)
        body = text.partition("\n\n")[2]  # click breaks the usage itself
        said = [line for line in body.splitlines() if not line.startswith("  numtrustctl ")]  # examples are as they are
        assert [line for line in said if width(line) > columns] == []
        assert (HAN.search("".join(said)) is not None) is (language == "zh"), path


@given(st.text(alphabet=st.sampled_from("ab 中文，。（ ")), st.integers(10, 40))
def test_lines_are_broken_by_width_and_lose_nothing(text: str, columns: int) -> None:
    lines = speak.wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        pieces = line.split()
        # Only what cannot be broken sticks out: a long word, or marks that may not begin a line.
        assert width(line) <= columns or len(pieces) == 1 or re.search("[，。]{2}", line)
        assert not line.startswith(("，", "。")) or re.search(r"(^|\s)[，。]", text)


# ------------------------------------------------------------------------------------------------------- the code


def test_no_text_for_people_is_put_out_untranslated() -> None:
    """Whoever writes a heading, a name of a fact or a line writes it through `tr`."""
    assert ctl.__file__ is not None
    loose = []
    for file in sorted(Path(ctl.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="heading" | "line" | "facts" | "table"), args=args):
                    inside = args
                case ast.Call(func=ast.Name(id="Cell" | "_say") | ast.Attribute(attr="UsageError"), args=[first, *_]):
                    inside = [first]
                case ast.Call(func=ast.Attribute(attr="hint"), args=[_, what]):
                    inside = [what]
                case _:
                    continue
            loose += [f"{file.name}:{n.lineno}: {n.value}" for arg in inside for n in _loose(arg)]
    assert [text for text in loose if not text.endswith(": numtrustd ")] == []


def _loose(node: ast.expr) -> list[ast.Constant]:
    match node:
        case ast.Constant(value=str(text)) if re.search(r"[A-Za-z]{2}", text):
            return [node]
        case ast.JoinedStr(values=values):
            return [v for v in values if isinstance(v, ast.Constant) and re.search(r"[A-Za-z]{3}", str(v.value))]
        case ast.Tuple(elts=elts) if elts:
            return [n for e in elts for n in _loose(e)]
        case ast.IfExp(body=body, orelse=other):
            return _loose(body) + _loose(other)
    return []


_OTHER_WORDS = {
    "监看": "监测", "不在监测之列": "未监测", "超期": "逾期", "逾时": "逾期，或错过（节点）",
    "一项发现": "问题", "徽标": "标识", "停放": "搁置", "重新载入": "重新加载",
    "数据源": "来源", "平台包": "规则包", "我们的": "我方", "机主": "号主",
}  # fmt: skip
"""Words that mean what another one means, which is used throughout."""


def test_one_thing_is_called_by_one_word_in_chinese() -> None:
    texts = [" ".join(m.string) if isinstance(m.string, tuple) else m.string for m in messages("zh", lang.DOMAIN)]
    root = Path(__file__).parents[2]
    docs = [*(root / "docs").glob("*.zh-CN.md"), root / "README.zh-CN.md"]
    texts += [file.read_text(encoding="utf-8") for file in docs]
    assert len(docs) > 5
    for text in texts:
        for word, ours in _OTHER_WORDS.items():
            found = text.partition(word)
            assert not found[1], f"{found[0][-20:]}{word}{found[2][:20]}: {ours}"


def test_a_chinese_bracket_or_colon_has_no_space_beside_it() -> None:
    doc = Document()
    doc.line("外呼", "（手机）", "a", "(b)")
    doc.line("共有：", "baidu", None, "so360")
    assert list(plain.lines(doc)) == ["外呼（手机） a (b)", "共有：baidu so360"]
    assert [line.plain for line in terminal.lines(doc, 80)] == list(plain.lines(doc))
