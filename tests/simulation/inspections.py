"""Inspections, as the oracle sees them: each begins and ends once, in its time, and none is lost."""

from typing import TYPE_CHECKING

from numtrustd import events as e
from numtrustd.store import records
from tests.simulation.plan import HOUR, INSPECTION, MINUTE
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_inspection = records.get_inspection  # before any mutant is patched in


class Inspections:
    """Of one run, over all its lives."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._opened: set[int] = set()
        self._closed: set[int] = set()
        self._newest = 0
        self._state = ""

    def meets(self, kind: str) -> None:
        """A fault happens: count it for the state of the present inspection."""
        if self._run.knobs.inspect and self._state:
            self._oracle.met[f"inspection {self._state}", kind] += 1

    def nothing_lost(self) -> None:
        """The store is as far as it was."""
        found = _get_inspection(self._oracle.store)
        n = 0 if found is None else found.n
        what = f"inspection {self._newest} was known, now it is {n}"
        self._oracle.expect(n >= self._newest, Promise.NOTHING_LOST, what)
        self._newest = max(self._newest, n)
        self._state = "" if found is None else found.snapshot.state

    def opened(self, event: e.InspectionOpened) -> None:
        """One begins."""
        n = event.inspection
        self._oracle.expect(n not in self._opened, Promise.INSPECTED, f"inspection {n} begins a second time")
        self._opened.add(n)
        self._state = "looking"
        self._run.counts["inspections"] += 1
        found = _get_inspection(self._oracle.store)
        stored = found is not None and found.n == n and found.data.began_at is not None
        self._oracle.expect(stored, Promise.NOTHING_LOST, f"inspection {n} begins, and the store does not know")

    def closed(self, event: e.InspectionClosed) -> None:
        """One is over."""
        n = event.inspection
        self._oracle.expect(n not in self._closed, Promise.INSPECTED, f"inspection {n} ends a second time")
        self._closed.add(n)
        self._state = "waiting"
        asked = event.looks_wanted if self._run.knobs.hands else 0
        fine = event.looks_made <= event.looks_wanted and event.looks_wanted == asked
        self._oracle.expect(fine, Promise.INSPECTED, f"inspection {n}: {event.looks_made} of {event.looks_wanted}")

    def audit(self) -> None:
        """In quiet times the present one is not late."""
        found = _get_inspection(self._oracle.store)
        began = None if found is None else found.data.began_at
        late = 0.0 if began is None else self._oracle.wall - began - INSPECTION
        self._oracle.expect(late <= HOUR + 15 * MINUTE, Promise.INSPECTED, f"it lasts {late:.0f} s too long")
