"""TOML written back from plain values, each value's line known, and every way to spoil one key of it.

Written here and not taken from the package under test, so that the lines it finds are held against lines that were
counted while writing.
"""

import copy
import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
Table = dict[str, Any]

BARE = re.compile(r"[A-Za-z0-9_-]+")


def write(data: Table) -> tuple[str, dict[Path, int]]:
    """The text, one key a line, and the line of every path in it."""
    out: list[str] = []
    lines: dict[Path, int] = {}
    _table(data, (), [], out, lines)
    return "\n".join(out) + "\n", lines


def _table(table: Table, path: Path, names: list[str], out: list[str], lines: dict[Path, int]) -> None:
    for key, value in table.items():
        if not isinstance(value, dict) and not _tables(value):
            out.append(f"{_key(key)} = {_value(value)}")
            lines |= dict.fromkeys(((*path, key, *rest) for rest in [(), *paths(value)]), len(out))
    for key, value in table.items():
        at, dotted = (*path, key), [*names, _key(key)]
        if isinstance(value, dict):
            out.append(f"[{'.'.join(dotted)}]")
            lines[at] = len(out)
            _table(value, at, dotted, out, lines)
        elif _tables(value):
            lines[at] = len(out) + 1
            for i, row in enumerate(value):
                out.append(f"[[{'.'.join(dotted)}]]")
                lines[(*at, i)] = len(out)
                _table(row, (*at, i), dotted, out, lines)


def _tables(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(row, dict) for row in value)


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    match value:
        case str():
            return _text(value)
        case bool():
            return str(value).lower()
        case datetime.date() | datetime.time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{ {', '.join(f'{_key(key)} = {_value(child)}' for key, child in value.items())} }}"
        case _:
            return str(value)


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    """The path of everything in a tree, the tree itself left out."""
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for key, child in children:
        yield (*path, key)
        yield from paths(child, (*path, key))


def at(value: Any, path: Path) -> Any:
    """What stands at a path."""
    for part in path:
        value = value[part]
    return value


def changed(data: Table, path: Path, value: object) -> Table:
    """The tree with another value at a path; what lies beside the path is shared."""
    other, inside = _copied(data, path)
    inside[path[-1]] = value
    return other


def without(data: Table, path: Path) -> Table:
    """The tree without what stands at a path; what lies beside the path is shared."""
    other, inside = _copied(data, path)
    del inside[path[-1]]
    return other


def _copied(data: Table, path: Path) -> tuple[Table, Any]:
    """(the tree with copies of all that holds the path, the innermost of these)."""
    other = dict(data)
    inside: Any = other
    for part in path[:-1]:
        inside[part] = copy.copy(inside[part])
        inside = inside[part]
    return other, inside
