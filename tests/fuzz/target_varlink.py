"""Bytes at the control socket: whole replies to what can be understood, one refusal for what cannot, then the end.

An input is what a client sends before it closes its side. Every method of both interfaces is there; their handlers
fail, so what is tried is all that lies before them.
"""

import atexit
import contextlib
import pathlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import trio
from msgspec import Struct

from numtrustd.api import CONTROL, STATUS, errors
from numtrustd.varlink import protocol as p
from numtrustd.varlink.interface import Call, Handler, MethodDeclaration, Peer, bind
from numtrustd.varlink.server import Service

PLACE = pathlib.Path(tempfile.mkdtemp(prefix="numtrust-fuzz-"))
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)

METHODS = {f"{i.name}.{m.name}": m for i in (STATUS, CONTROL) for m in i.methods}
OWN = {f"{p.SERVICE}.{error.__name__}" for error in p.STANDARD_ERRORS}
KNOWN = OWN | {f"{i.name}.{error.__name__}" for i in (STATUS, CONTROL) for error in i.errors}


def _handler(method: MethodDeclaration) -> Handler:
    async def answer(params: Any, call: Call) -> Struct:
        assert isinstance(params, method.params)
        raise RuntimeError("nobody is here")

    async def stream(params: Any, call: Call) -> AsyncGenerator[Struct, None]:
        yield await answer(params, call)

    return answer if method.stream == "no" else stream


INTERFACES = [bind(i, {m.name: _handler(m) for m in i.methods}) for i in (STATUS, CONTROL)]


def seeds() -> Iterator[bytes]:
    """A call of every method, and what the protocol's own tests send."""
    calls = [p.encode_request(name, {}, more=method.stream != "no") for name, method in METHODS.items()]
    yield from calls
    yield b"".join(calls)
    numbers = {"number": "+8613800138000", "case": "c", "author": "a", "platform": "so360", "limit": 3, "after": None}
    for name in METHODS:
        yield p.encode_request(name, numbers)
    yield p.encode_request(f"{p.SERVICE}.GetInfo") + p.encode_request("a.B", oneway=True)
    yield p.encode_request(f"{p.SERVICE}.GetInterfaceDescription", {"interface": STATUS.name})
    yield b'{"method":"a.B","parameters":' + b"[" * 3000
    yield b'{"method":"\xff","upgrade":true}\0{"method":null}\0'


def one(data: bytes) -> None:
    _decoders(data)
    trio.run(_converse, data)


def _decoders(data: bytes) -> None:
    """Each part of a stream as request, as reply and as the parameters of each method: decoded, or an error of ours."""
    framer = p.Framer(limit=65_536)
    framer.feed(data)
    with contextlib.suppress(p.TooLarge):
        while (message := framer.next()) is not None:
            with contextlib.suppress(p.Malformed):
                p.decode_reply(message)
            with contextlib.suppress(p.Malformed):
                request = p.decode_request(message)
                for method in METHODS.values():
                    with contextlib.suppress(p.BadParameter):
                        assert isinstance(p.decode_parameters(request.parameters, method.params), method.params)


async def _converse(data: bytes) -> None:
    told: list[object] = []

    def failed(method: str, peer: Peer, error: Exception) -> Struct:
        assert str(error) == "nobody is here", f"{method}: {error!r}"
        return errors.InternalError("RuntimeError")

    service = Service(
        vendor="v", product="p", version="1", url="", interfaces=INTERFACES, on_error=failed,
        on_drop=lambda peer, why: told.append(why),
    )  # fmt: skip
    client, server = trio.socket.socketpair()
    received = bytearray()
    with trio.fail_after(30.0):
        async with trio.open_nursery() as nursery, trio.SocketStream(client) as stream:
            nursery.start_soon(service._connection, trio.SocketStream(server))
            nursery.start_soon(_send, stream, data)
            async for part in stream:
                received += part
    assert service.connections == 0
    assert not received or received.endswith(b"\0"), "half a reply"
    replies = [p.decode_reply(reply) for reply in received.split(b"\0")[:-1]]
    assert len(replies) <= data.count(b"\0") + 1
    assert len(told) <= 1, "dropped twice"
    for reply in replies:
        assert reply.error is None or reply.error in KNOWN, f"{reply.error} is not declared"


async def _send(stream: trio.SocketStream, data: bytes) -> None:
    with contextlib.suppress(trio.BrokenResourceError):
        await stream.send_all(data)
        await stream.send_eof()
