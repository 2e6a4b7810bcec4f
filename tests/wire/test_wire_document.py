"""HTML that would hold the loop for seconds is refused, the usual page is not."""

from collections.abc import Callable
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from numtrustd.wire import document

CAP = 262_144


def left_open(count: int, blocks: int, attributes: str = "") -> str:
    """Formatting elements that each of the blocks after them repeats: 2 000 elements make 400 000."""
    return "<p>" + "".join(f"<b a{n}{attributes}>" for n in range(count)) + "</p>" + "<p>x</p>" * blocks


HOSTILE: dict[str, Callable[[], str]] = {
    "nested": lambda: "<div>" * 52_000,
    "nested formatting": lambda: "<b>" * 87_000,
    "nested links": lambda: "<a><div>" * 32_000,
    "foster parents": lambda: "<table>" + "<b>x" * 50_000,
    "options": lambda: "<select>" + "<option>" * 30_000,
    "attributes": lambda: "<p " + " ".join(f"a{n}" for n in range(33_000)) + ">",
    "attributes behind a decoy": lambda: '<p a=">" ' + " ".join(f"a{n}" for n in range(33_000)) + ">",
    "siblings": lambda: "<b></b>" * 37_000,
    "end tags as decoys": lambda: "<div></x>" * 4_000,
    "end tags in comments": lambda: "<div><!--</div>-->" * 6_600,
    "end tags in values": lambda: "<div a='</div>'>" * 9_900,
    "end tags in scripts": lambda: "<div><script></div></script>" * 4_900,
    "end tags in CDATA": lambda: "<svg>" + "<g><![CDATA[></g>]]>" * 6_000,
    "end tags that are out of scope": lambda: "<div><table></div></table>" * 4_900,
    "formatting left open": lambda: left_open(200, 2_000),
    "formatting left open, few tags": lambda: left_open(300, 300),
    "formatting left open, with attributes": lambda: left_open(1, 4_000, " b" * 500),
    "formatting left open, with a value that hides its end": lambda: left_open(20, 2_000, ' c="<"' + " d" * 50),
    "formatting closed in the wrong place": lambda: "<b" + " a" * 100 + "><div>" * 1_000 + "</b>" * 3_000,
    "formatting closed by a letter that is no K": lambda: "<strike a1></stri\u212ae>" * 3_000 + "<p>x</p>" * 3_000,
    "attributes on many elements": lambda: ("<p " + " ".join(f"a{n}" for n in range(1_000)) + ">") * 50,
    "attributes between slashes": lambda: "<p/" + "/".join(f"a{n}" for n in range(33_000)) + ">",
    "attributes between quotes": lambda: "<p " + "".join(f'a{n}="x"' for n in range(20_000)) + ">",
    "attributes behind a tag in a value": lambda: '<p b="<b>" ' + " ".join(f"a{n}" for n in range(33_000)) + ">",
    "text below many levels": lambda: "<div>" * 400 + "号" * 80_000,
}


@pytest.mark.covers("N11")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_refused_at_once(name: str) -> None:
    page = HOSTILE[name]()[:CAP]
    begun = perf_counter()
    assert document.parse(page) is None
    assert perf_counter() - begun < 5  # a pattern that backtracks takes hours; a busy machine does not


@pytest.mark.parametrize(
    "page",
    [
        "",
        "text only",
        "<p>one<p>two<br><img src=x>",
        "<div>" * 400 + "</div>" * 400,
        "<table>" + "<tr><td>x</td></tr>" * 3_000 + "</table>",
        "<div><p>x</p></div>" * 4_000,
        "<script>" + "var a = 1; " * 20_000 + "</script><p>x</p>",
        '<img src="data:image/png;base64,' + "A" * 200_000 + '"><p>x</p>',
        "<p>" + "words " * 300 + "</p>",
        "<p>" + "words " * 30_000 + "</p>",
        '<div class="a b" data-x="1 2 3"><a href="/x?a=1&b=2"><em>1</em>380</a><!-- <b>x</b> --></div>' * 300,
        "<ul>" + "<li>one<li>two" * 1_000 + "</ul>",
        "<script>" + r"""for(i=0;i<n;i++){a='<i class=\"x\">'}""" * 10 + "</script>" + "<p><b>x</b></p>" * 2_000,
    ],
    ids=range(13),
)
def test_usual_pages_are_parsed(page: str) -> None:
    root = document.parse(page)
    assert root is not None
    assert root.tag == "html"


NAMES = ("a", "b", "i", "p", "div", "li", "table", "td", "svg", "desc", "select", "option", "script", "title", "object")
PIECES = (
    *(f"<{name}>" for name in NAMES),
    *(f"</{name}>" for name in NAMES),
    *(f"<{name} {more}>" for name in ("a", "b", "div") for more in ("x", "y='1'", 'z="<"', "/")),
    *("x", "<!--", "-->", "<!-- x -->", "<![CDATA[", "]]>", "<?", "</ x", "<b y='", "'>", '<div y="', '">', "<br>"),
)


@pytest.mark.covers("N11")
@given(
    head=st.lists(st.sampled_from(PIECES), max_size=8),
    unit=st.lists(st.sampled_from(PIECES), min_size=1, max_size=10),
    times=st.integers(1, 60),
)
def test_no_page_grows_beyond_what_was_estimated(head: list[str], unit: list[str], times: int) -> None:
    """Whatever is put together: the parser makes no deeper and no larger a tree than was reckoned with."""
    page = "".join(head) + "".join(unit) * times
    shape = document._estimated(page)
    root = LexborHTMLParser(page).root
    assert root is not None
    if shape.repeated <= document.MAX_REPEATED:
        depth, nodes = document._measured(root)
        assert nodes <= 2 * page.count("<") + shape.repeated // 3 + 8
        assert depth <= 2 * shape.left_open + 8


def test_selectors() -> None:
    root = document.parse("<p class=a>1</p><p class=a>2</p>")
    assert root is not None
    found = document.first(root, ".a")
    assert found is not None
    assert found.text() == "1"
    assert [node.text() for node in document.every(root, ".a")] == ["1", "2"]
    assert document.first(root, ".b") is None
    for select in (document.first, document.every):
        with pytest.raises(ValueError, match="not a CSS selector"):
            select(root, "p[")
