"""What the number's own calls say of a case and of a tag, as people are shown it."""

from datetime import timedelta
from pathlib import Path

import trio.testing

from numtrustd.api.calls import CallDay
from numtrustd.domain import call_stats
from numtrustd.domain.benefit import BenefitPolicy
from numtrustd.domain.identity import Version, Wanted
from tests.actors.house import DAY, MOBILE, T0, TestHouse, make_house, number

Clock = trio.testing.MockClock


def days(house: TestHouse, first: int, last: int, answered: int) -> tuple[CallDay, ...]:
    today = call_stats.day_of(house.clock.now(), house.house.context.cause.zone)
    each = (today - timedelta(days=n) for n in range(first, last, -1))
    return tuple(CallDay(number=MOBILE, day=day.isoformat(), calls=100, answered=answered) for day in each)


async def test_a_case_tells_what_it_costs_and_what_it_brought(tmp_path: Path, autojump_clock: Clock) -> None:
    worth = BenefitPolicy(answered_call=2.0)
    async with make_house(tmp_path, benefit=worth) as house:
        case = await house.labelled("alpha")
        await house.sleep(4 * DAY)
        await house.ask("ReportCalls", rows=(*days(house, 14, 4, 50), *days(house, 4, 0, 20)))
        facts = {f.name: f.value for f in (await house.ask("GetCase", case=case.id)).data}
        assert facts["connect rate"] == "50% before, 20% during"
        assert facts["a day of it costs"] == "30 answered calls, ¥60 to ¥60, as its calls show"
        house.alpha.labels.pop(MOBILE)
        await house.in_state("cleared", "alpha")
        await house.sleep(3 * DAY)
        await house.ask("ReportCalls", rows=days(house, 2, 0, 45))
        facts = {f.name: f.value for f in (await house.ask("GetCase", case=case.id)).data}
        assert facts["connect rate"] == "50% before, 20% during, 45% after"


async def test_without_calls_nothing_is_said_of_them(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        facts = {f.name for f in (await house.ask("GetCase", case=case.id)).data}
        assert not facts & {"connect rate", "a day of it costs", "paid"}


async def test_each_tag_has_its_own_rate(tmp_path: Path, autojump_clock: Clock) -> None:
    wanted = Wanted(tags=(Version("冰饮专线", T0 - 100 * DAY), Version("火锅专线", T0 - 3 * DAY)))
    async with make_house(tmp_path, numbers=(number(MOBILE, wanted=wanted),)) as house:
        await house.ask("ReportCalls", rows=(*days(house, 8, 4, 20), *days(house, 2, 0, 60)))
        view = await house.ask("GetCalls", number=MOBILE)
        assert [(t.tag, t.days, t.calls, t.answered) for t in view.tags] == [
            ("冰饮专线", 4, 400, 80),
            ("火锅专线", 2, 200, 120),
        ]
