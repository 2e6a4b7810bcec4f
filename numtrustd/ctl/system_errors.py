"""What the operating system says of a failed call, in the reader's language.

The daemon passes on what the C library says in English: `Permission denied`, in lower case within a sentence, or with
its number and file as Python writes it, `[Errno 28] No space left on device: '/var/lib/x'`, or with the call as LMDB
does: `mdb_txn_commit: No space left on device`.
"""

import re
from functools import cache

from numtrustd.ctl.lang import tr

SYSTEM = (
    "Address already in use",
    "Bad address",
    "Bad file descriptor",
    "Broken pipe",
    "Cannot allocate memory",
    "Cannot assign requested address",
    "Connection refused",
    "Connection reset by peer",
    "Connection timed out",
    "Device or resource busy",
    "Directory not empty",
    "Disk quota exceeded",
    "File exists",
    "File name too long",
    "File too large",
    "Input/output error",
    "Interrupted system call",
    "Invalid argument",
    "Invalid cross-device link",
    "Is a directory",
    "Network is down",
    "Network is unreachable",
    "No locks available",
    "No route to host",
    "No space left on device",
    "No such device",
    "No such device or address",
    "No such file or directory",
    "No such process",
    "Not a directory",
    "Operation not permitted",
    "Operation not supported",
    "Permission denied",
    "Read-only file system",
    "Remote I/O error",
    "Resource temporarily unavailable",
    "Stale file handle",
    "Structure needs cleaning",
    "Too many levels of symbolic links",
    "Too many links",
    "Too many open files",
    "Too many open files in system",
    "Transport endpoint is not connected",
)
"""What glibc says of those errors that files, sockets and disks give."""

_OF_LMDB = re.compile(r"(?P<call>mdb_\w{1,40}): (?P<text>.+)", re.DOTALL)
_NUMBERED = re.compile(r"\[Errno (?P<number>\d{1,5})\] (?P<text>.+?)(?P<file>: '.*'| '.*')?", re.DOTALL)


@cache
def _by_case() -> dict[str, str]:
    return {text.lower(): text for text in SYSTEM}


def told(text: str) -> str | None:
    """Such an error in the reader's language; `None` if it is none that is known."""
    if (known := _by_case().get(text.lower())) is not None:
        return tr(known)
    if (found := _OF_LMDB.fullmatch(text)) is not None:
        known = _by_case().get(found["text"].lower())
        return None if known is None else f"{found['call']}: {tr(known)}"
    if (found := _NUMBERED.fullmatch(text)) is None:
        return None
    if (known := _by_case().get(found["text"].lower())) is None:
        return None
    numbered = tr("{error} (error {number})").format(error=tr(known), number=found["number"])
    return numbered + (tr(": {file}").format(file=found["file"].lstrip(": ")) if found["file"] else "")
