"""PURE: reports that people and webhook relays push: what one must say, and what makes two of them the same.

`said` beside this knows what can have been shown; this knows the rest: whether it is fresh, whether the one who says so
may, and whether the handset is named so that somebody could look again. `told` beside this reads recorded ones.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from numtrustd.domain.label import Category
from numtrustd.domain.observation import BY_EYE, Instant, Observation
from numtrustd.probes.said import Said, contradiction, observation

DAY = 86_400.0

AHEAD = 300.0
"""Seconds by which the clock of whoever reports may be ahead of ours."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_APPLE = re.compile(r"iphone|ipad|\bios\b|ipados", re.IGNORECASE)


class ReportSpec(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may report (`authors`; empty is everybody whom the socket lets in), and how old a report may be, in seconds.

    `handset` says that a report is of a handset, whose model and system must be told; `witness` that only a label
    counts there: no case waits until nobody sees one.
    """

    authors: tuple[str, ...] = ()
    max_age: Annotated[float, Meta(gt=0, le=366 * DAY, extra={"unit": "duration"})] = 7 * DAY
    handset: bool = False
    witness: bool = False


class Claim(Said, frozen=True, kw_only=True):
    """One report as it comes in, beside the number, the platform and the surface. `at` is left out for "just now"."""

    by: str
    at: Instant | None = None
    device: str = ""
    os: str = ""
    app: str = ""
    screenshot: str = ""
    evidence: str = ""


Fault = tuple[str, str]
"""The field of a report that is wrong, and why it is not taken and what would be."""


def objections(claim: Claim, spec: ReportSpec, now: Instant) -> Iterator[Fault]:
    """All that keeps a report from being taken. What was shown is `said`'s."""
    if spec.authors and claim.by not in spec.authors:
        yield "author", f'"{claim.by}" may not report there; {", ".join(spec.authors)} may'
    if claim.at is not None:
        if claim.at > now + AHEAD:
            yield "at", "lies in the future: say when it was seen, with the offset of your clock (…T18:00:00+08:00)"
        if claim.at < now - spec.max_age:
            days = spec.max_age / DAY
            yield "at", f"is longer ago than the {days:g} days that a report may be old: look again, and report that"
    if claim.screenshot and not DIGEST.fullmatch(claim.screenshot):
        yield "screenshot_digest", "is no digest: write sha256: and the 64 hex digits that `sha256sum` prints"
    if claim.logo is not None and claim.logo.startswith("sha256:") and not DIGEST.fullmatch(claim.logo):
        yield "logo_digest", "is no digest: write sha256: and the 64 hex digits that `sha256sum` prints"
    if spec.handset:
        if not claim.device:
            yield "device", 'is missing: name the handset\'s model, like "HUAWEI Mate 60"'
        if not claim.os:
            yield "os", 'is missing: name the handset\'s system, like "HarmonyOS 4.2"'
    if not claim.app and (_APPLE.search(claim.device) or _APPLE.search(claim.os)):
        yield "app", "is missing: an iPhone shows labels of apps; name the one whose label this is"


def weigh(
    claim: Claim,
    spec: ReportSpec,
    place: tuple[str, str, str],
    now: Instant,
    words: Mapping[str, Mapping[str, Category]],
) -> Observation | tuple[Fault, ...]:
    """What a claim comes to at a (source, platform, surface); else all that is wrong with it. `words` as in
    `probes.extract`."""
    contradicted = contradiction(claim, BY_EYE)
    wrong = (*(() if contradicted is None else (contradicted,)), *objections(claim, spec, now))
    if wrong:
        return wrong
    source, platform, surface = place
    at = min(now if claim.at is None else claim.at, now)
    return observation(claim, platform, source, surface, at, words)


def key_of(number: str, platform: str, source: str, surface: str, claim: Claim, now: Instant) -> str:
    """What makes a report the same when it is handed in again: everything in it.

    One that does not say when it was seen is of now, unless it carries a screenshot, of which there is only one.
    """
    at = claim.at if claim.at is not None or claim.screenshot else now
    return _digest(number, platform, source, surface, at, claim)


def said_of(number: str, platform: str, source: str, surface: str, claim: Claim) -> str:
    """What makes two reports say the same at different times: everything in them but the time."""
    return _digest(number, platform, source, surface, None, claim)


def _digest(number: str, platform: str, source: str, surface: str, at: Instant | None, claim: Claim) -> str:
    said = (number, platform, source, surface, at, msgspec.structs.astuple(msgspec.structs.replace(claim, at=None)))
    return sha256(msgspec.json.encode(said)).hexdigest()[:32]
