"""Whether a backup is where the daemon says that it wrote it: it may see other directories than everybody else does.

Both programs run on one machine, so what cannot be found here was written into a directory that is the service's own.
"""

import os
from pathlib import Path

from numtrustd.api.control import BackupResult
from numtrustd.ctl.lang import tr


class NotHereError(Exception):
    """The copy is nowhere where its owner will find it; says where it went and what to do."""


def make_sure(made: BackupResult) -> None:
    """Raises `NotHereError` where there is no copy. That it may not be looked at proves nothing."""
    try:
        os.stat(made.path)
    except (FileNotFoundError, NotADirectoryError):
        text = tr(
            "{path}: the daemon wrote it, but it is not there: it went into a {root} that only the service sees, and "
            "is gone when that stops: choose another place; under systemd it may write to /var/lib/numtrustd-backup"
        )
        raise NotHereError(text.format(path=made.path, root=_top(Path(made.path)))) from None
    except OSError:  # a directory that this user may not enter
        return


def _top(path: Path) -> str:
    """The directory that is most likely the service's own."""
    return "/var/tmp" if path.is_relative_to("/var/tmp") else "/" + "".join(path.parts[1:2])
