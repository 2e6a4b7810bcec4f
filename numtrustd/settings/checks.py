"""What no single value shows: names that must exist elsewhere, bounds that depend on meaning, addresses
that must be official. `collect` has seen to types and keys; the pure lint of rules and templates lives
with `wire` and `probes`.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from numtrustd.channels.spec import Call, Channel, HttpChannel, ManualChannel
from numtrustd.domain.calendar import COUNTRIES
from numtrustd.domain.evidence import KINDS
from numtrustd.domain.platform import WAYS, AppealFacts, Platform
from numtrustd.domain.workflows import REGISTRY
from numtrustd.probes.spec import Source
from numtrustd.settings.collect import Located
from numtrustd.settings.document import Where
from numtrustd.settings.overrides import Applied
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import SPREAD_TWICE, Path, Report, dotted, one_of, suggest
from numtrustd.settings.schema import EvidenceTable, Settings
from numtrustd.wire import template
from numtrustd.wire.spec import RequestSpec

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NAME_HELP = "write at most 64 letters, digits, dots, hyphens and underscores"
HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
"""The name of a host that the world knows, below some top-level domain."""
_MOST_DAYS = 366


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
    for name in (
        "interval",
        "confirm_interval",
        "verify_interval",
        "retry_interval",
        "new_number_interval",
        "neighbour_interval",
    ):
        at.need(getattr(cadence, name) > 0, ("cadence", name), "is no time at all", "give more than 0 seconds")
    at.need(cadence.new_number_days >= 0, ("cadence", "new_number_days"), "is negative", "give a number of days")
    at.need(0 <= cadence.jitter <= 1, ("cadence", "jitter"), f"is {cadence.jitter:g}", "give a share from 0 to 1")
    at.need(verdict.confirm >= 1, ("verdict", "confirm"), "is less than one look", "give at least 1")
    at.need(verdict.clear >= 1, ("verdict", "clear"), "is less than one look", "give at least 1")
    at.need(verdict.quorum >= 1, ("verdict", "quorum"), "is less than one source", "give at least 1")
    at.need(verdict.inconsistent_after > 0, ("verdict", "inconsistent_after"), "is no time at all", "give a time")
    taught: list[tuple[Path, Iterable[str]]] = [(("vocabulary", "words"), settings.vocabulary.words)]
    taught += [(("platform", platform, "words"), own.words) for platform, own in settings.platform.items()]
    for path, words in taught:
        for word in words:
            what = "is no word: it would be found in every label"
            at.need(bool(word.strip()), (*path, word), what, "write the platform's word")
    for name, own in settings.platform.items():
        for kind in ("appeal", *WAYS):
            table = getattr(own, kind)
            twice = table.propagation is not None and table.propagation_days is not None
            at.need(not twice, ("platform", name, kind, "propagation_days"), *SPREAD_TWICE)
    at.need(verdict.flap_changes >= 2, ("verdict", "flap_changes"), "is less than 2", "give at least 2")
    at.need(
        verdict.confirm_window >= verdict.confirm_spread,
        ("verdict", "confirm_window"),
        "is shorter than confirm_spread, so that no label could ever be confirmed",
        "give at least confirm_spread",
    )
    for name in ("control_interval", "recheck_interval", "turn_window"):
        at.need(getattr(settings.trust, name) > 0, ("trust", name), "is no time at all", "give more than 0 seconds")
    for name in ("short_share", "off_hours_share"):
        share = getattr(settings.cause, name)
        at.need(0 <= share <= 1, ("cause", name), f"is {share:g}", "give a share from 0 to 1")
    at.need(settings.cause.rise >= 1, ("cause", "rise"), f"is {settings.cause.rise:g}", "give at least 1")
    for name in ("burst_marks", "window_days"):
        at.need(1 <= getattr(settings.cause, name) <= 200, ("cause", name), "is out of reach", "give 1 to 200")
    for name in ("interval", "assisted_interval", "verify_interval", "confirm_interval", "deadline"):
        hands = getattr(settings.device_tests, name)
        at.need(hands > 0, ("device_tests", name), "is no time at all", "give more than 0 seconds")
    least = max(settings.device_tests.deadline, settings.device_tests.verify_interval)
    at.need(
        settings.device_tests.keep >= least,
        ("device_tests", "keep"),
        "is shorter than deadline or verify_interval, so that nobody knew any more who was asked in vain",
        "give at least the longer of the two",
    )
    _once(at, "group", [group.name for group in settings.group], "name")
    for i, paper in enumerate(settings.evidence):
        _evidence_kind(at, paper.kind, ("evidence", i, "kind"))
        _paper(at, paper, i)
        for j, before in enumerate(settings.evidence[:i]):
            if (before.kind, before.path) == (paper.kind, paper.path):
                file, line = at.where(("evidence", j, "path"))
                at.add(("evidence", i, "path"), f"is already at {file}:{line}", "keep one of the two")
    for name in ("notice", "interval"):
        at.need(getattr(settings.papers, name) > 0, ("papers", name), "is no time at all", "give more than 0 seconds")
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


_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")


def _paper(at: _At, paper: EvidenceTable, i: int) -> None:
    fits = not paper.digest or _DIGEST.fullmatch(paper.digest) is not None
    at.need(fits, ("evidence", i, "digest"), "is no SHA-256", "give 64 hex digits, as `sha256sum FILE` prints them")
    if paper.kind == "nda":
        at.need(bool(paper.agent), ("evidence", i, "agent"), "missing", "name the agent who signed it")
    else:
        at.need(not paper.agent, ("evidence", i, "agent"), f"stands with a {paper.kind}", 'only kind = "nda" has one')
    for j, name in enumerate(paper.cases):
        if name not in REGISTRY:
            at.add(("evidence", i, "cases", j), f'no case is of the kind "{name}"', one_of(REGISTRY))


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
    for kind in ("appeal", *WAYS):
        if (facts := platform.appeal if kind == "appeal" else platform.ways.get(kind)) is not None:
            channel = pack.channel if kind == "appeal" else pack.manuals.get(kind)
            _request(kind, facts, channel, pack, at)


def _request(kind: str, facts: AppealFacts, channel: Channel | None, pack: Pack, at: _At) -> None:
    """The table of one kind of request, such as `[appeal]`."""
    platform = pack.platform
    country: Path = (kind, "country")
    if facts.country not in COUNTRIES:
        at.add(country, f'the working days of "{facts.country}" are not known', one_of(sorted(COUNTRIES)))
    for name, days in (("review_days", facts.review_days), ("propagation_days", facts.propagation_days or 0)):
        at.need(0 <= days <= _MOST_DAYS, (kind, name), f"is {days}", f"give 0 to {_MOST_DAYS} working days")
    at.need(bool(facts.attempts), (kind, "attempt"), "is empty", f"give at least one [[{kind}.attempt]]")
    for i, attempt in enumerate(facts.attempts):
        for j, paper in enumerate(attempt.evidence):
            _evidence_kind(at, paper, (kind, "attempt", i, "evidence", j))
    unclear = at.report.spoilt(pack.doc, "platform", "official_hosts")
    if unclear or not all(map(HOST.fullmatch, platform.official_hosts)):
        return
    if facts.address and platform.official_hosts:
        _official(at, (kind, "address"), facts.address, platform)
    if isinstance(channel, ManualChannel):
        # A request that is made on the phone itself has steps and no address.
        steps = channel.steps or at.report.spoilt(pack.doc, kind, "manual", "steps")
        if channel.address or not steps:
            _official(at, (kind, "manual", "address"), channel.address, platform)


def _official(at: _At, path: Path, address: str, platform: Platform) -> None:
    """A person must not be sent to a host that is not the platform's own."""
    if address.startswith("tel:"):
        return
    if not platform.official_hosts:
        at.add(path, "the platform has no official_hosts", "list the hosts that the platform itself uses")
        return
    if not is_official(address, platform.official_hosts):
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
        try:
            parts = urlsplit(address)
        except ValueError:  # https://[
            return False
        if parts.scheme != "https":
            return False
        host = parts.hostname or ""
    host = host.casefold()
    return any(host == h or host.endswith(f".{h}") for h in (known.casefold() for known in hosts))


def _check_source(at: _At, source: Source, i: int, names: frozenset[str] | None, home: str) -> None:
    top: Path = ("source", i)
    if not source.id.startswith(f"{home}.") or source.id.endswith("."):
        at.add((*top, "id"), f'"{source.id}" does not begin with its platform', f'name it "{home}.…"')
    elif not NAME.fullmatch(source.id):
        at.add((*top, "id"), f'"{source.id}" is no name', NAME_HELP)
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


def appealed(applied: Applied) -> frozenset[str]:
    """The platforms at which appeals may be made: those that are looked at, and the owners of what they show."""
    seen = watched(applied.sources.values())
    return seen | {at for name in seen if name in applied.platforms for at in applied.platforms[name].appeal_at}


def calls(channel: HttpChannel) -> Iterator[tuple[str, Call]]:
    """The calls of a channel, by their table's name."""
    for name, call in (("submit", channel.submit), ("query", channel.query), ("look_up", channel.look_up)):
        if call is not None:
            yield name, call


Use = tuple[str, str, Path, RequestSpec]
"""Of a request: (user, platform whose vars it has, path in that pack, request)."""


def requests_in_use(packs: Packs, applied: Applied) -> Iterator[Use]:
    """All requests that may be sent."""
    return (use for use, used in requests(packs, applied) if used)


def requests(packs: Packs, applied: Applied) -> Iterator[tuple[Use, bool]]:
    """All requests as the settings have them, and whether each of them may be sent."""
    appeals = appealed(applied)
    for name, pack in packs.by_id.items():
        for i, raw in enumerate(pack.sources):
            if applied.home[raw.id] == name:
                source = applied.sources.get(raw.id)
                for path, request in (source or raw).requests:
                    yield (raw.id, name, ("source", i, *path), request), source is not None and source.enabled
        channel = applied.channels.get(name, pack.channel)
        if isinstance(channel, HttpChannel):
            for table, call in calls(channel):
                use = f"{name}'s appeal", name, ("appeal", "http", table, "request"), call.request
                yield use, name in appeals


def check_use(
    packs: Packs, applied: Applied, settings: Settings, place: Located, report: Report
) -> set[tuple[str, str]]:
    """All that may be sent has its variables, and whatever has them goes over https, switched on or not.
    Returns the secrets: (name, user)."""
    for i, paper in enumerate(settings.evidence):
        for j, name in enumerate(paper.platforms):
            if packs.whole and name not in packs.by_id:
                spot: Path = ("evidence", i, "platforms", j)
                report.add(place.where(spot), dotted(spot), f'no pack of "{name}"', suggest(name, sorted(packs.by_id)))
    secrets: set[tuple[str, str]] = set()
    missing: dict[tuple[str, str], list[str]] = {}
    for use, used in requests(packs, applied):
        user, platform, _, request = use
        values = applied.vars[platform]
        names = sorted(template.placeholders(request))
        wanted = [name.removeprefix("var:") for name in names if name.startswith("var:")]
        if used:
            secrets.update((name.removeprefix("secret:"), user) for name in names if name.startswith("secret:"))
            for name in wanted:
                if not values.get(name, "undefined"):
                    missing.setdefault((platform, name), []).append(user)
        if all(values.get(name) for name in wanted):
            _check_values(packs.by_id[platform], use, {name: values[name] for name in wanted}, applied, place, report)
    for (platform, name), users in missing.items():
        own: Path = ("platform", platform, "vars")
        where = place.where(own) if platform in settings.platform else _switched_on(users, settings, place)
        said = " and ".join(sorted(set(users)))
        verb = "needs" if len(set(users)) == 1 else "need"
        report.add(where, dotted((*own, name)), f"{said} {verb} it", f'[{dotted(own)}] {name} = "…"')
    return secrets


def _switched_on(users: Iterable[str], settings: Settings, place: Located) -> Where:
    """Where the settings switch on a source that needs something; the top of the file, if a pack does by itself."""
    for user in users:
        if user in settings.source and settings.source[user].enabled:
            return place.where(("source", user, "enabled"))
        if user in settings.platforms.enable:
            return place.where(("platforms", "enable", settings.platforms.enable.index(user)))
    return place.where()


def _check_values(
    pack: Pack, use: Use, values: dict[str, str], applied: Applied, place: Located, report: Report
) -> None:
    """The variables may stand where the request has them."""
    _, platform, path, request = use
    try:
        compiled = template.compile_request(request).bind({})
    except template.TemplateError:
        return  # said by `lint` of the template, by `base_urls` of what the settings put in front of it
    try:
        compiled.bind({f"var:{name}": value for name, value in values.items()})
    except template.TemplateError as error:
        name = _culprit(compiled, request.url, values)
        if name in applied.changed_vars[platform]:
            own: Path = ("platform", platform, "vars", name)
            where, key, remedy = place.where(own), dotted(own), "correct the variable"
        elif any(what.startswith("plain http") for what in error.problems):  # the scheme is the template's, always
            at_url: Path = (*path, "url")
            where, key, remedy = pack.where(*at_url), dotted(at_url), "correct the request template"
        else:
            where, key, remedy = pack.where("vars", name), dotted(("vars", name)), "correct the variable"
        for what in error.problems:
            report.add(where, key, what, remedy)


def _culprit(compiled: template.Template, url: str, values: dict[str, str]) -> str:
    """The variable that may not stand where it does; the first of several that only together make a wrong host."""
    for name, value in values.items():
        try:
            compiled.bind({f"var:{name}": value})
        except template.TemplateError:
            return name
    return next((name for name in values if f"{{var:{name}}}" in url), next(iter(values)))
