"""A backup is put back: what was sent since is forgotten, so every open case makes sure before anything is sent."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.channels.spec import Channel, HttpChannel
from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import Daemon
from numtrustd.domain.case import Case
from numtrustd.domain.workflows.appeal import S
from numtrustd.events import ActionSent, StoreRestored, TaskOpened
from numtrustd.sim.script import Label, Mood, Review, Story
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from numtrustd.store import Store, records
from tests.logcheck import MemoryLog
from tests.virtual import MemoryWay, loaded_from, write_config

DAY = 86_400.0
HOUR = 3_600.0


def _blind(channel: Channel) -> Channel:
    """Which can send, and not look up what has arrived."""
    return structs.replace(channel, look_up=None) if isinstance(channel, HttpChannel) else channel


@contextlib.asynccontextmanager
async def at_work(
    config: Path, state: Path, service: Service, log: MemoryLog, clock: VirtualClock
) -> AsyncIterator[Store]:
    async with daemon_at_work(config, state, service, log, clock) as daemon:
        yield daemon.house.store


@contextlib.asynccontextmanager
async def daemon_at_work(
    config: Path, state: Path, service: Service, log: MemoryLog, clock: VirtualClock, *, look_up: bool = True
) -> AsyncIterator[Daemon]:
    loaded = loaded_from(config)
    if not look_up:
        loaded = structs.replace(loaded, channels={name: _blind(channel) for name, channel in loaded.channels.items()})
    with Store.open(state, init=True, map_size=1 << 26, now=clock.now(), inline=True) as store:
        daemon = Daemon(loaded, store, log, clock, Random(1), {})
        async with daemon.working(MemoryWay(service, clock)):
            yield daemon


@pytest.mark.covers("S10")
async def test_a_submission_made_after_the_backup_is_found_and_not_made_again(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    number = "+14155552671"
    story = Story(
        "s",
        (Label(number, "telnyx", "Telemarketing", at=DAY), Review("telnyx", (Mood.APPROVE,), number, 2 * DAY, HOUR)),
    )
    config = write_config(tmp_path, ["+1 415 555 2671"], ["telnyx.reputation"], "[appeal]\napproval = 'ask'\n")
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=3, origin=DEMO_ORIGIN, numbers=[number], story=story))
    log = MemoryLog(clock)
    async with at_work(config, tmp_path / "state", service, log, clock) as store:
        await clock.sleep(3 * DAY)
        assert [c.snapshot.state for c in records.all_cases(store)] == [S.WAITING], "it waits for approval"
        await store.backup(tmp_path / "copy")
    # Life goes on: the appeal is approved and sent.
    config.write_text(config.read_text().replace("'ask'", "'automatic'"))
    async with at_work(config, tmp_path / "state", service, log, clock) as store:
        await clock.sleep(1.5 * DAY)
        assert [c.snapshot.state for c in records.all_cases(store)] == [S.IN_REVIEW]
    assert len(log.of(ActionSent)) == 1
    # The disk dies, the backup is put back: it knows nothing of the submission.
    async with at_work(config, tmp_path / "copy", service, log, clock) as store:
        await clock.sleep(1)
        assert log.of(StoreRestored)
        assert [c.snapshot.state for c in records.all_cases(store)] == [S.UNCERTAIN]
        assert (store.restored_from, [*records.all_unsure(store)]) == (None, []), "reconciled, and so acknowledged"
        await clock.sleep(20 * DAY)
        assert [c.snapshot.state for c in records.all_cases(store)] == [S.CLEARED]
    assert len(log.of(ActionSent)) == 1, "it was looked up, found, and never sent again"
    assert not service.world.duplicates()


@pytest.mark.covers("S10", "W4")
@pytest.mark.parametrize("days", [2])
async def test_where_nothing_can_be_looked_up_a_person_is_asked(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, days: int
) -> None:
    number = "+8613910000007"
    story = Story("s", (Label(number, "baidu", "广告营销", at=DAY / 2),))
    config = write_config(tmp_path, ["139 1000 0007"], ["contract_aggregator.query"])
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=3, origin=DEMO_ORIGIN, numbers=[number], story=story))
    log = MemoryLog(clock)
    async with at_work(config, tmp_path / "state", service, log, clock) as store:
        await clock.sleep(days * DAY)
        [case] = records.all_cases(store)
        assert case.snapshot.state == S.AT_PERSON
        await store.backup(tmp_path / "copy")
    async with at_work(config, tmp_path / "copy", service, log, clock) as store:
        await clock.sleep(1)
        [case] = records.all_cases(store)
        assert case.snapshot.state == S.ASKING
        assert log.of(TaskOpened)[-1].kind == "did_it_arrive"


@pytest.mark.covers("S10")
@pytest.mark.parametrize("restarts", [1, 2])
@pytest.mark.parametrize("away", ["parked", "not configured"])
async def test_a_number_that_comes_back_later_makes_sure_as_well(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, away: str, restarts: int
) -> None:
    number = "+14155552671"
    story = Story(
        "s",
        (Label(number, "telnyx", "Telemarketing", at=DAY), Review("telnyx", (Mood.APPROVE,), number, 2 * DAY, HOUR)),
    )
    config = write_config(tmp_path, ["+1 415 555 2671"], ["telnyx.reputation"], "[appeal]\napproval = 'ask'\n")
    rows, copy = tmp_path / "numbers.csv", tmp_path / "copy"
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=3, origin=DEMO_ORIGIN, numbers=[number], story=story))
    log = MemoryLog(clock)
    async with daemon_at_work(config, tmp_path / "state", service, log, clock) as daemon:
        await clock.sleep(3 * DAY)
        if away == "parked":
            await daemon.roster.park(number, "kim", "its line is being moved")
        await daemon.house.store.backup(copy)
        if away == "parked":
            await daemon.roster.unpark(number, "kim")
    config.write_text(config.read_text().replace("'ask'", "'automatic'"))
    async with at_work(config, tmp_path / "state", service, log, clock):
        await clock.sleep(1.5 * DAY)
    assert len(log.of(ActionSent)) == 1
    configured = rows.read_text()
    if away == "not configured":
        rows.write_text("number\n+1 415 555 2600\n")
    for _ in range(restarts):
        async with at_work(config, copy, service, log, clock) as store:
            await clock.sleep(DAY)
            assert [c.snapshot.state for c in records.all_cases(store)] == [S.WAITING]
            assert [*records.all_unsure(store)] == [f"{number}/telnyx/1"]
    rows.write_text(configured)
    async with daemon_at_work(config, copy, service, log, clock) as daemon:
        if away == "parked":
            await daemon.roster.unpark(number, "kim")
        await clock.sleep(20 * DAY)
        assert [c.snapshot.state for c in records.all_cases(daemon.house.store)] == [S.CLEARED]
        assert not daemon.house.unsure
    assert len(log.of(ActionSent)) == 1, "it was looked up, found, and never sent again"
    assert not service.world.duplicates()


@pytest.mark.covers("S10")
async def test_what_was_opened_since_is_looked_up_before_it_goes_out(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """The backup has no such case at all."""
    sent, again, case, service = await forgotten(tmp_path, "automatic", look_up=True)
    assert not again
    assert case.id == sent.case
    assert case.snapshot.state == S.IN_REVIEW
    assert not service.world.duplicates()
    assert not service.world.state.repeats


@pytest.mark.covers("S10")
@pytest.mark.parametrize("approval", ["automatic", "ask"])
async def test_where_nothing_can_be_looked_up_what_was_opened_since_goes_out_again_unless_a_person_has_to_approve(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, approval: str
) -> None:
    """What is said of it to whoever puts a backup back, and that the remedy is one."""
    sent, again, case, service = await forgotten(tmp_path, approval, look_up=False)
    if approval == "ask":
        assert case.snapshot.state == S.WAITING
        assert not again
    else:
        assert case.id == sent.case
        assert again[0].ref == sent.ref, "by which the platform may know it"
        assert not service.world.duplicates(), "as this one does"


async def forgotten(
    tmp_path: Path, approval: str, *, look_up: bool
) -> tuple[ActionSent, list[ActionSent], Case, Service]:
    """(What was submitted since the backup, what was submitted after it was put back, the case then, the platforms)."""
    number = "+14155552671"
    review = Review("telnyx", (Mood.APPROVE,), number, 20 * DAY, HOUR)
    story = Story("s", (Label(number, "telnyx", "Telemarketing", at=DAY), review))
    config = write_config(tmp_path, ["+1 415 555 2671"], ["telnyx.reputation"], "[appeal]\napproval = 'automatic'\n")
    clock = VirtualClock(DEMO_ORIGIN)
    service = Service(World.create(seed=3, origin=DEMO_ORIGIN, numbers=[number], story=story))
    log = MemoryLog(clock)
    async with daemon_at_work(config, tmp_path / "state", service, log, clock, look_up=look_up) as daemon:
        store = daemon.house.store
        await clock.sleep(DAY / 2)
        assert not [*records.all_cases(store)]
        await store.backup(tmp_path / "copy")
        await clock.sleep(3 * DAY)
        assert [c.snapshot.state for c in records.all_cases(store)] == [S.IN_REVIEW]
    [sent] = log.of(ActionSent)
    config.write_text(config.read_text().replace("'automatic'", f"'{approval}'"))
    async with daemon_at_work(config, tmp_path / "copy", service, log, clock, look_up=look_up) as daemon:
        await clock.sleep(3 * DAY)
        [case] = records.all_cases(daemon.house.store)
    return sent, log.of(ActionSent)[1:], case, service
