"""Opens connections along one route: straight, from a given address, or through the company's proxy.

Whatever fails before a proxy says that its tunnel stands is the proxy's failure (WAY_OUT, with its name), never the
platform's. What happens in the tunnel afterwards is between us and the platform, in TLS that the proxy cannot read.
`transport` is the only caller; `connect` and `socks` speak to the proxies.
"""

import socket
import ssl
from ipaddress import ip_address
from typing import NamedTuple

from numtrustd.http.connect import connect_tunnel
from numtrustd.http.exchange import Exchange
from numtrustd.http.fault import Fault
from numtrustd.http.resolver import Resolver
from numtrustd.http.socks import socks_tunnel
from numtrustd.http.stream import PlainStream, Stream, TlsStream, connect
from numtrustd.wire.exchange import Failure, Limits
from numtrustd.wire.route import Proxy, Route


class Origin(NamedTuple):
    """Where a connection leads."""

    tls: bool
    host: str
    port: int


class Dialler:
    """One route's connections. `context` verifies platforms, and proxies that speak TLS, alike."""

    def __init__(self, route: Route, *, limits: Limits, context: ssl.SSLContext, resolver: Resolver) -> None:
        self._route = route
        self._limits = limits
        self._context = context
        self._resolver = resolver

    async def open(self, origin: Origin, exchange: Exchange, deadline: float) -> Stream:
        """A connection on which the platform listens, all handshakes done. `deadline` is on trio's clock, and the
        caller's to enforce. Raises `Fault`; not one byte of a request has left then."""
        proxy = self._route.proxy
        if proxy is None:
            return await self._reach(origin, exchange, deadline)
        exchange.dealing_with = str(self._route)
        try:
            stream = await self._reach(Origin(proxy.scheme == "https", proxy.host, proxy.port), exchange, deadline)
            try:
                exchange.stage = "waiting for its answer"
                await self._ask(stream, proxy, origin)
            except BaseException:
                stream.close()
                raise
        except Fault as fault:
            raise exchange.fault(fault.failure, fault.detail) from fault
        exchange.dealing_with = ""
        return await self._secure(stream, origin, exchange)

    async def _reach(self, origin: Origin, exchange: Exchange, deadline: float) -> Stream:
        """The first hop: the platform, or the proxy."""
        exchange.stage = "looking up the host"
        addresses = await self._resolver.resolve(origin.host, origin.port)
        source = self._route.source_address
        if source:
            version = ip_address(source).version
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            addresses = tuple(address for address in addresses if address.family == family)
            if not addresses:
                what = f"source address {source}: {origin.host} has no IPv{version} address that it could reach"
                raise Fault(Failure.WAY_OUT, what)
        exchange.stage = "connecting"
        return await self._secure(PlainStream(await connect(addresses, deadline, source)), origin, exchange)

    async def _ask(self, stream: Stream, proxy: Proxy, origin: Origin) -> None:
        if proxy.scheme == "socks5":
            await socks_tunnel(stream, proxy, origin.host, origin.port)
        else:
            await connect_tunnel(stream, proxy, origin.host, origin.port, self._limits)

    async def _secure(self, stream: Stream, origin: Origin, exchange: Exchange) -> Stream:
        if not origin.tls:
            return stream
        exchange.stage = "in the TLS handshake"
        try:
            secured = TlsStream(stream, self._context, origin.host)
            await secured.handshake()
        except BaseException as exc:
            stream.close()
            if self._is_cut(exc) and self._route.proxy is not None and not exchange.dealing_with:
                # Some proxies say yes first and connect afterwards; closing is how they say that they could not.
                what = f"closed the tunnel to {origin.host} port {origin.port} in the TLS handshake"
                raise Fault(Failure.WAY_OUT, f"{self._route}: {what}") from exc
            raise
        return secured

    @staticmethod
    def _is_cut(exc: BaseException) -> bool:
        return isinstance(exc, Fault) and (exc.failure is Failure.RESET or isinstance(exc.__cause__, ssl.SSLEOFError))
