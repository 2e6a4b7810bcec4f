"""What platforms answer, through every shipped source: an observation for each reading, whatever comes.

An input is a line `SOURCE STATUS NUMBER`, a line with the content type, and the body.
"""

import unicodedata
import zlib
from collections.abc import Iterator

import msgspec

from numtrustd.domain.number import Number, from_canonical
from numtrustd.domain.observation import Observation, Status
from numtrustd.probes.extract import extract, trace
from numtrustd.probes.spec import Source
from numtrustd.wire.exchange import Reply
from numtrustd.wire.match import PICK_CHARS, tidy
from tests import packs, recorded

SOURCES = packs.sources()
WORDS = {name: pack.platform.words for name, pack in packs.shipped().items()}
NAMES = sorted(SOURCES)
NOW = 1_795_000_000.0
FALLBACK = from_canonical("+8613800138000")

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(Observation).decode


def seeds() -> Iterator[bytes]:
    """All recorded answers."""
    for case in recorded.cases():
        kind = case.reply.header("content-type") or ""
        head = f"{case.source} {case.reply.status} {case.number.canonical}\n{kind}\n"
        yield head.encode() + case.reply.body


def one(data: bytes) -> None:
    source, number, reply = _read(data)
    sent_as = recorded.sent_as(source, number) if source.batch is not None else ()
    seen = extract(source, number, reply, NOW, WORDS, sent_as)
    assert [(o.platform, o.surface) for o in seen] == [(r.platform, r.surface) for r in source.readings]
    rules = {rule.name for rule in (*source.guards, *source.rules)}
    rules |= {rule.name for rule in source.batch.collect.rules} if source.batch is not None else set()
    for observation in seen:
        _check(observation, source, number, reply, rules)
    assert len(trace(source, number, reply, sent_as)) == len(seen)


def _read(data: bytes) -> tuple[Source, Number, Reply]:
    head, _, rest = data.partition(b"\n")
    kind, _, body = rest.partition(b"\n")
    name, status, canonical, *_ = [*head.decode("utf-8", "replace").split(" "), "", "", ""]
    source = SOURCES.get(name) or SOURCES[NAMES[zlib.crc32(name.encode()) % len(NAMES)]]
    try:
        number = from_canonical(canonical)
    except ValueError:
        number = FALLBACK
    code = int(status) if status in ("200", "204", "302", "400", "403", "404", "429", "500", "503") else 200
    return source, number, Reply(code, (("content-type", kind.decode("latin-1")),), body)


def _check(observation: Observation, source: Source, number: Number, reply: Reply, rules: set[str]) -> None:
    assert _decode(_encode(observation)) == observation, "it cannot be stored"
    assert observation.rule is None or observation.rule in rules
    assert observation.marks is None or 0 <= observation.marks < 10**9
    for text in (observation.words, observation.name, observation.logo, observation.tag):
        assert text is None or (0 < len(text) <= PICK_CHARS and tidy(text) == text), "it may steer a terminal"
    if observation.status is Status.UNKNOWN:
        assert observation.reason is not None
        return
    assert 200 <= reply.status <= 299, "a failure is no verdict"
    assert observation.rule is not None, "no rule said so"
    if source.echo:
        assert _may_name(reply.body, number), "a verdict from an answer that does not name the number"


def _may_name(body: bytes, number: Number) -> bool:
    """Whether the digits of the number are there at all, in their order; escapes could hide them from this eye."""
    if b"&" in body or b"\\" in body:
        return True
    text = unicodedata.normalize("NFKC", body.decode("utf-8", "replace"))
    digits = iter(text)
    return all(digit in digits for digit in number.national.removeprefix("0"))
