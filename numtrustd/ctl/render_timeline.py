"""A number's history as a drawing: one row for each platform, with its cases and what was done in them below.

`timeline` beside this module decides what stands in which column; here the daemon's rows become its lanes, and its
columns get their colours. A drawing is made for the width that there is, so it is a `document.Drawing`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from numtrustd.api import status
from numtrustd.api.rows import HistoryRow, VerdictRow
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import tr, trn
from numtrustd.ctl.text import escape, span
from numtrustd.ctl.timeline import Lane, Mark, Sign, Span, State, Window, axis, busy, signs, states
from numtrustd.domain.display import width

ACTIONS = ("verdict.", "case.opened", "case.moved", "case.closed", "action.sent", "action.failed", "action.uncertain")
"""What of a history is drawn."""

MOST = 1_000
"""Lines of history that are asked for; what is older than these is not drawn."""

_LONGEST = 90 * 86_400.0
_SHORTEST = 3_600.0
_NAME = 14
"""Columns of a platform's id at the most."""

_NARROWEST = 40
"""Columns of a terminal on which there is room for a drawing."""

_STATES = {
    "marked": State.MARKED,
    "clean": State.CLEAN,
    "certified": State.CERTIFIED,
    "unknown": State.UNKNOWN,
}
_TONES = {
    State.CLEAN: Tone.GOOD,
    State.CERTIFIED: Tone.GOOD,
    State.UNKNOWN: Tone.WARN,
    State.FLAPPING: Tone.WARN,
    State.MARKED: Tone.BAD,
    State.OPEN: Tone.DIM,
    Sign.PERSON: Tone.WARN,
    Sign.REFUSED: Tone.BAD,
    Sign.FAILED: Tone.BAD,
}
_MOVES = {
    "in_review": Sign.SUBMITTED,
    "verifying": Sign.VERIFYING,
    "cooling": Sign.REFUSED,
    "held": Sign.HELD,
    **dict.fromkeys(("at_person", "gathering", "asking", "escalated"), Sign.PERSON),
}
"""What a move of a case to a state is drawn as; the daemon's own steps in between are not."""


def question(number: str, before: datetime | None = None, platform: str | None = None) -> status.History:
    """What to ask for a drawing."""
    return status.History(number=number, limit=MOST, actions=ACTIONS, before=before, platform=platform)


def of_number(doc: Document, view: status.NumberView, page: status.HistoryPage) -> None:
    """The last months of a number, as far back as anything is known."""
    end = view.now.timestamp()
    oldest = min((row.at.timestamp() for row in page.events), default=end)
    # Where older lines were left out, nobody knows what was so before them.
    since = () if page.more else (row.since.timestamp() for row in view.platforms if row.since is not None)
    begin = min((oldest, *since))
    _draw(doc, page, view.platforms, max(begin, end - _LONGEST), end)


def of_page(doc: Document, shown: status.HistoryPage, page: status.HistoryPage, *, present: bool) -> None:
    """The time that a page of history is about, until now if it is the `present` one. `page` is what there is to draw,
    of that time and before."""
    if shown.events:
        newest, oldest = shown.events[0].at, shown.events[-1].at
        _draw(doc, page, (), oldest.timestamp(), max(newest, shown.now if present else newest).timestamp())


def _draw(doc: Document, page: status.HistoryPage, verdicts: Sequence[VerdictRow], begin: float, end: float) -> None:
    begin = min(begin, end - _SHORTEST)
    lanes = lanes_of(page.events, verdicts, begin, end)
    if lanes:
        doc.heading(tr("timeline"))
        doc.drawing(lambda columns: _rows(lanes, begin, end, columns))


# ---------------------------------------------------------------------------------------------------------- lanes


def lanes_of(
    events: Iterable[HistoryRow], verdicts: Iterable[VerdictRow], begin: float, end: float
) -> tuple[Lane, ...]:
    """A lane for each platform of which something is known, in the order of `verdicts`, others after them by name.

    `events` are the newest first; what is believed before the first of a platform is what that one moved away from.
    """
    now = {row.platform: row for row in verdicts}
    by_platform: dict[str, list[HistoryRow]] = {name: [] for name in now}
    oldest_first = list(events)[::-1]  # also of those of one moment, which the sort leaves as they are
    for row in sorted(oldest_first, key=lambda row: row.at):
        by_platform.setdefault(row.platform or "", []).append(row)
    order = [*now, *sorted(name for name in by_platform if name not in now)]
    lanes = (_lane(name, by_platform[name], now.get(name), begin, end) for name in order)
    return tuple(lane for lane in lanes if lane.beliefs or lane.cases or lane.marks)


def _lane(name: str, rows: Sequence[HistoryRow], now: VerdictRow | None, begin: float, end: float) -> Lane:
    return Lane(name, tuple(_beliefs(rows, now, begin, end)), tuple(_cases(rows, begin, end)), tuple(_marks(rows)))


def _state(key: str | None) -> State | None:
    """What a verdict's key says, such as `marked:marketing`."""
    return _STATES.get((key or "").partition(":")[0])


def _beliefs(rows: Sequence[HistoryRow], now: VerdictRow | None, begin: float, end: float) -> Iterable[Span]:
    moves = [row for row in rows if row.action.startswith("verdict.")]
    state, since = (_state(moves[0].old), begin) if moves else (_state(now.verdict if now else None), begin)
    if not moves and now is not None and now.since is not None:
        since = now.since.timestamp()
    for row in moves:
        at = row.at.timestamp()
        if state is not None:
            yield Span(min(since, at), at, state)
        state, since = State.FLAPPING if row.action == "verdict.flapping" else _state(row.new), at
    if state is not None and since <= end and (moves or now is None or now.since is not None):
        yield Span(since, end, state)
    if now is not None and now.blind_since is not None and now.blind_since.timestamp() <= end:
        yield Span(now.blind_since.timestamp(), end, State.UNKNOWN)


def _cases(rows: Sequence[HistoryRow], begin: float, end: float) -> Iterable[Span]:
    open_since: dict[str, float] = {}
    seen: set[str] = set()
    for row in rows:
        if row.case is None or not row.action.startswith("case."):
            continue
        at = row.at.timestamp()
        if row.action == "case.closed":
            yield Span(min(open_since.pop(row.case, begin), at), at, State.OPEN)
        elif row.case not in open_since:
            # One that moves before it is seen to open was open before the oldest line.
            known = row.action == "case.opened" or row.case in seen
            open_since[row.case] = at if known else min(begin, at)
        seen.add(row.case)
    for since in open_since.values():
        if since <= end:
            yield Span(since, end, State.OPEN)


def _marks(rows: Sequence[HistoryRow]) -> Iterable[Mark]:
    for row in rows:
        sign: Sign | None = None
        match row.action:
            case "case.opened":
                sign = Sign.OPENED
            case "case.closed":
                sign = Sign.CLOSED
            case "case.moved":
                sign = _MOVES.get(row.new or "")
            case "action.sent":
                sign = Sign.SUBMITTED
            case "action.failed" | "action.uncertain":
                sign = Sign.FAILED
        if sign is not None:
            yield Mark(row.at.timestamp(), sign)


# --------------------------------------------------------------------------------------------------------- drawing


def _rows(lanes: Sequence[Lane], begin: float, end: float, columns: int) -> list[tuple[Cell, ...]]:
    names = {lane.name: _name(lane.name) for lane in lanes}
    wide = max(map(width, names.values()))
    if columns < _NARROWEST:
        return []
    window = Window(begin, end, columns - wide - 2)
    some, quiet = busy(lanes, window)
    if not some or len(lanes) <= 3:
        some, quiet = lanes, ()
    rows: list[tuple[Cell, ...]] = []
    seen: set[str] = set()
    for lane in some:
        beliefs = states(lane.beliefs, window)
        cases: list[State | Sign] = [
            sign or state for sign, state in zip(signs(lane.marks, window), states(lane.cases, window), strict=True)
        ]
        seen |= {*beliefs, *cases}
        name = names[lane.name] + " " * (wide - width(names[lane.name]) + 2)
        if lane.beliefs or lane.name:
            rows.append((Cell(name), *_cells(beliefs)))
            name = " " * (wide + 2)
        if any(c is not State.NOTHING for c in cases):
            rows.append((Cell(name), *_cells(cases)))
    times = axis(window)
    rows.append((Cell(" " * (wide + 2)), Cell(times.ruler, Tone.DIM)))
    rows.append((Cell(" " * (wide + 2)), Cell(times.labels)))
    rows += _folded(_legend(seen), columns)
    rows += _folded([(Cell(text, Tone.DIM),) for text in _scale(window)], columns)
    if quiet:
        said = trn("{n} more, nothing happened there: ", "{n} more, nothing happened there: ", len(quiet))
        rows += _folded([(Cell(said.strip()),), *((Cell(names[lane.name]),) for lane in quiet)], columns, " ")
    return rows


def _name(platform: str) -> str:
    shown = escape(platform) if platform else tr("whole number")
    return shown if width(shown) <= _NAME else shown[: _NAME - 1] + "…"


def _cells(columns: Sequence[State | Sign]) -> list[Cell]:
    """Columns as cells, neighbours of one colour together."""
    cells: list[Cell] = []
    for column in columns:
        tone = _TONES.get(column, Tone.PLAIN)
        if cells and cells[-1].tone is tone:
            cells[-1] = Cell(cells[-1].text + column, tone)
        else:
            cells.append(Cell(str(column), tone))
    return cells


def _words() -> Mapping[State | Sign, str]:
    return {
        State.MARKED: tr("marked"),
        State.CLEAN: tr("clean"),
        State.CERTIFIED: tr("certified"),
        State.FLAPPING: tr("flapping"),
        State.UNKNOWN: tr("cannot be seen"),
        State.OPEN: tr("case open"),
        Sign.OPENED: tr("opened"),
        Sign.PERSON: tr("a person's move"),
        Sign.SUBMITTED: tr("handed in"),
        Sign.REFUSED: tr("refused"),
        Sign.VERIFYING: tr("being verified"),
        Sign.HELD: tr("held"),
        Sign.FAILED: tr("failed or uncertain"),
        Sign.CLOSED: tr("closed"),
    }


def _legend(seen: Iterable[str]) -> list[tuple[Cell, ...]]:
    """What the characters that were used mean."""
    return [
        (Cell(str(sign), _TONES.get(sign, Tone.PLAIN)), Cell(f" {word}"))
        for sign, word in _words().items()
        if sign in seen
    ]


def _folded(pieces: Sequence[tuple[Cell, ...]], columns: int, between: str = "  ") -> list[tuple[Cell, ...]]:
    """Pieces one after the other, on as many rows as they need; none is broken."""
    rows: list[tuple[Cell, ...]] = []
    taken = columns
    for piece in pieces:
        wide = sum(width(cell.text) for cell in piece)
        if rows and taken + len(between) + wide <= columns:
            rows[-1] = (*rows[-1], Cell(between), *piece)
            taken += len(between) + wide
        else:
            rows.append(piece)
            taken = wide
    return rows


def _scale(window: Window) -> tuple[str, str]:
    """What the whole drawing shows, and what one column of it does."""
    begin, end = (datetime.fromtimestamp(at, UTC).astimezone() for at in (window.begin, window.end))
    whole = tr("{begin} to {end}").format(begin=f"{begin:%Y-%m-%d %H:%M}", end=f"{end:%Y-%m-%d %H:%M}")
    return whole, tr("one column is {step}").format(step=span(window.step))
