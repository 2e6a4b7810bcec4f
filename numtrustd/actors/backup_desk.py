"""Backups that people ask for over the control socket: where one may be written, and what came of it."""

import os
from pathlib import Path

from msgspec import Struct

from numtrustd.actors.house import House
from numtrustd.api import control, errors
from numtrustd.events import StoreBackedUp
from numtrustd.store.errors import BackupFailed
from numtrustd.varlink.interface import CallError


async def backup(house: House, params: control.Backup) -> tuple[Struct, str]:
    """Copy the store to a new directory. Raises `CallError` where that cannot be."""
    path, clock = Path(params.path), house.clock
    if why := _unfit(path, house.store.path):
        raise CallError(errors.InvalidArgument("path", why))
    began = clock.monotonic()
    try:
        await house.store.backup(path, now=clock.now())
    except BackupFailed as error:
        raise CallError(errors.Refused(str(error))) from error
    seconds = clock.monotonic() - began
    size = _size(path)
    house.log.emit(StoreBackedUp(path=str(path), size_bytes=size, took_seconds=seconds))
    return control.BackupResult(path=str(path), bytes=size, seconds=seconds), f"{size} bytes written"


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.iterdir())


def _unfit(path: Path, state: Path) -> str | None:
    """What is wrong with the place for a backup. A few stats: nothing that would hold up the loop."""
    if not path.is_absolute() or "\0" in str(path):
        return "it must be an absolute path"
    if os.path.lexists(path):
        return "it exists already: name a directory that does not"
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    if path.parent.resolve().is_relative_to(state.resolve()):
        return "it is inside the state directory: choose another place"
    return None
