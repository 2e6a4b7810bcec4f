"""How one look is made and read: by an HTTP request, by an operator's program. `SourceActor` does the rest for
each kind: pace, budget, breaker, control numbers, quarantine.

What is met on the way is a value of the observations; a look raises for bugs of ours alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from msgspec import Struct, structs

from numtrustd.actors.house import House
from numtrustd.actors.moment import moment
from numtrustd.clock import Clock, Random
from numtrustd.domain.number import Number
from numtrustd.domain.observation import Instant, Observation
from numtrustd.events import SourceSaid
from numtrustd.probes.command import CommandSpec, Ended, Place, hear, question
from numtrustd.probes.extract import extract
from numtrustd.probes.spec import Source
from numtrustd.wire.exchange import Fetcher, Outcome, Reply
from numtrustd.wire.retry_after import retry_after
from numtrustd.wire.secrecy import without
from numtrustd.wire.template import Template, number_values

Canonical = str

LINES_A_MINUTE = 60
"""Lines of what a program says that are logged in a real minute."""


class Sight(Struct, frozen=True):
    """What one look saw at `at`, by number. `wait` are the seconds for which the platform asks to be left alone.
    `cut_off`: our own network is down, which speaks against no source.
    """

    at: Instant
    seen: Mapping[Canonical, tuple[Observation, ...]]
    wait: float | None = None
    http_status: int | None = None
    cut_off: bool = False


def sight_of(outcome: Outcome, at: Instant, seen: Mapping[Canonical, tuple[Observation, ...]]) -> Sight:
    """What was seen by a request that ended so."""
    if not isinstance(outcome, Reply):
        return Sight(at, seen)
    return Sight(at, seen, retry_after(outcome, at), outcome.status)


def host_of(source: Source) -> str:
    """The host that a source's requests go to."""
    return next((urlsplit(request.url).netloc for _, request in source.requests), "") or source.id


def home_of(source: Source) -> str:
    """The platform in whose pack a source stands."""
    return source.id.partition(".")[0]


class Glance(Protocol):
    """One way to look. `most` is how many numbers one look takes."""

    @property
    def most(self) -> int: ...

    async def look(self, numbers: Sequence[Number]) -> Sight:
        """Look at these numbers, which are all different; there is at least one."""
        ...

    async def aclose(self) -> None: ...


class HttpGlance:
    """One request, one number. `fetcher` is the way out, `template` the request, all filled in but the number."""

    most = 1

    def __init__(self, source: Source, template: Template, fetcher: Fetcher, house: House, random: Random) -> None:
        self._source = source
        self._template = template
        self._fetcher = fetcher
        self._house = house
        self._random = random
        self._host = host_of(source)

    async def look(self, numbers: Sequence[Number]) -> Sight:
        number, template, clock = numbers[0], self._template, self._house.clock
        values = number_values(number)
        if template.timed:
            values |= moment(template, clock, self._random)
        request = template.fill(values)
        outcome = await self._fetcher.fetch(request)
        cut_off = self._house.network.heard(self._host, outcome)
        if template.hidden or request.private:
            outcome = without(outcome, template.hidden, request.private)
        self._house.safety.redirected(home_of(self._source), request, outcome)
        at = clock.now()
        seen = {
            number.canonical: extract(self._source, number, outcome, at, self._house.context.words, request.sent_as)
        }
        return structs.replace(sight_of(outcome, at, seen), cut_off=cut_off)

    async def aclose(self) -> None:
        await self._fetcher.aclose()


class Runs(Protocol):
    """`probes.program.Program`, or what stands in for it."""

    @property
    def spec(self) -> CommandSpec: ...

    async def run(self, question: bytes, say: Callable[[str], None]) -> Ended: ...


class CommandGlance:
    """One run of an operator's program, up to `at_most` numbers. What it says of itself is logged."""

    def __init__(self, source: Source, program: Runs, house: House) -> None:
        self._source = source
        self._program = program
        self._house = house
        self._places = tuple(Place(r.platform, r.surface) for r in source.readings)
        self._told = Told(house.clock)
        self.most = program.spec.at_most

    async def look(self, numbers: Sequence[Number]) -> Sight:
        ended = await self._program.run(question(numbers, self._places), self._say)
        at = self._house.clock.now()
        heard = hear(self._source.id, numbers, self._places, ended, at, self._house.context.words)
        for problem in heard.problems:
            self._say(f"(its answer) {problem}")
        if left_out := self._told.left_out():
            self._house.log.emit(SourceSaid(source=self._source.id, text="(and more)", lines=left_out))
        return Sight(at, heard.seen)

    def _say(self, text: str) -> None:
        if self._told.may():
            self._house.log.emit(SourceSaid(source=self._source.id, text=text))

    async def aclose(self) -> None:
        """A run that is under way is ended by whoever cancels its look."""


class Told:
    """Counts the lines of a real minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.monotonic()
        self._lines = 0
        self._left_out = 0

    def may(self) -> bool:
        """Whether one more may be logged; one that may not is counted."""
        if self._clock.monotonic() - self._since >= 60.0:
            self._since, self._lines = self._clock.monotonic(), 0
        self._lines += 1
        if self._lines <= LINES_A_MINUTE:
            return True
        self._left_out += 1
        return False

    def left_out(self) -> int:
        """How many were not logged since this was last asked."""
        count, self._left_out = self._left_out, 0
        return count
