"""Who works and who does not: parking, unparking, numbers that come and go, and the crash of everybody at once."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.mailbox import CAPACITY, BusyError, Reply
from numtrustd.actors.messages import Observed, Order, RefusedError
from numtrustd.actors.number import NumberActor
from numtrustd.actors.supervisor import RestartStormError
from numtrustd.domain.owned import Watch
from numtrustd.domain.workflows import request as a
from numtrustd.events import (
    ActorCrashed,
    ActorParked,
    ActorUnparked,
    NumberAdded,
    NumberRemoved,
    VerdictBaseline,
)
from numtrustd.store import records
from tests.actors.house import DAY, HOUR, LANDLINE, MINUTE, MOBILE, OTHER_MOBILE, T0, TestHouse, make_house, number
from tests.actors.parts import consistent, order, shm, stored

__all__ = ["shm"]

Autojump = trio.testing.MockClock


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every start of a number's actor, in order."""
    started: list[str] = []
    run = NumberActor.run

    async def counted(self: NumberActor) -> None:
        started.append(self.number)
        await run(self)

    monkeypatch.setattr(NumberActor, "run", counted)
    return started


async def change(house: TestHouse, *added: str, removed: tuple[str, ...] = (), changed: tuple[str, ...] = ()) -> None:
    """Add, remove and change numbers, as a reload does."""
    kept = {n: owned for n, owned in house.house.context.numbers.items() if n not in removed}
    numbers = kept | {n: number(n) for n in added} | {n: number(n, name="changed") for n in changed}
    house.house.context = structs.replace(house.house.context, numbers=numbers)
    await house.roster.apply(added, removed, changed)


class Poison:
    """Makes the actors of some numbers crash at every look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *numbers: str) -> None:
        self.numbers = set(numbers)
        handle = NumberActor._handle

        async def poisoned(actor: NumberActor, message: Any) -> None:
            if actor.number in self.numbers and isinstance(message, Observed):
                raise ZeroDivisionError("a bug of ours")
            await handle(actor, message)

        monkeypatch.setattr(NumberActor, "_handle", poisoned)


# -------------------------------------------------------------------------------------------------- numbers come and go


async def test_an_added_number_is_looked_at_and_nobody_else_is_disturbed(
    shm: Path, autojump_clock: Autojump, runs: list[str]
) -> None:
    async with make_house(shm) as house:
        await house.sleep(HOUR)
        before = house.house.numbers[MOBILE]
        looks = house.alpha.looks.count(MOBILE)
        await change(house, OTHER_MOBILE, LANDLINE)
        await house.sleep(10)
        assert [e.number for e in house.log.of(NumberAdded)] == [OTHER_MOBILE, LANDLINE]
        assert house.house.numbers[MOBILE] is before
        assert sorted(runs) == sorted([MOBILE, OTHER_MOBILE, LANDLINE])
        assert {OTHER_MOBILE, LANDLINE} <= set(house.alpha.looks)
        assert house.alpha.looks.count(MOBILE) == looks
        assert len(house.roster) == 3


async def test_a_removed_number_is_left_alone_and_its_records_are_kept(
    shm: Path, autojump_clock: Autojump, runs: list[str]
) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await house.labelled("beta")
        case = await house.in_state("at_person", "beta")
        await change(house, removed=(MOBILE,))
        looks, record = house.beta.looks.count(MOBILE), stored(house.store)
        assert [(e.number, e.why) for e in house.log.of(NumberRemoved)] == [
            (MOBILE, "no longer configured; its records are kept")
        ]
        assert MOBILE not in house.house.numbers
        assert house.house.board.line(MOBILE).findings == 0
        with pytest.raises(BusyError, match="is not watched"):
            house.house.post(MOBILE, Order(case.id, a.Hold("x"), "eve", Reply()))
        await house.sleep(10 * DAY)
        assert house.beta.looks.count(MOBILE) == looks
        assert stored(house.store) == record
        assert house.alpha.looks.count(OTHER_MOBILE) > 30

        await change(house, MOBILE)
        await house.sleep(2 * MINUTE)
        assert sorted(runs) == [MOBILE, MOBILE, OTHER_MOBILE]
        assert house.case("beta").id == case.id
        assert house.case("beta").data.reminders == 1, "its deadline had passed meanwhile"
        assert len([e for e in house.log.of(VerdictBaseline) if e.number == MOBILE]) == 2, "one for each platform, ever"
        consistent(house.store)


async def test_a_number_removed_amid_a_look_is_not_looked_at_again(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.sleep(HOUR)
        house.alpha.latency = house.beta.latency = 30.0
        while not house.sources.actors["alpha.api"].looking:
            await house.sleep(10)
        await change(house, removed=(MOBILE,))
        looks = len(house.alpha.requests)
        await house.sleep(5 * DAY)
        assert len(house.alpha.requests) == looks
        assert house.sources.actors["alpha.api"].due_of(MOBILE) is None


async def test_a_message_in_hand_at_removal_asks_for_no_further_look(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm) as house:
        await house.sleep(HOUR)
        handle = NumberActor._handle

        async def slow(actor: NumberActor, message: Any) -> None:
            if isinstance(message, Observed):
                batch_taken.set()
                await trio.sleep(1)
            await handle(actor, message)

        batch_taken = trio.Event()
        monkeypatch.setattr(NumberActor, "_handle", slow)
        await batch_taken.wait()
        await change(house, removed=(MOBILE,))
        assert all(source.due_of(MOBILE) is None for source in house.sources.actors.values())


async def test_a_number_removed_while_its_actor_waits_out_a_crash_ends_all_the_same(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch, runs: list[str]
) -> None:
    async with make_house(shm) as house:
        await house.sleep(HOUR)
        poison = Poison(monkeypatch, MOBILE)
        await house.until(lambda: len(house.log.of(ActorCrashed)) == 3)
        old = house.house.numbers[MOBILE]
        await change(house, removed=(MOBILE,))
        poison.numbers.clear()
        await change(house, MOBILE)
        assert house.house.numbers[MOBILE] is not old
        await house.sleep(DAY)
        assert len(house.log.of(ActorCrashed)) == 3
        assert runs.count(MOBILE) <= 5
        assert house.house.board.totals().clean == 2
        with pytest.raises(BusyError):
            old.post(Order("x", a.Hold("x"), "eve", Reply()))


async def test_a_changed_number_is_looked_at_with_new_eyes_and_not_restarted(
    shm: Path, autojump_clock: Autojump, runs: list[str]
) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await house.sleep(HOUR)
        before = dict(house.house.numbers)
        await change(house, changed=(OTHER_MOBILE,))
        await house.settled()
        assert house.house.numbers == before
        assert sorted(runs) == [MOBILE, OTHER_MOBILE]


async def test_a_busy_number_is_told_of_its_configuration_when_it_has_room(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        handle = NumberActor._handle

        async def slow(actor: NumberActor, message: Any) -> None:
            await trio.sleep(1)
            await handle(actor, message)

        with monkeypatch.context() as patch:
            patch.setattr(NumberActor, "_handle", slow)
            fill(house)
            for _ in range(3):
                await change(house, changed=(MOBILE,))
            farewell = number(MOBILE, watch=Watch.FAREWELL)
            house.house.context = structs.replace(house.house.context, numbers={MOBILE: farewell})
            house.roster.refresh(MOBILE)
            await house.in_state("withdrawn", "alpha")
        assert house.case("alpha").id == case.id
        assert house.case("alpha").moves[-1].by == "configuration"
        assert not house.log.of(ActorParked), "busy is not parked"
        await house.sleep(HOUR)
        assert not house.roster._refreshing


async def test_a_number_that_ends_while_it_is_busy_is_told_nothing(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await house.sleep(HOUR)
        with monkeypatch.context() as patch:
            patch.setattr(NumberActor, "_handle", stuck)
            fill(house)
            house.roster.refresh(MOBILE)
            actor = house.house.numbers[MOBILE]
            assert isinstance(actor, NumberActor)
            actor.close(BusyError("parked"))
            house.roster.refresh(MOBILE)
            await house.sleep(HOUR)
        assert not house.roster._refreshing
        assert not house.log.of(ActorParked)


def fill(house: TestHouse) -> None:
    """Leave no room in the number's mailbox."""
    with contextlib.suppress(BusyError):
        for _ in range(CAPACITY + 2):
            house.house.post(MOBILE, Observed("gone.api", house.clock.now(), ()))
    actor = house.house.numbers[MOBILE]
    assert isinstance(actor, NumberActor)
    assert len(actor._box) == CAPACITY


async def stuck(actor: NumberActor, message: Any) -> None:
    await trio.sleep_forever()


# ------------------------------------------------------------------------------------------------------------- parking


async def test_an_actor_that_always_crashes_is_parked_once_and_stays_so_over_a_restart(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch, runs: list[str]
) -> None:
    with monkeypatch.context() as patch:
        async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE)) as house:
            await house.labelled("beta")
            await house.in_state("at_person", "beta")
            Poison(patch, MOBILE)
            house.house.context = structs.replace(
                house.house.context, cadence=structs.replace(house.house.context.cadence, confirm_interval=1.0)
            )
            await change(house, changed=(MOBILE,))
            for _ in range(6):
                for source in house.sources.actors.values():
                    source.want(MOBILE, house.clock.now())
                await house.sleep(45)
            [parked] = house.log.of(ActorParked)
            assert (parked.actor, parked.error_type) == (MOBILE, "ZeroDivisionError")
            looks = house.alpha.looks.count(MOBILE)
            await house.sleep(DAY)
            assert house.alpha.looks.count(MOBILE) == looks
            assert house.house.board.totals().findings == 1, "it still counts"
            at = house.clock.now()
    started = len(runs)
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), start=at + 10 * DAY) as house:
        await house.sleep(DAY)
        assert MOBILE not in runs[started:]
        assert not house.alpha.looks.count(MOBILE)
        assert house.house.board.totals().findings == 1
        [record] = house.roster.parked.values()
        assert record.error_message == "a bug of ours"
        case = records.get_case(house.store, f"{MOBILE}/beta/1")
        assert case is not None
        assert case.data.reminders == 0

        await house.roster.unpark(MOBILE, "eve")
        assert [(e.actor, e.by) for e in house.log.of(ActorUnparked)] == [(MOBILE, "eve")]
        await house.sleep(2 * MINUTE)
        assert house.alpha.looks.count(MOBILE) == 1
        assert house.case("beta").data.reminders == 1, "its deadline, which nobody lost"
        assert not list(records.all_parked(house.store))
        consistent(house.store)
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), start=at + 12 * DAY) as house:
        assert not house.roster.parked
        await house.sleep(DAY)
        assert house.alpha.looks.count(MOBILE)


async def test_parking_by_hand_is_durable_and_twice_is_refused(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.labelled("beta")
        with pytest.raises(RefusedError, match="is not parked"):
            await house.roster.unpark(MOBILE, "eve")
        await house.roster.park(MOBILE, "eve", "sold")
        with pytest.raises(RefusedError, match="is parked already"):
            await house.roster.park(MOBILE, "bob", "too")
        with pytest.raises(BusyError, match="parked"):
            await order(house, house.case("beta"), a.Hold("x"))
    async with make_house(shm, start=T0 + 10 * DAY) as house:
        assert house.roster.parked[MOBILE].error_message == "parked by eve: sold"
        await house.sleep(5 * DAY)
        assert not house.alpha.looks
        await house.roster.unpark(MOBILE, "bob")
        await house.sleep(MINUTE)
        assert house.alpha.looks


async def test_parking_and_unparking_at_once_leaves_one_writer(
    shm: Path, autojump_clock: Autojump, runs: list[str]
) -> None:
    async with make_house(shm) as house:
        await house.sleep(HOUR)
        for _ in range(20):
            async with trio.open_nursery() as nursery:
                for turn in (house.roster.park, house.roster.unpark) * 2:
                    nursery.start_soon(quietly, turn)
        if MOBILE in house.roster.parked:
            await house.roster.unpark(MOBILE, "eve")
        await house.settled()
        guards = [t for t in tasks() if t.name == MOBILE or MOBILE in t.name]
        assert len(guards) == 1
        await house.labelled("beta")
        consistent(house.store)


async def test_a_number_removed_while_it_is_parked_amid_its_crashes_can_be_unparked(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who parks waits for the actor's end, which a removal must not make nobody's business."""
    async with make_house(shm) as house:
        await house.sleep(HOUR)

        def broken(actor: NumberActor, *, again: bool) -> bool:
            raise ZeroDivisionError("a bug of ours")

        Poison(monkeypatch, MOBILE)
        monkeypatch.setattr(NumberActor, "_resume", broken)
        await house.until(lambda: house.log.of(ActorCrashed))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(quietly, house.roster.park)
            while MOBILE not in house.roster.parked:
                await trio.lowlevel.checkpoint()
            await change(house, removed=(MOBILE,))
            with trio.fail_after(DAY):
                while MOBILE in house.roster._moving:
                    await trio.sleep(MINUTE)


async def quietly(turn: Any) -> None:
    with contextlib.suppress(RefusedError):
        await turn(MOBILE, "eve", "x") if turn.__name__ == "park" else await turn(MOBILE, "eve")


def tasks() -> list[trio.lowlevel.Task]:
    """Every task there is."""
    found: list[trio.lowlevel.Task] = []
    todo = [trio.lowlevel.current_root_task()]
    while todo:
        task = todo.pop()
        if task is not None:
            found.append(task)
            todo += [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    return found


async def test_a_parked_number_that_is_removed_and_added_stays_parked(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        await house.sleep(HOUR)
        await house.roster.park(MOBILE, "eve", "sold")
        await change(house, removed=(MOBILE,))
        await change(house, MOBILE)
        looks = len(house.alpha.looks)
        await house.sleep(5 * DAY)
        assert len(house.alpha.looks) == looks
        await house.roster.unpark(MOBILE, "eve")
        await house.sleep(DAY)
        assert len(house.alpha.looks) > looks


async def test_those_who_wait_for_an_answer_when_the_number_is_parked_get_one(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(shm) as house:
        await house.labelled("beta")
        case = await house.in_state("at_person", "beta")
        handle = NumberActor._handle

        async def slow(actor: NumberActor, message: Any) -> None:
            if isinstance(message, Observed):
                await trio.sleep(5)
                raise ZeroDivisionError("a bug of ours")
            await handle(actor, message)

        monkeypatch.setattr(NumberActor, "_handle", slow)
        replies: list[Reply[Any]] = []
        for _ in range(6):
            house.house.post(MOBILE, Observed("alpha.api", house.clock.now(), ()))
        for _ in range(5):
            reply: Reply[Any] = Reply()
            house.house.post(MOBILE, Order(case.id, a.Hold("x"), "eve", reply))
            replies.append(reply)
        await house.until(lambda: house.log.of(ActorParked))
        for reply in replies:
            with trio.fail_after(1), pytest.raises(BusyError):
                await reply.wait()


@pytest.mark.covers("P2")
async def test_a_storm_over_all_numbers_ends_the_daemon(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [f"+86138001380{n:02d}" for n in range(12)]

    def stormed() -> bool:
        return False

    with pytest.RaisesGroup(
        pytest.RaisesExc(RestartStormError, match="11 crashes within 60 s"), flatten_subgroups=True
    ):
        async with make_house(shm, numbers=numbers) as house:
            await house.sleep(HOUR)
            house.roster.supervisor._storm = 10
            Poison(monkeypatch, *numbers)
            await house.until(stormed, within=5 * DAY)
