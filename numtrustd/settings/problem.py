"""What is wrong with a configuration, said so that a person can go and mend it.

Every reader in this package makes these and carries on, so that one run of `numtrustd check` shows all
there is.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from numtrustd.domain.near import near
from numtrustd.log.guard import escape

Path = tuple[str | int, ...]
"""The way to a value from the top of a file: table names, keys and indices of arrays."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SAID = 400
"""Characters of what is wrong that are shown: it may repeat what stands in a file, however long that is."""


class Problem(Struct, frozen=True, order=True):
    """One thing that is wrong: where (`line` counts from 1), at which key, what it is and what would be
    right.
    """

    file: str
    line: int
    key: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return escape(f"{self.file}:{self.line}: {_short(self.key) or '-'}: {_short(self.what)}: {self.remedy}")


def _short(text: str) -> str:
    """The text without its middle, if it is long: what is repeated stands there, and the reason often behind it."""
    return text if len(text) <= _SAID else f"{text[: _SAID // 2]}…{text[-_SAID // 2 + 1 :]}"


def render(problems: Iterable[Problem]) -> str:
    """One line per problem, in the order of files and lines, each said once."""
    return "".join(f"{problem}\n" for problem in sorted(set(problems)))


def dotted(path: Path) -> str:
    """`source[2]."a.b".interval`: a path as TOML would write it, array indices in brackets from 0."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE.fullmatch(part) else f'"{part}"')
    return text


def one_of(choices: Iterable[str]) -> str:
    """`one of "a", "b", "c"`."""
    return "one of " + ", ".join(f'"{c}"' for c in choices)


def nearest(word: str, known: Sequence[str]) -> str:
    """`suggest` where the known ones are too many to be told in answer to a question."""
    meant = near(word, known)
    return f'did you mean "{meant}"?' if meant else "`numtrustd sources` lists all"


def suggest(word: str, known: Sequence[str]) -> str:
    """A remedy for a misspelt word: the nearest known one, else all of them."""
    if meant := near(word, known):
        return f'did you mean "{meant}"?'
    return f"known here: {', '.join(sorted(known))}" if known else "remove it: nothing may stand here"


SPREAD_TWICE = "says anew what propagation says in plain time", "keep one of the two"
"""What is wrong with `propagation_days` beside `propagation`, and what to do."""


class Report:
    """Collects problems, and warnings that do not keep the daemon from starting.

    Reading goes in two passes: values and keys first, then, after `second_pass`, what only the whole can
    show. A line that was wrong in the first pass is not spoken of again: what stands there by then is a
    stand-in. Neither is what only follows from such a value, which `spoilt` tells.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._settled: frozenset[tuple[str, int]] = frozenset()
        self._broken: set[tuple[int, Path]] = set()
        self._spoilt: set[tuple[int, Path]] = set()

    def second_pass(self) -> None:
        """From now on nothing more is said of the lines that have a problem."""
        self._settled = frozenset((problem.file, problem.line) for problem in self.problems)

    def add(self, where: tuple[str, int], key: str, what: str, remedy: str) -> None:
        """Note a problem at (file, line)."""
        if where not in self._settled:
            self.problems.append(Problem(*where, key, what, remedy))

    def spoil(self, place: object, path: Path) -> None:
        """Remember that what stands at this path of a document could not be read."""
        self._broken.add((id(place), path))
        self._spoilt.update((id(place), path[:n]) for n in range(len(path) + 1))

    def spoilt(self, place: object, *path: str | int) -> bool:
        """Whether something at or below this path of a document, or a table that holds it, could not be read."""
        held = any((id(place), path[:n]) in self._broken for n in range(len(path)))
        return held or (id(place), path) in self._spoilt

    def warn(self, where: tuple[str, int], key: str, what: str, remedy: str) -> None:
        """Note something that is allowed and probably not meant."""
        self.warnings.append(Problem(*where, key, what, remedy))
