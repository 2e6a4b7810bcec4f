"""The demo's story holds what the demo promises, asked of the ground truth itself."""

from collections.abc import Callable

import pytest

from numtrustd.domain.cause import CausePolicy
from numtrustd.sim.script import Weather
from numtrustd.sim.state import Arrive, Happened
from numtrustd.sim.stories import DEMO_ORIGIN, demo_story, plain_story
from numtrustd.sim.traits import DAY, HOUR, serves
from numtrustd.sim.world import World

CHINESE = [f"+86138001380{n:02d}" for n in range(20)] + ["+862151288888", "4008101234", "95588"]
NUMBERS = ["95588", "+14155552671", *CHINESE, "+14155552672"]


def play(numbers: list[str], days: float = 13.0) -> World:
    """Step through the story as a diligent owner would: see, appeal at once, add papers after a rejection."""
    world = World.create(seed=3, origin=DEMO_ORIGIN, numbers=numbers, story=demo_story(numbers))
    step = 3 * HOUR
    for n in range(int(days * DAY / step)):
        now = DEMO_ORIGIN + n * step
        for number in numbers:
            for platform in ("so360", "sogou", "tencent", "baidu", "dianhuabang", "teddy", "telnyx"):
                if not serves(platform, number) or world.face(platform, number, now).words is None:
                    continue
                mine = [a for a in world.appeals(platform, now) if a.number == number]
                if mine and now - mine[-1].at < DAY * (1 if mine[-1].reason else 3):
                    continue
                papers = ("licence", "number_ownership") if any(a.reason for a in mine) else ("licence",)
                via = "http" if platform == "telnyx" else "form"
                ref = f"NT-{platform}-{number}-{len(mine)}"
                world.submit(Arrive(platform, (number,), ref, "", papers, via), now)
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return play(NUMBERS)


@pytest.fixture(scope="module")
def told(world: World) -> Callable[..., list[Happened]]:
    def find(what: str, platform: str, number: str | None = None) -> list[Happened]:
        chronicle = world.state.chronicle
        same = [h for h in chronicle if h.what == what and h.platform == platform]
        return [h for h in same if number in (None, h.number)]

    return find


Told = Callable[..., list[Happened]]


def test_labels_appear_on_every_kind_of_platform(told: Told) -> None:
    places = ("so360", "sogou", "tencent", "baidu", "dianhuabang", "teddy", "telnyx")
    assert all(told("labelled", p) for p in places)
    assert told("labelled", "telnyx")[0].number == "+14155552671"
    inherited, *fresh = told("labelled", "tencent")
    assert inherited.at < DEMO_ORIGIN
    assert all(h.at >= DEMO_ORIGIN + 0.9 * DAY for h in fresh)


def test_one_appeal_over_http_is_rejected_and_then_approved_with_more(told: Told, world: World) -> None:
    rejected, approved = told("rejected", "telnyx"), told("approved", "telnyx")
    assert len(rejected) == len(approved) == 1
    assert rejected[0].at < approved[0].at
    first, second = world.appeals("telnyx", world.state.now)
    assert (first.attempt, second.attempt) == (1, 2)
    assert set(second.evidence) > set(first.evidence)


def test_a_reviewer_of_paper_forms_asks_for_proof_too(told: Told) -> None:
    assert [h.detail for h in told("rejected", "tencent")] == ["缺少号码归属证明"]


def test_one_label_returns_days_after_it_was_cleared(told: Told) -> None:
    first, again = told("labelled", "so360")
    gone = told("cleared", "so360")[0]
    assert again.number == first.number
    assert "return" in again.detail
    assert 3 * DAY <= again.at - gone.at <= 5 * DAY


def test_a_label_spreads_from_360_to_teddy_with_a_lag(told: Told) -> None:
    source, copy = told("labelled", "so360")[0], told("labelled", "teddy")[0]
    assert copy.number == source.number
    assert "so360" in copy.detail
    assert 0.5 * DAY <= copy.at - source.at <= 2 * DAY


def test_sogou_blocks_for_two_days_while_a_label_is_cleared_behind_it(told: Told, world: World) -> None:
    [window] = [w for w in world.state.windows if w.kind is Weather.BLOCKED]
    assert (window.where, window.until - window.at) == ("sogou", 2 * DAY)
    number = told("labelled", "sogou")[0].number
    assert told("labelled", "sogou")[0].at < window.at
    assert window.at < told("cleared", "sogou", number)[0].at < window.until


def test_maintenance_at_the_aggregator_holds_up_one_platforms_review(told: Told, world: World) -> None:
    [window] = [w for w in world.state.windows if w.kind is Weather.MAINTENANCE]
    assert window.where == "baidu"
    assert told("submitted", "baidu")[0].at < window.at
    assert told("approved", "baidu")[0].at == window.until


def test_a_burst_of_marks(told: Told, world: World) -> None:
    label = told("labelled", "dianhuabang")[0]
    fresh = World.create(seed=3, origin=DEMO_ORIGIN, numbers=NUMBERS, story=demo_story(NUMBERS))
    assert (fresh.face("dianhuabang", label.number, label.at).marks or 0) < CausePolicy().burst_marks
    assert (fresh.face("dianhuabang", label.number, label.at + HOUR).marks or 0) >= CausePolicy().burst_marks


def test_two_numbers_are_certified_and_not_labelled_there(world: World) -> None:
    names = [(p, n) for p, places in world.state.places.items() for n, x in places.items() if x.name]
    assert len({n for _, n in names}) == 2
    assert all(world.state.places[p][n].labels == 0 for p, n in names)


def test_everything_is_over_within_twelve_days(world: World) -> None:
    assert world.state.chronicle[-1].at < DEMO_ORIGIN + 12 * DAY
    assert all(x.mark is None for places in world.state.places.values() for x in places.values())
    assert world.duplicates() == {}
    assert (world.overlaps(), world.state.repeats) == (0, 0)


@pytest.mark.parametrize("numbers", [[], ["13800138000"], ["+14155552671"], ["95588", "+442079460000"]])
def test_any_list_of_numbers_makes_a_story(numbers: list[str]) -> None:
    world = play(numbers, days=5.0)
    assert {h.number for h in world.state.chronicle} <= {"+8613800138000", "+14155552671", "95588"}


def test_the_plain_story_scripts_nothing() -> None:
    assert plain_story(NUMBERS).items == ()
