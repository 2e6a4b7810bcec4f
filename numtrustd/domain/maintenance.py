"""A platform's maintenance, as somebody declared it: how long its kind lasts, and what it takes in meanwhile. Pure.

One that looks have seen is a matter of the verdicts. `actors.upkeep` keeps those that were declared.
"""

import math
from typing import Annotated, Literal

from msgspec import Meta, Struct

from numtrustd.domain.calendar import add_working_days
from numtrustd.domain.observation import Instant

UNKNOWN_KIND = "unknown"
"""The kind of a maintenance that was seen, or declared by somebody who did not say what it is."""

Stretch = Annotated[float, Meta(ge=1, le=10, extra={"unit": "number"})]
WorkingDays = Annotated[int, Meta(ge=0, le=366)]
DAY = 86_400.0


class Maintenance(Struct, frozen=True, omit_defaults=True):
    """Declared by `by` at `since`; without `until` it lasts until somebody says that it is over. `overdue_said`: it was
    said that it takes longer than its kind does.
    """

    since: Instant
    by: str
    kind: str = UNKNOWN_KIND
    until: Instant | None = None
    overdue_said: bool = False

    def lasts(self, now: Instant) -> bool:
        """Whether it is going on."""
        return self.until is None or now < self.until


class MaintenanceKind(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind: it `lasts` from the least to the most (seconds), or so many `working_days` where those are given; a
    review takes `stretch` times as long; `accepts` says what is taken in meanwhile.
    """

    lasts: tuple[float, float] = (0.0, 0.0)
    working_days: tuple[WorkingDays, WorkingDays] | None = None
    stretch: Stretch = 1.0
    accepts: Literal["all", "emergencies", "nothing"] = "nothing"


class MaintenanceRules(Struct, frozen=True, forbid_unknown_fields=True):
    """`[maintenance]`: the kinds by name. Of a kind that nobody knows no end is expected, and nothing is handed in."""

    routine: MaintenanceKind = MaintenanceKind((2 * 3_600.0, 4 * 3_600.0))
    major: MaintenanceKind = MaintenanceKind((3 * DAY, 5 * DAY), stretch=1.5, accepts="all")
    policy: MaintenanceKind = MaintenanceKind(working_days=(5, 8), accepts="all")
    industry: MaintenanceKind = MaintenanceKind((10 * DAY, 15 * DAY), accepts="emergencies")
    data_sync: MaintenanceKind = MaintenanceKind((3 * DAY, 3 * DAY), accepts="all")

    def of(self, kind: str) -> MaintenanceKind:
        """What is known of a kind."""
        found = getattr(self, kind, None) if kind in self.__struct_fields__ else None
        return found if isinstance(found, MaintenanceKind) else MaintenanceKind()


def accepts(rules: MaintenanceRules, kind: str, *, emergency: bool) -> bool:
    """Whether a platform in such a maintenance takes something in."""
    taken = rules.of(kind).accepts
    return taken == "all" or (taken == "emergencies" and emergency)


def stretched(rules: MaintenanceRules, kind: str, review_days: int) -> int:
    """Working days that a review takes meanwhile, whole ones."""
    return math.ceil(review_days * rules.of(kind).stretch)


def expected_end(declared: Maintenance, rules: MaintenanceRules, country: str = "CN") -> Instant | None:
    """When it should be over at the latest: as announced, else as its kind usually is; `None` if nobody knows."""
    if declared.until is not None:
        return declared.until
    kind = rules.of(declared.kind)
    if kind.working_days is not None:
        return add_working_days(declared.since, kind.working_days[1], country)
    return declared.since + kind.lasts[1] if kind.lasts[1] else None


def overdue(declared: Maintenance, now: Instant, rules: MaintenanceRules, country: str = "CN") -> bool:
    """Whether it goes on although it should be over: somebody has to ask the platform."""
    end = expected_end(declared, rules, country)
    return end is not None and declared.lasts(now) and now >= end
