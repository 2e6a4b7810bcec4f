"""What this machine lacks of what `run` needs beside right settings: the group that may act, the sockets' directories.

`check` only warns of it, for it may run on another machine than the daemon. `unseen` beside this knows what the service
does not see. The state directory is none of it: making it is a step of its own, and the start says so.
"""

import grp
import pathlib

from numtrustd.settings import unseen
from numtrustd.settings.load import Loaded
from numtrustd.settings.problem import Problem

BROUGHT = pathlib.Path("/run/numtrustd")
"""The directory that the units of the service make when it starts, and its sockets in it."""


def lacking(loaded: Loaded) -> list[Problem]:
    """Each thing that is not there, with the place in the settings that asks for it."""
    found = []
    group = loaded.settings.control.group
    if group and not _exists(group):
        what = f'there is no group "{group}" on this machine, without which `run` makes no control socket'
        remedy = f'create it where the daemon is to run (groupadd --system {group}), or set group = "" under [control]'
        found.append(Problem(*loaded.control_at["group"], "control.group", what, remedy))
    asked: dict[pathlib.Path, str] = {}
    for key, socket in (("status_socket", loaded.status_socket), ("control_socket", loaded.control_socket)):
        asked.setdefault(socket.parent, key)
    for directory, key in asked.items():
        if directory == BROUGHT and loaded.path.absolute() == unseen.SYSTEM:
            continue
        if not directory.is_dir():
            what = f"the socket's directory {directory} is not there on this machine, and `run` does not make it"
            remedy = f"mkdir -p {directory} where the daemon is to run, or name a path in another directory"
            found.append(Problem(*loaded.control_at[key], f"control.{key}", what, remedy))
    return sorted(found)


def _exists(group: str) -> bool:
    try:
        grp.getgrnam(group)
    except KeyError:
        return False
    return True
