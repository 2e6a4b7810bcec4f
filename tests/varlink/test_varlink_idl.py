"""The description of an interface, and what cannot be described."""

import enum
from datetime import datetime
from typing import Any, Literal

import pytest
from msgspec import Struct
from varlink.scanner import Interface as Parsed  # type: ignore[import-untyped]  # ships no types

from numtrustd.api import CONTROL, STATUS
from numtrustd.varlink.idl import describe
from numtrustd.varlink.interface import Call, Interface, Method, bind


class Color(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Odd(enum.StrEnum):
    DOT = "a.b"
    DASH = "c-d"


class Leaf(Struct):
    """A leaf.

    It has a color.
    """

    color: Color
    odd: Odd
    at: datetime | None = None


class Tree(Struct, rename={"kind": "class"}):
    leaves: tuple[Leaf, ...]
    by_name: dict[str, Leaf]
    extra: dict[str, Any]
    weight: float
    level: Literal["low", "high"]
    kind: str
    parent: "Tree | None" = None


class Find(Struct):
    name: str
    limit: int = 10
    deep: bool | None = None


class NotFound(Struct):
    """Nothing is there."""

    name: str


def test_the_text() -> None:
    text = describe("org.example.a", "Trees.", [("Find", Find, Tree, "Finds one.")], [NotFound])
    assert (
        text
        == """# Trees.
interface org.example.a

# A leaf.
#
# It has a color.
type Leaf (color: Color, odd: string, at: ?string)

type Color (red, blue)

type Tree (
  leaves: []Leaf,
  by_name: [string]Leaf,
  extra: object,
  weight: float,
  level: (high, low),
  class: string,
  parent: ?Tree
)

# Finds one.
method Find(name: string, limit: ?int, deep: ?bool) -> (
  leaves: []Leaf,
  by_name: [string]Leaf,
  extra: object,
  weight: float,
  level: (high, low),
  class: string,
  parent: ?Tree
)

# Nothing is there.
error NotFound (name: string)
"""
    )
    assert describe("org.example.a", "Trees.", [("Find", Find, Tree, "Finds one.")], [NotFound]) == text
    assert set(Parsed(text).members) == {"Leaf", "Color", "Tree", "Find", "NotFound"}


class Nested(Struct):
    rows: list[list[int]]


class OneOf(Struct):
    value: int | str


class Defaulted(Struct):
    count: int = 0


class BadName(Struct):
    a__b: int


@pytest.mark.parametrize("result", [Nested, OneOf, Defaulted, BadName])
def test_what_cannot_be_said_is_refused(result: type[Struct]) -> None:
    with pytest.raises(ValueError, match=result.__name__):
        describe("org.example.a", "", [("Get", Find, result, "")])


def test_names_are_unique_and_well_formed() -> None:
    with pytest.raises(ValueError, match="named twice: NotFound"):
        describe("org.example.a", "", [("NotFound", Find, Tree, "")], [NotFound])
    with pytest.raises(ValueError, match="getIt"):
        describe("org.example.a", "", [("getIt", Find, Tree, "")])
    with pytest.raises(ValueError, match="numtrust"):
        Interface("numtrust", "", {})


async def _handler(params: Struct, call: Call) -> Struct:
    return params


@pytest.mark.parametrize("spec", [STATUS, CONTROL], ids=lambda s: s.name)
def test_our_own_interfaces(spec: Any) -> None:
    handlers = {m.name: _handler for m in spec.methods}
    interface = bind(spec, handlers)
    parsed = Parsed(interface.description)
    assert parsed.name == spec.name
    assert {m.name for m in spec.methods} | {e.__name__ for e in spec.errors} <= set(parsed.members)
    with pytest.raises(ValueError, match=spec.methods[0].name):
        bind(spec, {k: v for k, v in handlers.items() if k != spec.methods[0].name})
    with pytest.raises(ValueError, match="Surplus"):
        bind(spec, {**handlers, "Surplus": _handler})


def test_comments_stand_outside_parentheses() -> None:
    """systemd's parser before v257 takes none inside."""
    for spec in STATUS, CONTROL:
        depth = 0
        for line in bind(spec, {m.name: _handler for m in spec.methods}).description.splitlines():
            if line.startswith("#"):
                assert depth == 0
            else:
                depth += line.count("(") - line.count(")")
        assert depth == 0


def test_method_keeps_its_parts() -> None:
    method = Method(Find, Tree, _handler, "x")
    assert Interface("org.example.a", "", {"Find": method}).methods["Find"] is method
