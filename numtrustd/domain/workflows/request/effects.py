"""The effects of a request's ways, made from its data."""

from numtrustd.domain import evidence
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect
from numtrustd.domain.workflows.request.data import RequestData, RequestPolicy, due, required
from numtrustd.domain.workflows.request.events import CloseTasks, Later, LookUp, NotSent, OpenTask, Query, Submit


def submit(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return Submit(data.attempt)


def query(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return Query(data.receipt or "")


def look_up(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return LookUp(data.attempt)


def close_tasks(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return CloseTasks()


def ask_for_evidence(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    lacking = evidence.missing(required(data, policy), policy.held)
    return OpenTask("supply_evidence", due(policy.evidence_deadline, now, policy), lacking)


def ask_for_approval(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return OpenTask("approve", due(policy.remind_interval, now, policy))


def ask_for_submission(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return OpenTask(data.HAND_IN, due(policy.person_deadline, now, policy), required(data, policy))


def ask_for_answer(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return OpenTask("report_answer", data.review_by or due(policy.person_deadline, now, policy))


def ask_whether_sent(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return OpenTask("did_it_arrive", due(policy.person_deadline, now, policy), (data.unclear,))


def chase(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return OpenTask("chase_review", due(policy.person_deadline, now, policy))


def ask_to_expedite(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    return OpenTask("expedite_review", due(policy.person_deadline, now, policy))


def ask_for_decision(data: RequestData, event: object, now: Instant, policy: RequestPolicy) -> Effect:
    said = data.reasons
    if data.cannot:
        said = (*said, f"a person could not do what was asked: {data.cannot}")
    if policy.forbidden:
        said = (*said, f"not sent, its words are forbidden: {'; '.join(policy.forbidden)}")
    if isinstance(event, Later | NotSent):
        last = event.reason if isinstance(event, NotSent) else "it asks to try again later"
        said = (*said, f"its interface has taken nothing in {data.tries} tries; the last: {last}")
    return OpenTask("decide", due(policy.person_deadline, now, policy), said)
