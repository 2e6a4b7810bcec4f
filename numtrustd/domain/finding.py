"""A difference between what the owner wants and what is believed to be shown."""

import enum
from collections.abc import Collection

from msgspec import Struct

from numtrustd.domain.label import SEVERITY, Category
from numtrustd.domain.verdict import Verdict


class FindingKind(enum.StrEnum):
    """What can be wrong with a display."""

    MISLABEL = "mislabel"
    WRONG_CATEGORY = "wrong_category"
    BLIND = "blind"


class Finding(Struct, frozen=True):
    """One problem, with the fact that makes it one."""

    kind: FindingKind
    category: Category
    why: str

    @property
    def severity(self) -> int:
        """3 = refused on sight … 1 = only untrue; see `label.SEVERITY`."""
        return SEVERITY[self.category]


def find(verdict: Verdict, accept: Collection[Category]) -> Finding | None:
    """The problem with a belief, if any. `accept` are the categories that are right for this number."""
    if verdict.belief is None or not verdict.belief.marked:
        return None
    category = verdict.belief.category or Category.OTHER
    if category in accept:
        return None
    words = verdict.belief.words or category
    if SEVERITY[category] >= 2:
        return Finding(FindingKind.MISLABEL, category, f"shown as {words}, which costs answered calls")
    return Finding(FindingKind.WRONG_CATEGORY, category, f"shown as {words}, which this number is not")
