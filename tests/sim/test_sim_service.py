"""The wire shapes, the faults and the side doors, asked of the service without a socket."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from selectolax.lexbor import LexborHTMLParser

from numtrustd.sim.script import Certify, Faults, Habits, Label, Mood, Quota, Review, Story, Weather, Window
from numtrustd.sim.service import HOSTILE, Answer, Lost, Result, Service, Shut
from numtrustd.sim.traits import DAY, HOUR
from numtrustd.sim.world import World

T0 = 1_772_413_200.0
MOBILE, AMERICAN = "+8613800138000", "+14155552671"
SO360 = "/so360.onebox/dataApi?query={}&url=mobilecheck&num=1&type=mobilecheck&src=onebox&tpl=1&callback=callback"
SOGOU = "/sogou.search/web?query={}"
AGGREGATOR = "/contract_aggregator.query/number/mark?phone={}"
TELNYX = f"/telnyx.reputation/v2/enterprises/e1/reputation/numbers/{quote(AMERICAN, safe='')}"
REMEDIATION = "/telnyx/v2/enterprises/e1/reputation/remediation"
KEY = (("Authorization", "Bearer k"), ("Content-Type", "application/json"))


def service(*items: Any, habits: Habits | None = None) -> Service:
    return Service(World.create(seed=5, origin=T0, story=Story("test", tuple(items)), habits=habits))


def get(s: Service, target: str, at: float = 0.0) -> Result:
    return s.handle("GET", target, KEY, b"", T0 + at)


def answer(result: Result) -> Answer:
    assert isinstance(result, Answer), result
    return result


def body(result: Result) -> Any:
    return json.loads(answer(result).body)


def remediate(s: Service, ref: str, at: float = 0.0, *numbers: str, purpose: str = "calls") -> Result:
    ask = {"phone_numbers": list(numbers or (AMERICAN,)), "call_purpose": f"{purpose} [{ref}]"}
    return s.handle("POST", REMEDIATION, KEY, json.dumps(ask).encode(), T0 + at)


def script(s: Service, *items: Any) -> None:
    for item in items:
        s.world.inject(item, T0)


def card(result: Result) -> LexborHTMLParser:
    text = answer(result).body.decode()
    assert text.startswith("callback(")
    assert text.endswith(")")
    payload = json.loads(text[len("callback(") : -1])
    assert payload["type"] == "mobilecheck"
    assert payload["query"] == "13800138000"
    return LexborHTMLParser(payload["html"])


def text(tree: LexborHTMLParser, css: str) -> str | None:
    node = tree.css_first(css)
    return None if node is None else node.text(deep=True, strip=True)


def test_so360_marked_clean_and_certified() -> None:
    s = service(Label(MOBILE, "so360", "广告推销", at=HOUR, marks=7), Certify(MOBILE, "so360", "示例<公司>", at=DAY))
    clean = card(get(s, SO360.format("13800138000")))
    assert text(clean, ".mh-des-phone") == "13800138000"
    assert text(clean, ".mohe-ph-mark") is None
    assert text(card(get(s, SO360.format("13800138000"), HOUR)), ".mohe-ph-mark") == "广告推销"
    assert text(card(get(s, SO360.format("13800138000"), DAY)), ".mh-tel-adr > a") == "示例<公司>"


def test_so360_wants_its_own_path_and_parameters() -> None:
    s = service()
    assert answer(get(s, "/so360/other?query=13800138000")).status == 404
    assert answer(get(s, "/so360/dataApi?query=13800138000&type=other")).status == 404
    assert answer(get(s, "/nowhere/x")).status == 404


def sogou_title(result: Result) -> tuple[str, str] | None:
    tree = LexborHTMLParser(answer(result).body)
    node = next((n for n in tree.css("[vrcid^=title]") if "号码查询服务" in n.text()), None)
    if node is None:
        return None
    assert node.parent is not None
    return node.text(strip=True), node.parent.text()


def test_sogou_marked_and_clean_with_the_number_beside_the_title() -> None:
    s = service(Label(MOBILE, "sogou", "营销推广", at=HOUR))
    clean = sogou_title(get(s, SOGOU.format("13800138000")))
    marked = sogou_title(get(s, SOGOU.format("13800138000"), HOUR))
    assert clean is not None
    assert marked is not None
    assert clean[0] == "号码查询服务"
    assert marked[0] == "营销推广-号码查询服务"
    assert "13800138000" in clean[1]


def test_the_aggregator_speaks_for_four_platforms_with_three_values_and_a_zero() -> None:
    s = service(
        Label(MOBILE, "tencent", "广告推销", marks=7),
        Certify(MOBILE, "teddy", "示例公司"),
        Window(Weather.MAINTENANCE, "baidu", until=HOUR),
    )
    data = body(get(s, AGGREGATOR.format("13800138000")))["data"]
    rows = {row["platform"]: row for row in data["list"]}
    assert data["phone"] == "13800138000"
    assert (rows["tencent"]["status"], rows["tencent"]["word"], rows["tencent"]["count"]) == (
        1,
        "广告推销",
        7,
    )
    assert (rows["baidu"]["status"], rows["baidu"]["word"]) == (0, "平台维护中")
    assert rows["dianhuabang"]["status"] == 2
    assert (rows["teddy"]["status"], rows["teddy"]["word"]) == (3, "示例公司")


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ((("Content-Type", "application/json"),), b'{"phone":"13800138000"}'),
        ((("Content-Type", "application/x-www-form-urlencoded"),), b"phone=13800138000"),
    ],
)
def test_the_aggregator_takes_the_number_as_json_or_form(headers: Any, sent: bytes) -> None:
    s = service()
    said = s.handle("POST", "/contract_aggregator/q", (*KEY[:1], *headers), sent, T0)
    assert body(said)["data"]["phone"] == "13800138000"
    assert body(s.handle("POST", "/contract_aggregator/q", headers, sent, T0))["code"] == 401


def test_telnyx_reputation() -> None:
    s = service(Label(AMERICAN, "telnyx", "Telemarketing", at=HOUR, marks=2, per_day=0.0))
    clean = body(get(s, TELNYX))["data"]
    assert clean["phone_number"] == AMERICAN
    assert clean["reputation_data"]["spam_risk"] == "low"
    marked = body(get(s, TELNYX, HOUR))["data"]["reputation_data"]
    assert (marked["spam_risk"], marked["spam_category"]) == ("medium", "Telemarketing")
    assert answer(s.handle("GET", TELNYX, (), b"", T0)).status == 401
    other = TELNYX.replace("%2B14155552671", "%2B8613800138000")
    assert answer(get(s, other)).status == 404


def test_telnyx_remediation_from_submission_to_result() -> None:
    s = service(Label(AMERICAN, "telnyx", "Spam"), Review("telnyx", (Mood.REJECT, Mood.APPROVE), took=DAY, cache=HOUR))
    first = remediate(s, "NT-AAAA")
    assert answer(first).status == 202
    data = body(first)["data"]
    assert (data["status"], data["phone_numbers_submitted"], data["results"]) == ("pending", 1, None)
    one = f"{REMEDIATION}/{data['id']}"
    assert body(get(s, one, HOUR))["data"]["status"] == "pending"
    assert body(get(s, one, 12 * HOUR))["data"]["status"] == "in_progress"
    done = body(get(s, one, DAY))["data"]
    assert done["status"] == "completed"
    assert done["results"]["refused"] == [AMERICAN]
    assert done["tier2_completed_at"] is not None
    second = body(remediate(s, "NT-BBBB", 2 * DAY))["data"]["id"]
    final = body(get(s, f"{REMEDIATION}/{second}", 3 * DAY))["data"]["results"]
    assert final["remediated"] == [AMERICAN]
    listed = body(get(s, REMEDIATION, 3 * DAY))
    assert ["[NT-BBBB]" in x["call_purpose"] for x in listed["data"]] == [True, False]
    assert "results" not in listed["data"][0]
    assert listed["meta"]["total_results"] == 2
    paged = body(get(s, f"{REMEDIATION}?page[size]=1&page[number]=2", 3 * DAY))["data"]
    assert "[NT-AAAA]" in paged[0]["call_purpose"]
    assert body(get(s, f"{REMEDIATION}?filter[status]=pending", 3 * DAY))["data"] == []


def test_telnyx_refuses_what_is_in_flight_and_what_is_malformed() -> None:
    s = service(Label(AMERICAN, "telnyx", "Spam"))
    remediate(s, "NT-AAAA")
    again = remediate(s, "NT-AAAA", 60)
    assert answer(again).status == 422
    assert "in-flight" in body(again)["errors"][0]["detail"]
    assert answer(remediate(s, "NT-C", 0, "+8613800138000")).status == 422
    assert answer(s.handle("POST", REMEDIATION, KEY, b"{nope", T0)).status == 400
    assert answer(get(s, f"{REMEDIATION}/00000000-0000-4000-8000-000000000000")).status == 404
    assert (len(s.world.state.appeals), s.world.state.repeats) == (1, 1)


def test_a_batch_shares_one_request_and_says_what_was_left_out() -> None:
    s = service(Label(AMERICAN, "telnyx", "Spam"), Review("telnyx", (Mood.APPROVE,), took=DAY))
    remediate(s, "NT-A")
    data = body(remediate(s, "NT-B", 60, AMERICAN, "+14155552672"))["data"]
    counts = [data[f"phone_numbers_{k}"] for k in ("count", "ineligible", "submitted")]
    assert counts == [2, 1, 1]
    done = body(get(s, f"{REMEDIATION}/{data['id']}", 2 * DAY))["data"]["results"]
    assert done["not_flagged"] == ["+14155552672"]


def test_a_listing_may_lag() -> None:
    s = service(Label(AMERICAN, "telnyx", "Spam"), Faults(listing_lag=300.0))
    remediate(s, "NT-A")
    assert body(get(s, REMEDIATION, 299))["data"] == []
    assert len(body(get(s, REMEDIATION, 300))["data"]) == 1


PLACES = {"so360": SO360, "sogou": SOGOU, "contract_aggregator": AGGREGATOR}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("kind", [k for k in Weather if k is not Weather.FLICKER])
def test_bad_weather_never_looks_like_a_clean_answer(where: str, kind: Weather) -> None:
    fair = service(Label(MOBILE, where if where != "contract_aggregator" else "tencent", "骚扰电话"))
    plain = answer(get(fair, PLACES[where].format("13800138000")))
    script(fair, Window(kind, where, until=HOUR, detail="2"))
    odd = get(fair, PLACES[where].format("13800138000"))
    if kind is Weather.SLOW:
        assert answer(odd) == Answer(200, plain.body, plain.headers, delay=2.0)
    elif kind is Weather.DOWN:
        assert isinstance(odd, Shut)
    else:
        assert answer(odd).body != plain.body
        assert answer(odd).status in (200, 403, 429, 503)
    after = answer(get(fair, PLACES[where].format("13800138000"), HOUR))
    assert after == plain


def test_blocked_pages_come_with_200_and_say_captcha() -> None:
    s = service(Window(Weather.BLOCKED, "so360", until=HOUR), Window(Weather.BLOCKED, "sogou", until=HOUR))
    for target in (SO360, SOGOU):
        page = answer(get(s, target.format("13800138000")))
        assert page.status == 200
        assert "验证码" in page.body.decode()


def test_a_rate_limit_says_when_to_come_back_or_lies() -> None:
    s = service(Window(Weather.LIMITED, "so360", until=HOUR, detail="999999999999"))
    said = answer(get(s, SO360.format("13800138000")))
    assert said.status == 429
    assert ("retry-after", "999999999999") in said.headers
    script(s, Faults(limited=1.0, hostile=True))
    values = {dict(answer(get(s, SOGOU.format(f"138001380{n:02d}"))).headers)["retry-after"] for n in range(60)}
    assert values == set(HOSTILE)


def test_a_quota_is_refilled_on_the_worlds_clock() -> None:
    s = service(Quota("sogou", 2, per=60.0))
    start = -(T0 % 60.0)
    seen = [answer(get(s, SOGOU.format("13800138000"), start + at)) for at in (0, 1, 2, 59.5, 60)]
    assert [a.status for a in seen] == [200, 200, 429, 429, 200]
    assert [dict(a.headers).get("retry-after") for a in seen] == [None, None, "58", "1", None]
    assert answer(get(s, SO360.format("13800138000"))).status == 200


@pytest.mark.parametrize(
    ("fault", "kind", "effect"),
    [
        ("lost", Lost, 1),
        ("refuse", Shut, 0),
        ("late", Lost, 0),
        ("error_before", 502, 0),
        ("error_after", 502, 1),
        ("limited", 429, 0),
        ("garbage", 200, 0),
        ("cut", 202, 1),
    ],
)
def test_what_a_fault_does_to_a_submission(fault: str, kind: Any, effect: int) -> None:
    s = service(Label(AMERICAN, "telnyx", "Spam"), Faults(**{fault: 1.0}))
    result = remediate(s, "NT-A")
    assert result.status == kind if isinstance(result, Answer) else isinstance(result, kind)
    assert len(s.world.appeals("telnyx", T0)) == effect
    assert len(s.world.appeals("telnyx", T0 + 60)) == (1 if fault == "late" else effect)


def test_faults_strike_in_their_share_and_the_same_ones_each_time() -> None:
    def lost() -> list[bool]:
        s = service(Faults(lost=0.05, only=("so360",)))
        return [isinstance(get(s, SO360.format(f"138001{n:05d}")), Lost) for n in range(1_000)]

    first = lost()
    assert 25 <= sum(first) <= 80
    assert lost() == first
    spared = service(Faults(lost=1.0, only=("sogou",)))
    assert isinstance(get(spared, SO360.format("13800138000")), Answer)


def form(s: Service, at: float = 0.0, **fields: str) -> tuple[int, Any]:
    said = answer(s.handle("POST", "/forms/so360/appeal", (), urlencode(fields).encode(), T0 + at))
    return said.status, json.loads(said.body)


def test_a_person_hands_in_a_form_and_hears_back() -> None:
    s = service(
        Label(MOBILE, "so360", "骚扰电话"),
        Review("so360", (Mood.EVIDENCE,), took=DAY, cache=HOUR),
        Faults(lost=1.0),
    )
    status, said = form(s, number="138 0013 8000", letter="请取消", evidence="licence, recordings", ref="NT-1")
    assert status == 200
    news = f"/forms/so360/appeal/{said['receipt']}"
    assert body(get(s, news, HOUR))["state"] == "in_review"
    assert form(s, HOUR, number=MOBILE, letter="", ref="NT-1") == (
        409,
        {"error": "该号码已有申诉在处理中，不可重复提交", "receipt": said["receipt"]},
    )
    told = body(get(s, news, DAY))
    assert (told["state"], told["reason"]) == ("rejected", "缺少号码归属证明")
    _, again = form(s, 2 * DAY, number=MOBILE, letter="", evidence="number_ownership", ref="NT-2")
    assert body(get(s, f"/forms/so360/appeal/{again['receipt']}", 3 * DAY))["state"] == "approved"
    assert form(s, number="nobody", ref="NT-3")[0] == 400
    assert form(s, number=MOBILE)[0] == 400
    assert answer(get(s, "/forms/so360/appeal/NOPE")).status == 404
    assert answer(get(s, "/forms/nowhere/appeal")).status == 404


def test_the_truth_counts_submissions_and_duplicates() -> None:
    s = service(Label(AMERICAN, "telnyx", "Spam"), habits=Habits(detect_duplicates=False))
    remediate(s, "NT-A")
    remediate(s, "NT-A", 60)
    get(s, TELNYX, 60)
    truth = body(get(s, "/truth", 60))
    assert truth["duplicates"] == [{"number": AMERICAN, "platform": "telnyx", "ref": "NT-A", "times": 2}]
    assert (truth["overlaps"], truth["repeats"]) == (1, 0)
    shown = ("ref", "number", "platform", "at", "attempt", "state")
    assert [truth["submissions"][1][k] for k in shown] == [
        "NT-A",
        AMERICAN,
        "telnyx",
        T0 + 60,
        1,
        "in_review",
    ]
    assert [x["platform"] for x in truth["labels"]] == ["telnyx"]
    assert truth["requests"] == {
        "telnyx.answered_200": 1,
        "telnyx.answered_202": 2,
        "telnyx.asked": 3,
    }
    assert body(get(s, f"/truth?number={MOBILE.replace('+', '%2B')}"))["submissions"] == []


def test_the_script_makes_things_happen_from_now_on() -> None:
    s = service()
    items = [
        {"do": "label", "number": "13800138000", "platform": "tencent", "words": "响一声", "at": 60},
        {"do": "window", "kind": "blocked", "where": "sogou", "until": 3600},
        {"do": "faults", "slow": 0.5},
    ]
    said = answer(s.handle("POST", "/script", (), json.dumps(items).encode(), T0 + DAY))
    assert said.status == 200
    assert s.world.face("tencent", MOBILE, T0 + DAY).words is None
    assert s.world.face("tencent", MOBILE, T0 + DAY + 60).words == "响一声"
    assert s.world.weather(T0 + DAY, "sogou") is not None
    assert s.world.state.faults.slow == 0.5
    for bad in (
        b"[",
        b'{"do":"wish"}',
        b'{"do":"label","number":"x","platform":"so360","words":"y"}',
        b"\xff",
    ):
        assert answer(s.handle("POST", "/script", (), bad, T0)).status == 400
