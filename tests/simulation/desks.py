"""The desks of the simulated platforms that take requests about names, tags and deletions, by form only.

`sim.world` reviews appeals; here something is asked for, reviewed for a while, granted or not, and shown (or shown no
longer) once the caches have caught up. All of it follows from the seed and from what was handed in. A deletion that was
granted may leave everything as it is: that is the residual of which people are to ask again.
"""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from numtrustd.domain.case import Case
from numtrustd.domain.task import Packet
from numtrustd.sim.ground import draw
from numtrustd.sim.script import Certify, Tag
from tests.simulation.plan import HOUR, NAME
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.run import Run

ASKED_TAG = re.compile("标签：([^，”]*)")
"""The tag that a letter asks for."""


class Handed(Struct, frozen=True):
    """One request that a desk took in, and what becomes of it. `at` and `decided` are true times, `shown` is when the
    caches have caught up; `done` is false where what was granted is not carried out.
    """

    receipt: str
    ref: str
    case: str
    platform: str
    at: float
    decided: float
    shown: float
    granted: bool
    done: bool


class Desks:
    """Those of one run. They outlive the daemon."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self.taken: list[Handed] = []

    def hand_in(self, case: Case, ref: str, packet: Packet | None) -> Handed:
        """Take a request in: once under each reference, and its answer comes in its time."""
        run = self._run
        earlier = self.found(ref)
        run.oracle.expect(earlier is None, Promise.NOT_TWICE, f"{ref} of {case.id} is handed in a second time")
        rng = draw(run.plan.seed, "desk", case.platform, case.number, len(self.taken))
        took, cache = rng.uniform(0.5 * HOUR, 12 * HOUR), rng.uniform(0.1 * HOUR, 4 * HOUR)
        granted = run.calm or rng.random() < 0.7
        done = case.workflow != "removal" or run.calm or rng.random() < 0.7
        receipt, decided = f"N-{len(self.taken) + 1:04d}", run.now + took
        handed = Handed(receipt, ref, case.id, case.platform, run.now, decided, decided + cache, granted, done)
        if case.workflow == "removal":
            run.oracle.leavings.asked_again(
                case, [h for h in self.taken if h.case == case.id and not run.backups.forgot(h.at)]
            )
        self.taken.append(handed)
        run.counts["names asked for"] += 1
        run.counts[f"{case.workflow}s asked for"] += 1
        if granted and done:
            self._show(case, packet, took + cache)
        return handed

    def _show(self, case: Case, packet: Packet | None, after: float) -> None:
        """What was asked for is shown, after so many seconds."""
        place, now = (case.number, case.platform), self._run.now
        inject = self._run.world.inject
        if case.workflow == "removal":
            if self._run.oracle.leavings.leaves(case.number):
                inject(Certify(*place, "", at=after), now)
                inject(Tag(*place, "", at=after), now)
            else:  # all of it may stay but for what is wrong
                inject(Certify(*place, NAME, at=after), now)
                inject(Tag(*place, self._run.oracle.tags.wanted(case.number), at=after), now)
        elif case.workflow == "tag":
            asked = ASKED_TAG.search("" if packet is None else packet.letter)
            inject(Tag(*place, "" if asked is None else asked.group(1), at=after), now)
        else:
            inject(Certify(*place, NAME, at=after), now)

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

    def deletion(self, case: Case, ref: str) -> str | None:
        """The receipt of a deletion; `None` where there is none to be had. In calm times a call brings both."""
        handed = self.found(ref)
        if handed is not None and handed.granted and self._run.now >= handed.decided:
            return f"{handed.receipt}-DELETED"
        if not self._run.calm:
            return None
        self._show(case, None, HOUR)
        return f"{ref}-DELETED"
