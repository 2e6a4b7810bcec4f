"""Ways on that several states of a request share: the same answer, order or look means the same wherever it stands."""

from collections.abc import Mapping

from numtrustd.domain.workflow import Event, To
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request.states import S

VERIFY = To(S.VERIFYING, (a.close_tasks,), update=a.start_verifying)
IF_GONE = To(S.VERIFYING, (a.close_tasks,), when=a.fault_gone, update=a.start_verifying)
HOLD = To(S.HELD, (a.close_tasks,), update=a.note_hold)
WITHDRAW = To(S.WITHDRAWN, (a.close_tasks,))
ACCEPTED = (
    To(S.IN_REVIEW, (a.close_tasks,), when=a.can_query, update=a.note_receipt),
    To(S.IN_REVIEW, (a.close_tasks, a.ask_for_answer), update=a.note_receipt),
)
REFUSED = (
    To(S.COOLING, (a.close_tasks,), when=a.attempts_left, update=a.note_rejection),
    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.keep_reason),
)
REVIEW_GOES_ON = (
    To(S.IN_REVIEW, when=a.review_askable),
    To(S.IN_REVIEW, (a.ask_for_answer,), when=a.review_open),
)
RESTORED = (
    To(S.UNCERTAIN, (a.close_tasks,), when=a.can_look_up, update=a.note_restored),
    To(S.ASKING, (a.close_tasks, a.ask_whether_sent), update=a.note_restored),
)
RESTORED_UNDECIDED = (
    To(S.UNCERTAIN, (a.close_tasks,), when=a.can_look_up, update=a.note_restored_undecided),
    To(S.ASKING, (a.close_tasks, a.ask_whether_sent), update=a.note_restored_undecided),
)
LATER = (
    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), when=a.tries_used_up, update=a.note_unsent),
    To(S.WAITING, (a.close_tasks,), update=a.note_wait),
)
RELEASED = (
    # Back to where it stood: what is with the platform, or was answered by it, is not sent a second time.
    To(S.UNCERTAIN, when=a.maybe_sent),
    To(S.ASKING, (a.ask_whether_sent,), when=a.maybe_handed_in),
    To(S.ESCALATED, (a.ask_for_decision,), when=a.held_undecided, update=a.note_release),
    *REVIEW_GOES_ON,
    To(S.VERIFYING, when=a.granted, update=a.start_verifying),
    To(S.VERIFYING, when=a.once_sent, update=a.start_verifying),
    To(S.WAITING, update=a.note_release),
)
APPROVED = To(S.PROPAGATING, (a.close_tasks,), update=a.note_granted)
MORE = To(S.GATHERING, (a.close_tasks, a.ask_for_evidence), update=a.note_more)
ESCALATE = To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.note_handed_over)
CANNOT = To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.note_cannot)

On = Mapping[type[Event], To[S] | tuple[To[S], ...]]

STOPS: On = {a.Hold: HOLD, a.Withdraw: WITHDRAW}
"""What its owner may do to it wherever nothing is on its way."""

ENDS: On = {**STOPS, a.Gone: VERIFY, a.Looked: IF_GONE}
"""How it comes to an end whatever the platform does: by its owner's word, or because the fault has gone by itself."""

TAKEN: On = {a.Accepted: ACCEPTED, a.Refused: REFUSED, a.Later: LATER, a.NotSent: LATER}
"""What becomes of a submission."""

ANSWERED: On = {a.Approved: APPROVED, a.Rejected: REFUSED, a.InfoRequested: MORE}
"""What the platform says of it."""
