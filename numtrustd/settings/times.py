"""Hours, days and the zone that they are in: what settings and packs say of when looks are made.

`domain.hours` reads them; a text that it cannot read is found here, before a look waits for an hour that never comes.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

from numtrustd.domain import hours
from numtrustd.domain.observation import Instant
from numtrustd.domain.window import open_at
from numtrustd.settings.collect import Located
from numtrustd.settings.packs import Packs
from numtrustd.settings.problem import Path, Report, dotted, suggest
from numtrustd.settings.schema import Settings

HOURS_HELP = 'write "08:00-22:00", several with commas; 24:00 is the end of the day'
DAYS_HELP = 'write "mon-fri", "sat" or days of the year such as "11-01..11-12", several with commas'


def check_times(settings: Settings, place: Located, report: Report) -> None:
    """The settings' own."""
    _read(hours.parse_hours, settings.cadence.hours, ("cadence", "hours"), HOURS_HELP, place, report)
    _zone(settings.cadence.zone, ("cadence", "zone"), place, report)
    _zone(settings.cause.zone, ("cause", "zone"), place, report)
    _zone(settings.ledger.zone, ("ledger", "zone"), place, report)
    _zone(settings.inspection.zone, ("inspection", "zone"), place, report)
    for i, peak in enumerate(settings.cadence.peak):
        top: Path = ("cadence", "peak", i)
        _read(hours.parse_hours, peak.hours, (*top, "hours"), HOURS_HELP, place, report)
        _read(hours.parse_days, peak.days, (*top, "days"), DAYS_HELP, place, report)
        if not peak.hours and not peak.days:
            what = "says neither days nor hours, so that it would never end"
            report.add(place.where(top), dotted(top), what, "give one of the two, or change cadence.interval")
    for i, group in enumerate(settings.group):
        _read(hours.parse_hours, group.hours, ("group", i, "hours"), HOURS_HELP, place, report)
    for name, source in settings.source.items():
        _read(hours.parse_hours, source.hours or "", ("source", name, "hours"), HOURS_HELP, place, report)
        _zone(source.budget.zone, ("source", name, "budget", "zone"), place, report)


def check_windows(
    settings: Settings, platforms: set[str], whole: bool, now: Instant, place: Located, report: Report
) -> None:
    """A window that leaves no time to submit anything is none. `platforms` are those of the packs, all if `whole`."""
    spoilt = False
    for i, window in enumerate(settings.window):
        top: Path = ("window", i)
        before = len(report.problems)
        _read(hours.parse_hours, window.hours, (*top, "hours"), HOURS_HELP, place, report)
        _read(hours.parse_days, window.days, (*top, "days"), DAYS_HELP, place, report)
        _zone(window.zone, (*top, "zone"), place, report)
        if window.since is not None and window.until is not None and window.until <= window.since:
            at = (*top, "until")
            report.add(place.where(at), dotted(at), "lies before since", "give the time at which it is over")
        for j, name in enumerate(window.platforms):
            if whole and name not in platforms and not report.spoilt(place, *top):
                at = (*top, "platforms", j)
                report.add(place.where(at), dotted(at), f'no pack is of "{name}"', suggest(name, sorted(platforms)))
        spoilt = spoilt or report.spoilt(place, *top) or len(report.problems) > before
    if spoilt:
        return  # then nobody knows when they are open
    for platform in ("", *sorted({name for window in settings.window for name in window.platforms})):
        own = [i for i, window in enumerate(settings.window) if window.concerns(platform)]
        if own and open_at(settings.window, platform, now) is None:
            at = ("window", own[0])
            what = f"leaves no time at which anything may be submitted{f' to {platform}' if platform else ''}"
            report.add(place.where(at), dotted(at), what, "give until, or fewer hours or days")
            return


def latest_day(now: Instant) -> date:
    """The last day that has begun anywhere: east of the date line they are 14 hours ahead of UTC."""
    return (datetime.fromtimestamp(now, UTC) + timedelta(hours=14)).date()


def check_pack_times(packs: Packs, report: Report) -> None:
    """Every source's own, switched on or not."""
    for pack in packs.by_id.values():
        for i, source in enumerate(pack.sources):
            _read(hours.parse_hours, source.hours, ("source", i, "hours"), HOURS_HELP, pack.doc, report)
            _zone(source.budget.zone, ("source", i, "budget", "zone"), pack.doc, report)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # walks the directories of the database each time


def _zone(name: str | None, path: Path, place: Located, report: Report) -> None:
    if name is not None and name not in _zones():
        remedy = 'name one of the IANA database, like "Asia/Shanghai"'
        report.add(place.where(path), dotted(path), f'no time zone is called "{name}"', remedy)


def _read(read: Callable[[str], object], text: str, path: Path, remedy: str, place: Located, report: Report) -> None:
    try:
        read(text)
    except ValueError as error:
        report.add(place.where(path), dotted(path), str(error), remedy)
