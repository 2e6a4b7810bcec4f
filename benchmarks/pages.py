"""What the web server serves: the two pages of the HTTP comparison, and an answer of two shipped packs per number."""

import json
from pathlib import Path

ENTERPRISE = "6a09cdc3-8948-47f0-aa62-74ac943d6c58"

SMALL = 300
LARGE = 30_000
MARKER = "mohe-sjws"
"""A word near the end of the large page, which the exporter's regular expression has to find."""


def mobiles(count: int) -> list[str]:
    """National numbers, which look through so360."""
    return [f"139{n:08d}" for n in range(count)]


def americans(count: int) -> list[str]:
    """E.164 numbers, which look through Telnyx."""
    return [f"+1212{2_000_000 + n}" for n in range(count)]


def _filler(count: int) -> str:
    row = (
        '<li class="res-{n}"><a href="/s?q={n}" title="结果">搜索结果 {n}</a><span class="tip">来源 网页</span></li>\n'
    )
    return "".join(row.format(n=n) for n in range(count))


def small() -> bytes:
    """300 bytes of JSON."""
    empty = json.dumps({"code": 200, "pad": ""})
    return json.dumps({"code": 200, "pad": "x" * (SMALL - len(empty))}).encode()


def large() -> bytes:
    """30 kB of HTML."""
    tail = f'<div class="{MARKER}">360手机卫士</div></ul></body></html>'
    page = "<!doctype html><html><head><meta charset=utf-8><title>搜索</title></head><body><ul>\n"
    rows = _filler(400).encode()[: LARGE - len(page.encode()) - len(tail.encode())]
    return page.encode() + rows.rpartition(b"\n")[0] + tail.encode()


def onebox(number: str) -> bytes:
    """The so.com onebox's JSONP around a card of 3 kB."""
    card = (
        '<div class="mohe-wrap" id="mohe-mobilecheck">\n  <div class="mh-list">\n'
        f'    <div class="mh-detail gclearfix">\n      <span class="mh-des-phone">{number}</span>\n'
        f'      <span>北京 北京 中国移动</span>\n    </div>\n  </div>\n  <ul class="mh-more">{_filler(20)}</ul>\n'
        f'  <div class="{MARKER}">数据来源：<a href="https://shouji.360.cn/">360手机卫士</a></div>\n</div>'
    )
    said = {"html": card, "query": number, "type": "mobilecheck"}
    return f"callback({json.dumps(said, ensure_ascii=False)})".encode()


def telnyx(number: str) -> bytes:
    """Telnyx's JSON for a number that is not flagged."""
    scores = {"maturity_score": 72, "connection_score": 80, "engagement_score": 64, "sentiment_score": 75}
    reputation = {
        "spam_risk": "low",
        "spam_category": None,
        **scores,
        "last_refreshed_at": "2026-11-20T18:09:24.785211Z",
    }
    data = {
        "id": "8a4b1f5e-2f12-4c0c-9a98-9b3a7d8b8e62",
        "enterprise_id": ENTERPRISE,
        "phone_number": number,
        "reputation_data": reputation,
        "created_at": "2026-04-26T18:06:51.940749Z",
        "updated_at": "2026-11-20T18:09:24.785211Z",
    }
    return json.dumps({"data": data}, indent=1).encode()


def write(root: Path, numbers: int) -> None:
    """Put every page where `servers` has nginx look for it."""
    (root / "json").write_bytes(small())
    (root / "html").write_bytes(large())
    for name, made, all_numbers in (("onebox", onebox, mobiles(numbers)), ("telnyx", telnyx, americans(numbers))):
        (root / name).mkdir()
        for number in all_numbers:
            (root / name / number).write_bytes(made(number))
