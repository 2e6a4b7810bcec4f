"""Maintenances that people declare over the control socket; `upkeep` keeps them, `control` takes the calls."""

from msgspec import Struct

from numtrustd.actors.control import arguments
from numtrustd.actors.control.views import Sight
from numtrustd.actors.control.views_world import maintenance_of
from numtrustd.api import control, errors, instant, rows, when
from numtrustd.domain.maintenance import UNKNOWN_KIND, Maintenance
from numtrustd.varlink.interface import CallError

NO_MAINTENANCE = "none"


async def start(sight: Sight, params: control.MaintenanceStart, by: str) -> tuple[Struct, str]:
    """A platform's maintenance began. Raises `CallError`."""
    platform, now = arguments.platform(sight, params.platform), sight.now()
    until = None if params.until is None else instant(params.until)
    if until is not None and until <= now:
        raise CallError(errors.InvalidArgument("until", "it is over already: name a time that is still to come"))
    before = sight.house.maintenance.get(platform)
    since = before.since if before is not None and before.lasts(now) else now
    declared = Maintenance(since, by, params.kind or UNKNOWN_KIND, until)
    assert sight.house.upkeep is not None
    old = maintenance_of(sight, platform)
    return _change(sight, platform, old, await sight.house.upkeep.start(platform, declared))


async def end(sight: Sight, params: control.MaintenanceEnd, by: str) -> tuple[Struct, str]:
    """It is over. Raises `CallError` where none is going on. One may have been declared before its platform left the
    packs."""
    known = params.platform in sight.house.maintenance
    platform = params.platform if known else arguments.platform(sight, params.platform)
    assert sight.house.upkeep is not None
    old = maintenance_of(sight, platform)
    cases = await sight.house.upkeep.end(platform, by)
    if cases is None:
        seen = sight.house.board.maintenance_since(platform) is not None
        more = "; looks see one, which ends when they no longer do" if seen else ""
        raise CallError(
            errors.Refused(f"no declared maintenance of {platform} is going on: nothing is left to end{more}")
        )
    return _change(sight, platform, old, cases)


def _change(sight: Sight, platform: str, old: rows.Maintenance | None, cases: int) -> tuple[Struct, str]:
    new = maintenance_of(sight, platform)
    change = control.MaintenanceChange(
        now=when(sight.now()),
        platform=platform,
        old=NO_MAINTENANCE if old is None else old.kind,
        new=NO_MAINTENANCE if new is None else new.kind,
        cases=cases,
        kind=None if new is None else new.kind,
        since=None if new is None else new.since,
        until=None if new is None else new.until,
    )
    return change, f"{change.old} -> {change.new}, {cases} cases"
