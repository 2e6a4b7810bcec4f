"""One batch of numbers: handed in once, every number told once, and over in time, whatever the platform does."""

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.batch import (
    INTERRUPTED,
    Absent,
    BatchState,
    Declined,
    Moved,
    News,
    OpenBatch,
    Submitted,
    Taken,
    Terms,
    Unclear,
    begin,
    collected,
    expired,
    resumed,
    submitted,
    taken,
)
from numtrustd.domain.observation import UnknownReason

T0 = 1_790_000_000.0
HOUR = 3_600.0
TERMS = Terms(ready_after=HOUR, poll=600.0, give_up=24 * HOUR, settle=900.0)
LOOKED_UP = Terms(ready_after=HOUR, poll=600.0, give_up=24 * HOUR, settle=900.0, look_up=True)
NAMES = ("a", "b", "c")
LOST = Unclear(UnknownReason.TIMEOUT, "no answer within 20 s")


def sending(*names: str) -> OpenBatch:
    return begin("s/1", "s", "ref", names or NAMES, T0)


def opened(*names: str) -> OpenBatch:
    return submitted(sending(*names), Taken("T-1"), T0 + 1, TERMS).batch


def test_a_batch_that_is_taken_in_is_asked_after_when_it_can_be_ready() -> None:
    moved = submitted(sending(), Taken("T-1"), T0 + 1, TERMS)
    assert moved.news is News.SUBMITTED
    assert (moved.batch.state, moved.batch.task, moved.batch.next_at) == (BatchState.OPEN, "T-1", T0 + HOUR)
    assert not moved.refund


def test_what_was_certainly_not_taken_in_is_told_and_paid_back() -> None:
    moved = submitted(sending(), Declined(UnknownReason.REFUSED, "余额不足"), T0 + 1, TERMS)
    assert (moved.news, moved.refund) == (News.DECLINED, True)
    assert (moved.batch.numbers, moved.batch.tell) == ((), NAMES)
    assert (moved.batch.reason, moved.batch.detail) == (UnknownReason.REFUSED, "余额不足")
    assert taken(moved.batch, (), NAMES).over


def test_nobody_knows_and_nobody_can_ask_so_the_numbers_read_unknown_and_nothing_is_handed_in_again() -> None:
    moved = submitted(sending(), LOST, T0 + 20, TERMS)
    assert (moved.news, moved.refund) == (News.UNCERTAIN, False)
    assert moved.batch.state is BatchState.ENDED
    assert moved.batch.tell == NAMES
    assert moved.batch.reason is UnknownReason.TIMEOUT
    assert "nobody knows" in moved.batch.detail


def test_a_look_up_finds_out_whether_it_arrived() -> None:
    uncertain = submitted(sending(), INTERRUPTED, T0 + 5, LOOKED_UP)
    assert uncertain.news is News.UNCERTAIN
    assert (uncertain.batch.state, uncertain.batch.next_at) == (BatchState.UNCERTAIN, T0 + 900)
    found = submitted(uncertain.batch, Taken("T-7"), T0 + 900, LOOKED_UP)
    assert (found.news, found.batch.state, found.batch.task) == (News.SUBMITTED, BatchState.OPEN, "T-7")
    once = submitted(uncertain.batch, Absent(), T0 + 900, LOOKED_UP)
    assert (once.refund, once.batch.state, once.batch.numbers) == (False, BatchState.UNCERTAIN, NAMES)
    assert once.batch.next_at == T0 + 1_800, "it may come late through a queue: asked again when that is over"
    soon = submitted(once.batch, Absent(), T0 + 1_799, LOOKED_UP)
    assert (soon.refund, soon.batch.next_at) == (False, T0 + 1_800)
    late = submitted(once.batch, Taken("T-7"), T0 + 1_800, LOOKED_UP)
    assert (late.news, late.batch.task) == (News.SUBMITTED, "T-7")
    absent = submitted(once.batch, Absent(), T0 + 1_800, LOOKED_UP)
    assert absent.refund
    assert absent.batch.tell == NAMES
    unclear = submitted(uncertain.batch, LOST, T0 + 900, LOOKED_UP)
    assert unclear.news is None, "said once"
    assert (unclear.batch.state, unclear.batch.next_at) == (BatchState.UNCERTAIN, T0 + 1_500)
    declined = submitted(uncertain.batch, Declined(UnknownReason.RATE_LIMITED, ""), T0 + 900, LOOKED_UP)
    assert declined.batch.state is BatchState.UNCERTAIN, "a refused question says nothing of the batch"
    end = expired(uncertain.batch, T0 + 24 * HOUR, LOOKED_UP)
    assert end is not None
    assert (end.batch.state, end.refund) == (BatchState.ENDED, False)


def test_absence_is_no_answer_to_a_submission() -> None:
    moved = submitted(sending(), Absent(), T0, TERMS)
    assert (moved.news, moved.refund) == (News.UNCERTAIN, False)


def test_partial_answers_leave_the_others_awaited() -> None:
    batch = collected(opened(), ["a"], T0 + HOUR, TERMS).batch
    assert batch.numbers == NAMES, "until the actor has taken it"
    batch = taken(batch, ["a"])
    assert batch.numbers == ("b", "c")
    assert (batch.got, batch.next_at) == (1, T0 + HOUR + 600)


def test_what_a_finished_task_leaves_out_reads_unknown() -> None:
    moved = collected(opened(), ["a"], T0 + HOUR, TERMS, done=True)
    assert (moved.batch.numbers, moved.batch.tell) == (("a",), ("b", "c"))
    assert moved.batch.reason is UnknownReason.NO_CARD
    assert moved.news is None
    again = collected(moved.batch, ["a"], T0 + 2 * HOUR, TERMS, done=True)
    assert again.batch.tell == ("b", "c"), "nobody is told twice"
    assert taken(again.batch, ["a"], ["b", "c"]).over


def test_a_task_that_the_platform_does_not_know_ends_at_once() -> None:
    moved = collected(opened(), [], T0 + HOUR, TERMS, gone=True)
    assert moved.news is News.GONE
    assert (moved.batch.numbers, moved.batch.tell) == ((), NAMES)


def test_given_up_numbers_are_told_and_may_still_be_answered_for_as_long_again() -> None:
    assert expired(opened(), T0 + 24 * HOUR - 1, TERMS) is None
    moved = expired(opened(), T0 + 24 * HOUR, TERMS)
    assert moved is not None
    late = moved.batch
    assert moved.news is News.GIVEN_UP
    assert (late.state, late.tell, late.late, late.reason) == (BatchState.LATE, NAMES, NAMES, UnknownReason.PENDING)
    assert expired(late, T0 + 25 * HOUR, TERMS) is None, "said once"
    told = taken(late, (), NAMES)
    assert (told.tell, told.late, told.over) == ((), NAMES, False)
    assert told.next_at == T0 + 26 * HOUR, "asked less often"
    some = taken(told, ["b"])
    assert some.late == ("a", "c")
    end = expired(some, T0 + 48 * HOUR, TERMS)
    assert end is not None
    assert end.batch.over


def test_a_clock_that_was_set_back_makes_no_wait_longer_than_it_can_be() -> None:
    batch = resumed(opened(), T0 - 365 * 24 * HOUR, TERMS)
    assert batch.sent_at == T0 - 365 * 24 * HOUR
    assert batch.next_at <= batch.sent_at + 2 * HOUR


Act = tuple[str, object]
answers = st.one_of(
    st.builds(Taken, st.just("T-1")),
    st.builds(Declined, st.just(UnknownReason.REFUSED), st.just("no")),
    st.builds(Absent),
    st.just(LOST),
    st.just(INTERRUPTED),
)
names = st.sets(st.sampled_from(NAMES))
acts = st.lists(
    st.one_of(
        st.tuples(st.just("said"), answers),
        st.tuples(st.sampled_from(("collected", "done", "gone")), names),
        st.tuples(st.just("taken"), names),
        st.tuples(st.just("wait"), st.floats(0, 30 * HOUR)),
    ),
    max_size=30,
)


class Walk:
    """A batch led through any acts, as the actor leads it; and what must hold between any two of them."""

    def __init__(self, terms: Terms) -> None:
        self.terms, self.now = terms, T0
        self.batch = sending()
        self.told: dict[str, list[str]] = {name: [] for name in NAMES}
        self.news: list[News] = []
        self.refunds = 0

    def step(self, moved: Moved) -> None:
        before, self.batch = self.batch, moved.batch
        self.news += [moved.news] if moved.news else []
        self.refunds += moved.refund
        assert {*self.batch.numbers, *self.batch.tell, *self.batch.late} <= {
            *before.numbers,
            *before.tell,
            *before.late,
        }, "nobody comes in"
        assert not {*self.batch.numbers} & {*self.batch.tell}
        assert self.batch.state is not BatchState.SENDING or before.state is BatchState.SENDING
        assert self.batch.reason is not None or not self.batch.tell
        assert self.batch.over or self.batch.tell or self.batch.next_at > 0 or self.batch.state is BatchState.SENDING

    def act(self, kind: str, what: object) -> None:
        match kind, what:
            case "said", Taken() | Declined() | Absent() | Unclear():
                self.step(submitted(self.batch, what, self.now, self.terms))
            case "taken", set():
                awaited = {*self.batch.numbers, *self.batch.late} & what
                answered = awaited if self.batch.state in (BatchState.OPEN, BatchState.LATE) else set()
                told = {*self.batch.tell} & what - answered
                for name in answered:
                    self.told[name].append("answer")
                for name in told:
                    self.told[name].append("nothing")
                self.step(Moved(taken(self.batch, answered, told)))
            case "wait", float():
                self.now += what
                if (moved := expired(self.batch, self.now, self.terms)) is not None:
                    self.step(moved)
            case how, set():
                self.step(collected(self.batch, what, self.now, self.terms, done=how == "done", gone=how == "gone"))


@given(acts=acts, terms=st.sampled_from((TERMS, LOOKED_UP)))
def test_whatever_happens_each_number_is_told_once_and_the_batch_ends(acts: list[Act], terms: Terms) -> None:
    walk = Walk(terms)
    for kind, what in acts:
        walk.act(kind, what)
    if walk.batch.state is BatchState.SENDING:
        walk.step(submitted(walk.batch, INTERRUPTED, walk.now, terms))
    for _ in range(3):
        walk.act("wait", 24 * HOUR)
        walk.step(Moved(taken(walk.batch, (), walk.batch.tell)))
    assert walk.batch.over or walk.batch.numbers == (), walk.batch
    walk.act("wait", 24 * HOUR)
    assert walk.batch.over
    for told in walk.told.values():
        assert told.count("answer") <= 1
        assert told.count("nothing") <= 1
        assert told != ["answer", "nothing"], "nobody is told that nothing came after an answer"
    assert walk.news.count(News.SUBMITTED) <= 1
    assert walk.news.count(News.UNCERTAIN) <= 1
    assert walk.news.count(News.GIVEN_UP) <= 1
    assert walk.refunds <= 1
    assert not (walk.refunds and News.SUBMITTED in walk.news), "nothing is paid back that was taken in"


@given(said=st.lists(answers, min_size=1, max_size=6))
def test_a_batch_is_handed_in_once(said: list[Submitted]) -> None:
    """After the first answer, and after none at all, no further answer makes it a batch that is to be sent."""
    batch = sending()
    for each in said:
        batch = submitted(batch, each, T0 + 1, LOOKED_UP).batch
        assert batch.state is not BatchState.SENDING
