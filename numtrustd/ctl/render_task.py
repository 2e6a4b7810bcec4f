"""One task: what is to be done, by when and with which commands, and then all that is needed for it.

A task to approve something shows first what is to be decided: what stands in its packet is done later, by who hands it
in.
"""

from collections.abc import Sequence

from numtrustd.api import status
from numtrustd.api.rows import Fact, Paper
from numtrustd.ctl import handing_in, looking, names, render_looks
from numtrustd.ctl.document import Cell, CellLike, Document, Tone
from numtrustd.ctl.lang import tr, trn, word
from numtrustd.ctl.render import deadline, on_file, when
from numtrustd.ctl.sentences import said
from numtrustd.ctl.text import in_local_time
from numtrustd.domain.wording import UNSET

PROGRAM = "numtrustctl"
"""What commands begin with, where they stand in the text."""

APPROVE, SUPPLY = "approve", "supply_evidence"
"""Kinds of tasks that are shown in a way of their own."""

_WITH_RECEIPT = frozenset(
    {
        "submit_appeal",
        "submit_correction",
        "submit_tag",
        "submit_certification",
        "submit_removal",
        "bring_receipt",
        "did_it_arrive",
    }
)
"""Kinds whose usual answer comes with what the platform gave for it."""

_WITH_REASON = frozenset({"rejected", "refused", "info_requested", "abandon"})
"""Answers that need the platform's words, or a person's."""

Named = tuple[str, CellLike]


def steps(t: status.TaskView) -> list[str]:
    """What is to be done, in the reader's language."""
    ways = looking if t.kind in render_looks.KINDS else handing_in
    return [said(step) for step in ways.steps(t.steps)]


def record(t: status.TaskView) -> str:
    """What to bring back, in the reader's language; empty of a task that wants nothing brought."""
    ways = looking if t.kind in render_looks.KINDS else handing_in
    return said(ways.record(t.bring_back)) if t.bring_back else ""


def closing(t: status.TaskView) -> list[str]:
    """The commands that end an open task, without the program's name, the usual one first; none of one that asks for
    looks, which their reports end.
    """
    if t.kind in render_looks.KINDS:
        return []
    lines = []
    for index, answer in enumerate(t.answers):
        more = " --receipt NUMBER" if index == 0 and t.kind in _WITH_RECEIPT else ""
        more = " --reason WORDS" if answer in _WITH_REASON else more
        lines.append(f"task done {t.task} --outcome {answer}{more}")
    return lines


def deciding(t: status.TaskView) -> list[tuple[str, str]]:
    """(what is decided, its command) of a task to approve something."""
    return [
        (tr("approve"), f"approve {t.case}"),
        (tr("refuse: the case is given up"), f"withdraw {t.case} --reason WORDS"),
        (tr("put off"), f"hold {t.case} --for 2d"),
    ]


def lacking(t: status.TaskView) -> list[str]:
    """The commands that put on file what a task for papers wants. It is done by that, and needs no other."""
    if t.kind != SUPPLY:
        return []
    return [on_file(paper.kind, "PATH", t.number) for paper in t.evidence if not paper.held]


def task(t: status.TaskView) -> Document:
    """`numtrustctl task show`: everything on one screen, ready to be done."""
    doc = Document()
    is_open, later, looks = t.state == "open", t.kind == APPROVE, t.kind in render_looks.KINDS
    many = trn("{n} number", "{n} numbers", len(t.numbers)) if t.numbers else t.number
    doc.line(
        Cell(tr(t.title), Tone.STRONG),
        tr("for {many} at {platform_name}").format(many=many, platform_name=names.name(t.platform, t.platform_name)),
    )
    packet: tuple[Named, ...] = (
        (tr("where"), Cell(t.address, Tone.STRONG) if t.address else None),
        (tr("bring back"), record(t) or None),
    )
    doc.facts(
        (tr("task"), t.task),
        (tr("case"), t.case or None),
        (tr("state"), word(t.state) if not is_open else None),
        (tr("outcome"), word(t.outcome) or None),
        (tr("note"), t.note or None),
        (tr("done by"), t.by or None),
        (tr("deadline"), deadline(t.due, t.now) if is_open else None),
        (tr("closed"), when(t.closed_at, t.now)),
        *(() if later else packet),
        (tr("answers"), ", ".join(t.answers) if is_open and not later and not looks else None),
        (tr("ends"), render_looks.ends(t) if is_open and looks else None),
        # What looks are about stands in the table of the numbers.
        *(
            (tr("about"), in_local_time(said(d), t.now))
            for d in t.detail
            if d and not later and not (looks and is_open)
        ),
        (tr("the platform wrote"), t.asked or None),
    )
    if later:
        _decision(doc, t)
    if t.claims:
        doc.heading(tr("to make sure of"))
        for claim in t.claims:
            doc.line(Cell(said(claim), Tone.WARN), indent=2)
    if is_open and (commands := lacking(t)):
        doc.heading(tr("put each on file; the case goes on by itself once all are"))
        for command in commands:
            doc.line(f"{PROGRAM} {command}", indent=2)
    if later:
        doc.heading(tr("what would be sent"))
        doc.facts(*packet, indent=2)
    _packet(doc, t)
    papers(doc, t.evidence)
    if looks:
        render_looks.how(doc, t)
    if is_open:
        _hints(doc, t)
    return doc


def _decision(doc: Document, t: status.TaskView) -> None:
    """What an approval decides, before all that it is about."""
    doc.heading(tr("to be decided"))
    doc.facts(
        *((tr("cost"), Cell(said(d), Tone.WARN)) for d in t.detail if d),
        *((name, f"{PROGRAM} {command}") for name, command in (deciding(t) if t.state == "open" else ())),
        (tr("without an answer"), tr("nothing is sent; somebody is asked again") if t.state == "open" else None),
        indent=2,
    )


def _packet(doc: Document, t: status.TaskView) -> None:
    if t.steps:
        doc.heading(tr("steps"))
        doc.facts(*((f"{n}.", step) for n, step in enumerate(steps(t), 1)), indent=2)
    if t.kind in render_looks.KINDS:
        render_looks.numbers(doc, t)
    elif t.fields:
        doc.heading(tr("fill in"))
        # The letter stands below with its line ends; a field is one line.
        doc.facts(*((handing_in.field(f.name), _field(f, t)) for f in t.fields), indent=2)
    if t.letter:
        doc.heading(tr("letter"))
        doc.prose(t.letter, indent=2)


def _field(field: Fact, t: status.TaskView) -> str:
    """What to fill in; of one of several numbers, why it is to be looked at."""
    if t.numbers or field.value.startswith(UNSET):
        return said(field.value)
    return tr("the letter below") if field.value == t.letter else handing_in.filled(field.value)


def _hints(doc: Document, t: status.TaskView) -> None:
    if t.kind == APPROVE:
        for name, command in deciding(t):
            doc.hint(command, name)
        return
    for command in lacking(t):
        doc.hint(command, tr("put it on file"))
    for command in () if lacking(t) else closing(t):
        doc.hint(command, "")
    doc.hint(f"task fail {t.task} --reason WORDS", tr("it cannot be done"))


def papers(doc: Document, demanded: Sequence[Paper]) -> None:
    """The papers that are demanded, and where ours are."""
    if not demanded:
        return
    doc.heading(tr("papers demanded"))
    doc.table(
        (tr("PAPER"), tr("STATE"), tr("ON FILE"), tr("EXPIRES"), tr("WHY")),
        [
            (
                f"{p.title} ({p.kind})",
                None if p.held else Cell(tr("MISSING"), Tone.BAD),
                p.on_file,
                p.expires,
                said(p.why),
            )
            for p in demanded
        ],
    )
