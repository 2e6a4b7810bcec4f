"""Call statistics and complaints of one number, a record a day, and what they say of a time: volume, answers, pattern.

They come from the company's own call centre, over the control socket; a day that is told again replaces what was told
before. `cause` reads them when a label appears. Days are the company's own, written as ISO dates.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from numtrustd.domain.observation import Instant

KEPT = 400
"""Days for which statistics are kept: a year, and some to compare with."""

MOST = 10_000_000
"""Calls of one number in a day that are still believed."""


class DayCalls(Struct, frozen=True, omit_defaults=True):
    """One day of one number. `short` are answered calls that ended within seconds, `off_hours` those outside the hours
    in which people expect calls; `complaints` are the company's own count. `purpose` is what the number was used for.
    """

    day: str
    calls: int = 0
    answered: int = 0
    short: int = 0
    complaints: int = 0
    off_hours: int = 0
    purpose: str = ""


class Load(Struct, frozen=True):
    """Some days together: means a day, and shares from 0 to 1 (`None` where there was no call to take one of)."""

    days: int
    calls: float
    complaints: float
    answered: float | None
    short: float | None
    off_hours: float | None


def faults(day: DayCalls, today: date) -> list[tuple[str, str]]:
    """(field, what is wrong) of a day that cannot be so. `today` is the company's."""
    found: list[tuple[str, str]] = []
    try:
        told = date.fromisoformat(day.day)
    except ValueError:
        found.append(("day", f"{day.day!r} is no date: write 2026-11-23"))
    else:
        if told > today:
            found.append(("day", f"{day.day} is still to come: tell it when it is over"))
        elif told < today - timedelta(days=KEPT):
            found.append(("day", f"{day.day} is longer ago than statistics are kept ({KEPT} days): leave it out"))
    for name in ("calls", "answered", "short", "complaints", "off_hours"):
        value = getattr(day, name)
        if not 0 <= value <= MOST:
            found.append((name, f"{value} is no number of calls in a day: give 0 to {MOST}"))
    if day.answered > day.calls:
        found.append(("answered", f"{day.answered} is more than the {day.calls} calls: correct one of them"))
    if day.short > day.answered:
        found.append(("short", f"{day.short} is more than the {day.answered} that were answered: correct one of them"))
    if day.off_hours > day.calls:
        found.append(("off_hours", f"{day.off_hours} is more than the {day.calls} calls: correct one of them"))
    return found


def day_of(at: Instant, zone: str) -> date:
    """The day in which an instant lies there."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).date()


def between(days: Iterable[DayCalls], first: date, last: date) -> list[DayCalls]:
    """The days from `first` to `last`, both included."""
    return [day for day in days if first.isoformat() <= day.day <= last.isoformat()]


def load(days: Sequence[DayCalls]) -> Load | None:
    """The days together; `None` of none."""
    if not days:
        return None
    calls, answered = sum(d.calls for d in days), sum(d.answered for d in days)
    return Load(
        len(days),
        calls / len(days),
        sum(d.complaints for d in days) / len(days),
        answered / calls if calls else None,
        sum(d.short for d in days) / answered if answered else None,
        sum(d.off_hours for d in days) / calls if calls else None,
    )
