"""A platform's HTML, parsed only where parsing is sure to be quick and small.

lexbor takes real pages at a hundred megabytes a second, but a hostile one of 256 KiB can hold it for seconds: 50 000
nested elements (6 s to parse, 24 s for one descendant selector), 30 000 attributes on one element (2 s). And 32 KB of
formatting elements left open become 800 MB, since each block after them repeats them all. Nothing here can be
interrupted, so such a page is refused, most of them before they are parsed; `match` then has a view that could not be
read.
"""

import re
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

MAX_TAGS: Final = 20_000
MAX_DEPTH: Final = 1_000

MAX_REPEATED: Final = 1_500_000
"""Characters of formatting tags that the parser may repeat: 30 MB, 70 ms."""
MAX_OPEN_BY_TAGS: Final = 10_000_000
"""Elements that may be open × tags, since an end tag is compared with all that is open: 100 ms."""
MAX_ATTRIBUTE_SQUARES: Final = 20_000_000
"""The sum over all tags of their attributes' number squared, since each is compared with those before it: 130 ms."""
MAX_DEPTH_BY_NODES: Final = 3_000_000
MAX_DEPTH_BY_BYTES: Final = 40_000_000
"""What a selector may have to go through that looks, from each level, at all nodes below or at all bytes: 0.2 s."""

_FEW: Final = 8_192
_SHORT: Final = 64
_ADOPTED: Final = 8
"""How often an end tag that stands in the wrong place makes the parser repeat what is open."""
_IMPLIED: Final = 8
"""Elements that HTML opens by itself, once in a page."""
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
_TOKEN: Final = re.compile(
    r"""<(?:
        /([A-Za-z][A-Za-z0-9]*+)[\t\n\f\r ]*+>                                             # 1: an end tag
      | ([A-Za-z][^\t\n\f\r /><]*+)                                                        # 2: a start tag
        ((?:[\t\n\f\r /]++                                                                 # 3: and all the rest of it
          | [^\t\n\f\r /><][^\t\n\f\r /><=]*+
            (?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"<]*+"|'[^'<]*+'|(?=>)|[^\t\n\f\r ><"'][^\t\n\f\r ><]*+))?+
        )*+>)?+
      | !--[^<]*?-->
      | (?:!(?!--|\[)|\?)[^<>]*+>
      | ([!?/])                                                                            # 4: what may be anything
    )""",
    re.VERBOSE,
)
_REST: Final = re.compile(
    r"""(?:[\t\n\f\r /]++
      | [^\t\n\f\r />][^\t\n\f\r />=]*+
        (?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+'|(?=>)|[^\t\n\f\r >"'][^\t\n\f\r >]*+))?+
    )*+>""",
    re.VERBOSE,
)
"""The rest of a start tag that has a `<` in it: where it ends, if it is a tag."""
_GAP: Final = re.compile(r"""[\t\n\f\r /"']""")
"""Between two attributes stands at least one of these."""


class _Shape(NamedTuple):
    """What a page may come to, not less than it will: elements open at once, characters of formatting tags repeated,
    attributes squared."""

    left_open: int
    repeated: int
    squares: int

    @property
    def harmless(self) -> bool:
        return self.repeated <= MAX_REPEATED and self.squares <= MAX_ATTRIBUTE_SQUARES


def parse(text: str) -> LexborNode | None:
    """The root element, or `None` for a page that would take too long."""
    tags = text.count("<")
    if tags * len(text) <= MAX_REPEATED and len(text) <= _FEW:  # most pages: nothing can come of so little
        return LexborHTMLParser(text).root
    if tags > MAX_TAGS:
        return None
    shape = _estimated(text)
    depth = 2 * shape.left_open + _IMPLIED  # a cell brings its row and its table's body along
    if not shape.harmless or depth * tags > MAX_OPEN_BY_TAGS:
        return None
    root = LexborHTMLParser(text).root
    size = len(text.encode("utf-8", "surrogatepass"))
    nodes = 2 * tags + shape.repeated // len("<b>")
    if root is None or _quick(depth, nodes, size) or _quick(*_measured(root), size):
        return root
    return None


def _quick(depth: int, nodes: int, size: int) -> bool:
    """Whether a page of this shape can be searched quickly."""
    return depth <= MAX_DEPTH and depth * nodes <= MAX_DEPTH_BY_NODES and depth * size <= MAX_DEPTH_BY_BYTES


def _estimated(text: str) -> _Shape:
    """The shape as far as it can be told without a parser; not to the end if it is not harmless.

    An end tag counts only right after the start tag of its name, with nothing but such pairs in between: then it is one
    if that was one. Elsewhere it may stand in a comment, a script or a quoted value, or may be one that HTML ignores.
    What is not known to be closed counts as open to the end.
    """
    left: list[tuple[str, int]] = []  # each name that is open, and what was repeated before it
    most = repeating = repeated = squares = link = searched = 0
    for found in _TOKEN.finditer(text):
        end, start, rest, anything = found.groups()
        repeated += repeating
        if end is not None:
            if left and left[-1][0] == end.lower():
                repeating = left.pop()[1]
                continue
            repeated += _ADOPTED * repeating
            left.append(("", repeating))
        elif start is not None:
            name, sure = start.lower(), rest is not None
            if not sure:
                longer = _REST.match(text, found.end())
                rest = "" if longer is None else longer[0]
                searched += len(text) - found.end() if longer is None else len(rest)
            if len(rest) > _SHORT:
                squares += len(_GAP.findall(rest)) ** 2
            if sure and name in _VOID:
                continue
            left.append((name if sure else "", repeating))
            if name in _FORMATTING:
                length = len(start) + len(rest) + 1
                if name == "a":  # of links only one is open at a time
                    length, link = max(0, length - link), max(length, link)
                repeating += length
        elif anything is not None:
            left.append(("", repeating))
        most = max(most, len(left))
        if repeated > MAX_REPEATED or squares > MAX_ATTRIBUTE_SQUARES or searched > 8 * len(text):
            return _Shape(most, MAX_REPEATED + 1, squares)
    return _Shape(most, repeated, squares)


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
