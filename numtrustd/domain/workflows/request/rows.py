"""Every move of a request to a platform: handed in, reviewed, granted, and then seen to be true on the phones.

An appeal, a correction, a tag, a certification and a removal go the same way; they differ in what is asked for, in the
papers, and in what a look must show. `request_table` draws the table for each of them in its own words; the files
beside this one hold data, policy, events, effects and small functions.

The platform's "approved" is never proof: only the required good looks of every view end a request. A submission is
stored before it is sent and never sent twice: what may have arrived is looked up, else a person is asked.
"""

import enum
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from msgspec import Struct

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Event, Row, TimedOut, To, Who, Workflow
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import RequestData, RequestPolicy
from numtrustd.domain.workflows.request.data import due

D = TypeVar("D", bound=RequestData)

DAY = 86_400.0
MINUTE = 60.0


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


# ------------------------------------------------------------------------------------------------------- deadlines


def _at_slot(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    if data.asked_approval and a.approval_pending(data, None, now, policy):
        return due(policy.remind_interval, now, policy)
    if a.slot_closed(data, None, now, policy):
        return max(data.not_before, policy.slot)
    if policy.closed or policy.no_room or a.feeder_first(data, None, now, policy):
        return max(data.not_before, now + policy.poll_interval)
    return max(data.not_before, now)


def _at_poll(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    until = due(policy.person_deadline, now, policy) if data.review_by is None else data.review_by
    if policy.can_query and data.receipt is not None:
        until = min(until, now + policy.poll_interval)
    return max(until, now + MINUTE)


def _when_cool(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return max(data.not_before, now)


def _when_settled(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    # Doubling: a platform whose look-up is down is not asked every ten minutes for a week.
    return now + policy.settle * float(2 ** min(data.look_ups, 6))


def _when_verified(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    start = now if data.verify_from is None else data.verify_from
    return max(start + policy.verify_timeout, now + MINUTE)


def _in_a_day(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return now + DAY


def _at_reminder(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return due(policy.remind_interval, now, policy)


def _while_held(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return a.reminded_until(data, now, policy.remind_interval)


def _at_person_deadline(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return due(policy.remind_interval if data.reminders else policy.person_deadline, now, policy)


def _at_evidence_deadline(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return due(policy.remind_interval if data.reminders else policy.evidence_deadline, now, policy)


def _when_propagated(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return now + policy.propagation


# ---------------------------------------------------------------------------------------------- groups of events

OUTCOMES: frozenset[type[Event]] = frozenset({a.Accepted, a.Refused, a.Later, a.NotSent, a.OutcomeUnknown})
LOOK_UPS: frozenset[type[Event]] = frozenset({a.NotFound, a.LookUpFailed, a.NotHappened})
ANSWERS: frozenset[type[Event]] = frozenset({a.Approved, a.Rejected, a.InfoRequested, a.StillInReview, a.QueryFailed})
LOOKS: frozenset[type[Event]] = frozenset({a.Looked, a.Gone, a.Returned})
ORDERS: frozenset[type[Event]] = frozenset({a.Approve, a.Hold, a.Advance, a.Withdraw, a.Reopen})
PEOPLE: frozenset[type[Event]] = frozenset({a.TaskFailed, a.ClosedByPerson, a.EvidenceChanged})

_VERIFY = To(S.VERIFYING, (a.close_tasks,), update=a.start_verifying)
_IF_GONE = To(S.VERIFYING, (a.close_tasks,), when=a.fault_gone, update=a.start_verifying)
_HOLD = To(S.HELD, (a.close_tasks,), update=a.note_hold)
_WITHDRAW = To(S.WITHDRAWN, (a.close_tasks,))
_ACCEPTED = (
    To(S.IN_REVIEW, (a.close_tasks,), when=a.can_query, update=a.note_receipt),
    To(S.IN_REVIEW, (a.close_tasks, a.ask_for_answer), update=a.note_receipt),
)
_REFUSED = (
    To(S.COOLING, (a.close_tasks,), when=a.attempts_left, update=a.note_rejection),
    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.keep_reason),
)
_REVIEW_GOES_ON = (
    To(S.IN_REVIEW, when=a.review_askable),
    To(S.IN_REVIEW, (a.ask_for_answer,), when=a.review_open),
)
_RESTORED = (
    To(S.UNCERTAIN, (a.close_tasks,), when=a.can_look_up, update=a.note_restored),
    To(S.ASKING, (a.close_tasks, a.ask_whether_sent), update=a.note_restored),
)
_LATER = (
    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), when=a.tries_used_up, update=a.note_unsent),
    To(S.WAITING, (a.close_tasks,), update=a.note_wait),
)
_RELEASED = (
    # Back to where it stood: what is with the platform, or was answered by it, is not sent a second time.
    To(S.UNCERTAIN, when=a.maybe_sent),
    To(S.ASKING, (a.ask_whether_sent,), when=a.maybe_handed_in),
    To(S.ESCALATED, (a.ask_for_decision,), when=a.held_undecided, update=a.note_release),
    *_REVIEW_GOES_ON,
    To(S.VERIFYING, when=a.granted, update=a.start_verifying),
    To(S.VERIFYING, when=a.once_sent, update=a.start_verifying),
    To(S.WAITING, update=a.note_release),
)
_APPROVED = To(S.PROPAGATING, (a.close_tasks,), update=a.note_granted)
_MORE = To(S.GATHERING, (a.close_tasks, a.ask_for_evidence), update=a.note_more)


class Words(Struct, frozen=True):
    """How a table speaks of what is asked for; the texts of `explain`."""

    thing: str
    first: str
    spread: str
    looks: str
    so: str
    reached: str


def request_rows(words: Words) -> dict[S, Row[S]]:
    """The rows of one kind of request, in its own words."""
    # Only a review that is chased is paid for: everywhere else the payment comes too late, or was for another attempt.
    return {
        state: row if a.Expedited in row.on else replace(row, ignore=row.ignore | {a.Expedited})
        for state, row in _rows(words).items()
    }


def _rows(words: Words) -> dict[S, Row[S]]:
    return {
        S.WAITING: Row(
            meaning=f"waiting for its slot: cool-down, approval, maintenance, {words.first} that has to go first",
            who=Who.DAEMON,
            then=f"submits the {words.thing}, or asks for what is still lacking",
            deadline=_at_slot,
            on={
                a.Restored: _RESTORED,
                TimedOut: (
                    _IF_GONE,
                    To(
                        S.ESCALATED,
                        (a.close_tasks, a.ask_for_decision),
                        when=a.wording_forbidden,
                        update=a.note_forbidden,
                    ),
                    To(
                        S.GATHERING, (a.close_tasks, a.ask_for_evidence), when=a.evidence_missing, update=a.note_lacking
                    ),
                    To(S.WAITING, when=a.platform_closed),
                    To(S.WAITING, when=a.store_nearly_full),
                    To(S.WAITING, when=a.slot_closed),
                    To(S.WAITING, when=a.feeder_first),
                    To(S.WAITING, (a.ask_for_approval,), when=a.approval_pending, update=a.note_asked),
                    To(
                        S.AT_PERSON,
                        (a.close_tasks, a.ask_for_submission),
                        when=a.by_person,
                        update=a.note_at_person,
                    ),
                    To(S.SUBMITTING, (a.close_tasks, a.submit), update=a.note_sent),
                ),
                # A maintenance is over sooner, a window was taken back: it need not wait any longer.
                a.EvidenceChanged: To(S.WAITING, when=a.slot_known),
                a.Approve: To(S.WAITING, (a.close_tasks,), update=a.note_approval),
                a.Advance: To(S.WAITING, update=a.note_hurry),
                a.Hold: _HOLD,
                a.Withdraw: _WITHDRAW,
                a.Gone: _VERIFY,
                a.Looked: _IF_GONE,
            },
            ignore=OUTCOMES | LOOK_UPS | ANSWERS | PEOPLE | {a.Looked, a.Returned, a.Reopen},
        ),
        S.GATHERING: Row(
            meaning="waiting for papers that the platform demands",
            who=Who.PERSON,
            then="reminds; after the last reminder a person has to decide",
            deadline=_at_evidence_deadline,
            on={
                a.Restored: _RESTORED,
                TimedOut: (
                    To(S.WAITING, (a.close_tasks,), when=a.evidence_complete, update=a.note_now),
                    To(S.GATHERING, (a.ask_for_evidence,), when=a.reminders_left, update=a.note_reminder),
                    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.note_handed_over),
                ),
                a.EvidenceChanged: (
                    To(S.WAITING, (a.close_tasks,), when=a.evidence_complete, update=a.note_now),
                    To(S.GATHERING, (a.ask_for_evidence,), when=a.due_sooner),
                ),
                a.Advance: To(S.WAITING, (a.close_tasks,), update=a.note_now),
                a.TaskFailed: To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.keep_reason),
                a.Hold: _HOLD,
                a.Withdraw: _WITHDRAW,
                a.Gone: _VERIFY,
                a.Looked: _IF_GONE,
            },
            ignore=OUTCOMES
            | LOOK_UPS
            | ANSWERS
            | {a.EvidenceChanged, a.ClosedByPerson, a.Looked, a.Returned, a.Approve, a.Reopen},
        ),
        S.SUBMITTING: Row(
            meaning="the submission is on its way to the platform",
            who=Who.DAEMON,
            then="treats the outcome as unknown and looks it up",
            deadline=_in_a_day,
            in_flight=True,
            on={
                a.Accepted: _ACCEPTED,
                a.Refused: _REFUSED,
                a.Later: _LATER,
                a.NotSent: _LATER,
                a.OutcomeUnknown: To(S.UNCERTAIN, update=a.note_unclear),
                TimedOut: (
                    # Behind many others in the outbox: what cannot have arrived is not looked up, nor sent again.
                    To(S.SUBMITTING, when=a.still_queued),
                    To(S.UNCERTAIN, update=a.note_unclear),
                ),
            },
            ignore=frozenset({a.Restored}) | LOOK_UPS | ANSWERS | LOOKS | ORDERS | PEOPLE,
        ),
        S.UNCERTAIN: Row(
            meaning="nobody knows yet whether the submission arrived; waiting until it cannot be on its way any more",
            who=Who.DAEMON,
            then="looks the reference up at the platform, or asks a person",
            deadline=_when_settled,
            in_flight=True,
            on={
                TimedOut: (
                    To(S.LOOKING_UP, (a.look_up,), when=a.can_look_up, update=a.note_look_up),
                    To(S.ASKING, (a.ask_whether_sent,), update=a.note_handed_over),
                ),
                a.Accepted: _ACCEPTED,
                a.Refused: _REFUSED,
                a.Later: _LATER,
                a.NotSent: _LATER,
            },
            ignore=frozenset({a.Restored}) | LOOK_UPS | ANSWERS | LOOKS | ORDERS | PEOPLE | {a.OutcomeUnknown},
        ),
        S.LOOKING_UP: Row(
            meaning="asking the platform whether it has the submission",
            who=Who.DAEMON,
            then="asks again later",
            deadline=_in_a_day,
            in_flight=True,
            on={
                a.Accepted: _ACCEPTED,
                a.Refused: _REFUSED,
                a.Later: To(S.UNCERTAIN),
                a.NotFound: (
                    To(S.WAITING, when=a.missed_once, update=a.note_safe_to_send),
                    To(S.UNCERTAIN, update=a.note_not_found),
                ),
                a.LookUpFailed: To(S.UNCERTAIN),
                TimedOut: To(S.UNCERTAIN),
            },
            ignore=frozenset({a.Restored})
            | ANSWERS
            | LOOKS
            | ORDERS
            | PEOPLE
            | {a.NotSent, a.OutcomeUnknown, a.NotHappened},
        ),
        S.ASKING: Row(
            meaning="a person has to find out whether the submission arrived",
            who=Who.PERSON,
            then="reminds",
            deadline=_at_person_deadline,
            in_flight=True,
            on={
                a.Accepted: _ACCEPTED,
                a.Refused: _REFUSED,
                a.NotHappened: To(S.WAITING, (a.close_tasks,), update=a.note_safe_to_send),
                a.TaskFailed: To(S.ASKING, (a.ask_whether_sent,), update=a.note_reminder),
                TimedOut: To(S.ASKING, (a.ask_whether_sent,), update=a.note_reminder),
            },
            ignore=frozenset({a.Restored})
            | ANSWERS
            | LOOKS
            | ORDERS
            | {
                a.Later,
                a.NotSent,
                a.OutcomeUnknown,
                a.NotFound,
                a.LookUpFailed,
                a.EvidenceChanged,
                a.ClosedByPerson,
            },
        ),
        S.AT_PERSON: Row(
            meaning=f"a person has the packet and hands the {words.thing} in by the platform's own form",
            who=Who.PERSON,
            then="reminds; after the last reminder a person has to decide",
            deadline=_at_person_deadline,
            on={
                a.Restored: _RESTORED,
                a.Accepted: _ACCEPTED,
                a.Refused: _REFUSED,
                a.TaskFailed: To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.keep_reason),
                # An emergency began: it is wanted by its clock.
                a.EvidenceChanged: To(S.AT_PERSON, (a.ask_for_submission,), when=a.due_sooner),
                TimedOut: (
                    To(S.AT_PERSON, (a.ask_for_submission,), when=a.reminders_left, update=a.note_reminder),
                    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.note_handed_over),
                ),
                a.Hold: _HOLD,
                a.Withdraw: _WITHDRAW,
                a.Gone: _VERIFY,
                a.Looked: _IF_GONE,
            },
            ignore=LOOK_UPS
            | ANSWERS
            | {
                a.Later,
                a.NotSent,
                a.OutcomeUnknown,
                a.EvidenceChanged,
                a.ClosedByPerson,
                a.Looked,
                a.Returned,
                a.Approve,
                a.Advance,
                a.Reopen,
            },
        ),
        S.IN_REVIEW: Row(
            meaning=f"the platform is reviewing the {words.thing}",
            who=Who.PLATFORM,
            then="asks for the answer, or chases a review that is overdue",
            deadline=_at_poll,
            on={
                a.Approved: _APPROVED,
                a.Rejected: _REFUSED,
                a.InfoRequested: _MORE,
                TimedOut: (
                    To(S.IN_REVIEW, when=a.platform_in_maintenance, update=a.push_review),
                    To(S.IN_REVIEW, (a.query,), when=a.review_left),
                    To(S.OVERDUE, (a.close_tasks, a.chase), update=a.grant_chase),
                ),
                a.EvidenceChanged: To(S.IN_REVIEW, when=a.review_stretches, update=a.stretch_review),
                a.TaskFailed: To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.keep_reason),
                a.Hold: _HOLD,
                a.Advance: To(S.OVERDUE, (a.close_tasks, a.chase), update=a.grant_chase),
                a.Withdraw: _WITHDRAW,
                a.Gone: _VERIFY,
                a.Looked: _IF_GONE,
            },
            ignore=frozenset({a.Restored})
            | OUTCOMES
            | LOOK_UPS
            | {
                a.StillInReview,
                a.QueryFailed,
                a.EvidenceChanged,
                a.ClosedByPerson,
                a.Looked,
                a.Returned,
                a.Approve,
                a.Reopen,
            },
        ),
        S.OVERDUE: Row(
            meaning="the review is overdue and is being chased",
            who=Who.PERSON,
            then="asks once more, then a person has to decide",
            deadline=_at_poll,
            on={
                a.Approved: _APPROVED,
                a.Rejected: _REFUSED,
                a.InfoRequested: _MORE,
                TimedOut: (
                    To(S.OVERDUE, when=a.platform_in_maintenance, update=a.push_review),
                    To(S.OVERDUE, (a.query,), when=a.review_left),
                    To(
                        S.OVERDUE,
                        (a.close_tasks, a.ask_to_expedite),
                        when=a.may_expedite,
                        update=a.note_expedite_asked,
                    ),
                    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.note_handed_over),
                ),
                a.StillInReview: To(S.OVERDUE, keep_timer=True),
                a.Expedited: To(S.OVERDUE, (a.close_tasks, a.ask_for_answer), update=a.note_expedited),
                a.TaskFailed: To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.keep_reason),
                a.Hold: _HOLD,
                a.Advance: To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.note_handed_over),
                a.Withdraw: _WITHDRAW,
                a.Gone: _VERIFY,
                a.Looked: _IF_GONE,
            },
            ignore=frozenset({a.Restored})
            | OUTCOMES
            | LOOK_UPS
            | {a.QueryFailed, a.EvidenceChanged, a.ClosedByPerson, a.Looked, a.Returned, a.Approve, a.Reopen},
        ),
        S.COOLING: Row(
            meaning="rejected; waiting out the platform's cool-down before a stronger attempt",
            who=Who.DAEMON,
            then="prepares the next attempt with more evidence",
            deadline=_when_cool,
            on={
                a.Restored: _RESTORED,
                TimedOut: To(S.WAITING),
                a.Advance: To(S.WAITING, update=a.note_now),
                a.Approved: _APPROVED,
                a.Hold: _HOLD,
                a.Withdraw: _WITHDRAW,
                a.Gone: _VERIFY,
                a.Looked: _IF_GONE,
            },
            ignore=OUTCOMES
            | LOOK_UPS
            | PEOPLE
            | {
                a.Rejected,
                a.InfoRequested,
                a.StillInReview,
                a.QueryFailed,
                a.Looked,
                a.Returned,
                a.Approve,
                a.Reopen,
            },
        ),
        S.PROPAGATING: Row(
            meaning=f"approved; waiting for the platform's caches to {words.spread}",
            who=Who.PLATFORM,
            then=f"starts counting {words.looks}",
            deadline=_when_propagated,
            on={
                TimedOut: To(S.VERIFYING, update=a.start_verifying),
                a.Advance: To(S.VERIFYING, update=a.start_verifying),
                a.Looked: To(S.VERIFYING, when=a.looked_clean, update=a.start_verifying),
                a.Gone: To(S.VERIFYING, update=a.start_verifying),
                a.Rejected: _REFUSED,
                a.Hold: _HOLD,
                a.Withdraw: _WITHDRAW,
            },
            ignore=frozenset({a.Restored})
            | OUTCOMES
            | LOOK_UPS
            | PEOPLE
            | {
                a.Looked,
                a.Returned,
                a.Approved,
                a.InfoRequested,
                a.StillInReview,
                a.QueryFailed,
                a.Approve,
                a.Reopen,
            },
        ),
        S.VERIFYING: Row(
            meaning=f"counting {words.looks} in a row on every view of the platform",
            who=Who.DAEMON,
            then=f"looks longer if {words.so}, else starts the next attempt",
            deadline=_when_verified,
            on={
                a.Looked: (
                    To(S.CLEARED, (a.close_tasks,), when=a.clean_enough, update=a.count_look),
                    To(S.VERIFYING, update=a.count_look, keep_timer=True),
                ),
                a.Returned: (
                    *_REVIEW_GOES_ON,
                    To(S.WAITING, when=a.never_sent, update=a.note_now),
                ),
                TimedOut: (
                    # No longer shown, or nobody can see: looked at longer, never appealed again for that.
                    To(S.VERIFYING, when=a.unproved_so_far, update=a.verify_longer),
                    To(S.ESCALATED, (a.ask_for_decision,), when=a.gone_or_unseen, update=a.note_handed_over),
                    To(S.OVERDUE, (a.chase,), when=a.review_open, update=a.grant_chase),
                    To(S.WAITING, when=a.never_sent, update=a.note_now),
                    To(S.COOLING, when=a.attempts_left, update=a.note_rejection),
                    To(S.ESCALATED, (a.ask_for_decision,), update=a.keep_reason),
                ),
                a.Rejected: _REFUSED,
                a.Approved: To(S.VERIFYING, update=a.note_granted, keep_timer=True),
                a.Hold: _HOLD,
                a.Withdraw: _WITHDRAW,
            },
            ignore=frozenset({a.Restored})
            | OUTCOMES
            | LOOK_UPS
            | PEOPLE
            | {
                a.Gone,
                a.Returned,
                a.InfoRequested,
                a.StillInReview,
                a.QueryFailed,
                a.Approve,
                a.Advance,
                a.Reopen,
            },
        ),
        S.ESCALATED: Row(
            meaning="the daemon's means are used up; a person has to decide",
            who=Who.PERSON,
            then="reminds",
            deadline=_at_reminder,
            on={
                a.Restored: _RESTORED,
                a.Advance: To(S.WAITING, (a.close_tasks,), update=a.try_again),
                a.Accepted: _ACCEPTED,
                a.Approved: _APPROVED,
                a.ClosedByPerson: _WITHDRAW,
                a.Hold: To(S.HELD, (a.close_tasks,), update=a.note_hold_undecided),
                a.Withdraw: _WITHDRAW,
                a.Gone: _VERIFY,
                a.Looked: _IF_GONE,
                TimedOut: To(S.ESCALATED, (a.ask_for_decision,), update=a.note_reminder),
            },
            ignore=LOOK_UPS
            | {
                a.Refused,
                a.Later,
                a.NotSent,
                a.OutcomeUnknown,
                a.Rejected,
                a.InfoRequested,
                a.StillInReview,
                a.QueryFailed,
                a.TaskFailed,
                a.EvidenceChanged,
                a.Looked,
                a.Returned,
                a.Approve,
                a.Reopen,
            },
        ),
        S.HELD: Row(
            meaning="held by an operator",
            who=Who.PERSON,
            then="reminds that it is still held",
            deadline=_while_held,
            on={
                a.Restored: To(S.HELD, update=a.note_restored, keep_timer=True),
                a.Advance: _RELEASED,
                a.Hold: To(S.HELD, update=a.note_held),
                a.Withdraw: _WITHDRAW,
                TimedOut: (To(S.HELD, when=a.still_held, update=a.note_reminder), *_RELEASED),
            },
            ignore=OUTCOMES | LOOK_UPS | ANSWERS | LOOKS | PEOPLE | {a.Approve, a.Reopen},
        ),
        S.CLEARED: Row(
            meaning=f"{words.reached} on every view",
            who=Who.NOBODY,
            then="a return within the watch period opens it again",
            final=True,
            on={
                # It may have gone by itself while the platform still reviews: then that review goes on.
                a.Returned: (
                    To(S.IN_REVIEW, when=a.review_askable, update=a.note_return),
                    To(S.IN_REVIEW, (a.ask_for_answer,), when=a.review_open, update=a.note_return),
                    To(S.WAITING, update=a.restart),
                ),
                a.Reopen: To(S.WAITING, update=a.restart),
            },
            ignore=frozenset({a.Restored})
            | OUTCOMES
            | LOOK_UPS
            | ANSWERS
            | PEOPLE
            | {TimedOut, a.Looked, a.Gone, a.Approve, a.Hold, a.Advance, a.Withdraw},
        ),
        S.WITHDRAWN: Row(
            meaning="given up by a person",
            who=Who.NOBODY,
            then="",
            final=True,
            on={a.Reopen: To(S.WAITING, update=a.restart)},
            ignore=frozenset({a.Restored})
            | OUTCOMES
            | LOOK_UPS
            | ANSWERS
            | LOOKS
            | PEOPLE
            | {TimedOut, a.Approve, a.Hold, a.Advance, a.Withdraw},
        ),
    }


def request_table(
    name: str, rows: Mapping[S, Row[S]], data: type[D], events: tuple[type[Event], ...] = ()
) -> Workflow[S, D, RequestPolicy]:
    """The table of one kind of request, whose data is of the type `data`; `events` are those that it alone has."""
    return Workflow(
        name=name,
        version=1,
        states=S,
        start=S.WAITING,
        events=(
            TimedOut,
            a.Restored,
            *sorted(OUTCOMES | LOOK_UPS | ANSWERS | LOOKS | ORDERS | PEOPLE | {a.Expedited}, key=lambda e: e.__name__),
            *events,
        ),
        rows=rows,
        data=data,
        policy=RequestPolicy,
        unrepeatable=(a.submit,),
    )
