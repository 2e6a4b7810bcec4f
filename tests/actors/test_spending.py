"""When a request goes out and what it costs: windows, good days, quotas, maintenances, budgets, forbidden words."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
import trio.testing
from msgspec import structs

from numtrustd.actors.context import IncidentRules
from numtrustd.actors.mailbox import Reply
from numtrustd.actors.messages import Order, RefusedError
from numtrustd.domain import calendar
from numtrustd.domain.evidence import Document
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.ledger import LedgerPolicy, Standing, What
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.platform import AppealFacts, Quota
from numtrustd.domain.season import SeasonPolicy
from numtrustd.domain.task import TaskKind
from numtrustd.domain.window import Window
from numtrustd.domain.workflows.request import Restored
from numtrustd.events import ActionSent, BudgetExceeded, CaseMoved, LedgerCharged
from numtrustd.probes.spec import Reading
from numtrustd.store import Batch, records
from numtrustd.wire.letter import compile_letter
from tests.actors.house import DAY, HOUR, MOBILE, OTHER_MOBILE, T0, TestHouse, make_house, number, platform, source
from tests.actors.parts import answer, consistent
from tests.actors.test_certificates import SHOWS, TAGGING, WAY

Clock = trio.testing.MockClock
CHINA = ZoneInfo("Asia/Shanghai")


def at(year: int, month: int, day: int, hour: int = 10) -> float:
    return datetime(year, month, day, hour, tzinfo=CHINA).timestamp()


def day_of(instant: float) -> date:
    return calendar.local_date(instant)


def tags(**more: Any) -> dict[str, Any]:
    """The tag is wrong from the first look on: a change is opened by what is seen."""
    wanted = Wanted(tags=(Version("冰饮专线"), Version("火锅专线", T0 - 30 * DAY)))
    return {
        "numbers": (number(MOBILE, wanted=wanted),),
        "platforms": {"alpha": platform("alpha", ways={"tag": WAY}, display=SHOWS), "beta": platform("beta")},
        "sources": {"alpha.api": source("alpha", rules=TAGGING), "beta.api": source("beta")},
        **more,
    }


async def wrong_tag(house: TestHouse) -> None:
    house.alpha.labels[MOBILE] = ("冰饮专线", 0)
    await house.opened("tag", "alpha")


def charges(house: TestHouse) -> list[Any]:
    return list(records.charges(house.store, MOBILE))


# --------------------------------------------------------------------------------------------------------- its time


async def test_nothing_goes_out_on_the_first_of_a_month(tmp_path: Path, autojump_clock: Clock) -> None:
    for n, (season, expected) in enumerate(((SeasonPolicy(), 2), (SeasonPolicy(avoid_first_days=0), 1))):
        async with make_house(tmp_path / str(n), start=at(2026, 12, 1), season=season) as house:
            await house.labelled("alpha")
            if expected == 2:
                lines = (await house.ask("Explain", number=MOBILE)).lines
                assert any("it can wait, and today is" in line.why for line in lines)
            [sent] = await house.until(lambda: house.log.of(ActionSent))
            assert sent
            submitted = house.case("alpha").data.sent_at
            assert submitted is not None
            assert day_of(submitted).day == expected


async def test_a_person_who_is_in_a_hurry_sends_it_all_the_same(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, start=at(2026, 12, 1)) as house:
        case = await house.labelled("alpha")
        await house.ask("Advance", case=case.id)
        await house.in_state("in_review", "alpha")
        assert day_of(house.clock.now()) == date(2026, 12, 1)


async def test_a_window_of_our_own_holds_everything_back(tmp_path: Path, autojump_clock: Clock) -> None:
    window = Window("year's end", since=T0, until=T0 + 5 * DAY, reason="nobody is there")
    async with make_house(tmp_path, windows=(window,)) as house:
        case = await house.labelled("alpha")
        assert case.snapshot.deadline == pytest.approx(T0 + 5 * DAY)
        view = await house.ask("GetCase", case=case.id)
        assert {f.name: f.value for f in view.data}["kept back"] == (
            "nothing is submitted during year's end (nobody is there)"
        )
        await house.in_state("in_review", "alpha")
        assert house.clock.now() >= T0 + 5 * DAY


async def test_a_quota_of_the_platform_spaces_the_attempts(tmp_path: Path, autojump_clock: Clock) -> None:
    quota = Quota("appeals of one number", 1, 20 * DAY, counts=What.APPEAL)
    facts = platform("alpha").appeal
    assert facts is not None
    facts = structs.replace(facts, attempts=facts.attempts[:1], cooldown=HOUR)
    platforms = {"alpha": platform("alpha", quotas=(quota,), appeal=facts), "beta": platform("beta")}
    async with make_house(tmp_path, platforms=platforms) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        first = house.case("alpha").data.sent_at
        [submission] = house.alpha.submissions.values()
        submission.state, submission.reason = "rejected", "no proof"
        await house.in_state("cooling", "alpha")
        await house.in_state("in_review", "alpha")
        second = house.case("alpha").data.sent_at
        assert first is not None
        assert second is not None
        assert second - first >= 20 * DAY - HOUR
        [one, two] = charges(house)
        assert (one.what, one.fen, one.standing, two.standing) == ("appeal", 0, "committed", "committed")
        assert [(e.kind, e.amount) for e in house.log.of(LedgerCharged)] == [("appeal", None), ("appeal", None)]


@pytest.mark.parametrize("each", ["number", "all"])
async def test_a_quota_of_all_numbers_is_held_against_all_of_them(
    tmp_path: Path, autojump_clock: Clock, each: Literal["number", "all"]
) -> None:
    quota = Quota("appeals", 1, 20 * DAY, counts=What.APPEAL, each=each)
    platforms = {"alpha": platform("alpha", quotas=(quota,)), "beta": platform("beta")}
    both = (MOBILE, OTHER_MOBILE)
    async with make_house(tmp_path, numbers=both, platforms=platforms) as house:
        house.alpha.labels |= dict.fromkeys(both, ("广告推销", 3))
        await house.until(lambda: all(house.record(number).cases.get("alpha") for number in both))
        await house.sleep(2 * DAY)
        sent = [house.case("alpha", number).data.sent_at for number in both]
        assert len([at for at in sent if at is not None]) == (1 if each == "all" else 2)
        assert len(house.alpha.submissions) == (1 if each == "all" else 2)
        start = house.clock.now()
    async with make_house(tmp_path, numbers=both, platforms=platforms, start=start) as house:
        house.alpha.labels |= dict.fromkeys(both, ("广告推销", 3))
        await house.until(lambda: all(house.case("alpha", number).data.sent_at for number in both))
        one, two = sorted(house.case("alpha", number).data.sent_at or 0.0 for number in both)
        assert two - one >= 20 * DAY or each == "number"


@pytest.mark.parametrize(
    ("kind", "sent", "days"),
    [("routine", False, 5), ("major", True, 8), ("policy", True, 5), ("industry", False, 5), ("data_sync", True, 5)],
)
async def test_each_kind_of_maintenance_takes_what_it_takes(
    tmp_path: Path, autojump_clock: Clock, kind: str, sent: bool, days: int
) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.house.maintenance["alpha"] = Maintenance(house.clock.now(), "kim", kind)
        await house.labelled("alpha")
        await house.sleep(HOUR)
        case = house.case("alpha")
        assert (case.data.sent_at is not None) is sent
        if sent:
            assert case.data.review_by == calendar.add_working_days(house.clock.now(), days, "CN")


async def test_a_source_that_says_maintenance_for_ever_holds_nothing_back_that_another_sees(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """An aggregator may speak of itself: where the platform is seen meanwhile, it is at work."""
    aggregator = source("beta", id="beta.aggregator", readings=(Reading("alpha"),))
    sources = {"alpha.api": source("alpha"), "beta.aggregator": aggregator}
    async with make_house(tmp_path, sources=sources) as house:
        house.beta.weather = "maintenance"
        await house.labelled("alpha")
        sent = await house.in_state("in_review", "alpha")
        assert sent.moves[-1].at - sent.opened_at < DAY
        house.alpha.weather = "blocked"
        await house.until(lambda: house.record().verdicts["alpha"].maintenance)  # now nobody sees more than that


async def test_a_maintenance_that_is_over_early_keeps_nothing_back(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        await house.ask("MaintenanceStart", platform="alpha", kind="industry")
        await house.labelled("alpha")
        await house.sleep(DAY)
        assert house.case("alpha").snapshot.state == "waiting"
        await house.ask("MaintenanceEnd", platform="alpha")
        await house.sleep(HOUR)
        assert house.case("alpha").snapshot.state == "in_review"


@pytest.mark.parametrize("open_on", [("label",), ()])
async def test_nobodys_hurry_hands_in_at_a_maintenance_that_takes_nothing(
    tmp_path: Path, autojump_clock: Clock, open_on: tuple[str, ...]
) -> None:
    async with make_house(tmp_path, incident=IncidentRules(open_on=open_on)) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        await house.ask("MaintenanceStart", platform="alpha", kind="routine")
        await house.labelled("alpha", words="诈骗电话", marks=30)
        await house.ask("Advance", case=house.case("alpha").id)
        await house.sleep(HOUR)
        assert house.case("alpha").snapshot.state == "waiting"
        await house.ask("MaintenanceEnd", platform="alpha")
        await house.in_state("in_review", "alpha")


@pytest.mark.parametrize("older", [False, True])
async def test_what_was_handed_in_before_a_backup_was_put_back_is_booked_when_it_is_told_late(
    older: bool, tmp_path: Path, autojump_clock: Clock
) -> None:
    """One person says that it did not arrive, and it is given up; another one had paid, and tells it after that. A task
    of an older version does not tell its attempt."""
    quota = Quota("appeals of one number", 5, 20 * DAY, counts=What.APPEAL)
    platforms = {"alpha": platform("alpha"), "beta": platform("beta", quotas=(quota,))}
    async with make_house(tmp_path, platforms=platforms) as house:
        await house.labelled("beta")
        await house.in_state("at_person", "beta")
        [task] = house.tasks()
        case = house.case("beta")
        house.house.post(MOBILE, Order(case.id, Restored(), "restore", Reply()))
        await house.in_state("asking", "beta")
        [asked] = house.tasks()
        if older:
            [closed] = [t for t in records.all_tasks(house.store) if t.id == task.id]
            batch = Batch()
            records.put_task(batch, structs.replace(closed, attempt=0))
            await house.store.commit(batch)
        await house.sleep(HOUR)
        await answer(house, asked, "did_not_happen")
        await house.in_state("at_person", "beta")
        await house.ask("Withdraw", case=case.id, reason="the label is right")
        [given_up] = charges(house)
        assert given_up.standing is Standing.VOID
        await answer(house, task, "submitted", receipt="R-9")
        [paid] = charges(house)
        assert (paid.id, paid.standing) == (given_up.id, Standing.COMMITTED)
        consistent(house.store)


# ----------------------------------------------------------------------------------------------------------- its price


async def test_three_changes_of_a_tag_are_free_and_the_fourth_waits_for_money(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **tags()) as house:
        for n in range(3):
            await house.ask("RecordCharge", number=MOBILE, platform="alpha", what="tag_change", key=f"before-{n}")
        await wrong_tag(house)
        [task] = await house.until(house.tasks)
        assert task.kind == "approve"
        assert task.detail == ("¥100 on top of ¥0 spent is more than the ¥0 of this month",)
        [told] = house.log.of(BudgetExceeded)
        assert (told.kind, told.budget, told.spent) == ("tag", 0.0, 0.0)
        await house.sleep(3 * DAY)
        assert house.case("alpha", kind="tag").data.sent_at is None
        await answer(house, task, "approved")
        await house.in_state("at_person", "alpha", kind="tag")
        [planned] = [c for c in charges(house) if c.case]
        assert (planned.fen, planned.standing) == (100_00, Standing.PLANNED)
        await answer(house, house.tasks()[0], "submitted", receipt="T-4")
        [charged] = [c for c in charges(house) if c.case]
        assert (charged.fen, charged.standing, charged.what) == (100_00, Standing.COMMITTED, "tag_change")
        assert [e.amount for e in house.log.of(LedgerCharged) if e.case] == [100.0]
        consistent(house.store)


async def test_what_is_paid_a_second_time_is_approved_a_second_time(tmp_path: Path, autojump_clock: Clock) -> None:
    """The platform wants more: what is handed in with it costs anew, over a budget that one approval had passed."""
    async with make_house(tmp_path, **tags(ledger=LedgerPolicy(free_tag_changes=0))) as house:
        await wrong_tag(house)
        for n in (1, 2):
            [task] = await house.until(house.tasks)
            assert task.kind == "approve"
            await answer(house, task, "approved")
            await house.in_state("at_person", "alpha", kind="tag")
            await answer(house, house.tasks()[0], "submitted", receipt=f"T-{n}")
            [report] = house.tasks()
            await answer(house, report, "info_requested", reason="请说明用途")
            await house.until(lambda: house.case("alpha", kind="tag").snapshot.state != "gathering")
            assert len([e for e in house.log.of(LedgerCharged) if e.case]) == n
        [task] = await house.until(house.tasks)
        assert task.kind == "approve"
        assert len(house.log.of(BudgetExceeded)) == 3


async def test_what_was_not_handed_in_is_not_paid(tmp_path: Path, autojump_clock: Clock) -> None:
    paying = LedgerPolicy(monthly_budget=1000.0, free_tag_changes=0)
    async with make_house(tmp_path, **tags(ledger=paying)) as house:
        await wrong_tag(house)
        await house.in_state("at_person", "alpha", kind="tag")
        assert [c.standing for c in charges(house)] == [Standing.PLANNED]
        await house.ask("Withdraw", case=house.case("alpha", kind="tag").id, reason="the season is over")
        assert [c.standing for c in charges(house)] == [Standing.VOID]
        assert house.house.book.charges == {}
        assert house.log.of(LedgerCharged) == []


async def test_the_figures_of_money_are_settings(tmp_path: Path, autojump_clock: Clock) -> None:
    policy = LedgerPolicy(monthly_budget=100.0, approve_over=10.0, free_tag_changes=0, tag_change=(1.0, 20.0))
    async with make_house(tmp_path, **tags(ledger=policy)) as house:
        await wrong_tag(house)
        [task] = await house.until(house.tasks)
        assert task.detail == ("¥20 is more than ¥10, over which a person approves",)
        assert house.log.of(BudgetExceeded) == []


async def test_an_agent_costs_more_and_has_signed(tmp_path: Path, autojump_clock: Clock) -> None:
    policy = LedgerPolicy(monthly_budget=1000.0, free_tag_changes=0, agent_surcharge=0.5)
    more = tags(ledger=policy, agents={"alpha": "代理公司"})
    async with make_house(tmp_path / "a", **more) as house:
        await wrong_tag(house)
        await house.in_state("gathering", "alpha", kind="tag")
        [task] = house.tasks()
        assert task.detail == ("nda",)
    signed = (Document("nda", "/nda", agent="代理公司"),)
    async with make_house(tmp_path / "b", **more, documents=signed) as house:
        await wrong_tag(house)
        await house.in_state("at_person", "alpha", kind="tag")
        [planned] = charges(house)
        assert (planned.fen, planned.way) == (150_00, "agent")


async def test_where_no_agent_is_named_it_goes_the_official_way(tmp_path: Path, autojump_clock: Clock) -> None:
    policy = LedgerPolicy(monthly_budget=1000.0, free_tag_changes=0, agent_surcharge=0.5)
    for n, agents in enumerate(({}, {"beta": "代理公司"}, {"alpha": ""})):
        more = tags(ledger=policy) if not agents else tags(ledger=policy, agents=agents)
        async with make_house(tmp_path / str(n), **more) as house:
            await wrong_tag(house)
            await house.in_state("at_person", "alpha", kind="tag")
            [planned] = charges(house)
            assert (planned.fen, planned.way) == (100_00, "official"), "no surcharge, and no nda is asked for"


async def test_an_overdue_review_is_chased_then_paid_for_then_a_persons(tmp_path: Path, autojump_clock: Clock) -> None:
    facts = AppealFacts("manual", review_days=2, expedite=True)
    platforms = {"alpha": platform("alpha"), "beta": platform("beta", appeal=facts)}
    rich = LedgerPolicy(monthly_budget=1000.0)
    async with make_house(tmp_path / "a", platforms=platforms, ledger=rich) as house:
        await overdue(house)
        [chase] = house.tasks()
        assert chase.kind == "chase_review"
        await house.until(lambda: [t for t in house.tasks() if t.kind == "expedite_review"])
        [pay] = house.tasks()
        await answer(house, pay, "expedited", receipt="E-1")
        case = house.case("beta")
        assert case.snapshot.state == "overdue"
        assert case.data.review_by == pytest.approx(house.clock.now() + 12 * HOUR)
        [fee] = [charge for charge in records.all_charges(house.store) if charge.what is What.EXPEDITE]
        assert (fee.case, fee.fen, fee.standing) == (case.id, 500_00, Standing.COMMITTED)
        assert [(e.kind, e.amount) for e in house.log.of(LedgerCharged)] == [("expedite", 500.0)]
        await house.in_state("escalated", "beta")
        moved = [(e.from_, e.to) for e in house.log.of(CaseMoved)]
        assert moved[-2:] == [("in_review", "overdue"), ("overdue", "escalated")]
    async with make_house(tmp_path / "b", platforms=platforms) as house:  # no money: nobody is asked to pay
        await overdue(house)
        await house.in_state("escalated", "beta")
        assert not [t for t in records.all_tasks(house.store) if t.kind == "expedite_review"]


@pytest.mark.parametrize(("budget", "asked"), [(299.0, 0), (300.0, 1)])
async def test_a_certification_is_hurried_for_its_own_fee(
    tmp_path: Path, autojump_clock: Clock, budget: float, asked: int
) -> None:
    way = AppealFacts("manual", address="https://alpha.example.invalid/names", review_days=2, expedite=True)
    certifying = {
        "numbers": (number(MOBILE, wanted=Wanted(names=(Version("示例快运"),))),),
        "platforms": {"alpha": platform("alpha", ways={"certification": way}), "beta": platform("beta")},
        "ledger": LedgerPolicy(monthly_budget=budget),
    }
    async with make_house(tmp_path, **certifying) as house:
        await house.ask("Certify", number=MOBILE, platform="alpha")
        await house.in_state("at_person", "alpha", kind="certification")
        await answer(house, house.tasks()[0], "submitted", receipt="Z-1")
        await house.in_state("escalated", "alpha", kind="certification")
        assert [t.kind for t in records.all_tasks(house.store)].count(TaskKind.EXPEDITE_REVIEW) == asked


async def overdue(house: TestHouse) -> None:
    await house.labelled("beta")
    await house.in_state("at_person", "beta")
    await answer(house, house.tasks()[0], "submitted", receipt="R-1")
    await house.in_state("overdue", "beta")


# --------------------------------------------------------------------------------------------------------- its words


async def test_a_tag_with_forbidden_words_is_never_sent(tmp_path: Path, autojump_clock: Clock) -> None:
    wanted = Wanted(tags=(Version("冰饮专线"), Version("国家级火锅", T0 - 30 * DAY)))
    async with make_house(tmp_path, **tags(numbers=(number(MOBILE, wanted=wanted),))) as house:
        await wrong_tag(house)
        case = await house.in_state("escalated", "alpha", kind="tag")
        [task] = house.tasks()
        assert task.kind == "decide"
        assert "国家级" in task.detail[0]
        assert "the rights to edit for 30 days" in task.detail[0]
        await answer(house, task, "retry")
        await house.in_state("escalated", "alpha", kind="tag")
        assert house.case("alpha", kind="tag").data.sent_at is None
        assert case.data.sent_at is None
        assert "submit_tag" not in {t.kind for t in records.all_tasks(house.store)}


async def test_a_letter_of_ones_own_goes_out_in_place_of_ours(tmp_path: Path, autojump_clock: Clock) -> None:
    names = ("platform", "words", "ref", "residual")
    own, wrong = compile_letter("致{platform}：请取消“{words}”\n{residual}\n编号{ref}", names)
    assert not wrong
    async with make_house(tmp_path, letters={"appeal": own}) as house:
        await house.labelled("alpha", words="广告推销")
        await house.in_state("in_review", "alpha")
        [submission] = house.alpha.submissions.values()
        assert submission.body["letter"] == f"致阿尔法：请取消“广告推销”\n编号{submission.ref}"


async def test_another_tag_within_the_watch_period_is_a_new_wish_and_counted_as_one(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """Back to the old tag is a return of the fault, and opens the old case again; a new wish opens one of its own."""
    async with make_house(tmp_path, **tags(ledger=LedgerPolicy(free_tag_changes=3))) as house:
        await wrong_tag(house)
        await house.in_state("at_person", "alpha", kind="tag")
        await answer(house, house.tasks()[0], "submitted", receipt="T-1")
        await answer(house, house.tasks()[0], "approved")
        house.alpha.labels[MOBILE] = ("火锅专线", 0)
        await house.in_state("cleared", "alpha", kind="tag")
        first = house.case("alpha", kind="tag").id
        house.alpha.labels[MOBILE] = ("冰饮专线", 0)
        await house.in_state("at_person", "alpha", kind="tag")
        assert house.case("alpha", kind="tag").id == first, "the platform went back to the old one"
        await answer(house, house.tasks()[0], "submitted", receipt="T-2")
        house.alpha.labels[MOBILE] = ("火锅专线", 0)
        await house.in_state("cleared", "alpha", kind="tag")
        await house.ask("SetIdentity", number=MOBILE, tag="年货专线")
        await house.until(lambda: house.case("alpha", kind="tag").id != first)
        await house.in_state("at_person", "alpha", kind="tag")
        second = house.case("alpha", kind="tag")
        assert (second.data.attempt, second.data.returns) == (1, 0)
        [task] = house.tasks()
        assert task.packet is not None
        assert "年货专线" in task.packet.letter
        await answer(house, task, "submitted", receipt="T-3")
        assert [c.fen for c in charges(house)] == [0, 0, 0]
        house.alpha.labels[MOBILE] = ("年货专线", 0)
        await house.in_state("cleared", "alpha", kind="tag")
        await house.ask("SetIdentity", number=MOBILE, tag="元宵专线")
        await house.until(lambda: [t for t in house.tasks() if t.kind == "approve"])
        assert house.case("alpha", kind="tag").id not in (first, second.id), "the fourth change costs money"


async def test_what_is_wanted_by_then_is_what_is_handed_in(tmp_path: Path, autojump_clock: Clock) -> None:
    """The first attempt is with the platform when something else is wanted: the next one asks for that."""
    async with make_house(tmp_path, **tags()) as house:
        await wrong_tag(house)
        await house.in_state("at_person", "alpha", kind="tag")
        await answer(house, house.tasks()[0], "submitted", receipt="T-1")
        await house.ask("SetIdentity", number=MOBILE, tag="年货专线")
        asked = [t for t in house.tasks() if t.kind == "report_answer"]
        await answer(house, asked[0], "rejected", reason="材料不全")
        await house.in_state("at_person", "alpha", kind="tag")
        case = house.case("alpha", kind="tag")
        assert (case.data.attempt, case.data.wanted) == (2, "标签：年货专线")
        [task] = [t for t in house.tasks() if t.kind == "submit_tag"]
        assert task.packet is not None
        assert "变更为“标签：年货专线”" in task.packet.letter


async def test_what_was_paid_is_not_planned_again_when_a_backup_is_made_sure_of(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    quota = Quota("appeals of one number", 5, 20 * DAY, counts=What.APPEAL)
    platforms = {"alpha": platform("alpha", quotas=(quota,)), "beta": platform("beta")}
    async with make_house(tmp_path, platforms=platforms, attempts={"alpha": 1}) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        [submission] = house.alpha.submissions.values()
        submission.state, submission.reason = "rejected", "no proof"
        case = await house.in_state("escalated", "alpha")
        [paid] = charges(house)
        assert paid.standing is Standing.COMMITTED
        house.alpha.submissions.clear()
        house.house.post(MOBILE, Order(case.id, Restored(), "restore", Reply()))
        await house.in_state("uncertain", "alpha")
        assert charges(house) == [paid]
        await house.in_state("escalated", "alpha")  # the decision is still to be made
        assert charges(house) == [paid]


async def test_a_cool_down_goes_on_when_a_backup_is_made_sure_of(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        await house.in_state("at_person", "beta")
        await answer(house, house.tasks()[0], "submitted", receipt="B-1")
        await answer(house, house.tasks()[0], "rejected", reason="no proof")
        await house.in_state("cooling", "beta")
        case = house.case("beta")
        until = case.data.not_before
        assert until > house.clock.now() + HOUR
        house.house.post(MOBILE, Order(case.id, Restored(), "restore", Reply()))
        await house.in_state("asking", "beta")
        await answer(house, house.tasks()[0], "did_not_happen")
        await house.sleep(until - house.clock.now() - HOUR)
        case = house.case("beta")
        assert (case.snapshot.state, case.data.not_before) == ("waiting", until)
        assert case.snapshot.deadline is not None
        assert case.snapshot.deadline >= until


async def test_what_was_handed_in_before_the_label_went_away_is_booked_when_it_is_told_late(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """The task went with the label; the person had paid by then."""
    quota = Quota("appeals of one number", 5, 20 * DAY, counts=What.APPEAL)
    platforms = {"alpha": platform("alpha"), "beta": platform("beta", quotas=(quota,))}
    async with make_house(tmp_path, platforms=platforms) as house:
        await house.labelled("beta")
        await house.in_state("at_person", "beta")
        [task] = house.tasks()
        house.beta.labels.clear()
        await house.in_state("verifying", "beta")
        [given_up] = charges(house)
        assert given_up.standing is Standing.VOID
        assert house.tasks() == []
        with pytest.raises(RefusedError, match="already closed"):
            await answer(house, task, "refused", reason="no")
        told = await answer(house, task, "submitted", receipt="R-9")
        assert (told.case, told.new) == (task.case, "verifying")
        [paid] = charges(house)
        assert (paid.id, paid.standing, paid.settled_at) == (given_up.id, Standing.COMMITTED, house.clock.now())
        assert list(house.house.book.uses("beta", What.APPEAL)) == [paid]
        case = house.case("beta")
        assert (case.data.receipt, case.data.sent_at) == ("R-9", house.clock.now())
        with pytest.raises(RefusedError, match="only while the review goes on"):
            await answer(house, task, "submitted", receipt="R-9")
        house.beta.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.case("beta").snapshot.state != "verifying")
        assert house.case("beta").snapshot.state == "in_review", "its review goes on: it is not handed in again"
        consistent(house.store)
