"""Names: a hung name server holds up only its own host, and only two threads of it."""

import socket
import threading
import time

import pytest
import trio
import trio.testing
from loopback import Serve, always, ok

from numtrustd.http import Http
from numtrustd.http import resolver as resolver_module
from numtrustd.http.fault import Fault
from numtrustd.http.resolver import Resolver
from numtrustd.wire.exchange import Failure, Limits, NotSent, Reply, Request

HERE = (socket.AF_INET, socket.SOCK_STREAM, 6, "")


class Names:
    """Stands in for the system's look-up: `*.hung` hang until `release`, `*.gone` do not exist."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.asked: list[str] = []
        self.now = self.most = 0
        self._lock = threading.Lock()

    def getaddrinfo(self, host: str, port: int, **_more: object) -> list[object]:
        with self._lock:
            self.asked.append(host)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            if host.endswith(".hung"):
                self.release.wait(5)
            if host.endswith(".gone"):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            if host.endswith(".empty"):
                return []
            return [(*HERE, ("127.0.0.1", port)), (socket.AF_UNIX, 1, 0, "", "x")]
        finally:
            with self._lock:
                self.now -= 1


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> object:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    yield names
    names.release.set()
    with trio.fail_after(2):
        while names.now:
            await trio.sleep(0.001)


async def test_a_found_address_is_used_again_for_a_while(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver()
    first = await resolver.resolve("a.example", 443)
    assert first == ((socket.AF_INET, ("127.0.0.1", 443)),)
    assert await resolver.resolve("a.example", 443) == first
    assert names.asked == ["a.example"]
    await resolver.resolve("a.example", 8443)
    assert len(names.asked) == 2
    monkeypatch.setattr(resolver_module, "TTL", 0.0)
    await resolver.resolve("b.example", 443)
    await resolver.resolve("b.example", 443)
    assert len(names.asked) == 4


@pytest.mark.parametrize("host", ["a.gone", "a.empty"])
async def test_failures_are_not_kept_and_say_why(names: Names, host: str) -> None:
    resolver = Resolver()
    for _ in range(2):
        with pytest.raises(Fault, match=f"{host}: ") as caught:
            await resolver.resolve(host, 443)
        assert caught.value.failure is Failure.DNS
    assert names.asked == [host, host]


async def test_a_name_that_no_name_can_be_is_a_dns_failure() -> None:
    with pytest.raises(Fault, match="label") as caught:
        await Resolver().resolve("x" * 70 + ".example", 443)
    assert caught.value.failure is Failure.DNS


async def test_literals_need_no_thread(names: Names) -> None:
    resolver = Resolver()
    assert await resolver.resolve("192.0.2.1", 1) == ((socket.AF_INET, ("192.0.2.1", 1)),)
    assert await resolver.resolve("2001:db8::1", 2) == ((socket.AF_INET6, ("2001:db8::1", 2, 0, 0)),)
    assert [a.sockaddr[0] for a in await resolver.resolve("localhost", 3)] == ["127.0.0.1", "::1"]
    assert names.asked == []


async def test_a_crowd_asks_at_most_twice(names: Names) -> None:
    resolver = Resolver()
    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(resolver.resolve, "a.example", 443)
    assert len(names.asked) <= 2


@pytest.mark.covers("N5")
async def test_a_hung_host_holds_two_threads_and_nobody_else(names: Names) -> None:
    resolver = Resolver()
    default = trio.to_thread.current_default_thread_limiter()
    async with trio.open_nursery() as nursery:
        for n in range(7):
            for _ in range(6):
                nursery.start_soon(resolver.resolve, f"{n}.hung", 443)
        with trio.fail_after(1):
            while names.now < 14:
                await trio.sleep(0.001)
        started = time.perf_counter()
        await resolver.resolve("healthy.example", 443)
        assert time.perf_counter() - started < 0.2
        assert default.borrowed_tokens == 0
        nursery.cancel_scope.cancel()
    assert time.perf_counter() - started < 0.4
    # The callers are gone, their threads are not: the places stay taken.
    with trio.move_on_after(0.05) as scope:
        await resolver.resolve("0.hung", 443)
    assert scope.cancelled_caught
    assert names.asked.count("0.hung") == 2
    names.release.set()
    with trio.fail_after(1):
        await resolver.resolve("0.hung", 443)


@pytest.mark.covers("N5")
async def test_no_more_than_sixteen_threads_in_all(names: Names) -> None:
    resolver = Resolver()
    async with trio.open_nursery() as nursery:
        for n in range(20):
            for _ in range(2):
                nursery.start_soon(resolver.resolve, f"{n}.hung", 443)
        with trio.fail_after(10):
            while names.now < 16:  # the system decides when a thread of ours begins
                await trio.sleep(0.001)
        await trio.testing.wait_all_tasks_blocked(0.02)
        assert names.most == 16
        nursery.cancel_scope.cancel()


async def test_a_hung_or_missing_name_was_not_sent(names: Names, http: Http) -> None:
    session = http.session(connections=1, limits=Limits(deadline=2.0, connect=0.05))
    outcome = await session.fetch(Request("GET", "https://a.hung", "/"))
    assert outcome == NotSent(Failure.TIMEOUT, "no connection in 0.05 s; last looking up the host")
    outcome = await session.fetch(Request("GET", "https://a.gone", "/"))
    assert outcome == NotSent(Failure.DNS, "a.gone: Name or service not known")


async def test_the_next_address_is_tried(
    http: Http, serve: Serve, server_tls: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(always(ok(b"second address")), tls=server_tls)
    refusing = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))
    answering = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [refusing, answering])
    session = http.session(connections=1, limits=Limits(deadline=2.0, connect=1.0))
    outcome = await session.fetch(Request("GET", f"https://two.example:{server.port}", "/"))
    assert isinstance(outcome, NotSent)  # it got there: what is refused is the certificate's name
    assert outcome.failure is Failure.TLS
    monkeypatch.setattr(resolver_module, "TTL", 0.0)
    reply = await session.fetch(Request("GET", f"https://localhost:{server.port}", "/"))
    assert isinstance(reply, Reply)
