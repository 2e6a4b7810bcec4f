"""The effects of the appeal's ways, made from its data."""

from numtrustd.domain import evidence
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect
from numtrustd.domain.workflows.appeal_parts.data import AppealData, AppealPolicy, required
from numtrustd.domain.workflows.appeal_parts.events import CloseTasks, Later, LookUp, NotSent, OpenTask, Query, Submit


def submit(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return Submit(data.attempt)


def query(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return Query(data.receipt or "")


def look_up(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return LookUp(data.attempt)


def close_tasks(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return CloseTasks()


def ask_for_evidence(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    lacking = evidence.missing(required(data, policy), policy.held)
    return OpenTask("supply_evidence", now + policy.evidence_deadline, lacking)


def ask_for_approval(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return OpenTask("approve", now + policy.remind_interval)


def ask_for_submission(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return OpenTask("submit_appeal", now + policy.person_deadline, required(data, policy))


def ask_for_answer(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return OpenTask("report_answer", data.review_by or now + policy.person_deadline)


def ask_whether_sent(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return OpenTask("did_it_arrive", now + policy.person_deadline, (data.unclear,))


def chase(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    return OpenTask("chase_review", now + policy.person_deadline)


def ask_for_decision(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> Effect:
    said = data.reasons
    if isinstance(event, Later | NotSent):
        last = event.reason if isinstance(event, NotSent) else "it asks to try again later"
        said = (*said, f"its interface has taken nothing in {data.tries} tries; the last: {last}")
    return OpenTask("decide", now + policy.person_deadline, said)
