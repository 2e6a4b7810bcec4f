"""What the service manager is told: ready, reloading, stopping, alive, and one true line of status.

Speaks the sd_notify datagram protocol itself: it is six assignments, and a library would block. Without
`NOTIFY_SOCKET` everything here does nothing. `log` beside this module is for people, this is for the manager.
"""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """One way to the manager, from the environment of the process. Every call returns whether it was told."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._socket: socket.socket | None = None
        if self._address is not None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)  # a manager that does not read must not stop the loop

    @property
    def listening(self) -> bool:
        """Whether there is a manager to tell."""
        return self._socket is not None

    def ready(self, status: str | None = None) -> bool:
        """Start-up, or a reload, is complete."""
        return self._send("READY=1", *_status(status))

    def status(self, text: str) -> bool:
        """One line for `systemctl status`."""
        return self._send(*_status(text))

    def reloading(self, monotonic: float) -> bool:
        """A reload begins; `monotonic` is the real monotonic clock, seconds. `ready` must follow."""
        # One datagram: the manager matches the two, and an older one ignores what it does not know
        return self._send("RELOADING=1", f"MONOTONIC_USEC={int(monotonic * 1_000_000)}")

    def stopping(self, status: str | None = None) -> bool:
        """The daemon is on its way down."""
        return self._send("STOPPING=1", *_status(status))

    def watchdog(self) -> bool:
        """The daemon makes progress."""
        return self._send("WATCHDOG=1")

    def extend_timeout(self, seconds: float) -> bool:
        """Starting or stopping takes longer, but at most this much until the next such word."""
        return self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def close(self) -> None:
        """Say no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *assignments: str) -> bool:
        if self._socket is None or self._address is None:
            return False
        try:
            self._socket.sendto("\n".join(assignments).encode("utf-8", "replace"), self._address)
        except OSError:  # no manager any more, or a full queue: the next word may get through
            return False
        return True


def watchdog_interval(environ: Mapping[str, str]) -> float | None:
    """Real seconds of silence that the manager bears: speak at half of that. None: there is no watchdog."""
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", ""))
        pid = int(environ.get("WATCHDOG_PID", "") or os.getpid())
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 and pid == os.getpid() else None


def _address(path: str) -> str | None:
    """A path or `@abstract`; None for anything else (vsock is for virtual machines)."""
    if path.startswith("@") and len(path) > 1:
        return "\0" + path[1:]
    return path if path.startswith("/") else None


def _status(text: str | None) -> tuple[str, ...]:
    # A line break would begin an assignment of its own
    return () if text is None else ("STATUS=" + " ".join(text.split()),)
