"""`io.numtrust.Status`: everything that only looks. Every answer carries the daemon's own `now`, to count
ages from.
"""

from typing import Annotated, Any

from msgspec import Meta

from numtrustd.api import calls, errors, evidence, facts, incidents, ledger, links, report, silence
from numtrustd.api.declare import InterfaceSpec, Params, Result, When, method
from numtrustd.api.rows import (
    ActionRow,
    CaseRow,
    ExplainLine,
    Fact,
    HistoryRow,
    LeavingRow,
    Move,
    NumberRow,
    Paper,
    PaperFinding,
    PlatformRow,
    SourceRow,
    StoreStatus,
    TaskRow,
    VerdictRow,
)

PageSize = Annotated[int, Meta(ge=1, le=1000)]
Text = Annotated[str, Meta(max_length=1024)]


class Status(Result, frozen=True, kw_only=True):
    """The daemon as a whole. `labelled`, `certified`, `clean`, `unknown` and `blind` count numbers ×
    platforms; `platforms_seen` the platforms that some source in use looks at for one of the numbers.
    `network_down_since` is since when nobody at all can be reached. `stalled` is what the daemon itself holds up and
    for how long, as its heartbeat says: sources, timers, the store; empty while nothing is. `papers` are those on file
    of which something was found, before a platform says so. `looks_total` and `looks_per_second` count the daemon's
    own looks since the start, `looks_told` those that people reported beside them. `groups` are those that the settings
    describe, and the one that numbers without any are in. `resting_cases` counts the open cases for which nothing is
    done, because their numbers are no longer configured; `resting_numbers` are the first of these. `open_cases` has not
    got them.
    """

    summary: str
    version: str
    pid: int
    started_at: When
    now: When
    clock_speed: float
    numbers: int
    numbers_labelled: int
    platforms: int
    sources: int
    labelled: int
    certified: int
    clean: int
    unknown: int
    blind: int
    open_cases: int
    tasks_open: int
    overdue_looks: int
    schedule_lag_seconds: float
    looks_total: int
    looks_per_second: float
    parked: int
    store: StoreStatus
    platforms_seen: int | None = None
    network_down_since: When | None = None
    stalled: tuple[str, ...] | None = None
    papers: tuple[PaperFinding, ...] | None = None
    looks_told: int | None = None
    groups: tuple[str, ...] | None = None
    resting_cases: int | None = None
    resting_numbers: tuple[str, ...] | None = None


class GetStatus(Params[Status], frozen=True, kw_only=True):
    """How the daemon is: what it watches, what it found, whether it keeps up.

    labelled, certified, clean, unknown and blind count pairs of number and platform; platforms_seen
    the platforms at which somebody looks for one of the numbers, platforms all that are known.
    schedule_lag_seconds is how late the most overdue look is. clock_speed is 1, or how fast the clock of
    a demo runs. stalled is what waits although nothing outside of the daemon keeps it, such as "timers for 2 min".
    papers are those on file that expire soon, have expired, changed or cannot be read; ListEvidence has all.
    """


class NumberPage(Result, frozen=True, kw_only=True):
    """Some numbers in their order; `next` is where the following page starts, left out with the last one."""

    now: When
    numbers: tuple[NumberRow, ...]
    next: str | None = None


class ListNumbers(Params[NumberPage], frozen=True, kw_only=True):
    """The numbers, a page at a time; with 'more' all pages follow.

    finding picks those with a finding of that kind ("any" for any at all), group those of a group, labelled those that
    some platform labels, rightly or not; after is the `next` of the page before; limit is the size of a page, up to
    1000.
    """

    finding: Text | None = None
    group: Text | None = None
    labelled: bool = False
    after: Text | None = None
    limit: PageSize = 200


class NumberView(Result, frozen=True, kw_only=True):
    """One number with everything that is believed of it. `dashed` is how people write it, `warnings` are the ways in
    which it is used and for which platforms mark numbers, `ours_since` is the day since which it is one's own, where
    the settings say so. `looks_by` tells who looks at it: daemon, people (`Look` is refused), nobody.
    """

    now: When
    number: str
    dashed: str
    kind: str
    name: str
    group: str
    accept: tuple[str, ...]
    parked: bool
    platforms: tuple[VerdictRow, ...]
    cases: tuple[CaseRow, ...]
    tasks: tuple[TaskRow, ...]
    parked_why: str | None = None
    warnings: tuple[str, ...] | None = None
    leaving: LeavingRow | None = None
    ours_since: str | None = None
    looks_by: str | None = None


class GetNumber(Params[NumberView], frozen=True, kw_only=True):
    """One number: the verdict on each platform, its open cases and tasks."""

    number: Text


class PlatformList(Result, frozen=True, kw_only=True):
    """All platforms."""

    now: When
    platforms: tuple[PlatformRow, ...]


class ListPlatforms(Params[PlatformList], frozen=True, kw_only=True):
    """The platforms, and how the numbers stand on each."""


class SourceList(Result, frozen=True, kw_only=True):
    """All sources."""

    now: When
    sources: tuple[SourceRow, ...]


class ListSources(Params[SourceList], frozen=True, kw_only=True):
    """The sources, and how well each can see."""


class CasePage(Result, frozen=True, kw_only=True):
    """Some cases; `next` is where the following page starts, left out with the last one."""

    now: When
    cases: tuple[CaseRow, ...]
    next: str | None = None


class ListCases(Params[CasePage], frozen=True, kw_only=True):
    """The cases, a page at a time; with 'more' all pages follow.

    They come in the order of their ids, or with by_deadline those that wait for a time, the soonest first: open ones
    of numbers that are watched.
    """

    open_only: bool = True
    number: Text | None = None
    platform: Text | None = None
    by_deadline: bool = False
    after: Text | None = None
    limit: PageSize = 200


class CaseView(CaseRow, frozen=True, kw_only=True):
    """One case with all that is known of it; of an emergency also the `marks` of its clock."""

    now: When
    platform_name: str
    finding: str
    causes: tuple[str, ...]
    data: tuple[Fact, ...]
    evidence: tuple[Paper, ...]
    actions: tuple[ActionRow, ...]
    history: tuple[Move, ...]
    marks: tuple[incidents.MarkRow, ...] | None = None


class GetCase(Params[CaseView], frozen=True, kw_only=True):
    """One case: where it stands and since when, what was done, what comes next."""

    case: Text


class Explanation(Result, frozen=True, kw_only=True):
    """Why a number is in its state."""

    now: When
    number: str
    dashed: str
    name: str
    lines: tuple[ExplainLine, ...]


class Explain(Params[Explanation], frozen=True, kw_only=True):
    """Why this number is in its state, what happens next and when, and who must act."""

    number: Text
    platform: Text | None = None


class HistoryPage(Result, frozen=True, kw_only=True):
    """What happened to a number, the newest first; `more` says that there is something older, `next` where the
    following page starts.
    """

    now: When
    number: str
    events: tuple[HistoryRow, ...]
    more: bool
    next: str | None = None


class History(Params[HistoryPage], frozen=True, kw_only=True):
    """What happened to a number, the newest first.

    limit is the size of a page, after the `next` of the page before. before picks what is older than a time, since
    what is not, platform what is of one platform, actions what happened by prefix ("case.", "verdict.changed").
    """

    number: Text
    limit: PageSize = 50
    before: When | None = None
    platform: Text | None = None
    actions: Annotated[tuple[Text, ...], Meta(max_length=32)] = ()
    after: Text | None = None
    since: When | None = None


class TaskPage(Result, frozen=True, kw_only=True):
    """Some tasks, the most urgent first; `next` is where the following page starts, left out with the last
    one.
    """

    now: When
    tasks: tuple[TaskRow, ...]
    next: str | None = None


class ListTasks(Params[TaskPage], frozen=True, kw_only=True):
    """What people have to do, a page at a time; with 'more' all pages follow. number picks the tasks of one number,
    those for looks at several among them, platform and kind those of one platform and kind.
    """

    open_only: bool = True
    after: Text | None = None
    limit: PageSize = 200
    number: Text | None = None
    platform: Text | None = None
    kind: Text | None = None


class TaskView(TaskRow, frozen=True, kw_only=True):
    """One task with all that is needed to do it.

    `address` is where, `fields` what to fill in, `letter` the text to hand in, `evidence` the papers,
    `steps` the way, `bring_back` what to come back with, `reports` the lines that tell what was seen. `asked` is what
    the platform wrote when it wanted more, of a task for papers. `claims` are what the letter says in the company's
    name and nobody has made sure of: whoever approves it or hands it in does.
    """

    now: When
    detail: tuple[str, ...]
    steps: tuple[str, ...]
    fields: tuple[Fact, ...]
    evidence: tuple[Paper, ...]
    address: str | None = None
    letter: str | None = None
    bring_back: str | None = None
    reports: tuple[str, ...] | None = None
    asked: str | None = None
    claims: tuple[str, ...] | None = None


class GetTask(Params[TaskView], frozen=True, kw_only=True):
    """One task: the whole packet for the person who does it."""

    task: Text


class LogRecord(Result, frozen=True, kw_only=True):
    """One log record as it happens. `fields` is the whole record; `missed` counts those before it that this
    reader was too slow for.
    """

    at: When
    level: str
    action: str
    message: str
    sequence: int
    missed: int
    fields: dict[str, Any]


class Watch(Params[LogRecord], frozen=True, kw_only=True):
    """The log as it is written, without end. Only with 'more'.

    actions picks by prefix ("case.", "verdict.changed"), number by number.
    """

    actions: Annotated[tuple[Text, ...], Meta(max_length=32)] = ()
    number: Text | None = None


STATUS = InterfaceSpec(
    "io.numtrust.Status",
    "What the daemon knows of its numbers, and how it is itself. Nothing here changes anything.",
    (
        method(GetStatus),
        method(ListNumbers, "pages"),
        method(GetNumber),
        method(ListPlatforms),
        method(facts.GetPlatform),
        method(ListSources),
        method(ListCases, "pages"),
        method(GetCase),
        method(incidents.ListIncidents, "pages"),
        method(Explain),
        method(History),
        method(calls.GetCalls),
        method(ListTasks, "pages"),
        method(GetTask),
        method(evidence.ListEvidence),
        method(ledger.GetLedger),
        method(report.GetReport),
        method(silence.ListSilences),
        method(links.CheckLink),
        method(Watch, "endless"),
    ),
    errors.READING,
)
