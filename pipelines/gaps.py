#!/usr/bin/env python3
"""Whether a log of numtrustd is complete: reads lines from files or standard input, and says what is missing.

Every line of a run has a number, `event.sequence`, from 1. What the daemon itself could not get rid of it tells in
`log.dropped`; any other gap is a line that was lost behind it. Runs are told apart by `daemon.started`, and by a
sequence that begins anew. Exit status 1 when something is missing that `log.dropped` does not account for.

Needs nothing but Python. A rotated log is read oldest first: gaps.py all.jsonl.2 all.jsonl.1 all.jsonl
"""

import fileinput
import json
import re
import sys
from collections.abc import Iterable


class Run:
    """The lines of one process."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.dropped = 0
        self.first_at = self.last_at = ""

    def take(self, record: dict[str, object]) -> None:
        """Count one record."""
        sequence, at = record["event.sequence"], str(record["@timestamp"])
        assert isinstance(sequence, int)
        self.seen.add(sequence)
        self.first_at, self.last_at = self.first_at or at, at
        if record["event.action"] == "log.dropped":
            dropped = record["numtrust.lines"]
            assert isinstance(dropped, int)
            self.dropped += dropped

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """(first, last) of each stretch of numbers that is missing, from the first line of the run on."""
        found, expected = [], 1
        for sequence in sorted(self.seen):
            if sequence > expected:
                found.append((expected, sequence - 1))
            expected = sequence + 1
        return found

    @property
    def missing(self) -> int:
        """How many lines are not there."""
        return sum(last - first + 1 for first, last in self.gaps)


def runs(lines: Iterable[str]) -> list[Run]:
    """The runs in a log; what is not a record of ours is passed over."""
    found: list[Run] = []
    for line in lines:
        try:
            record = json.loads(re.sub(r"^<\d>", "", line))
            new = record["event.action"] == "daemon.started" or record["event.sequence"] == 1
        except (ValueError, TypeError, KeyError):
            continue
        if not found or (new and found[-1].seen):
            found.append(Run())
        found[-1].take(record)
    return found


def main() -> int:
    """Say for each run what is missing."""
    lost = 0
    with fileinput.input(encoding="utf-8", errors="replace") as lines:
        found = runs(lines)
    for run in found:
        unexplained = run.missing - run.dropped
        lost += max(0, unexplained)
        gaps = ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in run.gaps)
        said = f": {run.missing} missing ({gaps}), of which the daemon dropped {run.dropped} itself" if gaps else ""
        print(f"{run.first_at} to {run.last_at}: {len(run.seen)} lines, {'complete' if not gaps else 'gaps'}{said}")
    if lost:
        print(f"{lost} lines were lost behind the daemon", file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
