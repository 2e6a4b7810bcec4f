"""Starts a program without waiting for it longer than anybody wants: `program` beside this runs it.

`trio.lowlevel.open_process` cannot be given up: a program on a disk that hangs keeps its caller for as long as the disk
likes, whatever the deadline. Here a thread starts it, and whoever gives up leaves the thread to itself: what is only
born then is killed by the thread.
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import IO, Any

from trio.lowlevel import FdStream


class Child:
    """A program that was started, the leader of its own group, and our ends of its pipes."""

    def __init__(self, popen: "subprocess.Popen[bytes]") -> None:
        self._popen = popen
        self.pid = popen.pid
        self.stdin, self.stdout, self.stderr = _ours(popen.stdin), _ours(popen.stdout), _ours(popen.stderr)

    @property
    def returncode(self) -> int | None:
        """How it ended; `None` until `reap`."""
        return self._popen.returncode

    def reap(self) -> None:
        """Take note of its end. Blocks until then."""
        self._popen.wait()


class Birth:
    """One start, which may be given up. `start` runs in a thread, `take` in the loop."""

    def __init__(self, argv: Sequence[str], **options: Any) -> None:
        self._argv, self._options = argv, options
        self._lock = threading.Lock()
        self._popen: subprocess.Popen[bytes] | None = None
        self._given_up = False

    def start(self, _: None = None) -> None:
        """Blocks. Raises what `subprocess.Popen` raises, `OSError` for one that cannot be started."""
        pipe = subprocess.PIPE
        popen = subprocess.Popen(
            self._argv,
            bufsize=0,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
            **self._options,
        )
        with self._lock:
            if not self._given_up:
                self._popen = popen
                return
        with popen, contextlib.suppress(ProcessLookupError, PermissionError):  # which closes its pipes, and waits
            os.killpg(popen.pid, signal.SIGKILL)

    def take(self) -> Child | None:
        """The program if it was started; otherwise it is given up from now on."""
        with self._lock:
            self._given_up = True
            popen, self._popen = self._popen, None
        return None if popen is None else Child(popen)


def _ours(pipe: IO[bytes] | None) -> FdStream:
    assert pipe is not None
    with pipe:
        return FdStream(os.dup(pipe.fileno()))
