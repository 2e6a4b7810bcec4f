"""Who says what: the last word outlives blindness, a quorum waits, hidden marks are no mislabel, quarrels are said."""

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.finding import FindingKind, find
from numtrustd.domain.label import Category, Severity
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.domain.quorum import apart, disagreement, stances
from numtrustd.domain.verdict import Verdict, VerdictPolicy, fold, not_after

HOUR, DAY = 3_600.0, 86_400.0
POLICY = VerdictPolicy()
TWO = VerdictPolicy(quorum=2)
M, C, CERTIFIED, U = Status.MARKED, Status.CLEAN, Status.CERTIFIED, Status.UNKNOWN
AB = ("a.s", "b.s")


def look(
    at: float,
    status: Status,
    source: str = "a.s",
    marks: int | None = None,
    name: str | None = None,
    reason: UnknownReason = UnknownReason.BLOCKED,
    category: Category = Category.NUISANCE,
) -> Observation:
    return Observation(
        platform="p", source=source, at=at, status=status, category=category if status is M else None,
        words="骚扰电话" if status is M else None, marks=marks, name=name, reason=reason if status is U else None,
    )  # fmt: skip


def believe(*looks: Observation, policy: VerdictPolicy = POLICY, shown_from: int | None = None) -> Verdict:
    verdict = Verdict("p")
    for each in looks:
        verdict, _ = fold(verdict, each, policy, shown_from, AB)
    return verdict


def marked_by_a(policy: VerdictPolicy = POLICY) -> Verdict:
    return believe(look(0, C), look(0, C, "b.s"), look(HOUR, M), look(2 * HOUR, M), policy=policy)


def test_what_a_view_said_last_is_kept_while_it_cannot_see() -> None:
    verdict = believe(look(0, M, marks=7), look(HOUR, M, marks=8), look(2 * HOUR, U), look(3 * HOUR, U))
    stance = stances(verdict, 4 * HOUR, POLICY)[0]
    assert stance.said is not None
    assert (stance.said.status, stance.said.words, stance.said.marks) == (M, "骚扰电话", 8)
    assert (stance.said_at, stance.state.unknown_since, stance.agrees) == (HOUR, 2 * HOUR, True)
    assert stances(believe(look(0, U)), 1, POLICY)[0].said is None
    assert not_after(verdict, HOUR / 2).views["a.s/default"].said_at == HOUR / 2


def test_a_plain_clean_word_costs_no_room() -> None:
    state = believe(look(0, C)).views["a.s/default"]
    assert state.said is None
    assert state.last is not None
    assert state.last[0].status is C
    unseen = believe(look(0, C), look(HOUR, U)).views["a.s/default"]
    assert unseen.last is not None
    assert (unseen.last[0].status, unseen.last[1]) == (C, 0)


def test_one_source_is_enough_unless_the_owner_wants_more() -> None:
    assert marked_by_a().marked
    alone = marked_by_a(TWO)
    assert not alone.marked
    assert alone.run is not None
    both, change = fold(alone, look(3 * HOUR, M, "b.s"), TWO, None, AB)
    assert both.marked
    assert change is not None
    assert change.sources == AB


def test_a_source_that_cannot_see_or_is_not_there_has_no_vote() -> None:
    looks = look(0, C), look(0, U, "b.s"), look(HOUR, M), look(2 * HOUR, M)
    assert believe(*looks, policy=TWO).marked
    verdict = Verdict("p")
    for each in looks[2:]:
        verdict, _ = fold(verdict, each, TWO, None, ("a.s",))
    assert verdict.marked, "no second source looks there"


def test_a_source_that_has_not_looked_yet_is_waited_for() -> None:
    assert not believe(look(0, M), look(HOUR, M), policy=TWO).marked


def test_gone_needs_no_quorum() -> None:
    verdict = marked_by_a()
    for n in range(3):
        verdict, _ = fold(verdict, look((3 + n) * HOUR, C), TWO, None, AB)
    assert not verdict.marked


@given(
    st.lists(st.tuples(st.sampled_from(AB), st.sampled_from([M, C, U])), max_size=30),
    st.integers(1, 3),
)
def test_a_mark_never_appears_without_its_quorum_of_those_that_can_see(
    steps: list[tuple[str, Status]], quorum: int
) -> None:
    policy, verdict = VerdictPolicy(quorum=quorum), Verdict("p")
    for n, (source, status) in enumerate(steps):
        before = verdict
        verdict, change = fold(verdict, look(n * HOUR, status, source), policy, None, AB)
        if status is U:
            assert change is None
        if change is not None and change.new.displayed and (before.belief is None or not before.belief.displayed):
            blind = [s for s in AB if (v := verdict.views.get(f"{s}/default")) and v.unknown_since is not None]
            assert len(change.sources) >= min(quorum, len(AB) - len(blind))


# ------------------------------------------------------------------------------------------------------ hidden marks


def test_too_few_marks_are_kept_and_said_and_no_mislabel() -> None:
    verdict = believe(look(0, M, marks=3), look(HOUR, M, marks=4), shown_from=5)
    assert verdict.belief is not None
    assert (verdict.belief.status, verdict.belief.marks, verdict.belief.hidden) == (M, 4, True)
    assert verdict.marked, "it is no proof of a clean number"
    assert find(verdict, ()) is None


def test_at_the_threshold_it_is_displayed_and_without_a_count_it_is() -> None:
    for marks in (5, 50, None):
        found = find(believe(look(0, M, marks=marks), look(HOUR, M, marks=marks), shown_from=5), ())
        assert found is not None, marks
        assert found.kind is FindingKind.MISLABEL


def test_hidden_becomes_displayed_by_confirm_looks_and_displayed_hidden_only_by_clear_ones() -> None:
    verdict = believe(look(0, M, marks=3), look(HOUR, M, marks=5), shown_from=5)
    assert find(verdict, ()) is None
    verdict, change = fold(verdict, look(2 * HOUR, M, marks=6), POLICY, 5)
    assert change is not None
    assert change.new.displayed
    assert find(verdict, ()) is not None
    for n, gone in enumerate((False, False, True)):
        verdict, change = fold(verdict, look((3 + n) * HOUR, M, marks=4), POLICY, 5)
        assert (change is not None) is gone
    assert find(verdict, ()) is None


def test_a_look_that_shows_it_again_begins_the_count_anew() -> None:
    verdict = believe(look(0, M, marks=9), look(HOUR, M, marks=9), shown_from=5)
    for n, marks in enumerate((4, 4, 9, 4, 4)):
        verdict, change = fold(verdict, look((2 + n) * HOUR, M, marks=marks), POLICY, 5)
        assert change is None
    assert find(verdict, ()) is not None


def test_a_neutral_label_is_no_finding_and_a_harmful_one_a_mislabel() -> None:
    verdict = believe(*(look(n * HOUR, M, category=Category.SERVICE) for n in range(2)))
    found = find(verdict, ())
    assert found is not None
    assert found.kind is FindingKind.WRONG_CATEGORY
    assert find(verdict, (), {Category.SERVICE: Severity.NEUTRAL}) is None
    harmful = find(verdict, (), {Category.SERVICE: Severity.HARMFUL})
    assert harmful is not None
    assert harmful.kind is FindingKind.MISLABEL


# ----------------------------------------------------------------------------------------------------- disagreement


def test_who_disagrees_with_whom_is_named() -> None:
    verdict = marked_by_a()
    said = disagreement(verdict, 2 * HOUR, POLICY)
    assert said == "b.s/default: no label, against a.s/default: marked:nuisance"
    assert [s.agrees for s in stances(verdict, 2 * HOUR, POLICY)] == [True, False]


def test_a_certified_number_and_a_clean_one_agree() -> None:
    assert disagreement(believe(look(0, C), look(0, CERTIFIED, "b.s", name="示例")), 1, POLICY) == ""


def test_names_disagree_unless_one_may_be_the_other_cut_short() -> None:
    def names(a: str, b: str) -> str:
        looks = look(0, CERTIFIED, name=a), look(0, CERTIFIED, "b.s", name=b)
        return disagreement(believe(*looks), 1, POLICY)

    assert names("示例快运", "示例快…") == ""
    assert "示例物流" in names("示例快运", "示例物流")


def test_old_words_and_those_that_are_not_believed_do_not_count() -> None:
    verdict = marked_by_a()
    blind, _ = fold(verdict, look(3 * HOUR, U, "b.s"), POLICY)
    assert disagreement(blind, 4 * HOUR, POLICY)
    assert disagreement(blind, 2 * DAY, POLICY) == ""
    kept_back, _ = fold(verdict, look(3 * HOUR, U, "b.s", reason=UnknownReason.QUARANTINED), POLICY)
    assert disagreement(kept_back, 4 * HOUR, POLICY) == ""


def test_only_disagreement_that_lasts_is_said_and_its_end_once() -> None:
    verdict, said = apart(marked_by_a(), 2 * HOUR, POLICY)
    assert (verdict.apart_since, said) == (2 * HOUR, None)
    again, said = apart(verdict, 3 * HOUR, POLICY)
    assert (again, said) == (verdict, None)
    verdict, said = apart(verdict, 2 * HOUR + DAY - HOUR / 2, POLICY)
    assert said is None
    # What b said is an hour from being too old to count.
    verdict, _ = fold(verdict, look(25 * HOUR, C, "b.s"), POLICY)
    verdict, said = apart(verdict, 2 * HOUR + DAY, POLICY)
    assert said is True
    assert apart(verdict, 2 * HOUR + DAY + 1, POLICY) == (verdict, None)
    verdict, _ = fold(verdict, look(27 * HOUR, M, "b.s"), POLICY)
    verdict, said = apart(verdict, 27 * HOUR, POLICY)
    assert said is False
    assert (verdict.apart_since, verdict.apart_said) == (0, False)
    assert apart(verdict, 28 * HOUR, POLICY) == (verdict, None)
