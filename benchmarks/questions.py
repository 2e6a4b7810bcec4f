"""(e) Questions while looks go on: how long `status` takes with 100 000 numbers; does `watch` tell what it misses?

The child (`python -m benchmarks.questions daemon NUMBERS RATE SECONDS`) runs the daemon's working parts and its sockets
as `lateness` does. Its clients are processes of their own on the other end of a real socket: one asks `GetStatus` again
and again, one watches the log as fast as it can, one reads slower than lines are made.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import trio
from msgspec import Struct

from benchmarks import house, pages
from benchmarks.bounds import Held, Judged, judged
from benchmarks.lateness import NUMBERS, PATIENCE, SETTLE, SOURCE, STEADY, TICK, VIEW
from benchmarks.memory import InMemory
from benchmarks.report import figure, table
from numtrustd.api import STATUS
from numtrustd.clock import Clock
from numtrustd.daemon import running
from numtrustd.events import Level
from numtrustd.varlink.client import Connection

CONTROL = '[control]\nstatus_socket = "status.sock"\ncontrol_socket = "control.sock"\ngroup = ""\n'
RATE = 100
"""Looks a second meanwhile: with the usual interval of six hours 100 000 numbers make 5."""

MOST = 50.0
"""Milliseconds that 99 of 100 `status` may take. Not the worst of all: that one comes while all garbage is collected
(`pulse.collect`, a thousandth of the time at most), or while something else has the processor. A question that needs no
thought, asked beside it, waits as long."""

EVERY = 0.02
"""Seconds between two questions."""

CATCH_UP = 5.0
"""Seconds after that in which it reads what was kept for it."""

SLOW = 0.04
"""Seconds that the slow reader spends on each record: a quarter of what is written. Who takes nothing at all for ten
seconds is disconnected.
"""


class Told(Struct, frozen=True):
    """Milliseconds of `GetStatus`, and of a question that needs no thought; records that were watched, said to be
    missed, and missed without a word.
    """

    p50: float
    p99: float
    worst: float
    idle_p50: float
    idle_p99: float
    asked: int
    looks: float
    watched: int
    silent: int
    slow_watched: int
    slow_missed: int
    slow_silent: int


class Record(msgspec.Struct):
    """What the watchers look at of a record."""

    sequence: int
    missed: int = 0


def ask(path: str, seconds: float) -> dict[str, list[float]]:
    """How long each `GetStatus` took, and each question beside it that needs no thought; in milliseconds, sorted."""
    took: dict[str, list[float]] = {f"{STATUS.name}.GetStatus": [], "org.varlink.service.GetInfo": []}
    with Connection(Path(path), timeout=30.0) as connection:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for method, each in took.items():
                began = time.perf_counter()
                (_,) = connection.call(method)
                each.append(1_000 * (time.perf_counter() - began))
                time.sleep(EVERY / 2)
    status, info = map(sorted, took.values())
    return {"status": status, "info": info}


def watch(path: str, seconds: float, pause: float) -> dict[str, int]:
    """Watch the log; `silent` are the lines between two records of which nobody said that they were missed.

    Whoever is slow reads on without a pause in the end: what was lost is told with the first record after it.
    """
    watched = missed = silent = 0
    before = None
    slow_until = time.perf_counter() + seconds
    end = slow_until + (CATCH_UP if pause else 0.0)
    with Connection(Path(path), timeout=30.0) as connection:
        for record in connection.follow(f"{STATUS.name}.Watch", {}, Record):
            watched += 1
            if before is not None:
                missed += record.missed
                silent += record.sequence - before - 1 - record.missed
            before = record.sequence
            now = time.perf_counter()
            if now > end:
                break
            if pause and now < slow_until:
                time.sleep(pause)
    return {"watched": watched, "missed": missed, "silent": silent}


async def daemon(count: int, rate: int, seconds: float) -> Told:
    """The daemon at work, its clients around it."""
    clock = Clock()
    every = count / rate
    over = house.SOURCE.format(name=SOURCE, base="http://127.0.0.1:1", interval=1e-4, concurrency=200, cadence=every)
    numbers = pages.mobiles(count)
    with tempfile.TemporaryDirectory(prefix="nt-bench-") as name:
        root = Path(name)
        found = house.loaded(house.settings(root, numbers, [SOURCE], over + STEADY + CONTROL))
        with house.opened(found, clock) as store:
            now = clock.now()
            rows = (house.stored(f"+86{n}", VIEW, now - every * (1 - i / count), 0.0) for i, n in enumerate(numbers))
            await house.fill(store, rows)
        with house.quiet_log(clock) as log, house.opened(found, clock) as store:
            built = house.daemon(found, store, log, clock)
            async with house.working(built, InMemory(0.0)), running(built._run_control):
                with trio.fail_after(PATIENCE):
                    while built.sources.overdue(clock.now())[0] > rate * TICK + 10:
                        await trio.sleep(0.25)
                await trio.sleep(SETTLE)
                socket = str(root / "status.sock")
                looks = built.house.board.looks
                asked = await _client("ask", socket, seconds)
                looks = built.house.board.looks - looks
                log.level = Level.DEBUG  # every look is a line now
                told: dict[str, dict[str, int]] = {}

                async def watcher(which: str, pause: float) -> None:
                    told[which] = await _client("watch", socket, seconds, pause)

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(watcher, "fast", 0.0)
                    nursery.start_soon(watcher, "slow", SLOW)
    if not looks:
        raise RuntimeError("no looks were made meanwhile")
    took, idle = asked["status"], asked["info"]
    return Told(
        p50=median(took),
        p99=took[int(0.99 * len(took))],
        worst=took[-1],
        idle_p50=median(idle),
        idle_p99=idle[int(0.99 * len(idle))],
        asked=len(took),
        looks=looks / seconds,
        watched=told["fast"]["watched"],
        silent=told["fast"]["silent"],
        slow_watched=told["slow"]["watched"],
        slow_missed=told["slow"]["missed"],
        slow_silent=told["slow"]["silent"],
    )


async def _client(*words: object) -> Any:
    command = [sys.executable, "-m", "benchmarks.questions", *map(str, words)]
    done = await trio.run_process(command, capture_stdout=True)
    return json.loads(done.stdout)


def run(*, quick: bool) -> Judged:
    """Measure and report."""
    rounds, seconds = (1, 30.0) if quick else (3, 30.0)
    made = []
    for _ in range(rounds):
        command = [sys.executable, "-m", "benchmarks.questions", "daemon", *map(str, (NUMBERS, RATE, seconds))]
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=2 * PATIENCE, check=True)
        made.append(Told(**json.loads(done.stdout)))
        print(made[-1], file=sys.stderr)
    return report(made)


def report(made: Sequence[Told]) -> Judged:
    """The table of some rounds, and what was promised of it."""
    fields = ("p50", "p99", "worst", "idle_p50", "idle_p99", "looks", "watched", "slow_watched", "slow_missed")
    silent = sum(told.silent + told.slow_silent for told in made)
    row = [figure(NUMBERS), *(figure(median(getattr(told, f) for told in made)) for f in fields), figure(silent)]
    header = ("numbers", "p50 ms", "p99 ms", "worst ms", "no thought: p50 ms", "no thought: p99 ms", "looks /s",
              "watched", "slow: watched", "slow: told missed", "missed untold")  # fmt: skip
    held = [
        Held("99 of 100 `status` while looks go on", median(told.p99 for told in made), "ms", most=MOST),
        Held("lines of the log that a watcher missed and was not told of", silent, "lines", most=0),
    ]
    return judged(table(header, [row]), held)


def main(what: str, *words: str) -> None:
    match what:
        case "ask":
            said: Any = ask(words[0], float(words[1]))
        case "watch":
            said = watch(words[0], float(words[1]), float(words[2]))
        case _:
            told = trio.run(daemon, int(words[0]), int(words[1]), float(words[2]))
            said = msgspec.structs.asdict(told)
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
