"""What the types let through and the running daemon could not live with: no time at all, no end, no name.

A deadline of no seconds makes every look a timeout, an id that is longer than a key of the database stops the first
look from being stored, and a word that is empty is part of every label. Each is found here instead.
"""

from collections.abc import Iterator, Mapping

from numtrustd.channels.spec import HttpChannel
from numtrustd.domain.budget import Budget
from numtrustd.domain.platform import AppealFacts, Platform
from numtrustd.probes.spec import Source
from numtrustd.settings.checks import HOST, NAME, NAME_HELP
from numtrustd.settings.collect import Located
from numtrustd.settings.lint import node
from numtrustd.settings.packs import Pack, Packs
from numtrustd.settings.problem import Path, Report, dotted
from numtrustd.settings.schema import MOST_AT_ONCE, HttpTable, LimitsTable, Settings
from numtrustd.wire.exchange import Limits

_SMALLEST_MAP = 1 << 20
_LARGEST_MAP = 1 << 44
_LARGEST_BODY = 64 << 20
_LARGEST_HEAD = 1 << 20
_LONGEST_FETCH = 3_600.0
_LEAST_PRICE = 1e-6
_MOST_MONEY = 1e9

Finding = tuple[Path, str, str]
"""Where, what is wrong, what would be right."""


def check_bounds(packs: Packs, report: Report) -> None:
    """Every pack, switched on or not."""
    for pack in packs.by_id.values():
        for path, what, remedy in _pack(pack):
            # What a pack does not say itself comes from the settings, where it is looked at too.
            if "limits" not in path or node(pack.doc.data, path) is not None:
                report.add(pack.where(*path), dotted(path), what, remedy)


def check_setting_bounds(settings: Settings, place: Located, report: Report) -> None:
    """The settings by themselves."""
    at: Path = ("daemon", "map_size")
    if not _SMALLEST_MAP <= settings.daemon.map_size <= _LARGEST_MAP:
        report.add(place.where(at), dotted(at), f"is {settings.daemon.map_size} bytes", 'give "1 MiB" to "16 TiB"')
    given: list[tuple[Path, LimitsTable | HttpTable]] = [(("http",), settings.http)]
    given += [(("source", name, "limits"), source.limits) for name, source in settings.source.items()]
    given += [(("platform", name, "appeal", "limits"), own.appeal.limits) for name, own in settings.platform.items()]
    for top, limits in given:
        for path, what, remedy in _limits(top, limits):
            report.add(place.where(path), dotted(path), what, remedy)
    for name, source in settings.source.items():
        for path, what, remedy in _yuan(("source", name, "budget"), source.budget.price, source.budget.money):
            report.add(place.where(path), dotted(path), what, remedy)
    for key in ("tag_change", "expedite", "certification", "certification_expedite"):
        least, most = getattr(settings.ledger, key)
        if least > most:
            at = ("ledger", key)
            report.add(
                place.where(at), dotted(at), f"costs at least {least:g} and at most {most:g}", "turn the two round"
            )
    least_cost, most_cost = settings.benefit.label_costs
    if least_cost > most_cost:
        at = ("benefit", "label_costs")
        report.add(place.where(at), dotted(at), "costs more at the least than at the most", "turn the two round")
    if settings.prevention.complaints_alarm < settings.prevention.complaints_emergency:
        at = ("prevention", "complaints_alarm")
        what = f"is less than the {settings.prevention.complaints_emergency} that are an emergency already"
        report.add(place.where(at), dotted(at), what, "give as many or more")
    for kind in settings.maintenance.__struct_fields__:
        usual = getattr(settings.maintenance, kind)
        for key in ("lasts", "working_days"):
            least, most = getattr(usual, key) or (0, 0)
            if least > most:
                at = ("maintenance", kind, key)
                report.add(
                    place.where(at), dotted(at), "takes longer at the least than at the most", "turn the two round"
                )
    verdict, cadence = settings.verdict, settings.cadence
    if (verdict.confirm - 1) * cadence.confirm_interval > verdict.confirm_window:
        at = ("verdict", "confirm_window")
        what = f"has no room for {verdict.confirm} looks, one every cadence.confirm_interval"
        remedy = "give more, or a label is only believed where a source looks oftener by itself"
        report.warn(place.where(at), dotted(at), what, remedy)


def _pack(pack: Pack) -> Iterator[Finding]:
    yield from _platform(pack.platform)
    if pack.platform.appeal is not None:
        yield from _facts("appeal", pack.platform.appeal)
    for kind, facts in pack.platform.ways.items():
        yield from _facts(kind, facts)
    if isinstance(pack.channel, HttpChannel):
        yield from _limits(("appeal", "http", "limits"), pack.channel.limits)
        if pack.channel.interval <= 0:
            yield ("appeal", "http", "interval"), "is no time at all", "give the least time between requests"
    for i, source in enumerate(pack.sources):
        yield from _source(("source", i), source)


def _platform(platform: Platform) -> Iterator[Finding]:
    if not platform.name.strip():
        yield ("platform", "name"), "is empty", "write the name as people know the platform"
    for word in platform.words:
        if not word.strip():
            yield (
                ("platform", "words", word),
                "is no word: it would be found in every label",
                "write the platform's word",
            )
    for i, host in enumerate(platform.official_hosts):
        if not HOST.fullmatch(host):
            what = f'"{host}" is no name of a host'
            yield ("platform", "official_hosts", i), what, "write it like acme.example, without https:// and path"


def _facts(kind: str, facts: AppealFacts) -> Iterator[Finding]:
    if not facts.takes:
        what = "is empty, so that nothing is ever asked for"
        yield (kind, "takes"), what, "name the categories that it takes; leave it out for all of them"


def _source(top: Path, source: Source) -> Iterator[Finding]:
    if not source.title.strip():
        yield (*top, "title"), "is empty", "say in a few words what is asked"
    if source.concurrency > MOST_AT_ONCE:
        yield (*top, "concurrency"), f"is {source.concurrency}", f"give at most {MOST_AT_ONCE}"
    for j, reading in enumerate(source.readings):
        if not NAME.fullmatch(reading.surface):
            yield (*top, "reading", j, "surface"), f'"{reading.surface}" is no name', NAME_HELP
    yield from _limits((*top, "limits"), source.limits)
    yield from _yuan((*top, "budget"), source.budget.price, source.budget.money)
    if _counts_nothing(source.budget):
        yield (*top, "budget", "money"), *_NO_PRICE


def check_money(sources: Mapping[str, Source], settings: Settings, place: Located, report: Report) -> None:
    """Sums that the settings give, beside the prices that they or the packs do."""
    for name, table in settings.source.items():
        source = sources.get(name)
        spoilt = report.spoilt(place, "source", name, "budget")
        if source is not None and not spoilt and table.budget.money is not None and _counts_nothing(source.budget):
            at: Path = ("source", name, "budget", "money")
            report.add(place.where(at), dotted(at), *_NO_PRICE)


def _counts_nothing(budget: Budget) -> bool:
    return budget.money is not None and budget.money <= _MOST_MONEY and not budget.price


_NO_PRICE = ("bounds nothing, because no price says what a look costs", "give price = 0.03, in yuan, beside it")


def _yuan(top: Path, price: float | None, money: float | None) -> Iterator[Finding]:
    """Sums whose quotient is a number of looks."""
    if price and not _LEAST_PRICE <= price <= _MOST_MONEY:
        yield (*top, "price"), f"is {price:g} yuan", f"give 0, or {_LEAST_PRICE:g} to {_MOST_MONEY:g}"
    if money is not None and money > _MOST_MONEY:
        yield (*top, "money"), f"is {money:g} yuan", f"give at most {_MOST_MONEY:g}, or leave it out"


def _limits(top: Path, limits: Limits | LimitsTable | HttpTable) -> Iterator[Finding]:
    for key in ("deadline", "connect"):
        seconds: float | None = getattr(limits, key, None)
        if seconds is not None and not 0 < seconds <= _LONGEST_FETCH:
            said = "is no time at all" if seconds <= 0 else "is longer than anything should hang"
            yield (*top, key), said, 'give a time such as "20s", at most "1h"'
    for key, most, remedy in (
        ("max_bytes", _LARGEST_BODY, 'give at most "64 MiB": it is all held in memory'),
        ("max_header_bytes", _LARGEST_HEAD, 'give at most "1 MiB"'),
        ("max_chunks", None, "give at least 1"),
    ):
        bound: int | None = getattr(limits, key, None)
        if bound is not None and not 1 <= bound <= (most or bound):
            yield (*top, key), f"is {bound}", remedy
