"""One case as people read it from top to bottom: where it stands, what it waits for, what was done, what comes next.

`render_detail` beside this has numbers and explanations, `render_task` tasks.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from numtrustd.api import status
from numtrustd.api.incidents import MarkRow
from numtrustd.api.rows import INSTANTS, Fact, TaskRow
from numtrustd.ctl import names, render_task
from numtrustd.ctl.document import Cell, CellLike, Column, Document, Tone
from numtrustd.ctl.lang import listed, tr, word
from numtrustd.ctl.render import deadline, when
from numtrustd.ctl.sentences import said, shown
from numtrustd.ctl.text import local
from numtrustd.ctl.waits import Waits

_SHOWN = frozenset({"label", "shown"})
"""The facts of a case whose value is what a called person sees."""

_AS_SAID = frozenset({"receipt", "reference", "note", "held by", "held because"})
"""The facts of a case whose value is what a platform or a person wrote, and stays so."""
_VIEWED = re.compile(r"(?:clean|good) looks of (?P<view>.+)")
"""The facts of a case that counts looks: of each view, how many it has counted."""
_LAST = "last counted look not before"
"""The fact that goes with them."""

_FINAL = frozenset({"cleared", "withdrawn", "released"})
_AT_PLATFORM = frozenset({"submitting", "uncertain", "looking_up", "asking"})
"""States in which a submission may be on its way: orders wait until that is known."""


def case(c: status.CaseView, tasks: Iterable[TaskRow] = ()) -> Document:
    """`numtrustctl case`; `tasks` are the open ones of its number."""
    doc = Document()
    doc.line(
        Cell(c.case, Tone.STRONG),
        tr("{kind} of {number} at {platform_name}").format(
            kind=word(c.kind), number=c.number, platform_name=names.name(c.platform, c.platform_name)
        ),
    )
    doc.facts(
        (tr("state"), Cell(word(c.state), Tone.STRONG)),
        ("", said(c.meaning)),
        (tr("rests"), Cell(said(c.rests), Tone.WARN) if c.rests else None),
        (tr("outcome"), word(c.outcome) or None),
        (tr("finding"), said(c.finding) or None),
        (tr("likely cause"), listed(map(said, c.causes), "; ") or None),
        (tr("attempt"), c.attempt),
        (tr("opened"), local(c.opened_at, c.now)),
        (tr("in this state"), tr("since {moved_at}").format(moved_at=local(c.moved_at, c.now))),
        (tr("closed"), when(c.closed_at, c.now)),
        *_waits_for(c, tasks),
        (tr("deadline"), deadline(c.due, c.now)),
        (tr("then"), said(c.then) or None),
        (tr("task"), c.task),
        *((_name(f), _fact(f, c)) for f in c.data if f.name != _LAST and _VIEWED.fullmatch(f.name) is None),
    )
    _viewed(doc, c)
    render_task.papers(doc, c.evidence)
    if c.actions:
        doc.heading(tr("done to the outside"))
        doc.table(
            (
                Column(tr("ACTION"), drop=4),
                tr("STATE"),
                Column(tr("ATTEMPT"), drop=3),
                tr("OUR REF"),
                Column(tr("PLANNED"), drop=5),
                tr("SENT"),
                Column(tr("ENDED"), drop=2),
                Column(tr("RECEIPT"), drop=1),
                Column(tr("DETAIL"), prose=True),
            ),
            [
                (
                    word(a.kind),
                    Cell(word(a.state), Tone.WARN if a.state in ("sending", "uncertain") else Tone.PLAIN),
                    a.attempt,
                    a.ref,
                    when(a.planned_at, c.now),
                    when(a.sent_at, c.now),
                    when(a.ended_at, c.now),
                    a.receipt,
                    a.detail,
                )
                for a in c.actions
            ],
        )
    doc.heading(tr("history"))
    doc.table(
        (tr("WHEN"), Column(tr("FROM"), drop=2), tr("TO"), Column(tr("BY"), drop=1), Column(tr("WHY"), prose=True)),
        [(when(m.at, c.now, clock=True), word(m.old), word(m.new), m.by, said(m.reason)) for m in c.history],
        tr("no moves yet"),
    )
    _case_hints(doc, c, tasks)
    return doc


def _viewed(doc: Document, c: status.CaseView) -> None:
    """How far the looks of each view are that a case counts: their names are long."""
    counted = [(found["view"], f) for f in c.data if (found := _VIEWED.fullmatch(f.name)) is not None]
    if counted:
        doc.heading(tr("clean looks in a row"))
        doc.table((tr("VIEW"), tr("COUNTED")), [(view, _fact(f, c)) for view, f in counted])
        doc.facts(*((_name(f), _fact(f, c)) for f in c.data if f.name == _LAST))


def _waits_for(c: status.CaseView, tasks: Iterable[TaskRow]) -> list[tuple[str, CellLike]]:
    if c.rests:
        return [(tr("waits for"), word(c.waits_for))]
    who, task = Waits(tasks).of(c)
    # Its own task has a line of its own, which is there also where nobody said what tasks there are.
    return [(tr("waits for"), who), ("", None if task is None else task)]


def _name(fact: Fact) -> str:
    """The fact's name, which is a word of the domain for a mark of an emergency."""
    known = said(fact.name)
    return known if known != fact.name else word(fact.name)


def _fact(fact: Fact, c: status.CaseView) -> CellLike:
    """A fact's value; where it is an instant, or has some, they are shown as all others here are."""
    for mark in c.marks or ():
        if mark.mark == fact.name:
            return _mark(mark, c)
    if fact.name not in INSTANTS:
        if fact.name in _SHOWN:
            return shown(fact.value)
        if fact.name == "wanted":  # the owner's words, but for the one sentence that it is nothing
            return tr(fact.value)
        return fact.value if fact.name in _AS_SAID else said(fact.value)
    try:
        return local(datetime.fromisoformat(fact.value), c.now)
    except ValueError:
        return fact.value


def _mark(mark: MarkRow, c: status.CaseView) -> CellLike:
    """A mark of an emergency: how it ended and when it was due, or when it is."""
    if mark.met is None or mark.at is None:
        return deadline(mark.due, c.now) if c.closed_at is None else local(mark.due, c.now)
    at, by = local(mark.at, c.now), local(mark.due, c.now)
    if mark.met:
        return Cell(tr("met {at}, due {by}").format(at=at, by=by), Tone.GOOD)
    return Cell(tr("missed, noted {at}, due {by}").format(at=at, by=by), Tone.BAD)


def _case_hints(doc: Document, c: status.CaseView, tasks: Iterable[TaskRow]) -> None:
    if c.rests:
        return  # no order is taken: its line says what helps
    if any(task.case == c.case and task.kind == "approve" for task in tasks):
        doc.hint(f"approve {c.case}", tr("let it go out"))
    if c.task:
        doc.hint(f"task show {c.task}", tr("what a person has to do"))
    elif c.waits_for == "person" and c.closed_at is None and c.platform:
        doc.hint(f"explain {c.number} {c.platform}", tr("why it is so, and what happens next"))
    if c.closed_at is not None or c.state in _FINAL:
        doc.hint(f"reopen {c.case}", tr("start it again"))
    elif c.state == "held":
        doc.hint(f"advance {c.case}", tr("end the hold"))
    elif c.state not in _AT_PLATFORM:
        doc.hint(f"hold {c.case} --for 2d", tr("stop it here for a while"))
        doc.hint(f"withdraw {c.case}", tr("give the case up"))
