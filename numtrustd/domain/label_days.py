"""How many labels stood on each day of a month, and which appeared and went, from what was believed. Pure.

A label counts here as long as it was believed to be displayed and is none that is right for its number: a mark that
nobody who is called sees costs nothing. `month_report` beside this module has everything else that a month is told by.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from numtrustd.domain.observation import Instant, Status
from numtrustd.domain.period import Period

UNKNOWN = ""
"""What is believed before anything is."""


class Turn(Struct, frozen=True):
    """A belief that moved, from one `view.Shown.key` to another. Where nobody can tell what was believed before (`old`
    is `None`), it is taken to have been the same."""

    at: Instant
    old: str | None
    new: str


class Belief(Struct, frozen=True):
    """What is believed of a number on a platform today, and since when."""

    key: str = UNKNOWN
    since: Instant = 0.0


class Stretch(Struct, frozen=True):
    """A time within the period through which one belief was held, from `since` to before `until`."""

    since: Instant
    until: Instant
    key: str


class LabelDay(Struct, frozen=True):
    """One day: labels and numbers that had one at its end, of so many pairs of number and platform of which anything
    was believed; labels that were there at the first look (`found`), that came, and that went."""

    labels: int = 0
    numbers: int = 0
    known: int = 0
    found: int = 0
    appeared: int = 0
    cleared: int = 0


class PlatformLabels(Struct, frozen=True):
    """One platform's month; `at_end` is `at_start` and what was found and appeared, less what was cleared.
    `label_days` is how long all of its labels stood together, in days."""

    platform: str
    at_start: int = 0
    found: int = 0
    appeared: int = 0
    cleared: int = 0
    at_end: int = 0
    label_days: float = 0.0


def is_wrong(key: str, accepted: Collection[str] = ()) -> bool:
    """Whether a belief is a label that people see and that is not right for its number."""
    status, _, rest = key.partition(":")
    category, _, hidden = rest.partition(":")
    return status == Status.MARKED and not hidden and category not in accepted


def stretches(turns: Sequence[Turn], today: Belief, period: Period) -> Iterator[Stretch]:
    """What was believed through the period, without gaps. `turns` are all since its beginning, the oldest first; where
    there are none, what is believed today was believed since then."""
    if turns:
        before = turns[0].new if turns[0].old is None else turns[0].old
    else:
        before = today.key if today.since < period.until else UNKNOWN
        if period.has(today.since):
            turns, before = (Turn(today.since, UNKNOWN, today.key),), UNKNOWN
    since, key = period.begins, before
    for turn in turns:
        if turn.at >= period.until:
            break
        if turn.at > since:
            yield Stretch(since, turn.at, key)
        since, key = max(since, turn.at), turn.new
    yield Stretch(since, period.until, key)


class LabelTally:
    """Counts up numbers, in any order. Slots are days of the period."""

    def __init__(self, period: Period) -> None:
        self._period = period
        days = len(period.days)
        self._labels, self._numbers, self._known = [0] * days, [0] * days, [0] * days
        self._found, self._appeared, self._cleared = [0] * days, [0] * days, [0] * days
        self._platforms: dict[str, PlatformLabels] = {}

    def add(
        self, turns: Mapping[str, Sequence[Turn]], today: Mapping[str, Belief], accepted: Collection[str] = ()
    ) -> None:
        """Count one number: what its beliefs did since the period began, and what they are today, by platform."""
        labelled: set[int] = set()
        for platform in {**turns, **today}:
            held = list(stretches(turns.get(platform, ()), today.get(platform, Belief()), self._period))
            labelled |= self._count(platform, held, accepted)
        for day in labelled:
            self._numbers[day] += 1

    def _count(self, platform: str, held: Sequence[Stretch], accepted: Collection[str]) -> set[int]:
        period, days = self._period, set[int]()
        at = self._platforms.get(platform) or PlatformLabels(platform)
        found = appeared = cleared = 0
        seconds, before = 0.0, held[0]
        for now in held:
            wrong, was = is_wrong(now.key, accepted), is_wrong(before.key, accepted)
            # A day counts by what was believed when it ended.
            ended = range(bisect_right(period.day_ends, now.since), bisect_right(period.day_ends, now.until))
            if now.key != UNKNOWN:
                for day in ended:
                    self._known[day] += 1
            if wrong:
                seconds += now.until - now.since
                days.update(ended)
            if wrong != was:
                day = period.day_of(now.since)
                first = wrong and before.key == UNKNOWN
                (self._found if first else self._appeared if wrong else self._cleared)[day] += 1
                found, appeared, cleared = found + first, appeared + (wrong and not first), cleared + was
            before = now
        for day in days:
            self._labels[day] += 1
        self._platforms[platform] = PlatformLabels(
            platform,
            at.at_start + is_wrong(held[0].key, accepted),
            at.found + found,
            at.appeared + appeared,
            at.cleared + cleared,
            at.at_end + is_wrong(held[-1].key, accepted),
            at.label_days + seconds / 86_400,
        )
        return days

    @property
    def days(self) -> tuple[LabelDay, ...]:
        """Day by day."""
        each = zip(self._labels, self._numbers, self._known, self._found, self._appeared, self._cleared, strict=True)
        return tuple(LabelDay(*day) for day in each)

    @property
    def platforms(self) -> tuple[PlatformLabels, ...]:
        """Those that had a label at any time of the period, in the order of their ids."""
        each = sorted(self._platforms.values(), key=lambda p: p.platform)
        return tuple(p for p in each if p.at_start or p.found or p.appeared)
