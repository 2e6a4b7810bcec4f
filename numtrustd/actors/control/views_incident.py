"""The rows of emergencies: each with its clock, its marks, and the cases that it waits for."""

from msgspec import structs

from numtrustd.actors import incidents
from numtrustd.actors.control.views import Sight
from numtrustd.actors.control.views_case import case_row, mark_rows
from numtrustd.api import when
from numtrustd.api.incidents import IncidentRow
from numtrustd.domain.case import Case
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.workflows.incident import IncidentData
from numtrustd.store.errors import DamagedRecord


def incident_row(sight: Sight, case: Case) -> IncidentRow:
    """One emergency in a list."""
    row, data = case_row(sight, case), case.data
    assert isinstance(data, IncidentData)
    try:
        record = sight.record(case.number)
    except DamagedRecord:
        record = NumberRecord(case.number, case.opened_at)
    policy = incidents.policy(sight.context, record)
    shared = {name: value for name, value in structs.asdict(row).items() if name in IncidentRow.__struct_fields__}
    waits_for = tuple(ref.id for ref in incidents.watched(sight.context, record)) if case.open else ()
    return IncidentRow(
        **shared | {"cases": waits_for},
        incident=case.id,
        trigger=data.trigger,
        why="; ".join(data.facts),
        since=when(data.since),
        marks=mark_rows(data, policy),
    )
