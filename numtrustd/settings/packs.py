"""Platform packs: the shipped ones, and the operator's that extend or override them by id.

A pack is one TOML file about one platform. Layers are read in order; a file of a later layer that names a
platform known already is put over the earlier one key by key, its `[[source]]` tables by their `id`.
`overrides` then applies the settings to what comes out of here, `checks` looks at the whole.
"""

import importlib.resources
import pathlib
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs

from numtrustd.channels.spec import Call, Channel, HttpChannel, ManualChannel
from numtrustd.domain.leaving import PLACE
from numtrustd.domain.platform import WAYS, AppealFacts, Platform
from numtrustd.probes.batch import CollectCall, SubmitCall
from numtrustd.probes.command import CommandSpec
from numtrustd.probes.spec import Source
from numtrustd.settings import document
from numtrustd.settings.collect import Spelling, collect
from numtrustd.settings.document import Document, Where
from numtrustd.settings.problem import SPREAD_TWICE, Path, Report, dotted
from numtrustd.wire.exchange import Limits
from numtrustd.wire.spec import Condition

RESERVED = frozenset({PLACE})
"""What no platform may be called."""

_ID = re.compile(r"(?=_*[A-Za-z0-9])[A-Za-z0-9_]{1,40}")

SPELLING = Spelling(
    names={
        Platform: {"cls": "class", "quotas": "quota"},
        AppealFacts: {"attempts": "attempt"},
        Source: {"readings": "reading", "guards": "guard", "rules": "rule"},
        Call: {"rules": "rule"},
        SubmitCall: {"rules": "rule"},
        CollectCall: {"rules": "rule"},
    },
    hidden={Platform: frozenset({"appeal", "ways"})},
    units={
        (Platform, "importance"): "number",
        (Condition, "at_least"): "number",
        (Limits, "max_bytes"): "bytes",
        (Limits, "max_header_bytes"): "bytes",
        (CommandSpec, "max_bytes"): "bytes",
    },
)
"""Where a pack's TOML differs from the structs: singular names for arrays of tables, `class`, and units."""


class _PackTables(Struct, frozen=True):
    """The top of a pack file. `appeal` is three structs in one table and is read apart, as are the tables of `WAYS`."""

    platform: Platform
    vars: dict[str, str] = {}
    appeal: object = None
    correction: object = None
    tag: object = None
    certification: object = None
    removal: object = None
    source: tuple[Source, ...] = ()


class Pack(Struct, frozen=True):
    """One platform's pack. `doc` says where everything in it stands; `sources` keep their file order. `channel` is that
    of appeals, `manuals` are those of the other kinds of request that the pack tells the way of.
    """

    doc: Document
    platform: Platform
    vars: dict[str, str]
    sources: tuple[Source, ...]
    channel: Channel | None
    manuals: dict[str, ManualChannel] = {}

    def where(self, *path: str | int) -> Where:
        """File and line of a path of this pack."""
        return self.doc.where(path)


class Packs(Struct, frozen=True):
    """All packs by platform id. `whole` is false when a file could not even be read, so that a name that no
    pack has may be that file's.
    """

    by_id: dict[str, Pack]
    files: tuple[pathlib.Path, ...]
    whole: bool


def shipped_dir() -> pathlib.Path:
    """The packs that came with the program: inside the installed package, or beside it in a source tree."""
    package = pathlib.Path(str(importlib.resources.files("numtrustd")))
    installed = package / "_config" / "platforms"
    return installed if installed.is_dir() else package.parent / "config" / "platforms"


def read_packs(layers: Sequence[Sequence[pathlib.Path]], defaults: dict[str, Any], report: Report) -> Packs:
    """Read every pack file. `defaults` are the settings' `cadence` and `limits`, where packs say none."""
    merged: dict[str, Document] = {}
    files: list[pathlib.Path] = []
    whole = True
    for layer in layers:
        here: dict[str, Document] = {}
        for file in layer:
            files.append(file)
            found = document.read(file, report)
            name = None if found is None else _platform_id(found, report)
            if found is None or name is None:
                whole = False
            else:
                if (first := here.get(name)) is not None:
                    what = f'a second pack of "{name}", the first is {first.file}'
                    report.add(found.where(("platform", "id")), "platform.id", what, "keep one of the two files")
                else:
                    here[name] = found
        for name, found in here.items():
            if name in merged:
                _put_over(merged[name], found)
            else:
                merged[name] = found
    return Packs({name: _pack(doc, defaults, report) for name, doc in merged.items()}, tuple(files), whole)


def _platform_id(doc: Document, report: Report) -> str | None:
    platform = doc.data.get("platform")
    name = platform.get("id") if isinstance(platform, dict) else None
    if not isinstance(name, str) or not _ID.fullmatch(name):
        report.add(
            doc.where(("platform", "id")), "platform.id", "missing or no identifier",
            'give the platform a name of at most 40 letters, digits and _: [platform] id = "so360"',
        )  # fmt: skip
        return None
    if name in RESERVED:
        what = f'"{name}" stands in the ids of cases of whole numbers'
        report.add(doc.where(("platform", "id")), "platform.id", what, "give the platform another name")
        return None
    return name


def _put_over(base: Document, later: Document) -> None:
    """A channel is replaced whole by one of the other kind; everything else is merged."""
    old, new = base.data.get("appeal"), later.data.get("appeal")
    if isinstance(old, dict) and isinstance(new, dict):
        for mine, other in (("http", "manual"), ("manual", "http")):
            if mine in new and other in old:
                del old[other]
                old.pop("channel", None)
    base.merge(later, grow={"source": "id"})


def _pack(doc: Document, defaults: dict[str, Any], report: Report) -> Pack:
    raw = dict(doc.data)
    if isinstance(raw.get("source"), list):
        raw["source"] = [_with_defaults(source, defaults) for source in raw["source"]]
    tables = collect(_PackTables, raw, (), doc, report, SPELLING)
    facts, channel = _way("appeal", raw.get("appeal"), defaults, doc, report)
    ways: dict[str, AppealFacts] = {}
    manuals: dict[str, ManualChannel] = {}
    for kind in WAYS:
        own, by = _way(kind, raw.get(kind), defaults, doc, report)
        if own is not None:
            ways[kind] = own
        if isinstance(by, HttpChannel):
            report.add(doc.where((kind, "http")), f"{kind}.http", "is none of a program's", f"write [{kind}.manual]")
        elif by is not None:
            manuals[kind] = by
    platform = structs.replace(tables.platform, appeal=facts, ways=ways)
    return Pack(doc, platform, tables.vars, tables.source, channel, manuals)


def _with_defaults(raw: object, defaults: dict[str, Any]) -> object:
    """A table with the defaults that it does not give itself."""
    if not isinstance(raw, dict) or not isinstance(raw.get("limits", {}), dict):
        return raw
    return {**defaults, **raw, "limits": {**defaults["limits"], **raw.get("limits", {})}}


def _way(
    kind: str, raw: object, defaults: dict[str, Any], doc: Document, report: Report
) -> tuple[AppealFacts | None, Channel | None]:
    """The table of one kind of request, such as `[appeal]`: facts, and at most one of `[appeal.http]` and
    `[appeal.manual]`. What only expires by itself has neither."""
    at: Path = (kind,)
    if raw is None:
        return None, None
    if not isinstance(raw, dict):
        report.add(doc.where(at), kind, "is not a table", f"write it as [{kind}]")
        return None, None
    facts_raw = {key: value for key, value in raw.items() if key not in ("http", "manual")}
    given = [name for name in ("http", "manual") if name in raw]
    if len(given) == 2:
        report.add(doc.where((*at, "manual")), f"{kind}.manual", f"a second channel beside {kind}.http", "keep one")
    without = "expires" if kind == "removal" and "expires" in raw else "none"
    facts_raw.setdefault("channel", given[0] if given else without)
    channel: Channel | None = None
    if "http" in raw:
        http_raw = _with_defaults(raw["http"], {"limits": defaults["limits"]})
        channel = collect(HttpChannel, http_raw, (*at, "http"), doc, report, SPELLING)
    elif "manual" in raw:
        channel = collect(ManualChannel, raw["manual"], (*at, "manual"), doc, report, SPELLING)
    if "propagation" in raw and "propagation_days" in raw:
        path = (*at, "propagation_days")
        report.add(doc.where(path), dotted(path), *SPREAD_TWICE)
    facts = collect(AppealFacts, facts_raw, at, doc, report, SPELLING)
    expected = given[0] if given else without
    if facts.channel != expected and len(given) < 2 and not report.spoilt(doc, *at, "channel"):
        path = (*at, "channel")
        what = f'is "{facts.channel}"' + (f", but there is [{kind}.{expected}]" if given else "")
        known = facts.channel in ("http", "manual")
        remedy = f"add [{kind}.{facts.channel}]" if known and not given else 'one of "http", "manual", "none"'
        report.add(doc.where(path), dotted(path), what, remedy)
    return facts, channel
