"""Holds log lines against the schema that is generated from the catalogue.

`check_lines` is for lines that a process wrote, `MemoryLog` is a log for tests that keeps and checks all it
is given. The fixtures make the whole suite do so: import them in a conftest, and every JSON line that any
`Log` of this process makes is checked.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import pytest
from jsonschema import Draft202012Validator

from numtrustd.clock import Clock
from numtrustd.events import Event, Level
from numtrustd.events_schema import HEADER, catalogue_schema
from numtrustd.log import Log, Style
from numtrustd.log.logger import MAX_RECORD

E = TypeVar("E", bound=Event)


class BadLine(AssertionError):
    """A line that breaks the promise made to operators."""


class Checker:
    """Validates lines.

    A line whose shape was seen before is not validated again: all that the schema can object to (keys, types,
    fixed words, patterns) is in the shape.
    """

    def __init__(self) -> None:
        schema = catalogue_schema()
        self._properties = {
            action: {
                **schema["properties"],
                **{k: v for k, v in event["properties"].items() if v is not True},
            }
            for action, event in schema["$defs"].items()
        }
        one = {key: value for key, value in schema.items() if key != "oneOf"}
        self._validators = {
            action: Draft202012Validator({**one, "$ref": f"#/$defs/{action}"}) for action in schema["$defs"]
        }
        self._seen: set[tuple[Any, ...]] = set()

    def check(self, line: bytes) -> dict[str, Any]:
        """The record of one line; raises `BadLine`."""
        if len(line) > MAX_RECORD:
            raise BadLine(f"{len(line)} bytes: {line[:200]!r}…")
        if not line.endswith(b"\n") or line.count(b"\n") != 1:
            raise BadLine(f"not exactly one line: {line!r}")
        prefix = re.match(rb"<(\d)>", line)
        try:
            record: dict[str, Any] = json.loads(line[prefix.end() if prefix else 0 :], object_pairs_hook=_no_twins)
        except ValueError as error:
            raise BadLine(f"not JSON ({error}): {line!r}") from None
        action = str(record.get("event.action"))
        if action not in self._validators:
            raise BadLine(f"not in the catalogue: {line!r}")
        if tuple(record)[: len(HEADER)] != tuple(HEADER):
            raise BadLine(f"header is missing or out of order: {line!r}")
        if prefix and int(prefix[1]) != Level.named(record["log.level"]).syslog:
            raise BadLine(f"prefix is not that of the level: {line!r}")
        shape = (action, *((key, self._shape(action, key, value)) for key, value in record.items()))
        if shape not in self._seen:
            problems = [error.message for error in self._validators[action].iter_errors(record)]
            if problems:
                raise BadLine(f"{'; '.join(problems)}: {line!r}")
            self._seen.add(shape)
        return record

    def _shape(self, action: str, key: str, value: Any) -> object:
        schema = self._properties[action].get(key, {})
        if "enum" in schema or "const" in schema:
            return value
        if "pattern" in schema and isinstance(value, str):
            return bool(re.search(schema["pattern"], value))
        if "minimum" in schema and isinstance(value, int | float):
            return type(value), value >= schema["minimum"]
        if isinstance(value, list):
            return list, frozenset(map(type, value))
        return type(value)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key stands twice")
    return record


CHECKER = Checker()


def check_lines(lines: Iterable[bytes] | bytes) -> list[dict[str, Any]]:
    """The records of lines that were written by one process; raises `BadLine`."""
    if isinstance(lines, bytes):
        lines = lines.splitlines(keepends=True)
    return [CHECKER.check(line) for line in lines]


class MemorySink:
    """Checks each line and keeps it; stands in for the writer."""

    def __init__(self) -> None:
        self.notice: Callable[[int], bytes | None] | None = None
        self.lines: list[bytes] = []
        self.records: list[dict[str, Any]] = []
        self.lost = 0
        self.style = Style.JSON

    def put(self, line: bytes) -> None:
        self.lines.append(line)
        if self.style is Style.JSON:
            self.records.append(CHECKER.check(line))

    def start(self) -> None: ...

    def flush(self, timeout: float) -> bool:
        return True

    def stop(self, timeout: float) -> bool:
        return True


class MemoryLog(Log):
    """A log that keeps its events, records and lines. A line that breaks the schema raises at its emitter."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        level: Level = Level.DEBUG,
        style: Style = Style.JSON,
        drill: str | None = None,
        mask_numbers: bool = False,
        prefix: bool = False,
        colour: bool = False,
    ) -> None:
        self.sink = MemorySink()
        self.sink.style = style
        self.events: list[Event] = []
        super().__init__(
            clock or Clock(),
            self.sink,
            level=level,
            style=style,
            drill=drill,
            mask_numbers=mask_numbers,
            prefix=prefix,
            colour=colour,
        )

    def emit(self, event: Event) -> None:
        if self.wants(type(event)):
            self.events.append(event)
        super().emit(event)

    @property
    def lines(self) -> list[bytes]:
        return self.sink.lines

    @property
    def records(self) -> list[dict[str, Any]]:
        return self.sink.records

    @property
    def actions(self) -> list[str]:
        """What happened, in order."""
        return [event.action for event in self.events]

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


_bad: list[BadLine] = []


@pytest.fixture(scope="session", autouse=True)
def every_line_is_checked() -> Iterator[None]:
    """Every JSON line that a `Log` of this process makes is held against the schema."""
    render = Log._line

    def checked(self: Log, record: Any) -> bytes:
        line = render(self, record)
        if self._style is Style.JSON and len(line) <= MAX_RECORD:  # a longer one is about to be cut
            try:
                CHECKER.check(line)
            except BadLine as error:
                _bad.append(error)
        return line

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Log, "_line", checked)
        yield


@pytest.fixture(autouse=True)
def no_bad_lines() -> Iterator[None]:
    """Fails the test in which a bad line was made: a log swallows what goes wrong in it, this does not."""
    _bad.clear()
    yield
    if _bad:
        raise _bad[0]


@pytest.fixture
def memory_log() -> MemoryLog:
    """A log on the system's clock that keeps everything."""
    return MemoryLog()
