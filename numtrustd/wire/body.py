"""The body of an answer, before anybody reads meaning into it: its text, and whether there is any.

`match` makes views of the text.
"""

import re

from numtrustd.wire.exchange import Reply

BOM = b"\xef\xbb\xbf"
"""What some servers put before UTF-8."""

_CHARSETS = {
    **dict.fromkeys(("gb18030", "gbk", "gb2312"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("latin-1", "latin1", "iso-8859-1"), "latin-1"),
}
"""Charsets that a platform may name. Python knows many more, and some of them are not charsets at all (zlib, rot13)."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,20})", re.IGNORECASE)
_BLANK = re.compile(rb"""([\w.$]{1,64}\s*\()?\s*(null|""|\{\s*\}|\[\s*\])?\s*\)?\s*;?""")


def blank(body: bytes) -> bool:
    """A body that says nothing at all: empty, `callback()`, `{}`, `null`."""
    return len(body) < 256 and _BLANK.fullmatch(body.removeprefix(BOM).strip()) is not None


def decoded(reply: Reply) -> str:
    """The text of a body: UTF-8, else in the charset that it names, if that is one that platforms use."""
    try:
        return reply.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return reply.body.decode(charset(reply), errors="replace")


def charset(reply: Reply) -> str:
    """The charset that the answer names, as Python calls it; UTF-8 for one that it may not name."""
    named = _CHARSET.search(reply.header("content-type") or "")
    return _CHARSETS.get(named[1].lower(), "utf-8") if named else "utf-8"
