"""Events in the reader's language: what `watch` and `history` say of each.

The daemon says an event in the words of its message in the catalogue of events, whose places it fills with the event's
facts. The catalogues of languages have each of these messages, and here the facts go into the one of the reader's
language. Of a line of the log the facts are its typed fields; of a line of a number's history only the sentence is
kept, which is held against the message. What is of an older or newer daemon, and fits nothing, is shown as it was said,
and so is everything in English. What people and platforms wrote stays as they wrote it.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from msgspec import inspect

from numtrustd.api import control, errors, status
from numtrustd.api.rows import HistoryRow
from numtrustd.api.status import LogRecord
from numtrustd.ctl import problems
from numtrustd.ctl.lang import event_word, listed, spoken, word
from numtrustd.ctl.sentences import LONGEST, SHAPES, Pattern, matches, said, told_span, told_verdict
from numtrustd.events import CATALOGUE, Event, of_payload, shown
from numtrustd.events.base import unwrap
from numtrustd.events.template import Part, Place, filled, parts

METHODS = tuple(method.name for interface in (control.CONTROL, status.STATUS) for method in interface.methods)
"""What the methods of the sockets are called, which the log names."""

ERRORS = tuple(error.__name__ for error in errors.ACTING)
"""What their errors are called."""

WORDS = (
    *METHODS,
    *ERRORS,
    *("yes", "no"),  # whether a mark was met
    *("started", "seen", "over"),  # a maintenance
    *("emergency", "alarm"),  # so many complaints
    *("map_full", "disk_full", "no_memory"),  # why nothing can be stored
    "no_answer",  # of a platform that was asked
    *("the start of the daemon", "configuration"),  # who did it
    "CNY",
)
"""What an event's field may be that nothing else is, or means something else there."""

_OF_PEOPLE = frozenset({("silence.added", "why"), ("case.acknowledged", "why"), ("number.released", "why")})
"""Where a person says why, and not the daemon."""

_PINNED = {"platform": "platform", "case": "case", "from_": "old", "to": "new"}
"""Fields of an event that a line of a history has, too, and what they are called there."""


def logged(record: LogRecord) -> str:
    """What a line of the log says."""
    if spoken() == "en":
        return record.message
    event = of_payload(record.action, record.fields)
    return (event and _made(type(event), shown(event))) or record.message


def remembered(row: HistoryRow, number: str) -> str:
    """What a line of this number's history says."""
    kind = CATALOGUE.get(row.action)
    if spoken() == "en" or kind is None or len(row.text) > LONGEST:
        return said(row.text)
    known: dict[str, str | None] = {field: getattr(row, name) for field, name in _PINNED.items()} | {"number": number}

    def fits(field: str, value: str) -> bool:
        if known.get(field) is not None:
            return value == known[field]
        shape = _facts(kind)[field].shape
        return shape is None or shape.fullmatch(value) is not None

    for pattern in _patterns(kind.message):
        for values in matches(pattern, row.text, fits):
            if (made := _made(kind, {field: (value,) for field, value in values.items()})) is not None:
                return made
    return said(row.text)


def _made(kind: type[Event], values: Mapping[str, tuple[str, ...]]) -> str | None:
    """The event's message in the reader's language with these facts in its places, which are as the daemon says them;
    `None` if one is missing."""
    facts = _facts(kind)
    told = {field: listed(facts[field].say(each) for each in value) for field, value in values.items()}
    try:
        return filled(event_word(kind.message), told)
    except KeyError:
        return None


# --------------------------------------------------------------------------------------------------- out of a sentence


@cache
def _patterns(message: str) -> tuple[Pattern, ...]:
    """The message with and without each part that may be left out, those with the most in them first."""
    ways = product(*((True, False) if part.optional else (True,) for part in parts(message)))
    return tuple(
        _pattern(message, [part for part, there in zip(parts(message), way, strict=True) if there])
        for way in sorted(ways, key=sum, reverse=True)
    )


def _pattern(message: str, some: list[Part]) -> Pattern:
    words, places = [""], []
    for part in some:
        first, *others = (text.replace("%%", "%") for text in part.text.split("%s"))
        words[-1] += first
        words += others
        places += [place.field for place in part.places]
    return Pattern(message, tuple(words), tuple(places))


# --------------------------------------------------------------------------------------------------------------- facts


class _Fact(NamedTuple):
    """What a value of a field looks like in the daemon's sentence, if not like anything, and how it is said."""

    shape: re.Pattern[str] | None
    say: Callable[[str], str]


@cache
def _facts(kind: type[Event]) -> Mapping[str, _Fact]:
    """Those that the event's message has places for."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    types = {field.name: unwrap(field.type) for field in info.fields}
    return {
        place.field: _fact(kind.action, place, *types[place.field])
        for part in parts(kind.message)
        for place in part.places
    }


def _fact(action: str, place: Place, bare: inspect.Type, notes: Mapping[str, Any]) -> _Fact:
    match bare:
        case inspect.FloatType() if notes.get("unit") == "instant":
            return _Fact(SHAPES["at"], str)  # in UTC, as everywhere until the whole is shown
        case inspect.FloatType() if notes.get("unit") == "s":
            return _Fact(SHAPES["span"], told_span)
        case inspect.FloatType():
            return _Fact(_FLOAT, lambda value: value.removesuffix(".0"))
        case inspect.IntType() if place.noun:
            return _Fact(re.compile(rf"\d+(?: {place.noun}s?)?"), lambda value: value.partition(" ")[0])
        case inspect.IntType():
            return _Fact(_INT, str)
        case inspect.BoolType():
            return _Fact(_BOOL, event_word)
        case _ if (action, place.field) in _OF_PEOPLE:
            return _Fact(None, str)
    return _Fact(None, _SAY.get(place.field, str))


_FLOAT = re.compile(r"-?\d[\d.]*(?:e[+-]?\d+)?")
_INT = re.compile(r"-?\d+")
_BOOL = re.compile(r"yes|no")


def _worded(text: str) -> str:
    """A word of the domain, or a sentence."""
    for known in (event_word(text), word(text), word(text.replace("_", " "))):
        if known not in (text, text.replace("_", " ")):
            return known
    return told_verdict(text) or said(text)


def _named(text: str) -> str:
    """What kind of thing is meant, and its name."""
    kind, space, name = text.partition(" ")
    return word(kind) + space + name


def _result(text: str) -> str:
    """What came of a call: in words, or the error that it ended with and why."""
    error, colon, why = text.partition(": ")
    return (
        f"{event_word(error)}：{said(why)}" if colon and error.isidentifier() and error[0].isupper() else _worded(text)
    )


def _troubled(text: str) -> str:
    """A source, and why it is in trouble."""
    source, colon, reason = text.partition(": ")
    return f"{source}：{_worded(reason)}" if colon else text


_SAY: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("category", "causes", "channel", "detail", "facts", "finding", "from_", "mark", "next"), _worded),
    **dict.fromkeys(("outcome", "reason", "state", "stalled", "status", "title", "to", "why"), _worded),
    **dict.fromkeys(("by", "currency", "method"), event_word),
    "kind": word,
    "problems": problems.told,
    "result": _result,
    "targets": _named,
    "unhealthy": _troubled,
}
"""How a text is said, by the field that it is in; all others are names, ids, or somebody's own words."""
