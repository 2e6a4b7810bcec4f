"""Forty virtual days of one number: label, appeal, rejection, resubmission, maintenance, clearing, return, clearing."""

from pathlib import Path

import trio
import trio.testing

from numtrustd.clock import VirtualClock
from numtrustd.events import CaseClosed, CaseMoved, VerdictBaseline, VerdictChanged
from numtrustd.sim.script import Label, Mood, Review, Story, Weather, Window
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from tests.logcheck import MemoryLog
from tests.virtual import town, write_config

DAY = 86_400.0
NUMBER = "+14155552671"

STORY = Story(
    "forty days",
    (
        Label(NUMBER, "telnyx", "Telemarketing", at=2 * DAY, marks=12, returns=6 * DAY),
        Review("telnyx", (Mood.REJECT, Mood.APPROVE), NUMBER, 1.5 * DAY, 12 * 3600.0),
        Window(Weather.MAINTENANCE, "telnyx", at=5.5 * DAY, until=7 * DAY),
    ),
)


async def test_forty_days_of_one_number(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    config = write_config(tmp_path, ["+1 415 555 2671"], ["telnyx.reputation"])
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=3, origin=DEMO_ORIGIN, numbers=[NUMBER], story=STORY))
    log = MemoryLog(clock)
    async with town(config, service, log, clock) as place:
        await clock.sleep(40 * DAY)
        moves = [(e.from_, e.to) for e in log.of(CaseMoved)]
        assert log.of(VerdictBaseline)[0].to == "clean"
        changes = [(e.from_.split(":")[0], e.to.split(":")[0]) for e in log.of(VerdictChanged)]
        assert changes == [("clean", "marked"), ("marked", "clean")] * 2
        way = iter(moves)
        expected = [
            ("waiting", "submitting"), ("submitting", "in_review"), ("in_review", "cooling"), ("cooling", "waiting"),
            ("waiting", "submitting"), ("submitting", "in_review"), ("in_review", "propagating"), ("propagating", "verifying"),
            ("verifying", "cleared"), ("cleared", "waiting"), ("waiting", "submitting"), ("verifying", "cleared"),
        ]  # fmt: skip
        for step in expected:
            assert step in way, f"{step} is missing, or not in this order, in {moves}"
        assert [e.outcome for e in log.of(CaseClosed)] == ["cleared", "cleared"]
        [case] = place.cases()
        assert case.data.returns == 1
        assert not service.world.duplicates()
        assert service.world.overlaps() == 0
