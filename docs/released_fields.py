"""How the fields of a record of promises are compared: an event's in `released`, a call's in `released_calls`."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Record = dict[str, Any]
"""A part of a record as its JSON has it. A field has a `type`, and may have `values` and be there `always`."""


def lost(before: Record, after: Record) -> list[str]:
    """What a reader of the old fields would miss in the new ones, one text each; what is new is no break."""
    return list(_differences(before, after, _LOST))


def refused(before: Record, after: Record) -> list[str]:
    """What of the old fields, sent to whoever expects the new ones, would be refused."""
    new = (f"{key} is new and has to be given" for key in after.keys() - before.keys() if after[key].get("always"))
    return sorted([*_differences(before, after, _REFUSED), *new])


class _Side(NamedTuple):
    """How a difference is said to one of the two. `always` is whether the field was, when it matters that this has
    changed."""

    gone: str
    always: bool
    changed: str
    values: str


_LOST = _Side("is gone", True, "was always there, now it may be left out", "is never {} any more")
_REFUSED = _Side(
    "is gone: who gives it is refused", False, "could be left out, now it has to be given", "may not be {} any more"
)


def _differences(before: Record, after: Record, side: _Side) -> Iterator[str]:
    for key, field in before.items():
        now = after.get(key)
        if now is None:
            yield f"{key} {side.gone}"
            continue
        if now["type"] != field["type"]:
            yield f"{key} was {field['type']}, now it is {now['type']}"
        was, is_ = bool(field.get("always")), bool(now.get("always"))
        if was != is_ and was == side.always:
            yield f"{key} {side.changed}"
        if missed := _values(field, now):
            yield f"{key} {side.values.format(missed)}"


def _values(before: Record, after: Record) -> str:
    gone = set(before.get("values", ())) - set(after.get("values", before.get("values", ())))
    return ", ".join(sorted(gone))
