"""Figures for eyes: ratios and tables in the Markdown that `README.md` quotes."""

import math
from collections.abc import Iterable, Sequence

EMPTY = "–"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round, ours over theirs; infinite where theirs came to no answer."""
    return [a / b if b else math.inf for a, b in zip(ours, theirs, strict=True)]


def figure(value: float) -> str:
    """Three digits that count; 0 is no progress at all."""
    if not value:
        return "none"
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.3g}"


def times(value: float) -> str:
    """A ratio."""
    return EMPTY if math.isinf(value) else f"{value:.2f} ×"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads well in a terminal too."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)
