"""Nothing is lost without a word: 100 000 lines of the daemon's own writer through a real rsyslog, numbered."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines import gaps
from tests.pipelines.collectors import ROOT, Collector, rsyslog

pytestmark = pytest.mark.process

LINES = 100_000
FEWER = 40_000
"""Four times what the writer lets wait."""

Run = gaps.Run


@pytest.fixture
def collector() -> Iterator[Collector]:
    with rsyslog() as made:
        yield made


def flood(stderr: Any, lines: int = LINES) -> "subprocess.Popen[bytes]":
    """The daemon's log, writing as fast as it can."""
    command = [sys.executable, "-m", "tests.pipelines.torrent", "flood", str(lines)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=stderr)


def arrived(collector: Collector, written: int) -> tuple[Run, list[dict[str, Any]]]:
    """What rsyslog has kept of one run of so many lines, counted as an administrator does."""
    lines = collector.wait_for("all.jsonl", written)
    (run,) = gaps.runs(line.decode() for line in lines)
    return run, [json.loads(line) for line in lines]


def test_every_line_arrives_in_order(collector: Collector) -> None:
    with collector.file.open("ab") as stderr:
        child = flood(stderr)
    assert child.wait(60.0) == 0
    assert child.stdout is not None
    child.stdout.close()
    written = collector.file.read_bytes().count(b"\n")
    run, records = arrived(collector, written)
    assert len(records) == written, "rsyslog has lost none"
    sequence = [r["event.sequence"] for r in records]
    assert sequence == sorted(set(sequence)), "each once, in order"
    assert run.missing == run.dropped, "what is missing the daemon has told"
    assert len(records) + run.dropped == LINES + sum(r["event.action"] == "log.dropped" for r in records)


def test_what_a_reader_who_stalls_costs_is_told_and_numbered(collector: Collector) -> None:
    """Between daemon and file sits somebody who takes 1 MiB, then nothing until all lines are made."""
    source, sink = os.pipe()
    child = flood(sink, FEWER)
    os.close(sink)
    made = threading.Event()

    def pump() -> None:
        with collector.file.open("ab", buffering=0) as file, open(source, "rb", buffering=0) as reader:
            for _ in range(16):
                file.write(reader.read(65_536))
            assert made.wait(60.0)
            while data := reader.read(1 << 20):
                file.write(data)

    pumping = threading.Thread(target=pump)
    pumping.start()
    assert child.stdout is not None
    assert child.stdout.readline() == b"all made\n"
    made.set()
    assert child.wait(60.0) == 0
    child.stdout.close()
    pumping.join(60.0)
    written = collector.file.read_bytes().count(b"\n")
    assert written < FEWER / 2
    run, records = arrived(collector, written)
    assert len(records) == written
    notices = [r for r in records if r["event.action"] == "log.dropped"]
    assert notices
    assert run.dropped == sum(r["numtrust.lines"] for r in notices)
    assert run.missing == run.dropped > FEWER / 2, "the gaps are as long as the notices say"
    assert written + run.dropped == FEWER + len(notices)
    for first, last in run.gaps:
        after = [r["event.sequence"] for r in notices if r["event.sequence"] > last]
        assert after, f"nobody was told of {first} to {last}"


def test_gaps_are_told_from_what_the_daemon_dropped_and_runs_from_each_other(tmp_path: Path) -> None:
    def line(sequence: int, action: str = "case.moved", **more: Any) -> str:
        record = {"@timestamp": f"2026-11-23T00:00:{sequence:02}.000000Z", "event.action": action}
        return json.dumps({**record, "event.sequence": sequence, **more}) + "\n"

    whole = [line(1, "daemon.started"), line(2), "Fatal Python error\n", line(3)]
    told = [line(1, "daemon.started"), line(2), line(6, "log.dropped", **{"numtrust.lines": 3})]
    lost = ["<6>" + line(1, "daemon.started"), line(2), line(4), line(7)]
    for lines, status, said in (
        (whole, 0, ["3 lines, complete"]),
        (whole + told, 0, ["3 lines, complete", "3 missing (3-5), of which the daemon dropped 3 itself"]),
        (told + lost, 1, ["(3-5)", "3 missing (3, 5-6), of which the daemon dropped 0 itself"]),
    ):
        file = tmp_path / "log"
        file.write_text("".join(lines))
        command = [sys.executable, str(ROOT / "pipelines" / "gaps.py"), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout
        assert [words in out for words, out in zip(said, done.stdout.splitlines(), strict=True)] == [True] * len(said)
        assert done.stderr == ("3 lines were lost behind the daemon\n" if status else "")
