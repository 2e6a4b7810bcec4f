"""Words that no advertisement may use, and so no tag on a screen: one sent costs the rights to edit, for a month. Pure.

China's Advertising Law (article 9) forbids 国家级, 最高级, 最佳 and the like; platforms read it widely. `wording`
beside this module writes letters, which are no advertisements.
"""

import unicodedata
from functools import lru_cache
from typing import Annotated

from msgspec import Meta, Struct

FORBIDDEN = (
    "国家级",
    "世界级",
    "国际级",
    "宇宙级",
    "全国第一",
    "全网第一",
    "世界第一",
    "第一品牌",
    "销量第一",
    "排名第一",
    "行业第一",
    "NO.1",
    "TOP1",
    "最…",
    "顶级",
    "顶尖",
    "极品",
    "绝佳",
    "绝对",
    "唯一",
    "首个",
    "首选",
    "独一无二",
    "史无前例",
    "万能",
    "百分之百",
    "100%",
    "国家领导人",
    "国家机关",
    "特供",
    "驰名商标",
    "零风险",
    "永久",
)
"""What is forbidden by default; "…" at the end stands for anything that follows."""

ALLOWED = ("最近", "最后", "最终", "最初", "最低消费")
"""Words that hold a forbidden one and are none."""

ANYTHING = "…"

DAY = 86_400.0


class WordingRules(Struct, frozen=True, forbid_unknown_fields=True):
    """`[wording]`: the words that may stand in no tag or name, those that may although they hold such a word, and for
    how many seconds one that was sent costs the rights to edit."""

    forbidden: tuple[str, ...] = FORBIDDEN
    allowed: tuple[str, ...] = ALLOWED
    locked_for: Annotated[float, Meta(gt=0)] = 2_592_000.0


class Violation(Struct, frozen=True):
    """A forbidden word as the rules write it, and as it was found; sent, it locks what is shown for so long."""

    word: str
    found: str
    locked_for: float

    @property
    def why(self) -> str:
        """In a sentence."""
        days = f"{self.locked_for / DAY:.3g}"
        costs = f"the rights to edit for {days} day{'' if days == '1' else 's'}"
        return f'"{self.found}" is an advertiser\'s superlative ({self.word}), which costs {costs}'


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text as it is read: one form of each letter, and nothing in between that hides a word (spaces, dots,
    invisible characters). What a word itself is written with, such as the % of 100%, stays.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c == "%" or unicodedata.category(c)[0] not in "ZPCS")


@lru_cache(maxsize=1024)
def violations(text: str, rules: WordingRules) -> tuple[Violation, ...]:
    """Every forbidden word in a text, in the order of the rules; empty for one that may be shown."""
    read = plain(text)
    for word in sorted(rules.allowed, key=len, reverse=True):
        if fine := plain(word):
            read = read.replace(fine, "\0" * len(fine))  # keeps what stands before and behind it apart
    found = []
    for word in rules.forbidden:
        stem = plain(word.removesuffix(ANYTHING))
        if not stem:
            continue
        at = read.find(stem)
        if word.endswith(ANYTHING):
            while at >= 0 and read[at + len(stem) : at + len(stem) + 1] in ("", "\0"):
                at = read.find(stem, at + 1)
        if at >= 0:
            end = at + len(stem) + word.endswith(ANYTHING)
            found.append(Violation(word, read[at:end], rules.locked_for))
    return tuple(found)
