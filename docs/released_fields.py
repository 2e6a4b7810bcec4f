"""How the fields of a record of promises are compared: an event's in `released`, a call's in `released_calls`."""

from typing import Any

Record = dict[str, Any]
"""A part of a record as its JSON has it. A field has a `type`, and may have `values` and be there `always`."""


def lost(before: Record, after: Record) -> list[str]:
    """What a reader of the old fields would miss in the new ones, one text each; what is new is no break."""
    found = []
    for key, field in before.items():
        now = after.get(key)
        if now is None:
            found.append(f"{key} is gone")
            continue
        if now["type"] != field["type"]:
            found.append(f"{key} was {field['type']}, now it is {now['type']}")
        if field.get("always") and not now.get("always"):
            found.append(f"{key} was always there, now it may be left out")
        if missed := _values(field, now):
            found.append(f"{key} is never {missed} any more")
    return found


def refused(before: Record, after: Record) -> list[str]:
    """What of the old fields, sent to whoever expects the new ones, would be refused."""
    found = []
    for key, field in before.items():
        now = after.get(key)
        if now is None:
            found.append(f"{key} is gone: who gives it is refused")
            continue
        if now["type"] != field["type"]:
            found.append(f"{key} was {field['type']}, now it is {now['type']}")
        if now.get("always") and not field.get("always"):
            found.append(f"{key} could be left out, now it has to be given")
        if missed := _values(field, now):
            found.append(f"{key} may not be {missed} any more")
    found += [f"{key} is new and has to be given" for key in after.keys() - before.keys() if after[key].get("always")]
    return sorted(found)


def _values(before: Record, after: Record) -> str:
    gone = set(before.get("values", ())) - set(after.get("values", before.get("values", ())))
    return ", ".join(sorted(gone))
