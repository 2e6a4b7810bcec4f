"""Problems of a configuration in the reader's language: `file:line: key: what: remedy`.

The daemon sends each as one line, and a part of it may have `: ` in it. So no place is taken for where it ends before
both what is wrong and the remedy are sentences that are known. File, line and key stay as they are, and so does a line
that cannot be taken apart.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from numtrustd.ctl import phrases_packs, phrases_settings, system_errors
from numtrustd.ctl.lang import filled, spoken, tr, word
from numtrustd.ctl.sentences import LONGEST, Pattern, matches, pattern, said

_PARTS = 14
"""Pieces between colons; a line that has more is shown as it came."""

_DEPTH = 4
"""Sentences within sentences."""

_NAMED = re.compile(r"(?P<name>\S+)'s appeal|the way (?P<way>\S+)")
_RAW = re.compile(r'".*"|-?[\d.]+(?:e[+-]?\d+)?(?: \w+)?|true|false', re.DOTALL)
_USER = r"(?:the way )?[\w.-]+(?:'s appeal)?"

_TYPED = re.compile(r"chmod \S+ .+|systemctl edit \S+: .+|\[[^\[\]]+\] \S+ = \"…\"", re.DOTALL)
"""A remedy that is typed as it stands."""

_SHAPES: Mapping[str, re.Pattern[str]] = {
    "n": re.compile(r"\d{1,30}"),
    "num": re.compile(r"-?[\d.]{1,30}(?:e[+-]?\d{1,4})?"),
    "id": re.compile(r"[^\s,;]*[^\s,;:]"),
    "ids": re.compile(r"[^\s,;]+(?:, [^\s,;]+)*"),
    "number": re.compile(r"\+?\d{1,20}"),
    "quoted": re.compile(r"'.*'|\".*\"", re.DOTALL),
    "brace": re.compile(r"\{[^{}]*\}"),
    "code": re.compile(r"text|hex|base64"),
    "word": re.compile(r"\w+"),
    "user": re.compile(_USER),
    "users": re.compile(rf"{_USER}(?: and {_USER})*"),
    "os": re.compile(r"[^:]{1,100}"),
    "file": re.compile(r"[^:]+"),
    "place": re.compile(r"[\w.\[\]-]+(?:'s appeal)?|the way [\w.-]+"),
}
"""What a value has to look like to stand in a pattern at all; others may be anything."""


def told(line: str) -> str:
    """A problem in the reader's language, or as it came."""
    if spoken() == "en" or len(line) > LONGEST:
        return line
    for place, what, remedy in _readings(line):
        wrong, right = known(what), known(remedy)
        if wrong is not None and right is not None:
            return _put(place, wrong, right)
    # A number's own sentences are known as a whole; of any other line that half is put which is known.
    for place, what, remedy in _readings(line):
        if place.count(": ") == 1 and (whole := said(f"{what}: {remedy}")) != f"{what}: {remedy}":
            return f"{place}: {whole}"
    for place, what, remedy in _readings(line):
        wrong, right = known(what), known(remedy)
        if wrong is not None or right is not None:
            return _put(place, wrong or what, right or remedy)
    return line


def _put(place: str, what: str, remedy: str) -> str:
    return tr("{place}: {what}: {remedy}").format(place=place, what=what, remedy=remedy)


def _readings(line: str) -> Iterator[tuple[str, str, str]]:
    """(file, line and key; what; remedy) in all the ways in which a line can be taken apart, short keys first."""
    parts = line.split(": ")
    if not 4 <= len(parts) <= _PARTS or re.search(r":\d+$", parts[0]) is None:
        return
    for first in range(2, len(parts) - 1):
        for second in range(first + 1, len(parts)):
            yield ": ".join(parts[:first]), ": ".join(parts[first:second]), ": ".join(parts[second:])


@cache
def _patterns() -> tuple[Pattern, ...]:
    """Those of all phrases, what is fixed the most first."""
    every = {*phrases_settings.PHRASES, *phrases_packs.PHRASES}
    return tuple(sorted((pattern(phrase) for phrase in every), key=lambda p: (-p.weight, p.phrase)))


@cache
def _fixed() -> Mapping[str, str]:
    """The phrases without values, by what the daemon says."""
    return {p.words[0]: p.phrase for p in _patterns() if not p.places}


def known(text: str, depth: int = _DEPTH) -> str | None:
    """A sentence in the reader's language, if it is known."""
    if (phrase := _fixed().get(text)) is not None:
        return filled(tr(phrase), {}, {})
    if _TYPED.fullmatch(text):
        return text
    if depth <= 0:
        return None
    for each in _patterns():
        if not each.places:
            continue
        for values in matches(each, text, _has_shape):
            inside = {place: _value(place, value, depth) for place, value in values.items()}
            if None not in inside.values():
                return filled(tr(each.phrase), inside, values)
    return None


def _kind(place: str) -> str:
    return place.rstrip("0123456789")


def _has_shape(place: str, value: str) -> bool:
    shape = _SHAPES.get(_kind(place))
    return shape is None or shape.fullmatch(value) is not None


def _value(place: str, value: str, depth: int) -> str | None:
    say = _VALUES.get(_kind(place))
    return value if say is None else say(value, depth)


def _raw(value: str, depth: int) -> str | None:
    """What stands in the file: a text or a number as it is, anything else in words."""
    return value if _RAW.fullmatch(value) else known(value, depth - 1)


def _user(value: str, depth: int = 0) -> str:
    """Who needs something: a source, an appeal or a way to the net."""
    found = _NAMED.fullmatch(value)
    if found is None:
        return value
    if found["way"]:
        return tr("the way {name}").format(name=found["way"])
    return tr("{name}'s appeal").format(name=found["name"])


def _users(value: str, depth: int) -> str:
    return tr(", ").join(map(_user, value.split(" and ")))


_VALUES: Mapping[str, Callable[[str, int], str | None]] = {
    "raw": _raw,
    "word": lambda value, depth: word(value),
    "os": lambda value, depth: system_errors.told(value) or known(value, 0) or (None if "/" in value else value),
    "about": lambda value, depth: known(value, 0) or value,
    "user": _user,
    "users": _users,
    "place": _user,
    **dict.fromkeys(("said", "want"), lambda value, depth: known(value, depth - 1)),
}
"""How a value is said, by the kind of its place; the others stay as they are."""
