"""Manual pages in man(7), as groff and mandoc both read it without a complaint. `manual` says what stands in them.

Own code, and not click-man: that writes a page for each command, without exit statuses, files and environment, knows
nothing of examples, and does not read a settings file.
"""

import re
import textwrap

_COLUMNS = 78
_SPECIAL = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
_PROSE = {**_SPECIAL, "-": "-", "…": "...", "“": "\\(lq", "”": "\\(rq", "×": "\\(mu"}
_TYPED = re.compile(r"`([^`]+)`|(?<![\w-])(--?[a-zA-Z][\w-]*)")


def _chars(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(c, c if c.isascii() else f"\\[u{ord(c):04X}]") for c in text)


def literal(text: str) -> str:
    """What is typed or stands in a file, with its own hyphens and quotes."""
    return _chars(text, _SPECIAL)


def prose(text: str) -> str:
    """Running text; what stands in `backticks`, and options, are bold."""
    out, at = "", 0
    for match in _TYPED.finditer(text):
        out += _chars(text[at : match.start()], _PROSE) + f"\\fB{literal(match[1] or match[2])}\\fR"
        at = match.end()
    return out + _chars(text[at:], _PROSE)


class Page:
    """One page, built from top to bottom."""

    def __init__(self, name: str, section: int, what: str, *, source: str, manual: str, date: str) -> None:
        self._lines = [
            '.\\" Made by `python -m docs.generate`; do not edit.',
            f'.TH {name.upper()} {section} {date} "{source}" "{manual}"',
            ".SH NAME",
            f"{literal(name)} \\- {prose(what)}",
        ]

        self._begun = False

    def section(self, title: str) -> None:
        self._add(f".SH {_quoted(title.upper())}")
        self._begun = True

    def part(self, title: str) -> None:
        self._add(f".SS {_quoted(title)}")
        self._begun = True

    def _add(self, *lines: str) -> None:
        self._lines += lines
        self._begun = False

    def synopsis(self, usage: str) -> None:
        """A command line: what is typed as it is bold, places for something else in italics."""
        words = []
        for word in usage.split():
            placed = word.strip("[].…").isupper()
            words.append(f"\\fI{literal(word)}\\fR" if placed else f"\\fB{literal(word)}\\fR")
        self._add(_fold(" ".join(words)))

    def text(self, text: str) -> None:
        """Paragraphs; the first below a title needs no mark, and may have none."""
        for paragraph in filter(None, text.split("\n\n")):
            self._add(*([] if self._begun else [".PP"]), _fold(prose(" ".join(paragraph.split()))))

    def item(self, term: str, text: str) -> None:
        """What is typed, and indented below it what it means."""
        self._add(".TP", f"\\fB{literal(term)}\\fR", _fold(prose(text)) if text else "\\&")

    def example(self, *lines: str) -> None:
        """Lines as they are typed."""
        self._add(
            ".PP", ".nf", ".RS 4", *(_protected(literal(line)) if line else "\\&" for line in lines), ".RE", ".fi"
        )

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def _quoted(title: str) -> str:
    return f'"{literal(title)}"' if " " in title else literal(title)


def _protected(line: str) -> str:
    return f"\\&{line}" if line.startswith(".") else line  # a quote is never the first: it is written \(aq


def _fold(text: str) -> str:
    lines = textwrap.wrap(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(_protected(line) for line in lines)
