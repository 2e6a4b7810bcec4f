"""Views, conditions and picks: what holds of an answer, and that nothing an answer can be raises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.domain.number import from_canonical
from numtrustd.wire.body import blank
from numtrustd.wire.echo import asked
from numtrustd.wire.exchange import Reply
from numtrustd.wire.explain import why
from numtrustd.wire.match import MAX_LIST, PICK_CHARS, UNREADABLE, Answer, plain, tidy
from numtrustd.wire.spec import Condition, Html, Json, Jsonp, Locator, Pick, Take, Unescape, View

MOBILE = asked(from_canonical("+8613800138000"))
PAGE = """<html><head><title>t</title></head><body>
<p class="mark" data-n="7"> 广告
 推销 </p><p class="blank"> </p><p class="mark">second</p><b class="num">138-0013-8000</b></body></html>"""
DATA = {
    "type": "mobilecheck",
    "n": 1,
    "s": "1",
    "yes": True,
    "none": None,
    "list": [{"id": "a"}, {"id": "b"}],
    "empty": "",
    "html": PAGE,
    "inner": '{"data": "{\\"x\\": [1, 2]}"}',
    "score": 12.5,
    "phone": 13800138000,
}
VIEWS = {
    "json": View((Json(),)),
    "cb": View((Jsonp("cb"),)),
    "page": View((Take("html"), Html()), of="json"),
    "nested": View((Take("inner"), Json(), Take("data"), Json()), of="json"),
    "absent": View((Take("nope"),), of="json"),
    "wrong": View((Html(), Html())),
    "round": View(of="circle"),
    "circle": View(of="round"),
}


def answer(body: bytes | str, content_type: str = "", status: int = 200, **views: View) -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    return Answer(Reply(status, (("content-type", content_type),), raw), VIEWS | views, MOBILE)


ANSWER = answer(json.dumps(DATA, ensure_ascii=False))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition(status=(200, 201)), True),
        (Condition(status=(404,)), False),
        (Condition(contains=("MobileCheck",)), True),
        (Condition(contains=("验证码", "mobilecheck")), True),
        (Condition(contains=("验证码",)), False),
        (Condition(matches="mobile(check|x)"), True),
        (Condition(view="json", path="type", equals="mobilecheck"), True),
        (Condition(view="json", path="type", equals="mobile"), False),
        (Condition(view="json", path="n", equals=1), True),
        (Condition(view="json", path="n", equals=True), False),
        (Condition(view="json", path="n", equals="1"), False),
        (Condition(view="json", path="s", equals=1), False),
        (Condition(view="json", path="yes", equals=True), True),
        (Condition(view="json", path="yes", equals=1), False),
        (Condition(view="json", path="s", one_of=(1, "1")), True),
        (Condition(view="json", path="yes", one_of=(1, "1")), False),
        (Condition(view="json", path="none", exists=True), False),
        (Condition(view="json", path="none", exists=False), True),
        (Condition(view="json", path="nope.deeper", exists=False), True),
        (Condition(view="json", path="list[?id=='b'] | [0].id", equals="b"), True),
        (Condition(view="json", path="list", nonempty=True), True),
        (Condition(view="json", path="empty", nonempty=False), True),
        (Condition(view="json", path="nope", nonempty=False), True),
        (Condition(view="json", path="score", at_least=12.5), True),
        (Condition(view="json", path="score", at_least=12.6), False),
        (Condition(view="json", path="s", at_least=1), True),
        (Condition(view="json", path="type", at_least=0), False),
        (Condition(view="json", path="phone", has_number=True), True),
        (Condition(view="json", path="type", has_number=True), False),
        (Condition(view="json", path="type", has_number=False), True),
        (Condition(view="json", path="nope", has_number=False), False),
        (Condition(view="page", css=".mark", equals="广告 推销"), True),
        (Condition(view="page", css=".mark", attr="data-n", equals="7"), True),
        (Condition(view="page", css=".mark", attr="data-m", exists=False), True),
        (Condition(view="page", css=".nope", exists=False), True),
        (Condition(view="page", css=".blank", exists=True), True),
        (Condition(view="page", css=".blank", nonempty=False), True),
        (Condition(view="page", css=".num", has_number=True), True),
        (Condition(view="page", matches="^t 广告"), True),
        (Condition(view="nested", path="x[1]", equals=2), True),
        # What cannot be read proves nothing, not even absence.
        (Condition(view="absent", path="x", exists=False), False),
        (Condition(view="cb", path="x", exists=False), False),
        (Condition(view="wrong", css="p", exists=False), False),
        (Condition(view="nowhere", css="p", exists=False), False),
        (Condition(view="round", path="p", nonempty=False), False),
        (Condition(path="type", exists=False), False),
        (Condition(css="p", exists=False), False),
        (Condition(view="json", css="p", exists=False), False),
        (Condition(view="page", path="p", exists=False), False),
        (Condition(view="json", path="type", css=None), False),
        (Condition(view="item", exists=False), False),
        (Condition(view="json", path="abs(type)", exists=False), False),
    ],
    ids=str,
)
def test_conditions(condition: Condition, holds: bool) -> None:
    assert ANSWER.holds(condition) is holds
    assert ("does not hold" in why(ANSWER, condition)) is not holds


def test_bad_selector_holds_of_nothing() -> None:
    assert not ANSWER.holds(Condition(view="page", css="p[", exists=False))
    assert not ANSWER.holds(Condition(view="json", path="a[", exists=False))


@pytest.mark.parametrize(
    ("pick", "value"),
    [
        (Pick(const="x"), "x"),
        (Pick(const=3), 3),
        (Pick(view="json", path="n"), 1),
        (Pick(view="json", path="yes"), "true"),
        (Pick(view="json", path="none"), None),
        (Pick(view="json", path="empty"), None),
        (Pick(view="page", css=".mark"), "广告 推销"),
        (Pick(view="page", css=".mark", attr="data-n"), "7"),
        (Pick(view="page", css=".mark", matches="广."), "广告"),
        (Pick(view="page", css=".mark", matches=r"(推)\w"), "推"),
        (Pick(view="page", css=".mark", matches="x"), None),
        (Pick(view="page", css=".nope"), None),
        (Pick(view="absent", path="x"), None),
        (Pick(view="json", path="list"), '[{"id":"a"},{"id":"b"}]'),
    ],
    ids=str,
)
def test_picks(pick: Pick, value: str | int | None) -> None:
    assert ANSWER.pick(pick) == value


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (7, 7),
        ("23", 23),
        (" 23 ", 23),
        ("", None),
        ("1.2万", None),
        (-1, None),
        (1.5, None),
        (True, None),
        (10**9, None),
        ("٣", None),
    ],
)
def test_counts(value: object, count: int | None) -> None:
    """None is not 0, and what is not plainly a count is None."""
    assert answer(json.dumps({"n": value})).count(Pick(view="json", path="n")) == count
    assert ANSWER.count(None) is None


def test_picked_text_is_one_harmless_line() -> None:
    text = answer(json.dumps({"t": "  a\x1b[31m\u202eb\r\n\tc\u0085\u200b\x00 " + "x" * 600})).pick(
        Pick(view="json", path="t")
    )
    assert isinstance(text, str)
    assert text.startswith("a[31mb c x")
    assert len(text) == 500
    assert tidy("\u2066\ufeff ") == ""


@pytest.mark.parametrize(
    "body", ['cb({"a":1})', 'cb({"a":1});', ' cb ( {"a":1} ) ; \n', '\ufeffcb({"a":1})', 'cb(\n{"a":1}\n)']
)
def test_jsonp(body: str) -> None:
    assert answer(body).view("cb") == {"a": 1}


@pytest.mark.parametrize(
    "body",
    ['{"a":1}', 'cd({"a":1})', 'cb({"a":1}', 'cb({"a":1}))', 'x=cb({"a":1})', 'cb({"a":1});;',
     'cb({"a":1})x', "cb()", '/**/cb({"a":1})', 'cbx({"a":1})', "cb", "cb;", "cb("],
)  # fmt: skip
def test_not_jsonp(body: str) -> None:
    assert answer(body).view("cb") is UNREADABLE


@pytest.mark.covers("N11")
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a": NaN}', b'{"a": Infinity}', b"[" * 100_000, b'{"a":' * 50_000,
     b'"\xff"', b'{"a":1}x', b"[1e999]", b'"\\ud800"'],
)  # fmt: skip
def test_hostile_json_is_unreadable(body: bytes) -> None:
    assert answer(body).view("json") is UNREADABLE
    assert answer(b"cb(" + body + b")").view("cb") is UNREADABLE


@pytest.mark.covers("N11")
@pytest.mark.parametrize(
    ("value", "readable"),
    [
        ([1] * MAX_LIST, True),
        ([1] * (MAX_LIST + 1), False),
        ({"data": {"list": [{"platform": "x"}] * (MAX_LIST + 1)}}, False),
        ([[1] * 1_000] * 20, True),
        (["a,b" * 9_000], True),
    ],
)
def test_a_list_that_would_hold_the_loop_is_unreadable(value: object, readable: bool) -> None:
    assert (answer(json.dumps(value)).view("json") is not UNREADABLE) is readable


def test_a_number_of_a_thousand_digits_is_text_of_bounded_length() -> None:
    seen = answer('{"small": 12, "huge": ' + "9" * 4_000 + "}")
    assert seen.pick(Pick(view="json", path="small")) == 12
    assert seen.pick(Pick(view="json", path="huge")) == "9" * PICK_CHARS
    assert seen.count(Pick(view="json", path="huge")) is None


def test_json_that_is_nested_as_deep_as_it_may_be() -> None:
    for depth in range(800, 1_010):
        seen = answer("[" * depth + "1" + "]" * depth)
        for test in (Condition(view="json", has_number=True), Condition(view="json", path="a[]", exists=True)):
            assert not seen.holds(test)
            assert why(seen, test)


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/html; charset=GBK", "gb18030"),
        ('text/html; charset="gb2312"', "gb18030"),
        ("text/html;charset=gb18030", "gb18030"),
        ("text/html; charset=Big5", "big5hkscs"),
        ("text/html; charset=gbk", "utf-8"),
        ("text/html", "utf-8"),
        ("", "utf-8-sig"),
    ],
)
def test_charsets(content_type: str, encoding: str) -> None:
    """UTF-8 first, whatever is claimed; then the charset that is named."""
    body = '{"word": "廣告推銷號碼"}'.encode(encoding)
    assert answer(body, content_type).text == '{"word": "廣告推銷號碼"}'
    assert answer(body, content_type).view("json") == {"word": "廣告推銷號碼"}


@pytest.mark.parametrize("charset", ["zlib", "rot13", "idna", "punycode", "utf-7", "undefined", "x" * 50, "latin-1"])
def test_other_charsets_never_raise(charset: str) -> None:
    assert "�" in answer(b"\xff\x80abc", f"text/html; charset={charset}").text or charset == "latin-1"


def test_unescape() -> None:
    views = {"q": View((Unescape(), Json()))}
    assert answer("{&quot;a&quot;: 1}", **views).view("q") == {"a": 1}


def test_narrowed_shares_what_was_read() -> None:
    one = ANSWER.narrowed({"id": "a", "n": None})
    two = ANSWER.narrowed(None)
    assert one.holds(Condition(view="item", path="id", equals="a"))
    assert one.holds(Condition(view="item", path="n", exists=False))
    assert not two.holds(Condition(view="item", path="id", exists=False))
    assert two.holds(Condition(view="item", exists=False))
    assert one.view("json") is ANSWER.view("json")
    assert not ANSWER.holds(Condition(view="item", path="id", equals="a"))


@pytest.mark.parametrize(
    "body",
    ["", " \n", "callback()", "callback( ) ;", "cb(null);", "{}", "{ }", "[]", "null", '""', "$.cb({})", "\ufeff"],
)
def test_blank(body: str) -> None:
    assert blank(body.encode())


@pytest.mark.parametrize("body", ["0", "callback({'a':1})", "<html></html>", '{"a":1}', "callback", " " * 300])
def test_not_blank(body: str) -> None:
    assert not blank(body.encode())


def filled(**values: str) -> Answer:
    body = {
        "data": [{"id": "r1", "call_purpose": "calls [ref NT-1] x"}, {"id": "r2", "call_purpose": "calls [ref NT-12]"}],
        "re": "a.c",
    }
    return Answer(Reply(200, (), json.dumps(body).encode()), VIEWS, MOBILE, values)


def test_placeholders_in_a_channels_conditions() -> None:
    path = "data[?contains(call_purpose, '[ref {ref}]')] | [0].id"
    assert filled(ref="NT-1").pick(Pick(view="json", path=path)) == "r1"
    assert filled(ref="NT-12").pick(Pick(view="json", path=path)) == "r2"
    assert filled(ref="NT-2").pick(Pick(view="json", path=path)) is None
    assert filled(ref="x").holds(Condition(view="json", path=path, exists=False))
    assert filled(receipt="r1").holds(Condition(view="json", path="data[0].id", equals="{receipt}"))
    assert filled(receipt="a.c").holds(Condition(view="json", path="re", matches="^{receipt}$"))
    assert not filled(receipt="a+c").holds(Condition(view="json", path="re", matches="^{receipt}$"))
    assert filled(receipt="A.C").holds(Condition(view="json", path="re", contains=("{receipt}",)))


@pytest.mark.parametrize("ref", ["'", "']) || ('a", "`1`", '"', "\\", "a)b", "\n"])
def test_a_value_cannot_leave_its_quotes(ref: str) -> None:
    """The place is then unreadable, so that neither finding nor absence is claimed."""
    path = "data[?contains(call_purpose, '[ref {ref}]')] | [0].id"
    assert not filled(ref=ref).holds(Condition(view="json", path=path, exists=True))
    assert not filled(ref=ref).holds(Condition(view="json", path=path, exists=False))


def test_braces_without_values_stay() -> None:
    assert ANSWER.holds(Condition(matches="mobile.{0,3}check"))
    assert ANSWER.pick(Pick(view="json", path="{type: type}")) == '{"type":"mobilecheck"}'


@settings(deadline=None, max_examples=60)
@given(
    body=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)),
    content_type=st.sampled_from(["", "text/html; charset=gbk", "text/html; charset=big5"]),
)
def test_any_body_is_read_or_unreadable(body: bytes, content_type: str) -> None:
    seen = answer(body, content_type)
    for name in [*VIEWS, "body"]:
        value = seen.view(name)
        for place in (
            Locator(view=name),
            Locator(view=name, path="a.b"),
            Locator(view=name, path="a[0]"),
            Locator(view=name, css="p"),
        ):
            found = seen.locate(place)
            if found is not UNREADABLE:
                assert isinstance(plain(found), str)
        assert value is UNREADABLE or value is not None or name not in ("body", "cb")


BOUND = View((Jsonp("cb_{national}"),))


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ('cb_13800138000({"a": 1})', True),
        (' cb_13800138000 ( {"a": 1} ); ', True),
        ('cb_13900139000({"a": 1})', False),
        ('cb_138001380001({"a": 1})', False),
        ('cb_1380013800({"a": 1})', False),
        ('cb_8613800138000({"a": 1})', False),
        ('cb_{national}({"a": 1})', False),
        ('{"a": 1}', False),
    ],
)
def test_a_callback_made_of_the_number_ties_the_answer_to_it(body: str, *, read: bool) -> None:
    for content_type in ("application/javascript", "application/javascript; charset=gbk"):
        assert (answer(body, content_type, cb=BOUND).view("cb") == {"a": 1}) is read
    late = View((Unescape(), Jsonp("cb_{national}")))
    assert (answer(body, cb=late).view("cb") == {"a": 1}) is read


def test_a_callback_may_hold_the_number_with_its_country() -> None:
    assert answer('f8613800138000x({"a": 1})', cb=View((Jsonp("f{digits}x"),))).view("cb") == {"a": 1}


def test_a_callback_without_a_number_asked_for_stays_as_it_is_written() -> None:
    lone = Answer(Reply(200, (), b'cb_13800138000({"a": 1})'), {"cb": BOUND})
    assert lone.view("cb") is UNREADABLE
