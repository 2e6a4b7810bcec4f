"""The bodies that the simulated Chinese services send: the so.com onebox, Sogou's search page, an aggregator.

Written after what is known of the real ones, in every form that a look must be able to tell apart.
`telnyx` is the fourth service; `service` chooses among them.
"""

from collections.abc import Mapping
from html import escape

import msgspec

from numtrustd.domain.number import NumberKind, from_canonical
from numtrustd.sim.ground import Face
from numtrustd.sim.script import Weather

JS = "application/javascript; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"

TITLES: Mapping[str, str] = {
    "tencent": "腾讯手机管家",
    "baidu": "百度手机卫士",
    "dianhuabang": "电话邦",
    "teddy": "泰迪熊",
}
"""The platforms that the aggregator speaks for, by the names it gives them."""


def stranger(national: str) -> str:
    """Another number of the same form, for somebody else's card."""
    return national[:-4] + f"{(int(national[-4:]) + 4321) % 10_000:04d}"


def place(canonical: str) -> str:
    """The line under the number: where it is from, and whose network."""
    match from_canonical(canonical).kind:
        case NumberKind.MOBILE:
            return "北京 北京 中国移动"
        case NumberKind.LANDLINE:
            return f"固定电话 区号{from_canonical(canonical).area}"
        case _:
            return "企业服务号码"


# The so.com onebox: JSONP whose `html` member is a card.


def so360_card(national: str, canonical: str, face: Face) -> str:
    """The card of a number: a certified name as a link, a label in `.mohe-ph-mark`, neither if clean."""
    mark = name = ""
    if face.words is not None:
        count = f'<span class="mh-count">被<b>{face.marks}</b>位360手机卫士用户标记</span>' if face.marks else ""
        mark = f'<span class="mohe-ph-mark">{escape(face.words)}</span>{count}'
    if face.name:
        name = f'<div class="mh-tel-adr"><a href="#">{escape(face.name)}</a></div>'
    return (
        '<div class="mohe-wrap" id="mohe-mobilecheck"><div class="mh-detail">'
        f'<span class="mh-des-phone">{national}</span> <p>{place(canonical)}</p>{name}'
        f'{mark}</div><div class="mohe-sjws">数据来源：360手机卫士</div></div>'
    )


def so360_answer(callback: str, query: str, html: str) -> bytes:
    """The JSONP around a card."""
    payload = msgspec.json.encode({"html": html, "query": query, "type": "mobilecheck"}).decode()
    return f"{callback}({payload})".encode()


def so360_odd(kind: Weather, callback: str, query: str) -> bytes | None:
    """A JSONP answer that says nothing of the number; `None` where the onebox has no such form."""
    match kind:
        case Weather.EMPTY | Weather.PENDING:
            return f"{callback}()".encode()
        case Weather.MAINTENANCE:
            return so360_answer(callback, query, '<div class="mh-detail">平台维护中，请稍后再试</div>')
        case _:
            return None


SO360_BLOCKED = (
    "<!DOCTYPE html><html><head><title>360搜索_访问异常出错</title></head><body><h2>安全验证</h2>"
    '<p>您的访问过于频繁，请输入验证码后继续。</p><img id="captcha" alt="captcha"></body></html>'
).encode()


# The Sogou search page.


def _sogou_page(query: str, results: str) -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>{escape(query)} - 搜狗搜索</title></head><body>"
        f'<form id="searchForm" action="/web"><input name="query" value="{escape(query)}"></form>'
        f'<div class="results">{results}'
        '<div class="vrwrap"><h3 class="vr-title"><a href="#">各地电话区号一览</a></h3></div>'
        "</div></body></html>"
    ).encode()


def sogou_page(query: str, national: str, canonical: str, face: Face) -> bytes:
    """The search page with the card of a number; its title carries the label or the certified name."""
    said = face.words if face.words is not None else face.name
    title = f"{escape(said)}-号码查询服务" if said else "号码查询服务"
    card = (
        '<div class="vrwrap" id="sogou_vr_10001001_wrap_0">'
        f'<h3 class="vr-title" vrcid="title.0"><a href="#">{title}</a></h3>'
        f'<div class="phone-info"><p class="num">{national}</p><p class="adr">{place(canonical)}</p></div>'
        "</div>"
    )
    return _sogou_page(query, card)


def sogou_odd(kind: Weather, query: str) -> bytes | None:
    """A page that says nothing of the number; `None` where there is no such form."""
    match kind:
        case Weather.EMPTY | Weather.PENDING:
            return _sogou_page(query, "")
        case Weather.MAINTENANCE:
            return _sogou_page(query, '<div class="vrwrap"><p>号码查询服务维护中</p></div>')
        case _:
            return None


SOGOU_BLOCKED = (
    "<!DOCTYPE html><html><head><title>搜狗搜索</title></head><body>"
    '<form name="authform" method="POST" id="seccodeForm" action="/"><p>用户您好，我们的系统检测到您网络中'
    '存在异常访问请求。请输入验证码：</p><img id="seccodeImage"><input name="c"></form>'
    '<script>window.imgCode = "antispider";</script></body></html>'
).encode()

LOGIN = (
    "<!DOCTYPE html><html><head><title>登录</title></head><body>"
    '<form id="login" method="post" action="/login"><label>帐号<input name="user"></label>'
    '<label>密码<input name="password" type="password"></label><button>登录</button></form></body></html>'
).encode()

GARBAGE = b"\x00\x17\xff\xfe<<<{[(\xc3\x28 not what the header says"


# The contract aggregator: one JSON answer, several platforms, a three-valued status.


def aggregator_row(platform: str, face: Face, trouble: Weather | None) -> dict[str, object]:
    """One platform's line: status 1 marked, 2 not marked, 3 certified (with its tag, if it has one), 0 no answer."""
    row: dict[str, object] = {"platform": platform, "name": TITLES[platform]}
    if trouble is not None:
        word = {Weather.MAINTENANCE: "平台维护中", Weather.PENDING: "查询中"}.get(trouble, "查询失败")
        return {**row, "status": 0, "word": word, "count": None}
    if face.words is not None:
        return {**row, "status": 1, "word": face.words, "count": face.marks}
    if face.name:
        tagged = {"tag": face.tag} if face.tag else {}
        return {**row, "status": 3, "word": face.name, "count": None, **tagged}
    return {**row, "status": 2, "word": "未标记", "count": None}


def aggregator_answer(phone: str, rows: list[dict[str, object]]) -> bytes:
    """The whole answer."""
    return msgspec.json.encode({"code": 200, "msg": "成功", "data": {"phone": phone, "list": rows}})


def aggregator_error(code: int, message: str) -> bytes:
    """The aggregator's own complaint, with HTTP 200 as they do."""
    return aggregator_said(code, message, None)


def aggregator_said(code: int, message: str, data: object) -> bytes:
    """Whatever it says, in the envelope that it says everything in."""
    return msgspec.json.encode({"code": code, "msg": message, "data": data})
