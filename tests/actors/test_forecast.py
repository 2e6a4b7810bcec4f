"""What the present month will have cost at its end: open requests, renewals and what a season brings are in it."""

from pathlib import Path

import pytest
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain import ledger
from numtrustd.domain.calendar import local_date
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.ledger import LedgerPolicy
from numtrustd.domain.platform import AppealFacts
from numtrustd.domain.workflows.inspection import InspectionPolicy
from numtrustd.events import BudgetForecast, InspectionClosed
from tests.actors.house import DAY, MOBILE, OTHER_MOBILE, T0, make_house, number, platform
from tests.actors.parts import answer
from tests.actors.test_certificates import SHOWS, certified, certifying
from tests.actors.test_spending import tags, wrong_tag

Clock = trio.testing.MockClock
PRICED = LedgerPolicy(monthly_budget=150.0, free_tag_changes=0)


@given(st.floats(0, 4e9), st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"]))
def test_a_month_ends_where_the_next_begins(at: float, zone: str) -> None:
    ends = ledger.month_ends(at, zone)
    assert ends > at
    assert ledger.month_of(ends - 1, zone) == ledger.month_of(at, zone) < ledger.month_of(ends, zone)


async def test_a_request_costs_once_planned_and_once_entered(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **tags(ledger=LedgerPolicy(monthly_budget=0.0, free_tag_changes=0))) as house:
        await wrong_tag(house)
        await house.until(lambda: [t for t in house.tasks() if t.kind == "approve"])
        told = (await house.ask("GetLedger")).forecast
        assert (told.least, told.most, told.over, told.plan_count) == (50_00, 100_00, 100_00, 1)
        [plan] = told.plans
        assert (plan.what, plan.platform, plan.case) == ("tag_change", "alpha", house.case("alpha", kind="tag").id)
        assert plan.why.startswith("the tag is still to be handed in: ")
        await answer(house, house.tasks()[0], "approved")
        await house.in_state("at_person", "alpha", kind="tag")
        entered = await house.ask("GetLedger")
        assert (entered.planned, entered.forecast.plans) == (100_00, ())
        assert (entered.forecast.least, entered.forecast.most) == (100_00, 100_00)
        assert (await house.ask("GetLedger", month="2026-08")).forecast is None


async def test_of_one_number_it_is_that_numbers(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **tags(ledger=PRICED)) as house:
        await wrong_tag(house)
        await house.in_state("at_person", "alpha", kind="tag")
        await house.ask("RecordCharge", number=MOBILE, platform="beta", what="other", fen=70_00)
        whole = (await house.ask("GetLedger")).forecast
        assert (whole.most, whole.over) == (170_00, 20_00)
        one = (await house.ask("GetLedger", number=MOBILE)).forecast
        assert (one.most, one.over) == (170_00, None)


async def test_a_renewal_and_a_season_of_this_month_are_in_it(tmp_path: Path, autojump_clock: Clock) -> None:
    policy = LedgerPolicy(monthly_budget=1_000.0, certification=(100.0, 200.0), free_tag_changes=1)
    way = AppealFacts("manual", address="https://alpha.example.invalid/tag", review_days=2)
    season = Wanted(
        names=(Version("示例快运"),),
        tags=(Version("开学专线", T0 + 2 * DAY, T0 + 5 * DAY), Version("国庆专线", T0 + 30 * DAY)),
    )
    more = {
        "numbers": (number(MOBILE, wanted=season), number(OTHER_MOBILE)),
        "platforms": {
            "alpha": platform("alpha", ways={"certification": way, "tag": way}, display=SHOWS),
            "beta": platform("beta"),
        },
    }
    async with make_house(tmp_path, **certifying(ledger=policy, **more)) as house:
        await certified(house)
        assert [p.what for p in (await house.ask("GetLedger")).forecast.plans] == ["tag_change"]
        expires = local_date(T0 + 36 * DAY).isoformat()
        await house.ask("Certify", number=MOBILE, platform="alpha", held=True, expires=expires)
        kept = house.case("alpha", kind="certificate")
        assert kept.snapshot.deadline is not None
        assert local_date(kept.snapshot.deadline).month == 9
        plans = (await house.ask("GetLedger")).forecast.plans
        assert [(p.what, p.most, p.why.partition(":")[0]) for p in plans] == [
            ("certification", 200_00, "the certificate is renewed"),
            ("tag_change", 100_00, "the season of its tag changes"),
        ], "of two changes the first is free"
        assert plans[1].case is None


@pytest.mark.parametrize("budget", [99.0, 100.0])
async def test_the_inspection_says_what_the_month_may_come_to(
    tmp_path: Path, autojump_clock: Clock, budget: float
) -> None:
    policy = LedgerPolicy(monthly_budget=budget, free_tag_changes=0)
    soon = InspectionPolicy(day=22, lasts=DAY)
    async with make_house(tmp_path, **tags(ledger=policy, inspection=soon)) as house:
        await wrong_tag(house)
        [closed] = await house.until(lambda: house.log.of(InspectionClosed))
        assert (closed.spent, closed.forecast) == (0.0, 100.0)
        said = [(e.forecast, e.budget, e.spent) for e in house.log.of(BudgetForecast)]
        assert said == ([(100.0, 99.0, 0.0)] if budget < 100 else [])
