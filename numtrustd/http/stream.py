"""One TCP connection, plain or TLS, as a client needs it.

trio's own `SocketStream` and `SSLStream` hide the three things that safe reuse stands on: whether a first
byte has left (`wrote`), whether anything is waiting on an idle connection (`quiet`; `SSLStream` keeps
undecrypted records to itself), and a close that cannot block or be cancelled. So this speaks to a
non-blocking socket through trio's readiness calls, and to `ssl.SSLObject` as `SSLStream` does. A stream has
one owner at a time. `transport` keeps them, `framing` reads.
"""

import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Sequence

import trio

from numtrustd.http.fault import Fault, reason_of
from numtrustd.http.resolver import Address
from numtrustd.wire.exchange import Failure

READ_SIZE = 65_536
_IDLE_READ = 4_096  # session tickets and key updates are far smaller


async def connect(addresses: Sequence[Address], deadline: float) -> socket.socket:
    """A connected non-blocking socket to the first address that answers. `deadline` is on trio's clock.

    Each address gets an equal share of the time left, so that one that swallows packets does not use up the
    others'. Raises the first address's `Fault`, CONNECT or TIMEOUT, when none answered.
    """
    faults = []
    for tried, (family, sockaddr) in enumerate(addresses):
        share = max(0.0, deadline - trio.current_time()) / (len(addresses) - tried)
        where = f"{sockaddr[0]} port {sockaddr[1]}"
        try:
            with trio.move_on_after(share):
                return await _connect_one(family, sockaddr)
            faults.append(Fault(Failure.TIMEOUT, f"{where}: no connection in {share:.1f} s"))
        except OSError as exc:
            faults.append(Fault(Failure.CONNECT, f"{where}: {reason_of(exc)}"))
    raise faults[0]


async def _connect_one(family: int, sockaddr: tuple[str, int] | tuple[str, int, int, int]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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


class Stream:
    """A plain connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.wrote = False
        """Whether any byte left since the owner last set this to `False`."""
        self.idle_since = 0.0

    async def send_all(self, data: bytes) -> None:
        """Write everything. Does not yield while the kernel takes the bytes. Raises `Fault(RESET)`."""
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

    async def receive(self) -> bytes:
        """Some bytes, or `b""` when the peer ended the stream cleanly. Raises `Fault(RESET)`."""
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

    def quiet(self) -> bool:
        """Whether an idle connection is still open and has nothing to say. `False` means: close it, never use
        it."""
        try:
            self._sock.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close at once, without goodbye: whole answers are known by their framing, so neither side needs
        one."""
        self._sock.close()


class TlsStream(Stream):
    """A TLS connection; call `handshake` first. An end without close_notify is `Fault(RESET)`, never a clean
    end."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, host: str) -> None:
        super().__init__(sock)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    async def handshake(self) -> None:
        """Raises `Fault(TLS)` when either side refuses the other."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLError as exc:
                # The alert tells the platform's people why; nothing depends on its arriving.
                with contextlib.suppress(OSError):
                    self._sock.send(self._outgoing.read())
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

    def quiet(self) -> bool:
        try:
            data = self._sock.recv(_IDLE_READ)
        except BlockingIOError:
            data = b""
        except OSError:
            return False
        else:
            if not data or len(data) == _IDLE_READ:
                return False
            self._incoming.write(data)
        if not (self._incoming.pending or self._tls.pending()):
            return True
        # What waits may be a late session ticket, which is no answer: only the TLS layer can tell.
        try:
            self._tls.read(1)
        except ssl.SSLWantReadError:
            return True
        except ssl.SSLError:
            return False
        return False

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await super().send_all(self._outgoing.read())

    async def _feed(self) -> None:
        data = await super().receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
