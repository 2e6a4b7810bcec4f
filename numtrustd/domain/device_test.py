"""PURE: which numbers people should look at next, on which handsets and behind which gates, why, and by when.

A person's time is the dearest source there is, so numbers are put together into few tasks, the oldest looks first, and
nobody is asked twice for the same. `actors.hands` opens the tasks and closes them; `report` is what comes back.
"""

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from numtrustd.domain.observation import Instant, Status
from numtrustd.domain.verdict import Verdict

DAY = 86_400.0

PREFIX = "look/"
"""What the ids of these tasks begin with, where those of others begin with a number."""

DEVICE, ASSISTED = "device", "assisted"
"""What the sources through which people tell are called, after their platform and a dot."""


class HandPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[device_tests]`: how often people are asked to look, in seconds, and how much at once. `keep` is how long a task
    that has ended is kept."""

    enabled: bool = True
    interval: float = 30 * DAY
    assisted_interval: float = 7 * DAY
    verify_interval: float = DAY
    confirm_interval: float = 1_800.0
    deadline: float = 7 * DAY
    numbers: Annotated[int, Meta(ge=1, le=200)] = 20
    open_tasks: Annotated[int, Meta(ge=1, le=1_000)] = 3
    keep: float = 365 * DAY

    @property
    def fresh(self) -> float:
        """A look that is no older than this is not asked for again, whatever for."""
        return min(self.confirm_interval, self.verify_interval, self.interval / 4, self.assisted_interval)


class Why(enum.StrEnum):
    """What a look is wanted for, the most urgent first."""

    CONFIRM = "confirm"  # the latest look disagrees with what is believed
    VERIFY = "verify"  # a case waits for looks that show the label gone
    DISAGREE = "disagree"  # what people saw and what another source says differ
    BLIND = "blind"  # the other sources cannot see
    FIRST = "first"  # nobody has looked yet
    ROUTINE = "routine"  # the last look is long ago
    INSPECTION = "inspection"  # everything is looked at anew


ORDER = {why: n for n, why in enumerate(Why)}
URGENT = frozenset({Why.CONFIRM, Why.VERIFY, Why.DISAGREE, Why.BLIND})


class Wish(Struct, frozen=True):
    """A look that is wanted of one number through one source. `seen_at` is when people last looked, `None` never."""

    number: str
    why: Why
    seen_at: Instant | None


class Errand(Struct, frozen=True):
    """What one person is asked for at once: these numbers through this source, by `due`."""

    source: str
    wishes: tuple[Wish, ...]
    due: Instant

    @property
    def urgent(self) -> bool:
        return any(wish.why in URGENT for wish in self.wishes)


def wish(
    number: str,
    verdict: Verdict | None,
    seen: Mapping[str, Instant],
    hands: Collection[str],
    now: Instant,
    policy: HandPolicy,
    *,
    verifying: bool,
    assisted: bool,
    inspected_since: Instant | None = None,
    watched: bool = False,
) -> Wish | None:
    """What is wanted of a number through one source; `None` when nothing is.

    `hands` are the views that people look through there, `seen` when they last did. Where other sources look too
    (`watched`), which do so often enough by themselves, people are asked only where those fail. `verifying`: a case
    waits for clean looks. `assisted`: it is a page that is looked at, not a handset.
    """
    each = [seen[view] for view in hands if view in seen]
    last = min(each) if len(each) == len(hands) and each else None
    newest = max(each, default=None)
    age = float("inf") if newest is None else max(0.0, now - newest)
    others = {} if verdict is None else {name: view for name, view in verdict.views.items() if name not in hands}
    why: Why | None = None
    if verdict is not None and verdict.run is not None and age >= policy.confirm_interval:
        why = Why.CONFIRM
    elif verifying and age >= policy.verify_interval:
        why = Why.VERIFY
    elif verdict is not None and others and age >= policy.verify_interval:
        if _disagree(verdict, hands, others):
            why = Why.DISAGREE
        elif all(view.unknown_since is not None for view in others.values()):
            why = Why.BLIND if age >= policy.interval / 4 else None
    elif not (others or watched or verifying) and verdict is not None and _surfaces_differ(verdict, age, policy):
        why = Why.DISAGREE
    elif not (others or watched or verifying):
        every = policy.assisted_interval if assisted else policy.interval
        if last is None:
            why = Why.FIRST
        elif now - last >= every:
            why = Why.ROUTINE
    if why is None and inspected_since is not None and (last is None or last < inspected_since):
        why = Why.INSPECTION
    return None if why is None else Wish(number, why, newest)


def wanted_at(
    wanted: Callable[[Instant], Wish | None], seen: Iterable[Instant], now: Instant, policy: HandPolicy
) -> Instant | None:
    """The soonest time from `now` on at which a look is wanted, if nobody tells anything until then; `None` if none is.

    What `wanted` says changes only when one of the policy's intervals since some look is over.
    """
    spans = (
        policy.confirm_interval,
        policy.verify_interval,
        policy.interval / 4,
        policy.assisted_interval,
        policy.interval,
    )
    times = {now, *(at + span for at in seen for span in spans)}
    return next((at for at in sorted(times) if at >= now and wanted(at) is not None), None)


def _disagree(verdict: Verdict, hands: Iterable[str], others: Iterable[str]) -> bool:
    """Whether what people saw is a label and what a program sees is none, or the other way round."""
    told, seen = _marked(verdict, hands), _marked(verdict, others)
    return bool(told and seen) and told != seen


def _surfaces_differ(verdict: Verdict, age: float, policy: HandPolicy) -> bool:
    """Whether people saw a label on one surface only, and it is not believed: one that is has its case."""
    return not verdict.marked and age >= policy.interval / 4 and len(_marked(verdict, verdict.views)) > 1


def _marked(verdict: Verdict, names: Iterable[str]) -> set[bool]:
    """What these views say, as far as they can see: a label, none, or both."""
    views = [verdict.views[name] for name in names if name in verdict.views]
    return {view.status is Status.MARKED for view in views if view.status is not Status.UNKNOWN}


def errands(
    source: str,
    wishes: Iterable[Wish],
    now: Instant,
    policy: HandPolicy,
    *,
    open_tasks: int,
    confirm_window: float,
) -> tuple[Errand, ...]:
    """The tasks to open: urgent looks at once, the others as long as there are not too many tasks open already.

    `open_tasks` counts this source's; `wishes` are those that nobody has been asked for.
    """
    each = sorted(wishes, key=lambda w: (ORDER[w.why], w.seen_at or 0.0, w.number))
    # A look that confirms comes too late when the one before it has lapsed.
    soon = min(policy.deadline, confirm_window / 2)
    confirm = [w for w in each if w.why is Why.CONFIRM]
    urgent = [w for w in each if w.why in URGENT and w.why is not Why.CONFIRM]
    others = [w for w in each if w.why not in URGENT]
    made = [Errand(source, part, now + soon) for part in _parts(confirm, policy.numbers)]
    made += [Errand(source, part, now + policy.deadline) for part in _parts(urgent, policy.numbers)]
    room = max(0, policy.open_tasks - open_tasks - len(made))
    made += [Errand(source, part, now + policy.deadline) for part in _parts(others, policy.numbers)[:room]]
    return tuple(made)


def source_of(task: str) -> str:
    """The source of a task, from its id."""
    return task.removeprefix(PREFIX).rpartition("/")[0]


def turn_of(task: str) -> int:
    """Which of its source's tasks it is, from its id; 0 of one that is none."""
    turn = task.rpartition("/")[2]
    return int(turn) if turn.isdecimal() else 0


def _parts(wishes: Sequence[Wish], size: int) -> list[tuple[Wish, ...]]:
    return [tuple(wishes[n : n + size]) for n in range(0, len(wishes), size)]


def answered(seen_at: Instant, opened_at: Instant, policy: HandPolicy) -> bool:
    """Whether a look answers a task: made since it was opened, or so shortly before that nobody would ask for it."""
    return opened_at - seen_at < policy.fresh  # as the age of a look is reckoned in `wish`, to the last bit


def again_at(closed_at: Instant, policy: HandPolicy) -> Instant:
    """When a number may be asked for again after a task that ended without its report."""
    return closed_at + max(policy.verify_interval, policy.deadline / 2)
