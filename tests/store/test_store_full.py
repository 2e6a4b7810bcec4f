"""No room: in the map, which can grow, and on a real, small disk."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from numtrustd.store.batch import Batch
from numtrustd.store.errors import BackupFailed, StoreError
from numtrustd.store.store import Store
from numtrustd.store.tables import Table
from numtrustd.store.writer import Trouble

KIB = 1024


def block(i: int) -> Batch:
    return Batch().put(Table.CASE, b"%05d" % i, bytes([i % 251]) * 20 * KIB)


async def fill(store: Store, limit: int) -> int:
    """Commit blocks until one does not return; how many did."""
    for i in range(limit):
        with trio.move_on_after(0.3) as scope:
            await store.commit(block(i))
        if scope.cancelled_caught:
            return i
    return limit


def intact(store: Store, count: int) -> bool:
    pages = store.scan(Table.CASE)
    return pages == [(b"%05d" % i, bytes([i % 251]) * 20 * KIB) for i in range(count)]


@pytest.mark.covers("S4")
async def test_a_full_map_grows_to_its_limit_then_refuses_then_recovers(run_store, autojump_clock) -> None:
    said: list[str] = []
    observers = {"on_trouble": said.append, "on_recovered": lambda: said.append("recovered")}
    sizes = {"map_size": 512 * KIB, "max_map_size": 3 * 512 * KIB}
    async with run_store(observers, inline=True, **sizes) as store:
        assert not store.nearly_full
        count = await fill(store, 200)
        # 5 pages and a bit for each: it stopped short of the largest map, but long after the first.
        assert 55 <= count <= 73
        assert store.stats().map_size == 3 * 512 * KIB
        assert store.trouble is Trouble.MAP_FULL
        assert store.nearly_full
        assert intact(store, count)
        assert said == ["map_full"]
        # What makes room goes through, and with it everything else.
        await store.commit(Batch().delete(Table.CASE, b"%05d" % (count - 1)).delete(Table.CASE, b"%05d" % (count - 2)))
        await store.commit(Batch().put(Table.NUMBER, b"k", b"v"))
        assert store.trouble is None
        assert said == ["map_full", "recovered"]
        assert intact(store, count - 2)
    async with run_store(init=False, map_size=512 * KIB, max_map_size=16 * 512 * KIB) as store:
        assert intact(store, count - 2)
        await store.commit(block(count))


@pytest.mark.covers("S4")
async def test_nearly_full_comes_before_full_and_leaves_again(run_store, autojump_clock) -> None:
    async with run_store(inline=True, map_size=1024 * KIB) as store:
        count = 0
        while not store.nearly_full:
            await store.commit(block(count))
            count += 1
        assert store.trouble is None
        assert 0.9 <= store.stats().used / store.stats().map_size < 0.95
        await store.commit(Batch().put(Table.NUMBER, b"transition", b"v"))  # the reserve
        await store.commit(Batch().delete(Table.CASE, b"00000"))
        assert not store.nearly_full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB, of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "none", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = f"cannot mount a small tmpfs (needs root): {done.stderr.strip()}"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    yield path
    subprocess.run(["umount", str(path)], check=True)


@pytest.mark.covers("S5")
async def test_a_full_disk_stops_writes_only_and_ends_when_there_is_room(small_disk: Path, run_store) -> None:
    said: list[str] = []
    observers = {"on_trouble": said.append, "on_recovered": lambda: said.append("recovered")}
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1024 * KIB))
    state = small_disk / "state"
    async with run_store(observers, path=state) as store:
        count = await fill(store, 200)
        assert 20 <= count < 60
        assert store.trouble is Trouble.DISK_FULL
        assert said == ["disk_full"]
        assert intact(store, count)
        with pytest.raises(BackupFailed):
            await store.backup(small_disk / "copy")
        assert not (small_disk / "copy").exists()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.commit, block(count))
            store.commit_soon(Batch().put(Table.NUMBER, b"soon", b"v"))
            await trio.sleep(0.3)
            ballast.unlink()
        assert store.trouble is None
        assert said == ["disk_full", "recovered"]
        assert intact(store, count + 1)
        await store.flush()
        assert store.get(Table.NUMBER, b"soon") == b"v"
    async with run_store(path=state, init=False) as store:
        assert intact(store, count + 1)


@pytest.mark.covers("S5")
async def test_a_daemon_starts_on_a_full_disk(small_disk: Path, run_store) -> None:
    state = small_disk / "state"
    async with run_store(path=state) as store:
        count = await fill(store, 200)
        assert store.trouble is Trouble.DISK_FULL
    left = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    with (small_disk / "ballast").open("wb") as ballast:
        ballast.write(bytes(left))
    async with run_store(path=state, init=False) as store:
        assert intact(store, count)
        with trio.move_on_after(0.1) as scope:
            await store.commit(block(count))
        assert scope.cancelled_caught
        assert store.trouble is Trouble.DISK_FULL


def test_no_new_database_on_a_full_disk(small_disk: Path, open_store) -> None:
    with (small_disk / "ballast").open("wb") as ballast:
        ballast.write(bytes(2048 * KIB - 12 * KIB))
    with pytest.raises(StoreError, match=str(small_disk)):
        open_store(small_disk / "state")
    (small_disk / "ballast").unlink()
    open_store(small_disk / "state").close()
