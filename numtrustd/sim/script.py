"""What can be made to happen in a simulated world: labels, certified names, tags, bad weather, reviewers' moods.

A `Story` is a list of these with times as offsets in seconds from the world's start (or, over the side door,
from now). `world` makes them happen, `stories` holds the ready-made ones.
"""

import enum

from msgspec import Struct


class Label(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="label"):
    """A platform starts to show a label.

    The count of marks starts at `marks` and grows by `per_day` up to `cap`. `returns` is how long (seconds)
    after its removal the label comes back once; `None` leaves that to chance.
    """

    number: str
    platform: str
    words: str
    at: float = 0.0
    marks: int = 3
    per_day: float = 1.0
    cap: int = 200
    spreads: bool = True
    returns: float | None = None


class Clear(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="clear"):
    """A label goes away by itself."""

    number: str
    platform: str
    at: float = 0.0


class Certify(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="certify"):
    """A platform shows the owner's name; an empty name takes it down."""

    number: str
    platform: str
    name: str
    at: float = 0.0


class Tag(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="tag"):
    """A platform shows this tag beside the owner's name; an empty text takes it down."""

    number: str
    platform: str
    text: str
    at: float = 0.0


class Weather(enum.StrEnum):
    """What a window does to those who ask during it."""

    BLOCKED = "blocked"  # the captcha page, with HTTP 200
    MAINTENANCE = "maintenance"  # the platform's own "平台维护中"; reviews rest
    OUTAGE = "outage"  # HTTP 503
    DOWN = "down"  # the connection is closed before a byte is read
    LIMITED = "limited"  # HTTP 429; `detail` is the Retry-After header as it stands, hostile values too
    FORBIDDEN = "forbidden"  # HTTP 403
    EMPTY = "empty"  # a well-formed nothing
    LOGIN = "login"  # a login page with HTTP 200
    WRONG_CARD = "wrong_card"  # somebody else's card
    GARBAGE = "garbage"  # a body that is not what it says
    PENDING = "pending"  # 查询中
    SLOW = "slow"  # `detail` seconds (real ones) before the answer
    FLICKER = "flicker"  # a label is shown with probability `detail` at each look


class Window(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="window"):
    """Bad weather from `at` until `until` at a service or a platform (`where`), for one number or all."""

    kind: Weather
    where: str
    until: float
    at: float = 0.0
    number: str | None = None
    detail: str = ""


class Mood(enum.StrEnum):
    """How a reviewer reads an appeal."""

    APPROVE = "approve"
    REJECT = "reject"
    EVIDENCE = "evidence"  # approves if what the platform wants was brought
    STRONGER = "stronger"  # approves if that, or more than the attempt before, was brought


class Review(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="review"):
    """How a platform reviews appeals of one number (or of all): a mood per attempt, the last for all later.

    `took` and `cache` override how long (seconds) the review and then the caches take. The newest rule wins.
    """

    platform: str
    moods: tuple[Mood, ...] = ()
    number: str | None = None
    took: float | None = None
    cache: float | None = None


class Faults(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="faults"):
    """How unreliable the way to the services is: chances per request, in 0..1. Replaces what held before.

    `late` and `error_after` bite on submissions only. `late_by` are seconds of the world's clock, `slow_by`
    and `hang` (how long a lost answer keeps its caller waiting) real ones. `only` names services; empty: all.
    """

    lost: float = 0.0  # the request takes effect, no answer comes
    late: float = 0.0  # no answer comes, and the request takes effect later
    refuse: float = 0.0  # no connection
    error_before: float = 0.0  # HTTP 502, nothing happened
    error_after: float = 0.0  # HTTP 502, and yet it happened
    limited: float = 0.0  # HTTP 429
    hostile: bool = False  # 429 with a Retry-After that no sane client should obey
    garbage: float = 0.0
    cut: float = 0.0  # the connection closes in the middle of the body
    slow: float = 0.0
    slow_by: tuple[float, float] = (0.2, 2.0)
    late_by: tuple[float, float] = (8.0, 50.0)
    hang: float = 0.0
    listing_lag: float = 0.0  # seconds of the world's clock before a list shows a new submission
    only: tuple[str, ...] = ()


class Quota(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do", tag="quota"):
    """How many requests a service answers in each `per` seconds of the world's clock; the rest get a 429.

    The newest quota of a service replaces the one before.
    """

    where: str
    requests: int
    per: float = 60.0


Item = Label | Clear | Certify | Tag | Window | Review | Faults | Quota


class Story(Struct, frozen=True):
    """A timeline. `about` says in a line what it shows."""

    name: str
    items: tuple[Item, ...] = ()
    about: str = ""


class Habits(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The world's random background: labels per number, platform and day, and chances in 0..1.

    `detect_duplicates` is whether platforms refuse an appeal while another one is under review.
    """

    label_rate: float = 0.0
    return_chance: float = 0.0
    reject_chance: float = 0.0
    slow_chance: float = 0.0
    detect_duplicates: bool = True
