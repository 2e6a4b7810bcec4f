"""One simulated run: the whole daemon on virtual time, killed and started again on the same store, in one process.

Real are trio, actors, workflow tables, store and extraction; simulated are the platforms, both clocks, process death,
and people. One seed gives one run: trio's scheduling is shuffled from the seed, and nothing here reads a real clock.
"""

import hashlib
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import trio
from msgspec import Struct
from trio._core import _run as trio_internals

from numtrustd.actors.control.desk import Control
from numtrustd.actors.messages import NumberMessage
from numtrustd.api import CONTROL, errors
from numtrustd.clock import Random, VirtualClock
from numtrustd.events import Event, payload, sentence
from numtrustd.settings import Loaded
from numtrustd.sim.ground import draw
from numtrustd.sim.service import Result
from numtrustd.start import BEHIND
from numtrustd.store import Store, Table
from numtrustd.store.batch import Ops
from numtrustd.store.errors import StoreFatal
from numtrustd.varlink import interface
from numtrustd.varlink.interface import Call, CallError, Interface, Peer
from numtrustd.wire.exchange import Outcome, Request
from tests.simulation import config, seams
from tests.simulation.agenda import Agenda
from tests.simulation.batches import MoodyBatches
from tests.simulation.desks import Desks
from tests.simulation.invariants import Oracle
from tests.simulation.mishaps import Dead, InjectedBug, Mishaps
from tests.simulation.owner import Owner
from tests.simulation.people import Clerk, Operator
from tests.simulation.plan import DAY, HOUR, ORIGIN, Knobs, Plan
from tests.simulation.promises import Promise
from tests.simulation.restore import Backups
from tests.simulation.seams import Line, SimDaemon, SimLog, SimWay, WallClock, WatchedService
from tests.simulation.tour import Guide
from tests.virtual import fast_directory

AUDIT = 8 * HOUR
PEER = Peer(pid=4242, uid=1000, gid=100)
MAX_LIVES = 90


class Violation(Struct, frozen=True):
    """A promise that did not hold: which, what was seen, and the true time since the run's beginning."""

    at: float
    promise: Promise
    what: str

    def __str__(self) -> str:
        return f"day {self.at / DAY:.3f}: {self.promise}: {self.what}"


class Played(Struct, frozen=True):
    """What came of a run. `met` counts (workflow state, kind of fault); `digest` is empty unless it was asked for."""

    seed: int
    violation: Violation | None
    digest: str
    lives: int
    counts: dict[str, int]
    met: dict[tuple[str, str], int]
    trace: list[str]


class Run:
    """One plan carried out. `true` is true time (UTC epoch seconds); the daemon's clock is `offset` ahead of it.

    `shuffle` is what the scheduling is shuffled from, which is the plan's seed unless it is said otherwise. `crawl` are
    seconds that the next submission is on its way.
    """

    def __init__(
        self, plan: Plan, *, tracing: bool = False, digesting: bool = False, shuffle: int | None = None
    ) -> None:
        self.plan = plan
        self.shuffle = plan.seed if shuffle is None else shuffle
        self.tracing = tracing
        self.trace: list[str] = []
        self.hash = hashlib.sha256() if digesting else None
        self.counts: Counter[str] = Counter()
        self.knobs: Knobs = plan.knobs
        self.true = ORIGIN
        self.offset = 0.0
        self.last_jump = -1e18
        self._offsets = [(ORIGIN - 1.0, 0.0)]
        self._clock_runs = False
        self.calm = False
        self.crawl = 0.0
        self.lives = 0
        self.refused_starts = 0
        self.dead, self.pause, self.died_at = False, 0.0, -1e18
        self.violation: Violation | None = None
        self.scope: trio.CancelScope | None = None
        self.daemon: SimDaemon | None = None
        self.control: Interface | None = None
        self.store: Store | None = None
        world = seams.LyingWorld.create(
            seed=plan.seed, origin=ORIGIN, numbers=plan.knobs.numbers, story=plan.story, habits=plan.habits
        )
        assert isinstance(world, seams.LyingWorld)
        self.world, world.lies = world, plan.lies
        self.service = WatchedService(self.world)
        self.service.batches = MoodyBatches(self)
        self.on_the_wire: list[tuple[Line, Request]] = []
        self.desks = Desks(self)
        self.agenda = Agenda(self)
        self.mishaps = Mishaps(self)
        self.oracle = Oracle(self)
        self.clerk = Clerk(self)
        self.operator = Operator(self)
        self.owner = Owner(self)
        self.guide = Guide(self)
        self.backups = Backups(self)

    # ------------------------------------------------------------------------------------------------------- times

    @property
    def now(self) -> float:
        """True time."""
        return self.clock.now() if self._clock_runs else self.true

    @property
    def elapsed(self) -> float:
        """True seconds since the run began."""
        return self.now - ORIGIN

    @property
    def earliest(self) -> float:
        """The earliest time that the daemon's wall clock has said."""
        return min(since + offset for since, offset in self._offsets)

    def true_time(self, wall: float) -> float:
        """When the daemon's wall clock last said this."""
        until = self.now
        for since, offset in reversed(self._offsets):
            if since - 0.001 <= wall - offset <= until + 0.001:
                return wall - offset
            until = since
        return wall - self._offsets[0][1]

    def jump(self, by: float) -> None:
        """Step the daemon's wall clock."""
        self.offset += by
        self.last_jump = self.now
        self._offsets.append((self.now, self.offset))
        self.note(f"wall clock {by:+.0f} s")
        self.wall.shift(by)

    # ------------------------------------------------------------------------------------------------- one process

    def play(self) -> Played:
        """Carry the plan out, to its end or to the first broken promise."""
        self.place = place = Path(tempfile.mkdtemp(dir=fast_directory(), prefix="simulation-"))
        end = ORIGIN + self.plan.length
        try:
            with seams.taken_hold_of(self):
                while self.true < end and self.violation is None and self.lives < MAX_LIVES:
                    self._live(place / "state", end, last=False)
                if self.true < end:
                    self.broke(Promise.NOTHING_STUCK, f"{self.lives} lives, and no end of it")
                if self.violation is None:
                    self._live(place / "state", end + HOUR, last=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        digest = self.hash.hexdigest() if self.hash is not None else ""
        met = dict(self.oracle.met)
        return Played(self.plan.seed, self.violation, digest, self.lives, dict(self.counts), met, self.trace)

    def _live(self, state: Path, end: float, *, last: bool) -> None:
        self.lives += 1
        rng = random.Random(f"{self.plan.seed}|life|{self.lives}")
        trio_internals._r.seed(f"{self.shuffle}|scheduling|{self.lives}")
        clock = seams.SkippingClock(rng.uniform(10_000.0, 200_000.0))
        self.dead, self.scope, self.mishaps.poisoned = False, None, None
        self.note(f"starts, life {self.lives}, wall clock {self.offset:+.0f} s")
        failure: BaseException | None = None
        try:
            trio.run(self._main, state, rng, end, last, clock=clock, instruments=self.mishaps.instruments())
        except BaseException as error:  # noqa: BLE001 - sorted out below
            failure = error
        self._clock_runs, self.scope = False, None
        self.agenda.stop()
        self.mark("scheduling", trio_internals._r.random())  # tells whether there were as many steps, of as many tasks
        if failure is not None and not self.dead:
            self._fell_over(failure)
        if self.dead:
            self._bury(state)

    def _fell_over(self, failure: BaseException) -> None:
        """The daemon ended by itself, which only one thing is a reason for."""
        if isinstance(failure, KeyboardInterrupt):
            raise failure
        if self.mishaps.poisoned is not None and _only(failure, StoreFatal):
            self.note("ends, since the store cannot be used any more")
            self.dead, self.pause = True, self.mishaps.poisoned.pause
        else:
            self.broke(Promise.GOES_ON, f"it ended by itself: {_leaves(failure)}")

    async def _main(self, state: Path, rng: random.Random, end: float, last: bool) -> None:
        self.clock = VirtualClock(self.true)
        self.wall = WallClock(self.true + self.offset, draw(self.plan.seed, "readings of the clock", self.lives))
        self.agenda.change_while_down()
        self._clock_runs = True
        try:
            with (
                trio.CancelScope() as self.scope,
                Store.open(
                    state,
                    init=self.lives == 1,
                    map_size=1 << 24,
                    now=self.wall.now(),
                    inline=True,
                    failpoints=self.mishaps.failpoint,
                ) as store,
            ):
                store.uuid = f"simulation-{self.plan.seed}"
                await self._work(store, rng, end, last)
        finally:
            self.true = self.clock.now()

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
            async with trio.open_nursery() as nursery:
                self.agenda.begin(nursery, last=last)
                nursery.start_soon(self._audit)
                if not last:
                    nursery.start_soon(self.clerk.work)
                await self.clock.sleep_until(end)
                await self.oracle.ending.check(daemon, store, last=last)
                nursery.cancel_scope.cancel()

    async def _audit(self) -> None:
        while True:
            await self.clock.sleep(AUDIT)
            self.oracle.audit()

    def _bury(self, state: Path) -> None:
        """After a death: what was on its way may arrive, a while passes, and the next life begins."""
        rng = draw(self.plan.seed, "burial", self.lives)
        for line, request in self.on_the_wire:
            if rng.random() < self.plan.late_delivery:
                self.note(f"{request.method} {request.target.split('?')[0]} arrives after the death of its sender")
                self.service.handle(request.method, line.target(request), request.headers, request.body, self.true)
        self.on_the_wire.clear()
        self.oracle.batches.taken_in()
        self.after_death(state)
        self.died_at, up = self.true, self.true + self.pause
        if self.backups.due:  # which takes longer than any source's interval
            self.backups.put_back(self.copy, state)
            self.true = up
        else:  # In calm times it is up again, or nothing could be seen of them.
            self.true = max(self.true, min(up, ORIGIN + self.plan.calm))

    async def back_up(self) -> None:
        """Somebody makes a backup."""
        await self.backups.make(self.copy)

    @property
    def copy(self) -> Path:
        """Where the last backup lies."""
        return self.place / "copy"

    def after_death(self, state: Path) -> None:
        """What a death does to the disk: nothing, since what was committed is there. Mutants know better."""

    def alive(self) -> None:
        """Every seam asks: nothing that a dead process does has an effect."""
        if self.dead:
            raise Dead

    def broke(self, promise: Promise, what: str) -> None:
        """A promise did not hold: remember the first one, and end the run."""
        if self.violation is not None:
            return
        self.violation = Violation(self.elapsed, promise, what)
        self.note(f"BROKEN: {promise}: {what}")
        self.dead, self.pause = True, 0.0
        if self.scope is not None:
            self.scope.cancel()

    def configuration(self) -> Loaded:
        """What the settings file says now."""
        return config.configured(self.knobs)

    # ------------------------------------------------------------------------------------------- what the seams tell

    def said(self, event: Event) -> None:
        """The daemon logged an event."""
        self.counts[event.action] += 1
        self._write(event.action, event)
        self.mishaps.said(event)
        self.oracle.said(event)
        self.agenda.said(event)

    def taking(self, number: str, message: NumberMessage) -> None:
        """A number's actor begins a step."""
        self.mark("message", number, type(message).__name__)
        self.oracle.taking(number, message)

    def taken(self, number: str) -> None:
        """A number's actor has done a step."""
        self.oracle.taken(number)

    def written(self, ops: Ops) -> None:
        """A transaction is on disk."""
        self.oracle.batches.written(ops)
        if self.hash is not None:
            self.mark("written", *((t, k, v) for (t, k), v in sorted(ops.items()) if t is not Table.META))

    def leaving(self, line: Line, request: Request) -> None:
        """A request is about to leave."""
        self.mark("request", line.source, request.method, line.target(request), request.headers, request.body)
        self.oracle.traffic.leaving(line, request)

    def came_back(self, line: Line, outcome: Outcome) -> None:
        """A request came to an end."""
        self.oracle.traffic.came_back(line, outcome)

    def arrived(self, line: Line, method: str, target: str, headers: Any, body: bytes) -> Result:
        """A request reaches the platforms."""
        for n, (sender, request) in enumerate(self.on_the_wire):
            if sender is line and line.target(request) == target and request.body == body:
                self.oracle.traffic.arriving(request)
                del self.on_the_wire[n]
                break
        result = self.service.handle(method, target, headers, body, self.now)
        self.mark("answer", result)
        self.oracle.traffic.answered(line, result)
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
            if self.mishaps.poisoned is not None:  # everything ends, in no order
                raise CallError(errors.NotReady("the daemon is stopping")) from error
            self.broke(Promise.NO_CRASH, f"{method} {params} raised {_leaves(error)}")
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
            text = what if isinstance(what, str) else sentence(what)
            self.trace.append(f"{self.elapsed / DAY:9.5f}  {action:<22} {text}")


def _describing_nothing() -> "mock._patch[Callable[..., str]]":
    """The text of an interface in Varlink's definition language takes six milliseconds, and nobody asks for it here."""
    return mock.patch.object(interface, "describe", return_value="")


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
