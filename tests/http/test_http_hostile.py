"""Platforms that misbehave: every one ends as the right value, in time, and harms no later request."""

import gzip
import time
from collections.abc import Awaitable, Callable

import pytest
import trio
from loopback import Peer, Serve, ok

from numtrustd.http import Http
from numtrustd.wire.exchange import Failure, Limits, NotSent, Reply, Request, Unknown

LIMITS = Limits(deadline=0.3, connect=0.3, max_bytes=65_536, max_header_bytes=8_192, max_chunks=1_000)
MARGIN = 0.25
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

Say = Callable[[Peer], Awaitable[None]]


def once(*parts: bytes, reset: bool = False) -> Say:
    """Say these and close."""

    async def say(peer: Peer) -> None:
        for part in parts:
            await peer.send(part)
            await trio.sleep(0.002)
        if reset:
            peer.reset()

    return say


def endless(start: bytes, again: bytes, pause: float = 0.0) -> Say:
    """Say the one, then the other for ever."""

    async def say(peer: Peer) -> None:
        await peer.send(start)
        while True:
            await peer.send(again)
            await trio.sleep(pause)

    return say


def silent(start: bytes = b"") -> Say:
    """Say this much and stay."""

    async def say(peer: Peer) -> None:
        if start:
            await peer.send(start)
        await trio.sleep_forever()

    return say


CASES: dict[str, tuple[Say, Failure]] = {
    "endless body, closed at the end of time": (
        endless(HEAD + b"Connection: close\r\n\r\n", b"x" * 8_192),
        Failure.TOO_LARGE,
    ),
    "endless chunks": (endless(CHUNKED, b"1000\r\n" + b"x" * 0x1000 + b"\r\n"), Failure.TOO_LARGE),
    "endless chunk extension": (endless(CHUNKED + b"5;", b"x" * 4_096), Failure.TOO_LARGE),
    "endless trailers": (endless(CHUNKED + b"0\r\n", b"A: b\r\n" * 100), Failure.TOO_LARGE),
    "endless trailer": (endless(CHUNKED + b"0\r\nA: ", b"x" * 4_096), Failure.TOO_LARGE),
    "1-byte chunks": (endless(CHUNKED, b"1\r\nx\r\n" * 512), Failure.TOO_LARGE),
    "a length beyond the cap": (silent(HEAD + b"Content-Length: 65537\r\n\r\n"), Failure.TOO_LARGE),
    "an absurd length": (silent(HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n"), Failure.PROTOCOL),
    "endless header": (endless(HEAD + b"A: ", b"x" * 1_024), Failure.TOO_LARGE),
    "endless headers": (endless(HEAD, b"A: b\r\n" * 50), Failure.TOO_LARGE),
    "too many headers at once": (once(HEAD + b"A: b\r\n" * 300 + b"\r\n"), Failure.TOO_LARGE),
    "endless status line": (endless(b"HTTP/1.1 200 ", b"x" * 1_024), Failure.TOO_LARGE),
    "endless 1xx": (endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"), Failure.PROTOCOL),
    "slow 1xx": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), Failure.TIMEOUT),
    "slow headers": (endless(HEAD, b"A: b\r\n", 0.02), Failure.TIMEOUT),
    "slow body": (endless(HEAD + b"Content-Length: 1000\r\n\r\n", b"x", 0.02), Failure.TIMEOUT),
    "slow chunks": (endless(CHUNKED, b"1\r\nx\r\n", 0.02), Failure.TIMEOUT),
    "silence": (silent(), Failure.TIMEOUT),
    "silence after the head": (silent(HEAD + b"Content-Length: 1\r\n\r\n"), Failure.TIMEOUT),
    "gzip": (
        once(ok(gzip.compress(b"x" * 100_000), b"Content-Encoding: gzip")),
        Failure.ENCODING,
    ),
    "stacked encodings": (once(ok(b"x", b"Content-Encoding: identity, br")), Failure.ENCODING),
    "gzip as transfer encoding": (
        once(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        Failure.ENCODING,
    ),
    "shorter than it said": (once(HEAD + b"Content-Length: 10\r\n\r\nabc"), Failure.RESET),
    "cut in a chunk": (once(CHUNKED + b"a\r\nabc"), Failure.RESET),
    "cut before the last chunk": (once(CHUNKED + b"3\r\nabc\r\n"), Failure.RESET),
    "cut in the trailers": (once(CHUNKED + b"0\r\n"), Failure.RESET),
    "cut in the head": (once(HEAD + b"Content-Le"), Failure.RESET),
    "closed at once": (once(), Failure.RESET),
    "reset at once": (once(reset=True), Failure.RESET),
    "reset in the head": (once(b"HTTP/1.1 2", reset=True), Failure.RESET),
    "reset in the body": (once(HEAD + b"Content-Length: 9\r\n\r\nabc", reset=True), Failure.RESET),
    "reset in a body that ends with the connection": (
        once(HEAD + b"Connection: close\r\n\r\nabc", reset=True),
        Failure.RESET,
    ),
    "no length and no word of closing": (once(HEAD + b"\r\nabc"), Failure.PROTOCOL),
    "two equal lengths": (
        once(HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        Failure.PROTOCOL,
    ),
    "two lengths": (once(HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), Failure.PROTOCOL),
    "two lengths in one": (once(HEAD + b"Content-Length: 3, 3\r\n\r\nabc"), Failure.PROTOCOL),
    "negative length": (once(HEAD + b"Content-Length: -1\r\n\r\nabc"), Failure.PROTOCOL),
    "signed length": (once(HEAD + b"Content-Length: +3\r\n\r\nabc"), Failure.PROTOCOL),
    "hexadecimal length": (once(HEAD + b"Content-Length: 0x3\r\n\r\nabc"), Failure.PROTOCOL),
    "length and chunks": (
        once(HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        Failure.PROTOCOL,
    ),
    "chunks and length": (
        once(HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        Failure.PROTOCOL,
    ),
    "chunked twice": (
        once(HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Failure.PROTOCOL,
    ),
    "chunks by HTTP/1.0": (
        once(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Failure.PROTOCOL,
    ),
    "space before the colon": (once(HEAD + b"Content-Length : 3\r\n\r\nabc"), Failure.PROTOCOL),
    "header without a colon": (once(HEAD + b"nonsense\r\n\r\n"), Failure.PROTOCOL),
    "NUL in a header": (once(HEAD + b"A: b\0c\r\nContent-Length: 0\r\n\r\n"), Failure.PROTOCOL),
    "bare CR in a header": (once(HEAD + b"A: b\rContent-Length: 0\r\n\r\n"), Failure.PROTOCOL),
    "bad chunk size": (once(CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n"), Failure.PROTOCOL),
    "chunk longer than it said": (once(CHUNKED + b"2\r\nabc\r\n0\r\n\r\n"), Failure.PROTOCOL),
    "overflowing chunk size": (once(CHUNKED + b"fffffffffffffffffff\r\nabc\r\n"), Failure.PROTOCOL),
    "bare line ends": (once(b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"), Failure.RESET),
    "bare line end before the body": (
        once(HEAD + b"Content-Length: 3\r\n\nabc\r\n\r\n"),
        Failure.PROTOCOL,
    ),
    "another protocol": (silent(b"SSH-2.0-OpenSSH_9.2p1\r\n"), Failure.PROTOCOL),
    "HTTP/2": (silent(b"\0\0\x12\4\0\0\0\0\0\0\0\0\0\0\0\0"), Failure.PROTOCOL),
    "HTTP/0.9": (once(b"<html>a whole page\r\n\r\n</html>"), Failure.PROTOCOL),
    "HTTP/3.7": (once(b"HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n"), Failure.PROTOCOL),
    "garbage": (once(bytes(range(256)) * 4), Failure.PROTOCOL),
    "status of four digits": (once(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"), Failure.PROTOCOL),
    "status of two digits": (once(b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"), Failure.PROTOCOL),
    "switching protocols": (
        once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxyz"),
        Failure.PROTOCOL,
    ),
    "switching without saying to what": (once(b"HTTP/1.1 101 OK\r\n\r\n"), Failure.PROTOCOL),
    "an empty line first": (once(b"\r\n\r\n" + ok(b"abc")), Failure.PROTOCOL),
}


@pytest.mark.covers("N1", "N2", "N3", "N4")
@pytest.mark.parametrize("case", CASES)
async def test_misbehaviour_is_a_value_in_time(http: Http, serve: Serve, case: str) -> None:
    say, failure = CASES[case]

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await (say(peer) if peer.number == 0 else peer.send(ok(b"fine")))
            if peer.number == 0:
                return

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    started = time.perf_counter()
    outcome = await session.fetch(Request("GET", server.origin, "/"))
    assert time.perf_counter() - started < LIMITS.deadline + MARGIN
    assert isinstance(outcome, Unknown), outcome
    assert outcome.failure is failure, outcome
    assert outcome.detail
    after = await session.fetch(Request("GET", server.origin, "/"))
    assert isinstance(after, Reply)
    assert after.body == b"fine"
    assert server.accepted == 2


FORGED = ok(b"forged")


@pytest.mark.covers("N8")
@pytest.mark.parametrize(
    "answer",
    [
        ok(b"first") + FORGED,
        ok(b"first") + b"x",
        ok(b"first") + b"H",
        ok(b"first") + b"\r\n",
        CHUNKED + b"5\r\nfirst\r\n0\r\n\r\n" + FORGED,
        CHUNKED + b"5\r\nfirst\r\n0\r\n\r\nx",
        CHUNKED + b"5\r\nfirst\r\n0\r\n\r\nH",
        CHUNKED + b"1\r\nf\r\n1\r\ni\r\n3\r\nrst\r\n" + b"0\r\n" + b"A: b\r\n" * 140 + b"\r\n" + FORGED,
        HEAD + b"Content-Length: 5\r\nConnection: close\r\n\r\nfirst" + FORGED,
    ],
)
async def test_bytes_after_an_answer_never_reach_the_next_request(http: Http, serve: Serve, answer: bytes) -> None:
    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(answer if peer.number == 0 else ok(b"second"))

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    first = await session.fetch(Request("GET", server.origin, "/"))
    assert isinstance(first, Reply)
    assert first.body == b"first"
    second = await session.fetch(Request("GET", server.origin, "/"))
    assert isinstance(second, Reply)
    assert second.body == b"second"
    assert server.accepted == 2


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_by_nature_cannot_smuggle_one(http: Http, serve: Serve, status: int) -> None:
    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            length = b"Content-Length: %d" % len(FORGED)
            start = b"HTTP/1.1 %d x\r\n%b\r\n\r\n" % (status, length)
            await peer.send(start + FORGED if peer.number == 0 else ok(b"second"))

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    first = await session.fetch(Request("GET", server.origin, "/"))
    assert isinstance(first, Reply)
    assert (first.status, first.body) == (status, b"")
    second = await session.fetch(Request("GET", server.origin, "/"))
    assert isinstance(second, Reply)
    assert second.body == b"second"


@pytest.mark.covers("N8")
async def test_an_answer_that_comes_between_requests_is_nobodys(http: Http, serve: Serve) -> None:
    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(ok(b"asked"))
            if peer.number == 0:
                await trio.sleep(0.01)
                await peer.send(FORGED)

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    for _ in range(2):
        reply = await session.fetch(Request("GET", server.origin, "/"))
        assert isinstance(reply, Reply)
        assert reply.body == b"asked"
        await trio.sleep(0.03)
    assert server.accepted == 2


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", b"old"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + ok(b"real"), b"real"),
        (HEAD + b"content-length:3\r\ncontent-encoding: Identity\r\n\r\nabc", b"abc"),
        (CHUNKED + b"3;name=value\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", b"abc"),
        (CHUNKED + b"0\r\n\r\n", b""),
        (b"HTTP/1.1 999 \r\nContent-Length: 1\r\n\r\nx", b"x"),
        (HEAD + b"X-Words: \xe4\xbd\xa0\r\nContent-Length: 1\r\n\r\nx", b"x"),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 10_000])
async def test_what_is_lawful_though_odd_is_a_reply(
    http: Http, serve: Serve, answer: bytes, body: bytes, piece: int
) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        for at in range(0, len(answer), piece):
            await peer.send(answer[at : at + piece])

    server = await serve(handler)
    reply = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", server.origin, "/"))
    assert isinstance(reply, Reply), reply
    assert reply.body == body


async def test_a_platform_that_takes_nothing_is_unknown(http: Http, serve: Serve) -> None:
    async def handler(peer: Peer) -> None:
        await trio.sleep_forever()

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    outcome = await session.fetch(Request("POST", server.origin, "/", (), bytes(20_000_000)))
    assert isinstance(outcome, Unknown)
    assert outcome.failure is Failure.TIMEOUT


@pytest.mark.covers("N6")
async def test_a_hung_handshake_was_not_sent(http: Http, serve: Serve) -> None:
    async def handler(peer: Peer) -> None:
        await trio.sleep_forever()

    server = await serve(handler)
    session = http.session(connections=1, limits=Limits(deadline=2.0, connect=0.1))
    started = time.perf_counter()
    outcome = await session.fetch(Request("GET", server.origin.replace("http:", "https:"), "/"))
    assert outcome == NotSent(Failure.TIMEOUT, "no connection in 0.1 s; last in the TLS handshake")
    assert time.perf_counter() - started < 0.1 + MARGIN


@pytest.mark.covers("N6")
async def test_a_hung_connect_was_not_sent(http: Http) -> None:
    # A full backlog swallows the SYN; that is as near to a black hole as loopback comes.
    with trio.socket.socket() as listener:
        await listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        blockers = []
        for _ in range(4):
            with trio.move_on_after(0.05):
                blockers.append(await trio.open_tcp_stream("127.0.0.1", port))
        session = http.session(connections=1, limits=Limits(deadline=2.0, connect=0.1))
        outcome = await session.fetch(Request("GET", f"http://127.0.0.1:{port}", "/"))
        for blocker in blockers:
            await blocker.aclose()
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.TIMEOUT
