"""Which columns of a table stand side by side in so many columns of a terminal, and how wide each is. Pure.

A list whose columns say what becomes of them where room is scarce has one line a row (`one_line`). Of any other table
no word is broken as long as it is narrower than the terminal: what has no room beside the others is told below its row,
by name (`fit`). `terminal` beside this module writes what is decided here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from numtrustd.columns import widest
from numtrustd.ctl.document import Cell, Column
from numtrustd.ctl.text import escape
from numtrustd.domain.display import width

GAP = 2
"""Between two columns."""

_EASY = 26
"""Text up to this is wrapped to two lines where room is scarce; a longer one keeps so much room, or is moved out: in a
narrow column it would be hard to read.
"""

_RUN = 12
"""Chinese has no spaces and may be broken anywhere; a name of this width is kept whole."""


@dataclass(frozen=True)
class Plan:
    """`beside` is (column, width) of those that stand side by side, `below` the columns that are told under the row."""

    beside: tuple[tuple[int, int], ...]
    below: tuple[int, ...]


GLUE = "\ue000"
"""Stands for a space at which a text is not to be broken; nothing that is shown has this character in it."""

_TOGETHER = re.compile(r"\([^()]{1,17}\)|\[[^\[\]]{1,17}\]|\d\d-\d\d \d\d:\d\d|\b\d+ (?:min|[shd])\b(?: ago)?")
"""An age or whose move it is in brackets, a date with its time, a count with its unit."""


def glued(text: str) -> str:
    """The text with `GLUE` for the spaces at which it would be hard to read if it were broken."""
    return _TOGETHER.sub(lambda found: found[0].replace(" ", GLUE), text)


def longest_word(text: str) -> int:
    """The width of the widest piece of a text that is not to be broken."""
    return max(map(_unbroken, glued(text).split()), default=0)


def _unbroken(word: str) -> int:
    if word.isascii() or GLUE in word:
        return width(word)
    # An id in Chinese has no space before it, and yet a line may end there.
    return max(min(width(word), _RUN), widest(word))


def fit(names: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> Plan:
    """Lay out a table. The first column names the row and always stays."""
    many = range(len(names))
    natural = [max(width(names[i]), *(width(row[i]) for row in rows), 0) for i in many]
    words = [max(longest_word(names[i]), *(longest_word(row[i]) for row in rows), 0) for i in many]
    least = [max(words[i], -(-natural[i] // 2) if natural[i] <= _EASY else _EASY) for i in many]
    beside = list(many)
    while len(beside) > 1 and sum(least[i] for i in beside) + GAP * (len(beside) - 1) > columns:
        # The widest has the most to tell and reads best on a line of its own; the first are what one looks for.
        beside.remove(max(beside[1:], key=lambda i: least[i] * (len(names) + 2 * i)))
    if not beside:
        return Plan((), ())
    widths = {i: min(least[i], columns) for i in beside}
    spare = columns - sum(widths.values()) - GAP * (len(beside) - 1)
    # What is nearly wide enough is helped first, so that as few rows as possible are wrapped.
    for i in sorted(beside, key=lambda i: natural[i] - widths[i]):
        more = max(0, min(spare, natural[i] - widths[i]))
        widths[i] += more
        spare -= more
    return Plan(tuple((i, widths[i]) for i in beside), tuple(i for i in many if i not in widths))


def continued(command: str, columns: int) -> list[str]:
    """A command as lines that a shell takes for one, broken before its options; an option with its value is whole."""
    first, *options = command.split(" --")
    rows, room = [first], columns - len(_CONTINUES)
    for option in (f"--{option}" for option in options):
        if width(rows[-1]) + 1 + width(option) <= room:
            rows[-1] += f" {option}"
        else:
            rows.append(f"    {option}")
    if len(rows) > 1 and width(command) <= columns:
        return [command]
    return [*(row + _CONTINUES for row in rows[:-1]), rows[-1]]


_CONTINUES = " \\"


# ---------------------------------------------------------------------------------------------------------- one line

_PROSE = 20
"""Columns that the wrapped column wants beside the others; with less it goes below its row, over the whole width."""

_LONG = 100
"""A text that is wider than this goes below its row at once: in what is left beside the others it would be a pillar."""


@dataclass(frozen=True)
class Lines:
    """How a list is laid out: `beside` is (column, width) of those that stand side by side, where those in `short` show
    their short texts and `wrapped` is the prose; `below` is prose that stands below its row, `dropped` are the columns
    that are shown nowhere.
    """

    beside: tuple[tuple[int, int], ...]
    short: frozenset[int]
    wrapped: int | None
    below: int | None
    dropped: tuple[int, ...]


def one_line(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int) -> Lines | None:
    """Lay out a list so that a row is one line, its prose apart. What has to give way does so in the order of `drop`:
    texts become short, then are cut, then whole columns are left out. `None` if what has to stay has no room.
    """
    prose = next((i for i, column in enumerate(columns) if column.prose), None)
    if prose is not None:
        texts = [escape(row[prose].text) for row in rows]
        natural, word = max(map(width, texts), default=0), max(map(longest_word, texts), default=0)
        if natural <= _LONG or columns[prose].cut:
            wanted = max(width(columns[prose].name), min(natural, max(columns[prose].cut or _PROSE, word)))
            widths = _widths(columns, rows, room - wanted - GAP, prose)
            if widths is not None:
                spare = room - sum(widths[0].values()) - GAP * len(widths[0])
                widths[0][prose] = min(spare, max(natural, wanted))
                return _lines(columns, widths, wrapped=prose)
    widths = _widths(columns, rows, room, prose)
    return None if widths is None else _lines(columns, widths, below=prose)


def _lines(
    columns: Sequence[Column],
    widths: tuple[dict[int, int], frozenset[int]],
    wrapped: int | None = None,
    below: int | None = None,
) -> Lines:
    shown, short = widths
    dropped = tuple(i for i in range(len(columns)) if i not in shown and i != below)
    return Lines(tuple(sorted(shown.items())), short, wrapped, below, dropped)


def _widths(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int, prose: int | None
) -> tuple[dict[int, int], frozenset[int]] | None:
    """The widths of all but the prose, and which of them show short texts; `None` if there is no room for them."""

    def widest(i: int, short: bool) -> int:
        texts = (c.short if short and c.short is not None else c.text for c in (row[i] for row in rows))
        return max(width(columns[i].name), max((width(escape(text)) for text in texts), default=0))

    many = [i for i in range(len(columns)) if i != prose]
    order = sorted(many, key=lambda i: -columns[i].drop)
    full, brief = {i: widest(i, False) for i in many}, {i: widest(i, True) for i in many}
    least = {
        i: min(brief[i], max(columns[i].cut, width(columns[i].name))) if columns[i].cut else brief[i] for i in many
    }
    widths = dict(full)

    def spare() -> int:
        return room - sum(widths.values()) - GAP * max(len(widths) - 1, 0)

    for narrower in (brief, least):
        for i in order:
            if spare() < 0:
                widths[i] = max(narrower[i], widths[i] + spare()) if narrower is least else narrower[i]
    for i in order:
        if spare() < 0 and columns[i].drop:
            del widths[i]
    if spare() < 0:
        return None
    # A wide column that was left out may have made room for what the others had to give.
    for wider in (brief, full):
        for i in reversed(order):
            if i in widths and widths[i] < wider[i]:
                more = min(spare(), wider[i] - widths[i])
                widths[i] += more if wider is brief or more == wider[i] - widths[i] else 0
    return widths, frozenset(i for i in widths if widths[i] < full[i])
