"""How requests leave this machine: as the system has it, from a given address, or through the company's proxy.

A route is what a way out of the settings comes to once its secrets are filled in: `settings.ways` makes it, `http`
follows it. Nothing of it is ever taken from the environment.
"""

from base64 import b64encode
from typing import Literal

from msgspec import Struct

SOCKS5_TEXT = 255
"""Most bytes of a host name, a user or a password that SOCKS5 can tell: one byte holds their length."""


class Proxy(Struct, frozen=True):
    """Who carries the connections: `http` and `https` by HTTP CONNECT, `socks5` with names looked up by the proxy.

    `host` is a name or a bare IP address. Without a `user` it asks for none.
    """

    scheme: Literal["http", "https", "socks5"]
    host: str
    port: int
    user: str = ""
    password: str = ""

    @property
    def address(self) -> str:
        """`scheme://host:port`, fit for people and logs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def basic(self) -> str:
        """User and password as HTTP's Basic scheme has them (RFC 7617): as secret as the password."""
        return b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")

    def __repr__(self) -> str:
        return f"Proxy({self.address})"  # no traceback or log line shows more


class Route(Struct, frozen=True, kw_only=True):
    """One way out. `name` is what the settings call it; an empty `source_address` leaves that to the system."""

    name: str
    proxy: Proxy | None = None
    source_address: str = ""

    def __str__(self) -> str:
        """For people: `proxy office (http://proxy.example:3128)`."""
        if self.proxy is not None:
            return f"proxy {self.name} ({self.proxy.address})"
        if self.source_address:
            return f"source address {self.source_address} ({self.name})"
        return self.name


DIRECT = Route(name="direct")
"""As the system's routing has it."""
