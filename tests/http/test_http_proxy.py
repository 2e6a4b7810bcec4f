"""Proxies that do their work: HTTP CONNECT and SOCKS5, and that nobody but the settings chooses them."""

import logging
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme
from loopback import Handler, Peer, Serve, Server, always, ok
from proxies import Names, connect_proxy, socks_proxy, splice

from numtrustd.http import Http
from numtrustd.wire.exchange import Failure, Limits, NotSent, Reply, Request
from numtrustd.wire.route import Proxy, Route

LIMITS = Limits(deadline=2.0, connect=1.0)
NAME = "platform.example"
ORIGIN = f"https://{NAME}"
LOGIN = ("numtrustd", "päss:wörd")

Make = Callable[..., Handler]
KINDS: dict[str, Make] = {"http": connect_proxy, "https": connect_proxy, "socks5": socks_proxy}
ALL = pytest.mark.parametrize("kind", KINDS)


def context_for(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(scope="session")
def platform_tls(ca: trustme.CA) -> ssl.SSLContext:
    """The platform's certificate: good for its name, and for nothing on this machine."""
    return context_for(ca, NAME)


@pytest.fixture(scope="session")
def proxy_tls(ca: trustme.CA) -> ssl.SSLContext:
    """The proxy's: good for its address, and not for the platform's name."""
    return context_for(ca, "127.0.0.1")


@pytest.fixture
async def platform(serve: Serve, platform_tls: ssl.SSLContext) -> Server:
    return await serve(always(ok(b"the platform")), tls=platform_tls)


class Proxied:
    """A proxy at work, and the route through it."""

    def __init__(self, server: Server, kind: Any, login: tuple[str, str] = ("", "")) -> None:
        self.server = server
        self.route = Route(name="office", proxy=Proxy(kind, "127.0.0.1", server.port, *login))


@pytest.fixture
def proxied(serve: Serve, proxy_tls: ssl.SSLContext) -> Callable[..., Any]:
    """`await proxied(kind, {"host:port": port}, login=…)`."""

    async def start(kind: str, names: Names, **more: Any) -> Proxied:
        server = await serve(KINDS[kind](names, **more), tls=proxy_tls if kind == "https" else None)
        return Proxied(server, kind, more.get("login") or ("", ""))

    return start


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is looked up on this machine; the tests' own servers may ask for its address."""
    real = socket.getaddrinfo

    def refuse(host: Any, *more: Any, **options: Any) -> Any:
        assert host in ("127.0.0.1", b"127.0.0.1"), f"{host} was looked up here"
        return real(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@ALL
async def test_a_request_goes_through_and_the_proxy_looks_the_name_up(
    http: Http, platform: Server, proxied: Any, no_names: None, kind: str
) -> None:
    proxy = await proxied(kind, {f"{NAME}:443": platform.port})
    session = http.session(connections=1, limits=LIMITS, route=proxy.route)
    for method in ("GET", "POST", "POST"):
        reply = await session.fetch(Request(method, ORIGIN, "/a?b=c", (("X-Key", "k"),), b"body" * (method == "POST")))
        assert isinstance(reply, Reply), reply
        assert reply.body == b"the platform"
    assert [request.split(b"\r\n")[0] for request in platform.requests] == [
        b"GET /a?b=c HTTP/1.1",
        b"POST /a?b=c HTTP/1.1",
        b"POST /a?b=c HTTP/1.1",
    ]
    assert all(b"\r\nHost: platform.example\r\n" in request for request in platform.requests)
    assert not any(b"proxy" in request.lower() for request in platform.requests)
    assert (platform.accepted, proxy.server.accepted) == (1, 1)  # a tunnel is kept like any connection
    assert b"X-Key" not in b"".join(proxy.server.requests)


@ALL
async def test_large_bodies_pass_both_ways(
    http: Http, serve: Serve, platform_tls: Any, proxied: Any, kind: str
) -> None:
    async def echo(peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            await peer.send(ok(request.partition(b"\r\n\r\n")[2]))

    platform = await serve(echo, tls=platform_tls)
    proxy = await proxied(kind, {f"{NAME}:8443": platform.port})
    limits = Limits(deadline=5.0, connect=1.0, max_bytes=4_000_000)
    body = bytes(range(256)) * 8_000
    session = http.session(connections=2, limits=limits, route=proxy.route)
    for _ in range(2):
        reply = await session.fetch(Request("POST", f"{ORIGIN}:8443", "/", (), body))
        assert isinstance(reply, Reply), reply
        assert reply.body == body


@ALL
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_an_address_is_told_as_it_is(
    http: Http, serve: Serve, ca: Any, proxied: Any, kind: str, host: str
) -> None:
    platform = await serve(always(ok(b"by address")), tls=context_for(ca, host.strip("[]")))
    told = host if kind != "socks5" else host.strip("[]")
    proxy = await proxied(kind, {f"{told}:4711": platform.port})
    session = http.session(connections=1, limits=LIMITS, route=proxy.route)
    reply = await session.fetch(Request("GET", f"https://{host}:4711", "/"))
    assert isinstance(reply, Reply), reply


@ALL
async def test_the_user_and_password_are_told_to_the_proxy_alone(
    http: Http, platform: Server, proxied: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await proxied(kind, {f"{NAME}:443": platform.port}, login=LOGIN)
    with caplog.at_level(logging.DEBUG):
        reply = await http.session(connections=1, limits=LIMITS, route=proxy.route).fetch(Request("GET", ORIGIN, "/"))
    assert isinstance(reply, Reply), reply
    assert b"authorization" not in platform.requests[0].lower()
    assert LOGIN[1] not in caplog.text + repr(proxy.route) + str(proxy.route)


@ALL
@pytest.mark.parametrize("given", [("", ""), ("numtrustd", "wrong"), ("somebody", "päss:wörd")])
async def test_a_login_that_is_missing_or_wrong_says_which(
    http: Http, platform: Server, proxied: Any, kind: str, given: tuple[str, str]
) -> None:
    proxy = await proxied(kind, {f"{NAME}:443": platform.port}, login=LOGIN)
    route = Proxied(proxy.server, kind, given).route
    outcome = await http.session(connections=1, limits=LIMITS, route=route).fetch(
        Request("POST", ORIGIN, "/", (), b"x")
    )
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.WAY_OUT
    said = "does not accept the user and password" if given[0] else "wants a user and a password"
    assert outcome.detail.startswith(f"proxy office ({kind}://127.0.0.1:{proxy.server.port}): {said}")
    assert "wrong" not in outcome.detail
    assert platform.requests == []


async def test_a_socks_reply_may_come_in_pieces(http: Http, platform: Server, proxied: Any) -> None:
    proxy = await proxied("socks5", {f"{NAME}:443": platform.port}, login=LOGIN, piece=1)
    reply = await http.session(connections=1, limits=LIMITS, route=proxy.route).fetch(Request("GET", ORIGIN, "/"))
    assert isinstance(reply, Reply), reply


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 204 Whatever\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nServer: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\nConnection: close\r\n\r\n",  # RFC 9110: such a body is not there
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
@pytest.mark.parametrize("piece", [1, 10_000])
async def test_any_success_opens_the_tunnel(
    http: Http, serve: Serve, platform: Server, answer: bytes, piece: int
) -> None:
    async def tunnel(peer: Peer) -> None:
        assert await peer.request() is not None
        upstream = await trio.open_tcp_stream("127.0.0.1", platform.port)
        for at in range(0, len(answer), piece):
            await peer.send(answer[at : at + piece])
        await splice(peer, upstream)

    proxy = Proxied(await serve(tunnel), "http")
    reply = await http.session(connections=1, limits=LIMITS, route=proxy.route).fetch(Request("GET", ORIGIN, "/"))
    assert isinstance(reply, Reply), reply


# ------------------------------------------------------------------------------------------------ who is trusted


@ALL
@pytest.mark.covers("N7")
async def test_the_platform_is_verified_inside_the_tunnel(
    http: Http, serve: Serve, proxy_tls: ssl.SSLContext, proxied: Any, kind: str
) -> None:
    """A proxy that ends the platform's TLS itself, with a certificate that is good for its own name only."""
    impostor = await serve(always(ok(b"forged")), tls=proxy_tls)
    proxy = await proxied(kind, {f"{NAME}:443": impostor.port})
    outcome = await http.session(connections=1, limits=LIMITS, route=proxy.route).fetch(Request("POST", ORIGIN, "/"))
    assert outcome == NotSent(
        Failure.TLS,
        "certificate verify failed: Hostname mismatch, certificate is not valid for 'platform.example'., "
        f"through proxy office ({kind}://127.0.0.1:{proxy.server.port})",
    )
    assert impostor.requests == []


@pytest.mark.covers("N7", "N14")
async def test_a_proxy_over_tls_is_verified_too(http: Http, serve: Serve, platform: Server) -> None:
    stranger = context_for(trustme.CA(), "127.0.0.1")
    proxy = Proxied(await serve(connect_proxy({f"{NAME}:443": platform.port}), tls=stranger), "https", LOGIN)
    outcome = await http.session(connections=1, limits=LIMITS, route=proxy.route).fetch(Request("GET", ORIGIN, "/"))
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.WAY_OUT
    assert outcome.detail.startswith("proxy office (https://")
    assert "certificate verify failed" in outcome.detail
    assert proxy.server.requests == []  # it was not told the password


@pytest.mark.covers("N9")
@ALL
async def test_plain_http_does_not_go_to_a_proxy(http: Http, serve: Serve, proxied: Any, kind: str) -> None:
    here = await serve(always(ok(b"")))
    proxy = await proxied(kind, {f"127.0.0.1:{here.port}": here.port})
    outcome = await http.session(connections=1, limits=LIMITS, route=proxy.route).fetch(
        Request("GET", here.origin, "/")
    )
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.REFUSED
    assert "plain http to 127.0.0.1 by the proxy office" in outcome.detail
    assert (proxy.server.accepted, here.accepted) == (0, 0)


# ------------------------------------------------------------------------------------------ who chooses the way


@pytest.mark.covers("N10")
async def test_the_environment_neither_gives_nor_takes_a_proxy(
    http: Http,
    serve: Serve,
    server_tls: ssl.SSLContext,
    platform: Server,
    proxied: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trap = await serve(connect_proxy({}))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SOCKS_PROXY"):
        for spelling in (name, name.lower()):
            monkeypatch.setenv(spelling, f"http://127.0.0.1:{trap.port}")
    straight = await serve(always(ok(b"straight")), tls=server_tls)
    reply = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", straight.origin, "/"))
    assert isinstance(reply, Reply), reply
    for spelling in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(spelling, "*")
    proxy = await proxied("http", {f"{NAME}:443": platform.port})
    reply = await http.session(connections=1, limits=LIMITS, route=proxy.route).fetch(Request("GET", ORIGIN, "/"))
    assert isinstance(reply, Reply), reply
    assert (proxy.server.accepted, trap.accepted) == (1, 0)


async def test_connections_of_two_ways_are_never_mixed(http: Http, serve: Serve, ca: trustme.CA, proxied: Any) -> None:
    """The same platform, straight and through two proxies at once: each connection serves its own way alone."""
    platform = await serve(always(ok(b"")), tls=context_for(ca, "127.0.0.1"))
    book = {f"127.0.0.1:{platform.port}": platform.port}
    proxies = [await proxied("http", book), await proxied("socks5", book)]
    sessions = [http.session(connections=1, limits=LIMITS, route=proxy.route) for proxy in proxies]
    sessions.append(http.session(connections=1, limits=LIMITS))
    for _ in range(3):
        for session in sessions:
            assert isinstance(await session.fetch(Request("GET", platform.origin, "/")), Reply)
    assert platform.accepted == 3
    assert [proxy.server.accepted for proxy in proxies] == [1, 1]
    for proxy in proxies:
        assert (proxy.server.open, platform.open) == (1, 3)
    await sessions[0].aclose()
    await trio.sleep(0.02)
    assert [proxy.server.open for proxy in proxies] == [0, 1]
    for session in sessions[1:]:
        assert isinstance(await session.fetch(Request("GET", platform.origin, "/")), Reply)
    assert platform.accepted == 3


async def test_an_extra_certificate_authority_is_the_way_past_a_proxy_that_reads_along(
    ca: trustme.CA, ca_file: Path, serve: Serve, proxied: Any
) -> None:
    """A company whose proxy looks into TLS puts its authority into `http.ca_file`; nothing else lets it."""
    inspected = await serve(always(ok(b"read along")), tls=context_for(ca, NAME))
    proxy = await proxied("http", {f"{NAME}:443": inspected.port})
    for given, kind in ((None, NotSent), (ca_file, Reply)):
        async with Http(ca_file=given) as http:
            session = http.session(connections=1, limits=LIMITS, route=proxy.route)
            assert isinstance(await session.fetch(Request("GET", ORIGIN, "/")), kind)
