"""What somebody typed wrong is named with what he may have meant."""

from pathlib import Path

import pytest
import trio.testing

from numtrustd.api import errors
from tests.actors.house import LANDLINE, MOBILE, Refusal, TestHouse, make_house

Clock = trio.testing.MockClock


async def error(house: TestHouse, method: str, **parameters: object) -> object:
    with pytest.raises(Refusal) as caught:
        await house.ask(method, **parameters)
    return caught.value.error


async def test_what_was_meant_is_named(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        await house.labelled("alpha")
        assert await error(house, "GetPlatform", platform="alhpa") == errors.UnknownPlatform("alhpa", "alpha")
        assert await error(house, "GetPlatform", platform="x") == errors.UnknownPlatform("x")
        slip = f"{MOBILE[:-1]}9"
        refused = await error(house, "GetNumber", number=slip)
        assert isinstance(refused, errors.UnknownNumber)
        assert refused.why.endswith(f"did you mean {MOBILE}? `numtrustctl numbers` lists those that are")
        case = house.case("alpha").id
        assert await error(house, "GetCase", case=f"{MOBILE}/alhpa/1") == errors.UnknownCase(f"{MOBILE}/alhpa/1", case)
        assert await error(house, "GetCase", case=f"{slip}/alpha/1") == errors.UnknownCase(f"{slip}/alpha/1", case)
        assert await error(house, "GetCase", case="x") == errors.UnknownCase("x")
        for typed, said in (
            ("alpha.app", "there is no alpha.app: did you mean alpha.api? `numtrustctl sources` lists all"),
            ("x", "there is no x: `numtrustctl sources` lists all"),
        ):
            assert await error(house, "TrustSource", source=typed) == errors.InvalidArgument("source", said)
