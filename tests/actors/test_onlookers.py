"""Cases whose clean looks only people can make: `explain` and `case` say that somebody has to look, and from when on
the last look counts.
"""

from pathlib import Path
from typing import Any

import trio.testing

from numtrustd.api import when
from numtrustd.clock import timestamp
from numtrustd.domain.task import TaskKind
from numtrustd.domain.verdict import VerdictPolicy
from numtrustd.events import duration_for_people, instant_for_people
from tests.actors.house import DAY, HOUR, MOBILE, TestHouse, make_house
from tests.actors.parts import shm
from tests.actors.test_hands import asked, handsets, report, report_all

__all__ = ["shm"]

Clock = trio.testing.MockClock
CASE = f"{MOBILE}/beta/1"


async def verifying(house: TestHouse) -> None:
    """A label that people saw, appealed, approved; its clean looks are counted."""
    await asked(house, HOUR)
    await report_all(house, "marked", words="诈骗电话")
    await house.sleep(HOUR)
    await report_all(house, "marked", words="诈骗电话")
    submit = await house.until(lambda: [t for t in house.tasks() if t.kind is TaskKind.SUBMIT_APPEAL], DAY)
    await house.ask("TaskDone", task=submit[0].id, outcome="submitted", receipt="r1")
    await house.ask("Advance", case=CASE)
    [answer] = [t for t in house.tasks() if not t.numbers]
    await house.ask("TaskDone", task=answer.id, outcome="approved")
    await house.ask("Advance", case=CASE)
    assert house.case("beta").snapshot.state == "verifying"


async def line_of(house: TestHouse, text: str) -> Any:
    lines = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
    return next(line for line in lines if text in line.fact)


async def test_somebody_has_to_look_where_nothing_else_does(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets(verify_interval=6 * HOUR)) as house:
        await verifying(house)
        line = await line_of(house, "is verifying")
        assert line.who == "person"
        assert line.next.startswith(
            f"a person is asked to look; whoever looks tells: `numtrustctl observe {MOBILE} --platform beta "
        )
        assert "; without their reports the daemon looks longer if the label is gone" in line.next
        assert line.when == when(house.case("beta").due or 0.0)
        assert (await line_of(house, "mislabel")).who == "person"
        assert (await house.ask("GetCase", case=CASE)).waits_for == "person"
        [row] = [row for page in await house.ask("ListCases") for row in page.cases]
        assert row.waits_for == "person"
        task = await asked(house, DAY)
        assert (await line_of(house, "is verifying")).next.startswith(
            f"a person was asked to look: type `numtrustctl task show {task.id}`; without their reports the daemon "
        )


async def test_it_is_said_from_when_on_the_last_look_counts(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets(), verdict=VerdictPolicy(clear=2, clear_spread=4 * HOUR)) as house:
        await verifying(house)
        takes = "every view takes 2 of them in a row over at least 4 h"
        assert (await line_of(house, "is verifying")).why.endswith(takes)
        await report(house, "incoming_call")
        await house.settled()
        first = house.case("beta").data.clean["beta.device/incoming_call"].first_at
        said = f"{takes}, the last of them not before {instant_for_people(first + 4 * HOUR)}"
        assert (await line_of(house, "is verifying")).why.endswith(said)
        facts = {fact.name: fact.value for fact in (await house.ask("GetCase", case=CASE)).data}
        assert facts["clean looks of beta.device/incoming_call"] == "1 of 2"
        assert facts["last counted look not before"] == timestamp(first + 4 * HOUR)
        await house.sleep(4 * HOUR)
        assert (await line_of(house, "is verifying")).why.endswith(takes)
        assert "last counted look not before" not in {f.name for f in (await house.ask("GetCase", case=CASE)).data}


async def test_where_nobody_looked_while_it_was_verified_nothing_is_asked_for_again(
    shm: Path, autojump_clock: Clock
) -> None:
    """What was believed before is no news of what became of it; so it is too where the clock steps over the wait."""
    async with make_house(shm, **handsets()) as house:
        await verifying(house)
        wait = house.house.context.appeal.verify_timeout
        attempt = house.case("beta").data.attempt
        await house.sleep(wait + HOUR)
        case = house.case("beta")
        assert (case.snapshot.state, case.data.attempt, case.moves[-1].new) == ("verifying", attempt, "verifying")
        await report(house, "incoming_call", "marked", words="诈骗电话")
        await house.in_state("cooling", "beta")
        assert house.case("beta").data.attempt == attempt + 1


async def test_a_belief_says_from_when_on_a_second_look_counts(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await asked(house, HOUR)
        await report(house, "incoming_call", "marked", words="诈骗电话")
        await house.settled()
        run = house.record().verdicts["beta"].run
        assert run is not None
        spread = house.house.context.verdict_of("beta").confirm_spread
        over = f"it takes 2 over at least {duration_for_people(spread)} to be believed"
        line = await line_of(house, "not known yet")
        assert line.why.endswith(f"{over}, the last of them not before {instant_for_people(run.first_at + spread)}")
        await house.sleep(spread)
        assert (await line_of(house, "not known yet")).why.endswith(over)
        await report(house, "incoming_call", "marked", words="诈骗电话")
        await house.settled()
        assert await line_of(house, "shown as 诈骗电话")


async def test_a_case_at_which_a_source_looks_goes_on_by_itself(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm) as house:
        await house.labelled("alpha")
        await house.until(lambda: house.case("alpha").snapshot.state == "in_review")
        house.alpha.labels.clear()
        await house.in_state("verifying", "alpha")
        lines = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        line = next(line for line in lines if "is verifying" in line.fact)
        assert (line.who, line.next.startswith("the daemon looks longer")) == ("daemon", True)
        assert "every view takes 3 of them in a row over at least 1 h" in line.why
