"""The conditions of the appeal's ways on; their names stand in the diagram that the table draws."""

from numtrustd.domain import evidence
from numtrustd.domain.observation import Instant, Status
from numtrustd.domain.workflows.appeal_parts.data import AppealData, AppealPolicy, required
from numtrustd.domain.workflows.appeal_parts.events import Looked
from numtrustd.domain.workflows.appeal_parts.updates import _counted


def by_person(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.by_person


def can_query(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.can_query


def can_look_up(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.can_look_up and data.look_ups < policy.max_look_ups


def evidence_missing(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return bool(evidence.missing(required(data, policy), policy.held))


def evidence_complete(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return not evidence_missing(data, event, now, policy)


def platform_in_maintenance(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.maintenance


def approval_pending(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.approval_needed and not data.approved_by


def attempts_left(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return data.attempt - data.round + 1 < policy.max_attempts


def tries_used_up(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    """The platform's interface has taken nothing for days: somebody has to know."""
    return data.tries >= policy.max_tries


def still_queued(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.queued


def reminders_left(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return data.reminders < policy.max_reminders


def review_left(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.can_query and data.receipt is not None and data.review_by is not None and now < data.review_by


def review_open(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return data.receipt is not None and data.granted_at is None


def review_askable(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.can_query and review_open(data, event, now, policy)


def granted(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return data.granted_at is not None


def held_undecided(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return bool(data.held_from)


def never_sent(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return data.sent_at is None


def once_sent(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return data.sent_at is not None


def maybe_sent(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    """A restored case whose submission nobody has made sure of yet, and that can be looked up."""
    return bool(data.unclear) and data.receipt is None and policy.can_look_up


def maybe_handed_in(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return bool(data.unclear) and data.receipt is None


def missed_once(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return data.not_found >= 1


def label_gone(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return not policy.marked


def store_nearly_full(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return policy.no_room


def feeder_first(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    """The platform that this one copies from is appealed to first: cleared sooner, this one would be marked again."""
    return bool(policy.feeder) and not data.hurried


def gone_or_unseen(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    """The label is not there, or nobody can tell: no reason to appeal."""
    return not policy.marked or policy.blind


def unproved_so_far(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return (not policy.marked or policy.blind) and data.reminders < policy.max_reminders


def looked_clean(data: AppealData, event: Looked, now: Instant, policy: AppealPolicy) -> bool:
    return event.status is not Status.MARKED


def clean_enough(data: AppealData, event: Looked, now: Instant, policy: AppealPolicy) -> bool:
    """With this look counted, every view has its clean looks in a row, spread over the time they need.

    A mark that comes and goes is held open by the verdict: until that ends, its return would be no news to anybody.
    """
    runs = _counted(data, event)
    views = policy.views or tuple(runs)
    return (
        bool(views)
        and not policy.flapping
        and all(
            (run := runs.get(view)) is not None
            and run.looks >= policy.clear
            and run.last_at - run.first_at >= policy.clear_spread
            for view in views
        )
    )
