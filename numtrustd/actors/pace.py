"""What is known of one number that bears on when a source looks at it again: for its actor, and for `explain`. Pure."""

from collections.abc import Mapping

from numtrustd.domain import propagation
from numtrustd.domain.cadence import Pace
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import Platform
from numtrustd.domain.record import NumberRecord
from numtrustd.probes.spec import Source

VERIFYING = frozenset({"propagating", "verifying"})
"""Case states in which the case, not the calendar, sets the pace of looks."""


def pace_of(record: NumberRecord, source: Source, platforms: Mapping[str, Platform], now: Instant) -> Pace:
    """The pace of one source's looks at this number, as of now."""
    last = record.looks.get(source.id)
    confirming = verifying = expected = False
    changed = record.added_at
    for reading in source.readings:
        verdict = record.verdicts.get(reading.platform)
        confirming = confirming or (verdict is not None and verdict.run is not None)
        expected = expected or propagation.expected_from(platforms, reading.platform, record.verdicts, now) is not None
        changed = max(changed, verdict.since if verdict is not None else 0.0)
        if reading.platform in record.findings:
            changed = now
        verifying = verifying or any(
            ref.state in VERIFYING
            for platform, ref in record.cases.items()
            if platform == reading.platform or reading.platform in ref.displays
        )
    return Pace(
        confirming=confirming,
        verifying=verifying,
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
