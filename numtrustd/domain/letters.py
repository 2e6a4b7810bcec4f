"""The letters and notices that are built in, each as an operator would write his own: lines with placeholders.

A line of which a placeholder is empty is left out. `wording` and `notice` have the values, `wire.letter` fills them in,
`actors.letters` chooses between these and the operator's own.
"""

from datetime import date

from numtrustd.domain.leaving import Reason
from numtrustd.domain.notice import notice_values, removal_values
from numtrustd.domain.wording import ASKS, Owner, appeal_values, errand_values, identity_values, request_values
from numtrustd.domain.workflows.request import AppealData, CorrectionData, RemovalData

ENDING = """\
　　贵平台此前的答复为“{reasons}”，我司已按要求补充材料，现第 {attempt} 次提交。
{residual}
　　随附材料：{papers}。

联系人：{contact}
"""
ASKING = "{platform}：\n\n　　{company}的业务号码 {number} 在贵平台显示为“{words}”，{ask}。\n"
BEWARE = "如有人以该号码自称我司来电，均与我司无关，请勿向其提供银行卡号、短信验证码等信息。"
CLOSING = "　　如需联系我司，请拨打 {contact_phone}。\n　　特此公告。\n\n{owner}\n{day}\n"


def _notice(title: str, text: str) -> str:
    return f"{title}\n\n尊敬的客户：\n　　{text}\n{CLOSING}"


DISUSED = _notice("号码停用公告", "业务号码 {number} 自{day}起停止使用。" + BEWARE)
CLOSED = "因我司办理注销，业务号码 {number} 自{day}起停止使用，并申请删除其全部认证信息。" + BEWARE

LETTERS: dict[str, str] = {
    "appeal": "{platform}：\n\n"
    "　　{company}的业务号码 {number} 在贵平台被标记为“{words}”。该标记与事实不符，特此申诉，请予以取消。\n"
    "　　该号码用途：{purpose}。\n{causes}\n" + ENDING + "申诉编号：{ref}\n",
    **dict.fromkeys(ASKS, ASKING + ENDING + "申请编号：{ref}\n"),
    "removal": "{platform}：\n\n"
    "　　{company}的业务号码 {number}，{because}。特此申请{wish}，并在处理完成后出具注销回执。\n{permanent}\n{shown}\n"
    + ENDING
    + "申请编号：{ref}\n",
    "fault_repaired": "{owner}温馨提示：号码 {number} 的认证及标记显示故障现已修复，请您放心接听。"
    "如仍看到异常提示，请与我们联系。\n",
    "trust_notice": "【{owner}】尊敬的客户：我司服务号码 {number} 的认证标识正在维护，来电可能暂不显示企业名称，"
    "本号码仍为我司官方号码，请放心接听。\n",
    **{f"notice_{reason}": DISUSED for reason in Reason},
    "notice_renamed": _notice(
        "名称变更公告", "我司名称{change}，业务号码 {number} 继续使用，来电时显示的名称正在更新。"
    ),
    "notice_transferred": _notice("号码过户公告", "业务号码 {number} 自{day}起已过户，不再由我司使用。" + BEWARE),
    "notice_company_closing": _notice("号码停用公告", CLOSED),
}
"""Each kind of letter, by the name of the file in which an operator writes his own."""


def _names() -> dict[str, frozenset[str]]:
    owner, request = Owner(), request_values(Owner(), "", "", AppealData(), (), "")
    identity = frozenset(identity_values(request, CorrectionData(), "correction"))
    errand = errand_values(owner, "")
    notice = frozenset(notice_values(errand, None, date.min, 0.0))
    return {
        "appeal": frozenset(appeal_values(request, AppealData())),
        **dict.fromkeys(ASKS, identity),
        "removal": frozenset(removal_values(request, RemovalData())),
        "fault_repaired": frozenset(errand),
        "trust_notice": frozenset(errand),
        **{f"notice_{reason}": notice for reason in Reason},
    }


LETTER_NAMES: dict[str, frozenset[str]] = _names()
"""The kinds of letters that an operator may write himself, and the placeholders of each."""
