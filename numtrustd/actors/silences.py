"""Silences and acks: what people said they know of already, stored at once, and kept through restarts and reloads.

`house.silences` is what the log asks about each loud line; only this module writes it. An end is said once, also that
of a silence whose time came while the daemon was down.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime

import trio

from numtrustd.actors.house import House
from numtrustd.domain import set_back
from numtrustd.domain.case import Case
from numtrustd.domain.observation import Instant
from numtrustd.domain.silence import Ack, Silence, Target
from numtrustd.events import CaseAcknowledged, DeadlineCorrected, SilenceAdded, SilenceEnded
from numtrustd.store import Batch, records

OVER = "its time is over"


class Silences:
    """One per daemon."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._turn = trio.Lock()
        self._wake = trio.Event()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """End each silence when its time is over, for ever; first of all those that ended unseen."""
        task_status.started()
        clock = self._house.clock
        while True:
            self._wake = trio.Event()
            async with self._turn:
                now = clock.now()
                await self._put_right(now)
                for silence in [s for s in self._house.silences.values() if not s.lasts(now)]:
                    await self._end(silence, OVER)
            due = min((s.until for s in self._house.silences.values()), default=math.inf)
            await clock.rest(clock.left(due), self._wake)

    async def _put_right(self, now: Instant) -> None:
        """A silence is for so long, also where the clock was set back since it was asked for."""
        for silence in list(self._house.silences.values()):
            if (mended := set_back.silence(silence, now)) is not None:
                batch = Batch()
                records.put_silence(batch, mended)
                await self._house.store.commit(batch)
                self._house.silences[mended.id] = mended
                self._house.log.emit(DeadlineCorrected(silence=mended.id, deadline=mended.until))

    async def add(self, targets: tuple[Target, ...], until: Instant, by: str, reason: str) -> Silence:
        """Somebody wants quiet; returns the silence once it is stored."""
        async with self._turn:
            now = self._house.clock.now()
            identity = _new_id(now, self._house.silences)
            silence = Silence(identity, targets, now, until, by, reason)
            batch = Batch()
            records.put_silence(batch, silence)
            await self._house.store.commit(batch, now=now)
            self._house.silences[identity] = silence
            self._wake.set()
            said = tuple(map(str, targets))
            self._house.log.emit(SilenceAdded(silence=identity, targets=said, until=until, by=by, why=reason))
            return silence

    async def remove(self, identity: str, by: str) -> Silence | None:
        """Somebody ends a silence; `None` if there is no such one."""
        async with self._turn:
            silence = self._house.silences.get(identity)
            if silence is not None:
                await self._end(silence, f"ended by {by}", by)
            return silence

    async def _end(self, silence: Silence, why: str, by: str | None = None) -> None:
        batch = Batch()
        records.forget_silence(batch, silence)
        await self._house.store.commit(batch)
        del self._house.silences[silence.id]
        said = tuple(map(str, silence.targets))
        self._house.log.emit(SilenceEnded(silence=silence.id, targets=said, why=why, by=by))

    async def acknowledge(self, case: Case, by: str, note: str) -> Ack:
        """Somebody has seen a case as it is."""
        now, snapshot = self._house.clock.now(), case.snapshot
        ack = Ack(case.id, snapshot.state, snapshot.entered_at, now, by, note)
        batch = Batch()
        records.put_ack(batch, ack)
        await self._house.store.commit(batch, now=now)
        self._house.log.emit(
            CaseAcknowledged(
                case=case.id,
                number=case.number,
                platform=case.platform,
                state=snapshot.state,
                by=by,
                why=note or None,
            )
        )
        return ack


def _new_id(now: Instant, known: Mapping[str, Silence]) -> str:
    """`s-20261123-080015`: names no two silences, and says when it began."""
    stem = f"s-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"
    names = (stem, *(f"{stem}-{n}" for n in range(2, len(known) + 3)))
    return next(name for name in names if name not in known)


def ack_of(house: House, case: Case) -> Ack | None:
    """Who has seen the case as it is now, if anybody."""
    ack = records.get_ack(house.store, case.id)
    return ack if ack is not None and ack.holds(case.snapshot.state, case.snapshot.entered_at) else None
