"""The same trio and the same LMDB, without what costs time and cannot be seen on virtual time.

Half of a run is trio at work, so three small things count: the loop asks the kernel for events that nobody can cause
(there are no sockets, threads or signals here), a cancel scope goes through a generator three times to note its
deadline, and a commit flushes a file that lies in memory and whose process only pretends to die. What survives a real
crash is tested elsewhere, on real disks.
"""

import contextlib
import functools
from collections.abc import Iterator
from math import inf
from typing import Any
from unittest import mock

import lmdb
from trio._core import _io_epoll, _run

NAMES = (
    (_run.CancelScope, "_might_change_registered_deadline"),
    (_io_epoll.EpollIOManager, "get_events"),
)
"""Private names of trio that are patched: `suite.make_deterministic` makes sure that they are there."""

_get_events = _io_epoll.EpollIOManager.get_events


class _Noting:
    """What `CancelScope._might_change_registered_deadline` is, for a loop that is nobody's guest."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Any) -> None:
        self._scope = scope

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        scope = self._scope
        old = scope._registered_deadline
        new = inf if scope._cancel_status is None or scope._cancel_called else scope._deadline
        if old != new:
            scope._registered_deadline = new
            deadlines = _run.GLOBAL_RUN_CONTEXT.runner.deadlines
            if old != inf:
                deadlines.remove(old, scope)
            if new != inf:
                deadlines.add(new, scope)


def _events(self: Any, timeout: float) -> Any:
    """Only the loop's own end is told by a socket, and then there is nothing else to wait for."""
    return _get_events(self, timeout) if timeout > 0 else []


@contextlib.contextmanager
def in_force() -> Iterator[None]:
    """For the length of a run."""
    opened = functools.partial(lmdb.open, sync=False)
    with (
        mock.patch.object(_run.CancelScope, "_might_change_registered_deadline", _noting),
        mock.patch.object(_io_epoll.EpollIOManager, "get_events", _events),
        mock.patch.object(lmdb, "open", opened),
    ):
        yield


def _noting(scope: Any) -> _Noting:
    return _Noting(scope)
