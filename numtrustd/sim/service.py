"""All simulated services behind one door: a request in, an answer, a silence or a closed connection out.

The first segment of the path names the service (`/so360.onebox/dataApi?…`, `/telnyx/v2/…`); what follows is
the real service's own path. `sidedoor` serves people and tests; `server` and `memory` carry the answers.
"""

import math
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from msgspec import Struct

from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant
from numtrustd.sim import batches, shapes, sidedoor, telnyx
from numtrustd.sim.ground import Face, canonical, draw
from numtrustd.sim.script import Faults, Weather
from numtrustd.sim.state import Arrive
from numtrustd.sim.traits import SERVICES, TRAITS
from numtrustd.sim.world import World

Headers = tuple[tuple[str, str], ...]


class Answer(Struct, frozen=True):
    """What is sent back after `delay` real seconds; with `cut`, half of the body and then the end."""

    status: int
    body: bytes
    headers: Headers = ()
    delay: float = 0.0
    cut: bool = False


class Lost(Struct, frozen=True):
    """Nothing is ever sent back, whatever the request did; the connection ends after `hang` real seconds."""

    hang: float = 0.0


class Shut(Struct, frozen=True):
    """There is no connection, and so nothing has happened."""


Result = Answer | Lost | Shut

HOSTILE = (
    "-1",
    "0",
    "999999999999",
    "1e12",
    "abc",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
)
_FATES = ("refuse", "error_before", "limited", "garbage", "cut", "lost", "late", "error_after")
_SUBMIT_ONLY = ("late", "error_after")


class Call(Struct, frozen=True):
    """One request to a service, taken apart. `number` is the one asked about, in canonical form."""

    service: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    number: str | None
    text: str
    submission: Arrive | telnyx.Said | None = None


class Service:
    """The door. What goes wrong with a request depends on the seed and on how many like it came before."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.batches = batches.Batches(world.state.seed)
        self.requests: Counter[str] = Counter()
        self._turns: Counter[tuple[str, str, str]] = Counter()
        self._quota_turn: dict[str, float] = {}
        self._quota_used: Counter[str] = Counter()

    def handle(self, method: str, target: str, headers: Headers, body: bytes, now: Instant) -> Result:
        """Serve one request at `now`. `target` starts with `/`; header names may be in any case."""
        parts = urlsplit(target)
        first, _, rest = parts.path.removeprefix("/").partition("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        name = unquote(first)
        if name in sidedoor.DOORS:
            self.world.advance(now)
            status, said = sidedoor.handle(
                self.world, method, (name, *map(unquote, rest.split("/"))), query, body, now, self.requests
            )
            return Answer(status, said, (("content-type", shapes.JSON),))
        service = _service(name)
        if service is None:
            return Answer(404, b"no such service\n", (("content-type", "text/plain"),))
        self.requests[f"{service}.asked"] += 1
        call = _call(service, method, f"/{rest}", query, {k.lower(): v for k, v in headers}, body)
        self.world.advance(now)
        result = self._over_quota(call, now) or self._weather(call, now) or self._fate(call, now)
        self.requests[f"{service}.{_sort(result)}"] += 1
        return result

    def _over_quota(self, call: Call, now: Instant) -> Answer | None:
        quota = self.world.state.quotas.get(call.service)
        if quota is None:
            return None
        turn, into = divmod(now, quota.per)
        if self._quota_turn.get(call.service) != turn:
            self._quota_turn[call.service] = turn
            self._quota_used[call.service] = 0
        self._quota_used[call.service] += 1
        if self._quota_used[call.service] <= quota.requests:
            return None
        return self._limited(call, str(math.ceil(quota.per - into)))

    def _weather(self, call: Call, now: Instant) -> Result | None:
        window = self.world.weather(now, call.service, call.number)
        if window is None:
            return None
        match window.kind:
            case Weather.DOWN:
                return Shut()
            case Weather.OUTAGE:
                return self._error(call, 503, "Service Unavailable")
            case Weather.FORBIDDEN:
                return self._error(call, 403, "Forbidden")
            case Weather.LIMITED:
                return self._limited(call, window.detail)
            case Weather.GARBAGE:
                return self._answer(call, 200, shapes.GARBAGE)
            case Weather.BLOCKED:
                return self._blocked(call)
            case Weather.LOGIN:
                return Answer(200, shapes.LOGIN, (("content-type", shapes.HTML),))
            case Weather.SLOW:
                said = self._serve(call, now, None)
                return msgspec.structs.replace(said, delay=float(window.detail or 1.0))
            case _:
                return self._serve(call, now, window.kind)

    def _fate(self, call: Call, now: Instant) -> Result:
        faults = self.world.state.faults
        if faults == Faults() or (faults.only and call.service not in faults.only):
            return self._serve(call, now, None)
        key = (call.service, call.method, call.text)
        self._turns[key] += 1
        rng = draw(self.world.state.seed, "fate", *key, self._turns[key])
        roll, fate = rng.random(), ""
        for name in _FATES:
            if name in _SUBMIT_ONLY and not isinstance(call.submission, Arrive):
                continue
            roll -= getattr(faults, name)
            if roll < 0:
                fate = name
                break
        delay = rng.uniform(*faults.slow_by) if rng.random() < faults.slow else 0.0
        match fate:
            case "refuse":
                return Shut()
            case "error_before":
                return self._error(call, 502, "Bad Gateway")
            case "limited":
                return self._limited(call, rng.choice(HOSTILE) if faults.hostile else "30")
            case "garbage":
                return self._answer(call, 200, shapes.GARBAGE)
            case "late":
                assert isinstance(call.submission, Arrive)
                self.world.submit_later(call.submission, now + rng.uniform(*faults.late_by))
                return Lost(faults.hang)
        said = self._serve(call, now, None)
        match fate:
            case "lost":
                return Lost(faults.hang)
            case "error_after":
                return self._error(call, 502, "Bad Gateway")
            case "cut":
                return msgspec.structs.replace(said, cut=True)
        return msgspec.structs.replace(said, delay=delay)

    def _serve(self, call: Call, now: Instant, odd: Weather | None) -> Answer:
        match call.service:
            case "so360":
                return self._so360(call, now, odd)
            case "sogou":
                return self._sogou(call, now, odd)
            case "telnyx":
                return self._telnyx(call, now, odd)
            case _:
                return self._aggregator(call, now, odd)

    def _so360(self, call: Call, now: Instant, odd: Weather | None) -> Answer:
        callback = call.query.get("callback", "callback")
        if call.path != "/dataApi" or call.query.get("type") != "mobilecheck":
            return Answer(404, b"", (("content-type", shapes.HTML),))
        body = shapes.so360_odd(odd, callback, call.text) if odd else None
        if body is None and call.number is None:
            body = shapes.so360_answer(callback, call.text, "")
        if body is None:
            number, face = self._shown("so360", call, now, odd)
            card = shapes.so360_card(number, call.number or "", face)
            body = shapes.so360_answer(callback, call.text, card)
        return self._answer(call, 200, body)

    def _sogou(self, call: Call, now: Instant, odd: Weather | None) -> Answer:
        if call.path != "/web":
            return Answer(404, b"", (("content-type", shapes.HTML),))
        body = shapes.sogou_odd(odd, call.text) if odd else None
        if body is None and call.number is None:
            body = shapes.sogou_odd(Weather.EMPTY, call.text)
        if body is None:
            number, face = self._shown("sogou", call, now, odd)
            body = shapes.sogou_page(call.text, number, call.number or "", face)
        return self._answer(call, 200, body)

    def _aggregator(self, call: Call, now: Instant, odd: Weather | None) -> Answer:
        if not call.headers.get("authorization"):
            return self._answer(call, 200, shapes.aggregator_error(401, "密钥错误"))
        if call.path in batches.PATHS:
            said = self.batches.handle(
                call.path, call.body, now, lambda number: {"list": self._rows(number, now, None)}, odd
            )
            return self._answer(call, 200, shapes.aggregator_said(*said))
        if call.number is None:
            return self._answer(call, 200, shapes.aggregator_error(400, "号码格式错误"))
        if odd is Weather.EMPTY:
            return self._answer(call, 200, shapes.aggregator_error(200, "成功"))
        number = from_canonical(call.number).national
        rows = self._rows(call.number, now, odd)
        shown = shapes.stranger(number) if odd is Weather.WRONG_CARD else number
        return self._answer(call, 200, shapes.aggregator_answer(shown, rows))

    def _rows(self, number: str, now: Instant, odd: Weather | None) -> list[dict[str, object]]:
        """What each platform of the aggregator says of a number."""
        rows = []
        for platform in shapes.TITLES:
            here = self.world.weather(now, platform, number)
            trouble = here.kind if here is not None else odd
            face = self.world.face(platform, number, now)
            rows.append(shapes.aggregator_row(platform, face, None if trouble is Weather.WRONG_CARD else trouble))
        return rows

    def _telnyx(self, call: Call, now: Instant, odd: Weather | None) -> Answer:
        if not call.headers.get("authorization", "").startswith("Bearer "):
            status, body = telnyx.error(401, "10009", "Authentication failed", "No key found matching yours.")
        elif odd is Weather.MAINTENANCE:
            status, body = telnyx.error(503, "10007", "Unexpected error", "Down for maintenance.")
        elif isinstance(call.submission, Arrive):
            status, body = telnyx.submit(self.world, call.submission, now)
        elif call.submission is not None:
            status, body = call.submission
        else:
            status, body = telnyx.answer(self.world, call.method, call.path, call.query, now, odd)
        return self._answer(call, status, body)

    def _shown(self, platform: str, call: Call, now: Instant, odd: Weather | None) -> tuple[str, Face]:
        """The number on the card and what the card says."""
        assert call.number is not None
        national = from_canonical(call.number).national
        face = self.world.face(platform, call.number, now)
        return (shapes.stranger(national), face) if odd is Weather.WRONG_CARD else (national, face)

    def _answer(self, call: Call, status: int, body: bytes, extra: Headers = ()) -> Answer:
        kind = {"so360": shapes.JS, "sogou": shapes.HTML}.get(call.service, shapes.JSON)
        return Answer(status, body, (("content-type", kind), *extra))

    def _blocked(self, call: Call) -> Answer:
        page = {"so360": shapes.SO360_BLOCKED, "sogou": shapes.SOGOU_BLOCKED}.get(call.service)
        if page is None:
            return self._error(call, 403, "Forbidden")
        return Answer(200, page, (("content-type", shapes.HTML),))

    def _limited(self, call: Call, retry_after: str) -> Answer:
        said = self._error(call, 429, "Too Many Requests")
        if not retry_after:
            return said
        return msgspec.structs.replace(said, headers=(*said.headers, ("retry-after", retry_after)))

    def _error(self, call: Call, status: int, title: str) -> Answer:
        if call.service == "telnyx":
            code = "10011" if status == 429 else "10007"
            return self._answer(call, *telnyx.error(status, code, title, title))
        page = f"<html><head><title>{status} {title}</title></head><body>{title}</body></html>".encode()
        return Answer(status, page, (("content-type", shapes.HTML),))


def _service(name: str) -> str | None:
    """The service behind a first path segment: a service, a source (`so360.onebox`) or a platform id."""
    first = name.split(".", 1)[0]
    if first in SERVICES:
        return first
    return TRAITS[first].service if first in TRAITS else None


def _call(
    service: str, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> Call:
    if service == "telnyx":
        sent = telnyx.submission(method, path, body)
        number = sent.numbers[0] if isinstance(sent, Arrive) else telnyx.number_of(path)
        return Call(service, method, path, query, headers, body, number, number or "", sent)
    if service == "contract_aggregator":
        asked = {**query, **_fields(headers.get("content-type", ""), body)}
        text = next((asked[k] for k in ("phone", "number", "tel", "mobile", "content") if k in asked), "")
    else:
        text = query.get("query", "")
    return Call(service, method, path, query, headers, body, canonical(text), text)


def _fields(content_type: str, body: bytes) -> Mapping[str, str]:
    """The members of a form or a JSON body as text; nothing for any other body."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    try:
        return {k: str(v) for k, v in msgspec.json.decode(body, type=dict[str, object]).items()}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _sort(result: Result) -> str:
    """What to count a result as."""
    match result:
        case Answer():
            return f"answered_{result.status}"
        case Lost():
            return "lost"
        case Shut():
            return "shut"
