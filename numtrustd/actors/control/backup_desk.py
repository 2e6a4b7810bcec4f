"""Backups that people ask for over the control socket: where one may be written, and what came of it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import trio
from msgspec import Struct

from numtrustd.actors.control.own_mounts import own_mount
from numtrustd.actors.house import House
from numtrustd.api import control, errors
from numtrustd.events import StoreBackedUp
from numtrustd.store.errors import BackupFailed
from numtrustd.varlink.interface import CallError

PATIENCE = 10.0
"""Real seconds that looking at a client's path may take: its disk may hang."""

SERVICE = "; under systemd it may write to /var/lib/numtrustd-backup"
"""The place that `systemd/numtrustd.service` gives it."""

MOST_THREADS = 2
"""Threads that may hang over such paths at a time; whoever comes then waits as long, and is refused."""

_R = TypeVar("_R")


class BackupDesk:
    """One per control socket."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._limiter = trio.CapacityLimiter(MOST_THREADS)

    async def backup(self, params: control.Backup) -> tuple[Struct, str]:
        """Copy the store to a new directory. Raises `CallError` where that cannot be."""
        house, path, clock = self._house, Path(params.path), self._house.clock
        hangs = f"nothing came of looking at it within {PATIENCE:g} s: its disk hangs, choose another place"
        if why := await self._look(_unfit, path, house.store.path, otherwise=hangs):
            raise CallError(errors.InvalidArgument("path", why))
        began = clock.monotonic()
        try:
            await house.store.backup(path, now=clock.now())
        except BackupFailed as error:
            raise CallError(errors.Refused(str(error))) from error
        seconds = clock.monotonic() - began
        size = await self._look(_size, path, otherwise=None)
        if size is None:
            raise CallError(errors.Refused(f"{path} was written, but cannot be looked at: make sure of its disk"))
        house.log.emit(StoreBackedUp(path=str(path), size_bytes=size, took_seconds=seconds))
        return control.BackupResult(path=str(path), bytes=size, seconds=seconds), f"{size} bytes written"

    async def _look(self, function: Callable[..., _R], *arguments: Path, otherwise: _R) -> _R:
        """What a look at the disk says, in a thread: the loop waits for no disk. `otherwise` if nothing came of it."""
        with trio.move_on_after(PATIENCE):
            return await trio.to_thread.run_sync(function, *arguments, abandon_on_cancel=True, limiter=self._limiter)
        return otherwise


def _size(directory: Path) -> int | None:
    try:
        return sum(file.stat().st_size for file in directory.iterdir())
    except OSError:  # it is there no more, or its disk is not: the caller says so
        return None


def _unfit(path: Path, state: Path) -> str:
    """What is wrong with the place for a backup; empty if nothing is. Blocks."""
    if not path.is_absolute() or "\0" in str(path):
        return "it must be an absolute path"
    if os.path.lexists(path):
        return "it exists already: name a directory that does not"
    try:
        if not path.parent.is_dir():
            return (
                f"there is no directory {path.parent} that the daemon sees: make it, or choose another place{SERVICE}"
            )
        if path.parent.resolve().is_relative_to(state.resolve()):
            return "it is inside the state directory: choose another place"
        if (own := own_mount(path.parent)) is not None:
            return (
                f"{own} is the service's own: what it writes there nobody else sees, and it is gone when the service "
                f"stops: choose another place{SERVICE}"
            )
    except OSError as error:
        return f"{path.parent} cannot be looked at ({error.strerror}): choose another place{SERVICE}"
    return ""
