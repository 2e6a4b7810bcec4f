"""`numtrustctl silence` and `ack`: what people know of already, and do not want to be alarmed about."""

import click

from numtrustd.api import silence
from numtrustd.ctl import complete
from numtrustd.ctl.choices import Choice
from numtrustd.ctl.common import author_option, command
from numtrustd.ctl.document import Cell, Column, Document, Tone
from numtrustd.ctl.lang import listed, tr, word
from numtrustd.ctl.moments import Span
from numtrustd.ctl.render import when
from numtrustd.ctl.session import Session
from numtrustd.ctl.speak import Group
from numtrustd.ctl.text import local


@click.group()
def quiet() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@quiet.group("silence", cls=Group)
def silence_() -> None:
    """Raise no alarm about some numbers, platforms or groups for a while."""


@command(
    silence_,
    examples=(
        ("silence add sogou --for 2h --reason 'they are moving servers'", "No alarm about sogou for two hours."),
    ),
)
@click.argument("targets", nargs=-1, type=complete.TARGET, required=True, metavar="NUMBER|PLATFORM|GROUP…")
@click.option("--for", "seconds", type=Span(), required=True, help="For how long: 90m, 2h, 3d.")
@click.option("--reason", metavar="WORDS", required=True, help="Why, for those who wonder.")
@click.option("--scope", type=Choice(["number", "platform", "group"]), help="Which, where a name is of several.")
@author_option
def add(
    session: Session, targets: tuple[str, ...], seconds: float, reason: str, scope: str | None, author: str
) -> None:
    """Lower log lines about them to info, marked. Nothing else changes."""
    params = silence.SilenceAdd(
        targets=targets,
        seconds=seconds,
        reason=reason,
        scope=scope,  # type: ignore[arg-type]  # click made sure
        author=author,
    )
    session.show(params, changed)


@command(silence_, "list")
def list_(session: Session) -> None:
    """The silences that hold."""
    session.show(silence.ListSilences(), shown)


@command(silence_)
@click.argument("identity", type=complete.SILENCE, metavar="SILENCE")
@author_option
def remove(session: Session, identity: str, author: str) -> None:
    """End a silence before its time."""
    session.show(silence.SilenceRemove(silence=identity, author=author), changed)


@command(quiet)
@click.argument("case", type=complete.CASE)
@click.option("--reason", metavar="WORDS", help="For the record.")
@author_option
def ack(session: Session, case: str, reason: str | None, author: str) -> None:
    """You have seen a case as it is now. It counts until the case moves."""
    session.show(silence.Ack(case=case, reason=reason, author=author), acknowledged)


def _names(row: silence.SilenceRow) -> str:
    return listed(f"{word(target.scope)} {target.name}" for target in row.targets)


def shown(said: silence.SilenceList) -> Document:
    """The list as a table."""
    doc = Document()
    doc.table(
        (
            tr("SILENCE"),
            Column(tr("OF"), cut=20),
            tr("UNTIL"),
            Column(tr("SINCE"), drop=2),
            Column(tr("BY"), drop=1),
            Column(tr("REASON"), prose=True),
        ),
        [
            (
                Cell(s.silence, Tone.STRONG),
                _names(s),
                when(s.until, said.now),
                when(s.since, said.now),
                s.by,
                s.reason,
            )
            for s in said.silences
        ],
        tr("nothing is silenced"),
    )
    if said.silences:
        doc.hint(f"silence remove {said.silences[0].silence}", tr("end it before its time"))
    else:
        doc.hint("silence add TARGET --for 2h --reason WORDS", tr("raise no alarm about it for a while"))
    return doc


def changed(change: silence.SilenceChange) -> Document:
    """What came of `add` and `remove`."""
    doc, row = Document(), change.row
    doc.line(
        tr("silence"),
        Cell(f"{row.silence}:", Tone.STRONG),
        _names(row),
        tr("silenced") if change.holds else tr("said aloud again"),
    )
    if change.holds:
        doc.line(tr("until {until}").format(until=local(row.until, change.now)), indent=2)
    return doc


def acknowledged(taken: silence.AckTaken) -> Document:
    """What came of `ack`."""
    doc = Document()
    doc.line(
        tr("case"),
        Cell(f"{taken.case}:", Tone.STRONG),
        tr("seen by {by} as it is, {state}").format(by=taken.by, state=word(taken.state)),
    )
    doc.line(tr("it counts until the case moves"), indent=2)
    return doc
