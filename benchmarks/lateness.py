"""(c) How late the loop is with 100 000 numbers and 1 000 looks a second: a ticker in the same loop, and a bare one.

The child (`python -m benchmarks.lateness NUMBERS RATE DELAY SECONDS`) answers the looks in memory, after `DELAY`
seconds; everything behind the fetcher is the daemon's own, group commits to a disk by their thread included. With a
RATE of 0 it measures a loop with nothing but the ticker in it: what this machine's neighbours do.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import trio
from msgspec import Struct

from benchmarks import house, pages
from benchmarks.memory import InMemory
from benchmarks.report import EMPTY, figure, table
from numtrustd.clock import Clock

NUMBERS = 100_000
RATE = 1_000
TICK = 0.005
SETTLE = 5.0
"""Seconds before the window, when nothing is late any more."""

SOURCE = "so360.onebox"
STEADY = "[cadence]\njitter = 0\nquiet_factor = 1\n"
"""Numbers of which nothing was heard for long are looked at as often as any, and none sooner or later than planned."""
VIEW = (("so360", f"{SOURCE}/search"),)
PATIENCE = 300.0


class Window(Struct, frozen=True):
    """Lateness in milliseconds, looks and commits a second, the share of a core that was used, and `owed`: the
    milliseconds that a collection of the youngest objects took right after the window, when Python may do it any time.
    """

    p50: float
    p99: float
    worst: float
    looks: float
    commits: float
    busy: float
    owed: float


async def _tick(seconds: float) -> list[float]:
    """How late each of the ticks was, sorted; a long stall counts for every tick that fell into it."""
    late: list[float] = []
    due = trio.current_time() + TICK
    end = due + seconds
    while due < end:
        await trio.sleep_until(due)
        late.append(trio.current_time() - due)
        due += TICK
    return sorted(late)


def _window(late: list[float], looks: int, commits: int, wall: float, cpu: float) -> Window:
    def at(share: float) -> float:
        return 1_000 * late[min(int(len(late) * share), len(late) - 1)]

    before = time.perf_counter()
    gc.collect(0)
    owed = 1_000 * (time.perf_counter() - before)
    return Window(at(0.5), at(0.99), at(1.0), looks / wall, commits / wall, cpu / wall, owed)


async def watch(count: int, rate: int, delay: float, seconds: float) -> Window:
    """Run the daemon's working parts on a state whose numbers fall due evenly, and measure one window."""
    clock = Clock()
    every = count / rate
    over = house.SOURCE.format(name=SOURCE, base="http://127.0.0.1:1", interval=1e-4, concurrency=200, cadence=every)
    numbers = pages.mobiles(count)
    with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
        found = house.loaded(house.settings(Path(name), numbers, [SOURCE], over + STEADY))
        with house.opened(found, clock) as store:
            now = clock.now()
            rows = (house.stored(f"+86{n}", VIEW, now - every * (1 - i / count), 0.0) for i, n in enumerate(numbers))
            await house.fill(store, rows)
        with house.quiet_log(clock) as log, house.opened(found, clock) as store:
            built = house.daemon(found, store, log, clock)
            async with house.working(built, InMemory(delay)):
                with trio.fail_after(PATIENCE):
                    # What fell due while the state was made and opened is caught up with first.
                    while built.sources.overdue(clock.now())[0] > rate * TICK + 10:
                        await trio.sleep(0.25)
                await trio.sleep(SETTLE)
                board = built.house.board
                before = (board.looks, store.stats().transactions)
                wall, cpu = time.perf_counter(), time.process_time()
                late = await _tick(seconds)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                looks, commits = board.looks - before[0], store.stats().transactions - before[1]
                made = _window(late, looks, commits, wall, cpu)
    return made


async def alone(seconds: float) -> Window:
    """The same ticker in a loop of its own."""
    return _window(await _tick(seconds), 0, 0, seconds, 0.0)


def child(rate: int, delay: float, seconds: float) -> Window:
    """One child, free to use every core, as the daemon is."""
    command = [sys.executable, "-m", "benchmarks.lateness", *map(str, (NUMBERS, rate, delay, seconds))]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    return Window(**json.loads(done.stdout))


def run(*, quick: bool) -> str:
    """Measure and report."""
    rounds, seconds = (1, 5.0) if quick else (3, 20.0)
    rows = []
    for name, rate, delay in (
        ("a bare loop", 0, 0.0),
        ("answers at once", RATE, 0.0),
        ("answers after 50 ms", RATE, 0.05),
    ):
        made = [child(rate, delay, seconds) for _ in range(rounds)]
        figures = [median(getattr(w, field) for w in made) for field in Window.__struct_fields__]
        rows.append([name, *(figure(f) if rate or n < 3 else EMPTY for n, f in enumerate(figures))])
        print(rows[-1], file=sys.stderr)
    header = ("", "p50 ms", "p99 ms", "worst ms", "looks /s", "commits /s", "cores busy", "young collection owed, ms")
    return table(header, rows)


def main(count: str, rate: str, delay: str, seconds: str) -> None:
    if int(rate):
        made = trio.run(watch, int(count), int(rate), float(delay), float(seconds))
    else:
        made = trio.run(alone, float(seconds))
    print(json.dumps({name: getattr(made, name) for name in Window.__struct_fields__}))


if __name__ == "__main__":
    main(*sys.argv[1:])
