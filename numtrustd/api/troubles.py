"""Why nothing can be stored just now, as both sides of the sockets say it, and what to do about it.

The daemon refuses acts with these words (`actors.control.desk`) and tells them to systemd (`pulse`); `status` and the
live screen show them. The words on the left are those of `store.Trouble`.
"""

from collections.abc import Mapping

TROUBLES: Mapping[str, str] = {
    "disk_full": "the disk is full and nothing is stored: make room on it",
    "map_full": "the store is full and nothing is stored: raise map_size in [daemon] and restart the daemon",
    "no_memory": "there is no memory left and nothing is stored: see what takes it",
}


def nothing_is_stored(trouble: str) -> str:
    """The sentence for a trouble, also for one that a later daemon has."""
    return TROUBLES.get(trouble, "nothing can be stored: see what the log says")
