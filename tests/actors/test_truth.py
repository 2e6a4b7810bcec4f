"""Who says what, the wanted identity and new words, through a house at work: events, rows, sentences, a restart."""

from pathlib import Path
from typing import Any

import msgspec
import trio.testing
from msgspec import structs

from numtrustd.api import when
from numtrustd.domain.display import Display, What
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.label import Category, Severity
from numtrustd.domain.observation import UnknownReason
from numtrustd.domain.platform import HandLook
from numtrustd.domain.verdict import VerdictPolicy
from numtrustd.events import (
    FindingClosed,
    FindingOpened,
    LabelUnknownWord,
    SourceFailed,
    SourceRecovered,
    VerdictBaseline,
    VerdictChanged,
)
from numtrustd.probes.spec import Reading, Rule, SayCertified, SayClean
from numtrustd.store import records
from numtrustd.wire.spec import Condition, Pick
from tests.actors.house import (
    DAY,
    HOUR,
    LANDLINE,
    MOBILE,
    T0,
    TestHouse,
    make_context,
    make_house,
    number,
    platform,
    source,
)
from tests.actors.parts import history

Clock = trio.testing.MockClock

NAMING = (
    Rule(
        "named",
        (Condition(view="doc", path="label", nonempty=True),),
        SayCertified(name=Pick(view="doc", path="label")),
    ),
    Rule("clean", (Condition(view="doc", path="label", equals=""),), SayClean()),
)
WANTED = Wanted(names=(Version("示例物流"), Version("示例快运", T0 - 30 * DAY)))


def two_views(**more: Any) -> dict[str, Any]:
    """`alpha` as its own source sees it, and as `beta`'s does."""
    return {
        "sources": {
            "alpha.api": source("alpha"),
            "beta.api": source("beta", readings=(Reading("alpha"), Reading("beta"))),
        },
        **more,
    }


def naming(display: tuple[Display, ...] = (), wanted: Wanted | None = WANTED) -> dict[str, Any]:
    return {
        "numbers": (number(MOBILE, wanted=wanted),),
        "platforms": {"alpha": platform("alpha", display=display), "beta": platform("beta")},
        "sources": {"alpha.api": source("alpha", rules=NAMING), "beta.api": source("beta")},
    }


def findings(house: TestHouse, kind: str) -> list[FindingOpened]:
    return [event for event in house.log.of(FindingOpened) if event.finding == kind]


async def alpha_row(house: TestHouse) -> Any:
    view = await house.ask("GetNumber", number=MOBILE)
    return next(row for row in view.platforms if row.platform == "alpha")


async def test_the_line_and_the_rows_say_who_said_what(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **two_views()) as house:
        await house.until(
            lambda: len(house.record().verdicts) == 2 and len(house.record().verdicts["alpha"].views) == 2
        )
        house.alpha.labels[MOBILE] = ("骚扰电话", 7)
        [changed] = await house.until(lambda: house.log.of(VerdictChanged))
        assert [who.partition(",")[0] for who in changed.agree] == ["alpha.api/default: marked 骚扰电话 (nuisance)"]
        assert [who.partition(":")[0] for who in changed.disagree] == ["beta.api/default"]
        row = await alpha_row(house)
        assert {view.source: (view.said, view.agrees) for view in row.views} == {
            "alpha.api": ("marked", True),
            "beta.api": ("clean", False),
        }
        assert row.disagreement.startswith("beta.api/default: no label, against alpha.api/default: marked:nuisance")
        lines = [line for line in (await house.ask("Explain", number=MOBILE)).lines if line.platform == "alpha"]
        assert any("beta.api/default said clean" in line.why and "and disagrees" in line.why for line in lines)
        assert any("what is seen has disagreed for" in line.fact for line in lines)


async def test_lasting_disagreement_is_a_finding_that_opens_and_closes_once(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with make_house(tmp_path, **two_views()) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.labels[MOBILE] = ("骚扰电话", 7)
        [opened] = await house.until(lambda: findings(house, "inconsistent"), within=4 * DAY)
        assert opened.platform == "alpha"
        [page] = await house.ask("ListNumbers", finding="inconsistent")
        assert [row.number for row in page.numbers] == [MOBILE]
        house.beta.labels[MOBILE] = ("骚扰电话", 7)
        await house.until(lambda: [e for e in house.log.of(FindingClosed) if e.finding == "inconsistent"])
        await house.sleep(2 * DAY)
        assert len(findings(house, "inconsistent")) == 1
        assert (await alpha_row(house)).disagreement is None


async def test_a_quorum_asks_the_other_source_soon(tmp_path: Path, autojump_clock: Clock) -> None:
    views = two_views(verdict=VerdictPolicy(quorum=2))
    views["sources"]["beta.api"] = structs.replace(views["sources"]["beta.api"], cadence=20 * DAY)
    async with make_house(tmp_path, **views) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        await house.sleep(8 * DAY)  # it is no new number any more
        house.alpha.labels[MOBILE] = house.beta.labels[MOBILE] = ("骚扰电话", 7)
        [changed] = await house.until(
            lambda: [e for e in house.log.of(VerdictChanged) if e.platform == "alpha"], within=2 * DAY
        )
        assert set(changed.sources) == {"alpha.api", "beta.api"}


def test_a_platforms_own_policy_comes_before_that_of_all() -> None:
    context = make_context("s", verdicts={"alpha": VerdictPolicy(confirm=1)})
    assert context.verdict_of("alpha").confirm == 1
    assert context.verdict_of("beta") == context.verdict


async def test_since_when_a_source_is_blind(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.weather = "blocked"
        await house.until(lambda: house.log.of(SourceFailed), within=4 * DAY)
        rows = {row.source: row for row in (await house.ask("ListSources")).sources}
        down = house.sources.actors["alpha.api"].record.down_since
        assert down is not None
        assert (rows["alpha.api"].state, rows["alpha.api"].blind_since) == ("open", when(down))
        assert rows["beta.api"].blind_since is None
        house.alpha.weather = "fine"
        await house.until(lambda: house.log.of(SourceRecovered))
        rows = {row.source: row for row in (await house.ask("ListSources")).sources}
        assert rows["alpha.api"].blind_since is None
        assert len(house.log.of(SourceFailed)) == len(house.log.of(SourceRecovered)) == 1


def test_a_record_of_before_is_read_as_it_was() -> None:
    """The layout before views kept their last word and flaws were known."""
    view = {"at": T0, "status": "unknown", "unknown_since": T0, "reason": "blocked"}
    belief = {"status": "marked", "category": "fraud", "words": "诈骗"}
    old = {
        "number": MOBILE,
        "added_at": T0 - DAY,
        "verdicts": {"alpha": {"platform": "alpha", "belief": belief, "views": {"alpha.api/default": view}}},
    }
    record = records.decode_number(msgspec.msgpack.encode(old))
    verdict = record.verdicts["alpha"]
    assert verdict.views["alpha.api/default"].last is None
    assert verdict.belief is not None
    assert verdict.belief.displayed
    assert (verdict.apart_since, record.flaws) == (0.0, {})


# ---------------------------------------------------------------------------------------------------------- marks


async def test_a_mark_below_the_threshold_is_said_and_neither_appealed_nor_taken_for_clean(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    platforms = {"alpha": platform("alpha", shown_from=10, shown_from_grade="C"), "beta": platform("beta")}
    async with make_house(tmp_path, platforms=platforms) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.labels[MOBILE] = ("骚扰电话", 7)
        [changed] = await house.until(lambda: house.log.of(VerdictChanged))
        assert changed.to == "marked:nuisance:hidden"
        assert "shows a label from 10 marks on" in changed.why
        row = await alpha_row(house)
        assert (row.verdict, row.hidden, row.finding, row.case) == ("marked", True, None, None)
        [line] = [li for li in (await house.ask("Explain", number=MOBILE)).lines if "no problem yet" in li.fact]
        assert line.why == "the platform displays a label from 10 marks on"
        house.alpha.labels[MOBILE] = ("骚扰电话", 12)
        await house.until(lambda: findings(house, "mislabel"))
        assert house.record().cases["alpha"].open


def test_what_a_person_saw_on_a_handset_is_displayed() -> None:
    screen = HandLook(steps=("look",), surfaces=("incoming_call",))
    context = make_context(
        "s", platforms={"alpha": platform("alpha", shown_from=6, shown_from_grade="C", device_test=screen)}
    )
    assert context.shown_from("alpha", "search") == 6
    assert context.shown_from("alpha", "incoming_call") is None
    hearsay = make_context("s", platforms={"alpha": platform("alpha", shown_from=6)})
    assert hearsay.shown_from("alpha", "search") is None


async def test_a_neutral_label_opens_nothing(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, severity={Category.SERVICE: Severity.NEUTRAL}) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        house.alpha.labels[MOBILE] = ("快递送餐", 9)
        await house.until(lambda: house.log.of(VerdictChanged))
        assert not house.log.of(FindingOpened)
        lines = (await house.ask("Explain", number=MOBILE)).lines
        assert any(line.fact == "no problem: service is a neutral label" for line in lines)


# ---------------------------------------------------------------------------------------------------------- words


async def test_a_new_word_is_said_once_for_all_numbers_and_not_again_after_a_restart(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    numbers = (MOBILE, LANDLINE)
    async with make_house(tmp_path, numbers=numbers) as house:
        for each in numbers:
            house.alpha.labels[each] = ("碰瓷电话", 7)
        await house.until(lambda: all(len(house.record(n).verdicts) == 2 for n in numbers))
        await house.until(lambda: len(house.log.of(VerdictBaseline)) == 4)
        [said] = house.log.of(LabelUnknownWord)
        assert (said.platform, said.words, said.source) == ("alpha", "碰瓷电话", "alpha.api")
        belief = house.record().verdicts["alpha"].belief
        assert belief is not None
        assert (belief.category, belief.words) == (Category.OTHER, "碰瓷电话"), "never dropped"
        assert any(entry.action == "label.unknown_word" for entry in history(house.store, said.number or ""))
        outside = house.alpha
    async with make_house(tmp_path, numbers=numbers, start=T0 + 9 * DAY, alpha=outside) as house:
        looks = len(outside.looks)
        await house.until(lambda: len(outside.looks) > looks + 4)
        assert not house.log.of(LabelUnknownWord)
        outside.labels[MOBILE] = ("碰瓷惯犯", 8)
        await house.until(lambda: house.log.of(LabelUnknownWord))


async def test_a_source_that_is_not_believed_teaches_no_words(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        await house.until(lambda: len(house.record().verdicts) == 2)
        actor = house.sources.actors["alpha.api"]
        actor.trust.trust = structs.replace(actor.trust.trust, since=house.clock.now(), why="for this test")
        house.alpha.labels[MOBILE] = ("碰瓷电话", 7)
        looks = len(house.alpha.looks)
        await house.until(lambda: len(house.alpha.looks) > looks + 2)
        assert not house.log.of(LabelUnknownWord)


async def test_a_word_for_no_mark_in_the_place_of_a_label_is_neither_a_label_nor_clean(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    """The rule of this source takes any word for a label."""
    async with make_house(tmp_path) as house:
        house.alpha.labels[MOBILE] = ("该号码无标记信息", 7)
        await house.until(lambda: len(house.alpha.looks) > 3)
        verdict = house.record().verdicts["alpha"]
        assert verdict.belief is None
        assert {state.reason for state in verdict.views.values()} == {UnknownReason.BAD_SHAPE}
        assert not house.log.of(LabelUnknownWord)


def test_the_operators_words_win_over_the_packs() -> None:
    packs = {"alpha": platform("alpha", words={"甲": Category.FRAUD, "乙": Category.FRAUD, "丙": Category.FRAUD})}
    vocabulary = {"": {"甲": Category.AGENT, "乙": Category.AGENT}, "alpha": {"甲": Category.SERVICE}}
    context = make_context("s", platforms={**packs, "beta": platform("beta")}, vocabulary=vocabulary)
    assert context.words["alpha"] == {"甲": Category.SERVICE, "乙": Category.AGENT, "丙": Category.FRAUD}
    assert context.words["beta"] == {"甲": Category.AGENT, "乙": Category.AGENT}


# -------------------------------------------------------------------------------------------------------- display


async def test_still_the_old_name_opens_and_closes_once(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **naming()) as house:
        house.alpha.labels[MOBILE] = ("示例物流", 0)
        [opened] = await house.until(lambda: findings(house, "display_wrong"))
        assert opened.view == "alpha.api/default"
        assert "still shows the old name 示例物流 instead of 示例快运" in opened.why
        [page] = await house.ask("ListNumbers", finding="display_wrong")
        assert page.numbers[0].findings == ("display_wrong",)
        [fault] = (await alpha_row(house)).faults
        assert (fault.finding, fault.confirmed) == ("display_wrong", True)
        lines = (await house.ask("Explain", number=MOBILE)).lines
        assert any(line.fact.startswith("display_wrong: alpha.api/default still shows the old name") for line in lines)
        house.alpha.labels[MOBILE] = ("示例快运", 0)
        [closed] = await house.until(lambda: house.log.of(FindingClosed))
        assert (closed.finding, closed.view) == ("display_wrong", "alpha.api/default")
        assert house.record().flaws == {}
        await house.sleep(2 * DAY)
        assert len(findings(house, "display_wrong")) == 1
        assert not house.record().cases, "a name is no label: nothing is appealed"


async def test_a_name_that_the_platform_cuts_is_right(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **naming((Display(What.NAME, max_chars=3),))) as house:
        house.alpha.labels[MOBILE] = ("示例快", 0)
        await house.until(lambda: len(house.alpha.looks) > 6)
        assert not house.log.of(FindingOpened)


async def test_missing_only_where_it_is_known_to_be_shown(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **naming((Display(What.NAME),))) as house:
        [opened] = await house.until(lambda: findings(house, "display_missing"))
        assert "shows no name instead of 示例快运" in opened.why
        [line] = [r for r in house.log.records if r.get("numtrust.finding") == "display_missing"]
        assert line["log.level"] == "info", "nobody is turned away by it"
        [fault] = [e for e in (await house.ask("Explain", number=MOBILE)).lines if e.fact.startswith("display_missing")]
        assert (fault.next, fault.who) == ("no way is known to have it shown at alpha", "nobody")
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        [closed] = await house.until(lambda: [e for e in house.log.of(FindingClosed) if e.finding == opened.finding])
        assert closed.why == "it has become display_wrong", "this source takes any word for a name"
        [line] = [r for r in house.log.records if r.get("numtrust.finding") == "display_wrong"]
        assert line["log.level"] == "warn"
    async with make_house(tmp_path / "no rule", **naming()) as house:
        await house.until(lambda: len(house.alpha.looks) > 6)
        assert not house.log.of(FindingOpened)


async def test_what_is_wanted_otherwise_ends_a_finding_at_the_reload(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, **naming()) as house:
        house.alpha.labels[MOBILE] = ("示例物流", 0)
        await house.until(lambda: findings(house, "display_wrong"))
        other = number(MOBILE, wanted=Wanted(names=(Version("示例物流"),)))
        house.house.context = structs.replace(house.house.context, numbers={MOBILE: other})
        house.roster.refresh(MOBILE)
        [closed] = await house.until(lambda: house.log.of(FindingClosed), within=HOUR, step=60.0)
        assert closed.why == "it is what is wanted now"
