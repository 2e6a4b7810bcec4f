"""Names and tags that were seen, and what may be concluded: a request about them ends with the looks that it takes.

`beliefs` keeps the looks; here they are held against what the owner wants, as `tags` and `leavings` know it.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from numtrustd import events as e
from numtrustd.domain.observation import Status
from numtrustd.store import records
from tests.simulation.beliefs import Seen
from tests.simulation.plan import NAME
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_case = records.get_case  # before any mutant is patched in


class Displays:
    """Of all numbers."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run

    def good(self, kind: str, number: str, name: str, tag: str, at: float) -> bool:
        """Whether a look at the daemon's time `at` shows what a request of this kind is to bring about."""
        oracle = self._oracle
        match kind:
            case "tag":
                return tag == "" or tag in oracle.tags.right(number, at)
            case "removal":
                return not oracle.leavings.ours(number, name, tag, at)
            case _:
                return name in ("", NAME)

    def closed(self, event: e.CaseClosed) -> None:
        """A request was closed as cleared: did every view show the right thing, and often enough?"""
        oracle, number, platform = self._oracle, event.number, event.platform or ""
        case = _get_case(oracle.store, event.case)
        begun = None if case is None else next((m for m in reversed(case.moves) if m.new == "verifying"), None)
        if begun is None:
            oracle.broke(Promise.CLEARED_WHEN_CLEAN, f"{event.case} is cleared and was never verifying")
            return
        start = oracle.beliefs.begins_verifying(event.case, begun) - 0.001
        context = oracle.daemon.house.context
        policy = context.verdict_of(platform)
        views = context.views(context.numbers[number], platform)
        if not views:
            vouched = oracle.leavings.vouched(event.case)
            oracle.expect(vouched, Promise.CLEARED_WHEN_CLEAN, f"{event.case} is cleared, and nobody looked")
            return
        runs = self.runs(event.kind, number, platform, start)
        for view in views:
            times = runs.get(view, [])
            over = f"{len(times)} looks in a row through {view} that show what is wanted"
            enough = len(times) >= policy.clear
            oracle.expect(enough, Promise.CLEARED_WHEN_CLEAN, f"{event.case} is cleared with {over}")

    def runs(self, kind: str, number: str, platform: str, start: float) -> dict[str, list[float]]:
        """Per view, the true times of the good looks in a row since `start`; a bad one through any view ends all."""
        found: dict[str, list[float]] = defaultdict(list)
        for look, view, name, tag in self.looks(number, platform, start):
            if not self.good(kind, number, name, tag, look.at):
                return found
            found[view].append(look.true)
        return found

    def looks(self, number: str, platform: str, start: float) -> list[tuple[Seen, str, str, str]]:
        """(look, view, name, tag) of the looks since `start` that could see, newest first."""
        found = []
        for look in reversed(self._oracle.beliefs.so_far(number)):
            if look.taken < start:
                break
            for (where, view, status), name, tag in zip(look.said, look.names, look.tags, strict=True):
                if where == platform and status is not Status.UNKNOWN:
                    found.append((look, view, name, tag))
        return found
