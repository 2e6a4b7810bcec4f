"""What a service that systemd starts does not see although others do, and where a file goes that it is to read. Pure.

The walls are `ProtectHome=` and `PrivateTmp=` of systemd/numtrustd.service. `settings.unseen` asks the same of what the
settings name.
"""

import errno
import shlex
from collections.abc import Iterable
from pathlib import PurePath

PLACES = tuple(map(PurePath, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))

SEEN = PurePath("/srv/papers")
"""A directory that the service sees, and that nobody else puts anything into."""

GROUP = "numtrustd-ctl"
"""The group of which the service is a member, and a file for its eyes may be."""


_DENIED = frozenset({errno.EACCES, errno.EPERM})
_HIDDEN = _DENIED | {errno.ENOENT, errno.ENOTDIR}
"""What a wall looks like from within: an empty directory, or one that nobody may enter."""


def below(path: PurePath, places: Iterable[PurePath] = PLACES) -> PurePath | None:
    """The place that the service does not see in which an absolute path without links lies."""
    return next((place for place in places if path.is_relative_to(place)), None)


def remedy(path: str, said: int) -> str:
    """What helps where the daemon cannot read a file that somebody named: where else it may lie, and how it comes
    there. `said` is the system's errno; an `OSError` that nobody made has none, which is 0."""
    file = PurePath(path)
    there = shlex.join(["install", "-D", "-m", "0640", "-g", GROUP, path, str(SEEN / file.name)])
    if said in _HIDDEN and (place := below(file)) is not None:
        return f"as a service it sees nothing below {place}: make a copy where it does, and name that one: {there}"
    if said in _DENIED:
        return f"let its user read it, or make a copy that it may read, and name that one: {there}"
    if said in _HIDDEN:
        return "name a file that is there, on the daemon's own machine"
    return "put it where the daemon may read it"
