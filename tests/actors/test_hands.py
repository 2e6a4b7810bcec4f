"""Looks that only people can make: asked for as tasks, closed when they are reported, said when nobody came."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trio.testing
from msgspec import structs

from numtrustd.api import errors
from numtrustd.domain.cadence import CadencePolicy
from numtrustd.domain.device_test import HandPolicy
from numtrustd.domain.platform import HandLook
from numtrustd.domain.task import Task, TaskKind, TaskState
from numtrustd.events import (
    ActorCrashed,
    ActorParked,
    CaseClosed,
    CaseOpened,
    ControlActed,
    TaskDone,
    TaskExpired,
    TaskOpened,
    TaskReminded,
)
from numtrustd.probes.report import ReportSpec
from numtrustd.probes.spec import Reading
from numtrustd.store import Batch, Store, Table, records
from tests.actors.house import DAY, HOUR, MOBILE, OTHER_MOBILE, Refusal, TestHouse, make_house, platform, source
from tests.actors.parts import killed, shm

__all__ = ["shm"]

Clock = trio.testing.MockClock
PLAIN: dict[str, Any] = {"views": {}, "echo": (), "guards": (), "rules": (), "request": None}
STEPS = ("用被测号码拨打这部手机",)
SURFACES = ("incoming_call", "call_log")


def handsets(**policy: Any) -> dict[str, Any]:
    readings = tuple(Reading("beta", surface) for surface in SURFACES)
    look = HandLook(steps=STEPS, surfaces=SURFACES, record=("机型",))
    return {
        "platforms": {"alpha": platform("alpha"), "beta": platform("beta", device_test=look, name_en="Beta")},
        "sources": {
            "alpha.api": source("alpha"),
            "beta.device": source(
                "beta", id="beta.device", readings=readings, report=ReportSpec(handset=True), **PLAIN
            ),
        },
        "hands": HandPolicy(**policy),
    }


def page(**policy: Any) -> dict[str, Any]:
    """A page behind a gate, which tells the marks of alpha too."""
    look = HandLook(steps=STEPS, address="https://gamma.example/", reads=("alpha",))
    readings = (Reading("gamma", "default"), Reading("alpha", "gamma"))
    report = ReportSpec(witness=True)
    return {
        "platforms": {"alpha": platform("alpha"), "gamma": platform("gamma", assisted=look)},
        "sources": {
            "alpha.api": source("alpha"),
            "gamma.assisted": source("gamma", id="gamma.assisted", readings=readings, report=report, **PLAIN),
        },
        "hands": HandPolicy(**policy),
    }


async def report(house: TestHouse, surface: str, status: str = "clean", number: str = MOBILE, **more: Any) -> Any:
    said = {"number": number, "platform": "beta", "surface": surface, "status": status}
    return await house.ask("Observe", **(said | {"device": "Mate 60", "os": "4.2", "author": "小李"} | more))


async def report_all(house: TestHouse, status: str = "clean", number: str = MOBILE, **more: Any) -> None:
    for surface in SURFACES:
        await report(house, surface, status, number, **more)


def tasks(house: TestHouse) -> list[Task]:
    return [task for task in house.tasks() if task.numbers]


async def asked(house: TestHouse, within: float = 60 * DAY) -> Task:
    return (await house.until(lambda: tasks(house), within))[0]


async def test_one_task_for_all_numbers_that_closes_itself_when_every_surface_is_reported(
    shm: Path, autojump_clock: Clock
) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), **handsets()) as house:
        task = await asked(house, HOUR)
        assert (task.id, task.kind, set(task.numbers)) == (
            "look/beta.device/1",
            TaskKind.DEVICE_TEST,
            {MOBILE, OTHER_MOBILE},
        )
        [row] = [row for page in await house.ask("ListTasks") for row in page.tasks]
        assert (row.task, row.platform, row.answers) == (task.id, "beta", ("reported",))
        view = await house.ask("GetTask", task=task.id)
        assert view.steps[0] == STEPS[0]
        assert any(step.startswith("Call it from the number") for step in view.steps)
        assert len(view.reports) == 4
        assert view.reports[0].startswith("numtrustctl observe 1")
        assert sum(line.startswith("still to be reported") for line in view.detail) == 4
        [line] = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert f"numtrustctl task show {task.id}" in line.next
        await report_all(house)
        await house.settled()
        assert tasks(house) == [task], "one of the two is still to be looked at"
        await report(house, "call_log", number=OTHER_MOBILE)
        with pytest.raises(Refusal, match="incoming_call"):
            await house.ask("TaskDone", task=task.id)
        await report(house, "incoming_call", "unknown", OTHER_MOBILE, reason="blocked")
        done = (await house.until(lambda: house.log.of(TaskDone), HOUR))[0]
        assert (done.task, done.result, done.by) == (task.id, "reported", "小李")
        assert not tasks(house)
        assert (await house.ask("TaskDone", task=task.id)).outcome == "reported", "said twice, done once"


async def test_the_next_test_is_asked_for_after_the_interval(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets(interval=10 * DAY)) as house:
        await asked(house, HOUR)
        await report_all(house)
        began = house.clock.now()
        await house.until(lambda: not tasks(house), HOUR)
        task = await asked(house)
        assert task.id == "look/beta.device/2"
        assert 10 * DAY <= house.clock.now() - began < 10 * DAY + 3 * HOUR


async def test_a_label_is_confirmed_and_the_appeal_verified_by_people(shm: Path, autojump_clock: Clock) -> None:
    spec = handsets(confirm_interval=HOUR, verify_interval=6 * HOUR)
    async with make_house(shm, **spec) as house:
        await asked(house, HOUR)
        await report_all(house)
        await house.until(lambda: not tasks(house), HOUR)
        await house.sleep(DAY)
        await report(house, "incoming_call", "marked", words="诈骗电话")
        task = await asked(house, DAY)
        assert task.due - task.opened_at <= DAY / 2, "before the first look lapses"
        assert "disagrees" in next(iter((await house.ask("GetTask", task=task.id)).fields)).value
        await report_all(house, "marked", words="诈骗电话")
        await house.until(lambda: house.log.of(CaseOpened), HOUR)
        submit = await house.until(lambda: [t for t in house.tasks() if t.kind is TaskKind.SUBMIT_APPEAL])
        await house.ask("TaskDone", task=submit[0].id, outcome="submitted", receipt="r1")
        await house.sleep(HOUR)
        for task in [t for t in house.tasks() if not t.numbers]:
            await house.ask("TaskDone", task=task.id, outcome="approved")
        answer = await house.until(
            lambda: (
                [t for t in house.tasks() if t.kind is TaskKind.REPORT_ANSWER]
                or house.case("beta").snapshot.state in ("propagating", "verifying")
            )
        )
        if isinstance(answer, list):
            await house.ask("TaskDone", task=answer[0].id, outcome="approved")
        for _ in range(6):
            if house.log.of(CaseClosed):
                break
            await asked(house, 10 * DAY)
            await report_all(house)
            await house.until(lambda: not tasks(house), HOUR)
        assert house.log.of(CaseClosed)[-1].outcome == "cleared"


async def test_a_look_that_disagrees_is_asked_for_again_as_soon_as_it_may_be(shm: Path, autojump_clock: Clock) -> None:
    """Also while others of the same task are still to be reported, and what was reported says so."""
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), **handsets()) as house:
        first = await asked(house, HOUR)
        said = [await report(house, surface, "marked", words="诈骗电话") for surface in SURFACES]
        began = house.clock.now()
        assert [(s.old, s.new, s.looks, s.takes) for s in said] == [("unknown", "unknown", n, 2) for n in (1, 2)]
        assert said[1].counts_from is not None
        assert said[1].counts_from.timestamp() == pytest.approx(began + 600.0, abs=1.0)
        assert said[1].tending.startswith("2 looks say 诈骗电话")
        assert "it takes 2 over at least 10 min to be believed, the last of them not before " in said[1].tending
        assert said[1].asked_at.timestamp() == pytest.approx(began + 1_800.0, abs=1.0)
        assert "诈骗电话" in house.log.of(ControlActed)[-1].result
        [line] = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert said[1].tending in line.why
        assert "a person is asked to look; whoever looks tells" in line.next, "the first task asks for it no more"
        assert (line.who, line.when) == ("daemon", said[1].asked_at)
        [again] = await house.until(lambda: [t for t in tasks(house) if t.id != first.id], DAY)
        assert house.clock.now() - began < 1_900.0
        assert again.numbers == (MOBILE,)
        detail = (await house.ask("GetTask", task=again.id)).detail
        assert any(line.startswith("a label takes 2 looks over at least 10 min to be believed") for line in detail)
        await report_all(house, "marked", words="诈骗电话")
        assert house.record().verdicts["beta"].marked
        await house.until(lambda: tasks(house) == [first], HOUR)
        await report_all(house, number=OTHER_MOBILE)
        await house.until(lambda: not tasks(house), HOUR)


async def test_nobody_came(shm: Path, tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets(deadline=4 * DAY)) as house:
        task = await asked(house, HOUR)
        await report(house, "call_log")
        expired = (await house.until(lambda: house.log.of(TaskExpired)))[0]
        assert (expired.task, expired.why) == (task.id, "1 of 1 numbers not reported")
        assert len(house.log.of(TaskReminded)) == 3, "once a day before that"
        [line] = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert "was asked to look and did not; somebody is asked again" in line.next
        left, then = killed(house, tmp_path), house.clock.now()
    async with make_house(left, start=then, **handsets(deadline=4 * DAY)) as again:
        await again.settled()
        assert not tasks(again), "not asked at once, also after a restart"
        assert (await asked(again, 3 * DAY)).id == "look/beta.device/2"


@pytest.mark.covers("W11")
async def test_a_restart_asks_nobody_twice_and_closes_what_was_reported_meanwhile(
    shm: Path, tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(shm, **handsets()) as house:
        await asked(house, HOUR)
        left, then = killed(house, tmp_path), house.clock.now()
    async with make_house(left, start=then, **handsets()) as again:
        await again.settled()
        assert len(tasks(again)) == 1
        assert not again.log.of(TaskOpened)
        await report_all(again)
        await again.until(lambda: again.log.of(TaskDone), HOUR)


async def test_it_cannot_be_done(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        task = await asked(house, HOUR)
        with pytest.raises(Refusal, match="does not answer"):
            await house.ask("TaskDone", task=task.id, outcome="approved")
        with pytest.raises(Refusal, match=r"did you mean reported\? reported, or `task fail`"):
            await house.ask("TaskDone", task=task.id, outcome="reportd")
        with pytest.raises(Refusal) as caught:
            await house.ask("GetTask", task=task.id.replace("look", "lok"))
        assert caught.value.error == errors.UnknownTask(task.id.replace("look", "lok"), task.id)
        change = await house.ask("TaskFail", task=task.id, why="the phone is broken", author="小李")
        assert (change.outcome, change.new) == ("failed", "failed")
        stored = records.get_task(house.store, task.id)
        assert stored is not None
        assert (stored.state, stored.note, stored.by) == (TaskState.FAILED, "the phone is broken", "小李")
        with pytest.raises(Refusal, match="already failed"):
            await house.ask("TaskFail", task=task.id, why="again")
        await house.sleep(DAY)
        assert not tasks(house), "not asked again at once"


async def test_switched_off_or_no_longer_wanted(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets(enabled=False)) as house:
        await house.sleep(2 * DAY)
        assert not tasks(house)
        house.house.context = structs.replace(house.house.context, hands=HandPolicy())
        assert house.house.hands is not None
        house.house.hands.replan()
        await asked(house, HOUR)
        house.house.context = structs.replace(house.house.context, sources={})
        house.house.hands.replan()
        expired = (await house.until(lambda: house.log.of(TaskExpired), HOUR))[0]
        assert expired.why == "it is no longer wanted"


async def test_a_page_behind_a_gate_is_looked_at_by_a_person_and_any_word_of_it_counts(
    shm: Path, autojump_clock: Clock
) -> None:
    async with make_house(shm, **page()) as house:
        await house.until(lambda: house.record().verdicts)
        task = await asked(house, HOUR)
        assert task.kind is TaskKind.ASSISTED_LOOK
        view = await house.ask("GetTask", task=task.id)
        assert view.address == "https://gamma.example/"
        assert any("no program may" in step for step in view.steps)
        assert len(view.reports) == 1
        more = {"platform": "alpha", "device": None, "os": None, "source": "gamma.assisted", "words": "诈骗电话"}
        await report(house, "gamma", "marked", **more)
        await house.until(lambda: house.log.of(TaskDone), HOUR)
        assert house.record().verdicts["alpha"].views["alpha.api/default"].status == "clean"
        assert house.house.context.views(house.house.context.numbers[MOBILE], "alpha") == ("alpha.api/default",)
        began = house.clock.now()
        await asked(house)
        assert house.clock.now() - began < 8 * DAY, "once a week"


async def test_a_number_whose_record_is_damaged_stops_nobody_elses_task(shm: Path, autojump_clock: Clock) -> None:
    numbers = (MOBILE, OTHER_MOBILE)

    def spoil(store: Store) -> None:
        store.commit_soon(Batch().put(Table.NUMBER, records.key(MOBILE), b"\x93\x01\x02\x03"))

    async with make_house(shm, numbers=numbers, **handsets()) as house:
        await asked(house, HOUR)
        await report_all(house, number=OTHER_MOBILE)
        await house.settled()
        then = house.clock.now()
    async with make_house(shm, numbers=numbers, start=then, before=spoil, **handsets()) as again:
        await again.until(lambda: again.log.of(ActorParked), DAY)
        [task] = tasks(again)
        view = await again.ask("GetTask", task=task.id)
        assert {line for line in view.detail if "still" in line} == {
            f"still to be reported: {MOBILE} on beta/{surface}" for surface in SURFACES
        }
        await again.until(lambda: again.log.of(TaskExpired), 8 * DAY)
        assert {event.actor for event in again.log.of(ActorCrashed)} == {MOBILE}


async def test_a_number_shows_the_task_that_asks_for_a_look_at_it(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), **handsets()) as house:
        task = await asked(house, HOUR)
        view = await house.ask("GetNumber", number=OTHER_MOBILE)
        assert [row.task for row in view.tasks] == [task.id]
        assert "1 task for people" in (await house.ask("GetStatus")).summary


async def test_a_task_says_of_each_number_what_is_left_to_do(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), **handsets()) as house:
        task = await asked(house, HOUR)

        async def said() -> tuple[dict[str, str], tuple[str, ...]]:
            view = await house.ask("GetTask", task=task.id)
            return {fact.name: fact.value for fact in view.fields}, view.reports

        fields, lines = await said()
        assert set(fields.values()) == {"nobody has looked yet"}
        assert len(lines) == 4
        await report(house, "incoming_call")
        fields, lines = await said()
        assert sorted(fields.values()) == ["nobody has looked yet", "reported, but for beta/call_log"]
        assert len(lines) == 3
        await report(house, "call_log")
        fields, lines = await said()
        assert sorted(fields.values()) == ["nobody has looked yet", "reported"], "both surfaces of it are told"
        assert [line.split()[2] for line in lines] == [OTHER_MOBILE.removeprefix("+86")] * 2


async def test_what_was_seen_just_before_somebody_was_asked_answers_too(shm: Path, autojump_clock: Clock) -> None:
    async with make_house(shm, **handsets()) as house:
        task = await asked(house, HOUR)
        long_ago, lately = (
            datetime.fromtimestamp(task.opened_at - seconds, UTC).isoformat() for seconds in (HOUR, HOUR / 4)
        )
        await report(house, "incoming_call", at=long_ago)
        await report(house, "call_log", at=lately)
        view = await house.ask("GetTask", task=task.id)
        assert [line for line in view.detail if "still" in line] == [
            f"still to be reported: {MOBILE} on beta/incoming_call"
        ]
        await report(house, "incoming_call", at=lately)
        await house.until(lambda: house.log.of(TaskDone), HOUR)


async def test_people_are_asked_only_at_the_hours_in_which_they_are_to_look(shm: Path, autojump_clock: Clock) -> None:
    spec = handsets()
    spec["sources"]["beta.device"] = structs.replace(spec["sources"]["beta.device"], hours="13:10-13:30")
    policy = structs.replace(CadencePolicy(), zone="UTC", hours="09:00-18:00")
    start = datetime(2026, 3, 2, 20, 0, tzinfo=UTC).timestamp()
    async with make_house(shm, start=start, cadence=policy, **spec) as house:
        task = await asked(house, 2 * DAY)
        opened = datetime.fromtimestamp(task.opened_at, UTC)
        assert (opened.day, opened.hour, 10 <= opened.minute < 30) == (3, 13, True), opened
        [field] = (await house.ask("GetTask", task=task.id)).fields
        assert field.value == "nobody has looked yet; only at 09:00-18:00 and 13:10-13:30 (UTC)"


async def test_tasks_that_ended_long_ago_are_deleted_and_no_id_is_given_twice(
    shm: Path, tmp_path: Path, autojump_clock: Clock
) -> None:
    spec = handsets(interval=10 * DAY, keep=25 * DAY)
    async with make_house(shm, **spec) as house:
        for turn in range(1, 5):
            task = await asked(house, 11 * DAY)
            assert task.id == f"look/beta.device/{turn}"
            await report_all(house)
            await house.until(lambda: not tasks(house), HOUR)
        await house.sleep(2 * HOUR)
        kept = [task.id for task in records.all_tasks(house.store, "look/")]
        assert kept == ["look/beta.device/2", "look/beta.device/3", "look/beta.device/4"]
        left, then = killed(house, tmp_path), house.clock.now()
    async with make_house(left, start=then + 60 * DAY, **spec) as again:
        assert (await asked(again, HOUR)).id == "look/beta.device/5"
        await again.sleep(HOUR)
        assert [task.id for task in records.all_tasks(again.store, "look/")][-1] == "look/beta.device/5"
        assert len(list(records.all_tasks(again.store, "look/"))) <= 2


async def test_what_was_in_vain_by_a_clock_that_was_set_back_since_is_asked_for_again(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **handsets()) as house:
        house.clock.shift(30 * DAY)
        await asked(house)
        await house.until(lambda: house.log.of(TaskExpired))
        house.clock.shift(-30 * DAY)
        opened = len(house.log.of(TaskOpened))
        await house.until(lambda: len(house.log.of(TaskOpened)) > opened, 4 * DAY)
