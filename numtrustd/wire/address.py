"""Where a request goes: its origin, checked, and its path and query, cut at their placeholders.

Whatever a pack or an override writes, only https leaves this machine, and nothing but a variable may stand
in the host. `template` puts the rest of the request behind this.
"""

import re
from ipaddress import ip_address

from numtrustd.wire.parts import Parts, Slot, TemplateError, constant, cut, path_value, quoted

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#]*)(?P<target>[^#]*)(?P<fragment>#.*)?")
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(?P<port>\d{1,5}))?")
_TARGET = re.compile(r"[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*", re.ASCII)  # "[]": page[size]=…, as many APIs want it
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def address(url: str, base_url: str | None, wrong: list[str]) -> tuple[Parts, Parts]:
    """(origin, target) of a URL template; what is wrong with it is added to `wrong`.

    `base_url` takes the place of scheme, host and port, its path goes in front.
    """
    split = _URL.fullmatch(url)
    if split is None:
        wrong.append(f"url {url!r} is not scheme://host/path")
        return (), ()
    if split["fragment"]:
        wrong.append("url has a #fragment, which is never sent")
    origin, prefix = f"{split['scheme']}://{split['host']}", ""
    if base_url is not None:
        base = _URL.fullmatch(base_url)
        if base is None or "?" in base["target"] or base["fragment"]:
            wrong.append(f"base_url {base_url!r} is not scheme://host[:port][/path]")
            return (), ()
        origin, prefix = f"{base['scheme']}://{base['host']}", base["target"].rstrip("/")
    target = split["target"] if split["target"].startswith("/") else "/" + split["target"]
    origin_parts = cut(origin, str, wrong, "url")
    if any(isinstance(p, Slot) and not p.name.startswith("var:") for p in origin_parts):
        wrong.append("only {var:…} may stand in the host")
    elif constant(origin_parts):
        try:
            checked_origin("".join(map(str, origin_parts)))
        except TemplateError as error:
            wrong.extend(error.problems)
    return origin_parts, _target(prefix + target, wrong)


def _target(target: str, wrong: list[str]) -> Parts:
    path, mark, query = target.partition("?")
    parts = cut(path, path_value, wrong, "url") + cut(mark + query, quoted, wrong, "url")
    wrong.extend(
        f"url has characters that must be percent-encoded: {part!r}"
        for part in parts
        if isinstance(part, str) and (not _TARGET.fullmatch(part) or _BAD_ESCAPE.search(part))
    )
    return parts


def checked_origin(origin: str) -> str:
    """The origin; raises `TemplateError` on one that nothing may be sent to."""
    scheme, _, host = origin.partition("://")
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 1) not in range(1, 65_536):
        raise TemplateError(f"{host!r} is not host or host:port")
    if scheme not in ("http", "https"):
        raise TemplateError(f"scheme {scheme!r} is not https")
    if scheme == "http" and not _loopback(found["name"]):
        raise TemplateError(f"plain http to {found['name']}: only loopback addresses may do without TLS")
    return origin


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_header(origin: str) -> str:
    """The `Host` header that goes with an origin: in lower case, without the scheme's own port."""
    scheme, _, host = origin.lower().partition("://")
    return host.removesuffix(":443" if scheme == "https" else ":80")


def path_and_query(target: Parts) -> tuple[Parts, Parts]:
    """A target cut at its `?`, so that a signature behind it may cover what is before it."""
    for n, part in enumerate(target):
        if isinstance(part, str) and "?" in part:
            path, _, query = part.partition("?")
            return (*target[:n], path), (query, *target[n + 1 :])
    return target, ()


def without_origin(url: str) -> str:
    """The path and query of a URL template; the whole of what is no URL."""
    split = _URL.fullmatch(url)
    return split["target"] if split else url
