"""The removal: from all that is ours to nothing of it on every view of one platform.

A request like the others (`request.rows`), and a stricter one. What is not shown at present is asked for all the same:
it may be shown again. What only expires is waited out. A platform's receipt of the deletion is asked for until it is
there; and where no source can tell, a person has to see that nothing is shown. `cancellation` is the case of the whole
number, of which this is a part.
"""

from dataclasses import replace

from msgspec import structs

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect, Event, Row, TimedOut, To, Workflow, alternatives
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import RemovalData, RequestPolicy
from numtrustd.domain.workflows.request.deadlines import MINUTE, spread_by
from numtrustd.domain.workflows.request.rows import request_rows, request_table
from numtrustd.domain.workflows.request.states import S
from numtrustd.domain.workflows.request.words import Words

# ----------------------------------------------------------------------------------------------------------- guards


def expires_by_itself(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.expires


def receipt_lacking(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.needs_receipt and not (data.deleted or getattr(event, "receipt", ""))


def nobody_can_tell(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return not policy.views


def nobody_told_yet(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return not policy.views and not data.vouched_by and a.reminders_left(data, event, now, policy)


def seen_gone(data: RemovalData, event: a.Looked, now: Instant, policy: RequestPolicy) -> bool:
    return bool(policy.views) and a.clean_enough(data, event, now, policy)


def gone_and_receipted(data: RemovalData, event: a.Looked, now: Instant, policy: RequestPolicy) -> bool:
    return seen_gone(data, event, now, policy) and not receipt_lacking(data, event, now, policy)


def receipt_not_asked(data: RemovalData, event: a.Looked, now: Instant, policy: RequestPolicy) -> bool:
    return seen_gone(data, event, now, policy) and not data.asked_receipt


def vouched_and_receipted(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    vouched = bool(data.vouched_by) or isinstance(event, a.SeenGone)
    return not policy.views and vouched and not receipt_lacking(data, event, now, policy)


def only_receipt_lacking(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """All that can be seen is gone, and asked for often enough or not, the receipt is still to come."""
    unseen = bool(data.vouched_by) if not policy.views else bool(data.clean)
    return unseen and not policy.wrong and data.asked_receipt and receipt_lacking(data, event, now, policy)


# ---------------------------------------------------------------------------------------------- updates and effects


def note_expiring(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> RemovalData:
    return structs.replace(data, sent_at=now, granted_at=now, reminders=0)


def note_deleted(data: RemovalData, event: a.Approved, now: Instant, policy: RequestPolicy) -> RemovalData:
    lacking = receipt_lacking(data, event, now, policy)
    return structs.replace(
        data, granted_at=now, reminders=0, deleted=event.receipt or data.deleted, asked_receipt=lacking
    )


def note_deletion(data: RemovalData, event: a.ReceiptBrought, now: Instant, policy: RequestPolicy) -> RemovalData:
    return structs.replace(data, deleted=event.receipt)


def note_unreceipted(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> RemovalData:
    return structs.replace(data, asked_receipt=False)


def count_and_ask(data: RemovalData, event: a.Looked, now: Instant, policy: RequestPolicy) -> RemovalData:
    counted = a.count_look(data, event, now, policy)
    assert isinstance(counted, RemovalData)
    return structs.replace(counted, asked_receipt=True)


def note_vouched(data: RemovalData, event: a.SeenGone, now: Instant, policy: RequestPolicy) -> RemovalData:
    lacking = receipt_lacking(data, event, now, policy)
    return structs.replace(data, vouched_by=event.author, asked_receipt=data.asked_receipt or lacking)


def begin_again(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> RemovalData:
    fresh = a.restart(data, event, now, policy)
    assert isinstance(fresh, RemovalData)
    return structs.replace(fresh, deleted="", asked_receipt=False, vouched_by="")


def note_residual(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> RemovalData:
    """It is still shown after the platform's caches: the next attempt has papers and a receipt of its own."""
    kept = a.note_rejection(data, event, now, policy)
    assert isinstance(kept, RemovalData)
    return structs.replace(kept, deleted="", asked_receipt=False, vouched_by="")


def ask_for_receipt(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return a.OpenTask("bring_receipt", now + policy.person_deadline)


def ask_whether_gone(data: RemovalData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return a.OpenTask("confirm_gone", now + policy.person_deadline)


def when_residual(data: RemovalData, now: Instant, policy: RequestPolicy) -> Instant:
    """What is shown after this is no cache's doing any more. Counted from when the platform agreed, however soon a
    first look showed nothing."""
    start = now if data.verify_from is None else data.verify_from
    if data.granted_at is not None:
        start = max(start, spread_by(data.granted_at, policy))
    return max(start + policy.verify_timeout, now + MINUTE)


# ------------------------------------------------------------------------------------------------------------- rows

OWN: tuple[type[Event], ...] = (a.ReceiptBrought, a.SeenGone, a.StillShown)
UNSENT = (S.WAITING, S.GATHERING, S.AT_PERSON)
"""Where nothing has been handed in yet: that nothing is shown just now is no reason not to."""

_RESIDUAL = (
    To(S.COOLING, (a.close_tasks,), when=a.attempts_left, update=note_residual),
    To(S.ESCALATED, (a.close_tasks, a.ask_for_decision), update=a.keep_reason),
)
_DELETED = (
    To(S.PROPAGATING, (a.close_tasks, ask_for_receipt), when=receipt_lacking, update=note_deleted),
    To(S.PROPAGATING, (a.close_tasks,), update=note_deleted),
)


def _verifying(row: Row[S]) -> Row[S]:
    on = dict(row.on)
    on[a.Looked] = (
        To(S.CLEARED, (a.close_tasks,), when=gone_and_receipted, update=a.count_look),
        To(S.VERIFYING, (ask_for_receipt,), when=receipt_not_asked, update=count_and_ask, keep_timer=True),
        To(S.VERIFYING, update=a.count_look, keep_timer=True),
    )
    on[a.SeenGone] = (
        To(S.CLEARED, (a.close_tasks,), when=vouched_and_receipted, update=note_vouched),
        To(S.VERIFYING, (ask_for_receipt,), when=receipt_lacking, update=note_vouched, keep_timer=True),
        # A source sees it by now: it counts for itself.
        To(S.VERIFYING, keep_timer=True),
    )
    on[a.StillShown] = _RESIDUAL
    on[a.ReceiptBrought] = (
        To(S.CLEARED, (a.close_tasks,), when=vouched_and_receipted, update=note_deletion),
        To(S.VERIFYING, update=note_deletion, keep_timer=True),
    )
    on[a.TaskFailed] = To(S.VERIFYING, update=note_unreceipted, keep_timer=True)
    on[a.Approved] = (
        To(S.VERIFYING, (ask_for_receipt,), when=receipt_lacking, update=note_deleted, keep_timer=True),
        To(S.VERIFYING, update=note_deleted, keep_timer=True),
    )
    ways = tuple(
        replace(way, update=note_residual, effects=(a.close_tasks,)) if way.state is S.COOLING else way
        for way in alternatives(row, TimedOut)
    )
    on[TimedOut] = (
        To(S.VERIFYING, (ask_whether_gone,), when=nobody_told_yet, update=a.verify_longer),
        To(S.VERIFYING, (ask_for_receipt,), when=only_receipt_lacking, update=a.verify_longer),
        *ways,
    )
    return replace(
        row,
        on=on,
        ignore=row.ignore - {a.TaskFailed},
        deadline=when_residual,
        then="calls what is still shown a residual and asks for it again, at this platform only",
    )


def _row(state: S, row: Row[S]) -> Row[S]:
    if state is S.VERIFYING:
        return _verifying(row)
    event: type[Event]
    on, ignore = dict(row.on), set(row.ignore)
    if state in UNSENT:
        for event in (a.Looked, a.Gone):
            on.pop(event, None)
            ignore.add(event)
    if state is S.WAITING:
        _, *ways = alternatives(row, TimedOut)  # the first one is for what is gone already
        expires = To(S.PROPAGATING, (a.close_tasks,), when=expires_by_itself, update=note_expiring)
        on[TimedOut] = (expires, *ways)
    if state is S.PROPAGATING:
        ask = To(S.VERIFYING, (ask_whether_gone,), when=nobody_can_tell, update=a.start_verifying)
        for event in (TimedOut, a.Advance):
            on[event] = (ask, *alternatives(row, event))
        on[a.TaskFailed] = To(S.PROPAGATING, update=note_unreceipted, keep_timer=True)
        ignore.discard(a.TaskFailed)
    if a.Approved in on:
        on[a.Approved] = _DELETED
    if row.final:
        for event in (a.Returned, a.Reopen):
            if event in on:
                on[event] = tuple(
                    replace(way, update=begin_again) if way.state is S.WAITING else way
                    for way in alternatives(row, event)
                )
    else:
        on[a.ReceiptBrought] = To(state, update=note_deletion, keep_timer=True)
    ignore |= {event for event in OWN if event not in on}
    return replace(row, on=on, ignore=frozenset(ignore))


ROWS = {
    state: _row(state, row)
    for state, row in request_rows(
        Words(
            thing="removal",
            first="a removal",
            spread="let go of what they show",
            looks="looks that show nothing of ours",
            so="nothing of ours is shown any more",
            reached="nothing of ours was seen to be shown",
        ),
    ).items()
}
REMOVAL: Workflow[S, RemovalData, RequestPolicy] = request_table("removal", ROWS, RemovalData, OWN)
