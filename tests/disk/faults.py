"""A campaign of failing calls: the writer's n-th call on its files goes wrong, for n = 1, 2, … until none does.

`python -m tests.disk.faults ROOT EVERY` is the process under the shim; `campaign` starts it.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import trio
from msgspec import Struct
from trio.testing import MockClock

from numtrustd.store.errors import StoreError, StoreFatal
from tests.disk import shim, writer
from tests.disk.examine import SOUND, Acknowledged, in_forks, judge, walk_here
from tests.disk.record import prepare
from tests.disk.scratch import scratch
from tests.disk.shim import Fault

FOR_EVER = 1 << 40
ROUNDS = 3
"""Commits of each actor, so that pages are used again and a large record is written in the second life."""

PLANS = {
    "EIO once": (Fault.EIO, 1),
    "EIO from then on": (Fault.EIO, FOR_EVER),
    "ENOSPC once": (Fault.ENOSPC, 1),
    "ENOSPC five times": (Fault.ENOSPC, 5),
    "a short write": (Fault.SHORT, 1),
    "ENOSPC for a meta page": (Fault.META, 1),
    "kill -9": (Fault.KILL, 1),
}
FINISHED = "finished"
KILLED = "killed: SIGKILL"


class Result(Struct):
    """What came of one plan: how many calls were made to fail, how the writer ended, what was wrong with the state."""

    plan: str
    tried: int
    ends: dict[str, int]
    faults: list[str]


def campaign(every: int) -> list[Result]:
    """Let every `every`-th call fail in each of the ways, each in a run of its own."""
    with scratch() as root:
        command = [sys.executable, "-m", "tests.disk.faults", str(root), str(every)]
        done = subprocess.run(command, env=shim.environment(root), stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=list[Result])


def _try_all(root: Path, every: int) -> Iterator[Result]:
    walk_here()
    acknowledged = Path(f"{root}.said")
    try:
        for plan, (fault, times) in PLANS.items():
            ends: Counter[str] = Counter()
            wrong: list[str] = []
            n = 1
            while (end := _try_one(root / "try", acknowledged, fault, n, times, wrong)) is not None:
                ends[end] += 1
                n += every
            yield Result(plan, ends.total(), dict(ends), wrong)
    finally:
        acknowledged.unlink(missing_ok=True)


def _try_one(place: Path, said: Path, fault: Fault, n: int, times: int, wrong: list[str]) -> str | None:
    """How the writer ended whose n-th call failed; None when it made fewer. What is then wrong goes to `wrong`."""
    shutil.rmtree(place, ignore_errors=True)
    prepare(place)
    said.write_bytes(b"")
    (end,) = in_forks(lambda _: _live(place, said, fault, n, times), 1)
    if not end:
        return None
    acknowledged = Acknowledged(said.read_text().splitlines())
    # Who was told that the database is poisoned was told that nothing of his was done.
    most = 0 if end == StoreFatal.__name__ else 1
    (verdict,) = in_forks(lambda _: judge(place, acknowledged, most=most), 1)
    if verdict != SOUND:
        wrong.append(f"call {n}: {end}, then {verdict}")
    return end


def _live(place: Path, said: Path, fault: Fault, n: int, times: int) -> str:
    """Two lives of the writer in one process; the first class of error that ended it, or "" when nothing failed."""
    library = shim.Shim()
    out = os.open(said, os.O_WRONLY | os.O_APPEND)
    library.arm(fault, n, n + times - 1)
    end = FINISHED
    try:
        for life in range(2):
            work = partial(writer.work, place / "state", f"backup{life}", ROUNDS, inline=True)
            say = lambda line: os.write(out, line.encode() + b"\n")  # noqa: E731
            trio.run(partial(work, say=say), clock=MockClock(autojump_threshold=0))
    except* StoreError as group:
        end = type(_first(group)).__name__
    return end if library.disarm() else ""


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


if __name__ == "__main__":
    print(msgspec.json.encode(list(_try_all(Path(sys.argv[1]), int(sys.argv[2])))).decode())
