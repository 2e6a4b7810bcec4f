"""The language that people read: English as it stands in the code, others from gettext catalogues.

The catalogues lie in `locale/LANG/LC_MESSAGES/numtrustctl.mo` beside this file; `click.mo` beside it holds what click
itself says. What programs read (JSON, ids, event names, words of the domain such as `marked`) is never translated: a
word of the domain that people read in a table goes through `word`. A text is looked up when it is put out, so that
`--lang` may come after the modules were loaded.
"""

import gettext
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Formatter

LOCALE = Path(__file__).with_name("locale")
DOMAIN = "numtrustctl"
SPEAKS = ("en", "zh")
WORD = "word"
"""The context of single words of the domain in the catalogue, where they mean what they mean there."""

EVENT = "event"
"""The context of the sentences of events, and of the words that stand in these alone."""

_texts: gettext.NullTranslations = gettext.NullTranslations()


def use(lang: str | None, environ: Mapping[str, str]) -> str:
    """Speak `lang`, or what the locale of `environ` says, in this process from now on; English if neither is known.
    Returns the language's name.
    """
    global _texts
    chosen = _known(lang or _locale(environ))
    _texts = gettext.translation(DOMAIN, LOCALE, [chosen], fallback=True)
    return chosen


@contextmanager
def english() -> Iterator[None]:
    """Texts that go into JSON, where every reader gets the same."""
    global _texts
    before, _texts = _texts, gettext.NullTranslations()
    try:
        yield
    finally:
        _texts = before


def wanted(arguments: Sequence[str]) -> str | None:
    """What `--lang` says, wherever it stands; the last one counts. Needed before anything is parsed, for the help and
    the refusals of the parser itself are to be in that language, too.
    """
    said: str | None = None
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == "--":
            break
        if argument == "--lang":
            said = following
        elif argument.startswith("--lang="):
            said = argument.removeprefix("--lang=")
    return said


def _locale(environ: Mapping[str, str]) -> str:
    # The order of POSIX: the first that is set decides, even if it says C.
    return next((environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(key)), "")


def _known(name: str) -> str:
    tongue = name.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return tongue if tongue in SPEAKS else "en"


def tr(text: str | None) -> str:
    """The text in the reader's language, or as it is; nothing for none."""
    return _texts.gettext(text) if text else ""  # gettext has the catalogue's own header under ""


def trn(one: str, many: str, count: int) -> str:
    """The text for so many of something; `{n}` in it is the count."""
    return _texts.ngettext(one, many, count).format(n=count)


def listed(items: Iterable[str], between: str = ", ") -> str:
    """Several things in one line, with what stands `between` such things in the reader's language."""
    return tr(between).join(items)


def word(value: str | None) -> str:
    """A word of the domain (a verdict, a state, a kind) for people who read it in a table. In English it is the word
    itself, which is what options take; nothing for none.
    """
    return _texts.pgettext(WORD, value) if value else ""


_WIDE = r"[\u2e80-\u9fff\uff00-\uffef]"


def filled(text: str, told: Mapping[str, str | None], came: Mapping[str, str]) -> str:
    """A text with its values, which `came` in English. Chinese has a space beside what is of another tongue, and none
    between two characters: so where a value was made Chinese, nothing is left of a space that stands beside its place.
    What people and platforms wrote in Chinese keeps it, which tells it apart.
    """
    made, tight = "", False
    for literal, place, _, _ in Formatter().parse(text):
        made += literal[1:] if tight and re.match(f" {_WIDE}", literal) and re.search(f"{_WIDE}$", made) else literal
        if place is not None:
            value = told[place] or ""
            tight = re.search(_WIDE, came[place]) is None
            if tight and re.match(_WIDE, value) and re.search(f"{_WIDE} $", made):
                made = made[:-1]
            made += value
    return made


def event_word(value: str) -> str:
    """The sentence of an event, with its places, or a word that stands only in such sentences."""
    return _texts.pgettext(EVENT, value)


def spoken() -> str:
    """The language that is spoken, as HTML and XML name it: `en`, `zh`."""
    return _known(_texts.info().get("language", "en"))
