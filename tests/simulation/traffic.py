"""What went over the network: how often, for how much money, and what the platforms took in."""

import math
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import structs

from numtrustd.domain.case import ActionState
from numtrustd.probes.spec import Source
from numtrustd.sim.script import Weather
from numtrustd.sim.service import Answer, Result
from numtrustd.sim.state import Appeal
from numtrustd.store import records
from numtrustd.wire.exchange import Outcome, Reply, Request
from numtrustd.wire.retry_after import retry_after
from tests.simulation import seams
from tests.simulation.plan import BATCH_SOURCE, MINUTE
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle
    from tests.simulation.seams import Line

_all_actions, _get_source, _clamp = records.all_actions, records.get_source, retry_after  # before any mutant

KINDS_OF_WEATHER = tuple(Weather)


class Traffic:
    """All requests of a run, over all its lives."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._left: dict[str, tuple[float, float]] = {}
        self._pauses: dict[str, tuple[float, float]] = {}
        self._billed: dict[str, tuple[str, int, int]] = {}
        self._acted: dict[tuple[str, str], float] = {}
        self._overlapping: set[str] = set()

    def born(self) -> None:
        """A process starts: a pause that the last one heard of in its last moments may not have reached the store."""
        for source, (since, until) in list(self._pauses.items()):
            in_time = since < self._run.died_at - MINUTE and self._oracle.trouble_at < since
            stored = _get_source(self._oracle.store, source).retry_at - self._run.offset
            if not in_time and stored < until - 1.0:
                del self._pauses[source]

    # -------------------------------------------------------------------------------------------------- the sources

    def leaving(self, line: "Line", request: Request) -> None:
        """A request is about to leave: is it too soon, one too many, or too dear?"""
        source = line.source
        if not source:
            return
        run, now, expect = self._run, self._run.now, self._oracle.expect
        spec = self._oracle.daemon.house.context.sources.get(source)
        if spec is not None:
            if spec.batch is None:
                self._bill(spec)
            else:
                self._oracle.batches.leaving(request)
            beside = sum(sender.source == source for sender, _ in run.on_the_wire)
            expect(beside < spec.concurrency, Promise.PACE, f"{source} is asked {beside + 1} times at once")
        (last, interval), pause = self._left.get(source, (-math.inf, 0.0)), self._pauses.get(source)
        own = 0.0 if spec is None else spec.interval
        self._left[source] = (now, own)
        interval = min(interval, own)
        what = f"{source} is asked {now - last:.3f} s after the last time, its interval is {interval:g} s"
        expect(run.last_jump >= last or now - last >= interval - 0.002, Promise.PACE, what)
        if pause is not None and run.last_jump < pause[0]:
            what = f"{source} is asked {pause[1] - now:.0f} s before the pause it asked for is over"
            expect(now >= pause[1] - 0.5, Promise.PAUSE, what)

    def _bill(self, spec: Source) -> None:
        """A look is about to be paid for: the ledger knows it, and the budget has it."""
        if not spec.budget.bounded:
            return
        oracle, run, zone = self._oracle, self._run, ZoneInfo(spec.budget.zone)
        today, earliest = (datetime.fromtimestamp(at, zone).date().isoformat() for at in (oracle.wall, run.earliest))
        if earliest[:7] < today[:7]:  # the clock was set back into the last month, whose end is a new beginning
            return
        day, looks, month_looks = self._billed.get(spec.id, (today, 0, 0))
        looks, month_looks = (looks if day == today else 0) + 1, month_looks + 1
        self._billed[spec.id] = (today, looks, month_looks)
        ledger = _get_source(oracle.store, spec.id).spent
        what = f"{spec.id} was asked {month_looks} times, its ledger says {ledger.month_looks}"
        oracle.expect(ledger.month_looks >= month_looks, Promise.LEDGER, what)
        # What a death, a reload or a crash kept from leaving after it was counted stays counted.
        in_vain = spec.concurrency * (run.lives + run.counts["config.reloaded"])
        oracle.expect(ledger.month_looks <= month_looks + in_vain, Promise.LEDGER, what)
        month = spec.budget.looks_a_month
        oracle.expect(month is None or month_looks <= month, Promise.BUDGET, what)
        if run.last_jump < 0 and spec.budget.per_day is not None:
            what = f"{spec.id} was asked {looks} times on {today}"
            oracle.expect(looks <= spec.budget.per_day, Promise.BUDGET, what)

    def came_back(self, line: "Line", outcome: Outcome) -> None:
        """A request came to an end."""
        if line.source and isinstance(outcome, Reply) and outcome.status == 429:
            wait = _clamp(outcome, self._oracle.wall)
            if wait is not None:
                now = self._run.now
                since, until = self._pauses.get(line.source, (0.0, 0.0))
                # A pause is stored in wall time: once that was stepped, nobody can tell when the one before is over.
                self._pauses[line.source] = (now, max(now + wait, until if self._run.last_jump < since else 0.0))

    # ------------------------------------------------------------------------------------------------- the platforms

    def arriving(self, request: Request) -> None:
        """A request reaches the platforms: a submission's intent is in the store by now."""
        self._oracle.batches.arriving(request)
        ref = seams.reference_of(request)
        if not ref:
            return
        rows = [action for action in _all_actions(self._oracle.store) if action.ref == ref]
        begun = any(action.state is ActionState.SENDING for action in rows)
        self._oracle.expect(begun, Promise.INTENT_FIRST, f"{ref} arrives, and the store does not know")

    def answered(self, line: "Line", result: Result) -> None:
        """The platforms answered."""
        run, service, oracle = self._run, self._run.service, self._oracle
        call = service.call
        if call is None:
            return
        number, platforms = call.number or "", service.platforms(call)
        if service.what:
            oracle.meets(service.what, number, platforms=platforms)
        if run.world.lying(call.service, run.now):
            oracle.meets("lie", number, platforms=platforms)
        for platform in platforms:
            window = run.world.weather(run.now, platform, number, kinds=KINDS_OF_WEATHER)
            if window is not None:
                oracle.meets(str(window.kind), number, platforms=(platform,))
        lag = run.world.state.faults.listing_lag
        if lag and call.path.endswith("/remediation") and call.method == "GET" and isinstance(result, Answer):
            oracle.met["looking_up", "listing_lag"] += 1
        if line.source == BATCH_SOURCE:
            if service.what:
                oracle.batches.meets(service.what)
            for named in oracle.batches.answered(call):
                truth = service.truth(structs.replace(call, number=named), run.now)
                oracle.beliefs.shown(named, line.source, truth, kept=60)
        elif line.source:
            oracle.beliefs.shown(number, line.source, service.truth(call, run.now))
        if call.method == "POST":
            self.none_twice()

    def none_twice(self) -> None:
        """No appeal was accepted twice, and none while another one was under review unless a person had it so."""
        world, expect = self._run.world, self._oracle.expect
        backups = self._run.backups
        twice = {key: n for key, n in world.duplicates().items() if n > 1 + backups.forgives(*key)}
        what = f"{twice} {world.state.repeats} repeats"
        expect(not twice and world.state.repeats <= backups.repeats, Promise.NOT_TWICE, what)
        latest: dict[tuple[str, str], Appeal] = {}
        for appeal in world.state.appeals:
            before = latest.get((appeal.number, appeal.platform))
            latest[appeal.number, appeal.platform] = appeal
            if before is None or (before.decided is not None and before.decided <= appeal.at):
                continue
            if appeal.receipt in self._overlapping or backups.forgives(before.number, before.platform, before.ref):
                continue
            self._overlapping.add(appeal.receipt)
            acted = self._last_word(appeal.number, appeal.platform)
            what = f"{appeal.ref} was accepted while {before.ref} was under review"
            expect(acted >= before.at, Promise.NOT_TWICE, what)

    def intervened(self, case: str) -> None:
        """A person's word, or a change of the configuration, may be why this case is appealed anew."""
        number, platform, _ = case.split("/")
        self._acted[number, platform] = self._run.now
        self._oracle.leavings.intervened(case)

    def acted(self, case: str) -> float:
        """When somebody last did so; a cancellation's orders are those of all its removals."""
        number, platform, _ = case.split("/")
        return self._last_word(number, platform)

    def _last_word(self, number: str, platform: str) -> float:
        """When somebody last had to do with what is going on there. Who takes a number back has it appealed again."""
        return max(self._acted.get((number, where), -math.inf) for where in (platform, "cancellation"))
