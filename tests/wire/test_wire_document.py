"""HTML that would hold the loop for seconds is refused, the usual page is not."""

from collections.abc import Callable
from time import perf_counter

import pytest

from numtrustd.wire import document

CAP = 262_144
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
}


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
    ],
    ids=range(9),
)
def test_usual_pages_are_parsed(page: str) -> None:
    root = document.parse(page)
    assert root is not None
    assert root.tag == "html"


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
