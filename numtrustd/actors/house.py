"""What every actor stands on: the store, the log, the clock, the present configuration, and the way to each other.

Built by `daemon`, which alone replaces `context` (on reload). The protocols here are what actors need of each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import trio

from numtrustd.actors.board import Board
from numtrustd.actors.book import Book
from numtrustd.actors.context import Context
from numtrustd.actors.lookout import Lookout
from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import NumberMessage, Told
from numtrustd.actors.network import NetworkWatch
from numtrustd.actors.safety import Safety
from numtrustd.clock import Clock
from numtrustd.domain.case import Action
from numtrustd.domain.evidence import Document, Registered
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.domain.silence import Silence, covering, quiets
from numtrustd.domain.task import Task
from numtrustd.events import Event
from numtrustd.log import Log
from numtrustd.store import Store, records

MOST_NEW_WORDS = 500
"""New words of one platform that are said."""


class Looks(Protocol):
    """A source's diary: who wants to be looked at by when."""

    def want(self, number: str, due: Instant) -> None:
        """Look at this number at `due` or as soon after it as the source's pace allows."""
        ...

    def rest(self, number: str) -> None:
        """Nobody but a person wants this number looked at for now."""
        ...

    def forget(self, number: str) -> None:
        """This number is no longer to be looked at."""
        ...

    def heard(self, number: str, at: Instant, *, turned: bool) -> None:
        """What the source said of a number was held against what is believed of it."""
        ...

    def network_back(self) -> None:
        """Our own network is there again: what was put off for it alone need not wait."""
        ...

    def taken(self, number: str, batch: str) -> None:
        """What a batch said of a number is stored, or about to be."""
        ...


class Post(Protocol):
    """A number's mailbox."""

    @property
    def packed(self) -> bytes | None:
        """The number's record as it was stored or is about to be; `None` before its actor has run."""
        ...

    @property
    def closed(self) -> bool:
        """Whether nothing is to be done for the number: it is parked, or no longer watched."""
        ...

    def post(self, message: NumberMessage) -> None:
        """Queue a message; `BusyError` when it cannot be."""
        ...


class TimerRoom(Protocol):
    """Wakes cases when their time is over."""

    def set(self, case: str, due: Instant, seq: int) -> None: ...

    def clear(self, case: str) -> None: ...


class OutboxRoom(Protocol):
    """Does what was decided and stored."""

    def add(self, actions: Iterable[Action]) -> None: ...

    def done(self, action: str) -> None: ...

    def offer(self, number: str) -> None:
        """Tell a number's actor again what came of its actions, as far as it has not stored that."""
        ...


class UpkeepRoom(Protocol):
    """Keeps the declared maintenances of platforms."""

    async def start(self, platform: str, declared: Maintenance) -> int:
        """One began; returns how many cases are open there."""
        ...

    async def end(self, platform: str, by: str) -> int | None:
        """One is over; returns how many cases are open there, `None` when nobody had declared one."""
        ...


class PapersRoom(Protocol):
    """Keeps the register of papers."""

    async def add(self, document: Document, by: str) -> Registered:
        """Somebody registers a paper as its file is now. Raises `RefusedError`."""
        ...

    async def remove(self, kind: str, path: str, by: str) -> Registered:
        """Somebody takes back a paper that was registered by hand. Raises `RefusedError`."""
        ...

    def by_hand(self, kind: str, path: str) -> str | None:
        """Who registered a paper by hand; `None` where the settings name it."""
        ...


class HandsRoom(Protocol):
    """Asks people for the looks that only they can make."""

    def poke(self, number: str) -> None:
        """A report of this number was stored."""
        ...

    def replan(self) -> None:
        """What is configured has changed."""
        ...

    def asked(self, source: str, number: str) -> Task | None:
        """The open task that asks for this look, as long as it is not reported."""
        ...

    def asks_at(self, source: str, number: str) -> Instant | None:
        """When somebody is asked for this look next, if nobody tells of one before; `None` if nobody will be."""
        ...

    def given_up(self, source: str, number: str) -> Instant | None:
        """When the latest task that asked for this look ended without it."""
        ...

    def missing(self, task: Task) -> tuple[tuple[str, str, str], ...]:
        """(number, platform, surface) of the looks that a task still waits for."""
        ...

    async def answer(self, identity: str, outcome: str, reason: str, by: str) -> Told:
        """A person answers such a task."""
        ...


@dataclass
class House:
    """One daemon's parts. `sources` and `numbers` are filled as actors start.

    `maintenance` holds what is declared per platform: `upkeep` writes it, decisions read it. `silences` keep loud lines
    down, and change nothing else. `unsure` are the open cases of a backup that was put back, as long as they have not
    made sure of what was sent since. `words` are the new label words of each platform that were said.
    `inspected_since` is when the present inspection began. `set_back` is set when the clock was set back: `mender`
    waits for it.
    """

    store: Store
    log: Log
    clock: Clock
    context: Context
    board: Board
    sources: dict[str, Looks] = field(default_factory=dict)
    numbers: dict[str, Post] = field(default_factory=dict)
    timers: TimerRoom | None = None
    outbox: OutboxRoom | None = None
    upkeep: UpkeepRoom | None = None
    hands: HandsRoom | None = None
    papers: PapersRoom | None = None
    network: NetworkWatch = field(init=False)
    safety: Safety = field(init=False)
    book: Book = field(default_factory=Book)
    lookout: Lookout = field(default_factory=Lookout)
    maintenance: dict[str, Maintenance] = field(default_factory=dict)
    words: dict[str, set[str]] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    inspected_since: Instant | None = None
    set_back: trio.Event = field(default_factory=trio.Event)

    def __post_init__(self) -> None:
        self.network = NetworkWatch(self.clock, self.log)
        self.safety = Safety(self.log, lambda: self.context)
        self.network.back = lambda: [diary.network_back for diary in self.sources.values()]

    def load(self) -> None:
        """Take over what is stored across all numbers (open tasks, declared maintenance), before any actor runs."""
        self.board.load(self.store)
        self.book.load(self.store)
        self.maintenance = {r.id: r.maintenance for r in records.all_platforms(self.store) if r.maintenance is not None}
        self.silences = {silence.id: silence for silence in records.all_silences(self.store)}
        self.log.silencer = self.silenced
        self.unsure = set(records.all_unsure(self.store))
        self.words = {}
        for word in records.all_words(self.store):
            self.words.setdefault(word.platform, set()).add(word.words)

    def silenced(self, event: Event) -> str | None:
        """The id of the silence that covers what an event is about."""
        if not self.silences or not quiets(event.action):
            return None
        number, platform = getattr(event, "number", None) or "", getattr(event, "platform", None) or ""
        owned = self.context.numbers.get(number)
        found = covering(
            self.silences.values(),
            self.clock.now(),
            number=number,
            platform=platform,
            group="" if owned is None else owned.group,
        )
        return None if found is None else found.id

    def new_word(self, platform: str, word: str) -> bool:
        """Whether nobody knows this word and it was not said yet. A platform that makes up a word for every number is
        not listened to for ever."""
        said = self.words.get(platform, set())
        return word not in said and len(said) < MOST_NEW_WORDS

    def post(self, number: str, message: NumberMessage) -> None:
        """Send to a number's actor. `BusyError` when it is parked, full or not watched."""
        actor = self.numbers.get(number)
        if actor is None:
            raise BusyError(f"{number} is not watched")
        actor.post(message)
