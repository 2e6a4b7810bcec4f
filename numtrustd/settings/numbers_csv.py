"""The numbers, as spreadsheets write them: `number,name,group,accept,note,watch`, one row each.

Every row that is wrong is reported with its line, and one number written in two ways is found out.
`schema.NumberTable` is the TOML spelling of the same row; `load` puts both together.
"""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from numtrustd.domain import number as domain_number
from numtrustd.domain.label import Category
from numtrustd.domain.owned import DEFAULT_GROUP, Owned, Watch
from numtrustd.settings.problem import Report, one_of, suggest
from numtrustd.settings.schema import NumberTable

COLUMNS = ("number", "name", "group", "accept", "note", "watch")
_CHINESE = {
    "号码": "number",
    "电话": "number",
    "名称": "name",
    "分组": "group",
    "接受": "accept",
    "备注": "note",
    "监测": "watch",
}
_SPLIT = re.compile(r"[\s|/;,、；，]+")
_DELIMITERS = ",;\t"
MAX_BYTES = 1 << 28
"""A file of a million numbers is a tenth of that."""


class Roll:
    """The roll of all numbers of all files: takes rows, refuses duplicates and unknown groups."""

    def __init__(self, groups: dict[str, tuple[Category, ...]], report: Report) -> None:
        self.report = report
        self.rows: dict[str, Owned] = {}
        self._groups = {
            DEFAULT_GROUP: frozenset[Category](),
            **{name: frozenset(a) for name, a in groups.items()},
        }
        self._said: dict[str, tuple[str, str, int]] = {}
        self._accepts: dict[tuple[str, str], frozenset[Category]] = {}

    def add(self, file: str, line: int, cells: Callable[[str], str], key: Callable[[str], str]) -> None:
        """Take one row; `cells` gives a column's text, `key` how a problem names the column."""
        where = (file, line)
        before = len(self.report.problems)
        text = cells("number")
        parsed = domain_number.parse(text)
        if isinstance(parsed, domain_number.Problem):
            self.report.add(where, key("number"), parsed.what, parsed.remedy)
        else:
            self._once(parsed.canonical, text, file, line, key)
        group = cells("group") or DEFAULT_GROUP
        if group not in self._groups:
            known = sorted(self._groups)
            self.report.add(where, key("group"), f'no group "{group}" in the settings', _group_remedy(group, known))
        accept = self._accept(cells("accept"), group, where, key)
        watch = self._watch(cells("watch"), where, key)
        if isinstance(parsed, domain_number.Problem) or len(self.report.problems) > before:
            return
        self.rows[parsed.canonical] = Owned(
            parsed.canonical,
            parsed.kind,
            cells("name"),
            sys.intern(group),
            accept,
            parsed.extension,
            cells("note"),
            watch,
        )

    def _once(self, canonical: str, text: str, file: str, line: int, key: Callable[[str], str]) -> None:
        if (first := self._said.get(canonical)) is None:
            self._said[canonical] = (text, file, line)
            return
        other, other_file, other_line = first
        same = "" if other == text else f" (written {other!r})"
        what = f"{text!r} is already at {other_file}:{other_line}{same}"
        self.report.add((file, line), key("number"), what, "keep one of the two rows")

    def _accept(self, text: str, group: str, where: tuple[str, int], key: Callable[[str], str]) -> frozenset[Category]:
        if (known := self._accepts.get((text, group))) is not None:
            return known
        found = set(self._groups.get(group, frozenset()))
        good = True
        for word in filter(None, _SPLIT.split(text)):
            try:
                found.add(Category(word.casefold()))
            except ValueError:
                good = False
                self.report.add(where, key("accept"), f'"{word}" is no label category', one_of(Category))
        accept = frozenset(found)
        if good:
            self._accepts[text, group] = accept
        return accept

    def _watch(self, text: str, where: tuple[str, int], key: Callable[[str], str]) -> Watch:
        if not text:
            return Watch.YES
        try:
            return Watch(text.casefold())
        except ValueError:
            self.report.add(where, key("watch"), f'is "{text}"', one_of(Watch))
            return Watch.YES


def _group_remedy(group: str, known: Sequence[str]) -> str:
    return f'add [[group]] with name = "{group}", or {suggest(group, known)}'


def read_tables(rows: Sequence[NumberTable], where: Callable[[int], tuple[str, int]], roll: Roll) -> None:
    """Take the `[[number]]` tables of the settings."""
    for i, row in enumerate(rows):
        texts = {
            "number": row.number, "name": row.name, "group": row.group, "accept": " ".join(row.accept),
            "note": row.note, "watch": row.watch.value,
        }  # fmt: skip
        roll.add(*where(i), texts.__getitem__, partial("number[{}].{}".format, i))


def read_csv(raw: bytes, file: str, roll: Roll) -> None:
    """Take every row of a CSV file; `file` is its name as problems show it."""
    report = roll.report
    text = _decode(raw, file, report)
    if text is None:
        return
    rows = _rows(text, file, report)
    header = next(rows, None)
    if header is None:
        report.add((file, 1), "", "is empty", f"begin with the line {','.join(COLUMNS[:4])}, then one number a line")
        return
    columns = _columns(header, file, report)
    if columns is None:
        return
    at = [columns.get(column, -1) for column in COLUMNS]
    places = dict(zip(COLUMNS, at, strict=True))
    width = len(header[1])
    for line, cells in rows:
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            what = f"has {len(cells)} fields, the header has {width}"
            report.add((file, line), "", what, 'put a name that holds the delimiter in quotation marks: "A, B"')
            continue

        def cell(column: str, cells: Sequence[str] = cells) -> str:
            place = places[column]
            return cells[place].strip() if 0 <= place < len(cells) else ""

        roll.add(file, line, cell, str)


def _decode(raw: bytes, file: str, report: Report) -> str | None:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add((file, 1), "", "is UTF-16, as Excel writes “Unicode text”", _SAVE_AS_UTF8)
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            report.add((file, line), "", "is not UTF-8 text", _SAVE_AS_UTF8)
        else:
            what = "is not UTF-8 but GB18030, as Excel in China writes “CSV (comma delimited)”"
            report.add((file, line), "", what, f"{_SAVE_AS_UTF8}, or run iconv -f GB18030 -t UTF-8")
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        report.add((file, line), "", "holds a NUL byte and is no text file", _SAVE_AS_UTF8)
        return None
    return text


_SAVE_AS_UTF8 = "save it as “CSV UTF-8 (comma delimited)”"


def _rows(text: str, file: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    """(line where the row begins, cells) of every row that is not blank and no `#` comment."""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            end = "unexpected end of data" in str(error) or "field larger" in str(error)
            what = "a quotation mark is opened and never closed" if end else f"is not CSV: {error}"
            report.add((file, line), "", what, 'close it; a quotation mark inside a text is written ""')
            continue
        if any(cell and not cell.isspace() for cell in cells) and not cells[0].startswith("#"):
            yield line, cells


def _columns(header: tuple[int, list[str]], file: str, report: Report) -> dict[str, int] | None:
    """Column → place; `None`, with the reason reported, when the header will not do."""
    line, cells = header
    names = [_CHINESE.get(cell.strip(), cell.strip().casefold()) for cell in cells]
    if "number" not in names:
        looks_like_a_row = any(isinstance(domain_number.parse(cell), domain_number.Number) for cell in cells)
        what = "has no header" if looks_like_a_row else 'has no column "number"'
        report.add((file, line), "number", what, f"begin with the line {','.join(COLUMNS[:4])}")
        return None
    good = True
    columns: dict[str, int] = {}
    for place, name in enumerate(names):
        if not name:
            continue
        if name in columns:
            report.add((file, line), name, "two columns of this name", "keep one of the two")
            good = False
        elif name not in COLUMNS:
            report.add((file, line), name, "unknown column", suggest(name, COLUMNS))
            good = False
        columns[name] = place
    return columns if good else None
