"""What the appeal's table is made of: its data, policy, events, effects, and the small pure functions between them.

Every function here takes (data, event, now, policy). Guards are named for the diagram that the table draws.
"""

from collections.abc import Mapping

from msgspec import Struct, structs

from numtrustd.domain import calendar, evidence
from numtrustd.domain.observation import Instant, Status
from numtrustd.domain.workflow import Effect, Event

# ------------------------------------------------------------------------------------------------ policy and data


class AppealPolicy(Struct, frozen=True):
    """What configuration, the pack and the present say to one appeal. Times in seconds, `review_days` in working days.

    `held` are the kinds of evidence on file, `views` the source/surface pairs that must all come out clean,
    `marked` and `maintenance` what is believed of the platform now; `queued`: the submission has not begun to leave.
    """

    by_person: bool = True
    can_query: bool = False
    can_look_up: bool = False
    approval_needed: bool = False
    evidence: tuple[tuple[str, ...], ...] = ((),)
    held: frozenset[str] = frozenset()
    views: tuple[str, ...] = ()
    clear: int = 3
    clear_spread: float = 3_600.0
    max_attempts: int = 3
    review_days: int = 5
    country: str = "CN"
    cooldown: float = 86_400.0
    propagation: float = 259_200.0
    settle: float = 600.0
    poll_interval: float = 21_600.0
    person_deadline: float = 172_800.0
    evidence_deadline: float = 432_000.0
    remind_interval: float = 86_400.0
    max_reminders: int = 3
    verify_timeout: float = 864_000.0
    watch_period: float = 2_592_000.0
    max_look_ups: int = 6
    marked: bool = True
    blind: bool = False
    maintenance: bool = False
    no_room: bool = False
    queued: bool = False


class CleanRun(Struct, frozen=True):
    """Clean looks in a row of one view."""

    looks: int
    first_at: Instant
    last_at: Instant


class AppealData(Struct, frozen=True, omit_defaults=True, tag="appeal"):
    """What an appeal remembers. `attempt` counts from 1 and rises only when an attempt was answered or came to nothing,
    so an unsent one is sent again under the same reference. `round` is the first attempt since the label last appeared:
    the number of attempts is limited in each round, their references stay apart over all."""

    finding: str = ""
    category: str = ""
    words: str = ""
    causes: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    attempt: int = 1
    round: int = 1
    tries: int = 0
    not_before: Instant = 0.0
    asked_approval: bool = False
    approved_by: str = ""
    sent_at: Instant | None = None
    receipt: str | None = None
    review_by: Instant | None = None
    granted_at: Instant | None = None
    reasons: tuple[str, ...] = ()
    residual: int = 0
    more: tuple[str, ...] = ()
    unclear: str = ""
    look_ups: int = 0
    not_found: int = 0
    clean: dict[str, CleanRun] = {}
    verify_from: Instant | None = None
    reminders: int = 0
    returns: int = 0
    held_from: str = ""


def required(data: AppealData, policy: AppealPolicy) -> tuple[str, ...]:
    """The kinds of evidence that the present attempt must bring."""
    base = policy.evidence[min(data.attempt, len(policy.evidence)) - 1] if policy.evidence else ()
    return (*base, *(kind for kind in data.more if kind not in base))


# ---------------------------------------------------------------------------------------------------------- events


class EvidenceChanged(Event, frozen=True):
    """The papers on file changed."""


class Accepted(Event, frozen=True):
    """The platform has the submission: said by it, found by a look-up, or told by the person who sent it."""

    receipt: str = ""


class Refused(Event, frozen=True):
    """The platform refused to take the submission in."""

    reason: str


class Later(Event, frozen=True):
    """Not taken in; may be sent again after `retry_after` seconds."""

    retry_after: float | None = None


class NotSent(Event, frozen=True):
    """No byte left this machine."""

    reason: str


class OutcomeUnknown(Event, frozen=True):
    """The submission may or may not have arrived."""

    reason: str


class NotFound(Event, frozen=True):
    """The platform does not know our reference."""


class LookUpFailed(Event, frozen=True):
    """The platform could not be asked for our reference."""

    reason: str


class NotHappened(Event, frozen=True):
    """A person made sure that the submission did not arrive."""


class Approved(Event, frozen=True):
    """The platform agreed."""


class Rejected(Event, frozen=True):
    """The platform disagreed."""

    reason: str


class InfoRequested(Event, frozen=True):
    """The platform wants more: a kind of evidence, or words for a person."""

    what: str


class StillInReview(Event, frozen=True):
    """No answer yet."""


class QueryFailed(Event, frozen=True):
    """The platform could not be asked for its answer."""

    reason: str


class TaskFailed(Event, frozen=True):
    """A person could not do what was asked."""

    reason: str


class ClosedByPerson(Event, frozen=True):
    """A person decided that nothing more is to be done."""

    reason: str


class Looked(Event, frozen=True):
    """One known look at the platform."""

    view: str
    status: Status
    at: Instant


class LabelGone(Event, frozen=True):
    """The verdict says that the label is no longer shown."""


class Returned(Event, frozen=True):
    """The verdict says that the label is shown again, or another one; what it says now, where that is known."""

    finding: str = ""
    category: str = ""
    words: str = ""


class Approve(Event, frozen=True):
    """The owner allows the submission."""

    author: str


class Hold(Event, frozen=True):
    """An operator stops the case where it is."""

    reason: str


class Advance(Event, frozen=True):
    """An operator ends a wait or a hold."""

    reason: str


class Withdraw(Event, frozen=True):
    """An operator gives the case up."""

    reason: str


class Restored(Event, frozen=True):
    """The state is an older copy: what was done since is forgotten, this case's submission perhaps among it."""


class Reopen(Event, frozen=True):
    """An operator starts a closed case again."""

    reason: str


# --------------------------------------------------------------------------------------------------------- effects


class Submit(Effect, frozen=True):
    """Send the appeal of this attempt over the platform's API. Never repeatable."""

    attempt: int


class Query(Effect, frozen=True):
    """Ask the platform for its answer. Repeatable."""

    receipt: str


class LookUp(Effect, frozen=True):
    """Ask the platform whether it has our reference. Repeatable."""

    attempt: int


class OpenTask(Effect, frozen=True):
    """Something for a person, with what was missing or said, due at an instant."""

    kind: str
    due: Instant
    detail: tuple[str, ...] = ()


class CloseTasks(Effect, frozen=True):
    """The case's open tasks are no longer needed."""


# ---------------------------------------------------------------------------------------------------------- guards


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


def gone_or_unseen(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    """The label is not there, or nobody can tell: no reason to appeal."""
    return not policy.marked or policy.blind


def unproved_so_far(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> bool:
    return (not policy.marked or policy.blind) and data.reminders < policy.max_reminders


def looked_clean(data: AppealData, event: Looked, now: Instant, policy: AppealPolicy) -> bool:
    return event.status is not Status.MARKED


def clean_enough(data: AppealData, event: Looked, now: Instant, policy: AppealPolicy) -> bool:
    """With this look counted, every view has its clean looks in a row, spread over the time they need."""
    runs = _counted(data, event)
    views = policy.views or tuple(runs)
    return bool(views) and all(
        (run := runs.get(view)) is not None
        and run.looks >= policy.clear
        and run.last_at - run.first_at >= policy.clear_spread
        for view in views
    )


# --------------------------------------------------------------------------------------------------------- updates


def _counted(data: AppealData, event: Looked) -> Mapping[str, CleanRun]:
    if event.status is Status.MARKED:
        return {}
    run = data.clean.get(event.view)
    grown = (
        CleanRun(1, event.at, event.at)
        if run is None
        else CleanRun(run.looks + 1, min(run.first_at, event.at), event.at)
    )
    return {**data.clean, event.view: grown}


def count_look(data: AppealData, event: Looked, now: Instant, policy: AppealPolicy) -> AppealData:
    """A clean look counts for its view; a marked one starts all of them anew."""
    return structs.replace(data, clean=dict(_counted(data, event)))


def start_verifying(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    fresh = structs.replace(data, clean={}, verify_from=now, reminders=0)
    return count_look(fresh, event, now, policy) if isinstance(event, Looked) else fresh


def note_sent(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, sent_at=now, tries=data.tries + 1, reminders=0, look_ups=0, not_found=0)


def note_handed_over(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, reminders=0)


def note_receipt(data: AppealData, event: Accepted, now: Instant, policy: AppealPolicy) -> AppealData:
    due = calendar.add_working_days(now, policy.review_days, policy.country)
    return structs.replace(
        data,
        sent_at=data.sent_at or now,
        receipt=event.receipt,
        review_by=due,
        granted_at=None,
        reminders=0,
        unclear="",
    )


def note_wait(data: AppealData, event: Later | NotSent, now: Instant, policy: AppealPolicy) -> AppealData:
    pause = min(60.0 * 2 ** min(data.tries, 10), 21_600.0)
    if isinstance(event, Later) and event.retry_after is not None:
        pause = max(pause, event.retry_after)
    return structs.replace(data, sent_at=None, not_before=now + pause)


def note_rejection(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
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
    )


def keep_reason(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    reason = str(getattr(event, "reason", ""))
    if not reason:
        return structs.replace(data, residual=data.residual + 1, reminders=0)
    return structs.replace(data, reasons=(*data.reasons, reason), reminders=0)


def note_unclear(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, unclear=str(getattr(event, "reason", "") or "no outcome in time"))


def note_restored(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, unclear="the state was restored from a backup", look_ups=0, not_found=0, reminders=0)


def note_look_up(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, look_ups=data.look_ups + 1)


def note_not_found(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, not_found=data.not_found + 1)


def note_safe_to_send(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, sent_at=None, not_before=now, unclear="")


def note_granted(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, granted_at=now, reminders=0)


def push_review(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """Time in which the platform is down for maintenance does not count against its review."""
    return structs.replace(data, review_by=max(data.review_by or now, now) + policy.poll_interval)


def grant_chase(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, review_by=now + policy.person_deadline)


def note_more(data: AppealData, event: InfoRequested, now: Instant, policy: AppealPolicy) -> AppealData:
    """A requested kind of evidence becomes required; other words are kept as a reason for the letter."""
    wanted = tuple(kind for kind in evidence.KINDS if kind in event.what and kind not in data.more)
    return structs.replace(
        data,
        more=(*data.more, *wanted),
        reasons=(*data.reasons, event.what),
        not_before=now,
        receipt=None,
        review_by=None,
        sent_at=None,
        attempt=data.attempt + 1,
        tries=0,
    )


def note_reminder(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, reminders=data.reminders + 1)


def note_asked(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, asked_approval=True)


def note_approval(data: AppealData, event: Approve, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, approved_by=event.author or "operator")


def note_now(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, not_before=now, reminders=0)


def note_lacking(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """Approval is asked for anew once the papers are there."""
    return structs.replace(data, reminders=0, asked_approval=False)


def note_hold(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    return structs.replace(data, reminders=0, asked_approval=False, held_from="")


def note_hold_undecided(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """A hold is no decision: what a person had to decide is still to be decided when it ends."""
    return structs.replace(data, reminders=0, held_from="escalated")


def note_release(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """The hold ends; a cool-down that it began in does not."""
    return structs.replace(data, reminders=0, held_from="")


def restart(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """A closed case begins again; what was learned (reasons, requested papers) is kept."""
    data = _relabelled(data, event)
    return AppealData(
        finding=data.finding,
        category=data.category,
        words=data.words,
        causes=data.causes,
        facts=data.facts,
        attempt=data.attempt + 1,
        round=data.attempt + 1,
        not_before=now,
        reasons=data.reasons,
        more=data.more,
        returns=data.returns + (1 if isinstance(event, Returned) else 0),
    )


def note_return(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """The label is back and its review is still open: nothing new is sent."""
    data = _relabelled(data, event)
    return structs.replace(data, returns=data.returns + 1, clean={}, verify_from=None, reminders=0)


def _relabelled(data: AppealData, event: object) -> AppealData:
    if not isinstance(event, Returned) or not event.category:
        return data
    return structs.replace(data, finding=event.finding, category=event.category, words=event.words)


def verify_longer(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """Another span of looks; the clean ones so far keep counting."""
    return structs.replace(data, verify_from=now, reminders=data.reminders + 1)


def try_again(data: AppealData, event: object, now: Instant, policy: AppealPolicy) -> AppealData:
    """A person sends an escalated case round once more, whatever the number of attempts."""
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
    )


# ------------------------------------------------------------------------------------------------- effects, made


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
    return OpenTask("decide", now + policy.person_deadline, data.reasons)
