"""What few plans have: tags and their seasons, numbers that leave, and faults for states that are seldom come to.

`drawing` draws the rest of a plan, and calls these; each has a stream of its own, too.
"""

from typing import TYPE_CHECKING

from msgspec import structs

from numtrustd.sim.script import Faults, Item, Tag
from tests.simulation.coverage import CANNOT_MEET
from tests.simulation.plan import (
    AMERICAN,
    BATCH_LEAVES,
    BRIEFLY,
    CHINESE,
    CLOCK,
    DAY,
    DEATHS,
    EVERY_COMMIT,
    FLEETING,
    FORBIDDEN_TAGS,
    HOUR,
    KINDS,
    MINUTE,
    NAMING,
    REASONS,
    RESTORED,
    STATES,
    STORE,
    TAGS,
    TOURS,
    WRONG_TAGS,
    Copy,
    Death,
    Entry,
    GiveUp,
    Jump,
    Knobs,
    Leave,
    PutBack,
    SetFaults,
    Shortage,
    Siege,
    Tour,
    Wish,
)

if TYPE_CHECKING:
    from tests.simulation.drawing import Drawing


NAMED = ("certification", "certificate", "certificate", "correction", "tag")
"""Workflows about what a platform shows beside a number."""
OF_NUMBERS = ("incident", "cancellation", "appeal")
"""Workflows that are led with a number which shows no name."""


BY_CHANCE = frozenset({"waiting", "gathering", "at_person", "in_review", "held", "cleared", "withdrawn"})
"""States of appeals that all runs come to."""


def _wanted(*workflows: str) -> tuple[str, ...]:
    """The states of some workflows that something can befall."""
    return tuple(
        state
        for state in STATES
        if (state.rpartition(" ")[0] or "appeal") in workflows
        and state not in BY_CHANCE
        and any((state, kind) not in CANNOT_MEET for kind in KINDS)
    )


SCARCE = ("looking_up", "incident opening", "certificate escalated", "certificate chasing", "removal propagating")


def scarce(state: str) -> bool:
    """Whether a state is hard to come to, or over in a moment."""
    return state in SCARCE or state.endswith((" gathering", " overdue"))


def _in_turn(states: tuple[str, ...]) -> tuple[str, ...]:
    """Each of some states, and the scarce ones once more."""
    return *states, *filter(scarce, states)


WANTED = _in_turn(_wanted(*OF_NUMBERS)), _in_turn(_wanted(*NAMED, "removal"))
"""The states that the tours of a night want in turn: those of one number, and of the other."""


def seasons(drawing: "Drawing", knobs: Knobs) -> Knobs:
    """Which tags are wanted when, and the rules of leaving and of inspections."""
    rng = drawing.rng("seasons")
    tags: list[tuple[str, float, float]] = []
    if knobs.names and rng.random() < 0.65:
        first, ends = rng.sample(TAGS, 2), rng.uniform(0.15, 0.6) * drawing.calm
        tags.append((first[0], -30 * DAY, ends))
        if rng.random() < 0.5:
            until = rng.choice((0.0, rng.uniform(0.65, 0.9) * drawing.calm))
            tags.append((first[1], ends, until))
    knobs = structs.replace(knobs, tags=tuple(tags), free_tags=rng.choice((0, 1, 3)))
    rng = drawing.rng("rules of leaving")
    residual, receipts = rng.choice((6 * HOUR, 12 * HOUR, DAY)), rng.random() < 0.5
    inspect = rng.choice((3, 4, 5)) if rng.random() < 0.3 else 0
    return structs.replace(knobs, residual=residual, receipts=receipts, inspect=inspect)


def tags(drawing: "Drawing", knobs: Knobs) -> list[Item]:
    """Which tag is shown beside a name, and when it becomes another one's."""
    rng = drawing.rng("story of tags")
    items: list[Item] = []
    for number in knobs.numbers:
        for platform in knobs.names if knobs.tags and number in CHINESE else ():
            items.append(Tag(number, platform, rng.choice((knobs.tags[0][0], "", *WRONG_TAGS)), at=-DAY))
            if rng.random() < 0.4:
                items.append(Tag(number, platform, rng.choice(WRONG_TAGS), at=rng.uniform(0.0, 0.7 * drawing.calm)))
    return items


def wishes_of_tags(drawing: "Drawing", knobs: Knobs) -> list[Entry]:
    rng = drawing.rng("wishes of tags")
    found = []
    for number in knobs.numbers:
        for platform in knobs.names if knobs.tags and number in CHINESE else ():
            for _ in range(rng.choice((0, 1, 2, 3))):
                text = rng.choice((*TAGS, "", *rng.sample(FORBIDDEN_TAGS, 2)))
                wish = rng.choice((Wish("change", number, platform), Wish("tag", number, platform, text)))
                found.append(Entry(rng.uniform(0.05 * DAY, 0.8 * drawing.calm), wish, drawing.after(rng)))
    return found


def leavings(drawing: "Drawing", knobs: Knobs) -> list[Entry]:
    """A number leaves: everything is cancelled, and it is given up in time, or before."""
    rng = drawing.rng("leavings")
    found: list[Entry] = []
    if led_on(drawing):
        return found
    for number in knobs.numbers:
        if rng.random() >= (0.6 if knobs.names and number in CHINESE else 0.12):
            continue
        at = rng.uniform(0.3 * DAY, 0.7 * drawing.calm)
        found.append(Entry(at, Leave(number, rng.choice(REASONS)), drawing.after(rng)))
        if rng.random() < 0.25:  # somebody else orders it as well
            found.append(Entry(at + rng.choice((0.0, HOUR, DAY)), Leave(number, rng.choice(REASONS)), ""))
        for _ in range(rng.choice((0, 1, 2))):
            late = rng.uniform(at, drawing.calm)
            found.append(Entry(late, GiveUp(number, force=rng.random() < 0.3), drawing.after(rng)))
    return found


def moments(drawing: "Drawing", knobs: Knobs) -> list[Entry]:
    """What has to fall into moments of seconds: those of a batch that leaves, of a submission that is looked up."""
    rng = drawing.rng("moments")
    found = []
    if knobs.batch and rng.random() < 0.3:
        at = rng.uniform(0.0, drawing.calm * 0.7)
        slow = Entry(at, SetFaults(Faults(slow=1.0, slow_by=(30.0, 50.0))), BATCH_LEAVES, at + DAY)
        what = rng.choice((Jump(HOUR), Jump(-HOUR), Siege(("die_pre_deliver",))))
        found += [slow, Entry(at, what, BATCH_LEAVES, at + 0.5 * DAY), Entry(at + DAY, SetFaults(Faults()))]
    if knobs.look_up and "lost" in drawing.kinds and rng.random() < 0.5:
        found.append(Entry(rng.uniform(0.0, drawing.calm * 0.7), Siege(("used_up",)), "state:appeal looking_up"))
    return found


def tours_in(drawing: "Drawing") -> bool:
    """Whether there are tours in a run."""
    if drawing.seed < EVERY_COMMIT:
        return drawing.rng("sieges").random() < TOURS
    return drawing.seed % 2 == 0


def _wants(drawing: "Drawing", which: int) -> tuple[int, str]:
    """The state that one of a run's two tours wants, and how many have wanted it before."""
    states = WANTED[which]
    turn, n = divmod((drawing.seed - EVERY_COMMIT) // 2, len(states))
    return turn * states.count(states[n]) + states[:n].count(states[n]), states[n]


def led_on(drawing: "Drawing") -> bool:
    """Whether a run's tours want something, so that its numbers have to be there all the time."""
    return drawing.seed >= EVERY_COMMIT and tours_in(drawing)


def touring(drawing: "Drawing", knobs: Knobs) -> Knobs:
    """What a tour needs to find: a number that shows names, and one that does not."""
    if not tours_in(drawing):
        return knobs
    rng = drawing.rng("touring")
    american, chinese = rng.choice(AMERICAN[:2]), CHINESE[0]
    platforms = tuple(rng.sample(NAMING, rng.choice((1, 1, 2))))
    return structs.replace(
        knobs,
        numbers=(american, chinese),
        platforms=tuple(dict.fromkeys((*platforms, *rng.sample(knobs.platforms, 1)))),
        names=platforms,
        approval=rng.random() < 0.4 or (led_on(drawing) and _wants(drawing, 0)[1] in FLEETING),
        emergencies=("label", "complaints", "name"),
        interval=1.0,
        concurrency=3,
        windows=(),
        avoid_days=1,
        controls=False,
        per_day=None,
        per_month=None,
        batch="",
        max_attempts=rng.choice((2, 3)),
        budget=500.0 if led_on(drawing) and rng.random() < 0.8 else rng.choice((15.0, 45.0, 500.0)),
    )


def tours(drawing: "Drawing", knobs: Knobs) -> list[Entry]:
    """Faults for states that are seldom come to: what happens there by chance would be too little in a night."""
    if not tours_in(drawing):
        return []
    rng = drawing.rng("tours")
    american, chinese = knobs.numbers
    leaves = rng.random() < 0.35
    led: tuple[str, ...] = rng.choice((("removal",), ("removal", "cancellation"))) if leaves else NAMED
    one = Tour(american, OF_NUMBERS, rng.choice((10, 20)))
    other = Tour(chinese, led, rng.choice((20, 30)))
    if drawing.seed >= EVERY_COMMIT:
        (turn, wants), stepped = _wants(drawing, 0), rng.random() < 0.4
        one = structs.replace(one, stays=35, wants=wants, turn=turn, stepped=stepped)
        turn, wants = _wants(drawing, 1)
        workflow = wants.partition(" ")[0]
        if workflow == "removal":
            led = ("removal", "cancellation") if rng.random() < 0.5 else ("removal",)
        else:
            led = NAMED if rng.random() < 0.4 else (workflow,)
        other = structs.replace(other, workflows=led, stays=45, wants=wants, turn=turn, stepped=stepped)
    found = [Entry(rng.uniform(0.05, 0.3) * drawing.calm, one), Entry(rng.uniform(0.05, 0.2) * drawing.calm, other)]
    for by in (HOUR, -HOUR) if drawing.seed < EVERY_COMMIT and rng.random() < 0.6 else ():
        at = rng.uniform(0.2, 0.7) * drawing.calm
        found += [Entry(at, Jump(by)), Entry(at + rng.uniform(0.2, 3.0) * HOUR, Jump(-by))]
    return found


def backups(drawing: "Drawing", knobs: Knobs) -> list[Entry]:
    """A copy of the state is made at some moment, and put back later."""
    rng = drawing.rng("backups")
    if knobs.batch or rng.random() >= RESTORED:
        return []
    at = rng.uniform(0.1, 0.6) * drawing.calm
    after = rng.choice((*BRIEFLY, drawing.after(rng), drawing.after(rng), ""))
    if knobs.look_up and "lost" in drawing.kinds and drawing.rng("backups of moments").random() < 0.5:
        after = "state:appeal looking_up"
    back = min(at + rng.choice((HOUR, 12 * HOUR, DAY)) * rng.uniform(0.2, 1.5), 0.9 * drawing.calm)
    pause = rng.choice((10 * MINUTE, HOUR, 6 * HOUR))
    return [Entry(at, Copy(), after), Entry(back, PutBack(pause))]


AMBUSHES = 6
"""So many states are lain in wait at, in each run of a night."""


def ambushes(drawing: "Drawing") -> list[Entry]:
    """Sieges that begin the moment a case comes to a state: each state and each kind has its turn, seed after seed.

    Other states than these are met by chance, or by a tour; some last a moment only, in which the first kind happens.
    """
    if drawing.seed < EVERY_COMMIT:
        return []
    rng = drawing.rng("ambushes")
    found = []
    states = (*WANTED[0], *WANTED[1], *sorted(BY_CHANCE))
    for n in range(AMBUSHES * (drawing.seed - EVERY_COMMIT), AMBUSHES * (drawing.seed + 1 - EVERY_COMMIT)):
        turn, k = divmod(n, len(states))
        workflow, _, state = states[k].rpartition(" ")
        possible = [kind for kind in KINDS if (states[k], kind) not in CANNOT_MEET and kind not in CLOCK]
        kinds = tuple(possible[(3 * turn + m) % len(possible)] for m in range(3))
        at = rng.uniform(0.0, 0.6 * drawing.calm)
        found.append(Entry(at, Siege(kinds), f"state:{workflow or 'appeal'} {state}"))
    return found


OF_BATCHES = (BATCH_LEAVES, "source.batch_uncertain", "source.batch_submitted", "source.batch_overdue")
"""When a batch comes to each of its states."""


def deaths_of_batches(drawing: "Drawing", knobs: Knobs) -> list[Death]:
    """In a night each kind of death has its turn in each state of a batch."""
    if drawing.seed < EVERY_COMMIT or not knobs.batch:
        return []
    rng, found = drawing.rng("deaths of a night's batches"), []
    for moment in OF_BATCHES:
        kind = rng.choice(DEATHS)
        pause = HOUR if kind == "long_pause" else 5.0
        where = "post_commit" if kind == "long_pause" else kind.removeprefix("die_")
        at = rng.uniform(0.0, drawing.calm * 0.7)
        found.append(Death(at, where, 0, moment, pause, channel=False, batch=where.endswith("send")))
    return found


def troubles_of_batches(drawing: "Drawing", knobs: Knobs) -> list[Entry]:
    """The same of the clock and of the disk."""
    if drawing.seed < EVERY_COMMIT or not knobs.batch:
        return []
    rng, found = drawing.rng("troubles of a night's batches"), []
    for moment in OF_BATCHES:
        at, by = rng.uniform(0.0, drawing.calm * 0.7), rng.choice((HOUR, -HOUR))
        what = rng.choice((Shortage(rng.choice(STORE), 60.0), Jump(by)))
        found.append(Entry(at, what, moment))
        if isinstance(what, Jump):
            found.append(Entry(at + DAY, Jump(-by)))
    return found
