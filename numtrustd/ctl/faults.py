"""What is wrong with a row or a line that somebody wrote, as a sentence that names the place and the remedy.

msgspec finds it, in words for programmers; here they become words for people. `calls` has rows, `reports` lines.
"""

import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from numtrustd.ctl.choices import with_meant
from numtrustd.ctl.lang import tr
from numtrustd.domain.near import near

_PLACE = re.compile(r"(?P<said>.*?)(?: - at `\$\.(?P<field>\w+)[^`]*`)?", re.DOTALL)
_NAMED = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<field>[^`]*)`")
_LENGTH = re.compile(r"Expected `str[^`]*` of length (?P<limit>[<>]=) (?P<many>\d+)")


def words(error: msgspec.ValidationError, kind: type[Struct], values: Mapping[str, Any] | None, *, column: bool) -> str:
    """The fault of a `kind` as `column "answered": what: remedy`, or of a field where it is JSON. `values` are those
    that were written, if they could be told apart.
    """
    match = _PLACE.fullmatch(str(error))
    assert match is not None  # it takes anything
    said, field = match["said"], match["field"]
    if named := _NAMED.match(said):
        if named["how"] == "missing required":
            return place(named["field"], column=column) + ": " + tr("is missing: it has to be there each time")
        known = [name for name in kind.__struct_encode_fields__ if name != "rehearse"]  # ours, not theirs
        return place(named["field"], column=column) + ": " + not_known(named["field"], known)
    if field is None:
        return tr("is no object: write {example}").format(example='{"number": …}')
    value = None if values is None else values.get(field)
    return f"{place(field, column=column)}: {_fault(said, kind, field, value)}"


def all_words(kind: type[Struct], values: Mapping[str, Any], good: Mapping[str, Any]) -> list[str]:
    """Every fault of what was written, field by field. `good` is a `kind` with nothing wrong: what is required."""
    found = [_missing(name) for name in good if name not in values]
    for name, value in values.items():
        tried = {**good, name: value}
        try:
            msgspec.convert(tried, kind)
        except msgspec.ValidationError as error:
            found.append(words(error, kind, tried, column=False))
    return found


def _missing(name: str) -> str:
    return place(name, column=False) + ": " + tr("is missing: it has to be there each time")


def place(name: str, *, column: bool) -> str:
    """The column or the field by its name."""
    return (tr('column "{name}"') if column else tr('field "{name}"')).format(name=name)


def not_known(name: str, known: Sequence[str], others: Iterable[str] = ()) -> str:
    """That there is no such column or field, and which was meant of the known ones and of `others` that will do."""
    meant = near(name, [*known, *others])
    text = tr("is not known: known are {known}") if meant is None else tr("is not known: did you mean {meant}?")
    return text.format(known=", ".join(known), meant=meant)


def _fault(said: str, kind: type[Struct], field: str, value: Any) -> str:
    shown = "" if value is None else str(value)[:40]
    if length := _LENGTH.match(said):
        if length["limit"] == ">=":
            return tr("is empty: write something or leave it out")
        return tr("is too long: {many} characters at the most").format(many=length["many"])
    if said.startswith("Expected `int"):
        return tr("{value!r} is no whole number of at least 0: write one such as 120").format(value=shown)
    if "datetime" in said:
        return tr("{value!r} is no time with its zone: write one such as 2026-05-01T18:00:00+08:00").format(value=shown)
    if said.startswith("Invalid enum value"):
        choices = list(map(str, typing.get_args(typing.get_type_hints(kind)[field])))
        text = tr("{value!r} is none of {choices}").format(value=shown, choices=", ".join(choices))
        return with_meant(text, shown, choices)
    if said.startswith("Expected `str"):
        return tr('is no text: write it in quotes, like "13800138000"')
    if said.startswith("Expected `bool"):
        return tr("is neither true nor false")
    return said
