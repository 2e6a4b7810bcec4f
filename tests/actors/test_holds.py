"""A hold has an author, a reason and an end: until then nothing moves, whatever happens meanwhile."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.actors.messages import Complained, Refresh
from numtrustd.api import errors, instant, when
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.workflow import TimedOut, step
from numtrustd.domain.workflow import start as begin
from numtrustd.domain.workflows import REGISTRY
from numtrustd.domain.workflows.request import Hold
from numtrustd.events import CaseMoved
from tests.actors.house import DAY, HOUR, MOBILE, Refusal, TestHouse, make_house
from tests.actors.parts import killed
from tests.actors.test_certificates import certified, certifying
from tests.actors.test_incidents import emergencies

Clock = trio.testing.MockClock


async def held(house: TestHouse, **more: Any) -> str:
    case = await house.labelled("alpha")
    await house.in_state("in_review", "alpha")
    await house.ask("Hold", case=case.id, reason="lawyers", author="chen", **more)
    return str(case.id)


def last_move(house: TestHouse) -> CaseMoved:
    return house.log.of(CaseMoved)[-1]


async def test_at_its_end_the_case_goes_on_and_says_so(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        began = house.clock.now()
        identity = await held(house, seconds=2.5 * DAY)
        until = house.clock.now() + 2.5 * DAY
        view = await house.ask("GetCase", case=identity)
        assert view.then == "ends the hold by itself, and goes on"
        facts = {fact.name: fact.value for fact in view.data}
        assert (facts["held by"], facts["held because"]) == ("chen", "lawyers")
        await house.until(lambda: house.case("alpha").snapshot.state != "held")
        assert house.case("alpha").snapshot.state == "in_review", "where it stood"
        assert house.clock.now() == pytest.approx(until, abs=5)
        assert last_move(house).reason == "the hold by chen is over: lawyers"
        assert house.clock.now() > began + 2 * DAY, "reminders in between end nothing"


async def test_until_an_instant_and_what_is_said_of_it(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        until = when(house.clock.now() + 10 * DAY)
        identity = await held(house, until=until)
        lines = (await house.ask("Explain", number=MOBILE)).lines
        [line] = [line for line in lines if line.case == identity]
        assert line.when == until
        assert line.why.startswith("hold by chen: lawyers, ")
        assert "; until 20" in line.why
        assert house.case("alpha").data.hold.until == instant(until)


async def test_a_hold_without_an_end_lasts_until_somebody_ends_it(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        identity = await held(house)
        await house.sleep(40 * DAY)
        assert house.case("alpha").snapshot.state == "held"
        assert (await house.ask("Advance", case=identity)).new == "in_review"


async def test_the_latest_word_counts(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        identity = await held(house, seconds=DAY)
        await house.ask("Hold", case=identity, reason="still", author="li", seconds=5 * DAY)
        await house.sleep(4 * DAY)
        assert house.case("alpha").snapshot.state == "held"
        await house.sleep(DAY + 60)
        assert house.case("alpha").snapshot.state == "in_review"
        assert "the hold by li is over: still" in [event.reason for event in house.log.of(CaseMoved)]


async def test_it_outlives_a_restart_and_a_reload(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path / "a") as house:
        await held(house, seconds=3 * DAY)
        copy, outside, start = killed(house, tmp_path), house.alpha, house.clock.now()
        late = Path(shutil.copytree(copy, tmp_path / "late"))
    async with make_house(copy, start=start, alpha=outside) as house:
        house.house.post(MOBILE, Refresh())
        await house.sleep(2 * DAY)
        assert house.case("alpha").snapshot.state == "held"
        await house.sleep(DAY + HOUR)
        assert house.case("alpha").snapshot.state == "in_review"
    async with make_house(late, start=start + 9 * DAY, alpha=outside) as house:
        await house.until(lambda: house.case("alpha").snapshot.state != "held", within=DAY)
        assert last_move(house).reason == "the hold by chen is over: lawyers", "it ended while nobody was there"


@pytest.mark.parametrize("more", [{"seconds": 60.0, "until": when(4e9)}, {"until": when(1e9)}])
async def test_an_end_that_is_none_is_refused(tmp_path: Path, autojump_clock: Clock, more: dict[str, Any]) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        with pytest.raises(Refusal) as caught:
            await house.ask("Hold", case=case.id, **more)
        assert isinstance(caught.value.error, errors.InvalidArgument)
        assert house.case("alpha").snapshot.state == "in_review"


async def test_an_emergency_and_a_certificate_are_held_for_a_time_too(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path / "a", **emergencies()) as house:
        house.house.post(MOBILE, Complained(DayCalls("2026-09-21", complaints=3)))
        incident = await house.opened("incident", "")
        await house.ask("Hold", case=incident.id, author="chen", seconds=HOUR)
        await house.sleep(HOUR + 60)
        assert house.case("", kind="incident").snapshot.state == "submitting"
    async with make_house(tmp_path / "b", **certifying()) as house:
        await certified(house)
        kept = house.case("alpha", kind="certificate")
        await house.ask("Hold", case=kept.id, author="chen", seconds=HOUR)
        await house.sleep(HOUR + 60)
        assert house.case("alpha", kind="certificate").snapshot.state == "valid"
        assert last_move(house).reason == "the hold by chen is over"


@given(st.sampled_from(sorted({"appeal", "certificate", "incident", "cancellation"})), st.floats(1, 1e7))
def test_no_held_case_moves_before_its_end_nor_waits_after_it(kind: str, seconds: float) -> None:
    """By its timer alone, in every table that can be held."""
    table = REGISTRY[kind]
    policy, now = table.policy(), 1e9
    snapshot, data = begin(table, table.data(), now, policy), table.data()
    made = step(table, snapshot, data, Hold("r", "kim", now + seconds), now, policy)
    assert made is not None
    while made.snapshot.state == "held":
        due = made.snapshot.deadline
        assert due is not None
        assert now <= due <= 1e9 + seconds
        now = due
        after = step(table, made.snapshot, made.data, TimedOut(made.snapshot.seq), now, policy)
        assert after is not None
        made = after
    assert now == 1e9 + seconds
