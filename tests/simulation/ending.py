"""What must hold at the end of a run, after days of calm: nothing is under way, open or believed for no reason."""

from typing import TYPE_CHECKING

import trio

from numtrustd.domain.label import classify
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import TaskState
from numtrustd.sim.traits import TRAITS
from numtrustd.store import Store, records
from tests.simulation.plan import DAY, HOUR, MINUTE
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle
    from tests.simulation.seams import SimDaemon

_get_case, _all_cases, _all_tasks = records.get_case, records.all_cases, records.all_tasks  # before any mutant
_all_actions = records.all_actions

LOOKED_UP = frozenset({"uncertain", "looking_up"})
IN_FLIGHT = LOOKED_UP | {"submitting"}

ENOUGH = 3.0 * DAY
"""Seconds of calm after the last label or return by which every case has come to its end."""

SOON = 2.0 * DAY
"""Seconds of calm by which what is believed is what is shown."""

PEOPLE = 2
"""Tasks of the harness that only the first part of a run has: the clerk's, and that of who sets things right."""


class Ending:
    """Looks at a run's last hours."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._tasks: int | None = None

    async def check(self, daemon: "SimDaemon", store: Store, *, last: bool) -> None:
        """After the calm part (and, with `last`, after one more start)."""
        # Not a whole hour after the last start: just then people are asked for looks, and a write is under way.
        await trio.sleep((20 if last else 15) * MINUTE)
        while any(actor.looking for actor in daemon.sources.actors.values()):
            await trio.sleep(1.0)
        await store.flush()
        self._run.world.advance(self._run.now)
        self._oracle.audit()
        self._all_given_back(daemon, store)
        self._board(daemon, store)
        tasks = trio.lowlevel.current_statistics().tasks_living - len(daemon.outbox._queues)
        if not last:
            self._tasks = tasks
            self._cases(store)
            self._oracle.batches.at_the_end()
            self._beliefs()
            return
        before = None if self._tasks is None else self._tasks - PEOPLE
        what = f"{before} tasks after the calm, {tasks} after a start"
        self._oracle.expect(before == tasks, Promise.GIVEN_BACK, what)

    def _all_given_back(self, daemon: "SimDaemon", store: Store) -> None:
        run = self._run

        def none(what: object, of: str) -> None:
            self._oracle.expect(not what, Promise.GIVEN_BACK, f"{of}: {what}")

        rows = {action.id for action in _all_actions(store)}
        none(store.backlog, "writes that wait")
        none(daemon.outbox._unstored, "outcomes that nobody stored")
        none({a for a in rows if a.split("/")[0] in run.knobs.numbers}, "actions that were never done")
        none(daemon.outbox._in_hand - rows, "actions in hand")
        none(daemon.house.lookout._watchers, "somebody still waits for looks")
        none(run.on_the_wire, "requests on their way")
        none(trio.to_thread.current_default_thread_limiter().borrowed_tokens, "tokens of the limiter of threads")
        none(store._writer._limiter.borrowed_tokens, "tokens of the writer's limiter")
        none(store._copy_limiter.borrowed_tokens, "tokens of the copies' limiter")
        for name, actor in daemon.sources.actors.items():
            none(actor._under_way, f"looks of {name} under way")
        open_cases = {c.id for c in _all_cases(store) if c.open}
        none(set(daemon.timers._current) ^ open_cases, "timers of no open case, or open cases without one")

    def _board(self, daemon: "SimDaemon", store: Store) -> None:
        board, expect = daemon.house.board, self._oracle.expect
        watched = sorted(c.id for c in _all_cases(store) if c.open and c.number in self._run.knobs.numbers)
        expect(board.cases() == watched, Promise.BOARD, f"{board.cases()} are not {watched}")
        tasks = sorted(t.id for t in _all_tasks(store) if t.state is TaskState.OPEN)
        said = sorted(identity for _, identity in board.tasks())
        expect(said == tasks, Promise.BOARD, f"tasks {said} are not {tasks}")

    def _calm_since(self, number: str, platform: str) -> float:
        """True time from which on nothing has befallen this number there."""
        began = self._run.plan.calm + self._run.world.state.origin
        lines = self._run.world.state.chronicle
        where = {at.platform for at in lines} if not platform else {platform}  # an emergency is about all of them
        news = [at.at for at in lines if at.number == number and at.platform in where and at.what in NEWS]
        return max(began, *news) if news else began

    def _held_open_since(self, number: str, platform: str) -> float:
        """True time at which the belief was last held open as flapping: a gap in what was seen is followed by that."""
        record = self._oracle.record(number)
        verdict = None if record is None else record.verdicts.get(platform)
        return self._run.true_time(verdict.flapping_since) if verdict is not None and verdict.flapping_since else 0.0

    def _cases(self, store: Store) -> None:
        run = self._run
        for case in _all_cases(store):
            if not case.open or case.snapshot.state in KEPT:
                continue
            news = self._calm_since(case.number, case.platform)
            about = (case.platform,) if case.platform else tuple(TRAITS)
            calm = run.now - max(news, *(self._held_open_since(case.number, each) for each in about))
            in_time = calm <= ENOUGH or case.number not in run.knobs.numbers
            stuck = f"{case.id} is {case.snapshot.state} after {calm / DAY:.1f} calm days"
            # After a restore a case is looked up before it is handed in, which takes a while.
            asking = case.snapshot.state in LOOKED_UP and run.now - run.true_time(case.snapshot.entered_at) < HOUR
            under_way = case.snapshot.state in IN_FLIGHT and not asking
            self._oracle.expect(not under_way and in_time, Promise.NOTHING_STUCK, stuck)

    def _beliefs(self) -> None:
        run, expect = self._run, self._oracle.expect
        for number in run.knobs.numbers:
            record = self._oracle.record(number)
            if record is None or not record.verdicts:
                self._oracle.broke(Promise.BELIEF_FOLLOWS, f"nothing was ever seen of {number}")
                continue
            for platform, verdict in record.verdicts.items():
                if platform not in TRAITS:  # a handset: what a person saw is as old as it is
                    continue
                calm = run.now - self._calm_since(number, platform)
                shown = run.world.face(platform, number, run.now).words
                held = verdict.flapping and run.now - run.true_time(verdict.flapping_since) < SOON
                if calm > SOON and not held:
                    belief = "marked" if verdict.marked else "not marked"
                    what = f"{number} at {platform} is believed {belief}, shown is {shown}"
                    expect(verdict.marked == (shown is not None), Promise.BELIEF_FOLLOWS, what)
                if calm > ENOUGH and shown is not None:
                    self._given_up_by_a_person(number, platform, shown, record)

    def _given_up_by_a_person(self, number: str, platform: str, shown: str, record: NumberRecord) -> None:
        ref = record.cases.get(platform)
        case = None if ref is None else _get_case(self._oracle.store, ref.id)
        what = f"{platform} still shows {shown} of {number}"
        facts = self._run.configuration().platforms[platform].appeal
        if facts is None or classify(shown)[0] not in facts.takes or record.released is not None:
            return
        if case is None:
            self._oracle.broke(Promise.LABEL_HAS_CASE, f"{what}, and there never was a case")
        elif not case.open:
            by_person = case.outcome == "withdrawn" and case.moves[-1].by not in ("", "configuration")
            self._oracle.expect(by_person, Promise.LABEL_HAS_CASE, f"{what}, and case {case.id} is {case.outcome}")


KEPT = frozenset({"valid", "renewing"})
"""States of a certificate, which has no end of its own."""

NEWS = ("labelled", "cleared", "certified")
"""What the world's chronicle says when a label or a name comes or goes."""
