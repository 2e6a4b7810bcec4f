"""What people report to have seen: stored before it is answered, counted once, believed like any other look."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.api import errors, when
from numtrustd.domain.device_test import HandPolicy
from numtrustd.domain.platform import HandLook
from numtrustd.domain.verdict import VerdictPolicy
from numtrustd.events import CaseOpened, ControlActed, ObservationReported, VerdictChanged
from numtrustd.probes.report import ReportSpec
from numtrustd.probes.spec import Reading
from numtrustd.store.records import ParkedRecord
from tests.actors.house import DAY, HOUR, MINUTE, MOBILE, Refusal, TestHouse, make_house, platform, source
from tests.actors.parts import killed, shm

__all__ = ["shm"]

Clock = trio.testing.MockClock
PICTURE = "sha256:" + "5e" * 32
PLAIN: dict[str, Any] = {"views": {}, "echo": (), "guards": (), "rules": (), "request": None}


def device(identity: str = "beta.device", **spec: Any) -> Any:
    readings = (Reading("beta", "incoming_call"), Reading("beta", "call_log"))
    return source("beta", id=identity, readings=readings, report=ReportSpec(**({"handset": True} | spec)), **PLAIN)


def handsets(**spec: Any) -> dict[str, Any]:
    """A platform that only people can look at."""
    look = HandLook(steps=("拨打",), surfaces=("incoming_call", "call_log"))
    return {
        "platforms": {"alpha": platform("alpha"), "beta": platform("beta", device_test=look)},
        "sources": {"alpha.api": source("alpha"), "beta.device": device(**spec)},
        "hands": HandPolicy(enabled=False),
    }


def nothing_but_handsets(*names: str) -> dict[str, Any]:
    """Platforms that only people can look at, and no others."""
    look = HandLook(steps=("拨打",), surfaces=("incoming_call",))
    each = {
        f"{name}.device": source(
            name, id=f"{name}.device", readings=(Reading(name, "incoming_call"),), report=ReportSpec(), **PLAIN
        )
        for name in names
    }
    return {"platforms": {name: platform(name, device_test=look) for name in names}, "sources": each}


SEEN: dict[str, Any] = {
    "number": "138 0013 8000",
    "platform": "beta",
    "surface": "incoming_call",
    "status": "clean",
    "device": "HUAWEI Mate 60",
    "os": "HarmonyOS 4.2",
    "author": "小李",
}


async def observe(house: TestHouse, **more: Any) -> Any:
    return await house.ask("Observe", **(SEEN | more))


async def test_a_report_is_stored_logged_explained_and_outlives_a_crash(
    shm: Path, tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        said = await observe(house, screenshot_digest=PICTURE, evidence="/photos/1.png")
        assert (said.counted, said.old, said.new, said.source) == (True, "unknown", "clean", "beta.device")
        [event] = house.log.of(ObservationReported)
        assert (event.by, event.device, event.screenshot) == ("小李", "HUAWEI Mate 60 HarmonyOS 4.2", PICTURE)
        [act] = [e for e in house.log.of(ControlActed) if e.method == "Observe"]
        assert (act.by, act.result) == ("小李", "beta/incoming_call clean")
        assert act.peer_uid is not None
        await house.sleep(3 * DAY)
        [line] = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "beta.device/incoming_call said clean 3 d ago, seen by 小李 on HUAWEI Mate 60 HarmonyOS 4.2" in line.why
        assert "nobody is asked for a look; whoever looks tells: `numtrustctl observe" in line.next
        assert (line.who, line.when) == ("nobody", None), "people are not to be asked here"
        left, then = killed(house, tmp_path), house.clock.now()
    async with make_house(left, start=then, **handsets()) as again:
        await again.settled()
        assert again.record().reports["beta beta.device/incoming_call"].by == "小李"
        history = await again.ask("History", number=MOBILE)
        assert any(e.action == "observation.reported" for e in history.events)
        assert not (await observe(again, screenshot_digest=PICTURE, evidence="/photos/1.png")).counted


async def test_when_people_last_saw_something_is_known_after_a_restart(
    shm: Path, tmp_path: Path, autojump_clock: Clock
) -> None:
    async def told(house: TestHouse) -> Any:
        await house.settled()
        [row] = [r for r in (await house.ask("ListSources")).sources if r.source == "beta.device"]
        return row

    async with make_house(shm, **handsets()) as house:
        await house.settled()
        await observe(house)
        seen = (await told(house)).last_good
        await house.sleep(DAY)
        await observe(house, status="unknown", reason="no_card", surface="call_log", at=when(house.clock.now()))
        assert (await told(house)).last_good == seen, "who saw nothing has not seen"
        left, then = killed(house, tmp_path), house.clock.now()
    async with make_house(left, start=then, **handsets()) as again:
        row = await told(again)
        assert (row.looks, row.last_good) == (0, seen)
        await observe(again, status="clean", at=when(again.clock.now()))
        row = await told(again)
        assert (row.looks, row.last_good) == (1, when(again.clock.now()))


async def test_the_same_report_counts_once_and_another_one_again(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, verdict=VerdictPolicy(confirm=2, confirm_spread=0.0), **handsets()) as house:
        await house.settled()
        await observe(house)
        await house.sleep(MINUTE)
        label = {"status": "marked", "words": "广告推销", "at": when(house.clock.now())}
        assert (await observe(house, **label)).counted
        for _ in range(3):
            said = await observe(house, **label)
            assert (said.counted, said.why) == (False, "it was reported before, and counts once")
        run = house.record().verdicts["beta"].run
        assert run is not None
        assert run.looks == 1
        assert (await observe(house, **label, key="k")).counted
        assert not (await observe(house, status="clean", key="k")).counted
        assert house.log.of(VerdictChanged)[-1].to == "marked:marketing", "the second look was that with a key"


async def test_what_is_typed_once_more_counts_once_and_a_later_look_anew(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, verdict=VerdictPolicy(confirm=2, confirm_spread=0.0), **handsets()) as house:
        await house.settled()
        await observe(house)
        await house.sleep(HOUR)
        label = {"status": "marked", "words": "广告推销"}
        assert (await observe(house, **label)).counted
        await house.sleep(2 * MINUTE)  # arrow up, enter
        said = await observe(house, **label)
        assert (said.counted, said.old, said.new) == (False, "clean", "clean")
        assert said.why.startswith("the same was reported less than 5 min apart, and counts once: ")
        await house.sleep(2 * MINUTE)
        assert not (await observe(house, **label, at=when(house.clock.now() - MINUTE))).counted
        run = house.record().verdicts["beta"].run
        assert run is not None
        assert run.looks == 1
        assert len(house.log.of(ObservationReported)) == 2, "nothing is stored of what counts once"
        await house.sleep(MINUTE)  # five after the first: what was not counted puts nothing off
        said = await observe(house, **label)
        assert (said.counted, said.new) == (True, "marked:marketing")


async def test_what_differs_in_anything_is_a_report_of_its_own(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        for more in (
            {},
            {"author": "小王"},
            {"device": "HUAWEI Mate 70"},
            {"surface": "call_log"},
            {"status": "marked", "words": "广告推销"},
            {"status": "marked", "words": "广告推销", "marks": 9},
            {"screenshot_digest": PICTURE},
            {"key": "farm-1"},
            {"key": "farm-2"},
            {},  # as at first; the latest was another
        ):
            assert (await observe(house, **more)).counted, more
            await house.sleep(1.0)
        assert not (await observe(house)).counted


async def test_reports_move_the_belief_and_open_a_case_as_looks_do(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        await observe(house)
        await house.sleep(DAY)
        await observe(house, status="marked", words="诈骗电话", marks=7)
        assert not house.log.of(CaseOpened)
        await house.sleep(HOUR)
        said = await observe(house, status="marked", words="诈骗电话", marks=9, surface="call_log")
        assert (said.old, said.new, said.category) == ("clean", "marked:fraud", "fraud")
        assert house.log.of(CaseOpened)[-1].platform == "beta"


async def test_a_report_older_than_what_was_seen_there_moves_nothing(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        before = house.clock.now()
        await house.sleep(HOUR)
        await observe(house)
        looks = house.record().looks
        said = await observe(house, status="marked", words="诈骗", at=when(before))
        assert house.record().looks == looks, "the last look is the one that was made last"
        assert (said.counted, said.new) == (False, "clean")
        assert "something newer was seen there already" in said.why
        assert house.record().verdicts["beta"].run is None
        assert len(house.log.of(ObservationReported)) == 2, "kept all the same"


@pytest.mark.parametrize(
    ("more", "field", "why"),
    [
        ({"surface": "incomming"}, "surface", "beta has no 'incomming': did you mean incoming_call? it has "),
        ({"source": "beta.devcie"}, "source", "takes no reports of beta: did you mean beta.device? say one of beta.d"),
        ({"status": "unknown", "reason": "blokced"}, "reason", "unreachable"),
        ({"status": "unknown", "reason": "blokced"}, "reason", ": did you mean blocked?"),
        ({"surface": "moon"}, "surface", "beta has no 'moon': it has incoming_call, call_log"),
        ({"device": None}, "device", "name the handset's model"),
        ({"os": None}, "os", "name the handset's system"),
        ({"device": "iPhone 15"}, "app", "an iPhone shows labels of apps"),
        ({"os": "iOS 17"}, "app", "an iPhone shows labels of apps"),
        ({"screenshot_digest": "sha256:abc"}, "screenshot_digest", "64 hex digits"),
        ({"status": "certified", "name": "A", "logo_digest": "sha256:1"}, "logo_digest", "64 hex digits"),
        ({"status": "marked"}, "words", "write the label as it is shown"),
        ({"words": "诈骗"}, "words", "say marked"),
        (
            {"status": "unknown"},
            "reason",
            "is missing: one of blocked, rate_limited, login, maintenance, no_card, wrong_card, empty, pend",
        ),
        ({"author": "mallory"}, "author", "小李 may"),
    ],
)
async def test_what_is_wrong_with_a_report_is_told_with_its_field(
    shm: Path, autojump_clock: Clock, more: dict[str, Any], field: str, why: str
) -> None:
    async with make_house(shm, **handsets(authors=("小李",))) as house:
        await house.settled()
        with pytest.raises(Refusal) as caught:
            await observe(house, **more)
        error = caught.value.error
        assert isinstance(error, errors.InvalidArgument)
        assert error.field == field
        assert why in error.why
        assert not house.log.of(ObservationReported)
        assert not house.record().reports


async def test_all_that_is_wrong_with_a_report_is_told_at_once(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        with pytest.raises(Refusal) as caught:
            await observe(house, device=None, os=None, status="certified", logo_digest="sha256:1")
        error = caught.value.error
        assert isinstance(error, errors.InvalidArgument)
        assert [error.field, *(each.field for each in error.more or ())] == ["name", "logo_digest", "device", "os"]


async def test_too_old_and_from_the_future(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets(max_age=2 * DAY)) as house:
        await house.settled()
        now = house.clock.now()
        for at, why in ((now - 3 * DAY, "than the 2 days"), (now + HOUR, "lies in the future")):
            with pytest.raises(Refusal, match=why):
                await observe(house, at=when(at))
        await observe(house, at=when(now + MINUTE))
        assert house.record().reports["beta beta.device/incoming_call"].at <= now + 1.0, (
            "a clock that is a little ahead"
        )


async def test_unknown_names_and_places_where_nobody_takes_reports(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        cases: list[tuple[dict[str, Any], type]] = [
            ({"number": "13900139000"}, errors.UnknownNumber),
            ({"number": "x"}, errors.UnknownNumber),
            ({"platform": "nowhere"}, errors.UnknownPlatform),
            ({"platform": "alpha"}, errors.Refused),
            ({"source": "alpha.api"}, errors.InvalidArgument),
        ]
        for more, kind in cases:
            with pytest.raises(Refusal) as caught:
                await observe(house, **more)
            assert type(caught.value.error) is kind
        house.house.context = structs.replace(house.house.context, sources={}, idle={"beta.device": device()})
        with pytest.raises(Refusal, match=r'put "beta\.device" into'):
            await observe(house)


async def test_who_looks_where_only_people_can_is_told_what_to_type(shm: Path, autojump_clock: Clock) -> None:
    told = f"numtrustctl observe {MOBILE} --platform beta --surface incoming_call|call_log --status …"
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        with pytest.raises(Refusal) as caught:
            await house.ask("Look", number=MOBILE, platform="beta")
        assert caught.value.error == errors.Refused(
            f"only people can look at beta for this number (mobile): look, then type `{told}`"
        )
        assert (await house.ask("Look", number=MOBILE)).sources == ("alpha.api",), "where the daemon can look, it does"
        assert (await house.ask("Look", number=MOBILE, platform="alpha")).observations
        context = house.house.context
        house.house.context = structs.replace(context, sources={"beta.device": device()})
        with pytest.raises(Refusal, match=r"look at beta for this number \(mobile\): look, then type "):
            await house.ask("Look", number=MOBILE)
        others = source("beta", id="alpha.both", readings=(Reading("alpha"), Reading("beta")))
        house.house.context = structs.replace(context, sources={}, idle={"alpha.both": others, "beta.device": device()})
        with pytest.raises(
            Refusal, match=r'no source in use sees beta .*: put "beta\.device" into \[platforms\] enable'
        ):
            await house.ask("Look", number=MOBILE, platform="beta")
        [line] = (await house.ask("Explain", number=MOBILE, platform="beta")).lines[-1:]
        assert line.next.startswith('nobody looks: put "beta.device" into [platforms] enable, and reload')
        with pytest.raises(Refusal, match=r"sees any platform .*: switch one on, `numtrustd sources` lists all"):
            await house.ask("Look", number=MOBILE)
        house.house.context = context
        house.sources.actors["alpha.api"].parked = ParkedRecord("source alpha.api", 0.0, 5, "KeyError", "x")
        with pytest.raises(
            Refusal, match=r"by itself is parked \(alpha\.api\): see `numtrustctl sources` for why, then reload"
        ):
            await house.ask("Look", number=MOBILE, platform="alpha")
        with pytest.raises(Refusal, match=r"by itself is parked \(alpha\.api\): "):
            await house.ask("Look", number=MOBILE)


async def test_who_looks_where_a_person_was_asked_is_told_of_the_task(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **(handsets() | {"hands": HandPolicy()})) as house:
        await house.until(lambda: [t for t in house.tasks() if t.source == "beta.device"])
        [task] = [t for t in house.tasks() if t.source == "beta.device"]
        with pytest.raises(Refusal, match=f"only people can look at beta .*: see `numtrustctl task show {task.id}`"):
            await house.ask("Look", number=MOBILE, platform="beta")


@pytest.mark.parametrize(("platforms", "rest"), [(3, ""), (5, " and 2 more in `numtrustctl tasks`")])
async def test_where_nothing_but_people_looks_every_task_is_named_or_counted(
    shm: Path, autojump_clock: Clock, platforms: int, rest: str
) -> None:
    spec = nothing_but_handsets(*(f"p{n}" for n in range(platforms))) | {"hands": HandPolicy()}
    async with make_house(shm, **spec) as house:
        await house.until(lambda: len(house.tasks()) == platforms)
        view = await house.ask("GetNumber", number=MOBILE)
        assert view.looks_by == "people"
        shown = ", ".join(f"`numtrustctl task show {task.task}`" for task in view.tasks[:3])
        everywhere = ", ".join(f"p{n}" for n in range(platforms))
        with pytest.raises(Refusal) as refused:
            await house.ask("Look", number=MOBILE)
        only = f"only people can look at {everywhere} for this number (mobile)"
        assert refused.value.error.why == f"{only}: see {shown}{rest}, which ask for it"


async def test_a_place_that_nobody_looked_at_is_told_beside_what_is_believed(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        await observe(house)
        [line] = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "clean for" in line.fact
        assert line.why.endswith("; no look was made through beta.device/call_log yet")
        await observe(house, surface="call_log")
        [line] = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "no look was made" not in line.why


async def test_of_two_sources_one_must_be_named(shm: Path, autojump_clock: Clock) -> None:
    spec = handsets()
    spec["sources"]["beta.farm"] = device("beta.farm")
    async with make_house(shm, **spec) as house:
        await house.settled()
        with pytest.raises(Refusal, match=r"beta\.device, beta\.farm"):
            await observe(house)
        assert (await observe(house, source="beta.farm")).source == "beta.farm"


async def test_a_rehearsal_stores_nothing_and_finds_what_is_wrong(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        said = await observe(house, rehearse=True)
        assert (said.counted, said.why) == (False, "nothing was stored: this was a rehearsal")
        assert not house.record().reports
        with pytest.raises(Refusal):
            await observe(house, rehearse=True, device=None)


async def test_a_parked_number_takes_no_reports(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        await house.ask("Park", number=MOBILE)
        with pytest.raises(Refusal, match="unpark"):
            await observe(house)
        assert not house.record().reports


async def test_lists_say_that_it_is_told(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()
        rows = {row.source: row for row in (await house.ask("ListSources")).sources}
        assert (rows["beta.device"].kind, rows["beta.device"].state) == ("report", "ok")
        assert rows["alpha.api"].kind == "http"
        with pytest.raises(Refusal, match="only people can look at beta"):
            await house.ask("Look", number=MOBILE, platform="beta")


async def test_what_people_saw_is_counted_beside_the_looks_of_the_daemon(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        await house.settled()

        async def counted() -> tuple[int | None, int, Any]:
            [row] = [r for r in (await house.ask("ListSources")).sources if r.source == "beta.device"]
            return (await house.ask("GetStatus")).looks_told, row.looks, row

        told, looks, row = await counted()
        assert (told, looks, row.state, row.failures, row.last_good) == (0, 0, "ok", 0, None)
        made = (await house.ask("GetStatus")).looks_total
        seen_at = house.clock.now()
        await observe(house)
        await observe(house)  # typed once more
        await observe(house, rehearse=True, key="rehearsed")
        told, looks, row = await counted()
        assert (told, looks, row.failures, row.last_good) == (1, 1, 0, when(seen_at))
        await house.sleep(HOUR)
        await observe(house, status="unknown", reason="blocked")
        told, looks, row = await counted()
        assert (told, looks, row.failures, row.last_good) == (2, 2, 1, when(seen_at))
        # One that was seen earlier than another is a look, though it moves nothing and is not the last good one.
        assert not (await observe(house, at=when(seen_at - HOUR), surface="incoming_call")).counted
        told, looks, row = await counted()
        assert (told, looks, row.last_good) == (3, 3, when(seen_at))
        own = (await house.ask("GetStatus")).looks_total
        assert made <= own < made + 3, "those are the daemon's own"
