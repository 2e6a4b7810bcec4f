"""Silences and acks for callers of the control sockets: what they name is looked up, what holds is shown."""

from numtrustd.actors.control import arguments
from numtrustd.actors.control.views import Sight
from numtrustd.actors.silences import Silences
from numtrustd.api import errors, when
from numtrustd.api import silence as api
from numtrustd.domain.near import did_you_mean, near, near_number
from numtrustd.domain.number import Number, parse
from numtrustd.domain.owned import DEFAULT_GROUP
from numtrustd.domain.platform import called
from numtrustd.domain.silence import Scope, Silence, Target
from numtrustd.varlink.interface import CallError


def silence_list(sight: Sight) -> api.SilenceList:
    """Those that hold."""
    now = sight.now()
    holding = sorted((s for s in sight.house.silences.values() if s.lasts(now)), key=lambda s: (s.until, s.id))
    return api.SilenceList(now=when(now), silences=tuple(map(_row, holding)))


def _row(silence: Silence) -> api.SilenceRow:
    return api.SilenceRow(
        silence=silence.id,
        targets=tuple(api.SilenceTarget(scope=t.scope.value, name=t.name) for t in silence.targets),
        since=when(silence.since),
        until=when(silence.until),
        by=silence.by,
        reason=silence.reason,
    )


async def add(sight: Sight, desk: Silences, params: api.SilenceAdd, by: str) -> api.SilenceChange:
    """Raises `CallError` for a target that is nothing, or several things."""
    scope = None if params.scope is None else Scope(params.scope)
    targets = tuple(dict.fromkeys(_target(sight, text, scope) for text in params.targets))
    silence = await desk.add(targets, sight.now() + params.seconds, by, params.reason)
    return api.SilenceChange(now=when(sight.now()), row=_row(silence), holds=True)


async def remove(sight: Sight, desk: Silences, params: api.SilenceRemove, by: str) -> api.SilenceChange:
    """Raises `CallError` for one that is not there, or no longer."""
    silence = await desk.remove(params.silence, by)
    if silence is None:
        meant = did_you_mean(near(params.silence, [row.silence for row in silence_list(sight).silences]))
        why = f"there is no silence {params.silence}: {meant}`numtrustctl silence list` shows those that hold"
        raise CallError(errors.InvalidArgument("silence", why))
    return api.SilenceChange(now=when(sight.now()), row=_row(silence), holds=False)


def _target(sight: Sight, text: str, scope: Scope | None) -> Target:
    number = parse(text)
    found = {}
    if isinstance(number, Number) and number.canonical in sight.context.numbers:
        found[Scope.NUMBER] = number.canonical
    groups = {DEFAULT_GROUP, *sight.context.groups, *(owned.group for owned in sight.context.numbers.values())}
    platform = text if text in groups else called(text, sight.context.platforms)
    if platform is not None and platform in sight.context.platforms:
        found[Scope.PLATFORM] = platform
    if text in groups:
        found[Scope.GROUP] = text
    if scope is not None:
        found = {kind: name for kind, name in found.items() if kind is scope}
    if not found:
        what = "watched number, platform or group" if scope is None else str(scope)
        names = {Scope.NUMBER: (), Scope.PLATFORM: tuple(sight.context.platforms), Scope.GROUP: tuple(groups)}
        known = [name for kind, of_kind in names.items() if scope in (None, kind) for name in of_kind]
        if isinstance(number, Number) and scope in (None, Scope.NUMBER):
            meant = near_number(number.canonical, sight.context.numbers)
        else:
            meant = near(text, known)
        asked = did_you_mean(meant)
        raise CallError(
            errors.InvalidArgument(
                "targets",
                f"there is no {what} {text!r}: {asked}`numtrustctl numbers` and `numtrustctl platforms` list them",
            )
        )
    if len(found) > 1:
        kinds = " and a ".join(found)
        raise CallError(errors.InvalidArgument("targets", f"{text!r} is a {kinds}: say with scope which is meant"))
    [(kind, name)] = found.items()
    return Target(kind, name)


async def acknowledge(sight: Sight, desk: Silences, params: api.Ack, by: str) -> api.AckTaken:
    """Raises `CallError` for a case that is not there, or closed."""
    case = arguments.case(sight, params.case)
    if not case.open:
        raise CallError(errors.Refused(f"{case.id} is closed: there is nothing left to be seen to"))
    ack = await desk.acknowledge(case, by, params.reason or "")
    return api.AckTaken(now=when(ack.at), case=case.id, state=ack.state, since=when(ack.entered_at), by=by)
