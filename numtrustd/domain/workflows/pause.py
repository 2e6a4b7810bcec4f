"""The pauses of a certificate: its name is not shown ("under maintenance").

The cause is found, the time that such a cause takes is waited out, new papers are handed over, and a pause that lasts
longer is chased. `upkeep` has what a certificate remembers, `certificate` the whole table.
"""

from msgspec import structs

from numtrustd.domain import calendar
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect, Event, Row, TimedOut, To, Who
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request.deadlines import MINUTE
from numtrustd.domain.workflows.upkeep import (
    MAX_PAUSES,
    NEVER,
    STOPS,
    CertificateData,
    CertificatePolicy,
    PapersHanded,
    Pause,
    PauseCause,
    PauseTold,
    RenewalEnded,
    Renewed,
    S,
    ask_decision,
    at_person_deadline,
    close_tasks,
    held_while_renewing,
    not_shown,
    note_reminder,
    reminders_left,
)

# ------------------------------------------------------------------------------------------------------- questions


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


def pause_lasts(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    """The pause is not yet longer than its cause explains."""
    return bool(data.pauses) and now < usual_end(data, waits_since(data, now), policy)


def waits_since(data: CertificateData, now: Instant) -> Instant:
    """Since when the provider has all that it needs: new papers begin the wait anew."""
    if not data.pauses:
        return now
    last = data.pauses[-1]
    return last.since if last.handed_at is None else last.handed_at


def pause_open(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return bool(data.pauses) and data.pauses[-1].until is None


def pause_goes_on(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return pause_open(data, event, now, policy) and not_shown(data, event, now, policy)


def pause_explained(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    """The same pause goes on, and a person has found out why."""
    return bool(data.said_cause) and pause_goes_on(data, event, now, policy)


def lost_while_held(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    """The name vanishes while an operator holds the case: its pause begins then, and not when he lets go. What is being
    renewed is not shown for a while, and that is no pause."""
    return not held_while_renewing(data, event, now, policy) and not pause_open(data, event, now, policy)


def new_papers(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    """It is paused for papers, and there are new ones that nobody was asked to hand over yet."""
    paused_for = data.pauses[-1].cause if data.pauses else None
    return paused_for is PauseCause.PAPERS and not policy.lacking and not set(policy.on_file) <= set(data.papers)


def told_of_papers(data: CertificateData, event: PauseTold, now: Instant, policy: CertificatePolicy) -> bool:
    """A person found that papers are the cause, and new ones have come since the pause began."""
    return event.cause == PauseCause.PAPERS and new_papers(note_told(data, event, now, policy), event, now, policy)


def known_cause(data: CertificateData, event: PauseTold, now: Instant, policy: CertificatePolicy) -> bool:
    return event.cause in set(PauseCause)


# --------------------------------------------------------------------------------------------------------- changes


def note_pause(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    """The name is not shown: a pause begins, or, where it was held within one, that one goes on with what was found
    out of it."""
    if pause_open(data, event, now, policy):
        return structs.replace(data, reminders=0)
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


def note_granted(data: CertificateData, event: Renewed, now: Instant, policy: CertificatePolicy) -> CertificateData:
    """It is valid for longer; whether its name is shown is another question."""
    return structs.replace(data, granted_at=now, expires=event.expires)


def note_renewed(data: CertificateData, event: Renewed, now: Instant, policy: CertificatePolicy) -> CertificateData:
    return note_granted(note_back(data, event, now, policy), event, now, policy)


# --------------------------------------------------------------------------------------------------------- effects


def ask_cause(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    why = f"not shown since {_day(data, now)}; held to be {cause_of(data, policy)}"
    return a.OpenTask("find_cause", now + policy.remind_interval, (why,))


def chase(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    why = f"{cause_of(data, policy)} since {_day(data, now)}, longer than that usually takes"
    return a.OpenTask("chase_pause", now + policy.person_deadline, (why,))


def hand_over(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    """The updated data names all that is on file: the provider gets what counts now."""
    return a.OpenTask("hand_over_papers", now + policy.person_deadline, data.papers)


def _day(data: CertificateData, now: Instant) -> str:
    since = data.pauses[-1].since if data.pauses else now
    return calendar.local_date(since).isoformat()


# ------------------------------------------------------------------------------------------------------- deadlines


def _until_usual_end(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return max(usual_end(data, waits_since(data, now), policy), now + MINUTE)


PAUSE = To(S.PAUSED, (close_tasks, ask_cause), update=note_pause)
BACK = To(S.VALID, (close_tasks,), update=note_back)
_TOLD = (
    To(S.PAUSED, (close_tasks, hand_over), when=told_of_papers, update=note_told_of_papers),
    To(S.PAUSED, (close_tasks,), when=known_cause, update=note_told),
)
HANDED = To(S.PAUSED, (close_tasks,), update=note_handed)

RENEWED = (
    To(S.PAUSED, (close_tasks,), when=pause_goes_on, update=note_granted),
    To(S.VALID, (close_tasks,), update=note_renewed),
)
"""The certificate was granted anew: one word of a person about a name that is not shown ends no pause."""


def _not_shown(state: S) -> dict[type[Event], To[S] | tuple[To[S], ...]]:
    """What a pause hears of wherever it stands."""
    return {
        a.Gone: BACK,
        PauseTold: _TOLD,
        a.EvidenceChanged: To(state, (hand_over,), when=new_papers, update=note_papers, keep_timer=True),
        PapersHanded: HANDED,
        **STOPS,
        Renewed: To(state, update=note_granted),
    }


PAUSED: dict[S, Row[S]] = {
    S.PAUSED: Row(
        meaning="the name is not shown: the certification is paused",
        who=Who.PLATFORM,
        then="chases a pause that lasts longer than its cause explains",
        deadline=_until_usual_end,
        on={
            **_not_shown(S.PAUSED),
            TimedOut: (
                To(S.PAUSED, when=pause_lasts),
                To(S.CHASING, (close_tasks, chase)),
            ),
            a.Advance: To(S.CHASING, (close_tasks, chase)),
        },
        ignore=NEVER | {a.Looked, a.Returned, a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, RenewalEnded},
    ),
    S.CHASING: Row(
        meaning="the pause lasts longer than its cause explains and is being chased",
        who=Who.PERSON,
        then="asks once more, then a person has to decide",
        deadline=at_person_deadline,
        on={
            **_not_shown(S.CHASING),
            TimedOut: (
                To(S.CHASING, (chase,), when=reminders_left, update=note_reminder),
                To(S.ESCALATED, (close_tasks, ask_decision)),
            ),
            a.TaskFailed: To(S.ESCALATED, (close_tasks, ask_decision)),
            a.Advance: To(S.ESCALATED, (close_tasks, ask_decision)),
        },
        ignore=NEVER | {a.Looked, a.Returned, a.Reopen, a.ClosedByPerson, PauseTold, RenewalEnded},
    ),
}
"""Where a name that was certified is not shown."""
