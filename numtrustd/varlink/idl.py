"""Writes an interface's description, in Varlink's definition language, from the Struct types it is made of.

The same types decode the requests and encode the replies, so that the description cannot lie. Documentation
is put above members and never inside parentheses, where systemd's parser before v257 takes no comment. The
same input gives the same text, byte for byte."""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence

import msgspec.inspect as mi
from msgspec import NODEFAULT, Struct

MethodParts = tuple[str, type[Struct], type[Struct], str]
"""Name, parameters, result, documentation."""

_MEMBER = re.compile(r"[A-Z][A-Za-z0-9]*")
_FIELD = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
_WIDTH = 100
_SCALARS: dict[type[mi.Type], str] = {
    mi.BoolType: "bool",
    mi.IntType: "int",
    mi.FloatType: "float",
    mi.StrType: "string",
    mi.DateTimeType: "string",
    mi.DateType: "string",
    mi.RawType: "object",
    mi.AnyType: "object",
}


def describe(name: str, doc: str, methods: Iterable[MethodParts], errors: Sequence[type[Struct]] = ()) -> str:
    """The text of one interface: types in order of first use, then methods and errors as given.

    Raises ValueError for what the language cannot say: nested arrays, unions, bad or doubled names, a result
    with a default that could be left out of a reply although its type does not allow null."""
    types = _Types()
    members: list[tuple[str, str]] = []
    for method, params, result, text in methods:
        line = f"method {method}{types.body(params, outgoing=False)} -> "
        last = len(line) - line.rfind("\n") - 1
        members.append((method, f"{_comment(text)}{line}{types.body(result, outgoing=True, column=last)}\n"))
    for error in errors:
        body = types.body(error, outgoing=True)
        members.append((error.__name__, f"{_comment(_doc(error))}error {error.__name__} {body}\n"))
    names = [*types.texts, *(n for n, _ in members)]
    for member in names:
        if not _MEMBER.fullmatch(member):
            raise ValueError(f"{name}: {member!r} is not a Varlink member name")
    if doubled := {n for n in names if names.count(n) > 1}:
        raise ValueError(f"{name}: named twice: {', '.join(sorted(doubled))}")
    head = f"{_comment(doc)}interface {name}\n"
    return "\n".join([head, *types.texts.values(), *(text for _, text in members)])


class _Types:
    """The named types that were needed so far, in order of first use."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._sources: dict[str, object] = {}

    def body(self, struct: type[Struct], *, outgoing: bool, column: int = 20) -> str:
        """`(field: type, …)`, over several lines where it is long. What may be left out is nullable."""
        info = mi.type_info(struct)
        assert isinstance(info, mi.StructType)
        fields: list[str] = []
        for field in info.fields:
            where = f"{struct.__name__}.{field.encode_name}"
            if not _FIELD.fullmatch(field.encode_name):
                raise ValueError(f"{where}: not a Varlink field name")
            text = self._type(field.type, where, outgoing=outgoing)
            if not field.required and not text.startswith("?"):
                if outgoing:
                    raise ValueError(f"{where}: a default in a reply must be None, of a type that allows it")
                text = f"?{text}"
            if outgoing and not field.required and field.default is not None and field.default is not NODEFAULT:
                raise ValueError(f"{where}: a default in a reply must be None")
            fields.append(f"{field.encode_name}: {text}")
        line = f"({', '.join(fields)})"
        return line if len(line) + column <= _WIDTH else "(\n  " + ",\n  ".join(fields) + "\n)"

    def _type(self, info: mi.Type, where: str, *, outgoing: bool) -> str:
        while isinstance(info, mi.Metadata):
            info = info.type
        if scalar := _SCALARS.get(type(info)):
            return scalar
        match info:
            case mi.UnionType(types=members):
                rest = [m for m in members if not isinstance(m, mi.NoneType)]
                if len(rest) == 1 and len(rest) < len(members):
                    return f"?{self._type(rest[0], where, outgoing=outgoing)}"
            case mi.ListType(item_type=item) | mi.VarTupleType(item_type=item) | mi.SetType(item_type=item):
                inner = self._type(item, where, outgoing=outgoing)
                if not inner.startswith(("[", "?")):
                    return f"[]{inner}"
            case mi.DictType(value_type=mi.AnyType() | mi.RawType()):
                return "object"
            case mi.DictType(key_type=mi.StrType(), value_type=item):
                inner = self._type(item, where, outgoing=outgoing)
                if not inner.startswith(("[", "?")):
                    return f"[string]{inner}"
            case mi.StructType(cls=cls):
                return self._named(cls, lambda: self.body(cls, outgoing=outgoing))
            case mi.EnumType(cls=enum):
                words = [str(m.value) for m in enum]
                if len(words) < 2 or not all(_FIELD.fullmatch(w) for w in words):
                    return "string"
                return self._named(enum, lambda: f"({', '.join(words)})")
            case mi.LiteralType(values=words) if all(isinstance(w, str) for w in words):
                plain = len(words) > 1 and all(_FIELD.fullmatch(str(w)) for w in words)
                return f"({', '.join(map(str, words))})" if plain else "string"
            case _:
                pass
        raise ValueError(f"{where}: {info} cannot be said in Varlink")

    def _named(self, cls: type, body: Callable[[], str]) -> str:
        name = cls.__name__
        if self._sources.setdefault(name, cls) is not cls:
            raise ValueError(f"two types are named {name}")
        if name not in self.texts:
            self.texts[name] = ""  # keeps its place, and ends the recursion of a type that holds itself
            self.texts[name] = f"{_comment(_doc(cls))}type {name} {body()}\n"
        return name


def _doc(cls: type) -> str:
    text = cls.__dict__.get("__doc__")
    return inspect.cleandoc(text) if isinstance(text, str) else ""


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in inspect.cleandoc(text).splitlines())
