"""What `top` shows one above the other: the tables, all platforms, and a page of text.

`top_widgets` has the parts, `top_view` and `top_pages` what stands in them.
"""

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from numtrustd.api import status
from numtrustd.ctl import terminal, top_pages, top_view
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import tr
from numtrustd.ctl.refusal import words
from numtrustd.ctl.text import escape
from numtrustd.ctl.top_pages import Key, Page
from numtrustd.ctl.top_view import orders, picked
from numtrustd.ctl.top_widgets import Host, Live, Panel, keys
from numtrustd.varlink.client import ClientError, ErrorReply


def failure(error: ClientError) -> str:
    """Why there is no answer, on one line."""
    said = words(error.name, error.parameters) if isinstance(error, ErrorReply) else [str(error)]
    return escape("; ".join(said))


class Shown(Screen[None]):
    """What every screen has: the line above, the keys below, and opening what a row stands for."""

    app: Host

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

    def leave(self) -> None:
        """Go back to the screen below. From now on nothing is drawn here: its parts are taken away one by one."""
        self._whole = False
        self.app.pop_screen()

    def open_key(self, key: Key | None) -> None:
        if key is not None:
            self.app.push_screen(Paper(key))


class First(Shown):
    """The tables."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "platforms"),
        Binding("t", "tasks"),
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
            keys(
                tr("Tab table"),
                tr("Enter open"),
                tr("p platforms"),
                tr("t tasks"),
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

    def action_tasks(self) -> None:
        self.app.push_screen(Tasks())

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


class OneTable(Shown):
    """A table that has the screen for itself."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,backspace", "back")]
    name_of: ClassVar[str]

    def compose(self) -> ComposeResult:
        yield Live(tr(self.name_of))
        yield Panel(self.name_of)
        yield Static(keys(tr("Enter open"), tr("Esc back"), tr("? help"), tr("q quit")), id="foot", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self.begin()

    @on(OptionList.OptionSelected)
    def opened(self) -> None:
        self.open_key(self.query_one(Panel).key)

    def action_back(self) -> None:
        self.leave()


class Platforms(OneTable):
    """All platforms."""

    name_of = "platforms"

    def redraw(self) -> None:
        self.run_worker(self._ask, exclusive=True)  # type: ignore[arg-type]  # of three forms

    async def _ask(self) -> None:
        with contextlib.suppress(ClientError):  # the line above says so
            answer = await self.app.ask(lambda kept: kept.ask(status.ListPlatforms()))
            if self.there:
                self.query_one(Panel).show(top_view.platforms(answer.platforms))


class Tasks(OneTable):
    """What people have to do."""

    name_of = "tasks"

    def redraw(self) -> None:
        self.query_one(Panel).show(top_view.tasks(self.app.world))


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
        said = [tr("Up/Down scroll")]
        if self._key is not None:
            said.append(tr("1-9 open"))
            if self._key[0] == "number":
                said += [tr("e why"), tr("h history")]
        yield Static(keys(*said, tr("Esc back"), tr("q quit")), id="foot", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self.begin()

    def redraw(self) -> None:
        self._draw()
        if self._key is not None:
            self.run_worker(partial(self._ask, self._key), exclusive=True)  # type: ignore[arg-type]  # of three forms

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
        self.leave()
