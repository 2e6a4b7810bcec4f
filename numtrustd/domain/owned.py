"""One number as its owner configured it."""

import enum
from datetime import date

from msgspec import Struct

from numtrustd.domain.identity import Wanted
from numtrustd.domain.label import Category
from numtrustd.domain.number import NumberKind


class Watch(enum.StrEnum):
    """How a number is watched."""

    YES = "yes"  # ours, in use
    PREFLIGHT = "preflight"  # not yet ours or not yet in use: look, appeal nothing
    FAREWELL = "farewell"  # given up: look whether our name still shows


DEFAULT_GROUP = "default"


class Owned(Struct, frozen=True, gc=False, omit_defaults=True):
    """A row of the numbers file. `accept` are the label categories that are right for it, its group's included;
    `cadence` are the seconds between two looks, `wanted` is what is to be shown of it, `since` the day from which on it
    is its owner's, where he says.

    Rows share their group, categories and flags, so that 100 000 of them cost little more than their own text.
    """

    number: str
    kind: NumberKind
    name: str = ""
    group: str = DEFAULT_GROUP
    accept: frozenset[Category] = frozenset()
    extension: str = ""
    note: str = ""
    watch: Watch = Watch.YES
    cadence: float | None = None
    wanted: Wanted | None = None
    since: date | None = None
