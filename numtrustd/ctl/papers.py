"""`numtrustctl evidence`: the register of papers."""

import os

import click

from numtrustd.api import evidence
from numtrustd.ctl import complete
from numtrustd.ctl.common import author_option, command
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import tr, word
from numtrustd.ctl.sentences import said
from numtrustd.ctl.session import Session
from numtrustd.ctl.speak import Group
from numtrustd.domain.evidence import OF_ONE_NUMBER

_SLOW = 120.0  # seconds; the daemon reads the file first

_TONES = {"valid": Tone.GOOD, "expiring": Tone.WARN}


@click.group()
def papers() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@papers.group("evidence", cls=Group)
def evidence_() -> None:
    """The papers on file."""


@command(evidence_, "list")
def list_(session: Session) -> None:
    """How each paper on file is, which open cases need it, and what is lacking."""
    session.show(evidence.ListEvidence(), shown)


@command(
    evidence_,
    examples=(
        ("evidence add licence /srv/papers/licence.pdf --expires 2028-12-31", "The business licence, stamped."),
        ("evidence add screenshots /srv/papers/0001.png --number 13900010001", "What shows one number, for it alone."),
    ),
)
@click.argument("kind", type=complete.PAPER)
@click.argument("path", type=click.Path())
@click.option("--expires", metavar="DATE", help="The last day it is valid: 2028-12-31.")
@click.option("--agent", metavar="NAME", help="Who signed it, of an nda.")
@click.option(
    "--platform", "platforms", type=complete.PLATFORM, metavar="ID", multiple=True, help="The only platforms it is for."
)
@click.option(
    "--case", "cases", type=complete.CASE_KIND, metavar="KIND", multiple=True, help="The only kinds of cases."
)
@click.option("--number", "numbers", metavar="N", multiple=True, help="The only numbers it is about, in any spelling.")
@author_option
def add(
    session: Session,
    kind: str,
    path: str,
    expires: str | None,
    agent: str | None,
    platforms: tuple[str, ...],
    cases: tuple[str, ...],
    numbers: tuple[str, ...],
    author: str,
) -> None:
    """Put a paper on file as its file is now. The daemon must be able to read it."""
    params = evidence.EvidenceAdd(
        kind=kind,
        path=os.path.abspath(path),
        expires=expires,
        agent=agent,
        platforms=platforms,
        cases=cases,
        numbers=numbers,
        author=author,
    )
    session.show(params, changed, timeout=_SLOW)


@command(evidence_)
@click.argument("kind", type=complete.PAPER)
@click.argument("path", type=click.Path())
@author_option
def remove(session: Session, kind: str, path: str, author: str) -> None:
    """Take a paper off the file that `evidence add` put there."""
    session.show(evidence.EvidenceRemove(kind=kind, path=os.path.abspath(path), author=author), changed)


def changed(change: evidence.EvidenceChange) -> Document:
    """What came of `add` and `remove`."""
    doc = Document()
    if not change.on_file:
        held = tr("is no longer on file")
    elif change.expires:
        held = tr("is on file, valid until {expires}").format(expires=change.expires)
    else:
        held = tr("is on file")
    doc.line(
        f"{change.title} ({change.kind})",
        Cell(change.path, Tone.STRONG),
        held,
    )
    if change.on_file and change.kind in OF_ONE_NUMBER:
        bound = tr("for {numbers} only").format(numbers=", ".join(change.numbers or ()))
        doc.line(
            bound if change.numbers else tr("it goes out for every number: `--number N` binds it to one"), indent=2
        )
    return doc


def shown(register: evidence.EvidenceList) -> Document:
    """The register as two tables."""
    doc = Document()
    doc.table(
        (
            tr("PAPER"),
            tr("STATE"),
            tr("WHY"),
            tr("EXPIRES"),
            tr("AGENT"),
            tr("FOR"),
            tr("NEEDED BY"),
            tr("PUT THERE BY"),
            tr("FILE"),
        ),
        [
            (
                f"{p.title} ({p.kind})",
                Cell(word(p.state), _TONES.get(p.state, Tone.BAD)),
                said(p.why),
                p.expires,
                p.agent,
                " ".join((*p.platforms, *p.cases, *(p.numbers or ()))),
                _cases(p.needed_by, p.needed),
                p.by,
                p.path,
            )
            for p in register.papers
        ],
        tr("no paper is on file: [[evidence]] in the settings or `evidence add` name them"),
    )
    for changed in (p for p in register.papers if p.state == "changed" and p.digest):
        how = tr('write digest = "{digest}" into its entry and reload').format(digest=changed.digest)
        if changed.by:
            how = tr("`numtrustctl evidence add {kind} {path}` registers it anew").format(
                kind=changed.kind, path=changed.path
            )
        doc.line(tr("if {path} is right as it is now, {how}").format(path=changed.path, how=how))
    if register.lacking:
        doc.heading(tr("lacking"))
        doc.table(
            (tr("PAPER"), tr("AT"), tr("WHY"), tr("NEEDED BY")),
            [
                (Cell(f"{p.title} ({p.kind})", Tone.BAD), p.platform, said(p.why), _cases(p.needed_by, p.needed))
                for p in register.lacking
            ],
        )
    if register.incomplete:
        doc.line(tr("there are more open cases than were looked through"))
    return doc


def _cases(named: tuple[str, ...], count: int) -> str:
    more = tr(" and {count} more").format(count=count - len(named)) if count > len(named) else ""
    return " ".join(named) + more
