"""What a well-behaved platform gets and gives."""

import logging

import httpx
import pytest
import trio
from loopback import Peer, Serve, always, ok

from numtrustd.http import Http
from numtrustd.wire.exchange import Failure, Limits, NotSent, Reply, Request, Unknown

LIMITS = Limits(deadline=2.0, connect=1.0)


async def test_a_reply_is_whole_and_its_header_names_are_lower_case(http: Http, serve: Serve) -> None:
    server = await serve(always(ok(b'{"a":1}', b"X-Kind: One ", b"Set-Cookie: a=1", b"Set-Cookie: b=2")))
    session = http.session(connections=1, limits=LIMITS)
    reply = await session.fetch(Request("GET", server.origin, "/q?tel=10086", (("Referer", "https://x.cn/"),)))
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body) == (200, b'{"a":1}')
    assert reply.headers == (
        ("content-length", "7"),
        ("x-kind", "One"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    )
    assert 0 < reply.elapsed < 1
    head = server.requests[0].decode().split("\r\n")
    assert head[0] == "GET /q?tel=10086 HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in head
    assert "Referer: https://x.cn/" in head
    assert "Accept-Encoding: identity" in head
    assert not any(line.lower().startswith(("connection", "content-length", "cookie")) for line in head)


async def test_a_prepared_request_is_used_again_with_only_target_and_body_changed(http: Http, serve: Serve) -> None:
    server = await serve(always(ok(b"")))
    session = http.session(connections=2, limits=LIMITS)
    headers = (("Content-Type", "application/json"),)
    for n in range(3):
        request = Request("POST", server.origin, f"/{n}", headers, b"{%d}" % n)
        assert isinstance(await session.fetch(request), Reply)
    assert isinstance(await session.fetch(Request("POST", server.origin, "/empty", headers)), Reply)
    assert [r.split(b" ")[1] for r in server.requests] == [b"/0", b"/1", b"/2", b"/empty"]
    assert [r.rpartition(b"\r\n\r\n")[2] for r in server.requests] == [b"{0}", b"{1}", b"{2}", b""]
    assert b"Content-Length: 3\r\n" in server.requests[2]
    assert b"Content-Length: 0\r\n" in server.requests[3]
    assert all(r.count(b"Content-Length") == 1 for r in server.requests)


async def test_the_clients_own_headers_cannot_be_taken_over(http: Http, serve: Serve) -> None:
    server = await serve(always(ok(b"")))
    session = http.session(connections=1, limits=LIMITS)

    async def outcome(*headers: tuple[str, str], target: str = "/", method: str = "GET") -> object:
        return await session.fetch(Request(method, server.origin, target, headers))

    for bad in ("Host", "content-length", "Transfer-Encoding", "Connection", "Expect"):
        refused = await outcome((bad, "x"))
        assert isinstance(refused, NotSent)
        assert refused.failure is Failure.REFUSED
        assert bad in refused.detail
    for smuggled in (("X-A", "b\r\nX-C: d"), ("X A", "b"), ("X-A", "中"), ("", "b")):
        assert isinstance(await outcome(smuggled), NotSent)
    for target in ("", "x", "/a b", "/a\r\nX: y", "/中", "http://x/"):
        assert isinstance(await outcome(target=target), NotSent)
    assert isinstance(await outcome(method="CONNECT"), NotSent)
    assert isinstance(await outcome(method="GET /x"), NotSent)
    assert server.requests == []
    assert isinstance(await outcome(("Accept-Encoding", "gzip"), ("User-Agent", "me")), Reply)
    assert b"gzip" not in server.requests[0]
    assert server.requests[0].count(b"User-Agent: me\r\n") == server.requests[0].lower().count(b"user-agent")


@pytest.mark.covers("N9")
@pytest.mark.parametrize(
    "origin",
    [
        "http://10.0.0.1",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://127.1",
        "http://[::2]",
        "http://0/",
    ],
)
async def test_plain_http_stays_on_this_machine(http: Http, origin: str) -> None:
    outcome = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", origin, "/"))
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.REFUSED
    assert "plain http" in outcome.detail


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://",
        "https://a@b",
        "https://x/y",
        "http://[",
        "https://x:99999",
    ],
)
async def test_an_address_that_is_no_origin_is_refused(http: Http, origin: str) -> None:
    outcome = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", origin, "/"))
    assert isinstance(outcome, NotSent)
    assert outcome.failure is Failure.REFUSED


async def test_only_allowed_hosts_are_spoken_to(http: Http, serve: Serve) -> None:
    server = await serve(always(ok(b"")))
    session = http.session(connections=1, limits=LIMITS, allow_hosts=frozenset({"127.0.0.1"}))
    assert isinstance(await session.fetch(Request("GET", server.origin, "/")), Reply)
    refused = await session.fetch(Request("GET", f"http://localhost:{server.port}", "/"))
    assert refused == NotSent(Failure.REFUSED, "localhost is not one of the official hosts")
    assert len(server.requests) == 1


async def test_localhost_needs_no_name_server(http: Http, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(always(ok(b"here")))
    monkeypatch.setattr("socket.getaddrinfo", None)
    session = http.session(connections=1, limits=LIMITS)
    reply = await session.fetch(Request("GET", f"http://localhost:{server.port}", "/"))
    assert isinstance(reply, Reply)
    assert reply.body == b"here"


@pytest.mark.covers("W9", "N9")
@pytest.mark.parametrize(
    "location",
    [
        b"/elsewhere",
        b"http://10.0.0.1/",
        b"file:///etc/passwd",
        b"http://[bad",
        b"\xff\xfe",
        b"javascript:1",
        b"http://x:abc/",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_reply_and_is_not_followed(
    http: Http, serve: Serve, status: int, location: bytes
) -> None:
    server = await serve(always(b"HTTP/1.1 %d Moved\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % (status, location)))
    reply = await http.session(connections=1, limits=LIMITS).fetch(Request("POST", server.origin, "/", (), b"x"))
    assert isinstance(reply, Reply)
    assert reply.status == status
    assert reply.header("location") == location.decode("latin-1")
    assert len(server.requests) == 1


@pytest.mark.covers("N13")
async def test_cookies_are_not_kept(http: Http, serve: Serve) -> None:
    server = await serve(always(ok(b"", b"Set-Cookie: id=13800000000; Path=/; Max-Age=9999")))
    session = http.session(connections=1, limits=LIMITS)
    for _ in range(3):
        assert isinstance(await session.fetch(Request("GET", server.origin, "/")), Reply)
    assert len(server.requests) == 3
    assert not any(b"cookie" in request.lower() for request in server.requests)


@pytest.mark.covers("N10")
async def test_the_environment_is_not_asked(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login eve password secret\n")
    monkeypatch.setenv("HOME", str(home))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    monkeypatch.setenv("SSLKEYLOGFILE", str(home / "keys"))
    server = await serve(always(ok(b"direct")))
    async with Http() as http:
        reply = await http.session(connections=1, limits=LIMITS).fetch(Request("GET", server.origin, "/"))
    assert isinstance(reply, Reply)
    assert reply.body == b"direct"
    assert b"authorization" not in server.requests[0].lower()
    assert not (home / "keys").exists()


async def test_a_head_request_waits_for_no_body(http: Http, serve: Serve) -> None:
    server = await serve(always(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n"))
    session = http.session(connections=1, limits=LIMITS)
    for _ in range(2):
        reply = await session.fetch(Request("HEAD", server.origin, "/"))
        assert isinstance(reply, Reply)
        assert reply.body == b""
    assert server.accepted == 1


async def test_urls_are_not_logged(http: Http, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = await serve(always(ok(b"")))
    with caplog.at_level(logging.DEBUG):
        await http.session(connections=1, limits=LIMITS).fetch(Request("GET", server.origin, "/?key=secret"))
    assert "secret" not in caplog.text


async def test_refused_connections_were_not_sent(http: Http) -> None:
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    session = http.session(connections=1, limits=LIMITS)
    outcome = await session.fetch(Request("POST", f"http://127.0.0.1:{port}", "/", (), b"x"))
    assert outcome == NotSent(Failure.CONNECT, f"127.0.0.1 port {port}: Connection refused")


async def test_a_fault_of_ours_is_a_value_too(http: Http, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await serve(always(ok(b"")))

    async def broken(*_args: object, **_more: object) -> object:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("numtrustd.http.transport.read_answer", broken)
    session = http.session(connections=1, limits=LIMITS)
    outcome = await session.fetch(Request("GET", server.origin, "/"))
    assert outcome == Unknown(Failure.PROTOCOL, "ZeroDivisionError: a bug")
    monkeypatch.undo()
    assert isinstance(await session.fetch(Request("GET", server.origin, "/")), Reply)


async def test_a_closed_session_sends_nothing(http: Http, serve: Serve) -> None:
    server = await serve(always(ok(b"")))
    session = http.session(connections=2, limits=LIMITS)
    assert isinstance(await session.fetch(Request("GET", server.origin, "/")), Reply)
    await http.aclose()
    outcome = await session.fetch(Request("GET", server.origin, "/"))
    assert outcome == NotSent(Failure.REFUSED, "the session is closed")
    await trio.sleep(0.02)
    assert server.open == 0


async def test_a_session_closed_meanwhile_lets_requests_end(http: Http, serve: Serve) -> None:
    go = trio.Event()

    async def handler(peer: Peer) -> None:
        while await peer.request() is not None:
            await go.wait()
            await peer.send(ok(b"late"))

    server = await serve(handler)
    session = http.session(connections=1, limits=LIMITS)
    async with trio.open_nursery() as nursery:

        async def fetch() -> None:
            reply = await session.fetch(Request("GET", server.origin, "/"))
            assert isinstance(reply, Reply)

        nursery.start_soon(fetch)
        while not server.requests:
            await trio.sleep(0.001)
        await session.aclose()
        go.set()
    await trio.sleep(0.02)
    assert server.open == 0


def test_httpx_is_as_this_was_built_for() -> None:
    """What the session leans on in httpx: an overridable cookie store, and no transport of its own."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)), trust_env=False)
    assert isinstance(type(client).cookies, property)
