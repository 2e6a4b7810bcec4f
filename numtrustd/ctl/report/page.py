"""A report as one HTML file: with its style and its charts in it, without a script, without anything from elsewhere.

It can be mailed, printed and kept. What others wrote (names, words, ids) is escaped wherever it stands, and the page's
own policy forbids scripts, links and loads, should that ever fail. Light or dark is as the reader's machine is.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import count

from numtrustd.ctl.lang import spoken, tr
from numtrustd.ctl.report.charts import Chart, attribute, legend, svg
from numtrustd.ctl.report.parts import Figures, Section, Told

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

FIGURE = ' class="n"'

HTML_LANGUAGE = {"zh": "zh-CN"}
"""The catalogue is in simplified characters; a browser picks its letters by that."""

STYLE = """\
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --soft: #59636e; --rule: #d5dae0; --card: #f5f7f9;
  --c1: #0072b2; --c2: #b35900; --c3: #00694c; --good: #00805c; --bad: #c0392b; --dim: #aab2bb; }
@media screen and (prefers-color-scheme: dark) {
  :root { --page: #14181d; --ink: #e6e9ec; --soft: #a3adb8; --rule: #353c45; --card: #1d232a;
    --c1: #3a8fc7; --c2: #f0a35e; --c3: #4fd1a5; --good: #3fb68b; --bad: #f07167; --dim: #66707b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.about { color: var(--soft); }
.note { border-left: 4px solid var(--c2); background: var(--card); padding: .5rem .75rem; margin: .75rem 0; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; overflow-wrap: anywhere; }
.glance { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
  gap: .75rem; margin: 1.25rem 0; }
@media (min-width: 50rem) { .glance { grid-template-columns: repeat(4, 1fr); } }
.glance div { background: var(--card); border-radius: .4rem; padding: .6rem .75rem; display: flex;
  flex-direction: column-reverse; justify-content: flex-end; }
.glance dt { color: var(--soft); font-size: .85rem; }
.glance dd { margin: 0; font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
figure { margin: 1.25rem 0; }
figcaption { font-weight: 600; margin-bottom: .4rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .3rem 0 0; padding: 0; list-style: none;
  font-size: .85rem; color: var(--soft); }
.legend svg { vertical-align: -1px; margin-right: .35rem; }
svg { display: block; overflow: hidden; font-size: 12px; }
.legend svg { display: inline-block; }
svg text { fill: var(--ink); } svg .tick { fill: var(--soft); font-size: 11px; }
svg .mid { text-anchor: middle; } svg .said { text-anchor: end; font-weight: 600; }
svg .grid { stroke: var(--rule); } svg .track { fill: var(--card); }
svg .limit { stroke: var(--bad); stroke-width: 3; } svg .reach { stroke: var(--ink); stroke-width: 2; }
svg .c1 { fill: var(--c1); stroke: none; } svg .c2 { fill: var(--c2); } svg .c3 { fill: var(--c3); }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .dim { fill: var(--dim); }
svg .stroke { fill: none; stroke-width: 2; } svg .stroke.c1 { stroke: var(--c1); }
svg .stroke.c3 { stroke: var(--c3); }
svg .ink { fill: var(--ink); } svg .stroke.ink { stroke: var(--ink); }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; } tbody th { min-width: 7rem; max-width: 24rem; overflow-wrap: break-word; }
thead th { color: var(--soft); vertical-align: bottom; }
td { min-width: 6.5rem; overflow-wrap: anywhere; }
.n { text-align: right; } td.n { min-width: 4rem; white-space: nowrap; }
summary { cursor: pointer; color: var(--c1); }
@media print {
  :root { color-scheme: light; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; }
  svg, .glance div, .note { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  figure, tr, .glance { break-inside: avoid; } h2, figcaption, caption { break-after: avoid; }
  details:not([open]) { display: none; }
  .wide { overflow: visible; } table { font-size: 8pt; }
  th, tbody th, td, td.n { min-width: 0; white-space: normal; overflow-wrap: anywhere; padding-right: .4rem; }
}
"""


def html(told: Told) -> str:
    """The whole file."""
    return "\n".join(_page(told)) + "\n"


def _page(told: Told) -> Iterator[str]:
    title = attribute(told.title)
    yield f'<!DOCTYPE html>\n<html lang="{HTML_LANGUAGE.get(spoken(), spoken())}">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>"
    for sentence in told.about:
        yield f'<p class="about">{_text(sentence)}</p>'
    if told.glance:
        yield f'<dl class="glance" aria-label="{attribute(tr("At a glance"))}">'
        for name, value in told.glance:
            yield f"<div><dt>{attribute(name)}</dt><dd>{attribute(value)}</dd></div>"
        yield "</dl>"
    numbers = count(1)
    for section in told.sections:
        yield from _section(section, numbers)
    yield "</main>\n</body>\n</html>"


def _section(section: Section, numbers: Iterator[int]) -> Iterator[str]:
    identity = f"s{next(numbers)}"
    yield f'<section aria-labelledby="{identity}">\n<h2 id="{identity}">{attribute(section.title)}</h2>'
    for sentence in section.said:
        yield f"<p>{_text(sentence)}</p>"
    for note in section.notes:
        yield f'<p class="note">{_text(note)}</p>'
    for chart in section.charts:
        yield from _figure(chart, f"c{next(numbers)}")
    for figures in section.figures:
        if figures.long:
            yield f"<details>\n<summary>{attribute(figures.caption)}</summary>"
            yield from _table(figures)
            yield "</details>"
        else:
            yield from _table(figures)
    yield "</section>"


def _figure(chart: Chart, identity: str) -> Iterator[str]:
    yield f"<figure>\n<figcaption>{attribute(chart.title)}</figcaption>\n{svg(chart, identity)}"
    if named := legend(chart):
        yield '<ul class="legend">'
        for colour, name in named:
            swatch = f'<rect class="{colour}" width="12" height="12"/>'
            yield f'<li><svg width="12" height="12" aria-hidden="true">{swatch}</svg>{attribute(name)}</li>'
        yield "</ul>"
    yield "</figure>"


def _table(figures: Figures) -> Iterator[str]:
    right, caption = figures.to_the_right, attribute(figures.caption)
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{caption}">\n<table>\n<caption>{caption}</caption>'
    head = _cells(figures.columns, right, "th", ' scope="col"')
    yield f"<thead><tr>{head}</tr></thead>\n<tbody>"
    for row in figures.texts:
        yield f'<tr><th scope="row">{attribute(row[0])}</th>{_cells(row[1:], right[1:], "td")}</tr>'
    yield "</tbody>\n</table>\n</div>"


def _cells(texts: Sequence[str], right: Sequence[bool], tag: str, more: str = "") -> str:
    each = zip(texts, right, strict=True)
    return "".join(f"<{tag}{more}{FIGURE if figure else ''}>{attribute(text)}</{tag}>" for text, figure in each)


def _text(sentence: str) -> str:
    """A sentence, with what our own texts have between backticks as code."""
    return re.sub(r"`([^`<>&]+)`", r"<code>\1</code>", attribute(sentence))
