"""The maintenances of platforms that somebody declared: stored, said, and ended when the end that was named comes.

`house.maintenance` is what decisions read; only this module writes it. Nothing here is of one number, so it is a
service of its own: it says an end once, also one that passed while the daemon was down.
"""

from collections.abc import Callable

import trio

from numtrustd.actors.house import House
from numtrustd.domain.case import number_of
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.events import PlatformMaintenance
from numtrustd.store import Batch, records
from numtrustd.store.records import PlatformRecord

OVER = "the end that was named has come"


class Upkeep:
    """One per daemon. `refresh` lets a number look anew at what is declared."""

    def __init__(self, house: House, refresh: Callable[[str], None]) -> None:
        self._house = house
        self._refresh = refresh
        self._turn = trio.Lock()
        self._wake = trio.Event()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """End each maintenance when its time is over, for ever; first of all those that ended unseen."""
        task_status.started()
        clock = self._house.clock
        while True:
            self._wake = trio.Event()
            async with self._turn:
                due = await self._end_those_over()
            wait = clock.recheck if due is None else min(max(0.0, due - clock.now()) / clock.speed, clock.recheck)
            with trio.move_on_after(wait):
                await self._wake.wait()

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

    async def _end_those_over(self) -> Instant | None:
        """End what is over; returns when the next one will be."""
        declared = self._house.maintenance
        for platform in [p for p, m in declared.items() if not m.lasts(self._house.clock.now())]:
            await self._end(platform, OVER)
        return min((m.until for m in declared.values() if m.until is not None), default=None)

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
