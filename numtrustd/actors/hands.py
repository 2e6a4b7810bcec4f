"""The looks that only people can make: asks for them as tasks, closes each task when its reports are in, reminds, and
says when nobody came.

`domain.device_test` decides what is wanted; the reports themselves go to the numbers. Tasks are of many numbers, so
this is a service of its own beside them, and the only writer of these tasks.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator

import msgspec
import trio
from msgspec import structs

from numtrustd.actors import errands
from numtrustd.actors.house import House
from numtrustd.actors.messages import RefusedError, Told
from numtrustd.actors.pace import VERIFYING
from numtrustd.domain import cadence, set_back
from numtrustd.domain import device_test as plan
from numtrustd.domain.device_test import Errand, HandPolicy, Wish
from numtrustd.domain.near import did_you_mean
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import HandLook
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.report import place
from numtrustd.domain.task import Task, TaskState, meant
from numtrustd.events import DeadlineCorrected, TaskDone, TaskExpired, TaskOpened, TaskReminded
from numtrustd.probes.spec import Source
from numtrustd.store import Batch, Table, records
from numtrustd.store.errors import DamagedRecord

PLAN_EVERY = 3_600.0
"""Seconds (of the clock) between two looks at what is wanted."""

BREATH = 200
"""Numbers that are looked through before others get a turn."""


class Hands:
    """One per daemon."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._turn = trio.Lock()
        self._wake = trio.Event()
        self._open: dict[str, Task] = {}
        self._asked: dict[tuple[str, str], str] = {}
        self._given_up: dict[tuple[str, str], Instant] = {}
        self._count: dict[str, int] = {}
        self._remind_at: dict[str, Instant] = {}
        self._reported: set[str] | None = None
        self._plan_at: Instant = 0.0
        self._closed: dict[str, Instant] = {}

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Plan, remind, expire and close for ever."""
        self._load()
        task_status.started()
        clock = self._house.clock
        while True:
            self._wake = trio.Event()
            async with self._turn:
                await self._put_right()
                await self._close_answered()
                await self._expire()
                self._remind()
                now = clock.now()
                if now >= self._plan_at or now + PLAN_EVERY < self._plan_at < math.inf:  # the clock was set back
                    self._plan_at = math.inf  # unless it is asked for anew while we plan
                    await self._forget()
                    again = await self._plan()
                    self._plan_at = min(self._plan_at, now + PLAN_EVERY if self._sources() else math.inf, again)
            due = min([self._plan_at, *self._remind_at.values(), *(t.due for t in self._open.values())])
            await clock.rest(clock.left(due), self._wake)

    def poke(self, number: str) -> None:
        """A report of this number was stored."""
        if self._reported is not None:
            self._reported.add(number)
        for source in self._house.context.sources:
            self._given_up.pop((source, number), None)
        # What it says may want another look: that is asked for as soon as it may be, not with the next plan.
        self._plan_at = min(self._plan_at, self._house.clock.now() + self._house.context.hands.confirm_interval)
        self._wake.set()

    def replan(self) -> None:
        """What is configured has changed."""
        self._reported, self._plan_at = None, 0.0
        self._wake.set()

    def asked(self, source: str, number: str) -> Task | None:
        """The open task that asks for this look, as long as it is not reported."""
        task, spec = self._open.get(self._asked.get((source, number), "")), self._house.context.sources.get(source)
        return task if task is None or spec is None or any(self._missing(task, spec, number)) else None

    def asks_at(self, source: str, number: str) -> Instant | None:
        """When somebody is asked for this look next, if nobody tells of one before; `None` if nobody will be."""
        context, now = self._house.context, self._house.clock.now()
        spec, owned = context.sources.get(source), context.numbers.get(number)
        if (
            spec is None
            or owned is None
            or owned.kind not in spec.kinds
            or (spec, errands.look_of(spec, context)) not in (self._sources())
        ):
            return None
        record, policy = self._record(number), context.hands
        reports = (report.at for where, report in record.reports.items() if f" {source}/" in where)
        at = plan.wanted_at(lambda at: self._wish(spec, owned, record, policy, at), tuple(reports), now, policy)
        return None if at is None else cadence.opening(at, context.cadence, context.hours_of(owned, spec))

    def given_up(self, source: str, number: str) -> Instant | None:
        """When the latest task that asked for this look ended without it; `None` if none did."""
        return self._given_up.get((source, number))

    def missing(self, task: Task) -> tuple[tuple[str, str, str], ...]:
        """(number, platform, surface) of the looks that a task still waits for."""
        source = self._house.context.sources.get(task.source)
        if source is None:
            return ()
        return tuple(each for number in task.numbers for each in self._missing(task, source, number))

    async def answer(self, identity: str, outcome: str, reason: str, by: str) -> Told:
        """A person answers a task: "reported", or "failed" with the reason. Raises `RefusedError`."""
        async with self._turn:
            await self._close_answered()
            task = self._open.get(identity)
            if task is None:
                stored = records.get_task(self._house.store, identity)
                if stored is not None and stored.state is TaskState.DONE and outcome != "failed":
                    return Told("", stored.state, stored.state)
                state = "unknown" if stored is None else f"already {stored.state}"
                raise RefusedError(f"task {identity} is {state}; `numtrustctl tasks` lists the open ones")
            if outcome not in ("", "reported", "failed"):
                asked = did_you_mean(meant(task.kind, outcome))
                raise RefusedError(
                    f"--outcome {outcome!r} does not answer {task.kind}: {asked}reported, or `task fail`"
                )
            if outcome != "failed":
                missing = self.missing(task)
                first = ", ".join(f"{number} on {platform}/{surface}" for number, platform, surface in missing[:3])
                more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
                raise RefusedError(f"not reported yet: {first}{more}; `numtrustctl observe` reports each")
            await self._end(task, TaskState.FAILED, "failed", reason, by)
            return Told("", TaskState.OPEN, TaskState.FAILED)

    # ------------------------------------------------------------------------------------------------------- tasks

    def _load(self) -> None:
        for task in records.all_tasks(self._house.store, plan.PREFIX):
            self._count[task.source] = max(self._count.get(task.source, 0), plan.turn_of(task.id))
            self._note(task)

    def _note(self, task: Task) -> None:
        if task.state is TaskState.OPEN:
            self._open[task.id] = task
            self._asked |= {(task.source, number): task.id for number in task.numbers}
            every = self._house.context.appeal.remind_interval
            passed = max(0.0, self._house.clock.now() - task.opened_at)
            self._remind_at[task.id] = task.opened_at + every * (passed // every + 1)
            return
        self._open.pop(task.id, None)
        self._remind_at.pop(task.id, None)
        self._closed[task.id] = task.closed_at or 0.0
        for number in task.numbers:
            if self._asked.get((task.source, number)) == task.id:  # else it was asked for anew
                del self._asked[task.source, number]
        if task.state is not TaskState.DONE:
            for number in dict.fromkeys(number for number, _, _ in self.missing(task)):
                key = task.source, number
                self._given_up[key] = max(self._given_up.get(key, 0.0), task.closed_at or 0.0)

    async def _store(self, tasks: Iterable[Task]) -> None:
        batch, each = Batch(), tuple(tasks)
        for task in each:
            records.put_task(batch, task)
        await self._house.store.commit(batch)
        for task in each:
            self._note(task)
        self._house.board.note_tasks(each)

    async def _forget(self) -> None:
        """Delete the tasks that ended long ago; the newest of each source stays, so that no id is given twice."""
        before = self._house.clock.now() - self._house.context.hands.keep
        old = [
            task
            for task, at in self._closed.items()
            if at <= before and plan.turn_of(task) < self._count.get(plan.source_of(task), 0)
        ]
        if not old:
            return
        batch = Batch()
        for task in old:
            records.delete_task(batch, task)
        await self._house.store.commit(batch)
        for task in old:
            del self._closed[task]

    async def _end(self, task: Task, state: TaskState, outcome: str, note: str = "", by: str = "") -> None:
        now = self._house.clock.now()
        await self._store([structs.replace(task, state=state, closed_at=now, outcome=outcome, note=note, by=by)])
        if state is TaskState.CLOSED:
            self._house.log.emit(
                TaskExpired(
                    task=task.id, kind=task.kind, title=task.title, why=note, due=task.due, platform=task.platform
                )
            )
            return
        self._house.log.emit(
            TaskDone(
                task=task.id,
                kind=task.kind,
                title=task.title,
                result=outcome,
                by=by or None,
                detail=note or None,
                platform=task.platform,
            )
        )

    async def _close_answered(self) -> None:
        """Close what is reported or no longer wanted; only what was reported lately can have changed that."""
        reported, self._reported = self._reported, set()
        for task in list(self._open.values()):
            if reported is not None and reported.isdisjoint(task.numbers):
                continue
            context = self._house.context
            if task.source not in context.sources or not any(n in context.numbers for n in task.numbers):
                await self._end(task, TaskState.CLOSED, "closed", "it is no longer wanted")
            elif not self.missing(task):
                await self._end(task, TaskState.DONE, "reported", by=self._last_reporter(task))

    def _last_reporter(self, task: Task) -> str:
        each = [
            report
            for number in task.numbers
            for where, report in self._record(number).reports.items()
            if where.partition(" ")[2].startswith(f"{task.source}/")
        ]
        return max(each, key=lambda report: report.at).by if each else ""

    async def _put_right(self) -> None:
        """People have so long for their looks, also where the clock was set back since they were asked."""
        now = self._house.clock.now()
        mended = [made for task in self._open.values() if (made := set_back.task(task, now)) is not None]
        if mended:
            await self._store(mended)
            for task in mended:
                self._house.log.emit(
                    DeadlineCorrected(task=task.id, kind=task.kind, platform=task.platform, deadline=task.due)
                )

    async def _expire(self) -> None:
        now = self._house.clock.now()
        for task in [t for t in self._open.values() if t.due <= now]:
            missing = self.missing(task)
            numbers = len(dict.fromkeys(number for number, _, _ in missing))
            await self._end(task, TaskState.CLOSED, "expired", f"{numbers} of {len(task.numbers)} numbers not reported")

    def _remind(self) -> None:
        now, every = self._house.clock.now(), self._house.context.appeal.remind_interval
        for identity, at in list(self._remind_at.items()):
            if at > now:
                continue
            task = self._open[identity]
            passed = (now - task.opened_at) // every
            self._remind_at[identity] = task.opened_at + every * (passed + 1)
            self._house.log.emit(
                TaskReminded(
                    task=task.id,
                    kind=task.kind,
                    title=task.title,
                    due=task.due,
                    attempt=int(passed),
                    platform=task.platform,
                )
            )

    # -------------------------------------------------------------------------------------------------------- plan

    def _sources(self) -> list[tuple[Source, HandLook]]:
        """Those through which people look: with none there is nothing to plan until the configuration changes."""
        context = self._house.context
        each = [(s, errands.look_of(s, context)) for s in context.sources.values() if context.hands.enabled]
        return [(source, look) for source, look in each if look is not None]

    async def _plan(self) -> Instant:
        """Ask for what is wanted; when to plan again at the latest, because the hours of some number begin then."""
        context, again = self._house.context, math.inf
        for source, look in self._sources():
            wishes: list[Wish] = []
            opening: dict[tuple[str, ...], Instant] = {}
            began = self._house.clock.now()
            for n, number in enumerate(context.order):
                if n % BREATH == BREATH - 1:
                    await trio.lowlevel.checkpoint()
                owned = context.numbers[number]
                if owned.kind not in source.kinds or not self._free(source, number):
                    continue
                within = context.hours_of(owned, source)
                if within not in opening:
                    opening[within] = cadence.opening(began, context.cadence, within)
                if opening[within] > began:
                    again = min(again, opening[within])
                else:
                    found = self._wish(source, owned, self._record(number), context.hands, self._house.clock.now())
                    wishes += () if found is None else (found,)
            open_tasks = sum(1 for task in self._open.values() if task.source == source.id)
            window = context.verdict.confirm_window
            now = self._house.clock.now()
            wanted = plan.errands(source.id, wishes, now, context.hands, open_tasks=open_tasks, confirm_window=window)
            await self._ask(source, look, wanted, now)
        return again

    def _free(self, source: Source, number: str) -> bool:
        """Whether nobody is asked for it, nor was in vain only lately."""
        house = self._house
        actor = house.numbers.get(number)
        if actor is None or actor.closed or self.asked(source.id, number) is not None:
            return False
        at, now = self._given_up.get((source.id, number)), house.clock.now()
        # A time that is still to come is of a clock that was set back since: it must not put off the next one.
        return at is None or at > now or now >= plan.again_at(at, house.context.hands)

    def _wish(
        self, source: Source, owned: Owned, record: NumberRecord, policy: HandPolicy, now: Instant
    ) -> Wish | None:
        home = source.readings[0].platform
        hands = tuple(f"{source.id}/{r.surface}" for r in source.readings if r.platform == home)
        seen = self._seen(source, record)
        page = errands.assisted(source)
        if page and seen:  # a page is read as a whole, whatever of it was told
            seen, hands = {hands[0]: max(seen.values())}, hands[:1]
        return plan.wish(
            owned.number,
            record.verdicts.get(home),
            seen,
            hands,
            now,
            policy,
            verifying=any(ref.open and ref.platform == home and ref.state in VERIFYING for ref in record.every_case),
            assisted=page,
            inspected_since=self._house.inspected_since,
            watched=any(
                other.id != source.id and any(r.platform == home for r in other.readings)
                for other in self._house.context.sources_for(owned)
            ),
        )

    def _seen(self, source: Source, record: NumberRecord) -> dict[str, Instant]:
        """When people last told of each view of a source; of one that speaks for several platforms, of any."""
        seen: dict[str, Instant] = {}
        for reading in source.readings:
            view = f"{source.id}/{reading.surface}"
            report = record.reports.get(place(reading.platform, view))
            if report is not None:
                seen[view] = max(report.at, seen.get(view, 0.0))
        return seen

    def _missing(self, task: Task, source: Source, number: str) -> Iterator[tuple[str, str, str]]:
        if number not in self._house.context.numbers:
            return
        record, policy = self._record(number), self._house.context.hands
        each = [(r.platform, r.surface, place(r.platform, f"{source.id}/{r.surface}")) for r in source.readings]
        left = [
            (number, platform, surface)
            for platform, surface, where in each
            if (report := record.reports.get(where)) is None or not plan.answered(report.at, task.opened_at, policy)
        ]
        if not errands.assisted(source):
            yield from left
        elif len(left) == len(each):
            yield left[0]

    def _record(self, number: str) -> NumberRecord:
        """What is known of a number; of one whose record cannot be read, nothing: that is its own actor's affair, which
        is parked for it, while this is a service of all."""
        actor = self._house.numbers.get(number)
        packed = actor.packed if actor is not None else None
        with contextlib.suppress(DamagedRecord, msgspec.MsgspecError):
            if packed is None:
                packed = self._house.store.get(Table.NUMBER, records.key(number))
            if packed is not None:
                return records.decode_number(packed)
        return NumberRecord(number, self._house.clock.now())

    async def _ask(self, source: Source, look: HandLook, wanted: Iterable[Errand], now: Instant) -> None:
        context = self._house.context
        platform = context.platforms[source.readings[0].platform]
        tasks: list[Task] = []
        for errand in wanted:
            n = self._count[source.id] = self._count.get(source.id, 0) + 1
            hours = {w.number: context.hours_said(context.numbers[w.number], source) for w in errand.wishes}
            tasks.append(errands.task(f"{plan.PREFIX}{source.id}/{n}", source, platform, look, errand, now, hours))
        if not tasks:
            return
        await self._store(tasks)
        for task in tasks:
            self._house.log.emit(
                TaskOpened(task=task.id, kind=task.kind, title=task.title, due=task.due, platform=task.platform)
            )
