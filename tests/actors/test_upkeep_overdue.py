"""A maintenance that takes longer than its kind does is said once, whatever happens around it; so are unknown years."""

from pathlib import Path

import trio.testing

from numtrustd.domain.maintenance import MaintenanceKind, MaintenanceRules
from numtrustd.events import CalendarUnknown, PlatformMaintenance
from tests.actors.house import DAY, HOUR, MOBILE, T0, TestHouse, make_house

Clock = trio.testing.MockClock


def overdue(house: TestHouse) -> list[PlatformMaintenance]:
    return [e for e in house.log.of(PlatformMaintenance) if e.state == "overdue"]


async def test_it_is_said_once_over_a_restart_and_shown(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.ask("MaintenanceStart", platform="alpha", kind="major", author="sun")
        await house.ask("MaintenanceStart", platform="beta", author="sun")
        await house.sleep(5 * DAY - HOUR)
        assert not overdue(house)
        await house.sleep(2 * HOUR)
        [said] = overdue(house)
        assert (said.platform, said.kind) == ("alpha", "major")
        assert "should have been over by 2026-09-26" in (said.why or "")
        rows = {row.platform: row for row in (await house.ask("ListPlatforms")).platforms}
        assert rows["alpha"].maintenance.overdue is True
        assert rows["beta"].maintenance.overdue is None
        lines = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        assert any("longer than its kind does: ask the platform" in line.next for line in lines)
        await house.sleep(30 * DAY)
        assert len(overdue(house)) == 1
    async with make_house(tmp_path, start=T0 + 40 * DAY) as house:
        await house.sleep(10 * DAY)
        assert not overdue(house)
        await house.ask("MaintenanceEnd", platform="alpha", author="sun")
        await house.ask("MaintenanceStart", platform="alpha", kind="routine", author="sun")
        await house.sleep(5 * HOUR)
        assert len(overdue(house)) == 1


async def test_one_that_became_overdue_while_nobody_was_there(tmp_path: Path, autojump_clock: Clock) -> None:
    rules = MaintenanceRules(routine=MaintenanceKind((HOUR, 12 * HOUR)))
    async with make_house(tmp_path, maintenance=rules) as house:
        await house.ask("MaintenanceStart", platform="alpha", kind="routine", author="sun")
        await house.sleep(11 * HOUR)
        assert not overdue(house)
    async with make_house(tmp_path, start=T0 + DAY, maintenance=rules) as house:
        await house.settled()
        assert len(overdue(house)) == 1


async def test_a_year_whose_holidays_nobody_knows_is_said_in_time(tmp_path: Path, autojump_clock: Clock) -> None:
    new_year_2040 = 2_209_046_400.0
    async with make_house(tmp_path, start=new_year_2040 - 40 * DAY) as house:
        await house.sleep(60 * DAY)
        # 2039 is unknown as well; each is said once.
        assert [(e.country, e.year) for e in house.log.of(CalendarUnknown)] == [("CN", 2039), ("CN", 2040)]
