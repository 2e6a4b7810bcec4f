"""Likely causes, each with the facts that speak for it, and none where none does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from numtrustd.domain import wording
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.cause import Cause, CauseKind, CausePolicy, Known, causes, standing
from numtrustd.domain.evidence import Document
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.flaw import Flaw
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Status
from numtrustd.domain.platform import Feed, Platform, PlatformClass
from numtrustd.domain.verdict import Shown, Verdict

DAY = 86_400.0
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC).timestamp()  # noon in China
TODAY = date(2026, 11, 23)


def marked(marks: int | None = None, clean_ago: float = 1.0, first: int | None = None, **more: object) -> Verdict:
    """A mark that is believed since just now, last seen clean so many days ago."""
    return Verdict(
        "alpha",
        belief=Shown(Status.MARKED, Category.MARKETING, "广告推销", marks),
        since=NOW,
        clean_at=NOW - clean_ago * DAY,
        marks_from=None if first is None else (NOW - clean_ago * DAY, first),
        **more,  # type: ignore[arg-type]
    )


def days(count: int, ago: int, calls: int, answered: int = 0, **more: int) -> list[DayCalls]:
    """So many days of the same, the last of them `ago` days before today."""
    return [
        DayCalls((TODAY - timedelta(days=ago + n)).isoformat(), calls=calls, answered=answered, **more)
        for n in range(count)
    ]


NOTHING = Known()


def kinds(verdict: Verdict, known: Known = NOTHING, **more: object) -> list[CauseKind]:
    return [c.kind for c in causes(verdict, {}, {}, NOW, known, **more)]  # type: ignore[arg-type]


def facts(verdict: Verdict, known: Known) -> str:
    return "; ".join(f for c in causes(verdict, {}, {}, NOW, known) for f in c.facts)


def test_nothing_known_is_said_to_be_unclear() -> None:
    assert kinds(marked()) == [CauseKind.UNCLEAR]


def test_marked_at_the_first_looks_is_inherited() -> None:
    assert kinds(marked(40, baseline_marked=True)) == [CauseKind.INHERITED]


@pytest.mark.parametrize(
    ("since", "baseline", "likely"),
    [
        (None, True, CauseKind.INHERITED),  # nobody knows how long it has been ours
        (date(2026, 11, 1), True, CauseKind.INHERITED),
        (date(2025, 11, 23), True, CauseKind.INHERITED),  # 365 days are not longer than 365 days
        (date(2025, 11, 22), True, CauseKind.REPORTS),
        (date(2019, 5, 1), True, CauseKind.REPORTS),
        (date(2026, 11, 23), False, CauseKind.REPORTS),
        (date(2026, 11, 24), False, CauseKind.INHERITED),  # it appeared while the number was somebody else's
        (date(2026, 11, 24), True, CauseKind.INHERITED),
    ],
)
def test_a_label_is_inherited_unless_the_number_had_been_ours_for_long(
    since: date | None, baseline: bool, likely: CauseKind
) -> None:
    seen = marked(9, baseline_marked=baseline)
    assert kinds(seen, Known(since=since)) == [likely]
    again = standing(("inherited", "propagated"), NOW, since, CausePolicy())
    assert again == (("inherited", "propagated") if likely is CauseKind.INHERITED or not baseline else ("propagated",))


def test_how_long_is_the_owners_to_say() -> None:
    seen, known = marked(9, baseline_marked=True), Known(since=date(2026, 6, 1))
    assert kinds(seen, known) == [CauseKind.INHERITED]
    assert facts(seen, known) == "marked at the first looks at this number, ours since 2026-06-01"
    assert kinds(seen, known, policy=CausePolicy(inherited_within=90 * DAY)) == [CauseKind.REPORTS]


def test_a_label_of_the_first_looks_without_any_cause_says_why_it_is_not_inherited() -> None:
    known = Known(since=date(2012, 3, 15))
    assert kinds(marked(baseline_marked=True), known) == [CauseKind.UNCLEAR]
    assert "but ours since 2012-03-15" in facts(marked(baseline_marked=True), known)
    assert "ours since" not in facts(marked(), known)


def test_what_a_letter_says_without_its_only_cause() -> None:
    assert standing(("inherited",), NOW, date(2012, 3, 15), CausePolicy()) == ("unclear",)
    assert standing(("reports",), NOW, date(2012, 3, 15), CausePolicy()) == ("reports",)


def test_a_burst_without_more_calls_is_malicious_and_with_them_is_not() -> None:
    assert kinds(marked(40)) == [CauseKind.MALICIOUS]
    steady = Known(calls=[*days(7, 0, 60, 30), *days(7, 7, 60, 30)])
    assert kinds(marked(40), steady) == [CauseKind.MALICIOUS]
    assert "60 calls a day meanwhile, 60 before" in facts(marked(40), steady)
    risen = Known(calls=[*days(7, 0, 120, 60), *days(7, 7, 60, 30)])
    assert kinds(marked(40), risen) == [CauseKind.REPORTS]
    assert kinds(marked(14)) == [CauseKind.REPORTS]
    assert kinds(marked(14), policy=CausePolicy(burst_marks=10)) == [CauseKind.MALICIOUS]


def test_slow_growth_and_complaints_are_reports() -> None:
    slow = marked(9, clean_ago=4.0, first=1)
    assert kinds(slow) == [CauseKind.REPORTS]
    assert "2.0 more a day since they were first seen" in facts(slow, Known())
    complaining = Known(calls=[*days(7, 0, 50, 25, complaints=2), *days(7, 7, 50, 25, complaints=1)])
    assert kinds(marked(), complaining) == [CauseKind.REPORTS]
    assert "2.0 complaints a day in the days before the label, 1.0 before" in facts(marked(), complaining)
    calm = Known(calls=[*days(7, 0, 50, 25, complaints=1), *days(7, 7, 50, 25, complaints=1)])
    assert kinds(marked(), calm) == [CauseKind.UNCLEAR]


def test_a_robots_pattern_is_named_with_its_figures() -> None:
    robot = Known(calls=days(7, 0, 200, 100, short=60, off_hours=20))
    assert CauseKind.ALGORITHM in kinds(marked(), robot)
    said = facts(marked(), robot)
    assert "200 calls a day in the 7 days before the label" in said
    assert "60% of the answered calls were short" in said
    assert "10% of the calls were outside hours" in said
    assert kinds(marked(), Known(calls=days(7, 0, 100, 90, short=5))) == [CauseKind.UNCLEAR]
    assert kinds(marked(), Known(calls=days(7, 20, 500, 90))) == [CauseKind.UNCLEAR], "long before the label"


def test_an_expired_paper_is_the_profiles_fault_unless_another_holds() -> None:
    old = Document("licence", "a.pdf", "", date(2026, 11, 1))
    assert kinds(marked(), Known(papers=[old])) == [CauseKind.PROFILE]
    assert "licence expired on 2026-11-01" in facts(marked(), Known(papers=[old]))
    assert kinds(marked(), Known(papers=[old, Document("licence", "b.pdf", "", date(2027, 1, 1))])) == [
        CauseKind.UNCLEAR
    ]
    assert kinds(marked(), Known(papers=[Document("recordings", "a.wav", "", date(2026, 1, 1))])) == [CauseKind.UNCLEAR]


def test_an_identity_that_is_out_of_date_is_the_profiles_fault_too() -> None:
    old = Flaw(FindingKind.DISPLAY_WRONG, "alpha.api/search", "still shows the old name 示例物流", NOW - DAY)
    tag = Flaw(
        FindingKind.TAG_EXPIRED, "alpha.api/search", "still shows the tag 冰饮专线, whose time is over", NOW - DAY
    )
    assert kinds(marked(), Known(flaws=[old])) == [CauseKind.PROFILE]
    assert facts(marked(), Known(flaws=[old])) == "alpha.api/search still shows the old name 示例物流"
    assert kinds(marked(), Known(flaws=[tag])) == [CauseKind.UNCLEAR], "a season's tag says whose number it is"


def test_a_feeding_platform_is_named_within_its_lag() -> None:
    alpha = Platform("alpha", "a", PlatformClass.HANDSET_VENDOR)
    feeder = Platform("owner", "o", PlatformClass.DATA_OWNER, feeds=(Feed("alpha", (0.0, 2 * DAY)),))
    platforms = {"alpha": alpha, "owner": feeder}

    def found(days_before: float) -> list[Cause]:
        other = Verdict("owner", belief=Shown(Status.MARKED, Category.MARKETING), since=NOW - days_before * DAY)
        return [*causes(marked(), {"owner": other}, platforms, NOW)]

    assert [c.kind for c in found(1.5)] == [CauseKind.PROPAGATED]
    assert [c.kind for c in found(4.0)] == [CauseKind.UNCLEAR]


def test_every_cause_has_its_words_for_the_letter() -> None:
    assert set(wording.CAUSES) == set(CauseKind)
