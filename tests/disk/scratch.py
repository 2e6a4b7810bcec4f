"""Where files go that need not last."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOM = 64 << 20
"""Bytes that a campaign may need at a time."""


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A directory of its own, in memory where there is room: nothing here is about the disk of this machine."""
    memory = Path("/dev/shm")
    where = memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None
    with tempfile.TemporaryDirectory(prefix="numtrust-disk-", dir=where) as place:
        yield Path(place).resolve()
