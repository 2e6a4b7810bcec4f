"""The acts of the control socket, on a house at work: each done once, each refused where it must be, each logged."""

import contextlib
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors import number as number_module
from numtrustd.actors.control.backup_desk import MOST_THREADS, PATIENCE
from numtrustd.actors.mailbox import CAPACITY, BusyError
from numtrustd.actors.messages import Refresh, ReloadRejectedError
from numtrustd.api import errors, when
from numtrustd.api.control import ReloadResult
from numtrustd.domain import wording
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import AppealFacts
from numtrustd.domain.task import TaskKind
from numtrustd.events import (
    ActorParked,
    CaseMoved,
    ControlActed,
    ControlDenied,
    ControlFailed,
    PlatformMaintenance,
    StoreBackedUp,
)
from numtrustd.store import Store, records
from numtrustd.store.errors import StoreClosed
from numtrustd.varlink.server import Drop
from tests.actors.house import (
    DAY,
    HOUR,
    LANDLINE,
    MOBILE,
    OTHER_MOBILE,
    PEER,
    Refusal,
    TestHouse,
    make_house,
    number,
    platform,
    source,
)
from tests.actors.parts import full_disk

Clock = trio.testing.MockClock


async def refused(house: TestHouse, error: type, method: str, **params: Any) -> Any:
    """The error with which a call is answered, which must be of that kind."""
    with pytest.raises(Refusal) as caught:
        await house.ask(method, **params)
    assert type(caught.value.error) is error, caught.value.error
    return caught.value.error


def acted(house: TestHouse) -> list[tuple[str, str | None, str | None]]:
    return [(e.method, e.subject, e.result) for e in house.log.of(ControlActed)]


# ----------------------------------------------------------------------------------------------------------- cases


async def test_hold_advance_withdraw_reopen(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        held = await house.ask("Hold", case=case.id, reason="lawyers", author="chen")
        assert (held.old, held.new, held.then) == ("in_review", "held", "reminds that it is still held")
        assert held.due == when(house.case("alpha").snapshot.deadline or 0.0)
        move = house.case("alpha").moves[-1]
        assert (move.new, move.reason, move.by) == ("held", "hold: lawyers", "chen")
        again = await house.ask("Hold", case=case.id, reason="lawyers, still", author="li")
        assert (again.old, again.new) == ("held", "held")
        assert house.case("alpha").data.hold.author == "li", "the latest word counts"
        assert (await house.ask("Advance", case=case.id)).new == "in_review"
        gone = await house.ask("Withdraw", case=case.id, reason="not worth it")
        assert (gone.new, gone.then, gone.due) == ("withdrawn", None, None)
        assert house.case("alpha").outcome == "withdrawn"
        assert (await house.ask("Reopen", case=case.id)).new == "waiting"
        said = [result for method, _, result in acted(house)]
        assert said[0] == "in_review -> held"
        assert said[1] == "held -> held"
        assert said[-1] == "withdrawn -> waiting"
        peer = house.log.of(ControlActed)[0]
        assert (peer.peer_pid, peer.peer_uid, peer.peer_gid) == (PEER.pid, PEER.uid, PEER.gid)


async def test_who_acted_is_the_uid_where_nobody_says_more(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        await house.ask("Hold", case=case.id)
        assert house.case("alpha").moves[-1].by == "uid 1000"


async def test_a_case_may_be_named_with_any_spelling_of_its_number(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        assert (await house.ask("Hold", case="138 0013 8000/alpha/1")).case == f"{MOBILE}/alpha/1"


@pytest.mark.parametrize("name", ["nonsense", "", "x" * 1_000, f"{MOBILE}/alpha/9", "号" * 400, "13800138000/"])
async def test_there_is_no_such_case(tmp_path: Path, autojump_clock: Clock, name: str) -> None:
    async with make_house(tmp_path) as house:
        for method in ("Hold", "Advance", "Withdraw", "Reopen", "Approve"):
            assert (await refused(house, errors.UnknownCase, method, case=name)).case == name
        await refused(house, errors.UnknownCase, "Reject", case=name, reason="no")


async def test_reject_is_the_platforms_word(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        change = await house.ask("Reject", case=case.id, reason="needs a licence")
        assert change.new == "cooling"
        assert house.case("alpha").data.reasons == ("needs a licence",)


async def test_approve_lets_an_appeal_go(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, ask_approval=frozenset({"alpha"})) as house:
        case = await house.labelled("alpha")
        [task] = await house.until(house.tasks)
        assert task.kind is TaskKind.APPROVE
        assert not house.alpha.submissions
        view = await house.ask("GetTask", task=task.id)
        assert wording.CAUSES["reports"] in view.letter
        assert view.claims == wording.claims(view.letter) != ()
        change = await house.ask("Approve", case=case.id, author="li")
        assert change.meaning == "nothing keeps it back: it goes out at once, or to a person as a task"
        assert change.then is None
        await house.in_state("in_review", "alpha")
        assert (await house.ask("GetTask", task=task.id)).claims is None, "it is done"
        assert house.case("alpha").data.approved_by == "li"
        assert not house.tasks()


async def test_a_letter_that_nobody_reads_claims_nothing_in_the_companys_name(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """Who approves it sees what it says; what goes out by itself says only what is on record."""
    unclear = number(MOBILE, since=date(2001, 1, 1))
    for asked in (frozenset({"alpha"}), frozenset[str]()):
        async with make_house(tmp_path / str(len(asked)), numbers=(unclear,), ask_approval=asked) as house:
            case = await house.labelled("alpha", marks=0)
            assert house.case("alpha").data.causes == ("unclear",)
            if asked:
                await house.ask("Approve", case=case.id, author="li")
            await house.in_state("in_review", "alpha")
            [sent] = house.alpha.submissions.values()
            assert (wording.CAUSES["unclear"] in sent.body["letter"]) == bool(asked)
            assert (wording.UNREAD["unclear"] in sent.body["letter"]) != bool(asked)


async def test_only_the_newest_case_of_a_platform_moves(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        first = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        await house.ask("Withdraw", case=first.id)
        house.alpha.labels.clear()
        await house.until(lambda: not house.record().findings)
        second = await house.labelled("alpha")
        assert second.id != first.id
        why = (await refused(house, errors.Refused, "Reopen", case=first.id)).why
        assert second.id in why
        assert house.record().cases["alpha"].id == second.id


async def test_a_case_of_a_number_that_is_no_longer_watched(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        case = await house.labelled("alpha")
        left = {k: v for k, v in house.house.context.numbers.items() if k != MOBILE}
        house.house.context = structs.replace(house.house.context, numbers=left)
        await house.roster.apply((), (MOBILE,), ())
        assert "no longer watched" in (await refused(house, errors.Refused, "Hold", case=case.id)).why
        assert (await house.ask("GetStatus")).open_cases == 0


async def test_a_full_mailbox_is_busy_at_once(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        with contextlib.suppress(BusyError):  # it may have something in it already
            for _ in range(CAPACITY + 1):
                house.house.post(MOBILE, Refresh())
        assert "full" in (await refused(house, errors.Busy, "Hold", case=case.id)).why


async def test_an_actor_that_crashes_on_an_order_answers_nonetheless(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")

        def explode(*_: object) -> None:
            raise ZeroDivisionError("a defect")

        with monkeypatch.context() as patch:
            patch.setattr(number_module.Decider, "order", explode)
            with pytest.raises(ZeroDivisionError):
                await house.ask("Hold", case=case.id)
        await house.in_state("in_review", "alpha")
        assert (await house.ask("Hold", case=case.id)).new == "held"


async def test_an_order_that_cannot_be_stored_does_not_hang_its_caller(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")

        async def never(*_: object, **__: object) -> None:
            await trio.sleep_forever()

        monkeypatch.setattr(house.store, "commit", never)
        assert "not stored yet" in (await refused(house, errors.Busy, "Hold", case=case.id)).why


async def test_an_order_on_a_full_disk_is_answered_soon_and_one_after_it_is_not_begun(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        with full_disk():
            began = trio.current_time()
            why = (await refused(house, errors.Busy, "Hold", case=case.id)).why
            assert trio.current_time() - began <= 3.5
            assert "the disk is full and nothing is stored: make room on it" in why
            assert "may still be carried out" in why
            began = trio.current_time()
            for method, given in (
                ("Advance", {"case": case.id}),
                ("Observe", {"number": MOBILE, "platform": "alpha", "surface": "default", "status": "clean"}),
                ("SilenceAdd", {"targets": ["alpha"], "seconds": 60.0, "reason": "known"}),
            ):
                why = (await refused(house, errors.Busy, method, **given)).why
                assert why == (
                    "nothing was done, because the disk is full and nothing is stored: make room on it, "
                    "then type it again"
                )
            assert trio.current_time() == began, "at once"
            told = (await house.ask("GetStatus")).store
            assert (told.trouble, told.nearly_full) == ("disk_full", True)
            await house.ask("SetLogLevel", level="info")
        await house.until(lambda: house.store.trouble is None)
        await house.in_state("held", "alpha")  # as it was said: it was told, and is carried out after all
        assert (await house.ask("Advance", case=case.id)).new == "in_review"
        assert (await house.ask("GetStatus")).store.trouble is None


# ----------------------------------------------------------------------------------------------------------- tasks


async def test_a_person_hands_in_and_brings_the_answer_back(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        done = await house.ask("TaskDone", task=task.id, receipt="B-17", author="wang", note="by the form")
        assert (done.outcome, done.old, done.new, done.task) == ("submitted", "at_person", "in_review", task.id)
        assert house.case("beta").data.receipt == "B-17"
        again = await refused(house, errors.Refused, "TaskDone", task=task.id)
        assert "already done" in again.why
        [answer] = house.tasks()
        assert answer.kind is TaskKind.REPORT_ANSWER
        waits = await house.ask("TaskDone", task=answer.id, outcome="still_waiting")
        assert (waits.old, waits.new, waits.outcome) == ("in_review", "in_review", "still_waiting")
        why = (await refused(house, errors.Refused, "TaskDone", task=answer.id, outcome="rejected")).why
        assert "reason" in why
        rejected = await house.ask("TaskDone", task=answer.id, outcome="rejected", reason="无营业执照")
        assert rejected.new == "cooling"
        [lacking] = rejected.lacking
        assert (lacking.kind, lacking.held, lacking.why) == ("licence", False, "none is on file")
        assert waits.lacking is None, "the review goes on, and no next attempt is near"
        assert house.case("beta").data.reasons == ("无营业执照",)
        assert [m.by for m in house.case("beta").moves if m.by] == ["wang", "uid 1000"]


async def test_what_was_handed_in_brings_what_the_platform_gave_or_says_that_it_gave_nothing(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        why = (await refused(house, errors.Refused, "TaskDone", task=task.id, outcome="submitted")).why
        assert why == (
            "bring what the platform gave for it (the receipt) with --receipt, or say --no-receipt if it gave nothing"
        )
        both = {"receipt": "B-17", "no_receipt": True}
        assert (await refused(house, errors.InvalidArgument, "TaskDone", task=task.id, **both)).field == "no_receipt"
        assert house.tasks() == [task], "it is still to be done"
        done = await house.ask("TaskDone", task=task.id, no_receipt=True)
        assert (done.outcome, done.new) == ("submitted", "in_review")
        why = (await refused(house, errors.Refused, "TaskDone", task=task.id)).why
        assert "already done" in why, "and not that it lacks something"


async def test_a_task_that_cannot_be_done(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        await refused(house, errors.InvalidArgument, "TaskDone", task=task.id, outcome="failed")
        wrong = await refused(house, errors.Refused, "TaskDone", task=task.id, outcome="approved")
        assert "submitted, refused" in wrong.why
        failed = await house.ask("TaskFail", task=task.id, why="the form is gone")
        assert (failed.new, failed.outcome) == ("escalated", "failed")
        [decide] = house.tasks()
        assert (decide.kind, decide.detail) == (
            TaskKind.DECIDE,
            ("a person could not do what was asked: the form is gone",),
        )
        assert (await house.ask("TaskDone", task=decide.id, outcome="abandon")).new == "withdrawn"


async def test_there_is_no_such_task(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await refused(house, errors.UnknownTask, "TaskDone", task="T-1")
        await refused(house, errors.UnknownTask, "TaskFail", task=f"{MOBILE}/alpha/1/2.0", why="no")
        assert acted(house)[0] == ("TaskDone", "T-1", "UnknownTask")


# ----------------------------------------------------------------------------------------------------------- looks


async def test_look_waits_for_what_the_sources_say(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.labels[MOBILE] = ("诈骗电话", 40)
        began = house.clock.now()
        result = await house.ask("Look", number="+86 138-0013-8000")
        assert house.clock.now() - began < 3.0
        assert result.sources == ("alpha.api", "beta.api")
        seen = {o.platform: o for o in result.observations}
        assert (seen["alpha"].status, seen["alpha"].category, seen["alpha"].marks) == ("marked", "fraud", 40)
        assert (seen["beta"].status, seen["beta"].rule) == ("clean", "clean")
        assert result.pending is None
        assert house.record().looks["alpha.api"].at == seen["alpha"].at.timestamp()


async def test_look_at_one_platform(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        looks = len(house.beta.looks)
        result = await house.ask("Look", number=MOBILE, platform="alpha")
        assert result.sources == ("alpha.api",)
        assert [o.platform for o in result.observations] == ["alpha"]
        assert len(house.beta.looks) == looks


async def test_look_does_not_wait_for_a_source_that_rests(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.weather = "blocked"
        await house.until(lambda: house.sources.actors["alpha.api"].down)
        await house.sleep(1.0)  # the look that told
        began = house.clock.now()
        result = await house.ask("Look", number=MOBILE)
        assert house.clock.now() - began < 5.0
        assert result.sources == ("alpha.api", "beta.api")
        assert [o.platform for o in result.observations] == ["beta"]
        [pending] = result.pending
        assert (pending.source, pending.when) == ("alpha.api", when(house.sources.actors["alpha.api"].next_slot))
        assert pending.why.startswith("it has not answered for ")
        assert pending.why.endswith(" (blocked, 3 times in a row)")
        looks = len(house.alpha.requests)
        await house.sleep(pending.when.timestamp() - house.clock.now() + 1.0)
        assert len(house.alpha.requests) == looks + 1, "it is made then"
        [line] = [p for p in (await house.ask("GetNumber", number=MOBILE)).platforms if p.platform == "alpha"]
        assert line.last_look >= pending.when, "and shows there"


async def test_look_says_why_a_source_that_answers_looks_only_later(tmp_path: Path, autojump_clock: Clock) -> None:
    slow = {"alpha.api": source("alpha", interval=3_600.0)}
    async with make_house(tmp_path, sources=slow) as house:
        await house.until(lambda: house.record().verdicts)
        result = await house.ask("Look", number=MOBILE)
        [pending] = result.pending
        assert (result.observations, pending.why) == ((), "it is asked once in 1 h")
        assert pending.when == when(house.sources.actors["alpha.api"].next_slot)
        house.alpha.weather = "limited"
        await house.until(lambda: house.record().verdicts["alpha"].blind_since)
        [pending] = (await house.ask("Look", number=MOBILE)).pending
        assert pending.why.startswith("the platform asked for a pause")


async def test_look_gives_up_waiting_after_a_while(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.latency = 60.0
        began = house.clock.now()
        result = await house.ask("Look", number=MOBILE, platform="alpha")
        assert house.clock.now() - began == pytest.approx(10.0)
        assert result.observations == ()
        [pending] = result.pending
        assert (pending.source, pending.when, pending.why) == ("alpha.api", None, None)


async def test_looks_that_cannot_be_made(tmp_path: Path, autojump_clock: Clock) -> None:
    numbers: tuple[str | Owned, ...] = (MOBILE, "+14155552671", LANDLINE)
    async with make_house(tmp_path, numbers=numbers) as house:
        assert "write digits" in (await refused(house, errors.UnknownNumber, "Look", number="nobody")).why
        assert "not watched" in (await refused(house, errors.UnknownNumber, "Look", number=OTHER_MOBILE)).why
        await refused(house, errors.UnknownPlatform, "Look", number=MOBILE, platform="gamma")
        assert "any platform" in (await refused(house, errors.Refused, "Look", number="+14155552671")).why
        await house.ask("Park", number=LANDLINE)
        assert (await refused(house, errors.Refused, "Look", number=LANDLINE)).why == (
            f"{LANDLINE} is parked (by uid 1000: no reason given): `numtrustctl unpark {LANDLINE}` sets it going again"
        )


# ------------------------------------------------------------------------------------------------------ the daemon


async def test_reload_answers_with_what_changed_or_with_every_problem(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        result = ReloadResult(
            now=when(house.clock.now()),
            numbers_added=1,
            numbers_removed=0,
            numbers_changed=2,
            platforms_changed=("alpha",),
            sources_changed=(),
            warnings=("numtrustd.toml:3: a warning",),
        )
        house.reload = lambda: result
        assert await house.ask("Reload") == result

        said = ("numtrustd.toml:3: x: unknown key: remove it", "numbers.csv:9: number: none")

        def reject() -> ReloadResult:
            raise ReloadRejectedError(said)

        house.reload = reject
        assert (await refused(house, errors.ConfigRejected, "Reload")).problems == said

        def fail() -> ReloadResult:
            raise ZeroDivisionError("a defect")

        house.reload = fail
        with pytest.raises(ZeroDivisionError):
            await house.ask("Reload")


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time would run on while a thread looks at the disk."""

    async def run(function: Callable[..., Any], *args: Any, **_: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr(trio.to_thread, "run_sync", run)


@pytest.mark.usefixtures("inline")
async def test_backup_makes_a_state_directory(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        await house.store.flush()
        result = await house.ask("Backup", path=str(tmp_path / "copy"))
        assert result.path == str(tmp_path / "copy")
        assert result.bytes > 0
        [event] = house.log.of(StoreBackedUp)
        assert (event.path, event.size_bytes) == (result.path, result.bytes)
        now = house.clock.now()
    with Store.open(tmp_path / "copy", init=False, map_size=64 << 20, now=now, inline=True) as copy:
        assert [case.id for case in records.all_cases(copy)] == [f"{MOBILE}/alpha/1"]
        assert copy.restored_from == pytest.approx(now)


@pytest.mark.usefixtures("inline")
async def test_places_where_no_backup_goes(tmp_path: Path, autojump_clock: Clock) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    async with make_house(tmp_path) as house:
        for path, why in (
            ("copy", "absolute"),
            ("", "absolute"),
            (str(tmp_path / "nul\0"), "absolute"),
            (str(tmp_path / "there"), "exists"),
            (str(tmp_path / "dangling"), "exists"),
            (str(tmp_path / "no" / "such"), "no directory"),
            (str(tmp_path / "state" / "copy"), "inside the state"),
            (str(tmp_path / ("x" * 300) / "copy"), "cannot be looked at (File name too long)"),
        ):
            error = await refused(house, errors.InvalidArgument, "Backup", path=path)
            assert (error.field, why in error.why) == ("path", True), error
        assert not house.log.of(StoreBackedUp)


@pytest.mark.usefixtures("inline")
async def test_no_backup_goes_where_only_the_service_sees_it(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("numtrustd.actors.control.backup_desk.own_mount", lambda directory: directory.parent)
    async with make_house(tmp_path) as house:
        error = await refused(house, errors.InvalidArgument, "Backup", path=str(tmp_path / "copy"))
        assert f"{tmp_path.parent} is the service's own" in error.why
        assert "/var/lib/numtrustd-backup" in error.why
        assert not (tmp_path / "copy").exists()


@pytest.mark.usefixtures("inline")
async def test_a_backup_that_fails_says_why(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await refused(house, errors.Refused, "Backup", path=str(tmp_path / ("x" * 300)))


class Stuck:
    """Threads that never come back, of a few that there may be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began = 0
        monkeypatch.setattr(trio.to_thread, "run_sync", self.run)

    async def run(
        self, _: Callable[..., Any], *args: Any, abandon_on_cancel: bool, limiter: trio.CapacityLimiter
    ) -> None:
        place = object()
        await limiter.acquire_on_behalf_of(place)
        self.began += 1
        with trio.CancelScope(shield=not abandon_on_cancel):
            await trio.sleep_forever()


async def test_a_place_that_hangs_is_refused_in_time_and_takes_few_threads(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(tmp_path) as house:
        stuck = Stuck(monkeypatch)
        for _ in range(MOST_THREADS + 2):
            with trio.fail_after(PATIENCE + 1):
                error = await refused(house, errors.InvalidArgument, "Backup", path=str(tmp_path / "copy"))
            assert "its disk hangs" in error.why
        assert stuck.began == MOST_THREADS
        assert not (tmp_path / "copy").exists()


async def test_a_backup_whose_disk_is_gone_after_it_is_no_success(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch, inline: None
) -> None:
    async with make_house(tmp_path) as house:
        copy = house.store.backup

        async def lost(path: Path, *, now: float) -> None:
            await copy(path, now=now)
            shutil.rmtree(path)

        monkeypatch.setattr(house.store, "backup", lost)
        error = await refused(house, errors.Refused, "Backup", path=str(tmp_path / "copy"))
        assert "cannot be looked at" in error.why
        assert not house.log.of(StoreBackedUp)


async def test_park_and_unpark(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        parked = await house.ask("Park", number="138 0013 8000", reason="odd", author="zhao")
        assert (parked.number, parked.old, parked.new) == (MOBILE, "working", "parked")
        [event] = house.log.of(ActorParked)
        assert event.why == "by zhao: odd"
        await refused(house, errors.Refused, "Park", number=MOBILE)
        assert "(by zhao: odd)" in (await refused(house, errors.Refused, "Hold", case=case.id)).why
        looks = len(house.alpha.looks)
        await house.sleep(2 * DAY)
        assert len(house.alpha.looks) == looks
        back = await house.ask("Unpark", number=MOBILE)
        assert (back.old, back.new) == ("parked", "working")
        await refused(house, errors.Refused, "Unpark", number=MOBILE)
        await house.until(lambda: len(house.alpha.looks) > looks)
        await house.in_state("in_review", "alpha")
        page, _ = records.history(house.store, MOBILE, 200)
        assert [(e.action, e.by) for e in page if e.action.startswith("actor.")] == [
            ("actor.unparked", f"uid {PEER.uid}"),
            ("actor.parked", "zhao"),
        ]
        first = next(e for e in house.log.of(ControlActed) if e.method == "Park")
        assert first.subject == MOBILE  # as we write it, not as it was typed


async def test_a_parked_number_stays_parked_and_counted_over_a_restart(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.ask("Park", number=MOBILE, reason="odd")
        before = await house.ask("GetStatus")
        now = house.clock.now()
    async with make_house(tmp_path, start=now) as house:
        after = await house.ask("GetStatus")
        assert (after.parked, after.numbers_labelled, after.open_cases) == (1, 1, 1)
        assert (before.parked, before.numbers_labelled, before.open_cases) == (1, 1, 1)
        [page] = await house.ask("ListCases")
        assert [row.case for row in page.cases] == [case.id]
        view = await house.ask("GetNumber", number=MOBILE)
        assert (view.parked, view.parked_why) == (True, "parked by uid 1000: odd")
        assert (await house.ask("Unpark", number=MOBILE)).new == "working"


async def test_parking_twice_at_once_leaves_one_actor(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: house.record().verdicts)
        outcomes: list[str] = []

        async def call(method: str) -> None:
            try:
                outcomes.append((await house.ask(method, number=MOBILE)).new)
            except Refusal as refusal:
                outcomes.append(type(refusal.error).__name__)

        for method in ("Park", "Unpark"):
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(call, method)
        assert sorted(outcomes[:3]) == ["Refused", "Refused", "parked"]
        assert sorted(outcomes[3:]) == ["Refused", "Refused", "working"]
        looks = len(house.alpha.looks)
        await house.sleep(DAY)
        # A new number is looked at every 3 h; two actors of it would ask for no more, but their records would differ.
        assert len(house.alpha.looks) - looks in range(7, 10)


async def test_the_log_level_can_be_set(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        change = await house.ask("SetLogLevel", level="warn")
        assert (change.old, change.new) == ("debug", "warn")
        assert house.log.level.word == "warn"
        assert (await house.ask("SetLogLevel", level="info")).old == "warn"
        assert acted(house) == [("SetLogLevel", "info", "warn -> info")]


# ----------------------------------------------------------------------------------------------------- maintenance


async def test_declared_maintenance_holds_appeals_back(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        started = await house.ask("MaintenanceStart", platform="alpha", kind="industry", author="sun")
        assert (started.old, started.new, started.cases) == ("none", "industry", 0)
        await house.labelled("alpha")
        await house.sleep(3 * DAY)
        assert house.case("alpha").snapshot.state == "waiting"
        assert not house.alpha.submissions
        [row] = [p for p in (await house.ask("ListPlatforms")).platforms if p.platform == "alpha"]
        assert (row.maintenance.kind, row.maintenance.by) == ("industry", "sun")
        ended = await house.ask("MaintenanceEnd", platform="alpha")
        assert (ended.old, ended.new, ended.cases, ended.kind) == ("industry", "none", 1, None)
        await house.in_state("in_review", "alpha")
        assert [(e.state, e.kind) for e in house.log.of(PlatformMaintenance)] == [
            ("started", "industry"),
            ("ended", "industry"),
        ]


async def test_maintenance_ends_by_itself_where_its_end_was_named(tmp_path: Path, autojump_clock: Clock) -> None:
    quick = platform("alpha", appeal=AppealFacts(channel="http", review_days=1))
    async with make_house(tmp_path, platforms={"alpha": quick, "beta": platform("beta")}) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        review_by = house.case("alpha").data.review_by
        assert review_by is not None
        until = review_by + DAY
        change = await house.ask("MaintenanceStart", platform="alpha", until=when(until).isoformat())
        assert (change.new, change.cases, change.until) == ("unknown", 1, when(until))
        await house.sleep(review_by + DAY / 2 - house.clock.now())
        assert house.case("alpha").snapshot.state == "in_review"  # its time does not count against the review
        await house.in_state("overdue", "alpha")
        assert house.clock.now() > until
        assert [(e.state, e.why) for e in house.log.of(PlatformMaintenance)] == [
            ("started", "declared by uid 1000"),
            ("ended", "the end that was named has come"),
        ]
        why = (await refused(house, errors.Refused, "MaintenanceEnd", platform="alpha")).why
        assert why == "no declared maintenance of alpha is going on: nothing is left to end"


async def test_maintenance_survives_a_restart(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        began = house.clock.now()
        await house.ask("MaintenanceStart", platform="beta", kind="policy")
        now = house.clock.now()
    async with make_house(tmp_path, start=now) as house:
        again = await house.ask("MaintenanceStart", platform="beta", kind="industry")
        assert (again.old, again.new, again.since) == ("policy", "industry", when(began))


async def test_maintenance_that_cannot_be_declared(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await refused(house, errors.UnknownPlatform, "MaintenanceStart", platform="gamma")
        past = when(house.clock.now() - 1.0).isoformat()
        assert (
            await refused(house, errors.InvalidArgument, "MaintenanceStart", platform="beta", until=past)
        ).field == "until"
        why = (await refused(house, errors.Refused, "MaintenanceEnd", platform="beta")).why
        assert why == "no declared maintenance of beta is going on: nothing is left to end"
        assert not house.house.maintenance


async def test_maintenance_that_looks_see_is_said_once_for_all_numbers(tmp_path: Path, autojump_clock: Clock) -> None:
    numbers = tuple(f"+861380013{n:04}" for n in range(20))
    async with make_house(tmp_path, numbers=numbers) as house:
        await house.until(lambda: house.house.board.at("beta").clean == 20)
        house.beta.weather = "maintenance"
        since = await house.until(lambda: house.house.board.maintenance_since("beta"))
        await house.until(lambda: house.house.board.at("beta").maintenance == 20)
        assert house.house.board.maintenance_since("beta") == since
        assert "looks see one" in (await refused(house, errors.Refused, "MaintenanceEnd", platform="beta")).why
        house.beta.weather = "fine"
        await house.until(lambda: house.house.board.maintenance_since("beta") is None)
        assert [e.state for e in house.log.of(PlatformMaintenance)] == ["seen", "over"]
        history = await house.ask("History", number=numbers[7], platform="beta")
        assert [e.action for e in history.events][:2] == ["platform.maintenance"] * 2


# ------------------------------------------------------------------------------------------- errors and connections


async def test_what_a_handler_raises_is_logged_and_answered(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        answer = house.control.on_error("io.numtrust.Status.GetStatus", PEER, KeyError("x"))
        assert answer == errors.InternalError("KeyError")
        [event] = house.log.of(ControlFailed)
        assert (event.method, event.error_type, event.peer_uid) == ("io.numtrust.Status.GetStatus", "KeyError", 1000)
        assert isinstance(house.control.on_error("x", PEER, StoreClosed("stopped")), errors.NotReady)
        assert len(house.log.of(ControlFailed)) == 1


async def test_dropped_connections_are_logged(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        for why in Drop:
            house.control.on_drop(PEER, why)
        assert len({e.why for e in house.log.of(ControlDenied)}) == len(Drop)


async def test_acts_in_state_submitting_are_refused_and_change_nothing(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        house.alpha.latency = 30.0
        await house.labelled("alpha")
        case = await house.in_state("submitting", "alpha")
        for method in ("Hold", "Advance", "Withdraw", "Reopen", "Approve"):
            await refused(house, errors.Refused, method, case=case.id)
        await house.in_state("in_review", "alpha")
        assert len(house.alpha.submissions) == 1
        assert [e.to for e in house.log.of(CaseMoved)] == ["submitting", "in_review"]


async def test_both_interfaces_serve_every_declared_method(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, sources={"alpha.api": source("alpha")}, numbers=(number(MOBILE),)) as house:
        assert "method Explain" in house.control.status_interface().description
        assert "method MaintenanceStart" in house.control.control_interface().description
        await house.sleep(HOUR)
