"""The simulated aggregator's batches: numbers in, a task id out, answers that come one by one an hour or two later.

It takes a batch under the customer's own order number as often as it is told to and charges for each time: that nobody
hands one in twice is the customer's business, and what the tests count here. `service` is the door.
"""

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from numtrustd.domain.observation import Instant
from numtrustd.sim.ground import canonical, draw
from numtrustd.sim.script import Weather
from numtrustd.sim.traits import HOUR

PATHS = ("/v1/mark/batch", "/v1/mark/batch/result", "/v1/mark/batch/find")
READY = (0.5 * HOUR, 2 * HOUR)
"""How long after it was handed in a number's answer is there."""
KEPT = 72 * HOUR
"""How long the vendor knows a task."""

Line = Callable[[str], Mapping[str, object]]
"""Canonical number → its item."""


class Batch(Struct, frozen=True):
    """One task. `phones` are as the customer wrote them."""

    task: str
    order: str
    phones: tuple[str, ...]
    at: Instant


class Batches:
    """All tasks, for as long as the simulator runs."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tasks: dict[str, Batch] = {}
        self.charged: Counter[str] = Counter()
        """Canonical number → how often it was paid for."""
        self.orders: Counter[str] = Counter()
        """Order number → how often it was handed in."""

    def handle(self, path: str, body: bytes, now: Instant, line: Line, odd: Weather | None) -> tuple[int, str, object]:
        """(code, message, data) of one request."""
        try:
            asked = msgspec.json.decode(body, type=dict[str, object])
        except msgspec.DecodeError:
            return 400, "参数错误", None
        if odd is Weather.MAINTENANCE:
            return 503, "系统维护中，请稍后再试", None
        if odd is Weather.EMPTY:
            return 200, "成功", None
        if path == PATHS[0]:
            return self._take(asked, now)
        if path == PATHS[2]:
            order = str(asked.get("order", ""))
            return 200, "成功", {"orders": {b.order: b.task for b in self._tasks.values() if b.order == order}}
        return self._give(str(asked.get("task", "")), now, line, odd)

    def _take(self, asked: Mapping[str, object], now: Instant) -> tuple[int, str, object]:
        said = asked.get("phones")
        phones = tuple(map(str, said)) if isinstance(said, list) else ()
        numbers = [canonical(phone) for phone in phones]
        if not numbers or None in numbers:
            return 400, "号码格式错误", None
        order = str(asked.get("order", ""))
        batch = Batch(f"B{len(self._tasks) + 1}", order, phones, now)
        self._tasks[batch.task] = batch
        self.orders[order] += 1
        self.charged.update(n for n in numbers if n is not None)
        return 200, "成功", {"task": batch.task, "order": order, "count": len(numbers)}

    def _give(self, task: str, now: Instant, line: Line, odd: Weather | None) -> tuple[int, str, object]:
        batch = self._tasks.get(task)
        if batch is None or now - batch.at > KEPT:
            return 404, "任务不存在", None
        if odd is Weather.WRONG_CARD:
            task = f"{task}0"
        items = []
        for phone in batch.phones:
            number = canonical(phone)
            ready = draw(self._seed, "batch", batch.task, phone).uniform(*READY)
            if number is not None and now - batch.at >= ready and odd is not Weather.PENDING:
                items.append({"phone": phone, **line(number)})
        state = 2 if len(items) == len(batch.phones) else 1 if items else 0
        return 200, "成功", {"task": task, "state": state, "items": items}
