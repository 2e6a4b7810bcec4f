"""Why a label probably appeared, each cause with its facts.

The cause picks the evidence and the wording of the appeal, and the order: a platform that feeds others goes first.
"""

import enum
from collections.abc import Mapping, Sequence

from msgspec import Struct

from numtrustd.domain import propagation
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import Platform
from numtrustd.domain.verdict import Verdict

BURST_MARKS = 15
"""Marks within `BURST_WITHIN` seconds of the last clean look that no ordinary calling explains."""
BURST_WITHIN = 172_800.0
DAY = 86_400.0


class CauseKind(enum.StrEnum):
    """The causes that the daemon can name; `UNCLEAR` says honestly that no fact points anywhere."""

    INHERITED = "inherited"
    PROPAGATED = "propagated"
    MALICIOUS = "malicious"
    REPORTS = "reports"
    UNCLEAR = "unclear"


class Cause(Struct, frozen=True):
    """One likely cause and the facts that speak for it."""

    kind: CauseKind
    facts: tuple[str, ...]


def causes(
    verdict: Verdict, others: Mapping[str, Verdict], platforms: Mapping[str, Platform], now: Instant
) -> Sequence[Cause]:
    """The likely causes of the mark that `verdict` believes in, the strongest first; never empty."""
    found: list[Cause] = []
    if verdict.baseline_marked:
        found.append(Cause(CauseKind.INHERITED, ("marked at the first looks at this number",)))
    for feeder, (_, latest) in propagation.feeders(platforms, verdict.platform):
        other = others.get(feeder.id)
        if other is None or not other.marked:
            continue
        lag = verdict.since - other.since
        if 0 <= lag <= latest * propagation.SLACK:
            fact = f"{feeder.id} feeds {verdict.platform} and was marked {lag / DAY:.1f} d earlier"
            found.append(Cause(CauseKind.PROPAGATED, (fact,)))
    marks = verdict.belief.marks if verdict.belief else None
    if marks is not None and not verdict.baseline_marked:
        age = now - verdict.clean_at if verdict.clean_at else 0.0
        if marks >= BURST_MARKS and verdict.clean_at and age <= BURST_WITHIN:
            found.append(Cause(CauseKind.MALICIOUS, (f"{marks} marks within {age / DAY:.1f} d of a clean look",)))
        elif marks > 0:
            found.append(Cause(CauseKind.REPORTS, (f"{marks} marks counted by the platform",)))
    return found or [Cause(CauseKind.UNCLEAR, ("no count of marks, no feeding platform marked",))]
