"""What a report is made of, before anybody decides how it looks: sections with sentences, charts and tables.

`sections` fills them; `writing` puts them out as text and as Markdown, `page` as a page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from numtrustd.ctl.document import CellLike, cell
from numtrustd.ctl.report.charts import Chart

_FIGURE = re.compile(r"–?|[-+]?¥?[\d.,]+%?|[\d.,]+ [^\W\d]+")
"""A number, a share, an amount, a length of time."""


@dataclass(frozen=True)
class Figures:
    """A table. `long` ones are shown by a page only when they are asked for. The first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[CellLike]]
    caption: str = ""
    long: bool = False

    @property
    def texts(self) -> list[list[str]]:
        """Every row as text."""
        return [[cell(value).text for value in row] for row in self.rows]

    @property
    def to_the_right(self) -> list[bool]:
        """Which columns hold figures and nothing else; the first one names the row."""
        texts = self.texts
        return [i > 0 and all(_FIGURE.fullmatch(row[i]) for row in texts) for i in range(len(self.columns))]


@dataclass(frozen=True)
class Section:
    """One part of the report. `notes` tell what is not known, and how it would be."""

    title: str
    said: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """The whole report: its title, what is to be known before reading, the most important figures, the sections."""

    title: str
    about: list[str]
    glance: list[tuple[str, str]]
    sections: list[Section]
