"""The conditions of a request's ways on; their names stand in the diagram that the table draws."""

from numtrustd.domain import evidence
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflows.request.data import RequestData, RequestPolicy, required
from numtrustd.domain.workflows.request.events import Looked
from numtrustd.domain.workflows.request.updates import _counted

SLACK = 60.0
"""Seconds by which a wait is not worth being cut."""


def by_person(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.by_person


def can_query(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.can_query


def can_look_up(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.can_look_up and data.look_ups < policy.max_look_ups


def maybe_forgotten(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """This attempt may have been handed in after the backup was made that was put back, under the same reference."""
    return policy.forgetful and policy.can_look_up and data.sure_of != data.attempt


def evidence_missing(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return bool(evidence.missing(required(data, policy), policy.held))


def evidence_complete(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return not evidence_missing(data, event, now, policy)


def platform_in_maintenance(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.maintenance


def platform_closed(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """Its maintenance takes nothing in."""
    return policy.closed


def may_expedite(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """The platform can be paid to hurry, the budget allows it, and nobody has done so yet."""
    return policy.expedite and not data.expedited


def approval_pending(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.approval_needed and not data.approved_by


def attempts_left(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return data.attempt - data.round + 1 < policy.max_attempts


def tries_used_up(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """The platform's interface has taken nothing for days: somebody has to know."""
    return data.tries >= policy.max_tries


def still_queued(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.queued


def due_sooner(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """An emergency has begun, by whose clock people are to have done their part before this wait would end."""
    return now < policy.mark < policy.deadline - SLACK


def reminders_left(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return data.reminders < policy.max_reminders


def review_left(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.can_query and data.receipt is not None and data.review_by is not None and now < data.review_by


def answer_old(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """The poll that was due was missed, the machine slept or the case was held: the answer may be there by now."""
    asked = data.sent_at if data.asked_at is None else data.asked_at
    return review_askable(data, event, now, policy) and (asked is None or now - asked > 2 * policy.poll_interval)


def review_open(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return data.receipt is not None and data.granted_at is None


def review_askable(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.can_query and review_open(data, event, now, policy)


def granted(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return data.granted_at is not None


def held_undecided(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return bool(data.held_from)


def never_sent(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return data.sent_at is None


def once_sent(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return data.sent_at is not None


def maybe_sent(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """A restored case whose submission nobody has made sure of yet, and that can be looked up."""
    return bool(data.unclear) and data.receipt is None and policy.can_look_up


def maybe_handed_in(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return bool(data.unclear) and data.receipt is None


def missed_once(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return data.not_found >= 1


def missed_undecided(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return missed_once(data, event, now, policy) and held_undecided(data, event, now, policy)


def fault_gone(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return not policy.wrong


def slot_closed(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """A quota, the calendar or a window of our own has nothing handed in before its time."""
    return now < policy.slot and not data.hurried


def slot_known(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """Its next time follows from slot and cool-down, not from how often is asked again: it can be set anew at will."""
    if data.asked_approval and approval_pending(data, event, now, policy):
        return False
    asked_again = policy.closed or policy.no_room or feeder_first(data, event, now, policy)
    return slot_closed(data, event, now, policy) or not asked_again


def wording_forbidden(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """What is to be shown breaks the rules of advertising: sent, it would cost the rights to edit."""
    return bool(policy.forbidden)


def store_nearly_full(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return policy.no_room


def feeder_first(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """The platform that this one copies from is appealed to first: cleared sooner, this one would be marked again."""
    return bool(policy.feeder) and not data.hurried


def review_stretches(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """A maintenance in which reviews take longer has begun since it was handed in."""
    return data.review_by is not None and policy.review_stretch > data.stretched


def gone_or_unseen(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    """The label is not there, or nobody can tell: no reason to appeal."""
    return not policy.wrong or policy.blind


def unproved_so_far(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> bool:
    return (not policy.wrong or policy.blind) and data.reminders < policy.max_reminders


def looked_clean(data: RequestData, event: Looked, now: Instant, policy: RequestPolicy) -> bool:
    return not event.wrong


def clean_enough(data: RequestData, event: Looked, now: Instant, policy: RequestPolicy) -> bool:
    """With this look counted, every view has its clean looks in a row, spread over the time they need.

    A mark that comes and goes is held open by the verdict, and one may be believed for longer than a case counts: until
    that ends, its return would be no news to anybody.
    """
    runs = _counted(data, event)
    views = policy.views or tuple(runs)
    return (
        bool(views)
        and not policy.flapping
        and not policy.believed
        and all(
            (run := runs.get(view)) is not None
            and run.looks >= policy.clear
            and run.last_at - run.first_at >= policy.clear_spread
            for view in views
        )
    )
