"""The server and everybody else: whatever they do, the next client is served."""

import contextlib
import json
import os
import resource
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numtrustd.varlink import server
from numtrustd.varlink.interface import Peer
from numtrustd.varlink.server import UNKNOWN_UID, Drop, Limits

Serving = Callable[..., Any]
ECHO = b'{"method":"org.example.test.Echo","parameters":{"text":"a"}}\0'


async def read_all(stream: trio.SocketStream) -> bytes:
    got = b""
    with trio.fail_after(5):
        try:
            while data := await stream.receive_some():
                got += data
        except trio.BrokenResourceError:
            pass  # dropped with our bytes unread
    return got


async def assert_served(world: Any) -> None:
    async with await world.connect() as stream:
        await stream.send_all(ECHO)
        with trio.fail_after(2):
            assert b'"text":"a"' in await stream.receive_some()


@pytest.mark.covers("L2")
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\0", Drop.MALFORMED),
        (b"\0", Drop.MALFORMED),
        (b'{"method":"\xff\xfe"}\0', Drop.MALFORMED),
        (b'{"method":"org.example.test.Echo","parameters":' + b"[" * 60_000 + b"\0", Drop.MALFORMED),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Drop.MALFORMED),
        (b"x" * 65_537 + b"\0", Drop.TOO_LARGE),
        (b"x" * 100_000, Drop.TOO_LARGE),
    ],
    ids=["http", "empty", "utf8", "deep", "tls", "large", "endless"],
)
async def test_garbage_is_answered_once_and_dropped(serving: Serving, data: bytes, why: Drop) -> None:
    async with serving(Limits(first=0.5)) as world, await world.connect() as stream:
        await stream.send_all(data + ECHO)
        got = await read_all(stream)
        messages = got.split(b"\0")
        assert len(messages) == 2
        assert json.loads(messages[0])["error"] == "org.varlink.service.InvalidParameter"
        assert world.drops == [why]
        await assert_served(world)


async def test_deep_parameters_are_a_wrong_parameter(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        deep = b"[" * 900 + b"]" * 900
        await stream.send_all(b'{"method":"org.example.test.Echo","parameters":{"text":' + deep + b"}}\0")
        assert b"InvalidParameter" in await stream.receive_some()
        assert world.drops == []


async def test_half_a_message(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        await stream.send_all(ECHO[:20])
        await stream.send_eof()
        assert await read_all(stream) == b""
        assert world.drops == [Drop.MALFORMED]
        await assert_served(world)


async def test_nothing_at_all_and_one_byte_at_a_time(serving: Serving) -> None:
    async with serving(Limits(first=0.1)) as world:
        async with await world.connect() as quiet, await world.connect() as slow:
            with trio.move_on_after(0.3):
                for byte in ECHO:
                    try:
                        await slow.send_all(bytes([byte]))
                    except trio.BrokenResourceError:
                        break
                    await trio.sleep(0.01)
            assert await read_all(quiet) == b""
            assert await read_all(slow) == b""
        assert world.drops == [Drop.SILENT, Drop.SILENT]
        await assert_served(world)


@pytest.mark.covers("L2")
async def test_a_gigabyte_is_not_kept(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        sent = 0
        chunk = b"x" * 1_000_000
        with trio.fail_after(5):
            try:
                while sent < 1_000_000_000:
                    await stream.send_all(chunk)
                    sent += len(chunk)
            except trio.BrokenResourceError:
                pass
        assert sent < 2_000_000
        assert world.drops == [Drop.TOO_LARGE]
        await assert_served(world)


@pytest.mark.covers("L2")
async def test_a_client_that_never_reads(serving: Serving) -> None:
    async with serving(Limits(write=0.1)) as world, await world.connect() as stream:
        request = {"method": "org.example.test.Tick", "more": True, "parameters": {"fill": 60_000}}
        await stream.send_all(json.dumps(request).encode() + b"\0")
        with trio.fail_after(3):
            while not world.drops:
                await assert_served(world)
        assert world.drops == [Drop.NOT_READING]
        while world.ticks_open or world.service.connections:
            await trio.sleep(0.001)


async def test_a_client_that_asks_and_never_reads(serving: Serving) -> None:
    async with serving(Limits(write=0.1)) as world, await world.connect() as stream:
        ask = b'{"method":"org.varlink.service.GetInfo"}\0'
        with trio.fail_after(3):
            try:
                while not world.drops:
                    with trio.move_on_after(0.2):
                        await stream.send_all(ask * 100)
            except trio.BrokenResourceError:
                pass
        assert world.drops == [Drop.NOT_READING]
        await assert_served(world)


@pytest.mark.covers("L2")
async def test_no_descriptors_left(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as world:
        stream = await world.connect()
        await assert_served(world)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        spare = os.dup(0)
        hogs: list[int] = [spare]
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (spare + 8, limits[1]))
            with contextlib.suppress(OSError):
                while True:
                    hogs.append(os.dup(0))
            os.close(hogs.pop())  # one is left: the client takes it, and the server has none
            late = await world.connect()
            await trio.sleep(0.02)
            await stream.send_all(ECHO)  # who is in is served
            with trio.fail_after(1):
                assert b'"text":"a"' in await stream.receive_some()
        finally:
            for fd in hogs:
                os.close(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        await late.send_all(ECHO)
        with trio.fail_after(2):
            assert b'"text":"a"' in await late.receive_some()
        await stream.aclose()
        await late.aclose()
    assert "accept" in caplog.text or "EMFILE" in caplog.text


async def test_unmapped_users_leave_room_for_those_we_know(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under PrivateUsers= everybody but root and the daemon's own user looks like one."""
    who = [Peer(1, UNKNOWN_UID, UNKNOWN_UID)] * 5 + [Peer(2, 0, 0)]
    monkeypatch.setattr(server, "_peer", lambda sock: who.pop(0))
    async with serving(Limits(connections=5, per_uid=2)) as world:
        streams = [await world.connect() for _ in range(5)]
        while len(who) > 1:
            await trio.sleep(0.001)
        assert world.service.connections == 3
        await assert_served(world)
        for stream in streams:
            await stream.aclose()


@pytest.mark.covers("L2")
async def test_a_flood_of_connections(serving: Serving) -> None:
    async with serving(Limits(first=0.2)) as world:
        opened: list[socket.socket] = []
        for _ in range(300):
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            try:
                sock.connect(str(world.path))
            except BlockingIOError:  # the backlog is full: the kernel turns them away for us
                sock.close()
                await trio.sleep(0)
                continue
            opened.append(sock)
        await trio.sleep(0.05)
        assert world.service.connections <= 8
        for sock in opened:
            sock.close()
        while world.service.connections:
            await trio.sleep(0.001)
        await assert_served(world)
        assert world.drops.count(Drop.TOO_MANY_OF_USER) == 1


async def test_others_are_served_meanwhile(serving: Serving) -> None:
    """Seven who behave badly, each in another way, and one who is answered at once."""
    async with serving(Limits(first=0.3, write=0.3)) as world, trio.open_nursery() as nursery:

        async def misbehave(data: bytes) -> None:
            async with await world.connect() as stream:
                try:
                    while True:
                        await stream.send_all(data)
                        await trio.sleep(0.001)
                except trio.BrokenResourceError:
                    pass

        for data in b"", b"x", b"x" * 9_000, b"\0", b"[" * 5_000, ECHO * 100, b"{}\0":
            nursery.start_soon(misbehave, data)
        started = time.monotonic()
        for _ in range(20):
            await assert_served(world)
        assert time.monotonic() - started < 3
        nursery.cancel_scope.cancel()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=80), max_size=6))
def test_any_bytes(serving: Serving, chunks: list[bytes]) -> None:
    async def main() -> None:
        async with serving(Limits(first=0.05)) as world:
            async with await world.connect() as stream:
                try:
                    for chunk in chunks:
                        await stream.send_all(chunk or b"\0")
                    await stream.send_eof()
                except trio.BrokenResourceError:
                    pass
                for message in (await read_all(stream)).split(b"\0")[:-1]:
                    assert "error" in json.loads(message)
            await assert_served(world)
            assert world.errors == []

    trio.run(main)
