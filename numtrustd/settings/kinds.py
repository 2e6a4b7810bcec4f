"""Which way a source looks, and the ways that are no requests: a program's line, its environment, whom it runs as.

`lint` and `checks` look at requests; what is wrong with the other ways to look is found here.
"""

import os
import pwd
from collections.abc import Mapping

from numtrustd.probes import command
from numtrustd.probes.command import CommandSpec
from numtrustd.probes.spec import Source
from numtrustd.settings.collect import Located
from numtrustd.settings.lint import node
from numtrustd.settings.overrides import Applied
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted, suggest
from numtrustd.settings.schema import Settings, SourceTable

WAYS = ("request", "batch", "command", "report")
"""The tables of a source that say how it looks; each source has one of them."""

_HELP = (
    "give [source.request] for an HTTP request, [source.batch] for many at once, [source.command] for a program, "
    "[source.report] for what is told"
)


def check_pack_kinds(packs: Packs, report: Report) -> None:
    """Every source of every pack, switched on or not."""
    for pack in packs.by_id.values():
        for i, source in enumerate(pack.sources):
            _check_ways(pack, i, report)
            if (spec := source.command) is not None and not report.spoilt(pack.doc, "source", i, "command"):
                _check_command(pack, ("source", i, "command"), spec, report)


def check_kinds(applied: Applied, settings: Settings, place: Located, report: Report) -> None:
    """What the settings say of the sources that are no requests."""
    for name, table in settings.source.items():
        if (known := applied.sources.get(name)) is not None and known.kind in ("command", "report"):
            _without_effect(known, table, place, report)


def _check_ways(pack: Pack, i: int, report: Report) -> None:
    raw = node(pack.doc.data, ("source", i))
    given = [way for way in raw if way in WAYS] if isinstance(raw, dict) else ["request"]
    if not given:
        at: Path = ("source", i, "request")
        report.add(pack.where(*at), dotted(at), "missing", _HELP)
    for way in given[1:]:
        at = ("source", i, way)
        what = f"a second way to look beside source.{given[0]}"
        report.add(pack.where(*at), dotted(at), what, "keep one, or make two sources of it")


def _check_command(pack: Pack, at: Path, spec: CommandSpec, report: Report) -> None:
    for path, what, remedy in command.lint(spec):
        if not report.spoilt(pack.doc, *at, *path):
            report.add(pack.where(*at, *path), dotted((*at, *path)), what, remedy)
    if report.spoilt(pack.doc, "vars"):
        return
    for name in sorted(command.placeholders(spec)):
        kind, _, key = name.partition(":")
        if kind == "var" and key not in pack.vars:
            path = (*at, *_place_of(spec, name))
            what = f"uses {{var:{key}}}, which [vars] does not name"
            report.add(pack.where(*path), dotted(path), what, suggest(key, sorted(pack.vars)))


def _place_of(spec: CommandSpec, name: str) -> Path:
    text = f"{{{name}}}"
    for i, argument in enumerate(spec.argv):
        if text in argument:
            return "argv", i
    return "env", next(key for key, value in spec.env.items() if text in value)


_OF_REQUESTS = ("base_url", "via", "limits")
_OF_LOOKS = ("interval", "concurrency", "cadence", "when", "controls", "budget")


def _without_effect(source: Source, table: SourceTable, place: Located, report: Report) -> None:
    """Keys that mean nothing to this source: a program has no address, and what is told is not asked for."""
    default = SourceTable()
    for key in (*_OF_REQUESTS, *(_OF_LOOKS if source.kind == "report" else ())):
        if getattr(table, key) != getattr(default, key):
            at: Path = ("source", source.id, key)
            why = "is no HTTP request" if key in _OF_REQUESTS else "is told, and looks at nothing by itself"
            report.add(place.where(at), dotted(at), f"has no effect: {source.id} {why}", "leave it out")


def check_commands(
    packs: Packs, applied: Applied, settings: Settings, place: Located, report: Report
) -> set[tuple[str, str]]:
    """The programs in use are there, and all that they are to be told is known. Returns the secrets: (name, user)."""
    secrets: set[tuple[str, str]] = set()
    for platform, pack in packs.by_id.items():
        for i, raw in enumerate(pack.sources):
            source = applied.sources.get(raw.id)
            if source is None or source.command is None or not source.enabled or applied.home[raw.id] != platform:
                continue
            at: Path = ("source", i, "command")
            values = applied.vars[platform]
            for name in sorted(command.placeholders(source.command)):
                kind, _, key = name.partition(":")
                if kind == "secret":
                    secrets.add((key, source.id))
                elif not values.get(key, "undefined"):
                    own: Path = ("platform", platform, "vars", key)
                    remedy = f'[{dotted(own[:-1])}] {key} = "…"'
                    report.add(place.where(own[:-1]), dotted(own), f"{source.id} needs it", remedy)
            if not report.spoilt(pack.doc, *at):
                _check_machine(pack, at, source.command, values, report)
    return secrets


def _check_machine(pack: Pack, at: Path, spec: CommandSpec, values: Mapping[str, str], report: Report) -> None:
    """The program and its user are on this machine. One that cannot be run later is `unknown`, look by look."""
    filled = {f"var:{name}": value for name, value in values.items()}
    path: Path = (*at, "argv", 0)
    try:
        file = command.fill(spec.argv[0], filled) if spec.argv else ""
    except KeyError:
        return  # said already
    if file.startswith("/"):
        if not os.path.isfile(file):
            what, remedy = f"there is no program {file}", "put it there, or switch the source off"
            report.add(pack.where(*path), dotted(path), what, remedy)
        elif not os.access(file, os.X_OK):
            what, remedy = f"{file} cannot be executed", f"chmod +x {file}"
            if os.statvfs(file).f_flag & os.ST_NOEXEC:  # what the unit does to all that is not in /usr
                what += ": nothing can be where it lies (mounted noexec)"
                remedy = f"systemctl edit numtrustd: [Service] ExecPaths={os.path.dirname(file)}"
            report.add(pack.where(*path), dotted(path), what, remedy)
    path = (*at, "user")
    root = os.geteuid() == 0
    if not spec.user:
        if root:
            what = "is not given: a daemon that is root does not run the program"
            report.warn(pack.where(*at), dotted(path), what, "name the user that it is to run as, or run as a user")
        return
    try:
        user = pwd.getpwnam(spec.user)
    except (KeyError, ValueError):
        report.add(pack.where(*path), dotted(path), f'no user is called "{spec.user}"', "name one of this machine")
        return
    if user.pw_uid == 0:
        report.add(pack.where(*path), dotted(path), "is root", "name a user who may do no more than the program needs")
    elif not root and user.pw_uid != os.geteuid():
        what = f"can only be {spec.user} when the daemon is root"
        report.warn(pack.where(*path), dotted(path), what, "leave it out: it then runs as the daemon does")
