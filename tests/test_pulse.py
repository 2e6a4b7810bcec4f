"""The watchdog is fed by proof, not by a loop that merely turns."""

import contextlib
import gc
import time
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.glance import HttpGlance, Sight
from numtrustd.actors.source import SLACK, SourceActor
from numtrustd.clock import Clock, VirtualClock
from numtrustd.domain.case import Case
from numtrustd.events import DaemonHeartbeat
from numtrustd.pulse import COLLECT_ALL_EVERY, STUCK, TICK, Pulse, collect
from numtrustd.sim.script import Label, Story
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from numtrustd.store import Batch, Store, Table, records
from numtrustd.store.errors import DiskFull
from tests.logcheck import MemoryLog
from tests.virtual import Town, town, write_config

HOUR = 3_600.0
DAY = 86_400.0


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


def pulse_of(place: Town, systemd: Systemd, watchdog: float = 20.0) -> Pulse:
    daemon = place.daemon
    return Pulse(
        daemon.house,
        daemon.roster,
        daemon.sources,
        daemon.timers,
        systemd,
        heartbeat=60.0,
        watchdog=2.0,
        tasks=lambda: 0,
    )  # type: ignore[arg-type]  # a stand-in for the notifier


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
        nursery.start_soon(pulse._tell)  # and not what measures and collects four times a second
        await trio.sleep(50.5)
        assert systemd.fed >= 9
        assert systemd.said[-1].startswith("1 number on ")

        source = place.daemon.sources.actors["so360.onebox"]
        assert isinstance(source._glance, HttpGlance)
        source._glance.look = hang  # type: ignore[method-assign]  # a look that never comes back
        source.ask("+8613910000007")
        await trio.sleep(SLACK + source.source.limits.deadline + STUCK - 5)
        assert pulse.figures().stalled == ("source so360.onebox for 9.9 min",)
        assert systemd.fed > 120, "not yet"
        await trio.sleep(10)
        fed = systemd.fed
        await trio.sleep(60)
        assert systemd.fed == fed
        assert systemd.said[-1].endswith("; HELD UP: source so360.onebox for 11.1 min")

        del source._glance.look
        place.daemon.sources.apply((), (), ["so360.onebox"])  # as a reload does
        await trio.sleep(6)
        assert systemd.fed > fed
        assert pulse.figures().stalled == ()

        fed = systemd.fed
        pulse.late = 5.0
        assert not await pulse._proved()
        nursery.cancel_scope.cancel()


async def hang(_: object) -> Sight:
    await trio.sleep_forever()
    raise AssertionError


@contextlib.asynccontextmanager
async def at_work(tmp_path: Path, numbers: int = 1) -> AsyncIterator[tuple[Town, Pulse]]:
    """A daemon that looks at so many numbers, and its pulse."""
    config = write_config(tmp_path, [f"139 1000 {n:04}" for n in range(numbers)], ["so360.onebox"])
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=1, origin=DEMO_ORIGIN, numbers=[]))
    async with town(config, service, MemoryLog(clock), clock) as place, trio.open_nursery() as nursery:
        systemd = Systemd()
        pulse = pulse_of(place, systemd)
        nursery.start_soon(pulse._beat)  # without what measures, feeds and collects every second: hours pass here
        yield place, pulse
        nursery.cancel_scope.cancel()


@pytest.mark.covers("P5")
async def test_the_heartbeat_of_a_daemon_that_keeps_up_says_so(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with at_work(tmp_path, numbers=20) as (place, pulse):
        await trio.sleep(DAY)
        beats = place.log.of(DaemonHeartbeat)
        assert len(beats) >= DAY / 60.0 - 1
        assert all(beat.stalled_seconds is not None and beat.stalled_seconds < 10.0 for beat in beats)
        assert not any(beat.stalled for beat in beats)
        assert max(beat.timer_lag_seconds or 0.0 for beat in beats) < 10.0
        told = pulse.figures()
        assert told.last_look_seconds is not None
        assert told.last_look_seconds < 8 * HOUR
        assert told.last_commit_seconds is not None


@pytest.mark.covers("P5")
async def test_a_diary_that_nobody_reads_shows_in_the_heartbeat_and_starves_the_watchdog(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with at_work(tmp_path, numbers=3) as (place, pulse), trio.open_nursery() as nursery:
        await trio.sleep(60.0)
        source = place.daemon.sources.actors["so360.onebox"]
        await nursery.start(hold, source._turn, source)
        await trio.sleep(DAY)
        told = pulse.figures()
        assert told.overdue_looks == 3
        assert told.schedule_lag_seconds > 12 * HOUR
        assert told.stalled_seconds == pytest.approx(told.schedule_lag_seconds, abs=60.0)
        assert told.last_look_seconds is not None
        assert told.last_look_seconds > 12 * HOUR
        [said] = told.stalled
        assert said.startswith("source so360.onebox for ")
        assert pulse.held_up() == told.stalled, "which is what GetStatus says"
        assert place.log.of(DaemonHeartbeat)[-1].stalled, "and it is in the log"
        assert not await pulse._proved()
        nursery.cancel_scope.cancel()
        await trio.sleep(0)


async def hold(turn: trio.Lock, source: SourceActor, task_status: trio.TaskStatus[None]) -> None:
    """Let no worker of the source have a turn any more, as a lost wake-up would."""
    task_status.started()
    source.ask("+8613910000000")  # the worker that has its turn gives it away
    async with turn:
        await trio.sleep_forever()


async def test_looks_that_a_platform_makes_late_are_not_held_up_by_us(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with at_work(tmp_path, numbers=3) as (place, pulse):
        await trio.sleep(60.0)
        source = place.daemon.sources.actors["so360.onebox"]
        source._hold(2 * DAY)
        await trio.sleep(1.5 * DAY)
        told = pulse.figures()
        assert told.overdue_looks == 3
        assert told.schedule_lag_seconds > DAY
        assert told.stalled_seconds == 0.0
        assert pulse.line().endswith("3 overdue looks (up to 1.4 d)"), pulse.line()
        assert await pulse._proved(), "no reason to restart"
        await trio.sleep(0.5 * DAY - 60.0)  # and when they are free to be made, they are not late by ourselves at once
        told = pulse.figures()
        assert told.stalled_seconds is not None
        assert told.stalled_seconds < 10.0


async def test_a_deadline_and_a_write_that_wait_show_in_the_heartbeat(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(tmp_path) as (place, pulse):
        await trio.sleep(60.0)
        with monkeypatch.context() as patch:
            patch.setattr(place.daemon.house, "post", lambda number, message: None)  # it hears nothing of it
            place.daemon.timers.set("+8613910000000/so360/9", place.clock.now() + 10.0, 1)
            await trio.sleep(HOUR)
            told = pulse.figures()
            assert told.timer_lag_seconds == pytest.approx(HOUR - 10.0)
            assert told.stalled_seconds == told.timer_lag_seconds
            assert told.stalled == ("timers for 59.8 min",)
        place.daemon.timers.clear("+8613910000000/so360/9")
        assert pulse.figures().timer_lag_seconds == 0.0

        written = place.store._writer._write

        def full(ops: object) -> None:
            raise DiskFull("no room")

        place.store._writer._write = full
        place.store.commit_soon(Batch().put(Table.ACK, b"k", b"v"))
        await trio.sleep(HOUR)
        told = pulse.figures()
        assert told.stalled_seconds == pytest.approx(HOUR)
        assert told.stalled == ("store for 1 h",)
        assert "THE DISK IS FULL AND NOTHING IS STORED: MAKE ROOM ON IT" in pulse.line()
        assert told.last_commit_seconds is not None
        assert told.last_commit_seconds >= HOUR
        place.store._writer._write = written
        await trio.sleep(60.0)
        assert pulse.figures().stalled == ()
        assert "FULL" not in pulse.line()


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
        await trio.sleep(60.0)  # no look is under way any more
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


async def test_a_dump_reads_no_case_that_is_closed(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept for ever: reading fifty thousand stops everything for a second."""
    config = write_config(tmp_path, ["+1 415 555 2671"], ["telnyx.reputation"])
    clock = VirtualClock(DEMO_ORIGIN)
    number = "+14155552671"
    story = Story("dump", (Label(number, "telnyx", "Telemarketing", at=HOUR, marks=9),))
    service = Service(World.create(seed=1, origin=DEMO_ORIGIN, numbers=[number], story=story))
    async with town(config, service, MemoryLog(clock), clock) as place:
        await trio.sleep(2 * DAY)
        [case] = [case for case in place.cases() if case.open]
        batch = Batch()
        for n in range(20):
            records.put_case(batch, structs.replace(case, id=f"{number}/gone/{n}", closed_at=1.0, outcome="cleared"))
        await place.store.commit(batch)
        read: list[str] = []
        get_case = records.get_case

        def counted(store: Store, identity: str) -> Case | None:
            read.append(identity)
            return get_case(store, identity)

        monkeypatch.setattr(records, "get_case", counted)
        monkeypatch.setattr(records, "all_cases", lambda *_: pytest.fail("all cases were read"))
        dump = await pulse_of(place, Systemd()).dump()
        assert dump.cases == (f"{case.snapshot.state}: 1",)
        assert read == [case.id]
