"""What people are told to do who hand something in: in the reader's language, one language in one list."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import numtrustd
from numtrustd.api import rows
from numtrustd.ctl import handing_in, lang, looking, refusal
from numtrustd.ctl.cli import main
from numtrustd.domain import wording
from tests.ctl.conftest import TASK

PACKAGE = Path(numtrustd.__file__).parent
PACKS = sorted((PACKAGE.parent / "config" / "platforms").glob("*.toml"))
Capture = pytest.CaptureFixture[str]

_HAN = re.compile("[一-鿿]")
_QUOTED = re.compile(r"“[^”]*”|搜狗号码通|电话 → 骚扰拦截 → 号码申诉")
"""What stands on a page or a phone and is to be found there, in English, too."""

KNOWN = {text for pair in handing_in.PAIRS for text in pair}


def _manuals() -> Iterator[tuple[str, dict[str, Any]]]:
    """The ways by hand of all packs that come with the program."""
    for file in PACKS:
        for kind, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if isinstance(table, dict) and "manual" in table:
                yield f"{file.name} [{kind}.manual]", table["manual"]


def test_what_shipped_packs_tell_people_is_known_in_both_languages() -> None:
    told = [
        (where, text)
        for where, manual in _manuals()
        for text in (*manual.get("steps", ()), manual.get("bring_back"))
        if text
    ]
    assert len(told) >= 40
    assert [(where, text) for where, text in told if text not in KNOWN] == []


def test_what_the_daemon_tells_them_is_known_in_both_languages() -> None:
    lacking = []
    for name in ("packets", "letters", "context"):
        tree = ast.parse((PACKAGE / "actors" / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(_HAN.findall(node.value)) > 1:
                lacking += [f"{name}.py:{node.lineno}: {node.value}"] if node.value not in KNOWN else []
    for errand in wording.ERRANDS.values():
        lacking += [step for step in errand.steps if step not in KNOWN]
    assert lacking == [], "write it into ctl/handing_in.py, in both languages"
    assert wording.backup_step([]) in KNOWN


def test_every_pair_is_in_two_languages_and_says_one_thing() -> None:
    for chinese, english in handing_in.PAIRS:
        assert _HAN.search(chinese), chinese
        assert _HAN.search(_QUOTED.sub("", english)) is None, english
    for side in zip(*handing_in.PAIRS, strict=True):
        assert len(set(side)) == len(side)
    assert {chinese for chinese, _ in handing_in.PAIRS}.isdisjoint(chinese for chinese, _ in looking.PAIRS)


def test_a_list_is_in_the_readers_language() -> None:
    chinese = ["用企业邮箱发送邮件，主题写“号码标记申诉”和号码", "提交后截图保存"]
    english = handing_in.steps(chinese)
    assert all(step in KNOWN and step.startswith(("Send an e-mail", "Send it")) for step in english)
    lang.use("zh", {})
    assert handing_in.steps(chinese) == chinese
    assert handing_in.steps(english) == chinese
    assert handing_in.steps(["Fill in the fields and send"]) == ["填写各项并提交"]


def test_an_own_packs_words_stay_and_so_do_those_beside_them() -> None:
    own = ["到窗口办理", "提交后截图保存"]
    assert handing_in.steps(own) == own
    lang.use("zh", {})
    assert handing_in.steps(["Take it to the window", "Keep the confirmation"])[0] == "Take it to the window"


def test_what_to_bring_back_is_told_with_the_receipt_of_a_deletion() -> None:
    assert handing_in.record("工单号和答复期限") == "the number of the ticket, and by when they answer"
    assert handing_in.record("受理编号；没有编号时填提交日期；注销回执") == (
        "the number that it was given; without one, the day when it was sent; the receipt of the deletion"
    )
    assert handing_in.record("注销回执") == "the receipt of the deletion"
    assert handing_in.record("盖章的单子；注销回执") == "盖章的单子；注销回执"
    lang.use("zh", {})
    assert handing_in.record("the request's number, or when it was sent；注销回执") == "申请编号，或提交时间；注销回执"


@pytest.mark.parametrize(("language", "wanted"), [
    ("en", "bring what the platform gave for it (the number of the ticket, and by when they answer) with --receipt"),
    ("zh", "请用 --receipt 填写平台给的凭据（工单号和答复期限）"),
])  # fmt: skip
def test_who_did_not_bring_it_is_told_what_in_his_language(language: str, wanted: str) -> None:
    lang.use(language, {})
    why = (
        "bring what the platform gave for it (工单号和答复期限) with --receipt, or say --no-receipt if it gave nothing"
    )
    [said] = refusal.words("io.numtrust.Control.Refused", {"why": why})
    assert said.startswith(wanted)
    assert "--no-receipt" in said


def test_the_backup_numbers_of_a_pause_are_told_in_english_too() -> None:
    step = wording.backup_step([
        ("13800138002", wording.Fitness.CERTIFIED_THERE),
        ("13800138003", wording.Fitness.CERTIFIED_ELSEWHERE),
        ("13800138004", wording.Fitness.CLEAN_THERE),
    ])  # fmt: skip
    assert handing_in.steps([step]) == [
        "Meanwhile call from these backup numbers: 13800138002 (certified there), 13800138003 (certified elsewhere), "
        "13800138004 (clean there)"
    ]


def test_a_forms_field_keeps_its_name_and_says_in_english_what_it_asks_for() -> None:
    fields = {name: value for _, manual in _manuals() for name, value in manual.get("fields", {}).items()}
    for name, value in fields.items():
        shown = handing_in.field(name)
        assert shown.startswith(name)
        assert (shown != name) == (_HAN.search(name) is not None), name
        if _HAN.search(value) and "{" not in value:
            assert _HAN.search(handing_in.filled(value)) is None
    assert handing_in.field("phone 申诉号码") == "phone 申诉号码 (number)"
    lang.use("zh", {})
    assert handing_in.field("phone 申诉号码") == "phone 申诉号码"


@pytest.mark.parametrize(("language", "step", "field"), [
    ("en", "Open the page for appeals and type the number", "申诉号码 (number)"),
    ("zh", "打开申诉页面，输入申诉号码", "申诉号码"),
])  # fmt: skip
def test_a_task_shows_them(daemon: Any, capsys: Capture, language: str, step: str, field: str) -> None:
    daemon.answers["GetTask"] = structs.replace(
        daemon.answers["GetTask"],
        steps=("打开申诉页面，输入申诉号码", "提交后截图保存"),
        bring_back="申诉单号或提交时间",
        fields=(rows.Fact(name="申诉号码", value="021-51288888"),),
    )
    assert main(["--lang", language, "task", "show", TASK]) == 0
    out = capsys.readouterr().out
    assert step in out
    assert re.search(rf"^\s+{re.escape(field)}\s+021-51288888$", out, re.MULTILINE)
    assert ("screenshot" in out) == (language == "en")
    assert ("申诉单号或提交时间" in out) == (language == "zh")
