"""A tour: somebody leads the cases of the lesser workflows from state to state, and a siege is laid in each.

Left to itself a run comes to few of these states, and a fault meets one of them there by chance in one run of a
thousand. A tour goes on over the deaths that it brings about. It moves cases only as people can: by orders, by answers
to tasks, right ones and wrong ones, and by what the platforms show.
"""

import random
from typing import TYPE_CHECKING

from msgspec import structs

from numtrustd.domain.case import Case
from numtrustd.domain.task import TaskState
from numtrustd.sim.ground import draw
from numtrustd.sim.script import Certify, Faults, Label
from numtrustd.store import Store, records
from tests.simulation import coverage
from tests.simulation.plan import (
    BACKUPS,
    BUGS,
    CLERK,
    CLOCK,
    DEATHS,
    HOUR,
    KINDS,
    NAME,
    WORDS,
    Entry,
    Leave,
    Order,
    SetFaults,
    Shortage,
    Tour,
    Wish,
    state_of,
)
from tests.simulation.siege import besiege

if TYPE_CHECKING:
    from tests.simulation.run import Run

_all_cases, _get_case, _all_tasks = records.all_cases, records.get_case, records.all_tasks  # before any mutant

MOVING = ("hold", "advance", "withdraw", "reopen", "reject", "approve", "number_removed", "double_click", "park")
"""Kinds that may move a case or its number: the last of a siege."""
DEADLY = (*DEATHS, "die_pre_deliver", *BUGS, *BUGS, *BACKUPS, *BACKUPS)
"""Kinds that end what stands about it: the last of a siege as well."""
GENTLE = tuple(
    kind for kind in KINDS if kind not in (*MOVING, *DEADLY, *CLERK, *CLOCK, "late", "error_after", "listing_lag")
)
"""Kinds that leave a case where it is."""
AT_TASKS = tuple(kind for kind in CLERK if kind != "clerk_stale")

_REQUEST: dict[str, tuple[str, ...]] = {
    "waiting": ("order advance", "order approve", "order approve", "order hold", "order withdraw", "wait"),
    "gathering": ("order advance", "right", "right", "fail", "order hold"),
    "at_person": ("right", "right", "right", "right", "say refused", "fail"),
    "in_review": (
        *("say approved", "say approved", "say rejected", "say rejected", "say info_requested", "say info_requested"),
        *("order advance", "order advance", "fail", "order hold"),
    ),
    "overdue": ("say approved", "say rejected", "say info_requested", "order advance", "fail"),
    "cooling": ("order advance", "wait", "order hold"),
    "propagating": ("order advance", "order advance", "right", "order hold"),
    "verifying": ("wait", "wait", "wait", "right", "order withdraw", "order hold"),
    "escalated": ("order advance", "right", "order withdraw", "order hold"),
    "asking": ("wait", "fail", "right", "right"),
    "held": ("order advance", "order advance", "order withdraw"),
    "cleared": ("order reopen", "wait"),
    "withdrawn": ("order reopen", "wait"),
}
_FLEETING = dict.fromkeys(("submitting", "uncertain", "looking_up"), ("wait", "wait soon"))
LEVERS: dict[str, dict[str, tuple[str, ...]]] = {
    "appeal": {**_REQUEST, **_FLEETING, "waiting": ("lose", "lose", "order approve", "order hold")},
    "correction": _REQUEST,
    "tag": _REQUEST,
    "certification": _REQUEST,
    "removal": _REQUEST,
    "certificate": {
        "valid": ("order advance", "hide", "hide", "order hold", "order withdraw"),
        "renewing": ("order hold", "wait", "order withdraw", "wait"),
        "paused": ("order advance", "order advance", "right", "order hold", "show"),
        "chasing": ("order advance", "right", "show", "fail"),
        "escalated": ("order advance", "order advance", "show", "order hold"),
        "held": ("order advance",),
        "ended": ("order reopen", "wait"),
    },
    "incident": {
        "opening": ("order hold", "order withdraw", "wait"),
        "submitting": ("order advance", "finish", "finish", "order hold"),
        "following": ("order advance", "order advance", "finish"),
        "resolving": ("order advance", "order advance", "finish"),
        "escalated": ("finish", "finish", "order advance", "order withdraw"),
        "wording": ("order advance", "right", "order withdraw"),
        "held": ("order advance", "order advance", "order withdraw"),
        "resolved": ("order reopen",),
        "withdrawn": ("order reopen",),
    },
    "cancellation": {
        "cancelling": ("right", "right", "right", "fail", "fail", "order hold", "order withdraw"),
        "blocked": ("order advance", "order advance", "order withdraw", "order hold", "right"),
        "safe_to_release": ("right", "right", "order hold", "order withdraw", "fail"),
        "held": ("order advance", "order advance", "order withdraw"),
        "cleared": ("order reopen",),
        "released": ("order reopen", "wait"),
        "withdrawn": ("order reopen",),
    },
}
"""How a case of each workflow is brought on from each state."""

RARE = frozenset(
    {
        *("uncertain", "looking_up", "asking", "gathering", "overdue", "cooling", "propagating"),
        *("chasing", "escalated", "renewing", "blocked", "safe_to_release"),
    }
)
"""States that a case is seldom found in: there it is stayed with for longer."""

BETWEEN = (60.0, 2_400.0)
"""Seconds between two stays; some of them follow at once."""


class Guide:
    """Leads one run's tour, if it has one, through all lives of the daemon."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._tours: list[Tour] = []
        self._stays: dict[Tour, int] = {}

    def begin(self, tour: Tour) -> None:
        """The time of a tour has come."""
        self._tours.append(tour)

    @property
    def tours(self) -> list[Tour]:
        """Those that have begun and are not over."""
        return [tour for tour in self._tours if self._stays.get(tour, 0) < tour.stays]

    async def lead(self, tour: Tour) -> None:
        """Lead it until it is over, or the daemon ends."""
        run = self._run
        while self._stays.get(tour, 0) < tour.stays and not run.calm:
            n = self._stays[tour] = self._stays.get(tour, 0) + 1
            rng = draw(run.plan.seed, "tour", tour.number, n)
            await run.clock.sleep(1.0 if rng.random() < 0.6 else rng.uniform(*BETWEEN))
            case = self._pick(tour, rng)
            if case is None:
                await self._start(tour, rng)
                continue
            await self._stay(case, rng)
            await self._on(case.id, rng)

    def _pick(self, tour: Tour, rng: random.Random) -> Case | None:
        """A case to stay with: one that is open more often than one that is over; now and then none, for a new one."""
        store = self._run.store
        assert store is not None
        cases = [c for c in _all_cases(store, f"{tour.number}/") if c.workflow in tour.workflows]
        if not cases or rng.random() < 0.05:
            return None
        rare = [c for c in cases if c.open and c.snapshot.state in RARE]
        if rare and rng.random() < 0.6:
            return rng.choice(rare)
        workflow = rng.choice(sorted({c.workflow for c in cases}))
        newest: dict[str, Case] = {}
        for case in cases:
            if case.workflow == workflow:
                known = newest.get(case.platform)
                if known is None or int(case.id.rsplit("/", 1)[1]) > int(known.id.rsplit("/", 1)[1]):
                    newest[case.platform] = case
        return rng.choice([newest[place] for place in sorted(newest)])

    async def _start(self, tour: Tour, rng: random.Random) -> None:
        """Bring a case about."""
        run, number = self._run, tour.number
        workflow = rng.choice(tour.workflows)
        platform = rng.choice(run.knobs.names) if run.knobs.names else ""
        if workflow == "appeal":
            self._label(number)
            await self._look(number)
        elif workflow in ("cancellation", "removal"):
            await run.owner.leave(Leave(number, rng.choice(tour.reasons)))
        elif workflow == "incident":
            for _ in range(5):
                await run.operator.complain_about(number)
        elif platform and workflow == "tag":
            await run.owner.wish(Wish("change", number, platform))
        elif platform and workflow in ("certification", "certificate"):
            what = "held" if workflow == "certificate" else "certify"
            await run.owner.wish(Wish(what, number, platform))
        elif platform:
            self._show(number, platform, rng.choice(("别家装修公司", "示例旧名有限公司")))
            await self._look(number)

    async def _stay(self, case: Case, rng: random.Random) -> None:
        """Lay siege to a case where it stands."""
        run = self._run
        state = state_of(case.workflow, case.snapshot.state)
        possible = [kind for kind in GENTLE if (state, kind) not in coverage.CANNOT_MEET]
        rare = case.snapshot.state in RARE
        kinds = rng.sample(possible, min(len(possible), 8 if rare else 5))
        tasks = [t for t in _all_tasks(self._store, f"{case.id}/") if t.state is TaskState.OPEN]
        clerk = [kind for kind in AT_TASKS if tasks and (state, kind) not in coverage.CANNOT_MEET]
        if clerk:
            kinds.append(rng.choice(clerk))
        kinds.append("clerk_stale")
        if rare:  # the siege ends with the first one that moves it
            kinds += rng.sample(MOVING, 4)
        elif rng.random() < 0.4:
            kinds.append(rng.choice(MOVING))
        if rare or rng.random() < 0.5:
            kinds.append(rng.choice(DEADLY))
        if state == "incident opening":
            rng.shuffle(kinds)
        await besiege(run, case.id, tuple(kinds))

    @property
    def _store(self) -> Store:
        assert self._run.store is not None
        return self._run.store

    async def _on(self, identity: str, rng: random.Random) -> None:
        """Bring a case to another state."""
        run = self._run
        case = _get_case(self._store, identity)
        if case is None or run.calm:
            return
        lever = rng.choice(LEVERS[case.workflow][case.snapshot.state])
        what, _, how = lever.partition(" ")
        run.note(f"tour: {identity} is {case.snapshot.state}: {lever}")
        match what:
            case "order":
                if how == "reopen" and case.workflow == "incident":
                    # It begins with a step that is over at once, unless there is no room to write it in.
                    full = Entry(
                        run.elapsed, Shortage("disk_full", 400.0), "state:incident opening", run.elapsed + 60.0
                    )
                    run.agenda.await_moment(full)
                await run.operator.order(Order(how, 0.0), identity)
            case "right" | "fail" | "say":
                await run.clerk.attend(identity, what, how)
            case "finish":
                for other in _all_cases(self._store, f"{case.number}/"):
                    if other.open and other.workflow in ("appeal", "correction"):
                        await run.operator.order(Order("withdraw", 0.0), other.id)
                await run.clerk.attend(identity, "right")
            case "lose":
                # Its submission is lost on the way: for some minutes nobody knows whether it arrived.
                run.agenda.undo.append(SetFaults(structs.replace(run.world.state.faults)))
                run.world.inject(Faults(lost=0.95), run.now)
                await run.operator.order(Order("advance", 0.0), identity)
                await run.clock.sleep(rng.choice((0.05, 5.0, 60.0)))
                await run.agenda.set_back()
            case "hide" | "show":
                self._show(case.number, case.platform, "" if what == "hide" else NAME)
                for _ in range(4):
                    await self._look(case.number)
                    await run.clock.sleep(rng.uniform(600.0, 2_400.0))
            case _:
                await run.clock.sleep(rng.uniform(0.0, 300.0 if how else 6 * HOUR))

    def _label(self, number: str) -> None:
        at = self._run.now
        self._run.world.inject(Label(number, "telnyx", WORDS["telnyx"][0], at=1.0, spreads=False), at)

    def _show(self, number: str, platform: str, name: str) -> None:
        self._run.world.inject(Certify(number, platform, name, at=0.0), self._run.now)

    async def _look(self, number: str) -> None:
        await self._run.operator.have_looked_at(number)
