"""A receipt that was mistyped, or came later, is corrected with the task that brought it, while the review goes on."""

from pathlib import Path

import trio.testing

from numtrustd.api import errors
from numtrustd.domain.case import Move
from numtrustd.domain.task import Task, TaskKind
from numtrustd.events import ActionSent, CaseMoved, TaskDone
from numtrustd.store import records
from tests.actors.house import HOUR, TestHouse, make_house
from tests.actors.test_control import refused

Clock = trio.testing.MockClock


async def handed_in(house: TestHouse, **receipt: object) -> Task:
    await house.labelled("beta")
    [task] = await house.until(house.tasks)
    await house.ask("TaskDone", task=task.id, outcome="submitted", **receipt)
    assert house.case("beta").snapshot.state == "in_review"
    return task


async def test_another_receipt_corrects_the_first_and_nothing_else(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        task = await handed_in(house, receipt="B-17")
        await house.sleep(HOUR)
        before, open_tasks, sent = house.case("beta"), house.tasks(), len(house.log.of(ActionSent))
        told = await house.ask("TaskDone", task=task.id, receipt="B-71", author="li")
        assert (told.old, told.new, told.outcome) == ("in_review", "in_review", "submitted")
        after = house.case("beta")
        assert after.data.receipt == "B-71"
        [done] = [t for t in records.all_tasks(house.store) if t.id == task.id]
        assert done.note == "B-71", "whoever reads the task sees the right one"
        assert (after.snapshot, after.due, house.tasks()) == (before.snapshot, before.due, open_tasks)
        assert after.moves[:-1] == before.moves
        reason = "receipt B-71 instead of B-17"
        assert after.moves[-1] == Move(house.clock.now(), "in_review", "in_review", reason, "li")
        moved = house.log.of(CaseMoved)[-1]
        assert (moved.from_, moved.to, moved.reason) == ("in_review", "in_review", reason)
        assert len(house.log.of(ActionSent)) == sent, "nothing is handed in again"
        assert len([done for done in house.log.of(TaskDone) if done.task == task.id]) == 1
        page = await house.ask("History", number=after.number)
        assert any(reason in event.text for event in page.events)


async def test_one_that_comes_after_it_was_said_that_there_is_none(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        task = await handed_in(house, no_receipt=True)
        await house.ask("Advance", case=task.case)
        assert house.case("beta").snapshot.state == "overdue"
        await house.ask("TaskDone", task=task.id, outcome="submitted", receipt="B-17")
        case = house.case("beta")
        assert (case.data.receipt, case.moves[-1].reason) == ("B-17", "receipt B-17, told later")


async def test_it_is_refused_where_it_is_no_correction(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        task = await handed_in(house, receipt="B-17")
        before = house.case("beta")
        for answer in (
            {"receipt": "B-17"},
            {"outcome": "refused", "reason": "no", "receipt": "B-18"},
            {"no_receipt": True},
            {},
        ):
            assert "already done" in (await refused(house, errors.Refused, "TaskDone", task=task.id, **answer)).why
        assert house.case("beta") == before
        [asks] = house.tasks()
        assert asks.kind is TaskKind.REPORT_ANSWER
        await house.ask("TaskDone", task=asks.id, outcome="approved")
        for done, said in ((task, "corrected only while the review goes on"), (asks, "already done")):
            why = (await refused(house, errors.Refused, "TaskDone", task=done.id, receipt="B-18")).why
            assert said in why, "the review is over"
