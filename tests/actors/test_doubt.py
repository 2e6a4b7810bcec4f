"""A source that is asked only in doubt: when it looks, when it rests; nothing waits for it or hides behind it."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.actors.context import Context
from numtrustd.actors.pace import is_asked, views_asked
from numtrustd.domain.cadence import CadencePolicy
from numtrustd.domain.number import NumberKind
from numtrustd.domain.observation import Status
from numtrustd.domain.record import CaseRef, NumberRecord
from numtrustd.domain.verdict import Run, Verdict, VerdictPolicy
from numtrustd.domain.view import Shown
from numtrustd.events import FindingOpened, VerdictChanged
from numtrustd.probes.report import ReportSpec
from numtrustd.probes.spec import Reading, Source
from tests.actors.house import (
    DAY,
    HOUR,
    MOBILE,
    OTHER_MOBILE,
    TestHouse,
    make_context,
    make_house,
    number,
    source,
)

Clock = trio.testing.MockClock
FRESH = source("beta", readings=(Reading("alpha"),), when="doubt")
"""Sees the platform `alpha` as `house.beta` shows it; every look is dear."""


def two(**more: Any) -> dict[str, Any]:
    """`alpha.api` looks always, `beta.api` only in doubt, both at `alpha`."""
    steady = CadencePolicy(jitter=0.0, new_number_days=0.0)
    return {"sources": {"alpha.api": source("alpha"), "beta.api": FRESH}, "cadence": steady, **more}


async def calm(house: TestHouse) -> None:
    """Until the number was found clean, and two days on."""
    await house.until(lambda: (v := house.record().verdicts.get("alpha")) is not None and v.belief)
    await house.sleep(2 * DAY)


async def test_it_rests_while_nothing_is_in_doubt(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **two()) as house:
        await calm(house)
        assert len(house.alpha.looks) >= 8
        assert not house.beta.looks
        [line] = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        assert "looks again through alpha.api" in line.next
        assert line.next.endswith("; beta.api is asked only in doubt")
        row = next(r for r in (await house.ask("GetNumber", number=MOBILE)).platforms if r.platform == "alpha")
        assert [view.source for view in row.views] == ["alpha.api"]


async def test_it_looks_while_looks_disagree_and_while_a_case_is_verified_and_then_rests_again(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **two()) as house:
        await calm(house)
        house.alpha.labels[MOBILE] = house.beta.labels[MOBILE] = ("广告推销", 3)
        [changed] = await house.until(lambda: house.log.of(VerdictChanged))
        assert house.beta.looks, "the first look that disagreed had it asked"
        assert "beta.api" in changed.sources
        case = await house.in_state("in_review", "alpha")
        asked = len(house.beta.looks)
        await house.sleep(DAY)
        assert len(house.beta.looks) <= asked + 1, "the review is the platform's: no doubt"
        house.alpha.labels.clear()
        for submission in house.alpha.submissions.values():
            submission.state = "approved"
        await house.until(lambda: house.case("alpha").snapshot.state in ("propagating", "verifying"))
        asked = len(house.beta.looks)
        await house.sleep(3 * DAY)
        assert len(house.beta.looks) > asked, "a case counts its looks"
        assert house.case("alpha").open, "what it still shows keeps the case open"
        house.beta.labels.clear()
        await house.in_state("cleared", "alpha")
        assert house.case("alpha").id == case.id
        await house.sleep(DAY)
        asked = len(house.beta.looks)
        await house.sleep(3 * DAY)
        assert len(house.beta.looks) == asked
        assert set(house.record().verdicts["alpha"].views) == {"alpha.api/default"}


async def test_a_person_may_ask_it_and_no_plan_takes_that_away(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **two()) as house:
        await calm(house)
        said = await house.ask("Look", number=MOBILE)
        assert set(said.sources) == {"alpha.api", "beta.api"}
        assert len(house.beta.looks) == 1
        await house.sleep(2 * DAY)
        assert len(house.beta.looks) == 1
        actor = house.sources.actors["beta.api"]
        actor.want(MOBILE, house.clock.now() + DAY)
        actor.rest(MOBILE)
        assert actor.due_of(MOBILE) is None
        actor.ask(MOBILE)
        actor.rest(MOBILE)
        await house.sleep(HOUR)
        assert len(house.beta.looks) == 2


async def test_where_nobody_else_looks_it_looks_at_its_usual_pace(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **two(sources={"beta.api": FRESH})) as house:
        await calm(house)
        assert len(house.beta.looks) >= 8
        [line] = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        assert "only in doubt" not in line.next


async def test_what_it_said_hides_no_blindness(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **two()) as house:
        await calm(house)
        await house.ask("Look", number=MOBILE)
        assert house.beta.looks
        house.alpha.weather = "blocked"
        [opened] = await house.until(lambda: house.log.of(FindingOpened), within=4 * DAY)
        assert (opened.platform, opened.finding) == ("alpha", "blind")
        assert "beta.api" not in opened.why


async def test_a_quorum_hears_it(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **two(verdict=VerdictPolicy(quorum=2))) as house:
        await calm(house)
        house.alpha.labels[MOBILE] = house.beta.labels[MOBILE] = ("骚扰电话", 7)
        [changed] = await house.until(lambda: house.log.of(VerdictChanged), within=2 * DAY)
        assert set(changed.sources) == {"alpha.api", "beta.api"}


async def test_a_reload_sends_it_to_rest_and_wakes_it(tmp_path: Path, autojump_clock: Clock) -> None:
    both = two()
    both["sources"]["beta.api"] = structs.replace(FRESH, when="always")
    async with make_house(tmp_path, **both) as house:
        await calm(house)
        asked = len(house.beta.looks)
        assert asked >= 8
        house.house.context = structs.replace(
            house.house.context, sources={**house.house.context.sources, "beta.api": FRESH}
        )
        house.roster.refresh(MOBILE)
        await house.sleep(3 * DAY)
        assert len(house.beta.looks) <= asked + 1
        assert set(house.record().verdicts["alpha"].views) == {"alpha.api/default"}


# ------------------------------------------------------------------------------------------------------------- purely


def context(**sources: Source) -> Context:
    return make_context("s", [MOBILE], sources={each.id: each for each in sources.values()})


RUN = Run(Shown(Status.MARKED), 1, ("alpha.api",), 5.0, 5.0)
DOUBTS: list[tuple[str, dict[str, Any], bool]] = [
    ("nothing is going on", {}, False),
    ("looks disagree", {"verdicts": {"alpha": Verdict("alpha", run=RUN)}}, True),
    ("looks disagree elsewhere", {"verdicts": {"beta": Verdict("beta", run=RUN)}}, False),
    ("a case propagates", {"cases": {"alpha": CaseRef("n/alpha/1", "propagating", open=True)}}, True),
    ("a case is verified", {"cases": {"alpha": CaseRef("n/alpha/1", "verifying", open=True)}}, True),
    ("a case at its owner is verified", {"cases": {"beta": CaseRef("n/beta/1", "verifying", True, ("alpha",))}}, True),
    ("a case is reviewed", {"cases": {"alpha": CaseRef("n/alpha/1", "in_review", open=True)}}, False),
    ("a correction is verified", {"tracks": {"alpha:correction": CaseRef("n/alpha/2", "verifying", open=True)}}, True),
    ("a case elsewhere is verified", {"cases": {"beta": CaseRef("n/beta/1", "verifying", open=True)}}, False),
]


@pytest.mark.parametrize(("why", "state", "asked"), DOUBTS, ids=[why for why, _, _ in DOUBTS])
def test_what_is_a_doubt(why: str, state: dict[str, Any], asked: bool) -> None:
    within, record = context(a=source("alpha"), b=FRESH), NumberRecord(MOBILE, 0.0, **state)
    assert is_asked(within, number(MOBILE), record, FRESH) is asked
    assert is_asked(within, number(MOBILE), record, within.sources["alpha.api"])
    views = views_asked(within, number(MOBILE), record, "alpha")
    assert views == (("alpha.api/default", "beta.api/default") if asked else ("alpha.api/default",))


@pytest.mark.parametrize(
    ("other", "lone"),
    [
        (source("alpha"), False),
        (source("alpha", kinds=(NumberKind.LANDLINE,)), True),
        (source("alpha", when="doubt"), True),
        (source("alpha", id="alpha.device", request=None, rules=(), report=ReportSpec()), True),
    ],
    ids=["looks too", "looks at other numbers", "looks in doubt, too", "is told by people"],
)
def test_who_else_looks(other: Source, lone: bool) -> None:
    assert context(a=other, b=FRESH).lone(number(MOBILE), FRESH) is lone


def test_a_source_of_several_platforms_is_alone_if_it_is_for_one() -> None:
    wide = structs.replace(FRESH, readings=(Reading("alpha"), Reading("beta")))
    assert context(a=source("alpha"), b=wide).lone(number(OTHER_MOBILE), wide)
    assert not context(a=source("alpha"), b=wide, c=source("beta", id="c")).lone(number(OTHER_MOBILE), wide)
