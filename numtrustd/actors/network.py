"""Our own network, over all sources: said once when nobody can be reached, and then one look at a time finds out.

What is seen meanwhile is unknown as ever; but no source is blamed for it, and when the first one is reached again all
of them go on at once instead of after their own pauses.
"""

from collections.abc import Callable, Iterable

from numtrustd.clock import Clock
from numtrustd.domain import network
from numtrustd.domain.network import Network
from numtrustd.domain.observation import Instant
from numtrustd.events import NetworkDown, NetworkUp
from numtrustd.log import Log
from numtrustd.wire.exchange import Failure, NotSent, Outcome

PROBE = 30.0
"""Seconds (of the clock) between two looks that find out whether somebody can be reached again."""

BLAMELESS = frozenset({Failure.DNS, Failure.CONNECT, Failure.TIMEOUT, Failure.WAY_OUT})
"""Ends before anything was sent that may be our own network's."""


class NetworkWatch:
    """One for the house. `back` lists what is to be done when somebody was reached again."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._state = Network()
        self._probe_at: float = 0.0
        self.back: Callable[[], Iterable[Callable[[], None]]] = tuple

    @property
    def down_since(self) -> Instant | None:
        """Since when nobody can be reached."""
        return self._state.down_since

    def wait(self) -> float:
        """Clock seconds until a look may be made to find out; 0.0 when looks are made as ever, or one may be now."""
        if self._state.down_since is None:
            return 0.0
        return max(0.0, (self._probe_at - self._clock.monotonic()) * self._clock.speed)

    def take_probe(self) -> None:
        """A look leaves: while nobody can be reached, the next one has to wait."""
        self._probe_at = self._clock.monotonic() + PROBE / self._clock.speed

    def heard(self, host: str, outcome: Outcome) -> bool:
        """Take in how an attempt to reach a host ended. Whether it is put down to our own network."""
        ours = isinstance(outcome, NotSent) and outcome.failure in BLAMELESS
        if isinstance(outcome, NotSent) and not ours:
            return False  # our own rules, or a certificate: it tells nothing of the network
        now, before = self._clock.now(), self._state
        self._state = network.heard(before, host, now, reached=not ours)
        since = self._state.down_since
        if before.down_since is None and since is not None:
            self.take_probe()
            self._log.emit(NetworkDown(hosts=self._state.unreached))
        elif before.down_since is not None and since is None:
            self._log.emit(NetworkUp(host=host, down_seconds=max(0.0, now - before.down_since)))
            for go_on in self.back():
                go_on()
        return ours and since is not None
