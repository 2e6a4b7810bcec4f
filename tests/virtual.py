"""The whole daemon on virtual time: real settings, store, actors, tables and extraction; platforms in memory.

Everything but sockets, signals and threads is the production path (`Daemon.working`). Forty days pass in milliseconds.
"""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import Daemon
from numtrustd.demo.stage import EVIDENCE, SECRET
from numtrustd.domain.case import Case
from numtrustd.domain.task import Task, TaskState
from numtrustd.settings import Loaded, load, render
from numtrustd.sim.memory import SimFetcher
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.store import Store, records
from numtrustd.wire.exchange import Limits
from tests.logcheck import MemoryLog


def fast_directory() -> Path | None:
    """Where an fsync costs nothing, for tests of time; what must survive a crash is tested on a disk."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


CONFIG = """
[platforms]
enable = [{enable}]
[platform.contract_aggregator.vars]
host = "aggregator.example.invalid"
[platform.telnyx.vars]
enterprise_id = "6a09cdc3-8948-47f0-aa62-74ac943d6c58"
contact_email = "trust@example.invalid"
[credentials]
dir = "credentials"
[company]
name = "示例科技有限公司"
"""


class MemoryWay:
    """Hands out fetchers into one simulated service, as `http.Http` hands out sessions."""

    def __init__(self, service: Service, clock: VirtualClock) -> None:
        self.service, self.clock = service, clock

    def session(self, *, connections: int, limits: Limits) -> SimFetcher:
        return SimFetcher(self.service, self.clock, limits=limits)


def write_config(root: Path, numbers: Sequence[str], sources: Sequence[str], more: str = "") -> Path:
    """A settings directory with everything that the shipped packs ask for."""
    for name in ("credentials", "evidence"):
        (root / name).mkdir(exist_ok=True)
    (root / "credentials" / "telnyx-api-key").write_text(SECRET)
    evidence = "".join(f'\n[[evidence]]\nkind = "{kind}"\npath = "evidence/{kind}.txt"\n' for kind in EVIDENCE)
    for kind in EVIDENCE:
        (root / "evidence" / f"{kind}.txt").write_text(kind)
    (root / "numbers.csv").write_text("number\n" + "\n".join(numbers) + "\n")
    config = root / "numtrustd.toml"
    config.write_text(CONFIG.format(enable=", ".join(f'"{s}"' for s in sources)) + more + evidence)
    return config


def loaded_from(config: Path) -> Loaded:
    loaded = load(config, {})
    assert isinstance(loaded, Loaded), render(loaded)
    return loaded


class Town:
    """One daemon at work in one simulated world."""

    def __init__(self, daemon: Daemon, store: Store, log: MemoryLog, clock: VirtualClock, service: Service) -> None:
        self.daemon, self.store, self.log, self.clock, self.service = daemon, store, log, clock, service

    def cases(self) -> list[Case]:
        return list(records.all_cases(self.store))

    def open_tasks(self) -> list[Task]:
        return [t for t in records.all_tasks(self.store) if t.state is TaskState.OPEN]


@contextlib.asynccontextmanager
async def town(config: Path, service: Service, log: MemoryLog, clock: VirtualClock) -> AsyncIterator[Town]:
    """Open a new store and run the daemon for the length of the block."""
    loaded = loaded_from(config)
    with (
        tempfile.TemporaryDirectory(dir=fast_directory()) as state,
        Store.open(Path(state) / "state", init=True, map_size=1 << 26, now=DEMO_ORIGIN, inline=True) as store,
    ):
        daemon = Daemon(loaded, store, log, clock, Random(1), {})
        async with daemon.working(MemoryWay(service, clock)):
            yield Town(daemon, store, log, clock, service)
