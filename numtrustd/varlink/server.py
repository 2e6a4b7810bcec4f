"""Answers Varlink calls on unix sockets, under trio, whatever is at the other end.

One task per connection: read one whole request, answer it, read the next; so a connection has one request in
progress and pipelined ones are answered in order. Every wait for the peer has a deadline, everything it may
send has a size, and a connection that misbehaves is told so if that is possible and dropped, which no other
connection notices. What a *handler* takes is its own affair: a call that was begun is finished even if its
caller has left, since an act may be half-way through a commit; only streams stop when their reader goes."""

import enum
import math
import select
import socket
import struct
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import NoReturn, cast

import trio
from msgspec import Struct

from numtrustd.varlink import protocol as p
from numtrustd.varlink.interface import Call, CallError, Interface, Method, Peer, Stream

ErrorHook = Callable[[str, Peer, Exception], Struct]
"""(method, peer, what the handler raised) -> the error struct to answer with; the place to log it. Must not
raise."""

UNKNOWN_UID = 65534
"""What the kernel says of every uid that our user namespace does not map: not one user but possibly all of
them."""

_HANG_UP_CHECK = 0.2  # seconds; see _until_hung_up
_REFUSAL_QUIET = 1.0  # seconds; a flood of connections is not to become a flood of log lines


class Limits(Struct, frozen=True):
    """Bounds for all peers of one service together and for each; seconds and bytes.

    `first` is the time to the first complete request, `idle` to each later one, `write` to one reply.
    """

    connections: int = 32
    per_uid: int = 8
    first: float = 5.0
    idle: float = 60.0
    write: float = 10.0
    request_bytes: int = p.MAX_REQUEST


DEFAULT_LIMITS = Limits()


class LeakedCancelError(Exception):
    """A handler kept a cancellation that was meant for something else and raised it again. Unnoticed it
    would end the listeners.
    """


class Drop(enum.StrEnum):
    """Why a connection was ended from our side, where that is the peer's fault."""

    TOO_MANY = "too_many"  # connections in all
    TOO_MANY_OF_USER = "too_many_of_user"
    SILENT = "silent"  # no complete request in time
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    NOT_READING = "not_reading"


DropHook = Callable[[Peer, Drop], None]
"""Called for each dropped connection, and for refused ones at most once a second. Must not raise."""


class _GetInfo(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Info(Struct, frozen=True):
    vendor: str
    product: str
    version: str
    url: str
    interfaces: tuple[str, ...]


class _GetInterfaceDescription(Struct, frozen=True, forbid_unknown_fields=True):
    interface: str


class _Description(Struct, frozen=True):
    description: str


class Service:
    """Interfaces with a name plate. Serve it on any number of listeners; the limits hold for all of them
    together."""

    def __init__(
        self,
        *,
        vendor: str,
        product: str,
        version: str,
        url: str,
        interfaces: Sequence[Interface],
        on_error: ErrorHook,
        on_drop: DropHook = lambda peer, why: None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        async def get_info(_: _GetInfo, call: Call) -> _Info:
            return _Info(vendor, product, version, url, tuple(self._interfaces))

        async def get_description(params: _GetInterfaceDescription, call: Call) -> _Description:
            if found := self._interfaces.get(params.interface):
                return _Description(found.description)
            raise CallError(p.InterfaceNotFound(params.interface))

        own = Interface(
            p.SERVICE,
            "What every Varlink service says of itself.",
            {
                "GetInfo": Method(_GetInfo, _Info, get_info, "Who made this, and which interfaces it has."),
                "GetInterfaceDescription": Method(
                    _GetInterfaceDescription, _Description, get_description, "The text of one interface."
                ),
            },
            p.STANDARD_ERRORS,
        )
        self._interfaces = {i.name: i for i in (own, *interfaces)}
        if len(self._interfaces) != 1 + len(interfaces):
            raise ValueError("two interfaces of one name")
        self._on_error = on_error
        self._on_drop = on_drop
        self._limits = limits
        self._users: Counter[int] = Counter()
        self._quiet_until = -math.inf

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._users.total()

    async def serve(
        self,
        listeners: Sequence[trio.SocketListener],
        *,
        task_status: "trio.TaskStatus[list[trio.SocketListener]]" = trio.TASK_STATUS_IGNORED,
    ) -> NoReturn:
        """Answer on these until cancelled; then they are closed."""
        await trio.serve_listeners(self._connection, list(listeners), task_status=task_status)

    async def _connection(self, stream: trio.SocketStream) -> None:
        peer = _peer(stream.socket)
        if why := self._refusal(peer):
            stream.socket.close()
            if trio.current_time() >= self._quiet_until:
                self._quiet_until = trio.current_time() + _REFUSAL_QUIET
                self._on_drop(peer, why)
            return
        self._users[peer.uid] += 1
        try:
            await self._converse(stream, peer)
        finally:
            self._users[peer.uid] -= 1
            stream.socket.close()

    def _refusal(self, peer: Peer) -> Drop | None:
        limits = self._limits
        if self.connections >= limits.connections:
            return Drop.TOO_MANY
        most = limits.per_uid
        if peer.uid == UNKNOWN_UID:
            # All unmapped users share it: they may have all but what is kept for those we can tell apart.
            most = max(most, limits.connections - most)
        return Drop.TOO_MANY_OF_USER if self._users[peer.uid] >= most else None

    async def _converse(self, stream: trio.SocketStream, peer: Peer) -> None:
        framer = p.Framer(self._limits.request_bytes)
        greeted = False
        while True:
            try:
                message = await self._next(stream, peer, framer, greeted)
                if message is None:
                    return
                request = p.decode_request(message)
            except p.ProtocolError as error:
                self._on_drop(peer, Drop.TOO_LARGE if isinstance(error, p.TooLarge) else Drop.MALFORMED)
                await self._send(
                    stream,
                    peer,
                    p.encode_error(f"{p.SERVICE}.InvalidParameter", p.InvalidParameter("request")),
                )
                return
            if not await _Answer(self, stream, peer, request).run():
                return
            greeted = True

    async def _next(self, stream: trio.SocketStream, peer: Peer, framer: p.Framer, greeted: bool) -> bytes | None:
        with trio.move_on_after(self._limits.idle if greeted else self._limits.first):
            while (message := framer.next()) is None:
                try:
                    data = await stream.receive_some(16_384)
                except trio.BrokenResourceError:
                    return None
                if not data:
                    if framer.pending:
                        self._on_drop(peer, Drop.MALFORMED)
                    return None
                framer.feed(data)
            return message
        if framer.pending or not greeted:
            self._on_drop(peer, Drop.SILENT)  # resting between calls is no fault
        return None

    async def _send(self, stream: trio.SocketStream, peer: Peer, data: bytes) -> bool:
        """Whether the peer took it, in time."""
        with trio.move_on_after(self._limits.write):
            try:
                await stream.send_all(data)
            except trio.BrokenResourceError:
                return False  # it left in the middle, which is its right
            return True
        self._on_drop(peer, Drop.NOT_READING)
        return False


class _Answer:
    """One request being answered."""

    def __init__(self, service: Service, stream: trio.SocketStream, peer: Peer, request: p.Request) -> None:
        self._service = service
        self._stream = stream
        self._peer = peer
        self._request = request
        self._interface: Interface | None = None

    async def run(self) -> bool:
        """Whether the connection may go on."""
        request = self._request
        interface_name, _, name = request.method.rpartition(".")
        self._interface = self._service._interfaces.get(interface_name)
        if self._interface is None:
            return await self._error(p.InterfaceNotFound(interface_name))
        method = self._interface.methods.get(name)
        if method is None:
            return await self._error(p.MethodNotFound(request.method))
        if request.upgrade:
            return await self._error(p.MethodNotImplemented(request.method))
        if method.stream is Stream.ENDLESS and (not request.more or request.oneway):
            return await self._error(p.ExpectedMore())
        try:
            params = p.decode_parameters(request.parameters, method.params)
        except p.BadParameter as error:
            return await self._error(p.InvalidParameter(error.parameter))
        call = Call(request.method, self._peer, bool(request.more), bool(request.oneway))
        failure = await self._guarded(lambda: self._reply(method, params, call))
        return failure if isinstance(failure, bool) else await self._error(failure)

    async def _guarded(self, work: Callable[[], Awaitable[bool]]) -> bool | Struct:
        """What `work` returns, or the error to answer with."""
        failed: Exception | None = None
        going = False
        try:
            going = await work()
        except* trio.Cancelled as group:
            if trio.current_effective_deadline() == -math.inf:
                raise
            failed = LeakedCancelError("the handler raised a Cancelled that nobody asked for")
            failed.__cause__ = group
        except* Exception as group:  # noqa: BLE001 - a handler's bug is answered and logged, not spread
            failed = _single(group)
        if failed is None:
            return going
        if isinstance(failed, CallError) and self._declared(type(failed.parameters)):
            return failed.parameters
        return self._service._on_error(self._request.method, self._peer, failed)

    async def _reply(self, method: Method, params: Struct, call: Call) -> bool:
        if method.stream is Stream.NO:
            handler = cast("Callable[[Struct, Call], Awaitable[Struct]]", method.handler)
            return await self._result(method, await handler(params, call))
        source = cast("Callable[[Struct, Call], AsyncGenerator[Struct, None]]", method.handler)(params, call)
        async with aclosing(source):
            if not call.more:
                return await self._result(method, await _first(source))
            return await self._stream_out(method, source)

    async def _stream_out(self, method: Method, source: AsyncGenerator[Struct, None]) -> bool:
        going = True
        ended = False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_until_hung_up, self._stream.socket, nursery.cancel_scope)
            if method.stream is Stream.PAGES:
                # One page is held back, since only the next one tells whether it was the last.
                page = await _first(source)
                async for following in source:
                    going = going and await self._result(method, page, continues=True)
                    if not going:
                        break
                    page = following
                going = going and await self._result(method, page)
            else:
                async for item in source:
                    going = await self._result(method, item, continues=True)
                    if not going:
                        break
                else:
                    going = False  # an endless stream has no last message: the connection ends with it
            ended = True
            nursery.cancel_scope.cancel()
        return ended and going

    async def _result(self, method: Method, result: Struct, *, continues: bool = False) -> bool:
        if not isinstance(result, method.result):
            raise TypeError(f"{self._request.method} returned {type(result).__name__}, not {method.result.__name__}")
        data = p.encode_reply(result, continues=continues)
        return True if self._request.oneway else await self._service._send(self._stream, self._peer, data)

    def _declared(self, error: type[Struct]) -> bool:
        return error in p.STANDARD_ERRORS or (self._interface is not None and error in self._interface.errors)

    async def _error(self, error: Struct) -> bool:
        if self._request.oneway:
            return True
        standard = isinstance(error, p.STANDARD_ERRORS) or self._interface is None
        home = p.SERVICE if standard or self._interface is None else self._interface.name
        data = p.encode_error(f"{home}.{type(error).__name__}", error)
        return await self._service._send(self._stream, self._peer, data)


async def _first(source: AsyncGenerator[Struct, None]) -> Struct:
    async for item in source:
        return item
    raise TypeError("a streaming handler yielded nothing")


def _single(group: ExceptionGroup[Exception]) -> Exception:
    """The one error in a group of groups, or the group."""
    error: Exception = group
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _peer(sock: trio.socket.SocketType) -> Peer:
    return Peer(*struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))))


async def _until_hung_up(sock: trio.socket.SocketType, scope: trio.CancelScope) -> None:
    """Cancel `scope` once the peer has closed both ways. A half-closed or pipelining peer stays readable
    without having left, and nothing waits for a hang-up alone: hence the looking again, for those only."""
    poller = select.poll()
    poller.register(sock.fileno(), 0)  # POLLHUP is always reported
    await trio.lowlevel.wait_readable(sock.fileno())
    while not poller.poll(0):  # noqa: ASYNC110 - the kernel has no event for it
        await trio.sleep(_HANG_UP_CHECK)
    scope.cancel()
