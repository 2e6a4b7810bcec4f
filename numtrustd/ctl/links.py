"""`numtrustctl check-link`: whether a link, or a text that a colleague received, leads to a platform itself."""

import sys

import click
import msgspec

from numtrustd.api import links
from numtrustd.ctl import complete, sentences
from numtrustd.ctl.common import command
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import tr, word
from numtrustd.ctl.session import Session

NOT_OFFICIAL = 1
_TONES = {"official": Tone.GOOD, "nothing": Tone.DIM, "unknown": Tone.WARN, "suspicious": Tone.BAD, "refused": Tone.BAD}


@click.group()
def check() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@command(
    check,
    "check-link",
    examples=(
        ("check-link 'https://haoma.so.com.evil.example/appeal'", "One link."),
        ("check-link - < message.txt", "A whole message."),
    ),
)
@click.argument("text", nargs=-1, required=True)
@click.option("--platform", type=complete.PLATFORM, metavar="ID", help="Only this platform's own hosts will do.")
def check_link(session: Session, text: tuple[str, ...], platform: str | None) -> None:
    """Whether TEXT, a link or a whole message (- is standard input), leads to a platform's official hosts. Nothing is
    opened. Exit status 0 if it does, 1 if not."""
    pasted = sys.stdin.read() if text == ("-",) else " ".join(text)
    if not pasted.strip():
        raise click.UsageError(tr("there is nothing to check: give a link or a message"))
    said = session.ask(links.CheckLink(text=pasted, platform=platform))
    if session.as_json:
        session.write_json(msgspec.to_builtins(said))
    else:
        session.write(shown(said))
    if not said.official:
        raise click.exceptions.Exit(NOT_OFFICIAL)


def shown(said: links.LinkCheck) -> Document:
    """The verdict, why, and what to do."""
    doc = Document()
    doc.line(Cell(word(said.standing), _TONES.get(said.standing, Tone.PLAIN)))
    for reason in said.why:
        doc.line(sentences.said(reason), indent=2)
    doc.line(Cell(tr(said.advice), Tone.STRONG))
    return doc
