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


def test_what_is_chased_again_after_the_last_mark_is_given_its_time_before_a_person_is_asked_again() -> None:
    case = escalated()
    effects = case(a.Advance("retry"))
    assert [type(e) for e in effects] == [a.CloseTasks, ChaseAll]
    assert (case.snapshot.state, case.snapshot.deadline) == (S.RESOLVING, case.now + STUCK.remind_interval)
    asked = case(TimedOut(0))[-1]
    assert isinstance(asked, a.OpenTask)
    assert (case.snapshot.state, asked.kind) == (S.ESCALATED, "decide")


@given(st.lists(ORDERS, max_size=30))
def test_after_the_last_mark_it_never_escalates_again_without_a_new_fact(events: list[Event]) -> None:
    """An order, or the time in which what was chased could have come to something."""
    case = escalated()
    for event in events:
        before, state = case.now, case.snapshot.state
        case(event)
        assert case.snapshot.state in (S.ESCALATED, S.RESOLVING, S.HELD)
        if isinstance(event, TimedOut) and (state, case.snapshot.state) == (S.RESOLVING, S.ESCALATED):
            assert case.now == before + STUCK.remind_interval
    assert len(case.data.marks) == 3


DONE = IncidentPolicy(sent=True, sent_at=T0 + 5 * HOUR, unended=("x is in_review",))


def test_what_is_not_handed_in_when_the_mark_passes_is_not_said_to_be() -> None:
    case = Watcher()
    case(TimedOut(0))
    case(TimedOut(0))
    assert (case.now, case.snapshot.state) == (T0 + 2 * HOUR, S.BEHIND)
    assert [(mark.name, mark.met) for mark in case.data.marks] == [("submit", False)]
    made = step(INCIDENT, case.snapshot, case.data, Progress(), T0 + 5 * HOUR, DONE)
    assert made is not None
    assert (made.snapshot.state, made.snapshot.deadline) == (S.FOLLOWING, T0 + 24 * HOUR)
    assert made.data.marks == case.data.marks, "late is late"
    again = step(INCIDENT, made.snapshot, made.data, Progress(), T0 + 6 * HOUR, STUCK)
    assert again is not None
    assert (again.snapshot.state, again.snapshot.deadline) == (S.BEHIND, T0 + 24 * HOUR), "one more came"


def test_what_was_handed_in_in_time_is_followed_also_where_that_is_heard_late() -> None:
    case = Watcher()
    case(TimedOut(0))
    in_time = IncidentPolicy(sent=True, sent_at=T0 + HOUR, unended=("x is in_review",))
    made = step(INCIDENT, case.snapshot, case.data, TimedOut(case.snapshot.seq), T0 + 2 * HOUR, in_time)
    assert made is not None
    assert made.snapshot.state == S.FOLLOWING
    assert [mark.met for mark in made.data.marks] == [True]
