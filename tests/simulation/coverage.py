"""Which faults met which states of a workflow or of a batch: every pair that can has to meet in the nightly-sized run.

A pair that cannot meet, or only by a chance that no plan brings about, is declared here with its reason.
"""

from collections.abc import Iterable, Mapping

from numtrustd.domain.workflows import REGISTRY
from tests.simulation.looker import HAND
from tests.simulation.plan import (
    BATCH_STATES,
    BATCHES,
    BUGS,
    CLERK,
    CLOCK,
    DEATHS,
    KINDS,
    NETWORK,
    ORDERS,
    SIMULATED,
    SOURCES,
    STATES,
    STORE,
    WEATHER,
)

Pair = tuple[str, str]

CANNOT_MEET: dict[Pair, str] = {}

NOT_SIMULATED: dict[str, str] = {
    workflow: "it is new, and nobody has simulated it yet" for workflow in REGISTRY if workflow not in SIMULATED
}
"""Workflows that no run brings about, each with its reason; a state of theirs that is met is one declared wrongly."""


def _declare(states: Iterable[str], kinds: Iterable[str], reason: str) -> None:
    CANNOT_MEET.update({(state, kind): reason for state in states for kind in kinds})


_AT_A_TASK = [kind for kind in CLERK if kind != "clerk_stale"]  # that one is about a task which is done already
_REQUESTS = ("correction", "tag", "certification", "removal")
"""Workflows that go an appeal's way; the simulated platforms take them by form only."""
_TASKLESS = (
    "submitting",
    "uncertain",
    "looking_up",
    "cooling",
    "propagating",
    "verifying",
    "held",
    "cleared",
    "withdrawn",
)
_declare(_TASKLESS, _AT_A_TASK, "nobody has a task there")
_declare(
    [
        f"{workflow} {state}"
        for workflow in _REQUESTS
        for state in _TASKLESS
        # A removal may wait for its receipt, and for the word of who looked, while all else is waited for.
        if (workflow, state) not in (("removal", "propagating"), ("removal", "verifying"))
    ],
    _AT_A_TASK,
    "nobody has a task there",
)
_declare(
    ("certificate valid", "certificate renewing", "certificate held", "certificate ended"),
    _AT_A_TASK,
    "nobody has a task there",
)
_declare(
    [f"{workflow} {state}" for workflow in _REQUESTS for state in ("submitting", "uncertain", "looking_up")],
    KINDS,
    "the desks take forms, so nothing goes out by itself or is looked up; an appeal's rows are the same",
)
_declare(
    [state for state in STATES if state not in ("submitting", "uncertain")],
    ("late", "error_after"),
    "only a submission comes late or takes effect before its error, which leaves in `submitting`, and is soon back",
)
_declare([state for state in STATES if state != "looking_up"], ("listing_lag",), "only a look-up reads the list")

_declare(
    [state for state in STATES if state.startswith(("incident ", "cancellation "))],
    (*NETWORK, *WEATHER, *SOURCES),
    "it is the whole number's and asks no platform: what befalls its cases is theirs",
)
_declare(
    ("incident opening", "incident held", "incident resolved", "incident withdrawn"),
    _AT_A_TASK,
    "nobody has a task there",
)
_declare(
    ("cancellation held", "cancellation cleared", "cancellation released", "cancellation withdrawn"),
    _AT_A_TASK,
    "nobody has a task there",
)
_INSPECTIONS = [state for state in STATES if state.startswith("inspection ")]
_declare(
    _INSPECTIONS,
    (*NETWORK, *WEATHER, *SOURCES, *ORDERS, "double_click", *CLERK, *BUGS, "number_removed", "number_added"),
    "it is nobody's case: what befalls numbers, platforms and tasks is not its own",
)
_declare(("inspection closed",), KINDS, "it is stored with the next one, which waits")


OF_BATCHES = (*BATCHES, *NETWORK, *STORE, *CLOCK, *DEATHS)
"""What can befall a batch."""

_declare(BATCH_STATES, ("late", "error_after", "listing_lag"), "that is about submissions of appeals")
_declare(("batch sending", "batch uncertain"), BATCHES, "nobody asks for its answers yet")


def pairs() -> list[Pair]:
    """Every pair that is looked for, impossible ones among them."""
    of_hands = [(HAND, kind) for kind in _AT_A_TASK]
    return [(s, k) for s in STATES for k in KINDS] + [(s, k) for s in BATCH_STATES for k in OF_BATCHES] + of_hands


def unmet(met: Mapping[Pair, int]) -> list[Pair]:
    """The pairs that have to meet and did not."""
    return [pair for pair in pairs() if pair not in CANNOT_MEET and not met.get(pair)]


def misjudged(met: Mapping[Pair, int]) -> list[Pair]:
    """The pairs that are said to be impossible and were met."""
    unsimulated = [pair for pair in met if pair[0].partition(" ")[0] in NOT_SIMULATED and met[pair]]
    return [pair for pair in CANNOT_MEET if met.get(pair)] + unsimulated


def report(met: Mapping[Pair, int]) -> list[str]:
    """A table for people: a row for each fault, a column for each state; `.` cannot meet, `-` never did."""
    return [
        *(line for name in SIMULATED for line in ("", name, *_table(met, _states_of(name), KINDS))),
        "",
        *_table(met, BATCH_STATES, OF_BATCHES),
        "",
        *_table(met, [HAND], _AT_A_TASK),
    ]


def _states_of(workflow: str) -> list[str]:
    return [state for state in STATES if (state.rpartition(" ")[0] or "appeal") == workflow]


def _table(met: Mapping[Pair, int], states: Iterable[str], kinds: Iterable[str]) -> list[str]:
    lines = [f"{'':<16}" + "".join(f"{state.removeprefix('batch ')[:9]:>10}" for state in states)]
    for kind in kinds:
        cells = []
        for state in states:
            times = met.get((state, kind), 0)
            cells.append("." if (state, kind) in CANNOT_MEET else str(times) if times else "-")
        lines.append(f"{kind:<16}" + "".join(f"{cell:>10}" for cell in cells))
    return lines
