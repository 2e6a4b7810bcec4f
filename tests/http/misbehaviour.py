"""What platforms do wrong on the wire, by name, and what it must end as.

`test_http_hostile` runs each alone, `hostile_server` serves them all to a client of little memory. Byte counts fit the
bounds of `LIMITS`, which are lower than the daemon's own.
"""

import gzip
from collections.abc import Awaitable, Callable

import trio

from numtrustd.wire.exchange import Failure, Limits
from tests.http.loopback import Peer, ok

LIMITS = Limits(deadline=0.3, connect=0.3, max_bytes=65_536, max_header_bytes=8_192, max_chunks=1_000)
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
