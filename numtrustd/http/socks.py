"""SOCKS5 (RFC 1928, with RFC 1929's user and password): a tunnel over a connection that `dialler` opened.

By hand, since no package is fit: socksio, which httpx uses, had its last release in April 2020 and takes each chunk
of bytes that arrives for one whole message, so that a reply in two pieces is an error and what follows a reply is lost
in it; python-socks is well kept, but brings sockets and time limits of its own and keeps its protocol part private.
What is needed is three short questions, each with an answer whose length it tells by itself.
"""

import ipaddress
from typing import Final

from numtrustd.http.fault import Fault
from numtrustd.http.stream import Stream
from numtrustd.wire.exchange import Failure
from numtrustd.wire.route import SOCKS5_TEXT, Proxy

_VERSION: Final = 5
_LOGIN_VERSION: Final = 1
_NO_LOGIN, _PASSWORD, _NOTHING_FITS = 0, 2, 0xFF
_CONNECT: Final = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LENGTHS: Final = {_IPV4: 4, _IPV6: 16}
_REFUSALS: Final = {
    1: "general failure",
    2: "its rules do not allow it",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "it took too long (TTL expired)",
    7: "it does not do CONNECT",
    8: "it does not know this kind of address",
}


async def socks_tunnel(stream: Stream, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy connect to `host`, a name (which it looks up itself) or a bare IP address; afterwards the stream
    is that connection.

    Raises `Fault` when it does not: CONNECT (it said no), PROTOCOL, RESET (it closed).
    """
    target = _address(host) + port.to_bytes(2, "big")
    said = _Answers(stream)
    methods = bytes([_NO_LOGIN, _PASSWORD] if proxy.user else [_NO_LOGIN])
    await said.ask(bytes([_VERSION, len(methods)]) + methods)
    method = await said.coded(_VERSION)
    if method == _PASSWORD and proxy.user:
        await _log_in(said, proxy)
    elif method == _NOTHING_FITS:
        raise Fault(Failure.CONNECT, "wants another way to log in" if proxy.user else "wants a user and a password")
    elif method != _NO_LOGIN:
        raise Fault(Failure.PROTOCOL, f"chose a way to log in that it was not offered ({method})")
    await said.ask(bytes([_VERSION, _CONNECT, 0]) + target)
    code = await said.coded(_VERSION)
    if code:  # some say no more than this
        why = _REFUSALS.get(code, "a code that has no meaning")
        raise Fault(Failure.CONNECT, f"does not connect to {host} port {port}: {why} ({code})")
    _, kind = await said.exactly(2)
    length = (await said.exactly(1))[0] if kind == _NAME else _LENGTHS.get(kind)
    if length is None:
        raise Fault(Failure.PROTOCOL, f"answered with a kind of address that there is not ({kind})")
    await said.exactly(length + 2)  # where it connects from: of no use to us
    said.finish()


async def _log_in(said: "_Answers", proxy: Proxy) -> None:
    user, password = proxy.user.encode(), proxy.password.encode()
    await said.ask(bytes([_LOGIN_VERSION, len(user)]) + user + bytes([len(password)]) + password)
    if await said.coded(_LOGIN_VERSION):
        raise Fault(Failure.CONNECT, "does not accept the user and password")


def _address(host: str) -> bytes:
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        if len(name) > SOCKS5_TEXT:
            raise Fault(Failure.PROTOCOL, f"cannot be told a name of {len(name)} bytes") from None
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if literal.version == 4 else _IPV6]) + literal.packed


class _Answers:
    """What the proxy says, exactly as many bytes as are due, in whatever pieces they come."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._seen = b""

    async def ask(self, question: bytes) -> None:
        """Send the next question; nothing may be left of the answer to the last one."""
        self.finish()
        await self._stream.send_all(question)

    async def exactly(self, count: int) -> bytes:
        while len(self._seen) < count:
            if not (data := await self._stream.receive()):
                raise Fault(Failure.RESET, "closed in the middle of the SOCKS5 greeting")
            self._seen += data
        due, self._seen = self._seen[:count], self._seen[count:]
        return due

    async def coded(self, version: int) -> int:
        """The code after the version, which must be this one."""
        found, code = await self.exactly(2)
        if found != version:
            raise Fault(Failure.PROTOCOL, "what it answers is not SOCKS5")
        return code

    def finish(self) -> None:
        """Nothing may have come beyond the answer: nobody has spoken to the far side yet."""
        if self._seen:
            raise Fault(Failure.PROTOCOL, "said more than its answer before anything was sent through it")
