"""What one source said of one number on one platform and surface at one time.

"Could not look" is a value here (`Status.UNKNOWN` with a reason), never an exception and never `clean`.
`verdict` beside this module turns observations into a belief.
"""

import enum

from msgspec import Struct

from numtrustd.domain.label import Category

Instant = float
"""Seconds since the Unix epoch, UTC. Durations are seconds too, as plain `float`."""


class Status(enum.StrEnum):
    """The four things that a look can say."""

    MARKED = "marked"
    CLEAN = "clean"
    CERTIFIED = "certified"
    UNKNOWN = "unknown"


class UnknownReason(enum.StrEnum):
    """Why nothing could be seen. Each ages a verdict; none ever changes one."""

    BLOCKED = "blocked"  # captcha, anti-spider page, 403
    RATE_LIMITED = "rate_limited"  # 429 or the platform's own word for it
    LOGIN = "login"  # a login page instead of an answer
    MAINTENANCE = "maintenance"  # the platform's own 平台维护中
    NO_CARD = "no_card"  # the page has no card for a number at all
    WRONG_CARD = "wrong_card"  # the card is of another number
    EMPTY = "empty"  # an empty body, `callback()`, `{}`
    BAD_SHAPE = "bad_shape"  # unparseable, or no rule matched
    PENDING = "pending"  # 查询中, an asynchronous batch not done
    REFUSED = "refused"  # key, contract or quota refused
    TIMEOUT = "timeout"  # the total deadline passed
    UNREACHABLE = "unreachable"  # DNS, connect, reset
    TLS = "tls"  # certificate or handshake refused
    TOO_LARGE = "too_large"  # wire-byte cap passed
    HTTP_ERROR = "http_error"  # another HTTP status, a redirect, a protocol violation
    FAILED = "failed"  # the operator's program ended with an error, or could not be started
    QUARANTINED = "quarantined"  # it said something, and is not believed at present


BY_EYE = (
    UnknownReason.BLOCKED,
    UnknownReason.RATE_LIMITED,
    UnknownReason.LOGIN,
    UnknownReason.MAINTENANCE,
    UnknownReason.NO_CARD,
    UnknownReason.WRONG_CARD,
    UnknownReason.EMPTY,
    UnknownReason.PENDING,
    UnknownReason.UNREACHABLE,
)
"""The reasons that a person with a handset or at a page can have; the others are of requests and programs."""


class Observation(Struct, frozen=True, gc=False, omit_defaults=True):
    """One reading, never altered later.

    `marks` is the platform's count of marks: `None` means that it gave none, which is not 0.
    `missed`: no look was made when it was due, because the source is down; its reason is the source's.
    `words` are the platform's raw words, `digest` the hex SHA-256 (first 16 digits) of the raw answer,
    `rule` the name of the pack rule that matched.
    """

    platform: str
    source: str
    at: Instant
    status: Status
    surface: str = "default"
    category: Category | None = None
    words: str | None = None
    marks: int | None = None
    name: str | None = None
    logo: str | None = None
    tag: str | None = None
    reason: UnknownReason | None = None
    detail: str | None = None
    digest: str | None = None
    rule: str | None = None
    missed: bool = False

    @property
    def known(self) -> bool:
        """Whether this observation may move a verdict."""
        return self.status is not Status.UNKNOWN

    @property
    def view(self) -> str:
        """The place looked at: `source/surface`; a label is gone only when every view of it says so."""
        return f"{self.source}/{self.surface}"
