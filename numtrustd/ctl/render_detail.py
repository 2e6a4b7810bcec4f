"""One number, one case, one task, one explanation: the documents that people read from top to bottom.

Each ends with what the reader can type next. Lists are in `render`.
"""

from collections.abc import Sequence
from datetime import datetime

from numtrustd.api import control, status
from numtrustd.api.rows import INSTANTS, ExplainLine, Fact, Paper, VerdictRow, ViewRow
from numtrustd.ctl.document import Cell, CellLike, Document, Tone
from numtrustd.ctl.render import VERDICT_TONES, case_table, deadline, task_table, when
from numtrustd.ctl.text import age, due, local, missed, plural, span

_WITH_RECEIPT = ("submit_appeal", "submit_correction", "submit_removal", "bring_receipt", "did_it_arrive")
_FINAL = frozenset({"cleared", "withdrawn", "released"})


def _title(doc: Document, number: str, *rest: str) -> None:
    doc.line(Cell(number, Tone.STRONG), *(t for t in rest if t))


def number(n: status.NumberView) -> Document:
    """`numtrustctl number`."""
    doc = Document()
    dashed = n.dashed if n.dashed != n.number else ""
    _title(doc, n.number, dashed, n.name, f"({n.kind}, group {n.group})")
    if n.accept:
        doc.line(f"the owner accepts being shown as: {', '.join(n.accept)}")
    if n.parked:
        doc.line(Cell(f"PARKED, nothing is done for it: {n.parked_why or 'no reason given'}", Tone.BAD))
    for warning in n.warnings or ():
        doc.line(Cell(f"likely to be marked for it: {warning}", Tone.WARN))
    doc.line()
    doc.table(
        ("PLATFORM", "VERDICT", "SHOWS", "SINCE", "LAST LOOK", "NEXT", "NOTE"),
        [
            (
                Cell(r.platform if r.platform_name == r.platform else f"{r.platform_name} ({r.platform})"),
                _verdict(r),
                _shows(r),
                when(r.since, n.now),
                Cell("never", Tone.DIM) if r.last_look is None else age(r.last_look, n.now),
                None if r.next_look is None else _next_look(r.next_look, n.now),
                _note(r, n.now),
            )
            for r in n.platforms
        ],
        "no platform looks at this kind of number",
    )
    _leaving(doc, n)
    _who_says_what(doc, n)
    if n.cases:
        doc.heading(plural(len(n.cases), "open case"))
        case_table(doc, [(c, n.now) for c in n.cases])
    if n.tasks:
        doc.heading(plural(len(n.tasks), "task") + " for people")
        task_table(doc, [(t, n.now) for t in n.tasks])
    doc.hint(f"explain {n.number}", "why it is so, and what happens next")
    doc.hint(f"look {n.number}", "look now")
    doc.hint(f"history {n.number}", "what happened before")
    if n.cases:
        doc.hint(f"case {n.cases[0].case}", "the case in full")
    if n.tasks:
        doc.hint(f"task show {n.tasks[0].task}", "the packet of the task")
    if n.parked:
        doc.hint(f"unpark {n.number}", "set it going again")
    return doc


def _leaving(doc: Document, n: status.NumberView) -> None:
    """A number that leaves: what is still open, or that it was given up."""
    if (leaving := n.leaving) is None:
        return
    doc.heading("leaves")
    doc.facts(
        ("state", Cell(leaving.state, Tone.STRONG)),
        ("reason", leaving.reason),
        ("case", leaving.case),
        ("safe to release", None if leaving.released_at else "yes" if leaving.safe_to_release else "not yet"),
        *(("waits for", part) for part in leaving.waits_for),
        ("given up", None if leaving.released_at is None else local(leaving.released_at, n.now)),
        ("by", leaving.released_by),
        ("forced", Cell("before every platform was verified gone", Tone.WARN) if leaving.forced else None),
        ("why", leaving.why),
        indent=2,
    )
    if leaving.safe_to_release:
        doc.hint(f"release {n.number}", "give it up")


def released(r: control.ReleaseResult) -> Document:
    """`numtrustctl release`."""
    doc = Document()
    doc.line(Cell(f"{r.number}:", Tone.STRONG), "given up; it is on farewell watch")
    for part in r.waits_for:
        doc.line(Cell(f"not verified: {part}", Tone.WARN), indent=2)
    if r.case:
        doc.hint(f"reopen {r.case}", "take it back")
    return doc


def _who_says_what(doc: Document, n: status.NumberView) -> None:
    """Each view with what it last said, how old that is, and whether it is what is believed."""
    rows = [(r, view) for r in n.platforms for view in r.views]
    if rows:
        doc.heading("who says what")
        doc.table(
            ("PLATFORM", "SOURCE", "SURFACE", "LAST SAID", "WHEN", "NOW"),
            [
                (
                    r.platform,
                    view.source,
                    view.surface,
                    _last_said(view),
                    None if view.said_at is None else age(view.said_at, n.now),
                    _now(view, n.now),
                )
                for r, view in rows
            ],
        )
    faults = [(r, fault) for r in n.platforms for fault in r.faults]
    if faults:
        doc.heading("name, logo, tag")
        doc.table(
            ("PLATFORM", "SOURCE", "SURFACE", "FINDING", "WHAT", "SINCE"),
            [
                (
                    r.platform,
                    fault.source,
                    fault.surface,
                    Cell(fault.finding if fault.confirmed else f"{fault.finding}, not confirmed", Tone.WARN),
                    fault.why,
                    local(fault.since, n.now),
                )
                for r, fault in faults
            ],
        )


def _last_said(view: ViewRow) -> CellLike:
    if view.said is None:
        return Cell("nothing yet", Tone.DIM)
    marks = None if view.marks is None else plural(view.marks, "mark")
    category = f"({view.category})" if view.category and view.category != view.words else None
    hidden = "not displayed" if view.hidden else None
    return " ".join(p for p in (view.said, view.shown_name, view.tag, view.words, category, marks, hidden) if p)


def _now(view: ViewRow, now: datetime) -> Cell:
    if view.blind_since is not None:
        missed = (
            ""
            if not view.missed
            else ", looked through last " + ("never" if view.looked_at is None else local(view.looked_at, now))
        )
        return Cell(f"cannot see since {local(view.blind_since, now)} ({view.reason}){missed}", Tone.WARN)
    return Cell("disagrees", Tone.WARN) if view.agrees is False else Cell("agrees" if view.agrees else "")


def _next_look(at: datetime, now: datetime) -> str:
    """A look whose time has passed waits for its source: `explain` says why."""
    return age(at, now) if at >= now else f"late by {span((now - at).total_seconds())}"


def _verdict(r: VerdictRow) -> Cell:
    word = f"{r.verdict}, flapping" if r.flapping else r.verdict
    tone = Tone.WARN if r.flapping else VERDICT_TONES.get(r.verdict, Tone.PLAIN)
    # A mark that the owner calls right is no problem.
    return Cell(word, Tone.PLAIN if r.verdict == "marked" and r.finding is None and not r.flapping else tone)


def _shows(r: VerdictRow) -> Cell:
    parts = [r.shown_name, r.words]
    if r.category and r.category != r.words:
        parts.append(f"({r.category})")
    if r.marks is not None:
        parts.append(plural(r.marks, "mark"))
    return Cell(" ".join(p for p in parts if p), Tone.BAD if r.finding else Tone.PLAIN)


def _note(r: VerdictRow, now: datetime) -> Cell:
    """What the verdict alone would hide: a latest look that says otherwise, or that nothing can be seen."""
    notes = []
    if r.blind_since is not None:
        notes.append(f"blind since {local(r.blind_since, now)}")
    if r.last_said and r.last_said != r.verdict:
        notes.append(f"last look: {r.last_said}")
    if r.missed_look is not None:
        notes.append(f"a look due {local(r.missed_look, now)} was not made")
    if r.hidden:
        notes.append("not displayed")
    if r.disagreement and r.apart_since is not None:
        notes.append(f"disagreement since {local(r.apart_since, now)}")
    if r.faults:
        notes.append(", ".join(dict.fromkeys(fault.finding for fault in r.faults if fault.confirmed)))
    if r.tending:
        notes.append(r.tending)
    return Cell("; ".join(note for note in notes if note), Tone.WARN if r.blind_since else Tone.PLAIN)


def explanation(e: status.Explanation) -> Document:
    """`numtrustctl explain`."""
    doc = Document()
    _title(doc, e.number, e.dashed if e.dashed != e.number else "", e.name)
    if not e.lines:
        doc.line("nothing is known yet: no source has looked")
    platform: str | None = None
    for line in e.lines:
        if line.platform != platform and line.platform:
            doc.heading(line.platform)
        platform = line.platform
        doc.line(Cell(line.fact, Tone.STRONG))
        doc.facts(
            ("why", line.why or None),
            ("next", _next(line, e.now)),
            ("case", line.case),
            indent=2,
        )
    for case in dict.fromkeys(line.case for line in e.lines if line.case):
        doc.hint(f"case {case}", "the case in full")
    for task in dict.fromkeys(line.task for line in e.lines if line.task):
        doc.hint(f"task show {task}", "what a person has to do")
    doc.hint(f"history {e.number}", "what happened before")
    return doc


_WHO = {"daemon": "by itself", "platform": "the platform's move", "person": "a person's move"}
_UNTIL_THEN = {**_WHO, "platform": "the platform's move until then"}


def _next(line: ExplainLine, now: datetime) -> CellLike:
    if not line.next:
        return None
    at = f", {due(line.when, now)}" if line.when else ""
    words = _UNTIL_THEN if line.when else _WHO
    who = f" [{words[line.who]}]" if line.who in words else ""
    late = line.when is not None and missed(line.when, now)
    tone = Tone.BAD if late else Tone.WARN if line.who == "person" else Tone.PLAIN
    return Cell(f"{line.next}{at}{who}", tone)


def case(c: status.CaseView) -> Document:
    """`numtrustctl case`."""
    doc = Document()
    _title(doc, c.case, f"{c.kind} of {c.number} at {c.platform_name}")
    doc.facts(
        ("state", Cell(c.state, Tone.STRONG)),
        ("", c.meaning),
        ("outcome", c.outcome or None),
        ("finding", c.finding),
        ("likely cause", "; ".join(c.causes) or None),
        ("attempt", c.attempt),
        ("opened", local(c.opened_at, c.now)),
        ("in this state", f"since {local(c.moved_at, c.now)}"),
        ("closed", when(c.closed_at, c.now)),
        ("waits for", Cell(c.waits_for, Tone.WARN if c.waits_for == "person" else Tone.PLAIN)),
        ("deadline", deadline(c.due, c.now)),
        ("then", c.then),
        ("task", c.task),
        *((f.name, _fact(f, c.now)) for f in c.data),
    )
    _papers(doc, c.evidence)
    if c.actions:
        doc.heading("done to the outside")
        doc.table(
            ("ACTION", "STATE", "ATTEMPT", "OUR REF", "PLANNED", "SENT", "ENDED", "RECEIPT", "DETAIL"),
            [
                (
                    a.kind,
                    Cell(a.state, Tone.WARN if a.state in ("sending", "uncertain") else Tone.PLAIN),
                    a.attempt,
                    a.ref,
                    local(a.planned_at, c.now),
                    when(a.sent_at, c.now),
                    when(a.ended_at, c.now),
                    a.receipt,
                    a.detail,
                )
                for a in c.actions
            ],
        )
    doc.heading("history")
    doc.table(
        ("WHEN", "FROM", "TO", "WHY", "BY"),
        [(local(m.at, c.now), m.old, m.new, m.reason, m.by) for m in c.history],
        "no moves yet",
    )
    _case_hints(doc, c)
    return doc


def _fact(fact: Fact, now: datetime) -> str:
    """A fact's value; where it is an instant, it is shown as all others here are."""
    if fact.name not in INSTANTS:
        return fact.value
    try:
        return local(datetime.fromisoformat(fact.value), now)
    except ValueError:
        return fact.value


def _case_hints(doc: Document, c: status.CaseView) -> None:
    if c.task:
        doc.hint(f"task show {c.task}", "what a person has to do")
    if c.closed_at is not None or c.state in _FINAL:
        doc.hint(f"reopen {c.case}", "start it again")
    elif c.state == "held":
        doc.hint(f"advance {c.case}", "end the hold")
    else:
        doc.hint(f"hold {c.case} --for 2d", "stop it here for a while")
        doc.hint(f"withdraw {c.case}", "give it up")


def _papers(doc: Document, papers: Sequence[Paper]) -> None:
    if not papers:
        return
    doc.heading("papers demanded")
    doc.table(
        ("PAPER", "", "ON FILE", "EXPIRES", "WHY"),
        [
            (f"{p.title} ({p.kind})", None if p.held else Cell("MISSING", Tone.BAD), p.on_file, p.expires, p.why)
            for p in papers
        ],
    )


def task(t: status.TaskView) -> Document:
    """`numtrustctl task show`: everything on one screen, ready to be done."""
    doc = Document()
    many = plural(len(t.numbers), "number") if t.numbers else t.number
    doc.line(Cell(t.title, Tone.STRONG), f"for {many} at {t.platform_name}")
    doc.facts(
        ("task", t.task),
        ("case", t.case or None),
        ("state", t.state if t.state != "open" else None),
        ("outcome", t.outcome or None),
        ("note", t.note or None),
        ("done by", t.by or None),
        ("deadline", deadline(t.due, t.now) if t.state == "open" else None),
        ("closed", when(t.closed_at, t.now)),
        ("where", Cell(t.address, Tone.STRONG) if t.address else None),
        ("bring back", t.bring_back or None),
        ("answers", ", ".join(t.answers) if t.state == "open" else None),
        *((("about", d)) for d in t.detail if d),
    )
    if t.steps:
        doc.heading("steps")
        for index, step in enumerate(t.steps, 1):
            doc.line(f"{index}. {step}", indent=2)
    if t.fields:
        doc.heading("numbers" if t.numbers else "fill in")
        # The letter stands below with its line ends; a field is one line.
        doc.facts(*((f.name, "the letter below" if f.value == t.letter else f.value) for f in t.fields), indent=2)
    if t.letter:
        doc.heading("letter")
        doc.prose(t.letter, indent=2)
    _papers(doc, t.evidence)
    if t.reports and t.state == "open":
        doc.heading("report with")
        for line in t.reports:
            doc.line(line, indent=2)
    if t.state == "open":
        receipt = " --receipt NUMBER" if t.kind in _WITH_RECEIPT else ""
        for index, answer in enumerate(t.answers):
            reason = " --reason WORDS" if answer in ("rejected", "refused", "info_requested", "abandon") else ""
            doc.hint(f"task done {t.task} --outcome {answer}{reason or (receipt if index == 0 else '')}", "")
        doc.hint(f"task fail {t.task} --reason WORDS", "it cannot be done")
    return doc
