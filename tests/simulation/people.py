"""The people of a simulated run: a clerk who does the tasks, and operators who give orders.

They outlive the daemon: what a person did at a platform's form is done, and is told to the daemon when there is one.

One lie is never told: that a submission did not arrive when it did. The daemon cannot but believe it, and would send
the appeal a second time; every other wrong answer may do no harm beyond a wasted attempt.
"""

from typing import TYPE_CHECKING

import trio

from numtrustd.api import errors
from numtrustd.domain.case import Case, number_of
from numtrustd.domain.task import Task, TaskState
from numtrustd.domain.workflows.request import RequestData
from numtrustd.sim.ground import draw
from numtrustd.sim.state import Ruling
from numtrustd.sim.traits import TRAITS
from numtrustd.store import Store, records
from numtrustd.varlink.interface import CallError
from tests.simulation.looker import Looker
from tests.simulation.plan import CLERK, HOUR, MAINTENANCES, Complaint, Order
from tests.simulation.promises import Promise
from tests.simulation.replies import Replies

if TYPE_CHECKING:
    from tests.simulation.run import Run

METHODS = {
    "hold": "Hold",
    "advance": "Advance",
    "withdraw": "Withdraw",
    "reopen": "Reopen",
    "approve": "Approve",
    "reject": "Reject",
}

EVERY = 2.5 * HOUR
"""Seconds between two looks at what there is to be done."""
REFUSALS = (errors.Refused, errors.Busy, errors.NotReady, errors.UnknownNumber, errors.InternalError)
"""What people may be told instead of an answer; the last only of a planted bug, which the log shows."""

get_case, get_task, all_cases, all_tasks = records.get_case, records.get_task, records.all_cases, records.all_tasks


class Clerk:
    """Looks at the tasks every few hours. In calm times works at once and never errs."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._begin: dict[str, float] = {}
        self._tries: dict[str, int] = {}
        self._put_aside: dict[str, Task] = {}
        self.looker = Looker(run)
        self._replies = Replies(run)

    async def work(self) -> None:
        """Do tasks until the daemon ends."""
        while True:
            await self._run.clock.sleep(EVERY)
            if any(span.holds(self._run.elapsed) for span in self._run.plan.clerk.absent) and not self._run.calm:
                self._absent()
                continue
            for task in self._listed():
                await self._take_up(task)
            await self.clear_the_desk()

    @property
    def _store(self) -> Store:
        assert self._run.store is not None
        return self._run.store

    def _listed(self) -> list[Task]:
        """The tasks that the daemon lists as open, by their ids; `ending` sees that these are all of them."""
        assert self._run.daemon is not None
        listed = sorted(identity for _, identity in self._run.daemon.house.board.tasks())
        tasks = (get_task(self._store, identity) for identity in listed)
        return [task for task in tasks if task is not None and task.state is TaskState.OPEN]

    async def clear_the_desk(self) -> None:
        """Answer what was put aside, by now about a task that may be done."""
        for task in list(self._put_aside.values()):
            current = get_task(self._store, task.id)
            if self._put_aside.get(task.id) is not task or current is None or current.state is TaskState.OPEN:
                continue
            del self._put_aside[task.id]
            self._run.oracle.meets("clerk_stale", case=task.case)
            if (answer := self._replies.wrong(task, draw(self._run.plan.seed, "clerk", task.id, "aside"))) is not None:
                await self._tell(task, answer)

    async def attend(self, case: str, what: str, how: str = "") -> None:
        """Do what the plan says about the open tasks of a case: the "right" thing, "say" `how` it went, "fail" to do
        it; or what the kinds of fault are called, a late clerk being one who comes by and leaves it undone.
        """
        run = self._run
        for task in list(all_tasks(self._store, f"{case}/")):
            if (
                (current := get_task(self._store, task.id)) is None
                or current.state is not TaskState.OPEN
                or task.numbers
            ):
                continue
            tries = self._tries[task.id] = self._tries.get(task.id, 0) + 1
            rng = draw(run.plan.seed, "clerk", task.id, tries, what)
            if what in CLERK:
                run.oracle.meets(what, case=case)
            if what in ("clerk_late", "clerk_absent"):
                self._begin[task.id] = run.now + rng.uniform(EVERY, 2 * EVERY)
                continue
            answer: dict[str, str] | None = {"outcome": "failed"}
            if what == "clerk_wrong":
                answer = self._replies.wrong(task, rng)
            elif what in ("right", "clerk_twice"):
                answer = await self._replies.right(task)
            elif what == "say":
                answer = {"outcome": how} if how in ("kept", "released") else {"outcome": how, "reason": "材料不足"}
            if what in ("clerk_wrong", "fail", "say"):
                run.oracle.traffic.intervened(case)
            if answer is None:
                continue
            run.note(f"clerk: {task.id} {task.kind}: {answer}")
            async with trio.open_nursery() as nursery:
                for _ in range(2 if what == "clerk_twice" else 1):
                    nursery.start_soon(self._tell, task, answer)

    def put_aside(self, case: str) -> None:
        """Leave what is open of a case for an answer that comes too late."""
        for task in list(all_tasks(self._store, f"{case}/")):
            if task.state is TaskState.OPEN and not task.numbers:
                self._put_aside[task.id] = task

    def _absent(self) -> None:
        for task in self._listed():
            if task.numbers:
                self.looker.meets("clerk_absent")
            else:
                self._run.oracle.meets("clerk_absent", case=task.case)

    async def _take_up(self, task: Task) -> None:
        run, habits = self._run, self._run.plan.clerk
        now = run.now
        current = get_task(self._store, task.id)
        if current is None or current.state is not TaskState.OPEN:  # closed while the ones before it were done
            return
        if task.numbers:
            await self.looker.do(task)
            return
        rng = draw(run.plan.seed, "clerk", task.id)
        begin = self._begin.setdefault(task.id, now + rng.uniform(*habits.delay))
        if now < begin and not run.calm:
            if habits.delay[1] > 3 * HOUR:
                run.oracle.meets("clerk_late", case=task.case)
            return
        tries = self._tries[task.id] = self._tries.get(task.id, 0) + 1
        rng = draw(run.plan.seed, "clerk", task.id, tries)
        if not run.calm and rng.random() < habits.stale:
            self._put_aside[task.id] = task
            return
        if not run.calm and rng.random() < habits.wrong:
            run.oracle.meets("clerk_wrong", case=task.case)
            run.oracle.traffic.intervened(task.case)
            answer = self._replies.wrong(task, rng)
        else:
            answer = await self._replies.right(task)
        if answer is None:
            return
        run.note(f"clerk: {task.id} {task.kind}: {answer}")
        if not run.calm and rng.random() < habits.twice:
            run.oracle.meets("clerk_twice", case=task.case)
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(self._tell, task, answer)
        else:
            await self._tell(task, answer)

    async def _tell(self, task: Task, answer: dict[str, str]) -> None:
        run = self._run
        if answer["outcome"] == "retry":
            run.oracle.traffic.intervened(task.case)
        run.oracle.emergencies.handed_in(task.case, answer["outcome"])
        run.oracle.money.telling(task, answer["outcome"])
        run.oracle.leavings.telling(task, answer["outcome"])
        try:
            if answer["outcome"] == "failed":
                told = await run.ask("TaskFail", task=task.id, why="cannot be done", author="clerk")
            else:
                told = await run.ask("TaskDone", task=task.id, author="clerk", **answer)
        except CallError as error:
            self._refused(task, error)
            return
        run.oracle.acknowledged(task.case, told.new)
        run.oracle.acknowledged_task(task.id, told.outcome)
        run.oracle.money.told(task, told.outcome)
        run.oracle.leavings.told(task, told.outcome)

    def _refused(self, task: Task, error: CallError) -> None:
        run = self._run
        run.counts[f"clerk: {type(error.parameters).__name__}"] += 1
        run.note(f"clerk: {task.id}: {error}")
        if not isinstance(error.parameters, (*REFUSALS, errors.UnknownTask)):
            run.broke(Promise.NO_CRASH, f"task {task.id} was answered with {error}")


class Operator:
    """Gives the orders of the plan, and sets right in calm times what people did wrong."""

    def __init__(self, run: "Run") -> None:
        self._run = run

    async def order(self, order: Order, identity: str = "") -> None:
        """Give an order to this case, or to the one that the plan points at."""
        run = self._run
        assert run.store is not None
        cases = sorted(all_cases(run.store), key=lambda case: case.id)
        if not cases:
            return
        case = next((case for case in cases if case.id == identity), cases[int(order.pick * len(cases))])
        give = {"look": self._look, "park": self._park, "declare": self._declare}.get(order.what, self._give)
        run.oracle.meets(order.what, case=case.id)
        if not order.twice:
            await give(order.what, case.id)
            return
        run.oracle.meets("double_click", case=case.id)
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(give, order.what, case.id)

    async def _give(self, what: str, case: str) -> None:
        run = self._run
        reason = {} if what == "approve" else {"reason": "an operator says so"}
        run.note(f"operator: {what} {case}")
        run.oracle.traffic.intervened(case)
        try:
            told = await run.ask(METHODS[what], case=case, author="operator", **reason)
        except CallError as error:
            run.counts[f"operator: {type(error.parameters).__name__}"] += 1
            run.note(f"operator: {what} {case}: {error}")
            if not isinstance(error.parameters, REFUSALS):
                run.broke(Promise.NO_CRASH, f"{what} {case} was answered with {error}")
            return
        run.counts[f"operator: {what}"] += 1
        run.oracle.acknowledged(case, told.new)

    async def _ask(self, method: str, **params: str) -> bool:
        """Ask for something that is not about one case; whether it was done."""
        run = self._run
        run.note(f"operator: {method} {params}")
        try:
            await run.ask(method, **params)
        except CallError as error:
            run.note(f"operator: {method}: {error}")
            if not isinstance(error.parameters, REFUSALS):
                run.broke(Promise.NO_CRASH, f"{method} {params} was answered with {error}")
            return False
        run.counts[f"operator: {method}"] += 1
        return True

    async def _look(self, what: str, case: str) -> None:
        await self._ask("Look", number=number_of(case))

    async def _park(self, what: str, case: str) -> None:
        if await self._ask("Park", number=number_of(case), author="operator"):
            await self._run.clock.sleep(HOUR)
            await self._ask("Unpark", number=number_of(case), author="operator")

    async def _declare(self, what: str, case: str) -> None:
        platform = case.split("/")[1]
        if platform not in TRAITS:  # that of an emergency, which is the whole number's
            return
        kind = draw(self._run.plan.seed, "maintenance", case, what, self._run.counts["operator: MaintenanceStart"])
        said = {"kind": name} if (name := kind.choice(MAINTENANCES)) else {}
        if await self._ask("MaintenanceStart", platform=platform, author="operator", **said):
            await self._run.clock.sleep(4 * HOUR)
            await self._ask("MaintenanceEnd", platform=platform, author="operator")

    def _lost(self, case: Case) -> bool:
        """Whether the platform does not review what it is said to."""
        if case.workflow == "certificate":
            return False
        if case.workflow != "appeal":
            handed = next((h for h in reversed(self._run.desks.taken) if h.case == case.id), None)
            return handed is None or handed.decided <= self._run.now
        receipt = case.data.receipt if isinstance(case.data, RequestData) else None
        reviewed = self._run.world.appeals(case.platform, self._run.now, receipt or "")
        return not reviewed or reviewed[0].ruling is not Ruling.IN_REVIEW

    async def complain(self, complaint: Complaint) -> None:
        """Somebody complained about a number: tell it."""
        numbers = self._run.knobs.numbers
        await self.complain_about(numbers[int(complaint.pick * len(numbers))])

    async def complain_about(self, number: str) -> None:
        """Tell one complaint about a number."""
        if await self._ask("Complain", number=number, text="called again and again", author="operator"):
            self._run.counts["complaints"] += 1

    async def set_going(self, number: str) -> None:
        """End what makes a number, or everything, wait for people: whoever began it may have died with the daemon."""
        daemon = self._run.daemon
        assert daemon is not None
        if number in daemon.roster.parked:
            await self._ask("Unpark", number=number, author="operator")
        for platform in list(daemon.house.maintenance):
            await self._ask("MaintenanceEnd", platform=platform, author="operator")

    async def have_looked_at(self, number: str) -> None:
        """Have a number looked at now."""
        await self._ask("Look", number=number)

    async def set_right(self) -> None:
        """In calm times: let what is parked work again, end holds, chase reviews that the platform knows nothing of."""
        run = self._run
        while True:
            assert run.daemon is not None
            assert run.store is not None
            await run.owner.mind_words()
            for number in list(run.daemon.roster.parked):
                if number in run.knobs.numbers:
                    await self._ask("Unpark", number=number, author="operator")
            for name, source in list(run.daemon.sources.actors.items()):
                if source.trust.trust.quarantined and not run.knobs.controls:
                    await self._ask("TrustSource", source=name, author="operator")
            for platform in list(run.daemon.house.maintenance):
                await self._ask("MaintenanceEnd", platform=platform, author="operator")
            listed = [get_case(run.store, identity) for identity in run.daemon.house.board.cases()]
            for case in [case for case in listed if case is not None]:
                if case.snapshot.state == "held" or (case.snapshot.state == "in_review" and self._lost(case)):
                    await self._give("advance", case.id)
            await run.clock.sleep(EVERY)
