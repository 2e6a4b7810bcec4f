"""From a checked configuration to the values that the actors work with. Nothing is read or started here.

`settings` knows what operators write, `actors.context` what actors need; this is the one place that knows both.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, structs

from numtrustd.actors.context import AppealRules, CertificationRules, Context, Group, IncidentRules
from numtrustd.channels.spec import Call, HttpChannel
from numtrustd.domain.case import ActionKind
from numtrustd.domain.label import Category
from numtrustd.domain.wording import Owner
from numtrustd.probes import command
from numtrustd.probes.program import Program
from numtrustd.probes.spec import Source
from numtrustd.settings import Loaded, Problem
from numtrustd.wire.route import DIRECT, Route
from numtrustd.wire.spec import RequestSpec
from numtrustd.wire.template import Template, compile_request, placeholders


def context(loaded: Loaded, store: str) -> Context:
    """What configuration says to the actors. `store` is the database's identity."""
    settings = loaded.settings
    rules, company = settings.appeal, settings.company
    return Context(
        store=store,
        numbers=loaded.numbers,
        platforms=loaded.platforms,
        sources=loaded.sources,
        idle=loaded.idle,
        vias={
            name: settings.source_via(name)
            for name in (*loaded.sources, *loaded.idle)
            if settings.source_via(name) != DIRECT.name
        },
        channels=loaded.channels,
        manuals=loaded.manuals,
        variables=loaded.vars,
        verdict=settings.verdict,
        verdicts={
            name: structs.replace(settings.verdict, **own)
            for name, table in settings.platform.items()
            if (own := {key: value for key, value in structs.asdict(table.verdict).items() if value is not None})
        },
        vocabulary=loaded.vocabulary,
        severity={
            Category(name): said
            for name, said in structs.asdict(settings.vocabulary.severity).items()
            if said is not None
        },
        cadence=settings.cadence,
        cause=settings.cause,
        trust=settings.trust,
        leaving=settings.cancellation,
        hands=settings.device_tests,
        inspection=settings.inspection,
        appeal=AppealRules(
            max_attempts=rules.max_attempts,
            person_deadline=rules.person_deadline,
            evidence_deadline=rules.evidence_deadline,
            watch_period=rules.watch_period,
            verify_timeout=rules.verify_timeout,
            poll_interval=rules.poll_interval,
            feeder_wait=settings.appeal.feeder_wait,
            core_wait=rules.core_wait,
            expedite_within=rules.expedite_within,
            remind_interval=rules.remind_interval,
            purpose=rules.purpose,
        ),
        certification=CertificationRules(**structs.asdict(settings.certification)),
        incident=IncidentRules(**structs.asdict(settings.incident)),
        attempts={
            name: table.appeal.max_attempts
            for name, table in settings.platform.items()
            if table.appeal.max_attempts is not None
        },
        cadences={name: table.cadence for name, table in settings.platform.items() if table.cadence is not None},
        ask_approval=frozenset(name for name, table in settings.platform.items() if table.appeal.approval == "ask"),
        ask_by_default=rules.approval == "ask",
        groups={
            g.name: Group(
                name=g.name,
                cadence=g.cadence,
                hours=g.hours,
                ask_approval=None if g.approval is None else g.approval == "ask",
                owner=g.owner,
            )
            for g in settings.group
        },
        documents=loaded.evidence,
        papers=settings.papers,
        ledger=settings.ledger,
        windows=settings.window,
        season=settings.calendar,
        maintenance=settings.maintenance,
        wording=settings.wording,
        prevention=settings.prevention,
        benefit=settings.benefit,
        letters=loaded.letters,
        agents={name: table.appeal.agent for name, table in settings.platform.items() if table.appeal.agent},
        owner=Owner(
            name=company.name,
            licence_number=company.licence_number,
            contact_name=company.contact_name,
            contact_phone=company.contact_phone,
            contact_email=company.contact_email,
        ),
    )


def _fixed(variables: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    return {f"var:{k}": v for k, v in variables.items()} | {f"secret:{k}": v for k, v in secrets.items()}


def _bound(spec: RequestSpec, variables: Mapping[str, str], secrets: Mapping[str, str]) -> Template:
    return compile_request(spec).bind(_fixed(variables, secrets))


def look_template(loaded: Loaded, source: str) -> Template:
    """The request of a source that answers at once, with everything but the number filled in."""
    request = loaded.sources[source].request
    assert request is not None, source
    return _bound(request, loaded.source_vars(source), loaded.secrets)


def batch_templates(loaded: Loaded, source: str) -> dict[str, Template]:
    """The requests of a source that takes batches, by the name of the call."""
    batch = loaded.sources[source].batch
    assert batch is not None, source
    return {name: _bound(spec, loaded.source_vars(source), loaded.secrets) for name, spec in batch.requests}


def program(loaded: Loaded, source: str) -> Program:
    """A source's program with everything but the numbers filled in."""
    spec = loaded.sources[source].command
    assert spec is not None, source
    fixed = _fixed(loaded.source_vars(source), loaded.secrets)
    return Program(spec, {name: fixed[name] for name in command.placeholders(spec)})


def call_templates(loaded: Loaded, platform: str, channel: HttpChannel) -> dict[ActionKind, Template]:
    """The requests of a platform's appeal API."""
    calls: dict[ActionKind, Call | None] = {
        ActionKind.SUBMIT: channel.submit,
        ActionKind.QUERY: channel.query,
        ActionKind.LOOK_UP: channel.look_up,
    }
    return {
        kind: _bound(call.request, loaded.vars[platform], loaded.secrets)
        for kind, call in calls.items()
        if call is not None
    }


def private(loaded: Loaded) -> list[str]:
    """What no line may hold: the secrets in use, and what is made of them once and for all (a Basic header)."""
    templates = [
        _bound(request, loaded.source_vars(name), loaded.secrets)
        for name, source in loaded.sources.items()
        for _, request in source.requests
    ]
    for platform, channel in loaded.channels.items():
        if isinstance(channel, HttpChannel):
            templates += call_templates(loaded, platform, channel).values()
    logins = [route.proxy.basic for route in loaded.routes.values() if route.proxy is not None and route.proxy.user]
    made = (text for template in templates for text in template.private)
    return [*dict.fromkeys((*loaded.secrets.values(), *made, *logins))]


Bound = tuple[object, Route, tuple[str, ...]]


def _with_values(
    spec: object, route: Route, used: Iterable[str], loaded: Loaded, variables: Mapping[str, str]
) -> Bound:
    fixed = _fixed(variables, loaded.secrets)
    names = sorted({name for name in used if name in fixed})
    return spec, route, tuple(fixed[name] for name in names)


def bound_sources(loaded: Loaded) -> dict[str, Bound]:
    """Each source that looks by itself, with its way out and the variables and secrets that its looks carry: if all is
    equal, it goes on as it is."""
    return {
        name: _with_values(source, loaded.source_route(name), _used(source), loaded, loaded.source_vars(name))
        for name, source in loaded.sources.items()
        if source.report is None
    }


def _used(source: Source) -> frozenset[str]:
    """The variables and secrets that a source's looks carry, among other placeholders."""
    if source.command is not None:
        return command.placeholders(source.command)
    return frozenset(name for _, request in source.requests for name in placeholders(request))


def bound_channels(loaded: Loaded) -> dict[str, Bound]:
    """The same for the appeal APIs."""
    return {
        platform: _with_values(
            channel,
            loaded.channel_route(platform),
            {
                name
                for call in (channel.submit, channel.query, channel.look_up)
                if call is not None
                for name in placeholders(call.request)
            },
            loaded,
            loaded.vars[platform],
        )
        for platform, channel in loaded.channels.items()
        if isinstance(channel, HttpChannel)
    }


class Difference(Struct, frozen=True):
    """What a new configuration changes, by id."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int


def difference(old: Mapping[str, object], new: Mapping[str, object]) -> Difference:
    """Compare two tables by key and value."""
    kept = old.keys() & new.keys()
    changed = tuple(k for k in new if k in kept and old[k] != new[k])
    return Difference(
        added=tuple(k for k in new if k not in old),
        removed=tuple(k for k in old if k not in new),
        changed=changed,
        unchanged=len(kept) - len(changed),
    )


NAMED = 5
"""Numbers that a refusal names one by one."""


def cut_short(loaded: Loaded, numbers: Difference, cases: Callable[[str], Sequence[str]]) -> list[Problem]:
    """What is wrong with leaving out numbers of which `cases` are open: a list may have been cut short."""
    lost = {number: found for number in sorted(numbers.removed) if (found := cases(number))}
    if not lost:
        return []
    more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    what = f"{', '.join([*lost][:NAMED])}{more}: no longer named, with open cases: {sum(map(len, lost.values()))}"
    remedy = "put the rows back, or have these cases given up: numtrustctl reload --give-up"
    # A row that is gone has no line; the place is the list that it was in, as far as there is one only.
    listed = loaded.settings.numbers.files
    place = loaded.path.parent / listed[0] if len(listed) == 1 and not loaded.settings.number else loaded.path
    return [Problem(str(place), 1, "number" if place != loaded.path else "numbers", what, remedy)]
