"""A label is appealed at the owner of the data and verified where it is shown; who feeds others goes first."""

from pathlib import Path
from typing import Any

import trio.testing

from numtrustd.actors.context import AppealRules
from numtrustd.domain.platform import Feed
from numtrustd.events import CaseClosed, CaseJoined, CaseMoved, CaseOpened, FindingOpened
from numtrustd.probes.spec import Reading
from numtrustd.store import records
from tests.actors.house import DAY, HOUR, MOBILE, TestHouse, make_house, platform, source

Clock = trio.testing.MockClock


def at_owner() -> dict[str, Any]:
    """`beta` only shows what `alpha` holds, and takes no appeals."""
    return {"platforms": {"alpha": platform("alpha"), "beta": platform("beta", appeal=None, appeal_at=("alpha",))}}


def approve(house: TestHouse) -> None:
    for submission in house.alpha.submissions.values():
        submission.state = "approved"


async def test_what_a_display_shows_is_appealed_at_the_owner_and_has_to_go_on_both(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **at_owner()) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.beta.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.log.of(CaseOpened))
        [opened] = house.log.of(CaseOpened)
        assert (opened.platform, opened.displays) == ("alpha", ("beta",))
        assert house.record().cases["alpha"].displays == ("beta",)
        line = next(e for e in (await house.ask("Explain", number=MOBILE, platform="beta")).lines if e.case)
        assert line.case == opened.case
        await house.until(lambda: house.alpha.submissions)
        approve(house)
        await house.in_state("propagating", "alpha")
        await house.sleep(2 * DAY)  # alpha has been clean all the time: that proves nothing
        case = records.get_case(house.store, opened.case)
        assert case is not None
        assert case.open
        house.beta.labels.clear()
        await house.until(lambda: house.log.of(CaseClosed))
        case = records.get_case(house.store, opened.case)
        assert case is not None
        assert case.outcome == "cleared"
        clean = {m.to for m in house.log.of(CaseMoved)}
        assert "verifying" in clean


async def test_a_second_display_joins_the_open_case(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **at_owner()) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.log.of(CaseOpened))
        assert house.log.of(CaseOpened)[0].displays is None
        house.beta.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.log.of(CaseJoined))
        assert len(house.log.of(CaseOpened)) == 1
        assert len(house.log.of(FindingOpened)) == 2
        await house.until(lambda: house.alpha.submissions)
        approve(house)
        house.alpha.labels.clear()
        await house.until(lambda: "alpha" not in house.record().findings)
        await house.sleep(4 * DAY)
        assert not house.log.of(CaseClosed), "beta still shows it"
        house.beta.labels.clear()
        await house.until(lambda: house.log.of(CaseClosed))
        [closed] = house.log.of(CaseClosed)
        assert closed.outcome == "cleared"


async def test_a_label_that_comes_back_on_the_display_reopens_the_owners_case(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **at_owner()) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.beta.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.alpha.submissions)
        approve(house)
        house.beta.labels.clear()
        await house.until(lambda: house.log.of(CaseClosed))
        house.beta.labels[MOBILE] = ("广告推销", 9)
        await house.until(lambda: any(m.from_ == "cleared" for m in house.log.of(CaseMoved)))
        case = records.get_case(house.store, house.log.of(CaseOpened)[0].case)
        assert case is not None
        assert (case.open, case.data.displays, case.data.returns) == (True, ("beta",), 1)


async def test_one_source_that_shows_both_counts_for_each(tmp_path: Path, autojump_clock: Clock) -> None:
    """An aggregator speaks for owner and display: its clean look of one is none of the other."""
    both = source("alpha", readings=(Reading("alpha"), Reading("beta")))
    async with make_house(tmp_path, **at_owner(), sources={"alpha.api": both}) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.alpha.submissions)
        approve(house)
        house.alpha.labels.clear()
        await house.until(lambda: house.log.of(CaseClosed))
        case = records.get_case(house.store, house.log.of(CaseOpened)[0].case)
        assert case is not None
        assert set(case.data.clean) == {"alpha.api/default", "beta:alpha.api/default"}


def fed() -> dict[str, Any]:
    """`beta` copies from `alpha`; both take appeals."""
    alpha = platform("alpha", feeds=(Feed("beta", (HOUR, 3 * DAY)),))
    return {"platforms": {"alpha": alpha, "beta": platform("beta")}}


async def both_marked(house: TestHouse) -> tuple[str, str]:
    await house.until(lambda: len(house.record().verdicts) == 2)
    house.alpha.labels[MOBILE] = ("广告推销", 3)
    house.beta.labels[MOBILE] = ("广告推销", 3)
    await house.until(lambda: len(house.log.of(CaseOpened)) == 2)
    cases = {e.platform: e.case for e in house.log.of(CaseOpened)}
    return cases["alpha"], cases["beta"]


async def test_the_feeding_platform_is_appealed_to_first(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **fed()) as house:
        _, beta = await both_marked(house)
        await house.until(lambda: house.alpha.submissions)
        await house.sleep(2 * DAY)
        assert house.record().cases["beta"].state == "waiting"
        facts = {f.name: f.value for f in (await house.ask("GetCase", case=beta)).data}
        assert facts["goes after"] == "the appeal at alpha, from which this platform copies"
        approve(house)
        await house.until(lambda: house.record().cases["alpha"].state == "verifying")
        assert house.record().cases["beta"].state == "waiting", "approved is no proof: it could be copied anew"
        house.alpha.labels.pop(MOBILE)
        await house.in_state("cleared", "alpha")
        cleared = house.clock.now()
        await house.in_state("at_person", "beta")
        assert house.clock.now() - cleared < 60, "it does not wait until it would have asked again"


async def test_it_does_not_wait_for_ever_nor_against_an_order(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **fed(), appeal=AppealRules(feeder_wait=3 * DAY)) as house:
        await both_marked(house)
        opened = house.clock.now()
        await house.until(lambda: house.record().cases["beta"].state == "at_person")
        assert 3 * DAY <= house.clock.now() - opened <= 3.5 * DAY
        assert house.record().cases["alpha"].state == "in_review"
    (tmp_path / "again").mkdir()
    async with make_house(tmp_path / "again", **fed()) as house:
        _, beta = await both_marked(house)
        await house.ask("Advance", case=beta, reason="it cannot wait")
        began = house.clock.now()
        await house.until(lambda: house.record().cases["beta"].state == "at_person")
        assert house.clock.now() - began < HOUR
