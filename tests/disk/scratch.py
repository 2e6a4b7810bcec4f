"""Where files go that need not last."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOM = 64 << 20
"""Bytes that a campaign may need at a time."""

_MEMORY = Path("/dev/shm")


def in_memory() -> Path | None:
    """A file system in memory where there is room on one: nothing here is about the disk of this machine."""
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > ROOM
    return _MEMORY if usable else None


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A directory of its own."""
    with tempfile.TemporaryDirectory(prefix="numtrust-disk-", dir=in_memory()) as place:
        yield Path(place).resolve()
