"""Reads exactly one answer from a stream, within bounds, and says whether the connection may carry another.

llhttp (through httptools) reads heads and chunks. Where a head ends, how long a body is and what follows it
is decided here, since httptools does not say how many bytes it used and a byte too many is the next request's
forged answer. `transport` calls it, and `connect` for the answer of a proxy; it trusts nothing that comes from
`stream`.
"""

from typing import Final, NamedTuple

import httptools
import trio

from numtrustd.http.fault import Fault
from numtrustd.http.stream import Stream
from numtrustd.wire.exchange import Failure, Limits

MAX_INTERIM = 16
"""1xx answers before the real one."""
MAX_HEADERS = 256
_END_OF_HEAD: Final = b"\r\n\r\n"
_VERSIONS: Final = (b"HTTP/1.1 ", b"HTTP/1.0 ")
Headers = tuple[tuple[str, str], ...]
_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})
# A chunk is at least `0\r\n` or `1\r\nx\r\n`: so many bytes hold at most 64 of them, so many line ends at
# most 64 too.
_SLICE: Final = 64 * 6
_LINE_ENDS: Final = 64 * 2


class Answer(NamedTuple):
    """A whole answer. `reusable`: nothing followed it and neither side said goodbye."""

    status: int
    headers: Headers
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes
    reusable: bool


class _Message:
    """What llhttp reports, with the counts bounded. Raising inside a callback stops the parser."""

    __slots__ = ("chunks", "complete", "extra", "fault", "head_done", "headers", "max_chunks", "parts")

    def __init__(self, max_chunks: int) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.chunks = 0
        self.max_chunks = max_chunks
        self.head_done = self.complete = self.extra = False
        self.fault: Fault | None = None

    def on_message_begin(self) -> None:
        if self.complete:  # a second answer: its headers and body must not mix with ours
            self.extra = True
            raise Fault(Failure.PROTOCOL, "bytes after the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= MAX_HEADERS:
            self.fault = Fault(Failure.TOO_LARGE, f"more than {MAX_HEADERS} headers")
            raise self.fault
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.head_done = True

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_chunk_header(self) -> None:
        self.chunks += 1
        if self.chunks > self.max_chunks:
            self.fault = Fault(Failure.TOO_LARGE, f"more than {self.max_chunks} chunks")
            raise self.fault

    def on_message_complete(self) -> None:
        self.complete = True


class _Head(NamedTuple):
    """The head of the real answer, the parser that read it, and what came after it."""

    status: int
    modern: bool
    headers: Headers
    message: _Message
    parser: httptools.HttpResponseParser
    rest: bytes


async def read_answer(stream: Stream, limits: Limits, *, bodiless: bool = False) -> Answer:
    """The answer to the request just written; `bodiless` when that was a HEAD.

    Raises `Fault`: RESET (ended early), PROTOCOL, TOO_LARGE, ENCODING.
    """
    status, modern, headers, message, parser, rest = await _read_final_head(stream, limits)
    length, chunked, close = _framing(headers, modern=modern)
    if bodiless or status in (204, 304) or length == 0:
        return Answer(status, headers, message.headers, b"", not close and not rest)
    _refuse_encoding(headers)
    raw = message.headers
    if chunked:
        body, clean = await _read_chunked(stream, rest, parser, message, limits)
    elif length is not None:
        if length > limits.max_bytes:
            raise Fault(Failure.TOO_LARGE, f"a body of {length} bytes; {limits.max_bytes} are allowed")
        body, clean = await _read_counted(stream, rest, length)
    elif close:
        body, clean = await _read_to_end(stream, rest, limits.max_bytes), False
    else:
        raise Fault(Failure.PROTOCOL, "an answer that does not say how long it is")
    return Answer(status, headers, raw, body, clean and not close)


async def read_connect_answer(stream: Stream, limits: Limits) -> tuple[int, Headers, bytes]:
    """The answer to a CONNECT: (status, headers, what came after them, which is no body where the status is 2xx).

    Raises `Fault`: RESET (ended early), PROTOCOL, TOO_LARGE.
    """
    head = await _read_final_head(stream, limits)
    return head.status, head.headers, head.rest


async def _read_final_head(stream: Stream, limits: Limits) -> _Head:
    """Past the interim answers; all heads together have the room of one."""
    rest: bytes = b""
    room = limits.max_header_bytes
    for _ in range(MAX_INTERIM + 1):
        head, rest = await _read_head(stream, rest, room)
        room -= len(head)
        message = _Message(limits.max_chunks)
        parser = httptools.HttpResponseParser(message)
        _feed(parser, message, head)
        if not message.head_done or message.parts:
            raise Fault(Failure.PROTOCOL, "a head that does not end where it seems to")
        status = parser.get_status_code()
        if status >= 200:
            headers = tuple(
                [
                    (name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t"))
                    for name, value in message.headers
                ]
            )
            return _Head(status, head.startswith(_VERSIONS[0]), headers, message, parser, rest)
        if status == 101:
            raise Fault(Failure.PROTOCOL, "101: the peer switched to a protocol nobody asked for")
    raise Fault(Failure.PROTOCOL, f"more than {MAX_INTERIM} interim answers")


async def _read_head(stream: Stream, start: bytes, room: int) -> tuple[bytes, bytes]:
    """(head with its empty line, what came after it)."""
    seen = start or await stream.receive()
    if (end := seen.find(_END_OF_HEAD)) < 0:
        # A growing buffer, searched only where it is new: a byte at a time costs no more than all at once.
        buffer = bytearray(seen)
        while end < 0:
            if len(buffer) > room:
                raise Fault(Failure.TOO_LARGE, "the headers are too long")
            if len(buffer) >= len(_VERSIONS[0]) and not buffer.startswith(_VERSIONS):
                raise Fault(Failure.PROTOCOL, "the answer is not HTTP/1")
            if not (data := await stream.receive()):
                raise Fault(Failure.RESET, "closed before the answer's head was whole")
            searched = max(0, len(buffer) - len(_END_OF_HEAD) + 1)
            buffer += data
            end = buffer.find(_END_OF_HEAD, searched)
        seen = bytes(buffer)
    end += len(_END_OF_HEAD)
    if end > room:
        raise Fault(Failure.TOO_LARGE, "the headers are too long")
    if not seen.startswith(_VERSIONS):
        raise Fault(Failure.PROTOCOL, "the answer is not HTTP/1")
    return seen[:end], seen[end:]


def _feed(parser: httptools.HttpResponseParser, message: _Message, data: bytes | memoryview) -> None:
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        raise Fault(Failure.PROTOCOL, "the peer switched to a protocol nobody asked for") from None
    except httptools.HttpParserError as exc:
        if message.fault is not None:
            raise message.fault from None
        if message.complete:  # the answer is whole; what follows it is not HTTP
            message.extra = True
            return
        raise Fault(Failure.PROTOCOL, str(exc) or "malformed answer") from exc


def _framing(headers: Headers, *, modern: bool) -> tuple[int | None, bool, bool]:
    """(content length, chunked, closes afterwards). What two readers might read differently is refused."""
    length: int | None = None
    chunked = False
    close = not modern
    for name, value in headers:
        if name not in _FRAMING:
            continue
        if name == "content-length":
            if length is not None or not (value.isascii() and value.isdigit() and len(value) < 19):
                raise Fault(Failure.PROTOCOL, "the content length is given twice or is no number")
            length = int(value)
        elif name == "transfer-encoding":
            if chunked or not modern:
                raise Fault(Failure.PROTOCOL, "the transfer encoding is given twice, or by HTTP/1.0")
            if value.lower() != "chunked":
                raise Fault(Failure.ENCODING, f"transfer encoding {value[:40]!r}")
            chunked = True
        elif name == "connection" and "close" in value.lower():
            close = True
    if chunked and length is not None:
        raise Fault(Failure.PROTOCOL, "both a content length and chunks")
    return length, chunked, close


def _refuse_encoding(headers: Headers) -> None:
    for name, value in headers:
        if name == "content-encoding" and value.lower() not in ("", "identity"):
            raise Fault(Failure.ENCODING, f"content encoding {value[:40]!r}; only identity was asked for")


async def _read_counted(stream: Stream, start: bytes, length: int) -> tuple[bytes, bool]:
    if len(start) >= length:
        return start[:length], len(start) == length
    parts, have = [start], len(start)
    while have < length:
        if not (data := await stream.receive()):
            raise Fault(Failure.RESET, f"closed after {have} of {length} bytes")
        parts.append(data)
        have += len(data)
    body = b"".join(parts)
    return body[:length], have == length


async def _read_to_end(stream: Stream, start: bytes, max_bytes: int) -> bytes:
    parts, have = [start], len(start)
    while True:
        if have > max_bytes:
            raise Fault(Failure.TOO_LARGE, f"more than {max_bytes} bytes")
        if not (data := await stream.receive()):
            return b"".join(parts)
        parts.append(data)
        have += len(data)


async def _read_chunked(
    stream: Stream, start: bytes, parser: httptools.HttpResponseParser, message: _Message, limits: Limits
) -> tuple[bytes, bool]:
    message.headers = []  # what comes now are trailers: counted, never used
    data = start or await stream.receive()
    have = len(data)
    while data:
        if have > limits.max_bytes:
            raise Fault(Failure.TOO_LARGE, f"more than {limits.max_bytes} bytes")
        if data.count(b"\r\n") <= _LINE_ENDS:
            _feed(parser, message, data)
        else:
            view = memoryview(data)
            for at in range(0, len(view), _SLICE):
                if message.complete:
                    message.extra = True
                    break
                _feed(parser, message, view[at : at + _SLICE])
                await trio.lowlevel.checkpoint()
        if message.complete:
            # llhttp skips stray line ends, which do no harm, and says nothing of half a start line.
            return b"".join(message.parts), not message.extra and data.endswith(b"\n")
        data = await stream.receive()
        have += len(data)
    raise Fault(Failure.RESET, "closed before the last chunk")
