"""Points and lengths of time as options take them: a length in the spelling in which this program prints it too, a
point that is over as how long ago it was.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from numtrustd.api import status
from numtrustd.ctl.lang import tr
from numtrustd.ctl.session import Session

F = TypeVar("F", bound=Callable[..., Any])

_SECONDS = {
    **dict.fromkeys(("s", "秒"), 1.0),
    **dict.fromkeys(("m", "min", "分钟", "分"), 60.0),
    **dict.fromkeys(("h", "小时"), 3_600.0),
    **dict.fromkeys(("d", "天"), 86_400.0),
    **dict.fromkeys(("w", "周"), 604_800.0),
}
_UNIT = "|".join(sorted(_SECONDS, key=len, reverse=True))
_PART = re.compile(rf"(\d{{1,9}}(?:\.\d{{1,9}})?)\s*({_UNIT})\s*")
_SPAN = re.compile(rf"(?:{_PART.pattern})+")
_AGO = re.compile(r"(.*?)\s*(?:ago|前)?", re.DOTALL)


def seconds(text: str) -> float | None:
    """A length of time such as 90m, 1d12h, `2 h 10 min` or `2 小时`; `None` if it is none, or nothing."""
    if not _SPAN.fullmatch(text.strip()):
        return None
    return sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(text)) or None


def ago(text: str) -> timedelta | None:
    """How long ago something was: a length of time, with or without `ago` behind it."""
    found = _AGO.fullmatch(text.strip())
    length = seconds(found[1]) if found is not None else None
    try:
        return None if length is None else timedelta(seconds=length)
    except OverflowError:
        return None


class Span(click.ParamType[float]):
    """A length of time, in seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        length = seconds(value)
        if length is None:
            self.fail(tr("{value!r} is no length of time: write 90m, 2h, 3d or 1d12h").format(value=value), param, ctx)
        return length


class _Instant(click.ParamType[datetime | timedelta]):
    name = "TIME"

    def __init__(self, *, past: bool) -> None:
        self._past = past

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # converted already
        if self._past and (before := ago(value)) is not None:
            return before
        try:
            # A time without an offset is the reader's own, as it is wherever times are printed.
            return datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            if self._past:
                why = tr(
                    "{value!r} is not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00:00+08:00, or how "
                    "long ago it was: 90m, 2h, 3d"
                )
            else:
                why = tr("{value!r} is not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00:00+08:00")
            self.fail(why.format(value=value), param, ctx)


def instant_option(name: str, *, help: str) -> Callable[[F], F]:
    """An option that takes a point in time."""
    return click.option(name, type=_Instant(past=False), metavar="TIME", help=help)


def past_option(name: str, *, help: str) -> Callable[[F], F]:
    """An option that takes a point in time that is over, or how long ago it was; `resolved` makes the former of it."""
    return click.option(name, type=_Instant(past=True), metavar="TIME", help=help)


def resolved(session: Session, given: datetime | timedelta | None) -> datetime | None:
    """The point in time. How long ago counts from the daemon's now: its clock is what all times go by."""
    if not isinstance(given, timedelta):
        return given
    try:
        return session.ask(status.GetStatus()).now - given
    except OverflowError:
        raise click.UsageError(tr("that is too long ago: name a later time")) from None
