"""A source that is down sees nobody: every number whose look is overdue for it becomes blind, not only those probed."""

from pathlib import Path

import pytest
import trio.testing

from numtrustd.events import FindingOpened, SourceFailed, SourceRecovered
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


CROWD = tuple(f"+86138{n:08}" for n in range(150))


async def test_numbers_that_no_probe_was_about_are_told_that_nobody_looks(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, numbers=CROWD) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in CROWD))
        seen = max(house.record(n).looks["beta.api"].at for n in CROWD)
        house.beta.weather = "blocked"
        began = len(house.beta.requests)
        await house.until(lambda: house.log.of(SourceFailed))
        await house.sleep(2.5 * DAY)
        assert len(house.beta.requests) - began < len(CROWD) * 2 / 3
        assert all(house.record(n).verdicts["beta"].blind_since is not None for n in CROWD)
        missed = [n for n in CROWD if house.record(n).looks["beta.api"].made_at <= seen]
        assert len(missed) > len(CROWD) / 3, "most were in no probe"


async def test_the_latest_look_is_one_that_was_made_and_the_missed_one_is_told_beside_it(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, numbers=CROWD) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in CROWD))
        house.alpha.weather = house.beta.weather = "blocked"
        await house.until(lambda: len(house.log.of(SourceFailed)) == 2)
        began = house.clock.now()
        await house.sleep(2 * DAY)
        number = next(n for n in CROWD if 0 < house.record(n).looks["beta.api"].made_at < began)
        look = house.record(number).looks["beta.api"]
        view = await house.ask("GetNumber", number=number)
        row = next(row for row in view.platforms if row.platform == "beta")
        assert row.last_look.timestamp() == pytest.approx(look.made_at)
        assert row.last_said == "clean"
        assert row.missed_look.timestamp() == pytest.approx(look.at)
        [through] = row.views
        assert (through.missed, through.looked_at, through.status) == (True, row.last_look, "unknown")
        [page] = await house.ask("ListNumbers", limit=200)
        told = next(row for row in page.numbers if row.number == number)
        assert told.last_look is not None
        assert told.last_look.timestamp() < began + HOUR
        line = next(line for line in (await house.ask("Explain", number=number, platform="beta")).lines)
        assert "was last looked through 2" in line.why
        assert "and was not made, because the source is down (blocked)" in line.why
        house.alpha.weather = house.beta.weather = "fine"
        await house.until(lambda: not house.record(number).looks["beta.api"].missed, within=2 * DAY)
        row = next(r for r in (await house.ask("GetNumber", number=number)).platforms if r.platform == "beta")
        assert (row.missed_look, row.last_said) == (None, "clean")


async def test_what_was_missed_is_no_look_that_saw_nothing(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=CROWD) as house:
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in CROWD))
        house.beta.weather = "blocked"
        await house.until(lambda: house.log.of(SourceFailed))
        await house.sleep(DAY)
        house.beta.weather = "fine"
        await house.until(lambda: house.log.of(SourceRecovered))
        missed = [n for n in CROWD if house.record(n).looks["beta.api"].missed]
        actor = house.sources.actors["beta.api"]
        number = next(n for n in missed if (due := actor.due_of(n)) is not None and due > house.clock.now() + 60)
        line = next(iter((await house.ask("Explain", number=number, platform="beta")).lines))
        assert "the source was down when the last look was due: every" in line.next
