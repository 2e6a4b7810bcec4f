"""The way out: sessions that answer every request with a value.

`Http` holds what all sources share (trust anchors, names); a `Session` is one source's connections and
bounds. httpx is used as it is, over `transport`, with what costs time or leaks between numbers taken out: no
environment, no redirects, no cookies, and requests prepared once of which only target and body change.
"""

import ipaddress
import logging
import re
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx
import trio

from numtrustd import __version__
from numtrustd.http.dialler import Dialler
from numtrustd.http.exchange import Exchange
from numtrustd.http.fault import Fault, reason_of
from numtrustd.http.resolver import Resolver
from numtrustd.http.transport import Transport, header_block, origin_of
from numtrustd.wire.exchange import Failure, Limits, NotSent, Outcome, Reply, Request, Unknown
from numtrustd.wire.route import DIRECT, Route

# httpx logs every URL at INFO, secrets in the query included.
logging.getLogger("httpx").setLevel(logging.WARNING)

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_METHOD: Final = re.compile(r"[A-Z]{1,16}")
_TARGET: Final = re.compile(r"/[!-~]*")
_VALUE: Final = re.compile(r"[\t -~]*")
_OURS: Final = frozenset(
    {"host", "connection", "keep-alive", "proxy-connection", "content-length", "transfer-encoding"}
    | {"te", "trailer", "upgrade", "expect"}
)
_PREPARED_MAX: Final = 64


class _NoCookies(httpx.Cookies):
    """Remembers nothing: what a platform sets for one number must not be sent for another."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class _NoAuth(httpx.Auth):
    """Passes a request through, and spares httpx looking for a password in the URL."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        yield request


_NO_AUTH: Final = _NoAuth()


class _Client(httpx.AsyncClient):
    _nothing = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._nothing

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise TypeError("cookies are never kept")


class Refused(Exception):
    """A request that our own rules keep from leaving."""


class Http:
    """What all sources share. `ca_file` (PEM) adds trust anchors to the system's; nothing can take
    verification away.

    Raises `OSError` or `ssl.SSLError` when `ca_file` cannot be read.
    """

    def __init__(self, *, ca_file: Path | None = None) -> None:
        self._context = tls_context(ca_file)
        self._resolver = Resolver()
        self._sessions: set[Session] = set()

    def session(
        self,
        *,
        connections: int,
        limits: Limits,
        route: Route = DIRECT,
        allow_hosts: frozenset[str] | None = None,
    ) -> "Session":
        """A source's own way out, over at most `connections` connections, all along `route`; with `allow_hosts`,
        to those hosts only."""
        dialler = Dialler(route, limits=limits, context=self._context, resolver=self._resolver)
        transport = Transport(connections=connections, limits=limits, dialler=dialler)
        session = Session(transport, limits, connections, route, allow_hosts, self._sessions)
        self._sessions.add(session)
        return session

    async def aclose(self) -> None:
        """Close every session."""
        for session in tuple(self._sessions):
            await session.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Session:
    """A `wire.exchange.Fetcher` over real sockets. Any number of callers; those without a connection wait in
    order."""

    def __init__(
        self,
        transport: Transport,
        limits: Limits,
        connections: int,
        route: Route,
        allow_hosts: frozenset[str] | None,
        siblings: "set[Session]",
    ) -> None:
        self._gate = transport.gate
        self._limits = limits
        self._connections = connections
        self._route = route
        self._allow_hosts = allow_hosts
        self._siblings = siblings
        self._client = _Client(transport=transport, trust_env=False, follow_redirects=False)
        self._spare: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[httpx.Request]] = {}
        self._closed = False

    async def fetch(self, request: Request) -> Outcome:
        """Send one request within `limits.deadline` real seconds, waiting for a connection included.

        `NotSent` when no byte of it left, `Unknown` when some did and no whole answer came. A redirect is a
        `Reply` like any other. Raises nothing but cancellation.
        """
        await trio.lowlevel.checkpoint_if_cancelled()  # below, the first wait comes when the request has left
        try:
            prepared, spare = self._prepare(request)
        except Refused as refusal:
            await trio.lowlevel.checkpoint()
            return NotSent(Failure.REFUSED, str(refusal))
        exchange: Exchange = prepared.extensions["exchange"]
        started = trio.current_time()
        fault: Fault | None = None
        try:
            with trio.CancelScope(deadline=started + self._limits.deadline):
                gate = self._gate
                if gate.value:
                    gate.acquire_nowait()
                else:
                    await gate.acquire()
                    started = trio.current_time()
                try:
                    await self._client.send(prepared, auth=_NO_AUTH, stream=True)
                finally:
                    gate.release()
        except Fault as caught:
            fault = caught
        except Exception as exc:  # noqa: BLE001 — every end is a value; its text says which it was
            fault = Fault(Failure.PROTOCOL, reason_of(exc))
        answer, sent = exchange.answer, exchange.sent
        if answer is None and fault is None:
            fault = exchange.fault(Failure.TIMEOUT, f"{self._limits.deadline:g} s passed {exchange.stage}")
        self._put_back(prepared, exchange, spare)
        if answer is not None:  # whole, whatever httpx made of its Location
            return Reply(answer.status, answer.headers, answer.body, trio.current_time() - started)
        assert fault is not None
        detail = fault.detail
        if self._route.proxy is not None and fault.failure is not Failure.WAY_OUT:
            detail += f", through {self._route}"  # in a tunnel nobody can tell who let go
        return Unknown(fault.failure, detail) if sent else NotSent(fault.failure, detail)

    async def aclose(self) -> None:
        """Close idle connections now; requests under way end in their own way, new ones are refused."""
        self._closed = True
        self._siblings.discard(self)
        await self._client.aclose()

    def _prepare(self, request: Request) -> tuple[httpx.Request, list[httpx.Request]]:
        """A request object that nobody else uses now, with target and body filled in, and where to put it
        back."""
        if self._closed:
            raise Refused("the session is closed")
        if _TARGET.fullmatch(request.target) is None:
            raise Refused(f"the target {request.target[:80]!r} is not an encoded path")
        key = (request.method, request.origin, request.headers)
        spare = self._spare.get(key)
        if spare is None:
            prepared = self._build(request)
            if len(self._spare) >= _PREPARED_MAX:  # headers that differ by number: no use keeping them all
                self._spare.clear()
            spare = self._spare[key] = []
        else:
            prepared = spare.pop() if spare else self._build(request)
        extensions = prepared.extensions
        extensions["target"] = request.target.encode("ascii")
        extensions["body"] = request.body
        return prepared, spare

    def _put_back(self, prepared: httpx.Request, exchange: Exchange, spare: list[httpx.Request]) -> None:
        exchange.reset()
        if len(spare) < self._connections:
            prepared.extensions["body"] = b""
            spare.append(prepared)

    def _build(self, request: Request) -> httpx.Request:
        if _METHOD.fullmatch(request.method) is None or request.method == "CONNECT":
            raise Refused(f"the method {request.method[:20]!r}")
        url = _checked_origin(request.origin)
        if url.scheme == "http" and self._route.proxy is not None:
            raise Refused(f"plain http to {url.host} by the {self._route}; only https may leave this machine")
        if self._allow_hosts is not None and self._allow_hosts.isdisjoint((url.host, _ascii_host(url))):
            raise Refused(f"{url.host} is not one of the official hosts")
        prepared = httpx.Request(request.method, url, headers=_checked_headers(request.headers))
        # `timeout` is there so that httpx does not build one for every use; the session's own deadline holds.
        prepared.extensions.update(timeout={}, origin=origin_of(url), head=header_block(prepared), exchange=Exchange())
        return prepared


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, always verified, against the system's trust anchors and those of `ca_file`.

    Unlike `ssl.create_default_context` it does not let the environment choose the anchors or log the session
    keys.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The system's OpenSSL configuration may set this, which makes a cut connection look like a clean end.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.set_alpn_protocols(["http/1.1"])
    system = ssl.get_default_verify_paths()
    if Path(system.openssl_cafile).is_file():
        context.load_verify_locations(cafile=system.openssl_cafile)
    if Path(system.openssl_capath).is_dir():
        context.load_verify_locations(capath=system.openssl_capath)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def _ascii_host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def _checked_origin(origin: str) -> httpx.URL:
    try:
        url = httpx.URL(origin)
    except httpx.InvalidURL as exc:
        raise Refused(f"the address {origin[:80]!r}: {exc}") from exc
    bare = url.raw_path == b"/" and not (url.userinfo or url.fragment)
    port_fits = url.port is None or 0 < url.port < 65_536
    if url.scheme not in ("http", "https") or not (url.host and bare and port_fits):
        raise Refused(f"the address {origin[:80]!r} is not scheme://host[:port]")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise Refused(f"plain http to {url.host}; only https may leave this machine")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_headers(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    checked = []
    names = set()
    for name, value in headers:
        lower = name.lower()
        if lower in _OURS:
            raise Refused(f"the header {name!r} is the client's own")
        if _TOKEN.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise Refused(f"the header {name[:40]!r} holds what no header may")
        names.add(lower)
        if lower != "accept-encoding":
            checked.append((name, value))
    if "user-agent" not in names:
        checked.append(("User-Agent", f"numtrustd/{__version__}"))
    if "accept" not in names:
        checked.append(("Accept", "*/*"))
    checked.append(("Accept-Encoding", "identity"))
    return checked
