"""Puts right what a clock that ran ahead has stored, as soon as it is set back: no deadline waits for the wrong day.

`domain.set_back` decides. What is a number's own is mended by its own actor, which is told here; it does the same when
it starts. The ledger is of all numbers, also of those that are parked or gone, and is mended here.
"""

from collections.abc import Callable

import trio

from numtrustd.actors.house import House
from numtrustd.domain import set_back
from numtrustd.domain.case import number_of
from numtrustd.events import DeadlineCorrected
from numtrustd.store import Batch, records

BREATH = 1_000
"""Charges and numbers that are gone through before others get a turn."""


class Mender:
    """One per daemon. `refresh` has a number look at its cases anew. `Timers` notices that the clock was set back, and
    says so through `House.set_back`."""

    def __init__(self, house: House, refresh: Callable[[str], None]) -> None:
        self._house = house
        self._refresh = refresh

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Mend at the start, before any number decides anything, and whenever the clock was set back."""
        house, seen = self._house, self._house.store.high_water
        await self._ledger()
        task_status.started()
        while True:
            await house.clock.rest(wake=house.set_back)
            stepped, house.set_back = house.set_back.is_set(), trio.Event()
            # The store has seen every time at which anything was decided: also one that was over before it was noticed.
            latest = house.store.high_water
            if set_back.ahead(latest, house.clock.now()) and (stepped or latest != seen):
                seen = latest
                await self._ledger()
                await self._numbers()

    async def _ledger(self) -> None:
        house, found = self._house, 0
        known = house.book.uses_of_all()
        for begin in range(0, len(known), BREATH):
            each = known[begin : begin + BREATH]
            batch, now = Batch(), house.clock.now()
            # As they are by now, also where that is on its way to the disk: it is written first, and not undone.
            present = filter(None, map(house.book.present, each))
            mended = tuple(made for charge in present if (made := set_back.charge(charge, now)) is not None)
            for charge in mended:
                records.put_charge(batch, charge)
            house.book.note(mended)
            house.store.commit_soon(batch)
            found += len(mended)
            await trio.lowlevel.checkpoint()
        if found:
            await house.store.flush()
            house.log.emit(DeadlineCorrected(count=found))

    async def _numbers(self) -> None:
        for n, number in enumerate(dict.fromkeys(map(number_of, self._house.board.cases()))):
            if n % BREATH == BREATH - 1:
                await trio.lowlevel.checkpoint()
            self._refresh(number)
