"""The owner of a simulated run's numbers: wants names and tags to be shown, has them deleted, gives numbers up.

Each order is known to the oracle before it is given: one that was not acknowledged may have been taken all the same.
"""

from typing import TYPE_CHECKING, Any

from numtrustd.api import errors
from numtrustd.domain.identity import current
from numtrustd.sim.ground import draw
from numtrustd.varlink.interface import CallError
from tests.simulation.plan import NAME, TAGS, GiveUp, Leave, Wish
from tests.simulation.promises import Promise
from tests.simulation.tags import forbidden

if TYPE_CHECKING:
    from tests.simulation.run import Run

REFUSALS = (errors.Refused, errors.Busy, errors.NotReady, errors.UnknownNumber, errors.InternalError)
"""What an owner may be told instead of an answer; the last only of a planted bug, which the log shows."""
AUTHOR = "owner"
FORCED = "it is needed for somebody else today"
"""Why a number is given up before that is safe."""


class Owner:
    """Of all numbers."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._not_taken = False
        """Whether the last order was refused for good, and not only unanswered."""

    async def _ask(self, method: str, **params: Any) -> Any:
        """Ask for something; the answer, or `None` where it was refused."""
        run = self._run
        run.note(f"owner: {method} {params}")
        try:
            told = await run.ask(method, author=AUTHOR, **params)
        except CallError as error:
            self._not_taken = isinstance(error.parameters, errors.Refused)
            run.counts[f"owner: {type(error.parameters).__name__}"] += 1
            run.note(f"owner: {method}: {error}")
            if not isinstance(error.parameters, REFUSALS):
                run.broke(Promise.NO_CRASH, f"{method} {params} was answered with {error}")
            return None
        run.counts[f"owner: {method}"] += 1
        return told

    async def wish(self, wish: Wish) -> None:
        """Something is to be shown: say so."""
        run, number = self._run, wish.number
        if wish.what == "name":
            if await self._ask("SetIdentity", number=number, name=NAME) is not None:
                run.oracle.money.wanted.add(number)
            return
        if wish.what == "tag":
            said = run.oracle.tags.wishes(number, wish.text)
            if await self._ask("SetIdentity", number=number, tag=wish.text) is not None:
                run.oracle.tags.acknowledged(said)
            else:
                said.lost = self._not_taken
            return
        if wish.what == "change":
            told = await self._ask("ChangeTag", number=number, platform=wish.platform)
        else:
            told = await self._ask("Certify", number=number, platform=wish.platform, held=wish.what == "held")
        if told is not None:
            run.oracle.acknowledged(told.case, told.state)

    async def leave(self, leave: Leave) -> None:
        """Everything that is shown of a number is to go."""
        run = self._run
        run.oracle.leavings.ordered(leave.number, leave.reason)
        told = await self._ask("Cancel", number=leave.number, reason=leave.reason)
        if told is not None:
            run.oracle.acknowledged(told.case, told.new)
            run.oracle.leavings.began(told.case, leave.reason)

    async def give_up(self, given: GiveUp) -> None:
        """The number is given up."""
        run, said = self._run, {"force": True, "reason": FORCED} if given.force else {}
        run.oracle.leavings.giving_up(given.number, force=given.force)
        told = await self._ask("Release", number=given.number, **said)
        if told is not None:
            run.oracle.leavings.given_up(given.number, forced=told.forced, why=FORCED if given.force else "")

    async def mind_words(self) -> None:
        """In calm times: another tag is wanted where nobody may be asked to show the present one."""
        for number in self._run.knobs.numbers:
            record = self._run.oracle.record(number)
            tags = () if record is None or record.wanted is None else record.wanted.tags
            wanted = current(tags, self._run.oracle.wall)
            if wanted is not None and forbidden(wanted.text):
                await self.wish(Wish("tag", number, "", TAGS[0]))

    def decides_to_release(self, task: str) -> bool:
        """Whether a number that may be given up is."""
        return draw(self._run.plan.seed, "release", task).random() < 0.6
