"""Varlink on the wire, without I/O: NUL-terminated JSON objects, and the errors that every service shares.

`server` and `client` move the bytes. Whatever a peer sends ends here as a typed message or as
`Malformed`/`TooLarge`; nothing else escapes, whether it is bad UTF-8, JSON a mile deep or a number without
end."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

MAX_REQUEST = 64 * 1024
"""Bytes of one request, its NUL not counted. All real ones are far smaller."""

SERVICE = "org.varlink.service"
"""The interface that every Varlink service has."""

T = TypeVar("T")


class ProtocolError(Exception):
    """The peer does not speak the protocol; the connection is of no further use."""


class TooLarge(ProtocolError):
    """A message passed the size cap before its end was seen."""


class Malformed(ProtocolError):
    """Not JSON, not an object, or not the object that was expected."""


class BadParameter(Exception):
    """The message is sound but a parameter is not: `parameter` is its path, `why` says what was expected."""

    def __init__(self, parameter: str, why: str) -> None:
        super().__init__(f"{parameter}: {why}" if parameter else why)
        self.parameter = parameter
        self.why = why


class Framer:
    """Bytes in, whole messages out. Holds at most `limit` bytes and one read of an unfinished message."""

    def __init__(self, limit: int = MAX_REQUEST) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0  # no NUL before this offset: a message in a thousand pieces is still searched once

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole message without its NUL, or None while there is none. Raises `TooLarge`."""
        end = self._buffer.find(0, self._searched)
        if (len(self._buffer) if end < 0 else end) > self._limit:
            raise TooLarge(f"a message is longer than {self._limit} bytes")
        if end < 0:
            self._searched = len(self._buffer)
            return None
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return message

    @property
    def pending(self) -> int:
        """Bytes of a message that has not ended yet."""
        return len(self._buffer)


NO_PARAMETERS = Raw(b"{}")
"""What an absent member stands for; a null one comes through as it is."""


class Request(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One call. null stands for "not given" everywhere, as sd-varlink has it."""

    method: str
    parameters: Raw = NO_PARAMETERS
    more: bool | None = None
    oneway: bool | None = None
    upgrade: bool | None = None


class Reply(Struct, frozen=True, omit_defaults=True):
    """One answer: a result (`continues` when more follow) or an error's full name, and its parameters."""

    parameters: Raw = NO_PARAMETERS
    continues: bool | None = None
    error: str | None = None


_requests = msgspec.json.Decoder(Request)
_replies = msgspec.json.Decoder(Reply)
_members = msgspec.json.Decoder(dict[str, Raw])
_encoder = msgspec.json.Encoder()


def _decode(decoder: "msgspec.json.Decoder[T]", data: bytes | Raw) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error


def decode_request(message: bytes) -> Request:
    """A request from one whole message. Raises `Malformed`."""
    return _decode(_requests, message)


def decode_reply(message: bytes) -> Reply:
    """A reply from one whole message. Raises `Malformed`."""
    return _decode(_replies, message)


def encode_request(
    method: str,
    parameters: Struct | Mapping[str, Any] | None = None,
    *,
    more: bool = False,
    oneway: bool = False,
) -> bytes:
    """A request with its NUL."""
    raw = NO_PARAMETERS if parameters is None else Raw(_encoder.encode(parameters))
    return _encoder.encode(Request(method, raw, more or None, oneway or None)) + b"\0"


def encode_reply(result: Struct, *, continues: bool = False) -> bytes:
    """A result with its NUL. An empty one is written out, since older clients ask for the member."""
    return _encoder.encode(Reply(Raw(_encoder.encode(result)), continues or None)) + b"\0"


def encode_error(name: str, parameters: Struct) -> bytes:
    """An error reply with its NUL; `name` is the full one."""
    return _encoder.encode(Reply(Raw(_encoder.encode(parameters)), None, name)) + b"\0"


_FIELD = re.compile(r"(?:unknown|required) field `([^`]*)`")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def decode_parameters(raw: Raw, type: type[T]) -> T:
    """Typed parameters; a null member counts as not given. Raises `BadParameter`, naming the culprit by
    path."""
    text = bytes(raw)
    try:
        if b"null" in text:
            members = _members.decode(text) if text != b"null" else {}
            text = _encoder.encode({k: v for k, v in members.items() if bytes(v) != b"null"})
        return msgspec.json.decode(text, type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = str(error)
        path = _PATH.search(why)
        field = _FIELD.search(why)
        steps = [m[1] for m in (path, field) if m and m[1]]
        raise BadParameter(".".join(steps) or "parameters", why[: path.start()] if path else why) from error


# The errors that every service may answer with. PermissionDenied is sd-varlink's and is not ours to give: who
# may call is decided by the socket's file mode.


class InterfaceNotFound(Struct, frozen=True):
    """The service does not have this interface."""

    interface: str


class MethodNotFound(Struct, frozen=True):
    """The interface does not have this method."""

    method: str


class MethodNotImplemented(Struct, frozen=True):
    """The interface describes the method, but it cannot be used (in this way) here."""

    method: str


class InvalidParameter(Struct, frozen=True):
    """A parameter is missing, unknown, of the wrong type or out of range."""

    parameter: str


class ExpectedMore(Struct, frozen=True):
    """The method only answers in a stream: call it with `more`."""


STANDARD_ERRORS: tuple[type[Struct], ...] = (
    InterfaceNotFound,
    MethodNotFound,
    MethodNotImplemented,
    InvalidParameter,
    ExpectedMore,
)
