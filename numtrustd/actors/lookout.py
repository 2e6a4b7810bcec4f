"""Lets somebody wait for the next looks at one number: `control.desk` waits here, the number's actor tells.

A look is told once it is taken in, so what was waited for is believed or stored by then.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from numtrustd.actors.messages import Observed
from numtrustd.domain.observation import Instant


class Watcher:
    """What has been seen so far by one who waits."""

    def __init__(self, sources: set[str], since: Instant) -> None:
        self._left = sources
        self._since = since
        self._all = trio.Event()
        self.seen: list[Observed] = []

    def tell(self, message: Observed) -> None:
        """A look was taken in; one that was answered before we began to wait is old news."""
        if message.at < self._since:
            return
        self.seen.append(message)
        self._left.discard(message.source)
        if not self._left:
            self._all.set()

    async def wait(self) -> None:
        """Return once every source was heard; put a deadline around it."""
        if self._left:
            await self._all.wait()


class Lookout:
    """Who waits for looks at which number."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}

    @contextmanager
    def watch(self, number: str, sources: set[str], since: Instant) -> Iterator[Watcher]:
        """Collect the looks at a number answered from `since` on, while inside; `sources` are those to wait for."""
        watcher = Watcher(set(sources), since)
        self._watchers.setdefault(number, []).append(watcher)
        try:
            yield watcher
        finally:
            left = self._watchers[number]
            left.remove(watcher)
            if not left:
                del self._watchers[number]

    def tell(self, number: str, message: Observed) -> None:
        """A look at this number was taken in."""
        for watcher in self._watchers.get(number, ()):
            watcher.tell(message)
