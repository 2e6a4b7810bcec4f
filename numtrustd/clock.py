"""The only module that reads time.

Everything durable is in wall time (UTC epoch seconds); waiting is done on trio's monotonic clock, re-reading the
wall clock in between, so that neither a clock step nor a suspended machine loses a deadline or fires one early.
A `Clock` may run fast (`speed` > 1): the demo and drills let days of review pass in seconds. Deadlines of network
operations are real seconds and do not come from here.
"""

import math
import random
import time

import trio

from numtrustd.domain.instant import rfc3339
from numtrustd.domain.observation import Instant

Random = random.Random
"""The seeded randomness that the composition root hands out; nothing else draws."""


class Clock:
    """Wall and waiting time. `now() = origin + (monotonic - base) * speed` when scaled, the system's own when not.

    `recheck` is the longest real wait before the wall clock is read again (`math.inf` in virtual-time tests).
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        origin: Instant | None = None,
        base: float | None = None,
        recheck: float = 30.0,
    ) -> None:
        if not speed > 0 or not math.isfinite(speed):
            raise ValueError(f"clock speed must be a positive number, not {speed!r}")
        self.speed = speed
        self.recheck = recheck
        self._origin = origin
        self._base = time.monotonic() if base is None else base

    @property
    def scaled(self) -> bool:
        """Whether this is not the system's own wall clock; every log record then says so."""
        return self._origin is not None

    def now(self) -> Instant:
        """Wall time, UTC epoch seconds."""
        if self._origin is None:
            return time.time()
        return self._origin + (self._elapsed() - self._base) * self.speed

    def _elapsed(self) -> float:
        return time.monotonic()

    def monotonic(self) -> float:
        """Real seconds that only ever grow; for measuring, never for storing."""
        return time.monotonic()

    def anchor(self) -> tuple[float, Instant | None]:
        """(monotonic base, origin): what another process on this machine needs to run the same scaled clock."""
        return self._base, self._origin

    def left(self, due: Instant) -> float:
        """Real seconds until the wall clock will say `due`, unless it is stepped: 0 if it has."""
        return max(0.0, due - self.now()) / self.speed

    async def rest(self, seconds: float = math.inf, wake: trio.Event | None = None) -> None:
        """Wait that many real seconds, or until `wake`, but no longer than until the wall clock is to be read again.

        For loops, which then look at what is due: nothing tells us that the wall clock was stepped.
        """
        with trio.move_on_after(min(seconds, self.recheck)):
            await (trio.Event() if wake is None else wake).wait()

    async def sleep_until(self, due: Instant) -> None:
        """Return once the wall clock has reached `due`; at once if it has."""
        while (left := self.left(due)) > 0:
            await self.rest(left)
        await trio.lowlevel.checkpoint()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        await trio.sleep(max(0.0, seconds) / self.speed)


class VirtualClock(Clock):
    """Wall time that follows trio's own (mock) clock: forty days pass in milliseconds. `shift` plays a clock step."""

    def __init__(self, origin: Instant) -> None:
        super().__init__(speed=1.0, origin=origin, base=0.0, recheck=math.inf)
        self._base = trio.current_time()

    def _elapsed(self) -> float:
        return trio.current_time()

    def monotonic(self) -> float:
        return trio.current_time()

    def shift(self, seconds: float) -> None:
        """Step the wall clock, as an administrator or NTP would."""
        assert self._origin is not None
        self._origin += seconds


def timestamp(instant: Instant) -> str:
    """RFC 3339 in UTC with microseconds and `Z`."""
    return rfc3339(instant)
