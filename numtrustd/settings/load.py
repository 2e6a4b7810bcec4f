"""From the path of a settings file to everything the daemon is configured with, or to everything that is
wrong with it.

The one entry of this package. It starts nothing and changes nothing, so `check`, start and reload all
use it; the caller turns problems into exit status 78 or a refused reload.
"""

import os
import pathlib
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from numtrustd.channels.spec import Channel, ManualChannel
from numtrustd.clock import Clock
from numtrustd.domain.evidence import Document as Paper
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import DEFAULT_GROUP, Owned
from numtrustd.domain.platform import Platform
from numtrustd.probes.spec import Source
from numtrustd.settings import (
    base_urls,
    bounds,
    checks,
    controls,
    document,
    facts,
    forms,
    kinds,
    leaving,
    lint,
    numbers_csv,
    papers,
    provenance,
    times,
    ways,
)
from numtrustd.settings.collect import Spelling, collect
from numtrustd.settings.document import Document, Where, beside
from numtrustd.settings.identities import Identities
from numtrustd.settings.letters import AT as LETTERS_AT
from numtrustd.settings.letters import read_letters
from numtrustd.settings.numbers_csv import Roll
from numtrustd.settings.overrides import Applied, apply
from numtrustd.settings.packs import Packs, read_packs, shipped_dir
from numtrustd.settings.problem import Path, Problem, Report, dotted
from numtrustd.settings.schema import UNITS, ControlTable, CredentialsTable, GroupTable, NumberTable, Settings
from numtrustd.settings.secret_files import Secrets, read_secrets
from numtrustd.settings.secret_use import check_secrets
from numtrustd.wire.letter import Letter
from numtrustd.wire.route import Route

SPELLING = Spelling(units=UNITS)
_GROWING = {"group": "name", "evidence": "", "number": "", "identity": "", "window": "name"}


class Loaded(Struct, frozen=True):
    """A whole, checked configuration.

    `sources` are those that are switched on, `idle` the others; `channels` are those of the platforms that
    the former speak for, and of the owners of what these show; `manuals` are by platform and kind of request.
    `vars` are by platform id, `home` says whose a source uses. `routes` are the ways out by name. `files` are all
    that was read, `warnings` what is allowed and probably not meant. `control_at` is where the keys of [control] stand.
    """

    path: pathlib.Path
    settings: Settings
    state_dir: pathlib.Path
    status_socket: pathlib.Path
    control_socket: pathlib.Path
    numbers: dict[str, Owned]
    platforms: dict[str, Platform]
    sources: dict[str, Source]
    idle: dict[str, Source]
    channels: dict[str, Channel]
    manuals: dict[tuple[str, str], ManualChannel]
    vars: dict[str, dict[str, str]]
    home: dict[str, str]
    secrets: Secrets
    routes: dict[str, Route]
    ca_file: pathlib.Path | None
    evidence: tuple[Paper, ...]
    letters: dict[str, Letter]
    files: tuple[pathlib.Path, ...]
    warnings: tuple[Problem, ...]
    control_at: dict[str, Where]

    def group(self, name: str) -> GroupTable:
        """The settings of a group; a group that no table describes has none of its own."""
        return next((group for group in self.settings.group if group.name == name), GroupTable(name=name))

    @property
    def vocabulary(self) -> dict[str, dict[str, Category]]:
        """The operator's label words by platform, "" standing for all of them."""
        own = {name: table.words for name, table in self.settings.platform.items() if table.words}
        return {"": self.settings.vocabulary.words, **own}

    def source_vars(self, source: str) -> dict[str, str]:
        """The variables of a source's pack."""
        return self.vars[self.home[source]]

    def source_route(self, source: str) -> Route:
        """The way out that a source's requests take."""
        return self.routes[self.settings.source_via(source)]

    def channel_route(self, platform: str) -> Route:
        """The way out that the requests to a platform's appeal API take."""
        return self.routes[self.settings.channel_via(platform)]


def load(
    path: pathlib.Path, env: Mapping[str, str], *, now: Instant | None = None, report: Report | None = None
) -> Loaded | list[Problem]:
    """Read and check everything that the settings file names. `env` is the process's environment, of which
    STATE_DIRECTORY, RUNTIME_DIRECTORY and CREDENTIALS_DIRECTORY (systemd's) count. `now` is the machine's time. Who
    wants the warnings even if there are problems gives a `report` that is empty."""
    report = Report() if report is None else report
    now = Clock().now() if now is None else now
    files: list[pathlib.Path] = []
    place = _read_settings(path, files, report)
    if place is None:
        return sorted(report.problems)
    settings = collect(Settings, place.data, (), place, report, SPELLING)
    packs = _packs(settings, place, path, files, report)
    report.second_pass()
    checks.check_settings(settings, place, report)
    base_urls.check_base_urls(settings, place, report)
    bounds.check_setting_bounds(settings, place, report)
    times.check_times(settings, place, report)
    times.check_windows(settings, set(packs.by_id), packs.whole, now, place, report)
    numbers = _numbers(settings, place, now, files, report)
    applied = apply(packs, settings, place, report)
    checks.check_packs(packs, report)
    bounds.check_bounds(packs, report)
    times.check_pack_times(packs, report)
    facts.check_facts(packs, report)
    provenance.check_provenance(packs, now, report)
    lint.check_rules(packs, report)
    controls.check_pack_controls(packs, report)
    leaving.check_leaving(settings, packs, place, report)
    kinds.check_pack_kinds(packs, report)
    kinds.check_kinds(applied, settings, place, report)
    bounds.check_money(applied.sources, settings, place, report)
    wanted = checks.check_use(packs, applied, settings, place, report)
    wanted |= kinds.check_commands(packs, applied, settings, place, report)
    wanted |= ways.check_ways(settings, packs, applied, place, report)
    if report.spoilt(place, "credentials"):
        wanted = set()  # where they lie is not known
    secrets = read_secrets(
        wanted, _credentials(settings, place), path.parent, env, place.where(("credentials",)), report
    )
    check_secrets(packs, applied, secrets, report)
    routes = ways.routes(settings, secrets, place, report)
    evidence = papers.read(settings, numbers, place, report)
    letters = read_letters(_given(place, LETTERS_AT, settings.letters.dir), place, files, report)
    ca_file = _ca_file(settings, place, report)
    sockets = _sockets(settings, place, env, report)
    if report.problems:
        return sorted(set(report.problems))
    _warn(settings, numbers, applied, place, report)
    forms.warn(settings, applied, place, report)
    appeals = checks.appealed(applied)
    return Loaded(
        path=path,
        settings=settings,
        state_dir=_given(place, ("daemon", "state_dir"), settings.daemon.state_dir)
        or path.parent / (_first(env.get("STATE_DIRECTORY", "")) or "/var/lib/numtrustd"),
        status_socket=sockets[0],
        control_socket=sockets[1],
        numbers=numbers,
        platforms=applied.platforms,
        sources={name: source for name, source in applied.sources.items() if source.enabled},
        idle={name: source for name, source in applied.sources.items() if not source.enabled},
        channels={name: channel for name, channel in applied.channels.items() if name in appeals},
        manuals=applied.manuals,
        vars=applied.vars,
        home=applied.home,
        secrets=secrets,
        routes=routes,
        ca_file=ca_file,
        evidence=evidence,
        letters=letters,
        files=tuple(files),
        warnings=tuple(report.warnings),
        control_at={key: place.where(("control", key)) for key in ControlTable.__struct_fields__},
    )


def _first(directories: str) -> str:
    """systemd lists several directories with colons."""
    return directories.partition(":")[0]


def _read_settings(path: pathlib.Path, files: list[pathlib.Path], report: Report) -> Document | None:
    """The settings file with its drop-ins (`numtrustd.toml.d/*.toml`, in the order of their names)."""
    files.append(path)
    main = document.read(path, report)
    drop_ins = path.with_name(path.name + ".d")
    for file in document.toml_files(drop_ins, report, (str(drop_ins), 1), ""):
        files.append(file)
        later = document.read(file, report)
        if main is not None and later is not None:
            main.merge(later, _GROWING)
    return main


def _given(place: Document, at: Path, name: str) -> pathlib.Path | None:
    """The same, where the settings say one."""
    return beside(place, at, name) if name else None


def _credentials(settings: Settings, place: Document) -> CredentialsTable:
    """The table with its paths as they are meant."""
    table = settings.credentials
    files = {name: str(beside(place, ("credentials", "files", name), file)) for name, file in table.files.items()}
    return CredentialsTable(dir=str(_given(place, ("credentials", "dir"), table.dir) or ""), files=files)


_LONGEST_SOCKET = 107
"""Bytes of a socket's path, by the kernel."""


def _sockets(
    settings: Settings, place: Document, env: Mapping[str, str], report: Report
) -> tuple[pathlib.Path, pathlib.Path]:
    """Where the status and the control socket are to be."""
    runtime = pathlib.Path(place.file).parent / (_first(env.get("RUNTIME_DIRECTORY", "")) or "/run/numtrustd")
    found = []
    for key, name in (("status_socket", "status.sock"), ("control_socket", "control.sock")):
        at: Path = ("control", key)
        file = _given(place, at, getattr(settings.control, key))
        if file is not None and len(os.fsencode(file)) > _LONGEST_SOCKET:
            what = f"is longer than {_LONGEST_SOCKET} bytes, the most that the path of a socket may have"
            report.add(place.where(at), dotted(at), what, "choose a shorter directory")
        found.append(file or runtime / name)
    if found[0] == found[1]:
        at = ("control", "control_socket")
        what = "is the status socket too, so that whoever may look could act"
        report.add(place.where(at), dotted(at), what, "give each of the two a path of its own")
    return found[0], found[1]


def _numbers(
    settings: Settings, place: Document, now: Instant, files: list[pathlib.Path], report: Report
) -> dict[str, Owned]:
    groups = {group.name: group.accept for group in settings.group}
    nameless = any(report.spoilt(place, "group", i, "name") for i in range(max(1, len(settings.group))))
    identities = Identities(settings, place, report)
    roll = Roll(groups, report, identities, whole=not nameless, today=times.latest_day(now))
    numbers_csv.read_tables(settings.number, lambda i, key: place.where(("number", i, key)), roll)
    given = "files" in _table(place, "numbers")
    names = settings.numbers.files if given or not settings.number else ()
    for i, name in enumerate(names):
        at: Path = ("numbers", "files", i)
        if report.spoilt(place, *at):
            continue
        file = beside(place, at, name)
        files.append(file)
        if file.suffix == ".toml":
            _number_file(file, (place.where(at), dotted(at)), roll)
            continue
        raw = document.read_bytes(file, report, place.where(at), dotted(at), numbers_csv.MAX_BYTES)
        if raw is not None:
            numbers_csv.read_csv(raw, str(file), roll)
    identities.check_numbers(roll.rows, place, report)
    if not roll.rows and not report.problems:
        at = ("numbers", "files")
        report.add(place.where(at), dotted(at), "there is not one number", "add a row for each number you own")
    return roll.rows


class _NumberFile(Struct, frozen=True):
    """A TOML file of numbers."""

    number: tuple[NumberTable, ...] = ()


def _number_file(file: pathlib.Path, named_at: tuple[Where, str], roll: Roll) -> None:
    found = document.read(file, roll.report, named_at)
    if found is not None:
        tables = collect(_NumberFile, found.data, (), found, roll.report, SPELLING)
        numbers_csv.read_tables(tables.number, lambda i, key: found.where(("number", i, key)), roll)


def _table(place: Document, name: str) -> Mapping[str, Any]:
    found = place.data.get(name)
    return found if isinstance(found, dict) else {}


def _packs(settings: Settings, place: Document, path: pathlib.Path, files: list[pathlib.Path], report: Report) -> Packs:
    layers: list[Sequence[pathlib.Path]] = []
    if settings.platforms.shipped:
        layers.append(document.toml_files(shipped_dir(), report, (str(path), 1), ""))
    given, lost = "dirs" in _table(place, "platforms"), False
    for i, name in enumerate(settings.platforms.dirs):
        at: Path = ("platforms", "dirs", i)
        if report.spoilt(place, *at):
            continue
        directory = beside(place, at, name) if given else path.parent / name
        if os.path.isdir(directory):  # no `Path.is_dir`, which raises for a name that is too long
            layers.append(document.toml_files(directory, report, place.where(at), dotted(at)))
        elif os.path.lexists(directory):
            report.add(place.where(at), dotted(at), f"is no directory: {directory}", "name a directory of packs")
        elif given:
            lost = True
            report.add(place.where(at), dotted(at), f"no such directory: {directory}", "create it, or leave it out")
    http = settings.http
    bounds = {"deadline": http.deadline, "max_bytes": http.max_bytes}
    limits = {key: value for key, value in bounds.items() if value is not None}
    packs = read_packs(layers, {"cadence": settings.cadence.interval, "limits": limits}, report)
    files.extend(packs.files)
    # Then a name that no pack has may be that of a pack which was not found.
    unsure = report.spoilt(place, "platforms") or (lost and not packs.by_id)
    return structs.replace(packs, whole=False) if unsure else packs


def _ca_file(settings: Settings, place: Document, report: Report) -> pathlib.Path | None:
    at: Path = ("http", "ca_file")
    file = _given(place, at, settings.http.ca_file)
    if file is None:
        return None
    try:
        ssl.create_default_context(cafile=str(file))
    except OSError as error:  # ssl.SSLError is one
        report.add(
            place.where(at),
            dotted(at),
            f"cannot be used: {file}: {(error.strerror or str(error)).lower()}",
            "name a file of PEM certificates",
        )
    return file


def _warn(settings: Settings, numbers: Mapping[str, Owned], applied: Applied, place: Document, report: Report) -> None:
    """What keeps nothing from starting."""
    active = [source for source in applied.sources.values() if source.enabled]
    if not active:
        report.warn(
            place.where(("platforms", "enable")), "platforms.enable",
            "no source is switched on, so nothing will be looked at",
            "switch some on: `numtrustd sources` lists them" if applied.sources else "there are no packs: write some",
        )  # fmt: skip
        return
    seen = {kind for source in active for kind in source.kinds}
    unseen = sorted({row.kind for row in numbers.values()} - seen)
    for kind in unseen:
        count = sum(row.kind is kind for row in numbers.values())
        report.warn(
            place.where(("platforms", "enable")), "platforms.enable",
            f"no source that is switched on answers for numbers of the kind {kind} ({count})",
            "switch one on that does",
        )  # fmt: skip
    _warn_quorum(settings, active, place, report)
    _warn_doubt(active, place, report)
    if any(name in applied.channels for name in checks.appealed(applied)) and not settings.company.name:
        report.warn(place.where(("company",)), "company.name", "missing", "give it: every letter of appeal needs it")
    grouped = {row.group for row in numbers.values()} | {DEFAULT_GROUP}
    for i, group in enumerate(settings.group):
        if group.name not in grouped:
            at: Path = ("group", i, "name")
            report.warn(place.where(at), dotted(at), f'no number is in the group "{group.name}"', "remove or use it")


def _warn_quorum(settings: Settings, active: Sequence[Source], place: Document, report: Report) -> None:
    """A quorum that a platform never has: there fewer sources must do."""
    for platform in sorted(checks.watched(active)):
        own = settings.platform[platform].verdict.quorum if platform in settings.platform else None
        at: Path = ("verdict", "quorum") if own is None else ("platform", platform, "verdict", "quorum")
        wanted = settings.verdict.quorum if own is None else own
        count = sum(any(r.platform == platform for r in source.readings) for source in active)
        if count < wanted:
            what = f"is {wanted}, and {count} source(s) look at {platform}: there {count} will do"
            report.warn(place.where(at), dotted(at), what, f"switch more on, or set platform.{platform}.verdict.quorum")


def _warn_doubt(active: Sequence[Source], place: Document, report: Report) -> None:
    """A source that is to be asked only in doubt, and is asked always: nobody else looks."""
    for source in active:
        if source.when != "doubt":
            continue
        others = [s for s in active if s.when == "always" and s.kind != "report"]
        for kind in source.kinds:
            seen = {reading.platform for s in others if kind in s.kinds for reading in s.readings}
            alone = sorted({reading.platform for reading in source.readings} - seen)
            if alone:
                at: Path = ("source", source.id, "when")
                what = f'is "doubt", and nobody else looks at {", ".join(alone)} for {kind} numbers: it is asked always'
                remedy = "switch on another source that looks there, or leave it so"
                report.warn(place.where(at), dotted(at), what, remedy)
                break
