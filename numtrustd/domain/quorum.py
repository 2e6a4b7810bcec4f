"""Who says what of one number on one platform, how old it is, and whether they agree. Pure.

What disagreement means. A label is opened by `confirm` looks that show it, whichever of the views they come from (of
`quorum` different sources, where the operator wants more than one), and closed only when every view says that it is
gone. So one view may show a label that another does not, and the label is believed: each view is then held against the
belief. A view disagrees when what it last said differs in the label or its category; a certified number and a clean one
have none, so they agree. Two views disagree in the name when both show one and neither can be the other, cut short.

What a view last said counts for as long as a belief without looks does (`blind_after`); what a source that is not
believed said does not count. Disagreement is normal while a platform's caches catch up: only one that lasts
(`inconsistent_after`) is said.
"""

from msgspec import Struct, structs

from numtrustd.domain.display import may_be_same
from numtrustd.domain.observation import Instant, UnknownReason
from numtrustd.domain.verdict import Verdict, VerdictPolicy
from numtrustd.domain.view import Shown, ViewState


class Stance(Struct, frozen=True):
    """One view: what it says now (`state`), what it last said when it could see, and whether that is the belief.

    `agrees` is `None` where there is nothing to compare: no belief, nothing said yet, or too long ago.
    """

    view: str
    state: ViewState
    said: Shown | None = None
    said_at: Instant | None = None
    agrees: bool | None = None

    @property
    def source(self) -> str:
        return self.view.partition("/")[0]


def stances(verdict: Verdict, now: Instant, policy: VerdictPolicy) -> tuple[Stance, ...]:
    """Every view of a number on a platform, held against what is believed."""
    found = []
    for name, state in verdict.views.items():
        last = state.last
        if last is None:
            found.append(Stance(name, state))
            continue
        said, at = last
        counts = (
            verdict.belief is not None
            and state.reason is not UnknownReason.QUARANTINED
            and (state.unknown_since is None or now - at < policy.blind_after)
        )
        agrees = said.label == verdict.belief.label if counts and verdict.belief is not None else None
        found.append(Stance(name, state, said, at, agrees))
    return tuple(found)


def disagreement(verdict: Verdict, now: Instant, policy: VerdictPolicy) -> str:
    """Who disagrees with whom, in words; empty while nobody does."""
    each = [stance for stance in stances(verdict, now, policy) if stance.agrees is not None]
    against = [stance for stance in each if not stance.agrees]
    said = []
    if against and len(each) > 1:
        held = "; ".join(f"{s.view}: {s.said.label}" for s in each if s.agrees and s.said)
        other = "; ".join(f"{s.view}: {s.said.label}" for s in against if s.said)
        said.append(f"{other}, against {held}" if held else f"{other}, against what is believed")
    named = [(s.view, s.said.name) for s in each if s.said is not None and s.said.name]
    for i, (view, name) in enumerate(named):
        others = [(v, n) for v, n in named[:i] if not may_be_same(n, name)]
        if others:
            said.append(f"{view} shows the name {name}, {others[0][0]} {others[0][1]}")
            break
    return "; ".join(said)


def apart(verdict: Verdict, now: Instant, policy: VerdictPolicy) -> tuple[Verdict, bool | None]:
    """The verdict, and whether its views have just been apart for too long (`True`) or agree again (`False`)."""
    if len(verdict.views) < 2 or not disagreement(verdict, now, policy):
        if not verdict.apart_since:
            return verdict, None
        over = False if verdict.apart_said else None
        return structs.replace(verdict, apart_since=0.0, apart_said=False), over
    if not verdict.apart_since:
        # An instant of 0 stands for "not apart".
        verdict = structs.replace(verdict, apart_since=now or 1.0)
    if verdict.apart_said or now - verdict.apart_since < policy.inconsistent_after:
        return verdict, None
    return structs.replace(verdict, apart_said=True), True
