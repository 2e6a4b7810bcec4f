"""What the shipped sources would send: to the platform's own hosts, over https, and with the number in it."""

import base64
from hashlib import md5, sha256
from urllib.parse import parse_qsl, unquote

import msgspec
import pytest

from numtrustd.domain.number import from_canonical
from numtrustd.probes.spec import Source
from numtrustd.settings.checks import is_official
from numtrustd.settings.pages import EXAMPLES
from numtrustd.wire.exchange import Request
from numtrustd.wire.template import NUMBER_LIST, compile_request, moment_values, number_values
from tests import packs

SOURCES = packs.sources()
HOSTS = {source.id: pack.platform.official_hosts for pack in packs.shipped().values() for source in pack.sources}
ELSEWHERE = {
    "contract_aggregator.query": ("vendor.example",),
    "contract_aggregator.batch": ("vendor.example",),
    "chuanglan.marks": ("vendor.example",),
    "nomorobo.spamscore": ("twilio.com",),
}
"""Sources that somebody else than the platform answers: the operator's own vendor, a reseller."""
KEY = "0123456789abcdef"


def sent(source: Source, canonical: str) -> Request:
    request = source.batch.submit.request if source.batch is not None else source.request
    assert request is not None
    template = compile_request(request)
    values = {name: "vendor.example" if name == "var:host" else KEY for name in template.needs if ":" in name}
    number = from_canonical(canonical)
    if source.batch is not None:
        values |= {"ref": "r-1", "numbers": number.national, NUMBER_LIST: number.national}
    return template.fill({**number_values(number), **moment_values(1_795_000_000.0, "n"), **values})


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda s: s.id)
def test_a_request_of_each_kind_of_number(source: Source) -> None:
    for kind in source.kinds:
        request = sent(source, EXAMPLES[kind])
        assert request.origin.startswith("https://")
        assert is_official(request.origin, ELSEWHERE.get(source.id, HOSTS[source.id]))
        number = from_canonical(EXAMPLES[kind])
        text = unquote(request.target) + request.body.decode()
        forms = (number.national, number.e164, number.digits, number.nanp, *request.sent_as)
        assert any(form in text for form in forms), (source.id, text)


@pytest.mark.parametrize("source", ["nomorobo.spamscore", "twilio.lookup", "telesign.score"])
def test_basic(source: str) -> None:
    headers = {name.lower(): value for name, value in sent(SOURCES[source], "+12025550123").headers}
    assert headers["authorization"] == "Basic " + base64.b64encode(f"{KEY}:{KEY}".encode()).decode()


@pytest.mark.parametrize(
    ("source", "number", "target"),
    [
        ("youmail.lookup", "+12025550123", "/api/v2/phone/2025550123?format=json"),
        ("ipqualityscore.phone", "+12025550123", f"/api/json/phone/{KEY}/12025550123?strictness=1"),
        ("nomorobo.spamscore", "+12025550123", "/v1/PhoneNumbers/%2B12025550123?AddOns=nomorobo_spamscore"),
        ("twilio.lookup", "+12025550123", "/v2/PhoneNumbers/%2B12025550123?Fields=caller_name"),
        ("telesign.score", "+12025550123", "/v1/score/12025550123"),
        ("telnyx.fresh", "+12025550123", f"/v2/enterprises/{KEY}/reputation/numbers/%2B12025550123?fresh=true"),
        ("juhe.onebox", "+862151288888", f"/onebox/phone/query?tel=02151288888&key={KEY}&dtype=json"),
        (
            "sogou.vr",
            "+8613800138000",
            "/reventondc/inner/vrapi?number=13800138000&type=json&callback=show_13800138000&isSogoDomain=1",
        ),
        (
            "tencent.appeal_page",
            "+8613800138000",
            "/core/sjg/phone_complain_status?phone=13800138000&callback=cb_13800138000",
        ),
        ("so360.search_page", "4008101234", "/s?q=4008101234"),
        ("baidu.haoma_page", "95588", "/phoneSearch?search=95588&srcid=8757"),
    ],
)
def test_the_documented_request(source: str, number: str, target: str) -> None:
    assert sent(SOURCES[source], number).target == target


def test_a_batch_is_written_as_its_platform_wants_it() -> None:
    assert sent(SOURCES["contract_aggregator.batch"], "+13800138000".replace("+1", "+861")).body == (
        b'{"order":"r-1","phones":["13800138000"]}'
    )
    asked = sent(SOURCES["jumdata.marks"], "+862151288888")
    assert asked.target == "/phone/mark/query"
    form = dict(parse_qsl(asked.body.decode()))
    assert form["sign"] == sha256(f"{KEY}{KEY}1795000000000".encode()).hexdigest()
    assert (form["phone"], form["timestamp"]) == ("02151288888", "1795000000000")
    asked = sent(SOURCES["caih.marks"], "+862151288888")
    assert asked.target == "/verify/api/sign_add"
    added = msgspec.json.decode(asked.body)
    assert added["param"] == {"tels": "02151288888"}
    assert added["authinfo"]["timestamp"] == "20261118190640"
    assert added["authinfo"]["sign"] == md5(f"{KEY * 3}20261118190640".encode(), usedforsecurity=False).hexdigest()
    body = sent(SOURCES["chuanglan.marks"], "+862151288888").body.decode()
    assert 'name="phones"' in body
    assert "02151288888" in body


@pytest.mark.parametrize(
    ("source", "path"), [("ihuyi.makers", "numbermark"), ("ihuyi.platforms", "numbermarkplatform")]
)
def test_ihuyi_asks_with_a_form(source: str, path: str) -> None:
    request = sent(SOURCES[source], "4008101234")
    assert (request.method, request.target) == ("POST", f"/info_service/{path}/Submit.json")
    assert dict(parse_qsl(request.body.decode())) == {"account": KEY, "password": KEY, "content": "4008101234"}


def test_telesign_asks_with_a_form() -> None:
    request = sent(SOURCES["telesign.score"], "+12025550123")
    assert (request.method, request.body) == ("POST", b"account_lifecycle_event=update")
