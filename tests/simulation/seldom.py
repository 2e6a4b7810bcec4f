"""What few plans have: tags and their seasons, numbers that leave, and faults for states that are seldom come to.

`drawing` draws the rest of a plan, and calls these; each has a stream of its own, too.
"""

from typing import TYPE_CHECKING

from msgspec import structs

from numtrustd.sim.script import Faults, Item, Tag
from tests.simulation.plan import (
    AMERICAN,
    BATCH_LEAVES,
    BRIEFLY,
    CHINESE,
    DAY,
    FORBIDDEN_TAGS,
    HOUR,
    MINUTE,
    NAMING,
    REASONS,
    RESTORED,
    TAGS,
    WRONG_TAGS,
    Copy,
    Entry,
    GiveUp,
    Jump,
    Knobs,
    Leave,
    PutBack,
    SetFaults,
    Siege,
    Tour,
    Wish,
    sieged,
)

if TYPE_CHECKING:
    from tests.simulation.drawing import Drawing


NAMED = ("certification", "certificate", "certificate", "correction", "tag")
"""Workflows about what a platform shows beside a number."""


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


def touring(drawing: "Drawing", knobs: Knobs) -> Knobs:
    """What a tour needs to find: a number that shows names, and one that does not."""
    rng = drawing.rng("sieges")
    if rng.random() >= sieged(drawing.seed):
        return knobs
    rng = drawing.rng("touring")
    american, chinese = rng.choice(AMERICAN[:2]), CHINESE[0]
    platforms = tuple(rng.sample(NAMING, rng.choice((1, 1, 2))))
    return structs.replace(
        knobs,
        numbers=(american, chinese),
        platforms=tuple(dict.fromkeys((*platforms, *rng.sample(knobs.platforms, 1)))),
        names=platforms,
        approval=rng.random() < 0.4,
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
        budget=rng.choice((15.0, 45.0, 500.0)),
    )


def tours(drawing: "Drawing", knobs: Knobs) -> list[Entry]:
    """Faults for states that are seldom come to: what happens there by chance would be too little in a night."""
    if drawing.rng("sieges").random() >= sieged(drawing.seed):
        return []
    rng = drawing.rng("tours")
    american, chinese = knobs.numbers
    leaves = rng.random() < 0.35
    led = rng.choice((("removal",), ("removal", "cancellation"))) if leaves else NAMED
    found = [
        Entry(
            rng.uniform(0.05, 0.3) * drawing.calm,
            Tour(american, ("incident", "cancellation", "appeal"), rng.choice((10, 20))),
        ),
        Entry(rng.uniform(0.05, 0.2) * drawing.calm, Tour(chinese, led, rng.choice((20, 30)))),
    ]
    for by in (HOUR, -HOUR) if rng.random() < 0.6 else ():
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
