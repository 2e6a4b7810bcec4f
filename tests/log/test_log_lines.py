"""What a line says, in what order; levels, listeners, the journal's prefix, and how it looks to eyes."""

import os
import re
import threading
from pathlib import Path
from typing import Any

from numtrustd import __version__
from numtrustd.clock import Clock, VirtualClock
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Status
from numtrustd.events import (
    ActorCrashed,
    CaseMoved,
    DaemonReady,
    DemoNote,
    Level,
    LogDropped,
    LogFailed,
    ObservationRecorded,
    SourceFailed,
)
from numtrustd.log import Log, Style, in_journal
from tests.logcheck import MemoryLog, MemorySink

MOVED = CaseMoved(
    case="A1", number="+8613800138000", platform="so360", kind="appeal", from_="draft", to="sent", attempt=2
)
LOOKED = ObservationRecorded(
    number="+8613800138000",
    platform="so360",
    source="so360.onebox",
    surface="default",
    status=Status.MARKED,
    category=Category.MARKETING,
    words="广告推销",
)
ORIGIN = 1_900_000_000.25


def fast_clock() -> Clock:
    return Clock(speed=3600, origin=ORIGIN)


def test_order_and_values() -> None:
    log = MemoryLog()
    log.emit(MOVED)
    (record,) = log.records
    assert list(record.items())[1:] == [
        ("log.level", "info"),
        ("message", "appeal case A1: draft → sent"),
        ("ecs.version", "8.11.0"),
        ("service.name", "numtrustd"),
        ("service.version", __version__),
        ("event.action", "case.moved"),
        ("event.sequence", 1),
        ("numtrust.case", "A1"),
        ("numtrust.number", "+8613800138000"),
        ("numtrust.platform", "so360"),
        ("numtrust.kind", "appeal"),
        ("numtrust.from", "draft"),
        ("numtrust.to", "sent"),
        ("numtrust.attempt", 2),
    ]
    assert "→".encode() in log.lines[0]


def test_what_every_line_of_a_fast_clock_or_a_drill_carries() -> None:
    log = MemoryLog(fast_clock(), drill="storm")
    log.emit(MOVED)
    log.emit(LogDropped(lines=1))
    for record in log.records:
        assert record["numtrust.clock_speed"] == 3600.0
        assert record["numtrust.drill"] == "storm"
        assert record["@timestamp"].startswith("2030-03-17T")
    plain = MemoryLog()
    plain.emit(MOVED)
    assert not {"numtrust.clock_speed", "numtrust.drill"} & plain.records[0].keys()


def test_level_filters_and_can_be_changed() -> None:
    log = MemoryLog(level=Level.INFO)
    assert not log.wants(ObservationRecorded)
    log.emit(LOOKED)
    log.level = Level.DEBUG
    assert log.wants(ObservationRecorded)
    log.emit(LOOKED)
    log.level = Level.WARN
    log.emit(MOVED)
    log.emit(LogDropped(lines=1))
    assert [record["event.action"] for record in log.records] == ["observation.recorded", "log.dropped"]
    assert [record["event.sequence"] for record in log.records] == [1, 2]


def test_listeners() -> None:
    log = MemoryLog(level=Level.WARN)
    heard: list[tuple[str, Level, Any]] = []
    every: list[str] = []
    end = log.subscribe(lambda action, level, record: heard.append((action, level, record)), Level.INFO)
    end_every = log.subscribe(lambda action, _level, _record: every.append(action), Level.DEBUG)
    assert log.wants(ObservationRecorded)
    log.emit(LOOKED)
    log.emit(MOVED)
    log.emit(LogDropped(lines=1))
    end_every()
    assert not log.wants(ObservationRecorded)
    end()
    assert not log.wants(CaseMoved)
    log.emit(LogDropped(lines=1))
    assert [(action, level) for action, level, _ in heard] == [
        ("case.moved", Level.INFO),
        ("log.dropped", Level.WARN),
    ]
    assert every == ["observation.recorded", "case.moved", "log.dropped"]
    assert heard[0][2]["numtrust.case"] == "A1"
    assert "event.sequence" not in heard[0][2]
    assert [record["event.sequence"] for record in log.records] == [1, 2]


def test_a_listener_without_a_level_hears_what_is_written_and_nothing_else() -> None:
    log = MemoryLog(level=Level.WARN)
    heard: list[Any] = []
    end = log.subscribe(lambda _action, _level, record: heard.append(record))
    end_other = log.subscribe(lambda *_: None, Level.DEBUG)
    for level in (Level.WARN, Level.DEBUG, Level.INFO, Level.WARN):
        log.level = level
        for event in (LOOKED, MOVED, LogDropped(lines=1)):
            log.emit(event)
    end_other()
    assert not log.wants(MOVED.__class__)
    end()
    log.emit(LogDropped(lines=1))
    assert [record["event.action"] for record in heard] == [
        "log.dropped",
        "observation.recorded",
        "case.moved",
        "log.dropped",
        "case.moved",
        "log.dropped",
        "log.dropped",
    ]
    assert [record["event.sequence"] for record in heard] == list(range(1, 8))
    assert heard == log.records[:-1]


def test_a_listener_that_fails_is_dropped_and_reported() -> None:
    log = MemoryLog()
    heard: list[str] = []

    def bad(action: str, level: Level, record: Any) -> None:
        raise KeyError("oops")

    log.subscribe(bad)
    log.subscribe(lambda action, _level, _record: heard.append(action))
    log.emit(MOVED)
    log.emit(MOVED)
    assert sorted(record["event.action"] for record in log.records) == [
        "case.moved",
        "case.moved",
        "log.failed",
    ]
    assert sorted(heard) == ["case.moved", "case.moved", "log.failed"]


def test_a_listener_hears_other_threads_in_its_own() -> None:
    log = MemoryLog()
    heard: list[tuple[str, int]] = []
    log.subscribe(lambda action, _level, _record: heard.append((action, threading.get_ident())))
    other = threading.Thread(target=log.emit, args=(LogDropped(lines=1),))
    other.start()
    other.join()
    assert heard == []
    log.emit(MOVED)
    me = threading.get_ident()
    assert heard == [("log.dropped", me), ("case.moved", me)]


def test_an_event_that_cannot_be_written_is_reported_and_nothing_is_raised() -> None:
    log = MemoryLog()
    log.emit(DemoNote(text=object()))  # type: ignore[arg-type]  # what mypy would have caught
    log.emit(DaemonReady(numbers=1, startup_seconds="soon"))  # type: ignore[arg-type]  # as above
    log.emit(MOVED)
    assert [record["event.action"] for record in log.records] == ["log.failed", "log.failed", "case.moved"]
    assert [record["numtrust.event"] for record in log.records[:2]] == ["demo.note", "daemon.ready"]


def test_a_clock_that_fails_too_loses_the_line_and_nothing_else() -> None:
    class Broken(Clock):
        def now(self) -> float:
            raise ZeroDivisionError

    log = MemoryLog(Broken())
    log.emit(MOVED)
    assert log.lines == []


async def test_a_virtual_clock_is_not_asked_from_another_thread() -> None:
    log = MemoryLog(VirtualClock(ORIGIN))
    log.emit(MOVED)
    other = threading.Thread(target=log.emit, args=(MOVED,))
    other.start()
    other.join()
    assert log.records[0]["@timestamp"] == log.records[1]["@timestamp"]


def test_journal_prefix(tmp_path: Path) -> None:
    log = MemoryLog(prefix=True)
    for event in (
        LOOKED,
        MOVED,
        LogDropped(lines=1),
        LogFailed(event="x", error_type="y", error_message="z"),
    ):
        log.emit(event)
    assert [line[:4] for line in log.lines] == [b"<7>{", b"<6>{", b"<4>{", b"<3>{"]

    with (tmp_path / "stderr").open("wb") as file:
        status = os.fstat(file.fileno())
        here = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert in_journal(file.fileno(), here)
        assert not in_journal(file.fileno(), {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
        assert not in_journal(file.fileno(), {})
        for environ, first in ((here, b"<6>{"), ({}, b"{")):
            file.truncate(0)
            file.seek(0)
            log_to_file = Log.to_fd(Clock(), environ, fd=file.fileno())
            log_to_file.start()
            log_to_file.emit(MOVED)
            assert log_to_file.stop(5)
            assert (tmp_path / "stderr").read_bytes().startswith(first)
    assert not in_journal(file_descriptor_that_is_closed(), here)


def file_descriptor_that_is_closed() -> int:
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


def console(event: Any, clock: Clock | None = None, *, colour: bool = False) -> str:
    log = MemoryLog(clock, style=Style.CONSOLE, colour=colour)
    log.emit(event)
    return b"".join(log.lines).decode()


def test_console() -> None:
    text = console(LOOKED)
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d DEBUG observation.recorded "
        r"so360.onebox says of \+8613800138000 on so360: marked 广告推销"
        r"  surface=default category=marketing\n",
        text,
    )
    assert "×" not in text
    assert "\x1b" not in text
    assert "\x1b[33mWARN \x1b[0m" in console(LogDropped(lines=1), colour=True)
    crash = ActorCrashed(
        actor="a", crashes=1, error_type="E", error_message="one\ntwo \x1b[31m", stack_trace="first\nsecond\n"
    )
    assert console(crash).splitlines()[1:] == ["    first", "    second"]
    assert "one\\x0atwo \\x1b[31m" in console(crash)


def test_console_marks_every_line_of_a_clock_that_is_not_the_worlds_own() -> None:
    for clock, mark in ((fast_clock(), "×3600"), (Clock(speed=0.5, origin=ORIGIN), "×0.5"), (Clock(origin=0.0), "×1")):
        for event in (MOVED, LogDropped(lines=1), DemoNote(text="x")):
            line = console(event, clock)
            assert re.match(rf"\d\d-\d\d \d\d:\d\d:\d\d {mark} (INFO |WARN ) {event.action}", line), line


def test_console_quotes_what_has_spaces_and_shows_lists() -> None:
    failed = SourceFailed(source="s", reason="timeout", failures=3, server_address="www.example.com")
    assert console(failed).endswith("  failures=3 server.address=www.example.com\n")
    case = CaseMoved(
        case="A1",
        number="n",
        platform="p",
        kind="appeal",
        from_="a",
        to="b",
        next="look again",
        deadline=ORIGIN,
    )
    assert "deadline=2030-03-17T17:46:40.250000Z next='look again'" in console(case)


def test_colour_is_only_for_terminals() -> None:
    leader, follower = os.openpty()
    try:
        for environ, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            log = Log.to_fd(Clock(), environ, fd=follower, style=Style.CONSOLE)
            log.start()
            log.emit(LogDropped(lines=1))
            assert log.stop(5)
            assert (b"\x1b[" in os.read(leader, 4096)) is coloured
    finally:
        os.close(leader)
        os.close(follower)


def test_structlog_chain_gives_the_line_to_the_sink_once() -> None:
    sink = MemorySink()
    log = Log(Clock(), sink)
    log.start()
    log.emit(MOVED)
    assert log.flush(0)
    assert log.stop(0)
    assert len(sink.lines) == 1
    assert log.lost == 0
    assert log.level is Level.INFO
