"""Call statistics told over the control socket: all or nothing, the last word of a day wins, and causes use them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio.testing

from numtrustd.api import errors
from numtrustd.api.calls import CallDay
from numtrustd.domain import call_stats
from numtrustd.events import CallsRecorded, CauseFound, ComplaintRecorded
from numtrustd.store import records
from tests.actors.house import LANDLINE, MOBILE, Refusal, TestHouse, make_house

Clock = trio.testing.MockClock


def day(house: TestHouse, ago: int) -> str:
    return (call_stats.day_of(house.clock.now(), "Asia/Shanghai") - timedelta(days=ago)).isoformat()


def row(house: TestHouse, ago: int, **more: Any) -> CallDay:
    return CallDay(**({"number": "138 0013 8000", "day": day(house, ago), "calls": 100, "answered": 40} | more))


async def test_what_is_told_is_kept_and_the_last_word_wins(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        taken = await house.ask("ReportCalls", rows=(row(house, 1), row(house, 2), row(house, 1, number=LANDLINE)))
        assert (taken.days, taken.numbers) == (3, 2)
        await house.ask("ReportCalls", rows=(row(house, 1, calls=90),))
        assert [e.days for e in house.log.of(CallsRecorded)] == [3, 1]
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        view = await house.ask("GetCalls", number=MOBILE)
        assert [(d.day, d.calls) for d in view.days] == [(day(house, 1), 90), (day(house, 2), 100)]


async def test_one_bad_row_and_nothing_is_taken(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        rows = (
            row(house, 1),
            row(house, 2, answered=101),
            row(house, 3, number="13900000009"),
            row(house, 1),
            row(house, -1),
        )
        with pytest.raises(Refusal) as caught:
            await house.ask("ReportCalls", rows=rows)
        assert isinstance(caught.value.error, errors.InvalidArgument)
        why = caught.value.error.why
        assert "rows[1].answered: 101 is more than the 100 calls" in why
        assert "rows[2].number: 13900000009: it is not watched" in why
        assert "rows[3].day: " in why
        assert "stands there twice" in why
        assert "is still to come" in why
        assert records.calls(house.store, MOBILE) == ()


async def complain(house: TestHouse) -> None:
    await house.ask("Complain", number=MOBILE, text="called at night", author="li")


async def test_complaints_add_up_and_are_history(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.ask("ReportCalls", rows=(row(house, 0, complaints=1),))
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(complain, house)
        [today] = records.calls(house.store, MOBILE)
        assert (today.complaints, today.calls) == (4, 100)
        assert sorted(e.complaints for e in house.log.of(ComplaintRecorded)) == [2, 3, 4]
        page, _ = records.history(house.store, MOBILE, 50)
        assert [e for e in page if e.action == "complaint.recorded" and e.by == "li"]
        with pytest.raises(Refusal):
            await house.ask("Complain", number=MOBILE, day="yesterday")


async def test_days_beyond_what_is_kept_go(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.ask("ReportCalls", rows=(row(house, call_stats.KEPT),))
        await house.sleep(2 * 86_400.0)
        await house.ask("ReportCalls", rows=(row(house, 0),))
        assert [d.day for d in records.calls(house.store, MOBILE)] == [day(house, 0)]


async def test_a_label_is_explained_by_the_calls(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        rows = tuple(row(house, n, calls=300, answered=200, short=150) for n in range(1, 8))
        await house.ask("ReportCalls", rows=rows)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.log.of(CauseFound))
        [found] = house.log.of(CauseFound)
        assert "algorithm" in found.causes
        assert any("300 calls a day" in fact for fact in found.facts)
        lines = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        assert any("300 calls a day" in line.why for line in lines)
