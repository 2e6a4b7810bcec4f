"""Words for people: what may be printed, and when something was or will be."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

from numtrustd.ctl.lang import tr

_DANGEROUS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls (ANSI starts with one), formats (bidi overrides, invisible characters), surrogates, private and
unassigned characters, line separators: nothing of these is needed to read a label, and each can make a
line lie.
"""


def escape(text: str) -> str:
    """The text with everything that could act on a terminal, or hide, made visible as \\x1b, \\u202e."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(c) if unicodedata.category(c) in _DANGEROUS else c for c in text)


def escape_json(text: str) -> str:
    """JSON text that means the same and is as harmless to print; line ends stay."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(_json(c) if c != "\n" and unicodedata.category(c) in _DANGEROUS else c for c in text)


def _visible(c: str) -> str:
    code = ord(c)
    if c in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[c]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json(c: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


_UNITS = (1, 60, 3_600, 86_400)


def span(seconds: float) -> str:
    """A length of time, as roughly as it is long: 20 s, 5 min, 2 h 10 min, 3 h, 12 d."""
    whole = round(abs(seconds))
    index = max((i for i, unit in enumerate(_UNITS) if whole >= unit), default=0)
    count, rest = divmod(whole, _UNITS[index])
    below = _UNITS[index - 1]
    if index and count < 3 and rest >= below:
        return f"{_measured(count, index)} {_measured(rest // below, index - 1)}"
    return _measured(count, index)


def brief(seconds: float) -> str:
    """A length of time in one unit: 20 s, 5 min, 2 h, 12 d."""
    whole = round(abs(seconds))
    index = max((i for i, unit in enumerate(_UNITS) if whole >= unit), default=0)
    return _measured(whole // _UNITS[index], index)


def _measured(count: int, index: int) -> str:
    return (tr("{n} s"), tr("{n} min"), tr("{n} h"), tr("{n} d"))[index].format(n=count)


def age(at: datetime, now: datetime) -> str:
    """Relative to the daemon's now: "3 h ago", "in 5 min", "now"."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 1:
        return tr("now")
    return (tr("in {span}") if seconds > 0 else tr("{span} ago")).format(span=span(seconds))


def brief_age(at: datetime, now: datetime) -> str:
    """`age` in few columns, for a table: "3 h ago", "in 5 min", "now"."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 1:
        return tr("now")
    return (tr("in {span}") if seconds > 0 else tr("{span} ago")).format(span=brief(seconds))


def time_of_day(at: datetime, now: datetime) -> str:
    """The reader's own time of day, with as much of the date as it needs."""
    here, today = at.astimezone(), now.astimezone()
    if here.date() == today.date():
        return f"{here:%H:%M}"
    return f"{here:%m-%d %H:%M}" if here.year == today.year else f"{here:%Y-%m-%d %H:%M}"


def local(at: datetime, now: datetime) -> str:
    """The reader's own time of day, and the age."""
    return f"{time_of_day(at, now)} ({age(at, now)})"


_IN_UTC = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\b")


def in_local_time(text: str, now: datetime) -> str:
    """A sentence of the log, whose times are in UTC, with the reader's own times in their place."""
    return _retold(text, lambda at: time_of_day(at, now))


def dated(at: datetime) -> str:
    """The reader's own time with its date and its offset, for what is read on another day or elsewhere."""
    here = at.astimezone()
    offset = f"{here:%z}"
    return f"{here:%Y-%m-%d %H:%M} UTC{offset[:3]}:{offset[3:5]}"


def in_dated_time(text: str) -> str:
    """`in_local_time` with whole dates and the offset."""
    return _retold(text, dated)


def _retold(text: str, say: Callable[[datetime], str]) -> str:
    def shown(match: re.Match[str]) -> str:
        try:
            return say(datetime.strptime(match[0], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            return match[0]

    return _IN_UTC.sub(shown, text)


def missed(at: datetime, now: datetime) -> bool:
    """Whether a deadline has passed. One that passes just now has not: what comes next is about to be done."""
    return (now - at).total_seconds() >= 1


def due(at: datetime, now: datetime) -> str:
    """A deadline: `local`, or how long it has been missed."""
    if not missed(at, now):
        return local(at, now)
    return tr("{at} (overdue by {span})").format(at=time_of_day(at, now), span=span((now - at).total_seconds()))


def size(count: int) -> str:
    """Bytes: 512 B, 3.1 MiB."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def brief_due(at: datetime, now: datetime) -> str:
    """A deadline in few columns: how far away it is, or how long it has been missed."""
    if not missed(at, now):
        return brief_age(at, now)
    return tr("{span} late").format(span=brief((now - at).total_seconds()))
