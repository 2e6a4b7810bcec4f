"""From plain values to frozen structs, strictly, naming everything that is wrong and not only the first.

msgspec's own `convert` stops at the first error and knows no lines. This walks the same type information
(`msgspec.inspect`), so the structs stay the one description of what may stand in a file. A struct always
comes out: what was wrong and has been reported is replaced by its default or an empty stand-in, so that
the checks after this one can still look at the rest.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import inspect

from numtrustd.settings import units
from numtrustd.settings.document import Where
from numtrustd.settings.problem import Path, Report, dotted, one_of, suggest

T = TypeVar("T", bound=msgspec.Struct)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""No file name, header, key or shown text may hold one; searched-for text can be written as `matches`."""


class Located(Protocol):
    """Whatever knows where a path stands; a `Document`, usually."""

    def where(self, path: Path = ()) -> Where: ...


class Spelling:
    """Where the files differ from the structs.

    `names`: per struct, field → key (a singular for an array of tables). `hidden`: fields no file may
    give. `units`: what a number means where the struct does not say (`duration`, `number`, `bytes`,
    `mode`, `instant`); a float that says nothing is a duration in seconds, as everywhere in this
    project.
    """

    def __init__(
        self,
        names: Mapping[type, Mapping[str, str]] | None = None,
        hidden: Mapping[type, frozenset[str]] | None = None,
        units: Mapping[tuple[type, str], str] | None = None,
    ) -> None:
        self.names = names or {}
        self.hidden = hidden or {}
        self.units = units or {}

    def key(self, cls: type, field: str) -> str:
        """The key that stands for a field."""
        return self.names.get(cls, {}).get(field, field)


def collect(cls: type[T], raw: object, at: Path, place: Located, report: Report, spelling: Spelling | None = None) -> T:
    """The struct that `raw` (found at path `at`) describes, every problem reported and stood in for."""
    kind = _described(cls)
    value = _Walk(place, report, spelling or Spelling()).element(kind, raw, at)
    assert isinstance(value, cls)
    return value


@lru_cache(maxsize=16)
def _described(cls: type[msgspec.Struct]) -> inspect.StructType:
    """The type information, which is the same for each of many packs and takes longer than reading one."""
    kind = inspect.type_info(cls)
    assert isinstance(kind, inspect.StructType)
    return kind


class _Wrong(Exception):
    """A value that cannot be used; it has been reported. Caught by whatever can stand in for it."""


class _Walk:
    def __init__(self, place: Located, report: Report, spelling: Spelling) -> None:
        self.place = place
        self.report = report
        self.spelling = spelling

    def bad(self, at: Path, what: str, remedy: str) -> _Wrong:
        self.report.add(self.place.where(at), dotted(at), what, remedy)
        self.report.spoil(self.place, at)
        return _Wrong()

    def struct(self, kind: inspect.StructType, raw: object, at: Path) -> object:
        cls = kind.cls
        if not isinstance(raw, dict):
            raise self.bad(at, f"is {_describe(raw)}, not a table", f"write it as [{dotted(at)}] or {{ … }}")
        hidden = self.spelling.hidden.get(cls, frozenset())
        fields = {self.spelling.key(cls, f.name): f for f in kind.fields if f.name not in hidden}
        tag = {kind.tag_field} if kind.tag_field else set()
        given: dict[str, object] = {}
        for key in raw.keys() - fields.keys() - tag:
            self.bad((*at, key), "unknown key", suggest(key, [*fields, *tag]))
        for key, field in fields.items():
            if key in raw:
                try:
                    unit = self.spelling.units.get((cls, field.name))
                    given[field.name] = self.value(field.type, raw[key], (*at, key), unit)
                except _Wrong:
                    if field.required:
                        given[field.name] = _stand_in(field.type)
            elif field.required:
                self.bad((*at, key), "missing", f"give {self.wanted(field.type)}")
                given[field.name] = _stand_in(field.type)
        return cls(**given)

    def value(self, kind: inspect.Type, raw: object, at: Path, unit: str | None = None) -> object:
        """The converted value; raises `_Wrong` after reporting why there is none."""
        match kind:
            case inspect.Metadata():
                return self.value(kind.type, raw, at, (kind.extra or {}).get("unit", unit))
            case inspect.StructType():
                return self.struct(kind, raw, at)
            case inspect.UnionType():
                return self.union(kind, raw, at, unit)
            case inspect.DictType():
                return self.mapping(kind, raw, at)
            case inspect.VarTupleType() | inspect.FrozenSetType() | inspect.ListType():
                return self.array(kind, raw, at, unit)
            case inspect.TupleType():
                return self.fixed_array(kind, raw, at, unit)
            case inspect.CustomType() | inspect.AnyType():
                return raw
            case _:
                return self.scalar(kind, raw, at, unit)

    def union(self, kind: inspect.UnionType, raw: object, at: Path, unit: str | None) -> object:
        options = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
        if len(options) == 1:
            return self.value(options[0], raw, at, unit)
        structs = [t for t in options if isinstance(t, inspect.StructType)]
        if structs and isinstance(raw, dict):
            return self.tagged(structs, raw, at)
        for option in options:
            if _is(option, raw):
                return self.value(option, raw, at, unit)
        raise self.bad(at, f"is {_describe(raw)}", f"give {self.wanted(kind)}")

    def tagged(self, structs: list[inspect.StructType], raw: dict[str, Any], at: Path) -> object:
        field = structs[0].tag_field or "type"
        known = {str(s.tag): s for s in structs}
        if field not in raw:
            raise self.bad((*at, field), "missing", f"give {one_of(known)}")
        tag = raw[field]
        if not isinstance(tag, str) or tag not in known:
            remedy = suggest(tag, list(known)) if isinstance(tag, str) else f"give {one_of(known)}"
            raise self.bad((*at, field), f"is {_describe(tag)}", remedy)
        return self.struct(known[tag], raw, at)

    def mapping(self, kind: inspect.DictType, raw: object, at: Path) -> object:
        if not isinstance(raw, dict):
            raise self.bad(at, f"is {_describe(raw)}, not a table", f"write it as [{dotted(at)}] or {{ … }}")
        for key in raw:
            if odd := _CONTROL.search(key):
                self.bad((*at, key), f"the key holds the control character {_code(odd[0])}", "remove the character")
        return {key: self.element(kind.value_type, value, (*at, key)) for key, value in raw.items()}

    def element(self, kind: inspect.Type, raw: object, at: Path, unit: str | None = None) -> object:
        """One of many: the others are looked at too, whatever becomes of it, and keep their places."""
        try:
            return self.value(kind, raw, at, unit)
        except _Wrong:
            return _stand_in(kind)

    def array(
        self,
        kind: inspect.VarTupleType | inspect.FrozenSetType | inspect.ListType,
        raw: object,
        at: Path,
        unit: str | None,
    ) -> object:
        if not isinstance(raw, list):
            raise self.bad(at, f"is {_describe(raw)}, not an array", f"give {self.wanted(kind)}")
        values = [self.element(kind.item_type, item, (*at, i), unit) for i, item in enumerate(raw)]
        if isinstance(kind, inspect.FrozenSetType):
            return frozenset(values)
        return values if isinstance(kind, inspect.ListType) else tuple(values)

    def fixed_array(self, kind: inspect.TupleType, raw: object, at: Path, unit: str | None) -> object:
        if not isinstance(raw, list) or len(raw) != len(kind.item_types):
            raise self.bad(at, f"is {_describe(raw)}", f"give {self.wanted(kind)}")
        pairs = enumerate(zip(kind.item_types, raw, strict=True))
        return tuple(self.element(t, v, (*at, i), unit) for i, (t, v) in pairs)

    def scalar(self, kind: inspect.Type, raw: object, at: Path, unit: str | None) -> object:
        if isinstance(kind, (inspect.EnumType, inspect.LiteralType)):
            choices = _choices(kind)
            if isinstance(raw, str) and raw in choices:
                return kind.cls(raw) if isinstance(kind, inspect.EnumType) else raw
            raise self.bad(at, f"is {_describe(raw)}", one_of(choices))
        value: object
        match unit or ("duration" if isinstance(kind, inspect.FloatType) else None):
            case "duration":
                value = units.duration(raw)
            case "bytes":
                value = units.size(raw)
            case "mode":
                value = units.mode(raw)
            case "instant":
                value = units.instant(raw)
            case "number":
                value = units.number(raw)
            case _:
                value = raw if _is(kind, raw) else None
        if value is None:
            raise self.bad(at, f"is {_describe(raw)}", self.remedy(kind, unit))
        if (beyond := _beyond(kind, unit, value)) is not None:
            raise self.bad(at, f"is {_describe(raw)}", beyond)
        if (broken := _bounds(kind, value)) is not None:
            raise self.bad(at, f"is {_describe(raw)}", broken)
        if isinstance(value, str) and (odd := _CONTROL.search(value)):
            raise self.bad(at, f"holds the control character {_code(odd[0])}", "remove the character")
        return value

    def remedy(self, kind: inspect.Type, unit: str | None) -> str:
        match unit or ("duration" if isinstance(kind, inspect.FloatType) else None):
            case "duration":
                return units.DURATION_HELP
            case "bytes":
                return units.SIZE_HELP
            case "mode":
                return units.MODE_HELP
            case "instant":
                return units.INSTANT_HELP
            case "number":
                return "give a number"
            case _:
                return f"give {self.wanted(kind)}"

    def wanted(self, kind: inspect.Type) -> str:
        """What would be right, in a few words."""
        match kind:
            case inspect.Metadata():
                return self.wanted(kind.type)
            case inspect.UnionType():
                options = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
                structs = [str(t.tag) for t in options if isinstance(t, inspect.StructType) and t.tag]
                if structs:
                    field = next(t.tag_field for t in options if isinstance(t, inspect.StructType))
                    return f"a table whose {field} is {one_of(structs)}"
                return " or ".join(dict.fromkeys(self.wanted(t) for t in options))
            case inspect.EnumType() | inspect.LiteralType():
                return one_of(_choices(kind))
            case inspect.StructType():
                need = [self.spelling.key(kind.cls, f.name) for f in kind.fields if f.required]
                return f"a table with {', '.join(need)}" if need else "a table"
            case inspect.DictType():
                return "a table"
            case inspect.TupleType():
                return f"an array of {len(kind.item_types)} values"
            case inspect.VarTupleType() | inspect.FrozenSetType() | inspect.ListType():
                return f"an array, each element {self.wanted(kind.item_type)}"
            case inspect.FloatType():
                return "a duration or number"
            case _:
                return _NAMES.get(type(kind), "a value")


_NAMES: dict[type, str] = {
    inspect.StrType: "a string",
    inspect.IntType: "a whole number",
    inspect.BoolType: "true or false",
    inspect.DateType: "a date such as 2027-01-31",
}


def _stand_in(kind: inspect.Type) -> object:
    """Something of that type, in place of what was reported; whatever later checks say of it is not passed
    on.
    """
    match kind:
        case inspect.Metadata():
            return _stand_in(kind.type)
        case inspect.UnionType():
            return _stand_in(kind.types[0])
        case inspect.StructType():
            return kind.cls(**{f.name: _stand_in(f.type) for f in kind.fields if f.required})
        case inspect.EnumType():
            return next(iter(kind.cls))
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.TupleType():
            return tuple(_stand_in(t) for t in kind.item_types)
        case _:
            return _EMPTY.get(type(kind))


_EMPTY: dict[type, object] = {
    inspect.StrType: "",
    inspect.IntType: 1,
    inspect.FloatType: 1.0,
    inspect.BoolType: False,
    inspect.DateType: date.max,
    inspect.VarTupleType: (),
    inspect.FrozenSetType: frozenset(),
}


def _choices(kind: inspect.EnumType | inspect.LiteralType) -> list[str]:
    if isinstance(kind, inspect.EnumType):
        return [str(member.value) for member in kind.cls]
    return [str(v) for v in kind.values]


def _is(kind: inspect.Type, raw: object) -> bool:
    """Whether a plain value is of a scalar type as TOML gives it; `true` is no number."""
    match kind:
        case inspect.Metadata():
            return _is(kind.type, raw)
        case inspect.BoolType():
            return isinstance(raw, bool)
        case inspect.IntType():
            return isinstance(raw, int) and not isinstance(raw, bool)
        case inspect.FloatType():
            return isinstance(raw, (int, float)) and not isinstance(raw, bool)
        case inspect.DateType():
            return isinstance(raw, date) and not isinstance(raw, datetime)
        case inspect.StrType():
            return isinstance(raw, str)
        case inspect.EnumType() | inspect.LiteralType():
            return isinstance(raw, str) and raw in _choices(kind)
        case inspect.VarTupleType() | inspect.TupleType() | inspect.ListType() | inspect.FrozenSetType():
            return isinstance(raw, list)
        case inspect.DictType() | inspect.StructType():
            return isinstance(raw, dict)
        case _:
            return False


def _beyond(kind: inspect.Type, unit: str | None, value: object) -> str | None:
    """What would be sane, if the value would lead out of the calendar."""
    if not isinstance(value, float):
        return None
    if unit == "instant":
        return None if units.plausible(value) else units.PLAUSIBLE_HELP
    span = unit == "duration" or (unit is None and isinstance(kind, inspect.FloatType))
    return units.LONGEST_HELP if span and units.too_long(value) else None


def _bounds(kind: inspect.Type, value: object) -> str | None:
    """What the bounds of a type would have, if the value is outside them."""
    if isinstance(kind, (inspect.IntType, inspect.FloatType)) and isinstance(value, (int, float)):
        low, above, high, below = kind.ge, kind.gt, kind.le, kind.lt
        outside = (
            (low is not None and value < low)
            or (above is not None and value <= above)
            or (high is not None and value > high)
            or (below is not None and value >= below)
        )
        if outside:
            texts = [("at least", low), ("more than", above), ("at most", high), ("less than", below)]
            return "give " + " and ".join(f"{word} {bound:g}" for word, bound in texts if bound is not None)
    if isinstance(kind, inspect.StrType) and isinstance(value, str) and len(value) < (kind.min_length or 0):
        return "give a text that is not empty"
    return None


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _describe(raw: object) -> str:
    match raw:
        case bool():
            return "true" if raw else "false"
        case str():
            return f'"{raw if len(raw) <= 60 else raw[:57] + "…"}"'
        case int() | float():
            text = str(raw)
            return f"the number {text if len(text) <= 40 else text[:37] + '…'}"
        case list():
            return f"an array of {len(raw)}"
        case dict():
            return "a table"
        case None:
            return "nothing"
        case _:
            return f"the {type(raw).__name__} {raw}"
