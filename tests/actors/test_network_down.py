"""Our own network goes down and comes back: said once each, no source blamed, and looks go on at once."""

from pathlib import Path

import trio.testing

from numtrustd.events import NetworkDown, NetworkUp, ObservationRecorded, SourceFailed
from tests.actors.house import DAY, HOUR, LANDLINE, MOBILE, OTHER_MOBILE, make_house

Clock = trio.testing.MockClock
FLEET = (MOBILE, OTHER_MOBILE, LANDLINE)


async def test_it_is_said_once_and_nobody_is_blamed(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=FLEET) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in FLEET))
        house.alpha.weather = house.beta.weather = "shut"
        await house.until(lambda: house.log.of(NetworkDown))
        [down] = house.log.of(NetworkDown)
        assert down.hosts == ("alpha.example.invalid", "beta.example.invalid")
        failed = len(house.log.of(SourceFailed))
        status = await house.ask("GetStatus")
        assert status.network_down_since is not None
        assert "our own network is down" in status.summary
        began = house.clock.now()
        requests = len(house.alpha.requests) + len(house.beta.requests)
        await house.sleep(HOUR)
        assert len(house.log.of(SourceFailed)) == failed, "no source is to blame"
        made = len(house.alpha.requests) + len(house.beta.requests) - requests
        assert 0 < made <= HOUR / 30.0 + 2, "one at a time finds out"
        house.alpha.weather = house.beta.weather = "fine"
        await house.until(lambda: house.log.of(NetworkUp))
        [up] = house.log.of(NetworkUp)
        assert up.down_seconds >= house.clock.now() - began - 60.0
        assert (await house.ask("GetStatus")).network_down_since is None
        await house.sleep(HOUR)
        assert len(house.log.of(NetworkDown)) == 1
        seen = [o for o in house.log.of(ObservationRecorded) if o.reason is None and o.number in FLEET]
        assert {(o.number, o.source) for o in seen[-6:]} == {(n, s) for n in FLEET for s in ("alpha.api", "beta.api")}


async def test_one_platform_that_is_out_of_reach_is_its_own_trouble(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=FLEET) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in FLEET))
        house.alpha.weather = "shut"
        await house.until(lambda: house.log.of(SourceFailed))
        await house.sleep(DAY)
        assert not house.log.of(NetworkDown)
        assert [f.source for f in house.log.of(SourceFailed)] == ["alpha.api"]


async def test_explain_says_why_nothing_is_looked_at(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=FLEET) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in FLEET))
        house.alpha.weather = house.beta.weather = "shut"
        await house.until(lambda: house.log.of(NetworkDown))
        await house.sleep(600.0)
        lines = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        assert "our own network is down" in lines[0].next
