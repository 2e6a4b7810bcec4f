"""A month's report as the daemon answers it: out of what really happened, and without holding anybody up."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.context import IncidentRules
from numtrustd.actors.control.report_desk import BREATH
from numtrustd.api.calls import CallDay
from numtrustd.domain.label import Category
from numtrustd.domain.ledger import LedgerPolicy
from numtrustd.domain.platform import AppealFacts, Attempt
from numtrustd.domain.record import Entry
from numtrustd.domain.workflows.inspection import Outcome
from numtrustd.store import Batch, Store, Table, records
from tests.actors.house import (
    DAY,
    HOUR,
    LANDLINE,
    MOBILE,
    OTHER_MOBILE,
    T0,
    Refusal,
    TestHouse,
    make_house,
    number,
    platform,
)
from tests.actors.test_reports import nothing_but_handsets

Clock = trio.testing.MockClock
SEPTEMBER, OCTOBER = "2026-09", "2026-10"
"""T0 is the 21st of September."""
CHINA = ZoneInfo("Asia/Shanghai")
MONTH_ENDS = datetime(2026, 10, 1, tzinfo=CHINA).timestamp()


def told(house: TestHouse, number: str, answered: int, first: str, days: int) -> tuple[CallDay, ...]:
    begin = datetime.fromisoformat(first)
    each = (begin.replace(day=begin.day + n) for n in range(days))
    return tuple(CallDay(number=number, day=f"{day:%Y-%m-%d}", calls=100, answered=answered) for day in each)


async def test_a_month_with_a_label_that_came_and_went(tmp_path: Path, autojump_clock: Clock) -> None:
    money = LedgerPolicy(monthly_budget=1000.0)
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE), ledger=money, incident=IncidentRules()) as house:
        case = await house.labelled("alpha")
        await house.sleep(2 * DAY)
        house.alpha.labels.pop(MOBILE)
        await house.in_state("cleared", "alpha")
        closed = house.case("alpha").closed_at
        assert closed is not None
        await house.ask("RecordCharge", number=MOBILE, platform="alpha", what="expedite", fen=30_000)
        await house.sleep(MONTH_ENDS - house.clock.now() + HOUR)
        await house.ask("ReportCalls", rows=told(house, MOBILE, 40, "2026-09-10", 20))
        report = await house.ask("GetReport")
    assert (report.month, report.whole, report.zone) == (SEPTEMBER, True, "Asia/Shanghai")
    assert (report.since, report.until) == (
        datetime(2026, 9, 1, tzinfo=CHINA),
        datetime(2026, 10, 1, tzinfo=CHINA),
    )
    assert report.recorded_from == datetime.fromtimestamp(T0, UTC)
    assert (report.numbers, report.callers, report.unwatched, report.unreadable) == (2, 1, None, None)
    days = {day.day: day for day in report.days}
    assert len(days) == 30
    assert (days["2026-09-20"].known, days["2026-09-20"].labels) == (0, 0), "before anything was looked at"
    assert (days["2026-09-22"].labels, days["2026-09-22"].numbers, days["2026-09-22"].known) == (1, 1, 4)
    assert sum(day.appeared for day in report.days) == sum(day.cleared for day in report.days) == 1
    assert days["2026-09-30"].labels == 0
    assert (days["2026-09-10"].calls, days["2026-09-10"].answered, days["2026-09-10"].callers) == (100, 40, 1)
    assert days["2026-09-09"].calls is None, "not told is not zero"
    [labels] = report.labels
    assert (labels.platform, labels.at_start, labels.appeared, labels.cleared, labels.at_end) == ("alpha", 0, 1, 1, 0)
    assert 2.0 < labels.label_days < 9.0
    appeal = next(row for row in report.cases if row.kind == "appeal")
    assert (appeal.platform, appeal.opened, appeal.cleared, appeal.given_up, appeal.open_at_end) == (
        "alpha",
        1,
        1,
        0,
        0,
    )
    assert appeal.quickest == appeal.median == appeal.slowest == pytest.approx(closed - case.opened_at)
    assert {mark.mark: (mark.met, mark.missed, mark.ahead) for mark in report.marks}["submit"] == (1, 0, 0)
    assert [mark.within for mark in report.marks] == [2 * HOUR, DAY, 2 * DAY]
    [row] = report.benefit
    assert (row.kind, row.platform, row.cases, row.ended, row.compared) == ("appeal", "alpha", 1, 1, 1)
    [paid] = report.spend
    assert (paid.what, paid.platform, paid.committed, paid.entries) == ("expedite", "alpha", 30_000, 1)
    assert report.budget == 100_000
    assert [p.platform for p in report.platforms] == ["alpha"]
    assert report.call_worth is None


async def test_a_month_that_goes_on_and_one_before_all_records(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, incident=IncidentRules()) as house:
        case = await house.labelled("alpha")
        await house.sleep(1.0)
        report = await house.ask("GetReport", month=SEPTEMBER)
        assert not report.whole
        assert (report.until, len(report.days)) == (report.now, 22)
        assert report.days[-1].labels == 1
        assert case.id in [row.case for row in report.open_cases]
        assert report.open_count == len(report.open_cases)
        assert all(row.meaning and row.state for row in report.open_cases)
        assert [(mark.met, mark.missed, mark.ahead) for mark in report.marks[1:]] == [(0, 0, 1), (0, 0, 1)]
        before = await house.ask("GetReport")
        assert (before.month, before.whole) == ("2026-08", True)
        assert before.until <= before.recorded_from
        assert (before.labels, before.cases, before.spend, before.open_count) == ((), (), (), 0)
        for month, why in (("2026-10", "has not begun"), ("10/2026", "is no month: write 2026-11")):
            with pytest.raises(Refusal, match=why):
                await house.ask("GetReport", month=month)


async def test_the_month_before_is_told_as_it_was(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, start=MONTH_ENDS - 3 * DAY) as house:
        case = await house.labelled("alpha")
        await house.sleep(MONTH_ENDS - house.clock.now() + 60.0)
        first = await house.ask("GetReport", month=SEPTEMBER)
        house.alpha.labels.pop(MOBILE)
        await house.in_state("cleared", "alpha")
        again = await house.ask("GetReport", month=SEPTEMBER)
        following = await house.ask("GetReport", month=OCTOBER)
    assert again.days == first.days
    assert again.labels == first.labels
    assert case.id in [row.case for row in again.open_cases]
    assert again.open_cases == first.open_cases
    [labels] = following.labels
    assert (labels.at_start, labels.appeared, labels.cleared, labels.at_end) == (1, 0, 1, 0)


async def test_labels_that_are_right_are_not_counted(tmp_path: Path, autojump_clock: Clock) -> None:
    owned = number(MOBILE, accept=frozenset({Category.MARKETING}))
    async with make_house(tmp_path, numbers=(owned,)) as house:
        await house.until(lambda: (v := house.record().verdicts.get("alpha")) is not None and v.belief)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().verdicts["alpha"].marked)
        report = await house.ask("GetReport", month=SEPTEMBER)
    assert report.labels == ()
    assert report.days[-1].known == 2


async def test_a_flap_at_the_beginning_asks_what_was_before(tmp_path: Path, autojump_clock: Clock) -> None:
    def before(store: Store) -> None:
        batch = Batch()
        lines = [
            Entry(MONTH_ENDS - DAY, "verdict.changed", "alpha", new="marked:nuisance", old="clean"),
            Entry(MONTH_ENDS + DAY, "verdict.flapping", "alpha", new="marked:nuisance", old="clean"),
            Entry(MONTH_ENDS + 2 * DAY, "verdict.flapping", "alpha", new="marked:nuisance", old="clean"),
            Entry(MONTH_ENDS + 3 * DAY, "verdict.changed", "alpha", new="clean", old="marked:nuisance"),
        ]
        for n, line in enumerate(lines):
            records.put_entry(batch, MOBILE, line, n, 0)
        store.commit_soon(batch)

    async with make_house(tmp_path, start=MONTH_ENDS - 2 * DAY, before=before) as house:
        await house.sleep(6 * DAY)
        report = await house.ask("GetReport", month=OCTOBER)
    [labels] = report.labels
    assert (labels.at_start, labels.appeared, labels.cleared, labels.at_end) == (1, 0, 1, 0)
    assert [day.labels for day in report.days] == [1, 1, 1, 0]


async def test_inspections_that_ended_in_the_month_are_told(tmp_path: Path, autojump_clock: Clock) -> None:
    def before(store: Store) -> None:
        batch = Batch()
        for n, ended in enumerate((T0 - 30 * DAY, T0 - DAY, T0 - HOUR), 1):
            records.put_outcome(
                batch,
                Outcome(
                    n,
                    ended - DAY,
                    ended,
                    2,
                    8,
                    6,
                    labelled=1,
                    papers=("licence x: gone",),
                    quotas=("alpha: y: used up, 1 of 1",),
                ),
            )
        store.commit_soon(batch)

    async with make_house(tmp_path, before=before) as house:
        report = await house.ask("GetReport", month=SEPTEMBER)
    assert [row.inspection for row in report.inspections] == [2, 3]
    assert (report.inspections[0].looks_made, report.inspections[0].papers) == (6, ("licence x: gone",))
    assert report.inspections[0].quotas == ("alpha: y: used up, 1 of 1",)


async def test_what_needs_a_person_is_told_as_it_stands_now(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        await house.until(lambda: any(task.kind == "submit_appeal" for task in house.tasks()))
        report = await house.ask("GetReport", month=SEPTEMBER)
        await house.ask("Park", number=MOBILE)
        parked = await house.ask("GetReport", month=SEPTEMBER)
    assert "submit_appeal" in [row.kind for row in report.work]
    assert report.tasks_open == sum(row.open for row in report.work) == len(report.tasks)
    assert [task.due for task in report.tasks] == sorted(task.due for task in report.tasks)
    assert (report.parked, parked.parked) == (0, 1)


async def test_what_open_cases_lack_is_told_as_the_register_tells_it(tmp_path: Path, autojump_clock: Clock) -> None:
    wants = AppealFacts(channel="manual", attempts=(Attempt(("call_records",)),))
    platforms = {"alpha": platform("alpha"), "beta": platform("beta", appeal=wants)}
    async with make_house(tmp_path, platforms=platforms) as house:
        case = await house.labelled("beta")
        report = await house.ask("GetReport", month=SEPTEMBER)
        [lacking] = report.lacking
        assert (lacking.kind, lacking.platform, lacking.needed_by) == ("call_records", "beta", (case.id,))
        assert report.lacking == (await house.ask("ListEvidence")).lacking
        assert "beta" in [p.platform for p in report.platforms]


async def test_a_platform_of_which_there_is_only_a_task_has_its_name(tmp_path: Path, autojump_clock: Clock) -> None:
    spec = nothing_but_handsets("beta")
    spec["platforms"]["beta"] = structs.replace(spec["platforms"]["beta"], name="贝塔", name_en="Beta")
    async with make_house(tmp_path, **spec) as house:
        await house.until(house.tasks)
        report = await house.ask("GetReport", month=SEPTEMBER)
    assert [task.platform for task in report.tasks] == ["beta"]
    assert [(p.platform, p.name, p.name_en) for p in report.platforms] == [("beta", "贝塔", "Beta")]


async def test_a_number_that_is_watched_no_longer_counts_in_all_but_labels(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        await house.labelled("alpha")
        now = house.clock.now() + 1.0
    async with make_house(tmp_path, numbers=(LANDLINE,), start=now) as house:
        report = await house.ask("GetReport", month=SEPTEMBER)
    assert (report.numbers, report.unwatched) == (1, 1)
    assert report.labels == ()
    assert any(row.kind == "appeal" and row.opened == 1 for row in report.cases)


async def test_a_damaged_record_is_counted_and_all_others_are_told(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        case = await house.labelled("alpha")
        await house.sleep(1.0)
        batch = Batch().put(Table.CASE, records.key(case.id), b"")
        batch.ops[Table.CASE, records.key(case.id)] = b"\0\0\0\0rubbish"
        await house.store.commit(batch)
        report = await house.ask("GetReport", month=SEPTEMBER)
    assert report.unreadable == 1
    assert report.days[-1].labels == 1
    assert case.id not in [row.case for row in report.open_cases]


async def test_others_have_their_turn_all_the_while(tmp_path: Path, autojump_clock: Clock) -> None:
    lines = 20 * BREATH

    def before(store: Store) -> None:
        batch = Batch()
        for n in range(lines):
            line = Entry(T0 - DAY + n, "observation.reported", "alpha")
            records.put_entry(batch, MOBILE, line, n, 0)
        store.commit_soon(batch)

    async with make_house(tmp_path, before=before) as house, trio.open_nursery() as nursery:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                await trio.lowlevel.checkpoint()
                turns += 1

        await house.sleep(1.0)
        nursery.start_soon(others)
        await trio.lowlevel.checkpoint()
        turns = 0
        await house.ask("GetReport", month=SEPTEMBER)
        assert turns >= lines // BREATH
        nursery.cancel_scope.cancel()
