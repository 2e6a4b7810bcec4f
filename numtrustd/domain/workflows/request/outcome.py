"""The rows of a request that was granted or given up: seen to be true, decided by a person, held, over."""

from numtrustd.domain.workflow import Row, TimedOut, To, Who
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import deadlines as d
from numtrustd.domain.workflows.request import ways as w
from numtrustd.domain.workflows.request.states import ANSWERS, LOOK_UPS, LOOKS, OUTCOMES, PEOPLE, S
from numtrustd.domain.workflows.request.words import Words


def outcome(words: Words) -> dict[S, Row[S]]:
    """What comes after the platform's answer, or without one."""
    return {
        S.PROPAGATING: Row(
            meaning=f"approved; waiting for the platform's caches to {words.spread}",
            who=Who.PLATFORM,
            then=f"starts counting {words.looks}",
            deadline=d.when_propagated,
            on={
                TimedOut: To(S.VERIFYING, update=a.start_verifying),
                a.Advance: To(S.VERIFYING, update=a.start_verifying),
                a.Looked: To(S.VERIFYING, when=a.looked_clean, update=a.start_verifying),
                a.Gone: To(S.VERIFYING, update=a.start_verifying),
                a.Rejected: w.REFUSED,
                **w.STOPS,
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
            deadline=d.when_verified,
            on={
                a.Looked: (
                    To(S.CLEARED, (a.close_tasks,), when=a.clean_enough, update=a.count_look),
                    To(S.VERIFYING, update=a.count_look, keep_timer=True),
                ),
                a.Returned: (
                    *w.REVIEW_GOES_ON,
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
                # The fault went away while a person had it: he tells late that he had handed it in.
                a.Accepted: To(S.VERIFYING, when=a.never_sent, update=a.note_receipt, keep_timer=True),
                a.Rejected: w.REFUSED,
                a.Approved: To(S.VERIFYING, update=a.note_granted, keep_timer=True),
                **w.STOPS,
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
            deadline=d.at_reminder,
            on={
                a.Restored: w.RESTORED_UNDECIDED,
                a.Advance: To(S.WAITING, (a.close_tasks,), update=a.try_again),
                a.Accepted: w.ACCEPTED,
                a.Approved: w.APPROVED,
                a.ClosedByPerson: w.WITHDRAW,
                a.Hold: To(S.HELD, (a.close_tasks,), update=a.note_hold_undecided),
                a.Withdraw: w.WITHDRAW,
                a.Gone: w.VERIFY,
                a.Looked: w.IF_GONE,
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
            deadline=d.while_held,
            on={
                a.Restored: To(S.HELD, update=a.note_restored, keep_timer=True),
                a.Advance: w.RELEASED,
                a.Hold: To(S.HELD, update=a.note_held),
                a.Withdraw: w.WITHDRAW,
                TimedOut: (To(S.HELD, when=a.still_held, update=a.note_reminder), *w.RELEASED),
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
            meaning="given up: nobody works on it any more",
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
