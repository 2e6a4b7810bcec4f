"""The ledger over the sockets: what is entered is what is told, once, and over a restart."""

from pathlib import Path

import pytest
import trio
import trio.testing

from numtrustd.api import errors
from numtrustd.domain import ledger
from numtrustd.domain.ledger import Charge, Cost, LedgerPolicy, May, What
from numtrustd.events import LedgerCharged
from numtrustd.store import Batch, records
from tests.actors.house import DAY, MOBILE, OTHER_MOBILE, Refusal, make_house

Clock = trio.testing.MockClock


async def test_what_was_paid_is_entered_once_and_told(tmp_path: Path, autojump_clock: Clock) -> None:
    policy = LedgerPolicy(monthly_budget=500.0)
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE), ledger=policy) as house:
        paid = {"platform": "alpha", "what": "expedite", "author": "li"}
        taken = await house.ask("RecordCharge", number="138 0013 8000", fen=30_000, key="invoice 7", **paid)
        assert (taken.number, taken.month, taken.spent, taken.budget) == (MOBILE, "2026-09", 30_000, 50_000)
        again = await house.ask("RecordCharge", number=MOBILE, fen=30_000, key="invoice 7", **paid)
        assert again.spent == 30_000
        with pytest.raises(Refusal) as caught:
            await house.ask("RecordCharge", number=MOBILE, fen=1, key="invoice 7", **paid)
        assert isinstance(caught.value.error, errors.InvalidArgument)
        assert "as expedite of ¥300" in caught.value.error.why
        await house.ask("RecordCharge", number=OTHER_MOBILE, platform="beta", what="tag_change")
        [first, second] = house.log.of(LedgerCharged)
        assert (first.amount, first.currency, first.spent) == (300.0, "CNY", 300.0)
        assert (second.amount, second.quota) == (None, "tag_change")
        assert any(e.action == "ledger.charged" for e in records.history(house.store, MOBILE, 50)[0])
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE), ledger=policy) as house:
        view = await house.ask("GetLedger")
        assert (view.month, view.present, view.committed, view.entries) == ("2026-09", True, 30_000, 2)
        assert sum(c.fen for c in view.charges) == view.committed + view.planned + view.void
        of_one = await house.ask("GetLedger", number=OTHER_MOBILE)
        assert [(c.what, c.fen, c.platform) for c in of_one.charges] == [("tag_change", 0, "beta")]
        assert (await house.ask("GetLedger", month="2026-08")).charges == ()
        assert (await house.ask("GetLedger", limit=1)).entries == 2
        may = ledger.may_spend(
            house.house.book.charges.values(), policy, Cost(What.OTHER, 1, 20_001), view.now.timestamp()
        )
        assert may.may is May.OVER_BUDGET
        with pytest.raises(Refusal):
            await house.ask("GetLedger", month="2026-9")


async def test_without_a_key_every_entry_is_one_of_its_own(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        for _ in range(3):
            await house.ask("RecordCharge", number=MOBILE, platform="alpha", what="other", fen=5)
        assert (await house.ask("GetLedger")).committed == 15
        lines = [e for e in records.history(house.store, MOBILE, 50)[0] if e.action == "ledger.charged"]
        assert len(lines) == 3


async def test_one_invoice_told_by_two_at_once_is_one_entry(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:

        async def tell() -> None:
            await house.ask("RecordCharge", number=MOBILE, platform="alpha", what="other", fen=5, key="invoice 7")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(tell)
            nursery.start_soon(tell)
        assert len(house.log.of(LedgerCharged)) == 1
        assert (await house.ask("GetLedger")).committed == 5


async def test_what_is_planned_is_told_and_over_the_budget_is_said(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        planned = Charge(f"{MOBILE}/alpha/1/3.0", house.clock.now() - 40 * DAY, What.EXPEDITE, MOBILE, "alpha", fen=100)
        batch = Batch()
        records.put_charge(batch, planned)
        await house.store.commit(batch)
        house.house.book.note((planned,))
        view = await house.ask("GetLedger")
        assert (view.planned, view.budget, view.over) == (100, 0, 100)
        gone = ledger.give_up(planned, house.clock.now())
        batch = Batch()
        records.put_charge(batch, gone)
        await house.store.commit(batch)
        house.house.book.note((gone,))
        assert not house.house.book.charges
        view = await house.ask("GetLedger")
        assert (view.planned, view.void, view.entries, view.over) == (0, 100, 1, None)
