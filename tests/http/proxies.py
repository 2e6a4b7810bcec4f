"""A small HTTP CONNECT proxy and a small SOCKS5 proxy, over real loopback sockets, for `serve` to run.

Both keep a book of names, as a company's name server would, so that a test can see that a name was looked up by the
proxy and not here.
"""

import ipaddress
from base64 import b64encode
from collections.abc import Awaitable, Callable

import trio
from loopback import Handler, Peer

Names = dict[str, int]
"""Host (name or address) and port, as `host:port` → the loopback port where it really is."""

Cut = Callable[[Peer, trio.SocketStream], Awaitable[None]]


async def splice(peer: Peer, upstream: trio.SocketStream) -> None:
    """Carry bytes both ways until both sides have ended."""

    async def carry(source: trio.abc.ReceiveStream, sink: trio.abc.SendStream) -> None:
        try:
            while data := await source.receive_some(65_536):
                await sink.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        nursery.cancel_scope.cancel()

    async with upstream, trio.open_nursery() as nursery:
        nursery.start_soon(carry, peer.stream, upstream)
        nursery.start_soon(carry, upstream, peer.stream)


def connect_proxy(names: Names, *, login: tuple[str, str] | None = None, tunnel: Cut = splice) -> Handler:
    """An HTTP proxy that knows CONNECT. It says 403 to what its book does not have, 502 to what does not answer."""

    async def handler(peer: Peer) -> None:
        head = await peer.request()
        if head is None:
            return
        line, *headers = head.decode("latin-1").split("\r\n")
        method, target, version = line.split(" ")
        assert (method, version) == ("CONNECT", "HTTP/1.1")
        assert f"Host: {target}" in headers
        if login is not None:
            token = b64encode(":".join(login).encode()).decode()
            if f"Proxy-Authorization: Basic {token}" not in headers:
                await peer.send(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
                return
        if target not in names:
            await peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!")
            return
        try:
            upstream = await trio.open_tcp_stream("127.0.0.1", names[target])
        except OSError:
            await peer.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await tunnel(peer, upstream)

    return handler


async def read(peer: Peer, count: int) -> bytes:
    """Exactly so many bytes, each of which may come alone."""
    data = b""
    while len(data) < count:
        more = await peer.stream.receive_some(count - len(data))
        if not more:
            raise trio.ClosedResourceError
        data += more
    return data


def socks_proxy(
    names: Names, *, login: tuple[str, str] | None = None, tunnel: Cut = splice, piece: int = 10_000
) -> Handler:
    """A SOCKS5 proxy. It sends in pieces of so many bytes, refuses what its book does not have (2) and what does not
    answer (5)."""

    async def send(peer: Peer, data: bytes) -> None:
        for at in range(0, len(data), piece):
            await peer.send(data[at : at + piece])
            await trio.sleep(0)

    async def handler(peer: Peer) -> None:
        version, count = await read(peer, 2)
        methods = await read(peer, count)
        assert version == 5
        wanted = 0 if login is None else 2
        if wanted not in methods:
            await send(peer, b"\x05\xff")
            return
        await send(peer, bytes([5, wanted]))
        if login is not None:
            sub, length = await read(peer, 2)
            user = await read(peer, length)
            password = await read(peer, (await read(peer, 1))[0])
            good = (sub, user.decode(), password.decode()) == (1, *login)
            await send(peer, b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return
        version, command, _, kind = await read(peer, 4)
        assert (version, command) == (5, 1)
        if kind == 3:
            host = (await read(peer, (await read(peer, 1))[0])).decode("ascii")
        else:
            host = str(ipaddress.ip_address(await read(peer, 4 if kind == 1 else 16)))
        target = f"{host}:{int.from_bytes(await read(peer, 2), 'big')}"
        peer.log.append(target.encode())
        if target not in names:
            await send(peer, b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")
            return
        try:
            upstream = await trio.open_tcp_stream("127.0.0.1", names[target])
        except OSError:
            await send(peer, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")
            return
        # Some tell an address of another kind, or a name; its length must be believed for all three.
        bound = {1: b"\x01\x7f\x00\x00\x01", 3: b"\x03\x05there", 4: b"\x04" + bytes(16)}[kind]
        await send(peer, b"\x05\x00\x00" + bound + b"\x1f\x90")
        await tunnel(peer, upstream)

    return handler
