"""One durable case: a workflow of one finding on one platform, as it is stored and shown.

`workflow` decides its moves; `task` is what it asks of people; `Action` is what it does to the outside.
"""

import enum
import hashlib
from typing import Any

from msgspec import Struct

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Snapshot, Who
from numtrustd.domain.workflows import REGISTRY
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.domain.workflows.incident import IncidentData
from numtrustd.domain.workflows.inspection import InspectionData
from numtrustd.domain.workflows.leaving import CancellationData
from numtrustd.domain.workflows.request import (
    AppealData,
    CertificationData,
    CorrectionData,
    Held,
    RemovalData,
    RequestData,
    TagData,
)
from numtrustd.domain.workflows.request.holding import HELD

CaseData = (
    AppealData
    | CorrectionData
    | TagData
    | CertificationData
    | CertificateData
    | IncidentData
    | InspectionData
    | RemovalData
    | CancellationData
)
"""The tagged union of every workflow's data."""


def blank_data(workflow: str) -> Any:
    """Data of a case that knows nothing yet."""
    return REGISTRY[workflow].data()


def policy_of(workflow: str) -> Any:
    """A workflow's policy with every default."""
    return REGISTRY[workflow].policy()


class Move(Struct, frozen=True, omit_defaults=True):
    """One transition, kept for people."""

    at: Instant
    old: str
    new: str
    reason: str
    by: str = ""


ENDS_HOLD = "ends the hold by itself, and goes on"
NOT_APPROVED = "reminds that nobody has approved it"
"""What happens next to a case that waits for a person, whatever its workflow."""


class Case(Struct, frozen=True, omit_defaults=True):
    """A case as stored. `id` is `NUMBER/PLATFORM/N`: it says whose it is, and needs no counter across numbers. One that
    is about the whole number has no platform; its workflow's name stands there in its id.
    """

    id: str
    number: str
    platform: str
    workflow: str
    version: int
    snapshot: Snapshot
    data: CaseData
    opened_at: Instant
    closed_at: Instant | None = None
    outcome: str = ""
    moves: tuple[Move, ...] = ()

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def row(self) -> Any:
        """The table row of the present state."""
        table = REGISTRY[self.workflow]
        return table.rows[table.states(self.snapshot.state)]

    @property
    def unapproved(self) -> bool:
        """Whether it waits for somebody's `approve`, which it has asked for."""
        data = self.data
        if not isinstance(data, RequestData):
            return False
        return self.snapshot.state == "waiting" and data.asked_approval and not data.approved_by

    @property
    def who(self) -> Who:
        """Whose move it is."""
        return Who.PERSON if self.unapproved else Who(self.row.who)

    @property
    def meaning(self) -> str:
        """What is waited for."""
        return f"waiting for somebody to approve the {self.workflow}" if self.unapproved else str(self.row.meaning)

    @property
    def then(self) -> str:
        """What happens when the wait is over."""
        if self.held is not None and self.held.until is not None:
            return ENDS_HOLD
        return NOT_APPROVED if self.unapproved else str(self.row.then)

    @property
    def due(self) -> Instant | None:
        """When that happens; a hold that has an end may be spoken of before."""
        until = None if self.held is None else self.held.until
        return self.snapshot.deadline if until is None else until

    @property
    def held(self) -> Held | None:
        """Who holds it, where it is held."""
        return self.data.hold if self.snapshot.state == HELD else None


def track(platform: str, workflow: str) -> str:
    """Under which name a number's record knows its newest case of a workflow at a platform; appeals have the platform's
    own. A workflow that is about the whole number has no platform."""
    return platform if workflow == "appeal" else f"{platform}:{workflow}"


def case_id(number: str, place: str, n: int) -> str:
    """`place` is the platform of a case, or the workflow of one that is about the whole number."""
    return f"{number}/{place}/{n}"


def number_of(identity: str) -> str:
    """The number that a case, action or task id belongs to."""
    return identity.split("/", 1)[0]


def place_of(identity: str) -> str:
    """The platform that a case is of by its id, or the workflow of one that is about the whole number."""
    return identity.split("/", 2)[1]


def reference(store: str, case: str, attempt: int) -> str:
    """The reference under which one attempt is known to the platform, the same however often it is sent.

    `store` (the database's identity) keeps two installations apart.
    """
    return "NT-" + hashlib.sha256(f"{store}|{case}|{attempt}".encode()).hexdigest()[:12].upper()


class ActionState(enum.StrEnum):
    """`PLANNED` has not begun; `SENDING` may have left the machine."""

    PLANNED = "planned"
    SENDING = "sending"


class ActionKind(enum.StrEnum):
    """What goes out."""

    SUBMIT = "submit"
    QUERY = "query"
    LOOK_UP = "look_up"

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice changes nothing at the platform."""
        return self is not ActionKind.SUBMIT


class Action(Struct, frozen=True, omit_defaults=True):
    """One thing to be done to the outside, stored before it is done. `id` is `CASE/SEQ.N`, its idempotency key.

    `values` are what the channel's template needs; `digest` is of the request as it was sent.
    """

    id: str
    case: str
    number: str
    platform: str
    kind: ActionKind
    attempt: int
    ref: str
    values: dict[str, str]
    planned_at: Instant
    state: ActionState = ActionState.PLANNED
    sent_at: Instant | None = None
    digest: str = ""


class Done(Struct, frozen=True, omit_defaults=True):
    """A submission that came to an end, kept for people; not what it said. `result` is what the case was told."""

    id: str
    attempt: int
    ref: str
    planned_at: Instant
    ended_at: Instant
    result: str
    sent_at: Instant | None = None
    digest: str = ""
    receipt: str = ""
