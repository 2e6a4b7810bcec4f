"""(b) What idle numbers cost: the time until all are watched, and bytes each, on a new state and on an existing one.

The child (`python -m benchmarks.idle NUMBERS DIRECTORY new|existing`) starts the daemon's working parts and prints a
line of JSON; memory is its resident set compared with a child of hardly any numbers.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trio
from msgspec import Struct

from benchmarks import house, machine, pages
from benchmarks.memory import InMemory
from benchmarks.report import figure, middle, table
from numtrustd.actors.source import SourceActor
from numtrustd.clock import Clock
from numtrustd.daemon import Daemon

COUNTS = (10_000, 100_000)
FEW = 10
SOURCE = "so360.onebox"
PLATFORMS = (("so360", "so360.onebox/search"), ("sogou", "sogou.search/search"), ("telnyx", "telnyx.reputation/engine"))
DAY = 86_400.0
NEVER = 1e9
"""Seconds until the next look: none may fall into the measurement."""


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


async def start(count: int, root: Path, *, existing: bool) -> Start:
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
            if built.house.board.looks or len(built.roster) != count:
                raise RuntimeError("the numbers are not idle")
            resident, file = _resident()
    return Start(read - began, opened - read, done - opened, resident, file)


async def _prepare(count: int, root: Path, *, existing: bool) -> None:
    """Settings whose looks all lie in the future, and a state that knows every number if one is to exist."""
    clock = Clock()
    over = house.SOURCE.format(name=SOURCE, base="http://127.0.0.1:1", interval=3, concurrency=1, cadence=NEVER)
    more = over + f"[cadence]\nnew_number_interval = {NEVER}\n"
    numbers = pages.mobiles(count)
    found = house.loaded(house.settings(root, numbers, [SOURCE], more))
    if existing:
        now = clock.now()
        with house.opened(found, clock) as store:
            rows = (house.stored(f"+86{number}", PLATFORMS, now, now - 30 * DAY) for number in numbers)
            await house.fill(store, rows)


def child(count: int, *, existing: bool) -> Start:
    """One start in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
        trio.run(lambda: _prepare(count, Path(name), existing=existing))
        command = [sys.executable, "-m", "benchmarks.idle", f"{count}", name, "existing" if existing else "new"]
        with machine.pinned(machine.MEASURED):
            done = subprocess.run(command, stdout=subprocess.PIPE, timeout=300.0, check=True)
    return Start(**json.loads(done.stdout))


def run(*, quick: bool) -> str:
    """Measure and report."""
    rounds = 1 if quick else 3
    rows = []
    for existing in (False, True):
        few = [child(FEW, existing=existing) for _ in range(rounds)]
        for count in COUNTS:
            starts = [child(count, existing=existing) for _ in range(rounds)]
            each = middle((s.resident - f.resident) / (count - FEW) for s, f in zip(starts, few, strict=True))
            mapped = middle((s.file - f.file) / (count - FEW) for s, f in zip(starts, few, strict=True))
            assert each is not None
            assert mapped is not None
            parts = [middle(getattr(s, name) for s in starts) for name in ("settings", "store", "actors", "seconds")]
            rows.append([
                "existing" if existing else "new", figure(count), *map(figure, parts),
                figure(each), figure(each - mapped), f"{each / 1024:.2f}",
            ])  # fmt: skip
            print(rows[-1], file=sys.stderr)
    header = (
        "state", "numbers", "settings s", "store s", "actors s", "ready in s", "bytes a number",
        "of them not the database's pages", "KiB a number",
    )  # fmt: skip
    return table(header, rows)


def main(count: str, root: str, state: str) -> None:
    made = trio.run(lambda: start(int(count), Path(root), existing=state == "existing"))
    print(json.dumps({name: getattr(made, name) for name in Start.__struct_fields__}))


if __name__ == "__main__":
    main(*sys.argv[1:])
