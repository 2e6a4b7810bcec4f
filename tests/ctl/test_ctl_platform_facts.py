"""One platform as a person reads of it: its name and what packs say in his language, how long it takes to show what it
agreed to."""

from typing import Any

import pytest
from msgspec import structs

from numtrustd.api import facts
from numtrustd.ctl import lang, plain
from numtrustd.ctl.cli import main
from numtrustd.ctl.render_platform import _shown_after, platform
from tests.ctl.conftest import PLATFORM, platform_row

APPEAL = facts.AppealFact(
    channel="manual", review_days=5, country="CN", cooldown=86_400.0, propagation=172_800.0, takes=(), attempts=()
)


def test_plain_time_and_working_days_are_told_apart() -> None:
    assert _shown_after(APPEAL) == "2 d"
    assert _shown_after(structs.replace(APPEAL, propagation_days=1)) == "1 working day"
    assert _shown_after(structs.replace(APPEAL, propagation_days=5)) == "5 working days"


def test_what_a_pack_says_in_english_is_said_in_the_readers_language(daemon: Any, capsys: Any) -> None:
    view = daemon.answers["GetPlatform"]
    route = "Truecaller for Business: verified numbers are listed and delisted over its API, by contract"
    certification = structs.replace(view.certification, route=route)
    look = structs.replace(
        view.device_test, steps=("拨打这部手机", "Compare the number and the name; take a screenshot")
    )
    said = {"seen": "third-party pages", "certification": certification, "device_test": look}
    daemon.answers["GetPlatform"] = structs.replace(view, **said, quotas=(facts.QuotaFact(what="tokens", most=3),))
    assert main(["platform", "xiaomi"]) == 0
    english = capsys.readouterr().out
    assert main(["--lang", "zh", "platform", "xiaomi"]) == 0
    chinese = capsys.readouterr().out
    for before, after in (
        ("third-party pages", "第三方页面"),
        ("小米黄页 (C), 泰迪熊 in part (D)", "小米黄页（C），部分来自泰迪熊（D）"),
        (route, "按合同，通过它的 API 上架和下架已验证的号码"),
        ("2.  Compare the number and the name; take a screenshot", "2.  核对号码和名称，截图"),
        ("1.  拨打这部手机", "1.  拨打这部手机"),
        ("tokens", "令牌数"),
    ):
        assert before in english
        assert after in chinese
        assert before == after or before not in chinese


def test_a_platform_is_called_by_its_name_in_the_readers_language_alone() -> None:
    view = structs.replace(PLATFORM, row=platform_row("teddy", name="泰迪熊", name_en="Teddy Mobile"))
    assert next(plain.lines(platform(view))) == "teddy Teddy Mobile (search_engine)"
    lang.use("zh", {})
    try:
        assert next(plain.lines(platform(view))) == "teddy 泰迪熊（搜索引擎）"
    finally:
        lang.use("en", {})
    assert next(plain.lines(platform(PLATFORM))).startswith("xiaomi ("), "its English name is its id"


def test_a_platform_whose_labels_are_appealed_elsewhere_does_not_contradict_itself(
    daemon: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    view = daemon.answers["GetPlatform"]
    daemon.answers["GetPlatform"] = structs.replace(view, appeal_at=("teddy",), appeal=None)
    assert main(["platform", "xiaomi"]) == 0
    english = capsys.readouterr().out
    assert main(["--lang", "zh", "platform", "xiaomi"]) == 0
    chinese = capsys.readouterr().out
    assert "at  teddy\nno appeal of its own is known\n" in english
    assert "申诉去处  teddy\n该平台自身没有已知的申诉途径\n" in chinese
    assert chinese.startswith("xiaomi 小米（手机厂商）\n")
