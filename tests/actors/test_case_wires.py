"""What a pack, the settings and the store say of a case reaches the case: each wire, at an actor at work.

What the case makes of it is tested with its table (`tests/domain`); here a wire that is cut shows.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd import build
from numtrustd.actors.context import AppealRules
from numtrustd.domain.calendar import add_working_days, end_of_day, local_date
from numtrustd.domain.platform import AppealFacts, Platform
from numtrustd.events import CaseOpened
from numtrustd.settings import Loaded, load, render
from numtrustd.store.batch import Batch
from numtrustd.store.tables import Table
from tests.actors.house import DAY, HOUR, MINUTE, MOBILE, OTHER_MOBILE, TestHouse, make_house, platform, source
from tests.actors.leaving_house import cancel, deleted, hand_in, leaving, removal, shown

Clock = trio.testing.MockClock

KILOBYTE = 1 << 10


# ---------------------------------------------------------------------------------------------- importance order


def seen_by_few(**more: Any) -> dict[str, Any]:
    """`beta` is a platform that few people see, `alpha` a core platform; neither copies from the other. A person has to
    approve what goes to `alpha`, so that its appeal is still to go out."""
    platforms = {"alpha": platform("alpha", importance=0.9), "beta": platform("beta", importance=0.2)}
    return {"platforms": platforms, "ask_approval": frozenset({"alpha"}), **more}


async def both_labelled(house: TestHouse) -> None:
    await house.until(lambda: len(house.record().verdicts) == 2)
    house.alpha.labels[MOBILE] = house.beta.labels[MOBILE] = ("广告推销", 3)
    await house.until(lambda: len(house.log.of(CaseOpened)) == 2)


async def test_the_platform_that_few_see_waits_for_the_core_one(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **seen_by_few()) as house:
        await both_labelled(house)
        await house.sleep(DAY)
        assert house.case("alpha").snapshot.state == "waiting"
        assert house.case("beta").snapshot.state == "waiting"
        facts = {f.name: f.value for f in (await house.ask("GetCase", case=house.case("beta").id)).data}
        assert facts["goes after"] == "the appeal at alpha, which more people see"
        await house.ask("Approve", case=house.case("alpha").id)
        await house.until(lambda: house.alpha.submissions, within=HOUR, step=MINUTE)
        sent = house.clock.now()
        await house.in_state("at_person", "beta")
        assert house.clock.now() - sent <= 6 * HOUR + MINUTE, "it asks again, and nothing stands before it any more"


async def test_it_waits_for_core_platforms_as_long_as_is_configured(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **seen_by_few(appeal=AppealRules(core_wait=5 * DAY))) as house:
        await both_labelled(house)
        opened = house.clock.now()
        await house.in_state("at_person", "beta")
        assert 5 * DAY <= house.clock.now() - opened <= 5.5 * DAY
        assert house.case("alpha").snapshot.state == "waiting"


async def test_of_two_that_many_see_neither_waits(tmp_path: Path, autojump_clock: Clock) -> None:
    alike = seen_by_few()
    alike["platforms"]["beta"] = platform("beta", importance=0.5)
    async with make_house(tmp_path, **alike) as house:
        await both_labelled(house)
        await house.in_state("at_person", "beta")
        assert house.case("alpha").snapshot.state == "waiting"


# ------------------------------------------------------------------------------------------------------ cool-down


def cooling(identity: str, cooldown: float) -> Platform:
    known = platform(identity)
    assert isinstance(known.appeal, AppealFacts)
    return structs.replace(known, appeal=structs.replace(known.appeal, cooldown=cooldown))


async def rejected(house: TestHouse, at: str) -> float:
    """Have the platform say no, and wait until that is known: how long the case waits from then on, in seconds."""
    await house.in_state("in_review", at)
    if at == "alpha":
        for submission in house.alpha.submissions.values():
            submission.state, submission.reason = "rejected", "nothing proves it"
    else:
        [task] = [t for t in house.tasks() if t.case == house.case(at).id]
        await house.ask("TaskDone", task=task.id, outcome="rejected", reason="nothing proves it")
    deadline = (await house.in_state("cooling", at)).snapshot.deadline
    assert deadline is not None
    return deadline - house.clock.now()


@pytest.mark.parametrize(("alpha", "beta"), [(3 * DAY, 20 * HOUR), (20 * HOUR, 6 * DAY)])
async def test_after_a_rejection_each_platform_has_its_own_cool_down(
    tmp_path: Path, autojump_clock: Clock, alpha: float, beta: float
) -> None:
    platforms = {"alpha": cooling("alpha", alpha), "beta": cooling("beta", beta)}
    async with make_house(tmp_path, platforms=platforms) as house:
        await house.labelled("alpha")
        assert await rejected(house, "alpha") == pytest.approx(alpha, abs=MINUTE)
        await house.labelled("beta")
        await house.in_state("at_person", "beta")
        [task] = [t for t in house.tasks() if t.case == house.case("beta").id]
        await house.ask("TaskDone", task=task.id, outcome="submitted", receipt="B-1")
        assert await rejected(house, "beta") == pytest.approx(beta, abs=MINUTE)


# ------------------------------------------------------------------------------------- until it is shown everywhere


async def test_a_platform_may_spread_in_working_days(tmp_path: Path, autojump_clock: Clock) -> None:
    """Of an appeal, and of a removal; the Mid-Autumn Festival lies between."""
    known = platform("alpha")
    assert isinstance(known.appeal, AppealFacts)
    platforms = {"alpha": structs.replace(known, appeal=structs.replace(known.appeal, propagation_days=3))}
    start = end_of_day(date(2026, 9, 22)) + 9 * HOUR
    async with make_house(tmp_path, start=start, platforms=platforms, sources={"alpha.api": source("alpha")}) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        for submission in house.alpha.submissions.values():
            submission.state = "approved"
        case = await house.in_state("propagating", "alpha")
        assert case.data.granted_at is not None
        assert local_date(case.data.granted_at) == date(2026, 9, 23)
        assert case.snapshot.deadline == end_of_day(date(2026, 9, 29)) - 6 * HOUR
        told = (await house.ask("GetPlatform", platform="alpha")).appeal
        assert (told.propagation_days, told.propagation) == (3, 2 * DAY)


async def test_so_may_a_removal(tmp_path: Path, autojump_clock: Clock) -> None:
    context = leaving()
    way = AppealFacts("manual", review_days=1, propagation_days=4)
    context["platforms"]["alpha"] = platform("alpha", ways={"removal": way})
    async with make_house(tmp_path, **context) as house:
        await shown(house)
        await cancel(house)
        for at in ("alpha", "beta"):
            await hand_in(house, at)
            await deleted(house, at)
        granted, ends = {}, {}
        for at in ("alpha", "beta"):
            case = removal(house, at)
            assert case.data.granted_at is not None
            granted[at], ends[at] = case.data.granted_at, case.snapshot.deadline
        assert ends["alpha"] == add_working_days(granted["alpha"], 4)
        assert ends["beta"] == granted["beta"] + 3 * DAY, "nobody said anything of it: [cancellation] cache_wait"


# ------------------------------------------------------------------------------------------ a store that is nearly full


async def fill(house: TestHouse) -> list[bytes]:
    """Lay something into the store that nobody reads, until it is nearly full; the keys."""
    keys: list[bytes] = []
    while not house.store.nearly_full:
        keys.append(b"ballast/%d" % len(keys))
        await house.store.commit(Batch().put(Table.WORD, keys[-1], bytes(24 * KILOBYTE)))
    assert house.store.trouble is None
    return keys


async def clear(house: TestHouse, keys: list[bytes]) -> None:
    for key in keys:
        await house.store.commit(Batch().delete(Table.WORD, key))


@pytest.mark.covers("S4")
async def test_in_a_nearly_full_store_open_cases_move_and_nothing_new_is_handed_in(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """What is under way ends out of the reserve; a label that is new is known, and its appeal waits for room."""
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE), map_size=2 << 20) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        keys = await fill(house)
        [sent] = house.alpha.submissions.values()
        sent.state = "approved"
        await house.in_state("propagating", "alpha")
        del house.alpha.labels[MOBILE]
        await house.in_state("cleared", "alpha")
        await house.labelled("alpha", OTHER_MOBILE)
        await house.labelled("beta", OTHER_MOBILE)
        began = house.clock.now()
        await house.sleep(2 * DAY)
        for name in ("alpha", "beta"):
            assert house.case(name, OTHER_MOBILE).snapshot.state == "waiting"
        assert len(house.alpha.submissions) == 1
        assert not house.tasks()
        assert house.record(OTHER_MOBILE).looks["alpha.api"].at > began + DAY, "it is looked at all the time"
        assert house.store.nearly_full
        assert house.store.trouble is None
        await clear(house, keys)
        assert not house.store.nearly_full
        await house.until(lambda: len(house.alpha.submissions) == 2, within=7 * HOUR)
        await house.in_state("at_person", "beta", OTHER_MOBILE)


# -------------------------------------------------------------------------------------------------- from the settings

PACK = """[platform]
id = "{id}"
name = "{id}"
class = "security_vendor"
official_hosts = ["{id}.example.invalid"]
[appeal]
cooldown = "2d"
[appeal.manual]
address = "https://{id}.example.invalid/appeal"
"""
SETTINGS = """[platforms]
shipped = false
[platform.other.appeal]
cooldown = "9d"
[appeal]
core_wait = "3d"
"""


def test_the_settings_say_both_times(tmp_path: Path) -> None:
    """A platform's cool-down is its pack's, unless the settings have their own; the wait for core platforms is ours."""
    (tmp_path / "numbers.csv").write_text("number\n13800138000\n")
    (tmp_path / "platforms.d").mkdir()
    for name in ("one", "other"):
        (tmp_path / "platforms.d" / f"{name}.toml").write_text(PACK.format(id=name))
    (tmp_path / "numtrustd.toml").write_text(SETTINGS)
    loaded = load(tmp_path / "numtrustd.toml", {})
    assert isinstance(loaded, Loaded), render(loaded)
    context = build.context(loaded, "store")
    ways = {name: context.platforms[name].appeal for name in ("one", "other")}
    assert {name: way and way.cooldown / DAY for name, way in ways.items()} == {"one": 2.0, "other": 9.0}
    assert context.appeal.core_wait == 3 * DAY
