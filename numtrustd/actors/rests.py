"""Rests between the slices of a long reading, so that whoever asks, the loop's time is first of all for the looks."""

import trio

from numtrustd.clock import Clock

LONGEST = 0.1
"""Seconds of one rest, at most."""


class Rests:
    """Those of one reading. Each is as long as what was done since the last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.monotonic()

    async def rest(self) -> None:
        """Let the others go first."""
        await trio.sleep(min(self._clock.monotonic() - self._since, LONGEST))
        self.go_on()

    def go_on(self) -> None:
        """What passed since the last rest was not our work: somebody else was waited for."""
        self._since = self._clock.monotonic()
