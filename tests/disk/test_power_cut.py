"""The power goes while the store works: what was acknowledged is there, whatever of the rest is."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.disk.record import Kind, Op
from tests.disk.torn import Disk

STATES = int(os.environ.get("NUMTRUST_POWER_CUTS", "200"))


def cut(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """A campaign in a process of its own, which forks."""
    command = [sys.executable, "-m", "tests.disk", "power-cut", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.covers("S1", "S2", "S7")
@pytest.mark.process
def test_nothing_acknowledged_is_lost_to_a_power_cut() -> None:
    done = cut(f"--states={STATES}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^ *{STATES} sound$", done.stdout, re.MULTILINE)
    print(done.stdout)


@pytest.mark.covers("S2")
@pytest.mark.process
@pytest.mark.parametrize("call", [15, 16])
def test_nor_when_the_first_start_was_killed_before_its_files_had_names(call: int) -> None:
    """Just before the name of the database is flushed, and just before that of its directory is; then started anew."""
    done = cut("--states=20", "--lives=1", "--rounds=2", f"--killed-at={call}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.process
@pytest.mark.parametrize(("bug", "symptom"), [("sync", "refused"), ("metasync", "lost"), ("directory", "refused")])
def test_a_store_that_does_not_flush_is_found_out(bug: str, symptom: str) -> None:
    done = cut("--states=20", f"--bug={bug}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^ +\d+ {symptom}$", done.stdout, re.MULTILINE), done.stdout


# ------------------------------------------------------------------------------------------- the disk that is played


def op(
    kind: Kind, inode: int = 0, *, at: int = 0, data: bytes = b"", path: str = "", to: str = "", dsync: bool = False
):
    return Op(kind, dsync, inode, at, path, to, data)


def outcomes(place: Path, ops: list[Op], under_way: Op | None = None) -> set[tuple[tuple[str, bytes], ...]]:
    """Every state that some disk leaves after these calls."""

    seen = set()
    for seed in range(200):
        disk = Disk({"": 1})
        for one in ops:
            disk.take(one)
        where = place / str(seed)
        where.mkdir()
        disk.crash(where, random.Random(seed), under_way)
        seen.add(tuple(sorted((p.name, p.read_bytes()) for p in where.iterdir())))
    return seen


NEW = [op(Kind.CREATE, 2, path="f"), op(Kind.SYNC, 1)]
"""A file whose name is on disk."""


def test_what_was_flushed_is_there(tmp_path: Path) -> None:
    ops = [*NEW, op(Kind.WRITE, 2, data=b"old"), op(Kind.SYNC, 2)]
    assert outcomes(tmp_path, ops) == {(("f", b"old"),)}


def test_what_was_not_flushed_is_there_or_not_sector_by_sector(tmp_path: Path) -> None:
    ops = [*NEW, op(Kind.WRITE, 2, data=b"o" * 1024), op(Kind.SYNC, 2), op(Kind.WRITE, 2, data=b"n" * 1024)]
    old, new = b"o" * 512, b"n" * 512
    assert outcomes(tmp_path, ops) == {(("f", a + b),) for a in (old, new) for b in (old, new)}


def test_of_two_writes_either_may_be_the_one_that_stays(tmp_path: Path) -> None:
    ops = [*NEW, op(Kind.WRITE, 2, data=b"a"), op(Kind.WRITE, 2, data=b"b")]
    assert outcomes(tmp_path, ops) == {(("f", left),) for left in (b"", b"a", b"b")}


def test_a_durable_write_stays_and_takes_nothing_along(tmp_path: Path) -> None:
    ops = [*NEW, op(Kind.WRITE, 2, data=b"xyz"), op(Kind.WRITE, 2, at=1, data=b"D", dsync=True)]
    assert outcomes(tmp_path, ops) == {(("f", left),) for left in (b"\0D", b"xD", b"xDz", b"\0Dz")}


def test_the_call_under_way_may_have_happened(tmp_path: Path) -> None:
    under_way = op(Kind.WRITE, 2, data=b"D", dsync=True)
    assert outcomes(tmp_path, NEW, under_way) == {(("f", b""),), (("f", b"D"),)}


def test_names_stay_when_their_directory_was_flushed(tmp_path: Path) -> None:
    made = [op(Kind.CREATE, 2, path="f"), op(Kind.WRITE, 2, data=b"x"), op(Kind.SYNC, 2)]
    renamed = op(Kind.RENAME, path="f", to="g")
    assert outcomes(tmp_path, made) == {(), (("f", b"x"),)}
    (tmp_path / "renamed").mkdir()
    ops = [*made, op(Kind.SYNC, 1), renamed]
    assert outcomes(tmp_path / "renamed", ops) == {(("f", b"x"),), (("g", b"x"),)}
    (tmp_path / "flushed").mkdir()
    assert outcomes(tmp_path / "flushed", [*ops, op(Kind.SYNC, 1)]) == {(("g", b"x"),)}
