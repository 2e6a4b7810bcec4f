"""When the next look comes: a marked feeder, a peak, hours, and a number of which nothing changes."""

import itertools
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import trio.testing
from msgspec import structs

from numtrustd.domain.cadence import CadencePolicy, Peak
from numtrustd.domain.platform import Feed
from tests.actors.house import DAY, HOUR, MOBILE, TestHouse, make_house, number, platform, source

Clock = trio.testing.MockClock
STEADY = CadencePolicy(jitter=0.0, new_number_days=0.0)


async def gaps(house: TestHouse, span: float) -> list[float]:
    """Seconds between the looks at `beta` in the time to come, each rounded to ten minutes."""
    times: list[float] = []
    seen = len(house.beta.looks)
    until = house.clock.now() + span
    while house.clock.now() < until:
        await house.sleep(60.0)
        if len(house.beta.looks) > seen:
            seen = len(house.beta.looks)
            times.append(house.clock.now())
    return [round((b - a) / 600.0) * 600.0 for a, b in itertools.pairwise(times)]


async def test_readers_of_a_marked_platform_are_looked_at_sooner_while_a_copy_may_come(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    feeds = {"alpha": platform("alpha", feeds=(Feed("beta", (0.0, DAY)),)), "beta": platform("beta")}
    async with make_house(tmp_path, platforms=feeds, cadence=STEADY) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().verdicts["alpha"].marked)
        await house.sleep(2 * HOUR)
        assert set(await gaps(house, 10 * HOUR)) == {2 * HOUR}
        lines = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "a platform that feeds this one is marked" in lines[0].next
        await house.sleep(2 * DAY)
        assert set(await gaps(house, DAY)) == {6 * HOUR}


async def test_a_peak_shortens_what_is_usual(tmp_path: Path, autojump_clock: Clock) -> None:
    never = Peak("never", hours="00:00-00:01", days="02-29", factor=0.1)
    busy = structs.replace(STEADY, peak=(Peak("all days", days="mon-sun", factor=0.5), never))
    async with make_house(tmp_path, cadence=busy) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        assert set(await gaps(house, DAY)) == {3 * HOUR}
        lines = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "it is the peak all days: every 3 h" in lines[0].next


async def test_looks_are_made_in_their_hours_only(tmp_path: Path, autojump_clock: Clock) -> None:
    only = source("beta", hours="09:00-18:00", cadence=2 * HOUR)
    sources = {"alpha.api": source("alpha"), "beta.api": only}
    async with make_house(tmp_path, sources=sources, cadence=STEADY) as house:
        zone, hours, count = ZoneInfo("Asia/Shanghai"), set(), 0
        for _ in range(4 * 24 * 12):
            await house.sleep(300.0)
            if len(house.beta.looks) > count:
                count = len(house.beta.looks)
                hours.add(datetime.fromtimestamp(house.clock.now() - 300.0, UTC).astimezone(zone).hour)
        assert count > 12
        assert hours <= set(range(8, 18)), "at most five minutes before what was seen five minutes later"
        lines = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "only at 09:00-18:00 (Asia/Shanghai)" in lines[0].next
        night = datetime.fromtimestamp(house.clock.now(), UTC).astimezone(zone).hour
        before = len(house.beta.looks)
        await house.ask("Look", number=MOBILE, platform="beta")
        assert len(house.beta.looks) == before + 1, f"a person's look at {night} h is not put off"


async def test_a_number_of_which_nothing_changes_is_looked_at_less(tmp_path: Path, autojump_clock: Clock) -> None:
    calm = structs.replace(STEADY, quiet_after=3 * DAY)
    async with make_house(tmp_path, cadence=calm) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        assert set(await gaps(house, DAY)) == {6 * HOUR}
        await house.sleep(3 * DAY)
        assert set(await gaps(house, 2 * DAY)) == {12 * HOUR}
        lines = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "nothing has changed for" in lines[0].next
        house.beta.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().verdicts["beta"].marked)
        assert max(await gaps(house, DAY)) <= 6 * HOUR


async def test_the_number_goes_before_the_platform_and_that_before_the_source(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, cadence=STEADY, cadences={"beta": 4 * HOUR}) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        assert set(await gaps(house, DAY)) == {4 * HOUR}
    (tmp_path / "own").mkdir()
    own = number(MOBILE, cadence=HOUR)
    async with make_house(tmp_path / "own", numbers=(own,), cadence=STEADY, cadences={"beta": 4 * HOUR}) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        assert set(await gaps(house, 8 * HOUR)) == {HOUR}
