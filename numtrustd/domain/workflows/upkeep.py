"""What the upkeep of a certificate remembers, hears of and goes by, and what it does beside its pauses.

`pause` beside this has what becomes of a name that is not shown, `certificate` the whole table.
"""

import enum
from collections.abc import Mapping

from msgspec import Struct, structs

from numtrustd.domain.observation import Instant
from numtrustd.domain.season import SeasonPolicy, planned_day
from numtrustd.domain.workflow import Effect, Event, To
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import states as r
from numtrustd.domain.workflows.request.data import CommonData

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


def reminders_left(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return data.reminders < policy.max_reminders


def held_while_renewing(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> bool:
    return data.held_from == S.RENEWING


# --------------------------------------------------------------------------------------------------------- changes


def note_renewal(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> CertificateData:
    return structs.replace(data, renewals=data.renewals + 1, attempt=data.attempt + 1, reminders=0)


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


def ask_decision(data: CertificateData, event: object, now: Instant, policy: CertificatePolicy) -> Effect:
    reason = str(getattr(event, "reason", "")) or "the name is not shown, and nothing that was tried brought it back"
    return a.OpenTask("decide", now + policy.person_deadline, (reason,))


# ------------------------------------------------------------------------------------------------------- deadlines


def until_renewal(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return max(renewal_at(data, policy), now)


def at_person_deadline(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return now + (policy.remind_interval if data.reminders else policy.person_deadline)


def at_reminder(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return now + policy.remind_interval


def while_held(data: CertificateData, now: Instant, policy: CertificatePolicy) -> Instant:
    return a.reminded_until(data, now, policy.remind_interval)


OWN: frozenset[type[Event]] = frozenset({PauseTold, PapersHanded, Renewed, RenewalEnded})
NEVER: frozenset[type[Event]] = r.OUTCOMES | r.LOOK_UPS | r.ANSWERS | {a.EvidenceChanged, a.Approve, a.Restored}
"""What happens to requests only."""

HOLD = To(S.HELD, (close_tasks,), update=note_hold)
END = To(S.ENDED, (close_tasks,))
STOPS: Mapping[type[Event], To[S]] = {a.Hold: HOLD, a.Withdraw: END}
