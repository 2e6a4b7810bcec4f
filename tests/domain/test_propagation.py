"""Who copies from whom: where a label is appealed, and what goes first."""

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain import propagation
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Status
from numtrustd.domain.platform import AppealFacts, Feed, Platform, PlatformClass
from numtrustd.domain.verdict import Shown, Verdict

DAY = 86_400.0
MANUAL = AppealFacts(channel="manual", takes=(Category.MARKETING, Category.NUISANCE))


def platform(identity: str, *feeds: str, appeal: AppealFacts | None = MANUAL, at: tuple[str, ...] = ()) -> Platform:
    links = tuple(Feed(name, (6 * 3_600.0, 3 * DAY)) for name in feeds)
    cls = PlatformClass.DATA_OWNER
    return Platform(identity, identity, cls, feeds=links, appeal=appeal, appeal_at=at)


def world(*platforms: Platform) -> dict[str, Platform]:
    return {p.id: p for p in platforms}


def test_a_label_is_appealed_where_it_is_shown_or_at_its_datas_owner() -> None:
    known = world(
        platform("owner"),
        platform("other"),
        platform("phone", appeal=None, at=("gone", "owner", "other")),
        platform("mute", appeal=AppealFacts(channel="none"), at=()),
    )
    assert propagation.taken_at(known, "owner", Category.MARKETING) == "owner"
    assert propagation.taken_at(known, "phone", Category.MARKETING) == "owner"
    assert propagation.taken_at(known, "phone", Category.FRAUD) is None, "nobody takes that"
    assert propagation.taken_at(known, "mute", Category.MARKETING) is None
    assert propagation.taken_at(known, "nowhere", Category.MARKETING) is None


def test_the_platform_that_feeds_goes_first_until_it_is_cleared() -> None:
    known = world(platform("owner", "reader"), platform("reader"))
    for state in ("waiting", "in_review", "cooling", "propagating", "verifying"):
        assert propagation.goes_first(known, "reader", {"owner": state}) == "owner"
        assert propagation.goes_first(known, "owner", {"reader": state}) is None
    for state in ("escalated", "held"):
        assert propagation.goes_first(known, "reader", {"owner": state}) is None, (
            "a person's silence holds up nobody else"
        )
    assert propagation.goes_first(known, "reader", {}) is None
    assert propagation.goes_first(known, "reader", {"owner": "waiting"}, mine=("owner",)) is None


def test_two_that_copy_from_each_other_do_not_wait_for_each_other() -> None:
    known = world(platform("one", "two"), platform("two", "one"))
    states = {"one": "waiting", "two": "waiting"}
    assert propagation.goes_first(known, "one", states) is None
    assert propagation.goes_first(known, "two", states) is None


def marked(identity: str, since: float) -> Verdict:
    return Verdict(identity, belief=Shown(Status.MARKED, Category.MARKETING), since=since)


@given(st.floats(0, 10 * DAY))
def test_a_copy_is_expected_within_the_lag_that_is_known(passed: float) -> None:
    known = world(platform("owner", "reader"), platform("reader"))
    seen = {"owner": marked("owner", 100.0)}
    within = 6 * 3_600.0 <= (100.0 + passed) - 100.0 <= 3 * DAY * propagation.SLACK
    assert (propagation.expected_from(known, "reader", seen, 100.0 + passed) == "owner") == within
    assert propagation.expected_from(known, "owner", seen, 100.0 + passed) is None
    both = seen | {"reader": marked("reader", 200.0)}
    assert propagation.expected_from(known, "reader", both, 100.0 + passed) is None, "it is there already"


def test_few_see_it_so_those_that_many_see_go_first() -> None:
    platforms = {
        "big": Platform("big", "Big", PlatformClass.SECURITY_VENDOR, importance=0.9),
        "core": Platform("core", "Core", PlatformClass.SECURITY_VENDOR, importance=0.6),
        "small": Platform("small", "Small", PlatformClass.SEARCH_ENGINE, importance=0.2),
    }
    waiting = {"big": "waiting", "core": "gathering", "small": "waiting"}
    assert propagation.matters_more(platforms, "small", waiting) == "big"
    assert propagation.matters_more(platforms, "core", waiting) is None
    assert propagation.matters_more(platforms, "small", waiting | {"big": "in_review"}) == "core"
    assert propagation.matters_more(platforms, "small", {"big": "in_review", "core": "cooling"}) is None
