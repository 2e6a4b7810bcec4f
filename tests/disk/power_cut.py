"""A campaign of power cuts: one recorded run of the writer, many states that it may have left behind."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from tests.disk.examine import SOUND, Acknowledged, in_forks, judge, walk_here
from tests.disk.record import Kind, Op, prepare, record
from tests.disk.scratch import scratch
from tests.disk.torn import UNSEEN, Disk


class Tally(Struct):
    """What came of the states, by the first word of the verdict, and the first of each kind that was not sound.

    `flushed` counts O_DSYNC writes, of which a transaction has one.
    """

    calls: int
    flushed: int
    states: int
    verdicts: dict[str, int]
    examples: list[str]

    @property
    def sound(self) -> bool:
        return self.verdicts.keys() == {SOUND}


def campaign(states: int, seed: int, arguments: list[str], *, killed_at: int | None = None) -> Tally:
    """Record the writer, cut its power `states` times. `killed_at`: see `record`.

    Raises AssertionError when the record is not the whole truth.
    """
    walk_here()
    with tempfile.TemporaryDirectory() as elsewhere, scratch() as place:
        root = place / "root"
        directories = prepare(root)
        ops = record(root, Path(elsewhere) / "log", f"--seed={seed}", *arguments, killed_at=killed_at)
        _check_record(ops, directories, root)
        return _cut(ops, directories, states, seed, place / "state")


def _check_record(ops: list[Op], directories: Mapping[str, int], root: Path) -> None:
    """All calls replayed make the files that are there: no write went past the recorder."""
    disk = Disk(directories)
    for op in ops:
        disk.take(op)
    there = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != UNSEEN}
    seen = {path: content for path, content in disk.seen().items() if Path(path).name != UNSEEN}
    assert seen.keys() == there.keys(), f"the record has {sorted(seen)}, the directory {sorted(there)}"
    for path, content in there.items():
        assert seen[path] == content, f"{path}: its bytes are not those that the record replays to"


def _cut(ops: list[Op], directories: Mapping[str, int], states: int, seed: int, place: Path) -> Tally:
    draw = random.Random(f"{seed}|cuts")
    cuts = sorted(draw.randrange(len(ops) + 1) for _ in range(states))
    disk, at = Disk(directories), 0

    def cut(number: int) -> str:
        nonlocal at
        while at < cuts[number]:
            disk.take(ops[at])
            at += 1
        shutil.rmtree(place, ignore_errors=True)  # of one that died
        place.mkdir()
        disk.crash(place, random.Random(f"{seed}|{number}"), ops[at] if at < len(ops) else None)
        try:
            return judge(place, Acknowledged(disk.said)).replace(f"{place}/", "")
        finally:
            shutil.rmtree(place)

    verdicts = [verdict.partition(":") for verdict in in_forks(cut, states)]
    examples: dict[str, str] = {}
    for number, (kind, _, why) in enumerate(verdicts):
        if kind != SOUND:
            examples.setdefault(kind, f"state {number}, cut after {cuts[number]} of {len(ops)} calls: {kind}:{why}")
    flushed = sum(op.kind is Kind.WRITE and op.dsync for op in ops)
    return Tally(len(ops), flushed, states, dict(Counter(kind for kind, _, _ in verdicts)), list(examples.values()))
