"""One actor's crash is its own: restart, backoff, parking, the storm, and every kind of exception."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
import trio
import trio.testing

from numtrustd.actors.supervisor import (
    BACKOFF,
    MAX_CRASHES,
    ActorEndedError,
    Finished,
    LeakedCancelError,
    RestartStormError,
    Supervisor,
)
from numtrustd.clock import Random, VirtualClock

Autojump = trio.testing.MockClock


class Ward:
    """A supervisor that remembers what it was told."""

    def __init__(self, **more: Any) -> None:
        self.crashes: list[tuple[str, BaseException, int]] = []
        self.parked: list[tuple[str, BaseException, int]] = []
        self.supervisor = Supervisor(
            VirtualClock(0.0),
            Random(1),
            on_crash=lambda name, error, n: self.crashes.append((name, error, n)),
            on_park=self._park,
            **more,
        )

    async def _park(self, name: str, error: BaseException, crashes: int) -> None:
        self.parked.append((name, error, crashes))


def failing(error: Callable[[], BaseException], times: int) -> tuple[Callable[[], Awaitable[None]], list[float]]:
    """An actor that raises so many times, then sleeps; and when it was started."""
    starts: list[float] = []

    async def run() -> None:
        starts.append(trio.current_time())
        if len(starts) <= times:
            raise error()
        await trio.sleep_forever()

    return run, starts


@pytest.mark.covers("P1")
async def test_a_crashed_actor_starts_again_with_growing_pauses(autojump_clock: Autojump) -> None:
    ward = Ward()
    run, starts = failing(lambda: KeyError("x"), 3)
    with trio.move_on_after(400):
        await ward.supervisor.guard("a", run)
    assert len(starts) == 4
    pauses = [b - a for a, b in pairwise(starts)]
    for pause, planned in zip(pauses, BACKOFF, strict=False):
        assert planned / 2 <= pause <= planned * 1.5
    assert [(name, type(error), n) for name, error, n in ward.crashes] == [("a", KeyError, n) for n in (1, 2, 3)]
    assert not ward.parked


@pytest.mark.covers("P1")
async def test_too_many_crashes_park_the_actor_once_with_the_reason(autojump_clock: Autojump) -> None:
    ward = Ward()
    run, starts = failing(lambda: RecursionError("deep"), 1_000)
    await ward.supervisor.guard("a", run)
    assert len(starts) == MAX_CRASHES + 1
    [(name, error, crashes)] = ward.parked
    assert (name, str(error), crashes) == ("a", "deep", MAX_CRASHES + 1)


async def test_what_no_restart_cures_parks_at_once(autojump_clock: Autojump) -> None:
    ward = Ward(hopeless=(KeyError,))
    run, starts = failing(lambda: KeyError("x"), 99)
    with trio.fail_after(1):
        await ward.supervisor.guard("a", run)
    assert (len(starts), len(ward.crashes)) == (1, 1)
    assert [(name, str(error), crashes) for name, error, crashes in ward.parked] == [("a", "'x'", 1)]


async def test_a_slow_crasher_is_never_parked(autojump_clock: Autojump) -> None:
    ward = Ward()

    async def run() -> None:
        await trio.sleep(200)
        raise ValueError

    with trio.move_on_after(20_000):
        await ward.supervisor.guard("a", run)
    assert len(ward.crashes) > 50
    assert not ward.parked


@pytest.mark.parametrize(
    "error", [MemoryError, RecursionError, trio.TrioInternalError, ExceptionGroup("g", [KeyError()])]
)
async def test_every_kind_of_exception_is_contained(error: BaseException, autojump_clock: Autojump) -> None:
    ward = Ward()
    made = (lambda: error) if isinstance(error, BaseException) else error
    run, _ = failing(made, 1)
    with trio.move_on_after(10):
        await ward.supervisor.guard("a", run)
    assert len(ward.crashes) == 1


@pytest.mark.covers("P3")
async def test_an_error_that_races_with_a_cancellation_of_a_part_kills_no_neighbour(autojump_clock: Autojump) -> None:
    ward = Ward()

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.sleep(1)
            raise KeyError("racing")

    with trio.move_on_after(3):
        await ward.supervisor.guard("a", run)
    assert [type(e) for _, e, _ in ward.crashes][:1] == [KeyError]


@pytest.mark.covers("P3")
async def test_a_leaked_cancelled_is_a_crash_and_not_a_silent_end(autojump_clock: Autojump) -> None:
    ward = Ward()
    kept: list[BaseException] = []

    async def run() -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.sleep_forever()
            except trio.Cancelled as cancelled:
                kept.append(cancelled)
                raise
        raise kept[0]

    with trio.move_on_after(3):
        await ward.supervisor.guard("a", run)
    assert isinstance(ward.crashes[0][1], LeakedCancelError)


async def test_stopping_is_no_crash(autojump_clock: Autojump) -> None:
    ward = Ward()
    with trio.move_on_after(5) as scope:
        await ward.supervisor.guard("a", trio.sleep_forever)
    assert scope.cancelled_caught
    assert not ward.crashes


async def test_an_error_during_stopping_is_still_said(autojump_clock: Autojump) -> None:
    ward = Ward()

    async def run() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise OSError("while closing")

    with trio.move_on_after(5):
        await ward.supervisor.guard("a", run)
    assert any("while closing" in str(e) for _, e, _ in ward.crashes)


async def test_an_actor_that_returns_is_a_bug(autojump_clock: Autojump) -> None:
    ward = Ward()

    async def run() -> None:
        await trio.lowlevel.checkpoint()

    await ward.supervisor.guard("a", run)
    assert {type(e) for _, e, _ in ward.crashes} == {ActorEndedError}
    assert len(ward.parked) == 1


async def test_finished_ends_the_guard_without_a_word(autojump_clock: Autojump) -> None:
    ward = Ward()

    async def run() -> None:
        await trio.lowlevel.checkpoint()
        raise Finished

    await ward.supervisor.guard("a", run)
    assert not ward.crashes
    assert not ward.parked


@pytest.mark.covers("P2")
async def test_a_storm_over_all_actors_ends_the_process(autojump_clock: Autojump) -> None:
    ward = Ward(storm=10)

    async def run() -> None:
        raise KeyError

    storm = pytest.RaisesExc(RestartStormError, match="11 crashes within 60 s")
    with pytest.RaisesGroup(storm, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            for n in range(11):
                nursery.start_soon(ward.supervisor.guard, str(n), run)


@pytest.mark.covers("P4")
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
async def test_orders_to_end_the_process_pass_through(error: BaseException) -> None:
    ward = Ward()
    run, _ = failing(lambda: error, 1)
    with pytest.raises(type(error)):
        await ward.supervisor.guard("a", run)
    assert not ward.crashes
