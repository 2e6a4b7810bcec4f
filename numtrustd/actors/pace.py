"""What is known of one number that bears on when a source looks at it again: for its actor, and for `explain`. Pure."""

from numtrustd.domain.cadence import Pace
from numtrustd.domain.record import NumberRecord
from numtrustd.probes.spec import Source

VERIFYING = frozenset({"propagating", "verifying"})
"""Case states in which the case, not the calendar, sets the pace of looks."""


def pace_of(record: NumberRecord, source: Source) -> Pace:
    """The pace of one source's looks at this number."""
    last = record.looks.get(source.id)
    confirming = verifying = False
    for reading in source.readings:
        verdict = record.verdicts.get(reading.platform)
        confirming = confirming or (verdict is not None and verdict.run is not None)
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
    )


def looked_at(record: NumberRecord, source: Source) -> float:
    """When the source last looked; before its first look, when the number was added."""
    last = record.looks.get(source.id)
    return record.added_at if last is None else last.at
