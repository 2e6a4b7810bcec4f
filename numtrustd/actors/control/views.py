"""The rows that people see of numbers and of the daemon as a whole, made from memory and single records.

`views_case` makes those of cases and tasks, `views_world` those of platforms and sources, `explain` the sentences.
Nothing here waits, so what one row says was true at one time.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from numtrustd.actors.context import Context
from numtrustd.actors.house import House
from numtrustd.actors.roster import Roster
from numtrustd.actors.source import SourceActor
from numtrustd.api import when
from numtrustd.api.rows import (
    DisplayFault,
    HistoryRow,
    NumberRow,
    ObservationRow,
    PaperFinding,
    StoreStatus,
    VerdictRow,
    ViewRow,
)
from numtrustd.api.status import Status
from numtrustd.domain import evidence, observation
from numtrustd.domain.calendar import local_date
from numtrustd.domain.case import number_of
from numtrustd.domain.device_test import PREFIX
from numtrustd.domain.finding import WORST_FIRST, FindingKind
from numtrustd.domain.flaw import Flaw
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant, Observation
from numtrustd.domain.owned import DEFAULT_GROUP, Owned
from numtrustd.domain.quorum import Stance, disagreement, stances
from numtrustd.domain.record import Entry, NumberRecord
from numtrustd.domain.verdict import Verdict, demanded
from numtrustd.domain.view import Shown, ViewState
from numtrustd.probes.spec import Source
from numtrustd.store import Table, records
from numtrustd.store.errors import DamagedRecord
from numtrustd.store.records import ParkedRecord

DAMAGED = "damaged_record"
"""What a list says of a number whose record cannot be read, in the place of its findings."""


RESTING_NAMED = 5
"""Numbers with resting cases that `status` names."""


EVERYWHERE = "all platforms"
"""Stands for the platform of a case of the whole number."""


@dataclass(frozen=True)
class Sight:
    """What everything here is read from."""

    house: House
    roster: Roster
    sources: Mapping[str, SourceActor]

    @property
    def context(self) -> Context:
        return self.house.context

    @property
    def parked(self) -> Mapping[str, ParkedRecord]:
        return self.roster.parked

    def now(self) -> Instant:
        """The daemon's clock."""
        return self.house.clock.now()

    def record(self, number: str) -> NumberRecord:
        """What its actor knows of a number. Raises `DamagedRecord` when that cannot be read."""
        actor = self.house.numbers.get(number)
        packed = actor.packed if actor is not None else None
        if packed is None:
            packed = self.house.store.get(Table.NUMBER, records.key(number))
        return NumberRecord(number, self.now()) if packed is None else records.decode_number(packed)

    def owned(self, number: str) -> Owned:
        """A number as its owner configured it; one that is no longer watched has a kind and nothing else."""
        return self.context.numbers.get(number) or Owned(number, from_canonical(number).kind)

    def platform_name(self, platform: str) -> str:
        """Its own name; a platform that no pack defines any more has only its id."""
        known = self.context.platforms.get(platform)
        return (platform or EVERYWHERE) if known is None else known.name

    def platforms(self, owned: Owned, record: NumberRecord) -> tuple[str, ...]:
        """The platforms that are, or were, seen for a number, in the packs' order."""
        visible = self.context.visible[owned.kind]
        return tuple(p for p in self.context.platforms if p in visible or p in record.verdicts)

    def sources_of(self, owned: Owned, platform: str) -> tuple[Source, ...]:
        """The sources in use that see this platform for this number."""
        each = self.context.sources_for(owned)
        return tuple(s for s in each if any(r.platform == platform for r in s.readings))

    def next_look(self, number: str, platform: str | None = None) -> tuple[Instant, SourceActor] | None:
        """The soonest look at a number that its sources will make, and through which; `None` while none is planned."""
        owned = self.owned(number)
        sources = self.context.sources_for(owned) if platform is None else self.sources_of(owned, platform)
        planned = [
            (max(due, actor.free_at), actor)
            for source in sources
            if (actor := self.sources.get(source.id)) is not None and (due := actor.due_of(number)) is not None
        ]
        return min(planned, key=lambda plan: plan[0], default=None)


def shown_at(at: Instant | None) -> datetime | None:
    """An instant for a row; 0 stands for never."""
    return when(at) if at else None


def open_tasks(sight: Sight) -> list[tuple[Instant, str]]:
    """(due, id) of the open tasks of numbers that are watched, or of many numbers, the most urgent first."""
    numbers = sight.context.numbers
    each = sight.house.board.tasks()
    return [(due, task) for due, task in each if number_of(task) in numbers or task.startswith(PREFIX)]


# --------------------------------------------------------------------------------------------------------- numbers


def number_row(sight: Sight, number: str) -> NumberRow:
    """One number in a list."""
    owned = sight.owned(number)
    findings: tuple[str, ...]
    try:
        record = sight.record(number)
        kinds = {f.kind for f in record.findings.values()}
        kinds |= {flaw.kind for flaws in record.flaws.values() for flaw in flaws if flaw.said}
        kinds |= {FindingKind.INCONSISTENT for v in record.verdicts.values() if v.apart_said}
        kinds |= {FindingKind.BLIND for v in record.verdicts.values() if v.blind_said}
        findings = tuple(str(kind) for kind in WORST_FIRST if kind in kinds)
    except DamagedRecord:
        record, findings = NumberRecord(number, sight.now()), (DAMAGED,)
    platforms = sight.platforms(owned, record)
    beliefs = {p: v.belief.status for p in platforms if (v := record.verdicts.get(p)) and v.belief}
    said = list(beliefs.values())
    planned = sight.next_look(number)
    return NumberRow(
        number=number,
        name=owned.name,
        group=owned.group,
        kind=owned.kind,
        labelled=tuple(p for p, status in beliefs.items() if status is observation.Status.MARKED),
        clean=said.count(observation.Status.CLEAN),
        certified=said.count(observation.Status.CERTIFIED),
        unknown=len(platforms) - len(beliefs),
        blind=sum(1 for p in platforms if (v := record.verdicts.get(p)) and v.blind_since is not None),
        findings=findings,
        open_cases=sum(1 for ref in record.every_case if ref.open),
        parked=number in sight.parked,
        last_look=shown_at(max((at for look in record.looks.values() if (at := look.last_made)), default=None)),
        missed_look=shown_at(max((look.at for look in record.looks.values() if look.missed), default=None)),
        next_look=None if planned is None else when(planned[0]),
    )


def latest_view(verdict: Verdict) -> ViewState | None:
    """What was said last, by whichever view that was looked through; else by whichever was not."""
    return max(verdict.views.values(), key=lambda view: (view.last_look or 0.0, view.at), default=None)


def last_said(view: ViewState) -> str:
    """What the last look that was made said."""
    if view.missed and view.said is not None and view.said_at == view.last_look:
        return view.said.status
    return f"{view.status}: {view.reason}" if view.reason else view.status


def what_is_shown(shown: Shown) -> str:
    """What a called person sees, in words."""
    if not shown.marked:
        return f"{shown.status} as {shown.name}" if shown.name else str(shown.status)
    words = f"{shown.words} ({shown.category})" if shown.words else str(shown.category)
    counted = words if shown.marks is None else f"{words}, {shown.marks} marks"
    return f"{counted}, too few to be displayed" if shown.hidden else counted


def tending(sight: Sight, verdict: Verdict) -> str | None:
    """What the looks that disagree with the belief say so far."""
    if verdict.run is None:
        return None
    policy = sight.context.verdict_of(verdict.platform)
    need, _ = demanded(verdict, verdict.run, policy)
    looks = verdict.run.looks
    so_far = f"{looks} of {need} looks say" if looks < need else f"{looks} looks say"  # which are to be apart as well
    return f"{so_far} {what_is_shown(verdict.run.shown)}"


def verdict_row(sight: Sight, record: NumberRecord, platform: str) -> VerdictRow:
    """What is believed of one number on one platform."""
    verdict = record.verdicts.get(platform) or Verdict(platform)
    belief, view = verdict.belief, latest_view(verdict)
    finding, ref = record.findings.get(platform), record.cases.get(platform)
    planned = sight.next_look(record.number, platform)
    now, policy = sight.now(), sight.context.verdict_of(platform)
    return VerdictRow(
        platform=platform,
        platform_name=sight.platform_name(platform),
        verdict="unknown" if belief is None else belief.status,
        flapping=verdict.flapping,
        since=None if belief is None else shown_at(verdict.since),
        category=None if belief is None else belief.category,
        words=None if belief is None else belief.words,
        marks=None if belief is None else belief.marks,
        shown_name=None if belief is None else belief.name,
        finding=None if finding is None else f"{finding.kind}: {finding.why}",
        tending=tending(sight, verdict),
        last_look=None if view is None else shown_at(view.last_look),
        last_said=None if view is None or view.last_look is None else last_said(view),
        missed_look=shown_at(max((v.at for v in verdict.views.values() if v.missed), default=None)),
        blind_since=shown_at(verdict.blind_since),
        next_look=None if planned is None else when(planned[0]),
        case=ref.id if ref is not None and ref.open else None,
        hidden=True if belief is not None and belief.hidden else None,
        disagreement=disagreement(verdict, now, policy) or None,
        apart_since=shown_at(verdict.apart_since),
        views=tuple(map(view_row, stances(verdict, now, policy))),
        faults=tuple(map(fault_row, record.flaws.get(platform, ()))),
    )


def view_row(stance: Stance) -> ViewRow:
    """What one view says of a number on a platform."""
    state, said = stance.state, stance.said
    source, _, surface = stance.view.partition("/")
    return ViewRow(
        source=source,
        surface=surface,
        status=state.status,
        at=when(state.at),
        looked_at=shown_at(state.last_look),
        missed=True if state.missed else None,
        said=None if said is None else said.status,
        said_at=shown_at(stance.said_at),
        agrees=stance.agrees,
        category=None if said is None else said.category,
        words=None if said is None else said.words,
        marks=None if said is None else said.marks,
        hidden=True if said is not None and said.hidden else None,
        shown_name=None if said is None else said.name,
        logo=None if said is None else said.logo,
        tag=None if said is None else said.tag,
        reason=state.reason,
        blind_since=shown_at(state.unknown_since),
    )


def fault_row(flaw: Flaw) -> DisplayFault:
    """What is wrong with what one view shows."""
    source, _, surface = flaw.view.partition("/")
    return DisplayFault(
        finding=flaw.kind, source=source, surface=surface, why=flaw.why, since=when(flaw.first_at), confirmed=flaw.said
    )


def observation_row(seen: Observation) -> ObservationRow:
    """What one look said of one platform."""
    return ObservationRow(
        at=when(seen.at),
        platform=seen.platform,
        source=seen.source,
        surface=seen.surface,
        status=seen.status,
        category=seen.category,
        words=seen.words,
        marks=seen.marks,
        shown_name=seen.name,
        logo=seen.logo,
        tag=seen.tag,
        reason=seen.reason,
        detail=seen.detail,
        rule=seen.rule,
    )


def history_row(entry: Entry) -> HistoryRow:
    """One line of a number's history."""
    return HistoryRow(
        at=when(entry.at),
        action=entry.action,
        text=entry.text,
        platform=entry.platform or None,
        source=entry.source or None,
        case=entry.case or None,
        old=entry.old or None,
        new=entry.new or None,
    )


# ---------------------------------------------------------------------------------------------------- the daemon


def many(n: int, what: str) -> str:
    """So many of something, in English: 1 number, 2 numbers."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def overdue(sight: Sight) -> tuple[int, float]:
    """(late looks, seconds by which the latest is late), over all sources."""
    now = sight.now()
    each = [actor.overdue(now) for actor in sight.sources.values()]
    return sum(looks for looks, _ in each), max((late for _, late in each), default=0.0)


def status(sight: Sight, version: str, started_at: Instant, stalled: tuple[str, ...] | None = None) -> Status:
    """The daemon as a whole; costs the same for any number of numbers. `stalled` is what it holds up itself, if anybody
    looks for that.
    """
    house, context, clock = sight.house, sight.context, sight.house.clock
    totals, stats = house.board.totals(context.platforms), house.store.stats()
    at = house.board.platforms()
    unknown = 0
    for platform, numbers in context.seen_numbers.items():
        line = at.get(platform)
        known = 0 if line is None else line.labelled + line.clean + line.certified
        unknown += max(0, numbers - known)
    late, lag = overdue(sight)
    tasks = len(open_tasks(sight))
    down = [source for source, actor in sight.sources.items() if actor.down]
    seen = context.platforms_seen
    of_those = "" if seen == len(context.platforms) else f"{seen} of "
    summary = (
        f"{many(len(context.numbers), 'number')} on {of_those}{many(len(context.platforms), 'platform')}: "
        f"{totals.labelled_numbers} labelled, {many(totals.open_cases, 'open case')}, "
        f"{many(tasks, 'task')} for people"
    )
    network = house.network.down_since
    if network is not None:
        summary += "; our own network is down"
    elif down:
        summary += f"; no answer from {', '.join(down)}"
    return Status(
        network_down_since=shown_at(network),
        summary=summary,
        version=version,
        pid=os.getpid(),
        started_at=when(started_at),
        now=when(clock.now()),
        clock_speed=clock.speed,
        numbers=len(context.numbers),
        numbers_labelled=totals.labelled_numbers,
        platforms=len(context.platforms),
        sources=len(context.sources),
        labelled=totals.labelled,
        certified=totals.certified,
        clean=totals.clean,
        unknown=unknown,
        blind=totals.blind,
        open_cases=totals.open_cases,
        tasks_open=tasks,
        overdue_looks=late,
        schedule_lag_seconds=lag,
        looks_total=house.board.looks,
        looks_told=house.board.looks_told,
        groups=tuple(sorted({DEFAULT_GROUP, *context.groups})),
        looks_per_second=house.board.rate(clock.monotonic()),
        parked=sum(1 for number in sight.parked if number in context.numbers),
        store=StoreStatus(
            bytes=stats.used,
            limit=stats.max_map_size,
            nearly_full=house.store.nearly_full,
            trouble=None if stats.trouble is None else str(stats.trouble),
        ),
        platforms_seen=seen,
        stalled=stalled,
        papers=tuple(paper_findings(sight)),
        resting_cases=sum(map(len, house.board.resting.values())) or None,
        resting_numbers=tuple(sorted(house.board.resting)[:RESTING_NAMED]) or None,
    )


def paper_findings(sight: Sight) -> Iterator[PaperFinding]:
    """What is the matter with the papers on file."""
    today, notice = local_date(sight.now()), sight.context.papers.notice
    for paper in sight.context.documents:
        if (found := evidence.FINDINGS.get(evidence.state(paper, today, notice))) is not None:
            yield PaperFinding(
                finding=found,
                kind=paper.kind,
                title=evidence.KINDS.get(paper.kind, paper.kind),
                path=paper.path,
                why=evidence.why(paper, today, notice),
                expires=None if paper.expires is None else paper.expires.isoformat(),
            )
