"""The catalogue as documents: `docs/events.md` for people, a JSON Schema of a line for pipelines and tests.

Both are generated from `numtrustd.events` and committed; a test fails while they are stale, `make docs` writes them
anew.
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from numtrustd.domain.silence import quiets
from numtrustd.events import CATALOGUE, Always, Event, Level
from numtrustd.events.base import SILENCED, unwrap
from numtrustd.events.fields import TIMESTAMP

Schema = dict[str, Any]

INTRODUCTION = """\
# Log events

Generated from the catalogue in `numtrustd/events/`; do not edit (`make docs`).
The same as a JSON Schema, for pipelines: [events.schema.json](events.schema.json).

One JSON object per line, UTF-8, on standard error. Names follow the Elastic Common Schema where it has one;
all others begin with `numtrust.`. A key has the same type in every event, for ever. Under the journal a line
begins with its priority (`<6>`). A record is at most 32 KiB: longer texts are cut in the middle, with a mark
that says so. Control characters are written out (`\\x1b`), secrets are `[redacted]`. Readers must bear a
line that is not JSON: the interpreter's last words.
"""

HEADER: dict[str, Schema] = {
    "@timestamp": {
        "type": "string",
        "pattern": TIMESTAMP,
        "description": "when, RFC 3339 in UTC with microseconds; in a demo or drill the daemon's own clock",
    },
    "log.level": {"enum": [level.word for level in Level], "description": "how much it matters"},
    "message": {"type": "string", "description": "one sentence for a person"},
    "ecs.version": {"type": "string", "description": "the Elastic Common Schema that the names follow"},
    "service.name": {"const": "numtrustd", "description": "which program"},
    "service.version": {"type": "string", "description": "which version of it"},
    "event.action": {"type": "string", "description": "what happened: a name of this catalogue"},
    "event.sequence": {
        "type": "integer",
        "minimum": 1,
        "description": "number of the line in this process: a gap is a line that was lost",
    },
}
"""What every line begins with, in this order."""


def catalogue_schema() -> Schema:
    """JSON Schema 2020-12 of one log line: one alternative per event, told apart by `event.action`."""
    always = {field.encode_name: _schema(field.type) for field in _fields(Always)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:numtrustd:log-line",
        "title": "A log line of numtrustd",
        "description": "Generated from the catalogue of events. The `<N>` before a line is not part of it.",
        "type": "object",
        "properties": HEADER | always,
        "required": list(HEADER),
        "oneOf": [{"$ref": f"#/$defs/{action}"} for action in sorted(CATALOGUE)],
        "$defs": {action: _event_schema(kind, always) for action, kind in sorted(CATALOGUE.items())},
    }


def _event_schema(kind: type[Event], always: Schema) -> Schema:
    fields = _fields(kind)
    return {
        "title": kind.action,
        "description": meaning(kind),
        "properties": {
            **dict.fromkeys(HEADER, True),
            **dict.fromkeys(always, True),
            "event.action": {"const": kind.action},
            "log.level": {"enum": [kind.level.word, Level.INFO.word]}
            if may_be_quiet(kind) or kind.lower
            else {"const": kind.level.word},
            **(_QUIETED if may_be_quiet(kind) else {}),
            **{field.encode_name: _schema(field.type) for field in fields},
        },
        "required": ["event.action", *(field.encode_name for field in fields if field.required)],
        "additionalProperties": False,
    }


_QUIETED: Schema = {SILENCED: {"type": "string", "description": "id of the silence that lowered the line to info"}}


def may_be_quiet(kind: type[Event]) -> bool:
    """Whether a silence may lower such a line."""
    return kind.level >= Level.WARN and quiets(kind.action)


def meaning(kind: type[Event]) -> str:
    """What the event says, from its docstring, on one line."""
    return " ".join((kind.__doc__ or "").split())


def _fields(kind: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _schema(kind: inspect.Type) -> Schema:
    """The schema of one field; only the few types that a line may hold have one."""
    bare, notes = unwrap(kind)
    notes.pop("unit", None)
    match bare:
        case inspect.StrType():
            return {"type": "string", **notes}
        case inspect.BoolType():
            return {"type": "boolean", **notes}
        case inspect.IntType():
            return {"type": "integer", **notes}
        case inspect.FloatType():
            return {"type": "number", **notes}
        case inspect.EnumType():
            return {"type": "string", "enum": [member.value for member in bare.cls], **notes}
        case inspect.VarTupleType():
            return {"type": "array", "items": _schema(bare.item_type), **notes}
        case _:
            raise TypeError(f"no log line may hold a {bare}")


def _type_for_people(schema: Schema) -> str:
    if "pattern" in schema:
        return "time"
    if schema["type"] == "array":
        return "list of strings"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    return str(schema["type"])


def catalogue_markdown() -> str:
    """The reference for operators: the header, then every event with its level, message and fields."""
    out = [
        INTRODUCTION,
        "## Every line begins with",
        "",
        "| key | type | meaning |",
        "|---|---|---|",
    ]
    out += [f"| `{key}` | {_header_type(schema)} | {schema['description']} |" for key, schema in HEADER.items()]
    out += ["", "and in a demo or drill carries", "", "| key | type | meaning |", "|---|---|---|"]
    for field in _fields(Always):
        schema = _schema(field.type)
        out.append(f"| `{field.encode_name}` | {_type_for_people(schema)} | {schema['description']} |")
    out += ["", "## The events", "", "| event | level | meaning |", "|---|---|---|"]
    for action, kind in sorted(CATALOGUE.items()):
        anchor = action.replace(".", "")
        out.append(f"| [`{action}`](#{anchor}) | {kind.level.word} | {meaning(kind)} |")
    for action, kind in sorted(CATALOGUE.items()):
        out += ["", f"### {action}", "", f"{meaning(kind)} Level {_level(kind)}.", ""]
        message = re.sub(r"\|([\w ]+)\}", r"} \1s", kind.message)
        out += ["> " + message.replace("from_", "from").replace("action_id", "action"), ""]
        out += ["| key | type | | meaning |", "|---|---|---|---|"]
        for field in _fields(kind):
            schema = _schema(field.type)
            needed = "always" if field.required else ""
            out.append(f"| `{field.encode_name}` | {_type_for_people(schema)} | {needed} | {schema['description']} |")
    return "\n".join(out) + "\n"


def _level(kind: type[Event]) -> str:
    lower = f", {Level.INFO.word} {kind.lower}" if kind.lower else ""
    quiet = f", or {Level.INFO.word} with `{SILENCED}`, the id of the silence that covers it"
    return kind.level.word + lower + (quiet if may_be_quiet(kind) else "")


def _header_type(schema: Schema) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "pattern" in schema:
        return "time"
    return ", ".join(f"`{word}`" for word in schema["enum"]) if "enum" in schema else str(schema["type"])


def documents() -> dict[str, str]:
    """File name → content of the generated documents."""
    schema = json.dumps(catalogue_schema(), indent=1, ensure_ascii=False) + "\n"
    return {"events.md": catalogue_markdown(), "events.schema.json": schema}


def write(directory: Path) -> None:
    """Write the documents there."""
    for name, content in documents().items():
        (directory / name).write_text(content, encoding="utf-8")
