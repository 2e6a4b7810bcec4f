"""Where a line of text may be broken. Pure.

Between words, as everywhere; and in Chinese, which has no spaces, between characters, but never within a word of
another tongue in it, nor so that a line begins with a comma or ends with an opening bracket. `terminal` beside this
writes what is decided here.
"""

import re

from numtrustd.ctl.text import width

_CLOSES = "，。；：、！？）】》”’…,.;:!?)]}%"
_OPENS = "（【《“‘([{"
_WIDE = r"[\u2e80-\u303f\u30a0-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffe6]"
_PIECES = re.compile(
    rf"\([^()\s]{{1,17}}\)[{re.escape(_CLOSES)}]*|[{re.escape(_OPENS)}]*(?:{_WIDE}|(?:(?!{_WIDE})[^\s{re.escape('（【《“‘')}])+)[{re.escape(_CLOSES)}]*|\S"
)
"""What stays together: an age in brackets, a Chinese character, or a run of others, with the brackets and commas that
belong to it.
"""


def lines(text: str, columns: int) -> list[tuple[int, int]]:
    """(begin, end) of each line of a text in so many columns, without the spaces at which it was broken. What is wider
    than that by itself is cut.
    """
    made: list[tuple[int, int]] = []
    begin = end = 0
    for piece in _PIECES.finditer(text):
        if begin == end:
            begin = piece.start() if made else 0  # the indent of the first line stays
        if end > begin and width(text[begin : piece.end()]) > columns:
            made.append((begin, end))
            begin = piece.start()
        end = piece.end()
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


def _fitting(text: str, begin: int, end: int, columns: int) -> int:
    """The end of as much of a piece as has room; one character has always."""
    cut = begin + 1
    while cut < end and width(text[begin : cut + 1]) <= columns:
        cut += 1
    return cut
