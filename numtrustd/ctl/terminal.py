"""Documents on a terminal: tables that fit the window, colours unless NO_COLOR says no. `plain` is the
other writer, `fit` decides which columns of a table stand side by side.

Nothing here is markup: every piece of text goes in escaped and as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from numtrustd.columns import lines as broken
from numtrustd.ctl.document import Block, Cell, Command, Document, Drawing, Facts, Heading, Line, Prose, Table, Tone
from numtrustd.ctl.fit import GAP, Lines, continued, fit, glued, one_line
from numtrustd.ctl.lang import listed, tr
from numtrustd.ctl.plain import prose
from numtrustd.ctl.text import escape

_STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
    Tone.DIM: "dim",
}
_BELOW = 4
"""Indent of what is told below a row."""

_NARROWEST = 20
"""Columns that are written for at the least, however narrow the terminal says it is."""


@cache
def console(out: TextIO) -> Console:
    """The terminal behind a stream; nothing is taken for markup on it."""
    return Console(file=out, highlight=False, markup=False, emoji=False)


_ENDLESS = 1_000_000
"""Columns that are laid out for where nothing is to be fitted."""


def write(document: Document, console: Console, program: str = "numtrustctl", *, wide: bool = False) -> None:
    """Print a document, and below it what the reader can type next. `wide` shows all columns of its tables, wider than
    the terminal is.
    """
    for line in lines(document, console.width, wide=wide):
        console.print(line, soft_wrap=True)
    if document.hints:
        console.print()
        longest = max(len(command) for command, _ in document.hints)
        for command, what in document.hints:
            # Never broken by us, so that it can be copied.
            line = text(Cell(f"  {program} {command}", Tone.STRONG))
            if what:
                gap = longest - len(command) + 2
                if cell_len(line.plain) + gap + cell_len(what) > console.width:
                    console.print(line, soft_wrap=True)
                    line, gap = Text(), 6
                line.append(" " * gap)
                line.append_text(text(Cell(what, Tone.DIM)))
            console.print(line, soft_wrap=True)


def lines(document: Document, columns: int, *, wide: bool = False) -> Iterator[Text]:
    """A document's lines for so many columns, without its hints."""
    columns = max(columns, _NARROWEST)
    dropped: dict[str, None] = {}
    for index, block in enumerate(document.blocks):
        if index and isinstance(block, Heading):
            yield Text()
        if isinstance(block, Table):
            yield from _table(block, _ENDLESS if wide else columns, dropped)
        else:
            yield from _block(block, columns)
    if dropped:
        said = tr("no room for {columns}: --wide shows all").format(columns=listed(dropped))
        yield from _wrapped(Text(said, style="dim"), columns)


def _block(block: Block, columns: int) -> Iterator[Text]:
    match block:
        case Line(indent=indent) as line:
            shown = (part for before, c in line.pieces() for part in (Text(before), text(c)))
            yield from _indented(Text().join(shown), indent, columns)
        case Heading(words):
            yield from _wrapped(Text(escape(words), style="bold underline"), columns)
        case Prose(words, indent):
            for row in prose(words, 0):
                yield from _indented(Text(row), indent, columns)
        case Facts() as facts:
            names = [(Text(escape(name), style="dim"), value) for name, value in facts.cells()]
            wide = min(max((cell_len(name.plain) for name, _ in names), default=0), columns // 2)
            for name, value in names:
                left, room = _wrapped(name, wide), columns - facts.indent - wide - GAP
                yield from _side_by_side([(left, wide), (_wrapped(text(value), room), room)], facts.indent)
        case Command(command, indent):
            for row in continued(command, columns - indent):
                yield Text(" " * indent + escape(row))
        case Drawing() as drawing:
            for pieces in drawing.rows(columns):
                yield Text().join(text(piece) for piece in pieces)


def _table(table: Table, columns: int, dropped: dict[str, None]) -> Iterator[Text]:
    """A table's lines; the names of columns that had no room go into `dropped`."""
    if not table.rows:
        yield Text(table.empty, style="dim")
        return
    if table.fitting:
        used, cells = table.used()
        if (laid_out := one_line(used, cells, columns)) is not None:
            dropped |= dict.fromkeys(used[i].name for i in laid_out.dropped if used[i].name)
            yield from _list([column.name for column in used], cells, laid_out, columns)
            return
    names, rows = table.cells()
    plan = fit(names, [[escape(c.text) for c in row] for row in rows], columns)
    if not plan.beside:
        return
    whole = sum(wide for _, wide in plan.beside) + GAP * (len(plan.beside) - 1)
    yield from _side_by_side([(_wrapped(Text(names[i], style="bold"), wide), wide) for i, wide in plan.beside])
    yield Text("─" * (columns if plan.below else whole), style="dim")
    for row in rows:
        yield from _side_by_side([(_wrapped(text(row[i]), wide), wide) for i, wide in plan.beside])
        # A text's own style is that of all that is appended to it, so each begins with one that has none.
        named = ((Text(f"{names[i]} ", style="dim"), text(row[i])) for i in plan.below if row[i].text)
        below = [Text().append_text(name).append_text(value) for name, value in named]
        for line in _flowing(below, columns - _BELOW):
            yield from _indented(line, _BELOW, columns)


def _list(names: Sequence[str], rows: Sequence[Sequence[Cell]], plan: Lines, columns: int) -> Iterator[Text]:
    """A list as it was laid out: what has no room is cut, its prose alone is wrapped."""

    def fitted(i: int, wide: int, piece: Text) -> tuple[list[Text], int]:
        if i == plan.wrapped:
            return _wrapped(piece, wide), wide
        piece.truncate(wide, overflow="ellipsis")
        return [piece], wide

    whole = sum(wide for _, wide in plan.beside) + GAP * (len(plan.beside) - 1)
    yield from _side_by_side([fitted(i, wide, Text(names[i], style="bold")) for i, wide in plan.beside])
    if plan.below is not None:
        yield from _indented(Text(names[plan.below], style="bold"), _BELOW, columns)
    yield Text("─" * (columns if plan.below is not None else whole), style="dim")
    for row in rows:
        shown = [(i, wide, _brief(row[i]) if i in plan.short else row[i]) for i, wide in plan.beside]
        yield from _side_by_side([fitted(i, wide, text(piece)) for i, wide, piece in shown])
        if plan.below is not None and row[plan.below].text:
            yield from _indented(text(row[plan.below]), _BELOW, columns)


def _brief(piece: Cell) -> Cell:
    return piece if piece.short is None else Cell(piece.short, piece.tone)


def _side_by_side(cells: Sequence[tuple[Sequence[Text], int]], indent: int = 0) -> Iterator[Text]:
    """Cells of some lines and a width each, as one row of as many lines as the tallest needs."""
    for n in range(max((len(lines) for lines, _ in cells), default=0)):
        row = Text(" " * indent)
        for at, (lines, wide) in enumerate(cells):
            line = lines[n] if n < len(lines) else Text()
            row.append_text(line)
            if at + 1 < len(cells):
                row.append(" " * (wide - cell_len(line.plain) + GAP))
        row.rstrip()
        yield row


def _indented(line: Text, indent: int, columns: int) -> Iterator[Text]:
    for piece in _wrapped(line, max(columns - indent, 1)):
        yield Text(" " * indent).append_text(piece)


def _flowing(pieces: Iterable[Text], columns: int) -> Iterator[Text]:
    """Pieces one after the other on as few lines as they need, without breaking one that fits on a line."""
    line: Text | None = None
    for piece in pieces:
        if line is not None and cell_len(line.plain) + 3 + cell_len(piece.plain) <= columns:
            line = line.append("   ").append_text(piece)
            continue
        if line is not None:
            yield line
        line = piece
    if line is not None:
        yield line


def _wrapped(line: Text, columns: int) -> list[Text]:
    """The lines of a text; a word is broken only where it is wider than there is room."""
    if cell_len(line.plain) <= columns:
        return [line]
    return [line[begin:end] for begin, end in broken(glued(line.plain), max(columns, 2))]


def text(piece: Cell) -> Text:
    """A piece, harmless and in its colour."""
    return Text(escape(piece.text), style=_STYLES[piece.tone])
