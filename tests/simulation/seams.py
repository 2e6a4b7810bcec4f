"""Where a run takes hold of the daemon: its log, its way out, and the few places that are patched while a run lasts.

A death raises `Dead` at a seam, and from then on every seam raises it again, so that no `finally` of the dying process
can have an effect on anything that outlives it: store, world, log, people.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock

import trio

import numtrustd.daemon
import numtrustd.store.store
from numtrustd import build
from numtrustd.actors import glance
from numtrustd.actors.messages import NumberMessage, Observed, RefusedError, TimerDue
from numtrustd.actors.number import NumberActor
from numtrustd.actors.outbox import Outbox
from numtrustd.actors.source import SourceActor
from numtrustd.clock import Clock, Random, VirtualClock
from numtrustd.daemon import Daemon
from numtrustd.domain.case import Action
from numtrustd.domain.observation import Instant
from numtrustd.events import Event, Level
from numtrustd.log import Log
from numtrustd.sim import telnyx
from numtrustd.sim.ground import Face
from numtrustd.sim.memory import SimFetcher
from numtrustd.sim.script import Weather
from numtrustd.sim.service import Answer, Call, Headers, Lost, Result, Service, Shut
from numtrustd.sim.shapes import GARBAGE
from numtrustd.sim.state import Arrive
from numtrustd.sim.traits import TRAITS
from numtrustd.sim.world import World
from numtrustd.store import records
from numtrustd.store.batch import Ops
from numtrustd.store.environment import Environment, Failpoint
from numtrustd.wire.exchange import Limits, Outcome, Request
from numtrustd.wire.route import Route
from tests.simulation import memory, thrift
from tests.simulation.plan import BATCH_LEAVES, BATCH_SOURCE, WORDS, Lie

if TYPE_CHECKING:
    from tests.simulation.run import Run


class SkippingClock(trio.abc.Clock):
    """trio's clock for a run: when nothing can happen before the next deadline, it is that time already.

    `MockClock` does the same, and takes an idle turn of the loop and some statistics for each jump.
    """

    def __init__(self, base: float) -> None:
        self._time = base
        self._idle = 0

    def start_clock(self) -> None:
        """There is nothing to start."""

    def current_time(self) -> float:
        return self._time

    def deadline_to_sleep_time(self, deadline: float) -> float:
        if deadline == math.inf:  # trio's own end is told by a socket
            self._idle += 1
            if self._idle > 10:
                raise RuntimeError("every task waits for another one: nothing will ever happen")
            return 1.0
        self._idle = 0
        self._time = max(self._time, deadline)
        return 0.0


class _NoSink:
    """Takes no lines: a run looks at events."""

    notice: Callable[[int], bytes | None] | None = None
    lost = 0

    def put(self, line: bytes) -> None: ...

    def start(self) -> None: ...

    def flush(self, timeout: float) -> bool:
        return True

    def stop(self, timeout: float) -> bool:
        return True


RECHECK = 29.0
"""Seconds after a step of the wall clock by which it has been read again."""


class WallClock(VirtualClock):
    """The daemon's wall clock. Production reads it again every half a minute at the latest: it may have been stepped;
    here nobody wakes up for that but within half a minute after a step, each at a moment of its own.
    """

    def __init__(self, origin: Instant, rng: Random) -> None:
        super().__init__(origin)
        self._rng = rng
        self._resting: dict[trio.CancelScope, None] = {}

    async def rest(self, seconds: float = math.inf, wake: trio.Event | None = None) -> None:
        """As it is in production, but for the reading that would find nothing new."""
        with trio.move_on_after(seconds) as scope:
            self._resting[scope] = None
            try:
                await (trio.Event() if wake is None else wake).wait()
            finally:
                del self._resting[scope]

    def shift(self, seconds: float) -> None:
        """Step the wall clock, which everybody who rests will have read before long."""
        super().shift(seconds)
        now = trio.current_time()
        for scope in self._resting:
            scope.deadline = min(scope.deadline, now + self._rng.uniform(0.0, RECHECK))


class SimLog(Log):
    """Hands every event to the run."""

    def __init__(self, clock: Clock, run: "Run") -> None:
        super().__init__(clock, _NoSink(), level=Level.DEBUG)
        self._run = run

    def emit(self, event: Event) -> None:
        self._run.alive()
        self._run.said(event)


class LyingWorld(World):
    """The simulated world, whose services show the contrary of what is so for as long as the plan says."""

    lies: tuple[Lie, ...] = ()

    def lying(self, service: str, now: Instant) -> bool:
        """Whether a service lies at this time."""
        since = now - self.state.origin
        return any(lie.service == service and lie.at <= since < lie.until for lie in self.lies)

    def face(self, platform: str, number: str, now: Instant) -> Face:
        shown = super().face(platform, number, now)
        if not self.lies or not self.lying(TRAITS[platform].service, now):
            return shown
        return Face(WORDS[platform][0], 7) if shown.words is None else Face()


class WatchedService(Service):
    """The simulated platforms, telling what they did to the latest request: `what` names the fault, if any."""

    call: Call | None = None
    what = ""
    _served = False

    def handle(self, method: str, target: str, headers: Headers, body: bytes, now: Instant) -> Result:
        self.call, self.what, self._served = None, "", False
        return super().handle(method, target, headers, body, now)

    def _weather(self, call: Call, now: Instant) -> Result | None:
        self.call = call
        window = self.world.weather(now, call.service, call.number)
        if window is not None:
            self.what = str(window.kind)
        return super()._weather(call, now)

    def _serve(self, call: Call, now: Instant, odd: Weather | None) -> Answer:
        self._served = True
        return super()._serve(call, now, odd)

    def _fate(self, call: Call, now: Instant) -> Result:
        result = super()._fate(call, now)
        match result:
            case Shut():
                self.what = "refuse"
            case Lost():
                self.what = "lost" if self._served else "late"
            case Answer(cut=True):
                self.what = "cut"
            case Answer(status=502):
                self.what = "error_after" if self._served else "error_before"
            case Answer(status=429):
                self.what = "limited"
            case Answer(body=body) if body == GARBAGE:
                self.what = "garbage"
            case Answer(delay=delay) if delay:
                self.what = "slow"
        return result

    def platforms(self, call: Call) -> tuple[str, ...]:
        """The platforms that a call is about."""
        return tuple(name for name, trait in TRAITS.items() if trait.service == call.service)

    def truth(self, call: Call, now: Instant) -> dict[str, str]:
        """What a look that was just answered ought to have read, per platform; `unknown` where it could not see."""
        found = {}
        for platform in self.platforms(call):
            window = self.world.weather(now, platform, call.number)
            of_line = window is not None and platform != call.service  # the aggregator's line of this platform
            if window is not None and of_line and window.kind is Weather.WRONG_CARD:
                hidden = self.what not in (
                    "",
                    "slow",
                    "maintenance",
                    "pending",
                )  # there is no such line: shown as it is
            else:
                hidden = window is not None or self.what not in ("", "slow")
            if call.number is None or hidden:
                found[platform] = "unknown"
                continue
            face = self.world.face(platform, call.number, now)
            found[platform] = "marked" if face.words is not None else "certified" if face.name else "clean"
        return found


class _Door(Service):
    """One line's door to the shared platforms: what passes it is no longer on its way."""

    def __init__(self, line: "Line", run: "Run") -> None:
        self.world = run.world
        self._line = line
        self._run = run

    def handle(self, method: str, target: str, headers: Headers, body: bytes, now: Instant) -> Result:
        self._run.alive()
        return self._run.arrived(self._line, method, target, headers, body)


class Line(SimFetcher):
    """One source's or channel's way out, with the failpoints of sending. `source` is empty for a channel."""

    def __init__(self, run: "Run", source: str, limits: Limits) -> None:
        super().__init__(run.world, run.clock, limits=limits)
        self.service = _Door(self, run)
        self.source = source
        self._run = run

    async def fetch(self, request: Request) -> Outcome:
        run = self._run
        run.alive()
        batch = self.source == BATCH_SOURCE
        run.mishaps.hit("pre_send", channel=not self.source, batch=batch)
        run.leaving(self, request)
        run.on_the_wire.append((self, request))
        if batch:
            run.agenda.moment(BATCH_LEAVES)
            run.mishaps.moment(BATCH_LEAVES)
        try:
            if not self.source:
                crawl, run.crawl = run.crawl, 0.0
                await run.clock.sleep(crawl)
            outcome = await super().fetch(request)
        finally:
            if not run.dead and (self, request) in run.on_the_wire:
                run.on_the_wire.remove((self, request))
        run.alive()
        run.mishaps.hit("post_send", channel=not self.source, batch=batch)
        run.came_back(self, outcome)
        return outcome

    async def aclose(self) -> None:
        """Nothing more goes out by it."""

    def target(self, request: Request) -> str:
        """The path under which the platforms know it."""
        return self._target(request)


class SimWay:
    """Makes the lines. `source` is whose line is made next."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self.source = ""

    def session(self, *, connections: int, limits: Limits, route: Route) -> Line:
        return Line(self._run, self.source, limits)


class SimDaemon(Daemon):
    """The daemon, telling for which source a line is made."""

    way: SimWay

    def _make_source(self, source: str) -> SourceActor:
        self.way.source = source
        try:
            return super()._make_source(source)
        finally:
            self.way.source = ""


def submission(call: Call | None) -> Arrive | None:
    """The submission that a call is, if it is one."""
    return call.submission if call is not None and isinstance(call.submission, Arrive) else None


def reference_of(request: Request) -> str:
    """The reference that a submission carries; empty for any other request."""
    if request.method != "POST" or "remediation" not in request.target:
        return ""
    return telnyx.reference(request.body.decode())


async def _inline(sync_fn: Callable[..., Any], *args: Any, **_: Any) -> Any:
    """Stands in for `trio.to_thread.run_sync`: threads are not deterministic."""
    await trio.lowlevel.checkpoint()
    return sync_fn(*args)


_DECODERS = {
    name: functools.lru_cache(maxsize=4_096)(getattr(records, name))
    for name in ("_number", "_case", "_task", "_action")
}
"""Daemon, oracle and people read the same few records all the time; those are frozen, so one of each will do."""


@contextlib.contextmanager
def taken_hold_of(run: "Run") -> Iterator[None]:
    """Everything patched that the harness needs, for the length of a run; mutants are patched in before."""
    handle, act, start = NumberActor._handle, NumberActor._act, NumberActor.run
    deliver, write = Outbox._deliver, Environment.write

    async def _handle(self: NumberActor, message: NumberMessage) -> None:
        run.alive()
        run.taking(self.number, message)
        run.mishaps.bug("bug_before", self.number)
        try:
            await handle(self, message)
        except RefusedError:  # an order that cannot be carried out is a step like any other
            run.taken(self.number)
            raise
        run.taken(self.number)

    def _act(self: NumberActor, made: Any, owned: Any, message: NumberMessage) -> None:
        if isinstance(message, Observed | TimerDue):
            run.mishaps.bug("bug_after", self.number)
        act(self, made, owned, message)

    async def _run(self: NumberActor) -> None:
        run.mishaps.bug("bug_start", self.number)
        await start(self)

    def _deliver(self: Outbox, action: Action, event: Any) -> None:
        run.alive()
        run.mishaps.hit("pre_deliver", channel=True)
        deliver(self, action, event)

    def _write(self: Environment, ops: Ops, failpoint: Failpoint | None = None) -> None:
        write(self, ops, failpoint)
        run.written(ops)

    with (
        thrift.in_force(),
        mock.patch.multiple(records, **_DECODERS),
        mock.patch.multiple(build, **memory.BOUND),
        mock.patch.object(glance, "extract", memory.extract),
        mock.patch.object(numtrustd.store.store, "READER_CHECK", math.inf),  # an hourly wake-up that finds nothing
        mock.patch.object(Environment, "write", _write),
        mock.patch.object(NumberActor, "_handle", _handle),
        mock.patch.object(NumberActor, "_act", _act),
        mock.patch.object(NumberActor, "run", _run),
        mock.patch.object(Outbox, "_deliver", _deliver),
        mock.patch.object(numtrustd.daemon, "load", side_effect=lambda path, environ: run.configuration()),
        mock.patch.object(trio.to_thread, "run_sync", _inline),
    ):
        yield
