"""A wrong name becomes a correction: opened where it can be asked for, handed in by a person, ended by what is seen."""

from pathlib import Path
from typing import Any

import trio.testing
from msgspec import structs

from numtrustd.actors.messages import Refresh
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.platform import AppealFacts, Attempt, Certification
from numtrustd.events import CaseClosed, CaseJoined, CaseOpened
from numtrustd.probes.spec import Rule, SayCertified, SayClean, SayMarked
from numtrustd.wire.spec import Condition, Pick
from tests.actors.house import DAY, MOBILE, T0, TestHouse, make_house, number, platform, source
from tests.actors.parts import answer, consistent

Clock = trio.testing.MockClock

LABEL = Pick(view="doc", path="label")
NAMING = (
    Rule("marked", (Condition(view="doc", path="marks", at_least=1),), SayMarked(words=LABEL, name=LABEL)),
    Rule("named", (Condition(view="doc", path="label", nonempty=True),), SayCertified(name=LABEL)),
    Rule("clean", (Condition(view="doc", path="label", equals=""),), SayClean()),
)
WANTED = Wanted(names=(Version("示例物流"), Version("示例快运", T0 - 30 * DAY)))
WAY = AppealFacts("manual", address="https://alpha.example.invalid/names", review_days=2, propagation=DAY, cooldown=DAY)
CERTIFIED = Certification("认证页面提交变更", address="https://alpha.example.invalid/certify", days=1)


def named(**more: Any) -> dict[str, Any]:
    """`alpha` shows names, and takes corrections of them."""
    way: dict[str, Any] = more.pop("way", {"ways": {"correction": WAY}})
    return {
        "numbers": (number(MOBILE, wanted=WANTED),),
        "platforms": {"alpha": platform("alpha", **way), "beta": platform("beta")},
        "sources": {"alpha.api": source("alpha", rules=NAMING), "beta.api": source("beta")},
        **more,
    }


async def wrong_name(house: TestHouse) -> None:
    house.alpha.labels[MOBILE] = ("示例物流", 0)
    await house.opened("correction", "alpha")
    await house.in_state("at_person", "alpha", kind="correction")


async def test_the_old_name_is_corrected_and_seen_to_be_right(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **named()) as house:
        await wrong_name(house)
        [opened] = house.log.of(CaseOpened)
        assert (opened.kind, opened.platform, opened.reason) == ("correction", "alpha", "display_wrong")
        [task] = house.tasks()
        assert (task.kind, task.title) == ("submit_correction", "Hand in the correction")
        assert task.packet is not None
        assert "显示为“示例物流”" in task.packet.letter
        assert "名称：示例快运" in task.packet.letter
        await answer(house, task, "submitted", receipt="C-1")
        await house.in_state("in_review", "alpha", kind="correction")
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        [closed] = await house.until(lambda: house.log.of(CaseClosed))
        assert (closed.kind, closed.outcome) == ("correction", "cleared")
        case = house.case("alpha", kind="correction")
        assert case.data.clean["alpha.api/default"].looks >= 3, "approved or not, it is seen to be right"
        assert house.tasks() == []
        consistent(house.store)


async def test_while_the_old_name_is_shown_nothing_ends(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **named()) as house:
        await wrong_name(house)
        await answer(house, house.tasks()[0], "submitted", receipt="C-1")
        await answer(house, house.tasks()[0], "approved")
        await house.in_state("verifying", "alpha", kind="correction")
        await house.in_state("cooling", "alpha", kind="correction")
        case = house.case("alpha", kind="correction")
        assert (case.data.residual, case.data.attempt) == (1, 2)
        assert not house.log.of(CaseClosed)


async def test_a_risk_label_and_a_wrong_name_go_two_ways_at_once(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **named()) as house:
        house.alpha.labels[MOBILE] = ("骚扰电话", 9)
        await house.opened("correction", "alpha")
        await house.until(lambda: house.record().cases)
        assert {(event.kind, event.platform) for event in house.log.of(CaseOpened)} == {
            ("appeal", "alpha"),
            ("correction", "alpha"),
        }
        ids = {house.case("alpha").id, house.case("alpha", kind="correction").id}
        assert ids == {f"{MOBILE}/alpha/1", f"{MOBILE}/alpha/2"}
        view = await house.ask("GetNumber", number=MOBILE)
        assert {(case.case, case.kind) for case in view.cases} == {
            (house.case("alpha").id, "appeal"),
            (house.case("alpha", kind="correction").id, "correction"),
        }
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        closed = await house.until(lambda: len(house.log.of(CaseClosed)) == 2 and house.log.of(CaseClosed))
        assert {event.kind for event in closed} == {"appeal", "correction"}
        consistent(house.store)


async def test_what_has_no_way_of_its_own_goes_the_way_of_the_certification(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    way = {"way": {"certification": CERTIFIED}}
    async with make_house(tmp_path, **named(**way)) as house:
        await wrong_name(house)
        [task] = house.tasks()
        assert task.packet is not None
        assert task.packet.address == "https://alpha.example.invalid/certify"
        assert task.packet.steps == ("认证页面提交变更",)


async def test_where_nobody_knows_a_way_a_wrong_name_stays_a_finding(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **named(way={})) as house:
        house.alpha.labels[MOBILE] = ("示例物流", 0)
        await house.until(lambda: any(f.said for f in house.record().flaws.get("alpha", ())))
        await house.sleep(2 * DAY)
        assert house.log.of(CaseOpened) == []


async def test_it_is_asked_for_at_the_owner_of_the_data(tmp_path: Path, autojump_clock: Clock) -> None:
    beta = platform("beta", ways={"correction": WAY})
    platforms = {"alpha": platform("alpha", appeal_at=("beta",)), "beta": beta}
    async with make_house(tmp_path, **named(platforms=platforms)) as house:
        house.alpha.labels[MOBILE] = ("示例物流", 0)
        case = await house.opened("correction", "beta")
        assert case.data.displays == ("alpha",)
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        await house.in_state("cleared", "beta", kind="correction")
        assert "alpha:alpha.api/default" in house.case("beta", kind="correction").data.clean
        assert not house.log.of(CaseJoined)


async def test_the_papers_of_the_second_attempt_are_its_own(tmp_path: Path, autojump_clock: Clock) -> None:
    way = AppealFacts(
        "manual", review_days=1, propagation=DAY, cooldown=DAY, attempts=(Attempt(), Attempt(("licence",)))
    )
    async with make_house(tmp_path, **named(way={"ways": {"correction": way}})) as house:
        await wrong_name(house)
        await answer(house, house.tasks()[0], "refused", reason="缺少营业执照")
        await house.in_state("gathering", "alpha", kind="correction")
        [task] = house.tasks()
        assert task.detail == ("licence",)


async def test_a_name_that_comes_back_opens_its_case_again(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **named()) as house:
        await wrong_name(house)
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        first = await house.in_state("cleared", "alpha", kind="correction")
        house.alpha.labels[MOBILE] = ("示例物流", 0)
        again = await house.opened("correction", "alpha")
        assert (again.id, again.data.returns) == (first.id, 1)


async def test_what_is_wanted_no_longer_is_withdrawn(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **named()) as house:
        await wrong_name(house)
        await reload_without_identity(house)
        [closed] = await house.until(lambda: house.log.of(CaseClosed))
        assert (closed.kind, closed.outcome) == ("correction", "withdrawn")
        consistent(house.store)


async def reload_without_identity(house: TestHouse) -> None:
    house.house.context = structs.replace(house.house.context, numbers={MOBILE: number(MOBILE)})
    house.house.post(MOBILE, Refresh())
    await house.settled()
