"""What somebody typed wrong is named with what he may have meant."""

from pathlib import Path

import pytest
import trio.testing
from msgspec import structs

from numtrustd.actors.context import Group
from numtrustd.api import errors
from tests.actors.house import LANDLINE, MOBILE, Refusal, TestHouse, make_house, platform
from tests.actors.test_papers_by_hand import at_work

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


@pytest.mark.parametrize(
    ("method", "parameters", "field", "said"),
    [
        ("ListNumbers", {"group": "sale"}, "group", "there is no group sale: did you mean sales? there are default, "),
        ("ListNumbers", {"group": "x"}, "group", "there is no group x: there are default, sales"),
        (
            "ListNumbers",
            {"finding": "mislabl"},
            "finding",
            "there is no finding mislabl: did you mean mislabel? there ",
        ),
        ("ListNumbers", {"finding": "x"}, "finding", "there is no finding x: there are any, mislabel, "),
        (
            "EvidenceAdd",
            {"kind": "licnce", "path": "/a.pdf"},
            "kind",
            "'licnce' is no kind of evidence: did you mean licence? there are licence, ",
        ),
        ("EvidenceAdd", {"kind": "x", "path": "/a.pdf"}, "kind", "'x' is no kind of evidence: there are licence, "),
        (
            "EvidenceRemove",
            {"kind": "licnce", "path": "/a.pdf"},
            "kind",
            "'licnce' is no kind of evidence: did you mean licence? there are licence, ",
        ),
        (
            "EvidenceAdd",
            {"kind": "licence", "path": "/a.pdf", "cases": ("apeal",)},
            "cases",
            "no case is of the kind 'apeal': did you mean appeal? there are appeal, ",
        ),
        (
            "SilenceAdd",
            {"targets": ("alhpa",), "seconds": 60.0, "reason": "x"},
            "targets",
            "there is no watched number, platform or group 'alhpa': did you mean alpha? `numtrustctl numbers` and ",
        ),
        (
            "SilenceAdd",
            {"targets": ("sale",), "seconds": 60.0, "reason": "x", "scope": "group"},
            "targets",
            "there is no group 'sale': did you mean sales? `numtrustctl numbers` and ",
        ),
        (
            "SilenceAdd",
            {"targets": ("alhpa",), "seconds": 60.0, "reason": "x", "scope": "group"},
            "targets",
            "there is no group 'alhpa': `numtrustctl numbers` and ",
        ),
        (
            "SilenceAdd",
            {"targets": (f"{MOBILE[:-1]}9",), "seconds": 60.0, "reason": "x"},
            "targets",
            f"there is no watched number, platform or group '{MOBILE[:-1]}9': did you mean {MOBILE}? `numtrustctl ",
        ),
        ("SilenceRemove", {"silence": "x"}, "silence", "there is no silence x: `numtrustctl silence list` shows "),
    ],
)
async def test_of_words_that_are_known_the_nearest_is_named(
    tmp_path: Path, autojump_clock: Clock, method: str, parameters: dict[str, object], field: str, said: str
) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        at_work(house)
        house.house.context = structs.replace(house.house.context, groups={"sales": Group("sales")})
        refused = await error(house, method, **parameters)
        assert isinstance(refused, errors.InvalidArgument)
        assert refused.field == field
        assert refused.why.startswith(said)


async def test_the_nearest_silence_is_named(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        silence = (await house.ask("SilenceAdd", targets=("alpha",), seconds=60.0, reason="x")).row.silence
        refused = await error(house, "SilenceRemove", silence=silence[:-1])
        assert isinstance(refused, errors.InvalidArgument)
        assert refused.why.startswith(f"there is no silence {silence[:-1]}: did you mean {silence}? `numtrustctl ")


async def test_the_nearest_task_is_named(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE)) as house:
        await house.labelled("beta")
        await house.in_state("at_person", "beta")
        [task] = (await house.ask("ListTasks"))[0].tasks
        slip = task.task.replace(MOBILE, f"{MOBILE[:-1]}9")
        for typed in (f"{task.task}1", task.case, task.task.replace("beta", "bata"), slip):
            assert await error(house, "GetTask", task=typed) == errors.UnknownTask(typed, task.task)
            assert await error(house, "TaskFail", task=typed, why="x") == errors.UnknownTask(typed, task.task)
        for typed in ("x", f"{LANDLINE}/beta/1/3.0", "+8613000000000/beta/1/3.0"):
            assert await error(house, "GetTask", task=typed) == errors.UnknownTask(typed)
        refused = await error(house, "TaskDone", task=task.task, outcome="submited")
        assert isinstance(refused, errors.Refused)
        assert "does not answer submit_appeal: did you mean submitted? one of submitted, refused" in refused.why


@pytest.mark.parametrize("typed", ["beta", "BETA", "贝塔", "Beta Caller", "beta caller", "Beta", "贝塔号码通"])
async def test_a_platform_goes_by_its_names(tmp_path: Path, autojump_clock: Clock, typed: str) -> None:
    platforms = {"alpha": platform("alpha"), "beta": platform("beta", name="贝塔号码通", name_en="Beta Caller")}
    async with make_house(tmp_path, platforms=platforms) as house:
        await house.labelled("alpha")
        await house.labelled("beta")
        assert (await house.ask("GetPlatform", platform=typed)).row.platform == "beta"
        lines = (await house.ask("Explain", number=MOBILE, platform=typed)).lines
        assert {line.platform for line in lines} == {"beta"}
        [page] = await house.ask("ListCases", platform=typed)
        assert [row.platform for row in page.cases] == ["beta"]
        history = (await house.ask("History", number=MOBILE, platform=typed)).events
        assert {event.platform for event in history} == {"beta"}
        looked = await house.ask("Look", number=MOBILE, platform=typed)
        assert looked.sources == ("beta.api",)
        silence = await house.ask("SilenceAdd", targets=[typed], seconds=3_600.0, reason="r")
        assert [target.name for target in silence.row.targets] == ["beta"]


async def test_a_name_of_two_platforms_is_nobodys(tmp_path: Path, autojump_clock: Clock) -> None:
    platforms = {
        "alpha": platform("alpha", name="中国甲"),
        "beta": platform("beta", name="中国乙"),
        "gamma": platform("gamma", name="Gamma"),
    }
    async with make_house(tmp_path, platforms=platforms) as house:
        assert await error(house, "GetPlatform", platform="中国") == errors.UnknownPlatform("中国", "alpha")
        assert await error(house, "GetPlatform", platform="Ga") == errors.UnknownPlatform("Ga")
        assert await error(house, "GetPlatform", platform="中国已乙") == errors.UnknownPlatform("中国已乙", "beta")
        assert (await house.ask("GetPlatform", platform="中国乙")).row.platform == "beta"


async def test_a_look_through_one_source_alone(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        assert (await house.ask("Look", number=MOBILE, source="beta.api")).sources == ("beta.api",)
        refused = await error(house, "Look", number=MOBILE, source="beta.apj")
        assert isinstance(refused, errors.InvalidArgument)
        assert (refused.field, "did you mean beta.api?" in refused.why) == ("source", True)
        assert isinstance(
            await error(house, "Look", number=MOBILE, platform="alpha", source="beta.api"), errors.Refused
        )
