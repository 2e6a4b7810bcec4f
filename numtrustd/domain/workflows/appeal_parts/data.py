"""What an appeal remembers, and what configuration, pack and present say to it."""

from msgspec import Struct

from numtrustd.domain.observation import Instant

MAX_REASONS = 8
"""Different answers of a platform that an appeal remembers, and quotes in its letters."""


class AppealPolicy(Struct, frozen=True):
    """What configuration, the pack and the present say to one appeal. Times in seconds, `review_days` in working days.

    `held` are the kinds of evidence on file, `views` the source/surface pairs that must all come out clean,
    `marked`, `flapping` and `maintenance` what is believed of the platform now; `queued`: the submission has not begun
    to leave; `feeder` is the platform whose own appeal goes first, because this one copies from it.
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
    max_tries: int = 16
    marked: bool = True
    blind: bool = False
    flapping: bool = False
    maintenance: bool = False
    no_room: bool = False
    queued: bool = False
    feeder: str = ""


class CleanRun(Struct, frozen=True):
    """Clean looks in a row of one view."""

    looks: int
    first_at: Instant
    last_at: Instant


class AppealData(Struct, frozen=True, omit_defaults=True, tag="appeal"):
    """What an appeal remembers. `attempt` counts from 1 and rises only when an attempt was answered or came to nothing,
    so an unsent one is sent again under the same reference. `round` is the first attempt since the label last appeared:
    the number of attempts is limited in each round, their references stay apart over all. `displays` are the platforms
    that show this one's label and take no appeals themselves: it has to be gone there, too. `hurried`: a person
    wants it sent without waiting for the platform that feeds this one."""

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
    displays: tuple[str, ...] = ()
    hurried: bool = False


def required(data: AppealData, policy: AppealPolicy) -> tuple[str, ...]:
    """The kinds of evidence that the present attempt must bring."""
    base = policy.evidence[min(data.attempt, len(policy.evidence)) - 1] if policy.evidence else ()
    return (*base, *(kind for kind in data.more if kind not in base))
