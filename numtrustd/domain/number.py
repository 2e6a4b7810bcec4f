"""A phone number: many spellings, one canonical form, one kind.

The canonical form is E.164 with `+` for mobiles, landlines and foreign numbers, and the bare digits for
the service numbers of China (400, 95xxx, 10086), which have no E.164 form of their own: the
`phonenumbers` library calls them invalid although people are called from them every day. Everything else
in the daemon knows a number by its canonical form; `settings` reads the owner's spellings, `wire` writes
the forms that a platform wants.
"""

import enum
import re
import unicodedata
from functools import lru_cache

import phonenumbers
from msgspec import Struct


class NumberKind(enum.StrEnum):
    """What kind of number it is, which decides what a platform can say of it."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE_400 = "400"  # 400 and 800
    SERVICE_95 = "95"  # 95xxx…, 96xxx, 1010xxxx
    SHORT_CODE = "short"  # 110, 12345, 10086: 1xx … 1xxxxx
    FOREIGN = "foreign"


class Problem(Struct, frozen=True):
    """Why a text is not a number, and what would be."""

    what: str
    remedy: str


class Number(Struct, frozen=True, omit_defaults=True):
    """One number. `area` is the area code with its trunk zero (021), landlines only.

    `extension` is not part of the identity: a platform labels the line, not the desk behind it.
    """

    canonical: str
    kind: NumberKind
    area: str = ""
    extension: str = ""

    @property
    def digits(self) -> str:
        """8613800138000, 862151288888, 95588."""
        return self.canonical.removeprefix("+")

    @property
    def national(self) -> str:
        """As dialled inside the country: 13800138000, 02151288888, 95588; abroad the international digits."""
        match self.kind:
            case NumberKind.MOBILE:
                return self.canonical[3:]
            case NumberKind.LANDLINE:
                return "0" + self.canonical[3:]
            case _:
                return self.digits

    @property
    def e164(self) -> str:
        """+8613800138000; a service number has no such form and stays as it is."""
        return self.canonical

    @property
    def subscriber(self) -> str:
        """The part after the area code; the whole national number where there is none."""
        return self.national[len(self.area) :]

    @property
    def dashed(self) -> str:
        """021-51288888; others as `national`."""
        return f"{self.area}-{self.subscriber}" if self.area else self.national

    @property
    def nanp(self) -> str:
        """4155552671: the ten digits that North America dials; others as `digits`."""
        found = _NANP.fullmatch(self.canonical)
        return found[1] if found else self.digits


EXAMPLES = "13800138000, 021-51288888, 4008101234, 95588, +14155552671"

_MOBILE = re.compile(r"1[3-9]\d{9}")
_TOLL = re.compile(r"[48]00\d{7}")
_SERVICE = re.compile(r"95\d{3,13}|96\d{3,4}|1010\d{4}")
_SHORT = re.compile(r"1[0-2]\d{1,4}")
_NANP = re.compile(r"\+1(\d{10})", re.ASCII)
_TWO_DIGIT_AREA = re.compile(r"10|2\d")

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?E[+-]?\d+", re.IGNORECASE)
_DECIMAL = re.compile(r"\d{7,}\.0+")
_EXTENSION = re.compile(
    r"[\s,;(]*(?:;\s*ext\s*=|,|转接?|轉接?|分机号?|分機號?|extension|extn?\.?|x|#)\s*[:.]?\s*(\d{1,6})\)?$",
    re.IGNORECASE,
)
_DASHED_EXTENSION = re.compile(r"-(\d{1,5})$")
_SEPARATORS = re.compile(r"[\s\-.()/·_]+")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－ー～~"), "-")
_DOTS = dict.fromkeys(map(ord, "•・。"), ".")
_QUOTES = "'\"`‘’“”"
_TABLE = {**_DASHES, **_DOTS}


def _clean(text: str) -> str:
    """Full-width to ASCII; the invisible direction marks of chat programs and all wrappers away."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_TABLE)
        text = "".join(
            str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text if unicodedata.category(c) != "Cf"
        )
    text = text.strip()
    if text.startswith("="):  # ="13800138000", how people make Excel keep the digits
        text = text[1:].lstrip()
    text = text.strip(_QUOTES).strip()
    return text[4:].strip() if text[:4].casefold() == "tel:" else text


def parse(text: str, region: str = "CN") -> Number | Problem:
    """Read a number as people, spreadsheets and platforms write it; `region` says whose domestic forms."""
    if region == "CN" and len(text) == 11 and text.isascii() and text.isdigit() and _MOBILE.fullmatch(text):
        return Number("+86" + text, NumberKind.MOBILE)  # most rows of most files
    text = _clean(text)
    if not text:
        return Problem("no number", f"write one, such as {EXAMPLES}")
    if _SCIENTIFIC.fullmatch(text):
        return Problem(
            f"{text!r} is scientific notation: a spreadsheet took the number for a quantity and lost digits",
            "format the column as text and enter the number again",
        )
    if _DECIMAL.fullmatch(text):
        return Problem(
            f"{text!r} is a decimal fraction: a program took the number for a quantity",
            "export the column as text, without a decimal point",
        )
    extension = ""
    if found := _EXTENSION.search(text):
        text, extension = text[: found.start()].rstrip(), found[1]
    number = _parse_bare(text, region)
    if isinstance(number, Problem) and not extension and (found := _DASHED_EXTENSION.search(text)):
        # 021-51288888-801, only where the whole is no number: 0512-6666-0000 has no extension
        number, extension = _parse_bare(text[: found.start()], region, problem=number), found[1]
    if isinstance(number, Number) and extension:
        return Number(number.canonical, number.kind, number.area, extension)
    return number


def _parse_bare(text: str, region: str, problem: Problem | None = None) -> Number | Problem:
    """A cleaned text without an extension. `problem` is what to say if this is none either."""
    compact = _SEPARATORS.sub("", text)
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        odd = next((c for c in digits if not (c.isascii() and c.isdigit())), "")
        what = f"{text!r} has {odd!r} in it" if odd else f"{text!r} has no digits"
        return problem or Problem(what, f"write digits, such as {EXAMPLES}")
    international = len(digits) < len(compact)
    if digits.startswith("00"):
        international, digits = True, digits[2:]
    if international and digits.startswith("86"):
        return _china(text, digits[2:], prefixed=True, problem=problem)
    if international or region != "CN":
        return _foreign(text, "+" + digits if international else digits, region, problem)
    if digits.startswith("86") and len(digits) >= 11 and (number := _with_bare_86(text, digits)):
        return number
    return _china(text, digits, prefixed=False, problem=problem)


def _with_bare_86(text: str, digits: str) -> Number | None:
    """86 138 0013 8000, a country code without its plus: nothing domestic is that long and begins with 86."""
    rest = digits[2:]
    if len(digits) == 11 and isinstance(_china(text, digits, prefixed=False), Number):
        return None  # 0869… without its zero
    number = _china(text, rest, prefixed=True)
    wanted = NumberKind.MOBILE, NumberKind.LANDLINE, NumberKind.SERVICE_400
    return number if isinstance(number, Number) and number.kind in wanted else None


def _china(text: str, digits: str, *, prefixed: bool, problem: Problem | None = None) -> Number | Problem:
    """National digits, with or without the trunk zero; `prefixed` when +86 stood before them."""
    bare = digits.removeprefix("0")
    if _MOBILE.fullmatch(bare):
        return Number("+86" + bare, NumberKind.MOBILE)
    if _TOLL.fullmatch(bare):
        return Number(bare, NumberKind.SERVICE_400)
    zero = len(bare) < len(digits)
    line = _landline(bare)
    if not zero and _SERVICE.fullmatch(digits):
        if line is None:
            return Number(digits, NumberKind.SERVICE_95)
        if not prefixed:
            return problem or Problem(
                f"{text!r} may be the landline {line.dashed} without its zero or a number of {digits[:5]}",
                f"write {line.national} or {line.canonical} if it is the landline",
            )
    if not zero and _SHORT.fullmatch(digits):
        return Number(digits, NumberKind.SHORT_CODE)
    if line is not None:
        return line
    if problem is not None:
        return problem
    if not zero and len(digits) in (7, 8) and not digits.startswith("1"):
        return Problem(f"{text!r} has no area code", "write it with its area code, such as 021-51288888")
    if len(digits) in (10, 12) and re.match(r"1[3-9]", digits):
        return Problem(f"{text!r} has {len(digits)} digits; a mobile number has 11", "compare it with the contract")
    return Problem(f"{text!r} is not a number in China", f"write it as it is dialled, such as {EXAMPLES}")


def _landline(bare: str) -> Number | None:
    """Area code and subscriber number without the trunk zero, held against the library's numbering plan."""
    if not 7 <= len(bare) <= 11:
        return None
    if not phonenumbers.is_valid_number(phonenumbers.PhoneNumber(country_code=86, national_number=int(bare))):
        return None
    if bare.startswith("1010") and len(bare) == 8:
        return None
    return Number("+86" + bare, NumberKind.LANDLINE, _area(bare))


def _area(bare: str) -> str:
    """010 and 02x have three digits with the zero, all others four."""
    return "0" + bare[: 2 if _TWO_DIGIT_AREA.match(bare) else 3]


def _foreign(text: str, digits: str, region: str, problem: Problem | None) -> Number | Problem:
    try:
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return problem or Problem(f"{text!r} is not a number of any country", f"write it like {EXAMPLES}")
    if parsed.country_code == 86:
        return _china(text, str(parsed.national_number), prefixed=True, problem=problem)
    if not phonenumbers.is_valid_number(parsed):
        return problem or Problem(
            f"{text!r} is not a number of the country code +{parsed.country_code}",
            "write country code and national number, such as +14155552671",
        )
    return Number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), NumberKind.FOREIGN)


@lru_cache(maxsize=4096)
def from_canonical(canonical: str) -> Number:
    """The number of a canonical form that `parse` made; raises `ValueError` for any other text.

    Shape alone decides, so that a number stored years ago stays readable when the numbering plan moves on.
    """
    if canonical.startswith("+86"):
        bare = canonical[3:]
        if _MOBILE.fullmatch(bare):
            return Number(canonical, NumberKind.MOBILE)
        if re.fullmatch(r"[1-9]\d{6,10}", bare):
            return Number(canonical, NumberKind.LANDLINE, _area(bare))
    elif re.fullmatch(r"\+[1-9]\d{4,14}", canonical):
        return Number(canonical, NumberKind.FOREIGN)
    elif _TOLL.fullmatch(canonical):
        return Number(canonical, NumberKind.SERVICE_400)
    elif _SERVICE.fullmatch(canonical):
        return Number(canonical, NumberKind.SERVICE_95)
    elif _SHORT.fullmatch(canonical):
        return Number(canonical, NumberKind.SHORT_CODE)
    raise ValueError(f"not the canonical form of a number: {canonical!r}")


def mask(canonical: str) -> str:
    """The number for eyes that need not see it: +86138****8000. At least four digits (or all but one) go."""
    plus = "+" if canonical.startswith("+") else ""
    digits = canonical.removeprefix("+")
    hidden = min(max(4, len(digits) // 3), max(len(digits) - 1, 0))
    tail = min(4 if len(digits) >= 10 else 0, len(digits) - hidden)
    head = len(digits) - hidden - tail
    return plus + digits[:head] + "*" * hidden + digits[len(digits) - tail :]
