"""One number: what moves a belief, what a belief moves, what people may say to it, and what outlives a crash."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import Refresh, RefusedError
from numtrustd.actors.number import NumberActor
from numtrustd.domain.case import Case
from numtrustd.domain.evidence import Document
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Status
from numtrustd.domain.owned import Watch
from numtrustd.domain.platform import AppealFacts, Attempt
from numtrustd.domain.task import ANSWERS, ERRANDS, HAND_INS, Task, TaskKind, TaskState
from numtrustd.domain.workflows import request as a
from numtrustd.events import (
    ActorCrashed,
    ActorParked,
    CaseClosed,
    CaseMoved,
    CaseOpened,
    Event,
    EvidenceMissing,
    FindingClosed,
    FindingOpened,
    SourceFailed,
    TaskDone,
    TaskOpened,
    TaskReminded,
    VerdictBaseline,
    VerdictChanged,
)
from numtrustd.log.guard import Guard
from numtrustd.store import Batch, Store, Table, records
from tests.actors.house import (
    DAY,
    HOUR,
    HTTP_CHANNEL,
    MINUTE,
    MOBILE,
    OTHER_MOBILE,
    T0,
    TestHouse,
    make_house,
    number,
    platform,
    source,
)
from tests.actors.parts import answer, consistent, history, killed, order, shm, stored

__all__ = ["shm"]

Autojump = trio.testing.MockClock

BLIND_CHANNEL = structs.replace(HTTP_CHANNEL, look_up=None)
PAPERS = ("licence", "recordings")


async def reload(house: TestHouse, **changes: Any) -> None:
    """Take over a changed configuration, as a reload does."""
    house.house.context = structs.replace(house.house.context, **changes)
    for each in house.house.numbers:
        house.roster.refresh(each)
    await house.settled()


async def owned(house: TestHouse, **more: Any) -> None:
    """Reload with MOBILE configured differently."""
    await reload(house, numbers={**house.house.context.numbers, MOBILE: number(MOBILE, **more)})


def verdict(house: TestHouse, platform: str) -> str | None:
    seen = house.record().verdicts.get(platform)
    return None if seen is None or seen.belief is None else seen.belief.key


# -------------------------------------------------------------------------------------------------------------- beliefs

WEATHERS = ("blocked", "broken", "maintenance", "limited", "silent", "shut")


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("weather", WEATHERS)
async def test_an_unknown_never_changes_a_verdict_it_ages_it(
    weather: str, marked: bool, shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        if marked:
            await house.labelled("beta")
        else:
            await house.until(lambda: verdict(house, "beta"))
        before, belief, cases = verdict(house, "beta"), house.record().verdicts["beta"].belief, house.record().cases
        house.beta.weather, house.beta.labels = weather, {} if marked else {MOBILE: ("诈骗", 99)}
        blind_from = house.clock.now()
        changes = len(house.log.of(VerdictChanged))
        await house.sleep(3 * DAY)
        seen = house.record().verdicts["beta"]
        assert (verdict(house, "beta"), seen.belief) == (before, belief)
        assert seen.run is None
        assert len(house.log.of(VerdictChanged)) == changes
        assert set(house.record().cases) == set(cases)
        assert seen.blind_since is not None
        assert blind_from <= seen.blind_since < blind_from + 8 * HOUR
        assert verdict(house, "alpha") == "clean", "the neighbour is seen all the while"
        house.beta.weather = "fine"
        await house.until(lambda: house.record().verdicts["beta"].blind_since is None)


async def test_an_unknown_between_looks_does_not_break_their_row(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.until(lambda: verdict(house, "beta"))
        house.beta.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().verdicts["beta"].run)
        house.beta.weather = "broken"
        await house.sleep(HOUR)
        assert verdict(house, "beta") == "clean"
        house.beta.weather = "fine"
        await house.until(lambda: verdict(house, "beta") == "marked:marketing", within=DAY)


@pytest.mark.parametrize("marked", [True, False])
async def test_the_baseline_is_said_once_and_as_a_baseline(marked: bool, shm: Path, autojump_clock: Autojump) -> None:
    said: list[VerdictBaseline] = []
    for n in range(4):
        async with make_house(shm, start=T0 + n * DAY) as house:
            house.beta.weather = "broken" if n == 0 else "fine"
            house.alpha.labels = {MOBILE: ("骚扰电话", 7)} if marked else {}
            await house.sleep(DAY - HOUR)
            said += house.log.of(VerdictBaseline)
            assert not house.log.of(VerdictChanged)
            consistent(house.store)
    assert [(e.platform, e.to) for e in said] == [
        ("alpha", "marked:nuisance" if marked else "clean"),
        ("beta", "clean"),
    ]


async def test_two_platforms_two_findings_two_cases(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.labelled("alpha", words="诈骗")
        await house.labelled("beta", words="广告推销")
        record = house.record()
        assert {p: f.category for p, f in record.findings.items()} == {
            "alpha": Category.FRAUD,
            "beta": Category.MARKETING,
        }
        assert {p: ref.id for p, ref in record.cases.items()} == {
            "alpha": f"{MOBILE}/alpha/1",
            "beta": f"{MOBILE}/beta/1",
        }
        house.alpha.labels.clear()
        await house.until(lambda: "alpha" not in house.record().findings)
        assert set(house.record().findings) == {"beta"}
        await house.in_state("cleared", "alpha")
        assert house.case("beta").open
        consistent(house.store)


async def test_a_clock_that_is_set_back_blinds_nobody(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        house.clock.recheck = HOUR
        await house.sleep(2 * DAY)
        house.clock.shift(-DAY)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        opened = await house.until(lambda: house.log.of(CaseOpened), within=DAY)
        assert opened[0].platform == "alpha"
        house.alpha.labels.clear()
        await house.in_state("cleared", "alpha")
        assert house.clock.now() < T0 + 3 * DAY
        consistent(house.store)


async def test_a_restart_with_the_clock_set_back_blinds_nobody(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, start=T0 + 400 * DAY) as house:
        await house.sleep(DAY)
    async with make_house(shm, start=T0) as house:
        house.beta.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.log.of(CaseOpened), within=DAY)


# ------------------------------------------------------------------------------------------------------ what follows


async def clear(house: TestHouse, platform: str) -> Case:
    {"alpha": house.alpha, "beta": house.beta}[platform].labels.clear()
    return await house.in_state("cleared", platform)


async def test_a_label_that_returns_within_the_watch_period_reopens_its_case(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await house.labelled("beta")
        first = await clear(house, "beta")
        await house.sleep(20 * DAY)
        again = await house.labelled("beta")
        assert (again.id, again.data.returns, again.data.attempt) == (first.id, 1, first.data.attempt + 1)
        assert again.outcome == ""
        assert len(house.log.of(CaseOpened)) == 1
        consistent(house.store)


async def test_a_label_that_returns_after_it_opens_a_new_one(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.labelled("beta")
        first = await clear(house, "beta")
        await house.sleep(31 * DAY)
        second = await house.labelled("beta")
        assert (first.id, second.id) == (f"{MOBILE}/beta/1", f"{MOBILE}/beta/2")
        assert house.record().counts == {"beta": 2}
        with pytest.raises(RefusedError, match="has taken the place of"):
            await order(house, first, a.Reopen("that one"))
        consistent(house.store)


@pytest.mark.parametrize("watch", [Watch.PREFLIGHT, Watch.FAREWELL])
async def test_nothing_is_appealed_for_a_number_that_is_not_in_use(
    watch: Watch, shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, numbers=[number(MOBILE, watch=watch)]) as house:
        house.alpha.labels[MOBILE] = ("骚扰电话", 7)
        await house.until(lambda: house.log.of(FindingOpened))
        await house.sleep(5 * DAY)
        assert not house.log.of(CaseOpened)
        await owned(house, watch=Watch.YES)
        [opened] = house.log.of(CaseOpened)
        assert opened.case == f"{MOBILE}/alpha/1"
        assert len(house.log.of(FindingOpened)) == 1
        await owned(house, watch=watch)
        await house.until(lambda: house.log.of(CaseClosed) or house.case("alpha").row.in_flight)
        if house.case("alpha").open:
            await house.in_state("in_review", "alpha")
            await reload(house)
        assert house.case("alpha").outcome == "withdrawn"
        consistent(house.store)


async def test_a_category_that_is_right_for_the_number_is_no_finding(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, numbers=[number(MOBILE, accept=frozenset({Category.SERVICE}))]) as house:
        house.beta.labels[MOBILE] = ("快递送餐", 7)
        await house.until(lambda: verdict(house, "beta") == "marked:service")
        await house.sleep(2 * DAY)
        assert not house.log.of(FindingOpened)
        assert not house.log.of(CaseOpened)
        house.beta.labels[MOBILE] = ("诈骗", 7)
        await house.until(lambda: house.log.of(CaseOpened))


async def test_a_category_that_becomes_right_ends_its_case(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.labelled("beta", words="快递送餐")
        await house.in_state("at_person", "beta")
        await owned(house, accept=frozenset({Category.SERVICE}))
        case = house.case("beta")
        assert (case.outcome, case.moves[-1].by) == ("withdrawn", "configuration")
        assert "right for this number" in case.moves[-1].reason
        [closed] = house.log.of(FindingClosed)
        assert closed.why == "the category is right for this number"
        assert not house.tasks()
        await owned(house, accept=frozenset())
        assert len(house.log.of(FindingOpened)) == 2
        await house.sleep(DAY)
        consistent(house.store)


async def test_a_platform_that_does_not_take_the_category_gets_no_appeal_until_it_does(
    shm: Path, autojump_clock: Autojump
) -> None:
    takes = AppealFacts(channel="manual", takes=(Category.FRAUD,))
    platforms = {"alpha": platform("alpha"), "beta": platform("beta", appeal=takes)}
    async with make_house(shm, platforms=platforms) as house:
        house.beta.labels[MOBILE] = ("房产中介", 2)
        [found] = await house.until(lambda: house.log.of(FindingOpened))
        assert found.finding == FindingKind.WRONG_CATEGORY
        await house.sleep(2 * DAY)
        seq = house.record().seq
        await reload(house)
        assert house.record().seq == seq, "nothing changed"
        assert not house.log.of(CaseOpened)
        await reload(house, platforms={**platforms, "beta": platform("beta")})
        assert len(house.log.of(CaseOpened)) == 1


async def test_papers_that_are_on_file_now_wake_the_case_that_waits_for_them(
    shm: Path, autojump_clock: Autojump
) -> None:
    facts = AppealFacts(channel="manual", attempts=tuple(platform("beta").appeal.attempts[1:]))  # type: ignore[union-attr]
    async with make_house(shm, platforms={"beta": platform("beta", appeal=facts)}) as house:
        await house.labelled("beta")
        await house.in_state("gathering", "beta")
        assert [e.kind for e in house.log.of(EvidenceMissing)] == ["licence"]
        [task] = house.tasks()
        with pytest.raises(RefusedError, match="papers are still missing"):
            await answer(house, task, "supplied")
        await reload(house, documents=(Document("recordings", "/x"),))
        assert house.case("beta").snapshot.state == "gathering"
        await reload(house, documents=(Document("licence", "/x"),))
        assert house.case("beta").snapshot.state == "at_person"
        [packet] = [t.packet for t in house.tasks()]
        assert packet is not None
        assert [p.split(":")[0] for p in packet.papers] == ["licence"]
        consistent(house.store)


# ------------------------------------------------------------------------------------------------------ tasks, orders


async def at_person(house: TestHouse) -> str:
    await house.labelled("beta")
    await house.in_state("at_person", "beta")
    return "beta"


async def in_review(house: TestHouse) -> str:
    await at_person(house)
    await answer(house, house.tasks()[0], "submitted", receipt="R-7")
    assert house.case("beta").data.receipt == "R-7"
    return "beta"


async def overdue(house: TestHouse) -> str:
    await in_review(house)
    await house.in_state("overdue", "beta")
    return "beta"


async def asking(house: TestHouse) -> str:
    house.alpha.appeal_weather = "lost"
    await house.labelled("alpha")
    await house.in_state("asking", "alpha")
    house.alpha.appeal_weather = "fine"
    return "alpha"


async def gathering(house: TestHouse) -> str:
    await in_review(house)
    await answer(house, house.tasks()[0], "info_requested", reason="recordings, please")
    await house.in_state("gathering", "beta")
    return "beta"


async def approving(house: TestHouse) -> str:
    await reload(house, ask_approval=frozenset({"beta"}))
    await house.labelled("beta")
    await house.until(house.tasks)
    return "beta"


async def deciding(house: TestHouse) -> str:
    await at_person(house)
    await answer(house, house.tasks()[0], "failed", reason="the form is gone")
    await house.in_state("escalated", "beta")
    return "beta"


Ready = Callable[[TestHouse], Awaitable[str]]

READY: dict[TaskKind, Ready] = {
    TaskKind.SUBMIT_APPEAL: at_person,
    TaskKind.REPORT_ANSWER: in_review,
    TaskKind.CHASE_REVIEW: overdue,
    TaskKind.DID_IT_ARRIVE: asking,
    TaskKind.SUPPLY_EVIDENCE: gathering,
    TaskKind.APPROVE: approving,
    TaskKind.DECIDE: deciding,
}

OF_MANY = {TaskKind.DEVICE_TEST, TaskKind.ASSISTED_LOOK}
"""Those that ask for looks at many numbers, and are no case's."""

OF_OTHERS = (HAND_INS - {TaskKind.SUBMIT_APPEAL}) | {
    TaskKind.EXPEDITE_REVIEW,
    TaskKind.FIND_CAUSE,
    TaskKind.CHASE_PAUSE,
    TaskKind.HAND_OVER_PAPERS,
    TaskKind.GATHER_PROOF,
    TaskKind.UPDATE_WORDING,
}
"""Those that ask to hand in another request than an appeal, which are answered in the same way, and those that
`test_certificates`, `test_incidents` and `test_spending` answer."""

OF_OTHERS |= ERRANDS | {
    TaskKind.BRING_RECEIPT,
    TaskKind.CONFIRM_GONE,
    TaskKind.RELEASE_NUMBER,
}  # see test_cancellations

LEADS_TO: dict[tuple[TaskKind, str], str] = {
    (TaskKind.SUBMIT_APPEAL, "submitted"): "in_review",
    (TaskKind.SUBMIT_APPEAL, "refused"): "cooling",
    (TaskKind.SUBMIT_APPEAL, "failed"): "escalated",
    (TaskKind.REPORT_ANSWER, "approved"): "propagating",
    (TaskKind.REPORT_ANSWER, "rejected"): "cooling",
    (TaskKind.REPORT_ANSWER, "info_requested"): "gathering",
    (TaskKind.REPORT_ANSWER, "still_waiting"): "in_review",
    (TaskKind.REPORT_ANSWER, "failed"): "escalated",
    (TaskKind.CHASE_REVIEW, "approved"): "propagating",
    (TaskKind.CHASE_REVIEW, "rejected"): "cooling",
    (TaskKind.CHASE_REVIEW, "info_requested"): "gathering",
    (TaskKind.CHASE_REVIEW, "still_waiting"): "overdue",
    (TaskKind.CHASE_REVIEW, "failed"): "escalated",
    (TaskKind.DID_IT_ARRIVE, "happened"): "in_review",
    (TaskKind.DID_IT_ARRIVE, "did_not_happen"): "waiting",
    (TaskKind.DID_IT_ARRIVE, "failed"): "asking",
    (TaskKind.SUPPLY_EVIDENCE, "supplied"): "waiting",
    (TaskKind.SUPPLY_EVIDENCE, "failed"): "escalated",
    (TaskKind.APPROVE, "approved"): "waiting",
    (TaskKind.DECIDE, "retry"): "waiting",
    (TaskKind.DECIDE, "abandon"): "withdrawn",
}


def test_every_answer_of_every_kind_of_task_has_its_row_here() -> None:
    of_cases = {kind: answers for kind, answers in ANSWERS.items() if kind not in OF_MANY | OF_OTHERS}
    assert {kind: tuple(o for k, o in LEADS_TO if k is kind and o != "failed") for kind in READY} == of_cases
    assert {*READY, *OF_MANY, *OF_OTHERS} == set(TaskKind)


async def ready(house: TestHouse, kind: TaskKind) -> Task:
    """A house in which a task of this kind is open."""
    at = await READY[kind](house)
    [task] = house.tasks()
    assert (task.kind, task.platform) == (kind, at)
    assert task.due > house.clock.now() - 1
    return task


@pytest.mark.parametrize(("kind", "outcome"), LEADS_TO)
async def test_what_a_person_answers_moves_the_case(
    kind: TaskKind, outcome: str, shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, channels={"alpha": BLIND_CHANNEL}) as house:
        task = await ready(house, kind)
        if outcome == "supplied":
            house.house.context = structs.replace(
                house.house.context, documents=tuple(Document(kind, f"/{kind}") for kind in PAPERS)
            )
        told = await answer(house, task, outcome, reason="recordings are missing")
        state = LEADS_TO[kind, outcome]
        if outcome == "still_waiting":
            assert house.case(task.platform).snapshot.state == state
            assert [t.id for t in house.tasks()] == [task.id], "it is still to be answered"
            return
        assert (told.case, told.new) == (task.case, state)
        moved = [m.new for m in house.case(task.platform).moves]
        assert state in moved[-2:], moved
        closed = records.get_task(house.store, task.id)
        assert closed is not None
        assert closed.state is (TaskState.FAILED if outcome == "failed" else TaskState.DONE)
        assert (closed.outcome, closed.by, closed.closed_at) == (outcome, "bob", house.clock.now())
        [done] = [e for e in house.log.of(TaskDone) if e.task == task.id]
        assert (done.result, done.by) == (outcome, "bob")
        with pytest.raises(RefusedError, match=f"is already {closed.state}; `numtrustctl tasks` lists the open ones"):
            await answer(house, task, outcome, reason="again")
        consistent(house.store)


@pytest.mark.parametrize("kind", READY)
async def test_an_answer_that_does_not_answer_is_refused_with_those_that_do(
    kind: TaskKind, shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, channels={"alpha": BLIND_CHANNEL}) as house:
        task = await ready(house, kind)
        before, record = house.case(task.platform), house.record()
        wrong = {o for answers in ANSWERS.values() for o in answers} - set(ANSWERS[kind]) | {"", "Approved", "yes"}
        for outcome in sorted(wrong - {""}):
            with pytest.raises(RefusedError) as refused:
                await answer(house, task, outcome, reason="x")
            meant = "did you mean approved? " if outcome == "Approved" and "approved" in ANSWERS[kind] else ""
            said = f"--outcome {outcome!r} does not answer {kind}: {meant}one of {', '.join(ANSWERS[kind])}"
            assert str(refused.value) == said
        for outcome in {"rejected", "refused", "info_requested"} & set(ANSWERS[kind]):
            with pytest.raises(RefusedError, match="needs the platform's reason"):
                await answer(house, task, outcome)
        assert house.case(task.platform) == before
        assert house.record() == record
        assert [t.id for t in house.tasks()] == [task.id]


async def test_two_people_answer_one_task_and_one_of_them_is_told_so(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        task = await ready(house, TaskKind.REPORT_ANSWER)
        outcomes: list[object] = []

        async def say(outcome: str) -> None:
            try:
                outcomes.append((await answer(house, task, outcome, reason="r", by=outcome)).new)
            except RefusedError as error:
                outcomes.append(str(error))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(say, "approved")
            nursery.start_soon(say, "rejected")
        assert len([o for o in outcomes if "already done" in str(o)]) == 1
        assert house.case("beta").snapshot.state in ("propagating", "cooling")
        assert len([e for e in house.log.of(TaskDone) if e.task == task.id]) == 1


CLOSED_ORDERS = [a.Hold("x"), a.Advance("x"), a.Withdraw("x"), a.Approve("x"), a.Rejected("x")]


@pytest.mark.parametrize("event", CLOSED_ORDERS, ids=lambda e: type(e).__name__)
async def test_an_order_to_a_closed_case_is_refused_with_the_reason(
    event: Any, shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await at_person(house)
        await order(house, house.case("beta"), a.Withdraw("never mind"))
        before, record = house.case("beta"), house.record()
        assert not house.tasks()
        with pytest.raises(RefusedError) as refused:
            await order(house, before, event)
        assert str(refused.value).startswith(
            f"case {MOBILE}/beta/1 is withdrawn (given up: nobody works on it any more): "
        )
        assert str(refused.value).endswith(f"does nothing there; `numtrustctl case {MOBILE}/beta/1` shows its way")
        assert (house.case("beta"), house.record()) == (before, record)
        told = await order(house, before, a.Reopen("after all"))
        assert (told.old, told.new) == ("withdrawn", "waiting")
        assert house.case("beta").closed_at is None
        consistent(house.store)


async def test_an_order_to_no_case_at_all_is_refused(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await at_person(house)
        with pytest.raises(RefusedError, match="there is no case"):
            await order(house, structs.replace(house.case("beta"), id=f"{MOBILE}/beta/9"), a.Hold("x"))


HELD = [
    (in_review, "in_review", ["report_answer"]),
    (overdue, "in_review", ["report_answer"]),
    (deciding, "escalated", ["decide"]),
    (at_person, "at_person", ["submit_appeal"]),
    (gathering, "gathering", ["supply_evidence"]),
    (approving, "waiting", ["approve"]),
]


@pytest.mark.parametrize(("reach", "state", "kinds"), HELD, ids=[reach.__name__ for reach, _, _ in HELD])
async def test_a_hold_ends_where_it_began_with_its_task_open_again(
    reach: Ready, state: str, kinds: list[str], shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await reach(house)
        attempt = house.case("beta").data.attempt
        await order(house, house.case("beta"), a.Hold("lawyers"))
        assert not house.tasks()
        await house.sleep(5 * DAY)
        assert house.case("beta").snapshot.state == "held"
        consistent(house.store)
        await order(house, house.case("beta"), a.Advance("go on"))
        await house.sleep(MINUTE / 2)
        assert house.case("beta").snapshot.state == state
        assert [t.kind for t in house.tasks()] == kinds
        assert house.case("beta").data.attempt == attempt
        consistent(house.store)


async def test_what_was_granted_is_not_sent_again_after_a_hold(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        for submission in house.alpha.submissions.values():
            submission.state = "approved"
        await house.in_state("propagating", "alpha")
        await order(house, house.case("alpha"), a.Hold("wait"))
        await house.sleep(DAY)
        await order(house, house.case("alpha"), a.Advance("go on"))
        await house.sleep(2 * DAY)
        assert house.case("alpha").snapshot.state == "verifying"
        assert len(house.alpha.submissions) == 1
        assert house.alpha.duplicates == 0


async def test_a_hold_does_not_cut_a_cool_down_short(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await in_review(house)
        await answer(house, house.tasks()[0], "rejected", reason="no papers")
        until = house.case("beta").snapshot.deadline
        assert until is not None
        await order(house, house.case("beta"), a.Hold("x"))
        await order(house, house.case("beta"), a.Advance("x"))
        assert house.case("beta").snapshot.deadline == until
        await order(house, house.case("beta"), a.Advance("now"))
        await house.settled()
        assert house.case("beta").snapshot.state == "gathering"


async def test_a_label_that_comes_back_during_a_review_by_hand_leaves_its_task_to_be_answered(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await in_review(house)
        house.beta.labels.clear()
        await house.in_state("verifying", "beta")
        assert not house.tasks()
        house.beta.labels[MOBILE] = ("广告推销", 4)
        await house.in_state("in_review", "beta")
        assert [t.kind for t in house.tasks()] == ["report_answer"]
        consistent(house.store)


async def test_papers_that_expire_while_approval_is_asked_for_are_asked_for_and_then_the_approval_again(
    shm: Path, autojump_clock: Autojump
) -> None:
    facts = AppealFacts(channel="manual", attempts=tuple(platform("beta").appeal.attempts[1:]))  # type: ignore[union-attr]
    papers = (Document("licence", "/x"),)
    async with make_house(
        shm, platforms={"beta": platform("beta", appeal=facts)}, documents=papers, ask_approval=frozenset({"beta"})
    ) as house:
        await house.labelled("beta")
        await house.until(lambda: [t.kind for t in house.tasks()] == ["approve"])
        await reload(house, documents=())
        await house.in_state("gathering", "beta")
        assert [t.kind for t in house.tasks()] == ["supply_evidence"]
        await reload(house, documents=papers)
        await house.sleep(1)
        assert [t.kind for t in house.tasks()] == ["approve"]


# -------------------------------------------------------------------------------------------------------------- crashes


def failing_act(times: set[int], seen: list[NumberActor], hook: Callable[[], None] | None = None) -> Any:
    """`NumberActor._act` that raises before it does anything, at these durable steps."""
    act, count = NumberActor._act, 0

    def failing(self: NumberActor, made: Any, owned: Any, message: Any) -> None:
        nonlocal count
        if made.durable:
            count += 1
            if count in times:
                seen.append(self)
                if hook is not None:
                    hook()
                raise ZeroDivisionError("between commit and act")
        act(self, made, owned, message)

    return failing


STEPS = 9
"""Durable steps from an unknown number to an appeal under review: two baselines, the change, and so on."""


@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_a_crash_of_the_actor_between_commit_and_act_loses_nothing(
    step: int, shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed: list[NumberActor] = []
    monkeypatch.setattr(NumberActor, "_act", failing_act({step}, crashed))
    async with make_house(shm) as house:
        house.alpha.labels[MOBILE] = ("骚扰电话", 3)
        await house.until(lambda: house.record().cases)
        await house.in_state("in_review", "alpha")
        [submission] = house.alpha.submissions.values()
        submission.state = "approved"
        await house.in_state("propagating", "alpha")
        house.alpha.labels.clear()
        await house.in_state("cleared", "alpha")
        assert len(crashed) == len(house.log.of(ActorCrashed)) == 1
        assert len(house.alpha.submissions) == 1
        assert house.alpha.duplicates == 0
        assert len(house.timers) == 0
        consistent(house.store)


@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_a_death_between_commit_and_act_loses_nothing(
    step: int, shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        async with make_house(shm / "a") as house:
            patch.setattr(NumberActor, "_act", failing_act({step}, [], lambda: picture(house, shm / "b")))
            house.alpha.labels[MOBILE] = ("骚扰电话", 3)
            await house.until(lambda: (shm / "b").exists(), within=3 * DAY)
            outside, at = house.alpha.submissions, house.clock.now()
            before = dict(outside)
    async with make_house(shm / "b", start=at) as house:
        house.alpha.labels[MOBILE], house.alpha.submissions = ("骚扰电话", 3), before
        await house.until(lambda: house.record().cases)
        consistent(house.store)
        await house.in_state("in_review", "alpha")
        assert len(house.alpha.submissions) == 1
        assert house.alpha.duplicates == 0
        consistent(house.store)


def picture(house: TestHouse, to: Path) -> None:
    killed(house, to)


async def test_a_message_that_died_with_its_actor_is_answered(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm) as house:
        await at_person(house)
        monkeypatch.setattr(NumberActor, "_act", failing_act({1}, []))
        with pytest.raises(ZeroDivisionError):
            await order(house, house.case("beta"), a.Hold("x"))
        await house.sleep(10)
        assert house.case("beta").snapshot.state == "held", "it was stored, and that is what counts"
        assert len(house.timers) == 1


def spoiled(how: str) -> Callable[[Store], None]:
    """Damage MOBILE's record: its seal, its encoding, or its meaning."""

    def spoil(store: Store) -> None:
        key = records.key(MOBILE)
        batch = Batch().put(Table.NUMBER, key, {"encoding": b"\xc1", "meaning": b"\x93\x01\x02\x03"}.get(how, b"\x80"))
        if how == "seal":
            batch.ops[Table.NUMBER, key] = b"\0\0\0\0rubbish"
        store.commit_soon(batch)

    return spoil


@pytest.mark.covers("S7")
@pytest.mark.parametrize("how", ["seal", "encoding", "meaning"])
async def test_a_damaged_record_parks_its_number_and_is_not_taken_for_a_new_one(
    how: str, shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await at_person(house)
        house.store.commit_soon(Batch())
    both = (MOBILE, OTHER_MOBILE)
    async with make_house(shm, numbers=both, start=T0 + 10 * DAY, before=spoiled(how)) as house:
        raw = house.store._environment
        await house.until(lambda: house.log.of(ActorParked), within=DAY)
        assert [e.actor for e in house.log.of(ActorParked)] == [MOBILE]
        crashes = 1 if how == "seal" else 6  # a broken seal is known for what it is, the others look like bugs of ours
        assert len(house.log.of(ActorCrashed)) == crashes
        await house.sleep(3 * DAY)
        assert len(house.log.of(ActorCrashed)) == crashes
        assert not house.alpha.looks.count(MOBILE)
        assert house.alpha.looks.count(OTHER_MOBILE) > 5
        assert verdict_of(house, OTHER_MOBILE) == "clean"
        assert raw.count(Table.NUMBER) == 2
        with pytest.raises(BusyError, match="parked"):
            house.house.post(MOBILE, Refresh())
        case = records.get_case(house.store, f"{MOBILE}/beta/1")
        assert case is not None
        assert case.open, "its case waits for whoever mends the record"


def verdict_of(house: TestHouse, number: str) -> str | None:
    belief = house.record(number).verdicts["alpha"].belief
    return None if belief is None else belief.key


async def test_a_record_of_another_number_under_its_key_is_damage_too(shm: Path, autojump_clock: Autojump) -> None:
    def swap(store: Store) -> None:
        other = store.get(Table.NUMBER, records.key(OTHER_MOBILE))
        assert other is not None
        store.commit_soon(Batch().put(Table.NUMBER, records.key(MOBILE), other))

    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await house.sleep(DAY)
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), start=T0 + DAY, before=swap) as house:
        await house.sleep(DAY)
        assert [e.actor for e in house.log.of(ActorParked)] == [MOBILE]


# ------------------------------------------------------------------------------------------- what is kept and said

KEPT: tuple[type[Event], ...] = (
    VerdictBaseline, VerdictChanged, FindingOpened, FindingClosed, CaseOpened, CaseMoved, CaseClosed,
    TaskOpened, TaskReminded, TaskDone, EvidenceMissing,
)  # fmt: skip


async def long_life(house: TestHouse) -> None:
    """A label, a rejection, papers, approval, clearing and a return, at the platform that is appealed to by hand."""
    await gathering(house)
    await reload(house, documents=tuple(Document(kind, f"/{kind}") for kind in PAPERS))
    await house.until(lambda: [t.kind for t in house.tasks()] == ["submit_appeal"])
    await house.sleep(3 * DAY)
    await answer(house, house.tasks()[0], "submitted", receipt="R-8")
    await answer(house, house.tasks()[0], "approved")
    await clear(house, "beta")
    await house.labelled("beta", words="骚扰电话")
    await house.sleep(DAY)


async def test_history_has_all_that_was_said_of_the_number_in_its_order(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await long_life(house)
        kept = history(house.store)
        assert [e.at for e in kept] == sorted(e.at for e in kept)
        said = [e.action for e in house.log.events if isinstance(e, KEPT)]
        actions = {kind.action for kind in KEPT}
        assert [e.action for e in kept if e.action in actions] == said
        moves = [(e.old, e.new) for e in kept if e.action == CaseMoved.action]
        assert moves == [(e.from_, e.to) for e in house.log.of(CaseMoved)]
        assert moves == [(m.old, m.new) for m in house.case("beta").moves if m.old]
        assert {e.by for e in kept} == {"", "bob"}
        assert all(e.text for e in kept)
        assert all(e.case == house.case("beta").id for e in kept if e.action.startswith(("case.", "task.")))


async def test_the_record_counts_its_durable_changes_one_by_one(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm) as house:
        seqs: list[int] = []
        commit, soon = house.store.commit, house.store.commit_soon
        key = (Table.NUMBER, records.key(MOBILE))

        def seq_of(batch: Batch) -> int:
            sealed = batch.ops[key]
            assert sealed is not None
            return records.decode_number(sealed[4:]).seq

        async def counted(batch: Batch, *, now: float | None = None) -> None:
            if key in batch.ops:
                seqs.append(seq_of(batch))
            await commit(batch, now=now)

        def not_counted(batch: Batch) -> None:
            if key in batch.ops:
                assert seq_of(batch) == (seqs[-1] if seqs else 0)
            soon(batch)

        monkeypatch.setattr(house.store, "commit", counted)
        monkeypatch.setattr(house.store, "commit_soon", not_counted)
        await long_life(house)
        assert len(seqs) > 15
        assert seqs == list(range(1, len(seqs) + 1))
        await house.store.flush()
        assert stored(house.store).seq == seqs[-1]


async def test_a_masked_log_gives_no_number_away_and_keeps_chinese_words(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE)) as house:
        house.log._guard = Guard(mask_numbers=True)
        await long_life(house)
        await house.labelled("alpha", OTHER_MOBILE)
        await house.in_state("in_review", "alpha", OTHER_MOBILE)
        lines = b"".join(house.log.lines).decode()
        for secret in (MOBILE, MOBILE[3:], OTHER_MOBILE[3:], "138 0013 8000", "138-0013-8000"):
            assert secret not in lines
        assert "广告推销" in lines
        assert any(e.text and "广告推销" in e.text for e in history(house.store))
        [packet] = [t.packet for t in records.all_tasks(house.store) if t.packet is not None][:1]
        assert packet.fields == {"号码": "13800138000", "公司": "示例公司"}
        assert "138" in packet.letter
        assert house.case("beta").data.words == "骚扰电话", "the letter speaks of the label that came back"


async def test_looks_that_say_nothing_new_cost_no_durable_write(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm) as house:
        await house.sleep(DAY)
        commits: list[Batch] = []
        commit = house.store.commit

        async def counted(batch: Batch, *, now: float | None = None) -> None:
            commits.append(batch)
            await commit(batch, now=now)

        monkeypatch.setattr(house.store, "commit", counted)
        looks = len(house.alpha.looks)
        await house.sleep(10 * DAY)
        assert len(house.alpha.looks) - looks > 30
        assert not [b for b in commits if (Table.NUMBER, records.key(MOBILE)) in b.ops]
        assert not house.log.of(SourceFailed)
        assert {Status.CLEAN} == {v.belief.status for v in house.record().verdicts.values() if v.belief}


# ------------------------------------------------------------------------------------------------------------ blindness


async def test_blindness_is_a_finding_once_it_lasts_and_is_over_when_something_is_seen(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, sources={"alpha.api": source("alpha", trip=10**6)}) as house:
        await house.until(lambda: house.log.of(VerdictBaseline))
        house.alpha.weather = "maintenance"
        await trio.sleep(20 * HOUR)
        assert not house.log.of(FindingOpened), "not for long enough"
        await trio.sleep(3 * DAY)
        (opened,) = house.log.of(FindingOpened)
        assert (opened.finding, opened.platform) == ("blind", "alpha")
        assert "maintenance" in opened.why
        (row,) = (await house.ask("ListNumbers", finding="blind"))[0].numbers
        assert (row.number, row.findings) == (MOBILE, ("blind",))
        assert house.record().verdicts["alpha"].belief is not None, "what was believed still is"
        house.alpha.weather = "fine"
        closed = (await house.until(lambda: house.log.of(FindingClosed)))[0]
        assert closed.finding == "blind"
        assert not (await house.ask("ListNumbers", finding="any"))[0].numbers


# ------------------------------------------------------------------------------------------- what changed meanwhile


async def test_papers_that_came_while_nobody_was_at_work_are_seen_at_the_start(
    shm: Path, autojump_clock: Autojump
) -> None:
    wants = structs.replace(platform("alpha").appeal, attempts=(Attempt(("licence",)),))
    platforms = {"alpha": platform("alpha", appeal=wants)}
    sources = {"alpha.api": source("alpha")}
    async with make_house(shm, platforms=platforms, sources=sources) as house:
        await house.labelled("alpha")
        await house.in_state("gathering", "alpha")
    papers = (Document("licence", "/papers/licence.pdf"),)
    async with make_house(shm, platforms=platforms, sources=sources, documents=papers) as house:
        await house.until(lambda: house.case("alpha").snapshot.state != "gathering", within=MINUTE, step=1.0)


async def test_a_label_that_is_right_since_the_stop_is_no_finding_after_the_start(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        category = house.record().findings["alpha"].category
    accepts = [number(MOBILE, accept=frozenset({category}))]
    async with make_house(shm, numbers=accepts) as house:
        await house.until(lambda: not house.case("alpha").open, within=MINUTE, step=1.0)
        assert not house.record().findings
