"""The emergency of one number: all its cases under one clock of 2, 24 and 48 hours [S1].

It runs on real hours, through nights and weekends, from the moment at which the trouble was confirmed: everything that
matters is handed in within 2 h, what is stuck is chased at 24 h, and by 48 h it is resolved or a person decides. Each
mark that is met or missed is an event. The cases themselves go their own ways; this table watches them.
"""

import enum
from collections.abc import Mapping

from msgspec import Struct, structs

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect, Event, Row, TimedOut, To, Who, Workflow
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import states as r
from numtrustd.domain.workflows.request.data import CommonData

HOUR = 3_600.0

EARLIER_KEPT = 60
"""Marks of former times that an incident remembers, the latest: three for each time that it was opened."""


class Trigger(enum.StrEnum):
    """What makes an emergency."""

    LABEL = "label"  # a harmful one on a core platform
    COMPLAINTS = "complaints"
    NAME = "name"  # a wrong one where the right one is certified


class MarkName(enum.StrEnum):
    """The marks of the clock."""

    SUBMIT = "submit"
    FOLLOW_UP = "follow_up"
    RESOLVE = "resolve"


class S(enum.StrEnum):
    """Where an incident can stand."""

    OPENING = "opening"
    SUBMITTING = "submitting"
    BEHIND = "behind"
    FOLLOWING = "following"
    RESOLVING = "resolving"
    ESCALATED = "escalated"
    WORDING = "wording"
    HELD = "held"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Mark(Struct, frozen=True):
    """How one mark ended, and when."""

    name: MarkName
    met: bool
    at: Instant


class IncidentData(CommonData, frozen=True, omit_defaults=True, tag="incident"):
    """What an incident remembers: what made it, since when its clock runs, its marks, and whether a person has said
    that the trouble was looked into (`handled`). `earlier` are the marks of the times before it was reopened."""

    trigger: Trigger = Trigger.LABEL
    since: Instant = 0.0
    marks: tuple[Mark, ...] = ()
    handled: bool = False
    earlier: tuple[Mark, ...] = ()


class IncidentPolicy(Struct, frozen=True):
    """What configuration and the number's cases say to its incident; times in seconds.

    `sent` and `ended` say of all its cases on platforms that matter that they have been handed in and that nobody holds
    one, and that they have come to an end; `sent_at` is when the last of them was. `unsent` and `unended` name the
    others.
    """

    submit_within: float = 2 * HOUR
    follow_up_within: float = 24 * HOUR
    resolve_within: float = 48 * HOUR
    remind_interval: float = 86_400.0
    max_reminders: int = 3
    sent: bool = False
    sent_at: Instant = 0.0
    ended: bool = False
    unsent: tuple[str, ...] = ()
    unended: tuple[str, ...] = ()


class Progress(Event, frozen=True):
    """One of the number's cases has moved."""


class ChaseAll(Effect, frozen=True):
    """Have every case that is still reviewed chased now."""


# ------------------------------------------------------------------------------------------------------- questions


def all_sent(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> bool:
    return policy.sent


def some_unsent(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> bool:
    return not policy.sent


def all_ended(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> bool:
    """Complaints without a label have no case that could end: a person says that they were looked into."""
    return policy.ended and (data.trigger is not Trigger.COMPLAINTS or data.handled)


def cases_ended(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> bool:
    return policy.ended


def reminders_left(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> bool:
    return data.reminders < policy.max_reminders


def late(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> bool:
    """The last mark is behind: a person decides."""
    return any(mark.name is MarkName.RESOLVE for mark in data.marks)


# --------------------------------------------------------------------------------------------------------- changes


def _mark(data: IncidentData, name: MarkName, met: bool, now: Instant) -> IncidentData:
    if any(mark.name is name for mark in data.marks):
        return data
    return structs.replace(data, marks=(*data.marks, Mark(name, met, now)), reminders=0)


def _sent_by(due: Instant, policy: IncidentPolicy) -> bool:
    """Whether all were there when a mark came due; it may be told later, after a hold or a time without the daemon."""
    return policy.sent and policy.sent_at <= due


def mark_sent(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    return _mark(data, MarkName.SUBMIT, now <= data.since + policy.submit_within, now)


def miss_sent(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    return _mark(data, MarkName.SUBMIT, _sent_by(data.since + policy.submit_within, policy), now)


def mark_followed(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    """What was handed in by then can be chased; what was not cannot."""
    return _mark(data, MarkName.FOLLOW_UP, _sent_by(data.since + policy.follow_up_within, policy), now)


def mark_resolved(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    """All has come to an end: the marks that were still ahead are met with it."""
    for name, within in (
        (MarkName.SUBMIT, policy.submit_within),
        (MarkName.FOLLOW_UP, policy.follow_up_within),
        (MarkName.RESOLVE, policy.resolve_within),
    ):
        data = _mark(data, name, now <= data.since + within, now)
    return data


def miss_resolved(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    return _mark(data, MarkName.RESOLVE, False, now)


def note_handled(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    return structs.replace(data, handled=True)


def resolve_handled(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    return mark_resolved(note_handled(data, event, now, policy), event, now, policy)


def note_reminder(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    return structs.replace(data, reminders=data.reminders + 1)


def restart(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> IncidentData:
    earlier = (*data.earlier, *data.marks)[-EARLIER_KEPT:]
    return structs.replace(
        data, since=now, marks=(), earlier=earlier, reminders=0, handled=False, attempt=data.attempt + 1
    )


# --------------------------------------------------------------------------------------------------------- effects


def ask_for_proof(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> Effect:
    """Recordings and order screenshots, at once."""
    return a.OpenTask("gather_proof", data.since + policy.submit_within, data.facts)


def chase_all(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> Effect:
    return ChaseAll()


def ask_for_decision(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> Effect:
    return a.OpenTask("decide", now + policy.remind_interval, policy.unended)


def ask_for_wording(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> Effect:
    return a.OpenTask("update_wording", max(data.since + policy.resolve_within, now + HOUR))


def close_tasks(data: IncidentData, event: object, now: Instant, policy: IncidentPolicy) -> Effect:
    return a.CloseTasks()


# ------------------------------------------------------------------------------------------------------- deadlines


def _now(data: IncidentData, now: Instant, policy: IncidentPolicy) -> Instant:
    return now


def _at_submit(data: IncidentData, now: Instant, policy: IncidentPolicy) -> Instant:
    return max(data.since + policy.submit_within, now)


def _at_follow_up(data: IncidentData, now: Instant, policy: IncidentPolicy) -> Instant:
    return max(data.since + policy.follow_up_within, now)


def _at_resolve(data: IncidentData, now: Instant, policy: IncidentPolicy) -> Instant:
    """At the last mark. Behind it a person had all chased once more: that is given its time before he is asked again,
    or it would be escalated at once with nothing new to decide about."""
    if late(data, None, now, policy):
        return now + policy.remind_interval
    return max(data.since + policy.resolve_within, now)


def _at_reminder(data: IncidentData, now: Instant, policy: IncidentPolicy) -> Instant:
    return now + policy.remind_interval


def _while_held(data: IncidentData, now: Instant, policy: IncidentPolicy) -> Instant:
    return a.reminded_until(data, now, policy.remind_interval)


NEVER: frozenset[type[Event]] = (
    (r.OUTCOMES - {a.Accepted})
    | r.LOOK_UPS
    | r.ANSWERS
    | r.LOOKS
    | {a.EvidenceChanged, a.Approve, a.Restored, a.TaskFailed}
)
"""What happens to the cases, and not to their incident."""

_DONE = To(S.WORDING, (close_tasks, ask_for_wording), when=all_ended, update=mark_resolved)
_GATHERED = To(S.WORDING, (close_tasks, ask_for_wording), when=cases_ended, update=resolve_handled)
_HOLD = To(S.HELD, (close_tasks,), update=a.note_held)
_WITHDRAW = To(S.WITHDRAWN, (close_tasks,))
_PAST_SUBMIT = (To(S.FOLLOWING, when=all_sent, update=miss_sent), To(S.BEHIND, update=miss_sent))
_STOPS: Mapping[type[Event], To[S]] = {a.Hold: _HOLD, a.Withdraw: _WITHDRAW}
_RELEASED = (
    _DONE,
    To(S.ESCALATED, (ask_for_decision,), when=late),
    To(S.SUBMITTING),
)


def _over(meaning: str) -> Row[S]:
    """The end, after which it can be opened again, with a new clock."""
    return Row(
        meaning=meaning,
        who=Who.NOBODY,
        final=True,
        on={a.Reopen: To(S.OPENING, update=restart)},
        ignore=NEVER | {TimedOut, a.Accepted, a.Hold, a.Advance, a.Withdraw, a.ClosedByPerson, Progress},
    )


ROWS: dict[S, Row[S]] = {
    S.OPENING: Row(
        meaning="an emergency has been opened",
        who=Who.DAEMON,
        then="asks for recordings and order screenshots",
        deadline=_now,
        on={
            TimedOut: To(S.SUBMITTING, (ask_for_proof,)),
            **_STOPS,
        },
        ignore=NEVER | {a.Accepted, a.Advance, a.Reopen, a.ClosedByPerson, Progress},
    ),
    S.SUBMITTING: Row(
        meaning="everything that matters is to be handed in",
        who=Who.DAEMON,
        then="tells that the mark was missed, and goes on",
        deadline=_at_submit,
        on={
            Progress: (_DONE, To(S.FOLLOWING, when=all_sent, update=mark_sent)),
            TimedOut: _PAST_SUBMIT,
            a.Accepted: (_GATHERED, To(S.SUBMITTING, update=note_handled, keep_timer=True)),
            a.Advance: _PAST_SUBMIT,
            **_STOPS,
        },
        ignore=NEVER | {a.Reopen, a.ClosedByPerson, Progress},
    ),
    S.BEHIND: Row(
        meaning="not everything is handed in, and the mark for it is over",
        who=Who.DAEMON,
        then="has everything chased that is reviewed by then",
        deadline=_at_follow_up,
        on={
            Progress: (_DONE, To(S.FOLLOWING, when=all_sent, keep_timer=True)),
            TimedOut: (_DONE, To(S.RESOLVING, (chase_all,), update=mark_followed)),
            a.Accepted: (_GATHERED, To(S.BEHIND, update=note_handled, keep_timer=True)),
            a.Advance: To(S.RESOLVING, (chase_all,), update=mark_followed),
            **_STOPS,
        },
        ignore=NEVER | {a.Reopen, a.ClosedByPerson, Progress},
    ),
    S.FOLLOWING: Row(
        meaning="nothing is left to be handed in; the answers are waited for",
        who=Who.PLATFORM,
        then="has everything chased that is still reviewed",
        deadline=_at_follow_up,
        on={
            Progress: (_DONE, To(S.BEHIND, when=some_unsent, keep_timer=True)),
            TimedOut: (_DONE, To(S.RESOLVING, (chase_all,), update=mark_followed)),
            a.Accepted: (_GATHERED, To(S.FOLLOWING, update=note_handled, keep_timer=True)),
            a.Advance: To(S.RESOLVING, (chase_all,), update=mark_followed),
            **_STOPS,
        },
        ignore=NEVER | {a.Reopen, a.ClosedByPerson, Progress},
    ),
    S.RESOLVING: Row(
        meaning="what is reviewed was chased; it has to be over by the last mark",
        who=Who.PLATFORM,
        then="a person has to decide",
        deadline=_at_resolve,
        on={
            Progress: _DONE,
            TimedOut: (_DONE, To(S.ESCALATED, (close_tasks, ask_for_decision), update=miss_resolved)),
            a.Accepted: (_GATHERED, To(S.RESOLVING, update=note_handled, keep_timer=True)),
            a.Advance: To(S.ESCALATED, (close_tasks, ask_for_decision), update=miss_resolved),
            **_STOPS,
        },
        ignore=NEVER | {a.Reopen, a.ClosedByPerson, Progress},
    ),
    S.ESCALATED: Row(
        meaning="48 hours are over and it is not resolved; a person has to decide",
        who=Who.PERSON,
        then="reminds",
        deadline=_at_reminder,
        on={
            Progress: _DONE,
            TimedOut: (_DONE, To(S.ESCALATED, (ask_for_decision,), update=note_reminder)),
            a.Accepted: (_GATHERED, To(S.ESCALATED, update=note_handled, keep_timer=True)),
            a.Advance: To(S.RESOLVING, (close_tasks, chase_all)),
            a.ClosedByPerson: _WITHDRAW,
            **_STOPS,
        },
        ignore=NEVER | {a.Reopen, Progress},
    ),
    S.WORDING: Row(
        meaning="over; what customers are told is to be updated",
        who=Who.PERSON,
        then="reminds; after the last reminder it is closed all the same",
        deadline=_at_reminder,
        on={
            a.Accepted: To(S.RESOLVED, (close_tasks,)),
            a.Advance: To(S.RESOLVED, (close_tasks,)),
            TimedOut: (
                To(S.WORDING, (ask_for_wording,), when=reminders_left, update=note_reminder),
                To(S.RESOLVED, (close_tasks,)),
            ),
            a.Withdraw: _WITHDRAW,
        },
        ignore=NEVER | {a.Reopen, a.ClosedByPerson, a.Hold, Progress},
    ),
    S.HELD: Row(
        meaning="held by an operator; its clock runs on",
        who=Who.PERSON,
        then="reminds that it is still held",
        deadline=_while_held,
        on={
            a.Advance: _RELEASED,
            a.Hold: To(S.HELD, update=a.note_held),
            a.Accepted: To(S.HELD, update=note_handled, keep_timer=True),
            a.Withdraw: _WITHDRAW,
            TimedOut: (To(S.HELD, when=a.still_held, update=note_reminder), *_RELEASED),
        },
        ignore=NEVER | {a.Reopen, a.ClosedByPerson, Progress},
    ),
    S.RESOLVED: _over("over, and what customers are told is up to date"),
    S.WITHDRAWN: _over("given up: nobody works on it any more"),
}

INCIDENT: Workflow[S, IncidentData, IncidentPolicy] = Workflow(
    name="incident",
    version=1,
    states=S,
    start=S.OPENING,
    events=(
        TimedOut,
        a.Restored,
        *sorted(
            r.OUTCOMES | r.LOOK_UPS | r.ANSWERS | r.LOOKS | r.ORDERS | r.PEOPLE | {Progress}, key=lambda e: e.__name__
        ),
    ),
    rows=ROWS,
    data=IncidentData,
    policy=IncidentPolicy,
)
