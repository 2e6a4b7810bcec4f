"""What a request remembers, and what configuration, pack and present say to it."""

from typing import ClassVar

from msgspec import Struct

from numtrustd.domain.observation import Instant

MAX_REASONS = 8
"""Different answers of a platform that a request remembers, and quotes in its letters."""


class RequestPolicy(Struct, frozen=True):
    """What configuration, the pack and the present say to one request. Times in seconds, `review_days` in working days,
    and `propagation_days`, which take the place of `propagation` where there are any, too.

    `held` are the kinds of evidence on file, `views` the source/surface pairs that must all come out clean, `wrong`
    says whether what the request is to end is believed to be shown, `blind`, `flapping` and `maintenance` what else
    is believed of the platform now; `queued`: the submission has not begun to leave; `forgetful`: a backup was put
    back not long ago, so what was handed in since it was made is not on record; `feeder` is the platform whose own
    appeal goes first, for the reason `feeder_why`. Nothing is handed in before `slot`, for the reason `slot_why`;
    reviews take `review_stretch` times as long as usual. What is asked for must not be sent for the reasons
    `forbidden`. `closed`: the platform takes nothing in at present; `expedite`: it can be paid to answer within
    `expedite_within`; `costs`: each attempt is paid for. `believed`: the label is still believed to be there,
    whatever the latest looks say; `wish` is what is wanted to be shown now, in words. In an emergency, `mark` is
    when people are next to have done their part by its clock, 0 without one, and `deadline` when the present wait
    of the request ends. Of removals: `expires` where there is nothing to hand in, `needs_receipt` where the
    platform's receipt of the deletion must be brought back.
    """

    by_person: bool = True
    can_query: bool = False
    can_look_up: bool = False
    approval_needed: bool = False
    costs: bool = False
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
    propagation_days: int | None = None
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
    wrong: bool = True
    blind: bool = False
    flapping: bool = False
    maintenance: bool = False
    closed: bool = False
    expedite: bool = False
    expedite_within: float = 43_200.0
    no_room: bool = False
    forgetful: bool = False
    queued: bool = False
    feeder: str = ""
    feeder_why: str = ""
    slot: Instant = 0.0
    slot_why: str = ""
    believed: bool = False
    forbidden: tuple[str, ...] = ()
    review_stretch: float = 1.0
    wish: str | None = None
    mark: Instant = 0.0
    deadline: Instant = 0.0
    expires: bool = False
    needs_receipt: bool = False


class CleanRun(Struct, frozen=True):
    """Good looks in a row of one view: they show what is wanted."""

    looks: int
    first_at: Instant
    last_at: Instant


class Held(Struct, frozen=True, omit_defaults=True):
    """Who held a case, why, since when, and until when; `None`: until somebody ends it. `lasts` says for how many
    seconds, where no date was named."""

    author: str
    reason: str
    since: Instant
    until: Instant | None = None
    lasts: float | None = None


class CommonData(Struct, frozen=True, omit_defaults=True):
    """What a case of any workflow remembers: the finding and the facts that opened it, what was shown then, the
    platforms that it is about beside its own, how many attempts it has made and how often it has reminded, and how it
    was last held.
    """

    finding: str = ""
    words: str = ""
    facts: tuple[str, ...] = ()
    displays: tuple[str, ...] = ()
    attempt: int = 1
    reminders: int = 0
    hold: Held | None = None


class RequestData(CommonData, frozen=True, omit_defaults=True):
    """What every request remembers; each kind is a subclass with a tag. `attempt` counts from 1 and rises only when an
    attempt was answered or came to nothing, so an unsent one is sent again under the same reference. `round` is
    the first attempt since the label last appeared: the number of attempts is limited in each round, their
    references stay apart over all. `displays` are the platforms that show this one's label and take no appeals
    themselves: it has to be gone there, too. `hurried`: a person wants it sent without waiting for the platform
    that feeds this one; `turned_away`: what was sent last was not taken in. `stretched` is how many times as
    long as usual the review was given. `reasons` are the platform's own words, which letters quote; `cannot` are
    those of a person who could not do what was asked, for who decides. `asked_at` is when the platform last took
    it in or was last asked about it. `sure_of` is the attempt of which it was last made sure that it has not
    arrived. `HAND_IN` is the kind of task that asks a person to hand it in.
    """

    HAND_IN: ClassVar[str] = "submit_request"

    category: str = ""
    causes: tuple[str, ...] = ()
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
    returns: int = 0
    held_from: str = ""
    hurried: bool = False
    expedited: bool = False
    turned_away: bool = False
    stretched: float = 1.0
    cannot: str = ""
    asked_at: Instant | None = None
    sure_of: int = 0


class AppealData(RequestData, frozen=True, omit_defaults=True, tag="appeal"):
    """What an appeal remembers."""

    HAND_IN: ClassVar[str] = "submit_appeal"


class IdentityData(RequestData, frozen=True, omit_defaults=True):
    """What a request about a name, a logo or a tag remembers. `kinds` are the kinds of finding that it is to end, on
    the platform's views; `wanted` is what is to be shown, in words, for a letter or a form: what was wanted when the
    present attempt was handed in. `ordered`: somebody asked
    for it, not because of what was seen, so that no look counts before it is granted."""

    kinds: tuple[str, ...] = ()
    wanted: str = ""
    ordered: bool = False


class TagData(IdentityData, frozen=True, omit_defaults=True, tag="tag"):
    """What a change of a tag remembers."""

    HAND_IN: ClassVar[str] = "submit_tag"


class CertificationData(IdentityData, frozen=True, omit_defaults=True, tag="certification"):
    """What a certification remembers. A `renewal` is of a name that is certified already."""

    HAND_IN: ClassVar[str] = "submit_certification"

    renewal: bool = False


class CorrectionData(IdentityData, frozen=True, omit_defaults=True, tag="correction"):
    """What a correction remembers."""

    HAND_IN: ClassVar[str] = "submit_correction"


class RemovalData(IdentityData, frozen=True, omit_defaults=True, tag="removal"):
    """What a removal remembers: of which case of the whole number (`parent`) it is a part, and for which `reason` all
    of it goes, for good (`permanent`) or not. `deleted` is the platform's receipt of the deletion, `vouched_by` who saw
    that nothing is shown where no source can tell.
    """

    HAND_IN: ClassVar[str] = "submit_removal"

    parent: str = ""
    reason: str = ""
    permanent: bool = False
    urgent: bool = False
    deleted: str = ""
    asked_receipt: bool = False
    vouched_by: str = ""


def due(within: float, now: Instant, policy: RequestPolicy) -> Instant:
    """When somebody is to have done something: `within` seconds from now, in an emergency by the next of its marks."""
    return min(now + within, policy.mark) if policy.mark > now else now + within


def required(data: RequestData, policy: RequestPolicy) -> tuple[str, ...]:
    """The kinds of evidence that the present attempt must bring."""
    base = policy.evidence[min(data.attempt, len(policy.evidence)) - 1] if policy.evidence else ()
    return (*base, *(kind for kind in data.more if kind not in base))
