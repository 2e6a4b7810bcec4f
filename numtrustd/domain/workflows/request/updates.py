"""How a request's data changes on its ways."""

import math
from collections.abc import Mapping

from msgspec import structs

from numtrustd.domain import calendar, evidence
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflows.request.data import (
    MAX_REASONS,
    CleanRun,
    IdentityData,
    RequestData,
    RequestPolicy,
    due,
)
from numtrustd.domain.workflows.request.events import (
    Accepted,
    Approve,
    Hold,
    InfoRequested,
    Later,
    Looked,
    NotSent,
    Refused,
    Rejected,
    Returned,
    TaskFailed,
)
from numtrustd.domain.workflows.request.holding import note_held


def _counted(data: RequestData, event: Looked) -> Mapping[str, CleanRun]:
    if event.wrong:
        return {}
    run = data.clean.get(event.view)
    grown = (
        CleanRun(1, event.at, event.at)
        if run is None
        else CleanRun(run.looks + 1, min(run.first_at, event.at), event.at)
    )
    return {**data.clean, event.view: grown}


def count_look(data: RequestData, event: Looked, now: Instant, policy: RequestPolicy) -> RequestData:
    """A good look counts for its view; one that shows what is wrong starts all of them anew."""
    return structs.replace(data, clean=dict(_counted(data, event)))


def start_verifying(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    fresh = structs.replace(data, clean={}, verify_from=now, reminders=0, cannot="")
    return count_look(fresh, event, now, policy) if isinstance(event, Looked) else fresh


def note_sent(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(
        _wished(data, policy),
        held_from="",
        sent_at=now,
        tries=data.tries + 1,
        reminders=0,
        look_ups=0,
        not_found=0,
        turned_away=False,
    )


def _wished(data: RequestData, policy: RequestPolicy) -> RequestData:
    """What is handed in asks for what is wanted by then: it may be something else than when the case was opened."""
    if policy.wish is None or not isinstance(data, IdentityData):
        return data
    return structs.replace(data, wanted=policy.wish)


def note_at_person(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(_wished(data, policy), held_from="", reminders=0)


def note_handed_over(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, reminders=0)


def note_receipt(data: RequestData, event: Accepted, now: Instant, policy: RequestPolicy) -> RequestData:
    until = calendar.add_working_days(now, math.ceil(policy.review_days * policy.review_stretch), policy.country)
    return structs.replace(
        data,
        sent_at=data.sent_at or now,
        turned_away=False,
        receipt=event.receipt,
        review_by=until,
        stretched=policy.review_stretch,
        granted_at=None,
        asked_at=now,
        reminders=0,
        unclear="",
        cannot="",
    )


def note_forbidden(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """Who is asked is told why; it is no answer of the platform's, which the next letter would quote."""
    return structs.replace(data, reminders=0)


def note_wait(data: RequestData, event: Later | NotSent, now: Instant, policy: RequestPolicy) -> RequestData:
    pause = min(60.0 * 2 ** min(data.tries, 10), 21_600.0)
    if isinstance(event, Later) and event.retry_after is not None:
        pause = max(pause, event.retry_after)
    return structs.replace(data, sent_at=None, not_before=now + pause)


def note_unsent(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, sent_at=None, reminders=0)


def note_rejection(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """The next attempt, after the cool-down, with the platform's reason kept for its letter; without one, the label
    outlived the platform's own approval."""
    kept = keep_reason(data, event, now, policy)
    return structs.replace(
        kept,
        attempt=data.attempt + 1,
        tries=0,
        not_before=now + policy.cooldown,
        receipt=None,
        review_by=None,
        granted_at=None,
        sent_at=None,
        asked_approval=False,
        approved_by="",
        expedited=False,
    )


def keep_reason(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """Keep the platform's own words, which the next letter quotes; without any, it is still shown though it agreed."""
    reason = event.reason if isinstance(event, Rejected | Refused) else ""
    if not reason:
        return structs.replace(data, residual=data.residual + 1, reminders=0, cannot="")
    # What was answered is under review no longer: if the label returns, it is not waited for.
    return structs.replace(
        data,
        reasons=_heard(data, reason),
        more=_demanded(data, reason),
        reminders=0,
        cannot="",
        receipt=None,
        review_by=None,
        turned_away=isinstance(event, Refused),
    )


def note_cannot(data: RequestData, event: TaskFailed, now: Instant, policy: RequestPolicy) -> RequestData:
    """Our own people's words are for who decides; they are no answer of the platform's, which a letter would quote."""
    return structs.replace(data, cannot=event.reason, reminders=0)


def _demanded(data: RequestData, answer: str) -> tuple[str, ...]:
    """The papers that the platform has named so far: the next attempt brings them all."""
    return (*data.more, *(kind for kind in evidence.named(answer) if kind not in data.more))


def _heard(data: RequestData, answer: str) -> tuple[str, ...]:
    """The answers so far and this one, each told once: a platform may say the same for years, and the letter quotes
    them all."""
    return (*(said for said in data.reasons if said != answer), answer)[-MAX_REASONS:]


def note_unclear(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, unclear=str(getattr(event, "reason", "") or "no outcome in time"))


def note_restored(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(
        data, unclear="the state was restored from a backup", look_ups=0, not_found=0, reminders=0, cannot=""
    )


def note_restored_undecided(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """Making sure is no decision, either: what a person had to decide is still to be decided after it."""
    return structs.replace(note_restored(data, event, now, policy), held_from="escalated")


def note_look_up(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, look_ups=data.look_ups + 1)


def note_not_found(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, not_found=data.not_found + 1)


def note_safe_to_send(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """Nothing of it arrived. A cool-down in which a restored case was made sure of goes on."""
    not_before = max(data.not_before, now)
    return structs.replace(data, sent_at=None, not_before=not_before, unclear="", sure_of=data.attempt)


def note_never_sent(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """It never arrived, and a person has still to decide whether it is sent at all."""
    return structs.replace(note_safe_to_send(data, event, now, policy), held_from="", reminders=0)


def note_granted(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, granted_at=now, reminders=0, cannot="")


def push_review(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """Time in which the platform is down for maintenance does not count against its review."""
    return structs.replace(data, review_by=max(data.review_by or now, now) + policy.poll_interval)


def note_query(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, asked_at=now)


def stretch_review(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """So many working days more as the review takes longer now than it was given."""
    had, has = (math.ceil(policy.review_days * times) for times in (data.stretched, policy.review_stretch))
    until = calendar.add_working_days(data.review_by or now, has - had, policy.country) if has > had else data.review_by
    return structs.replace(data, review_by=until, stretched=policy.review_stretch)


def grant_chase(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, review_by=due(policy.person_deadline, now, policy))


def note_expedite_asked(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, expedited=True, review_by=due(policy.person_deadline, now, policy))


def note_expedited(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, expedited=True, review_by=now + policy.expedite_within)


def note_more(data: RequestData, event: InfoRequested, now: Instant, policy: RequestPolicy) -> RequestData:
    """A requested kind of evidence becomes required; other words are kept as a reason for the letter. What was approved
    was not this."""
    return structs.replace(
        data,
        more=_demanded(data, event.what),
        reasons=_heard(data, event.what),
        not_before=now,
        receipt=None,
        review_by=None,
        sent_at=None,
        attempt=data.attempt + 1,
        tries=0,
        asked_approval=False,
        approved_by="",
    )


def note_reminder(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, reminders=data.reminders + 1)


def note_asked(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, asked_approval=True)


def note_approval(data: RequestData, event: Approve, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, approved_by=event.author or "operator")


def note_now(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, not_before=now, reminders=0)


def note_hurry(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(data, not_before=now, reminders=0, hurried=True)


def note_lacking(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """Approval is asked for anew once the papers are there."""
    return structs.replace(data, reminders=0, asked_approval=False)


def note_hold(data: RequestData, event: Hold, now: Instant, policy: RequestPolicy) -> RequestData:
    return structs.replace(note_held(data, event, now, policy), asked_approval=False, held_from="")


def note_hold_undecided(data: RequestData, event: Hold, now: Instant, policy: RequestPolicy) -> RequestData:
    """A hold is no decision: what a person had to decide is still to be decided when it ends."""
    return structs.replace(note_held(data, event, now, policy), held_from="escalated")


def note_release(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """The hold ends; a cool-down that it began in does not."""
    return structs.replace(data, reminders=0, held_from="")


_KEPT = {"finding", "category", "words", "causes", "facts", "reasons", "more", "returns", "displays"}
_AS_NEW = {
    name: value
    for name, value in structs.asdict(RequestData()).items()
    if name not in {*_KEPT, "attempt", "round", "not_before"}
}
"""What a request that begins again forgets."""


def restart(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """A closed case begins again; what was learned (reasons, requested papers) is kept."""
    data = _relabelled(data, event)
    return structs.replace(
        data,
        **_AS_NEW,
        attempt=data.attempt + 1,
        round=data.attempt + 1,
        not_before=now,
        returns=data.returns + (1 if isinstance(event, Returned) else 0),
    )


def note_return(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """The label is back and its review is still open: nothing new is sent."""
    data = _relabelled(data, event)
    return structs.replace(data, returns=data.returns + 1, clean={}, verify_from=None, reminders=0)


def _relabelled(data: RequestData, event: object) -> RequestData:
    if not isinstance(event, Returned) or not event.finding:
        return data
    return structs.replace(data, finding=event.finding, category=event.category, words=event.words)


def verify_longer(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """Another span of looks; the clean ones so far keep counting."""
    return structs.replace(data, verify_from=now, reminders=data.reminders + 1)


def try_again(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> RequestData:
    """A person sends an escalated case round once more, whatever the number of attempts. Who approved an attempt that
    failed has not seen this one."""
    return structs.replace(
        data,
        attempt=data.attempt + 1,
        tries=0,
        not_before=now,
        receipt=None,
        review_by=None,
        granted_at=None,
        sent_at=None,
        reminders=0,
        cannot="",
        asked_approval=False,
        approved_by="",
    )
