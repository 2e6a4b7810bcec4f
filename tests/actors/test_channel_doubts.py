"""What comes in a platform's name and is not of its hosts is not believed: answers, redirects, receipts."""

from pathlib import Path

import trio.testing
from msgspec import structs

from numtrustd.api import errors
from numtrustd.domain.task import TaskKind
from numtrustd.events import ActionUncertain, CaseMoved, ControlActed, PhishingSuspected
from numtrustd.store import records
from numtrustd.wire.exchange import Outcome, Reply, Request
from tests.actors.house import DAY, HOUR, HTTP_CHANNEL, MOBILE, OTHER_MOBILE, Outside, TestHouse, make_house, platform
from tests.actors.test_control import refused

Clock = trio.testing.MockClock

PLATFORMS = {p: platform(p, official_hosts=(f"{p}.example.invalid",)) for p in ("alpha", "beta")}
SMS_CODE = "请回复短信验证码以完成审核"


def suspected(house: TestHouse) -> list[PhishingSuspected]:
    return house.log.of(PhishingSuspected)


async def test_a_receipt_from_elsewhere_is_not_taken_in(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, platforms=PLATFORMS) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        receipt = "https://beta-example.invalid.evil.cn/r/17?token=secret"
        why = await refused(house, errors.SuspectedPhishing, "TaskDone", task=task.id, receipt=receipt, author="wang")
        assert (why.platform, "beta-example.invalid.evil.cn" in why.why) == ("beta", True)
        for texts in ({"reason": SMS_CODE, "outcome": "refused"}, {"note": "see http://1.2.3.4/x"}):
            await refused(house, errors.SuspectedPhishing, "TaskDone", task=task.id, receipt="B-1", **texts)
        first = suspected(house)[0]
        assert (first.platform, first.number, first.case) == ("beta", MOBILE, house.case("beta").id)
        assert (first.url, first.server_address) == (
            "https://beta-example.invalid.evil.cn/r/17",
            "beta-example.invalid.evil.cn",
        )
        assert "wang" in first.why
        assert len(suspected(house)) == 3
        assert house.case("beta").snapshot.state == "at_person"
        assert [t.id for t in house.tasks()] == [task.id]


async def test_a_person_who_is_sure_vouches_and_that_is_kept(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, platforms=PLATFORMS) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        receipt, vouch = "https://partner.example/r/17", "beta told us by phone that partner.example is theirs"
        done = await house.ask("TaskDone", task=task.id, receipt=receipt, vouch=vouch, author="wang")
        assert done.new == "in_review"
        stored = records.get_task(house.store, task.id)
        assert stored is not None
        assert (stored.by, stored.note) == ("wang", f"{receipt} (suspicious, and vouched for: {vouch})")
        assert vouch in (house.log.of(ControlActed)[-1].result or "")
        assert not suspected(house)


async def test_the_words_of_a_rejection_are_looked_at_too(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, platforms=PLATFORMS) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        await house.ask("TaskDone", task=task.id, receipt="B-1")
        case = house.case("beta").id
        await refused(house, errors.SuspectedPhishing, "Reject", case=case, reason=SMS_CODE)
        assert (len(suspected(house)), house.case("beta").snapshot.state) == (1, "in_review")
        moved = await house.ask("Reject", case=case, reason=SMS_CODE, vouch="their form says so; they were called")
        assert moved.new == "cooling"
        assert "they were called" in (house.log.of(ControlActed)[-1].result or "")


async def test_vouching_for_what_is_not_suspicious_leaves_no_trace(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, platforms=PLATFORMS) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        await house.ask("TaskDone", task=task.id, receipt="https://www.beta.example.invalid/r/1", vouch="it is right")
        stored = records.get_task(house.store, task.id)
        assert stored is not None
        assert stored.note == "https://www.beta.example.invalid/r/1"


async def test_an_acceptance_that_leads_elsewhere_is_uncertain(tmp_path: Path, autojump_clock: Clock) -> None:
    channel = structs.replace(HTTP_CHANNEL, look_up=None)
    async with make_house(tmp_path, platforms=PLATFORMS, channels={"alpha": channel}) as house:
        inner = house.alpha.fetch

        async def fetch(request: Request) -> Outcome:
            if request.method != "POST":
                return await inner(request)
            await inner(request)
            return Reply(200, (), b'{"receipt": "https://pay.stranger.cn/confirm?card=1"}')

        vars(house.alpha)["fetch"] = fetch
        await house.labelled("alpha")
        [doubt] = await house.until(lambda: house.log.of(ActionUncertain))
        assert "suspected phishing: pay.stranger.cn is not an official host of alpha" in doubt.detail
        [task] = await house.until(house.tasks)
        assert task.kind is TaskKind.DID_IT_ARRIVE
        assert [(e.case, e.url) for e in suspected(house)] == [(task.case, "https://pay.stranger.cn/confirm")]
        assert not [e for e in house.log.of(CaseMoved) if e.to == "in_review"]


async def test_a_ruling_that_asks_for_a_code_decides_nothing_and_is_said_once(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, platforms=PLATFORMS) as house:
        await house.labelled("alpha")
        await house.until(lambda: house.alpha.submissions)
        for submission in house.alpha.submissions.values():
            submission.state, submission.reason = "rejected", SMS_CODE
        await house.until(lambda: suspected(house))
        await house.until(lambda: [t for t in house.tasks() if t.kind is TaskKind.CHASE_REVIEW], within=30 * DAY)
        assert house.case("alpha").data.reasons == ()
        assert len(suspected(house)) == 1
        assert "an SMS code" in suspected(house)[0].why


def redirecting(outside: Outside, to: str) -> None:
    async def fetch(request: Request) -> Outcome:
        return Reply(302, (("Location", to),), b"")

    vars(outside)["fetch"] = fetch


async def test_a_source_that_is_redirected_elsewhere_is_reported_once(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE), platforms=PLATFORMS) as house:
        redirecting(house.alpha, "https://alpha.example.invalid.evil.cn/look?n=1")
        redirecting(house.beta, "https://login.beta.example.invalid/?next=look")
        await trio.sleep(3 * HOUR)
        [event] = suspected(house)
        assert (event.platform, event.number) == ("alpha", None)
        assert event.url == "https://alpha.example.invalid.evil.cn/look"
        assert "redirects away from its official hosts" in event.why


async def test_redirects_that_stay_or_that_nobody_can_judge_are_not_reported(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    platforms = {**PLATFORMS, "beta": platform("beta")}
    async with make_house(tmp_path, platforms=platforms) as house:
        redirecting(house.beta, "https://evil.cn/")
        for to in ("/login", "http://alpha.example.invalid/", "?captcha", "//www.alpha.example.invalid/x", ""):
            redirecting(house.alpha, to)
            await trio.sleep(12 * HOUR)
        assert not suspected(house)
        redirecting(house.alpha, "//evil.cn\\@alpha.example.invalid/")
        await trio.sleep(DAY)
        assert len(suspected(house)) == 1


async def test_check_link_over_the_status_socket(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, platforms=PLATFORMS) as house:
        said = await house.ask("CheckLink", text="请登录 https://www.beta.example.invalid/a?x=1 查看")
        assert (said.standing, said.official, said.links[0].platform) == ("official", True, "beta")
        said = await house.ask("CheckLink", text="https://beta.example.invalid/", platform="alpha")
        assert (said.standing, said.official) == ("unknown", False)
        assert said.why == ("beta.example.invalid is an official host of beta, not of alpha",)
        said = await house.ask("CheckLink", text=SMS_CODE)
        assert (said.standing, said.links) == ("refused", ())
        assert "do not answer it" in said.advice
        assert (await house.ask("CheckLink", text="SQ-17")).standing == "nothing"
        await refused(house, errors.UnknownPlatform, "CheckLink", text="x", platform="nobody")
        assert not suspected(house), "looking is not reporting"
