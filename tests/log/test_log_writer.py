"""A reader who stalls, goes away or never was: the loop goes on, nothing is raised, and what was lost is said."""

import contextlib
import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from numtrustd.clock import Clock
from numtrustd.events import DemoNote
from numtrustd.log import Log, Writer
from tests.logcheck import check_lines

LINE = b"x" * 99 + b"\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        with contextlib.suppress(OSError):  # some tests close an end themselves
            os.close(fd)


def read_all(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := os.read(fd, 1 << 20)):
        data += more
    return data


def make(fd: int, *, lines: int = 10_000, size: int = 16_777_216) -> tuple[Log, Writer]:
    writer = Writer(fd, lines=lines, size=size)
    return Log(Clock(), writer), writer


async def lateness_while(work: int, log: Log) -> float:
    """The latest that a task woke which wants to wake every 5 ms while `work` lines are logged, in seconds."""
    late = 0.0
    done = False

    async def tick() -> None:
        nonlocal late
        while not done:
            due = trio.current_time() + 0.005
            await trio.sleep_until(due)
            late = max(late, trio.current_time() - due)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        for i in range(work):
            log.emit(DemoNote(text=f"note {i} " + "x" * 200))
            if i % 20 == 0:
                await trio.lowlevel.checkpoint()
        done = True
    return late


def texts(records: list[dict[str, object]]) -> list[object]:
    return [record["numtrust.text"] for record in records if record["event.action"] == "demo.note"]


@pytest.mark.covers("P9")
async def test_a_blocked_pipe_stops_nobody_and_the_gap_is_told(pipe: tuple[int, int]) -> None:
    log, writer = make(pipe[1], lines=500)
    log.start()
    late = await lateness_while(3_000, log)
    assert late < 0.1
    assert log.lost > 0
    assert not log.flush(0.01)
    lost = log.lost

    taken: list[bytes] = []
    done = threading.Event()

    def take() -> None:
        while b"log.dropped" not in b"".join(taken[-2:]):
            taken.append(os.read(pipe[0], 1 << 16))
        done.set()

    threading.Thread(target=take, daemon=True).start()
    assert await trio.to_thread.run_sync(lambda: done.wait(5))
    assert log.stop(5)
    records = check_lines(b"".join(taken))
    assert len(texts(records)) == 3_000 - lost
    told = records[-1]
    assert (told["event.action"], told["numtrust.lines"]) == ("log.dropped", lost)
    # The sequence shows exactly how many are missing
    assert told["event.sequence"] == 3_001
    assert 3_001 - len(records) == lost
    assert writer.lost == lost


@pytest.mark.covers("P9")
async def test_a_full_device_stops_nobody() -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        log, _ = make(full.fileno())
    log.start()
    assert await lateness_while(1_000, log) < 0.1
    assert await trio.to_thread.run_sync(log.flush, 5)
    assert log.lost == 1_000
    assert log.stop(5)


@pytest.mark.covers("P9")
async def test_a_closed_descriptor_stops_nobody(pipe: tuple[int, int]) -> None:
    os.close(pipe[1])
    log, _ = make(pipe[1])
    log.start()
    assert await lateness_while(200, log) < 0.1
    assert log.lost == 200
    assert log.flush(1)
    assert log.stop(1)


def test_a_reader_who_goes_away(pipe: tuple[int, int]) -> None:
    log, _ = make(pipe[1])
    os.close(pipe[0])
    log.start()
    for i in range(10):
        log.emit(DemoNote(text=str(i)))
    assert log.flush(5)
    assert log.lost == 10
    assert log.stop(5)


def test_closing_the_original_later_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "log"
    victim = tmp_path / "database"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    log, _ = make(fd)
    os.close(fd)
    reused = os.open(victim, os.O_WRONLY | os.O_CREAT)
    assert reused == fd
    log.start()
    log.emit(DemoNote(text="here"))
    assert log.stop(5)
    os.close(reused)
    assert victim.read_bytes() == b""
    assert texts(check_lines(path.read_bytes())) == ["here"]


def test_after_a_full_disk_the_torn_line_is_ended_and_the_loss_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        log, writer = make(file.fileno())
        really_write = os.write
        room = 700

        def write(fd: int, data: bytes) -> int:
            nonlocal room
            if fd != writer._fd:
                return really_write(fd, data)
            if not room:
                raise OSError(errno.ENOSPC, "No space left on device")
            done = really_write(fd, bytes(data[:room]))
            room -= done
            return done

        monkeypatch.setattr(os, "write", write)
        for i in range(10):
            log.emit(DemoNote(text=str(i)))
        log.start()
        assert log.flush(5)
        assert log.lost == 10 - path.read_bytes().count(b"\n") > 0
        lost = log.lost
        assert not path.read_bytes().endswith(b"\n")
        room = 1 << 20
        log.emit(DemoNote(text="after"))
        assert log.stop(5)
    *whole, torn, after, told = path.read_bytes().splitlines(keepends=True)
    assert texts(check_lines(whole)) == [str(i) for i in range(10 - lost)]
    with pytest.raises(json.JSONDecodeError):
        json.loads(torn)
    assert texts(check_lines(after)) == ["after"]
    assert check_lines(told)[0]["numtrust.lines"] == lost
    assert log.lost == lost


def test_a_loss_that_cannot_be_told_is_told_later(monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int]) -> None:
    log, _ = make(pipe[1], lines=2)
    for i in range(5):
        log.emit(DemoNote(text=str(i)))
    really_write = os.write
    refuse = True

    def write(fd: int, data: bytes) -> int:
        if refuse and b"log.dropped" in bytes(data):
            raise OSError(errno.EIO, "Input/output error")
        return really_write(fd, data)

    monkeypatch.setattr(os, "write", write)
    log.start()
    assert log.flush(5)
    assert log.lost == 4  # three that did not fit, and the line about them
    refuse = False
    for text in ("after", "much later"):
        log.emit(DemoNote(text=text))
        assert log.flush(5)
    assert log.stop(5)
    records = check_lines(os.read(pipe[0], 1 << 16))
    assert texts(records) == ["0", "1", "after", "much later"]
    assert [record.get("numtrust.lines") for record in records] == [None, None, None, 4, None]  # told once


def test_somebody_made_the_descriptor_non_blocking(pipe: tuple[int, int]) -> None:
    fcntl.fcntl(pipe[1], fcntl.F_SETFL, fcntl.fcntl(pipe[1], fcntl.F_GETFL) | os.O_NONBLOCK)
    writer = Writer(pipe[1])
    writer.start()
    for _ in range(2_000):
        writer.put(LINE)
    assert not writer.flush(0.05)
    assert read_all(pipe[0], 2_000 * len(LINE)) == LINE * 2_000
    assert writer.stop(5)
    assert writer.lost == 0


def test_bounds_in_lines_and_bytes(pipe: tuple[int, int]) -> None:
    by_lines = Writer(pipe[1], lines=3)
    by_bytes = Writer(pipe[1], size=250)
    for _ in range(5):
        by_lines.put(LINE)
        by_bytes.put(LINE)
    assert (by_lines.lost, by_bytes.lost) == (2, 3)


def test_lines_before_start_and_after_a_second_start_are_written(pipe: tuple[int, int]) -> None:
    log, writer = make(pipe[1])
    assert log.flush(0)
    log.emit(DemoNote(text="before"))
    assert not log.flush(0)
    log.start()
    log.start()
    assert log.stop(5)
    log.emit(DemoNote(text="between"))
    assert not writer.stop(0)
    log.start()
    log.emit(DemoNote(text="after"))
    assert log.flush(5)
    assert log.stop(5)
    assert texts(check_lines(os.read(pipe[0], 1 << 16))) == ["before", "between", "after"]


def test_stop_does_not_wait_for_ever(pipe: tuple[int, int]) -> None:
    writer = Writer(pipe[1])
    writer.start()
    for _ in range(1_000):
        writer.put(LINE)
    assert not writer.stop(0.02)
    assert read_all(pipe[0], 1_000 * len(LINE)) == LINE * 1_000
    assert writer.stop(5)


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        log, _ = make(file.fileno())
        log.start()

        def emit_some() -> None:
            for _ in range(300):
                log.emit(DemoNote(text="x"))

        threads = [threading.Thread(target=emit_some) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert log.stop(5)
    sequence = [record["event.sequence"] for record in check_lines(path.read_bytes())]
    assert sorted(sequence) == list(range(1, 1_201))
