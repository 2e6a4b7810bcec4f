"""How far a pack may be trusted: the grade of what it knows, and when that was last held against the platform.

People decide by these whether a source may be switched on, so a grade that nobody defined, or a date that no calendar
has, is as wrong as a bad selector.
"""

import re
from datetime import UTC, date, datetime

from numtrustd.domain.observation import Instant
from numtrustd.settings.facts import GRADES
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted, one_of

_MONTH_OR_DAY = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)
_FIRST = date(2000, 1, 1)
_BEGUN = date(2026, 11, 1)
"""This program is no older. A clock that stands before it is wrong, and nothing is called future by such a clock: a
machine that starts without its time must still start."""
_HELP = 'write the month or the day of the last check against the platform, like "2026-11" or "2026-11-05"'


def check_provenance(packs: Packs, now: Instant, report: Report) -> None:
    """Grade and date of every pack and source. `now` is the machine's own time, not that of a rehearsal."""
    today = datetime.fromtimestamp(now, UTC).date()
    for pack in packs.by_id.values():
        _checked(pack, ("platform", "checked"), pack.platform.checked, today, report)
        for i, source in enumerate(pack.sources):
            at: Path = ("source", i, "grade")
            if source.grade not in GRADES:
                report.add(pack.where(*at), dotted(at), f'is "{source.grade}"', one_of(GRADES))
            _checked(pack, ("source", i, "checked"), source.checked, today, report)


def _checked(pack: Pack, path: Path, text: str, today: date, report: Report) -> None:
    if not text:
        return
    day = _day(text)
    if day is None or day < _FIRST:
        report.add(pack.where(*path), dotted(path), f'"{text}" is no date', _HELP)
    elif today >= _BEGUN and (day - today).days > 1:  # it may be tomorrow already where the pack was written
        report.add(pack.where(*path), dotted(path), f'"{text}" lies in the future', _HELP)


def _day(text: str) -> date | None:
    """The day, or the first of the month."""
    found = _MONTH_OR_DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None
