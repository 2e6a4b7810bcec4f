"""Texts with holes: what a template is cut into, and how a value is written into each kind of place.

`template` cuts requests with these, `derived` and `multipart` what is made for a single request. Escaping
belongs to the place and not to the value, so a pack's author cannot forget it.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

import msgspec

_BRACES = re.compile(r"\{\{|\}\}|\{((?:var|secret):[A-Za-z0-9_.-]+|[a-z0-9_]+)\}|[{}]")
VISIBLE = re.compile(r"[\x20-\x7e]*")


class TemplateError(ValueError):
    """A template that cannot be compiled, or a value that may not stand where it would; `problems` are readable."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Slot(NamedTuple):
    """A placeholder in a text and how its value is written there."""

    name: str
    write: Callable[[str], str]


Parts = tuple[str | Slot, ...]


def names_of(text: str) -> frozenset[str]:
    """The placeholders of a text (`national`, `var:host`, `secret:key`)."""
    return frozenset(found[1] for found in _BRACES.finditer(text) if found[1])


def cut(text: str, write: Callable[[str], str], wrong: list[str], where: str) -> Parts:
    """Cut a text at its placeholders; `{{` and `}}` are braces. A lone brace is added to `wrong`."""
    parts: list[str | Slot] = []
    literal, at = "", 0
    for found in _BRACES.finditer(text):
        literal += text[at : found.start()]
        at = found.end()
        if found[1]:
            parts += [literal, Slot(found[1], write)]
            literal = ""
        elif len(found[0]) == 2:
            literal += found[0][0]
        else:
            wrong.append(f"{where} has a lone {found[0]!r}; write {found[0] * 2!r} for the character itself")
    parts.append(literal + text[at:])
    return tuple(part for part in parts if part != "")


def slots(parts: Parts) -> frozenset[str]:
    """The names of the values that are missing."""
    return frozenset(part.name for part in parts if isinstance(part, Slot))


def constant(parts: Parts) -> bool:
    """Whether nothing is missing."""
    return not any(isinstance(part, Slot) for part in parts)


def join(parts: Parts, values: Mapping[str, str]) -> str:
    """The whole text; `KeyError` if a value is missing."""
    return "".join([part if isinstance(part, str) else part.write(values[part.name]) for part in parts])


def bound(parts: Parts, values: Mapping[str, str]) -> Parts:
    """The same text with these values written in.

    Literals that now stand side by side become one, so that filling joins as little as it can.
    """
    joined: list[str | Slot] = []
    for part in parts:
        piece = part.write(values[part.name]) if isinstance(part, Slot) and part.name in values else part
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)


def quoted(value: str) -> str:
    """For a query or a form: percent-encoded, all but letters, digits and `-._~`."""
    return value if value.isascii() and value.isalnum() else quote(value, safe="")


def path_value(value: str) -> str:
    """For a segment of a path."""
    # A receipt comes from a platform: as a path segment it must not climb or vanish.
    if value in ("", ".", ".."):
        raise TemplateError(f"{value!r} may not stand in the path of a URL")
    return quoted(value)


def header_value(value: str) -> str:
    """For a header."""
    # The value may be a secret, so it is not repeated.
    if not VISIBLE.fullmatch(value):
        raise TemplateError("a header's value may hold visible ASCII only, and no line break")
    return value


def json_value(value: str) -> str:
    """For the inside of a JSON string."""
    return msgspec.json.encode(value)[1:-1].decode()
