"""Older databases: brought up to date step by step, with a copy of how they were."""

from pathlib import Path

import pytest

from numtrustd.store import meta
from numtrustd.store.batch import Batch
from numtrustd.store.errors import BackupFailed, DamagedRecord, MapFull, MigrationFailed, SchemaNewer
from numtrustd.store.migrations import MIGRATIONS, OLDEST, Migration, Records, current
from numtrustd.store.records import all_cases, all_tasks, all_timers, decode_number
from numtrustd.store.tables import Table
from tests.store import golden


def shout(records: Records) -> Batch:
    batch = Batch()
    for key, payload in records.all(Table.NUMBER):
        batch.put(Table.NUMBER, key, payload.upper())
    return batch


def move(records: Records) -> Batch:
    batch = Batch()
    for key, payload in records.all(Table.NUMBER):
        batch.delete(Table.NUMBER, key).put(Table.CASE, key, payload + b"!")
    return batch


STEPS = [Migration("payloads in capitals", shout), Migration("numbers become cases", move)]


@pytest.fixture
async def old(run_store, state: Path) -> Path:
    """A database of the oldest schema, with more numbers than one page of a migration's reading."""
    async with run_store(migrations=()) as store:
        batch = Batch()
        for i in range(2500):
            batch.put(Table.NUMBER, b"%05d" % i, b"n%d" % i)
        await store.commit(batch)
    return state


def test_the_shipped_list_leads_to_the_schema_of_this_program(open_store) -> None:
    assert current(MIGRATIONS) == OLDEST + len(MIGRATIONS)
    assert open_store().get(Table.META, meta.SCHEMA) == b"%d" % current(MIGRATIONS)


@pytest.mark.covers("S11")
async def test_all_steps_are_taken_and_the_state_before_is_kept(open_store, old: Path, now: float) -> None:
    store = open_store(init=False, migrations=STEPS)
    copy = old / "before-schema-3-generation-1"
    made = store.migrated
    assert (made.old, made.new, made.copy) == (1, 3, copy)
    assert made.records == 2500 + 2 * 2500, "written in capitals, then moved: a put and a delete each"
    assert 0.0 < made.seconds < 60.0
    assert store.count(Table.NUMBER) == 0
    assert store.count(Table.CASE) == 2500
    assert store.get(Table.CASE, b"00042") == b"N42!"
    before = open_store(copy, init=False, migrations=())
    assert before.get(Table.NUMBER, b"00042") == b"n42"
    assert before.restored_from == now
    store.close()
    again = open_store(init=False, migrations=STEPS)
    assert again.migrated is None
    assert again.restored_from is None


async def test_a_new_database_needs_no_migration(open_store, state: Path) -> None:
    store = open_store(migrations=STEPS)
    assert store.migrated is None
    assert store.get(Table.META, meta.SCHEMA) == b"3"
    store.close()
    with pytest.raises(SchemaNewer, match="schema 3, but this numtrustd knows 2"):
        open_store(migrations=STEPS[:1])


async def test_a_step_that_fails_leaves_a_whole_version_and_the_next_start_goes_on(open_store, old: Path) -> None:
    def fail(records: Records) -> Batch:
        raise DamagedRecord("case", b"k")

    with pytest.raises(MigrationFailed, match=r"schema 2 to 3 \(numbers .*record b'k' .*before-schema-3-generation-1"):
        open_store(init=False, migrations=[STEPS[0], Migration("numbers become cases", fail)])
    assert (old / "before-schema-3-generation-1").is_dir()
    store = open_store(init=False, migrations=STEPS[:1])
    assert store.migrated is None
    assert store.get(Table.NUMBER, b"00042") == b"N42"
    store.close()
    assert open_store(init=False, migrations=STEPS).get(Table.CASE, b"00042") == b"N42!"


async def test_no_step_without_a_copy(open_store, old: Path, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise BackupFailed("no")

    monkeypatch.setattr("numtrustd.store.environment.Environment.copy", fail)
    with pytest.raises(BackupFailed):
        open_store(init=False, migrations=STEPS)
    monkeypatch.undo()
    assert open_store(init=False, migrations=()).get(Table.NUMBER, b"00042") == b"n42"


async def test_a_migration_may_grow_the_map(open_store, old: Path) -> None:
    def swell(records: Records) -> Batch:
        batch = Batch()
        for i in range(500):
            batch.put(Table.CASE, b"%05d" % i, bytes(4000))
        return batch

    steps = [Migration("more", swell)]
    small = {"init": False, "map_size": 1 << 19, "migrations": steps}
    # What had grown stays; a small map is had by a copy, whose map is its size.
    store = open_store(init=False, migrations=())
    store._environment.copy(old.parent / "small", Batch().put(Table.META, b"k", b"v"))
    with pytest.raises(MigrationFailed) as caught:
        open_store(old.parent / "small", **small, max_map_size=1 << 20)
    assert isinstance(caught.value.__cause__, MapFull)
    grown = open_store(old.parent / "small", **small, max_map_size=1 << 25)
    assert grown.count(Table.CASE) == 500
    assert grown.stats().map_size >= 1 << 21


@pytest.mark.covers("S11")
@pytest.mark.parametrize("schema", range(OLDEST, current(MIGRATIONS) + 1))
def test_a_database_of_every_released_schema_opens_and_means_what_it_meant(open_store, tmp_path: Path, schema) -> None:
    assert golden.file(schema).exists(), "keep one of the schema before, by `python -m tests.store.golden`"
    golden.unpack(schema, tmp_path / "old")
    store = open_store(tmp_path / "old", init=False)
    assert (store.migrated is None) == (schema == current(MIGRATIONS))
    assert not store.damaged
    assert {case.id: case.snapshot.state for case in all_cases(store) if case.open} == golden.STATES
    numbers = [decode_number(packed) for _, packed in store.scan(Table.NUMBER)]
    assert {n.number for n in numbers} == set(golden.NUMBERS)
    assert {case for _, case, _ in all_timers(store)} == golden.STATES.keys()
    assert f"{golden.BY_HAND}/baidu/1" in {task.case for task in all_tasks(store)}


async def test_a_newer_state_is_refused_with_the_copy_that_this_version_can_use(open_store, old: Path) -> None:
    open_store(init=False, migrations=STEPS[:1]).close()
    older = old / "before-schema-2-generation-1"
    open_store(init=False, migrations=STEPS).close()
    assert older.is_dir()
    (middle,) = set(old.glob("before-schema-3-*"))
    with pytest.raises(SchemaNewer) as caught:
        open_store(init=False, migrations=STEPS[:1])
    assert f"&& cp -p {middle}/data.mdb {old}/data.mdb" in str(caught.value), "the newest that it can read"
    with pytest.raises(SchemaNewer) as caught:
        open_store(init=False, migrations=())
    assert f"since: mv {old}/data.mdb {old}/data.mdb.schema-3 && cp -p {older}/data.mdb" in str(caught.value)
    for copy in (older, middle):  # half a copy is none
        data = (copy / "data.mdb").read_bytes()
        (copy / "data.mdb").write_bytes(data[: len(data) // 2])
    with pytest.raises(SchemaNewer, match=r"install the later version again, or put a backup there"):
        open_store(init=False, migrations=())
