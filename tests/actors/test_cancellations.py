"""A number leaves: everything is cancelled at all platforms at once, verified gone, and only then given up."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.actors.mailbox import Reply
from numtrustd.actors.messages import Order, Refresh, RefusedError
from numtrustd.api.errors import InvalidArgument, Refused
from numtrustd.domain.device_test import HandPolicy
from numtrustd.domain.leaving import LeavingPolicy
from numtrustd.domain.owned import Watch
from numtrustd.domain.platform import AppealFacts, Attempt, HandLook
from numtrustd.domain.workflows import request as a
from numtrustd.events import CaseClosed, CaseOpened, FindingOpened, NumberReleased, TaskReminded
from numtrustd.probes.report import ReportSpec
from numtrustd.probes.spec import Reading
from tests.actors.house import DAY, HOUR, MOBILE, T0, Refusal, make_house, number, platform, source
from tests.actors.leaving_house import (
    EXPIRES,
    NEW,
    OLD,
    PAPERS,
    WANTED,
    WAY,
    cancel,
    deleted,
    errands,
    everything,
    hand_in,
    leaving,
    parent,
    provider,
    removal,
    show,
    shown,
    states,
    task,
    task_of,
)
from tests.actors.parts import answer, consistent, history, killed, order

Clock = trio.testing.MockClock


async def test_a_disused_number_is_cancelled_everywhere_and_then_given_up(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        case = await cancel(house, note="专线停用")
        assert [(e.kind, e.platform) for e in house.log.of(CaseOpened)] == [
            ("cancellation", None),
            ("removal", "alpha"),
            ("removal", "beta"),
            ("removal", "prov"),
        ]
        assert case.id == f"{MOBILE}/cancellation/1"
        await task(house, "submit_removal", "alpha")
        found = task_of(house, "submit_removal", "alpha")
        assert found is not None
        assert found.packet is not None
        assert [paper.partition(":")[0] for paper in found.packet.papers] == ["licence", "number_cancellation"]
        assert "我司已不再使用该号码" in found.packet.letter
        assert f"目前显示为“{NEW}”" in found.packet.letter
        await everything(house)
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")
        assert set(states(house).values()) == {"cleared"}
        assert removal(house, "prov").data.deleted == "DEL-1"
        view = await house.ask("GetNumber", number=MOBILE)
        assert (view.leaving.safe_to_release, view.leaving.waits_for) == (True, ())
        assert [t.kind for t in house.tasks()] == ["release_number"]
        gone = await house.ask("Release", number=MOBILE, author="eve")
        assert (gone.forced, gone.case) == (False, case.id)
        [event] = house.log.of(NumberReleased)
        assert (event.number, event.by, event.forced, event.case) == (MOBILE, "eve", False, case.id)
        assert house.tasks() == []
        assert not [e for e in house.log.of(FindingOpened) if e.finding == "residual"]
        consistent(house.store)


async def test_caches_are_waited_out_before_anything_is_called_a_residual(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """One platform shows it still, seven days after it agreed: it is asked again, and nobody else is."""
    way = AppealFacts("manual", review_days=1, propagation=3 * DAY, attempts=(Attempt(), Attempt(("screenshots",))))
    context = leaving(platforms={**leaving()["platforms"], "alpha": platform("alpha", ways={"removal": way})})
    async with make_house(tmp_path, **context) as house:
        await shown(house)
        await cancel(house)
        await errands(house)
        for at in ("beta", "alpha"):
            await hand_in(house, at)
            await deleted(house, at)
        agreed = house.clock.now()
        show(house, "", "beta")
        await house.sleep(2.9 * DAY)
        assert removal(house, "alpha").snapshot.state == "propagating"
        assert not house.log.of(FindingOpened)
        await provider(house)
        await house.in_state("cooling", "alpha", kind="removal")
        assert 7 * DAY - HOUR <= house.clock.now() - agreed <= 7 * DAY + HOUR
        [residual] = await house.until(lambda: house.log.of(FindingOpened))
        assert (residual.platform, residual.finding) == ("alpha", "residual")
        assert residual.view == "alpha.api/default"
        again = await task(house, "submit_removal", "alpha")
        assert again.packet is not None
        assert "补充申请" in again.packet.letter
        assert any(paper.startswith("screenshots") for paper in again.packet.papers)
        assert removal(house, "alpha").data.attempt == 2
        await house.until(lambda: states(house)["beta"] == "cleared")
        assert [e.platform for e in house.log.of(CaseOpened) if e.kind == "removal"] == ["alpha", "beta", "prov"]
        assert parent(house).snapshot.state == "cancelling"
        await hand_in(house, "alpha")
        await deleted(house, "alpha")
        show(house, "", "alpha")
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")
        consistent(house.store)


async def test_a_renamed_company_has_the_old_name_deleted_and_keeps_the_number(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, OLD, "alpha")
        await shown(house, NEW, "beta")
        await cancel(house, "renamed")
        # `beta` shows what is wanted: nothing has to go there.
        assert set(states(house)) == {"alpha", "prov"}
        notice = await task(house, "publish_notice")
        assert notice.packet is not None
        assert f"由“{OLD}”变更为“{NEW}”" in notice.packet.letter
        await errands(house)
        found = await task(house, "submit_removal", "alpha")
        assert found.packet is not None
        assert [p.partition(":")[0] for p in found.packet.papers] == ["licence", "change_notice"]
        await hand_in(house, "alpha")
        await deleted(house, "alpha")
        show(house, NEW, "alpha")
        await provider(house)
        await house.until(lambda: parent(house).outcome == "cleared")
        assert house.record().leaving is house.record().released is None
        with pytest.raises(Refusal, match="cancel"):
            await house.ask("Release", number=MOBILE)
        consistent(house.store)


async def test_wrong_information_is_deleted_with_the_right_material(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving(leaving=LeavingPolicy())) as house:
        await shown(house, "别家公司", "alpha")
        await cancel(house, "wrong_info")
        assert set(states(house)) == {"alpha"}
        assert parent(house).data.errands == ()
        found = await task(house, "submit_removal", "alpha")
        assert found.packet is not None
        assert [p.partition(":")[0] for p in found.packet.papers] == ["licence", "right_information"]
        assert "信息有误" in found.packet.letter
        assert f"目前显示为“别家公司”，正确信息为“名称：{NEW}”" in found.packet.letter
        assert removal(house, "alpha").data.facts == (
            "alpha.api/default still shows the name 别家公司, which has to go",
        )
        await hand_in(house, "alpha")
        await deleted(house, "alpha")
        show(house, "", "alpha")
        await house.until(lambda: parent(house).outcome == "cleared")


@pytest.mark.parametrize("reason", ["staff_left", "transferred"])
async def test_what_somebody_else_has_from_now_on_is_due_on_the_same_day(
    tmp_path: Path, autojump_clock: Clock, reason: str
) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        now = house.clock.now()
        await cancel(house, reason)
        await house.until(lambda: len(house.tasks()) >= 4)
        ends = LeavingPolicy().same_day(now)
        assert ends - now <= DAY
        kinds = {each.kind: each.due for each in house.tasks()}
        wanted = {"remove_binding", "freeze_outbound"} if reason == "staff_left" else {"publish_notice"}
        assert wanted <= set(kinds)
        assert set(kinds.values()) == {ends}
        assert removal(house, "alpha").data.hurried
        await errands(house)
        await hand_in(house, "alpha")
        await deleted(house, "alpha")
        show(house, "")
        await provider(house)
        await answer(house, await task(house, "release_number"), "kept" if reason == "staff_left" else "released")
        record = house.record()
        if reason == "staff_left":
            assert (record.leaving, record.released, parent(house).outcome) == (None, None, "cleared")
        else:
            assert record.released is not None
            assert (record.released.by, record.released.forced) == ("bob", False)
        consistent(house.store)


async def test_a_company_that_closes_asks_for_deletion_for_good(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        await cancel(house, "company_closing")
        found = await task(house, "submit_removal", "beta")
        assert found.packet is not None
        assert "永久删除" in found.packet.letter
        assert [p.partition(":")[0] for p in found.packet.papers] == ["licence"]
        with pytest.raises(Refusal, match="not safe to release"):
            await house.ask("Release", number=MOBILE)
        await everything(house)
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")
        await house.ask("Release", number=MOBILE, author="eve")
        assert house.record().released is not None


async def test_without_the_receipt_of_the_deletion_it_is_asked_for_again(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await cancel(house)
        await hand_in(house, "prov")
        await deleted(house, "prov")  # and brings nothing back
        first = await task(house, "bring_receipt", "prov")
        with pytest.raises(Exception, match="--receipt"):
            await answer(house, first, "brought")
        await answer(house, await task(house, "confirm_gone", "prov"), "gone")
        assert states(house)["prov"] == "verifying"
        reminded = first.due
        await house.until(lambda: (t := task_of(house, "bring_receipt", "prov")) is not None and t.due > reminded)
        await answer(house, await task(house, "bring_receipt", "prov"), "brought", receipt="DEL-9")
        assert states(house)["prov"] == "cleared"
        assert removal(house, "prov").data.deleted == "DEL-9"
        consistent(house.store)


async def test_what_expires_by_itself_is_waited_out(tmp_path: Path, autojump_clock: Clock) -> None:
    apple = platform("apple", appeal=None, ways={"removal": EXPIRES})
    context = leaving(platforms={"apple": apple}, sources={}, leaving=LeavingPolicy(bindings=(), notice=()))
    async with make_house(tmp_path, **context) as house:
        began = house.clock.now()
        await cancel(house)
        assert set(states(house)) == {"apple"}
        await house.in_state("propagating", "apple", kind="removal")
        assert house.tasks() == []
        view = await house.ask("GetCase", case=removal(house, "apple").id)
        assert ("expires by itself", "within 7 d to 15 d") in [(f.name, f.value) for f in view.data]
        found = await task(house, "confirm_gone", "apple")
        assert 15 * DAY <= found.opened_at - began <= 15 * DAY + HOUR
        await answer(house, found, "still_shown", note="通话记录里还有")
        assert removal(house, "apple").data.attempt == 2
        await answer(house, await task(house, "confirm_gone", "apple"), "gone")
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")


async def test_a_release_is_refused_or_forced_and_recorded(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        with pytest.raises(Refusal, match="cancel") as refused:
            await house.ask("Release", number=MOBILE)
        assert isinstance(refused.value.error, Refused)
        case = await cancel(house)
        with pytest.raises(Refusal, match="alpha/1 is "):
            await house.ask("Release", number=MOBILE, author="eve")
        with pytest.raises(Refusal) as invalid:
            await house.ask("Release", number=MOBILE, force=True, author="eve")
        assert isinstance(invalid.value.error, InvalidArgument)
        gone = await house.ask("Release", number=MOBILE, force=True, reason="号码被运营商收回", author="eve")
        assert (gone.forced, gone.new) == (True, "released")
        assert len(gone.waits_for) > 3
        [event] = house.log.of(NumberReleased)
        assert (event.forced, event.by, event.why) == (True, "eve", "号码被运营商收回")
        assert [e.by for e in history(house.store) if e.action == "number.released"] == ["eve"]
        assert parent(house).outcome == "released"
        assert {"alpha", "beta", "prov"} <= {p for p, s in states(house).items() if s not in ("cleared", "withdrawn")}
        lines = (await house.ask("Explain", number=MOBILE)).lines
        assert "by force" in lines[0].fact
        # What goes on is the removals: the number is on farewell watch.
        house.house.post(MOBILE, Refresh())
        await house.settled()
        assert states(house)["alpha"] != "withdrawn"
        await hand_in(house, "alpha")
        with pytest.raises(Refusal, match="already"):
            await house.ask("Release", number=MOBILE, force=True, reason="again")
        with pytest.raises(Refusal, match="reopen"):
            await house.ask("Cancel", number=MOBILE, reason="disused")
        assert case.id == parent(house).id
        consistent(house.store)


async def test_what_was_given_up_by_force_stays_so_when_wrong_information_of_it_is_deleted(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving(leaving=LeavingPolicy())) as house:
        await house.ask("Release", number=MOBILE, force=True, reason="号码被运营商收回", author="eve")
        await cancel(house, "wrong_info")
        for at in states(house):
            await hand_in(house, at)
            await deleted(house, at, "R-1")
        if (asked := task_of(house, "confirm_gone", "prov")) is not None:
            await answer(house, asked, "gone")
        await house.until(lambda: parent(house).outcome == "cleared")
        gone = house.record().released
        assert gone is not None
        assert (gone.forced, gone.why) == (True, "号码被运营商收回")


async def test_a_label_is_appealed_again_when_a_number_is_taken_back(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        appeal = await house.labelled("beta", words="骚扰电话")
        case = await cancel(house)
        gone = await house.ask("Release", number=MOBILE, force=True, reason="号码被运营商收回", author="eve")
        # The answer is about the cancellation, not about the appeal that it ended.
        assert (gone.old, gone.new, gone.case) == ("cancelling", "released", case.id)
        assert house.case("beta").outcome == "withdrawn"
        await order(house, case, a.Reopen("taken back"))
        again = house.case("beta")
        assert again.id != appeal.id
        assert again.open


async def test_a_number_that_was_never_cancelled_can_be_given_up_by_force(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        gone = await house.ask("Release", number=MOBILE, force=True, reason="lost", author="eve")
        assert (gone.forced, gone.case, gone.old, gone.new) == (True, None, "yes", "farewell")
        [found] = await house.until(lambda: [e for e in house.log.of(FindingOpened) if e.finding == "residual"])
        assert found.platform == "alpha"
        await cancel(house)
        assert house.record().released is not None, "it stays given up while what is left of it is cancelled"
        consistent(house.store)


async def test_the_farewell_stands_through_a_restart_and_a_reload(tmp_path: Path, autojump_clock: Clock) -> None:
    at = tmp_path / "copy"
    at.mkdir()
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, "")
        await house.ask("Release", number=MOBILE, force=True, reason="gone", author="eve")
        await house.settled()
        killed(house, at)
    async with make_house(at, start=T0 + 20 * DAY, **leaving()) as house:
        house.roster.refresh(MOBILE)
        await house.settled()
        view = await house.ask("GetNumber", number=MOBILE)
        assert (view.leaving.state, view.leaving.forced, view.leaving.released_by) == ("released", True, "eve")
        # The row still says yes; a label is nobody's business any more, and our name is.
        house.alpha.labels[MOBILE] = (NEW, 9)
        await house.until(lambda: [e for e in house.log.of(FindingOpened) if e.finding == "residual"])
        await house.sleep(2 * DAY)
        assert house.log.of(CaseOpened) == []


async def test_a_restart_in_the_middle_goes_on_where_it_was(tmp_path: Path, autojump_clock: Clock) -> None:
    at = tmp_path / "copy"
    at.mkdir()
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        case = await cancel(house)
        await errands(house)
        await hand_in(house, "alpha")
        before = states(house)
        killed(house, at)
        then = house.clock.now()
    async with make_house(at, start=then + HOUR, **leaving()) as house:
        show(house, NEW)
        await house.settled()
        assert (parent(house).id, states(house)) == (case.id, before)
        assert parent(house).data.errands_left == ()
        await deleted(house, "alpha")
        await hand_in(house, "beta")
        await deleted(house, "beta")
        show(house, "")
        await provider(house)
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")
        assert house.record().leaving == "all"
        consistent(house.store)


async def test_a_number_that_is_removed_meanwhile_loses_its_cancellation_and_can_go_on(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        case = await cancel(house)
        await errands(house)
        context = house.house.context
        await house.roster.retire([MOBILE])
        house.house.context = structs.replace(context, numbers={})
        await house.roster.apply((), (MOBILE,), ())
        assert {e.outcome for e in house.log.of(CaseClosed)} == {"withdrawn"}
        assert len(house.log.of(CaseClosed)) == 4
        assert house.tasks() == []
        consistent(house.store)
        house.house.context = context
        await house.roster.apply((MOBILE,), (), ())
        await house.settled()
        assert house.record().leaving is None
        change = await house.ask("Reopen", case=case.id, author="eve")
        assert change.new == "cancelling"
        assert house.record().leaving == "all"
        assert set(states(house).values()) == {"waiting"}
        await task(house, "submit_removal", "alpha")
        consistent(house.store)


async def test_holding_and_withdrawing_take_the_removals_along(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        await cancel(house)
        await task(house, "submit_removal", "alpha")
        await order(house, parent(house), a.Hold("wait"))
        assert (parent(house).snapshot.state, set(states(house).values())) == ("held", {"held"})
        assert house.tasks() == []
        await order(house, parent(house), a.Advance("go on"))
        assert parent(house).snapshot.state == "cancelling"
        assert {"unbind_linked", "publish_notice"} <= {t.kind for t in house.tasks()}
        await task(house, "submit_removal", "alpha")
        await order(house, parent(house), a.Withdraw("we keep it"))
        assert (parent(house).outcome, set(states(house).values())) == ("withdrawn", {"withdrawn"})
        assert house.record().leaving is None
        assert house.tasks() == []
        consistent(house.store)


async def test_one_removal_given_up_stops_all_until_a_person_decides(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await task(house, "submit_removal", "alpha")
        await order(house, removal(house, "alpha"), a.Withdraw("no"))
        assert parent(house).snapshot.state == "blocked"
        decide = await task(house, "decide")
        assert decide.detail == (f"{MOBILE}/alpha/1 was given up",)
        await answer(house, decide, "retry")
        assert (parent(house).snapshot.state, states(house)["alpha"]) == ("cancelling", "waiting")
        await answer(house, await task(house, "publish_notice"), "failed", reason="no place for it")
        assert parent(house).snapshot.state == "blocked"
        await answer(house, await task(house, "decide"), "abandon")
        assert parent(house).outcome == "withdrawn"
        consistent(house.store)


async def test_what_comes_back_takes_the_safety_away(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        await cancel(house)
        await everything(house)
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")
        show(house, NEW, "beta")
        await house.until(lambda: parent(house).snapshot.state != "safe_to_release")
        assert removal(house, "beta").data.returns == 1
        assert task_of(house, "release_number") is None
        with pytest.raises(Refusal, match="not safe to release"):
            await house.ask("Release", number=MOBILE)
        consistent(house.store)


async def test_after_the_release_a_display_is_asked_for_again_there_only(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house)
        await cancel(house)
        await everything(house)
        await answer(house, await task(house, "release_number"), "released", note="到期")
        show(house, NEW, "alpha")
        await house.opened("removal", "alpha")
        assert (parent(house).outcome, states(house)["beta"]) == ("released", "cleared")
        change = await house.ask("Reopen", case=parent(house).id, author="eve")
        assert change.new == "cancelling"
        assert house.record().released is None, "it was taken back"
        consistent(house.store)


async def test_a_platform_that_begins_to_show_it_is_cancelled_too(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving(leaving=LeavingPolicy())) as house:
        await shown(house, NEW, "alpha")
        await shown(house, "", "beta")
        await cancel(house)
        assert set(states(house)) == {"alpha"}
        show(house, NEW, "beta")
        await house.opened("removal", "beta")
        assert set(states(house)) == {"alpha", "beta"}
        assert removal(house, "beta").data.parent == parent(house).id


async def test_a_correction_ends_when_all_of_it_is_to_go(tmp_path: Path, autojump_clock: Clock) -> None:
    both = platform("alpha", ways={"removal": WAY, "correction": WAY})
    context = leaving(platforms={**leaving()["platforms"], "alpha": both})
    async with make_house(tmp_path, **context) as house:
        await shown(house, OLD, "alpha")
        await house.opened("correction", "alpha")
        await cancel(house)
        assert house.case("alpha", kind="correction").outcome == "withdrawn"
        assert not any(flaw.kind != "residual" for flaw in house.record().flaws.get("alpha", ()))


@pytest.mark.parametrize("held", [False, True])
async def test_nothing_else_is_asked_for_what_is_being_deleted(
    tmp_path: Path, autojump_clock: Clock, *, held: bool
) -> None:
    both = platform("alpha", ways={"removal": WAY, "certification": WAY})
    async with make_house(tmp_path, **leaving(platforms={**leaving()["platforms"], "alpha": both})) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        with pytest.raises(Refusal) as told:
            await house.ask("Certify", number=MOBILE, platform="alpha", held=held, author="kim")
        assert isinstance(told.value.error, Refused)
        assert "is being cancelled" in told.value.error.why


async def test_what_was_given_up_for_a_cancellation_is_not_reopened_while_that_lasts(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    both = platform("alpha", ways={"removal": WAY, "correction": WAY})
    async with make_house(tmp_path, **leaving(platforms={**leaving()["platforms"], "alpha": both})) as house:
        await shown(house, OLD, "alpha")
        await house.opened("correction", "alpha")
        await cancel(house)
        case = house.case("alpha", kind="correction").id
        with pytest.raises(Refusal) as told:
            await house.ask("Reopen", case=case, reason="it is wrong", author="kim")
        assert isinstance(told.value.error, Refused)
        assert "is being cancelled" in told.value.error.why
        await house.ask("Withdraw", case=parent(house).id, reason="it stays", author="kim")
        assert (await house.ask("Reopen", case=case, reason="it is wrong", author="kim")).new == "waiting"


@pytest.mark.parametrize("undecided", [False, True])
async def test_a_request_that_may_be_on_its_way_ends_once_it_is_known_not_to_have_arrived(
    tmp_path: Path, autojump_clock: Clock, *, undecided: bool
) -> None:
    """Also one of which a person had to decide how it goes on, and has to again."""
    both = platform("alpha", ways={"removal": WAY, "correction": WAY})
    async with make_house(tmp_path, **leaving(platforms={**leaving()["platforms"], "alpha": both})) as house:
        await shown(house, OLD, "alpha")
        await house.opened("correction", "alpha")
        handed = await task(house, "submit_correction", "alpha")
        case = house.case("alpha", kind="correction").id
        if undecided:
            await house.ask("TaskFail", task=handed.id, why="no such form", author="kim")
            assert house.case("alpha", kind="correction").snapshot.state == "escalated"
        house.house.post(MOBILE, Order(case, a.Restored(), "restore", Reply()))  # a backup was put back
        asked = await task(house, "did_it_arrive", "alpha")
        await cancel(house)
        assert house.case("alpha", kind="correction").open, "it may have arrived"
        await house.ask("TaskDone", task=asked.id, outcome="did_not_happen", author="kim")
        assert house.case("alpha", kind="correction").outcome == "withdrawn"


async def test_papers_that_are_missing_are_named_with_the_reason(tmp_path: Path, autojump_clock: Clock) -> None:
    held = tuple(paper for paper in PAPERS if paper.kind not in ("number_cancellation", "transfer_agreement"))
    async with make_house(tmp_path, **leaving(documents=held)) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        found = await task(house, "supply_evidence", "alpha")
        assert found.detail == ("number_cancellation",)
        view = await house.ask("GetTask", task=found.id)
        named = "missing: 号码注销证明 (number_cancellation), or 号码过户协议 (transfer_agreement): none is on file"
        assert view.detail[0] == named
        agreement = tuple(paper for paper in PAPERS if paper.kind != "number_cancellation")
        house.house.context = structs.replace(house.house.context, documents=agreement)
        house.house.post(MOBILE, Refresh())
        handed = await task(house, "submit_removal", "alpha")
        assert handed.packet is not None
        assert [p.partition(":")[0] for p in handed.packet.papers] == ["licence", "transfer_agreement"]


async def test_a_number_of_which_nothing_is_shown_is_safe_at_once(tmp_path: Path, autojump_clock: Clock) -> None:
    quiet = LeavingPolicy(bindings=(), notice=())
    async with make_house(tmp_path, **leaving(numbers=(number(MOBILE),), leaving=quiet)) as house:
        await shown(house, "")
        await cancel(house)
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")
        with pytest.raises(Refusal, match="cancels it already"):
            await house.ask("Cancel", number=MOBILE, reason="disused")
        lines = (await house.ask("Explain", number=MOBILE)).lines
        assert "safe_to_release" in lines[0].fact
        assert lines[0].why == "nothing of ours is shown anywhere"


async def test_a_number_that_was_kept_can_be_cancelled_again(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving(leaving=LeavingPolicy(bindings=(), notice=()))) as house:
        await shown(house, NEW, "alpha")
        first = await cancel(house)
        await hand_in(house, "alpha")
        await deleted(house, "alpha")
        show(house, "", "alpha")
        await answer(house, await task(house, "release_number"), "kept")
        await shown(house, NEW, "alpha")
        second = await cancel(house)
        assert (first.id, second.id) == (f"{MOBILE}/cancellation/1", f"{MOBILE}/cancellation/2")
        assert (removal(house, "alpha").id, removal(house, "alpha").data.parent) == (f"{MOBILE}/alpha/2", second.id)
        await order(house, removal(house, "alpha"), a.Withdraw("no"))
        assert parent(house).snapshot.state == "blocked"
        consistent(house.store)


async def test_a_number_that_was_kept_is_verified_anew_when_its_case_is_reopened(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving(leaving=LeavingPolicy(bindings=(), notice=()))) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await hand_in(house, "alpha")
        await deleted(house, "alpha")
        show(house, "", "alpha")
        await answer(house, await task(house, "release_number"), "kept")
        change = await house.ask("Reopen", case=parent(house).id, author="eve")
        assert (change.old, change.new, states(house)) == ("cleared", "cancelling", {"alpha": "waiting"})
        assert removal(house, "alpha").data.attempt == 2
        assert house.record().leaving == "all"
        consistent(house.store)


async def test_the_notice_is_tracked_wherever_it_was_published(tmp_path: Path, autojump_clock: Clock) -> None:
    """A link to the company's own pages is no phishing: nobody speaks for a platform there."""
    async with make_house(tmp_path, **leaving(sources={})) as house:
        await cancel(house)
        found = await task(house, "publish_notice")
        view = await house.ask("GetTask", task=found.id)
        assert "停止使用" in view.letter
        assert (view.platform_name, view.bring_back) == ("all platforms", "where it was published")
        note = "https://www.company.example/notice"
        await house.ask("TaskDone", task=found.id, outcome="published", note=note, author="bob")
        assert parent(house).data.done == {"publish_notice": "published"}
        kept = await house.ask("GetTask", task=found.id)
        assert kept.note == note


@pytest.mark.parametrize("watch", [Watch.FAREWELL, Watch.PREFLIGHT])
async def test_a_number_that_is_not_in_use_can_be_cancelled_as_well(
    tmp_path: Path, autojump_clock: Clock, watch: Watch
) -> None:
    async with make_house(tmp_path, **leaving(numbers=(number(MOBILE, wanted=WANTED, watch=watch),))) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        house.house.post(MOBILE, Refresh())
        await house.settled()
        await hand_in(house, "alpha")
        assert states(house)["alpha"] == "in_review"


async def test_case_and_explain_say_what_is_still_open(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        case = await cancel(house, note="专线停用")
        await task(house, "submit_removal", "prov")
        await task(house, "publish_notice")
        [first, *_] = (await house.ask("Explain", number=MOBILE)).lines
        assert first.fact.startswith(f"cancellation {case.id} (disused) is cancelling")
        assert f"{MOBILE}/alpha/1 is at_person" in first.why
        assert "publish_notice is to be done" in first.why
        assert (first.who, first.case) == ("person", case.id)
        assert first.task is not None
        view = await house.ask("GetCase", case=case.id)
        facts = [(fact.name, fact.value) for fact in view.data]
        assert (view.platform, view.platform_name) == ("", "all platforms")
        assert {("reason", "disused"), ("note", "专线停用"), ("removal", f"{MOBILE}/alpha/1")} <= set(facts)
        assert ("still open", f"{MOBILE}/prov/1 is at_person") in facts
        child = await house.ask("GetCase", case=f"{MOBILE}/alpha/1")
        assert ("part of", case.id) in [(fact.name, fact.value) for fact in child.data]
        rows = [page.numbers for page in await house.ask("ListNumbers")]
        assert rows[0][0].open_cases == 3
        cases = [row.case for page in await house.ask("ListCases", open_only=True) for row in page.cases]
        assert cases == sorted([case.id, f"{MOBILE}/alpha/1", f"{MOBILE}/prov/1"])


async def test_where_only_people_can_look_they_are_asked_to_while_it_is_verified(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    surfaces = ("incoming_call", "call_log")
    look = HandLook(steps=("用被测号码拨打这部手机",), surfaces=surfaces)
    plain: dict[str, Any] = {"views": {}, "echo": (), "guards": (), "rules": (), "request": None}
    readings = tuple(Reading("beta", surface) for surface in surfaces)
    device = source("beta", id="beta.device", readings=readings, report=ReportSpec(handset=True), **plain)
    context = leaving(
        platforms={"beta": platform("beta", device_test=look)},
        sources={"beta.device": device},
        leaving=LeavingPolicy(bindings=(), notice=()),
        hands=HandPolicy(interval=300 * DAY, verify_interval=DAY),
    )

    async def report(key: str, status: str, **more: Any) -> None:
        for surface in surfaces:
            said = {"platform": "beta", "surface": surface, "device": "Mate 60", "os": "4.2", "author": "小李"}
            await house.ask("Observe", number=MOBILE, status=status, key=f"{key} {surface}", **said, **more)

    async with make_house(tmp_path, **context) as house:
        for n in range(2):
            await report(str(n), "certified", name=NEW)
            await house.sleep(HOUR)
        await cancel(house)
        assert set(states(house)) == {"beta"}
        await hand_in(house, "beta")
        await deleted(house, "beta")
        for n in range(4):
            await task(house, "device_test")
            await report(f"clean {n}", "clean")
            await house.until(lambda: task_of(house, "device_test") is None)
            if removal(house, "beta").outcome:
                break
        case = removal(house, "beta")
        assert (case.outcome, set(case.data.clean)) == ("cleared", {f"beta.device/{each}" for each in surfaces})
        assert all(run.looks >= 3 for run in case.data.clean.values())
        await task(house, "release_number")


async def test_a_hold_ends_with_the_giving_up(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await order(house, parent(house), a.Hold("wait"))
        await house.ask("Release", number=MOBILE, force=True, reason="lost", author="eve")
        assert parent(house).outcome == "released"
        assert "held" not in states(house).values()
        await task(house, "submit_removal", "alpha")
        consistent(house.store)


async def test_a_paper_that_is_for_removals_only_counts_for_them(tmp_path: Path, autojump_clock: Clock) -> None:
    only = tuple(structs.replace(paper, cases=("removal",)) for paper in PAPERS)
    async with make_house(tmp_path, **leaving(documents=only)) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await task(house, "submit_removal", "alpha")


async def test_what_was_not_done_on_the_same_day_is_said_when_the_day_is_over(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving(sources={})) as house:
        ends = LeavingPolicy().same_day(house.clock.now())
        await cancel(house, "staff_left")
        await answer(house, await task(house, "freeze_outbound"), "frozen")
        await house.until(lambda: [e for e in house.log.of(TaskReminded) if e.kind == "remove_binding"])
        assert house.clock.now() == pytest.approx(ends, abs=60)
        assert "freeze_outbound" not in {event.kind for event in house.log.of(TaskReminded)}
        assert parent(house).snapshot.deadline == pytest.approx(ends + DAY, abs=60)


async def test_a_removal_that_cannot_be_stopped_is_as_soon_as_it_can(tmp_path: Path, autojump_clock: Clock) -> None:
    """After a restored backup nobody knows whether it was handed in: that is found out first."""
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await task(house, "submit_removal", "alpha")
        await order(house, removal(house, "alpha"), a.Restored(), "restore")
        with pytest.raises(RefusedError):
            await order(house, parent(house), a.Restored(), "restore")
        await order(house, parent(house), a.Withdraw("we keep it"))
        assert (parent(house).outcome, states(house)["alpha"]) == ("withdrawn", "asking")
        await answer(house, await task(house, "did_it_arrive", "alpha"), "did_not_happen")
        assert states(house)["alpha"] == "withdrawn"
        with pytest.raises(RefusedError, match="reopen that one"):
            await order(house, removal(house, "alpha"), a.Reopen("again"))
        consistent(house.store)


async def test_a_removal_of_a_number_that_was_given_up_can_be_reopened_by_itself(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await task(house, "submit_removal", "alpha")
        await order(house, removal(house, "alpha"), a.Withdraw("no"))
        await house.ask("Release", number=MOBILE, force=True, reason="lost", author="eve")
        await order(house, removal(house, "alpha"), a.Reopen("after all"))
        assert (parent(house).outcome, states(house)["alpha"]) == ("released", "waiting")
        consistent(house.store)


async def test_what_is_gone_before_it_was_handed_in_is_handed_in_all_the_same(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await task(house, "submit_removal", "alpha")
        await shown(house, "", "alpha")
        await house.sleep(2 * HOUR)
        assert states(house)["alpha"] == "at_person", "it may be shown again"
        await hand_in(house, "alpha")
        await house.in_state("cleared", "alpha", kind="removal")


async def test_a_rejection_brings_the_reason_into_the_next_letter(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **leaving()) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        await hand_in(house, "alpha")
        found = await task(house, "report_answer", "alpha")
        await answer(house, found, "info_requested", reason="legal_person_id")
        again = await task(house, "submit_removal", "alpha")
        assert again.packet is not None
        kinds = [paper.partition(":")[0] for paper in again.packet.papers]
        assert kinds == ["licence", "number_cancellation", "legal_person_id"], "the ID only where it is asked for"
        await hand_in(house, "alpha")
        await answer(house, await task(house, "report_answer", "alpha"), "rejected", reason="缺少公章")
        last = await task(house, "submit_removal", "alpha")
        assert last.packet is not None
        assert "缺少公章" in last.packet.letter
