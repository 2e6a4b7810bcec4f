"""Where a request can stand, and what can happen to it, in groups: what a table decides or ignores together."""

import enum

from numtrustd.domain.workflow import Event
from numtrustd.domain.workflows import request as a


class S(enum.StrEnum):
    """Where a request can stand."""

    WAITING = "waiting"
    GATHERING = "gathering"
    SUBMITTING = "submitting"
    UNCERTAIN = "uncertain"
    LOOKING_UP = "looking_up"
    ASKING = "asking"
    AT_PERSON = "at_person"
    IN_REVIEW = "in_review"
    OVERDUE = "overdue"
    COOLING = "cooling"
    PROPAGATING = "propagating"
    VERIFYING = "verifying"
    ESCALATED = "escalated"
    HELD = "held"
    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"


OUTCOMES: frozenset[type[Event]] = frozenset({a.Accepted, a.Refused, a.Later, a.NotSent, a.OutcomeUnknown})
LOOK_UPS: frozenset[type[Event]] = frozenset({a.NotFound, a.LookUpFailed, a.NotHappened})
ANSWERS: frozenset[type[Event]] = frozenset({a.Approved, a.Rejected, a.InfoRequested, a.StillInReview, a.QueryFailed})
LOOKS: frozenset[type[Event]] = frozenset({a.Looked, a.Gone, a.Returned})
ORDERS: frozenset[type[Event]] = frozenset({a.Approve, a.Hold, a.Advance, a.Withdraw, a.Reopen})
PEOPLE: frozenset[type[Event]] = frozenset({a.TaskFailed, a.ClosedByPerson, a.EvidenceChanged})
