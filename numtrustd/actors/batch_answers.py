"""Brings what a batch says to its numbers, until each number's actor has taken it; part of a `BatchActor`.

Offered is not taken: an actor may be busy, or the daemon may end with the answer in its mailbox. So a number stays in
its batch until its actor says that what it was given is stored; what is offered twice counts once (`actors.decide`).
"""

from collections.abc import Callable, Sequence

import trio
from msgspec import Struct

from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError
from numtrustd.actors.messages import Observed
from numtrustd.actors.trust import CONTROL, SourceTrust
from numtrustd.domain.batch import OpenBatch
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant, Observation, UnknownReason
from numtrustd.probes import collect
from numtrustd.probes.collect import Collected
from numtrustd.probes.extract import extract_item, unread
from numtrustd.probes.spec import Source

AGAIN = 60.0
"""Real seconds until an answer that nobody took is offered again."""

AT_A_TIME = 50
"""Items read before others get a turn."""

Key = tuple[str, str]
"""(id of the batch, name in the diary)."""


class _Offer(Struct, frozen=True):
    """`whole`: with it the number leaves its batch. `told`: that there is no answer, instead of one."""

    message: Observed
    whole: bool
    told: bool


class Answers:
    """What is offered and not taken yet. `over` hears of each number that leaves its batch: (name, id of the batch)."""

    def __init__(self, source: Source, house: House, over: Callable[[str, str], None]) -> None:
        self._source = source
        self._house = house
        self._over = over
        self._offers: dict[Key, _Offer] = {}
        self._parts: dict[Key, tuple[str | None, ...]] = {}
        self._taken: dict[str, tuple[set[str], set[str]]] = {}
        self._offered = trio.Event()

    async def read(self, batch: OpenBatch, read: Collected, at: Instant) -> list[tuple[str, tuple[Observation, ...]]]:
        """What the items say of the numbers that are awaited, or late: (name, observations), controls first, so that
        a source that lies is doubted before the rest of what it says is believed."""
        names = [*batch.numbers, *(name for name in batch.late if name not in batch.numbers)]
        numbers = {name: from_canonical(name.removeprefix(CONTROL)) for name in names}
        index = {form: n.canonical for n in numbers.values() for form in collect.names(n)}
        items, _ = collect.sort(read.rows, index)
        found: list[tuple[str, tuple[Observation, ...]]] = []
        for n, name in enumerate(sorted(names, key=lambda name: not name.startswith(CONTROL)), 1):
            if (about := items.get(numbers[name].canonical)) is None:
                continue
            item = collect.one_of(about)
            if item is None:
                seen = unread(self._source, at, UnknownReason.BAD_SHAPE, "two items about the number differ")
            else:
                seen = extract_item(self._source, numbers[name], item, at, self._house.context.words)
            if read.done or any(o.reason is not UnknownReason.PENDING for o in seen):
                found.append((name, seen))
            if n % AT_A_TIME == 0:
                await trio.lowlevel.checkpoint()
        return found

    def give(
        self,
        batch: OpenBatch,
        name: str,
        seen: Sequence[Observation],
        at: Instant,
        trust: SourceTrust,
        *,
        last: bool,
        told: bool = False,
    ) -> None:
        """Offer a number what was seen of it. Without `last` what is still pending in it is kept for the next time."""
        key = (batch.id, name)
        known = [o for o in seen if o.reason is not UnknownReason.PENDING]
        whole = last or len(known) == len(seen)
        if told and key in self._offers:
            return  # there is an answer after all, and it waits to be taken
        parts = tuple(f"{o.platform}/{o.surface}" for o in known)
        if (key in self._offers and self._offers[key].whole) or (not whole and self._parts.get(key) == parts):
            return
        self._parts[key] = parts
        if name.startswith(CONTROL):
            if whole:
                self._leave(key, told=told)
                trust.control(name.removeprefix(CONTROL), seen, at)
            return
        message = Observed(
            self._source.id,
            at,
            tuple(seen if whole else known),
            trust.trust.quarantined,
            batch.id,
            paid=not batch.free,
        )
        self._offers[key] = _Offer(message, whole, told)
        self._offer(key)
        self._offered.set()

    def taken(self, number: str, batch: str) -> None:
        """The number's actor has stored it, or is about to, in a transaction before any that comes now."""
        offer = self._offers.pop((batch, number), None)
        if offer is not None and offer.whole:
            self._leave((batch, number), told=offer.told)

    def drain(self) -> dict[str, tuple[set[str], set[str]]]:
        """Id of a batch → (the names that took an answer since the last time, those that took that there is none)."""
        taken, self._taken = self._taken, {}
        return taken

    async def offer_again(self) -> None:
        """Offer for ever what was not taken."""
        while True:
            if not self._offers:
                self._offered = trio.Event()
                await self._offered.wait()
            await trio.sleep(AGAIN)
            for key in list(self._offers):
                self._offer(key)

    def _offer(self, key: Key) -> None:
        offer = self._offers.get(key)
        if offer is None:
            return
        try:
            self._house.post(key[1], offer.message)
        except ClosedError:
            self.taken(key[1], key[0])  # parked: it asks anew when it is let go on
        except BusyError:
            if key[1] not in self._house.context.numbers:
                self.taken(key[1], key[0])  # no longer watched

    def _leave(self, key: Key, *, told: bool) -> None:
        batch, name = key
        self._parts.pop(key, None)
        self._taken.setdefault(batch, (set(), set()))[told].add(name)
        self._over(name, batch)
