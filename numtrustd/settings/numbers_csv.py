"""The numbers, as spreadsheets write them: `number,name,group,accept,note,watch,cadence,since`, one row each, and what
is to be shown of it in `wanted_name,wanted_logo,wanted_tag`.

Every row that is wrong is reported with its line, and one number written in two ways is found out.
`schema.NumberTable` is the TOML spelling of the same row; `load` puts both together.
"""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial

from numtrustd.domain import number as domain_number
from numtrustd.domain.label import Category
from numtrustd.domain.near import near
from numtrustd.domain.owned import DEFAULT_GROUP, Owned, Watch
from numtrustd.settings import units
from numtrustd.settings.document import Where
from numtrustd.settings.identities import NOTHING, Identities
from numtrustd.settings.problem import Report, one_of, suggest
from numtrustd.settings.schema import NumberTable

WANTED = ("wanted_name", "wanted_logo", "wanted_tag")
COLUMNS = ("number", "name", "group", "accept", "note", "watch", "cadence", "since", *WANTED)
_CHINESE = {
    "号码": "number",
    "电话": "number",
    "名称": "name",
    "分组": "group",
    "接受": "accept",
    "备注": "note",
    "监测": "watch",
    "间隔": "cadence",
    "启用日期": "since",
    "显示名称": "wanted_name",
    "显示图标": "wanted_logo",
    "显示标签": "wanted_tag",
}
_SPLIT = re.compile(r"[\s|/;,、；，]+")
_DELIMITERS = ",;\t"
MAX_BYTES = 1 << 28
"""A file of a million numbers is a tenth of that."""


class Roll:
    """The roll of all numbers of all files: takes rows, refuses duplicates and unknown groups.

    `groups` are not all where the settings' own table of groups could not be read (`whole` is false). `today` is the
    last day that has begun anywhere, where that is known.
    """

    def __init__(
        self,
        groups: dict[str, tuple[Category, ...]],
        report: Report,
        identities: Identities | None = None,
        *,
        whole: bool = True,
        today: date | None = None,
    ) -> None:
        self.report = report
        self._whole = whole
        self._identities = identities
        self.rows: dict[str, Owned] = {}
        self._groups = {
            DEFAULT_GROUP: frozenset[Category](),
            **{name: frozenset(a) for name, a in groups.items()},
        }
        self._said: dict[str, tuple[str, str, int]] = {}
        self._accepts: dict[tuple[str, str], frozenset[Category]] = {}
        self._cadences: dict[float, float] = {}
        self._days: dict[str, date | None] = {}
        self._today = today

    def add(self, where: Callable[[str], Where], cells: Callable[[str], str], key: Callable[[str], str]) -> None:
        """Take one row; `cells` gives a column's text, `where` its place, `key` how a problem names the column."""
        before = len(self.report.problems)
        text = cells("number")
        parsed = domain_number.parse(text)
        if isinstance(parsed, domain_number.Problem):
            self.report.add(where("number"), key("number"), parsed.what, parsed.remedy)
        else:
            self._once(parsed.canonical, text, where("number"), key)
        group = cells("group") or DEFAULT_GROUP
        if group not in self._groups and self._whole:
            known = sorted(self._groups)
            self.report.add(
                where("group"), key("group"), f'no group "{group}" in the settings', _group_remedy(group, known)
            )
        accept = self._accept(cells("accept"), group, where, key)
        watch = self._watch(cells("watch"), where, key)
        cadence = self._cadence(cells("cadence"), where, key)
        since = self._since(cells("since"), watch, where, key)
        own = (cells("wanted_name"), cells("wanted_logo"), cells("wanted_tag"))
        if self._identities is not None and own != NOTHING:
            self._identities.check_own(own, where, key, self.report)
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
            cadence,
            None if self._identities is None else self._identities.wanted(parsed.canonical, group, own),
            since,
        )

    def _once(self, canonical: str, text: str, where: Where, key: Callable[[str], str]) -> None:
        if (first := self._said.get(canonical)) is None:
            self._said[canonical] = (text, *where)
            return
        other, other_file, other_line = first
        same = "" if other == text else f" (written {other!r})"
        what = f"{text!r} is already at {other_file}:{other_line}{same}"
        self.report.add(where, key("number"), what, "keep one of the two rows")

    def _accept(
        self, text: str, group: str, where: Callable[[str], Where], key: Callable[[str], str]
    ) -> frozenset[Category]:
        if (known := self._accepts.get((text, group))) is not None:
            return known
        found = set(self._groups.get(group, frozenset()))
        good = True
        for word in filter(None, _SPLIT.split(text)):
            try:
                found.add(Category(word.casefold()))
            except ValueError:
                good = False
                self.report.add(where("accept"), key("accept"), f'"{word}" is no label category', one_of(Category))
        accept = frozenset(found)
        if good:
            self._accepts[text, group] = accept
        return accept

    def _cadence(self, text: str, where: Callable[[str], Where], key: Callable[[str], str]) -> float | None:
        if not text:
            return None
        seconds = units.duration(text)
        if seconds is None or seconds <= 0 or units.too_long(seconds):
            help_ = units.LONGEST_HELP if seconds is not None and units.too_long(seconds) else units.DURATION_HELP
            self.report.add(where("cadence"), key("cadence"), f'is "{text}"', help_)
            return None
        return self._cadences.setdefault(seconds, seconds)

    def _since(self, text: str, watch: Watch, where: Callable[[str], Where], key: Callable[[str], str]) -> date | None:
        if not text:
            return None
        if text not in self._days:
            self._days[text] = units.day(text)
        day = self._days[text]
        if day is None:
            self.report.add(where("since"), key("since"), f'is "{text}"', units.DAY_HELP)
        elif self._today is not None and day > self._today and watch is not Watch.PREFLIGHT:
            # Said and not refused: a clock that was set back must not keep the daemon from starting.
            what = f"is {day}, which is still to come, so that every label there is counts as a previous owner's"
            self.report.warn(where("since"), key("since"), what, f'correct it, or say watch = "{Watch.PREFLIGHT}"')
        return day

    def _watch(self, text: str, where: Callable[[str], Where], key: Callable[[str], str]) -> Watch:
        if not text:
            return Watch.YES
        try:
            return Watch(text.casefold())
        except ValueError:
            self.report.add(where("watch"), key("watch"), f'is "{text}"', one_of(Watch))
            return Watch.YES


def _group_remedy(group: str, known: Sequence[str]) -> str:
    meant = near(group, known)
    if meant is None:
        return f'add [[group]] with name = "{group}", or name one that is there: {", ".join(known)}'
    return f'add [[group]] with name = "{group}", or did you mean "{meant}"?'


def read_tables(rows: Sequence[NumberTable], where: Callable[[int, str], Where], roll: Roll) -> None:
    """Take the `[[number]]` tables of the settings; `where` says where a row has a key."""
    for i, row in enumerate(rows):
        texts = {
            "number": row.number, "name": row.name, "group": row.group, "accept": " ".join(row.accept),
            "note": row.note, "watch": row.watch.value,
            "cadence": "" if row.cadence is None else f"{row.cadence!r}s",
            "since": "" if row.since is None else row.since.isoformat(),
            "wanted_name": row.wanted_name, "wanted_logo": row.wanted_logo,
            "wanted_tag": row.wanted_tag,
        }  # fmt: skip
        roll.add(partial(where, i), texts.__getitem__, partial("number[{}].{}".format, i))


def read_csv(raw: bytes, file: str, roll: Roll) -> None:
    """Take every row of a CSV file; `file` is its name as problems show it."""
    report = roll.report
    text = _decode(raw, file, report)
    odd = _ODD.search(text) is not None  # known at once, so that a million good rows need not be searched one by one
    rows = _rows(text, file, report)
    header = next(rows, None)
    if header is None:
        report.add((file, 1), "", "is empty", f"begin with the line {','.join(COLUMNS[:4])}, then one number a line")
        return
    columns = _columns((header[0], _without_odd(header[1], file, header[0], report)), file, report)
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
        if odd and any(map(_ODD.search, cells)):
            cells = _without_odd(cells, file, line, report)
            if not 0 <= places["number"] < len(cells) or not cells[places["number"]]:
                continue

        def cell(column: str, cells: Sequence[str] = cells) -> str:
            place = places[column]
            return cells[place].strip() if 0 <= place < len(cells) else ""

        def where(column: str, line: int = line) -> Where:
            return file, line

        roll.add(where, cell, str)


_SAVE_AS_UTF8 = "save it as “CSV UTF-8 (comma delimited)”"
_ODD = re.compile("[\x00\udc80-\udcff]")
"""NUL, and bytes that were not UTF-8 (as `surrogateescape` decodes them)."""


def _decode(raw: bytes, file: str, report: Report) -> str:
    """The text. A file in another encoding is reported once and read in that, so that its rows are looked at too.
    Single bytes that are not UTF-8 stay in the text as lone surrogates."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add((file, 1), "", "is UTF-16, as Excel writes “Unicode text”", _SAVE_AS_UTF8)
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    text = raw.decode("utf-8-sig", "surrogateescape")
    if all(_ODD.search(row) for row in text.splitlines() if not row.isascii()):  # not one row is as it should be
        try:
            other = raw.decode("gb18030")
        except UnicodeDecodeError:
            return text
        what = "is not UTF-8 but GB18030, as Excel in China writes “CSV (comma delimited)”"
        report.add((file, line), "", what, f"{_SAVE_AS_UTF8}, or run iconv -f GB18030 -t UTF-8")
        return other
    return text


def _without_odd(cells: Sequence[str], file: str, line: int, report: Report) -> list[str]:
    """The row without the cells that are no text, which are reported."""
    if any("\0" in cell for cell in cells):
        report.add((file, line), "", "holds a NUL byte", f"remove it; if it is all over the file, {_SAVE_AS_UTF8}")
    if any(_ODD.search(cell.replace("\0", "")) for cell in cells):
        report.add((file, line), "", "is not UTF-8 text", f"write the row anew, or {_SAVE_AS_UTF8}")
    return ["" if _ODD.search(cell) else cell for cell in cells]


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
            report.add((file, line), "", *_not_csv(str(error), reader.line_num > line))
            continue
        if any(cell and not cell.isspace() for cell in cells) and not cells[0].startswith("#"):
            yield line, cells


def _not_csv(error: str, several: bool) -> tuple[str, str]:
    """What the parser means, and what to do. `several` says that it had read more than one line."""
    if "field larger" in error and not several:
        return (
            f"has a field of more than {csv.field_size_limit()} characters",
            "shorten it, or close its quotation mark",
        )
    open_ended = "unexpected end of data" in error or "field larger" in error
    what = "a quotation mark is opened and never closed" if open_ended else f"is not CSV: {error}"
    return what, 'close it; a quotation mark inside a text is written ""'


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
