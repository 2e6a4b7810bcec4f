"""Every recorded shape reads as its expectation says, and no damage turns one verdict into another."""

from collections import Counter

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain.number import Number
from numtrustd.domain.observation import Observation, Status
from numtrustd.probes.extract import extract, trace
from tests import packs, recorded
from tests.recorded import Case

SOURCES = packs.sources()
WORDS = {name: pack.platform.words for name, pack in packs.shipped().items()}
CASES = recorded.cases()
FAILURES = (
    "blocked",
    "limited",
    "wrong",
    "no-",
    "empty",
    "maintenance",
    "malformed",
    "login",
    "error",
    "redirect",
)
NOW = 1_795_000_000.0


def look(case: Case, body: bytes | None = None) -> tuple[Observation, ...]:
    reply = case.reply if body is None else structs.replace(case.reply, body=body)
    return extract(SOURCES[case.source], case.number, reply, NOW, WORDS, sent_as(case.source, case.number))


def sent_as(source: str, number: Number) -> tuple[str, ...]:
    return recorded.sent_as(SOURCES[source], number)


def ids(case: Case) -> str:
    return f"{case.source}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_reads_as_expected(case: Case) -> None:
    source = SOURCES[case.source]
    seen = look(case)
    assert len(case.expect) == len(source.readings)
    for observation, reading, expected in zip(seen, source.readings, case.expect, strict=True):
        said = {k: v for k, v in msgspec.to_builtins(observation).items() if k not in ("at", "digest", "source")}
        default = {"surface": reading.surface} if reading.surface != "default" else {}
        assert {k: v for k, v in said.items() if k not in ("detail", "rule")} == default | {
            k: v for k, v in expected.items() if k not in ("detail", "rule")
        }
        assert {k: said.get(k) for k in ("detail", "rule") if k in expected} == {
            k: v for k, v in expected.items() if k in ("detail", "rule")
        }
        assert observation.source == source.id
        assert observation.at == NOW
        assert observation.digest is not None
        assert len(observation.digest) == 16


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_trace_ends_at_the_rule_that_won(case: Case) -> None:
    steps = trace(SOURCES[case.source], case.number, case.reply, sent_as(case.source, case.number))
    for observation, told in zip(look(case), steps, strict=True):
        assert (told.platform, told.surface) == (observation.platform, observation.surface)
        held = [step for step in told.steps if step.held]
        if observation.rule is not None:
            assert [step.name for step in held] == [observation.rule]
            assert "holds" in held[0].why
        elif held:
            assert held[-1].kind in ("http", "empty", "echo", "batch")
        else:
            assert observation.reason in ("bad_shape", "no_card")
        assert all(step.why for step in told.steps)


@pytest.mark.covers("N11")
def test_no_failure_reads_as_a_verdict() -> None:
    failures = [case for case in CASES if case.name.startswith(FAILURES)]
    assert len(failures) > 50
    for case in failures:
        assert not any(observation.known for observation in look(case)), ids(case)


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_has_the_shapes_that_matter(source: str) -> None:
    own = [case for case in CASES if case.source == source]
    names = Counter(case.name.split("-")[0] for case in own)
    says = {str(rule.then.__struct_config__.tag) for rule in SOURCES[source].rules} - {"unknown"}
    assert says
    assert says | {"blocked", "limited", "wrong", "empty", "maintenance", "malformed", "login", "error"} <= names.keys()
    assert names["malformed"] >= 2, "cut off, and not what it says it is"
    failures = [case for case in own if not case.known]
    assert {200, 403, 429} <= {case.reply.status for case in failures}
    assert any(case.name.startswith("error-proxy") and b"<html" in case.reply.body for case in failures)


@pytest.mark.parametrize("source", SOURCES)
def test_every_rule_and_guard_is_reached_by_a_recorded_answer(source: str) -> None:
    """A way to fail that nobody recorded is one that nobody knows to be read right."""
    won = {observation.rule for case in CASES if case.source == source for observation in look(case)}
    assert {rule.name for rule in (*SOURCES[source].guards, *SOURCES[source].rules)} <= won


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_other_numbers_do_not_fit(case: Case) -> None:
    """The same answer to another question is never a verdict."""
    other = structs.replace(case.number, canonical=case.number.canonical[:-1] + "9")
    if other == case.number:
        other = structs.replace(case.number, canonical=case.number.canonical[:-1] + "8")
    seen = extract(SOURCES[case.source], other, case.reply, NOW, {}, sent_as(case.source, other))
    assert not any(observation.known for observation in seen)


BLANK = "any junk in the empty element is a word"
ONE_SIGN = "one word, and else it is a good answer"
ONE_MEMBER = "one member's name: without that member the answer is one that its platform gives for a clean number"
FRAGILE = {
    "so360.onebox/blank-mark": BLANK,
    "so360.onebox/mark-elsewhere": ONE_SIGN,
    "so360.onebox/wrong-card-longer": "junk between the digits leaves the shorter number",
    "so360.search_page/blank-mark": BLANK,
    "so360.search_page/blocked-title": ONE_SIGN,
    "so360.search_page/mark-elsewhere": ONE_SIGN,
    "so360.mobile_page/blank-mark": BLANK,
    "sogou.search/blocked-200-beside-card": ONE_SIGN,
    "sogou.search/wrong-card-longer": "junk between the digits leaves the shorter number",
    "sogou.vr/contradiction": ONE_MEMBER,
    "sogou.vr/contradiction-labelled": "a damaged word is another word",
    "sogou.vr/wrong-card-longer": "a space instead of the last digit leaves the shorter number",
    "baidu.haoma_page/blank-mark": BLANK,
    "baidu.spns/malformed-code-alone": ONE_MEMBER,
    "baidu.spns/malformed-tag-list": ONE_MEMBER,
    "baidu.spns/malformed-tag-text": ONE_MEMBER,
    "baidu.spns/malformed-word-alone": ONE_MEMBER,
    "baidu.spns/maintenance-with-result": ONE_SIGN,
    "baidu.spns/not-given-out": ONE_MEMBER,
    "contract_aggregator.query/contradiction": "a damaged word is another word",
    "contract_aggregator.query/maintenance": "a damaged word is another word",
    "contract_aggregator.query/no-answer-words": ONE_MEMBER,
    "contract_aggregator.batch/contradiction": "a damaged word is another word",
    "contract_aggregator.batch/contradiction-twice": "an item that names nobody any more contradicts nothing",
    "contract_aggregator.batch/wrong-number-longer": "a space instead of the last digit leaves the shorter number",
    "caih.marks/contradiction": ONE_MEMBER,
    "caih.marks/contradiction-twice": "an item that names nobody any more contradicts nothing",
    "caih.marks/no-answer-words": ONE_MEMBER,
    "ihuyi.makers/contradiction": ONE_MEMBER,
    "ihuyi.makers/no-answer-words": "a damaged word is another word",
    "ihuyi.platforms/contradiction": ONE_MEMBER,
    "ihuyi.platforms/no-answer-words": "a damaged word is another word",
    "jumdata.marks/contradiction-twice": "an item that names nobody any more contradicts nothing",
    "jumdata.marks/maintenance-item": "a damaged word is another word",
    "jumdata.marks/no-answer-words": "a damaged word is another word",
    "chuanglan.marks/contradiction-twice": "an item that names nobody any more contradicts nothing",
    "chuanglan.marks/maintenance-item": "a damaged word is another word",
    "chuanglan.marks/no-answer-words": "a damaged word is another word",
    "chuanglan.marks/pending-word": "a damaged word is another word",
    "ipqualityscore.phone/other-suspicious": "a space instead of a digit leaves a lower score",
}
"""Failures that hang on one word of an otherwise good answer; damage may hit just that. All that single damage can do
to the others was tried, at every byte."""

JUNK = (b"\x00", b"<", b">", b'"', b"}", b"\xff", b"\xe5\xb7", b"(", b" ")


def verdicts(seen: tuple[Observation, ...]) -> list[Status]:
    return [observation.status for observation in seen]


@settings(deadline=None, max_examples=60)
@given(case=st.sampled_from(CASES), cut=st.floats(0, 1))
def test_a_truncated_answer_never_turns(case: Case, cut: float) -> None:
    """Cut anywhere: what was unknown stays unknown, and marked, clean and certified never become each other."""
    whole = verdicts(look(case))
    part = verdicts(look(case, case.reply.body[: int(len(case.reply.body) * cut)]))
    for before, after in zip(whole, part, strict=True):
        assert after in (before, Status.UNKNOWN)


@settings(deadline=None, max_examples=60)
@given(
    case=st.sampled_from([case for case in CASES if not case.known and ids(case) not in FRAGILE]),
    spots=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(JUNK)), min_size=1, max_size=8),
)
def test_a_damaged_failure_stays_unknown(case: Case, spots: list[tuple[float, bytes]]) -> None:
    body = bytearray(case.reply.body)
    for where, junk in spots:
        at = int(len(body) * where)
        body[at : at + len(junk)] = junk
    assert not any(observation.known for observation in look(case, bytes(body)))


SOLID = {
    source: [c for c in CASES if c.source == source and not c.known and c.reply.status == 200 and ids(c) not in FRAGILE]
    for source in SOURCES
}
COMPOSED = {
    ("sogou.vr/empty-callback", "sogou.vr/no-callback"),
    ("tencent.appeal_page/empty-callback", "tencent.appeal_page/no-callback"),
}
"""Halves that make one good answer when the second comes to lie inside the first."""

SPLICES = {
    "the head of one before another": lambda a, b, i, j: a[:i] + b,
    "two heads": lambda a, b, i, j: a[:i] + b[:j],
    "the tail of one before another": lambda a, b, i, j: a[i:] + b,
    "a tail and a head": lambda a, b, i, j: a[i:] + b[:j],
    "one inside the other": lambda a, b, i, j: a[:i] + b + a[i:],
}
"""How two bodies run together where somebody loses count of bytes."""


@settings(deadline=None, max_examples=150)
@given(
    pair=st.sampled_from(sorted(SOLID)).flatmap(lambda source: st.tuples(*[st.sampled_from(SOLID[source])] * 2)),
    how=st.sampled_from(sorted(SPLICES)),
    i=st.floats(0, 1),
    j=st.floats(0, 1),
)
def test_two_failures_in_one_body_stay_unknown(pair: tuple[Case, Case], how: str, i: float, j: float) -> None:
    """Neither half says anything of the number, so neither does the whole."""
    one, other = pair
    assume((ids(one), ids(other)) not in COMPOSED)
    a, b = one.reply.body, other.reply.body
    body = SPLICES[how](a, b, int(len(a) * i), int(len(b) * j))
    assert not any(observation.known for observation in look(one, body)), (ids(one), ids(other), how, body)


@pytest.mark.covers("N11")
@settings(deadline=None, max_examples=60)
@given(
    case=st.sampled_from(CASES),
    body=st.binary(max_size=200),
    at=st.floats(0, 1),
    status=st.integers(100, 599),
)
def test_nothing_raises(case: Case, body: bytes, at: float, status: int) -> None:
    split = int(len(case.reply.body) * at)
    reply = structs.replace(case.reply, status=status, body=case.reply.body[:split] + body + case.reply.body[split:])
    seen = extract(SOURCES[case.source], case.number, reply, NOW, {}, sent_as(case.source, case.number))
    assert len(seen) == len(SOURCES[case.source].readings)
    if status >= 300:
        assert not any(observation.known for observation in seen)
    trace(SOURCES[case.source], case.number, reply)
