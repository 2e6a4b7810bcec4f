"""What platforms say to appeals, through every call of every shipped channel: one typed result, whatever comes.

An input is a line `PLATFORM.CALL STATUS`, a line with Retry-After, and the body.
"""

import json
import math
import zlib
from collections.abc import Iterator
from typing import get_args

from numtrustd.channels import answer as said
from numtrustd.channels.answer import answer
from numtrustd.channels.spec import Call, HttpChannel
from numtrustd.domain.number import from_canonical
from numtrustd.wire import template
from numtrustd.wire.exchange import Reply
from numtrustd.wire.match import PICK_CHARS
from tests import packs

E164 = "+12025551234"
RECEIPT = "b7c1f1c0-7a9d-4f0a-9d3e-2f6a1c4b8e21"
VALUES = {**template.number_values(from_canonical(E164)), "ref": "NT-7", "receipt": RECEIPT}
NOW = 1_795_000_000.0


def _calls() -> Iterator[tuple[str, Call]]:
    for name, pack in packs.shipped().items():
        if isinstance(pack.channel, HttpChannel):
            for call in ("submit", "query", "look_up"):
                if found := getattr(pack.channel, call):
                    yield f"{name}.{call}", found


CALLS = dict(_calls())
NAMES = sorted(CALLS)
RESULTS = get_args(said.Result)


def seeds() -> Iterator[bytes]:
    """The documented forms, for each call."""
    request = {
        "id": RECEIPT,
        "status": "pending",
        "call_purpose": "Calls to our own customers. [ref NT-7]",
        "phone_numbers_count": 1,
        "phone_numbers_ineligible": 0,
        "results": {"remediated": [E164], "not_flagged": [], "ineligible": [], "requires_review": []},
    }
    bodies: list[object] = [
        {"data": request},
        {"data": {**request, "status": "completed"}},
        {"data": [request], "meta": {"total_pages": 1, "page_number": 1}},
        {"data": [], "meta": {"total_pages": 1, "page_number": 1, "total_results": 0}},
        {"errors": [{"code": "10015", "title": "Bad Request", "detail": "not eligible for remediation"}]},
    ]
    for name in NAMES:
        for status in (200, 201, 202, 400, 404, 422, 429, 503):
            for body in bodies:
                yield f"{name} {status}\n{status}\n{json.dumps(body)}".encode()


def one(data: bytes) -> None:
    head, _, rest = data.partition(b"\n")
    wait, _, body = rest.partition(b"\n")
    name, status, *_ = [*head.decode("utf-8", "replace").split(" "), ""]
    call = CALLS.get(name) or CALLS[NAMES[zlib.crc32(name.encode()) % len(NAMES)]]
    code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 200
    headers = (("retry-after", wait.decode("latin-1")),)
    result = answer(call, Reply(code, headers, body), VALUES, NOW)
    assert isinstance(result, RESULTS)
    assert not isinstance(result, said.NotSent), "there was an answer"
    if not (200 <= code <= 299 or 400 <= code <= 499):
        assert isinstance(result, said.Unclear), "nobody can know what was taken in"
    match result:
        case said.Accepted(text) | said.Refused(text) | said.Rejected(text) | said.InfoRequested(text):
            assert 0 < len(text) <= PICK_CHARS
        case said.Later(seconds):
            assert seconds is None or (math.isfinite(seconds) and 1 <= seconds <= 86_400)
        case _:
            pass
