"""Ground truth: which platform shows what of which number, and the weather at the services, as time passes.

Pure: time is an argument, and every draw is a function of the seed and of what is drawn for, so that neither
the order of requests nor a restart changes what happens. `world` adds the appeals; `script` says what can be
told to happen, `state` is what is remembered.
"""

import heapq
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct, structs

from numtrustd.clock import Random, timestamp
from numtrustd.domain.label import classify
from numtrustd.domain.number import Problem, parse
from numtrustd.domain.observation import Instant
from numtrustd.sim.script import Certify, Clear, Faults, Item, Label, Quota, Review, Tag, Weather, Window
from numtrustd.sim.state import Back, Chance, Due, Event, Happened, Mark, Place, Removed, Spread, State
from numtrustd.sim.traits import DAY, TRAITS

CHRONICLE = 20_000
"""Lines of the chronicle kept, newest last."""


class Face(Struct, frozen=True):
    """What a platform shows of a number right now: a label with its count, a name with its tag, or neither."""

    words: str | None = None
    marks: int | None = None
    name: str = ""
    tag: str = ""


def draw(seed: int, *what: object) -> Random:
    """A random stream of its own for each thing drawn for."""
    return Random("|".join(map(str, (seed, *what))))


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str | None:
    """The canonical form of a number in any spelling, `None` if it is none."""
    number = parse(text)
    return None if isinstance(number, Problem) else number.canonical


class Ground:
    """Labels, names and weather. `now` is UTC epoch seconds; looking first lets the time until then pass."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._pending = [(due.at, due.seq, due.event) for due in state.pending]
        heapq.heapify(self._pending)

    def save(self) -> State:
        """The state, whole, for writing down."""
        self.state.pending = [Due(*entry) for entry in sorted(self._pending, key=lambda e: e[:2])]
        return self.state

    def advance(self, now: Instant) -> None:
        """Let everything happen that is due by `now`; going back in time does nothing."""
        while self._pending and self._pending[0][0] <= now:
            at, _, event = heapq.heappop(self._pending)
            self._happen(event, at)
        self.state.now = max(self.state.now, now)

    def inject(self, item: Item, base: Instant) -> None:
        """Tell the world what is to happen, times counted from `base`. Raises `ValueError` on nonsense."""
        match item:
            case Label() | Clear() | Certify() | Tag():
                _known(item.platform)
                self._push(base + item.at, structs.replace(item, number=_number(item.number), at=base + item.at))
            case Window():
                number = None if item.number is None else _number(item.number)
                opened = structs.replace(item, number=number, at=base + item.at, until=base + item.until)
                self.state.windows.append(opened)
            case Review():
                _known(item.platform)
                number = None if item.number is None else _number(item.number)
                self.state.reviews.append(structs.replace(item, number=number))
            case Faults():
                self.state.faults = item
            case Quota():
                self.state.quotas[item.where] = item
        self.state.version += 1

    def face(self, platform: str, number: str, now: Instant) -> Face:
        """What the platform shows of a number (canonical form) now."""
        self.advance(now)
        place = self._find(platform, number)
        if place is None:
            return Face()
        mark = place.mark
        flicker = self.weather(now, platform, number, kinds=(Weather.FLICKER,))
        if mark is not None and flicker is not None:
            shown = self._draw("flicker", platform, number, now).random() < float(flicker.detail or 0.5)
            mark = mark if shown else None
        if mark is None:
            return Face(name=place.name, tag=place.tag)
        return Face(mark.words, mark.count(now), place.name, place.tag)

    def weather(
        self, now: Instant, where: str, number: str | None = None, kinds: Sequence[Weather] | None = None
    ) -> Window | None:
        """The newest window open at a service or platform; flicker only when asked for."""
        for window in reversed(self.state.windows):
            if window.where != where or not window.at <= now < window.until:
                continue
            if window.number is not None and window.number != number:
                continue
            if window.kind in kinds if kinds is not None else window.kind is not Weather.FLICKER:
                return window
        return None

    def trace(self) -> list[str]:
        """The chronicle as lines, for comparing two runs."""
        return [f"{timestamp(h.at)} {h.what} {h.platform} {h.number} {h.detail}" for h in self.state.chronicle]

    def _happen(self, event: Event, at: Instant) -> None:
        match event:
            case Label():
                self._mark(event.platform, event.number, at, _fresh(event, at))
            case Clear():
                self._unmark(event.platform, event.number, at, "by itself")
            case Certify():
                self._place(event.platform, event.number).name = event.name
                self._tell(at, "certified", event.platform, event.number, event.name)
            case Tag():
                self._place(event.platform, event.number).tag = event.text
                self._tell(at, "tagged", event.platform, event.number, event.text)
            case Removed():
                place = self._place(event.platform, event.number)
                if place.mark is not None and place.mark.since == event.since:
                    self._unmark(event.platform, event.number, at, "after an approved appeal")
            case Spread():
                self._copy(event, at)
            case Back():
                self._mark(event.platform, event.number, at, event.mark)
            case Chance():
                self._chance(event, at)
            case _:
                raise AssertionError(f"nobody handles {event!r}")

    def _push(self, at: Instant, event: Event) -> None:
        self.state.seq += 1
        heapq.heappush(self._pending, (at, self.state.seq, event))

    def _tell(self, at: Instant, what: str, platform: str, number: str, detail: str = "") -> None:
        self.state.chronicle.append(Happened(at, what, platform, number, detail))
        if len(self.state.chronicle) > CHRONICLE:
            del self.state.chronicle[: CHRONICLE // 10]

    def _draw(self, *what: object) -> Random:
        return draw(self.state.seed, *what)

    def _place(self, platform: str, number: str) -> Place:
        return self.state.places.setdefault(platform, {}).setdefault(number, Place())

    def _find(self, platform: str, number: str) -> Place | None:
        return self.state.places.get(platform, {}).get(number)

    def _mark(self, platform: str, number: str, at: Instant, mark: Mark) -> None:
        place = self._place(platform, number)
        if place.mark is not None:
            return
        place.mark = mark
        place.labels += 1
        self._tell(at, "labelled", platform, number, f"{mark.words} ({mark.cause})")
        if mark.spreads:
            for reader in TRAITS[platform].feeds:
                self._feed(number, platform, reader, at)

    def _feed(self, number: str, feeder: str, reader: str, at: Instant) -> None:
        nth = self._place(feeder, number).labels, self._place(reader, number).labels
        lag = self._draw("lag", feeder, reader, number, nth).uniform(*TRAITS[feeder].feeds[reader])
        self._push(at + lag, Spread(number, feeder, reader))

    def _copy(self, event: Spread, at: Instant) -> None:
        source = self._find(event.feeder, event.number)
        if source is None or source.mark is None:
            return
        mark = source.mark
        words = TRAITS[event.reader].words[classify(mark.words)[0]]
        copied = Mark(words, at, mark.count(at), mark.per_day, mark.cap, event.feeder)
        self._mark(event.reader, event.number, at, copied)

    def _unmark(self, platform: str, number: str, at: Instant, why: str) -> None:
        place = self._place(platform, number)
        mark, place.mark = place.mark, None
        if mark is None:
            return
        place.refused = 0
        self._tell(at, "cleared", platform, number, why)
        returns = mark.returns
        if returns is None:
            rng = self._draw("return", platform, number, place.labels)
            if rng.random() < self.state.habits.return_chance:
                returns = rng.uniform(2 * DAY, 10 * DAY)
        if returns is not None:
            back = Mark(mark.words, at + returns, 3, mark.per_day, mark.cap, "return", mark.spreads)
            self._push(at + returns, Back(number, platform, back))
        for feeder in TRAITS.values():
            if platform in feeder.feeds and (at_feeder := self._find(feeder.id, number)) and at_feeder.mark:
                # The feeder still shows it, so the reader copies it again: the wrong order is in vain.
                self._feed(number, feeder.id, platform, at)

    def _by_chance(self, number: str, platform: str, nth: int, at: Instant) -> None:
        """Plan the `nth` label that the background puts on a number."""
        wait = self._draw("chance", platform, number, nth).expovariate(self.state.habits.label_rate / DAY)
        self._push(at + wait, Chance(number, platform, nth))

    def _chance(self, event: Chance, at: Instant) -> None:
        rng = self._draw("label", event.platform, event.number, event.nth)
        words = rng.choice(sorted(set(TRAITS[event.platform].words.values())))
        mark = Mark(words, at, rng.randint(1, 8), rng.choice((0.5, 2.0, 5.0, 400.0)), 200, "chance")
        self._mark(event.platform, event.number, at, mark)
        self._by_chance(event.number, event.platform, event.nth + 1, at)


def _known(platform: str) -> None:
    if platform not in TRAITS:
        raise ValueError(f"no platform {platform!r}; there are {', '.join(TRAITS)}")


def _number(text: str) -> str:
    number = canonical(text)
    if number is None:
        raise ValueError(f"not a number: {text!r}")
    return number


def _fresh(label: Label, at: Instant) -> Mark:
    return Mark(label.words, at, label.marks, label.per_day, label.cap, "story", label.spreads, label.returns)
