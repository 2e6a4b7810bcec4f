"""What a simulated world remembers: ground truth, appeals, and what is still to happen. One JSON document.

`world` is the only module that changes these.
"""

import enum

from msgspec import Struct

from numtrustd.domain.observation import Instant
from numtrustd.sim.script import Certify, Clear, Faults, Habits, Label, Quota, Review, Tag, Window


class Mark(Struct, omit_defaults=True):
    """A label at a platform. `cause` is where it came from: story, chance, return, or the feeder's id."""

    words: str
    since: Instant
    marks: int
    per_day: float
    cap: int
    cause: str
    spreads: bool = True
    returns: float | None = None
    leaving: bool = False

    def count(self, now: Instant) -> int:
        """How many users have marked the number by now."""
        days = max(0.0, now - self.since) / 86_400.0
        return min(self.cap, self.marks + int(days * self.per_day))


class Place(Struct, omit_defaults=True):
    """What one platform holds of one number. `refused` counts appeals rejected since the last approval."""

    mark: Mark | None = None
    name: str = ""
    refused: int = 0
    labels: int = 0
    tag: str = ""


class Ruling(enum.StrEnum):
    """Where an appeal stands at the platform."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    NOTHING = "nothing"  # accepted, and there was no label to remove


class Appeal(Struct, omit_defaults=True):
    """One accepted submission. Numbers handed in together (`batch`) share a receipt."""

    receipt: str
    ref: str
    number: str
    platform: str
    via: str  # "http" or "form"
    at: Instant
    attempt: int
    due: Instant
    letter: str = ""
    evidence: tuple[str, ...] = ()
    contact: str = ""
    ruling: Ruling = Ruling.IN_REVIEW
    reason: str = ""
    decided: Instant | None = None
    cache: float = 0.0
    batch: int = 1


class Decide(Struct, frozen=True, tag_field="do", tag="decide"):
    """A review ends."""

    receipt: str
    number: str


class Removed(Struct, frozen=True, tag_field="do", tag="removed"):
    """The caches have caught up with an approved appeal."""

    number: str
    platform: str
    since: Instant


class Spread(Struct, frozen=True, tag_field="do", tag="spread"):
    """A reader copies its feeder's label, if that still stands."""

    number: str
    feeder: str
    reader: str


class Back(Struct, frozen=True, tag_field="do", tag="back"):
    """A label that was removed comes back."""

    number: str
    platform: str
    mark: Mark


class Chance(Struct, frozen=True, tag_field="do", tag="chance"):
    """The random background labels a number."""

    number: str
    platform: str
    nth: int


class Arrive(Struct, frozen=True, tag_field="do", tag="arrive"):
    """A submission that was under way for long after its sender gave up."""

    platform: str
    numbers: tuple[str, ...]
    ref: str
    letter: str
    evidence: tuple[str, ...]
    via: str
    contact: str = ""


Event = Label | Clear | Certify | Tag | Decide | Removed | Spread | Back | Chance | Arrive


class Due(Struct, frozen=True):
    """Something that will happen; equal instants happen in the order of `seq`."""

    at: Instant
    seq: int
    event: Event


class Happened(Struct, frozen=True, omit_defaults=True):
    """One line of the world's own chronicle."""

    at: Instant
    what: str
    platform: str
    number: str
    detail: str = ""


class State(Struct):
    """Everything. `version` grows with every change that a restart may not lose."""

    seed: int
    origin: Instant
    now: Instant
    habits: Habits
    story: str = ""
    faults: Faults = Faults()
    places: dict[str, dict[str, Place]] = {}
    appeals: list[Appeal] = []
    refusals: dict[str, int] = {}
    repeats: int = 0
    windows: list[Window] = []
    reviews: list[Review] = []
    quotas: dict[str, Quota] = {}
    pending: list[Due] = []
    chronicle: list[Happened] = []
    seq: int = 0
    version: int = 0
