"""The simulated platforms on a real socket: HTTP/1.1 on loopback, and the file in which a world lives on."""

import os
from collections.abc import Callable
from pathlib import Path

import h11
import msgspec
import trio

from numtrustd.clock import Clock
from numtrustd.sim.service import Answer, Lost, Service, Shut
from numtrustd.sim.world import World

CONNECTIONS = 1_024
IDLE = 60.0
"""Real seconds that a connection may stay without a whole request."""
MAX_BODY = 1_048_576
CHUNK = 65_536


class StateFile:
    """A world's document on disk, replaced as a whole. It survives a killed process, not a power cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved: int | None = None

    def load(self) -> World | None:
        """The world as it was left, `None` if there is none; raises `ValueError` if the file is damaged."""
        try:
            document = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            world = World.load(document)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise ValueError(f"{self.path}: not a simulator's state: {problem}") from problem
        self._saved = world.state.version
        return world

    def save(self, world: World) -> None:
        """Write the world down if it changed in a way that a restart may not lose."""
        if self._saved == world.state.version:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.new")
        draft.write_bytes(world.dump())
        os.replace(draft, self.path)
        self._saved = world.state.version


class Connection:
    """One client. Requests are served one after the other, as HTTP/1.1 without pipelining has it."""

    def __init__(self, stream: trio.SocketStream, door: Callable[[h11.Request, bytes], object]) -> None:
        self.stream = stream
        self._door = door
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=32_768)

    async def run(self) -> None:
        """Serve until the client leaves, breaks the protocol or is silent for too long."""
        try:
            while await self._exchange():
                self._http.start_next_cycle()
        except (h11.ProtocolError, trio.BrokenResourceError, trio.ClosedResourceError):
            return  # a client that breaks off is its own business

    async def _exchange(self) -> bool:
        """One request and its answer; whether there may be another."""
        with trio.move_on_after(IDLE):
            request, body = await self._request()
            if request is None:
                return False
            match self._door(request, body):
                case Answer() as answer:
                    await trio.sleep(answer.delay)
                    return await self._send(answer)
                case Lost(hang):
                    await trio.sleep(hang)
                case Shut():
                    pass
        return False

    async def _request(self) -> tuple[h11.Request | None, bytes]:
        request, body = None, bytearray()
        while True:
            match event := self._http.next_event():
                case h11.NEED_DATA:
                    if self._http.they_are_waiting_for_100_continue:
                        await self._write(h11.InformationalResponse(status_code=100, headers=[]))
                    self._http.receive_data(await self.stream.receive_some(CHUNK))
                case h11.Request():
                    request = event
                case h11.Data():
                    body += event.data
                    if len(body) > MAX_BODY:
                        return None, b""
                case h11.EndOfMessage():
                    return request, bytes(body)
                case _:
                    return None, b""

    async def _send(self, answer: Answer) -> bool:
        headers = [*answer.headers, ("content-length", str(len(answer.body)))]
        await self._write(h11.Response(status_code=answer.status, headers=headers))
        await self._write(h11.Data(data=answer.body[: len(answer.body) // 2] if answer.cut else answer.body))
        if answer.cut:
            return False
        await self._write(h11.EndOfMessage())
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            await self.stream.send_all(data)


async def serve(
    service: Service,
    clock: Clock,
    *,
    port: int = 0,
    state: StateFile | None = None,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve on 127.0.0.1 until cancelled; `task_status` gets the port."""
    open_now = 0

    def door(request: h11.Request, body: bytes) -> object:
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers)
        method, target = request.method.decode("ascii"), request.target.decode("latin-1")
        result = service.handle(method, target, headers, body, clock.now())
        if state is not None:
            state.save(service.world)  # before the answer: what was acknowledged is never forgotten
        return result

    async def client(stream: trio.SocketStream) -> None:
        nonlocal open_now
        if open_now >= CONNECTIONS:
            return
        open_now += 1
        try:
            await Connection(stream, door).run()
        finally:
            open_now -= 1

    if state is not None:
        state.save(service.world)
    listeners = await trio.open_tcp_listeners(port, host="127.0.0.1", backlog=CONNECTIONS)
    task_status.started(listeners[0].socket.getsockname()[1])
    await trio.serve_listeners(client, listeners)
