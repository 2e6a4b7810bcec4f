"""The doors that no real platform has: web forms as a person would use them, the truth, and the script.

`/forms/PLATFORM/appeal` plays a platform's appeal page and the text message that a person gets back;
`/truth` tells tests and the demo what is really so; `/script` makes things happen.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

import msgspec

from numtrustd.clock import timestamp
from numtrustd.domain.observation import Instant
from numtrustd.sim.ground import canonical
from numtrustd.sim.script import Item
from numtrustd.sim.state import Appeal, Arrive
from numtrustd.sim.traits import TRAITS
from numtrustd.sim.world import Refused, World

DOORS = ("forms", "truth", "script")

Said = tuple[int, bytes]


def handle(
    world: World,
    method: str,
    segments: Sequence[str],
    query: Mapping[str, str],
    body: bytes,
    now: Instant,
    requests: Mapping[str, int],
) -> Said:
    """Serve one request; `requests` are the counts of what the services were asked and answered."""
    match method, list(segments):
        case "POST", ["forms", platform, "appeal"] if platform in TRAITS:
            return _hand_in(world, platform, body, now)
        case "GET", ["forms", platform, "appeal", receipt] if platform in TRAITS:
            return _news(world, platform, receipt, now)
        case "GET" | "POST", ["truth", *_]:
            return _json(200, truth(world, now, requests, canonical(query.get("number", ""))))
        case "POST", ["script", *_]:
            return _script(world, body, now)
    return _json(404, {"error": "no such door"})


def _hand_in(world: World, platform: str, body: bytes, now: Instant) -> Said:
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    number = canonical(fields.get("number", [""])[0])
    ref = fields.get("ref", [""])[0]
    if number is None or not ref:
        return _json(400, {"error": "号码格式错误" if number is None else "缺少申诉编号"})
    kinds = tuple(k for text in fields.get("evidence", []) for k in text.replace(",", " ").split())
    letter = fields.get("letter", [""])[0]
    [result] = world.submit(Arrive(platform, (number,), ref, letter, kinds, "form"), now)
    if isinstance(result, Refused):
        refused = {"error": result.reason}
        return _json(409, {**refused, "receipt": result.earlier} if result.earlier else refused)
    return _json(200, {"receipt": result.appeal.receipt, "message": "已受理，请留意短信通知"})


def _news(world: World, platform: str, receipt: str, now: Instant) -> Said:
    found = world.appeals(platform, now, receipt)
    if not found:
        return _json(404, {"error": "没有此受理编号"})
    appeal = found[0]
    # A person is told "processed", not that there was nothing to process.
    state = "approved" if appeal.ruling == "nothing" else str(appeal.ruling)
    return _json(200, {"receipt": receipt, "state": state, "reason": appeal.reason or None})


def _script(world: World, body: bytes, now: Instant) -> Said:
    try:
        items = msgspec.json.decode(body, type=list[Item] | Item)
        for item in items if isinstance(items, list) else [items]:
            world.inject(item, now)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as problem:
        return _json(400, {"error": str(problem)})
    world.advance(now)
    return _json(200, {"now": timestamp(now), "version": world.state.version})


def truth(world: World, now: Instant, requests: Mapping[str, int], number: str | None = None) -> dict[str, object]:
    """Everything that is really so, of one number (canonical form) or of all."""
    world.advance(now)
    state = world.state
    shown, names = [], []
    for platform, places in state.places.items():
        for one, place in places.items():
            if number is not None and one != number:
                continue
            where = {"number": one, "platform": platform}
            if place.name:
                names.append({**where, "name": place.name})
            if (mark := place.mark) is not None:
                label = {
                    "words": mark.words,
                    "marks": mark.count(now),
                    "since": mark.since,
                    "cause": mark.cause,
                }
                shown.append({**where, **label, "leaving": mark.leaving})
    return {
        "now": now,
        "origin": state.origin,
        "seed": state.seed,
        "story": state.story,
        "labels": shown,
        "certified": names,
        "submissions": [_public(a) for a in state.appeals if number in (None, a.number)],
        "duplicates": [
            {"number": n, "platform": p, "ref": r, "times": times} for (n, p, r), times in world.duplicates().items()
        ],
        "overlaps": world.overlaps(),
        "repeats": state.repeats,
        "refusals": state.refusals,
        "weather": [w for w in state.windows if w.at <= now < w.until],
        "requests": dict(sorted(requests.items())),
        "chronicle": [h for h in state.chronicle if number in (None, h.number)],
    }


def _public(appeal: Appeal) -> dict[str, object]:
    fields = ("ref", "number", "platform", "at", "attempt", "receipt", "via", "evidence", "due", "decided")
    return {
        **{name: getattr(appeal, name) for name in fields},
        "state": str(appeal.ruling),
        "reason": appeal.reason,
    }


def _json(status: int, value: object) -> Said:
    return status, msgspec.json.encode(value)
