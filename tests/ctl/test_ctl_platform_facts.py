"""One platform as a person reads of it: its name in his language, how long it takes to show what it agreed to."""

from msgspec import structs

from numtrustd.api import facts
from numtrustd.ctl import lang, plain
from numtrustd.ctl.render_platform import _shown_after, platform
from tests.ctl.conftest import PLATFORM, platform_row

APPEAL = facts.AppealFact(
    channel="manual", review_days=5, country="CN", cooldown=86_400.0, propagation=172_800.0, takes=(), attempts=()
)


def test_plain_time_and_working_days_are_told_apart() -> None:
    assert _shown_after(APPEAL) == "2 d"
    assert _shown_after(structs.replace(APPEAL, propagation_days=1)) == "1 working day"
    assert _shown_after(structs.replace(APPEAL, propagation_days=5)) == "5 working days"


def test_a_platform_is_called_by_its_name_in_the_readers_language_alone() -> None:
    view = structs.replace(PLATFORM, row=platform_row("teddy", name="泰迪熊", name_en="Teddy Mobile"))
    assert next(plain.lines(platform(view))) == "teddy Teddy Mobile (search_engine)"
    lang.use("zh", {})
    try:
        assert next(plain.lines(platform(view))) == "teddy 泰迪熊 (搜索引擎)"
    finally:
        lang.use("en", {})
    assert next(plain.lines(platform(PLATFORM))).startswith("xiaomi ("), "its English name is its id"
