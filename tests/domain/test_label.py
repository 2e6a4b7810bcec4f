"""The words of every platform come to their category, and a new word is other and told."""

import pytest

from numtrustd.domain.label import (
    SEVERITY,
    STATUS_WORDS,
    WORDS,
    Category,
    Severity,
    classify,
    same_word,
    severity,
)

VOCABULARY = {
    Category.FRAUD: "诈骗电话 诈骗 疑似诈骗 疑似欺诈 涉诈电话 违法电话 违法 淫秽色情 反动谣言 发票办证 fraud scam",
    Category.NUISANCE: "骚扰电话 疑似骚扰 骚扰 非应邀商业电话 违规催收 响一声 ONE_RING spam nuisance robocall",
    Category.MARKETING: "广告推销 广告营销 营销推广 商业营销 保险推销 旅游推广 食药推销 教育培训 telemarketing "
    "telemarketer marketing",
    Category.FINANCE: "保险公司 保险理财 金融理财 金融 股票证券 贷款理财 debt_collector",
    Category.AGENT: "房产中介 中介 中介公司 猎头招聘 招聘猎头",
    Category.SERVICE: "快递送餐 快递物流 物流快递 快递电话 送餐外卖 外卖送餐 网约车 出租车专车 网约车/出租车 "
    "客服热线 医疗卫生",
}
"""The words seen on platforms, by the category that people gave them: a second hand's list, not the table's own."""


@pytest.mark.parametrize(
    ("word", "category"), [(word, category) for category, words in VOCABULARY.items() for word in words.split()]
)
def test_every_word_has_its_category(word: str, category: Category) -> None:
    assert classify(word) == (category, True)
    assert classify(f" {word.upper()} ") == (category, True)


def test_what_the_table_adds_to_that_list_is_english_or_a_spelling_of_it() -> None:
    known = {word.casefold() for words in VOCABULARY.values() for word in words.split()}
    added = {word for word in WORDS if word.casefold() not in known and not word.isascii()}
    assert added == {"欺诈电话", "响一声电话", "高频骚扰", "推销电话"}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("被用户标记为广告推销", Category.MARKETING),
        ("疑似为骚扰电话！", Category.NUISANCE),
        ("Spam Likely", Category.NUISANCE),
        ("Scam Likely", Category.FRAUD),
        ("Potential Fraud", Category.FRAUD),
        ("Telemarketing", Category.MARKETING),
        ("被23位360手机卫士用户标记，疑似为房产中介电话", Category.AGENT),
        ("保险推销电话", Category.MARKETING),
    ],
)
def test_a_known_word_inside_a_longer_text_counts(text: str, category: Category) -> None:
    assert classify(text) == (category, True)


@pytest.mark.parametrize("word", ["碰瓷电话", "Suspicious", "自定义", "未知", "", "?"])
def test_a_new_word_is_other_and_is_told(word: str) -> None:
    assert classify(word) == (Category.OTHER, False)


def test_own_words_win() -> None:
    own = {"碰瓷电话": Category.FRAUD, "广告推销": Category.SERVICE}
    assert classify("碰瓷电话", own) == (Category.FRAUD, True)
    assert classify("广告推销", own) == (Category.SERVICE, True)
    assert classify("疑似碰瓷电话", own) == (Category.FRAUD, True)


@pytest.mark.parametrize(
    "words",
    [
        "无",
        "该号码暂无标记",
        "该号码无标记信息",
        "未标记",
        "无标记",
        "正常号码",
        "平台维护中",
        "查询失败",
        "超时",
        "认证",
    ],
)
def test_words_that_are_no_label_have_no_category(words: str) -> None:
    """Packs read them before they ask for a category; here they are not known."""
    assert classify(words) == (Category.OTHER, False)


@pytest.mark.parametrize(
    ("words", "status"),
    [("未标记", "clean"), ("正常号码", "clean"), ("认证", "certified"), ("平台维护中", "unknown"), ("超时", "unknown")],
)
def test_words_that_are_no_label_are_known_as_that(words: str, status: str) -> None:
    assert STATUS_WORDS[words] == status
    assert words not in WORDS


def test_every_chinese_row_has_english_words_too() -> None:
    for category in set(Category) - {Category.OTHER}:
        words = [word for word, c in WORDS.items() if c is category]
        assert any(word.isascii() for word in words), category
        assert any(not word.isascii() for word in words), category


def test_a_count_inside_a_new_word_makes_no_other_word_of_it() -> None:
    assert same_word("被 12 人标记为碰瓷") == same_word("被 345 人标记为碰瓷") != same_word("被 12 人标记为惹事")
    assert len(same_word("碰瓷" * 500)) <= 64


def test_the_owner_says_how_bad_a_label_is() -> None:
    assert severity(Category.FRAUD) is severity(Category.OTHER) is Severity.HARMFUL
    assert severity(Category.SERVICE) is Severity.MILD
    own = {Category.SERVICE: Severity.NEUTRAL, Category.FINANCE: Severity.HARMFUL}
    assert severity(Category.SERVICE, own) is Severity.NEUTRAL
    assert severity(Category.FINANCE, own) is Severity.HARMFUL
    assert Severity.NEUTRAL not in {severity(category) for category in Category}


def test_every_category_has_a_severity() -> None:
    assert SEVERITY.keys() == set(Category)
    assert SEVERITY[Category.FRAUD] == max(SEVERITY.values())
