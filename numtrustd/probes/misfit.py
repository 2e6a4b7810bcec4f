"""PURE: what is wrong with a value that does not fit, in words that say what would fit: the place, and the words that
may stand there.

msgspec names the place and what it found; where only some words may stand it does not say which.
"""

import enum
import re
from collections.abc import Iterable, Mapping

import msgspec

from numtrustd.domain.label import Category
from numtrustd.domain.observation import Status, UnknownReason

WORDS: Mapping[str, Iterable[enum.StrEnum]] = {"status": Status, "category": Category, "reason": UnknownReason}
"""The words that may stand under a key, wherever it stands."""

_ENUM = re.compile(r"Invalid enum value (?P<quote>['\"])(?P<word>.*)(?P=quote) - at `\$\.?(?P<place>[^`]*)`", re.DOTALL)
_FIELD = re.compile(r"Object contains unknown field `(?P<field>.*?)`(?: - at `\$\.?(?P<place>[^`]*)`)?", re.DOTALL)


def misfit(error: msgspec.ValidationError, fields: Iterable[str] = ()) -> str:
    """The error in these words. `fields` are the keys that are known where an unknown one was found."""
    said = str(error)
    if odd := _ENUM.fullmatch(said):
        known = WORDS.get(odd["place"].rpartition(".")[2])
        if known is not None:
            return f'{odd["place"]}: "{odd["word"]}" is none of {", ".join(known)}'
    if odd := _FIELD.fullmatch(said):
        place = f"{odd['place']}: " if odd["place"] else ""
        known_here = f"; known here: {', '.join(fields)}" if odd["place"] and fields else ""
        return f"{place}Object contains unknown field `{odd['field']}`{known_here}"
    return said
