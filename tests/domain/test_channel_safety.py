"""Who is called official, and what is refused: a host that is not an official one, or below one, never passes."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.channel_safety import MOST_LINKS, MOST_TEXT, Judgement, Standing, demands, judge, suspect
from numtrustd.domain.lookalike import below, shown, spelt

HOSTS = {
    "so360": ("so.com", "360.cn"),
    "tencent": ("qq.com", "tencent.com"),
    "opene164": ("opene164.org.cn",),
    "baidu": ("baidu.com",),
    "china_mobile": (),
}
HOMES = [home for homes in HOSTS.values() for home in homes]


def why(said: Judgement) -> str:
    return "; ".join(said.why)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("https://so.com", "so360"),
        ("https://haoma.so.com/appeal?id=7#x", "so360"),
        ("HTTPS://SO.COM.:443/", "so360"),
        ("so.com/appeal", "so360"),
        ("www.opene164.org.cn", "opene164"),
        ("请登录https://haoma.so.com/a查看进度", "so360"),
        ("请登录https://so.com查看", "so360"),
        ("结果见 110.qq.com，谢谢", "tencent"),
        ("help@baidu.com", "baidu"),
        ("mailto:help@baidu.com?subject=x", "baidu"),
    ],
)
def test_official(text: str, platform: str) -> None:
    said = judge(text, HOSTS)
    assert (said.standing, [link.platform for link in said.links]) == (Standing.OFFICIAL, [platform]), why(said)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("http://so.com/", "http, not https"),
        ("ftp://so.com/", "no way to a page"),
        ("javascript:alert(1)", "no way to a page"),
        ("https://so.com.evil.cn/x", "only begins like so.com: it belongs to evil.cn"),
        ("https://so.com。中国/", "only begins like so.com"),
        ("https://so.com．evil.cn/", "only begins like so.com"),
        ("https://360-cn.com", "360.cn written with other signs"),
        ("https://baidu.net/", "bears the name of baidu.com"),
        ("https://mybaidupay.com/", "holds the name of baidu.com"),
        ("https://tencemt.com", "one letter away from the name of tencent.com"),
        ("https://tecnent.com", "one letter away from the name of tencent.com"),
        ("https://baldu.com", "look like those of baidu.com"),
        ("https://ѕо.com/", "look like those of so.com"),
        ("https://bаidu.com/", "mixes alphabets"),
        ("https://so.com@evil.cn/", "before the @ (so.com)"),
        ("https://me:secret@so.com/", "before the @ (me)"),
        ("https://evil.cn\\@so.com/", "slashes"),
        ("https://so.com\\.evil.cn", "slashes"),
        ("https:so.com", "slashes"),
        ("https:///so.com", "slashes"),
        ("https://so.com／evil.cn", "look like / ?"),
        ("https://so.\u200bcom/", "cannot be seen"),
        ("https://so%2ecom/", "%-escapes"),
        ("https://1.2.3.4/", "bare address, 1.2.3.4"),
        ("https://0x7f.1/", "bare address"),
        ("https://3232235777/", "bare address"),
        ("https://[::1]/", "bare address"),
        ("https://so.com:8443/", "port 8443"),
        ("https://t.cn/A6x", "shortens links"),
        ("https://localhost/", "no host name"),
        ("https://.so.com/", "no host name"),
        ("ｅｖｉｌ-ｓｏ-ｃｏｍ．ｃｎ", "written with other signs"),
        ("so.com " * (MOST_LINKS + 1), "too many links"),
        ("x" * (MOST_TEXT + 1), "too long"),
    ],
)
def test_suspicious(text: str, because: str) -> None:
    said = judge(text, HOSTS)
    assert said.standing is Standing.SUSPICIOUS
    assert because in why(said)


@pytest.mark.parametrize("text", ["https://example.com/", "example.com", "https://notso.com/", "ops@example.com"])
def test_unknown(text: str) -> None:
    said = judge(text, HOSTS)
    assert said.standing is Standing.UNKNOWN
    assert "not an official host of any platform" in why(said)


def test_another_platforms_official_host_is_not_this_ones() -> None:
    said = judge("https://baidu.com/", HOSTS, "so360")
    assert said.standing is Standing.UNKNOWN
    assert why(said) == "baidu.com is an official host of baidu, not of so360"


@pytest.mark.parametrize(
    "text", ["", "SQ-20260101", "A.123.456", "2026.11.23", "shot.png", "用户举报次数过多", "3.5 天"]
)
def test_receipts_and_reasons_hold_no_link(text: str) -> None:
    assert judge(text, HOSTS) == Judgement(Standing.NOTHING)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("请提供银行卡号", "a bank card"),
        ("短信验证码：", "an SMS code"),
        ("请回复收到的验 证码".replace(" ", "\u200b"), "an SMS code"),
        ("请勿告诉他人，将验证码发给客服", "an SMS code"),
        ("为解除标记请输入登录密码", "a password"),
        ("请转账至以下账户", "a transfer of money"),
        ("Please reply with the SMS code", "an SMS code"),
        ("enter your card number", "a bank card"),
    ],
)
def test_demands(text: str, asked: str) -> None:
    assert demands(text) == (asked,)
    assert judge(f"{text} https://so.com", HOSTS).standing is Standing.REFUSED


@pytest.mark.parametrize(
    "text",
    [
        "号码用于转账诈骗",
        "请勿将验证码告知他人",
        "we never ask for your password",
        "用户举报为银行卡推销",
        "需补充营业执照",
    ],
)
def test_warnings_and_accusations_ask_for_nothing(text: str) -> None:
    assert demands(text) == ()


def test_words_within_a_link_ask_for_nothing() -> None:
    assert judge("https://pin.so.com/cvv?otp=请", HOSTS).standing is Standing.OFFICIAL


def test_what_must_not_be_believed_in_a_platforms_name() -> None:
    for text in ("https://example.com/r/1", "see https://baidu.com/x", "请提供银行卡号", "http://so.com/"):
        assert suspect(["SQ-1", text], HOSTS, "so360") is not None
    for text in ("", "SQ-1", "https://haoma.so.com/r/1", "told ops@example.com"):
        assert suspect([text], HOSTS, "so360") is None


def test_without_official_hosts_only_what_is_dangerous_is_refused() -> None:
    assert suspect(["https://10086.cn/x"], HOSTS, "china_mobile") is None
    assert suspect(["https://1.2.3.4/x"], HOSTS, "china_mobile") is not None


def test_only_so_many_links_are_looked_at() -> None:
    said = judge(" ".join(f"https://{n}.evil.cn/" for n in range(400)), HOSTS)
    assert len(said.links) == MOST_LINKS + 1
    assert said.standing is Standing.SUSPICIOUS


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
GLUE = st.sampled_from(
    ["", ".", "-", "@", "/", "\\", "#", "?", ":", "%2e", "。", "．", "／", "＠", "\u200b", "\t", "中", "а", ":443"]
)
PIECE = (
    st.sampled_from([*HOMES, "evil.cn", "com", "so", "360", "中国", "xn--fiqs8s", "[::1]", "1.2.3.4"]) | LABEL | GLUE
)
URLS = st.builds(
    lambda head, parts: head + "".join(parts), st.sampled_from(["https://", "//", ""]), st.lists(PIECE, max_size=8)
)


@given(URLS)
def test_what_is_called_official_is_official(text: str) -> None:
    for link in judge(text, HOSTS).links:
        if link.standing is Standing.OFFICIAL:
            assert below(link.host, HOSTS[link.platform])
            assert any(link.host == home or link.host.endswith("." + home) for home in HOSTS[link.platform])


@given(st.lists(PIECE, min_size=1, max_size=8).map("".join))
def test_where_it_is_called_official_browsers_go_to_an_official_host(rest: str) -> None:
    """Held against another reader of URLs, as far as that one takes it for a URL at all."""
    url = f"https://{rest}"
    links = judge(url, HOSTS).links
    if len(links) != 1 or links[0].standing is not Standing.OFFICIAL or links[0].mail:
        return
    try:
        host = httpx.URL(url).raw_host.decode().lower().rstrip(".")  # a sentence may end there
    except (httpx.InvalidURL, UnicodeError):
        return
    # Words of a Chinese text that run on behind the host are no host that there can be.
    ending = shown(host).rpartition(".")[2]
    runs_on = ending[:1].isascii() and not ending.isascii()
    assert runs_on or any(host == home or host.endswith("." + home) for home in HOMES)


@given(st.lists(LABEL, min_size=1, max_size=4).map(".".join), st.sampled_from(HOMES))
def test_a_host_below_an_official_one_is_official_and_one_beside_it_is_not(labels: str, home: str) -> None:
    host = f"{labels}.{home}"
    said = judge(f"https://{host}/", HOSTS)
    assert (said.standing is Standing.OFFICIAL) == (spelt(host) is not None)
    beside = judge(f"https://{home}.{labels}.example/", HOSTS)
    assert beside.standing is not Standing.OFFICIAL
    assert urlsplit(beside.links[0].url).hostname in ("?", None) or not below(beside.links[0].host, HOMES)


@given(st.text(max_size=60))
def test_any_text_gets_an_answer_fit_for_a_log(text: str) -> None:
    for link in judge(text, HOSTS).links:
        assert "?" not in link.url.removeprefix("https://?").partition("/")[2] or link.host == ""
        assert all(c.isprintable() for c in link.host)
