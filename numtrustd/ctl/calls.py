"""`numtrustctl calls` and `complaint`: what the company knows of its own calls goes in, and can be looked at.

A file is CSV with a header, as spreadsheets write it, or JSON lines; it is read whole before anything is sent.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import msgspec

from numtrustd.api import calls
from numtrustd.ctl import faults, moments
from numtrustd.ctl.common import author_option, command
from numtrustd.ctl.document import Document
from numtrustd.ctl.lang import english, tr, trn
from numtrustd.ctl.session import Session
from numtrustd.ctl.speak import Group
from numtrustd.varlink.client import ErrorReply

COLUMNS = ("number", "day", "calls", "answered", "short", "complaints", "off_hours", "purpose")
_CHINESE = {
    "号码": "number",
    "日期": "day",
    "呼叫": "calls",
    "呼叫量": "calls",
    "接通": "answered",
    "接通量": "answered",
    "短通话": "short",
    "投诉": "complaints",
    "投诉量": "complaints",
    "非工作时间": "off_hours",
    "用途": "purpose",
}
_SAID = 20


@click.group()
def tell() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@tell.group("calls", cls=Group)
def calls_() -> None:
    """Tell how a number's calls went, or see what was told."""


@command(calls_, examples=(("calls add calls.csv", "The header is number,day,calls,answered and what else is known."),))
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@author_option
def add(session: Session, file: str, author: str) -> None:
    """Take in FILE (- is standard input): CSV with a header, or JSON lines, a row for each number and day."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.UsageError(
            tr("{file}: cannot be read: {strerror}: name a file that you may read").format(
                file=file, strerror=error.strerror
            )
        ) from None
    rows = _rows(raw, file)
    days = numbers = 0
    for begin in range(0, len(rows), calls.MOST_ROWS):
        part = rows[begin : begin + calls.MOST_ROWS]
        try:
            taken = session.ask(calls.ReportCalls(rows=tuple(row for _, row in part), author=author))
        except ErrorReply as error:
            with english() if session.as_json else nullcontext():
                raise _with_lines(error, [line for line, _ in part]) from None
        days += taken.days
        numbers = max(numbers, taken.numbers)
    if session.as_json:
        session.write_json({"days": days})
    else:
        doc = Document()
        doc.line(trn("{n} day of calls taken in", "{n} days of calls taken in", days))
        session.write(doc)


@command(calls_)
@click.argument("number")
@click.option("--limit", type=click.IntRange(1, 400), default=60, show_default=True, help="Days.")
def show(session: Session, number: str, limit: int) -> None:
    """What was told of a number's calls, the newest day first."""
    session.show(calls.GetCalls(number=number, limit=limit), shown)


@command(tell, examples=(("complaint 13800138000 --text 'called twice on Sunday'", "It came today."),))
@click.argument("number")
@click.option("--day", metavar="DATE", help="When it came, like 2026-11-23, or how long ago: 1d; today if left out.")
@click.option("--text", metavar="WORDS", help="What was said, for the record.")
@author_option
def complaint(session: Session, number: str, day: str | None, text: str | None, author: str) -> None:
    """Somebody who was called complained about NUMBER."""
    if day is not None and (before := moments.resolved(session, moments.ago(day))) is not None:
        day = before.astimezone().date().isoformat()
    session.show(calls.Complain(number=number, day=day, text=text, author=author), complained)


def shown(view: calls.CallsView) -> Document:
    """`numtrustctl calls show`."""
    doc = Document()
    if not view.days:
        doc.line(tr("nothing was told of the calls of {number}").format(number=view.number))
        doc.hint("calls add FILE", tr("take in your own call statistics"))
        return doc
    doc.table(
        (tr("DAY"), tr("CALLS"), tr("ANSWERED"), tr("RATE"), tr("SHORT"), tr("OFF HOURS"), tr("COMPLAINTS")),
        [
            (
                day.day,
                str(day.calls),
                str(day.answered),
                f"{day.answered / day.calls:.0%}" if day.calls else "",
                *("" if told is None else str(told) for told in (day.short, day.off_hours, day.complaints)),
            )
            for day in view.days
        ],
    )
    if view.tags:
        doc.heading(tr("By tag"))
        doc.table(
            (tr("TAG"), tr("DAYS"), tr("CALLS"), tr("RATE")),
            [
                (t.tag or tr("(none)"), str(t.days), str(t.calls), f"{t.answered / t.calls:.0%}" if t.calls else "")
                for t in view.tags
            ],
        )
    return doc


def complained(taken: calls.ComplaintTaken) -> Document:
    """`numtrustctl complaint`."""
    doc = Document()
    many = trn("{n} complaint", "{n} complaints", taken.complaints)
    doc.line(tr("{number}: {many} on {day}").format(number=taken.number, many=many, day=taken.day))
    return doc


# ------------------------------------------------------------------------------------------------------- the file


_ROW = re.compile(r"\brows\[(\d+)\]\.(\w+): ")


def _with_lines(error: ErrorReply, lines: list[int]) -> ErrorReply:
    """The daemon's refusal of rows, which it counts from 0 in each call, with the lines of the file instead."""

    def shown(match: re.Match[str]) -> str:
        line = lines[int(match[1])] if int(match[1]) < len(lines) else 0
        return f"{tr('line {line}').format(line=line)}: {faults.place(match[2], column=True)}: "

    why = error.parameters.get("why")
    if not isinstance(why, str):
        return error
    return ErrorReply(error.name, {**error.parameters, "why": _ROW.sub(shown, why)})


def _rows(raw: bytes, file: str) -> list[tuple[int, calls.CallDay]]:
    """The line and the content of every row. Raises `click.UsageError` with all that is wrong."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise click.UsageError(
            tr("{file}: line {line}: is not UTF-8: save it as CSV UTF-8").format(file=file, line=line)
        ) from None
    in_columns = not text.lstrip().startswith("{")
    found = list(_csv(text, file) if in_columns else _json_lines(text))
    rows: list[tuple[int, calls.CallDay]] = []
    wrong: list[str] = []
    for line, values in found:
        if isinstance(values, str):
            wrong.append(f"{file}: {tr('line {line}').format(line=line)}: {values}")
            continue
        try:
            rows.append((line, msgspec.convert(values, calls.CallDay, strict=False)))
        except msgspec.ValidationError as error:
            said = faults.words(error, calls.CallDay, values, column=in_columns)
            wrong.append(f"{file}: {tr('line {line}').format(line=line)}: {said}")
    if wrong:
        more = "\n" + tr("… and {wrong} more").format(wrong=len(wrong) - _SAID) if len(wrong) > _SAID else ""
        raise click.UsageError(
            "\n".join(wrong[:_SAID]) + more + "\n" + tr("nothing was sent: correct these lines first")
        )
    if not rows:
        raise click.UsageError(
            tr("{file}: holds no row: write one below the header for each number and day").format(file=file)
        )
    return rows


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for line, raw in enumerate(text.splitlines(), 1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw)
        except ValueError as error:
            yield line, tr("is not JSON: {error}").format(error=error)
            continue
        unknown = sorted(set(value) - set(COLUMNS)) if isinstance(value, dict) else None
        if unknown is None:
            yield line, tr("is no JSON object")
        elif unknown:
            yield line, f"{faults.place(unknown[0], column=False)}: {faults.not_known(unknown[0], COLUMNS)}"
        else:
            yield line, value


def _csv(text: str, file: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    header = [_CHINESE.get(cell.strip(), cell.strip().casefold()) for cell in next(reader, [])]
    if unknown := [name for name in header if name not in COLUMNS]:
        raise click.UsageError(
            f"{file}: {tr('line {line}').format(line=1)}: {faults.place(unknown[0], column=True)}: "
            + faults.not_known(unknown[0], COLUMNS, _CHINESE)
        )
    if missing := [name for name in COLUMNS[:4] if name not in header]:
        raise click.UsageError(
            tr('{file}: line 1: column "{name}": is missing: begin with the line {known}').format(
                file=file, name=missing[0], known=",".join(COLUMNS)
            )
        )
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            yield (
                reader.line_num,
                tr("has {cells} fields, the header has {header}").format(cells=len(cells), header=len(header)),
            )
            continue
        yield reader.line_num, {n: c.strip() for n, c in zip(header, cells, strict=False) if c.strip()}
