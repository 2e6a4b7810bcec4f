"""What `explain` says: every sentence a fact of the house, the next step named, whose move it is, and when."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.actors.control import explain
from numtrustd.api import errors, when
from numtrustd.api.rows import ExplainLine
from numtrustd.domain.budget import Budget
from numtrustd.domain.evidence import Document
from numtrustd.domain.label import Category
from numtrustd.domain.owned import Watch
from numtrustd.domain.platform import AppealFacts
from numtrustd.domain.verdict import VerdictPolicy
from numtrustd.events import SourceLimited
from tests.actors.house import DAY, LANDLINE, MOBILE, Refusal, TestHouse, make_house, number, platform, source

Clock = trio.testing.MockClock


async def explained(house: TestHouse, platform: str | None = None, who: str = MOBILE) -> list[ExplainLine]:
    answer = await house.ask("Explain", number=who, **({} if platform is None else {"platform": platform}))
    return list(answer.lines)


async def seen(house: TestHouse) -> None:
    await house.until(lambda: len(house.record().verdicts) == 2)


def only(lines: list[ExplainLine], text: str) -> ExplainLine:
    [line] = [line for line in lines if text in line.fact]
    return line


async def test_before_anything_was_seen(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        house.alpha.latency = house.beta.latency = 10.0
        await house.until(lambda: house.alpha.requests and house.beta.requests, step=1.0)
        alpha, beta = await explained(house)
        assert alpha.fact == "阿尔法: not known yet"
        assert alpha.why == "no look has been made yet"
        assert (alpha.next, alpha.when) == ("is being looked at just now", None)
        assert (alpha.who, alpha.platform, beta.platform) == ("daemon", "alpha", "beta")


async def test_many_first_looks_wait_for_the_sources_pace(tmp_path: Path, autojump_clock: Clock) -> None:
    slow = {"alpha.api": source("alpha", interval=3_600.0)}
    numbers = tuple(f"+861380013{n:04}" for n in range(5))
    async with make_house(tmp_path, numbers=numbers, sources=slow) as house:
        await house.sleep(2.5 * 3_600.0)
        waiting = [n for n in numbers if n not in house.alpha.looks]
        assert len(waiting) == 2
        [line] = await explained(house, "alpha", waiting[0])
        assert line.next == "looks again through alpha.api; not sooner, because the source is asked once in 1 h"
        assert line.when == when(house.sources.actors["alpha.api"].next_slot)


async def test_a_clean_number_and_its_cadence(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        [line] = await explained(house, "beta")
        assert line.fact.startswith("贝塔: clean for ")
        assert line.why.startswith("beta.api/default said clean ")
        assert line.next == "looks again through beta.api; the number is new: every 3 h"
        due = house.sources.actors["beta.api"].due_of(MOBILE)
        assert due is not None
        assert line.when == when(due)
        await house.sleep(10 * DAY)
        [line] = await explained(house, "beta")
        assert line.next == "looks again through beta.api; nothing is going on: every 6 h"
        looks = len(house.beta.looks)
        assert f"; the last {looks} looks that could see agree" in line.why
        house.beta.weather = "broken"  # a look that sees nothing is not counted, and ends no count
        await house.until(lambda: house.record().verdicts["beta"].blind_since)
        [line, _] = await explained(house, "beta")
        assert f"; the last {looks} looks that could see agree" in line.why


async def test_looks_that_disagree_are_counted(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().verdicts["alpha"].run)
        [line] = await explained(house, "alpha")
        expected = "1 look says 广告推销 (marketing), 3 marks; it takes 2 over at least 10 min to be believed"
        assert expected in line.why
        assert line.next == "looks again through alpha.api; looks disagree with what is believed: every 30 min"


async def test_a_case_on_its_way(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        lines = await explained(house, "alpha")
        assert lines[0].fact.startswith("阿尔法: shown as 广告推销 (marketing), 3 marks for ")
        problem = only(lines, "mislabel: shown as 广告推销")
        assert problem.why == "probably reports: 3 marks counted by the platform"
        assert (problem.next, problem.who) == (f"appeal {case.id} works on it", "platform")
        line = only(lines, "in_review")
        assert line.fact == f"appeal {case.id} is in_review: the platform is reviewing the appeal (attempt 1)"
        assert line.why.startswith("accepted, ")
        assert line.next == "the daemon asks for the answer, or chases a review that is overdue"
        assert (line.who, line.case, line.task, line.when) == (
            "platform",
            case.id,
            None,
            when(case.snapshot.deadline or 0),
        )

        await house.ask("Hold", case=case.id, reason="lawyers", author="chen")
        held = only(await explained(house, "alpha"), "is held")
        assert held.why.startswith("hold by chen: lawyers, ")
        assert held.who == "person"
        assert f"`numtrustctl advance {case.id}`" in held.next


async def test_a_person_is_told_what_to_type(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        line = only(await explained(house), "at_person")
        assert (line.who, line.task) == ("person", task.id)
        assert line.next.startswith(f"Hand in the appeal: type `numtrustctl task show {task.id}`; without an answer ")


async def test_what_a_person_has_to_report_is_a_persons_move_though_the_platform_reviews(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        await house.ask("TaskDone", task=task.id, receipt="B-1", author="wang")
        [task] = house.tasks()
        line = only(await explained(house), "is in_review")
        assert (line.who, line.task) == ("person", task.id)
        assert line.next.startswith(f"Report the platform's answer: type `numtrustctl task show {task.id}`")
        assert line.why.startswith("accepted, as wang reported, ")
        assert only(await explained(house), "mislabel").who == "person"
        await house.ask("TaskDone", task=task.id, outcome="rejected", reason="无营业执照", author="wang")
        line = only(await explained(house), "is cooling")
        assert line.who == "person"
        assert line.next.startswith(
            "put what is missing on file by then, with `numtrustctl evidence add licence FILE`; the daemon prepares"
        )
        assert line.why.startswith("rejected, as wang reported: 无营业执照, ")
        assert line.why.endswith("; missing for the next attempt: 营业执照（加盖公章） (licence): none is on file")
        licence = (Document("licence", "/srv/licence"),)
        house.house.context = structs.replace(house.house.context, documents=licence)
        house.roster.refresh(MOBILE)
        await house.settled()
        cooled = only(await explained(house), "is cooling")
        assert ("missing" in cooled.why, cooled.who) == (False, "daemon")
        await house.ask("Withdraw", case=f"{MOBILE}/beta/1", reason="enough", author="li")
        assert only(await explained(house), "was closed").why == "withdraw by li: enough"


async def test_a_platform_that_was_never_seen_has_no_belief_before(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        house.alpha.weather = "blocked"
        await house.until(lambda: house.record().verdicts.get("alpha"))
        belief, blind = await explained(house, "alpha")
        assert belief.fact == "阿尔法: not known yet"
        assert blind.fact.endswith("; nothing is believed of it yet")
        house.alpha.weather = "fine"
        await house.until(lambda: house.record().verdicts["alpha"].belief)
        house.alpha.weather = "blocked"
        await house.until(lambda: house.record().verdicts["alpha"].blind_since)
        assert only(await explained(house, "alpha"), "nothing could be seen").fact.endswith(
            "; what was believed before still is"
        )


async def test_a_closed_case_is_watched_for_a_while(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        house.alpha.labels.clear()
        case = await house.in_state("cleared", "alpha")
        line = only(await explained(house, "alpha"), "was closed")
        assert line.fact.endswith("the label was seen to be gone on every view")
        assert line.next == "what was wrong opens it again if it comes back until then"
        assert line.when == when((case.closed_at or 0) + 30 * DAY)
        house.clock.shift(31 * DAY)
        line = only(await explained(house, "alpha"), "was closed")
        assert (line.next, line.when, line.who) == ("", None, "nobody")


async def test_a_label_that_nobody_works_on_says_why(tmp_path: Path, autojump_clock: Clock) -> None:
    platforms = {
        "alpha": platform("alpha", appeal=AppealFacts(channel="http", takes=(Category.FRAUD,))),
        "beta": platform("beta", appeal=AppealFacts(channel="none")),
    }
    async with make_house(tmp_path, platforms=platforms) as house:
        await seen(house)
        for outside in (house.alpha, house.beta):
            outside.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: len(house.record().findings) == 2)
        alpha, beta = (line for line in await explained(house) if line.fact.startswith("mislabel"))
        assert alpha.next == "this platform takes no appeals against marketing"
        assert beta.next == "this platform takes no appeals that we know of: a person has to find a way"
        assert alpha.who == beta.who == "person"


async def test_a_withdrawn_case_can_be_opened_again(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        await house.ask("Withdraw", case=case.id)
        line = only(await explained(house, "alpha"), "mislabel")
        assert f"`numtrustctl reopen {case.id}`" in line.next


async def test_an_accepted_category_is_no_problem(tmp_path: Path, autojump_clock: Clock) -> None:
    courier = number(MOBILE, accept=frozenset({Category.SERVICE}))
    async with make_house(tmp_path, numbers=(courier,)) as house:
        house.alpha.labels[MOBILE] = ("快递送餐", 3)
        await house.until(lambda: (v := house.record().verdicts.get("alpha")) and v.marked)
        line = only(await explained(house, "alpha"), "no problem")
        assert line.fact == "no problem: service is right for this number"
        assert line.next == "a harmful label in its place would be a finding"
        assert line.who == "nobody"


async def test_a_number_that_is_only_looked_at(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(number(MOBILE, watch=Watch.FAREWELL),)) as house:
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().findings)
        lines = await explained(house, "alpha")
        assert lines[0].fact == "it was given up: it is looked at, nothing is appealed"
        assert lines[0].next == "it stays so until its owner says otherwise"
        assert only(lines, "mislabel").next == "nothing is appealed for this number, see above"


@pytest.mark.parametrize(
    ("weather", "reason"),
    [("blocked", "blocked"), ("silent", "timeout"), ("shut", "unreachable"), ("broken", "bad_shape")],
)
async def test_a_blind_platform_says_what_is_wrong_with_its_source(
    tmp_path: Path, autojump_clock: Clock, weather: str, reason: str
) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        house.alpha.weather = weather
        await house.until(lambda: house.sources.actors["alpha.api"].down)
        await house.sleep(60.0)
        belief, blind = await explained(house, "alpha")
        assert belief.fact.startswith("阿尔法: clean for ")
        assert f"alpha.api/default could not see 1 min ago ({reason})" in belief.why
        assert blind.fact.startswith("nothing could be seen of alpha for ")
        assert blind.why.startswith(f"alpha.api is down for 1 min ({reason}, 3 times in a row)")
        assert blind.who == "daemon"
        assert blind.when == belief.when
        actor = house.sources.actors["alpha.api"]
        due = actor.due_of(MOBILE)
        assert due is not None
        assert blind.when == when(max(due, actor.next_slot))


async def test_a_look_that_is_due_waits_for_its_source(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        house.alpha.weather = "blocked"
        actor = house.sources.actors["alpha.api"]
        await house.until(lambda: actor.down)
        await house.sleep(1.0)
        actor.want(MOBILE, house.clock.now() - 1.0)
        belief, _ = await explained(house, "alpha")
        assert "not sooner, because the source has not answered for" in belief.next
        assert belief.when == when(actor.next_slot)


async def test_a_source_that_was_asked_to_pause(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        house.alpha.weather = "limited"
        await house.until(lambda: house.record().verdicts["alpha"].blind_since)
        actor = house.sources.actors["alpha.api"]
        actor.want(MOBILE, house.clock.now())
        belief, blind = await explained(house, "alpha")
        assert "not sooner, because the platform asked for a pause" in belief.next
        assert blind.why.startswith("alpha.api is limited (the platform asked for a pause")


async def test_a_number_that_nobody_can_see(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=("+14155552671",)) as house:
        [line] = await explained(house, who="+1 415 555 2671")
        assert line.fact == "no platform can be seen for this number (foreign)"
        [line] = await explained(house, "alpha", who="+1 415 555 2671")
        assert line.next == "nobody looks: no source in use sees this platform for such a number"


async def test_a_parked_number(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        await house.ask("Park", number=MOBILE, reason="odd", author="zhao")
        parked, alpha, _ = await explained(house)
        assert (parked.fact, parked.why) == ("parked: nothing is done for this number", "parked by zhao: odd")
        assert (parked.next, parked.who) == (f"`numtrustctl unpark {MOBILE}` sets it going again", "person")
        assert (alpha.next, alpha.who) == ("nobody looks while the number is parked", "person")


async def test_a_parked_source(tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)

        async def explode(*_: object) -> None:
            raise ZeroDivisionError("a defect")

        monkeypatch.setattr(house.alpha, "fetch", explode)
        house.sources.actors["alpha.api"].want(MOBILE, house.clock.now())
        for _ in range(7):
            house.sources.actors["alpha.api"].want(MOBILE, house.clock.now())
            await house.sleep(40.0)
        [line] = await explained(house, "alpha")
        assert line.next.startswith("nobody looks: alpha.api is parked for ")
        assert "ZeroDivisionError: a defect" in line.next
        assert line.who == "person"
        assert (await house.ask("ListSources")).sources[0].state == "parked"


async def test_maintenance_and_flapping(tmp_path: Path, autojump_clock: Clock) -> None:
    nervous = VerdictPolicy(confirm=1, confirm_spread=0.0, clear=1, clear_spread=0.0, flap_changes=2)
    async with make_house(tmp_path, verdict=nervous) as house:
        await seen(house)
        await house.ask("MaintenanceStart", platform="alpha", kind="routine", author="sun")
        line = only(await explained(house, "alpha"), "under maintenance")
        assert (line.fact, line.why, line.who) == (
            "alpha is under maintenance (routine)",
            "declared by sun",
            "platform",
        )
        for n in range(20):
            house.alpha.labels[MOBILE] = ("广告推销", n)
            await house.ask("Look", number=MOBILE, platform="alpha")
            if house.record().verdicts["alpha"].flapping:
                break
            house.alpha.labels.clear()
            await house.ask("Look", number=MOBILE, platform="alpha")
            if house.record().verdicts["alpha"].flapping:
                break
        line = (await explained(house, "alpha"))[0]
        assert line.fact.endswith("held although it goes back and forth")
        assert "so the mark stands until a long clean run" in line.why


async def test_names_that_are_none(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        with pytest.raises(Refusal) as caught:
            await house.ask("Explain", number=MOBILE, platform="gamma")
        assert caught.value.error == errors.UnknownPlatform("gamma")
        answer: Any = await house.ask("Explain", number="02151288888")
        assert (answer.number, answer.dashed, answer.name) == (LANDLINE, "021-51288888", "line 8888")


async def test_a_budget_that_is_used_up_is_why_it_does_not_look(tmp_path: Path, autojump_clock: Clock) -> None:
    spent = {"alpha.api": source("alpha", budget=Budget(per_day=2)), "beta.api": source("beta")}
    async with make_house(tmp_path, sources=spent) as house:
        await house.until(lambda: house.log.of(SourceLimited))
        [limited] = house.log.of(SourceLimited)
        line = next(iter((await house.ask("Explain", number=MOBILE, platform="alpha")).lines))
        assert "not sooner, because the 2 looks of this day are used up" in line.next
        assert line.when.timestamp() == limited.until
        row = next(r for r in (await house.ask("GetNumber", number=MOBILE)).platforms if r.platform == "alpha")
        assert row.next_look.timestamp() == limited.until
        [told] = [r for r in (await house.ask("ListSources")).sources if r.source == "alpha.api"]
        assert (told.state, told.next_slot.timestamp()) == ("limited", limited.until)
        answer = await house.ask("Look", number=MOBILE, platform="alpha")
        [pending] = answer.pending
        assert pending.when.timestamp() == limited.until
        assert "used up" in pending.why


@pytest.mark.parametrize(
    ("then", "clause"),
    [
        ("asks once more, then a person has to decide", "the daemon asks once more, then a person has to decide"),
        ("a person has to decide", "a person has to decide"),
    ],
)
def test_a_next_step_is_the_daemons_where_nobody_else_is_named(then: str, clause: str) -> None:
    assert explain._does(then) == clause
