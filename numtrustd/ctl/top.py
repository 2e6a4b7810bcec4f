"""`numtrustctl top`: a live screen of what is labelled, the cases by deadline, and the sources, with pages below.

Built on Textual: it brings the terminal back on every way out (SIGTSTP and SIGCONT included), reads keys of every
terminal, knows how wide a character is, lays out anew on a resize, and can be driven without a terminal in tests; it is
typed and kept. It costs 8 MB beside rich, which we have anyway, and 0.3 s at the start of this one command: nothing
else imports it. rich.live would need all of that from us but the tables.

The colours are the terminal's own sixteen; what matters is said in words and reverse video, too. The mouse is left to
the terminal, so that text can be marked and copied. `top_screens` has what is shown, `top_view` its lines, `top_pages`
what is opened.
"""

import asyncio
import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, TypeVar

import click
from rich.console import RenderableType
from textual.binding import Binding, BindingType
from textual.screen import Screen

from numtrustd.api import ledger, status
from numtrustd.ctl.session import Kept, Session
from numtrustd.ctl.top_screens import First, Paper, Shown, failure
from numtrustd.ctl.top_view import World
from numtrustd.ctl.top_widgets import CSS, Host
from numtrustd.varlink.client import ClientError

T = TypeVar("T")

SOFTWARE = 70
"""Exit status: this program has a defect, which was printed."""

ROWS = 200
"""Rows that are asked for of each table; the heading says how many there are."""

GRACE = 3.0
"""Seconds that the screen has to end once a signal says so."""

MONEY_EVERY = 30.0
"""Seconds between two questions for what was spent: the daemon reads its whole ledger to answer."""

TASKS = 1_000
"""Tasks that are asked for, the most urgent ones: cases say which of them they wait for."""

PATIENCE = 5.0
"""Seconds without an answer after which the daemon is said to be away."""


def look(kept: Kept, money: ledger.LedgerView | None) -> World:
    """Ask for everything that the first screen shows. `money` is what is known of it, or `None` to ask. Raises
    `ClientError`."""
    now = kept.ask(status.GetStatus())
    numbers = kept.ask(status.ListNumbers(labelled=True, limit=ROWS))
    cases = kept.ask(status.ListCases(by_deadline=True, limit=ROWS))
    sources = kept.ask(status.ListSources())
    return World(
        status=now,
        labelled=tuple(row for row in numbers.numbers if row.labelled),  # an older daemon may have told of all
        cases=cases.cases,
        sources=sources.sources,
        now=sources.now,
        tasks=kept.ask(status.ListTasks(limit=TASKS)).tasks if now.tasks_open else (),
        ledger=kept.ask(ledger.GetLedger(limit=1)) if money is None else money,
    )


class Top(Host):
    """Asks the daemon every now and then and shows what it says, until somebody quits."""

    CSS = CSS
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
        self._kept = kept
        self._every = every
        self._one = threading.Lock()
        self._wake = asyncio.Event()

    def get_default_screen(self) -> Screen[None]:
        return First()

    def on_mount(self) -> None:
        self.run_worker(self._poll, name="poll")  # type: ignore[arg-type]  # of three forms

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.over = True
        super().exit(result, return_code, message)

    async def ask(self, question: Callable[[Kept], T]) -> T:
        """Ask the daemon in a thread, one question at a time. Raises `ClientError`."""

        def alone() -> T:
            # A lock of threads: a page that is left gives up its wait, and its thread still talks to the daemon.
            with self._one:
                return question(self._kept)

        return await asyncio.to_thread(alone)

    async def _poll(self) -> None:
        asked, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._every)
            self._wake.clear()
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


def _end_with(terminal: int) -> None:
    """Wait for the end of a terminal, and end with it. Whatever holds the screen up then, or the signal that tells of
    it: nobody would see it again, and it reads from there for ever, at full speed."""
    gone = select.poll()
    gone.register(terminal, 0)
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in gone.poll()):
        time.sleep(GRACE)
    time.sleep(2 * GRACE)  # it may end in order yet
    os._exit(128 + signal.SIGHUP)


def _play(top: Top, kept: Kept) -> list[int]:
    """Run it; the signals that ended it."""
    ended: list[int] = []
    if (terminal := sys.__stdin__) is not None:
        threading.Thread(target=_end_with, args=(terminal.fileno(),), daemon=True).start()

    async def shown() -> None:
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            ended.append(number)
            kept.end()
            top.exit()
            # A terminal that is gone keeps the screen from ending, for ever and at full speed.
            loop.remove_signal_handler(number)
            last = threading.Timer(GRACE, os.kill, (os.getpid(), number))
            last.daemon = True
            last.start()

        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, end, number)
        try:
            await top.run_async(mouse=False)
        finally:
            kept.end()

    asyncio.run(shown())
    return ended
