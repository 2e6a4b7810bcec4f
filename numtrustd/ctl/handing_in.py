"""What people are told to do who hand something in, and what to bring back, in the language of who reads it: one
language in one list.

The daemon sends a pack's own words, and its own in Chinese. Here are those of the packs that come with the program, and
of the daemon, in both languages; `looking` beside this module has the ways of looks. A pack of the operator's own says
it in the language that he wrote it in. What a platform's form calls a field stays, for that is what stands there.
"""

import re
from collections.abc import Iterable, Mapping

from numtrustd.ctl.lang import spoken

PAIRS: tuple[tuple[str, str], ...] = (
    # The owner of the data, and how it is asked.
    (
        "打开页面，查询号码，确认标记和数据来源（可能写着搜狗号码通，那就先在搜狗申诉）",
        "Open the page, look the number up, make sure of the label and of its source (if it names 搜狗号码通, "
        "appeal at "
        "sogou first)",
    ),
    (
        "选择申诉，填写信息并上传随附材料（加盖公章）",
        "Choose to appeal, fill in the fields and upload the papers, each with the company's seal",
    ),
    ("提交后截图保存", "Send it, and keep a screenshot"),
    ("申诉单号或提交时间", "the appeal's number, or when it was sent"),
    (
        "联系号码所属运营商的客户经理，没有客户经理时拨打 10086",
        "Ask your account manager at the number's carrier; without one, call 10086",
    ),
    (
        "联系号码所属运营商的客户经理，没有客户经理时拨打 10000",
        "Ask your account manager at the number's carrier; without one, call 10000",
    ),
    (
        "联系号码所属运营商的客户经理，没有客户经理时拨打 10010",
        "Ask your account manager at the number's carrier; without one, call 10010",
    ),
    (
        "说明号码被误标记，提交申诉信和随附材料（加盖公章）",
        "Say that the number is wrongly labelled; hand in the letter and the papers, each with the company's seal",
    ),
    ("记下受理的工单号和答复期限", "Note the number of the ticket and by when they answer"),
    ("工单号和答复期限", "the number of the ticket, and by when they answer"),
    (
        "联通手机号码（非携入）和 4000/4006 号码，二次放号或标记名称与机主不符的，可走码号服务平台（见 opene164）",
        "A mobile number of China Unicom (not one ported in) or a 4000/4006 number that was given out again, or whose "
        "label names another owner, may go to the number service platform instead (see opene164)",
    ),
    ("打开申诉页面，输入申诉号码", "Open the page for appeals and type the number"),
    ("填写信息并上传随附材料（加盖公章）", "Fill in the fields and upload the papers, each with the company's seal"),
    (
        "提交后截图保存；三个工作日没有消息可致电 400-061-8800",
        "Send it, and keep a screenshot; without news after three working days, call 400-061-8800",
    ),
    (
        "在显示标记的华为手机上打开 电话 → 骚扰拦截 → 号码申诉",
        "On the Huawei phone that shows the label, open 电话 → 骚扰拦截 → 号码申诉 (Phone → Blocked → Appeal a number)",
    ),
    ("填写号码和申诉理由，按需附上随附材料", "Fill in the number and the reason; attach the papers as asked"),
    (
        "提交后截图保存；同时在标记的数据来源（腾讯、360）申诉",
        "Send it, and keep a screenshot; appeal at the source of the label's data as well (Tencent, 360)",
    ),
    ("提交时间和截图", "when it was sent, and the screenshot"),
    (
        "只受理联通手机号码（非携入）和 4000/4006 号码的二次放号、标记名称与机主不符；其他情况按查询结果里的来源地"
        "址去标记方申诉",
        "It only takes mobile numbers of China Unicom (not ported in) and 4000/4006 numbers that were given out "
        "again, or "
        "whose label names another owner; in any other case appeal at the source that the answer to the query names",
    ),
    (
        "查询号码，确认标记后按页面提示申诉",
        "Look the number up, make sure of the label, then appeal as the page says",
    ),
    (
        "打开申诉页面，输入号码 查询，确认标记仍在",
        "Open the page for appeals, type the number and ask; make sure that the label is still there",
    ),
    (
        "填写申诉信息，按需上传随附材料（企业号码须加盖公章）",
        "Fill in the appeal and upload the papers as asked (of a company's number, each with its seal)",
    ),
    (
        "如需短信验证码，由持有该号码的同事接收并填写；座机、400、95 号码走材料审核",
        "If a code is asked for that comes by SMS, the colleague who holds the number receives it and types it; "
        "landlines, 400 and 95 numbers go by their papers",
    ),
    ("受理编号；没有编号时填提交日期", "the number that it was given; without one, the day when it was sent"),
    (
        "用企业邮箱发送邮件，主题写“号码标记申诉”和号码",
        "Send an e-mail from the company's own address, with “号码标记申诉” (appeal against a label) and the "
        "number as its "
        "subject",
    ),
    (
        "正文用申诉信，附上随附材料的扫描件（加盖公章）",
        "The letter is its text; attach scans of the papers, each with the company's seal",
    ),
    (
        "保留发送记录；收到自动回复时记下编号",
        "Keep the sent e-mail; when an automatic answer comes, note its number",
    ),
    ("邮件的发送时间或自动回复中的编号", "when the e-mail was sent, or the number in the automatic answer"),
    (
        "选择“企业”页签，输入申诉号码（座机带区号）",
        "Choose the tab “企业” (company) and type the number (a landline with its area code)",
    ),
    (
        "由持有该号码的同事接收短信验证码并填写",
        "The colleague who holds the number receives the code by SMS and types it",
    ),
    ("填写企业全称、申诉理由和联系方式", "Fill in the company's full name, the reason and how to be reached"),
    (
        "上传身份证正面照、号码归属证明、其他证明",
        "Upload the front of the identity card, the proof of who owns the number, and the other papers",
    ),
    (
        "提交；同一号码一天只能申诉一次，结果以短信通知联系电话",
        "Send it; a number can be appealed once a day, and the result comes by SMS to the contact's telephone",
    ),
    (
        "提交时间；收到结果短信后填短信内容",
        "when it was sent; once the result has come by SMS, what it says",
    ),
    (
        "用 QQ 或手机登录申诉页面，输入申诉号码",
        "Log in to the page for appeals with QQ or a mobile number, and type the number",
    ),
    (
        "由持有该号码的同事接收 6 位短信验证码并填写；座机、400、95 号码改走企业材料申诉",
        "The colleague who holds the number receives the code of 6 digits by SMS and types it; landlines, 400 and 95 "
        "numbers go by the company's papers",
    ),
    ("标记达 20 次以上时上传号码使用证明", "From 20 marks on, upload the proof of who uses the number"),
    (
        "申诉进度页面显示的编号或提交时间",
        "the number that the page of its progress shows, or when it was sent",
    ),
    # Packs in English.
    ("打开帮助中心，选择 Call Reputation Review", "Open the help centre and choose Call Reputation Review"),
    ("填写各项并提交", "Fill in the fields and send"),
    ("保存申请编号", "Keep the request's number"),
    ("申请编号，或提交时间", "the request's number, or when it was sent"),
    ("打开表单，报告号码被误拦", "Open the form and report the number as wrongly blocked"),
    ("记下提交时间", "Note when it was sent"),
    ("提交时间", "when it was sent"),
    ("打开响应中心，报告标记有误", "Open the response centre and report the label as wrong"),
    ("保存确认信息", "Keep the confirmation"),
    ("打开页面，输入带国家代码的号码", "Open the page and enter the number with its country code"),
    ("填写理由并确认", "Give the reason and confirm"),
    # Of the daemon.
    (
        "按企业信用信息申诉提交：说明不再使用该号码的认证信息，请求删除",
        "Hand it in as an appeal about the company's data: say that what the number was certified with is no "
        "longer used, "
        "and ask for it to be deleted",
    ),
    ("把现行有效的材料交给认证服务商", "Give the certification provider the papers that are valid now"),
    (
        "在官网、公众号等客户能看到的地方发布以下公告",
        "Publish the notice below where customers see it: the website, the public account",
    ),
    ("记下发布的位置", "Note where it was published"),
    ("发布的位置", "where it was published"),
    ("更新客服话术：“认证故障已修复”", "Change what your agents say to: “the fault of the certification is repaired”"),
    ("通知呼叫中心班组长", "Tell the team leads of the call centre"),
    (
        "向认证服务商询问原因：technical、policy、papers 或 complaints",
        "Ask the certification provider for the cause: technical, policy, papers or complaints",
    ),
    (
        "维护期间改用在其他平台已认证的备用号码外呼",
        "Meanwhile call from backup numbers that other platforms have certified",
    ),
    (
        "维护期间没有可改用的备用号码：同组号码中没有已认证或在本平台无标记的",
        "There is no backup number to call from meanwhile: none of the group is certified, or without a label here",
    ),
    ("向重要客户发送以上临时信任短信", "Send the message above to important customers"),
    ("注销回执", "the receipt of the deletion"),
    ("规则包没有该平台的申诉渠道", "the pack has no channel for this platform"),
    ("请找到该平台自己的办法，并报告所做的事", "find the platform's own way and report what you did"),
    ("会自动通过平台的 API 提交", "goes out over the platform's API by itself"),
)
"""(Chinese, English)."""

FIELDS: Mapping[str, str] = {
    "申诉号码": "number",
    "标记内容": "label",
    "企业名称": "company",
    "统一社会信用代码": "number of the business licence",
    "联系人": "contact",
    "联系电话": "telephone",
    "联系邮箱": "e-mail",
    "申诉理由": "reason",
    "主题": "subject",
    "正文": "text",
    "短信验证码": "code by SMS",
    "申诉企业全称": "company's full name",
    "邮箱/QQ": "e-mail or QQ",
    "身份证正面照": "front of the identity card",
    "号码归属证明": "proof of who owns the number",
    "其他证明": "other papers",
}
"""What the fields of Chinese forms ask for, behind the name in a form of its own such as `phone`."""

_BY_COLLEAGUE = "（由持有号码的同事填写）", "(the colleague who holds the number fills it in)"
_BACKUPS = re.compile(r"维护期间改用以下备用号码外呼：(?P<each>.{1,400})")
_FITNESS: Mapping[str, str] = {
    "本平台已认证": "certified there",
    "其他平台已认证": "certified elsewhere",
    "本平台无标记": "clean there",
}
_JOINED = "；"
"""Between what a pack asks for and what the daemon does, when it comes to what is to be brought back."""

_ENGLISH: Mapping[str, str] = dict((*PAIRS, _BY_COLLEAGUE))
_CHINESE: Mapping[str, str] = {english: chinese for chinese, english in PAIRS}


def _told(text: str) -> str | None:
    """In the reader's language; `None` where that is not known."""
    if spoken() == "zh":
        return text if text in _ENGLISH else _CHINESE.get(text)
    if (found := _BACKUPS.fullmatch(text)) is not None:
        each = found["each"].replace("、", ", ")
        for chinese, english in _FITNESS.items():
            each = each.replace(f"（{chinese}）", f" ({english})")
        return f"Meanwhile call from these backup numbers: {each}"
    return text if text in _CHINESE else _ENGLISH.get(text)


def steps(sent: Iterable[str]) -> list[str]:
    """The steps of a task, in the reader's language; as they came where one of them is not known in it, so that the
    list is in one.
    """
    each = list(sent)
    known = [_told(step) for step in each]
    return [step for step in known if step is not None] if None not in known else each


def record(sent: str) -> str:
    """What to bring back, in the reader's language."""
    if (known := _told(sent)) is not None:
        return known
    first, _, last = sent.rpartition(_JOINED)
    before, after = _told(first), _told(last)
    if before is None or after is None:
        return sent
    return before + (_JOINED if spoken() == "zh" else "; ") + after


def field(name: str) -> str:
    """What a form calls a field; for whoever reads English, with what it asks for."""
    if spoken() == "zh":
        return name
    own = name.rpartition(" ")[2]
    asked = FIELDS.get(name) or FIELDS.get(own)
    return name if asked is None else f"{name} ({asked})"


def filled(value: str) -> str:
    """What to fill in, where the pack tells who fills it in instead."""
    return (_told(value) or value) if value in _BY_COLLEAGUE else value
