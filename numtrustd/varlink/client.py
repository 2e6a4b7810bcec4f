"""A small blocking Varlink client for programs without an event loop; `numtrustctl` is one.

One `Connection` makes one call at a time. Timeouts are real seconds without a byte from the service.
"""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Raw, Struct

from numtrustd.varlink import protocol as p

T = TypeVar("T")

MAX_REPLY = 64 * 1024 * 1024
"""Bytes of one reply: a bound against a service gone mad, far above any real page."""


class ClientError(Exception):
    """The call has no result."""


class NotThere(ClientError):
    """Nobody listens at that path."""


class Denied(ClientError):
    """The socket is there, but not for this user."""


class Disconnected(ClientError):
    """The service closed the connection before the answer was whole."""


class NotTaken(Disconnected):
    """The connection ended with the request unread in it: nobody took the call, and nothing came of it.

    What waits at the socket of a service that could not be started ends so.
    """


class TimedOut(ClientError):
    """The service said nothing for too long."""


class BadReply(ClientError):
    """What came back is not the reply that was expected."""


class ErrorReply(ClientError):
    """The service answered with an error: its full `name` and its `parameters`."""

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(f"{name} {dict(parameters)}")
        self.name = name
        self.parameters = parameters


class Connection:
    """A connection to the service at a unix socket path; connects at once. Raises `NotThere`, `Denied`,
    `TimedOut`."""

    def __init__(self, path: str | Path, *, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._framer = p.Framer(MAX_REPLY)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # A unix socket turns away at once whoever finds its queue full, unless he waits in the kernel: Python's own
            # timeout does not. In a flood of clients that would be most of the time.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(timeout))
            self._socket.connect(os.fsencode(path))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(0.0))
        except BlockingIOError as error:
            self._socket.close()
            raise TimedOut(f"{path}: too many clients wait there, no place in {timeout:g} s") from error
        except OSError as error:
            self._socket.close()
            kind = Denied if isinstance(error, PermissionError) else NotThere
            raise kind(f"{path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Idempotent."""
        self._socket.close()

    def abort(self) -> None:
        """From another thread: whatever waits for the service here ends at once, as `Disconnected`."""
        with contextlib.suppress(OSError):  # it is closed already
            self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(
        self,
        method: str,
        parameters: Struct | Mapping[str, Any] | None = None,
        *,
        more: bool = False,
        timeout: float | None = None,
    ) -> Iterator[Raw]:
        """The replies' parameters as JSON, one without `more`. `timeout` 0 waits for ever. Raises
        `ClientError`."""
        seconds = self._timeout if timeout is None else timeout
        self._socket.settimeout(seconds or None)
        try:
            self._socket.sendall(p.encode_request(method, parameters, more=more))
            while True:
                reply = self._reply(method)
                if reply.error is not None:
                    raise ErrorReply(reply.error, _object(reply.parameters))
                yield p.NO_PARAMETERS if bytes(reply.parameters) == b"null" else reply.parameters
                if not reply.continues:
                    return
        except TimeoutError as error:
            raise TimedOut(f"no answer to {method} in {seconds:g} s") from error
        except ConnectionResetError as error:  # the other side closed with bytes that it had not read, or never looked
            raise NotTaken(f"{method}: {error.strerror or error}") from error
        except OSError as error:
            raise Disconnected(f"{method}: {error.strerror or error}") from error
        except p.ProtocolError as error:
            raise BadReply(f"{method}: {error}") from error

    def ask(
        self,
        method: str,
        parameters: Struct | Mapping[str, Any] | None,
        result: type[T],
        *,
        timeout: float | None = None,
    ) -> T:
        """One typed result."""
        for raw in self.call(method, parameters, timeout=timeout):
            return _typed(method, raw, result)
        raise BadReply(f"{method}: no reply")

    def follow(
        self,
        method: str,
        parameters: Struct | Mapping[str, Any] | None,
        result: type[T],
        *,
        timeout: float | None = None,
    ) -> Iterator[T]:
        """A stream of typed results."""
        for raw in self.call(method, parameters, more=True, timeout=timeout):
            yield _typed(method, raw, result)

    def _reply(self, method: str) -> p.Reply:
        while (message := self._framer.next()) is None:
            data = self._socket.recv(65_536)
            if not data:
                raise Disconnected(
                    f"{method}: the service closed the connection; it may be stopping, or have too many clients"
                )
            self._framer.feed(data)
        return p.decode_reply(message)


def _timeval(seconds: float) -> bytes:
    """What the kernel takes for a time; none at all is for ever."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))


def _typed(method: str, raw: Raw, result: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=result)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(f"{method}: {error}") from error


def _object(raw: Raw) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any] | None) or {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(str(error)) from error
