"""Of every workflow in every open state `explain` tells why it is so, what happens next, when, and whose move it is."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.api import when
from numtrustd.domain.case import Case, Move, case_id, track
from numtrustd.domain.record import CaseRef, NumberRecord
from numtrustd.domain.workflow import Snapshot, Who
from numtrustd.domain.workflows import REGISTRY
from numtrustd.domain.workflows.incident import IncidentData
from numtrustd.domain.workflows.inspection import InspectionData, InspectionPolicy
from numtrustd.store import Batch, Store, Table, records
from numtrustd.store.records import InspectionRecord, ParkedRecord
from tests.actors.house import DAY, HOUR, MOBILE, T0, make_house

Clock = trio.testing.MockClock

OF_THE_NUMBER = frozenset({"incident", "cancellation"})
OF_THE_COMPANY = "inspection"
STATES = [(name, state) for name, table in REGISTRY.items() for state in table.states if not table.rows[state].final]
OF_A_NUMBER = [(workflow, state) for workflow, state in STATES if workflow != OF_THE_COMPANY]
OF_ALL = [state for workflow, state in STATES if workflow == OF_THE_COMPANY]


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


@pytest.mark.parametrize(("workflow", "state"), OF_A_NUMBER)
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


@pytest.mark.parametrize("state", OF_ALL)
@pytest.mark.parametrize("every", ["monthly", "two_weekly"])
async def test_the_same_is_told_of_the_inspection(
    tmp_path: Path, autojump_clock: Clock, state: str, every: str
) -> None:
    """It is of no number: each number's explanation has it, and none of a single platform."""
    row = REGISTRY[OF_THE_COMPANY].rows[state]
    began = T0 - HOUR if state == "looking" else None

    def before(store: Store) -> None:
        data = InspectionData(after=T0 - 3 * DAY, began_at=began)
        batch = Batch()
        records.put_inspection(batch, InspectionRecord(4, Snapshot(state, 3, T0 - HOUR, T0 + DAY), data))
        store.commit_soon(batch)

    policy = InspectionPolicy(every=every)  # type: ignore[arg-type]  # one of the two words
    async with make_house(tmp_path, before=before, inspection=policy) as house:
        *_, line = (await house.ask("Explain", number=MOBILE)).lines
        assert line.fact == f"inspection 4: {row.meaning}"
        assert ("every two weeks" if every == "two_weekly" else "every month, on day 20") in line.why
        assert ("this one began 1 h ago" in line.why) == (state == "looking")
        assert row.then in line.next
        assert line.who is row.who
        assert line.when == when(T0 + DAY)
        others = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        assert not [other for other in others if "inspect" in other.fact]


async def test_where_nothing_is_inspected_nothing_is_told_of_it(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        lines = (await house.ask("Explain", number=MOBILE)).lines
    assert not [line for line in lines if "inspect" in line.fact]
