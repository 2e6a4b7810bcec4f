"""What is wrong with a name, a logo, a tag: by what the surface shows and the source can tell, confirmed and over."""

import pytest

from numtrustd.domain.display import Display, What
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.flaw import Eye, Flaw, faults, over, present, weigh
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.observation import Status
from numtrustd.domain.owned import Watch
from numtrustd.domain.verdict import Verdict, VerdictPolicy
from numtrustd.domain.view import Shown, ViewState

NOW, HOUR, DAY = 1_800_000_000.0, 3_600.0, 86_400.0
POLICY = VerdictPolicy()
VIEW = "a.s/incoming_call"
WANTED = Wanted(
    names=(Version("示例物流"), Version("示例快运", NOW - 30 * DAY)),
    logos=(Version("9f86d081884c7d65"),),
    tags=(Version("冰饮专线", NOW - 90 * DAY, NOW - DAY), Version("火锅专线", NOW - DAY, NOW + 60 * DAY)),
)
ALL = Eye((Display(What.NAME), Display(What.LOGO), Display(What.TAG)), frozenset(What))
RIGHT = Shown(Status.CERTIFIED, name="示例快运", logo="9f86d081884c7d65", tag="火锅专线")
K = FindingKind


def wrong(said: Shown, eye: Eye = ALL, watch: Watch = Watch.YES) -> dict[FindingKind, str]:
    return faults(said, VIEW, eye, WANTED, watch, NOW)


def test_what_is_right_is_no_fault() -> None:
    assert wrong(RIGHT) == {}


def certified(
    name: str | None = "示例快运", logo: str | None = "9f86d081884c7d65", tag: str | None = "火锅专线"
) -> Shown:
    return Shown(Status.CERTIFIED, name=name, logo=logo, tag=tag)


@pytest.mark.parametrize(
    ("said", "kind", "why"),
    [
        (certified(name="示例物流"), K.DISPLAY_WRONG, "still shows the old name 示例物流 instead of 示例快运"),
        (certified(name="隔壁老王"), K.DISPLAY_WRONG, "shows another name, 隔壁老王, instead of 示例快运"),
        (certified(name=None), K.DISPLAY_MISSING, "shows no name instead of 示例快运"),
        (certified(logo="0123456789abcdef"), K.DISPLAY_WRONG, "shows another logo"),
        (certified(logo=None), K.DISPLAY_MISSING, "shows no logo"),
        (certified(tag="冰饮专线"), K.TAG_EXPIRED, "whose time is over"),
        (certified(tag="促销专线"), K.TAG_WRONG, "shows another tag, 促销专线"),
        (certified(tag=None), K.TAG_WRONG, "shows no tag instead of 火锅专线"),
    ],
)
def test_each_fault_has_its_kind(said: Shown, kind: FindingKind, why: str) -> None:
    found = wrong(said)
    assert list(found) == [kind]
    assert why in found[kind]


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        (K.DISPLAY_MISSING, RIGHT, "what is shown is right"),
        (K.DISPLAY_MISSING, Shown(Status.MARKED), "a label is shown instead"),
        (K.DISPLAY_WRONG, Shown(Status.MARKED), "a label is shown instead"),
        (K.DISPLAY_MISSING, Shown(Status.MARKED, name="示例快运", logo="9f86d081884c7d65"), "what is shown is right"),
        (K.DISPLAY_MISSING, certified(name="隔壁老王"), "it has become display_wrong"),
        (K.TAG_EXPIRED, certified(tag="促销专线"), "it has become tag_wrong"),
        (K.TAG_WRONG, certified(name="隔壁老王"), "what is shown is right"),
        (K.DISPLAY_WRONG, Shown(Status.CLEAN, tag="火锅专线"), "it has become display_missing"),
    ],
)
def test_why_a_fault_is_over_is_what_is_shown_now(kind: FindingKind, said: Shown, why: str) -> None:
    others = set(wrong(said)) - {kind}
    assert over(Flaw(kind, VIEW, "", NOW), said, WANTED, others) == why


def test_what_need_not_be_shown_is_no_longer_shown() -> None:
    bare = Shown(Status.CLEAN)
    assert over(Flaw(K.DISPLAY_WRONG, VIEW, "", NOW), bare, WANTED, ()) == "no longer shown"


def test_nothing_is_missing_where_the_surface_does_not_show_it_or_nobody_knows() -> None:
    bare = Shown(Status.CLEAN)
    assert wrong(bare, Eye((), frozenset(What))) == {}, "no rule"
    assert wrong(bare, Eye((Display(What.LOGO, shown=False),), frozenset(What))) == {}
    assert wrong(bare, Eye(ALL.rules, frozenset())) == {}, "the source cannot tell"
    assert wrong(bare, Eye((Display(What.NAME, "call_log"),), frozenset(What))) == {}, "another surface"
    assert wrong(Shown(Status.MARKED), ALL) == {}, "a label stands in its place"
    assert wrong(bare, ALL, Watch.PREFLIGHT) == {}, "not in use yet"
    assert set(wrong(bare, ALL)) == {K.DISPLAY_MISSING, K.TAG_WRONG}


def test_what_is_shown_is_compared_whether_or_not_there_is_a_rule() -> None:
    assert list(wrong(Shown(Status.CERTIFIED, name="隔壁老王"), Eye())) == [K.DISPLAY_WRONG]
    assert list(wrong(Shown(Status.CLEAN, name="隔壁老王"), Eye(), Watch.PREFLIGHT)) == [K.DISPLAY_WRONG]


def test_of_a_number_given_up_only_what_is_left_of_ours_counts() -> None:
    assert wrong(Shown(Status.CERTIFIED, name="隔壁老王"), ALL, Watch.FAREWELL) == {}
    assert wrong(Shown(Status.CLEAN), ALL, Watch.FAREWELL) == {}
    for name in ("示例快运", "示例物流"):
        assert list(wrong(Shown(Status.CERTIFIED, name=name), ALL, Watch.FAREWELL)) == [K.RESIDUAL]


def test_every_view_is_judged_by_what_it_last_said() -> None:
    old = Shown(Status.CERTIFIED, name="示例物流", logo="9f86d081884c7d65", tag="火锅专线")
    verdict = Verdict(
        "p",
        views={
            VIEW: ViewState(NOW, Status.UNKNOWN, NOW, None, old, NOW - DAY),
            "b.s/call_log": ViewState(NOW, Status.CERTIFIED, said=RIGHT),
            "gone.s/x": ViewState(NOW, Status.CERTIFIED, said=old),
        },
    )
    found = present(verdict, {VIEW: ALL, "b.s/call_log": ALL}, WANTED, Watch.YES, NOW)
    assert {view: list(kinds) for view, kinds in found.items()} == {VIEW: [K.DISPLAY_WRONG], "b.s/call_log": []}
    assert present(verdict, {VIEW: ALL}, None, Watch.YES, NOW) == {}


BAD = {VIEW: {K.DISPLAY_WRONG: "shows another name"}}
GOOD: dict[str, dict[FindingKind, str]] = {VIEW: {}}


def test_a_flaw_is_said_after_confirm_looks_and_over_after_as_many() -> None:
    flaws, opened, closed = weigh((), BAD, VIEW, NOW, POLICY)
    assert (len(flaws), opened, closed) == (1, (), ())
    flaws, opened, _ = weigh(flaws, BAD, VIEW, NOW + 1, POLICY)
    assert opened == (), "two looks within a second are one"
    flaws, opened, _ = weigh(flaws, BAD, VIEW, NOW + HOUR, POLICY)
    assert [f.kind for f in opened] == [K.DISPLAY_WRONG]
    flaws, opened, closed = weigh(flaws, GOOD, VIEW, NOW + 2 * HOUR, POLICY)
    assert (opened, closed) == ((), ())
    again, _, _ = weigh(flaws, BAD, VIEW, NOW + 3 * HOUR, POLICY)
    assert again[0].gone == 0, "it flickers"
    flaws, _, closed = weigh(flaws, GOOD, VIEW, NOW + 3 * HOUR, POLICY)
    assert flaws == ()
    assert [f.kind for f in closed] == [K.DISPLAY_WRONG]


def test_one_that_was_not_confirmed_goes_unsaid() -> None:
    flaws, _, _ = weigh((), BAD, VIEW, NOW, POLICY)
    assert weigh(flaws, GOOD, VIEW, NOW + HOUR, POLICY) == ((), (), ())


def test_another_views_look_changes_nothing() -> None:
    flaws, _, _ = weigh((), BAD, VIEW, NOW, POLICY)
    both = {**BAD, "b.s/x": {}}
    assert weigh(flaws, both, "b.s/x", NOW + HOUR, POLICY) == (flaws, (), ())


def test_what_is_wanted_otherwise_is_over_at_once_and_a_new_flaw_waits_for_a_look() -> None:
    said = Flaw(K.DISPLAY_WRONG, VIEW, "…", NOW, 2, said=True)
    assert weigh((said,), GOOD, None, NOW, POLICY) == ((), (), (said,))
    assert weigh((), BAD, None, NOW, POLICY) == ((), (), ())
    assert weigh((said,), {}, "b.s/x", NOW, POLICY) == ((), (), (said,)), "nobody looks through it any more"
