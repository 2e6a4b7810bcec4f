"""Requests from templates: everything that can be wrong is found when a pack is read, the rest is a few
joined strings.

`spec.RequestSpec` is what a pack writes, `exchange.Request` what goes out, `echo` and `match` read the
answer.
"""

import math
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import msgspec
from msgspec import structs

from numtrustd import __version__
from numtrustd.domain.instant import rfc3339
from numtrustd.domain.number import Number
from numtrustd.wire import auth, multipart
from numtrustd.wire.address import address, checked_origin, host_header, path_and_query, without_origin
from numtrustd.wire.auth import MOMENT_NAMES
from numtrustd.wire.derived import Recipe, Text, in_order
from numtrustd.wire.exchange import Request
from numtrustd.wire.parts import (
    VISIBLE,
    Parts,
    Slot,
    bound,
    constant,
    cut,
    header_value,
    join,
    json_value,
    names_of,
    quoted,
    slots,
)
from numtrustd.wire.parts import TemplateError as TemplateError  # callers know templates, not their parts
from numtrustd.wire.secrecy import spellings
from numtrustd.wire.spec import RequestSpec

NUMBER_NAMES = frozenset({"national", "e164", "digits", "area", "subscriber", "dashed", "nanp"})
"""What a look may put into a request: the number's forms, see `number_values`."""

CASE_NAMES = NUMBER_NAMES | {"ref", "letter", "purpose", "receipt"}
"""What a submission may put into a request."""

BATCH_NAMES = frozenset({"numbers", "ref", "task"})
"""What the requests of a batch may hold: all its numbers, our own reference, the platform's task id."""

NUMBER_LIST = "numbers[]"
"""The value behind a JSON list `["{numbers}"]`: one number a line."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
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
_PLACED = re.compile(r"(auth|cipher|multipart)[.:]")
_NO_DIGIT = re.compile(r"[^0-9]")
_BEIJING = 8 * 3_600
"""Seconds that Beijing's clocks are ahead of UTC, all year."""
_NOT_TEXT = "a value is not text: it has a lone surrogate"
_HINTS = {
    auth.SIGN: 'add an auth of the kind "digest" or "hmac", which makes it',
    auth.SEALED: "add a cipher for each kind of number, which makes it",
}
_MARK = "\ue000"
"""Stands for a placeholder while JSON is encoded; a pack may not use this private character itself."""


def number_values(number: Number) -> dict[str, str]:
    """The values of `NUMBER_NAMES` for a number; `area` is empty where the number has none."""
    return {
        "national": number.national,
        "e164": number.e164,
        "digits": number.digits,
        "area": number.area,
        "subscriber": number.subscriber,
        "dashed": number.dashed,
        "nanp": number.nanp,
    }


def moment_values(now: float, nonce: str) -> dict[str, str]:
    """The values of `MOMENT_NAMES` at an instant; `nonce` is a text that no other request has."""
    return {
        "timestamp": str(math.floor(now)),
        "timestamp_ms": str(math.floor(now * 1000)),
        "timestamp_iso": rfc3339(math.floor(now)).partition(".")[0] + "Z",
        "timestamp_beijing": _NO_DIGIT.sub("", rfc3339(math.floor(now) + _BEIJING).partition(".")[0]),
        "nonce": nonce,
    }


class Template:
    """A compiled request. `needs` names what `fill` must be given; `bind` fixes what stays the same for every
    request. `timed` ones need `moment_values` too, new for each request. `private` are texts in it that
    nobody may see (secrets, and what was made of them), `hidden` the same in all their spellings.
    """

    def __init__(
        self,
        method: str,
        origin: Parts,
        target: Parts,
        headers: tuple[tuple[str, Parts], ...],
        body: Parts,
        private: tuple[str, ...] = (),
    ):
        self.method, self.private, self.hidden = method, private, spellings(private)
        self._origin, self._target, self._headers, self._body = origin, target, headers, body
        self.needs = slots(origin).union(slots(target), slots(body), *(slots(parts) for _, parts in headers))
        self.timed = not MOMENT_NAMES.isdisjoint(self.needs)
        self._ready_origin = checked_origin("".join(map(str, origin))) if constant(origin) else None
        self._ready_body = join(body, {}).encode() if constant(body) else None
        self._volatile = tuple(p.name for _, parts in headers for p in parts if isinstance(p, Slot))
        self._last: tuple[tuple[str, ...], tuple[tuple[str, str], ...]] | None = None

    def bind(self, values: Mapping[str, str]) -> "Template":
        """The same template with these values fixed (the pack's vars, secrets); raises `TemplateError` on a bad one."""
        return Template(*self._bound(values), (*self.private, *self._secrets(values)))

    def _secrets(self, values: Mapping[str, str]) -> list[str]:
        """Those of the values that are secrets and stand in this request."""
        return [values[name] for name in sorted(self.needs) if name.startswith("secret:") and name in values]

    def _bound(self, values: Mapping[str, str]) -> tuple[str, Parts, Parts, tuple[tuple[str, Parts], ...], Parts]:
        return (
            self.method,
            bound(self._origin, values),
            bound(self._target, values),
            tuple((name, bound(parts, values)) for name, parts in self._headers),
            bound(self._body, values),
        )

    def fill(self, values: Mapping[str, str]) -> Request:
        """The request for these values. `KeyError` if one of `needs` is missing, `TemplateError` if one may
        not stand there.

        `headers` is the same object as in the last request unless a header's value changed.
        """
        try:
            return Request(
                self.method,
                self._ready_origin or checked_origin(join(self._origin, values)),
                join(self._target, values),
                self._filled_headers(values),
                join(self._body, values).encode() if self._ready_body is None else self._ready_body,
            )
        except UnicodeEncodeError as error:
            raise TemplateError(_NOT_TEXT) from error

    def _filled_headers(self, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        key = tuple([values[name] for name in self._volatile])
        if self._last is None or self._last[0] != key:
            self._last = key, tuple((name, join(parts, values)) for name, parts in self._headers)
        return self._last[1]


class Derived(Template):
    """A template with values that are made from others for each request: signatures, sealed numbers.

    Apart from `Template` so that requests without them cost nothing more.
    """

    def __init__(
        self,
        method: str,
        origin: Parts,
        target: Parts,
        headers: tuple[tuple[str, Parts], ...],
        body: Parts,
        private: tuple[str, ...],
        recipes: tuple[Recipe, ...],
    ):
        super().__init__(method, origin, target, headers, body, private)
        self._recipes = recipes
        self.needs = self.needs.union(*(recipe.needs for recipe in recipes)) - {recipe.name for recipe in recipes}
        self.timed = not MOMENT_NAMES.isdisjoint(self.needs)

    def bind(self, values: Mapping[str, str]) -> Template:
        """As in `Template`. What is made from fixed values alone is made now and fixed as well."""
        known, private, left = dict(values), [*self.private, *self._secrets(values)], []
        try:
            for recipe in self._recipes:
                now = recipe.bind(known)
                if now.needs:
                    left.append(now)
                    continue
                known[now.name] = now.made({})
                if now.private:
                    private.append(known[now.name])
        except UnicodeEncodeError as error:
            raise TemplateError(_NOT_TEXT) from error
        fixed = self._bound(known)
        return Derived(*fixed, tuple(private), tuple(left)) if left else Template(*fixed, tuple(private))

    def fill(self, values: Mapping[str, str]) -> Request:
        """As in `Template`."""
        made = dict(values)
        try:
            for recipe in self._recipes:
                made[recipe.name] = recipe.made(made)
        except UnicodeEncodeError as error:
            raise TemplateError(_NOT_TEXT) from error
        return structs.replace(
            super().fill(made),
            private=tuple(made[recipe.name] for recipe in self._recipes if recipe.private),
            sent_as=tuple(made[name] for name in (auth.SEALED, auth.SHA1) if name in made),
        )


def placeholders(spec: RequestSpec, base_url: str | None = None) -> frozenset[str]:
    """The names a request needs (`national`, `var:host`, `secret:key`, …); `base_url` spares those of the host."""
    return _written(spec, base_url).union(*map(names_of, auth.texts(spec)))


def _written(spec: RequestSpec, base_url: str | None) -> frozenset[str]:
    """What stands in the request itself, `auth` and `cipher` aside."""
    url = spec.url if base_url is None else without_origin(spec.url)
    return names_of(url).union(*map(names_of, _texts(spec)))


def lint(spec: RequestSpec, *, names: Iterable[str] = CASE_NAMES) -> list[str]:
    """What is wrong with a request template, one line each, beginning with the key (`request.auth.token: …`)."""
    return [f"request{'.' if placed(line) else ': '}{line}" for line in problems(spec, names=names)]


def placed(problem: str) -> bool:
    """Whether a problem of a template begins with its key (`cipher.mobile.of: …`) below the request."""
    return _PLACED.match(problem) is not None


def problems(spec: RequestSpec, base_url: str | None = None, *, names: Iterable[str] = CASE_NAMES) -> list[str]:
    """What is wrong with a request template, one line each. `names` are the placeholders it may use."""
    try:
        compile_request(spec, base_url, names=names).bind({})  # what is made of fixed texts alone is made now
    except TemplateError as error:
        return list(error.problems)
    return []


def compile_request(
    spec: RequestSpec, base_url: str | None = None, *, names: Iterable[str] = CASE_NAMES | BATCH_NAMES
) -> Template:
    """Compile a template. `base_url` takes the place of scheme, host and port, its path goes in front.

    Raises `TemplateError` with every problem there is.
    """
    wrong: list[str] = []
    allowed = frozenset(names) | auth.offers(spec)
    written = _written(spec, base_url)
    known = f"there are {', '.join(sorted(allowed))}, var:…, secret:…"
    wrong.extend(
        f"unknown placeholder {{{name}}}; {_HINTS.get(name, known)}"
        for name in sorted(written - allowed)
        if ":" not in name
    )
    wrong += auth.unused(spec, written.union(*map(names_of, auth.texts(spec))))
    more = auth.added(spec, allowed, wrong)
    origin, target = address(spec.url, base_url, wrong)
    if more.query:
        target += ("&" if any("?" in part for part in target if isinstance(part, str)) else "?", *more.query)
    headers = _header_parts(spec, more.headers, wrong)
    body, making = _body_parts(spec, wrong)
    recipes = [*auth.sealed(spec, allowed, wrong), *more.recipes, *making]
    recipes = _in_use(recipes, spec.method, origin, target, headers, body, wrong)
    if wrong:
        raise TemplateError(*wrong)
    if not recipes:
        return Template(spec.method, origin, target, headers, body)
    return Derived(spec.method, origin, target, headers, body, (), tuple(recipes))


def _in_use(
    recipes: list[Recipe],
    method: str,
    origin: Parts,
    target: Parts,
    headers: tuple[tuple[str, Parts], ...],
    body: Parts,
    wrong: list[str],
) -> list[Recipe]:
    """The recipes that the request needs, in order, and with them the parts of the request that they need."""
    path, query = path_and_query(target)
    parts = {
        "method": Recipe("method", str, Text((method,))),
        "path": Recipe("path", str, Text(path)),
        "query": Recipe("query", str, Text(query)),
        "body": Recipe("body", str, Text(body)),
        auth.HOST: Recipe(auth.HOST, host_header, Text(origin)),
    }
    for name, value in headers:
        parts[auth.HEADER + name.lower()] = Recipe(auth.HEADER + name.lower(), str, Text(value))
    known = parts | {recipe.name: recipe for recipe in recipes}
    wanted = set(slots(origin).union(slots(target), slots(body), *(slots(value) for _, value in headers)))
    used: dict[str, Recipe] = {}
    while missing := sorted(wanted - used.keys()):
        for name in missing:
            wanted.discard(name)
            if name in known:
                used[name] = known[name]
                wanted |= known[name].needs
            elif name.startswith(auth.HEADER):
                lacking = name.removeprefix(auth.HEADER)
                given = ", ".join(sorted({"host", *(given.lower() for given, _ in headers)}))
                wrong.append(f"auth.signed_headers: the request has no header {lacking!r}; there are {given}")
    ordered, circle = in_order(used.values())
    if inside := ", ".join(f"{{{name}}}" for name in sorted(circle & auth.REQUEST_NAMES)):
        wrong.append(f"auth.of: is made of {inside}, where {{sign}} itself stands; put {{sign}} into another place")
    return list(ordered)


def _header_parts(
    spec: RequestSpec, more: tuple[tuple[str, Parts], ...], wrong: list[str]
) -> tuple[tuple[str, Parts], ...]:
    headers: list[tuple[str, Parts]] = []
    given: set[str] = set()
    for name, value in spec.headers.items():
        if not VISIBLE.fullmatch(value):
            wrong.append(f"header {name} may hold visible ASCII only")
        headers.append((name, cut(value, header_value, wrong, f"header {name}")))
    headers += more
    for name, _ in headers:
        if not _TOKEN.fullmatch(name):
            wrong.append(f"header name {name!r} is not a token")
        elif name.lower() in _OURS:
            wrong.append(f"header {name} is set by the daemon; leave it out")
        elif name.lower() in given:
            wrong.append(f"header {name} is given twice")
        given.add(name.lower())
    headers.append(("Accept-Encoding", ("identity",)))
    if "user-agent" not in given:
        headers.append(("User-Agent", (_AGENT,)))
    if spec.multipart is not None:
        if "content-type" in given:
            wrong.append("header Content-Type is set by multipart; leave it out")
        headers.append(("Content-Type", multipart.content_type()))
    elif "content-type" not in given:
        if spec.json is not None:
            headers.append(("Content-Type", ("application/json",)))
        elif spec.form is not None:
            headers.append(("Content-Type", ("application/x-www-form-urlencoded",)))
    return tuple(headers)


def _body_parts(spec: RequestSpec, wrong: list[str]) -> tuple[Parts, tuple[Recipe, ...]]:
    bodies = [name for name in ("json", "form", "multipart") if getattr(spec, name) is not None]
    if len(bodies) > 1:
        wrong.append(f"{' and '.join(bodies)} together; give one of them")
    if spec.method == "GET" and bodies:
        wrong.append('a GET request has no body; write method = "POST"')
    if spec.json is not None:
        return _json_parts(spec.json, wrong), ()
    if spec.multipart is not None:
        return multipart.body(spec.multipart, wrong)
    parts: Parts = ()
    for n, (key, value) in enumerate((spec.form or {}).items()):
        parts += ("&" * (n > 0) + quote(key, safe="") + "=",)
        for part in cut(value, quoted, wrong, f"form.{key}"):
            parts += (quoted(part) if isinstance(part, str) else part,)
    return parts, ()


def _json_parts(value: dict[str, object], wrong: list[str]) -> Parts:
    """Encode once with a private character for each placeholder, then cut: escaping is per character."""
    slots: list[Slot] = []

    def marked(node: object, where: str) -> object:
        if isinstance(node, dict):
            return {key: marked(item, f"{where}.{key}") for key, item in node.items()}
        if isinstance(node, list | tuple):
            if list(node) == ["{numbers}"]:
                slots.append(Slot(NUMBER_LIST, _listed))
                return [_MARK]
            return [marked(item, where) for item in node]
        if not isinstance(node, str):
            return node
        parts = cut(node, json_value, wrong, where)
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


def _listed(lines: str) -> str:
    """For the inside of the one JSON string of a list, which becomes as many as there are lines."""
    return '","'.join(map(json_value, lines.split("\n")))


def _texts(spec: RequestSpec) -> list[str]:
    """All texts beside the URL that may hold placeholders."""
    texts = [*spec.headers.values(), *(spec.form or {}).values()]
    if spec.multipart is not None:
        texts += spec.multipart.fields.values()
        texts += [spec.multipart.file.filename, spec.multipart.file.content] if spec.multipart.file else []
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
