"""The person who looks at a handset: does the tasks that ask for such looks, and reports what the handset shows.

The handset belongs to a platform that the simulated world does not have; it shows nothing of any number, or cannot be
read. So no report opens a case, and each that was acknowledged can be asked for afterwards.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from numtrustd.api import errors
from numtrustd.domain.task import Task
from numtrustd.sim.ground import draw
from numtrustd.varlink.interface import CallError
from tests.simulation.plan import HANDSET, HOUR
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.run import Run

PLATFORM = HANDSET.partition(".")[0]
SURFACES = ("incoming_call", "call_log")
HAND = "hand look"
"""The state that a fault meets which befalls such a task."""
REFUSALS = (
    errors.Refused,
    errors.Busy,
    errors.NotReady,
    errors.UnknownNumber,
    errors.UnknownTask,
    errors.InternalError,
)


class Looker:
    """Takes up a task when it is time, and again until every look of it was acknowledged."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._begin: dict[str, float] = {}
        self._told: dict[str, set[str]] = defaultdict(set)

    def meets(self, kind: str) -> None:
        """A fault befalls a task that asks for looks."""
        self._run.oracle.met[HAND, kind] += 1

    async def do(self, task: Task) -> None:
        """One task, unless the person is not so far yet."""
        run, habits = self._run, self._run.plan.clerk
        rng = draw(run.plan.seed, "looker", task.id)
        begin = self._begin.setdefault(task.id, run.now + rng.uniform(*habits.delay))
        if run.now < begin and not run.calm:
            if habits.delay[1] > 3 * HOUR:
                self.meets("clerk_late")
            return
        if rng.random() < habits.wrong and not run.calm:
            self.meets("clerk_wrong")
            await self._fail(task)
            return
        for number in task.numbers:
            for surface in SURFACES:
                key = f"{task.id}/{number}/{surface}"
                if number not in run.knobs.numbers or key in self._told[number]:
                    continue
                await self._report(number, surface, key)
                if rng.random() < habits.twice and not run.calm:
                    self.meets("clerk_twice")
                    await self._report(number, surface, key)

    async def _report(self, number: str, surface: str, key: str) -> None:
        run = self._run
        blind = draw(run.plan.seed, "handset", key).random() < 0.2
        status = "unknown" if blind else "clean"
        run.oracle.beliefs.shown(number, HANDSET, {PLATFORM: status}, kept=60)
        said = {"reason": "blocked"} if blind else {}
        try:
            await run.ask(
                "Observe",
                number=number,
                platform=PLATFORM,
                surface=surface,
                status=status,
                device="MI 14",
                os="MIUI 15",
                screenshot_digest=f"sha256:{64 * '0'}",
                source=HANDSET,
                key=key,
                author="looker",
                **said,
            )
        except CallError as error:
            self._refused(key, error)
            return
        self._told[number].add(key)
        run.counts["reports"] += 1
        run.oracle.acknowledged_report(number, key)

    async def _fail(self, task: Task) -> None:
        run = self._run
        try:
            told = await run.ask("TaskFail", task=task.id, why="the handset is broken", author="looker")
        except CallError as error:
            self._refused(task.id, error)
            return
        run.oracle.acknowledged_task(task.id, told.outcome)

    def _refused(self, what: str, error: CallError) -> None:
        run = self._run
        run.counts[f"looker: {type(error.parameters).__name__}"] += 1
        run.note(f"looker: {what}: {error}")
        if not isinstance(error.parameters, REFUSALS):
            run.broke(Promise.NO_CRASH, f"{what} was answered with {error}")
