"""Lists, the daemon's status, and what acts changed, as documents. One number, case or task is `render_detail`, what
looks are made through and say is `render_world`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from numtrustd.api import control, status, wants
from numtrustd.api.rows import CaseRow, StoreStatus, TaskRow
from numtrustd.api.troubles import nothing_is_stored
from numtrustd.ctl import problems
from numtrustd.ctl.document import Cell, Column, Document, Tone
from numtrustd.ctl.lang import listed, tr, trn, word
from numtrustd.ctl.sentences import said
from numtrustd.ctl.text import brief_age, brief_due, due, in_local_time, local, missed, size, span, time_of_day
from numtrustd.ctl.waits import Waits
from numtrustd.domain.evidence import OF_ONE_NUMBER

VERDICT_TONES = {
    "marked": Tone.BAD,
    "clean": Tone.GOOD,
    "certified": Tone.GOOD,
    "unknown": Tone.WARN,
}
_LEVEL_TONES = {"debug": Tone.DIM, "warn": Tone.WARN, "error": Tone.BAD, "fatal": Tone.BAD}


def when(at: datetime | None, now: datetime, *, clock: bool = False) -> Cell | None:
    """A time for a table, nothing for none; where room is scarce its age alone is left, or with `clock` its time."""
    if at is None:
        return None
    return Cell(local(at, now), short=time_of_day(at, now) if clock else brief_age(at, now))


def deadline(at: datetime | None, now: datetime) -> Cell | None:
    """A deadline, which stands out once it is missed."""
    if at is None:
        return None
    return Cell(due(at, now), Tone.BAD if missed(at, now) else Tone.PLAIN, brief_due(at, now))


def alarming(count: int) -> Cell | None:
    """A count that ought to be nothing."""
    return Cell(str(count), Tone.BAD) if count else None


def _made(s: status.Status) -> str:
    """The looks that were made since the start; that there are none yet is no rate of zero."""
    if not s.looks_total:
        return tr("none yet since the start, {overdue_looks} overdue").format(overdue_looks=s.overdue_looks)
    return tr("{looks_total} made, {looks_per_second:.1f} a second, {overdue_looks} overdue").format(
        looks_total=s.looks_total, looks_per_second=s.looks_per_second, overdue_looks=s.overdue_looks
    )


def overview(s: status.Status) -> Document:
    """`numtrustctl status`."""
    doc = Document()
    doc.line(
        Cell(f"numtrustd {s.version}", Tone.STRONG),
        tr("pid {pid}, up since {started_at}").format(pid=s.pid, started_at=local(s.started_at, s.now)),
    )
    if s.clock_speed != 1:
        doc.line(
            Cell(
                tr("the clock runs {clock_speed:g} times fast: these are not real days").format(
                    clock_speed=s.clock_speed
                ),
                Tone.WARN,
            )
        )
    doc.line(_summary(s))
    if s.network_down_since is not None:
        since = local(s.network_down_since, s.now)
        doc.line(
            Cell(
                tr("nobody can be reached since {since}: nothing is looked at; look at this machine's network").format(
                    since=since
                ),
                Tone.BAD,
            )
        )
    for stall in s.stalled or ():
        doc.line(Cell(stalled(stall), Tone.BAD))
    if s.resting_cases:
        doc.line(Cell(resting(s), Tone.BAD))
    for paper in s.papers or ():
        tone = Tone.WARN if paper.finding == "paper_expiring" else Tone.BAD
        doc.line(
            Cell(f"{word(paper.finding).replace('_', ' ')}: {paper.title} ({paper.kind}), {said(paper.why)}", tone)
        )
    doc.line()
    late = s.schedule_lag_seconds > 60
    doc.facts(
        (
            tr("numbers"),
            tr("{numbers}, of which labelled {numbers_labelled}, parked {parked}").format(
                numbers=s.numbers, numbers_labelled=s.numbers_labelled, parked=s.parked
            ),
        ),
        (tr("platforms"), _looked_at(s)),
        (
            tr("verdicts"),
            tr("{labelled} labelled, {clean} clean, {certified} certified, {unknown} unknown, {blind} blind").format(
                labelled=s.labelled, clean=s.clean, certified=s.certified, unknown=s.unknown, blind=s.blind
            ),
        ),
        (tr("cases"), tr("{open_cases} open").format(open_cases=s.open_cases)),
        (
            tr("tasks"),
            Cell(
                tr("{tasks_open} for people").format(tasks_open=s.tasks_open), Tone.WARN if s.tasks_open else Tone.PLAIN
            ),
        ),
        (
            tr("looks"),
            Cell(
                _made(s)
                + (
                    tr(", up to {schedule_lag_seconds} late").format(schedule_lag_seconds=span(s.schedule_lag_seconds))
                    if s.overdue_looks
                    else ""
                )
                + (
                    tr("; {looks_told} more reported by people").format(looks_told=s.looks_told) if s.looks_told else ""
                ),
                Tone.WARN if late else Tone.PLAIN,
            ),
        ),
        (
            tr("store"),
            Cell(
                tr("{bytes} of {limit}").format(bytes=size(s.store.bytes), limit=size(s.store.limit)) + full(s.store),
                Tone.BAD if s.store.nearly_full else Tone.PLAIN,
            ),
        ),
    )
    if s.numbers_labelled:
        doc.hint("numbers --finding any", tr("the numbers with something wrong"))
    if s.tasks_open:
        doc.hint("tasks", tr("what waits for people"))
    if s.papers:
        doc.hint("evidence list", tr("what is the matter with the papers"))
    if s.blind:
        doc.hint("sources", tr("why something cannot be seen"))
    return doc


def full(store: StoreStatus) -> str:
    """What is wrong with the state on disk, to be put behind its size; empty where nothing is."""
    if store.trouble:
        return ": " + said(nothing_is_stored(store.trouble))
    return tr(": nearly full, nothing new is submitted") if store.nearly_full else ""


def stalled(stall: str) -> str:
    """What the daemon holds up itself, which no platform is to blame for."""
    return tr("held up by the daemon itself: {what}").format(what=said(stall))


FIRST_ONES = 5
"""So many numbers with resting cases the daemon names; there may be more."""


def resting(s: status.Status) -> str:
    """The cases for which nothing is done, because their numbers have left the list, and what helps."""
    numbers, cases = s.resting_numbers or (), trn("{n} open case", "{n} open cases", s.resting_cases or 0)
    return tr(
        "nothing is done for {cases} of {numbers}: no longer in the numbers; put the rows back, "
        "then `numtrustctl reload`"
    ).format(cases=cases, numbers=listed((*numbers, "…") if len(numbers) >= FIRST_ONES else numbers))


def _summary(s: status.Status) -> str:
    """The daemon's own sentence, which is English, said again from its parts."""
    seen = s.platforms if s.platforms_seen is None else s.platforms_seen
    on = trn("{n} platform", "{n} platforms", s.platforms)
    if seen != s.platforms:
        on = tr("{seen} of {platforms}").format(seen=seen, platforms=on)
    summary = tr("{numbers} on {platforms}: {labelled} labelled, {cases}, {tasks}").format(
        numbers=trn("{n} number", "{n} numbers", s.numbers),
        platforms=on,
        labelled=s.numbers_labelled,
        cases=trn("{n} open case", "{n} open cases", s.open_cases),
        tasks=trn("{n} task for people", "{n} tasks for people", s.tasks_open),
    )
    tail = s.summary.partition("; ")[2]
    return listed((summary, said(tail)), "; ") if tail else summary


def _looked_at(s: status.Status) -> str:
    seen = s.platforms if s.platforms_seen is None else s.platforms_seen
    sources = trn("{n} source", "{n} sources", s.sources)
    if seen == s.platforms:
        return tr("{platforms}, through {sources}").format(platforms=s.platforms, sources=sources)
    return tr("{platforms}, of which {seen} looked at through {sources}").format(
        platforms=s.platforms, seen=seen, sources=sources
    )


def _findings(kinds: Sequence[str]) -> Cell:
    """What is wrong, the worst first; where room is scarce that alone, and how many more there are."""
    words = [word(kind) for kind in kinds]
    first = f"{words[0]} +{len(words) - 1}" if len(words) > 1 else None
    return Cell(", ".join(words), Tone.WARN, short=first)


def numbers(pages: Sequence[status.NumberPage]) -> Document:
    """`numtrustctl numbers`."""
    doc = Document()
    doc.table(
        (
            tr("NUMBER"),
            Column(tr("NAME"), drop=1, cut=12),
            Column(tr("GROUP"), drop=6),
            tr("FINDING"),
            Column(tr("CLEAN"), drop=4),
            Column(tr("CERTIFIED"), drop=5),
            Column(tr("UNKNOWN"), drop=3),
            Column(tr("BLIND"), drop=3),
            tr("CASES"),
            Column(tr("LAST LOOK"), drop=2),
            "",
            Column(tr("LABELLED ON"), prose=True),
        ),
        [
            (
                Cell(r.number, Tone.STRONG),
                r.name,
                r.group,
                _findings(r.findings),
                r.clean,
                r.certified or None,
                Cell(str(r.unknown), Tone.WARN) if r.unknown else None,
                Cell(str(r.blind), Tone.WARN) if r.blind else None,
                r.open_cases or None,
                when(r.last_look, page.now),
                Cell(tr("parked"), Tone.BAD) if r.parked else None,
                Cell(" ".join(r.labelled), Tone.BAD),
            )
            for page in pages
            for r in page.numbers
        ],
        tr("no numbers"),
    )
    rows = [r for page in pages for r in page.numbers]
    if labelled := next((r for r in rows if r.labelled), None):
        doc.hint(f"explain {labelled.number}", tr("why it is so, and what happens next"))
    elif rows:
        doc.hint(f"number {rows[0].number}", tr("one number: what each platform shows of it"))
    return doc


def case_table(
    doc: Document, rows: Iterable[tuple[CaseRow, datetime]], empty: str = "", tasks: Iterable[TaskRow] = ()
) -> None:
    """Cases as a table, with the way on; `tasks` are the open ones, to say what people are waited for to do."""
    waits = Waits(tasks)
    doc.table(
        (
            tr("CASE"),
            Column(tr("KIND"), drop=1),
            tr("STATE"),
            Column(tr("ATTEMPT"), drop=6),
            tr("DUE"),
            Column(tr("OPENED"), drop=5),
            Column(tr("SEEN BY"), drop=4),
            Column(tr("OUTCOME"), drop=2),
            Column(tr("THEN"), drop=7),
            tr("WAITS FOR"),
            Column(tr("TASK"), prose=True),
        ),
        [
            (
                Cell(r.case, Tone.STRONG),
                word(r.kind),
                word(r.state),
                r.attempt,
                deadline(r.due, now),
                when(r.opened_at, now),
                r.acked_by,
                word(r.outcome),
                said(r.then),
                *waits.of(r),
            )
            for r, now in rows
        ],
        empty,
    )


def cases(pages: Sequence[status.CasePage], tasks: Iterable[TaskRow] = ()) -> Document:
    """`numtrustctl cases`."""
    doc = Document()
    rows = [(r, page.now) for page in pages for r in page.cases]
    case_table(doc, rows, tr("no cases"), tasks)
    if rows:
        doc.hint(f"case {rows[0][0].case}", tr("the case in full"))
    return doc


def task_table(doc: Document, rows: Iterable[tuple[TaskRow, datetime]], empty: str = "") -> None:
    """Tasks as a table."""
    doc.table(
        (
            tr("TASK"),
            tr("DUE"),
            tr("STATE"),
            Column(tr("OUTCOME"), drop=1),
            Column(tr("PLATFORM"), drop=2),
            Column(tr("NUMBER"), drop=3),
            Column(tr("WHAT"), cut=34, prose=True),
        ),
        [
            (
                Cell(r.task, Tone.STRONG),
                deadline(r.due, now) if r.state == "open" else None,
                None if r.state == "open" else word(r.state),
                word(r.outcome),
                r.platform,
                r.number,
                tr(r.title),
            )
            for r, now in rows
        ],
        empty,
    )


def tasks(pages: Sequence[status.TaskPage]) -> Document:
    """`numtrustctl tasks`."""
    doc = Document()
    rows = [(r, page.now) for page in pages for r in page.tasks]
    task_table(doc, rows, tr("no tasks: nothing waits for people"))
    if rows:
        doc.hint(f"task show {rows[0][0].task}", tr("the packet: address, fields, letter, papers"))
    return doc


def history(answer: status.HistoryPage, options: str = "") -> Document:
    """`numtrustctl history`; `options` are those that the next page is to be asked for with, too."""
    # Loaded only for this and `watch`: nothing else needs the catalogue of events, which takes a while.
    from numtrustd.ctl import happened

    doc = Document()
    doc.table(
        (
            tr("WHEN"),
            Column(tr("WHAT"), drop=1),
            Column(tr("PLATFORM"), drop=2),
            Column(tr("IN WORDS"), cut=56, prose=True),
        ),
        [
            (
                when(r.at, answer.now, clock=True),
                word(r.action),
                r.platform,
                # A time of another day than that of the line says so: `now` is of no help to who reads what was.
                in_local_time(happened.remembered(r, answer.number), r.at),
            )
            for r in answer.events
        ],
        tr("nothing happened"),
    )
    if answer.next is not None:
        doc.hint(f"history {answer.number} --after {answer.next}{options}", tr("what happened before that"))
    return doc


def record(r: status.LogRecord) -> Document:
    """One line of `numtrustctl watch`."""
    from numtrustd.ctl import happened

    doc = Document()
    if r.missed:
        doc.line(
            Cell(
                trn(
                    "… {n} record missed: this reader is too slow",
                    "… {n} records missed: this reader is too slow",
                    r.missed,
                ),
                Tone.WARN,
            )
        )
    tone = _LEVEL_TONES.get(r.level, Tone.PLAIN)
    stamp, speed = f"{r.at.astimezone():%m-%d %H:%M:%S}", r.fields.get("numtrust.clock_speed")
    if isinstance(speed, int | float):  # as in the log itself: each line says that these are no real days
        stamp += f" ×{speed:g}"
    message = in_local_time(happened.logged(r), r.at)
    doc.line(Cell(stamp, Tone.DIM), Cell(f"{r.level:<5}", tone), Cell(r.action, Tone.STRONG), message)
    return doc


def _moved(old: str, new: str) -> str:
    if old == new:
        return tr("stays {new}").format(new=word(new))
    return f"{word(old)} -> {word(new)}"


def case_change(c: control.CaseChange) -> Document:
    """What an act did to a case."""
    doc = Document()
    moved = _moved(c.old, c.new)
    doc.line(tr("case"), Cell(f"{c.case}:", Tone.STRONG), moved)
    moved_on(doc, c)
    return doc


def approved(c: control.CaseChange) -> Document:
    """What an approval did: it was given, also where the case waits for something else as well."""
    doc = Document()
    moved = _moved(c.old, c.new) if c.old != c.new else ""
    doc.line(tr("case"), Cell(f"{c.case}:", Tone.STRONG), listed(filter(None, (tr("approved"), moved))))
    # What it still waits for is in what comes next: of the state, which it has not left, approval may have been all.
    moved_on(doc, c, meaning=c.old != c.new)
    return doc


def on_file(kind: str, path: str, number: str) -> str:
    """The command that puts a paper on file which a case of that number lacks. What shows one number is bound to it."""
    return f"evidence add {kind} {path}" + (f" --number {number}" if kind in OF_ONE_NUMBER else "")


def moved_on(doc: Document, c: control.CaseChange | wants.CaseBegun, *, meaning: bool = True) -> None:
    """Where a case stands now, and what happens next."""
    if meaning:
        doc.line(said(c.meaning), indent=2)
    if c.then:
        at = "" if c.due is None else tr(", at once") if c.due <= c.now else f", {local(c.due, c.now)}"
        doc.line(tr("then: {then}{at}").format(then=said(c.then), at=at), indent=2)
    if isinstance(c, control.CaseChange) and c.lacking:
        for paper in c.lacking:
            text = f"missing for the next attempt: {paper.title} ({paper.kind}): {paper.why}"
            doc.line(Cell(said(text), Tone.WARN), indent=2)
        doc.hint(on_file(c.lacking[0].kind, "FILE", c.number), tr("put what is missing on file in time"))


def case_begun(c: wants.CaseBegun) -> Document:
    """What was asked for, and what happens next."""
    doc = Document()
    doc.line(word(c.kind), Cell(f"{c.case}:", Tone.STRONG), word(c.state))
    moved_on(doc, c)
    return doc


def identity_change(c: wants.IdentityChange) -> Document:
    """What is wanted of a number."""
    doc = Document()
    doc.line(tr("number"), Cell(f"{c.number}:", Tone.STRONG), tr("what is wanted to be shown now"))
    doc.facts((tr("name"), c.name), (tr("logo"), c.logo), (tr("tag"), c.tag), indent=2)
    return doc


def task_change(c: control.TaskChange) -> Document:
    """What the answer to a task did."""
    doc = Document()
    doc.line(tr("task"), Cell(f"{c.task}:", Tone.STRONG), word(c.outcome))
    if not c.case:
        doc.line(said(c.meaning))
        return doc
    moved = case_change(c)
    doc.blocks += moved.blocks
    doc.hints += moved.hints
    if c.outcome in ("submitted", "happened") and c.new == "in_review":
        doc.hint(f"task done {c.task} --receipt NUMBER", tr("if the receipt was mistyped, or comes later"))
    return doc


def reloaded(r: control.ReloadResult) -> Document:
    """`numtrustctl reload`."""
    doc = Document()
    doc.line(
        tr("reloaded: {numbers_added} added, {numbers_removed} removed, {numbers_changed} changed").format(
            numbers_added=trn("{n} number", "{n} numbers", r.numbers_added),
            numbers_removed=r.numbers_removed,
            numbers_changed=r.numbers_changed,
        )
    )
    doc.facts(
        (tr("platforms changed"), " ".join(r.platforms_changed) or None),
        (tr("sources changed"), " ".join(r.sources_changed) or None),
        indent=2,
    )
    for warning in r.warnings:
        doc.line(Cell(tr("warning: {warning}").format(warning=problems.told(warning)), Tone.WARN), indent=2)
    return doc


def backed_up(r: control.BackupResult) -> Document:
    """`numtrustctl backup`."""
    doc = Document()
    doc.line(tr("{path}: {bytes} in {seconds:.1f} s").format(path=r.path, bytes=size(r.bytes), seconds=r.seconds))
    return doc


def _change(what: str, old: str, new: str) -> Document:
    doc = Document()
    doc.line(Cell(f"{what}:", Tone.STRONG), _moved(old, new))
    return doc


def number_change(c: control.NumberChange) -> Document:
    """`numtrustctl park` and `unpark`."""
    return _change(c.number, c.old, c.new)


def source_change(c: control.SourceChange) -> Document:
    """`numtrustctl trust`."""
    return _change(c.source, c.old, c.new)


def level_change(c: control.LevelChange) -> Document:
    """`numtrustctl log-level`."""
    doc = Document()
    doc.line(tr("log level: {old} -> {new}").format(old=c.old, new=c.new))
    return doc
