"""What is wrong inside a pack's requests and rules: templates, regular expressions, selectors, paths,
views.

The checks are pure and live where the thing is used (`probes.extract`, `channels.answer`, and `wire`
under both); their findings read `key: what; remedy`, and this says at which file and line each of them
stands.
"""

from collections.abc import Iterable

from numtrustd.channels import answer
from numtrustd.channels.spec import HttpChannel
from numtrustd.probes import extract
from numtrustd.settings.checks import calls
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted, suggest
from numtrustd.wire import template
from numtrustd.wire.spec import RequestSpec


def check_rules(packs: Packs, report: Report) -> None:
    """Every pack's templates and rules, switched on or not."""
    for pack in packs.by_id.values():
        for i, source in enumerate(pack.sources):
            at: Path = ("source", i)
            _report(pack, at, extract.lint(source), report)
            _variables(pack, (*at, "request"), source.request, report)
        if isinstance(pack.channel, HttpChannel):
            at = ("appeal", "http")
            _report(pack, at, answer.lint_channel(pack.channel), report)
            for name, call in calls(pack.channel):
                _variables(pack, (*at, name, "request"), call.request, report)


def _report(pack: Pack, at: Path, lines: Iterable[str], report: Report) -> None:
    for line in lines:
        key, _, said = line.partition(": ")
        what, _, remedy = said.partition("; ")
        report.add(pack.where(*locate(pack.doc.data, at, key)), f"{dotted(at)}.{key}", what, remedy or "correct it")


def _variables(pack: Pack, at: Path, request: RequestSpec, report: Report) -> None:
    for name in sorted(template.placeholders(request)):
        kind, _, key = name.partition(":")
        if kind == "var" and key not in pack.vars:
            what = f"uses {{var:{key}}}, which [vars] does not name"
            report.add(pack.where(*at), dotted(at), what, suggest(key, sorted(pack.vars)))


def locate(data: object, at: Path, key: str) -> Path:
    """The path of `rule.NAME.when[0].css` below `at`, as far as there is one: rules go by their names."""
    node = data
    for part in at:
        node = _child(node, part)
    path = at
    rest = key
    while rest:
        rest = rest.removeprefix(".")
        index = rest[1 : rest.find("]")] if rest.startswith("[") else ""
        found: tuple[str, str | int] | None
        if index.isdigit():
            found = (f"[{index}]", int(index))
        else:
            found = max((pair for pair in _names(node) if rest.startswith(pair[0])), key=_length, default=None)
        if found is None or (node := _child(node, found[1])) is None:
            break
        path, rest = (*path, found[1]), rest[len(found[0]) :]
    return path


def _length(pair: tuple[str, str | int]) -> int:
    return len(pair[0])


def _names(node: object) -> list[tuple[str, str | int]]:
    """What a table's keys, or a list's named tables, are called, and how to get to them."""
    if isinstance(node, dict):
        return [(key, key) for key in node]
    if isinstance(node, list):
        names = [(row.get("name"), i) for i, row in enumerate(node) if isinstance(row, dict)]
        return [(name, i) for name, i in names if isinstance(name, str) and name]
    return []


def _child(node: object, part: str | int) -> object:
    if isinstance(node, dict) and isinstance(part, str):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return None
