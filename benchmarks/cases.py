"""(d) Ten thousand open cases: the time until a restart is ready, and what it costs the looks when all are listed.

Every number is marked, with its appeal in a person's hands: a case, its timer, its task. The child
(`python -m benchmarks.cases CASES`) starts the daemon's working parts on that state, lets looks go on, lists every open
case through the interface of the status socket (all but the socket itself), and measures how late the loop is
meanwhile, and for as long before.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import trio
from msgspec import Struct, structs

from benchmarks import house, pages
from benchmarks.bounds import Held, Judged, judged
from benchmarks.lateness import TICK
from benchmarks.memory import InMemory
from benchmarks.report import figure, table
from numtrustd.actors.control.desk import Control
from numtrustd.api import status
from numtrustd.clock import Clock
from numtrustd.domain.case import Case, Move
from numtrustd.domain.finding import Finding, FindingKind
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Instant, Status
from numtrustd.domain.record import CaseRef, NumberRecord
from numtrustd.domain.task import Packet, Task, TaskKind
from numtrustd.domain.verdict import Shown
from numtrustd.domain.workflow import Snapshot
from numtrustd.domain.workflows.request import AppealData
from numtrustd.store import Batch, Store, Table, records
from numtrustd.varlink.interface import Call, Peer

CASES = 10_000
RATE = 200
"""Looks a second meanwhile."""
SOURCE = "so360.onebox"
VIEW = (("so360", f"{SOURCE}/search"),)
DAY = 86_400.0
READY = 10.0
"""Seconds after which a daemon with so many open cases has to be ready."""
LATE = 100.0
"""Milliseconds by which the loop may be late while all cases are listed, of 99 in 100 turns."""
SHARE = 0.8
"""Of the looks that fall due, those that have to be made during a listing. It lasts a second or two, in which they vary
by a tenth by themselves."""
PATIENCE = 300.0


class Listing(Struct, frozen=True):
    """One child: seconds until ready, seconds and pages of the listing, the loop's lateness in ms before it and during
    it, and the looks a second in both."""

    ready: float
    listed: float
    pages: int
    p99_before: float
    p99: float
    worst: float
    looks_before: float
    looks: float


def _marked(number: str, now: Instant, every: float, share: float) -> tuple[NumberRecord, Case, Task]:
    seen = now - every * share
    record = house.stored(number, VIEW, seen, now - 9 * DAY)
    shown = Shown(Status.MARKED, Category.NUISANCE, "骚扰电话", 9)
    verdict = structs.replace(record.verdicts["so360"], belief=shown, views={})
    identity = f"{number}/so360/1"
    finding = Finding(FindingKind.MISLABEL, Category.NUISANCE, "shown as 骚扰电话, which costs answered calls")
    record = structs.replace(
        record,
        verdicts={"so360": verdict},
        findings={"so360": finding},
        cases={"so360": CaseRef(identity, "at_person", open=True)},
        counts={"so360": 1},
    )
    case = Case(
        id=identity,
        number=number,
        platform="so360",
        workflow="appeal",
        version=1,
        snapshot=Snapshot("at_person", 3, now - DAY, now + DAY),
        data=AppealData(finding="mislabel", category="nuisance", words="骚扰电话", facts=("9 marks counted",)),
        opened_at=now - DAY,
        moves=(Move(now - DAY, "", "waiting", "mislabel"), Move(now - DAY, "waiting", "at_person", "its time came")),
    )
    packet = Packet("https://haomashensu.360.cn", {"申诉号码": number}, "信" * 400, ("number_ownership",), ("填写",))
    task = Task(
        f"{identity}/3.0", identity, number, "so360", TaskKind.SUBMIT_APPEAL, now - DAY, now + DAY, packet=packet
    )
    return record, case, task


async def _fill(store: Store, numbers: list[str], now: Instant, every: float) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        batch = Batch()
        for i, number in enumerate(numbers):
            record, case, task = _marked(f"+86{number}", now, every, i / len(numbers))
            batch.put(Table.NUMBER, records.key(record.number), records.encode_number(record))
            records.put_case(batch, case)
            records.put_task(batch, task)
            records.put_timer(batch, now + DAY, case.id, 3)
            if len(batch) >= house.FILL_BATCH:
                await store.commit(batch)
                batch = Batch()
        await store.commit(batch)
        nursery.cancel_scope.cancel()


class _Ticker:
    """How late the loop is until it is asked."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        due = trio.current_time() + TICK
        while True:
            await trio.sleep_until(due)
            self.late.append(trio.current_time() - due)
            due = max(due + TICK, trio.current_time())

    def told(self) -> tuple[float, float]:
        """(99th percentile, worst) in milliseconds, and begins anew."""
        late, self.late = sorted(self.late), []
        return 1_000 * late[int(len(late) * 0.99)], 1_000 * late[-1]


async def measure(count: int) -> Listing:
    """One start on a state of so many open cases, and one listing of them all."""
    clock = Clock()
    every = count / RATE
    over = house.SOURCE.format(name=SOURCE, base="http://127.0.0.1:1", interval=1e-4, concurrency=100, cadence=every)
    numbers = pages.mobiles(count)
    with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
        quiet = over + "[cadence]\njitter = 0\n[incident]\nopen_on = []\n"
        config = house.settings(Path(name), numbers, [SOURCE], quiet)
        found = house.loaded(config)
        with house.opened(found, clock) as store:
            await _fill(store, list(numbers), clock.now(), every)
        began = time.perf_counter()
        found = house.loaded(config)
        with house.quiet_log(clock) as log, house.opened(found, clock) as store:
            built = house.daemon(found, store, log, clock)
            async with house.working(built, InMemory(0.0)), trio.open_nursery() as nursery:
                with trio.fail_after(PATIENCE):
                    while len(built.house.board.cases()) < count:
                        await trio.sleep(0.01)
                ready = time.perf_counter() - began
                await trio.sleep(5.0)
                ticker = _Ticker()
                await nursery.start(ticker.run)
                listed, seen, looks, looks_before, p99_before = 0.0, 0, 0, 0.0, 0.0
                # As long before as the listing itself is going to take, within reason.
                for measured in (False, True):
                    start, board = time.perf_counter(), built.house.board.looks
                    if measured:
                        seen = await _list_all(built)
                        listed = time.perf_counter() - start
                        looks = built.house.board.looks - board
                        p99, worst = ticker.told()
                    else:
                        await trio.sleep(3.0)
                        p99_before, _ = ticker.told()
                        looks_before = (built.house.board.looks - board) / (time.perf_counter() - start)
                nursery.cancel_scope.cancel()
    return Listing(ready, listed, seen, p99_before, p99, worst, looks_before, looks / listed)


async def _list_all(built: Any) -> int:
    control = Control(
        built.house, built.roster, built.sources.actors, version="bench", started_at=0.0, reload=built.reload
    )
    method = control.status_interface().methods["ListCases"]
    call = Call("io.numtrust.Status.ListCases", Peer(1, 0, 0), more=True)
    seen = cases = 0
    async for page in method.handler(status.ListCases(limit=200), call):
        seen += 1
        cases += len(page.cases)
    if cases < CASES:
        raise RuntimeError(f"{cases} cases were listed")
    return seen


def run(*, quick: bool) -> Judged:
    """Measure and report."""
    found = []
    for _ in range(1 if quick else 3):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.cases", f"{CASES}"], stdout=subprocess.PIPE, timeout=PATIENCE, check=True
        )
        found.append(Listing(**json.loads(done.stdout)))
    return report(found)


def report(found: Sequence[Listing]) -> Judged:
    """The table of some rounds, and what was promised of it."""
    header = ["open cases", "ready in s", "listed in s", "pages", "p99 ms before", "p99 ms meanwhile", "worst ms",
              "looks/s before", "looks/s meanwhile"]  # fmt: skip
    names = ("ready", "listed", "pages", "p99_before", "p99", "worst", "looks_before", "looks")
    told = {name: median(getattr(each, name) for each in found) for name in names}
    held = [
        Held(f"the start with {CASES} open cases", told["ready"], "s", most=READY),
        Held("lateness of 99 of 100 turns of the loop while they are listed", told["p99"], "ms", most=LATE),
        Held("looks while they are listed", told["looks"], "a second", least=SHARE * RATE),
    ]
    return judged(table(header, [[figure(CASES), *map(figure, told.values())]]), held)


if __name__ == "__main__":
    print(json.dumps(structs.asdict(trio.run(measure, int(sys.argv[1])))))
