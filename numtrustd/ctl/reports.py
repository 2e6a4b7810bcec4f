"""`numtrustctl observe`: one report from the command line, or JSON lines: what a webhook relay or a phone farm hands in
at once, each line answered by its own line.

One line that is wrong keeps none of the others from being stored, unless all or none is asked for.
"""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, BinaryIO

import click
import msgspec
from msgspec import Struct, structs

from numtrustd.api import control
from numtrustd.ctl import complete, faults, render_world
from numtrustd.ctl.choices import Choice
from numtrustd.ctl.common import author_option, command
from numtrustd.ctl.document import Document
from numtrustd.ctl.lang import english, tr, trn, word
from numtrustd.ctl.moments import past_option, resolved
from numtrustd.ctl.refusal import words
from numtrustd.ctl.session import Session
from numtrustd.varlink.client import ErrorReply

PICTURE = "screenshot"
"""The key of a line that names a picture's file."""

_OF_ALL = ("device", "os", "app")
"""Options that are of every line that does not say otherwise."""

_LEAST = {"number": "13800138000", "platform": "huawei", "surface": "incoming_call", "status": "clean"}
"""What every report says, with nothing wrong."""

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


@click.group()
def tell() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


_SEEN = ("marked", "clean", "certified", "unknown")


@command(
    tell,
    examples=(
        (
            "observe 13800138000 --platform huawei --surface incoming_call --status marked --words 广告推销 --marks 12",
            "A handset showed a label.",
        ),
        (
            "observe 13800138000 --platform huawei --surface incoming_call --status clean --at 2h",
            "Two hours ago it showed none.",
        ),
        (
            "observe --device 'HUAWEI Mate 60' --os 'HarmonyOS 4.2' --all-or-none < reports.jsonl",
            "Many reports, one a line; `task show TASK --folder DIR` writes the lines to fill in.",
        ),
    ),
)
@click.argument("number", required=False)
@click.option("--platform", type=complete.PLATFORM, metavar="ID", help="Whose label or name it is.")
@click.option("--surface", type=complete.SURFACE, metavar="NAME", help="Where it was seen: incoming_call, call_log, …")
@click.option("--status", type=Choice(_SEEN), help="What was seen.")
@click.option(
    "--reason", type=complete.UNSEEN, metavar="WORD", help="Why nothing could be seen, with --status unknown."
)
@click.option("--words", metavar="WORDS", help="The label's words, as they are shown.")
@click.option("--marks", type=click.IntRange(0), help="The count of marks that is shown.")
@click.option("--name", metavar="NAME", help="The name that is shown.")
@click.option("--logo-digest", metavar="SHA256", help="The logo that is shown: sha256: and its digest.")
@click.option("--tag", metavar="WORDS", help="The tag that is shown.")
@click.option("--device", metavar="MODEL", help='On which handset: "HUAWEI Mate 60".')
@click.option("--os", metavar="SYSTEM", help='On which system: "HarmonyOS 4.2".')
@click.option("--app", metavar="NAME", help="Which app gave the label; an iPhone shows those of apps.")
@past_option("--at", help="When it was seen, if not just now, or how long ago: 90m, 2h.")
@click.option("--screenshot", metavar="FILE", help="The picture: its digest is told, and where it lies.")
@click.option("--screenshot-digest", metavar="SHA256", help="sha256: and the digest of a picture that lies elsewhere.")
@click.option("--evidence", metavar="PATH", help="Where the picture lies.")
@click.option(
    "--source", type=complete.SOURCE, metavar="ID", help="The report source, where several take reports of this place."
)
@click.option("--key", metavar="WORD", help="Reports with the same key count once, each with its own anew.")
@click.option("--all-or-none", is_flag=True, help="Of lines on standard input: store none unless all are right.")
@author_option
def observe(session: Session, number: str | None, all_or_none: bool, author: str, **said: Any) -> None:
    """Tell what a handset or a page showed. Without NUMBER: JSON lines on standard input, with the options as keys
    (number, platform, surface, status, …; "-" as "_"); --device, --os and --app are then those of every line that names
    none, and what is empty counts as left out."""
    if number is not None:
        if missing := [f"--{key}" for key in ("platform", "surface", "status") if said[key] is None]:
            raise click.UsageError(tr("give {missing} as well").format(missing=", ".join(missing)))
        said["at"] = resolved(session, said["at"])
        picture = said.pop("screenshot")
        if picture is not None and said["screenshot_digest"] is not None:
            raise click.UsageError(tr("give --screenshot or --screenshot-digest, not both"))
        try:
            said |= {} if picture is None else pictured(picture, said["evidence"])
        except OSError as error:
            raise click.UsageError(_unread(picture, error)) from None
        session.show(control.Observe(number=number, author=author, **said), render_world.observed)
    elif given := [f"--{key}" for key, value in said.items() if value is not None and key not in _OF_ALL]:
        raise click.UsageError(
            tr(
                "{given} without a number: give one, or leave that out: each line on standard input says its own; for "
                "all of them there are --device, --os and --app"
            ).format(given=", ".join(given).replace("_", "-"))
        )
    else:
        always = {"author": author, **{key: said[key] for key in _OF_ALL if said[key] is not None}}
        from_lines(session, sys.stdin.buffer, always, all_or_none=all_or_none)


def pictured(file: str, evidence: str | None) -> dict[str, str]:
    """What is told of a picture: its digest, and where it lies. Raises `OSError`."""
    with open(file, "rb") as picture:
        digest = hashlib.file_digest(picture, "sha256").hexdigest()
    return {"screenshot_digest": f"sha256:{digest}", "evidence": evidence or os.path.abspath(file)}


def _unread(file: str, error: OSError) -> str:
    text = tr("{file} cannot be read ({error}): name the picture's file")
    return text.format(file=file, error=(error.strerror or str(error)).lower())


def from_lines(session: Session, source: BinaryIO, always: Mapping[str, str], *, all_or_none: bool) -> None:
    """Hand in every line. Raises `LinesRefusedError` when one was not stored."""
    # What becomes of each line goes out as JSON, too, which is the same in every language.
    with english() if session.as_json else nullcontext():
        refused, lines = _from_lines(session, source, always, all_or_none=all_or_none)
    if refused:
        raise LinesRefusedError(refused, lines)


def _from_lines(session: Session, source: BinaryIO, always: Mapping[str, str], *, all_or_none: bool) -> tuple[int, int]:
    lines = list(_lines(source, always))
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


def _lines(source: BinaryIO, always: Mapping[str, str]) -> Iterator[tuple[int, control.Observe | str]]:
    """(line number, the report or what is wrong with it) of every line that says anything."""
    n = 0
    while raw := source.readline(LONGEST + 1):
        n += 1
        if len(raw) > LONGEST:
            while raw and not raw.endswith(b"\n"):
                raw = source.readline(LONGEST)
            yield n, tr("is longer than {most} bytes").format(most=LONGEST)
        elif raw.strip():
            yield n, _read(raw, always)


def _read(raw: bytes, always: Mapping[str, str]) -> control.Observe | str:
    """A line as a report, or all that is wrong with it."""
    try:
        written = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return tr("is no JSON: write one object a line")
    if not isinstance(written, dict):
        return tr("is no object: write {example}").format(example='{"number": …}')
    values = {**always, **{key: value for key, value in written.items() if value != ""}}
    picture = values.pop(PICTURE, None)
    wrong = faults.all_words(control.Observe, values, _LEAST)
    if values.get("rehearse"):
        wrong.append(tr("rehearse is not for lines: --all-or-none looks all of them over first"))
    if picture is not None:
        try:
            values |= pictured(str(picture), values.get("evidence"))
        except OSError as error:
            wrong.append(f"{faults.place(PICTURE, column=False)}: {_unread(str(picture), error)}")
    return "; ".join(wrong) if wrong else msgspec.convert(values, control.Observe)


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
