"""Two pages in one body are no page, and real pages are left alone."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.number import from_canonical
from numtrustd.wire.echo import asked
from numtrustd.wire.exchange import Reply
from numtrustd.wire.joined import joined
from numtrustd.wire.match import UNREADABLE, Answer
from numtrustd.wire.spec import Html, View

PAGE = "<!DOCTYPE html>\n<html><head><title>t</title></head><body><p>x</p></body></html>\n"
SHORT = "<html><body>blocked</body></html>"


@pytest.mark.parametrize(
    "text",
    [
        PAGE,
        SHORT,
        "",
        "OK",
        "<p>a fragment</p>",
        '<div class="card">13800138000</div>',
        "\ufeff\n<!doctype html><!--STATUS OK--><html><body></body></html>",
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd"><HTML></HTML>',
        "<!-- a --> <!-- b --><html></html>",
        "<!DOCTYPE html><!--[if lt IE 9]><html class='ie'><![endif]--><!--[if !IE]><!--><html><!--<![endif]--></html>",
        "<!DOCTYPE html><html><script>var page = '<!DOCTYPE html><html></html>'</script></html>",
        "<!DOCTYPE html><html><SCRIPT>var page = '<html></html>'</SCRIPT><body></body></html>",
        "<!doctype html><p>no html tag at all</p>",
        PAGE[:40],
    ],
)
def test_pages(text: str) -> None:
    assert not joined(text)


@pytest.mark.parametrize(
    "text",
    [
        PAGE + PAGE,
        PAGE + SHORT,
        SHORT + PAGE,
        PAGE[:60] + PAGE,
        PAGE[:60] + SHORT,
        PAGE[30:] + PAGE,
        PAGE[50:],
        PAGE[60:] + SHORT,
        PAGE.replace("<p>x</p>", SHORT),
        "HTTP/1.1 200 OK\r\n\r\n" + PAGE,
        '{"a": 1}' + PAGE,
        PAGE.replace("</html>", "</html></html>"),
        "<!DOCTYPE html><p>a</p><!DOCTYPE html><p>b</p>",
    ],
)
def test_two_in_one(text: str) -> None:
    assert joined(text)
    views = {"page": View((Html(),))}
    answer = Answer(Reply(200, (), text.encode()), views, asked(from_canonical("+8613800138000")))
    assert answer.view("page") is UNREADABLE


@given(st.integers(0, len(PAGE)), st.integers(0, len(PAGE)))
def test_the_head_of_one_and_the_whole_of_another(head: int, tail: int) -> None:
    begun = "<html" in PAGE[:head]
    assert joined(PAGE[:head] + PAGE) or not begun
    ended = "</html" in PAGE[tail:]
    assert joined(PAGE[tail:] + PAGE) or not ended or tail == 0


@given(st.text(alphabet="<!->html/script doctypeHTML\u0130 \n", max_size=200))
def test_nothing_raises(text: str) -> None:
    assert joined(text) in (True, False)


def test_it_is_quick() -> None:
    """The worst texts of 256 KiB that one may write."""
    for text in ("<!--" * 65_536, "<script" * 37_000, "<!-- -->" * 32_768 + "<html", "<html" * 50_000, " " * 262_144):
        begun = perf_counter()
        joined(text)
        assert perf_counter() - begun < 2  # a busy machine takes its time; a pattern that backtracks takes hours
