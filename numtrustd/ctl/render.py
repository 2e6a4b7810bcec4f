"""Lists, the daemon's status, and what acts changed, as documents. One number, case or task is `render_detail`, what
looks are made through and say is `render_world`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from numtrustd.api import control, status, wants
from numtrustd.api.rows import CaseRow, TaskRow
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.text import due, in_local_time, local, missed, plural, size, span

VERDICT_TONES = {
    "marked": Tone.BAD,
    "clean": Tone.GOOD,
    "certified": Tone.GOOD,
    "unknown": Tone.WARN,
}
_WHO_TONES = {"person": Tone.WARN}
_LEVEL_TONES = {"debug": Tone.DIM, "warn": Tone.WARN, "error": Tone.BAD, "fatal": Tone.BAD}


def when(at: datetime | None, now: datetime) -> str | None:
    """A time for a table; nothing for none."""
    return None if at is None else local(at, now)


def deadline(at: datetime | None, now: datetime) -> Cell | None:
    """A deadline, which stands out once it is missed."""
    return None if at is None else Cell(due(at, now), Tone.BAD if missed(at, now) else Tone.PLAIN)


def alarming(count: int) -> Cell | None:
    """A count that ought to be nothing."""
    return Cell(str(count), Tone.BAD) if count else None


def overview(s: status.Status) -> Document:
    """`numtrustctl status`."""
    doc = Document()
    doc.line(Cell(f"numtrustd {s.version}", Tone.STRONG), f"pid {s.pid}, up since {local(s.started_at, s.now)}")
    if s.clock_speed != 1:
        doc.line(Cell(f"the clock runs {s.clock_speed:g} times fast: these are not real days", Tone.WARN))
    doc.line(s.summary)
    if s.network_down_since is not None:
        since = local(s.network_down_since, s.now)
        doc.line(
            Cell(f"nobody can be reached since {since}: nothing is looked at; look at this machine's network", Tone.BAD)
        )
    doc.line()
    late = s.schedule_lag_seconds > 60
    doc.facts(
        ("numbers", f"{s.numbers}, of which labelled {s.numbers_labelled}, parked {s.parked}"),
        ("platforms", _looked_at(s)),
        (
            "verdicts",
            f"{s.labelled} labelled, {s.clean} clean, {s.certified} certified, {s.unknown} unknown, {s.blind} blind",
        ),
        ("cases", f"{s.open_cases} open"),
        ("tasks", Cell(f"{s.tasks_open} for people", Tone.WARN if s.tasks_open else Tone.PLAIN)),
        (
            "looks",
            Cell(
                f"{s.looks_total} made, {s.looks_per_second:.1f} a second, {s.overdue_looks} overdue"
                + (f", up to {span(s.schedule_lag_seconds)} late" if s.overdue_looks else ""),
                Tone.WARN if late else Tone.PLAIN,
            ),
        ),
        (
            "store",
            Cell(
                f"{size(s.store.bytes)} of {size(s.store.limit)}"
                + (": nearly full, nothing new is submitted" if s.store.nearly_full else ""),
                Tone.BAD if s.store.nearly_full else Tone.PLAIN,
            ),
        ),
    )
    if s.numbers_labelled:
        doc.hint("numbers --finding any", "the numbers with something wrong")
    if s.tasks_open:
        doc.hint("tasks", "what waits for people")
    if s.blind:
        doc.hint("sources", "why something cannot be seen")
    return doc


def _looked_at(s: status.Status) -> str:
    seen = s.platforms if s.platforms_seen is None else s.platforms_seen
    some = f"{s.platforms}, " if seen == s.platforms else f"{s.platforms}, of which {seen} looked at "
    return f"{some}through {plural(s.sources, 'source')}"


def numbers(pages: Sequence[status.NumberPage]) -> Document:
    """`numtrustctl numbers`."""
    doc = Document()
    doc.table(
        (
            "NUMBER",
            "NAME",
            "GROUP",
            "LABELLED ON",
            "CLEAN",
            "CERTIFIED",
            "UNKNOWN",
            "BLIND",
            "CASES",
            "LAST LOOK",
            "",
        ),
        [
            (
                Cell(r.number, Tone.STRONG),
                r.name,
                r.group,
                Cell(" ".join(r.labelled), Tone.BAD),
                r.clean,
                r.certified or None,
                Cell(str(r.unknown), Tone.WARN) if r.unknown else None,
                Cell(str(r.blind), Tone.WARN) if r.blind else None,
                r.open_cases or None,
                when(r.last_look, page.now),
                Cell("parked", Tone.BAD) if r.parked else None,
            )
            for page in pages
            for r in page.numbers
        ],
        "no numbers",
    )
    return doc


def case_table(doc: Document, rows: Iterable[tuple[CaseRow, datetime]], empty: str = "") -> None:
    """Cases as a table, with the way on."""
    doc.table(
        ("CASE", "KIND", "STATE", "ATTEMPT", "WAITS FOR", "DUE", "THEN", "OPENED", "SEEN BY", "OUTCOME"),
        [
            (
                Cell(r.case, Tone.STRONG),
                r.kind,
                r.state,
                r.attempt,
                Cell(r.waits_for, _WHO_TONES.get(r.waits_for, Tone.PLAIN)),
                deadline(r.due, now),
                r.then,
                when(r.opened_at, now),
                r.acked_by,
                r.outcome,
            )
            for r, now in rows
        ],
        empty,
    )


def cases(pages: Sequence[status.CasePage]) -> Document:
    """`numtrustctl cases`."""
    doc = Document()
    case_table(doc, [(r, page.now) for page in pages for r in page.cases], "no cases")
    return doc


def task_table(doc: Document, rows: Iterable[tuple[TaskRow, datetime]], empty: str = "") -> None:
    """Tasks as a table."""
    doc.table(
        ("TASK", "WHAT", "NUMBER", "PLATFORM", "DUE", "STATE", "OUTCOME"),
        [
            (
                Cell(r.task, Tone.STRONG),
                r.title,
                r.number,
                r.platform,
                deadline(r.due, now) if r.state == "open" else None,
                None if r.state == "open" else r.state,
                r.outcome,
            )
            for r, now in rows
        ],
        empty,
    )


def tasks(pages: Sequence[status.TaskPage]) -> Document:
    """`numtrustctl tasks`."""
    doc = Document()
    rows = [(r, page.now) for page in pages for r in page.tasks]
    task_table(doc, rows, "no tasks: nothing waits for people")
    if rows:
        doc.hint(f"task show {rows[0][0].task}", "the packet: address, fields, letter, papers")
    return doc


def history(answer: status.HistoryPage, options: str = "") -> Document:
    """`numtrustctl history`; `options` are those that the next page is to be asked for with, too."""
    doc = Document()
    doc.table(
        ("WHEN", "WHAT", "PLATFORM", "IN WORDS"),
        [(local(r.at, answer.now), r.action, r.platform, in_local_time(r.text, answer.now)) for r in answer.events],
        "nothing happened",
    )
    if answer.next is not None:
        doc.hint(f"history {answer.number} --after {answer.next}{options}", "what happened before that")
    return doc


def record(r: status.LogRecord) -> Document:
    """One line of `numtrustctl watch`."""
    doc = Document()
    if r.missed:
        doc.line(Cell(f"… {plural(r.missed, 'record')} missed: this reader is too slow", Tone.WARN))
    tone = _LEVEL_TONES.get(r.level, Tone.PLAIN)
    stamp, speed = f"{r.at.astimezone():%m-%d %H:%M:%S}", r.fields.get("numtrust.clock_speed")
    if isinstance(speed, int | float):  # as in the log itself: each line says that these are no real days
        stamp += f" ×{speed:g}"
    message = in_local_time(r.message, r.at)
    doc.line(Cell(stamp, Tone.DIM), Cell(f"{r.level:<5}", tone), Cell(r.action, Tone.STRONG), message)
    return doc


def case_change(c: control.CaseChange) -> Document:
    """What an act did to a case."""
    doc = Document()
    moved = f"{c.old} -> {c.new}" if c.old != c.new else f"stays {c.new}"
    doc.line("case", Cell(f"{c.case}:", Tone.STRONG), moved)
    doc.line(c.meaning, indent=2)
    if c.then:
        at = "" if c.due is None else ", at once" if c.due <= c.now else f", {local(c.due, c.now)}"
        doc.line(f"then: {c.then}{at}", indent=2)
    return doc


def case_begun(c: wants.CaseBegun) -> Document:
    """What was asked for, and what happens next."""
    doc = Document()
    doc.line(c.kind, Cell(f"{c.case}:", Tone.STRONG), c.state)
    doc.line(c.meaning, indent=2)
    if c.then:
        at = "" if c.due is None else ", at once" if c.due <= c.now else f", {local(c.due, c.now)}"
        doc.line(f"then: {c.then}{at}", indent=2)
    return doc


def identity_change(c: wants.IdentityChange) -> Document:
    """What is wanted of a number."""
    doc = Document()
    doc.line("number", Cell(f"{c.number}:", Tone.STRONG), "what is wanted to be shown now")
    doc.facts(("name", c.name), ("logo", c.logo), ("tag", c.tag), indent=2)
    return doc


def task_change(c: control.TaskChange) -> Document:
    """What the answer to a task did."""
    doc = Document()
    doc.line("task", Cell(f"{c.task}:", Tone.STRONG), c.outcome)
    if not c.case:
        doc.line(c.meaning)
        return doc
    doc.blocks += case_change(c).blocks
    return doc


def reloaded(r: control.ReloadResult) -> Document:
    """`numtrustctl reload`."""
    doc = Document()
    doc.line(
        f"reloaded: {plural(r.numbers_added, 'number')} added, {r.numbers_removed} removed, {r.numbers_changed} changed"
    )
    doc.facts(
        ("platforms changed", " ".join(r.platforms_changed) or None),
        ("sources changed", " ".join(r.sources_changed) or None),
        indent=2,
    )
    for warning in r.warnings:
        doc.line(Cell(f"warning: {warning}", Tone.WARN), indent=2)
    return doc


def backed_up(r: control.BackupResult) -> Document:
    """`numtrustctl backup`."""
    doc = Document()
    doc.line(f"{r.path}: {size(r.bytes)} in {r.seconds:.1f} s")
    return doc


def _change(what: str, old: str, new: str) -> Document:
    doc = Document()
    doc.line(Cell(f"{what}:", Tone.STRONG), f"{old} -> {new}" if old != new else f"stays {new}")
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
    doc.line(f"log level: {c.old} -> {c.new}")
    return doc


def maintenance(c: control.MaintenanceChange) -> Document:
    """`numtrustctl maintenance`."""
    doc = Document()
    doc.line(Cell(f"{c.platform}:", Tone.STRONG), f"{c.old} -> {c.new}" if c.old != c.new else f"stays {c.new}")
    doc.facts(
        ("kind", c.kind),
        ("since", when(c.since, c.now)),
        ("until", when(c.until, c.now)),
        ("cases", f"{c.cases} open there{', whose deadlines move with it' if c.kind else ''}" if c.cases else None),
        indent=2,
    )
    return doc
