"""What the daemon believes of one number on one platform, folded from observations.

Hysteresis works both ways: a label is believed after `confirm` looks spread over a minimum time, and believed gone only
after `clear` clean looks in a row. An unknown never moves a belief; it only ages it (`blind_since`). `observation`
is what goes in, `view` what each source said last, `quorum` who agrees; `finding` says whether a belief is a problem.
"""

import enum
import math
from collections.abc import Collection

from msgspec import Struct, structs

from numtrustd.domain import view
from numtrustd.domain.observation import Instant, Observation, Status, UnknownReason
from numtrustd.domain.view import Shown, ViewState


class VerdictPolicy(Struct, frozen=True):
    """How many looks, over how long (seconds), move a belief. Defaults are those of the shipped configuration.

    `quorum` is the number of different sources that must have seen a label before it is believed; a source that cannot
    see has no vote, so that it can veto nothing. A label is gone only when every view says so, whatever the quorum.
    """

    confirm: int = 2
    confirm_spread: float = 600.0
    confirm_window: float = 86_400.0
    clear: int = 3
    clear_spread: float = 3_600.0
    flap_window: float = 604_800.0
    flap_changes: int = 4
    flap_hold: float = 86_400.0
    blind_after: float = 86_400.0
    quorum: int = 1
    inconsistent_after: float = 86_400.0


class Run(Struct, frozen=True, gc=False, omit_defaults=True):
    """Looks that contradict the belief and agree among themselves. The last `in_row` of them came one after the other
    and showed the very same.
    """

    shown: Shown
    looks: int
    sources: tuple[str, ...]
    first_at: Instant
    last_at: Instant
    in_row: int = 1


class Verdict(Struct, frozen=True, omit_defaults=True):
    """A belief, since when, and what speaks against it so far.

    `settled` counts the looks in a row that agree with the belief, those that made it included; `changes` holds
    (instant, key) of those within the flap window; `marks_from` is the first count seen of the present mark, with its
    time; `blind_said` tells that nothing could be seen for so long that it was said. `apart_since` is since when views
    disagree (0: they do not), `apart_said` tells that they do for so long that it was said.
    """

    platform: str
    belief: Shown | None = None
    since: Instant = 0.0
    run: Run | None = None
    settled: int = 0
    changes: tuple[tuple[Instant, str], ...] = ()
    flapping: bool = False
    flapping_since: Instant = 0.0
    seen_at: Instant = 0.0
    clean_at: Instant = 0.0
    marks_from: tuple[Instant, int] | None = None
    views: dict[str, ViewState] = {}
    baseline_marked: bool = False
    blind_said: bool = False
    apart_since: Instant = 0.0
    apart_said: bool = False

    @property
    def marked(self) -> bool:
        return self.belief is not None and self.belief.marked

    @property
    def blind_since(self) -> Instant | None:
        """Since when no view of this platform could see anything; `None` while one can."""
        if not self.views:
            return None
        since = [v.unknown_since for v in self.views.values()]
        known = [s for s in since if s is not None]
        return max(known) if len(known) == len(since) else None

    @property
    def maintenance(self) -> bool:
        """Whether a view's latest word is the platform's own "under maintenance", and no other has seen anything since
        it cannot see: a source may speak of itself, or for ever of a page that has moved."""
        since = [v.unknown_since or v.at for v in self.views.values() if v.reason is UnknownReason.MAINTENANCE]
        if not since:
            return False
        seen = max((v.at for v in self.views.values() if v.unknown_since is None), default=-math.inf)
        return max(since) > seen


class ChangeKind(enum.StrEnum):
    """What a fold did to a belief."""

    BASELINE = "baseline"
    CHANGED = "changed"
    FLAPPING = "flapping"
    SETTLED = "settled"


class Change(Struct, frozen=True):
    """A belief that moved, from what to what, on how many looks of which sources; `beside` is what else is shown while
    it flaps.
    """

    kind: ChangeKind
    old: Shown | None
    new: Shown
    looks: int
    sources: tuple[str, ...]
    why: str
    beside: Shown | None = None


def through(verdict: Verdict, views: Collection[str]) -> Verdict:
    """The same belief without the last words of other views: nobody looks through those any more to hear another."""
    if all(name in views for name in verdict.views):
        return verdict
    return structs.replace(verdict, views={name: view for name, view in verdict.views.items() if name in views})


def sight(verdict: Verdict, now: Instant, policy: VerdictPolicy) -> tuple[Verdict, bool | None]:
    """The verdict, and whether it has just become blind for too long (`True`) or can be seen again (`False`)."""
    since = verdict.blind_since
    if since is None:
        return (structs.replace(verdict, blind_said=False), False) if verdict.blind_said else (verdict, None)
    if verdict.blind_said or now - since < policy.blind_after:
        return verdict, None
    return structs.replace(verdict, blind_said=True), True


def not_after(verdict: Verdict, now: Instant) -> Verdict:
    """The same belief, with every instant that `now` has not reached moved to it.

    It was seen while the clock was ahead, and what is seen from now on is newer all the same.
    """
    views = {name: view.not_after(state, now) for name, state in verdict.views.items()}
    run = verdict.run
    return structs.replace(
        verdict,
        since=min(verdict.since, now),
        run=None
        if run is None
        else structs.replace(run, first_at=min(run.first_at, now), last_at=min(run.last_at, now)),
        changes=tuple((min(at, now), key) for at, key in verdict.changes),
        flapping_since=min(verdict.flapping_since, now),
        seen_at=min(verdict.seen_at, now),
        clean_at=min(verdict.clean_at, now),
        marks_from=None if verdict.marks_from is None else (min(verdict.marks_from[0], now), verdict.marks_from[1]),
        views=views,
        apart_since=min(verdict.apart_since, now),
    )


def fold(
    verdict: Verdict,
    observation: Observation,
    policy: VerdictPolicy,
    shown_from: int | None = None,
    sources: Collection[str] = (),
) -> tuple[Verdict, Change | None]:
    """The belief after one more observation of this platform, and the change if it moved.

    An observation older than the newest one seen is ignored: late answers must not turn time back. `shown_from` is the
    count of marks from which the platform displays a label, `sources` those that look at this number there.
    """
    before = verdict.views.get(observation.view)
    if before is not None and observation.at < before.at:
        return verdict, None
    if not observation.known:
        views = {**verdict.views, observation.view: view.unseen(observation, before)}
        run = verdict.run
        if observation.reason is UnknownReason.QUARANTINED and run is not None and run.sources == (observation.source,):
            run = None  # what only a source says that is not believed is no beginning of a change
        return structs.replace(verdict, views=views, run=run), None
    now = view.shown(observation, shown_from)
    verdict = structs.replace(
        verdict,
        views={**verdict.views, observation.view: view.seen(observation, now)},
        seen_at=max(verdict.seen_at, observation.at),
        clean_at=verdict.clean_at if observation.status is Status.MARKED else observation.at,
    )
    if verdict.belief is not None and verdict.belief.key == now.key:
        return _agree(verdict, now, observation.at, policy), None
    return _contradict(verdict, now, observation, policy, sources)


def _agree(verdict: Verdict, now: Shown, at: Instant, policy: VerdictPolicy) -> Verdict:
    run, settled = verdict.run, verdict.settled + 1
    # Clean looks that would close a mark must come in a row; marked looks that would open one need not: a platform
    # that shows the label to every other caller must not pass as clean. They lapse with enough agreement or age.
    if run is not None:
        opening = run.shown.marked and not _better(now, run.shown)
        stale = at - run.first_at > policy.confirm_window or settled >= max(policy.clear, policy.confirm)
        if not opening or stale:
            run = None
    flapping = verdict.flapping and (run is not None or at - verdict.flapping_since < policy.flap_hold)
    return structs.replace(
        verdict, belief=now, run=run, settled=settled, flapping=flapping, marks_from=_marks(verdict, now, at)
    )


def _marks(verdict: Verdict, now: Shown, at: Instant) -> tuple[Instant, int] | None:
    if not now.marked:
        return None
    if verdict.marks_from is None and now.marks is not None:
        return (at, now.marks)
    return verdict.marks_from


def _extend(run: Run | None, now: Shown, observation: Observation, *, by_status: bool, window: float) -> Run:
    same = run is not None and (run.shown.side == now.side if by_status else run.shown.key == now.key)
    if run is None or not same or (now.marked and observation.at - run.first_at > window):
        return Run(now, 1, (observation.source,), observation.at, observation.at)
    sources = run.sources if observation.source in run.sources else (*run.sources, observation.source)
    return Run(now, run.looks + 1, sources, run.first_at, observation.at)


def demanded(verdict: Verdict, run: Run, policy: VerdictPolicy) -> tuple[int, float]:
    """How many looks, over how many seconds, it takes until what `run` shows is believed."""
    old = verdict.belief
    if old is None and not run.shown.marked:
        return 1, 0.0
    if old is not None and _better(old, run.shown):
        return policy.clear, max(policy.clear_spread, policy.flap_hold if verdict.flapping else 0.0)
    return policy.confirm, 0.0 if len(run.sources) > 1 else policy.confirm_spread


def _better(old: Shown, new: Shown) -> bool:
    """Whether a label would be gone, or no longer displayed."""
    return (old.marked and not new.marked) or (old.displayed and not new.displayed)


def voters(verdict: Verdict, sources: Collection[str]) -> int:
    """How many of these sources have a vote: all that have not looked yet, or of which a view can see."""
    blind: dict[str, bool] = {}
    for name, state in verdict.views.items():
        source = name.partition("/")[0]
        blind[source] = blind.get(source, True) and state.unknown_since is not None
    return sum(not blind.get(source, False) for source in sources)


def _marked_elsewhere(verdict: Verdict, observation: Observation, policy: VerdictPolicy) -> bool:
    """Whether another view, which is believed, last showed a mark, and not long ago."""
    return any(
        name != observation.view
        and state.reason is not UnknownReason.QUARANTINED
        and (last := state.last) is not None
        and last[0].marked
        and observation.at - last[1] <= policy.confirm_window
        for name, state in verdict.views.items()
    )


def _contradict(
    verdict: Verdict, now: Shown, observation: Observation, policy: VerdictPolicy, sources: Collection[str]
) -> tuple[Verdict, Change | None]:
    old, at = verdict.belief, observation.at
    if old is None and not now.marked and _marked_elsewhere(verdict, observation, policy):
        # No first picture yet: another view has just shown a mark, which is looked at again.
        run = None if verdict.run is None else structs.replace(verdict.run, in_row=0)
        return structs.replace(verdict, run=run), None
    by_status = old is None or old.side != now.side
    before, in_row = verdict.run, 1
    if before is not None and not verdict.settled and before.shown.key == now.key:
        in_row += before.in_row
    run = _extend(before, now, observation, by_status=by_status, window=policy.confirm_window)
    run = structs.replace(run, in_row=in_row)
    need, spread = demanded(verdict, run, policy)
    verdict = structs.replace(verdict, settled=0, run=run)
    if run.looks < need or run.last_at - run.first_at < spread:
        return verdict, None
    if now.displayed and len(run.sources) < min(policy.quorum, voters(verdict, sources)):
        return verdict, None
    return _move(verdict, old, now, run, at, policy)


def _move(
    verdict: Verdict, old: Shown | None, now: Shown, run: Run, at: Instant, policy: VerdictPolicy
) -> tuple[Verdict, Change | None]:
    looks = "1 look" if run.looks == 1 else f"{run.looks} looks"
    sources = "1 source" if len(run.sources) == 1 else f"{len(run.sources)} sources"
    why = f"{looks} of {sources} over {int(run.last_at - run.first_at)} s"
    first = (run.first_at, now.marks) if now.marked and now.marks is not None else None
    if old is None:
        moved = structs.replace(
            verdict, belief=now, since=at, run=None, settled=run.in_row, marks_from=first, baseline_marked=now.marked
        )
        return moved, Change(ChangeKind.BASELINE, None, now, run.looks, run.sources, why)
    recent = tuple(c for c in verdict.changes if at - c[0] <= policy.flap_window)
    known_before = any(key == now.key for _, key in recent)
    changes = (*recent, (at, now.key))
    if verdict.flapping:
        # A mark held open: it ends only with the long clean run that `_contradict` asked for.
        moved = structs.replace(
            verdict,
            belief=now,
            since=at,
            run=None,
            settled=run.in_row,
            flapping=False,
            changes=(),
            marks_from=first,
            baseline_marked=False,
        )
        return moved, Change(ChangeKind.SETTLED, old, now, run.looks, run.sources, why)
    if known_before and len(changes) >= policy.flap_changes and (old.marked or now.marked):
        held = now if (now.displayed and not old.displayed) or not old.marked else old  # the worse of the two
        moved = structs.replace(
            verdict,
            belief=held,
            run=None,
            settled=run.in_row if held is now else 0,
            flapping=True,
            flapping_since=at,
            changes=changes,
            since=verdict.since if held is old else at,
        )
        why = f"{len(changes)} changes within {int(policy.flap_window)} s; held open as {held.key}"
        beside = now if held is old else old
        return moved, Change(ChangeKind.FLAPPING, old, held, run.looks, run.sources, why, beside)
    moved = structs.replace(
        verdict,
        belief=now,
        since=at,
        run=None,
        settled=run.in_row,
        changes=changes,
        marks_from=first,
        baseline_marked=False,
    )
    return moved, Change(ChangeKind.CHANGED, old, now, run.looks, run.sources, why)
