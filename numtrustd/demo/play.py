"""The demo from curtain to curtain: start, let the time pass, stop in order, say what happened."""

import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from numtrustd.clock import timestamp
from numtrustd.demo.person import Person
from numtrustd.demo.stage import (
    SPEED,
    StageError,
    environment,
    prepare,
    start_daemon,
    start_platforms,
    stop,
    write_config,
)
from numtrustd.demo.tally import ROWS, Tally
from numtrustd.events import DemoNote
from numtrustd.exit_status import TRY_AGAIN
from numtrustd.log import Log, Style

STOP_TIME = 6.0
START_TIME = 30.0
"""Seconds that the daemon has to answer; then the demo's time begins in any case."""


def run_demo(root: Path, seconds: float, numbers: int, log_format: str | None) -> int:
    """Play the demo; returns the exit status. Ctrl-C ends it early and loses nothing."""
    style = log_format or ("console" if sys.stderr.isatty() else "json")
    try:
        stage = prepare(root, numbers)
    except StageError as error:
        click.echo(f"numtrustd demo: {error}", err=True)
        return TRY_AGAIN
    log = Log.to_fd(stage.clock(), environment(), style=Style(style))
    log.start()

    def say(text: str) -> None:
        log.emit(DemoNote(text=text))

    curtain = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: curtain.set())
    say(
        f"demo: the clock runs {SPEED:g} times as fast as real time (a day in {86400 / SPEED:.0f} s) and starts at "
        f"{timestamp(stage.origin)[:16]}Z; the platforms are simulated, on this machine; "
        "everything else is the real daemon"
    )
    say(
        "demo: tasks for people are done by the demo itself, through the control socket; its lines begin with 'person:'"
    )
    platforms, address = start_platforms(stage)
    try:
        write_config(stage, address)
        daemon = start_daemon(stage, style, environment())
        person, tally = Person(stage.control_socket, address, say), Tally(stage.control_socket, say)
        tally.start()
        person.start()
        # A machine that is busy takes seconds to start a daemon: they are none of the demo's.
        failed = _wait(daemon, curtain, START_TIME, tally.heard) or _wait(daemon, curtain, seconds)
        person.stop()
        tally.complete()
        status = stop(daemon, STOP_TIME)
        tally.stop()
    finally:
        stop(platforms, STOP_TIME)
    log.stop(2.0)
    if failed or (status and not curtain.is_set()):
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
        click.echo(f"numtrustd demo: the daemon {how}; its log above says why", err=True)
        return 128 - status if status < 0 else status or 1
    _tell(stage.root, tally, person)
    return 0


def _wait(
    daemon: "subprocess.Popen[bytes]", curtain: threading.Event, seconds: float, enough: threading.Event | None = None
) -> bool:
    """Let the time pass, or until it is `enough`; True when the daemon ended before it."""
    left = seconds
    while left > 0 and not (enough and enough.is_set()) and not curtain.wait(min(0.2, left)):
        if daemon.poll() is not None:
            return True
        left -= 0.2
    return False


def _tell(root: Path, tally: Tally, person: Person) -> None:
    console = Console(stderr=False, highlight=False)
    table = Table(title="What happened", show_header=False, title_justify="left")
    for key, meaning in ROWS:
        table.add_row(str(tally.counts[key]), meaning)
    console.print(table)
    if tally.quiet:
        console.print(tally.quiet, soft_wrap=True)
    console.print("The table counts this run alone. The simulated story lasts some weeks; after it, all is quiet.")
    run = root / "run"
    number = tally.number or "95001"
    prefix = f"NUMTRUSTD_SOCKET_DIR={run} {_command('numtrustctl')}"
    lines = [
        "Look around while it runs: start it again (`make demo`), and type in another terminal:",
        f"  {prefix} status",
        f"  {prefix} number {number}",
        *([f"  {prefix} case {tally.case}"] if tally.case else []),
        f"  {prefix} explain {number}",
        "The state is kept: run the demo again and it carries on. Remove the directory to start afresh:",
        f"  rm -r {root}",
    ]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def _command(name: str) -> str:
    """A command of ours as the reader can type it: by its path where the shell would not find it (`make demo`)."""
    if shutil.which(name):
        return name
    path = Path(sys.executable).with_name(name)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
