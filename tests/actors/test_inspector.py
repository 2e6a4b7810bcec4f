"""The regular inspection at work: it begins on its day, has people look, and ends with one line; through restarts."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trio.testing

from numtrustd.actors import errands, inspector
from numtrustd.domain.budget import Budget, Spent
from numtrustd.domain.calendar import local_date
from numtrustd.domain.evidence import Document
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.flaw import Flaw
from numtrustd.domain.label import Category
from numtrustd.domain.ledger import Charge, Standing, What
from numtrustd.domain.observation import Status
from numtrustd.domain.platform import Quota
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.verdict import Verdict
from numtrustd.domain.view import Shown
from numtrustd.domain.workflows.inspection import InspectionPolicy
from numtrustd.events import InspectionClosed, InspectionOpened
from numtrustd.store import Batch, Store, Table, records
from numtrustd.store.records import SourceRecord
from tests.actors.house import DAY, HOUR, LANDLINE, MOBILE, OTHER_MOBILE, T0, make_house, platform, source
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


async def test_others_have_their_turn_while_its_looks_are_counted(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a hundred thousand numbers there are millions of looks: counted in one go, all else would stop for seconds."""
    monkeypatch.setattr(inspector, "BREATH", 1)
    began: list[int] = []
    look_of = errands.look_of

    def counted(*args: Any) -> Any:
        began.append(turns)
        return look_of(*args)

    async with make_house(
        tmp_path, numbers=(MOBILE, OTHER_MOBILE, LANDLINE), inspection=MONTHLY, **handsets()
    ) as house:
        counting = inspector.Inspector(house.house, lambda: None)
        turns = 0
        monkeypatch.setattr(errands, "look_of", counted)
        async with trio.open_nursery() as nursery:

            async def count() -> None:
                assert await counting._looks_wanted() == 6
                nursery.cancel_scope.cancel()

            nursery.start_soon(count)
            while True:
                turns += 1
                await trio.lowlevel.checkpoint()
    assert len(set(began)) > 1


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


def amiss(number: str, flaws: tuple[FindingKind, ...], *, labelled: bool) -> NumberRecord:
    """A number with these confirmed flaws, and one that is not confirmed yet, at a platform that nobody looks at now:
    nothing but the inspection goes by them."""
    belief = Shown(Status.MARKED, Category.MARKETING, "广告推销", 3) if labelled else Shown(Status.CLEAN)
    found = tuple(Flaw(kind, "gamma.device/incoming_call", "x", T0, 3, said=True) for kind in flaws)
    waits = Flaw(FindingKind.TAG_WRONG, "gamma.device/call_log", "x", T0)
    verdict = Verdict("beta", belief, T0, settled=3, apart_since=T0, apart_said=True)
    return NumberRecord(number, T0, verdicts={"beta": verdict}, flaws={"gamma": (*found, waits)})


async def test_it_tells_everything_that_is_amiss(tmp_path: Path, autojump_clock: Clock) -> None:
    """Every figure is above nought, and of what is only about to be wrong none is counted."""
    start, today = DUE - DAY, local_date(DUE)
    papers = (
        Document("licence", "/old.pdf", "1", today - timedelta(days=1)),
        Document("authorisation", "/soon.pdf", "2", today + timedelta(days=9)),
        Document("nda", "/good.pdf", "3", today + timedelta(days=90)),
        Document("order_screenshots", "/gone.pdf", trouble="missing", detail="no such file"),
    )
    limits = (
        Quota("appeals a month", 5, 30 * DAY, What.APPEAL, "all"),
        Quota("appeals of one number", 3, 30 * DAY, What.APPEAL),
        Quota("corrections a day", 10, DAY, What.CORRECTION, "all"),
        Quota("open at one time", 1),
    )
    parts = handsets()
    parts["platforms"]["alpha"] = platform("alpha", quotas=limits)
    parts["sources"]["alpha.api"] = source("alpha", budget=Budget(per_month=10), cadence=60 * DAY)

    def before(store: Store) -> None:
        batch = Batch()
        wrong, stale = (FindingKind.DISPLAY_WRONG, FindingKind.DISPLAY_MISSING), (FindingKind.TAG_EXPIRED,)
        for record in (amiss(MOBILE, wrong, labelled=True), amiss(OTHER_MOBILE, stale, labelled=False)):
            batch.put(Table.NUMBER, records.key(record.number), records.encode_number(record))
        for n, (number, age) in enumerate([(MOBILE, 1), (MOBILE, 2), (MOBILE, 3), (OTHER_MOBILE, 4), (MOBILE, 31)]):
            charge = Charge(f"{n}", start - age * DAY, What.APPEAL, number, "alpha", standing=Standing.COMMITTED)
            records.put_charge(batch, charge)
        records.put_charge(batch, Charge("void", start, What.APPEAL, MOBILE, "alpha", standing=Standing.VOID))
        records.put_source(batch, SourceRecord("alpha.api", spent=Spent("", 0, "2026-10", 8)))
        store.commit_soon(batch)

    policy = InspectionPolicy(lasts=HOUR)
    numbers = (MOBILE, OTHER_MOBILE)
    async with make_house(
        tmp_path, start=start, numbers=numbers, inspection=policy, documents=papers, before=before, **parts
    ) as house:
        [closed] = await house.until(lambda: house.log.of(InspectionClosed))
        assert (closed.labelled, closed.inconsistent, closed.wrong_names, closed.stale_tags) == (1, 2, 2, 1)
        assert closed.papers == (
            f"licence /old.pdf: expired on {today - timedelta(days=1)}",
            f"authorisation /soon.pdf: expires on {today + timedelta(days=9)}",
            "order_screenshots /gone.pdf: cannot be read: no such file",
        )
        assert closed.quotas == (
            "alpha: appeals a month: nearly used up, 4 of 5",
            "alpha: appeals of one number: used up by 1 number (3 each)",
            "alpha: looks of alpha.api this month: used up, 10 of 10",
        )
        [kept] = records.all_outcomes(house.store)
        assert (kept.papers, kept.quotas, kept.stale_tags) == (closed.papers, closed.quotas, 1)
