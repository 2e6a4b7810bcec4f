"""What is wrong with the name, the logo or the tag that one view of a platform shows: found, confirmed, over. Pure.

A finding of a label is one per platform and opens a case (`finding`); these are one per view and kind, since each
surface shows its own. A flaw is said after `confirm` looks of its view, spread as a label's are, and over after as many
that do not show it: a name that flickers is not reported each time.
"""

from collections.abc import Collection, Mapping

from msgspec import Struct, structs

from numtrustd.domain.display import Display, Judgement, Match, What, compare, rule_of
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.identity import Version, Wanted, current
from numtrustd.domain.leaving import Scope
from numtrustd.domain.observation import Instant, Status
from numtrustd.domain.owned import Watch
from numtrustd.domain.verdict import Verdict, VerdictPolicy
from numtrustd.domain.view import Shown

_OF_TAGS = frozenset({FindingKind.TAG_WRONG, FindingKind.TAG_EXPIRED})

NOT_LOOKED = "nobody looks through it any more"


class Flaw(Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with what one view shows. `said` once it was confirmed; `gone` counts the looks in a row
    that did not show it.
    """

    kind: FindingKind
    view: str
    why: str
    first_at: Instant
    looks: int = 1
    said: bool = False
    gone: int = 0


class Eye(Struct, frozen=True):
    """What is known of one view: the platform's rules, and which parts of an identity its source can tell at all;
    `certifies` where it can tell that a number is certified."""

    rules: tuple[Display, ...] = ()
    tells: frozenset[What] = frozenset()
    certifies: bool = False


Faults = dict[FindingKind, str]


def faults(
    said: Shown,
    view: str,
    eye: Eye,
    wanted: Wanted,
    watch: Watch,
    now: Instant,
    scope: Scope | None = None,
    *,
    certified: bool = False,
) -> Faults:
    """What is wrong with what a view says, by kind. Nothing where nothing is wanted, nor where nobody can tell.
    `scope` says what has to go, where the number leaves.

    That something is missing is said only of surfaces that are known to show it, through sources that can tell it, and
    not where a label stands in its place, nor of a number that is not in use. Where a name is `certified` it was shown,
    so that its absence is a pause.
    """
    surface = view.partition("/")[2]
    if scope is not None or watch is Watch.FAREWELL:
        return _residual(said, surface, eye, wanted, now, scope)
    found: dict[FindingKind, list[str]] = {}
    for what, text, versions in (
        (What.NAME, said.name, wanted.names),
        (What.LOGO, said.logo, wanted.logos),
        (What.TAG, said.tag, wanted.tags),
    ):
        if not versions:
            continue
        rule = rule_of(eye.rules, surface, what)
        if text is None and not (
            (rule.shown if rule is not None else certified and what is What.NAME)
            and what in eye.tells
            and not said.displayed
            and watch is Watch.YES
        ):
            continue
        judged = compare(text, versions, what, rule, now)
        if not judged.match.right:
            kind = _kind(what, judged, now)
            if kind is FindingKind.DISPLAY_MISSING and what is What.NAME and certified:
                kind = FindingKind.PAUSED
            found.setdefault(kind, []).append(_why(what, text, judged, current(versions, now), now))
    return {kind: "; ".join(why) for kind, why in found.items()}


def _residual(said: Shown, surface: str, eye: Eye, wanted: Wanted, now: Instant, scope: Scope | None) -> Faults:
    """The number leaves, or was given up: whatever is still shown of ours should be gone. Where the number stays and
    only what is wrong has to go, all that is not what is wanted now; a certification of which no name can be told may
    be of the one or the other, and counts until a person says so.
    """
    left = []
    for what, text, versions in (
        (What.NAME, said.name, wanted.names),
        (What.LOGO, said.logo, wanted.logos),
        (What.TAG, said.tag, wanted.tags),
    ):
        if text and versions:
            judged = compare(text, versions, what, rule_of(eye.rules, surface, what), now)
            if not judged.match.right if scope is Scope.OLD else judged.version:
                left.append(f"the {what} {text}")
    if scope is not None and said.status is Status.CERTIFIED and not left and not (said.name and wanted.names):
        left.append(f"a certification{f' as {said.name}' if said.name else ''}")
    gone = {None: " of ours, which was given up", Scope.ALL: " of ours, which has to go"}.get(
        scope, ", which has to go"
    )
    return {FindingKind.RESIDUAL: f"still shows {' and '.join(left)}{gone}"} if left else {}


def _kind(what: What, judged: Judgement, now: Instant) -> FindingKind:
    if what is What.TAG:
        return FindingKind.TAG_EXPIRED if _over(judged.version, now) else FindingKind.TAG_WRONG
    return FindingKind.DISPLAY_MISSING if judged.match is Match.MISSING else FindingKind.DISPLAY_WRONG


def _over(version: Version | None, now: Instant) -> bool:
    return version is not None and version.until is not None and version.until <= now


def _why(what: What, text: str | None, judged: Judgement, wanted: Version | None, now: Instant) -> str:
    instead = f"instead of {wanted.text}" if wanted is not None and wanted.text and not _over(wanted, now) else ""
    match judged.match:
        case Match.MISSING:
            return f"shows no {what} {instead}".rstrip()
        case Match.OLD if _over(judged.version, now):
            return f"still shows the {what} {text}, whose time is over"
        case Match.OLD:
            return f"still shows the old {what} {text} {instead}".rstrip()
        case _:
            return f"shows another {what}, {text}, {instead or 'where none is wanted'}"


def present(
    verdict: Verdict,
    eyes: Mapping[str, Eye],
    wanted: Wanted | None,
    watch: Watch,
    now: Instant,
    scope: Scope | None = None,
    *,
    certified: bool = False,
) -> dict[str, Faults]:
    """The faults of every view of a platform, by what it last said when it could see."""
    if wanted is None and scope is None:
        return {}
    found = {}
    for view, state in verdict.views.items():
        if (last := state.last) is not None and view in eyes:
            found[view] = faults(last[0], view, eyes[view], wanted or Wanted(), watch, now, scope, certified=certified)
    return found


def weigh(
    before: Collection[Flaw],
    now_present: Mapping[str, Faults],
    looked: str | None,
    now: Instant,
    policy: VerdictPolicy,
    *,
    hush: bool = False,
) -> tuple[tuple[Flaw, ...], tuple[Flaw, ...], tuple[Flaw, ...]]:
    """(the flaws after a look, those that are said now, those that are over now).

    `looked` is the view that has just seen; `None` says that nobody looked and what is wanted may have changed: then
    what is no flaw any more is over at once, and what is one now waits for a look. `hush`: nothing is said as yet,
    since it is on its way out; it counts all the same.
    """
    after: list[Flaw] = []
    opened: list[Flaw] = []
    closed: list[Flaw] = []
    for flaw in before:
        why = now_present.get(flaw.view, {}).get(flaw.kind)
        kept: Flaw | None = flaw
        if flaw.view not in now_present:
            kept = None
        elif looked is None:
            kept = None if why is None else structs.replace(flaw, why=why)
        elif looked == flaw.view:
            if why is not None:
                kept = structs.replace(flaw, why=why, looks=flaw.looks + 1, gone=0)
            else:
                kept = structs.replace(flaw, gone=flaw.gone + 1)
                if not flaw.said or kept.gone >= policy.confirm:
                    kept = None
        if kept is None:
            if flaw.said:
                closed.append(flaw)
            continue
        after.append(kept)
    if looked is not None:
        known = {flaw.kind for flaw in before if flaw.view == looked}
        after += [Flaw(k, looked, why, now) for k, why in now_present.get(looked, {}).items() if k not in known]
        for n, flaw in enumerate(after):
            if not hush and flaw.view == looked and not flaw.said and not flaw.gone and _confirmed(flaw, now, policy):
                after[n] = structs.replace(flaw, said=True)
                opened.append(after[n])
    return tuple(after), tuple(opened), tuple(closed)


def over(flaw: Flaw, said: Shown, wanted: Wanted, others: Collection[FindingKind]) -> str:
    """Why a flaw is over after its view was looked through, by what that says now; `others` are wrong there still."""
    tag = flaw.kind in _OF_TAGS
    parts = ((said.tag, wanted.tags),) if tag else ((said.name, wanted.names), (said.logo, wanted.logos))
    lacking = [text is None for text, versions in parts if versions]
    if said.displayed and any(lacking):
        return "a label is shown instead"
    if instead := next((kind for kind in others if (kind in _OF_TAGS) is tag), None):
        return f"it has become {instead}"
    gone = flaw.kind is not FindingKind.DISPLAY_MISSING and lacking and all(lacking)
    return "no longer shown" if gone else "what is shown is right"


def _confirmed(flaw: Flaw, now: Instant, policy: VerdictPolicy) -> bool:
    return flaw.looks >= policy.confirm and (policy.confirm == 1 or now - flaw.first_at >= policy.confirm_spread)
