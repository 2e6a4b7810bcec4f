"""A campaign of rot: one sound file, many ways to damage it; each must be refused, reported, or do nothing at all.

A page that is put back as it was at an earlier time (a lost write, a bad clone) bears good checksums. What then comes
of it is counted by itself: in the store alone nothing can tell, the sequence numbers in the records are for that.
"""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from numtrustd.store import preflight
from numtrustd.store.statedir import DATA_FILE
from tests.disk.examine import SOUND, Acknowledged, in_forks, judge, walk_here
from tests.disk.record import Op, prepare, record
from tests.disk.scratch import scratch
from tests.disk.torn import Disk

PAGE = 4096
META = 2 * PAGE
FOUND = ("refused", "damaged", SOUND)
STALE = "stale page"


class Tally(Struct):
    """What came of each kind of damage, by the first word of the verdict, and what should not have."""

    states: int
    verdicts: dict[str, dict[str, int]]
    faults: list[str]


Damage = Callable[[random.Random, bytearray, bytes], None]
"""Alters the content; the bytes are an earlier one."""


def _page(draw: random.Random, content: bytes | bytearray) -> slice:
    at = PAGE * draw.randrange(2, len(content) // PAGE)
    return slice(at, at + PAGE)


def _flip(draw: random.Random, content: bytearray, _: bytes) -> None:
    content[draw.randrange(META, len(content))] ^= 1 << draw.randrange(8)


def _flip_meta(draw: random.Random, content: bytearray, _: bytes) -> None:
    content[draw.choice((0, PAGE)) + draw.randrange(152)] ^= 1 << draw.randrange(8)


def _zero(draw: random.Random, content: bytearray, _: bytes) -> None:
    content[_page(draw, content)] = bytes(PAGE)


def _noise(draw: random.Random, content: bytearray, _: bytes) -> None:
    content[_page(draw, content)] = draw.randbytes(PAGE)


def _swap(draw: random.Random, content: bytearray, _: bytes) -> None:
    one, other = _page(draw, content), _page(draw, content)
    content[one], content[other] = content[other], content[one]


def _cut(draw: random.Random, content: bytearray, _: bytes) -> None:
    del content[draw.choice((draw.randrange(len(content)), PAGE * draw.randrange(len(content) // PAGE))) :]


def _sector(draw: random.Random, content: bytearray, _: bytes) -> None:
    at = 512 * draw.randrange(META // 512, len(content) // 512)
    content[at : at + 512] = draw.choice((bytes(512), b"\xff" * 512, draw.randbytes(512)))


def _stale(draw: random.Random, content: bytearray, before: bytes) -> None:
    page = _page(draw, before)
    content[page] = before[page]


DAMAGES: dict[str, Damage] = {
    "flipped bit": _flip,
    "flipped bit in a meta page": _flip_meta,
    "zeroed page": _zero,
    "page of noise": _noise,
    "swapped pages": _swap,
    "cut file": _cut,
    "bad sector": _sector,
    STALE: _stale,
}


def campaign(states: int, seed: int) -> Tally:
    """Damage the file that a run of the writer leaves, `states` times."""
    with tempfile.TemporaryDirectory() as elsewhere, scratch() as place:
        root = place / "root"
        directories = prepare(root)
        ops = record(root, Path(elsewhere) / "log", f"--seed={seed}")
        shutil.rmtree(root)
        return _damage(ops, Disk(directories), states, seed, place / "state")


def _damage(ops: list[Op], disk: Disk, states: int, seed: int, place: Path) -> Tally:
    file = f"state/{DATA_FILE}"
    for op in ops[: len(ops) * 2 // 3]:
        disk.take(op)
    before = disk.seen()[file]
    for op in ops[len(ops) * 2 // 3 :]:
        disk.take(op)
    whole = disk.seen()[file]
    acknowledged = Acknowledged(disk.said)
    acknowledged.backups.clear()

    def one(number: int) -> str:
        draw = random.Random(f"{seed}|{number}")
        content = bytearray(whole)
        DAMAGES[_kind(number)](draw, content, before)
        shutil.rmtree(place, ignore_errors=True)
        (place / "state").mkdir(parents=True, mode=0o700)
        (place / file).write_bytes(content)
        return judge(place, acknowledged, most=0).replace(f"{place}/", "")

    with_child = preflight.subprocess
    walk_here()
    told = in_forks(one, states)
    preflight.subprocess = with_child  # type: ignore[attr-defined]
    for number, verdict in enumerate(told):
        if verdict.startswith("killed"):  # perhaps it was the walk, which really has a process of its own to die in
            told[number] = in_forks(lambda _, number=number: one(number), 1)[0]
    verdicts: dict[str, Counter[str]] = {kind: Counter() for kind in DAMAGES}
    faults = []
    for number, verdict in enumerate(told):
        word = verdict.partition(":")[0]
        verdicts[_kind(number)][word] += 1
        if word not in FOUND and _kind(number) != STALE:
            faults.append(f"state {number}, {_kind(number)}: {verdict}")
    return Tally(states, {kind: dict(counts) for kind, counts in verdicts.items()}, faults)


def _kind(number: int) -> str:
    return list(DAMAGES)[number % len(DAMAGES)]
