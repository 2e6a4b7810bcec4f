"""A real daemon in this process: settings from files, LMDB on a disk, actors, extraction; all of it but the sockets."""

import contextlib
import gc
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import trio

from benchmarks import pages
from numtrustd.clock import Clock, Random
from numtrustd.daemon import GC_THRESHOLDS, Daemon, WayOut, running
from numtrustd.domain.observation import Instant, Status
from numtrustd.domain.record import LookState, NumberRecord
from numtrustd.domain.verdict import Shown, Verdict, ViewState
from numtrustd.log import Log
from numtrustd.settings import Loaded, load
from numtrustd.store import Batch, Store, Table, records

CONFIG = """
[daemon]
state_dir = "state"
[platforms]
enable = [{enable}]
[platform.telnyx.vars]
enterprise_id = "{enterprise}"
contact_email = "trust@example.invalid"
[credentials]
dir = "credentials"
[company]
name = "示例科技有限公司"
"""

SOURCE = """
[source."{name}"]
base_url = "{base}"
interval = {interval}
concurrency = {concurrency}
cadence = {cadence}
"""

MAX_MAP = 16 << 30
FILL_BATCH = 1_000


def settings(root: Path, numbers: Iterable[str], sources: Iterable[str], more: str = "") -> Path:
    """Write a settings directory; returns the settings file."""
    (root / "credentials").mkdir()
    (root / "credentials" / "telnyx-api-key").write_text("benchmark")
    (root / "numbers.csv").write_text("number\n" + "\n".join(numbers) + "\n")
    enable = ", ".join(f'"{source}"' for source in sources)
    config = root / "numtrustd.toml"
    config.write_text(CONFIG.format(enable=enable, enterprise=pages.ENTERPRISE) + more)
    return config


def loaded(config: Path) -> Loaded:
    """Read them as the daemon does."""
    found = load(config, {})
    if isinstance(found, list):
        raise RuntimeError("\n".join(map(str, found)))
    return found


@contextlib.contextmanager
def quiet_log(clock: Clock) -> Iterator[Log]:
    """The daemon's own log, written and thrown away."""
    fd = os.open(os.devnull, os.O_WRONLY)
    log = Log.to_fd(clock, {}, fd=fd)
    log.start()
    try:
        yield log
    finally:
        log.stop(2.0)
        os.close(fd)


@contextlib.contextmanager
def opened(found: Loaded, clock: Clock) -> Iterator[Store]:
    """The state directory, made if it is not there."""
    size = found.settings.daemon.map_size
    with Store.open(found.state_dir, init=True, map_size=size, max_map_size=MAX_MAP, now=clock.now()) as store:
        yield store


@contextlib.asynccontextmanager
async def working(daemon: Daemon, way_out: WayOut) -> AsyncIterator[None]:
    """The daemon at work with its pulse, and the collector as `Daemon.run` has it."""
    gc.disable()
    async with daemon.working(way_out), running(daemon.pulse.run):
        gc.collect()
        gc.freeze()
        gc.enable()
        gc.set_threshold(*GC_THRESHOLDS)
        yield


def daemon(found: Loaded, store: Store, log: Log, clock: Clock) -> Daemon:
    return Daemon(found, store, log, clock, Random(1), {})


async def everyone_looked_at(built: Daemon, looks: int, patience: float) -> None:
    """Return once so many looks have been taken in; raises `trio.TooSlowError`."""
    with trio.fail_after(patience):
        while built.house.board.looks < looks:
            await trio.sleep(0.05)


def stored(number: str, platforms: Iterable[tuple[str, str]], at: Instant, since: Instant) -> NumberRecord:
    """The record of a number that has been watched for a while and is clean; `platforms` are (platform, view)."""
    clean = Shown(Status.CLEAN)
    return NumberRecord(
        number,
        added_at=since,
        seq=1,
        verdicts={
            platform: Verdict(
                platform,
                belief=clean,
                since=since,
                settled=9,
                seen_at=at,
                clean_at=at,
                views={view: ViewState(at, Status.CLEAN)},
            )
            for platform, view in platforms
        },
        looks={view.partition("/")[0]: LookState(at) for _, view in platforms},
    )


async def fill(store: Store, rows: Iterable[NumberRecord]) -> None:
    """Put these records into a store that nothing else uses yet."""
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        batch = Batch()
        for row in rows:
            batch.put(Table.NUMBER, records.key(row.number), records.encode_number(row))
            if len(batch) == FILL_BATCH:
                await store.commit(batch)
                batch = Batch()
        await store.commit(batch)
        nursery.cancel_scope.cancel()
