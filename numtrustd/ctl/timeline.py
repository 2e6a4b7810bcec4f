"""What was so when, as rows of characters: platform × time. Pure: spans and marks go in, cells come out.

`render_timeline` beside this module makes the lanes out of what the daemon tells, and gives the cells their colours.
Every state has a letter of its own, so that the drawing says the same without colours.
"""

import enum
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo


class State(enum.StrEnum):
    """What is believed in a span of time, by the character that stands for it; a case is open, or not."""

    NOTHING = " "
    CLEAN = "·"
    CERTIFIED = "C"
    UNKNOWN = "?"
    FLAPPING = "~"
    MARKED = "M"
    OPEN = "="


_RANK = {state: rank for rank, state in enumerate(State)}
"""Of several in one column the worst is shown, so that a label that stood for an hour is not lost in a month."""


class Sign(enum.StrEnum):
    """Something that happened at one time to a case."""

    OPENED = "["
    CLOSED = "]"
    PERSON = "p"
    SUBMITTED = "s"
    VERIFYING = "v"
    HELD = "h"
    REFUSED = "r"
    FAILED = "!"


_SIGN_RANK = {sign: rank for rank, sign in enumerate(
    (Sign.PERSON, Sign.HELD, Sign.VERIFYING, Sign.SUBMITTED, Sign.OPENED, Sign.CLOSED, Sign.REFUSED, Sign.FAILED)
)}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """From `begin` until `end` (POSIX seconds) something was so."""

    begin: float
    end: float
    state: State


@dataclass(frozen=True)
class Mark:
    """At one time something happened."""

    at: float
    sign: Sign


@dataclass(frozen=True)
class Lane:
    """One platform: what was believed of the number there, and the cases with what was done in them."""

    name: str
    beliefs: tuple[Span, ...] = ()
    cases: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Window:
    """The time that is drawn, `begin` before `end`, in so many columns."""

    begin: float
    end: float
    width: int

    @property
    def step(self) -> float:
        """Seconds in one column."""
        return (self.end - self.begin) / self.width

    def place(self, at: float) -> float:
        """Where a time is, in columns from the left; outside of the window it is below 0 or above `width`."""
        return (at - self.begin) / (self.end - self.begin) * self.width

    def column(self, at: float) -> int:
        """The column of a time inside the window, its end included."""
        return max(0, min(self.width - 1, math.floor(self.place(at))))


def states(spans: Iterable[Span], window: Window) -> list[State]:
    """What stands in each column: the worst that was so at any time in it."""
    columns = [State.NOTHING] * window.width
    for span in spans:
        begin, end = max(span.begin, window.begin), min(span.end, window.end)
        if begin > end or (begin == end and span.begin != span.end):
            continue
        first = window.column(begin)
        last = max(first, min(window.width, math.ceil(window.place(end))) - 1)
        for n in range(first, last + 1):
            if _RANK[span.state] > _RANK[columns[n]]:
                columns[n] = span.state
    return columns


def signs(marks: Iterable[Mark], window: Window) -> list[Sign | None]:
    """What happened in each column: the weightiest."""
    columns: list[Sign | None] = [None] * window.width
    for mark in marks:
        if window.begin <= mark.at <= window.end:
            n = window.column(mark.at)
            before = columns[n]
            if before is None or _SIGN_RANK[mark.sign] > _SIGN_RANK[before]:
                columns[n] = mark.sign
    return columns


# ----------------------------------------------------------------------------------------------------------- axis

_HOUR, _DAY = 3_600.0, 86_400.0
_STEPS = (
    *(60.0 * n for n in (1, 5, 10, 30)),
    *(_HOUR * n for n in (1, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 14, 28, 91, 182, 364)),
)
_GAP = 3
"""Columns between two labels, at the least."""


@dataclass(frozen=True)
class Axis:
    """The columns in which a labelled time begins; a line with a tick in each of them, and one with the labels."""

    ticks: tuple[int, ...]
    ruler: str
    labels: str


def axis(window: Window, zone: tzinfo | None = None) -> Axis:
    """Round times of a zone, the reader's own if none is given, as many as have room."""
    years = window.end - window.begin > 300 * _DAY
    wide = 10 if years else 5
    step = next((s for s in _STEPS if s / window.step >= wide + _GAP), _STEPS[-1])
    ruler, labels, ticks, free = ["─"] * window.width, "", [], 0
    for at in _round_times(window, step, zone):
        column = window.column(at)
        here = datetime.fromtimestamp(at, zone)
        midnight = here.hour == here.minute == 0
        label = f"{here:%Y-%m-%d}" if years else f"{here:%m-%d}" if midnight else f"{here:%H:%M}"
        if column < free or column + len(label) > window.width:
            continue
        ticks.append(column)
        ruler[column] = "┬"
        labels = labels.ljust(column) + label
        free = len(labels) + 1
    return Axis(tuple(ticks), "".join(ruler), labels)


def _round_times(window: Window, step: float, zone: tzinfo | None) -> Iterable[float]:
    """The round times of a zone in a window. They are round on the clocks of that zone, whatever its offset does."""
    first = datetime.fromtimestamp(window.begin, zone).replace(tzinfo=None)
    here = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if step > _DAY:
        here -= timedelta(days=here.toordinal() % round(step / _DAY))
    last = datetime.fromtimestamp(window.end, zone).replace(tzinfo=None) + timedelta(days=1)
    while here <= last:
        at = here.timestamp() if zone is None else here.replace(tzinfo=zone).timestamp()
        if window.begin <= at < window.end:
            yield at
        here += timedelta(seconds=step)


def busy(lanes: Iterable[Lane], window: Window) -> tuple[Sequence[Lane], Sequence[Lane]]:
    """(the lanes on which something changes in the window, those on which nothing does)."""
    some: list[Lane] = []
    none: list[Lane] = []
    for lane in lanes:
        shown = {s for s in states(lane.beliefs, window) if s is not State.NOTHING}
        loud = len(shown) > 1 or not shown.issubset({State.CLEAN, State.CERTIFIED})
        done = State.OPEN in states(lane.cases, window) or any(signs(lane.marks, window))
        (some if loud or done else none).append(lane)
    return some, none
