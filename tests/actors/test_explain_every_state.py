"""Of every workflow in every open state `explain` tells why it is so, what happens next, when, and whose move it is."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.domain.case import Case, Move, case_id, track
from numtrustd.domain.record import CaseRef, NumberRecord
from numtrustd.domain.workflow import Snapshot, Who
from numtrustd.domain.workflows import REGISTRY
from numtrustd.domain.workflows.incident import IncidentData
from numtrustd.store import Batch, Store, Table, records
from numtrustd.store.records import ParkedRecord
from tests.actors.house import DAY, HOUR, MOBILE, T0, make_house

Clock = trio.testing.MockClock

OF_THE_NUMBER = frozenset({"incident", "cancellation"})
STATES = [
    (name, state)
    for name, table in REGISTRY.items()
    if name != "inspection"  # the company's, of no number
    for state in table.states
    if not table.rows[state].final
]


PARKED = ParkedRecord(MOBILE, T0, 3, "Bug", "so that no actor moves the case on before it is asked about")


def a_case(workflow: str, state: str) -> Case:
    table, whole = REGISTRY[workflow], workflow in OF_THE_NUMBER
    platform = "" if whole else "alpha"
    data: Any = table.data()
    if isinstance(data, IncidentData):
        data = structs.replace(data, since=T0 - HOUR)
    snapshot = Snapshot(state, 3, T0 - HOUR, T0 + DAY)
    return Case(
        case_id(MOBILE, platform or workflow, 1),
        MOBILE,
        platform,
        workflow,
        table.version,
        snapshot,
        data,
        T0 - 2 * HOUR,
        moves=(Move(T0 - HOUR, table.start, state, "timed out"),),
    )


@pytest.mark.parametrize(("workflow", "state"), STATES)
def test_the_wait_in_it_has_an_end_and_what_follows_is_said(workflow: str, state: str) -> None:
    """By which the deadline and the next step below are true of every case, and not only of those made here."""
    row = REGISTRY[workflow].rows[state]
    assert row.deadline is not None
    assert row.then
    assert row.meaning


@pytest.mark.parametrize(("workflow", "state"), STATES)
async def test_why_what_next_when_and_who_are_told(
    tmp_path: Path, autojump_clock: Clock, workflow: str, state: str
) -> None:
    case = a_case(workflow, state)

    def before(store: Store) -> None:
        batch, ref = Batch(), CaseRef(case.id, state, open=True, since=T0 - HOUR)
        record = NumberRecord(MOBILE, T0 - DAY)
        if workflow == "appeal":
            record = structs.replace(record, cases={"alpha": ref})
        else:
            record = structs.replace(record, tracks={track(case.platform, workflow): ref})
        records.put_case(batch, case)
        records.put_parked(batch, PARKED)
        batch.put(Table.NUMBER, records.key(MOBILE), records.encode_number(record))
        store.commit_soon(batch)

    async with make_house(tmp_path, before=before) as house:
        lines = (await house.ask("Explain", number=MOBILE)).lines
        stored = records.get_case(house.store, case.id)
    assert stored is not None
    assert stored.snapshot.state == state, "it was moved on before anybody asked"
    found = [line for line in lines if line.case == case.id and workflow in line.fact]
    assert found, "nothing is told of it"
    for line in found:
        assert line.fact.strip()
        assert line.why.strip()
        assert line.next.strip()
        assert line.who in set(Who)
        assert line.when is not None
