"""One number, one explanation, what leaves: the documents that people read from top to bottom.

Each ends with what the reader can type next. One case is in `render_case`, one task in `render_task`, lists are in
`render`.
"""

from collections.abc import Iterable
from datetime import datetime

from numtrustd.api import control, status
from numtrustd.api.rows import ExplainLine, TaskRow, VerdictRow, ViewRow
from numtrustd.ctl import names, render
from numtrustd.ctl.document import Cell, CellLike, Column, Document, Tone
from numtrustd.ctl.lang import listed, tr, trn, word
from numtrustd.ctl.render import VERDICT_TONES, case_table, task_table, when
from numtrustd.ctl.sentences import said
from numtrustd.ctl.text import age, brief, brief_age, due, in_local_time, local, missed, span
from numtrustd.ctl.waits import Waits, part_said, task_said


def _title(doc: Document, number: str, *rest: str) -> None:
    doc.line(Cell(number, Tone.STRONG), *(t for t in rest if t))


def number(n: status.NumberView) -> Document:
    """`numtrustctl number`."""
    doc = Document()
    dashed = n.dashed if n.dashed != n.number else ""
    _title(doc, n.number, dashed, n.name, tr("({kind}, group {group})").format(kind=word(n.kind), group=n.group))
    if n.ours_since:
        doc.line(tr("ours since {day}").format(day=n.ours_since))
    if n.accept:
        doc.line(
            tr("the owner accepts being shown as: {accept}").format(
                accept=listed(word(category) for category in n.accept)
            )
        )
    if n.parked:
        doc.line(
            Cell(
                tr("PARKED, nothing is done for it: {parked_why}").format(
                    parked_why=said(n.parked_why) or tr("no reason given")
                ),
                Tone.BAD,
            )
        )
    for warning in n.warnings or ():
        doc.line(Cell(tr("likely to be marked for it: {warning}").format(warning=said(warning)), Tone.WARN))
    doc.line()
    doc.table(
        (
            tr("PLATFORM"),
            tr("VERDICT"),
            Column(tr("SHOWS"), cut=24),
            Column(tr("SINCE"), drop=1),
            Column(tr("LAST LOOK"), drop=2),
            Column(tr("NEXT"), drop=3),
            Column(tr("NOTE"), cut=40, prose=True),
        ),
        [
            (
                Cell(names.both(r.platform, r.platform_name), short=r.platform),
                _verdict(r),
                _shows(r),
                when(r.since, n.now),
                Cell(tr("never"), Tone.DIM) if r.last_look is None else _age(r.last_look, n.now),
                None if r.next_look is None else _next_look(r.next_look, n.now),
                _note(r, n.now),
            )
            for r in n.platforms
        ],
        tr("no platform looks at this kind of number"),
    )
    _leaving(doc, n)
    _who_says_what(doc, n)
    if n.cases:
        doc.heading(trn("{n} open case", "{n} open cases", len(n.cases)))
        case_table(doc, [(c, n.now) for c in n.cases], tasks=n.tasks)
    if n.tasks:
        doc.heading(trn("{n} task for people", "{n} tasks for people", len(n.tasks)))
        task_table(doc, [(t, n.now) for t in n.tasks])
    doc.hint(f"explain {n.number}", tr("why it is so, and what happens next"))
    if n.looks_by in (None, "daemon"):
        doc.hint(f"look {n.number}", tr("look now"))
    doc.hint(f"history {n.number}", tr("what happened before"))
    if n.cases:
        doc.hint(f"case {n.cases[0].case}", tr("the case in full"))
    if n.tasks:
        doc.hint(f"task show {n.tasks[0].task}", tr("the packet of the task"))
    if n.parked:
        doc.hint(f"unpark {n.number}", tr("set it going again"))
    return doc


def _leaving(doc: Document, n: status.NumberView) -> None:
    """A number that leaves: what is still open, or that it was given up."""
    if (leaving := n.leaving) is None:
        return
    doc.heading(tr("leaves"))
    doc.facts(
        (tr("state"), Cell(word(leaving.state), Tone.STRONG)),
        (tr("reason"), word(leaving.reason)),
        (tr("case"), leaving.case),
        (
            tr("safe to release"),
            None if leaving.released_at else tr("yes") if leaving.safe_to_release else tr("not yet"),
        ),
        *((tr("waits for"), part_said(part)) for part in leaving.waits_for),
        (tr("given up"), None if leaving.released_at is None else local(leaving.released_at, n.now)),
        (tr("by"), leaving.released_by),
        (tr("forced"), Cell(tr("before every platform was verified gone"), Tone.WARN) if leaving.forced else None),
        (tr("why"), leaving.why),
        indent=2,
    )
    if leaving.safe_to_release:
        doc.hint(f"release {n.number}", tr("give it up"))


def cancelled(c: control.CaseChange, n: status.NumberView) -> Document:
    """`numtrustctl cancel`: what is asked for where, with what people have to do for it."""
    doc = Document()
    doc.line(Cell(f"{c.number}:", Tone.STRONG), tr("is to be cancelled; {state}").format(state=word(c.new)))
    render.moved_on(doc, c)
    removals = [(row, n.now) for row in n.cases if row.case != c.case]
    if removals:
        doc.heading(trn("{n} open case", "{n} open cases", len(removals)))
        case_table(doc, removals, tasks=n.tasks)
    doc.hint(f"number {c.number}", tr("what is still open before it can be given up"))
    doc.hint(f"case {c.case}", tr("the case in full"))
    for task in n.tasks:
        doc.hint(f"task show {task.task}", tr(task.title))
    return doc


def released(r: control.ReleaseResult) -> Document:
    """`numtrustctl release`."""
    doc = Document()
    doc.line(Cell(f"{r.number}:", Tone.STRONG), tr("given up; it is on farewell watch"))
    for part in r.waits_for:
        doc.line(Cell(tr("not verified: {part}").format(part=part_said(part)), Tone.WARN), indent=2)
    if r.case:
        doc.hint(f"reopen {r.case}", tr("take it back"))
    return doc


def _who_says_what(doc: Document, n: status.NumberView) -> None:
    """Each view with what it last said, how old that is, and whether it is what is believed."""
    rows = [(r, view) for r in n.platforms for view in r.views]
    if rows:
        doc.heading(tr("who says what"))
        doc.table(
            (
                Column(tr("PLATFORM"), drop=1),
                tr("SOURCE"),
                Column(tr("SURFACE"), drop=2),
                Column(tr("LAST SAID"), cut=18),
                tr("WHEN"),
                tr("NOW"),
                Column(tr("NOTE"), prose=True),
            ),
            [
                (
                    r.platform,
                    view.source,
                    view.surface,
                    _last_said(view),
                    None if view.said_at is None else _age(view.said_at, n.now),
                    *_now(view, n.now),
                )
                for r, view in rows
            ],
        )
    faults = [(r, fault) for r in n.platforms for fault in r.faults]
    if faults:
        doc.heading(tr("name, logo, tag"))
        doc.table(
            (
                tr("PLATFORM"),
                Column(tr("SOURCE"), drop=1),
                Column(tr("SURFACE"), drop=2),
                tr("FINDING"),
                Column(tr("SINCE"), drop=3),
                Column(tr("WHAT"), prose=True),
            ),
            [
                (
                    r.platform,
                    fault.source,
                    fault.surface,
                    Cell(
                        word(fault.finding)
                        if fault.confirmed
                        else tr("{finding}, not confirmed").format(finding=word(fault.finding)),
                        Tone.WARN,
                    ),
                    when(fault.since, n.now),
                    said(fault.why),
                )
                for r, fault in faults
            ],
        )


def _last_said(view: ViewRow) -> CellLike:
    if view.said is None:
        return Cell(tr("nothing yet"), Tone.DIM)
    marks = None if view.marks is None else trn("{n} mark", "{n} marks", view.marks)
    category = f"({word(view.category)})" if view.category and view.category != view.words else None
    hidden = tr("not displayed") if view.hidden else None
    return " ".join(p for p in (word(view.said), view.shown_name, view.tag, view.words, category, marks, hidden) if p)


def _now(view: ViewRow, now: datetime) -> tuple[Cell, CellLike]:
    """Whether a view says what is believed, and why it cannot be asked, if so."""
    if view.blind_since is not None:
        missed = ""
        if view.missed and view.looked_at is None:
            missed = tr(", never looked through")
        elif view.missed and view.looked_at is not None:
            missed = tr(", looked through last {looked_at}").format(looked_at=local(view.looked_at, now))
        why = tr("cannot see since {blind_since} ({reason}){missed}")
        return Cell(tr("cannot see"), Tone.WARN), why.format(
            blind_since=local(view.blind_since, now), reason=word(view.reason), missed=missed
        )
    agrees = Cell(tr("disagrees"), Tone.WARN) if view.agrees is False else Cell(tr("agrees") if view.agrees else "")
    return agrees, None


def _age(at: datetime, now: datetime) -> Cell:
    return Cell(age(at, now), short=brief_age(at, now))


def _next_look(at: datetime, now: datetime) -> Cell:
    """A look whose time has passed waits for its source: `explain` says why."""
    if at >= now:
        return _age(at, now)
    late = (now - at).total_seconds()
    by = tr("late by {total_seconds}")
    return Cell(by.format(total_seconds=span(late)), short=by.format(total_seconds=brief(late)))


def _verdict(r: VerdictRow) -> Cell:
    verdict = tr("{verdict}, flapping").format(verdict=word(r.verdict)) if r.flapping else word(r.verdict)
    tone = Tone.WARN if r.flapping else VERDICT_TONES.get(r.verdict, Tone.PLAIN)
    # A mark that the owner calls right is no problem.
    return Cell(verdict, Tone.PLAIN if r.verdict == "marked" and r.finding is None and not r.flapping else tone)


def _shows(r: VerdictRow) -> Cell:
    parts = [r.shown_name, r.words]
    if r.category and r.category != r.words:
        parts.append(f"({word(r.category)})")
    if r.marks is not None:
        parts.append(trn("{n} mark", "{n} marks", r.marks))
    return Cell(" ".join(p for p in parts if p), Tone.BAD if r.finding else Tone.PLAIN)


def _note(r: VerdictRow, now: datetime) -> Cell:
    """What the verdict alone would hide: a latest look that says otherwise, or that nothing can be seen."""
    notes = []
    if r.blind_since is not None:
        notes.append(tr("blind since {blind_since}").format(blind_since=local(r.blind_since, now)))
    if r.last_said and r.last_said != r.verdict:
        notes.append(tr("last look: {last_said}").format(last_said=said(r.last_said)))
    if r.missed_look is not None:
        notes.append(tr("a look due {missed_look} was not made").format(missed_look=local(r.missed_look, now)))
    if r.hidden:
        notes.append(tr("not displayed"))
    if r.disagreement and r.apart_since is not None:
        notes.append(tr("disagreement since {apart_since}").format(apart_since=local(r.apart_since, now)))
    if r.faults:
        notes.append(listed(dict.fromkeys(word(fault.finding) for fault in r.faults if fault.confirmed)))
    if r.tending:
        notes.append(said(r.tending))
    return Cell(listed((note for note in notes if note), "; "), Tone.WARN if r.blind_since else Tone.PLAIN)


def explanation(e: status.Explanation, tasks: Iterable[TaskRow] = ()) -> Document:
    """`numtrustctl explain`; `tasks` are the open ones of the number."""
    doc, waits = Document(), Waits(tasks)
    _title(doc, e.number, e.dashed if e.dashed != e.number else "", e.name)
    if not e.lines:
        doc.line(tr("nothing is known yet: no source has looked"))
    platform: str | None = None
    for line in e.lines:
        if line.platform != platform and line.platform:
            doc.heading(line.platform)
        platform = line.platform
        doc.line(Cell(said(line.fact), Tone.STRONG))
        doc.facts(
            (tr("why"), in_local_time(said(line.why), e.now) or None),
            (tr("next"), _next(line, e.now)),
            (tr("case"), line.case),
            *((tr("waits for"), Cell(task_said(task), Tone.WARN)) for task in _others_tasks(line, e.number, waits)),
            indent=2,
        )
    for case in dict.fromkeys(line.case for line in e.lines if line.case):
        doc.hint(f"case {case}", tr("the case in full"))
    for task in dict.fromkeys(line.task for line in e.lines if line.task):
        doc.hint(f"task show {task}", tr("what a person has to do"))
    doc.hint(f"history {e.number}", tr("what happened before"))
    return doc


def _others_tasks(line: ExplainLine, number: str, waits: Waits) -> list[TaskRow]:
    """The tasks for which a case waits without their being its own, which its next step does not name."""
    if line.case is None or line.task is not None or line.who == "nobody":
        return []
    return waits.tasks(line.case, number, line.platform or "", line.who)


def _who(line: ExplainLine) -> str | None:
    match line.who:
        case "daemon":
            return tr("by itself")
        case "platform":
            return tr("the platform's move until then") if line.when else tr("the platform's move")
        case "person":
            return tr("a person's move")
    return None


def _next(line: ExplainLine, now: datetime) -> CellLike:
    if not line.next:
        return None
    at = tr(", ") + due(line.when, now) if line.when else ""
    who = f" [{move}]" if (move := _who(line)) else ""
    late = line.when is not None and missed(line.when, now)
    tone = Tone.BAD if late else Tone.WARN if line.who == "person" else Tone.PLAIN
    return Cell(f"{said(line.next)}{at}{who}", tone)
