"""Documents on a terminal: tables that fit the window, colours unless NO_COLOR says no. `plain` is the
other writer.

Nothing here is markup: every piece of text goes in escaped and as it is.
"""

from functools import cache
from typing import TextIO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from numtrustd.ctl.document import Block, Cell, Document, Facts, Heading, Line, Prose, Table, Tone
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


@cache
def console(out: TextIO) -> Console:
    """The terminal behind a stream; nothing is taken for markup on it."""
    return Console(file=out, highlight=False, markup=False, emoji=False)


def write(document: Document, console: Console, program: str = "numtrustctl") -> None:
    """Print a document, and below it what the reader can type next."""
    for index, block in enumerate(document.blocks):
        if index and isinstance(block, Heading):
            console.print()
        _block(block, console)
    if document.hints:
        console.print()
        wide = max(len(command) for command, _ in document.hints)
        for command, what in document.hints:
            # Never broken by us, so that it can be copied.
            line = _text(Cell(f"  {program} {command}", Tone.STRONG))
            if what:
                line.append(" " * (wide - len(command) + 2))
                line.append_text(_text(Cell(what, Tone.DIM)))
            console.print(line, soft_wrap=True)


def _block(block: Block, console: Console) -> None:
    match block:
        case Line(cells, indent):
            line = Text(" ").join(_text(c) for c in cells if c.text)
            console.print(Padding(line, (0, 0, 0, indent), expand=False) if line else "")
        case Heading(text):
            console.print(Text(escape(text), style="bold underline"))
        case Prose(text, indent):
            for row in prose(text, 0):
                console.print(Padding(Text(row), (0, 0, 0, indent), expand=False))
        case Facts() as facts:
            grid = RichTable.grid(padding=(0, 2, 0, 0))
            grid.add_column(no_wrap=True, style="dim")
            grid.add_column(overflow="fold")
            for name, value in facts.cells():
                grid.add_row(Text(escape(name)), _text(value))
            console.print(Padding(grid, (0, 0, 0, facts.indent), expand=False))
        case Table() as table:
            if not table.rows:
                console.print(Text(table.empty, style="dim"))
                return
            columns, rows = table.cells()
            shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
            for column in columns:
                shown.add_column(Text(column), overflow="fold")
            for cells_of_row in rows:
                shown.add_row(*(_text(c) for c in cells_of_row))
            console.print(shown)


def _text(piece: Cell) -> Text:
    return Text(escape(piece.text), style=_STYLES[piece.tone])
