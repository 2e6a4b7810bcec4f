"""What a document needs beside the answer that it shows: the names of platforms, and a number's tasks.

Asked only where people read; programs get the one answer that they asked for. A daemon that refuses it keeps nobody
from reading the rest: platforms then go by their ids, and cases by who has to do something.
"""

from typing import Protocol, TypeVar

from msgspec import Struct

from numtrustd.api import status
from numtrustd.api.declare import Params
from numtrustd.api.rows import TaskRow
from numtrustd.ctl import names
from numtrustd.varlink.client import ErrorReply

R = TypeVar("R", bound=Struct)


class Asker(Protocol):
    """Who has the way to the daemon: a `session.Session`, or what it keeps."""

    def ask(self, params: Params[R]) -> R:
        """One typed result."""
        ...


def platforms(asker: Asker) -> None:
    """Learn what platforms are called."""
    if names.learned():
        return
    try:
        names.use(asker.ask(status.ListPlatforms()).platforms)
    except ErrorReply:
        names.use(())


def tasks(asker: Asker, number: str) -> tuple[TaskRow, ...]:
    """The open tasks of a number."""
    try:
        return asker.ask(status.GetNumber(number=number)).tasks
    except ErrorReply:  # one that is no longer watched
        return ()
