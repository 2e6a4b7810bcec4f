"""How many labels stood on each day, counted by another way: what was believed is asked at each day's end."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.label_days import (
    UNKNOWN,
    Belief,
    LabelDay,
    LabelTally,
    PlatformLabels,
    Turn,
    is_wrong,
    stretches,
)
from numtrustd.domain.period import period

ZONE = "Asia/Shanghai"
DAY = 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


NOVEMBER = period("2026-11", ZONE, at("2026-12-24T00:00"))
B, E = NOVEMBER.begins, NOVEMBER.until
MARKED, CLEAN = "marked:nuisance", "clean"
KEYS = st.sampled_from(
    [MARKED, "marked:fraud", "marked:service", "marked:nuisance:hidden", "marked", CLEAN, "certified"]
)


def test_what_counts_as_a_label() -> None:
    assert is_wrong(MARKED)
    assert is_wrong("marked")
    assert not is_wrong("marked:nuisance:hidden"), "nobody sees it"
    assert not is_wrong("marked:service", {"service"}), "it is right"
    assert not is_wrong(CLEAN)
    assert not is_wrong(UNKNOWN)


def test_a_label_that_came_and_went() -> None:
    tally = LabelTally(NOVEMBER)
    turns = [Turn(B + 2.5 * DAY, CLEAN, MARKED), Turn(B + 4 * DAY, MARKED, CLEAN)]
    tally.add({"so360": turns}, {"so360": Belief(CLEAN, B + 4 * DAY), "sogou": Belief(CLEAN, B - DAY)})
    days = tally.days
    assert [day.labels for day in days[:6]] == [0, 0, 1, 1, 0, 0]
    assert [day.numbers for day in days[:6]] == [0, 0, 1, 1, 0, 0]
    assert days[2] == LabelDay(labels=1, numbers=1, known=2, appeared=1)
    assert days[4] == LabelDay(known=2, cleared=1)
    assert tally.platforms == (PlatformLabels("so360", 0, 0, 1, 1, 0, 1.5),)


def test_a_label_that_stood_all_month_needs_no_line_of_history() -> None:
    tally = LabelTally(NOVEMBER)
    tally.add({}, {"so360": Belief(MARKED, B - 40 * DAY)})
    assert {day.labels for day in tally.days} == {1}
    assert tally.platforms == (PlatformLabels("so360", at_start=1, at_end=1, label_days=pytest.approx(30.0)),)


def test_what_changed_since_the_month_does_not_change_it() -> None:
    tally = LabelTally(NOVEMBER)
    tally.add({"so360": [Turn(E + DAY, MARKED, CLEAN)]}, {"so360": Belief(CLEAN, E + DAY)})
    assert {day.labels for day in tally.days} == {1}
    tally = LabelTally(NOVEMBER)
    tally.add({}, {"so360": Belief(MARKED, E + DAY)})
    assert tally.platforms == (), "nothing was believed yet"
    assert {day.known for day in tally.days} == {0}


def test_what_was_there_at_the_first_look_is_found_and_did_not_appear() -> None:
    tally = LabelTally(NOVEMBER)
    tally.add({"so360": [Turn(B + 1.5 * DAY, UNKNOWN, MARKED)]}, {"so360": Belief(MARKED, B + 1.5 * DAY)})
    tally.add({}, {"so360": Belief(MARKED, B + 1.5 * DAY)})  # its line of history is lost
    assert [(day.found, day.appeared, day.labels) for day in tally.days[:3]] == [(0, 0, 0), (2, 0, 2), (0, 0, 2)]
    assert tally.platforms == (PlatformLabels("so360", found=2, at_end=2, label_days=pytest.approx(57.0)),)


def test_a_flap_of_which_nobody_knows_what_was_before_changes_nothing() -> None:
    held = list(stretches([Turn(B + DAY, None, MARKED)], Belief(MARKED, 0.0), NOVEMBER))
    assert [s.key for s in held] == [MARKED, MARKED]


@st.composite
def beliefs(draw: st.DrawFn) -> tuple[list[Turn], Belief]:
    """A history from before the month to after it, of which the turns since the month began are handed in."""
    times = sorted(draw(st.lists(st.floats(B - 3 * DAY, E + 3 * DAY), max_size=8, unique=True)))
    key, every = UNKNOWN, []
    for when in times:
        new = draw(KEYS)
        if new != key:
            every.append(Turn(when, key, new))
            key = new
    return every, Belief(key, every[-1].at if every else 0.0)


NUMBERS = st.lists(st.dictionaries(st.sampled_from(["so360", "sogou", "teddy"]), beliefs()), max_size=4)


def believed(every: list[Turn], when: float) -> str:
    """What was believed just before an instant."""
    return next((turn.new for turn in reversed(every) if turn.at < when), UNKNOWN)


@given(NUMBERS, st.sets(st.sampled_from(["nuisance", "service"])), st.randoms())
def test_every_day_counts_what_was_believed_at_its_end(numbers, accepted, random) -> None:  # type: ignore[no-untyped-def]
    tally, other = LabelTally(NOVEMBER), LabelTally(NOVEMBER)

    def add(to: LabelTally, number: dict[str, tuple[list[Turn], Belief]]) -> None:
        turns = {p: [t for t in every if t.at >= B] for p, (every, _) in number.items()}
        to.add({p: each for p, each in turns.items() if each}, {p: b for p, (_, b) in number.items()}, accepted)

    for number in numbers:
        add(tally, number)
    for number in random.sample(numbers, len(numbers)):
        add(other, number)
    assert tally.days == other.days, "in any order"
    for end, day in zip(NOVEMBER.day_ends, tally.days, strict=True):
        there = [{p: believed(every, end) for p, (every, _) in number.items()} for number in numbers]
        assert day.known == sum(key != UNKNOWN for keys in there for key in keys.values())
        assert day.labels == sum(is_wrong(key, accepted) for keys in there for key in keys.values())
        assert day.numbers == sum(any(is_wrong(key, accepted) for key in keys.values()) for keys in there)
    for platform in tally.platforms:
        assert platform.at_end == platform.at_start + platform.found + platform.appeared - platform.cleared
        assert 0 <= platform.label_days <= 30 * len(numbers)
    for before, after in pairwise([None, *tally.days]):
        if before is not None and after is not None:
            assert after.labels == before.labels + after.found + after.appeared - after.cleared
    assert sum(day.cleared for day in tally.days) == sum(p.cleared for p in tally.platforms)
