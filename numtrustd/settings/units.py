"""Quantities as people write them: "1d12h", "64 MiB", "0660", 2026-01-05T09:00:00+08:00.

Each reader gives the plain number or `None`, never a guess; `collect` turns `None` into a problem.
"""

import math
import re
from datetime import date, datetime

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_DURATION = re.compile(r"(?:\s*\d+(?:\.\d+)?\s*(?:ms|[smhdw]))+\s*")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?)?B?")
_POWERS = "KMGT"
_DAY = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日)", re.ASCII)
_MODE = re.compile(r"(?:0o?)?([0-7]{3})")

_HUGE = 1e300
_LONGEST = 3_650 * 86_400.0
_YEAR_2200 = 7_258_118_400.0
_MOST = 1 << 62

DURATION_HELP = 'write a duration such as "90s", "15m", "6h", "3d", "1w" or "1d12h"'
PLAUSIBLE_HELP = "give an instant between 1970 and 2200"
LONGEST_HELP = "give at most ten years (3650d)"
SIZE_HELP = 'write a size such as "512 MiB" or "1 GiB"'
MODE_HELP = 'write file permissions in octal, such as "0660"'
DAY_HELP = "write a day such as 2019-05-01 (2019/5/1 and 2019年5月1日 will do, too)"
INSTANT_HELP = "write a date and time with its offset, such as 2026-01-05T09:00:00+08:00"


def duration(value: object) -> float | None:
    """Seconds of "6h", "1d12h" or a plain number of seconds; finite and not negative."""
    if isinstance(value, str):
        if not _DURATION.fullmatch(value):
            return None
        return number(sum(float(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(value)))
    seconds = number(value)
    return seconds if seconds is not None and seconds >= 0 else None


def too_long(seconds: float) -> bool:
    """Whether a duration is beyond all use: added to an instant, it would leave the calendar."""
    return seconds > _LONGEST


def plausible(instant: float) -> bool:
    """Whether an instant is one in which a daemon may run, years of waiting and doubled pauses included."""
    return 0 <= instant < _YEAR_2200


def number(value: object) -> float | None:
    """A finite number as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > _HUGE:
        return None
    return float(value) if math.isfinite(value) else None


def size(value: object) -> int | None:
    """Bytes of "1 GiB", "10 MB" or a plain number of bytes; whole and positive."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 < value <= _MOST else None
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    unit = found[2] or ""
    base = 1024 if unit.endswith("i") else 1000
    total = float(found[1]) * (base ** (_POWERS.index(unit[0]) + 1) if unit else 1)
    return int(total) if 1 <= total <= _MOST and total == int(total) else None


def mode(value: object) -> int | None:
    """File permissions: "0660" or 0o660."""
    if isinstance(value, str):
        found = _MODE.fullmatch(value)
        return int(found[1], 8) if found else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0o777 else None


def day(text: str) -> date | None:
    """The day of "2019-05-01", or as spreadsheets write it in China: "2019/5/1", "2019年5月1日". Never of "5/1/2019",
    which is May for some and January for others."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3] or found[5]), int(found[4] or found[6]))
    except ValueError:
        return None


def instant(value: object) -> float | None:
    """Epoch seconds of a TOML date-time with an offset, or of a plain number."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return None if value.tzinfo is None else value.timestamp()
    return number(value)
