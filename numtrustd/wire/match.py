"""What an answer says: views of it, conditions on it, picks from it, evaluated as `spec` declares them.

Everything here is total: an answer that cannot be read makes a view that failed, never an exception.
`document` bounds the HTML, `echo` recognises the number, `lint` finds at start what this module could only
treat as "not so".
"""

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError
from selectolax.lexbor import LexborNode

from numtrustd.wire import document, echo
from numtrustd.wire.body import BOM, charset, decoded
from numtrustd.wire.exchange import Reply
from numtrustd.wire.joined import joined
from numtrustd.wire.spec import Condition, Html, Json, Jsonp, Locator, Pick, Take, Unescape, View, ViewStep

PICK_CHARS = 500
MATCH_CHARS = 4_096
"""Characters of one located text that a pattern sees: with `lint`'s rules for patterns, a tenth of a second
at worst.
"""

MAX_LIST = 5_000
"""Elements of one JSON list. A path that filters takes 7 µs for each of them, and nothing can interrupt it."""
MAX_INTEGER = 2**63
"""A number beyond this is text like any other, and as long as text may be."""

FILLED = ("ref", "receipt", "e164", "national", "digits", "task")
"""Placeholders that conditions and picks of a channel, or of a batch, may hold."""

_PLACEHOLDER = re.compile(r"\{(" + "|".join(FILLED) + r")\}")
_UNQUOTABLE = re.compile(r"['\"`\\\[\]{}()\x00-\x1f]")
_MEMBERS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII)
# C0 and C1 controls, and the marks that turn the direction of text.
_STEERING = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


class _Unreadable:
    def __repr__(self) -> str:
        return "unreadable"


UNREADABLE = _Unreadable()
"""A view, or a place in it, that could not be read; absence (`None`) is something else."""


_Place = tuple[str, str | None, str | None]
_BODY: _Place = ("body", None, None)
_Places = dict[_Place, object]


class _Search(Protocol):
    def search(self, value: object) -> object: ...


class Answer:
    """One reply, read lazily: each view and each place is worked out once.

    `asked` is the number asked for (`echo.asked`), `values` fill the placeholders of a channel's conditions.
    """

    __slots__ = (
        "_items",
        "_lowered",
        "_places",
        "_text",
        "_views",
        "asked",
        "item",
        "reply",
        "specs",
        "values",
    )

    def __init__(
        self,
        reply: Reply,
        views: Mapping[str, View],
        asked: echo.Asked | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        self.reply = reply
        self.specs = views
        self.asked = asked
        self.values = values or {}
        self.item: object = UNREADABLE
        self._views: dict[str, object] = {}
        self._places: _Places = {}
        self._items: _Places = {}
        self._lowered: dict[_Place, bytes] = {}
        self._text: str | None = None

    def narrowed(self, item: object) -> "Answer":
        """The same answer with the view named `item`; what was read already is shared."""
        other = Answer(self.reply, self.specs, self.asked, self.values)
        other._views, other._places = self._views, self._places
        other._text, other._lowered, other.item = self._text, self._lowered, item
        return other

    @property
    def text(self) -> str:
        """The body as text: UTF-8, else the charset it names if it is one of a few, else UTF-8 with gaps."""
        if self._text is None:
            self._text = decoded(self.reply)
        return self._text

    def view(self, name: str | None) -> object:
        """The value of a view: text, a JSON value, an HTML element, or `UNREADABLE`."""
        if name is None or name == "body":
            return self.text
        if name == "item":
            return self.item
        if name not in self._views:
            self._views[name] = UNREADABLE  # what a circle of views finds
            self._views[name] = self._read(name)
        return self._views[name]

    def locate(self, place: Locator) -> object:
        """What stands at a place: `UNREADABLE`, `None` if nothing does, else text, a JSON value or an element."""
        if place.path is None and place.css is None:
            return self.view(place.view)
        name = place.view or "body"
        key = (name, place.path, place.css)
        known = self._items if name == "item" else self._places
        if key in known:
            found = known[key]
        else:
            found = known[key] = self._find(self.view(name), place)
        if place.attr is not None and isinstance(found, LexborNode):
            return found.attributes.get(place.attr)
        return found

    def holds(self, condition: Condition) -> bool:
        """Whether a condition is true."""
        if condition.status is not None:
            return self.reply.status in condition.status
        if condition.contains is not None and (condition.view or "body", condition.path, condition.css) == _BODY:
            return self._contains(condition, None)
        value = self.locate(condition)
        return value is not UNREADABLE and self._test(condition, value)

    def pick(self, pick: Pick) -> str | int | None:
        """The value that a pick takes; `None` where nothing is."""
        if pick.const is not None:
            return pick.const
        value = self.locate(pick)
        if value is UNREADABLE or value is None:
            return None
        if pick.matches is None and type(value) is int and abs(value) <= MAX_INTEGER:  # a bool is no number here
            return value
        text = plain(value)
        if pick.matches is not None:
            found = self._pattern(pick.matches).search(text[:MATCH_CHARS])
            if found is None:
                return None
            text = found[1] if found.re.groups else found[0]
        return tidy(text or "")[:PICK_CHARS] or None

    def words(self, pick: Pick | None) -> str | None:
        """A pick as text."""
        taken = None if pick is None else self.pick(pick)
        return None if taken is None else str(taken)

    def count(self, pick: Pick | None) -> int | None:
        """A pick as a count: digits alone, up to nine of them; anything else is `None`, which is not 0."""
        text = self.words(pick)
        return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text) else None

    def _read(self, name: str) -> object:
        spec = self.specs.get(name)
        if spec is None:
            return UNREADABLE
        steps = spec.steps
        if steps and spec.of == "body" and isinstance(steps[0], Json | Jsonp):
            # msgspec reads bytes; only what is not UTF-8 takes the way over text.
            value = _json(_inside(self.reply.body, steps[0], self.asked))
            if value is UNREADABLE and charset(self.reply) != "utf-8":
                value = _json(_inside(self.text.encode(), steps[0], self.asked))
            steps = steps[1:]
        else:
            value = self.view(spec.of)
        for step in steps:
            if value is UNREADABLE:
                break
            value = _apply(step, value, self.asked)
        return value

    def _find(self, value: object, place: Locator) -> object:
        try:
            if place.path is not None:
                # A path into something that has no members would find "absent" everywhere.
                if not isinstance(value, dict | list):
                    return UNREADABLE
                return path(self._filled(place.path)).search(value)
            if not isinstance(value, LexborNode):
                return UNREADABLE
            return document.first(value, self._filled(place.css or ""))
        except (JMESPathError, ValueError, TypeError, RecursionError):
            return UNREADABLE

    def _test(self, test: Condition, value: object) -> bool:
        if test.exists is not None:
            return (value is not None) is test.exists
        if test.nonempty is not None:
            return _nonempty(value) is test.nonempty
        if value is None:
            return False
        if test.equals is not None:
            wanted = self._filled(test.equals, quoted=False) if isinstance(test.equals, str) else test.equals
            return _same(value, wanted)
        if test.one_of is not None:
            return any(_same(value, wanted) for wanted in test.one_of)
        if test.contains is not None:
            return self._contains(test, value)
        if test.matches is not None:
            whole = isinstance(value, str) and test.path is None and test.css is None
            text = plain(value)
            return self._pattern(test.matches).search(text if whole else text[:MATCH_CHARS]) is not None
        if test.has_number is not None:
            return (self.asked is not None and echo.names(plain(value), self.asked)) is test.has_number
        if test.at_least is not None:
            number = _number(value)
            return number is not None and number >= test.at_least
        return False

    def _contains(self, test: Condition, value: object) -> bool:
        assert test.contains is not None
        wanted = tuple(self._filled(text, quoted=False) for text in test.contains) if self.values else test.contains
        key = (test.view or "body", test.path, test.css)
        if test.attr is not None or test.view == "item":
            text = _lower(plain(value))
        elif key in self._lowered:
            text = self._lowered[key]
        else:
            if key == _BODY:  # searched at each look by guards, and most often bytes of UTF-8 already
                text = self.reply.body.lower() if charset(self.reply) == "utf-8" else _lower(self.text)
            else:
                text = _lower(plain(value))
            self._lowered[key] = text
        return any(map(text.__contains__, _needles(wanted)))

    def _pattern(self, pattern: str) -> re.Pattern[str]:
        if self.values:
            pattern = _PLACEHOLDER.sub(lambda m: re.escape(self.values.get(m[1], m[0])), pattern)
        return regex(pattern)

    def _filled(self, text: str, *, quoted: bool = True) -> str:
        """A channel's text with its placeholders filled; `quoted` where the value stands inside quotes."""
        if not self.values or "{" not in text:
            return text

        def fill(found: re.Match[str]) -> str:
            value = self.values.get(found[1], found[0])
            if quoted and found[1] in self.values and _UNQUOTABLE.search(value):
                raise ValueError("a value that would end its quotes")
            return value

        return _PLACEHOLDER.sub(fill, text)


@lru_cache(maxsize=1024)
def regex(pattern: str) -> re.Pattern[str]:
    """A compiled pattern; raises `re.error`."""
    return re.compile(pattern)


@lru_cache(maxsize=1024)
def path(expression: str) -> _Search:
    """A compiled JMESPath; raises `JMESPathError`."""
    compiled: _Search = jmespath.compile(expression)
    return _Members(expression) if _MEMBERS.fullmatch(expression) else compiled


class _Members:
    """`data.phone_number`, which most paths are, without the interpreter jmespath makes per search."""

    __slots__ = ("_names",)

    def __init__(self, expression: str) -> None:
        self._names = tuple(expression.split("."))

    def search(self, value: object) -> object:
        for name in self._names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value


def plain(value: object) -> str:
    """A located value as text: an element's whole text with white space run together, a JSON value as written."""
    if isinstance(value, str):
        return value
    if isinstance(value, LexborNode):
        return " ".join(value.text().split())
    if value is None:
        return ""
    try:
        return msgspec.json.encode(value).decode()
    except RecursionError:  # nested just deep enough to be decoded
        return ""


def tidy(text: str) -> str:
    """One line of text that cannot steer a terminal or turn its neighbours around."""
    return " ".join(_STEERING.sub("", text).split())


def _apply(step: ViewStep, value: object, asked: echo.Asked | None) -> object:
    if isinstance(step, Take):
        if not isinstance(value, dict | list):
            return UNREADABLE
        try:
            taken = path(step.path).search(value)
        except (JMESPathError, TypeError, RecursionError):
            return UNREADABLE
        return UNREADABLE if taken is None else taken
    if not isinstance(value, str):
        return UNREADABLE
    if isinstance(step, Html):
        root = None if joined(value) else document.parse(value)
        return UNREADABLE if root is None else root
    if isinstance(step, Unescape):
        return html.unescape(value)
    try:
        return _json(_inside(value.encode(), step, asked))
    except UnicodeEncodeError:
        return UNREADABLE


def _inside(body: bytes, step: Json | Jsonp, asked: echo.Asked | None) -> bytes | None:
    """The JSON in a body: all of it, or what stands in `callback( … )` with nothing else around it."""
    text = body.removeprefix(BOM).strip()
    if isinstance(step, Json):
        return text
    name = callback(step, asked).encode()
    if not text.startswith(name):
        return None
    text = text[len(name) :].removesuffix(b";").strip()
    return text[1:-1] if text[:1] == b"(" and text[-1:] == b")" else None


def callback(step: Jsonp, asked: echo.Asked | None) -> str:
    """The callback that an answer about this number has; without a number as it is written."""
    if asked is None or "{" not in step.callback:
        return step.callback
    return step.callback.replace("{national}", asked.national).replace("{digits}", asked.digits)


def _json(text: bytes | None) -> object:
    if text is None:
        return UNREADABLE
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):  # msgspec's own errors are ValueErrors
        return UNREADABLE
    return UNREADABLE if text.count(b",") >= MAX_LIST and _crowded(value) else value


def _crowded(value: object) -> bool:
    """Whether there is a list that would take too long to go through."""
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            if len(value) > MAX_LIST:
                return True
            todo += value
        elif isinstance(value, dict):
            todo += value.values()
    return False


def _same(value: object, wanted: str | int | bool) -> bool:
    if isinstance(value, LexborNode):
        value = plain(value)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return (value.strip() if isinstance(value, str) else value) == wanted


def _nonempty(value: object) -> bool:
    if isinstance(value, dict | list):
        return bool(value)
    text = plain(value)
    return bool(tidy(text[:PICK_CHARS]) or tidy(text[PICK_CHARS:]))  # nearly always the beginning tells


def _number(value: object) -> float | None:
    if isinstance(value, int | float):
        return None if isinstance(value, bool) else float(value)
    text = plain(value).strip()
    return float(text) if _DECIMAL.fullmatch(text) else None


def _lower(text: str) -> bytes:
    """ASCII letters lowered, all else as it is: a hundred times quicker than casefolding Chinese text."""
    return text.encode("utf-8", "surrogatepass").lower()


@lru_cache(maxsize=1024)
def _needles(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(_lower(text) for text in texts)
