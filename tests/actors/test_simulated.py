"""Defects that the simulation found (`tests/simulation/regressions.txt`), each as plain as it can be told."""

from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.context import AppealRules
from numtrustd.actors.decide import Decider
from numtrustd.actors.messages import NumberMessage, TaskAnswer, TimerDue
from numtrustd.actors.number import NumberActor
from numtrustd.domain.evidence import Document
from numtrustd.domain.task import TaskState
from numtrustd.domain.trust import Controls, TrustPolicy
from numtrustd.domain.workflows import request as a
from numtrustd.events import (
    ActorCrashed,
    ActorParked,
    CaseClosed,
    CaseOpened,
    Level,
    PlatformMaintenance,
    SourceQuarantined,
    VerdictFlapping,
)
from numtrustd.store import records
from tests.actors.house import (
    DAY,
    HOUR,
    MINUTE,
    MOBILE,
    OTHER_MOBILE,
    Outside,
    TestHouse,
    make_house,
    number,
    source,
)
from tests.actors.parts import answer, consistent, full_disk, order, shm

__all__ = ["shm"]

Autojump = trio.testing.MockClock

LICENCE = Document("licence", "licence.pdf")


async def reload(house: TestHouse, *numbers: str) -> None:
    """Take over a list of numbers, as the daemon does."""
    old = house.house.context.numbers
    removed = [n for n in old if n not in numbers]
    added = [n for n in numbers if n not in old]
    await house.roster.retire(removed)
    house.house.context = structs.replace(house.house.context, numbers={n: number(n) for n in numbers})
    await house.roster.apply(added, removed, ())


async def test_a_number_that_comes_back_while_it_waits_for_a_full_disk_has_one_actor(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work: list[NumberActor] = []
    handle = NumberActor._handle

    async def watched(self: NumberActor, message: NumberMessage) -> None:
        assert not [other for other in at_work if other.number == self.number], "two at work for one number"
        at_work.append(self)
        try:
            await handle(self, message)
        finally:
            at_work.remove(self)

    monkeypatch.setattr(NumberActor, "_handle", watched)
    async with make_house(shm) as house, trio.open_nursery() as nursery:
        case = await house.labelled("beta")
        with full_disk():
            nursery.start_soon(order, house, case, a.Hold("wait"))
            await house.sleep(MINUTE)
            await reload(house)
            await reload(house, MOBILE)
            await house.sleep(HOUR)
        await house.sleep(2 * DAY)
        assert not house.log.of(ActorCrashed)
        consistent(house.store)


async def test_an_actor_that_crashes_over_its_removal_does_not_stop_the_reload(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Decider) -> None:
        raise ZeroDivisionError("a bug of ours")

    async with make_house(shm) as house:
        await house.labelled("beta")
        monkeypatch.setattr(Decider, "retire", broken)
        await reload(house)
        assert [e.actor for e in house.log.of(ActorCrashed)] == [MOBILE]
        assert not house.house.numbers


async def test_a_task_that_was_done_before_its_actor_crashed_is_off_the_board(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = NumberActor._act

    def crashing(self: NumberActor, made: Any, owned: Any, message: NumberMessage) -> None:
        if isinstance(message, TaskAnswer):
            raise ZeroDivisionError("a bug of ours, after the commit")
        act(self, made, owned, message)

    async with make_house(shm) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        monkeypatch.setattr(NumberActor, "_act", crashing)
        with pytest.raises(ZeroDivisionError):
            await answer(house, task, "refused", reason="not taken")
        monkeypatch.undo()
        await house.sleep(5 * MINUTE)
        stored = {t.id for t in records.all_tasks(house.store) if t.state is TaskState.OPEN}
        assert task.id not in stored
        assert {identity for _, identity in house.house.board.tasks()} == stored


async def test_a_labelled_number_that_comes_back_gets_a_new_case(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        first = await house.labelled("beta")
        await reload(house)
        assert [e.case for e in house.log.of(CaseClosed)] == [first.id]
        await house.sleep(HOUR)
        await reload(house, MOBILE)
        await house.until(lambda: len(house.log.of(CaseOpened)) == 2, within=2 * DAY)
        assert house.case("beta").open


async def test_what_came_to_nothing_while_the_number_was_away_is_not_taken_for_granted(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await house.labelled("beta")
        await reload(house)
        del house.beta.labels[MOBILE]
        await reload(house, MOBILE)
        await house.sleep(3 * DAY)
        assert len(house.log.of(CaseOpened)) == 1
        assert not house.record().verdicts["beta"].marked


async def test_a_label_that_comes_and_goes_is_not_cleared_before_that_ends(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, documents=(Document("licence", "licence.pdf"),)) as house:
        await house.labelled("alpha")
        for _ in range(2):
            house.alpha.labels[MOBILE] = ("广告推销", 3)
            await house.in_state("in_review", "alpha")
            house.alpha.submissions[next(reversed(house.alpha.submissions))].state = "approved"
            await house.in_state("propagating", "alpha")
            del house.alpha.labels[MOBILE]
            await house.until(lambda: house.log.of(VerdictFlapping) or house.case("alpha").outcome == "cleared")
            if not house.log.of(VerdictFlapping):
                await house.sleep(DAY)
        assert house.log.of(VerdictFlapping), "never held open"
        assert house.record().verdicts["alpha"].marked
        # It comes back while its mark is held open, which is no news: the case has to be there still.
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.sleep(5 * DAY)
        assert house.case("alpha").open
        consistent(house.store)


async def test_a_slot_that_waited_for_room_is_still_reserved_when_its_look_leaves(
    shm: Path, autojump_clock: Autojump
) -> None:
    sources = {s.id: s for s in (source("alpha", interval=120.0), source("beta"))}
    async with make_house(shm, sources=sources) as house, trio.open_nursery() as nursery:
        await house.sleep(HOUR)
        actor, left = house.sources.actors["alpha.api"], trio.Event()

        async def leave() -> None:
            await actor._reserve()
            left.set()

        with full_disk():
            nursery.start_soon(leave)
            await house.sleep(20 * MINUTE)
            assert not left.is_set()
        await left.wait()
        assert records.get_source(house.store, "alpha.api").slots_until >= house.clock.now() + 119.0


async def test_a_clock_set_back_while_a_timer_waits_for_its_actor_keeps_the_deadline(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = NumberActor._handle

    async def set_back(self: NumberActor, message: NumberMessage) -> None:
        if isinstance(message, TimerDue) and not jumps:
            jumps.append(house.clock.now())
            house.clock.shift(-4 * MINUTE)  # by more, and what the case waits for is set back with it
        await handle(self, message)

    jumps: list[float] = []
    async with make_house(shm) as house:
        case = await house.labelled("beta")
        before = house.case("beta").snapshot
        assert before.deadline is not None
        monkeypatch.setattr(NumberActor, "_handle", set_back)
        await house.until(lambda: jumps, within=10 * DAY)
        await house.sleep(MINUTE)
        assert house.case("beta").snapshot == before
        await house.until(lambda: house.case("beta").snapshot.seq > before.seq, within=2 * DAY)
        assert house.clock.now() >= before.deadline, case.id


def maintenance(house: TestHouse) -> bool:
    """Whether the number's actor believes that `beta` is under maintenance."""
    verdict = house.record().verdicts.get("beta")
    return verdict is not None and verdict.maintenance


async def test_a_source_that_is_no_longer_configured_does_not_leave_its_maintenance_behind(
    shm: Path, autojump_clock: Autojump
) -> None:
    sources = {s.id: s for s in (source("beta"), source("beta", id="beta.second"))}
    async with make_house(shm, sources=sources) as house:
        house.beta.weather = "maintenance"
        await house.until(lambda: maintenance(house) and len(house.record().verdicts["beta"].views) == 2)
        one = {"beta.api": sources["beta.api"]}
        house.house.context = structs.replace(house.house.context, sources=one)
        house.sources.apply((), ("beta.second",), ())
        house.beta.weather = "fine"
        await house.labelled("beta")
        await house.in_state("at_person", "beta")
        assert set(house.record().verdicts["beta"].views) == {"beta.api/default"}
        assert house.house.board.maintenance_since("beta") is None


async def test_a_case_does_not_wait_for_a_maintenance_that_nobody_sees_any_more(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await house.labelled("beta")
        await house.in_state("at_person", "beta")
        house.beta.weather = "maintenance"
        await house.until(lambda: maintenance(house))
        [task] = house.tasks()
        await answer(house, task, "refused", reason="papers are missing")
        await house.in_state("waiting", "beta")
        only = {"alpha.api": house.house.context.sources["alpha.api"]}
        house.house.context = structs.replace(house.house.context, sources=only, documents=(LICENCE,))
        house.sources.apply((), ("beta.api",), ())
        # Another number's look or a restart tells its actor as little as this does: only its timer comes.
        await house.in_state("at_person", "beta")


async def test_a_reload_forgets_what_views_said_that_are_gone(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        house.beta.weather = "maintenance"
        await house.until(lambda: maintenance(house))
        assert house.house.board.maintenance_since("beta") is not None
        only = {"alpha.api": house.house.context.sources["alpha.api"]}
        house.house.context = structs.replace(house.house.context, sources=only)
        house.sources.apply((), ("beta.api",), ())
        await house.roster.apply((), (), (MOBILE,))
        await house.sleep(MINUTE)
        assert not maintenance(house)
        assert house.house.board.maintenance_since("beta") is None
        assert [e.state for e in house.log.of(PlatformMaintenance)] == ["seen", "over"]


async def test_marks_held_open_for_flapping_cast_no_doubt_on_the_source_that_shows_them_gone(
    shm: Path, autojump_clock: Autojump
) -> None:
    fleet, label = (MOBILE, OTHER_MOBILE), ("广告推销", 3)
    controls = Controls(marked=("+8613900000001",), clean=("+8613900000002",))
    outside = Outside(labels={"+8613900000001": label})
    sources = {"alpha.api": source("alpha", controls=controls, cadence=HOUR)}
    policy = TrustPolicy(turn_looks=2)
    async with make_house(shm, numbers=fleet, sources=sources, alpha=outside, trust=policy) as house:
        await house.sleep(DAY)
        for _ in range(2):
            outside.labels.update(dict.fromkeys(fleet, label))
            await house.until(lambda: all(house.record(n).verdicts["alpha"].marked for n in fleet))
            await house.sleep(DAY)
            for n in fleet:
                del outside.labels[n]
            await house.until(
                lambda: all(not (v := house.record(n).verdicts["alpha"]).marked or v.flapping for n in fleet)
            )
            await house.sleep(HOUR)
        assert all(house.record(n).verdicts["alpha"].flapping for n in fleet)
        await house.until(lambda: not any(house.record(n).verdicts["alpha"].marked for n in fleet), within=3 * DAY)


async def test_a_quarantine_is_stored_when_it_is_said(shm: Path, autojump_clock: Autojump) -> None:
    controls = Controls(marked=("+8613900000001",), clean=())
    outside = Outside()
    async with make_house(shm, sources={"alpha.api": source("alpha", controls=controls)}, alpha=outside) as house:
        said: list[tuple[str, bool]] = []

        def note(*_: object) -> None:
            stored = records.get_source(house.store, "alpha.api").trust.quarantined
            said.extend(("quarantined", stored) for _ in house.log.of(SourceQuarantined)[len(said) :])

        house.log.subscribe(note, Level.DEBUG)
        await house.until(lambda: said)
        assert said == [("quarantined", True)]


async def test_what_was_handed_in_and_answered_is_not_sent_again_when_a_hold_ends(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm, appeal=AppealRules(max_attempts=1)) as house:
        await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        await order(house, case, a.Rejected("not convincing"))
        await house.in_state("escalated", "alpha")
        del house.alpha.labels[MOBILE]
        case = await house.in_state("verifying", "alpha")
        await order(house, case, a.Hold("wait"))
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().verdicts["alpha"].marked and house.case("alpha").open)
        await order(house, house.case("alpha"), a.Advance("go on"))
        assert house.case("alpha").snapshot.state == "verifying"
        await house.sleep(30 * DAY)
        assert (len(house.alpha.submissions), house.alpha.duplicates) == (1, 0)


async def test_an_actor_that_is_parked_while_it_is_to_end_is_not_waited_for_for_ever(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: NumberActor) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(NumberActor, "run", broken)
    async with make_house(shm) as house:
        await house.until(lambda: house.log.of(ActorCrashed))
        await reload(house)
        await house.until(lambda: house.log.of(ActorParked))
        await house.sleep(MINUTE)
        assert house.roster._nursery is not None
        assert not house.roster._nursery.child_tasks
