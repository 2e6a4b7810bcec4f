"""Keeps one source's `Trust`: looks at its control numbers, counts what turned, says when it is doubted and when not.

Part of a `SourceActor`, which makes the looks and stores the record; what makes a source doubtful is `domain.trust`.
"""

from collections.abc import Callable, Sequence

import trio

from numtrustd.actors.house import House
from numtrustd.domain.observation import Instant, Observation
from numtrustd.domain.trust import Trust, Turns, believed, control_read, weigh
from numtrustd.events import Event, SourceQuarantined, SourceReleased
from numtrustd.probes.spec import Source

CONTROL = "control "
"""In a source's diary, stands before a control number: the same number may be watched as well."""


class SourceTrust:
    """`keep` takes over and stores a changed trust, `want` asks the diary for a look."""

    def __init__(
        self,
        source: Source,
        house: House,
        trust: Trust,
        keep: Callable[[Trust], None],
        want: Callable[[str, Instant], None],
    ) -> None:
        self._source = source
        self._house = house
        self._expected = source.controls.expected
        self._turns = Turns(house.context.trust.turn_looks)
        self._keep = keep
        self._want = want
        self._unsaid: list[Event] = []
        self._turned = trio.Event()
        self.trust = trust

    def take_over(self, before: "SourceTrust") -> None:
        """Say what the one before it, before a reload, had not said yet."""
        self._unsaid = before._unsaid

    async def tell(self) -> None:
        """Say for ever when it is doubted and when not, each once it is stored: what was said outlives a crash."""
        while True:
            if not self._unsaid:
                self._turned = trio.Event()
                await self._turned.wait()
            await self._tell_news()

    async def _tell_news(self) -> None:
        news = list(self._unsaid)
        await self._house.store.flush()
        for event in news:
            if event in self._unsaid:
                self._unsaid.remove(event)
                self._house.log.emit(event)

    def begin(self) -> None:
        """Ask for the looks at the controls, those that were last looked at long ago at once."""
        now = self._house.clock.now()
        for number in self._expected:
            seen = self.trust.controls.get(number)
            self._want(CONTROL + number, now if seen is None else min(seen.at, now) + self._every)

    @property
    def _every(self) -> float:
        policy = self._house.context.trust
        return policy.recheck_interval if self.trust.quarantined else policy.control_interval

    def control(self, number: str, seen: Sequence[Observation], at: Instant) -> None:
        """Take in a look at a control number, and ask for the next."""
        if number not in self._expected:
            return
        policy = self._house.context.trust
        self._turn_to(control_read(self.trust, number, self._expected, seen, at, policy), at)
        self._want(CONTROL + number, at + self._every)

    def heard(self, number: str, at: Instant, *, turned: bool) -> None:
        """What it said of a number was held against what is believed of the number."""
        self._turns.hear(number, at, turned=turned)
        self._turn_to(weigh(self.trust, self._turns, at, self._house.context.trust), at)

    async def release(self, at: Instant, by: str, why: str) -> bool:
        """A person says that it may be believed; `False` when it is. Returns once that is stored."""
        if not self.trust.quarantined:
            return False
        self._turn_to(believed(self.trust, at + self._house.context.trust.turn_window), at, by, why)
        await self._tell_news()
        return True

    def _turn_to(self, trust: Trust, at: Instant, by: str | None = None, why: str | None = None) -> None:
        before, self.trust = self.trust, trust
        if trust is before:
            return
        self._keep(trust)
        if before.since is None and trust.since is not None:
            self._turns.clear()
            for number in self._expected:
                self._want(CONTROL + number, at)
            facts = tuple(
                f"control {number}, known to be {expected}: read {seen.said}"
                for number, expected in self._expected.items()
                if (seen := trust.controls.get(number)) is not None
            )
            self._say(SourceQuarantined(source=self._source.id, why=trust.why, facts=facts))
        elif before.since is not None and trust.since is None:
            self._turns.clear()
            said = why or ("its control numbers read right" if self._expected else "most of its answers turned back")
            lasted = max(0.0, at - before.since)
            self._say(SourceReleased(source=self._source.id, down_seconds=lasted, why=said, by=by))

    def _say(self, event: Event) -> None:
        self._unsaid.append(event)
        self._turned.set()
