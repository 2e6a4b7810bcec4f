"""A name is wrong only where it is: cut, folded or left-out characters by a surface's own rule make it no other one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from numtrustd.domain.display import (
    Case,
    Characters,
    Display,
    Encoding,
    Match,
    What,
    Width,
    as_shown,
    compare,
    folded,
    match_text,
    may_be_same,
    rule_of,
    treated,
    width,
)
from numtrustd.domain.identity import Version

NOW = 1_800_000_000.0
DAY = 86_400.0
NAMES = st.text(
    st.one_of(
        st.sampled_from("示例快运有限公司（上海）冰饮专线ＡＢＣabcABC ·-&…．.12"),
        st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]),
    ),
    min_size=1,
    max_size=24,
)
LIMITS = st.one_of(st.none(), st.integers(1, 20))
RULES = st.builds(
    Display,
    what=st.just(What.NAME),
    max_chars=LIMITS,
    max_width=LIMITS,
    max_bytes=LIMITS,
    encoding=st.sampled_from(Encoding),
    ellipsis=st.sampled_from(["", "…", "..."]),
    width=st.sampled_from(Width),
    case=st.sampled_from(Case),
    exact=st.booleans(),
    drops=st.sampled_from(["", "（）()", "·- "]),
    keeps=st.sampled_from([(), (Characters.HAN, Characters.LETTERS, Characters.DIGITS)]),
)


def named(seen: str | None, *wanted: str | Version, rule: Display | None = None) -> tuple[Match, str | None]:
    versions = [w if isinstance(w, Version) else Version(w, float(n)) for n, w in enumerate(wanted)]
    found = compare(seen, versions, What.NAME, rule, NOW)
    return found.match, None if found.version is None else found.version.text


@given(name=NAMES, rule=RULES)
def test_what_a_surface_makes_of_the_right_name_is_never_wrong(name: str, rule: Display) -> None:
    judged = compare(as_shown(name, rule), [Version(name)], What.NAME, rule, NOW)
    assert judged.match in (Match.MATCHES, Match.TRUNCATED)


@given(name=NAMES, old=NAMES, rule=RULES)
def test_nor_when_an_old_name_is_cut_to_the_same(name: str, old: str, rule: Display) -> None:
    versions = [Version(old), Version(name, NOW - DAY)]
    judged = compare(as_shown(name, rule), versions, What.NAME, rule, NOW)
    assert judged.match.right
    assert judged.version == versions[1]


@given(name=NAMES, seen=NAMES, rule=RULES)
def test_a_name_that_passes_as_cut_is_a_beginning_under_that_rule(name: str, seen: str, rule: Display) -> None:
    found = match_text(seen, name, rule)
    if found is not Match.TRUNCATED:
        return
    shown, whole = folded(seen, rule), folded(treated(name, rule), rule)
    assert shown != whole
    if rule.limited:
        assert shown == folded(as_shown(name, rule), rule), "cut exactly where the rule cuts"
    cut = seen.strip()
    beginnings = {
        folded(cut.removesuffix(dots).strip(), rule) for dots in (rule.ellipsis, "…", "...", "..", "。。。", "⋯")
    }
    assert any(whole.startswith(start) for start in beginnings)


@given(name=NAMES, rest=st.sampled_from(["客服", "X", "分公司"]), rule=RULES)
def test_a_longer_name_than_the_wanted_one_is_another(name: str, rest: str, rule: Display) -> None:
    whole = folded(treated(name, rule), rule)
    seen = treated(name, rule) + rest
    assume(folded(seen, rule) not in (whole, folded(name, rule), folded(as_shown(name, rule), rule)))
    assert not match_text(seen, name, rule).right


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (Display(What.NAME, max_chars=4), "示例快运"),
        (Display(What.NAME, max_chars=4, ellipsis="…"), "示例快…"),
        (Display(What.NAME, max_width=9), "示例快运"),
        (Display(What.NAME, max_bytes=9), "示例快"),
        (Display(What.NAME, max_bytes=9, encoding=Encoding.GB18030), "示例快运"),
        (Display(What.NAME, drops="（）"), "示例快运上海"),
        (Display(What.NAME, width=Width.HALF), "示例快运(上海)"),
        (Display(What.NAME, max_chars=2, ellipsis="......"), "示例"),
    ],
)
def test_the_rules(rule: Display, shown: str) -> None:
    assert as_shown("示例快运（上海）", rule) == shown
    assert match_text(shown, "示例快运（上海）", rule).right


def test_the_cut_must_be_the_rules_own() -> None:
    rule = Display(What.NAME, max_chars=6)
    assert named("示例快运（上", "示例快运（上海）有限公司", rule=rule) == (Match.TRUNCATED, "示例快运（上海）有限公司")
    assert named("示例快", "示例快运（上海）有限公司", rule=rule) == (Match.OTHER, None), "a name of its own"
    assert named("示例快…", "示例快运（上海）有限公司", rule=rule) == (Match.OTHER, None), (
        "this surface has no ellipsis"
    )
    assert named("示例快运（上海）有限公司", "示例快运（上海）有限公司", rule=rule)[0] is Match.MATCHES


def test_where_no_rule_is_known_only_an_ellipsis_says_that_it_was_cut() -> None:
    assert named("示例快…", "示例快运")[0] is Match.TRUNCATED
    assert named("示例快...", "示例快运")[0] is Match.TRUNCATED
    assert named("示例快", "示例快运")[0] is Match.OTHER
    assert named("…", "示例快运")[0] is Match.OTHER


def test_width_and_case_differ_only_where_they_count() -> None:
    assert named("ＡＢＣ快运", "abc快运")[0] is Match.MATCHES
    exact = Display(What.NAME, exact=True)
    assert named("ＡＢＣ快运", "abc快运", rule=exact)[0] is Match.OTHER


def test_still_the_old_name_is_told_from_some_other_name() -> None:
    versions = Version("示例物流"), Version("示例集团", NOW - 9 * DAY), Version("示例快运", NOW - DAY)
    assert named("示例快运", *versions) == (Match.MATCHES, "示例快运")
    assert named("示例集团", *versions) == (Match.OLD, "示例集团")
    assert named("示例物流", *versions) == (Match.OLD, "示例物流")
    assert named("隔壁老王", *versions) == (Match.OTHER, None)
    assert named(None, *versions) == (Match.MISSING, "示例快运")
    assert named(" ", *versions)[0] is Match.MISSING


def test_a_platform_ahead_of_its_owner_is_not_wrong() -> None:
    versions = Version("示例物流"), Version("示例快运", NOW + DAY)
    assert named("示例快运", *versions)[0] is Match.MATCHES
    assert named("示例物流", *versions)[0] is Match.MATCHES
    assert named(None, Version("示例快运", NOW + DAY))[0] is Match.MATCHES, "nothing is wanted yet"


def test_nothing_wanted_is_right_where_nothing_shows() -> None:
    versions = Version("示例物流"), Version("", NOW - DAY)
    assert named(None, *versions)[0] is Match.MATCHES
    assert named("示例物流", *versions) == (Match.OLD, "示例物流")


def test_a_tag_of_a_season() -> None:
    tag = [Version("冰饮专线", NOW - 90 * DAY, NOW - DAY)]
    assert compare("冰饮专线", tag, What.TAG, None, NOW - 2 * DAY).match is Match.MATCHES
    assert compare("冰饮专线", tag, What.TAG, None, NOW).match is Match.OLD
    assert compare(None, tag, What.TAG, None, NOW).match is Match.MATCHES


def test_a_logo_is_its_digest_or_the_beginning_of_it() -> None:
    logo = [Version("9f86d081884c7d65")]
    assert compare("9F86D081884C7D659A2FEAA0", logo, What.LOGO, None, NOW).match is Match.MATCHES
    assert compare("9f86d081", logo, What.LOGO, None, NOW).match is Match.MATCHES
    assert compare("9f86", logo, What.LOGO, None, NOW).match is Match.OTHER, "too little to tell pictures apart"
    assert compare("00000000", logo, What.LOGO, None, NOW).match is Match.OTHER


def test_a_surfaces_own_row_comes_before_that_of_all() -> None:
    everywhere, own = Display(What.NAME), Display(What.NAME, "incoming_call", max_chars=4)
    rules = (everywhere, own, Display(What.LOGO, shown=False))
    assert rule_of(rules, "incoming_call", What.NAME) == own
    assert rule_of(rules, "call_log", What.NAME) == everywhere
    assert rule_of(rules, "call_log", What.TAG) is None


def test_columns_and_surfaces_that_cut_in_their_own_ways() -> None:
    assert width("ab示例Ａ") == 8
    assert may_be_same("示例快…", "示例快运（上海）")
    assert not may_be_same("示例物流", "示例快运")
