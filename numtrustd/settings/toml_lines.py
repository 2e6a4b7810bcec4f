"""On which line of a TOML text does a key stand?

`tomllib` gives values without positions. This walks a text that `tomllib` has already accepted and notes
the line of every table, key and array element; it checks nothing and interprets no value.
"""

import re
import tomllib

from numtrustd.settings.problem import Path

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


class LineIndex:
    """Lines by path. Build one with `index`."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines

    def line(self, path: Path) -> int:
        """The line (from 1) of the path, or of its nearest ancestor that has one."""
        while path:
            if (found := self._lines.get(path)) is not None:
                return found
            path = path[:-1]
        return 1


def index(text: str) -> LineIndex:
    """Note where everything stands in a valid TOML text."""
    return LineIndex(_Scanner(text).scan())


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.counted = 0
        self.lines: dict[Path, int] = {}
        self.arrays: dict[Path, int] = {}  # arrays of tables: path (resolved) → index of the last element

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while not self._skip_blank():
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._assignment(table)
        return self.lines

    def _skip_blank(self) -> bool:
        self._match(_BLANK)
        return self.at >= len(self.text)

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:  # not TOML; tomllib would have refused it, so say no line rather than a wrong one
            self.at = len(self.text)
            return ""
        self.at = found.end()
        return found[0]

    def _here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def _note(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)

    def _key(self) -> list[str]:
        parts = []
        while self.at < len(self.text):
            self._match(_SPACE)
            if self.text[self.at : self.at + 1] in ('"', "'"):
                raw = self._match(_STRING)
                parts.append(str(tomllib.loads(f"k = {raw}")["k"]) if raw else "")
            else:
                parts.append(self._match(_BARE_KEY))
            self._match(_SPACE)
            if not self.text.startswith(".", self.at):
                break
            self.at += 1
        return parts

    def _header(self) -> Path:
        line = self._here()
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        parts = self._key()
        self.at += 2 if double else 1
        path: Path = ()
        for i, part in enumerate(parts):
            path = (*path, part)
            self._note(path, line)
            last = i == len(parts) - 1
            if last and double:
                self.arrays[path] = self.arrays.get(path, -1) + 1
            if path in self.arrays and (double or not last):
                path = (*path, self.arrays[path])
                self._note(path, line)
        return path

    def _assignment(self, table: Path) -> None:
        line = self._here()
        path = table
        for part in self._key():
            path = (*path, part)
            self._note(path, line)
        self.at += 1  # =
        self._match(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self.text[self.at : self.at + 1]
        if first in ('"', "'"):
            self._match(_STRING)
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._match(_SCALAR)

    def _array(self, path: Path) -> None:
        self.at += 1
        element = 0
        while not self._skip_blank() and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, element), self._here())
            self._value((*path, element))
            element += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._skip_blank() and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._assignment(path)
        self.at += 1
