"""The ways out that the settings name: checked, and made into routes once their secrets are read.

A way is how requests leave this machine: through a proxy, from one of its addresses, or both. Every source and every
appeal API goes out by one, `[http] via` unless it says another; "direct" is the word for none.
"""

import ipaddress
import re
import socket
from collections.abc import Iterator
from typing import Final, Literal
from urllib.parse import urlsplit

from numtrustd.settings.checks import requests_in_use
from numtrustd.settings.collect import Located
from numtrustd.settings.overrides import Applied
from numtrustd.settings.packs import Packs
from numtrustd.settings.problem import Path, Report, dotted, one_of
from numtrustd.settings.schema import Settings, WayTable
from numtrustd.settings.secret_files import Secrets
from numtrustd.wire.route import DIRECT, SOCKS5_TEXT, Proxy, Route

_Scheme = Literal["http", "https", "socks5"]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# socks5h is curl's word for "the proxy looks names up", which here it always does.
_SCHEMES: Final[dict[str, _Scheme]] = {"http": "http", "https": "https", "socks5": "socks5", "socks5h": "socks5"}
_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*")
_SECRET: Final = re.compile(r"\{secret:([A-Za-z0-9_.-]+)\}")
_PROXY_HELP: Final = 'write it like "http://proxy.example:3128", "https://proxy.example:3129" or "socks5://…:1080"'
_LOGIN_HELP: Final = 'give user = "…" and password = "{secret:NAME}", with the password in a file of [credentials]'


def check_ways(
    settings: Settings, packs: Packs, applied: Applied, place: Located, report: Report
) -> set[tuple[str, str]]:
    """Every way by itself, and that each one which is named exists. Returns the secrets: (name, user)."""
    secrets: set[tuple[str, str]] = set()
    for name, way in settings.http.ways.items():
        at = _At(name, place, report)
        if report.spoilt(place, "http", "ways", name):
            continue
        if name == DIRECT.name:
            at.add("", f'"{name}" is the word for no way at all', "give the way another name")
        if not way.proxy and not way.source_address:
            at.add("", "leads nowhere", "give it a proxy, a source_address or both")
        proxy = _check_proxy(at, way)
        address = _check_source(at, way)
        if proxy is not None and address is not None:
            _check_families(at, proxy, address)
        for text in (way.user, way.password):
            if found := _SECRET.fullmatch(text):
                secrets.add((found[1], f"the way {name}"))
    _check_names(settings, place, report)
    _check_plain(settings, packs, applied, place, report)
    return secrets


def routes(settings: Settings, secrets: Secrets, place: Located, report: Report) -> dict[str, Route]:
    """All ways by name, "direct" among them. Those with a problem that was reported before are left out."""
    found = {DIRECT.name: DIRECT}
    for name, way in settings.http.ways.items():
        proxy = _address(way.proxy) if way.proxy else None
        login = [_filled(text, secrets) for text in (way.user, way.password)]
        if isinstance(proxy, str) or None in login:
            continue
        user, password = (text or "" for text in login)
        if proxy is not None:
            _check_login(_At(name, place, report), proxy, user, password)
            proxy = Proxy(proxy.scheme, proxy.host, proxy.port, user, password)
        address = str(ipaddress.ip_address(way.source_address)) if _is_address(way.source_address) else ""
        found[name] = Route(name=name, proxy=proxy, source_address=address)
    return found


class _At:
    """Reports at the keys of one way."""

    def __init__(self, name: str, place: Located, report: Report) -> None:
        self.place = place
        self.report = report
        self._path: Path = ("http", "ways", name)

    def path(self, key: str) -> Path:
        return (*self._path, key) if key else self._path

    def add(self, key: str, what: str, remedy: str) -> None:
        path = self.path(key)
        self.report.add(self.place.where(path), dotted(path), what, remedy)

    def warn(self, key: str, what: str, remedy: str) -> None:
        path = self.path(key)
        self.report.warn(self.place.where(path), dotted(path), what, remedy)


# --------------------------------------------------------------------------------------------------- one way


def _check_proxy(at: _At, way: WayTable) -> Proxy | None:
    proxy = _address(way.proxy) if way.proxy else None
    if isinstance(proxy, str):
        at.add("proxy", proxy, _LOGIN_HELP if "@" in way.proxy else _PROXY_HELP)
    for key, text in (("user", way.user), ("password", way.password)):
        if text and not way.proxy:
            at.add(key, "is for a proxy, and there is none", "give the proxy, or leave it out")
    if way.user and not way.password:
        at.add("user", "has no password", _LOGIN_HELP)
    if way.password and not way.user:
        at.add("password", "has no user", _LOGIN_HELP)
    if way.password and not _SECRET.fullmatch(way.password):
        at.add("password", "is written out, or not a secret alone", _LOGIN_HELP)  # not repeated here: it may be one
    if not way.user.isprintable() or ("{" in way.user and not _SECRET.fullmatch(way.user)):
        at.add("user", "is no plain text and no secret alone", 'write the user, or "{secret:NAME}"')
    if isinstance(proxy, str) or proxy is None:
        return None
    if way.user and proxy.scheme != "https" and _is_public(proxy.host):
        what = f"the password travels to {proxy.host} unencrypted"
        at.warn("proxy", what, "use an https:// proxy, or one on a private address")
    return proxy


def _address(text: str) -> Proxy | str:
    """The proxy at this address, without its user; else what is wrong. Says nothing of what an address may hide."""
    if "@" in text:
        return "holds a user or a password"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f'"{text}" is no address of a proxy'
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or parts.path not in ("", "/") or parts.query or parts.fragment:
        return f'"{text}" is no address of a proxy'
    if not _is_address(host) and not _HOST.fullmatch(host):
        return f'"{text}" names no host'
    if not port:
        return f'"{text}" names no port'
    return Proxy(scheme, host, port)


def _check_login(at: _At, proxy: Proxy, user: str, password: str) -> None:
    """What the protocols have no room for. Neither is repeated here: both may be secrets."""
    if proxy.scheme == "socks5":
        for key, text in (("user", user), ("password", password)):
            if len(text.encode()) > SOCKS5_TEXT:
                at.add(key, f"is longer than {SOCKS5_TEXT} bytes, the most that SOCKS5 can tell", "use a shorter one")
    elif ":" in user:
        at.add("user", 'has a ":" in it, which HTTP cannot tell from the start of the password', "use another user")


def _check_source(at: _At, way: WayTable) -> _Address | None:
    text = way.source_address
    if not text:
        return None
    if not _is_address(text):
        at.add("source_address", f'"{text}" is no IP address', "give an address of this machine, such as 192.0.2.7")
        return None
    address = ipaddress.ip_address(text)
    if address.is_unspecified or address.is_multicast or getattr(address, "ipv4_mapped", None):
        at.add("source_address", f'"{text}" is no address that a machine has', "give one, such as 192.0.2.7")
        return None
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((str(address), 0))
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        at.add("source_address", f"this machine cannot send from {address}: {why}", "give an address that it has")
    return address


def _check_families(at: _At, proxy: Proxy, source: _Address) -> None:
    if _is_address(proxy.host) and ipaddress.ip_address(proxy.host).version != source.version:
        what = f"is IPv{source.version}, and the proxy's address is not"
        at.add("source_address", what, "give two of the same kind")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a zone belongs to one machine's interfaces; nothing here needs one


def _is_public(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_global


def _filled(text: str, secrets: Secrets) -> str | None:
    if "{" not in text:
        return text
    found = _SECRET.fullmatch(text)
    return None if found is None else secrets.get(found[1])


# -------------------------------------------------------------------------------------------- who uses them


def _named(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Every way that is named, and where."""
    yield ("http", "via"), settings.http.via
    for name, source in settings.source.items():
        if source.via is not None:
            yield ("source", name, "via"), source.via
    for name, platform in settings.platform.items():
        if platform.appeal.via is not None:
            yield ("platform", name, "appeal", "via"), platform.appeal.via


def _check_names(settings: Settings, place: Located, report: Report) -> None:
    if report.spoilt(place, "http", "ways"):
        return
    known = list(dict.fromkeys([DIRECT.name, *settings.http.ways]))
    for path, name in _named(settings):
        if name not in known:
            remedy = f"give {one_of(known)}, or describe it in [http.ways.{name}]"
            report.add(place.where(path), dotted(path), f'there is no way "{name}"', remedy)


def _check_plain(settings: Settings, packs: Packs, applied: Applied, place: Located, report: Report) -> None:
    """Plain http is for this machine only, and a proxy would carry it off."""
    for user, platform, path, request in requests_in_use(packs, applied):
        own: Path
        if path[0] == "source":
            own, name = ("source", user, "via"), settings.source_via(user)
        else:
            own, name = ("platform", platform, "appeal", "via"), settings.channel_via(platform)
        way = settings.http.ways.get(name)
        if way is None or not way.proxy or not request.url.startswith("http://"):
            continue
        at: Path = own if own in dict(_named(settings)) else ("http", "via")
        what = f'{user} asks this machine in plain http, and "{name}" would carry that off to a proxy'
        remedy = f'give {dotted(own)} = "{DIRECT.name}", or an https address'
        report.add(place.where(at), dotted(at), what, remedy)
