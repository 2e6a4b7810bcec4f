"""The declarative half of a pack: request templates, views of an answer, conditions on it, picks from it.

These are the structs that TOML decodes into; `template` fills the first, `match` evaluates the rest. Both
look-ups (`probes.spec`) and submissions (`channels.spec`) are built from them.
"""

from typing import Literal

from msgspec import Struct

from numtrustd.wire.signing import Algorithm, Encoding, KeyEncoding


class Basic(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="basic"):
    """`Authorization: Basic`, in UTF-8."""

    user: str
    password: str


class Bearer(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="bearer"):
    """`Authorization: Bearer`."""

    token: str


class HeaderKey(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="header"):
    """A key in a header of the platform's own."""

    name: str
    value: str


class QueryKey(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="query"):
    """A key behind the `?`."""

    name: str
    value: str


class Digest(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="digest"):
    """The digest of a text: as `auth` it is `{sign}`, as a cipher it stands for the number."""

    of: str
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"


class Hmac(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="hmac"):
    """The HMAC of a text is `{sign}`. `key_encoding` is how the platform writes the key that it hands out."""

    key: str
    of: str
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    key_encoding: KeyEncoding = "text"


class Bce(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="bce"):
    """Baidu's bce-auth-v1: the headers `x-bce-date` and `Authorization`. `expiry` is seconds.

    `signed_headers` are `host` and any that the request has.
    """

    access_key: str
    secret_key: str
    expiry: float = 1_800.0
    signed_headers: tuple[str, ...] = ("host", "x-bce-date")


Auth = Basic | Bearer | HeaderKey | QueryKey | Digest | Hmac | Bce


class Plain(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="plain"):
    """The number in clear."""

    of: str = "{national}"


class AesCbc(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="aes_cbc"):
    """A text under AES-CBC with PKCS#7 padding. The key has 16, 24 or 32 bytes, the vector `iv` 16."""

    of: str
    key: str
    iv: str
    key_encoding: KeyEncoding = "text"
    encoding: Encoding = "base64"


Cipher = Plain | Digest | AesCbc


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """The one file of a multipart body."""

    name: str
    content: str
    filename: str = "numbers.txt"
    type: str = "text/plain; charset=utf-8"


class Multipart(Struct, frozen=True, forbid_unknown_fields=True):
    """A body as a browser sends a form with a file."""

    fields: dict[str, str] = {}
    file: File | None = None


class RequestSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A request with `{placeholders}`.

    Placeholders: the number's forms (`{national}`, `{e164}`, `{digits}`, `{area}`, `{subscriber}`,
    `{dashed}`, `{nanp}`, `{national_sha1}`), `{var:NAME}` from the pack's `[vars]` (the operator may override
    them), `{secret:NAME}` from the credentials, `{timestamp}`, `{timestamp_ms}`, `{timestamp_iso}`,
    `{timestamp_beijing}` (20190310121232) and `{nonce}`, which are new with each request, and, for a submission,
    `{ref}`, `{letter}`, `{purpose}`, `{receipt}`.
    Values are escaped for the place where they stand. At most one of `json`, `form` and `multipart`.

    `auth` of the kinds digest and hmac gives `{sign}`, which may stand anywhere. What it is made `of` may hold
    `{method}`, `{path}`, `{query}` and `{body}`, too, unless `{sign}` stands in them. `cipher`, by the kind of
    the number, gives `{sealed}`: what the platform wants instead of the number.
    """

    url: str
    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    headers: dict[str, str] = {}
    json: dict[str, object] | None = None
    form: dict[str, str] | None = None
    multipart: Multipart | None = None
    auth: Auth | None = None
    cipher: dict[str, Cipher] = {}


class Jsonp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="jsonp"):
    """Text `callback( JSON )` with nothing else around it → the JSON value.

    `{national}` and `{digits}` in the callback stand for the number asked for. Written the same way in the
    request they tie an answer that does not name the number to the question: another number's answer has
    another callback, and cannot be read.
    """

    callback: str


class Json(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="json"):
    """Text → the JSON value in it."""


class Take(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="take"):
    """A JSON value → the member at this JMESPath; absent is a failed view."""

    path: str


class Html(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="html"):
    """Text → an HTML document."""


class Unescape(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="unescape"):
    """Text with HTML entities (`&quot;`) → plain text."""


ViewStep = Jsonp | Json | Take | Html | Unescape


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """A named reading of the answer: `of` another view (default: the body's text), then steps in order."""

    steps: tuple[ViewStep, ...] = ()
    of: str = "body"


class Locator(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A place in a view: JSON by `path`, HTML by `css` (the first element: its text, or `attr`), or the
    view's whole text.

    No `view` is the body's text. In the calls of a channel `{ref}`, `{receipt}`, `{e164}`, `{national}` and
    `{digits}` stand for their values in `path`, `css`, `equals`, `contains` and `matches`.
    """

    view: str | None = None
    path: str | None = None
    css: str | None = None
    attr: str | None = None


class Condition(Locator, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that must hold of the answer. Give one place and one test; `status` alone is a test of the
    HTTP status.

    A condition on a view that could not be read is false, whatever its test: absence is only ever proved
    in a view that was read. `equals` and `one_of` keep types apart (1 is not "1"); `contains` is any of these
    texts, ASCII letters in either case; `nonempty = false` is absent or blank; `matches` searches one located
    text (at most 4 096 characters of it) or the whole body.
    """

    status: tuple[int, ...] | None = None
    exists: bool | None = None
    equals: str | int | bool | None = None
    one_of: tuple[str | int, ...] | None = None
    contains: tuple[str, ...] | None = None
    matches: str | None = None
    nonempty: bool | None = None
    has_number: bool | None = None
    at_least: float | None = None


class Pick(Locator, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A value taken from the answer: the located text, or its first group under `matches`; `const` is itself.

    Locating nothing gives `None`. Text is stripped, runs of white space become one space, characters that
    steer a terminal go, and the rest is cut to 500 characters.
    """

    matches: str | None = None
    const: str | int | None = None
