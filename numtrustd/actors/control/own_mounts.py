"""Whether what the daemon writes somewhere is there for others: a service may have a /tmp of its own.

The kernel's list of mounts says so in two ways. `PrivateTmp=yes` lays a directory with a name of systemd's over /tmp
and /var/tmp. `PrivateTmp=disconnected` and `TemporaryFileSystem=` lay a fresh tmpfs there: in a namespace whose mounts
were taken over from the machine (each names its master), one without a master was made in it.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MOUNTS = Path("/proc/self/mountinfo")

_PRIVATE = "/systemd-private-"
_ESCAPED = re.compile(r"\\([0-7]{3})")


class _Mount(NamedTuple):
    """One line of the list: proc(5) has its fields."""

    root: str
    at: Path
    taken_over: bool
    kind: str


def own_mount(directory: Path, mounts: Path = MOUNTS) -> Path | None:
    """The place over `directory` that only the service sees; `None` if there is none, or nothing proves it. Blocks."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        real = directory.resolve()
    except OSError:  # no /proc: nothing is proved, and whoever asked looks whether the copy is there
        return None
    known = [mount for line in lines if (mount := _read(line)) is not None]
    over = _deepest(known, real)
    if over is None:
        return None
    machine = _deepest(known, Path("/"))
    fresh = over.kind == "tmpfs" and not over.taken_over and machine is not None and machine.taken_over
    return over.at if fresh or _PRIVATE in over.root else None


def _deepest(mounts: Iterable[_Mount], place: Path) -> _Mount | None:
    """The mount that a place lies in: of several at one place the last is on top."""
    found: _Mount | None = None
    for mount in mounts:
        if place.is_relative_to(mount.at) and (found is None or len(mount.at.parts) >= len(found.at.parts)):
            found = mount
    return found


def _read(line: str) -> _Mount | None:
    fields, _, rest = line.partition(" - ")
    words = fields.split(" ")
    if len(words) < 6 or not rest:
        return None
    taken_over = any(word.startswith("master:") for word in words[6:])
    return _Mount(_plain(words[3]), Path(_plain(words[4])), taken_over, rest.partition(" ")[0])


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)
