"""Silences and acks: loud lines become quiet ones and nothing is lost, over restarts, and only as long as they hold."""

from pathlib import Path
from typing import Any

import pytest
import trio.testing

from numtrustd.api import errors
from numtrustd.events import CaseOpened, Event, FindingOpened, SilenceAdded, SilenceEnded
from numtrustd.store import records
from tests.actors.house import DAY, HOUR, MOBILE, OTHER_MOBILE, Refusal, TestHouse, make_house, number

Clock = trio.testing.MockClock


def lines(house: TestHouse, kind: type[Event]) -> list[dict[str, Any]]:
    return [r for r in house.log.records if r["event.action"] == kind.action]


async def test_what_is_silenced_is_logged_lower_and_marked(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        change = await house.ask(
            "SilenceAdd", targets=("138 0013 8000",), seconds=30 * DAY, reason="known", author="li"
        )
        await house.labelled("alpha")
        await house.labelled("alpha", OTHER_MOBILE)
        told = {r["numtrust.number"]: r for r in lines(house, FindingOpened)}
        assert told[MOBILE]["log.level"] == "info"
        assert told[MOBILE]["numtrust.silenced"] == change.row.silence
        assert told[OTHER_MOBILE]["log.level"] == FindingOpened.level.word == "warn"
        assert "numtrust.silenced" not in told[OTHER_MOBILE]
        # What is done is done as ever, and kept as ever.
        assert {e.number for e in house.log.of(CaseOpened)} == {MOBILE, OTHER_MOBILE}
        assert any(e.action == "finding.opened" for e in records.history(house.store, MOBILE, 50)[0])
        [line, *_] = (await house.ask("Explain", number=MOBILE)).lines
        assert line.fact == f"alarms about this number are silenced ({change.row.silence})"
        assert line.why == "li said so: known"


async def test_it_holds_over_a_restart_and_ends_once(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.ask("SilenceAdd", targets=("alpha",), seconds=3 * HOUR, reason="a", author="li")
        await house.ask("SilenceAdd", targets=("default",), seconds=90 * DAY, reason="b", author="li")
        [first, second] = house.log.of(SilenceAdded)
        assert (first.targets, second.targets) == (("platform alpha",), ("group default",))
        assert first.silence != second.silence
        start = house.clock.now()
    async with make_house(tmp_path, start=start + 2 * HOUR) as house:
        listed = (await house.ask("ListSilences")).silences
        assert [(s.silence, s.reason) for s in listed] == [(first.silence, "a"), (second.silence, "b")]
        assert any("alpha are silenced" in line.fact for line in (await house.ask("Explain", number=MOBILE)).lines)
        await house.until(lambda: house.log.of(SilenceEnded))
        assert house.clock.now() == pytest.approx(first.until, abs=1.0)
        assert [s.silence for s in (await house.ask("ListSilences")).silences] == [second.silence]
    async with make_house(tmp_path, start=start + 2 * DAY) as house:
        await house.sleep(HOUR)
        assert not house.log.of(SilenceEnded)
        gone = await house.ask("SilenceRemove", silence=second.silence, author="wu")
        assert (gone.holds, gone.row.by) == (False, "li")
        [ended] = house.log.of(SilenceEnded)
        assert (ended.by, ended.why) == ("wu", "ended by wu")
        with pytest.raises(Refusal):
            await house.ask("SilenceRemove", silence=second.silence)
    async with make_house(tmp_path, start=start + 3 * DAY) as house:
        assert (await house.ask("ListSilences")).silences == ()


async def test_one_that_ended_while_nobody_was_there_is_said(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.ask("SilenceAdd", targets=(MOBILE,), seconds=HOUR, reason="a")
        start = house.clock.now()
    async with make_house(tmp_path, start=start + DAY) as house:
        await house.settled()
        [ended] = house.log.of(SilenceEnded)
        assert ended.why == "its time is over"


async def test_a_target_must_be_something_and_one_thing(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(number(MOBILE, group="alpha"),)) as house:
        for targets, more, why in (
            (("139 0000 0009",), {}, "there is no watched number, platform or group"),
            (("alpha",), {}, "'alpha' is a platform and a group"),
            (("beta",), {"scope": "group"}, "there is no group 'beta'"),
        ):
            with pytest.raises(Refusal) as caught:
                await house.ask("SilenceAdd", targets=targets, seconds=60.0, reason="r", **more)
            assert isinstance(caught.value.error, errors.InvalidArgument)
            assert why in caught.value.error.why
        assert house.house.silences == {}
        change = await house.ask("SilenceAdd", targets=("alpha", "alpha"), seconds=60.0, reason="r", scope="group")
        assert [(t.scope, t.name) for t in change.row.targets] == [("group", "alpha")]


async def test_an_ack_is_void_as_soon_as_the_case_moves(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        taken = await house.ask("Ack", case=case.id, reason="told the boss", author="li")
        assert (taken.state, taken.by) == ("in_review", "li")
        [page] = await house.ask("ListCases", number=MOBILE)
        assert page.cases[0].acked_by == "li"
        said = [line.why for line in (await house.ask("Explain", number=MOBILE)).lines]
        assert any("; li has seen it so" in why and "told the boss" in why for why in said)
        start = house.clock.now()
    async with make_house(tmp_path, start=start + HOUR) as house:
        assert (await house.ask("GetCase", case=case.id)).acked_by == "li"
        await house.ask("Hold", case=case.id)
        assert (await house.ask("GetCase", case=case.id)).acked_by is None
        await house.ask("Advance", case=case.id)
        again = await house.ask("GetCase", case=case.id)
        assert (again.state, again.acked_by) == ("in_review", None)  # the same name, and another time
        await house.ask("Withdraw", case=case.id)
        with pytest.raises(Refusal) as caught:
            await house.ask("Ack", case=case.id)
        assert isinstance(caught.value.error, errors.Refused)
