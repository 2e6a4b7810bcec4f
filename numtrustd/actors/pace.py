"""What is known of one number that bears on whether and when a source looks at it again: for its actor, and for
`explain`. Pure.

A source of `when = "doubt"` is asked only while something is in doubt, else it rests. What it said before it rested is
nobody's last word: it neither disagrees with what is seen since, nor hides that nothing is seen any more.
"""

from collections.abc import Mapping

from numtrustd.actors.context import Context
from numtrustd.domain import propagation
from numtrustd.domain.cadence import Pace
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import Platform
from numtrustd.domain.record import NumberRecord
from numtrustd.probes.spec import Source

VERIFYING = frozenset({"propagating", "verifying"})
"""Case states in which the case, not the calendar, sets the pace of looks."""


def pace_of(record: NumberRecord, source: Source, platforms: Mapping[str, Platform], now: Instant) -> Pace:
    """The pace of one source's looks at this number, as of now."""
    last = record.looks.get(source.id)
    expected = False
    changed = record.added_at
    for reading in source.readings:
        verdict = record.verdicts.get(reading.platform)
        expected = expected or propagation.expected_from(platforms, reading.platform, record.verdicts, now) is not None
        changed = max(changed, verdict.since if verdict is not None else 0.0)
        if reading.platform in record.findings:
            changed = now
    return Pace(
        confirming=_confirming(record, source),
        verifying=_verifying(record, source),
        unseen=last is None,
        failures=last.failures if last else 0,
        age=looked_at(record, source) - record.added_at,
        expected=expected,
        quiet=now - changed,
    )


def looked_at(record: NumberRecord, source: Source) -> float:
    """When the source last looked; before its first look, when the number was added."""
    last = record.looks.get(source.id)
    return record.added_at if last is None else last.at


def _confirming(record: NumberRecord, source: Source) -> bool:
    """Whether looks disagree with what is believed of a platform that the source sees."""
    return any(
        (verdict := record.verdicts.get(reading.platform)) is not None and verdict.run is not None
        for reading in source.readings
    )


def _verifying(record: NumberRecord, source: Source) -> bool:
    """Whether a case counts, or soon will, the clean looks at a platform that the source sees."""
    seen = {reading.platform for reading in source.readings}
    return any(
        ref.state in VERIFYING and not seen.isdisjoint((ref.platform, *ref.displays)) for ref in record.every_case
    )


def is_asked(context: Context, owned: Owned, record: NumberRecord, source: Source) -> bool:
    """Whether the source is asked of this number by itself at present; a person may ask at any time."""
    return (
        source.when == "always"
        or context.lone(owned, source)
        or _confirming(record, source)
        or _verifying(record, source)
    )


def views_asked(context: Context, owned: Owned, record: NumberRecord, platform: str) -> tuple[str, ...]:
    """Every source/surface that looks at this number there at present."""
    views = context.seen_views(owned, platform)
    if not context.doubtful:
        return views
    resting = {s.id for s in context.sources_for(owned) if not is_asked(context, owned, record, s)}
    return tuple(view for view in views if view.partition("/")[0] not in resting)
