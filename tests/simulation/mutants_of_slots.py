"""Planted bugs of emergencies, slots and money. `mutants` has the others and says what they are for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

from msgspec import structs

from numtrustd.actors import incidents, policy, spending
from numtrustd.actors.cases import CaseBook
from numtrustd.actors.kin import Kin
from numtrustd.domain import calendar, ledger
from numtrustd.domain.slot import Slot
from numtrustd.domain.workflows import incident, pause
from tests.simulation.mutant import mutant


@mutant
def mark_met_unsent() -> Iterator[None]:
    """An emergency's mark is told as met although nothing was handed in."""
    made = incidents.policy

    def always_sent(context: Any, record: Any) -> Any:
        return structs.replace(made(context, record), sent=True)

    with mock.patch.object(incidents, "policy", always_sent):
        yield


@mutant
def mark_in_working_days() -> Iterator[None]:
    """The clock of an emergency stands still at night and at weekends: a day of it is a working day."""

    def at_resolve(data: Any, now: float, policy: Any) -> float:
        return max(calendar.add_working_days(data.since, 2, "CN"), now)

    def at_follow_up(data: Any, now: float, policy: Any) -> float:
        return max(calendar.add_working_days(data.since, 1, "CN"), now)

    rows = {
        incident.S.BEHIND: replace(incident.ROWS[incident.S.BEHIND], deadline=at_follow_up),
        incident.S.FOLLOWING: replace(incident.ROWS[incident.S.FOLLOWING], deadline=at_follow_up),
        incident.S.RESOLVING: replace(incident.ROWS[incident.S.RESOLVING], deadline=at_resolve),
    }
    with mock.patch.dict(incident.ROWS, rows):
        yield


@mutant
def window_ignored() -> Iterator[None]:
    """A window of our own, a day to avoid and a quota keep nothing back."""
    slot = policy.slot

    def at_once(place: Any, now: float, **known: Any) -> Slot:
        return slot(place, now, maintenance=known["maintenance"], rules=known["rules"])

    with mock.patch.object(policy, "slot", at_once):
        yield


@mutant
def maintenance_ignored() -> Iterator[None]:
    """What is handed in at a platform whose maintenance takes nothing is lost."""
    made = policy.request_policy

    def always_open(*args: Any, **named: Any) -> Any:
        return structs.replace(made(*args, **named), closed=False, slot=0.0)

    with mock.patch.object(policy, "request_policy", always_open):
        yield


@mutant
def over_budget_sent() -> Iterator[None]:
    """Whatever it costs goes out, and nobody is asked."""
    may_spend = ledger.may_spend

    def always(*args: Any) -> Any:
        return structs.replace(may_spend(*args), may=ledger.May.OK)

    with mock.patch.object(ledger, "may_spend", always):
        yield


@mutant
def charge_not_entered() -> Iterator[None]:
    """What a request costs is not entered with the step that hands it in."""
    with mock.patch.object(CaseBook, "_charge", lambda self, before, after: None):
        yield


@mutant
def charge_never_settled() -> Iterator[None]:
    """A fee stays planned, whatever became of what it was for."""
    made = spending.charge_of

    def planned_only(*args: Any) -> Any:
        charge = made(*args)
        return charge if charge is not None and charge.standing is ledger.Standing.PLANNED else None

    with mock.patch.object(spending, "charge_of", planned_only):
        yield


@mutant
def identity_not_stored() -> Iterator[None]:
    """What the owner wants to be shown is forgotten when the message is done."""
    set_identity = Kin.set_identity

    def forgetful(self: Kin, message: Any) -> None:
        wanted = self.record.wanted
        set_identity(self, message)
        self.record = structs.replace(self.record, wanted=wanted)

    with mock.patch.object(Kin, "set_identity", forgetful):
        yield


@mutant
def pause_not_chased() -> Iterator[None]:
    """A certificate may be paused for ever."""
    with mock.patch.object(pause, "usual_end", lambda data, since, policy: since + 365 * 86_400.0):
        yield
