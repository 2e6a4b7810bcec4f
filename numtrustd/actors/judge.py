"""What `decide` says beside a label's own story: who agrees, what is wrong with the name, which word is new.

Pure like `decide`: each call takes what is stored and gives it back changed, and fills the `Decision`.
"""

from typing import Any

from msgspec import structs

from numtrustd.actors import tracks
from numtrustd.actors.context import Context
from numtrustd.actors.decision import Decision, NewWord
from numtrustd.domain import flaw, quorum
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.identity import Wanted
from numtrustd.domain.label import same_word
from numtrustd.domain.observation import Instant, Observation
from numtrustd.domain.owned import Owned
from numtrustd.domain.quorum import Stance
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.verdict import Change, Verdict
from numtrustd.events import FindingClosed, FindingOpened, LabelUnknownWord, duration_for_people

NOT_KNOWN = "word not known"


def ago(at: Instant, now: Instant) -> str:
    """How long ago, in words."""
    return "just now" if now - at < 1.0 else f"{duration_for_people(now - at)} ago"


def lasted(since: Instant, now: Instant) -> str:
    """For how long already, in words."""
    return duration_for_people(max(0.0, now - since))


def says(stance: Stance, now: Instant) -> str:
    """What a view last said and when, in words: `so360.onebox/search: marked 骚扰电话 (nuisance), 5 min ago`."""
    if stance.said is None or stance.said_at is None:
        return f"{stance.view}: nothing yet"
    said = stance.said
    words = f" {said.words}" if said.words else f" as {said.name}" if said.name else ""
    category = f" ({said.category})" if said.category else ""
    return f"{stance.view}: {said.status}{words}{category}, {ago(stance.said_at, now)}"


class Judge:
    """For one number on one platform during one message."""

    def __init__(self, context: Context, owned: Owned, platform: str, now: Instant, made: Decision) -> None:
        self._context = context
        self._owned = owned
        self._platform = platform
        self._now = now
        self._made = made
        self._policy = context.verdict_of(platform)

    # ---------------------------------------------------------------------------------------------------- together

    def together(self, new: Verdict) -> Verdict:
        """Note whether the views disagree, and say it when they do for too long, and when they no longer do."""
        new, apart = quorum.apart(new, self._now, self._policy)
        if apart is not None:
            self._made.durable = True
            facts: dict[str, Any] = self._facts(FindingKind.INCONSISTENT)
            if apart:
                lasted = duration_for_people(self._now - new.apart_since)
                why = f"{quorum.disagreement(new, self._now, self._policy)}, for {lasted}"
                self._made.say(FindingOpened(**facts, why=why), self._now)
            else:
                self._made.say(FindingClosed(**facts, why="what is seen agrees again"), self._now)
        return new

    def sides(self, new: Verdict) -> dict[str, Any]:
        """The views that say so too and those that say otherwise, for the line about a belief that moved."""
        each = quorum.stances(new, self._now, self._policy)
        return {
            name: tuple(says(stance, self._now) for stance in each if stance.agrees is side)
            for name, side in (("agree", True), ("disagree", False))
        }

    def why(self, change: Change) -> str:
        """Why a belief moved; of a mark that the platform does not display, also that."""
        known = self._context.platforms.get(self._platform)
        if not change.new.hidden or known is None:
            return change.why
        return f"{change.why}; not displayed: the platform shows a label from {known.shown_from} marks on"

    # ----------------------------------------------------------------------------------------------------- display

    def display(self, record: NumberRecord, looked: str | None, *, hush: bool = False) -> NumberRecord:
        """Hold names, logos and tags against what is wanted. `looked` is the view that has just seen, "" for one that
        saw nothing, `None` when the configuration changed. `hush` as in `flaw.weigh`.
        """
        before = record.flaws.get(self._platform, ())
        seen = record.verdicts.get(self._platform)
        if looked == "" or seen is None or (not before and self._owned.wanted is None and record.leaving is None):
            return record
        now_present = flaw.present(
            seen,
            self._context.eyes(self._platform),
            self._owned.wanted,
            self._owned.watch,
            self._now,
            record.leaving,
            certified=tracks.certified(record, self._platform),
        )
        after, opened, closed = flaw.weigh(before, now_present, looked, self._now, self._policy, hush=hush)
        if after == before:
            return record
        for each in closed:
            self._made.durable = True
            if each.view not in now_present:
                why = flaw.NOT_LOOKED if self._owned.wanted is not None else "nothing is wanted there any more"
            else:
                last, wanted = seen.views[each.view].last, self._owned.wanted or Wanted()
                assert last is not None  # the view is present
                why = flaw.over(each, last[0], wanted, now_present[each.view]) if looked else "it is what is wanted now"
                if record.leaving is not None:
                    why = "nothing of ours is shown any more" if looked else "all of it has to go now"
            self._made.say(FindingClosed(**self._facts(each.kind), view=each.view, why=why), self._now)
        for each in opened:
            self._made.durable = True
            event = FindingOpened(**self._facts(each.kind), view=each.view, why=f"{each.view} {each.why}")
            self._made.say(event, self._now)
        flaws = {k: v for k, v in record.flaws.items() if k != self._platform}
        if after:
            flaws[self._platform] = after
        return structs.replace(record, flaws=flaws)

    def _facts(self, kind: FindingKind) -> dict[str, Any]:
        return {"number": self._owned.number, "platform": self._platform, "finding": kind}

    # ------------------------------------------------------------------------------------------------------- words

    def new_words(self, said: Observation) -> list[NewWord]:
        """The word that a look brought and nobody knows; whether it was said before is known where it is stored."""
        if said.detail != NOT_KNOWN or not said.words:
            return []
        event = LabelUnknownWord(
            platform=said.platform, source=said.source, words=said.words, number=self._owned.number
        )
        return [NewWord(same_word(said.words), event)]
