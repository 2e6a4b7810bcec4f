"""The regular inspection at work: it begins on its day, has people look, and ends with one line; through restarts."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trio.testing

from numtrustd.domain.workflows.inspection import InspectionPolicy
from numtrustd.events import InspectionClosed, InspectionOpened
from numtrustd.store import records
from tests.actors.house import DAY, HOUR, MOBILE, OTHER_MOBILE, T0, make_house
from tests.actors.parts import killed
from tests.actors.test_hands import asked, handsets, report_all, tasks

Clock = trio.testing.MockClock
MONTHLY = InspectionPolicy()
DUE = datetime(2026, 10, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
"""The first one: T0 is the 21st of September."""


async def test_it_asks_for_every_look_anew_and_ends_when_all_are_made(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE), inspection=MONTHLY, **handsets()) as house:
        await asked(house)
        for number in (MOBILE, OTHER_MOBILE):
            await report_all(house, number=number)
        await house.sleep(24 * DAY)
        for number in (MOBILE, OTHER_MOBILE):
            await report_all(house, number=number)  # of their own accord, five days before
        [opened] = await house.until(lambda: house.log.of(InspectionOpened))
        assert house.clock.now() == pytest.approx(DUE, abs=60)
        assert (opened.inspection, opened.numbers, opened.looks_wanted) == (1, 2, 4)
        assert opened.deadline == pytest.approx(DUE + 7 * DAY, abs=60)
        task = await asked(house)
        assert task.packet is not None
        assert all("everything is looked at anew" in why for why in task.packet.fields.values())
        for number in (MOBILE, OTHER_MOBILE):
            await report_all(house, number=number)
        [closed] = await house.until(lambda: house.log.of(InspectionClosed))
        assert (closed.inspection, closed.looks_wanted, closed.looks_made, closed.numbers) == (1, 4, 4, 2)
        assert closed.took_seconds < 2 * HOUR
        assert (closed.labelled, closed.inconsistent, closed.wrong_names, closed.stale_tags) == (0, 0, 0, 0)
        [kept] = records.all_outcomes(house.store)
        assert (kept.n, kept.looks_made, kept.ended_at - kept.began_at) == (1, 4, closed.took_seconds)
        assert not tasks(house)


async def test_what_nobody_looked_at_is_told_when_its_time_is_over(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, inspection=MONTHLY, **handsets()) as house:
        [closed] = await house.until(lambda: house.log.of(InspectionClosed))
        assert (closed.looks_made, closed.looks_wanted) == (0, 2)
        assert house.clock.now() == pytest.approx(DUE + 7 * DAY, abs=60)
        await house.until(lambda: len(house.log.of(InspectionClosed)) == 2)
        assert [event.inspection for event in house.log.of(InspectionOpened)] == [1, 2]


async def test_a_restart_neither_begins_one_twice_nor_forgets_one(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path / "a", inspection=MONTHLY, **handsets()) as house:
        await house.until(lambda: house.log.of(InspectionOpened))
        copy, start = killed(house, tmp_path), house.clock.now()
    async with make_house(copy, start=start + 10 * DAY, inspection=MONTHLY, **handsets()) as house:
        [closed] = await house.until(lambda: house.log.of(InspectionClosed))
        assert house.clock.now() == pytest.approx(start + 10 * DAY, abs=60), "its time passed while nobody was there"
        assert closed.inspection == 1
        assert house.log.of(InspectionOpened) == []


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        (InspectionPolicy(every="two_weekly"), 14),
        (InspectionPolicy(day=28, lasts=DAY), 7),
    ],
)
async def test_its_day_and_its_length_are_settings(
    tmp_path: Path, autojump_clock: Clock, policy: InspectionPolicy, days: int
) -> None:
    async with make_house(tmp_path, inspection=policy, **handsets()) as house:
        [opened] = await house.until(lambda: house.log.of(InspectionOpened))
        assert (house.clock.now() - T0) / DAY == pytest.approx(days, abs=1)
        assert opened.deadline is not None
        assert opened.deadline - house.clock.now() == pytest.approx(policy.lasts, abs=60)
