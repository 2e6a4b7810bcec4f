"""A child process: one client at work against one URL, on the core that its parent pinned it to.

`python -m benchmarks.clients session|httpx|load URL CALLERS SECONDS [CA]` prints one line of JSON. The first two are
measured themselves; `load` only drives the exporter, so it is as cheap as we can make it.
"""

import json
import os
import select
import socket
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import trio

from numtrustd.http import Http
from numtrustd.wire.exchange import Limits, Reply, Request

CONNECTIONS = 100
"""At most; httpx's own default, so both have the same."""

CROWD = 1_000
"""Callers from which on the first answers of a slow client take seconds."""


def warm(callers: int) -> float:
    """Seconds before the window."""
    return 0.5 if callers < CROWD else 2.5


PATIENCE = 10.0
"""Seconds after which a client that has not come back from the window is given up."""

HEADERS = (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("User-Agent", "numtrustd/benchmark"))

Ask = Callable[[], Awaitable[bool]]


class Count:
    """Answers within the window, and the CPU time that they took."""

    def __init__(self) -> None:
        self.good = self.bad = 0

    async def window(self, before: float, seconds: float) -> dict[str, float]:
        await trio.sleep(before)
        good, bad = self.good, self.bad
        wall, cpu = time.perf_counter(), time.process_time()
        await trio.sleep(seconds)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"good": self.good - good, "bad": self.bad - bad, "wall": wall, "cpu": cpu}


async def _crowd(ask: Ask, callers: int, seconds: float) -> None:
    count = Count()

    async def caller() -> None:
        while True:
            if await ask():
                count.good += 1
            else:
                count.bad += 1

    async with trio.open_nursery() as nursery:
        for _ in range(callers):
            nursery.start_soon(caller)
        print(json.dumps(await count.window(warm(callers), seconds)), flush=True)
        # A crowd inside httpx may take minutes to be cancelled; nothing here is worth waiting for.
        os._exit(0)


async def session(url: str, callers: int, seconds: float, ca: Path | None) -> None:
    """Our own way out."""
    parts = urlsplit(url)
    request = Request("GET", f"{parts.scheme}://{parts.netloc}", parts.path, HEADERS)
    async with Http(ca_file=ca) as http:
        fetcher = http.session(connections=min(callers, CONNECTIONS), limits=Limits(deadline=30.0))

        async def ask() -> bool:
            outcome = await fetcher.fetch(request)
            return isinstance(outcome, Reply) and outcome.status == 200

        await _crowd(ask, callers, seconds)


async def plain_httpx(url: str, callers: int, seconds: float, ca: Path | None) -> None:
    """httpx as its documentation shows it; without time-outs, so that nothing but its own speed speaks."""
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=ca) if ca else True, timeout=None) as client:

        async def ask() -> bool:
            return (await client.get(url)).status_code == 200

        await _crowd(ask, callers, seconds)


def load(url: str, callers: int, seconds: float) -> dict[str, float]:
    """Keep-alive requests from `callers` sockets at once, on bare epoll; a good answer says `probe_success 1`."""
    parts = urlsplit(url)
    wire = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    assert parts.hostname is not None
    assert parts.port is not None
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    seen: dict[int, bytearray] = {}
    for _ in range(callers):
        sock = socket.create_connection((parts.hostname, parts.port))
        sock.setblocking(False)
        sockets[sock.fileno()], seen[sock.fileno()] = sock, bytearray()
        poll.register(sock.fileno(), select.EPOLLIN)
        sock.send(wire)
    start = time.perf_counter() + warm(callers)
    good = bad = 0
    began = 0.0
    while (now := time.perf_counter()) < start + seconds:
        if not began and now >= start:
            began, good, bad = now, 0, 0
        for fd, _ in poll.poll(0.1):
            data = sockets[fd].recv(65_536)
            if not data:
                raise ConnectionError("the exporter closed a connection")
            buffer = seen[fd]
            buffer += data
            if not _whole(buffer):
                continue
            if b"\nprobe_success 1\n" in buffer:
                good += 1
            else:
                bad += 1
            buffer.clear()
            sockets[fd].send(wire)
    return {"good": good, "bad": bad, "wall": time.perf_counter() - began, "cpu": 0.0}


def _whole(answer: bytearray) -> bool:
    """Whether an answer has arrived, by what Go's server sends: chunks, or a length."""
    if answer.endswith(b"\r\n0\r\n\r\n"):
        return True
    head = answer.find(b"\r\n\r\n")
    at = answer.find(b"Content-Length: ", 0, head)
    return at >= 0 and len(answer) >= head + 4 + int(answer[at + 16 : answer.find(b"\r\n", at)])


def main(kind: str, url: str, callers: str, seconds: str, ca: str = "") -> None:
    if kind == "load":
        print(json.dumps(load(url, int(callers), float(seconds))))
        return
    client = plain_httpx if kind == "httpx" else session
    trio.run(client, url, int(callers), float(seconds), Path(ca) if ca else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
