"""`Log`: events in, lines out.

A structlog chain makes each line: `_assemble` builds the record in the order that operators were promised and
without what may not stand in it (`guard`), `_tell` tells the listeners, `_render` makes the bytes. The sink
takes them (`writer` in the daemon, a list in tests). Nothing is bound and no context variable is read: what a
line says is what its event says.
"""

import enum
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from itertools import count
from typing import Any, Protocol

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

import numtrustd
from numtrustd.clock import Clock, timestamp
from numtrustd.events import Always, Event, Level, LogDropped, LogFailed, payload, sentence
from numtrustd.events.base import SILENCED
from numtrustd.log import console
from numtrustd.log.guard import Guard, shrink
from numtrustd.log.writer import Writer

ECS_VERSION = "8.11.0"
MAX_RECORD = 32_768
"""Bytes of a line with its prefix and line break: journald cuts at 48 KiB, and a cut line is no JSON."""

Record = MutableMapping[str, Any]
Tap = Callable[[str, Level, Record], None]
"""Called with action, level and record; must be quick, and may keep the record but not change it."""


Silencer = Callable[[Event], str | None]
"""The id of the silence that covers an event; `None` if none does."""


class Style(enum.StrEnum):
    """How lines look."""

    JSON = "json"
    CONSOLE = "console"


class Sink(Protocol):
    """Where lines go; `Writer` is the one for file descriptors."""

    notice: Callable[[int], bytes | None] | None

    @property
    def lost(self) -> int: ...
    def put(self, line: bytes) -> None: ...
    def start(self) -> None: ...
    def flush(self, timeout: float) -> bool: ...
    def stop(self, timeout: float) -> bool: ...


class _Chain(structlog.BoundLoggerBase):
    """The one method by which anything is logged here; gives the line back instead of writing it."""

    def line(self, event: Event, quiet: str | None = None) -> bytes | None:
        made: bytes | None = self._proxy_to_logger("msg", it=event, quiet=quiet)
        return made


def in_journal(fd: int, environ: Mapping[str, str]) -> bool:
    """Whether `fd` leads straight to the journal, which then wants a `<N>` priority before each line."""
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class Log:
    """The log of one process. Only `flush` and `stop` block; nothing raises for what happens to a line."""

    def __init__(
        self,
        clock: Clock,
        sink: Sink,
        *,
        level: Level = Level.INFO,
        style: Style = Style.JSON,
        drill: str | None = None,
        mask_numbers: bool = False,
        prefix: bool = False,
        colour: bool = False,
    ) -> None:
        self._clock = clock
        self._sink = sink
        sink.notice = self._notice
        self._level = self._floor = level
        self._style = style
        self._prefix = prefix
        self._guard = Guard(mask_numbers=mask_numbers)
        self._console = console.Renderer(colour=colour, dated=clock.scaled)
        self._encode = msgspec.json.Encoder().encode
        self._sequence = count(1)
        self._stamped = timestamp(0.0)
        self.silencer: Silencer | None = None
        self._taps: tuple[tuple[Tap, Level | None], ...] = ()
        self._home = threading.get_ident()
        self._elsewhere: deque[tuple[str, Level, Record]] = deque(maxlen=1000)
        self._always: dict[str, Any] = msgspec.to_builtins(
            Always(clock_speed=float(clock.speed) if clock.scaled else None, drill=drill)
        )
        self._chain = _Chain(structlog.ReturnLogger(), [self._assemble, self._tell, self._render], {})

    @classmethod
    def to_fd(
        cls,
        clock: Clock,
        environ: Mapping[str, str],
        *,
        fd: int = 2,
        level: Level = Level.INFO,
        style: Style = Style.JSON,
        drill: str | None = None,
        mask_numbers: bool = False,
    ) -> "Log":
        """The log on a file descriptor: prefixed for the journal, coloured on a terminal that wants it."""
        return cls(
            clock,
            Writer(fd),
            level=level,
            style=style,
            drill=drill,
            mask_numbers=mask_numbers,
            prefix=in_journal(fd, environ),
            colour=not environ.get("NO_COLOR") and environ.get("TERM") != "dumb" and _is_terminal(fd),
        )

    @property
    def level(self) -> Level:
        """The least level that is written; may be set at any time."""
        return self._level

    @level.setter
    def level(self, level: Level) -> None:
        self._level = level
        self._floor = min([level, *(least for _, least in self._taps if least is not None)])

    @property
    def mask_numbers(self) -> bool:
        """Whether phone numbers lose their middle digits; may be set at any time."""
        return self._guard.mask_numbers

    @mask_numbers.setter
    def mask_numbers(self, wanted: bool) -> None:
        self._guard.mask_numbers = wanted

    @property
    def lost(self) -> int:
        """How many lines were lost so far."""
        return self._sink.lost

    def wants(self, kind: type[Event]) -> bool:
        """Whether anybody would see such an event; ask before making one that is costly to make."""
        return kind.level >= self._floor

    def emit(self, event: Event) -> None:
        """Log one event, from any thread."""
        if event.grade < self._floor:
            return
        try:
            quiet = self.silencer(event) if self.silencer is not None and event.grade > Level.INFO else None
            if quiet is not None and self._floor > Level.INFO:
                return
            line = self._chain.line(event, quiet)
        except Exception as error:  # noqa: BLE001 - a defect in one event must stop neither caller nor log
            line = self._failed(event.action, error)
        if line is not None:
            self._sink.put(line)

    def redact(self, secrets: Iterable[str]) -> None:
        """From now on these texts are `[redacted]` wherever they would appear."""
        self._guard.redact(secrets)

    def subscribe(self, tap: Tap, level: Level | None = None) -> Callable[[], None]:
        """Call `tap` with every record that is written, whatever the log's level will be; returns how to end it.

        With a `level` it hears every event from there on, also those below the log's own level: they are not written
        and have no `event.sequence`. Taps run in the thread that subscribed; what other threads log reaches them with
        that thread's next event. A tap that raises is reported and dropped.
        """
        entry = (tap, level)
        self._home = threading.get_ident()
        self._taps = (*self._taps, entry)
        self.level = self._level

        def unsubscribe() -> None:
            self._taps = tuple(other for other in self._taps if other is not entry)
            self.level = self._level

        return unsubscribe

    def start(self) -> None:
        """Begin to write what was and is logged."""
        self._sink.start()

    def flush(self, timeout: float) -> bool:
        """Wait up to `timeout` real seconds until all so far is written; False if it is not. Blocks."""
        return self._sink.flush(timeout)

    def stop(self, timeout: float) -> bool:
        """Write what waits and end the writer; False if that took too long. Blocks. `start` begins again."""
        return self._sink.stop(timeout)

    # The chain

    def _assemble(self, _logger: WrappedLogger, _method: str, bag: EventDict) -> Record:
        event: Event = bag["it"]
        quiet: str | None = bag["quiet"]
        level = event.grade if quiet is None else Level.INFO
        try:  # noqa: SIM105 - on every line, and `suppress` costs as much as the timestamp
            self._stamped = timestamp(self._clock.now())
        except RuntimeError:
            pass  # a virtual clock asked from outside the loop's thread: the time of the line before must do
        fields = payload(event)
        message = self._guard.clean(fields, sentence(event))
        record: Record = {
            "@timestamp": self._stamped,
            "log.level": level.word,
            "message": message,
            "ecs.version": ECS_VERSION,
            "service.name": "numtrustd",
            "service.version": numtrustd.__version__,
            "event.action": event.action,
        }
        if level >= self._level:
            record["event.sequence"] = next(self._sequence)
        if self._always:
            record.update(self._always)
        record.update(fields)
        if quiet is not None:
            record[SILENCED] = quiet
        return record

    def _tell(self, _logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
        if self._taps:
            self._tell_taps(record)
        if "event.sequence" not in record:
            raise structlog.DropEvent
        return record

    def _render(self, _logger: WrappedLogger, _method: str, record: EventDict) -> bytes:
        line = self._line(record)
        for most in (8_192, 2_048, 512, 64):
            if len(line) <= MAX_RECORD:
                break
            line = self._line(shrink(record, most))
        return line

    def _line(self, record: EventDict) -> bytes:
        prefix = f"<{Level.named(record['log.level']).syslog}>".encode() if self._prefix else b""
        if self._style is Style.JSON:
            return prefix + self._encode(record) + b"\n"
        lines = self._console.render(record).encode().splitlines()
        return b"".join(prefix + line + b"\n" for line in lines)

    # What goes wrong

    def _failed(self, action: str, error: Exception) -> bytes | None:
        try:
            return self._chain.line(LogFailed(event=action, error_type=type(error).__name__, error_message=str(error)))
        except Exception:  # noqa: BLE001 - its sequence number is spent: the gap shows that a line is missing
            return None

    def _notice(self, lines: int) -> bytes | None:
        try:
            return self._chain.line(LogDropped(lines=lines))
        except Exception as error:  # noqa: BLE001 - as in emit; this is the writer's thread
            return self._failed(LogDropped.action, error)

    def _tell_taps(self, record: Record) -> None:
        action = record["event.action"]
        level = Level.named(record["log.level"])
        self._elsewhere.append((action, level, record))
        if threading.get_ident() != self._home:
            return
        while self._elsewhere:
            told = self._elsewhere.popleft()
            for entry in self._taps:
                tap, least = entry
                if "event.sequence" in told[2] if least is None else told[1] >= least:
                    try:
                        tap(*told)
                    except Exception as error:  # noqa: BLE001 - a listener's defect must not stop the log
                        self._taps = tuple(other for other in self._taps if other is not entry)
                        self.emit(LogFailed(event=action, error_type=type(error).__name__, error_message=str(error)))


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False
