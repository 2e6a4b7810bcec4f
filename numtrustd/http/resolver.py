"""Names to addresses, without letting one dead name server stop everything.

`getaddrinfo` cannot be interrupted, so it runs in threads of its own: 16 in all and 2 for one host, apart
from trio's default limiter. An abandoned look-up keeps its place until its thread really ends. `transport` is
the only caller.
"""

import ipaddress
import socket
from typing import NamedTuple, cast

import trio

from numtrustd.http.fault import Fault, reason_of
from numtrustd.wire.exchange import Failure

THREADS = 16
THREADS_PER_HOST = 2
TTL = 30.0
"""Real seconds for which a found address is used again; failures are never kept."""

_FAMILIES = (socket.AF_INET, socket.AF_INET6)
SockAddr = tuple[str, int] | tuple[str, int, int, int]


class Address(NamedTuple):
    """A socket family and the address to connect to."""

    family: int
    sockaddr: SockAddr


class _Found(NamedTuple):
    expires: float
    addresses: tuple[Address, ...]


class _Places:
    """The duck type of `CapacityLimiter` that `to_thread` documents, taking a place of the host's, then one
    of all."""

    def __init__(self, host: trio.CapacityLimiter, everyone: trio.CapacityLimiter) -> None:
        self._host, self._everyone = host, everyone

    async def acquire_on_behalf_of(self, borrower: object) -> None:
        await self._host.acquire_on_behalf_of(borrower)
        try:
            await self._everyone.acquire_on_behalf_of(borrower)
        except BaseException:
            self._host.release_on_behalf_of(borrower)
            raise

    def release_on_behalf_of(self, borrower: object) -> None:
        self._everyone.release_on_behalf_of(borrower)
        self._host.release_on_behalf_of(borrower)


class Resolver:
    """Shared by all sources. Its maps grow by host, and hosts come from the configuration only."""

    def __init__(self) -> None:
        self._everyone = trio.CapacityLimiter(THREADS)
        self._hosts: dict[str, trio.CapacityLimiter] = {}
        self._found: dict[tuple[str, int], _Found] = {}

    async def resolve(self, host: str, port: int) -> tuple[Address, ...]:
        """At least one address, in the system's order. Literals and `localhost` need no look-up.

        Raises `Fault(DNS)`. Waits as long as the system does, so put a deadline around it; cancelling gives
        up at once.
        """
        if host == "localhost":  # loopback whatever a name server or hosts file says (RFC 6761)
            return (
                Address(socket.AF_INET, ("127.0.0.1", port)),
                Address(socket.AF_INET6, ("::1", port, 0, 0)),
            )
        try:
            literal = ipaddress.ip_address(host)
        except ValueError:
            return await self._look_up(host, port)
        if isinstance(literal, ipaddress.IPv4Address):
            return (Address(socket.AF_INET, (host, port)),)
        return (Address(socket.AF_INET6, (host, port, 0, 0)),)

    async def _look_up(self, host: str, port: int) -> tuple[Address, ...]:
        key = (host, port)
        known = self._found.get(key)
        if known is not None and trio.current_time() < known.expires:
            return known.addresses
        places = _Places(self._hosts.setdefault(host, trio.CapacityLimiter(THREADS_PER_HOST)), self._everyone)

        def look_up() -> tuple[Address, ...]:
            # While this one waited for its place, another caller may have found the answer: then a crowd
            # costs 2 look-ups.
            newer = self._found.get(key)
            if newer is not None and newer is not known:
                return newer.addresses
            return _getaddrinfo(host, port)

        try:
            addresses = await trio.to_thread.run_sync(
                look_up, limiter=cast(trio.CapacityLimiter, places), abandon_on_cancel=True
            )
        except (OSError, UnicodeError) as exc:  # UnicodeError: a label that IDNA or the length limit refuses
            raise Fault(Failure.DNS, f"{host}: {reason_of(exc)}") from exc
        if not addresses:
            raise Fault(Failure.DNS, f"{host}: no address")
        self._found[key] = _Found(trio.current_time() + TTL, addresses)
        return addresses


def _getaddrinfo(host: str, port: int) -> tuple[Address, ...]:
    return tuple(
        Address(family, cast(SockAddr, sockaddr))
        for family, _, _, _, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if family in _FAMILIES
    )
