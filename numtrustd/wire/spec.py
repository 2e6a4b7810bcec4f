"""The declarative half of a pack: request templates, views of an answer, conditions on it, picks from it.

These are the structs that TOML decodes into; `template` fills the first, `match` evaluates the rest. Both
look-ups (`probes.spec`) and submissions (`channels.spec`) are built from them.
"""

from typing import Literal

from msgspec import Struct


class RequestSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A request with `{placeholders}`.

    Placeholders: the number's forms (`{national}`, `{e164}`, `{digits}`, `{area}`, `{subscriber}`,
    `{dashed}`), `{var:NAME}` from the pack's `[vars]` (the operator may override them), `{secret:NAME}` from
    the credentials, and, for a submission, `{ref}`, `{letter}`, `{purpose}`, `{receipt}`. Values are
    percent-encoded where they stand in the URL or a form. At most one of `json` and `form`.
    """

    url: str
    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    headers: dict[str, str] = {}
    json: dict[str, object] | None = None
    form: dict[str, str] | None = None


class Jsonp(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="jsonp"):
    """Text `callback( JSON )` with nothing else around it → the JSON value."""

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
