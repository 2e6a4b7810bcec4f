"""A platform's HTML, parsed only where parsing is sure to be quick and small.

lexbor takes real pages at a hundred megabytes a second, but a hostile one of 256 KiB can hold it for seconds: 50 000
nested elements (6 s to parse, 24 s for one descendant selector), 30 000 attributes on one element (2 s). And 32 KB of
formatting elements left open become 800 MB, since each block after them repeats them all. Nothing here can be
interrupted, so such a page is refused, most of them before they are parsed; `match` then has a view that could not be
read.
"""

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

MAX_TAGS: Final = 20_000
MAX_DEPTH: Final = 1_000
MAX_ATTRIBUTES: Final = 2_000

MAX_REPEATED: Final = 1_500_000
"""Characters of formatting tags that the parser may repeat: 30 MB, 70 ms."""
MAX_OPEN_BY_TAGS: Final = 10_000_000
"""Elements that may be open × tags, since an end tag is compared with all that is open: 100 ms."""
MAX_DEPTH_BY_NODES: Final = 3_000_000
MAX_DEPTH_BY_TEXT: Final = 40_000_000
"""What a selector may have to go through that looks, from each level, at all nodes below or at all bytes: 0.2 s."""

_LONG_TAG: Final = 16_384
_ADOPTED: Final = 8
"""How often an end tag that stands in the wrong place makes the parser repeat what is open."""
_IMPLIED: Final = 8
"""Elements that HTML opens by itself: html, body, tbody, tr and the like."""
_VOID: Final = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    )
)
_FORMATTING: Final = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)
_OPAQUE: Final = ("script", "style", "!--", "/")
_TOKEN: Final = re.compile(
    r"""<(?:
        /([A-Za-z][A-Za-z0-9]*+)[\t\n\f\r ]*+>                                             # 1: an end tag
      | ([A-Za-z][^\t\n\f\r /><]*+)                                                        # 2: a start tag
        ((?:[\t\n\f\r /]++                                                                 # 3: and how it goes on
          | [^\t\n\f\r /><][^\t\n\f\r /><=]*+
            (?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"<]*+"|'[^'<]*+'|(?=>)|[^\t\n\f\r ><"'][^\t\n\f\r ><]*+))?+
        )*+>)?+
      | !--[^<]*?-->
      | (?:!(?!--|\[)|\?)[^<>]*+>
      | ([!?/])                                                                            # 4: what may be anything
    )""",
    re.VERBOSE,
)


def parse(text: str) -> LexborNode | None:
    """The root element, or `None` for a page that would take too long."""
    tags = text.count("<")
    if tags > MAX_TAGS or not _short_tags(text):
        return None
    # So few cannot come near any bound; most pages are so.
    few = tags <= MAX_DEPTH and tags * len(text) <= MAX_REPEATED
    left_open, repeated = (tags, 0) if few else _estimates(text)
    if repeated > MAX_REPEATED or left_open * tags > MAX_OPEN_BY_TAGS:
        return None
    root = LexborHTMLParser(text).root
    size = len(text.encode("utf-8", "surrogatepass"))
    nodes = 2 * tags + repeated // len("<b>")
    if few or root is None or _quick(left_open + _IMPLIED, nodes, size):
        return root
    return root if _quick(*_measured(root), size) else None


def _quick(depth: int, nodes: int, size: int) -> bool:
    """Whether a page of this shape can be searched quickly."""
    return depth <= MAX_DEPTH and depth * nodes <= MAX_DEPTH_BY_NODES and depth * size <= MAX_DEPTH_BY_TEXT


def _estimates(text: str) -> tuple[int, int]:
    """(elements open at once, characters of formatting tags that are repeated): not fewer than there will be.

    An end tag counts only right after the start tag of its name, with nothing but such pairs in between: then it is one
    if that was one. Elsewhere it may stand in a comment, a script or a quoted value, or may be one that HTML ignores;
    to tell takes a parser. What is not known to be closed counts as open to the end.
    """
    left: list[tuple[str, int]] = []  # each name that is open, and what was repeated before it
    most = repeating = repeated = link = 0
    for end, start, rest, anything in _TOKEN.findall(text):
        repeated += repeating
        if end:
            if left and left[-1][0] == end.lower():
                repeating = left.pop()[1]
                continue
            repeated += _ADOPTED * repeating
            left.append(("", repeating))
        elif start:
            name = start.lower()
            if rest and name in _VOID:
                continue
            left.append((name if rest else "", repeating))
            if name in _FORMATTING:
                # One with `<` in it may end anywhere.
                length = len(start) + len(rest) + 1 if rest else len(text)
                if name == "a":  # of links only one is open at a time
                    length, link = max(0, length - link), max(length, link)
                repeating += length
        elif anything:
            left.append(("", repeating))
        if len(left) > most:
            most = len(left)
    return most, repeated


def _short_tags(text: str) -> bool:
    """Whether no element has thousands of attributes."""
    return len(text) <= 2 * _LONG_TAG or all(
        len(piece) <= _LONG_TAG
        or piece[:6].lower().startswith(_OPAQUE)
        or len(piece.split(None, MAX_ATTRIBUTES)) <= MAX_ATTRIBUTES
        for piece in text.split("<")
    )


def _measured(root: LexborNode) -> tuple[int, int]:
    """(depth, nodes) of the tree as it came out."""
    node: LexborNode | None = root
    depth = deepest = nodes = 0
    while node is not None:
        nodes += 1
        below = node.first_child
        if below is not None:
            depth += 1
            deepest = max(deepest, depth)
            node = below
            continue
        while node is not None and node.next is None:
            node = node.parent if depth else None
            depth -= 1
        node = None if node is None else node.next
    return deepest, nodes


def first(node: LexborNode, css: str) -> LexborNode | None:
    """The first element that a selector finds. Raises `ValueError` for a selector that lexbor cannot read."""
    try:
        return node.css_first(css)
    except SelectolaxError as error:
        raise ValueError(f"not a CSS selector: {css!r}") from error


def every(node: LexborNode, css: str) -> list[LexborNode]:
    """All elements that a selector finds, in document order. Raises `ValueError` like `first`."""
    try:
        return node.css(css)
    except SelectolaxError as error:
        raise ValueError(f"not a CSS selector: {css!r}") from error
