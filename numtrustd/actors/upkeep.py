"""The maintenances of platforms that somebody declared: stored, said, and ended when the end that was named comes.

One that takes longer than its kind does is said to be overdue, once. A year whose public holidays are not on file is
said once a run: its working days are counted plainly, so that a review there may be called overdue too soon.

`house.maintenance` is what decisions read; only this module writes it. Nothing here is of one number, so it is a
service of its own: it says an end once, also one that passed while the daemon was down.
"""

import math
from collections.abc import Callable

import trio
from msgspec import structs

from numtrustd.actors.house import House
from numtrustd.domain import set_back
from numtrustd.domain.calendar import unknown_years
from numtrustd.domain.case import number_of
from numtrustd.domain.maintenance import Maintenance, expected_end, overdue
from numtrustd.domain.observation import Instant
from numtrustd.events import CalendarUnknown, DeadlineCorrected, PlatformMaintenance, instant_for_people
from numtrustd.store import Batch, records
from numtrustd.store.records import PlatformRecord

A_DAY = 86_400.0

AHEAD = 30 * A_DAY
"""Seconds ahead in which deadlines are set today: a year that begins then must be known."""

OVER = "the end that was named has come"


class Upkeep:
    """One per daemon. `refresh` lets a number look anew at what is declared."""

    def __init__(self, house: House, refresh: Callable[[str], None]) -> None:
        self._house = house
        self._refresh = refresh
        self._turn = trio.Lock()
        self._wake = trio.Event()
        self._said_years: set[tuple[str, int]] = set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """End each maintenance when its time is over, for ever; first of all those that ended unseen."""
        task_status.started()
        clock = self._house.clock
        while True:
            self._wake = trio.Event()
            async with self._turn:
                await self._put_right()
                due = min(
                    filter(None, (await self._end_those_over(), await self._say_those_overdue())), default=math.inf
                )
            self._say_unknown_years()
            await clock.rest(min(clock.left(due), A_DAY / clock.speed), self._wake)

    def replan(self) -> None:
        """What is configured has changed."""
        self._wake.set()

    async def start(self, platform: str, declared: Maintenance) -> int:
        """A maintenance began, or is now known better; returns how many cases are open there."""
        async with self._turn:
            await self._end_those_over()
            await self._store(platform, declared)
            self._wake.set()
            return self._tell(
                PlatformMaintenance(
                    platform=platform,
                    state="started",
                    kind=declared.kind,
                    until=declared.until,
                    why=f"declared by {declared.by}",
                )
            )

    async def end(self, platform: str, by: str) -> int | None:
        """Somebody says that it is over; returns how many cases are open there, `None` when nothing was going on."""
        async with self._turn:
            await self._end_those_over()
            if platform not in self._house.maintenance:
                return None
            return await self._end(platform, f"declared by {by}")

    async def _put_right(self) -> None:
        """A maintenance that began when the clock was ahead began by now; an end that was named stays."""
        now = self._house.clock.now()
        for platform, declared in list(self._house.maintenance.items()):
            if (mended := set_back.maintenance(declared, now)) is not None:
                await self._store(platform, mended)
                self._house.log.emit(DeadlineCorrected(platform=platform, deadline=mended.until))

    async def _end_those_over(self) -> Instant | None:
        """End what is over; returns when the next one will be."""
        declared = self._house.maintenance
        for platform in [p for p, m in declared.items() if not m.lasts(self._house.clock.now())]:
            await self._end(platform, OVER)
        return min((m.until for m in declared.values() if m.until is not None), default=None)

    async def _say_those_overdue(self) -> Instant | None:
        """Say what is overdue; returns when the next one will be."""
        context, now, next_one = self._house.context, self._house.clock.now(), math.inf
        for platform, declared in list(self._house.maintenance.items()):
            country = context.country_of(platform)
            end = expected_end(declared, context.maintenance, country)
            if declared.overdue_said or end is None:
                continue
            if not overdue(declared, now, context.maintenance, country):
                next_one = min(next_one, end)
                continue
            await self._store(platform, structs.replace(declared, overdue_said=True))
            why = f"it should have been over by {instant_for_people(end)}: ask the platform"
            self._tell(PlatformMaintenance(platform=platform, state="overdue", kind=declared.kind, why=why))
        return None if next_one == math.inf else next_one

    def _say_unknown_years(self) -> None:
        context, now = self._house.context, self._house.clock.now()
        for country in sorted({context.country_of(platform) for platform in context.channels}):
            for year in unknown_years(now, now + AHEAD, country):
                if (country, year) not in self._said_years:
                    self._said_years.add((country, year))
                    self._house.log.emit(CalendarUnknown(country=country, year=year))

    async def _end(self, platform: str, why: str) -> int:
        kind = self._house.maintenance[platform].kind
        await self._store(platform, None)
        return self._tell(PlatformMaintenance(platform=platform, state="ended", kind=kind, why=why))

    async def _store(self, platform: str, declared: Maintenance | None) -> None:
        batch = Batch()
        records.put_platform(batch, PlatformRecord(platform, declared))
        await self._house.store.commit(batch)
        if declared is None:
            del self._house.maintenance[platform]
        else:
            self._house.maintenance[platform] = declared

    def _tell(self, event: PlatformMaintenance) -> int:
        """Say it, and let the numbers with an open case there know."""
        self._house.log.emit(event)
        cases = [case for case in self._house.board.cases() if f"/{event.platform}/" in case]
        for number in dict.fromkeys(map(number_of, cases)):
            self._refresh(number)
        return len(cases)
