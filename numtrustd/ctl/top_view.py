"""What `top` shows, as lines: the head, and tables of one line a row. Pure; `top` beside this module has the keys.

`fit` and `terminal` lay out what is printed once and may be as long as it wants. A live screen has the lines that it
has: here a row is one line, and what has no room is cut, since a key opens it whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from numtrustd.api import ledger, status
from numtrustd.api.rows import CaseRow, NumberRow, PlatformRow, SourceRow, TaskRow
from numtrustd.api.troubles import nothing_is_stored
from numtrustd.ctl import names
from numtrustd.ctl.document import Cell, CellLike, Document, Tone, cell
from numtrustd.ctl.lang import tr, trn, word
from numtrustd.ctl.render import resting, stalled
from numtrustd.ctl.render_world import health
from numtrustd.ctl.sentences import said
from numtrustd.ctl.terminal import text
from numtrustd.ctl.text import age, local, missed, span
from numtrustd.ctl.waits import Waits
from numtrustd.domain.display import width
from numtrustd.domain.ledger import yuan

GAP = 2
_LEAST = 12
"""Columns that a cut cell keeps at the least."""

_LOWEST = 3
"""Lines of a table at the least: its title, the names of its columns, a row."""

_TROUBLE = ("quarantined", "parked", "open", "failing", "limited", "ok", "off")
"""States of sources, what needs somebody first."""


@dataclass(frozen=True)
class World:
    """What the daemon says to everything that the screen shows; `cases`, `labelled` and `tasks` are the first of them.
    `now` is its own time at the last of its answers."""

    status: status.Status
    labelled: tuple[NumberRow, ...]
    cases: tuple[CaseRow, ...]
    sources: tuple[SourceRow, ...]
    ledger: ledger.LedgerView
    now: datetime
    tasks: tuple[TaskRow, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line: `key` is what it opens, such as `("case", "+86…/so360/1")`."""

    key: tuple[str, str]
    cells: tuple[CellLike, ...]


@dataclass(frozen=True)
class Listing:
    """A table of which each row is one line. The first columns are the last to be left out where room is scarce.
    `partial` tells that the daemon has more rows than were asked for.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str
    partial: bool = False


def lay_out(listing: Listing, columns: int) -> tuple[Text, list[Text]]:
    """The names of a listing's columns, and its rows, each no wider than so many columns."""
    rows = [[text(cell(c)) for c in row.cells] for row in listing.rows]
    names = [Text(name, style="bold") for name in listing.columns]
    used = [i for i in range(len(names)) if i == 0 or any(row[i].plain for row in rows)]
    natural = {i: max(cell_len(line[i].plain) for line in (names, *rows)) for i in used}
    least = {i: natural[i] if i == 0 else min(natural[i], max(_LEAST, cell_len(names[i].plain))) for i in used}
    while len(used) > 1 and sum(least[i] for i in used) + GAP * (len(used) - 1) > columns:
        used.pop()
    widths = {i: min(least[i], columns) for i in used}
    spare = columns - sum(widths.values()) - GAP * (len(used) - 1)
    for i in used:
        more = max(0, min(spare, natural[i] - widths[i]))
        widths[i] += more
        spare -= more
    lines = []
    for line in (names, *rows):
        whole = Text(no_wrap=True, end="")
        for n, i in enumerate(used):
            piece = line[i].copy()
            piece.truncate(widths[i], overflow="ellipsis", pad=n + 1 < len(used))
            whole.append_text(piece).append(" " * GAP if n + 1 < len(used) else "")
        lines.append(whole)
    return lines[0], lines[1:]


def picked(listing: Listing, words: str) -> Listing:
    """The rows in which every one of the words stands, whatever its case."""
    wanted = words.casefold().split()
    if not wanted:
        return listing
    rows = tuple(
        row
        for row in listing.rows
        if all(each in " ".join([row.key[1], *(cell(c).text for c in row.cells)]).casefold() for each in wanted)
    )
    said = tr("nothing has “{words}” in it").format(words=words)
    if listing.partial:
        said = tr("nothing of what is shown has “{words}” in it").format(words=words)
    return Listing(listing.title, listing.columns, rows, said, listing.partial)


# ------------------------------------------------------------------------------------------------------------ head


def head(world: World, columns: int) -> list[Text]:
    """How the daemon is: two or three lines on an ordinary terminal."""
    s, money = world.status, world.ledger
    alarms = []
    if s.network_down_since is not None:
        since = local(s.network_down_since, s.now)
        alarms.append(tr("nobody can be reached since {since}: look at this machine's network").format(since=since))
    alarms += [stalled(stall) for stall in s.stalled or ()]
    if s.resting_cases:
        alarms.append(resting(s))
    if s.store.trouble:
        alarms.append(said(nothing_is_stored(s.store.trouble)))
    elif s.store.nearly_full:
        alarms.append(tr("the store is nearly full: nothing new is submitted"))
    spent = tr("spent {paid} of {budget}") if money.budget else tr("spent {paid}")
    pieces = [
        Cell(trn("{n} number watched", "{n} numbers watched", s.numbers), Tone.STRONG),
        _count(tr("labelled"), s.numbers_labelled, Tone.BAD),
        _count(tr("open cases"), s.open_cases, Tone.PLAIN),
        _count(tr("tasks"), s.tasks_open, Tone.WARN),
        _count(tr("parked"), s.parked, Tone.BAD) if s.parked else None,
        Cell(tr("looks {rate}/s").format(rate=f"{s.looks_per_second:.1f}")),
        _overdue(s),
        Cell(spent.format(paid=yuan(money.committed), budget=yuan(money.budget)), _money(money)),
        Cell(tr("{planned} planned").format(planned=yuan(money.planned))) if money.planned else None,
    ]
    lines = [text(Cell(alarm, Tone.BAD)) for alarm in alarms]
    return lines + in_a_row([text(piece) for piece in pieces if piece is not None], Text(" · ", style="dim"), columns)


def in_a_row(pieces: Iterable[Text], between: Text, columns: int) -> list[Text]:
    """Pieces one after the other, on as many lines as they need; none is broken that fits on a line."""
    lines: list[Text] = []
    for piece in pieces:
        if lines and lines[-1].cell_len + between.cell_len + piece.cell_len <= columns:
            lines[-1].append_text(between).append_text(piece)
        else:
            lines.append(Text().append_text(piece))  # a text's own style would be that of what is appended
            lines[-1].truncate(columns, overflow="ellipsis")
    return lines


def heights(needs: Sequence[int], room: int, chosen: int) -> list[int]:
    """How many lines each of some tables gets of those that there are. The chosen one gets two for each one of the
    others, as long as it needs them; where there is no room for all, it gets everything."""
    if room < _LOWEST * len(needs):
        return [max(room, 1) if n == chosen else 0 for n in range(len(needs))]
    given = [_LOWEST] * len(needs)
    turns = [chosen, *range(len(needs))]
    while any(given[n] < needs[n] for n in turns) and sum(given) < room:
        for n in turns:
            given[n] += given[n] < needs[n] and sum(given) < room
    given[-1] += room - sum(given)
    return given


def _count(name: str, count: int, tone: Tone) -> Cell:
    return Cell(f"{name} {count}", tone if count else Tone.PLAIN)


def _overdue(s: status.Status) -> Cell | None:
    if not s.overdue_looks:
        return None
    overdue = tr("{n} overdue by {span}").format(n=s.overdue_looks, span=span(s.schedule_lag_seconds))
    return Cell(overdue, Tone.WARN if s.schedule_lag_seconds > 60 else Tone.PLAIN)


def _money(money: ledger.LedgerView) -> Tone:
    return Tone.BAD if money.over else Tone.PLAIN


def clock(world: World, *, short: bool = False) -> str:
    """What the daemon's clock says, in the reader's zone, and how fast it runs where that is not as usual."""
    s = world.status
    here = world.now.astimezone()
    speed = f" ×{s.clock_speed:g}" if s.clock_speed != 1 else ""
    return f"{here:%H:%M:%S}{speed}" if short else f"{here:%Y-%m-%d %H:%M:%S}{speed}"


# ----------------------------------------------------------------------------------------------------------- tables

Order = tuple[str, Callable[[Any], Any]]


def orders() -> Mapping[str, tuple[Order, ...]]:
    """How each table can be sorted, the first way being the usual one; (how it is called, key)."""
    return {
        "labelled": (
            (tr("most labels first"), lambda r: (-len(r.labelled), r.number)),
            (tr("by number"), lambda r: r.number),
            (tr("by name"), lambda r: (r.name, r.number)),
        ),
        "cases": (
            (tr("next deadline first"), lambda r: (r.due is None, r.due, r.case)),
            (tr("by number"), lambda r: r.case),
            (tr("a person's moves first"), lambda r: (r.waits_for != "person", r.due is None, r.due, r.case)),
        ),
        "sources": (
            (tr("trouble first"), lambda r: (_trouble(r), r.source)),
            (tr("by name"), lambda r: r.source),
            (tr("most failures first"), lambda r: (-r.failures, r.source)),
        ),
    }


def _trouble(r: SourceRow) -> int:
    return _TROUBLE.index(r.state) if r.state in _TROUBLE else 0


def _title(name: str, shown: int, of: int | None, order: str) -> str:
    many = str(shown) if of is None or of <= shown else tr("{shown} of {all} shown").format(shown=shown, all=of)
    return tr("{name} ({many}), {order}").format(name=name, many=many, order=order)


def labelled(world: World, order: Order) -> Listing:
    """The numbers that some platform labels."""
    rows = sorted(world.labelled, key=order[1])
    return Listing(
        _title(tr("Labelled numbers"), len(rows), world.status.numbers_labelled, order[0]),
        (tr("NUMBER"), tr("LABELLED ON"), tr("NAME"), tr("CASES"), tr("LAST LOOK"), ""),
        tuple(
            Row(
                ("number", r.number),
                (
                    Cell(r.number, Tone.STRONG),
                    Cell(" ".join(r.labelled), Tone.BAD),
                    r.name,
                    r.open_cases or None,
                    None if r.last_look is None else age(r.last_look, world.now),
                    Cell(tr("parked"), Tone.BAD) if r.parked else None,
                ),
            )
            for r in rows
        ),
        tr("no number is labelled"),
        len(rows) < world.status.numbers_labelled,
    )


def cases(world: World, order: Order) -> Listing:
    """The open cases."""
    rows, waits = sorted(world.cases, key=order[1]), Waits(world.tasks)
    return Listing(
        _title(tr("Open cases"), len(rows), world.status.open_cases, order[0]),
        (tr("CASE"), tr("DUE"), tr("STATE"), tr("WAITS FOR"), tr("KIND"), tr("THEN")),
        tuple(
            Row(
                ("case", r.case),
                (
                    Cell(r.case, Tone.STRONG),
                    _due(r.due, world.now),
                    word(r.state),
                    waits.of(r)[0],
                    word(r.kind),
                    said(r.then) if r.then else None,
                ),
            )
            for r in rows
        ),
        tr("no open cases"),
        len(rows) < world.status.open_cases,
    )


def _due(at: datetime | None, now: datetime) -> Cell | None:
    """A deadline in few columns: how far away it is."""
    if at is None:
        return None
    if missed(at, now):
        return Cell(tr("overdue by {span}").format(span=span((now - at).total_seconds())), Tone.BAD)
    return Cell(age(at, now))


def sources(world: World, order: Order) -> Listing:
    """The sources that are in use; one that is off is health of nobody's."""
    rows = sorted((r for r in world.sources if r.state != "off"), key=order[1])
    return Listing(
        _title(tr("Sources in use"), len(rows), len(rows), order[0]),
        (tr("SOURCE"), tr("STATE"), tr("LOOKS"), tr("FAILED"), tr("WAITING"), tr("LAST GOOD"), tr("WHY")),
        tuple(
            Row(
                ("source", r.source),
                (
                    Cell(r.source, Tone.STRONG),
                    health(r.state),
                    r.looks,
                    Cell(str(r.failures), Tone.WARN) if r.failures else None,
                    r.waiting or None,
                    None if r.last_good is None else age(r.last_good, world.now),
                    said(r.why),
                ),
            )
            for r in rows
        ),
        tr("no source is in use: nothing is looked at"),
    )


def tasks(world: World) -> Listing:
    """What people have to do, the most urgent first."""
    rows = world.tasks
    return Listing(
        _title(tr("Tasks"), len(rows), world.status.tasks_open, tr("next deadline first")),
        (tr("TASK"), tr("DUE"), tr("WHAT"), tr("PLATFORM"), tr("NUMBER")),
        tuple(
            Row(
                ("task", r.task),
                (
                    Cell(r.task, Tone.STRONG),
                    _due(r.due, world.now),
                    tr(r.title),
                    r.platform or None,
                    r.number or None,
                ),
            )
            for r in rows
        ),
        tr("no tasks: nothing waits for people"),
        len(rows) < world.status.tasks_open,
    )


def platforms(rows: Sequence[PlatformRow]) -> Listing:
    """All platforms, the worst first."""
    ordered = sorted(rows, key=lambda r: (-r.labelled, -r.open_cases, not r.sources, r.platform))
    return Listing(
        _title(tr("Platforms"), len(rows), len(rows), tr("most labels first")),
        (
            tr("PLATFORM"),
            tr("LABELLED"),
            tr("CASES"),
            tr("NAME"),
            tr("CLEAN"),
            tr("CERTIFIED"),
            tr("UNKNOWN"),
            tr("BLIND"),
        ),
        tuple(
            Row(
                ("platform", r.platform),
                (
                    Cell(r.platform, Tone.STRONG if r.sources else Tone.DIM),
                    Cell(str(r.labelled), Tone.BAD) if r.labelled else None,
                    r.open_cases or None,
                    names.of_row(r),
                    Cell(str(r.clean), Tone.GOOD) if r.clean else None,
                    r.certified or None,
                    r.unknown or None,
                    Cell(str(r.blind), Tone.WARN) if r.blind else None,
                ),
            )
            for r in ordered
        ),
        tr("no platforms"),
    )


def help_text() -> Document:
    """What the keys do; they are called what is written on them."""
    keys = [
        ("Tab, Shift-Tab", tr("to the next table, to the one before")),
        (tr("Up, Down, PgUp, PgDn"), tr("to another row; in a text, scroll")),
        ("Enter", tr("open the row: a number, a case, a source")),
        ("1 … 9", tr("open what is listed below a text")),
        ("Esc, Backspace", tr("back")),
        ("p", tr("the platforms")),
        ("t", tr("the tasks for people")),
        ("s", tr("sort the table in another way")),
        ("/", tr("only rows with these words; Esc ends it")),
        ("z", tr("only this table, and all again")),
        ("e, h", tr("of a number: why it is so; its history")),
        ("r", tr("ask now")),
        ("q, Ctrl-C", tr("quit")),
        ("Ctrl-Z", tr("suspend; fg goes on")),
    ]
    doc = Document()
    doc.heading(tr("keys"))
    doc.facts(*keys, indent=2)
    doc.line()
    doc.line(tr("Nothing here changes anything: acts are commands, see numtrustctl --help."))
    return doc


def cut(line: str, columns: int) -> str:
    """A line of our own that has to fit."""
    return line if width(line) <= columns else line[: max(columns - 1, 0)] + "…"
