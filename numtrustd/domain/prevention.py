"""What the company's own calls say before any platform does: habits that get a number marked, and complaints. Pure.

`call_stats` has the figures, `cause` reads them once there is a label. A warning is of an episode, which begins with
the first day that shows it and ends when it was not seen for a while; `actors.control.calls` keeps and says each once.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from numtrustd.domain import call_stats
from numtrustd.domain.call_stats import DayCalls

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Days = Annotated[int, Meta(ge=1, le=90)]
Share = Annotated[float, Meta(ge=0, le=1, extra={"unit": "number"})]
Figure = Annotated[float, Meta(ge=0, extra={"unit": "number"})]


class Habit(enum.StrEnum):
    """What platforms mark a number for."""

    MIXED = "mixed_purposes"
    OFF_HOURS = "off_hours"
    ROBOT = "robot_like"


class PreventionPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[prevention]`: figures from which on a habit is warned of, over `window_days` up to the last day that was told.
    Fewer than `least_calls` in them say nothing. An episode ends after `quiet_days` without it.

    Complaints of one day from `complaints_emergency` on open an emergency and from `complaints_alarm` on are an alarm;
    those of a day that is longer ago than `complaints_days` are only kept.
    """

    window_days: Days = 7
    least_calls: Count = 20
    purposes: Annotated[int, Meta(ge=2, le=100)] = 2
    off_hours_share: Share = 0.05
    calls_a_day: Figure = 150.0
    short_share: Share = 0.5
    burst_calls: Count = 300
    burst_rise: Annotated[float, Meta(ge=1, extra={"unit": "number"})] = 3.0
    quiet_days: Days = 7
    complaints_emergency: Count = 3
    complaints_alarm: Count = 5
    complaints_days: Days = 2


class Warned(Struct, frozen=True):
    """One habit, and the facts that show it."""

    habit: Habit
    facts: tuple[str, ...]


class Alarm(enum.IntEnum):
    """How bad the complaints of a day are."""

    NONE = 0
    EMERGENCY = 1
    ALARM = 2

    @property
    def word(self) -> str:
        """As events and rows say it."""
        return self.name.lower()


class Episode(Struct, frozen=True, omit_defaults=True):
    """A habit that was warned of: the first and the last day (ISO) on which it showed."""

    first: str
    last: str


class Watched(Struct, frozen=True, omit_defaults=True):
    """What was said of a number already: its episodes by habit, and by day the worst of its complaints."""

    episodes: dict[str, Episode] = {}
    complaints: dict[str, int] = {}


# ------------------------------------------------------------------------------------------------------------- habits


def warnings(days: Sequence[DayCalls], today: date, policy: PreventionPolicy) -> tuple[Warned, ...]:
    """The habits that a number's days show; none when nothing was told of the last `window_days`."""
    known = sorted((day for day in days if day.day <= today.isoformat()), key=lambda day: day.day)
    if not known:
        return ()
    last = date.fromisoformat(known[-1].day)
    if (today - last).days > policy.window_days:
        return ()
    recent = call_stats.between(known, last - timedelta(days=policy.window_days - 1), last)
    load = call_stats.load(recent)
    if load is None or sum(day.calls for day in recent) < policy.least_calls:
        return ()
    found = [
        (Habit.MIXED, _mixed(recent, policy)),
        (Habit.OFF_HOURS, _off_hours(load, policy)),
        (Habit.ROBOT, (*_bursts(known, recent, policy), *_robot(load, policy))),
    ]
    return tuple(Warned(habit, facts) for habit, facts in found if facts)


def purposes(day: DayCalls) -> tuple[str, ...]:
    """What the number was used for on that day, as it was told: several with ; or , between them."""
    text = day.purpose
    for mark in ",，；、":
        text = text.replace(mark, ";")
    return tuple(dict.fromkeys(filter(None, (part.strip() for part in text.split(";")))))


def _mixed(recent: Iterable[DayCalls], policy: PreventionPolicy) -> tuple[str, ...]:
    uses = sorted({use for day in recent for use in purposes(day)})
    return (f"used for {', '.join(uses)}",) if len(uses) >= policy.purposes else ()


def _off_hours(load: call_stats.Load, policy: PreventionPolicy) -> tuple[str, ...]:
    share = load.off_hours or 0.0
    if not share or share < policy.off_hours_share:
        return ()
    return (f"{share:.0%} of the calls outside the hours in which people expect them",)


def _robot(load: call_stats.Load, policy: PreventionPolicy) -> tuple[str, ...]:
    if load.short is None or load.calls < policy.calls_a_day or load.short < policy.short_share:
        return ()
    return (f"{load.calls:.0f} calls a day, of which {load.short:.0%} of the answered ones end within seconds",)


def _bursts(known: Sequence[DayCalls], recent: Iterable[DayCalls], policy: PreventionPolicy) -> tuple[str, ...]:
    facts = []
    for day in recent:
        if day.calls < policy.burst_calls:
            continue
        this = date.fromisoformat(day.day)
        usual = call_stats.load(
            call_stats.between(known, this - timedelta(days=policy.window_days), this - timedelta(days=1))
        )
        if usual is not None and day.calls >= policy.burst_rise * usual.calls:
            facts.append(f"{day.calls} calls on {day.day}, after {usual.calls:.0f} a day before it")
    return tuple(facts)


# ---------------------------------------------------------------------------------------------------------- complaints


def complaints_level(day: DayCalls, policy: PreventionPolicy) -> Alarm:
    """How bad the complaints of a day are: what opens an emergency, and what is an alarm besides."""
    if day.complaints >= policy.complaints_alarm:
        return Alarm.ALARM
    return Alarm.EMERGENCY if day.complaints >= policy.complaints_emergency else Alarm.NONE


# ------------------------------------------------------------------------------------------------------- said only once


class News(Struct, frozen=True):
    """What is to be said now, and what is to be remembered of it."""

    watched: Watched
    warned: tuple[Warned, ...] = ()
    complaints: tuple[tuple[DayCalls, Alarm], ...] = ()


def news(days: Sequence[DayCalls], before: Watched, today: date, policy: PreventionPolicy) -> News:
    """What a number's days say that was not said before. Every habit once an episode, the complaints of a day once for
    each level that they reach.
    """
    found = warnings(days, today, policy)
    quiet = (today - timedelta(days=policy.quiet_days)).isoformat()
    going_on = {habit: episode for habit, episode in before.episodes.items() if episode.last >= quiet}
    begun = tuple(warned for warned in found if warned.habit not in going_on)
    episodes: Mapping[str, Episode] = going_on | {
        str(warned.habit): Episode(
            going_on[warned.habit].first if warned.habit in going_on else today.isoformat(), today.isoformat()
        )
        for warned in found
    }
    oldest = (today - timedelta(days=policy.complaints_days - 1)).isoformat()
    said = {day: level for day, level in before.complaints.items() if day >= oldest}
    high = []
    for day in sorted(days, key=lambda day: day.day):
        level = complaints_level(day, policy)
        if oldest <= day.day <= today.isoformat() and level > said.get(day.day, Alarm.NONE):
            said[day.day] = level
            high.append((day, level))
    return News(Watched(dict(episodes), said), begun, tuple(high))
