"""What a pack's author got wrong is said when the pack is read."""

from time import perf_counter

import pytest

from numtrustd.wire import lint, match
from numtrustd.wire.spec import Condition, Html, Json, Jsonp, Locator, Pick, Take, Unescape, View

VIEWS = {"json": View((Json(),)), "page": View((Html(),)), "card": View((Take("html"), Html()), of="json")}
KINDS = lint.kinds(VIEWS)


def test_kinds() -> None:
    assert KINDS == {"body": "text", "json": "json", "page": "html", "card": "html"}
    assert lint.kinds({"a": View((Unescape(),)), "b": View((Jsonp("f"), Take("x")), of="a")}) == {
        "body": "text",
        "a": "text",
        "b": "json",
    }


def test_good_views() -> None:
    assert lint.views(VIEWS) == []
    assert lint.views({"a": View((Jsonp("f_{national}"),)), "b": View((Jsonp("$.f{digits}x"),))}) == []


@pytest.mark.parametrize(
    ("views", "said"),
    [
        ({"a": View(of="b")}, "no view 'b'"),
        ({"a": View(of="a")}, "made from itself"),
        ({"body": View()}, "the name 'body' is taken; choose another"),
        ({"item": View()}, "the name 'item' is taken"),
        ({"a": View((Html(), Json()))}, "json cannot read html"),
        ({"a": View((Take("x"),))}, "take cannot read text"),
        ({"a": View((Json(), Take("x[")))}, "not a JMESPath"),
        ({"a": View((Jsonp("f(x)"),))}, "a JSONP callback is a name"),
        ({"a": View((Jsonp("f_{e164}"),))}, "a JSONP callback is a name"),
        ({"a": View((Jsonp("{national}"),))}, "a JSONP callback is a name"),
        ({"a": View((Jsonp("f_{national}_{digits}"),))}, "a JSONP callback is a name"),
    ],
)
def test_bad_views(views: dict[str, View], said: str) -> None:
    found = lint.views(views)
    assert len(found) == 1
    assert said in found[0]


def test_circle_of_two() -> None:
    assert len(lint.views({"a": View(of="b"), "b": View(of="a")})) == 2


@pytest.mark.parametrize(
    "condition",
    [
        Condition(status=(200, 429)),
        Condition(contains=("验证码",)),
        Condition(view="json", path="a.b", equals=""),
        Condition(view="json", path="data[?contains(x, '[ref {ref}]')] | [0]", exists=True),
        Condition(view="page", css=".mark > b", matches=r"被(\d+)位"),
        Condition(view="page", css="title", contains=("异常",)),
        Condition(matches=r"被\d{1,9}位.{0,40}标记"),
        Condition(view="card", matches="^x+$"),
    ],
    ids=str,
)
def test_good_conditions(condition: Condition) -> None:
    assert lint.condition("when[0]", condition, KINDS) == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition(view="json", path="a"), "no test; give one of status"),
        (Condition(view="json", path="a", exists=True, equals=1), "exists and equals together; give one test"),
        (Condition(status=(200,), exists=True), "status stands beside another test"),
        (Condition(status=(20,)), "100 to 599"),
        (Condition(view="jsno", path="a", exists=True), "no view 'jsno'"),
        (Condition(view="card", path="a", exists=True), "a path needs JSON"),
        (Condition(view="json", css="a", exists=True), "a selector needs HTML"),
        (Condition(css="a", exists=True), "a selector needs HTML"),
        (Condition(view="json", path="a", attr="b", exists=True), "an attribute of nothing"),
        (Condition(view="json", path="a..b", exists=True), "not a JMESPath"),
        (Condition(view="json", path="", exists=True), "not a JMESPath"),
        (Condition(view="page", css="a[", exists=True), "not a CSS selector"),
        (Condition(view="page", css="*", exists=True), "finds something on every page"),
        (Condition(view="page", css="body", exists=True), "finds something on every page"),
        (Condition(view="page", css="div, :not(.x)", exists=True), "finds something on every page"),
        (Condition(view="page", css=".a", matches="(x"), "not a regular expression"),
        (Condition(view="page", css=".a", matches=".*"), "matches everything"),
        (Condition(view="page", css=".a", matches="x?"), "matches everything"),
        (Condition(view="page", css=".a", matches="(a+)+b"), "repeats a repeat"),
        (Condition(view="page", css=".a", matches="(?:a|b*){2,}c"), "repeats a repeat"),
        (Condition(view="page", css=".a", matches="a+.*b"), "2 repeats without bound"),
        (Condition(matches=r"被(\d+)位"), "repeats without bound over a whole page"),
        (Condition(matches="a{1,5000}b"), "repeats without bound over a whole page"),
        (Condition(contains=()), "give texts"),
        (Condition(contains=("",)), "give texts"),
        (Condition(view="json", path="a", one_of=()), "give values"),
    ],
    ids=str,
)
def test_bad_conditions(condition: Condition, said: str) -> None:
    found = lint.condition("when[0]", condition, KINDS)
    assert len(found) == 1, found
    assert found[0].startswith("when[0]")
    assert said in found[0]


def test_path_and_css_together() -> None:
    assert "give one of them" in lint.place("x", Locator(view="json", path="a", css="b"), KINDS)[0]


@pytest.mark.parametrize(
    ("pick", "said"),
    [
        (Pick(), "picks the whole body"),
        (Pick(const=1, view="json"), "const stands alone"),
        (Pick(view="nope", path="a"), "no view 'nope'"),
        (Pick(view="json", path="a", matches="("), "not a regular expression"),
        (Pick(matches="x.*"), "repeats without bound"),
    ],
)
def test_bad_picks(pick: Pick, said: str) -> None:
    assert said in lint.pick("then.words", pick, KINDS)[0]


def test_good_picks() -> None:
    for pick in (
        Pick(const=0),
        Pick(view="json", path="a"),
        Pick(matches="x(.{0,9})"),
        Pick(view="page", matches="(.*)"),
    ):
        assert lint.pick("then.words", pick, KINDS) == []


def test_positive() -> None:
    assert not lint.positive([Condition(exists=False), Condition(nonempty=False), Condition(status=(200,))])
    assert not lint.positive([Condition(has_number=False)])
    for good in (Condition(exists=True), Condition(equals=False), Condition(contains=("x",)), Condition(at_least=0)):
        assert lint.positive([Condition(exists=False), good])


def test_what_lint_lets_through_is_quick() -> None:
    """The worst located pattern that may be written, on the worst text."""
    pattern = r"\d+个"
    assert lint.pattern(pattern, whole=False) == []
    begun = perf_counter()
    assert match.regex(pattern).search("1" * match.MATCH_CHARS) is None
    assert perf_counter() - begun < 5  # a pattern that backtracks takes hours; a busy machine does not
