"""A small service on a real unix socket, to be served well and badly."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import pytest
import trio
from msgspec import Meta, Struct

from numtrustd.varlink import server
from numtrustd.varlink.interface import Call, CallError, Handler, Interface, Method, Peer, Stream
from numtrustd.varlink.listeners import listen
from numtrustd.varlink.server import Drop, Limits, Service


class Echo(Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    times: Annotated[int, Meta(ge=0, le=10)] = 1


class Item(Struct, frozen=True):
    """An item."""

    name: str
    tags: tuple[str, ...] = ()


class Echoed(Struct, frozen=True, omit_defaults=True):
    text: str
    uid: int
    note: str | None = None


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    to: int


class Page(Struct, frozen=True):
    numbers: tuple[int, ...]


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Tick(Struct, frozen=True):
    n: int
    fill: str


class TickTo(Struct, frozen=True, forbid_unknown_fields=True):
    fill: int = 0
    end: int | None = None


class TooMuch(Struct, frozen=True):
    """More than can be echoed."""

    most: int


class Bug(Struct, frozen=True):
    """A bug."""

    type: str


class Undeclared(Struct, frozen=True):
    pass


class World:
    """The service and what was seen of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.errors: list[tuple[str, Peer, Exception]] = []
        self.drops: list[Drop] = []
        self.waiting = 0
        self.finished = 0
        self.release = trio.Event()
        self.ticks_open = 0
        self.service: Service

    async def connect(self) -> trio.SocketStream:
        stream = await trio.open_unix_socket(self.path)
        assert isinstance(stream, trio.SocketStream)
        return stream

    def on_error(self, method: str, peer: Peer, error: Exception) -> Struct:
        self.errors.append((method, peer, error))
        return Bug(type(error).__name__)

    async def echo(self, params: Echo, call: Call) -> Echoed:
        if params.times > 5:
            raise CallError(TooMuch(5))
        return Echoed(params.text * params.times, call.peer.uid)

    async def count(self, params: Count, call: Call) -> AsyncGenerator[Page, None]:
        for n in range(0, params.to, 2):
            yield Page(tuple(range(n, min(n + 2, params.to))))

    async def tick(self, params: TickTo, call: Call) -> AsyncGenerator[Tick, None]:
        self.ticks_open += 1
        try:
            n = 0
            while params.end is None or n < params.end:
                yield Tick(n, "x" * params.fill)
                n += 1
                await trio.sleep(0 if params.fill else 0.01)
        finally:
            self.ticks_open -= 1

    async def silent(self, params: Nothing, call: Call) -> AsyncGenerator[Tick, None]:
        self.ticks_open += 1
        try:
            await trio.sleep_forever()
            yield Tick(0, "")
        finally:
            self.ticks_open -= 1

    async def wait(self, params: Nothing, call: Call) -> Nothing:
        self.waiting += 1
        await self.release.wait()
        self.finished += 1
        return Nothing()

    async def crash(self, params: Nothing, call: Call) -> Nothing:
        raise KeyError("secret")

    async def crash_in_group(self, params: Nothing, call: Call) -> Nothing:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise CallError(TooMuch(0))

    async def undeclared(self, params: Nothing, call: Call) -> Nothing:
        raise CallError(Undeclared())

    async def wrong_result(self, params: Nothing, call: Call) -> Nothing:
        return TooMuch(1)  # type: ignore[return-value]  # the bug under test

    async def leak(self, params: Nothing, call: Call) -> Nothing:
        kept: BaseException | None = None
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.lowlevel.checkpoint()
            except trio.Cancelled as cancelled:
                kept = cancelled
                raise
        assert kept is not None
        raise kept

    def methods(self) -> dict[str, Method]:
        def simple(handler: Handler) -> Method:
            return Method(Nothing, Nothing, handler)

        return {
            "Echo": Method(Echo, Echoed, self.echo, "Says it again."),
            "Count": Method(Count, Page, self.count, "Counts.", Stream.PAGES),
            "Tick": Method(TickTo, Tick, self.tick, "Ticks.", Stream.ENDLESS),
            "Silent": Method(Nothing, Tick, self.silent, "Says nothing.", Stream.ENDLESS),
            "Wait": simple(self.wait),
            "Crash": simple(self.crash),
            "CrashInGroup": simple(self.crash_in_group),
            "Undeclared": simple(self.undeclared),
            "WrongResult": simple(self.wrong_result),
            "Leak": simple(self.leak),
        }


@pytest.fixture
def example() -> str:
    return "org.example.test"


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """`async with serving(limits) as world`."""
    monkeypatch.setattr(server, "_REFUSAL_QUIET", 60.0)  # a burst may take a while

    @asynccontextmanager
    async def serve(limits: Limits | None = None) -> AsyncIterator[World]:
        world = World(tmp_path / "s.sock")
        world.service = Service(
            vendor="Example",
            product="test",
            version="1",
            url="https://example.org",
            interfaces=[Interface("org.example.test", "For tests.", world.methods(), (TooMuch, Bug))],
            on_error=world.on_error,
            on_drop=lambda peer, why: world.drops.append(why),
            limits=limits or Limits(),
        )
        with listen(world.path) as made:
            async with trio.open_nursery() as nursery:
                await nursery.start(world.service.serve, [made.listener])
                yield world
                nursery.cancel_scope.cancel()

    return serve
