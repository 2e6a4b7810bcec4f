"""The composition root: builds every part, starts them in order, stops them in reverse, and answers signals.

Services nest (store outermost, control sockets innermost), so each is there before and after all that use it. A crash
of a service ends the process: the state is on disk, a restart is cheap, and half a daemon is worse than none.
"""

import contextlib
import gc
import os
import signal
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Protocol

import trio

from numtrustd import __version__, build, sockets
from numtrustd.actors.batch import BatchActor
from numtrustd.actors.board import Board
from numtrustd.actors.context import Context
from numtrustd.actors.control.desk import Control
from numtrustd.actors.control.views import RESTING_NAMED
from numtrustd.actors.glance import CommandGlance, HttpGlance
from numtrustd.actors.hands import Hands
from numtrustd.actors.house import House
from numtrustd.actors.inspector import Inspector
from numtrustd.actors.mender import Mender
from numtrustd.actors.messages import ReloadRejectedError
from numtrustd.actors.outbox import Outbox, Way
from numtrustd.actors.papers import Papers
from numtrustd.actors.roster import Roster
from numtrustd.actors.silences import Silences
from numtrustd.actors.source import SourceActor
from numtrustd.actors.sources import Sources
from numtrustd.actors.timers import Timers
from numtrustd.actors.upkeep import Upkeep
from numtrustd.api import when
from numtrustd.api.control import ReloadResult
from numtrustd.build import Difference
from numtrustd.channels.spec import HttpChannel
from numtrustd.clock import Clock, Random
from numtrustd.domain.case import number_of
from numtrustd.domain.owned import Owned
from numtrustd.events import (
    ConfigDoubted,
    ConfigLoaded,
    ConfigRejected,
    ConfigReloaded,
    DaemonReady,
    DaemonStarted,
    DaemonStopping,
    NumberCasesRest,
    NumberRemoved,
    StoreDamaged,
    StoreFull,
    StoreMigrated,
    StoreRecovered,
    StoreRestored,
)
from numtrustd.http import Http
from numtrustd.log import Log
from numtrustd.notify import Notifier, watchdog_interval
from numtrustd.pulse import Pulse
from numtrustd.settings import Loaded, Problem, load
from numtrustd.store import Batch, Store, Trouble, records
from numtrustd.wire.exchange import Fetcher, Limits
from numtrustd.wire.route import Route

GC_THRESHOLDS = (50_000, 50, 100)
"""With 100 000 actors the default thresholds pause the loop for half a second at a time."""

LOADING = 300.0
"""Real seconds that reading the configuration again may take: a file server may hang."""


Run = Callable[..., Awaitable[None]]


@contextlib.asynccontextmanager
async def running(run: Run, *args: Any) -> AsyncIterator[None]:
    """A service for the length of the block: started before it, cancelled and awaited after it."""
    async with trio.open_nursery() as nursery:
        await nursery.start(run, *args)
        yield
        nursery.cancel_scope.cancel()


class WayOut(Protocol):
    """What makes fetchers: `http.Http` over real sockets, the simulator in memory."""

    def session(self, *, connections: int, limits: Limits, route: Route) -> Fetcher: ...


class Daemon:
    """One daemon. `run` returns when it was told to stop."""

    def __init__(
        self,
        loaded: Loaded,
        store: Store,
        log: Log,
        clock: Clock,
        random: Random,
        environ: MutableMapping[str, str],
        *,
        accept_clock: bool = False,
    ) -> None:
        self._loaded = loaded
        self._store = store
        self._log = log
        self._clock = clock
        self._random = random
        self._environ = environ
        self._accept_clock = accept_clock
        self._notifier = Notifier(environ)
        self._started = clock.monotonic()
        self._ways: dict[str, Way] = {}
        self._way_out: WayOut | None = None
        self.house = house = House(store, log, clock, build.context(loaded, store.uuid), Board())
        self.timers = house.timers = Timers(house, random)
        self.outbox = house.outbox = Outbox(house, self._ways.get, random)
        self.roster = Roster(house, random)
        self.mender = Mender(house, self.roster.refresh)
        self.upkeep = house.upkeep = Upkeep(house, self.roster.refresh)
        self.hands = house.hands = Hands(house)
        self.inspector = Inspector(house, self.hands.replan)
        self.silences = Silences(house)
        self.papers = house.papers = Papers(house, self.roster.refresh)
        self.sources = Sources(house, random, self._make_source)
        self.pulse = Pulse(
            house,
            self.roster,
            self.sources,
            self.timers,
            self._notifier,
            heartbeat=loaded.settings.daemon.heartbeat,
            watchdog=watchdog_interval(environ),
            tasks=lambda: house.board.tasks_open,
        )
        self._reloading = trio.Lock()
        self._loading = trio.CapacityLimiter(1)  # however often it hangs, one thread hangs

    async def run(self) -> None:
        """Everything, until a signal asks to stop."""
        self._say_started()
        # Starting builds hundreds of thousands of lasting objects; collecting in between only walks them again.
        gc.disable()
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1) as signals:
            async with (
                Http(ca_file=self._loaded.ca_file) as http,
                self.working(http),
                running(self.papers.run),
                running(self._run_control),
                running(self.pulse.run),
            ):
                gc.collect()
                gc.freeze()
                gc.enable()
                gc.set_threshold(*GC_THRESHOLDS)
                seconds = self._clock.monotonic() - self._started
                self._log.emit(DaemonReady(numbers=len(self.roster), startup_seconds=seconds))
                self._notifier.ready(self.pulse.line())
                await self._serve_signals(signals)
                self._notifier.stopping()

    @contextlib.asynccontextmanager
    async def working(self, way_out: WayOut) -> AsyncIterator[None]:
        """All that watches and acts, for the length of the block: store, sources, numbers, outbox, timers. No signals,
        no sockets of its own, so that it runs the same on virtual time."""
        self._log.redact(build.private(self._loaded))
        self._way_out = way_out
        self._ways.update({p: self._make_way(self._loaded, p) for p in build.bound_channels(self._loaded)})
        async with running(self._run_store):
            self._say_store()
            if self._accept_clock:
                await self._store.reset_high_water(self._clock.now())
            if self._store.restored_from is not None:
                # Kept per case: a number that is parked or gone now may come back in months, and is as unsure then.
                marks = Batch()
                for case in records.all_cases(self._store):
                    if case.open:
                        records.put_unsure(marks, case.id)
                await self._store.acknowledge_restore(marks, self._clock.now())
            self.house.load()
            self._say_resting()
            self.timers.load()
            self.outbox.load()
            self.papers.load()
            async with (
                running(self.mender.run),
                running(self.sources.run),
                running(self.roster.run),
                running(self.outbox.run),
                running(self.timers.run),
                running(self.upkeep.run),
                running(self.silences.run),
                running(self.hands.run),
                running(self.inspector.run),
            ):
                yield
            await self._store.flush()

    async def _serve_signals(self, signals: AsyncIterable[int]) -> None:
        """Until one says to stop, also amidst a reload: that is given up, and what runs is stopped as it is."""
        # Room for one: whoever asks while another still waits its turn is served by that one.
        ask, asked = trio.open_memory_channel[None](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._reload_whenever, asked)
            async for number in signals:
                match number:
                    case signal.SIGHUP:
                        with contextlib.suppress(trio.WouldBlock):
                            ask.send_nowait(None)
                    case signal.SIGUSR1:
                        self._log.emit(await self.pulse.dump())
                    case _:
                        self._log.emit(DaemonStopping(signal=signal.Signals(number).name))
                        nursery.cancel_scope.cancel()
                        return

    async def _reload_whenever(self, asked: trio.MemoryReceiveChannel[None]) -> None:
        async for _ in asked:
            self._notifier.reloading(self._clock.monotonic())
            with contextlib.suppress(ReloadRejectedError):  # said in the log, and nothing changed
                await self.reload()
            self._notifier.ready(self.pulse.line())

    # ------------------------------------------------------------------------------------------------------- parts

    async def _run_store(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        since = 0.0

        def trouble(what: Trouble) -> None:
            nonlocal since
            since = self._clock.monotonic()
            stats = self._store.stats()
            self._log.emit(StoreFull(reason=str(what), used_bytes=stats.used, limit_bytes=stats.max_map_size))

        def recovered() -> None:
            self._log.emit(StoreRecovered(down_seconds=self._clock.monotonic() - since))

        await self._store.run(on_trouble=trouble, on_recovered=recovered, task_status=task_status)

    async def _run_control(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        control = Control(
            self.house,
            self.roster,
            self.sources.actors,
            version=__version__,
            started_at=self._clock.now(),
            reload=self.reload,
            silences=self.silences,
            stalled=self.pulse.held_up,
        )
        interfaces = control.status_interface(), control.control_interface()
        await sockets.serve(
            self._loaded, self._environ, interfaces, control.on_error, control.on_drop, task_status=task_status
        )

    def _make_source(self, source: str) -> SourceActor:
        spec, house, random = self.house.context.sources[source], self.house, self._random
        if spec.command is not None:
            return SourceActor(spec, CommandGlance(spec, build.program(self._loaded, source), house), house, random)
        assert self._way_out is not None
        session = self._way_out.session(
            connections=spec.concurrency, limits=spec.limits, route=self._loaded.source_route(source)
        )
        if spec.batch is not None:
            templates = build.batch_templates(self._loaded, source)
            return BatchActor(spec, templates, session, self.house, self._random)
        template = build.look_template(self._loaded, source)
        return SourceActor(spec, HttpGlance(spec, template, session, house, random), house, random)

    def _make_way(self, loaded: Loaded, platform: str) -> Way:
        assert self._way_out is not None
        channel = loaded.channels[platform]
        assert isinstance(channel, HttpChannel)
        session = self._way_out.session(connections=1, limits=channel.limits, route=loaded.channel_route(platform))
        return Way(channel, build.call_templates(loaded, platform, channel), session)

    # ------------------------------------------------------------------------------------------------------ reload

    async def reload(self, *, give_up: bool = False) -> ReloadResult:
        """Read the configuration again and apply it as a diff. Raises `ReloadRejectedError` and changes nothing.

        Numbers with open cases leave only if `give_up`: a list that was cut short is no reason to end an appeal.
        """
        async with self._reloading:
            read = await self._load()
            if not isinstance(read, list) and not give_up:
                read = build.cut_short(*read, self.house.board.cases) or read
            if isinstance(read, list):
                problems = tuple(str(p) for p in read)
                self._log.emit(ConfigRejected(config=str(self._loaded.path), count=len(problems), problems=problems))
                self.pulse.refused = True
                self._notifier.status(self.pulse.line())  # `systemctl reload` itself only points there
                raise ReloadRejectedError(problems)
            return await self._apply(*read)

    async def _load(self) -> tuple[Loaded, Difference] | list[Problem]:
        # In a thread: a hundred thousand rows take seconds to read and a good part of one to compare, and the loop must
        # go on meanwhile. It only reads, so nothing is lost when nobody waits for it any more.
        path, known = self._loaded.path, self.house.context.numbers
        with trio.move_on_after(LOADING):
            return await trio.to_thread.run_sync(
                _read, path, dict(self._environ), known, abandon_on_cancel=True, limiter=self._loading
            )
        what = f"the configuration was not read within {LOADING:g} s"
        return [
            Problem(str(path), 1, "", what, "see whether the disk of a file that it names hangs, then reload again")
        ]

    async def _apply(self, loaded: Loaded, numbers: Difference) -> ReloadResult:
        old, house = self.house.context, self.house
        built = build.context(loaded, self._store.uuid)
        new = self.papers.judged(built)
        # By what their requests carry too: a secret that was rotated makes another source of it.
        sources = build.difference(build.bound_sources(self._loaded), build.bound_sources(loaded))
        channels = build.difference(build.bound_channels(self._loaded), build.bound_channels(loaded))
        platforms = build.difference(old.platforms, new.platforms)
        everyone = _policies(old) != _policies(new) or bool(platforms.changed)
        self._log.redact(build.private(loaded))
        await self.roster.retire(numbers.removed)
        # Judged anew: a paper may have been put on file, or taken back, while those that go were waited for.
        new = self.papers.judged(built)
        self._loaded, house.context = loaded, new
        retired = [self._ways.pop(platform).fetcher for platform in (*channels.removed, *channels.changed)]
        self._ways.update({p: self._make_way(loaded, p) for p in (*channels.added, *channels.changed)})
        self.sources.apply(sources.added, sources.removed, sources.changed)
        for fetcher in retired:
            await fetcher.aclose()  # what is under way ends; nothing new goes out by it
        changed = numbers.changed
        if everyone or sources.added or sources.removed or sources.changed:
            fresh = set(numbers.added)
            changed = tuple(n for n in new.numbers if n not in fresh)
        await self.roster.apply(numbers.added, numbers.removed, changed)
        if not self.house.board.resting.keys().isdisjoint(numbers.removed):
            self._warn_of_resting()
        self.hands.replan()
        self.upkeep.replan()
        self.papers.poke()
        self._log.emit(
            ConfigReloaded(
                config=str(loaded.path),
                added=len(numbers.added),
                removed=len(numbers.removed),
                changed=len(numbers.changed),
                unchanged=numbers.unchanged,
            )
        )
        self._say_doubts()
        self.pulse.refused = False
        self._notifier.status(self.pulse.line())
        return ReloadResult(
            now=when(self._clock.now()),
            numbers_added=len(numbers.added),
            numbers_removed=len(numbers.removed),
            numbers_changed=len(numbers.changed),
            platforms_changed=(*platforms.added, *platforms.removed, *platforms.changed),
            sources_changed=(*sources.added, *sources.removed, *sources.changed),
            warnings=tuple(str(w) for w in loaded.warnings),
        )

    # --------------------------------------------------------------------------------------------------- first words

    def _say_resting(self) -> None:
        """Numbers that left the configuration while nobody was there, with their cases."""
        resting: dict[str, list[str]] = {}
        for _, case, _ in records.all_timers(self._store):
            if (number := number_of(case)) not in self.house.context.numbers:
                resting.setdefault(number, []).append(case)
        for number, cases in sorted(resting.items()):
            self.house.board.resting[number] = tuple(cases)
            why = f"no longer configured; its open cases rest until it is again: {len(cases)}"
            self._log.emit(NumberRemoved(number=number, why=why))
        self._warn_of_resting()

    def _warn_of_resting(self) -> None:
        if resting := self.house.board.resting:
            count = sum(map(len, resting.values()))
            self._log.emit(NumberCasesRest(open_cases=count, resting=tuple(sorted(resting)[:RESTING_NAMED])))

    def _say_started(self) -> None:
        loaded = self._loaded
        self._log.emit(
            DaemonStarted(
                pid=os.getpid(),
                state_dir=str(loaded.state_dir),
                config=str(loaded.path),
                numbers=len(loaded.numbers),
                platforms=len(loaded.platforms),
                sources=tuple(loaded.sources),
                clock_speed=self._clock.speed if self._clock.scaled else None,
            )
        )
        self._log.emit(
            ConfigLoaded(
                config=str(loaded.path),
                numbers=len(loaded.numbers),
                platforms=len(loaded.platforms),
                sources=tuple(loaded.sources),
            )
        )
        self._say_doubts()

    def _say_doubts(self) -> None:
        if warnings := self._loaded.warnings:
            said = tuple(str(warning) for warning in warnings)
            self._log.emit(ConfigDoubted(config=str(self._loaded.path), count=len(said), problems=said))

    def _say_store(self) -> None:
        if self._store.migrated is not None:
            made = self._store.migrated
            self._log.emit(
                StoreMigrated(
                    from_version=made.old,
                    to_version=made.new,
                    records=made.records,
                    took_seconds=made.seconds,
                    path=str(made.copy),
                )
            )
        for damaged in self._store.damaged:
            self._log.emit(StoreDamaged(why=str(damaged), detail="what it belongs to is parked when it is read"))
        if self._store.restored_from is not None:
            self._log.emit(
                StoreRestored(
                    records=sum(1 for c in records.all_cases(self._store) if c.open),
                    detail="each open case is looked up at its platform, or a person is asked, before anything is sent",
                )
            )


def _read(path: Path, environ: dict[str, str], known: Mapping[str, Owned]) -> tuple[Loaded, Difference] | list[Problem]:
    """The configuration as its files are now, and what it changes of the numbers that are known."""
    loaded = load(path, environ)
    return loaded if isinstance(loaded, list) else (loaded, build.difference(known, loaded.numbers))


def _policies(context: Context) -> tuple[Any, ...]:
    """What decisions about every number are made by; the rest is compared one by one, or decides nothing."""
    return tuple(getattr(context, name) for name in Context.__struct_fields__ if name not in _APART) + tuple(
        source for source in context.sources.values() if source.report is not None
    )


_APART = frozenset({"store", "numbers", "platforms", "sources", "idle", "vias"})
