"""A message taken apart: `{field}` stands for a value, `{field|problem}` for a count of problems, and `[…]` is left out
where one of the values in it is absent.

`base` beside this module makes the sentence of an event of it. Whoever has the same message in another language fills
that one with `filled`.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple


class Place(NamedTuple):
    """Where a value stands: the field's name, and what is counted if it is a count."""

    field: str
    noun: str


class Part(NamedTuple):
    """A part of a message: `text % values`, with a `%s` for each of the places."""

    text: str
    places: tuple[Place, ...]
    optional: bool


_PARTS = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")
_PLACES = re.compile(r"\{(\w+)(?:\|([\w ]+))?\}")


@cache
def parts(message: str) -> tuple[Part, ...]:
    """The parts of a message, in order."""
    made: list[Part] = []
    for match in _PARTS.finditer(message):
        text = match[1] if match[1] is not None else match[2]
        places = tuple(Place(field, noun) for field, noun in _PLACES.findall(text))
        # `%` formatting, so that a brace in a value can never be taken for a field
        made.append(Part(_PLACES.sub("%s", text.replace("%", "%%")), places, match[1] is not None))
    return tuple(made)


def places(message: str) -> frozenset[tuple[Place, bool]]:
    """All places of a message, and whether each may be left out: what it has in common with its translations."""
    return frozenset((place, part.optional) for part in parts(message) for place in part.places)


def filled(message: str, values: Mapping[str, str]) -> str:
    """The message with values by the name of their field, as they are to be shown; an empty one is an absent one.
    Raises `KeyError` if one is absent that may not be.
    """
    said = ""
    for text, wanted, optional in parts(message):
        if optional and not all(values.get(place.field) for place in wanted):
            continue
        said += text % tuple(values[place.field] for place in wanted)
    return said
