"""A backup is put back: the daemon forgets all that happened since, the platforms and the people do not.

What was acknowledged before the backup was asked for has to hold as ever. What was acknowledged after that is lost with
the disk, and only that: the oracle goes back to what it expected when the backup began, and everything later is judged
as in any other life. Three things are forgiven, since no store could know of them:

* a submission of which the backup has no row at all, because its case, or that attempt of it, began afterwards, where
  the platform cannot be asked for it: it may be made once more for each time that it was forgotten, which whoever puts
  a backup back is told. Else it is looked up first; and each open case at the attempt that the backup has is never
  submitted twice, and makes sure first;
* looks that were paid for since are not in the ledger, and not in what is left of a budget;
* a pause that a platform asked for since is not kept.

Runs with batches put no backup back: those that were handed in since are forgotten with their price, and that is said
to the people who read how a backup is put back.
"""

import copy
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from numtrustd import events as e
from numtrustd.domain.case import Case, reference
from numtrustd.domain.workflows.request import RequestData
from numtrustd.store import records
from tests.simulation.plan import Reload
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.run import Run

_all_cases, _get_case = records.all_cases, records.get_case  # before any mutant

UNSENT = frozenset({"waiting", "gathering", "at_person", "cooling", "escalated", "held"})
"""States of a request in which something may have been handed in since the backup."""
SURE = frozenset({"uncertain", "asking"})
"""Where a request makes sure."""
OUT = frozenset({"submitting", "at_person"})
ENDS = frozenset({"withdrawn", "verifying", "cleared"})
API = "telnyx"
"""The platform that is submitted to by program."""
OF_REQUESTS = frozenset({"appeal", "correction", "tag", "certification", "removal"})


class Backups:
    """Those of one run: there is one copy at a time, which a newer one replaces."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._kept: dict[str, object] | None = None
        self._at = 0.0
        self._fresh = False
        self._wishes = 0
        self._spans: list[tuple[float, float]] = []
        self._forgiven: Counter[tuple[str, str, str]] = Counter()
        self._unsure: dict[str, int] = {}
        self.due = False
        self.made = 0

    # ------------------------------------------------------------------------------------------------- copies

    async def make(self, place: Path) -> None:
        """Copy the state while everything runs."""
        run = self._run
        assert run.store is not None
        shutil.rmtree(place, ignore_errors=True)
        self._kept = None
        kept, at = self._remembered(), run.now  # what was acknowledged by now is in the copy
        await run.store.backup(place)
        run.alive()
        self._kept, self._at, self.made = kept, at, self.made + 1
        run.note("a backup is made")

    @property
    def there(self) -> bool:
        """Whether there is a copy."""
        return self._kept is not None

    def put_back(self, copied: Path, state: Path) -> None:
        """The disk is lost, and the copy takes its place."""
        assert self._kept is not None
        shutil.rmtree(state)
        copied.rename(state)
        self._forget(self._kept)
        self._kept, self.due, self._fresh = None, False, True
        self._run.counts["restores"] += 1
        self._spans.append((self._at, self._run.now))
        self._run.note("the backup is put back")

    def _parts(self) -> list[tuple[str, object, tuple[str, ...]]]:
        """What is remembered of whom: what was said to be kept, or told once."""
        oracle, run = self._run.oracle, self._run
        return [
            ("oracle", oracle, ("_seqs", "_number_seqs", "_tasks_done", "_reports")),
            ("traffic", oracle.traffic, ("_pauses", "_billed")),
            ("emergencies", oracle.emergencies, ("_told", "_handed_in")),
            ("money", oracle.money, ("_told", "wanted")),
            ("leavings", oracle.leavings, ("_reasons", "_done", "_vouched", "_still", "_given_up", "_said")),
            ("inspections", oracle.inspections, ("_opened", "_closed", "_newest", "_state")),
            ("looker", run.clerk.looker, ("_told",)),
        ]

    def _remembered(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, of, attributes in self._parts():
            for attribute in attributes:
                found[f"{name}.{attribute}"] = copy.deepcopy(getattr(of, attribute))
        oracle = self._run.oracle
        found["doubts"] = oracle.beliefs.doubted()
        found["tags"] = oracle.tags.sure()
        return found

    def _forget(self, kept: dict[str, object]) -> None:
        for name, of, attributes in self._parts():
            for attribute in attributes:
                setattr(of, attribute, kept[f"{name}.{attribute}"])
        oracle = self._run.oracle
        doubts, tags = kept["doubts"], kept["tags"]
        assert isinstance(doubts, set)
        assert isinstance(tags, int)
        oracle.beliefs.doubted_again(doubts)
        self._wishes = tags
        oracle.money.forget()
        oracle.states.clear()

    # ------------------------------------------------------------------------------------------------ what is held

    def born(self) -> None:
        """A process starts: on what a backup held, if one was put back before it."""
        if not self._fresh:
            return
        self._fresh = False
        self._run.oracle.tags.forget(self._wishes)
        run, store = self._run, self._run.oracle.store
        cases = [c for c in _all_cases(store) if c.open and c.workflow in OF_REQUESTS]
        run.oracle.meets("restored")
        known = {reference(store.uuid, c.id, c.data.attempt) for c in cases}
        forgotten = {
            (a.number, a.platform, a.ref)
            for a in run.world.state.appeals
            if self.forgot(a.at) and a.ref not in known and not self._looked_up(a.platform)
        }
        self._forgiven.update(forgotten)
        self._unsure = {c.id: c.data.attempt for c in cases if c.snapshot.state in UNSENT and not _receipt(c)}

    def _looked_up(self, platform: str) -> bool:
        """Whether a submission can be looked up there, whatever configuration is in use."""
        plan = self._run.plan
        changes = (entry.what.changes for entry in plan.agenda if isinstance(entry.what, Reload))
        return platform == API and plan.knobs.look_up and all(change.get("look_up", True) for change in changes)

    def forgot(self, at: float) -> bool:
        """Whether a backup that was put back is older than what happened at this true time."""
        return any(since <= at <= until for since, until in self._spans)

    def forgives(self, number: str, platform: str, ref: str) -> int:
        """How often nobody could know of this submission any more."""
        return self._forgiven[number, platform, ref]

    @property
    def repeats(self) -> int:
        """So many submissions may be made once more."""
        return self._forgiven.total()

    def moved(self, event: e.CaseMoved) -> None:
        """A case moved: after a restore it makes sure before anything is handed in."""
        case = _get_case(self._run.oracle.store, event.case)
        if event.case not in self._unsure or case is None:
            return
        later = event.from_ not in UNSENT and case.data.attempt != self._unsure[event.case]
        # A death may come between its step there and the telling of it. What goes on being reviewed was handed in.
        reviewed = event.from_ == "held" and event.to in ("in_review", "overdue")
        if SURE & {event.from_, event.to} or later or reviewed or event.from_ in ENDS:
            del self._unsure[event.case]
            return
        # Its first step makes sure, or ends it; only one that is held waits with that until it goes on.
        skipped = event.from_ in UNSENT - {"held"} and event.to not in ENDS
        what = f"{event.case} is restored and goes from {event.from_} to {event.to}, and nobody has made sure"
        self._run.oracle.expect(not skipped and event.to not in OUT, Promise.RECONCILED, what)


def _receipt(case: Case) -> str | None:
    """What the platform gave for the present attempt, if that is known to have been handed in."""
    return case.data.receipt if isinstance(case.data, RequestData) else None
