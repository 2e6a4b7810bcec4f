"""The clock ran ahead and was set right: no deadline waits for the wrong day, at work or over a restart."""

from pathlib import Path

import pytest
import trio.testing
from msgspec import structs

from numtrustd.domain.case import case_id
from numtrustd.domain.ledger import Charge, Standing, What
from numtrustd.domain.workflows import request as a
from numtrustd.events import DeadlineCorrected, SilenceEnded
from numtrustd.store import Batch, Store, records
from tests.actors.house import DAY, HOUR, MINUTE, MOBILE, T0, make_house
from tests.actors.parts import answer, consistent, killed, order, shm

__all__ = ["shm"]

Autojump = trio.testing.MockClock
AHEAD = 30 * DAY


@pytest.mark.covers("P10")
async def test_a_case_that_was_sent_by_a_clock_ahead_is_asked_after_as_soon_as_ever(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, recheck=30.0) as house:
        await house.until(lambda: house.record().verdicts)
        house.clock.shift(AHEAD)
        await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        house.clock.shift(-AHEAD)
        await house.sleep(MINUTE)
        now = house.clock.now()
        mended = house.case("alpha")
        assert mended.snapshot.deadline is not None
        assert mended.snapshot.deadline <= now + 6 * HOUR
        assert mended.snapshot.seq == case.snapshot.seq
        assert isinstance(mended.data, a.AppealData)
        assert mended.data.sent_at is not None
        assert mended.data.sent_at <= now
        assert mended.data.review_by is not None
        assert mended.data.review_by < now + 12 * DAY
        assert mended.opened_at <= now
        ref = house.record().cases["alpha"]
        assert ref.sent_at == mended.data.sent_at
        [said] = [e for e in house.log.of(DeadlineCorrected) if e.case == case.id]
        assert said.earlier_seconds == pytest.approx(AHEAD, abs=HOUR)
        consistent(house.store)
        asked = len(house.alpha.requests)
        await house.sleep(7 * HOUR)
        assert any("receipt=" in r.target for r in house.alpha.requests[asked:])
        assert len([e for e in house.log.of(DeadlineCorrected) if e.case == case.id]) == 1


@pytest.mark.covers("P10")
async def test_a_restart_with_the_clock_set_right_mends_what_was_stored(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm / "a", start=T0 + AHEAD) as house:
        case = await house.labelled("beta")
        await house.until(lambda: house.tasks())
        [task] = house.tasks()
        left = killed(house, shm / "b")
    async with make_house(left, start=T0) as again:
        await again.sleep(MINUTE)
        mended = again.case("beta")
        assert mended.id == case.id
        assert mended.snapshot.deadline is not None
        assert mended.snapshot.deadline <= again.clock.now() + 2 * DAY
        [asked] = again.tasks()
        assert asked.id == task.id
        assert asked.opened_at <= again.clock.now()
        assert asked.due <= again.clock.now() + 2 * DAY
        assert asked.due - asked.opened_at == pytest.approx(task.due - task.opened_at, abs=1)
        consistent(again.store)


@pytest.mark.parametrize("spoken", [True, False], ids=["for-so-long", "until-a-day"])
async def test_a_hold_for_so_long_ends_then_and_one_until_a_day_on_that_day(
    shm: Path, autojump_clock: Autojump, *, spoken: bool
) -> None:
    async with make_house(shm, recheck=30.0) as house:
        await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        house.clock.shift(AHEAD)
        until = house.clock.now() + 2 * DAY
        await order(house, case, a.Hold("wait", "eve", until, 2 * DAY if spoken else None))
        house.clock.shift(-AHEAD)
        await house.sleep(MINUTE)
        held = house.case("alpha").held
        assert held is not None
        assert held.since <= house.clock.now()
        if spoken:
            assert held.until == pytest.approx(house.clock.now() + 2 * DAY, abs=HOUR)
        else:
            assert held.until == until
        deadline = house.case("alpha").snapshot.deadline
        assert deadline is not None
        assert deadline <= house.clock.now() + DAY


async def test_a_silence_lasts_as_long_as_it_was_to(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, recheck=30.0) as house:
        house.clock.shift(AHEAD)
        added = await house.ask("SilenceAdd", targets=(MOBILE,), seconds=HOUR, reason="known", author="eve")
        house.clock.shift(-AHEAD)
        await house.sleep(HOUR + 2 * MINUTE)
        assert [e.silence for e in house.log.of(SilenceEnded)] == [added.row.silence]


async def test_a_charge_of_the_future_counts_from_when_that_was_noticed_and_not_for_ever(
    shm: Path, autojump_clock: Autojump
) -> None:
    identity = f"{case_id(MOBILE, 'alpha', 1)}/1"
    charge = Charge(identity, T0 + AHEAD, What.APPEAL, MOBILE, "alpha", standing=Standing.COMMITTED)
    charge = structs.replace(charge, settled_at=T0 + AHEAD)

    def spent(store: Store) -> None:
        batch = Batch()
        records.put_charge(batch, charge)
        store.commit_soon(batch)

    async with make_house(shm / "a", before=spent) as house:
        await house.sleep(MINUTE)
        [mended] = records.charges(house.store, MOBILE)
        assert mended.counted_at == mended.at == T0
        assert list(house.house.book.uses("alpha", What.APPEAL)) == [mended]
        await house.sleep(DAY)
        [same] = records.charges(house.store, MOBILE)
        assert same == mended
        assert [e.count for e in house.log.of(DeadlineCorrected)] == [1]


async def test_a_charge_entered_by_a_clock_ahead_is_put_right_at_work(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, recheck=30.0) as house:
        await house.until(lambda: house.record().verdicts)
        house.clock.shift(AHEAD)
        await house.ask("RecordCharge", number=MOBILE, platform="alpha", what="other", fen=100, way="official")
        house.clock.shift(-AHEAD)
        await house.sleep(MINUTE)
        [mended] = records.charges(house.store, MOBILE)
        assert mended.counted_at <= house.clock.now()


async def test_a_person_s_answer_by_a_clock_ahead_makes_no_review_longer(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, recheck=30.0) as house:
        case = await house.labelled("beta")
        await house.until(lambda: house.tasks())
        [task] = house.tasks()
        house.clock.shift(AHEAD)
        await answer(house, task, "submitted", receipt="R-1")
        case = house.case("beta")
        house.clock.shift(-AHEAD)
        await house.sleep(MINUTE)
        mended = house.case("beta")
        assert mended.snapshot.state == case.snapshot.state
        assert mended.snapshot.deadline is not None
        assert mended.snapshot.deadline <= house.clock.now() + 12 * DAY


async def test_a_clock_that_was_ahead_for_a_moment_only_is_noticed_by_what_it_stored(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, recheck=30.0) as house:
        case = await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        await house.sleep(MINUTE)
        house.clock.shift(AHEAD)
        await order(house, case, a.Hold("wait", "eve"))
        house.clock.shift(-AHEAD)
        await house.sleep(2 * MINUTE)
        deadline = house.case("alpha").snapshot.deadline
        assert deadline is not None
        assert deadline <= house.clock.now() + DAY
