"""A storm of lines, 10 MB in each second: the loop is never late for it, and what was lost is counted and said once."""

import os
import threading
from collections import Counter
from pathlib import Path

import pytest
import trio

from numtrustd.clock import Clock
from numtrustd.events import DemoNote
from numtrustd.log import Log, Writer
from tests.logcheck import check_lines

SECONDS = 1.5
RATE = 10_000_000
"""Bytes of log in each second that the loop has to stand; it is given as many as it can make."""
MOST_LATE = 0.1
TEXT = "观察到标记，" + "x" * 4_000


class Counted(Writer):
    """Notes how many bytes were handed over."""

    taken = 0

    def put(self, line: bytes) -> None:
        self.taken += len(line)
        super().put(line)


async def storm(log: Log, seconds: float) -> tuple[int, float, float]:
    """Log as fast as the loop can; how many lines, the latest that a task woke which wants to every 5 ms, and how long
    it took, in seconds."""
    late, lines, done = 0.0, 0, False

    async def tick() -> None:
        nonlocal late
        while not done:
            due = trio.current_time() + 0.005
            await trio.sleep_until(due)
            late = max(late, trio.current_time() - due)

    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        while trio.current_time() < began + seconds:
            for _ in range(10):
                log.emit(DemoNote(text=f"{lines} {TEXT}"))
                lines += 1
            await trio.lowlevel.checkpoint()
        done = True
    return lines, late, trio.current_time() - began


def texts(path: Path) -> tuple[list[int], list[int]]:
    """The numbers of the lines that were written, and what each report of a loss says; every line is held against the
    schema."""
    records = check_lines(path.read_bytes())
    kinds = Counter(str(record["event.action"]) for record in records)
    assert set(kinds) <= {"demo.note", "log.dropped"}
    notes = [int(r["numtrust.text"].split()[0]) for r in records if r["event.action"] == "demo.note"]
    return notes, [r["numtrust.lines"] for r in records if r["event.action"] == "log.dropped"]


@pytest.mark.covers("P9")
async def test_a_storm_into_a_file_makes_nobody_late_and_loses_only_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = Counted(file.fileno())
    log = Log(Clock(), writer)
    log.start()
    lines, late, took = await storm(log, SECONDS)
    assert await trio.to_thread.run_sync(log.stop, 30)
    assert late < MOST_LATE
    assert writer.taken > RATE * took, f"a storm of only {writer.taken / took:,.0f} bytes in a second"
    notes, told = texts(path)
    assert sum(told) == log.lost == writer.lost
    assert len(notes) + log.lost == lines
    assert notes == sorted(set(notes)), "in order, none twice"


@pytest.mark.covers("P9")
async def test_a_storm_that_nobody_reads_makes_nobody_late_and_its_loss_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    reader, end = os.pipe()
    writer = Counted(end)
    os.close(end)
    log = Log(Clock(), writer)
    log.start()
    lines, late, took = await storm(log, SECONDS)
    assert late < MOST_LATE
    assert writer.taken > RATE * took, f"a storm of only {writer.taken / took:,.0f} bytes in a second"
    lost = log.lost
    assert 0 < lost < lines, "some fit in"

    def take() -> None:
        with path.open("wb") as file:
            while piece := os.read(reader, 1 << 20):
                file.write(piece)

    taking = threading.Thread(target=take, daemon=True)
    taking.start()
    assert await trio.to_thread.run_sync(log.stop, 30)
    os.close(writer._fd)  # the reader sees the end of it
    await trio.to_thread.run_sync(taking.join, 30)
    os.close(reader)
    assert not taking.is_alive()
    notes, told = texts(path)
    assert told == [lost], "once, and exactly"
    assert notes == list(range(lines - lost)), "what was there first is kept, whole and in order"
