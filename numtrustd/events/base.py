"""What an event is: a typed value with a stable name, a level, a sentence for people, a key for each field.

`process`, `looking` and `working` beside this module hold the catalogue, `fields` the types and meanings of
all fields, `template` takes messages apart. The `log` package turns events into lines; nothing here does I/O or reads
time.
"""

import enum
import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

import msgspec
from msgspec import Struct

from numtrustd.domain.instant import rfc3339
from numtrustd.events import fields, template

PREFIX = "numtrust."

SILENCED = "numtrust.silenced"
"""The key of the silence that lowered a line. No event has it as a field: the log adds it to those that are quieted."""

ECS = {
    "error_type": "error.type",
    "error_message": "error.message",
    "stack_trace": "error.stack_trace",
    "server_address": "server.address",
    "server_port": "server.port",
    "http_status": "http.response.status_code",
    "pid": "process.pid",
    "exit_status": "process.exit_code",
    "thread": "process.thread.name",
    "logger": "log.logger",
    "origin_file": "log.origin.file.name",
    "origin_line": "log.origin.file.line",
}
"""Fields that have a name of their own in the Elastic Common Schema; all others go under `numtrust.`."""

_SPELLED = {"from_": "from", "action_id": "action"}
"""Python names that differ from the key: a keyword, and the name that every event class uses for itself."""


def key_of(name: str) -> str:
    """The log key of a field."""
    return ECS.get(name) or PREFIX + _SPELLED.get(name, name)


class Level(enum.IntEnum):
    """How much an event matters. `word` is what `log.level` says, `syslog` the priority in the journal."""

    word: str
    syslog: int

    def __new__(cls, value: int, syslog: int) -> "Level":
        level = int.__new__(cls, value)
        level._value_ = value
        level.syslog = syslog
        return level

    def __init__(self, _value: int, _syslog: int) -> None:
        self.word = self.name.lower()

    DEBUG = 10, 7
    INFO = 20, 6
    WARN = 30, 4
    ERROR = 40, 3
    FATAL = 50, 2

    @classmethod
    def named(cls, word: str) -> "Level":
        """The level of a word; raises `ValueError` that lists the words."""
        for level in cls:
            if level.word == word:
                return level
        raise ValueError(f"{word!r} is not a level: one of {', '.join(level.word for level in cls)}")


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename=key_of):
    """One thing that happened. A subclass is one entry of the catalogue; its docstring is its meaning.

    `message` is the sentence for people: `{field}` is filled in, `{field|problem}` is a count of problems, `[…]` is
    left out when a field in it is `None` or empty. Optional fields default to `None` (lists to `()`) and are then
    absent from the line.
    """

    action: ClassVar[str]
    level: ClassVar[Level]
    lower: ClassVar[str] = ""
    """Of which such events only are an info, in words; `grade` knows them."""
    message: ClassVar[str]

    @property
    def grade(self) -> Level:
        """How much this one matters: as its kind does, or less."""
        return self.level

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.action in CATALOGUE:
            raise TypeError(f"two events are named {cls.action}")
        CATALOGUE[cls.action] = cls


CATALOGUE: dict[str, type[Event]] = {}
"""Every event by its `noun.verb`, filled by subclassing."""


class Always(Struct, frozen=True, kw_only=True, omit_defaults=True, rename=key_of):
    """What every line of a run carries. Both are absent from an ordinary daemon's lines."""

    clock_speed: fields.ClockSpeed | None = None
    drill: fields.Drill | None = None


def instant_for_people(instant: float) -> str:
    """An instant in a sentence; `ctl` knows it again and turns it into the reader's own time."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


_UNITS = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0))


def duration_for_people(seconds: float) -> str:
    """45 s, 2.5 h, 3 d; below a second in ms."""
    size = abs(seconds)
    if size < 1:
        return f"{round(seconds * 1000)} ms"
    unit, length = next((u, n) for u, n in _UNITS if size >= n)
    return f"{round(seconds / length, 1):g} {unit}"


def _plain_float(value: float) -> float | None:
    """Always a float, lest a pipeline see the key as an integer first; what JSON cannot say is absent."""
    return round(float(value), 6) if math.isfinite(value) else None


def _stamp(value: float) -> str | None:
    try:
        return rfc3339(value)
    except (ValueError, OverflowError, OSError):  # nan, inf, the year 300 000
        return None


Show = Callable[[Any], str]


class _Segment(NamedTuple):
    """A part of a message: `text % get(event)`, with some of the values shown in a way of their own."""

    text: str
    get: Callable[[Event], tuple[Any, ...]]
    shows: tuple[Show | None, ...] | None
    optional: bool


class _Plan(NamedTuple):
    """What is worked out once per event class."""

    convert: tuple[tuple[str, Callable[[float], Any]], ...]
    instants: frozenset[str]
    show: dict[str, Show]
    segments: tuple[_Segment, ...]
    mentioned: frozenset[str]


def _counted(noun: str) -> Show:
    return lambda count: f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _joined(values: tuple[str, ...]) -> str:
    return ", ".join(values)


def _getter(names: tuple[str, ...]) -> Callable[[Event], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)


@cache
def _plan(kind: type[Event]) -> _Plan:
    convert: list[tuple[str, Callable[[float], Any]]] = []
    instants: set[str] = set()
    show: dict[str, Show] = {}
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        bare, extra = unwrap(field.type)
        if isinstance(bare, msgspec.inspect.FloatType):
            convert.append((field.encode_name, _stamp if extra.get("unit") == "instant" else _plain_float))
            if extra.get("unit") == "instant":
                instants.add(field.encode_name)
                show[field.name] = instant_for_people
            elif extra.get("unit") == "s":
                show[field.name] = duration_for_people
        elif isinstance(bare, msgspec.inspect.VarTupleType):
            show[field.name] = _joined
        elif isinstance(bare, msgspec.inspect.BoolType):
            show[field.name] = _yes_or_no
    segments: list[_Segment] = []
    said: set[str] = set()
    for text, places, optional in template.parts(kind.message):
        names = tuple(place.field for place in places)
        said.update(names)
        shows = tuple(_counted(place.noun) if place.noun else show.get(place.field) for place in places)
        segments.append(_Segment(text, _getter(names), shows if any(shows) else None, optional))
    return _Plan(tuple(convert), frozenset(instants), show, tuple(segments), frozenset(map(key_of, said)))


def unwrap(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, dict[str, Any]]:
    """The type inside `Annotated` and `| None`, and the notes on it."""
    extra: dict[str, Any] = {}
    while True:
        if isinstance(kind, msgspec.inspect.Metadata):
            extra |= (kind.extra_json_schema or {}) | (kind.extra or {})
            kind = kind.type
        elif isinstance(kind, msgspec.inspect.UnionType):
            (kind,) = (t for t in kind.types if not isinstance(t, msgspec.inspect.NoneType))
        else:
            return kind, extra


def payload(event: Event) -> dict[str, Any]:
    """The event's own fields under their log keys: only strings, numbers, booleans and lists of strings."""
    body: dict[str, Any] = msgspec.to_builtins(event)
    for key, convert in _plan(type(event)).convert:
        if key in body:
            value = convert(body[key])
            if value is None:
                del body[key]
            else:
                body[key] = value
    return body


def sentence(event: Event) -> str:
    """The event's message with its facts filled in."""
    said = ""
    for text, get, shows, optional in _plan(type(event)).segments:
        values = get(event)
        if optional and (None in values or "" in values or () in values):
            continue
        if shows is not None:
            values = tuple(show(value) if show else value for show, value in zip(shows, values, strict=True))
        said += text % values
    return said


def shown(event: Event) -> dict[str, tuple[str, ...]]:
    """What the sentence shows of each field that it has a place for, by the field's name and one by one where it is a
    list; a count without what is counted, and nothing of what is absent.
    """
    show = _plan(type(event)).show
    told: dict[str, tuple[str, ...]] = {}
    for part in template.parts(event.message):
        for name, _ in part.places:
            value = getattr(event, name)
            if isinstance(value, tuple):
                told[name] = value
            elif value is not None:
                told[name] = (show[name](value) if name in show else str(value),)
    return told


def instants(kind: type[Event]) -> frozenset[str]:
    """The keys whose values are instants."""
    return _plan(kind).instants


def mentioned(kind: type[Event]) -> frozenset[str]:
    """The keys whose values the message already shows."""
    return _plan(kind).mentioned
