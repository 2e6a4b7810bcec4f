"""The whole daemon with the shipped batch source over the simulated vendor: it sees what is so, and pays once."""

from collections import Counter
from pathlib import Path

import pytest
import trio.testing

from numtrustd.clock import VirtualClock
from numtrustd.events import (
    CaseOpened,
    SourceBatchCollected,
    SourceBatchSubmitted,
    SourceBatchUncertain,
    VerdictBaseline,
    VerdictChanged,
)
from numtrustd.sim.script import Certify, Faults, Label, Story, Weather, Window
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.traits import DAY, HOUR
from numtrustd.sim.world import World
from tests.logcheck import MemoryLog
from tests.virtual import town, write_config

NUMBERS = [f"+861391000{n:04d}" for n in range(30)]
CONTROL = Label("+8613910000900", "tencent", "骚扰电话", marks=9, spreads=False, per_day=0.0)
MORE = """
[source."contract_aggregator.batch"]
controls = { marked = ["+86 139 1000 0900"], clean = ["+86 139 1000 0901"] }
budget = { price = 0.05, money = 500 }
"""


async def test_ten_days_in_batches(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    story = Story(
        "batches",
        (
            Label(NUMBERS[0], "tencent", "广告推销", marks=5, spreads=False),
            Label(NUMBERS[1], "baidu", "诈骗电话", at=3 * DAY, marks=2, spreads=False),
            CONTROL,
            Certify(NUMBERS[2], "teddy", "示例科技有限公司"),
            Window(Weather.MAINTENANCE, "contract_aggregator", at=5 * DAY, until=5.3 * DAY),
        ),
    )
    config = write_config(tmp_path, NUMBERS, ["contract_aggregator.batch"], MORE)
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=4, origin=DEMO_ORIGIN, numbers=NUMBERS, story=story))
    log = MemoryLog(clock)
    async with town(config, service, log, clock) as place:
        await clock.sleep(10 * DAY)
        found = {(e.number, e.platform): e.to for e in log.of(VerdictBaseline)}
        assert len(found) == 4 * len(NUMBERS)
        assert found[NUMBERS[0], "tencent"] == "marked:marketing"
        assert found[NUMBERS[2], "teddy"] == "certified"
        assert Counter(to.partition(":")[0] for to in found.values()) == {
            "clean": 4 * len(NUMBERS) - 2,
            "marked": 1,
            "certified": 1,
        }
        assert [(e.number, e.platform) for e in log.of(VerdictChanged)] == [(NUMBERS[1], "baidu")]
        assert {e.number for e in log.of(CaseOpened)} == {NUMBERS[0], NUMBERS[1]}
        actor = place.daemon.sources.actors["contract_aggregator.batch"]
        assert len(log.of(SourceBatchSubmitted)) - len(log.of(SourceBatchCollected)) == len(actor.batches)
        assert actor.record.spent.month_looks > 0
    assert not log.of(SourceBatchUncertain)
    assert set(service.batches.orders.values()) == {1}
    handed_in = log.of(SourceBatchSubmitted)
    assert sum(e.handed_in for e in handed_in) == service.batches.charged.total()
    assert service.batches.charged[NUMBERS[5]] < 10 * DAY / (2.5 * HOUR), "no oftener than new numbers are looked at"


@pytest.mark.covers("W10")
@pytest.mark.parametrize("seed", range(3))
async def test_through_faults_no_batch_is_handed_in_twice(
    seed: int, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    faults = Faults(refuse=0.1, error_before=0.1, limited=0.05, garbage=0.1, cut=0.1, lost=0.15, hang=30.0)
    config = write_config(tmp_path, NUMBERS, ["contract_aggregator.batch"], MORE)
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=seed, origin=DEMO_ORIGIN, numbers=NUMBERS, story=Story("faults", (CONTROL,))))
    service.world.inject(faults, DEMO_ORIGIN)
    log = MemoryLog(clock)
    async with town(config, service, log, clock):
        await clock.sleep(12 * DAY)
        assert len(log.of(VerdictBaseline)) == 4 * len(NUMBERS)
        assert not log.of(VerdictChanged)
    assert log.of(SourceBatchUncertain), "or nothing was tried"
    assert set(service.batches.orders.values()) == {1}
