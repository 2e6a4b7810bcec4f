"""Silences: for a while a person does not want to be alarmed about some numbers, platforms or groups. Pure.

A silence changes nothing that is done, believed or stored. It only lowers log lines of warning and above to `info`,
marks them with its id, and only those that are about what it covers: what befalls the daemon itself, its sources, its
store, its actors, and whatever smells of phishing is said as loudly as ever. `actors.silences` keeps them.
"""

import enum
from collections.abc import Iterable

from msgspec import Struct

from numtrustd.domain.observation import Instant

QUIETED = frozenset(
    {
        "action",
        "budget",
        "case",
        "cause",
        "complaint",
        "complaints",
        "evidence",
        "finding",
        "incident",
        "label",
        "number",
        "platform",
        "task",
        "verdict",
    }
)
"""The nouns (the first word of an event's name) that a silence may quiet; of all others it has no say."""


class Scope(enum.StrEnum):
    """What a silence may be about."""

    NUMBER = "number"
    PLATFORM = "platform"
    GROUP = "group"


class Target(Struct, frozen=True, order=True):
    """One thing that is silenced."""

    scope: Scope
    name: str

    def __str__(self) -> str:
        return f"{self.scope} {self.name}"


class Silence(Struct, frozen=True, omit_defaults=True):
    """One silence: of any of the `targets`, since when and until when, by whom and why."""

    id: str
    targets: tuple[Target, ...]
    since: Instant
    until: Instant
    by: str
    reason: str

    def lasts(self, now: Instant) -> bool:
        """Whether it holds."""
        return now < self.until

    def covers(self, number: str, platform: str, group: str) -> bool:
        """Whether it is about this number, this platform or this group; what is empty is not known."""
        named = {Scope.NUMBER: number, Scope.PLATFORM: platform, Scope.GROUP: group}
        return any(target.name == named[target.scope] != "" for target in self.targets)


def quiets(action: str) -> bool:
    """Whether events of this name may be quieted at all."""
    return action.partition(".")[0] in QUIETED


def covering(
    silences: Iterable[Silence], now: Instant, *, number: str = "", platform: str = "", group: str = ""
) -> Silence | None:
    """The silence that covers it: of several, the one that lasts longest."""
    found = [s for s in silences if s.lasts(now) and s.covers(number, platform, group)]
    return max(found, key=lambda s: (s.until, s.id), default=None)


class Ack(Struct, frozen=True, omit_defaults=True):
    """Somebody has seen a case in the state in which it was then. It says nothing of any later state, even of the same
    name: `entered_at` is since when the case was in it.
    """

    case: str
    state: str
    entered_at: Instant
    at: Instant
    by: str
    note: str = ""

    def holds(self, state: str, entered_at: Instant) -> bool:
        """Whether the case is still as it was seen."""
        return (self.state, self.entered_at) == (state, entered_at)
