"""Which faults met which states of a workflow: every pair that can meet has to be hit in the nightly-sized run.

A pair that cannot meet, or only by a chance that no plan brings about, is declared here with its reason.
"""

from collections.abc import Iterable, Mapping

from tests.simulation.plan import CLERK, KINDS, STATES

Pair = tuple[str, str]

CANNOT_MEET: dict[Pair, str] = {}


def _declare(states: Iterable[str], kinds: Iterable[str], reason: str) -> None:
    CANNOT_MEET.update({(state, kind): reason for state in states for kind in kinds})


_IDLE = ("submitting", "uncertain", "looking_up", "cooling", "propagating", "verifying", "held", "cleared", "withdrawn")
_AT_A_TASK = [kind for kind in CLERK if kind != "clerk_stale"]  # that one is about a task which is done already
_declare(_IDLE, _AT_A_TASK, "nobody has a task there")
_declare(
    [state for state in STATES if state != "submitting"],
    ("late", "error_after"),
    "only a submission comes late or takes effect before its error, and it leaves and returns in `submitting`",
)
_declare([state for state in STATES if state != "looking_up"], ("listing_lag",), "only a look-up reads the list")


def unmet(met: Mapping[Pair, int]) -> list[Pair]:
    """The pairs that can meet and did not."""
    return [(s, k) for s in STATES for k in KINDS if not met.get((s, k)) and (s, k) not in CANNOT_MEET]


def misjudged(met: Mapping[Pair, int]) -> list[Pair]:
    """The pairs that are said to be impossible and were met."""
    return [pair for pair in CANNOT_MEET if met.get(pair)]


def report(met: Mapping[Pair, int]) -> list[str]:
    """A table for people: a row for each fault, a column for each state; `.` cannot meet, `-` never did."""
    lines = [f"{'':<16}" + "".join(f"{state[:9]:>10}" for state in STATES)]
    for kind in KINDS:
        cells = []
        for state in STATES:
            times = met.get((state, kind), 0)
            cells.append("." if (state, kind) in CANNOT_MEET else str(times) if times else "-")
        lines.append(f"{kind:<16}" + "".join(f"{cell:>10}" for cell in cells))
    return lines
