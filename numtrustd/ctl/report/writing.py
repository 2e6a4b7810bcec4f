"""A report as a document for the terminal, and as Markdown. `page` beside this module makes HTML of it."""

import re
from collections.abc import Iterator, Sequence

from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import tr
from numtrustd.ctl.report.charts import OverDays
from numtrustd.ctl.report.parts import Figures, Section, Told
from numtrustd.ctl.text import escape

_STEPS = "▁▂▃▄▅▆▇█"


def document(told: Told, other: str = "") -> Document:
    """For `plain` and `terminal`. Long tables are left out: there is a line of the days instead. `other` says how to
    see another month.
    """
    doc = Document()
    doc.line(Cell(told.title, Tone.STRONG))
    if other:
        doc.line(Cell(other, Tone.DIM))
    for sentence in told.about:
        doc.line(sentence)
    if told.glance:
        doc.line()
        doc.facts(*told.glance, indent=2)
    for section in told.sections:
        doc.heading(section.title)
        for sentence in section.said:
            doc.line(sentence)
        for note in section.notes:
            doc.line(Cell(note, Tone.WARN))
        for chart in section.charts:
            if isinstance(chart, OverDays):
                for line in chart.lines:
                    drawn = sparks(line.values, 1.0 if chart.percent else 0.0)
                    doc.line(f"{chart.days[0]} {drawn} {chart.days[-1]}", line.name)
        for figures in section.figures:
            if not figures.long:
                doc.line()
                doc.line(Cell(figures.caption, Tone.DIM))
                doc.table(figures.columns, figures.rows)
    return doc


def sparks(values: Sequence[float | None], least_top: float = 0.0) -> str:
    """A line of values as high as the letters: nothing known is a dot, zero the lowest step."""
    top = max([least_top, *(value for value in values if value is not None)])
    return "".join(
        "·" if value is None else _STEPS[round(value / top * (len(_STEPS) - 1)) if top else 0] for value in values
    )


# ------------------------------------------------------------------------------------------------------------ Markdown


def markdown(told: Told) -> str:
    """The report as Markdown with tables, as most sites and editors show it. Nothing that others wrote acts in it."""
    return "\n".join(_blocks(told)) + "\n"


def _blocks(told: Told) -> Iterator[str]:
    yield f"# {_md(told.title)}"
    for sentence in told.about:
        yield ""
        yield _md(sentence)
    if told.glance:
        yield ""
        yield from _table(Figures((tr("At a glance"), ""), told.glance))
    for section in told.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"## {_md(section.title)}"
    for sentence in section.said:
        yield ""
        yield _md(sentence)
    for note in section.notes:
        yield ""
        yield f"> {_md(note)}"
    for figures in section.figures:
        yield ""
        yield f"### {_md(figures.caption)}"
        yield ""
        yield from _table(figures)


def _table(figures: Figures) -> Iterator[str]:
    yield _row(figures.columns)
    yield "| " + " | ".join("---:" if right else "---" for right in figures.to_the_right) + " |"
    yield from map(_row, figures.texts)


def _row(texts: Sequence[str]) -> str:
    return "| " + " | ".join(map(_md, texts)) + " |"


_ACTS = re.compile(r"[\\*_\[\]<>|&~$@#]")
_CODE = re.compile(r"(`[^`]+`)")


def _md(text: str) -> str:
    """Text that stands for itself; what is between backticks in our own sentences is code, and stays so."""
    return "".join(
        part if _CODE.fullmatch(part) and not re.search(r"[|<]", part) else _plain(part)
        for part in _CODE.split(escape(text))
    )


def _plain(text: str) -> str:
    escaped = _ACTS.sub(r"\\\g<0>", text.replace("`", "'"))
    # An address becomes a link where nobody meant one.
    return escaped.replace("://", ":\\//").replace("www.", "www\\.")
