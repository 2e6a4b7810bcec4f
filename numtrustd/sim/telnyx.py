"""The simulated Telnyx: number reputation and the remediation API, as the vendor documents them.

One request may hold many numbers; the reference of an appeal travels inside the free text `call_purpose`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

import msgspec

from numtrustd.domain.label import Category, classify
from numtrustd.domain.observation import Instant
from numtrustd.sim.ground import Face, canonical, draw
from numtrustd.sim.script import Weather
from numtrustd.sim.shapes import stranger
from numtrustd.sim.state import Appeal, Arrive, Ruling
from numtrustd.sim.traits import serves
from numtrustd.sim.world import Refused, Taken, World

PLATFORM = "telnyx"
REFERENCE = re.compile(r"\bNT-[0-9A-Z]+\b")
_NUMBER = re.compile(r"/v2/(?:enterprises/[^/]+/)?reputation/numbers/([^/]+)")
_REMEDIATION = re.compile(r"/v2/enterprises/[^/]+/reputation/remediation(?:/([0-9a-f-]+))?")
_HIGH = (Category.FRAUD, Category.NUISANCE)
_BUCKETS: Mapping[Ruling, str] = {
    Ruling.APPROVED: "remediated",
    Ruling.REJECTED: "refused",
    Ruling.NOTHING: "not_flagged",
}

Said = tuple[int, bytes]
"""HTTP status and body."""


class Ask(msgspec.Struct, frozen=True):
    """The body of a remediation request; more members than these are ignored, as the vendor does."""

    phone_numbers: list[str]
    call_purpose: str
    contact_email: str = ""
    webhook_url: str = ""


def reference(purpose: str) -> str:
    """The reference inside a call purpose; the whole text where there is none."""
    found = REFERENCE.search(purpose)
    return found[0] if found else purpose


def number_of(path: str) -> str | None:
    """The number (canonical form) that a path asks about."""
    found = _NUMBER.fullmatch(path)
    return canonical(unquote(found[1])) if found else None


def error(status: int, code: str, title: str, detail: str) -> Said:
    """An error as all of the vendor's interfaces write it."""
    return status, msgspec.json.encode({"errors": [{"code": code, "title": title, "detail": detail}]})


def submission(method: str, path: str, body: bytes) -> Arrive | Said | None:
    """The submission that a request is, the error that it deserves, or `None` if it is none."""
    found = _REMEDIATION.fullmatch(path)
    if method != "POST" or found is None or found[1]:
        return None
    try:
        ask = msgspec.json.decode(body, type=Ask)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return error(400, "10015", "Bad Request", str(problem))
    numbers = [canonical(text) for text in ask.phone_numbers]
    if not 1 <= len(numbers) <= 2_000:
        return error(422, "10015", "Bad Request", "phone_numbers must have 1 to 2000 items")
    for text, number in zip(ask.phone_numbers, numbers, strict=True):
        if number is None or number != text or not serves(PLATFORM, number):
            return error(422, "10016", "Phone number must be in +E.164 format", f"{text} is not a US number")
    known = tuple(n for n in numbers if n is not None)
    ref = reference(ask.call_purpose)
    return Arrive(PLATFORM, known, ref, ask.call_purpose, (), "http", ask.contact_email)


def submit(world: World, arrive: Arrive, now: Instant) -> Said:
    """Take it in: 202 with the request as it stands, 422 where every number is refused."""
    results = world.submit(arrive, now)
    taken = [r.appeal for r in results if isinstance(r, Taken)]
    if taken:
        return 202, msgspec.json.encode({"data": _detail(taken, now)})
    first = next(r for r in results if isinstance(r, Refused))
    if first.earlier:
        what = f"{arrive.numbers[0]} already has an in-flight remediation request"
        return error(422, "10012", "Duplicate resource", what)
    return error(422, "10015", "Bad Request", f"{arrive.numbers[0]} is not eligible: {first.reason}")


def answer(world: World, method: str, path: str, query: Mapping[str, str], now: Instant, odd: Weather | None) -> Said:
    """Everything but submissions."""
    if (found := _NUMBER.fullmatch(path)) and method == "GET":
        return _reputation(world, unquote(found[1]), now, odd)
    if (found := _REMEDIATION.fullmatch(path)) and method == "GET":
        return _one(world, found[1], now) if found[1] else _list(world, query, now)
    return error(404, "10005", "Resource not found", "The requested resource or URL could not be found.")


def _reputation(world: World, text: str, now: Instant, odd: Weather | None) -> Said:
    number = canonical(text)
    if number is None or number != text or not serves(PLATFORM, number):
        return error(404, "10005", "Resource not found", f"{text} is not associated with this enterprise.")
    face = world.face(PLATFORM, number, now)
    shown = stranger(number) if odd is Weather.WRONG_CARD else number
    blank = odd in (Weather.EMPTY, Weather.PENDING)
    data = {
        "id": str(draw(world.state.seed, "telnyx", number).getrandbits(63)),
        "enterprise_id": "00000000-0000-4000-8000-000000000001",
        "phone_number": shown,
        "reputation_data": None if blank else _scores(world, number, face, now),
        "created_at": _stamp(world.state.origin),
        "updated_at": _stamp(now),
    }
    return 200, msgspec.json.encode({"data": data})


def _scores(world: World, number: str, face: Face, now: Instant) -> dict[str, object]:
    rng = draw(world.state.seed, "scores", number)
    good = {f"{name}_score": rng.randint(70, 95) for name in ("maturity", "connection", "engagement", "sentiment")}
    if face.words is None:
        return {"spam_risk": "low", "spam_category": None, **good, "last_refreshed_at": _stamp(now)}
    risk = "high" if classify(face.words)[0] in _HIGH or (face.marks or 0) >= 10 else "medium"
    bad = {**good, "sentiment_score": rng.randint(5, 30)}
    return {"spam_risk": risk, "spam_category": face.words, **bad, "last_refreshed_at": _stamp(now)}


def _one(world: World, receipt: str, now: Instant) -> Said:
    appeals = world.appeals(PLATFORM, now, receipt)
    if not appeals:
        return error(404, "10005", "Resource not found", "No such remediation request.")
    return 200, msgspec.json.encode({"data": _detail(appeals, now)})


def _list(world: World, query: Mapping[str, str], now: Instant) -> Said:
    visible = now - world.state.faults.listing_lag
    batches: dict[str, list[Appeal]] = {}
    for appeal in world.appeals(PLATFORM, now):
        if appeal.at <= visible:
            batches.setdefault(appeal.receipt, []).append(appeal)
    found = [b for b in reversed(batches.values()) if query.get("filter[status]") in (None, _status(b, now))]
    size = max(1, min(250, _int(query.get("page[size]"), 20)))
    number = max(1, _int(query.get("page[number]"), 1))
    slim = ("id", "call_purpose", "created_at", "updated_at", "phone_numbers_count", "status")
    page = found[(number - 1) * size : number * size]
    data = [{k: v for k, v in _detail(b, now).items() if k in slim or k.startswith("tier")} for b in page]
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": -(-len(found) // size),
        "total_results": len(found),
    }
    return 200, msgspec.json.encode({"data": data, "meta": meta})


def _status(appeals: Sequence[Appeal], now: Instant) -> str:
    if all(a.decided is not None for a in appeals):
        return "completed"
    first = appeals[0]
    return "pending" if now < first.at + (first.due - first.at) / 4 else "in_progress"


def _detail(appeals: Sequence[Appeal], now: Instant) -> dict[str, object]:
    first, status = appeals[0], _status(appeals, now)
    results: dict[str, list[str]] | None = None
    if status == "completed":
        results = {name: [] for name in ("remediated", "not_flagged", "ineligible", "refused", "requires_review")}
        for appeal in appeals:
            results[_BUCKETS[appeal.ruling]].append(appeal.number)
    decided = max((a.decided for a in appeals if a.decided is not None), default=None)
    done = None if status != "completed" or decided is None else _stamp(decided)
    return {
        "id": first.receipt,
        "call_purpose": first.letter,
        "contact_email": first.contact or None,
        "webhook_url": None,
        "status": status,
        "phone_numbers_count": first.batch,
        "phone_numbers_ineligible": first.batch - len(appeals),
        "phone_numbers_submitted": len(appeals),
        "results": results,
        "tier1_completed_at": done,
        "tier2_completed_at": done,
        "created_at": _stamp(first.at),
        "updated_at": done or _stamp(first.at),
    }


def _int(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default


def _stamp(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
