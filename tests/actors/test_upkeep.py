"""Declared maintenances end when the end that was named comes, each said once, whatever happens around it."""

from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from numtrustd.actors.upkeep import OVER
from numtrustd.api import errors, when
from numtrustd.events import PlatformMaintenance
from numtrustd.store import records
from tests.actors.house import DAY, HOUR, MINUTE, T0, Refusal, TestHouse, make_house, platform, source
from tests.actors.parts import killed, shm

__all__ = ["shm"]

Autojump = trio.testing.MockClock


def said(house: TestHouse, platform: str = "alpha") -> list[tuple[str, str | None, str | None]]:
    return [(e.state, e.kind, e.why) for e in house.log.of(PlatformMaintenance) if e.platform == platform]


async def declare(house: TestHouse, until: float | None, platform: str = "alpha", kind: str = "routine") -> Any:
    named = {} if until is None else {"until": when(until).isoformat()}
    return await house.ask("MaintenanceStart", platform=platform, kind=kind, author="sun", **named)


async def test_it_ends_by_itself_at_the_time_that_was_named(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await declare(house, T0 + 2 * DAY)
        await declare(house, T0 + DAY, "beta", "major")
        await house.sleep(DAY - 1.0)
        assert said(house, "beta") == [("started", "major", "declared by sun")]
        await house.sleep(2.0)
        assert said(house, "beta") == [("started", "major", "declared by sun"), ("ended", "major", OVER)]
        assert set(house.house.maintenance) == {"alpha"}
        await house.sleep(DAY)
        assert said(house) == [("started", "routine", "declared by sun"), ("ended", "routine", OVER)]
        assert not house.house.maintenance
        assert [r.maintenance for r in records.all_platforms(house.store)] == [None, None]
        await house.sleep(10 * DAY)
        assert len(house.log.of(PlatformMaintenance)) == 4, "said once"


async def test_an_end_that_passed_while_the_daemon_was_down_is_said_at_the_next_start(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await declare(house, T0 + DAY)
        after_crash = killed(house, shm / "killed")
    for place in (shm, after_crash):
        async with make_house(place, start=T0 + 3 * DAY) as house:
            await house.settled()
            assert said(house) == [("ended", "routine", OVER)]
            assert not house.house.maintenance
        async with make_house(place, start=T0 + 4 * DAY) as house:
            await house.sleep(DAY)
            assert said(house) == []


async def test_an_end_that_is_still_to_come_survives_a_restart(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await declare(house, T0 + DAY)
    async with make_house(shm, start=T0 + HOUR) as house:
        await house.sleep(22 * HOUR)
        assert said(house) == []
        await house.sleep(2 * HOUR)
        assert said(house) == [("ended", "routine", OVER)]


async def test_a_wait_for_it_goes_on_at_once_and_not_before(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await declare(house, T0 + 3 * DAY)
        await house.labelled("alpha")
        await house.sleep(T0 + 2 * DAY - house.clock.now())
        assert house.case("alpha").snapshot.state == "waiting"
        await house.in_state("in_review", "alpha")
        [ended] = [e for e in house.log.records if e.get("numtrust.state") == "ended"]
        assert ended["@timestamp"] == "2026-09-24T14:13:20.000000Z"
        assert house.clock.now() >= T0 + 3 * DAY


async def test_a_wait_ends_with_it_also_before_its_time(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await declare(house, None, kind="industry")
        await house.labelled("alpha")
        case = await house.in_state("waiting", "alpha")
        await house.sleep(DAY)
        await house.ask("MaintenanceStart", platform="alpha", kind="policy", author="sun")
        await house.sleep(MINUTE)
        assert house.case("alpha").snapshot.state == "in_review", "this kind takes it in"
        assert case.snapshot.deadline is not None
        assert case.snapshot.deadline > T0 + 14 * DAY, "it would have waited for the end that the other kind has"


async def test_another_end_replaces_the_one_before_and_none_ends_only_by_word(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await declare(house, T0 + DAY)
        longer = await declare(house, T0 + 2 * DAY, kind="major")
        assert (longer.old, longer.new, longer.since) == ("routine", "major", when(T0))
        await house.sleep(DAY + HOUR)
        assert [state for state, _, _ in said(house)] == ["started", "started"]
        shorter = await declare(house, house.clock.now() + MINUTE)
        assert shorter.until == when(house.clock.now() + MINUTE)
        await house.sleep(2 * MINUTE)
        assert said(house)[-1] == ("ended", "routine", OVER)
        await declare(house, None)
        await house.sleep(30 * DAY)
        assert [state for state, _, _ in said(house)[-2:]] == ["started", "overdue"], "and it goes on"
        ended = await house.ask("MaintenanceEnd", platform="alpha", author="wu")
        assert (ended.old, ended.new) == ("routine", "none")
        assert said(house)[-1] == ("ended", "routine", "declared by wu")


async def test_an_end_that_comes_while_somebody_tells_is_said_once(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm) as house:
        await declare(house, T0 + DAY)
        commit = house.store.commit

        async def slow(*args: Any, **more: Any) -> None:
            await trio.sleep(MINUTE)
            await commit(*args, **more)

        monkeypatch.setattr(house.store, "commit", slow)
        outcomes: list[str] = []

        async def call(method: str) -> None:
            try:
                outcomes.append((await house.ask(method, platform="alpha")).new)
            except Refusal as refusal:
                outcomes.append(type(refusal.error).__name__)

        await house.sleep(T0 + DAY - 1.0 - house.clock.now())
        async with trio.open_nursery() as nursery:
            for method in ("MaintenanceEnd", "MaintenanceEnd", "MaintenanceStart"):
                nursery.start_soon(call, method)
                await house.sleep(2.0)
        assert sorted(outcomes) == ["Refused", "none", "unknown"]
        assert [state for state, _, _ in said(house)] == ["started", "ended", "started"]
        assert house.house.maintenance["alpha"].since == T0 + DAY + 3.0, "the one that it found was over"


async def test_one_of_a_platform_that_left_the_packs_is_ended_by_order(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await declare(house, None)
    packs = {"beta": platform("beta")}
    async with make_house(shm, start=T0 + HOUR, platforms=packs, sources={"beta.api": source("beta")}) as house:
        assert "alpha" in house.house.maintenance
        change = await house.ask("MaintenanceEnd", platform="alpha", author="sun")
        assert (change.old, change.new) == ("routine", "none")
        assert not house.house.maintenance
        with pytest.raises(Refusal) as refused:
            await house.ask("MaintenanceEnd", platform="alpha", author="sun")
        assert isinstance(refused.value.error, errors.UnknownPlatform)
