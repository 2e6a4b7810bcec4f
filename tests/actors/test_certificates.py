"""Certifications by order and by finding, and what keeps them: renewals, pauses, chases; tags and told identities."""

import itertools
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.actors.context import CertificationRules
from numtrustd.actors.messages import Refresh
from numtrustd.api import errors
from numtrustd.domain import calendar
from numtrustd.domain.display import Display, What
from numtrustd.domain.evidence import Document
from numtrustd.domain.identity import Version, Wanted, joined
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.platform import AppealFacts, HandLook
from numtrustd.domain.workflows.certificate import CertificateData, CertificatePolicy, renewal_at
from numtrustd.events import CaseClosed, CaseOpened, CasesJoined, FindingOpened, IdentityWanted
from numtrustd.probes.report import ReportSpec
from numtrustd.probes.spec import Reading, Rule, SayCertified, SayClean, SayMarked
from numtrustd.store import records
from numtrustd.wire.spec import Condition, Pick
from tests.actors.house import DAY, MOBILE, T0, Refusal, TestHouse, make_house, number, platform, source
from tests.actors.parts import answer, consistent, killed

Clock = trio.testing.MockClock

LABEL, TAG = Pick(view="doc", path="label"), Pick(view="doc", path="label")
NAMING = (
    Rule("marked", (Condition(view="doc", path="marks", at_least=1),), SayMarked(words=LABEL, name=LABEL)),
    Rule("named", (Condition(view="doc", path="label", nonempty=True),), SayCertified(name=LABEL)),
    Rule("clean", (Condition(view="doc", path="label", equals=""),), SayClean()),
)
TAGGING = (
    Rule("tagged", (Condition(view="doc", path="label", nonempty=True),), SayCertified(tag=TAG)),
    Rule("clean", (Condition(view="doc", path="label", equals=""),), SayClean()),
)
WAY = AppealFacts("manual", address="https://alpha.example.invalid/names", review_days=2, propagation=DAY, cooldown=DAY)
SHOWS = (Display(What.NAME), Display(What.TAG))


def certifying(display: tuple[Display, ...] = SHOWS, rules: Any = NAMING, **more: Any) -> dict[str, Any]:
    ways = {"certification": WAY, "correction": WAY, "tag": WAY}
    return {
        "numbers": (number(MOBILE, wanted=Wanted(names=(Version("示例快运"),))),),
        "platforms": {"alpha": platform("alpha", ways=ways, display=display), "beta": platform("beta")},
        "sources": {"alpha.api": source("alpha", rules=rules), "beta.api": source("beta")},
        **more,
    }


async def certified(house: TestHouse) -> None:
    """The name is shown, and a certificate keeps it."""
    house.alpha.labels[MOBILE] = ("示例快运", 0)
    await house.until(lambda: "alpha" in house.record().verdicts and house.record().verdicts["alpha"].belief)
    await house.ask("Certify", number=MOBILE, platform="alpha", held=True)
    assert house.case("alpha", kind="certificate").snapshot.state == "valid"


async def paused(house: TestHouse) -> None:
    await certified(house)
    house.alpha.labels.pop(MOBILE)
    await house.in_state("paused", "alpha", kind="certificate")


# --------------------------------------------------------------------------------------------------------- by order


async def test_a_name_is_certified_and_kept(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        begun = await house.ask("Certify", number=MOBILE, platform="alpha", author="kim")
        assert (begun.kind, begun.case) == ("certification", f"{MOBILE}/alpha/1")
        with pytest.raises(Refusal) as told:
            await house.ask("Certify", number=MOBILE, platform="alpha")
        assert isinstance(told.value.error, errors.Refused)
        assert "is under way already" in told.value.error.why
        await house.in_state("at_person", "alpha", kind="certification")
        [task] = house.tasks()
        assert task.kind == "submit_certification"
        assert task.packet is not None
        assert "特此申请企业号码认证，展示“名称：示例快运”" in task.packet.letter
        await answer(house, task, "submitted", receipt="Z-1")
        [task] = house.tasks()
        await answer(house, task, "approved")
        await house.sleep(2 * DAY)
        assert not house.log.of(CaseClosed), "approved is not shown"
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        [closed] = await house.until(lambda: house.log.of(CaseClosed))
        assert (closed.kind, closed.outcome) == ("certification", "cleared")
        kept = house.case("alpha", kind="certificate")
        assert (kept.snapshot.state, kept.data.granted_at) == ("valid", kept.opened_at)
        assert kept.snapshot.deadline is not None
        assert 304 * DAY < kept.snapshot.deadline - kept.opened_at < 335 * DAY
        assert calendar.local_date(kept.snapshot.deadline).day == 20
        consistent(house.store)


async def test_a_name_that_is_shown_of_old_proves_nothing_before_the_grant(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        await house.until(lambda: "alpha" in house.record().verdicts and house.record().verdicts["alpha"].belief)
        await house.ask("Certify", number=MOBILE, platform="alpha")
        await house.in_state("at_person", "alpha", kind="certification")
        await house.sleep(3 * DAY)
        assert not house.log.of(CaseClosed)


async def test_what_nobody_wants_or_takes_is_refused(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying(numbers=(number(MOBILE),))) as house:
        for platform_id, why in (("alpha", "nothing is wanted to be shown"), ("beta", "nothing is wanted")):
            with pytest.raises(Refusal) as told:
                await house.ask("Certify", number=MOBILE, platform=platform_id)
            assert why in told.value.error.why  # type: ignore[attr-defined]  # an errors.Refused
    async with make_house(tmp_path / "b", **certifying()) as house:
        with pytest.raises(Refusal) as told:
            await house.ask("Certify", number=MOBILE, platform="beta")
        assert "nobody knows how beta is asked for a certification" in str(told.value.error)
        for wrong in (
            {"expires": "2027-03-31"},
            {"held": True, "expires": "soon"},
            {"held": True, "expires": "2020-01-01"},
        ):
            with pytest.raises(Refusal) as told:
                await house.ask("Certify", number=MOBILE, platform="alpha", **wrong)
            assert isinstance(told.value.error, errors.InvalidArgument)


async def test_a_missing_name_is_asked_for_as_the_settings_say(tmp_path: Path, autojump_clock: Clock) -> None:
    for n, (how, state) in enumerate((("by_order", None), ("ask", "waiting"), ("automatic", "at_person"))):
        rules = CertificationRules(open=how)  # type: ignore[arg-type]  # one of them
        async with make_house(tmp_path / str(n), **certifying(certification=rules)) as house:
            await house.until(lambda: [e for e in house.log.of(FindingOpened) if e.finding == "display_missing"])
            await house.sleep(DAY)
            opened = house.log.of(CaseOpened)
            lines = (await house.ask("Explain", number=MOBILE, platform="alpha")).lines
            [fault] = [line for line in lines if line.fact.startswith("display_missing")]
            if state is None:
                assert opened == []
                assert fault.next == f"`numtrustctl certify {MOBILE} alpha` asks for it"
                assert fault.who == "person"
                continue
            assert fault.next == f"certification {opened[0].case} works on it"
            case = house.case("alpha", kind="certification")
            assert (case.snapshot.state, case.unapproved) == (state, how == "ask")


@pytest.mark.parametrize(("soon", "late"), [("incoming_call", "call_log"), ("call_log", "incoming_call")])
async def test_a_name_counts_only_once_every_surface_shows_it(
    tmp_path: Path, autojump_clock: Clock, soon: str, late: str
) -> None:
    surfaces = ("incoming_call", "call_log")
    plain: dict[str, Any] = {"views": {}, "echo": (), "guards": (), "rules": (), "request": None}
    readings = tuple(Reading("alpha", surface) for surface in surfaces)
    device = source("alpha", id="alpha.device", readings=readings, report=ReportSpec(handset=True), **plain)
    look = HandLook(steps=("用被测号码拨打这部手机",), surfaces=surfaces)
    alpha = platform("alpha", ways={"certification": WAY}, display=SHOWS, device_test=look)
    context = certifying(platforms={"alpha": alpha}, sources={"alpha.device": device})

    async def seen(status: str, *where: str, **more: Any) -> None:
        for surface in where:
            said = {"platform": "alpha", "surface": surface, "status": status, "device": "Mate 60", "os": "4.2"}
            await house.ask("Observe", number=MOBILE, author="kim", key=str(next(keys)), **said, **more)

    keys = itertools.count()
    async with make_house(tmp_path, **context) as house:
        await seen("clean", *surfaces)
        await house.ask("Certify", number=MOBILE, platform="alpha", author="kim")
        await house.in_state("at_person", "alpha", kind="certification")
        [hand_in] = [t for t in house.tasks() if t.kind == "submit_certification"]
        await answer(house, hand_in, "submitted", receipt="Z-1")
        [asked] = [t for t in house.tasks() if t.kind == "report_answer"]
        await answer(house, asked, "approved")
        for _ in range(5):
            await house.sleep(DAY)
            await seen("certified", soon, name="示例快运")
            await seen("clean", late)
        assert not [e for e in house.log.of(CaseClosed) if e.kind == "certification"], "one of two shows it"
        assert not house.case("alpha", kind="certification").outcome
        assert "alpha:certificate" not in house.record().tracks
        for _ in range(5):
            await house.sleep(DAY)
            await seen("certified", *surfaces, name="示例快运")
        [closed] = [e for e in house.log.of(CaseClosed) if e.kind == "certification"]
        assert closed.outcome == "cleared"
        done = house.case("alpha", kind="certification")
        assert set(done.data.clean) == {f"alpha.device/{surface}" for surface in surfaces}
        assert house.case("alpha", kind="certificate").snapshot.state == "valid"


# ------------------------------------------------------------------------------------------------------------ upkeep


async def test_a_certificate_is_renewed_before_it_expires(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await certified(house)
        expires = calendar.local_date(T0 + 75 * DAY).isoformat()
        await house.ask("Certify", number=MOBILE, platform="alpha", held=True, expires=expires)
        kept = await house.in_state("renewing", "alpha", kind="certificate")
        assert calendar.local_date(house.clock.now()) == date(2026, 10, 20), "the good day before its 30 days begin"
        renewal = house.case("alpha", kind="certification")
        assert renewal.data.renewal
        await house.in_state("at_person", "alpha", kind="certification")
        hand_in = next(t for t in house.tasks() if t.case == renewal.id)
        await answer(house, hand_in, "submitted", receipt="Z-2")
        await answer(house, next(t for t in house.tasks() if t.case == renewal.id), "approved")
        await house.in_state("cleared", "alpha", kind="certification")
        again = house.case("alpha", kind="certificate")
        assert (again.id, again.snapshot.state, again.data.renewals) == (kept.id, "valid", 1)
        assert again.data.expires is None
        assert again.data.granted_at > kept.data.granted_at
        consistent(house.store)


async def test_a_renewal_that_comes_to_nothing_is_a_persons(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await certified(house)
        await house.ask("Advance", case=house.case("alpha", kind="certificate").id)
        await house.until(lambda: "alpha:certification" in house.record().tracks)
        await house.ask("Withdraw", case=house.case("alpha", kind="certification").id, reason="too dear")
        kept = await house.in_state("escalated", "alpha", kind="certificate")
        [task] = [t for t in house.tasks() if t.case == kept.id]
        assert (task.kind, task.detail) == ("decide", ("withdraw: too dear",))


async def test_a_pause_is_waited_out_as_long_as_its_cause_explains(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await paused(house)
        [found] = [e for e in house.log.of(FindingOpened) if e.finding == "paused"]
        assert "shows no name instead of 示例快运" in found.why
        assert [e.kind for e in house.log.of(CaseOpened)] == ["certificate"], "it is no new certification"
        kept = house.case("alpha", kind="certificate")
        assert kept.snapshot.deadline == pytest.approx(kept.snapshot.entered_at + 5 * DAY)
        [task] = house.tasks()
        assert (task.kind, task.title) == ("find_cause", "Find out why the certified name is not shown")
        await answer(house, task, "policy")
        kept = house.case("alpha", kind="certificate")
        since = kept.data.pauses[-1].since
        assert kept.data.pauses[-1].cause == "policy"
        assert kept.snapshot.deadline == calendar.add_working_days(since, 8, "CN")
        await house.in_state("chasing", "alpha", kind="certificate")
        [task] = house.tasks()
        assert task.kind == "chase_pause"
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        kept = await house.in_state("valid", "alpha", kind="certificate")
        assert kept.data.pauses[-1].until == kept.snapshot.entered_at
        assert house.tasks() == []


@pytest.mark.parametrize(
    ("declared", "cause", "days"),
    [("policy", "policy", None), ("industry", "policy", None), ("major", "technical", 5.0), (None, "technical", 5.0)],
)
async def test_a_declared_maintenance_names_the_cause(
    tmp_path: Path, autojump_clock: Clock, declared: str | None, cause: str, days: float | None
) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await certified(house)
        if declared is not None:
            house.house.maintenance["alpha"] = Maintenance(house.clock.now(), "kim", declared)
        house.alpha.labels.pop(MOBILE)
        kept = await house.in_state("paused", "alpha", kind="certificate")
        assert kept.data.pauses[-1].cause == cause
        assert kept.snapshot.deadline is not None
        if days is None:
            assert kept.snapshot.deadline == calendar.add_working_days(kept.snapshot.entered_at, 8, "CN")
        else:
            assert kept.snapshot.deadline == pytest.approx(kept.snapshot.entered_at + days * DAY)


async def test_every_time_of_a_pause_is_a_setting(tmp_path: Path, autojump_clock: Clock) -> None:
    rules = CertificationRules(technical=DAY, policy_days=2, papers=3 * DAY, complaints=4 * DAY)
    for n, (cause, days) in enumerate((("technical", 1), ("papers", 3), ("complaints", 4), ("policy", None))):
        async with make_house(tmp_path / str(n), **certifying(certification=rules)) as house:
            await paused(house)
            await answer(house, house.tasks()[0], cause)
            kept = house.case("alpha", kind="certificate")
            since = kept.data.pauses[-1].since
            due = calendar.add_working_days(since, 2, "CN") if days is None else since + days * DAY
            assert kept.snapshot.deadline == pytest.approx(due)


async def test_a_pause_outlives_the_process(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path / "a", **certifying()) as house:
        await paused(house)
        copy = killed(house, tmp_path)
        before, outside = house.case("alpha", kind="certificate"), house.alpha
        start = house.clock.now()
    async with make_house(copy, **certifying(), start=start, alpha=outside) as house:
        await house.settled()
        assert house.case("alpha", kind="certificate") == before
        await house.in_state("chasing", "alpha", kind="certificate")


# -------------------------------------------------------------------------------------------------------- identities


async def test_a_tag_goes_with_its_season(tmp_path: Path, autojump_clock: Clock) -> None:
    season = Wanted(tags=(Version("冰饮专线", T0 - 90 * DAY, T0 + 20 * DAY), Version("火锅专线", T0 + 20 * DAY)))
    async with make_house(tmp_path, **certifying(rules=TAGGING, numbers=(number(MOBILE, wanted=season),))) as house:
        house.alpha.labels[MOBILE] = ("冰饮专线", 0)
        await house.sleep(19 * DAY)
        assert house.log.of(CaseOpened) == []
        case = await house.opened("tag", "alpha")
        assert case.opened_at >= T0 + 20 * DAY
        await house.in_state("at_person", "alpha", kind="tag")
        [task] = house.tasks()
        assert task.packet is not None
        assert "显示为“冰饮专线”，特此申请将标签变更为“标签：火锅专线”" in task.packet.letter
        await answer(house, task, "submitted", receipt="T-1")
        house.alpha.labels[MOBILE] = ("火锅专线", 0)
        await house.in_state("cleared", "alpha", kind="tag")


async def test_a_tag_whose_time_is_over_is_asked_to_be_taken_down(tmp_path: Path, autojump_clock: Clock) -> None:
    season = Wanted(tags=(Version("冰饮专线", T0 - 90 * DAY, T0 + DAY),))
    async with make_house(tmp_path, **certifying(rules=TAGGING, numbers=(number(MOBILE, wanted=season),))) as house:
        house.alpha.labels[MOBILE] = ("冰饮专线", 0)
        await house.opened("tag", "alpha")
        await house.in_state("at_person", "alpha", kind="tag")
        [task] = house.tasks()
        assert task.packet is not None
        assert "显示为“冰饮专线”，该内容已不再使用，特此申请撤下。" in task.packet.letter


async def test_what_goes_out_late_asks_for_what_is_wanted_then(tmp_path: Path, autojump_clock: Clock) -> None:
    tag = Wanted(names=(Version("示例快运"),), tags=(Version("国家级火锅", T0 - 30 * DAY),))
    async with make_house(tmp_path, **certifying(rules=TAGGING, numbers=(number(MOBILE, wanted=tag),))) as house:
        house.alpha.labels[MOBILE] = ("装修专线", 0)
        await house.opened("tag", "alpha")
        await house.in_state("escalated", "alpha", kind="tag")
        [task] = house.tasks()
        assert "国家级" in task.detail[0]
        await house.ask("SetIdentity", number=MOBILE, tag="火锅专线", author="kim")
        await answer(house, task, "retry")
        await house.in_state("at_person", "alpha", kind="tag")
        [task] = house.tasks()
        assert task.packet is not None
        assert "特此申请将标签变更为“标签：火锅专线”" in task.packet.letter
        assert "国家级" not in task.packet.letter


async def test_no_certification_asks_for_a_forbidden_tag(tmp_path: Path, autojump_clock: Clock) -> None:
    wanted = Wanted(names=(Version("示例快运"),), tags=(Version("国家级火锅", T0 - 30 * DAY),))
    async with make_house(tmp_path, **certifying(numbers=(number(MOBILE, wanted=wanted),))) as house:
        await house.until(lambda: "alpha" in house.record().verdicts)
        await house.ask("Certify", number=MOBILE, platform="alpha", author="kim")
        await house.in_state("escalated", "alpha", kind="certification")
        assert not [task for task in records.all_tasks(house.store) if task.packet is not None]


async def test_another_name_is_wanted_by_order_and_kept(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path / "a", **certifying()) as house:
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        await house.until(lambda: "alpha" in house.record().verdicts and house.record().verdicts["alpha"].belief)
        change = await house.ask("SetIdentity", number=MOBILE, name="示例速运", author="kim")
        assert change.name == "示例速运"
        [said] = house.log.of(IdentityWanted)
        assert (said.wanted_name, said.by) == ("示例速运", "kim")
        await house.opened("correction", "alpha")
        copy, outside, start = killed(house, tmp_path), house.alpha, house.clock.now()
    async with make_house(copy, **certifying(), start=start, alpha=outside) as house:
        await house.settled()
        record = house.record()
        wanted = joined(house.house.context.numbers[MOBILE].wanted, record.wanted)
        assert wanted is not None
        assert [version.text for version in wanted.names] == ["示例快运", "示例速运"]
        house.alpha.labels[MOBILE] = ("示例速运", 0)
        await house.in_state("cleared", "alpha", kind="correction")


@pytest.mark.parametrize(
    "wrong",
    [{}, {"logo": "xyz"}, {"name": "a", "since": "1.1."}, {"tag": "a", "since": "2030-01-02", "until": "2030-01-01"}],
)
async def test_a_wish_that_makes_no_sense_is_refused(
    tmp_path: Path, autojump_clock: Clock, wrong: dict[str, str]
) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        with pytest.raises(Refusal) as told:
            await house.ask("SetIdentity", number=MOBILE, **wrong)
        assert isinstance(told.value.error, errors.InvalidArgument)
        assert house.record().wanted is None


async def test_both_tracks_of_a_number_end_together(tmp_path: Path, autojump_clock: Clock) -> None:
    wanted = Wanted(names=(Version("示例物流"), Version("示例快运", T0 - DAY)))
    async with make_house(tmp_path, **certifying(numbers=(number(MOBILE, wanted=wanted),))) as house:
        house.alpha.labels[MOBILE] = ("骚扰电话", 9)
        await house.opened("correction", "alpha")
        await house.until(lambda: house.record().cases)
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        [joint] = await house.until(lambda: house.log.of(CasesJoined))
        assert joint.joined == (f"{MOBILE}/alpha/1", f"{MOBILE}/alpha/2")
        closed = [e for e in house.log.events if isinstance(e, CaseClosed | CasesJoined)]
        assert isinstance(closed[-1], CasesJoined), "said when the last of them has ended"


def test_two_wishes_of_one_day_are_the_latter(tmp_path: Path) -> None:
    one, other = Wanted(names=(Version("a"), Version("b", 5.0))), Wanted(names=(Version("c", 5.0),))
    both = joined(one, other)
    assert both == Wanted(names=(Version("a"), Version("c", 5.0)))
    assert joined(None, other) is other
    assert joined(one, None) is one
    assert structs.replace(both, tags=()) == both


@pytest.mark.parametrize(
    ("papers", "complaints", "cause"),
    [
        ((), 0, "technical"),
        ((Document("licence", "/p/licence", expires=date(2026, 9, 1)),), 0, "papers"),
        ((Document("licence", "/p/old", expires=date(2026, 9, 1)), Document("licence", "/p/new")), 0, "technical"),
        ((Document("order_screenshots", "/p/shots", expires=date(2026, 9, 1)),), 0, "technical"),
        ((), 4, "technical"),
        ((), 5, "complaints"),
    ],
)
async def test_a_pause_is_laid_to_what_is_known(
    tmp_path: Path, autojump_clock: Clock, papers: tuple[Document, ...], complaints: int, cause: str
) -> None:
    async with make_house(tmp_path, **certifying(documents=papers)) as house:
        await certified(house)
        if complaints:
            day = {"number": MOBILE, "day": "2026-09-21", "calls": 90, "answered": 60, "complaints": complaints}
            await house.ask("ReportCalls", rows=[day])
        house.alpha.labels.pop(MOBILE)
        kept = await house.in_state("paused", "alpha", kind="certificate")
        assert kept.data.pauses[-1].cause == cause


async def test_complaints_explain_a_pause_only_as_long_as_their_lock(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await certified(house)
        day = {"number": MOBILE, "day": "2026-09-21", "calls": 90, "answered": 60, "complaints": 9}
        await house.ask("ReportCalls", rows=[day])
        await house.sleep(4 * DAY)
        house.alpha.labels.pop(MOBILE)
        kept = await house.in_state("paused", "alpha", kind="certificate")
        assert kept.data.pauses[-1].cause == "technical"


OLD = Document("licence", "/p/old", expires=date(2026, 9, 1))
NEW = Document("licence", "/p/new", expires=date(2036, 9, 1))


async def on_file(house: TestHouse, *papers: Document) -> None:
    house.house.context = structs.replace(house.house.context, documents=papers)
    house.house.post(MOBILE, Refresh())
    await house.settled()


async def test_new_papers_are_handed_to_the_provider_whose_pause_they_end(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **certifying(documents=(OLD,))) as house:
        await paused(house)
        assert house.case("alpha", kind="certificate").data.pauses[-1].cause == "papers"
        await on_file(house, OLD)
        assert [t.kind for t in house.tasks()] == ["find_cause"], "nothing new is on file"
        await on_file(house, OLD, NEW)
        await on_file(house, OLD, NEW)
        [task] = [t for t in house.tasks() if t.kind == "hand_over_papers"]
        assert task.detail == ("licence: /p/new, valid until 2036-09-01",)
        assert task.packet is not None
        assert task.packet.papers == task.detail
        await house.sleep(DAY)
        await answer(house, task, "handed_over")
        kept = house.case("alpha", kind="certificate")
        assert (kept.snapshot.state, kept.data.pauses[-1].handed_at) == ("paused", house.clock.now())
        assert kept.snapshot.deadline == pytest.approx(house.clock.now() + 7 * DAY), "the wait begins anew"
        assert house.tasks() == []


async def test_papers_that_came_before_the_cause_was_known_are_handed_over_once_it_is(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **certifying()) as house:
        await paused(house)
        await on_file(house, NEW)
        assert [t.kind for t in house.tasks()] == ["find_cause"], "held to be the provider's own work"
        await answer(house, house.tasks()[0], "papers")
        assert [t.kind for t in house.tasks()] == ["hand_over_papers"]


async def test_papers_are_handed_over_while_a_pause_is_chased_and_after(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **certifying(documents=(OLD,))) as house:
        await paused(house)
        await house.in_state("chasing", "alpha", kind="certificate")
        await on_file(house, NEW)
        assert {t.kind for t in house.tasks()} == {"chase_pause", "hand_over_papers"}
        await house.in_state("escalated", "alpha", kind="certificate")
        newer = structs.replace(NEW, path="/p/newer")
        await on_file(house, newer)
        [task] = [t for t in house.tasks() if t.kind == "hand_over_papers"]
        await answer(house, task, "handed_over")
        assert house.case("alpha", kind="certificate").snapshot.state == "paused"


def renewal(granted: str, valid_days: float, before_days: float = 30.0) -> str:
    at = datetime.fromisoformat(granted).timestamp()
    policy = CertificatePolicy(valid_for=valid_days * DAY, renew_before=before_days * DAY)
    return calendar.local_date(renewal_at(CertificateData(granted_at=at), policy)).isoformat()


def test_a_renewal_is_planned_on_the_good_day_of_the_month_before_it_must_begin() -> None:
    assert renewal("2026-01-10T10:00+08:00", 365) == "2026-11-20"
    assert renewal("2026-01-25T10:00+08:00", 365) == "2026-12-20", "of the same month, when it lies before its day"
    assert renewal("2026-01-10T10:00+08:00", 50) == "2026-01-30", "no good day comes between: the last one"
    assert renewal("2026-01-10T10:00+08:00", 20) == "2025-12-31", "it is late already"


@given(st.floats(1.5e9, 2.5e9), st.floats(1, 4000), st.floats(0, 400))
def test_a_renewal_is_never_later_than_asked_nor_much_sooner(granted: float, valid: float, before: float) -> None:
    policy = CertificatePolicy(valid_for=valid * DAY, renew_before=before * DAY)
    at, latest = renewal_at(CertificateData(granted_at=granted), policy), granted + (valid - before) * DAY
    assert at <= latest + 1e-3
    assert at >= latest - 31 * DAY
    assert at >= min(latest, granted + (latest - granted) / 2) - 1e-3
