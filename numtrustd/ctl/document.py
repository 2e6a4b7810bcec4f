"""What there is to print, before anybody decides how: blocks of cells with a meaning instead of a colour.

`render` and `render_detail` make these, `plain` and `terminal` write them.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


class Tone(enum.StrEnum):
    """Why a piece of text stands out."""

    PLAIN = ""
    STRONG = "strong"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    DIM = "dim"


@dataclass(frozen=True)
class Cell:
    """A piece of text, unescaped; `short` is the same in fewer columns, for a table that has no room for all of it."""

    text: str
    tone: Tone = Tone.PLAIN
    short: str | None = None


CellLike = Cell | str | int | None


def cell(value: CellLike) -> Cell:
    """Anything that goes into a table; None is an empty cell."""
    if isinstance(value, Cell):
        return value
    return Cell("" if value is None else str(value))


@dataclass(frozen=True)
class Line:
    """One line of pieces, indented by so many columns."""

    cells: tuple[Cell, ...]
    indent: int = 0

    def pieces(self) -> Iterator[tuple[str, Cell]]:
        """(what stands before it, a piece): a space, but none at a Chinese bracket or colon, which brings its own."""
        before = ""
        for piece in self.cells:
            if piece.text:
                yield ("" if not before or before.endswith(("：", "（")) or piece.text.startswith("（") else " "), piece
                before = piece.text


@dataclass(frozen=True)
class Prose:
    """Text with line ends of its own, such as a letter."""

    text: str
    indent: int = 0


@dataclass(frozen=True)
class Column:
    """A column of a table, and what becomes of it where there is no room for all: the one with the greatest `drop` is
    left out first, one of 0 never; a text is cut to no less than `cut` columns, at 0 never. `prose` alone is wrapped;
    with less than its `cut` columns beside the others it goes below its row.
    """

    name: str
    drop: int = 0
    cut: int = 0
    prose: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under column names. Columns in which no row has anything are left out; without rows, `empty` is
    said. Where a column says what becomes of it in a narrow terminal, a row is one line; else it may be of several, and
    nothing is left out.
    """

    columns: tuple[str | Column, ...]
    rows: Sequence[Sequence[CellLike]]
    empty: str = ""

    @property
    def fitting(self) -> bool:
        """Whether the columns say what becomes of them where there is no room for all."""
        return any(isinstance(column, Column) for column in self.columns)

    def used(self) -> tuple[list[Column], list[list[Cell]]]:
        """Columns and rows, without the empty columns."""
        rows = [[cell(c) for c in row] for row in self.rows]
        used = [i for i in range(len(self.columns)) if any(row[i].text for row in rows)]
        columns = [c if isinstance(c, Column) else Column(c) for c in self.columns]
        return [columns[i] for i in used], [[row[i] for i in used] for row in rows]

    def cells(self) -> tuple[list[str], list[list[Cell]]]:
        """Column names and rows, without the empty columns."""
        columns, rows = self.used()
        return [column.name for column in columns], rows


@dataclass(frozen=True)
class Facts:
    """Names and values, aligned. A value of None is left out."""

    rows: Sequence[tuple[str, CellLike]]
    indent: int = 0

    def cells(self) -> list[tuple[str, Cell]]:
        """Without those that are not there."""
        return [(name, cell(value)) for name, value in self.rows if value is not None]


@dataclass(frozen=True)
class Heading:
    """The name of what follows."""

    text: str


@dataclass(frozen=True)
class Drawing:
    """Rows of pieces that follow each other without a space, made for the columns that there are; none may be wider.
    Without room for it there are no rows.
    """

    rows: Callable[[int], Sequence[tuple[Cell, ...]]]


@dataclass(frozen=True)
class Command:
    """A command, whole, to be copied: a terminal breaks it so that it can still be."""

    command: str
    indent: int = 0


Block = Line | Prose | Table | Facts | Heading | Drawing | Command


@dataclass
class Document:
    """Blocks in their order, and the commands that the reader may want next."""

    blocks: list[Block] = field(default_factory=list)
    hints: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(len(b.rows) for b in self.blocks if isinstance(b, Table))

    def line(self, *cells: CellLike, indent: int = 0) -> None:
        self.blocks.append(Line(tuple(cell(c) for c in cells), indent))

    def heading(self, text: str) -> None:
        self.blocks.append(Heading(text))

    def prose(self, text: str, indent: int = 0) -> None:
        self.blocks.append(Prose(text, indent))

    def facts(self, *rows: tuple[str, CellLike], indent: int = 0) -> None:
        self.blocks.append(Facts(rows, indent))

    def table(self, columns: Sequence[str | Column], rows: Sequence[Sequence[CellLike]], empty: str = "") -> None:
        self.blocks.append(Table(tuple(columns), rows, empty))

    def drawing(self, rows: Callable[[int], Sequence[tuple[Cell, ...]]]) -> None:
        self.blocks.append(Drawing(rows))

    def command(self, command: str, indent: int = 0) -> None:
        self.blocks.append(Command(command, indent))

    def hint(self, command: str, what: str) -> None:
        """A command to type next, without the program's name."""
        self.hints.append((command, what))
