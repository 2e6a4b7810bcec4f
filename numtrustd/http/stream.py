"""One connection, plain or TLS, as a client needs it.

trio's own `SocketStream` and `SSLStream` hide the three things that safe reuse stands on: whether a first
byte has left (`wrote`), whether anything is waiting on an idle connection (`quiet`; `SSLStream` keeps
undecrypted records to itself), and a close that cannot block or be cancelled. So this speaks to a
non-blocking socket through trio's readiness calls, and to `ssl.SSLObject` as `SSLStream` does. TLS runs over
any stream, so that it also runs inside the TLS of a proxy. A stream has one owner at a time. `dialler` opens
them, `transport` keeps them, `framing` reads.
"""

import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Sequence
from typing import Protocol

import trio

from numtrustd.http.fault import Fault, reason_of
from numtrustd.http.resolver import Address, SockAddr
from numtrustd.wire.exchange import Failure

READ_SIZE = 65_536
_IDLE_READ = 4_096  # session tickets and key updates are far smaller
_IDLE_READS = 4


async def connect(addresses: Sequence[Address], deadline: float, source: str = "") -> socket.socket:
    """A connected non-blocking socket to the first address that answers. `deadline` is on trio's clock.

    Each address gets an equal share of the time left, so that one that swallows packets does not use up the
    others'. `source` is the IP address to come from, of the addresses' family. Raises the first address's
    `Fault`, CONNECT or TIMEOUT, when none answered, and WAY_OUT when `source` is not this machine's.
    """
    faults = []
    for tried, (family, sockaddr) in enumerate(addresses):
        share = max(0.0, deadline - trio.current_time()) / (len(addresses) - tried)
        where = f"{sockaddr[0]} port {sockaddr[1]}" + (f" from {source}" if source else "")
        try:
            with trio.move_on_after(share):
                return await _connect_one(family, sockaddr, source)
            faults.append(Fault(Failure.TIMEOUT, f"{where}: no connection in {share:.1f} s"))
        except OSError as exc:
            faults.append(Fault(Failure.CONNECT, f"{where}: {reason_of(exc)}"))
    raise faults[0]


async def _connect_one(family: int, sockaddr: SockAddr, source: str) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            try:
                sock.bind((source, 0))
            except OSError as exc:
                raise Fault(Failure.WAY_OUT, f"source address {source}: {reason_of(exc)}") from exc
        code = sock.connect_ex(sockaddr)
        if code == errno.EINPROGRESS:
            await trio.lowlevel.wait_writable(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock


class Stream(Protocol):
    """What an owner may do with a connection."""

    wrote: bool
    """Whether any byte left since the owner last set this to `False`."""
    idle_since: float

    async def send_all(self, data: bytes) -> None:
        """Write everything. Raises `Fault`: RESET, TLS."""
        ...

    def send_now(self, data: bytes) -> None:
        """Write what can be written without waiting: last words, whose arrival nothing depends on."""
        ...

    async def receive(self) -> bytes:
        """Some bytes, or `b""` when the peer ended the stream cleanly. Raises `Fault(RESET)`."""
        ...

    def poll(self) -> bytes | None:
        """What an idle connection has to say, without waiting; `None` when it ended or says too much."""
        ...

    def quiet(self) -> bool:
        """Whether an idle connection is still open and has nothing to say. `False` means: close it, never use
        it."""
        ...

    def close(self) -> None:
        """Close at once, without goodbye: whole answers are known by their framing, so neither side needs
        one."""
        ...


class PlainStream:
    """A connected socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.wrote = False
        self.idle_since = 0.0

    async def send_all(self, data: bytes) -> None:
        """Does not yield while the kernel takes the bytes."""
        view = memoryview(data)
        while view:
            try:
                count = self._sock.send(view)
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._sock)
            except OSError as exc:
                raise Fault(Failure.RESET, f"while sending: {reason_of(exc)}") from exc
            else:
                self.wrote = True
                view = view[count:]

    def send_now(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._sock.send(data)

    async def receive(self) -> bytes:
        while True:
            # Waiting comes first: an answer is never there yet, and this is where a fetch yields to its
            # neighbours.
            await trio.lowlevel.wait_readable(self._sock)
            try:
                return self._sock.recv(READ_SIZE)
            except BlockingIOError:
                continue
            except OSError as exc:
                raise Fault(Failure.RESET, f"while receiving: {reason_of(exc)}") from exc

    def poll(self) -> bytes | None:
        try:
            data = self._sock.recv(_IDLE_READ)
        except BlockingIOError:
            return b""
        except OSError:
            return None
        return data if 0 < len(data) < _IDLE_READ else None

    def quiet(self) -> bool:
        return self.poll() == b""

    def close(self) -> None:
        self._sock.close()


class TlsStream:
    """TLS over another stream; call `handshake` first. An end without close_notify is `Fault(RESET)`, never a
    clean end."""

    def __init__(self, below: Stream, context: ssl.SSLContext, host: str) -> None:
        self._below = below
        self.idle_since = 0.0
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    @property
    def wrote(self) -> bool:
        return self._below.wrote

    @wrote.setter
    def wrote(self, wrote: bool) -> None:
        self._below.wrote = wrote

    async def handshake(self) -> None:
        """Raises `Fault(TLS)` when either side refuses the other."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLError as exc:
                self._below.send_now(self._outgoing.read())  # the alert tells the other side's people why
                raise Fault(Failure.TLS, reason_of(exc)) from exc
            else:
                return await self._flush()
            await self._feed()

    async def send_all(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._tls.write(view) :]
        except ssl.SSLError as exc:
            raise Fault(Failure.TLS, f"while sending: {reason_of(exc)}") from exc
        await self._flush()

    def send_now(self, data: bytes) -> None:
        with contextlib.suppress(ssl.SSLError):
            self._tls.write(data)
            self._below.send_now(self._outgoing.read())

    async def receive(self) -> bytes:
        while True:
            if self._incoming.pending or self._tls.pending() or self._incoming.eof:
                try:
                    return self._tls.read(READ_SIZE)
                except ssl.SSLWantReadError:
                    await self._flush()
                except ssl.SSLError as exc:
                    raise Fault(Failure.RESET, f"while receiving: {reason_of(exc)}") from exc
            await self._feed()

    def poll(self) -> bytes | None:
        for _ in range(_IDLE_READS):
            data = self._below.poll()
            if data is None:
                return None
            if not data:
                break
            self._incoming.write(data)
        else:
            return None
        if not (self._incoming.pending or self._tls.pending()):
            return b""
        # What waits may be a late session ticket, which is no answer: only the TLS layer can tell.
        try:
            return self._tls.read(_IDLE_READ) or None
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError:
            return None

    def quiet(self) -> bool:
        return self.poll() == b""

    def close(self) -> None:
        self._below.close()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._below.send_all(self._outgoing.read())

    async def _feed(self) -> None:
        data = await self._below.receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
