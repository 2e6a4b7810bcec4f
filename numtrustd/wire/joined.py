"""Two pages in one body: the end of somebody's answer before the beginning of ours, or the other way round.

A proxy or a cache that loses count makes such bodies, and HTML parsers read them without complaint: a card that was cut
off before its label then ends with the other page's `</html>`, as if it were whole. JSON needs no such care: two
values in one body do not parse.
"""

import re

_START = re.compile(r"(?:\s|\ufeff|<!--(?:(?!-->).){0,4096}-->|<\?[^>]{0,256}>|<!doctype[^>]{0,256}>)*+", re.I | re.S)
"""What may stand before a page's <html>: white space, comments, an XML declaration, the doctype."""
_HEAD, _DOCTYPE, _TAIL = ("<html", "<HTML"), ("<!doctype", "<!DOCTYPE"), ("</html", "</HTML")
_OPAQUE = (("<!--", "-->"), ("<script", "</script"))


def joined(text: str) -> bool:
    """Whether a page begins or ends anywhere but at its own ends. What has neither <html> nor doctype is no page."""
    if not _count(text, _HEAD):
        # The beginning is lost, or never was there: a fragment has no end tag either.
        return _count(text, _TAIL) > 0 or _count(text, _DOCTYPE) > 1
    return not _alone(text) and not _alone(_bare(text))


def _alone(text: str) -> bool:
    if _count(text, _HEAD) != 1 or _count(text, _DOCTYPE) > 1 or _count(text, _TAIL) > 1:
        return False
    start = _START.match(text)
    return start is not None and text.startswith(_HEAD, start.end())


def _count(text: str, names: tuple[str, str]) -> int:
    return text.count(names[0]) + text.count(names[1])


def _bare(text: str) -> str:
    """The page without comments and scripts, which may speak of <html> as they like: comments for old browsers do."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter whose small form is longer: no place in one is a place in the other
        lowered = text
    kept: list[str] = []
    at = 0
    ends = [lowered.find(opening) for opening, _ in _OPAQUE]
    while any(end >= 0 for end in ends):
        which = min((i for i, end in enumerate(ends) if end >= 0), key=lambda i: ends[i])
        kept.append(text[at : ends[which]])
        closing = _OPAQUE[which][1]
        end = lowered.find(closing, ends[which] + 4)
        at = len(text) if end < 0 else end + len(closing)
        ends = [lowered.find(o, at) if 0 <= ends[i] < at else ends[i] for i, (o, _) in enumerate(_OPAQUE)]
    kept.append(text[at:])
    return "".join(kept)
