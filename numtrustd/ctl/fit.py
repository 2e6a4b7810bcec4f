"""Which columns of a table stand side by side in so many columns of a terminal, and how wide each is. Pure.

No word is broken as long as it is narrower than the terminal: what has no room beside the others is told below its
row, by name. `terminal` beside this module writes what is decided here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from numtrustd.ctl.text import width

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

_WORD_IN_IT = re.compile(r"[!-~]{5}")
"""Chinese with a word of another tongue in it: nobody can say where that may be broken."""

_TOGETHER = re.compile(r"\([^()]{1,17}\)|\d\d-\d\d \d\d:\d\d|\b\d+ (?:min|[shd])\b(?: ago)?")
"""An age in brackets, a date with its time, a count with its unit."""


def glued(text: str) -> str:
    """The text with `GLUE` for the spaces at which it would be hard to read if it were broken."""
    return _TOGETHER.sub(lambda found: found[0].replace(" ", GLUE), text)


def longest_word(text: str) -> int:
    """The width of the widest piece of a text that is not to be broken."""
    return max(map(_unbroken, glued(text).split()), default=0)


def _unbroken(word: str) -> int:
    if word.isascii() or GLUE in word or _WORD_IN_IT.search(word):
        return width(word)
    return min(width(word), _RUN)


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
