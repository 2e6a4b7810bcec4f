"""A key that the platform does not accept: which credential it is and what to do is said, its value never."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing

from numtrustd.wire.spec import RequestSpec
from tests.actors.house import MOBILE, ORIGIN, SECRETS, TestHouse, make_house, source

Clock = trio.testing.MockClock

KEYED = RequestSpec(url=ORIGIN.format("alpha") + "/look?n={national}", headers={"x-key": "{secret:alpha-key}"})


def keyed(**more: Any) -> dict[str, Any]:
    return {"sources": {"alpha.api": source("alpha", request=KEYED), "beta.api": source("beta")}, **more}


async def down(house: TestHouse, weather: str) -> Any:
    await house.until(lambda: len(house.record().verdicts) == 2)
    house.alpha.weather = weather
    await house.until(lambda: house.sources.actors["alpha.api"].down)
    return await row(house)


async def row(house: TestHouse) -> Any:
    [alpha] = [r for r in (await house.ask("ListSources")).sources if r.source == "alpha.api"]
    return alpha


@pytest.mark.parametrize(
    ("weather", "status", "said"),
    [("refused", 401, "was refused"), ("blocked", 403, "was refused or does not allow this")],
)
async def test_the_credential_and_the_remedy_are_named(
    weather: str, status: int, said: str, tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **keyed()) as house:
        alpha = await down(house, weather)
        assert (alpha.state, alpha.why) == ("open", "blocked, 3 times in a row")
        assert (alpha.http_status, alpha.refused_credentials) == (status, ("alpha-key",))
        remedy = (
            f"HTTP {status}, credential alpha-key {said}; put a valid key there, then reload, or under systemd restart"
        )
        looked = await house.ask("Look", number=MOBILE, platform="alpha")
        assert f"(blocked, 3 times in a row: {remedy})" in looked.pending[0].why
        await house.sleep(40 * 86_400.0)
        lines = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        assert any(remedy in f"{line.fact} {line.why} {line.next}" for line in lines)
        for answer in (looked, await row(house), lines, await house.ask("GetNumber", number=MOBILE)):
            assert SECRETS["secret:alpha-key"] not in repr(answer)


async def test_a_failure_of_another_kind_and_a_source_without_a_key_name_none(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path / "a", **keyed()) as house:
        alpha = await down(house, "broken")
        assert (alpha.http_status, alpha.refused_credentials) == (200, None)
    async with make_house(tmp_path / "b") as house:
        alpha = await down(house, "blocked")
        assert (alpha.http_status, alpha.refused_credentials) == (403, None)


async def test_it_is_known_after_a_restart_and_forgotten_once_the_key_is_accepted(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **keyed()) as house:
        await down(house, "refused")
        start, outside = house.clock.now(), house.alpha
    async with make_house(tmp_path, start=start + 1, alpha=outside, **keyed()) as house:
        alpha = await row(house)
        assert (alpha.refused_credentials, alpha.retrying) == (("alpha-key",), True)
        outside.weather = "fine"
        await house.until(lambda: not house.sources.actors["alpha.api"].down)
        alpha = await row(house)
        assert (alpha.state, alpha.http_status, alpha.refused_credentials) == ("ok", None, None)


async def test_a_new_key_is_tried_at_once(tmp_path: Path, autojump_clock: Clock) -> None:
    """Not only after the pause that the old one had come to."""
    async with make_house(tmp_path, **keyed()) as house:
        await down(house, "refused")
        await house.until(lambda: house.sources.actors["alpha.api"].next_slot > house.clock.now() + 600.0)
        await house.ask("Look", number=MOBILE, platform="alpha")
        await house.sleep(5.0)
        assert house.sources.actors["alpha.api"].down
        refused = await row(house)
        assert (refused.refused_credentials, refused.retrying) == (("alpha-key",), None)
        house.alpha.weather = "fine"
        house.sources.apply((), (), ("alpha.api",))
        tried = await row(house)
        assert (tried.refused_credentials, tried.retrying) == (("alpha-key",), True), "and that is said until it was"
        lines = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
        again = "was refused; it is tried again, for the first time since the last reload or start"
        assert any(again in f"{line.fact} {line.why} {line.next}" for line in lines)
        await house.sleep(5.0)
        assert not house.sources.actors["alpha.api"].down
        assert (await row(house)).retrying is None
