"""Late looks are counted from the top of the heap, and are as many as a walk over all of them finds."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.actors import overdue

DOINGS = st.lists(
    st.tuples(st.integers(0, 9), st.none() | st.integers(0, 20)),  # a number is wanted at a time, or forgotten
    max_size=60,
)


def diary(doings: list[tuple[int, int | None]]) -> tuple[list[tuple[float, str]], dict[str, float]]:
    heap: list[tuple[float, str]] = []
    due: dict[str, float] = {}
    for number, at in doings:
        if at is None:
            due.pop(f"{number}", None)
        else:
            due[f"{number}"] = float(at)
            heapq.heappush(heap, (float(at), f"{number}"))
    return heap, due


@given(DOINGS, st.integers(0, 21), st.sampled_from((1, 5, overdue.FEW)))
def test_as_many_as_there_are(doings: list[tuple[int, int | None]], now: int, few: int) -> None:
    heap, due = diary(doings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overdue, "FEW", few)
        assert overdue.late_looks(heap, due, float(now)) == sum(at < now for at in due.values())


class Counted(list[tuple[float, str]]):
    """A heap that counts how often it is looked into."""

    looks = 0

    def __getitem__(self, at):  # type: ignore[no-untyped-def,override]  # a list's has three signatures
        self.looks += 1
        return super().__getitem__(at)


def test_a_few_late_ones_among_many_cost_little() -> None:
    heap = Counted((float(n), f"{n}") for n in range(100_000))
    due = {number: at for at, number in heap}
    assert overdue.late_looks(heap, due, 40.0) == 40
    assert heap.looks < 200
    assert overdue.late_looks(heap, due, 90_000.0) == 90_000
    assert heap.looks < 5_000
