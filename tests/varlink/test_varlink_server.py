"""The server and well-behaved clients, over a real unix socket."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
import trio

from numtrustd.varlink import protocol as p
from numtrustd.varlink.server import Drop, Limits

Serving = Callable[..., Any]


class Talk:
    """A client that shows what is on the wire."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._framer = p.Framer(10_000_000)

    async def send(self, method: str, parameters: Any = None, **flags: bool) -> None:
        message = {"method": method, **flags}
        if parameters is not None:
            message["parameters"] = parameters
        await self.stream.send_all(json.dumps(message).encode() + b"\0")

    async def reply(self) -> dict[str, Any] | None:
        """The next message, None at the end of the connection."""
        with trio.fail_after(5):
            while (message := self._framer.next()) is None:
                try:
                    data = await self.stream.receive_some()
                except trio.BrokenResourceError:
                    return None
                if not data:
                    return None
                self._framer.feed(data)
        decoded = json.loads(message)
        assert isinstance(decoded, dict)
        return decoded

    async def call(self, method: str, parameters: Any = None, **flags: bool) -> dict[str, Any] | None:
        await self.send(method, parameters, **flags)
        return await self.reply()


T = "org.example.test"
S = "org.varlink.service"


async def test_a_call_its_peer_and_the_name_plate(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        talk = Talk(stream)
        reply = await talk.call(f"{T}.Echo", {"text": "喂", "times": 2})
        assert reply == {"parameters": {"text": "喂喂", "uid": os.getuid()}}
        assert await talk.call(f"{S}.GetInfo") == {
            "parameters": {
                "vendor": "Example",
                "product": "test",
                "version": "1",
                "url": "https://example.org",
                "interfaces": [S, T],
            }
        }
        described = await talk.call(f"{S}.GetInterfaceDescription", {"interface": S})
        assert described is not None
        assert "error ExpectedMore ()" in described["parameters"]["description"]


@pytest.mark.parametrize(
    ("method", "parameters", "error", "details"),
    [
        ("Echo", {"text": "a", "times": 6}, f"{T}.TooMuch", {"most": 5}),
        ("Echo", {"text": "a", "times": 11}, f"{S}.InvalidParameter", {"parameter": "times"}),
        ("Echo", {"txet": "a"}, f"{S}.InvalidParameter", {"parameter": "txet"}),
        ("Echo", None, f"{S}.InvalidParameter", {"parameter": "text"}),
        ("Echo.", None, f"{S}.InterfaceNotFound", {"interface": f"{T}.Echo"}),
        ("Nope", None, f"{S}.MethodNotFound", {"method": f"{T}.Nope"}),
        ("Tick", None, f"{S}.ExpectedMore", {}),
        ("Crash", None, f"{T}.Bug", {"type": "KeyError"}),
        ("CrashInGroup", None, f"{T}.TooMuch", {"most": 0}),
        ("Undeclared", None, f"{T}.Bug", {"type": "CallError"}),
        ("WrongResult", None, f"{T}.Bug", {"type": "TypeError"}),
        ("Leak", None, f"{T}.Bug", {"type": "LeakedCancelError"}),
    ],
)
async def test_errors_and_the_connection_goes_on(
    serving: Serving, method: str, parameters: Any, error: str, details: dict[str, Any]
) -> None:
    async with serving() as world, await world.connect() as stream:
        talk = Talk(stream)
        assert await talk.call(f"{T}.{method}", parameters) == {"error": error, "parameters": details}
        assert (await talk.call(f"{T}.Echo", {"text": "still here"})) is not None
        assert bool(world.errors) == error.endswith("Bug")
        assert world.drops == []


async def test_a_bug_is_handed_to_the_hook_whole(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        await Talk(stream).call(f"{T}.Crash")
        [(method, peer, error)] = world.errors
        assert (method, peer.pid, peer.gid) == (f"{T}.Crash", os.getpid(), os.getgid())
        assert isinstance(error, KeyError)
        assert error.__traceback__ is not None


async def test_unknown_interfaces_and_upgrades(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        talk = Talk(stream)
        reply = await talk.call("Echo")
        assert reply == {"error": f"{S}.InterfaceNotFound", "parameters": {"interface": ""}}
        reply = await talk.call(f"{S}.GetInterfaceDescription", {"interface": "a.b"})
        assert reply == {"error": f"{S}.InterfaceNotFound", "parameters": {"interface": "a.b"}}
        reply = await talk.call(f"{T}.Echo", {"text": "a"}, upgrade=True)
        assert reply == {"error": f"{S}.MethodNotImplemented", "parameters": {"method": f"{T}.Echo"}}


async def test_pages_with_and_without_more(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        talk = Talk(stream)
        assert await talk.call(f"{T}.Count", {"to": 5}) == {"parameters": {"numbers": [0, 1]}}
        await talk.send(f"{T}.Count", {"to": 5}, more=True)
        assert [await talk.reply() for _ in range(3)] == [
            {"parameters": {"numbers": [0, 1]}, "continues": True},
            {"parameters": {"numbers": [2, 3]}, "continues": True},
            {"parameters": {"numbers": [4]}},
        ]
        # A handler that yields no page at all breaks its promise.
        assert (await talk.call(f"{T}.Count", {"to": 0}, more=True))["error"] == f"{T}.Bug"  # type: ignore[index]
        assert (await talk.call(f"{T}.Echo", {"text": "a"}, more=True)) == {
            "parameters": {"text": "a", "uid": os.getuid()}
        }


async def test_a_stream_ends_with_its_reader(serving: Serving) -> None:
    async with serving() as world:
        for method in "Tick", "Silent":
            async with await world.connect() as stream:
                talk = Talk(stream)
                await talk.send(f"{T}.{method}", more=True)
                if method == "Tick":
                    first = await talk.reply()
                    assert first == {"parameters": {"n": 0, "fill": ""}, "continues": True}
                while not world.ticks_open:
                    await trio.sleep(0.001)
            with trio.fail_after(2):
                while world.ticks_open or world.service.connections:
                    await trio.sleep(0.001)
        assert world.errors == []


async def test_a_half_closed_reader_keeps_its_stream(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        talk = Talk(stream)
        await talk.send(f"{T}.Tick", {"end": 3}, more=True)
        await stream.send_eof()
        assert [(await talk.reply())["parameters"]["n"] for _ in range(3)] == [0, 1, 2]  # type: ignore[index]
        assert await talk.reply() is None  # an endless stream that ends takes its connection along


async def test_a_half_closed_reader_that_leaves_is_noticed(serving: Serving) -> None:
    async with serving() as world:
        async with await world.connect() as stream:
            await Talk(stream).send(f"{T}.Silent", more=True)
            await stream.send_eof()
            while not world.ticks_open:
                await trio.sleep(0.001)
        with trio.fail_after(2):
            while world.ticks_open:
                await trio.sleep(0.01)


async def test_pipelined_calls_are_answered_in_order_one_at_a_time(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        talk = Talk(stream)
        await talk.send(f"{T}.Wait")
        await talk.send(f"{T}.Wait")
        for n in range(50):
            await talk.send(f"{T}.Echo", {"text": str(n)})
        await stream.send_eof()
        while not world.waiting:
            await trio.sleep(0.001)
        await trio.sleep(0.01)
        assert world.waiting == 1
        world.release.set()
        assert await talk.reply() == await talk.reply() == {"parameters": {}}
        for n in range(50):
            assert (await talk.reply())["parameters"]["text"] == str(n)  # type: ignore[index]
        assert await talk.reply() is None


async def test_oneway_calls_run_and_are_not_answered(serving: Serving) -> None:
    async with serving() as world, await world.connect() as stream:
        talk = Talk(stream)
        world.release.set()
        for method in "Wait", "Crash", "Nope", "Tick", "Count":
            await talk.send(f"{T}.{method}", {"to": 4} if method == "Count" else None, oneway=True)
        assert (await talk.call(f"{T}.Echo", {"text": "a"}))["parameters"]["text"] == "a"  # type: ignore[index]
        assert world.finished == 1
        assert len(world.errors) == 1


async def test_a_call_is_finished_even_when_its_caller_has_left(serving: Serving) -> None:
    async with serving() as world:
        async with await world.connect() as stream:
            await Talk(stream).send(f"{T}.Wait")
            while not world.waiting:
                await trio.sleep(0.001)
        world.release.set()
        with trio.fail_after(2):
            while not world.finished or world.service.connections:
                await trio.sleep(0.001)
        assert world.drops == []


async def test_a_resting_connection_is_closed_without_reproach(serving: Serving) -> None:
    async with serving(Limits(idle=0.05)) as world, await world.connect() as stream:
        talk = Talk(stream)
        assert await talk.call(f"{T}.Echo", {"text": "a"}) is not None
        assert await talk.reply() is None
        assert world.drops == []


async def test_one_user_cannot_have_all_connections(serving: Serving) -> None:
    async with serving(Limits(connections=4, per_uid=2)) as world:
        talks = [Talk(await world.connect()) for _ in range(4)]
        replies = [await t.call(f"{T}.Echo", {"text": "a"}) for t in talks[:2]]
        assert None not in replies
        assert await talks[2].reply() is None
        assert await talks[3].reply() is None
        assert world.drops == [Drop.TOO_MANY_OF_USER]  # said once for the burst
        await talks[0].stream.aclose()
        while world.service.connections == 2:
            await trio.sleep(0.001)
        async with await world.connect() as stream:
            assert await Talk(stream).call(f"{T}.Echo", {"text": "a"}) is not None
        for talk in talks:
            await talk.stream.aclose()


async def test_two_interfaces_of_one_name_are_refused(serving: Serving) -> None:
    from numtrustd.varlink.interface import Interface
    from numtrustd.varlink.server import Service

    async with serving() as world:
        one = Interface("org.example.a", "", {})
        with pytest.raises(ValueError, match="two interfaces"):
            Service(vendor="", product="", version="", url="", interfaces=[one, one], on_error=world.on_error)
