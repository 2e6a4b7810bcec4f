"""A source's pace, breaker and diary: over restarts, reloads, crashes, stepped clocks, and platforms that misbehave."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.glance import HttpGlance
from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, ClosedError
from numtrustd.actors.messages import Observed
from numtrustd.actors.source import RESERVE, SourceActor
from numtrustd.actors.sources import Sources
from numtrustd.actors.supervisor import MAX_CRASHES
from numtrustd.clock import Random, VirtualClock
from numtrustd.domain.budget import Budget
from numtrustd.domain.observation import UnknownReason
from numtrustd.events import ActorCrashed, ActorParked, ActorUnparked, SourceFailed, SourceLimited, SourceRecovered
from numtrustd.probes.spec import Reading, Rule, SayClean, Source
from numtrustd.store import Store, records
from numtrustd.wire.exchange import Outcome, Reply, Request
from numtrustd.wire.spec import Condition
from numtrustd.wire.template import compile_request
from tests.actors import house as h
from tests.actors.house import DAY, HOUR, MINUTE, T0, Outside
from tests.actors.parts import Box, empty_house, shm
from tests.logcheck import MemoryLog

__all__ = ["shm"]

Autojump = trio.testing.MockClock


def numbers(count: int) -> list[str]:
    return [f"+861380013{n:04d}" for n in range(count)]


@dataclass
class Platform(Outside):
    """Remembers when each look left, and how many were under way at once."""

    left: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    answers: Callable[[Request], Outcome | None] = lambda request: None

    async def aclose(self) -> None: ...

    async def fetch(self, request: Request) -> Outcome:
        self.left.append(trio.current_time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            outcome = await super().fetch(request)
            return self.answers(request) or outcome
        finally:
            self.at_once -= 1

    @property
    def pauses(self) -> list[float]:
        return [b - a for a, b in zip(self.left, self.left[1:], strict=False)]


@dataclass
class Watchtower:
    """One source at work on some numbers, whose mailboxes ask for the next look as number actors do."""

    house: House
    sources: Sources
    clock: VirtualClock
    log: MemoryLog
    platform: Platform
    boxes: dict[str, Box]

    @property
    def actor(self) -> SourceActor:
        return self.sources.actors["alpha.api"]

    def looked(self) -> list[str]:
        return self.platform.looks

    def change(self, **more: Any) -> None:
        """Reload with this source changed."""
        spec = structs.replace(self.house.context.sources["alpha.api"], **more)
        self.house.context = structs.replace(self.house.context, sources={"alpha.api": spec})
        self.sources.apply((), (), ("alpha.api",))


@asynccontextmanager
async def watchtower(
    shm: Path,
    *,
    count: int = 1,
    again: float | None = None,
    platform: Platform | None = None,
    start: float = T0,
    recheck: float = 600.0,
    **spec: Any,
) -> AsyncIterator[Watchtower]:
    """`again`: seconds after which each number wants its next look; without, once only."""
    clock = VirtualClock(start)
    clock.recheck = recheck
    path = shm / "state"
    with Store.open(path, init=not path.exists(), map_size=16 << 20, now=start, inline=True) as store:
        source: Source = h.source("alpha", **spec)
        house = empty_house(store, clock, sources={"alpha.api": source})
        log = house.log
        assert isinstance(log, MemoryLog)
        platform = platform or Platform()

        def make(identity: str) -> SourceActor:
            used = house.context.sources[identity]
            assert used.request is not None
            glance = HttpGlance(used, compile_request(used.request), platform, house, Random(1))
            return SourceActor(used, glance, house, Random(1))

        sources = Sources(house, Random(2), make)
        boxes: dict[str, Box] = {}

        def box(number: str) -> Box:
            def taken(message: object) -> None:
                assert isinstance(message, Observed)
                if again is not None:
                    house.sources["alpha.api"].want(number, clock.now() + again)

            return Box(taken)

        for number in numbers(count):
            boxes[number] = house.numbers[number] = box(number)
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            async with trio.open_nursery() as inner:
                await inner.start(sources.run)
                for number in boxes:
                    house.sources["alpha.api"].want(number, clock.now())
                yield Watchtower(house, sources, clock, log, platform, boxes)
                inner.cancel_scope.cancel()
            nursery.cancel_scope.cancel()


def in_time(pauses: list[float], interval: float) -> bool:
    return all(pause >= interval - 1e-6 for pause in pauses)


# --------------------------------------------------------------------------------------------------------------- pace


@pytest.mark.parametrize("interval", [0.1, 1.0, 7.0])
async def test_no_two_looks_come_closer_than_the_interval(interval: float, shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=120, interval=interval, concurrency=4, again=0.0) as made:
        made.platform.latency = interval * 2.5
        await trio.sleep(interval * 400)
        assert 395 <= len(made.platform.left) <= 401
        assert in_time(made.platform.pauses, interval)


async def test_looks_go_out_as_many_at_a_time_as_allowed_and_no_more(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=30, interval=0.01, concurrency=5) as made:
        made.platform.latency = 10.0
        await trio.sleep(45)
        assert made.platform.most_at_once == 5
        assert len(made.looked()) == 20


@pytest.mark.parametrize("interval", [0.2, 1.0, 5.0])
async def test_the_pace_holds_over_restarts(interval: float, shm: Path, autojump_clock: Autojump) -> None:
    platform, start, looks = Platform(), T0, 0
    began = trio.current_time()
    for n in range(20):
        async with watchtower(shm, count=200, interval=interval, platform=platform, start=start) as made:
            await trio.sleep(interval * 8 + RESERVE + n % 3 * interval / 3)
            assert len(platform.left) > looks, "it goes on after a restart"
            looks = len(platform.left)
            start = made.clock.now()
    assert looks > 100
    assert in_time(platform.pauses, interval)
    assert start - T0 == pytest.approx(trio.current_time() - began, abs=1e-3)


@pytest.mark.covers("W7")
async def test_a_restart_is_no_stampede_and_gives_away_little(shm: Path, autojump_clock: Autojump) -> None:
    platform, start = Platform(), T0
    async with watchtower(shm, count=100, interval=0.5, platform=platform) as made:
        await trio.sleep(10)
        start = made.clock.now()
    before, ended = len(platform.left), trio.current_time()
    async with watchtower(shm, count=100, interval=0.5, platform=platform, start=start):
        await trio.sleep(10)
    assert in_time(platform.pauses, 0.5)
    assert platform.left[before] - ended <= 0.5 + RESERVE + 0.5


async def test_the_pace_holds_over_reloads_and_the_diary_is_kept(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=100, interval=2.0, concurrency=2) as made:
        made.platform.latency = 3.0
        for n in range(30):
            await trio.sleep(5.3)
            made.change(title=f"changed {n}")
        await trio.sleep(1_000)
        assert set(made.looked()) == set(numbers(100)), "no number fell out of the diary"
        assert in_time(made.platform.pauses, 2.0)


async def test_a_look_that_a_reload_cut_off_is_made_again(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=3, interval=1.0, concurrency=3) as made:
        made.platform.latency = 100.0
        await trio.sleep(50)
        assert made.looked() == []
        made.platform.latency = 0.1
        made.change(title="changed")
        await trio.sleep(20)
        assert sorted(made.looked()) == numbers(3)


async def test_looks_are_made_in_the_order_of_their_due_time(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=50, interval=1.0) as made:
        for n, number in enumerate(numbers(50)):
            made.actor.want(number, T0 + 100 + (n * 7) % 50)
        await trio.sleep(300)
        late = made.looked()[1:]  # the first one had left before
        assert late == sorted(late, key=lambda number: (int(number[-4:]) * 7) % 50)


# -------------------------------------------------------------------------------------------------------------- clock


@pytest.mark.covers("P10")
@pytest.mark.parametrize("step", [sign * by for by in (HOUR, DAY, 30 * DAY, 365 * DAY) for sign in (1, -1)])
async def test_a_stepped_clock_neither_hurries_nor_stops_the_looks(
    step: float, shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=20, interval=10.0, again=300.0) as made:
        for direction in (1, -1, -1, 1, 1, -1):
            await trio.sleep(601)
            made.clock.shift(direction * step)
        await trio.sleep(601)
        assert in_time(made.platform.pauses, 10.0)
        assert max(made.platform.pauses) < 400
        assert len(made.looked()) > 7 * 20


async def test_a_clock_set_back_over_a_restart_does_not_blind_the_source(shm: Path, autojump_clock: Autojump) -> None:
    platform = Platform()
    async with watchtower(shm, count=5, interval=30.0, platform=platform):
        await trio.sleep(40)
    before = len(platform.left)
    async with watchtower(shm, count=5, interval=30.0, platform=platform, start=T0 - DAY):
        await trio.sleep(30 + RESERVE + 1)
        assert len(platform.left) > before
    assert in_time(platform.pauses, 30.0)


async def test_a_pause_asked_for_before_the_clock_was_set_back_ends(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=2, interval=1.0) as made:
        made.platform.weather = "limited"
        await trio.sleep(0.5)
        made.platform.weather = "fine"
        made.clock.shift(-DAY)
        await trio.sleep(200)
        assert sorted(made.looked()[1:]) == numbers(2)[1:]
        assert made.platform.pauses == [pytest.approx(120.05)]
        assert made.actor.next_slot <= made.clock.now()


async def test_a_clock_stepped_forward_shortens_no_pause_that_the_platform_asked_for(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=2, interval=1.0) as made:
        made.platform.weather = "limited"
        await trio.sleep(0.5)
        made.clock.shift(DAY)
        await trio.sleep(500)
        assert in_time(made.platform.pauses, 120.0)


# -------------------------------------------------------------------------------------------------------- Retry-After


def limited(value: str, status: int = 429) -> Callable[[Request], Outcome]:
    return lambda request: Reply(status, (("retry-after", value),), b"{}")


@pytest.mark.covers("W6")
@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("120", 120.0),
        ("0", 1.0),
        ("999999999999", DAY),
        ("Thu, 01 Jan 2099 00:00:00 GMT", DAY),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1.0),
        ("-1", 0.0),
        ("soon", 0.0),
    ],
)
async def test_retry_after_is_honoured_within_bounds(
    value: str, pause: float, shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=2, interval=0.5, trip=100) as made:
        made.platform.answers = limited(value)
        await trio.sleep(1.5 * DAY)
        expected = max(0.5, pause + made.platform.latency if pause else 0.0)
        assert made.platform.pauses == [pytest.approx(expected, abs=0.1)]
        assert len(made.log.of(SourceLimited)) == (2 if pause else 0)


async def test_a_success_beside_it_does_not_lift_the_pause_that_was_asked_for(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=10, interval=0.1, concurrency=2) as made:
        first = numbers(1)[0][3:]
        made.platform.answers = lambda r: limited("600")(r) if first in r.target else None
        made.platform.latency = 0.15
        await trio.sleep(300)
        assert len(made.platform.left) == 2, "one was under way, no other one left"
        await trio.sleep(400)
        assert len(made.platform.left) == 10


async def test_a_pause_asked_for_with_a_maintenance_page_is_honoured_too(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=5, interval=1.0) as made:
        page = '{"number": "x", "notice": "平台维护中"}'.encode()
        made.platform.answers = lambda r: Reply(503, (("retry-after", "3600"),), page)
        await trio.sleep(HOUR - 60)
        assert len(made.platform.left) == 1
        assert not made.log.of(SourceFailed)
        assert [round(e.until - T0) for e in made.log.of(SourceLimited)] == [3600]
        await trio.sleep(120)
        assert len(made.platform.left) == 2


# ------------------------------------------------------------------------------------------------------------ breaker


@pytest.mark.covers("W7")
async def test_the_breaker_opens_after_so_many_failures_in_a_row_and_is_said_once(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=50, interval=1.0, trip=3, again=HOUR) as made:
        await trio.sleep(5.5)
        made.platform.weather = "blocked"
        good = len(made.platform.left)
        await trio.sleep(10)
        assert len(made.platform.left) - good == 3
        [failed] = made.log.of(SourceFailed)
        assert (failed.source, failed.reason, failed.failures) == ("alpha.api", UnknownReason.BLOCKED, 3)
        await trio.sleep(DAY)
        assert len(made.log.of(SourceFailed)) == 1
        made.platform.weather = "fine"
        await trio.sleep(1.2 * HOUR)
        [recovered] = made.log.of(SourceRecovered)
        assert recovered.down_seconds > DAY
        assert recovered.failures is not None
        assert recovered.failures >= 3
        assert set(made.looked()) == set(numbers(50))


async def test_failures_that_are_not_in_a_row_open_nothing(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=30, interval=1.0, trip=3, again=30.0) as made:
        turn = iter(range(10**9))
        made.platform.answers = lambda r: Reply(403, (), b"no") if next(turn) % 3 else None
        await trio.sleep(5 * MINUTE)
        assert not made.log.of(SourceFailed)
        assert len(made.looked()) > 250


@pytest.mark.parametrize("weather", ["maintenance", "fine"])
async def test_answers_about_a_number_do_not_count_against_the_source(
    weather: str, shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=5, interval=1.0, trip=1, again=60.0) as made:
        made.platform.weather = weather
        await trio.sleep(HOUR)
        assert not made.log.of(SourceFailed)


async def test_one_reading_of_several_that_sees_is_a_success(shm: Path, autojump_clock: Autojump) -> None:
    readings = (Reading("alpha", view="doc", at="@"), Reading("beta", view="doc", at="nothing"))
    rules = (Rule("clean", (Condition(view="item", path="label", equals=""),), SayClean()),)
    async with watchtower(shm, count=5, trip=1, again=60.0, readings=readings, rules=rules) as made:
        await trio.sleep(HOUR)
        seen = made.boxes[numbers(1)[0]].messages[0]
        assert isinstance(seen, Observed)
        assert {o.platform: o.known for o in seen.observations} == {"alpha": True, "beta": False}
        assert not made.log.of(SourceFailed)


@pytest.mark.covers("W7")
async def test_while_it_is_open_exactly_one_look_at_a_time_probes(shm: Path, autojump_clock: Autojump) -> None:
    spec = {"interval": 0.01, "concurrency": 8, "trip": 3, "backoff": (30.0, 600.0)}
    async with watchtower(shm, count=40, again=900.0, **spec) as made:
        made.platform.weather = "silent"
        made.platform.latency = 20.0
        await trio.sleep(45)  # those that had left before it opened have ended
        assert made.actor.down
        made.platform.most_at_once = 0
        before = len(made.platform.left)
        await trio.sleep(2 * HOUR)
        assert made.platform.most_at_once == 1
        probes = len(made.platform.left) - before
        assert 10 <= probes <= 24


@pytest.mark.covers("W7")
async def test_the_pauses_between_probes_grow_with_jitter_and_are_capped(shm: Path, autojump_clock: Autojump) -> None:
    spec = {"interval": 0.1, "concurrency": 4, "trip": 3, "backoff": (30.0, 3_600.0)}
    async with watchtower(shm, count=40, again=900.0, **spec) as made:
        made.platform.weather = "shut"
        await trio.sleep(DAY)
        down = next(n for n, pause in enumerate(made.platform.pauses) if pause > 10)
        pauses = made.platform.pauses[down:]
        for n, pause in enumerate(pauses):
            planned = min(3_600.0, 30.0 * 2**n)
            assert planned / 2 <= pause <= planned + 1, f"pause {n}"
        assert len(pauses) > 15
        assert len({round(p, 3) for p in pauses[8:]}) > 5, "no jitter"


async def test_looks_that_were_under_way_when_it_opened_neither_lengthen_the_pause_nor_close_it(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=40, interval=0.01, concurrency=8, trip=3, backoff=(30.0, 600.0)) as made:
        made.platform.latency = 5.0
        good = {number[3:] for number in numbers(8)[6:]}
        made.platform.answers = lambda r: None if any(g in r.target for g in good) else Reply(403, (), b"no")
        await trio.sleep(6)
        assert made.actor.down
        assert made.actor.record.trips == 1
        assert made.actor.record.retry_at <= T0 + 6 + 30
        assert not made.log.of(SourceRecovered)


async def test_the_breaker_and_its_pause_outlive_a_restart(shm: Path, autojump_clock: Autojump) -> None:
    platform = Platform(weather="blocked")
    async with watchtower(shm, count=20, interval=0.1, trip=3, platform=platform, backoff=(100.0, 100.0)) as made:
        await trio.sleep(10)
        assert made.actor.down
        start = made.clock.now()
    before = len(platform.left)
    async with watchtower(
        shm, count=20, interval=0.1, trip=3, platform=platform, start=start, backoff=(100.0, 100.0)
    ) as made:
        assert made.actor.down
        await trio.sleep(30)
        assert len(platform.left) == before
        platform.weather = "fine"
        await trio.sleep(90)
        assert len(made.log.of(SourceRecovered)) == 1
        assert not made.log.of(SourceFailed)
        assert set(platform.looks[before:]) == set(numbers(20))


async def test_a_recovered_source_goes_on_at_its_pace_and_not_in_a_burst(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(
        shm, count=100, interval=1.0, concurrency=8, trip=3, again=300.0, backoff=(30.0, 60.0)
    ) as made:
        await trio.sleep(110)
        made.platform.weather = "shut"
        await trio.sleep(2 * HOUR)
        made.platform.weather = "fine"
        await trio.sleep(4 * MINUTE)
        assert made.log.of(SourceRecovered)
        assert len(made.platform.left) > 250
        assert in_time(made.platform.pauses, 1.0)


# -------------------------------------------------------------------------------------------------- numbers come and go


async def test_a_number_whose_mailbox_is_full_is_looked_at_again_later(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=1, interval=1.0) as made:
        box = made.boxes[numbers(1)[0]]
        box.busy = BusyError("mailbox is full")
        await trio.sleep(10)
        assert (len(made.looked()), box.refused) == (1, 1)
        box.busy = None
        await trio.sleep(made.house.context.cadence.retry_interval)
        assert (len(made.looked()), len(box.messages)) == (2, 1)


async def test_a_parked_number_is_not_looked_at_until_it_asks_again(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=1, interval=1.0) as made:
        made.boxes[numbers(1)[0]].busy = ClosedError("parked")
        await trio.sleep(DAY)
        assert len(made.looked()) == 1


async def test_a_number_removed_while_it_is_being_looked_at_is_forgotten(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=2, interval=1.0, again=60.0) as made:
        made.platform.latency = 10.0
        await trio.sleep(5)
        gone = numbers(2)[0]
        del made.house.numbers[gone]
        made.actor.forget(gone)
        await trio.sleep(HOUR)
        assert made.looked().count(gone) == 1
        assert not made.boxes[gone].messages
        assert made.actor.due_of(gone) is None
        assert made.looked().count(numbers(2)[1]) > 40


async def test_a_later_wish_takes_the_place_of_an_earlier_one_and_the_diary_stays_small(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=1, interval=1.0) as made:
        await trio.sleep(10)
        number = numbers(1)[0]
        for n in range(5_000):
            made.actor.want(number, made.clock.now() + 1_000 - n / 10)
        assert len(made.actor._heap) < 200
        await trio.sleep(DAY)
        assert len(made.looked()) == 2
        assert made.platform.pauses[0] == pytest.approx(510, abs=1)


async def test_what_is_late_is_told_and_a_source_that_may_not_look_is_not_stuck(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=50, interval=60.0) as made:
        await trio.sleep(100)
        late, longest = made.sources.overdue(made.clock.now())
        assert late == 48
        assert longest == pytest.approx(100)
        assert not made.actor.owes(made.clock.now())
        made.platform.weather = "shut"
        await trio.sleep(HOUR)
        assert not made.actor.owes(made.clock.now())


# ------------------------------------------------------------------------------------------------------- bugs of ours


async def test_a_bug_that_one_number_brings_out_costs_no_other_number_its_looks(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with watchtower(shm, count=12, interval=1.0, concurrency=3, again=600.0) as made:
        poison = numbers(12)[4][3:]

        def answers(request: Request) -> Outcome | None:
            if poison in request.target:
                raise ZeroDivisionError("a bug of ours")
            return None

        made.platform.answers = answers
        made.platform.latency = 2.5
        await trio.sleep(4 * HOUR)
        counts = {number: made.looked().count(number) for number in numbers(12)}
        assert min(counts.values()) >= 4 * HOUR / (made.house.context.cadence.retry_interval + 100), counts
        assert made.log.of(ActorCrashed)
        assert not made.log.of(ActorParked)
        assert made.actor.looking == 0


async def test_a_source_that_always_crashes_is_parked_and_tried_again_by_a_restart(
    shm: Path, autojump_clock: Autojump
) -> None:
    platform = Platform()

    def broken(request: Request) -> Outcome | None:
        raise ZeroDivisionError("a bug of ours")

    platform.answers = broken
    async with watchtower(shm, count=20, interval=0.1, platform=platform) as made:
        await trio.sleep(HOUR)
        [parked] = made.log.of(ActorParked)
        assert parked.actor == "source alpha.api"
        assert len(made.looked()) == MAX_CRASHES + 1
        assert made.actor.parked is not None
        assert not made.actor.owes(made.clock.now()), "the rest goes on: no reason to restart the daemon for it"
    platform.answers = lambda request: None
    async with watchtower(shm, count=20, interval=0.1, platform=platform, start=T0 + HOUR) as made:
        assert [e.actor for e in made.log.of(ActorUnparked)] == ["source alpha.api"]
        await trio.sleep(MINUTE)
        assert set(platform.looks[MAX_CRASHES + 1 :]) == set(numbers(20))
        assert not list(records.all_parked(made.house.store))


async def test_a_parked_source_is_tried_again_when_its_configuration_changes(
    shm: Path, autojump_clock: Autojump
) -> None:
    def broken(request: Request) -> Outcome | None:
        raise ZeroDivisionError("a bug of ours")

    async with watchtower(shm, count=20, interval=0.1) as made:
        made.platform.answers = broken
        await trio.sleep(HOUR)
        made.platform.answers = lambda request: None
        made.change(title="mended")
        assert made.actor.parked is None
        await trio.sleep(HOUR)
        assert set(made.looked()[MAX_CRASHES + 1 :]) == set(numbers(20))
        assert not list(records.all_parked(made.house.store))


# -------------------------------------------------------------------------------------------------------------- budget


async def test_a_quota_holds_over_restarts_and_is_said_before_the_platform_says_it(
    shm: Path, autojump_clock: Autojump
) -> None:
    budget = Budget(per_day=5, per_month=12)
    platform, start = Platform(), T0
    days: Counter[str] = Counter()
    for _ in range(8):  # restarts at odd times over four days
        async with watchtower(
            shm, count=3, again=HOUR, platform=platform, start=start, budget=budget, interval=0.0
        ) as made:
            before, began = len(platform.left), trio.current_time()
            await trio.sleep(13 * HOUR)
            for left in platform.left[before:]:
                days[f"{datetime.fromtimestamp(start + left - began, ZoneInfo('Asia/Shanghai')):%Y-%m-%d}"] += 1
            start = made.clock.now()
            said = made.log.of(SourceLimited)
            assert len({event.until for event in said}) == len(said), "said once for each pause"
            assert all("are used up" in event.why for event in said)
    assert max(days.values()) == 5
    assert sum(days.values()) == 12, "the month's"


@pytest.mark.parametrize("restart", [False, True])
async def test_a_quota_that_was_used_up_on_a_day_that_the_clock_calls_the_future_begins_anew_tomorrow(
    restart: bool, shm: Path, autojump_clock: Autojump
) -> None:
    """A clock that was a month ahead is set right: what was spent is spent today, not on every day until then."""
    platform, used_up = Platform(), {"budget": Budget(per_day=5), "interval": 0.0, "again": MINUTE}
    async with watchtower(shm, count=3, platform=platform, start=T0 + 30 * DAY, **used_up) as made:
        await trio.sleep(HOUR / 2)
        assert len(platform.left) == 5
        if not restart:
            made.clock.shift(-30 * DAY)
            await trio.sleep(HOUR / 2)
            assert len(platform.left) == 5, "the day has been paid for"
            await trio.sleep(4 * DAY)
            assert len(platform.left) == 25
    if restart:
        async with watchtower(shm, count=3, platform=platform, start=T0, **used_up):
            await trio.sleep(HOUR / 2)
            assert len(platform.left) == 5
            await trio.sleep(4 * DAY)
            assert len(platform.left) == 25


async def test_looks_a_minute_are_a_pace(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=50, interval=0.1, again=0.0, budget=Budget(per_minute=10)) as made:
        await trio.sleep(600)
        assert in_time(made.platform.pauses, 6.0)
        assert len(made.looked()) == pytest.approx(100, abs=2)


async def test_a_source_without_budget_is_free_again_after_a_reload(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=3, again=MINUTE, budget=Budget(per_month=2)) as made:
        await trio.sleep(DAY)
        assert len(made.looked()) == 2
        assert not made.actor.owes(made.clock.now()), "it rests on purpose"
        made.change(budget=Budget())
        await trio.sleep(HOUR)
        assert len(made.looked()) > 100


async def test_a_look_that_a_person_asked_for_is_not_put_off_by_a_plan(shm: Path, autojump_clock: Autojump) -> None:
    async with watchtower(shm, count=2, interval=60.0) as made:
        await trio.sleep(DAY)
        before = len(made.looked())
        first, second = numbers(2)
        made.actor.ask(first)
        made.actor.ask(second)
        for number in (first, second):
            made.actor.want(number, made.clock.now() + 6 * HOUR)
        await trio.sleep(5 * MINUTE)
        assert sorted(made.looked()[before:]) == [first, second]
        made.actor.want(first, made.clock.now() + 6 * HOUR)
        assert made.actor.due_of(first) == pytest.approx(made.clock.now() + 6 * HOUR)
