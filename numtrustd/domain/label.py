"""The label vocabulary: the words of every platform, normalised to a few categories.

The table is built from the words seen on the platforms (docs: `platforms`, grade C and better); a pack may add its own
words. A word that nobody knows is `OTHER` and reported, never dropped.
"""

import enum
from collections.abc import Mapping

WORD_NOT_KNOWN = "word not known"
"""`detail` of a marked observation whose words no table has: its category is `other`, and a person should look."""


class Category(enum.StrEnum):
    """What a label accuses the number of."""

    FRAUD = "fraud"
    NUISANCE = "nuisance"
    MARKETING = "marketing"
    FINANCE = "finance"
    AGENT = "agent"
    SERVICE = "service"
    OTHER = "other"


SEVERITY: Mapping[Category, int] = {
    Category.FRAUD: 3,
    Category.NUISANCE: 3,
    Category.MARKETING: 2,
    Category.OTHER: 2,
    Category.FINANCE: 1,
    Category.AGENT: 1,
    Category.SERVICE: 1,
}
"""3 = the call is refused on sight, 2 = most are, 1 = the word is a nuisance only where it is not true."""

WORDS: Mapping[str, Category] = {
    word: category
    for category, words in {
        Category.FRAUD: "诈骗电话 诈骗 疑似诈骗 疑似欺诈 涉诈电话 违法电话 违法 淫秽色情 反动谣言 发票办证 fraud scam",
        Category.NUISANCE: "骚扰电话 疑似骚扰 骚扰 非应邀商业电话 违规催收 响一声 one_ring spam nuisance robocall",
        Category.MARKETING: "广告推销 广告营销 营销推广 商业营销 保险推销 旅游推广 食药推销 教育培训 "
        "telemarketer telemarketing marketing",
        Category.FINANCE: "保险公司 保险理财 金融理财 金融 股票证券 贷款理财 debt_collector",
        Category.AGENT: "房产中介 中介 中介公司 猎头招聘 招聘猎头",
        Category.SERVICE: "快递送餐 快递物流 物流快递 快递电话 送餐外卖 外卖送餐 网约车 出租车专车 网约车/出租车 "
        "客服热线 医疗卫生",
    }.items()
    for word in words.split()
}

_FOLDED = {word.casefold(): category for word, category in WORDS.items()}


def classify(words: str, extra: Mapping[str, Category] | None = None) -> tuple[Category, bool]:
    """The category of a platform's words, and whether the words were known.

    `extra` (a pack's or the operator's own words) wins over the shared table; a known word inside a longer
    text counts (被用户标记为广告推销), the longest one first.
    """
    text = words.strip().casefold()
    own = {word.casefold(): category for word, category in extra.items()} if extra else {}
    for table in own, _FOLDED:
        if text in table:
            return table[text], True
    best: tuple[int, Category] | None = None
    for table in own, _FOLDED:
        for word, category in table.items():
            if word in text and (best is None or len(word) > best[0]):
                best = (len(word), category)
    return (best[1], True) if best else (Category.OTHER, False)
