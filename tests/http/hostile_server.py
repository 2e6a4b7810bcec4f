"""Plays the hostile matrix, or one healthy platform, on loopback: `python -m tests.http.hostile_server [healthy]`.

Prints one JSON line of where it listens, serves until standard input ends, then prints what it was asked.
"""

import datetime as dt
import ipaddress
import json
import ssl
import sys
import tempfile
import warnings
from collections import Counter
from functools import partial
from pathlib import Path

import trio
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.http.hostile_cases import CLEAN, SO360, Case, Places, matrix
from tests.http.loopback import Peer, ok

HERE = "127.0.0.1"
LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)


class Asked:
    """What the platforms were sent."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.cookies = 0
        self.trapped = 0

    def note(self, name: str, request: bytes) -> None:
        self.requests[name] += 1
        self.cookies += b"\r\ncookie:" in request.lower()


class Log(list[bytes]):
    """The requests of one connection; only the newest is kept."""

    def append(self, request: bytes) -> None:
        self[:] = [request]


async def guarded(stream: trio.SocketStream, talk: partial[object]) -> None:
    """One connection; that the client leaves is its right."""
    try:
        async with stream:
            await talk(stream)  # type: ignore[misc]
    except* (trio.BrokenResourceError, trio.ClosedResourceError, OSError, ssl.SSLError):
        pass


class Notes(Peer):
    """A peer whose requests are noted for the case that the path of the first one names."""

    def __init__(self, stream: trio.abc.Stream, socket: trio.SocketStream, asked: Asked, cases: list[Case]) -> None:
        super().__init__(stream, socket, 0, Log())
        self._asked, self._cases = asked, cases
        self.case: Case | None = None

    async def request(self) -> bytes | None:
        request = await super().request()
        if request is not None:
            self.case = self.case or self._cases[int(request.split(b" ")[1].split(b"/")[1])]
            self._asked.note(self.case.name, request)
        return request


async def plain(asked: Asked, cases: list[Case], stream: trio.SocketStream) -> None:
    """A platform without TLS."""
    peer = Notes(stream, stream, asked, cases)
    await peer.request()
    if peer.case is not None and peer.case.say is not None:
        await peer.case.say(peer)


# ------------------------------------------------------------------------------------------------------------------ TLS


def leaf(ca: trustme.CA, **more: object) -> ssl.SSLContext:
    """A context with a certificate of this authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    names = more.pop("names", (HERE, "localhost"))
    ca.issue_cert(*names, **more).configure_cert(context)  # type: ignore[misc, arg-type]
    return context


def made(root: Path, issuer: trustme.CA | None, *extensions: x509.ExtensionType) -> ssl.SSLContext:
    """A context with a certificate as `trustme` makes none: of the issuer, or of itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HERE)])
    now = dt.datetime.now(dt.UTC)
    authority = None if issuer is None else x509.load_pem_x509_certificate(issuer.cert_pem.bytes())
    signer = (
        key if issuer is None else serialization.load_pem_private_key(issuer.private_key_pem.bytes(), password=None)
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if authority is None else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=9))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    certificate = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    path = root / "made.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def old_version(ca: trustme.CA) -> ssl.SSLContext:
    context = leaf(ca)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def contexts(root: Path, ca: trustme.CA) -> dict[str, ssl.SSLContext]:
    """By the kind that `hostile_cases` names."""
    here = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HERE))])
    client_only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    return {
        "well": leaf(ca),
        "by bytes": leaf(ca),
        "self-signed": made(root, None, here),
        "of a stranger": leaf(trustme.CA()),
        "of another name": leaf(ca, names=("elsewhere.example",)),
        "of another address": leaf(ca, names=("127.0.0.2",)),
        "with a name in its subject only": made(root, ca),
        "for clients only": made(root, ca, here, client_only),
        "expired": leaf(ca, not_before=LONG_AGO, not_after=LONG_AGO + dt.timedelta(days=9)),
        "not yet valid": leaf(ca, not_before=dt.datetime(2090, 1, 1, tzinfo=dt.UTC)),
        "of an old version": old_version(ca),
    }


async def over_tls(
    asked: Asked, cases: list[Case], kind: str, context: ssl.SSLContext, socket: trio.SocketStream
) -> None:
    """A platform behind a handshake."""
    stream = trio.SSLStream(socket, context, server_side=True, https_compatible=True)
    peer = Notes(stream, socket, asked, cases)
    await peer.request()
    if kind == "by bytes":
        for byte in ok(CLEAN[SO360]):
            await stream.send_all(bytes([byte]))  # each in a record of its own
    elif peer.case is not None and peer.case.say is not None:
        await peer.case.say(peer)


RECORD = b"\x16\x03\x03\x00\x04\x0b\xff\xff\xff"
"""A handshake record that begins a certificate of sixteen megabytes."""


async def instead(kind: str, stream: trio.SocketStream) -> None:
    """What comes where a handshake was due."""
    await stream.receive_some(1)
    match kind:
        case "plain text instead":
            await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        case "noise instead":
            await stream.send_all(bytes(range(256)) * 64)
        case "silence":
            await trio.sleep_forever()
        case "a drip":
            for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(10_000):
                await stream.send_all(bytes([byte]))
                await trio.sleep(0.01)
        case "closed":
            await stream.send_eof()
        case "reset":
            stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            stream.socket.close()
        case "endless handshake records":
            while True:
                await stream.send_all(RECORD * 1_000)
                await trio.sleep(0)
        case "an alert":
            await stream.send_all(b"\x15\x03\x03\x00\x02\x02\x28")
            await trio.sleep_forever()


INSTEAD = (
    "plain text instead",
    "noise instead",
    "silence",
    "a drip",
    "closed",
    "reset",
    "endless handshake records",
    "an alert",
)


# ------------------------------------------------------------------------------------------------------------- serving


async def hostile(root: Path) -> None:
    """All cases, until standard input ends."""
    asked, cases = Asked(), list(matrix().values())
    ca = trustme.CA()
    (root / "ca.pem").write_bytes(ca.cert_pem.bytes())
    where: dict[str, int] = {}

    async def trap(stream: trio.SocketStream) -> None:
        asked.trapped += 1

    async with trio.open_nursery() as nursery:

        async def listen(name: str, talk: object, host: str = HERE, port: int = 0) -> None:
            listeners = await trio.open_tcp_listeners(port, host=host)
            where.setdefault(name, listeners[0].socket.getsockname()[1])
            nursery.start_soon(trio.serve_listeners, lambda stream: guarded(stream, talk), listeners)  # type: ignore[arg-type]

        await listen("plain", partial(plain, asked, cases))
        await listen("trap", trap)
        await listen("trap", trap, "127.0.0.2", where["trap"])
        for host in ("::1",):
            try:
                await listen("trap", trap, host, where["trap"])
            except OSError:
                print("no IPv6 on this machine: one trap less", file=sys.stderr)
        for kind, context in contexts(root, ca).items():
            await listen(f"tls {kind}", partial(over_tls, asked, cases, kind, context))
        for kind in INSTEAD:
            await listen(f"tls {kind}", partial(instead, kind))
        with trio.socket.socket() as full, trio.socket.socket() as shut:
            # A backlog that is full swallows the SYN; that is as near to a black hole as loopback comes.
            await full.bind((HERE, 0))
            full.listen(0)
            await shut.bind((HERE, 0))
            where["full"], where["shut"] = full.getsockname()[1], shut.getsockname()[1]
            blockers = []
            for _ in range(4):
                with trio.move_on_after(0.1):
                    blockers.append(await trio.open_tcp_stream(HERE, where["full"]))
            Places.trap = where["trap"]
            print(json.dumps({"where": where, "ca": str(root / "ca.pem")}), flush=True)
            await trio.to_thread.run_sync(sys.stdin.buffer.read)
            for blocker in blockers:
                await blocker.aclose()
        nursery.cancel_scope.cancel()
    print(json.dumps({"requests": asked.requests, "cookies": asked.cookies, "trapped": asked.trapped}), flush=True)


async def healthy() -> None:
    """One platform that does all well."""

    async def serve(stream: trio.SocketStream) -> None:
        peer = Peer(stream, stream, 0, Log())
        while await peer.request() is not None:
            await peer.send(ok(CLEAN[SO360]))

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host=HERE)
        nursery.start_soon(trio.serve_listeners, lambda stream: guarded(stream, serve), listeners)  # type: ignore[arg-type]
        print(json.dumps({"where": {"plain": listeners[0].socket.getsockname()[1]}}), flush=True)
        await trio.to_thread.run_sync(sys.stdin.buffer.read)
        nursery.cancel_scope.cancel()


def main(what: str) -> None:
    if what == "healthy":
        trio.run(healthy)
    else:
        with tempfile.TemporaryDirectory() as root:
            trio.run(hostile, Path(root))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "hostile")
