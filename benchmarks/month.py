"""(e) A month's report over ten thousand numbers: how long it takes, and for how long it holds the loop at a time.

Each number has a stored record of three platforms, forty lines of history and thirty days of calls in the month; every
tenth had a label, with an appeal that was cleared. The report's own task runs on a bare loop: what is measured is how
long each of its steps lasts until somebody else could have a turn.
"""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import trio
from trio.lowlevel import Task

from benchmarks import house, pages
from benchmarks.report import figure, table
from numtrustd.actors.control.report_desk import ReportDesk
from numtrustd.actors.control.views import Sight
from numtrustd.clock import Clock
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.case import Case, Move
from numtrustd.domain.period import last_whole, period
from numtrustd.domain.record import Entry
from numtrustd.domain.workflow import Snapshot
from numtrustd.domain.workflows.request import AppealData
from numtrustd.store import Batch, Store, Table, records

NUMBERS = 10_000
LINES = 40
DAY = 86_400.0
VIEWS = [("so360", "so360.onebox/search"), ("sogou", "sogou.search/search"), ("baidu", "baidu.page/search")]


class Steps(trio.abc.Instrument):
    """How long each step of the loop's tasks lasts."""

    def __init__(self) -> None:
        self.lasted: list[float] = []
        self._began: float | None = None

    def before_task_step(self, task: Task) -> None:
        self._began = time.perf_counter()

    def after_task_step(self, task: Task) -> None:
        if self._began is not None:  # of the one that it was added in, nobody saw the beginning
            self.lasted.append(time.perf_counter() - self._began)


def _past(number: str, n: int, begins: float, now: float) -> Batch:
    record = house.stored(number, VIEWS, now, begins - DAY)
    batch = Batch().put(Table.NUMBER, records.key(number), records.encode_number(record))
    for line in range(LINES):
        at = begins + (line + 0.5) * 30 * DAY / LINES
        records.put_entry(batch, number, Entry(at, "observation.reported", "so360", text="seen"), line, 0)
    for day in range(30):
        text = datetime.fromtimestamp(begins + (day + 0.5) * DAY, UTC).strftime("%Y-%m-%d")
        records.put_calls(batch, number, DayCalls(text, 100, 40))
    if n % 10 == 0:
        opened, closed = begins + 5 * DAY, begins + 12 * DAY
        turn = Entry(opened, "verdict.changed", "so360", old="clean", new="marked:nuisance")
        back = Entry(closed, "verdict.changed", "so360", old="marked:nuisance", new="clean")
        records.put_entry(batch, number, turn, LINES, 0)
        records.put_entry(batch, number, back, LINES, 1)
        moves = (Move(opened, "", "waiting", "opened"), Move(closed, "waiting", "cleared", "gone"))
        identity, snapshot = f"{number}/so360/1", Snapshot("cleared", 2, closed)
        case = Case(identity, number, "so360", "appeal", 1, snapshot, AppealData(), opened, closed, "cleared", moves)
        records.put_case(batch, case)
    return batch


async def _fill(store: Store, numbers: list[str], begins: float, now: float) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        for n, number in enumerate(numbers):
            store.commit_soon(_past(number, n, begins, now))
            if n % 200 == 199:
                await store.flush()
        await store.flush()
        nursery.cancel_scope.cancel()


async def _measure(numbers: int, root: Path) -> list[str]:
    clock = Clock()
    now = clock.now()
    each = [f"+86{number}" for number in pages.mobiles(numbers)]
    found = house.loaded(house.settings(root, each, ["so360.onebox"]))
    zone = found.settings.ledger.zone
    told = period(last_whole(now, zone), zone, now)
    (root / "state").mkdir(mode=0o700)
    size = found.settings.daemon.map_size
    with (
        house.quiet_log(clock) as log,
        Store.open(
            root / "state", init=True, map_size=size, max_map_size=house.MAX_MAP, now=told.begins - DAY
        ) as store,
    ):
        await _fill(store, each, told.begins, now)
        built, steps = house.daemon(found, store, log, clock), Steps()
        desk = ReportDesk(Sight(built.house, built.roster, {}))
        trio.lowlevel.add_instrument(steps)
        began, used = time.perf_counter(), time.process_time()
        report = await desk.month(told.month)
        took, used = time.perf_counter() - began, time.process_time() - used
        trio.lowlevel.remove_instrument(steps)
        assert report.numbers == report.callers == numbers
        assert sum(row.cleared for row in report.cases) == len(range(0, numbers, 10))
    lasted = sorted(steps.lasted)
    worst, most = lasted[-1] * 1000, lasted[int(len(lasted) * 0.99)] * 1000
    return [f"{numbers:,}", figure(took), figure(used), f"{len(lasted):,}", figure(most), figure(worst)]


def run(*, quick: bool) -> str:
    """Measure and report."""
    rows = []
    for numbers in (1_000,) if quick else (1_000, NUMBERS):
        with tempfile.TemporaryDirectory(prefix="numtrustd-bench-") as name:
            rows.append(trio.run(_measure, numbers, Path(name)))
    return table(("numbers", "seconds", "CPU s", "steps", "p99 of a step, ms", "longest step, ms"), rows)
