"""Who copies from whom: where a label is appealed, which appeal goes first, and which platforms are looked at sooner.

The links are facts of the packs (`Platform.feeds`, `Platform.appeal_at`). `cause` names a copied label,
`workflows.appeal` waits for the platform that feeds its own, `cadence` looks sooner at those that copy from a marked
one.
"""

from collections.abc import Collection, Iterator, Mapping

from numtrustd.domain.label import Category
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import Platform
from numtrustd.domain.verdict import Verdict

SLACK = 1.5
"""How much longer than the longest lag that anybody names a copy may take."""

SENT_SOON = frozenset({"waiting", "gathering", "submitting", "uncertain", "looking_up", "asking", "at_person"})
UNCLEARED = SENT_SOON | {"in_review", "overdue", "cooling", "propagating", "verifying"}
"""States of a feeding platform's appeal in which its label may still be there to be copied anew: "approved" is no proof
that it has gone."""


def takes(platform: Platform, category: Category) -> bool:
    """Whether a platform itself takes appeals against labels of this category."""
    facts = platform.appeal
    return facts is not None and facts.channel != "none" and category in facts.takes


def taken_at(platforms: Mapping[str, Platform], platform: str, category: Category) -> str | None:
    """Where a label that `platform` shows is appealed: there, else at the first of its data's owners that takes it."""
    shown = platforms.get(platform)
    if shown is None:
        return None
    return next(
        (name for name in (platform, *shown.appeal_at) if (at := platforms.get(name)) and takes(at, category)), None
    )


def asked_at(platforms: Mapping[str, Platform], platform: str, kind: str) -> str | None:
    """Where a request of this kind about what `platform` shows is made: there, else at the first of its data's owners
    that takes it."""
    shown = platforms.get(platform)
    if shown is None:
        return None
    names = (platform, *shown.appeal_at)
    return next((n for n in names if (at := platforms.get(n)) and _takes_requests(at, kind)), None)


def _takes_requests(platform: Platform, kind: str) -> bool:
    facts = platform.way(kind)
    return facts is not None and facts.channel != "none"


def feeders(platforms: Mapping[str, Platform], platform: str) -> Iterator[tuple[Platform, tuple[float, float]]]:
    """The platforms that `platform` copies from, each with the seconds that it takes at the soonest and the latest."""
    for other in platforms.values():
        for feed in other.feeds:
            if feed.platform == platform:
                yield other, feed.lag


def goes_first(
    platforms: Mapping[str, Platform], platform: str, states: Mapping[str, str], mine: Collection[str] = ()
) -> str | None:
    """The feeding platform whose own appeal has to come before one at `platform`, which it would mark again.

    `states` are the states of the number's open cases by platform. Two that copy from each other do not wait for each
    other, nor does a case for a platform that it speaks for itself (`mine`).
    """
    feeding = {f.platform for f in platforms[platform].feeds} if platform in platforms else set()
    for feeder, _ in feeders(platforms, platform):
        if feeder.id not in feeding and feeder.id not in mine and states.get(feeder.id) in UNCLEARED:
            return feeder.id
    return None


def matters_more(platforms: Mapping[str, Platform], platform: str, states: Mapping[str, str]) -> str | None:
    """The core platform whose appeal has still to go out, while `platform` is one that few people see [S2]."""
    known = platforms.get(platform)
    if known is None or known.core:
        return None
    waiting = [name for name, state in states.items() if state in SENT_SOON and name in platforms]
    core = [name for name in waiting if platforms[name].core and name != platform]
    return max(core, key=lambda name: platforms[name].importance, default=None)


def expected_from(
    platforms: Mapping[str, Platform], platform: str, verdicts: Mapping[str, Verdict], now: Instant
) -> str | None:
    """The marked platform from which a label may reach `platform` just now; `None` when none is to be expected."""
    own = verdicts.get(platform)
    if own is not None and own.marked:
        return None
    for feeder, (soonest, latest) in feeders(platforms, platform):
        seen = verdicts.get(feeder.id)
        if seen is not None and seen.marked and soonest <= now - seen.since <= latest * SLACK:
            return feeder.id
    return None
