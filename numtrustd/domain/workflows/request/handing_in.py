"""The rows of a request until the platform has it: what it waits for, how it is sent, and what happens where nobody
knows whether it arrived.
"""

from numtrustd.domain.workflow import Row, TimedOut, To, Who
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import deadlines as d
from numtrustd.domain.workflows.request import ways as w
from numtrustd.domain.workflows.request.states import ANSWERS, LOOK_UPS, LOOKS, ORDERS, OUTCOMES, PEOPLE, S
from numtrustd.domain.workflows.request.words import Words


def handing_in(words: Words) -> dict[S, Row[S]]:
    """What comes before the platform has it."""
    return {
        S.WAITING: Row(
            meaning=f"waiting for its slot: cool-down, approval, maintenance, {words.first} that has to go first",
            who=Who.DAEMON,
            then=f"submits the {words.thing}, or asks for what is still lacking",
            deadline=d.at_slot,
            on={
                a.Restored: w.RESTORED,
                TimedOut: (
                    w.IF_GONE,
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
                    To(S.UNCERTAIN, (a.close_tasks,), when=a.maybe_forgotten, update=a.note_restored),
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
                **w.ENDS,
            },
            ignore=OUTCOMES | LOOK_UPS | ANSWERS | PEOPLE | {a.Looked, a.Returned, a.Reopen},
        ),
        S.GATHERING: Row(
            meaning="waiting for papers that the platform demands",
            who=Who.PERSON,
            then="reminds; after the last reminder a person has to decide",
            deadline=d.at_evidence_deadline,
            on={
                a.Restored: w.RESTORED,
                TimedOut: (
                    To(S.WAITING, (a.close_tasks,), when=a.evidence_complete, update=a.note_now),
                    To(S.GATHERING, (a.ask_for_evidence,), when=a.reminders_left, update=a.note_reminder),
                    w.ESCALATE,
                ),
                a.EvidenceChanged: (
                    To(S.WAITING, (a.close_tasks,), when=a.evidence_complete, update=a.note_now),
                    To(S.GATHERING, (a.ask_for_evidence,), when=a.due_sooner),
                ),
                a.Advance: To(S.WAITING, (a.close_tasks,), update=a.note_now),
                a.TaskFailed: w.CANNOT,
                **w.ENDS,
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
            deadline=d.in_a_day,
            in_flight=True,
            on={
                **w.TAKEN,
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
            deadline=d.when_settled,
            in_flight=True,
            on={
                TimedOut: (
                    To(S.LOOKING_UP, (a.look_up,), when=a.can_look_up, update=a.note_look_up),
                    To(S.ASKING, (a.ask_whether_sent,), update=a.note_handed_over),
                ),
                **w.TAKEN,
            },
            ignore=frozenset({a.Restored}) | LOOK_UPS | ANSWERS | LOOKS | ORDERS | PEOPLE | {a.OutcomeUnknown},
        ),
        S.LOOKING_UP: Row(
            meaning="asking the platform whether it has the submission",
            who=Who.DAEMON,
            then="asks again later",
            deadline=d.in_a_day,
            in_flight=True,
            on={
                a.Accepted: w.ACCEPTED,
                a.Refused: w.REFUSED,
                a.Later: To(S.UNCERTAIN),
                a.NotFound: (
                    To(S.ESCALATED, (a.ask_for_decision,), when=a.missed_undecided, update=a.note_never_sent),
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
            deadline=d.at_person_deadline,
            in_flight=True,
            on={
                a.Accepted: w.ACCEPTED,
                a.Refused: w.REFUSED,
                a.NotHappened: (
                    To(
                        S.ESCALATED,
                        (a.close_tasks, a.ask_for_decision),
                        when=a.held_undecided,
                        update=a.note_never_sent,
                    ),
                    To(S.WAITING, (a.close_tasks,), update=a.note_safe_to_send),
                ),
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
            deadline=d.at_person_deadline,
            on={
                a.Restored: w.RESTORED,
                a.Accepted: w.ACCEPTED,
                a.Refused: w.REFUSED,
                a.TaskFailed: w.CANNOT,
                # An emergency began: it is wanted by its clock.
                a.EvidenceChanged: To(S.AT_PERSON, (a.ask_for_submission,), when=a.due_sooner),
                TimedOut: (
                    To(S.AT_PERSON, (a.ask_for_submission,), when=a.reminders_left, update=a.note_reminder),
                    w.ESCALATE,
                ),
                **w.ENDS,
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
    }
