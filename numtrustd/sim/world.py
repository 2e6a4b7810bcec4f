"""The simulated world: the ground truth, and the desks that take appeals, review them and remember every one.

Pure, like `ground` below it. `service` puts wire shapes around this.
"""

import math
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from numtrustd.domain.label import classify
from numtrustd.domain.observation import Instant
from numtrustd.sim.ground import Ground
from numtrustd.sim.script import Habits, Mood, Review, Story, Weather
from numtrustd.sim.state import Appeal, Arrive, Decide, Event, Removed, Ruling, State
from numtrustd.sim.traits import TRAITS, brought, lacking, serves


class Taken(Struct, frozen=True):
    """A submission that the platform has."""

    appeal: Appeal


class Refused(Struct, frozen=True):
    """A submission that was not taken in; `earlier` is the receipt of the one in the way, if that is why."""

    reason: str
    earlier: str = ""


class World(Ground):
    """Everything there is. Platforms are known by their pack's id, numbers by their canonical form."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._by_receipt: dict[str, list[Appeal]] = {}
        self._by_place: dict[tuple[str, str], list[Appeal]] = {}
        for appeal in state.appeals:
            self._file(appeal)

    @classmethod
    def create(
        cls,
        *,
        seed: int,
        origin: Instant,
        numbers: Iterable[str] = (),
        story: Story | None = None,
        habits: Habits | None = None,
    ) -> "World":
        """A new world at `origin`; the random background, if `habits` has any, falls on `numbers`."""
        story = story or Story("plain")
        habits = habits or Habits()
        world = cls(State(seed=seed, origin=origin, now=origin, habits=habits, story=story.name))
        for item in story.items:
            world.inject(item, origin)
        if habits.label_rate > 0:
            for number in numbers:
                for platform in TRAITS:
                    if serves(platform, number):
                        world._by_chance(number, platform, 0, origin)
        world.advance(origin)
        return world

    @classmethod
    def load(cls, document: bytes) -> "World":
        """The world of a document that `dump` made; raises `msgspec.DecodeError` for any other."""
        return cls(msgspec.json.decode(document, type=State))

    def dump(self) -> bytes:
        """Everything, as JSON."""
        return msgspec.json.encode(self.save())

    def submit(self, submission: Arrive, now: Instant) -> list[Taken | Refused]:
        """Hand in an appeal now; one answer per number, in order. Those taken share a receipt."""
        self.advance(now)
        return self._hand_in(submission, now)

    def submit_later(self, submission: Arrive, at: Instant) -> None:
        """Hand in an appeal at `at`, whether or not anybody still waits for an answer."""
        self._push(at, submission)
        self.state.version += 1

    def appeals(self, platform: str, now: Instant, receipt: str | None = None) -> Sequence[Appeal]:
        """The accepted submissions at a platform, oldest first, or those under one receipt."""
        self.advance(now)
        found = self.state.appeals if receipt is None else self._by_receipt.get(receipt, ())
        return [a for a in found if a.platform == platform]

    def duplicates(self) -> Mapping[tuple[str, str, str], int]:
        """(number, platform, ref) → how often it was accepted, where that is more than once."""
        times = Counter((a.number, a.platform, a.ref) for a in self.state.appeals)
        return {key: n for key, n in times.items() if n > 1}

    def overlaps(self) -> int:
        """How many appeals were accepted while another one for the same number was still under review."""
        found = 0
        for appeals in self._by_place.values():
            until = -math.inf
            for appeal in appeals:
                found += appeal.at < until
                until = math.inf if appeal.decided is None else appeal.decided
        return found

    def _happen(self, event: Event, at: Instant) -> None:
        match event:
            case Arrive():
                self._hand_in(event, at)
            case Decide():
                self._decide(event, at)
            case _:
                super()._happen(event, at)

    def _file(self, appeal: Appeal) -> None:
        self._by_receipt.setdefault(appeal.receipt, []).append(appeal)
        self._by_place.setdefault((appeal.platform, appeal.number), []).append(appeal)

    def _hand_in(self, submission: Arrive, now: Instant) -> list[Taken | Refused]:
        self.state.version += 1
        receipt = self._receipt(submission)
        return [self._submit(submission, number, receipt, now) for number in submission.numbers]

    def _receipt(self, submission: Arrive) -> str:
        nth = len(self.state.appeals)
        if submission.via == "form":
            return f"{submission.platform.upper()}-{nth + 1:06d}"
        return str(uuid.UUID(int=self._draw("receipt", nth).getrandbits(128), version=4))

    def _submit(self, submission: Arrive, number: str, receipt: str, now: Instant) -> Taken | Refused:
        platform, state = submission.platform, self.state
        earlier = self._by_place.get((platform, number), [])
        refused = self._refusal(submission, number, earlier, now)
        if refused is not None:
            state.refusals[platform] = state.refusals.get(platform, 0) + 1
            state.repeats += any(a.ref == submission.ref for a in earlier)
            self._tell(now, "refused", platform, number, f"{submission.ref}: {refused.reason}")
            return refused
        took, cache = self._pace(platform, number, len(earlier))
        appeal = Appeal(
            receipt=receipt,
            ref=submission.ref,
            number=number,
            platform=platform,
            via=submission.via,
            at=now,
            attempt=self._place(platform, number).refused + 1,
            due=now + took,
            letter=submission.letter,
            evidence=submission.evidence,
            contact=submission.contact,
            cache=cache,
            batch=len(submission.numbers),
        )
        state.appeals.append(appeal)
        self._file(appeal)
        self._push(appeal.due, Decide(receipt, number))
        self._tell(now, "submitted", platform, number, f"{appeal.ref} attempt {appeal.attempt}")
        return Taken(appeal)

    def _refusal(self, submission: Arrive, number: str, earlier: Sequence[Appeal], now: Instant) -> Refused | None:
        trait = TRAITS[submission.platform]
        mark = self._place(trait.id, number).mark
        if self.weather(now, trait.id, number, kinds=(Weather.MAINTENANCE,)):
            return Refused("平台维护中")
        if not serves(trait.id, number):
            return Refused("号码不支持")
        if self.state.habits.detect_duplicates and earlier:
            for other in earlier:
                if other.ruling is Ruling.IN_REVIEW:
                    return Refused("该号码已有申诉在处理中，不可重复提交", other.receipt)
            if now - earlier[-1].at < trait.pause:
                return Refused("号码当天已提交过申诉，不可重复提交", earlier[-1].receipt)
        if mark is None and submission.via == "form":
            return Refused("该号码无标记信息")
        if mark is not None and classify(mark.words)[0] in trait.refuses:
            return Refused("诈骗类标记不可申诉，请联系反诈中心")
        return None

    def _pace(self, platform: str, number: str, nth: int) -> tuple[float, float]:
        """How long the review of the `nth` appeal takes, and the caches after it."""
        trait, rule = TRAITS[platform], self._rule(platform, number)
        rng = self._draw("review", platform, number, nth)
        took = rng.uniform(*trait.review) * (3.0 if rng.random() < self.state.habits.slow_chance else 1.0)
        cache = rng.uniform(*trait.cache)
        if rule is not None:
            took = took if rule.took is None else rule.took
            cache = cache if rule.cache is None else rule.cache
        return took, cache

    def _rule(self, platform: str, number: str) -> Review | None:
        rules = (r for r in reversed(self.state.reviews) if r.platform == platform)
        return next((r for r in rules if r.number in (None, number)), None)

    def _decide(self, event: Decide, at: Instant) -> None:
        appeal = next(a for a in self._by_receipt[event.receipt] if a.number == event.number)
        rest = self.weather(at, appeal.platform, appeal.number, kinds=(Weather.MAINTENANCE,))
        if rest is not None:
            appeal.due = rest.until
            self._push(rest.until, event)
            return
        place = self._place(appeal.platform, appeal.number)
        appeal.decided = at
        if place.mark is None:
            appeal.ruling = Ruling.NOTHING
        elif (reason := self._against(appeal)) is not None:
            appeal.ruling, appeal.reason = Ruling.REJECTED, reason
            place.refused += 1
        else:
            appeal.ruling = Ruling.APPROVED
            place.refused = 0
            if not place.mark.leaving:
                place.mark.leaving = True
                gone = Removed(appeal.number, appeal.platform, place.mark.since)
                self._push(at + appeal.cache, gone)
        self._tell(at, str(appeal.ruling), appeal.platform, appeal.number, appeal.reason or appeal.ref)

    def _mood(self, appeal: Appeal) -> Mood:
        rule = self._rule(appeal.platform, appeal.number)
        if rule is not None and rule.moods:
            return rule.moods[min(appeal.attempt, len(rule.moods)) - 1]
        if appeal.attempt > 1:
            return Mood.STRONGER
        rng = self._draw("mood", appeal.platform, appeal.number, appeal.receipt)
        return Mood.EVIDENCE if rng.random() < self.state.habits.reject_chance else Mood.APPROVE

    def _against(self, appeal: Appeal) -> str | None:
        """Why the appeal is rejected; `None` if it is not."""
        has = brought(appeal.letter, appeal.evidence)
        missing = next((kind for kind in TRAITS[appeal.platform].wants if kind not in has), None)
        match self._mood(appeal):
            case Mood.APPROVE:
                return None
            case Mood.EVIDENCE:
                return None if missing is None else lacking(missing)
            case Mood.STRONGER:
                earlier = [a for a in self._by_place[appeal.platform, appeal.number] if a.at < appeal.at]
                had = brought(earlier[-1].letter, earlier[-1].evidence) if earlier else has
                return None if missing is None or has > had else lacking(missing)
            case Mood.REJECT:
                return "申诉理由不充分，请补充材料" if missing is None else lacking(missing)
