"""A value of any type that records and events are made of, with every member given."""

from typing import Any

import msgspec.inspect as mi


def sample(kind: Any, text: str) -> Any:
    """An instance of a type, or of what `msgspec.inspect` says of it, with `text` wherever a text may stand."""
    info = kind if isinstance(kind, mi.Type) else mi.type_info(kind)
    while isinstance(info, mi.Metadata):
        info = info.type
    match info:
        case mi.StructType(cls=cls, fields=fields):
            return cls(**{field.name: sample(field.type, text) for field in fields})
        case mi.UnionType(types=members):
            return sample(next(member for member in members if not isinstance(member, mi.NoneType)), text)
        case mi.VarTupleType(item_type=item):
            return (sample(item, text),) * 2
        case mi.TupleType(item_types=items):
            return tuple(sample(item, text) for item in items)
        case mi.ListType(item_type=item):
            return [sample(item, text)]
        case mi.FrozenSetType(item_type=item):
            return frozenset([sample(item, text)])
        case mi.DictType(key_type=key, value_type=value):
            return {sample(key, text): sample(value, text)}
        case mi.EnumType(cls=enum):
            return next(iter(enum))
        case mi.LiteralType(values=values):
            return values[0]
        case mi.StrType():
            return text
        case mi.BoolType():
            return True
        case mi.IntType():
            return 3
        case mi.FloatType():
            return 1.5
    raise TypeError(f"no sample of {info}")
