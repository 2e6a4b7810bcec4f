"""What is told of the times in which a certified name was not shown: what its calls say, who may call instead."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import trio.testing

from numtrustd.api.calls import CallDay
from numtrustd.domain import call_stats
from numtrustd.domain.benefit import BenefitPolicy
from numtrustd.domain.identity import Version, Wanted
from tests.actors.house import DAY, MOBILE, TestHouse, make_house, number, source
from tests.actors.test_certificates import NAMING, certified, certifying

Clock = trio.testing.MockClock


def days(house: TestHouse, first: int, last: int, answered: int, calls: int = 100) -> tuple[CallDay, ...]:
    """The days from `first` to before `last` days ago."""
    today = call_stats.day_of(house.clock.now(), house.house.context.cause.zone)
    each = (today - timedelta(days=n) for n in range(first, last, -1))
    return tuple(CallDay(number=MOBILE, day=day.isoformat(), calls=calls, answered=answered) for day in each)


async def facts(house: TestHouse) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for fact in (await house.ask("GetCase", case=house.case("alpha", kind="certificate").id)).data:
        told.setdefault(fact.name, []).append(fact.value)
    return told


async def explained(house: TestHouse) -> str:
    case = house.case("alpha", kind="certificate").id
    [line] = [x for x in (await house.ask("Explain", number=MOBILE, platform="alpha")).lines if x.case == case]
    return str(line.why)


def day_of(house: TestHouse) -> str:
    return call_stats.day_of(house.clock.now(), house.house.context.cause.zone).isoformat()


async def test_the_rate_before_during_and_after_a_pause_is_told(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, benefit=BenefitPolicy(answered_call=2.0), **certifying()) as house:
        await certified(house)
        assert "connect rate" not in await facts(house), "it was never paused"
        house.alpha.labels.pop(MOBILE)
        await house.in_state("paused", "alpha", kind="certificate")
        since = day_of(house)
        told = await facts(house)
        assert told["connect rate"] == [f"paused since {since}: no statistics before, no statistics during"]
        assert "a day of it costs" not in told, "what a label usually costs is not what a pause does"

        await house.sleep(3 * DAY)
        await house.ask("ReportCalls", rows=(*days(house, 14, 3, 60), *days(house, 3, -1, 20)))
        line = f"paused since {since}: 60% before, 20% during"
        told = await facts(house)
        assert told["connect rate"] == [line]
        assert told["a day of it costs"] == ["40 answered calls, ¥80 to ¥80, as its calls show"]
        assert f"; connect rate, {line}" in await explained(house)

        house.alpha.labels[MOBILE] = ("示例快运", 0)
        await house.in_state("valid", "alpha", kind="certificate")
        ended = f"paused from {since} to {day_of(house)}: 60% before, 20% during"
        assert (await facts(house))["connect rate"] == [f"{ended}, no statistics after yet"]
        await house.sleep(3 * DAY)
        await house.ask("ReportCalls", rows=days(house, 2, 0, 55))
        assert (await facts(house))["connect rate"] == [f"{ended}, 55% after"]
        assert f"{ended}, 55% after" in await explained(house)
        await house.sleep(20 * DAY)
        assert "connect rate" not in await explained(house), "it is long over"
        assert (await facts(house))["connect rate"] == [f"{ended}, 55% after"]


async def test_what_nobody_told_of_a_pause_is_not_nought(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await certified(house)
        house.alpha.labels.pop(MOBILE)
        await house.in_state("paused", "alpha", kind="certificate")
        since = day_of(house)
        await house.ask("ReportCalls", rows=days(house, 5, -1, 0, calls=0))
        assert (await facts(house))["connect rate"] == [f"paused since {since}: no calls before, no calls during"]
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        await house.in_state("valid", "alpha", kind="certificate")
        until = day_of(house)
        await house.sleep(30 * DAY)
        [line] = (await facts(house))["connect rate"]
        assert line == f"paused from {since} to {until}: no calls before, no calls during, no statistics after"


async def test_each_pause_has_its_own_rates(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await certified(house)
        for _ in range(2):
            house.alpha.labels.pop(MOBILE)
            await house.in_state("paused", "alpha", kind="certificate")
            await house.sleep(2 * DAY)
            house.alpha.labels[MOBILE] = ("示例快运", 0)
            await house.in_state("valid", "alpha", kind="certificate")
            await house.sleep(5 * DAY)
        first, second = (await facts(house))["connect rate"]
        assert first < second, "the oldest first"
        assert all(line.count("paused from") == 1 for line in (first, second))


SPARES = ("+8613800138001", "+8613800138002", "+8613800138003", "+8613800138004")


def group(spare: str = "sales") -> dict[str, Any]:
    own = number(MOBILE, group="sales", wanted=Wanted(names=(Version("示例快运"),)))
    rules = {"sources": {"alpha.api": source("alpha", rules=NAMING), "beta.api": source("beta", rules=NAMING)}}
    return certifying(numbers=(own, *(number(each, group=spare) for each in SPARES)), **rules)


async def advised(house: TestHouse) -> tuple[str, str]:
    """(what the case says, what the task says)."""
    [task] = [t for t in house.tasks() if t.kind == "find_cause"]
    [step] = [s for s in (await house.ask("GetTask", task=task.id)).steps if s.startswith("维护期间")]
    [fact] = (await facts(house))["call instead from"]
    return fact, step


async def test_the_numbers_that_may_call_during_a_pause_are_named(tmp_path: Path, autojump_clock: Clock) -> None:
    elsewhere, there, _, marked = SPARES
    async with make_house(tmp_path, **group()) as house:
        house.beta.labels[elsewhere] = ("示例快运", 0)
        house.alpha.labels[there] = ("示例快运", 0)
        house.beta.labels[marked] = ("骚扰电话", 9)
        await certified(house)
        assert "call instead from" not in await facts(house)
        house.alpha.labels.pop(MOBILE)
        await house.in_state("paused", "alpha", kind="certificate")
        fact, step = await advised(house)
        assert fact == ("13800138002 (certified there), 13800138001 (certified elsewhere), 13800138003 (clean there)")
        assert step == (
            "维护期间改用以下备用号码外呼："
            "13800138002（本平台已认证）、13800138001（其他平台已认证）、13800138003（本平台无标记）"
        )
        house.alpha.labels[there] = ("骚扰电话", 9)
        await house.until(lambda: house.record(there).findings)
        assert "13800138002" not in " ".join(await advised(house)), "it was labelled since"
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        await house.in_state("valid", "alpha", kind="certificate")
        assert "call instead from" not in await facts(house)


async def test_that_no_number_may_call_instead_is_said(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **group("another")) as house:
        await certified(house)
        house.alpha.labels.pop(MOBILE)
        await house.in_state("paused", "alpha", kind="certificate")
        fact, step = await advised(house)
        assert fact == "none of its group is certified, or clean there"
        assert step == "维护期间没有可改用的备用号码：同组号码中没有已认证或在本平台无标记的"


async def test_no_more_than_three_numbers_are_named(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **group()) as house:
        await certified(house)
        house.alpha.labels.pop(MOBILE)
        await house.in_state("paused", "alpha", kind="certificate")
        fact, _ = await advised(house)
        assert fact.count("clean there") == 3
        assert "13800138004" not in fact
