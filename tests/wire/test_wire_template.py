"""Templates: what goes out, and what is refused before anything does."""

from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd import __version__
from numtrustd.domain.number import from_canonical
from numtrustd.wire.spec import RequestSpec
from numtrustd.wire.template import (
    NUMBER_NAMES,
    TemplateError,
    compile_request,
    number_values,
    placeholders,
    problems,
)

LANDLINE = number_values(from_canonical("+862151288888"))
URL = "https://api.example.com/v1/{national}?q={e164}&x=1"


def test_number_values() -> None:
    assert LANDLINE == {
        "national": "02151288888",
        "e164": "+862151288888",
        "digits": "862151288888",
        "area": "021",
        "subscriber": "51288888",
        "dashed": "021-51288888",
        "nanp": "862151288888",
    }
    assert number_values(from_canonical("95588")) == {
        "national": "95588",
        "e164": "95588",
        "digits": "95588",
        "area": "",
        "subscriber": "95588",
        "dashed": "95588",
        "nanp": "95588",
    }
    assert number_values(from_canonical("+14155552671"))["nanp"] == "4155552671"
    assert number_values(from_canonical("+442071838750"))["nanp"] == "442071838750"


def test_get() -> None:
    template = compile_request(RequestSpec(url=URL, headers={"Referer": "https://www.example.com/"}))
    assert template.needs == {"national", "e164"}
    request = template.fill(LANDLINE)
    assert request.method == "GET"
    assert request.origin == "https://api.example.com"
    assert request.target == "/v1/02151288888?q=%2B862151288888&x=1"
    assert request.headers == (
        ("Referer", "https://www.example.com/"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", f"numtrustd/{__version__}"),
    )
    assert request.body == b""


def test_json() -> None:
    spec = RequestSpec(
        method="POST",
        url="https://api.example.com",
        headers={"user-agent": "mine", "Authorization": "Bearer {secret:key}"},
        json={
            "phone_numbers": ["{e164}"],
            "n": 1,
            "deep": {"on": True, "none": None},
            "text": '{{"{letter}" [ref {ref}]}}',
        },
    )
    assert placeholders(spec) == {"e164", "letter", "ref", "secret:key"}
    values = {**LANDLINE, "secret:key": "s3cret", "ref": "NT-1", "letter": 'a "b"\n\\c\u2028\x01 尊敬的😀'}
    request = compile_request(spec).fill(values)
    assert request.target == "/"
    assert msgspec.json.decode(request.body) == {
        "phone_numbers": ["+862151288888"],
        "n": 1,
        "deep": {"on": True, "none": None},
        "text": '{"a "b"\n\\c\u2028\x01 尊敬的😀" [ref NT-1]}',
    }
    assert dict(request.headers) == {
        "user-agent": "mine",
        "Authorization": "Bearer s3cret",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
    }


def test_form() -> None:
    spec = RequestSpec(method="POST", url="https://a.example/", form={"号码": "{national}", "why": "a&b={letter}"})
    request = compile_request(spec).fill({**LANDLINE, "letter": "x=1&y=2 号"})
    assert dict(parse_qsl(request.body.decode())) == {"号码": "02151288888", "why": "a&b=x=1&y=2 号"}
    assert ("Content-Type", "application/x-www-form-urlencoded") in request.headers


def test_headers_stay_the_same_object() -> None:
    spec = RequestSpec(url=URL, headers={"Authorization": "Bearer {secret:key}"})
    bound = compile_request(spec).bind({"secret:key": "k"})
    assert bound.needs == {"national", "e164"}
    other = number_values(from_canonical("95588"))
    first, second = bound.fill(LANDLINE), bound.fill(other)
    assert first.headers is second.headers
    assert ("Authorization", "Bearer k") in first.headers
    unbound = compile_request(spec)
    one, two = (unbound.fill({**v, "secret:key": "k"}).headers for v in (LANDLINE, other))
    assert one is two
    assert unbound.fill({**LANDLINE, "secret:key": "l"}).headers is not one


def test_headers_of_the_number_change() -> None:
    template = compile_request(RequestSpec(url="https://a.example/", headers={"X-Number": "{national}"}))
    assert ("X-Number", "02151288888") in template.fill(LANDLINE).headers
    assert ("X-Number", "95588") in template.fill(number_values(from_canonical("95588"))).headers


def test_base_url_takes_the_place_of_the_origin() -> None:
    spec = RequestSpec(url="https://{var:host}/v1/{national}")
    assert placeholders(spec) == {"var:host", "national"}
    assert placeholders(spec, "http://127.0.0.1:8090/agg") == {"national"}
    template = compile_request(spec, "http://127.0.0.1:8090/agg/")
    assert template.needs == {"national"}
    assert template.fill(LANDLINE).url == "http://127.0.0.1:8090/agg/v1/02151288888"
    assert compile_request(spec).bind({"var:host": "v.example:8443"}).fill(LANDLINE).origin == "https://v.example:8443"


@pytest.mark.parametrize(
    "host", ["", "a b", "evil.example/x", "user@evil.example", "v.example:0", "v.example:99999", "[::1"]
)
def test_a_host_must_be_one(host: str) -> None:
    with pytest.raises(TemplateError, match="is not host"):
        compile_request(RequestSpec(url="https://{var:host}/")).bind({"var:host": host})


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://127.9.9.9:80/", "http://[::1]:8080/", "http://localhost/"]
)
def test_plain_http_to_loopback(url: str) -> None:
    assert problems(RequestSpec(url=url)) == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (RequestSpec(url="http://api.example.com/"), "plain http to api.example.com"),
        (RequestSpec(url="http://10.0.0.1/"), "plain http to 10.0.0.1"),
        (RequestSpec(url="ftp://api.example.com/"), "scheme 'ftp' is not https"),
        (RequestSpec(url="api.example.com/x"), "is not scheme://host/path"),
        (RequestSpec(url="https:///x"), "is not host"),
        (RequestSpec(url="https://u:p@api.example.com/x"), "is not host"),
        (RequestSpec(url="https://api.example.com/#frag"), "#fragment"),
        (RequestSpec(url="https://api.example.com/a b"), "percent-encoded"),
        (RequestSpec(url="https://api.example.com/号"), "percent-encoded"),
        (RequestSpec(url="https://api.example.com/%zz"), "percent-encoded"),
        (RequestSpec(url="https://{national}.example.com/"), "only {var:…} may stand in the host"),
        (RequestSpec(url="https://a.example/{nubmer}"), "unknown placeholder {nubmer}"),
        (RequestSpec(url="https://a.example/", headers={"X": "{ref}"}), "unknown placeholder {ref}"),
        (RequestSpec(url="https://a.example/{national"), "lone '{'"),
        (RequestSpec(url="https://a.example/", headers={"X": "}"}), "lone '}'"),
        (RequestSpec(url="https://a.example/", headers={"Accept-Encoding": "gzip"}), "is set by the daemon"),
        (RequestSpec(url="https://a.example/", headers={"host": "b"}), "is set by the daemon"),
        (RequestSpec(url="https://a.example/", headers={"A b": "c"}), "is not a token"),
        (RequestSpec(url="https://a.example/", headers={"A": "c\r\nB: d"}), "visible ASCII"),
        (RequestSpec(url="https://a.example/", headers={"A": "1", "a": "2"}), "given twice"),
        (RequestSpec(url="https://a.example/", json={"a": 1}), "a GET request has no body"),
        (RequestSpec(url="https://a.example/", method="POST", json={}, form={}), "give one of them"),
        (RequestSpec(url="https://a.example/", method="POST", json={"a": "\ue000"}), "U+E000"),
        (RequestSpec(url="https://a.example/", method="POST", json={"a": "{x"}), "json.a has a lone '{'"),
    ],
)
def test_problems(spec: RequestSpec, said: str) -> None:
    found = problems(spec, names=NUMBER_NAMES)
    assert len(found) == 1
    assert said in found[0]


def test_all_problems_at_once() -> None:
    spec = RequestSpec(url="http://a.example/{nope}", headers={"Host": "x"}, json={"a": "{b"})
    assert len(problems(spec)) == 5
    with pytest.raises(TemplateError) as caught:
        compile_request(spec)
    assert len(caught.value.problems) == 5


def test_bad_base_url() -> None:
    for base in ("http://example.com", "127.0.0.1:80", "http://127.0.0.1/?x=1"):
        assert problems(RequestSpec(url=URL), base)


@pytest.mark.parametrize("receipt", ["", ".", ".."])
def test_a_receipt_must_not_climb(receipt: str) -> None:
    template = compile_request(RequestSpec(url="https://a.example/remediation/{receipt}"))
    with pytest.raises(TemplateError):
        template.fill({"receipt": receipt})
    assert template.fill({"receipt": "../../x?y#z"}).target == "/remediation/..%2F..%2Fx%3Fy%23z"


@pytest.mark.parametrize("secret", ["a\r\nX: y", "a\nb", "号", "\x00"])
def test_a_secret_must_fit_a_header_and_is_not_told(secret: str) -> None:
    template = compile_request(RequestSpec(url="https://a.example/", headers={"K": "{secret:k}"}))
    for use in (template.bind, template.fill):
        with pytest.raises(TemplateError) as caught:
            use({"secret:k": secret})
        assert secret not in str(caught.value)


def test_missing_value_is_a_bug() -> None:
    with pytest.raises(KeyError):
        compile_request(RequestSpec(url=URL)).fill({"national": "1"})


def test_lone_surrogate() -> None:
    spec = RequestSpec(url="https://a.example/", method="POST", json={"a": "{letter}"})
    with pytest.raises(TemplateError):
        compile_request(spec).fill({"letter": "\ud800"})


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(deadline=None, max_examples=60)
@given(value=TEXT)
def test_values_come_out_as_they_went_in(value: str) -> None:
    url = compile_request(RequestSpec(url="https://a.example/p/x{letter}/y?q={letter}&r=1")).fill(
        {"letter": value or "z"}
    )
    parts = urlsplit(url.url)
    assert parts.netloc == "a.example"
    assert unquote(parts.path) == f"/p/x{value or 'z'}/y"
    assert parse_qsl(parts.query) == [("q", value or "z"), ("r", "1")]
    body = compile_request(RequestSpec(url="https://a.example/", method="POST", json={"a": ["<{letter}>"]}))
    assert msgspec.json.decode(body.fill({"letter": value}).body) == {"a": [f"<{value}>"]}
    form = compile_request(RequestSpec(url="https://a.example/", method="POST", form={"a": "{letter}", "b": "c"}))
    assert parse_qsl(form.fill({"letter": value}).body.decode(), keep_blank_values=True) == [
        ("a", value),
        ("b", "c"),
    ]
