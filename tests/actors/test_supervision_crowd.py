"""Ten thousand actors of which some fail in every way there is: the others do not notice, and nothing is lost of why.

On virtual time, so that minutes of backoff pass in seconds; the real supervisor, and at the end the real roster, number
actors and store.
"""

import gc
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import trio
import trio.testing

from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import Observed
from numtrustd.actors.number import NumberActor
from numtrustd.actors.supervisor import MAX_CRASHES, STORM_CRASHES, RestartStormError, Supervisor
from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import GC_THRESHOLDS
from numtrustd.events import ActorCrashed, ActorParked, Level
from numtrustd.store import records
from tests.actors.house import make_house
from tests.actors.parts import shm

__all__ = ["shm"]

Autojump = trio.testing.MockClock

CROWD = 10_000
STEP = 60.0
"""Virtual seconds between two steps of an actor."""
LONG = 360.0
"""Virtual seconds in which one that crashes at each start is parked: 1 + 5 + 30 + 60 + 60, with jitter."""


@pytest.fixture(autouse=True)
def collected_as_in_the_daemon() -> Iterator[None]:
    """Ten thousand tasks are walked over and over by a collector with Python's own thresholds."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLDS)
    yield
    gc.set_threshold(*thresholds)


# ------------------------------------------------------------------------------------------------------ ways to fail


async def leaked() -> trio.Cancelled:
    """A `Cancelled` that its scope has let go of."""
    with trio.CancelScope() as scope:
        scope.cancel()
        try:
            await trio.sleep_forever()
        except trio.Cancelled as cancelled:
            kept = cancelled
            raise
    return kept


async def plain() -> NoReturn:
    raise KeyError("plain")


async def group() -> NoReturn:
    raise ExceptionGroup("several", [KeyError("one"), ExceptionGroup("deeper", [ValueError("two")])])


async def cancelled_that_leaked() -> NoReturn:
    raise await leaked()


async def group_with_cancelled() -> NoReturn:
    raise BaseExceptionGroup("mixed", [KeyError("one"), await leaked()])


async def race() -> NoReturn:
    """A part fails while the parts beside it are cancelled, and one of those fails at its end."""

    async def stubborn() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise OSError("while ending")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        nursery.start_soon(stubborn)
        await trio.lowlevel.checkpoint()
        raise KeyError("racing")
    raise AssertionError


async def recursion() -> NoReturn:
    def deeper(n: int) -> int:
        return deeper(n + 1) + 1

    deeper(0)
    raise AssertionError


async def memory() -> NoReturn:
    bytearray(1 << 62)
    raise AssertionError


async def stop_iteration() -> NoReturn:
    raise StopIteration("stop")  # a coroutine turns it into a RuntimeError


async def stop_async_iteration() -> NoReturn:
    raise StopAsyncIteration("stop")


async def broken_assertion() -> NoReturn:
    raise AssertionError("never")


async def trio_internal() -> NoReturn:
    raise trio.TrioInternalError("inside")


async def unprintable() -> NoReturn:
    class Unprintable(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

        __repr__ = __str__

    raise Unprintable


async def returns() -> None:
    return


async def holds_the_loop() -> NoReturn:
    time.sleep(0.01)
    raise TimeoutError("at last")


WAYS: dict[str, tuple[Callable[[], Awaitable[None]], str]] = {
    "plain": (plain, "KeyError"),
    "group": (group, "ExceptionGroup"),
    "leaked Cancelled": (cancelled_that_leaked, "LeakedCancelError"),
    "group with Cancelled": (group_with_cancelled, "KeyError"),
    "race": (race, "ExceptionGroup"),
    "recursion": (recursion, "RecursionError"),
    "memory": (memory, "MemoryError"),
    "StopIteration": (stop_iteration, "RuntimeError"),
    "StopAsyncIteration": (stop_async_iteration, "StopAsyncIteration"),
    "assertion": (broken_assertion, "AssertionError"),
    "trio": (trio_internal, "TrioInternalError"),
    "unprintable": (unprintable, "Unprintable"),
    "returns": (returns, "ActorEndedError"),
    "holds the loop": (holds_the_loop, "TimeoutError"),
}
EACH = 10
"""Actors that fail in one way at every start, and as many that fail once."""


class Crowd:
    """Ten thousand actors under one supervisor, each of which counts its steps."""

    def __init__(self) -> None:
        self.steps: Counter[str] = Counter()
        self.starts: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.crashes: list[tuple[str, str]] = []
        self.parked: dict[str, tuple[str, int]] = {}
        self.supervisor = Supervisor(VirtualClock(0.0), Random(1), on_crash=self._crashed, on_park=self._park)

    def _crashed(self, name: str, error: BaseException, crashes: int) -> None:
        self.crashes.append((name, type(error).__name__))

    async def _park(self, name: str, error: BaseException, crashes: int) -> None:
        assert name not in self.parked, "parked twice"
        self.parked[name] = (type(error).__name__, crashes)

    def actor(self, name: str, fail: Callable[[], Awaitable[None]] | None, times: int) -> Callable[[], Awaitable[None]]:
        """One that steps for ever, after failing so many times."""

        async def run() -> None:
            self.starts[name] += 1
            try:
                if fail is not None and self.starts[name] <= times:
                    await trio.sleep(1.0)
                    await fail()
                    return
                while True:
                    await trio.sleep(STEP)
                    self.steps[name] += 1
            finally:
                self.ended[name] += 1

        return run

    async def live(self, seconds: float, bad: dict[str, tuple[Callable[[], Awaitable[None]], int]]) -> None:
        """Everybody lives for so long; `bad` names the ones that fail, how, and how often."""
        with trio.move_on_after(seconds):
            async with trio.open_nursery() as nursery:
                for n in range(CROWD):
                    name = str(n)
                    fail, times = bad.get(name, (None, 0))
                    nursery.start_soon(self.supervisor.guard, name, self.actor(name, fail, times))


@pytest.mark.covers("P1", "P3", "P5")
async def test_every_way_to_fail_is_contained_and_nobody_else_notices(autojump_clock: Autojump) -> None:
    bad: dict[str, tuple[Callable[[], Awaitable[None]], int]] = {}
    way_of: dict[str, str] = {}
    for way, (fail, _) in WAYS.items():
        for times in [sys.maxsize] * EACH + [1] * EACH:
            name = str(7 + 13 * len(bad))  # spread over the crowd
            bad[name], way_of[name] = (fail, times), way
    crowd = Crowd()
    began = time.perf_counter()
    await crowd.live(LONG + STEP / 2, bad)
    assert time.perf_counter() - began < 60, "three seconds on a quiet machine"

    steps = int(LONG / STEP)
    undisturbed = {crowd.steps[str(n)] for n in range(CROWD) if str(n) not in bad}
    assert undisturbed == {steps}, "every other actor made every step"
    always = {name for name, (_, times) in bad.items() if times > 1}
    assert crowd.parked == {name: (WAYS[way_of[name]][1], MAX_CRASHES + 1) for name in always}
    assert Counter(crowd.crashes) == Counter(
        {(name, WAYS[way_of[name]][1]): MAX_CRASHES + 1 if name in always else 1 for name in bad}
    )
    for name in bad.keys() - always:
        assert crowd.starts[name] == 2
        assert crowd.steps[name] >= steps - 1, "it went on where it was after one failure"
    assert all(crowd.starts[str(n)] == crowd.ended[str(n)] for n in range(CROWD)), "all have ended in order"


@pytest.mark.covers("P2")
async def test_nearly_a_storm_is_none(autojump_clock: Autojump) -> None:
    """The budget is one of crashes over all actors; short of it, the root does not care how many of them there were."""
    crowd = Crowd()
    await crowd.live(2.5 * STEP, {str(n): (plain, 1) for n in range(STORM_CRASHES)})
    assert len(crowd.crashes) == STORM_CRASHES
    assert not crowd.parked
    assert {crowd.steps[str(n)] for n in range(STORM_CRASHES, CROWD)} == {2}
    assert {crowd.steps[str(n)] for n in range(STORM_CRASHES)} == {2}, "all are back at work"


@pytest.mark.covers("P2")
async def test_a_storm_ends_all_of_them_in_order_and_says_why(autojump_clock: Autojump) -> None:
    crowd = Crowd()
    storm = pytest.RaisesExc(RestartStormError, match=f"{STORM_CRASHES + 1} crashes within 60 s")
    with pytest.RaisesGroup(storm, flatten_subgroups=True):
        await crowd.live(LONG, {str(n): (plain, 1) for n in range(STORM_CRASHES + 1)})
    assert len(crowd.crashes) == STORM_CRASHES + 1, "each was said"
    assert all(crowd.ended[str(n)] == crowd.starts[str(n)] for n in range(CROWD))


@pytest.mark.covers("P4")
@pytest.mark.parametrize(
    ("order", "beside"),
    [(SystemExit(3), False), (SystemExit(3), True), (KeyboardInterrupt(), True), (GeneratorExit(), False)],
    ids=["SystemExit", "SystemExit beside an error", "KeyboardInterrupt beside an error", "GeneratorExit"],
)
async def test_an_order_to_end_ends_all_of_them_in_order(
    autojump_clock: Autojump, order: BaseException, beside: bool
) -> None:
    """What is no `Exception` is no crash: it comes out as it is, also beside an error, and nobody is torn off."""

    async def obeys() -> None:
        raise BaseExceptionGroup("both", [KeyError("one"), order]) if beside else order

    crowd = Crowd()
    with pytest.RaisesGroup(type(order), flatten_subgroups=True):
        await crowd.live(LONG, {"7": (obeys, 1)})
    assert not crowd.crashes
    assert not crowd.parked
    assert len(crowd.starts) == CROWD
    assert crowd.ended == crowd.starts


# --------------------------------------------------------------------------------------- real numbers, real store


@pytest.mark.covers("P1", "P3")
async def test_ten_thousand_numbers_go_on_while_some_are_parked_with_their_reasons(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [f"+86139{10_000_000 + n:08d}" for n in range(CROWD)]
    bad = {numbers[11 * n]: way for n, way in enumerate(w for w in WAYS if w != "returns")}
    handled: Counter[str] = Counter()
    handle = NumberActor._handle

    async def poisoned(actor: NumberActor, message: Any) -> None:
        if actor.number in bad:
            await WAYS[bad[actor.number]][0]()
        await handle(actor, message)
        handled[actor.number] += 1

    monkeypatch.setattr(NumberActor, "_handle", poisoned)
    rounds = MAX_CRASHES + 2
    async with make_house(shm, numbers=numbers, sources={}, level=Level.INFO) as house:
        for _ in range(rounds):
            for number in numbers:
                try:
                    house.house.post(number, Observed("alpha.api", house.clock.now(), ()))
                except BusyError:
                    assert number in house.roster.parked
            await house.sleep(45.0)
        await house.settled()
        assert {handled[n] for n in numbers if n not in bad} == {rounds}
        assert not handled.keys() & bad.keys()
        stored = {record.actor: record for record in records.all_parked(house.store)}
        assert stored.keys() == bad.keys() == house.roster.parked.keys()
        for number, way in bad.items():
            assert stored[number].error_type.rpartition(".")[2] == WAYS[way][1]
            assert stored[number].crashes == MAX_CRASHES + 1
        assert Counter(e.actor for e in house.log.of(ActorParked)) == dict.fromkeys(bad, 1)
        crashed = Counter(e.actor for e in house.log.of(ActorCrashed))
        assert crashed == dict.fromkeys(bad, MAX_CRASHES + 1)
        assert len(house.roster) == CROWD
