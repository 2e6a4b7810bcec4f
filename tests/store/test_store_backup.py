"""Copies made while everything runs, and what a daemon started on one knows."""

import errno
import os
import stat
import threading
import time
from pathlib import Path

import pytest
import trio

from numtrustd.store.batch import Batch
from numtrustd.store.environment import Environment
from numtrustd.store.errors import BackupFailed
from numtrustd.store.store import LAST_WAIT
from numtrustd.store.tables import Table
from numtrustd.store.writer import Trouble


async def test_a_copy_made_while_writing_holds_everything_up_to_one_moment(
    run_store, open_store, tmp_path: Path, now: float
) -> None:
    committed = 0

    async def writes(store) -> None:
        nonlocal committed
        while True:
            await store.commit(Batch().put(Table.HISTORY, b"%06d" % committed, b"x" * 500), now=now + committed)
            committed += 1

    async with run_store() as store, trio.open_nursery() as nursery:
        nursery.start_soon(writes, store)
        while committed < 100:
            await trio.sleep(0.001)
        before = committed
        await store.backup(tmp_path / "copy", now=now + 7)
        after = committed
        nursery.cancel_scope.cancel()
    copy = open_store(tmp_path / "copy", init=False)
    keys = [key for key, _ in copy.scan(Table.HISTORY, limit=10**6)]
    assert keys == [b"%06d" % i for i in range(len(keys))]
    assert before <= len(keys) <= after + 1
    assert copy.restored_from == now + 7
    assert copy.uuid == store.uuid
    assert copy.generation == store.generation + 1
    assert copy.high_water == now + len(keys) - 1
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((copy.path / "data.mdb").stat().st_mode) == 0o600


@pytest.mark.covers("S10")
async def test_a_restored_state_says_so_until_it_is_acknowledged(run_store, open_store, tmp_path: Path, now) -> None:
    async with run_store() as store:
        await store.commit(Batch().put(Table.CASE, b"c", b"v"), now=now + 3)
        await store.backup(tmp_path / "copy")
        assert store.restored_from is None
    restored = {"path": tmp_path / "copy", "init": False}
    for _ in range(2):
        async with run_store(**restored) as store:
            assert store.restored_from == now + 3
            await store.commit(Batch().put(Table.CASE, b"d", b"v"))
    async with run_store(**restored) as store:
        assert store.restored_at is None
        await store.acknowledge_restore(Batch(), now + 9)
        assert (store.restored_from, store.restored_at) == (None, now + 9)
    again = open_store(**restored)
    assert (again.restored_from, again.restored_at) == (None, now + 9)


async def test_a_copy_overwrites_nothing_and_a_failed_one_leaves_nothing(
    run_store, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    listing = sorted(os.listdir(tmp_path))
    async with run_store() as store:
        for name in ("there", "link"):
            with pytest.raises(BackupFailed, match=f"{name}: exists already"):
                await store.backup(tmp_path / name)
        with pytest.raises(BackupFailed, match="cannot be made"):
            await store.backup(tmp_path / "no" / "such" / "place")

        def fail(path: Path) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("numtrustd.store.environment.sync_directory", fail)
        with pytest.raises(BackupFailed, match=r"copy: the backup failed .*No space left"):
            await store.backup(tmp_path / "copy")
        # It bears its name already, and that name cannot be put on disk.
        monkeypatch.setattr(
            "numtrustd.store.environment.sync_directory", lambda path: fail(path) if path == tmp_path else None
        )
        with pytest.raises(BackupFailed, match=r"copy: the backup failed .*No space left"):
            await store.backup(tmp_path / "copy")
    assert sorted(os.listdir(tmp_path)) == sorted([*listing, "state"])


async def test_copies_work_inline_too(run_store, open_store, tmp_path: Path, autojump_clock) -> None:
    async with run_store(inline=True) as store:
        await store.commit(Batch().put(Table.CASE, b"c", b"v"))
        await store.backup(tmp_path / "copy")
    assert open_store(tmp_path / "copy").get(Table.CASE, b"c") == b"v"


@pytest.mark.parametrize("hangs", [True, False], ids=["hung disk", "slow disk"])
async def test_whoever_stops_waits_for_no_disk_that_hangs(
    hangs: bool, run_store, open_store, state: Path, tmp_path: Path, now: float, monkeypatch
) -> None:
    """A copy that is nearly done is waited for; one that hangs is left to itself, and the store closes without it."""
    copy, release, ended = Environment.copy, threading.Event(), threading.Event()

    def slow(self: Environment, target: Path, marks: Batch) -> None:
        release.wait(30.0 if hangs else 0.2)
        copy(self, target, marks)
        ended.set()

    monkeypatch.setattr(Environment, "copy", slow)
    async with run_store() as store:
        await store.commit(Batch().put(Table.CASE, b"c", b"v"))
        began = time.monotonic()
        with trio.move_on_after(0.1) as stopping:
            await store.backup(tmp_path / "copy", now=now)
        assert stopping.cancelled_caught
        assert time.monotonic() - began < 0.1 + LAST_WAIT + 1.0
        assert ended.is_set() is not hangs
        await store.commit(Batch().put(Table.CASE, b"d", b"v"))
    assert store._copying is hangs, "what the thread is at work on is still there"
    release.set()
    with trio.fail_after(30.0):
        while store._copying:
            await trio.sleep(0.01)
    store.close()  # which the end of a process does for it
    assert open_store(tmp_path / "copy", init=False).get(Table.CASE, b"c") == b"v"
    assert open_store(init=False).get(Table.CASE, b"d") == b"v"


async def test_a_map_does_not_grow_under_a_copy_that_nobody_waits_for(run_store, tmp_path: Path, monkeypatch) -> None:
    """Nor under one that somebody does: the copy reads what the map would move away from under it."""
    release = threading.Event()
    monkeypatch.setattr(Environment, "copy", lambda *_: release.wait(30.0))
    async with run_store(map_size=1 << 20, max_map_size=64 << 20) as store:
        with trio.move_on_after(0.05):
            await store.backup(tmp_path / "copy")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.commit, Batch().put(Table.CASE, b"c", b"v" * (2 << 20)))
            with trio.fail_after(10):
                while store.trouble is None:
                    await trio.sleep(0.01)
            assert store.trouble is Trouble.MAP_FULL
            assert store.stats().map_size == 1 << 20
            release.set()
        assert store.trouble is None
        assert store.get(Table.CASE, b"c") == b"v" * (2 << 20)
