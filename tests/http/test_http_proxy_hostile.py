"""Proxies that refuse, lie, hang or die: nothing is sent, the proxy is named, and the next request starts afresh."""

import os
import random
import socket
import ssl
import time
from typing import Any

import pytest
import trio
import trustme
from loopback import Handler, Peer, Serve, Server, always, ok
from msgspec import structs
from proxies import connect_proxy, read, socks_proxy, splice

from numtrustd.channels import answer
from numtrustd.channels.spec import Call
from numtrustd.domain.number import NumberKind, from_canonical
from numtrustd.domain.observation import Status, UnknownReason
from numtrustd.http import Http
from numtrustd.probes.extract import extract
from numtrustd.probes.spec import Reading, Source
from numtrustd.wire.exchange import Failure, Limits, NotSent, Outcome, Reply, Request, Unknown
from numtrustd.wire.route import Proxy, Route
from numtrustd.wire.spec import RequestSpec
from tests.http.misbehaviour import Say, endless, once, silent

LIMITS = Limits(deadline=9.0, connect=8.0, max_bytes=65_536, max_header_bytes=8_192, max_chunks=1_000)
BRIEF = structs.replace(LIMITS, connect=0.5)
"""For those that hang; a healthy one on a busy machine needs a part of this too."""
MARGIN = 0.25
NAME = "platform.example"
ORIGIN = f"https://{NAME}"
POST = Request("POST", ORIGIN, "/appeal", (), b"once")
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
SOURCE = Source(
    id="p.one",
    title="One",
    kinds=(NumberKind.MOBILE,),
    request=RequestSpec(url=ORIGIN),
    readings=(Reading("p"),),
    rules=(),
)
CALL = Call(request=RequestSpec(url=ORIGIN, method="POST"), rules=())
CONNECTED = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


@pytest.fixture(scope="session")
def platform_tls(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(NAME).configure_cert(context)
    return context


@pytest.fixture
async def platform(serve: Serve, platform_tls: ssl.SSLContext) -> Server:
    return await serve(always(ok(b"fine")), tls=platform_tls)


def route_to(port: int, kind: Any = "http", user: str = "", password: str = "") -> Route:
    return Route(name="office", proxy=Proxy(kind, "127.0.0.1", port, user, password))


def in_tunnel(say: Say, answer: bytes = ESTABLISHED) -> Say:
    """Open the tunnel, take the first bytes of the platform's handshake, and then do this."""

    async def then(peer: Peer) -> None:
        await peer.send(answer)
        assert await peer.stream.receive_some(1)
        await say(peer)

    return then


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW = "no connection in 0.5 s; last waiting for its answer"
CUT = "closed the tunnel to platform.example port 443 in the TLS handshake"

CONNECT_CASES: dict[str, tuple[Say, str]] = {
    "407": (once(b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n"), "wants a user and a password (407)"),
    "407 by another scheme": (
        once(b"HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n"),
        "wants a user and a password (407); it knows NTLM, Negotiate, and only Basic is spoken here",
    ),
    "403": (once(b"HTTP/1.1 403 No\r\n\r\n<html>"), "answered 403 Forbidden to CONNECT platform.example:443"),
    "502": (once(b"HTTP/1.0 502 x\r\n\r\n"), "answered 502 Bad Gateway to CONNECT platform.example:443"),
    "504": (once(b"HTTP/1.1 504 x\r\n\r\n"), "answered 504 Gateway Timeout to CONNECT platform.example:443"),
    "a redirect": (
        once(b"HTTP/1.1 302 x\r\nLocation: https://login.example/\r\n\r\n"),
        "answered 302 Found to CONNECT platform.example:443",
    ),
    "a status that there is not": (once(b"HTTP/1.1 799 x\r\n\r\n"), "answered 799 to CONNECT platform.example:443"),
    "garbage": (once(bytes(range(256)) * 4), "the answer is not HTTP/1"),
    "another protocol": (silent(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "the answer is not HTTP/1"),
    "a SOCKS proxy": (once(b"\x05\xff"), "closed before the answer's head was whole"),
    "a broken head": (once(HEAD + b"no colon\r\n\r\n"), "Invalid header token"),
    "a switch": (once(b"HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "a protocol nobody asked for"),
    "endless header": (endless(HEAD + b"A: ", b"x" * 1_024), "the headers are too long"),
    "endless headers": (endless(HEAD, b"A: b\r\n" * 50), "the headers are too long"),
    "too many headers": (once(HEAD + b"A: b\r\n" * 300 + b"\r\n"), "more than 256 headers"),
    "endless 1xx": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "more than 16 interim answers"),
    "slow headers": (endless(HEAD, b"A: b\r\n", 0.02), SLOW),
    "silence": (silent(), SLOW),
    "silence in the head": (silent(HEAD), SLOW),
    "closed at once": (once(), "closed before the answer's head was whole"),
    "closed in the head": (once(HEAD + b"A: "), "closed before the answer's head was whole"),
    "reset": (once(reset=True), "while receiving: Connection reset by peer"),
    "words of its own": (silent(ESTABLISHED + b"<html>"), "said more than its answer"),
    "a forged answer": (silent(ESTABLISHED + ok(b"forged")), "said more than its answer"),
    "a tunnel that closes": (in_tunnel(once()), CUT),
    "a tunnel that is reset": (in_tunnel(once(reset=True)), CUT),
}

SOCKS_CASES: dict[str, tuple[Say, str]] = {
    "nothing fits": (once(b"\x05\xff"), "wants a user and a password"),
    "a login that was not offered": (once(b"\x05\x02"), "chose a way to log in that it was not offered (2)"),
    "GSSAPI": (once(b"\x05\x01"), "chose a way to log in that it was not offered (1)"),
    "another version": (once(b"\x04\x5a"), "what it answers is not SOCKS5"),
    "an HTTP proxy": (once(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "what it answers is not SOCKS5"),
    "half a choice": (once(b"\x05"), "closed in the middle of the SOCKS5 greeting"),
    "silence": (silent(), SLOW),
    "closed at once": (once(), "closed in the middle of the SOCKS5 greeting"),
    "reset": (once(reset=True), "while receiving: Connection reset by peer"),
    "an answer before the question": (silent(b"\x05\x00" + CONNECTED), "said more than its answer"),
}


def after_greeting(say: Say) -> Say:
    async def then(peer: Peer) -> None:
        await peer.send(b"\x05\x00")
        await read(peer, 7 + len(NAME))
        await say(peer)

    return then


SOCKS_REPLIES: dict[str, tuple[Say, str]] = {
    **{
        f"refusal {code}": (once(bytes([5, code, 0, 1]) + bytes(6)), f"{words} ({code})")
        for code, words in (
            (1, "does not connect to platform.example port 443: general failure"),
            (2, "its rules do not allow it"),
            (3, "network unreachable"),
            (4, "host unreachable"),
            (5, "connection refused"),
            (6, "it took too long (TTL expired)"),
            (7, "it does not do CONNECT"),
            (8, "it does not know this kind of address"),
            (91, "a code that has no meaning"),
        )
    },
    "a refusal of two bytes": (silent(b"\x05\x04"), "host unreachable (4)"),
    "another version": (silent(b"\x00\x5a\x00\x00"), "what it answers is not SOCKS5"),
    "no such kind of address": (silent(b"\x05\x00\x00\x02"), "a kind of address that there is not (2)"),
    "half a reply": (once(CONNECTED[:5]), "closed in the middle of the SOCKS5 greeting"),
    "half a name": (silent(b"\x05\x00\x00\x03\xffx"), SLOW),
    "slow": (endless(b"\x05\x00\x00\x03\xff", b"x", 0.02), SLOW),
    "words of its own": (silent(CONNECTED + b"\x16"), "said more than its answer"),
    "a tunnel that closes": (in_tunnel(once(), CONNECTED), CUT),
    "a tunnel that is reset": (in_tunnel(once(reset=True), CONNECTED), CUT),
}

CASES = {
    **{f"http: {name}": ("http", say, words) for name, (say, words) in CONNECT_CASES.items()},
    **{
        # A TLS connection that closes without goodbye was cut.
        f"https: {name}": ("https", say, words.replace("closed before the answer's head was whole", "unexpected eof"))
        for name, (say, words) in CONNECT_CASES.items()
        if "reset" not in name
    },
    **{f"socks5: {name}": ("socks5", say, words) for name, (say, words) in SOCKS_CASES.items()},
    **{
        f"socks5: reply: {name}": ("socks5", after_greeting(say), words) for name, (say, words) in SOCKS_REPLIES.items()
    },
}


async def greeted(peer: Peer) -> bool:
    """Take what a client says first."""
    first = await peer.stream.receive_some(3)
    if first[:1] == b"\x05":
        return True
    peer._seen = bytes(first)
    return await peer.request() is not None


def hostile(kind: str, say: Say, good: Handler) -> Handler:
    """The first connection is treated like this, later ones are served."""

    async def handler(peer: Peer) -> None:
        if peer.number:
            await good(peer)
        elif await greeted(peer):
            await say(peer)

    return handler


@pytest.mark.covers("N14", "N3")
@pytest.mark.parametrize("case", CASES)
async def test_a_proxy_that_misbehaves_is_named_and_nothing_is_sent(
    http: Http, serve: Serve, server_tls: ssl.SSLContext, platform: Server, case: str
) -> None:
    kind, say, words = CASES[case]
    good = (socks_proxy if kind == "socks5" else connect_proxy)({f"{NAME}:443": platform.port})
    proxy = await serve(hostile(kind, say, good), tls=server_tls if kind == "https" else None)
    limits = BRIEF if words is SLOW else LIMITS
    session = http.session(connections=1, limits=limits, route=route_to(proxy.port, kind))
    started = time.perf_counter()
    outcome = await session.fetch(POST)
    assert time.perf_counter() - started < BRIEF.connect + MARGIN
    assert isinstance(outcome, NotSent), outcome
    assert outcome.failure is Failure.WAY_OUT, outcome
    assert outcome.detail.startswith(f"proxy office ({kind}://127.0.0.1:{proxy.port}): "), outcome
    assert words in outcome.detail
    assert "the platform" not in outcome.detail
    assert platform.requests == []
    reply = await session.fetch(POST)
    assert isinstance(reply, Reply), reply
    assert reply.body == b"fine"
    assert (len(platform.requests), proxy.accepted) == (1, 2)


@pytest.mark.covers("N14")
@pytest.mark.parametrize(
    ("say", "failure", "words"),
    [
        (in_tunnel(silent()), Failure.TIMEOUT, "no connection in 0.5 s; last in the TLS handshake, through "),
        (
            in_tunnel(endless(b"\x16\x03\x03\x40\x00", b"x", 0.02)),
            Failure.TIMEOUT,
            "last in the TLS handshake, through ",
        ),
        (in_tunnel(silent(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")), Failure.TLS, "wrong version number, through "),
    ],
)
async def test_what_fails_inside_the_tunnel_may_be_anybodys_and_names_the_proxy(
    http: Http, serve: Serve, say: Say, failure: Failure, words: str
) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await say(peer)

    proxy = await serve(handler)
    session = http.session(connections=1, limits=BRIEF, route=route_to(proxy.port))
    outcome = await session.fetch(POST)
    assert isinstance(outcome, NotSent)
    assert outcome.failure is failure
    assert outcome.detail.endswith(f"{words}proxy office (http://127.0.0.1:{proxy.port})")


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
async def test_a_password_is_not_repeated_whatever_a_proxy_echoes(
    http: Http, serve: Serve, kind: str, server_tls: Any
) -> None:
    async def echo(peer: Peer) -> None:
        if kind == "socks5":
            await read(peer, 4)
            await peer.send(b"\x05\x02")
            await read(peer, 3 + len("numtrustd") + len("hunter2"))
            await peer.send(b"\x01hunter2")
            return
        head = await peer.request()
        assert head is not None
        token = head.partition(b"Basic ")[2].partition(b"\r\n")[0]
        status = b"HTTP/1.1 407 hunter2 %b\r\n" % token
        await peer.send(status + b"Proxy-Authenticate: hunter2, %b realm=hunter2\r\nA: hunter2\r\n\r\nhunter2" % token)

    proxy = await serve(echo, tls=server_tls if kind == "https" else None)
    route = route_to(proxy.port, kind, "numtrustd", "hunter2")
    outcome = await http.session(connections=1, limits=LIMITS, route=route).fetch(POST)
    assert isinstance(outcome, NotSent)
    assert "does not accept the user and password" in outcome.detail
    assert "hunter2" not in outcome.detail
    assert "bnVt" not in outcome.detail


@pytest.mark.covers("N14")
async def test_a_proxy_that_is_not_there(http: Http, names: None) -> None:
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    session = http.session(connections=1, limits=LIMITS, route=route_to(port))
    outcome = await session.fetch(POST)
    address = f"http://127.0.0.1:{port}"
    assert outcome == NotSent(Failure.WAY_OUT, f"proxy office ({address}): 127.0.0.1 port {port}: Connection refused")
    nowhere = Route(name="office", proxy=Proxy("socks5", "proxy.gone", 1080))
    outcome = await http.session(connections=1, limits=LIMITS, route=nowhere).fetch(POST)
    assert outcome == NotSent(
        Failure.WAY_OUT, "proxy office (socks5://proxy.gone:1080): proxy.gone: Name or service not known"
    )


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that knows no `*.gone`."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **options: Any) -> Any:
        if str(host).endswith(".gone"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.covers("N6", "N14")
async def test_a_proxy_that_hangs_in_its_own_handshake(http: Http, serve: Serve) -> None:
    async def handler(peer: Peer) -> None:
        await trio.sleep_forever()

    proxy = await serve(handler)
    session = http.session(connections=1, limits=BRIEF, route=route_to(proxy.port, "https"))
    outcome = await session.fetch(POST)
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.WAY_OUT
    assert outcome.detail.endswith(": no connection in 0.5 s; last in the TLS handshake")


async def test_the_total_deadline_holds_for_the_proxy_too(http: Http, serve: Serve) -> None:
    async def handler(peer: Peer) -> None:
        await trio.sleep_forever()

    proxy = await serve(handler)
    limits = Limits(deadline=0.1, connect=5.0)
    session = http.session(connections=1, limits=limits, route=route_to(proxy.port))
    ends: list[Outcome] = []

    async def caller() -> None:
        ends.append(await session.fetch(POST))

    started = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(caller)
    assert time.perf_counter() - started < 0.1 + MARGIN
    name = f"proxy office (http://127.0.0.1:{proxy.port})"
    hung = NotSent(Failure.WAY_OUT, f"{name}: 0.1 s passed waiting for its answer")
    queued = NotSent(Failure.TIMEOUT, f"0.1 s passed waiting for a free connection, through {name}")
    assert hung in ends
    assert len(ends) == 3
    assert set(ends) <= {hung, queued}


async def test_a_proxy_that_is_down_is_unreachable_to_a_look_and_not_sent_to_an_appeal(
    http: Http, serve: Serve
) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 503 Out of order\r\n\r\n")

    proxy = await serve(handler)
    outcome = await http.session(connections=1, limits=LIMITS, route=route_to(proxy.port)).fetch(POST)
    (seen,) = extract(SOURCE, from_canonical("+8613800138000"), outcome, 1_795_000_000.0, {})
    assert (seen.status, seen.reason) == (Status.UNKNOWN, UnknownReason.UNREACHABLE)
    said = f"proxy office (http://127.0.0.1:{proxy.port}): answered 503 Service Unavailable to CONNECT {NAME}:443"
    assert seen.detail == said
    assert answer.answer(CALL, outcome, {}, 1_795_000_000.0) == answer.NotSent(f"way_out: {said}")


# --------------------------------------------------------------------------------- sent, not sent, nobody can know


@pytest.mark.covers("W2", "N14")
@pytest.mark.parametrize("kind", ["http", "socks5"])
@pytest.mark.parametrize("way", ["there", "back"])
async def test_wherever_the_tunnel_breaks_not_sent_means_that_nothing_of_it_left(
    http: Http, serve: Serve, platform: Server, kind: str, way: str
) -> None:
    """The proxy carries so many bytes to the platform, or back from it, and then closes: from none to all of them."""
    left = 0

    async def tunnel(peer: Peer, upstream: trio.SocketStream) -> None:
        async def carry(source: trio.abc.ReceiveStream, sink: trio.abc.SendStream, most: int) -> None:
            while most and (data := await source.receive_some(min(most, 65_536))):
                await sink.send_all(data)
                most -= len(data)
            await trio.sleep(0.01)  # what was carried the other way arrives
            nursery.cancel_scope.cancel()

        async with upstream, trio.open_nursery() as nursery:
            nursery.start_soon(carry, peer.stream, upstream, left if way == "there" else 1 << 20)
            nursery.start_soon(carry, upstream, peer.stream, left if way == "back" else 1 << 20)

    make = socks_proxy if kind == "socks5" else connect_proxy
    proxy = await serve(make({f"{NAME}:443": platform.port}, tunnel=tunnel))
    limits = Limits(deadline=5.0, connect=4.0)
    seen: dict[tuple[type, int], int] = {}
    for left in (*range(0, 2_000, 40), 5_000):
        before = len(platform.requests)
        session = http.session(connections=1, limits=limits, route=route_to(proxy.port, kind))
        outcome = await session.fetch(POST)
        await session.aclose()
        await trio.sleep(0.005)
        arrived = len(platform.requests) - before
        if not isinstance(outcome, Reply):
            assert "proxy office" in outcome.detail
        seen[type(outcome), arrived] = left
    # Never twice, never "not sent" of what arrived; and if none of it arrived, "unknown" at the most.
    assert set(seen) == {(NotSent, 0), (Unknown, 1 if way == "back" else 0), (Reply, 1)}, seen


async def test_a_tunnel_that_died_while_idle_is_found_before_anything_is_written(
    http: Http, serve: Serve, platform: Server
) -> None:
    async def tunnel(peer: Peer, upstream: trio.SocketStream) -> None:
        with trio.move_on_after(0.03):
            await splice(peer, upstream)

    proxy = await serve(connect_proxy({f"{NAME}:443": platform.port}, tunnel=tunnel))
    session = http.session(connections=1, limits=LIMITS, route=route_to(proxy.port))
    for _ in range(3):
        reply = await session.fetch(POST)
        assert isinstance(reply, Reply), reply
        await trio.sleep(0.06)
    assert (len(platform.requests), proxy.accepted) == (3, 3)


@pytest.mark.covers("N8")
@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
async def test_what_comes_through_an_idle_tunnel_is_nobodys_answer(
    http: Http, serve: Serve, server_tls: ssl.SSLContext, platform_tls: ssl.SSLContext, kind: str
) -> None:
    """Also where it waits inside the proxy's TLS, decrypted once and not twice."""

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(ok(b"asked"))
            if peer.number == 0:
                await trio.sleep(0.01)
                for _ in range(5):
                    await peer.send(ok(b"forged"))

    platform = await serve(handler, tls=platform_tls)
    make = socks_proxy if kind == "socks5" else connect_proxy
    proxy = await serve(make({f"{NAME}:443": platform.port}), tls=server_tls if kind == "https" else None)
    session = http.session(connections=1, limits=LIMITS, route=route_to(proxy.port, kind))
    for _ in range(2):
        reply = await session.fetch(Request("GET", ORIGIN, "/"))
        assert isinstance(reply, Reply), reply
        assert reply.body == b"asked"
        await trio.sleep(0.04)
    assert platform.accepted == 2


@pytest.mark.covers("P6")
@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
async def test_a_cancel_storm_through_a_proxy_leaves_nothing_behind(
    http: Http, serve: Serve, server_tls: ssl.SSLContext, platform: Server, kind: str
) -> None:
    make = socks_proxy if kind == "socks5" else connect_proxy
    proxy = await serve(make({f"{NAME}:443": platform.port}), tls=server_tls if kind == "https" else None)
    session = http.session(connections=3, limits=LIMITS, route=route_to(proxy.port, kind))
    draw = random.Random(7)
    before = len(os.listdir("/proc/self/fd"))
    cancelled = 0

    async def caller(patience: float) -> None:
        nonlocal cancelled
        for _ in range(4):
            with trio.move_on_after(patience * draw.random()) as scope:
                reply = await session.fetch(POST)
                assert isinstance(reply, Reply), reply
            cancelled += scope.cancelled_caught

    for patience in (0.0, 0.01, 0.05):
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(caller, patience)
    assert cancelled > 40
    for _ in range(6):
        assert isinstance(await session.fetch(POST), Reply)
    await session.aclose()
    with trio.fail_after(1):
        while len(os.listdir("/proc/self/fd")) > before:
            await trio.sleep(0.01)
