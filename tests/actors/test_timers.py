"""Durable timers: in order, never early, never lost, void when stale; whatever the clock does."""

from bisect import bisect_right
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError
from numtrustd.actors.messages import TimerDue
from numtrustd.actors.timers import AGAIN, EACH, MISSED, SPREAD, Timers
from numtrustd.clock import Random, VirtualClock
from numtrustd.domain.workflows import request as a
from numtrustd.events import CaseMoved, ClockJumped
from numtrustd.store import Batch, Store, records
from tests.actors.house import DAY, HOUR, LANDLINE, MINUTE, MOBILE, OTHER_MOBILE, T0, make_house
from tests.actors.parts import Box, consistent, empty_house, post_order, shm
from tests.logcheck import MemoryLog

__all__ = ["shm"]

Autojump = trio.testing.MockClock

ONE, TWO, THREE = f"{MOBILE}/alpha/1", f"{MOBILE}/beta/1", f"{MOBILE}/gamma/1"


class Alarm:
    """Timers beside mailboxes that note when they were woken."""

    def __init__(self, house: House, clock: VirtualClock, timers: Timers, box: Box, log: MemoryLog) -> None:
        self.house, self.clock, self.timers, self.box, self.log = house, clock, timers, box, log
        self.at: list[float] = []


@asynccontextmanager
async def alarm(
    shm: Path, *stored: tuple[float, str, int], moves: bool = True, recheck: float = 600.0
) -> AsyncIterator[Alarm]:
    """Timers at work. With `moves` every case moves at once when it is woken, and waits for nothing more."""
    clock = VirtualClock(T0)
    clock.recheck = recheck
    with Store.open(shm / "state", init=True, map_size=16 << 20, now=T0, inline=True) as store:
        house = empty_house(store, clock)
        timers = house.timers = Timers(house, Random(7))
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            batch = Batch()
            for due, case, seq in stored:
                records.put_timer(batch, due, case, seq)
            await store.commit(batch)

            def woken(message: object) -> None:
                assert isinstance(message, TimerDue)
                made.at.append(clock.now())
                if moves:
                    timers.clear(message.case)

            box = Box(woken)
            for number in (MOBILE, OTHER_MOBILE, LANDLINE):
                house.numbers[number] = box
            log = house.log
            assert isinstance(log, MemoryLog)
            made = Alarm(house, clock, timers, box, log)
            timers.load()
            await nursery.start(timers.run)
            yield made
            nursery.cancel_scope.cancel()


async def test_timers_go_off_in_the_order_of_their_time_and_not_before_it(shm: Path, autojump_clock: Autojump) -> None:
    async with alarm(shm) as made:
        made.timers.set(ONE, T0 + 30, 3)
        made.timers.set(TWO, T0 + 10, 1)
        made.timers.set(THREE, T0 + 20, 2)
        await trio.sleep(HOUR)
        assert made.box.due() == [(TWO, 1), (THREE, 2), (ONE, 3)]
        assert made.at == pytest.approx([T0 + 10, T0 + 20, T0 + 30])
        assert all(at >= due for at, due in zip(made.at, (T0 + 10, T0 + 20, T0 + 30), strict=True))
        assert len(made.timers) == 0


async def test_an_earlier_timer_wakes_the_waiting_and_a_later_one_takes_its_place(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with alarm(shm) as made:
        made.timers.set(ONE, T0 + DAY, 1)
        await trio.sleep(1)
        made.timers.set(ONE, T0 + 10, 2)
        made.timers.set(TWO, T0 + 5, 1)
        await trio.sleep(1)
        made.timers.set(TWO, T0 + HOUR, 2)
        await trio.sleep(2 * DAY)
        assert made.box.due() == [(ONE, 2), (TWO, 2)]


async def test_a_timer_that_was_cleared_never_goes_off(shm: Path, autojump_clock: Autojump) -> None:
    async with alarm(shm, (T0 + 20, TWO, 7)) as made:
        made.timers.set(ONE, T0 + 10, 1)
        made.timers.clear(ONE)
        made.timers.clear(TWO)
        await trio.sleep(DAY)
        assert made.box.due() == []


@pytest.mark.covers("P6")
async def test_timers_that_are_void_take_no_room(shm: Path, autojump_clock: Autojump) -> None:
    """A case moves often, and its deadlines may be half a year away."""
    async with alarm(shm) as clock:
        for n in range(5_000):
            clock.timers.set(ONE, T0 + DAY + n, n)
            clock.timers.set(TWO, T0 + 200 * DAY - n, n)
            clock.timers.clear(THREE)
        assert len(clock.timers._heap) < 100
        await trio.sleep(201 * DAY)
        assert clock.box.due() == [(ONE, 4_999), (TWO, 4_999)]
        assert clock.at == [T0 + DAY + 4_999, T0 + 200 * DAY - 4_999]


async def test_a_deadline_kept_over_a_step_goes_off_with_the_new_seq_only(shm: Path, autojump_clock: Autojump) -> None:
    async with alarm(shm) as made:
        for seq in (1, 2, 3):
            made.timers.set(ONE, T0 + 10, seq)
        await trio.sleep(HOUR)
        assert made.box.due() == [(ONE, 3)]


async def test_overdue_timers_go_off_once_and_in_order_at_the_start(shm: Path, autojump_clock: Autojump) -> None:
    rows = [(T0 - DAY, TWO, 4), (T0 - 40 * DAY, THREE, 9), (T0 - 1, ONE, 2), (T0 + DAY, f"{MOBILE}/delta/1", 1)]
    async with alarm(shm, *rows) as made:
        await trio.testing.wait_all_tasks_blocked()
        assert made.box.due() == [(ONE, 2)], "a second late: that was no time that passed us by"
        await trio.sleep(1)
        assert made.box.due() == [(ONE, 2), (THREE, 9), (TWO, 4)]
        await trio.sleep(2 * HOUR)
        assert len(made.box.messages) == 3
        await trio.sleep(DAY)
        assert made.box.due()[3:] == [(f"{MOBILE}/delta/1", 1)]


async def test_an_actor_that_could_not_be_told_is_told_again(shm: Path, autojump_clock: Autojump) -> None:
    async with alarm(shm) as made:
        made.box.busy = BusyError("mailbox is full")
        made.timers.set(ONE, T0 + 10, 1)
        made.timers.set(THREE, T0 + 20, 1)
        await trio.sleep(10 * MINUTE)
        assert (ONE, 1) not in made.box.due()
        made.box.busy = None
        await trio.sleep(AGAIN + 1)
        assert made.box.due().count((ONE, 1)) == 1
        assert made.box.due().count((THREE, 1)) == 1
        await trio.sleep(HOUR)
        assert len(made.box.due()) == 2


@pytest.mark.parametrize("why", ["parked", "gone"])
async def test_an_actor_that_is_parked_or_gone_is_left_alone_until_it_sets_its_timer_anew(
    why: str, shm: Path, autojump_clock: Autojump
) -> None:
    async with alarm(shm) as made:
        if why == "parked":
            made.box.busy = ClosedError("parked")
        else:
            del made.house.numbers[MOBILE]
        made.timers.set(ONE, T0 + 10, 1)
        await trio.sleep(DAY)
        assert made.box.refused == (1 if why == "parked" else 0)
        made.box.busy = None
        made.house.numbers[MOBILE] = made.box
        made.timers.set(ONE, T0 + 10, 1)
        await trio.sleep(1)
        assert made.box.due() == [(ONE, 1)]


async def test_a_case_that_does_not_move_is_told_again_but_not_faster(shm: Path, autojump_clock: Autojump) -> None:
    async with alarm(shm, moves=False) as made:
        made.timers.set(ONE, T0 + 10, 5)
        await trio.sleep(HOUR)
        assert set(made.box.due()) == {(ONE, 5)}
        pauses = [b - a for a, b in zip(made.at, made.at[1:], strict=False)]
        assert len(pauses) == pytest.approx(HOUR / AGAIN, abs=1)
        assert min(pauses) >= AGAIN - 0.001


# -------------------------------------------------------------------------------------------------------------- clock


STEPS = pytest.mark.parametrize("step", [HOUR, DAY, 30 * DAY, 365 * DAY], ids=["hour", "day", "month", "year"])


@pytest.mark.covers("P10")
@STEPS
async def test_a_clock_stepped_forward_loses_no_deadline_and_is_said_once(
    step: float, shm: Path, autojump_clock: Autojump
) -> None:
    async with alarm(shm) as made:
        made.timers.set(ONE, T0 + HOUR + step, 1)
        made.timers.set(TWO, T0 + 3 * HOUR + step, 2)
        await trio.sleep(HOUR / 2)
        made.clock.shift(step)
        await trio.sleep(HOUR / 2 + made.clock.recheck + 1)
        assert made.box.due() == [(ONE, 1)]
        await trio.sleep(2 * DAY)
        assert made.box.due() == [(ONE, 1), (TWO, 2)]
        assert made.at == [pytest.approx(T0 + HOUR + step, abs=1.0), pytest.approx(T0 + 3 * HOUR + step, abs=1.0)]
        assert [round(e.seconds) for e in made.log.of(ClockJumped)] == [step]


@pytest.mark.covers("P10")
@STEPS
async def test_a_clock_stepped_back_fires_nothing_early_and_is_said_once(
    step: float, shm: Path, autojump_clock: Autojump
) -> None:
    async with alarm(shm, recheck=max(600.0, step / 1_000)) as made:
        made.timers.set(ONE, T0 + HOUR, 1)
        await trio.sleep(HOUR / 2)
        made.clock.shift(-step)
        await trio.sleep(step)
        assert made.box.due() == []
        await trio.sleep(HOUR)
        assert made.box.due() == [(ONE, 1)]
        assert made.at[0] >= T0 + HOUR
        assert [round(e.seconds) for e in made.log.of(ClockJumped)] == [-step]


@STEPS
async def test_a_clock_stepped_to_and_fro_fires_each_deadline_once(
    step: float, shm: Path, autojump_clock: Autojump
) -> None:
    async with alarm(shm) as made:
        for n in range(10):
            made.timers.set(f"{MOBILE}/alpha/{n + 1}", T0 + (n + 1) * 3 * HOUR, n)
        for direction in (1, -1, -1, 1, 1, -1):
            await trio.sleep(HOUR)
            made.clock.shift(direction * step)
        await trio.sleep(3 * DAY)
        assert sorted(made.box.due(), key=lambda d: d[1]) == [(f"{MOBILE}/alpha/{n + 1}", n) for n in range(10)]
        assert all(at >= T0 + (n + 1) * 3 * HOUR for at, (_, n) in zip(made.at, made.box.due(), strict=True))
        assert len(made.log.of(ClockJumped)) == 6


@pytest.mark.covers("P10", "P11")
@STEPS
async def test_what_came_due_while_the_machine_slept_is_spread_and_done_once_in_order(
    step: float, shm: Path, autojump_clock: Autojump
) -> None:
    """To the daemon a suspended machine is a clock that was stepped forward: its monotonic one stood still."""
    cases = [f"{MOBILE}/alpha/{n}" for n in range(200)]
    async with alarm(shm) as made:
        for n, case in enumerate(reversed(cases)):
            made.timers.set(case, T0 + HOUR + n * step / 200, n)
        await trio.sleep(HOUR / 2)
        made.clock.shift(step + HOUR)
        seen = made.clock.now() + made.clock.recheck  # the next look at the clock
        made.timers.set(TWO, seen + 1, 1)
        await trio.sleep(made.clock.recheck + 200 * EACH + 1)
        told = made.box.due()
        assert [each for each in told if each[0] != TWO] == [(case, n) for n, case in enumerate(reversed(cases))]
        assert made.at[told.index((TWO, 1))] == pytest.approx(seen + 1), "what comes due meanwhile is not kept waiting"
        assert made.at[-1] <= seen + 200 * EACH
        assert _most_at_once(made.at, 1.0) <= 1.0 / EACH + 2
        await trio.sleep(DAY)
        assert len(made.at) == 201, "each once"
        assert [round(e.seconds) for e in made.log.of(ClockJumped)] == [step + HOUR]


def _most_at_once(at: list[float], within: float) -> int:
    """How many went off at most in any `within` seconds."""
    return max(bisect_right(at, begin + within) - n for n, begin in enumerate(at))


@pytest.mark.covers("P11")
async def test_an_emergency_is_not_kept_waiting_by_what_was_missed(shm: Path, autojump_clock: Autojump) -> None:
    emergency = f"{MOBILE}/incident/1"
    rows = [(T0 - 2 * DAY + n, f"{MOBILE}/alpha/{n}", 1) for n in range(100)]
    async with alarm(shm, *rows, (T0 - DAY, emergency, 3)) as made:
        await trio.testing.wait_all_tasks_blocked()
        assert made.box.due() == [(emergency, 3)]
        await trio.sleep(100 * EACH)
        assert sorted(made.box.due()) == sorted([(case, seq) for _, case, seq in rows] + [(emergency, 3)])


@pytest.mark.covers("P11")
async def test_ten_thousand_missed_deadlines_are_over_within_minutes_and_come_evenly(
    shm: Path, autojump_clock: Autojump
) -> None:
    """Each actor that begins tells its timer again: that must neither hurry nor double what is spread."""
    rows = [(T0 - DAY - n, f"{MOBILE}/alpha/{n}", n) for n in range(10_000)]
    async with alarm(shm, *rows) as made:
        for n in range(0, 10_000, 100):
            await trio.sleep(0.1)
            told = set(made.box.due())
            for due, case, seq in rows[n : n + 100]:
                if (case, seq) not in told:
                    made.timers.set(case, due, seq)
        assert made.timers.lag(made.clock.now()) < 1.0, "what is spread is not held up"
        await trio.sleep(SPREAD)
        assert made.box.due() == [(case, seq) for _, case, seq in reversed(rows)], "the oldest first, each once"
        assert made.at[-1] <= T0 + SPREAD
        assert _most_at_once(made.at, 1.0) <= 10_000 / SPREAD + 2
        assert len(made.timers._missed) == 0


@pytest.mark.covers("P11")
async def test_a_clock_set_back_amidst_the_spread_neither_loses_a_deadline_nor_fires_one_early(
    shm: Path, autojump_clock: Autojump
) -> None:
    rows = [(T0 - DAY - n * 10, f"{MOBILE}/alpha/{n}", n) for n in range(1_000)]
    async with alarm(shm, *rows, recheck=1.0) as made:
        await trio.sleep(50 * EACH)
        before = len(made.at)
        assert 40 < before < 60
        made.clock.shift(-DAY - HOUR)
        await trio.sleep(2)
        assert len(made.at) <= before + 2 / EACH + MISSED / 10, "what is still due is spread anew"
        await trio.sleep(HOUR)
        assert sorted(made.box.due()) == sorted((case, seq) for _, case, seq in rows)
        back = {case: at for (case, _), at in zip(made.box.due(), made.at, strict=True)}
        assert all(back[case] >= due for due, case, _ in rows)


async def test_a_clock_that_runs_true_or_is_slewed_is_no_jump(shm: Path, autojump_clock: Autojump) -> None:
    async with alarm(shm, recheck=30.0) as made:
        for _ in range(100):
            await trio.sleep(30)
            made.clock.shift(1)
        assert not made.log.of(ClockJumped)


# ----------------------------------------------------------------------------------------------------- whole numbers


@pytest.mark.covers("P11")
async def test_forty_days_of_downtime_fire_every_overdue_deadline_once(shm: Path, autojump_clock: Autojump) -> None:
    numbers = (MOBILE, OTHER_MOBILE, LANDLINE)
    async with make_house(shm, numbers=numbers) as house:
        for number in numbers:
            await house.labelled("beta", number)
            await house.in_state("at_person", "beta", number)
        before = {number: house.case("beta", number) for number in numbers}
        consistent(house.store)
    async with make_house(shm, numbers=numbers, start=T0 + 40 * DAY) as house:
        house.beta.labels = dict.fromkeys(numbers, ("广告推销", 3))
        await house.sleep(1)
        consistent(house.store)
        for number in numbers:
            case = house.case("beta", number)
            assert case.snapshot.seq == before[number].snapshot.seq + 1, "reminded once, not for every day missed"
            assert case.data.reminders == 1
            assert case.snapshot.deadline is not None
            assert case.snapshot.deadline > house.clock.now()
        assert not house.log.of(CaseMoved)
        assert not house.log.of(ClockJumped)


async def test_a_stale_timer_in_the_mailbox_does_not_undo_the_one_set_since(
    shm: Path, autojump_clock: Autojump
) -> None:
    """The timer goes off while an outcome that moves its case stands before it in the mailbox."""
    async with make_house(shm) as house:
        await house.labelled("beta")
        case = await house.in_state("at_person", "beta")
        post_order(house, case, a.Hold("first"))
        house.house.post(MOBILE, TimerDue(case.id, case.snapshot.seq))
        await house.settled()
        held = house.case("beta")
        assert held.snapshot.state == "held"
        assert len(house.timers) == 1
        await house.until(lambda: house.case("beta").data.reminders, within=3 * DAY)
        consistent(house.store)
