"""Hostile texts in events: one line each, within its size, that fits the schema and steers nobody's terminal.

An input is a byte that chooses the event and the style, the length of the secret that the text begins with, and the
text.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from numtrustd.ctl import text as ctl
from numtrustd.events import CATALOGUE
from numtrustd.events_schema import HEADER
from numtrustd.log import Style
from numtrustd.log.guard import REDACTED, escape
from numtrustd.log.logger import MAX_RECORD
from tests.fuzz.samples import sample
from tests.logcheck import MemoryLog

EVENTS = [CATALOGUE[action] for action in sorted(CATALOGUE)]
HOSTILE = "\x1b[31mred\r\nINFO forged\x00\x7f\x9b0m\u202egnp\u2066\u200b\ufeff\u2028\ud800\U000e0041"
SAFE = re.compile(r"[A-Za-z0-9/+=_-]{6,40}")
"""Secrets that the test itself can look for in a line: nothing in them is written otherwise there."""

_SGR = re.compile(r"\x1b\[[0-9;]*m")


def seeds() -> Iterator[bytes]:
    for n in range(0, len(EVENTS), 7):
        yield bytes([n, 0]) + HOSTILE.encode("utf-8", "surrogatepass")
        yield bytes([n, 12]) + "hunter2+s3cr 被 58 人标记为“广告推销” 139 1000 0007 hunter2+s3cr".encode()
    yield bytes([0, 0]) + "…".encode() * 9000


def one(data: bytes) -> None:
    choice, length, *_ = [*data[:2], 0, 0]
    text = data[2:].decode("utf-8", "surrogateescape")
    event = sample(EVENTS[choice % len(EVENTS)], text)
    secret = text[:length]
    for style in Style:
        log = MemoryLog(style=style, mask_numbers=bool(choice & 1), colour=bool(choice & 2))
        if SAFE.fullmatch(secret):
            log.redact([secret])
        log.emit(event)
        assert len(log.lines) == 1
        line = log.lines[0]
        assert len(line) <= MAX_RECORD
        if style is Style.JSON:
            _no_secret(log.records[0], text, secret)
        else:
            _one_entry(_SGR.sub("", line.decode()))
    _on_the_terminal(text)


def _one_entry(shown: str) -> None:
    """One line; or with a stack, whose lines stand in from the margin so that none can pass for an entry."""
    first, *stack = shown.removesuffix("\n").split("\n")
    assert first == escape(first), "it may steer a terminal"
    for part in stack:
        assert part.startswith("    "), "a line of the stack passes for an entry"
        assert part == escape(part, lines=True), "it may steer a terminal"


def _no_secret(record: dict[str, Any], text: str, secret: str) -> None:
    if not SAFE.fullmatch(secret) or secret in REDACTED or len(text) > 1000:
        return
    for key, value in record.items():
        if key in HEADER and key != "message":
            continue  # our own words
        for said in value if isinstance(value, list) else [value]:
            assert not isinstance(said, str) or secret not in said, f"the secret is in {key}"


def _on_the_terminal(text: str) -> None:
    """What numtrustctl prints of the same text."""
    shown = ctl.escape(text)
    assert shown == ctl.escape(shown)
    assert escape(shown) == shown
    whole = text.encode("utf-8", "replace").decode()
    written = ctl.escape_json(json.dumps(whole, ensure_ascii=False))
    assert json.loads(written) == whole
    assert escape(written) == written
    msgspec.json.decode(written)
