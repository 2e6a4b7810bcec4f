"""Hysteresis both ways, baseline, flapping, and the promise that an unknown moves nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.label import Category
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.domain.verdict import Change, ChangeKind, Verdict, VerdictPolicy, fold

HOUR = 3_600.0
DAY = 86_400.0
POLICY = VerdictPolicy()


def seen(at: float, status: Status, *, source: str = "a.s", category: Category = Category.NUISANCE) -> Observation:
    marked = status is Status.MARKED
    return Observation(
        platform="p", source=source, at=at, status=status, category=category if marked else None,
        words="骚扰电话" if marked else None, reason=UnknownReason.BLOCKED if status is Status.UNKNOWN else None,
    )  # fmt: skip


def run(*steps: tuple[float, Status], policy: VerdictPolicy = POLICY, **more: str) -> tuple[Verdict, list[Change]]:
    verdict, changes = Verdict("p"), []
    for at, status in steps:
        verdict, change = fold(verdict, seen(at, status, **more), policy)
        if change is not None:
            changes.append(change)
    return verdict, changes


M, C, U = Status.MARKED, Status.CLEAN, Status.UNKNOWN


def test_a_clean_first_look_is_the_baseline_and_said_once() -> None:
    verdict, changes = run((0, C), (HOUR, C), (2 * HOUR, C))
    assert [c.kind for c in changes] == [ChangeKind.BASELINE]
    assert verdict.belief is not None
    assert verdict.belief.status is C
    assert not verdict.baseline_marked


def test_a_marked_baseline_needs_confirmation_and_is_remembered_as_inherited() -> None:
    verdict, changes = run((0, M))
    assert verdict.belief is None
    assert not changes
    verdict, changes = run((0, M), (HOUR, M))
    assert [c.kind for c in changes] == [ChangeKind.BASELINE]
    assert verdict.baseline_marked


def test_a_label_is_believed_only_after_confirm_looks_spread_over_time() -> None:
    assert not run((0, C), (HOUR, M))[0].marked
    assert not run((0, C), (HOUR, M), (HOUR + 1, M))[0].marked, "two looks within a second are one"
    verdict, changes = run((0, C), (HOUR, M), (2 * HOUR, M))
    assert verdict.marked
    assert changes[-1].looks == 2
    assert changes[-1].old is not None
    assert changes[-1].old.status is C


def test_two_sources_that_agree_need_no_spread() -> None:
    verdict, _ = run((0, C))
    verdict, _ = fold(verdict, seen(HOUR, M, source="a.s"), POLICY)
    verdict, change = fold(verdict, seen(HOUR + 1, M, source="b.s"), POLICY)
    assert verdict.marked
    assert change is not None
    assert change.sources == ("a.s", "b.s")


def test_a_label_is_believed_gone_only_after_clear_clean_looks_in_a_row() -> None:
    marked = ((0, M), (HOUR, M))
    assert run(*marked, (3 * HOUR, C), (4 * HOUR, C))[0].marked
    assert run(*marked, (3 * HOUR, C), (4 * HOUR, C), (5 * HOUR, M), (6 * HOUR, C), (7 * HOUR, C))[0].marked
    verdict, changes = run(*marked, (3 * HOUR, C), (4 * HOUR, C), (5 * HOUR, C))
    assert not verdict.marked
    assert changes[-1].kind is ChangeKind.CHANGED


def test_a_label_shown_to_every_other_caller_does_not_pass_as_clean() -> None:
    verdict, _ = run((0, C), (HOUR, M), (2 * HOUR, C), (3 * HOUR, M))
    assert verdict.marked


def test_one_marked_look_among_many_clean_ones_lapses() -> None:
    steps = [(0.0, C), (HOUR, M), *((n * HOUR, C) for n in range(2, 6)), (6 * HOUR, M), (7 * HOUR, C)]
    verdict, changes = run(*steps)
    assert not verdict.marked
    assert len(changes) == 1


def test_flicker_between_known_states_is_held_open_and_said_once() -> None:
    at, steps = 0.0, [(0.0, C)]
    for _ in range(4):
        for status, looks in ((M, 2), (C, 3)):
            for _ in range(looks):
                at += HOUR
                steps.append((at, status))
    verdict, changes = run(*steps)
    kinds = [c.kind for c in changes]
    assert kinds.count(ChangeKind.FLAPPING) == 1
    flap = changes[kinds.index(ChangeKind.FLAPPING)]
    assert flap.beside is not None
    assert (flap.new.marked, flap.beside.marked) == (True, False), "what it is held as, and what it goes back to"
    assert verdict.flapping
    assert verdict.marked, "held open on the harmful side"
    after = kinds[kinds.index(ChangeKind.FLAPPING) + 1 :]
    assert not after, "no change is reported while it flaps"
    for n in range(26):
        verdict, change = fold(verdict, seen(at + (n + 1) * HOUR, C), POLICY)
        if change is not None:
            break
    assert change is not None
    assert change.kind is ChangeKind.SETTLED
    assert not verdict.flapping
    assert not verdict.marked


def test_blind_since_is_the_time_of_the_first_unknown_and_ends_with_a_known_look() -> None:
    verdict, _ = run((0, C), (HOUR, U), (2 * HOUR, U))
    assert verdict.blind_since == HOUR
    verdict, _ = fold(verdict, seen(3 * HOUR, C), POLICY)
    assert verdict.blind_since is None


def test_one_view_that_sees_is_enough_not_to_be_blind() -> None:
    verdict, _ = run((0, C))
    verdict, _ = fold(verdict, seen(HOUR, U, source="b.s"), POLICY)
    assert verdict.blind_since is None


def test_an_answer_that_comes_late_does_not_turn_time_back() -> None:
    verdict, _ = run((0, C), (5 * HOUR, C))
    assert fold(verdict, seen(HOUR, M), POLICY) == (verdict, None)


STATUSES = st.sampled_from([M, C, Status.CERTIFIED, U])
LOOKS = st.lists(st.tuples(st.floats(60, DAY), STATUSES, st.sampled_from(["a.s", "b.s"])), max_size=40)


def _play(looks: list[tuple[float, Status, str]]) -> tuple[Verdict, list[Change]]:
    verdict, changes, at = Verdict("p"), [], 0.0
    for gap, status, source in looks:
        at += gap
        verdict, change = fold(verdict, seen(at, status, source=source), POLICY)
        changes += [change] if change else []
    return verdict, changes


@given(LOOKS)
def test_an_unknown_never_moves_a_belief(looks: list[tuple[float, Status, str]]) -> None:
    verdict, at = Verdict("p"), 0.0
    for gap, status, source in looks:
        at += gap
        after, change = fold(verdict, seen(at, status, source=source), POLICY)
        if status is U:
            assert change is None
            assert (after.belief, after.run, after.settled) == (verdict.belief, verdict.run, verdict.settled)
        verdict = after


@given(LOOKS)
def test_the_looks_in_a_row_that_agree_are_counted_with_those_that_made_the_belief(
    looks: list[tuple[float, Status, str]],
) -> None:
    verdict, at, last, row = Verdict("p"), 0.0, None, 0
    for gap, status, source in looks:
        at += gap
        verdict, change = fold(verdict, seen(at, status, source=source), POLICY)
        if status is not U:
            row = row + 1 if status is last else 1
            last = status
        held_back = last not in (None, M) and verdict.belief is None  # another view's mark lets it be no first picture
        held_open = change is not None and change.kind is ChangeKind.FLAPPING and change.new.status is not last
        if held_back or held_open:
            last, row = None, 0  # what is refused makes no belief: the looks that do are counted anew
        agree = row if verdict.belief is not None and verdict.belief.status is last else 0
        assert verdict.settled == agree


@given(LOOKS)
def test_every_change_says_what_it_rests_on(looks: list[tuple[float, Status, str]]) -> None:
    verdict, changes = _play(looks)
    for earlier, later in pairwise(changes):
        assert later.kind is not ChangeKind.BASELINE
        assert earlier.new.status is not None
    for change in changes:
        assert change.sources
        need = 1 if change.kind is ChangeKind.BASELINE and not change.new.marked else 2
        assert change.looks >= need
    if changes and not verdict.flapping and changes[-1].kind is not ChangeKind.FLAPPING:
        assert verdict.belief is not None
        assert verdict.belief.key == changes[-1].new.key


@given(LOOKS)
def test_a_mark_is_never_closed_on_fewer_clean_looks_than_asked_for(
    looks: list[tuple[float, Status, str]],
) -> None:
    verdict, at, clean = Verdict("p"), 0.0, 0
    for gap, status, source in looks:
        at += gap
        clean = clean if status is U else clean + 1 if status is not M else 0
        after, _ = fold(verdict, seen(at, status, source=source), POLICY)
        if verdict.marked and not after.marked:
            assert clean >= POLICY.clear
        verdict = after
