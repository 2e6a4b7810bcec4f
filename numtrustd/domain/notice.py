"""What a cancellation says in Chinese: the request to a platform to delete what it shows, and the notice to customers.

`wording` beside this module has the letters of all other requests. Everything is written from the facts that are known;
what is not known is left out.
"""

from collections.abc import Sequence
from datetime import date

from numtrustd.domain import evidence
from numtrustd.domain.identity import Wanted, current
from numtrustd.domain.leaving import PERMANENT, Reason, Scope, scope_of
from numtrustd.domain.observation import Instant
from numtrustd.domain.wording import Owner
from numtrustd.domain.workflows.request import RemovalData

BECAUSE: dict[Reason, str] = {
    Reason.RENAMED: "我司名称已变更登记，原名称不再使用",
    Reason.DISUSED: "我司已不再使用该号码",
    Reason.WRONG_INFO: "现显示的信息有误（错误字段已在附件中标明）",
    Reason.COMPANY_CLOSING: "我司正在办理注销，该号码及其认证不再使用",
    Reason.STAFF_LEFT: "使用该号码的员工已离职，该号码不得再以我司名义呼出",
    Reason.TRANSFERRED: "该号码已过户，此后与我司无关",
}
"""Why a platform is asked to delete, in the words of the letter."""


def _because(reason: str) -> str:
    return BECAUSE[Reason(reason)] if reason else BECAUSE[Reason.DISUSED]


def removal_letter(owner: Owner, number: str, platform: str, data: RemovalData, papers: Sequence[str], ref: str) -> str:
    """The letter that asks a platform to delete what it shows. `number` as people write it, `papers` are the kinds of
    evidence that go with it."""
    code = f"（统一社会信用代码 {owner.licence_number}）" if owner.licence_number else ""
    wish = "注销该号码的认证，删除与之关联的企业名称、标识、标签"
    if scope_of(data.reason) is Scope.OLD:
        wish = "注销该号码原有的认证，删除与事实不符的企业名称、标识、标签"
    lines = [
        f"{platform}：",
        "",
        f"　　{owner.name or '我司'}{code}的业务号码 {number}，{_because(data.reason)}。特此申请{wish}，"
        "并在处理完成后出具注销回执。",
    ]
    if data.permanent or data.reason in PERMANENT:
        lines.append("　　同时申请永久删除贵平台留存的该号码及我司的全部认证资料。")
    if data.words:
        right = f"，正确信息为“{data.wanted}”" if scope_of(data.reason) is Scope.OLD and data.wanted else ""
        lines.append(f"　　贵平台目前显示为“{data.words}”{right}。")
    if data.reasons:
        said = "；".join(data.reasons)
        lines.append(f"　　贵平台此前的答复为“{said}”，我司已按要求补充材料，现第 {data.attempt} 次提交。")
    if data.residual:
        lines.append("　　贵平台此前已答复处理，但原内容目前仍在显示，现补充申请，请再次核实并清除残留显示。")
    if papers:
        names = "、".join(evidence.KINDS.get(p, p) for p in papers)
        lines.append(f"　　随附材料：{names}。")
    contact = "，".join(x for x in (owner.contact_name, owner.contact_phone, owner.contact_email) if x)
    lines += ["", *([f"联系人：{contact}"] if contact else []), f"申请编号：{ref}"]
    return "\n".join(lines)


def announcement(owner: Owner, number: str, reason: str, wanted: Wanted | None, today: date, now: Instant) -> str:
    """The notice to customers that the owner publishes. `number` as people write it."""
    day = f"{today.year}年{today.month}月{today.day}日"
    company = owner.name or "我司"
    beware = "如有人以该号码自称我司来电，均与我司无关，请勿向其提供银行卡号、短信验证码等信息。"
    match reason:
        case Reason.RENAMED:
            names = wanted.names if wanted is not None else ()
            new = current(names, now)
            old = [version.text for version in names if new is not None and version.since < new.since and version.text]
            change = f"由“{old[-1]}”变更为“{new.text}”" if new is not None and new.text and old else "已变更"
            title, said = "名称变更公告", f"我司名称{change}，业务号码 {number} 继续使用，来电时显示的名称正在更新。"
        case Reason.TRANSFERRED:
            title, said = "号码过户公告", f"业务号码 {number} 自{day}起已过户，不再由我司使用。{beware}"
        case Reason.COMPANY_CLOSING:
            title = "号码停用公告"
            said = f"因我司办理注销，业务号码 {number} 自{day}起停止使用，并申请删除其全部认证信息。{beware}"
        case _:
            title, said = "号码停用公告", f"业务号码 {number} 自{day}起停止使用。{beware}"
    lines = [title, "", "尊敬的客户：", f"　　{said}"]
    if owner.contact_phone:
        lines.append(f"　　如需联系我司，请拨打 {owner.contact_phone}。")
    return "\n".join([*lines, "　　特此公告。", "", company, day])
