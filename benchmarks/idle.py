"""(b) What idle numbers cost: the time until all are watched, and bytes each.

Three states: `new` (an empty database), `existing` (a start on the records of numbers watched before), `looked` (as
`existing`, and every number has been looked at since the start, which leaves more behind than a fresh actor has).

The child (`python -m benchmarks.idle NUMBERS DIRECTORY STATE`) starts the daemon's working parts and prints a line of
JSON; memory is its resident set compared with that of a child with hardly any numbers.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import trio
from msgspec import Struct

from benchmarks import house, machine, pages
from benchmarks.memory import InMemory
from benchmarks.report import EMPTY, figure, table
from numtrustd.actors.source import SourceActor
from numtrustd.clock import Clock
from numtrustd.daemon import Daemon

COUNTS = (10_000, 100_000)
STATES = ("new", "existing", "looked")
FEW = 10
SOURCE = "so360.onebox"
PLATFORMS = (("so360", "so360.onebox/search"), ("sogou", "sogou.search/search"), ("telnyx", "telnyx.reputation/engine"))
PATIENCE = 300.0
NEVER = 1e8
"""Seconds until the next look."""


class Start(Struct, frozen=True):
    """One start: seconds of its parts, resident bytes at its end, of which `file` are pages of the database's map."""

    settings: float
    store: float
    actors: float
    resident: int
    file: int

    @property
    def seconds(self) -> float:
        return self.settings + self.store + self.actors


def _resident() -> tuple[int, int]:
    """(all, file-backed) resident bytes of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
    return 1024 * int(fields["VmRSS"]), 1024 * int(fields["RssFile"])


async def _watched(built: Daemon) -> None:
    """Return once every number's actor has run and stands in the diary."""
    diary = built.house.sources[SOURCE]
    assert isinstance(diary, SourceActor)
    waiting = set(built.house.context.numbers)
    while waiting := {number for number in waiting if diary.due_of(number) is None}:
        await trio.sleep(0.01)


async def start(count: int, root: Path, state: str) -> Start:
    """Start on a prepared settings directory and measure."""
    clock = Clock()
    began = time.perf_counter()
    found = house.loaded(root / "numtrustd.toml")
    read = time.perf_counter()
    with house.quiet_log(clock) as log, house.opened(found, clock) as store:
        opened = time.perf_counter()
        built = house.daemon(found, store, log, clock)
        async with house.working(built, InMemory()):
            await _watched(built)
            done = time.perf_counter()
            if state == "looked":
                await house.everyone_looked_at(built, count, PATIENCE)
            elif built.house.board.looks > FEW:
                raise RuntimeError("the numbers are not idle")
            resident, file = _resident()
    return Start(read - began, opened - read, done - opened, resident, file)


async def _prepare(count: int, root: Path, state: str) -> None:
    """Settings by which hardly a number is looked at within the measurement, and the records of `state`."""
    clock = Clock()
    # New numbers are due at once, but the source may not ask for more than one of them.
    pace = {"interval": 1e-6, "concurrency": 10} if state == "looked" else {"interval": NEVER, "concurrency": 1}
    over = house.SOURCE.format(name=SOURCE, base="http://127.0.0.1:1", cadence=NEVER, **pace)
    numbers = pages.mobiles(count)
    config = house.settings(root, numbers, [SOURCE], f"{over}[cadence]\nnew_number_interval = {NEVER}\njitter = 0\n")
    if state != "new":
        found, now = house.loaded(config), clock.now()
        last = now - 2 * NEVER if state == "looked" else now
        with house.opened(found, clock) as store:
            await house.fill(store, (house.stored(f"+86{number}", PLATFORMS, last, last) for number in numbers))


def child(count: int, state: str) -> Start:
    """One start in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
        trio.run(_prepare, count, Path(name), state)
        command = [sys.executable, "-m", "benchmarks.idle", f"{count}", name, state]
        with machine.pinned(machine.MEASURED):
            done = subprocess.run(command, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    return Start(**json.loads(done.stdout))


def run(*, quick: bool) -> str:
    """Measure and report."""
    rounds = 1 if quick else 3
    rows = []
    for state in STATES:
        few = [child(FEW, state) for _ in range(rounds)]
        for count in COUNTS[: 1 if quick and state == "looked" else None]:
            starts = [child(count, state) for _ in range(rounds)]
            each = median((s.resident - f.resident) / (count - FEW) for s, f in zip(starts, few, strict=True))
            own = median(
                (s.resident - s.file - f.resident + f.file) / (count - FEW) for s, f in zip(starts, few, strict=True)
            )
            parts = [median(getattr(s, name) for s in starts) for name in ("settings", "store", "actors", "seconds")]
            kib = [f"{bytes_each / 1024:.2f}" for bytes_each in (each, own)]
            times = map(figure, parts) if state != "looked" else [EMPTY] * len(parts)
            rows.append([state, figure(count), *times, *kib])
            print(rows[-1], file=sys.stderr)
    header = [
        "state",
        "numbers",
        "settings s",
        "store s",
        "actors s",
        "ready in s",
        "KiB a number",
        "without LMDB's map",
    ]
    return table(header, rows)


def main(count: str, root: str, state: str) -> None:
    made = trio.run(start, int(count), Path(root), state)
    print(json.dumps({name: getattr(made, name) for name in Start.__struct_fields__}))


if __name__ == "__main__":
    main(*sys.argv[1:])
