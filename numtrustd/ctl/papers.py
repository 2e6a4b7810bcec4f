"""`numtrustctl evidence`: the register of papers."""

import click

from numtrustd.api import evidence
from numtrustd.ctl.common import command
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.session import Session

_TONES = {"valid": Tone.GOOD, "expiring": Tone.WARN}


@click.group()
def papers() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@papers.group("evidence")
def evidence_() -> None:
    """The papers on file."""


@command(evidence_, "list")
def list_(session: Session) -> None:
    """How each paper on file is, which open cases need it, and what is lacking."""
    session.show(evidence.ListEvidence(), shown)


def shown(said: evidence.EvidenceList) -> Document:
    """The register as two tables."""
    doc = Document()
    doc.table(
        ("PAPER", "STATE", "WHY", "EXPIRES", "AGENT", "FOR", "NEEDED BY", "FILE"),
        [
            (
                f"{p.title} ({p.kind})",
                Cell(p.state, _TONES.get(p.state, Tone.BAD)),
                p.why,
                p.expires,
                p.agent,
                " ".join((*p.platforms, *p.cases)),
                _cases(p.needed_by, p.needed),
                p.path,
            )
            for p in said.papers
        ],
        "no paper is on file: [[evidence]] in the settings names them",
    )
    for changed in (p for p in said.papers if p.state == "changed" and p.digest):
        doc.line(
            f'if {changed.path} is right as it is now, write digest = "{changed.digest}" into its entry and reload'
        )
    if said.lacking:
        doc.heading("lacking")
        doc.table(
            ("PAPER", "AT", "WHY", "NEEDED BY"),
            [
                (Cell(f"{p.title} ({p.kind})", Tone.BAD), p.platform, p.why, _cases(p.needed_by, p.needed))
                for p in said.lacking
            ],
        )
    if said.incomplete:
        doc.line("there are more open cases than were looked through")
    return doc


def _cases(named: tuple[str, ...], count: int) -> str:
    more = f" and {count - len(named)} more" if count > len(named) else ""
    return " ".join(named) + more
