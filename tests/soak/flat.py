"""Whether a figure of a running process stays where it is: the judge of the soak.

What a process needs to get going is not a leak, so the first third of a series is not looked at. Of the rest the
medians of the two halves are compared: noise, saw teeth and single peaks move a median little, a leak moves it by half
of what it has taken since.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

FEWEST = 12
"""Samples below which nothing can be said."""


class Bound(NamedTuple):
    """By how much the later median may lie above the earlier one: `rise`, or `share` of it if that is more."""

    rise: float
    share: float = 0.0


class Rise(NamedTuple):
    """What a figure did between the second and the last third of a run."""

    middle: float
    last: float
    allowed: float

    @property
    def flat(self) -> bool:
        return self.last - self.middle <= self.allowed


def rise(series: Sequence[float], bound: Bound) -> Rise:
    """Compare the last third of a series with the one before it. Raises `ValueError` for too short a series."""
    if len(series) < FEWEST:
        raise ValueError(f"{len(series)} samples say nothing; at least {FEWEST} are needed")
    third = len(series) // 3
    middle, last = median(series[third : 2 * third]), median(series[-third:])
    return Rise(middle, last, max(bound.rise, bound.share * middle))


def leaks(figures: Mapping[str, Sequence[float]], bounds: Mapping[str, Bound]) -> list[str]:
    """One line for each figure that does not stay flat."""
    found = []
    for name, bound in bounds.items():
        seen = rise(figures[name], bound)
        if not seen.flat:
            found.append(f"{name} rose from {seen.middle:,.0f} to {seen.last:,.0f}, by more than {seen.allowed:,.0f}")
    return found
