"""Whether a text names the number that was asked for, so that somebody else's card is never taken for ours.

Strict on purpose: a number that is merely contained in a longer one, or half hidden behind asterisks, does
not count. Saying no where a person would say yes costs a look (`wrong_card`); saying yes wrongly costs a
false verdict. `match` is the caller, `domain.number` has the number's forms.
"""

import re
from functools import lru_cache

from msgspec import Struct, structs

from numtrustd.domain.number import Number, NumberKind


class Asked(Struct, frozen=True):
    """The digit strings that name a number: as dialled at home, and with the country code.

    `national` and `digits` are the forms that a request writes (`Number.national`, `Number.digits`). `sent_as`
    is what stood for the number where the platform wants a digest or a cipher, which it then repeats.
    """

    domestic: frozenset[str]
    international: frozenset[str]
    national: str = ""
    digits: str = ""
    sent_as: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def asked(number: Number) -> Asked:
    """What may stand for this number; separators are not part of it."""
    if number.kind is NumberKind.FOREIGN:
        domestic, coded = frozenset[str](), {number.digits}
    else:
        domestic = frozenset({number.national})
        # People write +86 010 8918 0702 as often as +86 10 8918 0702.
        coded = {"86" + number.national, "86" + number.national.removeprefix("0")}
    international = frozenset(coded | {"00" + form for form in coded})
    return Asked(domestic, international, number.national, number.digits)


def asked_as(number: Number, sent_as: tuple[str, ...]) -> Asked:
    """The same for a number that was asked for under other names, too."""
    return structs.replace(asked(number), sent_as=frozenset(sent_as)) if sent_as else asked(number)


_JOINT = r"[\s\-‐-―−()\u200b-\u200d\u2060\ufeff]"
_CHUNK = re.compile(rf"[0-9](?:{_JOINT}*[0-9])*")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_ASCII = str.maketrans("０１２３４５６７８９＋－（）＊", "0123456789+-()*")  # full-width forms
_HIDING = "*•●×_"
_LONG = 7
"""Digits from which a number is told apart from a count or a year that stands behind it."""


def names(text: str, wanted: Asked) -> bool:
    """Whether one whole run of digits in `text` (spaces and hyphens in it aside) is the number."""
    text = text.strip()
    if text in wanted.domestic or text in wanted.international:
        return True
    if wanted.sent_as and (text in wanted.sent_as or text.lower() in wanted.sent_as):
        return True
    if not text.isascii():
        text = text.translate(_ASCII)
    for found in _CHUNK.finditer(text):
        if _cut(text, found.start(), found.end()):
            continue
        plus = text[found.start() - 1 : found.start()] == "+"
        chunk = found[0]
        whole = _NOT_DIGIT.sub("", chunk)
        if _is(whole, plus, wanted):
            return True
        head = _NOT_DIGIT.split(chunk, maxsplit=1)[0]
        if _LONG <= len(head) < len(whole) and chunk[len(head)].isspace() and _is(head, plus, wanted):
            return True  # 13800138000 23, where 23 is the count of marks
    return False


def _is(digits: str, plus: bool, wanted: Asked) -> bool:
    # +13800138000 is a number in America, not the Chinese mobile.
    return digits in wanted.international or (not plus and digits in wanted.domestic)


def _cut(text: str, start: int, end: int) -> bool:
    """Whether the run goes on in a way that makes it part of something else: a word, a decimal, a masked number."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if _sticks(before) or _sticks(after):
        return True
    if before in (".", ",") and text[start - 2 : start - 1].isdigit():
        return True
    return after in (".", ",") and text[end + 1 : end + 2].isdigit()


def _sticks(char: str) -> bool:
    return bool(char) and (char in _HIDING or char.isdigit() or (char.isascii() and char.isalnum()))
