"""The same records for eyes: time, level, action, sentence, then the facts that the sentence leaves out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from numtrustd.events import CATALOGUE, mentioned

_COLOUR = {"debug": "\x1b[2m", "warn": "\x1b[33m", "error": "\x1b[31m", "fatal": "\x1b[1;31m"}
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"

# In every line, or said by the line's own columns
_LEFT_OUT = frozenset(
    {
        "@timestamp",
        "log.level",
        "message",
        "ecs.version",
        "service.name",
        "service.version",
        "event.action",
        "event.sequence",
        "numtrust.clock_speed",
        "numtrust.drill",
        "error.stack_trace",
    }
)
# Long-winded or only of use to a program
_FOR_PROGRAMS = frozenset({"numtrust.digest", "numtrust.rule", "numtrust.ref", "numtrust.problems"})
_WIDTH = 20


class Renderer:
    """Local time of day, or date and time when the clock is not the world's own (`dated`): `03-02 09:00:13 ×17280` then
    says in every line how fast it runs.
    """

    def __init__(self, *, colour: bool, dated: bool) -> None:
        self._colour = colour
        self._format = "%m-%d %H:%M:%S" if dated else "%H:%M:%S"

    def render(self, record: Mapping[str, Any]) -> str:
        """One line, or more when there is a stack to show. Values are escaped already."""
        level: str = record["log.level"]
        action: str = record["event.action"]
        when = datetime.fromisoformat(record["@timestamp"]).astimezone().strftime(self._format)
        if (speed := record.get("numtrust.clock_speed")) is not None:
            when += f" ×{speed:g}"
        shown_level = self._in(_COLOUR.get(level, ""), f"{level.upper():5}")
        line = f"{when} {shown_level} {action:{_WIDTH}} {record['message']}"
        said = mentioned(CATALOGUE[action])
        facts = [
            f"{key.removeprefix('numtrust.')}={_plain(value)}"
            for key, value in record.items()
            if key not in _LEFT_OUT and key not in _FOR_PROGRAMS and key not in said
        ]
        if facts:
            line += "  " + self._in(_DIM, " ".join(facts))
        if stack := record.get("error.stack_trace"):
            line += "".join(f"\n    {part}" for part in stack.splitlines())
        return line

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colour and colour else text


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    return repr(text) if " " in text or not text else text
