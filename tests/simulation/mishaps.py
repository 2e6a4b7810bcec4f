"""What goes wrong inside the machine: process death at failpoints and steps, full disks and maps, planted crashes."""

import errno
from typing import TYPE_CHECKING

import lmdb
import trio

from numtrustd.events import Event
from tests.simulation.plan import HOUR, Death, Span, follows

if TYPE_CHECKING:
    from tests.simulation.run import Run


class Dead(BaseException):
    """The simulated process has died: nothing that it still does counts."""


class InjectedBug(Exception):
    """A bug that the plan put into one number's actor."""


class DiskFullError(lmdb.DiskError):
    """What LMDB raises when the disk is full."""

    code = errno.ENOSPC


class MapIsFullError(lmdb.MapFullError):
    """What LMDB raises when the map is full."""

    code = -30792  # MDB_MAP_FULL


class PoisonedError(lmdb.PanicError):
    """What LMDB raises when it cannot be used any more."""

    code = -30795  # MDB_PANIC


class DeathClock(trio.abc.Instrument):
    """Counts scheduler steps towards deaths that may come at any of them."""

    def __init__(self, run: "Run") -> None:
        self._run = run

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        run = self._run
        if run.dead or run.calm or not run.mishaps.at_steps:
            trio.lowlevel.remove_instrument(self)
        elif run.scope is not None and (death := run.mishaps.struck("step")) is not None:
            run.mishaps.die(death)


class _Pending:
    """A death or a bug that is still to come; `armed` once its moment has come, `hits` since then."""

    __slots__ = ("armed", "hits", "what")

    def __init__(self, what: Death | Span) -> None:
        self.what = what
        self.armed = not what.after
        self.hits = 0


class Mishaps:
    """Those of one run, over all its lives. `short_of` is what there is no room in, and until when (true time)."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._deaths = [_Pending(death) for death in run.plan.deaths]
        self._bugs = [_Pending(span) for span in run.plan.bugs]
        self.short_of: tuple[str, float] = ("", 0.0)
        self.poisoned: Death | None = None

    def plan_death(self, death: Death) -> None:
        """One more death is to come, from now on."""
        if death.where == "step" and not self.at_steps:
            trio.lowlevel.add_instrument(DeathClock(self._run))
        self._deaths.insert(0, _Pending(death))

    def plan_bug(self, span: Span) -> None:
        """One more bug is to be there, from now on."""
        self._bugs.append(_Pending(span))

    def instruments(self) -> list[trio.abc.Instrument]:
        """What the scheduler is to be watched with."""
        return [DeathClock(self._run)] if self.at_steps and not self._run.calm else []

    @property
    def at_steps(self) -> bool:
        """Whether a death is still to come at some step of the scheduler."""
        return any(isinstance(p.what, Death) and p.what.where == "step" for p in self._deaths)

    def said(self, event: Event) -> None:
        """The daemon logged something: let begin what waits for this moment."""
        if not self._deaths and not self._bugs:
            return
        elapsed = self._run.elapsed
        for pending in self._deaths:
            death = pending.what
            if not pending.armed and elapsed >= death.at and follows(death.after, event):
                pending.armed = True
        for pending in self._bugs:
            span = pending.what
            assert isinstance(span, Span)
            if not pending.armed and span.holds(elapsed) and getattr(event, "number", None) == span.number:
                pending.armed = follows(span.after, event)

    def moment(self, name: str) -> None:
        """Something happened that no log line tells of: let begin what waits for it."""
        for pending in self._deaths:
            death = pending.what
            if not pending.armed and self._run.elapsed >= death.at and death.after == name:
                pending.armed = True

    # ------------------------------------------------------------------------------------------------------- death

    def hit(self, where: str, *, channel: bool = False, batch: bool = False) -> None:
        """A failpoint is passed: the process dies here if a death is due."""
        self._run.alive()
        death = self.struck(where, channel=channel, batch=batch)
        if death is not None:
            self.die(death)
            raise Dead

    def struck(self, where: str, *, channel: bool = False, batch: bool = False) -> Death | None:
        """The death that comes at this hit of `where`, if one does."""
        if not self._deaths or self._run.calm:
            return None
        elapsed = self._run.elapsed
        if elapsed >= self._run.plan.calm:
            return None
        for pending in self._deaths:
            death = pending.what
            assert isinstance(death, Death)
            if elapsed < death.at:
                break
            if not pending.armed or death.where != where:
                continue
            if death.channel and not channel and where.endswith("send"):
                continue
            if death.batch and not batch:
                continue
            if pending.hits < death.skip:
                pending.hits += 1
                continue
            self._deaths.remove(pending)
            return death
        return None

    def die(self, death: Death) -> None:
        """From here on the process is dead."""
        run = self._run
        run.true = run.clock.now()
        run.dead, run.pause = True, death.pause
        self._tell(death)
        if run.scope is not None:
            run.scope.cancel()

    def lose_disk(self, pause: float) -> None:
        """The process dies with its disk, if there is a backup to put back."""
        run = self._run
        if not run.backups.there or run.dead or run.calm:
            return
        run.true = run.clock.now()
        run.dead, run.pause, run.backups.due = True, pause, True
        run.note("the disk is lost")
        if run.scope is not None:
            run.scope.cancel()

    def _tell(self, death: Death) -> None:
        run = self._run
        run.counts["deaths"] += 1
        run.oracle.meets(f"die_{death.where}")
        if death.pause > 0.4 * HOUR:
            run.oracle.meets("long_pause")
        run.note(f"dies at {death.where}, for {death.pause:.1f} s")

    # ------------------------------------------------------------------------------------------------------- the rest

    def failpoint(self, where: str) -> None:
        """The store is about to commit, or has."""
        run = self._run
        run.alive()
        if where == "pre_commit":
            kind, until = self.short_of
            if run.now < until and not run.calm:
                run.oracle.full(kind)
                if kind == "disk_full":
                    raise DiskFullError("mdb_txn_commit: No space left on device")
                raise MapIsFullError("mdb_put: MDB_MAP_FULL")
            if self.poisoned is None and (death := self.struck("panic")) is not None:
                self.poisoned = death
                self._tell(death)
            if self.poisoned is not None:
                raise PoisonedError("mdb_txn_commit: MDB_PANIC")
        self.hit(where)

    def bug(self, kind: str, number: str) -> None:
        """Raise if the plan has such a bug in this number's actor now."""
        run = self._run
        run.alive()
        for pending in self._bugs:
            span = pending.what
            assert isinstance(span, Span)
            if pending.armed and span.kind == kind and span.number == number and span.holds(run.elapsed):
                run.oracle.look_again(number)  # what was just stored was not said yet
                run.oracle.meets(kind, number)
                run.counts["injected crashes"] += 1
                raise InjectedBug(kind)
