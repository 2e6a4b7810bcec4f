"""Whose label it is that the first looks find: a previous owner's, unless the number had been ours for long."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.actors.packets import Packets, standing
from numtrustd.domain.wording import CAUSES
from numtrustd.domain.workflows import request as a
from numtrustd.events import CauseFound
from tests.actors.house import MOBILE, TestHouse, make_house, number

Clock = trio.testing.MockClock
LONG, LATELY = date(2001, 1, 1), date(2026, 9, 1)


async def labelled(house: TestHouse) -> None:
    """A label is there before the first look, at the platform whose forms people fill in."""
    house.beta.labels[MOBILE] = ("广告推销", 3)
    await house.until(lambda: [t for t in house.tasks() if t.kind == "submit_appeal"])


def letter(house: TestHouse) -> str:
    [task] = [t for t in house.tasks() if t.kind == "submit_appeal"]
    assert task.packet is not None
    return task.packet.letter


@pytest.mark.parametrize(
    ("since", "cause", "why"),
    [
        (None, "inherited", "probably inherited: marked at the first looks at this number"),
        (LONG, "reports", "probably reports: 3 marks counted by the platform"),
    ],
)
async def test_what_is_said_of_it_everywhere(
    tmp_path: Path, autojump_clock: Clock, since: date | None, cause: str, why: str
) -> None:
    async with make_house(tmp_path, numbers=(number(MOBILE, since=since),)) as house:
        await labelled(house)
        assert [e.causes for e in house.log.of(CauseFound)] == [(cause,)]
        assert CAUSES[cause] in letter(house)
        answer = await house.ask("Explain", number=MOBILE, platform="beta")
        assert why in [line.why for line in answer.lines]
        page = await house.ask("GetNumber", number=MOBILE)
        assert page.ours_since == (None if since is None else "2001-01-01")


async def test_a_number_of_late_may_have_inherited_it(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await labelled(house)
        at = house.case("beta").opened_at
    since = datetime.fromtimestamp(at - 90 * 86_400.0, UTC).date()
    async with make_house(tmp_path / "again", numbers=(number(MOBILE, since=since),)) as house:
        await labelled(house)
        assert [e.causes for e in house.log.of(CauseFound)] == [("inherited",)]


async def test_the_letter_of_an_open_appeal_goes_by_what_its_owner_told_since(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path) as house:
        await labelled(house)
        case = house.case("beta")
        told, context = number(MOBILE, since=LONG), house.house.context

        def policy_of(_: Any) -> a.RequestPolicy:
            return a.RequestPolicy()

        assert CAUSES["inherited"] in Packets(context, number(MOBILE), 0.0, policy_of).values(case, "REF")["letter"]
        now = Packets(context, told, 0.0, policy_of).values(case, "REF")["letter"]
        assert CAUSES["inherited"] not in now
        assert CAUSES["unclear"] in now
        assert standing(case, number(MOBILE), context) is case
        none = structs.replace(case, data=structs.replace(case.data, causes=()))
        assert standing(none, told, context) is none
        house.house.context = structs.replace(context, numbers={MOBILE: told})
        view = await house.ask("GetCase", case=case.id)
        assert view.causes == ("unclear",)
