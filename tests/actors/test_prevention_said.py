"""Warnings and complaints from what the company tells of its calls: said once, shown, heard, and kept over restarts."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import trio.testing

from numtrustd.actors.context import IncidentRules
from numtrustd.actors.messages import Refresh
from numtrustd.api.calls import CallDay
from numtrustd.domain import call_stats
from numtrustd.events import ComplaintsHigh, IncidentOpened, NumberWarned
from numtrustd.store import records
from tests.actors.house import DAY, LANDLINE, MOBILE, TestHouse, make_house

Clock = trio.testing.MockClock


def row(house: TestHouse, ago: int = 0, **more: Any) -> CallDay:
    day = call_stats.day_of(house.clock.now(), "Asia/Shanghai") - timedelta(days=ago)
    return CallDay(**({"number": MOBILE, "day": day.isoformat(), "calls": 100, "answered": 40} | more))


async def test_a_warning_is_said_once_and_shown(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        await house.ask("ReportCalls", rows=(row(house, off_hours=30), row(house, number=LANDLINE)))
        [said] = house.log.of(NumberWarned)
        assert (said.number, said.reason) == (MOBILE, "off_hours")
        assert said.facts == ("30% of the calls outside the hours in which people expect them",)
        view = await house.ask("GetNumber", number=MOBILE)
        assert view.warnings == ("off_hours: 30% of the calls outside the hours in which people expect them",)
        assert (await house.ask("GetNumber", number=LANDLINE)).warnings is None
        lines = (await house.ask("Explain", number=MOBILE)).lines
        assert lines[0].fact == "platforms may mark it for how it is used: off_hours"
        assert any(e.action == "number.warned" for e in records.history(house.store, MOBILE, 50)[0])
        start = house.clock.now()
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE), start=start + DAY) as house:
        await house.ask("ReportCalls", rows=(row(house, off_hours=40, purpose="销售;回访"),))
        assert [e.reason for e in house.log.of(NumberWarned)] == ["mixed_purposes"]
        assert (await house.ask("GetCalls", number=MOBILE)).days[0].purpose == "销售;回访"


async def test_complaints_are_an_emergency_once_a_day_and_then_an_alarm(tmp_path: Path, autojump_clock: Clock) -> None:
    complained = IncidentRules(open_on=("complaints",))
    async with make_house(tmp_path, incident=complained) as house:
        for _ in range(4):
            await house.ask("Complain", number=MOBILE)
        assert [(e.complaints, e.state) for e in house.log.of(ComplaintsHigh)] == [(3, "emergency")]
        await house.settled()
        assert [e.why for e in house.log.of(IncidentOpened)] == ["3 complaints on 2026-09-21"]
        start = house.clock.now()
    async with make_house(tmp_path, start=start, incident=complained) as house:
        for _ in range(2):
            await house.ask("Complain", number=MOBILE)
        await house.ask("ReportCalls", rows=(row(house, complaints=9), row(house, 5, complaints=9)))
        assert [(e.complaints, e.state) for e in house.log.of(ComplaintsHigh)] == [(5, "alarm")]
        page = records.history(house.store, MOBILE, 50)[0]
        assert len([e for e in page if e.action == "complaints.high"]) == 2
        assert len([e for e in page if e.action == "complaint.recorded"]) == 6
        await house.settled()
        assert house.log.of(IncidentOpened) == [], "one a day"


async def test_complaints_that_nobody_heard_are_an_emergency_as_soon_as_somebody_is_at_work(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """They are stored and answered before the number's actor takes them in: it may be parked by then, or be killed."""
    complained = IncidentRules(open_on=("complaints",))
    async with make_house(tmp_path, incident=complained) as house:
        await house.settled()
        await house.ask("Park", number=MOBILE)
        for _ in range(3):
            await house.ask("Complain", number=MOBILE)
        assert [(e.complaints, e.state) for e in house.log.of(ComplaintsHigh)] == [(3, "emergency")]
        assert house.log.of(IncidentOpened) == []
        await house.ask("Unpark", number=MOBILE)
        await house.settled()
        assert [e.why for e in house.log.of(IncidentOpened)] == ["3 complaints on 2026-09-21"]
        start = house.clock.now()
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE), start=start, incident=complained) as house:
        await house.settled()
        assert house.log.of(IncidentOpened) == []
        del house.house.numbers[LANDLINE]  # as if killed before it takes its next message
        await house.ask("ReportCalls", rows=(row(house, number=LANDLINE, complaints=4),))
        assert house.log.of(IncidentOpened) == []
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE), start=start, incident=complained) as house:
        await house.settled()
        assert [(e.number, e.why) for e in house.log.of(IncidentOpened)] == [(LANDLINE, "4 complaints on 2026-09-21")]


async def test_complaints_amidst_an_emergency_open_none_when_it_is_over(tmp_path: Path, autojump_clock: Clock) -> None:
    complained = IncidentRules(open_on=("complaints",))
    async with make_house(tmp_path, incident=complained) as house:
        await house.ask("ReportCalls", rows=(row(house, 1, complaints=4),))
        await house.opened("incident", "")
        await house.ask("ReportCalls", rows=(row(house, complaints=4),))
        await house.settled()
        await house.ask("Withdraw", case=house.case("", kind="incident").id, reason="looked into")
        start = house.clock.now()
    async with make_house(tmp_path, start=start, incident=complained) as house:
        await house.settled()
        house.house.post(MOBILE, Refresh())
        await house.settled()
        assert house.log.of(IncidentOpened) == []
