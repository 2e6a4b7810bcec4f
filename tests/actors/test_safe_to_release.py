"""Over any order of looks, answers, timers and orders: a number is never safe to release while something may be shown.

The decisions alone, over a dictionary in the place of the store: thousands of them a second.
"""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.actors.decide import Decider
from numtrustd.actors.mailbox import Reply
from numtrustd.actors.messages import Cancel, Observed, Order, Refresh, RefusedError, Release, TaskAnswer, TimerDue
from numtrustd.actors.present import Present
from numtrustd.domain.case import Case
from numtrustd.domain.leaving import LeavingPolicy, Reason, Scope
from numtrustd.domain.observation import Observation, Status
from numtrustd.domain.owned import Watch
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import ANSWERS, Task, TaskState
from numtrustd.domain.workflow import Event
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.leaving import CancellationData
from tests.actors.house import DAY, HOUR, MOBILE, T0, make_context
from tests.actors.leaving_house import NEW, OLD, leaving

NAMES = ("", "", NEW, OLD, "别家公司")
ORDERS: tuple[Event, ...] = (
    a.Hold("h"),
    a.Advance("a"),
    a.Withdraw("w"),
    a.Approve("eve"),
    a.Rejected("r"),
    a.Reopen("o"),
    a.Restored(),
)
GOOD = ("submitted", "approved", "brought", "gone", "unbound", "published", "removed", "frozen", "retry", "happened")


class Life:
    """One number and what is stored of it."""

    def __init__(self) -> None:
        self.now = T0
        self.context = make_context("store", **leaving(leaving=LeavingPolicy(platforms=("prov",))))
        self.owned = self.context.numbers[MOBILE]
        self.record = NumberRecord(MOBILE, T0)
        self.cases: dict[str, Case] = {}
        self.tasks: dict[str, Task] = {}
        self.names = {"alpha": NEW, "beta": NEW}

    def decide(self, happen: Callable[[Decider], None]) -> bool:
        """Let one message be decided, and store what comes of it. False when it was refused."""
        decider = Decider(
            self.context,
            self.owned,
            self.record,
            self.cases.get,
            lambda prefix: {k: v for k, v in self.tasks.items() if k.startswith(prefix)},
            self.now,
            Present(),
        )
        before = self.states()
        try:
            happen(decider)
        except RefusedError:
            return False
        made = decider.finish()
        assert made.record is not None
        self.cases |= made.cases
        self.tasks |= made.tasks
        was, self.record = self.record, made.record
        self.holds(was, before)
        return True

    @property
    def parent(self) -> Case | None:
        ref = self.record.tracks.get(":cancellation")
        return self.cases[ref.id] if ref is not None else None

    def states(self) -> dict[str, str]:
        """Where the removals of the newest cancellation stand."""
        parent = self.parent
        children = () if parent is None or not isinstance(parent.data, CancellationData) else parent.data.children
        return {name: self.cases[name].snapshot.state for name in children}

    def holds(self, was: NumberRecord, before: dict[str, str]) -> None:
        """What is true after each decision."""
        parent = self.parent
        if parent is None:
            return
        data = parent.data
        assert isinstance(data, CancellationData)
        if parent.snapshot.state == "safe_to_release":
            assert set(self.states().values()) <= {"cleared"}, self.states()
            assert data.errands_left == ()
        for name in data.children:
            child = self.cases[name]
            if child.snapshot.state == "cleared" and child.platform == "prov":
                assert isinstance(child.data, a.RemovalData)
                assert child.data.deleted
                assert child.data.vouched_by
            if child.snapshot.state == "cleared" and before.get(name) != "cleared" and child.platform != "prov":
                assert all(run.looks >= 3 for run in child.data.clean.values())
        released = self.record.released
        if released is not None and was.released is None and not released.forced:
            assert set(before.values()) <= {"cleared"}, "it was given up too soon"
        assert (self.record.leaving is None) == (not parent.open and released is None)
        for case in self.cases.values():
            assert (case.snapshot.deadline is not None) == case.open
        open_tasks = [(t.case, t.kind) for t in self.tasks.values() if t.state is TaskState.OPEN]
        assert len(open_tasks) == len(set(open_tasks))
        assert all(self.cases[case].open for case, _ in open_tasks)

    # ------------------------------------------------------------------------------------------------ what happens

    def look(self, at: str) -> None:
        """One look at what a platform shows just now."""
        self.now += 6 * HOUR
        name = self.names[at]
        seen = Observation(
            at, f"{at}.api", self.now, Status.CERTIFIED if name else Status.CLEAN, name=name or None, rule="r"
        )
        self.decide(lambda decider: decider.observe(Observed(f"{at}.api", self.now, (seen,))))

    def wait(self, case: Case) -> None:
        """Until a case's time is over."""
        if case.snapshot.deadline is not None:
            self.now = max(self.now, case.snapshot.deadline)
            self.decide(lambda decider: decider.timer(TimerDue(case.id, case.snapshot.seq)))

    def answer(self, task: Task, outcome: str) -> None:
        receipt = "DEL-1" if outcome in ("brought", "submitted") else ""
        told = TaskAnswer(task.id, outcome, receipt, "because", "", "bob", Reply())
        self.decide(lambda decider: decider.answer(told))

    def order(self, case: Case, event: Event) -> None:
        self.decide(lambda decider: decider.order(Order(case.id, event, "eve", Reply())))

    def cancel(self, reason: str) -> None:
        self.decide(lambda decider: decider.cancel(Cancel(reason, "", "eve", Reply())))

    def release(self, *, force: bool) -> bool:
        return self.decide(lambda decider: decider.release(Release(force, "why", "eve", Reply())))

    def refresh(self, *, papers: bool) -> None:
        documents = leaving()["documents"] if papers else ()
        self.context = structs.replace(self.context, documents=documents)
        self.decide(lambda decider: decider.refresh() if Refresh() is not None else None)

    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.state is TaskState.OPEN]

    def go_on(self) -> None:
        """Everybody does his part, and nothing is shown any more."""
        self.names = {"alpha": "", "beta": ""}
        for task in self.open_tasks():
            if found := [outcome for outcome in ANSWERS[task.kind] if outcome in GOOD]:
                self.answer(task, found[0])
        for case in list(self.cases.values()):
            if case.snapshot.state == "held" and not case.platform:
                self.order(case, a.Advance("go on"))
            if case.open and case.snapshot.state not in ("verifying", "safe_to_release"):
                self.wait(self.cases[case.id])
        for at in ("alpha", "beta"):
            self.look(at)


DEEDS = ("look", "look", "look", "name", "wait", "wait", "answer", "answer", "order", "order", "release", "cancel")
DEEDS += ("go_on", "go_on", "go_on", "return", "return", "reopen", "reopen", "refresh", "retire")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_in_any_order_nothing_is_safe_before_all_is_gone(data: st.DataObject) -> None:
    life = Life()
    for _ in range(3):
        life.look("alpha")
        life.look("beta")
    life.cancel(data.draw(st.sampled_from(list(Reason))))
    for _ in range(data.draw(st.sampled_from((0, 1, 3, 4, 5)))):  # from the midst or the end of it on
        life.go_on()
    for _ in range(data.draw(st.integers(1, 60))):
        deed = data.draw(st.sampled_from(DEEDS))
        cases = list(life.cases.values())
        match deed:
            case "look":
                life.look(data.draw(st.sampled_from(("alpha", "beta"))))
            case "name":
                life.names[data.draw(st.sampled_from(("alpha", "beta")))] = data.draw(st.sampled_from(NAMES))
            case "wait":
                life.wait(data.draw(st.sampled_from(cases)))
            case "answer" if tasks := life.open_tasks():
                task = data.draw(st.sampled_from(tasks))
                life.answer(task, data.draw(st.sampled_from((*ANSWERS[task.kind], "failed"))))
            case "order":
                life.order(data.draw(st.sampled_from(cases)), data.draw(st.sampled_from(ORDERS)))
            case "return":
                at = data.draw(st.sampled_from(("alpha", "beta")))
                life.names[at] = NEW
                for _ in range(3):
                    life.look(at)
            case "reopen" if closed := [case for case in cases if not case.open]:
                life.order(data.draw(st.sampled_from(closed)), a.Reopen("o"))
            case "release":
                life.release(force=data.draw(st.sampled_from((False, False, False, True))))
            case "cancel":
                life.cancel(data.draw(st.sampled_from(list(Reason))))
            case "refresh":
                life.refresh(papers=data.draw(st.booleans()))
            case "retire":
                if data.draw(st.integers(0, 4)) == 0:
                    life.decide(lambda decider: decider.retire())
            case _:
                life.go_on()


def test_when_all_do_their_part_it_becomes_safe_and_is_given_up() -> None:
    """What the test above could not show if no order ever led there."""
    life = Life()
    for _ in range(3):
        life.look("alpha")
        life.look("beta")
    life.cancel("disused")
    assert not life.release(force=False)
    for _ in range(40):
        life.go_on()
    parent = life.parent
    assert parent is not None
    assert parent.snapshot.state == "safe_to_release"
    assert life.release(force=False)
    assert life.record.released is not None
    assert (life.record.released.forced, life.record.leaving) == (False, Scope.ALL)
    assert life.now - T0 < 60 * DAY
    decider = Decider(life.context, life.owned, life.record, life.cases.get, lambda _: {}, life.now, Present())
    assert decider.owned.watch is Watch.FAREWELL
