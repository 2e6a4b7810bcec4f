"""PURE: what a platform said to one call of a channel.

Built for what may not happen twice: only an outcome that proves that nothing was sent is `NotSent`, only a
documented answer is taken at its word, and everything else (lost, 5xx, a redirect, a shape that no rule
knows) is `Unclear`, which the appeal looks up or asks a person about. `spec` beside this declares the calls,
`actors.outbox` makes them.
"""

from collections.abc import Collection, Mapping

from msgspec import Struct

from numtrustd.channels.spec import (
    LOOK_UP_NAMES,
    QUERY_NAMES,
    SUBMIT_NAMES,
    AnswerRule,
    Call,
    HttpChannel,
    SayAccepted,
    SayApproved,
    SayInfoRequested,
    SayInReview,
    SayLater,
    SayNotFound,
    SayRefused,
    SayRejected,
)
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant
from numtrustd.wire import echo, exchange, template
from numtrustd.wire import lint as wires
from numtrustd.wire.match import Answer
from numtrustd.wire.retry_after import retry_after
from numtrustd.wire.spec import Condition, Pick


class Accepted(Struct, frozen=True):
    """The platform has the submission, under this receipt."""

    receipt: str


class Refused(Struct, frozen=True):
    """A documented refusal: nothing was taken in."""

    reason: str


class Later(Struct, frozen=True):
    """Not taken in; to be sent again after so many seconds (`None`: the platform did not say)."""

    retry_after: float | None


class InReview(Struct, frozen=True):
    """Still being looked at."""


class Approved(Struct, frozen=True):
    """The platform agreed."""


class Rejected(Struct, frozen=True):
    """The platform disagreed."""

    reason: str


class InfoRequested(Struct, frozen=True):
    """The platform wants more papers."""

    what: str


class NotFound(Struct, frozen=True):
    """The platform does not have what was asked about."""


class NotSent(Struct, frozen=True):
    """Nothing left this machine."""

    detail: str


class Unclear(Struct, frozen=True):
    """Nobody can know what became of it."""

    detail: str


Result = Accepted | Refused | Later | InReview | Approved | Rejected | InfoRequested | NotFound | NotSent | Unclear

NO_REASON = "no reason given"


def answer(call: Call, outcome: exchange.Outcome, values: Mapping[str, str], now: Instant) -> Result:
    """What the outcome of a call means. `values` are those that filled its request; `ref`, `receipt` and the
    number's forms may stand in its rules too.
    """
    if isinstance(outcome, exchange.NotSent):
        return NotSent(_failed(outcome))
    if isinstance(outcome, exchange.Unknown):
        return Unclear(_failed(outcome))
    if not (200 <= outcome.status <= 299 or 400 <= outcome.status <= 499):
        return Unclear(f"HTTP {outcome.status}")
    reply = Answer(outcome, call.views, _asked(values), values)
    for rule in call.rules:
        if all(map(reply.holds, rule.when)):
            return _said(rule, reply, now)
    return Unclear(f"HTTP {outcome.status} with an answer that no rule knows")


def _said(rule: AnswerRule, reply: Answer, now: Instant) -> Result:
    match rule.then:
        case SayAccepted(receipt):
            taken = reply.words(receipt)
            return Accepted(taken) if taken else Unclear(f"{rule.name}: accepted, but without the receipt")
        case SayRefused(reason):
            return Refused(reply.words(reason) or NO_REASON)
        case SayLater():
            return Later(retry_after(reply.reply, now))
        case SayInReview():
            return InReview()
        case SayApproved():
            return Approved()
        case SayRejected(reason):
            return Rejected(reply.words(reason) or NO_REASON)
        case SayInfoRequested(what):
            return InfoRequested(reply.words(what) or NO_REASON)
        case SayNotFound():
            return NotFound()


def _failed(outcome: exchange.NotSent | exchange.Unknown) -> str:
    return f"{outcome.failure}: {outcome.detail}" if outcome.detail else str(outcome.failure)


def _asked(values: Mapping[str, str]) -> echo.Asked | None:
    try:
        return echo.asked(from_canonical(values["e164"]))
    except (KeyError, ValueError):
        return None


def lint(call: Call, unclear: Collection[str] = (), *, names: Collection[str] = template.CASE_NAMES) -> list[str]:
    """What is wrong with a call, one readable line each, beginning with the key. Empty means that it may be used.

    `unclear` are views of which nothing is known, because what stands there could not be read. `names` are the
    placeholders that have a value in this call.
    """
    wrong = template.lint(call.request, names=names)
    wrong += wires.views(call.views, unclear)
    known = wires.kinds(call.views, unclear)
    if not call.rules:
        wrong.append("rule: there is none, so nobody ever knows what the platform said")
    seen: set[str] = set()
    for n, rule in enumerate(call.rules):
        where = wires.named("rule", n, rule.name, seen, wrong)
        wrong += _lint_rule(where, rule, known, names)
    return wrong


def lint_channel(channel: HttpChannel, unclear: Mapping[str, Collection[str]] | None = None) -> list[str]:
    """What is wrong with a channel as a whole: `lint` of each call, and what a call may not say.

    `unclear` are, by call, the views of which nothing is known.
    """
    wrong: list[str] = []
    for name, call, names, may in (
        ("submit", channel.submit, SUBMIT_NAMES, (SayAccepted, SayRefused, SayLater)),
        ("query", channel.query, QUERY_NAMES, (SayInReview, SayApproved, SayRejected, SayInfoRequested, SayLater)),
        ("look_up", channel.look_up, LOOK_UP_NAMES, (SayAccepted, SayNotFound, SayLater)),
    ):
        if call is None:
            continue
        wrong += [f"{name}.{line}" for line in lint(call, (unclear or {}).get(name, ()), names=names)]
        for rule in call.rules:
            if not isinstance(rule.then, may):
                said = ", ".join(str(kind.__struct_config__.tag) for kind in may)
                wrong.append(f"{name}.rule.{rule.name}.then: is no answer to {name}; it may say {said}")
    for rule in channel.look_up.rules if channel.look_up else ():
        if isinstance(rule.then, SayNotFound) and not any(_absent(c) for c in rule.when):
            where = f"look_up.rule.{rule.name}.when"
            wrong.append(f"{where}: a place with {{ref}} and exists = false must prove the absence")
    if channel.look_up is not None and "ref" not in template.placeholders(channel.submit.request):
        wrong.append("submit.request: a look-up finds a submission by {ref}, which the submission does not carry")
    return wrong


def _absent(condition: Condition) -> bool:
    """A condition that is false where the search itself fails, unlike the rule before it that found nothing."""
    return condition.exists is False and "{ref}" in f"{condition.path}{condition.css}"


def _lint_rule(where: str, rule: AnswerRule, known: wires.Kinds, names: Collection[str]) -> list[str]:
    wrong: list[str] = []
    for n, condition in enumerate(rule.when):
        wrong += wires.condition(f"{where}.when[{n}]", condition, known, names)
        if any(
            100 <= status <= 199 or 300 <= status <= 399 or 500 <= status <= 599 for status in condition.status or ()
        ):
            wrong.append(f"{where}.when[{n}].status: after 1xx, 3xx and 5xx nobody can know what was taken in")
    if not rule.when:
        wrong.append(f"{where}.when: a rule without conditions matches everything")
    elif isinstance(rule.then, SayAccepted | SayApproved | SayNotFound) and not wires.positive(rule.when):
        wrong.append(f"{where}.when: status and absence prove nothing; add a condition on something that is there")
    for field in ("receipt", "reason", "what"):
        if isinstance(pick := getattr(rule.then, field, None), Pick):
            wrong += wires.pick(f"{where}.then.{field}", pick, known, names)
    return wrong
