"""(a) The whole look: request, extraction by a shipped pack, verdict, checkpoint, as the daemon makes it, at full load.

The parent runs one child for each source and scheme and the exporter on the same page in turn; the child
(`python -m benchmarks.looks SOURCE BASE NUMBERS SECONDS [CA]`) runs the daemon's own parts and prints a line of JSON.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import quote

import trio

from benchmarks import house, machine, pages, probe, servers
from benchmarks.report import figure, ratios, table, times
from numtrustd.clock import Clock
from numtrustd.http import Http

NUMBERS = 4_000
CONCURRENCY = 20
PROBE_CALLERS = 10
"""Where the exporter is at its best."""

PATIENCE = 120.0

SOURCES = ("telnyx.reputation", "so360.onebox")


def target(source: str, base: str, number: str) -> str:
    """The URL that the source asks for this number, as far as the exporter needs it."""
    if source == "so360.onebox":
        return (
            f"{base}/dataApi?query={number}&url=mobilecheck&num=1&type=mobilecheck&src=onebox&tpl=1&callback=callback"
        )
    return f"{base}/v2/enterprises/{pages.ENTERPRISE}/reputation/numbers/{quote(number, safe='')}"


def numbers(source: str, count: int) -> list[str]:
    return pages.mobiles(count) if source == "so360.onebox" else pages.americans(count)


async def look(source: str, base: str, count: int, seconds: float, ca: str) -> dict[str, float]:
    """Run the daemon's working parts until every number has been seen, then measure one window."""
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
        # Due again at once, so that the source always has more to do than it can.
        over = house.SOURCE.format(name=source, base=base, interval=1e-6, concurrency=CONCURRENCY, cadence=0.001)
        more = over + (f'[http]\nca_file = "{ca}"\n' if ca else "")
        found = house.loaded(house.settings(Path(name), numbers(source, count), [source], more))
        with house.quiet_log(clock) as log, house.opened(found, clock) as store:
            built = house.daemon(found, store, log, clock)
            async with Http(ca_file=Path(ca) if ca else None) as http, house.working(built, http):
                await house.everyone_looked_at(built, count + count // 4, PATIENCE)
                board = built.house.board
                before = (board.looks, board.known_looks, store.stats().transactions)
                wall, cpu = time.perf_counter(), time.process_time()
                await trio.sleep(seconds)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                after = (board.looks, board.known_looks, store.stats().transactions)
    looks, known, commits = (b - a for a, b in zip(before, after, strict=True))
    return {"looks": looks, "known": known, "commits": commits, "wall": wall, "cpu": cpu}


def child(source: str, base: str, seconds: float, ca: Path | None) -> probe.Rate:
    """One child on the measured core."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.looks",
        source,
        base,
        str(NUMBERS),
        str(seconds),
        *([str(ca)] if ca else []),
    ]
    with machine.pinned(machine.MEASURED):
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=PATIENCE + 60.0, check=True)
    said: dict[str, float] = json.loads(done.stdout)
    if said["known"] != said["looks"]:
        raise RuntimeError(f"{source}: {said['looks'] - said['known']:.0f} looks saw nothing")
    return probe.Rate(said["looks"] / said["wall"], said["looks"] / said["cpu"])


def run(*, quick: bool) -> str:
    """Measure and report."""
    rounds, seconds = (1, 2.0) if quick else (3, 4.0)
    with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
        root = Path(name)
        with servers.web(root, NUMBERS) as server, servers.exporter(root, server) as peer:
            rows = [_row(source, tls, server, peer, rounds, seconds) for tls in (False, True) for source in SOURCES]
    header = (
        "",
        "source",
        "looks /s",
        "looks / CPU s",
        "exporter /s",
        "exporter / CPU s",
        "look : exporter, per CPU s",
    )
    return table(header, rows)


def _row(
    source: str, tls: bool, server: servers.Server, peer: servers.Exporter, rounds: int, seconds: float
) -> list[str]:
    base = server.base(tls=tls)
    module = "html" if source == "so360.onebox" else "json"
    url = target(source, base, numbers(source, 1)[0])
    looks: list[probe.Rate] = []
    theirs: list[probe.Rate] = []
    for _ in range(rounds):
        looks.append(child(source, base, seconds, server.ca if tls else None))
        theirs.append(probe.probes(peer, url, module, PROBE_CALLERS, seconds))
    ratio = median(ratios([r.core for r in looks], [r.core for r in theirs]))
    figures = [
        median(rates)
        for rates in (
            [r.wall for r in looks],
            [r.core for r in looks],
            [r.wall for r in theirs],
            [r.core for r in theirs],
        )
    ]
    print(f"{source} tls={tls}: {', '.join(map(figure, figures))}", file=sys.stderr)
    return ["TLS" if tls else "plain", source, *map(figure, figures), times(ratio)]


def main(source: str, base: str, count: str, seconds: str, ca: str = "") -> None:
    print(json.dumps(trio.run(look, source, base, int(count), float(seconds), ca)))


if __name__ == "__main__":
    main(*sys.argv[1:])
