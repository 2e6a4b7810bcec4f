"""The upkeep of a certificate: from the day on which a name was seen to be certified until it is given up.

A certification is a request with an end; what it brings has to be kept. The certificate is renewed before it expires,
and when its name is no longer shown ("under maintenance") the cause is found, the time that such a cause takes is
waited out, and a pause that lasts longer is chased. `certification` is the request that begins it, and renews it.
"""

import enum
from collections.abc import Mapping

from msgspec import Struct, structs

from numtrustd.domain import calendar
from numtrustd.domain.observation import Instant
from numtrustd.domain.season import SeasonPolicy, planned_day
from numtrustd.domain.workflow import Effect, Event, Row, TimedOut, To, Who, Workflow
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import states as r
from numtrustd.domain.workflows.request.data import CommonData
from numtrustd.domain.workflows.request.deadlines import MINUTE

DAY = 86_400.0
MONTH = 31 * DAY
"""So long before its day a renewal may be planned: any month has its good day in it."""

MAX_PAUSES = 20
"""Pauses that a certificate remembers."""


class PauseCause(enum.StrEnum):
    """Why a certified name is not shown for a while [S3]."""

    TECHNICAL = "technical"  # the provider works on its systems
    POLICY = "policy"  # the whole trade is looked through again
    PAPERS = "papers"  # a paper expired or was changed
    COMPLAINTS = "complaints"  # locked until somebody has looked at the complaints


class S(enum.StrEnum):
    """Where a certificate can stand."""

    VALID = "valid"
    RENEWING = "renewing"
    PAUSED = "paused"
    CHASING = "chasing"
    ESCALATED = "escalated"
    HELD = "held"
    ENDED = "ended"


class Pause(Struct, frozen=True, omit_defaults=True):
    """One time in which the name was not shown; `until` is `None` while it lasts. `handed_at` is when the provider was
    last given new papers."""

    since: Instant
    cause: PauseCause
    until: Instant | None = None
    handed_at: Instant | None = None


class CertificateData(CommonData, frozen=True, omit_defaults=True, tag="certificate"):
    """What the upkeep of a certificate remembers. `granted_at` is when it was last granted, `expires` when it ends, as
    the provider or a person said; `None` leaves it to the policy. `said_cause` is what a person found out of a pause,
    `papers` what was on file when it began, or when somebody was last asked to hand new ones over.
    """

    granted_at: Instant = 0.0
    expires: Instant | None = None
    said_cause: str = ""
    pauses: tuple[Pause, ...] = ()
    held_from: str = ""
    renewals: int = 0
    papers: tuple[str, ...] = ()


class CertificatePolicy(Struct, frozen=True):
    """What configuration and the present say to one certificate. Times in seconds, `policy_days` in working days.

    `shown` says whether the name is believed to be shown, `cause` what a pause would be laid to at present.
    `technical`, `policy_days`, `papers` and `complaints` are how long a pause of each cause usually takes. `on_file`
    are the papers that a certification brings and that count, in words; `lacking`: one that is registered does not.
    `season` has the good day on which a renewal is planned.
    """

    shown: bool = True
    cause: PauseCause = PauseCause.TECHNICAL
    country: str = "CN"
    valid_for: float = 31_536_000.0
    renew_before: float = 2_592_000.0
    technical: float = 432_000.0
    policy_days: int = 8
    papers: float = 604_800.0
    complaints: float = 172_800.0
    person_deadline: float = 172_800.0
    remind_interval: float = 86_400.0
    max_reminders: int = 3
    on_file: tuple[str, ...] = ()
    lacking: bool = False
    season: SeasonPolicy = SeasonPolicy()


class Renew(Effect, frozen=True):
    """Begin the certification that renews this certificate."""


class PauseTold(Event, frozen=True):
    """A person found out why the name is not shown."""

    cause: str


class Renewed(Event, frozen=True):
    """The certification that renews it reached its end; `expires` where the provider said it."""

    expires: Instant | None = None


class PapersHanded(Event, frozen=True):
    """A person has given the provider the papers that are on file now."""


class RenewalEnded(Event, frozen=True):
    """The certification that was to renew it came to nothing."""

    reason: str


# ------------------------------------------------------------------------------------------------------- questions


def expiry(data: CertificateData, policy: CertificatePolicy) -> Instant:
    """When the certificate ends."""
    return data.granted_at + policy.valid_for if data.expires is None else data.expires


def cause_of(data: CertificateData, policy: CertificatePolicy) -> PauseCause:
    """What a pause is laid to: a person's word counts more than a guess. That papers were lacking stays true of it when
    new ones are on file."""
    if not data.said_cause and data.pauses and data.pauses[-1].until is None:
        return PauseCause.PAPERS if data.pauses[-1].cause is PauseCause.PAPERS else policy.cause
    return PauseCause(data.said_cause) if data.said_cause else policy.cause


def usual_end(data: CertificateData, since: Instant, policy: CertificatePolicy) -> Instant:
    """When a pause of this cause is usually over."""
    match cause_of(data, policy):
        case PauseCause.POLICY:
            return calendar.add_working_days(since, policy.policy_days, policy.country)
        case PauseCause.PAPERS:
            return since + policy.papers
        case PauseCause.COMPLAINTS:
            return since + policy.complaints
        case _:
            return since + policy.technical


def renewal_at(data: CertificateData, policy: CertificatePolicy) -> Instant:
    """When the certificate is to be renewed: on the good day of the month before its renewal must have begun. One that
    is valid for a short time only is not renewed much sooner for that."""
    latest = expiry(data, policy) - policy.renew_before
    earliest = max(latest - MONTH, data.granted_at + (latest - data.granted_at) / 2)
    return latest if earliest >= latest else planned_day(earliest, latest, policy.country, policy.season)


def renewal_due(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return now >= renewal_at(data, policy)


def not_shown(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return not policy.shown


def pause_lasts(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    """The pause is not yet longer than its cause explains."""
    return bool(data.pauses) and now < usual_end(data, waits_since(data, now), policy)


def waits_since(data: CertificateData, now: Instant) -> Instant:
    """Since when the provider has all that it needs: new papers begin the wait anew."""
    if not data.pauses:
        return now
    last = data.pauses[-1]
    return last.since if last.handed_at is None else last.handed_at


def new_papers(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    """It is paused for papers, and there are new ones that nobody was asked to hand over yet."""
    paused_for = data.pauses[-1].cause if data.pauses else None
    return paused_for is PauseCause.PAPERS and not policy.lacking and not set(policy.on_file) <= set(data.papers)


def told_of_papers(data: CertificateData, event: PauseTold, now: Instant, policy: CertificatePolicy) -> bool:
    """A person found that papers are the cause, and new ones have come since the pause began."""
    return event.cause == PauseCause.PAPERS and new_papers(note_told(data, event, now, policy), event, now, policy)


def reminders_left(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return data.reminders < policy.max_reminders


def held_while_renewing(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return data.held_from == S.RENEWING


def known_cause(data: CertificateData, event: PauseTold, now: Instant, policy: CertificatePolicy) -> bool:
    return event.cause in set(PauseCause)


# --------------------------------------------------------------------------------------------------------- changes


def note_pause(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    pauses = (*data.pauses, Pause(now, policy.cause))[-MAX_PAUSES:]
    return structs.replace(data, pauses=pauses, said_cause="", reminders=0, papers=policy.on_file)


def note_papers(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    return structs.replace(data, papers=policy.on_file)


def note_told_of_papers(
    data: CertificateData, event: PauseTold, now: Instant, policy: CertificatePolicy
) -> CertificateData:
    return note_papers(note_told(data, event, now, policy), event, now, policy)


def note_handed(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    last = structs.replace(data.pauses[-1], handed_at=now)
    return structs.replace(data, pauses=(*data.pauses[:-1], last), reminders=0)


def note_told(data: CertificateData, event: PauseTold, now: Instant, policy: CertificatePolicy) -> CertificateData:
    last = structs.replace(data.pauses[-1], cause=PauseCause(event.cause))
    return structs.replace(data, said_cause=event.cause, pauses=(*data.pauses[:-1], last), reminders=0)


def note_back(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    pauses = data.pauses
    if pauses and pauses[-1].until is None:
        pauses = (*pauses[:-1], structs.replace(pauses[-1], until=now))
    return structs.replace(data, pauses=pauses, said_cause="", reminders=0)


def note_renewal(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    return structs.replace(data, renewals=data.renewals + 1, attempt=data.attempt + 1, reminders=0)


def note_renewed(data: CertificateData, event: Renewed, now: Instant, policy: CertificatePolicy) -> CertificateData:
    return structs.replace(note_back(data, event, now, policy), granted_at=now, expires=event.expires)


def note_reminder(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    return structs.replace(data, reminders=data.reminders + 1)


def note_hold(data: CertificateData, event: a.Hold, now: Instant, policy: CertificatePolicy) -> CertificateData:
    return structs.replace(a.note_held(data, event, now, policy), held_from="")


def note_hold_renewing(
    data: CertificateData, event: a.Hold, now: Instant, policy: CertificatePolicy
) -> CertificateData:
    return structs.replace(a.note_held(data, event, now, policy), held_from=S.RENEWING.value)


# --------------------------------------------------------------------------------------------------------- effects


def renew(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    return Renew()


def close_tasks(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    return a.CloseTasks()


def ask_cause(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    why = f"not shown since {_day(data, now)}; held to be {cause_of(data, policy)}"
    return a.OpenTask("find_cause", now + policy.remind_interval, (why,))


def chase(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    why = f"{cause_of(data, policy)} since {_day(data, now)}, longer than that usually takes"
    return a.OpenTask("chase_pause", now + policy.person_deadline, (why,))


def hand_over(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    """The updated data names all that is on file: the provider gets what counts now."""
    return a.OpenTask("hand_over_papers", now + policy.person_deadline, data.papers)


def ask_decision(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    reason = str(getattr(event, "reason", "")) or "the name is not shown, and nothing that was tried brought it back"
    return a.OpenTask("decide", now + policy.person_deadline, (reason,))


def _day(data: CertificateData, now: Instant) -> str:
    since = data.pauses[-1].since if data.pauses else now
    return calendar.local_date(since).isoformat()


# ------------------------------------------------------------------------------------------------------- deadlines


def _until_renewal(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return max(renewal_at(data, policy), now)


def _until_usual_end(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return max(usual_end(data, waits_since(data, now), policy), now + MINUTE)


def _at_person_deadline(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return now + (policy.remind_interval if data.reminders else policy.person_deadline)


def _at_reminder(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return now + policy.remind_interval


def _while_held(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return a.reminded_until(data, now, policy.remind_interval)


OWN: frozenset[type[Event]] = frozenset({PauseTold, PapersHanded, Renewed, RenewalEnded})
NEVER: frozenset[type[Event]] = r.OUTCOMES | r.LOOK_UPS | r.ANSWERS | {a.EvidenceChanged, a.Approve, a.Restored}
"""What happens to requests only."""

_PAUSE = To(S.PAUSED, (close_tasks, ask_cause), update=note_pause)
_BACK = To(S.VALID, (close_tasks,), update=note_back)
_HOLD = To(S.HELD, (close_tasks,), update=note_hold)
_END = To(S.ENDED, (close_tasks,))
_STOPS: Mapping[type[Event], To[S]] = {a.Hold: _HOLD, a.Withdraw: _END}
_RELEASED = (
    To(S.RENEWING, (renew,), when=held_while_renewing),
    To(S.PAUSED, (ask_cause,), when=not_shown, update=note_pause),
    To(S.VALID, update=note_back),
)
_TOLD = (
    To(S.PAUSED, (close_tasks, hand_over), when=told_of_papers, update=note_told_of_papers),
    To(S.PAUSED, (close_tasks,), when=known_cause, update=note_told),
)
_HANDED = To(S.PAUSED, (close_tasks,), update=note_handed)

ROWS: dict[S, Row[S]] = {
    S.VALID: Row(
        meaning="certified: the name is shown",
        who=Who.NOBODY,
        then="renews the certificate before it expires",
        deadline=_until_renewal,
        on={
            TimedOut: (
                To(S.RENEWING, (close_tasks, renew), when=renewal_due, update=note_renewal),
                To(S.VALID),
            ),
            a.Returned: _PAUSE,
            a.Advance: To(S.RENEWING, (close_tasks, renew), update=note_renewal),
            **_STOPS,
            Renewed: To(S.VALID, update=note_renewed),
        },
        ignore=NEVER
        | {a.Looked, a.Gone, a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, PapersHanded, RenewalEnded},
    ),
    S.RENEWING: Row(
        meaning="the certificate is being renewed by a certification of its own",
        who=Who.DAEMON,
        then="asks how it stands with the renewal",
        deadline=_at_person_deadline,
        on={
            Renewed: To(S.VALID, (close_tasks,), update=note_renewed),
            RenewalEnded: To(S.ESCALATED, (close_tasks, ask_decision)),
            TimedOut: To(S.RENEWING, (renew,), update=note_reminder),
            a.Hold: To(S.HELD, (close_tasks,), update=note_hold_renewing),
            a.Withdraw: _END,
        },
        ignore=NEVER
        | {a.Looked, a.Gone, a.Returned, a.Advance, a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, PapersHanded},
    ),
    S.PAUSED: Row(
        meaning="the name is not shown: the certification is paused",
        who=Who.PLATFORM,
        then="chases a pause that lasts longer than its cause explains",
        deadline=_until_usual_end,
        on={
            a.Gone: _BACK,
            PauseTold: _TOLD,
            a.EvidenceChanged: To(S.PAUSED, (hand_over,), when=new_papers, update=note_papers, keep_timer=True),
            PapersHanded: _HANDED,
            TimedOut: (
                To(S.PAUSED, when=pause_lasts),
                To(S.CHASING, (close_tasks, chase)),
            ),
            a.Advance: To(S.CHASING, (close_tasks, chase)),
            **_STOPS,
            Renewed: To(S.PAUSED, update=note_renewed),
        },
        ignore=NEVER | {a.Looked, a.Returned, a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, RenewalEnded},
    ),
    S.CHASING: Row(
        meaning="the pause lasts longer than its cause explains and is being chased",
        who=Who.PERSON,
        then="asks once more, then a person has to decide",
        deadline=_at_person_deadline,
        on={
            a.Gone: _BACK,
            PauseTold: _TOLD,
            a.EvidenceChanged: To(S.CHASING, (hand_over,), when=new_papers, update=note_papers, keep_timer=True),
            PapersHanded: _HANDED,
            TimedOut: (
                To(S.CHASING, (chase,), when=reminders_left, update=note_reminder),
                To(S.ESCALATED, (close_tasks, ask_decision)),
            ),
            a.TaskFailed: To(S.ESCALATED, (close_tasks, ask_decision)),
            a.Advance: To(S.ESCALATED, (close_tasks, ask_decision)),
            **_STOPS,
            Renewed: To(S.CHASING, update=note_renewed),
        },
        ignore=NEVER | {a.Looked, a.Returned, a.Reopen, a.ClosedByPerson, PauseTold, RenewalEnded},
    ),
    S.ESCALATED: Row(
        meaning="the daemon's means are used up; a person has to decide",
        who=Who.PERSON,
        then="reminds",
        deadline=_at_reminder,
        on={
            a.Gone: _BACK,
            a.EvidenceChanged: To(S.ESCALATED, (hand_over,), when=new_papers, update=note_papers, keep_timer=True),
            PapersHanded: _HANDED,
            a.Advance: To(S.RENEWING, (close_tasks, renew), update=note_renewal),
            a.ClosedByPerson: _END,
            **_STOPS,
            TimedOut: To(S.ESCALATED, (ask_decision,), update=note_reminder),
            Renewed: To(S.VALID, (close_tasks,), update=note_renewed),
        },
        ignore=NEVER | {a.Looked, a.Returned, a.Reopen, a.TaskFailed, PauseTold, RenewalEnded},
    ),
    S.HELD: Row(
        meaning="held by an operator",
        who=Who.PERSON,
        then="reminds that it is still held",
        deadline=_while_held,
        on={
            a.Advance: _RELEASED,
            a.Hold: To(S.HELD, update=a.note_held),
            a.Withdraw: _END,
            TimedOut: (To(S.HELD, when=a.still_held, update=note_reminder), *_RELEASED),
            Renewed: To(S.HELD, update=note_renewed),
        },
        ignore=NEVER | r.LOOKS | {a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, PapersHanded, RenewalEnded},
    ),
    S.ENDED: Row(
        meaning="given up",
        who=Who.NOBODY,
        final=True,
        on={a.Reopen: To(S.VALID, update=note_back)},
        ignore=NEVER | r.LOOKS | OWN | {TimedOut, a.Hold, a.Advance, a.Withdraw, a.TaskFailed, a.ClosedByPerson},
    ),
}

CERTIFICATE: Workflow[S, CertificateData, CertificatePolicy] = Workflow(
    name="certificate",
    version=1,
    states=S,
    start=S.VALID,
    events=(
        TimedOut,
        a.Restored,
        *sorted(r.OUTCOMES | r.LOOK_UPS | r.ANSWERS | r.LOOKS | r.ORDERS | r.PEOPLE | OWN, key=lambda e: e.__name__),
    ),
    rows=ROWS,
    data=CertificateData,
    policy=CertificatePolicy,
)
