"""What the operator's settings change about the packs: which platforms and sources are used, and how.

`packs` read them, `checks` looks at the outcome.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeVar

from msgspec import Struct, structs

from numtrustd.channels.spec import Call, Channel, HttpChannel, ManualChannel
from numtrustd.domain.platform import WAYS, AppealFacts, Platform
from numtrustd.probes.batch import BatchSpec
from numtrustd.probes.spec import Source
from numtrustd.settings import hand_looks
from numtrustd.settings.collect import Located
from numtrustd.settings.controls import canonical
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted, one_of, suggest
from numtrustd.settings.schema import (
    LimitsTable,
    PlatformAppealTable,
    PlatformRemovalTable,
    PlatformWayTable,
    Settings,
    SourceTable,
)
from numtrustd.wire.exchange import Limits
from numtrustd.wire.spec import RequestSpec

S = TypeVar("S", bound=Struct)

_ORIGIN = re.compile(r"^[^/?#]*://[^/?#]*")


class Applied(Struct, frozen=True):
    """The packs as the operator wants them. `sources` has the switched-off ones too (`enabled` tells)."""

    platforms: dict[str, Platform]
    sources: dict[str, Source]
    channels: dict[str, Channel]
    vars: dict[str, dict[str, str]]
    home: dict[str, str]
    """Source id → id of the platform whose pack has it, whose vars are the source's."""
    changed_vars: dict[str, frozenset[str]]
    """Platform id → the variables that the settings give."""
    manuals: dict[tuple[str, str], ManualChannel] = {}
    """(platform, kind of request) → what a person needs to make it, where a pack tells more than of its appeals."""


def apply(packs: Packs, settings: Settings, place: Located, report: Report) -> Applied:
    """Put the settings over the packs. Names that no pack has are reported where the settings say them."""
    told = {name: tuple(hand_looks.sources(pack)) for name, pack in packs.by_id.items()}
    home = {source.id: name for name, pack in packs.by_id.items() for source in (*pack.sources, *told[name])}
    _unknown_names(packs, settings, home, place, report)
    off = {name for name, table in settings.platform.items() if not table.enabled}
    applied = Applied({}, {}, {}, {}, home, {}, {})
    for name, pack in packs.by_id.items():
        table = settings.platform.get(name)
        applied.vars[name] = _vars(pack, settings, place, report)
        applied.changed_vars[name] = frozenset(table.vars if table else ())
        if name in off:
            continue
        applied.platforms[name] = _platform(pack, settings)
        if (channel := pack.channel) is not None:
            applied.channels[name] = _channel(channel, table.appeal if table else None)
        applied.manuals.update({(name, kind): manual for kind, manual in pack.manuals.items()})
        if table is not None and not isinstance(channel, HttpChannel):
            _without_effect(name, table.appeal, place, report)
        for source in (*pack.sources, *told[name]):
            applied.sources[source.id] = _source(source, settings, off, place, report)
    return applied


def _vars(pack: Pack, settings: Settings, place: Located, report: Report) -> dict[str, str]:
    name = pack.platform.id
    table = settings.platform.get(name)
    own = table.vars if table else {}
    for key in own.keys() - pack.vars.keys():
        path: Path = ("platform", name, "vars", key)
        report.add(place.where(path), dotted(path), f"{name} has no such variable", suggest(key, list(pack.vars)))
    return {**pack.vars, **own}


def _platform(pack: Pack, settings: Settings) -> Platform:
    platform = pack.platform
    table = settings.platform.get(platform.id)
    if table is None:
        return platform
    appeal = platform.appeal
    if appeal is not None:
        appeal = _timed(appeal, table.appeal)
    changed = _given(platform, importance=table.importance, shown_from=table.shown_from)
    if table.shown_from is not None:
        changed = structs.replace(changed, shown_from_grade="A")  # the operator knows
    ways = dict(platform.ways)
    for kind in WAYS:
        own = getattr(table, kind)
        if any(value is not None for value in structs.astuple(own)) and (way := platform.way(kind)) is not None:
            ways[kind] = _timed(way, own)
            if isinstance(own, PlatformRemovalTable):
                ways[kind] = _given(ways[kind], expires=own.expires)
    return structs.replace(changed, appeal=appeal, ways=ways)


def _timed(facts: AppealFacts, own: PlatformAppealTable | PlatformWayTable) -> AppealFacts:
    """The facts with the times that the settings give. Of the two ways to say how long it takes until it is shown, that
    of the settings stands, whichever the pack has."""
    if own.propagation is not None:
        facts = structs.replace(facts, propagation_days=None)
    times = {"review_days", "cooldown", "propagation", "propagation_days"}
    return _given(facts, **{name: getattr(own, name) for name in times})


def _given(struct: S, **values: Any) -> S:
    """The struct with the values that are not `None`."""
    return structs.replace(struct, **{key: value for key, value in values.items() if value is not None})


def _limits(limits: Limits, table: LimitsTable) -> Limits:
    return _given(limits, **structs.asdict(table))


def _request(request: RequestSpec, base_url: str) -> RequestSpec:
    """`base_url` takes the place of scheme, host and port and stands in front of the path."""
    if not base_url:
        return request
    return structs.replace(request, url=base_url.rstrip("/") + _ORIGIN.sub("", request.url))


def _call(call: Call | None, base_url: str) -> Call | None:
    return None if call is None else structs.replace(call, request=_request(call.request, base_url))


def _batch(batch: BatchSpec | None, base_url: str) -> BatchSpec | None:
    if batch is None:
        return None
    look_up = batch.look_up
    return structs.replace(
        batch,
        submit=structs.replace(batch.submit, request=_request(batch.submit.request, base_url)),
        collect=structs.replace(batch.collect, request=_request(batch.collect.request, base_url)),
        look_up=None if look_up is None else structs.replace(look_up, request=_request(look_up.request, base_url)),
    )


def _channel(channel: Channel, table: PlatformAppealTable | None) -> Channel:
    if table is None or not isinstance(channel, HttpChannel):
        return channel
    changed = structs.replace(
        channel,
        submit=structs.replace(channel.submit, request=_request(channel.submit.request, table.base_url)),
        query=_call(channel.query, table.base_url),
        look_up=_call(channel.look_up, table.base_url),
        limits=_limits(channel.limits, table.limits),
    )
    return _given(changed, interval=table.interval, settle=table.settle)


def _without_effect(name: str, table: PlatformAppealTable, place: Located, report: Report) -> None:
    """What the settings say of an appeal API that the platform's pack does not have."""
    for key in ("base_url", "interval", "settle", "via", "limits"):
        if getattr(table, key) != getattr(PlatformAppealTable(), key):
            path: Path = ("platform", name, "appeal", key)
            what = f"has no effect: no program appeals to {name}"
            report.warn(place.where(path), dotted(path), what, "remove it, or give the pack an [appeal.http]")


def _source(source: Source, settings: Settings, off: set[str], place: Located, report: Report) -> Source:
    table = settings.source.get(source.id, SourceTable())
    enabled = source.enabled
    if source.id in settings.platforms.enable:
        enabled = True
    if source.id in settings.platforms.disable:
        enabled = False
    if table.enabled is not None:
        enabled = table.enabled
    readings = tuple(reading for reading in source.readings if reading.platform not in off)
    changed = structs.replace(
        source,
        enabled=enabled and bool(readings),
        readings=readings,
        request=None if source.request is None else _request(source.request, table.base_url),
        batch=_batch(source.batch, table.base_url),
        limits=_limits(source.limits, table.limits),
        controls=canonical(table.controls, source, place, report),
        budget=_given(source.budget, **structs.asdict(table.budget)),
    )
    return _given(
        changed,
        interval=table.interval,
        concurrency=table.concurrency,
        cadence=table.cadence,
        hours=table.hours,
        when=table.when,
    )


def _unknown_names(packs: Packs, settings: Settings, home: dict[str, str], place: Located, report: Report) -> None:
    def unknown(path: Path, name: str, what: str, known: Iterable[str]) -> None:
        if packs.whole:
            remedy = suggest(name, [*known]) if packs.by_id else "there are no packs at all; see [platforms]"
            report.add(place.where(path), dotted(path), f'no pack has the {what} "{name}"', remedy)

    for name in settings.platform.keys() - packs.by_id:
        unknown(("platform", name), name, "platform", packs.by_id)
    for name in settings.source.keys() - home.keys():
        unknown(("source", name), name, "source", home)
    for key, names in (("enable", settings.platforms.enable), ("disable", settings.platforms.disable)):
        for i, name in enumerate(names):
            path: Path = ("platforms", key, i)
            if name in packs.by_id and (own := [source for source in home if source.startswith(f"{name}.")]):
                what = f'"{name}" is a platform and no source'
                report.add(place.where(path), dotted(path), what, f"name its source: {one_of(own)}")
            elif name not in home:
                unknown(path, name, "source", home)
            elif key == "disable" and name in settings.platforms.enable:
                what = f'"{name}" stands in platforms.enable too'
                report.add(place.where(path), dotted(path), what, "keep it in one of the two")
