"""PURE: what a platform says of a batch: whether it took it, how far it is, and which item is about which number.

Nothing here reads what an item says of its number: that is `extract`, to which an item is an answer of its own. An
item belongs to the one number that it names, whole and alone; one that names none, or a number that nobody handed in,
belongs to nobody. `batch` beside this declares the calls.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from numtrustd.domain.batch import Absent, Declined, Submitted, Taken, Unclear
from numtrustd.domain.number import Number
from numtrustd.domain.observation import UnknownReason
from numtrustd.probes.batch import (
    BatchSpec,
    CollectCall,
    SayAccepted,
    SayDone,
    SayGone,
    SayItems,
    SayLater,
    SayNotFound,
    SayNothing,
    SayPending,
    SayRefused,
    SubmitCall,
)
from numtrustd.probes.failures import FAILURES, silent
from numtrustd.wire import echo, exchange
from numtrustd.wire.exchange import Outcome, Reply
from numtrustd.wire.match import Answer, plain
from numtrustd.wire.spec import Locator, View

_JOINTS = re.compile(r"[\s\-()]")
_NO_REASON = "no reason given"


def submitted(call: SubmitCall, outcome: Outcome, ref: str) -> Submitted:
    """What the outcome of a submission, or of a look-up, means."""
    if isinstance(outcome, exchange.NotSent):
        return Declined(FAILURES[outcome.failure], _failed(outcome))
    if isinstance(outcome, exchange.Unknown):
        return Unclear(FAILURES[outcome.failure], _failed(outcome))
    if 200 <= outcome.status <= 299 or 400 <= outcome.status <= 499:
        answer = Answer(outcome, call.views, None, {"ref": ref})
        for rule in call.rules:
            if all(map(answer.holds, rule.when)):
                match rule.then:
                    case SayAccepted(pick):
                        if task := answer.words(pick):
                            return Taken(task)
                        return Unclear(UnknownReason.BAD_SHAPE, f"{rule.name}: accepted, but without the task id")
                    case SayRefused(pick):
                        return Declined(UnknownReason.REFUSED, answer.words(pick) or _NO_REASON)
                    case SayLater():
                        return Declined(UnknownReason.RATE_LIMITED, "the platform asked for a pause")
                    case SayNotFound():
                        return Absent()
    nothing = silent(outcome)
    reason = UnknownReason.BAD_SHAPE if nothing is None else nothing[0]
    return Unclear(reason, f"HTTP {outcome.status} with an answer that no rule knows")


def _failed(outcome: exchange.NotSent | exchange.Unknown) -> str:
    return f"{outcome.failure}: {outcome.detail}" if outcome.detail else str(outcome.failure)


class Row(Struct, frozen=True):
    """One item, as an answer of its own."""

    names: tuple[str, ...]
    reply: Reply


class Collected(Struct, frozen=True):
    """How far a task is. `rows` may be there while it runs (`done` is false); `gone`: nothing will ever come.

    Where `reason` is set nothing can be said, by the rule of that name if one said so; `pending` is such a reason.
    """

    rows: tuple[Row, ...] = ()
    done: bool = False
    gone: bool = False
    reason: UnknownReason | None = None
    detail: str = ""
    rule: str | None = None


def collected(
    batch: BatchSpec, places: Sequence[Locator], views: Mapping[str, View], reply: Reply, task: str
) -> Collected:
    """What the answer about a task says. `places` are where an item names its number, `views` the item's own."""
    call = batch.collect
    answer = Answer(reply, call.views, None, {"task": task})
    nothing = silent(reply)
    for rule in call.rules:
        if not all(map(answer.holds, rule.when)):
            continue
        match rule.then:
            case SayNothing(reason):
                return Collected(reason=reason, rule=rule.name)
            case SayPending():
                return Collected(reason=UnknownReason.PENDING, rule=rule.name)
            case SayGone():
                return Collected(gone=True, reason=UnknownReason.NO_CARD, detail="no such task", rule=rule.name)
            case SayItems() | SayDone():
                if nothing is not None:
                    break
                return _items(call, places, views, answer, done=isinstance(rule.then, SayDone))
    if nothing is not None:
        return Collected(reason=nothing[0], detail=nothing[1])
    return Collected(reason=UnknownReason.BAD_SHAPE, detail="no rule of the batch matched")


def _items(
    call: CollectCall, places: Sequence[Locator], views: Mapping[str, View], answer: Answer, *, done: bool
) -> Collected:
    found = answer.locate(call.items)
    if not isinstance(found, list):
        return Collected(reason=UnknownReason.BAD_SHAPE, detail="there is no list of items")
    rows: list[Row] = []
    for item in found:
        if not isinstance(item, dict):
            continue
        reply = Reply(answer.reply.status, (("content-type", "application/json"),), msgspec.json.encode(item))
        one = Answer(reply, views)
        named = (plain(value) for place in places if isinstance(value := one.locate(place), str | int))
        rows.append(Row(tuple(named), reply))
    return Collected(rows=tuple(rows), done=done)


def names(number: Number) -> frozenset[str]:
    """What an item may write for a number, joints aside; one with a plus is international."""
    asked = echo.asked(number)
    return asked.domestic | asked.international | {f"+{form}" for form in asked.international}


def sort(rows: Iterable[Row], index: Mapping[str, str]) -> tuple[dict[str, list[Reply]], int]:
    """(number → the items that name it, how many items name none that was handed in).

    `index` gives the number for each of its `names`.
    """
    found: dict[str, list[Reply]] = {}
    strangers = 0
    for row in rows:
        owners = {index.get(_JOINTS.sub("", name)) for name in row.names}
        owner = owners.pop() if len(owners) == 1 else None
        if owner is None:
            strangers += 1
        else:
            found.setdefault(owner, []).append(row.reply)
    return found, strangers


def one_of(items: Sequence[Reply]) -> Reply | None:
    """The item about a number, which may be there twice; `None` if the two differ."""
    return items[0] if all(item.body == items[0].body for item in items) else None
