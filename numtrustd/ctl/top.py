"""`numtrustctl top`: a live screen of what is labelled, the cases by deadline, and the sources, with pages below.

Built on Textual: it brings the terminal back on every way out (SIGTSTP and SIGCONT included), reads keys of every
terminal, knows how wide a character is, lays out anew on a resize, and can be driven without a terminal in tests; it is
typed and kept. It costs 8 MB beside rich, which we have anyway, and 0.3 s at the start of this one command: nothing
else imports it. rich.live would need all of that from us but the tables.

The colours are the terminal's own sixteen; what matters is said in words and reverse video, too. The mouse is left to
the terminal, so that text can be marked and copied. `top_view` makes the lines, `top_pages` what is opened.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, TypeVar

import click
from rich.console import RenderableType
from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from numtrustd.api import ledger, status
from numtrustd.ctl import terminal, top_pages, top_view
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import tr
from numtrustd.ctl.refusal import words
from numtrustd.ctl.session import Kept, Session
from numtrustd.ctl.text import escape, span
from numtrustd.ctl.top_pages import Key, Page
from numtrustd.ctl.top_view import Listing, World, lay_out, orders, picked
from numtrustd.varlink.client import ClientError, ErrorReply

T = TypeVar("T")

SOFTWARE = 70
"""Exit status: this program has a defect, which was printed."""

ROWS = 200
"""Rows that are asked for of each table; the heading says how many there are."""

MONEY_EVERY = 30.0
"""Seconds between two questions for what was spent: the daemon reads its whole ledger to answer."""

PATIENCE = 5.0
"""Seconds without an answer after which the daemon is said to be away."""

_NARROW = 50
"""Columns below which the first line tells no date."""

_CSS = """
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


def look(kept: Kept, money: ledger.LedgerView | None) -> World:
    """Ask for everything that the first screen shows. `money` is what is known of it, or `None` to ask. Raises
    `ClientError`."""
    now = kept.ask(status.GetStatus())
    numbers = kept.ask(status.ListNumbers(labelled=True, limit=ROWS))
    cases = kept.ask(status.ListCases(by_deadline=True, limit=ROWS))
    sources = kept.ask(status.ListSources())
    return World(
        status=now,
        labelled=numbers.numbers,
        cases=cases.cases,
        sources=sources.sources,
        now=sources.now,
        ledger=kept.ask(ledger.GetLedger(limit=1)) if money is None else money,
    )


def failure(error: ClientError) -> str:
    """Why there is no answer, on one line."""
    said = words(error.name, error.parameters) if isinstance(error, ErrorReply) else [str(error)]
    return escape("; ".join(said))


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
        assert isinstance(app, Top)
        columns = max(app.size.width, 20)
        since, why = app.away
        if since is None:
            right = Text(top_view.clock(app.world, short=columns < _NARROW), style="green")
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


class Shown(Screen[None]):
    """What every screen has: the line above, the keys below, and opening what a row stands for."""

    app: "Top"

    def __init__(self) -> None:
        super().__init__()
        self._whole = False

    def begin(self) -> None:
        """All parts of the screen are there."""
        self._whole = True
        self.refreshed()

    @property
    def there(self) -> bool:
        """Whether there is something to draw on: an answer may come while a screen is made or taken away."""
        return self._whole and self.is_attached and not self.app.over

    def on_resize(self) -> None:
        self.refreshed()

    def refreshed(self) -> None:
        """There is another answer of the daemon, or none, or the terminal has another size."""
        if self.there:
            for live in self.query(Live):
                live.tell()
            self.redraw()

    def redraw(self) -> None:
        """Show what there is now."""
        raise NotImplementedError

    def open_key(self, key: Key | None) -> None:
        if key is not None:
            self.app.push_screen(Paper(key))


class First(Shown):
    """The tables."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "platforms"),
        Binding("s", "sort"),
        # At once: what arrives together with it over a slow line is already for the filter, and no command.
        Binding("slash", "filter", priority=True),
        Binding("z", "zoom"),
        Binding("escape", "unfilter"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._order = {"labelled": 0, "cases": 0, "sources": 0}
        self._chosen = 0
        self._zoomed = False

    def compose(self) -> ComposeResult:
        yield Live(f"numtrustd {escape(self.app.world.status.version)}")
        yield Static(id="head", markup=False)
        for name in self._order:
            yield Panel(name)
        yield Static(
            _keys(
                tr("Tab table"),
                tr("Enter open"),
                tr("p platforms"),
                tr("s sort"),
                tr("/ filter"),
                tr("? help"),
                tr("q quit"),
            ),
            id="foot",
            markup=False,
        )
        yield Input(id="filter", placeholder=tr("only rows with these words"), compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        self.query_one("#filter", Input).display = False
        self._back_to_table()
        self.begin()

    def redraw(self) -> None:
        world, columns = self.app.world, max(self.app.size.width, 20)
        head = top_view.head(world, columns)[: max(self.app.size.height - 5, 1)]
        self.query_one("#head", Static).update(Text("\n").join(head))
        wanted = self.query_one("#filter", Input).value
        needs = []
        for name, make in (("labelled", top_view.labelled), ("cases", top_view.cases), ("sources", top_view.sources)):
            listing = make(world, orders()[name][self._order[name]])
            listing = picked(listing, wanted)
            needs.append(len(listing.rows) + 2)
            self.query_one(f"#{name}", Panel).show(listing)
        self._share(needs, self.app.size.height - len(head) - (1 if self.app.away[0] is None else 4) - 1)

    def _share(self, needs: Sequence[int], room: int) -> None:
        """Give each table the lines that it needs, as far as there are so many."""
        panels = [*self.query(Panel)]
        chosen = next((n for n, panel in enumerate(panels) if panel.has_focus_within), self._chosen)
        self._chosen = chosen
        if self._zoomed:
            given = [room if n == chosen else 0 for n in range(len(panels))]
        else:
            given = top_view.heights(needs, room, chosen)
        for panel, lines in zip(panels, given, strict=True):
            panel.display = lines > 0
            panel.styles.height = max(lines, 1)

    def on_descendant_focus(self) -> None:
        self.refreshed()

    @on(OptionList.OptionSelected)
    def opened(self, event: OptionList.OptionSelected) -> None:
        panel = event.option_list.parent
        assert isinstance(panel, Panel)
        self.open_key(panel.key)

    def action_platforms(self) -> None:
        self.app.push_screen(Platforms())

    def action_sort(self) -> None:
        for panel in self.query(Panel):
            if panel.has_focus_within and panel.id is not None:
                self._order[panel.id] = (self._order[panel.id] + 1) % len(orders()[panel.id])
        self.refreshed()

    def action_zoom(self) -> None:
        self._zoomed = not self._zoomed
        self.refreshed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "filter" or not isinstance(self.focused, Input)

    def action_filter(self) -> None:
        wanted = self.query_one("#filter", Input)
        wanted.display = True
        self.set_focus(wanted)  # at once: what is typed now is for it

    def action_unfilter(self) -> None:
        wanted = self.query_one("#filter", Input)
        wanted.value = ""
        if wanted.has_focus:
            self._back_to_table()
        wanted.display = False
        self.refreshed()

    @on(Input.Changed)
    def typed(self) -> None:
        self.refreshed()

    @on(Input.Submitted)
    def filtered(self) -> None:
        self._back_to_table()

    def _back_to_table(self) -> None:
        panels = [*self.query(Panel)]
        self.set_focus(panels[self._chosen].query_one(OptionList))


class Platforms(Shown):
    """All platforms."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,backspace", "back")]

    def compose(self) -> ComposeResult:
        yield Live(tr("platforms"))
        yield Panel("platforms")
        yield Static(_keys(tr("Enter open"), tr("Esc back"), tr("? help"), tr("q quit")), id="foot", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self.begin()

    def redraw(self) -> None:
        self.run_worker(self._ask(), exclusive=True)

    async def _ask(self) -> None:
        with contextlib.suppress(ClientError):  # the line above says so
            answer = await self.app.ask(lambda kept: kept.ask(status.ListPlatforms()))
            if self.there:
                self.query_one(Panel).show(top_view.platforms(answer.platforms))

    @on(OptionList.OptionSelected)
    def opened(self) -> None:
        self.open_key(self.query_one(Panel).key)

    def action_back(self) -> None:
        self.app.pop_screen()


class Paper(Shown):
    """A page with text, and below it what can be opened from there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back"),
        Binding("e", "other('explain')"),
        Binding("h", "other('history')"),
        *(Binding(str(n), f"link({n})") for n in range(1, 10)),
    ]

    def __init__(self, key: Key | None) -> None:
        """Without a key it is the help."""
        super().__init__()
        self._key = key
        self._page: Page | None = None if key else Page(top_view.help_text())

    def compose(self) -> ComposeResult:
        yield Live(tr("help") if self._key is None else top_view.cut(escape(top_pages.title(self._key)), 200))
        with VerticalScroll():
            yield Static(id="body", markup=False)
        yield OptionList(id="links", markup=False)
        keys = [tr("Up/Down scroll")]
        if self._key is not None:
            keys.append(tr("1-9 open"))
            if self._key[0] == "number":
                keys += [tr("e why"), tr("h history")]
        yield Static(_keys(*keys, tr("Esc back"), tr("q quit")), id="foot", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self.begin()

    def redraw(self) -> None:
        self._draw()
        if self._key is not None:
            self.run_worker(self._ask(self._key), exclusive=True)

    async def _ask(self, key: Key) -> None:
        try:
            self._page = await self.app.ask(lambda kept: top_pages.fetch(kept, key))
        except ErrorReply as error:
            refused = Document()
            refused.line(Cell(failure(error), Tone.BAD))
            self._page = Page(refused)
        except ClientError:
            return  # the line above says so, and what was known stays
        if self.there:
            self._draw()

    def _draw(self) -> None:
        links = self.query_one("#links", OptionList)
        if self._page is None:
            self.query_one("#body", Static).update(Text(tr("asking…"), style="dim"))
            links.display = False
            return
        columns = max(self.app.size.width - 1, 20)
        self.query_one("#body", Static).update(Text("\n").join(terminal.lines(self._page.document, columns)))
        options = [
            Option(Text(top_view.cut(f"{n if n < 10 else ' '} {escape(name)}", columns)))
            for n, (name, _) in enumerate(self._page.links, 1)
        ]
        links.display = bool(options)
        links.styles.max_height = max(3, self.app.size.height // 6)
        if [str(o.prompt) for o in options] != [str(o.prompt) for o in links.options]:
            at = links.highlighted or 0
            links.set_options(options)
            links.highlighted = min(at, len(options) - 1) if options else None

    @on(OptionList.OptionSelected)
    def opened(self, event: OptionList.OptionSelected) -> None:
        self.action_link(event.option_index + 1)

    def action_link(self, n: int) -> None:
        if self._page is not None and n <= len(self._page.links):
            self.open_key(self._page.links[n - 1][1])

    def action_other(self, kind: str) -> None:
        if self._key is not None and self._key[0] == "number":
            self.open_key((kind, self._key[1]))

    def action_back(self) -> None:
        self.app.pop_screen()


def _keys(*said: str) -> Text:
    """The keys, as the last line says them."""
    line = Text(no_wrap=True)
    for each in said:
        key, _, what = each.partition(" ")
        line.append(f" {key} ", style="reverse").append(f" {what} ")
    return line


class Top(App[None]):
    """Asks the daemon every now and then and shows what it says, until somebody quits."""

    CSS = _CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q", "quit"),
        Binding("ctrl+c", "quit", priority=True),
        Binding("question_mark,f1", "help"),
        Binding("r,ctrl+l", "now"),
        Binding("ctrl+z", "suspend_process", priority=True),
    ]

    def __init__(self, kept: Kept, world: World, every: float) -> None:
        """`world` is the first answer, which the caller has waited for; `every` are seconds."""
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"  # which takes its colours from the terminal, a light one as well
        self.world = world
        self.away: tuple[datetime | None, str] = (None, "")
        self.over = False
        self._kept = kept
        self._every = every
        self._one = asyncio.Lock()
        self._wake = asyncio.Event()

    def get_default_screen(self) -> Screen[None]:
        return First()

    def on_mount(self) -> None:
        self.run_worker(self._poll(), name="poll")

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.over = True
        super().exit(result, return_code, message)

    async def ask(self, question: Callable[[Kept], T]) -> T:
        """Ask the daemon in a thread, one question at a time. Raises `ClientError`."""
        async with self._one:
            return await asyncio.to_thread(question, self._kept)

    async def _poll(self) -> None:
        asked, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
        while True:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._every)
            money = None if loop.time() - asked >= MONEY_EVERY else self.world.ledger
            try:
                self.world = await self.ask(partial(look, money=money))
                asked = loop.time() if money is None else asked
                self.away = (None, "")
            except ClientError as error:
                self.away = (self.away[0] or datetime.now(UTC), failure(error))
            if self.over:
                return
            if isinstance(self.screen, Shown):
                self.screen.refreshed()

    def action_help(self) -> None:
        self.push_screen(Paper(None))

    def action_now(self) -> None:
        self._wake.set()


def run(session: Session, every: float) -> None:
    """Show the screen until somebody quits or a signal ends it. Raises `ClientError` when the daemon is not there at
    first; once it was, it may come and go."""
    kept = session.keep(PATIENCE)
    try:
        top = Top(kept, look(kept, None), every)
        ended = _play(top, kept)
    finally:
        kept.close()
    if ended:  # the terminal is as it was: whoever sent the signal learns that it was heeded
        signal.signal(ended[0], signal.SIG_DFL)
        os.kill(os.getpid(), ended[0])
    if top.return_code:
        raise click.exceptions.Exit(SOFTWARE)


def _play(top: Top, kept: Kept) -> list[int]:
    """Run it; the signals that ended it."""
    ended: list[int] = []

    async def shown() -> None:
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            ended.append(number)
            kept.end()
            top.exit()

        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, end, number)
        try:
            await top.run_async(mouse=False)
        finally:
            kept.end()

    asyncio.run(shown())
    return ended
