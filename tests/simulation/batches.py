"""Batches in the simulated world: how the vendor misbehaves with them, and what must hold of each, whatever happens.

The vendor side is `sim.batches`, made moody by the plan. The other half watches: what was paid for, what was answered,
and what the store still knows, over all lives of the daemon.
"""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from numtrustd.domain.batch import BatchState, OpenBatch
from numtrustd.domain.observation import Instant
from numtrustd.sim.batches import PATHS, Batch, Batches, Line
from numtrustd.sim.ground import canonical
from numtrustd.sim.script import Weather
from numtrustd.sim.service import Call
from numtrustd.store import Table, records
from numtrustd.store.batch import Ops
from numtrustd.store.tables import unseal
from numtrustd.wire.exchange import Request
from tests.simulation.plan import BATCH_SOURCE, GIVE_UP, HOUR, MINUTE, ORIGIN
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle
    from tests.simulation.run import Run

_open_batches, _get_source, _decode = records.open_batches, records.get_source, records._batch  # before any mutant

LATE = 10 * HOUR
"""Seconds by which a vendor that is slow answers later than it else would."""


class MoodyBatches(Batches):
    """The simulated vendor's batches with the plan's moods. `named` are the numbers that the latest answer about a task
    has an item about, `final` whether it said that no more will come.
    """

    def __init__(self, run: "Run") -> None:
        super().__init__(run.plan.seed)
        self._run = run
        self.named: tuple[str, ...] = ()
        self.final: tuple[str, ...] = ()

    @property
    def tasks(self) -> list[Batch]:
        """All that were taken in, oldest first."""
        return list(self._tasks.values())

    def _give(self, task: str, now: Instant, line: Line, odd: Weather | None) -> tuple[int, str, object]:
        self.named = self.final = ()
        moods = {span.kind for span in self._run.plan.moods if span.holds(now - ORIGIN)}
        batch = self._tasks.get(task)
        for mood in moods:
            self._run.oracle.batches.meets(mood, batch)
        if batch is not None and "batch_gone" in moods:
            self.final = self._numbers(batch)
            return 404, "任务不存在", None
        then = now
        if batch is not None and "batch_late" in moods:
            then = max(batch.at, now - LATE)
        if "batch_never" in moods and odd is None:
            odd = Weather.PENDING
        code, message, data = super()._give(task, then, line, odd)
        if batch is None or not isinstance(data, dict):
            self.final = () if batch is None else self._numbers(batch)
            return code, message, data
        if "batch_twice" in moods:
            data["items"] = [*data["items"], *data["items"]]
        self.named = tuple(n for item in data["items"] if (n := canonical(str(item["phone"]))) is not None)
        self.final = self._numbers(batch) if data["state"] == 2 else ()
        return code, message, data

    def _numbers(self, batch: Batch) -> tuple[str, ...]:
        return tuple(n for phone in batch.phones if (n := canonical(phone)) is not None)


class BatchWatch:
    """All batches of a run."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._seen = 0
        self._left: dict[str, tuple[int, float]] = {}
        self._stored: dict[str, OpenBatch] = {}
        self._paid: dict[str, tuple[float, float]] = {}
        self._answered: dict[str, float] = {}
        self._a_day: dict[str, int] = {}

    @property
    def vendor(self) -> MoodyBatches:
        """Where they are handed in."""
        found = self._run.service.batches
        assert isinstance(found, MoodyBatches)
        return found

    def meets(self, kind: str, batch: Batch | None = None) -> None:
        """A fault happens: count it for the state of the batch that it meets, or of all that there are."""
        for open_batch in self._stored.values():
            if batch is None or open_batch.ref == batch.order:
                self._oracle.met[f"batch {open_batch.state}", kind] += 1

    # -------------------------------------------------------------------------------------------------- on the wire

    def leaving(self, request: Request) -> None:
        """A batch is about to leave."""
        if request.target.endswith(PATHS[0]):
            said = msgspec.json.decode(request.body, type=dict[str, object])
            phones = said["phones"]
            assert isinstance(phones, list)
            self._left[str(said["order"])] = len(phones), self._run.now

    def arriving(self, request: Request) -> None:
        """A batch reaches the vendor: the store has it by now."""
        if request.target.endswith(PATHS[0]):
            order = str(msgspec.json.decode(request.body, type=dict[str, object])["order"])
            stored = any(batch.ref == order for batch in _open_batches(self._oracle.store, BATCH_SOURCE))
            self._oracle.expect(stored, Promise.INTENT_FIRST, f"batch {order} arrives, and the store does not know")

    def answered(self, call: Call) -> tuple[str, ...]:
        """The vendor answered; returns the numbers that it said something of."""
        self.taken_in()
        if call.path != PATHS[1]:
            return ()
        for number in (*self.vendor.named, *self.vendor.final):
            self._answered[number] = self._run.now
        return tuple(dict.fromkeys(self.vendor.named))

    def taken_in(self) -> None:
        """See what the vendor took in since the last time: once each, and no number that is still in another batch."""
        expect, charged = self._oracle.expect, self.vendor.charged.total()
        twice = [order for order, times in self.vendor.orders.items() if times > 1]
        expect(not twice, Promise.NOT_TWICE, f"batches {twice} were handed in twice")
        new, self._seen = self.vendor.tasks[self._seen :], len(self.vendor.tasks)
        for batch in new:
            self._run.counts["batches"] += 1
            for number in self.vendor._numbers(batch):
                paid = self._paid.get(number)
                over = paid is None or self._answered.get(number, paid[0] - 1) >= paid[0] or self._excused(paid[1])
                expect(over, Promise.NOT_TWICE, f"{number} is in {batch.order} while it is in another batch")
                self._paid[number] = batch.at, self._left_at(batch)
        if new and self._run.dead is False:
            self._bill(charged, sum(len(batch.phones) for batch in new))

    def _left_at(self, batch: Batch) -> float:
        """When it left: the daemon waits from then on, however long it was on its way."""
        return self._left.get(batch.order, (0, batch.at))[1]

    def _excused(self, since: float) -> bool:
        """Whether what left then may be given up by now, or nobody can tell."""
        return self._run.now >= since + GIVE_UP - MINUTE or self._run.last_jump >= since

    def _bill(self, charged: int, new: int) -> None:
        spec = self._oracle.daemon.house.context.sources.get(BATCH_SOURCE)
        if spec is None:
            return
        ledger = _get_source(self._oracle.store, BATCH_SOURCE).spent.month_looks
        what = f"{BATCH_SOURCE} charged for {charged} numbers, its ledger says {ledger}"
        self._oracle.expect(ledger >= charged, Promise.LEDGER, what)
        most = max((size for size, _ in self._left.values()), default=0)
        lost = sum(size for order, (size, _) in self._left.items() if order not in self.vendor.orders)
        in_vain = lost + most * (self._run.lives + self._run.counts["config.reloaded"])
        self._oracle.expect(ledger <= charged + in_vain, Promise.LEDGER, what)
        today = datetime.fromtimestamp(self._oracle.wall, ZoneInfo(spec.budget.zone)).date().isoformat()
        self._a_day[today] = self._a_day.get(today, 0) + new
        if self._run.last_jump < 0 and spec.budget.per_day is not None:
            what = f"{BATCH_SOURCE} was paid for {self._a_day[today]} numbers on {today}"
            self._oracle.expect(self._a_day[today] <= spec.budget.per_day, Promise.BUDGET, what)

    # -------------------------------------------------------------------------------------------------- in the store

    def written(self, ops: Ops) -> None:
        """A transaction is on disk: a batch was stored, moved or forgotten."""
        for (table, key), value in ops.items():
            if table is not Table.BATCH:
                continue
            if value is None:
                self._forgotten(key.decode())
            else:
                self._stored[key.decode()] = _decode(unseal(table, key, value))

    def nothing_lost(self) -> None:
        """What was stored is there, or was forgotten for a reason."""
        there = {batch.id: batch for batch in _open_batches(self._oracle.store, BATCH_SOURCE)}
        for identity in [identity for identity in self._stored if identity not in there]:
            self._forgotten(identity)
        self._stored.update(there)

    def _forgotten(self, identity: str) -> None:
        """A batch is no longer in the store: nothing may be on its way for it, and no answer to come."""
        stored = self._stored.pop(identity, None)
        if stored is None or stored.ref not in self.vendor.orders:
            return
        taken = next(batch for batch in self.vendor.tasks if batch.order == stored.ref)
        waits = [n for n in self.vendor._numbers(taken) if self._answered.get(n, -1.0) < taken.at]
        over = not waits or self._excused(self._left_at(taken))
        self._oracle.expect(over, Promise.NOTHING_LOST, f"batch {identity} is forgotten, and paid for: {waits}")

    def at_the_end(self) -> None:
        """After days of calm no batch is on its way, and none is asked after for ever."""
        now = self._oracle.wall
        for batch in _open_batches(self._oracle.store, BATCH_SOURCE):
            fine = batch.state not in (BatchState.SENDING, BatchState.UNCERTAIN) and now - batch.sent_at < 3 * GIVE_UP
            what = f"batch {batch.id} is {batch.state} after {(now - batch.sent_at) / HOUR:.1f} hours"
            self._oracle.expect(fine, Promise.NOTHING_STUCK, what)
