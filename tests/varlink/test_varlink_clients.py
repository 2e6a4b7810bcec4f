"""Clients: our own blocking one, and PyPI's `varlink`, which knows nothing of us, against one server."""

import functools
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import varlink  # type: ignore[import-untyped]  # ships no types
from msgspec import Struct

from numtrustd.varlink import client as c

Serving = Callable[..., Any]
T = "org.example.test"


class Echoed(Struct):
    text: str
    uid: int


class Page(Struct):
    numbers: list[int]


async def in_thread(function: Callable[[], None]) -> None:
    with trio.fail_after(20):
        await trio.to_thread.run_sync(function)


async def test_our_client(serving: Serving) -> None:
    async with serving() as world:

        def use() -> None:
            with c.Connection(world.path, timeout=5) as connection:
                echoed = connection.ask(f"{T}.Echo", {"text": "喂"}, Echoed)
                assert echoed.text == "喂"
                pages = connection.follow(f"{T}.Count", {"to": 5}, Page)
                assert [page.numbers for page in pages] == [[0, 1], [2, 3], [4]]
                with pytest.raises(c.ErrorReply) as caught:
                    connection.ask(f"{T}.Echo", {"text": "a", "times": 9}, Echoed)
                assert (caught.value.name, caught.value.parameters) == (f"{T}.TooMuch", {"most": 5})
                with pytest.raises(c.BadReply, match="numbers"):
                    connection.ask(f"{T}.Echo", {"text": "a"}, Page)
                with pytest.raises(c.TimedOut, match=r"0\.05 s"):
                    connection.ask(f"{T}.Wait", None, Struct, timeout=0.05)

        await in_thread(use)
        world.release.set()


async def test_somebody_elses_client(serving: Serving) -> None:
    async with serving() as world:

        def use() -> None:
            with varlink.Client(f"unix:{world.path}") as client:
                assert [str(i) for i in client.get_interfaces()] == ["org.varlink.service", T]
                assert client.info["vendor"] == "Example"
                interface = client.get_interface("org.varlink.service")
                assert {"GetInfo", "ExpectedMore"} <= set(interface.members)
                with client.open(T) as connection:
                    assert connection.Echo("喂", 2)["text"] == "喂喂"
                    assert connection.Echo(text="a")["text"] == "a"  # `times` is declared as nullable
                    assert [p["numbers"] for p in connection.Count(to=4, _more=True)] == [[0, 1], [2, 3]]
                    assert connection.Count(to=4)["numbers"] == [0, 1]
                    with pytest.raises(varlink.VarlinkError) as caught:
                        connection.Echo("a", 9)
                    assert caught.value.error() == f"{T}.TooMuch"
                    assert caught.value.parameters() == {"most": 5}
                    with pytest.raises(varlink.InvalidParameter):
                        connection.Echo("a", 99)
                    with pytest.raises(varlink.VarlinkError) as caught:
                        connection.Tick()
                    assert caught.value.error() == "org.varlink.service.ExpectedMore"
                    ticks = connection.Tick(_more=True)
                    assert [next(ticks)["n"] for _ in range(3)] == [0, 1, 2]
                with pytest.raises(varlink.InterfaceNotFound), client.open_connection() as raw:
                    client.open("org.example.none", connection=raw)

        await in_thread(use)
        with trio.fail_after(2):
            while world.ticks_open:
                await trio.sleep(0.01)
        assert world.errors == []


def served_once(path: Path, answer: bytes) -> threading.Thread:
    """A server that says `answer` to whoever comes, whatever is asked, and closes."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        with listening, listening.accept()[0] as sock:
            sock.recv(1000)
            sock.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", c.Disconnected),
        (b'{"parameters":{"text":"a"', c.Disconnected),
        (b"HTTP/1.1 400\r\n\0", c.BadReply),
        (b'{"parameters":' + b"[" * 9_000 + b"\0", c.BadReply),
        (b'{"parameters":{"text":"a"}}\0', c.BadReply),
        (b"{}\0", c.BadReply),
        (b'{"error":"a.B","parameters":[]}\0', c.BadReply),
        (b'{"error":"a.B","parameters":null}\0', c.ErrorReply),
        (b'{"error":"a.B"}\0', c.ErrorReply),
    ],
)
def test_a_service_gone_mad(tmp_path: Path, answer: bytes, error: type[Exception]) -> None:
    thread = served_once(tmp_path / "s", answer)
    with c.Connection(tmp_path / "s", timeout=5) as connection, pytest.raises(error):
        connection.ask("a.B", None, Echoed)
    thread.join()


def test_a_reply_without_parameters_is_an_empty_one(tmp_path: Path) -> None:
    thread = served_once(tmp_path / "s", b'{"parameters":null}\0')
    with c.Connection(tmp_path / "s", timeout=5) as connection:
        assert [bytes(raw) for raw in connection.call("a.B")] == [b"{}"]
    thread.join()


def test_nobody_there(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with pytest.raises(c.NotThere, match="No such file"):
        c.Connection(path)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    with pytest.raises(c.NotThere, match="refused"):
        c.Connection(path)
    with pytest.raises(c.NotThere):
        c.Connection("x" * 200)


def full(path: Path) -> tuple[socket.socket, socket.socket]:
    """A listener whose queue has no place left, and the client that has the last one."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(0)
    first = socket.socket(socket.AF_UNIX)
    first.connect(str(path))
    return listener, first


@pytest.mark.covers("L2")
def test_a_full_queue_is_waited_at(tmp_path: Path) -> None:
    listener, first = full(tmp_path / "s")
    made: list[c.Connection] = []
    with listener, first:
        waiting = threading.Thread(target=lambda: made.append(c.Connection(tmp_path / "s", timeout=10)))
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
        listener.accept()[0].close()
        waiting.join(10)
        [connection] = made
        channel, _ = listener.accept()
        with connection, channel:
            channel.sendall(b'{"parameters":{}}\0')
            assert [bytes(raw) for raw in connection.call("a.B")] == [b"{}"]


def test_a_queue_that_stays_full_is_told(tmp_path: Path) -> None:
    listener, first = full(tmp_path / "s")
    with listener, first, pytest.raises(c.TimedOut, match=r"too many clients wait there, no place in 0\.05 s"):
        c.Connection(tmp_path / "s", timeout=0.05)


def test_not_for_this_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", functools.partial(_Refusing, refuse))
    with pytest.raises(c.Denied, match="Permission denied"):
        c.Connection(tmp_path / "s")


class _Refusing:
    def __init__(self, refuse: Callable[..., None], *_: object) -> None:
        self.connect = refuse

    def setsockopt(self, *_: object) -> None: ...
    def close(self) -> None: ...
