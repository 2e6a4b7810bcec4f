"""A reload changes what the new files change, and leaves everybody else at work. The whole daemon, on virtual time."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from numtrustd import build
from numtrustd.actors.control.desk import Control
from numtrustd.actors.control.views import Sight
from numtrustd.actors.control.views_world import source_rows
from numtrustd.actors.messages import ReloadRejectedError
from numtrustd.actors.number import NumberActor
from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import LOADING, Daemon
from numtrustd.domain.evidence import Document
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.record import NumberRecord
from numtrustd.events import (
    CaseOpened,
    ConfigDoubted,
    ConfigRejected,
    ConfigReloaded,
    DaemonStopping,
    EvidenceMissing,
    FindingOpened,
    Level,
    NumberAdded,
    NumberCasesRest,
    NumberRemoved,
    SilenceEnded,
    SourceFailed,
    VerdictBaseline,
)
from numtrustd.sim.memory import SimFetcher
from numtrustd.sim.script import Label, Story
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from numtrustd.store import Batch, Store, Table, records
from numtrustd.store.records import PlatformRecord
from numtrustd.varlink.interface import Call, CallError, Peer
from numtrustd.wire.exchange import Limits, Outcome, Request
from numtrustd.wire.route import Route
from tests.actors.parts import consistent, shm
from tests.logcheck import MemoryLog
from tests.virtual import EVIDENCE, loaded_from, write_config

__all__ = ["shm"]

Autojump = trio.testing.MockClock

DAY, HOUR = 86_400.0, 3_600.0
MOBILE, OTHER, AMERICAN = "+8613910000007", "+8613910000008", "+14155552671"
SO360, AGGREGATOR, TELNYX = "so360.onebox", "contract_aggregator.query", "telnyx.reputation"


class Fetcher:
    """One session into the simulated world; remembers what went through it, and when."""

    def __init__(self, inner: SimFetcher) -> None:
        self.inner = inner
        self.closed = False
        self.requests: list[tuple[float, Request]] = []

    async def fetch(self, request: Request) -> Outcome:
        assert not self.closed, "a session that is in use was closed"
        self.requests.append((trio.current_time(), request))
        return await self.inner.fetch(request)

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = True


class Net:
    """Hands out sessions, as `http.Http` does."""

    def __init__(self, service: Service, clock: VirtualClock) -> None:
        self.service, self.clock = service, clock
        self.sessions: list[Fetcher] = []
        self.routes: list[str] = []

    def session(self, *, connections: int, limits: Limits, route: Route) -> Fetcher:
        self.sessions.append(Fetcher(SimFetcher(self.service, self.clock, limits=limits)))
        self.routes.append(str(route))
        return self.sessions[-1]

    def sent(self, host: str) -> list[tuple[float, Request]]:
        """All requests to a host, in order."""
        return sorted(
            ((at, r) for s in self.sessions for at, r in s.requests if host in r.origin), key=lambda pair: pair[0]
        )


class Works:
    """One daemon at work, and the files that it reads."""

    def __init__(self, root: Path, daemon: Daemon, store: Store, log: MemoryLog, clock: VirtualClock, net: Net) -> None:
        self.root, self.daemon, self.store, self.log, self.clock, self.net = root, daemon, store, log, clock, net

    @property
    def numbers(self) -> dict[str, Any]:
        return dict(self.daemon.house.numbers)

    @property
    def sources(self) -> dict[str, Any]:
        return dict(self.daemon.sources.actors)

    def record(self, number: str) -> NumberRecord:
        packed = self.daemon.house.numbers[number].packed
        assert packed is not None
        return records.decode_number(packed)

    def rewrite(self, numbers: list[str], sources: list[str], more: str = "") -> None:
        write_config(self.root, numbers, sources, more)

    async def until(self, holds: Callable[[], object], within: float = 20 * DAY) -> None:
        deadline = self.clock.now() + within
        while not holds():
            assert self.clock.now() < deadline
            await trio.sleep(HOUR / 4)


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time would run on while a thread works."""

    async def inline(function: Callable[..., Any], *args: Any, **_: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr(trio.to_thread, "run_sync", inline)


@asynccontextmanager
async def works(
    shm: Path,
    numbers: list[str],
    sources: list[str],
    *,
    labels: tuple[Label, ...] = (),
    more: str = "",
    later: float = 0.0,
) -> AsyncIterator[Works]:
    """A daemon on the state in `shm`, `later` than the beginning of the world."""
    config = write_config(shm, numbers, sources, more)
    clock = VirtualClock(DEMO_ORIGIN + later)
    canonical = list(loaded_from(config).numbers)
    world = World.create(seed=5, origin=DEMO_ORIGIN, numbers=canonical, story=Story("reload", labels))
    log, path = MemoryLog(clock), shm / "state"
    with Store.open(path, init=not path.exists(), map_size=1 << 26, now=clock.now(), inline=True) as store:
        daemon = Daemon(loaded_from(config), store, log, clock, Random(1), {})
        net = Net(Service(world), clock)
        async with daemon.working(net):
            yield Works(shm, daemon, store, log, clock, net)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every start of a number's actor."""
    started: list[str] = []
    run = NumberActor.run

    async def counted(self: NumberActor) -> None:
        started.append(self.number)
        await run(self)

    monkeypatch.setattr(NumberActor, "run", counted)
    return started


async def test_a_reload_that_changes_nothing_touches_nobody(
    shm: Path, autojump_clock: Autojump, runs: list[str]
) -> None:
    async with works(shm, ["139 1000 0007", "+1 415 555 2671"], [SO360, TELNYX]) as made:
        await trio.sleep(HOUR)
        numbers, sources, ways = made.numbers, made.sources, dict(made.daemon._ways)
        sessions, seq = len(made.net.sessions), made.record(MOBILE).seq
        result = await made.daemon.reload()
        assert (result.numbers_added, result.numbers_changed, result.sources_changed) == (0, 0, ())
        assert made.numbers == numbers
        assert made.sources == sources
        assert made.daemon._ways == ways
        assert len(made.net.sessions) == sessions
        assert sorted(runs) == sorted([MOBILE, AMERICAN])
        await trio.sleep(DAY)
        assert made.record(MOBILE).seq == seq
        [said] = made.log.of(ConfigReloaded)
        assert (said.added, said.removed, said.changed, said.unchanged) == (0, 0, 0, 2)


async def test_what_is_probably_not_meant_is_said_at_the_start_and_at_every_reload(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with works(shm, ["139 1000 0007"], [SO360]) as made:
        assert made.log.of(ConfigDoubted) == []
        (shm / "numbers.csv").write_text("number,since\n13910000007,2190-01-01\n")
        result = await made.daemon.reload()
        [said] = made.log.of(ConfigDoubted)
        assert (said.count, said.problems) == (len(result.warnings), result.warnings)
        assert said.level is Level.WARN
        # Beside it what forms ask of the company.
        [since] = [problem for problem in said.problems if ": company." not in problem]
        assert "numbers.csv:2: since: is 2190-01-01" in since
    started = MemoryLog(VirtualClock(DEMO_ORIGIN))
    with Store.open(shm / "state", init=False, map_size=1 << 26, now=DEMO_ORIGIN, inline=True) as store:
        daemon = Daemon(loaded_from(shm / "numtrustd.toml"), store, started, VirtualClock(DEMO_ORIGIN), Random(1), {})
        daemon._say_started()
    assert started.of(ConfigDoubted) == [said]


async def test_numbers_come_go_and_change(shm: Path, autojump_clock: Autojump, runs: list[str]) -> None:
    async with works(shm, ["13910000007", "13910000008"], [SO360]) as made:
        await trio.sleep(DAY)
        numbers, sources = made.numbers, made.sources
        kept = made.record(OTHER)
        made.rewrite(["13910000007,新名字", "13910000009"], [SO360])
        (shm / "numbers.csv").write_text("number,name\n13910000007,新名字\n13910000009,\n")
        result = await made.daemon.reload()
        assert (result.numbers_added, result.numbers_removed, result.numbers_changed) == (1, 1, 1)
        assert [e.number for e in made.log.of(NumberAdded)] == ["+8613910000009"]
        assert [e.number for e in made.log.of(NumberRemoved)] == [OTHER]
        assert made.numbers[MOBILE] is numbers[MOBILE]
        assert made.sources == sources
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(runs) == [MOBILE, OTHER, "+8613910000009"]
        assert made.daemon.house.context.numbers[MOBILE].name == "新名字"
        before = len([r for _, r in made.net.sent("so.com") if "13910000008" in r.target])
        await trio.sleep(5 * DAY)
        for number, action in ((OTHER, "number.removed"), ("+8613910000009", "number.added")):
            entries = (await ask(made, "History", number=number, limit=200)).events
            assert action in [entry.action for entry in entries], "a gap in watching is to be seen"
        assert len([r for _, r in made.net.sent("so.com") if "13910000008" in r.target]) == before
        assert any("13910000009" in r.target for _, r in made.net.sent("so.com"))

        made.rewrite(["13910000007", "13910000008"], [SO360])
        await made.daemon.reload()
        await trio.sleep(DAY)
        assert made.record(OTHER).added_at == kept.added_at
        assert len([e for e in made.log.of(VerdictBaseline) if e.number == OTHER]) == 1


async def test_a_source_that_is_switched_on_looks_at_every_number_and_one_switched_off_at_none(
    shm: Path, autojump_clock: Autojump, runs: list[str]
) -> None:
    async with works(shm, ["13910000007", "13910000008"], [SO360]) as made:
        await trio.sleep(DAY)
        sources = made.sources
        assert not made.net.sent("aggregator")
        made.rewrite(["13910000007", "13910000008"], [SO360, AGGREGATOR])
        result = await made.daemon.reload()
        assert result.sources_changed == (AGGREGATOR,)
        assert made.sources[SO360] is sources[SO360]
        await trio.sleep(HOUR)
        assert len(made.net.sent("aggregator")) >= 2
        assert set(made.record(MOBILE).verdicts) >= {"so360", "tencent", "baidu"}
        made.rewrite(["13910000007", "13910000008"], [AGGREGATOR])
        await made.daemon.reload()
        looks = len(made.net.sent("so.com"))
        await trio.sleep(3 * DAY)
        assert len(made.net.sent("so.com")) == looks
        assert made.record(MOBILE).verdicts["so360"].belief, "what was believed is not forgotten"
        assert sorted(runs) == [MOBILE, OTHER]


async def test_a_changed_source_keeps_its_diary_and_its_pace(shm: Path, autojump_clock: Autojump) -> None:
    numbers = [f"139100{n:05d}" for n in range(40)]
    pace = '[source."so360.onebox"]\ninterval = "{}"\n'
    async with works(shm, numbers, [SO360, AGGREGATOR], more=pace.format("20s")) as made:
        await trio.sleep(300)
        before = made.sources
        made.rewrite(numbers, [SO360, AGGREGATOR], pace.format("30s"))
        result = await made.daemon.reload()
        assert result.sources_changed == (SO360,)
        assert made.sources[SO360] is not before[SO360]
        assert made.sources[AGGREGATOR] is before[AGGREGATOR]
        changed_at = trio.current_time()
        await trio.sleep(40 * 30)
        at = [when for when, _ in made.net.sent("so.com")]
        pauses = [(b, b - a) for a, b in pairwise(at)]
        assert all(pause >= (30 if when > changed_at + 30 else 20) - 1e-6 for when, pause in pauses)
        asked = [r.target for _, r in made.net.sent("so.com")]
        assert len(asked) == len(set(asked)) == 40, "each looked at once, none forgotten, none asked twice"


async def test_a_secret_that_was_rotated_is_used_from_the_reload_on(shm: Path, autojump_clock: Autojump) -> None:
    async with works(shm, ["+1 415 555 2671"], [TELNYX, SO360]) as made:
        await trio.sleep(HOUR)
        so360, way = made.sources[SO360], made.daemon._ways["telnyx"]
        (shm / "credentials" / "telnyx-api-key").write_text("the-key-of-next-year")
        result = await made.daemon.reload()
        assert result.sources_changed == (TELNYX,)
        assert made.sources[SO360] is so360
        assert made.daemon._ways["telnyx"] is not way
        looks = len(made.net.sent("telnyx"))
        await trio.sleep(DAY)
        headers = [dict(r.headers) for _, r in made.net.sent("telnyx")[looks:]]
        assert headers
        assert {h.get("Authorization", h.get("authorization")) for h in headers} == {"Bearer the-key-of-next-year"}
        assert "the-key-of-next-year" not in b"".join(made.log.lines).decode()


async def test_a_way_out_that_changed_is_taken_from_the_reload_on(shm: Path, autojump_clock: Autojump) -> None:
    numbers, sources = ["13910000007", "+1 415 555 2671"], [SO360, TELNYX]
    office = '[http.ways.office]\nproxy = "http://proxy.example:{}"\n'
    use = '[source."so360.onebox"]\nvia = "office"\n[platform.telnyx.appeal]\nvia = "office"\n'
    async with works(shm, numbers, sources) as made:
        assert made.net.routes == ["direct"] * 3  # two sources and an appeal API
        await trio.sleep(HOUR)
        telnyx = made.sources[TELNYX]
        for port in (3128, 3129):
            made.net.routes.clear()
            before = (made.sources[SO360], made.daemon._ways["telnyx"].fetcher)
            made.rewrite(numbers, sources, office.format(port) + use)
            result = await made.daemon.reload()
            assert result.sources_changed == (SO360,)
            assert made.net.routes == [f"proxy office (http://proxy.example:{port})"] * 2
            assert made.sources[SO360] is not before[0]
            assert made.daemon._ways["telnyx"].fetcher is not before[1]
            assert made.sources[TELNYX] is telnyx
            await trio.sleep(HOUR)
        sight = Sight(made.daemon.house, made.daemon.roster, made.sources)
        rows = {row.source: row.via for row in source_rows(sight)}
        assert rows[SO360] == "office"
        assert rows[TELNYX] is None


async def test_appeals_go_out_over_the_same_channel_however_often_other_things_are_reloaded(
    shm: Path, autojump_clock: Autojump
) -> None:
    label = Label(AMERICAN, "telnyx", "Telemarketing", at=DAY, marks=9)
    async with works(shm, ["+1 415 555 2671"], [TELNYX], labels=(label,)) as made:
        for n in range(4):
            await trio.sleep(18 * HOUR)
            made.rewrite(["+1 415 555 2671", f"139100000{n:02d}"], [TELNYX, SO360])
            await made.daemon.reload()
        await made.until(lambda: list(records.all_done(made.store)))
        [done, *_] = records.all_done(made.store)
        assert done.result == "accepted"
        assert sum(r.method == "POST" for _, r in made.net.sent("telnyx")) == 1


async def test_a_variable_of_a_pack_is_used_from_the_reload_on(shm: Path, autojump_clock: Autojump) -> None:
    async with works(shm, ["13910000007"], [AGGREGATOR]) as made:
        await trio.sleep(HOUR)
        config = shm / "numtrustd.toml"
        config.write_text(config.read_text().replace("aggregator.example.invalid", "new.example.invalid"))
        await made.daemon.reload()
        await trio.sleep(DAY)
        assert made.net.sent("new.example.invalid")


BAD: dict[str, tuple[str, str]] = {
    "toml": ("numtrustd.toml", "[platforms\n"),
    "unknown key": ("numtrustd.toml", "[platforms]\nenable = []\nfancy = 1\n"),
    "number": ("numbers.csv", "number\n13910000007\nnot a number\n"),
    "credential": ("credentials/telnyx-api-key", ""),
}


@pytest.mark.parametrize("what", BAD)
async def test_a_bad_file_changes_nothing_and_says_where(
    what: str, shm: Path, autojump_clock: Autojump, runs: list[str]
) -> None:
    name, text = BAD[what]
    async with works(shm, ["13910000007", "+1 415 555 2671"], [SO360, TELNYX]) as made:
        await trio.sleep(HOUR)
        before = (made.numbers, made.sources, dict(made.daemon._ways), made.daemon.house.context)
        good = (shm / name).read_text()
        (shm / name).write_text(text)
        with pytest.raises(ReloadRejectedError) as rejected:
            await made.daemon.reload()
        assert any(Path(name).name in problem for problem in rejected.value.problems)
        [said] = made.log.of(ConfigRejected)
        assert said.count == len(rejected.value.problems)
        assert (made.numbers, made.sources, dict(made.daemon._ways), made.daemon.house.context) == before
        looks = len(made.net.sent("so.com"))
        await trio.sleep(DAY)
        assert len(made.net.sent("so.com")) > looks
        assert len(runs) == 2
        assert not made.log.of(SourceFailed)
        (shm / name).write_text(good)
        await made.daemon.reload()


async def test_files_that_are_gone_change_nothing(shm: Path, autojump_clock: Autojump) -> None:
    async with works(shm, ["13910000007"], [SO360]) as made:
        await trio.sleep(HOUR)
        (shm / "numbers.csv").unlink()
        with pytest.raises(ReloadRejectedError):
            await made.daemon.reload()
        (shm / "numtrustd.toml").unlink()
        with pytest.raises(ReloadRejectedError):
            await made.daemon.reload()
        await trio.sleep(DAY)
        assert list(made.numbers) == [MOBILE]


async def test_reloads_at_once_come_one_after_the_other(shm: Path, autojump_clock: Autojump) -> None:
    async with works(shm, ["13910000007"], [SO360]) as made:
        await trio.sleep(HOUR)
        made.rewrite([f"139100000{n:02d}" for n in range(4, 12)], [SO360, AGGREGATOR])
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(made.daemon.reload)
        assert [e.added for e in made.log.of(ConfigReloaded)] == [7, 0, 0]
        assert len(made.daemon.roster) == 8
        await trio.sleep(DAY)
        assert made.daemon.house.board.totals().clean == 8 * 5


async def test_a_number_that_is_about_to_go_opens_no_case_any_more(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers that go with it, and their sources, may take their time between its retirement and its end."""
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007", "13910000008"], [SO360], labels=(label,)) as made:
        roster = made.daemon.roster
        retire = roster.retire

        async def slowly(numbers: Any) -> None:
            await retire(numbers)
            await trio.sleep(3 * DAY)

        monkeypatch.setattr(roster, "retire", slowly)
        await trio.sleep(HOUR)
        write_config(shm, ["13910000008"], [SO360])
        await made.daemon.reload()
        assert [case for case in records.all_cases(made.store) if case.open] == []


async def test_what_a_reload_changes_of_the_numbers_is_worked_out_where_the_files_are_read(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []
    compared: list[tuple[int, bool]] = []
    difference = build.difference

    async def run(function: Callable[..., Any], *args: Any, **_: Any) -> Any:
        inside.append(True)
        try:
            return function(*args)
        finally:
            inside.pop()

    def noted(old: Any, new: Any) -> Any:
        compared.append((len(new), bool(inside)))
        return difference(old, new)

    async with works(shm, ["13910000007", "13910000008"], [SO360]) as made:
        monkeypatch.setattr(trio.to_thread, "run_sync", run)
        monkeypatch.setattr(build, "difference", noted)
        write_config(shm, [f"1391000000{n}" for n in range(9)], [SO360])
        result = await made.daemon.reload()
        assert result.numbers_added == 7
        assert [where for size, where in compared if size == 9] == [True]


class Disk:
    """Holds up whoever reads the configuration, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = self.most = self.now = 0
        self.free = trio.Event()
        monkeypatch.setattr(trio.to_thread, "run_sync", self.run)

    async def run(self, function: Callable[..., Any], *args: Any, abandon_on_cancel: bool, **_: Any) -> Any:
        self.asked, self.now = self.asked + 1, self.now + 1
        self.most = max(self.most, self.now)
        with trio.CancelScope(shield=not abandon_on_cancel):
            await self.free.wait()
        self.now -= 1
        return function(*args)


async def test_hangups_are_coalesced_and_a_stop_waits_for_no_reload(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with works(shm, ["13910000007"], [SO360]) as made:
        send, signals = trio.open_memory_channel[int](20)
        ended = trio.Event()

        async def serve() -> None:
            await made.daemon._serve_signals(signals)
            ended.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            disk = Disk(monkeypatch)
            for _ in range(5):
                send.send_nowait(signal.SIGHUP)
                await trio.testing.wait_all_tasks_blocked()
            assert disk.asked == 1
            disk.free.set()
            await trio.sleep(1)
            assert (disk.asked, disk.most) == (2, 1), "one that runs, one for all that came meanwhile"
            assert len(made.log.of(ConfigReloaded)) == 2
            disk.free = trio.Event()
            send.send_nowait(signal.SIGHUP)
            await trio.testing.wait_all_tasks_blocked()
            assert disk.now == 1
            send.send_nowait(signal.SIGTERM)
            with trio.fail_after(1):
                await ended.wait()
        assert len(made.log.of(ConfigReloaded)) == 2
        assert [e.signal for e in made.log.of(DaemonStopping)] == ["SIGTERM"]


async def test_a_configuration_that_cannot_be_read_in_time_is_refused_and_the_next_one_may_be_read(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with works(shm, ["13910000007"], [SO360]) as made:
        disk = Disk(monkeypatch)
        with trio.fail_after(LOADING + 1), pytest.raises(ReloadRejectedError) as rejected:
            await made.daemon.reload()
        assert [f"not read within {LOADING:g} s" in problem for problem in rejected.value.problems] == [True]
        assert len(made.log.of(ConfigRejected)) == 1
        disk.free.set()
        await made.daemon.reload()


async def test_papers_newly_on_file_wake_a_case_that_waits_for_them(shm: Path, autojump_clock: Autojump) -> None:
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007"], [SO360], labels=(label,)) as made:
        config = shm / "numtrustd.toml"
        complete = config.read_text()
        config.write_text(complete[: complete.index("[[evidence]]")])
        await made.daemon.reload()
        await made.until(lambda: made.log.of(CaseOpened))
        await trio.sleep(HOUR)
        [case] = records.all_cases(made.store)
        assert case.snapshot.state == "gathering"
        assert made.log.of(EvidenceMissing)
        config.write_text(complete)
        await made.daemon.reload()
        await trio.sleep(1)
        [case] = records.all_cases(made.store)
        assert case.snapshot.state == "at_person"
        consistent(made.store)


async def test_a_number_that_leaves_takes_its_cases_and_tasks_along(shm: Path, autojump_clock: Autojump) -> None:
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007", "13910000008"], [SO360], labels=(label,)) as made:
        await made.until(lambda: made.daemon.house.board.tasks_open)
        made.rewrite(["13910000008"], [SO360])
        await made.daemon.reload(give_up=True)
        [case] = records.all_cases(made.store)
        assert (case.outcome, case.moves[-1].by) == ("withdrawn", "configuration")
        assert made.daemon.house.board.tasks_open == 0
        assert len(made.daemon.timers) == 0
        consistent(made.store)


async def test_a_list_that_was_cut_short_ends_no_case(shm: Path, autojump_clock: Autojump) -> None:
    """An export that failed halfway is a list like any other: nothing but a person can say that it is meant so."""
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007", "13910000008"], [SO360], labels=(label,)) as made:
        await made.until(lambda: made.daemon.house.board.tasks_open)
        made.rewrite(["13910000008"], [SO360])
        for reloads in (lambda: made.daemon.reload(), lambda: ask(made, "Reload")):
            with pytest.raises((ReloadRejectedError, CallError)) as refused:
                await reloads()
            said = str(refused.value if isinstance(refused.value, CallError) else refused.value.problems)
            assert f"numbers.csv:1: number: {MOBILE}: no longer named, with open cases: 1: put the rows back" in said
            assert "numtrustctl reload --give-up" in said
        assert made.log.of(ConfigRejected)[-1].count == 1
        assert not made.log.of(NumberRemoved)
        [case] = records.all_cases(made.store)
        assert case.open
        made.rewrite(["13910000007", "13910000008"], [SO360])
        assert (await made.daemon.reload()).numbers_removed == 0
        made.rewrite(["13910000007"], [SO360])
        assert (await made.daemon.reload()).numbers_removed == 1, "nothing is open of this one"
        made.rewrite(["13910000008"], [SO360])
        await ask(made, "Reload", give_up=True)
        [case] = records.all_cases(made.store)
        assert not case.open


async def test_a_start_without_a_number_that_has_cases_says_so_and_ends_none(
    shm: Path, autojump_clock: Autojump
) -> None:
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007", "13910000008"], [SO360], labels=(label,)) as made:
        await made.until(lambda: made.daemon.house.board.tasks_open)
    async with works(shm, ["13910000008"], [SO360], later=2 * HOUR) as made:
        [said] = made.log.of(NumberRemoved)
        assert (said.number, said.why) == (MOBILE, "no longer configured; its open cases rest until it is again: 1")
        [warned] = made.log.of(NumberCasesRest)
        assert (warned.open_cases, warned.resting) == (1, (MOBILE,))
        await says_what_rests(made)
    async with works(shm, ["13910000007", "13910000008"], [SO360], later=2 * HOUR) as made:
        assert not made.log.of(NumberRemoved)
        assert not made.log.of(NumberCasesRest)
        [case] = records.all_cases(made.store)
        assert case.open
        assert (await ask(made, "GetStatus")).resting_cases is None
        assert (await ask(made, "GetCase", case=case.id)).rests is None


async def test_cases_that_rest_go_on_when_a_reload_brings_their_number_back(
    shm: Path, autojump_clock: Autojump
) -> None:
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007", "13910000008"], [SO360], labels=(label,)) as made:
        await made.until(lambda: made.daemon.house.board.tasks_open)
    async with works(shm, ["13910000008"], [SO360], later=2 * HOUR) as made:
        made.rewrite(["13910000007", "13910000008"], [SO360])
        await made.daemon.reload()
        await trio.sleep(1)
        told = await ask(made, "GetStatus")
        assert (told.resting_cases, told.open_cases) == (None, 1)
        assert made.daemon.pulse.figures().resting_cases is None
        assert "NOTHING IS DONE" not in made.daemon.pulse.line()


async def says_what_rests(made: Works) -> None:
    """Wherever somebody looks for the case, he hears that nobody works on it, and what helps."""
    told = await ask(made, "GetStatus")
    assert (told.resting_cases, told.resting_numbers, told.open_cases) == (1, (MOBILE,), 0)
    assert f"NOTHING IS DONE FOR 1 CASE: {MOBILE} no longer in the numbers" in made.daemon.pulse.line()
    assert made.daemon.pulse.figures().resting_cases == 1
    [case] = records.all_cases(made.store)
    view = await ask(made, "GetCase", case=case.id)
    assert view.rests == "its number is no longer watched: nothing is done for it, and no deadline runs"
    assert (view.waits_for, view.due, view.task) == ("nobody", None, None)
    assert "put the number back into the numbers, then `numtrustctl reload`" in view.then
    with pytest.raises(CallError) as refused:
        await ask(made, "Explain", number=MOBILE)
    assert "put it back into the numbers, then reload" in str(refused.value)


async def test_what_was_declared_is_known_again_after_a_restart(shm: Path, autojump_clock: Autojump) -> None:
    declared = Maintenance(DEMO_ORIGIN, "eve", "industry")
    async with works(shm, ["13910000007"], [SO360]) as made:
        await trio.sleep(HOUR)
        batch = Batch()
        records.put_platform(batch, PlatformRecord("so360", declared))
        await made.store.commit(batch)
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007"], [SO360], labels=(label,), later=2 * HOUR) as made:
        assert made.daemon.house.maintenance == {"so360": declared}
        await made.until(lambda: made.log.of(CaseOpened))
        await trio.sleep(3 * DAY)
        [case] = records.all_cases(made.store)
        assert case.snapshot.state == "waiting"


async def ask(made: Works, method: str, **params: Any) -> Any:
    """Call a method as a client would."""
    control = Control(
        made.daemon.house,
        made.daemon.roster,
        made.daemon.sources.actors,
        version="0.0.test",
        started_at=made.clock.now(),
        reload=made.daemon.reload,
        silences=made.daemon.silences,
    )
    known = {**control.status_interface().methods, **control.control_interface().methods}
    asked = msgspec.json.decode(msgspec.json.encode(params), type=known[method].params)
    return await known[method].handler(asked, Call(method, Peer(pid=1, uid=2, gid=3), more=False))  # type: ignore[misc]  # no stream


async def test_silences_and_acks_stay_whatever_is_reloaded(shm: Path, autojump_clock: Autojump) -> None:
    labels = tuple(Label(number, "so360", "骚扰电话", at=at * DAY, marks=9) for number, at in ((MOBILE, 1), (OTHER, 4)))
    both = ["13910000007", "13910000008"]
    async with works(shm, both, [SO360], labels=labels) as made:
        await made.until(lambda: made.daemon.house.board.tasks_open)
        [case] = records.all_cases(made.store)
        acked = await ask(made, "Ack", case=case.id, reason="the boss knows", author="li")
        said = {"seconds": 30 * DAY, "reason": "known", "author": "wu"}
        by_platform = (await ask(made, "SilenceAdd", targets=["so360"], **said)).row
        by_number = (await ask(made, "SilenceAdd", targets=["13910000007"], **said)).row
        before = dict(made.daemon.house.silences)
        assert set(before) == {by_platform.silence, by_number.silence}
        for numbers, sources, more in (
            (both, [SO360], ""),
            ([*both, "13910000009"], [SO360, AGGREGATOR], ""),
            (both, [SO360], '[source."so360.onebox"]\ninterval = "20s"\n'),
        ):
            made.rewrite(numbers, sources, more)
            await made.daemon.reload()
            await trio.sleep(60)
            assert made.daemon.house.silences == before
            assert [s.silence for s in (await ask(made, "ListSilences")).silences] == sorted(before)
            seen = await ask(made, "GetCase", case=case.id)
            assert (seen.state, seen.acked_by) == (acked.state, "li")
        assert not made.log.of(SilenceEnded)
        await made.until(lambda: [e for e in made.log.of(FindingOpened) if e.number == OTHER])
        told = [r for r in made.log.records if r["event.action"] == "finding.opened" and r["numtrust.number"] == OTHER]
        assert {r["numtrust.silenced"] for r in told} == {by_platform.silence}
        assert {r["log.level"] for r in told} == {"info"}
        (shm / "numbers.csv").write_text("number\nnot a number\n")
        with pytest.raises(ReloadRejectedError):
            await made.daemon.reload()
        assert made.daemon.house.silences == before


async def test_a_paper_that_is_put_on_file_amidst_a_reload_is_kept(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = shm / "by-hand.pdf"
    paper.write_text("by hand")

    def on_file(made: Works) -> list[str]:
        return [d.path for d in made.daemon.house.context.documents if d.path == str(paper)]

    async with works(shm, ["13910000007"], [SO360]) as made:
        daemon = made.daemon

        async def retire(numbers: object) -> None:
            """Numbers that go may take seconds to do so."""
            await daemon.papers.add(Document("licence", str(paper)), "li")

        with monkeypatch.context() as during:
            during.setattr(daemon.roster, "retire", retire)
            await daemon.reload()
        assert on_file(made)
        await daemon.papers.check()
        assert on_file(made)
        assert str(paper) in [entry.path for entry in records.all_papers(made.store)]


async def test_a_reload_while_a_paper_is_stored_is_not_taken_back(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = shm / "by-hand.pdf"
    paper.write_text("by hand")
    async with works(shm, ["13910000007"], [SO360]) as made:
        daemon, commit = made.daemon, made.store.commit
        before = {d.path for d in daemon.house.context.documents}
        gone = shm / "evidence" / f"{EVIDENCE[0]}.txt"

        async def slowly(batch: Batch, *, now: float | None = None) -> None:
            monkeypatch.setattr(made.store, "commit", commit)
            await daemon.reload()
            await commit(batch, now=now)

        config = shm / "numtrustd.toml"
        entry = f'\n[[evidence]]\nkind = "{EVIDENCE[0]}"\npath = "evidence/{EVIDENCE[0]}.txt"\n'
        assert entry in config.read_text()
        config.write_text(config.read_text().replace(entry, ""))
        monkeypatch.setattr(made.store, "commit", slowly)
        await daemon.papers.add(Document("licence", str(paper)), "li")
        assert {d.path for d in daemon.house.context.documents} == (before - {str(gone)}) | {str(paper)}
        monkeypatch.setattr(made.store, "commit", commit)
        await daemon.papers.remove("licence", str(paper), "li")
        assert {d.path for d in daemon.house.context.documents} == before - {str(gone)}


async def test_a_platform_that_is_to_be_looked_at_more_often_is_so_from_the_reload_on(
    shm: Path, autojump_clock: Autojump
) -> None:
    often = '[platform.so360]\ncadence = "{}"\n'
    async with works(shm, ["13910000007"], [SO360], more=often.format("20d")) as made:
        await trio.sleep(60 * DAY)  # it is new no more
        looks = len(made.net.sent("so.com"))
        made.rewrite(["13910000007"], [SO360], often.format("2h"))
        await made.daemon.reload()
        await trio.sleep(DAY)
        assert len(made.net.sent("so.com")) > looks + 6


async def test_a_number_that_opens_a_case_while_it_is_about_to_go_gives_it_up(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look that it has in hand is not stored yet when it hears that it goes."""
    label = Label(MOBILE, "so360", "骚扰电话", at=DAY, marks=9)
    async with works(shm, ["13910000007", "13910000008"], [SO360], labels=(label,)) as made:
        commit, held, free = made.store.commit, trio.Event(), trio.Event()

        async def slow(batch: Batch, **more: Any) -> None:
            if any(table is Table.CASE for table, _ in batch.ops) and not held.is_set():
                held.set()
                await free.wait()
            await commit(batch, **more)

        monkeypatch.setattr(made.store, "commit", slow)
        await held.wait()
        write_config(shm, ["13910000008"], [SO360])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(made.daemon.reload)
            await trio.sleep(1)
            free.set()
        [case] = records.all_cases(made.store)
        assert case.outcome == "withdrawn"


async def test_a_reload_that_is_given_up_leaves_the_numbers_at_work(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with works(shm, ["13910000007", "13910000008"], [SO360]) as made:
        roster = made.daemon.roster

        async def stuck(actor: Any) -> None:
            await trio.sleep_forever()

        monkeypatch.setattr(roster, "_retire", stuck)
        write_config(shm, ["13910000008"], [SO360])
        with trio.move_on_after(HOUR):
            await made.daemon.reload()
        assert not any(actor.leaving for actor in roster._actors.values())
