"""A source that is down sees nobody: every number whose look is overdue for it becomes blind, not only those probed."""

from pathlib import Path

import trio.testing

from numtrustd.events import FindingOpened, SourceFailed
from tests.actors.house import DAY, HOUR, LANDLINE, MOBILE, OTHER_MOBILE, make_house

Clock = trio.testing.MockClock
FLEET = (MOBILE, OTHER_MOBILE, LANDLINE)


async def test_all_numbers_of_a_source_that_is_down_are_blind(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=FLEET) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in FLEET))
        house.beta.weather = "blocked"
        await house.until(lambda: house.log.of(SourceFailed))
        requests = len(house.beta.requests)
        await house.sleep(2.5 * DAY)
        blind = {e.number for e in house.log.of(FindingOpened) if (e.platform, e.finding) == ("beta", "blind")}
        assert blind == set(FLEET)
        assert len(house.beta.requests) - requests < 80, "its few probes alone; nobody else is asked after"
        for n in FLEET:
            assert house.record(n).verdicts["beta"].blind_since is not None
            assert not house.record(n).verdicts["beta"].marked
        house.beta.weather = "fine"
        await house.until(lambda: all(house.record(n).verdicts["beta"].blind_since is None for n in FLEET), within=DAY)


async def test_what_nobody_looked_at_is_not_counted_as_a_look(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=FLEET) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in FLEET))
        house.alpha.weather = house.beta.weather = "blocked"
        await house.until(lambda: len(house.log.of(SourceFailed)) == 2)
        await house.sleep(DAY)
        made = len(house.alpha.requests) + len(house.beta.requests)
        assert (await house.ask("GetStatus")).looks_total == made
        await house.sleep(HOUR)
