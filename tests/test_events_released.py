"""What was released of the log stays: an event, a field, its type, a level. What is added passes."""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from docs import released, released_calls
from numtrustd import __version__


@pytest.fixture
def record() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(released.RECORD.read_text(encoding="utf-8"))
    return loaded


def test_nothing_that_was_released_is_gone_or_has_changed(record: dict[str, Any]) -> None:
    found = released.breaks(record, released.present())
    assert not found, "\n".join([*found, "", released.REMEDY])


def test_a_new_version_begins_with_a_new_record(record: dict[str, Any]) -> None:
    assert record["version"] == __version__, "run `python -m docs.released`: the new version promises what it has"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda r: r["events"].pop("case.moved"), "case.moved: the event is gone"),
        (lambda r: r["events"]["case.moved"]["fields"].pop("numtrust.to"), "case.moved: numtrust.to is gone"),
        (
            lambda r: r["events"]["case.moved"]["fields"]["numtrust.attempt"].update(type="string"),
            "case.moved: numtrust.attempt was integer, now it is string",
        ),
        (
            lambda r: r["events"]["case.moved"]["fields"]["numtrust.deadline"].update(type="number"),
            "case.moved: numtrust.deadline was time, now it is number",
        ),
        (
            lambda r: r["events"]["case.moved"]["fields"]["numtrust.to"].pop("always"),
            "case.moved: numtrust.to was always there, now it may be left out",
        ),
        (
            lambda r: r["events"]["observation.recorded"]["fields"]["numtrust.status"]["values"].remove("clean"),
            "observation.recorded: numtrust.status is never clean any more",
        ),
        (
            lambda r: r["events"]["source.failed"].update(levels=["error"]),
            "source.failed: its level was warn, now it is error",
        ),
        (lambda r: r["header"].pop("event.sequence"), "event.sequence: every line had it as integer, now it is gone"),
    ],
    ids=["event", "field", "type", "time", "optional", "value", "level", "header"],
)
def test_every_kind_of_break_is_told(spoil: Any, said: str) -> None:
    before = released.present()
    after = copy.deepcopy(before)
    spoil(after)
    assert released.breaks(before, after) == [said]
    assert released.breaks(before, before) == []


def test_what_is_added_breaks_nobody() -> None:
    before = released.present()
    after = copy.deepcopy(before)
    after["events"]["case.danced"] = after["events"]["case.moved"]
    fields = after["events"]["case.moved"]["fields"]
    fields["numtrust.invented"] = {"type": "string"}
    fields["numtrust.attempt"]["always"] = True
    after["events"]["observation.recorded"]["fields"]["numtrust.status"]["values"].append("unheard")
    assert released.breaks(before, after) == []


def test_a_break_is_written_down_only_when_it_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "released.json"
    before = released.present()
    before["events"]["case.danced"] = before["events"]["case.moved"]
    file.write_text(json.dumps(before))
    monkeypatch.setattr(released, "RECORD", file)
    monkeypatch.setattr(released_calls, "RECORD", tmp_path / "calls.json")
    monkeypatch.setattr(sys, "argv", ["released"])
    said = released.main()
    assert "case.danced: the event is gone" in said
    assert "--accept" in said
    assert "case.danced" in file.read_text()
    monkeypatch.setattr(sys, "argv", ["released", "--accept"])
    assert released.main() == ""
    assert json.loads(file.read_text()) == released.present()
