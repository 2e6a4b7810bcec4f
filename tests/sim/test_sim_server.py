"""The simulator on real sockets and as a real process, asked by the standard library's client."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from numtrustd.clock import Clock
from numtrustd.sim import server
from numtrustd.sim.script import Faults, Label, Story
from numtrustd.sim.server import StateFile, serve
from numtrustd.sim.service import Service
from numtrustd.sim.world import World

T0 = 1_772_413_200.0
AMERICAN = "+14155552671"
SOGOU = "/sogou.search/web?query=13800138000"
REMEDIATION = "/telnyx/v2/enterprises/e1/reputation/remediation"
KEY = {"Authorization": "Bearer k", "Content-Type": "application/json"}
ASK = json.dumps({"phone_numbers": [AMERICAN], "call_purpose": "x [NT-A]"})
STORY = Story("test", (Label(AMERICAN, "telnyx", "Spam"), Label("13800138000", "sogou", "营销推广")))


def world() -> World:
    return World.create(seed=4, origin=T0, story=STORY)


@contextlib.contextmanager
def connect(port: int) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        yield client
    finally:
        client.close()


def ask(client: http.client.HTTPConnection, method: str, target: str, body: str = "") -> tuple[int, bytes]:
    client.request(method, target, body or None, KEY)
    reply = client.getresponse()
    return reply.status, reply.read()


@pytest.fixture
async def port(nursery: trio.Nursery, tmp_path: Path) -> AsyncIterator[int]:
    start = partial(
        serve,
        Service(world()),
        Clock(origin=T0),
        state=StateFile(tmp_path / "state.json"),
    )
    found: int = await nursery.start(start)
    yield found
    nursery.cancel_scope.cancel()


def in_thread(what: Callable[[], Any]) -> Any:
    return trio.to_thread.run_sync(what)


async def test_many_requests_go_over_one_connection(port: int) -> None:
    def client() -> list[tuple[int, bool]]:
        seen = []
        with connect(port) as connection:
            for _ in range(5):
                status, body = ask(connection, "GET", SOGOU)
                seen.append((status, "营销推广-号码查询服务" in body.decode()))
                sockets.add(connection.sock)
        return seen

    sockets: set[object] = set()
    assert await in_thread(client) == [(200, True)] * 5
    assert len(sockets) == 1


async def test_what_was_acknowledged_is_on_disk_before_the_answer(port: int, tmp_path: Path) -> None:
    def client() -> tuple[int, bytes]:
        with connect(port) as connection:
            return ask(connection, "POST", REMEDIATION, ASK)

    status, _ = await in_thread(client)
    assert status == 202
    again = StateFile(tmp_path / "state.json").load()
    assert again is not None
    assert [a.ref for a in again.state.appeals] == ["NT-A"]
    assert again.face("sogou", "+8613800138000", T0 + 1).words == "营销推广"


@pytest.mark.parametrize(("fault", "error"), [("lost", 0), ("refuse", 0), ("cut", 1)])
async def test_silence_and_half_answers_end_the_connection(port: int, fault: str, error: int) -> None:
    def client() -> None:
        wanted = http.client.IncompleteRead if error else http.client.RemoteDisconnected
        with connect(port) as connection:
            assert ask(connection, "POST", "/script", json.dumps({"do": "faults", fault: 1.0}))[0] == 200
            with pytest.raises(wanted):
                ask(connection, "POST", REMEDIATION, ASK)

    await in_thread(client)


async def test_what_is_not_http_is_dropped_and_others_are_served(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_BODY", 1_000)

    def client() -> None:
        for sent in (b"\x16\x03\x01garbage\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a", b""):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
                raw.sendall(sent)
                raw.shutdown(socket.SHUT_WR)
                assert raw.recv(1_000) == b""
        with connect(port) as huge, pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            ask(huge, "POST", "/script", "x" * 2_000)
        with connect(port) as other:
            assert ask(other, "GET", SOGOU)[0] == 200

    await in_thread(client)


async def test_connections_beyond_the_bound_are_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 2)

    def client() -> None:
        gone = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
        with connect(port) as one, connect(port) as two, connect(port) as third:
            assert [ask(held, "GET", SOGOU)[0] for held in (one, two)] == [200, 200]
            with pytest.raises(gone):
                ask(third, "GET", SOGOU)
            assert [ask(held, "GET", SOGOU)[0] for held in (one, two)] == [200, 200]

    await in_thread(client)


def test_a_state_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert StateFile(path).load() is None
    for damage in (b"", b"{}", b"\xff\xfe", b'{"seed":1}'):
        path.write_bytes(damage)
        with pytest.raises(ValueError, match=r"state\.json: not a simulator's state"):
            StateFile(path).load()


def test_only_changes_are_written(tmp_path: Path) -> None:
    file, w = StateFile(tmp_path / "deep" / "state.json"), world()
    file.save(w)
    before = file.path.stat().st_ino
    w.face("sogou", "+8613800138000", T0 + 99)
    file.save(w)
    assert file.path.stat().st_ino == before
    w.inject(Faults(lost=0.5), T0)
    file.save(w)
    assert file.path.stat().st_ino != before
    assert list(file.path.parent.iterdir()) == [file.path]


Start = Callable[..., tuple["subprocess.Popen[str]", http.client.HTTPConnection]]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[tuple[subprocess.Popen[str], http.client.HTTPConnection]] = []

    def go(*options: str) -> tuple["subprocess.Popen[str]", http.client.HTTPConnection]:
        command = [sys.executable, "-m", "numtrustd.sim", *options]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.readline().removeprefix("listening http://").strip()
        client = http.client.HTTPConnection(said, timeout=5)
        running.append((process, client))
        return process, client

    yield go
    for process, client in running:
        client.close()
        process.kill()
        process.wait(5)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.mark.process
def test_the_process_carries_on_from_its_state_after_a_kill(start: Start, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("number,name\n138-0013-8000,a\nnot a number,b\n+1 415 555 2671,c\n", "utf-8-sig")
    common = ("--story", "demo", "--numbers", str(numbers), "--state", str(tmp_path / "state.json"))
    process, client = start(*common, "--speed", "1000000", "--seed", "9")
    status, _ = ask(client, "POST", REMEDIATION, ASK)
    assert status == 202
    process.kill()
    process.wait(5)
    process, client = start(*common, "--speed", "2", "--clock-origin", str(T0 + 50 * 86_400))
    truth = json.loads(ask(client, "GET", "/truth")[1])
    assert (truth["seed"], truth["story"], truth["origin"]) == (9, "demo", T0)
    assert [s["ref"] for s in truth["submissions"]] == ["NT-A"]
    assert {h["number"] for h in truth["chronicle"]} == {"+8613800138000", AMERICAN}
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


@pytest.mark.process
def test_the_process_goes_with_its_parent_and_not_before(start: Start) -> None:
    base = str(Clock().monotonic() - 10.0)
    options = ("--exit-with-parent", "--lost", "1", "--fault", "hang=0")
    process, client = start(*options, "--clock-base", base, "--clock-origin", str(T0), "--speed", "60")
    process.send_signal(signal.SIGINT)
    now = json.loads(ask(client, "GET", "/truth")[1])["now"]
    assert T0 + 600 <= now < T0 + 6_000
    with pytest.raises(http.client.RemoteDisconnected):
        ask(client, "GET", SOGOU)
    assert process.poll() is None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(5) == 0


@pytest.mark.process
@pytest.mark.parametrize(
    ("options", "complaint"),
    [(("--fault", "wish=1"), "wish"), (("--state", "{tmp}/bad"), "not a simulator's state")],
)
def test_bad_options_are_named(options: tuple[str, ...], complaint: str, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("{")
    command = [sys.executable, "-m", "numtrustd.sim", *(o.format(tmp=tmp_path) for o in options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, env=dict(os.environ))
    assert done.returncode != 0
    assert complaint in done.stderr
