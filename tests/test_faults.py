"""Every row of the fault table names its tests, or says why there are none."""

from pathlib import Path

from tests.faults import FAULTS, UNCOVERED, covered, markdown


def test_every_fault_is_covered_or_says_why_not() -> None:
    found = covered()
    assert set(found) <= set(FAULTS), f"marks of unknown faults: {set(found) - set(FAULTS)}"
    assert set(FAULTS) - set(found) == set(UNCOVERED)


def test_the_document_is_not_stale() -> None:
    path = Path(__file__).parent.parent / "docs" / "reliability.md"
    assert path.read_text(encoding="utf-8") == markdown(), "run `make docs`"
