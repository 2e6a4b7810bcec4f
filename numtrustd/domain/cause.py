"""Why a label probably appeared, each cause with its facts.

The cause picks the evidence and the wording of the appeal, and the order: a platform that feeds others goes first.
`call_stats` has what the company told of its own calls, `propagation` who copies from whom.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from numtrustd.domain import call_stats, propagation
from numtrustd.domain.call_stats import DayCalls, Load
from numtrustd.domain.evidence import Document
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.flaw import Flaw
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import Platform
from numtrustd.domain.verdict import Verdict

DAY = 86_400.0
IDENTITY = ("licence", "number_ownership", "legal_person_id")
"""The papers by which a platform knows whose number it is."""


class CauseKind(enum.StrEnum):
    """The causes that the daemon can name; `UNCLEAR` says honestly that no fact points anywhere."""

    INHERITED = "inherited"
    PROPAGATED = "propagated"
    ALGORITHM = "algorithm"
    REPORTS = "reports"
    MALICIOUS = "malicious"
    PROFILE = "profile"
    UNCLEAR = "unclear"


class CausePolicy(Struct, frozen=True):
    """From which figures on a fact points at a cause. `burst_marks` within `burst_within` seconds of the last clean
    look are more than ordinary calling explains; a number that had been its owner's for longer than `inherited_within`
    seconds when it was first looked at has no label of a previous owner's; `window_days` are the days before the label
    that are looked at, and as many before them to compare with; `rise` is how many times as much counts as a rise.
    """

    burst_marks: int = 15
    burst_within: float = 172_800.0
    inherited_within: float = 31_536_000.0
    window_days: int = 7
    calls_a_day: float = 150.0
    short_share: float = 0.5
    off_hours_share: float = 0.05
    rise: float = 1.5
    zone: str = "Asia/Shanghai"


class Cause(Struct, frozen=True):
    """One likely cause and the facts that speak for it."""

    kind: CauseKind
    facts: tuple[str, ...]


class Known(Struct, frozen=True):
    """What is known beside the verdicts: the number's own calls, a record a day, the owner's papers, what is wrong with
    the name, logo or tag that the platform shows of it, and the day `since` which the number is its owner's."""

    calls: Sequence[DayCalls] = ()
    papers: Sequence[Document] = ()
    flaws: Sequence[Flaw] = ()
    since: date | None = None


def causes(
    verdict: Verdict,
    others: Mapping[str, Verdict],
    platforms: Mapping[str, Platform],
    now: Instant,
    known: Known = Known(),  # noqa: B008 - frozen
    policy: CausePolicy = CausePolicy(),  # noqa: B008 - frozen
) -> Sequence[Cause]:
    """The likely causes of the mark that `verdict` believes in, the strongest first; never empty."""
    appeared = call_stats.day_of(verdict.since, policy.zone)
    inherited = _inherited(verdict, appeared, known.since, policy)
    found = [*inherited, *_copied(verdict, others, platforms)]
    before, earlier = _loads(known.calls, appeared, policy)
    if not inherited:
        burst = _burst(verdict, now, before, earlier, policy)
        found += burst or _reports(verdict, now, before, earlier, policy)
    found += _algorithm(before, policy)
    found += _profile(known.papers, known.flaws, call_stats.day_of(now, policy.zone))
    return found or [Cause(CauseKind.UNCLEAR, tuple(_unclear(verdict, known.since)))]


def standing(kinds: Sequence[str], begun: Instant, since: date | None, policy: CausePolicy) -> tuple[str, ...]:
    """The causes that a case was begun with, held against the day that its owner may have told only afterwards: a
    letter does not blame a previous owner for a number that was never his, nor does it leave the cause out then."""
    if since is None or CauseKind.INHERITED not in kinds:
        return tuple(kinds)
    if _may_be_older(call_stats.day_of(begun, policy.zone), since, policy):
        return tuple(kinds)
    return tuple(kind for kind in kinds if kind != CauseKind.INHERITED) or (CauseKind.UNCLEAR,)


def _may_be_older(appeared: date, since: date, policy: CausePolicy) -> bool:
    """Whether what was there on a day may have been there before the number was its owner's."""
    return appeared - since <= timedelta(seconds=policy.inherited_within)


def _inherited(verdict: Verdict, appeared: date, since: date | None, policy: CausePolicy) -> list[Cause]:
    """A label that is, or may be, a previous owner's."""
    if since is not None and appeared < since:
        fact = f"marked before {since}, since when the number is ours"
    elif not verdict.baseline_marked or (since is not None and not _may_be_older(appeared, since, policy)):
        return []
    else:
        fact = "marked at the first looks at this number" + (f", ours since {since}" if since else "")
    return [Cause(CauseKind.INHERITED, (fact,))]


def _unclear(verdict: Verdict, since: date | None) -> Iterable[str]:
    yield "no count of marks, no feeding platform marked"
    if verdict.baseline_marked and since is not None:
        yield f"marked at the first looks, but ours since {since}, too long for a previous owner's label"


def _copied(verdict: Verdict, others: Mapping[str, Verdict], platforms: Mapping[str, Platform]) -> Iterable[Cause]:
    for feeder, (_, latest) in propagation.feeders(platforms, verdict.platform):
        other = others.get(feeder.id)
        if other is None or not other.marked:
            continue
        lag = verdict.since - other.since
        if 0 <= lag <= latest * propagation.SLACK:
            fact = f"{feeder.id} feeds {verdict.platform} and was marked {lag / DAY:.1f} d earlier"
            yield Cause(CauseKind.PROPAGATED, (fact,))


def _loads(calls: Sequence[DayCalls], appeared: date, policy: CausePolicy) -> tuple[Load | None, Load | None]:
    """The days up to the label's, and as many before them."""
    span = timedelta(days=policy.window_days)
    before = call_stats.between(calls, appeared - span + timedelta(days=1), appeared)
    earlier = call_stats.between(calls, appeared - 2 * span + timedelta(days=1), appeared - span)
    return call_stats.load(before), call_stats.load(earlier)


def _burst(
    verdict: Verdict, now: Instant, before: Load | None, earlier: Load | None, policy: CausePolicy
) -> list[Cause]:
    """Many marks in a short time, which the calls do not explain."""
    marks = verdict.belief.marks if verdict.belief else None
    age = now - verdict.clean_at if verdict.clean_at else None
    if marks is None or age is None or marks < policy.burst_marks or age > policy.burst_within:
        return []
    facts = [f"{marks} marks within {age / DAY:.1f} d of a clean look"]
    if before is not None and earlier is not None:
        if earlier.calls and before.calls > policy.rise * earlier.calls:
            return []  # so many more calls explain so many more marks
        facts.append(
            f"{before.calls:.0f} calls a day meanwhile, {earlier.calls:.0f} before: no rise that explains them"
        )
    return [Cause(CauseKind.MALICIOUS, tuple(facts))]


def _reports(
    verdict: Verdict, now: Instant, before: Load | None, earlier: Load | None, policy: CausePolicy
) -> list[Cause]:
    """People mark and complain, a few each day."""
    facts = []
    marks = verdict.belief.marks if verdict.belief else None
    if marks:
        facts.append(f"{marks} marks counted by the platform")
        if verdict.marks_from is not None and now - verdict.marks_from[0] >= DAY and marks > verdict.marks_from[1]:
            grown = (marks - verdict.marks_from[1]) / ((now - verdict.marks_from[0]) / DAY)
            facts.append(f"{grown:.1f} more a day since they were first seen")
    if (
        before is not None
        and before.complaints
        and before.complaints > policy.rise * (earlier.complaints if earlier else 0)
    ):
        was = f", {earlier.complaints:.1f} before" if earlier else ""
        facts.append(f"{before.complaints:.1f} complaints a day in the days before the label{was}")
    return [Cause(CauseKind.REPORTS, tuple(facts))] if facts else []


def _algorithm(before: Load | None, policy: CausePolicy) -> list[Cause]:
    """A pattern of calling that platforms take for a robot's: many calls, short ones, outside hours."""
    if before is None:
        return []
    facts = []
    if before.calls >= policy.calls_a_day:
        facts.append(f"{before.calls:.0f} calls a day in the {before.days} days before the label")
    if before.short is not None and before.short >= policy.short_share:
        facts.append(f"{before.short:.0%} of the answered calls were short")
    if before.off_hours is not None and before.off_hours >= policy.off_hours_share:
        facts.append(f"{before.off_hours:.0%} of the calls were outside hours")
    return [Cause(CauseKind.ALGORITHM, tuple(facts))] if facts else []


def _profile(papers: Sequence[Document], flaws: Sequence[Flaw], today: date) -> list[Cause]:
    """The platform may not know any more whose number it is: it shows another identity, or the papers have expired."""
    good = {p.kind for p in papers if p.expires is None or p.expires >= today}
    expired = [p for p in papers if p.kind in IDENTITY and p.kind not in good]
    facts = [f"{flaw.view} {flaw.why}" for flaw in flaws if flaw.kind is FindingKind.DISPLAY_WRONG]
    facts += [f"{p.kind} expired on {p.expires}" for p in expired]
    return [Cause(CauseKind.PROFILE, tuple(facts))] if facts else []
