"""Signed requests: what goes out for each kind of `auth` and `cipher`, and what is refused before anything does."""

import json
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.domain.number import NumberKind, from_canonical
from numtrustd.wire import signing
from numtrustd.wire.exchange import Failure, NotSent, Reply, Unknown
from numtrustd.wire.secrecy import spellings, without
from numtrustd.wire.spec import (
    AesCbc,
    Auth,
    Basic,
    Bce,
    Bearer,
    Cipher,
    Digest,
    File,
    HeaderKey,
    Hmac,
    Multipart,
    Plain,
    QueryKey,
    RequestSpec,
)
from numtrustd.wire.template import (
    NUMBER_NAMES,
    Derived,
    Template,
    TemplateError,
    compile_request,
    lint,
    moment_values,
    number_values,
    placeholders,
    problems,
)

URL = "https://api.example.com/v1/lookup"
MOBILE = number_values(from_canonical("+8613800138000"))
LANDLINE = number_values(from_canonical("+862151288888"))
NOW = 1_772_413_200.75
MOMENT = moment_values(NOW, "n" * 32)
SECRETS = {"secret:id": "ak", "secret:key": "sk", "secret:token": "t0ken/=+", "secret:iv": "fedcba9876543210"}


def ready(spec: RequestSpec, secrets: dict[str, str] = SECRETS) -> Template:
    assert problems(spec, names=NUMBER_NAMES) == []
    return compile_request(spec, names=NUMBER_NAMES).bind(secrets)


def post(**changes: object) -> RequestSpec:
    return RequestSpec(url=URL, method="POST", **changes)  # type: ignore[arg-type]


def test_moment_values() -> None:
    # date -u -d @1772413200 +%FT%TZ
    assert MOMENT == {
        "timestamp": "1772413200",
        "timestamp_ms": "1772413200750",
        "timestamp_iso": "2026-03-02T01:00:00Z",
        "timestamp_beijing": "20260302090000",
        "nonce": "n" * 32,
    }


# ------------------------------------------------------------------------------------------------- keys as they are


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (Basic("Aladdin", "{secret:key}"), ("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),  # RFC 7617, 2
        (Basic("{secret:id}", "{secret:key}"), ("Authorization", f"Basic {signing.basic('ak', 'open sesame')}")),
        (Bearer("{secret:token}"), ("Authorization", "Bearer t0ken/=+")),
        (HeaderKey("X-API-KEY", "v1 {secret:token}"), ("X-API-KEY", "v1 t0ken/=+")),
    ],
)
def test_a_fixed_key_is_written_once(auth: Auth, header: tuple[str, str]) -> None:
    spec = RequestSpec(url=URL + "?n={digits}", auth=auth)
    template = ready(spec, {**SECRETS, "secret:key": "open sesame"})
    assert type(template) is Template  # as fast as one without any auth
    assert not template.timed
    request = template.fill(MOBILE)
    assert header in request.headers
    assert request.target == "/v1/lookup?n=8613800138000"
    assert request.headers is template.fill(LANDLINE).headers


def test_basic_knows_what_must_not_be_shown() -> None:
    template = ready(RequestSpec(url=URL, auth=Basic("{secret:id}", "{secret:key}")))
    assert template.private == ("ak", "sk", signing.basic("ak", "sk"))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (URL, "/v1/lookup?api%20key=t0ken%2F%3D%2B"),
        (URL + "?n={digits}", "/v1/lookup?n=8613800138000&api%20key=t0ken%2F%3D%2B"),
    ],
)
def test_a_key_behind_the_question_mark(url: str, target: str) -> None:
    spec = RequestSpec(url=url, auth=QueryKey("api key", "{secret:token}"))
    assert ready(spec).fill(MOBILE).target == target


# --------------------------------------------------------------------------------------------------------- digests


def test_the_digest_of_a_documentation_in_a_form() -> None:
    """jumdata: sign = sha256(appId + appSecret + timestamp), with the three parts of its own example."""
    spec = post(
        form={"appId": "{secret:id}", "timestamp": "{timestamp_ms}", "sign": "{sign}", "phone": "{national}"},
        auth=Digest("{secret:id}{secret:key}{timestamp_ms}"),
    )
    assert placeholders(spec) == {"secret:id", "secret:key", "timestamp_ms", "sign", "national"}
    template = ready(spec, {"secret:id": "xyzxy2121zxyz", "secret:key": "efcefcef1121cefcefc1212121"})
    assert template.timed
    assert template.needs == {"timestamp_ms", "national"}
    request = template.fill({**LANDLINE, **MOMENT, "timestamp_ms": "1555378976238"})
    assert dict(parse_qsl(request.body.decode())) == {
        "appId": "xyzxy2121zxyz",
        "timestamp": "1555378976238",
        "sign": "6ddcdc405743c576cb6d34b17b47ed56e2b9b6670fae1fe85ed01244fd31558b",  # see test_wire_signing
        "phone": "02151288888",
    }
    assert request.private == ("6ddcdc405743c576cb6d34b17b47ed56e2b9b6670fae1fe85ed01244fd31558b",)
    assert request.sent_as == ()


def test_the_digest_of_a_documentation_in_json() -> None:
    """CAIH: sign = md5(secretkey + userkey + appid + timestamp), with the parts and the outcome of its own example."""
    spec = post(
        json={"authinfo": {"timestamp": "{timestamp_beijing}", "sign": "{sign}"}, "param": {"tels": "{national}"}},
        auth=Digest("{secret:key}{secret:user}{secret:app}{timestamp_beijing}", "md5"),
    )
    parts = {
        "secret:key": "g8imy09du0y893uv03mu580c4mu5c341",
        "secret:user": "6be014da2c1f6b4140e2a12984960376",
        "secret:app": "f790e630a256667a9b25a433bf40481b",
    }
    at_noon = moment_values(1_552_191_152.0, "n")  # TZ=Asia/Shanghai date -d @1552191152 +%Y%m%d%H%M%S
    sent = json.loads(ready(spec, parts).fill({**MOBILE, **at_noon}).body)
    assert sent["authinfo"] == {"timestamp": "20190310121232", "sign": "0fd62781d984abc1a840480d707d5cd2"}


def test_a_signature_stands_where_the_pack_puts_it() -> None:
    auth = Digest("{secret:key}|{nonce}", "md5", "hex_upper")
    sign = signing.digest("sk|" + "n" * 32, "md5", "hex_upper")
    moment = {**MOBILE, **MOMENT}
    in_json = ready(post(json={"authinfo": {"sign": "{sign}", "nonce": "{nonce}"}}, auth=auth)).fill(moment)
    assert json.loads(in_json.body) == {"authinfo": {"sign": sign, "nonce": "n" * 32}}
    in_header = ready(RequestSpec(url=URL, headers={"X-Sign": "v1={sign}"}, auth=auth)).fill(moment)
    assert ("X-Sign", f"v1={sign}") in in_header.headers
    in_query = ready(RequestSpec(url=URL + "?sign={sign}", auth=auth)).fill(moment)
    assert in_query.target == f"/v1/lookup?sign={sign}"
    in_path = ready(RequestSpec(url=URL + "/{sign}/x", auth=auth)).fill(moment)
    assert in_path.target == f"/v1/lookup/{sign}/x"
    assert {r.private for r in (in_json, in_header, in_query, in_path)} == {(sign,)}


def test_a_signature_in_base64_is_escaped_for_its_place() -> None:
    auth = Digest("{secret:key}{national}", encoding="base64")
    sign = signing.digest("sk13800138000", "sha256", "base64")
    assert set(sign) & set("+/=")
    request = ready(RequestSpec(url=URL + "?sign={sign}", auth=auth)).fill(MOBILE)
    assert dict(parse_qsl(urlsplit(request.url).query)) == {"sign": sign}


def test_a_signature_of_fixed_parts_is_made_once() -> None:
    template = ready(RequestSpec(url=URL + "?s={sign}", auth=Digest("{secret:id}{secret:key}")))
    assert type(template) is Template
    assert template.private == ("ak", "sk", signing.digest("aksk", "sha256", "hex"))


# ------------------------------------------------------------------------------------------------------------ HMAC


def test_hmac_over_the_whole_request() -> None:
    # printf 'POST\n/v1/numbers\nq=1\n{"phone":"13800138000"}' | openssl dgst -sha256 -hmac k3y -binary | base64
    spec = RequestSpec(
        url="https://api.example.com/v1/numbers?q=1",
        method="POST",
        headers={"Authorization": "HMAC {secret:id}:{sign}"},
        json={"phone": "{national}"},
        auth=Hmac("{secret:key}", "{method}\n{path}\n{query}\n{body}", encoding="base64"),
    )
    template = ready(spec, {**SECRETS, "secret:key": "k3y"})
    assert template.needs == {"national"}
    request = template.fill(MOBILE)
    assert ("Authorization", "HMAC ak:LlQcFyfbXX4IQXhTFu+p0RiE5TLTl5Tb2KggeUbHe0s=") in request.headers
    other = template.fill(LANDLINE)
    assert dict(other.headers)["Authorization"] != dict(request.headers)["Authorization"]


def test_a_signature_in_the_query_may_cover_the_path() -> None:
    spec = RequestSpec(url=URL + "/{national}?sign={sign}&a=b", auth=Hmac("{secret:key}", "{method} {path}"))
    request = ready(spec).fill(MOBILE)
    sign = signing.mac(b"sk", "GET /v1/lookup/13800138000", "sha256", "hex")
    assert request.target == f"/v1/lookup/13800138000?sign={sign}&a=b"
    in_path = RequestSpec(url=URL + "/{sign}?n={national}", auth=Hmac("{secret:key}", "{query}"))
    sign = signing.mac(b"sk", "n=13800138000", "sha256", "hex")
    assert ready(in_path).fill(MOBILE).target == f"/v1/lookup/{sign}?n=13800138000"


@pytest.mark.parametrize(("text", "encoding"), [("6b3379", "hex"), ("azN5", "base64"), ("k3y", "text")])
def test_hmac_keys_in_their_spellings(text: str, encoding: signing.KeyEncoding) -> None:
    # printf 'appId=a&phone=13800138000&timestamp=1772413200' | openssl dgst -sha1 -hmac k3y -r
    auth = Hmac("{secret:key}", "appId=a&phone={national}&timestamp={timestamp}", "sha1", key_encoding=encoding)
    spec = RequestSpec(url=URL + "?sign={sign}", auth=auth)
    request = ready(spec, {"secret:key": text}).fill({**MOBILE, **MOMENT})
    assert request.target.endswith("=53a908bdc9a55279b859b747389e34b2aeac3ebf")


# -------------------------------------------------------------------------------------------------------------- bce


def test_bce_signs_the_request_that_goes_out() -> None:
    # The request of cloud.baidu.com/doc/Reference/s/wjwvz1xt2, see test_wire_signing.
    query = "?partNumber=9&uploadId=a44cc9bab11cbd156984767aad637851"
    spec = RequestSpec(
        url="https://bj.bcebos.com:443/v1/test/myfolder/readme.txt" + query,
        method="PUT",
        auth=Bce("{secret:id}", "{secret:key}"),
    )
    template = ready(spec, {"secret:id": "a" * 32, "secret:key": "b" * 32})
    request = template.fill(moment_values(1_430_123_029.0, ""))
    prefix = "bce-auth-v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/2015-04-27T08:23:49Z/1800"
    signature = "1b8de5a23a56eef657c69f94c621e7acd227d049a4ba577f537d5e5cebf0cf32"
    headers = dict(request.headers)
    assert headers["x-bce-date"] == "2015-04-27T08:23:49Z"
    assert headers["Authorization"] == f"{prefix}/host;x-bce-date/{signature}"
    assert request.private == (f"host;x-bce-date/{signature}",)


def test_bce_signs_what_it_is_told_to() -> None:
    auth = Bce("{secret:id}", "{secret:key}", 18_000.0, ("X-Bce-Date", "Host", "content-type"))
    request = ready(post(json={"n": "{national}"}, auth=auth)).fill({**MOBILE, **MOMENT})
    prefix = "bce-auth-v1/ak/2026-03-02T01:00:00Z/18000"
    signed, signature = signing.bce_signature(
        "sk",
        prefix,
        "POST",
        "/v1/lookup",
        "",
        {"host": "api.example.com", "content-type": "application/json", "x-bce-date": "2026-03-02T01:00:00Z"},
    )
    assert signed == "content-type;host;x-bce-date"
    assert dict(request.headers)["Authorization"] == f"{prefix}/{signed}/{signature}"


# ---------------------------------------------------------------------------------------------------------- numbers

BAIDU: dict[str, Cipher] = {
    "mobile": Digest("{national}", "sha1"),
    "landline": AesCbc("{dashed}", "{secret:key}", "{secret:iv}"),
    "400": Plain(),
}


def test_each_kind_of_number_has_its_cipher() -> None:
    template = ready(post(json={"phone": "{sealed}"}, cipher=BAIDU), {**SECRETS, "secret:key": "0123456789abcdef"})
    assert template.needs == {"e164", "national", "dashed"}
    # printf %s 13800138000 | openssl dgst -sha1 -r
    sha1 = "ffe1cf3289b18e5aedf4f62e2c1ce2242bbdb0c2"
    # printf %s 021-51288888 | openssl enc -aes-128-cbc -K 30313233343536373839616263646566 \
    #     -iv 66656463626139383736353433323130 -base64 -A
    sealed = "yJVvDJCBPcC/bboo4ec2aw=="
    for values, wanted in (
        (MOBILE, sha1),
        (LANDLINE, sealed),
        (number_values(from_canonical("4008101234")), "4008101234"),
    ):
        request = template.fill(values)
        assert json.loads(request.body) == {"phone": wanted}
        assert request.sent_as == (wanted,)
        assert request.private == ()
    with pytest.raises(TemplateError, match=r"cipher: says nothing of numbers of the kind 95; add .*\.cipher\.95"):
        template.fill(number_values(from_canonical("95588")))


def test_national_sha1() -> None:
    request = ready(RequestSpec(url=URL + "?n={national_sha1}")).fill(MOBILE)
    assert request.target == "/v1/lookup?n=ffe1cf3289b18e5aedf4f62e2c1ce2242bbdb0c2"
    assert request.sent_as == ("ffe1cf3289b18e5aedf4f62e2c1ce2242bbdb0c2",)


def test_a_sealed_number_can_be_signed() -> None:
    spec = post(
        form={"phone": "{sealed}", "sign": "{sign}"},
        auth=Digest("{secret:key}{sealed}"),
        cipher={"mobile": Digest("{national}", "sha1")},
    )
    form = dict(parse_qsl(ready(spec).fill(MOBILE).body.decode()))
    assert form["sign"] == signing.digest("sk" + form["phone"], "sha256", "hex")


# ---------------------------------------------------------------------------------------------------------- mistakes

SIGNED = {"url": URL + "?s={sign}"}
SEALED = {"url": URL + "?n={sealed}"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"auth": Basic("", "{secret:k}")}, "auth.user: is empty"),
        ({"auth": Basic("u", "")}, "auth.password: is empty; write {secret:NAME}"),
        ({"auth": Basic("u", "hunter2")}, "auth.password: holds no secret; write {secret:NAME}"),
        ({"auth": Bearer("{var:token}")}, "auth.token: holds no secret"),
        ({"auth": Bearer("{secret:k}"), "headers": {"authorization": "x"}}, "header Authorization is given twice"),
        ({"auth": Bearer("{secret:k}{")}, "auth.token: has a lone '{'"),
        ({"auth": HeaderKey("X Key", "{secret:k}")}, "header name 'X Key' is not a token"),
        ({"auth": HeaderKey("Host", "{secret:k}")}, "header Host is set by the daemon"),
        ({"auth": QueryKey("", "{secret:k}")}, "auth.name: '' is no name"),
        ({"auth": Digest("{secret:k}")}, "auth: {sign} stands nowhere in the request"),
        ({"auth": Digest("{timestamp}"), **SIGNED}, "auth.of: holds no secret"),
        ({"auth": Digest("{secret:k}{tiemstamp}"), **SIGNED}, "auth.of: unknown placeholder {tiemstamp}; there are"),
        ({"auth": Digest("{secret:k}{sign}"), **SIGNED}, "auth.of: unknown placeholder {sign}"),
        ({"auth": Digest("{secret:k}{query}"), **SIGNED}, "auth.of: is made of {query}, where {sign} itself stands"),
        ({"auth": Hmac("", "{national}"), **SIGNED}, "auth.key: is empty"),
        ({"auth": Hmac("{secret:k}", ""), **SIGNED}, "auth.of: is empty"),
        ({"auth": Bce("", "{secret:k}")}, "auth.access_key: is empty"),
        ({"auth": Bce("{secret:a}", "{secret:k}", 0.5)}, "auth.expiry: is not whole seconds from 1 s to 7 d"),
        ({"auth": Bce("{secret:a}", "{secret:k}", 1.5)}, "auth.expiry: is not whole seconds"),
        ({"auth": Bce("{secret:a}", "{secret:k}", signed_headers=("x-bce-date",))}, 'must have "host"'),
        ({"auth": Bce("{secret:a}", "{secret:k}", signed_headers=("host", "Host"))}, "each header once"),
        (
            {"auth": Bce("{secret:a}", "{secret:k}", signed_headers=("host", "content-md5"))},
            "auth.signed_headers: the request has no header 'content-md5'; there are accept-encoding, authorization,",
        ),
        (SIGNED, 'unknown placeholder {sign}; add an auth of the kind "digest" or "hmac"'),
        (SEALED, "unknown placeholder {sealed}; add a cipher"),
        ({"cipher": {"mobile": Plain()}}, "cipher: {sealed} stands nowhere in the request"),
        ({"cipher": {"mobil": Plain()}, **SEALED}, "cipher.mobil: is no kind of number; there are mobile, landline"),
        ({"cipher": {"mobile": Plain("")}, **SEALED}, "cipher.mobile.of: is empty"),
        ({"cipher": {"mobile": Digest("{sealed}")}, **SEALED}, "cipher.mobile.of: unknown placeholder {sealed}"),
        (
            {"cipher": {"landline": AesCbc("{dashed}", "0123456789abcdef", "{secret:iv}")}, **SEALED},
            "cipher.landline.key: holds no secret",
        ),
    ],
)
def test_problems(changes: dict[str, object], said: str) -> None:
    found = problems(RequestSpec(**{"url": URL, **changes}), names=NUMBER_NAMES)  # type: ignore[arg-type]
    assert len(found) == 1, found
    assert said in found[0]


def test_lint_gives_each_problem_its_place() -> None:
    spec = RequestSpec(url=URL + "/{nope}", auth=Basic("u", ""), cipher={"mobil": Plain()})
    lines = lint(spec, names=NUMBER_NAMES)
    assert [line.partition(": ")[0] for line in lines] == [
        "request",
        "request.cipher",
        "request.auth.password",
        "request.cipher.mobil",
    ]


@pytest.mark.parametrize(
    ("spec", "secrets", "said"),
    [
        (post(auth=Basic("{secret:a:b}", "x")), {}, None),
        (
            RequestSpec(url=URL, auth=Basic("{secret:user}", "{secret:pass}")),
            {"secret:user": "me:you", "secret:pass": "hunter2"},
            "auth.user: user has a colon, which ends the name in Basic; give the name alone",
        ),
        (
            RequestSpec(url=URL + "?s={sign}", auth=Hmac("{secret:key}", "{national}", key_encoding="base64")),
            {"secret:key": "hunter2!"},
            "auth.key: key is not base64",
        ),
        (
            post(json={"n": "{sealed}"}, cipher={"mobile": AesCbc("{national}", "{secret:key}", "{secret:iv}")}),
            {"secret:key": "hunter2"},
            "cipher.mobile.key: key has 7 bytes instead of 16 or 24 or 32; see that key_encoding (text) is right",
        ),
        (
            post(json={"n": "{sealed}"}, cipher={"mobile": AesCbc("{national}", "{secret:key}", "{secret:iv}")}),
            {"secret:iv": "hunter2"},
            "cipher.mobile.iv: iv has 7 bytes instead of 16",
        ),
        (
            RequestSpec(url=URL, auth=Bearer("{secret:key}")),
            {"secret:key": "hunter2\u5bc6"},
            "a header's value may hold visible ASCII only",
        ),
    ],
)
def test_a_secret_that_does_not_fit_is_refused_and_not_told(
    spec: RequestSpec, secrets: dict[str, str], said: str | None
) -> None:
    if said is None:
        assert problems(spec)
        return
    with pytest.raises(TemplateError) as caught:
        compile_request(spec).bind(secrets)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


# ---------------------------------------------------------------------------------------------------- what is shown


def test_nobody_sees_a_request_by_its_repr() -> None:
    spec = post(headers={"X": "{secret:key}"}, form={"k": "{secret:key}"}, auth=QueryKey("k", "{secret:key}"))
    request = ready(spec, {"secret:key": "hunter2"}).fill({})
    assert "hunter2" in request.url
    assert repr(request) == "<POST https://api.example.com>"


def test_what_a_platform_repeats_of_a_signature_goes() -> None:
    reply = Reply(200, (), b'{"error":"bad signature abc123 (abc123)"}')
    assert without(reply, (), ("abc123",)) == Reply(200, (), b'{"error":"bad signature [redacted] ([redacted])"}')
    assert without(reply, ("abc123",)) == without(reply, (), ("abc123",))
    assert without(reply, ("zzzzzz",)) is reply
    assert without(reply, ()) is reply
    assert without(reply, ("bad",)) is reply  # too short to be anybody's secret
    assert without(NotSent(Failure.DNS, "at abc123"), (), ("abc123",)) == NotSent(Failure.DNS, "at [redacted]")
    assert without(Unknown(Failure.RESET, "at abc123"), ("abc123",)) == Unknown(Failure.RESET, "at [redacted]")


def test_a_secret_goes_however_it_is_written() -> None:
    secret = 'p/a+s"s w\\ord\u5bc6'
    assert spellings([secret, "", "x"])[-1] == "x"
    for body in (
        secret,
        json.dumps(secret, ensure_ascii=False),
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret),
    ):
        left = without(Reply(200, (), f"<{body}>".encode()), spellings([secret]))
        assert isinstance(left, Reply)
        assert left.body.strip(b"<>\"'") == b"[redacted]"


# --------------------------------------------------------------------------------------------------------- all kinds

TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(secret=VISIBLE, kind=st.sampled_from(["basic", "bearer", "header", "query", "digest", "hmac", "bce"]))
def test_binding_first_or_last_makes_the_same_request(secret: str, kind: str) -> None:
    auths: dict[str, Auth] = {
        "basic": Basic("u", "{secret:key}"),
        "bearer": Bearer("{secret:key}"),
        "header": HeaderKey("X-Key", "{secret:key}"),
        "query": QueryKey("key", "{secret:key}"),
        "digest": Digest("{secret:key}{nonce}"),
        "hmac": Hmac("{secret:key}", "{method}{path}{query}{timestamp}"),
        "bce": Bce("{secret:id}", "{secret:key}"),
    }
    signed = kind in ("digest", "hmac")
    form = {"sign": "{sign}", "n": "{national}"} if signed else {"n": "{national}"}
    template = compile_request(post(form=form, auth=auths[kind]))
    values = {**MOBILE, **MOMENT}
    secrets = {"secret:key": secret, "secret:id": "ak"}
    first, last = template.bind(secrets).fill(values), template.fill({**secrets, **values})
    assert (first.method, first.url, first.headers, first.body) == (last.method, last.url, last.headers, last.body)
    assert template.bind({"secret:id": "ak"}).bind({"secret:key": secret}).fill(values) == first


NUMBERS = {
    NumberKind.MOBILE: "+8613800138000",
    NumberKind.LANDLINE: "+862151288888",
    NumberKind.SERVICE_400: "4008101234",
    NumberKind.SERVICE_95: "95588",
    NumberKind.SHORT_CODE: "110",
    NumberKind.FOREIGN: "+14155552671",
}


@settings(deadline=None, max_examples=60)
@given(of=TEXT, kind=st.sampled_from(list(NumberKind)))
def test_any_text_can_be_hashed(of: str, kind: NumberKind) -> None:
    written = of.replace("{", "{{").replace("}", "}}")
    spec = post(json={"n": "{sealed}"}, cipher={kind: Digest(written + "{national}")})
    template = compile_request(spec)
    assert isinstance(template, Derived)
    number = from_canonical(NUMBERS[kind])
    request = template.fill(number_values(number))
    assert json.loads(request.body) == {"n": signing.digest(of + number.national, "sha256", "hex")}


# --------------------------------------------------------------------------------------------------------- multipart


def test_multipart_is_signed_like_any_other_body() -> None:
    spec = post(
        multipart=Multipart({"appId": "{secret:id}", "sign": "{sign}"}, File("file", "{national}\n")),
        auth=Digest("{secret:key}{timestamp_ms}"),
    )
    request = ready(spec).fill({**MOBILE, **MOMENT})
    assert signing.digest("sk1772413200750", "sha256", "hex") in request.body.decode()
    over = post(
        multipart=Multipart({"n": "{national}"}),
        headers={"X-Sign": "{sign}"},
        auth=Hmac("{secret:key}", "{body}"),
    )
    request = ready(over).fill(MOBILE)
    assert ("X-Sign", signing.mac(b"sk", request.body.decode(), "sha256", "hex")) in request.headers
    circle = post(multipart=Multipart({"sign": "{sign}"}), auth=Hmac("{secret:key}", "{body}"))
    assert problems(circle) == ["auth.of: is made of {body}, where {sign} itself stands; put {sign} into another place"]
