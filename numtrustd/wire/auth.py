"""What `auth` and `cipher` of a request come to: headers, a query, and recipes for signatures and sealed numbers.

`spec` says what a pack may write, `signing` and `seal` compute, `template` puts the outcome into the request.
A pack never holds a secret: wherever one belongs, `{secret:NAME}` must stand.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from numtrustd.domain.number import NumberKind
from numtrustd.wire import signing
from numtrustd.wire.derived import ByKind, Recipe, Text
from numtrustd.wire.parts import Parts, Slot, TemplateError, cut, header_value, names_of, quoted
from numtrustd.wire.signing import KeyEncoding
from numtrustd.wire.spec import (
    AesCbc,
    Basic,
    Bce,
    Bearer,
    Cipher,
    Digest,
    HeaderKey,
    Hmac,
    Plain,
    QueryKey,
    RequestSpec,
)

SIGN, SEALED, SHA1 = "sign", "sealed", "national_sha1"

MOMENT_NAMES = frozenset({"timestamp", "timestamp_ms", "timestamp_iso", "timestamp_beijing", "nonce"})
"""What is new with each request."""

REQUEST_NAMES = frozenset({"method", "path", "query", "body"})
"""Parts of the request itself, which a signature may cover."""

HOST, HEADER = "~host", "~header "
"""More parts that only our own signings ask for; `HEADER` is followed by a lower-case name."""

_BASIC, _BCE = "~basic", "~bce"
_KINDS = tuple(str(kind) for kind in NumberKind)
_MAX_EXPIRY = 7 * 86_400.0


class Added(NamedTuple):
    """What a request gets in addition."""

    headers: tuple[tuple[str, Parts], ...] = ()
    query: Parts = ()
    recipes: tuple[Recipe, ...] = ()


def offers(spec: RequestSpec) -> frozenset[str]:
    """The placeholders that any request may hold, and those that its `auth` and `cipher` give."""
    offered = MOMENT_NAMES | {SHA1}
    if isinstance(spec.auth, Digest | Hmac):
        offered |= {SIGN}
    return offered | {SEALED} if spec.cipher else offered


def added(spec: RequestSpec, allowed: frozenset[str], wrong: list[str]) -> Added:
    """What `auth` adds. `allowed` are the placeholders of the rest of the request."""
    reader = _Reader("auth", allowed - {SIGN}, wrong)
    match spec.auth:
        case None:
            return Added()
        case Basic(user, password):
            make = Recipe(
                _BASIC,
                signing.basic,
                reader.text("user", user, check=_user),
                reader.secret("password", password),
                private=True,
            )
            return Added(headers=(("Authorization", ("Basic ", Slot(_BASIC, header_value))),), recipes=(make,))
        case Bearer(token):
            value = ("Bearer ", *reader.secret("token", token, header_value).parts)
            return Added(headers=(("Authorization", value),))
        case HeaderKey(name, value):
            return Added(headers=((name, reader.secret("value", value, header_value).parts),))
        case QueryKey(name, value):
            if not name or "{" in name:
                wrong.append(f"auth.name: {name!r} is no name of a parameter; give it as the platform documents it")
            return Added(query=(quote(name, safe="") + "=", *reader.secret("value", value, quoted).parts))
        case Digest(of, algorithm, encoding):
            text = _Reader("auth", reader.allowed | REQUEST_NAMES, wrong).secret("of", of)
            make = Recipe(SIGN, partial(signing.digest, algorithm=algorithm, encoding=encoding), text, private=True)
            return Added(recipes=(make,))
        case Hmac():
            return Added(recipes=(_hmac(spec.auth, reader),))
        case Bce():
            return _bce(spec.auth, reader)


def sealed(spec: RequestSpec, allowed: frozenset[str], wrong: list[str]) -> tuple[Recipe, ...]:
    """What `{sealed}` and `{national_sha1}` are made from. `allowed` is what the request may hold."""
    sha1 = partial(signing.digest, algorithm="sha1", encoding="hex")
    plain = Recipe(SHA1, sha1, Text((Slot("national", str),)))
    if not spec.cipher:
        return (plain,)
    ways: dict[str, Recipe] = {}
    for kind, cipher in spec.cipher.items():
        if kind not in _KINDS:
            wrong.append(f"cipher.{kind}: is no kind of number; there are {', '.join(_KINDS)}")
        ways[kind] = _cipher(cipher, _Reader(f"cipher.{kind}", allowed - {SIGN, SEALED}, wrong))
    return plain, ByKind(SEALED, ways)


def unused(spec: RequestSpec, used: Iterable[str]) -> list[str]:
    """What was declared and stands nowhere, so that the platform would never see it."""
    wrong: list[str] = []
    if isinstance(spec.auth, Digest | Hmac) and SIGN not in used:
        wrong.append("auth: {sign} stands nowhere in the request; write it where the platform wants the signature")
    if spec.cipher and SEALED not in used:
        wrong.append("cipher: {sealed} stands nowhere in the request; write it where the platform wants the number")
    return wrong


def texts(spec: RequestSpec) -> list[str]:
    """All texts of `auth` and `cipher` that may hold placeholders."""
    found: list[str] = []
    for table in (spec.auth, *spec.cipher.values()):
        if table is not None:
            found += [value for field in table.__struct_fields__ if isinstance(value := getattr(table, field), str)]
    return found


class _Reader:
    """Cuts the texts of one table, and says in place what is wrong with them."""

    def __init__(self, where: str, allowed: frozenset[str], wrong: list[str]) -> None:
        self.where, self.allowed, self.wrong = where, allowed, wrong

    def text(
        self, field: str, text: str, write: Callable[[str], str] = str, check: Callable[[str], object] | None = None
    ) -> Text:
        """A text that must not be empty."""
        where = f"{self.where}.{field}"
        if not text:
            self.wrong.append(f"{where}: is empty; write {{secret:NAME}} or {{var:NAME}}, or a text")
        for name in sorted(names_of(text) - self.allowed):
            if ":" not in name:
                known = ", ".join(sorted(self.allowed))
                self.wrong.append(f"{where}: unknown placeholder {{{name}}}; there are {known}, var:…, secret:…")
        who = ", ".join(name.partition(":")[2] for name in sorted(names_of(text)) if ":" in name)
        return Text(cut(text, write, self.wrong, f"{where}:"), partial(_checked, f"{where}: {who}", check or _filled))

    def secret(
        self, field: str, text: str, write: Callable[[str], str] = str, check: Callable[[str], object] | None = None
    ) -> Text:
        """A text that a credential must stand in."""
        if text and not any(name.startswith("secret:") for name in names_of(text)):
            remedy = "write {secret:NAME} and put the secret into the credential NAME"
            self.wrong.append(f"{self.where}.{field}: holds no secret; {remedy}")
        return self.text(field, text, write, check)


def _checked(where: str, check: Callable[[str], object], text: str) -> None:
    try:
        check(text)
    except ValueError as error:
        raise TemplateError(f"{where} {error}") from None


def _filled(text: str) -> None:
    if not text:
        raise ValueError("is empty; put the secret into its credential, or set the variable")


def _user(text: str) -> None:
    _filled(text)
    if ":" in text:
        raise ValueError("has a colon, which ends the name in Basic; give the name alone")


def _key(encoding: KeyEncoding, sizes: tuple[int, ...], text: str) -> None:
    """A key as it should be; the message tells its length and nothing else of it."""
    raw = signing.decoded(text, encoding)
    if sizes and len(raw) not in sizes:
        wanted = " or ".join(map(str, sizes))
        raise ValueError(f"has {len(raw)} bytes instead of {wanted}; see that key_encoding ({encoding}) is right")
    if not raw:
        raise ValueError("is empty; put the key into its credential")


def _hmac(spec: Hmac, reader: _Reader) -> Recipe:
    def make(key: str, text: str) -> str:
        return signing.mac(signing.decoded(key, spec.key_encoding), text, spec.algorithm, spec.encoding)

    key = reader.secret("key", spec.key, check=partial(_key, spec.key_encoding, ()))
    text = _Reader("auth", reader.allowed | REQUEST_NAMES, reader.wrong).text("of", spec.of)
    return Recipe(SIGN, make, key, text, private=True)


def _bce(spec: Bce, reader: _Reader) -> Added:
    if not (1 <= spec.expiry <= _MAX_EXPIRY and spec.expiry == int(spec.expiry)):
        reader.wrong.append('auth.expiry: is not whole seconds from 1 s to 7 d; write it like "30m"')
    signed = [name.lower() for name in spec.signed_headers]
    if "host" not in signed or len(set(signed)) < len(signed):
        reader.wrong.append(
            'auth.signed_headers: must have "host", and each header once; the usual are host and x-bce-date'
        )
    access = reader.text("access_key", spec.access_key, header_value)
    secret = reader.secret("secret_key", spec.secret_key)
    date = Slot("timestamp_iso", header_value)
    prefix: Parts = ("bce-auth-v1/", *access.parts, "/", date, f"/{int(spec.expiry)}")

    def make(secret_key: str, prefix: str, method: str, path: str, query: str, *values: str) -> str:
        headers = dict(zip(signed, values, strict=True))
        return "/".join(signing.bce_signature(secret_key, prefix, method, path, query, headers))

    parts = [Text((Slot(name, str),)) for name in ("method", "path", "query")]
    parts += [Text((Slot(HOST if name == "host" else HEADER + name, str),)) for name in signed]
    recipe = Recipe(_BCE, make, secret, Text(prefix), *parts, private=True)
    authorization = (*prefix, "/", Slot(_BCE, header_value))
    return Added(headers=(("x-bce-date", (date,)), ("Authorization", authorization)), recipes=(recipe,))


def _cipher(spec: Cipher, reader: _Reader) -> Recipe:
    match spec:
        case Plain(of):
            return Recipe(SEALED, str, reader.text("of", of))
        case Digest(of, algorithm, encoding):
            make = partial(signing.digest, algorithm=algorithm, encoding=encoding)
            return Recipe(SEALED, make, reader.text("of", of))
        case AesCbc():
            return _aes(spec, reader)


def _aes(spec: AesCbc, reader: _Reader) -> Recipe:
    # Here and not above: it takes 50 ms and 5 MB that no other configuration needs.
    from numtrustd.wire import seal

    def make(key: str, iv: str, text: str) -> str:
        decoded = signing.decoded
        raw = seal.aes_cbc(decoded(key, spec.key_encoding), decoded(iv, spec.key_encoding), text)
        return signing.encoded(raw, spec.encoding)

    key = reader.secret("key", spec.key, check=partial(_key, spec.key_encoding, seal.KEY_BYTES))
    iv = reader.secret("iv", spec.iv, check=partial(_key, spec.key_encoding, (seal.IV_BYTES,)))
    return Recipe(SEALED, make, key, iv, reader.text("of", spec.of))
