"""What a cancellation says in Chinese: to a platform that is to delete what it shows, and to customers.

`wording` beside this module has what all other requests say, `letters` the letters themselves. What is not known is
left out.
"""

from collections.abc import Mapping
from datetime import date

from numtrustd.domain.identity import Wanted, current
from numtrustd.domain.leaving import PERMANENT, Reason, Scope, scope_of
from numtrustd.domain.observation import Instant
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


def removal_values(values: Mapping[str, str], data: RemovalData) -> dict[str, str]:
    """What the letter that asks a platform to delete what it shows may say beside `wording.request_values`. `shown`,
    `permanent` and `residual` are whole lines."""
    old = scope_of(data.reason) is Scope.OLD
    wish = "注销该号码的认证，删除与之关联的企业名称、标识、标签"
    if old:
        wish = "注销该号码原有的认证，删除与事实不符的企业名称、标识、标签"
    right = f"，正确信息为“{data.wanted}”" if old and data.wanted else ""
    forever = data.permanent or data.reason in PERMANENT
    return {
        **values,
        "because": _because(data.reason),
        "wish": wish,
        "wanted": data.wanted,
        "permanent": "　　同时申请永久删除贵平台留存的该号码及我司的全部认证资料。" if forever else "",
        "shown": f"　　贵平台目前显示为“{data.words}”{right}。" if data.words else "",
        "residual": "　　贵平台此前已答复处理，但原内容目前仍在显示，现补充申请，请再次核实并清除残留显示。"
        if data.residual
        else "",
    }


def notice_values(values: Mapping[str, str], wanted: Wanted | None, today: date, now: Instant) -> dict[str, str]:
    """What the notice to customers may say beside `wording.errand_values`; `change` is that of the name."""
    names = wanted.names if wanted is not None else ()
    new = current(names, now)
    old = [version.text for version in names if new is not None and version.since < new.since and version.text]
    known = new is not None and new.text and old
    return {
        **values,
        "day": f"{today.year}年{today.month}月{today.day}日",
        "new_name": new.text if new is not None else "",
        "old_name": old[-1] if old else "",
        "change": f"由“{old[-1]}”变更为“{new.text}”" if known and new is not None else "已变更",
    }
