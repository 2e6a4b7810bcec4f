"""The label vocabulary: the words of every platform, normalised to a few categories.

The table is built from the words seen on the platforms (docs: `platforms`, grade C and better); a pack may add its own
words, and the operator his, which win over both. A word that nobody knows is `OTHER` and reported once, never dropped.
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


class Severity(enum.StrEnum):
    """What follows from a label that is not right for its number."""

    HARMFUL = "harmful"  # it costs answered calls: a mislabel
    MILD = "mild"  # it is untrue and little more: a wrong category
    NEUTRAL = "neutral"  # it is said, and no problem


def severity(category: Category, own: Mapping[Category, Severity] | None = None) -> Severity:
    """How bad a label is; `own` are the operator's words on it. Nothing is neutral unless he says so."""
    if own is not None and (said := own.get(category)) is not None:
        return said
    return Severity.HARMFUL if SEVERITY[category] >= 2 else Severity.MILD


WORDS: Mapping[str, Category] = {
    word: category
    for category, words in {
        Category.FRAUD: "诈骗电话,诈骗,疑似诈骗,疑似欺诈,欺诈电话,涉诈电话,违法电话,违法,淫秽色情,反动谣言,发票办证,"
        "fraud,fraud call,suspected fraud,scam,scam call,scam likely,potential scam,illegal call,pornography,"
        "fake invoices and certificates,phishing",
        Category.NUISANCE: "骚扰电话,疑似骚扰,骚扰,非应邀商业电话,违规催收,响一声,响一声电话,高频骚扰,"
        "one_ring,one ring,spam,spam call,spam likely,spam risk,potential spam,suspected spam,nuisance,nuisance call,"
        "harassment,harassing call,unsolicited commercial call,illegal debt collection,robocall,robocaller",
        Category.MARKETING: "广告推销,广告营销,营销推广,商业营销,推销电话,保险推销,旅游推广,食药推销,教育培训,"
        "telemarketer,telemarketing,marketing,advertising,sales call,promotion,insurance sales,travel promotion,"
        "food and drug sales,education and training",
        Category.FINANCE: "保险公司,保险理财,金融理财,金融,股票证券,贷款理财,"
        "debt_collector,debt collector,debt collection,finance,financial services,insurance,insurance company,"
        "stocks and securities,loans",
        Category.AGENT: "房产中介,中介,中介公司,猎头招聘,招聘猎头,"
        "agent,agency,estate agent,real estate agent,recruiter,headhunter,recruitment",
        Category.SERVICE: "快递送餐,快递物流,物流快递,快递电话,送餐外卖,外卖送餐,网约车,出租车专车,网约车/出租车,"
        "客服热线,医疗卫生,"
        "courier,express delivery,delivery,logistics,food delivery,takeaway,ride hailing,taxi,customer service,"
        "service hotline,medical,health care",
    }.items()
    for word in words.split(",")
}

STATUS_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("认证", "已认证", "certified", "verified"), "certified"),
    **dict.fromkeys(
        (
            "该号码暂无标记",
            "该号码无标记信息",
            "暂无标记",
            "未标记",
            "无标记",
            "正常号码",
            "无",
            "not marked",
            "no mark",
            "normal number",
        ),
        "clean",
    ),
    **dict.fromkeys(
        ("平台维护中", "查询失败", "超时", "查询中", "under maintenance", "query failed", "timeout", "pending"),
        "unknown",
    ),
}
"""Words that stand where a label would and are none: the platform's own "certified", "no mark" and "no answer". Packs
read them before they ask for a category; a rule that takes one for a label's words has read something else."""

_FOLDED = {word.casefold(): category for word, category in WORDS.items()}


Words = Mapping[str, Category]


def by_platform(packs: Mapping[str, Words], own: Mapping[str, Words]) -> dict[str, dict[str, Category]]:
    """Each platform's own words, those that have any: its pack's, over them the operator's for all platforms (of
    `own` those of ""), over these his for this one.
    """
    merged = {platform: {**words, **own.get("", {}), **own.get(platform, {})} for platform, words in packs.items()}
    return {platform: words for platform, words in merged.items() if words}


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


MOST_OF_WORD = 64
"""Characters of a new word by which it is known again."""


def same_word(words: str) -> str:
    """What two spellings of a new word have in common: a count inside it ("被12人标记") makes no other word of it."""
    folded = " ".join("".join("#" if c.isdecimal() else c for c in words.casefold()).split())
    while "##" in folded:
        folded = folded.replace("##", "#")
    return folded[:MOST_OF_WORD]
