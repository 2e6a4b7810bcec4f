"""What is read of the past: from the instant or day that is asked for, in order, and past whatever is damaged."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date

from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.ledger import Charge, What
from numtrustd.domain.record import Entry, NumberRecord
from numtrustd.store import Batch, Store, Table, lookback, records
from numtrustd.store.errors import DamagedRecord

RunStore = Callable[..., AbstractAsyncContextManager[Store]]

NUMBER, OTHER = "+8613800138000", "+8613800138001"
T = 1_790_000_000.0


def nobody(damaged: DamagedRecord) -> None:
    raise AssertionError(damaged)


def spoil(batch: Batch, table: Table, key: bytes) -> None:
    batch.put(table, key, b"")
    batch.ops[table, key] = b"\0\0\0\0rubbish"


def history(batch: Batch, number: str, lines: int) -> None:
    for n in range(lines):
        action = "verdict.changed" if n % 3 == 0 else "case.moved"
        records.put_entry(batch, number, Entry(T + n, action, "so360", text=str(n)), n, 0)


async def test_history_is_read_from_an_instant_on_over_many_pages(run_store: RunStore) -> None:
    lines = 2 * records.PAGE + 7
    async with run_store(inline=True) as store:
        batch = Batch()
        history(batch, NUMBER, lines)
        history(batch, OTHER, 3)
        await store.commit(batch)
        assert [e.at for e in lookback.entries_since(store, NUMBER, T + 4, nobody)] == [T + n for n in range(4, lines)]
        assert [e.text for e in lookback.entries_since(store, OTHER, 0.0, nobody)] == ["0", "1", "2"]
        assert list(lookback.entries_since(store, NUMBER, T + lines, nobody)) == []


async def test_the_last_line_before_an_instant_that_is_wanted(run_store: RunStore) -> None:
    def moved(entry: Entry) -> bool:
        return entry.action == "verdict.changed"

    async with run_store(inline=True) as store:
        batch = Batch()
        history(batch, NUMBER, 3 * records.PAGE)
        await store.commit(batch)
        found = lookback.last_entry(store, NUMBER, T + 6, moved, nobody)
        assert found is not None
        assert found.text == "3", "not the one of that very instant"
        assert lookback.last_entry(store, NUMBER, T, moved, nobody) is None
        first = lookback.last_entry(store, NUMBER, T + 2_000, lambda entry: entry.text == "0", nobody)
        assert first is not None, "over all pages"


async def test_calls_are_read_from_day_to_day_both_included(run_store: RunStore) -> None:
    async with run_store(inline=True) as store:
        batch = Batch()
        for n in range(1, 29):
            records.put_calls(batch, NUMBER, DayCalls(f"2026-02-{n:02d}", n))
        records.put_calls(batch, OTHER, DayCalls("2026-02-03", 1))
        await store.commit(batch)
        found = lookback.days_between(store, NUMBER, date(2026, 2, 3), date(2026, 2, 5), nobody)
        assert [day.calls for day in found] == [3, 4, 5]
        found = lookback.days_between(store, NUMBER, date(2026, 2, 27), date(2026, 3, 31), nobody)
        assert [day.calls for day in found] == [27, 28]


async def test_what_is_damaged_is_told_and_left_out(run_store: RunStore) -> None:
    async with run_store(inline=True) as store:
        batch, seen = Batch(), list[Table]()
        history(batch, NUMBER, 5)
        for identity in ("c1", "c2"):
            records.put_charge(batch, Charge(identity, T, What.APPEAL, NUMBER))
        records.put_calls(batch, NUMBER, DayCalls("2026-02-03", 1))
        for number in (NUMBER, OTHER):
            batch.put(Table.NUMBER, records.key(number), records.encode_number(NumberRecord(number, T)))
        spoil(batch, Table.HISTORY, records.history_key(NUMBER, T + 2, 2, 0))
        spoil(batch, Table.LEDGER, records.key(NUMBER) + b"\0c1")
        spoil(batch, Table.CALLS, records.calls_key(NUMBER, "2026-02-03"))
        spoil(batch, Table.NUMBER, records.key(NUMBER))
        spoil(batch, Table.CASE, records.key(f"{NUMBER}/so360/1"))
        await store.commit(batch)

        def on_damaged(damaged: DamagedRecord) -> None:
            seen.append(damaged.table)

        assert [e.text for e in lookback.entries_since(store, NUMBER, T, on_damaged)] == ["0", "1", "3", "4"]
        assert [c.id for c in lookback.every_charge(store, on_damaged)] == ["c2"]
        assert list(lookback.days_between(store, NUMBER, date(2026, 2, 1), date(2026, 2, 9), on_damaged)) == []
        assert list(lookback.recorded_numbers(store, on_damaged)) == [OTHER]
        assert list(lookback.cases_of(store, NUMBER, on_damaged)) == []
        assert seen == [Table.HISTORY, Table.LEDGER, Table.CALLS, Table.NUMBER, Table.CASE]
