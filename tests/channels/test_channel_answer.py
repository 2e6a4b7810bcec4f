"""What a platform said to a submission, a question, a look-up; and that a doubt stays a doubt."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.channels import answer as said
from numtrustd.channels.answer import answer, lint, lint_channel
from numtrustd.channels.spec import (
    AnswerRule,
    Call,
    HttpChannel,
    SayAccepted,
    SayApproved,
    SayInfoRequested,
    SayLater,
    SayNotFound,
    SayRefused,
)
from numtrustd.domain.number import from_canonical
from numtrustd.wire import template
from numtrustd.wire.exchange import Failure, NotSent, Reply, Unknown
from numtrustd.wire.spec import Condition, Json, Pick, RequestSpec, View
from tests import packs

NOW = 1_795_000_000.0
E164 = "+12025551234"
ID = "b7c1f1c0-7a9d-4f0a-9d3e-2f6a1c4b8e21"
VALUES = {
    **template.number_values(from_canonical(E164)),
    "ref": "NT-7",
    "receipt": ID,
    "purpose": "Calls to our own customers.",
    "letter": "信",
}
INELIGIBLE = "the number is not eligible for remediation"
BUCKETS = ("remediated", "not_flagged", "requires_review", "ineligible", "refused")


def telnyx() -> HttpChannel:
    channel = packs.shipped()["telnyx"].channel
    assert isinstance(channel, HttpChannel)
    return channel


CHANNEL = telnyx()
SUBMIT, QUERY, LOOK_UP = CHANNEL.submit, CHANNEL.query, CHANNEL.look_up
assert QUERY is not None
assert LOOK_UP is not None


def reply(status: int, body: object, *headers: tuple[str, str]) -> Reply:
    return Reply(status, headers, json.dumps(body).encode())


def data(**members: object) -> dict[str, object]:
    request = {
        "id": ID,
        "status": "pending",
        "phone_numbers_count": 1,
        "phone_numbers_submitted": 0,
        "phone_numbers_ineligible": 0,
        "call_purpose": "Calls to our own customers. [ref NT-7]",
        "created_at": "2026-06-01T12:00:00Z",
        "updated_at": "2026-06-01T12:05:00Z",
        "contact_email": None,
        "webhook_url": None,
        "tier1_completed_at": None,
        "tier2_completed_at": None,
        "results": None,
    }
    return {"data": request | members}


def results(bucket: str, number: str = E164) -> dict[str, list[str]]:
    return {name: [number] if name == bucket else [] for name in BUCKETS}


def error(code: str, detail: str) -> dict[str, object]:
    return {"errors": [{"code": code, "title": "t", "detail": detail}]}


def listed(*ids: tuple[str, str | None], pages: int = 1) -> dict[str, object]:
    return {
        "data": [{"id": id, "call_purpose": purpose, "status": "pending"} for id, purpose in ids],
        "meta": {"total_pages": pages, "total_results": len(ids), "page_number": 1, "page_size": 250},
    }


def unknown(status: int) -> said.Unclear:
    return said.Unclear(f"HTTP {status} with an answer that no rule knows")


def completed(bucket: str, number: str = E164) -> Reply:
    return reply(200, data(status="completed", results=results(bucket, number)))


OURS = (ID, "Calls. [ref NT-7]")
OTHER = ("x", "Calls. [ref NT-77]")


@pytest.mark.parametrize(
    ("call", "outcome", "result"),
    [
        (SUBMIT, reply(202, data()), said.Accepted(ID)),
        (SUBMIT, reply(202, data(phone_numbers_ineligible=1)), said.Refused(INELIGIBLE)),
        (SUBMIT, reply(422, error("10012", "already in flight")), said.Refused("already in flight")),
        (SUBMIT, reply(400, {"errors": [{"code": "10015"}]}), said.Refused("10015")),
        (SUBMIT, reply(429, error("10011", "slow"), ("retry-after", "30")), said.Later(30.0)),
        (SUBMIT, reply(429, error("10011", "slow")), said.Later(None)),
        (SUBMIT, reply(429, error("10011", "slow"), ("retry-after", "-1")), said.Later(None)),
        (SUBMIT, Reply(429, (), b"<html>proxy</html>"), unknown(429)),
        (SUBMIT, reply(202, data(id="")), unknown(202)),
        (SUBMIT, Reply(202, (), b""), unknown(202)),
        (SUBMIT, Reply(422, (), b"oops"), unknown(422)),
        (SUBMIT, reply(500, error("10007", "x")), said.Unclear("HTTP 500")),
        (SUBMIT, reply(307, data()), said.Unclear("HTTP 307")),
        (SUBMIT, reply(503, data()), said.Unclear("HTTP 503")),
        (SUBMIT, NotSent(Failure.CONNECT, "refused"), said.NotSent("connect: refused")),
        (SUBMIT, Unknown(Failure.RESET), said.Unclear("reset")),
        (QUERY, reply(200, data()), said.InReview()),
        (QUERY, reply(200, data(status="in_progress")), said.InReview()),
        (QUERY, completed("remediated"), said.Approved()),
        (QUERY, completed("not_flagged"), said.Approved()),
        (QUERY, reply(200, data(status="completed", results={"remediated": [E164]})), said.Approved()),
        (QUERY, completed("refused"), said.Rejected("refused by the call-analytics network")),
        (QUERY, completed("requires_review"), said.Rejected("requires_review: the number remains flagged")),
        (QUERY, completed("ineligible"), said.Rejected(INELIGIBLE)),
        (QUERY, reply(200, data(status="failed")), said.Rejected("failed")),
        (QUERY, completed("remediated", "+12025551235"), unknown(200)),
        (QUERY, reply(200, data(status="completed")), unknown(200)),
        (QUERY, reply(200, data(status="new")), unknown(200)),
        (QUERY, reply(200, data(id="other")), unknown(200)),
        (QUERY, reply(404, error("10005", "none")), unknown(404)),
        (LOOK_UP, reply(200, listed(OTHER, OURS)), said.Accepted(ID)),
        (LOOK_UP, reply(200, listed(OURS, pages=9)), said.Accepted(ID)),
        (LOOK_UP, reply(200, listed(OTHER)), said.NotFound()),
        (LOOK_UP, reply(200, listed(pages=0)), said.NotFound()),
        (LOOK_UP, reply(200, listed(OTHER, pages=2)), unknown(200)),
        (LOOK_UP, reply(200, {"data": []}), unknown(200)),
        (LOOK_UP, reply(200, {"data": None, "meta": {"total_pages": 1}}), unknown(200)),
        (LOOK_UP, reply(404, listed()), unknown(404)),
        # One entry that cannot be searched: ours may be it.
        (LOOK_UP, reply(200, listed(("x", None))), unknown(200)),
        (LOOK_UP, reply(401, error("10009", "no key")), unknown(401)),
        (LOOK_UP, Unknown(Failure.TIMEOUT, "30 s"), said.Unclear("timeout: 30 s")),
    ],
)  # fmt: skip
def test_telnyx(call: Call, outcome: Reply | NotSent | Unknown, result: said.Result) -> None:
    assert answer(call, outcome, VALUES, NOW) == result


def test_telnyx_requests() -> None:
    bound = {"var:enterprise_id": "e-1", "var:contact_email": "ops@example.com", "secret:telnyx-api-key": "KEY"}
    submit, query, look_up = (
        template.compile_request(call.request).bind(bound).fill(VALUES) for call in (SUBMIT, QUERY, LOOK_UP)
    )
    assert (submit.method, submit.url) == ("POST", "https://api.telnyx.com/v2/enterprises/e-1/reputation/remediation")
    assert json.loads(submit.body) == {
        "phone_numbers": [E164],
        "call_purpose": "Calls to our own customers. [ref NT-7]",
        "contact_email": "ops@example.com",
    }
    assert ("Authorization", "Bearer KEY") in submit.headers
    assert query.target == f"/v2/enterprises/e-1/reputation/remediation/{ID}"
    assert look_up.target == "/v2/enterprises/e-1/reputation/remediation?page[number]=1&page[size]=250"
    assert lint_channel(CHANNEL) == []


def test_a_receipt_that_is_missing_leaves_it_unclear() -> None:
    rule = AnswerRule(
        "ok", (Condition(view="json", path="ok", equals=True),), SayAccepted(Pick(view="json", path="id"))
    )
    call = Call(request=SUBMIT.request, rules=(rule,), views={"json": View((Json(),))})
    assert answer(call, reply(200, {"ok": True}), VALUES, NOW) == said.Unclear("ok: accepted, but without the receipt")


def test_other_answers() -> None:
    rules = (
        AnswerRule("more", (Condition(contains=("材料不全",)),), SayInfoRequested(Pick(matches="缺少(.{1,9})"))),
        AnswerRule("no", (Condition(contains=("驳回",)),), SayRefused(Pick(matches="因(.{1,9})"))),
        AnswerRule("number", (Condition(has_number=True),), SayApproved()),
    )
    call = Call(request=SUBMIT.request, rules=rules)

    def said_to(text: str) -> said.Result:
        return answer(call, Reply(200, (), text.encode()), VALUES, NOW)

    assert said_to("材料不全，缺少营业执照") == said.InfoRequested("营业执照")
    assert said_to("驳回") == said.Refused(said.NO_REASON)
    assert said_to(f"号码 {E164} 已通过") == said.Approved()
    assert said_to("号码 +12025551235 已通过") == unknown(200)


@settings(deadline=None, max_examples=60)
@given(
    call=st.sampled_from([SUBMIT, QUERY, LOOK_UP]),
    status=st.integers(100, 599),
    body=st.binary(max_size=80),
)
def test_noise_is_unclear(call: Call, status: int, body: bytes) -> None:
    assert isinstance(answer(call, Reply(status, (), body), VALUES, NOW), said.Unclear)


BODIES = [(SUBMIT, data()), (QUERY, data(status="completed", results=results("remediated"))), (LOOK_UP, listed(OURS))]


@settings(deadline=None, max_examples=60)
@given(sample=st.sampled_from(BODIES), cut=st.floats(0, 0.999))
def test_a_cut_answer_is_unclear(sample: tuple[Call, object], cut: float) -> None:
    call, body = sample
    raw = json.dumps(body).encode()
    part = Reply(200, (), raw[: int(len(raw) * cut)])
    assert isinstance(answer(call, part, VALUES, NOW), said.Unclear)


def test_a_reference_that_cannot_be_searched_for_is_not_absent() -> None:
    hostile = {**VALUES, "ref": "x') || contains(call_purpose, '"}
    assert isinstance(answer(LOOK_UP, reply(200, listed(OURS)), hostile, NOW), said.Unclear)


RULE = AnswerRule("a", (Condition(view="json", path="id", exists=True),), SayAccepted(Pick(view="json", path="id")))
CALL = Call(request=RequestSpec(url="https://a.example/{ref}"), rules=(RULE,), views={"json": View((Json(),))})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"request": RequestSpec(url="https://a.example/{oops}")}, "request: unknown placeholder {oops}"),
        ({"rules": (RULE, RULE)}, "rule[1].name: the name 'a' is taken"),
        ({"rules": (structs.replace(RULE, when=()),)}, "a rule without conditions matches everything"),
        ({"rules": (structs.replace(RULE, when=(Condition(status=(200,)),)),)}, "status and absence prove nothing"),
        ({"rules": (structs.replace(RULE, when=(*RULE.when, Condition(status=(503,)))),)}, "nobody can know"),
        ({"rules": (structs.replace(RULE, then=SayAccepted(Pick(view="x", path="y"))),)}, "rule.a.then.receipt.view"),
        ({"views": {}}, "there is no view 'json'"),
    ],
)
def test_lint(change: dict[str, object], words: str) -> None:
    assert lint(CALL) == []
    found = lint(structs.replace(CALL, **change))
    assert any(words in line for line in found), found


def test_lint_of_a_channel() -> None:
    quiet = structs.replace(CALL, request=RequestSpec(url="https://a.example/"))
    found = lint_channel(HttpChannel(submit=quiet, query=CALL, look_up=CALL))
    assert any("which the submission does not carry" in line for line in found)
    assert any(line.startswith("query.rule.a.then: is no answer to query; it may say in_review") for line in found)
    later = structs.replace(RULE, then=SayLater())
    missing = structs.replace(RULE, name="b", then=SayNotFound())
    (line,) = lint_channel(HttpChannel(submit=CALL, look_up=structs.replace(CALL, rules=(later, missing))))
    assert line == "look_up.rule.b.when: a place with {ref} and exists = false must prove the absence"
    absent = Condition(view="json", path="rows[?ref=='{ref}'] | [0]", exists=False)
    missing = structs.replace(missing, when=(*RULE.when, absent))
    assert lint_channel(HttpChannel(submit=CALL, look_up=structs.replace(CALL, rules=(later, missing)))) == []
