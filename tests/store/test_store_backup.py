"""Copies made while everything runs, and what a daemon started on one knows."""

import errno
import os
import stat
from pathlib import Path

import pytest
import trio

from numtrustd.store.batch import Batch
from numtrustd.store.errors import BackupFailed
from numtrustd.store.tables import Table


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
        await store.acknowledge_restore(Batch())
        assert store.restored_from is None
    assert open_store(**restored).restored_from is None


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
