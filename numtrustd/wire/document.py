"""A platform's HTML, parsed only where parsing is sure to be quick.

lexbor takes real pages at a hundred megabytes a second, but a hostile one of 256 KiB can hold it for seconds:
50 000 nested elements (6 s to parse, 24 s for one descendant selector), 30 000 attributes on one element (2
s). Nothing here can be interrupted, so such a page is refused before it is parsed; `match` then has a view
that could not be read.
"""

import re
from collections import Counter

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

MAX_TAGS = 20_000
MAX_DEPTH = 1_000
MAX_ATTRIBUTES = 2_000

_FEW_TAGS = 2_000  # so many cannot nest deep enough to hurt, so the usual page pays two `str.count`
_LONG_TAG = 16_384
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_VOID = frozenset(
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
_OPAQUE = ("script", "style", "!--", "/")


def parse(text: str) -> LexborNode | None:
    """The root element, or `None` for a page that would take too long."""
    if not harmless(text):
        return None
    return LexborHTMLParser(text).root


def harmless(text: str) -> bool:
    """Whether parsing and selecting are sure to take milliseconds. Costs microseconds on usual pages."""
    tags = text.count("<")
    if tags > MAX_TAGS:
        return False
    if tags > _FEW_TAGS and _depth(text) > MAX_DEPTH:
        return False
    return len(text) <= 2 * _LONG_TAG or all(
        len(piece) <= _LONG_TAG
        or piece[:6].lower().startswith(_OPAQUE)
        or len(piece.split(None, MAX_ATTRIBUTES)) <= MAX_ATTRIBUTES
        for piece in text.split("<")
    )


def _depth(text: str) -> int:
    """At least the depth of the tree: elements that HTML closes by itself (`<p>`) count as left open."""
    depth = deepest = 0
    left_open: Counter[str] = Counter()
    for found in _TAG.finditer(text):
        name = found[2].lower()
        if not found[1]:
            if name not in _VOID:
                left_open[name] += 1
                depth += 1
                deepest = max(deepest, depth)
        elif left_open[name]:  # else a decoy: an end tag of nothing closes nothing
            left_open[name] -= 1
            depth -= 1
    return deepest


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
