"""How long a request waits in each of its states; every function takes (data, now, policy)."""

from numtrustd.domain import calendar
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import RequestData, RequestPolicy
from numtrustd.domain.workflows.request.data import due

DAY = 86_400.0
MINUTE = 60.0


def at_slot(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    if data.asked_approval and a.approval_pending(data, None, now, policy):
        return due(policy.remind_interval, now, policy)
    if a.slot_closed(data, None, now, policy):
        return max(data.not_before, policy.slot)
    if policy.closed or policy.no_room or a.feeder_first(data, None, now, policy):
        return max(data.not_before, now + policy.poll_interval)
    return max(data.not_before, now)


def at_poll(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    until = due(policy.person_deadline, now, policy) if data.review_by is None else data.review_by
    if policy.can_query and data.receipt is not None:
        until = min(until, now + policy.poll_interval)
    # Whoever has just been asked is given time to answer.
    return max(until, now + (policy.settle if data.asked_at == now else MINUTE))


def when_cool(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return max(data.not_before, now)


def when_settled(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    # Doubling: a platform whose look-up is down is not asked every ten minutes for a week.
    return now + policy.settle * float(2 ** min(data.look_ups, 6))


def when_verified(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    start = now if data.verify_from is None else data.verify_from
    return max(start + policy.verify_timeout, now + MINUTE)


def in_a_day(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return now + DAY


def at_reminder(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return due(policy.remind_interval, now, policy)


def while_held(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return a.reminded_until(data, now, policy.remind_interval)


def at_person_deadline(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return due(policy.remind_interval if data.reminders else policy.person_deadline, now, policy)


def at_evidence_deadline(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return due(policy.remind_interval if data.reminders else policy.evidence_deadline, now, policy)


def when_propagated(data: RequestData, now: Instant, policy: RequestPolicy) -> Instant:
    return spread_by(now, policy)


def spread_by(granted_at: Instant, policy: RequestPolicy) -> Instant:
    """When what the platform agreed to then is shown everywhere."""
    if policy.propagation_days is None:
        return granted_at + policy.propagation
    return calendar.add_working_days(granted_at, policy.propagation_days, policy.country)
