"""What the daemon itself holds up: looks, deadlines and writes that wait although nothing outside keeps them.

A source that is down or paced makes looks late as well; that is told elsewhere, and is no reason to restart anything.
`pulse` asks here before it feeds the watchdog, and tells the figures in the heartbeat.
"""

from msgspec import Struct

from numtrustd.actors.house import House
from numtrustd.actors.sources import PREFIX, Sources
from numtrustd.actors.timers import Timers


class Stall(Struct, frozen=True, order=True):
    """For how many real seconds something has been held up, and what: `source ID`, `timers` or `store`."""

    seconds: float
    what: str


class Stalls:
    """`note` looks at everything and is called every few seconds; `present` are what it found, the longest first."""

    def __init__(self, house: House, sources: Sources, timers: Timers) -> None:
        self._house = house
        self._sources = sources
        self._timers = timers
        self._since: dict[str, tuple[int, float]] = {}
        self.present: tuple[Stall, ...] = ()

    def note(self) -> None:
        """See what is held up at present."""
        clock = self._house.clock
        now, monotonic = clock.now(), clock.monotonic()
        found = [Stall(self._house.store.waiting, "store"), Stall(self._timers.lag(now) / clock.speed, "timers")]
        since: dict[str, tuple[int, float]] = {}
        for source, actor in self._sources.actors.items():
            stalled = actor.overrun()
            if actor.owes(now):
                # Not since it was due: it may have been free to look for a moment only.
                known = self._since.get(source)
                since[source] = known if known is not None and known[0] == actor.begun else (actor.begun, monotonic)
                stalled = max(stalled, monotonic - since[source][1])
            found.append(Stall(stalled, PREFIX + source))
        self._since = since
        self.present = tuple(sorted((stall for stall in found if stall.seconds > 0), reverse=True))

    def longest(self, *, of_sources: bool = False) -> float:
        """Real seconds of the longest stall, or of the longest of a source."""
        return max((s.seconds for s in self.present if not of_sources or s.what.startswith(PREFIX)), default=0.0)
