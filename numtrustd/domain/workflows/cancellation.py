"""The cancellation: one case of the whole number over the removals at all its platforms, until it may be given up.

It does nothing at a platform itself: `removal` does, one case each. What it knows of them it is told as they move, and
`safe_to_release` is left as soon as one of them is not verified gone any more. `leaving` has its small functions.
"""

import enum
from collections.abc import Mapping

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Event, MakeEffect, Row, TimedOut, To, Who, Workflow
from numtrustd.domain.workflows import leaving as c
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.leaving import CancellationData, CancellationPolicy


class C(enum.StrEnum):
    """Where a cancellation can stand."""

    CANCELLING = "cancelling"
    BLOCKED = "blocked"
    SAFE = "safe_to_release"
    HELD = "held"
    CLEARED = "cleared"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


def _at_reminder(data: CancellationData, now: Instant, policy: CancellationPolicy) -> Instant:
    return _at_decision(data, now, policy) if data.asked else now


def _at_decision(data: CancellationData, now: Instant, policy: CancellationPolicy) -> Instant:
    due = now + policy.remind_interval
    # What was due on the same day and is not done is said as soon as the day is over.
    return min(due, policy.urgent_until) if now < policy.urgent_until else due


def _at_release(data: CancellationData, now: Instant, policy: CancellationPolicy) -> Instant:
    return now + (policy.remind_interval if data.reminders else policy.release_deadline)


def _while_held(data: CancellationData, now: Instant, policy: CancellationPolicy) -> Instant:
    return a.reminded_until(data, now, policy.remind_interval)


EVENTS: tuple[type[Event], ...] = (
    TimedOut,
    a.Restored,
    c.ChildMoved,
    c.ErrandDone,
    c.GivenUp,
    c.Kept,
    a.Advance,
    a.Approve,
    a.ClosedByPerson,
    a.EvidenceChanged,
    a.Hold,
    a.Rejected,
    a.Reopen,
    a.TaskFailed,
    a.Withdraw,
)
NEVER: frozenset[type[Event]] = frozenset({a.Restored, a.Approve, a.EvidenceChanged, a.Rejected})
"""What is no business of a case that submits nothing itself."""

_THROUGH = (
    To(C.CLEARED, (a.close_tasks,), when=c.gone_and_kept, update=c.note_news),
    To(C.SAFE, (a.close_tasks, c.ask_for_release), when=c.all_gone, update=c.note_news),
)
_BLOCKED = To(C.BLOCKED, (c.ask_for_decision,), when=c.stuck, update=c.note_news)
_HOLD = To(C.HELD, (a.close_tasks, c.hold_removals), update=a.note_held)
_WITHDRAW = To(C.WITHDRAWN, (a.close_tasks, c.withdraw_removals))
_STOPS: Mapping[type[Event], To[C]] = {a.Hold: _HOLD, a.Withdraw: _WITHDRAW}
_GOES_ON = (
    To(C.SAFE, (c.ask_for_release,), when=c.all_gone),
    To(C.CANCELLING, (c.advance_removals, c.ask_errands), update=c.note_retry),
)
_FORCED = To(C.RELEASED, (a.close_tasks, c.say_released), when=c.forced, update=c.note_given_up)


def _over(meaning: str, then: str, reopened: MakeEffect) -> Row[C]:
    """The end, after which it can be opened again with its removals."""
    return Row(
        meaning=meaning,
        who=Who.NOBODY,
        then=then,
        final=True,
        on={a.Reopen: To(C.CANCELLING, (reopened,), update=c.begin_again)},
        ignore=frozenset(EVENTS) - {a.Reopen},
    )


ROWS: dict[C, Row[C]] = {
    C.CANCELLING: Row(
        meaning="everything that is shown of the number is being deleted, at all platforms at once",
        who=Who.DAEMON,
        then="reminds people of what they have still to do",
        deadline=_at_reminder,
        on={
            TimedOut: (
                *_THROUGH,
                _BLOCKED,
                To(C.CANCELLING, (c.ask_errands,), update=c.note_asked),
            ),
            c.ChildMoved: (*_THROUGH, _BLOCKED, To(C.CANCELLING, update=c.note_news, keep_timer=True)),
            c.ErrandDone: (*_THROUGH, _BLOCKED, To(C.CANCELLING, update=c.note_news, keep_timer=True)),
            c.GivenUp: _FORCED,
            a.TaskFailed: To(C.BLOCKED, (c.ask_for_decision,), update=c.note_failure),
            **_STOPS,
        },
        ignore=NEVER | {c.GivenUp, c.Kept, a.Advance, a.ClosedByPerson, a.Reopen},
    ),
    C.BLOCKED: Row(
        meaning="a removal or an errand was given up: nobody can say that all is gone, and a person has to decide",
        who=Who.PERSON,
        then="reminds",
        deadline=_at_decision,
        on={
            TimedOut: (*_THROUGH, To(C.BLOCKED, (c.ask_for_decision,), update=c.note_reminder)),
            c.ChildMoved: (
                *_THROUGH,
                To(C.BLOCKED, when=c.stuck, update=c.note_news, keep_timer=True),
                To(C.CANCELLING, (c.close_decision, c.ask_errands), update=c.note_news),
            ),
            c.ErrandDone: (*_THROUGH, To(C.BLOCKED, update=c.note_news, keep_timer=True)),
            c.GivenUp: _FORCED,
            a.Advance: To(C.CANCELLING, (c.close_decision, c.reopen_removals, c.ask_errands), update=c.note_retry),
            a.ClosedByPerson: _WITHDRAW,
            a.TaskFailed: To(C.BLOCKED, (c.ask_for_decision,), update=c.note_failure),
            **_STOPS,
        },
        ignore=NEVER | {c.GivenUp, c.Kept, a.Reopen},
    ),
    C.SAFE: Row(
        meaning="every platform is verified gone: the number may be given up",
        who=Who.PERSON,
        then="reminds that it may be given up, or kept",
        deadline=_at_release,
        on={
            TimedOut: (
                To(C.SAFE, (c.ask_for_release,), when=c.all_gone, update=c.note_reminder),
                To(C.CANCELLING, (c.close_release,)),
            ),
            c.ChildMoved: (
                To(C.SAFE, when=c.all_gone, update=c.note_news, keep_timer=True),
                To(C.BLOCKED, (c.close_release, c.ask_for_decision), when=c.stuck, update=c.note_news),
                To(C.CANCELLING, (c.close_release,), update=c.note_news),
            ),
            c.GivenUp: To(C.RELEASED, (a.close_tasks, c.say_released), update=c.note_given_up),
            c.Kept: To(C.CLEARED, (a.close_tasks,)),
            a.TaskFailed: To(C.SAFE, update=c.note_reminder),
            **_STOPS,
        },
        ignore=NEVER | {c.ErrandDone, a.Advance, a.ClosedByPerson, a.Reopen},
    ),
    C.HELD: Row(
        meaning="held by an operator, with all its removals",
        who=Who.PERSON,
        then="reminds that it is still held",
        deadline=_while_held,
        on={
            TimedOut: (To(C.HELD, when=a.still_held, update=c.note_reminder), *_GOES_ON),
            c.ChildMoved: To(C.HELD, update=c.note_news, keep_timer=True),
            # Its removals go on: after this nobody could end their hold together.
            c.GivenUp: To(
                C.RELEASED,
                (a.close_tasks, c.advance_removals, c.say_released),
                when=c.forced,
                update=c.note_given_up,
            ),
            a.Advance: _GOES_ON,
            a.Hold: To(C.HELD, update=a.note_held),
            a.Withdraw: _WITHDRAW,
        },
        ignore=NEVER | {c.ErrandDone, c.GivenUp, c.Kept, a.ClosedByPerson, a.Reopen, a.TaskFailed},
    ),
    C.CLEARED: _over("all that had to go is verified gone, and the number is kept", "", c.reopen_all),
    C.RELEASED: _over(
        "the number was given up and is on farewell watch",
        "what is shown of ours again is a finding, and its removal goes on",
        c.reopen_removals,
    ),
    C.WITHDRAWN: _over("given up by a person: the number stays in use", "", c.reopen_removals),
}

CANCELLATION: Workflow[C, CancellationData, CancellationPolicy] = Workflow(
    name="cancellation",
    version=1,
    states=C,
    start=C.CANCELLING,
    events=EVENTS,
    rows=ROWS,
    data=CancellationData,
    policy=CancellationPolicy,
)
