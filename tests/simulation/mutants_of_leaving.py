"""Planted bugs of tags, of numbers that leave, of working days and of inspections. `mutants` says what they are for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from msgspec import structs

from numtrustd.actors import leave, policy
from numtrustd.actors.cases import CaseBook
from numtrustd.actors.inspector import Inspector
from numtrustd.actors.leave import Leaver
from numtrustd.domain import calendar, ledger
from numtrustd.domain.case import Case
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.leaving import PLACE, Released
from numtrustd.domain.workflows import leaving, removal
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.leaving import CancellationData
from numtrustd.domain.workflows.request import updates
from tests.simulation.mutant import mutant


@mutant
def early_release() -> Iterator[None]:
    """A number may be given up although something of it is still shown somewhere."""
    with mock.patch.object(leaving, "unproved", lambda data, states: ()):
        yield


@mutant
def errands_forgotten() -> Iterator[None]:
    """A number may be given up although people have not done what belongs to it."""
    with mock.patch.object(CancellationData, "errands_left", ()):
        yield


@mutant
def force_not_recorded() -> Iterator[None]:
    """That a number was given up by force is not on record."""

    def unforced(at: float, by: str, forced: bool = False, why: str = "", case: str = "") -> Released:
        return Released(at, by, False, why, case)

    with mock.patch.object(leave, "Released", unforced):
        yield


@mutant
def cancelled_twice() -> Iterator[None]:
    """A number that is being cancelled is cancelled once more."""
    newest, cancel = Leaver._newest_track, Leaver.cancel

    def forgetful(self: Leaver, message: Any) -> None:
        def none(platform: str, kind: str) -> Case | None:
            return None if kind == PLACE else newest(self, platform, kind)

        with mock.patch.object(self, "_newest_track", none):
            cancel(self, message)

    with mock.patch.object(Leaver, "cancel", forgetful):
        yield


@mutant
def asked_while_leaving() -> Iterator[None]:
    """What is asked for by order is asked for of a number that leaves, too."""
    begin = Leaver.begin

    def whatever(self: Leaver, message: Any) -> None:
        kept = self.record
        self.record = structs.replace(kept, leaving=None)
        begin(self, message)
        self.record = structs.replace(self.record, leaving=kept.leaving)

    # What is asked for would be withdrawn at once: that is there for what comes back from its way.
    goes_on = mock.patch.object(Leaver, "_stop_the_returned", lambda self: None)
    with goes_on, mock.patch.object(Leaver, "begin", whatever):
        yield


@mutant
def residual_at_once() -> Iterator[None]:
    """What is shown is called a residual before the caches had their time."""
    row = removal.ROWS[removal.S.VERIFYING]
    rows = {removal.S.VERIFYING: replace(row, deadline=lambda data, now, policy: now + 3_600.0)}
    with mock.patch.dict(removal.ROWS, rows):
        yield


@mutant
def residual_everywhere() -> Iterator[None]:
    """What one platform still shows is asked of all of them again."""
    tell = CaseBook._tell_parent

    def all_again(self: CaseBook, child: Case, parent: str) -> None:
        tell(self, child, parent)
        over = self.get(parent)
        if child.snapshot.state == "cooling" and over is not None and isinstance(over.data, CancellationData):
            for each in over.data.children:
                if each != child.id and (other := self.get(each)) is not None:
                    again = a.Returned(FindingKind.RESIDUAL, "", "") if other.outcome else a.StillShown("elsewhere")
                    self.happen(each, again)

    with mock.patch.object(CaseBook, "_tell_parent", all_again):
        yield


@mutant
def forbidden_word_sent() -> Iterator[None]:
    """A tag with forbidden words goes out like any other."""
    with mock.patch.object(policy, "_forbidden", lambda *_: ()):
        yield


@mutant
def stale_wish_sent() -> Iterator[None]:
    """What goes out asks for what was wanted when its case opened."""
    with mock.patch.object(updates, "_wished", lambda data, policy: data):
        yield


@mutant
def tags_always_free() -> Iterator[None]:
    """Every change of a tag is taken for a free one of the year."""
    price = ledger.price

    def free(what: ledger.What, *args: Any, **named: Any) -> ledger.Cost:
        return ledger.Cost(what) if what is ledger.What.TAG_CHANGE else price(what, *args, **named)

    with mock.patch.object(ledger, "price", free):
        yield


@mutant
def plain_days() -> Iterator[None]:
    """A review's deadline is counted in plain days, weekends too."""
    count = calendar.add_working_days

    def plain(instant: float, days: int, country: str = "CN") -> float:
        due = count(instant, 0, country)
        day = calendar.local_date(instant, country) + timedelta(days=days)
        return max(due, calendar.end_of_day(day, country) - 6 * 3_600.0) if days else due

    with mock.patch.object(calendar, "add_working_days", plain):
        yield


@mutant
def inspection_not_stored() -> Iterator[None]:
    """Where an inspection stands is forgotten with the process."""

    async def _store(self: Inspector, record: Any, ended: Any = None) -> Any:
        return record

    with mock.patch.object(Inspector, "_store", _store):
        yield
