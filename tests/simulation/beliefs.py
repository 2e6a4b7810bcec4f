"""What was seen of each number, and what may be believed for it: from the looks that really were taken in."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from numtrustd import events as e
from numtrustd.actors.messages import NumberMessage, Observed, Reported
from numtrustd.domain.case import Move
from numtrustd.domain.observation import Status
from numtrustd.domain.trust import Trust, TrustPolicy
from numtrustd.store import records
from tests.simulation.plan import DAY
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_case, _get_source = records.get_case, records.get_source  # before any mutant is patched in

KEPT = 400
"""Looks that are remembered of one number."""


class Seen(Struct, frozen=True):
    """One look that was taken in: what it said of each platform, by view. `at` is the daemon's time, `true` the same
    in true time, `taken` the true time at which the number's actor took it in.
    """

    at: float
    true: float
    taken: float
    source: str
    said: tuple[tuple[str, str, Status], ...]  # platform, view, status
    names: tuple[str, ...] = ()  # beside each of them, the name that is shown
    tags: tuple[str, ...] = ()  # and the tag


class Beliefs:
    """All looks of a run, over all its lives."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._now_taking: dict[str, tuple[NumberMessage, float]] = {}
        self._looks: dict[str, list[Seen]] = defaultdict(list)
        self._shown: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        self._doubts: dict[str, list[list[float]]] = defaultdict(list)
        self._moved_at: dict[tuple[str, float], float] = {}

    # ---------------------------------------------------------------------------------------------------- the looks

    def born(self) -> None:
        """A process starts: looks that changed nothing may be lost."""
        for number in list(self._looks):
            self._forget_unstored(number)
        self._now_taking.clear()

    def shown(self, number: str, source: str, truth: dict[str, str], kept: int = 3) -> None:
        """A look was answered; `truth` is what it ought to read, per platform. `kept` answers may still be told."""
        answered = self._shown[number, source]
        answered.append(truth)
        del answered[:-kept]

    def taking(self, number: str, message: NumberMessage) -> None:
        """A number's actor begins a step."""
        if number in self._now_taking:  # the step before did not come to its end
            self._forget_unstored(number)
        self._now_taking[number] = message, self._run.now

    def taken(self, number: str) -> None:
        """A number's actor has done a step."""
        looks = self._looks[number]
        looks += self._taking(number)
        self._now_taking.pop(number, None)
        del looks[:-KEPT]

    def quarantined(self, source: str) -> None:
        """It was said that a source is not believed."""
        self._doubts[source].append([self._run.now, math.inf])

    def released(self, source: str) -> None:
        """It was said that a source is believed again."""
        for doubt in self._doubts[source]:
            doubt[1] = min(doubt[1], self._run.now)

    def doubted(self) -> set[str]:
        """The sources that were said not to be believed at present."""
        return {source for source, doubts in self._doubts.items() if any(until == math.inf for _, until in doubts)}

    def doubted_again(self, sources: set[str]) -> None:
        """A backup was put back, which knows that these are not believed."""
        for source in self.doubted() - sources:
            self.released(source)
        for source in sorted(sources - self.doubted()):
            self.quarantined(source)

    def quarantine_lost(self) -> str | None:
        """A source that was said not to be believed, and of which the store does not know that."""
        for source in sorted(self.doubted()):
            trust = _get_source(self._oracle.store, source).trust
            if trust.quarantined:
                continue
            since = max(begun for begun, until in self._doubts[source] if until == math.inf)
            # Stored with the look that proved it, and never said: the process died between the two.
            if not self._proved(trust, since):
                return source
            self.released(source)
        return None

    def _proved(self, trust: Trust, since: float) -> bool:
        """Whether every control has been read right since then, as often in a row as it takes."""
        seen = trust.controls.values()
        return bool(seen) and all(c.right >= TrustPolicy().right and self._run.true_time(c.at) >= since for c in seen)

    def _taking(self, number: str) -> list[Seen]:
        """The look that is being taken in, if one is."""
        message, since = self._now_taking.get(number, (None, 0.0))
        if isinstance(message, Reported):
            seen = message.observation
            said = ((seen.platform, seen.view, seen.status),)
            return [Seen(seen.at, self._run.true_time(seen.at), since, seen.source, said, ("",), ("",))]
        return [self._seen(message, since)] if isinstance(message, Observed) else []

    def _seen(self, message: Observed, taken: float) -> Seen:
        true = self._run.true_time(message.at)
        doubted = any(since < true and self._run.now <= until for since, until in self._doubts.get(message.source, ()))
        if doubted:  # an end of the quarantine is said when it is stored, and counts at once
            actor = self._oracle.daemon.sources.actors.get(message.source)
            doubted = actor is None or actor.trust.trust.quarantined
        observations = () if doubted else message.observations
        said = tuple((o.platform, o.view, o.status) for o in observations)
        names = tuple(o.name or "" for o in observations)
        tags = tuple(o.tag or "" for o in observations)
        return Seen(message.at, true, taken, message.source, said, names, tags)

    def so_far(self, number: str) -> list[Seen]:
        """Those taken in, and the one that is being taken in."""
        return [*self._looks[number], *self._taking(number)]

    def _forget_unstored(self, number: str) -> None:
        """A look that changed nothing may be lost in a crash: the daemon then cannot count it."""
        record, looks = self._oracle.record(number), self._looks[number]
        looks += self._taking(number)
        stored = {} if record is None else {source: look.at for source, look in record.looks.items()}
        for source in sorted({look.source for look in looks}):
            last = next((n for n in range(len(looks) - 1, -1, -1) if looks[n].at == stored.get(source)), None)
            if last is not None or source not in stored:
                keep = -1 if last is None else last
                looks[:] = [look for n, look in enumerate(looks) if look.source != source or n <= keep]

    # ------------------------------------------------------------------------------------------------- what was said

    def observed(self, event: e.ObservationRecorded) -> None:
        """A reading was said: was that shown?"""
        if event.status is Status.UNKNOWN:
            return
        ought = {shown.get(event.platform, "unknown") for shown in self._shown[event.number, event.source]}
        what = f"{event.number} at {event.platform} is read as {event.status}, shown was {', '.join(sorted(ought))}"
        self._oracle.expect(str(event.status) in ought, Promise.READ_AS_SHOWN, what)

    def believed(self, event: Any) -> None:
        """A belief moved: have enough looks that could see said so?"""
        known = [
            (look.true, look.source, status)
            for look in self.so_far(event.number)
            for platform, _, status in look.said
            if platform == event.platform and status is not Status.UNKNOWN
        ]
        before = "" if isinstance(event, e.VerdictBaseline) else event.from_ or ""
        if event.to.startswith("marked"):
            count, enough = self._marked(known)
            enough = enough or before.startswith("marked")
        else:
            count = next((n for n, k in enumerate(reversed(known)) if k[2] is Status.MARKED), len(known))
            policy = self._oracle.daemon.house.context.verdict
            enough = count >= (policy.clear if before.startswith("marked") else 1)
        what = f"{event.number} at {event.platform}: {event.to} after {count} such looks"
        self._oracle.expect(enough, Promise.BELIEF_HAS_LOOKS, what)

    def _marked(self, known: Sequence[tuple[float, str, Status]]) -> tuple[int, bool]:
        """How many looks speak for a mark, and whether they are enough."""
        policy = self._oracle.daemon.house.context.verdict
        end = known[-1][0] if known else 0.0
        window = policy.confirm_window + (2 * DAY if self._run.last_jump > 0 else 0.0)
        votes = [k for k in known if k[2] is Status.MARKED and abs(end - k[0]) <= window]
        if not votes:
            return 0, False
        times = [k[0] for k in votes]
        stepped = self._run.last_jump > min(times)  # then the daemon measures another time between them
        wide = len({k[1] for k in votes}) > 1 or max(times) - min(times) >= policy.confirm_spread or stepped
        return len(votes), len(votes) >= policy.confirm and wide

    def begins_verifying(self, case: str, move: Move) -> float:
        """The true time of a move; asked early, since a stepped clock says some times twice."""
        return self._moved_at.setdefault((case, move.at), self._run.true_time(move.at))

    def cleared(self, event: e.CaseClosed) -> None:
        """A case was closed as cleared: did every view show the number clean, and often enough?"""
        oracle = self._oracle
        context = oracle.daemon.house.context
        case = _get_case(oracle.store, event.case)
        begun = None if case is None else next((m for m in reversed(case.moves) if m.new == "verifying"), None)
        if begun is None:
            oracle.broke(Promise.CLEARED_WHEN_CLEAN, f"{event.case} is cleared and was never verifying")
            return
        # The look that began it counts, as does one that was under way then.
        start = self.begins_verifying(event.case, begun) - 0.001
        runs = clean_runs(self.so_far(event.number), event.platform, start)
        policy = context.verdict
        for view in context.views(context.numbers[event.number], event.platform):
            times = runs.get(view, [0.0])
            stepped = self._run.last_jump > min(times)
            enough = len(times) >= policy.clear and (max(times) - min(times) >= policy.clear_spread or stepped)
            over = f"{len(times)} clean looks in a row over {max(times) - min(times):.0f} s through {view}"
            oracle.expect(enough, Promise.CLEARED_WHEN_CLEAN, f"{event.case} is cleared with {over}")


def clean_runs(looks: Sequence[Seen], platform: str, start: float) -> dict[str, list[float]]:
    """Per view, the times of the clean looks in a row since `start`; a marked one through any view ends all."""
    runs: dict[str, list[float]] = defaultdict(list)
    for look in reversed(looks):
        if look.taken < start:
            break
        for where, view, status in look.said:
            if where != platform or status is Status.UNKNOWN:
                continue
            if status is Status.MARKED:
                return runs
            runs[view].append(look.true)
    return runs
