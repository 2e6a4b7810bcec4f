"""The whole daemon on virtual time: real settings, store, actors, tables and extraction; platforms in memory.

Everything but sockets, signals and threads is the production path (`Daemon.working`). Forty days pass in milliseconds.
"""

import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from numtrustd.actors.mailbox import Reply
from numtrustd.actors.messages import TaskAnswer, Told
from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import Daemon
from numtrustd.demo.stage import EVIDENCE, SECRET, SECRETS
from numtrustd.domain.case import Case
from numtrustd.domain.task import Task, TaskKind, TaskState
from numtrustd.settings import Loaded, load, render
from numtrustd.sim.memory import SimFetcher
from numtrustd.sim.service import Answer, Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.store import Store, records
from numtrustd.wire.exchange import Limits
from numtrustd.wire.route import Route
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
[incident]
open_on = []  # an emergency beside each label would stand in the way of what is tested
"""


class MemoryWay:
    """Hands out fetchers into one simulated service, as `http.Http` hands out sessions."""

    def __init__(self, service: Service, clock: VirtualClock) -> None:
        self.service, self.clock = service, clock

    def session(self, *, connections: int, limits: Limits, route: Route) -> SimFetcher:
        return SimFetcher(self.service, self.clock, limits=limits)


def write_config(root: Path, numbers: Sequence[str], sources: Sequence[str], more: str = "") -> Path:
    """A settings directory with everything that the shipped packs ask for."""
    for name in ("credentials", "evidence"):
        (root / name).mkdir(exist_ok=True)
    for name in SECRETS:
        (root / "credentials" / name).write_text(SECRET)
        (root / "credentials" / name).chmod(0o600)  # else each start doubts them, in lines that name this directory
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


class Clerk:
    """Plays the person in a virtual town: hands packets in at the simulated forms, and reports what comes back."""

    def __init__(self, place: Town) -> None:
        self.place = place
        self.receipts: dict[str, str] = {}

    async def work(self, every: float = 3_600.0) -> None:
        """Do what is open, again and again."""
        while True:
            await self.place.clock.sleep(every)
            for task in self.place.open_tasks():
                await self.do(task)

    async def do(self, task: Task) -> None:
        """One task, if there is something to be done for it now."""
        match task.kind:
            case TaskKind.SUBMIT_APPEAL:
                assert task.packet is not None
                papers = ",".join(line.split(":")[0] for line in task.packet.papers)
                ref = task.packet.letter.rsplit("：", 1)[-1]
                fields = {"number": task.number, "ref": ref, "letter": task.packet.letter, "evidence": papers}
                said = self._ask("POST", f"/forms/{task.platform}/appeal", urlencode(fields).encode())
                self.receipts[task.case] = said["receipt"]
                await self.answer(task, "submitted", receipt=said["receipt"])
            case TaskKind.REPORT_ANSWER | TaskKind.CHASE_REVIEW:
                said = self._ask("GET", f"/forms/{task.platform}/appeal/{self.receipts[task.case]}")
                if said["state"] != "in_review":
                    await self.answer(task, said["state"], reason=said["reason"] or "")

    def _ask(self, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
        result = self.place.service.handle(method, target, (), body, self.place.clock.now())
        assert isinstance(result, Answer)
        said: dict[str, Any] = json.loads(result.body)
        return said

    async def answer(self, task: Task, outcome: str, *, receipt: str = "", reason: str = "") -> Told:
        """Tell the daemon, as `task done` does."""
        reply: Reply[Told] = Reply()
        self.place.daemon.house.post(task.number, TaskAnswer(task.id, outcome, receipt, reason, "", "clerk", reply))
        return await reply.wait()
