"""Whose item is whose, and what a platform said of a batch: nobody's item is ever taken for somebody's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.batch import Absent, Declined, Submitted, Taken, Unclear
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Status, UnknownReason
from numtrustd.probes import collect
from numtrustd.probes.extract import extract
from numtrustd.wire.exchange import Failure, NotSent, Outcome, Reply, Unknown
from tests import packs, recorded

SOURCE = packs.sources()["contract_aggregator.batch"]
BATCH = SOURCE.batch
assert BATCH is not None
NUMBERS = ("+8613800138000", "+862151288888", "4008101234", "95588", "+8613800138001")


def said(**body: Any) -> Reply:
    return Reply(200, (), json.dumps(body).encode())


@pytest.mark.parametrize(
    ("outcome", "meaning"),
    [
        (said(code=200, msg="成功", data={"task": "B17", "count": 3}), Taken("B17")),
        (said(code=402, msg="余额不足", data=None), Declined(UnknownReason.REFUSED, "余额不足")),
        (Reply(403, (), b"{}"), Declined(UnknownReason.REFUSED, "no reason given")),
        (
            said(code=429, msg="请求过于频繁", data=None),
            Declined(UnknownReason.RATE_LIMITED, "the platform asked for a pause"),
        ),
        (NotSent(Failure.CONNECT, "refused"), Declined(UnknownReason.UNREACHABLE, "connect: refused")),
        (NotSent(Failure.TLS), Declined(UnknownReason.TLS, "tls")),
        (Unknown(Failure.TIMEOUT, "20 s"), Unclear(UnknownReason.TIMEOUT, "timeout: 20 s")),
    ],
)
def test_what_came_of_handing_it_in(outcome: Outcome, meaning: Submitted) -> None:
    assert collect.submitted(BATCH.submit, outcome, "r-1") == meaning


@pytest.mark.parametrize(
    "reply",
    [
        Reply(502, (), b"<html>Bad Gateway</html>"),
        Reply(500, (), json.dumps({"code": 200, "data": {"task": "B17"}}).encode()),
        Reply(302, (("location", "/login"),), b""),
        Reply(200, (), b"<html>hello</html>"),
        Reply(200, (), b""),
        said(code=200, msg="成功", data={"task": ""}),
        said(code=200, msg="成功", data=None),
        said(code=500, msg="系统错误", data=None),
    ],
)
def test_what_no_rule_knows_may_have_been_taken_in(reply: Reply) -> None:
    assert isinstance(collect.submitted(BATCH.submit, reply, "r-1"), Unclear)


def test_a_look_up_proves_presence_and_absence() -> None:
    assert BATCH.look_up is not None
    found = said(code=200, msg="成功", data={"orders": {"r-1": "B17"}})
    assert collect.submitted(BATCH.look_up, found, "r-1") == Taken("B17")
    assert collect.submitted(BATCH.look_up, found, "r-2") == Absent()
    assert isinstance(collect.submitted(BATCH.look_up, said(code=200, data=None), "r-1"), Unclear)


JUMDATA = {"code": 200, "msg": "成功", "taskNo": "043439882226367117195632", "charge": True}


@pytest.mark.parametrize(
    ("source", "reply", "meaning"),
    [
        ("jumdata.marks", said(**JUMDATA), Taken("043439882226367117195632")),
        ("jumdata.marks", said(code=701, msg="appId 无效"), Declined(UnknownReason.REFUSED, "appId 无效")),
        ("jumdata.marks", said(code=702, msg="余额不足"), Declined(UnknownReason.REFUSED, "余额不足")),
        ("caih.marks", said(data={"state": "1", "desc": "成功", "batchUniqueId": "u91"}), Taken("u91")),
        ("caih.marks", said(data={"state": "9", "desc": "签名错误"}), Declined(UnknownReason.REFUSED, "签名错误")),
        ("caih.marks", said(data={"state": "9", "desc": "系统异常"}), None),
        ("jumdata.marks", said(code=500, msg="系统异常"), None),
        ("jumdata.marks", said(**{**JUMDATA, "code": 500, "msg": "余额不足"}), None),
    ],
)
def test_what_the_documented_vendors_say_of_handing_in(source: str, reply: Reply, meaning: Submitted | None) -> None:
    batch = packs.sources()[source].batch
    assert batch is not None
    found = collect.submitted(batch.submit, reply, "r-1")
    assert found == meaning if meaning is not None else isinstance(found, Unclear)


SPELLINGS = (
    lambda n: n.national,
    lambda n: n.e164,
    lambda n: n.dashed,
    lambda n: f" {n.national} ",
    lambda n: n.digits,
)


@pytest.mark.parametrize("canonical", NUMBERS)
def test_an_item_is_found_however_its_number_is_written(canonical: str) -> None:
    number = from_canonical(canonical)
    index = {form: n for n in NUMBERS for form in collect.names(from_canonical(n))}
    for spelling in SPELLINGS:
        row = collect.Row((spelling(number),), Reply(200, (), b"{}"))
        found, strangers = collect.sort([row], index)
        assert (list(found), strangers) == ([canonical], 0), spelling(number)


@given(text=st.one_of(st.text("0123456789+-* ()x", max_size=16), st.text(max_size=6)))
def test_no_other_text_names_a_number(text: str) -> None:
    number = from_canonical(NUMBERS[0])
    found, _ = collect.sort([collect.Row((text,), Reply(200, (), b"{}"))], dict.fromkeys(collect.names(number), "it"))
    digits = "".join(c for c in text if c.isdigit())
    assert not found or digits in (number.national, f"86{number.national}", f"0086{number.national}")


def test_an_item_that_names_two_numbers_is_nobodys() -> None:
    index = {form: n for n in NUMBERS for form in collect.names(from_canonical(n))}
    row = collect.Row(("13800138000", "13800138001"), Reply(200, (), b"{}"))
    assert collect.sort([row], index) == ({}, 1)


rows = st.lists(
    st.tuples(st.sampled_from(("13800138000", "13800138001", "13900139000", "", None, 7)), st.sampled_from((1, 2, 0))),
    max_size=6,
)


@given(rows=rows, task=st.sampled_from(("B17", "B18", None)), state=st.sampled_from((0, 1, 2, 9, None)))
def test_a_verdict_comes_only_from_the_numbers_own_item_in_the_right_task(
    rows: list[tuple[Any, int]], task: str | None, state: int | None
) -> None:
    items = [{"phone": phone, "list": [{"platform": "tencent", "status": s, "word": ""}]} for phone, s in rows]
    reply = said(code=200, msg="成功", data={"task": task, "state": state, "items": items})
    number = from_canonical("+8613800138000")
    seen = extract(SOURCE, number, reply, 0.0, {}, (recorded.TASK,))[0]
    own = {s for phone, s in rows if phone == "13800138000"}
    if seen.known:
        assert task == "B17"
        assert state in (1, 2)
        assert len(own) == 1
        assert seen.status is (Status.CLEAN if own == {2} else Status.MARKED)
    elif task == "B17" and state in (1, 2) and len(own) == 1:
        assert own == {0}
