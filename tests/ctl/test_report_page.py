"""The report's page in a real browser: drawn, within its window at any width, on paper, and deaf to hostile names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from numtrustd.ctl.report import page
from numtrustd.ctl.report.sections import told
from tests.ctl.browser import Browser, browser
from tests.ctl.report_sample import sample, spoilt
from tests.ctl.test_ctl_report import NASTY

pytestmark = pytest.mark.process

WIDTHS = (320, 400, 1200)
LONG = "长" * 60 + "x" * 200


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as found:
        yield found


def shown(window: Browser, tmp_path: Path, html: str, width: int = 1200) -> str:
    """Load it as a file; returns its address."""
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    window.size(width)
    window.media()
    window.open(path)
    return path.as_uri()


def nothing_asked(window: Browser, address: str) -> None:
    """It loaded itself and nothing else, and the console has no word of it."""
    assert [url for url in window.asked() if not url.startswith("data:")] == [address]
    assert window.said() == []


def test_it_is_drawn_and_asks_nobody_for_anything(window: Browser, tmp_path: Path) -> None:
    address = shown(window, tmp_path, page.html(told(sample())))
    nothing_asked(window, address)
    assert window.ask("return document.compatMode") == "CSS1Compat"
    drawn = window.ask(
        "return [...document.querySelectorAll('figure > svg')].map(svg => {const box = svg.getBoundingClientRect();"
        "return [box.width, box.height, [...svg.querySelectorAll('rect, circle')].filter("
        "shape => shape.getBoundingClientRect().width > 0).length]})"
    )
    assert len(drawn) == 6
    assert all(width > 600 and height > 100 and shapes >= 3 for width, height, shapes in drawn)
    filled = window.ask("return getComputedStyle(document.querySelector('svg rect.c1')).fill")
    assert filled not in ("", "none", "rgb(0, 0, 0)"), "the style sheet colours it"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows(window: Browser, tmp_path: Path, width: int) -> None:
    shown(window, tmp_path, page.html(told(spoilt(LONG))), width)
    assert window.ask("return document.documentElement.scrollWidth") <= width
    beyond = window.ask(
        "return [...document.querySelectorAll('main *')].filter(node => !node.closest('.wide') && "
        "node.getBoundingClientRect().right > innerWidth + 0.5 && !node.closest('svg')).map(node => node.outerHTML)"
    )
    assert beyond == []
    # Letters do not shrink with the chart, and none of the scale is cut off.
    assert window.ask("return getComputedStyle(document.querySelector('svg .tick')).fontSize") == "11px"
    cut = window.ask(
        "return [...document.querySelectorAll('svg .tick, svg .said')].filter(node => {"
        "const mine = node.getBoundingClientRect(), all = node.ownerSVGElement.getBoundingClientRect();"
        "return mine.left < all.left - 0.5 || mine.right > all.right + 0.5}).map(node => node.textContent)"
    )
    assert cut == []


def test_what_others_wrote_does_nothing(window: Browser, tmp_path: Path) -> None:
    address = shown(window, tmp_path, page.html(told(spoilt(NASTY))))
    window.ask("document.querySelectorAll('details').forEach(each => {each.open = true})")
    nothing_asked(window, address)
    assert window.ask("return [typeof window.pwned, document.scripts.length, document.links.length]") == [
        "undefined",
        0,
        0,
    ]
    assert window.ask("return document.querySelectorAll('img, iframe, object, embed, [onload], [onerror]').length") == 0
    assert "<script>window.pwned=1</script>" in window.ask("return document.body.innerText"), "it is shown as it is"


def test_the_policy_would_stop_what_got_through(window: Browser, tmp_path: Path) -> None:
    """Were a name not escaped one day."""
    html = page.html(told(sample()))
    bad = "<script>window.pwned=1</script><img src='file:///etc/hostname' onerror='window.pwned=1'>"
    address = shown(window, tmp_path, html.replace("<main>", f"<main>{bad}"))
    assert window.ask("return typeof window.pwned") == "undefined"
    assert [url for url in window.asked() if url != address] == []
    assert window.said(), "and says so"


def test_it_is_dark_where_the_machine_is(window: Browser, tmp_path: Path) -> None:
    shown(window, tmp_path, page.html(told(sample())))
    colours = "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
    light = window.ask(colours)
    window.media(scheme="dark")
    dark = window.ask(colours)
    assert light != dark
    assert [_bright(colour) > 128 for colour in (*light, *dark)] == [True, False, False, True]
    window.media("print", "dark")
    assert window.ask(colours) == light, "paper is white"


def _bright(colour: str) -> float:
    parts = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return sum(parts) / 3


def test_it_prints(window: Browser, tmp_path: Path) -> None:
    shown(window, tmp_path, page.html(told(sample())))
    made = window.paper()
    assert made.startswith(b"%PDF-")
    assert len(made) > 20_000
    window.media("print")
    window.size(718)  # what A4 leaves between its margins
    assert window.ask("return document.documentElement.scrollWidth") <= 718


def test_a_month_without_anything_is_a_page_too(window: Browser, tmp_path: Path) -> None:
    empty = sample(
        labels=(), cases=(), marks=(), missed=(), benefit=(), spend=(), open_cases=(), open_count=0, inspections=(),
        work=(), tasks=(), callers=0, days=sample().days[:1],
    )  # fmt: skip
    address = shown(window, tmp_path, page.html(told(empty)), 400)
    nothing_asked(window, address)
    assert window.ask("return document.documentElement.scrollWidth") <= 400
