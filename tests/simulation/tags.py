"""Tags, as the oracle sees them: what is wanted when, that no forbidden word leaves, and that each wish is kept.

What is wanted is what the settings of the plan and the owner's orders say; an order that was not acknowledged may have
been taken or not. Nothing here asks the daemon what a season is or which word is forbidden.
"""

import math
import unicodedata
from typing import TYPE_CHECKING

from msgspec import Struct

from numtrustd import events as e
from numtrustd.domain.task import HAND_INS, TaskState
from numtrustd.store import records
from tests.simulation.plan import FORBIDDEN, ORIGIN
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_all_tasks = records.all_tasks  # before any mutant is patched in


class Wanted(Struct):
    """A tag that was ordered, from when (the daemon's time); `sure` once that was acknowledged, `lost` where it
    was refused, or a backup was put back that is older."""

    number: str
    text: str
    since: float
    sure: bool = False
    lost: bool = False


def forbidden(text: str) -> bool:
    """Whether a text holds a word that no advertisement may use."""
    read = "".join(c for c in unicodedata.normalize("NFKC", text) if not c.isspace())
    return any(word in read for word in FORBIDDEN)


class Tags:
    """Of all numbers."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._ordered: list[Wanted] = []
        self._told = 0

    # ------------------------------------------------------------------------------------------------------- wishes

    def wishes(self, number: str, text: str) -> Wanted:
        """The owner is about to want this tag."""
        ordered = Wanted(number, text, self._oracle.wall)
        self._ordered.append(ordered)
        return ordered

    def acknowledged(self, ordered: Wanted) -> None:
        """It was taken."""
        ordered.sure = True

    def sure(self) -> int:
        """So many wishes were made so far."""
        return len(self._ordered)

    def forget(self, kept: int) -> None:
        """A backup was put back, which knows of no more wishes than these."""
        for ordered in self._ordered[kept:]:
            record = self._oracle.record(ordered.number)
            tags = () if record is None or record.wanted is None else record.wanted.tags
            ordered.sure, ordered.lost = False, not any(version.text == ordered.text for version in tags)

    def told(self, event: e.IdentityWanted) -> None:
        """It was said that something is wanted."""
        if event.wanted_tag is None:
            return
        self._told += 1
        what = f"{self._told} wishes for a tag were told, {len(self._ordered)} were made"
        self._oracle.expect(self._told <= len(self._ordered), Promise.TOLD_ONCE, what)

    def audit(self) -> None:
        """Whatever was acknowledged is known."""
        for n, ordered in enumerate(self._ordered):
            if any((o.number, o.since) == (ordered.number, ordered.since) for o in self._ordered[n + 1 :]):
                continue  # of two of the same instant the latter counts
            record = self._oracle.record(ordered.number)
            tags = () if record is None or record.wanted is None else record.wanted.tags
            kept = not ordered.sure or any(version.text == ordered.text for version in tags)
            what = f"nobody knows that {ordered.number} is to be tagged {ordered.text!r}"
            self._oracle.expect(kept, Promise.WISH_KEPT, what)

    # ---------------------------------------------------------------------------------------------- what is wanted

    def right(self, number: str, at: float) -> set[str]:
        """The tags that are right at the daemon's time `at`, or will be; of orders that may have been taken, each."""
        versions = [(ORIGIN + s, ORIGIN + u if u else None, t, True) for t, s, u in self._run.knobs.tags]
        versions += [(o.since, None, o.text, o.sure) for o in self._ordered if o.number == number and not o.lost]
        found = {text for since, _, text, _ in versions if since > at - 60.0}
        settled = -math.inf
        for since, until, text, sure in sorted(versions, reverse=True, key=lambda version: version[0]):
            if since > at + 60.0:
                continue
            if since < settled:
                break
            if until is None or until > at:
                found.add(text)
            if sure and since <= at - 60.0:
                settled = since  # of two of the same instant nobody here knows which was first
        return found

    def known(self, number: str, text: str) -> bool:
        """Whether a tag is one that the owner has ever wanted, or may have."""
        each = {t for t, _, _ in self._run.knobs.tags} | {
            o.text for o in self._ordered if o.number == number and not o.lost
        }
        return text != "" and text in each

    def wanted(self, number: str) -> str:
        """One tag that is right at present and may be asked for; empty for none."""
        return next((text for text in sorted(self.right(number, self._oracle.wall)) if not forbidden(text)), "")

    # ------------------------------------------------------------------------------------------------ what goes out

    def moved(self, event: e.CaseMoved) -> None:
        """A request was given to a person to hand in: what it says may be said."""
        if event.to != "at_person" or event.kind == "removal":  # that one quotes what is shown
            return
        for task in _all_tasks(self._oracle.store, f"{event.case}/"):
            if task.state is not TaskState.OPEN or task.kind not in HAND_INS or task.packet is None:
                continue
            said = [task.packet.letter, *task.packet.fields.values()]
            bad = [text for text in said if forbidden(_asked(text))]
            self._oracle.expect(not bad, Promise.WORDS, f"{event.case} is to be handed in with {bad}")


def _asked(letter: str) -> str:
    """What a letter asks for; what it says is shown at present is quoted before that."""
    return letter.rpartition("特此申请")[2]
