"""The parts of `top`'s screens: the first line, a table, the last line, and how they look.

`top_screens` puts them together, `top` asks the daemon and has the keys that work everywhere.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from numtrustd.ctl import terminal, top_view
from numtrustd.ctl.document import Document
from numtrustd.ctl.lang import tr
from numtrustd.ctl.session import Kept
from numtrustd.ctl.text import span
from numtrustd.ctl.top_pages import Key
from numtrustd.ctl.top_view import Listing, World, lay_out

T = TypeVar("T")

NARROW = 50
"""Columns below which the first line tells no date."""

CSS = """
Screen { background: ansi_default; color: ansi_default; overflow: hidden; }
Static { text-wrap: nowrap; text-overflow: clip; }
#live, #head, #foot { height: auto; width: 1fr; }
#foot { dock: bottom; height: 1; }
#filter { dock: bottom; height: 1; border: none; padding: 0; background: ansi_default; color: ansi_default; }
Panel { height: 1fr; }
Panel .title, Panel .names { height: 1; width: 1fr; }
OptionList, OptionList:focus {
  height: 1fr; max-height: 100%; border: none; padding: 0; background: ansi_default; color: ansi_default;
  scrollbar-size-vertical: 1; scrollbar-gutter: stable; background-tint: transparent 0%;
}
OptionList > .option-list--option-highlighted,
OptionList > .option-list--option-hover {
  color: ansi_default; background: ansi_default; text-style: none;
}
OptionList:focus > .option-list--option-highlighted {
  color: ansi_default; background: ansi_default; text-style: reverse;
}
VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; background: ansi_default; }
#links { height: auto; }
"""


class Host(App[None]):
    """What screens see of the program: what the daemon last said, since when and why it does not answer, and whether
    all is over.
    """

    world: World
    away: tuple[datetime | None, str] = (None, "")
    over = False

    async def ask(self, question: Callable[[Kept], T]) -> T:
        """Ask the daemon, one question at a time. Raises `ClientError`."""
        raise NotImplementedError


class Live(Static):
    """The first line of every screen: where one is, and whether what is shown is true at this time."""

    def __init__(self, where: str) -> None:
        super().__init__(id="live", markup=False)
        self._where = where

    def on_mount(self) -> None:
        self.tell()

    def on_resize(self) -> None:
        self.tell()

    def tell(self) -> None:
        app = self.app
        assert isinstance(app, Host)
        columns = max(app.size.width, 20)
        since, why = app.away
        if since is None:
            right = Text(top_view.clock(app.world, short=columns < NARROW), style="green")
            left = Text(self._where, style="bold")
            left.truncate(max(columns - right.cell_len - 2, 0), overflow="ellipsis")
            gap = " " * (columns - left.cell_len - right.cell_len)
            self.update(Text().append_text(left).append(gap).append_text(right))
            return
        gone = (datetime.now(UTC) - since).total_seconds()
        doc = Document()
        said = tr("NO ANSWER for {span}: what is shown is of {time} and may be old").format(
            span=span(gone), time=top_view.clock(app.world)
        )
        doc.line(said)
        lines = [*terminal.lines(doc, columns)]
        reason = Text(why, no_wrap=True)
        reason.truncate(columns, overflow="ellipsis")
        warned = Text("\n").join([*lines, reason])
        warned.stylize("bold red reverse", 0, sum(len(line.plain) + 1 for line in lines) - 1)
        self.update(Text("\n").join([Text(self._where, style="bold"), warned]))


class Panel(Vertical):
    """A table with its title; one row is one line."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._listing: Listing | None = None
        self._keys: Sequence[Key] = ()
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        yield Static(classes="title", markup=False)
        yield Static(classes="names", markup=False)
        yield OptionList(markup=False)

    @property
    def key(self) -> Key | None:
        """What the highlighted row opens."""
        at = self.query_one(OptionList).highlighted
        return self._keys[at] if at is not None and at < len(self._keys) else None

    def show(self, listing: Listing) -> None:
        """Draw a listing; the row that was highlighted stays so, wherever it is now."""
        self._listing = listing
        columns = max(self.app.size.width - 1, 20)
        names, lines = lay_out(listing, columns)
        drawn = (columns, listing.title, names, [(line.plain, line.spans) for line in lines], listing.empty)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        chosen, options = self.key, self.query_one(OptionList)
        at = options.highlighted or 0
        title, head = self.query(Static).results()
        heading = Text(f" {listing.title} ", style="reverse bold" if self.has_focus_within else "bold", no_wrap=True)
        heading.truncate(columns, overflow="ellipsis")
        title.update(heading)
        head.update(names if lines else Text(listing.empty, style="dim", no_wrap=True))
        self._keys = [row.key for row in listing.rows]
        options.set_options(lines)
        if self._keys:
            options.highlighted = self._keys.index(chosen) if chosen in self._keys else min(at, len(self._keys) - 1)

    def on_resize(self) -> None:
        self.again()

    def on_descendant_focus(self) -> None:
        self.again()

    def on_descendant_blur(self) -> None:
        self.again()

    def again(self) -> None:
        """Draw what was drawn, for another width or focus."""
        if self._listing is not None:
            self._drawn = None
            self.show(self._listing)


def keys(*said: str) -> Text:
    """The keys, as the last line says them."""
    line = Text(no_wrap=True)
    for each in said:
        key, _, what = each.partition(" ")
        line.append(f" {key} ", style="reverse").append(f" {what} ")
    return line
