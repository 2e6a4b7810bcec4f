"""TLS: who is trusted, what a refusal says, and that a cut connection is not a clean end."""

import contextlib
import datetime as dt
import socket
import ssl
from pathlib import Path

import pytest
import trio
import trustme
from loopback import Peer, Serve, always, ok

from numtrustd.http import Http
from numtrustd.http.client import tls_context
from numtrustd.http.stream import PlainStream, TlsStream
from numtrustd.wire.exchange import Failure, Limits, NotSent, Reply, Request, Unknown

LIMITS = Limits(deadline=2.0, connect=1.0)


def server_context(cert: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    cert.configure_cert(context)
    return context


@pytest.fixture(params=["TLSv1.2", "TLSv1.3"])
def versioned_tls(ca: trustme.CA, request: pytest.FixtureRequest) -> ssl.SSLContext:
    context = server_context(ca.issue_cert("127.0.0.1", "localhost"))
    context.minimum_version = context.maximum_version = {
        "TLSv1.2": ssl.TLSVersion.TLSv1_2,
        "TLSv1.3": ssl.TLSVersion.TLSv1_3,
    }[request.param]
    return context


async def test_requests_share_a_kept_tls_connection(http: Http, serve: Serve, versioned_tls: ssl.SSLContext) -> None:
    chosen = []
    versioned_tls.set_alpn_protocols(["h2", "http/1.1"])

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            assert isinstance(peer.stream, trio.SSLStream)
            chosen.append(peer.stream.selected_alpn_protocol())
            await peer.send(ok(b"x" * 100_000))

    server = await serve(handler, tls=versioned_tls)
    session = http.session(connections=1, limits=LIMITS)
    for origin in (server.origin, server.origin, server.origin):
        reply = await session.fetch(Request("POST", origin, "/", (), b"y" * 100_000))
        assert isinstance(reply, Reply), reply
        assert reply.body == b"x" * 100_000
    assert all(request.endswith(b"y" * 100_000) for request in server.requests)
    assert server.accepted == 1
    assert chosen == ["http/1.1"] * 3


async def test_https_to_localhost_by_name(http: Http, serve: Serve, server_tls: ssl.SSLContext) -> None:
    server = await serve(always(ok(b"named")), tls=server_tls)
    session = http.session(connections=1, limits=LIMITS)
    reply = await session.fetch(Request("GET", f"https://localhost:{server.port}", "/"))
    assert isinstance(reply, Reply)


@pytest.fixture(scope="session")
def self_signed_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA's own certificate put to use as a server's, which nobody vouches for."""
    path = tmp_path_factory.mktemp("self") / "self.pem"
    stranger = trustme.CA()
    stranger.private_key_pem.write_to_path(path)
    stranger.cert_pem.write_to_path(path, append=True)
    return path


@pytest.mark.covers("N7")
async def test_certificates_that_prove_nothing_are_refused(
    http: Http, ca: trustme.CA, serve: Serve, self_signed_pem: Path
) -> None:
    self_signed = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    self_signed.load_cert_chain(self_signed_pem)
    long_ago = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    contexts = {"self-signed certificate": self_signed}
    certs = {
        "unable to get local issuer certificate": trustme.CA().issue_cert("127.0.0.1"),
        "IP address mismatch": ca.issue_cert("127.0.0.2", "example.com"),
        "certificate has expired": ca.issue_cert(
            "127.0.0.1", not_before=long_ago, not_after=long_ago + dt.timedelta(days=9)
        ),
        "certificate is not yet valid": ca.issue_cert("127.0.0.1", not_before=dt.datetime(2090, 1, 1, tzinfo=dt.UTC)),
    }
    contexts |= {words: server_context(cert) for words, cert in certs.items()}
    for words, context in contexts.items():
        server = await serve(always(ok(b"")), tls=context)
        outcome = await http.session(connections=1, limits=LIMITS).fetch(Request("POST", server.origin, "/", (), b"x"))
        assert isinstance(outcome, NotSent)
        assert outcome.failure is Failure.TLS
        assert words in outcome.detail
        assert server.requests == []


@pytest.mark.covers("N7")
async def test_a_wrong_name_is_refused(http: Http, ca: trustme.CA, serve: Serve) -> None:
    server = await serve(always(ok(b"")), tls=server_context(ca.issue_cert("other.example")))
    session = http.session(connections=1, limits=LIMITS)
    outcome = await session.fetch(Request("GET", f"https://localhost:{server.port}", "/"))
    assert isinstance(outcome, NotSent)
    assert "Hostname mismatch" in outcome.detail


async def test_without_the_ca_file_its_platforms_are_strangers(serve: Serve, server_tls: ssl.SSLContext) -> None:
    server = await serve(always(ok(b"")), tls=server_tls)
    async with Http() as http:
        outcome = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", server.origin, "/"))
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.TLS


async def test_a_name_that_tls_cannot_speak_of_was_not_sent(
    http: Http, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(always(ok(b"")))
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [here])
    session = http.session(connections=1, limits=LIMITS)
    outcome = await session.fetch(Request("GET", f"https://.example:{server.port}", "/"))
    assert isinstance(outcome, NotSent)
    assert "label" in outcome.detail
    await trio.sleep(0.01)
    assert server.open == 0


async def test_plain_http_where_tls_was_due(http: Http, serve: Serve) -> None:
    async def handler(peer: Peer) -> None:
        await peer.stream.receive_some(1)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    outcome = await session.fetch(Request("GET", server.origin.replace("http:", "https:"), "/"))
    assert outcome == NotSent(Failure.TLS, "wrong version number")


async def test_a_handshake_cut_short_was_not_sent(http: Http, serve: Serve) -> None:
    async def handler(peer: Peer) -> None:
        await peer.stream.receive_some(1)
        if peer.number:
            peer.reset()

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    for _ in range(2):
        outcome = await session.fetch(Request("GET", server.origin.replace("http:", "https:"), "/"))
        assert isinstance(outcome, NotSent), outcome
        assert outcome.failure in (Failure.TLS, Failure.RESET)
        assert outcome.detail


@pytest.mark.covers("N7")
async def test_an_old_protocol_version_is_refused(http: Http, ca: trustme.CA, serve: Serve) -> None:
    context = server_context(ca.issue_cert("127.0.0.1"))
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    server = await serve(always(ok(b"")), tls=context)
    outcome = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", server.origin, "/"))
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.TLS


@pytest.mark.parametrize("goodbye", [True, False])
async def test_a_body_that_ends_with_the_connection_needs_a_goodbye(
    http: Http, serve: Serve, versioned_tls: ssl.SSLContext, goodbye: bool
) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it?")
        if goodbye:
            assert isinstance(peer.stream, trio.SSLStream)
            await peer.stream.unwrap()

    server = await serve(handler, tls=versioned_tls)
    outcome = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", server.origin, "/"))
    if goodbye:
        assert isinstance(outcome, Reply)
        assert outcome.body == b"all of it?"
    else:
        assert isinstance(outcome, Unknown)
        assert outcome.failure is Failure.RESET


class _TogetherSocket(trio.abc.Stream):
    """Holds back what is written until told, so that several TLS records leave in one segment."""

    def __init__(self, inner: trio.SocketStream) -> None:
        self.inner, self.held, self.hold = inner, b"", False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.held += bytes(data)
        if not self.hold:
            held, self.held = self.held, b""
            await self.inner.send_all(held)

    async def wait_send_all_might_not_block(self) -> None:
        await self.inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self.inner.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.mark.covers("N8")
async def test_a_forged_answer_in_a_second_record_is_not_the_next_requests(
    http: Http, serve: Serve, versioned_tls: ssl.SSLContext
) -> None:
    """Its bytes are already off the socket and still encrypted when the first answer is whole."""

    async def handler(peer: Peer) -> None:
        together = _TogetherSocket(peer.socket)
        peer.stream = trio.SSLStream(together, versioned_tls, server_side=True, https_compatible=True)
        while await peer.request() is not None:
            together.hold = peer.number == 0
            await peer.send(ok(b"asked"))
            together.hold = False
            if peer.number == 0:
                await peer.send(ok(b"forged"))

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    origin = server.origin.replace("http:", "https:")
    for _ in range(2):
        reply = await session.fetch(Request("GET", origin, "/"))
        assert isinstance(reply, Reply), reply
        assert reply.body == b"asked"
    assert server.accepted == 2


@pytest.mark.parametrize("late", [b"", b"H"])
async def test_an_idle_tls_connection_is_looked_at(
    http: Http, serve: Serve, versioned_tls: ssl.SSLContext, late: bytes
) -> None:
    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(ok(b"asked"))
            if peer.number == 0:
                await trio.sleep(0.01)
                if not late:
                    return
                await peer.send(late)

    server = await serve(handler, tls=versioned_tls)
    session = http.session(connections=1, limits=LIMITS)
    for _ in range(2):
        assert isinstance(await session.fetch(Request("POST", server.origin, "/", (), b"x")), Reply)
        await trio.sleep(0.03)
    assert (len(server.requests), server.accepted) == (2, 2)


async def test_a_late_session_ticket_does_not_spoil_a_kept_connection(ca: trustme.CA, ca_file: Path) -> None:
    """TLS 1.3 servers may send tickets at any time: bytes on an idle socket, but no answer."""
    context = server_context(ca.issue_cert("127.0.0.1"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    here, there = socket.socketpair()
    here.setblocking(False)
    client = TlsStream(PlainStream(here), tls_context(ca_file), "127.0.0.1")
    peer = trio.SocketStream(trio.socket.from_stdlib_socket(there))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)

    async def serve_handshake() -> None:
        while True:
            try:
                return server.do_handshake()
            except ssl.SSLWantReadError:
                await peer.send_all(outgoing.read())
                incoming.write(await peer.receive_some())

    async with peer:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_handshake)
            await client.handshake()
        assert client.quiet()
        assert outgoing.pending  # OpenSSL writes its tickets with the end of the handshake; we hold them back
        await peer.send_all(outgoing.read())
        assert client.quiet()
        server.write(b"HTTP/1.1 200 OK")
        await peer.send_all(outgoing.read())
        assert not client.quiet()
    client.close()


class _InPieces(PlainStream):
    """What waits on it comes in pieces, as from below where each record of a proxy's TLS is read by itself."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.pieces: list[bytes] = []

    def poll(self) -> bytes | None:
        return self.pieces.pop(0) if self.pieces else super().poll()


@pytest.mark.covers("N8")
@pytest.mark.parametrize("pieces", [1, 2, 3, 9])
async def test_what_waits_in_pieces_is_found(ca: trustme.CA, ca_file: Path, pieces: int) -> None:
    context = server_context(ca.issue_cert("127.0.0.1"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    here, there = socket.socketpair()
    here.setblocking(False)
    below = _InPieces(here)
    client = TlsStream(below, tls_context(ca_file), "127.0.0.1")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    async with trio.SocketStream(trio.socket.from_stdlib_socket(there)) as peer:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.handshake)
            for _ in range(2):
                incoming.write(await peer.receive_some())
                with contextlib.suppress(ssl.SSLWantReadError):
                    server.do_handshake()
                    break
                await peer.send_all(outgoing.read())
        below.pieces = [outgoing.read()]
        assert client.quiet()  # session tickets
        server.write(b"HTTP/1.1 200 OK")
        record = outgoing.read()
        step = -(-len(record) // pieces)
        below.pieces = [record[at : at + step] for at in range(0, len(record), step)]
        assert not client.quiet()
    client.close()


def test_the_context_verifies_and_leaves_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ca_file: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.options & ssl.OP_IGNORE_UNEXPECTED_EOF
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    mine = ssl.PEM_cert_to_DER_cert(ca_file.read_text())
    assert mine not in context.get_ca_certs(binary_form=True)
    assert mine in tls_context(ca_file).get_ca_certs(binary_form=True)
    with pytest.raises(FileNotFoundError):
        tls_context(tmp_path / "absent.pem")
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(ssl.SSLError):
        tls_context(tmp_path / "bad.pem")
