"""The language that people read: English as it stands in the code, others from gettext catalogues.

The catalogues lie in `locale/LANG/LC_MESSAGES/numtrustctl.mo` beside this file. What programs read (JSON, ids,
event names, words of the domain such as `marked`) is never translated. A text is looked up when it is put out, so
that `--lang` may come after the modules were loaded.
"""

import gettext
from collections.abc import Mapping
from pathlib import Path

LOCALE = Path(__file__).with_name("locale")
DOMAIN = "numtrustctl"
_SPEAKS = ("en", "zh")

_texts: gettext.NullTranslations = gettext.NullTranslations()


def use(lang: str | None, environ: Mapping[str, str]) -> None:
    """Speak `lang`, or what the locale of `environ` says, in this process from now on; English if neither is known."""
    global _texts
    chosen = _known(lang or _locale(environ))
    _texts = gettext.translation(DOMAIN, LOCALE, [chosen], fallback=True)


def _locale(environ: Mapping[str, str]) -> str:
    # The order of POSIX: the first that is set decides, even if it says C.
    return next((environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(key)), "")


def _known(name: str) -> str:
    tongue = name.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return tongue if tongue in _SPEAKS else "en"


def tr(text: str) -> str:
    """The text in the reader's language."""
    return _texts.gettext(text)


def trn(one: str, many: str, count: int) -> str:
    """The text for so many of something; `{n}` in it is the count."""
    return _texts.ngettext(one, many, count).format(n=count)


def spoken() -> str:
    """The language that is spoken, as HTML and XML name it: `en`, `zh`."""
    return _known(_texts.info().get("language", "en"))
