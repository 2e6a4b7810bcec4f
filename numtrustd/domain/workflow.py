"""The engine of every durable workflow: a table in, a `Step` out.

Everything that moves a workflow is in its table; the engine is a look-up. State and seq are stored, not history.
`workflows` holds the tables, `case` the record that is stored.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Generic, TypeVar

from msgspec import Struct

from numtrustd.domain.observation import Instant

S = TypeVar("S", bound=enum.StrEnum)
D = TypeVar("D", bound=Struct)
P = TypeVar("P", bound=Struct)


class Event(Struct, frozen=True, tag=True):
    """Something that happened to a case."""


class TimedOut(Event, frozen=True, tag=True):
    """The durable timer of `seq` fired; void when the case has moved on since."""

    seq: int


class Effect(Struct, frozen=True, tag=True):
    """Something to be done once the step is stored."""


class Who(enum.StrEnum):
    """Whose move it is in a state."""

    DAEMON = "daemon"
    PLATFORM = "platform"
    PERSON = "person"
    NOBODY = "nobody"


Guard = Callable[[Any, Any, Instant, Any], bool]
Update = Callable[[Any, Any, Instant, Any], Any]
MakeEffect = Callable[[Any, Any, Instant, Any], Effect]
Deadline = Callable[[Any, Instant, Any], Instant]


@dataclass(frozen=True)
class To(Generic[S]):
    """One way on: to `state`, when the guard holds, with the data updated and the effects made, in that order.

    Guards, updates and effects get (data, event, now, policy); effects see the updated data. `keep_timer` leaves the
    running timer as it is (only sensible when the state stays).
    """

    state: S
    effects: tuple[MakeEffect, ...] = ()
    when: Guard | None = None
    update: Update | None = None
    keep_timer: bool = False


@dataclass(frozen=True)
class Row(Generic[S]):
    """One state: what each event does, which it ignores on purpose, and until when it waits.

    `meaning` and `then` are what `explain` says: what is waited for, and what happens when the wait is over.
    `in_flight` marks a state whose unrepeatable effect has left or may have left the machine.
    """

    meaning: str
    who: Who
    on: Mapping[type[Event], To[S] | tuple[To[S], ...]] = dataclass_field(default_factory=dict)
    ignore: frozenset[type[Event]] = frozenset()
    deadline: Deadline | None = None
    then: str = ""
    final: bool = False
    in_flight: bool = False


@dataclass(frozen=True)
class Workflow(Generic[S, D, P]):
    """A table: its states, its events, its rows, and the types of its data and its policy, whose fields all have
    defaults. `version` rises when stored snapshots need a migration."""

    name: str
    version: int
    states: type[S]
    start: S
    events: tuple[type[Event], ...]
    rows: Mapping[S, Row[S]]
    data: type[D]
    policy: type[P]
    unrepeatable: tuple[MakeEffect, ...] = ()


class Snapshot(Struct, frozen=True, omit_defaults=True):
    """Where a workflow stands. `deadline` is its one timer (absolute UTC), `seq` counts its steps. `set_at` is when the
    timer was last set, by the clock of then; 0 in records of before that was kept."""

    state: str
    seq: int
    entered_at: Instant
    deadline: Instant | None = None
    set_at: Instant = 0.0


class Step(Struct, frozen=True):
    """The outcome of one decision: what to store, and then what to do."""

    old: str
    snapshot: Snapshot
    data: Any
    effects: tuple[Effect, ...]
    reason: str


class IllegalEventError(Exception):
    """An event that the table neither decides nor ignores: a bug, never a platform's fault."""


def alternatives(row: Row[S], event: type[Event]) -> tuple[To[S], ...]:
    """The ways on that a row has for an event type, as a tuple; empty when there is none."""
    ways = row.on.get(event, ())
    return ways if isinstance(ways, tuple) else (ways,)


def start(workflow: Workflow[S, D, P], data: D, now: Instant, policy: P) -> Snapshot:
    """The first snapshot of a new case."""
    row = workflow.rows[workflow.start]
    due = None if row.deadline is None else row.deadline(data, now, policy)
    return Snapshot(workflow.start.value, 1, now, due, now)


def step(
    workflow: Workflow[S, D, P], snapshot: Snapshot, data: D, event: Event, now: Instant, policy: P
) -> Step | None:
    """Decide one event. `None`: nothing moves (ignored on purpose, or a stale timer).

    An event may stand in both `on` and `ignore`: then it is ignored when no guard holds.

    Raises `IllegalEventError` when the table says nothing about the event.
    """
    state = workflow.states(snapshot.state)
    row = workflow.rows[state]
    kind = type(event)
    if isinstance(event, TimedOut) and event.seq != snapshot.seq:
        return None
    for way in alternatives(row, kind):
        if way.when is not None and not way.when(data, event, now, policy):
            continue
        new_data = data if way.update is None else way.update(data, event, now, policy)
        target = workflow.rows[way.state]
        if way.keep_timer:
            deadline, set_at = snapshot.deadline, snapshot.set_at
        else:
            set_at = now
            deadline = None if target.deadline is None else target.deadline(new_data, now, policy)
        entered = snapshot.entered_at if way.state is state else now
        return Step(
            old=snapshot.state,
            snapshot=Snapshot(way.state.value, snapshot.seq + 1, entered, deadline, set_at),
            data=new_data,
            effects=tuple(make(new_data, event, now, policy) for make in way.effects),
            reason=reason_of(event),
        )
    if kind in row.ignore:
        return None
    raise IllegalEventError(f"{workflow.name}: {kind.__name__} in state {state} is neither decided nor ignored")


def reason_of(event: Event) -> str:
    """Why a step was taken, for log lines and people: the event's name and its own reason if it carries one."""
    words = words_of(type(event))
    said = getattr(event, "reason", None) or getattr(event, "what", None)
    return f"{words}: {said}" if said else words


def words_of(event: type[Event]) -> str:
    """The event's name in words."""
    if issubclass(event, TimedOut):
        return "its time came"
    return "".join(f" {c.lower()}" if c.isupper() else c for c in event.__name__).strip()


def mermaid(workflow: Workflow[S, D, P]) -> str:
    """The table as a Mermaid state diagram; guards stand in brackets, effects behind a slash."""
    lines = ["stateDiagram-v2", f"  [*] --> {workflow.start}"]
    for state, row in workflow.rows.items():
        edges: dict[tuple[str, str], list[str]] = {}
        for kind in workflow.events:
            for way in alternatives(row, kind):
                label = kind.__name__
                if way.when is not None:
                    label += f" [{_label(way.when)}]"
                edges.setdefault((way.state, ", ".join(_label(e) for e in way.effects)), []).append(label)
        for (target, effects), labels in edges.items():
            text = " | ".join(labels) + (f" / {effects}" if effects else "")
            lines.append(f"  {state} --> {target}: {text}")
        if row.final:
            lines.append(f"  {state} --> [*]")
    return "\n".join(lines) + "\n"


def _label(function: Callable[..., object]) -> str:
    return function.__name__.strip("_").replace("_", " ")
