"""Requests from templates: everything that can be wrong is found when a pack is read, the rest is a few
joined strings.

`spec.RequestSpec` is what a pack writes, `exchange.Request` what goes out, `echo` and `match` read the
answer.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from numtrustd import __version__
from numtrustd.domain.number import Number
from numtrustd.wire.exchange import Request
from numtrustd.wire.spec import RequestSpec

NUMBER_NAMES = frozenset({"national", "e164", "digits", "area", "subscriber", "dashed"})
"""What a look may put into a request: the number's forms, see `number_values`."""

CASE_NAMES = NUMBER_NAMES | {"ref", "letter", "purpose", "receipt"}
"""What a submission may put into a request."""

_BRACES = re.compile(r"\{\{|\}\}|\{((?:var|secret):[A-Za-z0-9_.-]+|[a-z0-9_]+)\}|[{}]")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#]*)(?P<target>[^#]*)(?P<fragment>#.*)?")
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(?P<port>\d{1,5}))?")
_TARGET = re.compile(r"[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*", re.ASCII)  # "[]": page[size]=…, as many APIs want it
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_OURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "te",
        "upgrade",
        "expect",
    }
)
_AGENT = f"numtrustd/{__version__}"
_MARK = "\ue000"
"""Stands for a placeholder while JSON is encoded; a pack may not use this private character itself."""


class TemplateError(ValueError):
    """A template that cannot be compiled, or a value that may not stand where it would; `problems` are readable."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Slot(NamedTuple):
    """A placeholder in a text and how its value is written there."""

    name: str
    write: Callable[[str], str]


Parts = tuple[str | Slot, ...]


def number_values(number: Number) -> dict[str, str]:
    """The values of `NUMBER_NAMES` for a number; `area` is empty where the number has none."""
    return {
        "national": number.national,
        "e164": number.e164,
        "digits": number.digits,
        "area": number.area,
        "subscriber": number.subscriber,
        "dashed": number.dashed,
    }


class Template:
    """A compiled request. `needs` names what `fill` must be given; `bind` fixes what stays the same for every
    request.
    """

    def __init__(self, method: str, origin: Parts, target: Parts, headers: tuple[tuple[str, Parts], ...], body: Parts):
        self.method = method
        self._origin, self._target, self._headers, self._body = origin, target, headers, body
        texts = (origin, target, body, *(parts for _, parts in headers))
        self.needs = frozenset(part.name for parts in texts for part in parts if isinstance(part, Slot))
        self._ready_origin = _checked_origin("".join(map(str, origin))) if _constant(origin) else None
        self._ready_body = _join(body, {}).encode() if _constant(body) else None
        self._volatile = tuple(p.name for _, parts in headers for p in parts if isinstance(p, Slot))
        self._last: tuple[tuple[str, ...], tuple[tuple[str, str], ...]] | None = None

    def bind(self, values: Mapping[str, str]) -> "Template":
        """The same template with these values fixed (the pack's vars, secrets); raises `TemplateError` on a bad one."""
        return Template(
            self.method,
            _bound(self._origin, values),
            _bound(self._target, values),
            tuple((name, _bound(parts, values)) for name, parts in self._headers),
            _bound(self._body, values),
        )

    def fill(self, values: Mapping[str, str]) -> Request:
        """The request for these values. `KeyError` if one of `needs` is missing, `TemplateError` if one may
        not stand there.

        `headers` is the same object as in the last request unless a header's value changed.
        """
        try:
            return Request(
                self.method,
                self._ready_origin or _checked_origin(_join(self._origin, values)),
                _join(self._target, values),
                self._filled_headers(values),
                _join(self._body, values).encode() if self._ready_body is None else self._ready_body,
            )
        except UnicodeEncodeError as error:
            raise TemplateError("a value is not text: it has a lone surrogate") from error

    def _filled_headers(self, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        key = tuple([values[name] for name in self._volatile])
        if self._last is None or self._last[0] != key:
            self._last = key, tuple((name, _join(parts, values)) for name, parts in self._headers)
        return self._last[1]


def placeholders(spec: RequestSpec, base_url: str | None = None) -> frozenset[str]:
    """The names a request needs (`national`, `var:host`, `secret:key`, …); `base_url` spares those of the host."""
    url = spec.url
    if base_url is not None and (split := _URL.fullmatch(url)):
        url = split["target"]
    return frozenset(found[1] for text in (url, *_texts(spec)) for found in _BRACES.finditer(text) if found[1])


def problems(spec: RequestSpec, base_url: str | None = None, *, names: Iterable[str] = CASE_NAMES) -> list[str]:
    """What is wrong with a request template, one line each. `names` are the placeholders it may use."""
    try:
        compile_request(spec, base_url, names=names)
    except TemplateError as error:
        return list(error.problems)
    return []


def compile_request(spec: RequestSpec, base_url: str | None = None, *, names: Iterable[str] = CASE_NAMES) -> Template:
    """Compile a template. `base_url` takes the place of scheme, host and port, its path goes in front.

    Raises `TemplateError` with every problem there is.
    """
    wrong: list[str] = []
    allowed = frozenset(names)
    wrong.extend(
        f"unknown placeholder {{{name}}}; there are {', '.join(sorted(allowed))}, var:…, secret:…"
        for name in sorted(placeholders(spec, base_url))
        if ":" not in name and name not in allowed
    )
    origin, target = _address(spec.url, base_url, wrong)
    headers = _header_parts(spec, wrong)
    body = _body_parts(spec, wrong)
    if wrong:
        raise TemplateError(*wrong)
    return Template(spec.method, origin, target, headers, body)


def _address(url: str, base_url: str | None, wrong: list[str]) -> tuple[Parts, Parts]:
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
    origin_parts = _parts(origin, str, wrong, "url")
    if any(isinstance(p, Slot) and not p.name.startswith("var:") for p in origin_parts):
        wrong.append("only {var:…} may stand in the host")
    elif _constant(origin_parts):
        try:
            _checked_origin("".join(map(str, origin_parts)))
        except TemplateError as error:
            wrong.extend(error.problems)
    return origin_parts, _target_parts(prefix + target, wrong)


def _target_parts(target: str, wrong: list[str]) -> Parts:
    path, mark, query = target.partition("?")
    parts = _parts(path, _path_value, wrong, "url") + _parts(mark + query, _quoted, wrong, "url")
    wrong.extend(
        f"url has characters that must be percent-encoded: {part!r}"
        for part in parts
        if isinstance(part, str) and (not _TARGET.fullmatch(part) or _BAD_ESCAPE.search(part))
    )
    return parts


def _header_parts(spec: RequestSpec, wrong: list[str]) -> tuple[tuple[str, Parts], ...]:
    headers: list[tuple[str, Parts]] = []
    given: set[str] = set()
    for name, value in spec.headers.items():
        if not _TOKEN.fullmatch(name):
            wrong.append(f"header name {name!r} is not a token")
        elif name.lower() in _OURS:
            wrong.append(f"header {name} is set by the daemon; leave it out")
        elif name.lower() in given:
            wrong.append(f"header {name} is given twice")
        given.add(name.lower())
        if not _VISIBLE.fullmatch(value):
            wrong.append(f"header {name} may hold visible ASCII only")
        headers.append((name, _parts(value, _header_value, wrong, f"header {name}")))
    headers.append(("Accept-Encoding", ("identity",)))
    if "user-agent" not in given:
        headers.append(("User-Agent", (_AGENT,)))
    if "content-type" not in given:
        if spec.json is not None:
            headers.append(("Content-Type", ("application/json",)))
        elif spec.form is not None:
            headers.append(("Content-Type", ("application/x-www-form-urlencoded",)))
    return tuple(headers)


def _body_parts(spec: RequestSpec, wrong: list[str]) -> Parts:
    if spec.json is not None and spec.form is not None:
        wrong.append("json and form together; give one of them")
    if spec.method == "GET" and (spec.json is not None or spec.form is not None):
        wrong.append("a GET request has no body")
    if spec.json is not None:
        return _json_parts(spec.json, wrong)
    parts: Parts = ()
    for n, (key, value) in enumerate((spec.form or {}).items()):
        parts += ("&" * (n > 0) + quote(key, safe="") + "=",)
        for part in _parts(value, _quoted, wrong, f"form.{key}"):
            parts += (_quoted(part) if isinstance(part, str) else part,)
    return parts


def _json_parts(value: dict[str, object], wrong: list[str]) -> Parts:
    """Encode once with a private character for each placeholder, then cut: escaping is per character."""
    slots: list[Slot] = []

    def marked(node: object, where: str) -> object:
        if isinstance(node, dict):
            return {key: marked(item, f"{where}.{key}") for key, item in node.items()}
        if isinstance(node, list | tuple):
            return [marked(item, where) for item in node]
        if not isinstance(node, str):
            return node
        parts = _parts(node, _json_value, wrong, where)
        slots.extend(part for part in parts if isinstance(part, Slot))
        return "".join(part if isinstance(part, str) else _MARK for part in parts)

    try:
        text = msgspec.json.encode(marked(value, "json")).decode()
    except (TypeError, ValueError) as error:
        wrong.append(f"json cannot be written as JSON: {error}")
        return ()
    pieces = text.split(_MARK)
    if len(pieces) != len(slots) + 1:
        wrong.append("json has the private character U+E000")
        return ()
    parts: Parts = (pieces[0],)
    for slot, piece in zip(slots, pieces[1:], strict=True):
        parts += (slot, piece)
    return parts


def _texts(spec: RequestSpec) -> list[str]:
    """All texts beside the URL that may hold placeholders."""
    texts = [*spec.headers.values(), *(spec.form or {}).values()]
    stack: list[object] = [spec.json]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list | tuple):
            stack.extend(node)
        elif isinstance(node, str):
            texts.append(node)
    return texts


def _parts(text: str, write: Callable[[str], str], wrong: list[str], where: str) -> Parts:
    """Cut a text at its placeholders; `{{` and `}}` are braces."""
    parts: list[str | Slot] = []
    literal, at = "", 0
    for found in _BRACES.finditer(text):
        literal += text[at : found.start()]
        at = found.end()
        if found[1]:
            parts += [literal, Slot(found[1], write)]
            literal = ""
        elif len(found[0]) == 2:
            literal += found[0][0]
        else:
            wrong.append(f"{where} has a lone {found[0]!r}; write {found[0] * 2!r} for the character itself")
    parts.append(literal + text[at:])
    return tuple(part for part in parts if part != "")


def _constant(parts: Parts) -> bool:
    return not any(isinstance(part, Slot) for part in parts)


def _join(parts: Parts, values: Mapping[str, str]) -> str:
    return "".join([part if isinstance(part, str) else part.write(values[part.name]) for part in parts])


def _bound(parts: Parts, values: Mapping[str, str]) -> Parts:
    """Literals that now stand side by side become one, so that filling joins as little as it can."""
    bound: list[str | Slot] = []
    for part in parts:
        piece = part.write(values[part.name]) if isinstance(part, Slot) and part.name in values else part
        if isinstance(piece, str) and bound and isinstance(bound[-1], str):
            bound[-1] += piece
        else:
            bound.append(piece)
    return tuple(bound)


def _quoted(value: str) -> str:
    return value if value.isascii() and value.isalnum() else quote(value, safe="")


def _path_value(value: str) -> str:
    # A receipt comes from a platform: as a path segment it must not climb or vanish.
    if value in ("", ".", ".."):
        raise TemplateError(f"{value!r} may not stand in the path of a URL")
    return _quoted(value)


def _header_value(value: str) -> str:
    # The value may be a secret, so it is not repeated.
    if not _VISIBLE.fullmatch(value):
        raise TemplateError("a header's value may hold visible ASCII only, and no line break")
    return value


def _json_value(value: str) -> str:
    return msgspec.json.encode(value)[1:-1].decode()


def _checked_origin(origin: str) -> str:
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
