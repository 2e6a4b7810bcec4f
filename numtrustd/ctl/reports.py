"""Reports as JSON lines: what a webhook relay or a phone farm hands in at once, each line answered by its own line.

One line that is wrong keeps none of the others from being stored, unless all or none is asked for. `act` has the verb.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import BinaryIO

import click
import msgspec
from msgspec import Struct, structs

from numtrustd.api import control
from numtrustd.ctl import faults
from numtrustd.ctl.document import Document
from numtrustd.ctl.lang import english, tr, trn, word
from numtrustd.ctl.refusal import words
from numtrustd.ctl.session import Session
from numtrustd.varlink.client import ErrorReply

LONGEST = 65_536
"""Bytes of a line."""


class Verdict(Struct, frozen=True, omit_defaults=True):
    """What became of one line."""

    line: int
    result: control.ObserveResult | None = None
    error: str | None = None


class LinesRefusedError(Exception):
    """Lines were not stored; those that can be told apart have been said already."""

    def __init__(self, refused: int, lines: int) -> None:
        many = trn("{n} line", "{n} lines", lines)
        super().__init__(tr("{refused} of {lines} were not stored").format(refused=refused, lines=many))


def from_lines(session: Session, source: BinaryIO, author: str, *, all_or_none: bool) -> None:
    """Hand in every line. Raises `LinesRefusedError` when one was not stored."""
    # What becomes of each line goes out as JSON, too, which is the same in every language.
    with english() if session.as_json else nullcontext():
        refused, lines = _from_lines(session, source, author, all_or_none=all_or_none)
    if refused:
        raise LinesRefusedError(refused, lines)


def _from_lines(session: Session, source: BinaryIO, author: str, *, all_or_none: bool) -> tuple[int, int]:
    lines = list(_lines(source, author))
    if not lines:
        raise click.UsageError(
            tr("nothing came on standard input: give one report a line as JSON, or NUMBER and options")
        )
    if all_or_none:
        looked_over = [_tell(session, n, line, rehearse=True) for n, line in lines]
        if wrong := [verdict for verdict in looked_over if verdict.error]:
            _say(session, wrong)
            return len(lines), len(lines)
    refused = 0
    for n, line in lines:
        verdict = _tell(session, n, line, rehearse=False)
        _say(session, [verdict])
        refused += verdict.error is not None
    return refused, len(lines)


def _lines(source: BinaryIO, author: str) -> Iterator[tuple[int, control.Observe | str]]:
    """(line number, the report or what is wrong with it) of every line that says anything."""
    n = 0
    while raw := source.readline(LONGEST + 1):
        n += 1
        if len(raw) > LONGEST:
            while raw and not raw.endswith(b"\n"):
                raw = source.readline(LONGEST)
            yield n, tr("is longer than {most} bytes").format(most=LONGEST)
        elif raw.strip():
            yield n, _read(raw, author)


def _read(raw: bytes, author: str) -> control.Observe | str:
    try:
        report = msgspec.json.decode(raw, type=control.Observe)
    except msgspec.ValidationError as error:
        values = msgspec.json.decode(raw)
        return faults.words(error, control.Observe, values if isinstance(values, dict) else None, column=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return tr("is no JSON: write one object a line")
    if report.rehearse:
        return tr("rehearse is not for lines: --all-or-none looks all of them over first")
    return report if report.author else structs.replace(report, author=author)


def _tell(session: Session, n: int, line: control.Observe | str, *, rehearse: bool) -> Verdict:
    if isinstance(line, str):
        return Verdict(n, error=line)
    try:
        return Verdict(n, result=session.ask(structs.replace(line, rehearse=rehearse)))
    except ErrorReply as error:
        return Verdict(n, error="; ".join(words(error.name, error.parameters)))


def _say(session: Session, verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        if session.as_json:
            session.write_line(msgspec.to_builtins(verdict))
            continue
        doc = Document()
        if verdict.result is None:
            doc.line(tr("line {line}: {error}").format(line=verdict.line, error=verdict.error))
        else:
            result = verdict.result
            why = f" ({result.why})" if result.why else ""
            doc.line(
                tr("line {line}: {number} {status} on {platform}/{surface}{why}").format(
                    line=verdict.line,
                    number=result.number,
                    status=word(result.status),
                    platform=result.platform,
                    surface=result.surface,
                    why=why,
                )
            )
        session.write(doc)
