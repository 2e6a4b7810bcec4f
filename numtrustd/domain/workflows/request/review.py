"""The rows of a request that the platform has and has not granted: reviewed, chased, rejected."""

from numtrustd.domain.workflow import Row, TimedOut, To, Who
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import deadlines as d
from numtrustd.domain.workflows.request import ways as w
from numtrustd.domain.workflows.request.states import LOOK_UPS, OUTCOMES, PEOPLE, S
from numtrustd.domain.workflows.request.words import Words


def review(words: Words) -> dict[S, Row[S]]:
    """What lies with the platform."""
    return {
        S.IN_REVIEW: Row(
            meaning=f"the platform is reviewing the {words.thing}",
            who=Who.PLATFORM,
            then="asks for the answer, or chases a review that is overdue",
            deadline=d.at_poll,
            on={
                **w.ANSWERED,
                TimedOut: (
                    To(S.IN_REVIEW, when=a.platform_in_maintenance, update=a.push_review),
                    To(S.IN_REVIEW, (a.query,), when=a.review_left, update=a.note_query),
                    To(S.IN_REVIEW, (a.query,), when=a.answer_old, update=a.note_query),
                    To(S.OVERDUE, (a.close_tasks, a.chase), update=a.grant_chase),
                ),
                a.EvidenceChanged: To(S.IN_REVIEW, when=a.review_stretches, update=a.stretch_review),
                a.TaskFailed: w.CANNOT,
                a.Advance: To(S.OVERDUE, (a.close_tasks, a.chase), update=a.grant_chase),
                **w.ENDS,
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
            deadline=d.at_poll,
            on={
                **w.ANSWERED,
                TimedOut: (
                    To(S.OVERDUE, when=a.platform_in_maintenance, update=a.push_review),
                    To(S.OVERDUE, (a.query,), when=a.review_left, update=a.note_query),
                    To(S.OVERDUE, (a.query,), when=a.answer_old, update=a.note_query),
                    To(
                        S.OVERDUE,
                        (a.close_tasks, a.ask_to_expedite),
                        when=a.may_expedite,
                        update=a.note_expedite_asked,
                    ),
                    w.ESCALATE,
                ),
                a.StillInReview: To(S.OVERDUE, keep_timer=True),
                a.Expedited: To(S.OVERDUE, (a.close_tasks, a.ask_for_answer), update=a.note_expedited),
                a.TaskFailed: w.CANNOT,
                a.Advance: w.ESCALATE,
                **w.ENDS,
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
            deadline=d.when_cool,
            on={
                a.Restored: w.RESTORED,
                TimedOut: To(S.WAITING),
                a.Advance: To(S.WAITING, update=a.note_now),
                a.Approved: w.APPROVED,
                **w.ENDS,
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
    }
