"""How many of a source's looks are late, without walking all of them: `status` asks with a hundred thousand numbers."""

from collections.abc import Mapping, Sequence

from numtrustd.domain.observation import Instant

FEW = 1_000
"""Places of the heap that are looked at one by one; with more late ones a walk over everything is quicker."""


def late_looks(heap: Sequence[tuple[Instant, str]], due: Mapping[str, Instant], now: Instant) -> int:
    """How many numbers are `due` before `now`. Of the heap, which holds each (due, number) and some that no longer
    hold, only what lies above `now` is seen.
    """
    found: set[str] = set()  # a number may lie there twice with one time
    places = [0]
    for _ in range(FEW):
        if not places:
            return len(found)
        place = places.pop()
        if place < len(heap) and heap[place][0] < now:
            at, number = heap[place]
            if due.get(number) == at:
                found.add(number)
            places += (2 * place + 1, 2 * place + 2)
    return len([at for at in due.values() if at < now])  # a list is quicker than a sum
