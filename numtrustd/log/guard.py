"""What may not stand in a line: secrets, phone numbers when they are masked, control characters, too much.

Works on values before they are encoded, so that a quote or a backslash in a secret hides nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from numtrustd.domain.number import from_canonical, mask
from numtrustd.wire.secrecy import REDACTED, spellings

_LISTS = (list, tuple)

LONG = 16_384
"""Characters of one text or list that are looked at; the rest would not fit into a record, and costs time."""

MULTI_LINE = frozenset({"error.stack_trace"})
"""Keys whose line breaks are kept; everywhere else a line break could forge a line on somebody's terminal."""

# Controls, bidi and zero-width marks, line separators, lone surrogates (which are not UTF-8), invisible tags
_ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]+"
)
_ODD_BUT_LINES = re.compile(_ODD.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))

_DIALLED = re.compile(
    r"(?<![\d+])(?<!\d\.)(?:"
    r"\+\d{7,15}"  # E.164
    r"|(?:00)?86(?:1[3-9]\d{9}|[2-9]\d{8,9}|10\d{8})"  # its bare digits, China
    r"|1[3-9]\d{9}|1[3-9]\d(?P<gap>[ -])\d{4}(?P=gap)\d{4}"  # mobile
    r"|0\d{2,3}-?\d{7,8}"  # landline
    r"|[48]00-?\d{3}-?\d{4}"
    r")(?!\d)",
    re.ASCII,
)


@lru_cache(maxsize=512)
def _code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _visible(match: re.Match[str]) -> str:
    return "".join(map(_code, match[0]))


def escape(text: str, *, lines: bool = False) -> str:
    """The text with every character that steers a terminal or hides from the eye written out (`\\x1b`)."""
    if text.isprintable():
        return text
    return (_ODD_BUT_LINES if lines else _ODD).sub(_visible, text)


def _like(text: str, masked: str) -> str:
    """A spelling of a number with the same digits hidden as in `masked`, counted from the right.

    Two spellings that hid different digits would give the whole number away.
    """
    digits = list(masked)
    hidden = ["*" if c.isdigit() and digits and digits.pop() == "*" else c for c in reversed(text)]
    return "".join(reversed(hidden))


def _masked(match: re.Match[str]) -> str:
    return _like(match[0], mask(re.sub(r"\D", "", match[0])))


class Guard:
    """Cleans what an event brings. `mask_numbers` may be switched at any time.

    The header's words are our own and stay as they are: a secret such as `info` must not break them.
    """

    def __init__(self, *, mask_numbers: bool = False) -> None:
        self.mask_numbers = mask_numbers
        self._secrets: tuple[str, ...] = ()

    def redact(self, secrets: Iterable[str]) -> None:
        """Never let these texts out again, nor their URL-encoded and quoted forms."""
        self._secrets = spellings((*self._secrets, *secrets))

    def clean(self, fields: dict[str, Any], message: str) -> str:
        """Clean the event's own fields in place; returns the clean message."""
        if self._secrets or self.mask_numbers:
            message = self._hide_all(fields, message)
        for key, value in fields.items():
            if isinstance(value, str):
                if len(value) > LONG:
                    value = cut(value, LONG)
                    fields[key] = value
                if not value.isprintable():
                    fields[key] = escape(value, lines=key in MULTI_LINE)
            elif isinstance(value, _LISTS):
                fields[key] = [escape(item) for item in cut_list(value, LONG)]
        return escape(cut(message, LONG))

    def _hide_all(self, fields: dict[str, Any], message: str) -> str:
        number = fields.get("numtrust.number") if self.mask_numbers else None
        hide_number = _hider(number) if isinstance(number, str) and number else None
        for key, value in fields.items():
            if isinstance(value, str):
                fields[key] = self._hide(value, hide_number)
            elif isinstance(value, _LISTS):
                fields[key] = [self._hide(item, hide_number) for item in value]
        return self._hide(message, hide_number)

    def _hide(self, text: str, hide_number: Callable[[str], str] | None) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        if self.mask_numbers:
            if hide_number is not None:
                text = hide_number(text)
            text = _DIALLED.sub(_masked, text)
        return text


@lru_cache(maxsize=1024)
def _hider(number: str) -> Callable[[str], str]:
    """Hides this number in every spelling; service numbers such as 95588 can be found in no other way."""
    try:
        parsed = from_canonical(number)
    except ValueError:
        forms = {number, number.removeprefix("+")}
    else:
        forms = {parsed.canonical, parsed.digits, parsed.national, parsed.dashed, parsed.subscriber}
    masked = mask(number)
    hidden = {form: _like(form, masked) for form in sorted(forms - {""}, key=len, reverse=True)}
    pattern = re.compile(rf"(?<!\d)(?:{'|'.join(map(re.escape, hidden))})(?!\d)")
    return lambda text: pattern.sub(lambda match: hidden[match[0]], text)


def cut(text: str, most: int) -> str:
    """At most about `most` characters: head and tail, and between them a mark that says how much is gone."""
    if len(text) <= most:
        return text
    tail = most // 3
    head = most - tail
    return f"{text[:head]}…[{len(text) - most} characters cut]…{text[len(text) - tail :]}"


def cut_list(items: Sequence[str], most: int) -> list[str]:
    """The first of the items, about `most` characters in all, and a mark that says how many are missing."""
    kept: list[str] = []
    room = most
    for item in items:
        if len(item) + 4 > room and kept:
            return [*kept, f"…[{len(items) - len(kept)} more]…"]
        kept.append(cut(item, most))
        room -= len(item) + 4
    return kept


def shrink(record: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The record with each of its texts and lists cut to `most` characters."""
    smaller: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, str):
            smaller[key] = cut(value, most)
        elif isinstance(value, _LISTS):
            smaller[key] = cut_list(value, most)
        else:
            smaller[key] = value
    return smaller
