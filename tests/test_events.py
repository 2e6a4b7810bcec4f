"""The catalogue: complete, typed once, documented, and held by its own schema."""

import copy
import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import inspect

from numtrustd import events
from numtrustd.events import (
    CATALOGUE,
    CaseMoved,
    ConfigRejected,
    Event,
    IncidentMilestone,
    Level,
    SourceLimited,
    key_of,
    payload,
    sentence,
)
from numtrustd.events.base import unwrap
from numtrustd.events_schema import HEADER, catalogue_schema, documents, meaning
from tests.logcheck import CHECKER, BadLine, MemoryLog

# fmt: off
PROMISED = {
    "daemon.started", "daemon.ready", "daemon.stopping", "daemon.stopped", "daemon.heartbeat",
    "config.loaded", "config.rejected", "config.reloaded",
    "source.failed", "source.recovered", "source.quarantined", "source.released", "source.limited",
    "observation.recorded",
    "verdict.baseline", "verdict.changed", "verdict.flapping",
    "cause.found",
    "finding.opened", "finding.closed",
    "case.opened", "case.moved", "case.closed",
    "action.planned", "action.sent", "action.answered", "action.failed", "action.uncertain",
    "task.opened", "task.reminded", "task.done", "task.expired",
    "incident.opened", "incident.milestone", "incident.closed",
    "evidence.missing", "evidence.expiring", "evidence.changed",
    "ledger.charged",
    "budget.exceeded",
    "number.added", "number.removed", "number.released",
    "platform.maintenance",
    "actor.crashed", "actor.parked", "actor.unparked",
    "control.denied",
    "phishing.suspected",
    "store.migrated", "store.full", "store.backed_up",
    "clock.jumped",
    "log.dropped",
}
# fmt: on

KINDS = [pytest.param(kind, id=action) for action, kind in sorted(CATALOGUE.items())]
NAMES = re.compile(r"\{(\w+)\}")


def fields_of(kind: type[Event]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def sample(kind: type[Event], *, full: bool) -> Event:
    """An event with all its fields, or with those that it must have."""
    values: dict[str, Any] = {}
    for field in fields_of(kind):
        if field.required or full:
            bare, _ = unwrap(field.type)
            match bare:
                case inspect.EnumType():
                    values[field.name] = next(iter(bare.cls))
                case inspect.VarTupleType():
                    values[field.name] = ("one", "两个")
                case inspect.StrType():
                    values[field.name] = f"some {field.name}"
                case inspect.BoolType():
                    values[field.name] = True
                case inspect.IntType():
                    values[field.name] = 7
                case inspect.FloatType():
                    values[field.name] = 1_900_000_000.25
    return kind(**values)


def test_every_promised_event_is_there() -> None:
    assert set(CATALOGUE) >= PROMISED


@pytest.mark.parametrize("kind", KINDS)
def test_definition(kind: type[Event]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)?", kind.action)
    assert kind.__name__ == "".join(part.title() for part in re.split(r"[._]", kind.action))
    assert getattr(events, kind.__name__) is kind
    assert meaning(kind).endswith(".")
    assert isinstance(kind.level, Level)
    fields = {field.name: field for field in fields_of(kind)}
    for field in fields.values():
        _, notes = unwrap(field.type)
        assert notes.get("description"), f"{field.name} says not what it is"
        assert field.required or field.default in (None, ()), f"{field.name} would be left out when {field.default}"
    always_shown = NAMES.findall(re.sub(r"\[[^\]]*\]", "", kind.message))
    assert set(NAMES.findall(kind.message)) <= set(fields)
    assert all(fields[name].required for name in always_shown), "an optional field outside of […]"
    with pytest.raises(TypeError):
        kind("positional")


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_event_makes_a_line_that_the_schema_takes(kind: type[Event], full: bool) -> None:
    log = MemoryLog()
    log.emit(sample(kind, full=full))
    (record,) = log.records
    assert record["event.action"] == kind.action
    assert not re.search(r"[{}\[\]]|None", record["message"])


def test_a_key_has_one_type_and_one_meaning() -> None:
    meanings: dict[str, tuple[str, str]] = {}
    for action, schema in catalogue_schema()["$defs"].items():
        for key, field in schema["properties"].items():
            if field is not True and key not in HEADER:
                said = (field["type"], field["description"])
                assert meanings.setdefault(key, said) == said, f"{key} of {action}"


def test_keys_of_fields() -> None:
    assert key_of("number") == "numtrust.number"
    assert key_of("from_") == "numtrust.from"
    assert key_of("action_id") == "numtrust.action"
    assert key_of("http_status") == "http.response.status_code"
    assert key_of("stack_trace") == "error.stack_trace"


def test_payload_leaves_out_what_is_not_there_and_keeps_types() -> None:
    moved = CaseMoved(
        case="A1",
        number="+8613800138000",
        platform="so360",
        kind="appeal",
        from_="draft",
        to="sent",
        deadline=0,
    )
    assert payload(moved) == {
        "numtrust.case": "A1",
        "numtrust.number": "+8613800138000",
        "numtrust.platform": "so360",
        "numtrust.kind": "appeal",
        "numtrust.from": "draft",
        "numtrust.to": "sent",
        "numtrust.deadline": "1970-01-01T00:00:00.000000Z",
    }
    jumped = payload(events.ClockJumped(seconds=3))
    assert type(jumped["numtrust.seconds"]) is float


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_what_json_cannot_say_is_left_out(value: float) -> None:
    assert "numtrust.until" not in payload(SourceLimited(source="s", until=value, why="w"))
    if not math.isfinite(value):
        assert payload(events.ClockJumped(seconds=value)) == {}


def test_sentence() -> None:
    least = CaseMoved(case="A1", number="n", platform="p", kind="appeal", from_="draft", to="sent")
    assert sentence(least) == "appeal case A1: draft → sent"
    with_reason = msgspec.structs.replace(least, reason="{to} 100 %s")
    assert sentence(with_reason) == "appeal case A1: draft → sent ({to} 100 %s)"
    unmarked = events.VerdictChanged(number="n", platform="p", from_="clean", to="marked", marks=0)
    assert sentence(unmarked).endswith(", 0 marks")
    until = SourceLimited(source="s", until=1_900_000_000.9, why="429")
    assert sentence(until) == "source s rests until 2030-03-17 17:46:40 UTC: 429"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.25, "250 ms"),
        (59, "59 s"),
        (90, "1.5 min"),
        (3600, "1 h"),
        (259_200, "3 d"),
        (-30, "-30 s"),
    ],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert events.duration_for_people(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 problems"), (1, "1 problem"), (2, "2 problems")])
def test_a_count_agrees_with_what_is_counted(count: int, text: str) -> None:
    rejected = ConfigRejected(config="/c.toml", count=count, problems=("p",) * count)
    assert sentence(rejected).startswith(f"/c.toml rejected, {text}")


@pytest.mark.parametrize(("met", "text"), [(True, "yes"), (False, "no")])
def test_what_is_so_or_not_is_said_in_words(met: bool, text: str) -> None:
    mark = IncidentMilestone(incident="i", number="+8613800138000", mark="2h", met=met)
    assert sentence(mark).endswith(f"came due, met: {text}")


def test_two_events_cannot_share_a_name() -> None:
    with pytest.raises(TypeError, match="two events"):

        class Twin(Event, frozen=True):
            action = "case.moved"

    assert CATALOGUE["case.moved"] is CaseMoved


def test_level_words() -> None:
    assert [level.word for level in Level] == ["debug", "info", "warn", "error", "fatal"]
    assert [level.syslog for level in Level] == [7, 6, 4, 3, 2]
    assert Level.named("warn") is Level.WARN
    with pytest.raises(ValueError, match="one of debug, info"):
        Level.named("WARNING")


def test_documents_are_not_stale() -> None:
    docs = Path(__file__).parent.parent / "docs"
    for name, content in documents().items():
        assert (docs / name).read_text(encoding="utf-8") == content, "run `make docs`"


def test_schema_is_one() -> None:
    schema = catalogue_schema()
    Draft202012Validator.check_schema(schema)
    log = MemoryLog()
    log.emit(sample(CaseMoved, full=True))
    assert Draft202012Validator(schema).is_valid(log.records[0])


def spoiled(**changes: Any) -> dict[str, Any]:
    log = MemoryLog()
    log.emit(sample(CaseMoved, full=True))
    record = copy.copy(log.records[0])
    for key, value in changes.items():
        if value is None:
            del record[key]
        else:
            record[key] = value
    return record


@pytest.mark.parametrize(
    "changes",
    [
        {"numtrust.invented": "x"},
        {"numtrust.case": None},
        {"numtrust.case": 12},
        {"numtrust.attempt": "2"},
        {"numtrust.deadline": "tomorrow"},
        {"log.level": "debug"},
        {"event.sequence": 0},
        {"event.action": "case.danced"},
        {"@timestamp": "2026-11-22 10:00:00"},
    ],
    ids=str,
)
def test_schema_and_checker_refuse(changes: dict[str, Any]) -> None:
    record = spoiled(**changes)
    assert not Draft202012Validator(catalogue_schema()).is_valid(record)
    with pytest.raises(BadLine):
        CHECKER.check(msgspec.json.encode(record) + b"\n")


def test_checker_refuses_what_no_schema_sees() -> None:
    log = MemoryLog()
    log.emit(sample(CaseMoved, full=False))
    line = log.lines[0]
    backwards = dict(reversed(log.records[0].items()))
    for bad in (
        line.rstrip(),
        line + line,
        b"<3>" + line,
        line.replace(b'{"', b'{"numtrust.case":"twin","', 1),
        msgspec.json.encode(backwards) + b"\n",
        line.replace(b'"message":"', b'"message":"' + b"x" * 40_000),
    ):
        with pytest.raises(BadLine):
            CHECKER.check(bad)
    assert CHECKER.check(b"<6>" + line) == log.records[0]
