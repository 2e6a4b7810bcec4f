"""One request and everything that can come of it, as values.

A fetch never raises for what a platform or the network does: it is answered (`Reply`), certainly not sent
(`NotSent`), or nobody can know (`Unknown`). `http` makes these over real sockets, the simulator in memory.
"""

import enum
from typing import Protocol

from msgspec import Struct


class Request(Struct, frozen=True):
    """One HTTP request. `origin` is `scheme://host[:port]`, `target` starts with `/`, already encoded.

    `private` are texts made from secrets for this request alone (signatures), which nobody may see. `sent_as`
    is what stands in it for the number, where the platform wants a digest or a cipher instead.
    """

    method: str
    origin: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    private: tuple[str, ...] = ()
    sent_as: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """For people and log lines; may hold secrets in the query, so redact before printing."""
        return self.origin + self.target

    def __repr__(self) -> str:
        # Path, query, headers and body may hold secrets; a traceback or a log line shows this.
        return f"<{self.method} {self.origin}>"


class Limits(Struct, frozen=True):
    """Bounds of one fetch, in real seconds and bytes; they hold whatever the peer does."""

    deadline: float = 20.0
    connect: float = 10.0
    max_bytes: int = 262_144
    max_header_bytes: int = 32_768
    max_chunks: int = 4_096


class Failure(enum.StrEnum):
    """What went wrong on the way."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"  # closed or reset before the answer was whole
    PROTOCOL = "protocol"  # not HTTP, or framing that lies
    TOO_LARGE = "too_large"
    ENCODING = "encoding"  # a content encoding that was not asked for
    REFUSED = "refused"  # our own rules: plain http off loopback, a redirect off the official hosts
    WAY_OUT = "way_out"  # the proxy or source address that the settings prescribe; the platform had no part in it


class Reply(Struct, frozen=True):
    """A whole, well-framed answer. Header names are lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    elapsed: float = 0.0

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((v for k, v in self.headers if k == name), None)


class NotSent(Struct, frozen=True):
    """No byte of the request left this machine: safe to try again."""

    failure: Failure
    detail: str = ""


class Unknown(Struct, frozen=True):
    """The request may have arrived; what became of it is not known."""

    failure: Failure
    detail: str = ""


Outcome = Reply | NotSent | Unknown


class Fetcher(Protocol):
    """One source's or channel's way out."""

    async def fetch(self, request: Request) -> Outcome:
        """Send one request; every end of it is a value. Only cancellation passes through."""
        ...

    async def aclose(self) -> None:
        """Let go of its connections; what is under way ends, nothing new is sent."""
        ...
