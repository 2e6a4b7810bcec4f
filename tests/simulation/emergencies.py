"""Emergencies of numbers, as the oracle sees them: each mark told once, never early, and as met only when it was.

What was handed in is what the simulated platforms have, or what a person said; when it was due is counted here.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from numtrustd import events as e
from numtrustd.domain.case import Case, reference
from numtrustd.domain.workflows.incident import IncidentData
from numtrustd.domain.workflows.request import RequestData
from numtrustd.store import records
from tests.simulation.plan import HOUR, MINUTE
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_case, _all_cases = records.get_case, records.all_cases  # before any mutant

WITHIN = {"submit": 2 * HOUR, "follow_up": 24 * HOUR, "resolve": 48 * HOUR}
"""Seconds from the beginning in which each mark comes due: real ones, nights and weekends included."""

WATCHED = frozenset({"appeal", "correction", "tag"})
SLACK = 1.0


class Emergencies:
    """All of a run, over all its lives."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._told: dict[tuple[str, float], set[str]] = defaultdict(set)
        self._handed_in: dict[tuple[str, int], float] = {}

    def handed_in(self, case: str, outcome: str) -> None:
        """A person says, rightly or not, that this was handed in."""
        found = _get_case(self._oracle.store, case)
        if found is not None and outcome in ("submitted", "happened", ""):
            self._handed_in.setdefault((case, found.data.attempt), self._run.now)

    def marked(self, event: e.IncidentMilestone) -> None:
        """A mark was told."""
        expect, wall = self._oracle.expect, self._oracle.wall
        case = _get_case(self._oracle.store, event.incident)
        if case is None or not isinstance(case.data, IncidentData):
            self._oracle.broke(Promise.NOTHING_LOST, f"{event.incident} has a mark and is not stored")
            return
        told, due = self._told[case.id, case.data.since], case.data.since + WITHIN[event.mark]
        what = f"{case.id}: mark {event.mark}, met: {event.met}"
        expect(event.mark not in told, Promise.MARK_IS_SO, f"{what}, is told a second time")
        told.add(event.mark)
        by_person = bool(case.moves[-1].by)
        just_stepped = self._run.now - self._run.last_jump < SLACK  # between the decision and what is said of it
        in_time = wall >= due - SLACK or just_stepped
        expect(event.met or in_time or by_person, Promise.MARK_IS_SO, f"{what}, is told too early")
        if event.met and event.mark == "resolve":
            expect(
                wall <= due + SLACK or just_stepped, Promise.MARK_IS_SO, f"{what}, {wall - due:.0f} s after it was due"
            )
            still = [c.id for c in self._watched(case.number)]
            expect(not still, Promise.MARK_IS_SO, f"{what}, and {', '.join(still)} is open")
        elif event.met:
            for each in self._watched(case.number):
                at = self._when(each)
                late = at is None or at > self._run.true_time(min(due, wall)) + MINUTE
                stepped = at is not None and self._run.last_jump >= self._run.true_time(case.data.since)
                expect(not late or stepped, Promise.MARK_IS_SO, f"{what}, and {each.id} was handed in at {at}")

    def closed(self, event: e.IncidentClosed) -> None:
        """An emergency is over: every mark has been told, or the process died before it could."""
        case = _get_case(self._oracle.store, event.incident)
        if case is not None and isinstance(case.data, IncidentData) and event.outcome == "resolved":
            self._all(case.id, case.data, set(WITHIN))

    def audit(self, case: Case) -> None:
        """An emergency in quiet times: whatever has come due is marked."""
        data = case.data
        if isinstance(data, IncidentData) and case.snapshot.state not in ("held", "opening"):
            late = self._oracle.wall - data.since - 20 * MINUTE
            self._all(case.id, data, {mark for mark, within in WITHIN.items() if late > within})

    def _all(self, identity: str, data: IncidentData, due: set[str]) -> None:
        lacking = due - {str(mark.name) for mark in data.marks}
        self._oracle.expect(not lacking, Promise.MARK_IS_SO, f"{identity} has nothing on {sorted(lacking)}")

    def _watched(self, number: str) -> list[Case]:
        """Open cases that an emergency waits for; every simulated platform matters."""
        return [c for c in _all_cases(self._oracle.store, f"{number}/") if c.open and c.workflow in WATCHED]

    def _when(self, case: Case) -> float | None:
        """True time at which the present attempt came to the platform, or at which a person said so."""
        assert isinstance(case.data, RequestData)
        ref = reference(self._oracle.store.uuid, case.id, case.data.attempt)
        appeals = self._run.world.appeals(case.platform, self._run.now)
        if case.workflow != "appeal":
            handed = self._run.desks.found(ref)
            return self._handed_in.get((case.id, case.data.attempt)) if handed is None else handed.at
        at = next((a.at for a in appeals if (a.ref, a.number) == (ref, case.number)), None)
        return self._handed_in.get((case.id, case.data.attempt)) if at is None else at
