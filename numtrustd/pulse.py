"""Proof of progress: how late the loop is, whether looks are being made, whether the store can be written.

The watchdog is fed from here, by what was proved and not by the loop merely turning; the heartbeat event and the
STATUS= line carry the same figures, so that "the watcher itself is stuck" can be alarmed on.
"""

import gc
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import trio

from numtrustd.actors.control.resting import resting_said
from numtrustd.actors.control.views import many
from numtrustd.actors.house import House
from numtrustd.actors.roster import Roster
from numtrustd.actors.sources import Sources
from numtrustd.actors.stalls import Stalls
from numtrustd.actors.timers import Timers
from numtrustd.api.troubles import nothing_is_stored
from numtrustd.events import DaemonDumped, DaemonHeartbeat
from numtrustd.events.base import duration_for_people
from numtrustd.notify import Notifier
from numtrustd.store import records

TICK = 0.25
"""Real seconds between two measurements of the loop's lateness."""

TOO_LATE = 1.0
"""A loop later than this (real seconds) does not feed the watchdog."""

STUCK = 600.0
"""Real seconds for which a look may be held up by ourselves before the watchdog is fed no more."""

NOTABLE = 60.0
"""Real seconds from which on what is held up is named: a write waits for a second as a matter of course."""

STATUS_EVERY = 5.0

BREATH = 500
"""Cases that are counted before others get a turn."""

COLLECT_ALL_EVERY = 10.0
"""Real seconds between two collections of everything, while they are quick."""

COLLECT_ALL_SHARE = 1_000.0
"""And so many times as long as the last one took: at 100 000 numbers it may stop the loop for a second."""


async def collect() -> None:
    """Collect young garbage every `TICK`, and all garbage now and then, for ever.

    Each look replaces a few lasting objects by new ones. Python counts the difference, which is none, so it would let
    the youngest generation grow by every look made and then walk all of it at once (0.6 s at 100 000 numbers). What
    lives longer than a few ticks is old by then, and nobody but us would ever collect it.
    """
    all_due = trio.current_time() + COLLECT_ALL_EVERY
    while True:
        await trio.sleep(TICK)
        gc.collect(1)
        if (began := trio.current_time()) >= all_due:
            gc.collect()
            ended = trio.current_time()
            all_due = ended + max(COLLECT_ALL_EVERY, COLLECT_ALL_SHARE * (ended - began))


class Pulse:
    """One task that measures, reports and feeds."""

    def __init__(
        self,
        house: House,
        roster: Roster,
        sources: Sources,
        timers: Timers,
        notifier: Notifier,
        *,
        heartbeat: float,
        watchdog: float | None,
        tasks: Callable[[], int],
    ) -> None:
        self._house = house
        self._roster = roster
        self._sources = sources
        self._timers = timers
        self._stalls = Stalls(house, sources, timers)
        self._notifier = notifier
        self._heartbeat = heartbeat
        self._watchdog = watchdog
        self._tasks = tasks
        self._started = house.clock.monotonic()
        self.late = 0.0
        self.refused = False
        """Whether the configuration that lies there now was refused when it was read last."""
        self._late_since_beat = 0.0
        self._looks_at_beat = 0

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Measure for ever."""
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._measure)
            nursery.start_soon(self._beat)
            nursery.start_soon(self._tell)
            nursery.start_soon(collect)

    async def _measure(self) -> None:
        clock = self._house.clock
        while True:
            before = clock.monotonic()
            await trio.sleep(TICK)
            self.late = max(0.0, clock.monotonic() - before - TICK)
            self._late_since_beat = max(self._late_since_beat, self.late)

    async def _tell(self) -> None:
        every = self._watchdog
        pause = STATUS_EVERY if every is None else min(STATUS_EVERY, every / 2)
        while True:
            self._stalls.note()
            self._notifier.status(self.line())
            if every is not None and await self._proved():
                self._notifier.watchdog()
            await trio.sleep(pause)

    async def _proved(self) -> bool:
        """Looks are being made, the loop is on time, and the store writes or has said why it cannot."""
        if self.late > TOO_LATE or self._stalls.longest(of_sources=True) > STUCK:
            return False
        if self._house.store.trouble is None:
            with trio.move_on_after(STATUS_EVERY):
                await self._house.store.flush()
                return True
            return self._house.store.trouble is not None
        return True

    def line(self) -> str:
        """One true line for `systemctl status`."""
        totals, context = self._house.board.totals(), self._house.context
        late, lag = self._sources.overdue(self._house.clock.now())
        behind = f" (up to {duration_for_people(lag)})" if late else ""
        held_up = f"; HELD UP: {', '.join(self.held_up())}" if self.held_up() else ""
        trouble = self._house.store.trouble
        full = f"; {nothing_is_stored(trouble).upper()}" if trouble else ""
        rest = f"; {resting_said(self._house)}" if self._house.board.resting else ""
        refused = "; THE CHANGED CONFIGURATION WAS REFUSED, `numtrustctl reload` says why" if self.refused else ""
        alarms = f"{rest}{held_up}{full}{refused}"
        return (
            f"{many(len(self._roster), 'number')} on {context.platforms_seen} of "
            f"{many(len(context.platforms), 'platform')}, {totals.labelled_numbers} labelled, "
            f"{many(totals.open_cases, 'open case')}, {many(late, 'overdue look')}{behind}{alarms}"
        )

    def held_up(self) -> tuple[str, ...]:
        """What has been held up for so long that it is named, as of the last look at it."""
        return tuple(
            f"{s.what} for {duration_for_people(s.seconds)}" for s in self._stalls.present if s.seconds > NOTABLE
        )

    async def _beat(self) -> None:
        while True:
            await self._house.clock.sleep(self._heartbeat)
            self._house.log.emit(self.figures())
            self._late_since_beat, self._looks_at_beat = 0.0, self._house.board.looks

    async def dump(self) -> DaemonDumped:
        """Everything that somebody who sent SIGUSR1 wants to know at once. Others get their turn while open cases are
        counted, and those of years ago are not read."""
        house, clock = self._house, self._house.clock
        states = Counter[str]()
        for n, identity in enumerate(house.board.cases(), 1):
            if n % BREATH == 0:
                await trio.lowlevel.checkpoint()
            case = records.get_case(house.store, identity)
            if case is not None and case.open:
                states[case.snapshot.state] += 1
        totals, (late, _) = house.board.totals(), self._sources.overdue(clock.now())
        down = {source: actor.record.reason for source, actor in self._sources.actors.items() if actor.down}
        return DaemonDumped(
            numbers=len(self._roster),
            labelled=totals.labelled_numbers,
            blind=totals.blind,
            open_cases=totals.open_cases,
            overdue_looks=late,
            open_tasks=self._tasks(),
            uptime_seconds=clock.monotonic() - self._started,
            cases=tuple(f"{state}: {count}" for state, count in sorted(states.items())),
            unhealthy=tuple(f"{source}: {reason}" for source, reason in down.items()),
            parked=tuple(self._roster.parked),
        )

    def figures(self) -> DaemonHeartbeat:
        """The heartbeat as of now."""
        house, now = self._house, self._house.clock.now()
        totals, last = house.board.totals(), house.board.last_look_at
        late, lag = self._sources.overdue(now)
        self._stalls.note()
        return DaemonHeartbeat(
            numbers=len(self._roster),
            labelled=totals.labelled_numbers,
            blind=totals.blind,
            open_cases=totals.open_cases,
            overdue_looks=late,
            schedule_lag_seconds=lag,
            looks=house.board.looks - self._looks_at_beat,
            loop_late_ms=self._late_since_beat * 1000,
            open_tasks=self._tasks(),
            rss_bytes=resident_bytes(),
            loop_tasks=trio.lowlevel.current_statistics().tasks_living,
            used_bytes=house.store.stats().used,
            stalled_seconds=self._stalls.longest(),
            stalled=self.held_up(),
            resting_cases=sum(map(len, house.board.resting.values())) or None,
            timer_lag_seconds=self._timers.lag(now),
            last_look_seconds=None if last is None else max(0.0, now - last),
            last_commit_seconds=house.store.idle,
        )


def resident_bytes() -> int:
    """The process's resident memory, from its own /proc entry (which no hardening hides)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
