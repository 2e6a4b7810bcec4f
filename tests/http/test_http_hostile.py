"""Platforms that misbehave: every one ends as the right value, in time, and harms no later request."""

import time

import pytest
import trio
from loopback import Peer, Serve, ok
from msgspec import structs

from numtrustd.http import Http
from numtrustd.wire.exchange import Failure, Limits, NotSent, Reply, Request, Unknown
from tests.http.misbehaviour import CASES, CHUNKED, HEAD, LIMITS

MARGIN = 0.25


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
PATIENT = structs.replace(LIMITS, deadline=10.0, connect=10.0)
"""Where an answer is waited for: how late it comes on a busy machine is not what is tested."""


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
    session = http.session(connections=1, limits=PATIENT)
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
    session = http.session(connections=1, limits=PATIENT)
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
    session = http.session(connections=1, limits=PATIENT)
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
    reply = await http.session(connections=1, limits=PATIENT).fetch(Request("GET", server.origin, "/"))
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
