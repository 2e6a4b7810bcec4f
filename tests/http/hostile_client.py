"""Looks at every hostile platform, one after the other and all at once, with little memory to spare, while a neighbour
goes on looking at a healthy one: `python -m tests.http.hostile_client PLAN`.

`PLAN` is JSON: `where` and `ca` as `hostile_server` printed them, `healthy` the port of the good one, `only` the names
of the cases (all if none are given), and `plant` a fault of ours that must not go unseen (see `plant`). Prints one JSON
line for each case, one for all at once, and one about itself. The transport and the reading of answers are the
daemon's; what is measured is explained at `Neighbour` and `Memory`.
"""

import json
import resource
import socket
import sys
import threading
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import trio

from numtrustd.domain.number import Number, parse
from numtrustd.domain.observation import Observation
from numtrustd.http import Http, Session
from numtrustd.http import transport as transport_module
from numtrustd.probes.extract import extract
from numtrustd.wire.exchange import Limits, Outcome, Reply, Request
from tests import packs
from tests.http.hostile_cases import AGGREGATOR, NUMBERS, SO360, Case, matrix

EVERY = 0.01
"""Seconds between two looks of the neighbour."""
BASE = 0.7
LATE = 0.2
"""Seconds of extra latency from which a case is tried again: a real block comes again, a busy machine's seldom does."""
ATTEMPTS = 3
SPARE = 300 << 20
"""Bytes of address space beyond what is mapped when the looks begin.

Most of it is never touched. Sixteen resolver threads reserve 8 MiB of stack each and glibc up to 64 MiB of heap for
some of them; what is left, some 100 MiB, is what a look may really take. The daemon's own unit may be tighter with
resident memory, which is asserted case by case.
"""

SOURCES = packs.sources()
ASKED = {name: parse(text) for name, text in NUMBERS.items()}


async def look(session: Session, source: str, origin: str, path: str) -> tuple[Outcome, tuple[Observation, ...]]:
    """One look, as a source's actor makes it: send, and read the answer."""
    number = ASKED[source]
    assert isinstance(number, Number)
    method, body = ("POST", b'{"phone":"1"}') if source == AGGREGATOR else ("GET", b"")
    outcome = await session.fetch(Request(method, origin, path, (), body))
    return outcome, extract(SOURCES[source], number, outcome, 0.0, {})


# -------------------------------------------------------------------------------------------------------- measurements


class Neighbour:
    """Looks at a healthy platform at fixed times, and how much later than usual each look was done.

    Latency counts from when a look was due, so that a loop that stands still is seen from its first moment. What the
    thread spent in the kernel's run queue, ready and without a processor, is the machine's fault and is taken off.
    """

    def __init__(self, http: Http, port: int) -> None:
        self._session = http.session(connections=1, limits=Limits(60.0, 30.0))
        self._origin = f"http://127.0.0.1:{port}"
        self.looks: list[tuple[float, float]] = []  # when due, how long it took
        self.base = 0.0

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        due = trio.current_time()
        task_status.started()
        while True:
            due += EVERY
            waited = queued()
            await trio.sleep_until(due)
            outcome, seen = await look(self._session, SO360, self._origin, "/well")
            assert isinstance(outcome, Reply), outcome
            assert seen[0].status == "clean", seen
            done = trio.current_time()
            self.looks.append((due, done - due - (queued() - waited)))
            due = max(due, done - EVERY)  # what fell due meanwhile has been counted by this one

    async def extra(self, since: float, until: float) -> list[float]:
        """The extra seconds of the looks that were due in this time, sorted."""
        while not self.looks or self.looks[-1][0] < until:
            await trio.sleep(EVERY / 4)
        within = [took for due, took in self.looks if since - EVERY <= due <= until + EVERY]
        # On a machine that stalls none may have been due: then the first one afterwards shows what there was.
        within = within or [next(took for due, took in self.looks if due >= until)]
        return sorted(max(0.0, took - self.base) for took in within)


def queued() -> float:
    """Seconds that this thread has waited for a processor; 0 where the kernel does not count them."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Memory:
    """Resident bytes of this process: the most since the last `begin`, beyond what they were at the start."""

    def __init__(self) -> None:
        self.start = status("VmRSS")
        self._reset()

    def begin(self) -> int:
        self._reset()
        return status("VmRSS")

    def most(self) -> int:
        return status("VmHWM")

    def _reset(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")


def status(field: str) -> int:
    """One figure of /proc/self/status, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) << 10
    raise KeyError(field)


# --------------------------------------------------------------------------------------------------------------- names


class Names:
    """The system's look-up, of which some names never come back."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self._real = socket.getaddrinfo

    def getaddrinfo(self, host: str, port: int, **more: Any) -> Any:
        here = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        match host:
            case "hung.example":
                self.release.wait()
            case "gone.example":
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            case "nowhere.example":
                return []
            case "of-500-addresses.example":
                return [(*here, (f"127.0.{n // 250}.{n % 250 + 1}", 1)) for n in range(500)]
        return self._real(host, port, **more)


HOSTS = {"that is none": "x" * 70 + ".example"}


def origin_of(case: Case, where: dict[str, int]) -> str:
    """Where a case is played."""
    kind, _, name = case.where.partition(" ")
    match kind:
        case "name":
            return f"https://{HOSTS.get(name, name.replace(' ', '-') + '.example')}"
        case "tls":
            return f"https://127.0.0.1:{where[case.where]}"
    return f"http://127.0.0.1:{where[case.where]}"


# --------------------------------------------------------------------------------------------------------------- cases


def ending(outcome: Outcome) -> tuple[str, str, str]:
    """(kind, failure, detail)"""
    if isinstance(outcome, Reply):
        return "Reply", "", ""
    return type(outcome).__name__, str(outcome.failure), outcome.detail


async def attempt(http: Http, case: Case, number: int, where: dict[str, int]) -> list[dict[str, Any]]:
    """All looks of one case over a session of its own."""
    session = http.session(connections=1, limits=case.limits)
    looks = []
    for turn in range(case.looks):
        started, waited = time.perf_counter(), queued()
        outcome, seen = await look(session, case.source, origin_of(case, where), f"/{number}/{turn}")
        seconds = time.perf_counter() - started - (queued() - waited)
        kind, failure, detail = ending(outcome)
        looks.append(
            {
                "kind": kind,
                "failure": failure,
                "detail": detail,
                "seconds": seconds,
                "seen": [str(o.status) for o in seen],
                "texts": [t for o in seen for t in (o.words, o.name, o.logo, o.tag, o.detail) if t is not None],
            }
        )
    await session.aclose()
    return looks


async def run(plan: dict[str, Any]) -> None:
    """The whole plan."""
    where, numbered = plan["where"], list(enumerate(matrix().values()))
    chosen = [(n, case) for n, case in numbered if not plan["only"] or case.name in plan["only"]]
    names = Names()
    socket.getaddrinfo = names.getaddrinfo  # type: ignore[assignment]
    plant(plan.get("plant"))
    async with Http(ca_file=Path(plan["ca"])) as http, trio.open_nursery() as nursery:
        neighbour = Neighbour(http, plan["healthy"])
        await nursery.start(neighbour.run)
        await trio.sleep(BASE)
        neighbour.base = median(took for _, took in neighbour.looks)
        mapped = status("VmSize")
        resource.setrlimit(resource.RLIMIT_AS, (mapped + SPARE, mapped + SPARE))
        memory = Memory()
        for number, case in chosen:
            before, tries = memory.begin(), []
            for _ in range(ATTEMPTS):
                since = trio.current_time()
                looks = await attempt(http, case, number, where)
                extra = await neighbour.extra(since, trio.current_time())
                tries.append({"looks": looks, "worst": extra[-1], "count": len(extra)})
                if extra[-1] < LATE:
                    break
            say(case=case.name, tries=tries, memory=memory.most() - before, resident=memory.most() - memory.start)
        # Bodies that take long to read are left out: what many at a time would come to is the sum of each.
        crowd = [(n, case) for n, case in chosen if not case.name.startswith(("HTML", "JSON"))]
        if crowd:
            say(**await all_at_once(http, neighbour, crowd, where))
        looks = sorted(max(0.0, took - neighbour.base) for _, took in neighbour.looks)
        deciles = quantiles(looks, n=100)
        say(
            about="itself",
            looks=len(looks),
            base=neighbour.base,
            p50=deciles[49],
            p90=deciles[89],
            p99=deciles[98],
            worst=looks[-1],
            mapped=mapped,
            grew=status("VmPeak") - mapped,
            resident=status("VmRSS") - memory.start,
            start=memory.start,
        )
        names.release.set()
        nursery.cancel_scope.cancel()


async def all_at_once(
    http: Http, neighbour: Neighbour, chosen: list[tuple[int, Case]], where: dict[str, int]
) -> dict[str, Any]:
    """Every case at the same time."""
    tries: list[dict[str, Any]] = []
    memory = Memory()
    for _ in range(ATTEMPTS):
        ends: list[float] = []

        async def one(number: int, case: Case, ends: list[float] = ends) -> None:
            ends.append(max(entry["seconds"] for entry in await attempt(http, case, number, where)))

        since = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number, case in chosen:
                nursery.start_soon(one, number, case)
        extra = await neighbour.extra(since, trio.current_time())
        tries.append({"ends": len(ends), "slowest": max(ends), "worst": extra[-1], "count": len(extra)})
        if extra[-1] < LATE:
            break
    return {"about": "all at once", "tries": tries, "memory": memory.most() - memory.start}


# -------------------------------------------------------------------------------------------------------------- plants


def plant(fault: str | None) -> None:
    """A fault of ours that the figures must show: `sleep` and `spin` hold the loop for 250 ms after each answer,
    `hoard` keeps 200 MB of it, `burst` asks for more memory than there is."""
    if fault is None:
        return
    read = transport_module.read_answer

    async def planted(stream: Any, limits: Limits, *, bodiless: bool = False) -> Any:
        answer = await read(stream, limits, bodiless=bodiless)
        if any(value == "planted" for _, value in answer.headers):
            match fault:
                case "sleep":
                    time.sleep(0.25)
                case "spin":
                    end = time.thread_time() + 0.25
                    while time.thread_time() < end:
                        pass
                case "hoard":
                    kept.append(b"x" * (200 << 20))
                case "burst":
                    kept.append(bytes(2 * SPARE))
        return answer

    kept: list[bytes] = []
    transport_module.read_answer = planted  # type: ignore[assignment]


def say(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    trio.run(run, json.loads(sys.argv[1]))
