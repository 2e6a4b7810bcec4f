"""An appeal's ways back: after a hold, a return, a clock that was set back, a long queue."""

from typing import Any

import pytest
from msgspec import structs

from numtrustd.domain.label import Category
from numtrustd.domain.observation import Observation, Status
from numtrustd.domain.verdict import ChangeKind, Verdict, VerdictPolicy, fold, not_after
from numtrustd.domain.wording import Owner, purpose, request_values
from numtrustd.domain.workflow import Effect, Event, TimedOut, start, step
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.appeal import APPEAL, S
from numtrustd.domain.workflows.request import AppealData, RequestPolicy
from numtrustd.domain.workflows.request.data import MAX_REASONS
from numtrustd.domain.workflows.request.updates import keep_reason, note_more

T0 = 1_772_413_200.0
HOUR, DAY = 3_600.0, 86_400.0
API = RequestPolicy(by_person=False, can_query=True, can_look_up=True, views=("v",), clear=1, clear_spread=0.0)
HAND = RequestPolicy(views=("v",), clear=1, clear_spread=0.0)
CLEAN = False


class Case:
    """Steps one appeal; `then` feeds events, `wait` lets its time come."""

    def __init__(self, policy: RequestPolicy) -> None:
        self.policy, self.now = policy, T0
        self.data = AppealData(finding="mislabel", category="nuisance", words="骚扰电话", not_before=T0)
        self.snapshot = start(APPEAL, self.data, T0, policy)
        self.made: list[Effect] = []

    def then(self, *events: Event, **policy: Any) -> "Case":
        for event in events:
            used = structs.replace(self.policy, **policy)
            if (made := step(APPEAL, self.snapshot, self.data, event, self.now, used)) is not None:
                self.snapshot, self.data = made.snapshot, made.data
                self.made += made.effects
        return self

    def wait(self, **policy: Any) -> "Case":
        self.now = max(self.now, self.snapshot.deadline or 0.0)
        return self.then(TimedOut(self.snapshot.seq), **policy)

    @property
    def state(self) -> str:
        return self.snapshot.state

    @property
    def sent(self) -> list[int]:
        return [effect.attempt for effect in self.made if isinstance(effect, a.Submit)]

    @property
    def tasks(self) -> list[str]:
        """The kinds of the tasks that are open."""
        kinds: list[str] = []
        for effect in self.made:
            if isinstance(effect, a.CloseTasks):
                kinds = []
            elif isinstance(effect, a.OpenTask) and effect.kind not in kinds:
                kinds.append(effect.kind)
        return kinds


def rejected_for_good(policy: RequestPolicy) -> Case:
    case = Case(structs.replace(policy, max_attempts=1)).wait().then(a.Accepted("R-1"), a.Rejected("no"))
    assert case.state == S.ESCALATED
    return case


@pytest.mark.parametrize("policy", [API, HAND], ids=["api", "hand"])
def test_a_review_that_ended_is_not_waited_for_when_the_label_returns(policy: RequestPolicy) -> None:
    case = rejected_for_good(policy).then(a.Gone(), a.Looked("v", CLEAN, T0 + DAY), wrong=False)
    assert case.state == S.CLEARED
    case.then(a.Returned()).wait()
    assert (case.state, case.data.attempt) == (S.SUBMITTING if policy is API else S.AT_PERSON, 2)


@pytest.mark.parametrize("policy", [API, HAND], ids=["api", "hand"])
def test_a_review_that_is_open_is_waited_for_when_the_label_returns(policy: RequestPolicy) -> None:
    case = Case(policy).wait().then(a.Accepted("R-1"))
    case.then(a.Gone(), a.Looked("v", CLEAN, T0 + DAY), wrong=False)
    assert case.state == S.CLEARED
    case.then(a.Returned("mislabel", "fraud", "诈骗"))
    assert (case.state, case.data.words, case.data.attempt) == (S.IN_REVIEW, "诈骗", 1)
    assert case.tasks == ([] if policy is API else ["report_answer"])


def test_a_case_that_begins_anew_speaks_of_the_label_that_came_back() -> None:
    case = Case(API).wait().then(a.Accepted("R-1"), a.Approved(), a.Looked("v", CLEAN, T0 + DAY))
    case.then(a.Looked("v", CLEAN, T0 + 2 * DAY))
    assert case.state == S.CLEARED
    case.then(a.Returned("mislabel", "fraud", "诈骗"))
    assert (case.data.category, case.data.words) == ("fraud", "诈骗")
    assert Case(API).then(a.Withdraw("x"), a.Reopen("y")).data.words == "骚扰电话"


def test_what_has_not_begun_to_leave_is_neither_looked_up_nor_sent_twice() -> None:
    case = Case(API).wait()
    for _ in range(10):
        case.wait(queued=True)
        assert (case.state, case.sent) == (S.SUBMITTING, [1])
    assert case.wait().state == S.UNCERTAIN


@pytest.mark.parametrize("policy", [API, HAND], ids=["api", "hand"])
@pytest.mark.parametrize("answered", [(), (a.Approved(),)], ids=["open", "granted"])
def test_after_a_hold_nothing_is_sent_that_the_platform_has(policy: RequestPolicy, answered: tuple[Event, ...]) -> None:
    case = Case(policy).wait().then(a.Accepted("R-1"), *answered, a.Hold("h")).wait()
    before = case.sent
    case.then(a.Advance("go"))
    assert case.state == (S.VERIFYING if answered else S.IN_REVIEW)
    assert case.sent == before
    assert case.tasks == (["report_answer"] if policy is HAND and not answered else [])


def test_a_hold_is_no_decision() -> None:
    case = rejected_for_good(API).then(a.Hold("h"))
    assert case.tasks == []
    case.wait().then(a.Advance("go"))
    assert (case.state, case.tasks) == (S.ESCALATED, ["decide"])
    case.then(a.Hold("h"), a.Advance("go"), a.Advance("again"))
    assert (case.state, case.data.attempt) == (S.WAITING, 2)
    case.then(a.Hold("h"), a.Advance("go"))
    assert case.state == S.WAITING, "what was undecided once is not so for ever"


def look(at: float, words: str = "") -> Observation:
    status = Status.MARKED if words else Status.CLEAN
    return Observation("p", "s", at, status, category=Category.FRAUD if words else None, words=words or None)


def test_what_was_seen_while_the_clock_was_ahead_holds_nothing_up_when_it_is_set_back() -> None:
    policy = VerdictPolicy()
    seen = Verdict("p")
    for n in range(5):
        seen, _ = fold(seen, look(T0 + 300 * DAY + n * HOUR), policy)
    seen, _ = fold(seen, look(T0 + 300 * DAY + 6 * HOUR, "诈骗"), policy)
    assert seen.run is not None
    ignored, change = fold(seen, look(T0, "诈骗"), policy)
    assert (ignored, change) == (seen, None), "this is what it looks like without"

    seen = not_after(seen, T0)
    changes = []
    for n in range(1, 3):
        seen, change = fold(seen, look(T0 + n * HOUR, "诈骗"), policy)
        changes.append(change)
    assert [c.kind for c in changes if c is not None] == [ChangeKind.CHANGED]
    instants = [
        seen.since,
        seen.seen_at,
        seen.clean_at,
        *(v.at for v in seen.views.values()),
        *(at for at, _ in seen.changes),
    ]
    assert max(instants) <= T0 + 2 * HOUR
    assert not_after(seen, T0 + 2 * HOUR) == seen, "what is not ahead stays as it is"


@pytest.mark.covers("P6")
def test_a_platform_that_repeats_itself_is_quoted_once() -> None:
    """Years of the same refusal must make neither the record nor the letter longer."""
    data = AppealData(reasons=("needs a licence",))
    for _ in range(50):
        for event in (a.Rejected("never"), a.InfoRequested("licence"), a.Refused("not yours")):
            data = (note_more if isinstance(event, a.InfoRequested) else keep_reason)(data, event, T0, HAND)  # type: ignore[arg-type]
    assert data.reasons == ("needs a licence", "never", "licence", "not yours")
    assert data.more == ("licence",)
    for n in range(50):
        data = keep_reason(data, a.Rejected(f"answer {n}"), T0, HAND)
    assert data.reasons == tuple(f"answer {n}" for n in range(50 - MAX_REASONS, 50))
    data = keep_reason(data, a.Rejected("answer 45"), T0, HAND)
    assert data.reasons[-1] == "answer 45", "the newest answer is the last one"
    assert len(data.reasons) == MAX_REASONS


@pytest.mark.parametrize(
    "on_the_way", [(), (a.Accepted("R-1"),)], ids=["what could not be handed in", "what could not be asked about"]
)
def test_what_our_own_people_say_is_never_quoted_as_the_platforms_answer(on_the_way: tuple[Event, ...]) -> None:
    case = Case(HAND).wait().then(*on_the_way, a.TaskFailed("cannot be done"))
    assert (case.state, case.data.reasons, case.data.residual) == (S.ESCALATED, (), 0)
    [asked] = [e for e in case.made if isinstance(e, a.OpenTask) and e.kind == "decide"]
    assert asked.detail == ("a person could not do what was asked: cannot be done",), "who decides is told"
    case.then(a.Advance("once more")).wait()
    assert case.data.cannot == "", "it was decided on"
    values = request_values(Owner(), "138 0013 8000", "360", case.data, (), "REF-1")
    assert values["reasons"] == values["residual"] == ""
    assert "cannot be done" not in purpose(Owner(), case.data, ())
    case.then(a.Refused("缺少公章"))
    assert case.data.reasons == ("缺少公章",), "the platform's words are"


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("policy", [API, HAND], ids=["looked-up", "by-hand"])
def test_making_sure_after_a_restore_takes_no_decision_off_a_person(policy: RequestPolicy, *, held: bool) -> None:
    """What never arrived is prepared again only where somebody had decided so before the backup was put back."""
    case = Case(structs.replace(policy, max_attempts=1)).wait().then(a.Accepted("R-1"), a.Rejected("no"))
    assert case.state == S.ESCALATED
    sent = len(case.sent)
    if held:
        case.then(a.Hold("wait")).then(a.Restored()).then(a.Advance("go on"))
    else:
        case.then(a.Restored())
    if policy.can_look_up:
        assert case.state == S.UNCERTAIN
        case.wait().then(a.NotFound()).wait().then(a.NotFound())
    else:
        assert case.state == S.ASKING
        case.then(a.NotHappened())
    assert case.state == S.ESCALATED
    assert case.tasks == ["decide"]
    assert len(case.sent) == sent
    case.then(a.Advance("once more"))
    assert case.state == S.WAITING
    case.wait()
    assert case.data.held_from == ""
    if policy.can_look_up:
        case.then(a.OutcomeUnknown("timeout")).wait().then(a.NotFound()).wait().then(a.NotFound())
        assert case.state == S.WAITING, "that was decided"


@pytest.mark.covers("S10")
def test_after_a_restore_each_attempt_is_looked_up_once_before_it_is_handed_in() -> None:
    """A case that was opened since the backup, or an attempt made since, is not on record, and may be there already."""
    case = Case(structs.replace(API, forgetful=True, cooldown=DAY)).wait()
    assert (case.state, case.sent) == (S.UNCERTAIN, [])
    case.wait().then(a.NotFound()).wait().then(a.NotFound()).wait()
    assert (case.state, case.sent) == (S.SUBMITTING, [1])
    case.then(a.Later(60.0)).wait()
    assert (case.state, case.sent) == (S.SUBMITTING, [1, 1]), "it had been made sure of already"
    case.then(a.Accepted("R-1"), a.Rejected("no")).wait().wait()
    assert (case.state, case.sent) == (S.UNCERTAIN, [1, 1]), "the second attempt may have been made as well"
    case.wait().then(a.Accepted("R-2"))
    assert (case.state, case.sent) == (S.IN_REVIEW, [1, 1])


def test_where_nothing_can_be_looked_up_a_new_case_asks_nobody_after_a_restore() -> None:
    """Nothing says that there was one: whoever puts a backup back is told to have everything approved."""
    assert Case(structs.replace(HAND, forgetful=True)).wait().state == S.AT_PERSON
    assert Case(structs.replace(API, can_look_up=False, forgetful=True)).wait().sent == [1]
