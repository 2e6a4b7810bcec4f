"""The watchdog is fed by proof, not by a loop that merely turns."""

import gc
import time
import weakref
from pathlib import Path

import pytest
import trio
import trio.testing

from numtrustd.clock import Clock, VirtualClock
from numtrustd.pulse import COLLECT_ALL_EVERY, TICK, Pulse, collect
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from tests.logcheck import MemoryLog
from tests.virtual import Town, town, write_config


class Systemd:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.fed = 0
        self.said: list[str] = []

    def watchdog(self) -> bool:
        self.fed += 1
        return True

    def status(self, text: str) -> bool:
        self.said.append(text)
        return True


def pulse_of(place: Town, systemd: Systemd) -> Pulse:
    daemon = place.daemon
    return Pulse(daemon.house, daemon.roster, daemon.sources, systemd, heartbeat=60.0, watchdog=2.0, tasks=lambda: 0)  # type: ignore[arg-type]  # a stand-in for the notifier


@pytest.mark.covers("P5", "P7")
async def test_a_late_loop_and_a_stuck_source_do_not_feed_the_watchdog(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    config = write_config(tmp_path, ["139 1000 0007"], ["so360.onebox"])
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=1, origin=DEMO_ORIGIN, numbers=[]))
    async with town(config, service, MemoryLog(clock), clock) as place, trio.open_nursery() as nursery:
        systemd = Systemd()
        pulse = pulse_of(place, systemd)
        await nursery.start(pulse.run)
        await trio.sleep(10.5)
        assert systemd.fed >= 9
        assert systemd.said[-1].startswith("1 numbers")

        source = place.daemon.sources.actors["so360.onebox"]
        source.stuck = lambda now, limit: True  # type: ignore[method-assign]  # nothing keeps it from looking, and it does not
        fed = systemd.fed
        await trio.sleep(10)
        assert systemd.fed == fed
        del source.stuck
        await trio.sleep(3)
        assert systemd.fed > fed

        fed = systemd.fed
        pulse.late = 5.0
        assert not await pulse._proved()
        nursery.cancel_scope.cancel()


class Loop:
    """Something that keeps itself alive."""

    def __init__(self) -> None:
        self.itself = self


async def test_young_garbage_is_collected_at_every_tick_and_old_garbage_in_the_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gc.collect()
    gc.disable()  # what Python does by itself when it counts as many deaths as births: nothing
    try:
        old = Loop()
        gc.collect()  # ages it
        kept = weakref.ref(old)
        del old
        async with trio.open_nursery() as nursery:
            nursery.start_soon(collect)
            young = weakref.ref(Loop())
            await trio.sleep(TICK * 1.5)
            assert young() is None
            assert kept() is not None
            await trio.sleep(COLLECT_ALL_EVERY)
            assert kept() is None
            nursery.cancel_scope.cancel()
    finally:
        gc.enable()


@pytest.mark.covers("P5", "P7")
async def test_a_task_that_holds_the_loop_is_measured_and_the_watchdog_is_hungry(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In real seconds, which is what a task that holds the loop takes."""
    config = write_config(tmp_path, ["139 1000 0007"], ["so360.onebox"])
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=1, origin=DEMO_ORIGIN, numbers=[]))
    async with town(config, service, MemoryLog(clock), clock) as place, trio.open_nursery() as nursery:
        systemd = Systemd()
        pulse = pulse_of(place, systemd)
        autojump_clock.autojump_threshold, autojump_clock.rate = float("inf"), 1.0
        monkeypatch.setattr(clock, "monotonic", Clock().monotonic)
        await nursery.start(pulse.run)
        await trio.sleep(0.6)
        assert pulse.late < 1.0
        assert await pulse._proved()
        time.sleep(1.6)
        for _ in range(20):  # until its turn has come, well before the next tick
            await trio.lowlevel.checkpoint()
            if pulse.late > 1.0:
                break
        assert pulse.late > 1.0
        assert not await pulse._proved()
        assert pulse.figures().loop_late_ms > 1_000
        await trio.sleep(0.6)
        assert await pulse._proved(), "late once is not late for ever"
        assert pulse.figures().loop_late_ms > 1_000, "until it has been told"
        nursery.cancel_scope.cancel()
