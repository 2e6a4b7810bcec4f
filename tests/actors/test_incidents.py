"""The emergency of a number: what opens it, its marks met and missed on real hours, what it does to the cases."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing

from numtrustd.actors.context import IncidentRules
from numtrustd.actors.messages import Complained, Refresh
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.platform import Feed
from numtrustd.domain.prevention import PreventionPolicy
from numtrustd.events import (
    CaseClosed,
    CaseMoved,
    CaseOpened,
    IncidentClosed,
    IncidentMilestone,
    IncidentOpened,
    TaskReminded,
)
from tests.actors.house import DAY, HOUR, MOBILE, T0, TestHouse, make_house, number, platform, source
from tests.actors.parts import answer, consistent, killed
from tests.actors.test_certificates import NAMING, SHOWS, WAY

Clock = trio.testing.MockClock
ALL = IncidentRules()


def emergencies(**more: Any) -> dict[str, Any]:
    return {"incident": ALL, **more}


async def labelled(house: TestHouse, where: str = "alpha") -> None:
    await house.labelled(where, words="诈骗电话", marks=30)
    await house.until(lambda: house.log.of(IncidentOpened))


def marks(house: TestHouse) -> list[tuple[str, bool]]:
    return [(event.mark, event.met) for event in house.log.of(IncidentMilestone)]


async def test_a_harmful_label_on_a_core_platform_is_an_emergency(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        await labelled(house)
        [opened] = house.log.of(IncidentOpened)
        assert opened.incident == f"{MOBILE}/incident/1"
        assert opened.why.startswith("alpha shown as 诈骗电话")
        incident = await house.opened("incident", "")
        assert opened.deadline == pytest.approx(incident.data.since + 48 * HOUR)
        await house.until(lambda: [t for t in house.tasks() if t.kind == "gather_proof"])
        [proof] = [t for t in house.tasks() if t.kind == "gather_proof"]
        assert proof.due == pytest.approx(incident.data.since + 2 * HOUR)
        detail = (await house.ask("GetTask", task=proof.id)).detail
        assert any("`numtrustctl evidence add recordings FILE`" in line for line in detail)
        assert not any("complaints" in line for line in (proof.title, *detail)), "there were none"
        # The appeal goes out over the API within the two hours.
        await house.until(lambda: marks(house))
        assert marks(house) == [("submit", True)]
        house.alpha.labels.pop(MOBILE)
        await house.until(lambda: [t for t in house.tasks() if t.kind == "update_wording"])
        assert marks(house) == [("submit", True), ("follow_up", True), ("resolve", True)]
        [wording] = [t for t in house.tasks() if t.kind == "update_wording"]
        assert wording.packet is not None
        assert "认证及标记显示故障现已修复" in wording.packet.letter
        await answer(house, wording, "published")
        [closed] = house.log.of(IncidentClosed)
        assert closed.outcome == "resolved"
        consistent(house.store)


async def test_the_cases_of_an_emergency_carry_its_name(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        await labelled(house)
        house.beta.labels[MOBILE] = ("诈骗电话", 12)
        await house.until(lambda: "beta" in house.record().cases)
        [_, _, joined] = house.log.of(CaseOpened)
        assert (joined.platform, joined.incident) == ("beta", f"{MOBILE}/incident/1")
        assert len(house.log.of(IncidentOpened)) == 1, "one clock for all of them"


async def test_marks_are_missed_through_a_weekend_and_a_person_decides(tmp_path: Path, autojump_clock: Clock) -> None:
    """Nobody hands the packet of `beta` in. T0 is a Monday: it begins on a Saturday."""
    async with make_house(tmp_path, start=T0 + 5 * DAY, **emergencies()) as house:
        await labelled(house, "beta")
        incident = await house.opened("incident", "")
        since = incident.data.since
        await house.in_state("escalated", "", kind="incident")
        assert marks(house) == [("submit", False), ("follow_up", False), ("resolve", False)]
        at = [event.due for event in house.log.of(IncidentMilestone)]
        assert at == pytest.approx([since + 2 * HOUR, since + 24 * HOUR, since + 48 * HOUR])
        assert house.clock.now() == pytest.approx(since + 48 * HOUR, abs=60), "weekends count"
        [first, *_] = house.log.of(IncidentMilestone)
        assert first.why == f"{MOBILE}/beta/1"
        view = await house.ask("GetCase", case=incident.id)
        told = [(mark.mark, mark.met, mark.due.timestamp()) for mark in view.marks]
        assert told == [
            (n, False, pytest.approx(due)) for n, due in zip(("submit", "follow_up", "resolve"), at, strict=True)
        ]
        assert {mark.mark for mark in view.marks} <= {fact.name for fact in view.data}, "a client goes by the name"
        beta = await house.ask("GetCase", case=f"{MOBILE}/beta/1")
        assert beta.marks is None
        [task] = [t for t in house.tasks() if t.case == incident.id and t.kind == "decide"]
        assert f"{MOBILE}/beta/1 is " in task.detail[0]
        detail = (await house.ask("GetTask", task=task.id)).detail
        assert "why it came to this: its time came" in detail
        assert [line.partition(":")[0] for line in detail[-2:]] == ["retry", "abandon"]
        await answer(house, task, "abandon")
        assert house.case("", kind="incident").snapshot.state == "withdrawn"
        consistent(house.store)


async def test_what_people_hand_in_is_due_before_the_first_mark_and_reminded_of_by_each(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        await labelled(house, "beta")
        since = (await house.opened("incident", "")).data.since
        await house.until(lambda: [t for t in house.tasks() if t.kind == "submit_appeal"])
        [packet] = [t for t in house.tasks() if t.kind == "submit_appeal"]
        assert packet.due == since + 1.5 * HOUR
        await house.sleep(50 * HOUR)
        reminded = [e for e in house.log.of(TaskReminded) if e.task == packet.id]
        assert [e.due for e in reminded] == [since + 2 * HOUR, since + 24 * HOUR, since + 48 * HOUR]
        assert house.case("beta").snapshot.state == "escalated", "at 48 h it is resolved or escalated"


async def test_what_lay_with_a_person_before_is_due_by_the_clock_once_there_is_an_emergency(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    rules = IncidentRules(open_on=("complaints",), due_before=15 * 60.0)
    async with make_house(tmp_path, incident=rules) as house:
        await house.labelled("beta", words="诈骗电话", marks=30)
        await house.in_state("at_person", "beta")
        [packet] = house.tasks()
        assert packet.due > house.clock.now() + DAY
        house.house.post(MOBILE, Complained(DayCalls("2026-09-21", complaints=3)))
        since = (await house.opened("incident", "")).data.since
        [packet] = [t for t in house.tasks() if t.kind == "submit_appeal"]
        assert packet.due == house.case("beta").snapshot.deadline == since + 1.75 * HOUR
        before = len(house.log.of(TaskReminded))
        house.house.post(MOBILE, Refresh())
        await house.sleep(60)
        assert len(house.log.of(TaskReminded)) == before == 1, "told once"


async def test_where_few_see_it_the_emergency_does_not_hurry_anybody(tmp_path: Path, autojump_clock: Clock) -> None:
    both = {"alpha": platform("alpha"), "beta": platform("beta", importance=0.2)}
    async with make_house(tmp_path, **emergencies(platforms=both)) as house:
        await labelled(house)
        house.beta.labels[MOBILE] = ("诈骗电话", 12)
        await house.until(lambda: "beta" in house.record().cases)
        await house.in_state("at_person", "beta")
        [packet] = [t for t in house.tasks() if t.kind == "submit_appeal"]
        assert packet.due > packet.opened_at + DAY


async def test_what_is_stuck_is_chased_after_a_day(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        await labelled(house)
        await house.in_state("resolving", "", kind="incident")
        assert house.case("alpha").snapshot.state == "overdue"
        since = house.case("", kind="incident").data.since
        assert house.clock.now() == pytest.approx(since + 24 * HOUR, abs=60)
        assert [t.kind for t in house.tasks() if t.platform == "alpha"] == ["chase_review"]
        assert marks(house) == [("submit", True), ("follow_up", True)]


async def test_a_label_that_costs_little_or_stands_where_few_see_it_is_none(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    minor = {"alpha": platform("alpha", importance=0.2), "beta": platform("beta")}
    async with make_house(tmp_path / "a", **emergencies(platforms=minor)) as house:
        await house.labelled("alpha", words="诈骗电话", marks=9)
        await house.labelled("beta", words="房产中介", marks=9)
        await house.sleep(DAY)
        assert house.log.of(IncidentOpened) == []
    off = IncidentRules(open_on=("complaints",))
    async with make_house(tmp_path / "b", incident=off) as house:
        await house.labelled("alpha", words="诈骗电话", marks=9)
        await house.sleep(DAY)
        assert house.log.of(IncidentOpened) == []


async def test_many_complaints_of_one_day_are_an_emergency_once(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        for count in (1, 2, 3, 4):
            house.house.post(MOBILE, Complained(DayCalls("2026-09-21", complaints=count)))
        await house.settled()
        [opened] = house.log.of(IncidentOpened)
        assert opened.why == "3 complaints on 2026-09-21"
        await house.in_state("submitting", "", kind="incident")
        [proof] = house.tasks()
        detail = (await house.ask("GetTask", task=proof.id)).detail
        assert "look into the complaints: `numtrustctl calls` has their number by day" in detail
        await house.sleep(3 * HOUR)
        assert marks(house) == [("submit", True)], "there is nothing to hand in"
        await answer(house, proof, "gathered")
        assert house.case("", kind="incident").snapshot.state == "wording"
        assert marks(house)[-1] == ("resolve", True)


async def test_complaints_that_nobody_looks_into_are_not_over(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        house.house.post(MOBILE, Complained(DayCalls("2026-09-21", complaints=5)))
        await house.opened("incident", "")
        await house.in_state("escalated", "", kind="incident")
        assert marks(house)[-1] == ("resolve", False)


async def test_a_wrong_name_where_the_right_one_is_certified_is_an_emergency(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    ways = {"certification": WAY, "correction": WAY}
    naming = emergencies(
        numbers=(number(MOBILE, wanted=Wanted(names=(Version("示例快运"),))),),
        platforms={"alpha": platform("alpha", ways=ways, display=SHOWS), "beta": platform("beta")},
        sources={"alpha.api": source("alpha", rules=NAMING), "beta.api": source("beta")},
    )
    async with make_house(tmp_path, **naming) as house:
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        await house.until(lambda: "alpha" in house.record().verdicts and house.record().verdicts["alpha"].belief)
        await house.ask("Certify", number=MOBILE, platform="alpha", held=True)
        house.alpha.labels[MOBILE] = ("别家公司", 0)
        [opened] = await house.until(lambda: house.log.of(IncidentOpened))
        assert opened.why == "alpha shows a wrong name, though certified"
        assert house.case("alpha", kind="correction").open


async def test_in_an_emergency_nobody_waits_for_the_platform_that_feeds_his(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    fed = {"alpha": platform("alpha"), "beta": platform("beta", feeds=(Feed("alpha", (0.0, DAY)),))}
    async with make_house(tmp_path, **emergencies(platforms=fed)) as house:
        await house.labelled("beta", words="诈骗电话", marks=9)
        house.alpha.labels[MOBILE] = ("诈骗电话", 9)
        await house.until(lambda: "alpha" in house.record().cases)
        await house.in_state("in_review", "alpha")
        assert house.case("beta").snapshot.state == "at_person", "the feeder is not even handed in"


async def test_a_maintenance_of_the_trade_takes_nothing_but_emergencies(tmp_path: Path, autojump_clock: Clock) -> None:
    for n, (rules, state) in enumerate(((ALL, "in_review"), (IncidentRules(open_on=()), "waiting"))):
        async with make_house(tmp_path / str(n), incident=rules) as house:
            house.house.maintenance["alpha"] = Maintenance(house.clock.now(), "kim", "industry")
            await house.labelled("alpha", words="诈骗电话", marks=9)
            await house.sleep(HOUR)
            assert house.case("alpha").snapshot.state == state


async def test_the_clock_runs_through_a_restart_and_a_hold(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path / "a", **emergencies()) as house:
        house.alpha.appeal_weather = "shut"
        await labelled(house)
        incident = await house.in_state("submitting", "", kind="incident")
        copy, start = killed(house, tmp_path), house.clock.now()
        outside = house.alpha
    async with make_house(copy, start=start + HOUR, alpha=outside, **emergencies()) as house:
        await house.settled()
        await house.ask("Hold", case=incident.id, reason="the lawyer looks at it")
        await house.sleep(30 * HOUR)
        assert marks(house) == []
        await house.ask("Advance", case=incident.id)
        await house.in_state("resolving", "", kind="incident")
        assert marks(house) == [("submit", False), ("follow_up", False)], "late marks are told late, not forgotten"
        assert house.case("", kind="incident").data.since == incident.data.since


async def test_every_mark_is_a_setting(tmp_path: Path, autojump_clock: Clock) -> None:
    rules = IncidentRules(submit_within=HOUR, follow_up_within=5 * HOUR, resolve_within=9 * HOUR)
    prevention = PreventionPolicy(complaints_emergency=2)
    async with make_house(tmp_path, incident=rules, prevention=prevention) as house:
        house.house.post(MOBILE, Complained(DayCalls("2026-09-21", complaints=2)))
        await house.opened("incident", "")
        await house.in_state("escalated", "", kind="incident")
        since = house.case("", kind="incident").data.since
        due = [event.due for event in house.log.of(IncidentMilestone)]
        assert due == pytest.approx([since + HOUR, since + 5 * HOUR, since + 9 * HOUR])


async def test_a_number_that_leaves_takes_its_emergency_along(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        await labelled(house)
        await house.roster.retire([MOBILE])
        closed = {event.kind: event.outcome for event in house.log.of(CaseClosed)}
        assert closed["incident"] == "withdrawn"


async def test_emergencies_are_listed_and_explained(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        await labelled(house)
        await house.in_state("following", "", kind="incident")
        [page] = await house.ask("ListIncidents")
        [row] = page.incidents
        assert (row.incident, row.trigger, row.state) == (f"{MOBILE}/incident/1", "label", "following")
        assert [(mark.mark, mark.met) for mark in row.marks] == [
            ("submit", True),
            ("follow_up", None),
            ("resolve", None),
        ]
        assert row.cases == (f"{MOBILE}/alpha/1",)
        lines = (await house.ask("Explain", number=MOBILE)).lines
        assert any(line.case == row.incident and "the answers are waited for" in line.fact for line in lines)
        await house.ask("Withdraw", case=row.incident, reason="a drill")
        assert (await house.ask("ListIncidents"))[0].incidents == ()
        [page] = await house.ask("ListIncidents", open_only=False)
        assert page.incidents[0].outcome == "withdrawn"


async def test_what_the_platform_turned_away_for_good_was_not_handed_in(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **emergencies(attempts={"alpha": 1})) as house:
        house.alpha.appeal_weather = "refuse"
        await labelled(house)
        await house.in_state("escalated", "alpha")
        await house.sleep(3 * HOUR)
        assert marks(house) == [("submit", False)]


@pytest.mark.parametrize("where", ["alpha", "beta"])
async def test_what_a_person_holds_was_not_handed_in(where: str, tmp_path: Path, autojump_clock: Clock) -> None:
    """Also where it lies with the platform already: nobody chases it, nobody takes an answer in."""
    async with make_house(tmp_path, incident=IncidentRules(open_on=("complaints",))) as house:
        await house.labelled(where, words="诈骗电话", marks=30)
        await house.in_state("in_review" if where == "alpha" else "at_person", where)
        await house.ask("Hold", case=f"{MOBILE}/{where}/1", reason="the lawyer looks at it")
        house.house.post(MOBILE, Complained(DayCalls("2026-09-21", complaints=3)))
        await house.opened("incident", "")
        await house.sleep(30 * HOUR)
        assert marks(house) == [("submit", False), ("follow_up", False)]
        assert house.log.of(IncidentMilestone)[0].why == f"{MOBILE}/{where}/1 is held"


async def test_a_hold_that_ends_before_the_mark_does_not_cost_it(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, incident=IncidentRules(open_on=("complaints",))) as house:
        await house.labelled("alpha", words="诈骗电话", marks=30)
        await house.in_state("in_review", "alpha")
        await house.ask("Hold", case=f"{MOBILE}/alpha/1", reason="the lawyer looks at it", seconds=HOUR)
        house.house.post(MOBILE, Complained(DayCalls("2026-09-21", complaints=3)))
        await house.opened("incident", "")
        await house.sleep(3 * HOUR)
        assert marks(house) == [("submit", True)]


async def test_a_person_who_has_it_chased_once_more_is_asked_again_after_a_day_and_not_at_once(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        await labelled(house, "beta")
        incident = await house.in_state("escalated", "", kind="incident")
        [task] = [t for t in house.tasks() if t.case == incident.id and t.kind == "decide"]
        moved = len(house.log.of(CaseMoved))
        await answer(house, task, "retry")
        at = house.clock.now()
        await house.sleep(HOUR)
        [went] = [e for e in house.log.of(CaseMoved)[moved:] if e.case == incident.id]
        assert (went.from_, went.to) == ("escalated", "resolving")
        assert not [t for t in house.tasks() if t.case == incident.id]
        [task] = await house.until(lambda: [t for t in house.tasks() if t.case == incident.id])
        assert task.kind == "decide"
        assert house.clock.now() == pytest.approx(at + DAY, abs=60)


async def test_a_mark_that_is_told_late_is_told_as_it_was_when_it_came_due(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **emergencies()) as house:
        house.alpha.appeal_weather = "shut"
        await labelled(house)
        incident = await house.in_state("submitting", "", kind="incident")
        await house.ask("Hold", case=incident.id, reason="wait")
        await house.sleep(3 * HOUR)
        house.alpha.appeal_weather = "fine"
        await house.in_state("in_review", "alpha")
        await house.ask("Advance", case=incident.id)
        await house.until(lambda: marks(house))
        assert marks(house) == [("submit", False)], "handed in after two hours, although before it was told"
