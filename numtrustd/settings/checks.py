"""What no single value shows: names that must exist elsewhere, bounds that depend on meaning, addresses
that must be official. `collect` has seen to types and keys; the pure lint of rules and templates lives
with `wire` and `probes`.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from numtrustd.channels.spec import Call, HttpChannel, ManualChannel
from numtrustd.domain.calendar import COUNTRIES
from numtrustd.domain.evidence import KINDS
from numtrustd.domain.platform import Platform
from numtrustd.probes.spec import Source
from numtrustd.settings.collect import Located
from numtrustd.settings.document import Where
from numtrustd.settings.overrides import Applied
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted, one_of, suggest
from numtrustd.settings.schema import Settings
from numtrustd.wire import template
from numtrustd.wire.spec import RequestSpec


class _At:
    """Reports at paths of one document."""

    def __init__(self, place: Located, report: Report) -> None:
        self.place = place
        self.report = report

    def where(self, path: Path) -> Where:
        return self.place.where(path)

    def add(self, path: Path, what: str, remedy: str) -> None:
        self.report.add(self.place.where(path), dotted(path), what, remedy)

    def need(self, good: bool, path: Path, what: str, remedy: str) -> None:
        if not good:
            self.add(path, what, remedy)


# -------------------------------------------------------------------------------------------- settings


def check_settings(settings: Settings, place: Located, report: Report) -> None:
    """The settings by themselves."""
    at = _At(place, report)
    cadence, verdict = settings.cadence, settings.verdict
    for name in ("interval", "confirm_interval", "verify_interval", "retry_interval", "new_number_interval"):
        at.need(getattr(cadence, name) > 0, ("cadence", name), "is no time at all", "give more than 0 seconds")
    at.need(cadence.new_number_days >= 0, ("cadence", "new_number_days"), "is negative", "give a number of days")
    at.need(0 <= cadence.jitter <= 1, ("cadence", "jitter"), f"is {cadence.jitter:g}", "give a share from 0 to 1")
    at.need(verdict.confirm >= 1, ("verdict", "confirm"), "is less than one look", "give at least 1")
    at.need(verdict.clear >= 1, ("verdict", "clear"), "is less than one look", "give at least 1")
    at.need(verdict.flap_changes >= 2, ("verdict", "flap_changes"), "is less than 2", "give at least 2")
    at.need(
        verdict.confirm_window >= verdict.confirm_spread,
        ("verdict", "confirm_window"),
        "is shorter than confirm_spread, so that no label could ever be confirmed",
        "give at least confirm_spread",
    )
    _once(at, "group", [group.name for group in settings.group], "name")
    for i, paper in enumerate(settings.evidence):
        _evidence_kind(at, paper.kind, ("evidence", i, "kind"))
    if settings.clock.speed != 1.0 and settings.clock.origin is None:
        at.add(("clock", "speed"), "runs from no origin", "give clock.origin as well, or leave both out")


def _once(at: _At, table: str, names: Iterable[str], key: str) -> None:
    seen: dict[str, Where] = {}
    for i, name in enumerate(names):
        path: Path = (table, i, key)
        if name in seen:
            file, line = seen[name]
            at.add(path, f'"{name}" is already at {file}:{line}', "keep one of the two")
        seen.setdefault(name, at.where(path))


def _evidence_kind(at: _At, kind: str, path: Path) -> None:
    if kind not in KINDS:
        at.add(path, f'"{kind}" is no kind of evidence', suggest(kind, list(KINDS)) + f" ({one_of(KINDS)})")


# ----------------------------------------------------------------------------------------------- packs


def check_packs(packs: Packs, report: Report) -> None:
    """The packs by themselves, switched on or not."""
    homes: dict[str, Where] = {}
    names = frozenset(packs.by_id) if packs.whole else None
    for pack in packs.by_id.values():
        at = _At(pack.doc, report)
        _check_platform(at, pack, names)
        for i, source in enumerate(pack.sources):
            path: Path = ("source", i, "id")
            if source.id in homes:
                file, line = homes[source.id]
                at.add(path, f'"{source.id}" is already at {file}:{line}', "give the source an id of its own")
            homes.setdefault(source.id, at.where(path))
            _check_source(at, source, i, names, pack.platform.id)


def _check_platform(at: _At, pack: Pack, names: frozenset[str] | None) -> None:
    platform = pack.platform
    at.need(
        0 <= platform.importance <= 1,
        ("platform", "importance"),
        f"is {platform.importance:g}",
        "give a share from 0 to 1",
    )
    for i, feed in enumerate(platform.feeds):
        path: Path = ("platform", "feeds", i)
        if names is not None and feed.platform not in names:
            at.add((*path, "platform"), f'no pack of "{feed.platform}"', suggest(feed.platform, sorted(names)))
        at.need(feed.lag[0] <= feed.lag[1], (*path, "lag"), "ends before it begins", "give [soonest, latest]")
    facts = platform.appeal
    if facts is None:
        return
    country: Path = ("appeal", "country")
    if facts.country not in COUNTRIES:
        at.add(country, f'the working days of "{facts.country}" are not known', one_of(sorted(COUNTRIES)))
    at.need(facts.review_days >= 0, ("appeal", "review_days"), "is negative", "give a number of working days")
    at.need(bool(facts.attempts), ("appeal", "attempt"), "is empty", "give at least one [[appeal.attempt]]")
    for i, attempt in enumerate(facts.attempts):
        for j, kind in enumerate(attempt.evidence):
            _evidence_kind(at, kind, ("appeal", "attempt", i, "evidence", j))
    if isinstance(pack.channel, ManualChannel):
        _official(at, ("appeal", "manual", "address"), pack.channel.address, platform)


def _official(at: _At, path: Path, address: str, platform: Platform) -> None:
    """A person must not be sent to a host that is not the platform's own."""
    if not platform.official_hosts:
        at.add(path, "the platform has no official_hosts", "list the hosts that the platform itself uses")
        return
    if not address.startswith("tel:") and not is_official(address, platform.official_hosts):
        hosts = ", ".join(platform.official_hosts)
        at.add(
            path,
            f'"{address}" is on none of the official hosts',
            f"use {hosts}, or add the host to official_hosts",
        )


def is_official(address: str, hosts: Iterable[str]) -> bool:
    """Whether an https address or a mail address is at one of the hosts or below it."""
    mail = address.removeprefix("mailto:")
    if "://" not in address and "@" in mail:
        host = mail.rpartition("@")[2].partition("?")[0]
    else:
        parts = urlsplit(address)
        if parts.scheme != "https":
            return False
        host = parts.hostname or ""
    host = host.casefold()
    return any(host == h or host.endswith(f".{h}") for h in (known.casefold() for known in hosts))


def _check_source(at: _At, source: Source, i: int, names: frozenset[str] | None, home: str) -> None:
    top: Path = ("source", i)
    at.need(
        source.id.startswith(f"{home}.") and not source.id.endswith("."),
        (*top, "id"),
        f'"{source.id}" does not begin with its platform',
        f'name it "{home}.…"',
    )
    for j, reading in enumerate(source.readings):
        if names is not None and reading.platform not in names:
            path = (*top, "reading", j, "platform")
            at.add(path, f'no pack of "{reading.platform}"', suggest(reading.platform, sorted(names)))
    at.need(bool(source.kinds), (*top, "kinds"), "is empty", "say which kinds of numbers it answers for")
    at.need(source.interval > 0, (*top, "interval"), "is no time at all", "give the least time between requests")
    at.need(source.cadence > 0, (*top, "cadence"), "is no time at all", "give the usual time between looks")
    at.need(source.concurrency >= 1, (*top, "concurrency"), "is less than 1", "give at least 1")
    at.need(source.trip >= 1, (*top, "trip"), "is less than 1", "give at least 1")
    at.need(
        0 < source.backoff[0] <= source.backoff[1],
        (*top, "backoff"),
        "does not go from a first to a longest wait",
        'write it like ["30s", "1h"]',
    )
    if not source.enabled and not source.why_off:
        path = (*top, "why_off")
        what = "the source is off and does not say why"
        at.report.warn(at.where(path), dotted(path), what, "say what must be done before it is used")


# ---------------------------------------------------------------------------------------------- in use


def watched(sources: Iterable[Source]) -> frozenset[str]:
    """The platforms that the switched-on sources speak for."""
    return frozenset(r.platform for source in sources if source.enabled for r in source.readings)


def calls(channel: HttpChannel) -> Iterator[tuple[str, Call]]:
    """The calls of a channel, by their table's name."""
    for name, call in (("submit", channel.submit), ("query", channel.query), ("look_up", channel.look_up)):
        if call is not None:
            yield name, call


def requests_in_use(packs: Packs, applied: Applied) -> Iterator[tuple[str, str, Path, RequestSpec]]:
    """(user, platform whose vars it has, path in that pack, request) of all that may be sent."""
    for name, pack in packs.by_id.items():
        for i, raw in enumerate(pack.sources):
            source = applied.sources.get(raw.id)
            if source is not None and source.enabled and applied.home[raw.id] == name:
                yield source.id, name, ("source", i, "request"), source.request
    for name in sorted(watched(applied.sources.values())):
        channel = applied.channels.get(name)
        if isinstance(channel, HttpChannel):
            for table, call in calls(channel):
                yield f"{name}'s appeal", name, ("appeal", "http", table, "request"), call.request


def check_use(
    packs: Packs, applied: Applied, settings: Settings, place: Located, report: Report
) -> set[tuple[str, str]]:
    """All that may be sent has its variables and goes over https. Returns the secrets: (name, user)."""
    secrets: set[tuple[str, str]] = set()
    for user, platform, path, request in requests_in_use(packs, applied):
        pack = packs.by_id[platform]
        values = applied.vars[platform]
        names = sorted(template.placeholders(request))
        secrets.update((name.removeprefix("secret:"), user) for name in names if name.startswith("secret:"))
        wanted = [name.removeprefix("var:") for name in names if name.startswith("var:")]
        own: Path = ("platform", platform, "vars")
        for name in wanted:
            if not values.get(name, "undefined"):
                report.add(
                    place.where(own),
                    dotted((*own, name)),
                    f"{user} needs it",
                    f'[{dotted(own)}] {name} = "…"',
                )
        override = _override(settings, platform, user, path)
        if not all(values.get(name) for name in wanted) or (override is None and template.problems(request)):
            continue  # said above, or by `lint`
        try:
            compiled = template.compile_request(request)
            compiled.bind({f"var:{name}": values[name] for name in wanted})
        except template.TemplateError as error:
            for what in error.problems:
                if override is not None:
                    report.add(place.where(override), dotted(override), what, _BASE_URL_HELP)
                elif wanted and any(key in applied.changed_vars[platform] for key in wanted):
                    report.add(place.where(own), dotted(own), f"{user}: {what}", "correct the variable")
                else:
                    at_url = (*path, "url")
                    report.add(pack.doc.where(at_url), dotted(at_url), what, _REQUEST_HELP)
    return secrets


_BASE_URL_HELP = "write it like https://host[:port][/path]; plain http only to 127.0.0.1 or ::1"
_REQUEST_HELP = "correct the request template"


def _override(settings: Settings, platform: str, user: str, path: Path) -> Path | None:
    """Where the settings replace the origin of this request, if they do."""
    if path[0] == "source":
        table = settings.source.get(user)
        return ("source", user, "base_url") if table and table.base_url else None
    own = settings.platform.get(platform)
    return ("platform", platform, "appeal", "base_url") if own and own.appeal.base_url else None
