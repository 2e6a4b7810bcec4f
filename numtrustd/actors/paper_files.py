"""What the file of a paper is like: its digest, or why there is none. The one place that reads papers while running.

It may block for long and is called in a thread; of the content nothing is kept.
"""

import hashlib
import os
import stat

from msgspec import Struct

MOST_BYTES = 512 << 20
"""A file that is larger is no paper that anybody hands in."""

PIECE = 1 << 20


class Seen(Struct, frozen=True):
    """The hex SHA-256 of a file, or why it cannot be read; `errno` is what the system said then, 0 where it did not."""

    digest: str = ""
    trouble: str = ""
    errno: int = 0


def look_at(path: str) -> Seen:
    """Read a file for its digest. Every failure is a value."""
    try:
        # Never waits for a writer, should it be a pipe by now.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return Seen(trouble="it is no ordinary file")
            digest, left = hashlib.sha256(), MOST_BYTES
            while piece := file.read(PIECE):
                left -= len(piece)
                if left < 0:
                    return Seen(trouble=f"it is larger than {MOST_BYTES >> 20} MiB")
                digest.update(piece)
    except (OSError, ValueError) as error:
        said = (getattr(error, "strerror", None) or str(error) or "no reason given").lower()
        return Seen(trouble=said, errno=getattr(error, "errno", None) or 0)
    return Seen(digest=digest.hexdigest())
