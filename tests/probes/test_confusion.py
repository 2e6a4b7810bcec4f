"""The whole corpus in one table: no failure is read as a verdict, no card of another number is accepted."""

from collections.abc import Iterator

import pytest
from msgspec import structs

from numtrustd.domain.number import Number
from numtrustd.domain.observation import UnknownReason
from numtrustd.probes.extract import extract
from tests import packs, recorded
from tests.confusion import OTHER, RIGHT, TABLE, VERDICTS, Read, count, render
from tests.recorded import Case

SOURCES = packs.sources()
WORDS = {name: pack.platform.words for name, pack in packs.shipped().items()}
CASES = recorded.cases()
ELSE = "another number's answer"
LEAST = 150
"""Recorded shapes that there must be at least."""


def other(number: Number) -> Number:
    """A number that differs in its last digit."""
    last = "9" if number.canonical[-1] != "9" else "8"
    return structs.replace(number, canonical=number.canonical[:-1] + last)


def read(case: Case, number: Number) -> Iterator[Read]:
    source = SOURCES[case.source]
    seen = extract(source, number, case.reply, 0.0, WORDS, recorded.sent_as(source, number))
    for observation, expected in zip(seen, case.expect, strict=True):
        if number != case.number:
            yield ELSE, None, observation
        elif (reason := expected.get("reason")) is not None:
            yield f"unknown: {reason}", str(reason), observation
        else:
            yield str(expected["status"]), None, observation


def test_the_confusion_table(request: pytest.FixtureRequest) -> None:
    rows = count(found for case in CASES for found in read(case, case.number))
    rows = {row: rows[row] for row in sorted(rows, key=lambda row: (row not in VERDICTS, row))}
    rows[ELSE] = count(found for case in CASES for found in read(case, other(case.number)))[ELSE]
    request.config.stash[TABLE] = render(rows, f"{len(CASES)} recorded shapes of {len(SOURCES)} sources")
    assert len(CASES) >= LEAST
    for verdict in VERDICTS:
        assert set(rows[verdict]) == {verdict}, verdict
    failures = {row: cells for row, cells in rows.items() if row not in VERDICTS}
    for row, cells in failures.items():
        assert not any(cells[verdict] for verdict in VERDICTS), f"{row} is read as a verdict"
        assert not cells[OTHER], f"{row} is read for another reason"
    assert failures["unknown: wrong_card"][RIGHT] >= len(SOURCES)
    assert failures[ELSE].total() == sum(len(case.expect) for case in CASES)


def test_every_reason_that_an_answer_can_have_is_in_the_corpus() -> None:
    found = {expected["reason"] for case in CASES for expected in case.expect if "reason" in expected}
    without_an_answer = {"tls", "too_large", "failed", "quarantined"}  # the network's, a program's, the daemon's own
    assert found == {str(reason) for reason in UnknownReason} - without_an_answer
