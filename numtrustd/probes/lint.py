"""PURE: what is wrong with a source as its pack declares it, and what would make it better.

`extract` beside this reads answers by the same declarations; `batch_lint` looks at the calls of a batch, `command` at a
program's line, `wire.lint` at what all of them share. `settings.lint` gives each line its place in the pack.
"""

from collections.abc import Collection, Mapping

from numtrustd.probes import batch_lint
from numtrustd.probes.spec import Rule, SayClean, SayMarked, SayUnknown, Source
from numtrustd.wire import lint as wires
from numtrustd.wire import template
from numtrustd.wire.spec import Jsonp, Locator, Pick

_ASKS = template.NUMBER_NAMES | {"national_sha1", "sealed"}
"""What stands in a request for the number that it is about."""

NOBODY = "asks about no number"


def lint(
    source: Source, unclear: Collection[str] = (), calls: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    """What is wrong with a source, one readable line each, beginning with the key. Empty means that it may be used.

    `unclear` are views of which nothing is known, because what stands there could not be read; `calls` are those of a
    batch's calls.
    """
    if source.kind in ("command", "report"):
        return _lint_unread(source)
    wrong: list[str] = []
    if source.batch is not None:
        wrong += batch_lint.lint(source, source.batch, calls or {})
    if (request := source.request) is not None:
        wrong += (unwritten := template.lint(request, names=template.NUMBER_NAMES))
        wrong += [
            f"request.cipher: says nothing of numbers of the kind {kind}; add [source.request.cipher.{kind}]"
            for kind in source.kinds
            if request.cipher and kind not in request.cipher
        ]
        if template.placeholders(request).isdisjoint(_ASKS) and not any("placeholder" in line for line in unwritten):
            bodies = ("json", "form", "multipart")
            where = next((body for body in bodies if getattr(request, body) is not None), "url")
            wrong.append(f"request.{where}: {NOBODY}; put {{national}}, {{e164}} or {{digits}} where it belongs")
    wrong += wires.views(source.views, unclear)
    wrong += _lint_callbacks(source)
    known = wires.kinds(source.views, unclear)
    wrong += _lint_readings(source, known)
    if any(reading.view or reading.at for reading in source.readings):
        held = {known.get(reading.view or "body", "any") for reading in source.readings}
        known.setdefault("item", held.pop() if len(held) == 1 else "any")
    for n, place in enumerate(source.echo):
        wrong += wires.place(f"echo[{n}]", place, known)
    seen: set[str] = set()
    for kind, rules in (("guard", source.guards), ("rule", source.rules)):
        for n, rule in enumerate(rules):
            where = wires.named(kind, n, rule.name, seen, wrong)
            wrong += _lint_rule(where, rule, known)
            if isinstance(rule.then, SayClean) and _number_alone(rule, source.echo):
                wrong.append(
                    f"{where}.when: nothing but the number itself leads to clean, and an error repeats it too; "
                    f"add a condition on the platform's own word for no mark"
                )
            if kind == "guard" and not isinstance(rule.then, SayUnknown):
                wrong.append(f"{where}: a guard says unknown; only a rule may say {_said(rule)}")
    return wrong


def advice(source: Source) -> list[str]:
    """What is allowed and yet better done otherwise."""
    lines: list[str] = []
    if source.kind in ("http", "batch"):
        lines += _advice_on_reading(source)
    if not source.enabled and not source.why_off:
        lines.append("why_off: say why the source is off and what must be done to turn it on")
    return lines


def _advice_on_reading(source: Source) -> list[str]:
    lines: list[str] = []
    if not source.echo and not source.bound and source.batch is None:
        lines.append("echo: nothing proves that an answer is about the number asked for; name a place if there is one")
    if source.batch is None and not any(c.status is None for rule in source.guards for c in rule.when):
        lines.append("guard: platforms block with pages of HTTP 200 too; add a guard on the words of that page")
    if not source.clears:
        lines.append("rule: no rule says clean or certified, so a label is never seen to go")
    return lines


def _lint_unread(source: Source) -> list[str]:
    """A source whose answers say themselves what they mean has nothing to read them by."""
    wrong = [] if source.readings else ["reading: there is none; say which platform the answer speaks for"]
    if source.kind == "report" and source.when != "always":
        wrong.append("when: nobody looks through it by himself; leave it out")
    seen: set[tuple[str, str]] = set()
    for n, reading in enumerate(source.readings):
        if (reading.platform, reading.surface) in seen:
            wrong.append(f"reading[{n}]: {reading.platform}/{reading.surface} is read twice")
        seen.add((reading.platform, reading.surface))
        wrong += [
            f"reading[{n}].{key}: is for answers of HTTP requests; leave it out"
            for key in ("view", "at")
            if getattr(reading, key) is not None
        ]
    for key, given in (
        ("rule", source.rules), ("guard", source.guards), ("views", source.views), ("echo", source.echo),
    ):  # fmt: skip
        if given and not source.requests:  # else that there are two ways to look is what is wrong
            wrong.append(f"{key}: is for answers of HTTP requests; leave it out")
    return wrong


def _lint_callbacks(source: Source) -> list[str]:
    """A callback made of the number proves something only where the request asks for it."""
    request = source.request
    asked = () if request is None else (request.url, *(request.form or {}).values())
    return [
        f"views.{name}.steps[{n}].callback: the request does not ask for {step.callback!r}; write it there the same way"
        for name, view in source.views.items()
        for n, step in enumerate(view.steps)
        if isinstance(step, Jsonp) and "{" in step.callback and not any(step.callback in text for text in asked)
    ]


def _lint_readings(source: Source, known: wires.Kinds) -> list[str]:
    wrong: list[str] = []
    if not source.readings:
        wrong.append("reading: there is none; say which platform the answer speaks for")
    if not source.rules:
        wrong.append("rule: there is none, so every answer is unknown")
    seen: set[tuple[str, str]] = set()
    for n, reading in enumerate(source.readings):
        where = f"reading[{n}]"
        if (reading.platform, reading.surface) in seen:
            wrong.append(f"{where}: {reading.platform}/{reading.surface} is read twice")
        seen.add((reading.platform, reading.surface))
        kind = known.get(reading.view or "body")
        if kind is None:
            wrong.append(f"{where}.view: there is no view {reading.view!r}; there are {', '.join(sorted(known))}")
        elif kind == "any":  # what can be read neither way can never be found
            if reading.at is not None and wires.path(reading.at) and wires.css(reading.at):
                wrong.append(f"{where}.at: {reading.at!r} is neither a JMESPath nor a CSS selector")
        elif reading.at is not None:
            part = Locator(
                view=reading.view,
                path=None if kind == "html" else reading.at,
                css=reading.at if kind == "html" else None,
            )
            wrong += [
                line.replace(".path:", ".at:").replace(".css:", ".at:") for line in wires.place(where, part, known)
            ]
    return wrong


def _lint_rule(where: str, rule: Rule, known: wires.Kinds) -> list[str]:
    wrong: list[str] = []
    for n, condition in enumerate(rule.when):
        wrong += wires.condition(f"{where}.when[{n}]", condition, known, names=())
    say = rule.then
    if not rule.when:
        wrong.append(f"{where}.when: a rule without conditions matches everything")
    elif not isinstance(say, SayUnknown) and not wires.positive(rule.when):
        wrong.append(f"{where}.when: only absence leads to {_said(rule)}; add a condition on something that is there")
    if isinstance(say, SayMarked) and say.words is None and say.category is None:
        wrong.append(f"{where}.then: give words or a category")
    for field in ("words", "marks", "name", "logo", "tag"):
        if isinstance(pick := getattr(say, field, None), Pick):
            wrong += wires.pick(f"{where}.then.{field}", pick, known, names=())
    return wrong


def _number_alone(rule: Rule, echo: Collection[Locator]) -> bool:
    """Whether all that a rule wants to be there is the number, at a place where the answer names it."""
    places = {_place(place) for place in echo}
    return wires.positive(rule.when) and not any(
        wires.positive([condition])
        for condition in rule.when
        if _place(condition) not in places or not (condition.exists or condition.nonempty or condition.has_number)
    )


def _place(at: Locator) -> tuple[str | None, ...]:
    return at.view, at.path, at.css, at.attr


def _said(rule: Rule) -> str:
    return type(rule.then).__name__.removeprefix("Say").lower()
