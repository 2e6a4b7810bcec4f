"""Nothing leaves before its intent is stored, nothing is sent twice, no outcome is lost: wherever the daemon dies."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import Answered
from numtrustd.actors.outbox import AGAIN, digest
from numtrustd.channels import answer as said
from numtrustd.channels.spec import HttpChannel
from numtrustd.domain.case import Action, ActionKind, ActionState
from numtrustd.domain.workflows import request as a
from numtrustd.events import ActionFailed, ActionPlanned, ActionSent, ActionUncertain, ActorCrashed, CaseMoved
from numtrustd.store import Batch, records
from numtrustd.wire.exchange import Outcome, Request
from tests.actors.house import DAY, HOUR, HTTP_CHANNEL, MINUTE, MOBILE, OTHER_MOBILE, T0, Outside, TestHouse, make_house
from tests.actors.parts import answer, consistent, killed, order, shm, submissions

__all__ = ["shm"]

Autojump = trio.testing.MockClock
Fetch = Callable[[Request], Awaitable[Outcome]]

BLIND = structs.replace(HTTP_CHANNEL, look_up=None)
"""A platform that cannot be asked whether it has a submission."""


def around(outside: Outside, fetch: Callable[[Request, Fetch], Awaitable[Outcome]]) -> None:
    """Put something between us and the outside."""
    inner = outside.fetch

    async def outer(request: Request) -> Outcome:
        return await fetch(request, inner)

    vars(outside)["fetch"] = outer


def posts(*outsides: Outside) -> list[Request]:
    return [r for outside in outsides for r in outside.requests if r.method == "POST"]


async def interrupted(shm: Path, to: Path, *, arrives: bool, **context: Any) -> tuple[Outside, float]:
    """A daemon that was killed while its submission was on the way; it may have arrived. Returns the outside, when."""
    async with make_house(shm, **context) as house:
        dead = trio.Event()

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            if request.method != "POST":
                return await inner(request)
            if arrives:
                await inner(request)
            killed(house, to)
            dead.set()
            await trio.sleep_forever()
            raise AssertionError

        around(house.alpha, fetch)
        await house.labelled("alpha")
        await dead.wait()
        vars(house.alpha).pop("fetch")
        return house.alpha, house.clock.now()


def same_world(house: TestHouse, before: Outside) -> None:
    """The outside outlives our death."""
    house.alpha.labels, house.alpha.submissions = before.labels, before.submissions
    house.alpha.requests = before.requests


# ------------------------------------------------------------------------------------------------ intent before effect


async def test_the_intent_is_stored_before_a_byte_leaves(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        found: list[Action] = []

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            if request.method == "POST":
                [action] = submissions(house.store, house.case("alpha").id)
                assert action.state is ActionState.SENDING
                assert action.sent_at == house.clock.now()
                assert action.digest == digest(request)
                assert action.ref in request.body.decode()
                assert house.case("alpha").snapshot.state == "submitting"
                assert house.log.of(ActionPlanned)
                consistent(house.store)
                found.append(action)
            return await inner(request)

        around(house.alpha, fetch)
        await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        [action] = found
        assert not list(records.all_actions(house.store))
        [done] = records.all_done(house.store)
        assert (done.id, done.ref, done.digest, done.sent_at) == (action.id, action.ref, action.digest, action.sent_at)
        assert (done.result, done.receipt) == ("accepted", case.data.receipt)
        [sent] = house.log.of(ActionSent)
        assert (sent.action_id, sent.ref) == (action.id, action.ref)


async def test_one_action_at_a_time_and_at_the_platforms_pace(shm: Path, autojump_clock: Autojump) -> None:
    numbers = [f"+86138001380{n:02d}" for n in range(8)]
    channel = structs.replace(HTTP_CHANNEL, interval=90.0)
    async with make_house(shm, numbers=numbers, channels={"alpha": channel}) as house:
        at: list[float] = []
        under_way = 0

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            nonlocal under_way
            if request.target.startswith("/look"):
                return await inner(request)
            under_way += 1
            assert under_way == 1
            at.append(trio.current_time())
            outcome = await inner(request)
            under_way -= 1
            return outcome

        around(house.alpha, fetch)
        house.alpha.labels = dict.fromkeys(numbers, ("骚扰电话", 9))
        await house.until(lambda: len(house.alpha.submissions) == 8)
        assert house.alpha.duplicates == 0
        assert min(later - before for before, later in pairwise(at)) >= 90


async def test_a_silent_platform_holds_up_no_other(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm, channels={"alpha": HTTP_CHANNEL, "beta": HTTP_CHANNEL}) as house:

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            if request.method == "POST" and not posts(house.alpha):
                house.alpha.requests.append(request)
                await trio.sleep_forever()
            return await inner(request)

        around(house.alpha, fetch)
        await house.labelled("alpha")
        await house.labelled("beta")
        await house.in_state("in_review", "beta")
        assert house.case("alpha").snapshot.state == "submitting"


# ------------------------------------------------------------------------------------------------------------- deaths


@pytest.mark.parametrize("arrives", [True, False])
async def test_killed_on_the_way_it_is_looked_up_and_never_just_sent_again(
    arrives: bool, shm: Path, autojump_clock: Autojump
) -> None:
    outside, at = await interrupted(shm / "a", shm / "b", arrives=arrives)
    async with make_house(shm / "b", start=at + 60) as house:
        same_world(house, outside)
        before = len(posts(outside))
        await house.in_state("uncertain", "alpha")
        assert [e.reason for e in house.log.of(ActionUncertain)] == ["outcome_unknown"]
        consistent(house.store)
        case = await house.in_state("in_review", "alpha")
        looked_up = [r for r in outside.requests if "/find?" in r.target]
        if arrives:
            assert len(posts(outside)) == before
            assert len(looked_up) == 1
        else:
            assert len(posts(outside)) == before + 1
            assert len(looked_up) == 2
        assert house.clock.now() - at > HTTP_CHANNEL.settle
        assert len(outside.submissions) == 1
        assert case.data.receipt == "R-1"
        assert outside.duplicates == 0
        [done, *more] = records.all_done(house.store)
        assert done.result.startswith("outcome unknown")
        assert len(more) == (0 if arrives else 1)
        consistent(house.store)


async def test_killed_on_the_way_to_a_platform_that_cannot_tell_a_person_is_asked(
    shm: Path, autojump_clock: Autojump
) -> None:
    outside, at = await interrupted(shm / "a", shm / "b", arrives=True, channels={"alpha": BLIND})
    async with make_house(shm / "b", start=at + 60, channels={"alpha": BLIND}) as house:
        same_world(house, outside)
        before = len(posts(outside))
        await house.in_state("asking", "alpha")
        await house.sleep(5 * DAY)
        assert len(posts(outside)) == before, "silence is no leave to send again"
        [task] = house.tasks()
        assert task.kind == "did_it_arrive"
        await answer(house, task, "happened", receipt="R-1")
        assert house.case("alpha").snapshot.state == "in_review"
        assert len(posts(outside)) == before


async def test_killed_again_and_again_on_the_way_it_is_still_one_submission(
    shm: Path, autojump_clock: Autojump
) -> None:
    outside, at = await interrupted(shm / "0", shm / "1", arrives=True)
    sent = len(posts(outside))
    for n in range(1, 6):
        async with make_house(shm / str(n), start=at + n) as house:
            same_world(house, outside)
            await house.sleep(n * 0.01)
            consistent(house.store)
            killed(house, shm / str(n + 1))
    async with make_house(shm / "6", start=at + MINUTE) as house:
        same_world(house, outside)
        await house.in_state("in_review", "alpha")
        assert len(posts(outside)) == sent


async def one_sending_one_planned(shm: Path, to: Path, **context: Any) -> tuple[dict[str, tuple[str, int]], float, str]:
    """A daemon that was killed with one number's submission on the way and the other's behind it in the queue.

    Returns the labels, when, and the reference of the one that has not left.
    """
    async with make_house(shm, numbers=(MOBILE, OTHER_MOBILE), **context) as house:
        first = trio.Event()

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            if request.method == "POST":
                first.set()
                await trio.sleep_forever()
            return await inner(request)

        around(house.alpha, fetch)
        await house.labelled("alpha", MOBILE)
        await first.wait()
        await house.labelled("alpha", OTHER_MOBILE)
        await house.in_state("submitting", "alpha", OTHER_MOBILE)
        [waiting] = submissions(house.store, house.case("alpha", OTHER_MOBILE).id)
        assert waiting.state is ActionState.PLANNED
        assert house.outbox.waiting == 1
        killed(house, to)
        return house.alpha.labels, house.clock.now(), waiting.ref


async def test_killed_before_it_was_sent_it_is_sent_once(shm: Path, autojump_clock: Autojump) -> None:
    labels, at, ref = await one_sending_one_planned(shm / "a", shm / "b")
    async with make_house(shm / "b", numbers=(MOBILE, OTHER_MOBILE), start=at) as house:
        house.alpha.labels = labels
        await house.in_state("in_review", "alpha", OTHER_MOBILE)
        assert list(house.alpha.submissions) == [ref]
        await house.in_state("in_review", "alpha", MOBILE)
        assert len(house.alpha.submissions) == 2
        assert house.alpha.duplicates == 0


async def test_what_waited_for_a_channel_that_vanished_goes_to_a_person(shm: Path, autojump_clock: Autojump) -> None:
    labels, at, _ = await one_sending_one_planned(shm / "a", shm / "b")
    async with make_house(shm / "b", numbers=(MOBILE, OTHER_MOBILE), start=at, channels={}) as house:
        house.alpha.labels = labels
        await house.in_state("at_person", "alpha", OTHER_MOBILE)
        case = await house.in_state("asking", "alpha", MOBILE)
        assert "daemon ended" in case.data.unclear
        assert sorted(t.kind for t in house.tasks()) == ["did_it_arrive", "submit_appeal"]
        [asked] = [t for t in house.tasks() if t.kind == "did_it_arrive"]
        await answer(house, asked, "did_not_happen")
        await house.in_state("at_person", "alpha", MOBILE)
        assert not posts(house.alpha)
        consistent(house.store)


async def test_killed_after_the_answer_and_before_it_was_stored_nothing_is_sent_again(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm / "a") as house:
        await house.until(lambda: "alpha" in house.record().verdicts)
        pictures: list[Path] = []

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            outcome = await inner(request)
            if request.method == "POST":
                pictures.append(killed(house, shm / "b"))
            return outcome

        around(house.alpha, fetch)
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        vars(house.alpha).pop("fetch")
        outside, at = house.alpha, house.clock.now()
    async with make_house(pictures[0], start=at) as house:
        same_world(house, outside)
        await house.in_state("uncertain", "alpha")
        await house.in_state("in_review", "alpha")
        assert len(posts(outside)) == 1


async def test_killed_amid_a_question_it_is_asked_again(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm / "a") as house:
        dead = trio.Event()

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            if "receipt=" in request.target:
                killed(house, shm / "b")
                dead.set()
                await trio.sleep_forever()
            return await inner(request)

        around(house.alpha, fetch)
        await house.labelled("alpha")
        await dead.wait()
        [query] = records.all_actions(house.store)
        assert (query.kind, query.state) == (ActionKind.QUERY, ActionState.PLANNED)
        vars(house.alpha).pop("fetch")
        outside, at = house.alpha, house.clock.now()
    async with make_house(shm / "b", start=at) as house:
        same_world(house, outside)
        for submission in outside.submissions.values():
            submission.state = "approved"
        await house.sleep(1)
        assert house.case("alpha").snapshot.state == "propagating"
        assert len(posts(outside)) == 1
        assert not list(records.all_actions(house.store))
        assert not house.log.of(ActionUncertain)


async def test_killed_amid_a_question_whose_case_had_ended_nothing_is_left_of_it(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm / "a") as house:
        asking = trio.Event()

        async def fetch(request: Request, inner: Fetch) -> Outcome:
            if "receipt=" in request.target:
                asking.set()
                await trio.sleep_forever()
            return await inner(request)

        around(house.alpha, fetch)
        await house.labelled("alpha")
        await asking.wait()
        await house.ask("Withdraw", case=house.case("alpha").id, reason="the line is shut", author="eve")
        await house.roster.park(MOBILE, "eve", "shut")
        assert [action.kind for action in records.all_actions(house.store)] == [ActionKind.QUERY]
        killed(house, shm / "b")
        vars(house.alpha).pop("fetch")
        outside, at = house.alpha, house.clock.now()
    async with make_house(shm / "b", start=at) as house:
        same_world(house, outside)
        await house.sleep(1)
        assert [*records.all_actions(house.store)], "it is parked"
        await house.roster.unpark(MOBILE, "eve")
        await house.sleep(60)
        assert not [*records.all_actions(house.store)]
        assert house.case("alpha").outcome == "withdrawn"


# --------------------------------------------------------------------------------------------- outcomes are not lost


async def test_an_outcome_that_finds_the_actor_busy_is_offered_until_it_is_stored(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await house.until(lambda: "alpha" in house.record().verdicts)
        actor = house.house.numbers[MOBILE]
        post, refused = actor.post, []

        class Deaf:
            packed, closed = actor.packed, False

            def post(self, message: Any) -> None:
                if isinstance(message, Answered):
                    refused.append(message)
                    raise BusyError("mailbox is full")
                post(message)

        await house.labelled("alpha")
        house.house.numbers[MOBILE] = Deaf()
        await house.sleep(10 * MINUTE)
        assert len(refused) == pytest.approx(10 * MINUTE / AGAIN, abs=1)
        house.house.numbers[MOBILE] = actor
        await house.sleep(AGAIN + 1)
        assert house.case("alpha").snapshot.state == "in_review"
        assert len(posts(house.alpha)) == 1


async def test_an_outcome_that_comes_while_the_number_is_parked_waits_for_it(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        house.alpha.latency = 30.0
        await house.labelled("alpha")
        await house.until(lambda: house.log.of(ActionSent))
        await house.roster.park(MOBILE, "eve", "lawyers")
        await house.sleep(DAY / 2)
        case_id = submissions(house.store, f"{MOBILE}/alpha/1")[0].case
        case = records.get_case(house.store, case_id)
        assert case is not None
        assert case.snapshot.state == "submitting"
        await house.roster.unpark(MOBILE, "eve")
        await house.sleep(AGAIN / 60)  # told as soon as it goes on, without having been offered every minute
        assert house.case("alpha").snapshot.state == "in_review"
        assert len(posts(house.alpha)) == 1
        consistent(house.store)


@pytest.mark.covers("W5")
async def test_an_outcome_told_twice_counts_once(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        house.alpha.latency = 5.0
        await house.labelled("alpha")
        await house.until(lambda: house.log.of(ActionSent))
        [action] = submissions(house.store, house.case("alpha").id)
        told = Answered(action.id, action.case, a.Later(3_600.0))
        for _ in range(3):
            house.house.post(MOBILE, told)
        await house.settled()
        seq, case = house.record().seq, house.case("alpha")
        assert case.snapshot.state == "waiting"
        house.house.post(MOBILE, told)
        await house.settled()
        assert house.record().seq == seq
        assert house.case("alpha") == case
        consistent(house.store)


async def test_an_answer_about_an_earlier_attempt_says_nothing_about_this_one(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await house.labelled("alpha")
        case = await house.in_state("in_review", "alpha")
        late = Action(
            id=f"{case.id}/1.7",
            case=case.id,
            number=MOBILE,
            platform="alpha",
            kind=ActionKind.QUERY,
            attempt=case.data.attempt - 1,
            ref="NT-0",
            values={},
            planned_at=T0,
        )
        batch = Batch()
        records.put_action(batch, late)
        await house.store.commit(batch)
        house.house.post(MOBILE, Answered(late.id, case.id, a.Rejected("that was the first one")))
        await house.settled()
        assert house.case("alpha") == case
        assert not list(records.all_actions(house.store))


# ------------------------------------------------------------------------------------------------- what cannot be sent


async def test_a_review_at_a_platform_whose_channel_vanished_ends_with_a_person(
    shm: Path, autojump_clock: Autojump
) -> None:
    async with make_house(shm) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        house.house.context = structs.replace(house.house.context, channels={})
        await house.in_state("overdue", "alpha")
        assert [t.kind for t in house.tasks()] == ["chase_review"]
        consistent(house.store)


async def test_a_request_that_cannot_be_filled_in_is_said_and_tried_again_ever_more_slowly(
    shm: Path, autojump_clock: Autojump
) -> None:
    submit = structs.replace(
        HTTP_CHANNEL.submit, request=structs.replace(HTTP_CHANNEL.submit.request, json={"ref": "{ref}{receipt}"})
    )
    async with make_house(shm, channels={"alpha": structs.replace(HTTP_CHANNEL, submit=submit)}) as house:
        await house.labelled("alpha")
        await house.sleep(1.5 * DAY)
        assert not posts(house.alpha)
        failed = house.log.of(ActionFailed)
        assert {e.reason for e in failed} == {"not_sent"}
        assert all("receipt" in (e.detail or "") for e in failed)
        assert 8 <= len(failed) <= 16
        assert house.case("alpha").data.attempt == 1
        consistent(house.store)


async def test_what_nobody_could_reach_is_sent_when_the_platform_is_back(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        house.alpha.appeal_weather = "shut"
        await house.labelled("alpha")
        await house.sleep(DAY)
        assert house.case("alpha").data.attempt == 1
        house.alpha.appeal_weather = "fine"
        case = await house.in_state("in_review", "alpha")
        assert list(house.alpha.submissions) == [s.ref for s in house.alpha.submissions.values()]
        assert len(house.alpha.submissions) == 1
        assert case.data.attempt == 1


@pytest.mark.parametrize("weather", ["later", "refuse", "lost"])
async def test_every_answer_to_a_submission_moves_its_case(weather: str, shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        house.alpha.appeal_weather = weather
        await house.labelled("alpha")
        state = {"later": "waiting", "refuse": "cooling", "lost": "uncertain"}[weather]
        await house.until(lambda: len(posts(house.alpha)) == 1)
        case = await house.in_state(state, "alpha")
        assert case.snapshot.deadline is not None
        if weather == "later":
            assert case.snapshot.deadline - house.clock.now() == pytest.approx(600, abs=2)
        consistent(house.store)
        house.alpha.appeal_weather = "fine"
        await house.sleep(2 * HOUR)
        assert len(posts(house.alpha)) == (2 if weather == "later" else 1)
        assert house.alpha.duplicates == 0


async def test_an_answer_that_we_fail_to_read_is_unknown_and_stops_nothing(
    shm: Path, autojump_clock: Autojump, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RecursionError("deep")

    async with make_house(shm) as house:
        with monkeypatch.context() as patch:
            patch.setattr(said, "answer", broken)
            await house.labelled("alpha")
            case = await house.in_state("uncertain", "alpha")
        assert "RecursionError" in case.data.unclear
        assert [e.actor for e in house.log.of(ActorCrashed)] == ["outbox alpha"]
        await house.in_state("in_review", "alpha")
        assert len(posts(house.alpha)) == 1


# ------------------------------------------------------------------------------------------------------- a long queue


async def test_what_waits_in_a_long_queue_for_days_is_not_taken_for_sent(shm: Path, autojump_clock: Autojump) -> None:
    """A platform that takes one submission in 20 hours, and four numbers labelled at once."""
    numbers = [f"+86138001380{n:02d}" for n in range(4)]
    slow: HttpChannel = structs.replace(HTTP_CHANNEL, interval=20 * HOUR, query=None, look_up=None)
    async with make_house(shm, numbers=numbers, channels={"alpha": slow}) as house:
        house.alpha.labels = dict.fromkeys(numbers, ("骚扰电话", 9))
        await house.until(lambda: len(house.alpha.submissions) == 4)
        await house.settled()
        assert len(posts(house.alpha)) == 4
        assert not [e for e in house.log.of(CaseMoved) if e.to == "uncertain"]
        assert {t.kind for t in records.all_tasks(house.store)} == {"report_answer"}
        assert {e.attempt for e in house.log.of(ActionSent)} == {1}
        consistent(house.store)


async def test_a_number_that_is_parked_or_gone_has_nothing_sent_for_it(shm: Path, autojump_clock: Autojump) -> None:
    numbers = (MOBILE, OTHER_MOBILE)
    slow = structs.replace(HTTP_CHANNEL, interval=HOUR)
    async with make_house(shm, numbers=numbers, channels={"alpha": slow}) as house:
        await house.until(lambda: all("alpha" in house.record(number).verdicts for number in numbers))
        house.alpha.labels = dict.fromkeys(numbers, ("骚扰电话", 9))
        await house.until(lambda: [n for n in numbers if house.record(n).cases] == list(numbers))
        await house.in_state("submitting", "alpha", OTHER_MOBILE)
        case = house.case("alpha", OTHER_MOBILE)
        await house.roster.park(OTHER_MOBILE, "eve", "not ours any more")
        await house.sleep(1.2 * DAY)
        assert len(posts(house.alpha)) == 1
        assert len(submissions(house.store, case.id)) == 1
        await house.roster.unpark(OTHER_MOBILE, "eve")
        await house.in_state("in_review", "alpha", OTHER_MOBILE)
        assert len(posts(house.alpha)) == 2
        consistent(house.store)


async def test_an_operator_cannot_recall_what_is_on_its_way(shm: Path, autojump_clock: Autojump) -> None:
    async with make_house(shm) as house:
        house.alpha.latency = 60.0
        await house.labelled("alpha")
        case = await house.in_state("submitting", "alpha")
        for event in (a.Hold("x"), a.Withdraw("x"), a.Advance("x"), a.Approve("eve"), a.Reopen("x")):
            with pytest.raises(Exception, match="does nothing there"):
                await order(house, case, event)
        assert house.case("alpha") == case


@dataclass
class Timed(Outside):
    """Notes when each request of the appeals' own left, and for which path."""

    left: list[tuple[float, str]] = field(default_factory=list)

    async def fetch(self, request: Request) -> Outcome:
        if not request.target.startswith("/look"):
            self.left.append((trio.current_time(), request.target))
        return await super().fetch(request)


@pytest.mark.covers("P11")
@pytest.mark.parametrize("slept", [HOUR, 30 * DAY, 365 * DAY], ids=["hour", "month", "year"])
async def test_what_came_due_while_the_machine_slept_goes_out_one_by_one(
    slept: float, shm: Path, autojump_clock: Autojump
) -> None:
    """To the daemon that is a clock stepped forward: all reviews come due in one moment, and are asked for in turn."""
    numbers = [f"+86138001380{n:02d}" for n in range(12)]
    paced = {"alpha": structs.replace(HTTP_CHANNEL, interval=20.0)}
    outside = Timed()
    async with make_house(shm, numbers=numbers, channels=paced, alpha=outside) as house:
        house.clock.recheck = 600.0
        outside.labels = dict.fromkeys(numbers, ("骚扰电话", 9))
        await house.until(lambda: len(outside.submissions) == len(numbers))
        for number in numbers:
            await house.in_state("in_review", "alpha", number)
        await house.sleep(HOUR)
        before, first = len(outside.left), {n: house.case("alpha", n).snapshot.seq for n in numbers}
        waiting = {house.case("alpha", n).snapshot.deadline for n in numbers}
        assert None not in waiting
        late = max(deadline for deadline in waiting if deadline is not None) - house.clock.now()
        house.clock.shift(max(slept, late))
        await house.sleep(8 * HOUR)  # one that is overdue by now is asked for after six of them
        asked = outside.left[before:]
        assert len({target for _, target in asked}) == len(numbers), "none was forgotten"
        pauses = [b - a for (a, _), (b, _) in pairwise(asked)]
        assert min(pauses) >= 20.0 - 1e-6, "no burst"
        assert all(house.case("alpha", n).snapshot.seq > first[n] for n in numbers)
        assert len(outside.submissions) == len(numbers)
        assert not outside.duplicates
        consistent(house.store)
