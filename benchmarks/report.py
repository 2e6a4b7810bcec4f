"""Figures for eyes: medians, ratios, and tables in the Markdown that `README.md` quotes."""

from collections.abc import Iterable, Sequence
from statistics import median

NONE = "–"


def middle(values: Iterable[float | None]) -> float | None:
    """The median of what was measured; `None` when a round had nothing to measure."""
    known = list(values)
    return None if not known or any(v is None for v in known) else median(v for v in known if v is not None)


def ratios(ours: Sequence[float | None], theirs: Sequence[float | None]) -> list[float | None]:
    """Round by round, ours over theirs; `None` where theirs made no progress."""
    return [a / b if a is not None and b else None for a, b in zip(ours, theirs, strict=True)]


def figure(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return NONE
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.3g}"


def times(value: float | None) -> str:
    """A ratio."""
    return NONE if value is None else f"{value:.2f} ×"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads well in a terminal too."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)
