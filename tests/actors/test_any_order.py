"""Looks, answers, orders, timers, parking, crashes and deaths in any order: what must hold then holds after each.

No second submission without an end of the first, every open case with a deadline that somebody watches, no row without
its case, and what is in memory agrees with what is stored.
"""

import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import Answered, RefusedError, TimerDue
from numtrustd.domain.case import reference
from numtrustd.domain.evidence import KINDS, Document
from numtrustd.domain.leaving import LeavingPolicy, Reason
from numtrustd.domain.task import ANSWERS, TaskKind, TaskState
from numtrustd.domain.workflow import Event
from numtrustd.domain.workflows import request as a
from numtrustd.events import ActorCrashed, Level
from numtrustd.store import records
from tests.actors.house import DAY, HOUR, MINUTE, MOBILE, OTHER_MOBILE, T0, Refusal, TestHouse, make_house
from tests.actors.parts import answer, consistent, history, killed, order, stored
from tests.virtual import fast_directory

Autojump = trio.testing.MockClock
T = TypeVar("T")

NUMBERS = (MOBILE, OTHER_MOBILE)
PAUSES = (0.02, 1.0, 10 * MINUTE, HOUR, 6 * HOUR, DAY, DAY, 2 * DAY, 3 * DAY, 12 * DAY)
WORDS = ("广告推销", "骚扰电话", "快递送餐")
WEATHERS = ("fine", "fine", "fine", "blocked", "broken", "maintenance", "limited", "silent", "shut")
APPEAL_WEATHERS = ("fine", "fine", "fine", "refuse", "later", "shut", "lost")
ORDERS: tuple[Event, ...] = (
    a.Hold("h"),
    a.Advance("a"),
    a.Withdraw("w"),
    a.Approve("eve"),
    a.Rejected("r"),
    a.Reopen("o"),
)  # fmt: skip
DEEDS = (
    "sleep", "sleep", "sleep", "sleep", "label", "label", "unlabel", "weather", "appeals", "review", "review",
    "answer", "answer", "answer", "order", "order", "reload", "stale", "park", "unpark",
    "cancel", "release",
)  # fmt: skip


def holds(house: TestHouse) -> None:
    """What is true whenever nothing more can happen at this instant."""
    consistent(house.store)
    now = house.clock.now()
    awake = [number for number in NUMBERS if number not in house.roster.parked]
    cases = {case.id: case for case in records.all_cases(house.store)}
    # What came due while nobody was at work has a moment of its own in the next seconds.
    spread = {(due, case) for at, due, case in house.timers._missed if at > now - 0.001}
    for case in cases.values():
        if case.open and case.number in awake:
            due, seq = house.timers._current[case.id]
            assert case.snapshot.deadline is not None
            assert (due, seq) == (case.snapshot.deadline, case.snapshot.seq), "what is waited for is not what is stored"
            assert (due, case.id) in spread or due > now - 0.001, "its time is over and nothing happened"
    assert {c for c in house.timers._current if cases[c].number in awake} == {
        c.id for c in cases.values() if c.open and c.number in awake
    }
    for action in records.all_actions(house.store):
        if action.number in awake:
            assert action.id in house.outbox._in_hand, "an action that nobody will do"
    for number in awake:
        record = house.record(number)
        assert house.house.board.cases(number) == sorted(ref.id for ref in record.every_case if ref.open)
        assert record.seq == 0 or record.seq == stored(house.store, number).seq
        kept = history(house.store, number)
        assert [e.at for e in kept] == sorted(e.at for e in kept)
        moves = [(e.case, e.old, e.new) for e in kept if e.action == "case.moved"]
        for case in cases.values():
            if case.number == number and len(case.moves) > 1:
                told = [(m.old, m.new) for m in case.moves if m.old]  # its newest ones only
                assert [m[1:] for m in moves if m[0] == case.id][-len(told) :] == told
    open_tasks = {t.id for t in records.all_tasks(house.store) if t.state is TaskState.OPEN}
    assert {task for _, task in house.house.board.tasks()} == open_tasks
    assert house.alpha.duplicates == house.beta.duplicates == 0
    refs = [done.ref for done in records.all_done(house.store) if done.result == "accepted"]
    assert len(refs) == len(set(refs)), "one reference was accepted twice"
    assert not house.log.of(ActorCrashed)


class Player:
    """Does one thing after another, as drawn."""

    def __init__(self, data: st.DataObject, house: TestHouse) -> None:
        self.data, self.house = data, house

    def draw(self, values: tuple[T, ...]) -> T:
        return self.data.draw(st.sampled_from(values))

    async def sleep(self) -> None:
        await self.house.sleep(self.draw(PAUSES))

    async def label(self) -> None:
        outside = self.draw((self.house.alpha, self.house.beta))
        outside.labels[self.draw(NUMBERS)] = (self.draw(WORDS), 3)

    async def unlabel(self) -> None:
        self.draw((self.house.alpha, self.house.beta)).labels.pop(self.draw(NUMBERS), None)

    async def weather(self) -> None:
        self.draw((self.house.alpha, self.house.beta)).weather = self.draw(WEATHERS)

    async def appeals(self) -> None:
        self.house.alpha.appeal_weather = self.draw(APPEAL_WEATHERS)

    async def review(self) -> None:
        if open_ones := tuple(s for s in self.house.alpha.submissions.values() if s.state == "in_review"):
            self.draw(open_ones).state = self.draw(("approved", "rejected"))

    async def answer(self) -> None:
        if not (tasks := tuple(self.house.tasks())):
            return
        task = self.draw(tasks)
        outcome = self.draw((*ANSWERS[task.kind], "failed"))
        if task.kind is TaskKind.DID_IT_ARRIVE and outcome != "failed":  # people say what is so
            case = records.get_case(self.house.store, task.case)
            assert case is not None
            ref = reference(self.house.store.uuid, case.id, case.data.attempt)
            outcome = "happened" if ref in self.house.alpha.submissions else "did_not_happen"
        await self._try(lambda: answer(self.house, task, outcome, reason="recordings"))

    async def order(self) -> None:
        if cases := tuple(records.all_cases(self.house.store)):
            case, event = self.draw(cases), self.draw(ORDERS)
            await self._try(lambda: order(self.house, case, event))

    async def cancel(self) -> None:
        number, reason = self.draw(NUMBERS), self.draw(tuple(Reason))
        await self._try(lambda: self.house.ask("Cancel", number=number, reason=reason))

    async def release(self) -> None:
        number, force = self.draw(NUMBERS), self.draw((True, False, False))
        await self._try(lambda: self.house.ask("Release", number=number, force=force, reason="lost"))

    async def _try(self, act: Callable[[], Awaitable[object]]) -> None:
        with contextlib.suppress(RefusedError, BusyError, Refusal):
            await act()

    async def reload(self) -> None:
        papers = tuple(Document(kind, f"/{kind}") for kind in KINDS) if self.draw((True, False)) else ()
        ask = frozenset(self.draw(((), ("alpha",), ("alpha", "beta"))))
        context = self.house.house.context
        self.house.house.context = structs.replace(context, documents=papers, ask_approval=ask)
        for number in NUMBERS:
            self.house.roster.refresh(number)

    async def stale(self) -> None:
        for case in records.all_cases(self.house.store):
            messages = (
                TimerDue(case.id, self.draw((1, case.snapshot.seq - 1))),
                Answered(
                    f"{case.id}/1.0", case.id, self.draw((a.Rejected("old"), a.NotSent("old"), a.Accepted("old")))
                ),
            )
            for message in messages:
                with contextlib.suppress(BusyError):
                    self.house.house.post(case.number, message)

    async def park(self) -> None:
        await self._try(lambda: self.house.roster.park(self.draw(NUMBERS), "eve", "x"))

    async def unpark(self) -> None:
        await self._try(lambda: self.house.roster.unpark(self.draw(NUMBERS), "eve"))


class Death(NamedTuple):
    """What one life leaves to the next: where its state lies, what time it is, and the outside as it is then."""

    at: Path
    now: float
    world: tuple[dict[str, Any], dict[str, Any]]


def world(house: TestHouse) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outside as it is now; it lives on while we are dead."""
    alpha, beta = deepcopy((vars(house.alpha), vars(house.beta)))
    return alpha, beta


async def one_life(data: st.DataObject, before: Death, deeds: int) -> Death:
    """Some deeds, and then the end: stopped in order, or killed between any two things that were said."""
    asked = LeavingPolicy(platforms=("alpha", "beta"))
    async with make_house(before.at, numbers=NUMBERS, start=before.now, leaving=asked) as house:
        for mine, theirs in zip((house.alpha, house.beta), before.world, strict=True):
            vars(mine).update(theirs)
        killed_at = data.draw(st.none() | st.integers(1, 120))
        deaths: list[Death] = []
        said = 0

        def hear(*_: object) -> None:
            nonlocal said
            said += 1
            if said == killed_at:
                picture = killed(house, before.at.parent / f"{before.at.name}x")
                deaths.append(Death(picture, house.clock.now(), world(house)))

        house.log.subscribe(hear, Level.INFO)
        player = Player(data, house)
        await house.sleep(0.02)
        for _ in range(deeds):
            await getattr(player, data.draw(st.sampled_from(DEEDS)))()
            await house.settled()
            holds(house)
        end = deaths[0] if deaths else Death(before.at, house.clock.now(), world(house))
    return end._replace(now=end.now + data.draw(st.sampled_from((0.0, 1.0, DAY, 40 * DAY))))


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_whatever_happens_in_whatever_order(data: st.DataObject, autojump_clock: Autojump) -> None:
    with tempfile.TemporaryDirectory(dir=fast_directory()) as directory:
        at = Path(directory) / "s"
        at.mkdir()
        labels = dict.fromkeys(NUMBERS, (WORDS[0], 3))
        life = Death(at, T0, ({"labels": labels}, {"labels": dict(labels)}))
        for _ in range(data.draw(st.integers(1, 3))):
            life = await one_life(data, life, data.draw(st.integers(5, 25)))
