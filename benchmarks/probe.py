"""(a) Requests a second from one core: our session, plain httpx, and Debian's exporter, side by side in one run."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from urllib.parse import quote

from msgspec import Struct

from benchmarks import clients, machine, servers
from benchmarks.report import figure, ratios, table, times

CALLERS = (10, 100, 1_000)
PAGES = ("json", "html")

Key = tuple[bool, str, int]
"""(TLS, page, callers)."""


class Rate(Struct, frozen=True):
    """What one client did in its window; 0 where it came to no answer."""

    wall: float
    core: float
    """A second of CPU time."""


NOTHING = Rate(0.0, 0.0)


def child(kind: str, url: str, callers: int, seconds: float, ca: Path | None, core: int) -> dict[str, float] | None:
    """Run one client of `clients` on a core; `None` when it does not come back."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.clients",
        kind,
        url,
        str(callers),
        str(seconds),
        *([str(ca)] if ca else []),
    ]
    with machine.pinned(core):
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, timeout=clients.PATIENCE + seconds, check=True)
        except subprocess.TimeoutExpired:
            return None
    said: dict[str, float] = json.loads(done.stdout)
    if said["bad"]:
        raise RuntimeError(f"{kind} {url}: {said['bad']:.0f} wrong answers")
    return said


def own(kind: str, url: str, callers: int, seconds: float, ca: Path | None) -> Rate:
    """A client that is measured itself."""
    said = child(kind, url, callers, seconds, ca, machine.MEASURED)
    if said is None or not said["good"]:
        return NOTHING
    return Rate(said["good"] / said["wall"], said["good"] / max(said["cpu"], 0.001))


def probes(peer: servers.Exporter, target: str, module: str, callers: int, seconds: float) -> Rate:
    """The exporter, driven over its /probe from the other core."""
    url = f"http://127.0.0.1:{peer.port}/probe?target={quote(target, safe='')}&module={module}"
    before = machine.cpu_seconds(peer.pid)
    said = child("load", url, callers, seconds, None, machine.OTHER)
    if said is None or not said["good"]:
        return NOTHING
    used = machine.cpu_seconds(peer.pid) - before
    # The warm-up is in the CPU time too, at the same pace as the rest.
    return Rate(
        said["good"] / said["wall"], said["good"] / used * (said["wall"] + clients.warm(callers)) / said["wall"]
    )


def run(*, quick: bool) -> str:
    """Measure and report."""
    rounds, seconds = (1, 1.0) if quick else (3, 2.0)
    with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
        root = Path(name)
        with servers.web(root, 0) as server, servers.exporter(root, server) as peer:
            rows = [
                _row((tls, page, callers), server, peer, rounds, seconds)
                for tls in (False, True)
                for page in PAGES
                for callers in CALLERS
            ]
    header = (
        "",
        "page",
        "callers",
        "Session /s",
        "httpx /s",
        "exporter /s",
        "Session : httpx",
        "Session : exporter",
        "fresh connections /s",
        "fresh : exporter",
    )
    return table(header, rows)


def _row(key: Key, server: servers.Server, peer: servers.Exporter, rounds: int, seconds: float) -> list[str]:
    tls, page, callers = key
    base = server.base(tls=tls)
    rates: dict[str, list[Rate]] = {"session": [], "httpx": [], "exporter": [], "fresh": []}
    for _ in range(rounds):
        for kind, made in rates.items():
            path = f"/fresh/{page}" if kind == "fresh" else f"/{page}"
            if kind == "exporter":
                # A crowd of its handshakes takes seconds before the first of them is through.
                longer = 4.0 if callers >= clients.CROWD else 1.0
                made.append(probes(peer, base + path, page, callers, longer * seconds))
            else:
                client = "httpx" if kind == "httpx" else "session"
                made.append(own(client, base + path, callers, seconds, server.ca))
    wall = {kind: [rate.wall for rate in made] for kind, made in rates.items()}
    core = {kind: [rate.core for rate in made] for kind, made in rates.items()}
    print(f"{key}: " + ", ".join(f"{k} {figure(median(v))}" for k, v in core.items()), file=sys.stderr)
    return [
        "TLS" if tls else "plain",
        page,
        f"{callers}",
        *(figure(median(wall[kind])) for kind in ("session", "httpx", "exporter")),
        times(median(ratios(core["session"], core["httpx"]))),
        times(median(ratios(core["session"], core["exporter"]))),
        figure(median(wall["fresh"])),
        times(median(ratios(core["fresh"], core["exporter"]))),
    ]
