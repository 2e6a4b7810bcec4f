"""Forty virtual days of one number: label, appeal, rejection, resubmission, maintenance, clearing, return, clearing."""

from pathlib import Path

import trio
import trio.testing

from numtrustd.clock import VirtualClock
from numtrustd.events import (
    CaseClosed,
    CaseMoved,
    PlatformMaintenance,
    SourceFailed,
    SourceRecovered,
    VerdictBaseline,
    VerdictChanged,
)
from numtrustd.sim.script import Label, Mood, Review, Story, Weather, Window
from numtrustd.sim.service import Service
from numtrustd.sim.sidedoor import truth
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from tests.logcheck import MemoryLog
from tests.virtual import Clerk, town, write_config

DAY = 86_400.0
HOUR = 3_600.0


def in_order(steps: list[tuple[str, str]], moves: list[tuple[str, str]]) -> None:
    way = iter(moves)
    for step in steps:
        assert step in way, f"{step} is missing, or not in this order, in {moves}"


async def test_forty_days_of_one_number_over_an_api(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    number = "+14155552671"
    story = Story(
        "over an API",
        (
            Label(number, "telnyx", "Telemarketing", at=2 * DAY, marks=12, returns=6 * DAY),
            Review("telnyx", (Mood.REJECT, Mood.APPROVE), number, 1.5 * DAY, 12 * HOUR),
            Window(Weather.OUTAGE, "telnyx", at=5.5 * DAY, until=7 * DAY),
        ),
    )
    config = write_config(tmp_path, ["+1 415 555 2671"], ["telnyx.reputation"])
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=3, origin=DEMO_ORIGIN, numbers=[number], story=story))
    log = MemoryLog(clock)
    async with town(config, service, log, clock) as place:
        await clock.sleep(40 * DAY)
        assert log.of(VerdictBaseline)[0].to == "clean"
        changes = [(e.from_.split(":")[0], e.to.split(":")[0]) for e in log.of(VerdictChanged)]
        assert changes == [("clean", "marked"), ("marked", "clean")] * 2
        in_order(
            [
                ("waiting", "submitting"),
                ("submitting", "in_review"),
                ("in_review", "cooling"),
                ("cooling", "waiting"),
                ("waiting", "submitting"),
                ("submitting", "in_review"),
                ("in_review", "propagating"),
                ("propagating", "verifying"),
                ("verifying", "cleared"),
                ("cleared", "waiting"),
                ("waiting", "submitting"),
                ("in_review", "cooling"),
                ("verifying", "cleared"),
            ],
            [(e.from_, e.to) for e in log.of(CaseMoved)],
        )
        assert [e.outcome for e in log.of(CaseClosed)] == ["cleared", "cleared"]
        [case] = place.cases()
        assert (case.data.returns, case.data.attempt, case.data.round) == (1, 4, 3)
        assert service.world.overlaps() == 0
    assert not service.world.duplicates()
    assert [e.source for e in log.of(SourceFailed)] == ["telnyx.reputation"]
    assert [e.source for e in log.of(SourceRecovered)] == ["telnyx.reputation"]


async def test_forty_days_of_one_number_by_hand(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    number = "+8613910000007"
    story = Story(
        "by hand",
        (
            Label(number, "baidu", "广告营销", at=2 * DAY, marks=5, returns=5 * DAY),
            Review("baidu", (Mood.REJECT, Mood.APPROVE), number, 2 * DAY, 12 * HOUR),
            Window(Weather.MAINTENANCE, "baidu", at=3 * DAY, until=5.5 * DAY),
        ),
    )
    config = write_config(tmp_path, ["139 1000 0007"], ["contract_aggregator.query"])
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=4, origin=DEMO_ORIGIN, numbers=[number], story=story))
    log = MemoryLog(clock)
    async with town(config, service, log, clock) as place, trio.open_nursery() as nursery:
        nursery.start_soon(Clerk(place).work)
        await clock.sleep(40 * DAY)
        nursery.cancel_scope.cancel()
        of_baidu = [(e.from_, e.to) for e in log.of(CaseMoved) if e.platform == "baidu"]
        in_order(
            [
                ("waiting", "at_person"),
                ("at_person", "in_review"),
                ("in_review", "cooling"),
                ("cooling", "waiting"),
                ("waiting", "at_person"),
                ("at_person", "in_review"),
                ("in_review", "propagating"),
                ("propagating", "verifying"),
                ("verifying", "cleared"),
                ("cleared", "waiting"),
                ("verifying", "cleared"),
            ],
            of_baidu,
        )
        assert {e.state for e in log.of(PlatformMaintenance) if e.platform == "baidu"} == {"seen", "over"}
        assert not [t for t in place.open_tasks() if t.platform == "baidu"]
    refs = [a["ref"] for a in truth(service.world, clock.now(), {})["submissions"]]
    assert len(refs) == len(set(refs)) >= 3
    assert not service.world.duplicates()
