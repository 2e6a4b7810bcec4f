"""What was promised of some figures: a benchmark that measures more says so, and `python -m benchmarks` fails."""

from collections.abc import Iterable

from msgspec import Struct

from benchmarks.report import figure


class Held(Struct, frozen=True):
    """A figure that was measured and what it may be: at `most`, or at `least`; NaN is neither."""

    what: str
    measured: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def over(self) -> str:
        """What is wrong with it; empty if nothing is."""
        said = f"{self.what}: {figure(self.measured)} {self.unit}"
        if self.most is not None and not self.measured <= self.most:
            return f"{said}, where {figure(self.most)} is the most"
        if self.least is not None and not self.measured >= self.least:
            return f"{said}, where {figure(self.least)} is the least"
        return ""


class Judged(Struct, frozen=True):
    """The tables of a part that has bounds, and each bound that it broke."""

    tables: str
    over: tuple[str, ...]


def judged(tables: str, held: Iterable[Held]) -> Judged:
    """The tables with what was promised of them."""
    return Judged(tables, tuple(wrong for each in held if (wrong := each.over)))
