"""Platforms that do as they are told, over real loopback sockets."""

from collections.abc import Awaitable, Callable

import trio


class Peer:
    """One connection as the platform sees it, the `number`th from 0; `log` takes all requests."""

    def __init__(self, stream: trio.abc.Stream, socket: trio.SocketStream, number: int, log: list[bytes]) -> None:
        self.stream, self.socket, self.number, self.log = stream, socket, number, log
        self._seen = b""

    async def request(self) -> bytes | None:
        """The next request, body included; `None` when the client has gone."""
        while b"\r\n\r\n" not in self._seen:
            if not await self._more():
                return None
        head, _, rest = self._seen.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(rest) < length:
            if not await self._more():
                return None
            rest = self._seen.partition(b"\r\n\r\n")[2]
        self._seen = rest[length:]
        self.log.append(head + b"\r\n\r\n" + rest[:length])
        return self.log[-1]

    async def _more(self) -> bytes:
        data = await self.stream.receive_some(65_536)
        self._seen += data
        return bytes(data)

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    def reset(self) -> None:
        """Close so that the client sees a reset."""
        self.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.socket.close()


Handler = Callable[[Peer], Awaitable[None]]


class Server:
    """Where it listens, what it was sent, and how many connections are and were open."""

    def __init__(self, port: int, scheme: str) -> None:
        self.port = port
        self.origin = f"{scheme}://127.0.0.1:{port}"
        self.requests: list[bytes] = []
        self.accepted = 0
        self.open = 0


Serve = Callable[..., Awaitable[Server]]


def always(answer: bytes) -> Handler:
    """A platform that gives every request the same answer."""

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(answer)

    return handler


def ok(body: bytes, *headers: bytes) -> bytes:
    """A proper answer."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)
