"""The simulated platforms without sockets: a `Fetcher` over the same service, for tests on virtual time."""

from urllib.parse import urlsplit

import trio

from numtrustd.clock import Clock
from numtrustd.sim.ground import draw
from numtrustd.sim.script import Faults
from numtrustd.sim.service import Answer, Lost, Service, Shut
from numtrustd.sim.world import World
from numtrustd.wire.exchange import Failure, Limits, NotSent, Outcome, Reply, Request, Unknown

HOSTS = {"open.onebox.so.com": "so360", "www.sogou.com": "sogou", "api.telnyx.com": "telnyx"}
"""The real hosts; a loopback address means that the path names the service, any other host the aggregator."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SimFetcher:
    """One source's or channel's way into a world. Give the same `service` to all that share one.

    `faults` replaces the world's, `latency` is the range of seconds that a round trip takes on trio's clock.
    """

    def __init__(
        self,
        world: World | Service,
        clock: Clock,
        faults: Faults | None = None,
        *,
        limits: Limits | None = None,
        latency: tuple[float, float] = (0.02, 0.3),
        mount: str | None = None,
    ) -> None:
        self.service = world if isinstance(world, Service) else Service(world)
        self.clock = clock
        self.limits = limits or Limits()
        self.fetches = 0
        self._latency = latency
        self._mount = mount
        if faults is not None:
            self.service.world.inject(faults, self.service.world.state.origin)

    async def fetch(self, request: Request) -> Outcome:
        """As over a socket: the effect falls amid the round trip, and cancelling does not undo it."""
        self.fetches += 1
        rng = draw(self.service.world.state.seed, "latency", request.origin, request.target, self.fetches)
        there, back = rng.uniform(*self._latency) / 2, rng.uniform(*self._latency) / 2
        began = trio.current_time()
        with trio.move_on_after(self.limits.deadline):
            await trio.sleep(there)
            target = self._target(request)
            result = self.service.handle(request.method, target, request.headers, request.body, self.clock.now())
            match result:
                case Shut():
                    return NotSent(Failure.CONNECT, "connection refused")
                case Lost():
                    await trio.sleep_forever()
                case Answer():
                    await trio.sleep(back + result.delay)
                    return self._reply(result, trio.current_time() - began)
        return Unknown(Failure.TIMEOUT, f"no answer within {self.limits.deadline:g} s")

    async def aclose(self) -> None:
        """Nothing is held."""

    def _target(self, request: Request) -> str:
        host = urlsplit(request.origin).hostname or ""
        mount = self._mount
        if mount is None:
            mount = "" if host in LOOPBACK else HOSTS.get(host, "contract_aggregator")
        return f"/{mount}{request.target}" if mount else request.target

    def _reply(self, answer: Answer, elapsed: float) -> Outcome:
        if answer.cut:
            return Unknown(Failure.RESET, "closed in the middle of the body")
        if len(answer.body) > self.limits.max_bytes:
            return Unknown(Failure.TOO_LARGE, f"more than {self.limits.max_bytes} bytes")
        return Reply(answer.status, answer.headers, answer.body, elapsed)
