"""An emergency's table: no order and no time takes it to and fro where nothing new has come."""

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.workflow import Event, Snapshot, TimedOut, start, step
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.incident import HOUR, INCIDENT, ChaseAll, IncidentData, IncidentPolicy, Progress, S

T0 = 1_772_413_200.0  # 2026-03-02 01:00 UTC
STUCK = IncidentPolicy(unsent=("x",), unended=("x is at_person",))
ORDERS = st.sampled_from([TimedOut(0), a.Advance("retry"), a.Hold("x"), a.Hold("x", until=T0 + 72 * HOUR), Progress()])


class Watcher:
    """Steps one incident whose cases do not move."""

    def __init__(self) -> None:
        self.now, self.data = T0, IncidentData(since=T0)
        self.snapshot: Snapshot = start(INCIDENT, self.data, T0, STUCK)

    def __call__(self, event: Event) -> tuple[a.OpenTask | ChaseAll | a.CloseTasks, ...]:
        if isinstance(event, TimedOut):
            assert self.snapshot.deadline is not None
            self.now = max(self.now, self.snapshot.deadline)
            event = TimedOut(self.snapshot.seq)
        made = step(INCIDENT, self.snapshot, self.data, event, self.now, STUCK)
        if made is None:
            return ()
        self.snapshot, self.data = made.snapshot, made.data
        return made.effects  # type: ignore[return-value]  # an incident makes no other effects


def escalated() -> Watcher:
    case = Watcher()
    while case.snapshot.state != S.ESCALATED:
        case(TimedOut(0))
    assert case.now == T0 + 48 * HOUR
    return case


def test_to_chase_again_after_the_last_mark_leaves_it_where_it_is_until_the_next_reminder() -> None:
    case = escalated()
    effects = case(a.Advance("retry"))
    assert case.snapshot.state == S.ESCALATED
    assert [type(e) for e in effects] == [a.CloseTasks, ChaseAll]
    assert case.snapshot.deadline == case.now + STUCK.remind_interval
    [asked] = case(TimedOut(0))
    assert isinstance(asked, a.OpenTask)
    assert asked.kind == "decide"


@given(st.lists(ORDERS, max_size=30))
def test_after_the_last_mark_it_neither_resolves_nor_follows_again_without_a_new_fact(events: list[Event]) -> None:
    case = escalated()
    for event in events:
        before = case.now
        case(event)
        assert case.snapshot.state in (S.ESCALATED, S.HELD)
        assert case.snapshot.deadline is not None
        if case.snapshot.state == S.ESCALATED:
            assert case.snapshot.deadline > before, "nor does it go round at once"
    assert len(case.data.marks) == 3
