"""Makes happen what the plan says: at its time, or right after the log line that it waits for."""

import heapq
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import trio
from msgspec import structs

from numtrustd.events import Event
from numtrustd.sim.script import Certify, Faults, Mood, Review, Tag
from numtrustd.sim.traits import TRAITS
from numtrustd.varlink.interface import CallError
from tests.simulation.plan import (
    CHINESE,
    DAY,
    DEATHS,
    HOUR,
    NAME,
    ORIGIN,
    PAPERS,
    Calm,
    Complaint,
    Copy,
    Death,
    Desk,
    Entry,
    GiveUp,
    Happening,
    Jump,
    Leave,
    Order,
    Overtake,
    PutBack,
    Reload,
    SetFaults,
    Shortage,
    Siege,
    Tour,
    Wish,
    follows,
)
from tests.simulation.promises import Promise
from tests.simulation.siege import besiege

if TYPE_CHECKING:
    from tests.simulation.run import Run


CRAWL = 30.0
"""Seconds that a submission is on its way which is overtaken."""
OVERTAKEN = DAY + 300.0
"""Seconds by which the clock is stepped meanwhile: more than a submission has time."""


class Agenda:
    """What is still to happen in one run. It outlives the daemon: what falls due while none is there waits for it."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        entries = run.plan.agenda
        self._due = [(ORIGIN + entry.at, n, entry.what) for n, entry in enumerate(entries) if not entry.after]
        heapq.heapify(self._due)
        self._triggers = [entry for entry in entries if entry.after]
        self._more = len(entries)
        self._nursery: trio.Nursery | None = None
        self.undo: list[SetFaults | Reload] = []
        """What sets back what a siege has changed; a death in its midst leaves that to the next life."""

    def begin(self, nursery: trio.Nursery, *, last: bool) -> None:
        """A daemon works: things can happen to it."""
        self._nursery = nursery
        nursery.start_soon(self._direct)
        for tour in self._run.guide.tours:
            nursery.start_soon(self._run.guide.lead, tour)
        if self._run.calm and not last:
            nursery.start_soon(self._run.operator.set_right)

    def stop(self) -> None:
        """The daemon has ended."""
        self._nursery = None

    def plan(self, after: float, what: Happening) -> None:
        """Let something happen so many seconds from now."""
        self._more += 1
        heapq.heappush(self._due, (self._run.now + after, self._more, what))
        if self._nursery is not None:
            self._nursery.start_soon(self._direct)

    def await_moment(self, entry: Entry) -> None:
        """Let something happen right after a moment that is to come."""
        self._triggers.insert(0, entry)  # the first one whose time has not come ends the search

    def meanwhile(self, what: Callable[..., Awaitable[None]], *args: object) -> None:
        """Let something go on beside what happens, as long as this daemon works."""
        assert self._nursery is not None
        self._nursery.start_soon(what, *args)

    def change_while_down(self) -> None:
        """The configuration may have been changed while no daemon was there to read it again."""
        while self._due and self._due[0][0] <= self._run.true and isinstance(change := self._due[0][2], Reload):
            heapq.heappop(self._due)
            self.configure(change)
        self._undone()

    def _undone(self) -> bool:
        """Set back what a siege has changed; whether the configuration has to be read again."""
        undo, self.undo = self.undo, []
        if self._run.calm:  # which has set everything right already
            return False
        for what in reversed(undo):  # two may have been at it
            if isinstance(what, SetFaults):
                self._run.world.inject(what.faults, self._run.true)
        changed = [self.configure(what) for what in undo if isinstance(what, Reload)]  # each of them
        return any(changed)

    async def set_back(self) -> None:
        """A siege is over."""
        if self._undone():
            await self.reload()

    async def _direct(self) -> None:
        while self._due:
            await self._run.clock.sleep_until(self._due[0][0])
            if self._due and self._due[0][0] <= self._run.now:  # else another one who waited was first
                self._happen(heapq.heappop(self._due)[2])

    def said(self, event: Event) -> None:
        """The daemon logged something: is that what an entry waits for?"""
        if self._nursery is None:
            return
        elapsed = self._run.elapsed
        for entry in self._triggers:
            if elapsed < entry.at or self._run.calm:
                return
            if elapsed < entry.until and follows(entry.after, event):
                self._triggers.remove(entry)
                self._happen(entry.what, getattr(event, "case", "") or "")
                return

    def moment(self, name: str) -> None:
        """Something happened that no log line tells of: is that what an entry waits for?"""
        elapsed = self._run.elapsed
        ready = next((e for e in self._triggers if e.after == name and e.at <= elapsed < e.until), None)
        if ready is not None and self._nursery is not None and not self._run.calm:
            self._triggers.remove(ready)
            self._happen(ready.what)

    def _happen(self, what: Happening, case: str = "") -> None:
        run, nursery = self._run, self._nursery
        assert nursery is not None
        match what:
            case SetFaults(faults):
                run.note(f"{faults}")
                run.world.inject(faults, run.now)
            case Jump(by):
                run.oracle.meets("clock_forward" if by > 0 else "clock_back")
                run.jump(by)
            case Reload():
                nursery.start_soon(self._reload, what)
            case Order():
                nursery.start_soon(run.operator.order, what, case)
            case Wish():
                nursery.start_soon(run.owner.wish, what)
            case Leave():
                nursery.start_soon(run.owner.leave, what)
            case GiveUp():
                nursery.start_soon(run.owner.give_up, what)
            case Siege(kinds):
                nursery.start_soon(besiege, run, case, kinds)
            case Copy():
                nursery.start_soon(run.back_up)
            case PutBack(pause):
                run.mishaps.lose_disk(pause)
            case Tour():
                run.guide.begin(what)
                nursery.start_soon(run.guide.lead, what)
            case Overtake(kind):
                run.note(f"what was sent is long on its way, and meets {kind}")
                if kind in DEATHS:
                    run.mishaps.plan_death(Death(run.elapsed, kind.removeprefix("die_"), 0, "", 5.0, channel=True))
                else:
                    run.world.inject(Faults(**{kind: 0.95}), run.now)
                run.crawl = CRAWL
                self._happen(Jump(OVERTAKEN))
                self.plan(HOUR, SetFaults(Faults()))
                self.plan(HOUR, Jump(-OVERTAKEN))
            case Complaint():
                nursery.start_soon(run.operator.complain, what)
            case Shortage(kind, seconds):
                run.note(f"{kind} for {seconds:.0f} s")
                run.mishaps.short_of = (kind, run.now + seconds)
            case Desk():
                nursery.start_soon(run.clerk.clear_the_desk)
            case Calm():
                self._calm(nursery)

    def _calm(self, nursery: trio.Nursery) -> None:
        run = self._run
        run.calm = True
        run.note("calm from here on")
        run.world.inject(Faults(), run.now)
        for platform in TRAITS:
            run.world.inject(Review(platform, (Mood.APPROVE,), None, 0.2 * DAY, HOUR), run.now)
        numbers = run.plan.knobs.numbers
        for number in numbers:
            gone = run.oracle.leavings.leaves(number)
            for platform in run.plan.knobs.names if number in CHINESE else ():
                run.world.inject(Certify(number, platform, "" if gone else NAME, at=HOUR), run.now)
                tag = "" if gone else run.oracle.tags.wanted(number)
                run.world.inject(Tag(number, platform, tag, at=HOUR), run.now)
        run.knobs = structs.replace(
            run.knobs, papers=PAPERS, numbers=numbers, approval=False, per_day=None, per_month=None, avoid_days=1
        )
        nursery.start_soon(self.reload)
        nursery.start_soon(run.operator.set_right)

    # ---------------------------------------------------------------------------------------------- the settings file

    def configure(self, change: Reload) -> bool:
        """Change the settings file; whether it is one that can be used."""
        run = self._run
        numbers = run.knobs.numbers
        match change.kind:
            case "number_removed":
                numbers = tuple(n for n in numbers if n != change.number)
                if not numbers:
                    return False
            case "number_added":
                numbers = tuple(n for n in run.plan.knobs.numbers if n in numbers or n == change.number)
        for case in run.oracle.states:
            if case.startswith(f"{change.number}/"):
                run.oracle.traffic.intervened(case)
        run.knobs = structs.replace(run.knobs, numbers=numbers, **change.changes)
        run.oracle.meets(change.kind, change.number)
        run.note(f"{change.kind} {change.number} {change.changes or ''}")
        return True

    async def _reload(self, change: Reload) -> None:
        if self.configure(change):
            await self.reload()

    async def reload(self) -> None:
        """Let the daemon read its configuration again."""
        try:
            await self._run.ask("Reload", give_up=True)
        except CallError as error:
            if self._run.mishaps.poisoned is None:  # else the process is ending, and says so
                self._run.broke(Promise.RELOAD_IS_WHOLE, str(error))
