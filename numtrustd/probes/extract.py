"""PURE: what one answer of a source says, as observations.

The order is fixed: the pack's guards, the HTTP status, the empty body, then for each reading the rules, the
first that matches wins, and before one that says marked, clean or certified may win, the answer must name the
number asked for. No match is `unknown`, never `clean`. `spec` beside this declares sources, `wire.match`
evaluates conditions, `look` sends the request.
"""

import contextlib
import re
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256

from msgspec import Struct
from selectolax.lexbor import LexborNode

from numtrustd.domain.label import STATUS_WORDS, WORD_NOT_KNOWN, Category, classify
from numtrustd.domain.number import Number
from numtrustd.domain.observation import Instant, Observation, Status, UnknownReason
from numtrustd.probes import batch_lint, collect
from numtrustd.probes.batch import BatchSpec
from numtrustd.probes.failures import FAILURES as FAILURES
from numtrustd.probes.failures import silent
from numtrustd.probes.spec import Reading, Rule, SayCertified, SayClean, SayMarked, SayUnknown, Source
from numtrustd.wire import document, echo, explain, template
from numtrustd.wire import lint as wires
from numtrustd.wire.exchange import NotSent, Outcome, Reply
from numtrustd.wire.match import UNREADABLE, Answer, plain
from numtrustd.wire.spec import Jsonp, Locator, Pick

Words = Mapping[str, Mapping[str, Category]]
"""Platform id → its own words, beside the shared table of `domain.label`."""


_PARTS = 50
"""Parts that are looked through for the number; no page shows more cards of a kind."""
_READ_OVER = 3
"""How many times its own size of an answer is read for that; only parts within parts come to more than once."""

_DIGIT = re.compile(r"\d")

Note = Callable[[str, str, bool, str], None]


class Step(Struct, frozen=True):
    """One thing that was tried. `kind` is guard, http, empty, part, echo or rule; `why` has one line per condition."""

    kind: str
    name: str
    held: bool
    why: str


class Trace(Struct, frozen=True):
    """How one reading came to its observation."""

    platform: str
    surface: str
    steps: tuple[Step, ...]


class _Nothing(Struct, frozen=True):
    """No rule's verdict: why nothing can be said."""

    reason: UnknownReason
    detail: str | None = None
    rule: str | None = None


def extract(
    source: Source, number: Number, outcome: Outcome, at: Instant, words: Words, sent_as: tuple[str, ...] = ()
) -> tuple[Observation, ...]:
    """What the answer says, one observation for each reading, in the order of `source.readings`.

    `sent_as` is `Request.sent_as`: an answer that repeats it names the number. Of a source that takes batches this is
    the answer about a whole task, which `sent_as` holds.
    """
    if not isinstance(outcome, Reply):
        return unread(source, at, FAILURES[outcome.failure], outcome.detail or str(outcome.failure))
    if source.batch is not None:
        item = _item(source, source.batch, number, outcome, sent_as)
        if isinstance(item, _Nothing):
            digest = sha256(outcome.body).hexdigest()[:16]
            return tuple(_unknown(source, reading, at, item, digest) for reading in source.readings)
        outcome, sent_as = item, ()
    return extract_item(source, number, outcome, at, words, sent_as)


def extract_item(
    source: Source, number: Number, outcome: Reply, at: Instant, words: Words, sent_as: tuple[str, ...] = ()
) -> tuple[Observation, ...]:
    """The same of an answer about this number alone: one item of a batch, or what a source says that has no batches."""
    digest = sha256(outcome.body).hexdigest()[:16]
    answer = Answer(outcome, source.views, echo.asked_as(number, sent_as))
    return tuple(_read(source, reading, answer, at, words, digest) for reading in source.readings)


def unread(
    source: Source, at: Instant, reason: UnknownReason, detail: str, rule: str | None = None
) -> tuple[Observation, ...]:
    """What a look says where there is no answer to read."""
    return tuple(_unknown(source, r, at, _Nothing(reason, detail or None, rule), None) for r in source.readings)


def _item(source: Source, batch: BatchSpec, number: Number, reply: Reply, sent_as: tuple[str, ...]) -> Reply | _Nothing:
    """The item about one number in the answer about a task, or why there is none."""
    read = collect.collected(batch, source.echo, source.views, reply, next(iter(sent_as), ""))
    if read.reason is not None:
        return _Nothing(read.reason, read.detail or None, read.rule)
    found, strangers = collect.sort(read.rows, dict.fromkeys(collect.names(number), number.canonical))
    items = found.get(number.canonical)
    if items is None:
        if strangers:
            return _Nothing(UnknownReason.WRONG_CARD, "the items are about other numbers")
        return _Nothing(UnknownReason.NO_CARD if read.done else UnknownReason.PENDING, "no item about the number")
    one = collect.one_of(items)
    return _Nothing(UnknownReason.BAD_SHAPE, "two items about the number differ") if one is None else one


def trace(source: Source, number: Number, outcome: Outcome, sent_as: tuple[str, ...] = ()) -> tuple[Trace, ...]:
    """Every step that `extract` takes with this answer, and why each rule matched or not."""
    traces: list[Trace] = []
    for reading in source.readings:
        steps: list[Step] = []

        def note(kind: str, name: str, held: bool, why: str, steps: list[Step] = steps) -> None:
            steps.append(Step(kind, name, held, why))

        item = outcome
        if isinstance(outcome, Reply) and source.batch is not None:
            found = _item(source, source.batch, number, outcome, sent_as)
            if isinstance(found, _Nothing):
                why = (found.detail or "") if found.rule is None else "the rule of the batch holds"
                note("batch", found.rule or str(found.reason), True, why)
                traces.append(Trace(reading.platform, reading.surface, tuple(steps)))
                continue
            item = found
        if isinstance(item, Reply):
            _decide(source, reading, Answer(item, source.views, echo.asked_as(number, sent_as)), note)
        else:
            sent = "not sent" if isinstance(item, NotSent) else "no answer"
            note("http", sent, True, f"{item.failure}: {item.detail}")
        traces.append(Trace(reading.platform, reading.surface, tuple(steps)))
    return tuple(traces)


def _read(source: Source, reading: Reading, answer: Answer, at: Instant, words: Words, digest: str) -> Observation:
    answer, found = _decide(source, reading, answer, None)
    if isinstance(found, _Nothing):
        return _unknown(source, reading, at, found, digest)
    say = found.then
    match say:
        case SayUnknown():
            return _unknown(source, reading, at, _Nothing(say.reason, None, found.name), digest)
        case SayMarked():
            return _marked(source, reading, answer, at, words, digest, found.name, say)
        case SayClean():
            return Observation(
                platform=reading.platform,
                source=source.id,
                at=at,
                status=Status.CLEAN,
                surface=reading.surface,
                name=answer.words(say.name),
                digest=digest,
                rule=found.name,
            )
        case SayCertified():
            return Observation(
                platform=reading.platform,
                source=source.id,
                at=at,
                status=Status.CERTIFIED,
                surface=reading.surface,
                name=answer.words(say.name),
                logo=answer.words(say.logo),
                tag=answer.words(say.tag),
                digest=digest,
                rule=found.name,
            )


def _marked(
    source: Source,
    reading: Reading,
    answer: Answer,
    at: Instant,
    words: Words,
    digest: str,
    rule: str,
    say: SayMarked,
) -> Observation:
    shown = answer.words(say.words)
    if shown is not None and (status := STATUS_WORDS.get(shown.strip().casefold())) is not None:
        why = f"{shown} stands where a label should and means {status}"
        return _unknown(source, reading, at, _Nothing(UnknownReason.BAD_SHAPE, why, rule), digest)
    category, detail = say.category, None
    if category is None:
        category = Category.OTHER
        if shown is None:
            detail = "no words given"
        else:
            category, known = classify(shown, words.get(reading.platform))
            detail = None if known else WORD_NOT_KNOWN
    return Observation(
        platform=reading.platform,
        source=source.id,
        at=at,
        status=Status.MARKED,
        surface=reading.surface,
        category=category,
        words=shown,
        marks=answer.count(say.marks),
        name=answer.words(say.name),
        detail=detail,
        digest=digest,
        rule=rule,
    )


def _unknown(source: Source, reading: Reading, at: Instant, why: _Nothing, digest: str | None) -> Observation:
    return Observation(
        platform=reading.platform,
        source=source.id,
        at=at,
        status=Status.UNKNOWN,
        surface=reading.surface,
        reason=why.reason,
        detail=why.detail,
        digest=digest,
        rule=why.rule,
    )


def _decide(source: Source, reading: Reading, answer: Answer, note: Note | None) -> tuple[Answer, Rule | _Nothing]:
    """The rule that wins, or why none may; with the answer as this reading sees it."""
    answer, missing = _narrow(source, reading, answer)
    if note and missing:
        note("part", reading.at or "item", False, missing)
    for rule in source.guards:
        if _holds(rule, answer, note, "guard"):
            return answer, rule
    if (quiet := silent(answer.reply)) is not None:
        if note:
            kind = "empty" if quiet[0] is UnknownReason.EMPTY else "http"
            note(kind, str(quiet[0]), True, quiet[1])
        return answer, _Nothing(*quiet)
    for rule in source.rules:
        if not _holds(rule, answer, note, "rule"):
            continue
        if not isinstance(rule.then, SayUnknown) and (nothing := _unnamed(source, answer)):
            if note:
                note("echo", str(nothing.reason), True, nothing.detail or "")
            return answer, nothing
        return answer, rule
    return answer, _Nothing(UnknownReason.BAD_SHAPE, missing or "no rule matched")


def _holds(rule: Rule, answer: Answer, note: Note | None, kind: str) -> bool:
    held = all(map(answer.holds, rule.when))
    if note:
        note(kind, rule.name, held, "\n".join(explain.why(answer, condition) for condition in rule.when))
    return held


def narrowed(source: Source, reading: Reading, answer: Answer) -> Answer:
    """The answer as one reading sees it, its part as the view `item`."""
    return _narrow(source, reading, answer)[0]


def _narrow(source: Source, reading: Reading, answer: Answer) -> tuple[Answer, str | None]:
    """The answer with this reading's part as the view `item`, and why that part is not there.

    Where several parts match, the one that names the number is taken.
    """
    if reading.at is None and reading.view is None:
        return answer, None
    value = answer.view(reading.view)
    if reading.at is None:
        return answer.narrowed(value), None
    parts: object = UNREADABLE
    if isinstance(value, LexborNode):
        with contextlib.suppress(ValueError):  # no selector: `lint` says so, and may ask before that is mended
            parts = document.every(value, reading.at)
    elif value is not UNREADABLE:
        parts = answer.locate(Locator(view=reading.view, path=reading.at))
    if parts is UNREADABLE:
        return answer.narrowed(UNREADABLE), f"the view {reading.view or 'body'} cannot be read"
    if parts is None or parts == []:
        return answer.narrowed(None), "the part that the reading is about is not there"
    candidates = [answer.narrowed(part) for part in (parts[:_PARTS] if isinstance(parts, list) else [parts])]
    if len(candidates) > 1:
        room = _READ_OVER * len(answer.reply.body)
        for candidate in candidates:
            if _unnamed(source, candidate) is None:
                return candidate, None
            room -= len(plain(candidate.item).encode("utf-8", "surrogatepass"))
            if room < 0:
                break
    return candidates[0], None


def _unnamed(source: Source, answer: Answer) -> _Nothing | None:
    """Why the answer may not be believed to be about the number asked for; `None` if it names it."""
    if not source.echo:
        return None
    there = False
    for place in source.echo:
        value = answer.locate(place)
        if value is UNREADABLE or value is None:
            continue
        text = plain(value)
        if answer.asked is not None and echo.names(text, answer.asked):
            return None
        there = there or _DIGIT.search(text) is not None
    if there:
        return _Nothing(UnknownReason.WRONG_CARD, "the answer names another number")
    return _Nothing(UnknownReason.NO_CARD, "the answer names no number")


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
        wrong += template.lint(request, names=template.NUMBER_NAMES)
        wrong += [
            f"request.cipher: says nothing of numbers of the kind {kind}; add [source.request.cipher.{kind}]"
            for kind in source.kinds
            if request.cipher and kind not in request.cipher
        ]
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
        if given:
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


def _said(rule: Rule) -> str:
    return type(rule.then).__name__.removeprefix("Say").lower()
