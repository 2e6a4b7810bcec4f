"""Messages taken apart and filled by others than the daemon, and events read back from the lines that they made."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd import events
from numtrustd.events import CATALOGUE, Event, of_payload, payload, sentence, shown
from numtrustd.events.template import Place, filled, parts, places
from tests.logcheck import MemoryLog
from tests.test_events import KINDS, sample


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_read_back_as_it_was(kind: type[Event], full: bool) -> None:
    log = MemoryLog()
    event = sample(kind, full=full)
    log.emit(event)
    for fields in (payload(event), log.records[0]):
        read = of_payload(kind.action, fields)
        assert read == event
        assert read is not None
        assert sentence(read) == sentence(event)


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("kind", [k for k in KINDS if "|" not in CATALOGUE[str(k.id)].message])
def test_what_is_shown_fills_the_message_as_the_sentence_does(kind: type[Event], full: bool) -> None:
    event = sample(kind, full=full)
    values = {field: ", ".join(each) for field, each in shown(event).items()}
    assert filled(kind.message, values) == sentence(event)


def test_a_count_is_shown_without_what_is_counted() -> None:
    ready = events.DaemonReady(numbers=1, startup_seconds=90)
    assert shown(ready) == {"numbers": ("1",), "startup_seconds": ("1.5 min",)}
    assert filled("{startup_seconds}: {numbers|number}", {"numbers": "1", "startup_seconds": "x"}) == "x: 1"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("clock.danced", {"numtrust.seconds": 1.0}),
        ("clock.jumped", {}),
        ("clock.jumped", {"numtrust.seconds": "1.0"}),
        ("clock.jumped", {"numtrust.seconds": None}),
        ("source.limited", {"numtrust.source": "s", "numtrust.why": "w", "numtrust.until": "tomorrow"}),
        ("source.limited", {"numtrust.source": "s", "numtrust.why": "w", "numtrust.until": 12.0}),
        ("config.rejected", {"numtrust.config": "c", "numtrust.count": 1, "numtrust.problems": "one"}),
        (
            "observation.recorded",
            {"numtrust.number": "n", "numtrust.platform": "p", "numtrust.source": "s", "numtrust.surface": "f",
             "numtrust.status": "a status of tomorrow"},
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_no_event(action: str, fields: dict[str, Any]) -> None:
    assert of_payload(action, fields) is None


def test_what_a_newer_daemon_adds_is_left_aside() -> None:
    fields = {"numtrust.seconds": 3, "numtrust.of_tomorrow": "x", "@timestamp": "2026-11-20T10:00:00.000000Z"}
    assert of_payload("clock.jumped", fields) == events.ClockJumped(seconds=3.0)


@given(st.sampled_from(sorted(CATALOGUE)), st.dictionaries(st.text(), st.text() | st.floats() | st.none()))
def test_no_payload_is_too_strange(action: str, fields: dict[str, Any]) -> None:
    fields |= dict.fromkeys(CATALOGUE[action].__struct_encode_fields__, next(iter(fields.values()), math.inf))
    event = of_payload(action, fields)
    assert event is None or type(event) is CATALOGUE[action]


def test_a_message_is_taken_apart() -> None:
    message = "100 % of {number}[: {why}][, {count|problem} {number}]"
    assert [(p.text, p.optional) for p in parts(message)] == [
        ("100 %% of %s", False),
        (": %s", True),
        (", %s %s", True),
    ]
    number = Place("number", "")
    assert places(message) == {
        (number, False), (Place("why", ""), True), (Place("count", "problem"), True), (number, True)
    }  # fmt: skip


def test_a_part_is_left_out_where_a_value_is_absent_or_empty() -> None:
    message = "{a}[ {b}{c}]"
    assert filled(message, {"a": "1", "b": "2", "c": "{a} %s"}) == "1 2{a} %s"
    assert filled(message, {"a": "1", "b": "2", "c": ""}) == "1"
    assert filled(message, {"a": "", "b": "2"}) == ""
    with pytest.raises(KeyError):
        filled(message, {"b": "2", "c": "3"})
