"""What people who look are told to do, in the language of who reads it: one language in one list.

The daemon sends the way both in the pack's language, most of them Chinese, and in English, for whoever reads its JSON.
Here are the sentences of the packs that come with the program, and of the daemon, in both languages; `render_looks`
beside this shows them. A pack of the operator's own says it in the language that he wrote it in.
"""

from collections.abc import Iterable, Mapping

from numtrustd.ctl.lang import listed, spoken
from numtrustd.domain.last_steps import LAST_STEPS

_OWN = "系统自带的号码识别开启，插入与被测号码无关的 SIM 卡，通讯录里没有被测号码"
_OWN_EN = (
    "with its own caller identification on, a SIM that has nothing to do with the number, and the number in no contact "
    "list"
)
_NO_CONTACT, _NO_CONTACT_EN = "通讯录里没有被测号码", "the number in no contact list"

PAIRS: tuple[tuple[str, str], ...] = (
    # How a handset is got ready.
    (f"准备一部华为手机，{_OWN}", f"Take a Huawei handset {_OWN_EN}"),
    (f"准备一部 OPPO 手机，{_OWN}", f"Take an OPPO handset {_OWN_EN}"),
    (f"准备一部三星手机，{_OWN}", f"Take a Samsung handset {_OWN_EN}"),
    (f"准备一部 vivo 手机，{_OWN}", f"Take a vivo handset {_OWN_EN}"),
    (f"准备一部小米手机，{_OWN}", f"Take a Xiaomi handset {_OWN_EN}"),
    (f"准备一部 OPPO、vivo 或小米手机，{_OWN}", f"Take a handset of OPPO, vivo or Xiaomi {_OWN_EN}"),
    (
        "准备一部系统自带号码识别的手机（或装有注明使用电话邦数据的 App），插入与被测号码无关的 SIM 卡，"
        "通讯录里没有被测号码",
        "Take a handset with a caller identification of its own (or with an app that names dianhuabang as the source "
        "of its data), a SIM that has nothing to do with the number, and the number in no contact list",
    ),
    (
        f"准备一部 iPhone，在 设置 → 电话 → 来电阻止与身份识别 里记下启用了哪些 App，{_NO_CONTACT}",
        f"Take an iPhone with {_NO_CONTACT_EN}; note which apps are on in Settings → Phone → Call Blocking & "
        "Identification",
    ),
    (
        f"准备一部装有腾讯手机管家的安卓手机，在 App 里开启来电识别，关闭系统自带的号码识别，{_NO_CONTACT}",
        "Take an Android handset with Tencent's 腾讯手机管家, caller identification on in that app and off in the "
        f"system, and {_NO_CONTACT_EN}",
    ),
    (
        f"准备一部插中国移动卡的手机，开通高频骚扰电话防护（短信 KTFSR 到 10086），{_NO_CONTACT}",
        "Take a handset with a SIM of China Mobile and its guard against harassing calls on (text KTFSR to 10086), and "
        f"{_NO_CONTACT_EN}",
    ),
    (
        f"准备一部插中国电信卡的手机，开通天翼防骚扰（短信 KTFSR 到 10001），{_NO_CONTACT}",
        "Take a handset with a SIM of China Telecom and its guard against harassing calls on (text KTFSR to 10001), "
        f"and {_NO_CONTACT_EN}",
    ),
    (
        f"准备一部插中国联通卡的手机，开通联通助理的防骚扰（10010），{_NO_CONTACT}",
        "Take a handset with a SIM of China Unicom and its guard against harassing calls on (10010), and "
        f"{_NO_CONTACT_EN}",
    ),
    *(
        (
            f"准备一部{handset}，开启来电识别，{_NO_CONTACT}",
            f"Take a phone {phone}, with call screening on and {_NO_CONTACT_EN}",
        )
        for handset, phone in (
            ("使用 T-Mobile 的手机", "on T-Mobile"),
            ("使用 Verizon 的手机", "on Verizon"),
            ("装有 Truecaller 的手机", "with the Truecaller app"),
        )
    ),
    (
        f"准备一部使用 AT&T 的手机或三星手机，开启来电识别，{_NO_CONTACT}",
        f"Take a phone on AT&T, or a Samsung phone, with call screening on and {_NO_CONTACT_EN}",
    ),
    # The call.
    ("用被测号码拨打这部手机，响铃时截下来电界面", "Call it from the number; take a screenshot while it rings"),
    ("用被测号码拨打这部手机，响铃时拍下屏幕", "Call it from the number; take a picture of the screen while it rings"),
    (
        "用被测号码拨打这部手机，记下是接通、提示还是被拦截，响铃时截下来电界面",
        "Call it from the number; note whether it gets through, is warned of or is blocked; take a screenshot while it "
        "rings",
    ),
    (
        "用被测号码拨打这部手机，响铃时截下来电界面；挂断后打开通话记录和号码详情，截下来",
        "Call it from the number; take a screenshot while it rings; hang up, open the call log and the number's "
        "details, take screenshots of them",
    ),
    # Afterwards.
    ("挂断后打开通话记录，截下这条记录", "Hang up, open the call log, take a screenshot of the entry"),
    ("挂断后打开通话记录，拍下这条记录", "Hang up, open the call log, and take a picture of the entry"),
    (
        "挂断后在 App 的骚扰拦截记录和通话记录里找到这条记录，截下来",
        "Hang up, find the entry in the app's log of blocked calls and in its call log, take screenshots",
    ),
    (
        "拦截后查看短信或公众号的拦截记录，截图",
        "If it was blocked, look into the text messages or the carrier's public account for the record of it; take a "
        "screenshot",
    ),
    ("华为还显示 Logo：一并核对", "Huawei shows a logo, too: look at that as well"),
    (
        "标记来自 App：必须写明是哪个 App 的标记，再到该 App 的平台处理",
        "A label comes from an app: say which app's it is; it is appealed at that app's platform",
    ),
    (
        "界面写明标记来自电话邦的，才报到 dianhuabang；没有写明来源的，报到手机品牌",
        "Report to dianhuabang only a label that the screen says is of 电话邦; one without a source goes to the maker "
        "of the handset",
    ),
    (
        "界面写明标记来自泰迪熊的，才报到 teddy；没有写明来源的，报到手机品牌（oppo、vivo、xiaomi）",
        "Report to teddy only a label that the screen says is of 泰迪熊; one without a source goes to the maker of the "
        "handset (oppo, vivo, xiaomi)",
    ),
    # Pages.
    ("打开页面，输入号码和图形验证码，点击查询", "Open the page, type the number and what the picture says, and ask"),
    (
        "逐行抄录查询结果：标记内容、标记平台、标记来源地址",
        "Copy each line of the answer: the label, whose it is, the address of its source",
    ),
    (
        "没有标记时页面会写明，截图；页面打不开、验证码错误或提示频繁都不是“没有标记”",
        "Where there is no label the page says so: take a screenshot; a page that does not open, a wrong picture code "
        'or "too often" is not "no label"',
    ),
    (
        "在微信里打开企业的公众号、小程序和企业微信名片，查看绑定的电话",
        "Open the company's public account, mini program and WeCom card in WeChat, and look which telephone is bound",
    ),
    ("核对号码和名称，截图", "Compare the number and the name; take a screenshot"),
    # What to bring back.
    ("手机型号和系统版本", "model and system version"),
    ("手机型号、系统版本和卡的归属地", "model, system version and where the SIM is from"),
    ("手机型号、系统版本和腾讯手机管家的版本", "model, system version and the version of 腾讯手机管家"),
    ("手机型号、系统版本和运营商", "model, system version and carrier"),
    ("iPhone 型号和 iOS 版本", "model of the iPhone and version of iOS"),
    (
        "来电界面和通话记录各显示了什么（名称、标记、次数、Logo）",
        "what the ringing screen and the call log each showed (name, label, count, logo)",
    ),
    (
        "来电界面和通话记录各显示了什么（名称、标记、次数）",
        "what the ringing screen and the call log each showed (name, label, count)",
    ),
    ("接通、提示或拦截，以及显示的文字", "through, warned of or blocked, and the words that were shown"),
    ("显示的标记或名称，以及是哪个 App 给出的", "the label or name that was shown, and which app gave it"),
    (
        "显示的标记、次数和名称，以及界面写明的数据来源",
        "the label, count and name that were shown, and what source of the data the screen names",
    ),
    ("显示的文字，以及在哪个界面", "the words that were shown, on which screen"),
    (
        "每一行的标记内容（coderesult）和标记平台（codefrom）",
        "of each line the label (coderesult) and whose it is (codefrom)",
    ),
    (
        "标记来源地址（codeurl，去哪里申诉）",
        "the address of the label's source (codeurl), which is where to appeal",
    ),
    ("显示的号码和名称", "the number and name that were shown"),
    ("截图的文件名或 SHA-256", "the screenshots' file names or SHA-256"),
    ("照片的文件名或 SHA-256", "the pictures' file names or SHA-256"),
    *LAST_STEPS,  # which the daemon adds to every such task
)
"""(Chinese, English)."""

ROUGHLY = frozenset(
    {
        "Take such a handset with its own caller identification on, a SIM that has nothing to do with the number, and "
        "the number in no contact list",
        "Call it from the number; take a screenshot while it rings",
        "Hang up, open the call log, take a screenshot of the entry",
        "Open the page, type the number, and pass its gate yourself: no program may",
        "Copy what the page says, word by word; take a screenshot",
    }
)
"""What the daemon says in English of any pack whose own way is in Chinese: for whoever cannot read that."""

_ENGLISH: Mapping[str, str] = dict(PAIRS)
_CHINESE: Mapping[str, str] = {english: chinese for chinese, english in PAIRS}


def told(text: str) -> str:
    """A step, or something to bring back, in the reader's language; as it came where that is not known."""
    return (_CHINESE if spoken() == "zh" else _ENGLISH).get(text, text)


def steps(sent: Iterable[str]) -> list[str]:
    """The steps of a task that asks for looks, or of a pack, each once and in the reader's language."""
    each = tuple(sent)
    if spoken() == "zh" or all(step.isascii() or step in _ENGLISH for step in each):
        each = tuple(step for step in each if step not in ROUGHLY) or each
    return list(dict.fromkeys(map(told, each)))


def record(sent: str) -> str:
    """What to bring back, in the reader's language."""
    return listed(map(told, sent.split("; ")), "; ")
