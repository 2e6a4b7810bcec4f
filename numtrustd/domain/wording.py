"""The letter and the call purpose of an appeal, written from its cause, facts and papers."""

from collections.abc import Sequence

from msgspec import Struct

from numtrustd.domain import evidence
from numtrustd.domain.task import TaskKind
from numtrustd.domain.workflows.request import IdentityData, RequestData

CAUSES: dict[str, str] = {
    "inherited": "我司开始监测该号码时标记即已存在，疑为此前使用者遗留",
    "propagated": "该标记由其他平台的数据同步而来，原平台的标记我司已同时申诉",
    "malicious": "该号码在短时间内被集中标记，与同期通话量不符，疑为恶意标记",
    "algorithm": "该号码近期呼叫较为集中，均为我司正常业务往来，我司已控制呼叫频次与时段",
    "profile": "该号码的企业资料曾过期，我司已更新，随附最新材料",
    "reports": "个别接听人可能误将我司的服务来电认作骚扰",
    "unclear": "经我司自查，未发现与该标记相符的呼叫行为",
}


class Owner(Struct, frozen=True):
    """The company that owns the numbers, as its papers name it."""

    name: str = ""
    licence_number: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""


LETTER_NAMES: dict[str, frozenset[str]] = {
    "appeal": frozenset(
        {
            "platform",
            "company",
            "owner",
            "licence",
            "number",
            "words",
            "purpose",
            "causes",
            "reasons",
            "attempt",
            "residual",
            "papers",
            "contact",
            "contact_name",
            "contact_phone",
            "contact_email",
            "ref",
        }
    )
}
"""The kinds of letters that an operator may write himself, and the placeholders of each."""

APPEAL_LETTER = """\
{platform}：

　　{company}的业务号码 {number} 在贵平台被标记为“{words}”。该标记与事实不符，特此申诉，请予以取消。
　　该号码用途：{purpose}。
{causes}
　　贵平台此前的答复为“{reasons}”，我司已按要求补充材料，现第 {attempt} 次提交。
{residual}
　　随附材料：{papers}。

联系人：{contact}
申诉编号：{ref}
"""
"""The letter that `letter` writes, as an operator would write it; a line with an empty placeholder is left out."""


def letter_values(
    owner: Owner, number: str, platform: str, data: RequestData, papers: Sequence[str], ref: str, used_for: str = ""
) -> dict[str, str]:
    """The value of each placeholder of an appeal's letter, from the same facts as `letter`. `company` is the owner with
    his licence, `causes` are whole lines, `residual` is one; what is not known is empty.
    """
    name = owner.name or "我司"
    return {
        "platform": platform,
        "company": name + (f"（统一社会信用代码 {owner.licence_number}）" if owner.licence_number else ""),
        "owner": name,
        "licence": owner.licence_number,
        "number": number,
        "words": data.words or data.category,
        "purpose": used_for,
        "causes": "\n".join(f"　　{CAUSES[c]}。" for c in data.causes if c in CAUSES),
        "reasons": "；".join(data.reasons),
        "attempt": str(data.attempt),
        "residual": "　　贵平台此前已答复处理，但该标记目前仍在显示，请再次核实。" if data.residual else "",
        "papers": "、".join(evidence.KINDS.get(p, p) for p in papers),
        "contact": "，".join(x for x in (owner.contact_name, owner.contact_phone, owner.contact_email) if x),
        "contact_name": owner.contact_name,
        "contact_phone": owner.contact_phone,
        "contact_email": owner.contact_email,
        "ref": ref,
    }


def letter(
    owner: Owner, number: str, platform: str, data: RequestData, papers: Sequence[str], ref: str, used_for: str = ""
) -> str:
    """The appeal letter in Chinese. `number` as people write it, `papers` are the kinds of evidence that go with it,
    `used_for` says in the owner's words what the numbers are for.
    """
    lines = [
        f"{platform}：",
        "",
        f"　　{owner.name or '我司'}"
        + (f"（统一社会信用代码 {owner.licence_number}）" if owner.licence_number else "")
        + f"的业务号码 {number} 在贵平台被标记为“{data.words or data.category}”。"
        + "该标记与事实不符，特此申诉，请予以取消。",
    ]
    if used_for:
        lines.append(f"　　该号码用途：{used_for}。")
    lines += [f"　　{CAUSES[c]}。" for c in data.causes if c in CAUSES]
    if data.reasons:
        said = "；".join(data.reasons)
        lines.append(f"　　贵平台此前的答复为“{said}”，我司已按要求补充材料，现第 {data.attempt} 次提交。")
    if data.residual:
        lines.append("　　贵平台此前已答复处理，但该标记目前仍在显示，请再次核实。")
    if papers:
        names = "、".join(evidence.KINDS.get(p, p) for p in papers)
        lines.append(f"　　随附材料：{names}。")
    contact = "，".join(x for x in (owner.contact_name, owner.contact_phone, owner.contact_email) if x)
    lines += ["", *([f"联系人：{contact}"] if contact else []), f"申诉编号：{ref}"]
    return "\n".join(lines)


def purpose(owner: Owner, data: RequestData, papers: Sequence[str], used_for: str = "") -> str:
    """One English paragraph for interfaces that ask what the number is used for; `used_for` in the owner's words."""
    calls = f"Business calls of {owner.name or 'our company'}"
    calls += f" ({used_for})" if used_for else " to its own customers"
    parts = [f"{calls}; shown as '{data.words or data.category}', which is wrong."]
    if data.reasons:
        parts.append(f"Attempt {data.attempt}; earlier answer: {'; '.join(data.reasons)}.")
    if data.residual:
        parts.append("It was approved before, but the label is still shown.")
    if papers:
        parts.append(f"Evidence on file: {', '.join(papers)}.")
    return " ".join(parts)


ASKS: dict[str, str] = {
    "correction": "与事实不符，特此申请更正为“{wanted}”",
    "tag": "特此申请将标签变更为“{wanted}”",
    "certification": "特此申请企业号码认证，展示“{wanted}”",
}
"""What each kind of request asks for, in the words of its letter."""
TAKE_DOWN = "该内容已不再使用，特此申请撤下"
"""What it asks for where nothing is wanted in the place of what is shown."""


def request_letter(
    kind: str, owner: Owner, number: str, platform: str, data: IdentityData, papers: Sequence[str], ref: str
) -> str:
    """The letter in Chinese that asks for a name, a logo or a tag; what `letter` is for a label."""
    lines = [
        f"{platform}：",
        "",
        f"　　{owner.name or '我司'}"
        + (f"（统一社会信用代码 {owner.licence_number}）" if owner.licence_number else "")
        + f"的业务号码 {number} 在贵平台显示为“{data.words}”，"
        + (ASKS[kind].format(wanted=data.wanted) if data.wanted else TAKE_DOWN)
        + "。",
    ]
    if data.reasons:
        said = "；".join(data.reasons)
        lines.append(f"　　贵平台此前的答复为“{said}”，我司已按要求补充材料，现第 {data.attempt} 次提交。")
    if data.residual:
        lines.append("　　贵平台此前已答复处理，但原内容目前仍在显示，请再次核实。")
    if papers:
        names = "、".join(evidence.KINDS.get(p, p) for p in papers)
        lines.append(f"　　随附材料：{names}。")
    contact = "，".join(x for x in (owner.contact_name, owner.contact_phone, owner.contact_email) if x)
    lines += ["", *([f"联系人：{contact}"] if contact else []), f"申请编号：{ref}"]
    return "\n".join(lines)


class Notice(Struct, frozen=True):
    """What a person is to publish or send, and what else he does."""

    text: str
    steps: tuple[str, ...] = ()


def notice(kind: TaskKind, owner: Owner, number: str) -> Notice | None:
    """The text that belongs to a task; `None` where it has none. `number` as people write it."""
    who = owner.name or "我司"
    match kind:
        case TaskKind.UPDATE_WORDING:
            return Notice(
                f"{who}温馨提示：号码 {number} 的认证及标记显示故障现已修复，请您放心接听。"
                "如仍看到异常提示，请与我们联系。",
                ("更新客服话术：“认证故障已修复”", "通知呼叫中心班组长"),
            )
        case TaskKind.FIND_CAUSE:
            return Notice(
                f"【{who}】尊敬的客户：我司服务号码 {number} 的认证标识正在维护，来电可能暂不显示企业名称，"
                "本号码仍为我司官方号码，请放心接听。",
                (
                    "向认证服务商询问原因：technical、policy、papers 或 complaints",
                    "维护期间改用在其他平台已认证的备用号码外呼",
                    "向重要客户发送以上临时信任短信",
                ),
            )
        case _:
            return None
