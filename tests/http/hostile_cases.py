"""The hostile matrix: everything a platform can do to us, one case each, with what a look through it must end as.

`hostile_server` plays them, `hostile_client` looks at them with little memory, `test_http_matrix` judges what came of
it. The misbehaviour on the wire is that of `misbehaviour`; here are the ways that need a whole look: bodies that hurt
who reads them, redirects, certificates, names.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from numtrustd.wire.exchange import Limits
from tests.http.loopback import Peer, ok
from tests.http.misbehaviour import CASES, LIMITS, Say, once, silent
from tests.recorded import DATA, read

DEADLINE = 0.6
WIRE = Limits(DEADLINE, 0.4, LIMITS.max_bytes, LIMITS.max_header_bytes, LIMITS.max_chunks)
"""For what is cut to the lower bounds of `misbehaviour`."""
OURS = Limits(DEADLINE, 0.4)
"""The daemon's own bounds, but for the time."""
CAP = OURS.max_bytes

SO360, SOGOU, AGGREGATOR, TELNYX = "so360.onebox", "sogou.search", "contract_aggregator.query", "telnyx.reputation"
SOURCES = (SO360, SOGOU, AGGREGATOR, TELNYX)

UNKNOWN = frozenset({"unknown"})
PLANTED = "an answer like any other"


class Case(NamedTuple):
    """One hostile platform. `end` is the failure, or "reply"; `seen` are the statuses that its observations may have.

    `where` is its listener: "plain", the kind of a TLS platform, a name that is looked up, or a trap of the network.
    `looks` is how many are made in a row, over one session; each of them must end so. `room` are the bytes of memory
    that reading the answer may take.
    """

    name: str
    end: str
    say: Say | None = None
    where: str = "plain"
    source: str = SO360
    limits: Limits = OURS
    seen: frozenset[str] = UNKNOWN
    looks: int = 1
    room: int = 64 << 20

    @property
    def method(self) -> str:
        return "POST" if self.source == AGGREGATOR else "GET"


def wire_cases() -> Iterator[Case]:
    """What goes wrong between head and last byte."""
    for name, (say, failure) in CASES.items():
        yield Case(name, str(failure), say, limits=WIRE)
    bomb = gzip.compress(bytes(32 << 20))
    nested = gzip.compress(bomb)
    codings = {
        "a gzip bomb": (b"gzip", bomb),
        "a gzip bomb in a gzip": (b"gzip, gzip", nested),
        "a gzip bomb by another name": (b"x-gzip", bomb),
        "a brotli bomb": (b"br", bytes.fromhex("cf ff ff 7f f8 27 00 e2 b1 40 20 f0 03".replace(" ", "")) * 70),
        "a deflate bomb": (b"deflate", bomb[10:]),
        "a zstd bomb": (b"zstd", b"\x28\xb5\x2f\xfd" + nested),
        "a thousand codings": (b", ".join([b"gzip"] * 1_000), nested),
    }
    for name, (coding, body) in codings.items():
        yield Case(name, "encoding", once(ok(body, b"Content-Encoding: " + coding)))
    yield Case("a gzip bomb that does not say so", "reply", once(ok(bomb[:CAP])))
    yield Case("the largest body", "reply", once(ok(b"x" * CAP)))
    yield Case("one byte more", "too_large", once(ok(b"x" * (CAP + 1))))
    yield Case("as many chunks as may be", "reply", once(_chunks(4_095)))
    yield Case("one chunk more", "too_large", once(_chunks(4_097)))
    yield Case("as many headers as may be", "reply", once(ok(b"x", *[b"A: b"] * 250)))
    yield Case("a header flood", "too_large", once(ok(b"x", *[b"X-%d: y" % n for n in range(2_500)])))
    yield Case("one header of 32 kB", "too_large", once(ok(b"x", b"X: " + b"y" * 32_768)))
    cookies = ok(CLEAN[SO360], *[b"Set-Cookie: a%d=b; Path=/" % n for n in range(240)])
    forged = ok(CLEAN[SO360]) + ok(MARKED[SO360])
    planted = ok(CLEAN[SO360], b"X-Plant: planted")  # nothing, but for `hostile_client.plant`
    yield Case("a cookie flood", "reply", in_turn(cookies), looks=3, seen=CLEAN_SEEN)
    yield Case("a reply and a forged one", "reply", in_turn(forged), looks=3, seen=CLEAN_SEEN)
    yield Case(PLANTED, "reply", once(planted), seen=CLEAN_SEEN)


def _chunks(count: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * count + b"0\r\n\r\n"


def in_turn(answer: bytes) -> Say:
    """The same answer to each request of a connection."""

    async def say(peer: Peer) -> None:
        await peer.send(answer)
        while await peer.request() is not None:
            await peer.send(answer)

    return say


# ------------------------------------------------------------------------------------------------------------ bodies


def _recorded(source: str, name: str) -> bytes:
    return read(DATA / source / f"{name}.http").reply.body


NUMBERS = {
    SO360: "13800138000",
    SOGOU: "13800138000",
    AGGREGATOR: "13800138000",
    TELNYX: "+12025551234",
}
MARKED = {source: _recorded(source, "marked") for source in SOURCES}
CLEAN = {source: _recorded(source, "clean") for source in SOURCES}
CLEAN_SEEN = frozenset({"clean"})

STEERING = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u2066\u200f\ufeff\r\n\x00\x7f\u2028"
"""ANSI, C1 controls, marks that turn text around, line ends."""


def _json_bodies() -> dict[str, bytes]:
    n = 65_000
    return {
        "deep arrays": b"[" * 2 * n + b"]" * 2 * n,
        "deep objects": b'{"data":' * 20_000 + b"1" + b"}" * 20_000,
        "as deep as may be": b'{"data":' * 990 + b"1" + b"}" * 990,
        "NaN": b'{"data":{"phone":NaN,"phone_number":NaN,"list":[NaN]},"query":NaN}',
        "infinity": b'{"data":{"phone":-Infinity,"phone_number":1e999},"query":Infinity}',
        "an integer of 250 000 digits": b'{"data":{"phone":' + b"9" * 250_000 + b"}}",
        "an integer of 4 000 digits": b'{"data":{"phone":%b,"phone_number":%b}}' % (b"9" * 4_000, b"9" * 4_000),
        "an integer beyond 64 bits": b'{"data":{"phone":36893488147419103232,"phone_number":-36893488147419103232}}',
        "duplicate keys": b'{"data":{"phone":"1","phone":"2","phone_number":"1","phone_number":"2"},"data":{}}',
        "100 000 duplicate keys": b"{" + b'"a":1,' * 43_000 + b'"a":1}',
        "26 000 keys": b"{" + b",".join(b'"%x":1' % k for k in range(24_000)) + b"}",
        "a lone surrogate": b'{"data":{"phone":"\\ud800","phone_number":"\\udfff"},"html":"\\ud800"}',
        "not UTF-8": b'{"data":{"phone":"\xff\xfe\xc3","phone_number":"\x80"}}',
        "UTF-16": '{"data":{"phone":"1"}}'.encode("utf-16"),
        "two documents": b'{"data":{}}{"data":{}}',
        "a long tail of nothing": b'{"data":{}}' + b" " * 250_000,
        "nothing but space": b" \r\n" * 80_000,
        "NUL bytes": bytes(250_000),
        "a string of 250 kB": b'{"data":{"phone":"' + b"1 " * 120_000 + b'","phone_number":"1"},"html":"1"}',
        "87 000 empty objects": b'{"data":{"phone":"13800138000","list":[' + b"{}," * 86_000 + b"{}]}}",
        "130 000 integers": b'{"data":{"phone":"13800138000","list":[' + b"1," * 129_000 + b"1]}}",
        "a list of 5 000": b'{"data":{"phone":"13800138000","list":[' + b'{"platform":"x"},' * 4_999 + b"{}]}}",
        "lists in lists": b'{"data":{"phone":"1","list":' + b"[[" * 400 + b"1," * 4_000 + b"1" + b"]]" * 400 + b"}}",
        "other types": b'{"data":[1,2],"query":{"a":1},"html":[],"type":{},"msg":[[]],"code":{}}',
    }


def _pages() -> dict[str, Callable[[], str]]:
    named = " ".join(f"a{n}" for n in range(1_000))
    title = '<div><h3 vrcid="title.0">'
    return {
        "nested elements": lambda: "<div>" * 50_000,
        "nested elements with end tags in comments": lambda: "<div><!--</div>-->" * 6_600,
        "nested elements with end tags in values": lambda: "<div a='</div>'>" * 9_900,
        "formatting left open": lambda: "<p>" + "".join(f"<b a{n}>" for n in range(900)) + "</p>" + "<p>x</p>" * 9_000,
        "formatting left open, a little": lambda: "<p>" + "<b a><i b><u c>" * 10 + "</p>" + "<p>x</p>" * 1_000,
        "formatting closed amiss": lambda: "<b a1 a2>" + "<div>" * 1_000 + "</b>" * 1_000,
        "attributes": lambda: "<p " + named * 30 + ">",
        "attributes on many elements": lambda: f"<p {named}>" * 50,
        "foster parents": lambda: "<table>" + "<b>x" * 30_000,
        "options": lambda: "<select>" + "<option>" * 19_000,
        "text that is moved again and again": lambda: "x" * 100_000 + "<td a=b></td>x" * 9_900,
        "titles in titles": lambda: '<p vrcid="title">' * 900 + "号" * 70_000,
        "many titles": lambda: f"{title}号码查询服务</h3></div>" * 4_000,
        "titles within each other": lambda: '<div vrcid="title.0">' * 150 + "号码查询服务" * 10_000,
        "a title of 200 kB": lambda: title + "1 " * 60_000 + "号码查询服务</h3></div></html>",
        "entities": lambda: "&amp;&notit;&#x202e;&#0;&CounterClockwiseContourIntegral;" * 4_000,
        "less-thans": lambda: "<" * 250_000,
        "a comment without an end": lambda: "<!--" * 60_000,
        "quotes without an end": lambda: "<a b='" * 40_000,
        "digits": lambda: title + "138001380001" * 20_000 + "号码查询服务</h3></div></html>",
        "scripts": lambda: "<script>" + "<!--<script>" * 20_000,
        "raw text without an end": lambda: "<textarea>" + "</title>" * 30_000,
    }


def _callback(page: str) -> bytes:
    card = {"html": page, "query": NUMBERS[SO360], "type": "mobilecheck"}
    return b"callback(" + json.dumps(card, ensure_ascii=False).encode() + b")"


def _fitting(make: Callable[[str], bytes], page: str) -> bytes:
    """The body that this page makes, cut to the cap as only a platform that knows the cap would."""
    body = make(page)
    while len(body) > CAP:
        page = page[: int(len(page) * CAP / len(body)) - 1]
        body = make(page)
    return body


def body_cases() -> Iterator[Case]:
    """What is well-formed on the wire and hurts who reads it."""
    for name, text in _json_bodies().items():
        for source in (SO360, AGGREGATOR, TELNYX):
            body = b"callback(" + text + b");" if source == SO360 else text
            assert len(body) <= CAP, name
            yield Case(f"JSON: {name} ({source})", "reply", once(ok(body)), source=source)
    for name, page in _pages().items():
        # lexbor copies the text for each tag that it ignores; that is bounded by the number of tags, and no lower.
        room = 256 << 20 if name.startswith("text that is moved") else 64 << 20
        yield Case(f"HTML: {name} ({SO360})", "reply", once(ok(_fitting(_callback, page()))), room=room)
        html = _fitting(str.encode, page())
        anything = frozenset({"unknown", "marked", "clean"}) if "title" in name or name == "digits" else UNKNOWN
        yield Case(f"HTML: {name} ({SOGOU})", "reply", once(ok(html)), source=SOGOU, seen=anything, room=room)


CHARSETS = (
    "zlib",
    "rot13",
    "hex",
    "bz2",
    "idna",
    "punycode",
    "utf-7",
    "utf-16",
    "utf-32",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "mbcs",
    "cp65001",
    "gbk",
    "x" * 5_000,
    '"',
    "utf-8\t;\tcharset=zlib",
    "../../etc/passwd",
)


def text_cases() -> Iterator[Case]:
    """What is text, and not what it seems."""
    for charset, source in product(CHARSETS, (SO360, SOGOU, TELNYX)):
        kind = f"Content-Type: text/html; charset={charset}".encode()
        shown = charset if len(charset) < 99 else f"{len(charset)} letters"
        yield Case(f"charset {shown!r} ({source})", "reply", once(ok(b"\xff\xfe\x00+AGE-" * 99, kind)), source=source)
    marked = frozenset({"marked"})
    steering = json.dumps(STEERING)[1:-1].encode()  # escaped as JSON has it
    word = MARKED[AGGREGATOR].replace("广告推销".encode(), steering * 40 + "广告推销".encode() + steering)
    yield Case("ANSI and bidi in a label (aggregator)", "reply", once(ok(word)), source=AGGREGATOR, seen=marked)
    title = MARKED[SOGOU].replace("营销推广".encode(), f"营销{STEERING}推广".encode())
    yield Case("ANSI and bidi in a title (sogou)", "reply", once(ok(title)), source=SOGOU, seen=marked | UNKNOWN)
    raw = STEERING.encode()
    yield Case("ANSI and bidi in a body", "reply", once(ok(raw * 1_000)))
    for field in (b"X-Raw", b"Location", b"Content-Type"):
        kept = STEERING.replace("\r\n", "").replace("\x00", "").encode()
        yield Case(f"ANSI and bidi in {field.decode()}", "either", once(ok(b"x", field + b": " + kept)))
    reason = b"HTTP/1.1 500 \x1b[31m\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n"
    yield Case("ANSI and bidi in the reason", "either", once(reason))
    yield Case("ANSI in a content coding", "encoding", once(ok(b"x", b"Content-Encoding: \xe2\x80\xaegz")))
    pauses = {
        "-1": b"-1",
        "1e12": b"1000000000000",
        "letters": b"abc",
        "20 000 digits": b"9" * 20_000,
        "the year 9999": b"Fri, 31 Dec 9999 23:59:59 GMT",
    }
    for name, value in pauses.items():
        busy = b"HTTP/1.1 429 Busy\r\nRetry-After: %b\r\nContent-Length: 0\r\n\r\n" % value
        yield Case(f"Retry-After: {name}", "reply", once(busy))


# --------------------------------------------------------------------------------------------- redirects, TLS, names

NEAR = (
    "http://127.0.0.1:{trap}/",
    "http://127.0.0.2:{trap}/",
    "http://localhost:{trap}/",
    "http://[::1]:{trap}/",
    "{itself}",
)
"""Where somebody would notice that a redirect was followed."""
FAR = (
    "http://[::ffff:127.0.0.1]:{trap}/",
    "http://0:{trap}/",
    "http://2130706433:{trap}/",
    "//127.0.0.1:{trap}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fe80::1]/",
    "https://elsewhere.example.invalid/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{trap}/",
    "/",
    "",
    "http://" + "a" * 20_000,
    "http://[",
)


def redirect_cases() -> Iterator[Case]:
    """Each status with each place that can be watched, to looks that are a GET and to those that are a POST; and all
    other places once."""
    for status, place, source in product((301, 302, 303, 307, 308), NEAR, (SO360, AGGREGATOR)):
        yield Case(f"{status} to {place} ({source})", "reply", _redirect(status, place), source=source)
    for place in FAR:
        yield Case(f"302 to {place[:40]!r}", "reply", _redirect(302, place))


class Places:
    """Where nobody should ever come by; `hostile_server` knows once it listens."""

    trap = 0


def _redirect(status: int, place: str) -> Say:
    async def say(peer: Peer) -> None:
        itself = peer.log[-1].split(b" ")[1].decode()
        to = place.replace("{trap}", str(Places.trap)).replace("{itself}", itself)
        await peer.send(f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())

    return say


TLS_KINDS = (
    "self-signed",
    "of a stranger",
    "of another name",
    "of another address",
    "with a name in its subject only",
    "for clients only",
    "expired",
    "not yet valid",
    "of an old version",
    "plain text instead",
    "noise instead",
    "silence",
    "a drip",
    "closed",
    "reset",
    "endless handshake records",
    "an alert",
)
TLS_ENDS = {
    "silence": "timeout",
    "a drip": "timeout",
    "closed": "tls|reset",
    "reset": "tls|reset",
    "endless handshake records": "tls|timeout",
}


def tls_cases() -> Iterator[Case]:
    """Certificates that prove nothing, and handshakes that never come to an end."""
    for kind in TLS_KINDS:
        for source in (SO360, AGGREGATOR) if kind in ("self-signed", "silence") else (SO360,):
            yield Case(f"TLS: {kind} ({source})", TLS_ENDS.get(kind, "tls"), where=f"tls {kind}", source=source)
    answer = ok(CLEAN[SO360])
    yield Case("TLS: well", "reply", in_turn(answer), where="tls well", looks=3, seen=CLEAN_SEEN)
    yield Case("TLS: a record for each byte", "reply", once(b"by bytes"), where="tls by bytes", seen=CLEAN_SEEN)
    yield Case("TLS: cut without goodbye", "reset", once(answer[:300]), where="tls well")
    yield Case("TLS: slow body", "timeout", silent(answer[:300]), where="tls well")


NAMES = ("hung", "gone", "nowhere", "of 500 addresses", "that is none")
NAME_ENDS = {"hung": "timeout", "gone": "dns", "nowhere": "dns", "of 500 addresses": "connect", "that is none": "dns"}


def name_cases() -> Iterator[Case]:
    """Names that are never found, and addresses where nobody is."""
    for name in NAMES:
        yield Case(f"a name {name}", NAME_ENDS[name], where=f"name {name}")
    yield Case("a connection that hangs", "timeout", where="full")
    yield Case("a connection that is refused", "connect", where="shut")


@lru_cache(maxsize=1)
def matrix() -> dict[str, Case]:
    """All of them by name."""
    found = [
        *wire_cases(),
        *body_cases(),
        *text_cases(),
        *redirect_cases(),
        *tls_cases(),
        *name_cases(),
    ]
    by_name = {case.name: case for case in found}
    assert len(by_name) == len(found), "two cases of one name"
    return by_name
