"""The daemon's sentences in the reader's language, those with values in them included.

A sentence that never varies is looked up as it is. One with values is held against the patterns of `phrases`, as a
whole: what stands between a pattern's words is carried over, and said in the reader's language itself where it is a
word of the domain, a time or another sentence. What matches nothing is shown as it came.

Platforms and people put words into these sentences. So nothing here takes longer the more cunning they are: a text has
a greatest length, a pattern a greatest number of tries, and a sentence within a sentence a greatest depth.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from itertools import pairwise
from string import Formatter

from msgspec import Struct

from numtrustd.ctl import names, system_errors
from numtrustd.ctl.lang import filled, listed, spoken, tr, word
from numtrustd.ctl.phrases import PHRASES

LONGEST = 4_000
"""Characters of a text that is translated; a longer one is shown as it came."""

_TRIES = 64
"""Places that are tried for the words of one pattern."""

_DEPTH = 4
"""Sentences within sentences."""

_PARTS = 40
"""Sentences between commas."""

_AND = "; "
"""Between the daemon's sentences."""

_OF_SEVERAL = frozenset({"{id} is off: {said}"})
"""What may hold a sentence with a semicolon in it, which is known as a whole."""

_SPAN = r"-?\d{1,12}(?:\.\d{1,12})?(?:e[+-]?\d{1,3})? (?:ms|s|min|h|d)"
_INSTANT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z"
SHAPES: Mapping[str, re.Pattern[str]] = {
    "n": re.compile(r"\d[\d.,]*%?"),
    "span": re.compile(_SPAN),
    "ago": re.compile(rf"just now|{_SPAN} ago"),
    "at": re.compile(_INSTANT),
    "word": re.compile(r"\w+(?: \w+){0,2}"),
    **dict.fromkeys(("id", "view", "number"), re.compile(r"[^\s,;]*[^\s,;:]")),
    "file": re.compile(r"\S*/[^:]*"),
    "dir": re.compile(r"/.*|[^:]+"),
    "source": re.compile(r"[\w-]+\.[^\s,;:]+"),
    "ids": re.compile(r"[^\s,;]+(?:, [^\s,;]+)*"),
    "flaw": re.compile(r"(?:still )?shows .+", re.DOTALL),
}
"""What a value has to look like to stand in a pattern at all; others may be anything."""

_SHOWN = re.compile(
    r"(?:marked, )?(?P<words>.{1,200}?)(?: \((?P<category>\w{1,40})\))?(?:, (?P<marks>\d{1,12}) marks)?"
    r"(?P<hidden>, too few to be displayed)?"
)


class Pattern(Struct, frozen=True):
    """A phrase taken apart: `words` stand before, between and behind the `places`."""

    phrase: str
    words: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def weight(self) -> int:
        """The more of it is fixed, the sooner it is tried."""
        return sum(map(len, self.words))


def said(text: str | None) -> str:
    """A sentence of the daemon in the reader's language, or as it came; nothing for none."""
    if not text:
        return ""
    if spoken() == "en":
        own, colon, rest = text.partition(": ")
        known = names.known_by(own) if colon and not own.isascii() else None
        return text if known is None else known + colon + rest
    return text if len(text) > LONGEST else _any(text, _DEPTH) or text


def _any(text: str, depth: int) -> str | None:
    """A sentence, or several behind each other; `None` where not one of them is known."""
    if (one := _fixed(text)) is not None:
        return one
    if depth <= 0:
        return None
    if _AND not in text:
        return _matched(text, depth) or _list(text, depth)
    if (whole := _matched(text, depth, of_several=True)) is not None:
        return whole
    told = _several(text.split(_AND), depth)
    known = [translated for _, translated in told]
    if None in known and (whole := _matched(text, depth)) is not None:
        return whole
    if not any(known):
        return None
    # What a platform wrote may have a semicolon in it, which stays as it is.
    made = known[0] or told[0][0]
    for (_, before), (part, translated) in pairwise(told):
        made += (tr(_AND) if before and translated else _AND) + (translated or part)
    return made


def _several(parts: list[str], depth: int) -> list[tuple[str, str | None]]:
    """(as it came, translated) of the sentences between semicolons; some have semicolons in them themselves."""
    told: list[tuple[str, str | None]] = []
    while parts:
        for many in range(1, min(len(parts), 3) + 1):
            one = _AND.join(parts[:many])
            known = _any(one, depth - 1) if many == 1 else _fixed(one) or _matched(one, depth - 1, of_several=True)
            if known is not None:
                break
        else:
            many, one, known = 1, parts[0], None
        told.append((one, known))
        del parts[:many]
    return told


def _list(text: str, depth: int) -> str | None:
    """Sentences between commas, which have some in them themselves; `None` unless every one is known."""
    parts = text.split(", ")
    if not 1 < len(parts) <= _PARTS:
        return None
    told: list[str] = []
    while parts:
        for many in range(1, min(len(parts), 3) + 1):
            one = ", ".join(parts[:many])
            if (known := _fixed(one) or _matched(one, depth - 1)) is not None:
                told.append(known)
                del parts[:many]
                break
        else:
            return None
    return listed(told) if len(told) > 1 else None


def _fixed(text: str) -> str | None:
    """A sentence or word that never varies."""
    for known in (word(text), tr(text)):
        if known != text:
            return known
    return system_errors.told(text)


def _matched(text: str, depth: int, *, of_several: bool = False) -> str | None:
    """A sentence with values; `of_several` are those that consist of more than one."""
    sentence, comma, ago = text.rpartition(", ")
    if comma and not of_several and SHAPES["ago"].fullmatch(ago) and (before := _any(sentence, depth - 1)):
        return tr("{said}, {ago}").format(said=before, ago=_VALUES["ago"](ago, depth))
    for pattern in patterns():
        if of_several and pattern.phrase not in _OF_SEVERAL and not any(_AND in part for part in pattern.words):
            continue
        for values in matches(pattern, text):
            told = {place: _value(place, value, depth) for place, value in values.items()}
            if None not in told.values():
                return filled(tr(pattern.phrase), told, values)
    return None


@cache
def patterns() -> tuple[Pattern, ...]:
    """Those of all phrases, what is fixed the most first."""
    return tuple(sorted((pattern(phrase) for phrase in PHRASES), key=lambda p: (-p.weight, p.phrase)))


def pattern(phrase: str) -> Pattern:
    """A phrase taken apart."""
    words, places = [""], []
    for literal, place, _, _ in Formatter().parse(phrase):
        words[-1] += literal
        if place is not None:
            places.append(place)
            words.append("")
    return Pattern(phrase, tuple(words), tuple(places))


def _kind(place: str) -> str:
    return place.rstrip("0123456789")


def _has_shape(place: str, value: str) -> bool:
    shape = SHAPES.get(_kind(place))
    return shape is None or shape.fullmatch(value) is not None


def matches(pattern: Pattern, text: str, fits: Callable[[str, str], bool] = _has_shape) -> list[dict[str, str]]:
    """Ways in which the whole text may be read as the pattern, the shortest values first; a few at most. What does not
    fit its place, given by its name, is none.
    """
    words, places = pattern.words, pattern.places
    if not places:
        return [{}] if text == words[0] else []
    if not (text.startswith(words[0]) and text.endswith(words[-1])):
        return []
    if not all(part in text for part in words):
        return []
    found: list[dict[str, str]] = []
    left, last = _TRIES, len(text) - len(words[-1])

    def place(n: int, at: int, values: dict[str, str]) -> None:
        nonlocal left
        if n + 1 == len(places):
            value = text[at:last]
            if at < last and fits(places[n], value):
                found.append({**values, places[n]: value})
            return
        end = at
        while left > 0 and len(found) < 4 and (end := text.find(words[n + 1], end + 1, last)) > 0:
            left -= 1
            if fits(places[n], text[at:end]):
                place(n + 1, end + len(words[n + 1]), {**values, places[n]: text[at:end]})

    place(0, len(words[0]), {})
    return found


# ----------------------------------------------------------------------------------------------------------- values


def _value(place: str, value: str, depth: int) -> str | None:
    """A value in the reader's language; `None` if it cannot be what the pattern says that it is."""
    say = _VALUES.get(_kind(place))
    return value if say is None else say(value, depth)


def told_span(value: str, depth: int = 0) -> str:
    """A length of time as the daemon says it, such as `2.5 h`, in the reader's language."""
    many, _, unit = value.partition(" ")
    if unit == "ms":
        return value
    return {"s": tr("{n} s"), "min": tr("{n} min"), "h": tr("{n} h"), "d": tr("{n} d")}[unit].format(n=many)


def _ago(value: str, depth: int) -> str:
    if value == "just now":
        return tr("just now")
    return tr("{span} ago").format(span=told_span(value.removesuffix(" ago")))


def _at(value: str, depth: int) -> str:
    """The reader's own time; with the year, for nobody says here what day it is."""
    try:
        return f"{datetime.fromisoformat(value.replace(' UTC', '+00:00')).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return value


def shown(value: str) -> str:
    """What a called person sees, in the reader's language."""
    return value if spoken() == "en" or len(value) > LONGEST else _shown(value, 0) or value


def _shown(value: str, depth: int) -> str | None:
    """What a called person sees, as `actors.control.views.what_is_shown` says it."""
    name = value.removeprefix("certified as ")
    if name != value:
        return tr("certified as {text}").format(text=name)
    if (known := word(value)) != value:
        return known
    found = _SHOWN.fullmatch(value)
    if found is None:
        return None
    parts = found["words"] if found["words"] != found["category"] else ""
    category = f" ({word(found['category'])})" if found["category"] else ""
    marks = tr("{n} marks").format(n=found["marks"]) if found["marks"] else ""
    hidden = tr("too few to be displayed") if found["hidden"] else ""
    return listed(filter(None, (f"{word(parts)}{category}", marks, hidden)))


_VERDICT = re.compile(r"(\w+):(\w+)")


def told_verdict(value: str, depth: int = 0) -> str | None:
    """A verdict with its category, such as `marked:marketing`, or that there is no label; `None` if it is neither."""
    if (verdict := _VERDICT.fullmatch(value)) is not None and (known := word(verdict[1])) != verdict[1]:
        return tr("{verdict} ({category})").format(verdict=known, category=word(verdict[2]))
    return tr("no label") if value == "no label" else _known_word(value, depth)


def _known_word(value: str, depth: int) -> str | None:
    known = word(value)
    return known if known != value else None


def _known_sentence(value: str, depth: int) -> str | None:
    return _any(value, depth - 1)


_VALUES: Mapping[str, Callable[[str, int], str | None]] = {
    "span": told_span,
    "ago": _ago,
    "at": _at,
    "word": _known_word,
    "what": _known_word,
    "label": told_verdict,
    "name": lambda value, depth: names.known_by(value) or value,
    "shown": _shown,
    "quota": lambda value, depth: _fixed(value) or value,
    "ids": lambda value, depth: listed(value.split(", ")),
    "text": lambda value, depth: system_errors.told(value) or value,
    **dict.fromkeys(("said", "saids", "then", "title", "flaw"), _known_sentence),
}
"""How a value is said, by the kind of its place: `words`, `author`, `id` and the like stay as they are, and so does a
`text` unless it is an error of the system.
"""
