"""What a service that systemd starts does not see although others do, and where a file goes that it is to read. Pure.

The walls are `ProtectHome=` and `PrivateTmp=` of systemd/numtrustd.service. `settings.unseen` asks the same of what the
settings name.
"""

import errno
import shlex
from collections.abc import Iterable
from pathlib import PurePath

PLACES = tuple(map(PurePath, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))

SEEN = tuple(map(PurePath, ("/srv/papers", "/srv/numtrustd-papers")))
"""Directories that the service sees; the second is for what already lies in the first and cannot be read there."""

GROUP = "numtrustd-ctl"
"""The group of which the service is a member, and a file for its eyes may be."""


_DENIED = frozenset({errno.EACCES, errno.EPERM})
"""What a wall of `ProtectHome=` looks like from within: a directory that nobody may enter."""

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})
"""And one of `PrivateTmp=`: a directory with nothing in it, or just a file that is not there."""


_COPY = "make a copy, as root,"


def below(path: PurePath, places: Iterable[PurePath] = PLACES) -> PurePath | None:
    """The place that the service does not see in which an absolute path without links lies."""
    return next((place for place in places if path.is_relative_to(place)), None)


def remedy(path: str, said: int) -> str:
    """What helps where the daemon cannot read a file that somebody named: where else it may lie, and how it comes
    there. `said` is the system's errno; an `OSError` that nobody made has none, which is 0."""
    file = PurePath(path)
    free = SEEN[file.is_relative_to(SEEN[0])]
    there = shlex.join(["install", "-D", "-m", "0640", "-g", GROUP, path, str(free / file.name)])
    place = below(file)
    if said in _DENIED:
        if place is not None:
            return f"as a service it sees nothing below {place}: {_COPY} where it does, and name that one: {there}"
        return f"let its user read it, or {_COPY} that it may read, and name that one: {there}"
    if said in _ABSENT:
        if place is None:
            return "name a file that is there, on the daemon's own machine"
        copy = f"a service sees nothing below {place}, so {_COPY} where it does, and name that one: {there}"
        return f"name a file that is there; {copy}"
    return "put it where the daemon may read it"
