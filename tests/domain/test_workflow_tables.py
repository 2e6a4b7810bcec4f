"""Seven tests that hold every table in the registry, with no test code per workflow."""

import inspect
from pathlib import Path
from typing import Any

import msgspec
import pytest

from numtrustd.domain.workflow import (
    IllegalEventError,
    Row,
    Snapshot,
    TimedOut,
    Who,
    Workflow,
    alternatives,
    mermaid,
    step,
)
from numtrustd.domain.workflows import REGISTRY

ROOT = Path(__file__).parent.parent.parent
TABLES = pytest.mark.parametrize("table", REGISTRY.values(), ids=list(REGISTRY))


@TABLES
def test_every_event_is_decided_or_ignored_by_name_in_every_state(table: Workflow[Any, Any, Any]) -> None:
    assert set(table.rows) == set(table.states)
    for state, row in table.rows.items():
        for event in table.events:
            ways = alternatives(row, event)
            certain = any(way.when is None for way in ways)
            assert certain or event in row.ignore, f"{state}: {event.__name__} can be neither decided nor ignored"
            for way in ways[:-1]:
                assert way.when is not None, f"{state}: a way behind an unguarded one for {event.__name__} is dead"
        strangers = (set(row.on) | set(row.ignore)) - set(table.events)
        assert not strangers, f"{state}: names events that the table does not know: {strangers}"
        useless = {e for e in row.ignore if any(w.when is None for w in alternatives(row, e))}
        assert not useless, f"{state}: both decided for certain and ignored: {useless}"


@TABLES
def test_every_state_is_reachable(table: Workflow[Any, Any, Any]) -> None:
    reached, fresh = set(), {table.start}
    while fresh:
        state = fresh.pop()
        reached.add(state)
        targets = {way.state for event in table.events for way in alternatives(table.rows[state], event)}
        fresh |= targets - reached
    assert reached == set(table.states)


@TABLES
def test_every_waiting_state_has_a_deadline_and_a_next_step(table: Workflow[Any, Any, Any]) -> None:
    for state, row in table.rows.items():
        if row.final:
            assert row.deadline is None, f"{state} is final and must not wait"
            assert TimedOut in row.ignore
        else:
            assert row.deadline is not None, f"{state} could wait for ever"
            assert alternatives(row, TimedOut), f"{state} does nothing when its time is over"
            assert row.then, f"{state} does not say what happens next"
        assert row.meaning


@TABLES
def test_no_state_ends_while_an_unrepeatable_effect_is_in_flight(table: Workflow[Any, Any, Any]) -> None:
    for state, row in table.rows.items():
        for event in table.events:
            for way in alternatives(row, event):
                target: Row[Any] = table.rows[way.state]
                if row.in_flight:
                    assert not target.final, f"{state} ends on {event.__name__} with its effect on the way"
                if set(way.effects) & set(table.unrepeatable):
                    assert target.in_flight, f"{state} sends on {event.__name__} but {way.state} is not in flight"
                    assert not row.in_flight, f"{state} sends again while the first may be on its way"


@TABLES
def test_the_committed_diagram_is_the_one_that_the_table_draws(table: Workflow[Any, Any, Any]) -> None:
    path = ROOT / "docs" / "workflows" / f"{table.name}.mmd"
    assert path.read_text() == mermaid(table), "run `make docs`"


@pytest.mark.covers("W8")
@TABLES
def test_stored_snapshots_of_every_version_load_and_step(table: Workflow[Any, Any, Any]) -> None:
    from numtrustd.domain.case import Case, policy_of  # the record beside the table

    folder = ROOT / "tests" / "data" / "snapshots" / table.name
    for version in range(1, table.version + 1):
        files = sorted((folder / f"v{version}").glob("*.json"))
        assert {f.stem for f in files} == set(table.states) or version < table.version
        for file in files:
            case = msgspec.json.decode(file.read_bytes(), type=Case)
            snapshot = case.snapshot
            assert snapshot.state == file.stem
            now = (snapshot.deadline or snapshot.entered_at) + 1
            made = step(table, snapshot, case.data, TimedOut(snapshot.seq), now, policy_of(case.workflow))
            assert (made is None) == table.rows[table.states(snapshot.state)].final


@TABLES
def test_a_stale_timer_is_void(table: Workflow[Any, Any, Any]) -> None:
    from numtrustd.domain.case import blank_data, policy_of

    for state in table.states:
        snapshot = Snapshot(state, seq=7, entered_at=0.0, deadline=1.0)
        assert step(table, snapshot, blank_data(table.name), TimedOut(6), 2.0, policy_of(table.name)) is None


@TABLES
def test_an_event_that_the_table_does_not_know_is_a_bug_and_says_where(
    table: Workflow[Any, Any, Any],
) -> None:
    from numtrustd.domain.case import blank_data, policy_of
    from numtrustd.domain.workflow import Event

    class Alien(Event, frozen=True):
        pass

    with pytest.raises(IllegalEventError, match=rf"{table.name}: Alien in state {table.start}"):
        step(
            table,
            Snapshot(table.start, 1, 0.0, 1.0),
            blank_data(table.name),
            Alien(),
            0.0,
            policy_of(table.name),
        )


@TABLES
def test_guards_updates_and_effects_have_the_one_signature(table: Workflow[Any, Any, Any]) -> None:
    for row in table.rows.values():
        for event in table.events:
            for way in alternatives(row, event):
                for function in (way.when, way.update, *way.effects):
                    if function is not None:
                        assert list(inspect.signature(function).parameters) == [
                            "data",
                            "event",
                            "now",
                            "policy",
                        ]


@TABLES
def test_whoever_is_to_decide_is_given_time(table: Workflow[Any, Any, Any]) -> None:
    """A reminder that is due at once is followed by the next one, and so on for ever."""
    now, data, policy = 1_790_000_000.0, table.data(), table.policy()
    for state, row in table.rows.items():
        if row.who is Who.PERSON and row.deadline is not None:
            assert row.deadline(data, now, policy) > now, state
