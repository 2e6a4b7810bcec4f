"""What is wrong inside a pack's requests and rules: templates, regular expressions, selectors, paths,
views.

The checks are pure and live where the thing is used (`probes.extract`, `channels.answer`, and `wire`
under both); their findings read `key: what; remedy`, and this says at which file and line each of them
stands.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from numtrustd.channels import answer
from numtrustd.channels.spec import FIELD_NAMES, HttpChannel, ManualChannel
from numtrustd.probes import lint as source_lint
from numtrustd.probes.spec import Source
from numtrustd.settings import pages
from numtrustd.settings.checks import calls
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted, suggest
from numtrustd.wire import template
from numtrustd.wire.spec import RequestSpec, View

_BRACES = re.compile(r"\{([^{}]*)\}")
_ABOUT = re.compile(
    r"unknown placeholder (?P<name>\{.+\})|header (?:name )?'?(?P<header>[^ ']+)|(?P<key>url|json|form)\b"
)
"""What in a request a problem of its template is about, where it does not begin with a key."""
_MADE = re.compile(r"unknown placeholder \{(sign|sealed)\}")
"""A placeholder that another part of the request makes."""


def check_rules(packs: Packs, report: Report) -> None:
    """Every pack's templates and rules, switched on or not."""
    for pack in packs.by_id.values():
        for i, source in enumerate(pack.sources):
            at: Path = ("source", i)
            calls_unclear = {
                name: _unclear(pack, (*at, "batch", name), views, report) for name, views in _batch_views(source)
            }
            _report(pack, at, source_lint.lint(source, _unclear(pack, at, source.views, report), calls_unclear), report)
            _report(pack, at, pages.lint(source), report)
            for path, request in source.requests:
                _variables(pack, (*at, *path), request, report)
        at = ("appeal", "http")
        if isinstance(pack.channel, HttpChannel):
            unclear = {name: _unclear(pack, (*at, name), call.views, report) for name, call in calls(pack.channel)}
            _report(pack, at, answer.lint_channel(pack.channel, unclear), report)
            for name, call in calls(pack.channel):
                _variables(pack, (*at, name, "request"), call.request, report)
        elif isinstance(pack.channel, ManualChannel):
            _fields(pack, "appeal", pack.channel, report)
        for kind, manual in pack.manuals.items():
            _fields(pack, kind, manual, report)


def _report(pack: Pack, at: Path, lines: Iterable[str], report: Report) -> None:
    for line in lines:
        key, _, said = line.partition(": ")
        what, _, remedy = said.partition("; ")
        found = locate(pack.doc.data, at, key)
        name = f"{dotted(at)}.{key}"
        if found[-1:] == ("request",) and (inside := _inside(node(pack.doc.data, found), what)):
            found = (*found, *inside)
            name = dotted(found)
        if not _follows(pack, at, found, what, report):
            report.add(pack.where(*found), name, what, remedy or "correct it")


def _batch_views(source: Source) -> Iterator[tuple[str, Mapping[str, View]]]:
    """(the call of a batch, its views)."""
    if (batch := source.batch) is not None:
        yield "submit", batch.submit.views
        yield "collect", batch.collect.views
        if batch.look_up is not None:
            yield "look_up", batch.look_up.views


def _follows(pack: Pack, at: Path, found: Path, what: str, report: Report) -> bool:
    """Whether a finding only follows from a value at or beside its place that could not be read."""
    if report.spoilt(pack.doc, *at, "request") and (
        found[-1] == "callback" or _MADE.search(what) or what == source_lint.NOBODY
    ):
        return True
    made = found[: found.index("request") + 1] if "request" in found and _MADE.search(what) else ()
    if made and report.spoilt(pack.doc, *made):
        return True  # of a request in a batch: what should make it could not be read
    if report.spoilt(pack.doc, *at, "batch") and found[len(at) :] in ((), ("request",)):
        return True  # that there is no way to ask at all
    beside = found[:-1] if len(found) > len(at) + 1 else found
    return len(found) > len(at) and (report.spoilt(pack.doc, *found) or report.spoilt(pack.doc, *beside))


def _inside(request: object, what: str) -> Path:
    """The part of a request that a problem of its template is about; the whole request if that cannot be told."""
    about = _ABOUT.match(what)
    if not isinstance(request, dict) or about is None:
        return ("url",) if any(word in what for word in ("host", "scheme", "plain http")) else ()
    if name := about["name"]:
        return next((path for path, text in _texts(request) if name in text), ())
    if header := about["header"]:
        headers = request.get("headers")
        return ("headers", header) if isinstance(headers, dict) and header in headers else ()
    return next((path for path, _ in _texts(request) if dotted(path) == what.partition(" ")[0]), (about["key"],))


def _texts(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in a tree of plain values, and where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _texts(child, (*path, key))
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from _texts(child, (*path, i))


def _unclear(pack: Pack, at: Path, views: Mapping[str, View], report: Report) -> frozenset[str]:
    """The views of which nothing is known, because what stands there, or in one that they are made of, could not be
    read. If the table of views itself could not, all that anything names."""
    raw = node(pack.doc.data, at)
    readings = raw.get("reading") if isinstance(raw, dict) else None
    rows = range(len(readings)) if isinstance(readings, list) else ()
    spoilt = any(report.spoilt(pack.doc, *at, "reading", i, key) for i in rows for key in ("view", "at"))
    item = {"item"} if spoilt else set()
    if not report.spoilt(pack.doc, *at, "views"):
        return frozenset(item)
    if not isinstance(raw, dict) or not isinstance(raw.get("views"), dict):
        return frozenset(text for path, text in _texts(raw) if path[-1:] in (("view",), ("of",)))
    unclear = item | {name for name in raw["views"] if report.spoilt(pack.doc, *at, "views", name)}
    while more := {name for name, view in views.items() if view.of in unclear} - unclear:
        unclear |= more
    return frozenset(unclear)


def _fields(pack: Pack, kind: str, channel: ManualChannel, report: Report) -> None:
    """A form's fields have known placeholders only; the texts beside them have none, since nobody fills them in."""
    at: Path = (kind, "manual")
    known = f"there are {', '.join(sorted(FIELD_NAMES))}"
    for label, text in channel.fields.items():
        path: Path = (*at, "fields", label)
        for name in _BRACES.findall(text):
            if name not in FIELD_NAMES:
                report.add(pack.where(*path), dotted(path), f"unknown placeholder {{{name}}}", known)
    beside: list[tuple[Path, str]] = [((*at, "steps", i), step) for i, step in enumerate(channel.steps)]
    for path, step in beside:
        if not step.strip():
            report.add(pack.where(*path), dotted(path), "says nothing", "write what the person does")
    for path, text in [*beside, ((*at, "bring_back"), channel.bring_back), ((*at, "address"), channel.address)]:
        for name in _BRACES.findall(text):
            if name in FIELD_NAMES:
                what = f"{{{name}}} is not filled in here"
                report.add(pack.where(*path), dotted(path), what, "put it into one of the fields")


def _variables(pack: Pack, at: Path, request: RequestSpec, report: Report) -> None:
    if report.spoilt(pack.doc, "vars") or report.spoilt(pack.doc, *at):
        return
    for name in sorted(template.placeholders(request)):
        kind, _, key = name.partition(":")
        if kind == "var" and key not in pack.vars:
            raw = node(pack.doc.data, at)
            path = (*at, *next((path for path, text in _texts(raw) if f"{{{name}}}" in text), ()))
            what = f"uses {{var:{key}}}, which [vars] does not name"
            report.add(pack.where(*path), dotted(path), what, suggest(key, sorted(pack.vars)))


def locate(data: object, at: Path, key: str) -> Path:
    """The path of `rule.NAME.when[0].css` below `at`, as far as there is one: rules go by their names."""
    here = node(data, at)
    path = at
    rest = key
    while rest:
        rest = rest.removeprefix(".")
        index = rest[1 : rest.find("]")] if rest.startswith("[") else ""
        found: tuple[str, str | int] | None
        if index.isdigit():
            found = (f"[{index}]", int(index))
        else:
            found = max((pair for pair in _names(here) if rest.startswith(pair[0])), key=_length, default=None)
        if found is None or (here := _child(here, found[1])) is None:
            break
        path, rest = (*path, found[1]), rest[len(found[0]) :]
    return path


def node(data: object, path: Path) -> object:
    """What stands at a path of plain values, `None` if nothing does."""
    for part in path:
        data = _child(data, part)
    return data


def _length(pair: tuple[str, str | int]) -> int:
    return len(pair[0])


def _names(here: object) -> list[tuple[str, str | int]]:
    """What a table's keys, or a list's named tables, are called, and how to get to them."""
    if isinstance(here, dict):
        return [(key, key) for key in here]
    if isinstance(here, list):
        names = [(row.get("name"), i) for i, row in enumerate(here) if isinstance(row, dict)]
        return [(name, i) for name, i in names if isinstance(name, str) and name]
    return []


def _child(here: object, part: str | int) -> object:
    if isinstance(here, dict) and isinstance(part, str):
        return here.get(part)
    if isinstance(here, list) and isinstance(part, int) and part < len(here):
        return here[part]
    return None
