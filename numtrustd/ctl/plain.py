"""Documents as aligned text without colour, for pipes, files and mails. `terminal` is the other writer."""

from collections.abc import Iterator

from numtrustd.ctl.document import Block, Command, Document, Drawing, Facts, Heading, Line, Prose, Table
from numtrustd.ctl.text import escape
from numtrustd.domain.display import width

COLUMNS = 80
"""Nobody says how wide a pipe is: drawings are made for the narrowest terminal."""


def lines(document: Document) -> Iterator[str]:
    """The document's lines, without line ends. No hints: nobody types into a pipe."""
    for index, block in enumerate(document.blocks):
        if index and isinstance(block, Heading):
            yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Line(indent=indent) as line:
            yield (" " * indent + "".join(before + escape(c.text) for before, c in line.pieces())).rstrip()
        case Heading(text):
            yield escape(text)
        case Prose(text, indent):
            yield from prose(text, indent)
        case Command(command, indent):
            yield " " * indent + escape(command)
        case Drawing() as drawing:
            for pieces in drawing.rows(COLUMNS):
                yield "".join(escape(piece.text) for piece in pieces).rstrip()
        case Facts() as facts:
            rows = [(escape(name), escape(value.text)) for name, value in facts.cells()]
            wide = max((width(name) for name, _ in rows), default=0)
            for name, value in rows:
                yield f"{' ' * facts.indent}{_pad(name, wide)}  {value}".rstrip()
        case Table() as table:
            if not table.rows:
                yield table.empty
                return
            columns, body = table.cells()
            texts = [columns, *([escape(c.text) for c in row] for row in body)]
            widths = [max(width(row[i]) for row in texts) for i in range(len(columns))]
            for texts_of_row in texts:
                yield "  ".join(_pad(t, w) for t, w in zip(texts_of_row, widths, strict=True)).rstrip()


def prose(text: str, indent: int) -> Iterator[str]:
    """A text's own lines, each escaped."""
    for line in text.splitlines():
        yield (" " * indent + escape(line)).rstrip()


def _pad(text: str, wide: int) -> str:
    return text + " " * (wide - width(text))
