"""What was released of the control sockets stays, and with it `--json`: a method, a parameter, a field, its type, an
error. What is added passes."""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from docs import released, released_calls
from numtrustd import __version__
from numtrustd.api import CONTROL, STATUS

LOOK, ACT = STATUS.name, CONTROL.name


@pytest.fixture
def record() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(released_calls.RECORD.read_text(encoding="utf-8"))
    return loaded


def test_nothing_that_was_released_is_gone_or_has_changed(record: dict[str, Any]) -> None:
    found = released_calls.breaks(record, released_calls.present())
    assert not found, "\n".join([*found, "", released.REMEDY])


def test_a_new_version_begins_with_a_new_record(record: dict[str, Any]) -> None:
    assert record["version"] == __version__, "run `python -m docs.released`: the new version promises what it has"


def test_every_method_and_every_error_is_recorded(record: dict[str, Any]) -> None:
    for interface in (STATUS, CONTROL):
        kept = record["interfaces"][interface.name]
        hint = "run `python -m docs.released`: nothing is promised of what is not recorded"
        assert set(kept["methods"]) == {method.name for method in interface.methods}, hint
        assert set(kept["errors"]) == {error.__name__ for error in interface.errors}, hint


SPOILT: dict[str, tuple[Any, str]] = {
    "interface": (lambda r: r.pop(ACT), f"{ACT}: the interface is gone"),
    "method": (lambda r: r[LOOK]["methods"].pop("Explain"), f"{LOOK}.Explain: the method is gone"),
    "stream": (
        lambda r: r[LOOK]["methods"]["ListNumbers"].update(stream="no"),
        f"{LOOK}.ListNumbers: its stream was pages, now it is no",
    ),
    "parameter": (
        lambda r: r[LOOK]["methods"]["ListNumbers"]["takes"].pop("group"),
        f"{LOOK}.ListNumbers: group is gone: who gives it is refused",
    ),
    "wanted": (
        lambda r: r[LOOK]["methods"]["ListNumbers"]["takes"]["group"].update(always=True),
        f"{LOOK}.ListNumbers: group could be left out, now it has to be given",
    ),
    "new_wanted": (
        lambda r: r[LOOK]["methods"]["ListNumbers"]["takes"].update(x={"type": "string", "always": True}),
        f"{LOOK}.ListNumbers: x is new and has to be given",
    ),
    "parameter_type": (
        lambda r: r[LOOK]["methods"]["ListNumbers"]["takes"]["limit"].update(type="string"),
        f"{LOOK}.ListNumbers: limit was integer, now it is string",
    ),
    "answer": (
        lambda r: r[LOOK]["methods"]["GetStatus"]["gives"].pop("labelled"),
        f"{LOOK}.GetStatus: its answer: labelled is gone",
    ),
    "answer_type": (
        lambda r: r[LOOK]["methods"]["GetStatus"]["gives"]["now"].update(type="string"),
        f"{LOOK}.GetStatus: its answer: now was time, now it is string",
    ),
    "row": (
        lambda r: r[LOOK]["said"]["NumberRow"]["labelled"].pop("always"),
        f"{LOOK}.NumberRow: labelled was always there, now it may be left out",
    ),
    "type": (lambda r: r[LOOK]["said"].pop("CaseRow"), f"{LOOK}.CaseRow: the type is gone"),
    "error": (lambda r: r[ACT]["errors"].pop("Refused"), f"{ACT}.Refused: the error is gone"),
    "error_field": (
        lambda r: r[LOOK]["errors"]["UnknownNumber"].pop("why"),
        f"{LOOK}.UnknownNumber: why is gone",
    ),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_every_kind_of_break_is_told(spoil: Any, said: str) -> None:
    before = released_calls.present()
    after = copy.deepcopy(before)
    spoil(after["interfaces"])
    assert released_calls.breaks(before, after) == [said]
    assert released_calls.breaks(before, before) == []


def test_a_value_that_an_answer_never_has_and_one_that_is_no_longer_taken_are_told() -> None:
    field = {"type": "string", "values": ["a", "b"]}
    for part, said in (
        ("gives", "GetStatus: its answer: x is never b any more"),
        ("takes", "GetStatus: x may not be b"),
    ):
        before = released_calls.present()
        before["interfaces"][LOOK]["methods"]["GetStatus"][part]["x"] = copy.deepcopy(field)
        after = copy.deepcopy(before)
        after["interfaces"][LOOK]["methods"]["GetStatus"][part]["x"]["values"].remove("b")
        [found] = released_calls.breaks(before, after)
        assert said in found


def test_what_is_added_breaks_nobody() -> None:
    before = released_calls.present()
    after = copy.deepcopy(before)
    interface = after["interfaces"][LOOK]
    interface["methods"]["Dance"] = interface["methods"]["GetStatus"]
    interface["methods"]["ListNumbers"]["takes"]["invented"] = {"type": "string"}
    interface["methods"]["GetStatus"]["gives"]["invented"] = {"type": "string", "always": True}
    interface["said"]["NumberRow"]["invented"] = {"type": "list of Step"}
    interface["said"]["Step"] = {"x": {"type": "integer", "always": True}}
    interface["errors"]["Tired"] = {}
    assert released_calls.breaks(before, after) == []


def test_a_break_is_written_down_only_when_it_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events, calls = tmp_path / "events.json", tmp_path / "calls.json"
    before = released_calls.present()
    before["interfaces"][LOOK]["methods"]["Dance"] = before["interfaces"][LOOK]["methods"]["GetStatus"]
    calls.write_text(json.dumps(before))
    monkeypatch.setattr(released, "RECORD", events)
    monkeypatch.setattr(released_calls, "RECORD", calls)
    monkeypatch.setattr(sys, "argv", ["released"])
    said = released.main()
    assert f"{LOOK}.Dance: the method is gone" in said
    assert "--accept" in said
    assert "Dance" in calls.read_text()
    assert not events.exists(), "the one is not written without the other"
    monkeypatch.setattr(sys, "argv", ["released", "--accept"])
    assert released.main() == ""
    assert json.loads(calls.read_text()) == released_calls.present()
    assert json.loads(events.read_text()) == released.present()
