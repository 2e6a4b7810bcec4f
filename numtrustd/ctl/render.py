"""Lists, the daemon's status, and what acts changed, as documents. One number, case or task is
`render_detail`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from numtrustd.api import control, status
from numtrustd.api.rows import CaseRow, ObservationRow, TaskRow
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.text import due, local, plural, size, span

VERDICT_TONES = {
    "marked": Tone.BAD,
    "clean": Tone.GOOD,
    "certified": Tone.GOOD,
    "unknown": Tone.WARN,
}
_HEALTH_TONES = {"ok": Tone.GOOD, "off": Tone.DIM, "limited": Tone.WARN}
_WHO_TONES = {"person": Tone.WARN}
_LEVEL_TONES = {"debug": Tone.DIM, "warn": Tone.WARN, "error": Tone.BAD, "fatal": Tone.BAD}


def when(at: datetime | None, now: datetime) -> str | None:
    """A time for a table; nothing for none."""
    return None if at is None else local(at, now)


def deadline(at: datetime | None, now: datetime) -> Cell | None:
    """A deadline, which stands out once it is missed."""
    return None if at is None else Cell(due(at, now), Tone.BAD if at < now else Tone.PLAIN)


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
    doc.line()
    late = s.schedule_lag_seconds > 60
    doc.facts(
        ("numbers", f"{s.numbers}, of which labelled {s.numbers_labelled}, parked {s.parked}"),
        ("platforms", f"{s.platforms}, seen through {plural(s.sources, 'source')}"),
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


def platforms(answer: status.PlatformList) -> Document:
    """`numtrustctl platforms`."""
    doc = Document()
    doc.table(
        (
            "PLATFORM",
            "NAME",
            "KIND",
            "APPEAL",
            "LABELLED",
            "CLEAN",
            "CERTIFIED",
            "UNKNOWN",
            "BLIND",
            "CASES",
            "SOURCES",
            "",
        ),
        [
            (
                Cell(r.platform, Tone.STRONG),
                r.name,
                r.kind,
                r.appeal,
                alarming(r.labelled),
                r.clean,
                r.certified or None,
                Cell(str(r.unknown), Tone.WARN) if r.unknown else None,
                Cell(str(r.blind), Tone.WARN) if r.blind else None,
                r.open_cases or None,
                " ".join(r.sources),
                None
                if r.maintenance is None
                else Cell(
                    f"{r.maintenance.kind} maintenance since {local(r.maintenance.since, answer.now)}",
                    Tone.WARN,
                ),
            )
            for r in answer.platforms
        ],
        "no platforms",
    )
    return doc


def sources(answer: status.SourceList) -> Document:
    """`numtrustctl sources`."""
    doc = Document()
    doc.table(
        (
            "SOURCE",
            "STATE",
            "SINCE",
            "LOOKS",
            "FAILED",
            "WAITING",
            "LAST GOOD",
            "NEXT SLOT",
            "PLATFORMS",
            "WHY",
        ),
        [
            (
                Cell(r.source, Tone.STRONG),
                Cell(r.state, _HEALTH_TONES.get(r.state, Tone.BAD)),
                when(r.since, answer.now),
                r.looks,
                r.failures or None,
                r.waiting or None,
                when(r.last_good, answer.now),
                when(r.next_slot, answer.now),
                " ".join(r.platforms),
                r.why,
            )
            for r in answer.sources
        ],
        "no sources",
    )
    return doc


def case_table(doc: Document, rows: Iterable[tuple[CaseRow, datetime]], empty: str = "") -> None:
    """Cases as a table, with the way on."""
    doc.table(
        ("CASE", "KIND", "STATE", "ATTEMPT", "WAITS FOR", "DUE", "THEN", "OPENED", "OUTCOME"),
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


def history(answer: status.HistoryPage) -> Document:
    """`numtrustctl history`."""
    doc = Document()
    doc.table(
        ("WHEN", "WHAT", "PLATFORM", "IN WORDS"),
        [(local(r.at, answer.now), r.action, r.platform, r.text) for r in answer.events],
        "nothing happened yet",
    )
    if answer.more:
        doc.hint(
            f"history {answer.number} --before {answer.events[-1].at.isoformat()}",
            "what happened before that",
        )
    return doc


def record(r: status.LogRecord) -> Document:
    """One line of `numtrustctl watch`."""
    doc = Document()
    if r.missed:
        doc.line(Cell(f"… {plural(r.missed, 'record')} missed: this reader is too slow", Tone.WARN))
    tone = _LEVEL_TONES.get(r.level, Tone.PLAIN)
    stamp = f"{r.at.astimezone():%m-%d %H:%M:%S}"
    doc.line(Cell(stamp, Tone.DIM), Cell(f"{r.level:<5}", tone), Cell(r.action, Tone.STRONG), r.message)
    return doc


def observation_table(doc: Document, rows: Sequence[ObservationRow], now: datetime, empty: str) -> None:
    """What looks said."""
    doc.table(
        (
            "PLATFORM",
            "SAYS",
            "WORDS",
            "CATEGORY",
            "MARKS",
            "NAME",
            "SOURCE",
            "SURFACE",
            "RULE",
            "WHY UNKNOWN",
        ),
        [
            (
                Cell(r.platform, Tone.STRONG),
                Cell(r.status, VERDICT_TONES.get(r.status, Tone.PLAIN)),
                r.words,
                r.category,
                r.marks,
                r.shown_name,
                r.source,
                None if r.surface == "default" else r.surface,
                r.rule,
                ": ".join(t for t in (r.reason, r.detail) if t),
            )
            for r in rows
        ],
        empty,
    )


def looked(answer: control.LookResult) -> Document:
    """`numtrustctl look`."""
    doc = Document()
    doc.line(f"asked {', '.join(answer.sources) or 'no source'} about", Cell(answer.number, Tone.STRONG))
    observation_table(doc, answer.observations, answer.now, "no answer yet; history will have it")
    doc.hint(f"number {answer.number}", "what is believed now: one look alone moves nothing")
    return doc


def case_change(c: control.CaseChange) -> Document:
    """What an act did to a case."""
    doc = Document()
    moved = f"{c.old} -> {c.new}" if c.old != c.new else f"stays {c.new}"
    doc.line("case", Cell(f"{c.case}:", Tone.STRONG), moved)
    doc.line(c.meaning, indent=2)
    if c.then:
        at = f", {due(c.due, c.now)}" if c.due else ""
        doc.line(f"then: {c.then}{at}", indent=2)
    return doc


def task_change(c: control.TaskChange) -> Document:
    """What the answer to a task did."""
    doc = Document()
    doc.line("task", Cell(f"{c.task}:", Tone.STRONG), c.outcome)
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
        doc.line(Cell(warning, Tone.WARN), indent=2)
    return doc


def backed_up(r: control.BackupResult) -> Document:
    """`numtrustctl backup`."""
    doc = Document()
    doc.line(f"{r.path}: {size(r.bytes)} in {r.seconds:.1f} s")
    return doc


def number_change(c: control.NumberChange) -> Document:
    """`numtrustctl park` and `unpark`."""
    doc = Document()
    doc.line(Cell(f"{c.number}:", Tone.STRONG), f"{c.old} -> {c.new}" if c.old != c.new else f"stays {c.new}")
    return doc


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
        ("cases", f"{c.cases} with moved deadlines" if c.cases else None),
        indent=2,
    )
    return doc
