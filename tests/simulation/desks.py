"""The desks of the simulated platforms that take requests about names: corrections and certifications, by form only.

`sim.world` reviews appeals; here a name is asked for, reviewed for a while, granted or not, and shown once the caches
have caught up. All of it follows from the seed and from what was handed in.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from numtrustd.domain.case import Case
from numtrustd.sim.ground import draw
from numtrustd.sim.script import Certify
from tests.simulation.plan import HOUR, NAME
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.run import Run


class Handed(Struct, frozen=True):
    """One request that a desk took in, and what becomes of it. `at` and `decided` are true times."""

    receipt: str
    ref: str
    case: str
    at: float
    decided: float
    granted: bool


class Desks:
    """Those of one run. They outlive the daemon."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self.taken: list[Handed] = []

    def hand_in(self, case: Case, ref: str) -> Handed:
        """Take a request in: once under each reference, and its answer comes in its time."""
        run = self._run
        earlier = self.found(ref)
        run.oracle.expect(earlier is None, Promise.NOT_TWICE, f"{ref} of {case.id} is handed in a second time")
        rng = draw(run.plan.seed, "desk", case.platform, case.number, len(self.taken))
        took, cache = rng.uniform(0.5 * HOUR, 12 * HOUR), rng.uniform(0.1 * HOUR, 4 * HOUR)
        granted = run.calm or rng.random() < 0.7
        handed = Handed(f"N-{len(self.taken) + 1:04d}", ref, case.id, run.now, run.now + took, granted)
        self.taken.append(handed)
        run.counts["names asked for"] += 1
        if granted:
            run.world.inject(Certify(case.number, case.platform, NAME, at=took + cache), run.now)
        return handed

    def found(self, ref: str) -> Handed | None:
        """The request of a reference, if it was handed in."""
        return next((handed for handed in self.taken if handed.ref == ref), None)

    def answer(self, ref: str) -> dict[str, str] | None:
        """What the platform says of a request; `None` while it reviews."""
        handed = self.found(ref)
        if handed is None:
            return {"outcome": "rejected", "reason": "the platform knows of no such request"}
        if self._run.now < handed.decided:
            return None
        return {"outcome": "approved"} if handed.granted else {"outcome": "rejected", "reason": "材料不足"}
