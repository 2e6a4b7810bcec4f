"""What was promised to whoever reads the log: `events.released.json`, and how the present catalogue differs from it.

A pipeline filters on an event's name, compares its level, and reads keys of a type. So none of these may go or change
unnoticed; what is added breaks nobody. `tests/test_events_released.py` fails on what breaks. When the version is
raised, or after a deliberate break, `python -m docs.released [--accept]` writes the records anew: this one, and that of
the control sockets, which `released_calls` beside this module keeps.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from docs import released_calls
from docs.released_fields import Record, lost
from numtrustd import __version__
from numtrustd.events_schema import HEADER, catalogue_schema

RECORD = Path(__file__).parent / "events.released.json"

REMEDY = """\
Whoever goes by these would be left without a word. Keep the old name beside the new one, or give the new meaning a
name of its own. If the break is meant, say so under "Changed" or "Removed" in CHANGELOG.md, then run
`python -m docs.released --accept`."""


def present() -> Record:
    """The record of the catalogue as it is: header keys, and each event's levels and fields by key."""
    schema = catalogue_schema()
    events = {}
    for action, event in schema["$defs"].items():
        properties, required = event["properties"], set(event["required"])
        level = properties["log.level"]
        own = {key: field for key, field in properties.items() if field is not True and key not in HEADER}
        events[action] = {
            "levels": level.get("enum", [level.get("const")]),
            "fields": {key: _field(field, always=key in required) for key, field in sorted(own.items())},
        }
    always = {key: field for key, field in schema["properties"].items() if key not in HEADER}
    return {
        "version": __version__,
        "header": {key: _type(field) for key, field in HEADER.items()},
        "always": {key: _type(field) for key, field in sorted(always.items())},
        "events": events,
    }


def _type(field: dict[str, Any]) -> str:
    if "pattern" in field:
        return "time"
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    return str(field.get("type", "string"))


def _field(field: dict[str, Any], *, always: bool) -> Record:
    said: Record = {"type": _type(field)}
    if "enum" in field:
        said["values"] = field["enum"]
    if always:
        said["always"] = True
    return said


def breaks(before: Record, after: Record) -> list[str]:
    """What a reader of the old lines would miss in the new ones, one text each; what is new is no break."""
    found = []
    for part in ("header", "always"):
        for key, kind in before[part].items():
            if (now := after[part].get(key)) != kind:
                found.append(f"{key}: every line had it as {kind}, now {now or 'it is gone'}")
    for action, event in before["events"].items():
        if action not in after["events"]:
            found.append(f"{action}: the event is gone")
            continue
        found += [f"{action}: {what}" for what in _breaks_of(event, after["events"][action])]
    return found


def _breaks_of(before: Record, after: Record) -> list[str]:
    found = []
    if before["levels"] != after["levels"]:
        found.append(f"its level was {' or '.join(before['levels'])}, now it is {' or '.join(after['levels'])}")
    found += lost(before["fields"], after["fields"])
    return found


def main() -> str:
    """Write the records anew; with breaks only when they are accepted. Returns what is to be said instead."""
    parser = argparse.ArgumentParser(prog="python -m docs.released", description=__doc__)
    parser.add_argument("--accept", action="store_true", help="what was promised may go: it is in the changelog")
    asked = parser.parse_args()
    kept = [(RECORD, present(), breaks), (released_calls.RECORD, released_calls.present(), released_calls.breaks)]
    found = [
        what
        for file, now, compare in kept
        if file.exists()
        for what in compare(json.loads(file.read_text(encoding="utf-8")), now)
    ]
    if found and not asked.accept:
        return "\n".join([*found, "", REMEDY])
    for file, now, _ in kept:
        file.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ""


if __name__ == "__main__":
    sys.exit(main() or 0)
