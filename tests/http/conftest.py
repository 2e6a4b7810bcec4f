"""Fixtures: platforms over real loopback sockets, a CA that the client trusts, and the client."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
import trustme
from loopback import Handler, Peer, Serve, Server

from numtrustd.http import Http, client
from numtrustd.http.client import tls_context


@pytest.fixture
async def serve(nursery: trio.Nursery) -> Serve:
    """`await serve(handler, tls=context)`: a platform that runs `handler` on every connection."""

    async def start(handler: Handler, *, tls: ssl.SSLContext | None = None) -> Server:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        server = Server(listeners[0].socket.getsockname()[1], "https" if tls else "http")

        async def connection(socket: trio.SocketStream) -> None:
            number = server.accepted
            server.accepted += 1
            server.open += 1
            stream: trio.abc.Stream = socket
            if tls is not None:
                stream = trio.SSLStream(socket, tls, server_side=True, https_compatible=True)
            peer = Peer(stream, socket, number, server.requests)
            try:
                async with socket:
                    await handler(peer)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            finally:
                server.open -= 1

        nursery.start_soon(trio.serve_listeners, connection, listeners)
        return server

    return start


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="session")
def server_tls(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(ca_file: Path) -> ssl.SSLContext:
    return tls_context(ca_file)


@pytest.fixture
async def http(client_tls: ssl.SSLContext) -> AsyncIterator[Http]:
    """A client that trusts `ca`. Reading the system's trust anchors takes 40 ms, so all tests share one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "tls_context", lambda _ca_file: client_tls)
        http = Http()
    async with http:
        yield http
