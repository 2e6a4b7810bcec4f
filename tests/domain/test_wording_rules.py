"""Words that no tag may use are found however they are hidden, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain.wording_rules import ALLOWED, FORBIDDEN, WordingRules, plain, violations

RULES = WordingRules()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("示例快运", []),
        ("冰饮专线", []),
        ("国家级示范", ["国家级"]),
        ("中国第一品牌", ["第一品牌"]),
        ("第一中学招生", []),
        ("最好的火锅", ["最…"]),
        ("价格最", []),
        ("最近的门店", []),
        ("最近最好", ["最…"]),
        ("最最近", []),
        ("顶级服务，行业第一", ["行业第一", "顶级"]),
        ("国 家・级", ["国家级"]),
        ("顶\u200b级", ["顶级"]),
        ("ｎｏ．１ 快运", ["NO.1"]),
        ("１００％正品", ["100%"]),
        ("100元", []),
        ("", []),
    ],
)
def test_what_is_found(text: str, words: list[str]) -> None:
    assert [violation.word for violation in violations(text, RULES)] == words


def test_what_is_found_is_said_with_its_price() -> None:
    [found] = violations("最好吃", RULES)
    said = '"最好" is an advertiser\'s superlative (最…), which costs the rights to edit for '
    assert found.why == said + "30 days"
    [found] = violations("最好吃", structs.replace(RULES, locked_for=86_400.0))
    assert found.why == said + "1 day"


def test_the_words_are_the_operators() -> None:
    own = structs.replace(RULES, forbidden=("便宜",), allowed=())
    assert [v.word for v in violations("最便宜", own)] == ["便宜"]
    assert violations("国家级", own) == ()
    assert [v.word for v in violations("最近", structs.replace(RULES, allowed=()))] == ["最…"]
    assert violations("顶级", structs.replace(RULES, allowed=(*ALLOWED, "顶级"))) == ()
    assert violations("无", structs.replace(RULES, forbidden=("…", " "))) == ()


SOBER = st.text(alphabet="示例快运物流冰饮专线客服热线abc123", max_size=8)


@given(SOBER)
def test_a_sober_text_has_none(text: str) -> None:
    assert violations(text, RULES) == ()


@given(st.sampled_from(FORBIDDEN), SOBER, SOBER, st.sampled_from(["", " ", "·", "-", "\u200b", "\u3000"]))
def test_a_forbidden_word_is_found_however_it_stands(word: str, before: str, after: str, between: str) -> None:
    stem = word.removesuffix("…")
    hidden = between.join(stem) + ("好" if word != stem else "")
    text = before + hidden + after
    assert word in [violation.word for violation in violations(text, RULES)]


@given(st.text(max_size=30))
def test_any_text_can_be_asked_about_and_what_is_found_stands_in_it(text: str) -> None:
    for violation in violations(text, RULES):
        assert violation.found in plain(text)
