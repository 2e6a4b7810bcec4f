"""Batches through kills at any moment, reloads and lost answers: nothing is paid for twice.

Each life goes on with a copy of the state as it was when the last one was killed; what that one still did does not
count, but the vendor remembers it.
"""

import itertools
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trio.testing

from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import Daemon
from numtrustd.domain.batch import OpenBatch
from numtrustd.events import ActorCrashed, SourceBatchUncertain, VerdictBaseline, VerdictChanged
from numtrustd.sim.script import Faults, Label, Story
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.traits import DAY, HOUR
from numtrustd.sim.world import World
from numtrustd.store import Store, records
from tests.logcheck import MemoryLog
from tests.virtual import MemoryWay, fast_directory, loaded_from, write_config

SOURCE = "contract_aggregator.batch"
NUMBERS = [f"+861391000{n:04d}" for n in range(12)]
LABELLED = NUMBERS[3]
FAULTS = Faults(refuse=0.1, error_before=0.1, garbage=0.05, cut=0.1, lost=0.15, hang=30.0)
SOONEST = 2.2 * HOUR
"""Seconds. New numbers are looked at every three hours, five percent sooner, and half an hour sooner with a batch."""


async def live(
    loaded: object, state: Path, service: Service, start: float, lives: random.Random, log: MemoryLog
) -> tuple[float, list[OpenBatch]]:
    """One life of up to two days, killed in its middle: the state of that moment is beside it as `killed`."""
    clock = VirtualClock(start)
    log.clock = clock  # type: ignore[attr-defined]  # one log over all lives
    with Store.open(state, init=not state.exists(), map_size=1 << 25, now=start, inline=True) as store:
        daemon = Daemon(loaded, store, log, clock, Random(lives.getrandbits(32)), {})  # type: ignore[arg-type]  # as loaded
        async with daemon.working(MemoryWay(service, clock)):
            for _ in range(lives.randint(1, 4)):
                await trio.sleep(lives.choice((1.0, 40.0, 0.5 * HOUR, 3 * HOUR, 9 * HOUR)) * lives.random())
                if lives.random() < 0.5:
                    daemon.sources.apply((), (), (SOURCE,))
            if lives.random() < 0.7:  # just when something is on its way
                asked = service.requests["contract_aggregator.asked"]
                with trio.move_on_after(6 * HOUR):
                    while service.requests["contract_aggregator.asked"] == asked:
                        await trio.sleep(0.1 + 20 * lives.random())
            shutil.copytree(state, state.with_name("killed"))
            end = clock.now()
            left = list(records.open_batches(store, SOURCE))
    return end, left


@pytest.mark.covers("W10")
@pytest.mark.parametrize("seed", range(6))
async def test_no_number_is_paid_for_twice(seed: int, tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    lives = random.Random(seed)
    story = Story("kills", (Label(LABELLED, "tencent", "骚扰电话", at=DAY, marks=9, spreads=False, per_day=0.0),))
    service = Service(World.create(seed=seed, origin=DEMO_ORIGIN, numbers=NUMBERS, story=story))
    if seed % 2:
        service.world.inject(FAULTS, DEMO_ORIGIN)
    loaded = loaded_from(write_config(tmp_path, NUMBERS, [SOURCE], '[cadence]\nconfirm_interval = "3h"\n'))
    log = MemoryLog(VirtualClock(DEMO_ORIGIN))
    now = DEMO_ORIGIN
    handed_in = Counted(service)
    with tempfile.TemporaryDirectory(dir=fast_directory()) as place:
        state = Path(place) / "state"
        while now < DEMO_ORIGIN + 12 * DAY:
            now, _ = await live(loaded, state, service, now, lives, log)
            shutil.rmtree(state)
            state.with_name("killed").rename(state)
            now += lives.random() * 60
    assert set(service.batches.orders.values()) == {1}, "a batch was handed in twice"
    handed_in.check(SOONEST)
    assert not log.of(ActorCrashed)
    assert {(e.number, e.platform) for e in log.of(VerdictChanged)} <= {(LABELLED, "tencent")}
    assert len({(e.number, e.platform) for e in log.of(VerdictBaseline)}) == 4 * len(NUMBERS)
    if seed % 2:
        assert log.of(SourceBatchUncertain)


class Counted:
    """When each number was paid for."""

    def __init__(self, service: Service) -> None:
        self._at: dict[str, list[float]] = {}
        take: Callable[..., tuple[int, str, object]] = service.batches._take

        def counted(asked: dict[str, object], now: float) -> tuple[int, str, object]:
            code, message, data = take(asked, now)
            if data is not None:
                for phone in asked["phones"]:  # type: ignore[attr-defined]  # a list, as it was taken
                    self._at.setdefault(phone, []).append(now)
            return code, message, data

        service.batches._take = counted  # type: ignore[method-assign]  # to watch it

    def check(self, soonest: float) -> None:
        for phone, times in self._at.items():
            for before, after in itertools.pairwise(times):
                assert after - before >= soonest, (
                    f"{phone} at {before - DEMO_ORIGIN:.0f} s and {after - before:.0f} s later"
                )
