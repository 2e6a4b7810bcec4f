"""The handlers of `io.numtrust.Status`: everything that only looks. `desk` beside this module acts.

Lists are made page by page and nothing is held open between two pages: what is stored may change meanwhile.
"""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import TypeVar

import trio
from msgspec import structs

from numtrustd.actors.control import arguments, eyes, views
from numtrustd.actors.control.calls import calls_view, warnings_of
from numtrustd.actors.control.explain import explain
from numtrustd.actors.control.ledger_desk import ledger_view
from numtrustd.actors.control.links import check_link
from numtrustd.actors.control.list_places import BREATH, start_of
from numtrustd.actors.control.report_desk import ReportDesk
from numtrustd.actors.control.silence_desk import silence_list
from numtrustd.actors.control.task_list import task_rows
from numtrustd.actors.control.views import Sight, history_row, number_row, verdict_row
from numtrustd.actors.control.views_case import case_row, case_view, task_row, task_view
from numtrustd.actors.control.views_incident import incident_row
from numtrustd.actors.control.views_leaving import leaving_row
from numtrustd.actors.control.views_papers import evidence_list
from numtrustd.actors.control.views_platform import platform_view
from numtrustd.actors.control.views_world import platform_rows, source_rows
from numtrustd.actors.rests import Rests
from numtrustd.api import calls, evidence, facts, instant, ledger, links, report, silence, status, when
from numtrustd.api import incidents as api_incidents
from numtrustd.api.errors import InvalidArgument
from numtrustd.api.rows import CaseRow, NumberRow
from numtrustd.clock import Clock
from numtrustd.domain.case import Case, number_of
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.near import did_you_mean, near
from numtrustd.domain.number import from_canonical, mask
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import DEFAULT_GROUP
from numtrustd.domain.platform import called
from numtrustd.events import Level
from numtrustd.log.logger import Record
from numtrustd.store import records
from numtrustd.varlink.interface import Call, CallError, Handler

WATCH_QUEUE = 1_000
"""Log records that wait for one reader of `Watch` before further ones are dropped and counted."""

_WHOSE = ("numtrust.number", "numtrust.actor", "numtrust.subject")
"""Where a record names the number that it is of: what is told of its actor, or of an operator's deed, is of it too."""

SLICE = 50
"""Rows made before others get a turn: a few milliseconds."""

T = TypeVar("T")


async def _pages(
    rows: Iterator[T | None], limit: int, clock: Clock
) -> AsyncGenerator[tuple[tuple[T, ...], bool], None]:
    """(page, whether there are more) of rows; `None` among them is a place to let others go first, too."""
    page: list[T] = []
    rests = Rests(clock)
    for made, row in enumerate(rows, 1):
        if row is None or made % SLICE == 0:
            await rests.rest()
        if row is None:
            continue
        if len(page) == limit:
            yield tuple(page), True
            page = []
            rests.go_on()
        page.append(row)
    yield tuple(page), False


class Answers:
    """One per daemon; `handlers` is what `bind` wants."""

    def __init__(
        self,
        sight: Sight,
        *,
        version: str,
        started_at: Instant,
        stalled: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        self._sight = sight
        self._version = version
        self._started_at = started_at
        self._stalled = stalled
        self._reports = ReportDesk(sight)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Every method of the interface by its name."""
        return {
            "GetStatus": self._status,
            "ListNumbers": self._numbers,
            "GetNumber": self._number,
            "ListPlatforms": self._platforms,
            "GetPlatform": self._platform,
            "ListSources": self._sources,
            "ListCases": self._cases,
            "GetCase": self._case,
            "ListIncidents": self._incidents,
            "Explain": self._explain,
            "History": self._history,
            "GetCalls": self._call_stats,
            "ListTasks": self._tasks,
            "GetTask": self._task,
            "ListEvidence": self._evidence,
            "GetLedger": self._ledger,
            "GetReport": self._report,
            "ListSilences": self._list_silences,
            "CheckLink": self._check_link,
            "Watch": self._watch,
        }

    @property
    def _now(self) -> datetime:
        return when(self._sight.now())

    async def _status(self, params: status.GetStatus, call: Call) -> status.Status:
        stalled = None if self._stalled is None else self._stalled()
        return views.status(self._sight, self._version, self._started_at, stalled)

    # ----------------------------------------------------------------------------------------------------- numbers

    async def _numbers(self, params: status.ListNumbers, call: Call) -> AsyncGenerator[status.NumberPage, None]:
        groups = {*self._sight.context.groups, DEFAULT_GROUP}
        if params.group is not None and params.group not in groups:
            meant = did_you_mean(near(params.group, groups))
            why = f"there is no group {params.group}: {meant}there are {', '.join(sorted(groups))}"
            raise CallError(InvalidArgument("group", why))
        findings = ("any", *FindingKind)
        if params.finding is not None and params.finding not in findings:
            meant = did_you_mean(near(params.finding, findings))
            why = f"there is no finding {params.finding}: {meant}there are {', '.join(findings)}"
            raise CallError(InvalidArgument("finding", why))
        async with self._pages(self._number_rows(params), params.limit) as pages:
            async for rows, more in pages:
                yield status.NumberPage(now=self._now, numbers=rows, next=rows[-1].number if more else None)

    def _number_rows(self, params: status.ListNumbers) -> Iterator[NumberRow | None]:
        sight, order = self._sight, self._sight.context.order
        start = 0 if params.after is None else bisect_right(order, params.after)
        for passed in range(start, len(order)):
            number = order[passed]
            if passed % BREATH == BREATH - 1:
                yield None
            if params.group is not None and sight.owned(number).group != params.group:
                continue
            if params.finding is not None and not sight.house.board.line(number).findings:
                continue
            if params.labelled and not sight.house.board.line(number).labelled:
                continue
            row = number_row(sight, number)
            if params.finding in (None, "any") or params.finding in row.findings:
                yield row

    async def _number(self, params: status.GetNumber, call: Call) -> status.NumberView:
        sight, owned = self._sight, arguments.watched(self._sight, params.number)
        record = sight.record(owned.number)
        cases = [records.get_case(sight.house.store, case) for case in sight.house.board.cases(owned.number)]
        tasks = [
            records.get_task(sight.house.store, task)
            for case in cases
            if case is not None
            for task in sight.house.board.tasks_of(case.id)
        ]
        sources = sight.context.sources_for(owned)
        tasks += eyes.asked(sight, owned.number, sources)
        parked = sight.parked.get(owned.number)
        return status.NumberView(
            now=self._now,
            number=owned.number,
            dashed=from_canonical(owned.number).dashed,
            kind=owned.kind,
            name=owned.name,
            group=owned.group,
            accept=tuple(sorted(owned.accept)),
            parked=parked is not None,
            platforms=tuple(verdict_row(sight, record, p) for p in sight.platforms(owned, record)),
            cases=tuple(case_row(sight, case) for case in cases if case is not None),
            tasks=tuple(task_row(sight, task) for task in tasks if task is not None),
            parked_why=None if parked is None else ": ".join(filter(None, (parked.error_type, parked.error_message))),
            warnings=tuple(f"{w.habit}: {'; '.join(w.facts)}" for w in warnings_of(sight, owned.number)) or None,
            leaving=leaving_row(sight, record),
            ours_since=None if owned.since is None else owned.since.isoformat(),
            looks_by=eyes.who(sources),
        )

    async def _explain(self, params: status.Explain, call: Call) -> status.Explanation:
        sight, owned = self._sight, arguments.watched(self._sight, params.number)
        platform = arguments.platform_or_none(sight, params.platform)
        return status.Explanation(
            now=self._now,
            number=owned.number,
            dashed=from_canonical(owned.number).dashed,
            name=owned.name,
            lines=explain(sight, owned, platform),
        )

    async def _evidence(self, params: evidence.ListEvidence, call: Call) -> evidence.EvidenceList:
        return await evidence_list(self._sight)

    async def _check_link(self, params: links.CheckLink, call: Call) -> links.LinkCheck:
        of = "" if params.platform is None else arguments.platform(self._sight, params.platform)
        return check_link(self._sight, params.text, of)

    async def _ledger(self, params: ledger.GetLedger, call: Call) -> ledger.LedgerView:
        return await ledger_view(self._sight, params)

    async def _report(self, params: report.GetReport, call: Call) -> report.Report:
        return await self._reports.month(params.month)

    async def _list_silences(self, params: silence.ListSilences, call: Call) -> silence.SilenceList:
        return silence_list(self._sight)

    async def _call_stats(self, params: calls.GetCalls, call: Call) -> calls.CallsView:
        return calls_view(self._sight, params.number, params.limit)

    async def _history(self, params: status.History, call: Call) -> status.HistoryPage:
        number = arguments.recorded(self._sight, params.number)
        before = None if params.before is None else instant(params.before)
        since = None if params.since is None else instant(params.since)
        # One that no pack defines any more may have left lines.
        store, platform = self._sight.house.store, params.platform or ""
        platform = called(platform, self._sight.context.platforms) or platform
        try:
            entries, follows = records.history(
                store, number, params.limit, before, platform, params.after, params.actions, since
            )
        except ValueError:
            raise CallError(InvalidArgument("after", "it is not the `next` of a page of history")) from None
        if platform and not entries and not records.history(store, number, 1, platform=platform)[0]:
            arguments.platform(self._sight, platform)
        return status.HistoryPage(
            now=self._now,
            number=number,
            events=tuple(map(history_row, entries)),
            more=follows is not None,
            next=follows,
        )

    # ------------------------------------------------------------------------------------------------------- world

    async def _platforms(self, params: status.ListPlatforms, call: Call) -> status.PlatformList:
        return status.PlatformList(now=self._now, platforms=platform_rows(self._sight))

    async def _platform(self, params: facts.GetPlatform, call: Call) -> facts.PlatformView:
        return platform_view(self._sight, arguments.platform(self._sight, params.platform))

    async def _sources(self, params: status.ListSources, call: Call) -> status.SourceList:
        return status.SourceList(now=self._now, sources=source_rows(self._sight))

    def _pages(
        self, rows: Iterator[T | None], limit: int
    ) -> aclosing[AsyncGenerator[tuple[tuple[T, ...], bool], None]]:
        return aclosing(_pages(rows, limit, self._sight.house.clock))

    # ------------------------------------------------------------------------------------------------------- cases

    async def _cases(self, params: status.ListCases, call: Call) -> AsyncGenerator[status.CasePage, None]:
        number = None if params.number is None else arguments.recorded(self._sight, params.number)
        params = structs.replace(params, platform=arguments.platform_or_none(self._sight, params.platform))
        if params.by_deadline:
            async with self._pages(self._cases_by_deadline(params, number), params.limit) as dated:
                async for places, more in dated:
                    cases = tuple(row for _, row in places)
                    yield status.CasePage(now=self._now, cases=cases, next=places[-1][0] if more else None)
            return
        async with self._pages(self._case_rows(params, number), params.limit) as pages:
            async for rows, more in pages:
                yield status.CasePage(now=self._now, cases=rows, next=rows[-1].case if more else None)

    def _cases_by_deadline(self, params: status.ListCases, number: str | None) -> Iterator[tuple[str, CaseRow] | None]:
        """(cursor, row) of the open cases that wait for a time."""
        store, watched = self._sight.house.store, self._sight.context.numbers
        try:
            timers = records.timers_from(store, params.after)
        except ValueError:
            raise CallError(InvalidArgument("after", "it is not the `next` of a page of cases by deadline")) from None
        for n, (place, identity) in enumerate(timers, 1):
            if n % BREATH == 0:
                yield None
            of = number_of(identity)
            if of in watched and number in (None, of):
                case = records.get_case(store, identity)
                if case is not None and case.open and params.platform in (None, case.platform):
                    yield place, case_row(self._sight, case)

    def _case_rows(self, params: status.ListCases, number: str | None) -> Iterator[CaseRow | None]:
        found = self._open_cases(params, number) if params.open_only else self._all_cases(params, number)
        for n, case in enumerate(found, 1):
            if n % BREATH == 0:
                yield None
            if params.platform in (None, case.platform):
                yield case_row(self._sight, case)

    def _open_cases(self, params: status.ListCases, number: str | None) -> Iterator[Case]:
        house = self._sight.house
        resting = [case for of, cases in house.board.resting.items() if number in (None, of) for case in cases]
        for identity in sorted((*house.board.cases(number), *resting)):
            if params.after is None or identity > params.after:
                case = records.get_case(house.store, identity)
                if case is not None and case.open:
                    yield case

    def _all_cases(self, params: status.ListCases, number: str | None) -> Iterator[Case]:
        prefix = "" if number is None else f"{number}/"
        return records.all_cases(self._sight.house.store, prefix, start_of(params.after))

    async def _case(self, params: status.GetCase, call: Call) -> status.CaseView:
        return case_view(self._sight, arguments.case(self._sight, params.case))

    async def _incidents(
        self, params: api_incidents.ListIncidents, call: Call
    ) -> AsyncGenerator[api_incidents.IncidentPage, None]:
        number = None if params.number is None else arguments.recorded(self._sight, params.number)
        cases = status.ListCases(open_only=params.open_only, after=params.after)
        async with self._pages(self._incident_rows(cases, number), params.limit) as pages:
            async for rows, more in pages:
                following = rows[-1].incident if more else None
                yield api_incidents.IncidentPage(now=self._now, incidents=rows, next=following)

    def _incident_rows(
        self, params: status.ListCases, number: str | None
    ) -> Iterator[api_incidents.IncidentRow | None]:
        found = self._open_cases(params, number) if params.open_only else self._all_cases(params, number)
        for n, case in enumerate(found, 1):
            if n % BREATH == 0:
                yield None
            if case.workflow == "incident":
                yield incident_row(self._sight, case)

    # ------------------------------------------------------------------------------------------------------- tasks

    async def _tasks(self, params: status.ListTasks, call: Call) -> AsyncGenerator[status.TaskPage, None]:
        async with self._pages(task_rows(self._sight, params), params.limit) as pages:
            async for rows, more in pages:
                tasks = tuple(row for _, row in rows)
                yield status.TaskPage(now=self._now, tasks=tasks, next=rows[-1][0] if more else None)

    async def _task(self, params: status.GetTask, call: Call) -> status.TaskView:
        return task_view(self._sight, arguments.task(self._sight, params.task))

    # ------------------------------------------------------------------------------------------------------- watch

    async def _watch(self, params: status.Watch, call: Call) -> AsyncGenerator[status.LogRecord, None]:
        log = self._sight.house.log
        wanted: frozenset[str] = frozenset()
        if params.number is not None:
            number = arguments.canonical(params.number)
            wanted = frozenset((number, mask(number)))
        send, receive = trio.open_memory_channel[tuple[int, Record]](WATCH_QUEUE)
        missed = 0

        def tap(action: str, level: Level, record: Record) -> None:
            nonlocal missed
            if params.actions and not action.startswith(params.actions):
                return
            if wanted and wanted.isdisjoint(record.get(field) for field in _WHOSE):
                return
            try:
                send.send_nowait((missed, record))
                missed = 0
            except trio.WouldBlock:
                missed += 1

        unsubscribe = log.subscribe(tap)
        try:
            async for lost, record in receive:
                yield _log_record(record, lost)
        finally:
            unsubscribe()


def _log_record(record: Record, missed: int) -> status.LogRecord:
    return status.LogRecord(
        at=datetime.fromisoformat(record["@timestamp"]),
        level=record["log.level"],
        action=record["event.action"],
        message=record["message"],
        sequence=record["event.sequence"],
        missed=missed,
        fields=dict(record),
    )
