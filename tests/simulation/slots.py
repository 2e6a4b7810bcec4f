"""When requests are handed in, as the oracle sees it: outside windows, off bad days, at no platform that is shut.

A request is handed in with the step that sends it, or that gives it to a person. Who hurries a case, an emergency
included, passes windows and days; nobody passes a maintenance that takes nothing.
"""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from numtrustd import events as e
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.workflows.request import RequestData
from numtrustd.store import Store, records
from tests.simulation.plan import ORIGIN
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_case, _all_cases = records.get_case, records.all_cases  # before any mutant

OUT = frozenset({"submitting", "at_person"})
TAKEN = {"routine": "", "unknown": "", "industry": "emergencies", "major": "all", "policy": "all", "data_sync": "all"}
"""What each kind of maintenance takes in."""
CHINA = ZoneInfo("Asia/Shanghai")


class Slots:
    """All hand-ins of a run."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run

    def moved(self, event: e.CaseMoved) -> None:
        """A case moved: was it handed in when it might be?"""
        oracle, knobs = self._oracle, self._run.knobs
        case = _get_case(oracle.store, event.case)
        if event.from_ != "waiting" or event.to not in OUT or case is None or not isinstance(case.data, RequestData):
            return
        now, here = case.snapshot.entered_at, f"{case.id} is handed in"
        if not case.data.hurried:
            day = datetime.fromtimestamp(now, CHINA if case.platform != "telnyx" else ZoneInfo("America/New_York"))
            shut = [span for span in knobs.windows if span[0] <= now - ORIGIN < span[1] - 0.01]
            oracle.expect(not shut, Promise.SLOT_KEPT, f"{here} in a window: {shut}")
            good = day.day > knobs.avoid_days or case.platform == "telnyx"
            emergency = self._emergency(oracle.store, case.number)
            oracle.expect(good or emergency, Promise.SLOT_KEPT, f"{here} on {day.date()}, which is to be avoided")
        declared = self._declared(case.platform)
        # What was declared in the very moment in which a step was decided came too late for it.
        if declared is not None and declared.since < now - 1.0 and (declared.until is None or now < declared.until):
            takes = TAKEN[declared.kind]
            fine = takes == "all" or (takes == "emergencies" and self._emergency(oracle.store, case.number))
            oracle.expect(fine, Promise.SLOT_KEPT, f"{here} amid a maintenance ({declared.kind})")

    def _declared(self, platform: str) -> Maintenance | None:
        return self._oracle.daemon.house.maintenance.get(platform)

    def _emergency(self, store: Store, number: str) -> bool:
        return any(case.open for case in _all_cases(store, f"{number}/") if case.workflow == "incident")
