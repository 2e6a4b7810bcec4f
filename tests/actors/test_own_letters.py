"""Letters that an operator wrote himself stand in the packets of every kind of task, in place of those built in."""

from pathlib import Path

import trio.testing

from numtrustd.domain.letters import LETTER_NAMES
from numtrustd.wire.letter import Letter, compile_letter
from tests.actors.house import MOBILE, TestHouse, make_house
from tests.actors.leaving_house import OLD, cancel, leaving, shown, task
from tests.actors.parts import answer
from tests.actors.test_certificates import certifying, paused
from tests.actors.test_corrections import named, wrong_name
from tests.actors.test_incidents import emergencies, labelled

Clock = trio.testing.MockClock


def own(kind: str, text: str) -> dict[str, Letter]:
    made, wrong = compile_letter(text, LETTER_NAMES[kind])
    assert wrong == []
    return {kind: made}


def letters(house: TestHouse, kind: str) -> list[str]:
    return [t.packet.letter for t in house.tasks() if t.kind == kind and t.packet is not None]


async def test_a_correction(tmp_path: Path, autojump_clock: Clock) -> None:
    mine = own("correction", "致{platform}：把“{words}”改为“{wanted}”\n此前：{reasons}\n第{attempt}次")
    async with make_house(tmp_path, **named(letters=mine)) as house:
        await wrong_name(house)
        assert letters(house, "submit_correction") == ["致阿尔法：把“示例物流”改为“名称：示例快运”\n第1次"]
        [found] = house.tasks()
        await answer(house, found, "refused", reason="缺少公章")
        await house.until(lambda: letters(house, "submit_correction"))
        assert letters(house, "submit_correction") == [
            "致阿尔法：把“示例物流”改为“名称：示例快运”\n此前：缺少公章\n第2次"
        ]


async def test_a_removal_and_the_notice_of_its_reason(tmp_path: Path, autojump_clock: Clock) -> None:
    mine = own("removal", "{because}；{wish}") | own("notice_renamed", "{old_name}→{new_name}")
    async with make_house(tmp_path, **leaving(letters=mine)) as house:
        await shown(house, OLD, "alpha")
        await cancel(house, "renamed")
        notice = await task(house, "publish_notice")
        assert notice.packet is not None
        assert notice.packet.letter == "示例物流→示例快运"
        found = await task(house, "submit_removal", "alpha")
        assert found.packet is not None
        assert found.packet.letter.startswith("我司名称已变更登记，原名称不再使用；注销该号码原有的认证")


async def test_what_customers_are_told_of_a_pause_and_of_an_emergency(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path / "a", **certifying(letters=own("trust_notice", "请放心接听 {number}"))) as house:
        await paused(house)
        assert letters(house, "find_cause") == ["请放心接听 13800138000"]
    mine = own("fault_repaired", "{number} 已恢复")
    async with make_house(tmp_path / "b", **emergencies(letters=mine)) as house:
        await labelled(house)
        house.alpha.labels.pop(MOBILE)
        await house.until(lambda: letters(house, "update_wording"))
        assert letters(house, "update_wording") == ["13800138000 已恢复"]
