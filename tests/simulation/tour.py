"""A tour: somebody leads the cases of the lesser workflows from state to state, and a siege is laid in each.

Left to itself a run comes to few of these states, and a fault meets one of them there by chance in one run of a
thousand. A tour goes on over the deaths that it brings about. It moves cases only as people can, see `levers`.

A tour of a night wants one state: it takes the shortest way there, is besieged there by the kinds of fault that have
not met it yet in this run, and begins with others than the last tour that wanted the same one.
"""

import random
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import structs

from numtrustd.domain.case import Case
from numtrustd.domain.task import TaskState
from numtrustd.sim.ground import draw
from numtrustd.sim.script import Faults, Mood, Review
from numtrustd.store import Store, records
from tests.simulation import coverage, showing
from tests.simulation.levers import LEVERS, towards
from tests.simulation.plan import (
    BACKUPS,
    BUGS,
    CLERK,
    CLOCK,
    DEATHS,
    FLEETING,
    HOUR,
    KINDS,
    NAME,
    TAGS,
    WRONG_NAMES,
    Death,
    Entry,
    Leave,
    Order,
    Overtake,
    PutBack,
    SetFaults,
    Shortage,
    Siege,
    Span,
    Tour,
    Wish,
    state_of,
)
from tests.simulation.seldom import scarce
from tests.simulation.siege import MOST_BACKUPS, besiege

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
ENDING = (*DEATHS, "number_removed", *BACKUPS)
"""After any of these the case, or the daemon, is not there for some moments."""
SENDING = ("die_pre_send", "die_post_send", "die_pre_deliver")
"""Deaths at something that is sent, or comes back."""
REFUSED = ("reopen", "approve", "reject")
"""Orders that mostly change nothing."""
TAKEN = ("double_click", "advance", "hold", "withdraw", "park")
"""Orders that mostly do: the last of a siege."""
AT_TASKS = tuple(kind for kind in CLERK if kind != "clerk_stale")

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
        self._tried: Counter[tuple[str, str]] = Counter()

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
            if tour.wants:
                await run.operator.set_going(tour.number)
            case = self._pick(tour, rng)
            if case is None:
                await self._start(tour, rng)
                continue
            await self._stay(tour, case, rng)
            await self._on(tour, case.id, rng)

    def _pick(self, tour: Tour, rng: random.Random) -> Case | None:
        """A case to stay with: one that is open more often than one that is over; now and then none, for a new one."""
        store = self._run.store
        assert store is not None
        cases = [c for c in _all_cases(store, f"{tour.number}/") if c.workflow in tour.workflows]
        if not cases or rng.random() < 0.05:
            return None
        if tour.wants and rng.random() < 0.9:
            return self._nearest(tour, cases, rng)
        rare = [c for c in cases if c.open and c.snapshot.state in RARE]
        if rare and rng.random() < 0.6:
            return rng.choice(rare)
        workflow = rng.choice(sorted({c.workflow for c in cases}))
        return rng.choice(_newest(case for case in cases if case.workflow == workflow))

    def _nearest(self, tour: Tour, cases: list[Case], rng: random.Random) -> Case | None:
        """One that is where the tour wants to be, or from which that is not far."""
        workflow, _, state = tour.wants.rpartition(" ")
        near: dict[int, list[Case]] = {}
        for case in _newest(case for case in cases if case.workflow == (workflow or "appeal")):
            steps, levers = towards(case.workflow, case.snapshot.state, state)
            if levers or case.snapshot.state == state:
                near.setdefault(steps, []).append(case)
        return rng.choice(near[min(near)]) if near else None

    async def _start(self, tour: Tour, rng: random.Random) -> None:
        """Bring a case about."""
        run, number = self._run, tour.number
        workflow = rng.choice(tour.workflows)
        if tour.wants and rng.random() < 0.8:
            workflow = tour.wants.rpartition(" ")[0] or "appeal"
        platform = rng.choice(run.knobs.names) if run.knobs.names else ""
        if workflow == "appeal":
            showing.label(run, number)
            await self._look(number)
        elif workflow in ("cancellation", "removal"):
            await run.owner.leave(Leave(number, rng.choice(tour.reasons)))
        elif workflow == "incident":
            for _ in range(5):
                await run.operator.complain_about(number)
        elif platform and workflow == "tag":
            if not run.oracle.tags.wanted(number):
                await run.owner.wish(Wish("tag", number, platform, rng.choice(TAGS)))
            await run.owner.wish(Wish("change", number, platform))
        elif platform and workflow in ("certification", "certificate"):
            what = "held" if workflow == "certificate" else "certify"
            await run.owner.wish(Wish(what, number, platform))
        elif platform:
            showing.name(run, number, platform, rng.choice(WRONG_NAMES))
            for _ in range(3 if tour.wants else 1):
                await self._look(number)
                await run.clock.sleep(1_200.0 if tour.wants else 0.0)

    async def _stay(self, tour: Tour, case: Case, rng: random.Random) -> None:
        """Lay siege to a case where it stands."""
        run = self._run
        state = state_of(case.workflow, case.snapshot.state)
        if tour.wants:
            kinds = self._all_in_turn(tour, case, rng)
            if kinds:
                self._tried.update((state, kind) for kind in kinds)
                await besiege(run, case.id, kinds)
            return
        possible = [kind for kind in GENTLE if (state, kind) not in coverage.CANNOT_MEET]
        rare = case.snapshot.state in RARE
        some = rng.sample(possible, min(len(possible), 8 if rare else 5))
        tasks = [t for t in _all_tasks(self._store, f"{case.id}/") if t.state is TaskState.OPEN]
        clerk = [kind for kind in AT_TASKS if tasks and (state, kind) not in coverage.CANNOT_MEET]
        if clerk:
            some.append(rng.choice(clerk))
        some.append("clerk_stale")
        if rare:  # the siege ends with the first one that moves it
            some += rng.sample(MOVING, 4)
        elif rng.random() < 0.4:
            some.append(rng.choice(MOVING))
        if rare or rng.random() < 0.5:
            some.append(rng.choice(DEADLY))
        if state == "incident opening":
            rng.shuffle(some)
        await besiege(run, case.id, tuple(some))

    def _all_in_turn(self, tour: Tour, case: Case, rng: random.Random) -> tuple[str, ...]:
        """What a case is beset by where it stands: where the tour wants to be by all that has not been there yet, by as
        much as there is time for; on the way there by little, and mostly by nothing.
        """
        state = state_of(case.workflow, case.snapshot.state)
        arrived = state == tour.wants
        if not arrived and rng.random() < 0.6:
            return ()
        met = self._run.oracle.met
        gentle = [kind for kind in self._in_turn(tour, state, GENTLE) if not met[state, kind]][: 9 if arrived else 3]
        if any(task.state is TaskState.OPEN for task in _all_tasks(self._store, f"{case.id}/")):
            gentle += [*self._in_turn(tour, state, AT_TASKS)[: 2 if arrived else 1], "clerk_stale"]
        else:
            gentle.insert(0, "clerk_stale")
        if tour.stepped and arrived:
            gentle += [kind for kind in CLOCK if not self._tried[state, kind]]
        if arrived:
            gentle += [kind for kind in self._in_turn(tour, state, BUGS) if not met[state, kind]]
        if self._stays[tour] % 3:
            last = self._in_turn(tour, state, ENDING)[:1]
        else:
            last = [*self._in_turn(tour, state, REFUSED)[: 3 if arrived else 0], *self._in_turn(tour, state, TAKEN)[:1]]
        if arrived and state == "incident opening" and self._run.mishaps.short_of[1] <= self._run.now:
            return tuple(self._in_turn(tour, state, SENDING)[:1])  # which nobody does while nothing can be written
        if arrived and scarce(state) and rng.random() < 0.4:  # which often ends before the last of a siege
            return tuple(last)
        if state == "incident opening":  # there is time for half of them
            gentle.append(last.pop(0))
            rng.shuffle(gentle)
        return (*gentle, *last)

    def _in_turn(self, tour: Tour, state: str, kinds: Iterable[str]) -> list[str]:
        """The kinds that can meet a state: first those that did not yet, beginning where it is this tour's turn."""
        met = self._run.oracle.met

        possible = sorted({k for k in kinds if (state, k) not in coverage.CANNOT_MEET}, key=KINDS.index)

        def rank(kind: str) -> tuple[int, int]:
            been = self._tried[state, kind] + 2 * bool(met[state, kind])
            return been, (possible.index(kind) - 3 * tour.turn) % len(possible)

        return sorted(possible, key=rank)

    @property
    def _store(self) -> Store:
        assert self._run.store is not None
        return self._run.store

    async def _on(self, tour: Tour, identity: str, rng: random.Random) -> None:
        """Bring a case to another state."""
        run = self._run
        case = _get_case(self._store, identity)
        if case is None or run.calm:
            return
        if tour.wants:  # to be answered too late
            run.clerk.put_aside(identity)
        lever = self._lever(tour, case, rng)
        what, _, how = lever.partition(" ")
        run.note(f"tour: {identity} is {case.snapshot.state}: {lever}")
        match what:
            case "order":
                if how == "reopen" and case.workflow == "incident":
                    await self._keep_opening(tour, case.number, rng)
                elif how == "reopen" and case.workflow == "removal":
                    for over in _newest(self._of(case.number, "cancellation")):
                        if not over.open:
                            await run.operator.order(Order("reopen", 0.0), over.id)
                await run.operator.order(Order(how, 0.0), identity)
            case "right" | "fail" | "say":
                await run.clerk.attend(identity, what, how)
            case "finish":
                for other in self._of(case.number, "appeal", "correction"):
                    if other.open:
                        await run.operator.order(Order("withdraw", 0.0), other.id)
                await run.clerk.attend(identity, "right")
            case "lose":
                # Its submission is lost on the way: for some minutes nobody knows whether it arrived.
                run.agenda.undo.append(SetFaults(structs.replace(run.world.state.faults)))
                run.world.inject(Faults(lost=0.95), run.now)
                await run.operator.order(Order("advance", 0.0), identity)
                if tour.wants:
                    await run.operator.order(Order("approve", 0.0), identity)
                await run.clock.sleep(rng.choice((0.05, 5.0, 60.0)))
                await run.agenda.set_back()
            case "overtake":
                soon = Entry(run.elapsed, Overtake(how), "action.sent", run.elapsed + 60.0)
                run.agenda.await_moment(soon)
                await run.operator.order(Order("advance", 0.0), identity)
                await run.operator.order(Order("approve", 0.0), identity)
                await run.clock.sleep(90.0)
            case "forget":  # what was sent since the backup is forgotten, so that somebody has to be asked
                if run.backups.made < MOST_BACKUPS:
                    await run.back_up()
                run.agenda.plan(rng.uniform(300.0, HOUR), PutBack(600.0))
            case "clear":
                showing.clear(run, case)
                for _ in range(6):
                    await self._look(case.number)
                    await run.clerk.attend(identity, "right")
                    await run.clock.sleep(rng.uniform(1_200.0, 4_800.0))
            case "spoil":
                showing.spoil(run, case)
                for _ in range(4):
                    await self._look(case.number)
                    await run.clock.sleep(rng.uniform(600.0, 1_200.0))
            case "hide" | "show":
                showing.name(run, case.number, case.platform, "" if what == "hide" else NAME)
                for _ in range(4):
                    await self._look(case.number)
                    await run.clock.sleep(rng.uniform(600.0, 2_400.0))
            case _:
                await run.clock.sleep(rng.uniform(0.0, 300.0 if how else 6 * HOUR))

    def _lever(self, tour: Tour, case: Case, rng: random.Random) -> str:
        """What to bring a case on by: where the tour wants something, mostly towards that."""
        workflow, state, wants = case.workflow, case.snapshot.state, tour.wants.rpartition(" ")[2]
        if wants and workflow == (tour.wants.rpartition(" ")[0] or "appeal"):
            _, levers = towards(workflow, state, wants)
            if workflow == "appeal" and state == "in_review" and wants == "propagating":
                return "wait"
            if state == wants and rng.random() < 0.8:
                return "wait soon"
            if levers and rng.random() < (0.6 if workflow == "certificate" else 0.9):  # which has tasks off the way
                if workflow == "appeal" and state == "waiting":
                    mood = Mood.APPROVE if wants == "propagating" else Mood.REJECT
                    review = Review(case.platform, (mood,), case.number, 900.0, 6 * HOUR)
                    self._run.world.inject(review, self._run.now)
                if workflow == "appeal" and wants in FLEETING:
                    if state == "waiting" and wants == "uncertain" and rng.random() < 0.5:
                        return f"overtake {rng.choice(('late', 'error_after', *2 * ('die_pre_deliver',)))}"
                    self._lie_in_wait(tour, wants)
                return rng.choice(levers)
        return rng.choice(LEVERS[workflow][state])

    def _lie_in_wait(self, tour: Tour, state: str) -> None:
        """Lay siege to an appeal that comes to a state in which it is for the length of one request, a slow one."""
        kinds = self._in_turn(tour, state, KINDS)[:2]
        self._tried.update((state, kind) for kind in kinds)
        agenda, now = self._run.agenda, self._run.elapsed
        agenda.await_moment(Entry(now, Siege(tuple(kinds)), f"state:appeal {state}", now + HOUR))
        slow = SetFaults(Faults(slow=1.0, slow_by=(15.0, 25.0)))
        if state == "looking_up":
            agenda.await_moment(Entry(now, slow, "state:appeal uncertain", now + HOUR))
        else:
            agenda.await_moment(Entry(now, slow, "state:appeal submitting", now + HOUR))
        agenda.plan(HOUR, SetFaults(Faults()))

    async def _keep_opening(self, tour: Tour, number: str, rng: random.Random) -> None:
        """An incident begins with a step that is over at once, unless it cannot be written, or the number crashes."""
        run, moment = self._run, "state:incident opening"
        if tour.wants != "incident opening" or rng.random() < 0.5:
            full = Shortage("disk_full", 3_000.0 if tour.wants == "incident opening" else 400.0)
            run.agenda.await_moment(Entry(run.elapsed, full, moment, run.elapsed + 60.0))
            return
        if rng.random() < 0.5:
            await self._send_slowly(number)
        run.mishaps.plan_bug(Span(run.elapsed, run.elapsed + 120.0, "bug_before", number, moment))

    async def _send_slowly(self, number: str) -> None:
        """Have something handed in whose outcome comes some moments later, and let the process die with it."""
        run = self._run
        run.agenda.undo.append(SetFaults(structs.replace(run.world.state.faults)))
        run.world.inject(Faults(slow=1.0, slow_by=(15.0, 25.0)), run.now)
        for case in self._of(number, "appeal"):
            if case.open and case.snapshot.state != "submitting":
                await run.operator.order(Order("advance", 0.0), case.id)
                await run.operator.order(Order("approve", 0.0), case.id)
        await run.clock.sleep(1.0)
        run.mishaps.plan_death(Death(run.elapsed, "pre_deliver", 0, "", 5.0, channel=False))

    def _of(self, number: str, *workflows: str) -> list[Case]:
        return [case for case in _all_cases(self._store, f"{number}/") if case.workflow in workflows]

    async def _look(self, number: str) -> None:
        await self._run.operator.have_looked_at(number)


def _newest(cases: Iterable[Case]) -> list[Case]:
    """The newest case of each platform."""
    newest: dict[str, Case] = {}
    for case in cases:
        known = newest.get(case.platform)
        if known is None or int(case.id.rsplit("/", 1)[1]) > int(known.id.rsplit("/", 1)[1]):
            newest[case.platform] = case
    return [newest[place] for place in sorted(newest)]
