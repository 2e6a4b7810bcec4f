"""Framing as properties: how the bytes are cut changes nothing, and no bytes do harm."""

from itertools import pairwise

import httptools
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.http.fault import Fault
from numtrustd.http.framing import Answer, read_answer
from numtrustd.http.stream import Stream
from numtrustd.wire.exchange import Failure, Limits

LIMITS = Limits(max_bytes=2_000, max_header_bytes=1_000, max_chunks=40)


class Pieces(Stream):
    """A stream that gives these pieces, then ends."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]
        self.pieces.reverse()

    async def receive(self) -> bytes:
        return self.pieces.pop() if self.pieces else b""


def read(pieces: list[bytes]) -> Answer | Failure:
    async def main() -> Answer | Failure:
        try:
            return await read_answer(Pieces(pieces), LIMITS)
        except Fault as fault:
            return fault.failure

    return trio.run(main)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(n % (len(data) + 1) for n in at), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def chunked(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


bodies = st.binary(max_size=300)
cuts = st.lists(st.integers(0, 4_000), max_size=30)


@given(body=bodies, at=cuts, extra=st.binary(max_size=20))
def test_a_counted_body_is_the_same_however_it_is_cut(body: bytes, at: list[int], extra: bytes) -> None:
    data = b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answer = read(cut(data, at))
    assert isinstance(answer, Answer)
    assert (answer.body, answer.reusable) == (body, True)
    assert answer.raw_headers[0] == (b"A", b"b")
    once = read([data + extra])
    assert isinstance(once, Answer)
    assert (once.body, once.reusable) == (body, not extra)


@given(parts=st.lists(st.binary(min_size=1, max_size=60), max_size=20), at=cuts)
def test_a_chunked_body_is_the_same_however_it_is_cut(parts: list[bytes], at: list[int]) -> None:
    answer = read(cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(parts), at))
    assert isinstance(answer, Answer)
    assert (answer.body, answer.reusable) == (b"".join(parts), True)


@given(
    parts=st.lists(st.binary(min_size=1, max_size=60), max_size=20),
    extra=st.binary(min_size=1, max_size=40).filter(lambda b: b.strip(b"\r\n")),
)
def test_bytes_after_the_last_chunk_spoil_the_connection_not_the_answer(parts: list[bytes], extra: bytes) -> None:
    answer = read([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(parts) + extra])
    assert isinstance(answer, Answer)
    assert (answer.body, answer.reusable) == (b"".join(parts), False)


@given(noise=st.binary(max_size=600), at=cuts, start=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 "]))
def test_noise_is_a_fault_or_an_answer(noise: bytes, at: list[int], start: bytes) -> None:
    assert isinstance(read(cut(start + noise, at)), Answer | Failure)


@given(data=st.data(), parts=st.lists(st.binary(min_size=1, max_size=20), max_size=5), at=cuts)
def test_one_changed_byte_never_yields_a_longer_body_than_was_sent(
    data: st.DataObject, parts: list[bytes], at: list[int]
) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(parts)
    index = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:index] + bytes([data.draw(st.integers(0, 255))]) + whole[index + 1 :]
    answer = read(cut(changed, at))
    assert isinstance(answer, Failure) or len(answer.body) <= len(whole)


@pytest.mark.covers("N4")
@pytest.mark.parametrize("count", [40, 41])
def test_chunks_are_counted(count: int) -> None:
    answer = read([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunked([b"x"] * (count - 1))])
    assert (answer is Failure.TOO_LARGE) == (count > 40)


@pytest.mark.covers("N4")
def test_neighbours_get_a_turn_for_every_64_chunks() -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked([b"x"] * 4_000)
    turns = 0

    async def main() -> Answer:
        async with trio.open_nursery() as nursery:

            async def neighbour() -> None:
                nonlocal turns
                while True:
                    await trio.lowlevel.checkpoint()
                    turns += 1

            nursery.start_soon(neighbour)
            answer = await read_answer(Pieces([data]), Limits())
            nursery.cancel_scope.cancel()
        return answer

    assert trio.run(main).body == b"x" * 4_000
    assert turns >= 4_000 // 64 - 2  # the last turn or two may fall to the cancellation


@pytest.mark.covers("N1")
@pytest.mark.parametrize(("length", "fits"), [(2_000, True), (2_001, False)])
def test_the_wire_cap_is_exact(length: int, fits: bool) -> None:
    counted = read([b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length, b"x" * length])
    to_end = read([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x" * length])
    assert isinstance(counted, Answer) == isinstance(to_end, Answer) == fits


@pytest.mark.parametrize(("size", "fits"), [(1_000, True), (1_001, False)])
@pytest.mark.parametrize("piece", [1, 64, 5_000])
def test_the_header_cap_is_exact(size: int, fits: bool, piece: int) -> None:
    head = b"HTTP/1.1 204 No Content\r\nA: %b\r\n\r\n"
    head %= b"x" * (size - len(head) + 2)
    assert len(head) == size
    answer = read([head[at : at + piece] for at in range(0, size, piece)])
    assert answer is Failure.TOO_LARGE if not fits else isinstance(answer, Answer)


def test_interim_heads_share_the_header_cap() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nA: %b\r\n\r\n" % (b"x" * 300)
    assert read([interim * 4 + b"HTTP/1.1 204 No Content\r\n\r\n"]) is Failure.TOO_LARGE
    assert isinstance(read([interim * 2 + b"HTTP/1.1 204 No Content\r\n\r\n"]), Answer)


def test_httptools_is_as_strict_as_this_was_built_for() -> None:
    """llhttp must not end a head where `framing` does not see its end."""

    class Heads:
        done = False

        def on_headers_complete(self) -> None:
            self.done = True

    for head in (b"HTTP/1.1 200 OK\r\nA: b\n\n", b"HTTP/1.1 200 OK\r\nA: b\r\n\n", b"HTTP/1.1 200 OK\n\r\n"):
        heads = Heads()
        with pytest.raises(httptools.HttpParserError):
            httptools.HttpResponseParser(heads).feed_data(head)
        assert not heads.done
