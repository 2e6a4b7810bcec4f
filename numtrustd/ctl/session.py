"""The way from a command to the daemon and back: which socket, the typed call, and how the answer is put
out.

A command describes its call and how a result is rendered; whether that becomes JSON, a table on a
terminal or plain text is decided here. Failures are `client.ClientError`; `cli` turns them into words
and an exit status.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, TypeVar

import msgspec
from msgspec import Raw, Struct

from numtrustd.api import CONTROL, STATUS
from numtrustd.api.declare import Params
from numtrustd.ctl import older, plain
from numtrustd.ctl.document import Document
from numtrustd.ctl.text import escape_json
from numtrustd.varlink.client import BadReply, ClientError, Connection, Disconnected, ErrorReply

R = TypeVar("R", bound=Struct)
T = TypeVar("T")

SOCKET_DIR = "NUMTRUSTD_SOCKET_DIR"
DEFAULT_DIR = "/run/numtrustd"

_TABLE_ROWS = 2_000
"""Longer lists go out plain even on a terminal: laying out a table costs half a millisecond a row."""

_METHODS = {m.params: (interface, m) for interface in (STATUS, CONTROL) for m in interface.methods}


class Session:
    """One command's run."""

    def __init__(
        self, *, as_json: bool = False, socket: str | None = None, out: TextIO | None = None, wide: bool = False
    ) -> None:
        self.as_json = as_json
        self._wide = wide
        self._socket = socket
        self._out = sys.stdout if out is None else out

    def path(self, params: Struct) -> Path:
        """The socket that serves this call."""
        if self._socket:
            return Path(self._socket)
        interface, _ = _METHODS[type(params)]
        name = "status.sock" if interface is STATUS else "control.sock"
        return Path(os.environ.get(SOCKET_DIR) or DEFAULT_DIR) / name

    def _call(self, params: Struct, *, more: bool = False, timeout: float | None = None) -> Iterator[Raw]:
        with Connection(self.path(params)) as connection:
            yield from _asked(connection, params, more=more, timeout=timeout)

    def keep(self, timeout: float) -> "Kept":
        """For many calls over one connection."""
        return Kept(self, timeout)

    def ask(self, params: Params[R], *, timeout: float | None = None) -> R:
        """One typed result."""
        return next(self.typed(params, self._call(params, timeout=timeout)))

    def every(self, params: Params[R], rows: Callable[[R], Iterable[T]]) -> list[T]:
        """The rows of all pages of a list."""
        return [row for page in self.typed(params, self._call(params, more=True)) for row in rows(page)]

    def typed(self, params: Params[R], replies: Iterable[Raw]) -> Iterator[R]:
        interface, method = _METHODS[type(params)]
        for raw in replies:
            try:
                yield msgspec.json.decode(raw, type=method.result)  # type: ignore[misc]  # `method` made sure of R
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise BadReply(f"{interface.name}.{method.name}: {error}") from error

    def show(
        self,
        params: Params[R],
        render: Callable[[R], Document],
        *,
        timeout: float | None = None,
        check: Callable[[R], None] | None = None,
    ) -> None:
        """One call, its answer put out. As JSON it goes out whole, fields that this program does not know
        included. `check` raises where the answer is not to be shown.
        """
        replies = list(self._call(params, timeout=timeout))
        if check is not None:
            check(next(self.typed(params, replies)))
        if self.as_json:
            self.write_json(_parsed(replies[0]))
        else:
            self.write(render(next(self.typed(params, replies))))

    def show_pages(self, params: Params[R], rows: str, render: Callable[[list[R]], Document]) -> None:
        """All pages of a list, put out as one: as JSON, an array of the rows."""
        pages = list(self._call(params, more=True))
        if self.as_json:
            self.write_json([row for page in pages for row in _parsed(page)[rows]])
        else:
            self.write(render(list(self.typed(params, pages))))

    def follow(self, params: Params[R], render: Callable[[R], Document]) -> None:
        """A stream until its end or Ctrl-C, one line a record; as JSON, one object a line."""
        for raw in self._call(params, more=True, timeout=0):
            if self.as_json:
                self.write_line(_parsed(raw))
            else:
                for record in self.typed(params, [raw]):
                    self.write(render(record))

    def write_json(self, value: Any) -> None:
        """One JSON document, indented, in UTF-8 where that is harmless."""
        self._out.write(escape_json(json.dumps(value, ensure_ascii=False, indent=2)) + "\n")
        self._out.flush()

    def write_line(self, value: Any) -> None:
        """One JSON object, one line."""
        self._out.write(escape_json(json.dumps(value, ensure_ascii=False)) + "\n")
        self._out.flush()

    def write(self, document: Document) -> None:
        """A document in the way that fits where it goes."""
        if self._out.isatty() and document.rows <= _TABLE_ROWS:
            # Loaded only for a terminal: scripts that ask often need not wait for it.
            from numtrustd.ctl import terminal

            terminal.write(document, terminal.console(self._out), wide=self._wide)
        else:
            for line in plain.lines(document):
                self._out.write(line + "\n")
        self._out.flush()


def _asked(
    connection: Connection, params: Struct, *, more: bool = False, timeout: float | None = None
) -> Iterator[Raw]:
    """The replies to a call, of an older daemon to as much of it as it knows."""
    interface, method = _METHODS[type(params)]
    sent: dict[str, Any] | None = older.given(params)
    while sent is not None:
        try:
            yield from connection.call(f"{interface.name}.{method.name}", sent, more=more, timeout=timeout)
            return
        except ErrorReply as error:  # which comes in the place of all replies
            sent = older.without(params, sent, error)
            if sent is None:
                raise


class Kept:
    """A connection that is kept between calls, and made anew when the daemon was away. One thread at a time calls."""

    def __init__(self, session: Session, timeout: float) -> None:
        self._session = session
        self._timeout = timeout
        self._connection: Connection | None = None
        self._ended = False

    def ask(self, params: Params[R]) -> R:
        """One typed result. Raises `ClientError`; unless the daemon refused, the next call connects anew."""
        fresh = self._connection is None
        while True:
            if self._connection is None:
                self._connection = Connection(self._session.path(params), timeout=self._timeout)
            try:
                if self._ended:
                    raise Disconnected("it is over")
                replies = list(_asked(self._connection, params))
                return next(self._session.typed(params, replies))
            except ErrorReply:
                raise
            except ClientError as error:
                self._connection.close()
                self._connection = None
                if fresh or self._ended or not isinstance(error, Disconnected):
                    raise
                fresh = True  # the daemon may have been started anew between two calls

    def end(self) -> None:
        """From any thread: what waits for an answer gives up, and nothing is asked any more."""
        self._ended = True
        if (connection := self._connection) is not None:
            connection.abort()

    def close(self) -> None:
        """Once nobody asks any more."""
        self.end()
        if self._connection is not None:
            self._connection.close()


def _parsed(raw: Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(str(error)) from error
