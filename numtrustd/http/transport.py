"""An httpx transport of our own: one source's connections, on a kept parser and trio's event loop.

httpx's own pool rescans every request and connection on each change, collapses under a crowd and stays broken
after cancellations. This one cannot: `gate` holds as many tokens as there may be connections, whoever is
inside has a token, so a connection is either taken by one caller, idle, or closed. Nothing on the way back to
the pool can be interrupted. `client` is the only caller; it takes the token, sets the deadline and turns
faults into values.
"""

import httpx
import trio

from numtrustd.http.dialler import Dialler, Origin
from numtrustd.http.exchange import Exchange
from numtrustd.http.framing import read_answer
from numtrustd.http.stream import Stream
from numtrustd.wire.exchange import Failure, Limits

IDLE_REPEATABLE = 15.0
IDLE_ONCE = 1.0
"""Longest idle time, in real seconds, after which a kept connection is used again: for requests that may be
repeated, and for those that may not, where a server that closes just as we write would leave an outcome
nobody knows."""
_REPEATABLE = frozenset({"GET", "HEAD"})


def origin_of(url: httpx.URL) -> Origin:
    """The origin of a URL whose scheme is `http` or `https`."""
    tls = url.scheme == "https"
    return Origin(tls, url.raw_host.decode("ascii"), url.port or (443 if tls else 80))


def header_block(request: httpx.Request) -> bytes:
    """The request's header lines without those that frame a body, which depend on the body."""
    return b"".join(
        [
            b"%b: %b\r\n" % (name, value)
            for name, value in request.headers.raw
            if name.lower() not in (b"content-length", b"transfer-encoding")
        ]
    )


class Transport(httpx.AsyncBaseTransport):
    """At most `connections` connections, and as many callers inside; take a token of `gate` around each
    request. All of them go along the one route of `dialler`.

    A request's extensions may hold what changes between uses of a prepared request (`target`, `body`: bytes),
    what was worked out once (`origin`: `Origin`, `head`: bytes) and the `exchange` to write to. Answers come
    whole; redirects, cookies and encodings are nobody's business here. Raises `Fault` and nothing else but
    cancellation.
    """

    def __init__(self, *, connections: int, limits: Limits, dialler: Dialler) -> None:
        self.gate = trio.Semaphore(connections, max_value=connections)
        self._connections = connections
        self._limits = limits
        self._dialler = dialler
        self._idle: dict[Origin, list[Stream]] = {}
        self._idle_count = 0
        self._busy = 0
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        extensions = request.extensions
        exchange: Exchange = extensions.get("exchange") or Exchange()
        origin: Origin = extensions.get("origin") or origin_of(request.url)
        wire = await _wire(request)
        method = request.method
        self._busy += 1
        try:
            stream = self._take(origin, IDLE_REPEATABLE if method in _REPEATABLE else IDLE_ONCE)
            if stream is None:
                stream = await self._open(origin, exchange)
            exchange.stage = "waiting for the answer"
            stream.wrote = False
            try:
                await stream.send_all(wire)
                answer = await read_answer(stream, self._limits, bodiless=method == "HEAD")
            except BaseException:
                exchange.sent = stream.wrote
                stream.close()
                raise
        finally:
            self._busy -= 1
        exchange.answer = answer
        if answer.reusable and not self._closed:
            stream.idle_since = trio.current_time()
            self._idle.setdefault(origin, []).append(stream)
            self._idle_count += 1
        else:
            stream.close()
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=httpx.ByteStream(answer.body))

    async def aclose(self) -> None:
        """Close idle connections now, and those in use when their answer is whole."""
        self._closed = True
        for streams in self._idle.values():
            for stream in streams:
                stream.close()
        self._idle.clear()
        self._idle_count = 0

    def _take(self, origin: Origin, patience: float) -> Stream | None:
        """The connection used last, if it is still fit; what is found unfit on the way is closed."""
        idle = self._idle.get(origin)
        while idle:
            stream = idle.pop()
            self._idle_count -= 1
            if trio.current_time() - stream.idle_since <= patience and stream.quiet():
                return stream
            stream.close()
        return None

    async def _open(self, origin: Origin, exchange: Exchange) -> Stream:
        await trio.lowlevel.checkpoint()  # a refusal by this machine takes no time: never spin on it
        self._make_room()
        limit = self._limits.connect
        with trio.move_on_after(limit) as scope:
            return await self._dialler.open(origin, exchange, scope.deadline)
        raise exchange.fault(Failure.TIMEOUT, f"no connection in {limit:g} s; last {exchange.stage}")

    def _make_room(self) -> None:
        """Close idle connections to other origins until one more fits."""
        while self._idle_count and self._idle_count + self._busy > self._connections:
            origin, idle = next(iter(self._idle.items()))
            if idle:
                idle.pop(0).close()
                self._idle_count -= 1
            if not idle:
                del self._idle[origin]


async def _wire(request: httpx.Request) -> bytes:
    extensions = request.extensions
    target: bytes = extensions.get("target") or request.url.raw_path
    head: bytes = extensions.get("head") or header_block(request)
    body: bytes | None = extensions.get("body")
    if body is None:
        body = await request.aread()
    method = request.method
    if body or method not in ("GET", "HEAD"):
        return b"%b %b HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n%b" % (
            method.encode("ascii"),
            target,
            head,
            len(body),
            body,
        )
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode("ascii"), target, head)
