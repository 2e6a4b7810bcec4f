"""Starting: configuration, state and clock are made sure of before the loop runs, each with its exit status.

`cli` parses, this opens, `daemon` runs.
"""

import faulthandler
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import trio
from msgspec import Struct

from numtrustd import exit_status, sockets
from numtrustd.api import errors
from numtrustd.clock import Clock, Random, timestamp
from numtrustd.columns import fitted
from numtrustd.daemon import Daemon
from numtrustd.events import (
    ConfigRejected,
    ControlFailed,
    DaemonRefused,
    DaemonSafeMode,
    DaemonStopped,
    DaemonStopping,
    PythonCrashed,
)
from numtrustd.events.base import Level
from numtrustd.log import Log, Style, error_fields, install_hooks
from numtrustd.notify import Notifier, watchdog_interval
from numtrustd.settings import Loaded, load
from numtrustd.store import Store, StoreError
from numtrustd.store.errors import DatabaseDamaged
from numtrustd.store.statedir import DATA_FILE
from numtrustd.varlink.interface import Peer
from numtrustd.varlink.listeners import ListenError

BEHIND = 300.0
"""Seconds by which the wall clock may lag behind the last committed time: more is a clock that is wrong."""

MAX_MAP = 16 << 30
"""Bytes the LMDB map may grow to: sparse, so it costs nothing before it is used."""


def run_daemon(
    config: Path,
    environ: Mapping[str, str],
    *,
    log_format: str | None = None,
    log_level: str | None = None,
    init: bool = False,
    accept_clock: bool = False,
) -> int:
    """Run until told to stop. Returns the exit status; everything that is to be said goes to the log."""
    _survive_questions()
    faulthandler.enable()
    loaded = load(config, environ)
    if isinstance(loaded, list):
        log = _log(Clock(), environ, log_format or "json", log_level or "info")
        log.emit(ConfigRejected(config=str(config), count=len(loaded), problems=tuple(str(p) for p in loaded)))
        log.stop(2.0)
        return exit_status.CONFIG
    settings = loaded.settings
    style, level = log_format or settings.log.format, log_level or settings.log.level
    try:
        store = _open(loaded, init=init)
    except DatabaseDamaged as error:
        return _safe_mode(loaded, environ, style, level, error)
    except (StoreError, OSError) as error:
        log = _log(Clock(), environ, style, level)
        log.emit(_refusal(error, _status_of(error)))
        log.stop(2.0)
        return _status_of(error)
    with store:
        clock = _clock(loaded, store, environ)
        log = _log(clock, environ, style, level, mask=settings.log.mask_numbers)
        unhook = install_hooks(log)
        try:
            if not clock.scaled and clock.now() < store.high_water - BEHIND and not accept_clock:
                behind = ClockBehindError(clock.now(), store.high_water)
                log.emit(_refusal(behind, exit_status.TRY_AGAIN))
                return exit_status.TRY_AGAIN
            return _run(loaded, store, log, clock, environ, accept_clock=accept_clock)
        finally:
            unhook()
            log.stop(2.0)


def _survive_questions() -> None:
    """SIGHUP and SIGUSR1 ask something of a daemon. Where there is none yet, no longer or only safe mode, they must not
    end the process, as they do by default. (A handler and not SIG_IGN, which children would inherit.)
    """
    for number in (signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda number, frame: None)


def _run(
    loaded: Loaded, store: Store, log: Log, clock: Clock, environ: Mapping[str, str], *, accept_clock: bool
) -> int:
    started = clock.monotonic()
    status = 0

    async def main() -> None:
        # A seed from the system: restarts of many daemons must not come back in step.
        await Daemon(loaded, store, log, clock, Random(os.urandom(16)), dict(environ), accept_clock=accept_clock).run()

    try:
        trio.run(main)
    except* (StoreError, OSError) as group:
        log.emit(_crash(group))
        status = exit_status.IO
    except* ListenError as group:
        status = exit_status.UNAVAILABLE
        log.emit(_refusal(_innermost(group), status))
    except* Exception as group:  # noqa: BLE001 - the last resort: said in the log, told by the exit status
        log.emit(_crash(group))
        status = exit_status.SOFTWARE
    log.emit(DaemonStopped(uptime_seconds=clock.monotonic() - started, exit_status=status))
    return status


def create(config: Path, environ: Mapping[str, str]) -> int:
    """Create the state that the configuration names; an existing one is left as it is."""
    loaded = load(config, environ)
    if isinstance(loaded, list):
        for problem in loaded:
            click.echo(fitted(str(problem), sys.stderr), err=True)
        return exit_status.CONFIG
    try:
        there = _holds_database(loaded.state_dir)
        with _open(loaded, init=True) as store:
            done = "was there before and is left as it is" if there else "is ready"
            if store.migrated is not None:
                made = store.migrated
                done = f"was migrated from schema {made.old} to {made.new}; as it was before it is in {made.copy}"
            click.echo(f"state directory {loaded.state_dir} {done} (database {store.uuid})")
    except (StoreError, OSError) as error:
        click.echo(fitted(f"numtrustd: {error}", sys.stderr), err=True)
        return _status_of(error)
    return 0


class ClockBehindError(Exception):
    """The wall clock stands before the last committed time."""

    def __init__(self, now: float, high_water: float) -> None:
        super().__init__(
            f"the wall clock says {timestamp(now)}, but this state has seen {timestamp(high_water)}: "
            "set the clock, or start once with --accept-clock if it is right"
        )


def _holds_database(state: Path) -> bool:
    data = state / DATA_FILE
    try:
        return data.is_file()
    except OSError:
        return False  # opening it says what is wrong


def _open(loaded: Loaded, *, init: bool) -> Store:
    size = loaded.settings.daemon.map_size
    now = loaded.settings.clock.origin or Clock().now()
    return Store.open(loaded.state_dir, init=init, map_size=size, max_map_size=max(size, MAX_MAP), now=now)


def _clock(loaded: Loaded, store: Store, environ: Mapping[str, str]) -> Clock:
    table = loaded.settings.clock
    if table.speed == 1.0 and table.origin is None:
        return Clock()
    given = environ.get("NUMTRUSTD_CLOCK")  # "BASE ORIGIN": the demo's, whose processes share one fast clock
    if given:
        base, origin = map(float, given.split())
        return Clock(speed=table.speed, origin=origin, base=base)
    # A rehearsal goes on where it ended: its time never runs backwards over a restart.
    return Clock(speed=table.speed, origin=max(table.origin or Clock().now(), store.high_water))


def _log(clock: Clock, environ: Mapping[str, str], style: str, level: str, *, mask: bool = False) -> Log:
    log = Log.to_fd(clock, environ, level=Level.named(level), style=Style(style), mask_numbers=mask)
    log.start()
    return log


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _crash(error: BaseException) -> PythonCrashed:
    return PythonCrashed(thread="main", **error_fields(_innermost(error)))


def _refusal(error: BaseException, status: int) -> DaemonRefused:
    return DaemonRefused(why=str(error), error_type=type(error).__name__, exit_status=status)


def _safe_mode(loaded: Loaded, environ: Mapping[str, str], style: str, level: str, error: DatabaseDamaged) -> int:
    """A damaged state: nothing is looked at, nothing is sent, the sockets answer why. Ends on SIGTERM.

    Exiting would only make systemd start it again, and starting afresh would forget every appeal.
    """
    clock = Clock()
    log = _log(clock, environ, style, level, mask=loaded.settings.log.mask_numbers)
    log.emit(DaemonSafeMode(why=str(error), error_type=type(error).__name__))
    started, status = clock.monotonic(), 0
    try:
        trio.run(_refuse_all, loaded, dict(environ), log, str(error))
    except* ListenError as group:
        status = exit_status.UNAVAILABLE
        log.emit(_refusal(_innermost(group), status))
    finally:
        log.emit(DaemonStopped(uptime_seconds=clock.monotonic() - started, exit_status=status))
        log.stop(2.0)
    return status


async def _refuse_all(loaded: Loaded, environ: dict[str, str], log: Log, why: str) -> None:
    def on_error(method: str, peer: Peer, error: Exception) -> Struct:
        log.emit(ControlFailed(method=method, **error_fields(error)))
        return errors.InternalError(type(error).__name__)

    notifier = Notifier(environ)
    interfaces = sockets.refusing(f"safe mode: {why}")
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(sockets.serve, loaded, environ, interfaces, on_error, lambda peer, drop: None)
            nursery.start_soon(_feed, notifier, watchdog_interval(environ))
            notifier.ready(f"safe mode, nothing is watched: {why}")
            async for number in signals:
                log.emit(DaemonStopping(signal=signal.Signals(number).name))
                notifier.stopping()
                nursery.cancel_scope.cancel()


async def _feed(notifier: Notifier, every: float | None) -> None:
    while every is not None:
        notifier.watchdog()
        await trio.sleep(every / 2)


def _status_of(error: Exception) -> int:
    if isinstance(error, StoreError):
        return error.exit_status
    return exit_status.NO_PERMISSION if isinstance(error, PermissionError) else exit_status.IO
