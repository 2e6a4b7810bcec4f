"""`numtrustd look`: one look, now, shown whole: request, answer, which rule matched, observation. Touches no state."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import trio
from msgspec import structs

from numtrustd import build
from numtrustd.actors.moment import moment
from numtrustd.clock import Clock, Random, timestamp
from numtrustd.domain.label import by_platform
from numtrustd.domain.near import did_you_mean, near
from numtrustd.domain.number import Number, parse
from numtrustd.domain.observation import Instant, Observation
from numtrustd.domain.platform import called, meant
from numtrustd.exit_status import CONFIG, IO, UNAVAILABLE, USAGE
from numtrustd.http import Http
from numtrustd.log.guard import escape
from numtrustd.probes import command, fixture
from numtrustd.probes.extract import Trace, Words, extract, trace
from numtrustd.probes.fixture import FixtureError
from numtrustd.probes.spec import Source
from numtrustd.settings import Loaded, load, render
from numtrustd.wire.exchange import Outcome, Reply, Request
from numtrustd.wire.route import DIRECT
from numtrustd.wire.secrecy import REDACTED, spellings, without
from numtrustd.wire.template import TemplateError, number_values

SHOWN = 4_000
"""Characters of a body that are shown; the digest tells the rest apart."""


class LookError(Exception):
    """The look cannot be made; `status` is the exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def look_once(
    text: str,
    config: Path,
    environ: Mapping[str, str],
    *,
    platform: str | None,
    source: str | None,
    verbose: bool,
    echo: Callable[[str], None],
    record: Path | None = None,
) -> None:
    """Look through every source that fits; with `record` keep the answer under that name. Raises `LookError`."""
    loaded = load(config, environ)
    if isinstance(loaded, list):
        raise LookError(f"the configuration has problems:\n{render(loaded)}", CONFIG)
    number = parse(text)
    if not isinstance(number, Number):
        raise LookError(f"{number.what}: {number.remedy}", USAGE)
    chosen = _choose(loaded, number, platform, source)
    if record is not None:
        _recordable(chosen)
    if not trio.run(_look_all, loaded, number, chosen, verbose, record, echo):
        raise LookError("no source could be asked", UNAVAILABLE)


def _listed(meant: str | None) -> str:
    """What was meant, and where all are listed: they are too many for one line."""
    return f": {did_you_mean(meant)}`numtrustd sources` lists all"


def _choose(loaded: Loaded, number: Number, platform: str | None, source: str | None) -> list[Source]:
    everything = {**loaded.sources, **loaded.idle}
    if source is not None and source not in everything and called(source, loaded.platforms) is not None:
        # A platform was named: what is in use there is asked.
        platform, source = platform or source, None
    if platform is not None:
        named = called(platform, loaded.platforms)
        if named is None:
            raise LookError(
                f"no pack defines the platform {platform}{_listed(meant(platform, loaded.platforms))}", USAGE
            )
        platform = named
    if source is not None and source not in everything:
        near_one = near(source, loaded.sources) or near(source, everything)
        raise LookError(f"no pack defines the source {source}{_listed(near_one)}", USAGE)
    if source is not None and everything[source].kind == "report":
        raise LookError(f"nobody looks through {source}: it is told, by `numtrustctl observe`", UNAVAILABLE)
    pool = [everything[source]] if source is not None else [s for s in loaded.sources.values() if s.kind != "report"]
    chosen = [s for s in pool if _sees(s, number, platform)]
    if not chosen:
        told = [s.id for s in loaded.sources.values() if s.kind == "report" and _sees(s, number, platform)]
        if told:
            how = f"what they see is told to {', '.join(told)}, by `numtrustctl observe`"
            raise LookError(f"only people can look at the {number.kind} number {number.national}: {how}", UNAVAILABLE)
        off = [
            s.id for s in loaded.idle.values() if platform is None or any(r.platform == platform for r in s.readings)
        ]
        hint = f"; switched off: {', '.join(off)} (enable one in [platforms], or name it with --source)" if off else ""
        raise LookError(f"no source in use can look at the {number.kind} number {number.national}{hint}", UNAVAILABLE)
    return chosen


def _sees(source: Source, number: Number, platform: str | None) -> bool:
    return number.kind in source.kinds and any(platform in (None, reading.platform) for reading in source.readings)


async def _look_all(
    loaded: Loaded,
    number: Number,
    chosen: list[Source],
    verbose: bool,
    record: Path | None,
    echo: Callable[[str], None],
) -> bool:
    """Whether any of them answered, whatever it said."""
    answered = False
    words = by_platform({p.id: p.words for p in loaded.platforms.values()}, loaded.vocabulary)
    everything = structs.replace(loaded, sources={**loaded.sources, **loaded.idle})
    async with Http(ca_file=loaded.ca_file) as http:
        for source in chosen:
            if source.batch is not None:
                what = "takes numbers in batches and answers hours later"
                raise LookError(f"{source.id} {what}: let the daemon ask, with numtrustctl look", UNAVAILABLE)
            if source.command is not None:
                answered = await _run_once(everything, source, number, words, verbose, echo) or answered
                continue
            try:
                template = build.look_template(everything, source.id)
                request = template.fill(number_values(number) | moment(template, Clock(), Random()))
            except (TemplateError, KeyError) as error:
                raise LookError(f"{source.id}: the request cannot be filled in: {error}", CONFIG) from error
            route = loaded.source_route(source.id)
            outcome = await http.session(connections=1, limits=source.limits, route=route).fetch(request)
            outcome = without(outcome, template.hidden, request.private)  # as the daemon reads it
            answered = answered or isinstance(outcome, Reply)
            at = Clock().now()
            safe = _redactor((*loaded.secrets.values(), *template.private, *request.private))
            if verbose:
                _show_exchange(source, request, outcome, loaded, safe, echo)
                for told in trace(source, number, outcome, request.sent_as):
                    _show_trace(told, safe, echo)
            observations = extract(source, number, outcome, at, words, request.sent_as)
            if record is not None:
                echo(_keep(record, number, outcome, observations, at))
            for seen in observations:
                _show_seen(source, seen, safe, echo)
    return answered


def _recordable(chosen: list[Source]) -> None:
    if len(chosen) > 1:
        names = ", ".join(source.id for source in chosen)
        raise LookError(f"one answer is recorded at a time: choose with --source one of {names}", USAGE)
    if chosen[0].request is None:
        raise LookError(f"{chosen[0].id}: only what answers an HTTP request can be recorded", USAGE)
    if chosen[0].request.cipher:
        raise LookError(
            f"{chosen[0].id}: its answers repeat the number as your key sealed it: nobody could read that", USAGE
        )


def _keep(record: Path, number: Number, outcome: Outcome, seen: Sequence[Observation], at: Instant) -> str:
    if not isinstance(outcome, Reply):
        return f"nothing to record: there was no answer ({outcome.failure})"
    try:
        fixture.write(record, number.national, outcome, seen, f"Recorded {timestamp(at)} by `numtrustd look`.")
    except FixtureError as error:
        raise LookError(str(error), USAGE) from None
    except OSError as error:
        raise LookError(f"{record}: cannot be written: {error.strerror}", IO) from error
    advice = "put a number that belongs to nobody in its place before you share it"
    return f"recorded as {record}.http and {record}.toml; {advice}"


async def _run_once(
    loaded: Loaded, source: Source, number: Number, words: Words, verbose: bool, echo: Callable[[str], None]
) -> bool:
    """One run of an operator's program; whether it answered."""
    program, safe = build.program(loaded, source.id), _redactor(tuple(loaded.secrets.values()))
    places = tuple(command.Place(r.platform, r.surface) for r in source.readings)
    asked = command.question((number,), places)
    if verbose:
        echo(f"{source.id}: {source.title}")
        echo(safe(f"$ {shlex.join(program.spec.argv)}"))
        echo(safe(f"> {asked.decode().rstrip()}"))
    ended = await program.run(asked, (lambda line: echo(safe(f"! {line}"))) if verbose else (lambda line: None))
    at = Clock().now()
    heard = command.hear(source.id, (number,), places, ended, at, words)
    if verbose:
        for line in ended.output.decode("utf-8", "replace").splitlines():
            echo(safe(f"< {line}"))
        for problem in heard.problems:
            echo(safe(problem))
    for seen in heard.seen[number.canonical]:
        _show_seen(source, seen, safe, echo)
    return ended.reason is None


Safe = Callable[[str], str]


def _redactor(private: tuple[str, ...]) -> Safe:
    """What makes a text fit to be shown: secrets and what was made from them go, controls are written out."""
    hidden = spellings(private)

    def safe(text: str) -> str:
        for secret in hidden:
            text = text.replace(secret, REDACTED)
        return escape(text, lines=True)

    return safe


def _show_seen(source: Source, seen: Observation, safe: Safe, echo: Callable[[str], None]) -> None:
    said = [str(seen.status)]
    said += [f"category={seen.category}"] if seen.category else []
    said += [f"words={seen.words}"] if seen.words else []
    said += [f"marks={seen.marks}"] if seen.marks is not None else []
    said += [f"name={seen.name}"] if seen.name else []
    said += [f"reason={seen.reason}"] if seen.reason else []
    said += [f"({seen.detail})"] if seen.detail else []
    said += [f"rule={seen.rule}"] if seen.rule else []
    echo(escape(safe(f"{seen.platform}/{seen.surface} by {source.id} at {timestamp(seen.at)}: {' '.join(said)}")))


def _show_trace(told: Trace, safe: Safe, echo: Callable[[str], None]) -> None:
    """What was tried, in order, up to what decided; and why each held or not."""
    echo(escape(f"{told.platform}/{told.surface}:"))
    for step in told.steps:
        echo(escape(f"  {step.kind} {step.name}: {'matches' if step.held else 'no'}"))
        for why in step.why.splitlines():
            echo(escape(safe(f"      {why}")))


def _show_exchange(
    source: Source, request: Request, outcome: Outcome, loaded: Loaded, safe: Safe, echo: Callable[[str], None]
) -> None:
    echo(f"{source.id}: {source.title}")
    if (route := loaded.source_route(source.id)) != DIRECT:
        echo(safe(f"via {route}"))
    echo(safe(f"> {request.method} {request.url}"))
    for name, value in request.headers:
        echo(safe(f"> {name}: {value}"))
    if request.body:
        echo(safe("> " + request.body.decode("utf-8", "replace")))
    if not isinstance(outcome, Reply):
        echo(safe(f"< {type(outcome).__name__}: {outcome.failure}: {outcome.detail}"))
        return
    echo(f"< {outcome.status} ({len(outcome.body)} bytes in {outcome.elapsed * 1000:.0f} ms)")
    for name, value in outcome.headers:
        echo(safe(f"< {name}: {value}"))
    body = safe(outcome.body.decode("utf-8", "replace"))  # before it is cut: half a secret is one, too
    echo(body[:SHOWN] + (f"\n… ({len(body) - SHOWN} characters more)" if len(body) > SHOWN else ""))
