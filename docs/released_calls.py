"""What was promised to whoever calls the control sockets, or reads `numtrustctl --json`, which prints their answers:
`calls.released.json`, and how the present interfaces differ from it.

A script names a method, gives parameters, and reads fields of a type. None of these may go or change unnoticed; a new
method, a new field of an answer and a new parameter that may be left out break nobody. An answer's types and a
parameter's are told apart: the one must not lose, the other must not want more. `tests/test_calls_released.py` fails on
what breaks; `python -m docs.released [--accept]` writes the record anew.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec.inspect as mi
from msgspec import Struct

from docs.released_fields import Record, lost, refused
from numtrustd import __version__
from numtrustd.api import CONTROL, STATUS
from numtrustd.api.declare import InterfaceSpec

RECORD = Path(__file__).parent / "calls.released.json"

_PLAIN: dict[type[mi.Type], str] = {
    mi.BoolType: "boolean",
    mi.IntType: "integer",
    mi.FloatType: "number",
    mi.StrType: "string",
    mi.DateTimeType: "time",
    mi.DateType: "date",
    mi.RawType: "anything",
    mi.AnyType: "anything",
}


def present(interfaces: Iterable[InterfaceSpec] = (STATUS, CONTROL)) -> Record:
    """The record of the interfaces as they are."""
    return {"version": __version__, "interfaces": {each.name: _interface(each) for each in interfaces}}


def _interface(interface: InterfaceSpec) -> Record:
    asked, said = _Types(), _Types()
    methods = {
        method.name: {
            "stream": method.stream,
            "takes": asked.fields(method.params),
            "gives": said.fields(method.result),
        }
        for method in interface.methods
    }
    errors = {error.__name__: said.fields(error) for error in interface.errors}
    return {"methods": methods, "errors": errors, "asked": asked.named, "said": said.named}


class _Types:
    """The types with a name that the fields of one direction need, each with its own fields."""

    def __init__(self) -> None:
        self.named: dict[str, Record] = {}

    def fields(self, struct: type[Struct]) -> Record:
        """Each field by the name that it has on the wire."""
        info = mi.type_info(struct)
        assert isinstance(info, mi.StructType), struct
        return {field.encode_name: self._field(field) for field in info.fields}

    def _field(self, field: mi.Field) -> Record:
        kind, null, values = field.type, False, None
        while isinstance(kind, mi.Metadata | mi.UnionType):
            if isinstance(kind, mi.Metadata):
                kind = kind.type
                continue
            rest = [each for each in kind.types if not isinstance(each, mi.NoneType)]
            assert len(rest) == 1, f"{field.name}: several types at once cannot be said in Varlink"
            kind, null = rest[0], True
        if isinstance(kind, mi.EnumType):
            values = [str(each.value) for each in kind.cls]
        elif isinstance(kind, mi.LiteralType):
            values = [str(each) for each in kind.values]
        # What may be left out is told by `always`; null beside it is the same word.
        told: Record = {"type": self._type(kind) + (" or null" if null and field.required else "")}
        if values is not None:
            told["values"] = values
        if field.required:
            told["always"] = True
        return told

    def _type(self, kind: mi.Type) -> str:
        while isinstance(kind, mi.Metadata):
            kind = kind.type
        if plain := _PLAIN.get(type(kind)):
            return plain
        match kind:
            case mi.EnumType() | mi.LiteralType():
                return "string"
            case mi.ListType(item_type=item) | mi.VarTupleType(item_type=item) | mi.SetType(item_type=item):
                return f"list of {self._type(item)}"
            case mi.DictType(value_type=item):
                return f"map of {self._type(item)}"
            case mi.StructType(cls=cls):
                if cls.__name__ not in self.named:
                    self.named[cls.__name__] = {}  # keeps its place, and ends the recursion of one that holds itself
                    self.named[cls.__name__] = self.fields(cls)
                return cls.__name__
        raise ValueError(f"{kind} has no name here: give it one in docs/released_calls.py")


def breaks(before: Record, after: Record) -> list[str]:
    """What would fail for whoever was written for the old interfaces, one text each."""
    found = []
    for name, interface in before["interfaces"].items():
        if name not in after["interfaces"]:
            found.append(f"{name}: the interface is gone")
            continue
        now = after["interfaces"][name]
        found += [f"{name}.{what}" for what in _of_methods(interface["methods"], now["methods"])]
        for part, what, compare in (
            ("errors", "error", lost),
            ("asked", "type", refused),
            ("said", "type", lost),
        ):
            for each, fields in interface[part].items():
                if each in now[part]:
                    found += [f"{name}.{each}: {text}" for text in compare(fields, now[part][each])]
                else:
                    found.append(f"{name}.{each}: the {what} is gone")
    return found


def _of_methods(before: Record, after: Record) -> list[str]:
    found = []
    for name, method in before.items():
        now: dict[str, Any] | None = after.get(name)
        if now is None:
            found.append(f"{name}: the method is gone")
            continue
        if now["stream"] != method["stream"]:
            found.append(f"{name}: its stream was {method['stream']}, now it is {now['stream']}")
        found += [f"{name}: {text}" for text in refused(method["takes"], now["takes"])]
        found += [f"{name}: its answer: {text}" for text in lost(method["gives"], now["gives"])]
    return found
