"""The appeal's decisions: its whole way, its detours, and properties over any order of events."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain import calendar
from numtrustd.domain.workflow import Effect, Event, Snapshot, TimedOut, start, step
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.appeal import APPEAL, S
from numtrustd.domain.workflows.request import AppealData, RequestPolicy

T0 = 1_772_413_200.0  # 2026-03-02 01:00 UTC, a Monday
DAY = 86_400.0
CLEAN, MARKED = False, True
HTTP = RequestPolicy(by_person=False, can_query=True, can_look_up=True, views=("p.s/v",), clear_spread=0.0)
MANUAL = RequestPolicy(views=("p.s/v",), clear_spread=0.0)


class Player:
    """Steps one appeal, remembering effects."""

    def __init__(self, policy: RequestPolicy, now: float = T0) -> None:
        self.policy, self.now = policy, now
        self.data = AppealData(finding="mislabel", category="nuisance", words="骚扰电话", not_before=now)
        self.snapshot: Snapshot = start(APPEAL, self.data, now, policy)
        self.effects: list[Effect] = []

    @property
    def state(self) -> str:
        return self.snapshot.state

    def __call__(self, event: Event, **policy: Any) -> "Player":
        used = msgspec.structs.replace(self.policy, **policy)
        made = step(APPEAL, self.snapshot, self.data, event, self.now, used)
        if made is not None:
            self.snapshot, self.data = made.snapshot, made.data
            self.effects += made.effects
        return self

    def wait(self, **policy: Any) -> "Player":
        """Let the timer fire."""
        assert self.snapshot.deadline is not None
        self.now = max(self.now, self.snapshot.deadline)
        return self(TimedOut(self.snapshot.seq), **policy)

    def look(self, wrong: bool, view: str = "p.s/v", after: float = 3600.0) -> "Player":
        self.now += after
        return self(a.Looked(view, wrong, self.now))

    def sent(self) -> int:
        return sum(isinstance(e, a.Submit) for e in self.effects)


def in_review() -> Player:
    return Player(HTTP).wait()(a.Accepted("R-1"))


def test_the_whole_way_over_an_api() -> None:
    case = Player(HTTP)
    assert case.state == S.WAITING
    case.wait()
    assert case.state == S.SUBMITTING
    assert case.sent() == 1
    case(a.Accepted("R-1"))
    assert (case.state, case.data.receipt) == (S.IN_REVIEW, "R-1")
    case.wait()
    assert isinstance(case.effects[-1], a.Query)
    case(a.StillInReview())
    assert case.state == S.IN_REVIEW
    case(a.Approved())
    assert case.state == S.PROPAGATING
    case.look(CLEAN)
    assert case.state == S.VERIFYING
    case.look(CLEAN).look(CLEAN)
    assert case.state == S.CLEARED
    assert case.snapshot.deadline is None


def test_approved_is_no_proof() -> None:
    case = in_review()(a.Approved()).wait()
    assert case.state == S.VERIFYING
    case.look(CLEAN).look(CLEAN).look(MARKED).look(CLEAN).look(CLEAN)
    assert case.state == S.VERIFYING
    case.wait()
    assert (case.state, case.data.attempt) == (S.COOLING, 2)


def test_a_label_that_is_gone_but_cannot_be_proved_so_is_looked_at_longer_and_never_appealed_again() -> None:
    case = in_review()(a.Approved()).wait()
    for _ in range(case.policy.max_reminders):
        case.wait(wrong=False)
        assert case.state == S.VERIFYING
    case.wait(wrong=False)
    assert (case.state, case.sent()) == (S.ESCALATED, 1)


def test_a_label_that_goes_and_returns_under_review_waits_for_that_review() -> None:
    case = in_review()(a.Gone())
    assert case.state == S.VERIFYING
    assert case(a.Returned()).state == S.IN_REVIEW
    case(a.Gone()).look(CLEAN).look(CLEAN).look(CLEAN)
    assert case.state == S.CLEARED
    case(a.Returned())
    assert (case.state, case.sent(), case.data.receipt) == (S.IN_REVIEW, 1, "R-1")


def test_nothing_is_sent_for_a_label_that_is_gone() -> None:
    case = Player(HTTP).wait(wrong=False)
    assert (case.state, case.sent()) == (S.VERIFYING, 0)


def test_every_view_must_come_out_clean() -> None:
    case = in_review()
    case.policy = a.RequestPolicy(by_person=False, can_query=True, views=("x/1", "x/2"), clear_spread=0.0)
    case(a.Approved())
    for _ in range(5):
        case.look(CLEAN, "x/1")
    assert case.state == S.VERIFYING
    for _ in range(3):
        case.look(CLEAN, "x/2")
    assert case.state == S.CLEARED


def test_a_rejection_cools_down_and_brings_more_evidence() -> None:
    papers = (("licence",), ("licence", "number_ownership"))
    policy = a.RequestPolicy(
        by_person=False, can_query=True, evidence=papers, held=frozenset({"licence", "number_ownership"})
    )
    case = Player(policy).wait()(a.Accepted("R-1"))(a.Rejected("缺少号码归属证明"))
    assert (case.state, case.data.attempt, case.data.reasons) == (S.COOLING, 2, ("缺少号码归属证明",))
    assert case.snapshot.deadline == pytest.approx(T0 + DAY, abs=1)
    assert a.required(case.data, policy) == papers[1]
    case.wait().wait()
    assert (case.state, case.sent()) == (S.SUBMITTING, 2)


def test_the_last_rejection_goes_to_a_person() -> None:
    case = in_review()
    for _ in range(2):
        case(a.Rejected("no"))
        case.wait().wait()(a.Accepted("R"))
    case(a.Rejected("no"))
    assert case.state == S.ESCALATED
    assert isinstance(case.effects[-1], a.OpenTask)
    assert case.effects[-1].kind == "decide"
    case(a.Advance("once more"))
    assert case.state == S.WAITING


def test_missing_papers_are_named_and_waited_for_with_a_deadline() -> None:
    case = Player(a.RequestPolicy(evidence=(("licence", "recordings"),), held=frozenset({"licence"}))).wait()
    assert case.state == S.GATHERING
    asked = case.effects[-1]
    assert isinstance(asked, a.OpenTask)
    assert (asked.kind, asked.detail) == ("supply_evidence", ("recordings",))
    case(a.EvidenceChanged())
    assert case.state == S.GATHERING, "still missing"
    case(a.EvidenceChanged(), held=frozenset({"licence", "recordings"}))
    assert case.state == S.WAITING


def test_silence_of_a_person_is_reminded_and_then_escalated() -> None:
    case = Player(MANUAL).wait()
    assert case.state == S.AT_PERSON
    for _ in range(MANUAL.max_reminders):
        case.wait()
        assert case.state == S.AT_PERSON
    case.wait()
    assert case.state == S.ESCALATED


def test_the_review_is_counted_in_working_days() -> None:
    case = Player(a.RequestPolicy(review_days=5, country="CN")).wait()(a.Accepted("R-1"))
    due = case.data.review_by
    assert due is not None
    assert (due - T0) / DAY == pytest.approx(7.375, abs=0.01), "Monday 09:00 plus five working days: next Monday 18:00"


def test_an_overdue_review_is_chased_then_escalated() -> None:
    case = Player(MANUAL).wait()(a.Accepted("R-1")).wait()
    assert case.state == S.OVERDUE
    assert any(isinstance(e, a.OpenTask) and e.kind == "chase_review" for e in case.effects)
    case.wait()
    assert case.state == S.ESCALATED


def test_an_answer_that_came_while_the_machine_slept_is_asked_for_before_the_review_is_called_overdue() -> None:
    case = in_review().wait()(a.StillInReview())
    asked = case.effects.count(a.Query("R-1"))
    case.now += 30 * DAY
    case.wait()
    assert (case.state, case.effects.count(a.Query("R-1"))) == (S.IN_REVIEW, asked + 1)
    assert case.snapshot.deadline == case.now + HTTP.settle, "it is given time to answer"
    assert case(a.Approved()).state == S.PROPAGATING


def test_a_platform_that_does_not_answer_after_a_long_sleep_is_asked_once_and_the_review_is_then_overdue() -> None:
    case = in_review()
    case.now += 30 * DAY
    case.wait()(a.QueryFailed("timeout")).wait()
    assert (case.state, case.effects.count(a.Query("R-1"))) == (S.OVERDUE, 1)
    case.now += 30 * DAY
    case.wait()
    assert (case.state, case.effects.count(a.Query("R-1"))) == (S.OVERDUE, 2), "nor is it escalated unasked"
    case.wait()
    assert case.state == S.ESCALATED


def test_a_review_that_was_polled_all_along_is_called_overdue_on_its_day() -> None:
    case = in_review()
    while case.state == S.IN_REVIEW:
        case.wait()
    assert case.state == S.OVERDUE
    assert in_review().data.review_by == pytest.approx(case.now, abs=HTTP.settle)


def test_the_answer_is_asked_for_first_after_a_long_hold_too() -> None:
    case = in_review()(a.Hold("x"))
    case.now += 30 * DAY
    case(a.Advance("y")).wait()
    assert (case.state, case.effects[-1]) == (S.IN_REVIEW, a.Query("R-1"))


def test_maintenance_stretches_the_review_and_holds_back_the_submission() -> None:
    case = Player(HTTP).wait(maintenance=True, closed=True)
    assert case.state == S.WAITING
    assert case.sent() == 0
    case.wait()
    assert case.sent() == 1
    case = Player(MANUAL).wait()(a.Accepted("R-1"))
    before = case.data.review_by
    case.wait(maintenance=True, closed=True)
    assert case.state == S.IN_REVIEW
    assert before is not None
    assert case.data.review_by is not None
    assert case.data.review_by > before


def test_approval_is_asked_for_once_and_waited_for() -> None:
    policy = a.RequestPolicy(by_person=False, can_query=True, approval_needed=True)
    case = Player(policy).wait()
    assert (case.state, case.sent()) == (S.WAITING, 0)
    assert case.snapshot.deadline is not None
    assert case.snapshot.deadline > case.now
    case(a.Approve("chief")).wait()
    assert case.sent() == 1


@pytest.mark.parametrize("way", ["rejected", "more was asked for", "escalated and sent round once more"])
def test_whoever_approved_one_attempt_is_asked_about_the_next(way: str) -> None:
    policy = a.RequestPolicy(
        by_person=False, can_query=True, approval_needed=True, max_attempts=2, held=frozenset({"recordings"})
    )
    case = Player(policy).wait()(a.Approve("chief")).wait()(a.Accepted("R-1"))
    assert case.data.approved_by == "chief"
    match way:
        case "rejected":
            case(a.Rejected("material is missing")).wait()
        case "more was asked for":
            case(a.InfoRequested("a recording"))(a.EvidenceChanged()).wait()
        case _:
            case(a.Rejected("no"))
            case.wait()(a.Approve("chief")).wait()(a.Accepted("R-2"))(a.Rejected("no"))
            assert case.state == S.ESCALATED
            case(a.Advance("retry"))
    sent = case.sent()
    case.wait()
    assert (case.state, case.data.approved_by, case.sent()) == (S.WAITING, "", sent)
    case(a.Approve("deputy")).wait()
    assert (case.data.approved_by, case.sent()) == ("deputy", sent + 1)


@pytest.mark.covers("W2")
def test_an_unknown_outcome_is_looked_up_after_settling_and_found() -> None:
    case = Player(HTTP).wait()(a.OutcomeUnknown("timeout"))
    assert case.state == S.UNCERTAIN
    assert case.snapshot.deadline == case.now + HTTP.settle
    case.wait()
    assert case.state == S.LOOKING_UP
    case(a.Accepted("R-9"))
    assert (case.state, case.data.receipt, case.sent()) == (S.IN_REVIEW, "R-9", 1)


@pytest.mark.covers("W3")
def test_only_two_look_ups_that_find_nothing_allow_sending_again_under_the_same_attempt() -> None:
    case = Player(HTTP).wait()(a.OutcomeUnknown("reset")).wait()(a.NotFound())
    assert (case.state, case.sent()) == (S.UNCERTAIN, 1)
    case.wait()(a.NotFound())
    assert case.state == S.WAITING
    case.wait()
    assert (case.state, case.sent(), case.data.attempt) == (S.SUBMITTING, 2, 1)


@pytest.mark.covers("W4")
def test_without_a_look_up_a_person_is_asked_and_nothing_is_sent_again() -> None:
    case = Player(a.RequestPolicy(by_person=False, can_query=True)).wait()(a.OutcomeUnknown("reset")).wait()
    assert case.state == S.ASKING
    for _ in range(5):
        case.wait()
    assert (case.state, case.sent()) == (S.ASKING, 1)
    case(a.NotHappened())
    assert case.state == S.WAITING


def test_an_answer_that_comes_after_all_settles_an_uncertain_case() -> None:
    case = Player(HTTP).wait()(a.OutcomeUnknown("slow"))(a.Accepted("R-1"))
    assert case.state == S.IN_REVIEW


def test_a_label_that_goes_before_the_submission_is_still_verified() -> None:
    case = Player(MANUAL).wait()(a.Gone())
    assert case.state == S.VERIFYING
    case.look(CLEAN).look(CLEAN)
    assert case.state == S.VERIFYING
    case.look(CLEAN)
    assert case.state == S.CLEARED


def test_a_return_opens_a_cleared_case_again_and_keeps_what_was_learned() -> None:
    case = in_review()(a.Rejected("no papers"))
    case.wait().wait()(a.Accepted("R-2"))(a.Approved())
    case.look(CLEAN).look(CLEAN).look(CLEAN)
    assert case.state == S.CLEARED
    case(a.Returned())
    assert (case.state, case.data.returns, case.data.reasons) == (S.WAITING, 1, ("no papers",))


def test_hold_stops_and_advance_goes_on_where_it_makes_sense() -> None:
    case = Player(MANUAL)(a.Hold("lawyers"))
    assert case.state == S.HELD
    case.wait()
    assert case.state == S.HELD, "a hold reminds, it does not lapse"
    assert case(a.Advance("go")).state == S.WAITING
    assert in_review()(a.Hold("x"))(a.Advance("y")).state == S.IN_REVIEW


def test_a_wait_goes_on_as_soon_as_nothing_stands_in_its_way() -> None:
    case = Player(HTTP)
    before = case.snapshot.seq
    assert case(a.EvidenceChanged(), closed=True).snapshot.seq == before
    assert case(a.EvidenceChanged(), no_room=True).snapshot.seq == before
    assert case(a.EvidenceChanged(), feeder="other").snapshot.seq == before
    assert case(a.EvidenceChanged(), slot=case.now + 60.0).snapshot.deadline == case.now + 60.0
    assert case(a.EvidenceChanged()).snapshot.seq == before + 2
    assert (case.state, case.snapshot.deadline) == (S.WAITING, case.now)


def test_a_review_that_has_begun_stretches_once_with_a_maintenance() -> None:
    case = in_review()
    usual = case.data.review_by
    assert usual == calendar.add_working_days(case.now, 5, "CN")
    assert case(a.EvidenceChanged()).data.review_by == usual
    case(a.EvidenceChanged(), review_stretch=1.5)
    assert case.state == S.IN_REVIEW
    assert case.data.review_by == calendar.add_working_days(usual, 3, "CN"), "8 working days in all"
    longer = case.data.review_by
    case(a.EvidenceChanged(), review_stretch=1.5)(a.EvidenceChanged())
    assert case.data.review_by == longer
    late = Player(HTTP).wait()(a.Accepted("R-1"), review_stretch=1.5)
    assert late.data.review_by == calendar.add_working_days(late.now, 8, "CN")
    assert late(a.EvidenceChanged(), review_stretch=1.5).data.review_by == calendar.add_working_days(late.now, 8, "CN")


def test_nothing_can_be_withdrawn_while_the_submission_is_on_its_way() -> None:
    case = Player(HTTP).wait()(a.Withdraw("stop"))
    assert case.state == S.SUBMITTING
    assert Player(MANUAL)(a.Withdraw("stop")).state == S.WITHDRAWN


ANY: list[Event] = [
    a.EvidenceChanged(),
    a.Accepted("R"),
    a.Refused("r"),
    a.Later(60.0),
    a.NotSent("n"),
    a.OutcomeUnknown("u"),
    a.NotFound(),
    a.LookUpFailed("l"),
    a.NotHappened(),
    a.Approved(),
    a.Rejected("r"),
    a.InfoRequested("recordings"),
    a.StillInReview(),
    a.QueryFailed("q"),
    a.TaskFailed("t"),
    a.Gone(),
    a.Returned(),
    a.ClosedByPerson("c"),
    a.Approve("x"),
    a.Hold("h"),
    a.Advance("a"),
    a.Withdraw("w"),
    a.Reopen("o"),
    a.Looked("p.s/v", CLEAN, T0),
    a.Looked("p.s/v", MARKED, T0),
]


@given(st.lists(st.one_of(st.sampled_from(ANY), st.none()), max_size=60), st.sampled_from([HTTP, MANUAL]))
def test_any_order_of_events_leaves_an_open_case_with_a_future_deadline(
    events: list[Event | None], policy: RequestPolicy
) -> None:
    case = Player(policy)
    for event in events:
        open_before = case.snapshot.deadline is not None
        case = case.wait() if event is None and open_before else case if event is None else case(event)
        final = APPEAL.rows[S(case.state)].final
        assert (case.snapshot.deadline is None) == final
        if not final:
            assert case.snapshot.deadline is not None
            assert case.snapshot.deadline >= case.now - 1e-6 or event is not None


@pytest.mark.covers("W5")
@given(st.lists(st.one_of(st.sampled_from(ANY), st.none()), max_size=60))
def test_a_second_submission_needs_proof_that_the_first_came_to_an_end(events: list[Event | None]) -> None:
    """Between two Submit effects lies an event that says the first was refused, not sent, not found or answered."""
    ends = (a.Accepted, a.Refused, a.Later, a.NotSent, a.NotFound, a.NotHappened)
    case, ended, sent = Player(HTTP), True, 0
    for event in events:
        if event is None and case.snapshot.deadline is None:
            continue
        case = case.wait() if event is None else case(event)
        ended = ended or isinstance(event, ends)
        if case.sent() > sent:
            assert ended
            ended, sent = False, case.sent()


@pytest.mark.parametrize("event", [a.NotSent("connection refused"), a.Later()])
def test_an_interface_that_takes_nothing_for_days_is_a_persons_matter(event: Event) -> None:
    case = Player(HTTP)
    began = case.now
    while case.state != S.ESCALATED:
        case.wait()
        assert case.state == S.SUBMITTING
        case(event)
        assert case.now - began < 5 * DAY
    assert case.data.tries == HTTP.max_tries
    assert case.now - began > 2 * DAY, "an outage of a day is nobody's business"
    task = case.effects[-1]
    assert isinstance(task, a.OpenTask)
    assert task.kind == "decide"
    assert "taken nothing in 16 tries" in task.detail[-1]
    case(a.Advance("it is back"))
    assert (case.state, case.data.tries) == (S.WAITING, 0)


def test_what_is_still_believed_to_be_shown_is_not_cleared_by_looks() -> None:
    """The verdict may want more looks than the case: a label that came back before it changed would be no news."""
    case = in_review()(a.Approved()).look(CLEAN)
    assert case.state == S.VERIFYING
    case.policy = msgspec.structs.replace(case.policy, believed=True)
    for _ in range(4):
        case.look(CLEAN)
    assert case.state == S.VERIFYING
    case.policy = msgspec.structs.replace(case.policy, believed=False)
    assert case.look(CLEAN).state == S.CLEARED
