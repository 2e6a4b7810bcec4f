"""Whether a link or a text may be trusted that comes in a platform's name: official hosts alone, and no card.

A platform lists its official hosts; only what is one of them or below one is called official, and everything that
browsers and people may read in two ways is not. Words are held against what no platform asks: bank card, SMS code,
password, transfer. `lookalike` beside this reads and compares host names.
"""

import enum
import re
import unicodedata
from collections.abc import Iterable, Mapping

from msgspec import Struct

from numtrustd.domain.lookalike import below, is_address, mixed, resembles, spelt

Hosts = Mapping[str, tuple[str, ...]]
"""The official hosts by platform."""

MOST_LINKS = 20
MOST_TEXT = 8192
"""Characters of a text that are read; what is longer is not called official."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHORTENERS = _words(
    "t.cn url.cn dwz.cn suo.im suo.nz mrw.so sourl.cn 985.so c7.gg u.nu 3.cn m.tb.cn xsst.top "
    "bit.ly t.co tinyurl.com is.gd goo.gl ow.ly rb.gy cutt.ly rebrand.ly buff.ly lnkd.in v.gd s.id"
)

ENDINGS = _words(
    "com cn net org info biz top xyz vip cc tv me io co hk tw jp kr us uk eu de fr ru in app dev site online shop "
    "store club icu live link click fun pro work wang ltd group tech cloud asia mobi gov edu so im gg ly gd nu la pw "
    "ws su ml tk ga cf gq"
)
"""The ends of what is taken for a host although it stands alone; others need a path behind them."""


class Standing(enum.StrEnum):
    """What a link or a text is, from the best to the worst; `NOTHING` holds neither a link nor a demand."""

    NOTHING = "nothing"
    OFFICIAL = "official"
    UNKNOWN = "unknown"
    SUSPICIOUS = "suspicious"
    REFUSED = "refused"


_RANK = {standing: n for n, standing in enumerate(Standing)}


class Link(Struct, frozen=True):
    """One link. `url` is fit for a log: without user, query and fragment. `host` is in punycode, empty where there is
    none. `platform` is whose official host it is, `mail` a bare mail address.
    """

    url: str
    host: str
    standing: Standing
    platform: str = ""
    why: tuple[str, ...] = ()
    mail: bool = False


class Judgement(Struct, frozen=True):
    """What a text is as a whole: as bad as the worst in it. `asks` are the demands that no platform makes."""

    standing: Standing
    links: tuple[Link, ...] = ()
    asks: tuple[str, ...] = ()

    @property
    def why(self) -> tuple[str, ...]:
        """The reasons, the worst first."""
        worst = sorted(self.links, key=lambda link: _RANK[link.standing], reverse=True)
        asks = tuple(f"it asks for {what}, which no platform does" for what in self.asks)
        return asks + tuple(dict.fromkeys(reason for link in worst for reason in link.why))


_STOP = r"\s<>\"'`“”‘’，、；！？（）《》【】「」"
_URL = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.-]{{1,30}}:[/\\]{{2}}|https?:|mailto:|javascript:|data:|file:)[^{_STOP}]+",
    re.IGNORECASE,
)
_HAN = "\u2e80-\u9fff\uff00-\uff0d\uff0f-\uffef"
_LETTER = rf"(?:(?![{_HAN}_])[\w-])"
_BARE = re.compile(
    rf"(?<![A-Za-z0-9@.-])(?:{_LETTER}+[.．｡])+{_LETTER}+"
    rf"(?::\d{{1,5}})?(?:[/?#\\][^{_STOP}]*)?"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}", re.ASCII)
_TRAILING = ".,;:!?)]}。．，、；：！？）》】」"
_AUTHORITY = re.compile(r"([^/\\?#]*)(.*)", re.DOTALL)
_RUNS_ON = re.compile(rf"([!-~]*[A-Za-z0-9])(?![。｡])[{_HAN}][^.．｡。@:\\]*", re.DOTALL)
_SPLITS = frozenset("/\\?#@:")


def judge(text: str, hosts: Hosts, platform: str = "") -> Judgement:
    """What a link, or a text with links in it, is. With `platform` only the hosts of that one are official."""
    rest, links = text[:MOST_TEXT], []
    found, words = _found(rest)
    for mail, link in found[:MOST_LINKS]:
        links.append(_mail(link, hosts, platform) if mail else _link(link, hosts, platform))
    if len(found) > MOST_LINKS or len(text) > MOST_TEXT:
        much = Link("", "", Standing.SUSPICIOUS, why=("it is too long, or holds too many links, to be looked through",))
        links.append(much)
    asks = demands(words)
    if asks:
        return Judgement(Standing.REFUSED, tuple(links), asks)
    return Judgement(
        max((link.standing for link in links), key=_RANK.__getitem__, default=Standing.NOTHING), tuple(links)
    )


def suspect(texts: Iterable[str], hosts: Hosts, platform: str) -> Judgement | None:
    """The judgement of the first of the texts that must not be believed in this platform's name; `None` if all may.

    A mail address without more is no link. Where the platform lists no official hosts, a host is not refused for being
    unknown.
    """
    for text in texts:
        said = judge(text, hosts, platform)
        links = [link for link in said.links if not link.mail]
        bad = {link.standing for link in links}
        stranger = Standing.UNKNOWN in bad and bool(hosts.get(platform))
        if said.asks or Standing.SUSPICIOUS in bad or stranger:
            return Judgement(said.standing, tuple(links), said.asks)
    return None


def _found(text: str) -> tuple[list[tuple[bool, str]], str]:
    """((whether it is a mail address, the text of it) of each link, the text without them)."""
    found: list[tuple[bool, str]] = []

    def take(match: re.Match[str]) -> str:
        found.append((False, match[0]))
        return " "

    def take_mail(match: re.Match[str]) -> str:
        found.append((True, match[0]))
        return " "

    def take_bare(match: re.Match[str]) -> str:
        host, tail = _AUTHORITY.fullmatch(match[0].rstrip(_TRAILING)).groups()  # type: ignore[union-attr]  # fits all
        ending = spelt(host.partition(":")[0].rpartition(".")[2]) or ""
        if tail or ":" in host or ending in ENDINGS or ending.startswith("xn--"):
            found.append((False, match[0]))
            return " "
        return match[0]

    rest = unicodedata.normalize("NFKC", _MAIL.sub(take_mail, _URL.sub(take, text)))
    return found, _BARE.sub(take_bare, rest)


def _mail(address: str, hosts: Hosts, platform: str) -> Link:
    host = spelt(address.rpartition("@")[2])
    return _placed(f"mailto:{address}", host or "", hosts, platform, [], mail=True)


def _link(raw: str, hosts: Hosts, platform: str) -> Link:
    why: list[str] = []
    raw = raw.rstrip(_TRAILING)
    clean = "".join(c for c in raw if unicodedata.category(c) not in ("Cf", "Cc", "Zs", "Co", "Cn"))
    if clean != raw:
        why.append("it holds characters that cannot be seen")
    scheme, colon, rest = clean.partition(":")
    scheme = scheme.lower()
    if not colon or not (rest.startswith(("/", "\\")) or scheme in ("http", "https", "mailto", "javascript", "data")):
        scheme, rest = "", clean  # a bare host, perhaps with a port
    if scheme == "mailto":
        return _mail(rest.partition("?")[0], hosts, platform)
    if scheme not in ("", "https"):
        why.append(f"it is {scheme}, not https" if scheme == "http" else f"{scheme}: is no way to a page")
    slashes = len(rest) - len(rest.lstrip("/\\"))
    if "\\" in rest or (scheme and slashes != 2):
        why.append("its slashes are read in different ways by different programs")
    authority, tail = _AUTHORITY.fullmatch(rest.lstrip("/\\")).groups()  # type: ignore[union-attr]  # fits everything
    if runs_on := _RUNS_ON.fullmatch(authority):  # Chinese words that follow without a space: no ending holds both
        authority, tail = runs_on[1], ""
    folded = unicodedata.normalize("NFKC", authority)
    if any(folded.count(sign) != authority.count(sign) for sign in _SPLITS):
        why.append("it holds characters that look like / ? # @ or :")
    user, at, place = authority.rpartition("@")
    if at:
        why.append(f"what stands before the @ ({user.partition(':')[0][:40]}) is a user's name, not the host")
    if "%" in place:
        why.append("its host is written in %-escapes")
    name, port = _split_port(place)
    if port not in ("", "443"):
        why.append(f"it goes to port {port[:8]}, not to that of https")
    if is_address(name):
        why.append(f"it goes to a bare address, {name}, not to a name")
        host = name.strip("[]")
    else:
        host = spelt(name) or ""
        if not host or "." not in host:
            why.append(f"{name[:60]!r} is no host name")
            host = ""
    path = tail.partition("?")[0].partition("#")[0]
    url = f"{scheme or 'https'}://{host or '?'}{f':{port[:8]}' if port else ''}{path[:200]}"
    return _placed(url, host, hosts, platform, why)


def _split_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        name, bracket, rest = place.partition("]")
        return name + bracket, rest.removeprefix(":")
    name, _, port = place.partition(":")
    return name, port


def _placed(url: str, host: str, hosts: Hosts, platform: str, why: list[str], *, mail: bool = False) -> Link:
    """The link with whose host it is. `why` are dangers that were found already."""
    if host in SHORTENERS:
        why.append(f"{host} shortens links: nobody sees where it leads")
    owner = next(
        (name for name, known in hosts.items() if (not platform or name == platform) and below(host, known)), ""
    )
    if owner and not why:
        return Link(url, host, Standing.OFFICIAL, owner, (f"{host} is an official host of {owner}",), mail)
    if host and not owner and not is_address(host):
        if label := mixed(host):
            why.append(f"{label!r} mixes alphabets that look the same ({host})")
        elsewhere = next((name for name, known in hosts.items() if below(host, known)), "")
        if elsewhere:
            why = [*why, f"{host} is an official host of {elsewhere}, not of {platform}"]
            return Link(url, host, Standing.SUSPICIOUS if len(why) > 1 else Standing.UNKNOWN, "", tuple(why), mail)
        near = (found for known in hosts.values() for home in known if (found := resembles(host, home)))
        if alike := next(near, None):
            why.append(f"{host} {alike}")
        if not why:
            whose = f"an official host of {platform}" if platform else "an official host of any platform"
            return Link(url, host, Standing.UNKNOWN, "", (f"{host} is not {whose}",), mail)
    return Link(url, host, Standing.SUSPICIOUS, "", tuple(why), mail)


# ---------------------------------------------------------------------------------------------------------- demands

_CLAUSE = re.compile(r"[，。；！？,;!?\n\r]|\.(?:\s|$)")
_WANTED = {
    "a bank card": r"银行卡|信用卡|储蓄卡|借记卡|卡号"
    r"|\bcvv2?\b|\b(?:bank|credit|debit)[\s-]?cards?\b|\bcard numbers?\b",
    "an SMS code": r"验证码|校验码|动态码|短信码|确认码"
    r"|\b(?:sms|verification|security|one[\s-]?time)[\s-]?codes?\b|\botp\b",
    "a password": r"密码|口令|\bpass(?:word|code)s?\b|\bpin(?:[\s-]?code)?\b",
    "a transfer of money": r"转账|汇款|打款|转入|安全账户|\bwire\b|\btransfer (?:the )?(?:money|funds)\b",
}
_PATTERNS = {what: re.compile(words, re.IGNORECASE) for what, words in _WANTED.items()}
_ASKED = re.compile(
    r"请|需|须|要求|提供|输入|填写|填入|发送|发给|发来|回复|告知|告诉|报给|上传|提交|出示|绑定|验证您|核验|到以下|至以下|给我|给客服"
    r"|转账[至到给]|汇款[至到给]|打款[至到给]|[:：?？]"
    r"|\b(?:please|enter|provide|reply|send|give|tell|type|submit|confirm|verify|need|needs|required?|must|share|upload"
    r"|wire|transfer)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"请?勿|切勿|不要|不会|不得|不索要|无需|不需|不用|从不|绝不|别|\b(?:never|not|don't|no need|without)\b",
    re.IGNORECASE,
)


def demands(text: str) -> tuple[str, ...]:
    """What the text asks of its reader that no platform does. Warning against it ("请勿告知验证码") is not asking."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    clauses = [c for c in _CLAUSE.split(visible) if _ASKED.search(c) and not _DENIED.search(c)]
    return tuple(what for what, words in _PATTERNS.items() if any(words.search(clause) for clause in clauses))
