"""Reading: pages in key order, in both directions; and the store against a dict."""

import itertools

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.store.batch import Batch
from numtrustd.store.store import Store
from numtrustd.store.tables import Table

KEYS = [b"a", b"a\xff", b"a\xff\xff", b"b", b"ba", b"bb", b"bb1", b"bc", b"c", b"\xff", b"\xff\xff"]


@pytest.fixture
async def store(run_store):
    async with run_store(inline=True) as store:
        batch = Batch()
        for key in KEYS:
            batch.put(Table.HISTORY, key, b"v" + key)
        await store.commit(batch)
        yield store


@pytest.mark.parametrize("prefix", [b"", b"a", b"a\xff", b"b", b"bb", b"bd", b"\xff", b"\xff\xff\xff", b"\0"])
@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("reverse", [False, True])
async def test_pages_join_to_the_whole(store: Store, prefix: bytes, limit: int, reverse: bool) -> None:
    expected = sorted((key for key in KEYS if key.startswith(prefix)), reverse=reverse)
    found: list[bytes] = []
    after: bytes | None = None
    while True:
        page = store.scan(Table.HISTORY, prefix=prefix, after=after, limit=limit, reverse=reverse)
        assert all(value == b"v" + key for key, value in page)
        found += [key for key, _ in page]
        if len(page) < limit:
            break
        after = found[-1]
    assert found == expected


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_page_may_start_at_a_key_that_is_gone(store: Store, reverse: bool) -> None:
    for prefix, after in itertools.product([b"", b"b", b"bb"], [b"0", b"aa", b"ba5", b"bb0", b"bz", b"d", b"\xff" * 3]):
        expected = [
            key
            for key in sorted(KEYS, reverse=reverse)
            if key.startswith(prefix) and (key < after if reverse else key > after)
        ]
        page = store.scan(Table.HISTORY, prefix=prefix, after=after, reverse=reverse)
        assert [key for key, _ in page] == expected, (prefix, after)


async def test_a_page_of_nothing(store: Store) -> None:
    assert store.scan(Table.HISTORY, limit=0) == []
    assert store.scan(Table.CASE) == []
    assert store.scan(Table.CASE, reverse=True) == []
    assert store.get(Table.CASE, b"none") is None
    assert store.count(Table.CASE) == 0
    assert store.count(Table.HISTORY) == len(KEYS)


@pytest.mark.covers("S9")
async def test_no_read_transaction_outlives_its_call(store: Store) -> None:
    """One that did would pin every page freed since, and the file would grow with each of these."""
    await store.commit(Batch().put(Table.NUMBER, b"k", b"x" * 3000))
    store.scan(Table.HISTORY, limit=3)
    before = (store.path / "data.mdb").stat().st_size
    for i in range(100):
        store.scan(Table.HISTORY, limit=3)
        await store.commit(Batch().put(Table.NUMBER, b"k", bytes([i]) * 3000))
    assert (store.path / "data.mdb").stat().st_size <= before + 16 * 4096


keys = st.sampled_from([b"a", b"b", b"bb", b"c" * 511, b"\xff"])
tables = st.sampled_from([Table.NUMBER, Table.CASE, Table.HISTORY])
payloads = st.binary(max_size=20) | st.integers(1000, 9000).map(lambda n: bytes(n))
writes = st.tuples(tables, keys, st.none() | payloads)
batches = st.tuples(st.sampled_from(["commit", "soon", "soon", "flush", "reopen"]), st.lists(writes, max_size=8))


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(batches, max_size=12))
def test_the_store_is_a_dict_that_survives(tmp_path_factory: pytest.TempPathFactory, steps) -> None:
    path = tmp_path_factory.mktemp("model")
    model: dict[tuple[Table, bytes], bytes] = {}
    todo = iter(steps)

    async def life(store: Store) -> bool:
        """Until the next reopening; whether there is more to do."""
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            for how, ops in todo:
                batch = Batch()
                for table, key, payload in ops:
                    if payload is None:
                        batch.delete(table, key)
                        model.pop((table, key), None)
                    else:
                        batch.put(table, key, payload)
                        model[table, key] = payload
                match how:
                    case "commit" if batch:
                        await store.commit(batch)
                    case "flush" | "reopen":
                        store.commit_soon(batch)
                        await store.flush()
                    case _:
                        store.commit_soon(batch)
                        continue
                assert {(t, k): v for t in Table if t is not Table.META for k, v in store.scan(t)} == model
                assert all(store.get(*place) == value for place, value in model.items())
                if how == "reopen":
                    nursery.cancel_scope.cancel()
                    return True
            nursery.cancel_scope.cancel()
        return False

    more = True
    while more:
        with Store.open(path, init=True, map_size=1 << 26, now=0.0, inline=True) as store:
            more = trio.run(life, store)
    with Store.open(path, init=False, map_size=1 << 26, now=0.0, inline=True) as store:
        assert {(t, k): v for t in Table if t is not Table.META for k, v in store.scan(t)} == model
