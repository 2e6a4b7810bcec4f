"""TOML files as the rest of the package reads them: one tree of values that remembers where each came from.

Several files may make one tree (the settings and their drop-ins, a shipped pack and the operator's
additions): tables are merged, later values replace earlier ones, and the arrays of tables that the reader
names grow.
"""

import os
import pathlib
import re
import stat
import tomllib
from collections.abc import Mapping
from typing import Any, TypeGuard

from numtrustd.settings import toml_lines
from numtrustd.settings.problem import Path, Report

Where = tuple[str, int]
"""(file, line)."""

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
MAX_BYTES = 16 * 1024 * 1024
_WAITING = {stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK}


class Document:
    """A tree of plain values. `where` answers for every path in it, a missing one by its nearest ancestor."""

    def __init__(self, file: str, data: dict[str, Any], origins: dict[Path, Where]) -> None:
        self.file = file
        self.data = data
        self._origins = origins

    def where(self, path: Path = ()) -> Where:
        """File and line of a path."""
        while path:
            if (found := self._origins.get(path)) is not None:
                return found
            path = path[:-1]
        return self._origins.get((), (self.file, 1))

    def merge(self, later: "Document", grow: Mapping[str, str] | None = None) -> None:
        """Put another document's values over these.

        `grow` names the top-level arrays of tables that are added to instead of replaced, each with the
        key that tells whether two elements are the same one and to be merged ("" for none): `{"source":
        "id"}`.
        """
        self._merge(self.data, later.data, (), (), later, grow or {})

    def _merge(
        self,
        mine: dict[str, Any],
        theirs: Mapping[str, Any],
        mine_at: Path,
        theirs_at: Path,
        later: "Document",
        grow: Mapping[str, str],
    ) -> None:
        for key, value in theirs.items():
            here, there = (*mine_at, key), (*theirs_at, key)
            old = mine.get(key)
            if isinstance(old, dict) and isinstance(value, dict):
                self._merge(old, value, here, there, later, {})
            elif key in grow and _tables(old) and _tables(value):
                self._grow(old, value, here, there, later, grow[key])
            else:
                mine[key] = value
                self._adopt(value, here, there, later)

    def _grow(
        self,
        old: list[dict[str, Any]],
        new: list[dict[str, Any]],
        mine_at: Path,
        theirs_at: Path,
        later: "Document",
        identity: str,
    ) -> None:
        known = {row[identity]: i for i, row in enumerate(old) if isinstance(row.get(identity), str)}
        for i, row in enumerate(new):
            name = row.get(identity)
            if isinstance(name, str) and name in known:
                same = known[name]
                self._merge(old[same], row, (*mine_at, same), (*theirs_at, i), later, {})
            else:
                old.append(row)
                self._adopt(row, (*mine_at, len(old) - 1), (*theirs_at, i), later)

    def _adopt(self, value: object, mine_at: Path, theirs_at: Path, later: "Document") -> None:
        self._origins[mine_at] = later.where(theirs_at)
        children: list[tuple[str | int, object]] = []
        if isinstance(value, dict):
            children = list(value.items())
        elif isinstance(value, list):
            children = list(enumerate(value))
        for key, child in children:
            self._adopt(child, (*mine_at, key), (*theirs_at, key), later)


def _tables(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


_TWICE = re.compile(r"Cannot declare \((?P<path>.*?),?\) twice")
_SPOKEN = {
    "Cannot overwrite a value": "a key stands there twice, or as a value and as a table",
    "Unclosed array": "a list has no ] at its end",
    "Unterminated string": "a text has no quote at its end",
    "Expected ']' at the end of a table declaration": "the heading of a table has no ] at its end",
    "Expected ']]' at the end of an array declaration": "the heading of an entry has no ]] at its end",
    "Expected '=' after a key in a key/value pair": "a key has no = behind it",
    "Expected newline or end of document after a statement": "there is something behind the end of the entry",
}
"""What the parser says, in words for people."""


def _fault(said: str) -> tuple[str, str]:
    """(what is wrong, what to do), of what the parser says."""
    if twice := _TWICE.fullmatch(said):
        name = ".".join(part.strip(" '\"") for part in twice["path"].split(","))
        return f"the table [{name}] begins a second time", f"keep one, or write each as [[{name}]] if it is a list"
    words = _SPOKEN.get(said.partition(", at the end")[0])
    return words or f"{said[:1].lower()}{said[1:]}", "correct the line, see https://toml.io"


def read(path: pathlib.Path, report: Report, named_at: tuple[Where, str] | None = None) -> Document | None:
    """Read one TOML file; `None`, with the reason reported, when there is nothing to read.

    `named_at` is (where, key) of the setting that names the file, which is where a missing file is to be
    mended.
    """
    where, key = named_at or ((str(path), 1), "")
    raw = read_bytes(path, report, where, key)
    if raw is None:
        return None
    file = str(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        report.add((file, line), "", "is not UTF-8 text", "save the file as UTF-8")
        return None
    try:
        data = tomllib.loads(text)
        document = Document(file, {}, {(): (file, 1)})
        document.merge(_Single(file, data, toml_lines.index(text)))
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = _AT_LINE.search(said)
        line = int(found[1]) if found else text.count("\n") + 1
        what = _AT_LINE.sub("", said).replace(" (at end of document)", ", at the end of the file")
        wrong, remedy = _fault(what)
        report.add((file, line), "", f"is not TOML: {wrong}", remedy)
        return None
    except (ValueError, RecursionError):  # Python's limits: 4 300 digits, a few hundred tables deep
        report.add((file, 1), "", "is not usable: it nests too deep or holds too long a number", "simplify it")
        return None
    return document


class _Single(Document):
    """A file by itself, before any merging: its lines come from the index."""

    def __init__(self, file: str, data: dict[str, Any], lines: toml_lines.LineIndex) -> None:
        super().__init__(file, data, {})
        self._lines = lines

    def where(self, path: Path = ()) -> Where:
        return self.file, self._lines.line(path)


def beside(place: Document, at: Path, name: str) -> pathlib.Path:
    """A path as written in a settings file: relative to the directory of the file that says it."""
    file = pathlib.Path(place.where(at)[0]).parent / name
    if ".." in file.parts and "\0" not in name:
        return pathlib.Path(os.path.realpath(file))  # shown as it is meant, and as links above it have it
    return file


def toml_files(directory: pathlib.Path, report: Report, where: Where, key: str) -> list[pathlib.Path]:
    """`*.toml` in the order of their names, hidden files left out; none where there is no such directory."""
    try:
        names = [file.name for file in directory.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        what = f"cannot be read: {directory}: {(error.strerror or 'no reason given').lower()}"
        report.add(where, key, what, "name a directory that the daemon's user can read")
        return []
    return [directory / name for name in sorted(names) if name.endswith(".toml") and not name.startswith(".")]


def ordinary(path: pathlib.Path) -> bool:
    """Whether a file can be read to its end without waiting for anybody: no pipe, no device. What the shell hands
    over as a descriptor (`<(…)`) is taken at its word. Raises `OSError`."""
    return str(path).startswith(("/dev/fd/", "/dev/stdin", "/proc/")) or not _WAITING & {
        stat.S_IFMT(path.stat().st_mode)
    }


def read_bytes(path: pathlib.Path, report: Report, where: Where, key: str, limit: int = MAX_BYTES) -> bytes | None:
    """The bytes of a file, at most `limit`; `None`, with the reason reported at `where`, if it has none."""
    try:
        if not ordinary(path):
            report.add(where, key, f"is no ordinary file: {path}", "name a file")
            return None
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError:
        first = "write one with `numtrustd init`, or name the right one with --config"  # no key names it
        report.add(where, key, f"no such file: {path}", "create it, or name the right one" if key else first)
    except IsADirectoryError:
        report.add(where, key, f"is a directory: {path}", "name a file")
    except OSError as error:
        report.add(
            where,
            key,
            f"cannot be read: {path}: {(error.strerror or 'no reason given').lower()}",
            "let the daemon's user read it",
        )
    else:
        if len(raw) <= limit:
            return raw
        report.add(where, key, f"is larger than {limit >> 20} MiB: {path}", "split it, or name the right file")
    return None
