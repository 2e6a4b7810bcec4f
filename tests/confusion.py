"""The confusion table of the corpus: what was expected, and what was read. pytest prints it at the end of a run."""

from collections import Counter
from collections.abc import Iterable

import pytest

from numtrustd.domain.observation import Observation

TABLE = pytest.StashKey[list[str]]()

VERDICTS = ("marked", "certified", "clean")
RIGHT, OTHER = "unknown, as expected", "unknown, otherwise"
COLUMNS = (*VERDICTS, RIGHT, OTHER)

Read = tuple[str, str | None, Observation]
"""A row's label, the reason that was expected (`None` where a verdict or nothing certain was), what was read."""


def count(readings: Iterable[Read]) -> dict[str, Counter[str]]:
    """Row → column → how many."""
    rows: dict[str, Counter[str]] = {}
    for row, reason, seen in readings:
        column = str(seen.status) if seen.known else RIGHT if reason in (None, seen.reason) else OTHER
        rows.setdefault(row, Counter())[column] += 1
    return rows


def render(rows: dict[str, Counter[str]], title: str) -> list[str]:
    """The table as lines of text."""
    width = max(map(len, rows)) + 2
    lines = [title, "expected".ljust(width) + "".join(column.rjust(len(column) + 3) for column in COLUMNS)]
    for row in rows:
        cells = (str(rows[row][column] or ".").rjust(len(column) + 3) for column in COLUMNS)
        lines.append(row.ljust(width) + "".join(cells))
    return lines
