"""Draws a plan from its seed, and from nothing else. What can be in one is in `plan`."""

import random
from collections.abc import Sequence

from msgspec import structs

from numtrustd.sim.script import Certify, Faults, Habits, Item, Label, Mood, Review, Story, Weather, Window
from tests.simulation import seldom
from tests.simulation.plan import (
    ACTIONS,
    AMERICAN,
    AT_AGGREGATOR,
    BATCH_LEAVES,
    BATCHES,
    BRIEFLY,
    BUGS,
    BUSY,
    BUSY_AT_NIGHT,
    CALM,
    CHINESE,
    CLOCK,
    CONTROLS,
    DAY,
    DEATHS,
    DRAWN,
    EVERY_COMMIT,
    HOUR,
    MINUTE,
    MOMENTS,
    NAME,
    NAMING,
    NETWORK,
    ORDERS,
    PAPERS,
    SERVICES,
    STORE,
    WEATHER,
    WORDS,
    WRONG_NAMES,
    Calm,
    Clerk,
    Complaint,
    Death,
    Desk,
    Entry,
    Jump,
    Knobs,
    Lie,
    Order,
    Plan,
    Reload,
    SetFaults,
    Shortage,
    Span,
    Wish,
)


class Drawing:
    """Draws one plan. Every aspect has a stream of its own, so that a change to one leaves the others as they were."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        rng = self.rng("kinds")
        share = rng.choice((0.2, 0.35, 0.5))
        self.kinds = frozenset(kind for kind in DRAWN if rng.random() < share)
        self.calm = rng.uniform(*(BUSY if seed < EVERY_COMMIT else BUSY_AT_NIGHT))
        self.length = self.calm + CALM

    def rng(self, what: str) -> random.Random:
        return random.Random(f"plan|{self.seed}|{what}")

    def has(self, *kinds: str) -> list[str]:
        return [kind for kind in kinds if kind in self.kinds]

    def plan(self) -> Plan:
        knobs = seldom.seasons(self, seldom.touring(self, self.more(self.knobs())))
        agenda = [
            *self.faults(),
            *self.jumps(),
            *self.reloads(knobs),
            *self.orders(),
            *self.shortages(),
            *self.shortages_of(knobs),
            *self.desks(),
            *self.complaints(knobs),
            *self.wishes(knobs),
            *seldom.wishes_of_tags(self, knobs),
            *seldom.leavings(self, knobs),
            *seldom.tours(self, knobs),
            *seldom.moments(self, knobs),
            *seldom.ambushes(self),
            *seldom.troubles_of_batches(self, knobs),
            *seldom.backups(self, knobs),
            Entry(self.calm, Calm()),
        ]
        rng = self.rng("habits")
        return Plan(
            seed=self.seed,
            kinds=self.kinds,
            length=self.length,
            calm=self.calm,
            knobs=knobs,
            story=Story("simulation", (*self.story(knobs), *self.names(knobs), *seldom.tags(self, knobs))),
            habits=Habits(slow_chance=0.1, detect_duplicates=rng.random() < 0.15),
            agenda=tuple(sorted(agenda, key=lambda entry: entry.at)),
            deaths=tuple(
                sorted(
                    (*self.deaths(), *self.deaths_of(knobs), *seldom.deaths_of_batches(self, knobs)),
                    key=lambda death: death.at,
                )
            ),
            bugs=tuple(self.bugs(knobs)),
            clerk=self.clerk(),
            lies=tuple(self.lies()),
            moods=tuple(self.moods(knobs)),
            late_delivery=rng.choice((0.0, 0.5, 1.0)),
        )

    def knobs(self) -> Knobs:
        rng = self.rng("knobs")
        if self.seed < EVERY_COMMIT:  # a run takes as long again with each number
            american, chinese = rng.choice(((1, 0), (0, 1), (1, 1), (1, 1), (2, 0), (0, 2), (1, 2)))
            numbers = [*rng.sample(AMERICAN, american), *rng.sample(CHINESE, chinese)]
        else:
            numbers = rng.sample(AMERICAN, rng.choice((1, 1, 1, 2)))
            numbers += rng.sample(CHINESE, rng.choice((0, 1, 1) if len(numbers) > 1 else (1, 1, 2)))
        return Knobs(
            numbers=tuple(numbers),
            platforms=tuple(rng.sample(AT_AGGREGATOR, rng.choice((1, 2, 2, 2, 4)))),
            second_view=rng.random() < 0.2,
            look_up=rng.random() < 0.75,
            query=rng.random() < 0.8,
            approval=rng.random() < (0.8 if "approve" in self.kinds else 0.1),
            interval=rng.choice((1.0, 1.0, 20.0, 120.0)),
            concurrency=rng.choice((1, 2, 3)),
            channel_interval=rng.choice((1.0, 30.0)),
            papers=PAPERS if rng.random() < 0.7 else ("licence",),
            max_attempts=rng.choice((1, 2, 3)),
            review_days=rng.choice((0, 1, 1)),
            cooldown=rng.uniform(1 * HOUR, 8 * HOUR),
            propagation=rng.uniform(3 * HOUR, 12 * HOUR),
            controls="lie" in self.kinds and rng.random() < 0.7,
            turn_looks=rng.choice((2, 20)) if "lie" in self.kinds else 20,
            per_day=rng.choice((12, 25, 50)) if "used_up" in self.kinds else None,
            per_month=rng.choice((None, None, 80)) if "used_up" in self.kinds else None,
        )

    def more(self, knobs: Knobs) -> Knobs:
        rng = self.rng("batches")
        batch = rng.choice(("", "", "", "", "beside", "instead"))
        knobs = structs.replace(knobs, batch=batch, hands=rng.random() < 0.3)
        rng = self.rng("rules")
        emergencies = ("label", "complaints", "name") if rng.random() < 0.25 else ()
        windows = []
        for _ in range(rng.choice((1, 2)) if rng.random() < 0.15 else 0):
            at = rng.uniform(0.0, self.calm - 2 * HOUR)
            windows.append((at, min(at + rng.uniform(HOUR, DAY), self.calm)))
        avoid = 4 if rng.random() < 0.08 else 1
        knobs = structs.replace(knobs, emergencies=emergencies, windows=tuple(windows), avoid_days=avoid)
        rng = self.rng("names")
        wanted = rng.random() < 0.42 and any(number in CHINESE for number in knobs.numbers)
        names = tuple(p for p in NAMING if p in knobs.platforms) if wanted else ()
        return structs.replace(knobs, names=names, budget=rng.choice((15.0, 45.0)))

    def wishes(self, knobs: Knobs) -> list[Entry]:
        rng = self.rng("wishes")
        found = []
        for number in knobs.numbers:
            for platform in knobs.names if number in CHINESE else ():
                for _ in range(rng.choice((0, 1, 2))):
                    wish = Wish(rng.choice(("certify", "held", "name")), number, platform)
                    found.append(Entry(rng.uniform(0.1 * DAY, 0.8 * self.calm), wish))
        return found

    def names(self, knobs: Knobs) -> list[Item]:
        """Whose name is shown where, and when it becomes another one's."""
        rng = self.rng("story of names")
        items: list[Item] = []
        for number in knobs.numbers:
            for platform in knobs.names if number in CHINESE else ():
                begin = NAME if rng.random() < 0.4 else rng.choice(("", *WRONG_NAMES))
                items.append(Certify(number, platform, begin, at=-DAY))
                if rng.random() < 0.7:
                    at = rng.uniform(0.0, 0.7 * self.calm)
                    items.append(Certify(number, platform, rng.choice(WRONG_NAMES), at=at))
                if rng.random() < 0.6:  # paused for a while
                    at = rng.uniform(0.4, 0.9) * self.calm
                    items.append(Certify(number, platform, "", at=at))
                    items.append(Certify(number, platform, NAME, at=min(at + rng.uniform(HOUR, 1.5 * DAY), self.calm)))
        return items

    def complaints(self, knobs: Knobs) -> list[Entry]:
        rng = self.rng("complaints")
        found = []
        for _ in range(rng.choice((0, 1, 2)) if knobs.emergencies else 0):
            at, pick = rng.uniform(0.0, self.calm - HOUR), rng.random()
            found += [Entry(at + rng.uniform(0.0, HOUR), Complaint(pick)) for _ in range(rng.choice((2, 3, 5)))]
        return found

    def moods(self, knobs: Knobs) -> list[Span]:
        rng = self.rng("moods")
        kinds = [kind for kind in BATCHES if knobs.batch and rng.random() < 0.35]
        return self.spans("batch moods", kinds, (1, 3), (2 * HOUR, DAY))

    def story(self, knobs: Knobs) -> list[Item]:
        rng = self.rng("story")
        items: list[Item] = []
        for number in knobs.numbers:
            if seldom.led_on(self) and number in CHINESE:  # a label would hide the name that its tour is about
                continue
            some = rng.sample(knobs.platforms, min(len(knobs.platforms), rng.choice((1, 2, 2))))
            for platform in ("telnyx",) if number in AMERICAN else some:
                items += self.label(rng, number, platform)
        for service, (marked, _) in CONTROLS.items() if knobs.controls else ():
            platform = "telnyx" if service == "telnyx" else knobs.platforms[0]
            items.append(Label(marked, platform, WORDS[platform][0], at=-DAY, spreads=False))
        for kind in self.has(*WEATHER):
            for _ in range(rng.randint(1, 3)):
                at = rng.uniform(0.1 * DAY, self.calm - HOUR)
                until = min(at + rng.uniform(0.3 * HOUR, 1.5 * DAY), self.calm)
                where = rng.choice((*SERVICES, *knobs.platforms, "telnyx"))
                detail = "0.5" if kind == "flicker" else ""
                items.append(Window(Weather(kind), where, at=at, until=until, detail=detail))
        return items

    def lies(self) -> list[Lie]:
        rng = self.rng("lies")
        found = []
        for service in SERVICES if self.has("lie") else ():
            at = rng.uniform(0.0, self.calm - 4 * HOUR)
            found.append(Lie(service, at, min(at + rng.uniform(HOUR, DAY), self.calm)))
        return found

    def label(self, rng: random.Random, number: str, platform: str) -> list[Item]:
        at = rng.uniform(0.0, 0.6 * self.calm) if rng.random() < 0.85 else -DAY
        returns = rng.uniform(0.1 * DAY, DAY) if rng.random() < 0.35 else None
        moods = tuple(rng.choice(tuple(Mood)) for _ in range(rng.randint(0, 2)))
        took, cache = rng.uniform(0.05 * DAY, 0.9 * DAY), rng.uniform(0.5 * HOUR, 8 * HOUR)
        words = rng.choice(WORDS[platform])
        return [
            Label(number, platform, words, at=at, marks=rng.randint(1, 30), spreads=False, returns=returns),
            Review(platform, (*moods, Mood.APPROVE), number, took, cache),
        ]

    def faults(self) -> list[Entry]:
        rng, kinds = self.rng("faults"), self.has(*NETWORK)
        if not kinds:
            return []
        found: list[Entry] = []
        for _ in range(rng.randint(1, 3)):
            at = rng.uniform(0.0, self.calm * 0.9)
            chances: dict[str, float] = {
                kind: rng.choice((0.05, 0.2, 0.6)) for kind in kinds if kind not in ("listing_lag", "slow")
            }
            if (total := sum(chances.values())) > 0.9:
                chances = {kind: chance * 0.9 / total for kind, chance in chances.items()}
            faults = Faults(
                **chances,
                hostile="limited" in chances and rng.random() < 0.6,
                slow=rng.choice((0.2, 0.9)) if "slow" in kinds else 0.0,
                slow_by=(0.2, rng.choice((2.0, 40.0))),
                late_by=(8.0, rng.choice((50.0, 480.0))),
                # Two look-ups, the first after `settle` and the second after twice that, have to see it.
                listing_lag=rng.choice((60.0, 500.0, 1_000.0)) if "listing_lag" in kinds else 0.0,
            )
            found.append(Entry(at, SetFaults(faults)))
            found.append(Entry(min(at + rng.uniform(HOUR, 3 * DAY), self.calm), SetFaults(Faults())))
        return found

    def jumps(self) -> list[Entry]:
        rng = self.rng("jumps")
        found: list[Entry] = []
        for kind in self.has(*CLOCK):
            for _ in range(rng.randint(1, 2)):
                at = rng.uniform(0.0, self.calm * 0.9)
                by = rng.choice((rng.uniform(10 * MINUTE, HOUR), HOUR, DAY)) * (1 if kind == "clock_forward" else -1)
                found.append(Entry(at, Jump(by)))
                if rng.random() < 0.5:  # somebody notices
                    found.append(Entry(min(at + rng.uniform(HOUR, DAY), self.calm), Jump(-by)))
        return found

    def reloads(self, knobs: Knobs) -> list[Entry]:
        rng = self.rng("reloads")
        found: list[Entry] = []
        if self.has("number_removed", "number_added") and not seldom.led_on(self):
            for number in rng.sample(knobs.numbers, rng.randint(1, len(knobs.numbers))):
                at = rng.uniform(0.2 * DAY, self.calm * 0.9)
                found.append(Entry(at, Reload("number_removed", number=number), self.after(rng)))
                back = min(at + rng.choice((rng.uniform(1.0, 30.0), rng.uniform(HOUR, 2 * DAY))), self.calm)
                found.append(Entry(back, Reload("number_added", number=number)))
        if "reload" in self.kinds:
            for _ in range(rng.randint(1, 3)):
                changes: dict[str, object] = {
                    "cadence": rng.choice((6 * HOUR, 12 * HOUR)),
                    "channel_interval": rng.choice((1.0, 30.0)),
                    "look_up": rng.random() < 0.6,
                    "query": rng.random() < 0.6,
                    "approval": rng.random() < 0.3,
                    "max_attempts": rng.choice((1, 2, 3)),
                    "review_days": rng.choice((0, 1)),
                }
                some = dict(rng.sample(sorted(changes.items()), rng.randint(1, 4)))
                found.append(Entry(rng.uniform(0.1 * DAY, self.calm * 0.95), Reload("reload", some), self.after(rng)))
        if "source_changed" in self.kinds:
            for _ in range(rng.randint(1, 3)):
                changes = {"interval": rng.choice((1.0, 20.0, 120.0)), "second_view": rng.random() < 0.3}
                at = rng.uniform(0.1 * DAY, self.calm * 0.95)
                found.append(Entry(at, Reload("source_changed", changes), self.after(rng)))
        return found

    def orders(self) -> list[Entry]:
        rng, kinds = self.rng("orders"), self.has(*ORDERS)
        found: list[Entry] = []
        for _ in range(rng.randint(2, 14) if kinds else 0):
            at = rng.uniform(0.2 * DAY, self.calm)
            twice = "double_click" in self.kinds and rng.random() < 0.4
            found.append(Entry(at, Order(rng.choice(kinds), rng.random(), twice), self.after(rng)))
        return found

    def shortages(self) -> list[Entry]:
        rng = self.rng("shortages")
        return [
            Entry(
                rng.uniform(0.0, self.calm * 0.93),
                Shortage(kind, rng.choice((rng.uniform(1.0, 60.0), rng.uniform(MINUTE, 0.7 * HOUR)))),
                self.after(rng),
            )
            for kind in self.has(*STORE)
            for _ in range(rng.randint(1, 4))
        ]

    def shortages_of(self, knobs: Knobs) -> list[Entry]:
        rng = self.rng("shortages of batches")
        return [
            Entry(rng.uniform(0.0, self.calm * 0.9), Shortage(kind, rng.uniform(1.0, 90.0)), BATCH_LEAVES)
            for kind in (self.has(*STORE) if knobs.batch else ())
            for _ in range(rng.randint(1, 3))
        ]

    def desks(self) -> list[Entry]:
        rng = self.rng("desks")
        times = rng.randint(4, 10) if self.has("clerk_stale") else 0
        moments = (*MOMENTS, *2 * BRIEFLY)
        return [Entry(rng.uniform(0.2 * DAY, self.calm), Desk(), rng.choice(moments)) for _ in range(times)]

    def after(self, rng: random.Random) -> str:
        roll = rng.random()
        return rng.choice(ACTIONS) if roll < 0.3 else rng.choice(MOMENTS) if roll < 0.6 else ""

    def deaths(self) -> list[Death]:
        rng, kinds = self.rng("deaths"), self.has(*DEATHS[:-1])
        found = []
        for _ in range(rng.randint(2, 9) if kinds else 0):
            where = rng.choice(kinds).removeprefix("die_")
            long = "long_pause" in self.kinds and rng.random() < 0.3
            after = rng.choice(("", "", *ACTIONS, "task.done", "actor.crashed", *rng.sample(MOMENTS, 3)))
            found.append(
                Death(
                    at=rng.uniform(0.0, self.calm * 0.97),
                    where=where,
                    skip=rng.choice((0, 0, 1, 2, 5, rng.randint(0, 40))) * (7 if where == "step" else 1),
                    after=after,
                    pause=rng.uniform(0.5 * HOUR, 1.5 * DAY) if long else rng.choice((0.0, rng.uniform(0.2, 10.0))),
                    channel=rng.random() < 0.7,
                )
            )
        return found

    def deaths_of(self, knobs: Knobs) -> list[Death]:
        rng, kinds = self.rng("deaths of batches"), self.has("die_pre_send", "die_post_send") if knobs.batch else []
        found = []
        for _ in range(rng.randint(1, 4) if knobs.hands and self.has("die_step") else 0):
            at, skip = rng.uniform(0.0, self.calm * 0.97), rng.choice((0, 3, rng.randint(0, 30)))
            found.append(Death(at, "step", skip, "observation.reported", rng.uniform(0.2, 900.0), channel=False))
        for _ in range(rng.randint(1, 4) if kinds else 0):
            at, where = rng.uniform(0.0, self.calm * 0.97), rng.choice(kinds).removeprefix("die_")
            after = rng.choice(("", "", "source.batch_overdue"))
            found.append(Death(at, where, rng.choice((0, 0, 1, 3)), after, rng.uniform(0.2, 900.0), False, batch=True))
        if knobs.batch and self.has("die_post_commit"):
            at = rng.uniform(0.0, self.calm * 0.9)
            found.append(Death(at, "post_commit", 0, BATCH_LEAVES, rng.uniform(0.2, 900.0), channel=False))
        return found

    def spans(self, what: str, kinds: Sequence[str], times: tuple[int, int], long: tuple[float, float]) -> list[Span]:
        rng = self.rng(what)
        found = []
        for kind in kinds:
            for _ in range(rng.randint(*times)):
                at = rng.uniform(0.0, self.calm * 0.95)
                found.append(Span(at, min(at + rng.uniform(*long), self.calm), kind))
        return found

    def bugs(self, knobs: Knobs) -> list[Span]:
        if seldom.led_on(self):  # for hours a number would do nothing
            return []
        rng = self.rng("bug numbers")
        spans = self.spans("bugs", self.has(*BUGS), (1, 2), (10 * MINUTE, DAY))
        found = [structs.replace(span, number=rng.choice(knobs.numbers), after=self.after(rng)) for span in spans]
        # A start in a state that lasts a moment takes a crash in that moment.
        starts = [span for span in found if span.kind == "bug_start" and rng.random() < 0.6]
        pairs = [
            structs.replace(span, kind=kind, after=moment)
            for span in starts
            for moment in (rng.choice(BRIEFLY), "state:asking")
            for kind in ("bug_start", "bug_before")
        ]
        return [*found, *pairs]

    def clerk(self) -> Clerk:
        rng = self.rng("clerk")
        return Clerk(
            delay=(0.0, rng.uniform(0.5 * DAY, 2.5 * DAY) if "clerk_late" in self.kinds else 2 * HOUR),
            wrong=rng.choice((0.2, 0.5)) if "clerk_wrong" in self.kinds else 0.0,
            twice=rng.choice((0.3, 1.0)) if "clerk_twice" in self.kinds else 0.0,
            stale=rng.choice((0.3, 0.7)) if "clerk_stale" in self.kinds else 0.0,
            absent=tuple(self.spans("absent", self.has("clerk_absent"), (1, 2), (0.5 * DAY, 2 * DAY))),
        )


def draw_plan(seed: int) -> Plan:
    """The plan of a seed."""
    return Drawing(seed).plan()
