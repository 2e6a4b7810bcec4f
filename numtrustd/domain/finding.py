"""A difference between what the owner wants and what is believed to be shown.

`find` judges a label; what is wrong with the name, the logo or the tag is `flaw`'s.
"""

import enum
from collections.abc import Collection, Mapping

from msgspec import Struct

from numtrustd.domain.label import SEVERITY, Category, Severity, severity
from numtrustd.domain.verdict import Verdict


class FindingKind(enum.StrEnum):
    """What can be wrong with a display."""

    MISLABEL = "mislabel"
    WRONG_CATEGORY = "wrong_category"
    DISPLAY_MISSING = "display_missing"
    DISPLAY_WRONG = "display_wrong"
    TAG_WRONG = "tag_wrong"
    TAG_EXPIRED = "tag_expired"
    INCONSISTENT = "inconsistent"
    RESIDUAL = "residual"
    PAUSED = "paused"
    BLIND = "blind"


WORST_FIRST = (
    FindingKind.MISLABEL,
    FindingKind.DISPLAY_WRONG,
    FindingKind.RESIDUAL,
    FindingKind.WRONG_CATEGORY,
    FindingKind.PAUSED,
    FindingKind.TAG_WRONG,
    FindingKind.TAG_EXPIRED,
    FindingKind.INCONSISTENT,
    FindingKind.BLIND,
    FindingKind.DISPLAY_MISSING,
)
"""What matters more goes first: what turns people away, what is untrue, what cannot be told, what only lacks."""


class Finding(Struct, frozen=True):
    """One problem with a label, with the fact that makes it one."""

    kind: FindingKind
    category: Category
    why: str

    @property
    def severity(self) -> int:
        """3 = refused on sight … 1 = only untrue; see `label.SEVERITY`."""
        return SEVERITY[self.category]


def find(
    verdict: Verdict, accept: Collection[Category], own: Mapping[Category, Severity] | None = None
) -> Finding | None:
    """The problem with a belief, if any. `accept` are the categories that are right for this number, `own` says how bad
    the operator holds a category to be. A mark that is not displayed costs nobody a call: it is none (`view.Shown`).
    """
    if verdict.belief is None or not verdict.belief.displayed:
        return None
    category = verdict.belief.category or Category.OTHER
    bad = severity(category, own)
    if category in accept or bad is Severity.NEUTRAL:
        return None
    words = verdict.belief.words or category
    if bad is Severity.HARMFUL:
        return Finding(FindingKind.MISLABEL, category, f"shown as {words}, which costs answered calls")
    return Finding(FindingKind.WRONG_CATEGORY, category, f"shown as {words}, which this number is not")
