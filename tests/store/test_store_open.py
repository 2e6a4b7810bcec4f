"""What a store refuses to open, and in which words."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import lmdb
import pytest

from numtrustd.store import errors, meta, statedir
from numtrustd.store.batch import Batch
from numtrustd.store.environment import Environment
from numtrustd.store.tables import Table
from tests.root import needs_root

NOBODY = 65534


def test_init_makes_what_is_absent_and_leaves_what_is_there(open_store, state: Path, now: float) -> None:
    store = open_store(state / "deep" / "er")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((store.path / "data.mdb").stat().st_mode) == 0o600
    assert (store.created_at, store.high_water, store.generation) == (now, now, 1)
    assert len(store.uuid) == 32
    assert store.restored_from is None
    assert store.migrated is None
    store.close()
    again = open_store(store.path, now=now + 9)
    assert (again.uuid, again.created_at) == (store.uuid, now)


async def test_a_generation_is_a_run_that_wrote_something(run_store, open_store) -> None:
    async with run_store() as store:
        assert store.generation == 1
    async with run_store() as store:
        assert store.generation == 1
        await store.commit(Batch().put(Table.TASK, b"k", b"v"))
    assert open_store().generation == 2


def test_a_missing_directory(open_store, state: Path) -> None:
    with pytest.raises(errors.DirectoryMissing, match=f"{state}: no such state directory: .*`numtrustd create-state`"):
        open_store(init=False)
    assert not state.exists()


def test_a_file_where_the_directory_should_be(open_store, state: Path) -> None:
    state.write_text("")
    for init in (True, False):
        with pytest.raises(errors.DirectoryUnusable, match="not a directory"):
            open_store(init=init)


@pytest.mark.covers("S6")
def test_a_missing_database_is_not_a_new_one(open_store, state: Path) -> None:
    open_store().close()
    (state / "data.mdb").unlink()
    remedy = r"backup.*`numtrustd create-state`.*`systemctl start numtrustd-create-state`"
    with pytest.raises(errors.DatabaseMissing, match=rf"data\.mdb: missing, .*{remedy}"):
        open_store(init=False)
    assert open_store(init=True).generation == 1


def test_a_half_made_database_is_made_again(open_store, state: Path) -> None:
    state.mkdir(mode=0o700)
    (state / "data.mdb.new").write_bytes(b"half")
    assert open_store().generation == 1
    assert not (state / "data.mdb.new").exists()


@pytest.mark.covers("S2")
def test_every_start_puts_names_on_disk_which_one_that_was_killed_may_have_left_out(
    open_store, state: Path, monkeypatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(statedir, "sync_directory", flushed.append)
    open_store().close()
    assert {state, state.parent} <= set(flushed)
    flushed.clear()
    open_store(init=False).close()
    assert flushed == [state, state.parent]


def test_a_parent_that_may_not_be_read_is_somebody_elses_to_flush(open_store, state: Path, monkeypatch) -> None:
    def flush(path: Path) -> None:
        if path != state:
            raise PermissionError(errno.EACCES, "Permission denied")

    open_store().close()
    monkeypatch.setattr(statedir, "sync_directory", flush)
    open_store(init=False)


@pytest.mark.covers("S5")
def test_a_lock_that_a_full_disk_leaves_without_its_pid_is_still_a_lock(open_store, state: Path, monkeypatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(failure, os.strerror(failure))

    open_store().close()
    monkeypatch.setattr(os, "pwrite", fail)
    failure = errno.ENOSPC
    open_store(init=False)
    with pytest.raises(errors.DatabaseInUse, match="in use by another process") as caught:
        open_store(init=False)
    assert caught.value.pid is None


def test_a_disk_that_fails_is_not_taken_for_a_missing_permission(open_store, state: Path, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise OSError(failure, os.strerror(failure))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", fail)
        failure = errno.ENOSPC
        with pytest.raises(errors.DiskFull, match=r"cannot make the directory \(No space left on device\): make room"):
            open_store()
        failure = errno.EIO
        with pytest.raises(errors.StoreError, match=r"\(Input/output error\): look at the disk"):
            open_store()
        failure = errno.EACCES
        with pytest.raises(errors.DirectoryUnusable, match="make it, owned by uid"):
            open_store()
    monkeypatch.setattr(os, "pwrite", fail)
    failure = errno.EIO
    with pytest.raises(errors.StoreError, match=r"lock: cannot be written \(Input/output error\): look at the disk"):
        open_store()


@needs_root
def test_a_directory_of_somebody_else(open_store, state: Path) -> None:
    open_store().close()
    os.chown(state, NOBODY, NOBODY)
    with pytest.raises(
        errors.WrongOwner, match=f"{state}: belongs to uid {NOBODY}, but this process is uid 0: .*chown"
    ):
        open_store(init=False)


REFUSAL = """
import os, sys
from pathlib import Path
from numtrustd.store.errors import StoreError
from numtrustd.store.store import Store
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    Store.open(Path(sys.argv[1]), init=False, map_size=1 << 24, now=0.0)
except StoreError as error:
    print(type(error).__name__, error)
"""


def refusal(path: Path) -> str:
    """What a process that is not root is told."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", REFUSAL, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.process
@pytest.mark.parametrize("what", ["directory", "parent", "database"])
def test_what_may_not_be_read_or_written(open_store, what: str) -> None:
    with tempfile.TemporaryDirectory(prefix="numtrustd-") as name:  # tmp_path is closed to other users
        parent = Path(name)
        parent.chmod(0o755)
        store = open_store(parent / "state")
        state = store.path
        store.close()
        if os.geteuid() == 0:
            for path in (state, *state.iterdir()):
                os.chown(path, NOBODY, NOBODY)
        victim = {"directory": state, "parent": parent, "database": state / "data.mdb"}[what]
        victim.chmod(0o500 if what == "directory" else 0o000)
        try:
            told = refusal(state)
        finally:
            victim.chmod(0o700)
    assert told.startswith("DirectoryUnusable")
    assert str(state) in told
    assert "\n" not in told


def test_a_second_store_in_this_process(open_store, state: Path) -> None:
    open_store()
    with pytest.raises(errors.DatabaseInUse, match=f"{state}: in use by process {os.getpid()}: stop it") as caught:
        open_store()
    assert caught.value.pid == os.getpid()


HOLDER = """
import sys, time
from pathlib import Path
from numtrustd.store.store import Store
Store.open(Path(sys.argv[1]), init=True, map_size=1 << 24, now=0.0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.covers("S8")
@pytest.mark.process
@pytest.mark.parametrize("removed", [(), ("lock",), ("lock", "lock.mdb")])
def test_a_second_process_is_refused_even_when_lock_files_are_removed(
    open_store, state: Path, removed: tuple[str, ...]
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            for name in removed:
                (state / name).unlink()
            with pytest.raises(errors.DatabaseInUse) as caught:
                open_store(init=False)
            assert caught.value.pid == (None if removed else holder.pid)
        finally:
            holder.kill()
    open_store(init=False)


def with_meta(path: Path, key: bytes, value: bytes | None) -> None:
    environment = Environment.open(path, 1 << 24)
    environment.open_tables()
    change = Batch()
    environment.apply(change.delete(Table.META, key) if value is None else change.put(Table.META, key, value))
    environment.close()


@pytest.mark.covers("S11")
def test_a_newer_schema(open_store, state: Path) -> None:
    open_store().close()
    with_meta(state, meta.SCHEMA, b"7")
    before = (state / "data.mdb").read_bytes()
    with pytest.raises(
        errors.SchemaNewer,
        match=f"{state}: schema 7, but this numtrustd knows 1: install the later .* no before-schema-",
    ):
        open_store()
    assert (state / "data.mdb").read_bytes() == before


@pytest.mark.parametrize("value", [b"0", b"seven", None])
def test_a_schema_of_nobodys(open_store, state: Path, value: bytes | None) -> None:
    open_store().close()
    with_meta(state, meta.SCHEMA, value)
    with pytest.raises(errors.SchemaUnknown, match=str(state)):
        open_store()


def test_a_database_of_another_program(open_store, state: Path) -> None:
    state.mkdir(mode=0o700)
    with lmdb.open(str(state), map_size=1 << 20) as env, env.begin(write=True) as txn:
        txn.put(b"theirs", b"1")
    with pytest.raises(errors.SchemaUnknown, match="not a database of numtrustd's"):
        open_store()


@pytest.mark.covers("S11")
def test_a_newer_lmdb_format(open_store, state: Path) -> None:
    state.mkdir(mode=0o700)
    with lmdb.open(str(state), map_size=1 << 20, lib_version=1) as env, env.begin(write=True) as txn:
        txn.put(b"k", b"v")
    with pytest.raises(errors.SchemaNewer, match="another LMDB's format"):
        open_store()


def test_a_refused_store_holds_nothing(open_store, state: Path) -> None:
    fds = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(errors.DirectoryMissing):
            open_store(init=False)
    open_store().close()
    with_meta(state, meta.SCHEMA, b"7")
    for _ in range(3):
        with pytest.raises(errors.SchemaNewer):
            open_store()
    assert len(os.listdir("/proc/self/fd")) == fds


def test_every_refusal_is_one_line_with_an_exit_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.StoreError)]
    assert len(kinds) > 10
    assert {kind.exit_status for kind in kinds} == {os.EX_IOERR, os.EX_NOPERM, os.EX_CONFIG, os.EX_TEMPFAIL}


def test_a_map_that_had_grown_stays_so(open_store) -> None:
    open_store(map_size=8 << 20).close()
    store = open_store(map_size=1 << 20, max_map_size=64 << 20)
    assert store.stats().map_size == 8 << 20
