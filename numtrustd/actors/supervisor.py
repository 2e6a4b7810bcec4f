"""Keeps actors running: one-for-one restarts with backoff, parking, and the storm that ends the process.

A platform's faults are values and never come here; what does is a bug of ours or a damaged record. One poisoned
record must not stop the rest, so an actor that crashes too often is parked (durably, by `on_park`); at once, when it
crashes with what no restart can cure.
"""

from collections import deque
from collections.abc import Awaitable, Callable

import trio

from numtrustd.clock import Clock, Random

BACKOFF = (1.0, 5.0, 30.0, 60.0)
"""Seconds before the 1st, 2nd, … restart; the last one repeats. With jitter of a half either way."""

MAX_CRASHES = 5
CRASH_WINDOW = 300.0
STORM_CRASHES = 1_000
STORM_WINDOW = 60.0


class RestartStormError(Exception):
    """So many crashes over all actors that restarting the process is the better answer."""


class ActorEndedError(Exception):
    """An actor returned although it never should."""


class LeakedCancelError(Exception):
    """A `Cancelled` came out of an actor that nobody had cancelled: code of ours kept one and raised it again."""


Run = Callable[[], Awaitable[None]]


class Finished(Exception):
    """Raised by an actor that is told to stop: an order, not an error."""


class Supervisor:
    """Guards actors of one kind. Times are of `clock` except the crash windows, which are real."""

    def __init__(
        self,
        clock: Clock,
        random: Random,
        *,
        on_crash: Callable[[str, BaseException, int], None],
        on_park: Callable[[str, BaseException, int], Awaitable[None]],
        backoff: tuple[float, ...] = BACKOFF,
        storm: int = STORM_CRASHES,
        hopeless: tuple[type[Exception], ...] = (),
    ) -> None:
        self._clock = clock
        self._random = random
        self._on_crash = on_crash
        self._on_park = on_park
        self._backoff = backoff
        self._storm = storm
        self._hopeless = hopeless
        self._recent: deque[float] = deque()

    async def guard(self, name: str, run: Run) -> None:
        """Run one actor until it is told to stop or parked. Raises `RestartStormError` and what is no `Exception`."""
        crashes: list[float] = []
        while True:
            error: BaseException | None = None
            # `except*`, not `except`: an error that races with a cancellation arrives as a group of both.
            try:
                await run()
                error = ActorEndedError(f"actor {name} returned")
            except* Finished:
                pass
            except* trio.Cancelled as group:
                if _stopping():
                    raise
                error = LeakedCancelError(f"actor {name} raised a Cancelled that nobody asked for")
                error.__cause__ = group
            except* Exception as group:  # noqa: BLE001 - the supervisor is where bugs end
                error = _only(group)
                if _stopping():
                    self._on_crash(name, error, len(crashes) + 1)
            if error is None:
                return
            await self._crashed(name, error, crashes)
            if len(crashes) > MAX_CRASHES or isinstance(error, self._hopeless):
                await self._on_park(name, error, len(crashes))
                return
            pause = self._backoff[min(len(crashes), len(self._backoff)) - 1]
            await trio.sleep(pause * (0.5 + self._random.random()))

    async def _crashed(self, name: str, error: BaseException, crashes: list[float]) -> None:
        now = self._clock.monotonic()
        crashes[:] = [*(at for at in crashes if now - at <= CRASH_WINDOW), now]
        self._on_crash(name, error, len(crashes))
        self._recent.append(now)
        while self._recent and now - self._recent[0] > STORM_WINDOW:
            self._recent.popleft()
        if len(self._recent) > self._storm:
            raise RestartStormError(f"{len(self._recent)} crashes within {STORM_WINDOW:.0f} s") from error
        await trio.lowlevel.checkpoint()


def _stopping() -> bool:
    """Whether this task really has been cancelled, as opposed to holding a Cancelled that leaked."""
    return trio.current_effective_deadline() == -float("inf")


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The single error of a group of one, else the group: a lone error reads better in a log line."""
    if len(group.exceptions) != 1:
        return group
    inner = group.exceptions[0]
    return _only(inner) if isinstance(inner, BaseExceptionGroup) else inner
