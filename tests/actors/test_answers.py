"""The status interface on a house at work: every list, view and page, and the stream of log records."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.context import Group
from numtrustd.actors.control import answers
from numtrustd.actors.control.views import DAMAGED
from numtrustd.api import errors, facts, when
from numtrustd.api.rows import INSTANTS
from numtrustd.domain.evidence import Document
from numtrustd.domain.label import Category
from numtrustd.domain.number import NumberKind
from numtrustd.domain.platform import AppealFacts, Attempt, Certification, Feed, HandLook, Quota
from numtrustd.domain.task import TaskKind
from numtrustd.events import ActionSent, ActorParked, ControlActed, DemoNote, FindingOpened, Level
from numtrustd.probes.spec import Reading
from numtrustd.store import Store, Table
from numtrustd.store.errors import DamagedRecord
from numtrustd.store.store import Store as StoreClass
from tests.actors.house import (
    DAY,
    HOUR,
    LANDLINE,
    MOBILE,
    OTHER_MOBILE,
    T0,
    Refusal,
    TestHouse,
    make_house,
    number,
    platform,
    source,
)

Clock = trio.testing.MockClock
FOREIGN = "+14155552671"


async def refused(house: TestHouse, error: type, method: str, **params: Any) -> Any:
    with pytest.raises(Refusal) as caught:
        await house.ask(method, **params)
    assert type(caught.value.error) is error, caught.value.error
    return caught.value.error


async def seen(house: TestHouse, looks: int = 2) -> None:
    """Wait until every platform was looked at for the number."""
    await house.until(lambda: len(house.record().verdicts) == looks)


# ----------------------------------------------------------------------------------------------------------- status


async def test_status_counts_numbers_and_pairs(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE, FOREIGN)) as house:
        fresh = await house.ask("GetStatus")
        assert (fresh.numbers, fresh.platforms, fresh.platforms_seen, fresh.sources) == (3, 2, 2, 2)
        assert (fresh.clean, fresh.unknown) == (0, 4)  # nobody can see the foreign number
        house.alpha.labels[LANDLINE] = ("骚扰电话", 9)
        await house.until(lambda: house.house.board.totals().labelled and house.house.board.totals().clean == 3)
        status = await house.ask("GetStatus")
        assert (status.labelled, status.clean, status.certified, status.unknown) == (1, 3, 0, 0)
        assert (status.numbers_labelled, status.open_cases, status.tasks_open) == (1, 1, 0)
        assert status.looks_total == house.house.board.looks > 0
        assert (status.version, status.clock_speed, status.started_at) == ("0.0.test", 1.0, when(T0))
        assert (status.overdue_looks, status.schedule_lag_seconds) == (0, 0.0)
        assert 0 < status.store.bytes < status.store.limit == 64 << 20
        assert status.summary == "3 numbers on 2 platforms: 1 labelled, 1 open case, 0 tasks for people"


async def test_status_needs_neither_scan_nor_records(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        await house.until(house.tasks)

        def read(*_: object, **__: object) -> None:
            raise AssertionError("the store was read")

        with monkeypatch.context() as patch:
            patch.setattr(StoreClass, "scan", read)
            patch.setattr(StoreClass, "get", read)
            assert (await house.ask("GetStatus")).tasks_open == 1
            assert len((await house.ask("ListPlatforms")).platforms) == 2
            assert len((await house.ask("ListSources")).sources) == 2


async def test_overdue_looks_and_silent_sources_show(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await seen(house)
        house.alpha.weather = "silent"
        await house.until(lambda: house.sources.overdue(house.clock.now())[1] > 60.0)
        status = await house.ask("GetStatus")
        assert status.overdue_looks >= 1
        assert status.schedule_lag_seconds > 60.0
        assert status.blind == 2
        assert status.summary.endswith("; no answer from alpha.api")


# ---------------------------------------------------------------------------------------------------------- numbers


async def test_numbers_come_in_order_and_by_pages(tmp_path: Path, autojump_clock: Clock) -> None:
    numbers = [f"+861380013{n:04}" for n in range(7)]
    async with make_house(tmp_path, numbers=numbers[::-1]) as house:
        pages = await house.ask("ListNumbers", limit=3)
        assert [[row.number for row in page.numbers] for page in pages] == [numbers[:3], numbers[3:6], numbers[6:]]
        assert [page.next for page in pages] == [numbers[2], numbers[5], None]
        [page] = await house.ask("ListNumbers", after=numbers[4])
        assert [row.number for row in page.numbers] == numbers[5:]
        [page] = await house.ask("ListNumbers", after="zzz")
        assert page.numbers == ()
        [page] = await house.ask("ListNumbers", limit=7)
        assert page.next is None


async def test_numbers_are_picked_by_group_and_finding(tmp_path: Path, autojump_clock: Clock) -> None:
    sales = number(OTHER_MOBILE, group="sales")
    async with make_house(tmp_path, numbers=(MOBILE, sales), groups={"sales": Group("sales")}) as house:
        await house.labelled("alpha", OTHER_MOBILE)
        for params, expected in (
            ({"group": "sales"}, [OTHER_MOBILE]),
            ({"finding": "any"}, [OTHER_MOBILE]),
            ({"finding": "mislabel"}, [OTHER_MOBILE]),
            ({"finding": "wrong_category"}, []),
            ({"group": "default", "finding": "mislabel"}, []),
        ):
            [page] = await house.ask("ListNumbers", **params)
            assert [row.number for row in page.numbers] == expected, params
        [page] = await house.ask("ListNumbers")
        quiet, loud = page.numbers
        assert (quiet.labelled, quiet.clean, quiet.unknown, quiet.findings, quiet.open_cases) == ((), 2, 0, (), 0)
        assert (loud.labelled, loud.clean, loud.findings, loud.open_cases) == (("alpha",), 1, ("mislabel",), 1)
        assert (loud.name, loud.group, loud.kind, loud.parked) == ("line 8001", "sales", "mobile", False)
        assert loud.last_look == when(max(s.at for s in house.record(OTHER_MOBILE).looks.values()))
        assert loud.next_look > page.now
        for labelled, expected in ((True, [OTHER_MOBILE]), (False, [MOBILE, OTHER_MOBILE])):
            [page] = await house.ask("ListNumbers", labelled=labelled)
            assert [row.number for row in page.numbers] == expected
        for misspelt in ({"group": "nobody"}, {"finding": "mislable"}):  # no such numbers is another answer
            error = await refused(house, errors.InvalidArgument, "ListNumbers", **misspelt)
            assert "default, sales" in error.why or "any, mislabel" in error.why


async def test_a_long_list_lets_others_go_first(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "BREATH", 2)
    async with make_house(tmp_path, numbers=[f"+861380013{n:04}" for n in range(9)]) as house:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            await house.ask("ListNumbers", finding="any")
            nursery.cancel_scope.cancel()
        assert turns >= 3


async def test_one_number_whole(tmp_path: Path, autojump_clock: Clock) -> None:
    accepts = number(LANDLINE, name="hotline", accept=frozenset({Category.SERVICE}))
    async with make_house(tmp_path, numbers=(accepts,)) as house:
        await house.until(lambda: len(house.record(LANDLINE).verdicts) == 2)
        house.beta.labels[LANDLINE] = ("诈骗电话", 12)
        case = await house.labelled("beta", LANDLINE, "诈骗电话", 12)
        [task] = await house.until(house.tasks)
        view = await house.ask("GetNumber", number="（021）5128 8888")
        assert (view.number, view.dashed, view.kind, view.name) == (LANDLINE, "021-51288888", "landline", "hotline")
        assert (view.accept, view.parked, view.parked_why) == (("service",), False, None)
        alpha, beta = view.platforms
        assert (alpha.platform, alpha.verdict, alpha.last_said, alpha.finding, alpha.case) == (
            "alpha", "clean", "clean", None, None,
        )  # fmt: skip
        assert (beta.platform_name, beta.verdict, beta.words, beta.category, beta.marks) == (
            "贝塔", "marked", "诈骗电话", "fraud", 12,
        )  # fmt: skip
        assert beta.finding.startswith("mislabel: shown as 诈骗电话")
        assert (beta.case, beta.flapping, beta.tending, beta.blind_since) == (case.id, False, None, None)
        assert beta.since == when(house.record(LANDLINE).verdicts["beta"].since)
        assert beta.next_look > view.now
        assert [c.case for c in view.cases] == [case.id]
        assert [t.task for t in view.tasks] == [task.id] == [view.cases[0].task]


async def test_what_tends_and_what_cannot_be_seen_shows(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.record().verdicts["alpha"].run)
        house.beta.weather = "broken"
        await house.until(lambda: house.record().verdicts["beta"].blind_since)
        alpha, beta = (await house.ask("GetNumber", number=MOBILE)).platforms
        assert (alpha.verdict, alpha.tending) == ("clean", "1 of 2 looks say 广告推销 (marketing), 3 marks")
        assert (beta.verdict, beta.last_said) == ("clean", "unknown: bad_shape")
        assert beta.blind_since == when(house.record().verdicts["beta"].blind_since or 0)


async def test_numbers_that_are_not_there(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        for method in ("GetNumber", "Explain", "History"):
            error = await refused(house, errors.UnknownNumber, method, number="12")
            assert error.number == "12"
            error = await refused(house, errors.UnknownNumber, method, number="139 1000 0007")
            assert (error.number, "not watched" in error.why) == ("+8613910000007", True)


async def test_a_record_that_cannot_be_read_is_not_taken_for_a_quiet_number(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = StoreClass.get

    def damaged(self: Store, table: Table, key: bytes) -> bytes | None:
        if (table, key) == (Table.NUMBER, OTHER_MOBILE.encode()):
            raise DamagedRecord(table, key)
        return get(self, table, key)

    monkeypatch.setattr(StoreClass, "get", damaged)
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await house.until(lambda: OTHER_MOBILE in house.roster.parked)
        [page] = await house.ask("ListNumbers")
        assert [(row.number, row.findings, row.parked) for row in page.numbers] == [
            (MOBILE, (), False),
            (OTHER_MOBILE, (DAMAGED,), True),
        ]
        with pytest.raises(DamagedRecord):
            await house.ask("GetNumber", number=OTHER_MOBILE)


# ------------------------------------------------------------------------------------------------------------ world


async def test_platforms_and_how_numbers_stand(tmp_path: Path, autojump_clock: Clock) -> None:
    platforms = {
        "alpha": platform("alpha", name_en="Alpha", importance=0.9),
        "beta": platform("beta"),
        "gamma": platform("gamma", appeal=None),
    }
    async with make_house(tmp_path, numbers=(MOBILE, LANDLINE, FOREIGN), platforms=platforms) as house:
        await house.labelled("alpha", LANDLINE)
        alpha, beta, gamma = (await house.ask("ListPlatforms")).platforms
        assert (alpha.platform, alpha.name, alpha.name_en, alpha.kind) == (
            "alpha",
            "阿尔法",
            "Alpha",
            "security_vendor",
        )
        assert (alpha.sources, alpha.appeal, alpha.importance) == (("alpha.api",), "http", 0.9)
        assert (alpha.numbers, alpha.labelled, alpha.clean, alpha.unknown, alpha.open_cases) == (2, 1, 1, 0, 1)
        assert (beta.appeal, beta.numbers, beta.labelled, beta.maintenance) == ("manual", 2, 0, None)
        assert (gamma.appeal, gamma.sources, gamma.numbers, gamma.unknown) == ("none", (), 0, 0)
        assert (alpha.unseen_why, beta.unseen_why, gamma.unseen_why) == (None, None, "no pack has a source for it")


async def test_a_platform_that_nobody_looks_at_says_why(tmp_path: Path, autojump_clock: Clock) -> None:
    names = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
    platforms = {name: platform(name) for name in names}
    sources = {
        "alpha.api": source("alpha"),
        "beta.api": source("beta", kinds=(NumberKind.FOREIGN, NumberKind.SERVICE_400)),
    }
    idle = {
        "gamma.api": source("gamma", enabled=False, why_off="needs a contract"),
        "gamma.web": source("gamma", id="gamma.web", enabled=False),
        "delta.api": source("delta", enabled=False, why_off="unofficial"),
        "zeta.all": source("zeta", id="zeta.all", readings=(Reading("alpha"), Reading("beta"))),
    }
    async with make_house(tmp_path, platforms=platforms, sources=sources, idle=idle) as house:
        rows = (await house.ask("ListPlatforms")).platforms
        assert {row.platform: (row.sources, row.numbers, row.unseen_why) for row in rows} == {
            "alpha": (("alpha.api",), 1, None),
            "beta": (
                ("beta.api",),
                0,
                "none of the numbers is of a kind that can be looked at there (foreign, 400)",
            ),
            "gamma": ((), 0, "gamma.api is off: needs a contract; gamma.web is off: switched off in the settings"),
            "delta": ((), 0, "delta.api is off: unofficial"),
            "epsilon": ((), 0, "no pack has a source for it"),
            "zeta": ((), 0, "it is not looked at itself: zeta.all answers for alpha, beta"),
        }
        status = await house.ask("GetStatus")
        assert (status.platforms, status.platforms_seen) == (6, 1)
        assert status.summary.startswith("1 number on 1 of 6 platforms: ")


async def test_one_platform_in_full(tmp_path: Path, autojump_clock: Clock) -> None:
    platforms = {
        "alpha": platform("alpha", feeds=(Feed("beta", (HOUR, DAY)),), words={}),
        "beta": platform(
            "beta",
            seen="a page",
            official_hosts=("beta.example",),
            data="alpha's marks",
            appeal_at=("alpha",),
            shown_from=6,
            quotas=(Quota("appeals of one number", 1, DAY), Quota("numbers in one call", 100)),
            certification=Certification("a form", "A", "https://beta.example/c", ("licence",), 5),
            device_test=HandLook(("call it",), ("incoming_call",), ("model",), "", "adb shell true"),
            assisted=HandLook(("type it",), address="https://beta.example/q"),
        ),
        "gamma": platform("gamma", appeal=None),
    }
    async with make_house(tmp_path, platforms=platforms) as house:
        beta = await house.ask("GetPlatform", platform="beta")
        assert beta.row == (await house.ask("ListPlatforms")).platforms[1]
        assert (beta.seen, beta.official_hosts, beta.data, beta.appeal_at) == (
            "a page",
            ("beta.example",),
            "alpha's marks",
            ("alpha",),
        )
        assert beta.fed_by == (facts.FeedFact(platform="alpha", soonest=HOUR, latest=DAY),)
        assert (beta.feeds, beta.shown_from) == ((), 6)
        assert [(q.what, q.most, q.per) for q in beta.quotas] == [
            ("appeals of one number", 1, DAY),
            ("numbers in one call", 100, None),
        ]
        assert beta.certification == facts.CertificationFact(
            route="a form", grade="A", address="https://beta.example/c", papers=("licence",), days=5
        )
        assert beta.device_test == facts.HandLook(
            steps=("call it",), surfaces=("incoming_call",), record=("model",), command="adb shell true"
        )
        assert beta.assisted == facts.HandLook(
            steps=("type it",), surfaces=(), record=(), address="https://beta.example/q"
        )
        assert (beta.appeal.channel, beta.appeal.review_days, beta.appeal.address) == ("manual", 5, None)
        assert [attempt.papers for attempt in beta.appeal.attempts] == [(), ("licence",)]
        alpha, gamma = [await house.ask("GetPlatform", platform=name) for name in ("alpha", "gamma")]
        assert [feed.platform for feed in alpha.feeds] == ["beta"]
        assert (gamma.appeal, gamma.certification, gamma.device_test, gamma.data) == (None, None, None, None)
        assert (await refused(house, errors.UnknownPlatform, "GetPlatform", platform="nope")) == errors.UnknownPlatform(
            "nope"
        )
        alike = await refused(house, errors.UnknownPlatform, "GetPlatform", platform="alhpa")
        assert alike == errors.UnknownPlatform("alhpa", "alpha")


async def test_maintenance_seen_by_looks_shows_at_the_platform(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await seen(house)
        house.beta.weather = "maintenance"
        await house.until(lambda: house.house.board.maintenance_since("beta"))
        _, beta = (await house.ask("ListPlatforms")).platforms
        view = house.record().verdicts["beta"].views["beta.api/default"]
        assert (beta.maintenance.kind, beta.maintenance.by) == ("unknown", "seen by looks")
        assert beta.maintenance.since == when(view.unknown_since or 0)


async def test_sources_and_how_well_they_see(tmp_path: Path, autojump_clock: Clock) -> None:
    idle = {"gamma.api": source("gamma", enabled=False, why_off="unofficial")}
    async with make_house(tmp_path, idle=idle) as house:
        await seen(house)
        alpha, beta, gamma = (await house.ask("ListSources")).sources
        assert (alpha.state, alpha.looks, alpha.failures, alpha.waiting) == ("ok", 1, 0, 0)
        assert (alpha.platforms, alpha.interval, alpha.cadence, alpha.grade) == (("alpha",), 1.0, 21_600.0, "A")
        assert (gamma.source, gamma.state, gamma.why, gamma.looks) == ("gamma.api", "off", "unofficial", 0)

        house.alpha.weather = "broken"
        await house.until(lambda: house.record().verdicts["alpha"].blind_since)
        alpha = (await house.ask("ListSources")).sources[0]
        assert (alpha.state, alpha.why, alpha.failures) == ("failing", "bad_shape, once", 1)
        await house.until(lambda: house.sources.actors["alpha.api"].down)
        alpha = (await house.ask("ListSources")).sources[0]
        assert (alpha.state, alpha.why) == ("open", "bad_shape, 3 times in a row")
        assert alpha.since == when(house.sources.actors["alpha.api"].record.down_since or 0)
        assert alpha.next_slot > when(house.clock.now())
        house.alpha.weather = "fine"
        await house.until(lambda: not house.sources.actors["alpha.api"].down)
        await house.sleep(2.0)  # one slot
        alpha = (await house.ask("ListSources")).sources[0]
        assert (alpha.state, alpha.since, alpha.next_slot) == ("ok", None, None)
        assert alpha.last_good == when(house.sources.actors["alpha.api"].record.seen_at)

        house.beta.weather = "limited"
        await house.until(lambda: house.record().verdicts["beta"].blind_since)
        beta = (await house.ask("ListSources")).sources[1]
        assert (beta.state, "pause" in beta.why) == ("limited", True)


# ------------------------------------------------------------------------------------------------------------ cases


async def test_cases_by_pages_and_filters(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        for who in (MOBILE, OTHER_MOBILE):
            await house.labelled("alpha", who)
            await house.labelled("beta", who)
        closed = f"{MOBILE}/alpha/1"
        await house.in_state("in_review", "alpha")
        await house.ask("Withdraw", case=closed)
        everything = sorted(f"{n}/{p}/1" for n in (MOBILE, OTHER_MOBILE) for p in ("alpha", "beta"))
        still_open = [case for case in everything if case != closed]
        for params, expected in (
            ({}, still_open),
            ({"open_only": False}, everything),
            ({"number": "138 0013 8000"}, [f"{MOBILE}/beta/1"]),
            ({"number": MOBILE, "open_only": False}, [closed, f"{MOBILE}/beta/1"]),
            ({"platform": "alpha"}, [f"{OTHER_MOBILE}/alpha/1"]),
            ({"platform": "alpha", "open_only": False}, [closed, f"{OTHER_MOBILE}/alpha/1"]),
        ):
            [page] = await house.ask("ListCases", **params)
            assert [row.case for row in page.cases] == expected, params
        for open_only, expected in ((True, still_open), (False, everything)):
            pages = await house.ask("ListCases", open_only=open_only, limit=2)
            assert [row.case for page in pages for row in page.cases] == expected
            assert [len(page.cases) for page in pages] == [2, len(expected) - 2]
            [rest] = await house.ask("ListCases", open_only=open_only, after=pages[0].next)
            assert rest.cases == pages[1].cases
        for after in ("", "x" * 1_000):
            await house.ask("ListCases", open_only=False, after=after)
        await refused(house, errors.UnknownPlatform, "ListCases", platform="gamma")
        await refused(house, errors.UnknownNumber, "ListCases", number="139 1000 0007")


async def test_cases_come_by_their_next_deadline(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        for who in (MOBILE, OTHER_MOBILE):
            await house.labelled("alpha", who)
            await house.labelled("beta", who)
        await house.ask("Withdraw", case=f"{MOBILE}/beta/1")
        [page] = await house.ask("ListCases")
        dated = [row for row in page.cases if row.due is not None]
        expected = [row.case for row in sorted(dated, key=lambda row: row.due)]
        pages = await house.ask("ListCases", by_deadline=True, limit=2)
        assert [row.case for page in pages for row in page.cases] == expected
        assert len(expected) == 3
        [rest] = await house.ask("ListCases", by_deadline=True, after=pages[0].next)
        assert rest.cases == pages[1].cases
        for params in ({"platform": "alpha"}, {"number": OTHER_MOBILE}):
            [page] = await house.ask("ListCases", by_deadline=True, **params)
            asked = [row for row in dated if params in ({"platform": row.platform}, {"number": row.number})]
            assert sorted(row.case for row in page.cases) == sorted(row.case for row in asked)
        for after in ("", "x y", "9" * 30 + " a", "1 号"):
            error = await refused(house, errors.InvalidArgument, "ListCases", by_deadline=True, after=after)
            assert error.field == "after"


async def test_one_case_whole(tmp_path: Path, autojump_clock: Clock) -> None:
    papers = (
        Document("licence", "/srv/old.pdf", expires=date(2026, 1, 1)),
        Document("licence", "/srv/licence.pdf", expires=date(2030, 1, 1)),
    )
    demanding = AppealFacts(channel="http", attempts=(Attempt(("licence",)),))
    platforms = {"alpha": platform("alpha", appeal=demanding), "beta": platform("beta")}
    async with make_house(tmp_path, documents=papers, platforms=platforms) as house:
        house.alpha.latency = 20.0
        await house.labelled("alpha")
        case = await house.in_state("submitting", "alpha")
        await house.until(lambda: house.log.of(ActionSent))
        view = await house.ask("GetCase", case=case.id)
        [action] = view.actions
        assert (action.kind, action.state, action.attempt, action.receipt) == ("submit", "sending", 1, None)
        await house.in_state("in_review", "alpha")

        view = await house.ask("GetCase", case="13800138000/alpha/1")
        assert (view.case, view.state, view.kind, view.waits_for) == (case.id, "in_review", "appeal", "platform")
        assert (view.platform_name, view.finding, view.attempt) == ("阿尔法", "mislabel", 1)
        assert (view.opened_at, view.moved_at) == (when(case.opened_at), when(house.case("alpha").snapshot.entered_at))
        assert view.due == when(house.case("alpha").snapshot.deadline or 0)
        [paper] = view.evidence
        assert (paper.kind, paper.held, paper.on_file, paper.expires) == (
            "licence", True, "/srv/licence.pdf", "2030-01-01",
        )  # fmt: skip
        [action] = view.actions
        [submission] = house.alpha.submissions.values()
        assert (action.state, action.receipt, action.ref) == ("accepted", "R-1", submission.ref)
        assert action.planned_at <= action.sent_at < action.ended_at
        facts = {fact.name: fact.value for fact in view.data}
        assert (facts["label"], facts["receipt"], facts["reference"]) == ("广告推销 (marketing)", "R-1", submission.ref)
        assert [(m.old, m.new) for m in view.history] == [
            ("", "waiting"),
            ("waiting", "submitting"),
            ("submitting", "in_review"),
        ]

        submission.state = "approved"
        await house.in_state("propagating", "alpha")
        house.alpha.labels.clear()
        await house.until(lambda: house.case("alpha").data.clean)
        view = await house.ask("GetCase", case=case.id)
        assert {f.name: f.value for f in view.data}["clean looks of alpha.api/default"] == "1 of 3"
        await house.in_state("cleared", "alpha")
        view = await house.ask("GetCase", case=case.id)
        assert (view.outcome, view.closed_at, view.due, view.waits_for) == ("cleared", view.moved_at, None, "nobody")
        assert len(view.actions) == 1, "queries are not kept"
        await refused(house, errors.UnknownCase, "GetCase", case="nope")


async def test_the_facts_of_a_case_that_are_instants_are_those_named_so(tmp_path: Path, autojump_clock: Clock) -> None:
    told: dict[str, str] = {}
    async with make_house(tmp_path) as house:
        case = await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        await house.ask("Reject", case=case.id, reason="no")
        for state, then in (("cooling", "in_review"), ("in_review", "propagating"), ("propagating", "")):
            await house.in_state(state, "alpha")
            told |= {f.name: f.value for f in (await house.ask("GetCase", case=case.id)).data}
            if then == "propagating":
                next(s for s in house.alpha.submissions.values() if s.receipt == "R-2").state = "approved"
            elif then:
                house.house.context = structs.replace(
                    house.house.context, documents=(Document("licence", "/srv/licence"),)
                )
                house.roster.refresh(MOBILE)
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
    of_appeals = {"submitted", "answer expected by", "platform agreed", "not before"}
    assert {name for name, value in told.items() if stamp.search(value)} == of_appeals < INSTANTS
    assert all(stamp.fullmatch(told[name]) for name in of_appeals)


# ------------------------------------------------------------------------------------------------------------ tasks


async def test_papers_that_a_platform_asks_for_come_with_its_words(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        await house.ask("TaskDone", task=task.id, receipt="R-1", author="li")
        await house.in_state("in_review", "beta")
        [task] = await house.until(house.tasks)
        await house.ask("TaskDone", task=task.id, outcome="info_requested", reason="recordings, please", author="li")
        await house.in_state("gathering", "beta")
        [task] = house.tasks()
        view = await house.ask("GetTask", task=task.id)
        assert (view.kind, view.asked) == ("supply_evidence", "recordings, please")
        assert "recordings" in [paper.kind for paper in view.evidence if not paper.held]


async def test_the_packet_of_an_appeal_by_hand(tmp_path: Path, autojump_clock: Clock) -> None:
    demanding = AppealFacts(channel="manual", attempts=(Attempt(("licence", "recordings")),))
    platforms = {"alpha": platform("alpha"), "beta": platform("beta", appeal=demanding)}
    async with make_house(tmp_path, platforms=platforms) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        view = await house.ask("GetTask", task=task.id)
        assert (view.kind, view.title, view.answers) == ("supply_evidence", "Supply the missing papers", ("supplied",))
        assert view.detail[0] == "missing: 营业执照（加盖公章） (licence): none is on file"
        assert "numtrustctl reload" in view.detail[-1]
        assert [(p.kind, p.held, p.on_file) for p in view.evidence] == [
            ("licence", False, None),
            ("recordings", False, None),
        ]
        assert view.asked is None, "the platform has not said anything yet"
        await refused(house, errors.Refused, "TaskDone", task=task.id)

        papers = tuple(Document(kind, f"/srv/{kind}") for kind in ("licence", "recordings"))
        house.house.context = structs.replace(house.house.context, documents=papers)
        house.roster.refresh(MOBILE)
        await house.in_state("at_person", "beta")
        [task] = house.tasks()
        view = await house.ask("GetTask", task=task.id)
        assert (view.state, view.kind, view.answers[0]) == ("open", "submit_appeal", "submitted")
        assert (view.address, view.bring_back) == ("https://beta.example.invalid/appeal", "the receipt")
        assert view.steps == ("open the form", "fill it in")
        assert {f.name: f.value for f in view.fields} == {"号码": "13800138000", "公司": "示例公司"}
        assert "广告推销" in view.letter
        assert all(p.held for p in view.evidence)
        assert view.due == when(task.due)

        await house.ask("TaskDone", task=task.id, receipt="B-1", note="done", author="wang")
        view = await house.ask("GetTask", task=task.id)
        assert (view.state, view.outcome, view.note, view.by) == ("done", "submitted", "done", "wang")
        [answer] = house.tasks()
        view = await house.ask("GetTask", task=answer.id)
        assert "the platform's receipt: B-1" in view.detail
        assert (view.steps, view.letter, view.address, view.evidence) == ((), None, None, ())
        await refused(house, errors.UnknownTask, "GetTask", task="nope")


async def test_tasks_by_urgency_and_pages(tmp_path: Path, autojump_clock: Clock) -> None:
    numbers = [f"+861380013{n:04}" for n in range(5)]
    async with make_house(tmp_path, numbers=numbers) as house:
        for who in reversed(numbers):
            await house.labelled("beta", who)
        await house.until(lambda: len(house.tasks()) == 5)
        by_due = [t.id for t in sorted(house.tasks(), key=lambda t: (t.due, t.id))]
        [page] = await house.ask("ListTasks")
        assert [row.task for row in page.tasks] == by_due
        pages = await house.ask("ListTasks", limit=2)
        assert [len(page.tasks) for page in pages] == [2, 2, 1]
        # What was done meanwhile does not cut the rest off.
        await house.ask("TaskFail", task=by_due[1], why="no")
        opened = {t.id for t in house.tasks()} - set(by_due)
        rest = [row.task for page in await house.ask("ListTasks", after=pages[0].next) for row in page.tasks]
        assert [task for task in rest if task not in opened] == by_due[2:]
        everything = await house.ask("ListTasks", open_only=False, limit=2)
        shown = [row.task for page in everything for row in page.tasks]
        assert (len(shown), shown[-1]) == (6, by_due[1])
        assert len(set(shown)) == 6
        [last] = await house.ask("ListTasks", open_only=False, after=everything[-2].next)
        assert [row.task for row in last.tasks] == [row.task for row in everything[-1].tasks]
        assert (await refused(house, errors.InvalidArgument, "ListTasks", after="page two")).field == "after"


async def test_tasks_of_one_number_platform_or_kind(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        for who in (MOBILE, OTHER_MOBILE):
            await house.labelled("beta", who)
        await house.until(lambda: len(house.tasks()) == 2)

        async def listed(**only: str) -> list[str]:
            return [row.number for page in await house.ask("ListTasks", **only) for row in page.tasks]

        assert sorted(await listed()) == sorted((MOBILE, OTHER_MOBILE))
        assert await listed(number=MOBILE.removeprefix("+86")) == [MOBILE]
        assert len(await listed(platform="贝塔", kind="submit_appeal")) == 2
        assert await listed(platform="alpha") == []
        assert await listed(kind="approve") == []
        await house.ask("TaskFail", task=house.tasks()[0].id, why="no")
        of_one = [await house.ask("ListTasks", open_only=False, number=who) for who in (MOBILE, OTHER_MOBILE)]
        every = await house.ask("ListTasks", open_only=False)
        assert sorted(row.task for pages in of_one for page in pages for row in page.tasks) == sorted(
            row.task for page in every for row in page.tasks
        )
        error = await refused(house, errors.InvalidArgument, "ListTasks", kind="submit_apeal")
        assert (error.field, "did you mean submit_appeal?" in error.why) == ("kind", True)
        await refused(house, errors.UnknownPlatform, "ListTasks", platform="nope")
        await refused(house, errors.UnknownNumber, "ListTasks", number="139 1000 0007")


async def test_tasks_and_their_count_survive_a_restart(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("beta")
        [task] = await house.until(house.tasks)
        now = house.clock.now()
    async with make_house(tmp_path, start=now) as house:
        assert (await house.ask("GetStatus")).tasks_open == 1
        [page] = await house.ask("ListTasks")
        assert [(row.task, row.kind) for row in page.tasks] == [(task.id, TaskKind.SUBMIT_APPEAL)]


async def test_tasks_of_numbers_that_left_are_not_asked_for(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE)) as house:
        await house.labelled("beta")
        await house.until(house.tasks)
        kept = {k: v for k, v in house.house.context.numbers.items() if k != MOBILE}
        house.house.context = structs.replace(house.house.context, numbers=kept)
        await house.roster.apply((), (MOBILE,), ())
        assert (await house.ask("GetStatus")).tasks_open == 0
        [page] = await house.ask("ListTasks")
        assert page.tasks == ()
        history = await house.ask("History", number=MOBILE)
        assert history.events, "what happened to it is still told"


# ---------------------------------------------------------------------------------------------------------- history


async def test_history_goes_back_page_by_page_and_loses_no_line(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        await house.labelled("beta")
        await house.in_state("in_review", "alpha")
        whole = await house.ask("History", number=MOBILE, limit=1_000)
        assert not whole.more
        actions = [e.action for e in whole.events]
        assert actions[-2:] == ["verdict.baseline", "verdict.baseline"]
        assert {"case.opened", "cause.found", "finding.opened", "case.moved"} <= set(actions)
        assert [e.at for e in whole.events] == sorted((e.at for e in whole.events), reverse=True)
        for limit in (1, 2, 5):
            read: list[Any] = []
            after: dict[str, str] = {}
            while True:
                page = await house.ask("History", number=MOBILE, limit=limit, **after)
                assert len(page.events) == min(limit, len(whole.events) - len(read))
                read += page.events
                assert page.more == (page.next is not None)
                if page.next is None:
                    break
                after = {"after": page.next}
            assert read == list(whole.events)
        beta = await house.ask("History", number=MOBILE, platform="beta", limit=1_000)
        assert [e for e in whole.events if e.platform == "beta"] == list(beta.events)
        assert beta.events[0].case in (f"{MOBILE}/beta/1", None)
        first = await house.ask("History", number=MOBILE, platform="beta", limit=1)
        rest = await house.ask("History", number=MOBILE, platform="beta", after=first.next)
        assert [*first.events, *rest.events] == list(beta.events)


async def test_history_of_some_actions_says_what_moved_where(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        whole = await house.ask("History", number=MOBILE, limit=1_000)
        picked = await house.ask("History", number=MOBILE, actions=("verdict.", "case.moved"), limit=1_000)
        expected = [e for e in whole.events if e.action.startswith(("verdict.", "case.moved"))]
        assert list(picked.events) == expected
        moves = [(e.action, e.old, e.new) for e in reversed(expected) if e.platform == "alpha"]
        assert moves[:2] == [("verdict.baseline", None, "clean"), ("verdict.changed", "clean", "marked:marketing")]
        assert moves[-1][2] == "in_review"
        first = await house.ask("History", number=MOBILE, actions=("verdict.",), limit=1)
        rest = await house.ask("History", number=MOBILE, actions=("verdict.",), after=first.next)
        assert [*first.events, *rest.events] == [e for e in expected if e.action.startswith("verdict.")]
        page = await house.ask("History", number=MOBILE, platform="alpha", actions=("budget.",))
        assert (page.events, page.more) == ((), False)


async def test_history_since_a_time_is_what_is_not_older(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        whole = (await house.ask("History", number=MOBILE, limit=1_000)).events
        times = sorted({e.at for e in whole})
        assert len(times) > 2
        for since in times:
            page = await house.ask("History", number=MOBILE, since=since, limit=1_000)
            assert (page.events, page.more) == (tuple(e for e in whole if e.at >= since), False)
        between = await house.ask("History", number=MOBILE, since=times[1], before=times[-1], limit=1_000)
        assert between.events == tuple(e for e in whole if times[1] <= e.at < times[-1])
        first = await house.ask("History", number=MOBILE, since=times[1], limit=1)
        rest = await house.ask("History", number=MOBILE, since=times[1], after=first.next, limit=1_000)
        assert (*first.events, *rest.events) == tuple(e for e in whole if e.at >= times[1])


async def test_history_before_a_time_is_what_is_older(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        await house.in_state("in_review", "alpha")
        whole = await house.ask("History", number=MOBILE, limit=1_000)
        at = next(e for e in whole.events if e.action == "case.opened").at
        older = await house.ask("History", number=MOBILE, before=at.isoformat())
        assert list(older.events) == [e for e in whole.events if e.at < at]
        cursor = (await house.ask("History", number=MOBILE, limit=1)).next
        both = await house.ask("History", number=MOBILE, before=at.isoformat(), after=cursor)
        assert both.events == older.events


@pytest.mark.parametrize("after", ["", "page two", "1.2", "1.2.3.4", "1.2.-3", "٣.1.1", "1.1.65536", "9" * 30 + ".1.1"])
async def test_a_place_in_a_history_that_is_none(tmp_path: Path, autojump_clock: Clock, after: str) -> None:
    async with make_house(tmp_path) as house:
        error = await refused(house, errors.InvalidArgument, "History", number=MOBILE, after=after)
        assert (error.field, error.why) == ("after", "it is not the `next` of a page of history")


async def test_a_number_without_history_has_none(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        for platform in ({}, {"platform": "alpha"}):
            page = await house.ask("History", number=MOBILE, **platform)
            assert (page.events, page.more, page.next) == ((), False, None)
        await refused(house, errors.UnknownPlatform, "History", number=MOBILE, platform="nope")


# ------------------------------------------------------------------------------------------------------------ watch


async def test_watch_shows_what_happens(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, numbers=(MOBILE, OTHER_MOBILE), level=Level.INFO) as house:
        stream = house.stream("Watch", actions=("finding.", "case.opened"), number="138-0013-8001")
        got: list[Any] = []

        async def read() -> None:
            while True:
                got.append(await anext(stream))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            for who in (MOBILE, OTHER_MOBILE):
                await house.labelled("alpha", who)
            await house.settled()
            nursery.cancel_scope.cancel()
        assert [(r.action, r.level, r.missed) for r in got] == [
            ("finding.opened", "warn", 0),
            ("case.opened", "info", 0),
        ]
        first = got[0]
        [_, event] = house.log.of(FindingOpened)
        assert first.message.startswith(f"mislabel of {OTHER_MOBILE} on alpha")
        assert first.fields["numtrust.number"] == event.number == OTHER_MOBILE
        assert first.at == when(T0).fromisoformat(first.fields["@timestamp"])
        assert first.sequence == first.fields["event.sequence"]
        await stream.aclose()
        assert not house.log._taps


async def test_a_slow_reader_is_told_how_much_it_missed(
    tmp_path: Path, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "WATCH_QUEUE", 3)
    async with make_house(tmp_path) as house:
        stream = house.stream("Watch", actions=("demo.",))
        got: list[Any] = []

        async def first() -> None:
            got.append(await anext(stream))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await house.settled()
            for n in range(6):
                house.log.emit(DemoNote(text=str(n)))
        got += [await anext(stream) for _ in range(3)]
        house.log.emit(DemoNote(text="6"))
        got.append(await anext(stream))
        await stream.aclose()
        # One was taken at once, three waited, two were dropped, and the next one says so.
        assert [(r.message, r.missed) for r in got] == [("0", 0), ("1", 0), ("2", 0), ("3", 0), ("6", 2)]


async def test_watch_of_a_number_tells_of_its_actor_and_of_deeds_too(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, level=Level.INFO) as house:
        stream = house.stream("Watch", actions=("actor.", "control."), number=MOBILE)
        got: list[Any] = []

        async def read() -> None:
            while True:
                got.append(await anext(stream))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await trio.sleep(1)
            house.log.emit(ActorParked(actor=OTHER_MOBILE, why="by you"))
            house.log.emit(ActorParked(actor=MOBILE, why="by you"))
            house.log.emit(ControlActed(method="Unpark", subject=MOBILE))
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
        await stream.aclose()
        assert [record.action for record in got] == ["actor.parked", "control.acted"]


async def test_watch_finds_masked_numbers(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, level=Level.INFO) as house:
        house.log.mask_numbers = True
        stream = house.stream("Watch", number=MOBILE)
        got: list[Any] = []

        async def read() -> None:
            got.append(await anext(stream))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
        await stream.aclose()
        assert got[0].action == "verdict.baseline"
        assert got[0].fields["numtrust.number"] == "+86138****8000"


async def test_watch_shows_each_line_of_the_log_and_no_other(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, level=Level.WARN) as house:
        stream = house.stream("Watch")
        got: list[Any] = []

        async def read() -> None:
            while True:
                got.append(await anext(stream))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await house.settled()
            await house.labelled("alpha")
            await house.in_state("in_review", "alpha")
            await house.sleep(60.0)
            before = len(got)
            for level in ("debug", "info", "warn"):
                await house.ask("SetLogLevel", level=level)
                await house.ask("Look", number=MOBILE, platform="alpha")
                await house.sleep(60.0)
            nursery.cancel_scope.cancel()
        await stream.aclose()
        assert {r.level for r in got[:before]} == {"warn"}
        assert {r.level for r in got[before:]} == {"debug", "info"}
        assert [r.fields for r in got] == house.log.records[: len(got)]
        assert [r.sequence for r in got] == list(range(1, len(got) + 1))


async def test_watch_wants_a_number(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await refused(house, errors.UnknownNumber, "Watch", number="nobody")


async def test_lines_of_one_instant_may_be_parted_and_none_is_lost(tmp_path: Path, autojump_clock: Clock) -> None:
    """The lines of one step have one time: a page that ends between them is told apart by more than that."""
    async with make_house(tmp_path) as house:
        await house.labelled("alpha")
        whole = await house.ask("History", number=MOBILE)
        at = next(e for e in whole.events if e.action == "case.opened").at
        together = [e for e in whole.events if e.at == at]
        assert len(together) > 2
        before = when(at.timestamp() + 0.01).isoformat()
        first = await house.ask("History", number=MOBILE, limit=2, before=before)
        assert list(first.events) == together[:2]
        rest = await house.ask("History", number=MOBILE, limit=len(together) - 2, after=first.next)
        assert list(rest.events) == together[2:]
