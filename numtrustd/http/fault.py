"""What can go wrong on the way, as one exception inside this room.

`stream`, `framing`, `resolver` and `transport` raise it; `client` turns it into `NotSent` or `Unknown`, so
that no exception about the network leaves the room.
"""

import ssl

import httpx

from numtrustd.wire.exchange import Failure


class Fault(httpx.TransportError):
    """A failure with its kind and a reason for people. httpx expects a transport to raise its kind."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


def reason_of(exc: BaseException) -> str:
    """The most telling text in an exception's chain of causes: the outer ones are often empty."""
    seen = exc
    while seen.__cause__ is not None:
        seen = seen.__cause__
    if isinstance(seen, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {seen.verify_message}"
    if isinstance(seen, ssl.SSLError) and seen.reason:
        return seen.reason.lower().replace("_", " ")
    if isinstance(seen, OSError) and seen.strerror:
        return seen.strerror
    return f"{type(seen).__name__}: {seen}" if str(seen) else type(seen).__name__
