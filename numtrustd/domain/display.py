"""What is shown of a number, held against what its owner wants: a platform's own rules decide what is the same. Pure.

A platform cuts a long name, turns full-width letters into half-width ones, or leaves characters out. A name that was
only treated so is right; a name that merely begins alike is not: it is a truncated match only where the rule of this
surface makes exactly that of the wanted name (or, where no rule is known, where what is shown says by an ellipsis that
it was cut). `identity` holds what is wanted, `flaw` makes findings of what differs.
"""

import enum
import unicodedata
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from numtrustd.domain.identity import Version, current
from numtrustd.domain.observation import Instant

Positive = Annotated[int, Meta(ge=1)]

ELLIPSES = ("…", "...", "。。。", "..", "⋯")
"""What is put where a text was cut, the longer ones of the same sign first."""

_LEAST_DIGEST = 8
"""Hex digits of a digest that tell two pictures apart."""


class What(enum.StrEnum):
    """The parts of an identity."""

    NAME = "name"
    LOGO = "logo"
    TAG = "tag"


class Characters(enum.StrEnum):
    """Kinds of characters that a surface may keep to."""

    HAN = "han"
    LETTERS = "letters"
    DIGITS = "digits"
    SPACES = "spaces"
    PUNCTUATION = "punctuation"
    SYMBOLS = "symbols"


class Encoding(enum.StrEnum):
    """In what a limit of bytes is counted."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"


class Width(enum.StrEnum):
    """What becomes of full-width and half-width letters."""

    AS_IS = "as_is"
    HALF = "half"
    FULL = "full"


class Case(enum.StrEnum):
    """What becomes of capitals."""

    AS_IS = "as_is"
    UPPER = "upper"
    LOWER = "lower"


class Display(Struct, frozen=True, forbid_unknown_fields=True):
    """How one surface of a platform shows one part of an identity; `surface` "*" stands for all that have no own row.

    `shown` says whether the surface shows it at all. A text longer than a limit is cut so that it fits with `ellipsis`:
    `max_chars` characters, `max_width` columns (a Chinese character has two), `max_bytes` in `encoding`. Before that
    letters change as `width` and `case` say, characters of `drops` are left out, and all that are of none of the kinds
    in `keeps`, if it names any. Differences in width and case count only where `exact` is set.
    """

    what: What
    surface: str = "*"
    shown: bool = True
    grade: str = "D"
    seen: str = ""
    max_chars: Positive | None = None
    max_width: Positive | None = None
    max_bytes: Positive | None = None
    encoding: Encoding = Encoding.UTF_8
    ellipsis: str = ""
    width: Width = Width.AS_IS
    case: Case = Case.AS_IS
    exact: bool = False
    drops: str = ""
    keeps: tuple[Characters, ...] = ()

    @property
    def limited(self) -> bool:
        """Whether it is known where this surface cuts."""
        return not (self.max_chars is self.max_width is self.max_bytes is None)


def rule_of(rules: Sequence[Display], surface: str, what: What) -> Display | None:
    """The rule of a surface for one part; `None` where nobody knows any."""
    fitting = [rule for rule in rules if rule.what is what and rule.surface in (surface, "*")]
    return max(fitting, key=lambda rule: rule.surface == surface, default=None)


# ------------------------------------------------------------------------------------------------ what a surface does


def width(text: str) -> int:
    """Columns that a text takes: Chinese and full-width characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _half(text: str) -> str:
    return "".join(" " if c == "\u3000" else chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text)


def _full(text: str) -> str:
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _kind(c: str) -> Characters:
    category = unicodedata.category(c)
    if category == "Lo":
        return Characters.HAN
    if category[0] in "LM":
        return Characters.LETTERS
    if category[0] == "N":
        return Characters.DIGITS
    if category[0] in "ZC":
        return Characters.SPACES
    return Characters.PUNCTUATION if category[0] == "P" else Characters.SYMBOLS


def treated(text: str, rule: Display | None) -> str:
    """A text as the surface would show it if it had room for all of it."""
    text = unicodedata.normalize("NFC", text).strip()
    if rule is None:
        return text
    if rule.width is not Width.AS_IS:
        text = _half(text) if rule.width is Width.HALF else _full(text)
    if rule.case is not Case.AS_IS:
        text = text.upper() if rule.case is Case.UPPER else text.lower()
    kept = (c for c in text if c not in rule.drops and (not rule.keeps or _kind(c) in rule.keeps))
    return "".join(kept).strip()


def _fits(text: str, rule: Display) -> bool:
    return (
        (rule.max_chars is None or len(text) <= rule.max_chars)
        and (rule.max_width is None or width(text) <= rule.max_width)
        and (rule.max_bytes is None or len(text.encode(rule.encoding, "replace")) <= rule.max_bytes)
    )


def as_shown(text: str, rule: Display | None) -> str:
    """A text as the surface shows it: treated, and cut where it does not fit."""
    text = treated(text, rule)
    if rule is None or _fits(text, rule):
        return text
    mark = rule.ellipsis if _fits(rule.ellipsis, rule) else ""
    end = len(text)
    while end and not _fits(text[:end] + mark, rule):
        end -= 1
    return (text[:end] + mark).strip()


# ------------------------------------------------------------------------------------------------------- comparing


def folded(text: str, rule: Display | None = None) -> str:
    """What two texts have in common that are the same to this surface's readers."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if rule is not None and rule.exact:
        return text
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def _cut_by_itself(text: str) -> str | None:
    """What stands before an ellipsis at the end; `None` where there is none."""
    text = text.strip()
    return next((text.removesuffix(dots).strip() for dots in ELLIPSES if text.endswith(dots)), None)


class Match(enum.StrEnum):
    """How what is shown stands to what is wanted."""

    MATCHES = "matches"
    TRUNCATED = "truncated"
    OLD = "old"
    OTHER = "other"
    MISSING = "missing"

    @property
    def right(self) -> bool:
        return self in (Match.MATCHES, Match.TRUNCATED)


class Judgement(Struct, frozen=True):
    """A match, and with which version; `None` where it is with none."""

    match: Match
    version: Version | None = None


def match_text(seen: str, wanted: str, rule: Display | None) -> Match:
    """MATCHES, TRUNCATED or OTHER: one text that is shown against one that is wanted."""
    shown = folded(seen, rule)
    if shown in (folded(wanted, rule), folded(treated(wanted, rule), rule)):
        return Match.MATCHES
    if shown == folded(as_shown(wanted, rule), rule):
        return Match.TRUNCATED
    if rule is None or not rule.limited:
        begun = _cut_by_itself(seen)
        start = folded(begun, rule) if begun is not None else ""
        if start and folded(treated(wanted, rule), rule).startswith(start):
            return Match.TRUNCATED
    return Match.OTHER


def _match_digest(seen: str, wanted: str) -> Match:
    a, b = sorted((seen.casefold(), wanted.casefold()), key=len)
    return Match.MATCHES if len(a) >= _LEAST_DIGEST and b.startswith(a) else Match.OTHER


def compare(seen: str | None, versions: Sequence[Version], what: What, rule: Display | None, now: Instant) -> Judgement:
    """What is shown against the wanted versions (oldest first, at least one).

    What is wanted from a later day on is right already today: a platform that is ahead of its owner is not wrong. What
    an old and the present version look like alike is the present one.
    """
    wanted = current(versions, now)
    coming = [version for version in versions if version.since > now]
    text = (seen or "").strip()
    ended = wanted is not None and wanted.until is not None and wanted.until <= now
    right = [*([wanted] if wanted is not None and not ended else []), *coming]
    for version in right:
        if (found := _match(text, version, what, rule)).right:
            return Judgement(found, version)
    if not text:
        missing = wanted is not None and not ended and bool(wanted.text)
        return Judgement(Match.MISSING if missing else Match.MATCHES, wanted if missing else None)
    for version in reversed(versions):
        if version not in right and version.text and _match(text, version, what, rule).right:
            return Judgement(Match.OLD, version)
    return Judgement(Match.OTHER)


def _match(text: str, version: Version, what: What, rule: Display | None) -> Match:
    if not text or not version.text:
        whole = text == version.text or (what is not What.LOGO and text == as_shown(version.text, rule))
        return Match.OTHER if not whole else Match.MATCHES if text == version.text else Match.TRUNCATED
    return _match_digest(text, version.text) if what is What.LOGO else match_text(text, version.text, rule)


def may_be_same(a: str, b: str) -> bool:
    """Whether two surfaces may show one name, each cut in its own way."""
    one, other = (folded(_cut_by_itself(name) or name) for name in (a, b))
    return one.startswith(other) or other.startswith(one)
