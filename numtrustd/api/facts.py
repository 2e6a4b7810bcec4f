"""One platform in full: what its pack knows of it, for people who have to test a handset or write an appeal."""

from typing import Annotated

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When
from numtrustd.api.rows import PlatformRow


class FeedFact(Result, frozen=True, kw_only=True):
    """Another platform that copies from this one, and after how many seconds: soonest and latest."""

    platform: str
    soonest: float
    latest: float


class QuotaFact(Result, frozen=True, kw_only=True):
    """At most `most` of `what` within `per` seconds; without `per`, at one time."""

    what: str
    most: int
    per: float | None = None


class CertificationFact(Result, frozen=True, kw_only=True):
    """How an owner's name gets shown there. `papers` are kinds of evidence, `days` working days."""

    route: str
    grade: str
    address: str | None = None
    papers: tuple[str, ...]
    days: int | None = None


class HandLook(Result, frozen=True, kw_only=True):
    """How a person looks: where a label shows, what to do, what to record. `command` is what a phone farm may run.
    `witness`: only a label that is seen counts there, never that there is none.
    """

    steps: tuple[str, ...]
    surfaces: tuple[str, ...]
    record: tuple[str, ...]
    address: str | None = None
    command: str | None = None
    witness: bool | None = None


class AttemptFact(Result, frozen=True, kw_only=True):
    """The kinds of evidence that one attempt must bring."""

    papers: tuple[str, ...]


class AppealFact(Result, frozen=True, kw_only=True):
    """How the platform takes appeals. `review_days` are working days in `country`, the other times seconds; until what
    it agreed to is shown everywhere it takes `propagation`, or so many working days where `propagation_days` are given.
    The last of `attempts` serves all later ones.
    """

    channel: str
    review_days: int
    country: str
    cooldown: float
    propagation: float
    takes: tuple[str, ...]
    attempts: tuple[AttemptFact, ...]
    address: str | None = None
    propagation_days: int | None = None


class PlatformView(Result, frozen=True, kw_only=True):
    """One platform. `seen` says where its facts were read, `data` whose labels it shows, `appeal_at` names the
    platforms that take appeals of what it shows, `shown_from` is the count of marks from which a label is displayed.
    """

    now: When
    row: PlatformRow
    seen: str
    official_hosts: tuple[str, ...]
    data: str | None = None
    fed_by: tuple[FeedFact, ...]
    feeds: tuple[FeedFact, ...]
    appeal_at: tuple[str, ...]
    shown_from: int | None = None
    quotas: tuple[QuotaFact, ...]
    certification: CertificationFact | None = None
    device_test: HandLook | None = None
    assisted: HandLook | None = None
    appeal: AppealFact | None = None


class GetPlatform(Params[PlatformView], frozen=True, kw_only=True):
    """One platform: how the numbers stand on it, and what is known of it."""

    platform: Annotated[str, Meta(max_length=1024)]
