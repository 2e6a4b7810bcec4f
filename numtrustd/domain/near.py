"""What somebody may have meant who mistyped an id or a number. Pure.

Ids are few and are compared as words. Numbers are many and alike: only one that is a single slip away is meant,
and only if no other is as near.
"""

import difflib
from collections.abc import Container, Iterable, Iterator

_LONGEST = 64
"""Characters that are compared: no id is longer, and a caller may send anything."""


def near(word: str, known: Iterable[str]) -> str | None:
    """The id that is most like the word, however either is written; `None` if none is."""
    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(word[:_LONGEST].casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def did_you_mean(meant: str | None) -> str:
    """The question that goes before a remedy; nothing where nobody can say what was meant."""
    return "" if meant is None else f"did you mean {meant}? "


def near_number(number: str, known: Container[str]) -> str | None:
    """The only known number that is one slip away from a canonical one; `None` if none is, or several are."""
    found = {other for other in _slips(number[:_LONGEST]) if other in known} - {number}
    return found.pop() if len(found) == 1 else None


def _slips(number: str) -> Iterator[str]:
    """All numbers with one digit else, one too many or too few, or two neighbours changed places."""
    digits = "0123456789"
    for at in range(len(number) + 1):
        head, rest = number[:at], number[at:]
        for digit in digits:
            yield f"{head}{digit}{rest}"
            if rest:
                yield f"{head}{digit}{rest[1:]}"
        if rest:
            yield f"{head}{rest[1:]}"
        if len(rest) > 1:
            yield f"{head}{rest[1]}{rest[0]}{rest[2:]}"
