"""What the tests of single actors share beside `house`: a quick disk, a crash, and what must always hold."""

import errno
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from numtrustd.actors.board import Board
from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, Reply
from numtrustd.actors.messages import NumberMessage, Order, TaskAnswer, TimerDue, Told
from numtrustd.domain.case import Action, ActionKind, ActionState, Case, track
from numtrustd.domain.record import Entry, NumberRecord
from numtrustd.domain.task import Task, TaskState
from numtrustd.domain.workflow import Event
from numtrustd.store import Store, Table, records
from numtrustd.store.environment import Environment
from numtrustd.store.errors import DiskFull
from tests.actors.house import MOBILE, TestHouse, make_context
from tests.logcheck import MemoryLog
from tests.virtual import fast_directory


@pytest.fixture
def shm() -> Iterator[Path]:
    """A directory where an fsync costs nothing."""
    with tempfile.TemporaryDirectory(dir=fast_directory()) as path:
        yield Path(path)


def killed(house: TestHouse, at: Path) -> Path:
    """What a kill -9 right now would leave: a directory for another `make_house` to go on with."""
    shutil.copytree(house.store.path, at / "state")
    return at


class Box:
    """A number's mailbox that nobody empties. While `busy` it takes nothing; `on_post` hears of what it took."""

    def __init__(self, on_post: Callable[[NumberMessage], None] | None = None) -> None:
        self.messages: list[NumberMessage] = []
        self.refused = 0
        self.busy: BusyError | None = None
        self.on_post = on_post

    packed: bytes | None = None
    closed = False

    def post(self, message: NumberMessage) -> None:
        if self.busy is not None:
            self.refused += 1
            raise self.busy
        self.messages.append(message)
        if self.on_post is not None:
            self.on_post(message)

    def due(self) -> list[tuple[str, int]]:
        """The timers that went off, as (case, seq)."""
        return [(m.case, m.seq) for m in self.messages if isinstance(m, TimerDue)]


@contextmanager
def full_disk() -> Iterator[None]:
    """Nothing can be written inside."""

    def write(*_: Any) -> None:
        raise DiskFull(f"no room ({errno.ENOSPC})")

    with mock.patch.object(Environment, "write", write):
        yield


def empty_house(store: Store, clock: Any, **context: Any) -> House:
    """A house in which nobody lives yet."""
    return House(store, MemoryLog(clock), clock, make_context(store.uuid, **context), Board())


# ------------------------------------------------------------------------------------------------------ people, orders


def post_order(house: TestHouse, case: Case, event: Event, by: str = "eve") -> Reply[Told]:
    """Give a case an order; the reply may be waited for."""
    reply: Reply[Told] = Reply()
    house.house.post(case.number, Order(case.id, event, by, reply))
    return reply


async def order(house: TestHouse, case: Case, event: Event, by: str = "eve") -> Told:
    """Give a case an order and wait until it is carried out, or refused."""
    return await post_order(house, case, event, by).wait()


async def answer(
    house: TestHouse, task: Task, outcome: str, *, receipt: str = "", reason: str = "", note: str = "", by: str = "bob"
) -> Told:
    """Answer a task, as `task done` and `task fail` do."""
    reply: Reply[Told] = Reply()
    house.house.post(task.number, TaskAnswer(task.id, outcome, receipt, reason, note, by, reply))
    return await reply.wait()


# ------------------------------------------------------------------------------------------------------------- stored


def stored(store: Store, number: str = MOBILE) -> NumberRecord:
    """A number's record as it is on disk."""
    packed = store.get(Table.NUMBER, records.key(number))
    assert packed is not None
    return records.decode_number(packed)


def history(store: Store, number: str = MOBILE) -> list[Entry]:
    """All lines of a number's history, oldest first."""
    return records.history(store, number, 10_000)[0][::-1]


def submissions(store: Store, case: str) -> list[Action]:
    """The submissions of a case that are in the outbox."""
    return [a for a in records.all_actions(store, f"{case}/") if a.kind is ActionKind.SUBMIT]


def consistent(store: Store) -> None:
    """What holds between any two transactions, whatever happened: of every open case a timer, of nothing an orphan."""
    cases = {case.id: case for case in records.all_cases(store)}
    newest: dict[tuple[str, str], Case] = {}  # by number and track
    timers = list(records.all_timers(store))
    assert timers == sorted(timers, key=lambda t: t[0])
    timed = {case: (due, seq) for due, case, seq in timers}
    assert len(timed) == len(timers), "a case has two timers"
    assert set(timed) == {c.id for c in cases.values() if c.open}
    for case in cases.values():
        number, platform, n = case.id.split("/")
        assert (number, platform) == (case.number, case.platform or case.workflow)
        if case.open:
            deadline = case.snapshot.deadline
            assert deadline is not None
            due, seq = timed[case.id]
            assert seq == case.snapshot.seq
            assert 0 <= due - deadline < 0.002
        else:
            assert case.snapshot.deadline is None
            assert case.row.final
        name = track(case.platform, case.workflow)
        before = newest.get((number, name))
        if before is None or int(before.id.rsplit("/", 1)[1]) < int(n):
            newest[number, name] = case
    for (number, name), case in newest.items():
        record = stored(store, number)
        ref = (record.cases if case.workflow == "appeal" else record.tracks)[name]
        assert (ref.id, ref.state, ref.open) == (case.id, case.snapshot.state, case.open)
    for task in records.all_tasks(store):
        assert task.case in cases
        assert task.id.startswith(f"{task.case}/")
    open_tasks = Counter((t.case, t.kind) for t in records.all_tasks(store) if t.state is TaskState.OPEN)
    assert all(n == 1 for n in open_tasks.values()), open_tasks
    assert all(cases[case].open for case, _ in open_tasks), "a closed case waits for a person"
    sends: Counter[str] = Counter()
    for action in records.all_actions(store):
        assert action.case in cases
        if action.kind is ActionKind.SUBMIT:
            sends[action.case] += 1
            assert cases[action.case].row.in_flight, "a submission is on its way of which its case knows nothing"
        else:
            assert action.state is ActionState.PLANNED
    assert all(n == 1 for n in sends.values()), "two submissions of one case at once"
