"""What letters and forms are filled with: the facts, papers and answers of a request. `letters` has the letters."""

import enum
from collections.abc import Mapping, Sequence

from msgspec import Struct

from numtrustd.domain import evidence
from numtrustd.domain.task import TaskKind
from numtrustd.domain.workflows.request import IdentityData, RequestData

CAUSES: dict[str, str] = {
    "inherited": "我司开始监测该号码时标记即已存在，不能排除为此前使用者遗留",
    "propagated": "该标记由其他平台的数据同步而来，原平台的标记我司已同时申诉",
    "malicious": "该号码在短时间内被集中标记，与同期通话量不符，疑为恶意标记",
    "algorithm": "该号码近期呼叫较为集中，均为我司正常业务往来，我司已控制呼叫频次与时段",
    "profile": "该号码的企业资料曾过期，我司已更新，随附最新材料",
    "reports": "个别接听人可能误将我司的服务来电认作骚扰",
    "unclear": "经我司自查，未发现与该标记相符的呼叫行为",
}


UNREAD: dict[str, str] = {
    "propagated": "该标记由其他平台的数据同步而来",
    "malicious": "该号码在短时间内被集中标记，与同期通话量不符",
    "algorithm": "该号码近期呼叫较为集中，可能因此被系统识别为该标记",
    "profile": "该号码的企业资料可能已过期",
    "unclear": "该标记的成因不明，请贵平台核实",
}
"""What is written of a cause where nobody reads the letter before it goes out: what only the company can know is not
said in its name then."""

CLAIMS: dict[str, str] = {
    "该标记与事实不符": "the label is not true of the number",
    "原平台的标记我司已同时申诉": "the company has appealed at the platform, too, from which the label was copied",
    "疑为恶意标记": "the marks are believed to be malicious",
    "均为我司正常业务往来，我司已控制呼叫频次与时段": (
        "all these calls are ordinary business, and the company has limited how often and when it calls"
    ),
    "我司已更新，随附最新材料": "the company has brought its details up to date and attaches its latest papers",
    "经我司自查，未发现": "the company has looked into its calls and found none that fit the label",
    "我司已按要求补充材料": "the company has added the papers that were asked for",
}
"""What a letter says in the company's name that no record here proves: the words in it, and what they say."""


def claims(letter: str) -> tuple[str, ...]:
    """What whoever lets a letter out has to make sure of, in sentences."""
    return tuple(
        f"the letter says that {said}: make sure that it is so, or hold the case"
        for words, said in CLAIMS.items()
        if words in letter
    )


class Owner(Struct, frozen=True):
    """The company that owns the numbers, as its papers name it."""

    name: str = ""
    licence_number: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""


SETTINGS = {
    "company": "name",
    **{key: key for key in ("licence_number", "contact_name", "contact_phone", "contact_email")},
}
"""What a form may ask of the owner, by its placeholder, and the key of `[company]` that says it."""


UNSET = "(not in the settings: [company] "


def unset(values: Mapping[str, str]) -> dict[str, str]:
    """What stands in a form where the settings say nothing of the owner, so that nobody hands in a blank by mistake."""
    return {name: f"{UNSET}{key})" for name, key in SETTINGS.items() if not values.get(name)}


def _signed(owner: Owner) -> dict[str, str]:
    """Who writes: `company` is the owner with his licence."""
    name = owner.name or "我司"
    return {
        "company": name + (f"（统一社会信用代码 {owner.licence_number}）" if owner.licence_number else ""),
        "owner": name,
        "licence": owner.licence_number,
        "contact": "，".join(x for x in (owner.contact_name, owner.contact_phone, owner.contact_email) if x),
        "contact_name": owner.contact_name,
        "contact_phone": owner.contact_phone,
        "contact_email": owner.contact_email,
    }


def request_values(
    owner: Owner, number: str, platform: str, data: RequestData, papers: Sequence[str], ref: str
) -> dict[str, str]:
    """What the letter of any request may say. `number` as people write it, `papers` are the kinds of evidence that go
    with it. What is not known is empty; `residual` is a whole line."""
    return {
        **_signed(owner),
        "platform": platform,
        "number": number,
        "words": data.words,
        "reasons": "；".join(data.reasons),
        "attempt": str(data.attempt),
        "residual": "　　贵平台此前已答复处理，但原内容目前仍在显示，请再次核实。" if data.residual else "",
        "papers": "、".join(evidence.KINDS.get(p, p) for p in papers),
        "ref": ref,
    }


def appeal_values(
    values: Mapping[str, str], data: RequestData, used_for: str = "", *, read: bool = True
) -> dict[str, str]:
    """What the letter of an appeal may say beside `request_values`. `used_for` says in the owner's words what the
    numbers are for, `causes` are whole lines. `read`: a person reads it before it goes out."""
    texts = CAUSES if read else CAUSES | UNREAD
    return {
        **values,
        "words": data.words or data.category,
        "purpose": used_for,
        "causes": "\n".join(f"　　{texts[c]}。" for c in data.causes if c in texts),
        "residual": "　　贵平台此前已答复处理，但该标记目前仍在显示，请再次核实。" if data.residual else "",
    }


ASKS: dict[str, str] = {
    "correction": "与事实不符，特此申请更正为“{wanted}”",
    "tag": "特此申请将标签变更为“{wanted}”",
    "certification": "特此申请企业号码认证，展示“{wanted}”",
}
"""What each kind of request for a name, a logo or a tag asks for."""
TAKE_DOWN = "该内容已不再使用，特此申请撤下"


def identity_values(values: Mapping[str, str], data: IdentityData, kind: str) -> dict[str, str]:
    """What the letter that asks for a name, a logo or a tag may say beside `request_values`. `ask` is what it asks for,
    which is to take down what is shown where nothing is wanted any more."""
    ask = ASKS[kind].format(wanted=data.wanted) if data.wanted else TAKE_DOWN
    return {**values, "words": data.words or "（无）", "wanted": data.wanted, "ask": ask}


def purpose(owner: Owner, data: RequestData, papers: Sequence[str], used_for: str = "") -> str:
    """One English paragraph for interfaces that ask what the number is used for; `used_for` in the owner's words."""
    calls = f"Business calls of {owner.name or 'our company'}"
    calls += f" ({used_for})" if used_for else ""
    parts = [f"{calls}; shown as '{data.words or data.category}', which is wrong."]
    if data.reasons:
        parts.append(f"Attempt {data.attempt}; earlier answer: {'; '.join(data.reasons)}.")
    if data.residual:
        parts.append("It was approved before, but the label is still shown.")
    if papers:
        parts.append(f"Evidence on file: {', '.join(papers)}.")
    return " ".join(parts)


class Errand(Struct, frozen=True):
    """What a person is to publish or send: the kind of letter, and what else he does."""

    letter: str
    steps: tuple[str, ...] = ()


CALL_FROM_BACKUP = "维护期间改用在其他平台已认证的备用号码外呼"
"""The step that `backup_step` says with the numbers by their name, once it is known which these are."""


class Fitness(enum.IntEnum):
    """Why a number may call for another that is paused at a platform; the best first."""

    CERTIFIED_THERE = 0
    CERTIFIED_ELSEWHERE = 1
    CLEAN_THERE = 2


FITNESS: dict[Fitness, str] = {
    Fitness.CERTIFIED_THERE: "本平台已认证",
    Fitness.CERTIFIED_ELSEWHERE: "其他平台已认证",
    Fitness.CLEAN_THERE: "本平台无标记",
}


def backup_step(numbers: Sequence[tuple[str, Fitness]]) -> str:
    """What a person is told to call from during a pause; the numbers as people write them."""
    if not numbers:
        return "维护期间没有可改用的备用号码：同组号码中没有已认证或在本平台无标记的"
    each = "、".join(f"{number}（{FITNESS[fitness]}）" for number, fitness in numbers)
    return f"维护期间改用以下备用号码外呼：{each}"


ERRANDS: dict[TaskKind, Errand] = {
    TaskKind.UPDATE_WORDING: Errand("fault_repaired", ("更新客服话术：“认证故障已修复”", "通知呼叫中心班组长")),
    TaskKind.FIND_CAUSE: Errand(
        "trust_notice",
        (
            "向认证服务商询问原因：technical、policy、papers 或 complaints",
            CALL_FROM_BACKUP,
            "向重要客户发送以上临时信任短信",
        ),
    ),
}
"""The tasks that come with a text."""


def errand_values(owner: Owner, number: str) -> dict[str, str]:
    """What the text of an errand may say."""
    return {**_signed(owner), "number": number}
