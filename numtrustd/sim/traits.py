"""The simulated platforms' characters: whom they feed, how they review, what they call things.

Nothing here is a claim about a real platform; the shapes on the wire are in `shapes` and `telnyx`.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from numtrustd.domain.evidence import KINDS
from numtrustd.domain.label import Category

HOUR = 3_600.0
DAY = 86_400.0


class Trait(Struct, frozen=True, kw_only=True):
    """One platform. `review` and `cache` are ranges in seconds, `feeds` is reader → range of lags.

    `wants` are the kinds of evidence that an exacting reviewer asks for; `pause` is how soon after an
    accepted appeal the next one for the same number is taken.
    """

    id: str
    service: str
    words: Mapping[Category, str]
    review: tuple[float, float]
    cache: tuple[float, float]
    feeds: Mapping[str, tuple[float, float]] = {}
    wants: tuple[str, ...] = ("number_ownership",)
    pause: float = 0.0
    refuses: tuple[Category, ...] = ()
    foreign: bool = False


_CHINESE: Mapping[Category, str] = {
    Category.FRAUD: "诈骗电话",
    Category.NUISANCE: "骚扰电话",
    Category.MARKETING: "广告推销",
    Category.FINANCE: "保险理财",
    Category.AGENT: "房产中介",
    Category.SERVICE: "快递送餐",
    Category.OTHER: "响一声",
}
_AMERICAN: Mapping[Category, str] = {
    Category.FRAUD: "Fraud",
    Category.NUISANCE: "Spam",
    Category.MARKETING: "Telemarketing",
    Category.FINANCE: "Debt Collector",
    Category.AGENT: "Telemarketing",
    Category.SERVICE: "Survey",
    Category.OTHER: "Spam",
}

TRAITS: Mapping[str, Trait] = {
    trait.id: trait
    for trait in (
        Trait(
            id="so360",
            service="so360",
            words=_CHINESE,
            review=(1 * DAY, 3 * DAY),
            cache=(6 * HOUR, 1 * DAY),
            feeds={"teddy": (18 * HOUR, 30 * HOUR)},
        ),
        Trait(
            id="sogou",
            service="sogou",
            words={**_CHINESE, Category.MARKETING: "营销推广"},
            review=(5 * DAY, 7 * DAY),
            cache=(12 * HOUR, 2 * DAY),
            feeds={"baidu": (1 * DAY, 3 * DAY)},
        ),
        Trait(
            id="tencent",
            service="contract_aggregator",
            words=_CHINESE,
            review=(3 * DAY, 5 * DAY),
            cache=(12 * HOUR, 2 * DAY),
            feeds={"sogou": (1 * DAY, 3 * DAY)},
        ),
        Trait(
            id="baidu",
            service="contract_aggregator",
            words={**_CHINESE, Category.MARKETING: "广告营销"},
            review=(3 * DAY, 5 * DAY),
            cache=(12 * HOUR, 2 * DAY),
        ),
        Trait(
            id="dianhuabang",
            service="contract_aggregator",
            words=_CHINESE,
            review=(3 * DAY, 5 * DAY),
            cache=(12 * HOUR, 2 * DAY),
        ),
        Trait(
            id="teddy",
            service="contract_aggregator",
            words=_CHINESE,
            review=(3 * DAY, 5 * DAY),
            cache=(3 * DAY, 5 * DAY),
            pause=20 * HOUR,
            refuses=(Category.FRAUD,),
        ),
        Trait(
            id="telnyx",
            service="telnyx",
            words=_AMERICAN,
            review=(1 * DAY, 3 * DAY),
            cache=(12 * HOUR, 2 * DAY),
            foreign=True,
        ),
    )
}
SERVICES = ("so360", "sogou", "contract_aggregator", "telnyx")

_SAID_AS: Mapping[str, tuple[str, ...]] = {
    "licence": ("营业执照", "licence", "license"),
    "number_ownership": ("归属证明", "使用证明", "运营商合同", "ownership", "letter of authori"),
    "legal_person_id": ("法人身份证",),
    "recordings": ("录音", "recording"),
    "order_screenshots": ("订单截图", "order screenshot"),
    "call_records": ("通话详单", "call record"),
    "screenshots": ("标记截图", "screenshots of"),
    "authorisation": ("授权书", "authorisation", "authorization"),
}


def brought(letter: str, evidence: Iterable[str]) -> frozenset[str]:
    """The kinds of evidence that an appeal brings: named in its list, or spoken of in its letter."""
    listed = " ".join(evidence).casefold()
    text = f"{letter} {listed}".casefold()
    return frozenset(kind for kind, said in _SAID_AS.items() if kind in listed or any(word in text for word in said))


def lacking(kind: str) -> str:
    """A Chinese platform's words for a paper that is missing."""
    return "缺少" + KINDS.get(kind, kind).split("（")[0].split("或")[0]


def serves(platform: str, number: str) -> bool:
    """Whether a platform knows such a number (canonical form): Telnyx America's, the others China's."""
    foreign = number.startswith("+") and not number.startswith("+86")
    return number.startswith("+1") if TRAITS[platform].foreign else not foreign
