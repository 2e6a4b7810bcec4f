"""A month's report for people: reads what the store keeps of every number, a little at a time, and sums it up.

`domain.month_report` has the sums. Between two slices everybody else has a turn, for as long as the slice took: ten
thousand numbers with a month of history take seconds, and nobody else may wait for that. One report is made at a time.
"""

from collections import Counter
from collections.abc import Iterable
from statistics import median

import msgspec
import trio

from numtrustd.actors.context import Context
from numtrustd.actors.control import views, views_papers
from numtrustd.actors.control.views import Sight, shown_at
from numtrustd.actors.control.views_case import task_row
from numtrustd.actors.rests import Rests
from numtrustd.api import errors, when
from numtrustd.api import report as api
from numtrustd.api.rows import TaskRow
from numtrustd.domain import evidence, ledger
from numtrustd.domain.benefit import Rate
from numtrustd.domain.calendar import local_date
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.case import Case
from numtrustd.domain.label import Severity
from numtrustd.domain.label_days import Belief, LabelDay, Turn
from numtrustd.domain.month_report import Brought, CaseSums, DayTold, NumberFacts, Tally, days_wanted
from numtrustd.domain.observation import Instant
from numtrustd.domain.period import Period, last_whole, period
from numtrustd.domain.record import Entry, NumberRecord
from numtrustd.domain.task import TITLES, TaskKind
from numtrustd.domain.workflows import REGISTRY
from numtrustd.domain.workflows.incident import MarkName
from numtrustd.events import VerdictBaseline, VerdictChanged, VerdictFlapping
from numtrustd.store import lookback, records
from numtrustd.store.errors import DamagedRecord
from numtrustd.varlink.interface import CallError

BREATH = 400
"""Records that are read, or numbers that are gone through, before others get a turn: some milliseconds."""

TASKS = 10
"""Open tasks that are told one by one, the most urgent."""

NUMBER = 8
"""What a number weighs of a breath beside its records: some reads that find nothing, and its record."""

_TURNS = frozenset({VerdictBaseline.action, VerdictChanged.action, VerdictFlapping.action})


class ReportDesk:
    """One per daemon."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._turn = trio.Lock()

    async def month(self, month: str | None) -> api.Report:
        """The report of a month, or of the last whole one. Raises `CallError` for what is no month, or to come."""
        context, now = self._sight.context, self._sight.now()
        zone = context.ledger.zone
        try:
            told = period(last_whole(now, zone) if month is None else month, zone, now)
        except ValueError as error:
            raise CallError(errors.InvalidArgument("month", str(error))) from None
        async with self._turn:
            return await _Reading(self._sight, told, now).report()


class _Reading:
    """One report being made. The configuration is that of its beginning."""

    def __init__(self, sight: Sight, told: Period, now: Instant) -> None:
        self._sight, self._store, self._period, self._now = sight, sight.house.store, told, now
        self._context: Context = sight.context
        self._tally = Tally(told, self._context.benefit, now)
        self._neutral = frozenset(c for c, bad in self._context.severity.items() if bad is Severity.NEUTRAL)
        self._work = self._damaged = self._unwatched = 0
        self._rests = Rests(sight.house.clock)

    async def _breathe(self, work: int = 1) -> None:
        self._work += work
        if self._work >= BREATH:
            self._work = 0
            await self._rests.rest()

    def _on_damaged(self, _: DamagedRecord) -> None:
        self._damaged += 1

    async def report(self) -> api.Report:
        """Read everything, in slices."""
        if self._store.created_at < self._period.until:
            await self._read()
        return await self._told()

    async def _read(self) -> None:
        for charge in lookback.every_charge(self._store, self._on_damaged):
            self._tally.charge(charge)
            await self._breathe()
        for number in self._context.order:
            await self._breathe(NUMBER)
            self._tally.add(await self._facts(number, watched=True))
        for number in lookback.recorded_numbers(self._store, self._on_damaged):
            await self._breathe()
            if number not in self._context.numbers:
                await self._breathe(NUMBER)
                self._unwatched += 1
                self._tally.add(await self._facts(number, watched=False))

    # ---------------------------------------------------------------------------------------------------- a number

    async def _facts(self, number: str, *, watched: bool) -> NumberFacts:
        cases = await self._cases(number)
        days = await self._days(number, cases)
        if not watched:  # since when it is not, nobody wrote down
            return NumberFacts(number, cases, days)
        try:
            record = self._sight.record(number)
        except (DamagedRecord, msgspec.MsgspecError):
            self._damaged += 1
            return NumberFacts(number, cases, days)
        beliefs = {p: Belief(v.belief.key, v.since) for p, v in record.verdicts.items() if v.belief is not None}
        accepted = self._neutral | self._context.numbers[number].accept
        return NumberFacts(number, cases, days, await self._turns(number, record), beliefs, accepted)

    async def _cases(self, number: str) -> tuple[Case, ...]:
        found = []
        for case in lookback.cases_of(self._store, number, self._on_damaged):
            found.append(case)
            await self._breathe(4)
        return tuple(found)

    async def _days(self, number: str, cases: Iterable[Case]) -> list[DayCalls]:
        first, last = days_wanted(cases, self._period, self._context.benefit.window_days)
        found = []
        for day in lookback.days_between(self._store, number, first, last, self._on_damaged):
            found.append(day)
            await self._breathe()
        return found

    async def _turns(self, number: str, record: NumberRecord) -> dict[str, list[Turn]]:
        """What each belief did since the period began. What it was before is told by the first line after it; a line
        that tells of a flap does not say, so that the line before is asked."""
        # Beliefs that are as old as the end of the period say what they were through it.
        newest = max((v.since for v in record.verdicts.values()), default=0.0)
        until = self._now if newest >= self._period.until else self._period.until
        found: dict[str, list[Turn]] = {}
        for entry in lookback.entries_since(self._store, number, self._period.begins, self._on_damaged):
            await self._breathe()
            if entry.at > until:
                break
            if entry.action not in _TURNS:
                continue
            old: str | None = entry.old
            if entry.action == VerdictFlapping.action:
                if entry.platform in found:
                    old = None
                else:
                    before = self._before(number, entry.platform)
                    old = entry.new if before is None else before.new
            found.setdefault(entry.platform, []).append(Turn(entry.at, old, entry.new))
        return found

    def _before(self, number: str, platform: str) -> Entry | None:
        def wanted(entry: Entry) -> bool:
            return entry.platform == platform and entry.action in _TURNS

        return lookback.last_entry(self._store, number, self._period.begins, wanted, self._on_damaged)

    # --------------------------------------------------------------------------------------------------- the answer

    async def _told(self) -> api.Report:
        context, told, tally, store = self._context, self._period, self._tally, self._store
        work, tasks, tasks_open, overdue = await self._tasks()
        lacking = await views_papers.lacking(self._sight)
        spend = [
            api.SpendMonth(
                what=what,
                platform=platform or None,
                committed=sums.committed,
                planned=sums.planned,
                void=sums.void,
                entries=sums.entries,
            )
            for (what, platform), sums in sorted(tally.spend.items())
        ]
        outcomes = (o for o in records.all_outcomes(store) if told.has(o.ended_at))
        cases = [_case_month(kind, at, sums) for (kind, at), sums in sorted(tally.cases.items())]
        worth = ledger.fen(context.benefit.answered_call)
        return api.Report(
            now=when(self._now),
            month=told.month,
            zone=told.zone,
            since=when(told.begins),
            until=when(told.until),
            whole=told.whole,
            recorded_from=when(store.created_at),
            numbers=len(context.numbers),
            unwatched=self._unwatched or None,
            unreadable=self._damaged or None,
            callers=tally.callers,
            platforms=tuple(
                self._platforms([*(task.platform for task in tasks), *(paper.platform for paper in lacking)])
            ),
            days=tuple(map(_day, map(str, told.days), tally.labels.days, tally.calls)),
            labels=tuple(
                api.LabelMonth(
                    platform=p.platform,
                    at_start=p.at_start,
                    found=p.found,
                    appeared=p.appeared,
                    cleared=p.cleared,
                    at_end=p.at_end,
                    label_days=p.label_days,
                )
                for p in tally.labels.platforms
            ),
            cases=tuple(cases),
            marks=tuple(
                api.MarkMonth(mark=name, within=self._within(name), met=m.met, missed=m.missed, ahead=m.ahead)
                for name, m in tally.marks.items()
            ),
            missed=tuple(
                api.MissedMark(incident=m.incident, mark=m.mark, at=when(m.at)) for m in reversed(tally.missed)
            ),
            benefit=tuple(_benefit(tally, *place, sums) for place, sums in sorted(tally.brought.items())),
            call_worth=worth or None,
            budget=ledger.fen(context.ledger.monthly_budget),
            spend=tuple(spend),
            open_count=sum(sums.open_at_end for sums in tally.cases.values()),
            open_cases=tuple(
                api.OpenCase(
                    case=c.id,
                    kind=c.kind,
                    platform=c.platform or None,
                    opened_at=when(c.opened),
                    state=c.state,
                    meaning=_meaning(c.kind, c.state),
                )
                for c in tally.open_cases
            ),
            inspection_every=context.inspection.every,
            inspection_since=shown_at(self._sight.house.inspected_since),
            inspections=tuple(
                api.InspectionMonth(
                    inspection=o.n,
                    began_at=when(o.began_at),
                    ended_at=when(o.ended_at),
                    numbers=o.numbers,
                    looks_wanted=o.looks_wanted,
                    looks_made=o.looks_made,
                    labelled=o.labelled,
                    open_cases=o.open_cases,
                    inconsistent=o.inconsistent,
                    wrong_names=o.wrong_names,
                    stale_tags=o.stale_tags,
                    papers=o.papers,
                    quotas=o.quotas,
                )
                for o in outcomes
            ),
            tasks_open=tasks_open,
            tasks_overdue=overdue,
            work=work,
            tasks=tasks,
            parked=sum(1 for number in self._sight.parked if number in context.numbers),
            papers=evidence.amiss(context.documents, local_date(self._now), context.papers.notice),
            lacking=lacking or None,
        )

    def _within(self, name: MarkName) -> float:
        rules = self._context.incident
        return {
            MarkName.SUBMIT: rules.submit_within,
            MarkName.FOLLOW_UP: rules.follow_up_within,
            MarkName.RESOLVE: rules.resolve_within,
        }[name]

    def _platforms(self, more: Iterable[str]) -> Iterable[api.ReportPlatform]:
        """The names of those that the report speaks of: what was counted, and `more`."""
        tally = self._tally
        named = {p.platform for p in tally.labels.platforms} | {at for _, at in (*tally.cases, *tally.spend)}
        for platform in sorted({*named, *more} - {""}):
            known = self._context.platforms.get(platform)
            name = platform if known is None else known.name
            yield api.ReportPlatform(platform=platform, name=name, name_en=(known and known.name_en) or name)

    async def _tasks(self) -> tuple[tuple[api.Work, ...], tuple[TaskRow, ...], int, int]:
        """What people have to do now: by kind, and the most urgent of it."""
        each = views.open_tasks(self._sight)
        count, late = Counter[TaskKind](), Counter[TaskKind]()
        first: dict[TaskKind, Instant] = {}
        shown: list[TaskRow] = []
        for due, identity in each:
            await self._breathe(4)
            task = records.get_task(self._store, identity)
            if task is None:
                continue
            count[task.kind] += 1
            late[task.kind] += due < self._now
            first.setdefault(task.kind, due)
            if len(shown) < TASKS:
                shown.append(task_row(self._sight, task))
        work = (
            api.Work(kind=kind, title=TITLES[kind], open=n, overdue=late[kind], next_due=when(first[kind]))
            for kind, n in count.most_common()
        )
        return tuple(work), tuple(shown), count.total(), late.total()


def _day(day: str, seen: LabelDay, told: DayTold) -> api.ReportDay:
    return api.ReportDay(
        day=day,
        labels=seen.labels,
        numbers=seen.numbers,
        known=seen.known,
        found=seen.found,
        appeared=seen.appeared,
        cleared=seen.cleared,
        calls=told.calls if told.numbers else None,
        answered=told.answered if told.numbers else None,
        callers=told.numbers or None,
    )


def _case_month(kind: str, platform: str, sums: CaseSums) -> api.CaseMonth:
    took = sums.took
    return api.CaseMonth(
        kind=kind,
        platform=platform or None,
        opened=sums.opened,
        cleared=len(took),
        given_up=sums.given_up,
        open_at_end=sums.open_at_end,
        quickest=min(took) if took else None,
        median=median(took) if took else None,
        slowest=max(took) if took else None,
    )


def _meaning(kind: str, state: str) -> str:
    """A state that no version of the workflow has any more has only its name."""
    table = REGISTRY[kind]
    return next((row.meaning for known, row in table.rows.items() if known == state), state)


def _benefit(tally: Tally, kind: str, platform: str, sums: Brought) -> api.BenefitMonth:
    compared, worth = bool(sums.compared), bool(tally.worth(1.0))
    lost = sums.lost if sums.lost[1] else None
    return api.BenefitMonth(
        kind=kind,
        platform=platform,
        cases=sums.cases,
        ended=sums.ended,
        paid=sums.paid,
        compared=sums.compared,
        before=_rate(sums.before),
        during=_rate(sums.during),
        after=_rate(sums.after),
        gained=sums.gained if compared else None,
        gained_fen=tally.worth(sums.gained) if compared and worth else None,
        lost_least=None if lost is None else lost[0],
        lost_most=None if lost is None else lost[1],
        measured=None if lost is None else sums.measured,
    )


def _rate(rate: Rate) -> api.Rate | None:
    return api.Rate(days=rate.days, calls=rate.calls, answered=rate.answered) if rate.days else None
