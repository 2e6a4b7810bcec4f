"""A letter as an operator wrote it: lines with placeholders, in the language of all templates here. Pure.

A line of which any placeholder is empty is left out, as in the messages of the log: what is not known is not said.
`domain.wording` has the values, and the letters that are built in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from numtrustd.wire.parts import Parts, cut, join, slots


def _as_it_is(value: str) -> str:
    return value


@dataclass(frozen=True)
class Letter:
    """A checked letter."""

    lines: tuple[Parts, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text. `KeyError` if a value is missing that the letter was checked to have."""
        kept = [line for line in self.lines if all(values[name] for name in slots(line))]
        return "\n".join(join(line, values) for line in kept)


def compile_letter(text: str, names: Collection[str]) -> tuple[Letter, list[tuple[int, str, str]]]:
    """(the letter, what is wrong with it): line, counted from 1, what it is, and what would be right. `names` are the
    placeholders that there are.
    """
    wrong: list[tuple[int, str, str]] = []
    lines = []
    for number, line in enumerate(text.rstrip().split("\n"), 1):
        broken: list[str] = []
        parts = cut(line.rstrip("\r"), _as_it_is, broken, "the line")
        wrong += [(number, what, "write {{ or }} for a brace itself") for what in broken]
        unknown, remedy = sorted(slots(parts) - set(names)), f"there are {', '.join(sorted(names))}"
        wrong += [(number, f"unknown placeholder {{{name}}}", remedy) for name in unknown]
        lines.append(parts)
    if not text.strip():
        wrong.append((1, "is empty", "write the letter, or remove the file to have the built-in one"))
    return Letter(tuple(lines)), wrong
