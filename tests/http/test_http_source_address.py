"""A given source address: bound before connecting, matched with what it can reach, and said when it is not ours."""

import socket
from typing import Any

import pytest
import trio
from loopback import Peer, Serve, always, ok
from proxies import connect_proxy

from numtrustd.http import Http
from numtrustd.wire.exchange import Failure, Limits, NotSent, Reply, Request
from numtrustd.wire.route import Proxy, Route

LIMITS = Limits(deadline=2.0, connect=1.0)
ABSENT = "198.51.100.7"
"""Kept for documents (RFC 5737): no machine has it."""


def route(address: str, proxy: Proxy | None = None) -> Route:
    return Route(name="branch", proxy=proxy, source_address=address)


async def where_from(peer: Peer) -> None:
    """A platform that answers with the address that it is asked from."""
    while await peer.request() is not None:
        await peer.send(ok(peer.socket.socket.getpeername()[0].encode()))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.9.9.9"])
async def test_the_platform_is_asked_from_that_address(http: Http, serve: Serve, address: str) -> None:
    server = await serve(where_from)
    session = http.session(connections=2, limits=LIMITS, route=route(address))
    for _ in range(2):
        reply = await session.fetch(Request("GET", server.origin, "/"))
        assert isinstance(reply, Reply), reply
        assert reply.body == address.encode()
    assert server.accepted == 1


async def test_many_connections_at_once_from_one_address(http: Http, serve: Serve) -> None:
    server = await serve(where_from)
    session = http.session(connections=50, limits=LIMITS, route=route("127.0.0.2"))

    async def ask() -> None:
        assert isinstance(await session.fetch(Request("GET", server.origin, "/")), Reply)

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(ask)
    assert 1 < server.accepted <= 50


@pytest.fixture
async def both(serve: Serve, monkeypatch: pytest.MonkeyPatch, server_tls: Any) -> Any:
    """A platform whose name has an IPv6 and an IPv4 address; it listens on the latter."""
    server = await serve(where_from, tls=server_tls)
    here = {
        socket.AF_INET6: (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", server.port, 0, 0)),
        socket.AF_INET: (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
    }
    known = {"both.example": list(here.values()), "six.example": [here[socket.AF_INET6]]}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_a, **_k: known[host])
    return server


async def test_only_addresses_of_its_own_family_are_tried(http: Http, both: Any) -> None:
    session = http.session(connections=1, limits=LIMITS, route=route("127.0.0.2"))
    outcome = await session.fetch(Request("GET", f"https://both.example:{both.port}", "/"))
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.TLS  # it got there: what is refused is the certificate's name
    outcome = await session.fetch(Request("GET", f"https://six.example:{both.port}", "/"))
    assert outcome == NotSent(
        Failure.WAY_OUT, "source address 127.0.0.2: six.example has no IPv4 address that it could reach"
    )
    session = http.session(connections=1, limits=LIMITS, route=route("::1"))
    outcome = await session.fetch(Request("GET", f"https://both.example:{both.port}", "/"))
    assert outcome == NotSent(Failure.CONNECT, f"::1 port {both.port} from ::1: Connection refused")
    outcome = await session.fetch(Request("GET", both.origin, "/"))
    assert outcome == NotSent(Failure.WAY_OUT, "source address ::1: 127.0.0.1 has no IPv6 address that it could reach")


async def test_ipv6(http: Http, serve: Serve, nursery: trio.Nursery) -> None:
    listeners = await trio.open_tcp_listeners(0, host="::1")
    port = listeners[0].socket.getsockname()[1]
    seen = []

    async def handler(stream: trio.SocketStream) -> None:
        async with stream:
            seen.append(stream.socket.getpeername()[0])
            await stream.receive_some()
            await stream.send_all(ok(b""))

    nursery.start_soon(trio.serve_listeners, handler, listeners)
    session = http.session(connections=1, limits=LIMITS, route=route("::1"))
    assert isinstance(await session.fetch(Request("GET", f"http://[::1]:{port}", "/")), Reply)
    assert seen == ["::1"]


@pytest.mark.covers("N14")
@pytest.mark.parametrize("address", [ABSENT, "2001:db8::7"])
async def test_an_address_that_is_not_ours_was_not_sent(http: Http, serve: Serve, address: str) -> None:
    server = await serve(always(ok(b"")))
    host = "127.0.0.1" if "." in address else "[::1]"
    session = http.session(connections=1, limits=LIMITS, route=route(address))
    outcome = await session.fetch(Request("POST", f"http://{host}:{server.port}", "/", (), b"once"))
    assert outcome == NotSent(Failure.WAY_OUT, f"source address {address}: Cannot assign requested address")
    await trio.sleep(0.01)
    assert server.accepted == 0


async def test_a_proxy_is_reached_from_that_address(http: Http, serve: Serve, server_tls: Any) -> None:
    platform = await serve(always(ok(b"fine")), tls=server_tls)
    carry = connect_proxy({f"127.0.0.1:{platform.port}": platform.port})
    asked_from = []

    async def handler(peer: Peer) -> None:
        asked_from.append(peer.socket.socket.getpeername()[0])
        await carry(peer)

    proxy = Proxy("http", "127.0.0.1", (await serve(handler)).port)
    session = http.session(connections=1, limits=LIMITS, route=route("127.0.0.3", proxy))
    assert isinstance(await session.fetch(Request("GET", platform.origin, "/")), Reply)
    assert asked_from == ["127.0.0.3"]
    outcome = await http.session(connections=1, limits=LIMITS, route=route(ABSENT, proxy)).fetch(
        Request("GET", platform.origin, "/")
    )
    assert outcome == NotSent(
        Failure.WAY_OUT,
        f"proxy branch ({proxy.address}): source address {ABSENT}: Cannot assign requested address",
    )
