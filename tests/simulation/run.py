"""One simulated run: the whole daemon on virtual time, killed and started again on the same store, in one process.

Real are trio, actors, workflow tables, store and extraction; simulated are the platforms, both clocks, process death,
and people. One seed gives one run: trio's scheduling is shuffled from the seed, and nothing here reads a real clock.
"""

import errno
import hashlib
import heapq
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import lmdb
import msgspec
import trio
from msgspec import Struct
from trio._core import _run as trio_internals

from numtrustd.actors.control import Control
from numtrustd.actors.messages import NumberMessage
from numtrustd.api import CONTROL, errors
from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import Daemon
from numtrustd.events import Event, payload, sentence
from numtrustd.settings import Loaded
from numtrustd.sim.ground import draw
from numtrustd.sim.script import Mood, Review
from numtrustd.sim.service import Result
from numtrustd.sim.traits import TRAITS
from numtrustd.sim.world import World
from numtrustd.start import BEHIND
from numtrustd.store import Store, Table
from numtrustd.store.batch import Ops
from numtrustd.store.errors import StoreClosed, StoreFatal
from numtrustd.varlink import interface
from numtrustd.varlink.interface import Call, CallError, Interface, Peer
from numtrustd.wire.exchange import Outcome, Request
from tests.simulation import config, seams
from tests.simulation.invariants import Oracle
from tests.simulation.people import Clerk, Operator
from tests.simulation.plan import (
    DAY,
    HOUR,
    ORIGIN,
    PAPERS,
    Calm,
    Death,
    Happening,
    Jump,
    Knobs,
    Order,
    Plan,
    Reload,
    SetFaults,
    Shortage,
    follows,
)
from tests.simulation.seams import Dead, InjectedBug, Line, SimDaemon, SimLog, SimWay, WallClock, WatchedService
from tests.virtual import fast_directory

AUDIT = 6 * HOUR
PEER = Peer(pid=4242, uid=1000, gid=100)
MAX_LIVES = 60


class DiskFullError(lmdb.DiskError):
    """What LMDB raises when the disk is full."""

    code = errno.ENOSPC


class MapIsFullError(lmdb.MapFullError):
    """What LMDB raises when the map is full."""

    code = -30792  # MDB_MAP_FULL


class PoisonedError(lmdb.PanicError):
    """What LMDB raises when it cannot be used any more."""

    code = -30795  # MDB_PANIC


class Violation(Struct, frozen=True):
    """A promise that did not hold: which, what was seen, and the true time since the run's beginning."""

    at: float
    invariant: str
    what: str

    def __str__(self) -> str:
        return f"day {self.at / DAY:.3f}: {self.invariant}: {self.what}"


class Played(Struct, frozen=True):
    """What came of a run. `met` counts (workflow state, kind of fault); `digest` is empty unless it was asked for."""

    seed: int
    violation: Violation | None
    digest: str
    lives: int
    counts: dict[str, int]
    met: dict[tuple[str, str], int]
    trace: list[str]


class DeathClock(trio.abc.Instrument):
    """Counts scheduler steps towards deaths that may come at any of them."""

    def __init__(self, run: "Run") -> None:
        self._run = run

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        run = self._run
        if run.dead or run.calm:
            trio.lowlevel.remove_instrument(self)
        elif run.scope is not None and (death := run.struck("step")) is not None:
            run.die(death)
            run.scope.cancel()


class Run:
    """One plan carried out. `true` is true time (UTC epoch seconds); the daemon's clock is `offset` ahead of it."""

    def __init__(self, plan: Plan, *, tracing: bool = False, digesting: bool = False) -> None:
        self.plan = plan
        self.tracing = tracing
        self.trace: list[str] = []
        self.hash = hashlib.sha256() if digesting else None
        self.counts: Counter[str] = Counter()
        self.knobs: Knobs = plan.knobs
        self.true = ORIGIN
        self.offset = 0.0
        self.last_jump = -1e18
        self._offsets = [(ORIGIN - 1.0, 0.0)]
        self.calm = False
        self.lives = 0
        self.refused_starts = 0
        self.dead = False
        self.violation: Violation | None = None
        self.scope: trio.CancelScope | None = None
        self.daemon: SimDaemon | None = None
        self.control: Interface | None = None
        self.store: Store | None = None
        self.world = World.create(
            seed=plan.seed, origin=ORIGIN, numbers=plan.knobs.numbers, story=plan.story, habits=plan.habits
        )
        self.service = WatchedService(self.world)
        self.agenda = [(ORIGIN + entry.at, n, entry.what) for n, entry in enumerate(plan.agenda) if not entry.after]
        heapq.heapify(self.agenda)
        self.triggers = [entry for entry in plan.agenda if entry.after]
        self.short_of: tuple[str, float] = ("", 0.0)
        self.nursery: trio.Nursery | None = None
        self.deaths: list[list[Any]] = [[death, 0, not death.after] for death in plan.deaths]
        self.bugs: list[list[Any]] = [[span, not span.after] for span in plan.bugs]
        self.poisoned: Death | None = None
        self.on_the_wire: list[tuple[Line, Request]] = []
        self.oracle = Oracle(self)
        self.clerk = Clerk(self)
        self.operator = Operator(self)

    # ------------------------------------------------------------------------------------------------------- times

    @property
    def now(self) -> float:
        """True time."""
        return self.clock.now() if self.alive_clock else self.true

    @property
    def elapsed(self) -> float:
        """True seconds since the run began."""
        return self.now - ORIGIN

    def true_time(self, wall: float) -> float:
        """When the daemon's wall clock last said this."""
        until = self.now
        for since, offset in reversed(self._offsets):
            if since <= wall - offset <= until:
                return wall - offset
            until = since
        return wall - self._offsets[0][1]

    def play(self) -> Played:
        """Carry the plan out, to its end or to the first broken promise."""
        self.alive_clock = False
        place = Path(tempfile.mkdtemp(dir=fast_directory(), prefix="simulation-"))
        end = ORIGIN + self.plan.length
        try:
            with seams.taken_hold_of(self):
                while self.true < end and self.violation is None and self.lives < MAX_LIVES:
                    self._live(place / "state", end, last=False)
                if self.violation is None:
                    self._live(place / "state", end + HOUR, last=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return Played(
            self.plan.seed,
            self.violation,
            self.hash.hexdigest() if self.hash is not None else "",
            self.lives,
            dict(self.counts),
            dict(self.oracle.met),
            self.trace,
        )

    # ------------------------------------------------------------------------------------------------- one process

    def _live(self, state: Path, end: float, *, last: bool) -> None:
        self.lives += 1
        rng = random.Random(f"{self.plan.seed}|life|{self.lives}")
        trio_internals._r.seed(f"{self.plan.seed}|scheduling|{self.lives}")
        clock = seams.SkippingClock(rng.uniform(10_000.0, 200_000.0))
        self.dead, self.scope, self.poisoned = False, None, None
        steps = not self.calm and any(death.where == "step" for death, _, _ in self.deaths)
        self.note(f"starts, life {self.lives}, wall clock {self.offset:+.0f} s")
        failure: BaseException | None = None
        try:
            trio.run(self._main, state, rng, end, last, clock=clock, instruments=[DeathClock(self)] if steps else [])
        except BaseException as error:  # noqa: BLE001 - sorted out below
            failure = error
        self.alive_clock, self.scope, self.nursery = False, None, None
        self.mark("scheduling", trio_internals._r.random())  # tells whether there were as many steps, of as many tasks
        if failure is not None and not self.dead:
            if isinstance(failure, KeyboardInterrupt):
                raise failure
            if self.poisoned is not None and _only(failure, StoreFatal):
                self.note("ends, since the store cannot be used any more")
                self.dead, self.pause = True, self.poisoned.pause
            else:
                self.broke("the daemon goes on", f"it ended by itself: {_leaves(failure)}")
        if self.dead:
            self._bury(state)

    async def _main(self, state: Path, rng: random.Random, end: float, last: bool) -> None:
        self.clock = VirtualClock(self.true)
        steps = [at - self.true + trio.current_time() + 29.0 for at, _, what in self.agenda if isinstance(what, Jump)]
        self.wall = WallClock(self.true + self.offset, steps)
        self._change_while_down()
        self.alive_clock = True
        died = None
        try:
            with (
                trio.CancelScope() as self.scope,
                Store.open(
                    state,
                    init=self.lives == 1,
                    map_size=1 << 24,
                    now=self.wall.now(),
                    inline=True,
                    failpoints=self._failpoint,
                ) as store,
            ):
                store.uuid = f"simulation-{self.plan.seed}"
                await self._work(store, rng, end, last)
        except BaseException as error:
            died = error
            raise
        finally:
            self.true = self.clock.now()
            if died is not None and not self.dead and self.violation is None:
                self.note(f"fell over: {_leaves(died)}")

    async def _work(self, store: Store, rng: random.Random, end: float, last: bool) -> None:
        accept = False
        if self.wall.now() < store.high_water - BEHIND:
            # As `start` does; somebody looks at it after a while.
            self.refused_starts += 1
            accept = self.refused_starts % 3 == 0 or self.calm
            if not accept:
                self.note("refuses to start: the wall clock is behind")
                self.counts["refused starts"] += 1
                await self.clock.sleep(HOUR)
                return
        self.store = store
        log = SimLog(self.wall, self)
        daemon = SimDaemon(
            config.configured(self.knobs), store, log, self.wall, Random(f"{rng.random()}"), {}, accept_clock=accept
        )
        self.daemon, daemon.way = daemon, SimWay(self)
        self.oracle.born(daemon, store)
        async with daemon.working(daemon.way):
            control = Control(
                daemon.house,
                daemon.roster,
                daemon.sources.actors,
                version="0.0.simulation",
                started_at=self.wall.now(),
                reload=daemon.reload,
            )
            with _describing_nothing():
                self.control = control.control_interface()
            async with trio.open_nursery() as self.nursery:
                nursery = self.nursery
                nursery.start_soon(self._direct)
                nursery.start_soon(self._audit)
                if not last:
                    nursery.start_soon(self.clerk.work)
                await self.clock.sleep_until(end)
                await self.oracle.at_the_end(daemon, store, last=last)
                nursery.cancel_scope.cancel()

    def _bury(self, state: Path) -> None:
        """After a death: what was on its way may arrive, a while passes, and the next life begins."""
        rng = draw(self.plan.seed, "burial", self.lives)
        for line, request in self.on_the_wire:
            if rng.random() < self.plan.late_delivery:
                self.note(f"{request.method} {request.target.split('?')[0]} arrives after the death of its sender")
                self.service.handle(request.method, line.target(request), request.headers, request.body, self.true)
        self.on_the_wire.clear()
        self.after_death(state)
        self.true += self.pause

    def after_death(self, state: Path) -> None:
        """What a death does to the disk: nothing, since what was committed is there. Mutants know better."""

    # ------------------------------------------------------------------------------------------------------- death

    def alive(self) -> None:
        """Every seam asks: nothing that a dead process does has an effect."""
        if self.dead:
            raise Dead

    def hit(self, where: str, *, channel: bool = False) -> None:
        """A failpoint is passed: the process dies here if a death is due."""
        self.alive()
        death = self.struck(where, channel=channel)
        if death is not None:
            self.die(death)
            raise Dead

    def struck(self, where: str, *, channel: bool = False) -> Death | None:
        """The death that comes at this hit of `where`, if one does."""
        elapsed = self.elapsed
        for entry in () if self.calm else self.deaths:
            death, hits, armed = entry
            if elapsed < death.at:
                break
            if not armed or death.where != where or (death.channel and not channel and where.endswith("send")):
                continue
            if hits < death.skip:
                entry[1] = hits + 1
                continue
            self.deaths.remove(entry)
            return death
        return None

    def die(self, death: Death) -> None:
        """From here on the process is dead."""
        self.true = self.clock.now()
        self.dead, self.pause = True, death.pause
        self._tell_death(death)
        if self.scope is not None:
            self.scope.cancel()

    def _tell_death(self, death: Death) -> None:
        self.counts["deaths"] += 1
        self.oracle.meets(f"die_{death.where}")
        if death.pause > 0.4 * HOUR:
            self.oracle.meets("long_pause")
        self.note(f"dies at {death.where}, for {death.pause:.1f} s")

    def _failpoint(self, where: str) -> None:
        self.alive()
        if where == "pre_commit":
            kind, until = self.short_of
            if self.now < until and not self.calm:
                self.oracle.full(kind)
                if kind == "disk_full":
                    raise DiskFullError("mdb_txn_commit: No space left on device")
                raise MapIsFullError("mdb_put: MDB_MAP_FULL")
            if self.poisoned is None and (death := self.struck("panic")) is not None:
                self.poisoned = death
                self._tell_death(death)
            if self.poisoned is not None:
                raise PoisonedError("mdb_txn_commit: MDB_PANIC")
        self.hit(where)

    def bug(self, kind: str, number: str) -> None:
        """Raise if the plan has such a bug in this number's actor now."""
        self.alive()
        for span, armed in self.bugs:
            if armed and span.kind == kind and span.number == number and span.holds(self.elapsed):
                self.oracle.meets(kind, number)
                self.counts["injected crashes"] += 1
                raise InjectedBug(kind)

    def broke(self, invariant: str, what: str) -> None:
        """A promise did not hold: remember the first one, and end the run."""
        if self.violation is not None:
            return
        self.violation = Violation(self.elapsed, invariant, what)
        self.note(f"BROKEN: {invariant}: {what}")
        self.dead, self.pause = True, 0.0
        if self.scope is not None:
            self.scope.cancel()

    # --------------------------------------------------------------------------------------------------- happenings

    def _change_while_down(self) -> None:
        """The configuration may have been changed while no daemon was there to reload it."""
        while self.agenda and self.agenda[0][0] <= self.true and isinstance(change := self.agenda[0][2], Reload):
            heapq.heappop(self.agenda)
            self._configure(change)

    async def _direct(self) -> None:
        """Make the agenda happen."""
        while self.agenda:
            await self.clock.sleep_until(self.agenda[0][0])
            self._happen(heapq.heappop(self.agenda)[2])

    def _trigger(self, event: Event) -> None:
        """Something happens right after this log line, if the plan says so."""
        elapsed = self.elapsed
        for entry in self.triggers:
            if elapsed < entry.at or self.calm:
                return
            if follows(entry.after, event) and self.nursery is not None:
                self.triggers.remove(entry)
                self._happen(entry.what, getattr(event, "case", "") or "")
                return

    def _happen(self, what: Happening, case: str = "") -> None:
        assert self.nursery is not None
        match what:
            case SetFaults(faults):
                self.note(f"{faults}")
                self.world.inject(faults, self.now)
            case Jump(by):
                self._jump(by)
            case Reload():
                self.nursery.start_soon(self._reload, what)
            case Order():
                self.nursery.start_soon(self.operator.order, what, case)
            case Shortage(kind, seconds):
                self.note(f"{kind} for {seconds:.0f} s")
                self.short_of = (kind, self.now + seconds)
            case Calm():
                self._calm(self.nursery)

    def _jump(self, by: float) -> None:
        self.offset += by
        self.last_jump = self.now
        self._offsets.append((self.now, self.offset))
        self.note(f"wall clock {by:+.0f} s")
        self.oracle.meets("clock_forward" if by > 0 else "clock_back")
        self.wall.shift(by)

    def _calm(self, nursery: trio.Nursery) -> None:
        self.calm = True
        self.note("calm from here on")
        for platform in TRAITS:
            self.world.inject(Review(platform, (Mood.APPROVE,), None, 0.2 * DAY, HOUR), self.now)
        self.knobs = msgspec.structs.replace(self.knobs, papers=PAPERS, numbers=self.plan.knobs.numbers, approval=False)
        nursery.start_soon(self._reload, Reload("reload"))
        nursery.start_soon(self.operator.set_right)

    def _configure(self, change: Reload) -> bool:
        """Change the settings file; whether it is one that can be used."""
        numbers = self.knobs.numbers
        match change.kind:
            case "number_removed":
                numbers = tuple(n for n in numbers if n != change.number)
                if not numbers:
                    return False
            case "number_added":
                numbers = tuple(n for n in self.plan.knobs.numbers if n in numbers or n == change.number)
        self.knobs = msgspec.structs.replace(self.knobs, numbers=numbers, **change.changes)
        self.oracle.meets(change.kind, change.number)
        self.note(f"{change.kind} {change.number} {change.changes or ''}")
        return True

    async def _reload(self, change: Reload) -> None:
        if self._configure(change):
            await self.reload()

    async def reload(self) -> None:
        """Let the daemon read its configuration again."""
        try:
            await self.ask("Reload")
        except CallError as error:
            self.broke("a reload is whole", str(error))

    def configuration(self) -> Loaded:
        """What the settings file says now."""
        return config.configured(self.knobs)

    async def _audit(self) -> None:
        while True:
            await self.clock.sleep(AUDIT)
            self.oracle.audit()

    # ------------------------------------------------------------------------------------------- what the seams tell

    def said(self, event: Event) -> None:
        """The daemon logged an event."""
        self.counts[event.action] += 1
        self._arm(event)
        self._write(event.action, event)
        self.oracle.said(event)
        if self.triggers and self.nursery is not None:
            self._trigger(event)

    def _arm(self, event: Event) -> None:
        """Let begin what waits for this moment."""
        elapsed = self.elapsed
        for death in self.deaths:
            if death[0].after and elapsed >= death[0].at and follows(death[0].after, event):
                death[2] = True
        for bug in self.bugs:
            span, armed = bug
            if not armed and span.holds(elapsed) and event_number(event) == span.number and follows(span.after, event):
                bug[1] = True

    def taking(self, number: str, message: NumberMessage) -> None:
        """A number's actor begins a step."""
        self.mark("message", number, type(message).__name__)
        self.oracle.taking(number, message)

    def written(self, ops: Ops) -> None:
        """A transaction is on disk."""
        if self.hash is not None:
            self.mark("written", *((t, k, v) for (t, k), v in sorted(ops.items()) if t is not Table.META))

    def taken(self, number: str, message: NumberMessage) -> None:
        """A number's actor has done a step."""
        self.oracle.taken(number, message)

    def leaving(self, line: Line, request: Request) -> None:
        """A request is about to leave."""
        self.mark("request", line.source, request.method, line.target(request), request.headers, request.body)
        self.oracle.leaving(line, request)

    def came_back(self, line: Line, outcome: Outcome) -> None:
        """A request came to an end."""
        self.oracle.came_back(line, outcome)

    def arrived(self, line: Line, method: str, target: str, headers: Any, body: bytes) -> Result:
        """A request reaches the platforms."""
        for n, (sender, request) in enumerate(self.on_the_wire):
            if sender is line and line.target(request) == target and request.body == body:
                self.oracle.arriving(line, request)
                del self.on_the_wire[n]
                break
        result = self.service.handle(method, target, headers, body, self.now)
        self.mark("answer", result)
        self.oracle.answered(line, result)
        return result

    async def ask(self, method: str, **params: Any) -> Any:
        """Call a method of the control socket as a client would. Raises `CallError` for a refusal."""
        self.alive()
        assert self.control is not None
        found = self.control.methods[method]
        asked = msgspec.json.decode(msgspec.json.encode(params), type=found.params)
        try:
            result = await found.handler(asked, Call(f"{CONTROL.name}.{method}", PEER))  # type: ignore[misc]  # no stream
        except CallError:
            self.alive()
            raise
        except Exception as error:
            self.alive()
            if isinstance(error, InjectedBug):
                raise CallError(errors.InternalError("InjectedBug")) from error
            if self.poisoned is not None and isinstance(error, StoreFatal | StoreClosed):
                raise CallError(errors.NotReady("the daemon is stopping")) from error
            self.broke("only planted bugs crash", f"{method} {params} raised {_leaves(error)}")
            raise Dead from error
        self.alive()
        return result

    # -------------------------------------------------------------------------------------------------------- trace

    def mark(self, *what: object) -> None:
        """Put something into the digest that is not worth a line to people."""
        if self.hash is not None:
            self.hash.update(repr((self.elapsed, *what)).encode())

    def note(self, text: str) -> None:
        """One line of the harness in the trace."""
        self._write("-----", text)

    def _write(self, action: str, what: Event | str) -> None:
        if self.hash is not None:
            self.mark(action, what if isinstance(what, str) else msgspec.json.encode(payload(what)))
        if self.tracing:
            at = self.elapsed
            text = what if isinstance(what, str) else sentence(what)
            self.trace.append(f"{at / DAY:9.5f}  {action:<22} {text}")


def _describing_nothing() -> "mock._patch[Callable[..., str]]":
    """The text of an interface in Varlink's definition language takes six milliseconds, and nobody asks for it here."""
    return mock.patch.object(interface, "describe", return_value="")


def event_number(event: Event) -> str:
    """The number that a log line is about, if it is about one."""
    return getattr(event, "number", None) or ""


def _only(error: BaseException, kind: type[Exception]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_only(inner, kind) for inner in error.exceptions)
    return isinstance(error, kind)


def _leaves(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_leaves(inner) for inner in error.exceptions)
    place = ""
    tb = error.__traceback__
    while tb is not None:
        if tb.tb_next is None:
            place = f" at {Path(tb.tb_frame.f_code.co_filename).name}:{tb.tb_lineno}"
        tb = tb.tb_next
    return f"{type(error).__name__}: {error}{place}"


__all__ = ["Daemon", "Run"]
