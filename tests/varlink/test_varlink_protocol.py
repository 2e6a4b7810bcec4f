"""Framing and decoding, without a socket."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, Struct

from numtrustd.varlink import protocol as p

bodies = st.binary(max_size=200).map(lambda b: b.replace(b"\0", b"."))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e300, 1e300) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(bodies, max_size=8), st.data())
def test_messages_survive_any_fragmentation(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(m + b"\0" for m in messages)
    framer = p.Framer()
    got: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        framer.feed(stream[:cut])
        stream = stream[cut:]
        while (message := framer.next()) is not None:
            got.append(message)
    assert got == messages
    assert framer.pending == 0


@given(st.integers(0, 40), st.booleans())
def test_the_cap_is_on_the_message(length: int, ended: bool) -> None:
    framer = p.Framer(limit=20)
    framer.feed(b"x" * length + (b"\0" if ended else b""))
    if length > 20:
        with pytest.raises(p.TooLarge):
            framer.next()
    else:
        assert framer.next() == (b"x" * length if ended else None)


def test_a_message_in_many_pieces_is_searched_once() -> None:
    framer = p.Framer(limit=10_000_000)
    for _ in range(20_000):
        framer.feed(b"x" * 100)
        assert framer.next() is None
    framer.feed(b"\0")
    assert framer.next() == b"x" * 2_000_000


@given(st.binary(max_size=300))
def test_garbage_is_malformed_and_nothing_else(data: bytes) -> None:
    for decode in p.decode_request, p.decode_reply:
        with contextlib.suppress(p.Malformed):
            decode(data)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"[]",
        b"{}",
        b'{"method":1}',
        b'{"method":"a.B","more":"yes"}',
        b'{"method":"a.B","paramters":{}}',
        b'{"method":"\xff"}',
        b'{"method":"\xc3("}',
        b'{"method":"a.B","parameters":' + b"[" * 60_000,
        b'{"method":"a.B","parameters":' + b'{"a":' * 12_000 + b"1" + b"}" * 12_000 + b"}",
        b'{"method":"a.B"}{}',
        b'\xef\xbb\xbf{"method":"a.B"}',
    ],
)
def test_malformed_requests(message: bytes) -> None:
    with pytest.raises(p.Malformed):
        p.decode_request(message)


@settings(max_examples=15)
@given(st.text(min_size=1), st.dictionaries(st.text(), json_values, max_size=4), st.booleans(), st.booleans())
def test_requests_come_back_as_they_were(method: str, parameters: dict[str, object], more: bool, oneway: bool) -> None:
    wire = p.encode_request(method, parameters, more=more, oneway=oneway)
    assert wire.endswith(b"\0")
    assert wire.count(b"\0") == 1
    request = p.decode_request(wire[:-1])
    assert (request.method, bool(request.more), bool(request.oneway)) == (method, more, oneway)
    assert json.loads(bytes(request.parameters)) == parameters


class Inner(Struct, forbid_unknown_fields=True):
    size: int


class Optional(Struct, forbid_unknown_fields=True):
    name: str | None = None


class Params(Struct, forbid_unknown_fields=True):
    name: str
    limit: int = 7
    inner: Inner | None = None
    inners: list[Inner] = []


def test_null_stands_for_not_given() -> None:
    assert p.decode_parameters(Raw(b'{"name":"null","limit":null,"inner":null}'), Params) == Params("null")
    with pytest.raises(p.BadParameter) as caught:
        p.decode_parameters(Raw(b'{"name":null}'), Params)
    assert caught.value.parameter == "name"
    assert p.decode_parameters(p.decode_request(b'{"method":"a.B"}').parameters, Optional) == Optional()
    assert p.decode_parameters(Raw(b"null"), Optional) == Optional()


@pytest.mark.parametrize(
    ("given", "culprit"),
    [
        (b"null", "name"),
        (b"{}", "name"),
        (b"[]", "parameters"),
        (b'{"name":1}', "name"),
        (b'{"name":"a","nmae":1}', "nmae"),
        (b'{"name":"a","limit":1e400}', "limit"),
        (b'{"name":"a","inner":{}}', "inner.size"),
        (b'{"name":"a","inners":[{"size":1},{"size":"x"}]}', "inners[1].size"),
        (b'{"name":"\xff"}', "parameters"),
        (b'{"name":"a","inner":' + b"[" * 900 + b"]" * 900 + b"}", "inner"),
    ],
)
def test_the_culprit_is_named(given: bytes, culprit: str) -> None:
    with pytest.raises(p.BadParameter) as caught:
        p.decode_parameters(Raw(given), Params)
    assert caught.value.parameter == culprit
    assert caught.value.why


@settings(max_examples=40)
@given(json_values)
def test_any_json_is_parameters_or_names_its_culprit(value: object) -> None:
    culprit = "none"
    try:
        p.decode_parameters(Raw(json.dumps(value).encode()), Params)
    except p.BadParameter as error:
        culprit = error.parameter
    assert culprit
