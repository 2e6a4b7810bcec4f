"""Whether a source may be believed: what its control numbers read, and whether most of its answers turned at once.

A control is a number of which the owner knows what the source must say: one that is marked, one that is clean. A
source that reads one wrong is not believed until it reads all of them right again, several times in a row. The other
sign is a sudden turn: most numbers contradict what is believed of them within a short time. That is a fault of the
source far oftener than a storm of labels, and the controls tell which. Pure: `actors.trust` keeps a source's `Trust`.
"""

import enum
from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct, structs

from numtrustd.domain.observation import Instant, Observation, Status, UnknownReason


class TrustPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """[trust]: when a source is no longer believed, and when again. Times are seconds of the daemon's clock.

    When of the `turn_looks` numbers heard last, all within `turn_window`, the share `turn_share` contradict what is
    believed of them, that is a sudden turn.
    """

    control_interval: float = 21_600.0
    recheck_interval: float = 1_800.0
    right: Annotated[int, Meta(ge=1)] = 2
    turn_looks: Annotated[int, Meta(ge=2)] = 20
    turn_share: Annotated[float, Meta(gt=0, le=1)] = 0.6
    turn_window: float = 86_400.0


class Controls(Struct, frozen=True, forbid_unknown_fields=True):
    """The control numbers of one source, canonical: those that it must show as marked, and as not marked."""

    marked: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()

    @property
    def expected(self) -> dict[str, Status]:
        """What each must read."""
        return dict.fromkeys(self.marked, Status.MARKED) | dict.fromkeys(self.clean, Status.CLEAN)


class Doubt(enum.StrEnum):
    """Why a source is not believed."""

    CONTROL = "control"
    TURN = "turn"


class ControlSeen(Struct, frozen=True, omit_defaults=True):
    """The last reading of a control: when, what it said, and how many right ones there were in a row."""

    at: Instant
    said: str
    right: int = 0


class Trust(Struct, frozen=True, omit_defaults=True):
    """What is stored of one source. It is believed unless `since` is set.

    Until `accepted_until` no turn is looked for: the last one was found to be real.
    """

    since: Instant | None = None
    doubt: Doubt | None = None
    why: str = ""
    controls: dict[str, ControlSeen] = {}
    accepted_until: Instant = 0.0

    @property
    def quarantined(self) -> bool:
        return self.since is not None


def reading(seen: Sequence[Observation], expected: Status) -> bool | None:
    """Whether a control read right; `None` when nothing could be seen. Of several platforms that one source speaks
    for, a marked control must be marked on one, a clean control on none."""
    known = [o for o in seen if o.known]
    if not known:
        return None
    return any(o.status is Status.MARKED for o in known) == (expected is Status.MARKED)


def control_read(
    trust: Trust,
    number: str,
    expected: Mapping[str, Status],
    seen: Sequence[Observation],
    at: Instant,
    policy: TrustPolicy,
) -> Trust:
    """The trust after a look at a control number: doubted when it read wrong, believed again when all read right."""
    right = reading(seen, expected[number])
    if right is None:
        return trust
    said = "marked" if any(o.status is Status.MARKED for o in seen) else "not marked"
    before = trust.controls.get(number)
    streak = (before.right if before else 0) + 1 if right else 0
    kept = {n: c for n, c in trust.controls.items() if n in expected}
    trust = structs.replace(trust, controls={**kept, number: ControlSeen(at, said, streak)})
    if not right:
        if trust.quarantined:
            return structs.replace(trust, doubt=Doubt.CONTROL)
        why = f"the control {number} is known to be {expected[number]} and read {said}"
        return doubted(trust, Doubt.CONTROL, why, at)
    if trust.since is None or any(
        (c := trust.controls.get(n)) is None or c.right < policy.right or c.at < trust.since for n in expected
    ):
        return trust
    # What turned while every control reads right is not the source.
    real = at + policy.turn_window if trust.doubt is Doubt.TURN else trust.accepted_until
    return believed(trust, real)


def doubted(trust: Trust, doubt: Doubt, why: str, at: Instant) -> Trust:
    """No longer believed. Right readings of before do not count any more."""
    controls = {n: structs.replace(c, right=0) for n, c in trust.controls.items()}
    return structs.replace(trust, since=at, doubt=doubt, why=why, controls=controls)


def believed(trust: Trust, accepted_until: Instant) -> Trust:
    """Believed again; a turn is looked for from `accepted_until` on."""
    return structs.replace(trust, since=None, doubt=None, why="", accepted_until=accepted_until)


class Turns:
    """The last answer about each of the `most` numbers heard last: whether it contradicts what is believed of it.

    No more than those: answers from before a turn would hide it until half of it is confirmed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._heard: dict[str, tuple[Instant, bool]] = {}
        self._turned = 0

    def clear(self) -> None:
        """Forget everything heard."""
        self._heard.clear()
        self._turned = 0

    def hear(self, number: str, at: Instant, *, turned: bool) -> None:
        """One answer that could be read."""
        self._drop(number)
        self._heard[number] = (at, turned)
        self._turned += turned
        if len(self._heard) > self._most:
            self._drop(next(iter(self._heard)))

    def share(self, now: Instant, window: float) -> tuple[int, float]:
        """(numbers heard within the window, the share of them that turned)."""
        while self._heard:
            oldest = next(iter(self._heard))
            if now - self._heard[oldest][0] <= window:
                break
            self._drop(oldest)
        return len(self._heard), self._turned / len(self._heard) if self._heard else 0.0

    def _drop(self, number: str) -> None:
        if (before := self._heard.pop(number, None)) is not None:
            self._turned -= before[1]


def weigh(trust: Trust, turns: Turns, now: Instant, policy: TrustPolicy) -> Trust:
    """The trust after another number's answer: doubted at a sudden turn, believed again once it has turned back."""
    answers, share = turns.share(now, policy.turn_window)
    if answers < policy.turn_looks:
        return trust
    if trust.since is None:
        if share < policy.turn_share or now < trust.accepted_until:
            return trust
        why = f"{share:.0%} of its last answers about {answers} numbers contradict what is believed of them"
        return doubted(trust, Doubt.TURN, why, now)
    if trust.doubt is Doubt.TURN and share < policy.turn_share / 2:
        return believed(trust, trust.accepted_until)
    return trust


def kept_back(observation: Observation) -> Observation:
    """What a source that is not believed said, as something that moves no verdict."""
    if not observation.known:
        return observation
    return Observation(
        platform=observation.platform,
        source=observation.source,
        at=observation.at,
        status=Status.UNKNOWN,
        surface=observation.surface,
        reason=UnknownReason.QUARANTINED,
        detail=f"said {observation.status}",
        digest=observation.digest,
        rule=observation.rule,
    )
