"""The charts of a report as inline SVG, which needs neither a script nor anything from elsewhere.

Own code, because it is small: bars and lines, whose positions across are percentages, so that a chart is as wide as its
page while its letters stay readable on a telephone and on paper; the libraries that draw SVG on a server (pygal, bokeh,
matplotlib and others) scale letters with the drawing, bring a script, or weigh more than this whole client. Colours are
classes that the page's style sheet fills; `page` writes the page, and beside each chart its figures as a table.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape as html_escape

from numtrustd.ctl.text import escape
from numtrustd.domain.display import width

HEIGHT = 180
"""Of a chart over days, without its axis; px."""
_ROW, _BAR, _AXIS, _TOP = 46, 16, 22, 18
_GUTTER = 0.08  # the share of the width that the scale of a chart over days takes
_DAYS_NAMED = 6
"""Days that are named under a chart of up to two weeks; under that of a month every seventh is."""
_LONGEST = 40
"""Columns of a label: about what a narrow page has room for."""


def attribute(text: str) -> str:
    """Text for HTML and SVG, inside an element or an attribute: nothing of it acts, controls are made visible."""
    return html_escape(escape(text), quote=True)


def cut(text: str, longest: int = _LONGEST) -> str:
    """The text, or as much of it as has room."""
    if width(text) <= longest:
        return text
    return next(text[:n] + "…" for n in range(len(text), -1, -1) if width(text[:n]) < longest)


@dataclass(frozen=True)
class Line:
    """One line over the days; `None` is a gap: nothing is known, which is not zero. `c1`… are the colours."""

    name: str
    values: Sequence[float | None]
    colour: str = "c1"
    filled: bool = False


@dataclass(frozen=True)
class OverDays:
    """A chart over the days of a month. `percent`: from 0 to 1 on a fixed scale."""

    title: str
    about: str
    days: Sequence[str]
    lines: Sequence[Line]
    percent: bool = False


@dataclass(frozen=True)
class Part:
    """One part of a bar."""

    value: float
    colour: str
    name: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar with what it is of and what it says. `reach` is the range around its value, drawn as a whisker."""

    label: str
    said: str
    parts: Sequence[Part]
    reach: tuple[float, float] | None = None


@dataclass(frozen=True)
class Bars:
    """Bars under each other on one scale that begins at nothing; `limit` is a value that a line is drawn at."""

    title: str
    about: str
    bars: Sequence[Bar]
    limit: tuple[float, str] | None = None
    most: float | None = None


Chart = OverDays | Bars


def legend(chart: Chart) -> list[tuple[str, str]]:
    """(colour, name) of what is drawn, where there is more than one thing."""
    if isinstance(chart, OverDays):
        return [(line.colour, line.name) for line in chart.lines]
    return [*{part.colour: part.name for bar in chart.bars for part in bar.parts if part.name}.items()]


def svg(chart: Chart, identity: str) -> str:
    """The chart as one `svg` element; `identity` is a word that no other chart of the page has."""
    body, height = _days(chart) if isinstance(chart, OverDays) else _bars(chart)
    return (
        f'<svg role="img" aria-labelledby="{identity}-t {identity}-d" width="100%" height="{height}">'
        f'<title id="{identity}-t">{attribute(chart.title)}</title>'
        f'<desc id="{identity}-d">{attribute(chart.about)}</desc>{"".join(body)}</svg>'
    )


def ticks(most: float, wanted: int = 4) -> list[float]:
    """Round whole values from nothing to at least `most`, about as many as are wanted."""
    most = max(most, 1.0)
    power = 10.0 ** math.floor(math.log10(most / wanted))
    step = math.ceil(next(power * n for n in (1, 2, 2.5, 5, 10) if power * n >= most / wanted * 0.999))
    return [float(n * step) for n in range(math.ceil(most / step - 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:g}"


def _x(share: float) -> str:
    return f"{100 * share:.2f}%"


def _days(chart: OverDays) -> tuple[list[str], int]:
    told = [value for line in chart.lines for value in line.values if value is not None]
    scale = [0.0, 0.25, 0.5, 0.75, 1.0] if chart.percent else ticks(max(told, default=0.0))
    bottom = HEIGHT + _TOP
    body: list[str] = []
    for tick in scale:
        y = bottom - HEIGHT * tick / scale[-1]
        said = f"{tick:.0%}" if chart.percent else _number(tick)
        body.append(f'<line class="grid" x1="{_x(_GUTTER)}" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(f'<text class="tick" x="0" y="{y + 4:.1f}">{said}</text>')
    every = 7 if len(chart.days) > 14 else max(1, math.ceil(len(chart.days) / _DAYS_NAMED))
    for n, day in enumerate(chart.days):
        if n % every == 0:
            x = _slot(chart, n + 0.5)
            body.append(f'<text class="tick mid" x="{x}" y="{bottom + 15}">{attribute(day[-2:].lstrip("0"))}</text>')
    for line in chart.lines:
        body += _line(line, chart, [None if v is None else bottom - HEIGHT * v / scale[-1] for v in line.values])
    return body, bottom + _AXIS


def _slot(chart: OverDays, n: float) -> str:
    """How far to the right the `n`th day is."""
    return _x(_GUTTER + (1 - _GUTTER) * n / max(1, len(chart.days)))


def _line(line: Line, chart: OverDays, ys: Sequence[float | None]) -> Iterator[str]:
    for n, (day, value, y) in enumerate(zip(chart.days, line.values, ys, strict=True)):
        if value is None or y is None:
            continue
        said = f"{value:.0%}" if chart.percent else _number(value)
        name = f"<title>{attribute(f'{day}: {line.name} {said}')}</title>"
        x, bottom = _slot(chart, n + 0.5), HEIGHT + _TOP
        if line.filled:
            wide = _x(0.8 * (1 - _GUTTER) / len(chart.days))
            place = f'x="{_slot(chart, n + 0.1)}" width="{wide}" y="{y:.1f}" height="{bottom - y:.1f}"'
            yield f'<rect class="{line.colour}" {place}>{name}</rect>'
            continue
        if n and (before := ys[n - 1]) is not None:
            start = f'x1="{_slot(chart, n - 0.5)}" y1="{before:.1f}"'
            yield f'<line class="stroke {line.colour}" {start} x2="{x}" y2="{y:.1f}"/>'
        yield f'<circle class="{line.colour}" cx="{x}" cy="{y:.1f}" r="3">{name}</circle>'


def _bars(chart: Bars) -> tuple[list[str], int]:
    reaches = [bar.reach[1] for bar in chart.bars if bar.reach is not None]
    totals = [sum(part.value for part in bar.parts) for bar in chart.bars]
    limit = 1.1 * chart.limit[0] if chart.limit else 0.0
    most = chart.most or max([*totals, *reaches, limit, 0.0]) or 1.0
    body: list[str] = []
    top = _TOP if chart.limit else 0
    for n, bar in enumerate(chart.bars):
        y = top + n * _ROW
        label = f"<title>{attribute(f'{bar.label}: {bar.said}')}</title>{attribute(cut(bar.label))}"
        body.append(f'<text class="label" x="0" y="{y + 14}">{label}</text>')
        body.append(f'<text class="said" x="100%" y="{y + 14}">{attribute(cut(bar.said, 24))}</text>')
        body.append(f'<rect class="track" x="0" y="{y + 20}" width="100%" height="{_BAR}"/>')
        at = 0.0
        for part in bar.parts:
            size = f'x="{_x(at / most)}" y="{y + 20}" width="{_x(part.value / most)}" height="{_BAR}"'
            name = f"<title>{attribute(part.name)}</title>" if part.name else ""
            body.append(f'<rect class="{part.colour}" {size}>{name}</rect>' if part.value else "")
            at += part.value
        if bar.reach is not None:
            middle, (low, high) = y + 20 + _BAR / 2, bar.reach
            ends = f'x1="{_x(low / most)}" x2="{_x(high / most)}" y1="{middle}" y2="{middle}"'
            body.append(f'<line class="reach" {ends}/>')
    height = top + len(chart.bars) * _ROW
    if chart.limit is not None:
        value, name = chart.limit
        x = _x(value / most)
        ys = ((y + 17, y + 23 + _BAR) for y in range(top, height, _ROW))
        body += [f'<line class="limit" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>' for low, high in ys]
        side = "said" if value > most / 2 else "label"  # so that it stays within
        body.append(f'<text class="{side}" x="{x}" y="12">{attribute(cut(name))}</text>')
    return body, height
