"""When something may be handed in at a platform: windows, good days, quotas and its maintenance taken together. Pure.

Each of them has a module of its own; a workflow that waits for its slot asks here, and tells people the reasons.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from numtrustd.domain.calendar import local_date
from numtrustd.domain.ledger import Charge, What, next_free
from numtrustd.domain.maintenance import Maintenance, MaintenanceRules, accepts, expected_end
from numtrustd.domain.observation import Instant
from numtrustd.domain.season import SeasonPolicy, avoided, next_good_day
from numtrustd.domain.window import Window, closing, open_at

ROUNDS = 64
"""Times that the reasons are gone through: each may move the slot to where another one holds."""


class Limit(Struct, frozen=True):
    """A quota of the platform on what is to be handed in: `most` within `per` seconds, of one number or of all."""

    most: int
    per: float
    number: str = ""


class Slot(Struct, frozen=True):
    """The first instant at which it may be handed in, and why not sooner; `None` when nobody knows one."""

    at: Instant | None
    why: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """Where and what something is handed in, and what is known of it. `urgent` leaves good days aside; an `emergency`
    is urgent, and taken in during a maintenance that takes nothing else. Nothing leaves windows and quotas aside.
    """

    platform: str
    country: str = "CN"
    what: What = What.APPEAL
    urgent: bool = False
    emergency: bool = False


def slot(
    place: Place,
    now: Instant,
    *,
    windows: Sequence[Window] = (),
    season: SeasonPolicy = SeasonPolicy(),  # noqa: B008 - frozen
    limits: Iterable[Limit] = (),
    charges: Sequence[Charge] = (),
    maintenance: Maintenance | None = None,
    rules: MaintenanceRules = MaintenanceRules(),  # noqa: B008 - frozen
) -> Slot:
    """The slot. `charges` are those against which the quotas are held."""
    each, at, why = list(limits), now, dict[str, None]()
    declared = maintenance if maintenance is not None and maintenance.lasts(now) else None
    if declared is not None and not accepts(rules, declared.kind, emergency=place.emergency):
        why[f"{place.platform} is under maintenance ({declared.kind})"] = None
        end = expected_end(declared, rules, place.country)
        if end is None or end <= now:
            return Slot(None, tuple(why))  # it should be over, or nobody knows when it will be
        at = end
    for _ in range(ROUNDS):
        opens = open_at(windows, place.platform, at)
        if opens is None:
            why |= dict.fromkeys(_named(window) for window in closing(windows, place.platform, at))
            return Slot(None, tuple(why))
        if opens > at:
            why |= dict.fromkeys(_named(window) for window in closing(windows, place.platform, at))
            at = opens
            continue
        good = next_good_day(at, place.country, season, urgent=place.urgent or place.emergency)
        if good > at:
            why[f"it can wait, and today is {avoided(local_date(at, place.country), season)}"] = None
            at = good
            continue
        free = max((_free(limit, place, charges, at) for limit in each), default=at)
        if free > at:
            why["the platform's quota is used up"] = None
            at = free
            continue
        return Slot(at, tuple(why))
    return Slot(None, tuple(why))


def _named(window: Window) -> str:
    why = ", ".join(filter(None, (window.reason, f"by {window.author}" if window.author else "")))
    return f"nothing is submitted during {window.name}" + (f" ({why})" if why else "")


def _free(limit: Limit, place: Place, charges: Sequence[Charge], at: Instant) -> Instant:
    return next_free(charges, place.what, limit.most, limit.per, at, number=limit.number, platform=place.platform)
