"""The in-memory fetcher: the same service on virtual time, every end of a fetch a value."""

from collections.abc import Callable

import pytest
import trio
import trio.testing

from numtrustd.clock import VirtualClock
from numtrustd.sim.memory import SimFetcher
from numtrustd.sim.script import Faults, Label, Story, Weather, Window
from numtrustd.sim.world import World
from numtrustd.wire.exchange import Failure, Limits, NotSent, Outcome, Reply, Request, Unknown

T0 = 1_772_413_200.0
AMERICAN = "+14155552671"
LOOK = Request("GET", "https://open.onebox.so.com", "/dataApi?query=13800138000&type=mobilecheck&callback=cb")
SUBMIT = Request(
    "POST",
    "https://api.telnyx.com",
    "/v2/enterprises/e1/reputation/remediation",
    (("authorization", "Bearer k"), ("content-type", "application/json")),
    b'{"phone_numbers":["+14155552671"],"call_purpose":"x [NT-A]"}',
)
Make = Callable[..., SimFetcher]
Virtual = trio.testing.MockClock


@pytest.fixture
def fetcher() -> Make:
    def make(*items: object, faults: Faults | None = None, limits: Limits | None = None) -> SimFetcher:
        label = Label(AMERICAN, "telnyx", "Spam")
        world = World.create(seed=2, origin=T0, story=Story("test", (label, *items)))  # type: ignore[arg-type]
        return SimFetcher(world, VirtualClock(T0), faults, limits=limits)

    return make


def appeals(fetcher: SimFetcher) -> int:
    return len(fetcher.service.world.state.appeals)


async def test_real_hosts_lead_to_their_services(autojump_clock: Virtual, fetcher: Make) -> None:
    sim = fetcher()
    look = await sim.fetch(LOOK)
    assert isinstance(look, Reply)
    assert look.body.startswith(b"cb({")
    assert 0.02 <= look.elapsed <= 0.3
    sogou = await sim.fetch(Request("GET", "https://www.sogou.com", "/web?query=13800138000"))
    assert isinstance(sogou, Reply)
    assert "号码查询服务" in sogou.body.decode()
    key = (("authorization", "Bearer k"),)
    aggregator = await sim.fetch(Request("GET", "https://marks.example.com", "/q?phone=13800138000", key))
    assert isinstance(aggregator, Reply)
    assert aggregator.header("content-type") == "application/json; charset=utf-8"
    assert b'"tencent"' in aggregator.body
    mounted = await sim.fetch(Request("GET", "http://127.0.0.1:8000", "/sogou.search/web?query=13800138000"))
    assert isinstance(mounted, Reply)
    assert mounted.body == sogou.body


@pytest.mark.parametrize(
    ("faults", "kind", "effects"),
    [
        (Faults(lost=1.0), Failure.TIMEOUT, 1),
        (Faults(cut=1.0), Failure.RESET, 1),
        (Faults(late=1.0), Failure.TIMEOUT, 0),
    ],
)
async def test_nobody_knows(
    autojump_clock: Virtual, fetcher: Make, faults: Faults, kind: Failure, effects: int
) -> None:
    sim = fetcher(faults=faults)
    outcome = await sim.fetch(SUBMIT)
    assert isinstance(outcome, Unknown)
    assert outcome.failure is kind
    assert appeals(sim) == effects


async def test_a_refused_connection_is_certain(autojump_clock: Virtual, fetcher: Make) -> None:
    sim = fetcher(faults=Faults(refuse=1.0))
    assert await sim.fetch(SUBMIT) == NotSent(Failure.CONNECT, "connection refused")
    assert appeals(sim) == 0


async def test_the_deadline_and_the_size_limit_hold(autojump_clock: Virtual, fetcher: Make) -> None:
    slow = fetcher(Window(Weather.SLOW, "so360", until=3600.0, detail="30"), limits=Limits(deadline=5.0))
    began = trio.current_time()
    assert await slow.fetch(LOOK) == Unknown(Failure.TIMEOUT, "no answer within 5 s")
    assert trio.current_time() - began == pytest.approx(5.0)
    small = await fetcher(limits=Limits(max_bytes=10)).fetch(LOOK)
    assert isinstance(small, Unknown)
    assert small.failure is Failure.TOO_LARGE


async def test_cancelling_does_not_undo_what_has_happened(autojump_clock: Virtual, fetcher: Make) -> None:
    sim = fetcher(faults=Faults(lost=1.0))
    with trio.move_on_after(1.0) as scope:
        await sim.fetch(SUBMIT)
    assert scope.cancelled_caught
    assert appeals(sim) == 1


async def test_one_seed_gives_one_run_of_outcomes(autojump_clock: Virtual, fetcher: Make) -> None:
    async def run() -> list[tuple[Outcome, float]]:
        sim = fetcher(faults=Faults(lost=0.1, refuse=0.1, cut=0.1, limited=0.1, slow=0.5, hostile=True))
        began = trio.current_time()
        return [(await sim.fetch(LOOK), round(trio.current_time() - began, 6)) for _ in range(60)]

    first = await run()
    assert {type(o) for o, _ in first} == {Reply, NotSent, Unknown}

    def bare(outcomes: list[tuple[Outcome, float]]) -> list[object]:
        return [(getattr(o, "status", o), at) for o, at in outcomes]

    assert bare(await run()) == bare(first)
