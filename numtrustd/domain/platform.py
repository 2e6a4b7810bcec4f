"""What is known of a platform apart from how to look at it: who it is, whom it feeds, how it takes an appeal.

These are the facts of a pack's `[platform]` and `[appeal]` tables. How to look is `probes.spec`, how an appeal
travels is `channels.spec`.
"""

import enum
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from numtrustd.domain.display import Display
from numtrustd.domain.label import Category
from numtrustd.domain.ledger import What
from numtrustd.domain.near import near


class PlatformClass(enum.StrEnum):
    """The kinds of parties that show a label, or feed those who do."""

    SECURITY_VENDOR = "security_vendor"
    HANDSET_VENDOR = "handset_vendor"
    CARRIER = "carrier"
    SEARCH_ENGINE = "search_engine"
    SOCIAL = "social"
    DATA_OWNER = "data_owner"
    CERTIFICATION_PROVIDER = "certification_provider"
    AGGREGATOR = "aggregator"
    ANALYTICS_ENGINE = "analytics_engine"


class Feed(Struct, frozen=True, forbid_unknown_fields=True):
    """Another platform that copies from this one, and after how long (seconds: soonest, latest)."""

    platform: str
    lag: tuple[float, float]


class Attempt(Struct, frozen=True, forbid_unknown_fields=True):
    """What one attempt at an appeal must bring; the last one serves all later attempts."""

    evidence: tuple[str, ...] = ()


class AppealFacts(Struct, frozen=True, forbid_unknown_fields=True):
    """How a platform takes an appeal, or another request. Times are seconds, `review_days` are working days in
    `country`, and so are `propagation_days`, which take the place of `propagation` where they are given; where it can
    be paid to hurry, `expedite` is true. Of removals alone: nothing is handed in where what is
    shown expires by itself (`expires`: soonest and latest), and a `receipt` of the deletion must be brought back;
    `None` is "where it certifies numbers".
    """

    channel: str  # "http", "manual", "expires" or "none"
    address: str = ""
    takes: tuple[Category, ...] = tuple(Category)
    review_days: int = 5
    country: str = "CN"
    cooldown: float = 86_400.0
    propagation: float = 259_200.0
    propagation_days: int | None = None
    attempts: tuple[Attempt, ...] = (Attempt(),)
    expedite: bool = False
    expires: tuple[float, float] | None = None
    receipt: bool | None = None


WAYS = ("correction", "tag", "certification", "removal")
"""The kinds of request beside an appeal that a pack may tell the way of; each has its table's name."""


_CERTIFIED: dict[PlatformClass, dict[str, Any]] = {
    PlatformClass.CARRIER: {"review_days": 7, "propagation": 172_800.0},
    PlatformClass.CERTIFICATION_PROVIDER: {"review_days": 1, "propagation_days": 5},
}
"""The times of a certification, where no pack says more: a carrier reviews 5 to 7 working days and has its own network
at 48 h, a third party reviews within a day and reaches all platforms in 3 to 5 working days [S1]."""


class Quota(Struct, frozen=True, forbid_unknown_fields=True):
    """A limit that a platform sets: at most `most` of `what` within `per` seconds; without `per`, at one time. Where
    `counts` names what the ledger counts, nothing is handed in beyond it, `each` number or all of them together.
    """

    what: str
    most: Annotated[int, Meta(ge=1)]
    per: float | None = None
    counts: What | None = None
    each: Literal["number", "all"] = "number"


class Certification(Struct, frozen=True, forbid_unknown_fields=True):
    """How an owner's name gets shown there: the route in words, its official address, the papers, the working days.

    `days` is `None` where nobody says; `grade` is that of these facts, which may be worse than the platform's.
    """

    route: str
    grade: str = "D"
    address: str = ""
    papers: tuple[str, ...] = ()
    days: Annotated[int, Meta(ge=0)] | None = None


class HandLook(Struct, frozen=True, forbid_unknown_fields=True):
    """How a person looks where no program can: on a handset, or at a page behind a gate that is there for people.

    `surfaces` are the places where a label shows, `record` what the report must hold. `address` is the page.
    `command` is what a phone farm may run on the handset instead. `reads` are the platforms whose marks the page tells.
    `witness`: it can be seen that a label is theirs, and never that they have none; no case waits for that.
    """

    steps: tuple[str, ...]
    surfaces: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    address: str = ""
    command: str = ""
    reads: tuple[str, ...] = ()
    witness: bool = False


class Platform(Struct, frozen=True, forbid_unknown_fields=True):
    """One platform. `importance` is 0..1: its share of the screens of the people who are called.

    What nobody is known to have said stays empty. `data` says whose labels it shows, `appeal_at` names the platforms
    that take the appeals (its data owners, where it takes none itself), `shown_from` is the count of marks from which a
    label is displayed, `display` what each surface shows of an identity, and how it cuts it. `ways` says how each kind
    of request in `WAYS` is made. A threshold of grade D is hearsay: it is told to people, and no label is thought
    hidden because of it.
    """

    id: str
    name: str
    cls: PlatformClass
    grade: str = "D"
    checked: str = ""
    seen: str = ""
    name_en: str = ""
    official_hosts: tuple[str, ...] = ()
    importance: float = 0.5
    feeds: tuple[Feed, ...] = ()
    words: dict[str, Category] = {}
    data: str = ""
    appeal_at: tuple[str, ...] = ()
    shown_from: Annotated[int, Meta(ge=1)] | None = None
    shown_from_grade: str = "D"
    display: tuple[Display, ...] = ()
    quotas: tuple[Quota, ...] = ()
    certification: Certification | None = None
    device_test: HandLook | None = None
    assisted: HandLook | None = None
    appeal: AppealFacts | None = None
    ways: dict[str, AppealFacts] = {}

    def way(self, kind: str) -> AppealFacts | None:
        """How a request of this kind is made there; `None` where nobody knows a way. What no pack tells apart goes the
        way in which the owner's name was certified; else a removal goes that of its appeals."""
        if kind == "appeal":
            return self.appeal
        if kind in self.ways:
            return self.ways[kind]
        known = self.certification
        if known is None and kind == "removal" and (other := self.appeal) is not None and other.channel != "none":
            days, country, cooldown = other.review_days, other.country, other.cooldown
            return AppealFacts("manual", other.address, review_days=days, country=country, cooldown=cooldown)
        if known is None:
            return None
        times = dict(_CERTIFIED.get(self.cls, {})) if kind == "certification" else {}
        if known.days is not None:
            times["review_days"] = known.days
        country = "CN" if self.appeal is None else self.appeal.country
        return AppealFacts("manual", address=known.address, country=country, attempts=(Attempt(known.papers),), **times)

    @property
    def core(self) -> bool:
        """Core platforms are appealed first; a harmful label there is urgent."""
        return self.importance >= 0.5


def called(text: str, platforms: Mapping[str, Platform]) -> str | None:
    """The id of the platform that is called so, by its id or one of its names in any case; `None` if none is, or
    several are. What people say of a name will do: the words that it begins with, such as 搜狗 of 搜狗号码通.
    """
    if text in platforms:
        return text
    said = text.strip().casefold()
    names = {p.id: {name.casefold() for name in (p.id, p.name, p.name_en) if name} for p in platforms.values()}
    for fits in (lambda name: name == said, lambda name: _begins(name, said)):
        found = [identity for identity, known in names.items() if any(map(fits, known))]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _begins(name: str, said: str) -> bool:
    """Whether whole words of a name are said; Han characters are not parted by spaces, so that two of them will do."""
    rest = name.removeprefix(said)
    if len(said) < 2 or rest == name:
        return False
    return not (rest[:1].isascii() and rest[:1].isalnum() and said[-1:].isascii() and said[-1:].isalnum())


def meant(text: str, platforms: Mapping[str, Platform]) -> str | None:
    """The id of the platform whose id or name is most like what was typed; `None` if none is."""
    ids = {name: p.id for p in platforms.values() for name in (p.name, p.name_en, p.id) if name}
    found = near(text, ids)
    return None if found is None else ids[found]
