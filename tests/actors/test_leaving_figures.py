"""Every figure of `[cancellation]` changes what it says it does; and what packs say goes before it."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.domain.leaving import LeavingPolicy, Reason, ReasonPapers
from numtrustd.domain.platform import AppealFacts, PlatformClass
from numtrustd.events import CaseMoved, FindingOpened, TaskOpened, TaskReminded
from tests.actors.house import DAY, HOUR, MOBILE, TestHouse, make_house, platform
from tests.actors.leaving_house import (
    NEW,
    WAY,
    cancel,
    deleted,
    errands,
    hand_in,
    leaving,
    parent,
    removal,
    show,
    shown,
    states,
    task,
    task_of,
)
from tests.actors.parts import answer

Clock = trio.testing.MockClock
PLAIN = LeavingPolicy(bindings=(), notice=())
NO_WAY: dict[str, Any] = {"platforms": {"alpha": platform("alpha"), "beta": platform("beta")}}
"""Packs that say nothing of removals: what `[cancellation]` says counts."""


def with_(rules: LeavingPolicy = PLAIN, /, **changed: Any) -> dict[str, Any]:
    return leaving(leaving=structs.replace(rules, **changed))


async def asked(house: TestHouse) -> float:
    """`alpha` agreed to delete, and still shows it; when."""
    await shown(house, NEW, "alpha")
    await cancel(house)
    await hand_in(house, "alpha")
    await deleted(house, "alpha")
    return house.clock.now()


def moved(house: TestHouse, to: str) -> float:
    """How long after the last approval the removal came into a state."""
    entries = [(m.at, m.new) for m in removal(house, "alpha").moves]
    granted = next(at for at, new in reversed(entries) if new == "propagating")
    return next(at for at, new in entries if new == to and at > granted) - granted


@pytest.mark.parametrize(
    ("rules", "packs", "verifying", "residual"),
    [
        ({}, NO_WAY, 3, 7),
        ({"cache_wait": 2 * DAY}, NO_WAY, 2, 7),
        ({"residual_after": 5 * DAY}, NO_WAY, 3, 5),
        ({"cache_wait": 2 * DAY}, {}, 3, 8),  # the pack says three days
    ],
)
async def test_caches_are_waited_for_and_then_it_is_a_residual(
    tmp_path: Path, autojump_clock: Clock, rules: Any, packs: Any, verifying: float, residual: float
) -> None:
    async with make_house(tmp_path, **{**with_(**rules), **packs}) as house:
        await asked(house)
        await house.in_state("cooling", "alpha", kind="removal")
        assert moved(house, "verifying") == pytest.approx(verifying * DAY, abs=60)
        assert moved(house, "cooling") == pytest.approx(residual * DAY, abs=60)


@pytest.mark.parametrize("attempts", [1, 2])
async def test_after_so_many_attempts_a_person_decides(tmp_path: Path, autojump_clock: Clock, attempts: int) -> None:
    async with make_house(tmp_path, **with_(max_attempts=attempts)) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        for _ in range(attempts):
            await answer(house, await task(house, "submit_removal", "alpha"), "refused", reason="no")
        await house.in_state("escalated", "alpha", kind="removal")
        assert removal(house, "alpha").data.attempt == attempts


@pytest.mark.parametrize(("days", "again"), [(30.0, 1), (1.0, 2)])
async def test_what_comes_back_within_the_watch_period_is_the_same_case(
    tmp_path: Path, autojump_clock: Clock, days: float, again: int
) -> None:
    async with make_house(tmp_path, **with_(watch_period=days * DAY)) as house:
        await asked(house)
        show(house, "", "alpha")
        await house.until(lambda: parent(house).snapshot.state == "safe_to_release")
        await house.sleep(3 * DAY)
        show(house, NEW, "alpha")
        await house.until(lambda: parent(house).snapshot.state == "cancelling")
        assert removal(house, "alpha").id == f"{MOBILE}/alpha/{again}"
        found = await house.until(lambda: house.log.of(FindingOpened))
        assert [event.finding for event in found] == ["residual"]


async def test_errands_notice_and_release_have_their_deadlines(tmp_path: Path, autojump_clock: Clock) -> None:
    rules = LeavingPolicy(errand_deadline=5 * HOUR, notice_deadline=7 * HOUR, release_deadline=11 * HOUR)
    async with make_house(tmp_path, **leaving(leaving=rules, numbers=(MOBILE,), sources={})) as house:
        await cancel(house)
        await errands(house)
        due = {e.kind: e.due for e in house.log.of(TaskOpened)}
        began = parent(house).opened_at
        assert due["unbind_linked"] == pytest.approx(began + 5 * HOUR, abs=5)
        assert due["publish_notice"] == pytest.approx(began + 7 * HOUR, abs=5)
        found = await task(house, "release_number")
        assert found.due == pytest.approx(house.clock.now() + 11 * HOUR, abs=5)


@pytest.mark.parametrize("every", [6 * HOUR, DAY])
async def test_people_are_reminded_at_the_interval(tmp_path: Path, autojump_clock: Clock, every: float) -> None:
    async with make_house(tmp_path, **leaving(leaving=LeavingPolicy(remind_interval=every), sources={})) as house:
        await cancel(house)
        first = await task(house, "unbind_linked")
        began = house.clock.now()
        [reminded, *_] = await house.until(lambda: house.log.of(TaskReminded))
        assert reminded.due == first.due, "a reminder moves no deadline"
        assert house.clock.now() - began == pytest.approx(every, abs=60)


async def test_urgent_days_and_the_country_say_what_the_same_day_is(tmp_path: Path, autojump_clock: Clock) -> None:
    for n, rules in enumerate((LeavingPolicy(urgent_days=1), LeavingPolicy(country="US"))):
        async with make_house(tmp_path / str(n), **leaving(leaving=rules, sources={})) as house:
            now = house.clock.now()
            await cancel(house, "staff_left")
            found = await task(house, "freeze_outbound")
            assert found.due == rules.same_day(now) != LeavingPolicy().same_day(now)


async def test_platforms_bindings_and_notice_are_asked_as_they_are_set(tmp_path: Path, autojump_clock: Clock) -> None:
    rules = LeavingPolicy(platforms=("beta",), bindings=("抖音企业号",), notice=(Reason.STAFF_LEFT,))
    async with make_house(tmp_path, **leaving(leaving=rules, sources={})) as house:
        await cancel(house)
        assert set(states(house)) == {"alpha", "beta"}, "alpha's pack says how it lets go, and a name is wanted there"
        found = await task(house, "unbind_linked")
        assert found.detail == ("抖音企业号",)
        assert task_of(house, "publish_notice") is None
        view = await house.ask("GetTask", task=found.id)
        assert "抖音企业号" in view.detail


async def test_the_papers_of_a_reason_are_those_that_are_set(tmp_path: Path, autojump_clock: Clock) -> None:
    papers = ReasonPapers(disused=("authorisation",))
    async with make_house(tmp_path, **with_(papers=papers)) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        found = await task(house, "submit_removal", "alpha")
        assert found.packet is not None
        assert [paper.partition(":")[0] for paper in found.packet.papers] == ["authorisation"]


@pytest.mark.parametrize(
    ("cls", "receipt", "wanted"),
    [
        (PlatformClass.CERTIFICATION_PROVIDER, None, True),
        (PlatformClass.CERTIFICATION_PROVIDER, False, False),
        (PlatformClass.HANDSET_VENDOR, None, False),
        (PlatformClass.HANDSET_VENDOR, True, True),
    ],
)
async def test_who_has_to_give_a_receipt(
    tmp_path: Path, autojump_clock: Clock, cls: PlatformClass, receipt: bool | None, wanted: bool
) -> None:
    way = AppealFacts("manual", address=WAY.address, review_days=1, propagation=DAY, receipt=receipt)
    alpha = platform("alpha", cls=cls, ways={"removal": way})
    context = {**with_(), "platforms": {"alpha": alpha, "beta": platform("beta")}}
    async with make_house(tmp_path, **context) as house:
        await shown(house, NEW, "alpha")
        await cancel(house)
        found = await task(house, "submit_removal", "alpha")
        assert found.packet is not None
        assert ("注销回执" in found.packet.bring_back) == wanted
        await hand_in(house, "alpha")
        await deleted(house, "alpha")
        assert (task_of(house, "bring_receipt", "alpha") is not None) == wanted
        show(house, "", "alpha")
        if wanted:
            await house.sleep(6 * DAY)
            assert removal(house, "alpha").snapshot.state == "verifying"
            await answer(house, await task(house, "bring_receipt", "alpha"), "brought", receipt="DEL-1")
        await house.in_state("cleared", "alpha", kind="removal")
        assert [e.to for e in house.log.of(CaseMoved) if e.kind == "cancellation"] == ["safe_to_release"]
