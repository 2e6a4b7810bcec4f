"""Group commit: what is shared and waited for, what a cancellation does, in which order it all happens."""

import errno
import math

import lmdb
import pytest
import trio

from numtrustd.store.batch import Batch
from numtrustd.store.errors import StoreClosed, StoreFatal
from numtrustd.store.store import Store
from numtrustd.store.tables import MAX_KEY, Table, seal
from numtrustd.store.writer import MAX_OPS, Trouble


def put(key: bytes, value: bytes, table: Table = Table.NUMBER) -> Batch:
    return Batch().put(table, key, value)


class Faults:
    """A failpoint that raises what it is told to, and can hold the writer's thread back."""

    def __init__(self) -> None:
        self.raising: list[BaseException] = []
        self.calls: list[str] = []

    def __call__(self, name: str) -> None:
        self.calls.append(name)
        if name == "pre_commit" and self.raising:
            raise self.raising.pop(0)


def fault(kind: type[lmdb.Error], code: int) -> lmdb.Error:
    """As LMDB raises it: only there does the code become an attribute."""
    error = kind("made up")
    error.code = code
    return error


def disk_full() -> lmdb.Error:
    return fault(lmdb.DiskError, errno.ENOSPC)


async def test_what_was_committed_is_there_when_commit_returns_and_after_a_new_start(run_store) -> None:
    async with run_store() as store:
        await store.commit(put(b"+8610", b"one").put(Table.CASE, b"c1", b"two").delete(Table.TASK, b"none"))
        assert store.get(Table.NUMBER, b"+8610") == b"one"
    async with run_store(init=False) as store:
        assert store.get(Table.NUMBER, b"+8610") == b"one"
        assert store.get(Table.CASE, b"c1") == b"two"
        await store.commit(Batch().delete(Table.NUMBER, b"+8610"))
        assert store.get(Table.NUMBER, b"+8610") is None


async def test_three_thousand_actors_share_a_few_transactions(run_store) -> None:
    async with run_store() as store:
        async with trio.open_nursery() as nursery:
            for i in range(3000):
                nursery.start_soon(store.commit, put(b"%05d" % i, b"x" * 100))
        assert store.count(Table.NUMBER) == 3000
        assert store.stats().transactions <= 5
        assert store.stats().written >= 3000


async def test_a_transaction_stays_small_and_a_batch_stays_whole(run_store) -> None:
    sizes: list[int] = []
    async with run_store(inline=True) as store:
        write = store._writer._write
        store._writer._write = lambda ops: (sizes.append(len(ops)), write(ops))[1]
        big = Batch()
        for i in range(2 * MAX_OPS):
            big.put(Table.HISTORY, b"%05d" % i, b"")
        async with trio.open_nursery() as nursery:
            for i in range(1500):
                nursery.start_soon(store.commit, put(b"%05d" % i, b""))
            nursery.start_soon(store.commit, big)
    assert max(sizes) == 2 * MAX_OPS
    assert sorted(sizes)[-2] <= MAX_OPS


async def test_cancelling_a_commit_neither_loses_it_nor_hides_that_it_was_cancelled(run_store) -> None:
    async with run_store() as store:
        with trio.CancelScope() as scope:
            scope.cancel()
            await store.commit(put(b"k", b"v"))
        assert scope.cancelled_caught
        assert store.get(Table.NUMBER, b"k") == b"v"


async def test_many_cancelled_commits_leave_the_store_consistent(run_store) -> None:
    async with run_store() as store:
        for round_ in range(20):
            with trio.move_on_after(0.0005 * round_):
                async with trio.open_nursery() as nursery:
                    for i in range(20):
                        nursery.start_soon(store.commit, put(b"%d-%d" % (round_, i), b"v"))
        await store.flush()
        assert store.count(Table.NUMBER) == 20 * 20
        assert store.backlog == 0


async def test_an_empty_batch_is_false_and_costs_no_transaction(run_store) -> None:
    async with run_store() as store:
        assert not Batch()
        assert Batch().delete(Table.META, b"x")
        await store.commit(Batch())
        store.commit_soon(Batch())
        assert store.stats().transactions == 0


def test_the_last_write_to_a_key_wins_within_a_batch() -> None:
    batch = put(b"k", b"1").delete(Table.NUMBER, b"k").extend(put(b"k", b"2"))
    assert batch.ops == {(Table.NUMBER, b"k"): seal(Table.NUMBER, b"k", b"2")}
    assert len(batch) == 1


@pytest.mark.parametrize("key", [b"", b"x" * (MAX_KEY + 1)])
def test_a_key_that_lmdb_cannot_hold_is_refused_where_it_is_made(key: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 511 bytes"):
        put(key, b"")
    with pytest.raises(ValueError, match="1 to 511 bytes"):
        Batch().delete(Table.NUMBER, key)


async def test_the_longest_key_is_kept(run_store) -> None:
    key = b"\xff" * MAX_KEY
    async with run_store() as store:
        await store.commit(put(key, b"v"))
        assert store.scan(Table.NUMBER) == [(key, b"v")]


async def test_soon_waits_about_a_second_by_itself(run_store, autojump_clock) -> None:
    async with run_store(inline=True) as store:
        store.commit_soon(put(b"k", b"1"))
        await trio.sleep(0.5)
        store.commit_soon(put(b"k", b"2"))
        assert store.get(Table.NUMBER, b"k") is None
        await trio.sleep(0.4)
        assert store.get(Table.NUMBER, b"k") is None
        await trio.sleep(0.2)
        assert store.get(Table.NUMBER, b"k") == b"2"
        assert store.stats().transactions == 1
        assert store.backlog == 0


async def test_soon_shares_the_next_durable_transaction(run_store) -> None:
    async with run_store() as store:
        store.commit_soon(put(b"a", b"1"))
        await store.commit(put(b"b", b"2"))
        assert store.get(Table.NUMBER, b"a") == b"1"
        assert store.stats().transactions == 1


async def test_soon_and_durable_writes_keep_the_order_of_the_calls(run_store) -> None:
    async with run_store() as store:
        async with trio.open_nursery() as nursery:
            store.commit_soon(put(b"k", b"0"))
            nursery.start_soon(store.commit, put(b"k", b"1"))
            await trio.testing.wait_all_tasks_blocked()
            store.commit_soon(put(b"k", b"2"))
        await store.flush()
        assert store.get(Table.NUMBER, b"k") == b"2"
        store.commit_soon(put(b"k", b"3"))
        await store.commit(put(b"k", b"4"))
        await store.flush()
        assert store.get(Table.NUMBER, b"k") == b"4"


async def test_soon_while_a_transaction_is_being_written_goes_into_the_next(run_store, autojump_clock) -> None:
    stores: list[Store] = []

    def late(name: str) -> None:
        if name == "pre_commit" and stores:
            stores.pop().commit_soon(put(b"late", b"2"))

    async with run_store(inline=True, failpoints=late) as store:
        stores.append(store)
        store.commit_soon(put(b"early", b"1"))
        await trio.sleep(1.5)
        assert store.backlog == 1
        await trio.sleep(1)
        assert [key for key, _ in store.scan(Table.NUMBER)] == [b"early", b"late"]


async def test_a_pile_of_soon_writes_does_not_wait(run_store, autojump_clock) -> None:
    async with run_store(inline=True) as store:
        store.commit_soon(put(b"first", b""))
        await trio.sleep(0.1)  # the writer now waits for that one's second to be over
        for i in range(MAX_OPS - 1):
            store.commit_soon(put(b"%05d" % i, b""))
        await trio.sleep(0.1)
        assert store.backlog == 0


async def test_stopping_writes_what_is_queued(run_store, open_store) -> None:
    async with run_store() as store:
        for i in range(2500):
            store.commit_soon(put(b"%05d" % i, b"v"))
    assert open_store().count(Table.NUMBER) == 2500


async def test_a_commit_without_a_writer_says_so(open_store) -> None:
    store: Store = open_store()
    with pytest.raises(StoreClosed, match="does not run yet"):
        await store.commit(put(b"k", b"v"))
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        nursery.cancel_scope.cancel()
    with pytest.raises(StoreClosed, match="has stopped"):
        await store.commit(put(b"k", b"v"))
    with pytest.raises(StoreClosed, match="has stopped"):
        store.commit_soon(put(b"k", b"v"))
    with pytest.raises(RuntimeError, match="runs once"):
        await store.run()


@pytest.mark.covers("S5")
async def test_a_full_disk_loses_nothing_and_is_said_once(run_store, autojump_clock) -> None:
    faults = Faults()
    said: list[str] = []
    observers = {"on_trouble": said.append, "on_recovered": lambda: said.append("recovered")}
    async with run_store(inline=True, failpoints=faults, observers=observers) as store:
        await store.commit(put(b"before", b"1"))
        faults.raising = [disk_full() for _ in range(6)]
        start = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.commit, put(b"a", b"1"))
            await trio.sleep(0.1)
            nursery.start_soon(store.commit, put(b"b", b"2"))
            store.commit_soon(put(b"c", b"3"))
            await trio.sleep(0.05)
            assert store.trouble is Trouble.DISK_FULL
            assert store.nearly_full
            assert store.get(Table.NUMBER, b"before") == b"1"
            assert store.backlog == 3
        # 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 5.0
        assert trio.current_time() - start == pytest.approx(11.2)
        await store.flush()
        assert [key for key, _ in store.scan(Table.NUMBER)] == [b"a", b"b", b"before", b"c"]
        assert said == ["disk_full", "recovered"]
        assert store.trouble is None
        assert not store.nearly_full


async def test_in_trouble_a_commit_can_be_cancelled_and_takes_its_writes_along(run_store, autojump_clock) -> None:
    faults = Faults()
    async with run_store(inline=True, failpoints=faults) as store:
        faults.raising = [disk_full() for _ in range(5)]  # tried at 0, 0.2, 0.6, 1.4 and 3.0 s
        start = trio.current_time()
        with trio.move_on_after(1.5) as scope:
            await store.commit(put(b"gone", b"1"))
        assert scope.cancelled_caught
        with trio.move_on_after(0.1) as scope:  # begun in the pause
            await store.commit(put(b"gone too", b"1"))
        assert scope.cancelled_caught
        assert trio.current_time() - start == pytest.approx(1.6)
        assert store.backlog == 0
        await store.commit(put(b"kept", b"1"))
        assert [key for key, _ in store.scan(Table.NUMBER)] == [b"kept"]


async def test_what_is_taken_back_takes_nobody_elses_writes_along(run_store, autojump_clock) -> None:
    faults = Faults()
    async with run_store(inline=True, failpoints=faults) as store:
        faults.raising = [disk_full()]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.commit, put(b"gone", b"1"))
            await trio.sleep(0.1)
            store.commit_soon(put(b"soon", b"1"))
            nursery.cancel_scope.cancel()
        await store.flush()
        assert [key for key, _ in store.scan(Table.NUMBER)] == [b"soon"]


async def test_a_cancellation_during_another_try_waits_for_its_end(run_store, autojump_clock) -> None:
    """The pause ends, the write is under way, and only then the cancelled caller gets to run."""
    faults = Faults()
    async with run_store(inline=True, failpoints=faults) as store:
        faults.raising = [disk_full() for _ in range(2)]
        outcomes: list[bool] = []

        async def caller() -> None:
            try:
                await store.commit(put(b"k", b"1"))
            except trio.Cancelled:
                outcomes.append(store.get(Table.NUMBER, b"k") is not None)
                raise

        async with trio.open_nursery() as nursery:
            nursery.start_soon(caller)
            while not store.trouble:
                await trio.sleep(0.01)
            # Both happen in one turn: the writer goes on, and the caller learns of its cancellation.
            store._writer._in_flight = 1
            nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                await trio.sleep(0.01)
                assert outcomes == []
                while not outcomes:
                    await trio.sleep(0.01)
        await store.flush()
        assert outcomes == [store.get(Table.NUMBER, b"k") is not None]


async def test_a_changed_reason_is_said_again(run_store, autojump_clock) -> None:
    faults, said = Faults(), []
    async with run_store(inline=True, failpoints=faults, observers={"on_trouble": said.append}) as store:
        faults.raising = [disk_full(), fault(lmdb.MemoryError, errno.ENOMEM), fault(lmdb.Error, errno.EDQUOT)]
        await store.commit(put(b"k", b"v"))
    assert said == ["disk_full", "no_memory", "disk_full"]


async def test_a_caller_without_patience_leaves_and_the_writer_still_notices_that_there_is_room(
    run_store, autojump_clock
) -> None:
    faults, said = Faults(), []
    observers = {"on_trouble": said.append, "on_recovered": lambda: said.append("recovered")}
    async with run_store(inline=True, failpoints=faults, observers=observers) as store:
        faults.raising = [disk_full()] * 6
        began = trio.current_time()
        with store.patience(3.0):
            await store.commit(put(b"k", b"v"))
            raise AssertionError("it cannot have been stored")
        assert trio.current_time() - began == pytest.approx(3.0, abs=0.1), "from when writing began to fail"
        assert store.backlog == 0, "and what it wanted to write is taken back"
        while store.trouble is not None:
            await trio.sleep(1.0)
        assert said == ["disk_full", "recovered"], "although nobody wanted to write any more"
        assert store.get(Table.NUMBER, b"k") is None
        with store.patience(3.0):
            await trio.sleep(60.0)
            await store.commit(put(b"k", b"v"))
        assert store.get(Table.NUMBER, b"k") == b"v", "patience is only for a store that cannot be written"


@pytest.mark.covers("S3")
@pytest.mark.parametrize(
    "error",
    [fault(lmdb.PanicError, -30795), fault(lmdb.Error, errno.EIO), fault(lmdb.CorruptedError, -30796)],
)
async def test_a_poisoned_environment_ends_the_writer_and_tells_who_waits(open_store, error: lmdb.Error) -> None:
    faults = Faults()
    store: Store = open_store(failpoints=faults)
    faults.raising = [error]
    told: list[type[BaseException]] = []

    async def caller() -> None:
        with pytest.raises(StoreFatal, match="can no longer be written"):
            await store.commit(put(b"k", b"v"))
        told.append(StoreFatal)

    async with trio.open_nursery() as callers:
        with pytest.RaisesGroup(StoreFatal):
            async with trio.open_nursery() as nursery:
                await nursery.start(store.run)
                callers.start_soon(caller)
                callers.start_soon(caller)
                await trio.sleep(1)
    assert told == [StoreFatal, StoreFatal]
    with pytest.raises(StoreFatal):
        await store.commit(put(b"k", b"v"))
    with pytest.raises(StoreFatal):
        store.commit_soon(put(b"k", b"v"))
    assert store.count(Table.NUMBER) == 0


@pytest.mark.covers("S3")
@pytest.mark.parametrize("read", [Store.stats, lambda store: store.get(Table.NUMBER, b"k")])
def test_reading_a_poisoned_environment_is_fatal_too(open_store, monkeypatch, read) -> None:
    """As when a full disk took the page that ends a transaction, and its size is asked for to be logged."""
    store: Store = open_store()

    class Poisoned:
        def begin(self, **_: object) -> None:
            raise fault(lmdb.PanicError, -30795)

    monkeypatch.setattr(store._environment, "_env", Poisoned())
    with pytest.raises(StoreFatal, match=r"poisoned .*look at the disk"):
        read(store)
    monkeypatch.undo()


async def test_callers_inside_a_dying_nursery_are_cancelled_not_flooded_with_errors(open_store) -> None:
    faults = Faults()
    store: Store = open_store(failpoints=faults)
    faults.raising = [fault(lmdb.PanicError, -30795)]
    with pytest.RaisesGroup(StoreFatal):
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            for i in range(100):
                nursery.start_soon(store.commit, put(b"%d" % i, b"v"))


class Dead(BaseException):
    """The process dies here, as far as a simulation can tell."""


@pytest.mark.parametrize(("point", "there"), [("pre_commit", False), ("post_commit", True)])
async def test_failpoints_let_a_test_die_before_and_after_the_commit(open_store, point: str, there: bool) -> None:
    def die(name: str) -> None:
        if name == point:
            raise Dead

    store: Store = open_store(failpoints=die, inline=True)
    with pytest.RaisesGroup(Dead):
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            store.commit_soon(put(b"soon", b"v"))
            await store.commit(put(b"k", b"v"))
    store.close()
    again: Store = open_store(init=False)
    assert (again.get(Table.NUMBER, b"k") is not None) is there
    assert again.generation == (2 if there else 1)


async def test_the_clock_rides_along_and_never_goes_back_by_itself(run_store, now: float) -> None:
    async with run_store() as store:
        assert store.high_water == now
        store.note_time(now + 5)
        assert store.stats().transactions == 0
        await store.commit(put(b"k", b"v"), now=now + 10.25)
        await store.commit(put(b"k", b"v"), now=now - 100)
        assert store.high_water == now + 10.25
    async with run_store(now=now - 1e6) as store:
        assert store.high_water == now + 10.25
        await store.reset_high_water(now)
        assert store.high_water == now
    async with run_store(now=now - 1e6) as store:
        assert store.high_water == now


@pytest.mark.covers("S9")
async def test_readers_are_checked_now_and_then(run_store, autojump_clock, monkeypatch) -> None:
    async with run_store(inline=True) as store:
        checks: list[float] = []
        monkeypatch.setattr(store._environment, "reader_check", lambda: checks.append(trio.current_time()))
        await trio.sleep(4 * 3600 + 1)
        assert len(checks) == 4
        assert math.isclose(checks[1] - checks[0], 3600)
