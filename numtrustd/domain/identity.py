"""What an owner wants to be shown of a number: name, logo and tag, each in its versions.

A company changes its name, a tag goes with the season. The older versions are kept, so that "still the old name" and
"some other name" can be told apart: the one is the platform's delay, the other somebody else's entry.
`display` compares this with what is seen.
"""

from collections.abc import Sequence

from msgspec import Struct

from numtrustd.domain.observation import Instant


class Version(Struct, frozen=True, gc=False, omit_defaults=True):
    """One wanted text, from when, and until when (a tag of a season). An empty text says that none is wanted."""

    text: str
    since: Instant = 0.0
    until: Instant | None = None


class Wanted(Struct, frozen=True, gc=False, omit_defaults=True):
    """All that is wanted of one number, each oldest first; nothing said is nothing wanted. Many numbers share one."""

    names: tuple[Version, ...] = ()
    logos: tuple[Version, ...] = ()
    tags: tuple[Version, ...] = ()


def joined(one: Wanted | None, other: Wanted | None) -> Wanted | None:
    """What two say together: every version of both, of one day the latter's."""
    if one is None or other is None:
        return one or other
    parts = ((one.names, other.names), (one.logos, other.logos), (one.tags, other.tags))
    return Wanted(*(_joined(first, second) for first, second in parts))


def _joined(one: Sequence[Version], other: Sequence[Version]) -> tuple[Version, ...]:
    by_day = {version.since: version for version in (*one, *other)}
    return tuple(by_day[since] for since in sorted(by_day))


def current(versions: Sequence[Version], now: Instant) -> Version | None:
    """What is wanted now; `None` before the first version."""
    return next((version for version in reversed(versions) if version.since <= now), None)


def in_force(versions: Sequence[Version], now: Instant) -> Version | None:
    """What is wanted now and has its time; `None` where nothing is, so that what is shown is to be taken down."""
    version = current(versions, now)
    return version if version is not None and (version.until is None or version.until > now) else None
