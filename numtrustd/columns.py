"""Text in the columns of a terminal: how wide it is, where a line may be broken, how a long message is put out.

Between words, as everywhere; and in Chinese, which has no spaces, between characters, but never within a word of
another tongue in it, nor so that a line begins with a comma or ends with an opening bracket. Both programs say what is
wrong by it; off a terminal a message stays one line, for whoever searches it.
"""

import os
import re
from collections.abc import Iterator
from typing import TextIO

from numtrustd.domain.display import width

_CLOSES = "，。；：、！？）】》”’…,.;:!?)]}%"
_OPENS = "（【《“‘([{"
_WIDE = r"[\u2e80-\u303f\u30a0-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffe6]"
_PIECES = re.compile(
    rf"\([^()\s]{{1,17}}\)[{re.escape(_CLOSES)}]*|[{re.escape(_OPENS)}]*(?:{_WIDE}|(?:(?!{_WIDE})[^\s{re.escape('（【《“‘')}])+)[{re.escape(_CLOSES)}]*|\S"
)
"""What stays together: an age in brackets, a Chinese character, or a run of others, with the brackets and commas that
belong to it.
"""

_COMMAND = re.compile(rf"[{re.escape(_OPENS)}]*`[^`]+`[{re.escape(_CLOSES)}]*")
_INDENT = 2
"""Of the further lines of a message."""

_NARROWEST, _USUAL = 20, 80
"""Columns that are written for at the least, and where a terminal does not say how many it has."""


def of(stream: TextIO) -> int | None:
    """The columns of the terminal behind a stream; `None` if there is none."""
    if not stream.isatty():
        return None
    if (said := os.environ.get("COLUMNS", "")).isdecimal():
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    except OSError:
        return _USUAL


def message(text: str, columns: int | None) -> str:
    """A message as it is put out: one line, or in so many columns as many as it takes, indented from the second on. A
    command in backquotes is not broken if it has room on a line of its own, so that it can be copied.
    """
    if columns is None or width(text) <= columns:
        return text
    room = max(columns, _NARROWEST) - _INDENT
    return f"\n{' ' * _INDENT}".join(text[begin:end] for begin, end in lines(text, room, commands=True))


def fitted(text: str, stream: TextIO) -> str:
    """A message for the terminal behind a stream, or in one line where there is none."""
    return message(text, of(stream))


def lines(text: str, columns: int, *, commands: bool = False) -> list[tuple[int, int]]:
    """(begin, end) of each line of a text in so many columns, without the spaces at which it was broken. What is wider
    than that by itself is cut. With `commands`, what stands in backquotes is broken only where it has to be.
    """
    made: list[tuple[int, int]] = []
    begin = end = 0
    for starts, ends in _pieces(text, columns if commands else 0):
        if begin == end:
            begin = starts if made else 0  # the indent of the first line stays
        if end > begin and width(text[begin:ends]) > columns:
            made.append((begin, end))
            begin = starts
        end = ends
        while width(text[begin:end]) > columns:
            cut = _fitting(text, begin, end, columns)
            made.append((begin, cut))
            begin = cut
    if end > begin or not made:
        made.append((begin, end))
    return made


def widest(text: str) -> int:
    """The width of the widest of what stays together in a text."""
    return max((width(piece[0]) for piece in _PIECES.finditer(text)), default=0)


def _pieces(text: str, command: int) -> Iterator[tuple[int, int]]:
    """(begin, end) of what stays together, commands of up to so many columns among it."""
    at = 0
    for found in _COMMAND.finditer(text) if command else ():
        if width(found[0]) <= command:
            yield from (piece.span() for piece in _PIECES.finditer(text, at, found.start()))
            yield found.span()
            at = found.end()
    yield from (piece.span() for piece in _PIECES.finditer(text, at))


def _fitting(text: str, begin: int, end: int, columns: int) -> int:
    """The end of as much of a piece as has room; one character has always."""
    cut = begin + 1
    while cut < end and width(text[begin : cut + 1]) <= columns:
        cut += 1
    return cut
