"""Runs the regular inspection: waits for its day, has the handsets looked at anew, and says in one line what was found.

`workflows.inspection` decides; the state of the present one is stored here, so that a restart neither begins one twice
nor forgets one. `hands` asks people for the looks.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import trio
from msgspec import structs

from numtrustd.actors import errands, quotas
from numtrustd.actors.forecast import forecast
from numtrustd.actors.house import House
from numtrustd.domain import evidence, set_back
from numtrustd.domain.calendar import local_date
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.observation import Instant
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.report import place
from numtrustd.domain.workflow import Event, TimedOut, start, step
from numtrustd.domain.workflows.inspection import INSPECTION, AllSeen, BeginLooks, InspectionData, Outcome, Summarise
from numtrustd.events import BudgetForecast, DeadlineCorrected, InspectionClosed, InspectionOpened
from numtrustd.store import Batch, records
from numtrustd.store.records import InspectionRecord

BREATH = 500
"""Numbers that are gone through before others get a turn."""

EVERY = 3_600.0
"""Seconds between two looks at whether everything has been seen."""


class Inspector:
    """One per daemon. `replan` has people asked for their looks."""

    def __init__(self, house: House, replan: Callable[[], None]) -> None:
        self._house = house
        self._replan = replan

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Inspect for ever."""
        house = self._house
        found = records.get_inspection(house.store) or await self._next(house.clock.now(), 1)
        found = await self._put_right(found)
        house.inspected_since = found.data.began_at
        task_status.started()
        while True:
            due = found.snapshot.deadline
            assert due is not None, "an inspection that is over is followed by the next"
            await house.clock.rest(min(house.clock.left(due), EVERY))
            found = await self._put_right(found)
            due = found.snapshot.deadline or due
            if house.clock.now() >= due:
                found = await self._happen(found, TimedOut(found.snapshot.seq))
            elif found.data.began_at is not None and await self._all_seen(found.data.began_at):
                found = await self._happen(found, AllSeen())

    async def _put_right(self, found: InspectionRecord) -> InspectionRecord:
        """The present inspection by the clock as it is now, which may have been set back since."""
        house = self._house
        mended = set_back.inspection(found.snapshot, found.data, house.clock.now(), house.context.inspection)
        if mended is None:
            return found
        new = await self._store(InspectionRecord(found.n, *mended))
        house.inspected_since = new.data.began_at
        house.log.emit(DeadlineCorrected(inspection=new.n, deadline=new.snapshot.deadline))
        return new

    async def _next(self, after: Instant, n: int, ended: Outcome | None = None) -> InspectionRecord:
        data = InspectionData(after=after)
        snapshot = start(INSPECTION, data, self._house.clock.now(), self._house.context.inspection)
        return await self._store(InspectionRecord(n, snapshot, data), ended)

    async def _store(self, record: InspectionRecord, ended: Outcome | None = None) -> InspectionRecord:
        batch = Batch()
        records.put_inspection(batch, record)
        if ended is not None:
            records.put_outcome(batch, ended)
        await self._house.store.commit(batch)
        return record

    async def _happen(self, found: InspectionRecord, event: Event) -> InspectionRecord:
        house, now = self._house, self._house.clock.now()
        made = step(INSPECTION, found.snapshot, found.data, event, now, house.context.inspection)
        if made is None:
            return found
        new = InspectionRecord(found.n, made.snapshot, made.data)
        if any(isinstance(effect, Summarise) for effect in made.effects):
            began = new.data.began_at or now
            over, outcome = await self._summary(new, began, now)
            # Stored before it is said: it is said once or not at all.
            following = await self._next(began, found.n + 1, outcome)
            house.inspected_since = None
            house.log.emit(_said(outcome))
            if over is not None:
                house.log.emit(over)
            return following
        await self._store(new)
        if any(isinstance(effect, BeginLooks) for effect in made.effects):
            house.inspected_since = new.data.began_at
            self._replan()
            wanted = await self._looks_wanted()
            house.log.emit(
                InspectionOpened(
                    inspection=found.n,
                    numbers=len(house.context.numbers),
                    looks_wanted=wanted,
                    deadline=made.snapshot.deadline,
                )
            )
        return new

    # -------------------------------------------------------------------------------------------------------- looks

    def _wanted(self, numbers: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """(number, platform/view) of every look that people can make."""
        context = self._house.context
        if not context.hands.enabled:
            return
        for number in numbers:
            owned = context.numbers.get(number)
            for source in () if owned is None else context.sources_for(owned):
                if errands.look_of(source, context) is not None:
                    for reading in source.readings:
                        yield number, place(reading.platform, f"{source.id}/{reading.surface}")

    async def _looks_wanted(self) -> int:
        """How many looks people can make of all numbers."""
        wanted = 0
        for n, number in enumerate(self._house.context.order, 1):
            if n % BREATH == 0:
                await trio.lowlevel.checkpoint()
            wanted += sum(1 for _ in self._wanted((number,)))
        return wanted

    async def _all_seen(self, since: Instant) -> bool:
        """Whether every look was made since; nothing to look at is seen when the time is over."""
        looks = 0
        for n, number in enumerate(self._house.context.order, 1):
            if n % BREATH == 0:
                await trio.lowlevel.checkpoint()
            wanted = [where for _, where in self._wanted((number,))]
            looks += len(wanted)
            if wanted and (record := self._record(number)) is not None:
                if any((told := record.reports.get(where)) is None or told.at < since for where in wanted):
                    return False
            elif wanted:
                return False
        return looks > 0

    def _record(self, number: str) -> NumberRecord | None:
        actor = self._house.numbers.get(number)
        return None if actor is None or actor.packed is None else records.decode_number(actor.packed)

    # ------------------------------------------------------------------------------------------------------ summary

    async def _summary(
        self, found: InspectionRecord, began: Instant, now: Instant
    ) -> tuple[BudgetForecast | None, Outcome]:
        """What everything looks like now, for who answers for it, and what is to be said when money will not do."""
        house, context = self._house, self._house.context
        wanted = seen = labelled = cases = 0
        found_wrong: Counter[str] = Counter()
        for n, number in enumerate(context.order, 1):
            if n % BREATH == 0:
                await trio.lowlevel.checkpoint()
            record = self._record(number)
            looks = [where for _, where in self._wanted((number,))]
            wanted += len(looks)
            if record is None:
                continue
            seen += sum(1 for where in looks if (told := record.reports.get(where)) and told.at >= began)
            labelled += any(verdict.marked for verdict in record.verdicts.values())
            cases += sum(1 for ref in record.every_case if ref.open)
            found_wrong.update(flaw.kind for each in record.flaws.values() for flaw in each if flaw.said)
            found_wrong[FindingKind.INCONSISTENT] += sum(1 for v in record.verdicts.values() if v.apart_said)
        month, plans = await forecast(house)
        over = None
        if month.over:
            over = BudgetForecast(
                forecast=month.most / 100, budget=month.budget / 100, spent=month.committed / 100, plans=len(plans)
            )
        return over, Outcome(
            n=found.n,
            began_at=began,
            ended_at=now,
            numbers=len(context.numbers),
            looks_wanted=wanted,
            looks_made=seen,
            labelled=labelled,
            open_cases=cases,
            inconsistent=found_wrong[FindingKind.INCONSISTENT],
            wrong_names=found_wrong[FindingKind.DISPLAY_WRONG] + found_wrong[FindingKind.DISPLAY_MISSING],
            stale_tags=found_wrong[FindingKind.TAG_EXPIRED] + found_wrong[FindingKind.TAG_WRONG],
            papers=evidence.amiss(context.documents, local_date(now), context.papers.notice),
            quotas=await quotas.tight(house),
            spent=month.committed,
            forecast=month.most,
        )


def _said(outcome: Outcome) -> InspectionClosed:
    told = {
        name: value for name, value in structs.asdict(outcome).items() if name in InspectionClosed.__struct_fields__
    }
    took = outcome.ended_at - outcome.began_at
    yuan = {"spent": outcome.spent / 100, "forecast": outcome.forecast / 100}
    return InspectionClosed(**told | yuan, inspection=outcome.n, took_seconds=took)
